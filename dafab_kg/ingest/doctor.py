"""The doctor: does what the documents, the graph and the journal say agree?

It reads everything, so its cost grows with the number of statements.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal as OneOf
from typing import cast

from dafab_kg.ingest.supersession import graph_of, supersession
from dafab_kg.model.errors import ThingNotFound
from dafab_kg.model.names import Names, term
from dafab_kg.model.resources import text
from dafab_kg.store.documents import Documents, StoredDocument, digest_of
from dafab_kg.store.protocol import Iri, Literal, Solutions, Store


@dataclass(frozen=True)
class Finding:
    """Something amiss: what, where, and what to do about it."""

    severity: OneOf["error", "warning"]
    what: str
    where: str
    remedy: str


RELOAD = "Load the document again, or delete it with `dafab-kg delete`"
REBUILD = "Dump the documents and load them into a fresh store"


def examine_store(
    store: Store,
    documents: Documents,
    names: Names,
    journal: Path,
    tell: Callable[[str], None] | None = None,
) -> Iterator[Finding]:
    """Yield everything that is amiss."""
    say = tell or (lambda _: None)
    say("journal")
    for pending in documents.pending():
        yield Finding(
            "error",
            f"the commit of {len(pending.documents)} documents did not end",
            str(journal / f"{pending.sequence:08d}.json"),
            "Open the store for writing: it ends the commit by itself",
        )
    say("documents")
    known = set()
    for entry in documents.all():
        graph = names.make("graph", document_id=entry.document_id)
        known.add(graph)
        yield from _examine_document(store, documents, entry, graph)
    for rejected in documents.quarantine():
        yield from _examine_files(documents, rejected.document_id, rejected.files)
    say("graphs")
    owned = {graph for entry in documents.all() for graph in entry.named_graphs}
    yield from _examine_graphs(store, names, known, owned)
    say("default graph")
    yield from _examine_default_graph(store)
    say("supersession")
    yield from _examine_supersession(store, names)


def _examine_document(
    store: Store, documents: Documents, entry: StoredDocument, graph: str
) -> Iterator[Finding]:
    yield from _examine_files(documents, entry.document_id, entry.files)
    stated = f'<{graph}> <{term("contentHash")}> "{entry.content_hash}" .\n'
    if not store.states(stated, graph):
        yield Finding(
            "error",
            f"the graph of {entry.origin} is missing or was made from other content",
            graph,
            RELOAD,
        )
        return
    size = store.graph_size(graph)
    if size != entry.triples:
        yield Finding(
            "error",
            f"the graph of {entry.origin} holds {size} triples where {entry.triples} were loaded",
            graph,
            RELOAD,
        )


def _examine_files(
    documents: Documents, document_id: str, files: tuple[tuple[str, str], ...]
) -> Iterator[Finding]:
    for name, digest in files:
        try:
            whole = digest_of(documents.file(digest)) == digest
        except (ThingNotFound, ValueError, OSError) as error:
            yield Finding("error", f"{name} is not kept: {error}", document_id, RELOAD)
            continue
        if not whole:
            yield Finding("error", f"{name} is damaged", document_id, RELOAD)


def _examine_graphs(
    store: Store, names: Names, known: set[str], owned: set[str]
) -> Iterator[Finding]:
    for graph in store.graphs():
        ours = names.within(graph, "load_graph") or names.within(graph, "derived_graph")
        if graph in known or graph in owned or ours:
            continue
        yield Finding("error", "no document stands behind this graph", graph, REBUILD)


def _examine_default_graph(store: Store) -> Iterator[Finding]:
    """The default graph must hold each triple of each named graph, and nothing else."""
    missing, extra = (_count(store, query) for query in ("missing.rq", "extra.rq"))
    if missing:
        yield Finding(
            "error", f"{missing} triples of documents are missing in it", "default graph", REBUILD
        )
    if extra:
        yield Finding(
            "error", f"{extra} triples in it are stated by no document", "default graph", REBUILD
        )


def _count(store: Store, query: str) -> int:
    ((count,),) = cast(Solutions, store.query(text("queries/internal", query)))
    return int(cast(Literal, count).value)


def _examine_supersession(store: Store, names: Names) -> Iterator[Finding]:
    rows = cast(Solutions, store.query(text("queries/internal", "acquisitions.rq")))
    acquisitions = {cast(Iri, row[0]).value for row in rows}
    for graph, content in supersession(store, names, acquisitions).items():
        if content.triples != frozenset(store.graph_triples(graph)):
            yield Finding("error", "supersession is not what follows now", graph, REBUILD)
    expected = {graph_of(names, acquisition) for acquisition in acquisitions}
    for graph in store.graphs():
        if names.within(graph, "derived_graph") and graph not in expected:
            yield Finding("error", "derived from acquisitions no longer here", graph, REBUILD)
