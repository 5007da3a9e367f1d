"""From a document to records: the data identifier, what it holds, what users say of it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, Final

from dafab_kg.loaders.rucio.form import object_in, text_in
from dafab_kg.loaders.stac.leaves import Owner, keep_member
from dafab_kg.model.errors import FieldNotValid
from dafab_kg.model.names import Names
from dafab_kg.model.records import DataIdentifier, DidMember, Record
from dafab_kg.model.values import instant

_TYPES: Final = ("CONTAINER", "DATASET", "FILE")
_KEPT: Final = (
    *("campaign", "closed_at", "datatype", "eol_at", "events", "expired_at", "guid"),
    *("lumiblocknr", "panda_id", "phys_group", "prod_step", "project", "provenance"),
    *("run_number", "stream_name", "task_id", "version"),
)
"""Columns that are kept as what users set is; flags and the account stay in the document alone."""
_REMEDY: Final = "Correct it in Rucio, or leave it out"


def records_of(
    value: dict[str, Any], document_id: str, names: Names, where: str
) -> Iterator[Record]:
    """Yield the records of a document.

    Raises:
        DocumentRejected: a member is missing or not valid.
    """
    columns, inside = object_in(value, "columns", where), f"{where}: at /columns"
    vo, scope, name = text_in(value, "vo", where), *_pair(columns, inside)
    kind = _type(columns, "did_type", inside)
    own = kind == "FILE"  # what Rucio tells of others is a sum, which lags behind
    yield DataIdentifier(
        vo,
        scope,
        name,
        f"{scope}:{name}",
        kind,
        size=_size(columns, inside) if own else None,
        adler32=_sum(columns, "adler32", 8, inside) if own else None,
        md5=_sum(columns, "md5", 32, inside) if own else None,
        created=_time(columns, "created_at", inside),
        updated=_time(columns, "updated_at", inside),
    )
    yield from _members(value, (vo, scope, name), where)
    owner = Owner(names.make("did", vo=vo, scope=scope, name=name), document_id)
    for column in _KEPT:
        if columns.get(column) is not None:
            yield from keep_member(columns, column, "/columns", owner)
    metadata = object_in(value, "metadata", where)
    for key in metadata:
        yield from keep_member(metadata, key, "/metadata", owner)


def _members(value: dict[str, Any], own: tuple[str, str, str], where: str) -> Iterator[Record]:
    content = value.get("content", [])
    if not isinstance(content, list):
        raise FieldNotValid("content is no list", where=f"{where}: at /content", remedy=_REMEDY)
    for number, member in enumerate(content):
        place = f"{where}: at /content/{number}"
        if not isinstance(member, dict):
            raise FieldNotValid("it is no object", where=place, remedy=_REMEDY)
        scope, name = _pair(member, place)
        yield DidMember(*own, scope, name)
        if scope != own[1]:  # nobody else may tell of it here
            kind = _type(member, "type", place)
            yield DataIdentifier(own[0], scope, name, f"{scope}:{name}", kind)


def _pair(value: dict[str, Any], where: str) -> tuple[str, str]:
    return text_in(value, "scope", where), text_in(value, "name", where)


def _type(value: dict[str, Any], member: str, where: str) -> str:
    kind = text_in(value, member, where)
    if kind not in _TYPES:
        raise FieldNotValid(
            f"{member} is none of {', '.join(_TYPES)}", where=f"{where}/{member}", remedy=_REMEDY
        )
    return kind


def _size(columns: dict[str, Any], where: str) -> int | None:
    size = columns.get("bytes")
    if size is None:
        return None
    if not isinstance(size, int) or isinstance(size, bool) or not 0 <= size < 2**63:
        raise FieldNotValid(
            "bytes must be a whole number of 0 or more", where=f"{where}/bytes", remedy=_REMEDY
        )
    return size


def _sum(columns: dict[str, Any], name: str, digits: int, where: str) -> str | None:
    found = columns.get(name)
    if found is None:
        return None
    if not isinstance(found, str) or not re.fullmatch(rf"[0-9a-fA-F]{{{digits}}}", found):
        raise FieldNotValid(
            f"{name} must be {digits} hex digits", where=f"{where}/{name}", remedy=_REMEDY
        )
    return found.lower()


def _time(columns: dict[str, Any], name: str, where: str) -> str | None:
    found = columns.get(name)
    if found is None:
        return None
    if not isinstance(found, str):
        raise FieldNotValid(f"{name} must be a time", where=f"{where}/{name}", remedy=_REMEDY)
    return instant(found, where=f"{where}/{name}")
