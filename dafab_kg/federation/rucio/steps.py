"""From what is wanted and what is there to what is to be done, and doing it.

Steps are computed from both sides each time, so that doing them again, after a crash or a
refusal, does what is left.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from dafab_kg.federation.rucio.connection import speaking
from dafab_kg.federation.rucio.memory import SentDid
from dafab_kg.federation.rucio.there import There, in_parts
from dafab_kg.federation.rucio.wanted import Pair, WantedDid
from dafab_kg.model.errors import ServiceRefused

if TYPE_CHECKING:
    from rucio.client import Client

DIFFERS: Final = "Differs"
"""Reason of a refusal of our own: Rucio's data identifiers cannot become others."""


@dataclass
class Steps:
    """What is to be done, in the order in which it is done."""

    create: dict[Pair, WantedDid] = field(default_factory=dict)
    replicas: dict[Pair, WantedDid] = field(default_factory=dict)
    detach: set[tuple[Pair, Pair]] = field(default_factory=set)
    """Parent and child."""
    attach: dict[tuple[Pair, Pair], str] = field(default_factory=dict)
    """Parent and child, with the child's type."""
    lifetimes: dict[Pair, float | None] = field(default_factory=dict)
    """Seconds; None: for good."""
    meta: dict[Pair, dict[str, Any]] = field(default_factory=dict)
    unset: set[tuple[Pair, str]] = field(default_factory=set)

    def told(self) -> list[tuple[Pair, str]]:
        """Return what differs, in words, by data identifier."""
        found = [(pair, "missing") for pair in self.create]
        found += [(child, f"not attached to {':'.join(up)}") for up, child in self.attach]
        found += [(child, f"attached to {':'.join(up)}") for up, child in self.detach]
        found += [(pair, f"metadata {', '.join(sorted(new))}") for pair, new in self.meta.items()]
        found += [(pair, f"metadata {key} is too many") for pair, key in self.unset]
        found += [(pair, "is to expire") for pair, s in self.lifetimes.items() if s is None]
        return sorted(found)


def plan_wanted(
    steps: Steps,
    dids: Iterable[WantedDid],
    there: Mapping[Pair, There],
    ours: Callable[[Pair], bool],
    sent: Mapping[Pair, SentDid],
    *,
    replicas: bool = True,
) -> None:
    """Add what makes Rucio hold what is wanted.

    ``ours`` tells which data identifiers we publish: nothing is detached from others.  ``sent``
    is what was sent before.  ``replicas``: those of files that are there are told again.

    Raises:
        ServiceRefused: a data identifier is there and cannot become what is wanted.
    """
    for did in dids:
        found, before = there.get(did.pair), sent.get(did.pair)
        if found is None and did.is_optional:
            continue
        if found is not None:
            check_same(did, found)
        else:
            steps.create[did.pair] = did
        if did.rse and (found is None or replicas):
            steps.replicas[did.pair] = did
        has: frozenset[Pair] = found.parents if found is not None else frozenset()
        for up in did.parents:
            _check_parent(did, up, there.get(up))
            if up not in has:
                steps.attach[up, did.pair] = did.type
        steps.detach.update((up, did.pair) for up in has - set(did.parents) if ours(up))
        if found is not None and found.expires and before is not None and before.expired:
            steps.lifetimes[did.pair] = None
        meta = {} if found is None else found.meta
        new = {key: value for key, value in did.meta if key not in meta or meta[key] != value}
        if new:
            steps.meta[did.pair] = new
        wanted = {key for key, _ in did.meta}
        for key in before.meta if before is not None else ():
            if key not in wanted and key in meta:
                steps.unset.add((did.pair, key))


def plan_removed(
    steps: Steps,
    dids: Iterable[SentDid],
    there: Mapping[Pair, There],
    ours: Callable[[Pair], bool],
    seconds: float | None,
) -> None:
    """Add what takes away what was sent: a plain client cannot delete a data identifier.

    It is detached from what we publish and loses our metadata; with ``seconds`` those that we
    made, and that are no files, expire.
    """
    for did in dids:
        found = there.get(did.pair)
        if found is None:
            continue
        steps.detach.update((up, did.pair) for up in found.parents if ours(up))
        steps.unset.update((did.pair, key) for key in did.meta if key in found.meta)
        if seconds is not None and did.made and did.type != "FILE" and not found.expires:
            steps.lifetimes[did.pair] = seconds


