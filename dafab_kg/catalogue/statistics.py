"""How much of what the catalogue holds."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import cast

from dafab_kg.model.resources import text
from dafab_kg.python.things import Stats
from dafab_kg.store.documents import Documents
from dafab_kg.store.protocol import Iri, Literal, Solutions, Store


def gather(store: Store, documents: Documents, directory: Path) -> Stats:
    """Count; cost grows with the number of things."""
    classes = {
        cast(Iri, row[0]).value: int(cast(Literal, row[1]).value)
        for row in _rows(store, "classes.rq")
    }
    first, last = next(iter(_rows(store, "span.rq")), (None, None))
    triples = next(iter(_rows(store, "triples.rq")))[0]
    return Stats(
        triples=int(cast(Literal, triples).value),
        statements=store.count(),
        graphs=sum(1 for _ in store.graphs()),
        documents=dict(sorted(Counter(entry.kind for entry in documents.all()).items())),
        classes=classes,
        quarantined=documents.quarantine_count(),
        first=first.value if isinstance(first, Literal) else "",
        last=last.value if isinstance(last, Literal) else "",
        bytes_on_disk=sum(_sizes(directory).values()),
    )


def _rows(store: Store, query: str) -> Solutions:
    return cast(Solutions, store.query(text("queries/internal", query)))


def _sizes(directory: Path) -> dict[int, int]:
    """Bytes on disk by inode: snapshots are made of links, which take no room of their own."""
    sizes = {}
    for file in directory.rglob("*"):
        try:
            found = file.lstat()
        except OSError:  # RocksDB removes files at any time
            continue
        # LMDB's file is sparse: what counts is what is on the disk.
        sizes[found.st_ino] = found.st_blocks * 512
    return sizes
