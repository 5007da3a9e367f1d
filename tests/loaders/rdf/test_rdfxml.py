"""RDF/XML, with Oxigraph's reader as oracle."""

from __future__ import annotations

import pyoxigraph as ox
import pytest
import rdflib

from dafab_kg.loaders.rdf.entities import expand_entities
from dafab_kg.model.errors import DocumentRejected, NotSafe, NotWellFormed, TooLarge
from tests.loaders.rdf import reading

RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
OPEN = f'<rdf:RDF xmlns:rdf="{RDF}" xmlns:x="http://example.org/">'


def read(text: str | bytes) -> str:
    return reading.read(text if isinstance(text, bytes) else text.encode(), "a.rdf")


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
        "<x:A><x:b> </x:b><x:c></x:c><x:d rdf:datatype='urn:t:t'/></x:A>",
        "<x:A x:q='a &lt; &gt; &quot; &#10;'/>",
    ],
)
def test_reads_as_oxigraph_reads(body: str) -> None:
    text = f"{OPEN}{body}</rdf:RDF>"
    wanted = reading.dataset(text, ox.RdfFormat.RDF_XML, reading.home("a.rdf"))
    assert len(wanted) > 0
    assert reading.same(reading.with_blank_nodes(read(text), "a.rdf"), wanted)


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


@pytest.mark.parametrize(
    "body",
    [
        "<x:A><x:b>a<![CDATA[<b>&]]>c</x:b></x:A>",
        "<x:A><x:b>a<!-- note -->c<?p i?>d</x:b></x:A>",
        "<x:A><x:b>a&#13;c&#10;d\r\ne</x:b></x:A>",
        "<x:A xml:lang='de'><x:b xml:lang=''>t</x:b><x:c>u</x:c><x:d xml:lang=''/></x:A>",
        "<x:A xml:lang='de' x:p='q'><x:b xml:lang=''><x:C><x:d>t</x:d><x:e xml:lang='en'>u</x:e>"
        "<x:f rdf:parseType='Resource'><x:g>v</x:g></x:f><x:h rdf:resource='urn:z:z'/>"
        "<x:i rdf:parseType='Collection'><x:J/></x:i><x:k rdf:ID='k'>w</x:k>"
        "<x:l rdf:datatype='urn:t:t'>x</x:l></x:C></x:b></x:A>",
        "<x:A><x:b rdf:parseType='anything'>z</x:b></x:A>",
        "<x:A about='urn:u:u'><x:b resource='urn:v:v'/></x:A>",
    ],
)
def test_reads_as_rdflib_reads_what_oxigraph_alone_does_not(
    body: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rdflib, "NORMALIZE_LITERALS", False)
    text = f"{OPEN}{body}</rdf:RDF>"
    base = reading.home("a.rdf")
    theirs = rdflib.Graph().parse(data=text.encode(), format="xml", publicID=base)
    wanted = reading.dataset(theirs.serialize(format="nt"), ox.RdfFormat.N_TRIPLES)
    assert reading.same(reading.with_blank_nodes(read(text), "a.rdf"), wanted)


@pytest.mark.parametrize(
    "body",
    [
        "<x:A>\n<x:b rdf:bagID='u'>s</x:b></x:A>",
        "<x:A>\n<x:b rdf:about='u'/></x:A>",
        "<x:A>\n<x:b><x:C rdf:datatype='urn:t:t'/></x:b></x:A>",
        "<x:A>\n<x:b rdf:parseType='Resource' x:c='1'></x:b></x:A>",
        "<x:A xml:lang='de'>\n<x:b xml:lang=''><x:C x:d='1'/></x:b></x:A>",
        "<x:A\n><x:b x:c='v'>s</x:b></x:A>",
        "<!--\n--><x:A rdf:ID='?'/>",
    ],
)
def test_nothing_is_passed_over_in_silence(body: str) -> None:
    with pytest.raises(NotWellFormed, match=r"a\.rdf: line 2"):
        read(f"{OPEN}{body}</rdf:RDF>")


@pytest.mark.parametrize(
    "body",
    [
        "<x:A><x:b rdf:parseType='Triple'><x:C/></x:b></x:A>",
        "<x:A><x:b rdf:annotation='urn:z:z'>v</x:b></x:A>",
        "<x:A><x:b xmlns:its='http://www.w3.org/2005/11/its' its:dir='rtl'>v</x:b></x:A>",
    ],
)
def test_rdf_1_2_is_refused(body: str) -> None:
    with pytest.raises(NotWellFormed, match=r"line 1: RDF 1\.2"):
        read(f"{OPEN}{body}</rdf:RDF>")


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
