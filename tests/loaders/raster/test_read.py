"""Technical metadata against what was written, against the bytes, and against GDAL's own view."""

from __future__ import annotations

import struct
import zipfile
from decimal import Decimal
from pathlib import Path

import numpy as np
import pytest
import rasterio
import shapely
from affine import Affine
from hypothesis import given
from hypothesis import strategies as st
from pyproj import Geod
from rasterio.control import GroundControlPoint

from dafab_kg.catalogue import open_catalogue
from dafab_kg.loaders.raster import RasterLoader
from dafab_kg.model.documents import FilePart, Found, Part, SourceDocument
from dafab_kg.model.records import Property
from tests.loaders.raster.rasters import (
    TEN_METRES,
    UTM,
    bands_of,
    find,
    of_type,
    raster_of,
    read,
    write,
    write_cog,
)

SIDE_FILE = """<PAMDataset>
  <SRS>EPSG:32632</SRS>
  <GeoTransform> 5.0e+05, 20, 0, 5.1e+06, 0, -20</GeoTransform>
  <PAMRasterBand band="1">
    <NoDataValue>7</NoDataValue>
    <Metadata><MDI key="STATISTICS_MEAN">12.5</MDI></Metadata>
  </PAMRasterBand>
</PAMDataset>
"""
RAMP = np.arange(600 * 700, dtype=np.uint16).reshape(600, 700)


def tags_of_the_bytes(data: bytes) -> dict[int, tuple[int, int, int]]:
    """Tag number to type, count and value field of the first directory of a little-endian TIFF."""
    assert data[:4] == b"II*\0"
    (place,) = struct.unpack_from("<I", data, 4)
    (count,) = struct.unpack_from("<H", data, place)
    entries = (struct.unpack_from("<HHII", data, place + 2 + 12 * n) for n in range(count))
    return {code: (kind, number, value) for code, kind, number, value in entries}


def test_the_facts_are_those_in_the_bytes(tmp_path: Path) -> None:
    path = write(tmp_path / "a.tif", RAMP, tiled=True, blockxsize=256, blockysize=128)
    raster, tags = raster_of(read(path)), tags_of_the_bytes(path.read_bytes())
    assert (raster.raster_width, raster.raster_height) == (tags[256][2], tags[257][2])
    assert (raster.block_width, raster.block_height) == (tags[322][2], tags[323][2])
    assert raster.is_tiled and raster.band_count == tags[277][2] == 1
    assert raster.compression is None and tags[259][2] == 1
    assert raster.file_size == path.stat().st_size
    assert raster.driver == "GTiff" and raster.file_name == "a.tif"


def test_what_was_written_comes_back(tmp_path: Path) -> None:
    path = write(
        tmp_path / "a.tif",
        np.stack([RAMP, RAMP]).astype(np.float32),
        nodata=-9999,
        compress="deflate",
        interleave="pixel",
        tags={"TIFFTAG_SOFTWARE": "made by hand", "TIFFTAG_DATETIME": "2024:05:06 07:08:09",
              "AREA_OR_POINT": "Point", "STRANGE": "kept"},
    )  # fmt: skip
    with rasterio.open(path, "r+") as dataset:
        dataset.descriptions = ("depth", None)
        dataset.units = ("m", None)
        dataset.scales, dataset.offsets = (0.1, 1.0), (5.0, 0.0)
        dataset.update_tags(1, STATISTICS_MINIMUM="1.5", STATISTICS_MAXIMUM="nan", OWN="x")
    reading = read(path)
    raster, (first, second) = raster_of(reading), bands_of(reading)
    assert (raster.written_by, raster.written_at) == ("made by hand", "2024:05:06 07:08:09")
    assert (raster.compression, raster.interleave) == ("DEFLATE", "PIXEL")
    assert raster.pixel_interpretation == "Point"
    assert (first.data_type, first.nodata, first.band_unit) == ("float32", "-9999", "m")
    assert (first.band_scale, first.band_offset) == (Decimal("0.1"), 5)
    assert (second.band_scale, second.band_offset, second.band_description) == (None, None, None)
    assert first.band_description == "depth" and first.statistics_minimum == Decimal("1.5")
    assert first.statistics_maximum is None
    kept = {one.name: one.texts for one in of_type(reading, Property)}
    assert kept["STRANGE"] == ("kept",) and kept["OWN"] == ("x",)
    assert "STATISTICS_MINIMUM" not in kept


