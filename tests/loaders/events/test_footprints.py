"""Footprints of images taken for an event, against the files read by geopandas."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import shapely

from dafab_kg.model.records import Acquisition, Asset, Product
from tests.loaders.events.reading import found, of_type, place, readings

MAXAR = "events/maxar-open-data"


def square(west: float, south: float, side: float) -> dict[str, Any]:
    east, north = west + side, south + side
    ring = [[west, south], [east, south], [east, north], [west, north], [west, south]]
    return {"type": "Polygon", "coordinates": [ring]}


def feature(geometry: dict[str, Any], quadkey: str = "0313", **properties: Any) -> dict[str, Any]:
    told = {
        "catalog_id": "1030X", "datetime": "2031-05-01T16:03:31Z", "platform": "WV02", "gsd": 0.5,
        "quadkey": quadkey, "utm_zone": 17, "grid:code": "x", "tile:data_area": 4.8,
        "tile:clouds_percent": 3, "proj:epsg": 32617, "visual": "https://example.org/v.tif",
        "ms_analytic": "", **properties,
    }  # fmt: skip
    return {"type": "Feature", "geometry": geometry, "properties": told}


def test_tiles_are_products_of_one_acquisition() -> None:
    tiles = [feature(square(-81, 28, 0.021)), feature(square(-81.1, 28, 0.021), "0314")]
    read = readings("t.geojson", {"type": "FeatureCollection", "features": tiles})
    products = [of_type(one, Product)[0] for one in read]
    assert [p.product_id for p in products] == ["1030X-Z17-0313", "1030X-Z17-0314"]
    assert {a.acquisition_id for one in read for a in of_type(one, Acquisition)} == {"1030X"}
    assert (products[0].platform, products[0].cloud_cover) == ("worldview-2", Decimal(3))
    assert products[0].crs_codes == ("EPSG:32617",)
    assert [a.asset_key for a in of_type(read[0], Asset)] == ["visual"]


def test_a_union_has_only_what_all_its_tiles_share() -> None:
    union = feature(square(-81, 28, 0.2))
    (reading,) = readings("u.geojson", {"type": "FeatureCollection", "features": [union]})
    (product,) = of_type(reading, Product)
    assert product.product_id == "1030X"
    assert (product.cloud_cover, product.crs_codes, product.ground_sample_distance) == (
        None,
        (),
        None,
    )
    assert of_type(reading, Asset) == []
    assert any("union" in warning for warning in reading.warnings)


def test_one_union_in_two_files_is_one_document() -> None:
    first = feature(square(-81, 28, 0.2))
    second = feature(square(-81, 28, 0.2), "9")
    second["properties"]["proj:geometry"] = None
    (a,), (b,) = found("a.geojson", first), found("b.geojson", second)
    assert a.document.document_id == b.document.document_id  # type: ignore[union-attr]
    assert a.document.content_hash == b.document.content_hash  # type: ignore[union-attr]


def test_the_shared_sets_give_one_product_for_each_feature(shared: Path) -> None:
    counts = {}
    for path in sorted((shared / MAXAR).rglob("*.geojson")):
        features = json.loads(path.read_text())["features"]
        read = readings(path.name, path.read_bytes())
        assert len(read) == len(features)
        ids = set()
        for value, reading in zip(features, read, strict=True):
            (product,) = of_type(reading, Product)
            told = value["properties"]
            ids.add(product.product_id)
            assert product.datetime == told["datetime"]
            assert product.acquisition_ids == (told["catalog_id"],)
            theirs = shapely.geometry.shape(value["geometry"])
            assert place(product.footprint_wkt).equals(theirs)
            is_union = product.product_id == told["catalog_id"]
            assert is_union == ("_union" in path.name), (path, product.product_id)
        assert len(ids) == len(features)
        counts[path.name] = len(features)
    assert counts == {
        "10300100CCA6AB00.geojson": 18,
        "10300100CCA6AB00_union.geojson": 1,
        "Hurricane-Ian-9-26-2022_union.geojson": 89,
        "Hurricane-Idalia-Florida-Aug23.geojson": 677,
        "Hurricane-Idalia-Florida-Aug23_union.geojson": 14,
        "Texas-Flooding-July-2025.geojson": 124,
        "Texas-Flooding-July-2025_union.geojson": 4,
        "yellowstone-flooding22.geojson": 280,
        "yellowstone-flooding22_union.geojson": 5,
    }
