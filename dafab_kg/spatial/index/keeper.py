"""Keeping the index of one store: made from the graph, then following what changes in it.

::

    index/
    ├── current.json        the state: segments, what is out of date in them, the commit
    ├── 00000012.idx        segments, each written once
    ├── 00000012-merged.idx a segment made of older ones (:mod:`dafab_kg.spatial.index.merging`)
    ├── 00000012.dead       rows of older segments that are out of date (see ``Part``)
    ├── touched             things that a change is about to touch; there while it is not followed
    └── words.sqlite        names and identifiers

Whoever changes the store tells the keeper of the lines first (:meth:`Keeper.touch`), which
writes down what they touch; :meth:`Keeper.follow` reads those rows anew from the graph and
publishes a new state.  A crash in between leaves the list, and the next opening follows it.
A state of many segments has the small ones merged by a thread; the next state takes the
result up.
"""

from __future__ import annotations

import os
import shutil
import sqlite3
import zlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import orjson
import pyarrow as pa
import pyarrow.compute as pc

from dafab_kg.model.errors import IndexNotUsable
from dafab_kg.spatial.index.block import Block
from dafab_kg.spatial.index.container import Container, write_container
from dafab_kg.spatial.index.index import Part, SearchIndex
from dafab_kg.spatial.index.merging import Merge
from dafab_kg.spatial.index.ordered import NONE, distinct
from dafab_kg.spatial.index.scan import Stored, read_all, read_some
from dafab_kg.spatial.index.schema import Schema, packaged_schema
from dafab_kg.spatial.index.segment import Segment, write_segment
from dafab_kg.spatial.index.texts import Texts
from dafab_kg.spatial.index.touched import Touched, predicates_of, touched_by
from dafab_kg.spatial.index.values import literal_of
from dafab_kg.spatial.index.words import NAMING, open_words, write_all_words, write_words
from dafab_kg.store.protocol import Store

FORMAT: Final = 4
"""Changes with the layout of segments, and with what their flags say of a value."""
MOST_SEGMENTS: Final = 8
"""Segments from which on the small ones are merged."""
MOST_WAITING: Final = 32
"""Segments from which on a commit waits until they are merged."""
FEW_TOUCHED: Final = 2_000
"""Things touched up to which their rows are read one by one, whatever there is besides; from
there on all is read anew where more is touched than there was, which is then faster."""
READ_AT_ONCE: Final = 50_000
"""Things whose rows are read for one segment."""
STEPS: Final = 100
"""A search for one name in a sorted list takes as long as to hash so many of it."""

NAMES_AT_ONCE: Final = 100_000

EVERYTHING: Final = "*"
Told = Callable[[str], None]


@dataclass(frozen=True)
class State:
    """What ``current.json`` says."""

    commit: int
    schema: str
    segments: tuple[str, ...]
    dead: str = ""

    def write(self, file: Path) -> None:
        """Write durably."""
        body = orjson.dumps(
            {
                "format": FORMAT,
                "commit": self.commit,
                "schema": self.schema,
                "segments": self.segments,
                "dead": self.dead,
            }
        )
        temporary = file.with_suffix(".tmp")
        with temporary.open("wb") as out:
            out.write(body + b"\n%08x\n" % zlib.crc32(body))
            out.flush()
            os.fsync(out.fileno())
        temporary.replace(file)

    @classmethod
    def read(cls, file: Path) -> State:
        """Read it; raises IndexNotUsable where it is not there or damaged."""
        try:
            body, checksum, _ = file.read_bytes().split(b"\n")
            if int(checksum, 16) != zlib.crc32(body):
                raise ValueError("its checksum differs")
            value = orjson.loads(body)
            if value["format"] != FORMAT:
                raise ValueError(f"its format is {value['format']}")
            return cls(value["commit"], value["schema"], tuple(value["segments"]), value["dead"])
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise IndexNotUsable(f"{file} cannot be used: {error}") from error


