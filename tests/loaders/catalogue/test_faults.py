"""Broken answers: what is wrong, where, and what to do; and the neighbours still load."""

from __future__ import annotations

import contextlib
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import dafab_kg
from dafab_kg.loaders.catalogue import CatalogueLoader
from dafab_kg.loaders.catalogue.wkt import read_wkt
from dafab_kg.model.documents import Found, Refused
from dafab_kg.model.errors import (
    DocumentRejected,
    FieldMissing,
    FieldNotValid,
    GeometryNotValid,
    NotRecognised,
    NotSafe,
    NotWellFormed,
    TooLarge,
)
from dafab_kg.model.records import Asset, Checksum, Property
from tests.loaders.catalogue import envelopes as env
from tests.loaders.catalogue.envelopes import LOADER, Image, find, of, only, product

IMAGE = Image()
OTHER = replace(IMAGE, tile="31UGR", uuid="1f6a5a8e-6f3a-5f0e-9d39-0b5a7a1c2d3e")


def refused(data: Any) -> list[DocumentRejected]:
    return [
        item.error
        for item in find(data)
        if isinstance(item, Refused) and isinstance(item.error, DocumentRejected)
    ]


def rejected(data: Any) -> DocumentRejected:
    (item,) = find(data)
    assert isinstance(item, Found)
    with pytest.raises(DocumentRejected) as caught:
        LOADER.read(item.document)
    return caught.value


def without(value: dict[str, Any], *names: str) -> dict[str, Any]:
    return {key: one for key, one in value.items() if key not in names}


def nameless_resto() -> dict[str, Any]:
    value = env.resto(IMAGE)
    value["properties"] = without(value["properties"], "title") | {"productIdentifier": None}
    return value


