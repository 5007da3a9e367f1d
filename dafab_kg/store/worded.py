"""Which documents hold a word: lists in the document store, which grow with it.

A word that is in more than ``MOST_HOLDING`` documents is marked as common, and its list is
dropped: what is everywhere narrows nothing down.  A list may name a document that holds the word
no longer, or is gone; it never lacks one.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any, Final

import lmdb

MOST_HOLDING: Final = 10_000
"""Most documents in a word's list."""
LONGEST: Final = 64
"""Bytes of a word that are kept; longer ones share a list with those that begin alike."""

Words = Mapping[str, Collection[str]]
"""The ids of documents (32 hexadecimal digits) by the words in them."""

_COMMON: Final = bytes(16)
_PARTIAL: Final = b" "
"""No word: there where documents are kept whose words are not."""


def open_words(env: Any, *, create: bool, whole: bool) -> Any:
    """Open the table of words; None: there is none.  ``whole``: no documents are kept yet."""
    try:
        return env.open_db(b"words", create=False, dupsort=True, dupfixed=True)
    except lmdb.NotFoundError:
        if not create:
            return None
    table = env.open_db(b"words", dupsort=True, dupfixed=True)
    if not whole:
        with env.begin(write=True) as txn:
            mark_partial(txn, table)
    return table


def mark_partial(txn: Any, table: Any) -> None:
    """Note that documents are kept whose words are not."""
    txn.put(_PARTIAL, _COMMON, db=table)


def mark_whole(txn: Any, table: Any) -> None:
    """Note that the words of all documents are kept."""
    txn.delete(_PARTIAL, db=table)


def add_words(txn: Any, table: Any, words: Words) -> None:
    """Add documents to the lists of words."""
    with txn.cursor(table) as cursor:
        for word in sorted(words):
            key = _key(word)
            held = sorted(map(bytes.fromhex, words[word]))
            known = 0
            if cursor.set_key(key):
                if bytes(cursor.value()) == _COMMON:
                    continue
                known = cursor.count()
            if known + len(held) <= MOST_HOLDING:
                cursor.putmulti([(key, one) for one in held])
                continue
            if known:
                cursor.delete(dupdata=True)
            cursor.put(key, _COMMON)


def documents_with(txn: Any, table: Any, word: str) -> frozenset[str] | None:
    """Return the ids of all documents that hold a word, and maybe of others; None: not known."""
    with txn.cursor(table) as cursor:
        if cursor.set_key(_PARTIAL):
            return None
        if not cursor.set_key(_key(word)):
            return frozenset()
        found = frozenset(bytes(one).hex() for one in cursor.iternext_dup())
    return None if _COMMON.hex() in found else found


def _key(word: str) -> bytes:
    return word.encode()[:LONGEST]
