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
    ``emdat``, ``usgs``, ``hurdat2``, ``ibtracs``, ``ems``, ``charter``, ``social``, ...) and
    ``report_id`` its own id there.  ``report_type`` is ``event``, ``hazard``,
    ``impact``, ``alert``, ``activation``, ``track`` or ``post``.  ``hazard`` is the
    local name of a concept of ``ontology/hazards.ttl``; ``hazard_codes`` are the
    codes as delivered.  ``start`` and ``end`` are the time of the event, not of the
    report.  ``countries`` are ISO 3166-1 alpha-3.  The footprint is CRS84 as in
    ``Product``.  ``severity`` is a number on ``severity_scale``.
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