NAMELESS = {
    "odata": (env.odata_answer(without(env.odata(IMAGE), "Name"), env.odata(OTHER)), "/value/0"),
    "resto": (env.resto_answer(nameless_resto(), env.resto(OTHER)), "/features/0"),
    "dhus": (
        env.dhus_json_answer(
            {"title": "", "str": [{"name": "format", "content": "SAFE"}]}, env.dhus_json(OTHER)
        ),
        "/feed/entry/0",
    ),
    "atom": (
        env.feed("<entry><title/><georss:point>1 2</georss:point></entry>", env.atom(OTHER)),
        "entry[1]",
    ),
    "iso": (
        env.csw(
            env.iso(IMAGE).replace(f"{IMAGE.name}.SAFE", "").replace(IMAGE.uuid, ""), env.iso(OTHER)
        ),
        "record[1]",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", NAMELESS)
def test_an_entry_without_a_name_is_refused_and_its_neighbour_is_not(name: str) -> None:
    data, pointer = NAMELESS[name]
    (error,) = refused(data)
    assert isinstance(error, FieldMissing)
    assert error.where.startswith("/in/answer.") and f"#{pointer}" in error.where
    assert error.remedy
    (other,) = [item for item in find(data) if isinstance(item, Found)]
    assert product(LOADER.read(other.document)).product_id == OTHER.name


def test_a_notification_after_three_days_has_no_product() -> None:
    (error,) = refused(without(env.notification(IMAGE), "value", "ProductName"))
    assert isinstance(error, FieldMissing)
    assert f"Products({IMAGE.uuid})" in error.remedy


def test_a_notification_that_still_names_its_product_is_kept() -> None:
    reading = only(without(env.notification(IMAGE), "value"))
    assert product(reading).product_id == IMAGE.name
    assert "the entry does not say where the product lies" in reading.warnings


def test_a_stranger_among_entries_is_refused_by_its_pointer() -> None:
    data = env.odata_answer(env.odata(IMAGE), {"error": "timeout"}, None)
    assert [(type(e), e.where) for e in refused(data)] == [
        (NotRecognised, "/in/answer.json#/value/1"),
        (NotRecognised, "/in/answer.json#/value/2"),
    ]
    assert len([item for item in find(data) if isinstance(item, Found)]) == 1


def test_the_same_entry_twice_is_one_and_two_that_differ_are_not() -> None:
    twice = env.odata_answer(env.odata(IMAGE), env.odata(IMAGE))
    assert len(find(twice)) == 1
    data = env.odata_answer(env.odata(IMAGE), env.odata(replace(IMAGE, cloud="8")))
    (error,) = refused(data)
    assert isinstance(error, FieldNotValid) and "#/value/1" in error.where
    assert "/value/0" in error.what and error.remedy


def test_one_product_under_two_ids_is_two_entries_of_one_product() -> None:
    data = env.odata_answer(env.odata(IMAGE), env.odata(replace(IMAGE, uuid=OTHER.uuid)))
    readings = env.read(data)
    assert len({product(r).product_id for r in readings}) == 1
    assert len(readings) == 2


# Places -----------------------------------------------------------------------------------


def swapped(image: Image) -> Image:
    return replace(image, ring=tuple((y, str(float(x) + 100)) for x, y in image.ring))


@pytest.mark.parametrize(
    "render",
    [
        lambda i: env.odata(i),
        lambda i: env.resto(i),
        lambda i: env.feed(env.atom(i)),
        lambda i: env.feed(env.atom(i, place="crs84")),
        lambda i: env.feed(env.dhus_xml(i)),
        lambda i: env.iso(i),
        lambda i: env.eodag(i),
    ],
)
def test_a_latitude_beyond_the_pole_is_rejected(render: Any) -> None:
    error = rejected(render(swapped(IMAGE)))
    assert isinstance(error, GeometryNotValid)
    assert "latitude" in error.what and error.where.startswith("/in/answer.") and error.remedy


def test_a_broken_footprint_is_passed_over_where_another_one_is_whole() -> None:
    value = env.odata(IMAGE) | {"GeoFootprint": {"type": "Polygon", "coordinates": [[[1, 95]]]}}
    reading = only(value)
    assert product(reading).footprint_wkt is not None
    assert any(w.startswith("/GeoFootprint") and "left out" in w for w in reading.warnings)


def test_two_footprints_that_differ_are_told() -> None:
    other = replace(IMAGE, ring=tuple((str(float(x) + 1), y) for x, y in IMAGE.ring))
    reading = only(env.odata(IMAGE) | {"Footprint": env.odata(other)["Footprint"]})
    assert any("another footprint" in w for w in reading.warnings)
    assert product(reading).footprint_wkt == product(only(env.odata(IMAGE))).footprint_wkt


def test_gml_whose_axes_cannot_be_told_is_rejected() -> None:
    value = env.resto(IMAGE) | {"geometry": None}
    positions = " ".join(f"{x},{y}" for x, y in IMAGE.ring)
    value["properties"]["gmlgeometry"] = (
        '<gml:Polygon xmlns:gml="http://www.opengis.net/gml" srsName="EPSG:4326">'
        "<gml:outerBoundaryIs><gml:LinearRing><gml:coordinates>"
        f"{positions}</gml:coordinates></gml:LinearRing></gml:outerBoundaryIs></gml:Polygon>"
    )
    error = rejected(value)
    assert isinstance(error, GeometryNotValid) and "cannot be told" in error.what
    # beyond the poles only one reading is left
    far = " ".join(f"{float(x) + 130},{y}" for x, y in IMAGE.ring)
    value["properties"]["gmlgeometry"] = value["properties"]["gmlgeometry"].replace(positions, far)
    west = product(only(value)).west
    assert west is not None and 135 < west < 136


@pytest.mark.parametrize(
    "text",
    [
        "", "POLYGON", "POLYGON EMPTY", "POLYGON ((1 2, 3 4", "POLYGON (1 2, 3 4, 1 2)",
        "CIRCLE (1 2)", "POLYGON ((1 2, 3 x, 1 2))", "POLYGON ((,))", "(" * 100_000,
        "SRID=3857;POLYGON ((1 2, 3 4, 5 6, 1 2))", "POLYGON ((1 2, 3 4, 5 6, 1 2))) ",
        "POLYGON ((1 2)(3 4))" * 1000,
    ],
)  # fmt: skip
def test_no_wkt(text: str) -> None:
    with pytest.raises(GeometryNotValid) as caught:
        read_wkt(text, "x")
    assert caught.value.remedy


@given(st.text("POLYGNMUTI ()0123456789.,-eSRID=;'geograhy", max_size=60))
def test_any_text_is_wkt_or_refused(text: str) -> None:
    with contextlib.suppress(GeometryNotValid):
        read_wkt(text, "x")


# Hostile input ----------------------------------------------------------------------------

BOMB = '<!DOCTYPE feed [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]>'


@pytest.mark.parametrize(
    "whole", [env.feed(env.atom(IMAGE)), env.iso(IMAGE), env.csw(env.iso(IMAGE))]
)
def test_entities_are_not_read(whole: str) -> None:
    body = whole.split("?>\n")[-1].replace(IMAGE.name, "&b;")
    (error,) = refused(BOMB + body)
    assert isinstance(error, NotSafe) and "/in/answer.xml" in error.where and error.remedy


def test_a_bomb_in_the_gml_within_a_field_is_not_read() -> None:
    value = env.dhus_json(IMAGE)
    for one in value["str"]:
        if one["name"] == "gmlfootprint":
            one["content"] = BOMB.replace("feed", "Polygon") + "<Polygon>&b;</Polygon>"
    reading = only(env.dhus_json_answer(value))
    assert product(reading).footprint_wkt is not None
    assert any("left out" in w for w in reading.warnings)


def test_broken_files_are_refused_with_their_place() -> None:
    (error,) = refused(env.feed(env.atom(IMAGE))[:-20])
    assert isinstance(error, NotWellFormed) and "line" in error.where
    (error,) = refused(env.written(env.odata_answer(env.odata(IMAGE)))[:-9])
    assert isinstance(error, NotWellFormed) and "line" in error.where
    (error,) = refused(b'{"@odata.context":"$metadata#Products","value":' + b"[" * 5000)
    assert isinstance(error, TooLarge)


def test_html_in_an_entry_is_text() -> None:
    title = f"&lt;b onclick='x()'&gt;{IMAGE.name}&lt;/b&gt;&lt;script&gt;1&lt;/script&gt;"
    plain = f"&lt;a href='#'&gt;{IMAGE.name}&lt;/a&gt;"
    reading = only(env.feed(env.atom(IMAGE, title=plain)))
    assert product(reading).product_id == IMAGE.name
    kept = {p.name: p.texts for p in of(reading, Property)}
    assert kept["content"] == ("<b>an <i>image</i></b>",)
    # more than a name is no name; the id of the entry stands in for it
    reading = only(env.feed(env.atom(IMAGE, title=title)))
    assert "<" not in product(reading).product_id and "script" not in product(reading).product_id


@pytest.mark.parametrize("size", [0, -1, 10**30, "much", True, 1.5, [1]])
def test_absurd_sizes_are_left_out_with_a_warning(size: Any) -> None:
    reading = only(env.odata(replace(IMAGE, extra={"ContentLength": size})))
    assert {a.size for a in of(reading, Asset)} == {None}
    assert any(w.startswith("/ContentLength:") for w in reading.warnings)
    assert any(p.name == "ContentLength" for p in of(reading, Property))


def test_checksums_that_are_none_are_left_out() -> None:
    listed = [
        {"Algorithm": "MD5", "Value": "xyz"}, {"Value": "ab" * 16}, {}, "text",
        {"Algorithm": "MD5", "Value": "AB" * 16, "ChecksumDate": "yesterday"},
        {"Algorithm": "MD5", "Value": "cd" * 16}, {"Algorithm": "SHA-256", "Value": "ef" * 32},
    ]  # fmt: skip
    reading = only(env.odata(IMAGE) | {"Checksum": listed})
    assert [(c.algorithm, c.checksum_value) for c in of(reading, Checksum)] == [
        ("md5", "ab" * 16), ("sha256", "ef" * 32),
    ]  # fmt: skip
    assert len([w for w in reading.warnings if w.startswith("/Checksum/")]) == 4


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**6), 10**6) | st.text("aZ0<>&/\"'. ", max_size=6),
    lambda inner: (
        st.lists(inner, max_size=2) | st.dictionaries(st.text("ab", max_size=2), inner, max_size=2)
    ),
    max_leaves=4,
)  # fmt: skip
RENDERED = {
    "odata": env.odata(IMAGE), "notification": env.notification(IMAGE), "resto": env.resto(IMAGE),
    "dhus": env.dhus_json(IMAGE), "eodag": env.eodag(IMAGE),
    "eos": {
        "sceneID": "a", "productName": IMAGE.name, "dataGeometry": IMAGE.polygon, "utmZone": 31,
        "latitudeBand": "U", "gridSquare": "FR", "timestamp": "2023-05-17T10:36:29Z", "tms": "x",
    },
    "eo-geojson": {
        "type": "Feature", "id": "x", "geometry": IMAGE.polygon,
        "properties": {
            "identifier": "x", "date": "2020-01-01T00:00:00Z/2020-01-02T00:00:00Z",
            "acquisitionInformation": [{"platform": {"platformShortName": "Metop-A"}}],
            "productInformation": {"size": 1}, "links": {"data": [{"href": "https://a.example/x"}]},
        },
    },
}  # fmt: skip


