"""Every real product under shared/data/s2_safe, and another project's STAC for nine of them.

The expected outputs are those of stactools-sentinel2: an independent reading of
the same files.
"""

from __future__ import annotations

import json
from collections import Counter
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import shapely

from dafab_kg.loaders.sentinel2 import Sentinel2Loader
from dafab_kg.model.documents import Found, Reading, Refused
from dafab_kg.model.records import Asset, Band, Granule, ProcessingStep
from dafab_kg.model.values import instant
from tests.loaders.sentinel2.trees import (
    found_in,
    product_in,
    read_only,
    records_in,
    tree_at,
    tree_of,
)

EXPECTED = [
    "S2A_MSIL1C_20210908T042701_N0301_R133_T46RER_20210908T070248.SAFE",
    "S2A_MSIL2A_20190212T192651_N0212_R013_T07HFE_20201007T160857.SAFE",
    "S2A_MSIL2A_20230625T234621_N0509_R073_T01WCP_20230626T022157.SAFE",
    "S2A_OPER_MSI_L1C_TL_SGS__20181231T203637_A018414_T10SDG",
    "S2A_OPER_MSI_L2A_TL_SGS__20181231T210250_A018414_T10SDG",
    "S2A_OPER_MSI_L2A_TL_VGS1_20220401T110010_A035382_T34LBQ",
    "S2A_T60CWS_20240109T203651_L2A",
    "S2B_MSIL2A_20220413T150759_N0400_R025_T33XWJ_20220414T082126.SAFE",
    "esa_S2B_MSIL2A_20210122T133229_N0214_R081_T22HBD_20210122T155500.SAFE",
]
NUMBERS = {
    "sat:relative_orbit": "relative_orbit",
    "s2:cloud_shadow_percentage": "cloud_shadow_percentage",
    "s2:dark_features_percentage": "dark_features_percentage",
    "s2:degraded_msi_data_percentage": "degraded_msi_data_percentage",
    "s2:high_proba_clouds_percentage": "high_proba_clouds_percentage",
    "s2:medium_proba_clouds_percentage": "medium_proba_clouds_percentage",
    "s2:nodata_pixel_percentage": "nodata_pixel_percentage",
    "s2:not_vegetated_percentage": "not_vegetated_percentage",
    "s2:reflectance_conversion_factor": "reflectance_conversion_factor",
    "s2:saturated_defective_pixel_percentage": "saturated_defective_pixel_percentage",
    "s2:snow_ice_percentage": "snow_ice_percentage",
    "s2:thin_cirrus_percentage": "thin_cirrus_percentage",
    "s2:unclassified_percentage": "unclassified_percentage",
    "s2:vegetation_percentage": "vegetation_percentage",
    "s2:water_percentage": "water_percentage",
    "eo:cloud_cover": "cloud_cover",
    "eo:snow_cover": "snow_cover",
    "view:azimuth": "view_azimuth",
    "view:incidence_angle": "view_incidence_angle",
    "view:sun_azimuth": "sun_azimuth",
    "view:sun_elevation": "sun_elevation",
}
TEXTS = {
    "platform": "platform",
    "s2:datatake_id": "datatake_id",
    "s2:processing_baseline": "processing_baseline",
    "s2:product_type": "product_type",
    "s2:product_uri": "product_uri",
    "sat:orbit_state": "orbit_direction",
}


@pytest.fixture(params=EXPECTED, scope="module")
def pair(request: pytest.FixtureRequest, shared: Path) -> tuple[Reading, dict[str, Any]]:
    folder = shared / "s2_safe" / "stactools" / request.param
    files = {p.relative_to(folder).as_posix(): p for p in folder.rglob("*") if p.is_file()}
    expected = json.loads(files.pop("expected_output.json").read_bytes())
    return read_only(tree_of({name: path.read_bytes() for name, path in files.items()})), expected


