"""A water mask opened again from its document, to be read window by window."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from rasterio.io import DatasetReader

from dafab_kg.loaders.raster.area import Grid
from dafab_kg.loaders.raster.describe import nodata_of, place_of, tags_of
from dafab_kg.loaders.raster.files import JPEG2000, TIFF, open_bytes, open_raster
from dafab_kg.loaders.raster.jpeg2000 import is_jpeg2000
from dafab_kg.loaders.raster.mask import (
    OTHER,
    Coding,
    check_readable,
    read_classes,
    told_mask,
)
from dafab_kg.loaders.raster.parts import sort_parts
from dafab_kg.model.documents import Part
from dafab_kg.model.errors import FieldNotValid
from dafab_kg.model.names import Names


@dataclass(frozen=True)
class OpenMask:
    """A mask that is open: its grid, and how its pixels are read."""

    dataset: DatasetReader
    grid: Grid
    coding: Coding
    nodata: float | None
    where: str

    def classes(self, window: tuple[int, int, int, int]) -> NDArray[np.uint8]:
        """Return the classes (see ``mask.py``) of a window (row, column, height, width).

        Raises:
            FieldNotValid: a pixel has a value that no coding explains.
        """
        classes, values = read_classes(self.dataset, window, self.coding, self.nodata)
        strange: NDArray[Any] = values[classes == OTHER]
        if strange.size:
            raise FieldNotValid(
                f"the mask holds the value {strange[0]}, which nothing explains",
                where=self.where,
                remedy="State its coding (see loaders/raster/README.md) and load it again",
            )
        return classes


@contextmanager
def open_mask(parts: Sequence[Part], names: Names, where: str) -> Iterator[OpenMask]:
    """Open the mask that the parts of a raster document are.

    Raises:
        FieldNotValid: it is no mask, or lies on no grid.
        DocumentRejected: it cannot be read.
    """
    sorted_parts = sort_parts(parts, names)
    with open_bytes(sorted_parts.raster) as file:
        driver = JPEG2000 if is_jpeg2000(file.read(16)) else TIFF
    with open_raster(sorted_parts.raster, driver, where=where) as dataset:
        side = sorted_parts.side
        told = told_mask(tags_of(dataset, side)[""], sorted_parts.link, where)
        grid = place_of(dataset, side, where).grid(dataset)
        if told is None or grid is None:
            raise FieldNotValid(
                "the raster is no water mask, or lies on no grid",
                where=where,
                remedy="Load the mask again with a georeference and the item that names it",
            )
        check_readable(dataset, where)
        yield OpenMask(dataset, grid, told.coding, nodata_of(dataset, side, 1), where)
