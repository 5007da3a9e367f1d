"""Checking files without storing anything: what would a load say?"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from dafab_kg.ingest.prepare import Passed, Prepared, Preparer, Rejected
from dafab_kg.ingest.report import Outcome
from dafab_kg.loaders.registry import plan
from dafab_kg.loaders.trees import open_trees
from dafab_kg.model.documents import Refused
from dafab_kg.model.errors import DocumentRejected
from dafab_kg.model.settings import Settings
from dafab_kg.validation import Validator

BATCH = 200


def check_files(
    paths: Sequence[Path], settings: Settings, validator: Validator
) -> Iterator[Outcome]:
    """Yield an outcome for each document: ``valid``, ``rejected`` or ``unrecognised``."""
    preparer = Preparer(settings, "check", None)
    batch: dict[str, Prepared] = {}
    for tree in open_trees(paths, settings):
        steps = [tree] if isinstance(tree, Refused) else plan(tree, preparer.finders)
        for step in steps:
            for result in preparer.prepare(step):
                match result:
                    case Prepared():
                        batch[result.entry.document_id] = result
                    case Rejected(entry):
                        error = DocumentRejected(
                            entry.message, where=entry.where, remedy=entry.remedy
                        )
                        yield Outcome(
                            entry.document_id, entry.kind, entry.origin, "rejected", 0, str(error)
                        )
                    case Passed():
                        yield Outcome("", "", result.origin, "unrecognised")
                if len(batch) >= BATCH:
                    yield from _judge(batch, validator)
    yield from _judge(batch, validator)


def _judge(batch: dict[str, Prepared], validator: Validator) -> Iterator[Outcome]:
    reports = validator.check({key: item.nquads for key, item in batch.items()})
    for key, item in batch.items():
        report = reports.get(key)
        entry = item.entry
        if report is None:
            yield Outcome(
                key, entry.kind, entry.origin, "valid", item.nquads.count("\n"),
                warnings=entry.warnings,
            )  # fmt: skip
        else:
            yield Outcome(
                key, entry.kind, entry.origin, "rejected", 0, report.summary,
                entry.warnings, report.turtle,
            )  # fmt: skip
    batch.clear()
