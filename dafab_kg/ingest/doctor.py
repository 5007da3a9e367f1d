"""The doctor: does what the documents, the graph and the journal say agree?

It reads everything, so its cost grows with the number of statements.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal as OneOf
from typing import cast

from dafab_kg.ingest import agreement as agreements
from dafab_kg.ingest.agreement import Agreement
from dafab_kg.ingest.derivations import DERIVATIONS, Derivation
from dafab_kg.model.errors import ThingNotFound
from dafab_kg.model.names import Names, term
from dafab_kg.model.resources import text
from dafab_kg.reasoning.reasoner import Reasoner
from dafab_kg.store.documents import Documents, StoredDocument
from dafab_kg.store.protocol import Iri, Literal, Solutions, Store, Term


@dataclass(frozen=True)
class Finding:
    """Something amiss: what, where, and what to do about it."""

    severity: OneOf["error", "warning"]
    what: str
    where: str
    remedy: str


RELOAD = "Load the document again, or delete it with `dafab-kg delete`"
REASON = "dafab-kg reason --full"
REBUILD = "Dump the documents and load them into a fresh store"


def examine_store(
    store: Store,
    documents: Documents,
    names: Names,
    journal: Path,
    agreement: Agreement,
    reasoner: Reasoner,
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
    yield from _examine_default_graph(store, agreement, reasoner)
    say("inferred graph")
    yield from _examine_inferred(store, reasoner)
    for derivation in DERIVATIONS:
        say(derivation.rule)
        yield from _examine_derived(store, names, derivation)
    yield from _examine_strays(store, names)


@dataclass(frozen=True)
class Disagreement:
    """A property of which documents state different values; values as N-Triples terms."""

    subject: str
    property: str
    accepted: str
    accepted_from: str
    claimed: str
    claimed_by: tuple[str, ...]


def disagreements(store: Store, documents: Documents) -> Iterator[Disagreement]:
    """Yield what documents say differently, each value with the places of its documents."""
    rows = cast(Solutions, store.query(text("queries/internal", "claims.rq")))
    found: dict[tuple[str, ...], list[str]] = {}
    for *what, claimant in rows:
        found.setdefault(tuple(map(_plain, what)), []).append(_origin(documents, _plain(claimant)))
    for (subject, predicate, accepted, source, claimed), claimants in found.items():
        yield Disagreement(
            subject, predicate, accepted, _origin(documents, source), claimed, tuple(claimants)
        )


def _plain(value: Term | None) -> str:
    return value.value if value is not None else ""


def _origin(documents: Documents, iri: str) -> str:
    entry = documents.get(iri.rsplit("/", 1)[-1])
    return entry.origin if entry is not None else iri


def _examine_document(
    store: Store, documents: Documents, entry: StoredDocument, graph: str
) -> Iterator[Finding]:
    element = (("its element", entry.element),) if entry.element else ()
    yield from _examine_files(documents, entry.document_id, (*entry.files, *element))
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
            whole = not documents.damaged(digest)
        except (ThingNotFound, ValueError, OSError) as error:
            yield Finding("error", f"{name} is not kept: {error}", document_id, RELOAD)
            continue
        if not whole:
            yield Finding("error", f"{name} is damaged", document_id, RELOAD)


def _examine_graphs(
    store: Store, names: Names, known: set[str], owned: set[str]
) -> Iterator[Finding]:
    for graph in store.graphs():
        kinds = ("load_graph", "derived_graph", "inferred_graph", "scratch_graph")
        ours = any(names.within(graph, kind) for kind in kinds)
        if graph in known or graph in owned or ours:
            continue
        yield Finding("error", "no document stands behind this graph", graph, REBUILD)


def _examine_inferred(store: Store, reasoner: Reasoner) -> Iterator[Finding]:
    """The inferred graph must be made by the rules as they are, and hold nothing stated."""
    if store.count() and not reasoner.up_to_date:
        yield Finding(
            "warning", "it is not what follows by the rules as they are", reasoner.graph, REASON
        )
        return
    query, inferred = text("queries/internal", "inferred-too.rq"), {"inferred": Iri(reasoner.graph)}
    both = sum(1 for _ in cast(Solutions, store.query(query, bindings=inferred)))
    if both:
        yield Finding("error", f"{both} triples in it are stated too", reasoner.graph, REASON)


def _examine_default_graph(
    store: Store, agreement: Agreement, reasoner: Reasoner
) -> Iterator[Finding]:
    """The default graph must hold what the named graphs state, and nothing else.

    Where documents differ on a single-valued property it holds the one value that is
    to hold, and the others stand as claims.
    """
    inferred = {"inferred": Iri(reasoner.graph)}
    rows = cast(Solutions, store.query(text("queries/internal", "missing.rq"), bindings=inferred))
    lacking = [(cast(Iri, row[0]).value, cast(Iri, row[1]).value) for row in rows]
    missing = [pair for pair in lacking if not agreement.settled(*pair)]
    if missing:
        yield Finding(
            "error",
            f"{len(missing)} properties that documents state are missing in it",
            f"default graph, <{missing[0][0]}>",
            REBUILD,
        )
    extra = _count(store, "extra.rq")
    if extra:
        yield Finding(
            "error", f"{extra} triples in it are stated by no document", "default graph", REBUILD
        )
    for graph in agreement.amiss({subject for subject, _ in lacking}):
        yield Finding("error", "the claims are not what documents state now", graph, REBUILD)


def _count(store: Store, query: str) -> int:
    ((count,),) = cast(Solutions, store.query(text("queries/internal", query)))
    return int(cast(Literal, count).value)


def _examine_derived(store: Store, names: Names, derivation: Derivation) -> Iterator[Finding]:
    """The graphs of a rule must be those that follow from all that is here now."""
    everything = derivation.everything(store, names)
    expected = derivation.derive(store, names, everything)
    for graph, content in expected.items():
        if content.triples != frozenset(store.graph_triples(graph)):
            yield Finding("error", f"{derivation.rule} is not what follows now", graph, REBUILD)
    room = names.make("derived_graph", rule=derivation.rule, key="")
    for graph in store.graphs():
        if graph.startswith(room) and graph not in expected:
            yield Finding(
                "error",
                f"{derivation.rule}: what this follows from is no longer here",
                graph,
                REBUILD,
            )


def _examine_strays(store: Store, names: Names) -> Iterator[Finding]:
    """Each derived graph must be of a rule that there is."""
    rules = (agreements.RULE, *(derivation.rule for derivation in DERIVATIONS))
    rooms = tuple(names.make("derived_graph", rule=rule, key="") for rule in rules)
    for graph in store.graphs():
        if names.within(graph, "derived_graph") and not graph.startswith(rooms):
            yield Finding("error", "no rule derives this graph", graph, REBUILD)
