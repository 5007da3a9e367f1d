"""How one fact is known: who states it, why it follows, who says otherwise, what made it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, cast

from dafab_kg.catalogue.computed import Computed, computed
from dafab_kg.catalogue.description import stated_by
from dafab_kg.catalogue.knowing import line_of
from dafab_kg.catalogue.locating import MOST_BYTES, Located, located
from dafab_kg.catalogue.originals import ELEMENT, file_of, sizes_of
from dafab_kg.catalogue.viewing import Graphs, called, digest_of, labels_of
from dafab_kg.ingest.prepare import written_id
from dafab_kg.model import resources
from dafab_kg.model.errors import DafabError, ThingNotFound
from dafab_kg.model.names import NS, Names
from dafab_kg.model.resources import text
from dafab_kg.python.things import StatedBy
from dafab_kg.reasoning.explain import Proof, explain
from dafab_kg.reasoning.reasoner import Reasoner
from dafab_kg.store.documents import Documents
from dafab_kg.store.protocol import Iri, Solutions, Store, Term

MOST_LOOKED_AT: Final = 20_000
"""Values of one property among which the one asked for is sought."""
MOST_GRAPHS: Final = 20
"""Graphs of a proof whose documents are told."""
MOST_STATING: Final = 1_000
"""Graphs that state a fact, as far as they are counted."""
MOST_COMPUTED: Final = 10
"""Stated facts of a proof of which it is told how they were computed."""
MOST_SOUGHT: Final = 3
"""Documents in which the value is sought."""
MOST_FILES: Final = 4
"""Files of one document in which the value is sought."""


@dataclass(frozen=True)
class Otherwise:
    """What another document says instead (``ontology/prov.ttl``, ``dafab:Claim``)."""

    value: Term
    document: str
    accepted: Term
    accepted_from: str


@dataclass(frozen=True)
class Made:
    """The run that made a thing, and the model that ran; "" where it is not told."""

    run: str
    model: str
    version: str
    started: str
    ended: str


@dataclass(frozen=True)
class Evidence:
    """How one fact is known.

    ``documents`` are those behind the first graphs of the proof; ``graphs`` counts all that
    state something the fact rests on.  ``computed`` tells which of these facts no source file
    gives, and who computed them; ``located`` where the value stands in the files of documents
    that state it, by the id of the document.  ``mappings`` are files that say the property.
    """

    iri: str
    label: str
    property: str
    value: Term
    proof: Proof
    documents: tuple[StatedBy, ...]
    graphs: int
    claims: tuple[Otherwise, ...]
    made: tuple[Made, ...]
    labels: Mapping[str, str]
    computed: tuple[Computed, ...] = ()
    located: Mapping[str, Located] = field(default_factory=dict)
    mappings: tuple[str, ...] = ()


def evidence_of(
    iri: str,
    property_: str,
    digest: str,
    store: Store,
    names: Names,
    reasoner: Reasoner,
    documents: Documents | None = None,
) -> Evidence:
    """Tell how a fact is known; ``digest`` names its value (:func:`~..viewing.digest_of`).

    Without ``documents`` it is not told where a value stands in its file.

    Raises:
        ThingNotFound: the thing has no such value now.
    """
    graphs = reasoner.dataset("both")
    value = _value(iri, property_, digest, store, graphs)
    line = line_of(Iri(iri), property_, value)
    if store.states(line, None):
        # a platform is stated by each document that names it: not all of these are read
        proof = Proof(line, _stating(iri, property_, value, store, reasoner.graph))
    else:
        proof = explain(line, store, reasoner)
    stating = sorted({graph for one in proof.stated for graph in one.graphs})
    shown = set(stating[:MOST_GRAPHS])
    # a graph that users wrote has its provenance in its document's graph
    shown |= {names.make("graph", document_id=written_id(graph)) for graph in shown}
    claims = _claims(iri, property_, store, graphs)
    made = _made(iri, store, graphs)
    named = [iri, property_, value.value if isinstance(value, Iri) else ""]
    named += [one.run for one in made] + [one.model for one in made]
    behind = stated_by(shown, store)
    stated = [(one.triple, graph) for one in proof.stated for graph in one.graphs if graph in shown]
    told = computed(stated[:MOST_COMPUTED], behind, store, names)
    named += [one.thing for one in told]
    named += [one.thing for by in told for one in by.inputs if not one.document_id]
    labels = labels_of(filter(None, named), store, graphs)
    places: dict[str, Located] = {}
    if documents is not None and proof.graphs and not told:
        places = _located(behind, value, property_, documents)
    return Evidence(
        iri,
        labels.get(iri) or called(iri),
        property_,
        value,
        proof,
        behind,
        len(stating),
        claims,
        made,
        labels,
        told,
        places,
        mappings_of(property_),
    )


def mappings_of(property_: str) -> tuple[str, ...]:
    """Return the files in ``mappings/`` that say a property of ours, by name."""
    if not property_.startswith(NS):
        return ()
    said = re.compile(rf"\[dafab:{re.escape(property_.removeprefix(NS))},")
    return tuple(
        file
        for file in resources.names("mappings", ".yml")
        if said.search(resources.text("mappings", file))
    )


def _located(
    behind: tuple[StatedBy, ...], value: Term, property_: str, documents: Documents
) -> dict[str, Located]:
    """Seek a value in the first files of documents, or in the part of a file that is theirs."""
    found: dict[str, Located] = {}
    for one in behind[:MOST_SOUGHT]:
        try:
            entry, sizes = sizes_of(one.document_id, documents)
            numbers = [str(n) for n, size in enumerate(sizes[:MOST_FILES]) if size <= MOST_BYTES]
            for number in [ELEMENT] if entry.element else numbers:
                name, content = file_of(one.document_id, number, documents)
                place = located(name, number, content, value, property_)
                if place is not None and (place.places or one.document_id not in found):
                    found[one.document_id] = place
                if place is not None and place.places:
                    break
        except DafabError:
            continue  # what was read is no longer kept
    return found


def _value(iri: str, property_: str, digest: str, store: Store, graphs: Graphs) -> Term:
    query = f"SELECT ?o ?p ?thing WHERE {{ ?thing ?p ?o }} LIMIT {MOST_LOOKED_AT}"
    bindings: dict[str, Term] = {"thing": Iri(iri), "p": Iri(property_)}
    for row in cast(Solutions, store.query(query, bindings=bindings, default_graphs=graphs)):
        value = cast(Term, row[0])
        if digest_of(value) == digest:
            return value
    raise ThingNotFound(
        f"{iri[:200]!r} has no such value of {property_[:200]!r} now. See the page of the thing"
    )


def _stating(iri: str, property_: str, value: Term, store: Store, inferred: str) -> tuple[str, ...]:
    """Return graphs that state a fact, at most :data:`MOST_STATING`."""
    query = f"SELECT ?g ?s ?p ?o WHERE {{ GRAPH ?g {{ ?s ?p ?o }} }} LIMIT {MOST_STATING}"
    bindings: dict[str, Term] = {"s": Iri(iri), "p": Iri(property_), "o": value}
    rows = cast(Solutions, store.query(query, bindings=bindings))
    found = {cast(Iri, row[0]).value for row in rows}
    return tuple(sorted(found - {inferred}))


def _claims(iri: str, property_: str, store: Store, graphs: Graphs) -> tuple[Otherwise, ...]:
    bindings: dict[str, Term] = {"subject": Iri(iri), "property": Iri(property_)}
    query = text("queries/internal", "claims-of.rq")
    found = []
    for row in cast(Solutions, store.query(query, bindings=bindings, default_graphs=graphs)):
        accepted, source, claimed, by = row[:4]
        if accepted is not None and source is not None and claimed is not None and by is not None:
            found.append(Otherwise(claimed, by.value, accepted, source.value))
    return tuple(found)


def _made(iri: str, store: Store, graphs: Graphs) -> tuple[Made, ...]:
    bindings: dict[str, Term] = {"thing": Iri(iri)}
    query = text("queries/internal", "made-by.rq")
    rows = cast(Solutions, store.query(query, bindings=bindings, default_graphs=graphs))
    return tuple(Made(*("" if one is None else one.value for one in row[:5])) for row in rows)
