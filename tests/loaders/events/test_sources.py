"""GDACS, Copernicus EMS, GLIDE, EM-DAT, USGS and plain GeoJSON, each in its own form."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest
import shapely

from dafab_kg.loaders.events import EventsLoader
from dafab_kg.model.records import EventImpact, Property
from tests.loaders.events.reading import found, names, of_type, place, readings, report

RSS = """<?xml version="1.0" encoding="utf-8"?>
<rss version="2.0" xmlns:gdacs="http://www.gdacs.org" xmlns:georss="http://www.georss.org/georss"
 xmlns:geo="http://www.w3.org/2003/01/geo/wgs84_pos#">
<channel><title>alerts</title>{items}</channel></rss>"""

ITEM = """<item><title>Orange flood alert in Luxembourg</title>
<description>{description}</description>
<link>https://www.gdacs.org/report.aspx?eventtype=FL&amp;eventid={event}</link>
<pubDate>Fri, 02 May 2031 23:59:59 GMT</pubDate>
<gdacs:fromdate>Thu, 01 May 2031 06:00:00 GMT</gdacs:fromdate>
<gdacs:todate>Fri, 02 May 2031 08:00:00 +0200</gdacs:todate>
<guid isPermaLink="false">FL{event}</guid>
<geo:Point><geo:lat>49.6</geo:lat><geo:long>6.1</geo:long></geo:Point>
<georss:point>49.6 6.1</georss:point>
<gdacs:eventtype>FL</gdacs:eventtype><gdacs:alertlevel>Orange</gdacs:alertlevel>
<gdacs:eventid>{event}</gdacs:eventid><gdacs:episodeid>{episode}</gdacs:episodeid>
<gdacs:severity unit="{unit}" value="{value}">Magnitude {value}</gdacs:severity>
<gdacs:iso3>LUX</gdacs:iso3><gdacs:country>Luxembourg</gdacs:country>
<gdacs:glide>{glide}</gdacs:glide></item>"""


def rss(*items: dict[str, str]) -> str:
    base = {"event": "7", "episode": "1", "description": "rain", "unit": "", "value": "6.4",
            "glide": "FL-2031-000042-LUX"}  # fmt: skip
    return RSS.format(items="".join(ITEM.format(**{**base, **item}) for item in items))


# GDACS ------------------------------------------------------------------------------------


def test_an_item_of_the_feed() -> None:
    (reading,) = readings("rss.xml", rss({}))
    told = report(reading)
    assert (told.source, told.report_id, told.episode) == ("gdacs", "FL7-1", "1")
    assert (told.start, told.end) == ("2031-05-01T06:00:00Z", "2031-05-02T06:00:00Z")
    assert told.published == "2031-05-02T23:59:59Z"
    assert told.footprint_wkt == "POINT (6.1 49.6)"  # GeoRSS has latitude first
    assert (told.hazard, told.severity_label) == ("floodHazard", "Orange")
    assert (told.severity, told.severity_scale) == (Decimal("6.4"), None)
    assert told.url == "https://www.gdacs.org/report.aspx?eventtype=FL&eventid=7"
    assert names(reading) == {("gdacs", "FL7"), ("glide", "FL-2031-000042-LUX")}


def test_html_within_a_description_becomes_text() -> None:
    html = "<![CDATA[<p>12 <b>killed</b> &amp; more</p><script>alert(1)</script>]]>"
    escaped = "&lt;p&gt;12 &lt;b&gt;killed&lt;/b&gt; &amp;amp; more&lt;/p&gt;"
    for text in (html, escaped):
        (reading,) = readings("rss.xml", rss({"description": text}))
        assert report(reading).description == "12 killed & more"


def test_episodes_of_one_event_are_reports_of_their_own_and_a_repeated_one_is_not() -> None:
    read = readings("rss.xml", rss({"episode": "1"}, {"episode": "2"}, {"episode": "1"}))
    assert [report(one).report_id for one in read] == ["FL7-1", "FL7-2"]
    assert {pair for one in read for pair in names(one) if pair[0] == "gdacs"} == {("gdacs", "FL7")}


def test_the_same_episode_told_twice_in_different_words_is_refused_once() -> None:
    outcomes = found("rss.xml", rss({}, {"description": "snow"}))
    first, second = outcomes
    assert hasattr(first, "document")
    assert "the same id, at item=1" in str(getattr(second, "error"))  # noqa: B009


def feature(**properties: Any) -> dict[str, Any]:
    base = {
        "eventtype": "TC", "eventid": 9, "episodeid": 3, "alertlevel": "Red", "name": "X-31",
        "fromdate": "2031-05-01T06:00:00", "todate": "2031-05-03T06:00:00", "iso3": "JAM",
        "glide": "", "datemodified": "2031-05-03T09:00:00",
        "severitydata": {"severity": 203.7, "severityunit": "km/h"},
        "affectedcountries": [{"iso3": "JAM"}, {"iso3": "CUB"}],
        "url": {"report": "https://www.gdacs.org/report.aspx?eventid=9"},
    }  # fmt: skip
    point = {"type": "Point", "coordinates": [-77, 18]}
    return {"type": "Feature", "geometry": point, "properties": {**base, **properties}}


def test_features_of_the_api() -> None:
    collection = {"type": "FeatureCollection", "features": [feature(), feature(episodeid=4)]}
    first, second = readings("list.json", collection)
    told = report(first)
    assert (told.report_id, report(second).report_id) == ("TC9-3", "TC9-4")
    assert told.countries == ("JAM", "CUB")
    assert (told.severity, told.severity_scale) == (Decimal("203.7"), "km/h")
    assert told.updated == "2031-05-03T09:00:00Z"
    assert names(first) == {("gdacs", "TC9")}


def test_areas_beside_the_centre_are_hazards_of_the_same_event() -> None:
    area = feature(Class="Poly_Affected", polygonlabel="Orange")
    area["geometry"] = {"type": "Polygon", "coordinates": [[[0, 0], [1, 0], [1, 1], [0, 0]]]}
    collection = {"type": "FeatureCollection", "features": [feature(Class="Point_Centroid"), area]}
    centre, other = map(report, readings("geometry.json", collection))
    assert (centre.report_id, centre.report_type) == ("TC9-3", "alert")
    assert (other.report_id, other.report_type) == ("TC9-3-Poly_Affected-Orange", "hazard")


# Copernicus EMS ---------------------------------------------------------------------------


def detail(**changes: Any) -> dict[str, Any]:
    return {
        "code": "EMSR999", "name": "Flood in Nowhere", "reason": "Rain.", "category": "Flood",
        "subCategory": "Riverine flood", "eventTime": "2031-05-01T15:00:00",
        "activationTime": "2031-05-02T15:16:00", "gdacsId": "FL7", "charterNumber": 4711,
        "countries": [{"name": "Luxembourg"}], "centroid": "POINT (6.1 49.6)",
        "aois": [
            {"number": 1, "extent": "POLYGON ((6 49, 6.2 49, 6.2 49.2, 6 49))"},
            {"number": 2, "extent": "POLYGON ((6.1 49, 6.3 49, 6.3 49.1, 6.1 49))"},
        ],
        **changes,
    }  # fmt: skip


def test_an_activation_in_full() -> None:
    (reading,) = readings("ems.json", {"count": 1, "next": None, "results": [detail()]})
    told = report(reading)
    assert (told.source, told.report_id, told.report_type) == ("ems", "EMSR999", "activation")
    assert told.hazard == "riverineFloodHazard"
    assert (told.start, told.published) == ("2031-05-01T15:00:00Z", "2031-05-02T15:16:00Z")
    assert names(reading) == {("ems", "EMSR999"), ("gdacs", "FL7"), ("charter", "4711")}
    whole = shapely.union_all([shapely.from_wkt(one["extent"]) for one in detail()["aois"]])
    assert place(told.footprint_wkt).equals(whole)
    assert (float(told.west or 0), float(told.east or 0)) == (6.0, 6.3)
    (alone,) = readings("one.json", detail())
    assert report(alone) == told


def test_an_entry_of_the_list_of_activations() -> None:
    entry = {
        "code": "EMSR888", "countries": [{"short_name": "Spain"}], "n_aois": 1, "closed": False,
        "category": {"slug": "fire", "name": "Wildfire"}, "name": "Wildfires in Spain",
        "centroid": "POINT (3.02 41.85)", "activationTime": "2031-07-03T16:38:00",
        "lastUpdate": "2031-07-06T11:41:14.133381",
    }  # fmt: skip
    (reading,) = readings("list.json", {"results": [entry]})
    told = report(reading)
    assert told.hazard == "wildfireHazard"
    assert told.footprint_wkt == "POINT (3.02 41.85)"
    assert (told.start, told.published) == (None, "2031-07-03T16:38:00Z")
    assert told.updated == "2031-07-06T11:41:14.133381Z"
    assert any("eventTime" in warning for warning in reading.warnings)


def test_a_broken_area_of_interest_leaves_the_centre() -> None:
    crossing = "POLYGON ((0 0, 1 1, 1 0, 0 1, 0 0))"
    (reading,) = readings("ems.json", detail(aois=[{"number": 1, "extent": crossing}]))
    assert report(reading).footprint_wkt == "POINT (6.1 49.6)"
    assert any("crosses itself" in warning for warning in reading.warnings)


# Registers --------------------------------------------------------------------------------


def glide_row(**changes: Any) -> dict[str, Any]:
    return {
        "comments": "Rain.", "year": 2031, "month": 10, "day": 27, "duration": 8, "time": "",
        "event": "FL", "number": "2031-000199", "geocode": "ESP", "location": "Spain",
        "latitude": 38.6, "longitude": -3.4, "killed": 62, "injured": 0, "magnitude": "0",
        **changes,
    }  # fmt: skip


def test_a_glide_row_as_json_and_as_csv() -> None:
    (of_json,) = readings("g.json", {"glideset": [glide_row()]})
    told = report(of_json)
    assert (told.report_id, told.countries) == ("FL-2031-000199-ESP", ("ESP",))
    assert (told.start, told.end) == ("2031-10-27T00:00:00Z", "2031-11-04T23:59:59Z")
    assert (told.severity, told.footprint_wkt) == (None, "POINT (-3.4 38.6)")
    assert [(i.impact_type, i.value) for i in of_type(of_json, EventImpact)] == [
        ("death", Decimal(62))
    ]
    head, row = ",".join(glide_row()), ",".join(map(str, glide_row().values()))
    (of_csv,) = readings("g.csv", f"{head}\n{row}\n")
    assert report(of_csv) == told
    (other,) = readings("h.csv", "GLIDE_number,Event,Country\nfl-2031-000199-esp,Flood,Spain\n")
    assert report(other).report_id == told.report_id
    assert (report(other).start, report(other).end) == (
        "2031-01-01T00:00:00Z",
        "2031-12-31T23:59:59Z",
    )


EMDAT = (
    "DisNo.,Historic,Classification Key,External IDs,Event Name,ISO,Country,Location,Magnitude,"
    "Magnitude Scale,Latitude,Longitude,Start Year,Start Month,Start Day,"
    "End Year,End Month,End Day,"
    'Total Deaths,No. Injured,Total Affected,"Total Damage (\'000 US$)"\n'
)


def emdat(dates: str, number: str = "2031-0796-ESP", more: str = "224,,36805,11000000") -> str:
    return (
        f'{number},No,nat-hyd-flo-flo,GLIDE:FL-2031-000199|USGS:us7,,ESP,Spain,"Utiel, Albal",'
        f"120,Km2,39.4,-0.4,{dates},{more}\n"
    )


@pytest.mark.parametrize(
    ("dates", "start", "end"),
    [
        ("2031,10,27,2031,11,4", "2031-10-27T00:00:00Z", "2031-11-04T23:59:59Z"),
        ("2031,10,,2031,11,", "2031-10-01T00:00:00Z", "2031-11-30T23:59:59Z"),
        ("2031,2,,,,", "2031-02-01T00:00:00Z", "2031-02-28T23:59:59Z"),
        ("2032,2,,2032,2,", "2032-02-01T00:00:00Z", "2032-02-29T23:59:59Z"),
        ("2031,,,2031,,", "2031-01-01T00:00:00Z", "2031-12-31T23:59:59Z"),
        ("2031.0,5.0,1.0,2031.0,5.0,1.0", "2031-05-01T00:00:00Z", "2031-05-01T23:59:59Z"),
    ],
)
def test_partial_dates_are_the_intervals_that_they_mean(dates: str, start: str, end: str) -> None:
    (reading,) = readings("emdat.csv", EMDAT + emdat(dates))
    assert (report(reading).start, report(reading).end) == (start, end)


def test_a_row_of_emdat() -> None:
    (reading,) = readings("emdat.csv", "\ufeff" + EMDAT + emdat("2031,10,27,2031,11,4"))
    told = report(reading)
    assert (told.source, told.report_id, told.hazard) == ("emdat", "2031-0796-ESP", "floodHazard")
    assert told.footprint_wkt == "POINT (-0.4 39.4)"
    assert (told.severity, told.severity_scale) == (Decimal(120), "Km2")
    assert told.place_name == "Utiel, Albal, Spain"
    figures = {i.impact_type: (i.value, i.unit) for i in of_type(reading, EventImpact)}
    assert figures == {
        "death": (Decimal(224), "people"),
        "affected_total": (Decimal(36805), "people"),
        "cost": (Decimal(11_000_000_000), "usd"),
    }
    # the GLIDE number in the table lacks its country, so it is no whole number
    assert names(reading) == {("emdat", "2031-0796-ESP"), ("usgs", "us7")}


def test_the_json_of_emdat_says_the_same() -> None:
    row = {
        "disno": "2031-0796-ESP", "classif_key": "nat-hyd-flo-flo", "iso": "ESP",
        "start_year": 2031, "start_month": 10, "start_day": None, "end_year": 2031,
        "end_month": None, "end_day": None, "total_deaths": 224,
        "external_ids": ["GLIDE:FL-2031-000199-ESP"],
    }  # fmt: skip
    (reading,) = readings("api.json", {"data": {"public_emdat": {"data": [row]}}})
    told = report(reading)
    assert (told.start, told.end) == ("2031-10-01T00:00:00Z", "2031-12-31T23:59:59Z")
    assert ("glide", "FL-2031-000199-ESP") in names(reading)


def quake(**properties: Any) -> dict[str, Any]:
    return {
        "type": "Feature", "id": "us6000TEST",
        "geometry": {"type": "Point", "coordinates": [-76.24, 4.84, 110.3]},
        "properties": {
            "mag": 7.4, "place": "somewhere", "time": 1786365268125, "updated": 1786678361963,
            "url": "https://example.org/e", "alert": "red", "net": "us", "code": "6000test",
            "ids": ",us6000test,at00x,", "types": ",dyfi,", "magType": "mww", "sig": 2790,
            "type": "earthquake", "title": "M 7.4", **properties,
        },
    }  # fmt: skip


def test_an_earthquake_of_the_feed() -> None:
    (reading,) = readings("all.geojson", {"type": "FeatureCollection", "features": [quake()]})
    told = report(reading)
    assert (told.report_id, told.hazard) == ("us6000test", "earthquakeHazard")
    assert told.start == told.end == "2026-08-10T12:34:28.125Z"
    assert (told.severity, told.severity_scale) == (Decimal("7.4"), "mww")
    assert told.footprint_wkt == "POINT (-76.24 4.84)"
    assert names(reading) == {("usgs", "us6000test"), ("usgs", "at00x")}
    assert reading.warnings == ()  # the third coordinate is a depth, and known to be


# Plain GeoJSON ----------------------------------------------------------------------------


def plain(**properties: Any) -> dict[str, Any]:
    told = {"event_id": "E1", "hazard": "flash flood", "start": "2031-05-01", **properties}
    point = {"type": "Point", "coordinates": [6.1, 49.6]}
    return {"type": "Feature", "geometry": point, "properties": told}


def test_a_feature_that_says_that_it_is_an_event() -> None:
    value = plain(
        source="My Agency", glide="fl-2031-000042-lux", identifiers={"wikidata": "q42"},
        confidence=80, foo="bar",
    )  # fmt: skip
    (reading,) = readings("e.geojson", value)
    told = report(reading)
    assert (told.source, told.report_id, told.hazard) == ("my-agency", "E1", "flashFloodHazard")
    assert (told.start, told.end) == ("2031-05-01T00:00:00Z", "2031-05-01T23:59:59Z")
    assert names(reading) == {("glide", "FL-2031-000042-LUX"), ("wikidata", "Q42")}
    assert [p.name for p in of_type(reading, Property)] == ["foo"]


def test_a_feature_that_does_not_say_so_needs_the_users_word() -> None:
    value = plain()
    value["properties"] = {"id": 5, "date": "2031-05-01", "name": "Something"}
    assert found("e.geojson", value) == []
    loader = EventsLoader(assume="events", dataset="Town Hall")
    (reading,) = readings("e.geojson", value, loader)
    told = report(reading)
    assert (told.source, told.report_id, told.title) == ("town-hall", "5", "Something")
    assert told.hazard is None


def test_foreign_json_is_left_to_others() -> None:
    parcels = {"type": "FeatureCollection", "features": [{**plain(), "properties": {"crop": "x"}}]}
    for name, value in {"a.json": parcels, "b.json": {"results": [{"code": "EMS"}]},
                        "c.json": [1, 2], "d.json": {"mosaicjson": "0.0.2"}}.items():  # fmt: skip
        assert found(name, value) == [], name
    assert found("t.csv", "dataset,count\na,1\n") == []
    assert found("feed.xml", "<rss version='2.0'><channel><item/></channel></rss>") == []
    assert found("x.txt", json.dumps({"a": 1})) == []
