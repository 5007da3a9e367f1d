"""The document that a derivation writes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from datetime import UTC, datetime
from typing import Any

from dafab_kg.loaders.derivation.form import TYPE, digest_of, key_of
from dafab_kg.model.documents import Part, SourceDocument
from dafab_kg.model.names import Names
from dafab_kg.model.records import Record
from dafab_kg.model.strict_json import write_json
from dafab_kg.model.version import __version__

_FROM_DOCUMENT = "derivation_id"


@dataclass(frozen=True, order=True)
class Input:
    """A document that was read, its content hash, and what for (``scene``, ``parcels``, ...)."""

    document_id: str
    content_hash: str
    role: str = ""


@dataclass(frozen=True)
class Derived:
    """What a rule computed about one product.

    ``about`` tells derivations of one rule about one product apart (season, data
    set); with the rule it is the document's key.  ``figures`` are records of the
    types in ``loaders/derivation/figures.py``; their ``derivation_id`` may be
    empty, since the loader fills it.  ``parameters`` are plain JSON values.
    ``notes`` are told to whoever derives; they are not part of the document.
    """

    rule: str
    rule_version: str
    product_id: str
    inputs: tuple[Input, ...]
    figures: tuple[Record, ...]
    about: Mapping[str, str] = field(default_factory=dict)
    parameters: Mapping[str, Any] = field(default_factory=dict)
    started: str = ""
    ended: str = ""
    notes: tuple[str, ...] = ()


def moment() -> str:
    """This second as xsd:dateTime in UTC."""
    return f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}"


def derivation_document(derived: Derived, names: Names) -> SourceDocument:
    """Write what was derived as a document of the loader ``derivation``."""
    about = {"product": derived.product_id, **derived.about}
    value = {
        "type": TYPE,
        "rule": derived.rule,
        "rule_version": derived.rule_version,
        "software_version": __version__,
        "about": about,
        "started": derived.started or moment(),
        "ended": derived.ended or moment(),
        "inputs": [_input(one, names) for one in sorted(set(derived.inputs))],
        "parameters": dict(derived.parameters),
        "figures": [_figure(record) for record in derived.figures],
    }
    return SourceDocument(
        kind="derivation",
        key=key_of(derived.rule, about),
        origin=f"dafab-kg derive {derived.rule}: {derived.product_id}",
        parts=(Part(f"{derived.rule}.json", write_json(value).encode()),),
        digest=digest_of(value),
    )


def _input(one: Input, names: Names) -> dict[str, str]:
    iri = names.make("document", document_id=one.document_id)
    value = {"document": iri, "sha256": one.content_hash}
    return {**value, "role": one.role} if one.role else value


def _figure(record: Record) -> dict[str, Any]:
    value: dict[str, Any] = {"type": type(record).__name__}
    for one in fields(record):
        member = getattr(record, one.name)
        if one.name == _FROM_DOCUMENT or member is None or member == ():
            continue
        value[one.name] = list(member) if isinstance(member, tuple) else member
    return value
