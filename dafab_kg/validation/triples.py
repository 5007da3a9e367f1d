"""N-Quads text → the triples of one document, and from there to rdflib.

Terms stay N-Quads tokens as long as possible, since making an rdflib literal
costs twenty times as much as reading it.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from rdflib import BNode, Graph, Literal, URIRef
from rdflib.term import Node

from dafab_kg.model.errors import NotWellFormed

_IRI = r"<[^>\s]*>"
_BLANK = r"_:[^\s<\"]*[^\s<\".]"
_LITERAL = r'"(?:[^"\\]|\\.)*"(?:@[A-Za-z0-9-]+|\^\^<[^>\s]*>)?'
_STATEMENT: Final = re.compile(
    rf"\s*({_IRI}|{_BLANK})\s*({_IRI})\s*({_IRI}|{_BLANK}|{_LITERAL})\s*(?:{_IRI}|{_BLANK})?"
    r"\s*\.\s*(?:#.*)?\Z"
)
_ESCAPE: Final = re.compile(r"\\(?:u([0-9A-Fa-f]{4})|U([0-9A-Fa-f]{8})|(.))", re.DOTALL)
_PLAIN_ESCAPES: Final = {
    "t": "\t", "b": "\b", "n": "\n", "r": "\r", "f": "\f", '"': '"', "'": "'", "\\": "\\",
}  # fmt: skip

Token = str
"""A term as N-Quads writes it."""

Description = frozenset[tuple[Token, Token]]
"""Predicates and objects of one subject."""


@dataclass(frozen=True)
class DocumentTriples:
    """The triples of one document, all its graphs merged, by subject.

    ``mentioned`` holds every node that is subject or object.
    """

    document_id: str
    described: dict[Token, Description]
    mentioned: frozenset[Token]


def read_triples(document_id: str, nquads: str) -> DocumentTriples:
    """Read N-Quads text.

    Blank nodes get the document's id into their label, so that those of two
    documents never meet.

    Raises:
        NotWellFormed: a line is not N-Quads.
    """
    described: dict[Token, set[tuple[Token, Token]]] = {}
    for number, line in enumerate(nquads.split("\n"), 1):
        match = _STATEMENT.match(line)
        if match is None:
            if not line.strip() or line.lstrip().startswith("#"):
                continue
            raise NotWellFormed("this is not N-Quads", where=f"{document_id}: line {number}")
        subject, predicate, value = match.groups()
        if "\\" in line:  # numeric escapes: one IRI must have one token
            subject, predicate = _unescape(subject), _unescape(predicate)
            value = value if value.startswith('"') else _unescape(value)
        if subject.startswith("_:"):
            subject = _scoped(subject, document_id)
        if value.startswith("_:"):
            value = _scoped(value, document_id)
        described.setdefault(subject, set()).add((predicate, value))
    mentioned = set(described)
    for pairs in described.values():
        mentioned.update(value for _, value in pairs if not value.startswith('"'))
    return DocumentTriples(
        document_id,
        {subject: frozenset(pairs) for subject, pairs in described.items()},
        frozenset(mentioned),
    )


def as_graph(documents: Iterable[DocumentTriples]) -> Graph:
    """Return the triples of ``documents`` as one rdflib graph.

    A subject that several of them describe, they must describe alike.
    """
    graph = Graph(bind_namespaces="none")
    terms: dict[Token, Node] = {}

    def term(token: Token) -> Node:
        made = terms.get(token)
        if made is None:
            made = terms[token] = as_term(token)
        return made

    seen: set[Token] = set()
    for document in documents:
        for subject, pairs in document.described.items():
            if subject in seen:
                continue
            seen.add(subject)
            node = term(subject)
            for predicate, value in pairs:
                graph.add((node, term(predicate), term(value)))
    return graph


def as_term(token: Token) -> Node:
    """Return the rdflib term of a token; the lexical form of a literal stays as it is."""
    if token.startswith("<"):
        return URIRef(token[1:-1])
    if token.startswith("_:"):
        return BNode(token[2:])
    end = token.rindex('"')
    lexical, rest = _unescape(token[1:end]), token[end + 1 :]
    if rest.startswith("@"):
        return Literal(lexical, lang=rest[1:])
    datatype = URIRef(_unescape(rest[3:-1])) if rest else None
    return Literal(lexical, datatype=datatype, normalize=False)


def as_token(term: Node | None) -> Token | None:
    """Return the token of an IRI or blank node, as reading gives it (None for a literal)."""
    if isinstance(term, URIRef):
        return f"<{term}>"
    if isinstance(term, BNode):
        return f"_:{term}"
    return None


def _scoped(blank: Token, document_id: str) -> Token:
    scope = hashlib.sha256(document_id.encode()).hexdigest()[:16]
    return f"_:d{scope}.{blank[2:]}"


def _unescape(text: str) -> str:
    return _ESCAPE.sub(_escaped, text) if "\\" in text else text


def _escaped(match: re.Match[str]) -> str:
    short, long, plain = match.groups()
    if plain is not None:
        return _PLAIN_ESCAPES.get(plain, plain)
    return chr(int(short or long, 16))
