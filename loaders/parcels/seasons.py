"""The growing season that a name tells: the one year in it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import PurePosixPath
from typing import Final

_YEAR: Final = re.compile(r"(?<!\d)((?:19[5-9]|20\d)\d)(?!\d)")


def year_in_names(layer: str, name: str, container: str) -> str:
    """Return the only year in the name of a layer, else of its file, else of what holds it.

    The first name that holds a plausible year decides, going outwards from the layer
    through the folders (``name`` is a path within ``container``); if it holds two, none is
    returned, since it cannot be told which is meant.

    >>> year_in_names("parcels", "RPG_2022/2023-08_delivery/FXX-2022/PARCELS.gpkg", "x.7z")
    '2022'
    """
    parts = PurePosixPath(name).parts
    outer = PurePosixPath(container.replace("!", "/")).name
    return _first_year((layer, *reversed(parts), outer))


def _first_year(names: Sequence[str]) -> str:
    latest = datetime.now(UTC).year + 1
    for name in names:
        years = {year for year in _YEAR.findall(name) if int(year) <= latest}
        if years:
            return years.pop() if len(years) == 1 else ""
    return ""
