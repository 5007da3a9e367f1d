"""Which things of a query the index can find: its groups, and what they ask of a variable.

Of a group the leading triple patterns and VALUES are looked at (whatever comes before the
first OPTIONAL, UNION, BIND or other group), and the filters of the group itself.  A variable
that is the subject of one of them is bound in every solution of the group, and the
constraints read here hold of it in every solution: so the group may begin with VALUES of
all things that fulfil them, and has the same solutions as before.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final

from dafab_kg.sparql.tree import (
    RDF,
    BlankTerm,
    Call,
    Element,
    Expression,
    Filter,
    Group,
    In,
    IriTerm,
    LiteralTerm,
    Minus,
    Operation,
    Optional,
    Query,
    SequencePath,
    SubSelect,
    Triple,
    Union,
    Values,
    Variable,
)
from dafab_kg.spatial.geosparql.names import GEOF, RELATIONS
from dafab_kg.spatial.index.scan import OF_GEOMETRY, SERIALISATIONS
from dafab_kg.spatial.lookup import Has, Kind, Near, OneOfTerms, Wanted, Within
from dafab_kg.spatial.rewriting import constants

UOM: Final = "http://www.opengis.net/def/uom/OGC/1.0/"
TOUCHING: Final = frozenset(
    GEOF + name for name in RELATIONS if name not in ("sfDisjoint", "ehDisjoint", "rcc8dc")
)
"""Relations that hold only between geometries that have a point in common."""
_TURNED: Final = {"<": ">", "<=": ">=", ">": "<", ">=": "<=", "=": "="}


@dataclass(frozen=True)
class Wish:
    """What a group asks of one variable; ``texts`` are the parts of the query that say so."""

    variable: str
    wanted: Wanted
    texts: tuple[str, ...]


@dataclass(frozen=True)
class Spot:
    """A group that may begin with candidates: ``start`` is after its bracket, ``run_end``
    where what follows its leading triples begins; LATERAL may hold these (0: it may not)."""

    start: int
    run_end: int
    wishes: tuple[Wish, ...]


@dataclass
class _Asked:
    """Constraints of one variable, as they are met."""

    classes: list[str] = field(default_factory=list)
    values: list[Within | OneOfTerms | Has] = field(default_factory=list)
    places: list[Near] = field(default_factory=list)
    texts: list[str] = field(default_factory=list)
    sharp: bool = False


def spots(query: Query, text: str, kind_of: dict[str, Kind]) -> tuple[Spot, ...]:
    """Find the groups of a query that may begin with candidates."""
    if query.where is None or query.dataset or query.named:
        return ()
    return tuple(_in_group(query.where, text, kind_of))


def _in_group(group: Group, text: str, kind_of: dict[str, Kind]) -> Iterator[Spot]:
    elements = group.elements
    if len(elements) == 1 and isinstance(elements[0], SubSelect):
        inner = elements[0].query
        if inner.where is not None:
            yield from _in_group(inner.where, text, kind_of)
        return
    found = _spot(group, text, kind_of)
    if found is not None:
        yield found
    for element in elements:
        for inside in _inside(element):
            yield from _in_group(inside, text, kind_of)


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


def _spot(group: Group, text: str, kind_of: dict[str, Kind]) -> Spot | None:
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
    asked = _Reader(text, kind_of).read(leading, given, conditions)
    wishes = tuple(
        Wish(name, _wanted(one), tuple(one.texts)) for name, one in asked.items() if one.sharp
    )
    if not wishes:
        return None
    run: list[Triple] = []
    after = group.end - 1  # what follows the run: its own dots and semicolons come before
    for element in group.elements:
        if not isinstance(element, Triple):
            after = element.start
            break
        run.append(element)
    plain = run and not any(
        isinstance(term, BlankTerm) for triple in run for term in (triple.subject, triple.object)
    )
    start = group.start + 1
    return Spot(start, after if plain else 0, wishes)


def _wanted(asked: _Asked) -> Wanted:
    """Of several places one is looked for: the others are left to the filters."""
    place = min(asked.places, key=_size, default=None)
    # things of several classes are looked for by the first
    return Wanted(frozenset(asked.classes[:1]), place, False, tuple(asked.values))


def _size(near: Near) -> float:
    west, south, east, north = near.area.bounds
    return float((east - west) * (north - south)) + near.metres


class _Reader:
    """Reads the constraints of leading triples and filters."""

    def __init__(self, text: str, kind_of: dict[str, Kind]) -> None:
        self._text = text
        self._kind_of = kind_of
        self._asked: defaultdict[str, _Asked] = defaultdict(_Asked)
        self._value: defaultdict[str, list[tuple[str, str]]] = defaultdict(list)
        """By variable: things and properties that it is a value of."""
        self._located: defaultdict[str, set[str]] = defaultdict(set)
        """By variable: things that it is a geometry literal of."""

    def read(
        self, triples: list[Triple], given: list[Values], conditions: list[Expression]
    ) -> dict[str, _Asked]:
        """Return what is asked of each variable."""
        self._read_geometries(triples)
        for triple in triples:
            self._read_triple(triple)
        for values in given:
            for column, variable in enumerate(values.variables):
                self._among(variable, tuple(row[column] for row in values.rows), values)
        for condition in conditions:
            for part in _conjuncts(condition):
                self._read_condition(part)
        return self._asked

    def _read_geometries(self, triples: list[Triple]) -> None:
        nodes: defaultdict[str, set[str]] = defaultdict(set)
        for triple in triples:
            if not isinstance(triple.subject, Variable):
                continue
            path, value = triple.predicate, triple.object
            if isinstance(path, IriTerm) and path.value in OF_GEOMETRY:
                if isinstance(value, Variable):
                    nodes[value.name].add(triple.subject.name)
                elif isinstance(value, BlankTerm):
                    nodes[f"_:{value.label}"].add(triple.subject.name)
            if (
                isinstance(path, SequencePath)
                and len(path.paths) == 2
                and isinstance(path.paths[0], IriTerm)
                and path.paths[0].value in OF_GEOMETRY
                and isinstance(path.paths[1], IriTerm)
                and path.paths[1].value in SERIALISATIONS
                and isinstance(value, Variable)
            ):
                self._located[value.name].add(triple.subject.name)
        for triple in triples:
            path, node = triple.predicate, triple.subject
            if not (isinstance(path, IriTerm) and path.value in SERIALISATIONS):
                continue
            name = node.name if isinstance(node, Variable) else (
                f"_:{node.label}" if isinstance(node, BlankTerm) else ""
            )  # fmt: skip
            if isinstance(triple.object, Variable):
                self._located[triple.object.name] |= nodes.get(name, set())

    def _read_triple(self, triple: Triple) -> None:
        if not isinstance(triple.subject, Variable) or not isinstance(triple.predicate, IriTerm):
            return
        thing, predicate, value = triple.subject.name, triple.predicate.value, triple.object
        if predicate == f"{RDF}type" and isinstance(value, IriTerm):
            self._asked[thing].classes.append(value.value)
            return
        kind = self._kind_of.get(predicate)
        if kind is None:
            return
        if isinstance(value, Variable):
            self._value[value.name].append((thing, predicate))
        term = None if isinstance(value, Variable) else constants.keyword(value)
        if kind == "keyword" and term is not None:
            self._take(thing, OneOfTerms(predicate, frozenset({term})), triple.start, triple.end)
        else:
            self._asked[thing].values.append(Has(predicate))

    def _take(self, thing: str, value: Within | OneOfTerms, start: int, end: int) -> None:
        asked = self._asked[thing]
        asked.values.append(value)
        asked.texts.append(self._text[start:end])
        asked.sharp = True

    def _read_condition(self, condition: Expression) -> None:
        match condition:
            case Operation(operator, (left, right)) if operator in _TURNED:
                if isinstance(left, Variable) and isinstance(right, LiteralTerm | IriTerm):
                    self._compare(left, operator, right, condition)
                elif isinstance(right, Variable) and isinstance(left, LiteralTerm | IriTerm):
                    self._compare(right, _TURNED[operator], left, condition)
                elif isinstance(left, Call) and operator in ("<", "<="):
                    self._apart(left, right, condition)
                elif isinstance(right, Call) and operator in (">", ">="):
                    self._apart(right, left, condition)
            case In(Variable() as variable, choices, False):
                self._among(variable, choices, condition)
            case Call(function, (one, two)) if function in TOUCHING:
                self._touch(one, two, condition, exact=function.endswith("sfIntersects"))

    def _compare(
        self,
        variable: Variable,
        operator: str,
        constant: LiteralTerm | IriTerm,
        condition: Operation,
    ) -> None:
        for thing, predicate in self._value[variable.name]:
            kind = self._kind_of[predicate]
            if kind == "keyword":
                term = constants.keyword(constant)
                if operator == "=" and term is not None:
                    found = OneOfTerms(predicate, frozenset({term}))
                    self._take(thing, found, condition.start, condition.end)
            elif isinstance(constant, LiteralTerm):
                interval = constants.bounds(operator, constant, kind)
                if interval is not None:
                    within = Within(predicate, interval)
                    self._take(thing, within, condition.start, condition.end)

    def _among(
        self, variable: Variable, choices: Sequence[Expression | None], condition: In | Values
    ) -> None:
        """One of some constants; None is UNDEF, which is anything."""
        terms = [
            constants.keyword(choice) if isinstance(choice, LiteralTerm | IriTerm) else None
            for choice in choices
        ]
        known = [term for term in terms if term is not None]
        if len(known) < len(choices):
            return
        for thing, predicate in self._value[variable.name]:
            if self._kind_of[predicate] == "keyword":
                found = OneOfTerms(predicate, frozenset(known))
                self._take(thing, found, condition.start, condition.end)

    def _touch(
        self, one: Expression, two: Expression, condition: Expression, *, exact: bool
    ) -> None:
        for variable, constant in ((one, two), (two, one)):
            if isinstance(variable, Variable) and isinstance(constant, LiteralTerm):
                area = constants.place(constant.value, constant.datatype)
                if area is not None:
                    self._near(variable.name, Near(area, exact=exact), condition)

    def _apart(self, call: Call, bound: Expression, condition: Operation) -> None:
        """``geof:distance(?wkt, constant, uom:metre) < number``."""
        if call.function != f"{GEOF}distance" or len(call.arguments) != 3:
            return
        one, two, unit = call.arguments
        if not (isinstance(unit, IriTerm) and unit.value == f"{UOM}metre"):
            return
        interval = (
            constants.bounds("<=", bound, "number") if isinstance(bound, LiteralTerm) else None
        )
        if interval is None or interval.high is None or not 0 <= interval.high < 1e7:
            return
        for variable, constant in ((one, two), (two, one)):
            if isinstance(variable, Variable) and isinstance(constant, LiteralTerm):
                area = constants.place(constant.value, constant.datatype)
                if area is not None:
                    near = Near(area, float(interval.high) * 1.001 + 1, exact=False)
                    self._near(variable.name, near, condition)

    def _near(self, literal: str, near: Near, condition: Expression) -> None:
        for thing in self._located[literal]:
            asked = self._asked[thing]
            asked.places.append(near)
            asked.texts.append(self._text[condition.start : condition.end])
            asked.sharp = True


def _conjuncts(condition: Expression) -> Iterator[Expression]:
    """The parts that must all be true for the condition to be."""
    if isinstance(condition, Operation) and condition.operator == "&&":
        for operand in condition.operands:
            yield from _conjuncts(operand)
    else:
        yield condition
