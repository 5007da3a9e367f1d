"""Harvesting a scope: what Rucio 41.5.1 answered (answers.json), and a pretended one that fails.

``answers.json`` holds what a Rucio of that version sent for data identifiers that its own client
had made: the facts below are what that client was given.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from dafab_kg.catalogue import harvesting_rucio, open_catalogue
from dafab_kg.catalogue.catalogue import Catalogue
from dafab_kg.cli import main
from dafab_kg.cli.frame import Session
from dafab_kg.federation.rucio import patience
from dafab_kg.federation.rucio.harvest import Harvest, ScopeReport
from dafab_kg.loaders.rucio.form import write_did
from dafab_kg.model.did_names import encode_did_name
from dafab_kg.model.errors import ServiceNotUsable, ServiceRefused, StoreNotFound
from dafab_kg.model.settings import Settings
from dafab_kg.serving.writer import CHOSEN
from tests.federation.rucio.pretend import Pretended, listening

ITEM = "S2A_MSIL2A_20220127T104321_N0400_R008_T31UFS_20220127T121418"
PREFIX = "PREFIX dafab: <https://w3id.org/dafab/ns#> PREFIX id: <https://w3id.org/dafab/id/>\n"
PRODUCT = f"https://w3id.org/dafab/id/product/{ITEM}"
B04 = (4191578, "0cc737eb", "9e107d9d372bb6826bd81d3542a419d6")


class Side:
    """A pretended Rucio, and a catalogue that harvests it; nobody waits."""

    def __init__(self, place: Path, address: str, there: Pretended) -> None:
        config = place / "rucio.cfg"
        config.write_text(
            f"[client]\nrucio_host = {address}\nauth_host = {address}\nauth_type = userpass\n"
            f"username = u\npassword = p\naccount = root\nrequest_retries = 0\n"
            f"auth_token_file_path = {place}/token\n"
        )
        self.settings = Settings(store=place / "store", rucio_config=config, rucio_seconds=1.0)
        self.there = there

    def open(self) -> Catalogue:
        return open_catalogue(self.settings.store, settings=self.settings)


@pytest.fixture
def side(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Side]:
    monkeypatch.setattr(patience, "FIRST_WAIT", 0.0)
    there = Pretended()
    with listening(there) as address:
        yield Side(tmp_path, address, there)


def replay(there: Pretended) -> None:
    """Let it answer what Rucio answered."""
    told = json.loads((Path(__file__).parent / "answers.json").read_text())
    there.scopes = [told["scope"]]
    for row in told["columns"]:
        there.dids[row["scope"], row["name"]] = row
    for name, rows in told["content"].items():
        for row in rows:
            pair = row["scope"], row["name"]
            there.dids.setdefault(pair, {"did_type": row["type"]})
            there.below.setdefault((told["scope"], name), {})[pair] = None
    there.meta[told["scope"], ITEM] = {"eo:cloud_cover": 3.5, "keywords": ["a", "b"], "n": 7}


def rows(catalogue: Catalogue, query: str) -> list[tuple[Any, ...]]:
    answer: Any = catalogue.query(PREFIX + query)
    return sorted(tuple(None if one is None else one.value for one in row) for row in answer)


def names(catalogue: Catalogue) -> set[str]:
    return {row[0] for row in rows(catalogue, "SELECT ?n { ?d dafab:didType [] ; dafab:name ?n }")}


def made(there: Pretended, *dids: str, kind: str = "DATASET", scope: str = "s") -> None:
    there.add([{"scope": scope, "name": name, "type": kind} for name in dids])


def counts(report: ScopeReport) -> dict[str, int]:
    assert not report.load.rejected, report.load.rejected
    return report.load.counts


def test_what_the_stock_client_made_is_in_the_graph(side: Side, tmp_path: Path) -> None:
    replay(side.there)
    with side.open() as catalogue:
        assert counts(catalogue.harvest_rucio("rec")) == {"loaded": 6}
        found = rows(
            catalogue,
            "SELECT ?did ?type ?bytes ?adler ?md5 { ?d dafab:did ?did ; dafab:didType ?type ; "
            "dafab:vo 'def' OPTIONAL { ?d dafab:didSize ?bytes } OPTIONAL { ?d dafab:adler32 "
            "?adler } OPTIONAL { ?d dafab:md5 ?md5 } }",
        )
        size, adler, md5 = B04
        assert found == sorted([
            ("other:elsewhere.bin", "FILE", None, None, None),
            (f"rec:{ITEM}", "CONTAINER", None, None, None),
            (f"rec:{ITEM}_B04.tif", "FILE", str(size), adler, md5),
            (f"rec:{ITEM}_assets", "DATASET", None, None, None),
            (f"rec:{ITEM}_thumbnail.jpg", "FILE", "1024", "00000001",
             "d41d8cd98f00b204e9800998ecf8427e"),
            ("rec:mixed/set", "DATASET", None, None, None),
            ("rec:stac", "CONTAINER", None, None, None),
        ])  # fmt: skip
        up = "SELECT ?u ?n { ?a dafab:hasMember ?b . ?a dafab:name ?u . ?b dafab:did ?n }"
        assert rows(catalogue, up) == sorted([
            ("stac", f"rec:{ITEM}"), (ITEM, f"rec:{ITEM}_assets"),
            (f"{ITEM}_assets", f"rec:{ITEM}_B04.tif"),
            (f"{ITEM}_assets", f"rec:{ITEM}_thumbnail.jpg"),
            ("mixed/set", "other:elsewhere.bin"), ("mixed/set", f"rec:{ITEM}_B04.tif"),
        ])  # fmt: skip
        told = (
            "SELECT ?n ?v { ?p dafab:propertyOf ?d ; dafab:name ?n ; dafab:json ?v . "
            f"?d dafab:name '{ITEM}' }}"
        )
        assert rows(catalogue, told) == [
            ("campaign", '"2022"'), ("eo:cloud_cover", "3.5"), ("keywords", '["a","b"]'),
            ("n", "7"), ("project", '"dafab"'),
        ]  # fmt: skip
        when = f"SELECT ?c {{ ?d dafab:name '{ITEM}' ; dafab:created ?c }}"
        assert rows(catalogue, when) == [("2026-11-29T03:11:38Z",)]
        # what somebody read since is no change
        side.there.dids["rec", ITEM] |= {"accessed_at": side.there.clock, "access_cnt": 3}
        assert counts(catalogue.harvest_rucio("rec")) == {"unchanged": 6}
        assert not catalogue.doctor()


def item(place: Path, name: str = ITEM) -> Path:
    """A STAC item with two assets, as any catalogue has it."""
    file = place / f"{name[:100]}.json"
    assets = {"B04": {"href": "https://x.example/a.tif"}, "other": {"href": "https://x.example/b"}}
    value = {
        **{"type": "Feature", "stac_version": "1.0.0", "id": name, "collection": "c"},
        **{
            "geometry": {"type": "Point", "coordinates": [6.1, 49.6]},
            "links": [],
            "assets": assets,
        },
        "properties": {"datetime": "2022-01-27T10:43:21Z"},
    }
    file.write_text(json.dumps(value))
    return file


LINKS = "SELECT ?thing ?n { ?thing dafab:hasDataIdentifier ?d . ?d dafab:name ?n }"
WANTED = sorted([
    (PRODUCT, ITEM), (PRODUCT, f"{ITEM}_assets"), (f"{PRODUCT}/asset/B04", f"{ITEM}_B04.tif"),
])  # fmt: skip


@pytest.mark.parametrize("product_first", [True, False])
def test_products_and_assets_have_the_dids_that_name_them(
    side: Side, tmp_path: Path, product_first: bool
) -> None:
    replay(side.there)
    with side.open() as catalogue:
        if product_first:
            assert catalogue.load(item(tmp_path)).ok
        catalogue.harvest_rucio("rec")
        if not product_first:
            assert rows(catalogue, LINKS) == []
            assert not rows(catalogue, f"SELECT ?o {{ <{PRODUCT}> ?p ?o }}")
            assert catalogue.load(item(tmp_path)).ok
        assert rows(catalogue, LINKS) == WANTED
        assert not catalogue.doctor()
        # taken out of the data set, the file names nothing any more
        side.there.detach(("rec", f"{ITEM}_assets"), [{"scope": "rec", "name": f"{ITEM}_B04.tif"}])
        assert counts(catalogue.harvest_rucio("rec")) == {"replaced": 1, "unchanged": 5}
        assert rows(catalogue, LINKS) == WANTED[:2]
        if product_first:
            catalogue.delete(ITEM)
            assert rows(catalogue, LINKS) == []
        else:
            del side.there.dids["rec", ITEM]
            side.there.below["rec", "stac"] = {}
            assert catalogue.harvest_rucio("rec").load.counts["removed"] == 1
            assert rows(catalogue, LINKS) == [(PRODUCT, f"{ITEM}_assets")]
        assert not catalogue.doctor()


@pytest.mark.parametrize(
    ("name", "product_first"), [("n_" * 130, True), ("n_" * 122 + "n", False)], ids=["all", "parts"]
)
def test_names_that_were_cut_lead_to_their_products(
    side: Side, tmp_path: Path, name: str, product_first: bool
) -> None:
    """Of the first all names are, of the second those of the data set and the files."""
    ids = (name, f"{name}_assets", f"{name}_B04.tif", f"{name}_B04.png")
    own, home, file, wrong = map(encode_did_name, ids)
    made(side.there, own, kind="CONTAINER")
    made(side.there, home)
    made(side.there, file, wrong, kind="FILE")
    side.there.below["s", own] = {("s", home): None}
    side.there.below["s", home] = {("s", file): None, ("s", wrong): None}
    with side.open() as catalogue:
        if product_first:
            assert catalogue.load(item(tmp_path, name)).ok
        catalogue.harvest_rucio("s")
        if not product_first:
            assert catalogue.load(item(tmp_path, name)).ok
        product = f"https://w3id.org/dafab/id/product/{name}"
        right = [(product, own), (product, home), (f"{product}/asset/B04", file)]
        assert rows(catalogue, LINKS) == sorted(right)
        assert not catalogue.doctor()
        side.there.detach(("s", home), [{"scope": "s", "name": file}])
        catalogue.harvest_rucio("s")
        assert rows(catalogue, LINKS) == sorted(right[:2])
        assert not catalogue.doctor()


def test_what_has_gone_goes_and_a_list_that_broke_off_takes_nothing(side: Side) -> None:
    made(side.there, *"abc")
    with side.open() as catalogue:
        counts(catalogue.harvest_rucio("s"))
        del side.there.dids["s", "b"]
        assert counts(catalogue.harvest_rucio("s")) == {"unchanged": 2, "removed": 1}
        assert names(catalogue) == {"a", "c"}
        side.there.hidden = {"c"}
        with pytest.raises(ServiceNotUsable, match="did not tell of s:c"):
            catalogue.harvest_rucio("s")
        side.there.hidden = set()
        side.there.scopes = ["t"]
        with pytest.raises(ServiceRefused, match="no scope s"):
            catalogue.harvest_rucio("s")
        assert names(catalogue) == {"a", "c"}


def test_resumed_where_it_stopped_nothing_is_lost_or_twice(
    side: Side, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(harvesting_rucio, "Harvest", partial(Harvest, at_once=3))
    made(side.there, *(f"n{number}" for number in range(8)))
    with side.open() as catalogue:
        side.there.worse = {"n5"}
        with pytest.raises(ServiceNotUsable):
            catalogue.harvest_rucio("s", plugin="none")
        first = names(catalogue)
        side.there.worse = set()
        side.there.asked.clear()
        report = catalogue.harvest_rucio("s", plugin="none")
        assert report.resumed and report.far.done == 8 == report.far.total
        assert len(first) + counts(report)["loaded"] == 8
        assert names(catalogue) == {f"n{number}" for number in range(8)}
        assert counts(catalogue.harvest_rucio("s", plugin="none")) == {"unchanged": 8}


@pytest.mark.parametrize("how", ["RucioException", "UnsupportedMetadataPlugin"])
def test_a_rucio_without_the_plugin_is_harvested_without_and_says_so(
    side: Side, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, how: str
) -> None:
    made(side.there, "one", "two")
    side.there.meta["s", "one"] = {"k": 1}
    side.there.no_json = how
    store = str(side.settings.store)
    monkeypatch.setenv("DAFAB_RUCIO_CONFIG", str(side.settings.rucio_config))
    assert main(["--store", store, "rucio", "harvest", "s"]) == 0
    told = capsys.readouterr()
    assert "2 of 2 names in s" in told.out
    assert told.err.count("without what users set") == 1 and how in told.err
    with side.open() as catalogue:
        with pytest.raises(ServiceNotUsable, match=how):
            catalogue.harvest_rucio("s", plugin="JSON")  # who names one wants it
        side.there.no_json = ""
        assert counts(catalogue.harvest_rucio("s")) == {"replaced": 1, "unchanged": 1}
        # what was harvested before is not taken away because the plugin fails
        side.there.no_json = how
        for restart in (False, True):
            with pytest.raises(ServiceNotUsable, match=how):
                catalogue.harvest_rucio("s", restart=restart)
        asked = "SELECT ?v { ?p dafab:propertyOf ?d ; dafab:name 'k' ; dafab:json ?v }"
        assert rows(catalogue, asked) == [("1",)]


@pytest.mark.parametrize("fault", ["503", "half", "expired"])
def test_a_passing_fault_is_waited_out(side: Side, fault: str) -> None:
    made(side.there, "one", "two")
    side.there.below["s", "one"] = {("s", "two"): None}
    ways = ("GET /scopes", "dids/search", "POST /dids/bulkmeta", "GET /dids/s/one/dids")
    side.there.faults = [(way, fault) for way in ways]
    with side.open() as catalogue:
        assert counts(catalogue.harvest_rucio("s")) == {"loaded": 2}
    assert not side.there.faults


def test_only_new_brings_new_ones_and_what_they_were_put_into(side: Side) -> None:
    made(side.there, "old", "set")
    with side.open() as catalogue:
        counts(catalogue.harvest_rucio("s"))
        side.there.clock = "Mon, 30 Nov 2026 03:00:00 UTC"
        made(side.there, "later")
        counts(catalogue.harvest_rucio("s", only_new=True))
        side.there.clock = "Tue, 01 Dec 2026 03:00:00 UTC"
        made(side.there, "new", kind="FILE")
        side.there.below["s", "set"] = {("s", "new"): None}
        del side.there.dids["s", "old"]
        report = catalogue.harvest_rucio("s", only_new=True)
        assert counts(report) == {"unchanged": 1, "loaded": 1, "replaced": 1}
        assert report.far.since.startswith("2026-11-30T03:00:00")
        assert names(catalogue) == {"old", "set", "later", "new"}
        assert counts(catalogue.harvest_rucio("s"))["removed"] == 1


def test_hostile_names_and_metadata_harm_nobody_else(side: Side) -> None:
    bad = 'a"> <x:y> . #\\\u2028/../b'
    made(side.there, "good", bad, "surrogate", "deep", "many", "bytes")
    deep: Any = 1
    for _ in range(400):
        deep = [deep]
    side.there.meta = {
        ("s", bad): {bad: bad, "": None, "scope": "t"},
        ("s", "surrogate"): {"k": "\ud800"},
        ("s", "deep"): {"k": deep},
        ("s", "many"): {f"key {number}": number for number in range(3000)},
    }
    side.there.dids["s", "bytes"] |= {"did_type": "FILE", "bytes": -1}
    with side.open() as catalogue:
        report = catalogue.harvest_rucio("s")
        assert report.load.counts == {"loaded": 3, "rejected": 3}
        assert names(catalogue) == {"good", bad, "many"}
        number = "SELECT (COUNT(?p) AS ?n) { ?p dafab:propertyOf ?d . ?d dafab:name 'many' }"
        assert rows(catalogue, number) == [("3000",)]
        assert rows(catalogue, "SELECT ?d { ?d dafab:name 'good' }") == [
            ("https://w3id.org/dafab/id/did/def/s/good",)
        ]
        assert not catalogue.doctor()


def test_the_same_state_is_the_same_bytes() -> None:
    content = [{"scope": "s", "name": name, "type": "FILE", "bytes": 1} for name in "ab"]
    one = write_did("def", {"name": "n", "scope": "s"}, content, {"x": {"b": 1, "a": 2}})
    two = write_did(
        "def",
        {"scope": "s", "is_new": True, "guid": None, "name": "n"},
        content[::-1],
        {"x": {"a": 2, "b": 1}},
    )
    assert one == two
    assert one.startswith(b'{"type":"dafab:RucioDid"')


def test_the_caller_s_configuration_counts_beside_a_server(tmp_path, monkeypatch):
    asked = []

    def opened(self, **options):
        asked.append(options["chosen"])
        raise StoreNotFound("seen")

    monkeypatch.setattr(Session, "open", opened)
    monkeypatch.setenv("RUCIO_CONFIG", "here.cfg")
    monkeypatch.chdir(tmp_path)
    assert main(["rucio", "harvest", "s"]) == 1
    assert asked == [{"rucio_config": str(tmp_path / "here.cfg")}]
    assert {*asked[0]} <= CHOSEN
