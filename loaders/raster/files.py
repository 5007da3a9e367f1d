"""Opening raster files with GDAL, on disk or in memory, and never with what lies beside them.

Side files are read by :mod:`dafab_kg.loaders.raster.side`, so that a document reads the same
from its folder, from an archive and from the catalogue's own store of originals.
"""

from __future__ import annotations

import io
import re
import warnings
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any, BinaryIO, Final

import rasterio
from rasterio.errors import NotGeoreferencedWarning, RasterioError
from rasterio.io import DatasetReader, MemoryFile

from dafab_kg.model.documents import FilePart, Part
from dafab_kg.model.errors import NotWellFormed

TIFF: Final = "GTiff"
JPEG2000: Final = "JP2OpenJPEG"
_ALONE: Final = {"GDAL_DISABLE_READDIR_ON_OPEN": "EMPTY_DIR", "GDAL_PAM_ENABLED": "NO"}


def open_bytes(part: Part) -> BinaryIO:
    """Open a part for reading; the caller closes it."""
    return part.path.open("rb") if isinstance(part, FilePart) else io.BytesIO(part.data)


@contextmanager
def open_raster(part: Part, driver: str, *, where: str) -> Iterator[DatasetReader]:
    """Open a part with the one ``driver`` that its content calls for.

    Raises:
        NotWellFormed: GDAL cannot read it, now or while it is open.
    """
    with ExitStack() as stack, warnings.catch_warnings():
        warnings.simplefilter("ignore", NotGeoreferencedWarning)
        options: dict[str, Any] = dict(_ALONE)
        stack.enter_context(rasterio.Env(**options))
        try:
            if isinstance(part, FilePart):
                dataset = rasterio.open(part.path.resolve(), driver=driver)
            else:
                dataset = stack.enter_context(MemoryFile(part.data)).open(driver=driver)
            yield stack.enter_context(dataset)
        except RasterioError as error:
            raise NotWellFormed(
                f"GDAL cannot read the raster: {_plain(error, part)}",
                where=where,
                remedy="Fetch or write the file again; it may be cut off or damaged",
            ) from error


def _plain(error: Exception, part: Part) -> str:
    """Return GDAL's reason without its name for the file, which ``where`` tells already."""
    reason = str(error.__cause__ or error)
    if isinstance(part, FilePart):
        reason = reason.replace(str(part.path.resolve()), "").replace(f"{part.path.name}: ", "")
    reason = re.sub(r"'?/vsimem/[^\s:']*'?|[0-9a-f-]{36}[^\s:]*", "", reason)
    return re.sub(r"\s*:\s*(?=:)|^[\s:]+", "", reason).strip() or type(error).__name__
