"""Reading and mapping in several processes, in order, with a bounded number in flight."""

from __future__ import annotations

import multiprocessing
import signal
from collections import deque
from collections.abc import Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from pathlib import Path

from dafab_kg.ingest.prepare import Preparer, Result, Work
from dafab_kg.ingest.sending import Sent
from dafab_kg.model.documents import Entry
from dafab_kg.model.errors import DafabError
from dafab_kg.model.settings import Settings
from dafab_kg.store.documents import Documents

CHUNK = 16  # pieces of work sent to a process at once
CHUNK_BYTES = 1 << 20  # of files, from which no more pieces are taken
AHEAD = 3  # chunks in flight for each process

_preparer: Preparer  # one in each worker process, made when it starts


def prepare_in_processes(
    work: Iterator[Work],
    settings: Settings,
    load_id: str,
    documents: Path,
    jobs: int,
    sent: Sent,
) -> Iterator[Result]:
    """Prepare ``work`` in ``jobs`` processes; results come in the order of the work."""
    context = multiprocessing.get_context("spawn")  # a fork would copy the store's threads' locks
    with ProcessPoolExecutor(
        jobs,
        mp_context=context,
        initializer=_start,
        initargs=(settings, load_id, documents, sent),
    ) as pool:
        flying: deque[Future[list[Result]]] = deque()
        try:
            for chunk in chunks(work):
                with _deaf():
                    flying.append(pool.submit(_prepare, chunk))
                if len(flying) >= AHEAD * jobs:
                    yield from flying.popleft().result()
            while flying:
                yield from flying.popleft().result()
        except BrokenProcessPool as error:
            raise DafabError(
                "A process that read documents died, perhaps for lack of memory. What was "
                "committed stays; run the same load again with fewer jobs"
            ) from error
        finally:
            pool.shutdown(wait=True, cancel_futures=True)


def chunks(work: Iterator[Work]) -> Iterator[list[Work]]:
    """Pieces of work in lists of at most :data:`CHUNK`, of few files where these are large, as
    all that is made of those in flight is in memory."""
    chunk: list[Work] = []
    size = 0
    for piece in work:
        chunk.append(piece)
        entries = (piece,) if isinstance(piece, Entry) else piece.entries
        size += sum(entry.size for entry in entries)
        if len(chunk) >= CHUNK or size >= CHUNK_BYTES:
            yield chunk
            chunk, size = [], 0
    if chunk:
        yield chunk


@contextmanager
def _deaf() -> Iterator[None]:
    """Block Ctrl-C while processes start, which inherit that: it is the parent's to handle."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _start(settings: Settings, load_id: str, documents: Path, sent: Sent) -> None:
    global _preparer
    _preparer = Preparer(settings, load_id, Documents(documents, read_only=True), sent)


def _prepare(chunk: list[Work]) -> list[Result]:
    return [result for piece in chunk for result in _preparer.prepare(piece)]
