"""How what is known of a thing is known."""

from __future__ import annotations

from typing import Final

from dafab_kg.mapping.nquads import literal
from dafab_kg.model.errors import ThingNotFound
from dafab_kg.python.things import Description, Fact, Provenance
from dafab_kg.reasoning.explain import Proof, explain
from dafab_kg.reasoning.reasoner import Reasoner
from dafab_kg.store.nquads import canonical
from dafab_kg.store.protocol import XSD_STRING, Blank, Iri, Store, Term

MOST_PROVEN: Final = 200
"""Most facts of one thing that are proven."""


def provenance_of(description: Description, store: Store, reasoner: Reasoner) -> Provenance:
    """Prove the facts of a thing that no document states; see :class:`Provenance`."""
    inferred = [fact for fact in description.facts if set(fact.graphs) <= {reasoner.graph}]
    proofs: list[tuple[Fact, Proof]] = []
    unproven = list(inferred[MOST_PROVEN:])
    for fact in inferred[:MOST_PROVEN]:
        try:
            proofs.append(
                (fact, explain(line_of(fact.subject, fact.predicate, fact.object), store, reasoner))
            )
        except ThingNotFound:  # it follows no more; `dafab-kg reason` would take it away
            unproven.append(fact)
    return Provenance(
        description.iri,
        description.facts,
        description.documents,
        tuple(proofs),
        tuple(unproven),
    )


def line_of(subject: Term, predicate: str, value: Term) -> str:
    """Return an N-Triples line, for the store's own order of characters."""
    terms = (subject, Iri(predicate), value)
    (one,) = canonical(" ".join(map(_written, terms)) + " .\n").triples
    return one


def _written(term: Term) -> str:
    if isinstance(term, Iri):
        return f"<{term.value}>"
    if isinstance(term, Blank):
        return f"_:{term.value}"
    if term.language:
        return f'"{literal(term.value)}"@{term.language}'
    end = "" if term.datatype == XSD_STRING else f"^^<{term.datatype}>"
    return f'"{literal(term.value)}"{end}'
