"""Which items `dafab-kg files` means: in the order that was asked, and what it says of none."""

from __future__ import annotations

import json

import pytest

import dafab_kg
from dafab_kg.cli import main
from dafab_kg.cli.files import Sought, find
from dafab_kg.model.errors import NotDoneHere, QueryNotValid, ThingNotFound
from tests.dids import making


def test_items_come_in_the_order_of_the_ids(catalogue):
    names = [item["id"] for item in making.items()][:6]
    for asked in (names, names[::-1], [*names[3:], *names[:3], names[0]]):
        found = [item["id"] for item in find(catalogue, Sought(tuple(asked)))]
        assert found == list(dict.fromkeys(asked))


def test_words_that_nothing_has_are_told_with_what_may_be_meant(catalogue, capsys):
    assert find(catalogue, Sought(words="floodlike")) == []
    told = capsys.readouterr().err
    assert "'floodlike'" in told and "dafab:FloodScene" in told


def test_the_last_line_counts_what_the_table_shows(catalogue, tmp_path, capsys, monkeypatch):
    for name in ("RUCIO_CONFIG", "RUCIO_HOME", "VIRTUAL_ENV", "CONDA_PREFIX"):
        monkeypatch.delenv(name, raising=False)
    item = {
        "type": "Feature", "stac_version": "1.0.0", "id": "one", "collection": "c", "links": [],
        "geometry": {"type": "Point", "coordinates": [6.1, 49.6]},
        "bbox": [6.1, 49.6, 6.1, 49.6],
        "properties": {"datetime": "2022-01-27T10:43:21Z"},
        "assets": {
            "a": {"href": "https://x.example/a.tif", "file:size": 5},
            "b": {"href": "s3://x/b.tif", "file:size": 1000},
        },
    }  # fmt: skip
    (tmp_path / "one.json").write_text(json.dumps(item))
    store = ("--store", str(tmp_path / "store"))
    assert main([*store, "load", str(tmp_path / "one.json")]) == 0
    capsys.readouterr()
    assert main([*store, "files", "one"]) == 0
    assert capsys.readouterr().out.endswith("2 files, 1,005 bytes; 2 addresses\n")
    assert main([*store, "files", "one", "--protocol", "https"]) == 1
    told = capsys.readouterr()
    assert told.out.endswith("1 files, 5 bytes; 1 addresses\n")
    assert "1 of 2 files are not to be had" in told.err
    # the same in Python
    assert main([*store, "files", "one", "--format", "csv"]) == 0
    table = capsys.readouterr().out
    assert main([*store, "files", "one", "--json"]) == 0
    value = json.loads(capsys.readouterr().out)
    with dafab_kg.open(store[1]) as kg:
        plan = kg.files("one")
        assert (plan.to_csv(), plan.to_json()) == (table, value)
        assert plan.metalink().count(b"<file ") == 1 == len(kg.files("one", assets="a"))
        assert kg.files("one", protocols=["https"]).to_csv().count("x.example") == 1
        (fetched,) = kg.files("one", assets="b").get(tmp_path / "got")
        assert fetched.outcome == "failed"  # nobody fetches s3
        with pytest.raises(NotDoneHere, match="rucio_config"):
            kg.files("one", site="LXP")
        for wrong, error in (((), QueryNotValid), (("nothing",), ThingNotFound)):
            with pytest.raises(error):
                kg.files(*wrong)
