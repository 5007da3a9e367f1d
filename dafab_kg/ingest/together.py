"""Several requests' documents in one commit: each is done as a whole, or refused as a whole.

What a shape refuses goes to quarantine as in any load, and takes nothing of other requests
with it.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass, replace

from dafab_kg.ingest.commit import Committer
from dafab_kg.ingest.flow import load_stated
from dafab_kg.ingest.prepare import (
    Passed,
    Prepared,
    Preparer,
    Rejected,
    quarantine_id,
    rejected,
)
from dafab_kg.model.documents import SourceDocument
from dafab_kg.model.errors import DocumentRejected, ShapeViolated
from dafab_kg.store.documents import StoredDocument
from dafab_kg.validation import Validator


@dataclass(frozen=True)
class Piece:
    """What one request writes; ``agent`` and ``origin`` are who sent it, and which it is."""

    documents: tuple[SourceDocument, ...] = ()
    deleted: tuple[StoredDocument, ...] = ()
    agent: str = ""


Done = tuple[Prepared | Passed, ...]


def commit_together(
    pieces: Sequence[Piece], preparer: Preparer, committer: Committer, validator: Validator
) -> list[Done | DocumentRejected]:
    """Write what requests bring; return of each its documents, or why it was refused.

    No two pieces may hold documents of one id.
    """
    preparers = [preparer.on_behalf(piece.agent, uuid.uuid4().hex) for piece in pieces]
    results = [
        [by.prepare_document(document) for document in piece.documents]
        for piece, by in zip(pieces, preparers, strict=True)
    ]
    whole = [not any(isinstance(one, Rejected) for one in found) for found in results]
    asked = {
        one.entry.document_id: one.nquads
        for found, accepted in zip(results, whole, strict=True)
        for one in found
        if accepted and isinstance(one, Prepared)
    }
    reports = validator.check(asked) if asked else {}
    errors: dict[int, list[DocumentRejected]] = {}
    refused: list[Rejected] = []
    for number, found in enumerate(results):
        for one in found:
            refusal = None
            if isinstance(one, Rejected):
                refusal = one
                error = DocumentRejected(
                    one.entry.message, where=one.entry.where, remedy=one.entry.remedy
                )
            elif isinstance(one, Prepared) and one.entry.document_id in reports:
                report = reports[one.entry.document_id]
                error = ShapeViolated(
                    report.summary,
                    where=one.document.origin,
                    remedy=f"dafab-kg quarantine show {quarantine_id(one.document)} tells each "
                    "violation",
                    report=report.turtle,
                    violations=tuple((one.path, one.message) for one in report.violations),
                )
                refusal = rejected(one.document, error)
            if refusal is not None:
                entry = replace(refusal.entry, load_id=preparers[number].load_id)
                refused.append(replace(refusal, entry=entry))
                errors.setdefault(number, []).append(error)
    kept = [number for number in range(len(pieces)) if number not in errors]
    prepared = [one for number in kept for one in results[number] if isinstance(one, Prepared)]
    stated = [
        load_stated(preparers[number])
        for number in kept
        if any(isinstance(one, Prepared) for one in results[number])
    ]
    deleted = [one for number in kept for one in pieces[number].deleted]
    if prepared or refused or deleted:
        committer.commit(prepared, refused, deleted, "".join(stated))
    return [
        _all_of(errors[number])
        if number in errors
        else tuple(one for one in found if isinstance(one, Prepared | Passed))
        for number, found in enumerate(results)
    ]


def _all_of(errors: Sequence[DocumentRejected]) -> DocumentRejected:
    """Return what a request is answered of which one document or several were refused."""
    if len(errors) == 1:
        return errors[0]
    told = "; ".join(f"{error.where}: {error.what}" for error in errors)
    where = ", ".join(error.where for error in errors)
    shapes = [error for error in errors if isinstance(error, ShapeViolated)]
    if shapes:
        return ShapeViolated(
            told,
            where=where,
            remedy=errors[0].remedy,
            report="\n".join(error.report for error in shapes),
            violations=tuple(one for error in shapes for one in error.violations),
        )
    return DocumentRejected(told, where=where, remedy=errors[0].remedy)
