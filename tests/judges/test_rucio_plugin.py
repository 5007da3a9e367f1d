"""A real Rucio 41.5.1 with our metadata plugin: its stock client and command line ask by meaning.

2,000 data identifiers are made from real water-analysis metadata; what filters find is compared
with what the documents say, told by hand (``water_items.py``).
"""

from __future__ import annotations

import json
import os
import subprocess
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

import dafab_kg
from dafab_kg.access.tokens import Tokens
from dafab_kg.model.settings import Settings
from tests.judges.clients import Told, by_name, value
from tests.judges.environments import python_with
from tests.judges.real_rucio import CLIENT, Rucio, client_config, plugin_modules
from tests.judges.water_items import BY_CLIENT, BY_COMMAND, make
from tests.serving.served import Server

pytestmark = [pytest.mark.oracle, pytest.mark.slow]

NUMBER = 2_000
UNKNOWN = "only/rucio_knows"
PLUGIN = "dafab_kg_rucio.plugin.DafabKgDidMeta"


def client(config: Path, *steps: Any) -> Told:
    """What Rucio's own Python client is told."""
    run = subprocess.run(
        [
            str(python_with(CLIENT, ".venv-rucio-clients")),
            str(Path(__file__).parent / "rucio_plugin_run.py"),
        ],
        input=json.dumps({"steps": steps}),
        capture_output=True,
        text=True,
        check=False,
        timeout=500,
        env={**os.environ, "RUCIO_CONFIG": str(config), "HOME": str(config.parent)},
    )
    assert run.returncode == 0, run.stderr[-3000:]
    return by_name([json.loads(line) for line in run.stdout.splitlines()])


def command(config: Path, *arguments: str) -> tuple[int, list[str]]:
    """What Rucio's own command line writes; its exit code."""
    python = python_with(CLIENT, ".venv-rucio-clients")
    run = subprocess.run(
        [str(python.parent / "rucio"), *arguments],
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
        env={**os.environ, "RUCIO_CONFIG": str(config), "HOME": str(config.parent)},
    )
    lines = (
        run.stdout.splitlines() if run.returncode == 0 else (run.stdout + run.stderr).split("\n")
    )
    return run.returncode, [line.strip() for line in lines]


def step(method: str, *arguments: Any, how: str = "", **more: Any) -> Any:
    return method, how, arguments, more


class Slow(BaseHTTPRequestHandler):
    """A graph that never ends its answer."""

    def _answer(self) -> None:
        self.send_response(200)
        self.send_header("Content-Length", "1000")
        self.end_headers()
        for _ in range(60):
            try:
                self.wfile.write(b" ")
                self.wfile.flush()
            except OSError:
                return
            time.sleep(0.2)

    do_GET = do_POST = _answer  # noqa: N815

    def log_message(self, *told: Any) -> None:
        pass


class World:
    """A graph, and a Rucio with the plugin that asks it."""

    def __init__(self, place: Path, shared: Path) -> None:
        self.place, self.modules = place, plugin_modules(place)
        self.items = make(shared, NUMBER)
        (place / "items").mkdir()
        whole = {"type": "FeatureCollection", "features": self.items}
        (place / "items" / "all.json").write_text(json.dumps(whole))
        store = place / "store"
        with dafab_kg.open(store, settings=Settings(store=store)) as catalogue:
            assert catalogue.load(place / "items").counts["loaded"] == NUMBER
        self.graph = Server(store, rate_per_second=10_000, rate_burst=10_000)
        _, self.token = Tokens(store).create("rucio", ["write"])
        self.token_file = place / "token"
        self.token_file.touch(mode=0o600)
        self.token_file.write_text(self.token)

    def rucio(self, name: str, url: str = "", **options: Any) -> tuple[Rucio, Path]:
        home = self.place / name
        home.mkdir()
        told = {"url": url or self.graph.address, "token_file": self.token_file, **options}
        lines = [f"plugins = {PLUGIN}", *(f"dafab_kg_{k} = {v}" for k, v in told.items())]
        rucio = Rucio(home, metadata="\n".join(lines), modules=self.modules)
        return rucio, client_config(home, rucio.address, rucio.password)


