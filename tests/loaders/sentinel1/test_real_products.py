"""Real manifests, against their own text and the STAC that another project makes of one."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from dafab_kg.catalogue import open_catalogue
from dafab_kg.loaders.sentinel1 import Sentinel1Loader
from dafab_kg.loaders.trees import open_trees
from dafab_kg.model.documents import Found, Tree
from dafab_kg.model.records import Product
from dafab_kg.model.settings import Settings
from tests.loaders.sentinel1.samples import crc16, product_in

GRD = "S1A_IW_GRDH_1SDV_20210809T173953_20210809T174018_039156_049F13_6FF8"


@pytest.fixture(scope="module")
def products(shared: Path) -> dict[str, Product]:
    made = {}
    for path in sorted((shared / "s1_safe").rglob("manifest.safe")):
        found = [
            item
            for tree in open_trees([path.parent], Settings())
            if isinstance(tree, Tree)
            for item in Sentinel1Loader().find(tree)
            if isinstance(item, Found)
        ]
        for item in found:
            reading = Sentinel1Loader().read(item.document)
            if item.document.key.count("_") > 5:
                assert reading.warnings == ()
                made[path.parent.name.removesuffix(".SAFE")] = product_in(reading)
    return made


def test_names_and_checksums(shared: Path, products: dict[str, Product]) -> None:
    assert len(products) == 5
    for name, product in products.items():
        assert product.product_id == name
    for path in (shared / "s1_safe").rglob("manifest.safe"):
        assert crc16(path.read_bytes()) == path.parent.name.removesuffix(".SAFE")[-4:]


def test_the_relative_orbit_follows_from_the_absolute_one(products: dict[str, Product]) -> None:
    # Sentinel-1 repeat cycle of 175 orbits, with the offset of each satellite
    for product in products.values():
        offset = {"sentinel-1a": 73, "sentinel-1b": 27}[product.platform or ""]
        assert product.absolute_orbit is not None
        assert (product.absolute_orbit - offset) % 175 + 1 == product.relative_orbit


def test_against_the_stac_of_another_project(shared: Path, products: dict[str, Product]) -> None:
    folder = shared / "stac_catalogues/stactools-s1-examples/grd" / GRD.removesuffix("_6FF8")
    item = json.loads((folder / f"{folder.name}.json").read_text())
    told, product = item["properties"], products[GRD]
    assert told["s1:product_identifier"] == product.product_id
    assert told["sat:absolute_orbit"] == product.absolute_orbit
    assert told["sat:relative_orbit"] == product.relative_orbit
    assert told["sat:orbit_state"] == product.orbit_direction
    assert tuple(told["sar:polarizations"]) == product.polarisations
    assert told["s1:product_timeliness"] == product.timeliness
    assert told["s1:resolution"] == product.resolution_class
    assert (told["s1:slice_number"], told["s1:total_slices"]) == (
        str(product.slice_number),
        str(product.total_slices),
    )
    assert int(told["s1:datatake_id"]) == int((product.datatake_id or "").partition("_")[2], 16)
    assert item["bbox"] == [
        float(side) for side in (product.west, product.south, product.east, product.north) if side
    ]


def test_the_footprint_has_the_digits_of_the_manifest(
    shared: Path, products: dict[str, Product]
) -> None:
    for path in (shared / "s1_safe").rglob("manifest.safe"):
        product = products[path.parent.name.removesuffix(".SAFE")]
        [text] = re.findall(r"<gml:coordinates>([^<]*)<", path.read_text())
        delivered = {tuple(float(x) for x in reversed(pair.split(","))) for pair in text.split()}
        written = re.findall(r"(-?[\d.]+) (-?[\d.]+)", product.footprint_wkt or "")
        assert {(float(x), float(y)) for x, y in written} == delivered


def test_the_same_product_in_two_envelopes(shared: Path, tmp_path: Path) -> None:
    with open_catalogue(tmp_path / "store") as catalogue:
        catalogue.load(shared / "s1_safe/stactools/grd")
        catalogue.load(shared / "stac_catalogues/stactools-s1-examples/grd")
        query = (
            "PREFIX dafab: <https://w3id.org/dafab/ns#> SELECT ?product ?pass"
            " (COUNT(DISTINCT ?key) AS ?keys) { ?product a dafab:SourceProduct ;"
            " dafab:acquiredIn ?pass . ?key a dafab:DasiKey ; dafab:ofProduct ?product }"
            " GROUP BY ?product ?pass"
        )
        rows = [[value.value for value in row] for row in catalogue.query(query)]  # type: ignore[union-attr]
        assert catalogue.doctor() == ()
    assert sorted(rows) == [
        [
            "https://w3id.org/dafab/id/product/"
            "S1A_EW_GRDM_1SDH_20221130T014342_20221130T014446_046117_058549_BB15",
            "https://w3id.org/dafab/id/acquisition/S1A_20221130T014342",
            "1",
        ],
        [
            f"https://w3id.org/dafab/id/product/{GRD}",
            "https://w3id.org/dafab/id/acquisition/S1A_20210809T173953",
            "1",
        ],
    ]


def test_the_whole_folder_loads(shared: Path, tmp_path: Path) -> None:
    with open_catalogue(tmp_path / "store") as catalogue:
        report = catalogue.load(shared / "s1_safe")
        keys = {entry.key for entry in catalogue.documents()}
    statuses = sorted(outcome.status for outcome in report.outcomes)
    assert statuses == ["loaded"] * 7 + ["unrecognised"] * 2
    assert {"S1A_20200103_17RMJ_ASC", "S1B_20161121_12SYJ_ASC"} < keys
