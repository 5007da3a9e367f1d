"""Which part of a query restricts what a SERVICE within it may contribute.

Of a SERVICE's solutions only those matter that are compatible with the other parts of its group
that are joined with it.  So these parts are asked alone, for the values of variables that both
sides bind in every solution (*certain* variables), and the endpoint is asked about those values
only.  That is exact as long as every part taken is joined with the SERVICE on the way up, and
leaving a part out only makes the values more.  Left out are MINUS, whose effect may grow when
something before it is missing, later OPTIONALs, BINDs, other calls, and filters on what may be
unbound.  Below an OPTIONAL only its left side counts: what is joined with the whole afterwards
must not decide what its right side finds.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from dafab_kg.sparql.edits import Edit, edited
from dafab_kg.sparql.scope import mentioned, projected
from dafab_kg.sparql.tree import (
    Element,
    Exists,
    Filter,
    GraphPattern,
    Group,
    Optional,
    Query,
    Service,
    SubSelect,
    Triple,
    Union,
    Values,
    Variable,
    walk,
)

NOTHING: Final = " VALUES () { () } "
"""Stands where a part is left out: one solution that binds nothing."""


@dataclass(frozen=True)
class Place:
    """Where a SERVICE stands: each group on the way to it, with the element that leads on.

    The last element is the SERVICE itself.  ``left_only``: of the first group only what stands
    before that element counts.
    """

    steps: tuple[tuple[Group, Element], ...]
    left_only: bool

    @property
    def service(self) -> Service:
        """The call."""
        found = self.steps[-1][1]
        assert isinstance(found, Service)
        return found


def places(query: Query) -> Iterator[Place]:
    """Yield where calls stand whose solutions can be restricted, in the order of the text.

    Not: calls below MINUS, EXISTS, GRAPH, LATERAL, or another call.
    """
    if query.where is not None:
        yield from _below(query.where, (), left_only=False)


def _below(
    group: Group, steps: tuple[tuple[Group, Element], ...], *, left_only: bool
) -> Iterator[Place]:
    for element in group.elements:
        here = (*steps, (group, element))
        match element:
            case Service():
                yield Place(here, left_only)
            case Group():
                yield from _below(element, here, left_only=left_only)
            case Union(groups):
                for branch in groups:
                    yield from _below(branch, here, left_only=left_only)
            case Optional(inner):
                yield from _below(inner, ((group, element),), left_only=True)
            case SubSelect(query) if query.where is not None:
                yield from _below(query.where, (), left_only=False)
            case _:
                pass


def certain(element: Element) -> frozenset[str]:
    """Return variables that every solution of a pattern binds; some may be missing."""
    match element:
        case Triple():
            terms = (element.subject, element.predicate, element.object)
            return frozenset(term.name for term in terms if isinstance(term, Variable))
        case Group(elements):
            return frozenset().union(*map(certain, elements))
        case Union(groups):
            return frozenset.intersection(*map(certain, groups))
        case GraphPattern(name, group):
            named = frozenset({name.name} if isinstance(name, Variable) else ())
            return named | certain(group)
        case Values(variables, rows):
            return frozenset(
                variable.name
                for number, variable in enumerate(variables)
                if all(row[number] is not None for row in rows)
            )
        case SubSelect(query):
            plain = {each.variable.name for each in query.projection if each.expression is None}
            names = projected(query) if query.star else frozenset(plain)
            return names & certain(query.where) if query.where is not None else frozenset()
        case _:
            return frozenset()


def local_part(text: str, place: Place) -> tuple[str, frozenset[str]]:
    """Return the text of the group that is asked alone, and its certain variables."""
    edits: list[Edit] = []
    bound: frozenset[str] = frozenset()
    for depth, (group, way) in enumerate(place.steps):
        later = not (place.left_only and depth == 0)
        kept, found = _kept(group, way, later=later)
        bound |= found
        for element in group.elements:
            if element is way:
                edits += _way_on(place, depth)
            elif not isinstance(element, Triple) and element not in kept:
                edits.append(Edit(element.start, element.end, NOTHING))
        if not later:
            edits = [edit for edit in edits if edit.start < way.end]
            edits.append(Edit(way.end, group.end - 1, ""))
    first = place.steps[0][0]
    return edited(text, edits)[first.start : first.end + _grown(edits)], bound


def _grown(edits: list[Edit]) -> int:
    return sum(len(edit.text) - (edit.end - edit.start) for edit in edits)


def _way_on(place: Place, depth: int) -> Iterator[Edit]:
    """Leave of the element that leads to the call its one group; of the call itself, nothing."""
    way = place.steps[depth][1]
    if isinstance(way, Service):
        yield Edit(way.start, way.end, NOTHING)
        return
    inner = place.steps[depth + 1][0]
    if inner is not way:
        yield Edit(way.start, inner.start, "")
        yield Edit(inner.end, way.end, "")


def _kept(group: Group, way: Element, *, later: bool) -> tuple[list[Element], frozenset[str]]:
    """Return the elements that are joined with the call, and what they bind for certain."""
    kept: list[Element] = []
    filters: list[Filter] = []
    for element in group.elements:
        if element is way:
            continue
        before = element.start < way.start
        if not (later or before) or any(isinstance(node, Service) for node in walk(element)):
            continue
        if isinstance(element, Triple | Values | Group | Union | GraphPattern | SubSelect):
            kept.append(element)
        elif isinstance(element, Filter):
            filters.append(element)
    bound = frozenset().union(*map(certain, kept))
    kept += [
        one
        for one in filters
        if mentioned(one) <= bound and not any(isinstance(node, Exists) for node in walk(one))
    ]
    return kept, bound
