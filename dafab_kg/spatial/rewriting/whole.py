"""What the answer as a whole asks: a count, the first in an order, the nearest."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Final

from shapely.geometry.base import BaseGeometry

from dafab_kg.sparql.tree import (
    Aggregate,
    Bind,
    Call,
    Expression,
    Filter,
    Group,
    IriTerm,
    LiteralTerm,
    Query,
    Triple,
    Variable,
    walk,
)
from dafab_kg.spatial.geosparql.names import GEOF
from dafab_kg.spatial.lookup import Wanted
from dafab_kg.spatial.rewriting import constants
from dafab_kg.spatial.rewriting.constraints import METRE, UOM, Reader, conjuncts

MOST_FIRST: Final = 2_000
"""LIMIT and OFFSET together up to which the first things are looked up."""
_UNITS: Final = {METRE: True, f"{UOM}degree": False}


@dataclass(frozen=True)
class Counted:
    """The answer is one row: how many things there are, as ``name``.

    ``single`` are the properties of which each thing must have one value at most for that,
    ``located`` whether each must have one geometry; both unless things are counted once.
    """

    name: str
    thing: str
    wanted: Wanted
    single: tuple[str, ...]
    located: bool
    texts: tuple[str, ...]


@dataclass(frozen=True)
class Ordered:
    """The answer is the first ``need`` rows in the order of a property of a thing, or of its
    IRI ("")."""

    thing: str
    property: str
    descending: bool
    need: int
    enough: int
    text: str


@dataclass(frozen=True)
class Nearest:
    """The answer is the first ``need`` rows by the distance of a geometry of a thing.

    ``distance`` is how the query writes that, or the variable that it is.
    """

    thing: str
    to: BaseGeometry
    metres: bool
    need: int
    enough: int
    distance: str
    text: str


def whole_of(query: Query, reader: Reader, text: str) -> Counted | Ordered | Nearest | None:
    """Tell what the answer needs of a thing of the outermost group, if it is one of these."""
    assert query.where is not None
    if query.form != "SELECT" or query.having or query.group_by or query.values is not None:
        return None
    expressions = [p.expression for p in query.projection if p.expression is not None]
    expressions += [ordering.expression for ordering in query.order_by]
    if any(isinstance(node, Aggregate) for one in expressions for node in walk(one)):
        return _counted(query, query.where, reader)
    return _first(query, query.where, reader, text)


def _counted(query: Query, group: Group, reader: Reader) -> Counted | None:
    if len(query.projection) != 1 or query.order_by or query.offset or query.limit == 0:
        return None
    projected = query.projection[0]
    count = projected.expression
    if not isinstance(count, Aggregate) or count.name != "COUNT" or len(reader.asked) != 1:
        return None
    ((thing, asked),) = reader.asked.items()
    argument = count.argument
    if argument is not None and not isinstance(argument, Variable):
        return None
    once = count.distinct and argument is not None and argument.name == thing
    if count.distinct and not once:
        return None
    if argument is not None and argument.name not in (thing, *reader.values, *reader.located):
        return None  # it may be unbound
    if not _said(group, reader):
        return None
    triples = [element for element in group.elements if isinstance(element, Triple)]
    objects = Counter(t.object.name for t in triples if isinstance(t.object, Variable))
    if not asked.whole or max(objects.values(), default=1) > 1 or thing in objects:
        return None
    properties = {value.property for value in asked.values}
    if not properties and not asked.located:
        return None  # things with nothing that is indexed have no row
    return Counted(
        projected.variable.name,
        thing,
        asked.wanted(),
        () if once else tuple(sorted(properties)),
        asked.located,
        (*asked.texts, "COUNT"),
    )


def _said(group: Group, reader: Reader) -> bool:
    """Whether the index knows all that a group says."""
    for element in group.elements:
        if isinstance(element, Triple):
            parts: list[Triple | Expression] = [element]
        elif isinstance(element, Filter):
            parts = list(conjuncts(element.condition))
        else:
            return False
        if any((part.start, part.end) not in reader.said for part in parts):
            return False
    return True


def _first(query: Query, group: Group, reader: Reader, text: str) -> Ordered | Nearest | None:
    if not query.order_by or not query.limit or query.reduced:
        return None
    need = query.limit + (query.offset or 0)
    if need > MOST_FIRST:
        return None
    first = query.order_by[0]
    key = first.expression
    if query.distinct and not (isinstance(key, Variable) and _projected(query, key.name)):
        return None
    if isinstance(key, Variable):
        of_value = reader.values.get(key.name, [])
        if key.name in reader.asked:
            of_value = [(key.name, "")]
        for thing, predicate in of_value:
            return Ordered(
                thing, predicate, first.descending, need, query.limit,
                f"ORDER BY {'DESC' if first.descending else 'ASC'}(?{key.name}) LIMIT",
            )  # fmt: skip
        found, bound = _expression_of(query, group, key.name)
    else:
        found, bound = key, False
    if first.descending or not isinstance(found, Call):
        return None
    written = key if bound else found
    return _nearest(found, reader, need, query.limit, text[written.start : written.end])


def _projected(query: Query, name: str) -> bool:
    return query.star or any(p.variable.name == name for p in query.projection)


def _expression_of(query: Query, group: Group, name: str) -> tuple[Expression | None, bool]:
    """What a variable is, and whether that is by BIND of the group, not by the projection."""
    for element in group.elements:
        if isinstance(element, Bind) and element.variable.name == name:
            return element.expression, True
    for projected in query.projection:
        if projected.variable.name == name:
            return projected.expression, False
    return None, False


def _nearest(call: Call, reader: Reader, need: int, enough: int, written: str) -> Nearest | None:
    if call.function == f"{GEOF}distance" and len(call.arguments) == 3:
        one, two, unit = call.arguments
        metres = _UNITS.get(unit.value) if isinstance(unit, IriTerm) else None
    elif call.function == f"{GEOF}metricDistance" and len(call.arguments) == 2:
        one, two = call.arguments
        metres = True
    else:
        return None
    if metres is None:
        return None
    for variable, constant in ((one, two), (two, one)):
        if isinstance(variable, Variable) and isinstance(constant, LiteralTerm):
            to = constants.place(constant.value, constant.datatype)
            if to is None or (metres and not constants.on_earth(to)):
                return None
            for thing in sorted(reader.located[variable.name]):
                return Nearest(
                    thing, to, metres, need, enough, written, f"ORDER BY {written} LIMIT"
                )
    return None
