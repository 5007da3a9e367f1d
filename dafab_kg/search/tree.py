"""The tree that every search language is read into: values, nothing that acts.

A node is a test of one item.  Its truth is one of three: true, false, unknown
(``None``), and ``And``, ``Or``, ``Not`` join them as SQL does.  An item is found
where the whole is true.

The value that a test looks at stands at a *path* in the item's JSON:
``("properties", "eo:cloud_cover")``, ``("bbox", 0)``, ``("id",)``.  A test is
unknown where

- there is nothing at the path (but see ``IsNull``), or a JSON null;
- the value there is of another kind than the one it is compared with.  Kinds are
  text, number, truth value, array and object.  An :data:`Instant` is compared
  with texts that are RFC 3339 date-times or dates.

Texts are equal, and ordered, by code points.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal

__all__ = [
    "COMPARISONS",
    "DATETIME",
    "END",
    "GEOMETRY",
    "ITEM_TIME",
    "START",
    "Among",
    "And",
    "Compare",
    "Contains",
    "Folding",
    "Instant",
    "IsEmpty",
    "IsNull",
    "Like",
    "Mentions",
    "Node",
    "Not",
    "Operator",
    "Or",
    "Path",
    "Related",
    "Scalar",
    "Search",
    "Side",
    "Sort",
    "Spatial",
    "SpatialRelation",
    "Temporal",
    "TemporalRelation",
    "Value",
    "Within",
]

Path = tuple[str | int, ...]
"""A place in an item's JSON: names of members and positions in arrays (from 0)."""

Instant = datetime
"""A moment; always with a time zone."""

Scalar = str | int | float | bool
Value = Scalar | Instant

Operator = Literal["=", "<>", "<", "<=", ">", ">="]
COMPARISONS: Final[tuple[Operator, ...]] = ("=", "<>", "<", "<=", ">", ">=")

Folding = Literal["", "case", "accents", "both"]
"""What texts are freed of on both sides before they are compared.

``case``: Unicode default case folding; ``accents``: canonical decomposition (NFD)
without the marks (category Mn).
"""

SpatialRelation = Literal[
    "intersects", "disjoint", "equals", "touches", "crosses", "within", "contains", "overlaps"
]

TemporalRelation = Literal[
    "after",
    "before",
    "contains",
    "disjoint",
    "during",
    "equals",
    "finishedBy",
    "finishes",
    "intersects",
    "meets",
    "metBy",
    "overlappedBy",
    "overlaps",
    "startedBy",
    "starts",
]
"""Allen's relations and two unions of them, as CQL2 names them (OGC 21-065r2, 7.8)."""

DATETIME: Final[Path] = ("properties", "datetime")
START: Final[Path] = ("properties", "start_datetime")
END: Final[Path] = ("properties", "end_datetime")
GEOMETRY: Final[Path] = ("geometry",)

ITEM_TIME: Final[Path] = ()
"""Stands for an item's own time, see :class:`Temporal`."""


@dataclass(frozen=True, slots=True)
class Compare:
    """The value at ``path`` compared with ``value``; ``folding`` only with texts."""

    path: Path
    operator: Operator
    value: Value
    folding: Folding = ""


@dataclass(frozen=True, slots=True)
class Among:
    """The value at ``path`` is one of ``values``.

    As ``=`` with each, joined by or: unknown where all values are of other kinds.
    """

    path: Path
    values: tuple[Value, ...]
    folding: Folding = ""


@dataclass(frozen=True, slots=True)
class Like:
    """The whole text at ``path`` fits ``pattern``.

    ``pattern`` is a tuple of texts as they are and ``None`` for any run of
    characters and ``1`` for any one character.
    """

    path: Path
    pattern: tuple[str | Literal[1] | None, ...]
    folding: Folding = ""


@dataclass(frozen=True, slots=True)
class IsNull:
    """A JSON null stands at ``path``; false where another value stands there.

    Where there is nothing: true if ``missing_is_null`` (CQL2), else unknown (DaFab).
    """

    path: Path
    missing_is_null: bool = True


