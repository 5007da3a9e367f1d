"""Answering a query with the help of the search index."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from time import perf_counter
from typing import TYPE_CHECKING, Any, Final, cast

from dafab_kg.reasoning.reasoner import Facts, Reasoner
from dafab_kg.store.answers import has_rows
from dafab_kg.store.diagnostics import Diagnostics
from dafab_kg.store.protocol import Answer, Store, Truth
from dafab_kg.store.refusals import has_dataset
from dafab_kg.store.solutions import PlainSolutions

if TYPE_CHECKING:
    from dafab_kg.catalogue.indexing import Indexing
    from dafab_kg.spatial.rewriting.rewrite import Plan
    from dafab_kg.store.oxigraph import EngineTriples

ATTEMPTS: Final = 3
"""Times that a query is asked with the index where others commit meanwhile."""


@dataclass(frozen=True)
class Answering:
    """Answers queries over what is stated, inferred or both; ``rewriting``: by the index."""

    store: Store
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
        given = (facts, base, diagnostics)
        if not self.index.live:
            return self._tried(self._plans(query, base, merged=facts == "both"), *given)
        for _ in range(ATTEMPTS):
            answer, tried = self._tried(self._plans(query, base, merged=facts == "both"), *given)
            if not tried[-1].rewritten:
                return answer, tried
            held = _held(answer)
            if self.index.still():
                return held, tried
            # a commit came between the index and the graph: what was read may be of both
        from dafab_kg.spatial.rewriting.rewrite import Plan

        return self._tried(iter((Plan(query, reason="the graph changes all the time"),)), *given)

    def _tried(
        self,
        planned: Iterator[Plan],
        facts: Facts,
        base: str | None,
        diagnostics: Diagnostics | None,
    ) -> tuple[Answer, list[Plan]]:
        tried: list[Plan] = []
        graphs = self.reasoner.dataset(facts)
        for plan in planned:
            tried.append(plan)
            began = perf_counter()
            answer = self.store.query(
                plan.text,
                default_graphs=graphs,
                base=base,
                diagnostics=diagnostics,
                outline=plan.outline,
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


def _held(answer: Answer) -> Answer:
    """Read an answer to its end."""
    if isinstance(answer, Truth):
        return answer
    if has_rows(answer):
        return PlainSolutions(answer.variables, list(answer))
    return cast("EngineTriples", answer).read()
