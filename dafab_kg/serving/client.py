"""A catalogue that is served by other processes, as the web faces and commands use it."""

from __future__ import annotations

import os
import pickle
import secrets
import select
import socket
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import IO, Any, cast

import orjson

from dafab_kg.model.closing import Closing
from dafab_kg.model.errors import (
    ClientGone,
    DafabError,
    DeadlinePassed,
    MemoryExceeded,
    QueryFailed,
    QueueFull,
    WorkerLost,
    WriterLost,
)
from dafab_kg.model.settings import Settings
from dafab_kg.python.things import Counted
from dafab_kg.serving.calls import READS, WRITES
from dafab_kg.serving.control import ask
from dafab_kg.serving.frames import (
    CALL,
    DATA,
    END,
    ERROR,
    HEAD,
    TAKEN,
    TOLD,
    VALUE,
    Call,
    Receiver,
    Wanted,
    frame,
)
from dafab_kg.serving.places import Places
from dafab_kg.serving.terms import FORMATS, kind_named, read_rows, read_truth
from dafab_kg.store.answers import Kind
from dafab_kg.store.protocol import Answer, Blank, Iri, Literal, Term
from dafab_kg.store.snapshots import Shelf
from dafab_kg.store.solutions import PlainSolutions

PIECE = 256 * 1024
LOOK_SECONDS = 0.02
"""How often a file that still grows is looked at."""
MARGIN_SECONDS = 5.0
_GONE = getattr(select, "POLLRDHUP", 0) | select.POLLHUP | select.POLLERR


def _nobody() -> socket.socket | None:
    return None


class Reply:
    """The reply to a call, as it comes."""

    def __init__(
        self,
        connection: socket.socket,
        call: Call,
        served: ServedCatalogue,
        client: socket.socket | None,
        *,
        writing: bool,
    ) -> None:
        self._connection = connection
        self._receiver = Receiver(connection)
        self._call = call
        self._served = served
        self._writing = writing
        self._taken = False
        self._client = client if client is not None and client.fileno() >= 0 else None
        self._poll = select.poll()
        self._poll.register(connection, select.POLLIN)
        if self._client is not None and not writing and hasattr(select, "POLLRDHUP"):
            self._poll.register(self._client, select.POLLRDHUP)
        self._until = call.expires + (0 if writing else call.seconds + MARGIN_SECONDS)

    def next(self, seconds: float | None = None) -> tuple[bytes, bytes] | None:
        """Return the next frame; None if none comes within ``seconds``.

        Raises:
            DafabError: the reply is an error, or will never come.
        """
        while (found := self._receiver.take()) is None:
            if not self._wait(seconds):
                return None
            try:
                ended = not self._receiver.read()
            except ConnectionError:
                ended = True
            if ended:
                raise self._served.why_ended(self._call, writing=self._writing)
        if found[0] == TAKEN:
            self._taken = True
            return self.next(seconds)
        if found[0] == ERROR:
            raise cast(DafabError, pickle.loads(found[1]))  # noqa: S301 - see frames
        return found

    def _wait(self, seconds: float | None) -> bool:
        if self._writing and self._taken:
            return True  # it blocks; a load may take hours
        left = self._until - time.monotonic()
        events = self._poll.poll(1000 * (left if seconds is None else min(seconds, left)))
        for descriptor, event in events:
            if descriptor != self._connection.fileno() and event & _GONE:
                raise ClientGone("The client has closed the connection")
        if not events and (seconds is None or self._until < time.monotonic()):
            nobody = "The writer was not there" if self._writing else "No query worker was free"
            raise QueueFull(
                f"{nobody} in time. Try again later",
                2,
                {"queue_seconds": self._served.settings.queue_seconds},
            )
        return bool(events)

    @property
    def descriptor(self) -> int:
        """Descriptor of the file with the rest of the answer, -1 if there is none."""
        return self._receiver.descriptor

    def close(self) -> None:
        """End the connection; a worker that is still at it stops."""
        self._connection.close()
        if self._receiver.descriptor >= 0:
            os.close(self._receiver.descriptor)
            self._receiver.descriptor = -1


