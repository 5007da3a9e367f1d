"""The embedded store: Oxigraph on RocksDB, or in memory.

The only module that imports pyoxigraph, with :mod:`dafab_kg.store.nquads`.
"""

from __future__ import annotations

import gc
import tempfile
from collections.abc import Callable, Container, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, cast

import pyoxigraph as ox

from dafab_kg.model.errors import NotWellFormed, QueryNotValid, StoreInUse, StoreNotUsable
from dafab_kg.spatial.geosparql.property_forms import expand, expand_update
from dafab_kg.store import frames
from dafab_kg.store.bounds import refuse_intricate
from dafab_kg.store.diagnostics import Diagnostics
from dafab_kg.store.functions import engine_options
from dafab_kg.store.jsonld import write_jsonld
from dafab_kg.store.misread import explained
from dafab_kg.store.nquads import parse_triple
from dafab_kg.store.protocol import (
    Answer,
    Blank,
    Change,
    Iri,
    Literal,
    Row,
    Term,
    Truth,
)
from dafab_kg.store.refusals import refuse_remote
from dafab_kg.store.touched import NoObserver, Observer

if TYPE_CHECKING:
    import geopandas
    import pandas
    import pyarrow

TABLE_BLOCK = 4 * 1024 * 1024
"""Bytes of text that Arrow reads at once, at least; the longest line, a geometry, must fit."""
MIB = 1024 * 1024
MOST_TOLD = 16 * MIB  # bytes of inferred triples whose things are told one by one
BULK_FROM = 2 * MIB  # bytes of N-Triples; below, a transaction is faster than a bulk load

RESULT_FORMATS = {
    "application/sparql-results+json": ox.QueryResultsFormat.JSON,
    "application/sparql-results+xml": ox.QueryResultsFormat.XML,
    "text/csv": ox.QueryResultsFormat.CSV,
    "text/tab-separated-values": ox.QueryResultsFormat.TSV,
}
TRIPLE_FORMATS = {
    "text/turtle": ox.RdfFormat.TURTLE,
    "application/n-triples": ox.RdfFormat.N_TRIPLES,
    "application/rdf+xml": ox.RdfFormat.RDF_XML,
    "application/ld+json": ox.RdfFormat.JSON_LD,
}


def from_engine(term: object) -> Term:
    """Turn a term of the engine into a plain one; triple terms become their N-Triples text."""
    if isinstance(term, ox.NamedNode):
        return Iri(term.value)
    if isinstance(term, ox.Literal):
        return Literal(term.value, term.datatype.value, term.language or "")
    if isinstance(term, ox.BlankNode):
        return Blank(term.value)
    return Literal(str(term))


def to_engine(term: Term) -> ox.NamedNode | ox.Literal | ox.BlankNode:
    """Turn a plain term into one of the engine."""
    match term:
        case Iri(value):
            return ox.NamedNode(value)
        case Literal(value, _, language) if language:
            return ox.Literal(value, language=language)
        case Literal(value, datatype, _):
            return ox.Literal(value, datatype=ox.NamedNode(datatype))
        case Blank(value):
            return ox.BlankNode(value)


class EngineSolutions:
    """Rows of a SELECT, converted as they are read; they can be read once."""

    def __init__(self, results: ox.QuerySolutions) -> None:
        self._results = results
        self.variables = tuple(v.value for v in results.variables)

    def engine_rows(self) -> Iterator[Any]:
        """Rows of the engine's own terms."""
        return iter(self._results)

    def __iter__(self) -> Iterator[Row]:
        try:
            for row in self._results:
                yield tuple(None if term is None else from_engine(term) for term in row)
        except (ValueError, RuntimeError, OSError) as error:
            raise QueryNotValid(f"The query failed while it ran: {error}") from error

    def to_pandas(self) -> pandas.DataFrame:
        """Return the rows as a DataFrame; see :mod:`dafab_kg.store.frames`."""
        return frames.to_pandas(self.variables, self)

    def to_geopandas(self) -> geopandas.GeoDataFrame:
        """Return the rows as a GeoDataFrame in CRS84."""
        return frames.to_geopandas(self.variables, self)

    def serialise(self, out: IO[bytes], media_type: str) -> None:
        """Write all rows in one of the four SPARQL result formats."""
        try:
            self._results.serialize(out, format=RESULT_FORMATS[media_type])
        except (ValueError, RuntimeError) as error:
            raise QueryNotValid(f"The query failed while it ran: {error}") from error


