"""What was published, in a small LMDB beside the documents: one for each VO of a Rucio.

Rows tell of each unit what was sent, by which documents it came about and which of its data
identifiers we made; of failures how often and why; and how far the changes of documents were
followed.  What is about to be sent is noted first, so that after a crash it is known whose a
data identifier is.
"""

from __future__ import annotations

import fcntl
import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack, closing
from dataclasses import asdict, dataclass, replace
from hashlib import sha256
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

import lmdb
import orjson

from dafab_kg.federation.rucio.wanted import DidType, LeftOut, Pair
from dafab_kg.model.closing import Closing
from dafab_kg.model.errors import QueryNotValid, StoreInUse, StoreNotUsable

MAP_SIZE: Final = 1 << 38  # address space, not disk
DIRECTORY: Final = "rucio"
_FAR: Final = b"position"
_HOW: Final = b"layout"


@dataclass(frozen=True)
class SentDid:
    """A data identifier that was sent; ``meta`` are keys, ``made``: it was not there before.

    ``expired``: we gave it a lifetime when it was taken away.
    """

    scope: str
    name: str
    type: DidType
    parents: tuple[Pair, ...] = ()
    meta: tuple[str, ...] = ()
    made: bool = False
    expired: bool = False

    @property
    def pair(self) -> Pair:
        """Scope and name."""
        return self.scope, self.name


@dataclass(frozen=True)
class Sent:
    """A unit that was sent; ``digest`` "": not to the end.  ``gone``: it was taken away."""

    name: str
    digest: str
    dids: tuple[SentDid, ...]
    documents: tuple[str, ...] = ()
    left_out: tuple[LeftOut, ...] = ()
    gone: bool = False
    is_item: bool = True

    @property
    def pair(self) -> Pair:
        """Scope and name of its own data identifier."""
        return self.dids[0].pair

    @property
    def current(self) -> tuple[SentDid, ...]:
        """Its data identifiers but those that it once had."""
        own, *others = self.dids
        return (own, *(did for did in others if did.parents))


@dataclass(frozen=True, slots=True)
class Outline:
    """Of a unit that is there its name in the graph, and its own data identifier with parents.

    ``unfinished``: a sending of it began, and was not seen to the end.
    """

    name: str
    pair: Pair
    parents: frozenset[Pair]
    is_item: bool
    unfinished: bool


@dataclass(frozen=True)
class Letter:
    """A unit that Rucio refused: how often, why, and when it is tried again (Unix seconds).

    ``unit`` is its id in the graph, ``digest`` what was wanted ("" that it be taken away).

    ``dead``: it is not tried again until it changes, or somebody asks for it.
    """

    scope: str
    name: str
    unit: str
    tries: int
    why: str
    reason: str = ""
    next_try: float = 0.0
    dead: bool = False
    digest: str = ""

    @property
    def pair(self) -> Pair:
        """Scope and name of the unit's data identifier."""
        return self.scope, self.name