def open_index(
    directory: Path, schema: Schema | None = None, *, verify: bool = False
) -> SearchIndex:
    """Open the index as it was last published.

    Raises:
        IndexNotUsable: there is none, it is damaged or behind, or the ontology's indexed
            properties are others now.
    """
    schema = schema or packaged_schema()
    state = _read_state(directory, schema)
    if (directory / "touched").exists():
        raise IndexNotUsable(f"{directory} is behind the graph")
    return _opened(directory, state, schema, verify=verify)


def _read_state(directory: Path, schema: Schema) -> State:
    state = State.read(directory / "current.json")
    if state.schema != schema.digest:
        raise IndexNotUsable(f"{directory} was made with other indexed properties")
    return state


def _opened(directory: Path, state: State, schema: Schema, *, verify: bool) -> SearchIndex:
    dead: dict[str, Any] = {}
    if state.dead:
        held = Container(directory / state.dead, verify=verify)
        dead = {name: held[name] for name in state.segments if name in held}
    parts = [
        Part(name, Segment(directory / name, verify=verify), dead.get(name, NONE))
        for name in state.segments
    ]
    return SearchIndex(f"{state.commit:08d}", schema, parts, directory / "words.sqlite")


class Keeper:
    """Keeps the index in ``directory`` in step with the merge of ``graphs`` of a store."""

    def __init__(
        self,
        store: Store,
        directory: Path,
        graphs: Sequence[str | None],
        schema: Schema | None = None,
        *,
        background: bool = True,
    ) -> None:
        """``background``: merges run in a thread; else where :meth:`merge` is called."""
        self._store = store
        self._graphs = tuple(graphs)
        self.directory = directory
        self._schema = schema or packaged_schema()
        self._predicates = predicates_of(self._schema)
        self._touched = Touched()
        self._all_touched = False
        self._log = directory / "touched"
        self._background = background
        self._merge: Merge | None = None
        self._words: sqlite3.Connection | None = None
        self.reason = ""
        """Why what was there could not be used, "" if it could."""
        directory.mkdir(parents=True, exist_ok=True)
        self._read_log()
        try:
            self._state = _read_state(directory, self._schema)
            self._index = _opened(directory, self._state, self._schema, verify=True)
            self._sweep()
        except IndexNotUsable as error:
            self.reason = str(error)
            self._state = State(self._last_number(), self._schema.digest, ())
            self._index = SearchIndex("00000000", self._schema, ())
            self._all_touched = self._graph_holds_anything()
            if not self._all_touched:
                self.rebuild()

    def _graph_holds_anything(self) -> bool:
        rows = self._store.rows("SELECT ?s { ?s ?p ?o } LIMIT 1", self._graphs)
        return next(rows, None) is not None

    def _last_number(self) -> int:
        return max(
            (
                int(file.stem[:8])
                for file in self.directory.glob("*.idx")
                if file.stem[:8].isdigit()
            ),
            default=0,
        )

    # following

    def touch(self, nquads: str) -> None:
        """Take note of what lines touch that are about to come or go; then that is durable."""
        if self._all_touched:
            return
        new = touched_by(nquads, self._predicates).without(self._touched)
        if new:
            self._touched.add(new)
            self._write_log("".join(f"{iri}\n" for iri in (*new.things, *new.typed)))

    def touch_everything(self) -> None:
        """Take note that anything may change."""
        if not self._all_touched:
            self._all_touched = True
            self._write_log(f"{EVERYTHING}\n")

    def _write_log(self, text: str) -> None:
        with self._log.open("a", encoding="utf-8", errors="surrogatepass") as out:
            out.write(text)
            out.flush()
            os.fsync(out.fileno())

    def _read_log(self) -> None:
        try:
            lines = self._log.read_bytes().split(b"\n")
        except FileNotFoundError:
            return
        try:
            things = [line.decode() for line in lines[:-1]]
        except UnicodeDecodeError:
            things = [EVERYTHING]
        # a line cut short is of a change that did not begin
        if EVERYTHING in things or any(_odd(thing) for thing in things):
            self._all_touched = True
        known = {thing for thing in things if thing != EVERYTHING}
        self._touched.add(Touched(known, set(known)))

    def follow(self) -> SearchIndex:
        """Bring the index up to date with the graph, and return it."""
        if self._all_touched or not (self.directory / "words.sqlite").is_file():
            return self.rebuild()
        if not self._touched:
            return self._index
        held = [part.segment.things for part in self._index.parts]
        things = self._touched.things | _known_among(held, self._touched.typed)
        if len(things) > max(FEW_TOUCHED, sum(part.living for part in self._index.parts)):
            return self.rebuild()
        waiting = sorted(things)
        for start in range(0, len(waiting) or 1, READ_AT_ONCE):
            some = waiting[start : start + READ_AT_ONCE]
            self._read_anew(some, last=start + READ_AT_ONCE >= len(waiting))
        return self._index

    def _read_anew(self, things: Sequence[str], *, last: bool) -> None:
        """Publish a state with the rows of some things as the graph has them."""
        nodes = sorted(self._touched.nodes.intersection(things))
        block, read, names = read_some(self._store, self._schema, self._graphs, things, nodes)
        if self._words is None:
            self._words = open_words(self.directory / "words.sqlite")
        write_words(self._words, names, read)
        self._publish(block, [_without(part, read) for part in self._index.parts], last=last)

    def rebuild(self, tell: Told | None = None) -> SearchIndex:
        """Make all of it anew from the graph."""
        say = tell or (lambda _: None)
        if self._merge is not None:
            self._merge.end()
            self._merge = None
        say("reading the graph")
        block = read_all(self._store, self._schema, self._graphs)
        say(f"writing {len(block)} rows")
        names = _all_names(self._store, self._graphs, block)
        self._close_words()
        write_all_words(self.directory / "words.sqlite", names)
        return self._publish(block, [])

    def _publish(self, block: Block | None, parts: list[Part], *, last: bool = True) -> SearchIndex:
        """Publish a state: older segments, and a new one with ``block``.

        ``last``: the index is in step with the graph by it.
        """
        number = self._state.commit + 1
        if self._merge is not None and len(parts) >= MOST_WAITING:
            self.merge()
        if self._merge is not None and not self._merge.running:
            if self._merge.written:
                parts = self._merge.taken_up(parts)
                self._merge = None
            elif self._background:  # it failed
                self._merge = None
        parts = [part for part in parts if part.living]
        if block:
            name = f"{number:08d}.idx"
            write_segment(self.directory / name, block)
            parts.append(Part(name, Segment(self.directory / name), NONE))
        dead = {part.name: part.dead for part in parts if len(part.dead)}
        tombstones = f"{number:08d}.dead" if dead else ""
        if dead:
            write_container(self.directory / tombstones, dead, {})
        self._state = State(
            number, self._schema.digest, tuple(part.name for part in parts), tombstones
        )
        self._state.write(self.directory / "current.json")
        if last:
            self._log.unlink(missing_ok=True)
            self._touched.clear()
            self._all_touched = False
        words = self.directory / "words.sqlite"
        self._index = SearchIndex(f"{number:08d}", self._schema, parts, words)
        self._sweep()
        if self._merge is None and len(parts) >= MOST_SEGMENTS:
            self._merge = Merge(_to_merge(parts), self.directory / f"{number:08d}-merged.idx")
            if self._background:
                self._merge.begin()
        return self._index

    def merge(self) -> None:
        """End the merge that is due, if there is one; the next state takes it up."""
        if self._merge is None:
            return
        if self._background:
            self._merge.end()
        elif not self._merge.written:
            self._merge.write()

    def close(self) -> None:
        """Follow, and take up the merge under way: short runs would else never merge."""
        self.follow()
        if self._merge is not None and self._background:
            self._merge.end()
            if self._merge.written:
                self._publish(None, list(self._index.parts))
        if self._merge is not None:
            self._merge.end()
            self._merge = None
        self._close_words()

    def _close_words(self) -> None:
        if self._words is not None:
            self._words.close()
            self._words = None

    def _sweep(self) -> None:
        """Remove files of older states; a reader that has one open keeps it."""
        kept = {*self._state.segments, self._state.dead}
        if self._merge is not None:
            kept |= {self._merge.file.name, self._merge.file.with_suffix(".tmp").name}
        for file in (
            *self.directory.glob("*.idx"),
            *self.directory.glob("*.dead"),
            *self.directory.glob("*.tmp"),
        ):
            if file.name not in kept:
                file.unlink(missing_ok=True)

    def copy_to(self, directory: Path) -> None:
        """Give a snapshot its index: hard links to the files, which never change."""
        self.follow()
        directory.mkdir(parents=True)
        for name in (*self._state.segments, self._state.dead, "current.json"):
            if name:
                _link(self.directory / name, directory / name)
        words = self.directory / "words.sqlite"
        (directory / "words.sqlite").symlink_to(words.resolve())


