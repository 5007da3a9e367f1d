"""Data identifiers whose documents are to come: made by a client, empty until then.

They are kept in a file of the store's directory, which the writer alone writes.  Where the
graph knows an identifier, that is meant; what is kept here shows itself where it does not.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final, Literal

import orjson

from dafab_kg.dids.finding import Pair
from dafab_kg.dids.names import ASSETS, MOST_NAME, Did
from dafab_kg.model.errors import (
    ItemNotWritable,
    NameNotValid,
    StoreNotUsable,
    ThingChanged,
    ThingExists,
)
from dafab_kg.search.lineage import Node

FILE: Final = "expected-dids.json"
MOST: Final = 10_000
"""Most data identifiers that may wait for their documents."""
MOST_PARENTS: Final = 20

Records = dict[Pair, "Expected"]


@dataclass(frozen=True)
class Expected:
    """A container without a document.

    ``parents`` are what it was attached to; ``assets``: the data set of its assets was made.
    """

    scope: str
    name: str
    account: str = ""
    parents: tuple[Pair, ...] = ()
    assets: bool = False

    @property
    def did(self) -> Did:
        """It as a data identifier."""
        return Did(self.scope, self.name, "CONTAINER", Node("item", self.name))

    @property
    def data_set(self) -> Did:
        """The data set of its assets."""
        return Did(self.scope, self.name + ASSETS, "DATASET", Node("item", self.name))


@dataclass(frozen=True)
class DidChange:
    """A change of what is kept: ``keep`` puts it there, ``forget`` removes it, ``attach`` and
    ``detach`` change its parents."""

    action: Literal["keep", "forget", "attach", "detach"]
    scope: str
    name: str
    parents: tuple[Pair, ...] = ()
    account: str = ""


class ExpectedDids:
    """Those of one store; read anew when the file changes."""

    def __init__(self, store: Path) -> None:
        self._file = store / FILE
        self._read: tuple[tuple[int, int, int], Records] = ((0, 0, 0), {})

    def all(self) -> Mapping[Pair, Expected]:
        """Return all that are kept, by scope and name.

        Raises:
            StoreNotUsable: the file cannot be read.
        """
        try:
            state = self._file.stat()
        except FileNotFoundError:
            return {}
        mark = (state.st_mtime_ns, state.st_size, state.st_ino)
        if self._read[0] != mark:
            try:
                rows = orjson.loads(self._file.read_bytes())
                found = [
                    Expected(scope, name, account, tuple((s, n) for s, n in parents), assets)
                    for scope, name, account, parents, assets in rows
                ]
            except (OSError, ValueError, TypeError) as error:
                raise StoreNotUsable(f"{self._file} cannot be read: {error}") from error
            self._read = mark, {(one.scope, one.name): one for one in found}
        return self._read[1]

    def create(self, one: Expected) -> None:
        """Keep a new one.

        Raises:
            ThingExists: it is kept already.
            NameNotValid: its name cannot be one.
            ItemNotWritable: too many wait already.
        """
        if not 0 < len(one.name) <= MOST_NAME or not one.name.isprintable():
            raise NameNotValid(f"A name has 1 to {MOST_NAME} characters that can be printed")
        records = dict(self.all())
        if (one.scope, one.name) in records:
            raise ThingExists(f"There is a data identifier {one.scope}:{one.name} already")
        records[one.scope, one.name] = one
        self._write(records)

    def open_assets(self, pair: Pair) -> None:
        """Keep that the data set of one's assets was made.

        Raises:
            ThingExists: it was.
            ThingChanged: the container is not kept any more.
        """
        records = dict(self.all())
        if pair not in records:
            raise ThingChanged(f"{pair[0]}:{pair[1]} does not wait for a document any more")
        if records[pair].assets:
            raise ThingExists(f"There is a data identifier {pair[0]}:{pair[1]}{ASSETS} already")
        records[pair] = replace(records[pair], assets=True)
        self._write(records)

    def change(self, changes: Sequence[DidChange]) -> None:
        """Do changes, all or none.

        Raises:
            ThingChanged: what is to be attached or detached is not kept any more.
            ItemNotWritable: there would be too many, or one would have too many parents.
        """
        records = dict(self.all())
        for one in changes:
            pair = one.scope, one.name
            if one.action == "forget":
                records.pop(pair, None)
            elif one.action == "keep":
                records[pair] = Expected(*pair, one.account, one.parents, assets=True)
            elif pair not in records:
                raise ThingChanged(f"{one.scope}:{one.name} has a document by now")
            else:
                parents = dict.fromkeys(records[pair].parents)
                if one.action == "attach":
                    parents |= dict.fromkeys(one.parents)
                else:
                    parents = dict.fromkeys(up for up in parents if up not in one.parents)
                if len(parents) > MOST_PARENTS:
                    raise ItemNotWritable(f"{one.name} has {MOST_PARENTS} parents already")
                records[pair] = replace(records[pair], parents=tuple(parents))
        if records != self.all():
            self._write(records)

    def _write(self, records: Mapping[Pair, Expected]) -> None:
        """Write durably: the file is as it was, or as it is to be."""
        if len(records) > MOST:
            raise ItemNotWritable(
                f"{MOST} data identifiers wait for their documents already. Write some first"
            )
        rows = [
            [one.scope, one.name, one.account, one.parents, one.assets] for one in records.values()
        ]
        part = self._file.with_suffix(".part")
        with part.open("wb") as out:
            out.write(orjson.dumps(rows))
            out.flush()
            os.fsync(out.fileno())
        part.replace(self._file)


def expected_did(records: Mapping[Pair, Expected], pair: Pair) -> Did | None:
    """Return the data identifier that waits for its document, or its data set."""
    one = records.get(pair)
    if one is not None:
        return one.did
    owner = records.get((pair[0], pair[1].removesuffix(ASSETS)))
    return owner.data_set if owner is not None and owner.assets else None


def attached_to(records: Mapping[Pair, Expected], parent: Pair) -> Iterable[Did]:
    """Return those that were attached to another."""
    return (one.did for one in records.values() if parent in one.parents)
