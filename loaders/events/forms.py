"""What all forms of event documents share: elements, identities and how scalars are read."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Final, NamedTuple

from dafab_kg.model.documents import Reading
from dafab_kg.model.errors import FieldMissing, FieldNotValid
from dafab_kg.model.geojson import Remarks
from dafab_kg.model.names import Names, encode
from dafab_kg.model.strict_json import write_json
from dafab_kg.model.values import number as decimal_of

_COUNTRY: Final = re.compile(r"[A-Z]{3}|AB9")
_SLUG: Final = re.compile(r"[^a-z0-9]+")


class Identity(NamedTuple):
    """The system that reports, and the id of the report there."""

    source: str
    report_id: str


@dataclass(frozen=True)
class Context:
    """Where an element stands: ``where`` for messages, the rest for IRIs."""

    where: str
    document_id: str
    names: Names
    notes: Remarks = field(default_factory=Remarks)

    def at(self, pointer: str) -> str:
        """Name a place within the document."""
        return f"{self.where}: {pointer}"


@dataclass(frozen=True)
class Form:
    """One way in which events are written down.

    ``identify`` tells which report an element is, ``read`` reads it.  ``essence`` gives
    the part of an element that can be true of it, where the rest is another thing's.
    """

    name: str
    identify: Callable[[Any, str], Identity]
    read: Callable[[Any, Identity, Context], Reading]
    essence: Callable[[Any], Any] | None = None


@dataclass(frozen=True)
class Element:
    """One report within a file; ``pointer`` is empty where it is the whole file."""

    form: str
    pointer: str
    value: Any


def key_of(form: str, identity: Identity) -> str:
    """Return the document's key.

    The form is part of it: the same report told in two forms is two documents.
    """
    return "/".join((form, encode(identity.source), encode(identity.report_id)))


def digest_of(value: Any) -> str:
    """Return the SHA-256 of a value as JSON with sorted keys."""
    return hashlib.sha256(write_json(_sorted(value)).encode()).hexdigest()


def _sorted(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _sorted(value[key]) for key in sorted(value)}
    if isinstance(value, list):
        return [_sorted(item) for item in value]
    return value


# Scalars ----------------------------------------------------------------------------------


def text(value: object) -> str | None:
    """Return text without white space around it; numbers are written; None of all else."""
    if isinstance(value, str):
        return value.strip() or None
    if isinstance(value, int | Decimal) and not isinstance(value, bool):
        return str(value)
    return None


def texts(value: object) -> tuple[str, ...]:
    """Return the texts in an array, or the one text, each once."""
    values = value if isinstance(value, list | tuple) else (value,)
    return tuple(dict.fromkeys(t for t in map(text, values) if t))


def number(value: object, pointer: str, context: Context) -> Decimal | None:
    """Return an optional number; what is none is left out with a warning."""
    if value is None or isinstance(value, bool) or (isinstance(value, str) and not value.strip()):
        return None
    try:
        return decimal_of(value)  # type: ignore[arg-type]
    except FieldNotValid:
        context.notes.add(f"{pointer}: {str(value)[:40]!r} is no number and was left out")
        return None


def whole(value: object, where: str) -> int | None:
    """Return an optional whole number, None where there is none or the text is empty.

    Raises:
        FieldNotValid: it is something else.
    """
    if value is None or value == "":
        return None
    try:
        found = decimal_of(value)  # type: ignore[arg-type]
        if found == found.to_integral_value():
            return int(found)
    except FieldNotValid:
        pass
    raise FieldNotValid(f"{value!r} is no whole number", where=where, remedy="Correct it")


def countries(value: object, pointer: str, context: Context) -> tuple[str, ...]:
    """Return ISO 3166-1 alpha-3 codes, also from one text with commas; others are warned of."""
    if isinstance(value, str):
        value = re.split(r"[\s,;|]+", value.strip())
    found = []
    for code in texts(value):
        if _COUNTRY.fullmatch(code.upper()):
            found.append(code.upper())
        else:
            context.notes.add(f"{pointer}: {code[:40]!r} is no ISO 3166-1 alpha-3 code")
    return tuple(dict.fromkeys(found))


def slug(value: object, otherwise: str) -> str:
    """Return the name of a source in small letters, digits and hyphens."""
    return _SLUG.sub("-", (text(value) or "").lower()).strip("-") or otherwise


def member(value: object, key: str) -> dict[str, Any]:
    """Return the object at ``key``, an empty one where there is none."""
    inner = value.get(key) if isinstance(value, Mapping) else None
    return inner if isinstance(inner, dict) else {}


def objects(value: object) -> Iterator[dict[str, Any]]:
    """Yield the objects in an array; what is none, or no array, is passed over."""
    if isinstance(value, list):
        yield from (one for one in value if isinstance(one, dict))


def demanded(value: object, name: str, where: str) -> str:
    """Return a text that must be there.

    Raises:
        FieldMissing: it is not.
    """
    found = text(value)
    if found is None:
        raise FieldMissing(
            f"the event has no {name}", where=where, remedy=f"Give it its {name}; it tells it apart"
        )
    return found


def unknown_codes(codes: Iterable[str], pointer: str, context: Context) -> None:
    """Warn of hazard codes that are kept, but mean nothing to us."""
    for code in codes:
        context.notes.add(f"{pointer}: {code[:40]!r} is no hazard code that is known; it was kept")
