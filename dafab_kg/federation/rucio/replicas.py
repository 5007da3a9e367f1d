"""Where the files of a Rucio lie now, asked in batches, and kept for a while with the time.

Replica state is never a fact of the graph: what is kept here is an answer of a moment, and says
of which.  Answers with signed addresses are not kept, for who has such an address may read.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from hashlib import sha256
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

import lmdb
import orjson

from dafab_kg.federation.rucio.connection import speaking
from dafab_kg.federation.rucio.there import in_parts
from dafab_kg.federation.rucio.wanted import Pair
from dafab_kg.model.closing import Closing
from dafab_kg.model.errors import ServiceNotUsable, ServiceRefused

if TYPE_CHECKING:
    from rucio.client import Client

AT_ONCE: Final = 200
"""Most files of one request: Rucio takes 1,000, but some 20 ms for each."""
SETS_AT_ONCE: Final = 50
"""Most data sets of one request."""
MOST_FILES: Final = 1_000_000
"""Most files of one answer: a data set may hold any number."""
MOST_COPIES: Final = 1_000
"""Most addresses of one file."""
MOST_KEPT: Final = 200_000
"""Answers that are kept; beyond that all are forgotten."""
DIRECTORY: Final = "replicas"
AVAILABLE: Final = "AVAILABLE"
_MAP_SIZE: Final = 1 << 36  # address space, not disk


@dataclass(frozen=True)
class Copy:
    """A replica at a storage element, by one of its addresses.

    ``state`` is Rucio's: AVAILABLE, UNAVAILABLE, COPYING, BEING_DELETED, BAD, ...
    """

    rse: str
    address: str
    state: str = AVAILABLE

    @property
    def protocol(self) -> str:
        """The scheme of its address."""
        return scheme_of(self.address)


@dataclass(frozen=True)
class FileThere:
    """A file of Rucio: ``size`` in bytes, hashes in hex, ``as_of`` in Unix seconds."""

    scope: str
    name: str
    size: int | None = None
    adler32: str = ""
    md5: str = ""
    copies: tuple[Copy, ...] = ()
    as_of: float = 0.0

    @property
    def pair(self) -> Pair:
        """Scope and name."""
        return self.scope, self.name


@dataclass(frozen=True)
class Resolved:
    """The files that Rucio has replicas of.

    ``as_of`` is the time of the oldest answer in Unix seconds, None: nothing was asked for.
    ``old`` says why answers are older than they should be, "": they are not.
    """

    files: Mapping[Pair, FileThere]
    as_of: float | None = None
    old: str = ""


class Replicas(Closing):
    """Asks a Rucio where files are; answers younger than ``most_age`` seconds serve again."""

    def __init__(
        self,
        client: Callable[[], Client],
        kept: Kept | None = None,
        *,
        most_age: float = 600.0,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._connect, self._kept = client, kept
        self._most_age, self._clock = most_age, clock

    def close(self) -> None:
        """Give what is kept free."""
        if self._kept is not None:
            self._kept.close()

    def of(self, pairs: Iterable[Pair], *, fresh: bool = False) -> Resolved:
        """Return files with their replicas.

        With ``fresh`` Rucio is asked whatever is kept.  Where it does not answer, older answers
        serve, if there is one for each, and the result says so.

        Raises:
            ServiceNotUsable: Rucio does not answer, and something is not kept.
            ServiceRefused: it does not let us in.
        """
        wanted = list(dict.fromkeys(pairs))
        now = self._clock()
        kept = self._kept.read(wanted) if self._kept is not None else {}
        young = {
            pair: one
            for pair, one in kept.items()
            if not fresh and 0 <= now - one[0] <= self._most_age
        }
        left = [pair for pair in wanted if pair not in young]
        answers, old = young, ""
        if left:
            try:
                asked = ask(self._connect(), left)
            except ServiceRefused:
                raise
            except ServiceNotUsable as error:
                if any(pair not in kept for pair in left):
                    raise
                answers, old = kept, str(error)
            else:
                now = self._clock()
                new = {pair: (now, asked.get(pair)) for pair in left}
                if self._kept is not None:
                    self._kept.keep(new)
                answers = {**young, **new}
        files = {
            pair: replace(file, as_of=moment)
            for pair in wanted
            for moment, file in [answers[pair]]
            if file is not None
        }
        return Resolved(files, min((answers[p][0] for p in wanted), default=None), old)


def ask(client: Client, pairs: Iterable[Pair]) -> dict[Pair, FileThere]:
    """Ask for all replicas, of any state, of files; those that have none are left out.

    Raises:
        ServiceNotUsable: Rucio does not answer as it must.
    """
    found: dict[Pair, FileThere] = {}
    for some in in_parts(pairs, AT_ONCE):
        wanted = set(some)
        for file in _listed(client, some):
            if file.pair in wanted:
                found[file.pair] = file
    return found


def below(client: Client, pairs: Iterable[Pair]) -> Iterator[FileThere]:
    """Yield all files of data sets and containers, each once, with their replicas.

    Raises:
        ServiceNotUsable: Rucio does not answer as it must, or tells of too many files.
    """
    seen: set[Pair] = set()
    for some in in_parts(pairs, SETS_AT_ONCE):
        for file in _listed(client, some):
            if file.pair not in seen:
                seen.add(file.pair)
                yield file


def _listed(client: Client, pairs: list[Pair]) -> list[FileThere]:
    dids = [{"scope": scope, "name": name} for scope, name in pairs]
    with speaking("Listing replicas"):
        rows = client.list_replicas(dids, all_states=True, domain="all")
        found = list(map(_read, islice(rows, MOST_FILES + 1)))
    if len(found) > MOST_FILES:
        raise ServiceNotUsable(
            f"Rucio tells of more than {MOST_FILES:,} files. Ask for fewer at a time"
        )
    return found


def _read(row: Any) -> FileThere:
    try:
        return _file(row)
    except (AttributeError, KeyError, TypeError) as error:
        raise ValueError("no file with replicas") from error


def _file(row: Mapping[str, Any]) -> FileThere:
    """Read a row of ``list_replicas``; addresses have a line each, the best first."""
    states = row.get("states") or {}
    told = row.get("pfns") or {}
    ranked = sorted(told.items(), key=lambda one: (_rank(one[1]), one[0]))
    copies = [
        Copy(str(how["rse"]), str(address), str(states.get(how["rse"]) or AVAILABLE))
        for address, how in ranked[:MOST_COPIES]
        if isinstance(how, Mapping) and how.get("rse")
    ]
    size = row.get("bytes")
    return FileThere(
        str(row["scope"]),
        str(row["name"]),
        size if isinstance(size, int) and size >= 0 else None,
        str(row.get("adler32") or "").lower(),
        str(row.get("md5") or "").lower(),
        tuple(copies),
    )


def _rank(how: Any) -> int:
    rank = how.get("priority") if isinstance(how, Mapping) else None
    return rank if isinstance(rank, int) and rank > 0 else 1_000_000


def scheme_of(address: str) -> str:
    """Return the scheme of an address, in lower case; "" where it has none."""
    try:
        return urlsplit(address).scheme.lower()
    except ValueError:
        return ""


Answer = tuple[float, FileThere | None]
"""When it was given, and the file, None: Rucio has no replica of it."""


class Kept(Closing):
    """Answers of one Rucio in a small LMDB; ``whose`` tells that Rucio from others.

    One that cannot be opened or read keeps nothing: it only saves time.
    """

    def __init__(self, store: Path, whose: str = "") -> None:
        self._whose = sha256(whose.encode()).digest()[:8]
        self._env: lmdb.Environment | None = None
        with suppress(lmdb.Error, OSError):
            place = store / DIRECTORY
            place.mkdir(mode=0o700, exist_ok=True)
            self._env = lmdb.open(str(place), map_size=_MAP_SIZE, mode=0o600, max_readers=64)

    def close(self) -> None:
        """Give it free."""
        if self._env is not None:
            self._env.close()

    def read(self, pairs: Iterable[Pair]) -> dict[Pair, Answer]:
        """Return the answers that are kept."""
        found = {}
        if self._env is not None:
            with suppress(lmdb.Error), self._env.begin() as txn:
                for pair in pairs:
                    data = txn.get(self._key(pair))
                    if data is not None:
                        found[pair] = _answer(bytes(data))
        return found

    def keep(self, answers: Mapping[Pair, Answer]) -> None:
        """Keep answers, but those with signed addresses."""
        if self._env is None:
            return
        with suppress(lmdb.Error), self._env.begin(write=True) as txn:
            if txn.stat()["entries"] > MOST_KEPT:
                txn.drop(self._env.open_db(None, txn=txn), delete=False)
            for pair, (moment, file) in answers.items():
                if file is not None and any("?" in copy.address for copy in file.copies):
                    txn.delete(self._key(pair))
                    continue
                told = None if file is None else asdict(file)
                txn.put(self._key(pair), orjson.dumps([moment, told]))

    def _key(self, pair: Pair) -> bytes:
        """A digest: names may be longer than a key of LMDB."""
        return self._whose + sha256("\0".join(pair).encode()).digest()


def _answer(data: bytes) -> Answer:
    moment, told = orjson.loads(data)
    if told is None:
        return moment, None
    copies = tuple(Copy(**copy) for copy in told["copies"])
    return moment, FileThere(**{**told, "copies": copies})
