"""The whole flow: find documents, read and map them, validate, commit in batches."""

from __future__ import annotations

import signal
import threading
import time
import uuid
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

from dafab_kg.ingest.commit import Committer
from dafab_kg.ingest.prepare import (
    Passed,
    Prepared,
    Preparer,
    Rejected,
    Result,
    Work,
    held_files,
    not_recognised,
    now,
    quarantine_id,
    rejected,
)
from dafab_kg.ingest.report import LoadReport, Outcome, Progress
from dafab_kg.ingest.sending import NOT_SENT, Sent
from dafab_kg.ingest.workers import prepare_in_processes
from dafab_kg.loaders.registry import plan
from dafab_kg.loaders.trees import open_trees
from dafab_kg.model.documents import Entry, Refused
from dafab_kg.model.errors import DocumentRejected, NotUnique, ShapeViolated
from dafab_kg.model.records import Load
from dafab_kg.model.settings import Settings
from dafab_kg.model.version import __version__
from dafab_kg.store.documents import StoredDocument
from dafab_kg.validation import Validator


@dataclass(frozen=True)
class Options:
    """How to load.

    ``strict``: stop at the first rejection, before its batch is committed.  ``sent`` tells of
    files that lie where they are for a moment only.
    """

    strict: bool = False
    jobs: int = 1
    progress: Callable[[Progress], None] | None = None
    sent: Sent = NOT_SENT


@dataclass
class _Run:
    """State of one load."""

    settings: Settings
    committer: Committer
    validator: Validator | None
    options: Options
    load_id: str
    preparer: Preparer
    outcomes: list[Outcome] = field(default_factory=list)
    counts: Counter[str] = field(default_factory=Counter)
    prepared: dict[str, Prepared] = field(default_factory=dict)
    rejected: dict[str, Rejected] = field(default_factory=dict)
    seen: dict[str, tuple[str, str]] = field(default_factory=dict)
    families: set[str] = field(default_factory=set)
    unchanged: list[tuple[str, str]] = field(default_factory=list)
    """Document and origin of what was loaded before."""
    size: int = 0
    held: dict[int, int] = field(default_factory=dict)
    """Sizes of the files that the batch holds in memory, each once."""
    begun: bool = False

    def add(self, outcome: Outcome) -> None:
        """Record what became of one document."""
        self.outcomes.append(outcome)
        self.counts[outcome.status] += 1


def ingest(
    paths: Sequence[Path],
    committer: Committer,
    settings: Settings,
    *,
    validator: Validator | None,
    options: Options | None = None,
) -> LoadReport:
    """Load everything found in ``paths``.

    Documents that were loaded before and have not changed are skipped, so an
    interrupted load is resumed by running it again.  A rejected document goes to
    quarantine and holds nothing else up.  ``validator`` None loads without
    validation.

    Raises:
        FileNotUsable: a path does not exist.
    """
    run = _start(committer, settings, validator, options)
    named = {str(path) for path in paths if path.is_file()}
    return _drive(run, _work(paths, run.preparer, settings), named, whole=True)


def ingest_documents(
    work: Iterable[Work],
    committer: Committer,
    settings: Settings,
    *,
    validator: Validator | None,
    options: Options | None = None,
) -> LoadReport:
    """Load documents that are at hand already (from quarantine)."""
    return _drive(_start(committer, settings, validator, options), iter(work), set())


def _start(
    committer: Committer, settings: Settings, validator: Validator | None, options: Options | None
) -> _Run:
    load_id = uuid.uuid4().hex
    options = options or Options()
    preparer = Preparer(settings, load_id, committer.documents, options.sent)
    return _Run(settings, committer, validator, options, load_id, preparer)


