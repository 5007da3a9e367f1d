"""Which rows of the index a change of the graph may change.

The lines tell: a row is made of the indexed properties of a thing, of its classes and of
its geometries.  A class alone makes no row, so what only gets a class matters where the
index has the thing already.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from dafab_kg.spatial.index.assembly import OF_GEOMETRY, SERIALISATIONS, TYPE
from dafab_kg.spatial.index.schema import Schema
from dafab_kg.spatial.index.words import NAMING

_LINKS: Final = frozenset(OF_GEOMETRY)
_OF_NODES: Final = frozenset(SERIALISATIONS)


@dataclass
class Touched:
    """IRIs of things: ``things`` whose rows may change, ``nodes`` among them that may be the
    geometry of others, and ``typed``, of which only a class changes."""

    things: set[str] = field(default_factory=set)
    nodes: set[str] = field(default_factory=set)
    typed: set[str] = field(default_factory=set)

    def __bool__(self) -> bool:
        return bool(self.things or self.typed)

    def without(self, other: Touched) -> Touched:
        """What the other does not say yet."""
        return Touched(
            self.things - other.things,
            self.nodes - other.nodes,
            self.typed - other.typed - other.things - self.things,
        )

    def add(self, other: Touched) -> None:
        """Take in what another says."""
        self.things |= other.things
        self.nodes |= other.nodes
        self.typed |= other.typed
        self.typed -= self.things

    def clear(self) -> None:
        """Forget all."""
        self.things.clear()
        self.nodes.clear()
        self.typed.clear()


def predicates_of(schema: Schema) -> frozenset[str]:
    """The predicates whose lines may change a row, or a name, of their subject."""
    return frozenset((*schema.properties, *OF_GEOMETRY, *SERIALISATIONS, *NAMING))


def touched_by(nquads: str, predicates: frozenset[str]) -> Touched:
    """What N-Quads lines touch that are about to come or to go."""
    found = Touched()
    for line in nquads.split("\n"):
        subject, _, rest = line.partition("> <")
        if subject[:1] != "<":
            continue
        predicate, _, value = rest.partition("> ")
        if predicate in predicates:
            found.things.add(subject[1:])
            if predicate in _OF_NODES:
                found.nodes.add(subject[1:])
            elif predicate in _LINKS and value[:1] == "<":
                node = value[1:].partition(">")[0]
                found.things.add(node)
                found.nodes.add(node)
        elif predicate == TYPE:
            found.typed.add(subject[1:])
    found.typed -= found.things
    return found
