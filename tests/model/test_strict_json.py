"""Strict JSON against the standard's own rules, Python's reader, and hostile input."""

from __future__ import annotations

import contextlib
import json
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dafab_kg.model.errors import DocumentRejected, FieldNotValid, NotWellFormed, TooLarge
from dafab_kg.model.strict_json import read_json, write_json

TEXTS = st.text(st.characters(exclude_categories=("Cs",), exclude_characters="\0"))
DECIMALS = st.decimals(allow_nan=False, allow_infinity=False, min_value=-(10**30), max_value=10**30)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | DECIMALS | TEXTS,
    lambda inner: st.lists(inner) | st.dictionaries(TEXTS, inner),
)


@given(VALUES)
def test_what_is_written_reads_back_equal(value):
    assert read_json(write_json(value).encode(), where="x") == value


@given(VALUES)
def test_what_is_written_is_json_for_others(value):
    def as_float(inner):
        if isinstance(inner, Decimal):
            return json.loads(str(inner))
        if isinstance(inner, list):
            return [as_float(one) for one in inner]
        if isinstance(inner, dict):
            return {key: as_float(one) for key, one in inner.items()}
        return inner

    assert json.loads(write_json(value)) == as_float(value)


@pytest.mark.parametrize(
    "text", ["12.30", "0.1000000000000000055511151231257827", "1E+400", "-0.0"]
)
def test_numbers_keep_their_digits(text):
    value = read_json(text.encode(), where="x")
    assert isinstance(value, Decimal)
    assert value == Decimal(text)
    assert read_json(write_json(value).encode(), where="x").as_tuple() == value.as_tuple()


def test_whole_numbers_stay_whole():
    value = read_json(b"[1, -7, 12345678901234567890123]", where="x")
    assert value == [1, -7, 12345678901234567890123]
    assert all(type(one) is int for one in value)


def test_a_byte_order_mark_is_tolerated():
    assert read_json(b'\xef\xbb\xbf{"a": 1}', where="x") == {"a": 1}


def test_pairs_of_surrogates_and_escaped_backslashes_are_no_fault():
    assert read_json(rb'["\ud83d\ude00", "\\ud800", "\\u0000"]', where="x") == [
        "\U0001f600",
        "\\ud800",
        "\\u0000",
    ]


@pytest.mark.parametrize(
    ("data", "error", "place", "what"),
    [
        (
            b'{"a": 1,\n "b": {"c": 1,\n  "c": 1}}',
            FieldNotValid,
            "line 3, column 3, at /b/c",
            "'c'",
        ),
        (b'{"a": [{"b": 1}, {"b": 1, "\\u0062": 2}]}', FieldNotValid, "at /a/1/b", "'b'"),
        (b'{"a/b": {"~": NaN}}', NotWellFormed, "line 1, column 15, at /a~1b/~0", "NaN"),
        (b"[1, -Infinity]", NotWellFormed, "at /1", "-Infinity"),
        (b"[1e401]", FieldNotValid, "at /0", "out of range"),
        (b"[1e-999999999999999999999]", FieldNotValid, "at /0", "out of range"),
        (b"[" + b"9" * 5000 + b"]", FieldNotValid, "at /0", "out of range"),
        (b"[0." + b"1" * 5000 + b"]", FieldNotValid, "at /0", "too long"),
        (b'["a", "\\udead"]', FieldNotValid, "at /1", "surrogate"),
        (b'{"\\ud800": 1}', FieldNotValid, "column 2", "surrogate"),
        (b'{"a": "\\u0000"}', FieldNotValid, "at /a", "NUL"),
        (b'"\x00"', NotWellFormed, "column 2", "control character"),
        (b'{"a": 1,\n}', NotWellFormed, "line ", ""),
        (b'{"a": 1} {', NotWellFormed, "column 10", "Extra data"),
        (b"", NotWellFormed, "line 1", ""),
        (b"01", NotWellFormed, "line 1", ""),
        (b"'a'", NotWellFormed, "line 1", ""),
        (b'{"a":\n"\xff"}', NotWellFormed, "line 2", "0xff"),
        (b'"\xed\xa0\x80"', NotWellFormed, "line 1", "not UTF-8"),
        ('{"a": 1}'.encode("utf-16"), NotWellFormed, "line 1", "not UTF-8"),
    ],
)
def test_what_json_forbids_is_refused_with_its_place(data, error, place, what):
    with pytest.raises(error) as caught:
        read_json(data, where="file.json")
    assert caught.value.where.startswith("file.json")
    assert place in caught.value.where
    assert what in caught.value.what
    assert caught.value.remedy
    str(caught.value).encode()  # can be printed, whatever the document holds


@pytest.mark.parametrize("opening", [b"[", b'{"a":', b'[{"a":'])
def test_a_hundred_megabytes_of_nesting_are_refused(opening):
    with pytest.raises(TooLarge) as caught:
        read_json(opening * (100_000_000 // len(opening)), where="deep.json")
    assert "column" in caught.value.where


def test_the_bound_of_nesting_is_exact():
    assert read_json(b"[" * 200 + b"]" * 200, where="x")
    with pytest.raises(TooLarge) as caught:
        read_json(b"[" * 201 + b"]" * 201, where="x")
    assert "column 201" in caught.value.where
    assert len(read_json(b"[" + b"[]," * 5000 + b"[]]", where="x", max_depth=2)) == 5001


@pytest.mark.parametrize("value", [Decimal("NaN"), Decimal("Infinity"), float("nan"), {1}, b"x"])
def test_what_json_cannot_hold_is_not_written(value):
    with pytest.raises(FieldNotValid):
        write_json([value])


@given(st.data())
def test_damage_anywhere_is_refused_and_never_crashes(data: st.DataObject) -> None:
    """Several faults at once: the walk that looks for the place must not fail itself."""
    whole = b'{"a": [1.5, {"b/c~d": "x\\u00e9", "e": null}], "f": {"g": -2e3, "h": [true]}}'
    text = bytearray(whole)
    for _ in range(data.draw(st.integers(1, 3))):
        junk = data.draw(st.sampled_from([b"NaN", b"1e", b'"', b"\\", b"{", b"\xff", b"1e999999"]))
        place = data.draw(st.integers(0, len(text) - 1))
        text[place : place + len(junk)] = junk
    with contextlib.suppress(DocumentRejected):
        read_json(bytes(text), where="damaged.json")
