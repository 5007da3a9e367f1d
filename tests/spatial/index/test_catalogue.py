"""The index of a catalogue in a directory: damage, and its commands beside a server."""

from __future__ import annotations

from pathlib import Path

import pytest

import dafab_kg
from dafab_kg.cli import main
from dafab_kg.model.names import NS
from tests.ingest.documents import write_items

COUNT = f"SELECT (COUNT(*) AS ?n) {{ ?p a <{NS}WaterProduct> ; <{NS}datetime> ?t }}"


@pytest.fixture(scope="module")
def loaded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("indexed")
    with dafab_kg.open(place / "store") as catalogue:
        catalogue.load(write_items(place / "in", 3))
    return place / "store"


def numbers(store: Path) -> list[str]:
    with dafab_kg.open(store, read_only=True) as catalogue:
        return [str(row[0].value) for row in catalogue.query(COUNT)]  # type: ignore[union-attr]


def test_a_reader_does_not_use_a_damaged_index(loaded: Path) -> None:
    before = numbers(loaded)
    (file,) = (loaded / "index").glob("*.idx")
    data = bytearray(file.read_bytes())
    for place in range(len(data) // 4, len(data) - 20, 101):
        data[place] ^= 0xFF
    file.write_bytes(data)
    assert numbers(loaded) == before == ["3"]
    with dafab_kg.open(loaded, read_only=True) as catalogue:
        told = catalogue.index_status()
        assert not told["usable"] and file.name in told["reason"]
    with dafab_kg.open(loaded) as catalogue:  # its writer makes it anew
        assert catalogue.index_status()["usable"]
    assert numbers(loaded) == before


def test_a_search_says_that_there_is_more(loaded: Path, capsys: pytest.CaptureFixture[str]) -> None:
    search = ["--store", str(loaded), "search", "S2", "--limit"]
    assert main([*search, "2"]) == 0
    assert "There are more than 2" in capsys.readouterr().out
    assert main([*search, "500"]) == 0
    assert "There are more" not in capsys.readouterr().out


def test_explaining_says_that_there_is_no_index(
    loaded: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for file in (loaded / "index").glob("current.json"):
        file.write_bytes(b"{}")
    assert main(["--store", str(loaded), "query", "--explain", COUNT]) == 0
    assert "there is no index that could be used" in capsys.readouterr().out
    assert main(["--store", str(loaded), "index", "rebuild"]) == 0
    assert "rows" in capsys.readouterr().out
