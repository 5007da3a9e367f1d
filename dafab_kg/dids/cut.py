"""Ids whose names were cut for Rucio: such a name does not tell the id, so they are looked up.

What was cut still begins as the whole name did, and its digest proves which one it was.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from itertools import chain
from typing import Final

from dafab_kg.dids.finding import items_named
from dafab_kg.dids.names import Scopes, assets_of, files_of, items_in
from dafab_kg.model.did_names import KEPT, LONGEST_ESCAPE, decode_did_name, encode_did_name, is_cut
from dafab_kg.model.errors import NameNotValid
from dafab_kg.search.library import Library, once, rows, text
from dafab_kg.search.lineage import documents_of

_ODD: Final = "[^A-Za-z0-9/._-]|_x|^[_-]|(^|/)[.]"
"""What is in an id whose name is longer than it is."""


@dataclass(frozen=True)
class _Long:
    """Ids of long names: ``names`` of those that are cut, ``begun`` by how they begin."""

    names: Mapping[str, str]
    begun: Mapping[str, list[str]]


def ids_of_cut(library: Library, scopes: Scopes, names: Iterable[str]) -> dict[str, str]:
    """Return what those names stand for that were cut: the id of an item or product, or the whole
    name of a data set of assets, or of a file.

    All ids are looked at once of each state of the catalogue, when a first such name is asked for.
    """
    asked = dict.fromkeys(name for name in names if is_cut(name))
    if not asked:
        return {}
    long = once(library, "cut names", lambda: _long(library))
    found = {name: long.names[name] for name in asked if name in long.names}
    left = {name for name in asked if name not in found}
    return {**found, **_parts(library, scopes, long, left)} if left else found


def _parts(library: Library, scopes: Scopes, long: _Long, left: set[str]) -> dict[str, str]:
    """Data sets and files, by the items of which a name may be a part."""
    ids = chain.from_iterable(
        (*long.begun.get(name[:KEPT], ()), *items_in(decode_did_name(name[:KEPT]) or ""))
        for name in left
    )
    items = items_named(library, scopes, ids)
    values = documents_of(library, items.values()) if items else {}
    found = {}
    for node in items.values():
        for did in (assets_of(scopes, node), *files_of(scopes, node, values[node])):
            with suppress(NameNotValid):
                name = encode_did_name(did.name)
                if name in left:
                    found[name] = did.name
    return found


def _long(library: Library) -> _Long:
    # only what has something to escape, or is long as it is, can have a name so long
    query = (
        "SELECT DISTINCT ?id { { ?item dafab:itemId ?id } UNION { ?product dafab:productId ?id } "
        f"FILTER(STRLEN(?id) > {KEPT // LONGEST_ESCAPE}) "
        f'FILTER(STRLEN(?id) >= {KEPT} || REGEX(?id, "{_ODD}")) }}'
    )
    names: dict[str, str] = {}
    begun: defaultdict[str, list[str]] = defaultdict(list)
    for row in rows(library, query):
        one = text(row[0])
        with suppress(NameNotValid):
            name = encode_did_name(one)
            if is_cut(name):
                names[name] = one
            if len(name) >= KEPT:
                begun[name[:KEPT]].append(one)
    return _Long(names, dict(begun))
