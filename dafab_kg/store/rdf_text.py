"""RDF as a document writes it, brought to N-Quads without blank nodes.

Oxigraph's parsers do the reading.  What they take and a catalogue cannot is
refused here: RDF 1.2, the names of our own graphs, and identifiers that a
JSON-LD processor would pass over in silence.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from contextlib import suppress
from decimal import Decimal
from typing import Final

import pyoxigraph as ox

from dafab_kg.model.documents import RdfText
from dafab_kg.model.errors import DocumentRejected, NotSafe, NotWellFormed, TooLarge
from dafab_kg.model.names import Names, encode
from dafab_kg.model.values import decimal_text

_FORMATS: Final = {
    "text/turtle": ox.RdfFormat.TURTLE,
    "application/trig": ox.RdfFormat.TRIG,
    "application/n-triples": ox.RdfFormat.N_TRIPLES,
    "application/n-quads": ox.RdfFormat.N_QUADS,
    "application/rdf+xml": ox.RdfFormat.RDF_XML,
    "application/ld+json": ox.RdfFormat.JSON_LD,
}
_RESERVED: Final = (
    "graph",
    "derived_graph",
    "load_graph",
    "inferred_graph",
    "merged_graph",
    "scratch_graph",
)
_XSD: Final = "http://www.w3.org/2001/XMLSchema#"
_EXACT: Final = frozenset({f"{_XSD}decimal", f"{_XSD}integer"})
_DOUBLE = re.compile(r"-?\d\.\d+E-?\d+\Z", re.ASCII)

# what Oxigraph calls a blank node that has no label in the document, at random
_RANDOM = r"[a-f][0-9a-f]{15,31}"
_PLACE = re.compile(r"Parser error (?:at|between) line [^:]*: ")
_NESTED_TERM = re.compile(rb"<<\(|\)>>")
MAX_NESTED_TERMS: Final = 200
"""Deepest nesting of triple terms that is parsed at all: they are refused, but Oxigraph's
parser ends the process on some ten thousand."""


def statements(text: RdfText, names: Names, *, where: str) -> str:
    """Return all statements as N-Quads, each once, in the order of the document.

    Blank nodes become IRIs (RDF 1.1 Concepts section 3.5): ``text.skolem``
    followed by the label that the document gives, or by ``~`` and a number
    where it gives none, so that the same bytes always give the same statements.
    ``where`` names the document in messages.

    Raises:
        NotWellFormed: it breaks the grammar (with line and column where there
            are any), or is RDF 1.2.
        NotSafe: a named graph is one of the catalogue's own.
        TooLarge: triple terms are nested too deep to be parsed.
    """
    try:
        if text.media_type == "application/ld+json":
            _refuse_ill_formed(text)
        return "".join(dict.fromkeys(_lines(text, names)))
    except DocumentRejected as error:
        raise error.at(where) from None


def left_out(text: RdfText) -> tuple[str, ...]:
    """Return warnings of what JSON-LD says to pass over: keys that no context explains.

    Raises:
        NotWellFormed: it cannot be parsed.
    """
    if text.media_type != "application/ld+json":
        return ()
    predicates = {quad.predicate.value for quad in _quads(text, lenient=True)}
    keys = sorted(one for one in predicates if ":" not in one)
    if not keys:
        return ()
    return (f"Left out {len(keys)} keys that no context explains: {', '.join(keys[:10])}",)


def _lines(text: RdfText, names: Names) -> Iterator[str]:
    nodes = _BlankNodes(text)
    is_json = text.media_type == "application/ld+json"
    graphs: dict[object, str] = {ox.DefaultGraph(): ""}
    for quad in _quads(text):
        subject, object_, graph = quad.subject, quad.object, quad.graph_name
        if isinstance(object_, ox.Literal):
            if object_.direction is not None:
                raise _later(str(object_))
            if is_json:
                object_ = _exact(object_)
        elif isinstance(object_, ox.Triple):
            raise _later(str(object_))
        if graph not in graphs:
            graphs[graph] = f"{_own_graph(nodes.term(graph), names)} "
        yield f"{nodes.term(subject)} {quad.predicate} {nodes.term(object_)} {graphs[graph]}.\n"


def _quads(text: RdfText, *, lenient: bool = False) -> Iterator[ox.Quad]:
    """Parse, with errors of ours instead of Python's."""
    form = _FORMATS.get(text.media_type)
    if form is None:
        raise NotWellFormed(
            f"{text.media_type!r} is no syntax of RDF", remedy=f"Read are {', '.join(_FORMATS)}"
        )
    _refuse_nested_terms(text.data)
    try:
        yield from ox.parse(text.data, format=form, base_iri=text.base, lenient=lenient)
    except (SyntaxError, ValueError) as error:
        raise _fault(error, text) from None
    except MemoryError as error:
        raise TooLarge(
            f"one value of it is larger than the parser takes ({error})",
            remedy="Simplify the geometry, or split it",
        ) from None


