"""Which reports tell of one event: matches with evidence, and events made of them.

Reports are matched by identifiers that they share, then by kind, place and time
under a versioned rule (docs/decisions/event-matching.md); what people decided goes
before both.  Nothing is merged: reports stay as they are, and an event with its
matches is derived beside them, in a graph of its own.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import cast

from dafab_kg.ingest.event_matching.clusters import clusters_of
from dafab_kg.ingest.event_matching.graphs import RULE, event_graph, graph_of
from dafab_kg.ingest.event_matching.neighbourhood import Neighbourhood
from dafab_kg.ingest.event_matching.why import Explanation, explain
from dafab_kg.model.names import TEMPLATES, Names
from dafab_kg.model.resources import text
from dafab_kg.store.nquads import GraphText
from dafab_kg.store.protocol import Iri, Solutions, Store

__all__ = ["RULE", "Explanation", "all_reports", "events", "explain", "touched_by"]


def touched_by(names: Names, nquads: str) -> set[str]:
    """IRIs of reports, and of decisions on them, that N-Quads text speaks of.

    Speaking of a part of a report, such as its geometry, is speaking of the report.
    """
    report, decision = (
        re.escape(names.base + TEMPLATES[kind].split("{", 1)[0])
        for kind in ("event_report", "event_decision")
    )
    return set(re.findall(rf"<({report}[^/>]+/[^/>]+|{decision}[^/>]+)", nquads))


def all_reports(store: Store) -> set[str]:
    """IRIs of all reports, and of those that an event speaks of still."""
    rows = cast(Solutions, store.query(text("queries/internal", "event-reports-all.rq")))
    return {cast(Iri, row[0]).value for row in rows}


def events(store: Store, names: Names, touched: Iterable[str]) -> dict[str, GraphText]:
    """Return the graphs of all events that a change of what is ``touched`` can change."""
    around = Neighbourhood(store)
    around.reach(touched)
    evidence = around.evidence()
    graphs = {graph_of(names, event): GraphText(frozenset()) for event in around.events}
    for cluster in clusters_of(evidence):
        event, content = event_graph(names, cluster, evidence.reports, evidence.identifiers)
        graphs[graph_of(names, event)] = content
    return graphs