def check_same(did: WantedDid, found: There) -> None:
    """Compare what cannot be changed.

    Raises:
        ServiceRefused: it differs.
    """
    pairs: list[tuple[str, Any, Any]] = [("type", did.type, found.type)]
    if did.type == found.type == "FILE":
        pairs += [("bytes", did.size, found.size)]
        for name, ours, theirs in (
            ("md5", did.md5, found.md5),
            ("adler32", did.adler32, found.adler32),
        ):
            pairs += [(name, ours, theirs)] if ours and theirs else []
    other = [
        f"{name} {theirs} there, {ours} in the graph"
        for name, ours, theirs in pairs
        if ours is not None and ours != theirs
    ]
    if other:
        raise ServiceRefused(
            f"{did.scope}:{did.name} exists in Rucio (by {found.account or 'nobody'}) and differs: "
            f"{'; '.join(other)}. Correct the side that is wrong; Rucio cannot change it",
            DIFFERS,
        )


def _check_parent(did: WantedDid, up: Pair, found: There | None) -> None:
    right = "DATASET" if did.type == "FILE" else "CONTAINER"
    if found is not None and found.type != right:
        raise ServiceRefused(
            f"{did.scope}:{did.name} cannot be attached to {':'.join(up)}: that is a {found.type} "
            f"in Rucio (by {found.account or 'nobody'}), not a {right}. Correct that first",
            DIFFERS,
        )


def do(client: Client, steps: Steps) -> None:
    """Do the steps.

    Raises:
        ServiceNotUsable: Rucio does not answer as it must.
        ServiceRefused: it refuses something; what came before is done.
    """
    made = [did for did in steps.create.values() if did.type != "FILE"]
    for dids in in_parts(made):
        with speaking("Making containers and data sets"):
            client.add_dids([{**_did(did.pair), "type": did.type} for did in dids])
    by_rse: defaultdict[str, list[WantedDid]] = defaultdict(list)
    for did in steps.replicas.values():
        by_rse[did.rse].append(did)
    for rse, files in by_rse.items():
        for dids in in_parts(files):
            with speaking(f"Telling where files lie at {rse}"):
                client.add_replicas(rse, [_file(did) for did in dids])
    for up, children in _by_parent(steps.detach).items():
        with speaking(f"Detaching from {':'.join(up)}"):
            client.detach_dids(*up, [_did(child) for child in children])
    _attach(client, steps)
    for some in in_parts(sorted(steps.lifetimes.items())):
        _set(client, [(pair, {"lifetime": seconds}) for pair, seconds in some])
    for part in in_parts(sorted(steps.meta.items(), key=lambda one: one[0])):
        _set(client, part)
    for pair, key in sorted(steps.unset):
        with speaking(f"Deleting metadata of {':'.join(pair)}"):
            client.delete_metadata(*pair, key=key)


def _attach(client: Client, steps: Steps) -> None:
    # Rucio takes no mixture of containers and data sets in one attachment
    groups: defaultdict[tuple[Pair, str], list[Pair]] = defaultdict(list)
    for (up, child), kind in steps.attach.items():
        groups[up, kind].append(child)
    whole = [
        {**_did(up), "dids": [_did(child) for child in some]}
        for (up, _), children in groups.items()
        for some in in_parts(children)
    ]
    begun: list[dict[str, Any]] = []
    number = 0
    for one in whole:
        begun.append(one)
        number += len(one["dids"])
        if number >= 500 or one is whole[-1]:
            with speaking("Attaching"):
                client.attach_dids_to_dids(begun, ignore_duplicate=True)
            begun, number = [], 0


def _set(client: Client, some: Iterable[tuple[Pair, Mapping[str, Any]]]) -> None:
    with speaking("Setting metadata"):
        client.set_dids_metadata_bulk([{**_did(pair), "meta": dict(meta)} for pair, meta in some])


def _by_parent(pairs: Iterable[tuple[Pair, Pair]]) -> dict[Pair, list[Pair]]:
    found: defaultdict[Pair, list[Pair]] = defaultdict(list)
    for up, child in sorted(pairs):
        found[up].append(child)
    return found


def _did(pair: Pair) -> dict[str, Any]:
    return {"scope": pair[0], "name": pair[1]}


def _file(did: WantedDid) -> dict[str, Any]:
    sums = {"md5": did.md5, "adler32": did.adler32}
    told = {name: value for name, value in sums.items() if value}
    return {**_did(did.pair), "bytes": did.size, "pfn": did.pfn, **told}
