"""The rdf loader as a whole: what it takes, and what it makes of it."""

from __future__ import annotations

import logging
import re
import socket
from collections.abc import Iterator
from pathlib import Path

import pyoxigraph as ox
import pytest
import rdflib
from hypothesis import given
from hypothesis import strategies as st

from dafab_kg.loaders.rdf import RdfLoader, key_of
from dafab_kg.loaders.registry import Unclaimed, examine
from dafab_kg.model.documents import Entry, Found, Part
from dafab_kg.model.errors import DocumentRejected, NotSafe, NotWellFormed, TooLarge
from tests.loaders.rdf.reading import dataset, document, home, read, same, with_blank_nodes

PREFIX = b"@prefix : <http://example.org/> .\n"
RDF_NS = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"


@pytest.fixture(autouse=True)
def no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("a socket was opened")

    monkeypatch.setattr(socket, "socket", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    monkeypatch.setattr(socket, "create_connection", refuse)


@pytest.fixture(autouse=True)
def no_noise(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    with caplog.at_level(logging.DEBUG):
        yield
    assert [r for r in caplog.records if r.name.startswith("rdflib")] == []


def entry(data: bytes, name: str) -> Entry:
    return Entry(name, f"/in/{name}", len(data), data[:4096], lambda: data)


def claims(data: bytes, name: str) -> bool:
    [outcome] = examine(entry(data, name), [RdfLoader()])
    return not isinstance(outcome, Unclaimed)


# real files, with two other readers as oracles


def test_vocabularies_read_as_rdflib_and_oxigraph_read_them(
    shared: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(rdflib, "NORMALIZE_LITERALS", False)
    files = sorted((shared / "vocab").rglob("*.ttl"))
    assert len(files) > 80
    refused = 0
    for file in files:
        data = file.read_bytes()
        base = home(file.name)
        try:
            theirs = rdflib.Graph().parse(data=data, format="turtle", publicID=base)
        except Exception:  # noqa: BLE001
            # some examples of the SSN group lack their prefixes; nobody can read them
            with pytest.raises(NotWellFormed):
                read(data, file.name)
            refused += 1
            continue
        ours = read(data, file.name)
        statements = dataset(theirs.serialize(format="nt"), ox.RdfFormat.N_TRIPLES)
        assert ours.count("\n") == len(theirs) == len(statements), file.name
        assert same(with_blank_nodes(ours, file.name), statements), file.name
        assert same(with_blank_nodes(ours, file.name), dataset(data, ox.RdfFormat.TURTLE, base)), (
            file.name
        )
    assert refused == 13
    caplog.clear()  # rdflib warns of what it parses itself


@pytest.mark.parametrize(
    ("pattern", "form"),
    [("geosparql_benchmark/**/*.rdf", "xml"), ("vocab/**/*.jsonld", "json-ld")],
)
@pytest.mark.filterwarnings("ignore:ConjunctiveGraph:DeprecationWarning")
def test_other_syntaxes_read_as_rdflib_reads_them(
    shared: Path, pattern: str, form: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rdflib, "NORMALIZE_LITERALS", False)
    files = sorted(shared.glob(pattern))
    assert files
    for file in files:
        data = file.read_bytes()
        base = home(file.name)
        theirs = rdflib.Graph().parse(data=data, format=form, publicID=base)
        ours = read(data, file.name)
        wanted = dataset(theirs.serialize(format="nt"), ox.RdfFormat.N_TRIPLES)
        assert same(with_blank_nodes(ours, file.name), wanted), file


# what is ours


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("a.txt", PREFIX + b":a :b :c ."),
        ("a", b"# note\nPREFIX x: <urn:x:>\nx:a x:b x:c ."),
        ("a.dat", b"<urn:a> <urn:b> <urn:c> <urn:g> ."),
        ("a.ttl", b"this is no turtle"),
        ("a.nq", b"nothing"),
        ("a.xml", b'<?xml version="1.0"?><rdf:RDF xmlns:rdf="' + RDF_NS.encode() + b'"/>'),
        ("a.xml", f'<x:P xmlns:x="urn:x:" xmlns:rdf="{RDF_NS}" rdf:about="urn:a"/>'.encode()),
        ("a.json", b'{"@id": "urn:a", "@type": "urn:T"}'),
        ("a.json", b'[{"@context": {}, "@graph": []}]'),
        ("a.json", b'{"name": 1, "@context": {"name": "urn:n"}}'),
        ("a.jsonld", b"{}"),
        ("a.owl", b"<Ontology/>"),
    ],
)
def test_takes_rdf(name: str, data: bytes) -> None:
    assert claims(data, name)


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("a.txt", b"To whom it may concern: nothing."),
        ("a.txt", b""),
        ("a.bin", bytes(range(256))),
        ("a.csv", b"a,b\n1,2\n"),
        ("a.rq", b"PREFIX x: <urn:x:>\nSELECT * WHERE { ?s ?p ?o }"),
        ("a.rq", b"BASE <urn:x:>\n# note\nask { ?s ?p ?o }"),
        ("a.xml", b"<?xml version='1.0'?><metadata/>"),
        ("a.svg", f'<svg xmlns="urn:s" xmlns:rdf="{RDF_NS}"><rdf:RDF/></svg>'.encode()),
        ("a.html", b"<!DOCTYPE html><html><a href='x'></a></html>"),
        ("a.json", b'{"type": "Feature", "@context": "x", "geometry": null}'),
        ("a.json", b'{"stac_version": "1.0.0", "@id": "x"}'),
        ("a.json", b'{"a": {"@id": "x"}}'),
        ("a.json", b'{"a": '),
        ("a.json", b'["@id"]'),
    ],
)
def test_leaves_the_rest(name: str, data: bytes) -> None:
    assert not claims(data, name)


