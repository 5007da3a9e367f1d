"""RDF/XML, with Oxigraph's reader as oracle."""

from __future__ import annotations

import pyoxigraph as ox
import pytest

from dafab_kg.loaders.rdf.entities import expand_entities
from dafab_kg.loaders.rdf.rdfxml import read_rdfxml
from dafab_kg.loaders.rdf.terms import Quads
from dafab_kg.model.errors import DocumentRejected, NotSafe, NotWellFormed, TooLarge
from dafab_kg.model.names import Names

RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
OPEN = f'<rdf:RDF xmlns:rdf="{RDF}" xmlns:x="http://example.org/">'


def read(text: str | bytes) -> str:
    quads = Quads(Names(), "0" * 32)
    read_rdfxml(text if isinstance(text, bytes) else text.encode(), quads)
    return quads.text()


def canonical(text: str, form: ox.RdfFormat) -> ox.Dataset:
    base = Names().make("document", document_id="0" * 32) + "/"

    def undo(term: object) -> object:
        if isinstance(term, ox.NamedNode) and term.value.startswith(f"{base}bnode/"):
            return ox.BlankNode("b" + term.value.rpartition("/")[2].encode().hex())
        return term

    statements = ox.Dataset(
        ox.Quad(undo(q.subject), q.predicate, undo(q.object))
        for q in ox.parse(text.encode(), format=form, base_iri=base)
    )
    statements.canonicalize(ox.CanonicalizationAlgorithm.UNSTABLE)
    return statements


@pytest.mark.parametrize(
    "body",
    [
        '<x:A rdf:about="urn:a"><x:b>text</x:b><x:c rdf:resource="r"/></x:A>',
        '<rdf:Description rdf:ID="i" x:p="attribute" xml:lang="de"/>',
        '<x:A rdf:nodeID="n"><x:b rdf:nodeID="n"/></x:A>',
        f'<x:A><x:b rdf:datatype="{RDF[:-35]}2001/XMLSchema#integer">01</x:b></x:A>',
        '<x:A><x:b rdf:parseType="Collection"><x:C/><rdf:Description rdf:about="d"/></x:b></x:A>',
        '<x:A><x:b rdf:parseType="Collection"/></x:A>',
        '<x:A><x:b rdf:parseType="Resource"><x:c>1</x:c><x:d>2</x:d></x:b></x:A>',
        "<rdf:Bag><rdf:li>1</rdf:li><rdf:li>2</rdf:li></rdf:Bag>",
        '<x:A xml:base="http://example.org/dir/file"><x:b rdf:resource="../g"/></x:A>',
        '<x:A><x:b rdf:ID="said" xml:lang="en">text</x:b></x:A>',
        '<x:A><x:b x:c="inner"/><x:d/></x:A>',
        '<x:A><x:b rdf:parseType="Literal">plain &amp; simple</x:b></x:A>',
    ],
)
def test_reads_as_oxigraph_reads(body: str) -> None:
    text = f"{OPEN}{body}</rdf:RDF>"
    assert canonical(read(text), ox.RdfFormat.N_QUADS) == canonical(text, ox.RdfFormat.RDF_XML)


def test_literals_keep_their_form() -> None:
    xsd = "http://www.w3.org/2001/XMLSchema#"
    text = read(
        f'{OPEN}<x:A><x:b rdf:datatype="{xsd}decimal">01.50</x:b>'
        f'<x:b rdf:datatype="{xsd}date">never</x:b></x:A></rdf:RDF>'
    )
    assert f'"01.50"^^<{xsd}decimal>' in text
    assert f'"never"^^<{xsd}date>' in text


def test_an_empty_language_takes_the_language_away() -> None:
    text = read(f'{OPEN}<x:A xml:lang="de"><x:b xml:lang=""> a\r\nb </x:b></x:A></rdf:RDF>')
    assert r'" a\nb " .' in text


def test_xml_literal_is_canonical() -> None:
    text = read(
        f'{OPEN}<x:A><x:b rdf:parseType="Literal">'
        "a <x:i  k='1' b=\"2\"/> &lt; c</x:b></x:A></rdf:RDF>"
    )
    inner = r"a <x:i xmlns:x=\"http://example.org/\" b=\"2\" k=\"1\"></x:i> &lt; c"
    assert f'"{inner}"^^<{RDF}XMLLiteral>' in text


