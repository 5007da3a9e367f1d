"""Terms between rdflib, which reads shapes and writes reports, and the store."""

from __future__ import annotations

import re
from functools import cache
from typing import Final

from rdflib import BNode, URIRef
from rdflib import Literal as RdflibLiteral
from rdflib.term import Node

from dafab_kg.model.errors import ShapesNotValid
from dafab_kg.store.protocol import XSD_STRING, Blank, Iri, Literal, Term
from dafab_kg.store.verbatim import kept

_LANGUAGE: Final = "http://www.w3.org/1999/02/22-rdf-syntax-ns#langString"
_NOT_IN_IRI: Final = re.compile(r"[\x00-\x20<>\"{}|^`\\]")
_SCHEME: Final = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:")
_ESCAPES: Final = {'"': '\\"', "\\": "\\\\", "\n": "\\n", "\r": "\\r"}


@cache
def from_rdflib(node: Node) -> Term:
    """Return a plain term."""
    if isinstance(node, RdflibLiteral):
        if node.language:
            return Literal(str(node), _LANGUAGE, node.language.lower())
        return Literal(str(node), str(node.datatype or XSD_STRING))
    return Iri(str(node)) if isinstance(node, URIRef) else Blank(str(node))


def to_rdflib(term: Term) -> Node:
    """Return the term of rdflib, its lexical form as it is."""
    match term:
        case Iri(value):
            return URIRef(value)
        case Blank(value):
            return BNode(value)
        case Literal(value, _, language) if language:
            return RdflibLiteral(value, lang=language)
        case Literal(value, datatype, _):
            kind = None if datatype == XSD_STRING else URIRef(datatype)
            return RdflibLiteral(value, datatype=kind, normalize=False)


def sparql(term: Term) -> str:
    """Write an IRI or a literal in SPARQL, so that it meets the same term of the store.

    Raises:
        ShapesNotValid: it cannot stand in a query.
    """
    match term:
        case Iri(value):
            if _NOT_IN_IRI.search(value) or not _SCHEME.match(value):
                raise ShapesNotValid(f"<{value}> is not an absolute IRI. Write it as RFC 3987 says")
            return f"<{value}>"
        case Literal(value, _, language) if language:
            return f"{quoted(value)}@{language}"
        case Literal(value, datatype, _):
            return f"{quoted(value)}^^{sparql(Iri(kept(datatype, value)))}"
        case Blank():
            raise ShapesNotValid("A blank node of the shapes cannot occur in the data. Name it")


def quoted(text: str) -> str:
    """Write a string in SPARQL."""
    return '"' + "".join(_ESCAPES.get(c, c) for c in text) + '"'


def shown(term: Term | None) -> str:
    """Return a term in words: its IRI, text or label."""
    if term is None:
        return ""
    return f"_:{term.value}" if isinstance(term, Blank) else term.value
