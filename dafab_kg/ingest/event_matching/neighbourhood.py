"""What a change of some reports can have an effect on, read from the store."""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Final, cast

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from dafab_kg.ingest.event_matching.clusters import Evidence, Pair, pair
from dafab_kg.ingest.event_matching.reports import (
    Box,
    Decision,
    Identifier,
    Report,
    interval_of,
)
from dafab_kg.ingest.event_matching.rule import (
    ALLOWANCES,
    KM_PER_DEGREE,
    OTHERWISE,
    Hazards,
    Nearness,
    may_match,
    nearness,
)
from dafab_kg.model.names import NS
from dafab_kg.model.resources import text
from dafab_kg.store.hazards import broader_hazards
from dafab_kg.store.protocol import Iri, Literal, Row, Solutions, Store

_AT_ONCE: Final = 500  # things named in one query
_LONGEST: Final = max(one.hours for one in (*ALLOWANCES.values(), OTHERWISE))
_DIMENSIONS: Final = {
    "POINT": 0, "MULTIPOINT": 0, "LINESTRING": 1, "MULTILINESTRING": 1,
    "POLYGON": 2, "MULTIPOLYGON": 2,
}  # fmt: skip
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_DATE_TIME: Final = "http://www.w3.org/2001/XMLSchema#dateTime"


