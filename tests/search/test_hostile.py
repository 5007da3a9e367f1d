"""Whatever is sent as a filter is read, or refused with an error that is meant for its sender."""

from __future__ import annotations

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from dafab_kg.model.errors import QueryNotValid
from dafab_kg.search.compile import compile_filter
from dafab_kg.search.cql2 import read_json, read_text
from dafab_kg.search.dafab_filter import read_filter, read_sort
from dafab_kg.search.exact import truth
from dafab_kg.search.tree import Node
from dafab_kg.sparql.parse import parse_query
from tests.search.test_compile import BASE, PREFIXES, Using

ITEM = {
    "id": "x",
    "collection": "c",
    "geometry": {"type": "Point", "coordinates": [1, 2]},
    "bbox": [1, 2, 1, 2],
    "properties": {"a": 1, "datetime": "2024-05-01T00:00:00Z", "list": [1, "x"], "none": None},
}
SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.integers(-(10**400), 10**400),
    st.floats(),
    st.text(max_size=5),
    st.sampled_from(["2024-05-01", "2024-05-01T00:00:00Z", "..", "x%", "\ud800", "\0", 'a"b\\']),
)
NAMES = ["a", "id", "collection", "geometry", "bbox", "datetime", "list", "none", "eo:cloud_cover"]
OPERATORS = ["and", "or", "not", "=", "<>", "<", ">=", "between", "in", "like", "isNull"]
OPERATORS += ["casei", "accenti", "s_intersects", "s_within", "t_after", "t_during", "t_meets"]
OPERATORS += ["a_contains", "a_equals", "a_overlaps", "+", "", "foo", "AND"]
GEOMETRIES = st.one_of(
    st.fixed_dictionaries({"bbox": st.lists(st.floats() | st.integers(), max_size=6)}),
    st.fixed_dictionaries(
        {
            "type": st.sampled_from(["Point", "Polygon", "LineString", "MultiPoint", "Feature"]),
            "coordinates": st.recursive(
                st.floats() | st.integers() | st.text(max_size=2),
                lambda inner: st.lists(inner, max_size=4),
                max_leaves=12,
            ),
        }
    ),
    st.just({"type": "Polygon", "coordinates": [[[0, 0], [1, 0], [1, 1], [0, 0]]]}),
    st.just({"type": "GeometryCollection", "geometries": []}),
)
LEAVES = st.one_of(
    SCALARS,
    GEOMETRIES,
    st.sampled_from(NAMES).map(lambda name: {"property": name}),
    SCALARS.map(lambda text: {"property": text}),
    SCALARS.map(lambda text: {"timestamp": text}),
    SCALARS.map(lambda text: {"date": text}),
    st.lists(SCALARS | st.just({"property": "a"}), max_size=3).map(lambda two: {"interval": two}),
)
CQL2 = st.recursive(
    LEAVES,
    lambda inner: st.one_of(
        st.fixed_dictionaries(
            {"op": st.sampled_from(OPERATORS), "args": st.lists(inner, max_size=3)}
        ),
        st.lists(inner, max_size=3),
    ),
    max_leaves=12,
)
MEMBERS = {
    "type": st.sampled_from(["comparison", "logical", "x"]),
    "path": st.lists(st.sampled_from([*NAMES, "properties", 0, 1, True, "\ud800"]), max_size=3),
    "comparator": st.sampled_from(
        ["equals", "notEquals", "lessThan", "in", "like", "contains", "containsAll", "isNull"]
    ),
    "value": SCALARS | st.lists(SCALARS, max_size=3),
    "valueType": st.sampled_from(["string", "date", "number", "int", "bool", "array"]) | SCALARS,
    "on": st.sampled_from(["document", "did"]) | SCALARS,
    "inherited": st.booleans() | SCALARS,
    "combinator": st.sampled_from(["and", "or", "not"]) | SCALARS,
}
TESTS = st.fixed_dictionaries(
    {"type": st.just("comparison"), "path": MEMBERS["path"], "comparator": MEMBERS["comparator"]},
    optional={name: MEMBERS[name] for name in ("value", "valueType", "on", "inherited")},
)
DAFAB = st.recursive(
    st.one_of(TESTS, SCALARS, st.dictionaries(st.sampled_from([*MEMBERS, "x"]), SCALARS)),
    lambda inner: st.fixed_dictionaries(
        {
            "type": st.just("logical"),
            "combinator": MEMBERS["combinator"],
            "filters": st.lists(inner, max_size=3),
        },
        optional={"inherited": MEMBERS["inherited"]},
    ),
    max_leaves=8,
)


def answer(node: Node) -> None:
    """Compile and decide: both must be able to, whatever was read."""
    using = Using(
        {"/properties/a", "/properties/list", "/bbox"}, {"https://w3id.org/dafab/ns#title"}
    )
    compiled = compile_filter(node, using, BASE)
    compiled.where.encode()  # the engine takes no half of a surrogate pair
    parse_query(f"{PREFIXES} SELECT * {{ ?product a dafab:Product . {compiled.where} }}")
    assert truth(node, ITEM, lambda side: [ITEM]) in (True, False, None)


@settings(max_examples=400)
@given(CQL2)
def test_cql2_json(value: Any) -> None:
    try:
        node = read_json(value)
    except QueryNotValid as error:
        assert str(error)
    else:
        answer(node)


@settings(max_examples=400)
@given(DAFAB)
def test_dafab_filters(value: Any) -> None:
    try:
        node = read_filter(value)
    except QueryNotValid as error:
        assert str(error)
    else:
        answer(node)


PIECES = [
    "a",
    " ",
    "(",
    ")",
    ",",
    " AND ",
    " OR ",
    " NOT ",
    "=",
    "<",
    "-",
    "+",
    " LIKE ",
    " IN ",
    "1",
]
PIECES += [
    " IN ",
    "1",
    "'x'",
    '"y"',
    "POINT(1 2)",
    "S_INTERSECTS(geometry,",
    "CASEI(",
    " IS NULL",
    "'",
    '"',
]
PIECES += [
    "T_AFTER(datetime,",
    "DATE('2024-05-01')",
    "INTERVAL(",
    " BETWEEN ",
    "true",
    "\ud800",
    "\0",
]


@settings(max_examples=400)
@given(st.lists(st.sampled_from(PIECES), max_size=14).map("".join))
def test_cql2_text(text: str) -> None:
    try:
        node = read_text(text)
    except QueryNotValid as error:
        assert str(error)
    else:
        answer(node)


@given(st.dictionaries(st.sampled_from(["path", "valueType", "direction"]), SCALARS) | SCALARS)
def test_sorts(value: Any) -> None:
    try:
        read_sort(value)
    except QueryNotValid as error:
        assert str(error)
