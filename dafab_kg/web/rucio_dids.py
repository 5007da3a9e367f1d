"""Data identifiers as Rucio describes and lists them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, Final

import orjson
from flask import request

from dafab_kg.catalogue import Catalogue
from dafab_kg.dids.metadata import managed
from dafab_kg.dids.names import Did
from dafab_kg.search.rucio_filter import FIELDS, TYPES, RucioFilter
from dafab_kg.search.rucio_text import read_groups, read_sent
from dafab_kg.web.rucio_answers import not_understood, unsupported
from dafab_kg.web.rucio_names import id_of, name_of, renamed

_TRUE: Final = ("True", "true", "1")
_OWN: Final = ("filters", "ignore_case", "limit", "long", "recursive", "type")
"""Parameters that are no conditions."""


def named(did: Did) -> dict[str, Any]:
    """Return the scope and the name, as a Rucio has it."""
    return {"scope": did.scope, "name": name_of(did.name)}


def are_odd(pairs: Iterable[tuple[str, str]]) -> bool:
    """Tell whether a Rucio has one of some ids by another name."""
    return any(name_of(name) != name for _, name in pairs)


def named_line(line: bytes) -> bytes:
    """Return a line of JSON of a document, and of those above it, with names as Rucio's."""
    value = orjson.loads(line)
    for one in (value, *value.get("ancestors", ())):
        one["name"] = name_of(one["name"])
    return orjson.dumps(value)


def size_of(did: Did) -> dict[str, Any]:
    """Return the bytes, and how many files it is."""
    return {"bytes": did.size, "length": 1 if did.type == "FILE" else None}


def told(did: Did) -> dict[str, Any]:
    """Return a data identifier as Rucio describes one."""
    found = {
        **named(did),
        "type": did.type,
        "account": "root",
        "open": None if did.type == "FILE" else True,
        "monotonic": None if did.type == "FILE" else False,
        "expired_at": None,
        **size_of(did),
    }
    return {**found, "adler32": None, "md5": did.md5} if did.type == "FILE" else found


def file_line(did: Did) -> dict[str, Any]:
    """Return a file as a line of a listing of files."""
    return {**named(did), "bytes": did.size, "adler32": None, "guid": None, "events": None}


def replica_line(did: Did) -> dict[str, Any]:
    """Return a file of which no replica is known."""
    more: dict[str, Any] = {"adler32": None, "rses": {}, "pfns": {}, "states": {}}
    return {**named(did), "bytes": did.size, "md5": did.md5, **more}


def member_lines(catalogue: Catalogue, scope: str, name: str) -> Iterator[bytes]:
    """Yield what is directly below a data identifier."""
    after = ""
    while True:
        page = catalogue.did_members(scope, name, after)
        for one in page.dids:
            more = {"bytes": one.size, "adler32": None, "md5": one.md5}
            yield orjson.dumps({**named(one), "type": one.type, **more})
        after = page.after
        if not after:
            return


def most_listed() -> int | None:
    """Return the most lines of a listing that are asked for."""
    sent = request.args.get("limit")
    if sent is None:
        return None
    if not (sent.isascii() and sent.isdigit() and len(sent) < 9 and int(sent)):
        raise not_understood("limit is a number from 1")
    return int(sent)


def filter_of_listing() -> RucioFilter:
    """Return what a listing asks.

    Without the parameter ``filters`` other parameters are conditions, as of old.

    Raises:
        Refused, QueryNotValid: it is not understood.
    """
    kind = request.args.get("type", "collection")
    if kind not in TYPES:
        raise not_understood(f"type is one of {', '.join(TYPES)}")
    if request.args.get("recursive") in _TRUE:
        raise unsupported("A listing of a scope of this catalogue goes no deeper (recursive)")
    sent = request.args.get("filters")
    if sent is None:
        others = {name: told for name, told in request.args.items() if name not in _OWN}
        groups = read_groups([others])
    else:
        groups = read_sent(sent)
    return RucioFilter(
        renamed(groups, id_of), TYPES[kind], request.args.get("ignore_case") in _TRUE
    )


def is_answered_here(asked: RucioFilter) -> bool:
    """Tell whether all keys of a filter are those that this catalogue manages."""
    told = managed()
    keys, prefixes = {*told["keys"], *FIELDS}, tuple(told["prefixes"])
    return all(
        one.key in keys or one.key.startswith(prefixes) or one.side
        for group in asked.groups
        for one in group
    )


def by_columns(asked: RucioFilter) -> bool:
    """Tell whether a filter asks what every Rucio knows of data identifiers, and no more."""
    return all(one.key in FIELDS and not one.side for group in asked.groups for one in group)


def listed_line(did: Did) -> bytes:
    """Return a line of a listing: the name, or, where it is to be long, more."""
    if request.args.get("long") not in _TRUE:
        return orjson.dumps(name_of(did.name))
    return orjson.dumps({**named(did), "did_type": did.type, **size_of(did)})
