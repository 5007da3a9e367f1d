"""One catalogue, open here and behind a server: what is asked of the one is asked of the other."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

import dafab_kg
from dafab_kg.catalogue import Catalogue
from dafab_kg.model.settings import Settings
from dafab_kg.python.remote import RemoteCatalogue
from dafab_kg.sample import write_sample
from dafab_kg.web import create_app
from tests.listening import serving_app
from tests.search.items import many, write

PRODUCTS = 6


@dataclass
class Both:
    """The same catalogue twice, and the items that it was loaded from, as they were written."""

    here: Catalogue
    there: RemoteCatalogue
    items: list[dict[str, Any]]
    address: str


@contextmanager
def served(app: Any) -> Iterator[str]:
    """The application over HTTP on a free loopback port; tests/serving has the real server."""
    with serving_app(app) as address:
        yield f"{address}/"


@pytest.fixture(scope="session")
def both(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Both]:
    place = tmp_path_factory.mktemp("python")
    write_sample(place / "sample", products=PRODUCTS)
    items = many(40, seed=3)
    settings = Settings(store=place / "store", rate_per_second=1e6, rate_burst=10**6)
    with dafab_kg.open(place / "store", settings=settings) as catalogue:
        parts = [place / "sample" / name for name in ("safe", "stac", "dafab")]
        catalogue.load(write(items, place / "items"), *parts, validate=False)
        with (
            served(create_app(catalogue)) as address,
            dafab_kg.connect(address, timeout=30) as remote,
        ):
            written = items + list(_written(place / "sample"))
            yield Both(catalogue, remote, written, address)


def _written(folder: Path) -> Iterator[dict[str, Any]]:
    """The STAC items of a sample, as its files hold them."""
    for file in sorted([*folder.rglob("*.json"), *folder.rglob("*.geojson")]):
        value = json.loads(file.read_text())
        if value.get("type") == "Feature" and "stac_version" in value:
            yield value


@pytest.fixture(params=["here", "there"])
def kg(request: pytest.FixtureRequest, both: Both) -> Catalogue | RemoteCatalogue:
    """The catalogue, open here and behind HTTP."""
    found: Catalogue | RemoteCatalogue = getattr(both, request.param)
    return found
