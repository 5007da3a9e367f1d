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
from dafab_kg.spatial.rewriting.constraints import Join, Later, Reader
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
    compared: tuple[tuple[int, int], ...] = ()
    """Places in the text of conditions that are true of what is found, where the look-up is
    exact and each thing has one geometry."""


@dataclass(frozen=True)
class Spot:
    """A group that may begin with candidates: ``start`` is after its bracket, ``run_end``
    where what follows its leading triples begins; LATERAL may hold these (0: it may not).
    ``end`` is before its closing bracket."""

    start: int
    end: int
    run_end: int
    wishes: tuple[Wish, ...]
    joins: tuple[Join, ...] = ()
    later: tuple[Later, ...] = ()


@dataclass(frozen=True)
class Analysis:
    """All spots of a query; ``whole`` is what its answer needs of the first spot's thing."""

    spots: tuple[Spot, ...]
    whole: Counted | Ordered | Nearest | None = None


def analyse(query: Query, text: str, kind_of: Mapping[str, Kind]) -> Analysis:
    """Find the groups of a query that may begin with candidates."""
    if query.where is None or query.dataset or query.named:
        return Analysis(())
    found = _Spots(text, dict(kind_of))
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

    def __init__(self, text: str, kind_of: dict[str, Kind]) -> None:
        self._text, self._kind_of = text, kind_of
        self.readers: dict[int, Reader] = {}

    def in_group(self, group: Group) -> Iterator[Spot]:
        """The spots of a group and of the groups in it, the outermost first."""
        elements = group.elements
        if len(elements) == 1 and isinstance(elements[0], SubSelect):
            inner = elements[0].query
            if inner.where is not None:
                yield from self.in_group(inner.where)
            return
        found = self._spot(group)
        if found is not None:
            yield found
        for element in elements:
            for inside in _inside(element):
                yield from self.in_group(inside)

    def _spot(self, group: Group) -> Spot | None:
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
                tuple(one.compared) if one.whole else (),
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
        )


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
