"""Download plans: what the items say, DIDs of the graph, Metalink as RFC 5854 has it."""

from __future__ import annotations

import hashlib
import json
from xml.etree import ElementTree

import pytest

from dafab_kg.python.downloads import _checksum, plan
from dafab_kg.python.metalink import METALINK
from dafab_kg.store.protocol import Iri, Literal
from dafab_kg.store.solutions import PlainSolutions

SPACE = f"{{{METALINK}}}"


def nothing(query):
    return PlainSolutions(("item", "key", "did", "address"), [])


def test_a_plan_holds_each_file_of_each_item(both, kg):
    items = [item for item in both.items if item.get("collection") == "water_analysis"]
    found = kg.downloads(kg.search(collections="water_analysis"))
    right = {
        (item["id"], key): (asset["href"], asset.get("file:size"), asset.get("type", ""))
        for item in items
        for key, asset in item["assets"].items()
    }
    assert {(f.item, f.asset): (f.href, f.size, f.media_type) for f in found} == right
    assert found.size == sum(size or 0 for _, size, _ in right.values()) > 0
    for file in found:
        given = next(i for i in items if i["id"] == file.item)["assets"][file.asset]
        if "file:checksum" in given:  # multihash: 12 is SHA-256, 20 its 32 bytes
            assert given["file:checksum"] == "1220" + file.checksum.removeprefix("sha-256:")
        assert file.did.endswith(file.item)  # the container is called as the item
    table = found.to_pandas()
    assert len(table) == len(found) and table["size"].sum() == found.size


def test_assets_are_chosen_by_key_or_role(both, kg):
    found = kg.search(collections="water_analysis", limit=2)
    excess = kg.downloads(found, assets="dafab-water-excess")
    assert {one.asset for one in excess} == {"dafab-water-excess"} and len(excess) == 2
    by_role = kg.downloads(found, assets=["data"])
    assert by_role.files and all("data" in one.roles for one in by_role)


def test_the_file_is_metalink(tmp_path):
    item = {
        "id": "../../etc",
        "collection": "a/b",
        "assets": {
            "one": {
                "href": "https://e.example/d/one.tif?x=1&y=<2>",
                "file:size": 7,
                "file:checksum": "1220" + hashlib.sha256(b"content").hexdigest(),
                "alternate": {"s3": {"href": "s3://b/one.tif"}, "m": {"href": "ftp://m.example/1"}},
            },
            "far": {"href": "s3://bucket/far.tif"},
            "two": {"href": "https://e.example/two"},
            "again": {"href": "https://e.example/d/again"},
        },
    }
    found = plan([item, item], nothing)
    assert found.write(tmp_path / "plan.meta4") == 6
    assert [one.asset for one in found.out_of_reach] == ["far", "far"]
    root = ElementTree.parse(tmp_path / "plan.meta4").getroot()
    assert root.tag == f"{SPACE}metalink"
    names = [file.get("name") for file in root]
    assert len(set(names)) == 6
    for name in names:  # section 4.1.2.1: no way out of the directory
        assert not name.startswith("/") and ".." not in name.split("/")
    first = root[0]
    # section 4.1.2: order of elements is free; values as given
    assert first.find(f"{SPACE}size").text == "7"
    digest = first.find(f"{SPACE}hash")
    assert (digest.get("type"), digest.text) == ("sha-256", hashlib.sha256(b"content").hexdigest())
    urls = [(url.get("priority"), url.text) for url in first.findall(f"{SPACE}url")]
    assert urls == [("1", "https://e.example/d/one.tif?x=1&y=%3C2%3E"), ("2", "ftp://m.example/1")]


@pytest.mark.parametrize(
    ("given", "read"),
    [
        ("d50110" + "00" * 16, "md5:" + "00" * 16),  # 0xd5 in two bytes
        ("1114" + "ab" * 20, "sha-1:" + "ab" * 20),
        ("1340" + "cd" * 64, "sha-512:" + "cd" * 64),
        ("1220" + "00" * 31, "1220" + "00" * 31),  # too short: as it stands
        ("1b20" + "00" * 32, "1b20" + "00" * 32),  # Keccak has no name in the registry
        ("not hex", "not hex"),
        ("", ""),
        ("ffffffffff", "ffffffffff"),
        ("12", "12"),
        (5, ""),
    ],
)
def test_checksums(given, read):
    assert _checksum(given) == read


def test_hostile_items_make_a_plan(tmp_path):
    assets = [
        {"a": 5, "b": {"href": 5}, "c": {"href": "https://[", "file:size": True, "roles": "data"}},
        {"d": {"href": "javascript:alert(1)", "file:size": -3, "alternate": [1], "type": 3}},
        {"": {"href": "https://e.example/\x00\x01"}, "\x07": {"href": "https://e.example/.."}},
        None,
    ]
    items = [{"id": n, "links": [], "assets": one} for n, one in enumerate(assets)]
    found = plan(items, nothing)
    json.dumps([str(one) for one in found])
    found.write(tmp_path / "x.meta4")
    ElementTree.parse(tmp_path / "x.meta4")


def test_replicas_and_dids_of_the_graph_are_in_the_plan():
    iri = "https://w3id.org/dafab/id/item/p/c/i"
    rows = [
        (Iri(iri), None, Literal("s:whole"), None, Literal("def")),
        (
            Iri(iri),
            Literal("mask"),
            Literal("s:mask"),
            Literal("https://one.example/mask"),
            Literal("def"),
        ),
        (
            Iri(iri),
            Literal("mask"),
            Literal("s:mask"),
            Literal("davs://two.example/mask"),
            Literal("def"),
        ),
    ]
    asked = []

    def query(text):
        asked.append(text)
        return PlainSolutions(("item", "key", "did", "address", "vo"), rows)

    item = {
        "id": "i",
        "links": [{"rel": "via", "href": iri, "title": "in the graph"}],
        "assets": {n: {"href": f"https://home.example/{n}"} for n in ("mask", "other")},
    }
    mask, other = plan([item], query)
    assert mask.did == "s:mask" and other.did == "s:whole" and other.alternates == ()
    assert mask.alternates == ("https://one.example/mask", "davs://two.example/mask")
    assert mask.addresses == ("https://home.example/mask", "https://one.example/mask")
    assert len(asked) == 1 and f"<{iri}>" in asked[0]
    hostile = {**item, "links": [{**item["links"][0], "href": "http://e> } DROP ALL #"}]}
    assert plan([hostile], query).files[0].did == "" and len(asked) == 1
