"""RDF text to N-Quads: what a store may be given, and what it may not."""

from __future__ import annotations

import subprocess
import sys

import pyoxigraph as ox
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dafab_kg.model.documents import RdfText
from dafab_kg.model.errors import DocumentRejected, NotSafe, NotWellFormed, TooLarge
from dafab_kg.model.names import Names, encode
from dafab_kg.store.rdf_text import MAX_NESTED_TERMS, left_out, statements

TYPES = {
    "text/turtle": ox.RdfFormat.TURTLE,
    "application/trig": ox.RdfFormat.TRIG,
    "application/n-triples": ox.RdfFormat.N_TRIPLES,
    "application/n-quads": ox.RdfFormat.N_QUADS,
    "application/rdf+xml": ox.RdfFormat.RDF_XML,
    "application/ld+json": ox.RdfFormat.JSON_LD,
}
HOME = "https://example.org/document/1/"


def text(data: str | bytes, media_type: str = "application/trig") -> RdfText:
    raw = data if isinstance(data, bytes) else data.encode()
    return RdfText(raw, media_type, HOME, f"{HOME}bnode/")


def read(data: str | bytes, media_type: str = "application/trig") -> str:
    return statements(text(data, media_type), Names(), where="it")


@pytest.mark.parametrize("media_type", TYPES)
def test_reads_what_oxigraph_writes(media_type: str) -> None:
    xsd = "http://www.w3.org/2001/XMLSchema#"
    lines = [
        "<urn:a:a> <urn:b:b> <urn:c:c>",
        f'<urn:a:a> <urn:b:b> "01.50"^^<{xsd}decimal>',
        f'<urn:a:a> <urn:b:b> "no date"^^<{xsd}date>',
        r'<urn:a:a> <urn:b:b> "tab\t\"quoted\" \\ line\n\u0085 \U0001F600"',
        '<urn:a:a> <urn:b:b> "mot"@fr-ca',
    ]
    quads = list(ox.parse(" .\n".join([*lines, ""]).encode(), format=ox.RdfFormat.N_QUADS))
    written = ox.serialize(quads, format=TYPES[media_type])
    assert written is not None
    back = ox.parse(read(written, media_type).encode(), format=ox.RdfFormat.N_QUADS)
    assert set(back) == set(quads)


def test_every_statement_stands_once_and_in_order() -> None:
    lines = [f"<urn:s:{i}> <urn:p:p> <urn:o:o> .\n" for i in (3, 1, 3, 2, 1)]
    assert read("".join(lines)) == lines[0] + lines[1] + lines[3]


# blank nodes


def test_labels_are_kept_and_the_rest_is_numbered() -> None:
    out = read("_:x <urn:p:p> [ <urn:q:q> [] ], _:a.b . _:g { _:x <urn:p:p> () , (_:x) }")
    node = f"{HOME}bnode/"
    assert set(out.splitlines()) >= {
        f"<{node}x> <urn:p:p> <{node}a.b> .",
        f"<{node}x> <urn:p:p> <http://www.w3.org/1999/02/22-rdf-syntax-ns#nil> <{node}g> .",
    }
    assert "_:" not in out
    assert {f"<{node}~{i}>" in out for i in (1, 2, 3)} == {True}
    assert "~4" not in out


@pytest.mark.parametrize("label", ["e3b0c44298fc1c149afbf4c8996fb924", "a" * 31, "abc", "0", "é"])
@pytest.mark.parametrize(
    ("media_type", "form"),
    [
        ("application/trig", "_:{} <urn:p:p> []."),
        ("application/n-quads", "_:{} <urn:p:p> <urn:o:o> _:g ."),
        ("application/ld+json", '{{"@id": "_:{}", "urn:p:p": {{"urn:q:q": 1}}}}'),
    ],
)
def test_a_label_is_told_from_a_name_made_up(label: str, media_type: str, form: str) -> None:
    assert f"<{HOME}bnode/{encode(label)}> <urn:p:p>" in read(form.format(label), media_type)


