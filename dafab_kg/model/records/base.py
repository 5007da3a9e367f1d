"""What all records share: the base class and the names of field types."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

Text = str | None
Number = Decimal | None
Whole = int | None
Texts = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Record:
    """Base of all records."""
