"""The documents of data identifiers, whole or in part, with those of what is above them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

import orjson

from dafab_kg.dids.finding import Pair, find_all
from dafab_kg.dids.names import Did, Scopes, assets_of, container
from dafab_kg.model.errors import QueryNotValid
from dafab_kg.search.exact import MISSING
from dafab_kg.search.library import Library
from dafab_kg.search.lineage import Node, above, documents_of

MOST_DIDS: Final = 1_000
MOST_PATHS: Final = 256
LONGEST_PATH: Final = 4_096


def documents(
    library: Library,
    scopes: Scopes,
    pairs: Sequence[Pair],
    paths: Sequence[str] | None,
    root: str,
    *,
    inherit: bool = False,
) -> tuple[bytes, ...]:
    """Return a line of JSON for each data identifier, in the order in which they are named.

    With ``paths`` (JSON Pointers, RFC 6901) each has the values there, else its document; with
    ``inherit`` also those of all that is above it, by distance, scope and name.  Links of
    catalogues are below ``root``.

    Raises:
        ThingNotFound: there is none for one of them.
        QueryNotValid: too many are wanted, or a path is no JSON Pointer.
    """
    if len(pairs) > MOST_DIDS:
        raise QueryNotValid(
            f"{len(pairs)} data identifiers are named; at most {MOST_DIDS} are taken"
        )
    steps = None if paths is None else {path: steps_of(path) for path in _bounded(paths)}
    dids = find_all(library, scopes, pairs)
    ups = (
        {did: ancestors_of(library, scopes, did) for did in dict.fromkeys(dids)} if inherit else {}
    )
    every = [*dids, *(up for one in ups.values() for up in one)]
    nodes = (did.node for did in every if did.type == "CONTAINER")
    values = documents_of(library, nodes, root)

    def told(did: Did) -> dict[str, Any]:
        value = values[did.node] if did.type == "CONTAINER" else {}
        line = {"scope": did.scope, "name": did.name, "schema": None}
        if steps is None:
            return {**line, "document": value}
        return {**line, "values": {path: _value(value, way) for path, way in steps.items()}}

    lines = []
    for did in dids:
        line = told(did)
        if inherit:
            line["ancestors"] = [{**told(up), "depth": depth} for up, depth in ups[did].items()]
        lines.append(orjson.dumps(line))
    return tuple(lines)


def _bounded(paths: Sequence[str]) -> Sequence[str]:
    if len(paths) > MOST_PATHS:
        raise QueryNotValid(f"{len(paths)} paths are named; at most {MOST_PATHS} are taken")
    return paths


def ancestors_of(library: Library, scopes: Scopes, did: Did) -> Mapping[Did, int]:
    """Return all that a data identifier is below, by distance, scope and name, with distances."""
    nodes: dict[Node, int] = above(library, [did.node])[did.node]
    begun: dict[Did, int] = {}
    if did.type == "FILE":
        begun[assets_of(scopes, did.node)] = 1
    if did.type != "CONTAINER":
        begun[container(scopes, did.node)] = 1 + len(begun)
    shift = len(begun)
    found = {**begun, **{container(scopes, one): depth + shift for one, depth in nodes.items()}}
    return dict(sorted(found.items(), key=lambda one: (one[1], one[0].scope, one[0].name)))


def steps_of(pointer: str) -> tuple[str, ...]:
    """Return the steps of a JSON Pointer.

    Raises:
        QueryNotValid: it is none.
    """
    if len(pointer) > LONGEST_PATH:
        raise QueryNotValid(f"A path has at most {LONGEST_PATH} characters")
    if not pointer:
        return ()
    if not pointer.startswith("/"):
        raise QueryNotValid(
            f"The path {pointer[:80]!r} is no JSON Pointer: it is empty or begins with /"
        )
    return tuple(one.replace("~1", "/").replace("~0", "~") for one in pointer[1:].split("/"))


def _value(document: Any, steps: Sequence[str]) -> dict[str, Any]:
    found = _at(document, steps)
    return {"found": False} if found is MISSING else {"found": True, "value": found}


def _at(value: Any, steps: Sequence[str]) -> Any:
    for step in steps:
        if isinstance(value, dict) and step in value:
            value = value[step]
        elif isinstance(value, list) and _is_position(step) and int(step) < len(value):
            value = value[int(step)]
        else:
            return MISSING
    return value


def _is_position(step: str) -> bool:
    plain = step.isascii() and step.isdigit() and len(step) < 10
    return plain and (step == "0" or not step.startswith("0"))
