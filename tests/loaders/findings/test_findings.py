"""Detected objects and delineated anomalies, in the documented form and in odd ones."""

from __future__ import annotations

import json
from decimal import Decimal
from math import cos, pi, sin
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyproj import Geod

from dafab_kg.catalogue import open_catalogue
from dafab_kg.loaders.findings import FindingsLoader
from dafab_kg.loaders.trees import open_trees
from dafab_kg.model.documents import Found, Reading, Refused, Tree
from dafab_kg.model.errors import DocumentRejected, FieldMissing, FieldNotValid, GeometryNotValid
from dafab_kg.model.records import AnomalyArea, Detection, DetectionSet, Model
from dafab_kg.model.settings import Settings
from tests.loaders.raster.rasters import ITEM_ID, water_item, write_item

IMAGE = "S2A_MSIL2A_20230815T095031_N0509_R079_T33TWL_20230815T155057"
SQUARE = {
    "type": "Polygon",
    "coordinates": [[[15, 45], [15.1, 45], [15.1, 45.1], [15, 45.1], [15, 45]]],
}
SQUARE_AREA = (
    abs(Geod(ellps="WGS84").polygon_area_perimeter([15, 15.1, 15.1, 15], [45, 45, 45.1, 45.1])[0])
    / 1e6
)


def feature(geometry: Any = SQUARE, **properties: Any) -> dict[str, Any]:
    return {"type": "Feature", "geometry": geometry, "properties": properties}


def collection(*features: dict[str, Any], **members: Any) -> dict[str, Any]:
    return {"type": "FeatureCollection", **members, "features": list(features)}


def find(path: Path, assume: str = "") -> list[Found | Refused]:
    loader = FindingsLoader(assume)
    (tree,) = open_trees([path], Settings())
    assert isinstance(tree, Tree)
    return list(loader.find(tree))


def read(tmp_path: Path, value: Any, name: str = "a.geojson", assume: str = "") -> Reading:
    path = tmp_path / name
    path.write_text(json.dumps(value))
    (found,) = find(path, assume)
    assert isinstance(found, Found), found
    return FindingsLoader(assume).read(found.document)


def detections(reading: Reading) -> list[Detection]:
    return [one for one in reading.records if isinstance(one, Detection)]


def areas(reading: Reading) -> list[AnomalyArea]:
    return [one for one in reading.records if isinstance(one, AnomalyArea)]


# Detections


def test_a_detection_in_the_documented_form(tmp_path: Path) -> None:
    point = {"type": "Point", "coordinates": [6.1, 49.6]}
    value = collection(
        {**feature(point, **{"class": "ship", "score": 0.93, "image": f"{IMAGE}.SAFE"}), "id": "7"},
        name="ships", model="shipnet", model_version="1.2", run="run-5",
    )  # fmt: skip
    reading = read(tmp_path, value)
    (one,) = detections(reading)
    assert one == Detection(
        "ships", "7", "ship", Decimal(93), f"{IMAGE}.SAFE", IMAGE, "POINT (6.1 49.6)",
        Decimal("6.1"), Decimal("49.6"), Decimal("6.1"), Decimal("49.6"),
    )  # fmt: skip
    assert Model("shipnet", "1.2", "shipnet 1.2") in reading.records
    assert DetectionSet("ships", 1, None, "run-5", "shipnet", "1.2") in reading.records


@pytest.mark.parametrize("class_key", ["class", "label", "category"])
@pytest.mark.parametrize("score_key", ["score", "confidence", "probability"])
@pytest.mark.parametrize("image_key", ["image", "image_id", "product", "product_id"])
def test_common_keys_mean_the_same(
    tmp_path: Path, class_key: str, score_key: str, image_key: str
) -> None:
    value = collection(feature(**{class_key: "ship", score_key: 0.5, image_key: IMAGE}))
    (one,) = detections(read(tmp_path, value))
    assert (one.object_class, one.detection_confidence, one.product_id) == ("ship", 50, IMAGE)
    assert float(one.detection_area or 0) == pytest.approx(SQUARE_AREA, abs=1e-6)


@pytest.mark.parametrize("path", [
    f"s3://bucket/{IMAGE}.SAFE/GRANULE/L2A_T33TWL/IMG_DATA/R10m/T33TWL_20230815T095031_B04_10m.jp2",
    f"/data/{IMAGE}.SAFE/", IMAGE, f"x/{IMAGE}.tif",
])  # fmt: skip
def test_the_product_is_found_in_a_path(tmp_path: Path, path: str) -> None:
    (one,) = detections(read(tmp_path, collection(feature(label="a", score=1, image=path))))
    assert one.product_id == IMAGE and one.image == path


@pytest.mark.parametrize("score", [-0.1, 1.5, 93, "high", True])
def test_a_score_out_of_range_is_left_out_and_told(tmp_path: Path, score: Any) -> None:
    reading = read(tmp_path, collection(feature(label="a", score=score)))
    assert detections(reading)[0].detection_confidence is None
    assert "score" in " ".join(reading.warnings) and "/features/0" in " ".join(reading.warnings)


