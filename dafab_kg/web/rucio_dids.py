"""Data identifiers as Rucio describes and lists them."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import Any, Final

import orjson
from flask import request

from dafab_kg.catalogue import Catalogue
from dafab_kg.dids.listing import MOST, Asked
from dafab_kg.dids.names import Did
from dafab_kg.web.rucio_answers import not_understood, unsupported

LONGEST: Final = 16 * 1024
"""Longest text of filters."""
MOST_GROUPS: Final = 64
KINDS: Final = {
    "all": ["CONTAINER", "DATASET", "FILE"],
    "collection": ["CONTAINER", "DATASET"],
    "container": ["CONTAINER"],
    "dataset": ["DATASET"],
    "file": ["FILE"],
}
"""Types by the words that a listing has for them."""
_TRUE: Final = ("True", "true", "1")


def named(did: Did) -> dict[str, Any]:
    """Return the scope and the name."""
    return {"scope": did.scope, "name": did.name}


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


def filter_of_listing() -> dict[str, Any] | None:
    """Return what a listing asks of names and types, as a filter; None: of other things only.

    Filters are a list of groups, of which one must hold; Rucio's client writes it as Python does.

    Raises:
        Refused: it is no such list.
    """
    sent = request.args.get("filters", "[{}]")
    kind = request.args.get("type", "collection")
    if kind not in KINDS:
        raise not_understood(f"type is one of {', '.join(KINDS)}")
    if request.args.get("recursive") in _TRUE:
        raise unsupported("A listing of a scope of this catalogue goes no deeper (recursive)")
    groups = _read(sent)
    wanted = [group["name"] for group in groups if set(group) == {"name"}]
    every = any(not group for group in groups)
    if not every and not wanted:
        return None
    types = _test("in", "did_type", KINDS[kind])
    if every:
        return types
    names = [
        _test("like" if "*" in name or "%" in name else "equals", "name", name) for name in wanted
    ]
    return _joined("and", [types, _joined("or", names) if len(names) > 1 else names[0]])


def _read(sent: str) -> list[dict[str, str]]:
    try:
        if len(sent) > LONGEST:
            raise ValueError("too long")
        value = ast.literal_eval(sent)
    except (ValueError, SyntaxError, TypeError, MemoryError, RecursionError) as error:
        raise not_understood("filters is a list of groups of conditions") from error
    groups = [value] if isinstance(value, dict) else value
    if not isinstance(groups, list) or not groups or len(groups) > MOST_GROUPS:
        raise not_understood(f"filters is a list of 1 to {MOST_GROUPS} groups of conditions")
    for group in groups:
        if not isinstance(group, dict) or not all(isinstance(key, str) for key in group):
            raise not_understood("A group of conditions is an object")
        if not isinstance(group.get("name", ""), str):
            raise not_understood("A name is a text")
    return groups


def _test(comparator: str, field: str, value: Any) -> dict[str, Any]:
    test = {"type": "comparison", "on": "did", "comparator": comparator}
    return {**test, "path": [field], "value": value}


def _joined(combinator: str, filters: list[dict[str, Any]]) -> dict[str, Any]:
    return {"type": "logical", "combinator": combinator, "filters": filters}


def list_dids(catalogue: Catalogue, scope: str, wanted: dict[str, Any]) -> Iterator[Did]:
    """Yield the data identifiers of a scope that fulfil a filter.

    Raises:
        ThingNotFound: there is no such scope.
        QueryNotValid: the filter cannot be answered.
    """
    cursor: str | None = None
    while True:
        page = catalogue.find_dids(Asked(scope, wanted, cursor=cursor, limit=MOST))
        yield from page.dids
        cursor = page.cursor
        if cursor is None:
            return


def listed_line(did: Did) -> bytes:
    """Return a line of a listing: the name, or, where it is to be long, more."""
    if request.args.get("long") not in _TRUE:
        return orjson.dumps(did.name)
    return orjson.dumps({**named(did), "did_type": did.type, **size_of(did)})
