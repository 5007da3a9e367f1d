"""The documents behind entries and collections."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from typing import Any, Final

import orjson

from dafab_kg.loaders.stac.migrate import migrate
from dafab_kg.model.documents import resolve_pointer
from dafab_kg.model.strict_json import read_json
from dafab_kg.search.entries import ENTRIES_OF
from dafab_kg.search.exact import as_double
from dafab_kg.search.library import Library, iri, listed, once, rows
from dafab_kg.store.documents import StoredDocument

_MOST: Final = 2**63
KEPT_FILES: Final = 4
"""Files of several items each that stay parsed."""


def newest(library: Library, things: Iterable[str]) -> dict[str, StoredDocument]:
    """Return the STAC document of each entry or collection; of several that loaded last."""
    wanted = listed(dict.fromkeys(things))
    if not wanted:
        return {}
    found: dict[str, StoredDocument] = {}
    query = (
        f"SELECT ?thing ?graph {{ VALUES ?thing {{ {wanted} }} "
        "GRAPH ?graph { ?thing dafab:provider ?provider } }"
    )
    for thing, graph in ((iri(row[0]), iri(row[1])) for row in rows(library, query)):
        document = library.stored(graph.rsplit("/", 1)[-1])
        if document is None or document.kind not in ENTRIES_OF:
            continue
        known = found.get(thing)
        if known is None or _age(known) < _age(document):
            found[thing] = document
    return found


def value_of(library: Library, document: StoredDocument) -> dict[str, Any]:
    """Return a STAC object as delivered, in a version of STAC from 1.0 on."""
    (_, digest), *_ = document.files
    if not document.pointer:
        value = read_plain(library.file(digest))
    else:
        files: dict[str, Any] = once(library, "files", dict)
        if digest not in files:
            while len(files) >= KEPT_FILES:
                files.pop(next(iter(files)))
            files[digest] = read_plain(library.file(digest))
        value = resolve_pointer(files[digest], document.pointer)
    return migrate(value)[0]


def read_plain(data: bytes) -> Any:
    """Read JSON that was loaded, with numbers as Python has them; fast where that can be.

    The fast reader knows no byte order mark, and no number beyond those of 64 bits.
    """
    try:
        return orjson.loads(data)
    except orjson.JSONDecodeError:
        return plain(read_json(data, where="a stored document"))


def plain(value: Any) -> Any:
    """Return a JSON value with its decimals, and what 64 bits do not hold, as binary numbers."""
    if isinstance(value, Decimal) or (isinstance(value, int) and not -_MOST <= value < _MOST):
        return as_double(value)
    if isinstance(value, list):
        return [plain(one) for one in value]
    if isinstance(value, dict):
        return {name: plain(one) for name, one in value.items()}
    return value


def _age(document: StoredDocument) -> tuple[str, str]:
    return document.loaded_at, document.document_id