class Served:
    """A written answer: ``kind`` and ``format`` say what, ``commit`` of which snapshot.

    ``whole`` are its bytes if they have all come; else iterate once over the pieces, which
    fails if the worker does.  ``format`` is "" where none was wanted for the kind.
    """

    def __init__(self, reply: Reply) -> None:
        self._reply = reply
        self._pieces: list[bytes] = []
        self.whole: bytes | None = None
        head = self._next(HEAD)
        told = orjson.loads(head)
        self.kind: Kind = kind_named(told["kind"])
        self.format: str = told["format"]
        self.commit: str = told["commit"]
        self.variables: tuple[str, ...] = tuple(told["variables"])
        self._pieces.append(self._next(DATA))
        found = reply.next()
        if found is not None and found[0] == END:
            self.whole = self._pieces[0]
            reply.close()

    def _next(self, kind: bytes) -> bytes:
        found = self._reply.next()
        if found is None or found[0] != kind:
            raise QueryFailed("A query worker sent what was not expected. Try again")
        return found[1]

    def __iter__(self) -> Iterator[bytes]:
        try:
            yield from self._pieces
            if self.whole is None:
                yield from self._rest()
        finally:
            self.close()

    def _rest(self) -> Iterator[bytes]:
        at, over = 0, False
        while True:
            piece = os.pread(self._reply.descriptor, PIECE, at)
            at += len(piece)
            if piece:
                yield piece
            elif over:
                return
            else:
                found = self._reply.next(LOOK_SECONDS)
                over = found is not None and found[0] == END

    def close(self) -> None:
        """Stop reading."""
        self._reply.close()


class ServedTriples:
    """The answer of CONSTRUCT or DESCRIBE from a query worker; it can be read once."""

    def __init__(self, served: Served) -> None:
        self._served = served

    def __iter__(self) -> Iterator[tuple[Term, Term, Term]]:
        for subject, predicate, value in read_rows(self._served):
            assert isinstance(subject, (Iri, Literal, Blank))
            assert isinstance(predicate, Iri)
            assert isinstance(value, (Iri, Literal, Blank))
            yield subject, predicate, value

    def serialise(
        self,
        out: IO[bytes],
        media_type: str,
        prefixes: Mapping[str, str] | None = None,
        *,
        most: int | None = None,
    ) -> None:
        """Not offered: ask the catalogue for the format (:meth:`ServedCatalogue.answer`)."""
        raise QueryFailed("Triples of a query worker are not written here")