class EngineTriples:
    """Triples of a CONSTRUCT or DESCRIBE, each once; they can be read once."""

    def __init__(self, results: ox.QueryTriples) -> None:
        self._results = results

    def _once(self) -> Iterator[ox.Triple]:
        # CONSTRUCT makes a graph, a set: Oxigraph streams repeated triples as they come.
        seen: set[ox.Triple] = set()
        try:
            for triple in self._results:
                if triple not in seen:
                    seen.add(triple)
                    yield triple
        except (ValueError, RuntimeError, OSError) as error:
            raise QueryNotValid(f"The query failed while it ran: {error}") from error

    def read(self) -> EngineTriples:
        """Read all of them, and return them held."""
        return EngineTriples(cast("ox.QueryTriples", iter(list(self._once()))))

    def engine_triples(self) -> Iterator[ox.Triple]:
        """Triples of the engine's own terms, each once."""
        return self._once()

    def __iter__(self) -> Iterator[tuple[Term, Term, Term]]:
        for triple in self._once():
            yield _plain(triple)

    def serialise(
        self,
        out: IO[bytes],
        media_type: str,
        prefixes: Mapping[str, str] | None = None,
        *,
        most: int | None = None,
    ) -> None:
        """Write all triples, grouped by subject; JSON-LD in the terms of our context.

        Raises:
            QueryNotValid: there are more than ``most``, the query failed, or JSON-LD
                cannot hold a term.
        """
        triples = []
        for triple in self._once():
            triples.append(triple)
            if most is not None and len(triples) > most:
                raise QueryNotValid(
                    f"The answer has more than {most} triples, the bound of this endpoint. "
                    "Add LIMIT, or ask for less"
                )
        triples.sort(key=lambda t: (str(t.subject), str(t.predicate)))
        if TRIPLE_FORMATS[media_type] == ox.RdfFormat.JSON_LD:
            write_jsonld([_holdable(triple) for triple in triples], out)
            return
        ox.serialize(triples, out, format=TRIPLE_FORMATS[media_type], prefixes=dict(prefixes or {}))


def _plain(triple: ox.Triple) -> tuple[Term, Term, Term]:
    return from_engine(triple.subject), from_engine(triple.predicate), from_engine(triple.object)


def _holdable(triple: ox.Triple) -> tuple[Term, Term, Term]:
    """Refuse the terms of RDF 1.2 that JSON-LD 1.1 cannot hold, or that its readers drop."""
    value = triple.object
    if isinstance(value, ox.Triple) or (isinstance(value, ox.Literal) and value.direction):
        raise QueryNotValid(f"JSON-LD cannot hold the term {value}. Ask for Turtle or N-Triples")
    return _plain(triple)


