"""Which documents changed, in the order in which they did: the outbox of what follows the graph.

Written in the transaction that records a commit, so that no change is ever without its row; a
commit that is recorded again after a crash numbers its documents anew.  Each document has one
row, that of its last change.  Rows are not taken out: who follows (a publisher of each VO of a
Rucio) keeps how far it came.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import lmdb

Tables = tuple[Any, Any]
"""Documents by numbers (8 bytes, big endian), and numbers by documents."""


def open_changes(env: Any, *, create: bool) -> Tables | None:
    """Open the tables; None: an older version made the store and nothing was written since."""
    try:
        return (
            env.open_db(b"changes", create=create),
            env.open_db(b"changed", create=create),
        )
    except lmdb.NotFoundError:
        return None


def note_changes(txn: Any, tables: Tables | None, document_ids: Iterable[str]) -> None:
    """Give documents the next numbers."""
    if tables is None:
        return
    changes, changed = tables
    number = last_change(txn, tables)
    for document_id in document_ids:
        number += 1
        key, place = document_id.encode(), number.to_bytes(8, "big")
        before = txn.get(key, db=changed)
        txn.put(place, key, db=changes, append=True)
        if before is not None:
            txn.delete(bytes(before), db=changes)
        txn.put(key, place, db=changed)


def last_change(txn: Any, tables: Tables | None) -> int:
    """Return the last number; 0: none was given."""
    if tables is None:
        return 0
    cursor = txn.cursor(tables[0])
    return int.from_bytes(bytes(cursor.key()), "big") if cursor.last() else 0


def changed_since(txn: Any, tables: Tables | None, after: int, to: int) -> Iterator[str]:
    """Yield the documents whose last change has a number above ``after``, up to ``to``."""
    if tables is None:
        return
    cursor = txn.cursor(tables[0])
    if not cursor.set_range((after + 1).to_bytes(8, "big")):
        return
    for key, document in cursor.iternext():
        if int.from_bytes(bytes(key), "big") > to:
            return
        yield bytes(document).decode()
