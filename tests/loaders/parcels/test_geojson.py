"""GeoJSON by RFC 7946, and what contradicts it with one reading or with more."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import shapely

from dafab_kg.loaders.parcels.split import find_features
from dafab_kg.model.errors import (
    DocumentRejected,
    FieldNotValid,
    GeometryNotValid,
    NotWellFormed,
    TooLarge,
)
from tests.loaders.parcels.fields import feature, geojson, load, polygon, refused, ring

FIGURE_2 = """{
  "type": "FeatureCollection",
  "features": [ {
      "type": "Feature",
      "properties": {},
      "geometry": { "coordinates": [ [ [5.7, 50.2], [5.7, 49.4], [6.5, 49.4], [6.5, 50.2],
        [5.7, 50.2] ] ] },
      "type": "Polygon"
  } ]
}"""


def test_figure_2_of_the_specification(tmp_path: Path) -> None:
    path = tmp_path / "luxembourg.json"
    path.write_text(FIGURE_2)
    loaded = load(path, assume="parcels", season="2022")
    (boundary,) = loaded.boundaries
    assert shapely.from_wkt(boundary.boundary_wkt).equals(shapely.box(5.7, 49.4, 6.5, 50.2))
    loaded.warned("second", "type")
    loaded.warned("lacks its type")


def test_without_being_told_plain_polygons_are_left_to_others(tmp_path: Path) -> None:
    path = tmp_path / "luxembourg.json"
    path.write_text(FIGURE_2)
    loaded = load(path)
    assert (loaded.documents, loaded.errors) == ((), ())


def test_items_of_catalogues_are_left_to_others_even_then(tmp_path: Path) -> None:
    item = feature(polygon()) | {"stac_version": "1.0.0"}
    path = tmp_path / "item.json"
    path.write_text(json.dumps(item))
    loaded = load(path, assume="parcels")
    assert (loaded.documents, loaded.errors) == ((), ())


def nested(depth: int) -> Any:
    value: Any = ring()
    for _ in range(depth - 2):
        value = [value]
    return value


ONE_READING = {
    "no type": ({"coordinates": nested(3)}, "lacks its type"),
    "no type, several parts": ({"coordinates": nested(4)}, "lacks its type"),
    "deeper than its type": ({"type": "Polygon", "coordinates": nested(4)}, "called Polygon"),
    "flatter than its type": (
        {"type": "MultiPolygon", "coordinates": nested(3)},
        "called MultiPolygon",
    ),
    "a ring alone": ({"type": "Polygon", "coordinates": nested(2)}, "ring stands"),
    "not closed": ({"type": "Polygon", "coordinates": [ring()[:-1]]}, "not closed"),
}


@pytest.mark.parametrize("case", ONE_READING)
def test_a_contradiction_with_one_reading_is_read_with_a_warning(tmp_path: Path, case: str) -> None:
    geometry, words = ONE_READING[case]
    loaded = load(geojson(tmp_path / "p.json", feature(geometry)))
    (boundary,) = loaded.boundaries
    shape = shapely.from_wkt(boundary.boundary_wkt)
    assert shape.equals(shapely.box(6, 49.5, 6.001, 49.501))
    loaded.warned(words)


@pytest.mark.parametrize("kind", ["Polygon", None, "feature", 7])
def test_a_feature_of_another_type_is_a_feature(tmp_path: Path, kind: Any) -> None:
    told = feature(polygon()) | {"type": kind}
    loaded = load(geojson(tmp_path / "p.json", told))
    assert len(loaded.boundaries) == 1
    loaded.warned("has the type")


def test_a_geometry_in_the_list_of_features(tmp_path: Path) -> None:
    loaded = load(geojson(tmp_path / "p.json", polygon()), assume="parcels", season="2020")
    assert len(loaded.boundaries) == 1
    loaded.warned("where a feature should be")


def test_a_collection_whose_type_is_missing(tmp_path: Path) -> None:
    path = tmp_path / "p.json"
    path.write_text(json.dumps({"features": [feature(polygon())]}))
    loaded = load(path)
    assert len(loaded.boundaries) == 1
    loaded.warned("FeatureCollection")


def test_a_feature_and_a_geometry_alone(tmp_path: Path) -> None:
    path = tmp_path / "p.json"
    path.write_text(json.dumps(feature(polygon())))
    assert [p.parcel_id for p in load(path).parcels] == ["p"]
    path.write_text(json.dumps(polygon()))
    assert len(load(path, assume="parcels", season="2020").boundaries) == 1


MORE_READINGS = {
    "latitude first": polygon(x=49.5, y=106.0),
    "numbers as text": {"type": "Polygon", "coordinates": [[["6", "49"]] * 4]},
    "too deep": {"type": "Polygon", "coordinates": nested(5)},
    "points": {"type": "MultiPoint", "coordinates": ring()},
    "two points": {"type": "Polygon", "coordinates": [ring()[:2]]},
    "nothing": {"type": "Polygon", "coordinates": []},
    "no coordinates": {"type": "Polygon"},
    "null": None,
    "text": "POLYGON ((0 0, 1 0, 1 1, 0 0))",
    "unknown type": {"type": "Curve", "coordinates": nested(3)},
    "not numbers": {"type": "Polygon", "coordinates": [[[None, 1], [2, 3], [4, 5], [6, 7]]]},
    "mixed collection": {
        "type": "GeometryCollection",
        "geometries": [polygon(), {"type": "Point", "coordinates": [6, 49]}],
    },
}


@pytest.mark.parametrize("case", MORE_READINGS)
def test_what_can_be_read_in_no_way_or_several_is_left_out(tmp_path: Path, case: str) -> None:
    path = geojson(tmp_path / "p.json", feature(MORE_READINGS[case]))
    assert isinstance(refused(path), GeometryNotValid)
    both = geojson(
        tmp_path / "q.json",
        feature(MORE_READINGS[case], parcel_id="bad"),
        feature(polygon(), parcel_id="good"),
    )
    loaded = load(both)
    assert [p.parcel_id for p in loaded.parcels] == ["good"]
    assert loaded.warned("Row 1 (bad)")


def test_collections_of_polygons_are_one_boundary(tmp_path: Path) -> None:
    geometry = {"type": "GeometryCollection", "geometries": [polygon(), polygon(x=6.1)]}
    (boundary,) = load(geojson(tmp_path / "p.json", feature(geometry))).boundaries
    assert boundary.boundary_wkt.startswith("MULTIPOLYGON")


def test_heights_are_dropped_with_a_word(tmp_path: Path) -> None:
    high = [[*position, 210.5] for position in ring()]
    loaded = load(geojson(tmp_path / "p.json", feature({"type": "Polygon", "coordinates": [high]})))
    assert loaded.boundaries[0].boundary_wkt.startswith("POLYGON ((")
    loaded.warned("Heights")


def test_a_crs_of_the_older_geojson_is_honoured_with_a_word(tmp_path: Path) -> None:
    crs = {"type": "name", "properties": {"name": "urn:ogc:def:crs:EPSG::32632"}}
    square = {"type": "Polygon", "coordinates": [ring(500_000, 5_500_000, 100)]}
    loaded = load(geojson(tmp_path / "p.json", feature(square), crs=crs))
    assert loaded.parcel_set.source_crs == "EPSG:32632"
    assert float(loaded.boundaries[0].boundary_area or 0) == pytest.approx(1, rel=2e-3)
    loaded.warned("EPSG:32632")


def test_a_crs_that_is_not_known_is_refused(tmp_path: Path) -> None:
    crs = {"type": "link", "properties": {"href": "http://x.example/crs"}}
    error = refused(geojson(tmp_path / "p.json", feature(polygon()), crs=crs))
    assert isinstance(error, FieldNotValid)
    assert "/crs" in error.where


def test_a_name_that_stands_twice_is_refused_unless_it_is_that_of_figure_2(
    tmp_path: Path,
) -> None:
    path = tmp_path / "p.json"
    text = json.dumps({"type": "FeatureCollection", "features": [feature(polygon())]})
    path.write_text(text.replace('"season": "2021"', '"season": "2021", "season": "2022"'))
    error = refused(path)
    assert isinstance(error, FieldNotValid)
    assert "/features/0" in error.where
    path.write_text(text.replace('"type": "Feature",', '"type": "Feature", "type": "Point",'))
    assert isinstance(refused(path), FieldNotValid)


@pytest.mark.parametrize("end", [1, 2, 40, 200])
def test_a_truncated_file_is_refused(tmp_path: Path, end: int) -> None:
    path = geojson(tmp_path / "p.json", feature(polygon()), feature(polygon(x=7)))
    path.write_text(path.read_text()[:-end])
    assert isinstance(refused(path), NotWellFormed)


@pytest.mark.parametrize("between", ["", ",,", ", 7,", "; "])
def test_features_are_separated_by_one_comma(tmp_path: Path, between: str) -> None:
    path = tmp_path / "p.json"
    one = json.dumps(feature(polygon()))
    path.write_text(f'{{"type": "FeatureCollection", "features": [{one}{between}{one}]}}')
    assert isinstance(refused(path), DocumentRejected)


def test_the_features_are_those_of_the_outermost_object() -> None:
    data = b'{"a": {"features": [1]}, "b": "\\"features\\": [", "features" : [ {} ], "c": []}'
    span = find_features(data)
    assert span is not None
    assert data[span.start : span.end].strip() == b"{}"
    assert find_features(b'{"a": [{"features": []}]}') is None


def test_beyond_the_bound_it_is_refused(tmp_path: Path) -> None:
    path = geojson(tmp_path / "p.json", feature(polygon()))
    error = refused(path, max_file_bytes=100, assume="parcels")
    assert isinstance(error, TooLarge)
    assert "DAFAB_MAX_FILE_BYTES" in error.remedy


def test_many_features_are_read_in_batches(tmp_path: Path) -> None:
    features = [
        feature(polygon(x=6 + n / 10_000, size=0.00005), parcel_id=str(n)) for n in range(9000)
    ]
    assert len(load(geojson(tmp_path / "p.json", *features)).boundaries) == 9000
