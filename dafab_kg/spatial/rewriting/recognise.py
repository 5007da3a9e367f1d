"""Which things of a query the index can find: its groups, and what they ask of a variable.

Of a group the leading triple patterns and VALUES are looked at (whatever comes before the
first OPTIONAL, UNION, BIND or other group), and the filters of the group itself.  A variable
that is the subject of one of them is bound in every solution of the group, and the
constraints read here hold of it in every solution: so the group may begin with VALUES of
all things that fulfil them, and has the same solutions as before.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TypeGuard

from dafab_kg.sparql.tree import (
    BlankTerm,
    Element,
    Exists,
    Filter,
    Group,
    Minus,
    Node,
    Optional,
    Query,
    SubSelect,
    Triple,
    Union,
    Values,
    Variable,
    walk,
)
from dafab_kg.spatial.lookup import Kind, Wanted
from dafab_kg.spatial.rewriting.constraints import Asked, Join, Later, Reader, Span
from dafab_kg.spatial.rewriting.whole import Counted, Nearest, Ordered, whole_of


@dataclass(frozen=True)
class Wish:
    """What a group asks of one variable; ``texts`` are the parts of the query that say so.

    ``sharp``: the index is worth asking.  ``part`` is the same for variables that triple
    patterns connect.
    """

    variable: str
    wanted: Wanted
    texts: tuple[str, ...]
    sharp: bool
    part: int
    compared: frozenset[Span] = frozenset()
    """Conditions that are true of what is found, where the look-up is exact and each thing
    has one geometry; ``given``: patterns that match once then, for whose variables nobody
    asks; ``placed``: those that need the geometry for it."""
    given: frozenset[Span] = frozenset()
    placed: frozenset[Span] = frozenset()


@dataclass(frozen=True)
class Spot:
    """A group that may begin with candidates: ``start`` is after its bracket, ``run_end``
    where what follows its leading triples begins; LATERAL may hold these (0: it may not).
    ``end`` is before its closing bracket.  ``optional``: it is within OPTIONAL, where the
    engine goes by the rows of before, which are mostly fewer than its candidates."""

    start: int
    end: int
    run_end: int
    wishes: tuple[Wish, ...]
    joins: tuple[Join, ...] = ()
    later: tuple[Later, ...] = ()
    optional: bool = False
    run: tuple[tuple[Span, str], ...] = ()
    """The triples that the group begins with, each as it can be written alone; none where
    they cannot be."""


@dataclass(frozen=True)
class Analysis:
    """All spots of a query; ``whole`` is what its answer needs of the first spot's thing."""

    spots: tuple[Spot, ...]
    whole: Counted | Ordered | Nearest | None = None


def analyse(query: Query, text: str, kind_of: Mapping[str, Kind]) -> Analysis:
    """Find the groups of a query that may begin with candidates."""
    if query.where is None or query.dataset or query.named:
        return Analysis(())
    where = query.where
    if any(where.start <= triple.start < where.end for triple in query.template):
        return Analysis(())  # CONSTRUCT WHERE {...} holds nothing but triples
    found = _Spots(query, text, dict(kind_of))
    spots = tuple(found.in_group(query.where))
    outer = found.readers.get(query.where.start)
    whole = None if outer is None else whole_of(query, outer, text)
    if whole is None and not any(_promising(spot) for spot in spots):
        return Analysis(())
    return Analysis(spots, whole)


def _promising(spot: Spot) -> bool:
    return bool(spot.joins) or any(wish.sharp for wish in spot.wishes)


