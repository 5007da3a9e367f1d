"""Which keys of filters mean anything here: the vocabulary's, or any that an item or a file has.

Rucio refuses keys that none of its metadata plugins manages; a misspelt key that found nothing
would look like an answer.
"""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches
from typing import Final

from dafab_kg.dids.metadata import BETWEEN, managed
from dafab_kg.loaders.stac.known import ASSET
from dafab_kg.model.names import PREFIXES
from dafab_kg.search.library import Library, once, rows, text
from dafab_kg.search.names import TOP, TOP_TOO, path_of, stac_names
from dafab_kg.search.rucio_filter import COLUMNS, FIELDS

COMMON: Final = frozenset(
    {"bands", "constellation", "description", "href", "instruments", "keywords", "license"}
    | {"mission", "providers", "roles", "statistics", "alternate", "thumbnail"}
)
"""Members that STAC 1.1 gives items and assets, which no term of ours need hold."""
MOST_POINTERS: Final = 50_000
"""Different places of values; where there are more, no key is said to be unknown."""
NEAR: Final = 3
LONGEST: Final = 120
"""Characters of a key that others are compared with."""


def unknown_keys(library: Library, keys: Iterable[str]) -> dict[str, tuple[str, ...]]:
    """Return those of the keys that the vocabulary does not know and that nothing has, each with
    keys that are written much like it."""
    asked = {key: _first(key) for key in keys}
    known = _of_vocabulary()
    left = {key: name for key, name in asked.items() if name not in known}
    kept = once(library, "names of members", lambda: _kept(library)) if left else frozenset()
    if kept is None:
        return {}
    found = {}
    for key, name in left.items():
        if name in kept or _is_used(library, name):
            continue
        every = sorted({*known, *kept, *_terms()} - COLUMNS)
        found[key] = tuple(get_close_matches(name[:LONGEST], every, NEAR))
    return found


def _first(key: str) -> str:
    """Return the name of the member that a key begins with."""
    steps = path_of(key.replace(BETWEEN, "."))
    return str(steps[1] if steps[0] == "properties" and len(steps) > 1 else steps[0])


def _of_vocabulary() -> frozenset[str]:
    firsts = {name.partition("/")[0] for names in stac_names().values() for name in names}
    firsts.update(name.partition("/")[0] for known in ASSET for name in known.names)
    return frozenset({*firsts, *managed()["keys"], *FIELDS, *COLUMNS, *COMMON, *TOP, *TOP_TOO})


def _terms() -> frozenset[str]:
    """Return the terms of ours that mean a name of STAC."""
    start = PREFIXES["dafab"]
    return frozenset(
        f"dafab:{iri.removeprefix(start)}" for iri in stac_names() if iri.startswith(start)
    )


def _kept(library: Library) -> frozenset[str] | None:
    """Return the members of items and assets whose values were kept as they were."""
    query = f"SELECT DISTINCT ?p {{ ?thing dafab:pointer ?p }} LIMIT {MOST_POINTERS + 1}"
    pointers = [text(row[0]) for row in rows(library, query)]
    if len(pointers) > MOST_POINTERS:
        return None
    found = set()
    for pointer in pointers:
        steps = [step.replace("~1", "/").replace("~0", "~") for step in pointer.split("/")[1:]]
        depth = 2 if steps[:1] == ["assets"] else 1
        found.update(steps[depth : depth + 1])
    return frozenset(found)


def _is_used(library: Library, name: str) -> bool:
    """Tell whether anything has a value of a term of ours, by which items made from it are told."""
    local = name.removeprefix("dafab:")
    if local == name or not (local.isascii() and local.isalnum()):
        return False
    query = f"SELECT ?s {{ ?s <{PREFIXES['dafab']}{local}> ?o }} LIMIT 1"
    return bool(rows(library, query))
