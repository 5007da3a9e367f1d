"""Harvesting a scope of a Rucio: data identifiers, what they hold and their metadata.

All names of the scope are listed and put in order; then some at a time are read and
committed, with how far that is.  What a pass finds no more is asked for one by one: a list
that broke off takes nothing away.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeVar

from dafab_kg.federation.rucio.connection import speaking
from dafab_kg.federation.rucio.far import Far, FarFile
from dafab_kg.federation.rucio.patience import patiently
from dafab_kg.federation.rucio.there import AT_ONCE, PLUGIN, in_parts
from dafab_kg.ingest.report import LoadReport
from dafab_kg.loaders.rucio.form import key_for, write_did
from dafab_kg.model.documents import Entry, Found, Part, Refused, SourceDocument
from dafab_kg.model.errors import (
    DocumentRejected,
    FieldNotValid,
    ServiceNotUsable,
    ServiceRefused,
    TooLarge,
)

if TYPE_CHECKING:
    from rucio.client import Client

T = TypeVar("T")
Row = dict[str, Any]
Work = Found | Refused
Load = Callable[[list[Work], list[str]], LoadReport]
"""Loads documents and takes those of names away; all is committed when it returns."""
KIND: Final = "rucio"
OVERLAP: Final = timedelta(minutes=10)
"""What was made so long before the newest is asked for again: a transaction may have been open."""
COLUMNS: Final = "DID_COLUMN"
"""The plugin of Rucio's own columns, which every Rucio has."""
NO_METADATA: Final = "none"
IF_THERE: Final = "auto"
"""Instead of a plugin's name: :data:`PLUGIN` where it works, else no metadata."""


@dataclass(frozen=True)
class ScopeReport:
    """How far the harvest came, and what became of the documents of this run; ``without`` says
    why no metadata were asked for, though they might have been."""

    far: Far
    load: LoadReport
    resumed: bool
    without: str = ""


