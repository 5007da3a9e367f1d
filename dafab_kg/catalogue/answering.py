"""Answering a query with the help of the search index."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from time import perf_counter
from typing import TYPE_CHECKING, Any

from dafab_kg.reasoning.reasoner import Facts, Reasoner
from dafab_kg.store.answers import has_rows
from dafab_kg.store.diagnostics import Diagnostics
from dafab_kg.store.oxigraph import OxigraphStore
from dafab_kg.store.protocol import Answer, Truth
from dafab_kg.store.refusals import has_dataset
from dafab_kg.store.solutions import PlainSolutions

if TYPE_CHECKING:
    from dafab_kg.catalogue.indexing import Indexing
    from dafab_kg.spatial.rewriting.rewrite import Plan


@dataclass(frozen=True)
class Answering:
    """Answers queries over what is stated, inferred or both; ``rewriting``: by the index."""

    store: OxigraphStore
    reasoner: Reasoner
    index: Indexing
    rewriting: bool

    def answer(
        self, query: str, facts: Facts, base: str | None, diagnostics: Diagnostics | None
    ) -> Answer:
        """Answer a query without a dataset of its own."""
        return self._first_right(query, facts, base, diagnostics)[0]

    def explain(self, query: str, facts: Facts, base: str | None) -> dict[str, Any]:
        """Tell how a query is answered; see ``Catalogue.explain_query``."""
        from dafab_kg.spatial.rewriting.rewrite import Plan

        diagnostics = Diagnostics()
        began = perf_counter()
        if has_dataset(query):
            tried = [Plan(query, reason="it names its own dataset")]
            answer = self.store.query(query, base=base, diagnostics=diagnostics)
        else:
            answer, tried = self._first_right(query, facts, base, diagnostics)
        rows = None if isinstance(answer, Truth) else sum(1 for _ in answer)
        *before, last = (plan.plain() for plan in tried)
        if "engine" not in last["milliseconds"]:  # it answered while the rows were read
            spent = sum(sum(plan["milliseconds"].values()) for plan in (*before, last))
            last["milliseconds"]["engine"] = round((perf_counter() - began) * 1e3 - spent, 3)
        return {**last, "rows": rows, "diagnostics": diagnostics.plain(), "tried": before}

    def _first_right(
        self, query: str, facts: Facts, base: str | None, diagnostics: Diagnostics | None
    ) -> tuple[Answer, list[Plan]]:
        """The answer of the first plan that gives the right one, and the plans tried."""
        tried: list[Plan] = []
        graphs = self.reasoner.dataset(facts)
        for plan in self._plans(query, base, merged=facts == "both"):
            tried.append(plan)
            began = perf_counter()
            answer = self.store.query(
                plan.text, default_graphs=graphs, base=base, diagnostics=diagnostics
            )
            if plan.enough is None:
                break
            assert has_rows(answer)
            rows = list(answer)
            plan.milliseconds["engine"] = (perf_counter() - began) * 1e3
            if len(rows) >= plan.enough:
                return PlainSolutions(answer.variables, rows), tried
        return answer, tried

    def _plans(self, query: str, base: str | None, *, merged: bool) -> Iterator[Plan]:
        from dafab_kg.spatial.rewriting.rewrite import Plan, plans

        if not self.rewriting:
            return iter((Plan(query, reason="the setting rewriting is off"),))
        index = self.index.lookup()
        if index is None:
            return iter((Plan(query, reason="there is no index that could be used"),))
        return plans(query, index, index.schema.properties, base=base, merged=merged)
