"""Reasoning over anybody's facts and ontology, from files, without a catalogue."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from dafab_kg.model.names import Names, encode
from dafab_kg.reasoning.clash import Clash, clashes
from dafab_kg.reasoning.compile import compile_ontology
from dafab_kg.reasoning.explain import Proof, explain, parse_triple_text
from dafab_kg.reasoning.ontology import (
    media_type,
    packaged_rules,
    read_bytes,
    read_ontologies,
    triples_of,
)
from dafab_kg.reasoning.reasoner import Reasoner
from dafab_kg.reasoning.triples import BLANK
from dafab_kg.store.oxigraph import OxigraphStore, turtle_of
from dafab_kg.store.protocol import Store

FILE = "urn:dafab:file:"
"""What the graphs of files are named by in explanations."""


@dataclass(frozen=True)
class Reasoning:
    """What follows from some files."""

    store: Store
    reasoner: Reasoner
    notices: tuple[str, ...]

    @property
    def lines(self) -> list[str]:
        """The inferred triples as N-Triples lines, sorted; blank nodes are blank again."""
        return sorted(_blank(line) for line in self.store.graph_triples(self.reasoner.graph))

    def turtle(self) -> str:
        """The inferred triples as Turtle."""
        return turtle_of("".join(self.lines), Names().prefixes)

    def explain(self, triple: str) -> Proof:
        """Explain a triple as people write it.

        Raises:
            ThingNotFound: it does not hold.
            QueryNotValid: it is no triple.
        """
        return explain(parse_triple_text(triple, Names()), self.store, self.reasoner)

    def clashes(self, most: int) -> tuple[Clash, ...]:
        """Facts that contradict each other."""
        return tuple(clashes(self.store, self.reasoner, most=most))


def reason_over(
    data: Sequence[Path], ontologies: Sequence[Path], *, skip_refused: bool = False
) -> Reasoning:
    """Infer what follows from RDF files by OWL files (none: by our own ontology).

    Raises:
        FileNotUsable: a file cannot be read, or its name does not tell its syntax.
        NotWellFormed: it cannot be parsed.
        AxiomNotTranslated: an axiom cannot be made a rule, and ``skip_refused`` is False.
    """
    if ontologies:
        triples, missing = read_ontologies(ontologies)
        rules = compile_ontology(triples, skip_refused=skip_refused)
        absent = (f"the import {iri} is not at hand and left out" for iri in missing)
        notices = (*absent, *rules.notices)
    else:
        rules = packaged_rules()
        notices = rules.notices
    store = OxigraphStore()
    for number, path in enumerate(data):
        lines = triples_of(
            read_bytes(path),
            media_type(path),
            name=f"{number}",
            base=path.resolve().as_uri(),
            where=str(path),
        )
        store.bulk_load(_everywhere(lines, f"{FILE}{encode(path.name)}"))
    reasoner = Reasoner(store, Names(), rules=lambda: rules)
    reasoner.ensure()
    return Reasoning(store, reasoner, notices)


def _everywhere(lines: str, graph: str) -> str:
    """Put statements into the default graph and the graph of their file."""
    from dafab_kg.store.nquads import canonical

    return canonical(lines).lines(graph)


def _blank(line: str) -> str:
    """Write stand-ins of blank nodes as blank nodes: label and file make their name."""
    parts = line.split(f"<{BLANK}")
    for place, part in enumerate(parts[1:], 1):
        name, rest = part.split(">", 1)
        label = "".join(c if c.isalnum() else "_" for c in name)
        parts[place] = f"_:b{label}{rest}"
    return "".join(parts)
