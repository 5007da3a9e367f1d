"""Rucio's metadata filters to the tree: what their keys and values mean.

Keys are names as in CQL2 (:mod:`dafab_kg.search.names`), with ``__`` where that has a dot.  A
value is a text; what it is compared as, the property's declared range tells: a number, a
moment, a text.  Where none is declared, ``=`` finds every value that is written so (the text
and the number 31), and an order is that of numbers, moments or texts, by what the value looks
like.  ``*`` and ``%`` are any run of characters; alone they find what has any value at all.

Null, or a missing member: no test holds, ``!=`` neither; ``= None`` finds it.

Some keys are no members of documents: ``footprint``, ``time``, ``product`` (its classes),
``anomaly`` (what was found unusual about water, stated or inferred); and of every data
identifier ``name``, ``type``, ``scope``.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final, NamedTuple, TypeVar, cast

from dafab_kg.model.errors import QueryNotValid
from dafab_kg.search.dafab_filter import DID, DID_TYPE, DOCUMENT
from dafab_kg.search.exact import truth
from dafab_kg.search.names import held, path_of
from dafab_kg.search.rucio_text import Condition, Groups
from dafab_kg.search.rucio_values import (
    differs,
    equals,
    has_value,
    interval,
    ordered,
    outline,
    pattern_of,
)
from dafab_kg.search.told import CLASSES, known_class
from dafab_kg.search.tree import (
    GEOMETRY,
    ITEM_TIME,
    Among,
    And,
    Compare,
    Contains,
    Folding,
    IsNull,
    Like,
    Node,
    Not,
    Or,
    Path,
    Related,
    Spatial,
    Temporal,
)

T = TypeVar("T")

MOST_VALUES: Final = 256
LONGEST_VALUE: Final = 4_096
"""Characters of a value that is no geometry."""
MOST_STEPS: Final = 16
NEVER: Final = Or(())
CONCEPTS: Final = {
    "anomaly": {
        "flood": "dafab:FloodScene",
        "drought": "dafab:DroughtScene",
        "flood_and_drought": "dafab:FloodAndDroughtScene",
        "normal": "dafab:NormalScene",
    }
}
"""Keys whose values are concepts, and the classes by which a product has them (water.ttl)."""
FIELDS: Final = {"name": "name", "type": "did_type", "did_type": "did_type", "scope": "scope"}
PLACES: Final = frozenset({"footprint", "geometry"})
TIMES: Final = frozenset({"time", "item"})
THINGS: Final = frozenset({"product", "item"})
COMPUTED: Final = frozenset({*CONCEPTS, *PLACES, *TIMES, *THINGS, "ancestor", "descendant"})
"""Keys that no document holds, so that nobody writes them."""
COLUMNS: Final = frozenset(
    {"account", "adler32", "bytes", "guid", "hidden", "length", "md5", "monotonic", "obsolete"}
    | {"accessed_at", "closed_at", "created_at", "deleted_at", "eol_at", "expired_at", "updated_at"}
)
"""Rucio's own columns, of which this catalogue knows none."""
TYPES: Final = {
    "all": ("CONTAINER", "DATASET", "FILE"),
    "collection": ("CONTAINER", "DATASET"),
    "container": ("CONTAINER",),
    "dataset": ("DATASET",),
    "file": ("FILE",),
}
_BAR: Final = re.compile(r"\s*\|\s*")


@dataclass(frozen=True)
class World:
    """What is around: ``base`` begins the IRIs of things, ``place`` finds outlines by name."""

    base: str
    place: Callable[[str], bytes]
    scope: str


class Trees(NamedTuple):
    """A filter as it is read for items, for files, and for what has no metadata.

    Those but the first are of objects with the members ``document`` and ``did``.
    """

    items: Node
    files: Node
    others: Node


