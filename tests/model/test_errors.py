"""Errors tell what, where and remedy, and survive the way back from a worker process."""

from __future__ import annotations

import inspect
import pickle

import pytest

from dafab_kg.model import errors
from dafab_kg.model.errors import DocumentRejected, ShapeViolated

KINDS = [
    kind
    for _, kind in inspect.getmembers(errors, inspect.isclass)
    if issubclass(kind, DocumentRejected)
]


@pytest.mark.parametrize("kind", KINDS)
def test_an_error_is_the_same_after_pickling(kind: type[DocumentRejected]) -> None:
    error = kind("the id is missing", where="a.json: /id", remedy="Give it one")
    again = pickle.loads(pickle.dumps(error))
    assert (type(again), str(again)) == (kind, "a.json: /id: the id is missing. Give it one")


def test_a_shape_violation_keeps_its_report() -> None:
    error = ShapeViolated("two violations", where="x", report="[] a sh:ValidationReport .")
    assert pickle.loads(pickle.dumps(error)).report == "[] a sh:ValidationReport ."
    assert error.at("zip").report == error.report


def test_every_error_stands_in_the_drawing() -> None:
    drawn = errors.__doc__ or ""
    assert set(errors.__all__) == {
        name
        for name, kind in inspect.getmembers(errors, inspect.isclass)
        if issubclass(kind, Exception)
    }
    assert all(name in drawn for name in errors.__all__)
