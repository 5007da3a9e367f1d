"""What people decided about events: that reports tell of the same one, or of distinct ones.

A decision is a JSON object, or one of a list of them::

    {
      "type": "dafab:EventDecision",
      "verdict": "distinct",
      "reports": ["gdacs/1102983", "https://w3id.org/dafab/id/report/glide/FL-2024-000199-ESP"],
      "decided": "2026-11-24T09:00:00Z",
      "by": "who decided",
      "because": "why"
    }

``verdict`` is ``same`` or ``distinct``.  A report is named by its IRI, or by its
source, a slash, and its id there as it is.  ``id`` may name the decision; without
it, verdict, reports and time do.  Deleting the document undoes the decision.
"""

from __future__ import annotations

import codecs
import hashlib
import json
import re
from collections.abc import Iterator
from typing import Any, ClassVar, Final

from dafab_kg.model.documents import Entry, Found, Part, Reading, Refused, SourceDocument, Tree
from dafab_kg.model.errors import DocumentRejected, FieldMissing, FieldNotValid, TooLarge
from dafab_kg.model.names import DEFAULT_BASE, Names, decode
from dafab_kg.model.records import DecidedReport, EventDecision
from dafab_kg.model.strict_json import read_json
from dafab_kg.model.values import instant

__all__ = ["MOST_REPORTS", "TYPE", "DecisionsLoader"]

TYPE: Final = "dafab:EventDecision"
"""The member ``type`` of a decision."""

MOST_REPORTS: Final = 100
"""Reports in one decision: it is about each two of them."""

_VERDICTS: Final = ("same", "distinct")
_NAME: Final = re.compile(r"([^/]+)/(.+)", re.DOTALL)
_FORM: Final = "See `dafab-kg events separate --help` and docs/decisions/event-matching.md"


class DecisionsLoader:
    """Reads decisions on events."""

    name: ClassVar[str] = "decisions"
    version: ClassVar[str] = "1"
    groups_files: ClassVar[bool] = False

    def __init__(self, base: str = DEFAULT_BASE) -> None:
        self._names = Names(base)

    def find(self, tree: Tree) -> Iterator[Found | Refused]:
        """Find JSON files that say they hold decisions."""
        for entry in tree.entries:
            start = entry.head.removeprefix(codecs.BOM_UTF8).lstrip(b" \t\r\n")[:1]
            if TYPE.encode() not in entry.head or start not in (b"{", b"["):
                continue
            try:
                data = entry.read()
                value = read_json(data, where=entry.origin)
            except DocumentRejected as error:
                yield Refused(error, (entry,))
                continue
            yield from self._documents(entry, Part(entry.name, data), value)

    def _documents(self, entry: Entry, part: Part, value: Any) -> Iterator[Found | Refused]:
        several = isinstance(value, list)
        for number, element in enumerate(value if several else [value]):
            if not isinstance(element, dict) or element.get("type") != TYPE:
                continue
            pointer = f"/{number}" if several else ""
            origin = f"{entry.origin}#{pointer}" if several else entry.origin
            try:
                key = _identity(element, self._reports(element, origin), origin)
            except DocumentRejected as error:
                yield Refused(error, (entry,))
                continue
            document = SourceDocument(self.name, key, origin, (part,), pointer, element)
            yield Found(document, (entry,))

    def read(self, document: SourceDocument) -> Reading:
        """Read one decision.

        Raises:
            DocumentRejected: a member is missing or not valid.
        """
        where, value = document.origin, document.value
        if value is None:
            value = read_json(document.parts[0].data, where=where)
        reports = self._reports(value, where)
        decision = EventDecision(
            decision_id=_identity(value, reports, where),
            verdict=_verdict(value, where),
            decided=_decided(value, where),
            by=_text(value, "by", where),
            because=_text(value, "because", where),
        )
        about = (DecidedReport(decision.decision_id, *report) for report in reports)
        return Reading((decision, *about))

    def _reports(self, value: dict[str, Any], where: str) -> list[tuple[str, str]]:
        """Source and id of each report, each once, in order."""
        named = value.get("reports")
        if not isinstance(named, list) or not all(isinstance(one, str) for one in named):
            raise FieldMissing("reports must be a list of texts", where=where, remedy=_FORM)
        reports = sorted({self._report(one, where) for one in named})
        if len(reports) < 2:
            raise FieldNotValid(
                "a decision is about two different reports or more",
                where=f"{where}: at /reports",
                remedy=_FORM,
            )
        if len(reports) > MOST_REPORTS:
            raise TooLarge(
                f"{len(reports)} reports in one decision, where {MOST_REPORTS} are allowed",
                where=f"{where}: at /reports",
                remedy="Make several decisions of it",
            )
        return reports

    def _report(self, name: str, where: str) -> tuple[str, str]:
        room = self._names.make("event_report", source="", report_id="").removesuffix("/")
        inside = name.removeprefix(room)
        match = _NAME.fullmatch(inside)
        if match is None or (inside == name and "://" in name):
            raise FieldNotValid(
                f"{name!r} names no report",
                where=f"{where}: at /reports",
                remedy=f"Give source/id, or an IRI that begins with {room}",
            )
        if inside == name:
            return match[1], match[2]
        return decode(match[1]), decode(match[2])


def _identity(value: dict[str, Any], reports: list[tuple[str, str]], where: str) -> str:
    stated = _text(value, "id", where)
    if stated is not None:
        return stated
    text = json.dumps([_verdict(value, where), _decided(value, where), reports])
    return hashlib.sha256(text.encode()).hexdigest()[:32]


def _verdict(value: dict[str, Any], where: str) -> str:
    verdict = value.get("verdict")
    if verdict is None:
        raise FieldMissing("verdict is missing", where=where, remedy="Say same or distinct")
    if verdict not in _VERDICTS:
        raise FieldNotValid(
            f"verdict is {verdict!r}", where=f"{where}: at /verdict", remedy="Say same or distinct"
        )
    return str(verdict)


def _decided(value: dict[str, Any], where: str) -> str:
    decided = _text(value, "decided", where)
    if decided is None:
        raise FieldMissing(
            "decided is missing", where=where, remedy="Give the time of the decision (ISO 8601)"
        )
    try:
        return instant(decided, where=f"{where}: at /decided")
    except FieldNotValid as error:
        raise FieldNotValid(error.what, where=error.where, remedy=_FORM) from None


def _text(value: dict[str, Any], name: str, where: str) -> str | None:
    text = value.get(name)
    if text is None:
        return None
    if not isinstance(text, str) or not text.strip():
        raise FieldNotValid(
            f"{name} must be text that is not empty", where=f"{where}: at /{name}", remedy=_FORM
        )
    return text
