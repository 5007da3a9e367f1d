"""The form of a document: how it is written, and by what it is known."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any, Final

from dafab_kg.model.errors import FieldMissing, FieldNotValid
from dafab_kg.model.names import encode

TYPE: Final = "dafab:RucioDid"
"""The member ``type`` of a document."""
VOLATILE: Final = frozenset({"access_cnt", "accessed_at", "is_new"})
"""Columns that Rucio changes by itself, when somebody reads or its daemons look."""
MOST_CHARACTERS: Final = 1000
"""Longest scope, name or virtual organisation (Rucio's columns hold 25, 250 and 3)."""
_REMEDY: Final = "Harvest it again: dafab-kg rucio harvest SCOPE"


def write_did(
    vo: str,
    columns: Mapping[str, Any],
    content: Iterable[Mapping[str, Any]],
    metadata: Mapping[str, Any],
) -> bytes:
    """Return a document for what Rucio tells: the same bytes for the same state.

    Members without a value and volatile ones are left out; times are UTC, as Rucio's are.

    Raises:
        ValueError, TypeError, RecursionError: there is no JSON for it.
    """
    kept = {k: v for k, v in columns.items() if v is not None and k not in VOLATILE}
    inside = sorted(
        (
            {name: row.get(name) for name in ("scope", "name", "type") if row.get(name)}
            for row in content
        ),
        key=lambda row: (str(row.get("scope")), str(row.get("name"))),
    )
    # the type comes first, where a loader looks for it
    value = {"type": TYPE, "vo": vo, "columns": _sorted(kept), "content": inside}
    value["metadata"] = _sorted(metadata)
    return json.dumps(value, default=_plain, separators=(",", ":")).encode()


def _sorted(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _sorted(value[key]) for key in sorted(value)}
    return [_sorted(one) for one in value] if isinstance(value, list) else value


def _plain(value: Any) -> str:
    if isinstance(value, datetime):
        moment = value if value.tzinfo is not None else value.replace(tzinfo=UTC)
        return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")
    raise TypeError(f"{type(value).__name__} is no JSON")


def key_of(value: Mapping[str, Any], where: str) -> str:
    """Return a document's key: where it lies in Rucio.

    Raises:
        DocumentRejected: it does not say so.
    """
    columns = object_in(value, "columns", where)
    names = (text_in(columns, name, f"{where}: at /columns") for name in ("scope", "name"))
    return key_for(text_in(value, "vo", where), *names)


def key_for(vo: str, scope: str, name: str = "") -> str:
    """Return the key of a data identifier; without ``name`` how all keys of a scope begin.

    >>> key_for("def", "s", "a/b"), key_for("def", "s")
    ('def/s/a%2Fb', 'def/s/')
    """
    return f"{encode(vo)}/{encode(scope)}/{encode(name) if name else ''}"


def object_in(value: Mapping[str, Any], name: str, where: str) -> dict[str, Any]:
    """Return the object ``name`` of an object, an empty one where it has none.

    Raises:
        FieldNotValid: it is something else.
    """
    found = value.get(name, {})
    if not isinstance(found, dict):
        raise FieldNotValid(f"{name} is no object", where=f"{where}: at /{name}", remedy=_REMEDY)
    return found


def text_in(value: Mapping[str, Any], name: str, where: str) -> str:
    """Return the text ``name`` of an object.

    Raises:
        FieldMissing: there is none.
        FieldNotValid: it is no text, empty or too long.
    """
    found = value.get(name)
    if found is None:
        raise FieldMissing(f"{name} is missing", where=where, remedy=_REMEDY)
    if not isinstance(found, str) or not 0 < len(found) <= MOST_CHARACTERS:
        raise FieldNotValid(
            f"{name} must be text of 1 to {MOST_CHARACTERS} characters",
            where=f"{where}/{name}",
            remedy=_REMEDY,
        )
    return found
