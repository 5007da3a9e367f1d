"""Deriving: a rule computes, and what it computed is loaded as a document."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, fields

from dafab_kg.derive import Derived, Lacking, Materials, Request, load_rule
from dafab_kg.derive.document import derivation_document
from dafab_kg.ingest.commit import Committer
from dafab_kg.ingest.flow import ingest_documents
from dafab_kg.ingest.report import LoadReport
from dafab_kg.model.documents import Found
from dafab_kg.model.records import AnomalyArea
from dafab_kg.model.settings import Settings
from dafab_kg.validation import Validator


@dataclass(frozen=True)
class DeriveReport:
    """What a rule derived, what it lacked, and what became of the documents."""

    derived: tuple[Derived, ...]
    lacking: tuple[Lacking, ...]
    load: LoadReport

    def lines(self, derived: Derived) -> Iterator[str]:
        """Tell one derivation in words."""
        about = ", ".join(filter(None, (derived.product_id, *derived.about.values())))
        drawn = sum(isinstance(figure, AnomalyArea) for figure in derived.figures)
        for figure in derived.figures:
            if isinstance(figure, AnomalyArea):
                continue  # there may be thousands of outlines
            values = {one.name: getattr(figure, one.name) for one in fields(figure)}
            told = (
                f"{name.replace('_', ' ')} {value}"
                for name, value in values.items()
                if value is not None and name not in {*derived.about, "product_id", "derivation_id"}
            )
            yield f"{about}: {', '.join(told)}"
        if drawn:
            yield f"{about}: {drawn} areas drawn"
        for note in derived.notes:
            yield f"{about}: {note}"


def derive(
    rule: str,
    request: Request,
    committer: Committer,
    settings: Settings,
    *,
    validator: Validator | None,
) -> DeriveReport:
    """Run a rule and load what it yields, batch by batch.

    Raises:
        ThingNotFound: there is no such rule.
    """
    materials = Materials(committer.store, committer.documents, settings.names)
    derived: list[Derived] = []
    lacking: list[Lacking] = []

    def work() -> Iterator[Found]:
        for result in load_rule(rule)(materials, request):
            if isinstance(result, Lacking):
                lacking.append(result)
                continue
            derived.append(result)
            yield Found(derivation_document(result, settings.names), ())

    load = ingest_documents(work(), committer, settings, validator=validator)
    return DeriveReport(tuple(derived), tuple(lacking), load)