def test_the_footprint_is_the_outline_in_degrees(tmp_path: Path) -> None:
    transform = Affine(120, 0, 499980, 0, -120, 5100000)
    raster = raster_of(read(write(tmp_path / "a.tif", np.zeros((915, 915), np.uint8),
                                  transform=transform)))  # fmt: skip
    shape = shapely.from_wkt(raster.footprint_wkt)
    area, _ = Geod(ellps="WGS84").geometry_area_perimeter(shape)
    assert area == pytest.approx((915 * 120) ** 2, rel=1e-3)  # UTM's scale: 0.9996² at its middle
    assert shape.bounds == tuple(map(float, (raster.west, raster.south, raster.east, raster.north)))
    assert raster.native_bounds == "499980 4990200 609780 5100000"
    assert raster.geo_transform == "120 0 499980 0 -120 5100000"
    assert raster.raster_crs == UTM and raster.pixel_unit == "metre" and raster.pixel_size == 120


@pytest.mark.parametrize("big", ["YES", "NO"])
@pytest.mark.parametrize("order", ["BIG", "LITTLE"])
def test_all_four_kinds_of_tiff_are_read(tmp_path: Path, big: str, order: str) -> None:
    raster = raster_of(read(write(tmp_path / "a.tif", RAMP, BIGTIFF=big, ENDIANNESS=order)))
    assert (raster.raster_width, raster.raster_height) == (700, 600)


def test_a_rotated_grid_keeps_its_transform(tmp_path: Path) -> None:
    turned = TEN_METRES @ Affine.rotation(30)
    raster = raster_of(read(write(tmp_path / "a.tif", RAMP, transform=turned)))
    told = [float(number) for number in (raster.geo_transform or "").split()]
    assert told == pytest.approx(tuple(turned)[:6])
    assert (float(raster.pixel_width or 0), float(raster.pixel_height or 0)) == pytest.approx(
        (10, 10)
    )
    shape = shapely.from_wkt(raster.footprint_wkt)
    area, _ = Geod(ellps="WGS84").geometry_area_perimeter(shape)
    assert area == pytest.approx(7000 * 6000, rel=1e-3)


def test_the_whole_globe_has_a_footprint(tmp_path: Path) -> None:
    for west in (-180, 0):
        globe = Affine(1, 0, west, 0, -1, 90)
        path = write(tmp_path / "a.tif", np.zeros((180, 360), np.uint8), crs="EPSG:4326",
                     transform=globe)  # fmt: skip
        raster = raster_of(read(path))
        assert (raster.west, raster.east, raster.south, raster.north) == (-180, 180, -90, 90)
        assert shapely.from_wkt(raster.footprint_wkt).area == pytest.approx(360 * 180)


def test_a_grid_from_0_to_360_lies_in_the_west(tmp_path: Path) -> None:
    grid = Affine(0.5, 0, 200, 0, -0.5, 10)
    path = write(tmp_path / "a.tif", np.zeros((20, 40), np.uint8), crs="EPSG:4326", transform=grid)
    raster = raster_of(read(path))
    assert (raster.west, raster.east) == (-160, -140)


def test_a_grid_over_the_antimeridian_is_cut_there(tmp_path: Path) -> None:
    path = write(tmp_path / "a.tif", np.zeros((1098, 1098), np.uint8), crs="EPSG:32701",
                 transform=Affine(100, 0, 99960, 0, -100, 8200000))  # fmt: skip
    raster = raster_of(read(path))
    assert raster.west is not None and raster.east is not None and raster.west > raster.east
    assert shapely.from_wkt(raster.footprint_wkt).geom_type == "MultiPolygon"


def test_odd_but_honest_rasters_load_and_say_what_is_odd(tmp_path: Path) -> None:
    one = np.ones((1, 1), np.uint8)
    reading = read(write(tmp_path / "pixel.tif", one))
    assert raster_of(reading).raster_width == 1 and not reading.warnings
    reading = read(write(tmp_path / "plain.tif", RAMP, crs=None, transform=None))
    assert "no georeference" in " ".join(reading.warnings)
    assert raster_of(reading).footprint_wkt is None
    reading = read(write(tmp_path / "nocrs.tif", RAMP, crs=None))
    assert "no CRS" in " ".join(reading.warnings) and raster_of(reading).geo_transform
    reading = read(write(tmp_path / "complex.tif", RAMP.astype(np.complex64)))
    assert bands_of(reading)[0].data_type == "complex64"
    reading = read(write(tmp_path / "nan.tif", RAMP.astype(np.float32), nodata=float("nan")))
    assert bands_of(reading)[0].nodata == "nan"


