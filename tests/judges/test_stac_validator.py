"""stac-validator, from PyPI, on every object that the STAC API shows.

The schemas of STAC itself are the copies that pystac carries (of 1.1.0, of which 1.0.0 differs in
few things).  Those of extensions are carried by nobody: an extension is judged if
``DAFAB_STAC_SCHEMAS`` names a folder with its schema (below it the address, without https://),
and told as not judged if not.

What was made here has no fault.  What was delivered may have those that it was delivered with,
which are told; and no other.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from importlib.resources import files
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from dafab_kg.sample import write_sample
from tests.judges.environments import python_with
from tests.web.written import Clients, clients

PIN = "stac-validator==4.1.2"
CORE = ("item", "collection", "catalog")
KNOWN_HERE = ("Catalog", "Collection", "Feature")
ROOT = "http://localhost"
OTHER = {"api", "conformance", "queryables", "sortables", "aggregate", "aggregations"}
"""What is linked below the landing page and is no STAC object."""

pytestmark = pytest.mark.oracle


@dataclass
class Shown:
    """What was found by following links: objects by address, and lists of them."""

    objects: dict[str, Any] = field(default_factory=dict)
    lists: dict[str, Any] = field(default_factory=dict)
    other: set[str] = field(default_factory=set)

    def take(self, address: str, value: Any) -> None:
        if not isinstance(value, dict):
            self.other.add(address)
        elif value.get("type") in KNOWN_HERE:
            self.objects[address] = value
        elif any(isinstance(value.get(n), list) for n in ("features", "collections", "children")):
            self.lists[address] = value
            for name in ("features", "collections", "children"):
                for number, one in enumerate(value.get(name, ())):
                    self.objects[f"{address} {name}/{number}"] = one
        else:
            self.other.add(address)

    @property
    def all_links(self) -> Iterator[str]:
        for value in (*self.objects.values(), *self.lists.values()):
            for link in value.get("links", ()):
                if link.get("method", "GET") == "GET":
                    yield link["href"]


def crawl(web: Clients) -> Shown:
    """Follow every link of our own, from the landing page on."""
    shown = Shown()
    seen: set[str] = set()
    waiting = [f"{ROOT}/stac", f"{ROOT}/stac/search?limit=100"]
    while waiting:
        address = waiting.pop()
        parts = urlsplit(address)
        if address in seen or not address.startswith(f"{ROOT}/stac"):
            continue
        seen.add(address)
        response = web.ask("", f"{parts.path}?{parts.query}")
        assert response.status_code == 200, (address, response.text[:300])
        found = Shown()
        if "json" in response.mimetype:
            found.take(address, json.loads(response.data))
        else:
            found.other.add(address)
        waiting += found.all_links
        shown.objects |= found.objects
        shown.lists |= found.lists
        shown.other |= found.other
    return shown


def delivered(web: Clients) -> dict[str, Any]:
    """Items and collections as they came, by IRI."""
    found: dict[str, Any] = {}
    for one in ("CatalogItem", "Collection"):
        rows = web.select(
            "PREFIX d: <https://w3id.org/dafab/ns#> "
            f"SELECT ?thing ?graph {{ GRAPH ?graph {{ ?thing a d:{one} }} }}"
        )
        for row in rows:
            stored, parts = web.catalogue.document(row["graph"].rsplit("/", 1)[1])
            value = json.loads(next(iter(parts.values())).decode("utf-8-sig"))
            for step in stored.pointer.split("/")[1:]:
                value = value[int(step) if isinstance(value, list) else step]
            found[row["thing"]] = value
    return found


def packaged(into: Path) -> dict[str, str]:
    """Write the schemas that there are to files; return these by address."""
    carried = files("pystac.validation.jsonschemas")
    found: dict[str, str] = {}

    def put(address: str, text: str) -> None:
        file = into / f"{len(found)}.json"
        file.write_text(text)
        found[address] = str(file)

    for one in carried.joinpath("geojson").iterdir():
        put(f"https://geojson.org/schema/{one.name}", one.read_text())
    for version in ("1.1.0", "1.0.0"):
        for one in carried.joinpath("stac-spec", "v1.1.0").iterdir():
            name = one.name.removesuffix(".json")
            part = name if name in CORE else "item"
            address = f"https://schemas.stacspec.org/v{version}/{part}-spec/json-schema/{one.name}"
            put(address, one.read_text().replace("1.1.0", version))
    more = os.environ.get("DAFAB_STAC_SCHEMAS")
    for one in sorted(Path(more).rglob("*.json")) if more else ():
        put(f"https://{one.relative_to(more).as_posix()}", one.read_text())
    return found


def judge(objects: dict[str, Any], folder: Path) -> Any:
    python = python_with(PIN, ".venv-stac-validator")
    given = {"schemas": packaged(folder), "objects": list(objects.items())}
    run = subprocess.run(
        [str(python), str(Path(__file__).parent / "stac_validator_run.py")],
        input=json.dumps(given), capture_output=True, text=True, check=False, timeout=1800,
    )  # fmt: skip
    assert run.returncode == 0, run.stderr[-3000:]
    return json.loads(run.stdout)


def paths_of(shared: Path) -> list[Path]:
    return [shared / "water_analysis", shared / "stac_catalogues", shared / "s2_safe"]


@pytest.fixture(scope="module", params=["sample", "shared"])
def web(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Any:
    place = tmp_path_factory.mktemp("shown")
    paths = []
    if request.param == "shared":
        paths = paths_of(request.getfixturevalue("shared"))
    else:
        write_sample(place / "sample")
        paths = [place / "sample"]
    with clients(place, reasoning=False) as made:
        made.catalogue.load(*paths)
        yield made


def test_stac_validator_finds_no_fault_of_ours(
    web: Clients, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shown = crawl(web)
    kinds = Counter(one["type"] for one in shown.objects.values())
    assert {urlsplit(one).path.rsplit("/", 1)[-1] for one in shown.other} == OTHER
    assert kinds["Feature"] > 40 and kinds["Collection"] > 3 and kinds["Catalog"] > 10, kinds
    assert any(value.get("type") == "FeatureCollection" for value in shown.lists.values())
    originals = delivered(web)
    assert set(originals) <= {link for value in shown.objects.values() for link in vias(value)}
    different: dict[str, str] = {}  # lists show what has an address of its own, too
    for name, value in shown.objects.items():
        different.setdefault(json.dumps(value, sort_keys=True), name)
    told = judge({name: shown.objects[name] for name in different.values()}, tmp_path)
    came: dict[str, Any] = {}
    for name in told["faults"]:
        value = shown.objects[name]
        for iri in vias(value):
            if iri in originals:  # read as the version that it is shown in
                came[f"{name} {iri}"] = {
                    **originals[iri], "stac_version": value["stac_version"], "links": value["links"]
                }  # fmt: skip
    before = judge(came, tmp_path)["faults"] if came else {}
    ours = {}
    theirs: Counter[str] = Counter()
    for name, fault in told["faults"].items():
        if any(other.startswith(f"{name} ") and fault == one for other, one in before.items()):
            theirs[fault[:200]] += 1
        else:
            ours[name] = fault[:300]
    report = [
        f"\nstac-validator: {dict(kinds)}, {len(different)} that differ",
        f"  extensions that were judged: {told['judged']}",
        f"  that were not, without schemas here: {told['unjudged']}",
        *(f"  {number} were delivered with: {fault}" for fault, number in theirs.items()),
    ]
    with capsys.disabled():
        sys.stdout.write("\n".join(report) + "\n")
    assert not ours


def vias(value: Any) -> list[str]:
    return [link["href"] for link in value.get("links", ()) if link["rel"] == "via"]
