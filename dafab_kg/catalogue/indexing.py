"""The search index of an open catalogue: kept by its writer, opened by its readers."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dafab_kg.ingest.doctor import Finding
from dafab_kg.model.errors import IndexNotUsable, StoreNotUsable
from dafab_kg.store.protocol import Store

if TYPE_CHECKING:
    from dafab_kg.spatial.index.index import SearchIndex
    from dafab_kg.spatial.index.keeper import Keeper

MOST_FINDINGS = 100
REMEDY = "dafab-kg index rebuild"
OFF = "the setting index is off"
CHANGED = "the graph was changed since it was opened"


def index_mark(directory: Path) -> bytes:
    """What the index reflects at this moment; b"" while it is behind, or where there is none."""
    try:
        mark = (directory / "current.json").read_bytes()
        return b"" if (directory / "touched").exists() else mark
    except OSError:
        return b""


class Indexing:
    """The index in ``directory``; ``before`` is its mark from before the graph was opened.

    A reader beside a writer may use it only if the graph that it opened is the one that
    the index reflects: the marks from before and after the opening are the same.
    """

    def __init__(
        self,
        store: Store,
        directory: Path,
        inferred: str,
        read_only: bool,
        wanted: bool,
        before: bytes,
        *,
        verify: bool = True,
        live: bool = False,
    ) -> None:
        """``verify``: a reader compares checksums; the writer that published has done so.

        ``live``: a reader's graph changes with each commit of the writer.
        """
        self.live = live and read_only
        self._verify = verify
        self._store, self._directory = store, directory
        self._graphs = (None, inferred)
        self._keeper: Keeper | None = None
        self._index: SearchIndex | None = None
        self._reason = OFF
        self._mark = b""
        """What the index must reflect to be opened by a reader, which waits until it is asked."""
        if read_only:
            if wanted:
                self._mark = before if index_mark(directory) == before else b""
                self._reason = "there is none, it is behind the graph, or it changed meanwhile"
            return
        if not wanted:
            # changes would not be followed
            shutil.rmtree(directory, ignore_errors=True)
            return
        from dafab_kg.spatial.index.keeper import Keeper

        self._keeper = Keeper(store, directory, self._graphs)
        store.observe(self._keeper, inferred)

    def _open(self) -> SearchIndex | None:
        from dafab_kg.spatial.index.keeper import open_index

        try:
            index = open_index(self._directory, verify=self._verify)
            if index_mark(self._directory) != self._mark:
                raise IndexNotUsable(CHANGED)
        except IndexNotUsable as error:
            # the files that it was opened for may be gone, or be others, by now
            changed = index_mark(self._directory) != self._mark
            self._reason = CHANGED if changed else str(error)
            return None
        return index

    def lookup(self) -> SearchIndex | None:
        """The index for what the graph holds now, None where it cannot be used."""
        if self._keeper is not None:
            return self._keeper.follow()
        if self.live and self._mark != (mark := index_mark(self._directory)):
            self._mark, self._index = mark, None
            self._reason = "it is behind the graph, which is changing"
        if self._mark and self._index is None:
            self._index = self._open()
            self._mark = self._mark if self._index is not None else b""
        return self._index

    def still(self) -> bool:
        """Whether the graph is what it was at the last :meth:`lookup`, if others change it."""
        return not self.live or (bool(self._mark) and index_mark(self._directory) == self._mark)

    def rebuild(self, tell: Callable[[str], None] | None = None) -> None:
        """Make it anew.

        Raises:
            StoreNotUsable: this catalogue keeps none.
        """
        if self._keeper is None:
            raise StoreNotUsable("This catalogue keeps no search index: set DAFAB_INDEX=true")
        self._keeper.rebuild(tell)

    def follow(self) -> None:
        """Bring it in step with the graph, if this catalogue keeps one and writes."""
        if self._keeper is not None:
            self._keeper.follow()

    def copy_to(self, directory: Path) -> None:
        """Give a snapshot of the graph, just made, its index."""
        if self._keeper is not None:
            self._keeper.copy_to(directory)

    def status(self) -> dict[str, Any]:
        """Rows, files, commit; ``usable`` and else the reason."""
        index = self.lookup()
        if index is None:
            return {"usable": False, "reason": self._reason}
        return {
            "usable": True,
            "commit": index.commit,
            "rows": len(index),
            "properties": len(index.schema.properties),
            "segments": [
                {
                    "file": part.name,
                    "rows": part.living,
                    "out_of_date": len(part.dead),
                    "bytes": part.segment.bytes,
                }
                for part in index.parts
            ],
        }

    def examine(self, tell: Callable[[str], None] | None = None) -> Iterator[Finding]:
        """Compare it with the graph, row by row."""
        index = self.lookup()
        if index is None:
            if self._reason not in (OFF, CHANGED):
                yield Finding("warning", "the search index is not usable", self._reason, REMEDY)
            return
        from dafab_kg.spatial.index.compare import differences

        if tell is not None:
            tell("search index")
        for number, (iri, what) in enumerate(differences(self._store, index, self._graphs)):
            if number == MOST_FINDINGS:
                yield Finding("error", "more rows of the search index differ", "index", REMEDY)
                return
            yield Finding("error", f"a row of the search index {what}", iri, REMEDY)

    def close(self) -> None:
        """Bring it up to date before the graph is closed."""
        if self._keeper is not None:
            self._keeper.close()
