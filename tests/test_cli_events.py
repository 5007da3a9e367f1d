"""The commands about events, over the real documents of one flood and one earthquake."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from dafab_kg.cli import main

FLOOD = "glide.FL-2024-000199-ESP"
GLIDE, EMDAT = "glide/FL-2024-000199-ESP", "emdat/2024-0796-ESP"


@pytest.fixture
def store(shared: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    examples = shared / "events" / "monty" / "examples"
    folders = [str(examples / name) for name in ("glide-events", "emdat-events")]
    assert main(["load", *folders, "--store", str(tmp_path / "store"), "-q"]) == 0
    return tmp_path / "store"


@pytest.fixture
def call(store: Path, capsys: pytest.CaptureFixture[str]):
    def run(*arguments: str) -> tuple[int, str, str]:
        capsys.readouterr()
        code = main(["events", *arguments, "--store", str(store)])
        out, err = capsys.readouterr()
        return code, out, err

    return run


def members(call: Any, event: str) -> set[str]:
    code, out, _ = call("show", event, "--json")
    assert code == 0
    return {f"{one['source']}/{one['id']}" for one in json.loads(out)["reports"]}


def test_list_and_show(call) -> None:
    code, out, _ = call("list")
    assert code == 0
    assert FLOOD in out and "glide.EQ-2008-000062-CHN" in out
    assert out.index("2024-10-27") < out.index("2008-05-12")  # the latest first
    code, out, _ = call("list", "--most", "1")
    assert "and 1 more" in out
    assert json.loads(call("list", "--json")[1])[0]["id"] == FLOOD
    assert members(call, FLOOD) == {GLIDE, EMDAT}
    assert members(call, f"https://w3id.org/dafab/id/event/{FLOOD}") == {GLIDE, EMDAT}
    assert EMDAT in call("show", FLOOD)[1]


def test_why(call) -> None:
    code, out, _ = call("why", GLIDE, EMDAT)
    assert code == 0
    assert out.splitlines()[0] == "One event:"
    assert "both name monty 20241027-ESP-FL-1-GCDB" in out
    _, out, _ = call("why", GLIDE, "glide/EQ-2008-000062-CHN")
    assert out.splitlines()[0] == "Not one event:"
    assert "different glide ids: FL-2024-000199-ESP and EQ-2008-000062-CHN" in out
    explained = json.loads(call("why", GLIDE, "glide/EQ-2008-000062-CHN", "--json")[1])
    assert explained["same"] is False and explained["reasons"]


def test_separate_and_undo(call) -> None:
    code, out, _ = call("separate", GLIDE, EMDAT, "--because", "to see", "--json")
    assert code == 0
    decision = json.loads(out)["decision"]
    assert members(call, FLOOD) == {GLIDE}
    assert members(call, "emdat.2024-0796-ESP") == {EMDAT}
    assert f"decision {decision}" in call("why", GLIDE, EMDAT)[1]
    (listed,) = json.loads(call("decisions", "--json")[1])
    assert (listed["verdict"], listed["because"]) == ("distinct", "to see")
    assert listed["reports"] == [EMDAT, GLIDE]
    assert decision in call("decisions")[1]
    assert call("undo", decision)[0] == 0
    assert members(call, FLOOD) == {GLIDE, EMDAT}
    assert call("decisions")[1] == "Nothing was decided.\n"


def test_unite_and_undo_by_iri(call) -> None:
    code, out, _ = call("unite", GLIDE, "glide/EQ-2008-000062-CHN")
    assert code == 0 and "undo" in out
    decision = json.loads(call("decisions", "--json")[1])[0]["id"]
    assert len(members(call, "glide.EQ-2008-000062-CHN")) == 3
    assert f"decision {decision}" in call("why", GLIDE, "glide/EQ-2008-000062-CHN")[1]
    assert call("undo", f"https://w3id.org/dafab/id/decision/{decision}", "-q")[:2] == (0, "")
    assert members(call, FLOOD) == {GLIDE, EMDAT}


@pytest.mark.parametrize(
    ("arguments", "word"),
    [
        (("show", "nothing"), "events list"),
        (("why", GLIDE, "glide/none"), "glide/none"),
        (("separate", GLIDE, "glide/none"), "glide/none"),
        (("separate", GLIDE), "two different reports"),
        (("unite", GLIDE, "nothing"), "nothing"),
        (("undo", "none"), "events decisions"),
        (("undo", "https://a.example/x"), "no decision"),
    ],
)
def test_what_is_not_there(call, arguments: tuple[str, ...], word: str) -> None:
    code, _, err = call(*arguments)
    assert code == 1
    assert word in err


def test_an_empty_catalogue_has_no_events(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "x.ttl").write_text("<urn:a> <urn:b> <urn:c> .")
    store = ["--store", str(tmp_path / "store")]
    assert main(["load", "x.ttl", *store, "-q"]) == 0
    assert main(["events", "list", *store]) == 0
    assert capsys.readouterr().out == "There are no events here.\n"