@dataclass(frozen=True)
class RucioFilter:
    """What a listing asks: ``kinds`` are the types of what is listed, where a group names none.

    ``names``: only of these is told whether they fulfil it.  ``ignore_case`` is of texts.
    """

    groups: Groups
    kinds: tuple[str, ...] = TYPES["collection"]
    ignore_case: bool = False
    names: tuple[str, ...] | None = None


def read_filter(asked: RucioFilter, world: World) -> Trees:
    """Read groups of conditions, of which one must hold.

    Raises:
        QueryNotValid: a condition cannot be answered, with its key.
    """
    folding: Folding = "case" if asked.ignore_case else ""
    read = []
    for group in asked.groups:
        trees = _Group(world, folding).read(group)
        if not any(FIELDS.get(one.key) == "did_type" for one in group):
            trees = _of_types(trees, asked.kinds)
        read.append(trees)
    found = Trees(*(_any(one) for one in zip(*read, strict=True)))
    return found if asked.names is None else _among(found, asked.names)


def _of_types(trees: Trees, kinds: Sequence[str]) -> Trees:
    kept = Among((DID, "did_type"), tuple(kinds))
    return Trees(
        trees.items if DID_TYPE in kinds else NEVER,
        And((kept, trees.files)),
        And((kept, trees.others)),
    )


def _among(trees: Trees, names: Sequence[str]) -> Trees:
    kept = Among((DID, "name"), tuple(names))
    return Trees(
        And((Among(("id",), tuple(names)), trees.items)),
        And((kept, trees.files)),
        And((kept, trees.others)),
    )


def _any(nodes: tuple[Node, ...]) -> Node:
    return nodes[0] if len(nodes) == 1 else Or(nodes)


