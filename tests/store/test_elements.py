"""An item of a collection's file is read by itself, and is what stands in the file."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import dafab_kg
from dafab_kg.model.plain_json import read_plain, write_plain
from dafab_kg.model.settings import Settings
from tests.ingest.documents import water_item


def wrong(catalogue: dafab_kg.Catalogue) -> list[str]:
    return [found.what for found in catalogue.doctor() if found.severity == "error"]


def test_items_of_one_file_are_kept_by_themselves_too(tmp_path: Path) -> None:
    features = [{**water_item(number), "collection": "water"} for number in range(5)]
    features[2]["properties"]["large"] = 2**70
    file = tmp_path / "items.json"
    file.write_text(json.dumps({"type": "FeatureCollection", "features": features}))
    settings = Settings(reasoning=False, index=False)
    with dafab_kg.open(tmp_path / "store", settings=settings) as catalogue:
        catalogue.load(file, validate=False)
        entries = {entry.pointer: entry for entry in catalogue.documents()}
        for number in range(5):
            entry = entries[f"/features/{number}"]
            assert json.loads(catalogue._documents.file(entry.element)) == features[number]
        shown = [json.loads(catalogue.item("water", f["id"], "http://x")) for f in features]
        assert [one["properties"] for one in shown] == [f["properties"] for f in features]
        assert wrong(catalogue) == []
        dump = tmp_path / "dump.nq.gz"
        catalogue.dump(dump)
    with dafab_kg.open(tmp_path / "other", settings=settings) as other:
        other.restore(dump)
        assert json.loads(other.item("water", features[3]["id"], "http://x"))
        assert wrong(other) == []


@pytest.mark.parametrize("number", ["1e400", "123456789012345678901234567890", "1"])
def test_what_is_written_is_what_would_be_read(number: str) -> None:
    from dafab_kg.model.strict_json import read_json

    value = read_json(f'{{"a": [0.1, {number}, "é", null]}}'.encode(), where="x")
    data = write_plain(value)
    if data is not None:
        assert read_plain(data) == read_plain(f'{{"a": [0.1, {number}, "é", null]}}'.encode())
    else:
        assert number == "1e400"
