"""A harvest of a real STAC API gives what the files themselves give."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest

from dafab_kg.catalogue import Catalogue, open_catalogue
from dafab_kg.cli import main
from dafab_kg.model.errors import ThingNotFound
from dafab_kg.sample import write_sample
from tests.federation.conftest import Serve
from tests.ingest.comparing import lasting

pytestmark = [pytest.mark.oracle, pytest.mark.slow]

OF_PRODUCTS = "<https://w3id.org/dafab/id/product/"


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Items of the sample: public ones and DaFab's, without those of the latter's catalogues."""
    folder = tmp_path_factory.mktemp("sample")
    write_sample(folder, products=40)
    found = [*folder.glob("stac/*.json"), *folder.glob("dafab/*.json")]
    return sorted(f for f in found if json.loads(f.read_bytes())["type"] == "Feature")


@pytest.fixture(scope="module")
def api(serve: Serve, files: list[Path]) -> str:
    return serve(files)


def of_products(catalogue: Catalogue) -> set[str]:
    """What is said of products, but not which entry of a catalogue says it, nor which
    catalogue's collection lists them."""
    return {
        line
        for line in lasting(catalogue)
        if line.startswith(OF_PRODUCTS)
        and " <https://w3id.org/dafab/id/graph/" not in line
        and "<https://w3id.org/dafab/ns#listedIn>" not in line
    }


def harvested(store: Path, url: str, **wanted: object) -> set[str]:
    with open_catalogue(store) as catalogue:
        report = catalogue.harvest(url, **wanted)  # type: ignore[arg-type]
        assert report.load.rejected == ()
        assert catalogue.doctor() == ()
        return lasting(catalogue)