def test_identity(pair: tuple[Reading, dict[str, Any]]) -> None:
    reading, expected = pair
    product, properties = product_in(reading), expected["properties"]
    assert product.scene_id == expected["id"]
    assert product.datetime == instant(properties["datetime"])
    assert product.mgrs_tiles == (properties["grid:code"].removeprefix("MGRS-"),)
    assert product.instrument in properties["instruments"]
    epsg = properties.get("proj:code") or f"EPSG:{properties['proj:epsg']}"
    assert product.crs_codes == (epsg,)
    assert product.granule_ids == (properties["s2:tile_id"],)
    if "s2:datastrip_id" in properties:
        assert product.datastrip_ids == (properties["s2:datastrip_id"],)


def test_properties(pair: tuple[Reading, dict[str, Any]]) -> None:
    reading, expected = pair
    product, properties = product_in(reading), expected["properties"]
    for theirs, ours in NUMBERS.items():
        if theirs in properties:
            found = getattr(product, ours)
            assert found is not None, ours
            assert float(found) == pytest.approx(properties[theirs], abs=1e-6), ours
    for theirs, ours in TEXTS.items():
        if theirs in properties:
            # a datatake is one at whatever baseline
            wanted = (
                properties[theirs].split("_N0")[0] if "datatake" in ours else properties[theirs]
            )
            assert getattr(product, ours) == wanted, ours
    if "s2:generation_time" in properties:
        assert product.generation_time == instant(properties["s2:generation_time"])


def test_bbox(pair: tuple[Reading, dict[str, Any]]) -> None:
    reading, expected = pair
    product = product_in(reading)
    found = [product.west, product.south, product.east, product.north]
    assert [float(value) for value in found if value is not None] == pytest.approx(
        expected["bbox"], abs=1e-4
    )


def test_footprint(pair: tuple[Reading, dict[str, Any]]) -> None:
    reading, expected = pair
    ours = shapely.from_wkt(product_in(reading).footprint_wkt)
    theirs = shapely.geometry.shape(expected["geometry"])
    assert ours.is_valid
    assert ours.geom_type == theirs.geom_type
    # theirs are simplified by 0.001 degree or rounded to six decimals
    assert ours.symmetric_difference(theirs).area < 0.001 * theirs.length


@pytest.mark.parametrize("name", [EXPECTED[2], EXPECTED[6]])
def test_footprint_over_the_antimeridian(shared: Path, name: str) -> None:
    folder = shared / "s2_safe" / "stactools" / name
    product = product_in(read_only(tree_at(folder)))
    expected = json.loads((folder / "expected_output.json").read_bytes())
    ours = shapely.from_wkt(product.footprint_wkt)
    theirs = shapely.geometry.shape(expected["geometry"])
    assert ours.geom_type == "MultiPolygon"
    # theirs are simplified by 0.001 degree, which drops some vertices
    kept = {(round(x, 5), round(y, 5)) for x, y in shapely.get_coordinates(theirs)}
    thinned = shapely.MultiPolygon(
        [
            shapely.Polygon(
                [c for c in p.exterior.coords if (round(c[0], 5), round(c[1], 5)) in kept]
            )
            for p in ours.geoms
        ]
    )
    assert len(shapely.get_coordinates(thinned)) == len(shapely.get_coordinates(theirs))
    assert thinned.area == pytest.approx(theirs.area, rel=1e-6)
    assert product.west is not None and product.east is not None
    assert product.west > product.east


def test_everything_is_read_or_refused_for_a_right_reason(shared: Path) -> None:
    counts: Counter[str] = Counter()
    reasons = []
    for item in Sentinel2Loader().find(tree_at(shared / "s2_safe")):
        if isinstance(item, Refused):
            reasons.append(str(item.error))
            continue
        assert isinstance(item, Found)
        reading = Sentinel2Loader().read(item.document)
        product = product_in(reading)
        assert item.document.key.split("/", 1)[1] == product.product_id
        assert reading.warnings == ()
        counts[item.document.key.split("/")[0]] += 1
    assert counts == {"safe": 42, "tile": 4, "mtd": 1}
    assert len(reasons) == 2
    assert all("manifest.safe without the product it belongs to" in reason for reason in reasons)


