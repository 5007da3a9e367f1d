"""What a validation says about a document that does not conform."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Severity = Literal["violation", "warning", "info"]


@dataclass(frozen=True)
class Violation:
    """One result of a SHACL validation.

    ``focus`` is the node that was judged, ``path`` the IRI of the property ("" if the
    node itself is at fault), ``value`` the offending value in its lexical form (None if
    one is missing), ``shape`` the IRI of the node shape that it breaks.
    """

    focus: str
    path: str
    value: str | None
    message: str
    severity: Severity
    shape: str

    @property
    def rank(self) -> tuple[str, ...]:
        """By what results are sorted, so that a document always reads the same."""
        return (self.focus, self.path, self.message, self.value or "", self.shape, self.severity)

    def __str__(self) -> str:
        place = f"{self.focus}: {self.message}"
        return place if self.value is None else f"{place} Found {self.value!r}."


@dataclass(frozen=True)
class ShapeReport:
    """Why a document does not conform.

    ``violations`` is never empty and sorted; ``warnings`` holds the results of a lower
    severity; ``turtle`` is the standard SHACL validation report with all of them.
    """

    document_id: str
    turtle: str
    violations: tuple[Violation, ...]
    warnings: tuple[Violation, ...] = ()

    @property
    def summary(self) -> str:
        """The first violation in words, and how many more there are."""
        more = len(self.violations) - 1
        first = str(self.violations[0])
        return first if not more else f"{first} And {more} more."
