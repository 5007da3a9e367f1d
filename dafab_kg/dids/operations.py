"""Changes of a document by JSON Pointers, as the DaFab catalogue's client writes them.

What each does is told by dafab-client 4.0.0 (``didclient.py``, ``exception.py``): ``insert``
wants a free place, ``update`` and ``delete`` one that is taken, ``upsert`` takes either.
Whatever contains the place must be there.  RFC 6901 says what a path is.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal, cast

from dafab_kg.dids.documents import LONGEST_PATH, MOST_PATHS
from dafab_kg.model.errors import (
    FieldNotValid,
    PathExists,
    PathNotFound,
    PathNotValid,
    QueryNotValid,
)

Op = Literal["insert", "update", "upsert", "delete"]
OPS: Final = ("insert", "update", "upsert", "delete")
_ESCAPE: Final = re.compile(r"~(?![01])")
_POSITION: Final = re.compile(r"0|[1-9][0-9]{0,8}")
END: Final = "-"
"""Stands for the place after the last of a list."""


@dataclass(frozen=True)
class Operation:
    """One change; ``steps`` are those of the path, none for the whole document."""

    op: Op
    path: str
    steps: tuple[str, ...]
    value: Any = None


def read_operations(sent: Any) -> tuple[Operation, ...]:
    """Read operations as a JSON reader gave them.

    Raises:
        QueryNotValid: it is no list of operations, or too long.
        PathNotValid: a path is no JSON Pointer, or the root is to be inserted.
    """
    if not isinstance(sent, list) or not sent:
        raise QueryNotValid("operations is a list of operations that is not empty")
    if len(sent) > MOST_PATHS:
        raise QueryNotValid(f"There are {len(sent)} operations; at most {MOST_PATHS} are taken")
    return tuple(_read(one, f"operations/{number}") for number, one in enumerate(sent))


def _read(sent: Any, where: str) -> Operation:
    if not isinstance(sent, dict) or not set(sent) <= {"op", "path", "value"}:
        raise QueryNotValid(f"{where} has an op, a path and, unless it deletes, a value")
    op, path = sent.get("op"), sent.get("path")
    if op not in OPS:
        raise QueryNotValid(f"{where}/op is {str(op)[:80]!r}; it is one of {', '.join(OPS)}")
    if not isinstance(path, str):
        raise PathNotValid(f"{where}/path is no text")
    if ("value" in sent) is (op == "delete"):
        raise QueryNotValid(f"{where}: delete has no value, all others have one")
    if len(path) > LONGEST_PATH or (path and not path.startswith("/")) or _ESCAPE.search(path):
        raise PathNotValid(
            f"{where}/path {path[:80]!r} is no JSON Pointer of at most {LONGEST_PATH} characters"
        )
    if op == "insert" and not path:
        raise PathNotValid(f"{where}: a whole document is not inserted. Use upsert or update")
    steps = path[1:].split("/") if path else []
    plain = tuple(step.replace("~1", "/").replace("~0", "~") for step in steps)
    return Operation(cast(Op, op), path, plain, sent.get("value"))


def changed(
    document: dict[str, Any] | None, operations: Sequence[Operation]
) -> dict[str, Any] | None:
    """Return a document after operations, done in their order; None: there is none (any more).

    The document given stays as it is.

    Raises:
        PathNotValid: a path cannot be applied to the document.
        PathExists: something is to be inserted where there is something.
        PathNotFound: something is to be updated or deleted where there is nothing.
        FieldNotValid: the whole is to be what is no object.
    """
    value: Any = document
    for one in operations:
        value = _whole(value, one) if not one.steps else _within(value, one, 0)
    return cast("dict[str, Any] | None", value)


def replaces(operations: Sequence[Operation]) -> bool:
    """Tell whether the whole document is one that was sent."""
    return any(not one.steps and one.op != "delete" for one in operations)


def _whole(value: Any, one: Operation) -> Any:
    if one.op in ("update", "delete") and value is None:
        raise PathNotFound(f"There is no document to {one.op}")
    if one.op == "delete":
        return None
    if not isinstance(one.value, dict):
        raise FieldNotValid(
            "a document is an object of JSON", where="", remedy="Send the whole document"
        )
    return one.value


def _within(value: Any, one: Operation, depth: int) -> Any:
    """Return what is at a depth of the way, changed."""
    last = depth == len(one.steps) - 1
    value = {} if value is None and not depth else value
    step = one.steps[depth]
    if isinstance(value, dict):
        there = step in value
        if last:
            return _in_object(value, step, one)
        if there:
            return {**value, step: _within(value[step], one, depth + 1)}
    elif isinstance(value, list):
        at = len(value) if step == END else _position(step)
        if last:
            return _in_list(value, at, one)
        if at is not None and at < len(value):
            return [*value[:at], _within(value[at], one, depth + 1), *value[at + 1 :]]
    raise _nothing(one, f"there is no object or list that holds {step[:80]!r}")


def _in_object(value: dict[str, Any], step: str, one: Operation) -> dict[str, Any]:
    there = step in value
    _check(one, there=there)
    if one.op == "delete":
        return {name: kept for name, kept in value.items() if name != step}
    return {**value, step: one.value}


def _in_list(value: list[Any], at: int | None, one: Operation) -> list[Any]:
    if at is None or at > len(value):
        raise _nothing(one, f"the list has {len(value)} members; the place after them is the last")
    _check(one, there=at < len(value))
    put = [] if one.op == "delete" else [one.value]
    return [*value[:at], *put, *value[at + 1 :]]


def _check(one: Operation, *, there: bool) -> None:
    if one.op == "insert" and there:
        raise PathExists(f"There is something at {one.path[:200]} already. Update it instead")
    if one.op in ("update", "delete") and not there:
        raise _nothing(one, "the place is free")


def _nothing(one: Operation, why: str) -> PathNotFound | PathNotValid:
    if one.op in ("update", "delete"):
        return PathNotFound(f"There is nothing at {one.path[:200]} to {one.op}: {why}")
    return PathNotValid(f"Nothing can be written at {one.path[:200]}: {why}")


def _position(step: str) -> int | None:
    return int(step) if _POSITION.fullmatch(step) else None
