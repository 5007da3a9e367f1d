"""How far a harvest of a scope has come: a file that is written after each step."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from dafab_kg.federation.kept import read_kept, write_kept
from dafab_kg.federation.state import now

FORMAT: Final = 1


@dataclass(frozen=True)
class Far:
    """How far a harvest has come; times are UTC.

    ``after`` is the last name that was committed, in the order of names.  ``only_new``: only
    what was made since ``since``.  ``newest`` is the time at which the newest data identifier
    was made that a harvest has seen, by Rucio's clock.  ``last_full`` is when all was last
    compared.  ``counts`` are documents by what became of them; ``total`` are names in all.
    ``metadata``: a plugin told what users set, so that the graph may have it.
    """

    vo: str
    scope: str
    started: str = ""
    updated: str = ""
    ended: str = ""
    last_full: str = ""
    only_new: bool = False
    since: str = ""
    newest: str = ""
    after: str = ""
    done: int = 0
    total: int = 0
    counts: Mapping[str, int] = field(default_factory=dict)
    metadata: bool = False

    @property
    def under_way(self) -> bool:
        """Tell whether there is something to resume."""
        return bool(self.started) and not self.ended

    def begun(self, *, only_new: bool) -> Far:
        """Return the state of a new run, which knows what the last one saw.

        Without a full harvest before it, a run looks at all.
        """
        new = only_new and bool(self.last_full and self.newest)
        since = self.newest if new else ""
        return replace(
            Far(self.vo, self.scope, now(), "", "", self.last_full, new, since, self.newest),
            metadata=self.metadata,
        )

    def forgotten(self) -> Far:
        """Return the state of a scope that is harvested anew: the graph still has what it has."""
        return Far(self.vo, self.scope, metadata=self.metadata)

    def finished(self) -> Far:
        """Return the state after the last step."""
        moment = now()
        return replace(self, ended=moment, last_full=self.last_full if self.only_new else moment)

    def seen(self, made: datetime) -> Far:
        """Take note of when a data identifier was made."""
        text = made.replace(tzinfo=made.tzinfo or UTC).astimezone(UTC).isoformat()
        return replace(self, newest=max(self.newest, text))


class FarFile:
    """The file of one scope below a store's directory."""

    def __init__(self, directory: Path, vo: str, scope: str) -> None:
        self._nothing = Far(vo, scope)
        digest = hashlib.sha256(json.dumps(["rucio", vo, scope]).encode()).hexdigest()[:16]
        self.path = directory / f"rucio-{digest}.json"

    def read(self) -> Far:
        """Return the state, that of a harvest not begun where there is no file.

        Raises:
            StoreNotUsable: the file cannot be read.
        """
        return read_kept(self.path, FORMAT, lambda value: Far(**value), self._nothing)

    def write(self, far: Far) -> Far:
        """Write the state so that a crash leaves the old one or the new one; return it."""
        far = replace(far, updated=now())
        write_kept(self.path, FORMAT, asdict(far))
        return far
