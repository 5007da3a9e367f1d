"""What a Rucio holds: data identifiers as its client tells of them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice
from typing import TYPE_CHECKING, Any, Final, TypeVar

from dafab_kg.federation.rucio.connection import speaking
from dafab_kg.federation.rucio.slashes import check_slashes
from dafab_kg.federation.rucio.wanted import DidType, Pair
from dafab_kg.model.errors import ServiceNotUsable

if TYPE_CHECKING:
    from rucio.client import Client

T = TypeVar("T")
AT_ONCE: Final = 500
"""Most data identifiers of one request (Rucio takes 1,000)."""
PLUGIN: Final = "JSON"
"""Of Rucio's metadata plugins the one that keeps what we set."""


@dataclass(frozen=True)
class There:
    """A data identifier of Rucio; ``size`` in bytes, ``parents`` as far as they were asked."""

    type: DidType
    size: int | None = None
    md5: str | None = None
    adler32: str | None = None
    account: str = ""
    expires: bool = False
    parents: frozenset[Pair] = frozenset()
    meta: Mapping[str, Any] = field(default_factory=dict)


def read_some(
    client: Client, pairs: Iterable[Pair], *, meta: bool, parents: bool = False
) -> dict[Pair, There]:
    """Return those of data identifiers that are there; with ``meta`` their metadata, with
    ``parents`` what they are attached to (a request each).

    Raises:
        ServiceNotUsable: Rucio does not answer as it must.
    """
    wanted = list(dict.fromkeys(pairs))
    found: dict[Pair, There] = {}
    for some in in_parts(wanted):
        with speaking("Reading data identifiers"):
            for row in client.get_metadata_bulk(_named(some)):
                found[_pair(row)] = _there(row)
    if meta:
        for some in in_parts([pair for pair in wanted if pair in found]):
            with speaking("Reading metadata"):
                for row in client.get_metadata_bulk(_named(some), plugin=PLUGIN):
                    kept = {k: v for k, v in row.items() if k not in ("scope", "name")}
                    found[_pair(row)] = replace(found[_pair(row)], meta=kept)
    if parents:
        for pair in found:
            with speaking(f"Reading what {':'.join(pair)} is attached to"):
                ups = frozenset(_pair(row) for row in client.list_parent_dids(*pair))
            found[pair] = replace(found[pair], parents=ups)
    return found


def read_scope(client: Client, scope: str, *, meta: bool) -> dict[Pair, There]:
    """Return all that is in a scope, with what each is attached to in it.

    Raises:
        ServiceNotUsable: Rucio does not answer as it must.
        ServiceRefused: there is no such scope.
    """
    with speaking(f"Listing the scope {scope}"):
        rows = list(client.list_dids(scope, [{}], did_type="all", long=True))
    found = read_some(client, (_pair(row) for row in rows), meta=meta)
    check_slashes(client, (pair for pair, one in found.items() if one.type != "FILE"))
    ups: defaultdict[Pair, set[Pair]] = defaultdict(set)
    for pair, one in found.items():
        if one.type != "FILE":
            with speaking(f"Listing what is in {':'.join(pair)}"):
                for row in client.list_content(*pair):
                    ups[_pair(row)].add(pair)
    return {pair: replace(one, parents=frozenset(ups[pair])) for pair, one in found.items()}


def in_parts(values: Iterable[T], size: int = AT_ONCE) -> Iterator[list[T]]:
    """Yield values in lists of ``size``."""
    left = iter(values)
    while some := list(islice(left, size)):
        yield some


def _named(pairs: Sequence[Pair]) -> list[dict[str, str]]:
    return [{"scope": scope, "name": name} for scope, name in pairs]


def _pair(row: Mapping[str, Any]) -> Pair:
    try:
        return str(row["scope"]), str(row["name"])
    except (KeyError, TypeError) as error:
        raise ServiceNotUsable(
            "Rucio names a data identifier without scope and name. It may have broken off. "
            "Try again later"
        ) from error


def _there(row: Mapping[str, Any]) -> There:
    kind = row.get("did_type")
    if kind not in ("CONTAINER", "DATASET", "FILE"):
        raise ServiceNotUsable(f"Rucio tells of a data identifier of type {str(kind)[:40]!r}")
    own = kind == "FILE"  # what it tells of others is a sum
    return There(
        kind,
        row.get("bytes") if own else None,
        row.get("md5") if own else None,
        row.get("adler32") if own else None,
        str(row.get("account") or ""),
        row.get("expired_at") is not None,
    )