class Neighbourhood:
    """The reports that changed, and all that links lead to from there, with the links.

    Links are identifiers in common, decisions, nearness by the rule, and being in one
    event until now.  Give each of its sets by following links from :meth:`reach`.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self.hazards = Hazards(broader_hazards())
        self._reports: dict[str, Report] = {}
        self._named: defaultdict[str, set[Identifier]] = defaultdict(set)
        self._near: dict[Pair, Nearness] = {}
        self._seen: set[str] = set()
        self._decisions = _decisions(store)
        self._decided: defaultdict[str, set[str]] = defaultdict(set)
        for decision in self._decisions:
            for thing in (decision.iri, *decision.reports):
                self._decided[thing].update(decision.reports)
        self._pool = _Pool({})
        self._spans: list[tuple[float, float]] = []
        self._places: dict[str, BaseGeometry] = {}
        self.events: set[str] = set()
        """IRIs of the events that the reports were in until now."""

    def reach(self, touched: Iterable[str]) -> None:
        """Follow all links from the reports and decisions ``touched``; some may be gone."""
        frontier = set(touched)
        while frontier:
            self._seen |= frontier
            self._fetch(frontier - self._reports.keys())
            present = sorted(frontier & self._reports.keys())
            linked = self._together(frontier)
            linked |= self._named_alike(present)
            linked |= {other for one in frontier for other in self._decided.get(one, ())}
            linked |= self._nearby(present)
            frontier = linked - self._seen

    def evidence(self) -> Evidence:
        """Return what was found."""
        reached = {iri: self._reports[iri] for iri in self._seen if iri in self._reports}
        return Evidence(
            reached,
            {iri: frozenset(self._named[iri]) for iri in reached},
            tuple(self._decisions),
            self._near,
        )

    def _fetch(self, iris: Iterable[str]) -> None:
        told: defaultdict[str, set[tuple[str, ...]]] = defaultdict(set)
        countries: defaultdict[str, set[str]] = defaultdict(set)
        for row in self._ask("event-reports.rq", iris):
            iri, *facts, country = map(_value, row)
            told[iri].add(tuple(facts))
            countries[iri].add(country)
        for iri, rows in told.items():
            # Agreement leaves one value of each property; without it the smallest holds.
            self._reports[iri] = _report(iri, min(rows), frozenset(countries[iri] - {""}))

    def _together(self, reports: Iterable[str]) -> set[str]:
        events = {_value(row[0]) for row in self._ask("event-of.rq", reports)} - self.events
        self.events |= events
        return {_value(row[1]) for row in self._ask("event-members.rq", events)}

    def _named_alike(self, reports: Iterable[str]) -> set[str]:
        identifiers = set()
        for row in self._ask("event-identifiers.rq", reports):
            report, identifier, scheme, value = map(_value, row)
            self._named[report].add(Identifier(scheme, value))
            identifiers.add(identifier)
        return {_value(row[0]) for row in self._ask("event-holders.rq", identifiers)}

    def _nearby(self, reports: list[str]) -> set[str]:
        placed = [self._reports[iri] for iri in reports if _is_placed(self._reports[iri])]
        self._widen(placed)
        pairs: list[tuple[Report, Report]] = []
        for report in placed:
            for other in self._pool.around(report, self.hazards):
                both = pair(report.iri, other.iri)
                if report.iri != other.iri and both not in self._near:
                    pairs.append((report, other))
        self._place({one.iri for both in pairs for one in both})
        found = set()
        for one, other in pairs:
            allowance = may_match(one, other, self.hazards)
            if allowance is None or one.iri not in self._places or other.iri not in self._places:
                continue
            evidence = nearness(one, other, allowance, self._places)
            if evidence is not None:
                self._near[pair(one.iri, other.iri)] = evidence
                found.add(other.iri)
        return found

    def _widen(self, placed: list[Report]) -> None:
        """Bring into the pool all reports whose time may be near that of ``placed``."""
        wanted = []
        for report in placed:
            assert report.interval is not None
            reach = min(self.hazards.allowance(report.hazard).hours, _LONGEST) + 24
            wanted.append((report.interval[0] - reach, report.interval[1] + reach))
        spans = [
            span
            for span in _merged(wanted)
            if not any(had[0] <= span[0] and span[1] <= had[1] for had in self._spans)
        ]
        if spans:
            self._spans = _merged([*self._spans, *spans])
        iris = set(self._between(spans))
        self._fetch(iris - self._reports.keys())
        new = [self._reports[iri] for iri in iris if iri in self._reports]
        if any(report.iri not in self._pool.reports for report in (*new, *placed)):
            every = {report.iri: report for report in (*new, *placed) if _is_placed(report)}
            self._pool = _Pool({**self._pool.reports, **every})

    def _between(self, spans: list[tuple[float, float]]) -> Iterator[str]:
        """The reports whose time touches one of the spans, which are in order and apart."""
        if not spans:
            return
        query = text("queries/internal", "event-reports-between.rq")
        hull = {"from": _moment(spans[0][0]), "until": _moment(spans[-1][1])}
        starts = [span[0] for span in spans]
        for row in cast(Solutions, self._store.query(query, bindings=hull)):
            report, start, end = map(_value, row[2:])
            interval = interval_of(start, end)
            if interval is not None:
                before = spans[max(bisect_right(starts, interval[1]) - 1, 0)]
                if before[0] <= interval[1] and interval[0] <= before[1]:
                    yield report

    def _place(self, iris: set[str]) -> None:
        wanted = {iri for iri in iris - self._places.keys() if self._reports[iri].geometry}
        for report, wkt in self._ask("event-geometries.rq", wanted):
            geometry = _geometry(_value(wkt))
            if geometry is not None:
                self._places.setdefault(_value(report), geometry)

    def _ask(self, file: str, iris: Iterable[str]) -> Iterator[Row]:
        """Ask a query about things, in portions."""
        query = text("queries/internal", file)
        ordered = sorted(iris)
        for start in range(0, len(ordered), _AT_ONCE):
            given = " ".join(f"<{iri}>" for iri in ordered[start : start + _AT_ONCE])
            yield from cast(Solutions, self._store.query(query.replace("{ }", f"{{ {given} }}", 1)))


class _Pool:
    """Reports with kind, time and place, as columns."""

    def __init__(self, reports: Mapping[str, Report]) -> None:
        self.reports = dict(reports)
        self._all = list(self.reports.values())
        spans = [one.interval or (0.0, 0.0) for one in self._all]
        boxes = [one.box or (0.0, 0.0, 0.0, 0.0) for one in self._all]
        self._names, self._kinds = np.unique(
            np.array([one.hazard for one in self._all], dtype=np.str_), return_inverse=True
        )
        self._posts = np.array([one.is_post for one in self._all], dtype=np.bool_)
        self._start, self._end = _columns(spans, 2)
        west, self._south, east, self._north = _columns(boxes, 4)
        self._half = ((east - west) % 360) / 2
        self._middle = west + self._half

    def around(self, report: Report, hazards: Hazards) -> Iterator[Report]:
        """Yield all that may be near ``report``, and some that are not."""
        if not self._all or report.interval is None or report.box is None:
            return
        allowance = hazards.allowance(report.hazard)
        start, end = report.interval
        west, south, east, north = report.box
        degrees = allowance.km / KM_PER_DEGREE * 1.01
        gap = np.maximum(self._start - end, start - self._end)
        alike = np.array([hazards.compatible(report.hazard, str(name)) for name in self._names])
        close = alike[self._kinds] & (gap <= allowance.hours)
        if report.is_post:
            close &= ~self._posts
        close &= (self._south - north <= degrees) & (south - self._north <= degrees)
        half = ((east - west) % 360) / 2
        turn = np.abs(self._middle - (west + half)) % 360
        apart = np.minimum(turn, 360 - turn) - half - self._half
        poleward = np.minimum(89.9, np.maximum(np.abs(self._south), np.abs(self._north)))
        poleward = np.maximum(poleward, min(89.9, max(abs(south), abs(north))))
        close &= apart * np.cos(np.radians(poleward)) <= degrees
        for index in np.flatnonzero(close):
            yield self._all[int(index)]


def _columns(rows: Sequence[tuple[float, ...]], width: int) -> NDArray[np.float64]:
    return np.array(rows, dtype=np.float64).reshape(-1, width).T


def _is_placed(report: Report) -> bool:
    return bool(report.hazard) and report.interval is not None and report.box is not None


def _merged(spans: Iterable[tuple[float, float]]) -> list[tuple[float, float]]:
    merged: list[tuple[float, float]] = []
    for start, end in sorted(spans):
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(merged[-1][1], end))
        else:
            merged.append((start, end))
    return merged


def _moment(hours: float) -> Literal:
    try:
        moment = _EPOCH + timedelta(hours=hours)
    except OverflowError:
        moment = datetime(1 if hours < 0 else 9999, 1, 1, tzinfo=UTC)
    return Literal(f"{moment:%Y-%m-%dT%H:%M:%SZ}".rjust(20, "0"), _DATE_TIME)


def _decisions(store: Store) -> list[Decision]:
    found: defaultdict[tuple[str, bool, str], set[str]] = defaultdict(set)
    query = text("queries/internal", "event-decisions.rq")
    for row in cast(Solutions, store.query(query)):
        decision, verdict, decided, report = map(_value, row)
        found[decision, verdict == "same", decided].add(report)
    return [
        Decision(iri, same, tuple(sorted(reports)), decided)
        for (iri, same, decided), reports in sorted(found.items())
    ]


def _report(iri: str, facts: tuple[str, ...], countries: frozenset[str]) -> Report:
    source, report_id, kind, hazard, start, end = facts[:6]
    sides = facts[6:10]
    geometry, shape, title = facts[10:]
    return Report(
        iri=iri,
        source=source,
        report_id=report_id,
        report_type=kind,
        hazard=hazard.removeprefix(NS),
        start=start,
        end=end,
        box=_box(sides),
        sides=sides,
        geometry=geometry,
        dimension=_DIMENSIONS.get(shape.partition("(")[0].strip().upper(), -1),
        title=title,
        countries=countries,
        interval=interval_of(start, end),
    )


def _box(sides: tuple[str, ...]) -> Box | None:
    if not all(sides):
        return None
    west, south, east, north = map(float, sides)
    return (west, south, east, north)


def _geometry(wkt: str) -> BaseGeometry | None:
    try:
        geometry: BaseGeometry = shapely.from_wkt(wkt)
    except shapely.errors.GEOSException:
        return None
    if geometry is None or geometry.is_empty:
        return None
    return geometry if geometry.is_valid else shapely.make_valid(geometry)


def _value(value: object) -> str:
    return value.value if isinstance(value, (Iri, Literal)) else ""
