"""stac-api-validator, from PyPI, in an environment of its own against our STAC API.

It finds nothing wrong, but that it writes BETWEEN as a draft of CQL2 had it, takes an item
without assets for one that lacks them, compares the characters of a text with the values of
``in``, and deletes an item that is not there, which may be answered by 404 (Transaction
extension, "DELETE").
"""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from dafab_kg.sample import write_sample
from tests.judges.environments import python_with
from tests.listening import serving_app
from tests.web.written import clients

ROOT = Path(__file__).resolve().parents[2]
PIN = "stac-api-validator==0.6.8"
CLASSES = (
    *("core", "collections", "features", "item-search", "filter"),
    *("item-search#sort", "item-search#fields", "features#sort", "features#fields"),
    *("item-search#query", "features#query", "children", "browseable", "transaction"),
)
QUERY = (
    *("--query-comparison-field", "eo:cloud_cover", "--query-eq-value", "CLOUDS"),
    *("--query-neq-value", "1000", "--query-lt-value", "101", "--query-lte-value", "100"),
    *("--query-gt-value", "-1", "--query-gte-value", "0"),
    *("--query-substring-field", "platform", "--query-starts-with-value", "sentinel"),
    *("--query-ends-with-value", "b", "--query-contains-value", "tinel"),
    *("--query-in-field", "platform", "--query-in-values", "sentinel-2b"),
)
AREA = {"type": "Polygon", "coordinates": [[[-20, 20], [107, 0], [120, 60], [-20, 60], [-20, 20]]]}

pytestmark = pytest.mark.oracle


@pytest.fixture(scope="module")
def python() -> Path:
    """The Python of an environment that holds stac-api-validator."""
    return python_with(PIN, ".venv-stac-judge")


@pytest.fixture(scope="module")
def judged(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, str]]:
    place = tmp_path_factory.mktemp("judged")
    write_sample(place / "sample", products=12)
    with clients(place) as made:
        made.catalogue.load(place / "sample")
        with serving_app(made.app) as address:
            yield f"{address}/stac", made.tokens["write"]


@pytest.mark.slow
@pytest.mark.parametrize(
    "collection", ["sentinel-2-l2a", "sentinel_2_l2a", "products-without-entry"]
)
def test_the_validator_finds_nothing_wrong(
    python: Path, judged: tuple[str, str], collection: str
) -> None:
    address, token = judged
    found = requests.get(f"{address}/collections/sentinel-2-l2a/items", timeout=60).json()
    clouds = str(found["features"][0]["properties"]["eo:cloud_cover"])
    asked = [one for one in CLASSES if collection == "sentinel-2-l2a" or "query" not in one]
    options = [part for one in asked for part in ("--conformance", one)]
    run = subprocess.run(
        [
            str(python), str(Path(__file__).parent / "stac_offline.py"),
            "--root-url", address, "--collection", collection, "--geometry", json.dumps(AREA),
            "--fields-nested-property", "properties.platform",
            "--auth-bearer-token", token, "--transaction-collection", "sentinel-2-l2a",
            *[part.replace("CLOUDS", clouds) for part in QUERY], *options,
        ],
        capture_output=True, text=True, check=False, timeout=900,
    )  # fmt: skip
    told = run.stdout + run.stderr
    assert "Errors:" in told or run.returncode == 0, told[-2000:]
    assert "Traceback" not in told, told[-2000:]
    wrong = re.findall(r"^- (\[.*)", told.partition("Errors:")[2], re.MULTILINE)
    known = [
        '"op": "between"',
        "had unexpected status code 404 instead of 204",
        """Query '{"platform": {"in":""",
        *(["missing 'assets'"] if collection == "products-without-entry" else []),
    ]
    assert [one for one in wrong if not any(words in one for words in known)] == []
