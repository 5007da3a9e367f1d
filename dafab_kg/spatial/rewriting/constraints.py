"""What triple patterns and filters of one group ask of its variables.

A constraint read here holds of the variable in every solution of the group.  Where it says
all that a pattern or a condition says, the place of that in the text is kept in ``said``:
a group all of which is said can be counted by the index alone.
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
    Expression,
    In,
    IriTerm,
    LiteralTerm,
    Node,
    Operation,
    SequencePath,
    Term,
    Triple,
    Values,
    Variable,
)
from dafab_kg.spatial.geosparql.names import GEO, GEOF, RELATIONS
from dafab_kg.spatial.index.assembly import OF_GEOMETRY, SERIALISATIONS
from dafab_kg.spatial.lookup import (
    Constraint,
    Has,
    Kind,
    Near,
    OneOfTerms,
    Relation,
    Wanted,
    Within,
)
from dafab_kg.spatial.rewriting import constants

UOM: Final = "http://www.opengis.net/def/uom/OGC/1.0/"
METRE: Final = f"{UOM}metre"
TOUCHING: Final = frozenset(
    GEOF + name for name in RELATIONS if name not in ("sfDisjoint", "ehDisjoint", "rcc8dc")
)
"""Relations that hold only between geometries that have a point in common."""
_RELATION: Final[dict[tuple[str, int], Relation]] = {
    ("sfIntersects", 0): "intersects",
    ("sfIntersects", 1): "intersects",
    ("sfWithin", 0): "within",
    ("sfWithin", 1): "contains",
    ("sfContains", 0): "contains",
    ("sfContains", 1): "within",
}
"""By function and the place of the thing among its arguments: what the index compares."""
_TURNED: Final = {"<": ">", "<=": ">=", ">": "<", ">=": "<=", "=": "="}


Span = tuple[int, int]
"""A place in the text, which names a pattern or condition."""


@dataclass
class Asked:
    """Constraints of one variable, as they are met; ``sharp``: the index can look for them."""

    classes: list[str] = field(default_factory=list)
    values: list[Constraint] = field(default_factory=list)
    places: list[Near] = field(default_factory=list)
    texts: list[str] = field(default_factory=list)
    sharp: bool = False
    located: bool = False
    compared: list[Span] = field(default_factory=list)
    """Places in the text of conditions that are true of each geometry found."""
    given: list[Span] = field(default_factory=list)
    """Those of patterns without a variable beside the thing."""

    def wanted(self) -> Wanted:
        """What to look for.  Of several places and classes one is; filters and patterns
        that stay in the query see to the others."""
        place = min(self.places, key=_size, default=None)
        return Wanted(frozenset(self.classes[:1]), place, self.located, tuple(self.values))

    @property
    def whole(self) -> bool:
        """Whether what is looked for is all that is asked."""
        return len(self.classes) <= 1 and len(self.places) <= 1


def _size(near: Near) -> float:
    west, south, east, north = near.area.bounds
    return float((east - west) * (north - south)) + near.metres


@dataclass(frozen=True)
class Join:
    """Two things of which a geometry each lies within ``metres`` (0: they touch)."""

    left: str
    right: str
    metres: float
    text: str


@dataclass(frozen=True)
class Later:
    """``value of one thing's property  operator  value of another's + micros``; times."""

    thing: str
    property: str
    operator: str
    other: str
    other_property: str
    micros: int


class Reader:
    """Reads the constraints of leading triples, VALUES and filters of one group."""

    def __init__(self, text: str, kind_of: dict[str, Kind]) -> None:
        self._text = text
        self._kind_of = kind_of
        self.asked: defaultdict[str, Asked] = defaultdict(Asked)
        self.values: defaultdict[str, list[tuple[str, str]]] = defaultdict(list)
        """By variable: things and properties that it is a value of."""
        self.located: defaultdict[str, set[str]] = defaultdict(set)
        """By variable: things that it is a geometry literal of."""
        self.joins: list[Join] = []
        self.later: list[Later] = []
        self.usual: dict[tuple[str, str], list[Triple]] = {}
        """Geometry literals with the things that have them as geo:hasGeometry/geo:asWKT, and
        the patterns that say so."""
        self.said: set[Span] = set()
        """Places in the text of patterns and conditions that the index knows all of, where
        each thing has one value of each property and one geometry."""

    def read(
        self, triples: list[Triple], given: list[Values], conditions: list[Expression]
    ) -> None:
        """Read all of a group."""
        self._read_geometries(triples)
        for triple in triples:
            self._read_triple(triple)
        for values in given:
            for column, variable in enumerate(values.variables):
                self._among(variable, tuple(row[column] for row in values.rows), values)
        for condition in conditions:
            for part in conjuncts(condition):
                self._read_condition(part)

    def _say(self, node: Node) -> None:
        self.said.add((node.start, node.end))

    # triples

    def _read_geometries(self, triples: list[Triple]) -> None:
        links: defaultdict[str, list[Triple]] = defaultdict(list)
        for triple in triples:
            if not isinstance(triple.subject, Variable):
                continue
            path, value = triple.predicate, triple.object
            if isinstance(path, IriTerm) and path.value in OF_GEOMETRY:
                if name := _node_name(value):
                    links[name].append(triple)
            elif isinstance(path, SequencePath) and isinstance(value, Variable):
                steps = [step.value for step in path.paths if isinstance(step, IriTerm)]
                if len(steps) != len(path.paths) or len(steps) != 2:
                    continue
                if steps[0] in OF_GEOMETRY and steps[1] in SERIALISATIONS:
                    self._locate(triple.subject.name, value)
                    if _usual(*steps):
                        self._say(triple)
                        self.usual[value.name, triple.subject.name] = [triple]
        for triple in triples:
            path, value = triple.predicate, triple.object
            if not (isinstance(path, IriTerm) and path.value in SERIALISATIONS):
                continue
            name = _node_name(triple.subject)
            if not name or not isinstance(value, Variable):
                continue
            for link in links[name]:
                assert isinstance(link.subject, Variable)
                assert isinstance(link.predicate, IriTerm)
                self._locate(link.subject.name, value)
                if len(links[name]) == 1 and _usual(link.predicate.value, path.value):
                    self.usual[value.name, link.subject.name] = [link, triple]
                    self._say(link)
                    self._say(triple)

    def _locate(self, thing: str, literal: Variable) -> None:
        self.located[literal.name].add(thing)
        self.asked[thing].located = True

    def _read_triple(self, triple: Triple) -> None:
        if not isinstance(triple.subject, Variable) or not isinstance(triple.predicate, IriTerm):
            return
        thing, predicate, value = triple.subject.name, triple.predicate.value, triple.object
        if predicate == f"{RDF}type" and isinstance(value, IriTerm):
            asked = self.asked[thing]
            asked.classes.append(value.value)
            asked.given.append((triple.start, triple.end))
            self._say(triple)
            return
        kind = self._kind_of.get(predicate)
        if kind is None:
            return  # nothing is asked of what is a geometry's node only
        asked = self.asked[thing]
        if isinstance(value, Variable):
            self.values[value.name].append((thing, predicate))
            asked.values.append(Has(predicate))
            self._say(triple)
            return
        term = constants.keyword(value)
        if kind == "keyword" and term is not None:
            self._take(thing, OneOfTerms(predicate, frozenset({term})), triple)
            asked.given.append((triple.start, triple.end))
            self._say(triple)
        else:
            asked.values.append(Has(predicate))

    def _take(self, thing: str, value: Constraint, node: Node) -> None:
        asked = self.asked[thing]
        asked.values.append(value)
        self._sharpen(asked, node)

    def _sharpen(self, asked: Asked, node: Node) -> None:
        asked.texts.append(self._text[node.start : node.end])
        asked.sharp = True

    # conditions

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
                else:
                    self._follow(left, operator, right)
            case In(Variable() as variable, choices, False):
                self._among(variable, choices, condition)
            case Call(function, (one, two)) if function in TOUCHING:
                self._touch(one, two, condition, function.removeprefix(GEOF))

    def _compare(
        self,
        variable: Variable,
        operator: str,
        constant: LiteralTerm | IriTerm,
        condition: Operation,
    ) -> None:
        for thing, predicate in self.values[variable.name]:
            kind = self._kind_of[predicate]
            if kind == "keyword":
                term = constants.keyword(constant)
                if operator == "=" and term is not None:
                    self._take(thing, OneOfTerms(predicate, frozenset({term})), condition)
                    self._say(condition)
                elif operator != "=":
                    between = constants.texts(predicate, operator, constant)
                    if between is not None:
                        self._take(thing, between, condition)
                        self._say(condition)
            elif isinstance(constant, LiteralTerm):
                found = constants.bounds(operator, constant, kind)
                if found is not None:
                    self._take(thing, Within(predicate, found.interval), condition)
                    if found.exact:
                        self._say(condition)

    def _among(
        self, variable: Variable, choices: Sequence[Expression | None], condition: In | Values
    ) -> None:
        """One of some constants; None is UNDEF, which is anything.

        Of numbers and times the index is asked for the stretch from the least to the greatest.
        """
        for thing, predicate in self.values[variable.name]:
            kind = self._kind_of[predicate]
            if kind != "keyword":
                stretch = constants.stretch(choices, kind)
                if stretch is not None:
                    self._take(thing, Within(predicate, stretch), condition)
        terms = [
            constants.keyword(choice) if isinstance(choice, LiteralTerm | IriTerm) else None
            for choice in choices
        ]
        known = [term for term in terms if term is not None]
        if len(known) < len(choices):
            return
        for thing, predicate in self.values[variable.name]:
            if self._kind_of[predicate] == "keyword":
                self._take(thing, OneOfTerms(predicate, frozenset(known)), condition)
                if isinstance(condition, In):
                    self._say(condition)

    def _touch(
        self, one: Expression, two: Expression, condition: Expression, function: str
    ) -> None:
        if isinstance(one, Variable) and isinstance(two, Variable):
            self._join(one, two, 0.0, condition)
            return
        for place, (variable, constant) in enumerate(((one, two), (two, one))):
            if isinstance(variable, Variable) and isinstance(constant, LiteralTerm):
                area = constants.place(constant.value, constant.datatype)
                if area is not None:
                    relation = _RELATION.get((function, place))
                    self._near(variable.name, Near(area, relation=relation), condition)
                    if relation is not None:
                        self._say(condition)
                        for thing in self.located[variable.name]:
                            if (variable.name, thing) in self.usual:
                                self.asked[thing].compared.append((condition.start, condition.end))

    def _apart(self, call: Call, bound: Expression, condition: Operation) -> None:
        """``geof:distance(?wkt, constant or variable, uom:metre) < number``."""
        if call.function != f"{GEOF}distance" or len(call.arguments) != 3:
            return
        one, two, unit = call.arguments
        if not (isinstance(unit, IriTerm) and unit.value == METRE):
            return
        found = constants.bounds("<=", bound, "number") if isinstance(bound, LiteralTerm) else None
        most = None if found is None else found.interval.high
        if most is None or not 0 <= most < 1e7:
            return
        metres = float(most) * 1.001 + 1
        if isinstance(one, Variable) and isinstance(two, Variable):
            self._join(one, two, metres, condition)
        for variable, constant in ((one, two), (two, one)):
            if isinstance(variable, Variable) and isinstance(constant, LiteralTerm):
                area = constants.place(constant.value, constant.datatype)
                if area is not None and constants.on_earth(area):
                    self._near(variable.name, Near(area, metres, relation=None), condition)

    def _near(self, literal: str, near: Near, condition: Expression) -> None:
        for thing in self.located[literal]:
            self.asked[thing].places.append(near)
            self._sharpen(self.asked[thing], condition)

    def _join(self, one: Variable, two: Variable, metres: float, condition: Node) -> None:
        text = self._text[condition.start : condition.end]
        self.joins += [
            Join(left, right, metres, text)
            for left in sorted(self.located[one.name])
            for right in sorted(self.located[two.name])
            if left != right
        ]

    def _follow(self, left: Expression, operator: str, right: Expression) -> None:
        """``?a < ?b``, with a duration added to or taken from either."""
        one, two = _shifted(left), _shifted(right)
        if one is None or two is None:
            return
        for (name, shift), (other, other_shift), sign in (
            (one, two, operator), (two, one, _TURNED[operator])
        ):  # fmt: skip
            for thing, predicate in self.values[name]:
                for other_thing, other_predicate in self.values[other]:
                    kinds = self._kind_of[predicate], self._kind_of[other_predicate]
                    if thing != other_thing and kinds == ("time", "time"):
                        self.later.append(
                            Later(thing, predicate, sign, other_thing, other_predicate,
                                  other_shift - shift)
                        )  # fmt: skip


def conjuncts(condition: Expression) -> Iterator[Expression]:
    """The parts that must all be true for the condition to be."""
    if isinstance(condition, Operation) and condition.operator == "&&":
        for operand in condition.operands:
            yield from conjuncts(operand)
    else:
        yield condition


def _node_name(term: Term) -> str:
    match term:
        case Variable(name):
            return name
        case BlankTerm(label):
            return f"_:{label}"
    return ""


def _usual(link: str, serialisation: str) -> bool:
    return link == f"{GEO}hasGeometry" and serialisation == f"{GEO}asWKT"


def _shifted(expression: Expression) -> tuple[str, int] | None:
    """A variable, and the microseconds that are added to it."""
    if isinstance(expression, Variable):
        return expression.name, 0
    match expression:
        case Operation("+" | "-" as sign, (Variable(name), LiteralTerm() as constant)):
            micros = constants.duration(constant)
            return None if micros is None else (name, micros if sign == "+" else -micros)
    return None
