"""Decisions on events: written as documents, so that they are kept and can be undone as such."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from dafab_kg.ingest.commit import Committer
from dafab_kg.ingest.flow import ingest_documents
from dafab_kg.ingest.prepare import now
from dafab_kg.ingest.report import LoadReport
from dafab_kg.loaders.decisions import TYPE, DecisionsLoader
from dafab_kg.model.documents import Entry, Refused, SourceDocument, Tree
from dafab_kg.model.errors import ThingNotFound
from dafab_kg.model.names import PREFIXES, Names, decode, term
from dafab_kg.model.settings import Settings
from dafab_kg.model.strict_json import write_json
from dafab_kg.store.protocol import Store
from dafab_kg.validation import Validator


@dataclass(frozen=True)
class Decided:
    """A decision taken: its id, to undo it by, and what became of its document."""

    decision_id: str
    load: LoadReport


def decide(
    verdict: str,
    reports: Sequence[str],
    committer: Committer,
    settings: Settings,
    *,
    because: str,
    validator: Validator | None,
) -> Decided:
    """Write a decision on ``reports`` (IRIs, or source/id) and load it.

    Raises:
        DocumentRejected: the verdict is neither ``same`` nor ``distinct``, or a name is
            no name of a report.
        ThingNotFound: a report is not here.
    """
    decision = {
        "type": TYPE,
        "verdict": verdict,
        "reports": list(reports),
        "decided": now(),
        **({"by": settings.agent} if settings.agent else {}),
        **({"because": because} if because else {}),
    }
    data = write_json(decision).encode()
    entry = Entry("decision.json", "decision.json", len(data), data, lambda: data)
    loader = DecisionsLoader(settings.base)
    (found,) = loader.find(Tree(entry.origin, (entry,)))
    if isinstance(found, Refused):
        raise found.error
    for report in reports:
        refuse_unknown(report, committer.store, settings.names)
    load = ingest_documents([found], committer, settings, validator=validator)
    return Decided(found.document.key, load)


def document_of(decision: str, names: Names) -> str:
    """Return the id of the document that holds a decision, given by id or IRI.

    Raises:
        ThingNotFound: an IRI that is no decision's.
    """
    room = names.make("event_decision", decision_id="")
    if "://" in decision and not decision.startswith(room):
        raise ThingNotFound(f"{decision} is no decision; decisions begin with {room}")
    key = decode(decision.removeprefix(room)) if decision.startswith(room) else decision
    return SourceDocument(DecisionsLoader.name, key, "", ()).document_id


def report_iri(report: str, names: Names) -> str:
    """Return the IRI of a report given by IRI or as source/id."""
    source, slash, report_id = report.partition("/")
    if "://" in report or not slash:
        return report
    return names.make("event_report", source=source, report_id=report_id)


def refuse_unknown(report: str, store: Store, names: Names) -> None:
    """Refuse a report that is not here.

    Raises:
        ThingNotFound: there is none of this name.
    """
    line = f"<{report_iri(report, names)}> <{PREFIXES['rdf']}type> <{term('EventReport')}> .\n"
    if not store.states(line, None):
        raise ThingNotFound(
            f"There is no report {report!r}; `dafab-kg events show EVENT` lists those of an event"
        )
