"""The DaFab filter: every limit and every error of the language."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from dafab_kg.model.errors import QueryNotValid
from dafab_kg.search.dafab_filter import read_filter, read_sort
from dafab_kg.search.exact import truth
from dafab_kg.search.tree import And, Compare, IsNull, Like, Node, Not, Or, Related, Sort

ITEM = {
    "id": "one",
    "type": "Feature",
    "properties": {"n": 5, "t": "text", "none": None, "list": [1, "a", True], "empty": [],
                   "when": "2024-05-01T12:00:00Z", "flag": True},
}  # fmt: skip


def test(path: Any, comparator: str, *value: Any, **more: Any) -> dict[str, Any]:
    found = {"type": "comparison", "path": path, "comparator": comparator, **more}
    return {**found, "value": value[0]} if value else found


test.__test__ = False  # type: ignore[attr-defined]


def both(combinator: str, *filters: Any, **more: Any) -> dict[str, Any]:
    return {"type": "logical", "combinator": combinator, "filters": list(filters), **more}


def prop(name: str) -> list[Any]:
    return ["properties", name]


@pytest.mark.parametrize(
    ("value", "true"),
    [
        (test(prop("n"), "equals", 5), True),
        (test(prop("n"), "equal", 5.0, valueType="Numeric"), True),
        (test(prop("n"), "notEquals", 6), True),
        (test(prop("n"), "notEquals", "5"), None),
        (test(prop("n"), "equals", None), False),
        (test(prop("none"), "equals", None), True),
        (test(prop("none"), "notEquals", 1), None),
        (test(prop("gone"), "equals", 1), None),
        (test(prop("gone"), "notEquals", 1), None),
        (test(prop("gone"), "isNull"), None),
        (test(prop("gone"), "isNotNull"), None),
        (both("not", test(prop("gone"), "isNull")), None),
        (test(prop("none"), "isNull"), True),
        (test(prop("n"), "isNotNull"), True),
        (test(prop("list"), "contains", "a"), True),
        (test(prop("list"), "contains", 2), False),
        (test(prop("list"), "containsAny", [2, True], valueType="array"), True),
        (test(prop("list"), "containsAll", [1, "b"]), False),
        (test(prop("n"), "contains", 5), None),
        (test(prop("list"), "isEmpty"), False),
        (test(prop("empty"), "isEmpty", valueType="array"), True),
        (test(prop("n"), "isNotEmpty"), None),
        (test([*prop("list"), 1], "equals", "a"), True),
        (test([*prop("list"), 9], "equals", "a"), None),
        (test(prop("t"), "like", "t*t"), True),
        (test(prop("t"), "like", "t%x?", valueType="STRING"), True),
        (test(prop("t"), "notLike", "t?xt"), False),
        (test(prop("t"), "like", "T*"), False),
        (test(prop("n"), "like", "5"), None),
        (test(prop("t"), "in", ["a", "text"]), True),
        (test(prop("t"), "in", []), False),
        (test(prop("when"), "greaterThan", "2024-05-01", valueType="date"), True),
        (test(prop("when"), "equals", "2024-05-01T14:00:00+02:00", valueType="date"), True),
        (test(prop("when"), "equals", "2024-05-01T14:00:00+02:00"), False),
        (test(prop("flag"), "equals", True, valueType="bool"), True),
        (test(prop("flag"), "equals", 1), None),
        (test(["name"], "equals", "one", on="did"), True),
        (test(["name"], "like", "o*", on="did"), True),
        (test(["did_type"], "equals", "CONTAINER", on="did"), True),
        (test(["did_type"], "notEquals", "CONTAINER", on="did"), False),
        (test(["did_type"], "in", ["FILE"], on="did"), False),
        (both("or", test(prop("gone"), "equals", 1), test(prop("n"), "equals", 5)), True),
        (both("and", test(prop("gone"), "equals", 1), test(prop("n"), "equals", 5)), None),
        (both("and", test(prop("gone"), "equals", 1), test(prop("n"), "equals", 6)), False),
    ],
)  # fmt: skip
def test_truth(value: Any, true: bool | None) -> None:
    node = read_filter(value)
    assert truth(node, ITEM) is true
    assert truth(read_filter(both("not", value)), ITEM) is (None if true is None else not true)


def test_trees() -> None:
    path = ("properties", "n")
    assert read_filter(
        both("and", test(prop("n"), "lessThan", 3), both("not", test(prop("t"), "like", "*a?")))
    ) == And((Compare(path, "<", 3), Not(Like(("properties", "t"), (None, "a", 1)))))
    when = datetime(2024, 5, 1, tzinfo=UTC)
    assert read_filter(test(prop("n"), "lessThan", "2024-05-01", valueType="Date")) == Compare(
        path, "<", when
    )
    inner: Node = IsNull(path, missing_is_null=False)
    marked = both("or", test(prop("n"), "isNull"), test(prop("n"), "isNull"), inherited=True)
    assert read_filter(marked) == Related("ancestor", Or((inner, inner)))


def test_inherited_binds_to_one_ancestor() -> None:
    value = both("and", test(["a"], "equals", 1), test(["b"], "equals", 2), inherited=True)
    node = read_filter(value)
    assert truth(node, ITEM, lambda side: [{"a": 1}, {"b": 2}]) is False
    assert truth(node, ITEM, lambda side: [{}, {"a": 1, "b": 2}]) is True


def deep(levels: int) -> Any:
    value: Any = test(prop("n"), "equals", 1)
    for _ in range(levels - 1):
        value = both("not", value)
    return value


def wide(nodes: int) -> Any:
    return both("or", *[test(["a"], "equals", 1)] * (nodes - 1))


@pytest.mark.parametrize(
    "value",
    [
        deep(32),
        wide(256),
        test(["a"] * 64, "equals", 1),
        test(["a", 2**31 - 1], "equals", 1),
        test(["a"], "in", list(range(256))),
        test(["a"], "equals", "x" * 4096),
    ],
)
def test_at_the_limits(value: Any) -> None:
    read_filter(value)


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (deep(33), "32 deep"),
        (deep(5000), "32 deep"),
        (wide(257), "256 nodes"),
        (test(["a"] * 65, "equals", 1), "64 segments"),
        (test([], "equals", 1), "64 segments"),
        (test("a", "equals", 1), "64 segments"),
        (test(["a", 2**31], "equals", 1), "/path/1"),
        (test(["a", -1], "equals", 1), "/path/1"),
        (test(["a", True], "equals", 1), "/path/1"),
        (test(["a"], "in", list(range(257))), "256 values"),
        (test(["a"], "equals", "x" * 4097), "4096 characters"),
        (both("or", *[test(["a"], "equals", "x" * 4000)] * 9), "bytes"),
        (test(["a"], "equals", float("nan")), "NaN"),
        (test(["a"], "equals", float("inf")), "NaN"),
        (test(["a"], "equals", "a\0b"), "NUL"),
        (test(["a"], "equals", "\ud800"), "surrogate"),
        (test(["a"], "equals", {}), "/value"),
        (test(["a"], "in", [[1]]), "/value/0"),
        (test(["a"], "in", [None]), "/value/0"),
        (test(["a"], "in", 1), "list"),
        (test(["a"], "contains", [1]), "/value"),
        (test(["a"], "equals"), "needs a value"),
        (test(["a"], "isNull", None), "takes no value"),
        (test(["a"], "isEmpty", 1), "takes no value"),
        (test(["a"], "lessThan", None), "null is not for"),
        (test(["a"], "almost", 1), "no comparator"),
        (test(["a"], "like", 1), "text"),
        (test(["a"], "like", "x", valueType="number"), "string only"),
        (test(["a"], "equals", 1, valueType="array"), "array is not for"),
        (test(["a"], "equals", 1, valueType="float"), "no value type"),
        (test(["a"], "equals", 1, valueType=None), "no value type"),
        (test(["a"], "equals", "x", valueType="number"), "no number"),
        (test(["a"], "equals", 1.5, valueType="int"), "no integer"),
        (test(["a"], "equals", True, valueType="number"), "no number"),
        (test(["a"], "equals", 1, valueType="string"), "no string"),
        (test(["a"], "equals", "x", valueType="date"), "no date"),
        (test(["a"], "equals", 1, on="file"), "document or did"),
        (test(["a"], "contains", 1, on="did"), "no arrays"),
        (test(["bytes"], "equals", 1, on="did"), "did_type"),
        (test(["name", "x"], "equals", "a", on="did"), "did_type"),
        (test(["a"], "equals", 1, colour=1), "colour"),
        (both("and"), "not empty"),
        (both("xor", test(["a"], "isNull")), "and, or, not"),
        (both("not", test(["a"], "isNull"), test(["a"], "isNull")), "exactly one"),
        (both("and", test(["a"], "isNull", inherited=True), inherited=True), "within another"),
        (both("and", test(["a"], "isNull"), inherited=1), "true or false"),
        (both("and", test(["a"], "isNull"), value=1), "no member"),
        ({"type": "other"}, "logical or comparison"),
        ([], "an object"),
        (None, "an object"),
    ],
)  # fmt: skip
def test_what_is_refused(value: Any, said: str) -> None:
    with pytest.raises(QueryNotValid, match=said):
        read_filter(value)


def test_sort() -> None:
    value = {"path": ["properties", "datetime"], "valueType": "date", "direction": "desc"}
    assert read_sort(value) == Sort(("properties", "datetime"), True)
    for wrong in (
        {**value, "direction": "down"},
        {**value, "valueType": "array"},
        {**value, "more": 1},
        {"path": ["a"]},
        [],
    ):
        with pytest.raises(QueryNotValid, match="/sort"):
            read_sort(wrong)
