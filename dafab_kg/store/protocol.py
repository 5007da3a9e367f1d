"""The Store seam: what the rest of dafab-kg may ask of a graph store.

Terms are plain values of this module, so that no other part depends on the
engine behind it.
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING, NamedTuple, Protocol

from dafab_kg.store.diagnostics import Diagnostics
from dafab_kg.store.touched import Observer

if TYPE_CHECKING:
    import geopandas
    import pandas
    import pyarrow

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

    def to_pandas(self) -> pandas.DataFrame:
        """Return the rows as a DataFrame: numbers as numbers, times in UTC."""
        ...

    def to_geopandas(self) -> geopandas.GeoDataFrame:
        """Return the rows as a GeoDataFrame in CRS84, by the first column of geometries."""
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
        self,
        out: IO[bytes],
        media_type: str,
        prefixes: Mapping[str, str] | None = None,
        *,
        most: int | None = None,
    ) -> None:
        """Write all triples; ``text/turtle``, ``application/n-triples``,
        ``application/rdf+xml`` or ``application/ld+json``.

        Raises:
            QueryNotValid: there are more than ``most``.
        """
        ...


Answer = Solutions | Truth | Triples


@dataclass(frozen=True)
class Change:
    """Statements to remove and to add, as N-Quads lines (each with its dot and newline).

    ``dropped`` are graphs that end up empty: Oxigraph would list them still.
    """

    removed: tuple[str, ...] = ()
    added: str = ""
    dropped: tuple[str, ...] = ()


class Store(Protocol):
    """A graph store.

    Its default graph is the merge of all named graphs: a triple that three
    documents state stands there once (docs/decisions/default-graph.md), and of
    values that exclude each other there is one (docs/decisions/agreement.md).
    """

    def query(
        self,
        text: str,
        *,
        bindings: Mapping[str, Term] | None = None,
        default_graphs: Sequence[str | None] | None = None,
        named_graphs: Sequence[str] | None = None,
        base: str | None = None,
        diagnostics: Diagnostics | None = None,
        outline: str | None = None,
    ) -> Answer:
        """Answer a SPARQL query; ``bindings`` fixes variables of its projection to terms.

        ``default_graphs`` and ``named_graphs`` are the dataset of the SPARQL 1.1
        Protocol (section 2.1.4); None leaves it to the query, and None among the
        default graphs is the store's own.  ``base`` is what relative IRIs are
        relative to.  ``diagnostics`` collects what went wrong inside functions.
        ``outline`` is the text less the long lists of IRIs that were put into it: it is read
        in its stead for what the query calls and how intricate it is.

        Raises:
            QueryNotValid: it cannot be parsed, is nested or long beyond all use, or
                asks for SERVICE.
        """
        ...

    def rows(self, text: str, graphs: Sequence[str | None]) -> Iterator[tuple[str, ...]]:
        """Answer a SELECT of our own over the merge of ``graphs`` (None: the default graph).

        Rows hold N-Triples terms, "" where a variable is unbound.  The text is
        trusted: it is made by code, and may be as long as that likes.
        """
        ...

    def statements(
        self, things: Iterable[str], predicates: Container[str], graphs: Sequence[str | None]
    ) -> Iterator[tuple[str, str, str]]:
        """Yield (subject IRI, predicate IRI, object as an N-Triples term) of some things.

        Of the merge of ``graphs`` (None: the default graph): each triple once.
        """
        ...

    def tables(self, text: str, graphs: Sequence[str | None]) -> Iterator[pyarrow.RecordBatch]:
        """Answer a SELECT of our own over the merge of ``graphs``, as columns of strings.

        Terms stand as SPARQL's TSV writes them (numbers and booleans may stand bare), ""
        where unbound.  Several times as fast as :meth:`rows` for millions of rows, which
        wait on the disk; what is held at once is some 32 MB.
        """
        ...

    def construct_into(self, graph: str, text: str, graphs: Sequence[str | None]) -> int:
        """Add to ``graph`` what a CONSTRUCT of our own makes from the merge of ``graphs``.

        Returns how many triples were made, repeated ones counted each time.
        """
        ...

    def present(self, triples: Iterable[str], graphs: Sequence[str | None]) -> set[str]:
        """Return those of the N-Triples lines that at least one of ``graphs`` holds."""
        ...

    def drop(self, graph: str) -> None:
        """Remove a named graph with all its triples; it need not be there."""
        ...

    def graphs(self) -> Iterator[str]:
        """All named graphs."""
        ...

    def graph_triples(self, graph: str | None) -> Iterator[str]:
        """The triples of one graph (None: the default graph), as canonical N-Triples lines."""
        ...

    def graph_size(self, graph: str) -> int:
        """Number of triples in one named graph."""
        ...

    def states(self, triple: str, graph: str | None) -> bool:
        """Tell whether ``graph`` (None: the default graph) holds the N-Triples line ``triple``."""
        ...

    def stating(self, triple: str) -> frozenset[str]:
        """The named graphs that hold an N-Triples line."""
        ...

    def describes(self, subject: str) -> bool:
        """Tell whether the default graph holds a triple about ``subject``."""
        ...

    def predicates(self, subject: str) -> Iterator[str]:
        """The predicate IRI of each triple of the default graph about ``subject``."""
        ...

    def values(self, subject: str, predicate: str) -> Iterator[tuple[str, str]]:
        """Objects as N-Triples terms, each with its graph ("" for the default graph)."""
        ...

    def has_graph(self, graph: str) -> bool:
        """Tell whether there is a named graph of this name."""
        ...

    def apply(self, change: Change) -> None:
        """Remove and add; done again it does no harm.

        The embedded store does all of it or nothing.  A server may be left with a part of it:
        who must not lose the rest keeps a journal, as commits do, and does it again.
        """
        ...

    def bulk_load(self, nquads: str | IO[bytes], *, unobserved: str = "") -> None:
        """Add N-Quads fast.  Not a transaction, but can be repeated without harm.

        ``unobserved`` are more of them, for text, of graphs that nobody is told of.
        """
        ...

    def dump(self, out: IO[bytes]) -> None:
        """Write all statements as N-Quads."""
        ...

    def count(self) -> int:
        """Number of statements in all graphs, the default graph's among them."""
        ...

    def flush(self) -> None:
        """Make everything so far durable."""
        ...

    def optimise(self) -> None:
        """Compact after large loads; queries are faster afterwards."""
        ...

    def observe(self, observer: Observer, inferred: str) -> None:
        """Tell ``observer`` of each change of the default graph or of the inferred one."""
        ...

    def close(self) -> None:
        """Flush and give the directory free."""
        ...
