"""Members without a term of their own, kept leaf by leaf."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from dafab_kg.model.documents import escape_pointer
from dafab_kg.model.errors import FieldNotValid
from dafab_kg.model.records import Property
from dafab_kg.model.strict_json import write_json
from dafab_kg.model.values import instant


@dataclass(frozen=True)
class Owner:
    """Whose members they are, and in which document they stand."""

    iri: str
    document_id: str


def keep(value: Any, pointer: str, name: str, owner: Owner) -> Iterator[Property]:
    """Yield one record for each leaf below ``value``, which stands at ``pointer``.

    A leaf is a scalar, an array of scalars, or something empty; ``name`` is the
    name of the member at the top, which all of them carry.
    """
    if isinstance(value, dict) and value:
        for key, child in value.items():
            yield from keep(child, f"{pointer}/{escape_pointer(key)}", name, owner)
    elif isinstance(value, list) and any(isinstance(child, dict | list) for child in value):
        for position, child in enumerate(value):
            yield from keep(child, f"{pointer}/{position}", name, owner)
    else:
        yield _leaf(value, pointer, name, owner)


def keep_member(members: dict[str, Any], key: str, above: str, owner: Owner) -> Iterator[Property]:
    """Yield the records of the one member ``key`` of an object at the pointer ``above``."""
    return keep(members[key], f"{above}/{escape_pointer(key)}", key, owner)


def _leaf(value: Any, pointer: str, name: str, owner: Owner) -> Property:
    numbers: list[Decimal] = []
    texts: list[str] = []
    booleans: list[bool] = []
    instants: list[str] = []
    for scalar in value if isinstance(value, list) else (value,):
        if isinstance(scalar, str):
            texts.append(scalar)
            instants.extend(_instant(scalar))
        elif isinstance(scalar, bool):
            booleans.append(scalar)
        elif isinstance(scalar, int | Decimal):
            numbers.append(Decimal(scalar))
    return Property(
        owner=owner.iri,
        document_id=owner.document_id,
        pointer=pointer,
        name=name,
        json=write_json(value),
        numbers=tuple(numbers),
        texts=tuple(texts),
        booleans=tuple(booleans),
        instants=tuple(instants),
    )


def _instant(text: str) -> tuple[str, ...]:
    """Return the canonical time that ``text`` says, if it says one."""
    if len(text) < 19 or text[4] != "-" or text[10] not in "T ":
        return ()
    try:
        return (instant(text),)
    except FieldNotValid:
        return ()