class Memory(Closing):
    """The memory of one VO of one server; one process writes at a time."""

    def __init__(
        self, store: Path, vo: str = "", *, server: str = "", read_only: bool = False
    ) -> None:
        """Open it; it is made where there is none, but for reading.

        ``server`` is the Rucio's address: what one holds says nothing of another.

        Raises:
            QueryNotValid: the VO is none.
            StoreInUse: another process publishes to this VO.
            StoreNotUsable: it cannot be opened, or there is none to read.
        """
        if vo and not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9.-]{0,63}", vo):
            raise QueryNotValid(f"{vo[:40]!r} is no VO: it has letters, digits, . and -")
        place = store / DIRECTORY / _folder(server) / (vo or "default")
        with ExitStack() as opened:
            try:
                if not read_only:
                    place.mkdir(parents=True, exist_ok=True)
                    lock = opened.enter_context((place / "publisher.lock").open("w"))
                    fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                env = lmdb.open(
                    str(place), map_size=MAP_SIZE, max_dbs=5, readonly=read_only, max_readers=64
                )
                self._env = opened.enter_context(closing(env))
                names = (b"units", b"dids", b"documents", b"letters", b"state")
                tables = [env.open_db(name, create=not read_only) for name in names]
            except BlockingIOError as error:
                raise StoreInUse(
                    f"Another process publishes out of {store}. Wait until it ends, or stop it"
                ) from error
            except (lmdb.Error, OSError) as error:
                told = f"{place} cannot be opened: {error}"
                if read_only and not (place / "data.mdb").exists():
                    told = f"Nothing was published out of {store} to {server or 'a Rucio'} yet"
                raise StoreNotUsable(f"{told}. Publish: dafab-kg rucio publish") from error
            self._units, self._dids, self._documents, self._letters, self._state = tables
            self._opened = opened.pop_all()

    def close(self) -> None:
        """Give it free."""
        self._opened.close()

    # how far

    def position(self, layout: str) -> int:
        """Return the number of the last change that was followed; -1: all is to be looked at.

        ``layout`` is what else decides what is wanted; where that changed, all is.
        """
        with self._env.begin() as txn:
            far, how = txn.get(_FAR, db=self._state), txn.get(_HOW, db=self._state)
        return -1 if far is None or bytes(how or b"").decode() != layout else int(bytes(far))

    def move(self, position: int, layout: str) -> None:
        """Keep how far the changes were followed."""
        with self._env.begin(write=True) as txn:
            txn.put(_FAR, str(position).encode(), db=self._state)
            txn.put(_HOW, layout.encode(), db=self._state)

    # units

    def sent(self, pair: Pair) -> Sent | None:
        """Return what was sent of a unit."""
        with self._env.begin() as txn:
            data = txn.get(_key(pair), db=self._units)
        return None if data is None else _sent(data)

    def all(self) -> Iterator[Sent]:
        """All units, those that were taken away among them."""
        with self._env.begin() as txn:
            for _, data in txn.cursor(self._units):
                yield _sent(data)

    def outlines(self) -> list[Outline]:
        """Return what is quick to read of all units that were not taken away."""
        found = []
        with self._env.begin() as txn:
            for _, data in txn.cursor(self._units):
                value = orjson.loads(bytes(data))
                if not value["gone"]:
                    own = value["dids"][0]
                    ups = frozenset((scope, name) for scope, name in own["parents"])
                    pair = own["scope"], own["name"]
                    begun = not value["digest"]
                    found.append(Outline(value["name"], pair, ups, value["is_item"], begun))
        return found

    def unit_of(self, pair: Pair) -> Pair | None:
        """Return the unit that a data identifier was sent with; None: it is not ours."""
        with self._env.begin() as txn:
            data = txn.get(_key(pair), db=self._dids)
        return None if data is None else _pair(data)

    def units_of(self, document_ids: Iterable[str]) -> tuple[Pair, ...]:
        """Return the units that documents stood behind when they were sent."""
        found: dict[Pair, None] = {}
        with self._env.begin() as txn:
            for document_id in document_ids:
                start = f"{document_id} ".encode()
                cursor = txn.cursor(self._documents)
                if cursor.set_range(start):
                    for key in cursor.iternext(values=False):
                        if not bytes(key).startswith(start):
                            break
                        found[_pair(bytes(key)[len(start) :])] = None
        return tuple(found)

    def keep(self, units: Iterable[Sent]) -> None:
        """Keep what was sent, or is about to be; what failed of it before is forgotten where it
        was sent to the end."""
        with self._env.begin(write=True) as txn:
            for unit in units:
                key = _key(unit.pair)
                old = txn.get(key, db=self._units)
                for document_id in _sent(old).documents if old is not None else ():
                    txn.delete(f"{document_id} ".encode() + key, db=self._documents)
                for document_id in unit.documents:
                    txn.put(f"{document_id} ".encode() + key, b"", db=self._documents)
                now = {did.pair for did in unit.current}
                for did in unit.dids:
                    txn.put(_key(did.pair), key, db=self._dids, overwrite=did.pair in now)
                txn.put(key, orjson.dumps(asdict(unit)), db=self._units)
                if unit.digest:
                    txn.delete(key, db=self._letters)

    # failures

    def letters(self) -> tuple[Letter, ...]:
        """All failures."""
        with self._env.begin() as txn:
            found = [orjson.loads(bytes(data)) for _, data in txn.cursor(self._letters)]
        return tuple(Letter(**value) for value in found)

    def letter(self, pair: Pair) -> Letter | None:
        """Return the failure of a unit."""
        with self._env.begin() as txn:
            data = txn.get(_key(pair), db=self._letters)
        return None if data is None else Letter(**orjson.loads(bytes(data)))

    def fail(self, letter: Letter) -> None:
        """Keep a failure."""
        with self._env.begin(write=True) as txn:
            txn.put(_key(letter.pair), orjson.dumps(asdict(letter)), db=self._letters)

    def forget(self, pair: Pair) -> None:
        """Forget a failure."""
        with self._env.begin(write=True) as txn:
            txn.delete(_key(pair), db=self._letters)

    def again(self, pairs: Iterable[Pair] | None = None) -> int:
        """Let dead letters, or those of some units, be tried again; return how many."""
        wanted = None if pairs is None else set(pairs)
        some = [one for one in self.letters() if wanted is None or one.pair in wanted]
        for one in some:
            self.fail(replace(one, tries=0, next_try=0.0, dead=False))
        return len(some)


def _folder(server: str) -> str:
    """Name the folder of a server: so that people know it, and no two are one."""
    host = re.sub(r"[^A-Za-z0-9.-]+", "_", urlsplit(server).netloc.rpartition("@")[2])[:80]
    return f"{host.strip('.') or 'rucio'}-{sha256(server.rstrip('/').encode()).hexdigest()[:8]}"


def _key(pair: Pair) -> bytes:
    return ":".join(pair).encode()  # a scope holds no colon


def _pair(data: Any) -> Pair:
    scope, _, name = bytes(data).decode().partition(":")
    return scope, name


def _sent(data: Any) -> Sent:
    value: Mapping[str, Any] = orjson.loads(bytes(data))
    dids = tuple(
        SentDid(
            one["scope"],
            one["name"],
            one["type"],
            tuple((scope, name) for scope, name in one["parents"]),
            tuple(one["meta"]),
            one["made"],
            one["expired"],
        )
        for one in value["dids"]
    )
    left_out = tuple(LeftOut(**one) for one in value["left_out"])
    documents = tuple(value["documents"])
    flags = value["gone"], value["is_item"]
    return Sent(value["name"], value["digest"], dids, documents, left_out, *flags)