def test_a_root_behind_a_long_prologue_is_found() -> None:
    licence = b"<!-- " + b"x" * 10_000 + b" -->"
    data = f'<?xml version="1.0"?><!-- {RDF_NS} -->'.encode() + licence
    assert claims(data + b'<rdf:RDF xmlns:rdf="' + RDF_NS.encode() + b'"/>', "a.xml")


def test_key_is_where_the_file_lies(tmp_path: Path) -> None:
    file = tmp_path / "a b.ttl"
    file.write_bytes(b"")
    plain = Entry("a b.ttl", str(file), 0, b"", lambda: b"")
    roundabout = Entry("a b.ttl", str(tmp_path / "x" / ".." / "a b.ttl"), 0, b"", lambda: b"")
    assert key_of(plain) == key_of(roundabout) == file.resolve().as_uri()
    member = Entry("d/ä.ttl", f"{file}!d/ä.ttl", 0, b"", lambda: b"")
    assert key_of(member) == f"{file.resolve().as_uri()}!d/%C3%A4.ttl"


def test_find_gives_the_bytes() -> None:
    data = PREFIX + b":a :b :c ."
    [found] = examine(entry(data, "a.ttl"), [RdfLoader()])
    assert isinstance(found, Found)
    assert found.document.parts == (Part("a.ttl", data),)
    assert found.document.kind == "rdf"


# what comes out


def test_literals_stay_as_they_are_written() -> None:
    lines = read(
        PREFIX + b':a :b 01, +1.50, 1E0, true, "x"@en-GB, '
        b'"007"^^<http://www.w3.org/2001/XMLSchema#integer>, '
        b'"no date"^^<http://www.w3.org/2001/XMLSchema#date> .'
    )
    values = re.findall(r'"[^"]*"\S*', lines)
    xsd = "http://www.w3.org/2001/XMLSchema#"
    assert values == [
        f'"01"^^<{xsd}integer>',
        f'"+1.50"^^<{xsd}decimal>',
        f'"1E0"^^<{xsd}double>',
        f'"true"^^<{xsd}boolean>',
        '"x"@en-gb',  # RDF 1.1 Concepts section 3.3 lets a tag be lower-cased; Oxigraph does
        f'"007"^^<{xsd}integer>',
        f'"no date"^^<{xsd}date>',
    ]


def test_blank_nodes_become_iris_of_the_document() -> None:
    data = PREFIX + b"_:x :knows [ :name 'n' ] , _:x ."
    text = read(data)
    nodes = f"https://w3id.org/dafab/id/document/{document(data).document_id}/bnode/"
    assert f"<{nodes}x> <http://example.org/knows> <{nodes}x> ." in text
    assert f'<{nodes}~1> <http://example.org/name> "n" .' in text
    assert "_:" not in text
    assert read(data) == text


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("a.jsonld", b'{"urn:p:q": [{"urn:p:r": 1}, {"urn:p:r": {"@list": [1, 2]}}]}'),
        ("a.rdf", b'<rdf:RDF xmlns:rdf="%s" xmlns:x="urn:x:"><x:A><x:b rdf:parseType="Resource">'
         b"<x:c>1</x:c></x:b></x:A></rdf:RDF>" % RDF_NS.encode()),
    ],
)  # fmt: skip
def test_the_same_bytes_give_the_same_statements(name: str, data: bytes) -> None:
    assert read(data, name) == read(data, name)
    assert "bnode/~1" in read(data, name)


