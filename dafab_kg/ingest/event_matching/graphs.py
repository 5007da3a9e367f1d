"""The derived graph of an event: the event, and each match with its evidence."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal
from typing import Final

from dafab_kg.ingest.event_matching.clusters import Cluster, Match
from dafab_kg.ingest.event_matching.reports import POST, Identifier, Report
from dafab_kg.ingest.event_matching.rule import RULE_VERSION, diagonal, source_rank
from dafab_kg.mapping.nquads import literal
from dafab_kg.model.names import PREFIXES, Names, decode, term
from dafab_kg.model.values import decimal_text
from dafab_kg.store.nquads import GraphText, triple_line

RULE: Final = "event"
_AFTER: Final = frozenset({POST, "impact", "response"})
"""Types of reports whose times look back rather than tell when the event was."""

_RESERVED: Final = "report"
_TYPE: Final = PREFIXES["rdf"] + "type"
_LABEL: Final = PREFIXES["rdfs"] + "label"
_FEATURE: Final = PREFIXES["geo"] + "Feature"
_HAS_GEOMETRY: Final = PREFIXES["geo"] + "hasGeometry"
_DECIMAL: Final = PREFIXES["xsd"] + "decimal"
_DATE_TIME: Final = PREFIXES["xsd"] + "dateTime"


def event_id(cluster: Cluster, reports: Mapping[str, Report]) -> str:
    """Return the id of a cluster's event, which does not depend on the order of loading.

    It is ``scheme.value`` of the highest-ranked identifier that the event owns, else
    ``report.source.id`` of its highest-ranked report.

    >>> event_id(Cluster(("r",), (Identifier("glide", "FL-2024-000199-ESP"),), ()), {})
    'glide.FL-2024-000199-ESP'
    """
    for identifier in cluster.identifiers:
        if identifier.scheme != _RESERVED:
            return f"{_part(identifier.scheme)}.{identifier.value}"
    first = min((reports[iri] for iri in cluster.reports), key=source_rank)
    return f"{_RESERVED}.{_part(first.source)}.{first.report_id}"


def graph_of(names: Names, event: str) -> str:
    """Return the derived graph of the event with this IRI."""
    room = names.make("event", event_id="")
    return names.make("derived_graph", rule=RULE, key=decode(event.removeprefix(room)))


def event_graph(
    names: Names,
    cluster: Cluster,
    reports: Mapping[str, Report],
    named: Mapping[str, Iterable[Identifier]],
) -> tuple[str, GraphText]:
    """Return the IRI of a cluster's event and the triples about it."""
    event = names.make("event", event_id=event_id(cluster, reports))
    told = [reports[iri] for iri in cluster.reports]
    identifiers = sorted({one for iri in cluster.reports for one in named.get(iri, ())})
    lines = set(_about_event(names, event, cluster, sorted(told, key=source_rank), identifiers))
    for match in cluster.matches:
        lines.update(_about_match(names, event, match, reports))
    return event, GraphText(frozenset(lines))


def _about_event(
    names: Names, event: str, cluster: Cluster, told: list[Report], identifiers: list[Identifier]
) -> Iterator[str]:
    identity = decode(event.removeprefix(names.make("event", event_id="")))
    yield _link(event, _TYPE, term("Event"))
    yield _link(event, _TYPE, _FEATURE)
    yield _text(event, term("eventId"), identity)
    yield _text(event, term("matchRule"), RULE_VERSION)
    yield _text(event, _LABEL, label_of(told))
    for iri in cluster.reports:
        yield _link(event, term("hasReport"), iri)
    for one in identifiers:
        yield _link(event, term("hasEventIdentifier"), _identifier(names, one))
    for country in sorted({country for report in told for country in report.countries}):
        yield _text(event, term("affectedCountry"), country)
    hazard = next((report.hazard for report in told if report.hazard), "")
    if hazard:
        yield _link(event, term("hazard"), term(hazard))
    times = [report for report in told if report.interval and report.report_type not in _AFTER]
    times = times or [report for report in told if report.interval]
    if times:
        first = min(times, key=lambda one: (one.interval or (0, 0), one.key))
        last = max(times, key=lambda one: ((one.interval or (0, 0))[1], _end(one), one.key))
        yield _text(event, term("start"), first.start, _DATE_TIME)
        yield _text(event, term("end"), _end(last), _DATE_TIME)
    placed = [report for report in told if report.geometry and report.box]
    if placed:
        yield from _place(event, min(placed, key=_place_rank))


