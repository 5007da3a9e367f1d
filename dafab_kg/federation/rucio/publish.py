"""Publishing units to a Rucio: in batches, what differs, until both sides are the same.

A batch that Rucio refuses is halved until the unit that it refuses is alone; that one is tried
again later, less and less often, and after ``most_tries`` waits for somebody to look (a dead
letter).  A Rucio that does not answer holds up all, and is asked again with growing waits.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import TYPE_CHECKING, Final, TypeVar

from dafab_kg.federation.rucio.connection import speaking
from dafab_kg.federation.rucio.memory import Letter, Memory, Sent, SentDid
from dafab_kg.federation.rucio.patience import patiently
from dafab_kg.federation.rucio.slashes import check_slashes
from dafab_kg.federation.rucio.steps import DIFFERS, Steps, do, plan_removed, plan_wanted
from dafab_kg.federation.rucio.there import There, in_parts, read_some
from dafab_kg.federation.rucio.wanted import Pair, Unit, WantedDid
from dafab_kg.model.errors import ServiceNotUsable, ServiceRefused
from dafab_kg.model.log import log

if TYPE_CHECKING:
    from rucio.client import Client

T = TypeVar("T")
Kept = TypeVar("Kept", Unit, Sent)
BATCH: Final = 500
"""Most units of a batch."""
WHOLE: Final = frozenset(
    {"AccessDenied", "AccountNotFound", "CannotAuthenticate", "RSENotFound", "ScopeNotFound"}
    | {"ConfigNotFound", "ConfigLoadingError", "MissingClientParameter", "InvalidRSEExpression"}
)
"""Refusals that are no unit's fault: they end the run."""
FAILS: Final = "Fails"
"""Reason where Rucio does not refuse a unit, but fails over it each time."""
FIRST_WAIT: Final = 60.0
"""Seconds after which a refused unit is tried again; then twice as long each time."""
LONGEST_WAIT: Final = 6 * 3600.0


@dataclass
class Published:
    """What became of units; ``refused`` tells why, by unit.  ``waiting`` counts those that were
    refused before and whose time has not come, ``left_out`` files.  ``known`` are units that are
    published now, looked at or not; None: nobody counted."""

    published: int = 0
    unchanged: int = 0
    removed: int = 0
    waiting: int = 0
    left_out: int = 0
    refused: dict[Pair, str] = field(default_factory=dict)
    known: int | None = None


Tell = Callable[[Published], None]


