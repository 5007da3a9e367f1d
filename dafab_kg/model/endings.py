"""How the names of files end that Rucio has of assets."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import PurePosixPath
from typing import Any, Final
from urllib.parse import urlsplit

_SUFFIX: Final = re.compile(r"\.[A-Za-z0-9]{1,10}")
_SUFFIXES: Final = {
    "image/tiff": ".tif",
    "image/jp2": ".jp2",
    "image/png": ".png",
    "image/jpeg": ".jpg",
    "application/geo+json": ".geojson",
    "application/json": ".json",
    "application/xml": ".xml",
    "text/xml": ".xml",
    "text/html": ".html",
    "text/plain": ".txt",
    "text/csv": ".csv",
    "application/pdf": ".pdf",
    "application/zip": ".zip",
    "application/x-parquet": ".parquet",
    "application/vnd.apache.parquet": ".parquet",
    "application/x-netcdf": ".nc",
    "application/x-hdf5": ".h5",
}
"""By media type, where the address of an asset has none."""


def suffix_of(asset: Mapping[str, Any]) -> str:
    """Return how the name of an asset's file ends: as its address does, else by its type.

    >>> suffix_of({"href": "https://a.example/b/c.tif?x=1.y"}), suffix_of({"href": "b/c"})
    ('.tif', '.bin')
    """
    href, kind = asset.get("href"), asset.get("type")
    if isinstance(href, str):
        try:
            ending = PurePosixPath(urlsplit(href).path).suffix
        except ValueError:
            ending = ""
        if _SUFFIX.fullmatch(ending):
            return ending
    plain = kind.split(";")[0].strip().lower() if isinstance(kind, str) else ""
    return _SUFFIXES.get(plain, ".bin")
