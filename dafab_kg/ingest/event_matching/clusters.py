"""From reports and evidence to events: which reports tell of the same.

Clusters grow by joining two of them at a time, along links in one fixed order, the
strongest first: decisions of people, identifiers in common, then kind, place and
time.  A link that may not join is passed over.  Since the order depends on the
links alone, so does the result, whatever order the documents came in.

Two properties let a commit look at its neighbourhood only.  A cluster's history
consists of links within it; and a link between reports of different clusters was
passed over because of what these two clusters held.  So whatever leaves or comes
can change only its own cluster and those that its cluster has links to.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import combinations
from typing import Final

from dafab_kg.ingest.event_matching.reports import Decision, Identifier, Report
from dafab_kg.ingest.event_matching.rule import (
    CORRELATION,
    Nearness,
    contradicts,
    identifier_rank,
    source_rank,
)

Pair = tuple[str, str]
"""IRIs of two reports, the smaller first."""

DECIDED: Final = "decided"
IDENTIFIED: Final = "sharedIdentifier"
NEAR: Final = "kindPlaceTime"

CERTAIN: Final = 100.0
CORRELATED: Final = 80.0
"""Confidence in percent where only computed ids of one correlation are shared."""


@dataclass(frozen=True, slots=True)
class Match:
    """That two reports tell of one event, and by what evidence; ``confidence`` in percent."""

    one: str
    other: str
    evidence: str
    confidence: float
    identifiers: tuple[Identifier, ...] = ()
    nearness: Nearness | None = None
    decision: str = ""


@dataclass(frozen=True, slots=True)
class Cluster:
    """The reports of one event, the identifiers that it owns, and what joins the reports.

    An identifier is owned by one event, even where a decision keeps reports that
    name it apart.
    """

    reports: tuple[str, ...]
    identifiers: tuple[Identifier, ...]
    matches: tuple[Match, ...]


@dataclass(frozen=True)
class Evidence:
    """What is known of some reports: what they name, what was decided, which are near."""

    reports: Mapping[str, Report]
    identifiers: Mapping[str, frozenset[Identifier]] = field(default_factory=dict)
    decisions: tuple[Decision, ...] = ()
    near: Mapping[Pair, Nearness] = field(default_factory=dict)


def pair(one: str, other: str) -> Pair:
    """Return both in order."""
    return (one, other) if one < other else (other, one)


def clusters_of(evidence: Evidence) -> list[Cluster]:
    """Return the clusters of ``evidence``; each report is in exactly one."""
    same, distinct = _verdicts(evidence)
    joined = _Joined(evidence.reports, distinct)
    for both in same:
        joined.join(*both)
    owners, links = _join_identified(evidence, joined)
    units = {report: joined.find(report) for report in evidence.reports}
    between = _between_units(evidence, units)
    _join_near(evidence, joined, units, between)
    return _gather(evidence, joined, owners, [*_decided(same, joined), *links], units, between)


def _verdicts(evidence: Evidence) -> tuple[dict[Pair, Decision], set[Pair]]:
    """The pairs to be joined, the latest decision first, and the pairs to be kept apart.

    Of several decisions on one pair the latest holds.
    """
    latest: dict[Pair, Decision] = {}
    for decision in sorted(evidence.decisions, key=lambda one: one.rank, reverse=True):
        present = sorted({one for one in decision.reports if one in evidence.reports})
        for both in combinations(present, 2):
            latest.setdefault(both, decision)
    same = {both: decision for both, decision in latest.items() if decision.same}
    return same, latest.keys() - same.keys()


class _Joined:
    """Sets of reports that grow by being joined, except where two are to be kept apart."""

    def __init__(self, reports: Mapping[str, Report], distinct: set[Pair]) -> None:
        self._parent = {report: report for report in reports}
        self.members = {report: {report} for report in reports}
        self._apart: defaultdict[str, set[str]] = defaultdict(set)
        for one, other in distinct:
            self._apart[one].add(other)
            self._apart[other].add(one)

    def find(self, report: str) -> str:
        """Return the representative of a report's set."""
        root = report
        while self._parent[root] != root:
            root = self._parent[root]
        while self._parent[report] != root:
            self._parent[report], report = root, self._parent[report]
        return root

    def join(self, one: str, other: str) -> bool:
        """Join two reports' sets; False if that would join what is to be kept apart."""
        small, large = sorted(
            (self.find(one), self.find(other)), key=lambda root: (len(self.members[root]), root)
        )
        if small == large:
            return True
        within = self.members[large]
        if self._apart and any(
            self._apart.get(r, frozenset()) & within for r in self.members[small]
        ):
            return False
        self._parent[small] = large
        within |= self.members.pop(small)
        return True