class _BlankNodes:
    """Terms for the blank nodes of one document."""

    def __init__(self, text: RdfText) -> None:
        self._prefix = text.skolem
        # labels in the document that only look as if made up at random
        self._written = set(re.findall(_RANDOM.encode(), text.data))
        self._terms: dict[str, str] = {}
        self._anonymous = 0

    def term(self, node: object) -> str:
        """Return any node as a term of N-Quads."""
        if not isinstance(node, ox.BlankNode):
            return str(node)
        label = node.value
        term = self._terms.get(label)
        if term is None:
            if re.fullmatch(_RANDOM, label) and label.encode() not in self._written:
                self._anonymous += 1
                # no label begins with "~", so none is met by a number
                term = f"<{self._prefix}~{self._anonymous}>"
            else:
                term = f"<{self._prefix}{encode(label)}>"
            self._terms[label] = term
        return term


def _own_graph(term: str, names: Names) -> str:
    if any(names.within(term[1:-1], kind) for kind in _RESERVED):
        raise NotSafe(
            f"The graph {term} is one of the catalogue's own",
            where="graph",
            remedy="If the file is a dump, load it with `dafab-kg restore`",
        )
    return term


def _exact(literal: ox.Literal) -> ox.Literal:
    """Write a JSON number that a context calls a decimal as one, with all its digits.

    JSON-LD would have it as a double in text, which no decimal can be (JSON-LD 1.1 API
    section 8.2.2).
    """
    datatype = literal.datatype
    if datatype.value not in _EXACT or not _DOUBLE.match(literal.value):
        return literal
    return ox.Literal(decimal_text(Decimal(literal.value)), datatype=datatype)


def _refuse_ill_formed(text: RdfText) -> None:
    """Refuse JSON-LD whose identifiers and language tags the strict parser would leave out."""
    sound: set[object] = set()
    for quad in _quads(text, lenient=True):
        terms = {quad.subject, quad.object, quad.graph_name}
        # a predicate without colon is a key that no context explains: passed over, and told
        if ":" in quad.predicate.value:
            terms.add(quad.predicate)
        for term in terms - sound:
            _refuse_term(term)
        sound |= terms


def _refuse_term(term: object) -> None:
    kind = "an absolute IRI"
    try:
        if isinstance(term, ox.NamedNode):
            ox.NamedNode(term.value)
        elif isinstance(term, ox.BlankNode):
            kind = "the label of a blank node"
            ox.BlankNode(term.value)
        elif isinstance(term, ox.Literal) and term.language:
            kind = "text in a language"
            ox.Literal("", language=term.language)
        elif isinstance(term, ox.Literal):
            kind = "a literal"
            ox.NamedNode(term.datatype.value)
    except ValueError as error:
        raise NotWellFormed(
            f"{str(term)[:200]} is not {kind}: {error}",
            where="JSON-LD",
            remedy="Mend the document and load it again",
        ) from None


def _refuse_nested_terms(data: bytes) -> None:
    if data.count(b"<<(") <= MAX_NESTED_TERMS:
        return
    depth = 0
    for match in _NESTED_TERM.finditer(data):
        depth = depth + 1 if match[0] == b"<<(" else max(0, depth - 1)
        if depth > MAX_NESTED_TERMS:
            line = data.count(b"\n", 0, match.start()) + 1
            raise TooLarge(
                f"Triple terms are nested deeper than {MAX_NESTED_TERMS}",
                where=f"line {line}",
                remedy="Use RDF 1.1",
            )


def _later(what: str) -> NotWellFormed:
    return NotWellFormed(
        f"RDF 1.2 (triple terms, annotations, text direction) is not read: {what[:100]}",
        where="statements",
        remedy="Use RDF 1.1",
    )


def _fault(error: SyntaxError | ValueError, text: RdfText) -> NotWellFormed:
    """Say what Oxigraph found and where."""
    message = error.msg if isinstance(error, SyntaxError) else str(error)
    line = getattr(error, "lineno", None)
    column = getattr(error, "offset", None)
    where = f"line {line}, column {column}"
    if line is None:
        where = "JSON-LD" if text.media_type == "application/ld+json" else f"line {_line(text)}"
    elif _token(text.data, line, column or 1).startswith("<<"):
        return NotWellFormed(_later(message).what, where=where, remedy="Use RDF 1.1")
    return NotWellFormed(
        _PLACE.sub("", message), where=where, remedy="Mend the file, or fetch it again"
    )


def _token(data: bytes, line: int, column: int) -> str:
    lines = data.split(b"\n", line)
    return lines[line - 1].decode(errors="replace")[column - 1 :] if line <= len(lines) else ""


class _ByLine(io.BytesIO):
    """A file that gives no more than a line at a time, to know how far its reader came."""

    def read(self, size: int | None = -1, /) -> bytes:
        return self.readline(size)


def _line(text: RdfText) -> int:
    """Find the line of a fault that Oxigraph does not place, as it does none in RDF/XML."""
    file = _ByLine(text.data)
    with suppress(SyntaxError, ValueError):
        for _ in ox.parse(file, format=_FORMATS[text.media_type], base_iri=text.base):
            pass
    return text.data.count(b"\n", 0, max(0, file.tell() - 1)) + 1
