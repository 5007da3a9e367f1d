"""What a Rucio is to hold: the tree that the documents tell, and what follows their changes."""

from __future__ import annotations

import json
import os
from dataclasses import replace

import pytest

import dafab_kg
from dafab_kg.catalogue.following import publish_round
from dafab_kg.catalogue.publishing import Wanted
from dafab_kg.cli import main
from dafab_kg.dids.finding import items_named
from dafab_kg.federation.rucio.connection import connect
from dafab_kg.federation.rucio.memory import Memory
from dafab_kg.federation.rucio.publish import Publisher
from dafab_kg.model.did_names import encode_did_name, is_did_name
from dafab_kg.model.settings import Settings
from tests.dids import making
from tests.federation.rucio.pretend import Pretended, listening

SUM = "d50110" + "0" * 32
BELOW = making.tree()
ITEMS = {item["id"]: item for item in making.items()}


def wanted(catalogue, **chosen):
    made = catalogue.wanted_dids
    return Wanted(made.dids, catalogue.settings.model_copy(update=chosen))


def test_all_containers_lie_where_the_documents_tell(catalogue):
    found = {unit.name: unit for unit in wanted(catalogue).everything()}
    assert found.keys() == BELOW.keys()
    for name, unit in found.items():
        own = unit.dids[0]
        assert (own.name, own.type) == (encode_did_name(name), "CONTAINER")
        assert {up for _, up in own.parents} == set(map(encode_did_name, BELOW[name])), name
        assert all(is_did_name(did.name) for did in unit.dids)
        if name in ITEMS:
            assert unit.documents, name
            data_set, *files = unit.dids[1:]
            assert data_set.name == encode_did_name(f"{name}_assets")
            assert data_set.parents == (own.pair,)
            right = making.files(ITEMS[name])
            assert [file.name for file in files] == list(map(encode_did_name, right))
            assert all(file.parents == (data_set.pair,) for file in files)
            assert [one.name for one in unit.left_out] == right  # nobody told where they lie


def test_files_are_made_where_all_of_them_is_told(catalogue):
    rses = {"https://files.example/": "NEAR", "s3://eodata/": "FAR", "https://": "ANY"}
    scene = making.scene("T31UFR")
    (unit,) = wanted(catalogue, rucio_rses=rses).items([scene])
    band, thumb = unit.dids[2:]
    assert (thumb.rse, thumb.pfn) == ("NEAR", f"https://files.example/{scene}.png")
    assert (thumb.size, thumb.md5) == (1234, "0123456789abcdef" * 2)
    assert band.is_optional
    assert [(one.name, one.why) for one in unit.left_out] == [
        (f"{scene}_B02_10m.jp2", "its size is not told (file:size)")
    ]


@pytest.mark.parametrize(
    ("asset", "why"),
    [
        ({"href": "https://u:p@files.example/a.tif"}, "its address has"),
        ({"href": "https://files.example/a.tif?X-Amz-Signature=1"}, "its address has"),
        ({"href": "https://[files.example/a.tif"}, "its address has"),
        ({"href": ["https://files.example/a.tif"]}, "no storage element"),
        ({"file:size": 2**63}, "its size"),
        ({"file:size": -1}, "its size"),
        ({"file:size": True}, "its size"),
    ],
)
def test_files_of_which_rucio_is_not_told(catalogue, asset, why):
    made = wanted(catalogue, rucio_rses={"https://": "ANY"})
    right = {"href": "https://files.example/a.tif", "file:size": 1, "file:checksum": SUM}
    (node,) = items_named(made.dids.library, made.dids.scopes, [making.scene("T31UFR")]).values()
    units = [
        made._unit(node, [], {"assets": {"a": value}}, ()) for value in (right, {**right, **asset})
    ]
    assert [unit.dids[2].rse for unit in units] == ["ANY", ""]
    assert units[1].left_out[0].why.startswith(why)


def test_a_size_is_enough_of_a_file(catalogue):
    made = wanted(catalogue, rucio_rses={"https://": "ANY"})
    (node,) = items_named(made.dids.library, made.dids.scopes, [making.scene("T31UFR")]).values()
    told = {"href": "https://files.example/a.tif", "file:size": 1}
    for more in ({}, {"file:checksum": "1220" + "0" * 64}):
        unit = made._unit(node, [], {"assets": {"a": {**told, **more}}}, ())
        assert (unit.dids[2].rse, unit.dids[2].md5, unit.left_out) == ("ANY", None, ())


def test_an_item_as_a_data_set_of_its_collection(catalogue):
    units = list(wanted(catalogue, rucio_layout="dataset").everything())
    kinds = {unit.name: unit.dids[0].type for unit in units}
    assert {name for name, kind in kinds.items() if kind == "DATASET"} == ITEMS.keys()
    for unit in units:
        ups = {name for _, name in unit.dids[0].parents}
        right = {up for up in BELOW[unit.name] if up not in ITEMS}
        assert ups == set(map(encode_did_name, right)) and (ups or unit.name == "stac")
        assert all(did.type == "FILE" and did.parents == (unit.pair,) for did in unit.dids[1:])