def paths(value: Any, above: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    found: list[tuple[Any, ...]] = [above] if above else []
    children = (
        value.items()
        if isinstance(value, dict)
        else enumerate(value)
        if isinstance(value, list)
        else ()
    )
    for key, child in children:
        found += paths(child, (*above, key))
    return found


@given(st.data(), st.sampled_from(sorted(RENDERED)), VALUES)
def test_whatever_stands_where_in_an_entry_it_is_read_or_refused(
    data: st.DataObject, form: str, value: Any
) -> None:
    changed = json.loads(env.written(RENDERED[form]))
    path = data.draw(st.sampled_from([p for p in paths(changed) if len(p) < 5]))
    inner = changed
    for key in path[:-1]:
        inner = inner[key]
    inner[path[-1]] = value
    for item in find(changed):
        if isinstance(item, Refused):
            assert isinstance(item.error, DocumentRejected), item.error
            assert item.error.where and item.error.remedy
            continue
        try:
            reading = LOADER.read(item.document)
        except DocumentRejected as error:
            assert error.where.startswith("/in/answer.json") and error.remedy
        else:
            assert product(reading).product_id


# What belongs to others, and empty answers --------------------------------------------------


@pytest.mark.parametrize(
    "data",
    [
        {"type": "FeatureCollection", "features": []},
        {"type": "FeatureCollection", "features": [{"type": "Feature", "properties": {"a": 1}}]},
        {"value": [{"Name": "x"}]},
        {"results": [{"a": 1}]},
        {"feed": {"title": "news"}},
        [],
        env.stac(IMAGE),
        {"type": "FeatureCollection", "features": [env.stac(IMAGE)], "numberMatched": 1},
        '<feed xmlns="http://www.w3.org/2005/Atom"><entry><title>News</title></entry></feed>',
        '<rss version="2.0"><channel><item><title>Flood</title></item></channel></rss>',
        '<gmd:MD_Metadata xmlns:gmd="http://www.isotc211.org/2005/gmd"/>',
        "<Level-2A_User_Product/>",
        b"\x00\x01\x02",
        b"",
    ],
)
def test_what_is_no_answer_is_left_to_others(data: Any) -> None:
    assert find(data) == []


EMPTY = {
    "odata": env.odata_answer(),
    "resto": env.resto_answer(),
    "dhus json": env.dhus_json_answer(),
    "atom": env.feed(total=0),
}


@pytest.mark.parametrize("name", EMPTY)
def test_an_answer_without_entries_is_said_to_be_so(name: str) -> None:
    reading = only(EMPTY[name])
    assert reading.records == ()
    assert reading.warnings == ("the answer of the catalogue holds no entries",)


def test_with_as_catalogue_a_feed_is_read_that_does_not_say_what_it_is() -> None:
    bare = (
        '<feed xmlns="http://www.w3.org/2005/Atom">'
        f"<entry><id>urn:x:1</id><title>{IMAGE.name}</title></entry></feed>"
    )
    assert find(bare) == []
    assert product(only(bare, CatalogueLoader(assume="catalogue"))).product_id == IMAGE.name


# The whole flow ---------------------------------------------------------------------------


def test_good_entries_load_and_the_broken_one_is_kept_with_its_reason(tmp_path: Path) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    (folder / "a.json").write_bytes(
        env.written(
            env.odata_answer(
                env.odata(IMAGE), without(env.odata(OTHER), "Name"), env.odata(swapped(OTHER))
            )
        )
    )
    third = replace(IMAGE, tile="32ULU", uuid="third")
    (folder / "b.xml").write_text(env.feed(env.dhus_xml(IMAGE), env.atom(third)))
    (folder / "c.xml").write_text(env.csw(env.iso(IMAGE)))
    (folder / "d.json").write_bytes(env.written(env.odata_answer()))
    with dafab_kg.open(tmp_path / "store") as catalogue:
        report = catalogue.load(folder)
        assert report.counts == {"loaded": 5, "rejected": 2}, report.outcomes
        places = {o.origin for o in report.outcomes if o.status == "rejected"}
        assert any("a.json" in one for one in places)
        messages = [o.message for o in report.outcomes if o.status == "rejected"]
        assert any("/value/1" in one for one in messages) and any(
            "latitude" in one for one in messages
        )
        warned = [
            o
            for o in report.outcomes
            if "the answer of the catalogue holds no entries" in o.warnings
        ]
        assert len(warned) == 1 and warned[0].origin.endswith("d.json")
        frame = catalogue.query(
            """PREFIX dafab: <https://w3id.org/dafab/ns#>
            SELECT ?product (COUNT(DISTINCT ?entry) AS ?entries) {
              ?entry a dafab:CatalogueEntry ; dafab:describes ?p . ?p dafab:productId ?product
            } GROUP BY ?product"""
        ).to_pandas()  # type: ignore[union-attr]
        assert dict(zip(frame["product"], frame["entries"].astype(int), strict=True)) == {
            # OData and DHuS are one host with one id; ISO does not tell its host
            IMAGE.name: 2,
            third.name: 1,
        }
        sums = catalogue.query(
            """PREFIX dafab: <https://w3id.org/dafab/ns#>
            SELECT ?algorithm ?value { ?sum dafab:ofAsset/dafab:assetKey
              "archive@catalogue.example.org" ; dafab:algorithm ?algorithm ;
              dafab:checksumValue ?value }"""
        ).to_pandas()  # type: ignore[union-attr]
        assert set(sums["algorithm"]) <= {"md5", "blake3"}
        assert catalogue.load(folder).counts.get("loaded", 0) == 0
        assert catalogue.doctor() == ()
