"""The seam: what judges documents, and what it says of one that does not conform."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, Protocol

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


class Validator(Protocol):
    """What judges documents before the store sees them."""

    def check(self, documents: Mapping[str, str]) -> dict[str, ShapeReport]:
        """Judge each document by itself.

        Args:
            documents: document id → N-Quads text of that document; its named graphs
                count as one graph.

        Returns:
            A report for each document with at least one violation; a document that
            merely draws warnings conforms and is not in the answer.

        Raises:
            NotWellFormed: a document's text is not N-Quads.
        """
        ...
