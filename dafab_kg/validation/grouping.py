"""Which documents can be judged in one run without seeing each other.

A shape looks at a node and at what can be reached from it by following triples
forwards.  Documents may therefore share a graph as long as every node that two
of them mention is described by both in the same words (or by neither): then
what is reachable from a node is the same in the shared graph as in the
document alone.  Platforms and tiles, which many documents describe alike, so
do not keep documents apart; a derived product and the source that it names do.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final

from rdflib import RDF, SH, Graph

from dafab_kg.validation.triples import Description, DocumentTriples, Token

_LOOKING_ELSEWHERE: Final = (
    SH.inversePath,
    SH.targetNode,
    SH.targetObjectsOf,
    SH.target,
    SH.sparql,
    SH.select,
    SH.ask,
    SH.js,
    SH.rule,
)
"""What lets a shape see more than the focus node and what it leads to."""


@dataclass
class Group:
    """Documents that share a graph."""

    documents: list[DocumentTriples] = field(default_factory=list)
    described: dict[Token, Description] = field(default_factory=dict)
    mentioned_by: dict[Token, list[str]] = field(default_factory=dict)

    def accepts(self, document: DocumentTriples) -> bool:
        """Tell whether ``document`` and those of the group cannot see each other."""
        ours, theirs = self.described, document.described
        return all(
            ours.get(node) == theirs.get(node)
            for node in document.mentioned
            if node in self.mentioned_by
        )

    def add(self, document: DocumentTriples) -> None:
        """Take ``document`` in."""
        self.documents.append(document)
        self.described.update(document.described)
        for node in document.mentioned:
            self.mentioned_by.setdefault(node, []).append(document.document_id)


def grouped(documents: Iterable[DocumentTriples], *, together: bool = True) -> list[Group]:
    """Return groups in which no document can see another; one per document unless ``together``."""
    groups: list[Group] = []
    for document in documents:
        group = next((g for g in groups if together and g.accepts(document)), None)
        if group is None:
            group = Group()
            groups.append(group)
        group.add(document)
    return groups


def looks_forward_only(shapes: Graph) -> bool:
    """Tell whether no shape can see more than a focus node and what it leads to."""
    if any(True for feature in _LOOKING_ELSEWHERE for _ in shapes.subject_objects(feature)):
        return False
    return (None, RDF.type, SH.ConstraintComponent) not in shapes
