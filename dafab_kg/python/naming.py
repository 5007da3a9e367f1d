"""Items by what a Rucio calls them."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import Final, cast

from dafab_kg.mapping.nquads import literal
from dafab_kg.model.did_names import KEPT, decode_did_name, encode_did_name, is_cut
from dafab_kg.model.names import term
from dafab_kg.store.protocol import Answer, Literal, Solutions

_BROKEN: Final = re.compile(r"_(?:x[0-9A-F]{0,6})?\Z")
"""What may be the beginning of an escape."""


def ids_of_names(names: Iterable[str], query: Callable[[str], Answer]) -> dict[str, str]:
    """Return the ids of those names that are others: written as Rucio takes them, or cut."""
    found = {}
    for name in dict.fromkeys(names):
        one = decode_did_name(name) if not is_cut(name) else _cut(name, query)
        if one and one != name:
            found[name] = one
    return found


def _cut(name: str, query: Callable[[str], Answer]) -> str:
    """Return the id whose name was cut so, "": none was."""
    begin = decode_did_name(_BROKEN.sub("", name[:KEPT])) or ""
    asked = (
        f"SELECT DISTINCT ?id {{ ?item <{term('itemId')}> ?id "
        f'FILTER(STRSTARTS(?id, "{literal(begin)}")) }}'
    )
    ids = (cast(Literal, row[0]).value for row in cast(Solutions, query(asked)))
    return next((one for one in ids if encode_did_name(one) == name), "")