class OxigraphStore:
    """Oxigraph behind the Store seam; ``directory`` None keeps all in memory.

    ``property_forms`` are spatial relations as properties (see
    :mod:`dafab_kg.spatial.geosparql.property_forms`); without, they mean what is asserted.
    """

    def __init__(
        self,
        directory: Path | None = None,
        *,
        read_only: bool = False,
        property_forms: bool = True,
    ) -> None:
        self._property_forms = property_forms
        self._observer: Observer = NoObserver()
        self._observed: frozenset[str] = frozenset()
        try:
            if directory is None:
                self._store = ox.Store()
            elif read_only:
                self._store = ox.Store.read_only(str(directory))
            else:
                directory.mkdir(parents=True, exist_ok=True)
                self._store = ox.Store(str(directory))
        except OSError as error:
            if "lock" in str(error).lower():
                raise StoreInUse(
                    f"Another process writes to {directory}. Wait until it ends, or stop it"
                ) from error
            raise StoreNotUsable(f"{directory} cannot be opened as a store: {error}") from error
        self._services: tuple[str, ...] = ()
        self._check: Callable[[str], None] | None = None

    def allow_services(self, services: Sequence[str], check: Callable[[str], None]) -> None:
        """Let queries call these endpoints, if ``check`` does not raise at the moment."""
        self._services = tuple(services)
        self._check = check

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
        """Answer a SPARQL query; see :class:`~dafab_kg.store.protocol.Store`.

        ``outline`` is the text less the long lists of IRIs that were put into it: it is read
        in its stead for what the query calls and how intricate it is.
        """
        refuse_remote(text if outline is None else outline, self._services, self._check)
        text = self._expanded(text, expand, base, outline)
        return self._evaluated(
            text, bindings, default_graphs, named_graphs, base, diagnostics, outline
        )

    def _evaluated(
        self,
        text: str,
        bindings: Mapping[str, Term] | None,
        default_graphs: Sequence[str | None] | None,
        named_graphs: Sequence[str] | None,
        base: str | None,
        diagnostics: Diagnostics | None,
        outline: str | None = None,
    ) -> Answer:
        try:
            result = self._store.query(
                text,
                substitutions={
                    ox.Variable(name): to_engine(term) for name, term in (bindings or {}).items()
                },
                default_graph=_nodes(default_graphs),
                named_graphs=_nodes(named_graphs),
                base_iri=base,
                **engine_options(text if outline is None else outline, base, diagnostics),
            )
        except (SyntaxError, ValueError, OSError, RuntimeError) as error:
            wrong = explained(str(error), text)
            raise QueryNotValid(f"The query cannot be answered: {wrong}") from error
        if isinstance(result, ox.QuerySolutions):
            return EngineSolutions(result)
        if isinstance(result, ox.QueryTriples):
            return EngineTriples(result)
        return Truth(bool(result))

    def _expanded(
        self,
        text: str,
        rewrite: Callable[[str, str | None], str],
        base: str | None,
        outline: str | None = None,
    ) -> str:
        """Write property forms out; what the engine gets is bounded before and after."""
        refuse_intricate(text if outline is None else outline)
        if outline is not None and rewrite(outline, base) is outline:
            return text
        if self._property_forms:
            written = rewrite(text, base)
            if written is not text:
                refuse_intricate(written)
            return written
        return text

    def _own(self, text: str, graphs: Sequence[str | None]) -> object:
        """Answer a query of our own, which is trusted."""
        return self._store.query(text, default_graph=_nodes(graphs), **engine_options(text))

    def rows(self, text: str, graphs: Sequence[str | None]) -> Iterator[tuple[str, ...]]:
        """Rows of a SELECT of our own; see :class:`~dafab_kg.store.protocol.Store`."""
        found = cast("ox.QuerySolutions", self._own(text, graphs))
        for row in found:
            yield tuple("" if term is None else str(term) for term in row)

    def statements(
        self, things: Iterable[str], predicates: Container[str], graphs: Sequence[str | None]
    ) -> Iterator[tuple[str, str, str]]:
        """Triples about some things; see :class:`~dafab_kg.store.protocol.Store`."""
        names = _nodes(graphs) or []
        for thing in things:
            node = ox.NamedNode(thing)
            found: dict[tuple[str, str], None] = {}
            for name in names:
                for quad in self._store.quads_for_pattern(node, None, None, name):
                    predicate = quad.predicate.value
                    if predicate in predicates:
                        found[predicate, str(quad.object)] = None
            for predicate, value in found:
                yield thing, predicate, value

    def tables(self, text: str, graphs: Sequence[str | None]) -> Iterator[pyarrow.RecordBatch]:
        """Columns of a SELECT of our own; see :class:`~dafab_kg.store.protocol.Store`."""
        from pyarrow import csv, large_string, system_memory_pool

        found = cast("ox.QuerySolutions", self._own(text, graphs))
        names = [str(variable) for variable in found.variables]
        with tempfile.TemporaryFile() as lines:
            found.serialize(lines, format=ox.QueryResultsFormat.TSV)
            block = max(TABLE_BLOCK, 2 * _longest_line(lines))
            lines.seek(0)
            yield from csv.open_csv(
                lines,
                read_options=csv.ReadOptions(block_size=block),
                parse_options=csv.ParseOptions(
                    delimiter="\t", quote_char=False, escape_char=False, ignore_empty_lines=False
                ),
                convert_options=csv.ConvertOptions(
                    column_types=dict.fromkeys(names, large_string()), strings_can_be_null=False
                ),
                # gives large blocks back to the system at once
                memory_pool=system_memory_pool(),
            )

    def construct_into(self, graph: str, text: str, graphs: Sequence[str | None]) -> int:
        """Add what a CONSTRUCT makes to a graph, without a way through Python."""
        made = cast("ox.QueryTriples", self._own(text, graphs))
        with tempfile.TemporaryFile() as lines:
            made.serialize(lines, format=ox.RdfFormat.N_TRIPLES)
            size = lines.tell()
            lines.seek(0)
            if graph in self._observed:
                self._tell_of(lines, size)
            count = sum(chunk.count(b"\n") for chunk in iter(lambda: lines.read(MIB), b""))
            lines.seek(0)
            if size:
                into = self._store.load if size < BULK_FROM else self._store.bulk_load
                into(lines, ox.RdfFormat.N_TRIPLES, to_graph=ox.NamedNode(graph))
        return count

    def present(self, triples: Iterable[str], graphs: Sequence[str | None]) -> set[str]:
        """Tell which N-Triples lines are in one of some graphs."""
        lines = list(triples)
        names = _nodes(graphs) or []
        found = set()
        parsed = ox.parse("".join(lines).encode(), format=ox.RdfFormat.N_TRIPLES)
        for line, quad in zip(lines, parsed, strict=True):
            terms = quad.subject, quad.predicate, quad.object
            if any(ox.Quad(*terms, name) in self._store for name in names):
                found.add(line)
        return found

    def withdraw(self, graph: str, nquads: IO[bytes]) -> None:
        """Remove from a named graph what N-Quads state in the default graph."""
        if graph in self._observed:
            self._observer.touch_everything()
        node = ox.NamedNode(graph)
        for quad in ox.parse(nquads, format=ox.RdfFormat.N_QUADS):
            if isinstance(quad.graph_name, ox.DefaultGraph):
                self._store.remove(ox.Quad(quad.subject, quad.predicate, quad.object, node))

    def drop(self, graph: str) -> None:
        """Remove a named graph."""
        if graph in self._observed and self.has_graph(graph):
            self._observer.touch_everything()
        self._store.remove_graph(ox.NamedNode(graph))

    def graphs(self) -> Iterator[str]:
        """All named graphs."""
        for graph in self._store.named_graphs():
            if isinstance(graph, ox.NamedNode):
                yield graph.value

    def graph_triples(self, graph: str | None) -> Iterator[str]:
        """Triples of one graph as canonical N-Triples lines."""
        name = ox.DefaultGraph() if graph is None else ox.NamedNode(graph)
        for quad in self._store.quads_for_pattern(None, None, None, name):
            yield f"{quad.subject} {quad.predicate} {quad.object} .\n"

    def graph_size(self, graph: str) -> int:
        """Number of triples in one named graph."""
        return sum(1 for _ in self._store.quads_for_pattern(None, None, None, ox.NamedNode(graph)))

    def states(self, triple: str, graph: str | None) -> bool:
        """Tell whether one graph holds an N-Triples line."""
        name = ox.DefaultGraph() if graph is None else ox.NamedNode(graph)
        parsed = parse_triple(triple)
        return ox.Quad(parsed.subject, parsed.predicate, parsed.object, name) in self._store

    def stating(self, triple: str) -> frozenset[str]:
        """Named graphs that hold an N-Triples line."""
        parsed = parse_triple(triple)
        return frozenset(
            quad.graph_name.value
            for quad in self._store.quads_for_pattern(
                parsed.subject, parsed.predicate, parsed.object, None
            )
            if isinstance(quad.graph_name, ox.NamedNode)
        )

    def describes(self, subject: str) -> bool:
        """Tell whether the default graph holds a triple about ``subject``."""
        pattern = ox.NamedNode(subject), None, None, ox.DefaultGraph()
        return next(self._store.quads_for_pattern(*pattern), None) is not None

    def predicates(self, subject: str) -> Iterator[str]:
        """The predicate of each triple of the default graph about ``subject``."""
        node, graph = ox.NamedNode(subject), ox.DefaultGraph()
        for quad in self._store.quads_for_pattern(node, None, None, graph):
            yield quad.predicate.value

    def values(self, subject: str, predicate: str) -> Iterator[tuple[str, str]]:
        """Objects as N-Triples terms, each with its graph ("" for the default graph)."""
        pattern = ox.NamedNode(subject), ox.NamedNode(predicate), None, None
        for quad in self._store.quads_for_pattern(*pattern):
            graph = quad.graph_name
            yield str(quad.object), graph.value if isinstance(graph, ox.NamedNode) else ""

    def has_graph(self, graph: str) -> bool:
        """Tell whether there is a named graph of this name."""
        return self._store.contains_named_graph(ox.NamedNode(graph))

    def apply(self, change: Change) -> None:
        """Remove and add in one transaction (one SPARQL update)."""
        self._observer.touch("".join(change.removed) + change.added)
        operations = []
        if change.removed:
            operations.append("DELETE DATA {\n" + _as_data("".join(change.removed)) + "}")
        if change.added:
            operations.append("INSERT DATA {\n" + _as_data(change.added) + "}")
        operations.extend(f"DROP SILENT GRAPH <{graph}>" for graph in change.dropped)
        if operations:
            self._store.update(";\n".join(operations))

    def update(
        self, text: str, *, base: str | None = None, diagnostics: Diagnostics | None = None
    ) -> None:
        """Run a SPARQL update in one transaction, with the functions that queries have.

        Raises:
            QueryNotValid: it cannot be parsed, is intricate beyond all use, or fails.
        """
        refuse_remote(text)
        text = self._expanded(text, expand_update, base)
        self._observer.touch_everything()
        try:
            self._store.update(
                text,
                base_iri=base,
                **engine_options(text, base, diagnostics),
            )
        except (SyntaxError, ValueError, OSError, RuntimeError) as error:
            raise QueryNotValid(f"The update cannot be run: {error}") from error

    def bulk_load(self, nquads: str | IO[bytes], *, unobserved: str = "") -> None:
        """Add N-Quads fast; see :class:`~dafab_kg.store.protocol.Store`."""
        if isinstance(nquads, str):
            self._observer.touch(nquads)
            source: bytes | IO[bytes] = (unobserved + nquads).encode()
        else:
            self._observer.touch_everything()
            source = nquads
        self._store.bulk_load(source, ox.RdfFormat.N_QUADS)

    def dump(self, out: IO[bytes]) -> None:
        """Write all statements as N-Quads."""
        self._store.dump(out, ox.RdfFormat.N_QUADS)

    def count(self) -> int:
        """Number of statements in all graphs."""
        return len(self._store)

    def flush(self) -> None:
        """Make everything so far durable."""
        self._store.flush()

    def backup(self, directory: Path) -> None:
        """Write the graph as it stands to a directory that is not there yet (hard links).

        Raises:
            OSError: it cannot be written.
        """
        self._store.backup(str(directory))

    def optimise(self) -> None:
        """Compact the store."""
        self._store.optimize()

    def observe(self, observer: Observer, inferred: str) -> None:
        """Tell ``observer`` of each change of the default graph or of the inferred one."""
        self._observer, self._observed = observer, frozenset({inferred})

    def _tell_of(self, lines: IO[bytes], size: int) -> None:
        """Tell of N-Triples that are about to be added, and rewind them."""
        if size > MOST_TOLD:
            self._observer.touch_everything()
        else:
            self._observer.touch(lines.read().decode())
        lines.seek(0)

    def close(self) -> None:
        """Give the directory free: RocksDB lets go of its lock when the object goes."""
        self._store = cast("ox.Store", None)
        gc.collect()


