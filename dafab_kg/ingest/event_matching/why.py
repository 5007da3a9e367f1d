"""Why two reports tell of one event, or why they do not."""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Iterator
from dataclasses import dataclass

from dafab_kg.ingest.event_matching.clusters import (
    DECIDED,
    NEAR,
    Cluster,
    Evidence,
    Match,
    clusters_of,
    pair,
)
from dafab_kg.ingest.event_matching.neighbourhood import Neighbourhood
from dafab_kg.ingest.event_matching.reports import Report
from dafab_kg.ingest.event_matching.rule import CORRELATION, may_match, time_gap
from dafab_kg.model.errors import ThingNotFound
from dafab_kg.model.names import Names
from dafab_kg.store.protocol import Store


@dataclass(frozen=True)
class Explanation:
    """Whether two reports tell of one event, and the words for it.

    ``steps`` lead from one report to the other, match by match; ``reasons`` say why
    none do.
    """

    same: bool
    steps: tuple[str, ...] = ()
    reasons: tuple[str, ...] = ()


def explain(store: Store, names: Names, one: str, other: str) -> Explanation:
    """Explain by today's evidence why two reports, given by IRI, are or are not of one event.

    Raises:
        ThingNotFound: there is no such report.
    """
    around = Neighbourhood(store)
    around.reach({one, other})
    evidence = around.evidence()
    for iri in (one, other):
        if iri not in evidence.reports:
            raise ThingNotFound(
                f"There is no report {name_of(names, iri)!r}; "
                "`dafab-kg events show EVENT` lists those of an event"
            )
    for cluster in clusters_of(evidence):
        if one in cluster.reports and other in cluster.reports:
            steps = _way(cluster, one, other)
            return Explanation(True, tuple(_tell(names, match) for match in steps))
    return Explanation(False, reasons=tuple(_reasons(names, around, evidence, one, other)))


def name_of(names: Names, iri: str) -> str:
    """Return the short name of a report, a decision or an identifier."""
    return iri.removeprefix(names.base).partition("/")[2] or iri


def _way(cluster: Cluster, one: str, other: str) -> list[Match]:
    """The fewest matches that lead from one report to the other."""
    links: defaultdict[str, list[tuple[str, Match]]] = defaultdict(list)
    for match in cluster.matches:
        links[match.one].append((match.other, match))
        links[match.other].append((match.one, match))
    came: dict[str, tuple[str, Match] | None] = {one: None}
    waiting = deque([one])
    while waiting and other not in came:
        here = waiting.popleft()
        for there, match in links[here]:
            if there not in came:
                came[there] = (here, match)
                waiting.append(there)
    way: list[Match] = []
    step = came.get(other)
    while step is not None:
        way.append(step[1])
        step = came[step[0]]
    return way[::-1]


def _tell(names: Names, match: Match) -> str:
    both = f"{name_of(names, match.one)} and {name_of(names, match.other)}"
    if match.evidence == DECIDED:
        return f"{both}: decision {name_of(names, match.decision)}"
    if match.evidence == NEAR and match.nearness is not None:
        near = match.nearness
        overlap = "" if near.overlap is None else f", {near.overlap:g} % overlap"
        return (
            f"{both}: same kind, {near.km:g} km and {near.hours:g} h apart{overlap} "
            f"(confidence {match.confidence:g} %)"
        )
    shared = ", ".join(f"{one.scheme} {one.value}" for one in match.identifiers)
    return f"{both}: both name {shared}"


def _reasons(
    names: Names, around: Neighbourhood, evidence: Evidence, one: str, other: str
) -> Iterator[str]:
    for decision in evidence.decisions:
        if not decision.same and {one, other} <= set(decision.reports):
            yield f"decision {name_of(names, decision.iri)} of {decision.decided} keeps them apart"
    first, second = evidence.identifiers[one], evidence.identifiers[other]
    if not first & second:
        yield "they name no identifier in common"
    for scheme in sorted({i.scheme for i in first} & {i.scheme for i in second} - {CORRELATION}):
        values = [sorted(i.value for i in named if i.scheme == scheme) for named in (first, second)]
        if not set(values[0]) & set(values[1]):
            yield f"they name different {scheme} ids: {values[0][0]} and {values[1][0]}"
    if pair(one, other) in evidence.near:
        yield (
            "they are near enough in kind, place and time, but not each group that they belong to "
            "is near, and free of contradiction, to the whole of the other"
        )
    else:
        yield _far(evidence.reports[one], evidence.reports[other], around)


def _far(one: Report, other: Report, around: Neighbourhood) -> str:
    for what in ("hazard", "interval", "box"):
        if not getattr(one, what) or not getattr(other, what):
            word = {"hazard": "kind", "interval": "time", "box": "place"}[what]
            return f"not both tell the {word}, so kind, place and time cannot be compared"
    allowance = may_match(one, other, around.hazards)
    if allowance is None:
        return (
            f"kind ({one.hazard}, {other.hazard}), countries or the size of the area rule out "
            "that they are compared"
        )
    assert one.interval is not None and other.interval is not None
    gap = time_gap(one.interval, other.interval)
    return (
        f"they are too far apart: {gap:g} h in time, where {allowance.hours:g} h are allowed "
        f"at no distance, and {allowance.km:g} km at no gap"
    )
