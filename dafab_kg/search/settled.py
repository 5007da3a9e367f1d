"""What of a filter is settled before any document is read."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from itertools import product
from typing import Any, Final

from dafab_kg.search.exact import MISSING, Truth, truth
from dafab_kg.search.tree import And, Mentions, Node, Not, Or, Path, Related, Spatial, Temporal

UNTOLD: Final = object()
"""What stands at a path is not known yet."""
Told = Callable[[Path], Any]
"""What stands at a path: a value, ``MISSING`` or ``UNTOLD``."""

ANY: Final[frozenset[Truth]] = frozenset({True, False, None})
BY_ID: Final[frozenset[Path]] = frozenset({("id",)})
BY_NAME: Final[frozenset[Path]] = frozenset({("id",), ("collection",)})


def outcomes(node: Node, told: Told) -> frozenset[Truth]:
    """Return what a filter may be, a superset, given what is told."""
    match node:
        case Not(part):
            return frozenset(_not(one) for one in outcomes(part, told))
        case And(parts):
            return _together(outcomes(part, told) for part in parts)
        case Or(parts):
            inverse = _together(map(_inverted, (outcomes(part, told) for part in parts)))
            return _inverted(inverse)
        case Related():
            return frozenset({True, False})
        case Spatial() | Temporal() | Mentions():
            return ANY
    value = told(node.path)
    if value is UNTOLD:
        return ANY
    item = {} if value is MISSING else {"value": value}
    return frozenset({truth(replace(node, path=("value",)), item)})


def may_hold(node: Node | None, told: Told) -> bool:
    """Tell whether a filter may be true."""
    return node is None or True in outcomes(node, told)


def unsettled(node: Node | None, told: Told) -> Node | None:
    """Return what of a filter that may hold is left to be asked; None: it holds."""
    if node is None or outcomes(node, told) == {True}:
        return None
    if isinstance(node, And):
        parts = [unsettled(part, told) for part in node.parts]
        left = tuple(part for part in parts if part is not None)
        return left[0] if len(left) == 1 else And(left)
    return node


def told_by_name(node: Node) -> bool:
    """Tell whether an item's id and collection decide a filter, so that no document is read."""
    return _told_by(node, BY_NAME)


def told_by_id(node: Node) -> bool:
    """Tell whether an item's id decides a filter."""
    return _told_by(node, BY_ID)


def _told_by(node: Node, paths: frozenset[Path]) -> bool:
    match node:
        case Not(part):
            return _told_by(part, paths)
        case And(parts) | Or(parts):
            return all(_told_by(part, paths) for part in parts)
        case Related() | Spatial() | Temporal() | Mentions():
            return False
    return node.path in paths


def tests_of(node: Node | None) -> Iterator[Node]:
    """Return the tests of a filter; what is asked of relatives is within theirs."""
    match node:
        case Not(part):
            yield from tests_of(part)
        case And(parts) | Or(parts):
            for part in parts:
                yield from tests_of(part)
        case None:
            return
        case _:
            yield node


def asks(node: Node | None, about: Callable[[Node], bool]) -> bool:
    """Tell whether any test of a filter is ``about`` something."""
    return any(map(about, tests_of(node)))


def mentions_relatives(node: Node | None) -> bool:
    """Tell whether a filter asks for ancestors or descendants."""
    return asks(node, lambda one: isinstance(one, Related))


def asked_of_relatives(node: Node | None) -> Node:
    """Return all that a filter asks of ancestors and descendants."""
    return And(tuple(one.part for one in tests_of(node) if isinstance(one, Related)))


def _not(known: Truth) -> Truth:
    return None if known is None else not known


def _inverted(known: frozenset[Truth]) -> frozenset[Truth]:
    return frozenset(map(_not, known))


def _together(parts: Iterable[frozenset[Truth]]) -> frozenset[Truth]:
    found: frozenset[Truth] = frozenset({True})
    for part in parts:
        found = frozenset(_both(one, other) for one, other in product(found, part))
    return found


def _both(one: Truth, other: Truth) -> Truth:
    if one is False or other is False:
        return False
    return None if one is None or other is None else True
