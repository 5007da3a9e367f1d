"""Identifiers of outside knowledge, in the one form in which they are kept."""

from __future__ import annotations

import re
from typing import Final
from urllib.parse import unquote

from dafab_kg.model.errors import FieldNotValid

_RESOLVER = re.compile(r"(?:https?://(?:dx\.|www\.)?doi\.org/|doi:\s*)", re.IGNORECASE)
_DOI = re.compile(r"10\.[1-9]\d{3,8}(?:\.\d+)*/[^\s\x00-\x1f]+")
_ITEM = re.compile(r"Q[1-9]\d{0,11}")
_FEATURE = re.compile(r"[1-9]\d{0,11}")
_WIKIDATA: Final = re.compile(r"https?://www\.wikidata\.org/(?:entity|wiki)/", re.IGNORECASE)
_GEONAMES: Final = re.compile(r"https?://(?:sws\.|www\.)?geonames\.org/", re.IGNORECASE)


def read_doi(value: object, where: str) -> str:
    """Return a DOI in lower case without a resolver (DOIs ignore case: ISO 26324).

    >>> read_doi("https://doi.org/10.5281/Zenodo.1", "")
    '10.5281/zenodo.1'

    Raises:
        FieldNotValid: it is no DOI.
    """
    plain = value.strip() if isinstance(value, str) else ""
    bare = _RESOLVER.sub("", plain, count=1)
    if bare != plain and plain.lower().startswith("http"):
        bare = unquote(bare)
    if not _DOI.fullmatch(bare):
        raise FieldNotValid(
            f"{value!r} is no DOI", where=where, remedy="Write it as 10.5281/zenodo.1234"
        )
    return bare.lower()


def read_wikidata(value: object, where: str) -> str:
    """Return a Wikidata item, ``Q32``.

    Raises:
        FieldNotValid: it is none.
    """
    plain = _WIKIDATA.sub("", value.strip(), count=1) if isinstance(value, str) else ""
    if not _ITEM.fullmatch(plain):
        raise FieldNotValid(f"{value!r} is no Wikidata item", where=where, remedy="Write it as Q32")
    return plain


def read_geonames(value: object, where: str) -> str:
    """Return the number of a GeoNames feature as text.

    Raises:
        FieldNotValid: it is none.
    """
    plain = str(value) if isinstance(value, int) and not isinstance(value, bool) else value
    bare = _GEONAMES.sub("", plain.strip(), count=1) if isinstance(plain, str) else ""
    number = bare.partition("/")[0]
    if not _FEATURE.fullmatch(number):
        raise FieldNotValid(
            f"{value!r} is no GeoNames feature", where=where, remedy="Write it as 2960313"
        )
    return number