class _Group:
    """Reads the conditions of one group, all of which must hold."""

    def __init__(self, world: World, folding: Folding) -> None:
        self._world, self._folding = world, folding

    def read(self, group: tuple[Condition, ...]) -> Trees:
        items: list[Node] = []
        files: list[Node] = []
        others: list[Node] = []
        for side in ("ancestor", "descendant"):
            # one and the same must fulfil all that a group asks of its side
            near = [self._near(one) for one in group if one.side == side]
            if near:
                items.append(Related(cast(Any, side), And(tuple(near))))
                files.append(NEVER)
                others.append(NEVER)
        for one in group:
            if one.side:
                continue
            items.append(self._item(one))
            if one.key in FIELDS:
                field = self._field(one)
                files.append(field)
                others.append(field)
            else:
                files.append(self._of_file(one))
                others.append(NEVER)
        return Trees(*(And(tuple(nodes)) for nodes in (items, files, others)))

    def _near(self, one: Condition) -> Node:
        if one.key in CONCEPTS or one.operator == "isa":
            raise _wrong(
                one,
                "classes are those of the product itself. The ontology has some for what was made "
                "of it: product.isa=FloodImage",
            )
        return self._item(one)

    def _field(self, one: Condition) -> Node:
        """A test of a field of any data identifier."""
        field = FIELDS[one.key]
        value = one.value
        if field == "did_type" and isinstance(value, str):
            kinds = TYPES.get(value.lower())
            if kinds is None or one.operator not in ("=", "in"):
                raise _wrong(one, f"a type is = one of {', '.join(TYPES)}")
            return Among((DID, field), kinds)
        if one.operator not in ("=", "!=", "in", "like", "notlike"):
            raise _wrong(one, "of names and scopes only =, != and .in are asked")
        return self._value((DID, field), "text", one)

    def _of_file(self, one: Condition) -> Node:
        """A test of a file: its members are those of its asset."""
        if one.key in COMPUTED or one.operator in ("within", "intersects", "during", "isa"):
            return NEVER
        path = self._path(one)
        return self._value((DOCUMENT, *path), kind_of(path, self._world.base), one)

    def _item(self, one: Condition) -> Node:
        if one.key == "name":
            self._field(one)
            return self._value(("id",), "text", one)
        if one.key in FIELDS:
            return _settled(self._field(one), self._world.scope)
        if one.key in CONCEPTS:
            return self._concept(one, CONCEPTS[one.key])
        if one.operator == "isa":
            return self._class(one)
        if one.operator in ("within", "intersects") or one.key in PLACES:
            return self._spatial(one)
        if one.operator == "during":
            return self._during(one)
        if one.key in COMPUTED:
            raise _wrong(one, "of this key only .isa (product), .during (time) are asked")
        path = self._path(one)
        return self._value(path, kind_of(path, self._world.base), one)

    def _path(self, one: Condition) -> Path:
        if one.key in COLUMNS:
            raise _wrong(
                one, "this is a column of Rucio's own, which is asked for in a filter without ours"
            )
        steps = one.key.split("__")
        if len(steps) > MOST_STEPS or not all(steps):
            raise _wrong(one, f"members are named with __ between them, {MOST_STEPS} at most")
        return path_of(".".join(steps))

    def _value(self, path: Path, kind: str, one: Condition) -> Node:
        folding = self._folding
        if one.value is None:
            if one.operator not in ("=", "!="):
                raise _wrong(one, "None is for = and != only")
            return IsNull(path) if one.operator == "=" else Not(IsNull(path))
        if one.operator in ("in", "contains"):
            values = _several(one)
            if one.operator == "in":
                return _any(tuple(self._same(path, kind, value, one) for value in values))
            return And(tuple(self._contained(path, kind, value, one) for value in values))
        text = _single(one)
        if one.operator == "like":
            return Like(path, pattern_of(text), folding)
        if one.operator == "notlike":
            return Not(Like(path, pattern_of(text), folding))
        if one.operator == "=":
            return self._same(path, kind, text, one)
        if one.operator == "!=":
            if text and not text.strip("*%"):
                return IsNull(path)
            if _is_pattern(text):
                return Not(Like(path, pattern_of(text), folding))
            return _told(one, lambda: differs(path, kind, text, folding))
        if _is_pattern(text):
            raise _wrong(one, "* and % are for =, != and LIKE only")
        return _told(one, lambda: ordered(path, kind, one.operator, text, folding))

    def _same(self, path: Path, kind: str, text: str, one: Condition) -> Node:
        if text and not text.strip("*%"):
            return And(()) if path in (("id",), (DID, "name")) else has_value(path)
        if _is_pattern(text):
            if kind == "number":
                raise _wrong(one, "this is a number, which has no * or %")
            return Like(path, pattern_of(text), self._folding)
        return _told(one, lambda: equals(path, kind, text, self._folding))

    def _contained(self, path: Path, kind: str, text: str, one: Condition) -> Node:
        """An array has the value, or a text has it within."""
        found = _told(one, lambda: equals(path, kind, text, ""))
        parts = found.parts if isinstance(found, Or) else (found,)
        held = tuple(
            Contains(path, (part.value,), every=True)
            for part in parts
            if isinstance(part, Compare) and isinstance(part.value, str | int | float)
        )
        if kind in ("number", "time"):
            return _any(held) if held else NEVER
        return Or((*held, Like(path, (None, text, None) if text else (None,), self._folding)))

    def _concept(self, one: Condition, classes: dict[str, str]) -> Node:
        known = tuple(classes.values())
        any_of = Contains(CLASSES, known, every=False)
        if one.value is None:
            if one.operator not in ("=", "!="):
                raise _wrong(one, "None is for = and != only")
            return Not(any_of) if one.operator == "=" else any_of
        if one.operator not in ("=", "!=", "in"):
            raise _wrong(one, "this key is asked by =, != and .in only")
        told = []
        for text in _several(one) if one.operator == "in" else (_single(one),):
            if text in ("*", "%"):
                return any_of if one.operator != "!=" else Not(any_of)
            name = classes.get(text.strip().lower().replace("-", "_").replace(" ", "_"))
            if name is None:
                raise _wrong(one, f"there is no {text[:80]!r}; there are {', '.join(classes)}")
            told.append(name)
        found = Contains(CLASSES, tuple(told), every=False)
        return And((any_of, Not(found))) if one.operator == "!=" else found

    def _class(self, one: Condition) -> Node:
        if one.key not in THINGS:
            raise _wrong(one, "classes are those of the product: product.isa")
        names = []
        for text in _several(one):
            name = known_class(text)
            if name is None:
                raise _wrong(
                    one, f"the ontology has no class {text[:80]!r}. Name one as FloodScene"
                )
            names.append(name)
        return Contains(CLASSES, tuple(names), every=False)

    def _spatial(self, one: Condition) -> Node:
        if one.key not in PLACES or one.operator not in ("within", "intersects", "contains"):
            if one.key in PLACES and one.operator in ("=", "!=") and one.value in (None, "*", "%"):
                given = Not(IsNull(GEOMETRY))
                return given if (one.operator == "=") is bool(one.value) else IsNull(GEOMETRY)
            raise _wrong(one, "places are asked by footprint.within, .intersects and .contains")
        text = ",".join(one.value) if isinstance(one.value, tuple) else _single(one, most=None)
        found = _told(one, lambda: outline(text, self._world.place))
        relation: Any = one.operator
        tests = [*(Spatial("intersects", box) for box in found[:-1]), Spatial(relation, found[-1])]
        return And(tuple(tests)) if len(tests) > 1 else tests[0]

    def _during(self, one: Condition) -> Node:
        text = "/".join(one.value) if isinstance(one.value, tuple) else _single(one)
        start, end = _told(one, lambda: interval(text))
        if one.key not in TIMES:
            path = self._path(one)
            if kind_of(path, self._world.base) not in ("time", "any"):
                raise _wrong(one, "this is no time")
            return Temporal("intersects", start, end, path)
        whole: tuple[Any, ...] = ("during", "starts", "finishes", "equals")
        return And(
            (
                Temporal("intersects", start, end, ITEM_TIME),
                Or(tuple(Temporal(relation, start, end, ITEM_TIME) for relation in whole)),
            )
        )


