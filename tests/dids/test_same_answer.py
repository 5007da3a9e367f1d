"""Random filters find the containers that brute force over the documents finds."""

from __future__ import annotations

import json
import random
from collections import Counter

import pytest

from dafab_kg.dids.listing import Asked
from tests.dids import making
from tests.search import brute
from tests.search.asking import Asking

ROOT = "https://here.example/stac"
BELOW = making.tree()


@pytest.fixture(scope="module")
def documents(catalogue):
    """All documents: of items as they were loaded, of catalogues as they are shown."""
    pairs = [("dafab", name) for name in BELOW]
    lines = map(json.loads, catalogue.did_documents(pairs, None, ""))
    shown = {line["name"]: line["document"] for line in lines}
    return {**shown, **{item["id"]: item for item in making.items()}}


def found_by(catalogue, value, limit):
    found, cursor = [], None
    while True:
        page = catalogue.find_did_documents(Asked("dafab", value, cursor=cursor, limit=limit), ROOT)
        found += [json.loads(one)["id"] for one in page.documents]
        cursor = page.cursor
        if cursor is None:
            return found


def compare(catalogue, documents, seed: int, number: int) -> Counter[str]:
    chance = random.Random(seed)
    asking = Asking(list(documents.values()), chance)
    ups = {name: [documents[up] for up in making.ancestors(name, BELOW)] for name in BELOW}
    told: Counter[str] = Counter()
    for _ in range(number):
        value = asking.dafab()
        if chance.random() < 0.2:
            value = {**asking.dafab(1, marked=True), "inherited": True}
        right = sorted(
            name for name, one in documents.items() if brute.dafab(value, one, ups[name])
        )
        found = found_by(catalogue, value, chance.choice([100, 100, 6]))
        assert found == right, json.dumps(value)
        told["inherited"] += "inherited" in json.dumps(value) and bool(right)
        told["found"] += bool(right)
    return told


@pytest.mark.slow
def test_random_filters_find_what_brute_force_finds(catalogue, documents):
    told = compare(catalogue, documents, 1, 120)
    assert told["found"] > 30 and told["inherited"] > 5, told


@pytest.mark.oracle
@pytest.mark.parametrize("seed", range(2, 12))
def test_many_random_filters_find_what_brute_force_finds(catalogue, documents, seed):
    told = compare(catalogue, documents, seed, 500)
    assert told["found"] > 120 and told["inherited"] > 20, told
