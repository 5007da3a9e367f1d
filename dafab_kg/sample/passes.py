"""When the satellites pass over the sample's tiles.

Sentinel-2 repeats its 143 orbits every 10 days, so one known pass of a
satellite tells all others: the relative orbit gives the time within the cycle,
the cycle gives the date and the absolute orbit number.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

CYCLE = timedelta(days=10)
ORBITS = 143
_PERIOD = CYCLE / ORBITS


@dataclass(frozen=True)
class Satellite:
    """A satellite, one known pass of it, and the time in which the sample uses it."""

    letter: str  # A, B, C
    anchor: datetime
    relative_orbit: int
    absolute_orbit: int
    first: datetime
    last: datetime


@dataclass(frozen=True)
class View:
    """How a relative orbit sees a tile: the side on which the data lie, and their share."""

    tile: str
    relative_orbit: int
    side: str = "all"
    share: float = 1.0


@dataclass(frozen=True)
class Region:
    """A region of the sample: its part of the products, and what passes over it."""

    name: str
    part: float
    views: tuple[View, ...]


@dataclass(frozen=True)
class Pass:
    """One satellite over one tile; ``start`` is about when the datatake starts."""

    region: str
    satellite: str
    view: View
    start: datetime
    absolute_orbit: int


def _day(year: int, month: int, day: int, hour: int = 0, minute: int = 0) -> datetime:
    return datetime(year, month, day, hour, minute, tzinfo=UTC)


# S2C took the place of S2A in the constellation in January 2025.
SATELLITES = (
    Satellite("A", _day(2022, 1, 27, 10, 43), 8, 34468, _day(2021, 1, 1), _day(2025, 1, 18)),
    Satellite("B", _day(2022, 12, 11, 10, 53), 51, 30107, _day(2021, 1, 1), _day(2025, 12, 31)),
    Satellite("C", _day(2025, 12, 8, 3, 31), 18, 6566, _day(2025, 1, 22), _day(2025, 12, 31)),
)

REGIONS = (
    Region(
        "luxembourg",
        0.4,
        (
            View("31UFQ", 8),
            View("31UFR", 8),
            View("31UFR", 51),
            View("31UGQ", 8),
            View("31UGQ", 108, "east", 0.75),
            View("31UGR", 8),
            View("31UGR", 51, "west", 0.35),
            View("31UGR", 108, "east", 0.7),
            View("32ULA", 8),
            View("32ULA", 108),
            View("32ULV", 108),
        ),
    ),
    Region(
        "mekong",
        0.35,
        (
            View("48PVS", 118),
            View("48PWR", 118),
            View("48PWS", 118),
            View("48PWS", 75, "east", 0.3),
            View("48PWT", 118),
            View("48PXS", 75),
            View("48PXT", 75),
        ),
    ),
    Region(
        "florida",
        0.25,
        (
            View("17RLL", 97),
            View("17RLL", 140),
            View("17RLM", 97),
            View("17RLM", 140, "west", 0.8),
            View("17RMK", 97),
            View("17RML", 54, "east", 0.4),
            View("17RML", 97),
            View("17RMM", 97),
        ),
    ),
)

LANDFALL = _day(2022, 9, 28)
"""The day on which Hurricane Ian reached Florida."""

HIGH_WATER = (_day(2022, 9, 29), _day(2022, 11, 1))
"""Florida's rivers stood high from then on, into October."""


def passes(region: Region) -> Iterator[Pass]:
    """All passes over a region from 2021 to 2025, satellite by satellite."""
    for satellite in SATELLITES:
        for view in region.views:
            yield from _passes(region.name, satellite, view)


def _passes(region: str, satellite: Satellite, view: View) -> Iterator[Pass]:
    orbits = view.relative_orbit - satellite.relative_orbit
    start = satellite.anchor + orbits * _PERIOD
    cycles = (satellite.first - start) // CYCLE + 1
    start += cycles * CYCLE
    absolute = satellite.absolute_orbit + orbits + cycles * ORBITS
    while start < satellite.last:
        yield Pass(region, satellite.letter, view, start, absolute)
        start, absolute = start + CYCLE, absolute + ORBITS
