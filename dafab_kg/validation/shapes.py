"""Shapes as plain values: what a shapes graph says, once it is understood."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final, Literal

from dafab_kg.store.protocol import Iri, Term
from dafab_kg.store.protocol import Literal as LiteralTerm

SH: Final = "http://www.w3.org/ns/shacl#"

TargetKind = Literal["class", "node", "subjects", "objects"]
PairKind = Literal["equals", "disjoint", "lessThan", "lessThanOrEquals"]
LogicKind = Literal["and", "or", "xone", "not", "node", "property"]


@dataclass(frozen=True)
class Target:
    """Which nodes a shape judges (SHACL section 2.1.3)."""

    kind: TargetKind
    term: Term


@dataclass(frozen=True)
class Path:
    """A property path: ``text`` as SPARQL, ``node`` as it stands in the shapes graph.

    ``with_self`` tells whether a node is among its own values (a path of length zero).
    """

    text: str
    node: Term
    with_self: bool = False

    @property
    def is_predicate(self) -> bool:
        """Whether it is one predicate, which gives no value twice."""
        return isinstance(self.node, Iri)


@dataclass(frozen=True)
class ValueConstraint:
    """A constraint on each value by itself.

    ``accepts`` is a SPARQL expression over ``{value}`` that is true for no value
    that breaks it; ``holds`` decides the others.
    """

    component: str
    accepts: str
    holds: Callable[[Term], bool] = field(compare=False)


@dataclass(frozen=True)
class ClassConstraint:
    """``sh:class``."""

    iri: str
    component: str = "Class"


@dataclass(frozen=True)
class CountConstraint:
    """``sh:minCount`` or ``sh:maxCount``."""

    component: Literal["MinCount", "MaxCount"]
    number: int


@dataclass(frozen=True)
class HasValue:
    """``sh:hasValue``."""

    term: Term
    component: str = "HasValue"


@dataclass(frozen=True)
class PairConstraint:
    """A constraint between the values of the path and those of another property.

    ``predicate`` is its IRI as SPARQL writes it.
    """

    kind: PairKind
    predicate: str

    @property
    def component(self) -> str:
        """Name of the constraint component."""
        return self.kind[0].upper() + self.kind[1:]


@dataclass(frozen=True)
class UniqueLang:
    """``sh:uniqueLang true``."""

    component: str = "UniqueLang"


@dataclass(frozen=True)
class Closed:
    """``sh:closed true``, with the properties that are allowed."""

    allowed: tuple[str, ...]
    component: str = "Closed"


@dataclass(frozen=True)
class LogicConstraint:
    """A constraint of shapes on each value: how many of ``members`` must hold."""

    kind: LogicKind
    members: tuple[Term, ...]

    @property
    def component(self) -> str:
        """Name of the constraint component."""
        return self.kind[0].upper() + self.kind[1:]


@dataclass(frozen=True)
class Qualified:
    """``sh:qualifiedValueShape`` with its bounds; ``siblings`` must not hold for its values."""

    shape: Term
    least: int | None
    most: int | None
    siblings: tuple[Term, ...] = ()
    component: str = "Qualified"


@dataclass(frozen=True)
class SparqlConstraint:
    """``sh:sparql``: a SELECT that yields what breaks it."""

    select: str
    node: Term
    messages: tuple[LiteralTerm, ...] = ()
    component: str = "SPARQL"


Constraint = (
    ValueConstraint
    | ClassConstraint
    | CountConstraint
    | HasValue
    | PairConstraint
    | UniqueLang
    | Closed
    | LogicConstraint
    | Qualified
    | SparqlConstraint
)


@dataclass(frozen=True)
class Shape:
    """A node shape, or a property shape if there is a ``path``.

    ``properties`` are the property shapes that its values must conform to.
    """

    node: Term
    path: Path | None
    constraints: tuple[Constraint, ...]
    properties: tuple[Term, ...]
    severity: str
    messages: tuple[LiteralTerm, ...]
    deactivated: bool


@dataclass(frozen=True)
class Root:
    """A shape with targets."""

    shape: Term
    targets: tuple[Target, ...]


@dataclass(frozen=True)
class Shapes:
    """All shapes of a shapes graph.

    ``foreign`` are the shapes with targets that are not understood, each with the
    reason: another engine must judge by them.
    """

    by_node: dict[Term, Shape]
    roots: tuple[Root, ...]
    foreign: dict[Term, str]
