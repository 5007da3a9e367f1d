"""CQL2: what each construct becomes, and how what is not understood is refused."""

from __future__ import annotations

import json
import time
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
import shapely

from dafab_kg.model.errors import QueryNotValid
from dafab_kg.search.cql2 import read_json, read_text
from dafab_kg.search.tree import (
    Among,
    And,
    Compare,
    Contains,
    IsEmpty,
    IsNull,
    Like,
    Node,
    Not,
    Or,
    Related,
    Spatial,
    Temporal,
    Within,
)

A = ("properties", "a")
DAY = datetime(2024, 5, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "node"),
    [
        ("a = 1", Compare(A, "=", 1.0)),
        ("1 < a", Compare(A, ">", 1.0)),
        ("a <> 'it''s'", Compare(A, "<>", "it's")),
        ("a = true", Compare(A, "=", True)),
        ("a", Compare(A, "=", True)),
        ("true", And(())),
        ("NOT false", Not(Or(()))),
        ("a = 1 AND NOT b = 2 OR id = 'x'",
         Or((And((Compare(A, "=", 1.0), Not(Compare(("properties", "b"), "=", 2.0)))),
             Compare(("id",), "=", "x")))),
        ("a BETWEEN 1 AND 2", And((Compare(A, ">=", 1.0), Compare(A, "<=", 2.0)))),
        ("a NOT IN ('x', 'y')", Not(Among(A, ("x", "y")))),
        ("a IS NOT NULL", Not(IsNull(A))),
        ("ancestor(a = 1 AND id = 'x')",
         Related("ancestor", And((Compare(A, "=", 1.0), Compare(("id",), "=", "x"))))),
        ("NOT DESCENDANT(a)", Not(Related("descendant", Compare(A, "=", True)))),
        (r"a LIKE '%b_\%c\\'", Like(A, (None, "b", 1, "%", "c", "\\"))),
        ("CASEI(a) = CASEI('Straße')", Compare(A, "=", "strasse", "case")),
        ("ACCENTI(CASEI(a)) LIKE ACCENTI(CASEI('É%'))", Like(A, ("e", None), "both")),
        ("a = CASEI('X')", Compare(A, "=", "x")),
        ("CASEI(a) IN ('x', CASEI('Y'))", Among(A, ("x", "y"), "case")),
        ("a > DATE('2024-05-01')", Compare(A, ">", DAY)),
        ("a > TIMESTAMP('2024-05-01T02:00:00+02:00')", Compare(A, ">", DAY)),
        ("T_AFTER(datetime, TIMESTAMP('2024-05-01T00:00:00Z'))",
         Temporal("after", DAY, DAY, ("properties", "datetime"))),
        ("T_AFTER(TIMESTAMP('2024-05-01T00:00:00Z'), datetime)",
         Temporal("before", DAY, DAY, ("properties", "datetime"))),
        ("T_DURING(INTERVAL(a, b), INTERVAL('2024-05-01', '..'))",
         Temporal("during", DAY, None, A, ("properties", "b"))),
        ("T_EQUALS(a, DATE('2024-05-01'))",
         Temporal("equals", DAY, DAY + timedelta(days=1, microseconds=-1), A)),
        ("A_CONTAINS(a, ('x', 1))", Contains(A, ("x", 1.0), True)),
        ("A_OVERLAPS(a, ('x'))", Contains(A, ("x",), False)),
        ("A_CONTAINEDBY(a, ('x'))", Within(A, ("x",))),
        ("A_EQUALS(a, ('x'))", And((Contains(A, ("x",), True), Within(A, ("x",))))),
        ("dafab:cloudCover < 5", Compare(("properties", "eo:cloud_cover"), "<", 5.0)),
        ('"properties.eo:cloud_cover" < 5', Compare(("properties", "eo:cloud_cover"), "<", 5.0)),
        ("statistics.water > 1", Compare(("properties", "statistics", "water"), ">", 1.0)),
    ],
)  # fmt: skip
def test_what_a_text_means(text: str, node: Node) -> None:
    assert read_text(text) == node


def test_what_is_written_in_json_keeps_its_digits() -> None:
    # the library's own reader of JSON gives -51.104831 (0.6.0)
    for number in (-51.104831000000004, Decimal("-51.104831000000004")):
        value = {"op": "=", "args": [{"property": "a"}, number]}
        assert read_json(value) == Compare(A, "=", -51.104831000000004)


