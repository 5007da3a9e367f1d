"""Files that somebody sent: the directory in which they lie for a moment is not their origin."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from dafab_kg.store.mended import UPLOADED


@dataclass(frozen=True)
class Sent:
    """Files in ``directory`` that ``sender`` sent; an empty one stands for no such files."""

    directory: str = ""
    sender: str = ""

    def named(self, text: str) -> str:
        """Return a path, or a message with paths, with ``upload:SENDER`` for the directory."""
        if not self.directory:
            return text
        return text.replace(self.directory, UPLOADED + self.sender.replace("/", "_"))


NOT_SENT: Final = Sent()
"""Files that lie where they stay."""