def _told(one: Condition, read: Callable[[], T]) -> T:
    try:
        return read()
    except QueryNotValid as error:
        raise _wrong(one, str(error)) from error


def kind_of(path: Path, base: str) -> str:
    """Return what stands at a path: number, time, text, or any where nothing is declared."""
    if path and path[0] != "properties":
        return "text" if len(path) == 1 else "any"
    kinds = {"text" if one.kind == "thing" else one.kind for one in held(path, base) or ()}
    return kinds.pop() if len(kinds) == 1 else "any"


def _settled(field: Node, scope: str) -> Node:
    """A test of the type or the scope of an item's data identifier, which are known."""
    return And(()) if truth(field, {DID: {"did_type": DID_TYPE, "scope": scope}}) else NEVER


def _is_pattern(text: str) -> bool:
    return "*" in text or "%" in text


def _single(one: Condition, most: int | None = LONGEST_VALUE) -> str:
    if not isinstance(one.value, str):
        raise _wrong(one, "a single value is wanted; several are for .in and .contains")
    if most is not None and len(one.value) > most:
        raise _wrong(one, f"a value has at most {most} characters")
    return one.value


def _several(one: Condition) -> tuple[str, ...]:
    """Return the values of a list; in a text they stand between bars."""
    values = one.value
    if isinstance(values, str):
        values = tuple(_BAR.split(values.strip()))
    if not values or len(values) > MOST_VALUES:
        raise _wrong(one, f"1 to {MOST_VALUES} values are wanted")
    if any(len(value) > LONGEST_VALUE for value in values):
        raise _wrong(one, f"a value has at most {LONGEST_VALUE} characters")
    return values


def _wrong(one: Condition, why: str) -> QueryNotValid:
    return QueryNotValid(f"The filter at {one.named[:120]}: {why}")
