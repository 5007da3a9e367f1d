"""What tells one catalogue entry from all others: its provider, and the provider's id for it."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import datetime
from typing import Any, Final

from dafab_kg.loaders.catalogue.told import Told
from dafab_kg.loaders.stac.recognise import host_of
from dafab_kg.model.errors import FieldMissing
from dafab_kg.model.names import decode, encode
from dafab_kg.model.product_names import ProductName, expand, find_name
from dafab_kg.model.values import instant

EMPTY: Final = "empty-answer"
"""Stands for the entry id of an answer that holds no entries."""

_SLACK: Final = 1.5  # seconds: names cut off or round the fraction
_MARKUP = re.compile(r"<[^>]*>")
_ENDING = re.compile(r"(\.SAFE)?(\.zip|\.tar(\.gz)?|\.tgz)?\Z", re.IGNORECASE)
_PLAIN_NAME = re.compile(r"[^\s<>&]{3,255}\Z")


def provider_of(addresses: Iterable[Any]) -> str:
    """Return the host of the first address that has one, else ``-``."""
    hosts = (host_of(one) for one in addresses if isinstance(one, str))
    return next(filter(None, hosts), "-")


def product_name(told: Told) -> tuple[str, ProductName | None]:
    """Return the id of the product that an entry describes, and its name parsed if it is known.

    Raises:
        FieldMissing: nothing in the entry can be the name of a product.
    """
    candidates = [_bare(name) for name in told.names if isinstance(name, str)]
    known = find_name(candidates)
    if known is not None:
        return known.name, known
    for candidate in candidates:
        if _PLAIN_NAME.match(candidate) and "://" not in candidate:
            return candidate, None
    raise FieldMissing(
        "the entry does not name its product",
        where=told.name_place,
        remedy=told.name_remedy,
    )


def named_start(name: ProductName) -> str | None:
    """Return when sensing started as a product's name says it, to the second."""
    if name.datatake_start:
        return instant(expand(name.datatake_start))
    start = name.fields.get("sensing_start")
    return start if isinstance(start, str) else None


def starts_apart(name: ProductName, start: str) -> bool:
    """Tell whether a start of sensing (canonical) is another one than that in the name."""
    named = named_start(name)
    if named is None:
        return False
    try:
        return abs((_moment(start) - _moment(named)).total_seconds()) > _SLACK
    except ValueError:  # the year 0 and the like
        return True


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(re.sub(r"(\.\d{6})\d+", r"\1", text))


def key_of(interface: str, provider: str, entry_id: str) -> str:
    """Return the key of an entry's document.

    What one provider says of an entry through two interfaces is two documents, which
    are about the same entry.

    >>> split_key(key_of("odata", "a.example:80", "x/y"))
    ('a.example:80', 'x/y')
    """
    return f"{interface}/{encode(provider)}/{encode(entry_id)}"


def split_key(key: str) -> tuple[str, str]:
    """Return provider and entry id of a key."""
    _, provider, entry_id = key.split("/", 2)
    return decode(provider), decode(entry_id)


def _bare(name: str) -> str:
    """Return a name without markup, folders and endings."""
    text = _MARKUP.sub("", name).strip().rstrip("/") if "<" in name else name.strip().rstrip("/")
    return _ENDING.sub("", text.rsplit("/", 1)[-1])