@pytest.fixture(scope="module")
def world(shared: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    made = World(tmp_path_factory.mktemp("plugin"), shared)
    yield made
    if made.graph.process.poll() is None:
        assert made.graph.stop() == 0


def register(config: Path, names: list[str]) -> None:
    """Make the data identifiers that Rucio has: data sets, and one container of a few."""
    dids = [{"scope": "dafab", "name": name, "type": "DATASET"} for name in (*names, UNKNOWN)]
    blocks = [dids[start : start + 500] for start in range(0, len(dids), 500)]
    held = [{"scope": "dafab", "name": name} for name in names[:20]]
    told = client(
        config,
        step("add_scope", "root", "dafab"),
        *(step("add_dids", block, how=str(n)) for n, block in enumerate(blocks)),
        step("add_container", "dafab", "some"),
        step("attach_dids", "dafab", "some", held),
    )
    assert [one["error"] for one in told.values() if "error" in one] == []


@pytest.fixture(scope="module")
def asked(world: World) -> Iterator[tuple[World, Path]]:
    rucio, config = world.rucio("rucio")
    try:
        register(config, [item["id"] for item in world.items])
        yield world, config
    finally:
        rucio.stop()
    assert world.token not in rucio.log.read_text()


def right(world: World, test: Any) -> list[str]:
    return sorted(item["id"] for item in world.items if test(item))


@pytest.mark.parametrize("text", BY_COMMAND)
def test_the_command_line_finds_what_the_documents_say(asked, text):
    world, config = asked
    code, lines = command(config, "did", "list", "dafab:*", "--filter", text, "--short")
    assert code == 0, lines
    found = sorted(line.removeprefix("dafab:") for line in lines if line)
    wanted = right(world, BY_COMMAND[text])
    assert found == wanted
    assert wanted, "the filter finds nothing, so that it shows nothing"


def test_the_python_client_finds_what_the_documents_say(asked):
    world, config = asked
    steps = [step("list_dids", "dafab", f, how=str(n)) for n, (f, _) in enumerate(BY_CLIENT)]
    told = client(config, *steps)
    for number, (sent, test) in enumerate(BY_CLIENT):
        found = value(told, "list_dids", str(number))
        assert sorted(found) == right(world, test), sent
        assert found, sent


def test_types_and_lengths_are_rucios(asked):
    world, config = asked
    wanted = [{"eo:cloud_cover.lte": 20}]
    told = client(
        config,
        step("list_dids", "dafab", wanted, how="long", long=True),
        step("list_dids", "dafab", wanted, how="container", did_type="container"),
        step("list_dids", "dafab", wanted, how="all", did_type="all"),
        step("list_dids", "dafab", wanted, how="file", did_type="file"),
    )
    rows = value(told, "list_dids", "long")
    names = right(world, BY_COMMAND["eo:cloud_cover<=20"])
    assert sorted(row["name"] for row in rows) == names
    assert {row["did_type"] for row in rows} == {"DATASET"}
    assert {row["scope"] for row in rows} == {"dafab"}
    assert value(told, "list_dids", "container") == value(told, "list_dids", "file") == []
    assert sorted(value(told, "list_dids", "all")) == names


def test_metadata_are_set_read_and_not_deleted(asked):
    world, config = asked
    name, other = world.items[5]["id"], world.items[6]["id"]
    key, last = "dafab:checked", {"dafab:checked": "yes", "dafab:score": 5}
    pairs = [{"scope": "dafab", "name": name}, {"scope": "dafab", "name": other}]
    bulk = [{**pair, "meta": last} for pair in pairs]
    told = client(
        config,
        step("get_metadata", "dafab", name, how="before", plugin="DAFAB_KG"),
        step("set_metadata", "dafab", name, key, "no"),
        step("get_metadata", "dafab", name, how="after", plugin="dafab_kg"),
        step("set_metadata_bulk", "dafab", name, {"dafab:score": 4, "eo:cloud_cover": "33.5"}),
        step("set_dids_metadata_bulk", bulk),
        step("get_metadata_bulk", pairs, plugin="ALL"),
        step("list_dids", "dafab", [{"dafab:score.gte": 5, "dafab:checked": "yes"}]),
        step("get_metadata", "dafab", UNKNOWN, how="unknown", plugin="ALL"),
        step("set_metadata", "dafab", UNKNOWN, key, "yes", how="unknown"),
        step("set_metadata", "dafab", "nothing", key, "yes", how="not there"),
        step("set_metadata", "dafab", name, "strange", 1, how="unmanaged"),
        step("delete_metadata", "dafab", name, key),
        step("get_metadata", "dafab", name, how="last", plugin="DAFAB_KG"),
        # the second of these fails, so that nothing is written of the first
        step("set_dids_metadata_bulk", [
            {**pairs[0], "meta": {"dafab:half": 1}}, {**pairs[1], "meta": {"anomaly": "flood"}},
        ], how="half"),
        step("set_dids_metadata_bulk", [
            {**pairs[0], "meta": {"dafab:half": 1}},
            {"scope": "dafab", "name": "nothing", "meta": {"dafab:half": 1}},
        ], how="half there"),
        step("get_metadata", "dafab", name, how="whole", plugin="DAFAB_KG"),
    )  # fmt: skip
    assert value(told, "get_metadata", "before") == world.items[5]["properties"]
    assert value(told, "get_metadata", "after")[key] == "no"
    assert sorted(value(told, "list_dids")) == sorted([name, other])
    whole = {one["name"]: one for one in value(told, "get_metadata_bulk")}
    assert whole[name]["eo:cloud_cover"] == 33.5  # written as text, declared to be a number
    assert whole[name]["did_type"] == "DATASET" and whole[other]["dafab:score"] == 5
    assert value(told, "get_metadata", "unknown")["name"] == UNKNOWN
    assert "harvest or load" in told["set_metadata", "unknown"]["error"]
    assert told["set_metadata", "not there"]["error"].startswith("DataIdentifierNotFound")
    assert told["set_metadata", "unmanaged"]["error"].startswith("InvalidMetadata")
    assert told["delete_metadata", ""]["error"].startswith("AccessDenied")
    assert value(told, "get_metadata", "last")[key] == "yes"
    for how in ("half", "half there"):
        assert "error" in told["set_dids_metadata_bulk", how]
    assert value(told, "get_metadata", "whole") == value(told, "get_metadata", "last")
    # what follows are those of the other tests again
    undone = client(config, *(
        step("set_metadata_bulk", "dafab", item["id"], item["properties"], how=str(n))
        for n, item in enumerate(world.items[5:7])
    ))  # fmt: skip
    assert all("error" not in one for one in undone.values())


def test_a_recursive_listing_goes_into_collections(asked):
    world, config = asked
    inside = [item["id"] for item in world.items[:20]]
    told = client(
        config,
        step("list_dids", "dafab", [{"name": "S2A*", "platform": "sentinel-2a"}], recursive=True),
    )
    found = value(told, "list_dids")
    assert len(found) == len(set(found))
    assert {name for name in inside if name.startswith("S2A")} <= set(found)


def test_what_is_refused(asked):
    _, config = asked
    refused = {
        "anomaly=wet": "there are flood",
        "eo:cloud_cover=abc": "this is a number",
        "footprint.within=Atlantis": "No place",
        "platform.like.it=1": "what follows a key",
    }
    for text, why in refused.items():
        code, lines = command(config, "did", "list", "dafab:*", "--filter", text)
        assert code != 0 and why in " ".join(lines), (text, lines)


def test_nothing_of_the_graph_stops_rucio(world, tmp_path):
    """Down, slow, and a wrong token: a clear error each, and Rucio's own goes on."""
    wrong = tmp_path / "wrong"
    wrong.write_text("dafab_" + "x" * 43)
    slow = ThreadingHTTPServer(("127.0.0.1", 0), Slow)
    threading.Thread(target=slow.serve_forever, daemon=True).start()
    at = f"http://127.0.0.1:{slow.server_port}"
    for name, options in {
        "down": {"url": "http://127.0.0.1:9"},
        "slow": {"url": at, "timeout": 1},
        "wrong": {"token_file": wrong},
        "nowhere": {"url": "somewhere"},
    }.items():
        rucio, config = world.rucio(f"fault-{name}", **options)
        try:
            began = time.monotonic()
            told = client(
                config,
                step("add_scope", "root", "dafab"),
                step("add_dataset", "dafab", "one"),
                step("list_dids", "dafab", [{"name": "o*"}], how="own"),
                step("list_dids", "dafab", [{"eo:cloud_cover.lt": 5}]),
                step("get_metadata", "dafab", "one", how="own"),
                step("get_metadata", "dafab", "one", plugin="DAFAB_KG"),
                step("set_metadata", "dafab", "one", "eo:cloud_cover", 5),
                step("set_metadata", "dafab", "one", "lifetime", 5, how="own"),
            )
            assert time.monotonic() - began < 60
            assert value(told, "list_dids", "own") == ["one"]
            assert value(told, "get_metadata", "own")["name"] == "one"
            assert value(told, "set_metadata", "own") is True
            for method in ("list_dids", "get_metadata", "set_metadata"):
                error = told[method, ""]["error"]
                if name == "nowhere" and method != "get_metadata":
                    assert error.startswith("InvalidMetadata")  # nobody manages the key
                else:
                    assert "does not answer" in error, (name, told)
        finally:
            rucio.stop()
    slow.shutdown()
    slow.server_close()


def test_deleting_may_be_allowed(world):
    rucio, config = world.rucio("deleting", allow_delete="true")
    try:
        register(config, [item["id"] for item in world.items[:30]])
        name = world.items[7]["id"]
        told = client(
            config,
            step("set_metadata", "dafab", name, "dafab:gone", "soon"),
            step("delete_metadata", "dafab", name, "dafab:gone"),
            step("get_metadata", "dafab", name, plugin="DAFAB_KG"),
            step("delete_metadata", "dafab", name, "dafab:gone", how="again"),
        )
        assert value(told, "delete_metadata") is True
        assert value(told, "get_metadata") == world.items[7]["properties"]
        assert told["delete_metadata", "again"]["error"].startswith("KeyNotFound")
    finally:
        rucio.stop()