PROTEGE = f"""<?xml version="1.0" encoding="ISO-8859-1"?>
<!-- saved by a tool -->
<!DOCTYPE rdf:RDF [
    <!ENTITY owl "http://www.w3.org/2002/07/owl#" >
    <!ENTITY rdf '{RDF}' >
    <!-- one more -->
    <!ENTITY x "http://example.org/" >
]>
<rdf:RDF xmlns:rdf="&rdf;" xmlns:x="&x;" xmlns:owl="&owl;">
  <owl:Class rdf:about="&x;Caf\u00e9"><x:note><![CDATA[&x;]]>&lt;&x;</x:note></owl:Class>
</rdf:RDF>"""


def test_short_names_of_protege_are_put_in_their_place() -> None:
    text = read(PROTEGE.encode("latin-1"))
    assert (
        f"<http://example.org/Caf\u00e9> <{RDF}type> <http://www.w3.org/2002/07/owl#Class> ."
        in text
    )
    assert '<http://example.org/note> "&x;<http://example.org/" .' in text


def test_lines_stay_where_they_are() -> None:
    broken = PROTEGE.replace("</rdf:RDF>", "").encode("latin-1")
    with pytest.raises(NotWellFormed, match="line 11"):
        read(broken)


def test_utf_16_is_read() -> None:
    text = PROTEGE.replace("ISO-8859-1", "UTF-16")
    assert read(text.encode("utf-16")) == read(PROTEGE.encode("latin-1"))


def doctype(inner: str, content: str = "&a;") -> str:
    return f"<!DOCTYPE rdf:RDF {inner}>{OPEN}<x:A><x:b>{content}</x:b></x:A></rdf:RDF>"


LAUGHS = "".join(
    f'<!ENTITY a{i} "{f"&a{i - 1};" * 10 if i else "ha"}">' for i in range(10)
)  # fmt: skip


@pytest.mark.parametrize(
    "text",
    [
        doctype('[<!ENTITY a SYSTEM "file:///etc/passwd">]'),
        doctype('[<!ENTITY a PUBLIC "x" "http://example.org/x">]'),
        doctype('[<!ENTITY % p SYSTEM "http://example.org/x"> %p;]'),
        doctype(f"[{LAUGHS}]", "&a9;"),
        doctype('[<!ENTITY a "&#60;x:c/>">]'),
        doctype('[<!ENTITY a "<x:c/>">]'),
        doctype("[<!ELEMENT a ANY>]", ""),
        doctype('[<!ATTLIST a b CDATA "c">]', ""),
        doctype('SYSTEM "http://example.org/x.dtd"', ""),
        doctype('PUBLIC "a" "http://example.org/x.dtd" [<!ENTITY a "b">]'),
        doctype("[" + "".join(f'<!ENTITY e{i} "x">' for i in range(2000)) + "]", ""),
        doctype(f'[<!ENTITY a "{"x" * 5000}">]'),
        doctype('[<!ENTITY a "b">', ""),
    ],
)
def test_what_else_a_document_type_declares_is_refused(text: str) -> None:
    with pytest.raises(NotSafe) as caught:
        read(text)
    assert "DOCTYPE" in caught.value.remedy


def test_growth_is_bounded() -> None:
    name = f'[<!ENTITY a "{"x" * 1999}">]'
    with pytest.raises(TooLarge):
        expand_entities(doctype(name, "&a;" * 40_000).encode())


@pytest.mark.parametrize(
    "text",
    [
        doctype('[<!ENTITY b "c">]'),
        f"{OPEN}<x:A>&a;</x:A></rdf:RDF>",
        b"<?xml version='1.0' encoding='no-such'?><!DOCTYPE a []><a/>",
        b"<!DOCTYPE a []><a>\xff</a>",
        b"<a>\xff</a>",
        f"{OPEN}<x:A><x:b xml:lang='??'>x</x:b></x:A></rdf:RDF>",
        f"{OPEN}<x:A rdf:about='a' rdf:ID='b'/></rdf:RDF>",
        f"{OPEN}<x:A><x:b rdf:resource='http://['/></x:A></rdf:RDF>",
        f"{OPEN}<A xmlns='a b'/></rdf:RDF>",
        f"{OPEN}<A/></rdf:RDF>",
        f"{OPEN}<x:A b='c'/></rdf:RDF>",
        "<Ontology xmlns='http://www.w3.org/2002/07/owl#' ontologyIRI='urn:x'/>" * 2,
    ],
)
def test_broken_documents_are_refused(text: str | bytes) -> None:
    with pytest.raises(DocumentRejected) as caught:
        read(text)
    assert caught.value.where
