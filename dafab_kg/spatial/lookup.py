"""What rewriting asks of a search index, in plain values.

A row of the index stands for one thing of the graph (its IRI) and holds, of the default
graph and the inferred one together: its classes, the bounding boxes of its geometries in
CRS84 (degrees, longitude first; two boxes where it crosses the antimeridian), and the
values of the properties that the ontology annotates with ``dafab:indexed``.  A geometry
node of a feature has no row of its own: its place is that of the feature.

A look-up may answer with too many rows, never with too few: a query keeps its own
filters.  Where an answer is exact, it says so.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Protocol
from typing import Literal as OneOf

import numpy as np
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

Rows = Sequence[int] | NDArray[np.integer[Any]]
"""Numbers of rows."""

Kind = OneOf["number", "time", "keyword"]
"""number: any XSD numeric type, as float64; time: xsd:dateTime or xsd:date, as int64
microseconds since 1970 UTC; keyword: any term, compared as a whole."""


Relation = OneOf["intersects", "within", "contains"]


@dataclass(frozen=True)
class Interval:
    """Bounds of a number, or of a time in microseconds since 1970 UTC; None: no bound."""

    low: float | int | None = None
    high: float | int | None = None
    low_open: bool = False
    high_open: bool = False


@dataclass(frozen=True)
class Within:
    """A constraint on a property's value: inside the interval (number or time)."""

    property: str
    interval: Interval


@dataclass(frozen=True)
class WithinTexts:
    """A constraint on a property's value: a plain text between two, by code points.

    The bounds are in N-Triples and hold no character below ``#`` and no backslash within
    their quotes, so that terms as they are written have the order of the texts.
    """

    property: str
    low: str | None = None
    high: str | None = None
    low_open: bool = False
    high_open: bool = False


@dataclass(frozen=True)
class OneOfTerms:
    """A constraint on a property's value: one of these terms, each in N-Triples."""

    property: str
    terms: frozenset[str]


@dataclass(frozen=True)
class Has:
    """A constraint: the property has any value."""

    property: str


Constraint = Within | WithinTexts | OneOfTerms | Has


@dataclass(frozen=True)
class Near:
    """A constraint on place: at most ``metres`` between the thing and ``area`` (0: they touch).

    ``area`` is in CRS84.  ``relation`` is compared by true geometries: the thing intersects
    the area, is within it or contains it; None: boxes have to do.
    """

    area: BaseGeometry
    metres: float = 0.0
    relation: Relation | None = "intersects"


@dataclass(frozen=True)
class Wanted:
    """What one thing must fulfil, all of it; ``classes``: at least one of them, if any.

    Classes alone are no wish: a thing with nothing that is indexed has no row.
    """

    classes: frozenset[str] = frozenset()
    place: Near | None = None
    located: bool = False
    values: tuple[Constraint, ...] = ()


@dataclass(frozen=True)
class Found:
    """Things found: their row numbers in this state of the index, and what can be said of them.

    ``exact``: these are the things that fulfil all constraints, no more.  ``alone``: where
    a place was asked for, each has one geometry only, as geo:hasGeometry/geo:asWKT.
    """

    rows: Rows
    exact: bool
    alone: bool = False

    def __len__(self) -> int:
        return len(self.rows)


@dataclass(frozen=True)
class Nearby:
    """Every thing with a geometry at most ``within`` away, or with one whose distance is not
    known; maybe others.  ``sure``: no others, and each has that geometry alone."""

    rows: Rows
    within: float
    sure: bool

    def __len__(self) -> int:
        return len(self.rows)


class Lookup(Protocol):
    """A state of the index; it does not change while it is used."""

    @property
    def commit(self) -> str:
        """Names the state of the graph that the rows reflect."""
        ...

    def kind(self, property: str) -> Kind | None:
        """How a property is indexed; None: it is not."""
        ...

    def find(self, wanted: Wanted, *, most: int | None = None) -> Found | None:
        """Find the things that fulfil ``wanted``; None: there may be more than ``most``."""
        ...

    def estimate(self, wanted: Wanted) -> int:
        """How many things fulfil ``wanted`` at most, roughly, and told fast."""
        ...

    def count(self, wanted: Wanted) -> int | None:
        """How many things fulfil ``wanted``, exactly; None: only the graph can tell."""
        ...

    def top(
        self, wanted: Wanted, property: str, *, descending: bool, start: int, count: int
    ) -> Found | None:
        """Things ``start`` to ``start + count`` in order of a property's value, or of their
        own IRIs ("").

        Ties at the end are all included, so that there may be more rows than asked for.
        Only things with exactly one value; None: the order cannot be told from the index.
        """
        ...

    def nearest(
        self, wanted: Wanted, to: BaseGeometry, *, count: int, metres: bool = False
    ) -> Nearby | None:
        """At least ``count`` things near ``to``, by the distance that geof:distance gives in
        degrees or metres; None: it cannot be told."""
        ...

    def single(self, property: str) -> bool:
        """Whether each thing has one value of a property at most."""
        ...

    @property
    def singly_placed(self) -> bool:
        """Whether each located thing has one geometry, as geo:hasGeometry/geo:asWKT."""
        ...

    def extent(self, rows: Rows, property: str) -> Interval | None:
        """The least and the greatest value of a property that any of some things has, where
        all are exact; None: it cannot be told."""
        ...

    def pairs(
        self, left: Wanted, right: Wanted, *, metres: float = 0.0, most: int
    ) -> tuple[Rows, Rows] | None:
        """Row numbers of all pairs that touch, or lie within ``metres``; None: over ``most``."""
        ...

    def iris(self, rows: Rows) -> list[str]:
        """The IRIs of rows."""
        ...

    def search(self, words: str, *, limit: int) -> Iterator[tuple[str, str]]:
        """Things by IRI, product id, DID, label or place name: (IRI, the text that matched),
        the best first."""
        ...