class ServedCatalogue(Closing):
    """A catalogue whose methods run in other processes.

    Reading methods run in a query worker, from the newest snapshot and under the deadline;
    writing ones in the writer.  ``client`` returns the connection of whoever asked: when
    that is closed, the call is ended.
    """

    def __init__(
        self,
        settings: Settings,
        places: Places,
        client: Callable[[], socket.socket | None] = _nobody,
        chosen: Mapping[str, str] | None = None,
    ) -> None:
        self.settings = settings
        self.names = settings.names
        self.path = settings.store
        self.read_only = False
        self._places = places
        self._client = client
        self._chosen = dict(chosen or {})
        self._shelf = Shelf(settings.store)
        self._stats: tuple[str, Any] = ("", None)
        self._counting: threading.Thread | None = None
        self._failed = ""
        self._lock = threading.Lock()

    @property
    def commit(self) -> str:
        """What names the commit that queries see from now on."""
        return self._shelf.current()

    def status(self) -> dict[str, Any]:
        """Return how the server's processes are, as its supervisor tells; {} if it does not."""
        return ask(self._places, {"status": True})

    # queries

    def answer(
        self,
        query: str,
        formats: Mapping[Kind, str],
        *,
        most_rows: int | None = None,
        seconds: float | None = None,
        **options: Any,
    ) -> Served:
        """Answer a query, written in the format that ``formats`` names for its kind.

        Raises:
            QueryNotValid: it cannot be answered, or beyond a bound.
            NotServed: it was ended, or not begun.
        """
        wanted = Wanted(
            {str(kind): name for kind, name in formats.items()},
            most_rows or self.settings.query_rows,
            self.settings.answer_bytes,
        )
        reply = self._send("query", (query,), options, wanted=wanted, seconds=seconds)
        try:
            return Served(reply)
        except BaseException:
            reply.close()
            raise

    def query(self, query: str, **options: Any) -> Answer:
        """Answer a query; see :meth:`dafab_kg.catalogue.Catalogue.query`."""
        served = self.answer(query, cast("dict[Kind, str]", FORMATS), **options)
        if served.kind == "truth":
            return read_truth(served)
        if served.kind == "rows":
            return PlainSolutions(served.variables, read_rows(served))
        return ServedTriples(served)

    def stats(self) -> Any:
        """Count what the catalogue holds; counted once for each commit."""
        commit = self.commit
        with self._lock:
            if self._stats[0] == commit and commit:
                return self._stats[1]
        found = self._read("stats")
        with self._lock:
            self._stats = commit, found
        return found

    def recent_stats(self, seconds: float = 0.5) -> Counted:
        """Return counts for a page.

        Of a large catalogue they take a while: those counted last are returned after
        ``seconds``, while a thread counts anew.
        """
        counting = self._begin_counting()
        if counting is not None:
            counting.join(seconds)
        with self._lock:
            fresh = self._stats[1] is not None and self._stats[0] == self.commit
            return Counted(self._stats[1], fresh, "" if fresh else self._failed)

    def _begin_counting(self) -> threading.Thread | None:
        with self._lock:
            if self._stats[0] == self.commit and self._stats[1] is not None:
                return None
            if self._counting is None or not self._counting.is_alive():
                self._counting = threading.Thread(target=self._count, daemon=True)
                self._counting.start()
            return self._counting

    def _count(self) -> None:
        """Count for whoever asks next."""
        try:
            self.stats()
            self._failed = ""
        except DafabError as error:
            self._failed = str(error)

    # methods

    def __getattr__(self, name: str) -> Callable[..., Any]:
        if name in READS:
            return lambda *arguments, **options: self._read(name, *arguments, **options)
        if name in WRITES:
            return lambda *arguments, **options: self._write(name, *arguments, **options)
        raise AttributeError(name)

    def _read(self, name: str, *arguments: Any, **options: Any) -> Any:
        return self._value(self._send(name, arguments, options), {})

    def _write(self, name: str, *arguments: Any, **options: Any) -> Any:
        """Have the writer do it; parameters that are functions are called here."""
        told = {key: value for key, value in options.items() if callable(value)}
        plain = {key: _absolute(value) for key, value in options.items() if key not in told}
        reply = self._send(
            name, tuple(map(_absolute, arguments)), plain, told=tuple(told), writing=True
        )
        return self._value(reply, told)

    def _value(self, reply: Reply, told: Mapping[str, Callable[..., object]]) -> Any:
        try:
            while True:
                found = reply.next()
                assert found is not None
                value = pickle.loads(found[1])  # noqa: S301 - see frames
                if found[0] == VALUE:
                    return value
                if found[0] == TOLD:
                    told[value[0]](*value[1])
        finally:
            reply.close()

    def _send(
        self,
        method: str,
        arguments: tuple[Any, ...],
        options: dict[str, Any],
        *,
        wanted: Wanted | None = None,
        told: tuple[str, ...] = (),
        writing: bool = False,
        seconds: float | None = None,
    ) -> Reply:
        most = self.settings.query_seconds
        call = Call(
            token=secrets.randbits(63) | 1,
            expires=time.monotonic() + self.settings.queue_seconds,
            seconds=min(seconds or most, most),
            method=method,
            arguments=arguments,
            options=options,
            wanted=wanted,
            told=told,
            chosen=self._chosen,
        )
        connection = self._connect(writing=writing)
        try:
            connection.sendall(frame(CALL, pickle.dumps(call)))
        except TimeoutError as error:
            connection.close()
            raise self._full() from error
        except ConnectionError as error:
            # It may have been accepted, and its process have ended: told by the same rule.
            connection.close()
            raise self.why_ended(call, writing=writing) from error
        connection.settimeout(None)
        return Reply(connection, call, self, self._client(), writing=writing)

    def _connect(self, *, writing: bool) -> socket.socket:
        connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        connection.setblocking(False)
        try:
            connection.connect(self._places.writes if writing else self._places.queries)
        except BlockingIOError as error:
            connection.close()
            raise self._full() from error
        except OSError as error:
            connection.close()
            raise WorkerLost(f"The server is ending: {error.strerror}. Try again later") from error
        connection.settimeout(self.settings.queue_seconds)
        return connection

    def _full(self) -> QueueFull:
        return QueueFull(
            f"More than {self.settings.queue} requests wait already. Try again later",
            2,
            {"queue": float(self.settings.queue)},
        )

    def why_ended(self, call: Call, *, writing: bool) -> DafabError:
        """Return the error that says how the process of a call has ended."""
        if writing:
            return WriterLost(
                "The writer ended before it could answer. It is started anew; whether this was "
                "written is not known, and doing it again does no harm",
                1,
            )
        how = ask(self._places, {"ended": call.token}).get("how", "")
        if how == "deadline":
            return DeadlinePassed(
                f"The query was ended after {call.seconds:g} seconds, the limit of this endpoint. "
                "Narrow it, or add LIMIT",
                _whole_seconds(call.seconds),
                {"seconds": call.seconds},
            )
        if how == "memory":
            most = self.settings.worker_memory
            return MemoryExceeded(
                f"The query was ended as it needed more than {most // 2**20} MiB of memory, the "
                "limit of this endpoint. Narrow it, or add LIMIT",
                _whole_seconds(call.seconds),
                {"memory_bytes": float(most)},
            )
        return WorkerLost("The process that ran the query ended. Try again", 1)

    def close(self) -> None:
        """Do nothing: the server goes on."""


def _whole_seconds(seconds: float) -> int:
    return max(1, round(seconds))


def _absolute(value: Any) -> Any:
    """The writer works in another directory, perhaps."""
    return value.absolute() if isinstance(value, Path) else value
