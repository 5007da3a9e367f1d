"""RDF/XML (RDF 1.1 XML Syntax).

The XML is parsed strictly first; rdflib's reader is then told of the elements,
one by one, so that no parser of its own sees the file.
"""

from __future__ import annotations

from typing import Any, Final, NoReturn

from lxml import etree
from rdflib.plugins.parsers.rdfxml import RDFXMLHandler
from rdflib.term import BNode, Literal, URIRef

from dafab_kg.loaders.rdf.entities import expand_entities
from dafab_kg.loaders.rdf.terms import RDF, Quads, TermNotValid, is_absolute, resolve
from dafab_kg.model.errors import DocumentRejected, NotWellFormed
from dafab_kg.model.strict_xml import read_xml

_XML_LITERAL: Final = f"{RDF}XMLLiteral"
_PARSE_TYPE: Final = f"{{{RDF}}}parseType"
_DATATYPE: Final = f"{{{RDF}}}datatype"
_UNQUALIFIED: Final = frozenset({"about", "ID", "type", "resource", "parseType"})
"""Attributes that may stand without namespace, as in the first RDF/XML (section 6.1.4)."""

Name = tuple[str | None, str]


def read_rdfxml(data: bytes, quads: Quads, *, max_depth: int = 200) -> None:
    """Read RDF/XML into ``quads``.

    Raises:
        NotSafe, NotWellFormed, TooLarge: with the line.
    """
    root = read_xml(expand_entities(data), where="RDF/XML", max_depth=max_depth)
    handler = _Handler(_Sink(quads), quads.base)
    try:
        _tell(root, handler, {})
    except DocumentRejected:
        raise
    except TermNotValid as error:
        handler.error(str(error))
    except Exception as error:  # noqa: BLE001 (rdflib fails in many ways on what is no RDF/XML)
        handler.error(f"This is not RDF/XML ({type(error).__name__}: {error})")


def _tell(element: etree._Element, handler: _Handler, outer: dict[str | None, str]) -> None:
    line: Any = element.sourceline
    handler.line = line
    declared = {p: n for p, n in element.nsmap.items() if outer.get(p) != n}
    for prefix, namespace in declared.items():
        handler.startPrefixMapping(prefix, namespace)
    name = _name(element.tag)
    attributes: dict[str, str] = {str(k): str(v) for k, v in element.attrib.items()}
    is_literal = attributes.get(_PARSE_TYPE, "Resource") not in {"Resource", "Collection"}
    if is_literal:
        # the same statement, said with rdf:datatype (section 7.2.17)
        del attributes[_PARSE_TYPE]
        attributes[_DATATYPE] = _XML_LITERAL
    told: Any = {_attribute_name(k): v for k, v in attributes.items()}
    handler.startElementNS(name, element.tag, told)
    if is_literal:
        handler.characters(_content(element))
    else:
        handler.characters(element.text or "")
        for child in element:
            _tell(child, handler, element.nsmap)
            handler.characters(child.tail or "")
    handler.line = line
    handler.endElementNS(name, element.tag)
    for prefix in declared:
        handler.endPrefixMapping(prefix)


def _name(tag: str | bytes) -> Name:
    name = etree.QName(tag)
    if name.namespace is None:
        raise TermNotValid(f"{name.localname!r} has no namespace")
    if not is_absolute(name.namespace + name.localname):
        raise TermNotValid(f"<{name.namespace}{name.localname}> is not an absolute IRI")
    return name.namespace, name.localname


def _attribute_name(tag: str) -> Name:
    return (None, tag) if tag in _UNQUALIFIED else _name(tag)


def _content(element: etree._Element) -> str:
    """Return what an element holds as canonical XML (Exclusive XML Canonicalization 1.0)."""
    whole = etree.tostring(element, method="c14n", exclusive=True, with_tail=False).decode()
    start, end = whole.index(">") + 1, whole.rindex("</")
    if not len(element):
        return whole[start:end]
    parts = [_escaped(element.text)]
    for child in element:
        piece = etree.tostring(child, method="c14n", exclusive=True, with_tail=False)
        parts += [piece.decode(), _escaped(child.tail)]
    return "".join(parts)


def _escaped(text: str | None) -> str:
    plain = (text or "").replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return plain.replace("\r", "&#xD;")


class _Typed(str):
    """The text of a literal with the IRI of its type; rdflib's would rewrite the text."""

    datatype: str


class _Sink:
    """What rdflib's reader takes for a graph."""

    def __init__(self, quads: Quads) -> None:
        self._quads = quads

    def bind(self, *_: object, **__: object) -> None:
        """Prefixes are of no use here."""

    def add(self, triple: tuple[Any, Any, Any]) -> None:
        """Take one statement."""
        subject, predicate, object_ = triple
        self._quads.add(self._term(subject), self._term(predicate), self._term(object_))

    def _term(self, node: Any) -> str:
        match node:
            case URIRef():
                return self._quads.iri(str(node))
            case BNode():
                return self._quads.blank(str(node))
            case _Typed():
                return self._quads.literal(str(node), datatype=node.datatype)
            case Literal():
                return self._quads.literal(str(node), language=node.language or "")
            case _:
                raise TermNotValid(f"{node!r} is no term of RDF")


class _Handler(RDFXMLHandler):
    """rdflib's reader, with exact IRIs and literals, and errors with lines."""

    def __init__(self, sink: _Sink, base: str) -> None:
        super().__init__(sink)  # type: ignore[arg-type]
        self.preserve_bnode_ids = True
        self.line = 0
        self._base = base
        self.setDocumentLocator(self)  # type: ignore[arg-type]

    def getPublicId(self) -> str:  # noqa: N802 (the name is SAX's)
        """Return the base, as rdflib asks its locator for it."""
        return self._base

    def absolutize(self, uri: str) -> URIRef:
        """Return ``uri`` as an absolute IRI."""
        iri = resolve(self.current.base, str(uri))
        if not is_absolute(iri):
            self.error(f"<{iri}> is not an absolute IRI")
        return URIRef(iri)

    def property_element_end(self, name: Any, qname: Any) -> None:
        """Make a typed literal of the text as it stands."""
        current = self.current
        if current.data is not None and current.object is None and current.datatype is not None:
            literal = _Typed(current.data)
            literal.datatype = str(current.datatype)
            current.object, current.data = literal, None
        super().property_element_end(name, qname)

    def error(self, message: str) -> NoReturn:
        """Refuse the document at the line that is being read."""
        raise NotWellFormed(
            message, where=f"line {self.line}", remedy="Mend the element, or fetch the file again"
        )