@dataclass(frozen=True)
class Harvest:
    """What a scope is harvested with.

    ``plugin`` is Rucio's metadata plugin that is asked for what users set (``none``: no;
    ``auto``: the JSON plugin, if it works).
    ``here`` are the names that the catalogue has of the scope; ``most_bytes`` bounds a document.
    """

    client: Client
    scope: str
    directory: Path
    load: Load
    here: Collection[str]
    most_bytes: int
    plugin: str = IF_THERE
    at_once: int = AT_ONCE
    sleep: Callable[[float], None] = time.sleep

    @property
    def vo(self) -> str:
        """The virtual organisation that we are logged in to."""
        return str(self.client.vo)

    def run(self, *, only_new: bool = False, restart: bool = False) -> ScopeReport:
        """Harvest, or go on where an earlier run stopped.

        ``only_new`` asks for what was made since the last run, and what that was put into;
        changes and what has gone are found by a full harvest alone.

        Raises:
            ServiceNotUsable: Rucio does not answer, also when asked again.
            ServiceRefused: it has no such scope, or refuses.
        """
        file = FarFile(self.directory, self.vo, self.scope)
        before = file.read()
        if restart:
            before = file.write(before.forgotten())
        resumed = before.under_way and before.only_new <= only_new
        far = before if resumed else before.begun(only_new=only_new)
        self._check_scope()
        names = self._again(lambda: self._names(far))
        plugin, without = self._plugin(names, far)
        far = replace(far, total=len(names), metadata=far.metadata or plugin != NO_METADATA)
        reports: list[LoadReport] = []
        for some in in_parts((name for name in names if name > far.after), self.at_once):
            rows = self._again(lambda some=some: self._read(some, plugin))  # type: ignore[misc]
            report = self.load(*self._work(some, rows))
            reports.append(report)
            if report.interrupted:
                break
            far = file.write(self._went_on(far, some, rows, report))
        interrupted = bool(reports) and reports[-1].interrupted
        if not interrupted:
            far = file.write(far.finished())
        outcomes = tuple(outcome for report in reports for outcome in report.outcomes)
        seconds = sum(report.seconds for report in reports)
        return ScopeReport(far, LoadReport(outcomes, seconds, interrupted), resumed, without)

    def _again(self, way: Callable[[], T]) -> T:
        return patiently(way, self.sleep)

    def _check_scope(self) -> None:
        # of a scope that is not there Rucio lists nothing, as of an empty one
        if self.scope not in self._again(
            lambda: _called("Listing scopes", self.client.list_scopes)
        ):
            raise ServiceRefused(
                f"Rucio has no scope {self.scope}. `rucio scope list` tells which there are; what "
                "was harvested of it before is kept",
                "ScopeNotFound",
            )

    def _names(self, far: Far) -> list[str]:
        doing = f"Listing the scope {self.scope}"
        if not far.only_new:
            ask: Row = {}
            found = set(self.here)
        else:
            since = datetime.fromisoformat(far.since).replace(tzinfo=None) - OVERLAP
            ask, found = {"created_after": since}, set()
        listed = _called(doing, lambda: list(self.client.list_dids(self.scope, [ask], "all")))
        if not all(isinstance(name, str) and name for name in listed):
            raise ServiceNotUsable(f"{doing}: Rucio lists what is no name. Try again later")
        found.update(listed)
        for name in listed if far.only_new else ():
            found.update(self._parents(name))
        return sorted(found)

    def _parents(self, name: str) -> Iterator[str]:
        """Yield what a new one was put into; putting something into it does not make it new."""
        doing = f"Reading what {self.scope}:{name} is attached to"
        try:
            ups = _called(doing, lambda: list(self.client.list_parent_dids(self.scope, name)))
        except ServiceRefused as error:
            if error.reason != "DataIdentifierNotFound":
                raise
            ups = []  # it has gone since
        yield from (str(up["name"]) for up in ups if up.get("scope") == self.scope)

    # reading

    def _plugin(self, names: list[str], far: Far) -> tuple[str, str]:
        """Return the plugin to ask, and if there is none that works, what it said.

        A Rucio without it is harvested without metadata, unless some were harvested before:
        these would go.
        """
        if self.plugin != IF_THERE:
            return self.plugin, ""
        if far.metadata or not names:
            return PLUGIN, ""
        try:
            self._again(lambda: self._bulk(names[:1], PLUGIN))
        except ServiceNotUsable as error:
            self._again(lambda: self._bulk(names[:1], COLUMNS))  # else nothing works there
            return NO_METADATA, str(error)
        return PLUGIN, ""

    def _read(self, names: list[str], plugin: str) -> dict[str, tuple[Row, list[Row], Row]]:
        """Return columns, content and metadata of those that are there."""
        columns = self._bulk(names, COLUMNS)
        for name in names:
            if name not in columns and not self._has_gone(name):
                raise ServiceNotUsable(
                    f"Rucio did not tell of {self.scope}:{name}, which it has. Its answer may have "
                    "broken off. Try again later"
                )
        there = [name for name in names if name in columns]
        metadata = self._metadata(there, plugin)
        found = {}
        for name in there:
            content = [] if columns[name].get("did_type") == "FILE" else self._content(name)
            if content is not None:
                kept = {k: v for k, v in metadata.get(name, {}).items() if k not in columns[name]}
                found[name] = columns[name], content, kept
        return found

    def _metadata(self, names: list[str], plugin: str) -> dict[str, Row]:
        if plugin == NO_METADATA or not names:
            return {}
        try:
            return self._bulk(names, plugin)
        except ServiceRefused:
            raise
        except ServiceNotUsable as error:
            raise ServiceNotUsable(
                f"{error}. Where Rucio has no plugin {plugin} that works, name another, or "
                f"{NO_METADATA}: --metadata"
            ) from error

    def _bulk(self, names: list[str], plugin: str) -> dict[str, Row]:
        dids = [{"scope": self.scope, "name": name} for name in names]
        rows = _called(
            f"Reading metadata ({plugin})",
            lambda: list(self.client.get_metadata_bulk(dids, plugin=plugin)),
        )
        asked = set(names)
        found = {}
        for row in rows:
            name = row.get("name")
            if name in asked and row.get("scope") == self.scope:  # else nobody asked for it
                found[str(name)] = row
        return found

    def _has_gone(self, name: str) -> bool:
        return self._missing(
            lambda: _called(f"Asking for {name}", lambda: self.client.get_did(self.scope, name))
        )

    def _content(self, name: str) -> list[Row] | None:
        """Return what was put into a data set or container; None: it has gone since."""
        rows: list[Row] = []

        def ask() -> None:
            doing = f"Listing what is in {self.scope}:{name}"
            rows.extend(_called(doing, lambda: list(self.client.list_content(self.scope, name))))

        return None if self._missing(ask) else rows

    @staticmethod
    def _missing(ask: Callable[[], object]) -> bool:
        try:
            ask()
        except ServiceRefused as error:
            if error.reason == "DataIdentifierNotFound":
                return True
            raise
        return False

    # loading

    def _work(self, names: list[str], rows: Collection[str]) -> tuple[list[Work], list[str]]:
        work = [self._document(name, *rows[name]) for name in names if name in rows]  # type: ignore[index]
        return work, [name for name in names if name not in rows and name in self.here]

    def _document(self, name: str, columns: Row, content: list[Row], metadata: Row) -> Work:
        origin = f"rucio://{self.vo}/{self.scope}/{name}"
        error: DocumentRejected
        try:
            data = write_did(self.vo, columns, content, metadata)
        except (ValueError, TypeError, RecursionError) as fault:
            data = b""
            error = FieldNotValid(
                f"what Rucio tells of it cannot be written as JSON: {type(fault).__name__}",
                where=origin,
                remedy="Correct its metadata in Rucio",
            )
        else:
            if len(data) <= self.most_bytes:
                key = key_for(self.vo, self.scope, name)
                return Found(SourceDocument(KIND, key, origin, (Part("did.json", data),)), ())
            error = TooLarge(
                f"what Rucio tells of it is {len(data):,} bytes, where {self.most_bytes:,} are "
                "allowed",
                where=origin,
                remedy="Raise max_file_bytes",
            )
            data = data[:4096]
        entry = Entry("did.json", origin, len(data), data, lambda: data)
        return Refused(error, (entry,))

    @staticmethod
    def _went_on(
        far: Far, names: list[str], rows: dict[str, tuple[Row, list[Row], Row]], report: LoadReport
    ) -> Far:
        counts = Counter(far.counts)
        counts.update(report.counts)
        for columns, _, _ in rows.values():
            made = columns.get("created_at")
            far = far.seen(made) if isinstance(made, datetime) else far
        return replace(far, after=names[-1], done=far.done + len(names), counts=dict(counts))


def _called(doing: str, call: Callable[[], T]) -> T:
    try:
        with speaking(doing):
            return call()
    except (RecursionError, TypeError, KeyError, AttributeError) as error:
        raise ServiceNotUsable(
            f"{doing}: Rucio's answer cannot be read ({type(error).__name__}). Try again later"
        ) from error
