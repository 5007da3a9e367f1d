"""What people decided about events: which reports tell of the same, and which do not."""

from __future__ import annotations

from dataclasses import dataclass

from dafab_kg.model.records.base import Record, Text


@dataclass(frozen=True, slots=True)
class EventDecision(Record):
    """A decision that reports tell of the same event, or of distinct ones.

    ``verdict`` is ``same`` or ``distinct``: any two of the reports concerned
    (:class:`DecidedReport`) do, or do not, tell of one event.
    """

    decision_id: str
    verdict: str
    decided: str
    by: Text = None
    because: Text = None


@dataclass(frozen=True, slots=True)
class DecidedReport(Record):
    """A report that a decision is about."""

    decision_id: str
    source: str
    report_id: str
