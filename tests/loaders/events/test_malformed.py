"""Broken documents: each is named with its place and a remedy, and its neighbours load."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

import dafab_kg
from dafab_kg.loaders.events import EventsLoader
from dafab_kg.model.documents import Reading
from dafab_kg.model.errors import (
    DocumentRejected,
    FieldMissing,
    FieldNotValid,
    GeometryNotValid,
    NotRecognised,
    NotSafe,
    NotWellFormed,
)
from tests.loaders.events.reading import found, outcomes, readings, report
from tests.loaders.events.test_monty import item
from tests.loaders.events.test_sources import (
    EMDAT,
    detail,
    emdat,
    feature,
    glide_row,
    plain,
    quake,
    rss,
)
from tests.loaders.events.test_tracks import TWO


def collection(*features: Any) -> dict[str, Any]:
    return {"type": "FeatureCollection", "features": list(features)}


def without_time(value: dict[str, Any]) -> dict[str, Any]:
    times = {"datetime", "start_datetime", "end_datetime", "fromdate", "todate", "datemodified",
             "time", "updated", "start"}  # fmt: skip
    kept = {k: v for k, v in value["properties"].items() if k not in times}
    return {**value, "properties": kept}


def moved(value: dict[str, Any], *coordinates: float) -> dict[str, Any]:
    return {**value, "geometry": {"type": "Point", "coordinates": list(coordinates)}, "bbox": None}


CROSSING = {"type": "Polygon", "coordinates": [[[0, 0], [1, 1], [1, 0], [0, 1], [0, 0]]]}

BAD: dict[str, tuple[str, Any, type[DocumentRejected]]] = {
    "monty without time": (
        "c.json",
        collection(without_time(item()), item(id="8-1", links=[])),
        FieldMissing,
    ),
    "gdacs without time": (
        "c.json",
        collection(without_time(feature()), feature(eventid=1)),
        FieldMissing,
    ),
    "usgs without time": (
        "c.json",
        collection(without_time(quake()), {**quake(), "id": "x"}),
        FieldMissing,
    ),
    "plain without time": (
        "c.json",
        collection(plain(event_id="E2", start=None, date=None), plain()),
        FieldMissing,
    ),
    "ems without time": (
        "e.json",
        {"results": [detail(eventTime=None, activationTime=None), detail(code="EMSR1")]},
        FieldMissing,
    ),
    "monty reversed": (
        "c.json",
        collection(
            item(properties={"end_datetime": "2030-01-01T00:00:00Z"}), item(id="8-1", links=[])
        ),
        FieldNotValid,
    ),
    "gdacs reversed": (
        "c.json",
        collection(feature(todate="2030-01-01T00:00:00"), feature(eventid=1)),
        FieldNotValid,
    ),
    "emdat reversed": (
        "e.csv",
        EMDAT + emdat("2031,10,27,2030,1,1") + emdat("2031,1,1,2031,1,2", "2031-0001-FRA"),
        FieldNotValid,
    ),
    "emdat without year": (
        "e.csv",
        EMDAT + emdat(",,,,,") + emdat("2031,1,1,2031,1,2", "2031-0001-FRA"),
        FieldMissing,
    ),
    "emdat on 30 February": (
        "e.csv",
        EMDAT + emdat("2031,2,30,,,") + emdat("2031,1,1,2031,1,2", "2031-0001-FRA"),
        FieldNotValid,
    ),
    "glide in month 13": (
        "g.json",
        {"glideset": [glide_row(month=13), glide_row(number="2031-000001")]},
        FieldNotValid,
    ),
    "glide without number": (
        "g.json",
        {"glideset": [glide_row(number=""), glide_row()]},
        FieldMissing,
    ),
    "gdacs without id": ("c.json", collection(feature(eventid=None), feature()), FieldMissing),
    "gdacs of unknown type": (
        "c.json",
        collection(feature(eventtype="QQ"), feature()),
        FieldNotValid,
    ),
    "ems of another code": (
        "e.json",
        {"results": [detail(code="EMSRX"), detail()]},
        FieldNotValid,
    ),
    "time that is none": (
        "c.json",
        collection(feature(fromdate="last Tuesday"), feature(eventid=1)),
        FieldNotValid,
    ),
    "latitude out of range": (
        "c.json",
        collection(moved(feature(), 6, 91), feature(eventid=1)),
        GeometryNotValid,
    ),
    "longitude out of range": (
        "c.json",
        collection(moved(quake(), 200, 6, 1), {**quake(), "id": "x"}),
        GeometryNotValid,
    ),
    "crossing polygon": (
        "c.json",
        collection({**item(), "geometry": CROSSING, "bbox": None}, item(id="8-1", links=[])),
        GeometryNotValid,
    ),
    "glide out of range": (
        "g.json",
        {"glideset": [glide_row(latitude=386), glide_row(number="2031-000001")]},
        GeometryNotValid,
    ),
    "wkt that is none": (
        "e.json",
        {"results": [detail(aois=[], centroid="POINT (6.1"), detail(code="EMSR1")]},
        GeometryNotValid,
    ),
    "wkt in another CRS": (
        "e.json",
        {"results": [detail(aois=[], centroid="SRID=3035;POINT (4 3)"), detail(code="EMSR1")]},
        GeometryNotValid,
    ),
    "row of a track without position": (
        "t.txt",
        TWO.replace("26.7N", "north"),
        GeometryNotValid,
    ),
    "row of a track cut off": (
        "t.txt",
        TWO.replace(", HU, 26.7N,  82.2W, 130,  941,", ""),
        GeometryNotValid,
    ),
    "two rows for one time": (
        "t.txt",
        TWO.replace("30310928, 1905", "30310928, 1200"),
        FieldNotValid,
    ),
    "item of a feed without place": (
        "r.xml",
        rss({"event": "1"}, {"event": "2"})
        .replace("<georss:point>49.6 6.1</georss:point>", "", 1)
        .replace("<geo:Point><geo:lat>49.6</geo:lat><geo:long>6.1</geo:long></geo:Point>", "", 1),
        GeometryNotValid,
    ),
    "item of a feed with a broken point": (
        "r.xml",
        rss({"event": "1"}, {"event": "2"}).replace("49.6 6.1</g", "49.6</g", 1),
        GeometryNotValid,
    ),
    "no event among events": (
        "c.json",
        collection(feature(), {"type": "Feature", "properties": {}}),
        NotRecognised,
    ),
}


@pytest.mark.parametrize("case", BAD)
def test_one_broken_report_is_told_of_and_the_others_load(case: str) -> None:
    name, content, kind = BAD[case]
    read = list(outcomes(name, content))
    errors = [one for one in read if isinstance(one, DocumentRejected)]
    (error,) = errors
    assert type(error) is kind
    assert f"/in/{name}" in error.where
    assert len(error.where) > len(f"/in/{name}")  # the place within it
    assert error.remedy
    assert [one for one in read if isinstance(one, Reading)], "the neighbour loads"


def test_a_file_with_a_header_alone_is_refused() -> None:
    (error,) = outcomes("e.csv", EMDAT)
    assert isinstance(error, NotRecognised)


BOMB = (
    '<?xml version="1.0"?><!DOCTYPE rss [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;">'
    '<!ENTITY c "&b;&b;&b;&b;&b;&b;">]>'
)
ABROAD = '<!DOCTYPE rss [<!ENTITY x SYSTEM "file:///etc/hostname">]>'


@pytest.mark.parametrize("prologue", [BOMB, ABROAD])
def test_a_feed_with_entities_is_not_safe(prologue: str) -> None:
    text = rss({"description": "&c;&x;"}).split("?>", 1)[1]
    (error,) = outcomes("bomb.xml", prologue + text)
    assert isinstance(error, NotSafe)
    assert "/in/bomb.xml" in error.where and error.remedy


def test_a_feed_that_is_cut_off_is_not_well_formed() -> None:
    (error,) = outcomes("r.xml", rss({}, {})[:-40])
    assert isinstance(error, NotWellFormed)
    assert "line" in error.where


def test_json_that_is_cut_off_is_not_well_formed() -> None:
    (error,) = outcomes("g.json", json.dumps(feature())[:-3])
    assert isinstance(error, NotWellFormed)


def junk() -> Iterator[Any]:
    """Values where others are expected."""
    yield from (None, True, 7, "x", [], {}, [None], {"a": 1}, ["x", 1], -1, "\u0000")


@pytest.mark.parametrize("make", [item, feature, quake, plain, detail, glide_row])
def test_any_member_may_be_of_the_wrong_type(make: Any) -> None:
    """Whatever stands in a member: a reading, or an error of ours."""
    base = make()
    places = [("properties", key) for key in base.get("properties", ())] + [(key,) for key in base]
    for place in places:
        for value in junk():
            changed = json.loads(json.dumps(base))
            inner = changed
            for step in place[:-1]:
                inner = inner[step]
            inner[place[-1]] = value
            document = {"glideset": [changed]} if make is glide_row else changed
            for outcome in outcomes("x.json", document):
                assert isinstance(outcome, Reading | DocumentRejected)


def test_an_unknown_kind_is_kept_with_a_warning() -> None:
    (reading,) = readings("e.json", detail(category="Something new", subCategory=None))
    assert report(reading).hazard is None
    assert report(reading).hazard_codes == ("Something new",)
    assert any("no known hazard" in warning for warning in reading.warnings)


def test_the_whole_flow_loads_what_is_whole_and_keeps_the_rest(tmp_path: Path) -> None:
    source = tmp_path / "in"
    source.mkdir()
    (source / "feed.xml").write_text(rss({}, {"event": "8"}))
    (source / "bomb.xml").write_text(BOMB + rss({}).split("?>", 1)[1])
    (source / "table.csv").write_text(EMDAT + emdat("2031,10,,,,"))
    (source / "storms.txt").write_text(TWO)
    (source / "mixed.json").write_text(json.dumps(BAD["crossing polygon"][1]))
    with dafab_kg.open(tmp_path / "store") as catalogue:
        assert catalogue.load(source).counts == {"loaded": 6, "rejected": 2}
        assert catalogue.load(source).counts.get("unchanged") == 6
        assert catalogue.doctor() == ()
        answer = catalogue.query(
            """PREFIX dafab: <https://w3id.org/dafab/ns#>
            PREFIX geo: <http://www.opengis.net/ont/geosparql#>
            SELECT ?id ?start ?wkt { ?r a dafab:EventReport ; dafab:hazard dafab:floodHazard ;
              dafab:reportId ?id ; dafab:start ?start ; geo:hasGeometry/geo:asWKT ?wkt ;
              dafab:hasEventIdentifier/dafab:identifierValue "FL-2031-000042-LUX" }"""
        ).to_pandas()  # type: ignore[union-attr]
        assert set(answer.id) == {"FL7-1", "FL8-1"}
        assert set(answer.wkt) == {"POINT (6.1 49.6)"}


def test_a_document_is_found_again_in_its_bytes() -> None:
    """What was kept can be read again, with nothing but bytes and pointer."""
    loader = EventsLoader()
    for name, content in {
        "feed.xml": rss({}, {"event": "8"}), "t.txt": TWO, "c.json": collection(item(), feature()),
        "e.csv": EMDAT + emdat("2031,10,,,,"), "g.json": {"glideset": [glide_row()]},
    }.items():  # fmt: skip
        for one in found(name, content):
            document = one.document  # type: ignore[union-attr]
            bare = replace(document, value=None)
            assert loader.read(bare) == loader.read(document), document.key
            assert bare.content_hash == document.content_hash or document.pointer.startswith("/")
