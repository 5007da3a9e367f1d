"""Text of literals and IRIs, against two parsers and against the RFCs' own examples."""

from __future__ import annotations

from decimal import Decimal

import pyoxigraph
import pytest
import rdflib
from hypothesis import example, given
from hypothesis import strategies as st

from dafab_kg.mapping.nquads import iri, literal, plain, segment
from dafab_kg.model.errors import FieldNotValid
from dafab_kg.model.names import decode, is_iri

HOSTILE = 'a "b" \\ \\u0041 \x00\x07\b\t\n\x0b\f\r\x1c\x7f\x85\u2028\ufeff\ufffe\uffff 漢 𝔘 > . <x>'


def quad(text: str) -> bytes:
    return f'<a:s> <a:p> "{literal(text)}" <a:g> .\n'.encode()


@given(st.text())
@example(HOSTILE)
def test_two_parsers_read_back_the_very_text(text: str) -> None:
    (parsed,) = pyoxigraph.parse(quad(text), format=pyoxigraph.RdfFormat.N_QUADS)
    assert parsed.object == pyoxigraph.Literal(text)
    graph = rdflib.Graph().parse(
        data=quad(text).decode().replace(" <a:g> .\n", " .\n"), format="nt"
    )
    assert [str(value) for value in graph.objects()] == [text]


@given(st.text())
@example(HOSTILE)
def test_the_text_is_the_one_that_the_store_writes(text: str) -> None:
    triple = pyoxigraph.Triple(
        pyoxigraph.NamedNode("a:s"), pyoxigraph.NamedNode("a:p"), pyoxigraph.Literal(text)
    )
    written = pyoxigraph.serialize([triple], format=pyoxigraph.RdfFormat.N_TRIPLES)
    assert written is not None
    assert written.decode() == f'<a:s> <a:p> "{literal(text)}" .\n'


@given(st.text())
@example("../..")
@example("..")
@example(".")
@example("a/b?c#d%2F")
def test_a_segment_stays_in_its_segment_and_can_be_read_back(text: str) -> None:
    whole = f"https://data.example/id/{segment(text)}/end"
    assert is_iri(whole)
    (parsed,) = pyoxigraph.parse(
        f"<{whole}> <a:p> <a:o> .".encode(), format=pyoxigraph.RdfFormat.N_QUADS
    )
    before, inside, after = parsed.subject.value.rsplit("/", 2)
    assert (before, after) == ("https://data.example/id", "end")
    assert decode(inside) == text
    assert inside not in {".", ".."}


@pytest.mark.parametrize("text", ["\ud800", "a\udfffb", "\udc00\ud800"])
@pytest.mark.parametrize("write", [literal, segment, iri])
def test_half_characters_are_refused(write, text: str) -> None:
    with pytest.raises(FieldNotValid):
        write(text)


@pytest.mark.parametrize(
    "value", [1.5, None, b"x", ("a",), object(), pytest.param(10**5000, id="5001 digits")]
)
def test_what_is_no_plain_value_is_refused(value: object) -> None:
    with pytest.raises(FieldNotValid):
        plain(value)


def test_equal_numbers_are_not_mixed_up_by_the_cache() -> None:
    assert [segment(v) for v in (1, True, Decimal("1.0"), "1")] == ["1", "true", "1", "1"]


@pytest.mark.parametrize(
    "text",
    [  # the examples of RFC 3986 section 1.1.2, and of RFC 3987
        "ftp://ftp.is.co.za/rfc/rfc1808.txt",
        "http://www.ietf.org/rfc/rfc2396.txt",
        "ldap://[2001:db8::7]/c=GB?objectClass?one",
        "mailto:John.Doe@example.com",
        "news:comp.infosystems.www.servers.unix",
        "tel:+1-816-555-1212",
        "telnet://192.0.2.16:80/",
        "urn:oasis:names:specification:docbook:dtd:xml:4.1.2",
        "http://résumé.example.org",
        "s3://bucket/key",
        "a:",
    ],
)
def test_iris_of_the_rfcs_are_taken(text: str) -> None:
    assert iri(text) == text
    pyoxigraph.NamedNode(text)


@pytest.mark.parametrize(
    "text",
    [
        "", "x", "/a/b", "//host/a", "http://a/b c", "http://a/<b>", 'http://a/"', "http://a/[b]",
        "http://a/%zz", "http://a:port/", "http://[x]/", "http://[1:2]/", "http://a/#b#c",
        "http://a/\ue000", "http://a/\x7f", "http://a/\n", "http://a/\\", "http://a/{x}", "1a:b",
    ],
)  # fmt: skip
def test_what_is_no_absolute_iri_is_refused(text: str) -> None:
    with pytest.raises(FieldNotValid, match="not an absolute IRI"):
        iri(text)


@given(st.text("aZ09:/?#[]@!$&'()*+,;=-._~% <>\"{}|\\^`\x7fé\ue000\ufdd0\U0010fffd\n", max_size=14))
def test_what_passes_can_be_stored(tail: str) -> None:
    text = f"ex://h{tail}"
    if is_iri(text):
        (parsed,) = pyoxigraph.parse(
            f"<{text}> <a:p> <a:o> .".encode(), format=pyoxigraph.RdfFormat.N_QUADS
        )
        assert parsed.subject.value == text
