"""Parameters of saved queries: a value is a term in the query's text, whatever it holds."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dafab_kg.model.errors import ParameterNotValid, QueryNotValid
from dafab_kg.queries import read_saved, saved
from dafab_kg.queries.parameters import Parameter, marks, parameters_of
from dafab_kg.queries.values import read_value, with_values
from dafab_kg.sparql.tokens import tokenise
from dafab_kg.store.oxigraph import OxigraphStore
from dafab_kg.store.protocol import Iri, Literal

XSD = "http://www.w3.org/2001/XMLSchema#"
WKT = "http://www.opengis.net/ont/geosparql#wktLiteral"
HOSTILE = st.one_of(
    st.text(),
    st.text(alphabet="\"'\\<>{}#?$\n\r\tu0041@^:.;() "),
    st.sampled_from(['" } DROP ALL #', "\\u0022", '"""', "'''", "\\", "x\\", "\\\\u0041", "#:v"]),
)

ECHO = "SELECT ?x WHERE { BIND ( ''  #:v\n AS ?x ) }"
"""Answers with the value it is given."""


def declared(kind: str, text: str = ECHO) -> Parameter:
    return parameters_of([f"@param v {kind}: a value"], text)[0]


@pytest.fixture(scope="module")
def store() -> OxigraphStore:
    return OxigraphStore()


@settings(max_examples=200)
@given(value=HOSTILE)
def test_a_text_comes_back_as_it_was_given(store, value):
    try:
        term = read_value(declared("text"), value)
    except ParameterNotValid:
        assert any((c < " " and c not in "\t\n\r") or "\ud800" <= c <= "\udfff" for c in value)
        return
    asked = with_values(ECHO, {"v": term})
    [[found]] = list(store.query(asked))
    assert found == term == Literal(value)
    kinds = [token.kind for token in tokenise(asked)]
    assert kinds == [token.kind for token in tokenise(ECHO)]  # nothing but the term is another


FOUND = "SELECT ?s WHERE { ?s <http://e/name> ''  #:v\n }"
BOUND = "SELECT ?s ?v WHERE { ?s <http://e/name> ?v }"


@settings(max_examples=30)
@given(values=st.lists(HOSTILE, min_size=1, max_size=4), asked=HOSTILE)
def test_what_is_found_is_what_the_engine_finds_with_the_value_bound(values, asked):
    parameter = declared("text", FOUND)
    store = OxigraphStore()
    for number, value in enumerate([*values, asked]):
        try:
            term = read_value(parameter, value)
        except ParameterNotValid:
            continue
        told = f"INSERT DATA {{ <http://e/{number}> <http://e/name> ''  #:v\n }}"
        store.update(with_values(told, {"v": term}))
    try:
        term = read_value(parameter, asked)
    except ParameterNotValid:
        return
    ours = {row[0] for row in store.query(with_values(FOUND, {"v": term}))}
    theirs = {row[0] for row in store.query(BOUND, bindings={"v": term})}
    assert ours == theirs != set()


@given(value=HOSTILE, kind=st.sampled_from(["integer", "number", "date", "days", "iri", "place"]))
def test_no_value_is_more_than_one_term(value, kind):
    try:
        term = read_value(declared(kind), value)
    except ParameterNotValid as error:
        assert error.name == "v" and "Expected is" in str(error)
        return
    asked = with_values(ECHO, {"v": term})
    [mark] = marks(asked)
    assert asked[: mark.start] == ECHO[: ECHO.index("''")]
    assert asked[mark.end :] == ECHO[ECHO.index("''") + 2 :]


@pytest.mark.parametrize(
    ("kind", "written", "term"),
    [
        ("integer", " 007 ", Literal("7", XSD + "integer")),
        ("number", "-2.50", Literal("-2.50", XSD + "decimal")),
        ("number", "3", Literal("3", XSD + "integer")),
        ("date", "2022-09-01", Literal("2022-09-01T00:00:00Z", XSD + "dateTime")),
        ("date", "2022-09-01T02:30:00+02:00", Literal("2022-09-01T00:30:00Z", XSD + "dateTime")),
        ("days", "14", Literal("P14D", XSD + "dayTimeDuration")),
        ("iri", "dafab:flood", Iri("https://w3id.org/dafab/ns#flood")),
        ("iri", "<urn:a:b>", Iri("urn:a:b")),
        ("class", "https://a.example/C", Iri("https://a.example/C")),
        ("place", "5,49,6.5,50", Literal("POLYGON ((5 49, 6.5 49, 6.5 50, 5 50, 5 49))", WKT)),
        ("place", "POINT (6 49)", Literal("POINT (6 49)", WKT)),
    ],
)
def test_what_is_written_is_the_term(kind, written, term):
    assert read_value(declared(kind), written) == term