def _longest_line(lines: IO[bytes]) -> int:
    """The length of the longest line of a file in bytes, or a MiB if all are shorter."""
    lines.seek(0)
    longest, held = MIB, 0
    while chunk := lines.read(MIB):
        first = chunk.find(b"\n")
        if first < 0:
            held += len(chunk)
            continue
        longest = max(longest, held + first + 1)
        held = len(chunk) - chunk.rfind(b"\n") - 1
    return max(longest, held)


def write_triples(
    triples: Iterable[tuple[Term, Term, Term]],
    media_type: str,
    out: IO[bytes],
    prefixes: Mapping[str, str] | None = None,
) -> None:
    """Write triples of plain terms in one of the four formats of graphs.

    Raises:
        QueryNotValid: the format cannot hold them.
    """
    if TRIPLE_FORMATS[media_type] == ox.RdfFormat.JSON_LD:
        write_jsonld(list(triples), out)
        return
    made = (ox.Triple(*(to_engine(term) for term in triple)) for triple in triples)  # type: ignore[arg-type]
    ordered = sorted(made, key=lambda t: (str(t.subject), str(t.predicate)))
    try:
        ox.serialize(ordered, out, format=TRIPLE_FORMATS[media_type], prefixes=dict(prefixes or {}))
    except ValueError as error:
        raise QueryNotValid(f"{media_type} cannot hold the graph: {error}") from error