def test_ground_control_points_give_a_hull(tmp_path: Path) -> None:
    corners = [(0, 0, 5, 51), (0, 700, 6, 51), (600, 700, 6, 50), (600, 0, 5, 50)]
    points = [GroundControlPoint(row=r, col=c, x=x, y=y) for r, c, x, y in corners]
    path = write(tmp_path / "a.tif", RAMP, crs="EPSG:4326", transform=None, gcps=points)
    reading = read(path)
    raster = raster_of(reading)
    assert (raster.georeferencing, raster.raster_crs) == ("gcps", "EPSG:4326")
    assert (raster.west, raster.south, raster.east, raster.north) == (5, 50, 6, 51)
    assert "ground control points" in " ".join(reading.warnings)


def test_a_crs_without_code_is_kept_as_text(tmp_path: Path) -> None:
    own = "+proj=laea +lat_0=45.5 +lon_0=15.2 +x_0=0 +y_0=0 +datum=WGS84 +units=m"
    raster = raster_of(read(write(tmp_path / "a.tif", RAMP, crs=own,
                                  transform=Affine(10, 0, 0, 0, -10, 0))))  # fmt: skip
    assert raster.raster_crs is None and "Lambert_Azimuthal" in (raster.crs_wkt or "")
    assert float(raster.west or 0) == pytest.approx(15.2, abs=1e-6)


# Layout


def test_the_layout_of_a_cog_is_told_from_that_of_others(tmp_path: Path) -> None:
    pixels = np.tile(RAMP, (3, 3))
    plain = write(tmp_path / "plain.tif", pixels)
    strips = raster_of(read(plain))
    assert strips.is_cog is False and "not tiled" in " ".join(strips.cog_faults)
    cog = raster_of(read(write_cog(tmp_path / "cog.tif", plain, blocksize=256)))
    assert cog.is_cog is True and cog.cog_faults == () == cog.cog_advice
    assert cog.overviews[0] == "1050x900" and cog.is_tiled
    bare = raster_of(read(write_cog(tmp_path / "bare.tif", plain, overviews="NONE")))
    assert bare.is_cog is True and "no overviews" in " ".join(bare.cog_advice)
    tiled = write(tmp_path / "tiled.tif", pixels, tiled=True, blockxsize=256, blockysize=256)
    with rasterio.open(tiled, "r+") as dataset:
        dataset.build_overviews([2, 4])
    late = raster_of(read(tiled))  # overviews that were added afterwards follow the pixels
    assert late.is_cog is False and late.overviews == ("1050x900", "525x450")
    assert "after" in " ".join(late.cog_faults)


def test_a_cog_that_was_changed_is_none_any_more(tmp_path: Path) -> None:
    plain = write(tmp_path / "plain.tif", np.tile(RAMP, (3, 3)), compress="deflate")
    path = write_cog(tmp_path / "cog.tif", plain, blocksize=256, compress="deflate")
    with rasterio.open(path, "r+", IGNORE_COG_LAYOUT_BREAK="YES") as dataset:
        dataset.write(np.random.default_rng(1).integers(0, 60000, (1800, 2100), "u2"), 1)
    raster = raster_of(read(path))
    assert raster.is_cog is False and raster.cog_faults


def test_external_overviews_go_with_their_raster(tmp_path: Path) -> None:
    path = write(tmp_path / "a.tif", np.tile(RAMP, (3, 3)), tiled=True)
    with rasterio.Env(TIFF_USE_OVR=True), rasterio.open(path, "r+") as dataset:
        dataset.build_overviews([2])
    assert (tmp_path / "a.tif.ovr").exists()
    raster = raster_of(read(tmp_path))
    assert "a.tif.ovr lies outside of the file" in raster.cog_faults


# Side files, and where the document comes from


def test_the_side_file_belongs_to_the_raster(tmp_path: Path) -> None:
    path = write(tmp_path / "a.tif", RAMP)
    side = tmp_path / "a.tif.aux.xml"
    side.write_text(SIDE_FILE)
    with rasterio.open(path) as dataset:  # GDAL reads it as we do
        assert dataset.crs.to_epsg() == 32632 and dataset.transform.a == 20
        assert dataset.nodata == 7 and dataset.tags(1)["STATISTICS_MEAN"] == "12.5"
    (found,) = find(tmp_path)
    assert isinstance(found, Found)
    assert [part.name for part in found.document.parts] == ["a.tif", "a.tif.aux.xml"]
    assert len(found.entries) == 2
    (band,) = bands_of(read(tmp_path))
    assert (band.nodata, band.statistics_mean) == ("7", Decimal("12.5"))
    raster = raster_of(read(tmp_path))
    assert (raster.raster_crs, raster.pixel_width) == ("EPSG:32632", 20)
    side.write_text("<PAMDataset><SRS>")
    broken = read(tmp_path)
    assert bands_of(broken) and "side file is left out" in " ".join(broken.warnings)


