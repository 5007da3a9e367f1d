"""What the identifiers of Sentinel-2 say.

Source: Sentinel-2 Products Specification Document (S2-PDGS-TAS-DI-PSD), sections
on the naming of products, datatakes, datastrips and granules.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

from dafab_kg.model import product_names

BAND_NAMES: Final = (
    "B01", "B02", "B03", "B04", "B05", "B06", "B07", "B08", "B8A", "B09", "B10", "B11", "B12",
)  # fmt: skip
"""Bands in the order of ``bandId`` 0 to 12."""

_TIME = r"\d{8}T\d{6}"
_DATATAKE = re.compile(rf"GS2[A-D]_({_TIME})_(\d{{6}})(?:_N\d\d\.\d\d)?\Z")
_COMPACT = re.compile(
    rf"(S2[A-D])_MSIL\w{{2,3}}_({_TIME})_N(\d\d)(\d\d)_R(\d{{3}})_T(\d\d[A-Z]{{3}})_{_TIME}\Z"
)
_TILE = re.compile(r"_T(\d\d[A-Z]{3})(?=_|\Z)")
_ABSOLUTE_ORBIT = re.compile(r"_A(\d{6})_")
_BASELINE = re.compile(r"_N(\d\d\.\d\d)\Z")
_DATASTRIP_SENSING = re.compile(rf"_S({_TIME})(?:_|\Z)")
_CENTRE = re.compile(rf"_(?:TL|DS)_([A-Z0-9_]{{4}})_{_TIME}_")
_OLD_METADATA = re.compile(r"(S2[A-D]_[A-Z]{4}_)MTD_SAF(L\w{2})(_.+)\Z")
_SAFE_FOLDER = re.compile(r"(S2[A-D]_[^/!\\]+)\.SAFE(?=[/!\\]|\Z)", re.IGNORECASE)
_IMAGE = re.compile(r"_(B\d[\dA]|TCI|AOT|WVP|SCL|CLD|SNW|DEM|VIS|PVI)(?:_(\d+m))?(?:\.\w+)?\Z")


def product_id_of(uri: str) -> str:
    """Return a product's name: its URI without folders and without ``.SAFE``.

    >>> product_id_of("S2A_MSIL1C_20170506T105031_N0205_R051_T31UFS_20170506T105029.SAFE")
    'S2A_MSIL1C_20170506T105031_N0205_R051_T31UFS_20170506T105029'
    """
    name = uri.strip().rstrip("/").rsplit("/", 1)[-1]
    return re.sub(r"\.SAFE\Z", "", name, flags=re.IGNORECASE)


def product_id_from_path(*paths: str) -> str | None:
    """Return the product that a path speaks of, by its folder or by an old metadata file name.

    >>> product_id_from_path("S2A_OPER_MTD_SAFL1C_PDMC_20160605T182012_R008_V20160605T104026.xml")
    'S2A_OPER_PRD_MSIL1C_PDMC_20160605T182012_R008_V20160605T104026'
    """
    for path in paths:
        folders = _SAFE_FOLDER.findall(path)
        if folders:
            return str(folders[-1])
    for path in paths:
        stem = re.sub(r"\.xml\Z", "", path.rsplit("/", 1)[-1], flags=re.IGNORECASE)
        match = _OLD_METADATA.match(stem)
        if match:
            return f"{match[1]}PRD_MSI{match[2]}{match[3]}"
    return None


def without_baseline(identifier: str) -> str:
    """Drop the ``_Nxx.yy`` that some identifiers end in.

    >>> without_baseline("GS2A_20220127T104321_034468_N04.00")
    'GS2A_20220127T104321_034468'
    """
    return _BASELINE.sub("", identifier.strip())


def baseline_of(identifier: str) -> str | None:
    """Return the baseline at the end of a granule, datastrip or datatake id: ``04.00``."""
    match = _BASELINE.search(identifier.strip())
    return match[1] if match else None


def tile_of(identifier: str) -> str | None:
    """Return the MGRS tile that a granule id or compact product name holds: ``31UFS``."""
    match = _TILE.search(identifier)
    return match[1] if match else None


def absolute_orbit_of(identifier: str) -> int | None:
    """Return the absolute orbit in a datatake id or granule id."""
    datatake = _DATATAKE.match(identifier)
    if datatake:
        return int(datatake[2])
    match = _ABSOLUTE_ORBIT.search(identifier)
    return int(match[1]) if match else None


def centre_of(identifier: str) -> str | None:
    """Return the processing centre in a granule or datastrip id: ``2APS``, ``SGS``."""
    match = _CENTRE.search(identifier)
    return match[1].strip("_") or None if match else None


def datatake_start(datatake_id: str) -> str | None:
    """Return the compact sensing start in a datatake id: ``20220127T104321``."""
    match = _DATATAKE.match(datatake_id)
    return match[1] if match else None


def datatake_from_name(product_id: str, absolute_orbit: int | None) -> str | None:
    """Make the datatake id that a compact product name and an absolute orbit amount to.

    >>> datatake_from_name("S2A_MSIL2A_20220127T104321_N0400_R008_T31UFS_20220127T151103", 34468)
    'GS2A_20220127T104321_034468'
    """
    match = _COMPACT.match(product_id)
    if match is None or absolute_orbit is None:
        return None
    return f"G{match[1]}_{match[2]}_{absolute_orbit:06d}"


def relative_orbit_from_name(product_id: str) -> int | None:
    """Return the relative orbit that a compact product name holds."""
    match = _COMPACT.match(product_id)
    return int(match[5]) if match else None


def acquisition_id(datatake_id: str | None, tile: str) -> str | None:
    """Name the sensing of one tile in one datatake.

    >>> acquisition_id("GS2A_20220127T104321_034468", "31UFS")
    'S2A_20220127T104321_T31UFS'
    """
    start = datatake_start(datatake_id) if datatake_id else None
    if datatake_id is None or start is None:
        return None
    return product_names.acquisition_id(datatake_id[1:4], start, tile)


def scene_id(satellite: str, tile: str, datastrip_id: str, level: str) -> str | None:
    """Name the scene as STAC tools do: satellite, tile, start of the datastrip, level."""
    match = _DATASTRIP_SENSING.search(datastrip_id)
    return f"{satellite}_T{tile}_{match[1]}_{level}" if match else None


def satellite_of(identifiers: Iterable[str | None]) -> str | None:
    """Return ``S2A`` to ``S2D`` from the first identifier that begins with it."""
    for identifier in identifiers:
        match = re.match(r"G?(S2[A-D])_", identifier or "")
        if match:
            return match[1]
    return None


def image_key(path: str) -> str:
    """Return the key of an image file: its kind and resolution, else its name.

    >>> image_key("GRANULE/L2A_T31UFS/IMG_DATA/R10m/T31UFS_20220127T104321_B02_10m")
    'B02_10m'
    """
    name = path.rsplit("/", 1)[-1]
    match = _IMAGE.search(name)
    if match is None:
        return name
    return f"{match[1]}_{match[2]}" if match[2] else match[1]


def image_kind(path: str) -> str | None:
    """Return what an image shows: a band (``B8A``), ``TCI``, ``SCL``, ..."""
    match = _IMAGE.search(path)
    return match[1] if match else None


def band_name(physical: str) -> str | None:
    """Return the two-digit name of a band.

    >>> band_name("B1"), band_name("B8A")
    ('B01', 'B8A')
    """
    match = re.fullmatch(r"B(\d{1,2})(A?)", physical.strip())
    if match is None:
        return None
    name = f"B{match[1]}A" if match[2] else f"B{int(match[1]):02d}"
    return name if name in BAND_NAMES else None
