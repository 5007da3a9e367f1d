"""Facts that cannot all be true by the ontology, each with the axiom that they break."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from dafab_kg.reasoning.explain import Proof, explain, instance
from dafab_kg.reasoning.reasoner import Reasoner
from dafab_kg.reasoning.rules import Check, Kind, Var
from dafab_kg.reasoning.sparql import clashes as clashes_text
from dafab_kg.reasoning.triples import short
from dafab_kg.store.protocol import Store


@dataclass(frozen=True)
class Clash:
    """A contradiction: of which ``kind``, what in words, the axiom, and why each fact holds."""

    kind: Kind
    what: str
    axiom: str
    facts: tuple[Proof, ...]

    @property
    def graphs(self) -> tuple[str, ...]:
        """Graphs that state the facts it rests on."""
        stated = (one for fact in self.facts for one in fact.stated)
        return tuple(sorted({graph for one in stated for graph in one.graphs}))


def clashes(
    store: Store,
    reasoner: Reasoner,
    *,
    most: int = 1000,
    told: Callable[[int, int], None] | None = None,
) -> Iterator[Clash]:
    """Yield the contradictions in a store, at most ``most`` for each axiom.

    What is inferred counts.  Names are taken as unique: two values of a functional
    property clash, where OWL would take them for one thing (docs/decisions/reasoning.md).
    """
    checks = reasoner.rules.checks
    for number, check in enumerate(checks, 1):
        if told is not None:
            told(number, len(checks))
        text, variables = clashes_text(check, most)
        for row in store.rows(text, [None, reasoner.graph]):
            binding = dict(zip(variables, row, strict=False))
            lines = dict.fromkeys(instance(atom, binding) for atom in check.body)
            proofs = tuple(explain(line, store, reasoner) for line in lines)
            yield Clash(check.kind, _said(check, binding), str(check.axiom), proofs)


def _said(check: Check, binding: dict[Var, str]) -> str:
    words = check.message
    for variable, term in binding.items():
        words = words.replace(f"{{{variable.name}}}", short(term))
    return words