def test_a_box_across_the_antimeridian_is_two():
    term = read_value(declared("place"), "170,-20,-170,-10")
    assert term.value == (
        "MULTIPOLYGON (((170 -20, 180 -20, 180 -10, 170 -10, 170 -20)), "
        "((-180 -20, -170 -20, -170 -10, -180 -10, -180 -20)))"
    )


@pytest.mark.parametrize(
    ("kind", "written"),
    [
        ("integer", "1.5"),
        ("integer", "1e3"),
        ("integer", "٣"),
        ("integer", "9" * 40),
        ("number", "NaN"),
        ("number", "1,5"),
        ("date", "2022-02-30"),
        ("date", "yesterday"),
        ("date", "2022-09-01T12:00:00"),
        ("date", "0001-01-01T00:00:00+23:00"),
        ("days", "-1"),
        ("iri", "no iri"),
        ("iri", "dafab:a b"),
        ("iri", "<urn:a> ; <urn:b"),
        ("place", "Luxembourg"),
        ("place", "POLYGON ((1 2"),
        ("place", "5,51,6,50"),
        ("place", "-200,0,0,1"),
        ("text", "a\x00b"),
        ("text", "x" * 20_001),
    ],
)
def test_what_fits_no_kind_is_refused(kind, written):
    with pytest.raises(ParameterNotValid, match="parameter v"):
        read_value(declared(kind), written)


def test_bounds_are_kept():
    headline = read_saved("headline-1")
    cloud = {p.name: p for p in headline.parameters}["cloud"]
    assert (cloud.least, cloud.most, cloud.unit, cloud.default) == (Decimal(0), 100, "%", "1")
    assert "?cloud <= 100  #:cloud" in headline.with_parameters({"cloud": "100"})
    for value in ("100.5", "-1"):
        with pytest.raises(ParameterNotValid, match="from 0 to 100"):
            headline.with_parameters({"cloud": value})
    with pytest.raises(ParameterNotValid, match="has no parameter 'clouds'"):
        headline.with_parameters({"clouds": "1"})


@pytest.mark.parametrize("query", saved(), ids=lambda query: query.name)
def test_the_defaults_written_out_are_the_query(query):
    """A page sends all fields of its form; as they stand they ask what the file asks."""
    given = {parameter.name: parameter.default for parameter in query.parameters}
    asked = query.with_parameters(given)
    store = OxigraphStore()
    assert [t.kind for t in tokenise(asked) if t.kind not in ("iri", "name")] == [
        t.kind for t in tokenise(query.text) if t.kind not in ("iri", "name")
    ]
    assert list(store.query(asked)) == list(store.query(query.text))
    assert query.with_parameters({}) == query.text
    shown = query.text[: query.text.index("PREFIX")] if "PREFIX" in query.text else ""
    assert all(f"@param {parameter.name} " in shown for parameter in query.parameters)
    assert "@param" not in query.description


@pytest.mark.parametrize(
    ("line", "text"),
    [
        ("@param v", ECHO),
        ("@param v colour: a colour", ECHO),
        ("@param w text: another", ECHO),
        ("@param v integer: two defaults", "SELECT * { VALUES ?a { 1 #:v\n 2 #:v\n } }"),
        ("@param v text: after no term", "SELECT * { ?a ?b ?c . #:v\n }"),
    ],
)
def test_a_declaration_that_does_not_fit_the_text_is_refused(line, text):
    with pytest.raises(QueryNotValid):
        parameters_of([line], text)


def test_what_is_marked_must_be_declared():
    with pytest.raises(QueryNotValid, match="@param v"):
        parameters_of([], ECHO)
