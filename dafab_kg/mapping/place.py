"""Where in a mapping file something stands, for messages."""

from __future__ import annotations

from dataclasses import dataclass

from dafab_kg.model.errors import MappingNotValid


@dataclass(frozen=True)
class Place:
    """A file, and the way to a key in it; ``place / "po 3"`` goes one step further."""

    file: str
    steps: tuple[str, ...] = ()

    def __truediv__(self, step: str) -> Place:
        return Place(self.file, (*self.steps, step))

    def refuse(self, what: str, supported: str = "") -> MappingNotValid:
        """Return the error that says what is wrong here, and what is supported."""
        where = ", ".join((self.file, " > ".join(self.steps))) if self.steps else self.file
        remedy = f"; supported: {supported}" if supported else ""
        return MappingNotValid(f"{where}: {what}{remedy}")