def turtle_of(ntriples: str, prefixes: Mapping[str, str]) -> str:
    """Write N-Triples as Turtle, grouped by subject."""
    triples = sorted(
        (quad.triple for quad in _parse(ntriples)), key=lambda t: (str(t.subject), str(t.predicate))
    )
    written = ox.serialize(triples, format=ox.RdfFormat.TURTLE, prefixes=dict(prefixes))
    return cast(bytes, written).decode()


def refuse_unwritable(nquads: str, *, where: str) -> None:
    """Refuse statements of others that the store would not take.

    The engine's parsers differ in what they accept; a batch that is in the journal
    must be written without fail, so foreign statements are tried on an empty store.

    Raises:
        NotWellFormed: a statement would not be taken.
    """
    if not nquads:
        return
    try:
        OxigraphStore().apply(Change(added=nquads))
    except (SyntaxError, ValueError) as error:
        raise NotWellFormed(
            f"a statement cannot be stored: {error}",
            where=where,
            remedy="Write IRIs as RFC 3987 allows and language tags as BCP 47 does",
        ) from error


def _nodes(graphs: Sequence[str | None] | None) -> list[Any] | None:
    try:
        if graphs is None:
            return None
        return [ox.DefaultGraph() if graph is None else ox.NamedNode(graph) for graph in graphs]
    except ValueError as error:
        raise QueryNotValid(f"A graph of the dataset has no valid IRI: {error}") from error


def _as_data(nquads: str) -> str:
    """Turn N-Quads lines into the body of INSERT DATA: terms are written alike in both."""
    blocks: dict[str, list[str]] = {}
    for quad in _parse(nquads):
        triple = f"{quad.subject} {quad.predicate} {quad.object} .\n"
        graph = "" if isinstance(quad.graph_name, ox.DefaultGraph) else str(quad.graph_name)
        blocks.setdefault(graph, []).append(triple)
    return "".join(
        f"GRAPH {graph} {{\n{''.join(lines)}}}\n" if graph else "".join(lines)
        for graph, lines in blocks.items()
    )


def _parse(nquads: str) -> Iterable[ox.Quad]:
    return ox.parse(nquads.encode(), format=ox.RdfFormat.N_QUADS)
