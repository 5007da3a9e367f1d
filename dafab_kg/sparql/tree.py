"""What a SPARQL text says, as plain values; each knows where it stands in the text.

Two nodes are equal where they say the same, wherever they stand.  The names follow
the grammar of SPARQL 1.1 (section 19.8).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, fields
from typing import Any, Final, Literal

XSD: Final = "http://www.w3.org/2001/XMLSchema#"
RDF: Final = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"


@dataclass(frozen=True, slots=True)
class Node:
    """Anything of a query: the text's characters ``start`` to ``end`` (not included) say it."""

    start: int = field(kw_only=True, compare=False)
    end: int = field(kw_only=True, compare=False)


# Terms


@dataclass(frozen=True, slots=True)
class Variable(Node):
    """``?name``."""

    name: str


@dataclass(frozen=True, slots=True)
class IriTerm(Node):
    """An IRI, absolute: prefix and base are resolved."""

    value: str


@dataclass(frozen=True, slots=True)
class LiteralTerm(Node):
    """A literal; ``datatype`` is an IRI, ``language`` a tag as written, or ""."""

    value: str
    datatype: str = f"{XSD}string"
    language: str = ""


@dataclass(frozen=True, slots=True)
class BlankTerm(Node):
    """A blank node: a variable that cannot be asked for.

    ``label`` is as written after ``_:``; that of ``[]`` and ``()`` begins with a bracket.
    """

    label: str


Term = Variable | IriTerm | LiteralTerm | BlankTerm

# Paths


@dataclass(frozen=True, slots=True)
class InversePath(Node):
    """``^path``."""

    path: Path


@dataclass(frozen=True, slots=True)
class SequencePath(Node):
    """``path/path/...``."""

    paths: tuple[Path, ...]


@dataclass(frozen=True, slots=True)
class AlternativePath(Node):
    """``path|path|...``."""

    paths: tuple[Path, ...]


@dataclass(frozen=True, slots=True)
class RepeatedPath(Node):
    """``path*``, ``path+`` or ``path?``."""

    path: Path
    how: Literal["*", "+", "?"]


@dataclass(frozen=True, slots=True)
class NegatedPath(Node):
    """``!(iri|^iri|...)``."""

    forward: tuple[IriTerm, ...]
    inverse: tuple[IriTerm, ...]


Path = IriTerm | InversePath | SequencePath | AlternativePath | RepeatedPath | NegatedPath

# Expressions


@dataclass(frozen=True, slots=True)
class Operation(Node):
    """An operator on its operands: ``||`` and ``&&`` on two or more, ``!`` and a unary
    ``-`` or ``+`` on one, the others on two."""

    operator: str
    operands: tuple[Expression, ...]


@dataclass(frozen=True, slots=True)
class In(Node):
    """``operand IN (choices)``, or NOT IN."""

    operand: Expression
    choices: tuple[Expression, ...]
    negated: bool


@dataclass(frozen=True, slots=True)
class Call(Node):
    """A function named by an IRI."""

    function: str
    arguments: tuple[Expression, ...]
    distinct: bool = False


@dataclass(frozen=True, slots=True)
class BuiltIn(Node):
    """A function named by a keyword, in capitals."""

    name: str
    arguments: tuple[Expression, ...]


@dataclass(frozen=True, slots=True)
class Aggregate(Node):
    """``COUNT(DISTINCT ?x)`` and the like; ``argument`` None: ``*``."""

    name: str
    argument: Expression | None
    distinct: bool
    separator: str | None = None


@dataclass(frozen=True, slots=True)
class Exists(Node):
    """``EXISTS {...}`` or ``NOT EXISTS {...}``."""

    group: Group
    negated: bool


Expression = Term | Operation | In | Call | BuiltIn | Aggregate | Exists

# Patterns


@dataclass(frozen=True, slots=True)
class Triple(Node):
    """A triple pattern or path pattern; those of ``[...]`` and ``(...)`` are written out."""

    subject: Term
    predicate: Variable | Path
    object: Term


@dataclass(frozen=True, slots=True)
class Group(Node):
    """``{...}``; ``start`` is the opening bracket's place."""

    elements: tuple[Element, ...]


@dataclass(frozen=True, slots=True)
class Optional(Node):
    """``OPTIONAL {...}``."""

    group: Group


@dataclass(frozen=True, slots=True)
class Union(Node):
    """``{...} UNION {...} ...``; two groups or more."""

    groups: tuple[Group, ...]


@dataclass(frozen=True, slots=True)
class Minus(Node):
    """``MINUS {...}``."""

    group: Group


@dataclass(frozen=True, slots=True)
class Lateral(Node):
    """``LATERAL {...}`` (SEP-0006): the group is answered once for each row before it."""

    group: Group


@dataclass(frozen=True, slots=True)
class GraphPattern(Node):
    """``GRAPH name {...}``."""

    name: Variable | IriTerm
    group: Group


@dataclass(frozen=True, slots=True)
class Service(Node):
    """``SERVICE name {...}``."""

    name: Variable | IriTerm
    group: Group
    silent: bool


@dataclass(frozen=True, slots=True)
class Filter(Node):
    """``FILTER condition``."""

    condition: Expression


