"""The Store seam: what the rest of dafab-kg may ask of a graph store.

Terms are plain values of this module, so that no other part depends on the
engine behind it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import IO, NamedTuple, Protocol

XSD_STRING = "http://www.w3.org/2001/XMLSchema#string"


class Iri(NamedTuple):
    """An IRI."""

    value: str


class Literal(NamedTuple):
    """A literal: lexical form, datatype IRI, and language tag ("" if none)."""

    value: str
    datatype: str = XSD_STRING
    language: str = ""


class Blank(NamedTuple):
    """A blank node of an answer; its label means nothing outside of that answer."""

    value: str


Term = Iri | Literal | Blank
Row = tuple[Term | None, ...]


class Solutions(Protocol):
    """The answer of SELECT: rows in the order of ``variables`` (names without ``?``)."""

    @property
    def variables(self) -> tuple[str, ...]:
        """Names of the columns."""
        ...

    def __iter__(self) -> Iterator[Row]: ...

    def serialise(self, out: IO[bytes], media_type: str) -> None:
        """Write all rows; one of the four SPARQL result media types."""
        ...


@dataclass(frozen=True)
class Truth:
    """The answer of ASK."""

    value: bool

    def serialise(self, out: IO[bytes], media_type: str) -> None:
        """Write as SPARQL results JSON or XML (CSV and TSV: the word alone)."""
        word = b"true" if self.value else b"false"
        if media_type == "application/sparql-results+xml":
            out.write(
                b'<?xml version="1.0"?><sparql xmlns="http://www.w3.org/2005/sparql-results#">'
                b"<head></head><boolean>" + word + b"</boolean></sparql>"
            )
        elif media_type == "application/sparql-results+json":
            out.write(b'{"head":{},"boolean":' + word + b"}")
        else:
            out.write(word + b"\n")


class Triples(Protocol):
    """The answer of CONSTRUCT or DESCRIBE."""

    def __iter__(self) -> Iterator[tuple[Term, Term, Term]]: ...

    def serialise(
        self, out: IO[bytes], media_type: str, prefixes: Mapping[str, str] | None = None
    ) -> None:
        """Write all triples; ``text/turtle``, ``application/n-triples``,
        ``application/rdf+xml`` or ``application/ld+json``."""
        ...


Answer = Solutions | Truth | Triples


class Store(Protocol):
    """A graph store.  Its default graph is the merge of all documents' graphs."""

    def query(
        self, text: str, *, bindings: Mapping[str, Term] | None = None, base: str | None = None
    ) -> Answer:
        """Answer a SPARQL query; ``bindings`` fixes variables to terms.

        Raises:
            QueryNotValid: it cannot be parsed, or asks for SERVICE.
        """
        ...

    def graphs(self) -> Iterator[str]:
        """All named graphs."""
        ...

    def graph_lines(self, graph: str | None) -> set[str]:
        """The triples of one graph (None: the default graph) as N-Triples lines without the dot."""
        ...

    def apply(self, removed: Sequence[str], added: Sequence[str]) -> None:
        """Remove and add N-Quads statements (without the dot) in one transaction."""
        ...

    def bulk_load(self, nquads: bytes) -> None:
        """Add N-Quads fast; not a transaction."""
        ...

    def count(self) -> int:
        """Number of statements in all graphs."""
        ...

    def close(self) -> None:
        """Flush and give the directory free."""
        ...
