"""Rule ``event-match/1``: when two reports may tell of one event by kind, place and time.

Why these figures: docs/decisions/event-matching.md.  Whoever changes a figure
changes the version, since the version stands in every match.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final

import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

from dafab_kg.ingest.event_matching.reports import Box, Interval, Report

RULE_VERSION: Final = "event-match/1"

IDENTIFIER_RANK: Final = (
    "glide", "emdat", "ibtracs", "hurdat2", "usgs", "gdacs", "ems", "charter",
)  # fmt: skip
"""Schemes from the one that names an event first to the last; ``monty`` comes after all."""

CORRELATION: Final = "monty"
"""Scheme whose ids are computed from date, country and kind, so that one event may have two."""

SOURCE_RANK: Final = (
    "ems", "charter", "usgs", "ibtracs", "hurdat2", "glide", "gdacs", "emdat",
)  # fmt: skip
"""Sources whose word on place and name goes first; others follow by name, posts last."""

EARTH_RADIUS: Final = 6371.0088  # km, mean
KM_PER_DEGREE: Final = EARTH_RADIUS * math.pi / 180


@dataclass(frozen=True, slots=True)
class Allowance:
    """How far apart two reports of one event may be.

    ``hours`` is the greatest gap between their times where the places touch, ``km``
    the greatest distance between their places where the times touch; of both, the
    parts used up may add to one.  ``widest`` is the greatest diagonal in km of an area
    that still tells where an event was.
    """

    hours: float
    km: float
    widest: float


ALLOWANCES: Final[dict[str, Allowance]] = {
    "earthquakeHazard": Allowance(2, 150, 1000),
    "tsunamiHazard": Allowance(12, 500, 5000),
    "volcanicActivityHazard": Allowance(14 * 24, 50, 300),
    "massMovementHazard": Allowance(3 * 24, 30, 300),
    "floodHazard": Allowance(7 * 24, 200, 1500),
    "stormHazard": Allowance(2 * 24, 200, 1500),
    "tropicalCycloneHazard": Allowance(3 * 24, 400, 10000),
    "wildfireHazard": Allowance(5 * 24, 40, 500),
    "droughtHazard": Allowance(90 * 24, 500, 3000),
    "heatwaveHazard": Allowance(7 * 24, 500, 3000),
    "coldWaveHazard": Allowance(7 * 24, 500, 3000),
}
"""By concept of ``ontology/hazards.ttl``; a narrower concept has that of the nearest broader."""

OTHERWISE: Final = Allowance(2 * 24, 50, 500)


@dataclass(frozen=True)
class Hazards:
    """Which concept of hazards is broader than which."""

    broader: Mapping[str, frozenset[str]] = field(default_factory=dict)

    def lineage(self, hazard: str) -> tuple[str, ...]:
        """The concept and all that are broader, the nearest first."""
        found, layer = [hazard], [hazard]
        while layer:
            layer = sorted({up for one in layer for up in self.broader.get(one, ())} - set(found))
            found += layer
        return tuple(found)

    def compatible(self, one: str, other: str) -> bool:
        """Tell whether both are the same concept, or one is broader than the other."""
        return one in self.lineage(other) or other in self.lineage(one)

    def allowance(self, hazard: str) -> Allowance:
        """Return the allowance of a concept."""
        return next((ALLOWANCES[up] for up in self.lineage(hazard) if up in ALLOWANCES), OTHERWISE)


@dataclass(frozen=True, slots=True)
class Nearness:
    """Evidence by kind, place and time: ``confidence`` and ``overlap`` in percent.

    ``overlap`` is the share of the smaller area that the other covers, None unless
    both are areas.
    """

    confidence: float
    hours: float
    km: float
    overlap: float | None = None


def time_gap(one: Interval, other: Interval) -> float:
    """Hours between two intervals, 0 where they touch."""
    return max(0.0, one[0] - other[1], other[0] - one[1])


def may_match(one: Report, other: Report, hazards: Hazards) -> Allowance | None:
    """Return the allowance under which two reports are to be compared; None if they are not.

    They are compared if each tells kind, time and place, the kinds are compatible,
    they do not name different countries only, and not both are posts.
    """
    if not (one.hazard and other.hazard and one.interval and other.interval):
        return None
    if one.box is None or other.box is None or (one.is_post and other.is_post):
        return None
    if one.countries and other.countries and not one.countries & other.countries:
        return None
    if not hazards.compatible(one.hazard, other.hazard):
        return None
    first, second = hazards.allowance(one.hazard), hazards.allowance(other.hazard)
    strict = Allowance(
        min(first.hours, second.hours),
        min(first.km, second.km),
        min(first.widest, second.widest),
    )
    if max(diagonal(one.box), diagonal(other.box)) > strict.widest:
        return None
    return strict


def nearness(
    one: Report,
    other: Report,
    allowance: Allowance,
    places: Mapping[str, BaseGeometry],
) -> Nearness | None:
    """Compare two reports in time and place; None if they are further apart than allowed."""
    assert one.interval is not None and other.interval is not None
    gap = time_gap(one.interval, other.interval)
    if gap > allowance.hours:
        return None
    km, overlap = apart(places[one.iri], places[other.iri])
    used = gap / allowance.hours + km / allowance.km
    if used > 1:
        return None
    return Nearness(round(100 - 50 * used, 1), round(gap, 2), round(km, 1), overlap)


def apart(one: BaseGeometry, other: BaseGeometry) -> tuple[float, float | None]:
    """Return the distance in km on the sphere, and the share that overlaps in percent.

    The nearest points are sought in the plane with longitudes shortened as in the
    middle between both, on whichever side of the antimeridian is nearer.
    """
    low, high = one.bounds, other.bounds
    middle = (low[1] + low[3] + high[1] + high[3]) / 4
    shortened = max(math.cos(math.radians(middle)), 1e-3)
    first = _moved(one, shortened, 0)
    best: tuple[float, float | None] = (math.inf, None)
    for turn in _turns(low, high):
        second = _moved(other, shortened, turn)
        a, b = shapely.get_coordinates(shapely.shortest_line(first, second))
        km = great_circle(a[0] / shortened, a[1], b[0] / shortened, b[1])
        if km < best[0]:
            best = (km, _overlap(first, second))
    return best


def _turns(one: tuple[float, ...], other: tuple[float, ...]) -> tuple[int, ...]:
    """Whole turns of the second that may bring it nearest, both given by their bounds.

    What is cut at the antimeridian seems to go round the world and may need any.
    """
    if max(one[2] - one[0], other[2] - other[0]) > 180:
        return (-360, 0, 360)
    return (360 * round((one[0] + one[2] - other[0] - other[2]) / 720),)


def _moved(geometry: BaseGeometry, shortened: float, turn: int) -> BaseGeometry:
    offset, factor = np.array((turn, 0.0)), np.array((shortened, 1.0))
    moved: BaseGeometry = shapely.transform(geometry, lambda points: (points + offset) * factor)
    return moved


def _overlap(one: BaseGeometry, other: BaseGeometry) -> float | None:
    smaller = min(one.area, other.area)
    if smaller == 0:
        return None
    return round(100 * float(shapely.intersection(one, other).area) / smaller, 1)


def great_circle(west: float, south: float, east: float, north: float) -> float:
    """Kilometres between two points given in degrees (haversine on the mean sphere)."""
    a, b = math.radians(south), math.radians(north)
    turn = math.radians(east - west)
    h = math.sin((b - a) / 2) ** 2 + math.cos(a) * math.cos(b) * math.sin(turn / 2) ** 2
    return 2 * EARTH_RADIUS * math.asin(math.sqrt(min(1.0, h)))


def diagonal(box: Box) -> float:
    """Kilometres from corner to corner of a box, counted along its widest parallel."""
    west, south, east, north = box
    wide = (east - west) % 360 if east != west else 0.0
    widest = 0.0 if south <= 0 <= north else min(abs(south), abs(north))
    across = wide * math.cos(math.radians(widest))
    return math.hypot(across, north - south) * KM_PER_DEGREE


def identifier_rank(scheme: str) -> tuple[int, str]:
    """Order of schemes."""
    if scheme == CORRELATION:
        return (len(IDENTIFIER_RANK) + 1, scheme)
    if scheme in IDENTIFIER_RANK:
        return (IDENTIFIER_RANK.index(scheme), scheme)
    return (len(IDENTIFIER_RANK), scheme)


def source_rank(report: Report) -> tuple[bool, int, str, str]:
    """Order of reports: posts last, sources by rank, then by name and id."""
    known = report.source in SOURCE_RANK
    place = SOURCE_RANK.index(report.source) if known else len(SOURCE_RANK)
    return (report.is_post, place, *report.key)


def contradicts(one: Iterable[tuple[str, str]], other: Iterable[tuple[str, str]]) -> bool:
    """Tell whether two sets of (scheme, value) name one scheme with no value in common."""
    first: dict[str, set[str]] = {}
    second: dict[str, set[str]] = {}
    for values, of in ((first, one), (second, other)):
        for scheme, value in of:
            if scheme != CORRELATION:
                values.setdefault(scheme, set()).add(value)
    return any(not first[scheme] & second[scheme] for scheme in first.keys() & second.keys())