@dataclass(frozen=True, slots=True)
class Bind(Node):
    """``BIND (expression AS ?variable)``."""

    expression: Expression
    variable: Variable


@dataclass(frozen=True, slots=True)
class Values(Node):
    """``VALUES``; None: UNDEF."""

    variables: tuple[Variable, ...]
    rows: tuple[tuple[Term | None, ...], ...]


@dataclass(frozen=True, slots=True)
class SubSelect(Node):
    """A SELECT as the whole of a group."""

    query: Query


Element = (
    Triple
    | Group
    | Optional
    | Union
    | Minus
    | Lateral
    | GraphPattern
    | Service
    | Filter
    | Bind
    | Values
    | SubSelect
)

# Queries


@dataclass(frozen=True, slots=True)
class Projected(Node):
    """``?variable`` or ``(expression AS ?variable)``."""

    variable: Variable
    expression: Expression | None = None


@dataclass(frozen=True, slots=True)
class Grouping(Node):
    """One condition of GROUP BY."""

    expression: Expression
    variable: Variable | None = None


@dataclass(frozen=True, slots=True)
class Ordering(Node):
    """One condition of ORDER BY."""

    expression: Expression
    descending: bool


@dataclass(frozen=True, slots=True)
class Query(Node):
    """A query, or a sub-select.

    ``projection`` holds what SELECT asks for (none where ``star``), ``described`` what
    DESCRIBE names, ``template`` what CONSTRUCT makes.  ``dataset`` and ``named`` are the
    IRIs of FROM and FROM NAMED.
    """

    form: Literal["SELECT", "CONSTRUCT", "DESCRIBE", "ASK"]
    where: Group | None
    projection: tuple[Projected, ...] = ()
    star: bool = False
    distinct: bool = False
    reduced: bool = False
    described: tuple[Variable | IriTerm, ...] = ()
    template: tuple[Triple, ...] = ()
    dataset: tuple[IriTerm, ...] = ()
    named: tuple[IriTerm, ...] = ()
    group_by: tuple[Grouping, ...] = ()
    having: tuple[Expression, ...] = ()
    order_by: tuple[Ordering, ...] = ()
    limit: int | None = None
    offset: int | None = None
    values: Values | None = None
    prefixes: Mapping[str, str] = field(default_factory=dict, compare=False)
    base: str | None = field(default=None, compare=False)


# Updates


@dataclass(frozen=True, slots=True)
class Quads(Node):
    """Triples of one graph in a template or data; ``graph`` None: the default graph."""

    graph: Variable | IriTerm | None
    triples: tuple[Triple, ...]


@dataclass(frozen=True, slots=True)
class Data(Node):
    """``INSERT DATA`` or ``DELETE DATA``."""

    inserted: bool
    quads: tuple[Quads, ...]


@dataclass(frozen=True, slots=True)
class Modify(Node):
    """``WITH ... DELETE ... INSERT ... USING ... WHERE``.

    ``DELETE WHERE {...}`` is one that deletes and asks for the same quads: ``where`` is None.
    """

    deleted: tuple[Quads, ...]
    inserted: tuple[Quads, ...]
    where: Group | None
    with_graph: IriTerm | None = None
    using: tuple[IriTerm, ...] = ()
    using_named: tuple[IriTerm, ...] = ()


@dataclass(frozen=True, slots=True)
class Load(Node):
    """``LOAD source INTO GRAPH graph``."""

    source: IriTerm
    graph: IriTerm | None
    silent: bool


@dataclass(frozen=True, slots=True)
class OnGraph(Node):
    """``CLEAR``, ``DROP`` or ``CREATE``: of a graph, or of DEFAULT, NAMED or ALL."""

    action: Literal["CLEAR", "DROP", "CREATE"]
    graph: IriTerm | Literal["DEFAULT", "NAMED", "ALL"]
    silent: bool


@dataclass(frozen=True, slots=True)
class Transfer(Node):
    """``ADD``, ``MOVE`` or ``COPY``; None: the default graph."""

    action: Literal["ADD", "MOVE", "COPY"]
    source: IriTerm | None
    target: IriTerm | None
    silent: bool


Operations = Data | Modify | Load | OnGraph | Transfer


@dataclass(frozen=True, slots=True)
class Update(Node):
    """The operations of a SPARQL update, in their order."""

    operations: tuple[Operations, ...]


_MEMBERS: Final[dict[type[Any], tuple[str, ...]]] = {}
"""The names of the members of each kind of node that was met."""


def children(node: Node) -> Iterator[Node]:
    """The nodes that a node is made of."""
    kind = type(node)
    names = _MEMBERS.get(kind)
    if names is None:
        names = _MEMBERS[kind] = tuple(each.name for each in fields(node))
    for name in names:
        value = getattr(node, name)
        if isinstance(value, Node):
            yield value
        elif isinstance(value, tuple):
            for part in value:
                if isinstance(part, Node):
                    yield part
                elif isinstance(part, tuple):  # a row of VALUES
                    yield from (cell for cell in part if isinstance(cell, Node))


def walk(node: Node) -> Iterator[Node]:
    """A node and all that it is made of, in the order of the text where the grammar has it."""
    waiting = [node]
    while waiting:
        current = waiting.pop()
        yield current
        waiting.extend(reversed(list(children(current))))