def test_disk_memory_and_store_read_the_same(tmp_path: Path) -> None:
    path = write(tmp_path / "odd name?a#!.tif", RAMP, tags={"A": "b"})
    (found,) = find(tmp_path)
    assert isinstance(found, Found)
    (part,) = found.document.parts
    assert isinstance(part, FilePart)  # not held in memory
    held = SourceDocument("raster", found.document.key, found.document.origin,
                          (Part(part.name, path.read_bytes()),))  # fmt: skip
    loader = RasterLoader()
    assert loader.read(held) == loader.read(found.document)


@given(
    width=st.integers(1, 300),
    height=st.integers(1, 300),
    a=st.floats(0.5, 500),
    e=st.floats(0.5, 500),
    x=st.integers(200000, 700000),
    y=st.integers(1, 9000000),
    zone=st.integers(1, 60),
)
def test_any_grid_is_described_as_it_is(
    tmp_path_factory: pytest.TempPathFactory,
    width: int, height: int, a: float, e: float, x: int, y: int, zone: int,
) -> None:  # fmt: skip
    path = tmp_path_factory.mktemp("grid") / "a.tif"
    write(path, np.zeros((height, width), np.uint8), crs=f"EPSG:{32600 + zone}",
          transform=Affine(a, 0, x, 0, -e, y))  # fmt: skip
    raster = raster_of(read(path))
    assert (raster.raster_width, raster.raster_height) == (width, height)
    assert raster.raster_crs == f"EPSG:{32600 + zone}"
    left, bottom, right, top = map(float, (raster.native_bounds or "").split())
    assert (left, top) == (x, y)
    assert (right, bottom) == pytest.approx((x + a * width, y - e * height))


def test_copies_are_one_document_unless_their_side_files_differ(tmp_path: Path) -> None:
    for folder in ("a", "b", "c"):
        write(tmp_path / "in" / folder / "x.tif", RAMP)
    (tmp_path / "in/c/x.tif.aux.xml").write_text(SIDE_FILE)
    with zipfile.ZipFile(tmp_path / "in/z.zip", "w") as archive:
        archive.write(write(tmp_path / "x.tif", RAMP + 1), "within/x.tif")
    with open_catalogue(tmp_path / "store") as catalogue:
        report = catalogue.load(tmp_path / "in")
        assert report.counts == {"loaded": 3, "unchanged": 1}
        assert catalogue.doctor() == ()


@pytest.mark.parametrize("order", ["<", ">"])
def test_tags_of_tiff_and_exif_are_kept(tmp_path: Path, order: str) -> None:
    """A file of one pixel, byte by byte as TIFF 6.0 section 2 lays it out."""
    texts = {271: b"Maker\0", 305: b"by hand\0", 306: b"2024:05:06 07:08:09\0"}
    exif = b"2023:04:05 06:07:08\0"
    body = bytearray(b"\x07\0")  # the pixel at byte 8
    places = {}
    for code, value in (*texts.items(), (36867, exif)):
        places[code] = 8 + len(body)
        body += value + b"\0" * (len(value) % 2)

    def directory(tags: list[tuple[int, int, int, int]]) -> bytes:
        table = struct.pack(order + "H", len(tags))
        for code, kind, count, value in sorted(tags):
            form = "HHIHxx" if kind == 3 else "HHII"
            table += struct.pack(order + form, code, kind, count, value)
        return table + bytes(4)

    inner = 8 + len(body)
    body += directory([(36867, 2, len(exif), places[36867])])
    start = 8 + len(body)
    tags = [
        (256, 3, 1, 1),
        (257, 3, 1, 1),
        (258, 3, 1, 8),
        (259, 3, 1, 1),
        (262, 3, 1, 1),
        (273, 4, 1, 8),
        (277, 3, 1, 1),
        (278, 3, 1, 1),
        (279, 4, 1, 1),
        (34665, 4, 1, inner),
    ]
    tags += [(code, 2, len(value), places[code]) for code, value in texts.items()]
    head = (b"II" if order == "<" else b"MM") + struct.pack(order + "HI", 42, start)
    path = tmp_path / "hand.tif"
    path.write_bytes(head + bytes(body) + directory(tags))
    reading = read(path)
    raster = raster_of(reading)
    assert (raster.written_by, raster.written_at) == ("by hand", "2024:05:06 07:08:09")
    kept = {one.name: one.texts for one in of_type(reading, Property)}
    assert kept["Exif.DateTimeOriginal"] == ("2023:04:05 06:07:08",)
    assert ("Maker",) in kept.values()
