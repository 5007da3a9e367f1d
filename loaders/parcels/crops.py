"""Crop codes of a country to HCAT, by a list that lies beside the data.

Such a list has the columns ``original_code`` and ``HCAT3_code`` (EuroCrops,
``csvs/country_mappings``).  HCAT codes have ten digits; they are checked against the
scheme in ``ontology/hcat.ttl``.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path, PurePosixPath
from typing import Final

from dafab_kg.model import resources
from dafab_kg.model.documents import Entry, Part, Tree

_HEADER: Final = re.compile(rb"\A(?:\xef\xbb\xbf)?original_code,[^\n]*HCAT\d?_code", re.IGNORECASE)
_CONCEPT: Final = re.compile(r"^hcat:(\d{10}) a skos:Concept", re.MULTILINE)
_MOST_BYTES: Final = 16 * 1024 * 1024
_KNOWN_SHARE: Final = 0.5  # a list that knows fewer of the codes is that of another country


@cache
def concepts() -> frozenset[str]:
    """Return the ten-digit codes of the HCAT scheme that the ontology has."""
    return frozenset(_CONCEPT.findall(resources.text("ontology", "hcat.ttl")))


def lists_beside(name: str, tree: Tree) -> list[Entry | Path]:
    """Return the crop lists in the folder of the file ``name``.

    The folder of an archive counts as well: the list lies beside the archive.
    """
    folder = PurePosixPath(name).parent
    within: list[Entry | Path] = [
        entry
        for entry in tree.entries
        if PurePosixPath(entry.name).parent == folder
        and entry.name.lower().endswith(".csv")
        and _HEADER.match(entry.head)
    ]
    archive = Path(tree.origin.partition("!")[0])
    if within or not archive.is_file():
        return within
    return [path for path in sorted(archive.parent.glob("*.csv")) if _is_list(path)]


def _is_list(path: Path) -> bool:
    try:
        if not path.is_file() or path.stat().st_size > _MOST_BYTES:
            return False
        with path.open("rb") as file:
            return _HEADER.match(file.read(4096)) is not None
    except OSError:
        return False


def read_list(part: Part) -> Mapping[str, str]:
    """Return HCAT code by original code; what is no code of HCAT is left out."""
    rows = csv.DictReader(io.StringIO(part.data.decode("utf-8-sig", "replace")))
    found: dict[str, str] = {}
    for row in rows:
        plain = {(key or "").lower(): value for key, value in row.items()}
        code = plain.get("original_code")
        hcat = plain.get("hcat3_code") or plain.get("hcat2_code")
        if isinstance(code, str) and isinstance(hcat, str) and hcat.strip() in concepts():
            found.setdefault(code.strip(), hcat.strip())
    return found


def fits(codes: Iterable[str], known: Mapping[str, str]) -> bool:
    """Tell whether a list knows enough of the codes to be the one of these data."""
    distinct = set(codes)
    return bool(distinct) and len(distinct & set(known)) >= _KNOWN_SHARE * len(distinct)
