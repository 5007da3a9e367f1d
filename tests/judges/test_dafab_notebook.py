"""The notebook that dafab-client packages for its users, cell by cell against a running server.

The items that it names are made (``notebook_items.py``); its cells run as they are.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import dafab_kg
from dafab_kg.model.settings import Settings
from tests.judges import notebook_items as made
from tests.judges.clients import files_at, run_client
from tests.serving.served import Server

pytestmark = [pytest.mark.oracle, pytest.mark.slow]

FIRST, SECOND, SOURCE, GREEK = made.SCENES
FIELDS, WATER = f"{SOURCE}_smart_agriculture_300", f"{SOURCE}_water_analysis_300"
IDS = [item["id"] for item in made.items("")]
OURS = sorted(name for name in IDS if name not in made.OTHERS)


def load(place: Path, files: str) -> None:
    """Load what the notebook names, with the basin that its product lies in."""
    store = place / "store"
    written = made.write(place / "items", files)
    with dafab_kg.open(store, settings=Settings(store=store)) as catalogue:
        assert catalogue.load(written).counts["loaded"] == len(IDS) + 5
    (place / "basins.geojson").write_text(json.dumps(made.basins()))
    chosen = Settings(store=store, load_as="places", dataset="basins")
    with dafab_kg.open(store, settings=chosen) as catalogue:
        catalogue.load(place / "basins.geojson")
        assert catalogue.enrich().links


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, dict[str, Any]]]:
    place = tmp_path_factory.mktemp("notebook")
    (place / "files").mkdir()
    (place / "files" / "asset.bin").write_bytes(made.DATA)
    with files_at(place / "files") as files:
        load(place, files)
        server = Server(place / "store", did_scopes=made.SCOPES)
        try:
            lines = run_client("dafab_notebook_run.py", server.address, {"notebook": "user"}, place)
        finally:
            assert server.stop() == 0
    yield {line["function"]: line for line in lines}


def printed(told: dict[str, dict[str, Any]], title: str) -> str:
    line = told[title]
    assert "error" not in line, line
    text: str = line["value"]["printed"]
    return text


def test_all_cells_run_but_those_that_need_what_is_not_here(told):
    failed = {title: line["error"] for title, line in told.items() if "error" in line}
    assert set(failed) == {
        "22. Check Storage Details",  # MELUXINA_S3: this catalogue has no storage
        "32. Download Original Asset Using Stable Link (WAN)",  # from the public DaFab service
    }
    assert failed["22. Check Storage Details"].startswith("RSENotFound")
    assert "outside" in failed["32. Download Original Asset Using Stable Link (WAN)"]
    assert len(told) > 45


def test_what_they_print_is_what_was_loaded(told):
    assert set(json.loads(printed(told, "8. Get Available STAC Items").splitlines()[1].replace(
        "'", '"'))) == set(OURS)  # fmt: skip
    for title, right in (
        ("8.1 Get Item IDs by Collection", sorted(made.SCENES)),
        ("8.2 Get Item IDs by Top Facet Catalog", [WATER]),
        ("8.3 Get Item IDs by Facet Value Catalog", [WATER]),
        ("8.4 Get Related Item IDs from the Derived Source Item", sorted([FIELDS, WATER])),
        ("8.5 Get the Source Original Item from a Derived Item", [SOURCE]),
        ("8.6 Get Sibling Derived Item IDs for a Source Original Item", [FIELDS]),
        ("9. Get STAC Items By Time Range (Q1)", sorted([FIRST, SECOND])),
        ("10. Get STAC Items By Bounding Box (Q2)", sorted([FIRST, SECOND])),
        ("11. Get STAC Items By Bounding Box And Time Range (Q3)", sorted([FIRST, SECOND])),
        ("12. Get STAC Items By Complex Metadata Filter (Q4)", [FIELDS]),
    ):
        assert f"{right}" in printed(told, title), (title, told[title])
    for title, id_ in (
        ("12.3 Query HAND Tiles For AI Preprocessing", "Copernicus_DSM_COG_10_N37_00_E023_00_HAND"),
        ("12.4 Query WorldCover Tiles For AI Preprocessing",
         "ESA_WorldCover_10m_2021_v200_N36E024_Map"),
    ):  # fmt: skip
        assert [one["id"] for one in json.loads(printed(told, title))] == [id_]
    documents = {item["id"]: item for item in made.items("")}
    read = json.loads(printed(told, "19. Read STAC Metadata of a Derived Item"))
    assert read["properties"] == documents[FIELDS]["properties"]


def test_downloads_are_whole(told):
    for title in (
        "33. Download Original Asset By Item And Asset Key (LAN Preferred)",
        "34. Download the Second Original Asset",
        "35. Download a Derived Asset",
        "36. Download a HAND Asset",
        "37. Download a WorldCover Asset",
    ):
        report = json.loads(printed(told, title))
        assert report["ok"] is True and report["bytes_written"] == len(made.DATA), report
