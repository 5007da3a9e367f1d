"""How far a harvest has come: a file that is written after each page."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final, Self

from dafab_kg.federation.kept import read_kept, write_kept
from dafab_kg.federation.polite import Query

FORMAT: Final = 1


@dataclass(frozen=True)
class Wanted:
    """What is harvested: the API, and what it is asked for.

    ``bbox`` is west, south, east, north in degrees; ``datetime`` a time or an
    interval (RFC 3339, ``..`` open); ``limit`` the most items in all.
    """

    url: str
    bbox: tuple[float, ...] = ()
    datetime: str = ""
    collections: tuple[str, ...] = ()
    limit: int | None = None

    @property
    def digest(self) -> str:
        """Names the state of this harvest: 16 hex digits."""
        values = {**asdict(self), "collections": sorted(self.collections)}
        return hashlib.sha256(json.dumps(values, sort_keys=True).encode()).hexdigest()[:16]


@dataclass(frozen=True)
class State:
    """How far a harvest has come; times are UTC.

    ``next`` is the request of the page that comes next, None before the first and
    after the last.  ``counts`` are documents by what became of them.  ``ended`` is
    when the last page was committed, ``last_full`` when this harvest, or the one
    before it, last came to its end.
    """

    wanted: Wanted
    started: str = ""
    updated: str = ""
    ended: str = ""
    last_full: str = ""
    next: Query | None = None
    collections_done: bool = False
    pages: int = 0
    items: int = 0
    matched: int | None = None
    counts: Mapping[str, int] = field(default_factory=dict)

    @property
    def under_way(self) -> bool:
        """Tell whether there is something to resume."""
        return bool(self.started) and not self.ended

    def begun(self) -> State:
        """Return the state of a new run, which knows when the last one ended."""
        return State(self.wanted, started=now(), last_full=self.last_full)

    def finished(self) -> State:
        """Return the state after the last page."""
        moment = now()
        return replace(self, next=None, ended=moment, last_full=moment)


def now() -> str:
    """This second as text."""
    return f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}"


class StateFile:
    """The file of one harvest below a store's directory."""

    def __init__(self, directory: Path, wanted: Wanted) -> None:
        self._wanted = wanted
        self.path = directory / f"{wanted.digest}.json"

    def read(self) -> State:
        """Return the state, that of a harvest not begun where there is no file.

        Raises:
            StoreNotUsable: the file cannot be read.
        """
        return read_kept(self.path, FORMAT, _state, State(self._wanted))

    def write(self, state: State) -> State:
        """Write the state so that a crash leaves the old one or the new one; return it."""
        state = replace(state, updated=now())
        write_kept(self.path, FORMAT, asdict(state))
        return state

    def remove(self) -> Self:
        """Forget the state."""
        self.path.unlink(missing_ok=True)
        return self


def _state(value: dict[str, Any]) -> State:
    wanted = dict(value.pop("wanted"))
    for name in ("bbox", "collections"):
        wanted[name] = tuple(wanted[name])
    following = value.pop("next")
    return State(Wanted(**wanted), next=Query(**following) if following else None, **value)
