"""Water masks: which rasters are, and how much water they hold, against sums by brute force."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from affine import Affine
from hypothesis import given
from hypothesis import strategies as st
from pyproj import Geod, Transformer

from dafab_kg.catalogue import open_catalogue
from dafab_kg.loaders.raster import RasterLoader
from dafab_kg.loaders.raster.area import Grid, PixelAreas, windows
from dafab_kg.model.documents import Found
from dafab_kg.model.errors import FieldNotValid, TooLarge
from dafab_kg.model.records import WaterMask
from tests.loaders.raster.rasters import (
    ITEM_ID,
    TEN_METRES,
    find,
    mask_of,
    of_type,
    raster_of,
    read,
    water_item,
    write,
    write_cog,
    write_item,
)

OBSERVED = {"DAFAB_WATER_MASK": "observed", "DAFAB_PRODUCT": ITEM_ID}
RANDOM = np.random.default_rng(7).integers(-1, 2, (500, 700)).astype(np.int16)


def asset(href: str, **members: Any) -> dict[str, Any]:
    return {"href": href, "type": "image/tiff; application=geotiff", **members}


def test_areas_are_those_of_the_pixels(tmp_path: Path) -> None:
    path = write(tmp_path / "a.tif", RANDOM, nodata=-1, tags=OBSERVED)
    mask = mask_of(read(path))
    for value, pixels, area in (
        (1, mask.water_pixels, mask.water_area),
        (0, mask.land_pixels, mask.land_area),
        (-1, mask.nodata_pixels, mask.nodata_area),
    ):
        count = sum(int(pixel == value) for pixel in RANDOM.ravel())  # one by one
        assert pixels == count and area == Decimal(count) * 100 / 10**6
    total = Decimal(500 * 700) * 100 / 10**6
    assert (mask.water_area or 0) + (mask.land_area or 0) + (mask.nodata_area or 0) == total
    assert mask.area_method == "grid" and mask.product_ids == (ITEM_ID,)
    assert (mask.mask_kind, mask.told_by) == ("observed", "tag")


def test_cog_and_plain_tiff_hold_the_same(tmp_path: Path) -> None:
    path = write(tmp_path / "a.tif", np.tile(RANDOM, (3, 2)), nodata=-1, tags=OBSERVED)
    cog = write_cog(tmp_path / "b.tif", path, blocksize=256, resampling="nearest")
    one, other = (read(each) for each in (path, cog))
    assert raster_of(other).is_cog and not raster_of(one).is_cog
    first, second = mask_of(one), mask_of(other)
    assert first.water_area == second.water_area and first.nodata_pixels == second.nodata_pixels


def test_water_in_degrees_is_measured_on_the_ellipsoid(tmp_path: Path) -> None:
    step, west, north = 0.01, 10.0, 60.0
    pixels = (np.arange(300)[:, None] // 100 == 1).astype(np.uint8) * np.ones(200, np.uint8)
    path = write(tmp_path / "a.tif", pixels, crs="EPSG:4326", tags=OBSERVED, nodata=255,
                 transform=Affine(step, 0, west, 0, -step, north))  # fmt: skip
    mask = mask_of(read(path))
    # the belt of water as a polygon whose parallels are followed closely
    low, high, east = north - 2, north - 1, west + 2
    along = np.linspace(west, east, 2001)
    lons, lats = [*along, *along[::-1]], [low] * 2001 + [high] * 2001
    area, _ = Geod(ellps="WGS84").polygon_area_perimeter(lons, lats)
    assert float(mask.water_area or 0) == pytest.approx(abs(area) / 1e6, rel=1e-7)
    assert mask.area_method == "ellipsoid"


def test_the_whole_globe_has_the_area_of_the_earth() -> None:
    areas = PixelAreas(Grid("EPSG:4326", Affine(1, 0, -180, 0, -1, 90), 360, 180))
    total = sum(areas.block(*w).sum() * w[3] for w in windows(360, 180, 16, 16))
    assert total / 1e6 == pytest.approx(510065621.724, rel=1e-9)  # of WGS 84, known


def test_web_mercator_is_not_taken_at_its_word(tmp_path: Path) -> None:
    to = Transformer.from_crs("EPSG:4326", "EPSG:3857", always_xy=True)
    x, y = to.transform(10, 60)
    pixels = np.ones((400, 400), np.uint8)
    path = write(tmp_path / "a.tif", pixels, crs="EPSG:3857", nodata=255, tags=OBSERVED,
                 transform=Affine(50, 0, x, 0, -50, y))  # fmt: skip
    mask = mask_of(read(path))
    back = Transformer.from_crs("EPSG:3857", "EPSG:4326", always_xy=True)
    (west, north), (east, south) = back.transform(x, y), back.transform(x + 20000, y - 20000)
    along = np.linspace(west, east, 1001)
    area, _ = Geod(ellps="WGS84").polygon_area_perimeter(
        [*along, *along[::-1]], [south] * 1001 + [north] * 1001
    )
    assert float(mask.water_area or 0) == pytest.approx(abs(area) / 1e6, rel=1e-5)
    assert mask.area_method == "scaled" and float(mask.water_area or 0) < 0.3 * 400


@given(st.integers(1, 5000), st.integers(1, 5000), st.integers(1, 600), st.integers(1, 600))
def test_windows_cover_a_grid_once(width: int, height: int, bw: int, bh: int) -> None:
    parts = list(windows(width, height, bw, bh))
    assert sum(h * w for _, _, h, w in parts) == width * height
    assert len({(r, c) for r, c, _, _ in parts}) == len(parts)
    assert all(r + h <= height and c + w <= width for r, c, h, w in parts)


# Which mask it is


@pytest.mark.parametrize(("key", "kind"), [
    ("dafab-GFM-reference-water-mask", "reference"),
    ("dafab-AI-observed-water", "observed"),
    ("dafab-no-AI-postprocessed-observed-water", "observed"),
    ("dafab-AI-difference-water-mask", None),
    ("dafab-AI-cloud-mask", None),
    ("dafab-ESA-worldcover", None),
])  # fmt: skip
@pytest.mark.parametrize("form", ["href", "did", "key"])
def test_the_item_beside_tells_which_mask_it_is(
    tmp_path: Path, key: str, kind: str | None, form: str
) -> None:
    stable = f"https://dafab.example/stac/assets/dafab/items/{ITEM_ID}/{key}"
    name = {"href": f"{key}-of-mine.tif", "did": f"{ITEM_ID}_{key}.tif", "key": key}[form]
    write(tmp_path / name, RANDOM, nodata=-1)
    href = f"./{name}" if form == "href" else stable
    write_item(tmp_path, water_item({key: asset(href)}))
    reading = read(tmp_path)
    raster = raster_of(reading)
    assert (raster.product_id, raster.asset_keys) == (ITEM_ID, (key,))
    kinds = [(one.mask_kind, one.told_by) for one in of_type(reading, WaterMask)]
    assert kinds == ([(kind, "asset")] if kind else [])


def test_the_item_stays_with_its_own_loader(tmp_path: Path) -> None:
    write(tmp_path / "in/w.tif", RANDOM, nodata=-1)
    write_item(tmp_path / "in", water_item({"dafab-AI-observed-water": asset("w.tif")}))
    (found,) = find(tmp_path / "in")
    assert isinstance(found, Found) and [e.name for e in found.entries] == ["w.tif"]
    with open_catalogue(tmp_path / "store") as catalogue:
        assert catalogue.load(tmp_path / "in").counts == {"loaded": 2}
        frame = catalogue.query(
            """PREFIX dafab: <https://w3id.org/dafab/ns#>
            SELECT ?area ?model ?source { ?mask a dafab:WaterMask ; dafab:waterArea ?area ;
              dafab:fileOf/dafab:ofProduct ?p ; dafab:maskOf ?p .
              ?p dafab:generatedBy [ dafab:usedModel ?model ; dafab:usedProduct ?source ] }"""
        ).to_pandas()  # type: ignore[union-attr]
        assert len(frame) == 1
        assert float(frame.area[0]) == pytest.approx(int((RANDOM == 1).sum()) / 10**4)
        assert catalogue.load(tmp_path / "in").counts == {"unchanged": 2}
        assert catalogue.doctor() == ()


def test_two_items_that_claim_one_file_get_none(tmp_path: Path) -> None:
    write(tmp_path / "w.tif", RANDOM, nodata=-1)
    write_item(tmp_path, water_item({"dafab-AI-observed-water": asset("w.tif")}))
    other = water_item({"dafab-AI-observed-water": asset("w.tif")})
    other["id"] = ITEM_ID.replace("20230815T095031", "20230816T095031")
    write_item(tmp_path, other, "other.json")
    assert raster_of(read(tmp_path)).product_id is None


def test_the_nearer_item_counts(tmp_path: Path) -> None:
    for day in ("15", "16"):
        folder = tmp_path / day
        write(folder / "w.tif", RANDOM + int(day) * 0, nodata=-1, tags={"DAY": day})
        item = water_item({"dafab-AI-observed-water": asset("https://far.example/x/w.tif")})
        item["id"] = ITEM_ID.replace("20230815T095031", f"202308{day}T095031")
        write_item(folder, item)
    products = set()
    for found in find(tmp_path):
        assert isinstance(found, Found)
        products.add(raster_of(RasterLoader().read(found.document)).product_id)
    assert products == {
        ITEM_ID.replace("T095031_N", "T095031_N"),
        ITEM_ID.replace("0815T0", "0816T0", 1),
    }


# What is odd about a mask


def test_a_mask_without_nodata_is_remarked(tmp_path: Path) -> None:
    reading = read(write(tmp_path / "a.tif", np.abs(RANDOM), tags=OBSERVED))
    assert "no no-data value" in " ".join(reading.warnings)
    assert mask_of(reading).nodata_pixels == 0
    reading = read(write(tmp_path / "b.tif", RANDOM, tags=OBSERVED))  # -1 is no data anyhow
    assert mask_of(reading).nodata_pixels == int((RANDOM == -1).sum())
    assert not any("no-data" in warning for warning in reading.warnings)


def test_a_mask_in_another_crs_than_its_product_is_noted(tmp_path: Path) -> None:
    path = write(tmp_path / "a.tif", RANDOM, nodata=-1, tags=OBSERVED, crs="EPSG:4326",
                 transform=Affine(1e-4, 0, 15, 0, -1e-4, 46))  # fmt: skip
    reading = read(path)
    assert "EPSG:4326" in " ".join(reading.warnings) and "EPSG:32633" in " ".join(reading.warnings)
    assert mask_of(reading).water_area


def test_another_coding_counts_only_where_it_is_stated(tmp_path: Path) -> None:
    pixels = np.array([[0, 1, 2], [2, 255, 0]], np.uint8)
    reading = read(write(tmp_path / "a.tif", pixels, tags=OBSERVED))
    assert mask_of(reading).water_area is None
    assert "nothing explains (2, 255)" in " ".join(reading.warnings)
    stated = {**OBSERVED, "DAFAB_WATER_VALUES": "1,2", "DAFAB_NODATA_VALUES": "255"}
    mask = mask_of(read(write(tmp_path / "b.tif", pixels, tags=stated)))
    assert (mask.water_pixels, mask.land_pixels, mask.nodata_pixels) == (3, 2, 1)
    classes = [{"value": 2, "name": "water"}, {"value": 1, "name": "land"},
               {"value": 255, "name": "no_data"}]  # fmt: skip
    write(tmp_path / "c/w.tif", pixels, nodata=0)
    described = asset("w.tif", **{"classification:classes": classes})
    write_item(tmp_path / "c", water_item({"dafab-AI-observed-water": described}))
    mask = mask_of(read(tmp_path / "c"))
    assert (mask.water_pixels, mask.land_pixels, mask.nodata_pixels) == (2, 1, 3)


def test_tags_that_cannot_be_are_refused(tmp_path: Path) -> None:
    for tags in ({"DAFAB_WATER_MASK": "maybe"}, {**OBSERVED, "DAFAB_WATER_VALUES": "one"}):
        with pytest.raises(FieldNotValid, match=r"a\.tif: tag DAFAB_WATER"):
            read(write(tmp_path / "a.tif", RANDOM, tags=tags))


def test_a_mask_without_place_stays_without_areas(tmp_path: Path) -> None:
    reading = read(write(tmp_path / "a.tif", RANDOM, crs=None, tags=OBSERVED))
    assert mask_of(reading).water_area is None and "no grid" in " ".join(reading.warnings)
    complex_ = read(write(tmp_path / "b.tif", RANDOM.astype(np.complex64), tags=OBSERVED))
    assert mask_of(complex_).water_area is None


def test_a_bomb_is_not_unpacked(tmp_path: Path) -> None:
    path = write(tmp_path / "a.tif", np.zeros((1, 1), np.uint8), tags=OBSERVED)
    huge = tmp_path / "huge.tif"
    import rasterio

    with rasterio.open(huge, "w", driver="GTiff", width=200_000, height=200_000, count=1,
                       dtype="uint8", tiled=True, blockxsize=8192, blockysize=8192,
                       SPARSE_OK=True, BIGTIFF="YES", compress="deflate",
                       crs="EPSG:32633", transform=TEN_METRES) as dataset:  # fmt: skip
        dataset.update_tags(**OBSERVED)
    assert huge.stat().st_size < 100_000
    with pytest.raises(TooLarge, match="40000000000 pixels"):
        read(huge)
    assert mask_of(read(path)).water_pixels == 0


def test_claims_of_the_item_are_compared(tmp_path: Path) -> None:
    write(tmp_path / "w.tif", RANDOM, nodata=-1)
    share = 100 * float((RANDOM == 1).mean())
    key = "dafab-AI-observed-water"
    for claimed, warned in ((round(share, 4), False), (share + 5, True), (share + 0.05, False)):
        write_item(tmp_path, water_item({key: asset("w.tif")}, observed_water=round(claimed, 4)))
        told = " ".join(read(tmp_path).warnings)
        assert ("claims observed_water" in told) is warned
    area = float((RANDOM == 1).sum()) * 1e-4
    for claimed, warned in ((round(area, 2), False), (area * 2, True)):
        tags = {**OBSERVED, "DAFAB_WATER_AREA_KM2": str(claimed)}
        told = " ".join(read(write(tmp_path / "t/a.tif", RANDOM, tags=tags, nodata=-1)).warnings)
        assert ("claims" in told) is warned


def test_figures_of_the_asset_are_compared(tmp_path: Path) -> None:
    path = write(tmp_path / "w.tif", RANDOM, nodata=-1)
    told = {
        "proj:epsg": 32634,
        "proj:shape": [1, 2],
        "file:size": 5,
        "file:checksum": "1220" + "0" * 64,
        "raster:bands": [{"data_type": "uint8"}],
    }
    write_item(tmp_path, water_item({"dafab-AI-observed-water": asset("w.tif", **told)}))
    warnings = " ".join(read(tmp_path).warnings)
    for words in ("EPSG:32634", "1x2", "5 bytes", "SHA-256", "hold uint8"):
        assert words in warnings
    raster = raster_of(read(path))
    right = {
        "proj:code": "EPSG:32633",
        "proj:shape": [500, 700],
        "file:size": raster.file_size,
        "file:checksum": "1220" + raster.digest,
    }
    write_item(tmp_path, water_item({"dafab-AI-observed-water": asset("w.tif", **right)}))
    assert read(tmp_path).warnings == ()
