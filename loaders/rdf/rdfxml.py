"""RDF/XML (RDF 1.1 XML Syntax): parsed safely, and written again in its plainest form.

The parser that reads it after us knows not all of XML, so no entities, comments
and CDATA sections are left, XML literals are canonical text, and each element
stays on its line for the sake of messages.
"""

from __future__ import annotations

import re
from typing import Any, Final

from lxml import etree

from dafab_kg.loaders.rdf.entities import expand_entities
from dafab_kg.model.errors import NotWellFormed
from dafab_kg.model.names import PREFIXES
from dafab_kg.model.strict_xml import read_xml

_RDF: Final = f"{{{PREFIXES['rdf']}}}"
_XML: Final = "{http://www.w3.org/XML/1998/namespace}"
_ITS: Final = "{http://www.w3.org/2005/11/its}"
_LANGUAGE: Final = f"{_XML}lang"
_PARSE_TYPE, _DATATYPE = f"{_RDF}parseType", f"{_RDF}datatype"
_UNQUALIFIED: Final = ("about", "ID", "type", "resource", "parseType")
"""Attributes that may stand without namespace, as in the first RDF/XML (section 6.1.4)."""


def _terms(*names: str) -> frozenset[str]:
    return frozenset(_RDF + name for name in names)


# sections 6.2.2 to 6.2.4: what has a meaning of its own as an attribute, or had once
_SYNTAX: Final = _terms(
    *("RDF", "ID", "about", "parseType", "resource", "nodeID", "datatype", "Description", "li"),
    *("aboutEach", "aboutEachPrefix", "bagID"),
)
_ON_NODE: Final = _terms("ID", "about", "nodeID")
_ON_PROPERTY: Final = _terms("ID", "resource", "nodeID", "parseType", "datatype")
_WITH_PARSE_TYPE: Final = _terms("ID", "parseType")
_LATER: Final = _terms("annotation", "annotationNodeID") | {f"{_ITS}dir", f"{_ITS}version"}
_START_TAG = re.compile(rb"<[^/>][^>]*?(?=/?>)")


def plain_rdfxml(data: bytes, *, max_depth: int = 200) -> bytes:
    """Return the same statements as plain RDF/XML in UTF-8.

    Raises:
        NotSafe: its document type declares more than short names.
        NotWellFormed, TooLarge: with the line.
    """
    root = read_xml(expand_entities(data), where="RDF/XML", max_depth=max_depth)
    if root.tag == f"{_RDF}RDF":
        stated = bool(root.get(_LANGUAGE))
        if root.get(_LANGUAGE) == "":
            del root.attrib[_LANGUAGE]
        for child in root:
            _simplify(child, is_property=False, stated=stated)
    else:
        _simplify(root, is_property=False, stated=False)
    return _written(root)


def _simplify(
    element: etree._Element, *, is_property: bool, stated: bool, silenced: bool = False
) -> None:
    """Rewrite what other readers do not take, in an element and all within it.

    ``stated`` says that an outer element states a language, ``silenced`` that
    an empty ``xml:lang`` took it away.
    """
    _refuse_later(element)
    for name in _UNQUALIFIED:
        if name in element.attrib:
            element.set(_RDF + name, element.attrib.pop(name))
    _refuse_misplaced(element, is_property=is_property)
    if element.get(_LANGUAGE) == "":
        del element.attrib[_LANGUAGE]
        silenced = stated
    elif element.get(_LANGUAGE):
        stated, silenced = True, False
    parse_type = element.get(_PARSE_TYPE, "") if is_property else ""
    if parse_type not in {"", "Resource", "Collection"}:
        _make_text(element)
        return
    if silenced:
        _take_language_away(element, is_property=is_property)
    within_property = not is_property or parse_type == "Resource"
    for child in element:
        _simplify(child, is_property=within_property, stated=stated, silenced=silenced)


def _attributes(element: etree._Element) -> frozenset[str]:
    """Return the names of all attributes but those of XML itself."""
    names = (str(name) for name in element.attrib)
    return frozenset(name for name in names if not name.startswith(_XML))


def _refuse_later(element: etree._Element) -> None:
    if _attributes(element) & _LATER or element.get(_PARSE_TYPE) == "Triple":
        raise _fault(element, "RDF 1.2 (triple terms, text direction) is not read", "Use RDF 1.1")


def _refuse_misplaced(element: etree._Element, *, is_property: bool) -> None:
    """Refuse attributes that a reader would pass over in silence, and what they say with them."""
    names = _attributes(element)
    wrong = names & (_SYNTAX - (_ON_PROPERTY if is_property else _ON_NODE))
    if is_property and _PARSE_TYPE in names:
        wrong |= names - _WITH_PARSE_TYPE
    if wrong:
        raise _fault(
            element, f"{min(wrong)} cannot stand on {element.tag!s}", "Remove the attribute"
        )


def _make_text(element: etree._Element) -> None:
    """Turn an XML literal into its canonical text: the same statement (section 7.2.17)."""
    content = _content(element)
    del element.attrib[_PARSE_TYPE]
    element.set(_DATATYPE, f"{PREFIXES['rdf']}XMLLiteral")
    for child in list(element):
        element.remove(child)
    element.text = content


def _take_language_away(element: etree._Element, *, is_property: bool) -> None:
    """Type a literal as string, which is what one without language is."""
    own = _attributes(element)
    if own - _SYNTAX - {f"{_RDF}type"}:
        raise _fault(
            element,
            "An empty xml:lang is not read where an element has properties as attributes",
            "Write the properties as elements",
        )
    if is_property and not len(element) and own <= _terms("ID"):
        element.set(_DATATYPE, f"{PREFIXES['xsd']}string")


def _content(element: etree._Element) -> str:
    """Return what an element holds as canonical XML (Exclusive XML Canonicalization 1.0)."""
    parts = [_escaped(element.text)]
    for child in element:
        piece = etree.tostring(child, method="c14n", exclusive=True, with_tail=False)
        parts += [piece.decode(), _escaped(child.tail)]
    return "".join(parts)


def _escaped(text: str | None) -> str:
    plain = (text or "").replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return plain.replace("\r", "&#xD;")


def _written(root: etree._Element) -> bytes:
    """Write XML with line breaks put into the start tags, so that each ends on its line."""
    text = etree.tostring(root, encoding="utf-8")
    pieces: list[bytes] = []
    line, at = 1, 0
    for tag, element in zip(_START_TAG.finditer(text), root.iter(), strict=True):
        line += text.count(b"\n", at, tag.end())
        missing = max(0, _line(element) - line)
        pieces += [text[at : tag.end()], b"\n" * missing]
        line += missing
        at = tag.end()
    return b"".join((*pieces, text[at:]))


def _line(element: etree._Element) -> int:
    line: Any = element.sourceline
    return int(line or 0)


def _fault(element: etree._Element, what: str, remedy: str) -> NotWellFormed:
    return NotWellFormed(what, where=f"line {_line(element)}", remedy=remedy)