@dataclass(frozen=True)
class Publisher:
    """Publishes to one Rucio; ``client`` is logged in.

    ``expire_seconds``: what is taken away expires then, if it is no file.  ``dry``: nothing is
    sent, and nothing kept.
    """

    client: Client
    memory: Memory
    meta: bool = False
    most_tries: int = 5
    expire_seconds: float | None = None
    dry: bool = False
    tell: Tell = lambda _: None
    sleep: Callable[[float], None] = time.sleep
    clock: Callable[[], float] = time.time

    def publish(
        self, units: Iterable[Unit], *, force: bool = False, report: Published | None = None
    ) -> Published:
        """Publish units; those that were sent as they are now, and those that were refused so
        and wait, are left, but for ``force``.

        What becomes of them is added to ``report``.

        Raises:
            ServiceNotUsable: Rucio does not answer, also when asked again.
            ServiceRefused: it refuses what is no single unit's fault.
        """
        report = report or Published()
        letters = {} if force else {one.pair: one for one in self.memory.letters()}
        for some in in_parts(units, BATCH):
            new = [one for one in some if force or not self._is_sent(one)]
            report.unchanged += len(some) - len(new)
            waiting = {one.pair for one in new if self._waits(one, letters.get(one.pair))}
            report.waiting += len(waiting)
            new = [one for one in new if one.pair not in waiting]
            report.left_out += sum(len(one.left_out) for one in some)
            self._send(new, report)
            self.tell(report)
        return report

    def remove(self, pairs: Iterable[Pair], report: Published | None = None) -> Published:
        """Take units away that are not wanted any more.

        Raises:
            ServiceNotUsable: Rucio does not answer, also when asked again.
            ServiceRefused: it refuses what is no single unit's fault.
        """
        report = report or Published()
        known = (self.memory.sent(pair) for pair in pairs)
        for some in in_parts((one for one in known if one is not None), BATCH):
            self._take(some, report)
            self.tell(report)
        return report

    def _is_sent(self, unit: Unit) -> bool:
        sent = self.memory.sent(unit.pair)
        return (
            sent is not None
            and not sent.gone
            and sent.digest == unit.digest
            and sent.documents == unit.documents
        )

    def _waits(self, unit: Unit, letter: Letter | None) -> bool:
        if letter is None or letter.digest != unit.digest:
            return False
        return letter.dead or letter.next_try > self.clock()

    # sending

    def _send(self, units: Sequence[Unit], report: Published) -> None:
        self._halving(units, self._send_whole, report, "published")

    def _send_whole(self, units: Sequence[Unit]) -> None:
        self._check_apart(units)
        sent = {unit.pair: self.memory.sent(unit.pair) for unit in units}
        dids = [did for unit in units for did in unit.dids]
        wanted = {did.pair for did in dids}
        before = {did.pair: did for one in sent.values() if one is not None for did in one.dids}
        left = {
            pair: did
            for pair, did in before.items()
            if pair not in wanted and self.memory.unit_of(pair) in sent
        }
        ups = {up for did in dids for up in did.parents}
        check_slashes(self.client, sorted({*wanted, *ups}))
        there = self._read([*wanted, *left], parents=True) | self._read(
            [up for up in ups if up not in wanted], parents=False
        )
        steps = Steps()
        plan_removed(steps, left.values(), there, self.is_ours, self.expire_seconds)
        plan_wanted(steps, dids, there, self.is_ours, before)
        for up in ups:  # what comes later in the order; its own unit tells the rest of it
            if up not in there and up not in steps.create:
                steps.create[up] = WantedDid(*up, "CONTAINER")
        if self.dry:
            return
        rows = [_row(unit, sent[unit.pair], there, steps) for unit in units]
        self.memory.keep(_begun(row, before) for row in rows)
        for up, did in steps.create.items():
            if up not in wanted and self.memory.unit_of(up) is None:
                made = SentDid(*up, did.type, made=True)
                self.memory.keep([Sent(up[1], "", (made,))])
        do(self.client, steps)
        self.memory.keep(rows)

    def _check_apart(self, units: Sequence[Unit]) -> None:
        """Refuse data identifiers that two units claim: the names of an item and of another's
        files may be the same."""
        claimed: dict[Pair, Pair] = {}
        for unit in units:
            for did in unit.dids:
                owner = claimed.setdefault(did.pair, unit.pair)
                if owner == unit.pair:
                    owner = self._owner(did.pair) or owner
                if owner != unit.pair:
                    raise ServiceRefused(
                        f"{':'.join(did.pair)} is wanted for {unit.name} as {did.type}, and is "
                        f"published for {owner[1]} already. Rename one of the two in the graph",
                        DIFFERS,
                    )

    def _owner(self, pair: Pair) -> Pair | None:
        unit = self.memory.unit_of(pair)
        sent = None if unit is None else self.memory.sent(unit)
        if sent is None or sent.gone:
            return None
        return unit if any(did.pair == pair for did in sent.current) else None

    def _take(self, units: Sequence[Sent], report: Published) -> None:
        self._halving(units, self._take_whole, report, "removed")

    def _take_whole(self, units: Sequence[Sent]) -> None:
        dids = [did for unit in units for did in unit.dids]
        there = self._read([did.pair for did in dids], parents=True)
        steps = Steps()
        plan_removed(steps, dids, there, self.is_ours, self.expire_seconds)
        if self.dry:
            return
        do(self.client, steps)
        self.memory.keep(
            replace(
                unit,
                digest="gone",
                gone=True,
                documents=(),
                left_out=(),
                dids=tuple(
                    replace(
                        did,
                        parents=(),
                        meta=(),
                        expired=did.expired or did.pair in steps.lifetimes,
                    )
                    for did in unit.dids
                ),
            )
            for unit in units
        )

    def is_ours(self, pair: Pair) -> bool:
        """Tell whether a data identifier is, or was, published by us."""
        return self.memory.unit_of(pair) is not None

    def _read(self, pairs: Sequence[Pair], *, parents: bool) -> dict[Pair, There]:
        return read_some(self.client, pairs, meta=self.meta and parents, parents=parents)

    # failures

    def _halving(
        self,
        units: Sequence[Kept],
        way: Callable[[Sequence[Kept]], None],
        report: Published,
        counted: str,
    ) -> None:
        left = [list(units)] if units else []
        while left:
            some = left.pop()
            try:
                self.patiently(partial(way, some))
            except ServiceNotUsable as error:
                if self._ends_all(error):
                    raise
                if len(some) > 1:
                    half = len(some) // 2
                    left += [some[half:], some[:half]]
                    continue
                self._fail(some[0], error, report)
            else:
                setattr(report, counted, getattr(report, counted) + len(some))

    def _ends_all(self, error: ServiceNotUsable) -> bool:
        """Tell whether a failure is no unit's fault: what it was told, or that Rucio and its
        database do not answer either."""
        if isinstance(error, ServiceRefused):
            return error.reason in WHOLE
        try:
            with speaking("Asking who we are"):
                self.client.whoami()
        except ServiceNotUsable:
            return True
        return False

    def _fail(self, unit: Unit | Sent, error: ServiceNotUsable, report: Published) -> None:
        pair = unit.pair
        report.refused[pair] = str(error)
        if self.dry:
            return
        before = self.memory.letter(pair)
        wanted = unit.digest if isinstance(unit, Unit) else ""
        same = before is not None and before.digest == wanted
        tries = 1 + (before.tries if before is not None and same else 0)
        wait = min(FIRST_WAIT * 2 ** (tries - 1), LONGEST_WAIT)
        at = self.clock() + wait * random.uniform(0.5, 1.5)  # noqa: S311 - no secret
        dead = tries >= self.most_tries
        reason = error.reason if isinstance(error, ServiceRefused) else FAILS
        self.memory.fail(Letter(*pair, unit.name, tries, str(error), reason, at, dead, wanted))
        log(event="rucio_refused", did=":".join(pair), tries=tries, dead=dead, reason=reason)

    def patiently(self, way: Callable[[], T]) -> T:
        """Call, and again with growing waits where Rucio does not answer.

        Raises:
            ServiceNotUsable: it does not, however often it is asked.
            ServiceRefused: it refuses.
        """
        return patiently(way, self.sleep)


