"""JSON-LD, with Oxigraph's reader as oracle."""

from __future__ import annotations

import json
import socket
import urllib.request
from pathlib import Path
from typing import Any

import pyoxigraph as ox
import pytest

from dafab_kg.loaders.rdf.contexts import BUNDLED, Contexts
from dafab_kg.loaders.rdf.jsonld import read_jsonld
from dafab_kg.loaders.rdf.terms import Quads
from dafab_kg.model import resources
from dafab_kg.model.errors import DocumentRejected, NotSafe, NotWellFormed
from dafab_kg.model.names import Names

BASE = Names().make("document", document_id="0" * 32) + "/"
URL = "https://example.org/context.jsonld"


@pytest.fixture(autouse=True)
def no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("something was to be fetched")

    monkeypatch.setattr(socket, "socket", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    monkeypatch.setattr(urllib.request, "urlopen", refuse)


def read(document: Any, contexts: dict[str, Path] | None = None) -> tuple[str, tuple[str, ...]]:
    quads = Quads(Names(), "0" * 32)
    data = document if isinstance(document, bytes) else json.dumps(document).encode()
    warnings = read_jsonld(data, quads, Contexts(contexts or {}, 200))
    return quads.text(), warnings


def canonical(data: str, form: ox.RdfFormat) -> ox.Dataset:
    def undo(term: object) -> object:
        if isinstance(term, ox.NamedNode) and term.value.startswith(f"{BASE}bnode/"):
            return ox.BlankNode("b" + term.value.rpartition("/")[2].encode().hex())
        return term

    statements = ox.Dataset(
        ox.Quad(undo(q.subject), q.predicate, undo(q.object), undo(q.graph_name))
        for q in ox.parse(data.encode(), format=form, base_iri=BASE)
    )
    statements.canonicalize(ox.CanonicalizationAlgorithm.UNSTABLE)
    return statements


X = {"@vocab": "http://example.org/"}


@pytest.mark.parametrize(
    "document",
    [
        {"@context": X, "@id": "a", "@type": "T", "p": ["text", 1, True, 1.5, 1e21, 5.0]},
        {"@context": X, "@id": "_:b", "p": {"@id": "_:b"}, "q": {"r": "inner"}},
        {"@context": X, "@id": "urn:a", "p": {"@list": [1, "b", {"@id": "c"}]}},
        {"@context": X, "@id": "urn:a", "p": {"@value": "x", "@language": "en"}},
        {"@context": X, "@id": "urn:a", "p": {"@value": "01", "@type": "http://a/t"}},
        {"@context": {**X, "p": {"@type": "@id"}}, "@id": "urn:a", "p": ["b", "urn:c"]},
        {"@context": {**X, "p": {"@container": "@language"}}, "p": {"en": "a", "de": ["b"]}},
        {"@context": {**X, "p": {"@reverse": "urn:x:q"}}, "@id": "urn:a", "p": {"@id": "urn:b"}},
        {"@context": {"x": "http://example.org/", "p": {"@id": "x:p", "@type": "x:T"}}, "p": "v"},
        {"@context": {**X, "@language": "fr"}, "@id": "urn:a", "p": "mot"},
        {"@context": {**X, "gone": None}, "@id": "urn:a", "p": 1, "gone": 2},
        {"@context": X, "@id": "urn:g", "@graph": [{"@id": "urn:a", "p": 1}]},
        {"@context": X, "@graph": [{"@id": "urn:a", "p": 1}, {"@id": "urn:b", "p": None}]},
        {"@context": {**X, "id": "@id", "type": "@type"}, "id": "urn:a", "type": ["T", "U"]},
        {"@context": {**X, "T": {"@id": "T", "@context": {"p": "http://other/p"}}},
         "@id": "urn:a", "@type": "http://example.org/U", "p": 1},
        {"@context": {**X, "q": {"@id": "q", "@context": {"p": "http://other/p"}}},
         "@id": "urn:a", "q": {"p": 1}, "p": 2},
        {"@context": [X, None, {"p": "urn:x:p"}], "@id": "urn:a", "p": 1, "q": 2},
        {"@context": X, "@id": "urn:a", "p": {"@context": {}, "@id": "urn:b", "q": 1}},
        {"@context": X, "@id": "urn:a", "p": {"@context": None, "@id": "urn:b", "urn:x:y": 2}},
        [{"@context": X, "@id": "urn:a", "p": 1}, {"@context": X, "@id": "urn:b", "p": 1}],
    ],
)  # fmt: skip
def test_reads_as_oxigraph_reads(document: Any) -> None:
    wanted = canonical(json.dumps(document), ox.RdfFormat.JSON_LD)
    assert len(wanted) > 0
    assert canonical(read(document)[0], ox.RdfFormat.N_QUADS) == wanted


def test_numbers_with_a_type_keep_their_digits() -> None:
    xsd = "http://www.w3.org/2001/XMLSchema#"
    text, _ = read(
        b'{"@context": {"p": {"@id": "urn:p:p", "@type": "%sdecimal"}}, "@id": "urn:a",'
        b' "p": [12.345678901234567890, 5, 0.1]}' % xsd.encode()
    )
    assert f'"12.34567890123456789"^^<{xsd}decimal>' in text
    assert f'"5"^^<{xsd}decimal>' in text
    assert f'"0.1"^^<{xsd}decimal>' in text


def test_json_literal_is_data() -> None:
    text, _ = read(
        {
            "@context": {"p": {"@id": "urn:p:p", "@type": "@json"}},
            "@id": "urn:a",
            "p": {"b": [1, None], "a": {"@value": "x"}},
        }
    )
    assert r'"{\"a\":{\"@value\":\"x\"},\"b\":[1,null]}"' in text
    assert "rdf-syntax-ns#JSON>" in text


def test_unknown_keys_are_warned_of() -> None:
    text, warnings = read({"@context": {"p": "urn:x:p"}, "@id": "urn:a", "p": 1, "lost": 2})
    assert text.count("\n") == 1
    assert warnings == ("Left out 1 keys that no context explains: lost",)
    assert read({"@id": "urn:a", "urn:x:p": 1, "@type": "urn:T"})[1] == ()


@pytest.mark.parametrize(
    "document",
    [
        {"@context": "https://schema.org/", "@id": "urn:a"},
        {"@context": [X, "http://example.org/c"], "@id": "urn:a"},
        {"@context": {"@import": "http://example.org/c"}, "@id": "urn:a"},
        {"@context": {"t": {"@id": "urn:t", "@context": "http://example.org/c"}}},
        {"urn:x:y": [{"@context": "http://example.org/c"}]},
        {"@context": "file:///etc/passwd"},
        {"@context": "../../etc/passwd"},
        {"@context": ""},
    ],
)
def test_a_context_from_elsewhere_is_refused(document: Any) -> None:
    with pytest.raises(NotSafe) as caught:
        read(document)
    assert "json_ld_contexts" in caught.value.remedy
    assert "is not fetched" in caught.value.what


def test_the_address_is_named() -> None:
    with pytest.raises(NotSafe, match=r"https://schema\.org/"):
        read({"@context": "https://schema.org/"})


def written(folder: Path, name: str, context: Any) -> Path:
    path = folder / name
    path.write_text(json.dumps({"@context": context}))
    return path


def test_allowed_contexts_are_read_from_their_files(tmp_path: Path) -> None:
    inner = written(tmp_path, "inner", {"p": "urn:x:p", "@base": "http://not.this/"})
    outer = written(tmp_path, "outer", ["inner.jsonld", {"q": "urn:x:q"}])
    allowed = {URL: outer, "https://example.org/inner.jsonld": inner}
    text, warnings = read({"@context": URL, "@id": "a", "p": 1, "q": 2}, allowed)
    assert f"<{BASE}a> <urn:x:p>" in text
    assert f"<{BASE}a> <urn:x:q>" in text
    assert warnings == ()


def test_import_is_put_in_and_overridden(tmp_path: Path) -> None:
    path = written(tmp_path, "c", {"p": "urn:x:p", "q": "urn:x:q"})
    document = {"@context": {"@import": URL, "q": "urn:y:q"}, "@id": "urn:a", "p": 1, "q": 2}
    text, _ = read(document, {URL: path})
    assert "<urn:x:p>" in text
    assert "<urn:y:q>" in text
    assert "<urn:x:q>" not in text


def test_contexts_that_include_each_other_are_refused(tmp_path: Path) -> None:
    path = written(tmp_path, "c", [{"t": {"@id": "urn:t", "@context": URL}}])
    with pytest.raises(NotWellFormed, match="includes itself"):
        read({"@context": URL}, {URL: path})


def test_an_allowed_context_may_be_missing_or_broken(tmp_path: Path) -> None:
    with pytest.raises(DocumentRejected, match="cannot be read"):
        read({"@context": URL}, {URL: tmp_path / "none"})
    (tmp_path / "list").write_text("[]")
    with pytest.raises(NotWellFormed, match="holds no context"):
        read({"@context": URL}, {URL: tmp_path / "list"})


def test_our_own_context_is_at_hand() -> None:
    own = resources.folder("ontology").joinpath("context.jsonld")
    if not own.is_file():
        pytest.skip("the ontology has no context.jsonld yet")
    text, _ = read({"@context": BUNDLED, "@id": "urn:a", "http://example.org/p": 1})
    assert "<http://example.org/p>" in text


@pytest.mark.parametrize(
    "document",
    [
        {"@context": 7},
        {"@context": {"@import": 7}},
        {"@context": {"@context": {}}},
        {"@id": "http://a b/", "urn:x:y": 1},
        {"@id": "urn:a", "http://a b/": 1},
        {"@id": "urn:a", "urn:x:y": {"@value": "x", "@language": "??"}},
        {"@id": "urn:a", "urn:x:y": {"@value": {"a": 1}}},
        {"@id": "urn:a", "urn:x:y": {"@value": 1, "@type": ["a", "b"]}},
        {"@context": {"p": {"@id": 7}}, "p": 1},
        {"@context": {"p": {"@id": "urn:p", "@container": 7}}, "p": {"a": 1}},
        {"@context": {"@base": 7}, "@id": "a", "urn:x:y": 1},
        {"@reverse": 7, "@id": "urn:a"},
    ],
)
def test_broken_documents_are_refused_or_read(document: Any) -> None:
    try:
        text, _ = read(document)
    except DocumentRejected as error:
        assert error.where
    else:
        list(ox.parse(text.encode(), format=ox.RdfFormat.N_QUADS))


def test_the_same_invalid_identifier_is_refused() -> None:
    with pytest.raises(NotWellFormed, match="absolute IRI"):
        read({"@id": "http://a b/", "urn:x:y": 1})
