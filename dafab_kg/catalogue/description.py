"""Everything known of one thing, and how we know it."""

from __future__ import annotations

from typing import cast

from dafab_kg.ingest.prepare import written_id
from dafab_kg.model.errors import NameNotValid, ThingNotFound
from dafab_kg.model.names import PREFIXES, Names, is_iri, term
from dafab_kg.model.resources import text
from dafab_kg.python.things import Description, Fact, StatedBy
from dafab_kg.store.protocol import Iri, Literal, Solutions, Store, Term

LABELS = (
    "http://www.w3.org/2000/01/rdf-schema#label",
    "http://www.w3.org/2004/02/skos/core#prefLabel",
    "http://purl.org/dc/terms/title",
    term("title"),
    term("toponym"),
    term("productId"),
)


def resolve(identifier: str, store: Store, names: Names) -> str:
    """Return the IRI of the thing that an IRI, product id, STAC item id or DID names.

    Raises:
        ThingNotFound: there is no such thing.
    """
    if identifier.isprintable():
        for candidate in _candidates(identifier.strip(), names):
            if _is_known(candidate, store):
                return candidate
        item = _item_named(identifier, store)
        if item is not None:
            return item
    raise ThingNotFound(
        f"Nothing here is called {identifier!r}. Give an IRI, a product id, "
        "a STAC item id or a DID (scope:name)"
    )


def _candidates(identifier: str, names: Names) -> list[str]:
    found = []
    if is_iri(identifier):
        found.append(identifier)
    prefix, colon, local = identifier.partition(":")
    if colon and prefix in names.prefixes and is_iri(names.prefixes[prefix] + local):
        found.append(names.prefixes[prefix] + local)
    try:
        found.append(names.make("product", product_id=identifier.removesuffix(".SAFE")))
        if colon:
            found.append(names.make("did", vo="def", scope=prefix, name=local))
        found.append(names.make("document", document_id=identifier))
    except NameNotValid:
        return found
    return found


def _is_known(iri: str, store: Store) -> bool:
    ask = "ASK { { ?thing ?p ?o } UNION { ?s ?p ?thing } }"
    answer = store.query(ask, bindings={"thing": Iri(iri)})
    return bool(getattr(answer, "value", False))


def _item_named(identifier: str, store: Store) -> str | None:
    query = f"SELECT ?item ?id {{ ?item <{term('itemId')}> ?id }} ORDER BY ?item LIMIT 1"
    answer = cast(Solutions, store.query(query, bindings={"id": Literal(identifier)}))
    return next((cast(Iri, row[0]).value for row in answer), None)


def describe(identifier: str, store: Store, names: Names) -> Description:
    """Describe a thing.

    Raises:
        ThingNotFound: there is no such thing.
    """
    iri = resolve(identifier, store, names)
    facts = _facts(iri, store)
    incoming = _incoming(iri, store)
    types = tuple(
        fact.object.value
        for fact in facts
        if fact.predicate == PREFIXES["rdf"] + "type" and fact.subject == Iri(iri)
    )
    graphs = {graph for fact in (*facts, *incoming) for graph in fact.graphs}
    # a graph that users wrote has its provenance in its document's graph
    graphs |= {names.make("graph", document_id=written_id(graph)) for graph in graphs}
    return Description(iri, types, _label(iri, facts), facts, incoming, stated_by(graphs, store))


def _facts(iri: str, store: Store) -> tuple[Fact, ...]:
    query = text("queries/internal", "facts.rq")
    found: dict[tuple[Term, str, Term], list[str]] = {}
    for graph, subject, predicate, value, _ in cast(
        Solutions, store.query(query, bindings={"thing": Iri(iri)})
    ):
        key = (cast(Term, subject), cast(Iri, predicate).value, cast(Term, value))
        found.setdefault(key, []).append(cast(Iri, graph).value)
    return tuple(Fact(*key, tuple(dict.fromkeys(graphs))) for key, graphs in found.items())


def _incoming(iri: str, store: Store) -> tuple[Fact, ...]:
    query = text("queries/internal", "incoming.rq")
    found: dict[tuple[Term, str], list[str]] = {}
    for graph, subject, predicate, _ in cast(
        Solutions, store.query(query, bindings={"thing": Iri(iri)})
    ):
        key = (cast(Term, subject), cast(Iri, predicate).value)
        found.setdefault(key, []).append(cast(Iri, graph).value)
    return tuple(
        Fact(subject, predicate, Iri(iri), tuple(dict.fromkeys(graphs)))
        for (subject, predicate), graphs in found.items()
    )


def stated_by(graphs: set[str], store: Store) -> tuple[StatedBy, ...]:
    """Return the documents behind graphs, in the order of the graphs."""
    query = text("queries/internal", "documents.rq")
    found = []
    for graph in sorted(graphs):
        for row in cast(Solutions, store.query(query, bindings={"graph": Iri(graph)})):
            values = ["" if value is None else value.value for value in row[1:]]
            document_id = own_document(graph, values[0])
            if document_id is not None:
                found.append(StatedBy(document_id, values[0], graph, *values[1:]))
    return tuple(found)


def own_document(graph: str, document: str) -> str | None:
    """Return the id of a graph's document; None if the graph claims to be another's.

    Anyone may write RDF about any document: only what a graph says of itself counts.
    """
    document_id = document.rsplit("/", 1)[-1]
    return document_id if graph.rsplit("/", 1)[-1] == document_id else None


def _label(iri: str, facts: tuple[Fact, ...]) -> str:
    for predicate in LABELS:
        for fact in facts:
            if fact.predicate == predicate and fact.subject == Iri(iri):
                return fact.object.value
    return iri.rstrip("/#").rsplit("/", 1)[-1].rsplit("#", 1)[-1]
