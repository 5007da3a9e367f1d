"""What ``dafab-kg derive`` computed, as a document.

A derivation document is JSON of ``type`` ``dafab:Derivation``: the rule with its
version, the software, what the figures are about, the documents that were read
with their hashes, the parameters, the figures.  It takes the way of every other
document, so its figures have a graph, a history and a quarantine as others do.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, ClassVar

from dafab_kg.loaders.derivation.figures import read_figure
from dafab_kg.loaders.derivation.form import TYPE, digest_of, key_of
from dafab_kg.model.documents import Entry, Found, Part, Reading, Refused, SourceDocument, Tree
from dafab_kg.model.errors import DocumentRejected, FieldMissing, FieldNotValid, NotWellFormed
from dafab_kg.model.records import Derivation, DerivationInput, Record
from dafab_kg.model.strict_json import read_json, write_json
from dafab_kg.model.values import instant

__all__ = ["DerivationLoader"]

_MARK = TYPE.encode()
_DOCUMENT = re.compile(r"(?:.*/)?document/([0-9a-f]{32})")
_SHA256 = re.compile(r"[0-9a-f]{64}")
_AGAIN = "Derive it again with `dafab-kg derive`"


class DerivationLoader:
    """Reads derivation documents."""

    name: ClassVar[str] = "derivation"
    version: ClassVar[str] = "1"
    groups_files: ClassVar[bool] = False

    def find(self, tree: Tree) -> Iterator[Found | Refused]:
        """Find files whose JSON says that it is a derivation."""
        for entry in tree.entries:
            if _MARK not in entry.head or entry.head.lstrip(b"\xef\xbb\xbf \t\r\n")[:1] != b"{":
                continue
            try:
                found = _document(entry)
            except DocumentRejected as error:
                yield Refused(error, (entry,))
                continue
            if found is not None:
                yield Found(found, (entry,))

    def read(self, document: SourceDocument) -> Reading:
        """Read the derivation, what it read and its figures.

        Raises:
            DocumentRejected: a member is missing or not valid.
        """
        where = document.origin
        value = document.value
        if value is None:
            value = read_json(document.parts[0].data, where=where)
        about = _about(value, where)
        inputs = [
            _input(member, f"{where}: at /inputs/{number}", document.document_id)
            for number, member in enumerate(_list(value, "inputs", where))
        ]
        parameters = value.get("parameters")
        derivation = Derivation(
            derivation_id=document.document_id,
            rule=_text(value, "rule", where),
            rule_version=_text(value, "rule_version", where),
            software_version=_text(value, "software_version", where),
            product_id=about["product"],
            parameters=write_json(parameters) if parameters else None,
            inputs=tuple(dict.fromkeys(one.document_id for one in inputs)),
            started=_time(value, "started", where),
            ended=_time(value, "ended", where),
        )
        figures: list[Record] = [
            read_figure(
                member, f"{where}: at /figures/{number}", document.document_id, about["product"]
            )
            for number, member in enumerate(_list(value, "figures", where))
        ]
        return Reading((derivation, *inputs, *figures))


def _document(entry: Entry) -> SourceDocument | None:
    data = entry.read()
    value = read_json(data, where=entry.origin)
    if not isinstance(value, dict) or value.get("type") != TYPE:
        return None
    key = key_of(_text(value, "rule", entry.origin), _about(value, entry.origin))
    parts = (Part(entry.name, data),)
    return SourceDocument(
        DerivationLoader.name, key, entry.origin, parts, value=value, digest=digest_of(value)
    )


def _about(value: Any, where: str) -> dict[str, str]:
    if not isinstance(value, dict):
        raise NotWellFormed("no JSON object", where=where, remedy=_AGAIN)
    about = value.get("about")
    if not isinstance(about, dict) or not all(isinstance(text, str) for text in about.values()):
        raise FieldNotValid("about must be an object of texts", where=where, remedy=_AGAIN)
    if not about.get("product"):
        raise FieldMissing("about names no product", where=where, remedy=_AGAIN)
    return about


def _text(value: dict[str, Any], name: str, where: str) -> str:
    text = value.get(name)
    if not isinstance(text, str) or not text:
        raise FieldMissing(f"{name} is missing or no text", where=where, remedy=_AGAIN)
    return text


def _time(value: dict[str, Any], name: str, where: str) -> str | None:
    if value.get(name) is None:
        return None
    try:
        return instant(_text(value, name, where))
    except FieldNotValid as error:
        raise FieldNotValid(error.what, where=f"{where}: at /{name}", remedy=_AGAIN) from None


def _list(value: dict[str, Any], name: str, where: str) -> list[Any]:
    members = value.get(name)
    if not isinstance(members, list) or not members:
        raise FieldMissing(f"{name} is missing or empty", where=where, remedy=_AGAIN)
    return members


def _input(member: Any, where: str, derivation_id: str) -> DerivationInput:
    stated = member if isinstance(member, dict) else {}
    match = _DOCUMENT.fullmatch(str(stated.get("document", "")))
    digest = stated.get("sha256")
    if match is None or not isinstance(digest, str) or not _SHA256.fullmatch(digest):
        raise FieldNotValid(
            "an input is the IRI of a document and its SHA-256", where=where, remedy=_AGAIN
        )
    role = stated.get("role")
    return DerivationInput(derivation_id, match[1], digest, role if isinstance(role, str) else None)
