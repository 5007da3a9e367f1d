"""Labels of the ontology's terms."""

from __future__ import annotations

from dafab_kg.model import resources


def term_labels() -> dict[str, str]:
    """Return the English label of each term of the ontology, by IRI."""
    from rdflib import RDFS, Graph, Literal

    labels: dict[str, str] = {}
    for file in resources.names("ontology", ".ttl"):
        module = Graph().parse(data=resources.text("ontology", file), format="turtle")
        for term, label in module.subject_objects(RDFS.label):
            if isinstance(label, Literal) and label.language in (None, "en"):
                labels.setdefault(str(term), str(label))
    return labels
