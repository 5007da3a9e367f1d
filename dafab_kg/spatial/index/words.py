"""Finding things by their words: identifiers, labels, names, and IRIs.

SQLite's full-text index (FTS5) holds each name of each thing, with case and accents
folded; it is changed in place, and a word that leads to a thing of another moment leads
to something that is not in the graph, which the reader of the answer leaves out.
"""

from __future__ import annotations

import os
import re
import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Final

from dafab_kg.model.names import term

NAMING: Final = (
    "http://www.w3.org/2000/01/rdf-schema#label",
    "http://www.w3.org/2004/02/skos/core#prefLabel",
    "http://www.w3.org/2004/02/skos/core#altLabel",
    "http://purl.org/dc/terms/title",
    *(
        term(local)
        for local in (
            "productId",
            "did",
            "title",
            "placeName",
            "toponym",
            "otherToponym",
            "identifierValue",
        )
    ),
)
"""Properties whose values name a thing."""
MOST_WORDS: Final = 12
LONGEST: Final = 2000  # characters of a name that are kept

_NAMES: Final = "CREATE TABLE names (id INTEGER PRIMARY KEY, iri TEXT NOT NULL, name TEXT NOT NULL)"
_NAMES_OF: Final = "CREATE INDEX names_of ON names (iri)"
_WORDS: Final = """
CREATE VIRTUAL TABLE words USING fts5 (
    name, content='names', content_rowid='id', prefix='2 3 5',
    tokenize="unicode61 remove_diacritics 2")
"""
_SQUARE: Final = re.compile(r"\d{2}[C-X][A-Z]{0,2}", re.IGNORECASE)
_WORD: Final = re.compile(r"\w+")


def write_all_words(file: Path, names: Iterable[tuple[str, str]]) -> None:
    """Write all names anew, as (IRI, name); the file is whole under its name, or absent.

    Indexed after they were written, all at once, which takes a third of the time.
    """
    temporary = file.with_suffix(".tmp")
    temporary.unlink(missing_ok=True)
    with closing(sqlite3.connect(temporary, isolation_level=None)) as base:
        base.execute("PRAGMA journal_mode = OFF")
        base.execute("PRAGMA synchronous = OFF")
        base.execute("BEGIN")
        base.execute(_NAMES)
        base.executemany(
            "INSERT INTO names (iri, name) VALUES (?, ?)",
            ((iri, name[:LONGEST]) for iri, name in names),
        )
        base.execute(_NAMES_OF)
        base.execute(_WORDS)
        base.execute("INSERT INTO words (words) VALUES ('rebuild')")
        base.execute("COMMIT")
        base.execute("PRAGMA synchronous = NORMAL")
        base.execute("PRAGMA journal_mode = WAL")
    with temporary.open("rb+") as written:
        os.fsync(written.fileno())
    for suffix in ("-wal", "-shm"):  # of the file that goes
        file.with_name(f"{file.name}{suffix}").unlink(missing_ok=True)
    temporary.replace(file)


def open_words(file: Path) -> sqlite3.Connection:
    """Open the names for :func:`write_words`.

    To close them brings their log into the file, which takes longer than a write.
    """
    base = sqlite3.connect(file, isolation_level=None, check_same_thread=False)
    base.execute("PRAGMA synchronous = NORMAL")
    return base


def write_words(
    base: sqlite3.Connection, names: Iterable[tuple[str, str]], replaced: Iterable[str]
) -> None:
    """Write names as (IRI, name) in place of those of the things ``replaced``."""
    base.execute("BEGIN IMMEDIATE")
    try:
        for iri in replaced:
            for number, name in base.execute(
                "SELECT id, name FROM names WHERE iri = ?", (iri,)
            ).fetchall():
                base.execute(
                    "INSERT INTO words (words, rowid, name) VALUES ('delete', ?, ?)",
                    (number, name),
                )
            base.execute("DELETE FROM names WHERE iri = ?", (iri,))
        last = base.execute("SELECT coalesce(max(id), 0) FROM names").fetchone()[0]
        rows = ((last + i, iri, name[:LONGEST]) for i, (iri, name) in enumerate(names, 1))
        for row in rows:
            base.execute("INSERT INTO names VALUES (?, ?, ?)", row)
            base.execute("INSERT INTO words (rowid, name) VALUES (?, ?)", (row[0], row[2]))
    except BaseException:
        base.execute("ROLLBACK")
        raise
    base.execute("COMMIT")


def _asked(token: str) -> str:
    """A word of a search; a grid square stands in product ids with a T before it."""
    return f'("{token}"* OR "T{token}"*)' if _SQUARE.fullmatch(token) else f'"{token}"*'


def find_words(file: Path, words: str, limit: int) -> Iterator[tuple[str, str]]:
    """Yield (IRI, name) of things that have all words, each as it is or as a beginning.

    An IRI finds the thing itself.  A name that is just the words comes first.
    """
    if not file.is_file():
        return
    asked = words.strip().strip("<>")
    tokens = _WORD.findall(asked.replace("_", " "))[:MOST_WORDS]
    with closing(sqlite3.connect(f"file:{file}?mode=ro", uri=True)) as base:
        seen = set()
        found = base.execute(
            "SELECT iri, name FROM names WHERE iri = ? LIMIT ?", (asked, limit)
        ).fetchall()
        if tokens:
            text = " AND ".join(map(_asked, tokens))
            found += base.execute(
                "SELECT iri, names.name FROM words JOIN names ON names.id = words.rowid "
                "WHERE words MATCH ? ORDER BY names.name = ? COLLATE NOCASE DESC, rank, "
                "length(names.name), iri LIMIT ?",
                (text, asked, 4 * limit),
            ).fetchall()
    for iri, name in found:
        if iri not in seen:
            seen.add(iri)
            yield iri, name
            if len(seen) == limit:
                return