def test_documents_hold_each_file_byte_for_byte(shared: Path) -> None:
    folder = shared / "s2_safe"
    for found in found_in(tree_at(folder)):
        for part in found.document.parts:
            assert part.data == (folder / part.name).read_bytes()


def test_names_agree_with_the_product_name(shared: Path) -> None:
    """What a compact name says (PSD section on naming) is what the fields say."""
    for found in found_in(tree_at(shared / "s2_safe" / "openeo-cache")):
        product = product_in(Sentinel2Loader().read(found.document))
        satellite, level, start, baseline, orbit, tile, _ = product.product_id.split("_")
        assert product.platform == f"sentinel-2{satellite[-1].lower()}"
        assert level == f"MSI{product.processing_level}"
        assert product.acquisition_ids == (f"{satellite}_{start}_{tile}",)
        assert product.relative_orbit == int(orbit[1:])
        assert product.mgrs_tiles == (tile[1:],)
        assert (product.processing_baseline or "").replace(".", "") == baseline[1:]


def test_same_acquisition_at_two_baselines(shared: Path) -> None:
    names = {
        "S2B_MSIL2A_20190508T104029_N0212_R008_T31UFS_20190508T135155.SAFE",
        "S2B_MSIL2A_20190508T104029_N0212_R008_T31UFS_20190529T175832.SAFE",
    }
    products = [
        product_in(read_only(tree_at(shared / "s2_safe" / "openeo-cache" / name))) for name in names
    ]
    assert len({p.product_id for p in products}) == 2
    assert {p.acquisition_ids for p in products} == {("S2B_20190508T104029_T31UFS",)}
    assert len({p.generation_time for p in products}) == 2


def test_bands_assets_and_history(shared: Path) -> None:
    name = "S2B_MSIL2A_20221211T105339_N0509_R051_T31UFS_20221211T122517.SAFE"
    reading = read_only(tree_at(shared / "s2_safe" / "openeo-cache" / name))
    bands = {band.band: band for band in records_in(reading, Band)}
    assert len(bands) == 13
    assert bands["B8A"].band_index == 8
    assert bands["B02"].common_name == "blue"
    assert bands["B02"].resolution == 10
    assert bands["B02"].radiometric_offset == -1000
    assets = {asset.asset_key: asset for asset in records_in(reading, Asset)}
    blue = assets["B02_10m"]
    assert blue.media_type == "image/jp2"
    assert blue.href is not None
    assert blue.href.endswith("IMG_DATA/R10m/T31UFS_20221211T105339_B02_10m.jp2")
    assert blue.size is not None
    assert (blue.checksum or "").partition(":")[0] in {"md5", "sha3-256"}
    [step] = records_in(reading, ProcessingStep)
    assert step.description == "Generation of Level-2A User Product"
    assert step.started == "2022-12-11T12:25:17Z"


def test_offsets_of_one_product_may_differ(shared: Path) -> None:
    offsets: set[Decimal | None] = set()
    for found in found_in(tree_at(shared / "s2_safe")):
        for band in records_in(Sentinel2Loader().read(found.document), Band):
            offsets.add(band.radiometric_offset)
    assert offsets == {None, Decimal(-1000), Decimal(-7000)}


def test_view_azimuth_of_a_granule_is_a_direction(shared: Path) -> None:
    """Where bands look to both sides of north, the plain mean of angles is none."""
    folder = shared / "s2_safe" / "stactools" / EXPECTED[7]
    reading = read_only(tree_at(folder))
    [granule] = records_in(reading, Granule)
    assert float(granule.view_azimuth or 0) == pytest.approx(12.849, abs=1e-3)
    assert float(product_in(reading).view_azimuth or 0) == pytest.approx(31.26034, abs=1e-3)
