"""Real rasters of others: image chips with the STAC items that their providers wrote."""

from __future__ import annotations

import json
import struct
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import shapely

from dafab_kg.catalogue import open_catalogue
from dafab_kg.loaders.raster import RasterLoader
from dafab_kg.model.documents import Found
from dafab_kg.model.records import RasterBand, RasterFile
from tests.loaders.raster.rasters import bands_of, find, raster_of

CHIPS = "chips/mapchete-eo"


@pytest.fixture(scope="module")
def chips(shared: Path) -> dict[str, tuple[RasterFile, RasterBand, tuple[str, ...]]]:
    loader, found = RasterLoader(), {}
    for one in find(shared / CHIPS):
        assert isinstance(one, Found)
        reading = loader.read(one.document)
        name = one.document.parts[0].name
        found[name] = raster_of(reading), bands_of(reading)[0], reading.warnings
    return found


def assets(shared: Path) -> Iterator[tuple[str, dict[str, Any], dict[str, Any], str]]:
    """Each asset that lies beside its item: file, item, asset, key."""
    for path in sorted((shared / CHIPS).glob("*/S2*.json")):
        item = json.loads(path.read_text())
        for key, asset in item["assets"].items():
            if asset["href"].endswith(".tif") and (path.parent / asset["href"]).is_file():
                yield f"{path.parent.name}/{asset['href']}", item, asset, key


def test_items_agree_with_the_files(
    shared: Path, chips: dict[str, tuple[RasterFile, RasterBand, tuple[str, ...]]]
) -> None:
    seen = set()
    for name, item, asset, key in assets(shared):
        raster, band, _ = chips[name]
        seen.add(name)
        # the name of the product stands in the item
        assert raster.product_id == item["properties"]["s2:product_uri"].removesuffix(".SAFE")
        assert key in raster.asset_keys
        assert raster.raster_crs == f"EPSG:{item['properties']['proj:epsg']}"
        (stated,) = asset["raster:bands"]
        assert (band.data_type, band.nodata) == (stated["data_type"], str(stated["nodata"]))
        # the chips are coarser than the originals, but begin and end where these do
        rows, columns = asset["proj:shape"]
        a, _, x, _, e, y = asset["proj:transform"]
        assert raster.native_bounds == f"{x} {y + e * rows} {x + a * columns} {y}"
        scale = columns / (raster.raster_width or 1)
        assert float(raster.pixel_width or 0) == a * scale
        outline = shapely.from_wkt(raster.footprint_wkt)
        # nearly all of the item's own footprint; its corners are rounded
        own = shapely.geometry.shape(item["geometry"])
        assert own.intersection(outline).area == pytest.approx(own.area, rel=2e-3)
    assert seen == set(chips) and len(seen) == 10


def test_dimensions_are_those_of_the_codestream(
    shared: Path, chips: dict[str, tuple[RasterFile, RasterBand, tuple[str, ...]]]
) -> None:
    for name, (raster, _, warnings) in chips.items():
        data = (shared / CHIPS / name).read_bytes()
        place = data.index(b"\xff\x4f\xff\x51")  # SOC and SIZ (ISO/IEC 15444-1, A.5.1)
        width, height, x, y = struct.unpack_from(">4I", data, place + 8)
        assert (raster.raster_width, raster.raster_height) == (width - x, height - y)
        assert raster.driver == "JP2OpenJPEG" and raster.is_cog is None
        assert "content is JPEG 2000" in " ".join(warnings)


def test_eo_learn_rasters_are_their_tags(shared: Path) -> None:
    folder = shared / "chips/eo-learn-example_data"
    for name, bands, kind in (("import-tiff-test1.tiff", 1, 2), ("import-tiff-test2.tiff", 5, 4)):
        (found,) = find(folder / name)
        assert isinstance(found, Found)
        raster = raster_of(RasterLoader().read(found.document))
        data = (folder / name).read_bytes()
        order = "<" if data[:2] == b"II" else ">"
        (start,) = struct.unpack_from(order + "I", data, 4)
        (count,) = struct.unpack_from(order + "H", data, start)
        tags = {}
        for n in range(count):
            code, type_, _ = struct.unpack_from(order + "HHI", data, start + 2 + 12 * n)
            form = "H" if type_ == 3 else "I"
            (tags[code],) = struct.unpack_from(order + form, data, start + 10 + 12 * n)
        assert (raster.raster_width, raster.raster_height) == (tags[256], tags[257])
        assert raster.band_count == tags[277] == bands
        scale = struct.unpack_from(order + "2d", data, tags[33550])  # ModelPixelScale
        assert (float(raster.pixel_width or 0), float(raster.pixel_height or 0)) == scale
        assert kind


def test_the_folders_of_chips_load_as_a_whole(shared: Path, tmp_path: Path) -> None:
    folder = shared / "chips/eo-learn-example_data"
    paths = [shared / CHIPS, *folder.glob("*.tiff"), *folder.glob("*.npy")]
    with open_catalogue(tmp_path / "store") as catalogue:
        catalogue.load(*paths)
        kinds = Counter(entry.kind for entry in catalogue.documents())
        assert kinds["raster"] == 12 and kinds["stac"] >= 3
        assert not [one for one in catalogue.quarantine() if ".tif" in one.origin]
        frame = catalogue.query(
            """PREFIX dafab: <https://w3id.org/dafab/ns#>
            SELECT ?key { ?raster dafab:fileOf [ dafab:assetKey ?key ] }"""
        ).to_pandas()  # type: ignore[union-attr]
        assert Counter(frame.key) == dict.fromkeys(("blue", "green", "red", "nir", "scl"), 2)