def _place(event: str, report: Report) -> Iterator[str]:
    """The footprint of an event is that of one report: no other is made up."""
    yield _link(event, _HAS_GEOMETRY, report.geometry)
    sides = (term("west"), term("south"), term("east"), term("north"))
    for side, text in zip(sides, report.sides, strict=True):
        yield _text(event, side, text, _DECIMAL)


def _place_rank(report: Report) -> tuple[object, ...]:
    """Areas before lines before points, sources by rank, of one source the widest."""
    post, source, name, _ = source_rank(report)
    wide = diagonal(report.box) if report.box else 0.0
    return (post, -report.dimension, source, name, -wide, report.report_id)


def _end(report: Report) -> str:
    """The end as delivered, else the start."""
    return report.end if report.end and report.end > report.start else report.start


def label_of(told: list[Report]) -> str:
    """Return a name: a report's title, else kind, countries and day.

    ``told`` are ordered by rank.
    """
    titled = [report for report in told if report.title.strip() and not report.is_post]
    if titled:
        first = min(titled, key=lambda report: report.report_type in _AFTER)  # the first of such
        return " ".join(first.title.split())
    first = told[0]
    kind = re.sub(r"(?<!^)(?=[A-Z])", " ", first.hazard.removesuffix("Hazard")).lower()
    where = ", ".join(sorted(first.countries))
    words = (kind.capitalize() or "Event", f"in {where}" if where else "", first.start[:10])
    return " ".join(word for word in words if word)


def _about_match(
    names: Names, event: str, match: Match, reports: Mapping[str, Report]
) -> Iterator[str]:
    keys = sorted("/".join(map(_part, reports[iri].key)) for iri in (match.one, match.other))
    digest = hashlib.sha256("\n".join([*keys, match.evidence]).encode()).hexdigest()
    iri = names.make("event_match", match_id=digest[:32])
    yield _link(iri, _TYPE, term("EventMatch"))
    yield _link(iri, term("ofEvent"), event)
    yield _link(iri, term("matchesReport"), match.one)
    yield _link(iri, term("matchesReport"), match.other)
    yield _text(iri, term("matchRule"), RULE_VERSION)
    yield _text(iri, term("matchEvidence"), match.evidence)
    yield _number(iri, term("confidence"), match.confidence)
    for identifier in match.identifiers:
        yield _link(iri, term("sharedIdentifier"), _identifier(names, identifier))
    if match.nearness is not None:
        yield _number(iri, term("timeGap"), match.nearness.hours)
        yield _number(iri, term("distance"), match.nearness.km)
        if match.nearness.overlap is not None:
            yield _number(iri, term("overlapShare"), match.nearness.overlap)
    if match.decision:
        yield _link(iri, term("followsDecision"), match.decision)


def _identifier(names: Names, identifier: Identifier) -> str:
    return names.make("event_identifier", scheme=identifier.scheme, value=identifier.value)


def _part(text: str) -> str:
    """One part of a key, so that parts cannot run into each other."""
    return text.replace("%", "%25").replace(".", "%2E").replace("/", "%2F")


def _link(subject: str, predicate: str, other: str) -> str:
    return triple_line(subject, predicate, f"<{other}>")


def _text(subject: str, predicate: str, text: str, datatype: str = "") -> str:
    typed = f"^^<{datatype}>" if datatype else ""
    return triple_line(subject, predicate, f'"{literal(text)}"{typed}')


def _number(subject: str, predicate: str, number: float) -> str:
    return _text(subject, predicate, decimal_text(Decimal(str(number))), _DECIMAL)