def test_a_label_of_rdf_xml_is_kept() -> None:
    rdf = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
    label = "e3b0c44298fc1c149afbf4c8996fb924"
    data = f'<rdf:Description xmlns:rdf="{rdf}" rdf:nodeID="{label}" rdf:value="1"/>'
    assert read(data, "application/rdf+xml").startswith(f"<{HOME}bnode/{label}> <{rdf}value>")


@given(
    st.recursive(
        st.sampled_from(["<urn:o:o>", "_:x", '"text"', "[]"]),
        lambda inner: st.one_of(
            st.lists(inner, max_size=3).map(lambda these: f"({' '.join(these)})"),
            inner.map(lambda one: f"[ <urn:q:q> {one} ]"),
        ),
        max_leaves=8,
    )
)
def test_the_same_bytes_give_the_same_isomorphic_statements(value: str) -> None:
    data = f"<urn:s:s> <urn:p:p> {value} ."
    out = read(data)
    assert out == read(data)
    ours = _with_blank_nodes(out)
    theirs = ox.Dataset(ox.parse(data.encode(), format=ox.RdfFormat.TRIG))
    for one in (ours, theirs):
        one.canonicalize(ox.CanonicalizationAlgorithm.UNSTABLE)
    assert ours == theirs


def _with_blank_nodes(nquads: str) -> ox.Dataset:
    def undo(term: object) -> object:
        if isinstance(term, ox.NamedNode) and term.value.startswith(f"{HOME}bnode/"):
            return ox.BlankNode("b" + term.value.encode().hex())
        return term

    quads = ox.parse(nquads.encode(), format=ox.RdfFormat.N_QUADS)
    return ox.Dataset(ox.Quad(undo(q.subject), q.predicate, undo(q.object)) for q in quads)


# refusals


@pytest.mark.parametrize("room", ["graph/1", "derived/r/k", "graph-of-loads/1"])
def test_our_own_graphs_are_out_of_reach(room: str) -> None:
    for base in (Names().base, "https://example.org/id/"):
        with pytest.raises(NotSafe, match="dafab-kg restore") as caught:
            statements(text(f"<{base}{room}> {{ <urn:s:s> <urn:p:p> 1 }}"), Names(base), where="it")
        assert caught.value.where == "it: graph"
    assert f"<https://else.org/{room}>" in read(
        f"<https://else.org/{room}> {{ <urn:s:s> <urn:p:p> 1 }}"
    )


@pytest.mark.parametrize(
    "data",
    [
        "<< <urn:a:a> <urn:b:b> <urn:c:c> >> <urn:b:b> 1 .",
        "<urn:a:a> <urn:b:b> <<( <urn:a:a> <urn:b:b> <urn:c:c> )>> .",
        "<urn:a:a> <urn:b:b> <urn:c:c> {| <urn:b:b> 1 |} .",
        "<urn:a:a> <urn:b:b> <urn:c:c> ~ <urn:r:r> .",
        "<urn:g:g> { <urn:a:a> <urn:b:b> <urn:c:c> ~ }",
        "<urn:a:a> <urn:b:b> 'c'@en--ltr .",
    ],
)
def test_rdf_1_2_is_refused(data: str) -> None:
    with pytest.raises(NotWellFormed, match=r"RDF 1\.2") as caught:
        read(data)
    assert caught.value.remedy == "Use RDF 1.1"


