"""A graph behind another server, by SPARQL 1.1 Protocol, Update and Graph Store.

Our default graph is the merge of all documents (docs/decisions/default-graph.md); a named graph
of the server, ``merged``, stands for it, for what a server's own default graph holds differs
from one to the next.  What the server cannot answer as the embedded store would is answered
here, from what it holds for the query's patterns (:mod:`.gathering`).

A change is one request where that is not too long for the servers we know, else several; not
all servers do one request as a whole (Virtuoso does not).  All requests can be repeated without
harm, and the journal of commits does repeat them until all is done.
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from typing import IO, TYPE_CHECKING, Any, Final, cast

import pyoxigraph as ox

from dafab_kg.model.errors import NotAnalysed, QueryNotValid
from dafab_kg.sparql.parse import parse_query
from dafab_kg.sparql.tree import Query
from dafab_kg.spatial.geosparql.property_forms import expand
from dafab_kg.store.answerable import is_answerable
from dafab_kg.store.bounds import refuse_intricate
from dafab_kg.store.diagnostics import Diagnostics
from dafab_kg.store.endpoint import Endpoint, Ours, batches, in_groups
from dafab_kg.store.evaluating import Held, TooMuch
from dafab_kg.store.gathering import gathered
from dafab_kg.store.misread import explained
from dafab_kg.store.oxigraph import (
    MOST_TOLD,
    EngineSolutions,
    EngineTriples,
    from_engine,
    to_engine,
)
from dafab_kg.store.protocol import Answer, Change, Iri, Term, Truth
from dafab_kg.store.refusals import refuse_remote
from dafab_kg.store.remote_contents import Contents
from dafab_kg.store.results import read_answer
from dafab_kg.store.solutions import PlainSolutions
from dafab_kg.store.spelling import Spelling
from dafab_kg.store.touched import NoObserver, Observer

if TYPE_CHECKING:
    import pyarrow

MOST_STATEMENTS: Final = 500_000
"""Statements that one query of a user may have the server send, to be answered here."""
LONGEST: Final = 4_000_000
"""Characters of a query with candidates that is analysed: some 40,000 of them."""
MOST_OWN: Final = 20_000_000
"""The same for queries of our own, as those of a full inference."""
ROWS_OF_TABLE: Final = 50_000
LONG_GRAPH: Final = 2_000
"""Triples of one graph in a load from which on they go by the Graph Store Protocol, where the
server has it."""
_NOWHERE: Final = "urn:x-dafab:nothing"


class RemoteStore(Contents):
    """A server's graphs behind the Store seam.

    ``ours`` tells which of its graphs are the catalogue's, ``exact`` that it keeps all literals
    as they are, and ``most_statements`` bounds what one query may gather.
    """

    def __init__(
        self,
        endpoint: Endpoint,
        ours: Ours,
        *,
        exact: bool,
        most_statements: int = MOST_STATEMENTS,
    ) -> None:
        super().__init__(endpoint, ours, Spelling(exact=exact))
        self._most = most_statements
        self._observer: Observer = NoObserver()
        self._observed: frozenset[str] = frozenset()

    # queries

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

        Raises:
            QueryNotValid: also where it needs more of the server than may be gathered.
            ServiceNotUsable: the server does not answer as it must.
        """
        refuse_remote(text if outline is None else outline)
        refuse_intricate(text if outline is None else outline)
        written = expand(text, base)
        if written is not text and outline is None:
            refuse_intricate(written)
        return self._answer(
            written, self._most, bindings, default_graphs, named_graphs, base, diagnostics
        )

    def _answer(
        self,
        text: str,
        most: int,
        bindings: Mapping[str, Term] | None = None,
        default_graphs: Sequence[str | None] | None = None,
        named_graphs: Sequence[str] | None = None,
        base: str | None = None,
        diagnostics: Diagnostics | None = None,
    ) -> Answer:
        query = _parsed(text, base)
        given = default_graphs is not None or named_graphs is not None
        if given or not (query.dataset or query.named):
            named = None if named_graphs is None else tuple(named_graphs)
            graphs = self._graphs((None,) if default_graphs is None else default_graphs)
        else:
            named = tuple(one.value for one in query.named)
            graphs = tuple(one.value for one in query.dataset)
        if not bindings and is_answerable(
            query, exact=self._spelling.exact, dataset=named is not None
        ):
            asked = f"BASE <{base}>\n{text}" if base else text
            return self._asked(asked, graphs, named or (), triples=query.form == "CONSTRUCT")
        held = Held(self._endpoint, self._spelling, self._ours, graphs, named, most)
        bound = {n: term.value for n, term in (bindings or {}).items() if isinstance(term, Iri)}
        try:
            held.gather(gathered(query, bound))
        except TooMuch as error:
            raise QueryNotValid(
                f"Its server cannot answer this query by itself, and it needs more than {most:,} "
                "statements to be answered here. Narrow it: by a class, place, time or thing, by "
                "LIMIT on an indexed order, or raise graph_statements"
            ) from error
        return held.answer(text, bindings, base, diagnostics)

    def _asked(
        self, text: str, graphs: Sequence[str], named: Sequence[str], *, triples: bool
    ) -> Answer:
        reply = self._endpoint.ask(text, graphs or (_NOWHERE,), named, triples=triples)
        answer = read_answer(reply.pieces, reply.media_type)
        if isinstance(answer, Truth):
            return answer
        if isinstance(answer, EngineSolutions):
            rows = reply.uncut(answer.engine_rows())
            if self._spelling.exact and reply.most_rows is None:
                return answer
            read = self._spelling.read
            plain = (
                tuple(None if term is None else from_engine(read(term)) for term in row)
                for row in rows
            )
            return PlainSolutions(answer.variables, plain)
        found = cast(EngineTriples, answer)
        if self._spelling.exact:
            return found
        made = (self._read(triple) for triple in found.engine_triples())
        return EngineTriples(cast("ox.QueryTriples", made))

    def _read(self, triple: ox.Triple) -> ox.Triple:
        terms = (triple.subject, triple.predicate, triple.object)
        return ox.Triple(*map(self._spelling.read, terms))  # type: ignore[arg-type]

    def rows(self, text: str, graphs: Sequence[str | None]) -> Iterator[tuple[str, ...]]:
        """Rows of a SELECT of our own; see :class:`~dafab_kg.store.protocol.Store`."""
        answer = self._answer(text, MOST_OWN, default_graphs=graphs)
        for row in cast("Iterable[tuple[Term | None, ...]]", answer):
            yield tuple("" if term is None else str(to_engine(term)) for term in row)

    def statements(
        self, things: Iterable[str], predicates: Container[str], graphs: Sequence[str | None]
    ) -> Iterator[tuple[str, str, str]]:
        """Triples about some things; see :class:`~dafab_kg.store.protocol.Store`."""
        for some in in_groups(things):
            given = " ".join(f"<{thing}>" for thing in some)
            text = f"SELECT ?s ?p ?o {{ VALUES ?s {{ {given} }} ?s ?p ?o }}"
            found: dict[str, dict[tuple[str, str], None]] = {thing: {} for thing in some}
            for subject, predicate, value in self._rows(text, graphs):
                if predicate.value in predicates and subject.value in found:
                    found[subject.value][predicate.value, str(value)] = None
            for thing, pairs in found.items():
                yield from ((thing, predicate, value) for predicate, value in pairs)

    def tables(self, text: str, graphs: Sequence[str | None]) -> Iterator[pyarrow.RecordBatch]:
        """Columns of a SELECT of our own; see :class:`~dafab_kg.store.protocol.Store`."""
        import pyarrow as pa

        answer = self._answer(text, MOST_OWN, default_graphs=graphs)
        names = list(cast(PlainSolutions, answer).variables)
        held: list[list[str]] = [[] for _ in names]

        def batch() -> pyarrow.RecordBatch:
            columns = [pa.array(column, pa.large_string()) for column in held]
            return pa.RecordBatch.from_arrays(columns, names=names)

        for row in cast(PlainSolutions, answer):
            for column, term in zip(held, row, strict=True):
                column.append("" if term is None else str(to_engine(term)))
            if len(held[0]) >= ROWS_OF_TABLE:
                yield batch()
                held = [[] for _ in names]
        yield batch()

    def construct_into(self, graph: str, text: str, graphs: Sequence[str | None]) -> int:
        """Add to a graph what a CONSTRUCT of our own makes."""
        answer = cast(EngineTriples, self._answer(text, MOST_OWN, default_graphs=graphs))
        lines: dict[str, None] = {}
        for triple in answer.engine_triples():
            lines[f"{triple.subject} {triple.predicate} {triple.object} <{graph}> .\n"] = None
        nquads = "".join(lines)
        if graph in self._observed:
            if len(nquads) > MOST_TOLD:
                self._observer.touch_everything()
            else:
                self._observer.touch(nquads.replace(f" <{graph}> .\n", " .\n"))
        self._insert(ox.parse(nquads.encode(), format=ox.RdfFormat.N_QUADS))
        return len(lines)

    # changes

    def apply(self, change: Change) -> None:
        """Remove and add: one request where it is short enough (see the module)."""
        self._observer.touch("".join(change.removed) + change.added)
        removed = list(batches(ox.parse("".join(change.removed), format=ox.RdfFormat.N_QUADS)))
        added = list(batches(ox.parse(change.added, format=ox.RdfFormat.N_QUADS)))
        parts = [self._data("DELETE", part) for part in removed]
        parts += [self._data("INSERT", part) for part in added]
        if len(removed) <= 1 and len(added) <= 1:
            parts = [";\n".join(parts)] if parts else []
        for part in parts:
            self._endpoint.tell(part)

    def bulk_load(self, nquads: str | IO[bytes], *, unobserved: str = "") -> None:
        """Add N-Quads fast; see :class:`~dafab_kg.store.protocol.Store`."""
        if isinstance(nquads, str):
            self._observer.touch(nquads)
            source: Any = unobserved + nquads
        else:
            self._observer.touch_everything()
            source = nquads
        self._insert(ox.parse(source, format=ox.RdfFormat.N_QUADS))

    def _insert(self, quads: Iterable[ox.Quad]) -> None:
        if not self._endpoint.keeps_graphs:
            for part in batches(quads):
                self._endpoint.tell(self._data("INSERT", part))
            return
        for part in batches(quads, most_triples=20 * LONG_GRAPH, most_length=16 * 2**20):
            of: dict[str, list[ox.Quad]] = {}
            for quad in part:
                of.setdefault(str(quad.graph_name), []).append(quad)
            few: list[ox.Quad] = []
            for graph in of.values():
                if len(graph) < LONG_GRAPH:
                    few += graph
                    continue
                name = graph[0].graph_name
                into = name.value if isinstance(name, ox.NamedNode) else self._merged
                sent = self._spelling.sent
                lines = (
                    f"{sent(q.subject)} {sent(q.predicate)} {sent(q.object)} .\n" for q in graph
                )
                self._endpoint.add(into, "".join(lines).encode())
            for some in batches(few):
                self._endpoint.tell(self._data("INSERT", some))

    def _data(self, action: str, quads: Iterable[ox.Quad]) -> str:
        return self._spelling.data(action, quads, self._merged)

    def drop(self, graph: str) -> None:
        """Remove a named graph."""
        if graph in self._observed and self.has_graph(graph):
            self._observer.touch_everything()
        self._endpoint.tell(f"DROP SILENT GRAPH <{graph}>")

    def flush(self) -> None:
        """Do nothing: it is for the server to keep what it has said it has done."""

    def optimise(self) -> None:
        """Do nothing: that is the server's affair."""

    def observe(self, observer: Observer, inferred: str) -> None:
        """Tell ``observer`` of each change of the default graph or of the inferred one."""
        self._observer, self._observed = observer, frozenset({inferred})

    def close(self) -> None:
        """Close the connections."""
        self._endpoint.close()


def _parsed(text: str, base: str | None) -> Query:
    try:
        return parse_query(text, base=base, longest=LONGEST)
    except NotAnalysed as error:
        try:  # our parser knows SPARQL 1.1 and LATERAL; what is wrong is said by the engine
            ox.Store().query(text, base_iri=base)
        except (SyntaxError, ValueError) as wrong:
            told = explained(str(wrong), text)
            raise QueryNotValid(f"The query cannot be answered: {told}") from wrong
        raise QueryNotValid(
            f"This query cannot be asked of a graph behind a server: {error}. Write it in "
            "SPARQL 1.1, and name fewer things"
        ) from error