def test_json_says_what_text_cannot() -> None:
    assert read_json({"op": "a_equals", "args": [{"property": "a"}, []]}) == IsEmpty(A)


@pytest.mark.parametrize(
    ("relation", "turned"),
    [("intersects", "intersects"), ("within", "contains"), ("contains", "within")],
)
def test_geometries(relation: str, turned: str) -> None:
    point = shapely.Point(6.1, 49.6)
    found = read_text(f"S_{relation.upper()}(geometry, POINT(6.1 49.6))")
    assert found == Spatial(relation, shapely.to_wkb(point))  # type: ignore[arg-type]
    found = read_text(f"S_{relation.upper()}(POINT(6.1 49.6), geometry)")
    assert found == Spatial(turned, shapely.to_wkb(point))  # type: ignore[arg-type]


def test_a_box_over_the_antimeridian_has_two_parts() -> None:
    found = read_text("S_INTERSECTS(geometry, BBOX(170, -10, -170, 10))")
    assert isinstance(found, Spatial)
    place = shapely.from_wkb(found.geometry)
    assert place.area == 400 and place.bounds == (-180, -10, 180, 10)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("a < 1 <", "line 1, column 8"),
        ("a =\n= 1", "line 2"),
        ("", "line 1, column 1"),
        ("a = b", "two properties"),
        ("a + 1 = 2", "arithmetic"),
        ("1 = 1", "must be a property"),
        ("foo(a) = 1", "no function 'foo'"),
        ("foo(a)", "no operator or function 'foo'"),
        ("a = NULL", "IS NULL"),
        ("1 IS NULL", "only a property"),
        ("CASEI(a) = 'X'", "CASEI or ACCENTI around 'X'"),
        ("CASEI(a) = 1", "for texts"),
        ("a LIKE 1", "pattern"),
        ("a > TIMESTAMP('yesterday')", "yesterday"),
        ("a > DATE('2024-13-01')", "2024-13-01"),
        ("a > TIMESTAMP('2024-05-01')", "2024-05-01"),
        ("T_AFTER(a, b)", "one operand"),
        ("T_AFTER(a, 'x')", "a time must stand here"),
        ("T_DURING(INTERVAL(a, '..'), INTERVAL('2024-05-01', '..'))", "an interval is of two"),
        ("T_DURING(a, INTERVAL('2024-05-02', '2024-05-01'))", "ends before it starts"),
        ("S_INTERSECTS(a, POINT(1 2))", "only geometry"),
        ("S_INTERSECTS(geometry, POINT(181 2))", "longitude"),
        ("S_INTERSECTS(geometry, POLYGON((0 0, 1 1, 1 0, 0 1, 0 0)))", "not valid"),
        ("S_INTERSECTS(geometry, BBOX(0, 9, 1, 2))", "south is north"),
        ("S_INTERSECTS(geometry, geometry)", "the other a constant"),
        ("A_CONTAINS(a, (1, DATE('2024-05-01')))", "not times"),
        ("a = 1e400", "out of range"),
        ("b = 1 OR ancestor(NOT descendant(a = 1))", "In `ancestor(NOT descendant(a = 1"),
        ("ancestor(a = 1, b = 2)", "takes 1 operand, not 2"),
        ("descendant()", "takes 1 operand, not 0"),
        ("ancestor(a = 1) = TRUE", "a condition itself"),
        ("ancestor('a')", "no condition"),
    ],
)
def test_what_is_refused(text: str, said: str) -> None:
    with pytest.raises(QueryNotValid, match=said.replace("(", r"\(")):
        read_text(text)


@pytest.mark.parametrize(
    "value",
    [
        None, 1, "a = 1", [], {}, {"op": "and"}, {"op": "and", "args": [1]},
        {"op": "=", "args": [{"property": "a"}]},
        {"op": "=", "args": [{"property": ""}, 1]},
        {"op": "=", "args": [{"property": "a"}, float("nan")]},
        {"op": "in", "args": [{"property": "a"}, 1]},
        {"op": "in", "args": [{"property": "a"}, [[1]]]},
        {"op": "s_within", "args": [{"property": "geometry"}, {"type": "Point"}]},
        {"op": "s_within", "args": [{"property": "geometry"}, {"bbox": [1, 2, 3]}]},
        {"op": "s_within", "args": [{"property": "geometry"},
                                    {"type": "Point", "coordinates": []}]},
        {"op": "t_during", "args": [{"property": "a"}, {"interval": ["x", ".."]}]},
        {"op": "isNull", "args": [{"op": "casei", "args": [{"property": "a"}]}]},
    ],
)  # fmt: skip
def test_what_is_no_filter(value: Any) -> None:
    with pytest.raises(QueryNotValid):
        read_json(value)


