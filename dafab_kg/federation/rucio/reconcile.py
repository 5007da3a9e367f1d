"""Comparing all that is wanted with all that a Rucio holds in the scopes, and mending it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import partial
from typing import Final, Literal

from dafab_kg.federation.rucio.memory import SentDid
from dafab_kg.federation.rucio.publish import Published, Publisher
from dafab_kg.federation.rucio.steps import Steps, plan_removed, plan_wanted
from dafab_kg.federation.rucio.there import There, in_parts, read_scope
from dafab_kg.federation.rucio.wanted import Pair, Unit
from dafab_kg.model.errors import ServiceRefused

Kind = Literal["missing", "differing", "orphaned", "foreign"]
"""``orphaned``: we published it and the graph has it no more.  ``foreign``: it is in our scope, or
in what we publish, by others; it is told and left."""
SHOWN: Final = 3
"""Most of what something is attached to that is told."""
KINDS: Final[tuple[Kind, ...]] = ("missing", "differing", "orphaned", "foreign")


@dataclass(frozen=True)
class Difference:
    """Something that is not the same on both sides; ``unit`` is what would be published."""

    kind: Kind
    scope: str
    name: str
    what: str
    unit: Pair | None = None


@dataclass
class Reconciled:
    """All differences; ``same`` counts data identifiers without one; ``mended`` what became of
    a repair, if one was asked for."""

    differences: list[Difference] = field(default_factory=list)
    same: int = 0
    mended: Published | None = None

    def count(self, kind: Kind) -> int:
        """Number of differences of a kind."""
        return sum(one.kind == kind for one in self.differences)


def reconcile(
    publisher: Publisher, units: Iterable[Unit], scopes: Iterable[str], *, repair: bool
) -> Reconciled:
    """Compare; with ``repair`` publish what differs and take away what is orphaned.

    Where nothing is published (a dry run of the publisher), the repair only tells.

    Raises:
        ServiceNotUsable: Rucio does not answer as it must.
        ServiceRefused: it refuses what is no single unit's fault.
    """
    there: dict[Pair, There] = {}
    for scope in dict.fromkeys(scopes):
        way = partial(read_scope, publisher.client, scope, meta=publisher.meta)
        there |= publisher.patiently(way)
    found = Reconciled()
    wanted: set[Pair] = set()
    broken: list[Unit] = []
    for some in in_parts(units):
        for unit in some:
            new = list(_differing(publisher, unit, there))
            wanted.update(did.pair for did in unit.dids if did.pair in there or not did.is_optional)
            found.differences += new
            if new:
                broken.append(unit)
    orphans = list(_orphaned(publisher, wanted, there, found))
    found.same = len(wanted) - len({(one.scope, one.name) for one in found.differences} & wanted)
    if repair:
        found.mended = publisher.publish(broken, force=True)
        publisher.remove(orphans, found.mended)
    return found


def _differing(publisher: Publisher, unit: Unit, there: dict[Pair, There]) -> Iterator[Difference]:
    sent = publisher.memory.sent(unit.pair)
    before = {did.pair: did for did in sent.dids} if sent is not None else {}
    for did in unit.dids:
        steps = Steps()
        try:
            plan_wanted(steps, [did], there, publisher.is_ours, before, replicas=False)
        except ServiceRefused as error:
            yield Difference("differing", *did.pair, str(error), unit.pair)
            continue
        if did.pair in steps.create:
            yield Difference("missing", *did.pair, f"{did.type} of {unit.name}", unit.pair)
            continue
        for pair, what in steps.told():
            yield Difference("differing", *pair, what, unit.pair)
        one = there.get(did.pair)
        for up in sorted(one.parents - set(did.parents)) if one is not None else ():
            if not publisher.is_ours(up):
                yield Difference("foreign", *did.pair, f"attached to {':'.join(up)}")
    now = {did.pair for did in unit.dids}
    for old in before.values():
        if old.pair not in now and publisher.memory.unit_of(old.pair) == unit.pair:
            yield from _held(publisher, old, there, unit.pair, unit.name)


def _orphaned(
    publisher: Publisher, wanted: set[Pair], there: dict[Pair, There], found: Reconciled
) -> Iterator[Pair]:
    """Tell of what is there and not wanted; yield the units that are to be taken away."""
    memory = publisher.memory
    for pair, one in sorted(there.items()):
        if pair in wanted:
            continue
        owner = memory.unit_of(pair)
        sent = None if owner is None else memory.sent(owner)
        if sent is None:
            made = f"{one.type} by {one.account or 'nobody'}{_below(one)}"
            found.differences.append(Difference("foreign", *pair, made))
            continue
        if sent.pair in wanted:
            continue
        own = next(did for did in sent.dids if did.pair == pair)
        told = list(_held(publisher, own, there, sent.pair, sent.name))
        if not told and not sent.gone:
            told = [Difference("orphaned", *pair, f"{one.type} of {sent.name}", sent.pair)]
        found.differences += told
    held = {one.unit for one in found.differences if one.kind == "orphaned"}
    for sent in memory.all():
        if sent.pair not in wanted and (not sent.gone or sent.pair in held):
            yield sent.pair


def _below(one: There) -> str:
    """Tell what in the scope something is attached to."""
    ups = sorted(":".join(up) for up in one.parents)
    if not ups:
        return ""
    more = f" and {len(ups) - SHOWN:,} more" if len(ups) > SHOWN else ""
    return f", attached to {', '.join(ups[:SHOWN])}{more}"


def _held(
    publisher: Publisher, did: SentDid, there: dict[Pair, There], unit: Pair, name: str
) -> Iterator[Difference]:
    """Tell whether something is to be undone for a data identifier that is not wanted."""
    steps = Steps()
    plan_removed(steps, [did], there, publisher.is_ours, publisher.expire_seconds)
    if steps.detach or steps.unset or steps.lifetimes:
        yield Difference("orphaned", *did.pair, f"{did.type} of {name}", unit)
