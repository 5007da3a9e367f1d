"""Events in the world, as their reporters tell them.

A *report* is what one source says of an event; which reports tell of the same
event is decided by a rule of its own, after loading (``ingest/event_matching.py``).
"""

from __future__ import annotations

from dataclasses import dataclass

from dafab_kg.model.records.base import Number, Record, Text, Texts


@dataclass(frozen=True, slots=True)
class EventReport(Record):
    """What one source says of one event.

    ``source`` is the reporting system in lower case (``gdacs``, ``glide``,
    ``emdat``, ``usgs``, ``hurdat2``, ``ibtracs``, ``ems``, ``charter``, ``monty``,
    ``social``, ...) and ``report_id`` its own id there.  ``report_type`` is ``event``,
    ``hazard``, ``impact``, ``response``, ``alert``, ``activation``, ``track`` or
    ``post``.  ``hazard`` is the local name of a concept of ``ontology/hazards.ttl``;
    ``hazard_codes`` are the codes as delivered.  ``start`` and ``end`` are the time of
    the event, not of the report; ``published`` and ``updated`` are those of the report.
    ``countries`` are ISO 3166-1 alpha-3.  The footprint is CRS84 as in ``Product``.
    ``severity`` is a number on ``severity_scale``, ``severity_label`` the source's own
    word for it.  ``episode`` numbers the reports that one source makes of one event.
    """

    source: str
    report_id: str
    report_type: Text = None
    title: Text = None
    description: Text = None
    hazard: Text = None
    hazard_codes: Texts = ()
    start: Text = None
    end: Text = None
    published: Text = None
    updated: Text = None
    episode: Text = None
    countries: Texts = ()
    place_name: Text = None
    footprint_wkt: Text = None
    west: Number = None
    south: Number = None
    east: Number = None
    north: Number = None
    severity: Number = None
    severity_scale: Text = None
    severity_label: Text = None
    keywords: Texts = ()
    language: Text = None
    confidence: Number = None  # percent
    url: Text = None


@dataclass(frozen=True, slots=True)
class EventIdentifier(Record):
    """An identifier of the event that a report names, its own or another system's.

    ``scheme`` is lower case (``glide``, ``gdacs``, ``emdat``, ``usgs``, ``hurdat2``,
    ``ibtracs``, ``ems``, ``charter``, ``monty`` for a correlation id, ``wikidata``); ``value``
    is in the scheme's canonical form, so that equal identifiers are equal texts.
    """

    source: str
    report_id: str
    scheme: str
    value: str


@dataclass(frozen=True, slots=True)
class EventImpact(Record):
    """One figure of what an event did, as a report gives it.

    ``impact`` tells the figures of one report apart; ``category`` is who or what was hit
    (``people``, ``buildings``) and ``impact_type`` what befell it (``death``,
    ``displaced_internal``), in the words of the Monty extension.  ``value`` is in ``unit``.
    """

    source: str
    report_id: str
    impact: str
    category: Text = None
    impact_type: Text = None
    value: Number = None
    unit: Text = None
    estimate_type: Text = None
    description: Text = None


@dataclass(frozen=True, slots=True)
class TrackPoint(Record):
    """Where a storm was, and how strong, at one time.

    ``wind`` is the maximum sustained wind in knots, ``pressure`` the lowest at the centre in
    hPa.  ``storm_status`` is HURDAT2's code (``HU``, ``TS``, ``EX``), ``marker`` its record
    identifier (``L`` for a landfall).  ``radius`` is that of maximum wind, in nautical miles.
    """

    source: str
    report_id: str
    time: str
    longitude: Number = None
    latitude: Number = None
    point_wkt: Text = None
    wind: Number = None
    pressure: Number = None
    storm_status: Text = None
    marker: Text = None
    radius: Number = None


@dataclass(frozen=True, slots=True)
class WindRadii(Record):
    """How far winds of at least ``threshold`` knots reach from a storm's centre at one time.

    The radii of the four quadrants are nautical miles.
    """

    source: str
    report_id: str
    time: str
    threshold: str
    northeast_radius: Number = None
    southeast_radius: Number = None
    southwest_radius: Number = None
    northwest_radius: Number = None
