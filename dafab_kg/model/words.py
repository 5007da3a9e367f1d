"""Words in the texts of items and collections: what the parameter ``q`` looks for.

A *word* is a run of letters and digits, in lower case.  A text holds a term where the words of
the term stand in it one after the other, whole, whatever is between them that is no letter or
digit.  (STAC API, Free-text extension 1.0.0-rc.1, basic; OGC 20-004r1, section 7.4.)

The texts of an item are its id and all texts in its properties, but for times; those of a
collection its id, title, description and keywords.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

Terms = tuple[tuple[str, ...], ...]

_WORD: Final = re.compile(r"[^\W_]+")
_TIME: Final = re.compile(r"\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d", re.ASCII)
_DEEP: Final = 8
"""How deep within its properties the texts of an item are looked for."""


def words_of(text: str) -> tuple[str, ...]:
    """Return the words of a text.

    >>> words_of("Sentinel-2 L2A, by ESA")
    ('sentinel', '2', 'l2a', 'by', 'esa')
    """
    return tuple(_WORD.findall(text.lower()))


def mentions(texts: Iterator[str], terms: Terms) -> bool:
    """Tell whether any of ``texts`` holds any of ``terms``."""
    written = [" " + " ".join(term) + " " for term in terms if term]
    # words have no spaces in them, so that a term is found where its words stand in a row
    return any(
        wanted in told
        for told in (" " + " ".join(words_of(text)) + " " for text in texts)
        for wanted in written
    )


def texts_of_item(item: Any) -> Iterator[str]:
    """The texts of an item's JSON."""
    if not isinstance(item, Mapping):
        return
    yield str(item.get("id", ""))
    properties = item.get("properties")
    if isinstance(properties, Mapping):
        yield from _texts_in(properties, _DEEP)


def texts_of_collection(collection: Mapping[str, Any]) -> Iterator[str]:
    """The texts of a collection's JSON."""
    for name in ("id", "title", "description"):
        if isinstance(collection.get(name), str):
            yield collection[name]
    keywords = collection.get("keywords")
    for one in keywords if isinstance(keywords, Sequence) else ():
        if isinstance(one, str):
            yield one


def _texts_in(value: Any, depth: int) -> Iterator[str]:
    if isinstance(value, str):
        if not _TIME.match(value):
            yield value
    elif depth and isinstance(value, Mapping):
        for one in value.values():
            yield from _texts_in(one, depth - 1)
    elif depth and isinstance(value, list):
        for one in value:
            yield from _texts_in(one, depth - 1)
