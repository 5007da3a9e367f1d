"""Documents about events for tests: one report each, put into a store as a load would."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from decimal import Decimal
from functools import cache
from pathlib import Path

from dafab_kg.ingest.derivations import EventMatching, derive_all
from dafab_kg.mapping import CompiledMapping, compile_mappings
from dafab_kg.model.names import Names
from dafab_kg.model.records import (
    DecidedReport,
    EventDecision,
    EventIdentifier,
    EventReport,
    Record,
)
from dafab_kg.store.nquads import GraphText, canonical
from dafab_kg.store.oxigraph import OxigraphStore
from dafab_kg.store.replacement import plan_replacement

NAMES = Names()
Document = tuple[Record, ...]


@cache
def mapping() -> CompiledMapping:
    return compile_mappings(NAMES)


def iri(name: str) -> str:
    """The IRI of the report ``source/id``."""
    source, _, report_id = name.partition("/")
    return NAMES.make("event_report", source=source, report_id=report_id)


def report(
    name: str,
    *identifiers: str,
    hazard: str | None = "floodHazard",
    start: str | None = "2024-10-27T15:00:00Z",
    end: str | None = None,
    at: tuple[float, float] | None = (-3.4, 38.6),
    size: float = 0.0,
    kind: str = "event",
    countries: tuple[str, ...] = (),
) -> Document:
    """A report ``source/id`` at a point, or of a square of ``size`` degrees from it."""
    source, _, report_id = name.partition("/")
    place: dict[str, object] = {}
    if at is not None:
        west, south = (Decimal(str(round(side, 4))) for side in at)
        east, north = west + Decimal(str(size)), south + Decimal(str(size))
        wkt = f"POINT ({west} {south})"
        if size:
            ring = ((west, south), (east, south), (east, north), (west, north), (west, south))
            wkt = f"POLYGON (({', '.join(f'{x} {y}' for x, y in ring)}))"
        place = {"footprint_wkt": wkt, "west": west, "south": south, "east": east, "north": north}
    told = EventReport(
        source=source,
        report_id=report_id,
        report_type=kind,
        hazard=hazard,
        start=start,
        end=end,
        countries=countries,
        **place,  # type: ignore[arg-type]
    )
    named = (one.partition(":") for one in identifiers)
    return (told, *(EventIdentifier(source, report_id, one[0], one[2]) for one in named))


def decision(verdict: str, *names: str, decided: str = "2026-01-01T00:00:00Z") -> Document:
    """A decision on reports ``source/id``."""
    key = hashlib.sha256(repr((verdict, names, decided)).encode()).hexdigest()[:12]
    parts = (name.partition("/") for name in names)
    about = (DecidedReport(key, source, report_id) for source, _, report_id in parts)
    return (EventDecision(key, verdict, decided), *about)


class Shelf:
    """A store into which documents are put and taken out, batch by batch, as commits do."""

    def __init__(self, path: Path) -> None:
        self.store = OxigraphStore(path)

    def change(self, put: Iterable[Document] = (), taken: Iterable[Document] = ()) -> None:
        contents = {}
        for document in put:
            graph, nquads = mapped(document)
            contents[graph] = canonical(nquads, graph)
        for document in taken:
            contents[mapped(document)[0]] = GraphText(frozenset())
        change = plan_replacement(self.store, contents)
        self.store.apply(change)
        for derived in derive_all(self.store, NAMES, change.added + "".join(change.removed)):
            self.store.apply(derived)

    def derived(self) -> dict[str, frozenset[str]]:
        """All derived graphs."""
        room = NAMES.make("derived_graph", rule="event", key="")
        graphs = [graph for graph in self.store.graphs() if graph.startswith(room)]
        return {graph: frozenset(self.store.graph_triples(graph)) for graph in graphs}

    def from_scratch(self) -> dict[str, frozenset[str]]:
        """What the rule derives from all that is here."""
        rule = EventMatching()
        graphs = rule.derive(self.store, NAMES, rule.everything(self.store, NAMES))
        return {graph: content.triples for graph, content in graphs.items() if content.triples}

    def events(self) -> dict[str, set[str]]:
        """Event id → the reports of the event as source/id."""
        found = {}
        for triples in self.derived().values():
            ids, members = set(), set()
            for line in triples:
                _, predicate, value = line.removesuffix(" .\n").split(" ", 2)
                if predicate.endswith("#eventId>"):
                    ids.add(value.strip('"'))
                elif predicate.endswith("#hasReport>"):
                    members.add(value.strip("<>").split("/report/")[1])
            (event,) = ids
            found[event] = members
        return found

    def groups(self) -> set[frozenset[str]]:
        """The reports of each event."""
        return {frozenset(members) for members in self.events().values()}

    def close(self) -> None:
        self.store.close()


def mapped(document: Document) -> tuple[str, str]:
    """The graph of a document and its N-Quads."""
    first = document[0]
    key = getattr(first, "decision_id", None) or f"{first.source}/{first.report_id}"  # type: ignore[attr-defined]
    document_id = hashlib.sha256(str(key).encode()).hexdigest()[:32]
    nquads = mapping().map(document, document_id=document_id)
    return NAMES.make("graph", document_id=document_id), nquads
