"""What a Rucio is to hold for something of the graph: plain values."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from hashlib import sha256
from typing import Any, Final, Literal

import orjson

from dafab_kg.model.did_names import encode_did_name

DidType = Literal["CONTAINER", "DATASET", "FILE"]
Pair = tuple[str, str]
"""Scope and name."""

COLUMNS: Final = frozenset(
    {"access_cnt", "accessed_at", "account", "adler32", "availability", "bytes", "campaign"}
    | {"closed_at", "complete", "constituent", "created_after", "created_at", "created_before"}
    | {"datatype", "deleted_at", "did_type", "eol_at", "events", "expired_at", "guid", "hidden"}
    | {"is_archive", "is_new", "is_open", "length", "lifetime", "lumiblocknr", "md5", "monotonic"}
    | {"name", "obsolete", "panda_id", "phys_group", "prod_step", "project", "provenance"}
    | {"purge_replicas", "run_number", "scope", "stream_name", "suppressed", "task_id"}
    | {"transient", "type", "updated_at", "version"}
)
"""Keys that Rucio 41.5.1 takes for columns of its own table, or refuses."""
OWN: Final = "stac"
"""Stands before keys that would be columns."""
NESTED: Final = "__"


@dataclass(frozen=True)
class WantedDid:
    """A data identifier; ``parents`` are all that it is to be attached to.

    ``size`` is in bytes; ``rse`` and ``pfn`` say where a file lies.  A file without an ``rse``
    cannot be made: it is attached where Rucio has it already.
    """

    scope: str
    name: str
    type: DidType
    parents: tuple[Pair, ...] = ()
    size: int | None = None
    md5: str | None = None
    adler32: str | None = None
    rse: str = ""
    pfn: str = ""
    meta: tuple[tuple[str, Any], ...] = ()

    @property
    def pair(self) -> Pair:
        """Scope and name."""
        return self.scope, self.name

    @property
    def is_optional(self) -> bool:
        """Whether it is only attached if it is there."""
        return self.type == "FILE" and not self.rse


@dataclass(frozen=True)
class LeftOut:
    """A file that is not made in Rucio, and why."""

    name: str
    why: str


@dataclass(frozen=True)
class Unit:
    """What is published together: an item with its files, or a catalogue.

    ``name`` is its id in the graph; the first of ``dids`` is its own.  ``documents`` are the ids
    of those that describe it.
    """

    name: str
    dids: tuple[WantedDid, ...]
    documents: tuple[str, ...] = ()
    left_out: tuple[LeftOut, ...] = ()
    is_item: bool = True

    @property
    def pair(self) -> Pair:
        """Scope and name of its own data identifier."""
        return self.dids[0].pair

    @property
    def digest(self) -> str:
        """What changes whenever something else is wanted."""
        value = [asdict(did) for did in self.dids]
        return sha256(orjson.dumps(value, option=orjson.OPT_SORT_KEYS)).hexdigest()


def metadata_of(properties: Any) -> tuple[tuple[str, Any], ...]:
    """Return metadata for Rucio out of an item's properties, in the order of their keys.

    Objects are nested by ``__``; a key holds no dot, and none is a column of Rucio's.

    >>> metadata_of({"eo:cloud_cover": 3.5, "version": "2", "a.b": {"c": [1]}, "gone": None})
    (('a_x002E_b__c', [1]), ('eo:cloud_cover', 3.5), ('stac__version', '2'))
    """
    found: dict[str, Any] = {}
    _flatten("", properties, found)
    return tuple(sorted(found.items()))


def _flatten(before: str, value: Any, found: dict[str, Any]) -> None:
    for key, member in value.items() if isinstance(value, dict) else ():
        name = before + str(key).replace(".", "_x002E_")
        if not before and name in COLUMNS:
            name = f"{OWN}{NESTED}{name}"
        if isinstance(member, dict):
            _flatten(f"{name}{NESTED}", member, found)
        elif member is not None:
            found[name] = member


def named(scope: str, name: str) -> Pair:
    """Return the pair of an id in the graph, its name as Rucio takes it."""
    return scope, encode_did_name(name)
