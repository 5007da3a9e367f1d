"""Random filters find what brute force over the documents finds."""

from __future__ import annotations

import json
import random
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cache, partial
from pathlib import Path
from typing import Any, cast

import cql2
import pytest

from dafab_kg.catalogue import Catalogue, open_catalogue
from dafab_kg.model.names import decode
from dafab_kg.model.strict_json import read_json as read_document
from dafab_kg.sample import write_sample
from dafab_kg.search.compile import compile_filter
from dafab_kg.search.cql2 import read_json, read_text
from dafab_kg.search.dafab_filter import read_filter
from dafab_kg.search.exact import truth
from dafab_kg.search.tree import Node, Search, Sort
from dafab_kg.store.protocol import Iri, Solutions
from tests.search import brute
from tests.search.asking import Asking

PREFIXES = "".join(
    f"PREFIX {prefix}: <{iri}>\n"
    for prefix, iri in {
        "dafab": "https://w3id.org/dafab/ns#",
        "geo": "http://www.opengis.net/ont/geosparql#",
        "geof": "http://www.opengis.net/def/function/geosparql/",
        "xsd": "http://www.w3.org/2001/XMLSchema#",
    }.items()
)


@dataclass
class Here:
    """A catalogue with the JSON of its items by IRI: with exact numbers, and as Python reads it."""

    catalogue: Catalogue
    exact: dict[str, Any]
    plain: dict[str, Any]

    def __post_init__(self) -> None:
        self.uses = cache(lambda term: self._any(f"?thing <{term}> ?value"))
        self.keeps = cache(lambda at: self._any(f"?thing dafab:pointer {json.dumps(at)}"))
        self.claimed = cache(lambda term: self._any(f"?claim dafab:claimProperty <{term}>"))

    def ask(self, query: str) -> list[Any]:
        return list(cast(Solutions, self.catalogue.query(PREFIXES + query)))

    def _any(self, pattern: str) -> bool:
        return bool(self.ask(f"SELECT * {{ {pattern} }} LIMIT 1"))

    def collections(self, name: str) -> tuple[str, ...]:
        rows = self.ask("SELECT DISTINCT ?c { ?item dafab:inCollection ?c }")
        iris = [row[0].value for row in rows]
        return tuple(iri for iri in iris if decode(iri.rsplit("/", 1)[1]) == name)

    def told(self, name: str, value: str, variable: str) -> None:
        """Nothing is told here."""

    def related(self, side: str, part: Node, variable: str) -> None:
        """What an ancestor is does not matter here: anything may have one."""

    def ancestors(self, iri: str) -> list[str]:
        """Two items, the same each time: what an ancestor is does not matter here."""
        names = sorted(self.plain)
        start = names.index(iri)
        return [names[(start * 7 + 3) % len(names)], names[(start * 5 + 1) % len(names)]]

    def _relatives(self, iri: str, side: str) -> list[Any]:
        return [self.exact[one] for one in self.ancestors(iri)]

    def find(self, node: Node) -> tuple[set[str], int | None]:
        """The items that a tree finds, and how many candidates there were (None: all)."""
        compiled = compile_filter(node, self, self.catalogue.names.base)
        rows = self.ask(
            "SELECT DISTINCT ?item { ?item a dafab:CatalogItem ; dafab:describes ?product ."
            f" {compiled.where} }}"
        )
        candidates = [cast(Iri, row[0]).value for row in rows]
        found = {
            iri for iri in candidates if truth(node, self.exact[iri], partial(self._relatives, iri))
        }
        return found, len(candidates) if compiled.where else None


@pytest.fixture(scope="module")
def here(
    tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest
) -> Iterator[Here]:
    folder = tmp_path_factory.mktemp("same")
    write_sample(folder / "sample", products=30)
    paths = [folder / "sample" / "stac", folder / "sample" / "dafab"]
    paths = [path for path in paths if path.exists()] or [folder / "sample"]
    try:
        shared = cast(Path, request.getfixturevalue("shared"))
    except pytest.skip.Exception:
        shared = None
    if shared is not None:
        paths += sorted((shared / "water_analysis").glob("*.json"))[::12]
        paths += [shared / "stac_catalogues" / "mapchete-eo", shared / "stac_catalogues" / "pystac"]
        paths += [shared / "stac_catalogues" / "stactools-s1-examples"]
        paths += [shared / "stac_catalogues" / "eodag-static"]
    with open_catalogue(folder / "store") as catalogue:
        catalogue.load(*paths)
        yield _here(catalogue)