class _Spots:
    """Goes through the groups of one query; ``readers`` by the start of their group."""

    def __init__(self, query: Query, text: str, kind_of: dict[str, Kind]) -> None:
        self._query, self._text, self._kind_of = query, text, kind_of
        self.readers: dict[int, Reader] = {}

    @cached_property
    def _mentioned(self) -> tuple[Variable, ...]:
        """All variables of the query, as often as they occur."""
        return tuple(node for node in walk(self._query) if _named(node))

    def in_group(self, group: Group, *, optional: bool = False) -> Iterator[Spot]:
        """The spots of a group and of the groups in it, the outermost first."""
        elements = group.elements
        if len(elements) == 1 and isinstance(elements[0], SubSelect):
            inner = elements[0].query
            if inner.where is not None:
                yield from self.in_group(inner.where, optional=optional)
            return
        found = self._spot(group, optional)
        if found is not None:
            yield found
        for element in elements:
            for inside in _inside(element):
                yield from self.in_group(inside, optional=optional or isinstance(element, Optional))

    def _spot(self, group: Group, optional: bool) -> Spot | None:
        leading: list[Triple] = []
        given: list[Values] = []
        for element in group.elements:
            if isinstance(element, Triple):
                leading.append(element)
            elif isinstance(element, Values):
                given.append(element)
            elif not isinstance(element, Filter):
                break
        if not leading:
            return None
        conditions = [e.condition for e in group.elements if isinstance(e, Filter)]
        reader = Reader(self._text, self._kind_of)
        reader.read(leading, given, conditions)
        if not reader.asked:
            return None
        self.readers[group.start] = reader
        parts = _parts([*leading, *given])
        wishes = tuple(
            Wish(
                name,
                one.wanted(),
                tuple(one.texts),
                one.sharp,
                parts[name],
                *self._needless(reader, name, one),
            )
            for name, one in reader.asked.items()
        )
        return Spot(
            group.start + 1,
            group.end - 1,
            _run_end(group),
            wishes,
            tuple(reader.joins),
            tuple(reader.later),
            optional,
            self._run(group),
        )

    def _needless(
        self, reader: Reader, thing: str, asked: Asked
    ) -> tuple[frozenset[Span], frozenset[Span], frozenset[Span]]:
        """Conditions and patterns that need not be asked of what is surely found."""
        if not asked.whole:
            return frozenset(), frozenset(), frozenset()
        placed: list[Span] = []
        compared = frozenset(asked.compared)
        for (literal, owner), patterns in reader.usual.items():
            if owner != thing:
                continue
            # once in its pattern, and in conditions that are not asked
            named = [node.name for one in patterns for node in walk(one) if _named(node)]
            inner = {literal, *named} - {thing}
            mentions = sum(
                1
                for node in self._mentioned
                if node.name in inner
                and not any(start <= node.start < end for start, end in compared)
            )
            if mentions == len([n for n in named if n != thing]):
                placed += [(one.start, one.end) for one in patterns]
        if self._query.star:
            placed = []
        return compared, frozenset(asked.given), frozenset(placed)

    def _run(self, group: Group) -> tuple[tuple[Span, str], ...]:
        run: list[tuple[Span, str]] = []
        for element in group.elements:
            if not isinstance(element, Triple):
                break
            if any(isinstance(node, BlankTerm) for node in walk(element)):
                return ()
            parts = (element.subject, element.predicate, element.object)
            text = " ".join(self._text[part.start : part.end] for part in parts)
            run.append(((element.start, element.end), text))
        return tuple(run)


def _inside(element: Element) -> tuple[Group, ...]:
    """The groups that are answered by themselves; not those of GRAPH, SERVICE, LATERAL or
    EXISTS, which look at other graphs or at rows of before."""
    match element:
        case Group():
            return (element,)
        case Optional(group) | Minus(group):
            return (group,)
        case Union(groups):
            return groups
    return ()


def _run_end(group: Group) -> int:
    """Where the stretch ends that LATERAL may hold; 0: there is none.

    It holds triples, and filters whose variables these bind; its own dots and semicolons
    come before what follows.
    """
    elements = group.elements
    size = next(
        (n for n, one in enumerate(elements) if not isinstance(one, Triple | Filter)),
        len(elements),
    )
    while True:
        run = elements[:size]
        bound = {name for one in run if isinstance(one, Triple) for name in _variables(one)}
        outside = (
            number
            for number, one in enumerate(run)
            if isinstance(one, Filter)
            and (not bound.issuperset(_variables(one)) or _looks_elsewhere(one))
        )
        cut = next(outside, None)
        if cut is None:
            break
        size = cut
    labels = {n.label for one in run for n in walk(one) if isinstance(n, BlankTerm)}
    if not bound or any(not label.startswith(("[", "(")) for label in labels):
        return 0
    return elements[size].start if size < len(elements) else group.end - 1


def _named(node: Node) -> TypeGuard[Variable]:
    return isinstance(node, Variable)


def _variables(node: Node) -> set[str]:
    return {inner.name for inner in walk(node) if isinstance(inner, Variable)}


def _looks_elsewhere(node: Node) -> bool:
    return any(isinstance(inner, Exists) for inner in walk(node))


def _parts(nodes: Iterable[Node]) -> dict[str, int]:
    """Number the variables so that those which patterns connect have one number."""
    part: dict[str, int] = {}
    for number, node in enumerate(nodes):
        names = [
            inner.name if isinstance(inner, Variable) else f"_:{inner.label}"
            for inner in walk(node)
            if isinstance(inner, Variable | BlankTerm)
        ]
        merged = {part[name] for name in names if name in part}
        for name, held in part.items():
            if held in merged:
                part[name] = number
        part.update(dict.fromkeys(names, number))
    return part