def test_metadata(catalogue):
    scene = making.scene("T48PWS")
    (plain,) = wanted(catalogue).items([scene])
    (unit,) = wanted(catalogue, rucio_metadata="all").items([scene])
    told = dict(unit.dids[0].meta)
    assert told == {"datetime": "2022-11-21T03:10:01Z", "eo:cloud_cover": 20.0}
    assert replace(unit.dids[0], meta=()) == plain.dids[0] and plain.digest != unit.digest


@pytest.fixture
def there():
    state = Pretended(scopes=["dafab"])
    with listening(state) as address:
        yield state, address


def shown(catalogue):
    """What the graph has below its root, files apart."""
    found, left = {}, ["stac"]
    while left:
        name = left.pop()
        below = [d for d in catalogue.did_members("dafab", name).dids if d.type != "FILE"]
        found[encode_did_name(name)] = sorted(encode_did_name(did.name) for did in below)
        left += [did.name for did in below]
    return found


def published(state):
    tree = state.tree()
    found, left = {}, ["stac"]
    while left:
        name = left.pop()
        found[name] = sorted(tree[name])
        left += tree[name]
    return found


def test_rounds_follow_the_graph(tmp_path, there, monkeypatch, capsys):
    state, address = there
    config = tmp_path / "rucio.cfg"
    config.write_text(
        f"[client]\nrucio_host = {address}\nauth_host = {address}\nauth_type = userpass\n"
        f"username = u\npassword = p\naccount = root\nauth_token_file_path = {tmp_path}/token\n"
    )
    store = tmp_path / "store"
    settings = Settings(store=store, rucio_config=config)
    client = connect(settings)

    def publish():
        assert catalogue.publish().parts["changes"] == str(catalogue.last_change)
        with Memory(store, server=address) as memory:
            return publish_round(catalogue, Publisher(client, memory))

    with dafab_kg.open(store, settings=settings) as catalogue:
        catalogue.load(making.write(tmp_path / "items"))
        assert publish().published == len(BELOW)
        assert published(state) == shown(catalogue)
        report = publish()
        assert report.published == 0 and report.unchanged < len(BELOW)  # catalogues alone
        assert report.known == len(BELOW)
        with Memory(store, server=address) as memory:  # one made ahead of its own turn
            sent = memory.sent(("dafab", "plain_assets"))
            memory.keep([replace(sent, documents=())])
        assert publish().removed == 0
        with Memory(store, server=address) as memory:  # one whose sending was broken off
            memory.keep([replace(sent, digest="")])
        assert publish().published == 1
        with Memory(store, server=address) as memory:
            assert not any(one.unfinished for one in memory.outlines())
        with Memory(store, server=f"{address}9") as memory:  # another Rucio
            assert list(memory.all()) == []
        one, two, *_ = map(making.scene, making.SCENES)
        water = json.loads(json.dumps(ITEMS[f"{one}_water_analysis_300"]))
        water["properties"]["dafab:water-analysis"]["excess_total_water_observed"] = 300.0
        (tmp_path / "water.json").write_text(json.dumps(water))
        catalogue.load(tmp_path / "water.json")
        assert publish().published == 1
        assert published(state)["water_anomaly_normal"] != []
        assert published(state) == shown(catalogue)
        catalogue.delete_item("sentinel_2_l2a", two)  # of which two were made
        report = publish()
        assert (report.removed, report.refused) == (1, {})
        assert published(state) == shown(catalogue)
        assert state.tree()[two] == [] == state.tree()[f"{two}_assets"]
        (tmp_path / "again.json").write_text(json.dumps(ITEMS[two]))
        catalogue.load(tmp_path / "again.json")
        publish()
        assert published(state) == shown(catalogue)
        for name in ("plain/one + two", "plain_assets"):
            catalogue.delete_item("beta", name)
        publish()
        assert published(state) == shown(catalogue)

    def call(*words):
        code = main(["--store", str(store), "rucio", *words, "--json"])
        return code, json.loads(capsys.readouterr().out)

    for name in [key for key in os.environ if key.startswith("DAFAB_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("DAFAB_RUCIO_CONFIG", str(config))
    monkeypatch.setenv("DAFAB_RUCIO_TRIES", "1")
    capsys.readouterr()
    code, told = call("publish")
    assert (code, told["published"], told["removed"], told["dead"]) == (0, 0, 0, 0)
    state.detach(("dafab", "stac"), [{"scope": "dafab", "name": "water_analysis"}])
    state.bad = {"water_analysis"}
    code, told = call("reconcile", "--repair")
    assert (code, [*told["repaired"]["refused"]]) == (1, ["dafab:water_analysis"])
    assert (told["differing"], told["missing"], told["foreign"]) == (1, 0, 0)
    code, told = call("status")
    assert (code, told["dead"], told["letters"][0]["name"]) == (1, 1, "water_analysis")
    state.bad = set()
    assert call("publish")[1]["published"] == 0  # a dead letter waits
    assert call("retry", "dafab:water_analysis") == (0, {"again": 1})
    code, told = call("publish")
    assert (code, told["published"], told["dead"]) == (0, 1, 0)
    main(["--store", str(store), "rucio", "publish"])
    line = capsys.readouterr().out
    assert line.startswith("0 published, ") and f"; {told['known']:,} are published in all" in line
    assert call("reconcile")[1]["differences"] == []
    assert main(["--store", str(store), "rucio", "retry", "water_analysis"]) == 2