def test_relative_iris_are_resolved_against_the_document() -> None:
    data = b"<a> <#b> <> ."
    base = f"https://w3id.org/dafab/id/document/{document(data).document_id}/"
    assert read(data) == f"<{base}a> <{base}#b> <{base}> .\n"


def test_base_of_the_settings_is_used() -> None:
    text = read(b"<urn:a> <urn:b> _:c .", base="https://example.org/id/")
    assert "<https://example.org/id/document/" in text


def test_named_graphs_are_kept() -> None:
    text = read(PREFIX + b":g { :a :b :c } :a :b :d .", "a.trig")
    assert text.splitlines()[0].endswith("<http://example.org/c> <http://example.org/g> .")
    assert text.splitlines()[1].endswith("<http://example.org/d> .")


@pytest.mark.parametrize("room", ["graph/1", "derived/r/k", "graph-of-loads/1"])
@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("a.trig", "<{}> {{ <urn:a> <urn:b> <urn:c> }}"),
        ("a.nq", "<urn:a> <urn:b> <urn:c> <{}> ."),
        ("a.nq", "<urn:a> <urn:b> <urn:c> <{}> .".replace("{}", "\\u0068{}")),
        ("a.jsonld", '{{"@id": "{}", "@graph": [{{"@id": "urn:a", "urn:b": 1}}]}}'),
    ],
)
def test_the_catalogue_s_own_graphs_are_out_of_reach(room: str, name: str, data: str) -> None:
    iri = f"https://w3id.org/dafab/id/{room}"
    text = data.format(iri[1:] if "\\u0068" in data else iri)
    with pytest.raises(NotSafe, match="dafab-kg restore"):
        read(text.encode(), name)


# faults


@pytest.mark.parametrize(
    ("name", "data", "line"),
    [
        ("a.ttl", PREFIX + b":a :b :c", 2),
        ("a.ttl", PREFIX + b"\n\n:a :b 'open\n .", 4),
        ("a.ttl", PREFIX + b":a :b <http://a b> .", 2),
        ("a.ttl", PREFIX + b":a :b <http://a/%zz> .", 2),
        ("a.ttl", PREFIX + b':a :b "x"@e .', 2),
        ("a.ttl", PREFIX + b":a x:b :c .", 2),
        ("a.ttl", b"# \xff\n", 1),
        ("a.nt", b"<urn:a> <urn:b> <urn:c> .\n<urn:a> <urn:b> .", 2),
        ("a.nt", b"<urn:a> <urn:b> <urn:c> <urn:g> .", 1),
        ("a.nq", b'<urn:a> <urn:b> "\\uD800" .', 1),
        ("a.nq", b"<urn:a> <urn:b> <c> .", 1),
        ("a.rdf", b"<rdf:RDF xmlns:rdf='%s'>\n<a>" % RDF_NS.encode(), 2),
        ("a.rdf", b"<rdf:RDF xmlns:rdf='%s'>\n<rdf:li/></rdf:RDF>" % RDF_NS.encode(), 2),
        ("a.rdf", b"<rdf:RDF xmlns:rdf='%s' xmlns:x='urn:x:'>\n"
         b"<x:a rdf:about='a b'/></rdf:RDF>" % RDF_NS.encode(), 2),
        ("a.rdf", b"plain words", 1),
        ("a.jsonld", b'{\n"@id": ', 2),
        ("a.jsonld", b'{"a": "\xff"}', 1),
    ],
)  # fmt: skip
def test_faults_are_told_with_their_line(name: str, data: bytes, line: int) -> None:
    with pytest.raises(NotWellFormed) as caught:
        read(data, name)
    assert caught.value.where.startswith(name)
    assert f"line {line}" in caught.value.where
    assert caught.value.remedy


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("a.ttl", PREFIX + b"<< :a :b :c >> :d :e ."),
        ("a.ttl", PREFIX + b":a :b :c {| :d :e |} ."),
        ("a.ttl", PREFIX + b":a :b 'c'@en--ltr ."),
        ("a.nt", b"<< <urn:a> <urn:b> <urn:c> >> <urn:b> <urn:c> ."),
        ("a.nt", b"<urn:a> <urn:b> <<( <urn:a> <urn:b> <urn:c> )>> ."),
    ],
)
def test_rdf_1_2_is_told_from_a_fault(name: str, data: bytes) -> None:
    with pytest.raises(NotWellFormed, match=r"RDF 1\.2"):
        read(data, name)


