"""XML from strangers: what is refused, with its place, and how a root is recognised."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

from dafab_kg.model.errors import DocumentRejected, NotSafe, NotWellFormed, TooLarge
from dafab_kg.model.strict_xml import read_xml, root_name

LAUGHS = "".join(f'<!ENTITY l{i} "{f"&l{i - 1};" * 10 if i else "lol"}">' for i in range(12))


def test_plain_xml_without_comments_and_instructions() -> None:
    root = read_xml(b"<?x y?><a><!-- c --><b>1 &amp; &#50;</b></a>", where="f")
    assert root.findtext("b") == "1 & 2"
    assert [child.tag for child in root] == ["b"]


def test_a_bare_document_type_is_harmless() -> None:
    assert read_xml(b"<!DOCTYPE a><a/>", where="f").tag == "a"


@pytest.mark.parametrize(
    "text",
    [
        '<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><a>&x;</a>',
        '<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><a b="&x;"/>',
        '<!DOCTYPE a [<!ENTITY x "unused">]><a/>',
        '<!DOCTYPE a [<!ENTITY % x SYSTEM "http://192.0.2.1/x">%x;]><a/>',
        '<!DOCTYPE a SYSTEM "http://192.0.2.1/a.dtd"><a>&x;</a>',
        f"<!DOCTYPE a [{LAUGHS}]><a>&l11;</a>",
        f'<!DOCTYPE a [{LAUGHS}]><a b="&l11;"/>',
        '<!DOCTYPE a [<!ENTITY x "&y;"><!ENTITY y "&x;">]><a b="&x;"/>',
    ],
)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_entities_are_refused(text: str, encoding: str) -> None:
    with pytest.raises(NotSafe, match="entities") as caught:
        read_xml(text.encode(encoding), where="f.xml")
    assert caught.value.where.startswith("f.xml")


@pytest.mark.parametrize(
    ("data", "place"),
    [
        (b"<a>\n<b>", "line 2"),
        (b"", "line 1"),
        (b"<a></b>", "line 1"),
        (b"<a>\n\n\xff</a>", "line 3"),
        (b'<?xml version="1.0" encoding="NONE-SUCH"?><a/>', "line 1"),
        (b"<a>&undeclared;</a>", "line 1"),
        (b"<a/><b/>", "line 1"),
        (b"\x00", "line 1"),
    ],
)
def test_faults_have_line_and_column(data: bytes, place: str) -> None:
    with pytest.raises(NotWellFormed, match="column") as caught:
        read_xml(data, where="f.xml")
    assert f"f.xml: {place}" in caught.value.where


@pytest.mark.parametrize("depth", [201, 300, 100_000])
def test_deep_nesting_is_too_large(depth: int) -> None:
    with pytest.raises(TooLarge):
        read_xml(b"<a>" * depth + b"</a>" * depth, where="f")


def test_depth_up_to_the_bound_is_read() -> None:
    read_xml(b"<a>" * 200 + b"</a>" * 200, where="f")
    with pytest.raises(TooLarge):
        read_xml(b"<a><a><a/></a></a>", where="f", max_depth=2)


@settings(deadline=None)
@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_rejected(data: bytes) -> None:
    with contextlib.suppress(DocumentRejected):
        read_xml(data, where="f")


@settings(deadline=None)
@given(st.binary(max_size=5000))
def test_root_name_never_raises(data: bytes) -> None:
    root_name(data)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('<n1:A xmlns:n1="urn:x">', ("urn:x", "A")),
        ("<A xmlns='urn:x' b='2'>", ("urn:x", "A")),
        ('<?xml version="1.0"?>\n<!-- <no/> -->\n  <?p i?><A/>', ("", "A")),
        ('<!DOCTYPE A [<!ENTITY x "<y>">]><A/>', ("", "A")),
        ('<n1:A\n  other="1"\n  xmlns:n2="urn:y" xmlns:n1 = "urn:x">', ("urn:x", "A")),
        ("<Level-2A_User_Product>", ("", "Level-2A_User_Product")),
        ('{"a": "<b>"}', None),
        ("text <a>", None),
        ("<!-- unfinished", None),
        ("", None),
    ],
)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"])
def test_root_name(text: str, expected: tuple[str, str] | None, encoding: str) -> None:
    assert root_name(text.encode(encoding)) == expected


@settings(deadline=None)
@given(
    local=st.from_regex(r"[A-Za-z_][A-Za-z0-9_.\-]{0,20}", fullmatch=True),
    prefix=st.from_regex(r"[a-z][a-z0-9]{0,5}", fullmatch=True).filter(
        lambda p: not p.startswith("xml")
    ),
    uri=st.from_regex(r"urn:[a-z0-9:]{1,20}", fullmatch=True),
)
def test_root_name_agrees_with_the_parser(local: str, prefix: str, uri: str) -> None:
    root = etree.Element(f"{{{uri}}}{local}", nsmap={prefix: uri})
    root.append(etree.Element("child"))
    assert root_name(etree.tostring(root, xml_declaration=True, encoding="UTF-8")) == (uri, local)