@given(st.decimals(0, 1, places=6))
def test_any_score_is_kept_as_percent(
    tmp_path_factory: pytest.TempPathFactory, score: Decimal
) -> None:
    value = json.dumps(collection(feature(label="a", score=0.123456789)))
    path = tmp_path_factory.mktemp("in") / "a.geojson"
    path.write_text(value.replace("0.123456789", str(score)))
    (found,) = find(path)
    assert isinstance(found, Found)
    assert detections(FindingsLoader().read(found.document))[0].detection_confidence == score * 100


def test_odd_geometries(tmp_path: Path) -> None:
    high = {"type": "Point", "coordinates": [6, 49, 300]}
    line = {"type": "LineString", "coordinates": [[6, 49], [7, 50]]}
    mixed = {"type": "GeometryCollection", "geometries": [high, SQUARE]}
    empty = {"type": "Polygon", "coordinates": []}
    value = collection(
        *(feature(g, label="a", score=0.5) for g in (high, line, mixed, None, empty))
    )
    reading = read(tmp_path, value)
    places = [one.footprint_wkt for one in detections(reading)]
    assert places[:2] == ["POINT (6 49)", "LINESTRING (6 49, 7 50)"]
    assert (places[2] or "").startswith("GEOMETRYCOLLECTION") and places[3:] == [None, None]
    told = " ".join(reading.warnings)
    assert "Heights were dropped" in told and "/features/3" in told and "/features/4" in told


@pytest.mark.oracle
def test_a_polygon_of_a_million_vertices(tmp_path: Path) -> None:
    count = 1_000_000
    turns = ((2 * pi * n / count) for n in range(count))
    ring = [[round(15 + 0.5 * cos(t), 9), round(45 + 0.5 * sin(t), 9)] for t in turns]
    shape = {"type": "Polygon", "coordinates": [[*ring, ring[0]]]}
    (one,) = detections(read(tmp_path, collection(feature(shape, label="a", score=0.5))))
    assert (one.west, one.east) == (Decimal("14.5"), Decimal("15.5"))
    geod = Geod(ellps="WGS84")  # the same circle with fewer corners
    area, _ = geod.polygon_area_perimeter(*zip(*ring[::1000], strict=True))
    assert float(one.detection_area or 0) == pytest.approx(abs(area) / 1e6, rel=1e-5)


@pytest.mark.parametrize(("value", "error", "place"), [
    (collection(feature(score=0.5), findings="detections"), FieldMissing, "/features/0/properties"),
    (collection(*[{**feature(label="a", score=1), "id": 1}] * 2), FieldNotValid, "/features/1"),
    (collection(feature({"type": "Point", "coordinates": [500, 49]}, label="a", score=1)),
     GeometryNotValid, "/features/0/geometry"),
    (collection({"type": "Thing", "properties": {"label": "a", "score": 1}}),
     FieldNotValid, "/features/0"),
    (collection(feature(label="a", score=1), crs={"type": "name", "properties": {"name":
     "urn:ogc:def:crs:EPSG::32633"}}), GeometryNotValid, "/crs"),
])  # fmt: skip
def test_what_cannot_be_read_is_refused(
    tmp_path: Path, value: Any, error: type[DocumentRejected], place: str
) -> None:
    with pytest.raises(error) as caught:
        read(tmp_path, value)
    assert "a.geojson" in caught.value.where and caught.value.where.endswith(place)
    assert caught.value.remedy


# Anomalies


@pytest.mark.parametrize("way", ["file", "name", "collection", "feature"])
def test_sign_and_product_are_told_in_four_places(tmp_path: Path, way: str) -> None:
    stem = f"{ITEM_ID}_dafab-water-deficit"
    told = {"anomaly_sign": "deficit", "product": ITEM_ID}
    value = {
        "file": collection(feature()),
        "name": collection(feature(), name=stem),
        "collection": collection(feature(), **told),
        "feature": collection(feature(**told)),
    }[way]
    reading = read(tmp_path, value, f"{stem}.geojson" if way == "file" else "a.geojson")
    (one,) = areas(reading)
    assert (one.product_id, one.anomaly_sign, one.run_id) == (ITEM_ID, "deficit", ITEM_ID)
    assert float(one.anomaly_area or 0) == pytest.approx(SQUARE_AREA, abs=1e-6)


@pytest.mark.parametrize(("key", "factor"), [("area_km2", 1), ("area(ha)", 100), ("area_m2", 1e6)])
def test_declared_areas_are_compared(tmp_path: Path, key: str, factor: float) -> None:
    for share, warned in ((1, False), (1.01, False), (1.05, True)):
        declared = round(SQUARE_AREA * factor * share, 4)
        value = collection(feature(**{key: declared}), anomaly="excess", product=ITEM_ID)
        reading = read(tmp_path, value)
        assert bool(reading.warnings) is warned
        assert float(areas(reading)[0].declared_anomaly_area or 0) == pytest.approx(
            SQUARE_AREA * share, rel=1e-5
        )


