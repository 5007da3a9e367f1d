"""A catalogue and a real Rucio beside it, and what is done to either side."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import dafab_kg
from dafab_kg.catalogue.catalogue import Catalogue
from dafab_kg.catalogue.following import publish_round
from dafab_kg.federation.rucio.connection import connect
from dafab_kg.federation.rucio.memory import Memory
from dafab_kg.federation.rucio.publish import Published, Publisher
from dafab_kg.federation.rucio.reconcile import Reconciled, reconcile
from dafab_kg.model.did_names import encode_did_name
from dafab_kg.model.settings import Settings
from tests.dids.making import collections, items
from tests.judges.real_rucio import Rucio, client_config

RSE = "ARCHIVE"
HELD = "https://files.example/"
"""How the addresses of files begin that lie at that storage element."""
SUM = "d50110" + "0123456789abcdef" * 2
Tree = dict[tuple[str, str], set[str]]
"""By scope and name of a container or data set the names below it."""


class Killed(BaseException):
    """The publisher ends here, as by a kill."""


class Dying:
    """A client that is killed before or after its n-th call that writes."""

    WRITES = ("add_dids", "add_replicas", "attach_dids_to_dids", "detach_dids")

    def __init__(self, client: Any, calls: int, *, after: bool) -> None:
        self._client, self._left, self._after = client, calls, after

    def __getattr__(self, name: str) -> Any:
        way = getattr(self._client, name)
        if name not in self.WRITES:
            return way

        def call(*arguments: Any, **more: Any) -> Any:
            self._left -= 1
            if self._left == 0 and not self._after:
                raise Killed
            found = way(*arguments, **more)
            if self._left == 0:
                raise Killed
            return found

        return call


class Sides:
    """A catalogue, the Rucio beside it, and what is done to both."""

    def __init__(self, place: Path, config: Path, scope: str, **chosen: Any) -> None:
        self.place, self.scope = place, scope
        self.settings = Settings(
            store=place / "store",
            rucio_config=config,
            rucio_rses={HELD: RSE},
            did_scope=scope,
            **chosen,
        )
        self.client = connect(self.settings)
        self.catalogue: Catalogue = dafab_kg.open(place / "store", settings=self.settings)
        (place / "items").mkdir()
        self.items = {item["id"]: item for item in items()}
        for number, value in enumerate((*collections(*_collections()), *self.items.values())):
            (place / "items" / f"{number}.json").write_text(json.dumps(value))
        self.catalogue.load(place / "items")

    def close(self) -> None:
        self.catalogue.close()

    def load(self, item: dict[str, Any]) -> None:
        self.items[item["id"]] = item
        file = self.place / "again.json"
        file.write_text(json.dumps(item))
        assert self.catalogue.load(file).ok

    def delete(self, name: str) -> None:
        item = self.items.pop(name)
        self.catalogue.delete_item(item["collection"], name)

    def publisher(self, memory: Memory, client: Any = None) -> Publisher:
        days = self.settings.rucio_expire_days
        seconds = None if days is None else days * 86_400
        meta = self.settings.rucio_metadata == "all"
        return Publisher(client or self.client, memory, meta=meta, expire_seconds=seconds)

    def publish(self, client: Any = None, **more: Any) -> Published:
        with Memory(self.settings.store) as memory:
            return publish_round(self.catalogue, self.publisher(memory, client), **more)

    def reconcile(self, *, repair: bool) -> Reconciled:
        wanted = self.catalogue.wanted_dids
        with Memory(self.settings.store) as memory:
            publisher = self.publisher(memory)
            return reconcile(publisher, wanted.everything(), wanted.scopes, repair=repair)

    def graph(self) -> Tree:
        """What the graph has below its root; of files those that can be in Rucio."""
        found: Tree = {}
        left = [(self.scope, "stac", "CONTAINER")]
        while left:
            scope, name, kind = left.pop()
            if (scope, name) in found or kind == "FILE":
                continue
            below = self.catalogue.did_members(scope, name).dids
            assert len(below) < 1000
            below = tuple(did for did in below if did.type != "FILE" or did.md5)
            found[scope, name] = {did.name for did in below}
            left += [(did.scope, did.name, did.type) for did in below]
        encoded = {(s, encode_did_name(name)): below for (s, name), below in found.items()}
        return {pair: set(map(encode_did_name, below)) for pair, below in encoded.items()}

    def rucio(self) -> Tree:
        """What Rucio has below the root; what others put there is left out."""
        found: Tree = {}
        left = [(self.scope, "stac", "CONTAINER")]
        while left:
            scope, name, kind = left.pop()
            if (scope, name) in found or kind == "FILE":
                continue
            below = [
                row
                for row in self.client.list_content(scope, name)
                if not row["name"].startswith("foreign")
            ]
            found[scope, name] = {row["name"] for row in below}
            left += [(row["scope"], row["name"], row["type"]) for row in below]
        return found


def _collections() -> list[str]:
    return sorted({item["collection"] for item in items()})


def make_storage(client: Any) -> None:
    """Make the storage element where files lie that are published."""
    client.add_rse(RSE, deterministic=False)
    domains = {"read": 1, "write": 1, "delete": 1}
    wide = {**domains, "third_party_copy_read": 1, "third_party_copy_write": 1}
    client.add_protocol(
        RSE,
        {
            "scheme": "https",
            "hostname": "files.example",
            "port": 443,
            "prefix": "/",
            "impl": "rucio.rse.protocols.gfal.Default",
            "domains": {"lan": domains, "wan": wide},
        },
    )


@contextmanager
def running(place: Path, **chosen: Any) -> Iterator[Path]:
    """Run a Rucio with that storage; the value is the configuration of its root."""
    rucio = Rucio(place, **chosen)
    try:
        config = client_config(place, rucio.address, rucio.password)
        make_storage(connect(Settings(rucio_config=config)))
        yield config
    finally:
        rucio.stop()
