"""The command `rucio publish` beside a real Rucio 41.5.1: killed, and beside a server."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import dafab_kg
from dafab_kg.federation.rucio.scopes import check_scopes
from dafab_kg.model.did_names import encode_did_name
from tests.judges.two_sides import HELD, RSE, Sides, running
from tests.serving.served import COMMAND, Server

pytestmark = [pytest.mark.oracle, pytest.mark.slow]


@pytest.fixture
def both(tmp_path: Path) -> Iterator[Sides]:
    """A catalogue with a Rucio beside it, in which there is nothing yet."""
    (tmp_path / "side").mkdir()
    with running(tmp_path) as config:
        sides = Sides(tmp_path / "side", config, "dafab")
        check_scopes(sides.client, ["dafab"], make=True)
        yield sides
        sides.close()


def told(both: Sides) -> dict[str, Any]:
    """The settings of both."""
    return {"rucio_config": str(both.settings.rucio_config), "rucio_rses": {HELD: RSE}}


def run(both: Sides, *words: str) -> subprocess.Popen[str]:
    environment = {
        **os.environ,
        "DAFAB_STORE": str(both.settings.store),
        "DAFAB_RUCIO_CONFIG": str(both.settings.rucio_config),
        "DAFAB_RUCIO_RSES": json.dumps({HELD: RSE}),
    }
    return subprocess.Popen(
        [*COMMAND, *words],
        env=environment,
        cwd=both.place,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def test_it_is_killed_at_any_moment(both: Sides) -> None:
    both.close()
    chance = random.Random(7)
    killed = 0
    for _ in range(5):
        process = run(both, "rucio", "publish", "--json")
        try:
            process.communicate(timeout=chance.uniform(1.5, 5.0))
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGKILL)
            process.communicate()
            killed += 1
    assert killed, "none was killed in time"
    process = run(both, "rucio", "publish", "--json")
    out, err = process.communicate(timeout=120)
    assert process.returncode == 0, err
    assert json.loads(out)["refused"] == {}
    process = run(both, "rucio", "reconcile", "--json")
    out, err = process.communicate(timeout=120)
    assert process.returncode == 0, err
    found = json.loads(out)
    assert (found["differences"], found["foreign"]) == ([], 0)
    process = run(both, "rucio", "status", "--json")
    out, err = process.communicate(timeout=120)
    assert json.loads(out)["dead"] == 0
    both.catalogue = dafab_kg.open(both.settings.store, settings=both.settings)
    assert both.rucio() == both.graph()


def test_it_follows_a_server(both: Sides) -> None:
    both.close()
    server = Server(both.settings.store, **told(both))
    try:
        process = run(both, "rucio", "publish", "--follow")
        model = next(iter(both.items.values()))
        for name in ("first one", "second one"):
            (both.place / "new.json").write_text(json.dumps({**model, "id": name}))
            out, err = run(both, "load", "new.json").communicate(timeout=60)
            until = time.monotonic() + 60
            wanted = encode_did_name(f"{name}_assets")
            while wanted not in both.client.list_dids("dafab", [{}], did_type="all"):
                assert process.poll() is None and time.monotonic() < until, (out, err)
                time.sleep(0.5)
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=60)
        assert process.returncode == 130, err
        # it may have been interrupted in the middle
        out, err = run(both, "rucio", "publish", "--json").communicate(timeout=60)
        assert json.loads(out)["refused"] == {}, err
        out, err = run(both, "rucio", "reconcile", "--json").communicate(timeout=60)
        assert json.loads(out)["differences"] == [], err
    finally:
        assert server.stop() == 0
    both.catalogue = dafab_kg.open(both.settings.store, settings=both.settings)
    assert both.rucio() == both.graph()
