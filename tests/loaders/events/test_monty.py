"""Monty and Charter items against the raw facts that they, or their sources, state."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import shapely

from dafab_kg.model.errors import DocumentRejected
from dafab_kg.model.records import EventImpact, Link, Property
from tests.loaders.events.reading import found, names, of_type, outcomes, place, readings, report

EXAMPLES = "events/monty/examples"


def item(**changes: Any) -> dict[str, Any]:
    properties = {
        "datetime": "2031-05-01T06:00:00Z",
        "start_datetime": "2031-05-01T06:00:00Z",
        "end_datetime": "2031-05-03T00:00:00Z",
        "title": "Flood in Nowhere",
        "monty:src_event_id": "7",
        "monty:country_codes": ["LUX"],
        "monty:hazard_codes": ["FL", "nat-hyd-flo-riv", "MH0604"],
        "monty:corr_id": "20310501-LUX-FL-1-GCDB",
        "roles": ["event", "source"],
        **changes.pop("properties", {}),
    }
    return {
        "stac_version": "1.0.0",
        "stac_extensions": ["https://ifrcgo.org/monty-stac-extension/v1.3.0/schema.json"],
        "type": "Feature",
        "id": "7-2",
        "collection": "gdacs-events",
        "geometry": {"type": "Point", "coordinates": [6.1, 49.6]},
        "bbox": [6.1, 49.6, 6.1, 49.6],
        "properties": properties,
        "links": [
            {
                "rel": "via",
                "href": "https://www.gdacs.org/x?eventtype=FL&eventid=7&episodeid=2",
            },
            {
                "rel": "related",
                "roles": ["event"],
                "href": "../glide-events/FL-2031-000042-LUX.json",
            },
            {"rel": "related", "roles": ["hazard"], "href": "../x/FL-1999-000001-LUX.json"},
        ],
        "assets": {"report": {"href": "https://example.org/r", "title": "R"}},
        **changes,
    }


def test_an_item_and_the_raw_document_of_its_source_are_one_report() -> None:
    raw = {
        "type": "Feature",
        "geometry": {"type": "Point", "coordinates": [6.1, 49.6]},
        "properties": {
            "eventtype": "FL", "eventid": 7, "episodeid": 2, "alertlevel": "Red",
            "glide": "FL-2031-000042-LUX", "fromdate": "2031-05-01T06:00:00",
            "todate": "2031-05-03T00:00:00", "iso3": "LUX",
        },
    }  # fmt: skip
    (monty,), (gdacs,) = readings("m.json", item()), readings("g.json", raw)
    of_item, of_raw = report(monty), report(gdacs)
    assert (of_item.source, of_item.report_id) == ("gdacs", "FL7-2")
    for field in (
        "source", "report_id", "report_type", "start", "end", "countries", "footprint_wkt",
        "episode",
    ):  # fmt: skip
        assert getattr(of_item, field) == getattr(of_raw, field), field
    assert names(gdacs) == {("gdacs", "FL7"), ("glide", "FL-2031-000042-LUX")}
    assert names(monty) == names(gdacs) | {("monty", "20310501-LUX-FL-1-GCDB")}
    # two documents of one report: neither replaces the other
    keys = {one.document.key for name, v in (("m.json", item()), ("g.json", raw))
            for one in found(name, v) if hasattr(one, "document")}  # fmt: skip
    assert len(keys) == 2


def test_the_kind_is_what_the_narrowest_codes_say() -> None:
    (reading,) = readings("m.json", item())
    assert report(reading).hazard == "riverineFloodHazard"
    assert report(reading).hazard_codes == ("FL", "nat-hyd-flo-riv", "MH0604")


def test_an_impact_item_gives_its_figure() -> None:
    detail = {"category": "people", "type": "death", "value": 12, "unit": "people"}
    value = item(
        id="gdacs-impact-7-2-death",
        collection="gdacs-impacts",
        properties={"roles": ["impact", "source"], "monty:impact_detail": detail},
    )
    (reading,) = readings("m.json", value)
    (impact,) = of_type(reading, EventImpact)
    assert (impact.impact_type, impact.value, impact.unit) == ("death", Decimal(12), "people")
    assert report(reading).report_type == "impact"
    assert report(reading).report_id == "gdacs-impact-7-2-death"
    assert ("gdacs", "FL7") in names(reading)


def test_what_has_no_field_is_kept() -> None:
    (reading,) = readings("m.json", item(properties={"foo:bar": {"a": [1, 2]}}))
    leaves = {one.pointer: one.json for one in of_type(reading, Property)}
    assert leaves["/properties/foo:bar/a"] == "[1,2]"
    assert leaves["/assets/report/href"] == '"https://example.org/r"'
    assert [link.rel for link in of_type(reading, Link)] == ["via", "related", "related"]


def test_a_newer_version_is_read_with_a_warning() -> None:
    newer = ["https://ifrcgo.org/monty-stac-extension/v2.0.0/schema.json"]
    (reading,) = readings("m.json", item(stac_extensions=newer))
    assert report(reading).hazard == "riverineFloodHazard"
    assert any("2.0 is newer than 1.3" in warning for warning in reading.warnings)


def test_an_unknown_code_is_kept_with_a_warning() -> None:
    codes = {"monty:hazard_codes": ["FL", "MH9999", "what?"]}
    (reading,) = readings("m.json", item(properties=codes))
    assert report(reading).hazard == "floodHazard"
    assert report(reading).hazard_codes == ("FL", "MH9999", "what?")
    assert sum("MH9999" in warning for warning in reading.warnings) == 1
    assert any("has no known form" in warning for warning in reading.warnings)


def test_collections_and_other_items_stay_with_stac() -> None:
    image = {
        "type": "Feature", "stac_version": "1.0.0", "id": "image", "assets": {}, "links": [],
        "geometry": {"type": "Point", "coordinates": [6, 49]},
        "properties": {"datetime": "2031-05-01T06:00:00Z"},
    }  # fmt: skip
    collection = {"type": "Collection", "stac_version": "1.0.0", "id": "c", "monty:x": 1}
    assert found("i.json", image) == found("c.json", collection) == []
    mixed = {"type": "FeatureCollection", "features": [image, item()]}
    kinds = [one.document.kind for one in found("f.json", mixed) if hasattr(one, "document")]
    assert kinds == ["stac", "events"]


# The shared examples ----------------------------------------------------------------------


def examples(shared: Path) -> list[Path]:
    files = sorted((shared / EXAMPLES).glob("*/*.json"))
    return [file for file in files if json.loads(file.read_text())["type"] == "Feature"]


def test_every_example_says_what_its_json_says(shared: Path) -> None:
    read = 0
    for file in examples(shared):
        value = json.loads(file.read_text())
        properties = value["properties"]
        (reading,) = readings(file.name, file.read_bytes())
        told = report(reading)
        assert set(told.hazard_codes) == set(properties["monty:hazard_codes"]), file
        assert list(told.countries) == properties["monty:country_codes"], file
        start = properties.get("start_datetime", properties["datetime"])
        end = properties.get("end_datetime", start)
        assert (told.start, told.end) == (start, end), file
        assert ("monty", properties["monty:corr_id"]) in names(reading), file
        assert (told.title or "") == properties.get("title", "").strip(), file
        assert list(told.keywords) == properties.get("keywords", []), file
        detail = properties.get("monty:hazard_detail", {})
        if detail:
            assert told.severity == Decimal(str(detail["severity_value"])), file
            assert told.severity_scale == detail["severity_unit"], file
        mine, theirs = (
            place(told.footprint_wkt),
            shapely.geometry.shape(value["geometry"]),
        )
        assert mine.equals(theirs), file
        figure = properties.get("monty:impact_detail")
        assert [
            (i.category, i.impact_type, i.value, i.unit) for i in of_type(reading, EventImpact)
        ] == (
            [(figure["category"], figure["type"], figure["value"], figure["unit"])]
            if figure
            else []
        )
        assert {link.href for link in of_type(reading, Link)} == {x["href"] for x in value["links"]}
        kept = {p.pointer: p.json for p in of_type(reading, Property)}
        for key, asset in value["assets"].items():
            assert kept[f"/assets/{key}/href"] == json.dumps(asset["href"])
        read += 1
    assert read == 22


@pytest.mark.parametrize(
    ("file", "identity", "identifiers"),
    [
        (
            "gdacs-events/1102983-2.json",
            ("gdacs", "FL1102983-2"),
            {("gdacs", "FL1102983"), ("glide", "FL-2024-000199-ESP")},
        ),
        (
            "gdacs-events/1001230-41.json",
            ("gdacs", "TC1001230-41"),
            {("gdacs", "TC1001230"), ("ems", "EMSR847"), ("glide", "TC-2025-000196-HTI")},
        ),
        ("glide-events/FL-2024-000199-ESP.json", ("glide", "FL-2024-000199-ESP"),
         {("glide", "FL-2024-000199-ESP")}),
        ("emdat-events/2024-0796-ESP.json", ("emdat", "2024-0796-ESP"),
         {("emdat", "2024-0796-ESP")}),
        ("usgs-events/us6000pi9w.json", ("usgs", "us6000pi9w"), {("usgs", "us6000pi9w")}),
        ("ibtracs-events/2024178N09335.json", ("ibtracs", "2024178N09335"),
         {("ibtracs", "2024178N09335")}),
        ("reference-events/20080512T062800Z-CHN-GEO-SEIS-001-GCDB.json",
         ("monty", "20080512T062800Z-CHN-GEO-SEIS-001-GCDB"), {("glide", "EQ-2008-000062-CHN")}),
    ],
)  # fmt: skip
def test_examples_name_the_ids_that_stand_in_them(
    shared: Path, file: str, identity: tuple[str, str], identifiers: set[tuple[str, str]]
) -> None:
    (reading,) = readings("x.json", (shared / EXAMPLES / file).read_bytes())
    told = report(reading)
    assert (told.source, told.report_id) == identity
    assert {pair for pair in names(reading) if pair[0] != "monty"} == identifiers


def test_two_episodes_with_one_item_id_are_two_reports(shared: Path) -> None:
    keys = set()
    for episode in ("1", "2"):
        path = shared / EXAMPLES / f"gdacs-events/1102983-{episode}.json"
        assert json.loads(path.read_text())["id"] == "1102983"
        (one,) = found(path.name, path.read_bytes())
        keys.add(getattr(one, "document").key)  # noqa: B009
    assert len(keys) == 2


# The Charter ------------------------------------------------------------------------------


def activation(**changes: Any) -> dict[str, Any]:
    properties = {
        "disaster:class": "Activation", "disaster:activation_id": 4711, "disaster:call_ids": [9],
        "disaster:type": ["flood", "landslide"], "disaster:country": "LUX",
        "disaster:region": ["Luxembourg"], "datetime": "2031-05-01T06:00:00Z",
        "title": "Flood in Luxembourg",
        "cpe:areas": [
            "POLYGON ((6 49, 6.2 49, 6.2 49.2, 6 49))",
            "POLYGON ((6.1 49, 6.3 49, 6.3 49.1, 6.1 49))",
        ],
        **changes.pop("properties", {}),
    }  # fmt: skip
    return {
        "stac_version": "1.0.0", "type": "Feature", "id": "act-4711", "assets": {},
        "stac_extensions": ["https://terradue.github.io/disaster/v1.0.0/schema.json"],
        "geometry": {"type": "Point", "coordinates": [6.1, 49.05]}, "properties": properties,
        "links": [{"rel": "about", "href": "https://example.org/4711"}], **changes,
    }  # fmt: skip


def test_an_activation_of_the_charter() -> None:
    (reading,) = readings("c.json", activation())
    told = report(reading)
    assert (told.source, told.report_id, told.report_type) == ("charter", "4711", "activation")
    assert names(reading) == {("charter", "4711")}
    assert told.countries == ("LUX",)
    # flood and landslide have nothing broader in common: the first stands, both words are kept
    assert (told.hazard, told.hazard_codes) == ("floodHazard", ("flood", "landslide"))
    whole = shapely.union_all(
        [shapely.from_wkt(w) for w in activation()["properties"]["cpe:areas"]]
    )
    assert place(told.footprint_wkt).equals(whole)


def test_both_versions_of_the_disaster_extension_say_the_same() -> None:
    older = activation()
    newer = activation(
        stac_extensions=["https://terradue.github.io/stac-extensions-disaster/v1.1.0/schema.json"]
    )
    told = newer["properties"]
    told["disaster:class"] = "activation"
    told["disaster:types"] = told.pop("disaster:type")
    told["disaster:regions"] = told.pop("disaster:region")
    (one,), (two,) = readings("a.json", older), readings("b.json", newer)
    assert report(one) == report(two)


def test_an_area_is_a_report_of_its_own_and_an_image_is_none() -> None:
    area = activation(id="Ettelbruck-1", properties={"disaster:class": "Area"})
    (reading,) = readings("a.json", area)
    assert report(reading).report_id == "4711-Ettelbruck-1"
    assert report(reading).report_type == "hazard"
    assert names(reading) == {("charter", "4711")}
    image = activation(properties={"disaster:class": "ValueAddedProduct"})
    assert found("v.json", image) == []


def test_an_activation_without_its_number_is_refused() -> None:
    value = activation()
    del value["properties"]["disaster:activation_id"]
    (error,) = outcomes("c.json", value)
    assert isinstance(error, DocumentRejected)
    assert "activation id" in str(error) and "c.json" in str(error)
