"""Ids whose names were cut for Rucio: such a name does not tell the id, so they are looked up."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from typing import Final

from dafab_kg.model.did_names import MOST_CHARACTERS, decode_did_name, encode_did_name
from dafab_kg.model.errors import NameNotValid
from dafab_kg.search.library import Library, once, rows, text

_ESCAPED: Final = len("_x10FFFF_")
"""Most characters of a name for one of an id."""


def ids_of_cut(library: Library, names: Iterable[str]) -> dict[str, str]:
    """Return the ids of those names that were cut, and that an item or product has.

    All ids are looked at once of each state of the catalogue, when a first such name is asked for.
    """
    asked = [name for name in names if decode_did_name(name) is None]
    known = once(library, "cut names", lambda: _cut(library)) if asked else {}
    return {name: known[name] for name in asked if name in known}


def _cut(library: Library) -> dict[str, str]:
    # only what has something to escape, or is long as it is, can have a name so long
    query = (
        "SELECT DISTINCT ?id { { ?item dafab:itemId ?id } UNION { ?product dafab:productId ?id } "
        f"FILTER(STRLEN(?id) > {MOST_CHARACTERS // _ESCAPED}) "
        f'FILTER(STRLEN(?id) >= {MOST_CHARACTERS} || REGEX(?id, "[^A-Za-z0-9/-]|_x")) }}'
    )
    found = {}
    for row in rows(library, query):
        one = text(row[0])
        with suppress(NameNotValid):
            name = encode_did_name(one)
            if decode_did_name(name) is None:
                found[name] = one
    return found
