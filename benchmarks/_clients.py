"""Clients that ask side by side, and what they saw."""

from __future__ import annotations

import http.client
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeVar
from urllib.parse import urlsplit

T = TypeVar("T")


@dataclass
class Seen:
    """Seconds of each question asked, and the answer to each case that was asked."""

    seconds: list[float] = field(default_factory=list)
    answers: dict[int, list[str]] = field(default_factory=dict)
    rows: list[int] = field(default_factory=list)
    failure: str | None = None
    elapsed: float | None = None

    def part(self, share: float) -> float | None:
        """The time within which ``share`` of the questions were answered."""
        if not self.seconds:
            return None
        ordered = sorted(self.seconds)
        return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


class Http:
    """One kept connection; any status but those ``expected`` is a failure."""

    def __init__(
        self,
        address: str,
        timeout: float,
        *,
        headers: Mapping[str, str] | None = None,
        expected: Sequence[int] = (200,),
    ) -> None:
        self._headers, self._expected = headers or {}, expected
        parts = urlsplit(address)
        self._timeout = timeout
        self._host, self._path = parts.netloc, parts.path
        self._connection: http.client.HTTPConnection | None = None

    def post(self, body: bytes, content_type: str, accept: str) -> bytes:
        """Post and return the whole answer.

        Raises:
            RuntimeError: the status is not expected.
            OSError: no answer in time.
        """
        if self._connection is None:
            self._connection = http.client.HTTPConnection(self._host, timeout=self._timeout)
        try:
            self._connection.request(
                "POST", self._path, body,
                {"Content-Type": content_type, "Accept": accept, **self._headers},
            )  # fmt: skip
            response = self._connection.getresponse()
            answer = response.read()
        except (OSError, http.client.HTTPException):
            self._connection.close()
            self._connection = None
            raise
        if response.status not in self._expected:
            raise RuntimeError(f"status {response.status}: {answer[:300]!r}")
        return answer

    def close(self) -> None:
        """Close the connection."""
        if self._connection is not None:
            self._connection.close()


def ask_all(
    cases: Sequence[T],
    connect: Callable[[], Callable[[T], bytes]],
    read: Callable[[bytes], tuple[int, list[str]]],
    *,
    clients: int,
    budget: float,
    times: int = 3,
    warm: bool = True,
) -> Seen:
    """Ask every case once to warm up, then ``times`` times, by ``clients`` at once.

    No new question is asked once ``budget`` seconds have passed, warming and asking each; a
    question's answer is read when its time is taken.  The first failure ends it.
    """
    seen = Seen()
    asked = list(enumerate(cases))
    ways = [connect() for _ in range(clients)]  # a connection stays open for both rounds
    warmed = list(range(len(cases)))
    if warm:
        warmed = _round(asked, ways, read, seen, budget, timed=False)
    if seen.failure is None:
        known = [asked[number] for number in warmed]
        _round(known * times, ways, read, seen, budget, timed=True)
    return seen


def _round(
    asked: list[tuple[int, T]],
    ways: Sequence[Callable[[T], bytes]],
    read: Callable[[bytes], tuple[int, list[str]]],
    seen: Seen,
    budget: float,
    *,
    timed: bool,
) -> list[int]:
    waiting = iter(asked)
    lock = threading.Lock()
    until = time.perf_counter() + budget
    done: list[int] = []

    def client(ask: Callable[[T], bytes]) -> None:
        while seen.failure is None and time.perf_counter() < until:
            with lock:
                number, case = next(waiting, (None, None))
            if number is None:
                return
            began = time.perf_counter()
            try:
                answer = ask(case)  # type: ignore[arg-type]
            except Exception as error:  # noqa: BLE001  # told in the table
                with lock:
                    seen.failure = seen.failure or f"{type(error).__name__}: {error}"[:400]
                return
            took = time.perf_counter() - began
            rows, keys = read(answer)
            with lock:
                done.append(number)
                seen.answers[number] = keys
                if timed:
                    seen.seconds.append(took)
                    seen.rows.append(rows)

    threads = [threading.Thread(target=client, args=(way,)) for way in ways]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sorted(done)