def test_holes_do_not_count(tmp_path: Path) -> None:
    hole = [[15.02, 45.02], [15.08, 45.02], [15.08, 45.08], [15.02, 45.08], [15.02, 45.02]]
    for ring in (hole, hole[::-1]):
        ringed = {"type": "Polygon", "coordinates": [SQUARE["coordinates"][0], ring]}
        value = collection(feature(ringed), anomaly="excess", product=ITEM_ID)
        (one,) = areas(read(tmp_path, value))
        assert float(one.anomaly_area or 0) == pytest.approx(SQUARE_AREA * 0.64, rel=1e-3)


def test_an_area_that_is_none_is_left_out(tmp_path: Path) -> None:
    bow = {"type": "Polygon", "coordinates": [[[0, 0], [1, 1], [1, 0], [0, 1], [0, 0]]]}
    point = {"type": "Point", "coordinates": [6, 49]}
    told = {"anomaly_sign": "excess", "product": ITEM_ID}
    reading = read(tmp_path, collection(feature(bow), feature(point), feature(), **told))
    assert [one.area_id for one in areas(reading)] == ["2"]
    assert "/features/0/geometry" in reading.warnings[0] and "/features/1" in reading.warnings[1]
    with pytest.raises(GeometryNotValid):
        read(tmp_path, collection(feature(bow), **told))


def test_anomalies_that_tell_no_product_are_refused(tmp_path: Path) -> None:
    value = collection(feature(anomaly="excess"))
    path = tmp_path / "a.geojson"
    path.write_text(json.dumps(value))
    assert find(path) == []  # it is not known whose they are
    with pytest.raises(FieldMissing, match="which product"):
        read(tmp_path, value, assume="findings")


# What is not a finding


@pytest.mark.parametrize("value", [
    collection(feature(name="Luxembourg")),
    collection(feature(label="wheat")),
    collection(),
    {"type": "Feature", "geometry": SQUARE, "properties": {"label": "a", "score": 1}},
    {"stac_version": "1.0.0", **collection(feature(label="a", score=1))},
    [1, 2],
])  # fmt: skip
def test_other_json_is_left_to_others(tmp_path: Path, value: Any) -> None:
    path = tmp_path / "a.geojson"
    path.write_text(json.dumps(value))
    assert find(path) == []


def test_broken_json_is_left_to_others(tmp_path: Path) -> None:
    path = tmp_path / "a.geojson"
    path.write_text('{"type": "FeatureCollection", "features": [')
    assert find(path) == []


def test_nothing_of_the_shared_data_is_taken_by_mistake(shared: Path) -> None:
    files = [*(shared / "boundaries").rglob("*.geojson"), *(shared / "chips").rglob("*.geojson"),
             *(shared / "flood_masks").rglob("*.geojson"), *(shared / "fields").rglob("*.geojson"),
             *(shared / "events").rglob("*.geojson")]  # fmt: skip
    assert files
    for path in files:
        assert find(path) == [], path


# The whole way


def test_an_anomaly_leads_back_to_model_and_source(tmp_path: Path) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    key = "dafab-water-excess"
    href = f"https://dafab.example/stac/assets/dafab/items/{ITEM_ID}/{key}"
    write_item(folder, water_item({key: {"href": href, "type": "application/geo+json"}}))
    (folder / f"{ITEM_ID}_{key}.geojson").write_text(json.dumps(collection(feature())))
    (folder / "ships.geojson").write_text(
        json.dumps(collection(feature(label="ship", score=0.5, image=IMAGE), name="ships"))
    )
    with open_catalogue(tmp_path / "store") as catalogue:
        assert catalogue.load(folder).counts == {"loaded": 3}
        frame = catalogue.query(
            """PREFIX dafab: <https://w3id.org/dafab/ns#>
            PREFIX geo: <http://www.opengis.net/ont/geosparql#>
            SELECT ?sign ?run ?model ?source ?wkt {
              ?area a dafab:AnomalyArea ; dafab:anomalySign ?sign ; dafab:delineatedInRun ?run ;
                    dafab:ofProduct ?p ; geo:hasGeometry/geo:asWKT ?wkt .
              ?p dafab:generatedBy ?run . ?run dafab:usedModel ?model ; dafab:usedProduct ?source .
              ?d a dafab:Detection ; dafab:detectedIn ?source ; dafab:detectionConfidence 50.0 }"""
        ).to_pandas()  # type: ignore[union-attr]
        assert len(frame) == 1 and frame.sign[0] == "excess"
        assert frame.source[0].endswith(IMAGE)
        assert catalogue.doctor() == ()
