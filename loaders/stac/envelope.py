"""What all records made from one STAC object have in common."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from dafab_kg.loaders.stac.migrate import migrate
from dafab_kg.loaders.stac.recognise import Identity, identify, stac_type
from dafab_kg.model.documents import SourceDocument, resolve_pointer
from dafab_kg.model.errors import FieldNotValid, NotRecognised
from dafab_kg.model.names import Names
from dafab_kg.model.strict_json import read_json


@dataclass(frozen=True)
class Envelope:
    """A STAC object ready to be read.

    ``value`` is the object as delivered, which pointers refer to; ``latest`` the
    same in the current STAC version (the very same object if it is current).
    ``iri`` is that of the catalogue entry: item, collection or catalogue.
    """

    document_id: str
    where: str
    names: Names
    identity: Identity
    value: dict[str, Any]
    latest: dict[str, Any]
    iri: str
    warnings: tuple[str, ...] = ()


def open_document(document: SourceDocument, names: Names) -> Envelope:
    """Parse (unless ``document.value`` is there), identify and migrate a STAC object.

    Raises:
        DocumentRejected: it is no JSON, no STAC, or its parts have the wrong JSON type.
    """
    value = document.value
    if value is None:
        part = document.parts[0]
        value = resolve_pointer(read_json(part.data, where=document.origin), document.pointer)
    type_ = stac_type(value, inherits=bool(document.pointer))
    if type_ is None:
        raise NotRecognised("this is no STAC object", where=document.origin)
    identity = identify(value, type_, where=document.origin)
    _check_members(value, type_, document.origin)
    latest, warnings = migrate(value)
    return Envelope(
        document.document_id,
        document.origin,
        names,
        identity,
        value,
        latest,
        _iri(identity, names),
        warnings,
    )


def _iri(identity: Identity, names: Names) -> str:
    if identity.type == "item":
        return names.make(
            "item",
            provider=identity.provider,
            collection_id=identity.collection_id,
            item_id=identity.id,
        )
    if identity.type == "catalog":
        return names.make("catalog", provider=identity.provider, catalog_key=identity.catalog_key)
    return names.make("collection", provider=identity.provider, collection_id=identity.id)


def _check_members(value: dict[str, Any], type_: str, where: str) -> None:
    expected: dict[str, type] = {"links": list}
    if type_ == "item":
        expected |= {"properties": dict, "assets": dict}
    for member, kind in expected.items():
        found = value.get(member)
        if found is not None and not isinstance(found, kind):
            noun = "an array" if kind is list else "an object"
            raise FieldNotValid(
                f"{member} is not {noun}",
                where=f"{where}: /{member}",
                remedy="Write it as the STAC specification says",
            )
