"""What part each file plays in a Sentinel-1 product, told by its content."""

from __future__ import annotations

import re
from enum import Enum
from typing import Final

from dafab_kg.model.strict_xml import root_name

_NAMESPACE: Final = b"/safe/sentinel-1.0/sentinel-1"
_MISSION = re.compile(rb"<(?:[\w.\-]+:)?missionId>\s*S1[A-D]\s*<")
_MISSION_OF_INFO = re.compile(rb'"missionId"\s*:\s*"S1[A-D]"')
_INFO_KEYS: Final = (b'"absoluteOrbitNumber"', b'"missionDataTakeId"', b'"polarization"', b'"path"')
_SIDE_ROOTS: Final = {"calibration", "noise", "rfi"}


class Role(Enum):
    """The part that a file plays."""

    MANIFEST = "manifest.safe"
    ANNOTATION = "annotation"
    SIDE = "calibration, noise or interference annotation"
    PRODUCT_INFO = "productInfo.json"


def role_of(head: bytes) -> Role | None:
    """Return the role of a file from its first bytes, None if it has none here."""
    root = root_name(head)
    if root is None:
        return Role.PRODUCT_INFO if is_product_info(head) else None
    _, name = root
    if name == "XFDU":  # Sentinel-2 and -3 have manifests of the same root
        return Role.MANIFEST if _NAMESPACE in head else None
    if name == "product" and _MISSION.search(head):
        return Role.ANNOTATION
    return Role.SIDE if name in _SIDE_ROOTS and _MISSION.search(head) else None


def is_product_info(head: bytes) -> bool:
    """Tell a scene's ``productInfo.json`` on AWS by its keys."""
    text = head.removeprefix(b"\xef\xbb\xbf").lstrip()
    return (
        text[:1] == b"{"
        and _MISSION_OF_INFO.search(text) is not None
        and sum(key in text for key in _INFO_KEYS) >= 2
    )
