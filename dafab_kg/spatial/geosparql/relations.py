"""Topological relations: Simple Features, Egenhofer, RCC8 and ``relate``.

Sections 9.3 to 9.5 define them by patterns of the DE-9IM.  Egenhofer and RCC8 follow their
tables letter by letter.  Of Simple Features, three rows are no use as they stand, and what
ISO 19125-1 (6.1.15) says in words holds: the pattern of ``sfEquals`` is never true of points,
``sfIntersects`` has the row of ``sfTouches``, and empty geometries are equal as sets.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, Final

from shapely.geometry.base import BaseGeometry

from dafab_kg.model.errors import ArgumentNotValid
from dafab_kg.spatial.geosparql.geometry import Geometry

Relation = Callable[[Geometry, Geometry], bool]

# Each relation with the predicate of GEOS that decides it, and the one that decides it with the
# arguments exchanged (for when only the second is prepared).  The methods of a shape are five
# times as fast as shapely's functions, which are made for arrays.
_SIMPLE: Final = {
    "sfEquals": ("equals", "equals"),
    "sfDisjoint": ("disjoint", "disjoint"),
    "sfIntersects": ("intersects", "intersects"),
    "sfTouches": ("touches", "touches"),
    "sfCrosses": ("crosses", "crosses"),
    "sfWithin": ("within", "contains"),
    "sfContains": ("contains", "within"),
    "sfOverlaps": ("overlaps", "overlaps"),
}
_PATTERNS: Final = {
    "ehEquals": ("TFFFTFFFT",),
    "ehDisjoint": ("FF*FF****",),
    "ehMeet": ("FT*******", "F**T*****", "F***T****"),
    "ehOverlap": ("T*T***T**",),
    "ehCovers": ("T*TFT*FF*",),
    "ehCoveredBy": ("TFF*TFT**",),
    "ehInside": ("TFF*FFT**",),
    "ehContains": ("T*TFF*FF*",),
    "rcc8eq": ("TFFFTFFFT",),
    "rcc8dc": ("FFTFFTTTT",),
    "rcc8ec": ("FFTFTTTTT",),
    "rcc8po": ("TTTTTTTTT",),
    "rcc8tppi": ("TTTFTTFFT",),
    "rcc8tpp": ("TFFTTFTTT",),
    "rcc8ntpp": ("TFFTFFTTT",),
    "rcc8ntppi": ("TTTFFTFFT",),
}
_PATTERN: Final = re.compile(r"[TF*012]{9}\Z", re.IGNORECASE)


def _by_predicate(straight: str, exchanged: str) -> Relation:
    ask = _method(straight)
    ask_exchanged = _method(exchanged)

    def relation(one: Geometry, other: Geometry) -> bool:
        # In the CRS of the first, as the standard says.
        second = other.shape_in(one.crs)
        if not one.prepare() and second is other.shape and other.prepare():
            return ask_exchanged(second, one.shape)
        return ask(one.shape, second)

    return relation


def _method(name: str) -> Callable[[BaseGeometry, BaseGeometry], bool]:
    method: Callable[[BaseGeometry, BaseGeometry], Any] = getattr(BaseGeometry, name)
    return lambda one, other: bool(method(one, other))


def _by_pattern(patterns: tuple[str, ...]) -> Relation:
    def relation(one: Geometry, other: Geometry) -> bool:
        matrix = one.shape.relate(other.shape_in(one.crs))
        return any(matches(matrix, pattern) for pattern in patterns)

    return relation


def matches(matrix: str, pattern: str) -> bool:
    """Tell whether a DE-9IM matrix is one that a pattern accepts."""
    return all(
        wanted in ("*", cell) or (wanted == "T" and cell != "F")
        for cell, wanted in zip(matrix, pattern, strict=True)
    )


RELATIONS: Final[dict[str, Relation]] = {
    **{name: _by_predicate(*predicates) for name, predicates in _SIMPLE.items()},
    **{name: _by_pattern(patterns) for name, patterns in _PATTERNS.items()},
}
"""Each relation by its local name, the same for property and function."""


def relate(one: Geometry, other: Geometry, pattern: str) -> bool:
    """Tell whether the two lie to each other as a DE-9IM pattern says.

    Raises:
        ArgumentNotValid: the pattern is not nine of ``T F * 0 1 2``.
    """
    if not _PATTERN.match(pattern):
        raise ArgumentNotValid(f"{pattern[:20]!r} is no DE-9IM pattern: nine of T F * 0 1 2")
    return matches(one.shape.relate(other.shape_in(one.crs)), pattern.upper())