def _drive(run: _Run, work: Iterator[Work], named: set[str], *, whole: bool = False) -> LoadReport:
    """Take all work; ``whole``: data sets are given whole, not some of their parts."""
    started, began = now(), time.monotonic()
    mended = run.committer.mended
    interrupted = False
    try:
        for result in _results(run, work):
            _take(run, result, named)
            if _is_full(run):
                _commit(run)
            if run.options.strict and run.counts["rejected"]:
                break
        _commit(run)
        if whole:
            _remove_left_out(run)
        _dismiss(run)
    except KeyboardInterrupt:
        interrupted = True  # what was committed stays; the same load again does the rest
    _tell(run, "")
    return LoadReport(
        tuple(run.outcomes),
        time.monotonic() - began,
        interrupted,
        load_id=run.load_id,
        started=started,
        agent=run.settings.agent,
        mended=run.committer.mended - mended,
    )


def _is_full(run: _Run) -> bool:
    most = run.settings.batch_documents
    return (
        len(run.prepared) >= most
        or len(run.rejected) >= most
        or run.size + sum(run.held.values()) >= run.settings.batch_bytes
    )


def _work(paths: Sequence[Path], preparer: Preparer, settings: Settings) -> Iterator[Work]:
    for tree in open_trees(paths, settings):
        if isinstance(tree, Refused):
            yield tree
        else:
            yield from plan(tree, preparer.finders)


def _results(run: _Run, work: Iterator[Work]) -> Iterator[Result]:
    if run.options.jobs > 1:
        directory = run.committer.documents.directory
        yield from prepare_in_processes(
            work, run.settings, run.load_id, directory, run.options.jobs, run.options.sent
        )
    else:
        for piece in work:
            yield from run.preparer.prepare(piece)


def _take(run: _Run, result: Result, named: set[str]) -> None:
    """Put one result where it belongs."""
    match result:
        case Passed(unchanged=True) | Prepared() if _is_second(run, result):
            _take_second(run, result)
        case Passed(unchanged=True):
            run.unchanged.append((result.document_id, result.origin))
            run.add(Outcome(result.document_id, result.kind, result.origin, "unchanged"))
        case Passed() if result.origin in named:
            _reject(run, not_recognised(_entry_of(result.origin), run.options.sent))
        case Passed():
            run.add(Outcome("", "", run.options.sent.named(result.origin), "unrecognised"))
        case Rejected():
            _reject(run, result)
        case Prepared():
            run.prepared[result.entry.document_id] = result
            run.size += len(result.nquads)
            run.held.update(held_files(result.document))
    _tell(run, result.origin if isinstance(result, Passed) else result.entry.origin)


def _is_second(run: _Run, result: Passed | Prepared) -> bool:
    """Tell whether this load has met the document before, and remember that it has now."""
    entry = result if isinstance(result, Passed) else result.entry
    met = entry.document_id in run.seen
    if entry.family:
        run.families.add(entry.family)
    run.seen.setdefault(entry.document_id, (entry.content_hash, entry.origin))
    return met


def _take_second(run: _Run, result: Passed | Prepared) -> None:
    """A document for the second time in one load: the same, or another that claims its name.

    Which of two contents is the right one cannot be told, and taking the later one
    would make every load of both exchange them: the first stays.
    """
    entry = result if isinstance(result, Passed) else result.entry
    content_hash, origin = run.seen[entry.document_id]
    if entry.content_hash == content_hash:
        run.add(Outcome(entry.document_id, entry.kind, entry.origin, "unchanged"))
        return
    error = NotUnique(
        f"{origin}, in the same load, is the same document with other content",
        where=entry.origin,
        remedy="Keep one of the two, or load the right one by itself afterwards"
        + ("; --dataset gives it a name of its own" if entry.family else ""),
    )
    if isinstance(result, Prepared):
        _reject(run, rejected(result.document, error))
        return
    run.add(Outcome(entry.document_id, entry.kind, entry.origin, "rejected", 0, str(error)))


def _reject(run: _Run, item: Rejected) -> None:
    entry = replace(item.entry, load_id=run.load_id)
    item = replace(item, entry=entry)
    run.rejected[entry.document_id] = item
    run.size += sum(len(data) for data in item.files.values() if isinstance(data, bytes))
    error = DocumentRejected(entry.message, where=entry.where, remedy=entry.remedy)
    run.add(
        Outcome(
            entry.document_id, entry.kind, entry.origin, "rejected", 0, str(error), (), entry.report
        )
    )