def _odd(thing: str) -> bool:
    return not thing or any(character in thing for character in '<>" \t\0')


def _link(source: Path, target: Path) -> None:
    try:
        target.hardlink_to(source)
    except OSError:  # a file system without hard links
        shutil.copy2(source, target)


def _known_among(held: Sequence[Texts], things: set[str]) -> set[str]:
    """Those of some things that sorted lists of names hold."""
    found: set[str] = set()
    for names in held:
        if len(things) * STEPS > len(names):
            asked = pa.array(things, pa.large_string())
            found.update(asked.filter(pc.is_in(asked, value_set=names.arrow())).to_pylist())
        else:
            found.update(thing for thing in things if names.find(thing) >= 0)
    return found


def _without(part: Part, things: frozenset[str]) -> Part:
    found = [row for row in map(part.segment.things.find, things) if row >= 0]
    if not found:
        return part
    dead = distinct(np.concatenate((part.dead, np.array(found, np.int32))))
    return Part(part.name, part.segment, dead)


def _to_merge(parts: list[Part]) -> list[Part]:
    """Choose what is merged: the small ones, and each larger one that is not larger than
    they are together, so that a row is written again about log(rows) times."""
    taken: list[Part] = []
    size = 0
    for part in sorted(parts, key=lambda part: part.living):
        if len(taken) >= 2 and part.living > 2 * size:
            break
        taken.append(part)
        size += part.living
    return taken


def _all_names(
    store: Store, graphs: Sequence[str | None], block: Block
) -> Iterator[tuple[str, str]]:
    """All names with their things; of properties that the block has, from there."""
    for predicate in NAMING:
        keywords = block.keywords.get(predicate)
        if keywords is not None:
            things, terms = block.things.arrow(), keywords.terms.arrow()
            for start in range(0, len(keywords.rows), NAMES_AT_ONCE):
                part = slice(start, start + NAMES_AT_ONCE)
                yield from _plain_names(
                    things.take(pa.array(keywords.rows[part])),
                    terms.take(pa.array(keywords.codes[part])),
                )
            continue
        for pairs in Stored(store, graphs).pairs(predicate):
            iris = pc.utf8_slice_codeunits(pairs.subjects, 1, -1)
            yield from _plain_names(iris, pairs.objects)


def _plain_names(
    things: pa.LargeStringArray, values: pa.LargeStringArray
) -> Iterator[tuple[str, str]]:
    for thing, value in zip(things.to_pylist(), values.to_pylist(), strict=True):
        plain = value[1:-1]
        if value[0] == value[-1] == '"' and "\\" not in plain:
            yield thing, plain
        elif (literal := literal_of(value)) is not None:
            yield thing, literal.value