@pytest.mark.oracle
def test_the_same_is_known_of_products_as_from_the_files(
    api: str, files: list[Path], tmp_path: Path
) -> None:
    with open_catalogue(tmp_path / "a") as one, open_catalogue(tmp_path / "b") as other:
        one.load(*files)
        report = other.harvest(api, page_size=7)
        assert report.state.items == len(files) > 40
        assert report.state.pages == -(-len(files) // 7)
        assert report.load.by_kind["dafab"]["loaded"] > 10
        assert report.load.by_kind["stac"]["loaded"] > 10
        assert len(of_products(one)) > 3000
        assert of_products(other) == of_products(one)


def test_the_same_graph_as_from_files_of_what_the_api_serves(
    api: str, files: list[Path], tmp_path: Path
) -> None:
    """Up to where a document lies, which is what differs between an API and a directory."""
    served = tmp_path / "served"
    served.mkdir()
    for file in files:
        value = json.loads(file.read_bytes())
        # asked one by one, parsed and written anew: the same facts in other bytes
        url = f"{api}/search?collections={value['collection']}&ids={value['id']}"
        with urllib.request.urlopen(url) as answer:
            (feature,) = json.load(answer)["features"]
        (served / file.name).write_text(json.dumps(feature, indent=2), encoding="utf-8")
    with open_catalogue(tmp_path / "a") as one, open_catalogue(tmp_path / "b") as other:
        one.load(served)
        other.harvest(api)
        passing = ("ns#origin>", "ns#contentHash>", "ns#byteSize>")
        kept = [
            {t for t in lasting(c) if not any(p in t for p in passing) and "/collection/" not in t}
            for c in (one, other)
        ]
        collections = [d for d in other.documents() if d.key.startswith("collection/")]
        own = {f"/{d.document_id}" for d in collections}
        assert kept[0] == {t for t in kept[1] if not any(o in t for o in own)}
        assert all(d.origin.startswith(f"{api}/collections/") for d in other.documents())
        assert len(collections) == len({json.loads(f.read_bytes())["collection"] for f in files})


@pytest.mark.oracle
def test_pages_of_any_size_give_the_same(api: str, tmp_path: Path) -> None:
    one = harvested(tmp_path / "a", api, page_size=1000)
    assert len(one) > 10_000
    assert harvested(tmp_path / "b", api, page_size=3) == one


def test_asked_again_all_is_unchanged_and_the_state_says_when_it_ended(
    api: str, files: list[Path], tmp_path: Path
) -> None:
    with open_catalogue(tmp_path / "a") as catalogue:
        first = catalogue.harvest(api)
        again = catalogue.harvest(api)
    assert set(again.load.counts) == {"unchanged"}
    assert again.load.counts["unchanged"] == first.load.counts["loaded"]
    assert (again.state.items, again.resumed) == (len(files), False)
    assert again.state.last_full == again.state.ended >= first.state.ended > ""


def test_box_time_collection_and_limit(api: str, files: list[Path], tmp_path: Path) -> None:
    values = [json.loads(f.read_bytes()) for f in files]
    with open_catalogue(tmp_path / "a") as catalogue:

        def items(**wanted: object) -> int:
            return catalogue.harvest(api, **wanted).state.items  # type: ignore[arg-type]

        south_of_30 = [v for v in values if v["bbox"][0] < -80 and v["bbox"][1] < 30]
        assert items(bbox=(-83, 20, -80, 30), page_size=2) == len(south_of_30) > 0
        in_2022 = [v for v in values if v["properties"]["datetime"].startswith("2022")]
        assert items(datetime="2022-01-01/2022-12-31") == len(in_2022) > 0
        water = [v for v in values if v["collection"] == "water_analysis"]
        assert items(collections=("water_analysis",)) == len(water) > 0
        assert items(limit=5, page_size=2) == 5
        assert len(list((tmp_path / "a" / "harvests").glob("*.json"))) == 4


def test_a_limit_takes_no_more_documents_than_it_says(api: str, tmp_path: Path) -> None:
    with open_catalogue(tmp_path / "a") as catalogue:
        catalogue.harvest(api, limit=5, page_size=2)
        assert sum(1 for d in catalogue.documents() if d.key.startswith("item/")) == 5


DIES = """
import os, sys
import dafab_kg
from dafab_kg.federation.state import StateFile
write, calls = StateFile.write, []
def dies(self, state):
    calls.append(state)
    if len(calls) == int(sys.argv[3]):
        os.kill(os.getpid(), 9)
    return write(self, state)
StateFile.write = dies
with dafab_kg.open(sys.argv[1]) as catalogue:
    catalogue.harvest(sys.argv[2], page_size=5)
"""


@pytest.mark.kill
@pytest.mark.parametrize("moment", [pytest.param(n, marks=pytest.mark.oracle) for n in (1, 3, 5)])
def test_killed_between_a_page_and_its_state_it_goes_on(
    api: str, files: list[Path], tmp_path: Path, moment: int
) -> None:
    store = tmp_path / "killed"
    command = [sys.executable, "-c", DIES, str(store), api, str(moment)]
    assert subprocess.run(command, check=False).returncode == -9
    with open_catalogue(store) as catalogue:
        report = catalogue.harvest(api, page_size=5)
        assert report.resumed == (moment > 1)
        assert report.state.items == len(files)
        assert report.load.counts["unchanged"] > 0
        assert catalogue.doctor() == ()
        after = lasting(catalogue)
    assert after == harvested(tmp_path / "whole", api)


def test_restart_forgets(api: str, tmp_path: Path) -> None:
    store = tmp_path / "killed"
    command = [sys.executable, "-c", DIES, str(store), api, "3"]
    subprocess.run(command, check=False)
    with open_catalogue(store) as catalogue:
        assert not catalogue.harvest(api, restart=True).resumed


def test_a_collection_that_is_not_there_is_named(api: str, tmp_path: Path) -> None:
    with (
        open_catalogue(tmp_path / "a") as catalogue,
        pytest.raises(ThingNotFound, match=r"has no collection 'nowhere'; see http"),
    ):
        catalogue.harvest(api, collections=("nowhere",))


def test_the_command(api: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    store = str(tmp_path / "s")
    assert main(["harvest", api, "--limit", "4", "--store", store]) == 0
    assert "4 items in 1 pages" in capsys.readouterr().out
    assert main(["harvest", api, "--limit", "4", "--store", store, "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["items"], told["resumed"], told["url"]) == (4, False, api)
    assert main(["harvest", api, "--bbox", "1,2,3", "--store", store]) == 2
    assert main(["harvest", "file:///etc/passwd", "--store", str(tmp_path / "no")]) == 1
    assert not (tmp_path / "no").exists()


def real(shared: Path, folder: Path) -> list[Path]:
    """Real items of Earth Search and of Sentinel-1, with the ending that rustac wants."""
    found = []
    for source in ("mapchete-eo", "stactools-s1-examples"):
        for file in sorted((shared / "stac_catalogues" / source).rglob("*")):
            if file.is_file() and json.loads(file.read_bytes())["type"] == "Feature":
                found.append(folder / f"{file.stem}.json")
                shutil.copyfile(file, found[-1])
    return found


@pytest.mark.oracle
def test_real_items(serve: Serve, shared: Path, tmp_path: Path) -> None:
    folder = tmp_path / "items"
    folder.mkdir()
    files = real(shared, folder)
    assert len(files) == 24
    url = serve(files)
    with open_catalogue(tmp_path / "a") as one, open_catalogue(tmp_path / "b") as other:
        one.load(*files)
        report = other.harvest(url, page_size=5)
        assert (report.state.items, report.load.rejected) == (24, ())
        assert len(of_products(one)) > 3000
        assert of_products(other) == of_products(one)