def _commit(run: _Run) -> None:
    """Validate the batch, then commit what conforms and quarantine what does not.

    Strict: with anything rejected, nothing else of the batch is committed.
    """
    if run.options.strict and run.rejected:
        run.prepared.clear()
    if run.validator is not None and run.prepared:
        for document_id, report in run.validator.check(
            {key: item.nquads for key, item in run.prepared.items()}
        ).items():
            document = run.prepared.pop(document_id).document
            error = ShapeViolated(
                report.summary,
                where=document.origin,
                remedy=f"dafab-kg quarantine show {quarantine_id(document)} tells each violation",
                report=report.turtle,
            )
            _reject(run, rejected(document, error))
        if run.options.strict and run.rejected:
            run.prepared.clear()
    known = {key: run.committer.documents.get(key) is not None for key in run.prepared}
    with _uninterrupted():
        _begin_load(run)
        entries = run.committer.commit(run.prepared.values(), run.rejected.values())
    for entry in entries:
        run.add(_outcome(entry, replaced=known[entry.document_id]))
    run.prepared.clear()
    run.rejected.clear()
    run.held.clear()
    run.size = 0


def _dismiss(run: _Run) -> None:
    """Dismiss what earlier loads rejected of files that are as they were loaded before."""
    if run.unchanged:
        run.committer.dismiss(run.unchanged, run.load_id)


def _remove_left_out(run: _Run) -> None:
    """Delete what an earlier load had cut from a data set, and the data set no longer holds.

    Where anything of the load was rejected it cannot be known what the data set
    holds, and nothing is deleted.
    """
    if not run.families or run.counts["rejected"]:
        return
    gone = [
        entry
        for entry in run.committer.documents.all()
        if entry.family in run.families and entry.document_id not in run.seen
    ]
    if gone:
        with _uninterrupted():
            run.committer.commit((), (), gone)
    for entry in gone:
        run.add(Outcome(entry.document_id, entry.kind, entry.origin, "removed"))


def _outcome(entry: StoredDocument, *, replaced: bool) -> Outcome:
    status = "replaced" if replaced else "loaded"
    return Outcome(
        entry.document_id,
        entry.kind,
        entry.origin,
        status,  # type: ignore[arg-type]
        entry.triples,
        "",
        entry.warnings,
    )


def _begin_load(run: _Run) -> None:
    """Say once who loads, and when, in a graph of its own; a load of nothing leaves no trace."""
    if run.begun or not run.prepared:
        return
    run.begun = True
    state_load(run.committer, run.preparer)


def state_load(committer: Committer, preparer: Preparer) -> None:
    """State who loads, and when, in a graph of its own."""
    committer.state(load_stated(preparer))


def load_stated(preparer: Preparer) -> str:
    """Return as N-Quads who loads, and when."""
    settings, load_id = preparer.settings, preparer.load_id
    graph = settings.names.make("load_graph", load_id=load_id)
    record = Load(
        load_id=load_id,
        load_graph=graph,
        started=now(),
        software_version=__version__,
        agent=settings.agent or None,
    )
    nquads = preparer.mapping.map([record], document_id=load_id)
    return nquads + nquads.replace(f" <{graph}> .\n", " .\n")


def _tell(run: _Run, current: str) -> None:
    if run.options.progress is None:
        return
    waiting = len(run.prepared)
    run.options.progress(
        Progress(
            done=len(run.outcomes) + waiting,
            total=None,
            loaded=run.counts["loaded"] + run.counts["replaced"] + waiting,
            unchanged=run.counts["unchanged"],
            rejected=run.counts["rejected"],
            current=current,
        )
    )


def _entry_of(origin: str) -> Entry:
    path = Path(origin)
    return Entry(path.name, origin, path.stat().st_size, b"", path.read_bytes)


@contextmanager
def _uninterrupted() -> Iterator[None]:
    """Hold Ctrl-C back until a commit is over, then raise it."""
    if threading.current_thread() is not threading.main_thread():
        yield  # only the main thread is interrupted
        return
    came: list[int] = []
    previous = signal.signal(signal.SIGINT, lambda number, _frame: came.append(number))
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, previous)
    if came:
        raise KeyboardInterrupt
