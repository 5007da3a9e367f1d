"""token and graph on the command line."""

from __future__ import annotations

import json

import pytest

from dafab_kg.access.tokens import Tokens
from dafab_kg.catalogue import open_catalogue
from dafab_kg.cli import main
from dafab_kg.model.settings import Settings

SECRET = "zq6secret"


@pytest.fixture
def store(tmp_path):
    place = tmp_path / "store"
    with open_catalogue(settings=Settings(store=place)) as catalogue:
        catalogue.update("INSERT DATA { GRAPH <a:g> { <a:s> <a:p> 1 } }")
    return place


def run(store, capsys, *arguments: str) -> tuple[int, str]:
    code = main(["--store", str(store), *arguments])
    return code, capsys.readouterr().out


def test_tokens(store, capsys):
    code, token = run(store, capsys, "token", "create", "ann", "--scope", "write")
    assert code == 0
    found = Tokens(store, "").find(token.strip())
    assert found is not None and found.scopes == ("write",)
    code, listed = run(store, capsys, "token", "list", "--json")
    assert [t["name"] for t in json.loads(listed)] == ["ann"]
    assert token.strip() not in listed and found.digest not in listed
    assert run(store, capsys, "token", "revoke", "ann")[0] == 0
    assert Tokens(store, "").find(token.strip()) is None
    assert run(store, capsys, "token", "revoke", "ann")[0] == 1
    assert run(store, capsys, "token", "create", "bob", "--scope", "root")[0] == 2
    code, told = run(
        store, capsys, "token", "create", "eve", "--scope", "read", "--days", "1", "--json"
    )
    assert json.loads(told)["expires"] > json.loads(told)["created"]


def test_no_token_for_a_store_that_is_none(tmp_path, capsys):
    assert run(tmp_path / "none", capsys, "token", "create", "a", "--scope", "read")[0] == 1
    assert not (tmp_path / "none").exists()


def test_graphs(store, capsys):
    query = ("query", "SELECT ?o { <a:s> <a:p> ?o }", "--format", "csv")
    assert run(store, capsys, "graph", "private", "a:g")[0] == 0
    assert "1" not in run(store, capsys, *query)[1]
    listed = json.loads(run(store, capsys, "graph", "list", "--json")[1])
    assert [row["graph"] for row in listed] == ["a:g"]
    assert run(store, capsys, "graph", "public", "a:g")[0] == 0
    assert "1" in run(store, capsys, *query)[1]
    assert run(store, capsys, "graph", "private", "a:none")[0] == 1
    assert run(store, capsys, "doctor")[0] == 0


def test_loading_privately(store, capsys, tmp_path):
    (tmp_path / "x.ttl").write_text(f"<a:s> <a:hush> '{SECRET}' .")
    assert run(store, capsys, "load", "--private", str(tmp_path / "x.ttl"))[0] == 0
    for command in (("stats",), ("show", "a:s"), ("query", "SELECT * { ?s ?p ?o }"), ("doctor",),
                    ("quarantine", "list"), ("validate",)):  # fmt: skip
        assert SECRET not in run(store, capsys, *command)[1]
    assert "x.ttl" in run(store, capsys, "graph", "list")[1]
