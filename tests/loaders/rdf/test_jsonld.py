"""JSON-LD, with Oxigraph's reader as oracle."""

from __future__ import annotations

import json
import socket
import urllib.request
from pathlib import Path
from typing import Any

import pyoxigraph as ox
import pytest

from dafab_kg.loaders.rdf.contexts import BUNDLED
from dafab_kg.model.errors import DocumentRejected, NotSafe, NotWellFormed, TooLarge
from tests.loaders.rdf import reading

BASE = reading.home("a.jsonld")
URL = "https://example.org/context.jsonld"


@pytest.fixture(autouse=True)
def no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("something was to be fetched")

    monkeypatch.setattr(socket, "socket", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    monkeypatch.setattr(urllib.request, "urlopen", refuse)


def read(document: Any, contexts: dict[str, Path] | None = None) -> tuple[str, tuple[str, ...]]:
    data = document if isinstance(document, bytes) else json.dumps(document).encode()
    return reading.read_with_warnings(data, "a.jsonld", contexts=contexts)


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
    wanted = reading.dataset(json.dumps(document), ox.RdfFormat.JSON_LD, BASE)
    assert len(wanted) > 0
    assert reading.same(reading.with_blank_nodes(read(document)[0], "a.jsonld"), wanted)


def test_numbers_with_a_type_keep_their_digits() -> None:
    xsd = "http://www.w3.org/2001/XMLSchema#"
    text, _ = read(
        b'{"@context": {"p": {"@id": "urn:p:p", "@type": "%sdecimal"}}, "@id": "urn:a",'
        b' "p": [12.345678901234567890, 5, 0.1]}' % xsd.encode()
    )
    assert f'"12.34567890123456789"^^<{xsd}decimal>' in text
    assert f'"5"^^<{xsd}decimal>' in text
    assert f'"0.1"^^<{xsd}decimal>' in text


@pytest.mark.parametrize(
    ("written", "wanted"),
    [
        ("0.1", "0.1"),
        ("-12.50", "-12.5"),
        ("1e22", "10000000000000000000000"),
        ("1E-7", "0.0000001"),
        ('"1.50"', "1.50"),
    ],
)
def test_a_number_called_a_decimal_is_one(written: str, wanted: str) -> None:
    xsd = "http://www.w3.org/2001/XMLSchema#"
    for data in (
        f'{{"@id": "urn:a", "urn:p:p": {{"@value": {written}, "@type": "{xsd}decimal"}}}}',
        f'{{"@context": {{"p": {{"@id": "urn:p:p", "@type": "{xsd}decimal"}}}}, "@id": "urn:a",'
        f' "p": {written}}}',
    ):
        assert f'"{wanted}"^^<{xsd}decimal>' in read(data.encode())[0]


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


def test_contexts_may_not_grow_without_bound(tmp_path: Path) -> None:
    path = written(tmp_path, "c", {f"p{i}": f"urn:x:{'p' * 1000}{i}" for i in range(1000)})
    assert read([{"@context": URL, "@id": "urn:a", "p1": 1}] * 3, {URL: path})[0].count("\n") == 1
    with pytest.raises(TooLarge, match="contexts"):
        read([{"@context": URL}] * 100, {URL: path})


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


@pytest.mark.parametrize(
    "document",
    [
        {"@id": "urn:a", "urn:x:y": {"@id": "http://a b/"}},
        {"@id": "urn:a", "@type": "http://a b/"},
        {"@id": "urn:a", "http://a b/": 1},
        {"@id": "http://a b/", "@graph": [{"@id": "urn:a", "urn:x:y": 1}]},
        {"@id": "urn:a", "urn:x:y": {"@value": "x", "@type": "http://a b/"}},
        {"@id": "urn:a", "urn:x:y": {"@value": "x", "@language": "??"}},
        {"@id": "_:a b", "urn:x:y": 1},
        {"@id": "urn:a", "_:p": 1},
        {"@context": {"@base": None}, "@id": "relative", "urn:x:y": 1},
        {"@context": {**X, "@direction": "rtl"}, "@id": "urn:a", "p": "x"},
        {"@context": {"p": {"@id": "urn:x:p", "@direction": "rtl"}}, "@id": "urn:a", "p": "x"},
        {"@id": "urn:a", "urn:x:p": {"@value": "x", "@direction": "rtl"}},
        {"@context": {"dir": "@direction"}, "urn:x:p": {"@value": "x", "dir": "rtl"}},
        {"@context": {"dir": {"@id": "@direction"}}, "urn:x:p": {"@value": "x", "dir": "rtl"}},
        {"@context": [{"@protected": True, "p": "urn:p:p"}, {"p": "urn:q:q"}], "p": 1},
    ],
)
def test_nothing_is_passed_over_in_silence(document: Any) -> None:
    with pytest.raises(NotWellFormed) as caught:
        read(document)
    assert caught.value.remedy


# JSON-LD 1.1, each with the statements that its sections 3 and 4 ask for


@pytest.mark.parametrize(
    ("document", "wanted"),
    [
        (
            {"@context": {**X, "n": "@nest"}, "@id": "urn:a", "n": {"p": "x"}},
            '<urn:a> <http://example.org/p> "x" .',
        ),
        (
            {"@context": X, "@id": "urn:a", "@included": [{"@id": "urn:b", "p": "x"}]},
            '<urn:b> <http://example.org/p> "x" .',
        ),
        (
            {"@context": {**X, "p": {"@container": ["@graph", "@id"]}}, "@id": "urn:a",
             "p": {"urn:g": {"@id": "urn:b", "q": "x"}}},
            '<urn:a> <http://example.org/p> <urn:g> .\n'
            '<urn:b> <http://example.org/q> "x" <urn:g> .',
        ),
        (
            {"@context": {**X, "p": {"@container": "@id"}}, "@id": "urn:a",
             "p": {"urn:z": {"q": "x"}}},
            '<urn:a> <http://example.org/p> <urn:z> .\n<urn:z> <http://example.org/q> "x" .',
        ),
        (
            {"@context": {**X, "p": {"@container": "@index", "@index": "i"}}, "@id": "urn:a",
             "p": {"k": {"@id": "urn:b"}}},
            '<urn:a> <http://example.org/p> <urn:b> .\n<urn:b> <http://example.org/i> "k" .',
        ),
        (
            {"@context": {**X, "T": {"@id": "urn:T:T", "@context": {"p": "urn:p:p"}}},
             "@id": "urn:a", "@type": "T", "p": "x", "q": {"@id": "urn:b", "p": "y"}},
            '<urn:a> <http://www.w3.org/1999/02/22-rdf-syntax-ns#type> <urn:T:T> .\n'
            '<urn:a> <urn:p:p> "x" .\n<urn:a> <http://example.org/q> <urn:b> .\n'
            '<urn:b> <http://example.org/p> "y" .',
        ),
        (
            {"@context": {**X, "q": {"@id": "q", "@context": {"p": "urn:p:p"}}},
             "@id": "urn:a", "q": {"@id": "urn:b", "p": "y"}, "p": "x"},
            '<urn:a> <http://example.org/q> <urn:b> .\n<urn:b> <urn:p:p> "y" .\n'
            '<urn:a> <http://example.org/p> "x" .',
        ),
    ],
)  # fmt: skip
def test_what_json_ld_1_1_brought_is_read(document: Any, wanted: str) -> None:
    assert sorted(read(document)[0].splitlines()) == sorted(wanted.split("\n"))


def test_the_same_invalid_identifier_is_refused() -> None:
    with pytest.raises(NotWellFormed, match="absolute IRI"):
        read({"@id": "http://a b/", "urn:x:y": 1})