@pytest.mark.parametrize(
    "text",
    [
        "(" * 3000 + "a = 1" + ")" * 3000,
        "NOT " * 6000 + "a = 1",
        "NOT(" * 3000 + "a = 1" + ")" * 3000,
        "a = " + "-" * 6000 + "1",
        "CASEI(" * 5000 + "a" + ")" * 5000 + " = 'x'",
        *(
            f"a = {operator.join(['1'] * 5000)}"
            for operator in ("+", "-", "*", "/", "%", "^", " DIV ")
        ),
        *(operator.join(["a"] * 5000) for operator in ("=", "<", " LIKE ", " IN ", "<>")),
        "a" + " IS NULL" * 3000,
        "a IN " + "(" * 3000 + "1" + ")" * 3000,
        "a = 'x' AND " * 3000 + "b = 1",
        "a IN (" + "1, " * 5000 + "1)",
        "a OR a AND " * 2900 + "a",
        "a = '" + "x" * 40_000 + "'",
        "S_INTERSECTS(geometry, LINESTRING(" + "0 1," * 7000 + "1 1))",
    ],
)
def test_what_is_too_much_is_refused_before_it_is_read(text: str) -> None:
    # the library recurses without a bound: such a text ends the process (0.6.0)
    with pytest.raises(QueryNotValid, match=r"deeper|at most|more than"):
        read_text(text)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("(" * 40 + "a = 1 <" + ")" * 40, "nests 40 brackets"),
        ("( a=1 AND " * 40 + "a=1", "character 391 is not closed"),
        ("a = 1)", "character 6 closes nothing"),
        ("(" * 8 + "a = 1 AND " * 1000 + "a <" + ")" * 8, "nests 8 brackets"),
    ],
)
def test_brackets_that_double_the_time_are_refused(text: str, said: str) -> None:
    # each pair of them doubles the time of the library where something within is wrong (0.6.0)
    began = time.process_time()
    with pytest.raises(QueryNotValid, match=said):
        read_text(text)
    assert time.process_time() - began < 1


def test_brackets_of_geometries_and_functions_do_not_double_it() -> None:
    ring = ", ".join(f"{n / 1000} 0" for n in range(900))
    found = read_text(f"(S_INTERSECTS(geometry, MULTIPOLYGON((({ring}, 1 1, 0 0)))))")
    assert isinstance(found, Spatial)
    assert read_text("((((((a = 1))))))") == Compare(A, "=", 1.0)


def test_brackets_within_texts_and_names_do_not_nest() -> None:
    assert read_text(f"a = '{'(' * 100}'") == Compare(A, "=", "(" * 100)
    assert read_text(f'"{"(" * 100}" = 1') == Compare(("properties", "(" * 100), "=", 1.0)


def test_json_that_nests_deep_is_refused() -> None:
    value: Any = {"op": "=", "args": [{"property": "a"}, 1]}
    for _ in range(5000):
        value = {"op": "not", "args": [value]}
    with pytest.raises(QueryNotValid, match="deeper"):
        read_json(value)


def test_examples_of_the_standard_are_read_or_refused_by_name(shared: Any) -> None:
    """Whatever the library can write as text is read again as the same tree."""
    value = {"op": "and", "args": [
        {"op": "s_intersects", "args": [{"property": "geometry"}, {"bbox": [1.5, 2, 3, 4.25]}]},
        {"op": "t_finishedBy", "args": [
            {"interval": [{"property": "a"}, {"property": "b"}]},
            {"interval": ["2024-05-01T00:00:00Z", "2024-06-01T00:00:00Z"]}]},
    ]}  # fmt: skip
    import cql2

    assert read_text(cql2.Expr(json.loads(json.dumps(value))).to_text()) == read_json(value)


def test_a_geometry_without_a_point_is_a_wrong_filter() -> None:
    with pytest.raises(QueryNotValid, match="position"):
        read_text("S_EQUALS(geometry, POINT EMPTY)")
