"""Plots: round marks, one axis of time for several, events on a line of time."""

from __future__ import annotations

from decimal import Decimal
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from dafab_kg.catalogue.picturing import Near, Point
from dafab_kg.web.plots import LEFT, RIGHT, WIDTH, line_of, plot_of, span_of, ticks

NUMBERS = st.floats(allow_nan=False, allow_infinity=False)


@given(NUMBERS, NUMBERS)
def test_marks_are_round_even_and_reach_over_the_figures(one: float, other: float) -> None:
    low, high = sorted((one, other))
    marks = ticks(low, high)
    assert 2 <= len(marks) <= 5
    assert marks[0] <= Decimal(repr(low)) and Decimal(repr(high)) <= marks[-1]
    steps = {b - a for a, b in pairwise(marks)}
    if len(str(marks[-1])) < 20 and len(str(marks[0])) < 20:
        assert len(steps) == 1
        assert {step.normalize().as_tuple().digits for step in steps} <= {(1,), (2,), (5,)}


def test_marks_of_a_figure_that_looked_odd() -> None:
    points = [Point("2022-01-01T00:00:00Z", 0.279, "a"), Point("2022-02-01T00:00:00Z", 0.1, "b")]
    plot = plot_of(points, frozenset())
    assert plot is not None
    assert [mark.text for mark in plot.rows] == ["0.0", "0.1", "0.2", "0.3"]


def test_plots_that_stand_together_share_their_axis() -> None:
    early = [Point(f"2021-0{n}-01T00:00:00Z", n, "a") for n in (1, 2)]
    late = [Point(f"2022-0{n}-01T00:00:00Z", n, "b") for n in (1, 2)]
    span = span_of([early, late])
    assert span == ("2021-01-01T00:00:00Z", "2022-02-01T00:00:00Z")
    plots = [plot_of(one, frozenset(), span) for one in (early, late)]
    assert [[mark.text for mark in one.columns] for one in plots if one] == [
        ["2021-01-01", "2022-02-01"]
    ] * 2
    assert plots[0] and plots[1] and plots[0].dots[0].x == LEFT
    assert plots[1].dots[-1].x == WIDTH - RIGHT


def test_an_event_is_a_band_between_what_was_before_and_after() -> None:
    near = (
        Near("x:a", "2022-09-20T00:00:00Z", "image"),
        Near("x:b", "2022-10-02T00:00:00Z", "finding"),
        Near("x:c", "2022-10-10T00:00:00Z", "finding"),
    )
    line = line_of(near, "2022-09-26T00:00:00Z", "2022-09-30T00:00:00Z", frozenset({"x:b"}))
    assert line is not None
    a, c, b = line.dots  # what stands out comes last, above the others
    assert (a.lane, b.lane, b.noted, c.noted) == (0, 1, True, False)
    assert a.x < line.band[0] < line.band[0] + line.band[1] < b.x < c.x
    assert [mark.text for mark in line.columns] == ["2022-09-20", "2022-10-10"]
    assert line_of((), "2022-09-26T00:00:00Z", "", frozenset()) is None
