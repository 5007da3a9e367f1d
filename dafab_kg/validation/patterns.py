"""Patterns of SPARQL that bind the nodes to judge, and their values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from dafab_kg.store.protocol import Iri
from dafab_kg.validation.shapes import Path, Target
from dafab_kg.validation.terms import sparql


@dataclass(frozen=True)
class Focus:
    """A pattern that binds ``variable`` to nodes, which may come more than once."""

    pattern: str
    variable: str


@dataclass(frozen=True)
class Patterns:
    """Writes patterns; ``by_graph`` means each named graph (``?g``) is judged by itself.

    ``below`` gives the subclasses of a class (itself not among them), ``present``
    the classes that the data mention in a type.  ``predicates`` are those of the data;
    None: nobody looked, as of a large store that costs more than it saves.
    """

    by_graph: bool
    below: Mapping[str, frozenset[str]]
    present: frozenset[str]
    predicates: frozenset[str] | None = None

    def lacks(self, path: Path | None) -> bool:
        """Tell whether surely no node has a value of a path."""
        if self.predicates is None or path is None or not isinstance(path.node, Iri):
            return False
        return path.node.value not in self.predicates

    def at(self, triples: str) -> str:
        """Put triple patterns into the graph that is judged."""
        return f"GRAPH ?g {{ {triples} }}" if self.by_graph else f"{triples} "

    def classes(self, iri: str) -> list[str]:
        """Return a class and those below it, as far as anything is of them."""
        below = self.below.get(iri, frozenset()) | {iri}
        return sorted(sparql(Iri(one)) for one in below & self.present)

    def targeted(self, target: Target) -> Focus | None:
        """Return the nodes of a target; None if there are surely none."""
        term = sparql(target.term)
        if target.kind == "node":
            start = "GRAPH ?g {} " if self.by_graph else ""
            return Focus(f"{start}VALUES ?f0 {{ {term} }}", "?f0")
        if target.kind == "subjects":
            return Focus(self.at(f"?f0 {term} ?o0 ."), "?f0")
        if target.kind == "objects":
            return Focus(self.at(f"?s0 {term} ?f0 ."), "?f0")
        classes = self.classes(target.term.value)
        if not classes:
            return None
        if len(classes) == 1:
            return Focus(self.at(f"?f0 a {classes[0]} ."), "?f0")
        return Focus(f"VALUES ?t0 {{ {' '.join(classes)} }} {self.at('?f0 a ?t0 .')}", "?f0")

    def values(self, focus: Focus, path: Path | None) -> Focus:
        """Return the values of a path from the focus nodes; without a path themselves."""
        if path is None:
            return focus
        value = f"?f{int(focus.variable[2:]) + 1}"
        step = self.at(f"{focus.variable} {path.text} {value} .")
        if path.with_self:
            # SPARQL finds a node by a path of length zero only if it occurs in the graph
            step = f"{{ {step} }} UNION {{ BIND({focus.variable} AS {value}) }}"
        if not path.is_predicate:
            step = f"LATERAL {{ {step} }}"
        return Focus(f"{focus.pattern} {step}", value)

    def reaches(self, focus: Focus, path: Path | None, value: str) -> str:
        """Return the expression that ``value`` is among the values of a path."""
        if path is None:
            return f"sameTerm({focus.variable}, {value})"
        there = f"EXISTS {{ {self.at(f'{focus.variable} {path.text} {value} .')} }}"
        if path.with_self:
            return f"(sameTerm({focus.variable}, {value}) || {there})"
        return there
