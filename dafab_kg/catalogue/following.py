"""Following the graph: what changed since the last round goes to a Rucio."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from dafab_kg.catalogue.publishing import Touched, Wanted, touched
from dafab_kg.federation.rucio.memory import Memory
from dafab_kg.federation.rucio.publish import Published, Publisher
from dafab_kg.federation.rucio.wanted import Pair, Unit

if TYPE_CHECKING:
    from dafab_kg.catalogue.catalogue import Catalogue

DAY = 86_400.0


def publish_round(catalogue: Catalogue, publisher: Publisher, *, whole: bool = False) -> Published:
    """Publish what changed since the last round, or with ``whole`` look at all; return what
    became of it.

    The round counts as done when all of it was sent, or noted as refused: where it breaks off,
    the next begins at the same place.

    Raises:
        ServiceNotUsable: Rucio does not answer, also when asked again.
        ServiceRefused: it refuses what is no single item's fault.
    """
    wanted, memory = catalogue.wanted_dids, publisher.memory
    end, far = catalogue.last_change, memory.position(wanted.layout)
    if whole or far < 0 or far > end:
        seen: set[Pair] = set()
        report = publisher.publish(_noting(wanted.everything(), seen))
        gone = [one.pair for one in memory.all() if one.pair not in seen and not one.gone]
        publisher.remove(gone, report)
    else:
        some = _touched(catalogue, wanted, publisher, far)
        report = publisher.remove(some.gone)
        for units in (wanted.catalogues(), wanted.items(some.names)):
            publisher.publish(units, report=report)
    if not publisher.dry:
        memory.move(end, wanted.layout)
        _forget_others(wanted, memory)
    report.known = sum(bool(one.digest) and not one.gone for one in memory.all())
    return report


def _touched(catalogue: Catalogue, wanted: Wanted, publisher: Publisher, far: int) -> Touched:
    now = publisher.clock()
    due = [one.unit for one in publisher.memory.letters() if not one.dead and one.next_try <= now]
    changed = catalogue.changed_since(far)
    return touched(wanted, publisher.memory, changed, due)


def _noting(units: Iterator[Unit], seen: set[Pair]) -> Iterator[Unit]:
    for unit in units:
        seen.add(unit.pair)
        yield unit


def _forget_others(wanted: Wanted, memory: Memory) -> None:
    """Forget failures of what is neither wanted nor was ever sent."""
    left = [one for one in memory.letters() if memory.sent(one.pair) is None]
    if left:
        units = [*wanted.catalogues(), *wanted.items(one.unit for one in left)]
        there = {unit.pair for unit in units}
        for one in left:
            if one.pair not in there:
                memory.forget(one.pair)


def state_of(store: Path) -> int:
    """Return what changes whenever documents do (nanoseconds): a cheap look, no promise."""
    file = store / "documents" / "data.mdb"
    return file.stat().st_mtime_ns if file.is_file() else 0