@pytest.mark.parametrize(
    ("opened", "closed", "count"), [("(", ")", 2 * 100_000 + 1), ("[ :b ", "]", 100_001)]
)
def test_brackets_nest_as_deep_as_they_like(opened: str, closed: str, count: int) -> None:
    text = f":a :b {opened * 100_000}:c{closed * 100_000} ."
    assert read(PREFIX + text.encode()).count("\n") == count
    with pytest.raises(NotWellFormed):
        read(PREFIX + text.encode()[:-100_000])


def test_deep_nesting_is_refused() -> None:
    for name in ("a.nt", "a.nq", "a.ttl", "a.trig"):
        with pytest.raises(TooLarge):
            read(b"<urn:a> <urn:b> " + b"<<( <urn:a> <urn:b> " * 100_000, name)
    for opened in (b'{"urn:a:b": ', b'{"urn:a:b": [', b'{"@context": '):
        with pytest.raises(TooLarge):
            read(opened * 5000, "a.jsonld")
    element = b'<x:a xmlns:x="urn:x:" xmlns:rdf="%s">' % RDF_NS.encode()
    with pytest.raises(TooLarge):
        read(b"<?xml version='1.0'?>" + element * 210 + b"</x:a>" * 210, "a.rdf")


@given(st.text(max_size=80))
def test_no_text_crashes_the_readers(text: str) -> None:
    data = text.encode("utf-8", "surrogatepass")
    for name in ("a.ttl", "a.trig", "a.nt", "a.nq", "a.rdf", "a.jsonld"):
        try:
            read(PREFIX + data if name == "a.ttl" else data, name)
        except DocumentRejected as error:
            assert error.where


@given(st.text(alphabet=st.sampled_from("<>@:.;,[](){}'\"\\ua1_%#^ \n-e/?"), max_size=40))
def test_what_is_read_a_store_takes(text: str) -> None:
    data = PREFIX + b":a :b " + text.encode() + b" ."
    try:
        lines = read(data, "a.trig")
    except DocumentRejected:
        return
    list(ox.parse(lines.encode(), format=ox.RdfFormat.N_QUADS))


@given(st.text(min_size=0, max_size=60))
def test_any_string_survives(text: str) -> None:
    try:
        text.encode()
    except UnicodeEncodeError:
        return
    escaped = "".join(f"\\U{ord(c):08X}" for c in text)
    lines = read(f'<urn:a> <urn:b> "{escaped}" .'.encode(), "a.nt")
    [quad] = dataset(lines, ox.RdfFormat.N_QUADS)
    assert quad.object.value == text


# RFC 3986 section 5.4: the examples of the standard


@pytest.mark.parametrize(
    ("reference", "target"),
    [
        ("g:h", "g:h"), ("g", "http://a/b/c/g"), ("./g", "http://a/b/c/g"),
        ("g/", "http://a/b/c/g/"), ("/g", "http://a/g"), ("//g", "http://g"),
        ("?y", "http://a/b/c/d;p?y"), ("g?y", "http://a/b/c/g?y"), ("#s", "http://a/b/c/d;p?q#s"),
        ("g#s", "http://a/b/c/g#s"), ("g?y#s", "http://a/b/c/g?y#s"), (";x", "http://a/b/c/;x"),
        ("g;x", "http://a/b/c/g;x"), ("", "http://a/b/c/d;p?q"), (".", "http://a/b/c/"),
        ("./", "http://a/b/c/"), ("..", "http://a/b/"), ("../", "http://a/b/"),
        ("../g", "http://a/b/g"), ("../..", "http://a/"), ("../../", "http://a/"),
        ("../../g", "http://a/g"), ("../../../g", "http://a/g"), ("../../../../g", "http://a/g"),
        ("/./g", "http://a/g"), ("/../g", "http://a/g"), ("g.", "http://a/b/c/g."),
        ("..g", "http://a/b/c/..g"), ("./../g", "http://a/b/g"), ("./g/.", "http://a/b/c/g/"),
        ("g/./h", "http://a/b/c/g/h"), ("g/../h", "http://a/b/c/h"),
        ("g;x=1/./y", "http://a/b/c/g;x=1/y"), ("g;x=1/../y", "http://a/b/c/y"),
        ("g?y/../x", "http://a/b/c/g?y/../x"), ("g#s/../x", "http://a/b/c/g#s/../x"),
    ],
)  # fmt: skip
def test_references_resolve_as_rfc_3986_says(reference: str, target: str) -> None:
    data = f"@base <http://a/b/c/d;p?q> . <{reference}> <urn:b> <urn:c> ."
    assert read(data.encode()) == f"<{target}> <urn:b> <urn:c> .\n"
