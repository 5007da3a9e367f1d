"""What a load tells: progress while it runs, an outcome for each document at the end."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Literal

Status = Literal["loaded", "replaced", "unchanged", "removed", "rejected", "unrecognised", "valid"]


@dataclass(frozen=True)
class Progress:
    """How far a load is; ``total`` is None while documents are still being found."""

    done: int
    total: int | None
    loaded: int
    unchanged: int
    rejected: int
    current: str


@dataclass(frozen=True)
class Outcome:
    """What became of one document; ``report`` is a SHACL report in Turtle, or ""."""

    document_id: str
    kind: str
    origin: str
    status: Status
    triples: int = 0
    message: str = ""
    warnings: tuple[str, ...] = ()
    report: str = ""


@dataclass(frozen=True)
class LoadReport:
    """The outcome of a load, in the order in which documents were committed.

    ``started`` is when, as xsd:dateTime, ``agent`` who loaded where that is told; ``mended``
    the number of documents that had been rejected before and left quarantine.
    """

    outcomes: tuple[Outcome, ...]
    seconds: float
    interrupted: bool = False
    load_id: str = ""
    started: str = ""
    agent: str = ""
    mended: int = 0

    @property
    def counts(self) -> dict[str, int]:
        """Number of documents by status."""
        return dict(Counter(outcome.status for outcome in self.outcomes))

    @property
    def by_kind(self) -> dict[str, dict[str, int]]:
        """Number of documents by kind and status."""
        table: dict[str, dict[str, int]] = {}
        for outcome in self.outcomes:
            row = table.setdefault(outcome.kind or "-", {})
            row[outcome.status] = row.get(outcome.status, 0) + 1
        return table

    @property
    def rejected(self) -> tuple[Outcome, ...]:
        """The documents that were rejected."""
        return tuple(outcome for outcome in self.outcomes if outcome.status == "rejected")

    @property
    def ok(self) -> bool:
        """True if nothing was rejected and the load came to its end."""
        return not self.rejected and not self.interrupted
