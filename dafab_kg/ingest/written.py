"""Graphs that users write: each is a document, and goes the way of all documents.

A graph ``G`` that SPARQL Update or the Graph Store Protocol writes is one source document
of kind ``rdf``, with the graph as N-Quads for its content.  What a request changes is
validated, then committed in one batch: all of it happens, or nothing.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from dafab_kg.ingest.commit import Committer
from dafab_kg.ingest.flow import state_load
from dafab_kg.ingest.prepare import WRITTEN, Prepared, Preparer, Rejected, is_written, written_id
from dafab_kg.model.documents import Part, SourceDocument
from dafab_kg.model.errors import DocumentRejected, GraphNotWritable, ShapeViolated
from dafab_kg.model.names import TEMPLATES, Names
from dafab_kg.model.settings import Settings
from dafab_kg.store.documents import Documents, StoredDocument
from dafab_kg.store.nquads import in_graph
from dafab_kg.validation import Validator

RESERVED = (
    "graph",
    "derived_graph",
    "load_graph",
    "inferred_graph",
    "merged_graph",
    "scratch_graph",
)


@dataclass(frozen=True)
class Batch:
    """What a request comes to in one store: its documents, ready to be committed."""

    preparer: Preparer
    prepared: tuple[Prepared, ...]
    deleted: tuple[StoredDocument, ...]

    @property
    def empty(self) -> bool:
        """Nothing changes."""
        return not self.prepared and not self.deleted


def prepare_graphs(
    graphs: Mapping[str, Iterable[str]],
    documents: Documents,
    settings: Settings,
    *,
    origin: str,
) -> Batch:
    """Make documents of graphs, given as N-Triples lines (none: the graph goes).

    ``settings.agent`` is who writes, ``origin`` tells by which request.

    Raises:
        DocumentRejected: a graph holds what the catalogue does not keep.
    """
    preparer = Preparer(settings, uuid.uuid4().hex, documents)
    prepared = []
    deleted = []
    for graph, lines in graphs.items():
        data = "".join(in_graph(line, graph) for line in sorted(lines)).encode()
        if not data:
            entry = documents.get(written_id(graph))
            deleted.extend([] if entry is None else [entry])
            continue
        document = SourceDocument("rdf", WRITTEN + graph, origin, (Part("graph.nq", data),))
        result = preparer.prepare_document(document)
        if isinstance(result, Rejected):
            entry_ = result.entry
            raise DocumentRejected(entry_.message, where=f"<{graph}>", remedy=entry_.remedy)
        if isinstance(result, Prepared):
            prepared.append(result)
    return Batch(preparer, tuple(prepared), tuple(deleted))


def refuse_broken(batch: Batch, validator: Validator) -> None:
    """Refuse a batch of which a graph breaks a shape of the ingest tier.

    Raises:
        ShapeViolated: with the SHACL report of all graphs that do.
    """
    if not batch.prepared:
        return
    reports = validator.check({one.entry.document_id: one.nquads for one in batch.prepared})
    if not reports:
        return
    graphs = {one.entry.document_id: graph_of(one.entry) for one in batch.prepared}
    places = {f"<{graphs[key]}>": report.summary for key, report in reports.items()}
    told = "; ".join(f"{place}: {summary}" for place, summary in places.items())
    raise ShapeViolated(
        told if len(places) > 1 else next(iter(places.values())),
        where=", ".join(places),
        remedy="Mend what the report names and send it again; nothing was changed",
        report="\n".join(report.turtle for report in reports.values()),
    )


def commit_batch(batch: Batch, committer: Committer) -> None:
    """Commit a batch as one."""
    if batch.prepared:
        state_load(committer, batch.preparer)
    if not batch.empty:
        committer.commit(batch.prepared, (), batch.deleted)


def graph_of(entry: StoredDocument) -> str:
    """Return the graph that a document holds as it was written."""
    return entry.key.removeprefix(WRITTEN)


def written_graphs(documents: Documents) -> list[str]:
    """All graphs that were written by users."""
    return [graph_of(entry) for entry in documents.all() if is_written(entry)]


def refuse_unwritable_graph(graph: str, documents: Documents, names: Names) -> None:
    """Refuse to write a graph that is the catalogue's own, or a document's.

    Raises:
        GraphNotWritable: it is; the message says what to do instead.
    """
    single = [names.make(kind) for kind in RESERVED if "{" not in TEMPLATES[kind]]
    if graph in single or any(
        names.within(graph, kind) for kind in RESERVED if "{" in TEMPLATES[kind]
    ):
        entry = documents.get(graph.rsplit("/", 1)[-1])
        if entry is not None and is_written(entry):
            raise GraphNotWritable(
                f"<{graph}> tells where <{graph_of(entry)}> comes from and is kept by the "
                f"catalogue itself. Write <{graph_of(entry)}>"
            )
        if entry is not None:
            raise GraphNotWritable(
                f"<{graph}> was made from a document of kind {entry.kind}. Load the document "
                "anew to change it, or take it away with `dafab-kg delete`"
            )
        raise GraphNotWritable(
            f"<{graph}> is one of the catalogue's own graphs, which it makes from documents. "
            "Write a graph of your own name"
        )
    for entry in documents.naming(graph):
        if not is_written(entry):
            raise GraphNotWritable(
                f"<{graph}> comes from a file that was loaded (document {entry.document_id}). "
                "Load the file anew to change it, or write a graph of another name"
            )
