"""A newer analysis of the same image supersedes the older one, and both remain."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import dafab_kg
from dafab_kg.catalogue import Catalogue
from dafab_kg.ingest.analysis_supersession import RULE, version_key
from dafab_kg.model.names import Names
from dafab_kg.queries import read_saved
from dafab_kg.store.protocol import Change
from tests.ingest.documents import source_id, water_item

NS = "https://w3id.org/dafab/ns#"
NAMES = Names()


@pytest.fixture
def catalogue(tmp_path: Path) -> Iterator[Catalogue]:
    with dafab_kg.open(tmp_path / "store") as opened:
        yield opened


def analysis(
    source: int = 0,
    number: int = 200,
    *,
    algorithm: Any = None,
    processing: str = "2.0.0",
    created: str | None = None,
) -> dict[str, Any]:
    """A water item of a source, with the number at the end of its id."""
    item = water_item(source)
    old, new = item["id"], f"{source_id(source)}_water_analysis_{number}"
    item = json.loads(json.dumps(item).replace(old, new))
    properties = item["properties"]
    properties["processing:version"] = processing
    block = properties["dafab:water-analysis"]
    block["water_analysis_algorithm_version"] = number if algorithm is None else algorithm
    if created is not None:
        properties["created"] = created
    return item


def load(catalogue: Catalogue, folder: Path, *items: dict[str, Any]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for item in items:
        (folder / f"{item['id']}.json").write_text(json.dumps(item))
    assert catalogue.load(folder).ok


def pairs(catalogue: Catalogue) -> set[tuple[str, str]]:
    """(newer, older), by the number at the end of the id."""
    rows = catalogue.query(f"SELECT ?newer ?older {{ ?newer <{NS}supersedes> ?older }}")
    return {
        (newer.value.rsplit("_", 1)[-1], older.value.rsplit("_", 1)[-1])  # type: ignore[union-attr]
        for newer, older in rows  # type: ignore[union-attr]
    }


def test_versions_compare_as_versions() -> None:
    """The order of the examples of Semantic Versioning 2.0, section 11, and of PEP 440."""
    ordered = ["", "1.0.0-alpha", "1.0.0-alpha.1", "1.0.0-beta.2", "1.0.0-beta.11", "1.0.0-rc.1",
               "1.0.0", "1.0.1", "1.2", "2.9", "2.10", "2.10.1", "v3", "200", "300"]  # fmt: skip
    shuffled = random.Random(1).sample(ordered, len(ordered))
    assert sorted(shuffled, key=version_key) == ordered
    assert version_key("2.0") == version_key("2") == version_key("v2.0.0+build5")


@given(st.lists(st.integers(0, 400), min_size=1, max_size=4), st.integers(0, 3))
def test_numbers_of_versions_compare_one_by_one(parts: list[int], place: int) -> None:
    greater = [*parts]
    greater[place % len(parts)] += 1
    assert version_key(".".join(map(str, parts))) < version_key(".".join(map(str, greater)))


def test_a_newer_algorithm_supersedes_and_both_remain(catalogue: Catalogue, tmp_path: Path) -> None:
    load(catalogue, tmp_path / "in", analysis(0, 200), analysis(0, 300), analysis(1, 200))
    assert pairs(catalogue) == {("300", "200")}
    for number in (200, 300):
        assert catalogue.show(f"{source_id(0)}_water_analysis_{number}").documents
    runs = catalogue.query(f"SELECT ?run {{ ?run a <{NS}InferenceRun> }}")
    assert len(list(runs)) == 3  # type: ignore[arg-type]
    assert catalogue.doctor() == ()


@pytest.mark.parametrize(
    ("older", "newer"),
    [
        (analysis(0, 999, algorithm="2.9"), analysis(0, 1, algorithm="2.10")),
        (analysis(0, 999, processing="2.9.0"), analysis(0, 1, algorithm=999, processing="2.10.0")),
        (
            analysis(0, 999, created="2024-01-01T00:00:00Z"),
            analysis(0, 1, algorithm=999, created="2024-02-01T00:00:00Z"),
        ),
        (analysis(0, 9, algorithm=5), analysis(0, 10, algorithm=5)),
    ],
    ids=["algorithm", "software", "time", "number"],
)
def test_what_orders_analyses(
    catalogue: Catalogue, tmp_path: Path, older: dict[str, Any], newer: dict[str, Any]
) -> None:
    load(catalogue, tmp_path / "in", older, newer)
    ends = tuple(item["id"].rsplit("_", 1)[-1] for item in (newer, older))
    assert pairs(catalogue) == {ends}
    assert catalogue.doctor() == ()


def test_the_order_of_loading_does_not_matter_and_one_between_is_inserted(
    catalogue: Catalogue, tmp_path: Path
) -> None:
    load(catalogue, tmp_path / "a", analysis(0, 300))
    load(catalogue, tmp_path / "b", analysis(0, 100))
    assert pairs(catalogue) == {("300", "100")}
    load(catalogue, tmp_path / "c", analysis(0, 200))
    assert pairs(catalogue) == {("300", "200"), ("200", "100")}
    catalogue.delete(f"{source_id(0)}_water_analysis_200")
    assert pairs(catalogue) == {("300", "100")}
    catalogue.delete(f"{source_id(0)}_water_analysis_300")
    assert pairs(catalogue) == set()
    assert catalogue.doctor() == ()


def test_a_document_that_changes_its_version_alone_is_ordered_again(
    catalogue: Catalogue, tmp_path: Path
) -> None:
    load(catalogue, tmp_path / "in", analysis(0, 1, algorithm=5), analysis(0, 2, algorithm=6))
    assert pairs(catalogue) == {("2", "1")}
    load(catalogue, tmp_path / "in", analysis(0, 1, algorithm=7))
    assert pairs(catalogue) == {("1", "2")}
    early, late = "2024-01-01T00:00:00Z", "2024-05-01T00:00:00Z"
    both = (analysis(0, 1, algorithm=7, created=early), analysis(0, 2, algorithm=7, created=late))
    load(catalogue, tmp_path / "in", *both)
    assert pairs(catalogue) == {("2", "1")}
    load(catalogue, tmp_path / "in", analysis(0, 1, algorithm=7, created="2024-06-01T00:00:00Z"))
    assert pairs(catalogue) == {("1", "2")}
    assert catalogue.doctor() == ()


def test_kinds_do_not_supersede_each_other(catalogue: Catalogue, tmp_path: Path) -> None:
    water = analysis(0, 200)
    fields = json.loads(json.dumps(analysis(0, 300)).replace("water_analysis", "smart_agriculture"))
    block = {"smart_agriculture_algorithm_version": 300, "number_of_fields": 4}
    del fields["properties"]["dafab:water-analysis"]
    fields["properties"]["dafab:smart-agriculture"] = block
    load(catalogue, tmp_path / "in", water, fields)
    assert pairs(catalogue) == set()


def test_current_is_a_query(catalogue: Catalogue, tmp_path: Path) -> None:
    load(catalogue, tmp_path / "in", *(analysis(0, n) for n in (100, 200, 300)), analysis(1, 100))
    rows = catalogue.query(read_saved("current").text).to_pandas()  # type: ignore[union-attr]
    found = {row.product.rsplit("/", 1)[-1]: int(row.olderOnes) for row in rows.itertuples()}
    assert found == {
        f"{source_id(0)}_water_analysis_300": 2,
        f"{source_id(1)}_water_analysis_100": 0,
    }
    images = {row.image for row in rows.itertuples()}
    assert images == {NAMES.make("product", product_id=source_id(n)) for n in (0, 1)}


def test_the_doctor_notices_what_does_not_follow(catalogue: Catalogue, tmp_path: Path) -> None:
    load(catalogue, tmp_path / "in", analysis(0, 200), analysis(0, 300))
    source = NAMES.make("product", product_id=source_id(0))
    graph = NAMES.make("derived_graph", rule=RULE, key=source.removeprefix(NAMES.base))
    line = f"<urn:new> <{NS}supersedes> <urn:old>"
    catalogue._store.apply(Change(added=f"{line} .\n{line} <{graph}> .\n"))
    [finding] = catalogue.doctor()
    assert finding.what == f"{RULE} is not what follows now" and finding.where == graph
