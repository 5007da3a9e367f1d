"""From a tree to SPARQL that finds the candidates: all items that fulfil it, and few others.

The graph knows a product by its terms, one value for each (docs/decisions/agreement.md);
a tree asks what stands in an item's own JSON.  Whoever finds ``10`` there finds

- the term of the product with that value, as the loaders read it from the item, or
- a ``dafab:Property`` at the same pointer, where a loader kept the value as it was, or
- a ``dafab:Claim`` on the term, where another document was believed.

The last two are asked for only where the catalogue has any: then what is left is a plain
triple and a filter, which the search index answers.  Whether a candidate fulfils the tree
is decided by its document (:mod:`dafab_kg.search.exact`); if there is no filter, there is
nothing to decide.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import count
from types import EllipsisType
from typing import Final, Protocol

import shapely

from dafab_kg.model.documents import escape_pointer
from dafab_kg.model.names import PREFIXES
from dafab_kg.model.plain_json import as_double
from dafab_kg.search.library import quoted
from dafab_kg.search.names import Held, held
from dafab_kg.search.told import class_named, is_of_classes, is_told, telling, told_name
from dafab_kg.search.tree import (
    DATETIME,
    END,
    GEOMETRY,
    START,
    Among,
    And,
    Compare,
    Contains,
    IsEmpty,
    IsNull,
    Like,
    Mentions,
    Node,
    Not,
    Operator,
    Or,
    Path,
    Related,
    Side,
    Spatial,
    Temporal,
    Value,
    Within,
)

ID: Final[Path] = ("id",)
COLLECTION: Final[Path] = ("collection",)
AS_WKT: Final = f"{PREFIXES['geo']}asWKT"
_INVERSE: Final[dict[Operator, Operator]] = {
    "=": "<>",
    "<>": "=",
    "<": ">=",
    ">=": "<",
    ">": "<=",
    "<=": ">",
}
_SLACK: Final = 1e-12
"""Of a number, by which it may have changed on its way into the graph."""
_TICK: Final = timedelta(microseconds=1)
_TEXT_KEPT: Final = Held(f"{PREFIXES['dafab']}text", "text")
_NUMBER_KEPT: Final = Held(f"{PREFIXES['dafab']}number", "number")


@dataclass(frozen=True, slots=True)
class Branch:
    """What holds of ``?product`` at once; ``blocks`` are alternatives, each of which must hold."""

    triples: tuple[str, ...] = ()
    filters: tuple[str, ...] = ()
    blocks: tuple[tuple[Branch, ...], ...] = ()


Candidates = tuple[Branch, ...] | None
"""Alternatives, of which one holds; none: there are no candidates.  None: anything may be."""


class Habits(Protocol):
    """What the catalogue uses: it decides which ways to an item have to be asked for."""

    def uses(self, term: str) -> bool:
        """Tell whether any thing has a value of this property."""

    def keeps(self, pointer: str) -> bool:
        """Tell whether any value was kept as it was at this JSON pointer."""

    def claimed(self, term: str) -> bool:
        """Tell whether documents differ in a value of this property anywhere."""

    def collections(self, collection_id: str) -> tuple[str, ...] | None:
        """Return the IRIs of the collections with this id.

        None: items that no catalogue describes may be in it, too.
        """

    def told(self, name: str, value: str, variable: str) -> Candidates:
        """Return where the graph tells a value of a product; None: it is not found from that.

        All variables but ``?product`` begin with ``variable``.
        """

    def related(self, side: Side, part: Node, variable: str) -> Candidates:
        """Return where an item may have an ancestor, or a descendant, of which ``part`` is true.

        All variables but ``?product`` begin with ``variable``.
        """


@dataclass(frozen=True, slots=True)
class Compiled:
    """What holds of ``?product`` where an item that describes it may fulfil a tree.

    ``where`` is a stretch of a group graph pattern ("" where anything may); it declares no
    prefixes but uses dafab, geo, geof and xsd, and all its variables but ``?product`` begin
    with ``?v``.  It may bind one product several times.  ``all``: every item fulfils the
    tree; ``none``: no item does.
    """

    where: str
    all: bool = False
    none: bool = False


def compile_filter(node: Node | None, habits: Habits, base: str) -> Compiled:
    """Compile a tree; ``base`` is what the IRIs of things begin with."""
    if node is None:
        return Compiled("", all=True)
    found = _Compiler(habits, base).candidates(node, negated=False)
    if found is None:
        return Compiled("")
    return Compiled(_written(_joined([found])), none=not found)


def _joined(parts: Iterable[tuple[Branch, ...]]) -> tuple[Branch, ...]:
    """All of the parts at once: those of one branch are written together."""
    triples: dict[str, None] = {}
    filters: dict[str, None] = {}
    blocks: dict[tuple[Branch, ...], None] = {}
    for part in parts:
        if not part:
            return ()
        if len(part) > 1:
            blocks[part] = None
            continue
        triples |= dict.fromkeys(part[0].triples)
        filters |= dict.fromkeys(part[0].filters)
        blocks |= dict.fromkeys(part[0].blocks)
    return (Branch(tuple(triples), tuple(filters), tuple(blocks)),)


def _written(found: tuple[Branch, ...]) -> str:
    if not found:
        return "FILTER (false)"
    if len(found) > 1:
        return " UNION ".join(f"{{ {_written((branch,))} }}" for branch in found)
    branch = found[0]
    lines = [f"{triple} ." for triple in branch.triples]
    lines += [f"FILTER ({condition})" for condition in branch.filters]
    lines += [_block(block) for block in branch.blocks]
    return "\n  ".join(lines)


def _block(block: tuple[Branch, ...]) -> str:
    """Write alternatives beside other patterns.

    Those that ask for kept values are told apart, so that the engine joins them as a whole: it
    would else go through all that have a value for each row of the others.
    """
    text = _written(block)
    if "dafab:pointer" in text:
        return f"{{ SELECT DISTINCT ?product {{ {text} }} }}"
    return f"{{ {text} }}"


Condition = Callable[[Held, str], "tuple[str, str] | None"]
"""Of a term and a variable: the object of its triple and a filter ("" for none); None: the
value that is looked for is never held by it."""


class _Compiler:
    def __init__(self, habits: Habits, base: str) -> None:
        self._habits, self._base = habits, base
        self._numbers = count()

    def candidates(self, node: Node, *, negated: bool) -> Candidates:
        """Where ``node`` may be true (``negated``: false)."""
        if is_told(node):
            return self._told(node, negated)
        match node:
            case Not(part):
                return self.candidates(part, negated=not negated)
            case And(parts) | Or(parts):
                ranges, parts = (
                    _ranges(parts) if isinstance(node, And) and not negated else ({}, parts)
                )
                found = [self._at(path, _all_of(bounds)) for path, bounds in ranges.items()]
                found += [self.candidates(part, negated=negated) for part in parts]
                return _and(found) if isinstance(node, And) is not negated else _or(found)
            case Compare(path, operator, value, folding):
                operator = _INVERSE[operator] if negated else operator
                if operator == "=" and not folding and isinstance(value, str):
                    special = self._special(path, (value,))
                    if special is not Ellipsis:
                        return special
                return self._at(path, _compared(operator, value, bool(folding)))
            case Among(path, values, folding):
                if negated or folding:
                    return self._at(path, _anything)
                texts = tuple(value for value in values if isinstance(value, str))
                if len(texts) == len(values):
                    special = self._special(path, texts)
                    return self._at(path, _one_of(texts)) if special is Ellipsis else special
                return _or([self._at(path, _compared("=", value, False)) for value in values])
            case IsNull(path, missing_is_null):
                if negated or missing_is_null:
                    return None
                return self._at(path, _never)
            case IsEmpty(path):
                return self._at(path, _anything if negated else _never)
            case Contains(path, values, every):
                if negated or not values:
                    return self._at(path, _anything)
                each = [self._at(path, _holding(value)) for value in values]
                return _and(each) if every else _or(each)
            case Like(path) | Within(path):
                return self._at(path, _anything)
            case Spatial():
                return self._spatial(node, negated)
            case Temporal():
                return None if negated else self._temporal(node)
            case Mentions():
                return None  # the graph keeps no words of texts
            case Related(side, part):
                return None if negated else self._habits.related(side, part, self._variable())

    def _told(self, node: Node, negated: bool) -> Candidates:
        """Candidates of conditions on what the graph alone tells: of arrays that have some
        values."""
        if negated or not isinstance(node, Contains) or len(node.path) != 2 or not node.values:
            return None
        each: list[Candidates] = []
        for value in node.values:
            if is_of_classes(node):
                named = class_named(value)
                each.append(() if named is None else (Branch((f"?product a <{named}>",)),))
                continue
            found: Candidates = None
            if isinstance(value, str):
                found = self._habits.told(told_name(node), value, self._variable())
            if found is None and (pattern := telling(node, value)) is not None:
                found = (Branch((pattern,)),)
            each.append(found)
        return _and(each) if node.every else _or(each)

    def _special(self, path: Path, texts: tuple[str, ...]) -> Candidates | EllipsisType:
        """Candidates of what is a node or a name in the graph, not a value; ... for others."""
        entry, value = self._variable(), self._variable()
        describing = f"{entry} dafab:describes ?product"
        if path == ID:
            listed = f"VALUES {value} {{ {' '.join(map(quoted, texts))} }}"
            return (
                Branch((listed, f"{entry} dafab:itemId {value}", describing)),
                Branch((listed, f"?product dafab:productId {value}")),
                Branch((listed, f"?product dafab:sceneId {value}")),
            )
        if path == COLLECTION:
            iris: list[str] = []
            for text in texts:
                found = self._habits.collections(text)
                if found is None:
                    return None
                iris += found
            if not iris:
                return ()
            condition = f"{value} IN ({', '.join(f'<{iri}>' for iri in iris)})"
            return (Branch((f"{entry} dafab:inCollection {value}", describing), (condition,)),)
        return ...

    def _at(self, path: Path, condition: Condition) -> Candidates:
        """Candidates for a value at a place, by the ways in which the graph holds it."""
        terms = held(path, self._base)
        if isinstance(path[-1], int) and path[0] != "bbox":
            whole = held(path[:-1], self._base)  # each element is a value of the term
            terms = None if whole is None or terms is None else (*terms, *whole)
        if terms is None:
            return None
        found: list[Branch] = []
        for term in terms:
            subject, before = self._subject(term)
            variable = self._variable()
            told = condition(term, variable)
            if told is not None and self._habits.uses(term.iri):
                thing, filtered = told
                triple = f"{subject} <{term.iri}> {thing}"
                found.append(Branch((triple, *before), (filtered,) if filtered else ()))
            if self._habits.claimed(term.iri):
                found.append(Branch((*self._claim(subject, term.iri), *before)))
        pointers = [_pointer(path)]
        if isinstance(path[-1], int):
            pointers.append(_pointer(path[:-1]))
        found += [
            self._kept(pointer, condition) for pointer in pointers if self._habits.keeps(pointer)
        ]
        return tuple(found)

    def _kept(self, pointer: str, condition: Condition) -> Branch:
        """Candidates for a value that was kept as it was; its texts and numbers are told."""
        node, value = self._variable(), self._variable()
        triples = (
            f"{node} dafab:pointer {quoted(pointer)}",
            f"{node} dafab:propertyOf ?product",
        )
        as_text = condition(_TEXT_KEPT, value)
        as_number = condition(_NUMBER_KEPT, value)
        if as_text not in (None, (value, "")) and as_number is None:
            assert as_text is not None
            thing, filtered = as_text
            return Branch((f"{node} dafab:text {thing}", *triples), (filtered,) if filtered else ())
        if as_number is not None and as_number[1] and as_text is None:
            # a decimal may have more digits than the engine compares
            filtered = f"COALESCE({as_number[1]}, true)"
            return Branch((*triples, f"{node} dafab:number {value}"), (filtered,))
        return Branch(triples)

    def _subject(self, term: Held) -> tuple[str, tuple[str, ...]]:
        if not term.of_entry:
            return "?product", ()
        entry = self._variable()
        return entry, (f"{entry} dafab:describes ?product",)

    def _claim(self, subject: str, term: str) -> tuple[str, ...]:
        claim = self._variable()
        return (f"{claim} dafab:claimProperty <{term}>", f"{claim} dafab:claimSubject {subject}")

    def _spatial(self, node: Spatial, negated: bool) -> Candidates:
        if node.path != GEOMETRY or negated is not (node.relation == "disjoint"):
            return None
        geometry, literal = self._variable(), self._variable()
        wkt = shapely.to_wkt(shapely.from_wkb(node.geometry), rounding_precision=-1)
        has = f"?product geo:hasGeometry {geometry}"
        met = Branch(
            (has, f"{geometry} geo:asWKT {literal}"),
            (f"geof:sfIntersects({literal}, {quoted(wkt)}^^geo:wktLiteral)",),
        )
        if not self._habits.claimed(AS_WKT):
            return (met,)
        return (met, Branch((*self._claim(geometry, AS_WKT), has)))

    def _temporal(self, node: Temporal) -> Candidates:
        if node.relation == "disjoint":
            return None
        low, high = node.start, node.end
        if node.relation == "after":
            low, high = node.end, None
        elif node.relation == "before":
            low, high = None, node.start
        if node.path != ():
            return self._spanning(node.path, node.until or node.path, low, high)
        moment = self._spanning(DATETIME, DATETIME, low, high)
        return _or([moment, self._spanning(START, END, low, high)])

    def _spanning(
        self, first: Path, last: Path, low: datetime | None, high: datetime | None
    ) -> Candidates:
        """A time from ``first`` to ``last`` that has a part between ``low`` and ``high``."""
        parts = []
        if high is not None or low is None:
            parts.append((first, _anything if high is None else _compared("<=", high, False)))
        if low is not None:
            parts.append((last, _compared(">=", low, False)))
        if first == last and len(parts) == 2 and low is not None and high is not None:
            return self._at(first, _between(low, high))
        return _and([self._at(path, condition) for path, condition in parts])

    def _variable(self) -> str:
        return f"?v{next(self._numbers)}"


def _and(found: Sequence[Candidates]) -> Candidates:
    known = [one for one in found if one is not None]
    return _joined(known) if known else None


def _or(found: Sequence[Candidates]) -> Candidates:
    branches: list[Branch] = []
    for one in found:
        if one is None:
            return None
        branches += one
    return tuple(branches)


def _ranges(parts: tuple[Node, ...]) -> tuple[dict[Path, list[Condition]], tuple[Node, ...]]:
    """Return the bounds of each path that has several, and the other parts.

    A value of an item fulfils all of them, and the graph holds that value: the search index looks
    up one range instead of joining two.
    """
    bounds: dict[tuple[Path, bool], list[Compare]] = {}
    for part in parts:
        if isinstance(part, Compare) and _is_bound(part):
            bounds.setdefault((part.path, isinstance(part.value, datetime)), []).append(part)
    several = [found for found in bounds.values() if len(found) > 1]
    gathered = {id(one) for found in several for one in found}
    ranges: dict[Path, list[Condition]] = {}
    for found in several:
        conditions = [_compared(one.operator, one.value, False) for one in found]
        ranges.setdefault(found[0].path, []).extend(conditions)
    return ranges, tuple(part for part in parts if id(part) not in gathered)


def _is_bound(part: Compare) -> bool:
    told = isinstance(part.value, int | float | datetime) and not isinstance(part.value, bool)
    return told and part.operator in ("<", "<=", ">", ">=")


# conditions


def _all_of(conditions: Sequence[Condition]) -> Condition:
    """All of some conditions that only filter."""

    def condition(held: Held, variable: str) -> tuple[str, str] | None:
        filters: dict[str, None] = {}
        for one in conditions:
            told = one(held, variable)
            if told is None:
                return None
            assert told[0] == variable
            filters[told[1]] = None
        return variable, " && ".join(filter(None, filters))

    return condition


def _anything(held: Held, variable: str) -> tuple[str, str] | None:
    return variable, ""


def _never(held: Held, variable: str) -> tuple[str, str] | None:
    return None


def _compared(operator: Operator, value: Value, folded: bool) -> Condition:
    def condition(held: Held, variable: str) -> tuple[str, str] | None:
        if isinstance(value, bool):
            return None
        if isinstance(value, datetime):
            if held.kind != "time":
                return None if held.kind == "number" else (variable, "")
            return variable, _within(variable, operator, value)
        if isinstance(value, str):
            if held.kind == "number":
                return None
            if operator == "=" and not folded:
                return _equal(held, variable, value)
            return variable, ""
        if held.kind not in ("number", "any"):
            return None
        return variable, _near(variable, operator, as_double(value))

    return condition


def _between(low: datetime, high: datetime) -> Condition:
    def condition(held: Held, variable: str) -> tuple[str, str] | None:
        if held.kind != "time":
            return _compared("<=", high, False)(held, variable)
        both = _within(variable, ">=", low), _within(variable, "<=", high)
        return variable, " && ".join(both)

    return condition


def _one_of(texts: tuple[str, ...]) -> Condition:
    def condition(held: Held, variable: str) -> tuple[str, str] | None:
        if held.kind == "number" or not texts:
            return None
        if len(texts) == 1:
            return _equal(held, variable, texts[0])
        if held.kind == "text":
            return variable, f"{variable} IN ({', '.join(map(quoted, texts))})"
        things = [held.thing(text) for text in texts]
        if held.kind == "thing" and held.prefix:
            known = [f"<{thing}>" for thing in things if thing]
            return (variable, f"{variable} IN ({', '.join(known)})") if known else None
        return variable, ""

    return condition


def _holding(value: Value) -> Condition:
    """An array that holds ``value``: each element is a value of the term."""

    def condition(held: Held, variable: str) -> tuple[str, str] | None:
        if isinstance(value, str) and held.kind in ("text", "thing"):
            return _equal(held, variable, value)
        return None if held.kind == "number" else (variable, "")

    return condition


def _equal(held: Held, variable: str, value: str) -> tuple[str, str] | None:
    if held.kind == "text":
        return quoted(value), ""
    if held.kind == "thing" and held.prefix:
        thing = held.thing(value)
        return (f"<{thing}>", "") if thing else None
    return variable, ""


def _near(variable: str, operator: Operator, value: float) -> str:
    if not math.isfinite(value):
        return ""
    slack = abs(value) * _SLACK + 1e-17
    low, high = (f'"{one!r}"^^xsd:double' for one in (value - slack, value + slack))
    return _bounded(variable, operator, low, high)


def _within(variable: str, operator: Operator, value: datetime) -> str:
    try:
        low, high = stamp(value - _TICK), stamp(value + _TICK)
    except OverflowError:  # the first or last moment that can be told
        return ""
    return _bounded(variable, operator, low, high)


def _bounded(variable: str, operator: Operator, low: str, high: str) -> str:
    match operator:
        case "=":
            return f"{variable} >= {low} && {variable} <= {high}"
        case "<" | "<=":
            return f"{variable} <= {high}"
        case ">" | ">=":
            return f"{variable} >= {low}"
    return ""


# literals


def stamp(value: datetime) -> str:
    """Write a moment as SPARQL does, in UTC."""
    text = value.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="microseconds")
    return f'"{text}Z"^^xsd:dateTime'


def _pointer(path: Path) -> str:
    return "".join(f"/{escape_pointer(str(step))}" for step in path)
