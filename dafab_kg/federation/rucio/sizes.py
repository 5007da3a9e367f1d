"""How much data identifiers hold, as a Rucio reckons it of their files."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

from dafab_kg.federation.rucio.connection import speaking
from dafab_kg.federation.rucio.wanted import Pair
from dafab_kg.model.errors import ServiceRefused

if TYPE_CHECKING:
    from rucio.client import Client

    from dafab_kg.federation.rucio.rules import Rule


def empty_of(client: Client, pairs: Iterable[Pair]) -> Iterator[Pair]:
    """Yield those of data sets and containers that have no file below them.

    Raises:
        ServiceNotUsable: Rucio does not answer as it must.
    """
    for pair in pairs:
        with speaking(f"Listing the files of {':'.join(pair)}"):
            first = next(iter(client.list_files(*pair)), None)
        if first is None:
            yield pair


def with_sizes(client: Client, rules: Iterable[Rule]) -> Iterator[Rule]:
    """Yield rules with the bytes of one copy of what they keep; None: it has gone.

    Raises:
        ServiceNotUsable: Rucio does not answer as it must.
    """
    sizes: dict[Pair, int | None] = {}
    for one in rules:
        pair = one.scope, one.name
        if pair not in sizes:
            sizes[pair] = _size(client, pair)
        yield replace(one, size=sizes[pair])


def _size(client: Client, pair: Pair) -> int | None:
    try:
        # what its table has of sets lags behind, or is nothing
        with speaking(f"Reading how large {':'.join(pair)} is"):
            told = client.get_did(*pair, dynamic_depth="FILE").get("bytes")
    except ServiceRefused as error:
        if error.reason != "DataIdentifierNotFound":
            raise
        return None
    return told if isinstance(told, int) and not isinstance(told, bool) else None
