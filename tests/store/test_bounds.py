"""Bounds on intricate queries: none kills the engine, and no honest query is refused."""

from __future__ import annotations

import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dafab_kg.model.errors import QueryNotValid
from dafab_kg.queries import saved
from dafab_kg.store.bounds import MOST_DEPTH, MOST_JOINTS, MOST_TOKENS, refuse_intricate

# name: (query of n parts, parts that the bounds just allow)
SHAPES = {
    "brackets": lambda n: "ASK { FILTER(" + "(" * n + "1" + ")" * n + ") }",
    "groups": lambda n: "ASK " + "{" * n + "}" * n,
    "calls": lambda n: "ASK { FILTER(" + "STR(" * n + "1" + ")" * n + ") }",
    "exists": lambda n: "ASK { " + "FILTER EXISTS { " * n + "}" * n + " }",
    "subselects": lambda n: "ASK " + "{ SELECT * " * n + "{}" + "}" * n,
    "nodes": lambda n: "ASK { ?s ?p " + "[ ?p " * n + "1" + "]" * n + " }",
    "not": lambda n: "ASK { FILTER(" + "!" * n + "1) }",
    "sum": lambda n: "ASK { FILTER(1" + "+?x" * n + ") }",
    "minus": lambda n: "ASK { FILTER(true" + "-true" * n + ") }",
    "or": lambda n: "ASK { FILTER(1" + "||?x" * n + ") }",
    "optional": lambda n: "ASK { " + "OPTIONAL { ?s ?p ?o } " * n + "}",
    "union": lambda n: "ASK { {}" + "UNION {}" * n + "}",
    "minus groups": lambda n: "ASK { ?s ?p ?o " + "MINUS { ?s ?p ?o } " * n + "}",
    "bind": lambda n: "ASK { " + "".join(f"BIND(1 AS ?x{i}) " for i in range(n)) + "}",
    "filters": lambda n: "ASK { " + "FILTER(?x) " * n + "}",
    "alternatives": lambda n: "ASK { ?s <a:p>" + "|<a:p>" * n + " ?o }",
    "in": lambda n: "ASK { FILTER(1 IN (1" + "+?x" * n + ")) }",
}


@pytest.mark.parametrize("shape", SHAPES)
def test_what_the_bounds_allow_does_not_overflow_the_engine(shape):
    query = SHAPES[shape](largest(SHAPES[shape]))
    program = (
        "import sys, threading\n"
        "from dafab_kg.store.oxigraph import OxigraphStore\n"
        "threading.stack_size(8 << 20)\n"
        "ask = lambda: OxigraphStore().query(sys.stdin.read())\n"
        "thread = threading.Thread(target=ask); thread.start(); thread.join()\n"
    )
    ended = subprocess.run(
        [sys.executable, "-c", program], input=query, text=True, capture_output=True, timeout=120
    )
    assert ended.returncode == 0, ended.stderr
    assert "Error" not in ended.stderr


def largest(shape) -> int:
    """The most parts that are not refused."""
    low, high = 1, 20_000
    while high - low > 1:
        middle = (low + high) // 2
        try:
            refuse_intricate(shape(middle))
            low = middle
        except QueryNotValid:
            high = middle
    assert low < 10_000
    return low


@pytest.mark.parametrize("query", saved(), ids=lambda query: query.name)
def test_saved_queries_are_far_within(query):
    refuse_intricate(query.text)


def test_data_is_not_counted():
    rows = "(1.5 -2 <http://e/x> 'a(b{c') " * (4 * MOST_TOKENS)
    numbers = "1, " * (4 * MOST_TOKENS)
    refuse_intricate(f"SELECT * {{ VALUES (?a ?b ?c ?d) {{ {rows} }} FILTER(?a IN ({numbers}2)) }}")
    refuse_intricate("ASK { FILTER('" + "({[" * 10_000 + '\' != "") }')
    refuse_intricate("ASK { FILTER('''" + "({[\n'" * 10_000 + "''' != \"\") }")
    refuse_intricate("ASK { # " + "({[" * 10_000 + "\n}")


def test_counting_goes_on_after_data():
    with pytest.raises(QueryNotValid, match=str(MOST_DEPTH)):
        refuse_intricate("ASK { VALUES ?x { 1 } FILTER(" + "(" * MOST_DEPTH + "1")
    with pytest.raises(QueryNotValid, match=str(MOST_JOINTS)):
        refuse_intricate("ASK { VALUES ?x { 1 } FILTER(" + "+1" * (MOST_JOINTS + 1))


@given(st.text(alphabet="abVALUESIN(){}[]<>\"'\\#:.?^|&!-+ 1\n", max_size=300))
def test_any_text_is_read_to_its_end(text):
    try:
        refuse_intricate(text)
    except QueryNotValid as error:
        assert "levels of nesting" in str(error) or "words" in str(error)