@dataclass(frozen=True, slots=True)
class Contains:
    """The array at ``path`` has every one of ``values``, or (``every`` false) any of them.

    Instants are not among the values.
    """

    path: Path
    values: tuple[Scalar, ...]
    every: bool


@dataclass(frozen=True, slots=True)
class Within:
    """Each element of the array at ``path`` is one of ``values`` (CQL2's A_CONTAINEDBY)."""

    path: Path
    values: tuple[Scalar, ...]


@dataclass(frozen=True, slots=True)
class IsEmpty:
    """The array at ``path`` has no element."""

    path: Path


@dataclass(frozen=True, slots=True)
class Mentions:
    """A text of the item, or of its collection, holds any of ``terms``, each words in a row.

    ``collections`` are those whose own texts do (found out where the search is answered).
    Which texts and what words are is said in :mod:`dafab_kg.model.words`.  Never unknown.
    """

    terms: tuple[tuple[str, ...], ...]
    collections: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class And:
    """All ``parts`` hold; with no part: true."""

    parts: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Or:
    """Any of ``parts`` holds; with no part: false."""

    parts: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Not:
    """``part`` does not hold; unknown stays unknown."""

    part: Node


@dataclass(frozen=True, slots=True)
class Spatial:
    """The geometry of the item (first operand) and a constant stand in ``relation``.

    ``geometry`` is WKB, longitude and latitude on WGS 84, without a height.  The
    relations are those of Simple Features on the plane of longitude and latitude.
    Unknown where the item has no geometry.
    """

    relation: SpatialRelation
    geometry: bytes
    path: Path = GEOMETRY


@dataclass(frozen=True, slots=True)
class Temporal:
    """A time of the item (first operand) and the constant ``start`` to ``end`` are in ``relation``.

    The item's time is the moment at ``path``, or reaches from it to ``until``.
    ``ITEM_TIME`` (the default) stands for what STAC calls an item's time:
    ``start_datetime`` to ``end_datetime`` where it has both, else ``datetime``.
    ``None`` as ``start`` or ``end``: without bound.  A moment is an interval whose
    ends are equal; ends belong to an interval.  Unknown where a time is missing.
    """

    relation: TemporalRelation
    start: Instant | None
    end: Instant | None
    path: Path = ITEM_TIME
    until: Path | None = None


Side = Literal["ancestor", "descendant"]


@dataclass(frozen=True, slots=True)
class Related:
    """``part`` is true of one and the same ancestor (or descendant) of the item.

    False where it is true of none.  Ancestors are the items that the product is
    derived from, at any distance, their collections and its own.  Descendants are
    the items of products that are derived from the item's, at any distance.
    """

    side: Side
    part: Node


Node = (
    Compare
    | Among
    | Like
    | IsNull
    | Contains
    | Within
    | IsEmpty
    | Mentions
    | And
    | Or
    | Not
    | Spatial
    | Temporal
    | Related
)


@dataclass(frozen=True, slots=True)
class Sort:
    """Order by the value at ``path``; items without one come last, in both directions."""

    path: Path
    descending: bool = False


@dataclass(frozen=True, slots=True)
class Search:
    """What a face asks for.

    ``filter`` None: every item.  ``collections`` and ``ids`` empty: any.  ``after`` is the
    opaque cursor of the page before.  ``count`` asks for the number of all
    that is found.  ``include`` and ``exclude`` name members of the items to
    deliver (STAC's fields), each a way of names; both empty: items as they are.
    ``inferred``: properties that follow by the ontology are added to them.
    """

    filter: Node | None = None
    collections: tuple[str, ...] = ()
    ids: tuple[str, ...] = ()
    sort: tuple[Sort, ...] = ()
    limit: int = 10
    after: str | None = None
    count: bool = False
    include: tuple[tuple[str, ...], ...] = ()
    exclude: tuple[tuple[str, ...], ...] = ()
    inferred: bool = False