@pytest.mark.parametrize(
    ("media_type", "data", "place"),
    [
        ("text/turtle", "<urn:a:a>\n<urn:b:b> <urn:c c> .", "line 2, column 11"),
        ("text/turtle", "<urn:a:a> <urn:b:b> 'x'\n", "line 2, column 1"),
        ("text/turtle", "<urn:g:g> {<urn:a:a> <urn:b:b> 1}", "line 1, column 11"),
        ("application/n-triples", "<urn:a:a> <urn:b:b> 1 .", "line 1, column 21"),
        ("application/rdf+xml", "<a\n>", "line 2"),
        ("application/ld+json", '{"@id":\n7}', "JSON-LD"),
    ],
)
def test_a_fault_has_its_place(media_type: str, data: str, place: str) -> None:
    with pytest.raises(NotWellFormed) as caught:
        read(data, media_type)
    assert caught.value.where == f"it: {place}"
    assert caught.value.remedy
    assert "Parser error" not in caught.value.what


def test_other_syntaxes_are_refused() -> None:
    with pytest.raises(NotWellFormed, match="text/n3") as caught:
        read("", "text/n3")
    assert "text/turtle" in caught.value.remedy


def test_the_place_is_named_once() -> None:
    with pytest.raises(NotWellFormed) as caught:
        read("@prefix : <urn:x:> .\n:a x:b :c .")
    assert caught.value.what == "The prefix x: has not been declared"


@given(st.binary(max_size=60), st.sampled_from(sorted(TYPES)))
def test_no_bytes_crash_it(data: bytes, media_type: str) -> None:
    try:
        out = read(data, media_type)
    except DocumentRejected as error:
        assert error.where.startswith("it: ")
    else:
        list(ox.parse(out.encode(), format=ox.RdfFormat.N_QUADS))


@pytest.mark.parametrize("media_type", ["text/turtle", "application/n-quads"])
def test_nested_triple_terms_do_not_end_the_process(media_type: str) -> None:
    with pytest.raises(TooLarge, match=f"deeper than {MAX_NESTED_TERMS}"):
        read("<urn:s:s> <urn:p:p>\n" + "<<( <urn:s:s> <urn:p:p> " * 100_000, media_type)
    # in a text they are harmless
    many = '<urn:s:s> <urn:p:p> "<<(a)>>" .\n' * (2 * MAX_NESTED_TERMS)
    assert read(many, media_type).count("\n") == 1


DEEP = """
import sys
from dafab_kg.model.documents import RdfText
from dafab_kg.model.errors import DocumentRejected
from dafab_kg.model.names import Names
from dafab_kg.store.rdf_text import statements
media_type, opened, inner, closed = sys.argv[1:]
data = (opened * 100_000 + inner + closed * 100_000).encode()
try:
    statements(RdfText(data, media_type, "urn:x:", "urn:x:b/"), Names(), where="")
except DocumentRejected:
    pass
print("alive")
"""


@pytest.mark.parametrize(
    ("media_type", "opened", "inner", "closed"),
    [
        ("text/turtle", "<urn:s:s> <urn:p:p> [ <urn:p:p> ", "1", "] ."),
        ("text/turtle", "[ <urn:p:p> ", "1", " ]"),
        ("application/trig", "(", "1", ")"),
        ("application/trig", "<< ", "<urn:s:s> <urn:p:p> 1", ">> <urn:p:p> 1"),
        ("application/n-quads", "<urn:s:s> <urn:p:p> <<( ", "1", " )>>"),
        ("application/ld+json", '{"urn:p:p":', "1", "}"),
        ("application/ld+json", "[", "1", "]"),
        ("application/ld+json", '{"@context":', "{}", "}"),
    ],
)
def test_deep_nesting_does_not_end_the_process(
    media_type: str, opened: str, inner: str, closed: str
) -> None:
    command = [sys.executable, "-c", DEEP, media_type, opened, inner, closed]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "alive\n"), done.stderr


def test_keys_without_meaning_are_told() -> None:
    data = '{"@id": "urn:s:s", "lost": {"gone": 1}, "urn:p:p": 1}'
    assert left_out(text(data, "application/ld+json")) == (
        "Left out 2 keys that no context explains: gone, lost",
    )
    assert read(data, "application/ld+json").count("\n") == 1
    assert left_out(text("<urn:s:s> <urn:p:p> 1 .")) == ()