def _row(unit: Unit, before: Sent | None, there: Mapping[Pair, There], steps: Steps) -> Sent:
    """What is kept of a unit once it is sent."""
    old = {did.pair: did for did in before.dids} if before is not None else {}
    dids = {
        did.pair: SentDid(
            did.scope,
            did.name,
            did.type,
            did.parents,
            tuple(key for key, _ in did.meta),
            did.pair not in there or (did.pair in old and old[did.pair].made),
        )
        for did in unit.dids
        if did.pair in there or not did.is_optional
    }
    left = [
        replace(did, parents=(), meta=(), expired=did.expired or pair in steps.lifetimes)
        for pair, did in old.items()
        if pair not in dids
    ]
    return Sent(
        unit.name,
        unit.digest,
        (*dids.values(), *left),
        unit.documents,
        unit.left_out,
        is_item=unit.is_item,
    )


def _begun(row: Sent, before: Mapping[Pair, SentDid]) -> Sent:
    """What is kept while a unit is sent: keys and lifetimes of before are known still."""
    dids = []
    for did in row.dids:
        old = before.get(did.pair, did)
        keys = tuple(dict.fromkeys((*did.meta, *old.meta)))
        dids.append(replace(did, meta=keys, expired=did.expired or old.expired))
    return replace(row, digest="", dids=tuple(dids))