def _join_identified(
    evidence: Evidence, joined: _Joined
) -> tuple[dict[Identifier, str], list[Match]]:
    """Join what names the same identifier; return each identifier's owner, and the matches.

    The highest-ranked report that names an identifier owns it.  Reports that may not
    join with it gather round the first of their own.
    """
    holders: defaultdict[Identifier, list[Report]] = defaultdict(list)
    for iri, report in evidence.reports.items():
        for identifier in evidence.identifiers.get(iri, ()):
            holders[identifier].append(report)
    owners: dict[Identifier, str] = {}
    shared: defaultdict[Pair, list[Identifier]] = defaultdict(list)
    for identifier in sorted(holders, key=lambda one: (identifier_rank(one.scheme), one.value)):
        heads: list[str] = []
        for report in sorted(holders[identifier], key=source_rank):
            head = next((one for one in heads if joined.join(one, report.iri)), None)
            if head is None:
                heads.append(report.iri)
            else:
                shared[pair(head, report.iri)].append(identifier)
        owners[identifier] = heads[0]
    return owners, [
        Match(
            *both,
            IDENTIFIED,
            CORRELATED if all(one.scheme == CORRELATION for one in identifiers) else CERTAIN,
            tuple(sorted(identifiers)),
        )
        for both, identifiers in shared.items()
    ]


def _between_units(
    evidence: Evidence, units: Mapping[str, str]
) -> dict[Pair, tuple[Pair, Nearness]]:
    """The best evidence by kind, place and time between each two units that it may join.

    A unit is what decisions and identifiers have joined.  Units that name different
    ids of one scheme are different events, however near.
    """
    named: defaultdict[str, set[tuple[str, str]]] = defaultdict(set)
    for report, unit in units.items():
        named[unit].update((i.scheme, i.value) for i in evidence.identifiers.get(report, ()))
    best: dict[Pair, tuple[Pair, Nearness]] = {}
    for both, nearness in evidence.near.items():
        between = pair(units[both[0]], units[both[1]])
        if between[0] == between[1]:
            continue
        found = best.get(between)
        if found is None or _order(evidence, both, nearness) < _order(evidence, *found):
            best[between] = (both, nearness)
    return {
        between: found
        for between, found in best.items()
        if not contradicts(named[between[0]], named[between[1]])
    }


def _order(evidence: Evidence, both: Pair, nearness: Nearness) -> tuple[object, ...]:
    """The order in which evidence by kind, place and time is taken: posts last, the best first."""
    reports = [evidence.reports[one] for one in both]
    keys = sorted(report.key for report in reports)
    post = any(report.is_post for report in reports)
    return (post, -nearness.confidence, nearness.hours, nearness.km, *keys)


def _join_near(
    evidence: Evidence,
    joined: _Joined,
    units: Mapping[str, str],
    between: Mapping[Pair, tuple[Pair, Nearness]],
) -> None:
    """Join clusters of units where each unit of one is near each unit of the other.

    So no chain of neighbours makes an event that is wider or longer than allowed.
    Units of posts alone need not be near each other.
    """
    firm = {units[report.iri] for report in evidence.reports.values() if not report.is_post}
    # for each cluster its units that hold more than posts, and those that do not
    held: defaultdict[str, tuple[list[str], list[str]]] = defaultdict(lambda: ([], []))
    for unit in sorted(set(units.values())):
        held[joined.find(unit)][unit not in firm].append(unit)
    for one, other in sorted(between, key=lambda both: _order(evidence, *between[both])):
        first, second = joined.find(one), joined.find(other)
        if first == second:
            continue
        (firms, posts), (others, their_posts) = held[first], held[second]
        complete = all(
            pair(a, b) in between
            for these, those in ((firms, others), (firms, their_posts), (posts, others))
            for a in these
            for b in those
        )
        if complete and joined.join(one, other):
            del held[first], held[second]
            held[joined.find(one)] = (firms + others, posts + their_posts)


def _decided(same: Mapping[Pair, Decision], joined: _Joined) -> Iterator[Match]:
    for both, decision in same.items():
        if joined.find(both[0]) == joined.find(both[1]):
            yield Match(*both, DECIDED, CERTAIN, decision=decision.iri)


def _gather(
    evidence: Evidence,
    joined: _Joined,
    owners: Mapping[Identifier, str],
    matches: list[Match],
    units: Mapping[str, str],
    between: Mapping[Pair, tuple[Pair, Nearness]],
) -> list[Cluster]:
    """Gather what belongs to each cluster, in an order that depends on the reports alone."""
    for both, nearness in between.values():
        if joined.find(both[0]) == joined.find(both[1]):
            matches.append(Match(*both, NEAR, nearness.confidence, nearness=nearness))
    owned: defaultdict[str, list[Identifier]] = defaultdict(list)
    for identifier, owner in owners.items():
        owned[joined.find(owner)].append(identifier)
    joining: defaultdict[str, list[Match]] = defaultdict(list)
    for match in matches:
        joining[joined.find(match.one)].append(match)
    return sorted(
        (
            Cluster(
                tuple(sorted(members)),
                tuple(sorted(owned[root], key=lambda i: (identifier_rank(i.scheme), i.value))),
                tuple(sorted(joining[root], key=lambda m: (m.one, m.other, m.evidence))),
            )
            for root, members in joined.members.items()
        ),
        key=lambda cluster: cluster.reports,
    )
