"""Ids that are no names in Rucio, or too long for it: a real Rucio 41.5.1, and our face of one.

What is published there is resolved by `dafab-kg files` and linked by a harvest; the stock client
lists, filters and reads the same names there and at `/rucio`.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

import dafab_kg
from dafab_kg.catalogue.following import publish_round
from dafab_kg.cli import main
from dafab_kg.federation.rucio.connection import connect
from dafab_kg.federation.rucio.memory import Memory
from dafab_kg.federation.rucio.publish import Publisher
from dafab_kg.federation.rucio.scopes import check_scopes
from dafab_kg.model.did_names import encode_did_name, is_cut
from dafab_kg.model.settings import Settings
from tests.dids.test_rucio_names import IDS, KEYS, item
from tests.judges.real_rucio import client_config
from tests.judges.two_sides import HELD, RSE, SUM, running
from tests.serving.served import Server

pytestmark = [pytest.mark.oracle, pytest.mark.slow]


@dataclass
class World:
    """A Rucio and our face, each with its client; and how commands are called."""

    store: Path
    config: Path
    there: Any
    here: Any


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    place = tmp_path_factory.mktemp("names")
    (place / "items").mkdir()
    for number, name in enumerate(IDS):
        value = item(number, name)
        for key, one in enumerate(KEYS):
            more = {"file:size": 1000 + key, "file:checksum": SUM}
            value["assets"][one] = {"href": f"{HELD}{number}/{key}.tif", **more}
        (place / "items" / f"{number}.json").write_text(json.dumps(value))
    with running(place) as config:
        settings = Settings(store=place / "store", rucio_config=config, rucio_rses={HELD: RSE})
        client = connect(settings)
        check_scopes(client, ["dafab"], make=True)
        with (
            dafab_kg.open(settings.store, settings=settings) as catalogue,
            Memory(settings.store) as memory,
        ):
            assert catalogue.load(place / "items").ok
            assert publish_round(catalogue, Publisher(client, memory)).refused == {}
        server = Server(settings.store, guest="guest", rate_per_second=10_000, rate_burst=10_000)
        (place / "here").mkdir()
        face = client_config(place / "here", f"{server.address}/rucio", "any")
        face.write_text(face.read_text().replace("ddmlab", "guest").replace("= root", "= guest"))
        try:
            ours = connect(Settings(rucio_config=face))
            yield World(settings.store, config, client, ours)
        finally:
            assert server.stop() == 0


@pytest.fixture
def call(
    world: World, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> Callable[..., Any]:
    monkeypatch.setenv("DAFAB_RUCIO_CONFIG", str(world.config))

    def run(*arguments: str) -> Any:
        capsys.readouterr()
        got = main([*arguments, "--json", "--store", str(world.store)])
        out, err = capsys.readouterr()
        assert got == 0, (out, err)
        return json.loads(out)

    return run


def test_both_list_and_read_the_same(world: World) -> None:
    for kind in ("container", "dataset", "file", "collection", "all"):
        there, here = (
            set(client.list_dids("dafab", [{}], did_type=kind))
            for client in (world.there, world.here)
        )
        assert there == here and len(there) >= len(IDS), kind
    names = set(world.here.list_dids("dafab", [{}], did_type="all"))
    assert sum(map(is_cut, names)) > 10
    for name in names:
        for client in (world.there, world.here):
            assert list(client.list_dids("dafab", [{"name": name}], did_type="all")) == [name]
        one, other = (client.get_did("dafab", name) for client in (world.there, world.here))
        assert (one["name"], one["type"]) == (other["name"], other["type"])
        ways: list[Callable[[Any], Any]] = [lambda c, n=name: c.list_parent_dids("dafab", n)]
        if one["type"] != "FILE":
            ways.append(lambda c, n=name: c.list_content("dafab", n))
        for way in ways:
            found = [
                {(row["scope"], row["name"], row["type"]) for row in way(client)}
                for client in (world.there, world.here)
            ]
            assert found[0] == found[1], name
    for name in IDS:
        told = world.here.get_metadata("dafab", encode_did_name(name), "ALL")
        assert (told["name"], told["gsd"]) == (encode_did_name(name), IDS.index(name) + 1)
        (row,) = world.here.get_metadata_bulk(
            [{"scope": "dafab", "name": encode_did_name(name)}], plugin="ALL"
        )
        assert row["gsd"] == told["gsd"]
    assert list(world.here.list_dids("dafab", [{"gsd.lte": 1}])) == [encode_did_name(IDS[0])]


@pytest.mark.parametrize("number", range(len(IDS)))
def test_files_are_resolved(world: World, call: Callable[..., Any], number: int) -> None:
    name = IDS[number]
    for asked in (name, encode_did_name(name)):
        found = call("files", asked, "--fresh")["files"]
        assert {one["did"].partition(":")[2] for one in found} == {
            encode_did_name(f"{name}_{key}.tif") for key in KEYS
        }
        for one in found:
            (address,) = (source["address"] for source in one["sources"] if source["rse"] == RSE)
            key = KEYS.index(one["asset"])
            assert address == f"https://files.example:443/{number}/{key}.tif"
            assert (one["bytes"], one["checksums"]["md5"]) == (1000 + key, SUM[6:])


def test_harvested_names_lead_to_products_and_assets(
    world: World, call: Callable[..., Any]
) -> None:
    call("rucio", "harvest", "dafab")
    query = (
        "PREFIX dafab: <https://w3id.org/dafab/ns#> SELECT ?id ?key ?n { "
        "?thing dafab:hasDataIdentifier ?d . ?d dafab:name ?n . "
        "{ ?thing dafab:productId ?id } UNION "
        "{ ?thing dafab:ofProduct/dafab:productId ?id ; dafab:assetKey ?key } }"
    )
    with dafab_kg.open(world.store, read_only=True) as catalogue:
        answer: Any = catalogue.query(query)
        found = {tuple(None if one is None else one.value for one in row) for row in answer}
    right: set[tuple[Any, ...]] = set()
    for name in IDS:
        right |= {(name, None, encode_did_name(full)) for full in (name, f"{name}_assets")}
        right |= {(name, key, encode_did_name(f"{name}_{key}.tif")) for key in KEYS}
    assert found == right
