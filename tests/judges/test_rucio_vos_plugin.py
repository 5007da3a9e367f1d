"""Our metadata plugin in a real Rucio 41.5.1 of two VOs: the graph's metadata are of one of them.

Both have the same data identifiers; what is asked and written in the other VO meets nothing here.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from rucio.common.exception import InvalidMetadata

import dafab_kg
from dafab_kg.access.tokens import Tokens
from dafab_kg.federation.rucio.connection import connect
from dafab_kg.model.settings import Settings
from tests.dids.making import items
from tests.judges.real_rucio import Rucio, client_config, plugin_modules
from tests.serving.served import Server

pytestmark = [pytest.mark.oracle, pytest.mark.slow]

VOS = ("abc", "xyz")


@pytest.fixture(scope="module")
def clients(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Any]]:
    place = tmp_path_factory.mktemp("plugin")
    (place / "items").mkdir()
    made = items()
    for number, item in enumerate(made):
        (place / "items" / f"{number}.json").write_text(json.dumps(item))
    store = place / "store"
    with dafab_kg.open(store, settings=Settings(store=store)) as catalogue:
        assert catalogue.load(place / "items").ok
    token_file = place / "token"
    token_file.touch(mode=0o600)
    token_file.write_text(Tokens(store).create("rucio", ["write"])[1])
    graph = Server(store, did_vo="abc", rate_per_second=10_000, rate_burst=10_000)
    lines = ["plugins = dafab_kg_rucio.plugin.DafabKgDidMeta"]
    lines += [f"dafab_kg_url = {graph.address}", f"dafab_kg_token_file = {token_file}"]
    rucio = Rucio(place, metadata="\n".join(lines), modules=plugin_modules(place), vos=VOS)
    try:
        found = {}
        for vo in VOS:
            config = client_config(place / vo, rucio.address, rucio.password, f"vo = {vo}")
            found[vo] = connect(Settings(rucio_config=config))
            found[vo].add_scope("root", "dafab")
            names = [item["id"] for item in made if "/" not in item["id"] and "+" not in item["id"]]
            found[vo].add_dids(
                [{"scope": "dafab", "name": one, "type": "CONTAINER"} for one in names]
            )
        yield found
    finally:
        rucio.stop()
        assert graph.stop() == 0


def scenes() -> dict[str, float]:
    """Cloud cover of items, as their documents say."""
    return {
        item["id"]: item["properties"]["eo:cloud_cover"]
        for item in items()
        if item["properties"].get("eo:cloud_cover") is not None
    }


def test_filters_find_what_is_in_the_vo_of_the_graph(clients: dict[str, Any]) -> None:
    right = {name for name, told in scenes().items() if told > 15}
    asked = ("dafab", [{"eo:cloud_cover.gt": 15}], "all")
    assert set(clients["abc"].list_dids(*asked)) == right and len(right) > 2
    assert list(clients["xyz"].list_dids(*asked)) == []
    rows = list(clients["abc"].list_dids(*asked, long=True))
    assert {(row["scope"], row["name"], row["did_type"]) for row in rows} == {
        ("dafab", name, "CONTAINER") for name in right
    }
    below = clients["abc"].list_dids(*asked, recursive=True)
    assert set(below) >= right


def test_metadata_are_of_one_vo(clients: dict[str, Any]) -> None:
    name, told = next(iter(scenes().items()))
    assert clients["abc"].get_metadata("dafab", name, "DAFAB_KG")["eo:cloud_cover"] == told
    assert clients["xyz"].get_metadata("dafab", name, "DAFAB_KG") == {}
    pair = [{"scope": "dafab", "name": name}]
    (row,) = clients["abc"].get_metadata_bulk(pair, plugin="DAFAB_KG")
    assert (row["scope"], row["eo:cloud_cover"]) == ("dafab", told)
    assert clients["xyz"].get_metadata("dafab", name, "ALL")["scope"] == "dafab"


def test_what_is_set_in_the_other_vo_is_refused(clients: dict[str, Any]) -> None:
    name, told = next(iter(scenes().items()))
    with pytest.raises(InvalidMetadata, match="of the VO xyz is none of this catalogue's"):
        clients["xyz"].set_metadata("dafab", name, "eo:cloud_cover", 77)
    assert clients["abc"].get_metadata("dafab", name, "DAFAB_KG")["eo:cloud_cover"] == told
    clients["abc"].set_metadata("dafab", name, "eo:cloud_cover", 78)
    assert clients["abc"].get_metadata("dafab", name, "DAFAB_KG")["eo:cloud_cover"] == 78
    clients["abc"].set_metadata("dafab", name, "eo:cloud_cover", told)
