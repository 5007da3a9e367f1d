"""The exact test of an item, by other implementations of its parts."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Any

import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from dafab_kg.model.errors import DafabError
from dafab_kg.model.geometry import footprint_from_geojson
from dafab_kg.search.exact import fits, fold, moment, truth
from dafab_kg.search.tree import (
    Among,
    And,
    Compare,
    Like,
    Node,
    Not,
    Or,
    Spatial,
    Temporal,
    TemporalRelation,
)

PARTS = st.lists(st.one_of(st.none(), st.just(1), st.text("ab.*", max_size=3)), max_size=7)


@given(PARTS, st.text("ab.*\n", max_size=12))
def test_patterns_are_those_of_regular_expressions(parts: list[Any], text: str) -> None:
    written = "".join(
        ".*" if part is None else "." if part == 1 else re.escape(part) for part in parts
    )
    assert fits(text, tuple(parts)) is (re.fullmatch(written, text, re.DOTALL) is not None)


def test_a_hostile_pattern_takes_no_longer_than_its_length_asks() -> None:
    # a regular expression of this would not end in this century
    assert not fits("a" * 20_000, (None, "a") * 500 + ("b",))


@pytest.mark.parametrize(
    ("text", "folding", "folded"),
    [
        ("Straße", "case", "strasse"),
        ("Élan", "accents", "Elan"),
        ("Élan", "both", "elan"),
        ("e\u0301", "accents", "e"),
        ("İ", "both", "i"),
        ("Σς", "case", "σσ"),
        ("Å", "", "Å"),
    ],
)
def test_folding(text: str, folding: Any, folded: str) -> None:
    assert fold(text, folding) == folded


@pytest.mark.parametrize(
    ("text", "same"),
    [
        ("2024-05-01", "2024-05-01T00:00:00+00:00"),
        ("2024-05-01T12:00:00Z", "2024-05-01T12:00:00+00:00"),
        ("2024-05-01t12:00:00.123456789z", "2024-05-01T12:00:00.123456+00:00"),
        ("2024-05-01 12:00:00", "2024-05-01T12:00:00+00:00"),
        ("2024-05-01T12:00:00+05:30", "2024-05-01T06:30:00+00:00"),
    ],
)
def test_moments(text: str, same: str) -> None:
    assert moment(text) == datetime.fromisoformat(same)


@pytest.mark.parametrize(
    "text", ["", "2024", "20240501", "2024-W01-1", "2024-02-30", "2024-05-01T25:00:00Z", 5, None]
)
def test_what_is_no_moment(text: Any) -> None:
    assert moment(text) is None


TRUTHS = [True, False, None]
NODES: dict[Any, Node] = {
    True: Compare(("n",), "=", 1),
    False: Compare(("n",), "=", 2),
    None: Compare(("gone",), "=", 1),
}


@pytest.mark.parametrize("one", TRUTHS)
@pytest.mark.parametrize("two", TRUTHS)
def test_three_truths_are_joined_as_sql_joins_them(one: Any, two: Any) -> None:
    rank = {False: 0, None: 1, True: 2}  # Kleene's order: and is the least, or the greatest
    least, greatest = sorted((one, two), key=rank.get)  # type: ignore[arg-type]
    parts = (NODES[one], NODES[two])
    assert truth(And(parts), {"n": 1}) is least
    assert truth(Or(parts), {"n": 1}) is greatest
    negated = truth(Not(NODES[one]), {"n": 1})
    assert rank[negated] == 2 - rank[one]


def test_kinds_are_not_mixed() -> None:
    item = {"n": 1, "t": "1", "b": True, "o": {}, "a": [1], "z": None}
    for name, value in (("n", "1"), ("n", True), ("t", 1), ("b", 1), ("o", "x"), ("a", 1)):
        assert truth(Compare((name,), "=", value), item) is None
        assert truth(Compare((name,), "<>", value), item) is None
    assert truth(Compare(("z",), "<>", 1), item) is None
    assert truth(Among(("n",), ("x", 1)), item) is True
    assert truth(Among(("n",), ("x", 2)), item) is None
    assert truth(Like(("n",), ("1",)), item) is None


def test_numbers_are_doubles() -> None:
    assert truth(Compare(("n",), "=", 9007199254740992.0), {"n": 9007199254740993}) is True
    assert truth(Compare(("n",), "<", 1e308), {"n": 10**400}) is False


RELATIONS: dict[TemporalRelation, str] = {
    "before": "p", "meets": "m", "overlaps": "o", "starts": "s", "during": "d",
    "finishes": "f", "equals": "e", "after": "P", "metBy": "M", "overlappedBy": "O",
    "startedBy": "S", "contains": "D", "finishedBy": "F",
}  # fmt: skip


def test_of_two_intervals_exactly_one_of_allens_relations_holds() -> None:
    """Allen 1983: the thirteen relations exclude each other and leave nothing out."""
    stamps = [f"2024-01-0{day}T00:00:00Z" for day in range(1, 7)]
    spans = [(a, b) for a in stamps for b in stamps if a < b]
    seen = set()
    for first, last in spans:
        item = {"properties": {"start_datetime": first, "end_datetime": last}}
        for start, end in spans:
            bounds = moment(start), moment(end)
            holding = [r for r in RELATIONS if truth(Temporal(r, *bounds), item)]
            assert len(holding) == 1, (first, last, start, end)
            seen.add(RELATIONS[holding[0]])
            apart = holding[0] in ("before", "after")
            assert truth(Temporal("disjoint", *bounds), item) is apart
            assert truth(Temporal("intersects", *bounds), item) is not apart
    assert seen == set(RELATIONS.values())


def test_an_items_time() -> None:
    at = moment("2024-05-01T12:00:00Z")
    day = {"start_datetime": "2024-05-01T00:00:00Z", "end_datetime": "2024-05-02T00:00:00Z"}
    node = Temporal("intersects", at, at)
    assert truth(node, {"properties": day}) is True
    assert truth(node, {"properties": {**day, "datetime": None}}) is True
    assert truth(node, {"properties": {"datetime": "2024-05-01T12:00:00Z"}}) is True
    assert truth(node, {"properties": {"datetime": "2024-05-01T12:00:01Z"}}) is False
    assert truth(node, {"properties": {"start_datetime": "2024-05-01T00:00:00Z"}}) is None
    assert truth(Temporal("intersects", None, None), {"properties": day}) is True


RING = st.lists(
    st.tuples(st.integers(-185, 185), st.integers(-60, 60)), min_size=3, max_size=5, unique=True
)


@given(RING, st.tuples(st.integers(-180, 180), st.integers(-60, 60)), st.booleans())
def test_the_short_way_to_a_footprint_leads_where_the_long_one_does(
    ring: list[tuple[int, int]], point: tuple[int, int], boxed: bool
) -> None:
    geometry = {"type": "Polygon", "coordinates": [[*map(list, ring), list(ring[0])]]}
    lons, lats = zip(*ring, strict=True)
    bbox = [min(lons), min(lats), max(lons), max(lats)] if boxed else None
    try:
        footprint, _ = footprint_from_geojson(geometry, where="", bbox=bbox)
    except DafabError:
        return  # no loader takes it
    node = Spatial("intersects", shapely.to_wkb(shapely.Point(point)))
    wished = shapely.from_wkt(footprint.wkt).intersects(shapely.Point(point))
    item = {"geometry": geometry, **({"bbox": bbox} if bbox else {})}
    assert truth(node, item) is bool(wished)
