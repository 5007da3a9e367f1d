"""Small plots of figures over time, as numbers that a template draws as SVG."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal
from typing import Final

from dafab_kg.catalogue.picturing import Near, Point

WIDTH: Final = 440
HEIGHT: Final = 160
LEFT: Final = 52
RIGHT: Final = 12
TOP: Final = 12
BOTTOM: Final = 24
WIDEST: Final = 12
"""Characters of a mark beside an axis, from which it is written with an exponent."""
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


def span_of(series: Iterable[Sequence[Point]]) -> tuple[str, str] | None:
    """Return the first and the last time of several series, for plots that stand together."""
    times = [
        (when, one.time)
        for points in series
        for one in points
        if (when := _seconds(one.time)) is not None
    ]
    return (min(times)[1], max(times)[1]) if times else None


def plot_of(
    points: Sequence[Point], own: frozenset[str], span: tuple[str, str] | None = None
) -> Plot | None:
    """Place figures in a plot; None where there are not two times to compare.

    The plot reaches over ``span``, its first and last time; without it, over its figures.
    """
    timed = [(when, one) for one in points if (when := _seconds(one.time)) is not None]
    if len({when for when, _ in timed}) < 2:
        return None
    timed.sort(key=lambda one: (one[0], one[1].product))
    ends = span or (timed[0][1].time, timed[-1][1].time)
    first = min(timed[0][0], _seconds(ends[0]) or timed[0][0])
    last = max(timed[-1][0], _seconds(ends[1]) or timed[-1][0])
    marks = ticks(min(0.0, *(one.value for _, one in timed)), max(one.value for _, one in timed))
    low, high = float(marks[0]), float(marks[-1])

    def across(when: float) -> float:
        return round(LEFT + (WIDTH - LEFT - RIGHT) * (when - first) / (last - first), 1)

    def up(value: float) -> float:
        return round(HEIGHT - BOTTOM - (HEIGHT - TOP - BOTTOM) * (value - low) / (high - low), 1)

    # the own ones last, so that they lie above the others
    dots = sorted(
        (Dot(across(when), up(one.value), one.product in own) for when, one in timed),
        key=lambda dot: dot.own,
    )
    rows = tuple(Mark(up(float(value)), _said(value)) for value in marks)
    columns = (Mark(across(first), ends[0][:10]), Mark(across(last), ends[1][:10]))
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


def ticks(low: float, high: float, most: int = 4) -> list[Decimal]:
    """Return round numbers at even steps from at or below ``low`` to at or above ``high``.

    >>> [str(one) for one in ticks(0, 0.279)]
    ['0.0', '0.1', '0.2', '0.3']
    """
    bottom, top = Decimal(repr(float(low))), Decimal(repr(float(high)))
    if top <= bottom:
        top = bottom + max(Decimal(1), abs(bottom) / 10)
    size = Decimal(1).scaleb((top - bottom).adjusted() - 1)
    for step in (size * factor for factor in (1, 2, 5, 10, 20, 50, 100)):
        first = (bottom / step).to_integral_value(ROUND_FLOOR)
        last = (top / step).to_integral_value(ROUND_CEILING)
        if last - first < most:
            break
    marks = [step * n for n in range(int(first), int(last) + 1)]
    finest = min(0, int(step.normalize().as_tuple().exponent))
    wide = max(abs(one) for one in marks).adjusted() - finest
    # as many decimals in each; numbers as wide as that are told in another way
    return marks if wide > WIDEST else [one.quantize(Decimal(1).scaleb(finest)) for one in marks]


def _said(mark: Decimal) -> str:
    text = f"{mark:,f}" if abs(mark.adjusted()) < WIDEST else ""
    return text if 0 < len(text) < WIDEST else f"{float(mark):.3g}"


@dataclass(frozen=True)
class Happening:
    """A product on a line of time: ``lane`` 0 is that of images, 1 that of findings."""

    x: float
    lane: int
    noted: bool


@dataclass(frozen=True)
class Line:
    """A line of time: what lies on it, the event's time as a band, and its ends."""

    dots: tuple[Happening, ...]
    band: tuple[float, float]
    columns: tuple[Mark, ...]


def line_of(near: Sequence[Near], start: str, end: str, noted: frozenset[str]) -> Line | None:
    """Place products near an event on a line of time; ``noted`` are IRIs that stand out."""
    begun = _seconds(start)
    over = _seconds(end)
    timed = [(when, one) for one in near if (when := _seconds(one.time)) is not None]
    if begun is None or not timed:
        return None
    over = begun if over is None else max(over, begun)
    first, last = min(begun, timed[0][0]), max(over, timed[-1][0])
    if last <= first:
        return None

    def across(when: float) -> float:
        return round(LEFT + (WIDTH - LEFT - RIGHT) * (when - first) / (last - first), 1)

    dots = sorted(
        (
            Happening(across(when), int(one.kind == "finding"), one.iri in noted)
            for when, one in timed
        ),
        key=lambda dot: dot.noted,
    )
    ends = (min(start, near[0].time)[:10], max(end or start, near[-1].time)[:10])
    columns = (Mark(across(first), ends[0]), Mark(across(last), ends[1]))
    return Line(tuple(dots), (across(begun), max(2.0, across(over) - across(begun))), columns)
