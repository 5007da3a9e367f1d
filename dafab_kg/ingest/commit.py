"""Committing a batch so that a crash at any moment leaves the old or the new.

Order (docs/decisions/commit.md):

1. what is to change in the graph is computed and written to a journal file;
2. one LMDB transaction keeps the documents and names the batch in the journal;
3. the graph changes: replaced and deleted documents in one transaction, new
   ones by bulk load;
4. where documents differ one value is chosen, and what follows from the batch
   is derived, then inferred by the rules of the ontology;
5. one LMDB transaction records the documents as loaded;
6. the graph is flushed, then the journal is cleared.

After a crash between 2 and 6, :meth:`Committer.recover` does 3 to 6 again from
the journal file.  Each of these steps can be repeated without harm.

The engine takes long to write its files, and it is the journal that makes a batch
durable until they are written.  Where the caller has more to do beside (``overlapping``),
a thread does 6, and :meth:`Committer.settle` waits for it.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path

import orjson

from dafab_kg.ingest.agreement import Agreement
from dafab_kg.ingest.derivations import derive_all, derive_anew
from dafab_kg.ingest.prepare import Prepared, Rejected, is_written
from dafab_kg.ingest.wording import words_in
from dafab_kg.model.errors import StoreNotUsable
from dafab_kg.model.names import Names
from dafab_kg.reasoning.reasoner import Reasoner
from dafab_kg.reasoning.watching import Watch
from dafab_kg.store.documents import (
    Documents,
    Kept,
    Pending,
    StoredDocument,
    digest_of,
    element_of,
    files_of,
)
from dafab_kg.store.nquads import GraphText, canonical, in_graph
from dafab_kg.store.protocol import Change, Store
from dafab_kg.store.replacement import plan_replacement

BULK_FROM = 2 * 1024 * 1024  # bytes of N-Quads; below, one transaction is faster


class _Unwatched:
    """Stands for a watch where nothing is inferred beside the change."""

    def change(self, change: Change) -> None:
        """Take no note."""

    def addition(self, nquads: str) -> None:
        """Take no note."""


@dataclass(frozen=True)
class Journal:
    """What a batch does to the graph.

    ``bulk`` are N-Quads of new documents in their own graphs, ``merged`` the same statements
    as they come to the default graph, beside those of other graphs that came with them.
    ``shared`` are things that other documents describe too.
    """

    change: Change
    bulk: str = ""
    merged: str = ""
    shared: tuple[str, ...] = ()

    def write(self, file: Path) -> None:
        """Write durably: the file is whole under its name, or absent."""
        temporary = file.with_suffix(".tmp")
        with temporary.open("wb") as out:
            out.write(
                orjson.dumps(
                    {
                        "removed": self.change.removed,
                        "added": self.change.added,
                        "dropped": self.change.dropped,
                        "bulk": self.bulk,
                        "merged": self.merged,
                        "shared": self.shared,
                    }
                )
            )
            out.flush()
            os.fsync(out.fileno())
        temporary.replace(file)

    @classmethod
    def read(cls, file: Path) -> Journal:
        """Read a journal file."""
        value = orjson.loads(file.read_bytes())
        change = Change(tuple(value["removed"]), value["added"], tuple(value["dropped"]))
        bulk, merged = value["bulk"], value.get("merged")
        if merged is None:  # a file of an older version, where one text holds both
            bulk, merged = "", bulk
        return cls(change, bulk, merged, tuple(value["shared"]))


class Committer:
    """Owns the order in which documents, graph and journal are written.

    ``reasoning`` False infers nothing; the reasoner is told that it lags behind.
    ``changes`` counts what was changed in the graph since it was opened, ``mended`` the
    rejected documents that left quarantine as good ones came.
    ``committed``, if set, is called after each commit, when all is durable.
    ``overlapping``: a commit returns while the engine writes its files still.
    """

    def __init__(
        self,
        store: Store,
        documents: Documents,
        directory: Path,
        names: Names,
        ranking: Sequence[str] = (),
        *,
        reasoner: Reasoner | None = None,
        reasoning: bool = True,
    ) -> None:
        self.agreement = Agreement(store, names, ranking)
        self.reasoner = reasoner or Reasoner(store, names)
        self._reasoning = reasoning
        self.store = store
        self.documents = documents
        self.names = names
        self._directory = directory
        directory.mkdir(parents=True, exist_ok=True)
        self._sequence = max((p.sequence for p in documents.pending()), default=0)
        self.changes = 0
        self.mended = 0
        self.committed: Callable[[], None] | None = None
        self.overlapping = False
        self._begun = False
        """Whether a commit began and did not end, as where a server broke off."""
        self._unsettled: Pending | None = None
        self._settling: threading.Thread | None = None

    def recover(self) -> int:
        """End the commits that a crash cut short; return how many there were."""
        pending = self.documents.pending()
        for batch in pending:
            file = self._file(batch.sequence)
            try:
                # how far inference was before the crash is not known
                self.reasoner.mark_interrupted()
                self._apply(batch, Journal.read(file), _Unwatched())
            except (OSError, SyntaxError, ValueError) as error:
                raise StoreNotUsable(
                    f"The commit that {file} describes cannot be ended: {error}. "
                    "Free disk space if it is full; else restore the last dump"
                ) from error
        for left in self._directory.iterdir():
            left.unlink()  # journal files that no entry names were never begun
        if self._reasoning and self.reasoner.interrupted:
            self.reasoner.ensure()
        return len(pending)

    def rederive(self) -> None:
        """Choose among documents anew, and derive what follows: after the settings changed."""
        with self._following() as watch:
            self._change(self.agreement.settle(self.agreement.everything()), watch)
            for change in derive_anew(self.store, self.names):
                self._change(change, watch)
        self.store.flush()

    def state(self, nquads: str) -> None:
        """Add statements that no document makes (who loads), and what follows from them."""
        with self._following() as watch:
            self._change(Change(added=nquads), watch)

    def commit(
        self,
        prepared: Iterable[Prepared],
        rejected: Iterable[Rejected] = (),
        deleted: Iterable[StoredDocument] = (),
        stated: str = "",
    ) -> tuple[StoredDocument, ...]:
        """Commit a batch; return the entries of its documents as stored.

        ``stated`` are N-Quads that come with it and that no document makes (who loads).
        """
        self.settle()
        if self._begun:
            self.recover()
        prepared, rejected, deleted = list(prepared), list(rejected), list(deleted)
        files: Kept = {}
        for refusal in rejected:
            files.update(refusal.files)
        quarantined = tuple(refusal.entry for refusal in rejected)
        if not prepared and not deleted:
            self.documents.begin(None, files, quarantined)
            if rejected:
                self._tell()
            return ()
        for item in prepared:
            files.update(files_of(item.document)[1])
        journal, entries, named = self._plan(prepared, deleted)
        files.update(named)
        journal = replace(journal, merged=journal.merged + stated)
        self._sequence += 1
        batch = Pending(self._sequence, entries, tuple(entry.document_id for entry in deleted))
        journal.write(self._file(batch.sequence))
        self._begun = True
        self.documents.begin(batch, files, quarantined)
        with self._following() as watch:
            self._change_graph(journal, watch)
        self._finish(batch)
        self._tell()
        return entries

    def dismiss(self, arrived: Iterable[tuple[str, str]], load_id: str) -> None:
        """Take from quarantine what earlier loads rejected of files that are good now.

        ``arrived`` are documents, by id and origin, that are loaded already.
        """
        count = self.documents.dismiss(arrived, load_id)
        self.mended += count
        if count:
            self._tell()

    def discard(self, identifiers: Iterable[str]) -> tuple[str, ...]:
        """Take rejected documents out of quarantine; return those that were there."""
        gone = tuple(one for one in identifiers if self.documents.forget_rejected(one))
        if gone:
            self._tell()
        return gone

    def _tell(self) -> None:
        if self.committed is not None:
            self.committed()

    def settle(self) -> None:
        """Wait until the graph is durable as the last commit left it.

        Raises:
            OSError: the engine cannot write; the journal ends the commit at the next opening.
        """
        if self._settling is not None:
            self._settling.join()
            self._settling = None
        if self._unsettled is not None:  # no thread did it, or it failed: again, and say why
            self._clear(self._unsettled)

    def _finish(self, batch: Pending) -> None:
        self.mended += self.documents.record(batch, words_in(self.documents, batch.documents))
        self._begun = False
        self._unsettled = batch
        if self.overlapping:
            self._settling = threading.Thread(target=self._clear_quietly, args=(batch,))
            self._settling.start()
        else:
            self.settle()

    def _clear_quietly(self, batch: Pending) -> None:
        with suppress(Exception):
            self._clear(batch)

    def _clear(self, batch: Pending) -> None:
        self.store.flush()
        self.documents.strike(batch)
        self._file(batch.sequence).unlink(missing_ok=True)
        self._unsettled = None

    def _apply(self, batch: Pending, journal: Journal, watch: Watch | _Unwatched) -> None:
        self._change_graph(journal, watch)
        self._finish(batch)

    def _change_graph(self, journal: Journal, watch: Watch | _Unwatched) -> None:
        """Do what the journal says, then settle and derive what follows from it."""
        self._change(journal.change, watch)
        if len(journal.bulk) + len(journal.merged) >= BULK_FROM:
            watch.addition(journal.merged)
            self.store.bulk_load(journal.merged, unobserved=journal.bulk)
        elif journal.bulk or journal.merged:
            self._change(Change(added=journal.bulk + journal.merged), watch)
        self._change(self.agreement.settle(journal.shared), watch)
        text = journal.merged + journal.change.added + "".join(journal.change.removed)
        for change in derive_all(self.store, self.names, text):
            self._change(change, watch)

    def _change(self, change: Change, watch: Watch | _Unwatched) -> None:
        watch.change(change)
        self.store.apply(change)
        self.changes += 1

    @contextmanager
    def _following(self) -> Iterator[Watch | _Unwatched]:
        if self._reasoning:
            with self.reasoner.following() as watch:
                yield watch
        else:
            self.reasoner.mark_stale()
            yield _Unwatched()

    def _plan(
        self, prepared: list[Prepared], deleted: list[StoredDocument]
    ) -> tuple[Journal, tuple[StoredDocument, ...], dict[str, bytes]]:
        bulk: list[str] = []
        merged: list[str] = []
        entries: list[StoredDocument] = []
        contents: dict[str, GraphText] = {}
        new: list[tuple[str, str]] = []
        stated: dict[str, bytes] = {}
        for item in prepared:
            graph = self.names.make("graph", document_id=item.entry.document_id)
            old = self.documents.get(item.entry.document_id)
            plain = item.document.kind != "rdf" and old is None
            if plain:
                # A new document that our mapping made: its lines need no comparison.
                own = item.nquads.replace(f" <{graph}> .\n", " .\n")
                bulk.append(item.nquads)
                merged.append(own)
                new.append((graph, item.nquads))
                entry = replace(item.entry, triples=len(set(own.split("\n")[:-1])))
            else:
                text = canonical(item.nquads, graph, apart=is_written(item.document))
                contents[graph] = text
                entry = replace(item.entry, triples=len(text.triples))
                if text.named:
                    data = "".join(in_graph(line, name) for name, line in sorted(text.named))
                    digest = digest_of(data.encode())
                    stated[digest] = data.encode()
                    entry = replace(
                        entry,
                        named_graphs=tuple(sorted({name for name, _ in text.named})),
                        named_statements=digest,
                    )
            element = element_of(item.document)
            if element is not None:
                entry = replace(entry, element=digest_of(element))
                stated[entry.element] = element
            entries.append(entry)
        for entry in deleted:
            contents[self.names.make("graph", document_id=entry.document_id)] = GraphText(
                frozenset()
            )
        leaving = self._leaving(entries, deleted)
        change = plan_replacement(self.store, contents, new, leaving)
        shared = self.agreement.shared(text for _, text in new)
        shared |= self.agreement.subjects_in("".join((change.added, *change.removed)))
        journal = Journal(change, "".join(bulk), "".join(merged), tuple(sorted(shared)))
        return journal, tuple(entries), stated

    def _leaving(
        self, entries: list[StoredDocument], deleted: list[StoredDocument]
    ) -> frozenset[tuple[str, str]]:
        """What the documents had put in named graphs of their own, and no other document has."""
        olds = [self.documents.get(entry.document_id) for entry in entries]
        named = [old for old in (*olds, *deleted) if old is not None and old.named_graphs]
        if not named:
            return frozenset()
        ours = {old.document_id for old in named}
        graphs = {graph for old in named for graph in old.named_graphs}
        leaving = {pair for old in named for pair in self._named_statements(old)}
        others = {other.document_id: other for g in graphs for other in self.documents.naming(g)}
        for other in others.values():
            if other.document_id not in ours:
                leaving.difference_update(self._named_statements(other))
        return frozenset(leaving)

    def _named_statements(self, entry: StoredDocument) -> frozenset[tuple[str, str]]:
        return canonical(self.documents.file(entry.named_statements).decode()).named

    def _file(self, sequence: int) -> Path:
        return self._directory / f"{sequence:08d}.json"
