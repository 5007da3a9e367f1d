"""Small plots of figures over time, as numbers that a template draws as SVG."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from dafab_kg.catalogue.picturing import Point

WIDTH: Final = 440
HEIGHT: Final = 160
LEFT: Final = 52
RIGHT: Final = 12
TOP: Final = 12
BOTTOM: Final = 24
MOST_LISTED: Final = 60
"""Rows of the table beside a plot: those nearest to the product of the page."""


@dataclass(frozen=True)
class Dot:
    """A figure in the plot; ``own`` where it is of the product that the page is about."""

    x: float
    y: float
    own: bool


@dataclass(frozen=True)
class Mark:
    """A mark on an axis."""

    at: float
    text: str


@dataclass(frozen=True)
class Plot:
    """A plot: dots, marks of both axes, and the figures nearest to the page's own as a list."""

    dots: tuple[Dot, ...]
    rows: tuple[Mark, ...]
    columns: tuple[Mark, ...]
    listed: tuple[Point, ...]
    total: int


def plot_of(points: Sequence[Point], own: frozenset[str]) -> Plot | None:
    """Place figures in a plot; None where there are not two times to compare."""
    timed = [(when, one) for one in points if (when := _seconds(one.time)) is not None]
    if len({when for when, _ in timed}) < 2:
        return None
    timed.sort(key=lambda one: (one[0], one[1].product))
    first, last = timed[0][0], timed[-1][0]
    low = min(0.0, *(one.value for _, one in timed))
    high = max(one.value for _, one in timed)
    high = high if high > low else low + 1.0

    def across(when: float) -> float:
        return round(LEFT + (WIDTH - LEFT - RIGHT) * (when - first) / (last - first), 1)

    def up(value: float) -> float:
        return round(HEIGHT - BOTTOM - (HEIGHT - TOP - BOTTOM) * (value - low) / (high - low), 1)

    # the own ones last, so that they lie above the others
    dots = sorted(
        (Dot(across(when), up(one.value), one.product in own) for when, one in timed),
        key=lambda dot: dot.own,
    )
    middle = (low + high) / 2
    rows = tuple(Mark(up(value), _short(value)) for value in (low, middle, high))
    ends = (timed[0][1].time[:10], timed[-1][1].time[:10])
    columns = (Mark(across(first), ends[0]), Mark(across(last), ends[1]))
    return Plot(tuple(dots), rows, columns, _nearest(timed, own), len(timed))


def _nearest(timed: Sequence[tuple[float, Point]], own: frozenset[str]) -> tuple[Point, ...]:
    at = next((place for place, (_, one) in enumerate(timed) if one.product in own), len(timed))
    start = max(0, min(at - MOST_LISTED // 2, len(timed) - MOST_LISTED))
    return tuple(one for _, one in timed[start : start + MOST_LISTED])


def _seconds(time: str) -> float | None:
    try:
        return datetime.fromisoformat(time).timestamp()
    except (ValueError, OverflowError):
        return None


def _short(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 100 or value == int(value) else f"{value:.3g}"
