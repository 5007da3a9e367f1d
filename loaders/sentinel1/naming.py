"""Which product files belong to: by the folder's name, by productInfo.json, by the manifest.

A manifest does not hold the product's name.  Where no folder tells it either, the name is
put together from what the manifest and the annotation say and from the manifest's checksum.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

from dafab_kg.loaders.sentinel1.manifest import checksum_of
from dafab_kg.model.product_names import ProductName, read_name

_NAME = re.compile(r"S1[A-D]_\w{2}_\w{4}_\w{4}_\d{8}T\d{6}_\d{8}T\d{6}_\d{6}_\w{6}_\w{4}(?:_COG)?")
_SPACING = re.compile(rb"<rangePixelSpacing>\s*([0-9.eE+\-]+)\s*<")
_RESOLUTIONS: Final = {  # pixel spacing in metres, by mode (Product Definition, table of GRD)
    ("IW", 10): "H", ("IW", 40): "M",
    ("EW", 25): "H", ("EW", 40): "M",
    ("SM", 4): "F", ("SM", 10): "H", ("SM", 40): "M",
}  # fmt: skip
_TOLD: Final = {
    "number": rb"<(?:[\w.\-]+:)?number>([A-D])<",
    "mode": rb"<(?:[\w.\-]+:)?mode>([A-Z]{2})<",
    "swath": rb"<(?:[\w.\-]+:)?swath>([A-Z0-9]{2,3})<",
    "type": rb"<(?:[\w.\-]+:)?productType>([A-Z0-9]{3})<",
    "class": rb"<(?:[\w.\-]+:)?productClass>([A-Z])<",
    "level": rb'version="[^"]*/level-(1)',
    "start": rb"<(?:[\w.\-]+:)?startTime>([0-9T:\-]{19})",
    "stop": rb"<(?:[\w.\-]+:)?stopTime>([0-9T:\-]{19})",
    "orbit": rb'orbitNumber type="start">(\d{1,6})<',
    "take": rb"<(?:[\w.\-]+:)?missionDataTakeID>(\d{1,8})<",
}
_POLARISATION = re.compile(rb"transmitterReceiverPolarisation>([HV]{2})<")
_LETTERS: Final = {
    frozenset({"VV"}): "SV", frozenset({"HH"}): "SH", frozenset({"VV", "VH"}): "DV",
    frozenset({"HH", "HV"}): "DH", frozenset({"VH"}): "VH", frozenset({"HV"}): "HV",
}  # fmt: skip


def name_in_path(*paths: str) -> ProductName | None:
    """Return the product that a path speaks of: the last name in the first that holds one.

    >>> name = "S1A_IW_GRDH_1SDV_20210809T173953_20210809T174018_039156_049F13_6FF8"
    >>> name_in_path("manifest.safe", f"x/{name}.SAFE/manifest.safe").name == name
    True
    """
    for path in paths:
        for text in reversed(_NAME.findall(path)):
            name = read_name(text)
            if name is not None:
                return name
    return None


def name_from_metadata(manifest: bytes, annotations: Iterable[bytes]) -> ProductName | None:
    """Put the name of a Level-1 product together; None if a part of it is not told.

    The times in the names of ocean products are not those that their manifests state.
    """
    told = {}
    for key, pattern in _TOLD.items():
        match = re.search(pattern, manifest)
        if match is None:
            return None
        told[key] = match[1].decode()
    letters = _LETTERS.get(frozenset(m.decode() for m in _POLARISATION.findall(manifest)))
    resolution = _resolution(told["mode"], annotations) if told["type"] == "GRD" else "_"
    if letters is None or resolution is None:
        return None
    beam = told["swath"] if told["mode"] == "SM" else told["mode"]
    start, stop = (re.sub("[-:]", "", told[key]) for key in ("start", "stop"))
    return read_name(
        f"S1{told['number']}_{beam}_{told['type']}{resolution}"
        f"_{told['level']}{told['class']}{letters}_{start}_{stop}"
        f"_{int(told['orbit']):06d}_{int(told['take']):06X}_{checksum_of(manifest)}"
    )


def _resolution(mode: str, annotations: Iterable[bytes]) -> str | None:
    for data in annotations:
        match = _SPACING.search(data)
        try:
            spacing = round(float(match[1])) if match else 0
        except (ValueError, OverflowError):
            return None
        if spacing:
            return _RESOLUTIONS.get((mode, spacing))
    return None
