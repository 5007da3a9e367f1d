"""Which N-Quads lines are in the default graph, by their end alone: as Oxigraph's parser says."""

from __future__ import annotations

import pyoxigraph as ox
from hypothesis import given, settings
from hypothesis import strategies as st

from dafab_kg.store.nquads import as_stored, default_lines, lines_in

_nasty = st.text(
    st.sampled_from([*'" \\<>._:@^-a1\n\r\t#', "\u2028", "\x85", "\x0b", "é", "🌍"]), max_size=12
)
_tails = st.sampled_from(["", '"', "\\", " <urn:g> .", '"@en', '"^^<urn:t>', ' "', "> <", " ."])
_texts = st.one_of(_nasty, st.builds(lambda a, b: a + b, _nasty, _tails))
_iris = st.sampled_from(["urn:a", "urn:b#c", "http://example.org/%20?x=1&y", "urn:é"]).map(
    ox.NamedNode
)
_literals = st.one_of(
    _texts.map(ox.Literal),
    st.builds(lambda v, t: ox.Literal(v, language=t), _texts, st.sampled_from(["en", "de-at-x-1"])),
    st.builds(lambda v, t: ox.Literal(v, datatype=t), _texts, _iris),
)
_quads = st.builds(
    ox.Quad,
    _iris,
    _iris,
    st.one_of(_iris, _literals),
    st.one_of(st.just(ox.DefaultGraph()), _iris),
)


def line_of(quad: ox.Quad) -> str:
    graph = "" if isinstance(quad.graph_name, ox.DefaultGraph) else f"{quad.graph_name} "
    return f"{quad.subject} {quad.predicate} {quad.object} {graph}.\n"


@settings(max_examples=300)
@given(st.lists(_quads, max_size=6))
def test_default_lines(quads: list[ox.Quad]) -> None:
    lines = [line_of(quad) for quad in quads]
    parsed = list(ox.parse("".join(lines).encode(), format=ox.RdfFormat.N_QUADS))
    expected = [
        line
        for line, quad in zip(lines, parsed, strict=True)
        if isinstance(quad.graph_name, ox.DefaultGraph)
    ]
    assert list(default_lines(lines)) == expected


@settings(max_examples=200)
@given(st.lists(_quads, max_size=6))
def test_lines_in(quads: list[ox.Quad]) -> None:
    lines = [line_of(quad) for quad in quads]
    assert [f"{one}\n" for one in lines_in("".join(lines))] == lines


@settings(max_examples=200)
@given(st.lists(_quads, min_size=1, max_size=6))
def test_as_stored(quads: list[ox.Quad]) -> None:
    terms = [str(quad.object) for quad in quads]
    spelled = as_stored(terms)
    for quad, term in zip(quads, terms, strict=True):
        store = ox.Store()
        store.add(quad)
        (kept,) = store
        assert spelled.get(term, term) == (str(kept.object) if term[0] == '"' else term)