def _here(catalogue: Catalogue) -> Here:
    exact: dict[str, Any] = {}
    plain: dict[str, Any] = {}
    here = Here(catalogue, exact, plain)
    for iri, graph in here.ask(
        "SELECT ?item ?graph { GRAPH ?graph { ?item a dafab:CatalogItem } }"
    ):
        stored, files = catalogue.document(graph.value.rsplit("/", 1)[1])
        (data,) = files.values()
        for into, value in (
            (exact, read_document(data, where="")),
            (plain, json.loads(data.decode("utf-8-sig"))),
        ):
            for step in stored.pointer.split("/")[1:]:
                value = value[int(step) if isinstance(value, list) else step]
            into[iri.value] = value
    return here


def compare(here: Here, seed: int, number: int) -> Counter[str]:
    """Compare ``number`` filters of each language; return what they were like."""
    asking = Asking(list(here.plain.values()), random.Random(seed))
    told: Counter[str] = Counter()
    for _ in range(number):
        value = asking.cql2()
        node = read_json(value)
        wished = {iri for iri, item in here.plain.items() if brute.cql2(value, item)}
        _check(here, node, wished, value, told)
        text = cql2.Expr(value).to_text()
        assert repr(read_text(text)) == repr(read_json(cql2.parse_text(text).to_json())), text
        value = asking.dafab()
        node = read_filter(value)
        wished = {
            iri
            for iri, item in here.plain.items()
            if brute.dafab(value, item, [here.plain[one] for one in here.ancestors(iri)])
        }
        _check(here, node, wished, value, told)
    return told


def _check(here: Here, node: Node, wished: set[str], value: Any, told: Counter[str]) -> None:
    found, candidates = here.find(node)
    assert found == wished, (
        f"{json.dumps(value)}\n{node}\nmissing {sorted(wished - found)[:3]}\n"
        f"too many {sorted(found - wished)[:3]}\n"
        f"{compile_filter(node, here, here.catalogue.names.base).where}"
    )
    told["asked"] += 1
    told["found"] += bool(found)
    told["all"] += len(found) == len(here.plain)
    told["narrowed"] += candidates is not None
    told["candidates"] += candidates or 0
    told["of them right"] += len(found) if candidates is not None else 0


@pytest.mark.slow
def test_random_filters_find_what_brute_force_finds(here: Here) -> None:
    told = compare(here, 1, 250)
    assert told["asked"] == 500
    assert told["found"] > 150 and told["narrowed"] > 150


@pytest.mark.oracle
@pytest.mark.parametrize("seed", range(10, 30))
def test_many_random_filters_find_what_brute_force_finds(here: Here, seed: int) -> None:
    """5,000 filters of each language."""
    told = compare(here, seed, 250)
    assert told["found"] > 150 and told["narrowed"] > 150


@pytest.mark.oracle
@pytest.mark.parametrize("seed", range(30, 35))
def test_pages_of_random_filters_hold_what_brute_force_finds(here: Here, seed: int) -> None:
    """The same of a search as it is answered: paged in some order, and counted.

    Items of old versions of STAC are asked as they are shown, in a new one.
    """
    chance = random.Random(seed)
    asking = Asking(list(here.plain.values()), chance)
    shown = {
        iri: {**item, **{n: here.plain[iri][n] for n in ("links", "assets") if n in item}}
        for iri, item in _pages(here, Search(limit=1000))
    }
    assert len(shown) > 100 and shown.keys() <= here.plain.keys()
    some = 0
    for number in range(100):
        if number % 2:
            value = asking.cql2()
            node = read_json(value)
            right = {iri for iri, item in shown.items() if brute.cql2(value, item)}
        else:
            value = asking.dafab()
            if '"inherited"' in json.dumps(value):
                continue  # whose ancestors are others here
            node = read_filter(value)
            right = {iri for iri, item in shown.items() if brute.dafab(value, item, [])}
        sort = chance.choice([(), (Sort(("id",)),), (Sort(("properties", "datetime"), True),)])
        limit = chance.choice([7, 50, 1000])
        pages = _pages(here, Search(filter=node, sort=sort, limit=limit, count=True))
        found = [iri for iri, _ in pages]
        assert len(found) == len(set(found)), value
        assert set(found) == right, (value, set(found) ^ right)
        some += bool(right)
    assert some > 30


def _pages(here: Here, search: Search) -> list[tuple[str, Any]]:
    """All items of a search that entries describe, with their IRIs, page by page."""
    found = []
    number = 0
    while True:
        page = here.catalogue.find_items(search, "http://localhost")
        number += len(page.items)
        for item in map(json.loads, page.items):
            iri = next(link["href"] for link in item["links"] if link["rel"] == "via")
            found.append((iri, item))
        if page.cursor is None:
            break
        search = replace(search, after=page.cursor)
    assert page.matched in (None, number), search.filter
    return [one for one in found if one[0] in here.plain]
