"""Rasters that are broken, hostile or none: each is refused with place and remedy."""

from __future__ import annotations

import struct
from pathlib import Path

import numpy as np
import pytest

from dafab_kg.catalogue import open_catalogue
from dafab_kg.loaders.raster import RasterLoader
from dafab_kg.model.documents import Found, Refused
from dafab_kg.model.errors import (
    DocumentRejected,
    FieldNotValid,
    NotRecognised,
    NotWellFormed,
    TooLarge,
)
from tests.loaders.raster.rasters import find, read, write, write_cog

PIXELS = np.arange(600 * 700, dtype=np.uint16).reshape(600, 700)


def change(path: Path, code: int, value: int, field: str = "value") -> None:
    """Write another value (or count) into a tag of the first directory."""
    data = bytearray(path.read_bytes())
    (place,) = struct.unpack_from("<I", data, 4)
    (count,) = struct.unpack_from("<H", data, place)
    for entry in range(place + 2, place + 2 + 12 * count, 12):
        found, kind = struct.unpack_from("<HH", data, entry)
        if found == code:
            if field == "value" and kind == 3:  # a short would hide what is beyond it
                struct.pack_into("<H", data, entry + 2, 4)
            struct.pack_into("<I", data, entry + (4 if field == "count" else 8), value)
    path.write_bytes(data)


def refusal(path: Path) -> DocumentRejected:
    with pytest.raises(DocumentRejected) as caught:
        read(path)
    assert path.name in caught.value.where
    assert caught.value.remedy and caught.value.what
    return caught.value


@pytest.mark.parametrize("part", [0.1, 0.5, 0.9, 0.999])
def test_a_half_written_cog(tmp_path: Path, part: float) -> None:
    plain = write(tmp_path / "plain.tif", np.tile(PIXELS, (3, 3)))
    path = write_cog(tmp_path / "cut.tif", plain, blocksize=256)
    data = path.read_bytes()
    path.write_bytes(data[: int(len(data) * part)])
    error = refusal(path)
    assert isinstance(error, NotWellFormed) and "byte" in error.where


def test_a_file_whose_directory_was_never_written(tmp_path: Path) -> None:
    path = write(tmp_path / "a.tif", PIXELS)
    data = bytearray(path.read_bytes())
    data[4:8] = b"\0\0\0\0"
    path.write_bytes(data)
    assert "never finished" in refusal(path).what


def test_pixels_that_were_never_written_are_remarked(tmp_path: Path) -> None:
    path = write(tmp_path / "a.tif", PIXELS * 0, SPARSE_OK=True, tiled=True)
    assert "hold no bytes" in " ".join(read(path).warnings)


def test_directories_in_a_circle(tmp_path: Path) -> None:
    path = write(tmp_path / "a.tif", PIXELS)
    data = bytearray(path.read_bytes())
    (place,) = struct.unpack_from("<I", data, 4)
    (count,) = struct.unpack_from("<H", data, place)
    struct.pack_into("<I", data, place + 2 + 12 * count, place)
    path.write_bytes(data)
    assert "circle" in refusal(path).what


@pytest.mark.parametrize(("code", "value", "error"), [
    (256, 0, FieldNotValid),  # no columns
    (257, 0, FieldNotValid),
    (256, 2**31, TooLarge),  # more than any image has
    (257, 2**32 - 1, TooLarge),
    (257, 9_999_999, NotWellFormed),  # more rows than it names blocks for
    (278, 0, NotWellFormed),
])  # fmt: skip
def test_dimensions_that_are_none(
    tmp_path: Path, code: int, value: int, error: type[DocumentRejected]
) -> None:
    path = write(tmp_path / "a.tif", PIXELS[:5])
    change(path, code, value)
    assert isinstance(refusal(path), error)


def test_a_tag_that_claims_more_values_than_the_file_has(tmp_path: Path) -> None:
    path = write(tmp_path / "a.tif", PIXELS)
    change(path, 273, 40_000_000, "count")
    assert isinstance(refusal(path), NotWellFormed)


@pytest.mark.parametrize("content", [b"", b"<html>404</html>", b"\x89PNG\r\n\x1a\n" + b"\0" * 40])
def test_a_file_that_is_only_called_tiff(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "a.tif").write_bytes(content)
    (found,) = find(tmp_path)
    assert isinstance(found, Refused) and isinstance(found.error, NotRecognised)
    assert "a.tif" in found.error.where and found.error.remedy


@pytest.mark.parametrize("content", [b"II*\0", b"II*\0\x08\0\0\0", b"MM\0*" + b"\xff" * 60])
def test_a_file_that_only_begins_like_tiff(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "a").write_bytes(content)  # its name tells nothing
    (found,) = find(tmp_path)
    assert isinstance(found, Found)
    with pytest.raises(NotWellFormed, match=r"/a: byte"):
        RasterLoader().read(found.document)


def test_a_jpeg_2000_that_was_cut_off(tmp_path: Path, shared: Path) -> None:
    folder = shared / "chips/mapchete-eo/S2A_33TWL_20230815_0_L2A"
    data = (folder / "SCL.tif").read_bytes()
    for length in (100, len(data) // 2, len(data) - 1):
        (tmp_path / "a.tif").write_bytes(data[:length])
        assert "not complete" in refusal(tmp_path / "a.tif").what


def test_blocks_that_do_not_unpack(tmp_path: Path) -> None:
    mask = (PIXELS % 2).astype(np.uint8)
    path = write(tmp_path / "a.tif", mask, compress="deflate", nodata=255,
                 tags={"DAFAB_WATER_MASK": "observed", "DAFAB_PRODUCT": "P"})  # fmt: skip
    data = path.read_bytes()
    start = data.index(b"x\x9c") if b"x\x9c" in data else data.index(b"x^")
    path.write_bytes(data[: start + 2] + b"\xff" * 40 + data[start + 42 :])
    error = refusal(path)
    assert isinstance(error, NotWellFormed) and "GDAL cannot read" in error.what


def test_images_of_a_safe_product_are_left_to_it(tmp_path: Path) -> None:
    folder = tmp_path / "S1A_IW_GRDH.SAFE" / "measurement"
    path = write(folder / "s1a.tiff", PIXELS)
    assert find(tmp_path) == []
    (found,) = find(tmp_path, assume="raster")
    assert isinstance(found, Found) and found.document.parts[0].name.endswith(path.name)


def test_neighbours_of_broken_rasters_load(tmp_path: Path) -> None:
    folder = tmp_path / "in"
    write(folder / "good.tif", PIXELS)
    (folder / "none.tif").write_bytes(b"<html>")
    bad = write(folder / "bad.tif", PIXELS + 1)
    bad.write_bytes(bad.read_bytes()[:5000])
    with open_catalogue(tmp_path / "store") as catalogue:
        report = catalogue.load(folder)
        assert report.counts == {"loaded": 1, "rejected": 2}
        told = {Path(one.origin).name: one for one in catalogue.quarantine()}
        assert {name: one.error for name, one in told.items()} == {
            "none.tif": "NotRecognised",
            "bad.tif": "NotWellFormed",
        }
        assert all(one.remedy and one.where for one in told.values())
