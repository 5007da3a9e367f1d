"""Pages of items against the items as they were written."""

from __future__ import annotations

import json
import random
from datetime import timedelta
from functools import partial

import pytest
import shapely

import dafab_kg
from dafab_kg.model.errors import QueryNotValid, ThingNotFound
from dafab_kg.model.settings import Settings
from dafab_kg.search.tree import And, Search, Sort, Spatial, Temporal
from tests.search.items import (
    FIRST,
    in_order,
    make_item,
    many,
    meets,
    name_of,
    stamp,
    time_of,
    write,
)

ROOT = "https://here.example/stac"
NUMBER = 90
CLOUDS = ("properties", "eo:cloud_cover")


@pytest.fixture(scope="module")
def items():
    return many(NUMBER)


@pytest.fixture(scope="module")
def catalogue(items, tmp_path_factory):
    place = tmp_path_factory.mktemp("pages")
    with dafab_kg.open(place / "store", settings=Settings(store=place / "store")) as made:
        report = made.load(write(items, place / "items"))
        assert report.counts["loaded"] == NUMBER, report
        yield made


def pages(catalogue, search, size=None):
    """All items of a search, page by page."""
    found, after = [], None
    while True:
        page = catalogue.find_items(
            Search(**{**_told(search), "after": after, "limit": size or 1000}), ROOT
        )
        found += [json.loads(item) for item in page.items]
        after = page.cursor
        if after is None:
            return found
        assert page.items


def _told(search):
    return {name: getattr(search, name) for name in Search.__dataclass_fields__}


def names(items):
    return [name_of(item) for item in items]


def test_all_come_in_order_whatever_the_size_of_a_page(catalogue, items):
    right = in_order(items)
    for size in (1, 7, 1000):
        assert names(pages(catalogue, Search(), size)) == right
    page = catalogue.find_items(Search(limit=NUMBER, count=True), ROOT)
    assert (len(page.items), page.matched, page.cursor) == (NUMBER, NUMBER, None)


def test_items_are_as_they_were_delivered(catalogue, items):
    shown = {name_of(item): item for item in pages(catalogue, Search())}
    for item in items:
        found = shown[name_of(item)]
        for member in ("geometry", "bbox", "properties", "stac_version", "type", "id"):
            assert found[member] == item[member]
        base = item["links"][0]["href"].rsplit("/", 1)[0]
        assert found["assets"]["data"] == {"href": f"{base}/data.tif", "roles": ["data"]}
        rels = {link["rel"]: link["href"] for link in found["links"]}
        assert rels["canonical"] == item["links"][0]["href"]
        assert rels["license"] == f"{base}/license.txt"
        assert rels["self"] == f"{rels['collection']}/items/{item['id']}"
        assert rels["via"].startswith("https://w3id.org/dafab/id/item/")


def test_random_searches_find_what_the_items_say(catalogue, items):
    chance = random.Random(3)
    found_any = 0
    for _ in range(60):
        tests, parts, asked = [], [], {}
        if chance.random() < 0.6:
            west, south = chance.uniform(-25, 20), chance.uniform(28, 60)
            box = (west, south, west + chance.uniform(0, 12), south + chance.uniform(0, 12))
            parts.append(Spatial("intersects", shapely.to_wkb(shapely.box(*box))))
            tests.append(partial(meets, box=box))
        if chance.random() < 0.6:
            low = FIRST + timedelta(hours=chance.randrange(24 * 25))
            high = low + timedelta(hours=chance.randrange(24 * 10))
            ends = chance.choice([(low, high), (low, None), (None, high)])
            parts.append(Temporal("intersects", *ends))
            tests.append(
                lambda item, ends=ends: (
                    (ends[1] is None or time_of(item)[0] <= ends[1])
                    and (ends[0] is None or time_of(item)[1] >= ends[0])
                )
            )
        if chance.random() < 0.5:
            listed = chance.sample(["alpha", "beta", "gamma", "uncollected", "none"], 2)
            asked["collections"] = tuple(listed)
            tests.append(lambda item, listed=listed: name_of(item)[0] in listed)
        if chance.random() < 0.2:
            some = [item["id"] for item in chance.sample(items, 20)]
            asked["ids"] = (*some, "no such item")
            tests.append(lambda item, some=some: item["id"] in some)
        tree = None if not parts else parts[0] if len(parts) == 1 else And(tuple(parts))
        right = in_order([item for item in items if all(test(item) for test in tests)])
        if chance.random() < 0.3:
            down = chance.random() < 0.5
            asked["sort"] = (Sort(("id",), down),)
            right.sort(key=lambda name: name[1], reverse=down)
        search = Search(filter=tree, **asked)
        assert names(pages(catalogue, search, chance.choice([1000, 11]))) == right, search
        counted = catalogue.find_items(Search(filter=tree, count=True, limit=1, **asked), ROOT)
        assert counted.matched == len(right), search
        found_any += bool(right)
    assert found_any > 30


@pytest.mark.parametrize("descending", [False, True])
def test_order_by_a_property_has_those_without_it_last(catalogue, items, descending):
    search = Search(sort=(Sort(CLOUDS, descending), Sort(("id",), not descending)))
    having = [item for item in items if "eo:cloud_cover" in item["properties"]]
    lacking = [item for item in items if "eo:cloud_cover" not in item["properties"]]
    for some in (having, lacking):
        some.sort(key=lambda item: item["id"], reverse=not descending)
    having.sort(key=lambda item: item["properties"]["eo:cloud_cover"], reverse=descending)
    for size in (4, 1000):
        assert names(pages(catalogue, search, size)) == names(having + lacking)


def test_order_by_a_second_property(catalogue, items):
    search = Search(sort=(Sort(CLOUDS), Sort(("properties", "datetime"), descending=True)))
    having = [item for item in items if "eo:cloud_cover" in item["properties"]]
    lacking = [item for item in items if "eo:cloud_cover" not in item["properties"]]
    right = []
    for value in sorted({item["properties"]["eo:cloud_cover"] for item in having}):
        right += in_order([i for i in having if i["properties"]["eo:cloud_cover"] == value])
    assert names(pages(catalogue, search, 5)) == right + in_order(lacking)


def test_fields_leave_out_what_is_not_wanted(catalogue, items):
    few = Search(include=(("properties", "datetime"), ("geometry",)), limit=1)
    (item,) = (json.loads(one) for one in catalogue.find_items(few, ROOT).items)
    assert set(item) == {
        "type", "stac_version", "id", "links", "properties", "geometry",
    }  # fmt: skip
    assert list(item["properties"]) == ["datetime"]
    less = Search(exclude=(("assets",), ("properties", "datetime"), ("id",)), limit=1)
    (item,) = (json.loads(one) for one in catalogue.find_items(less, ROOT).items)
    assert "assets" not in item
    assert "datetime" not in item["properties"]
    assert "id" in item


def test_a_cursor_is_good_for_its_own_search_only(catalogue):
    page = catalogue.find_items(Search(limit=3), ROOT)
    for other in (Search(ids=("a",)), Search(sort=(Sort(("id",)),)), Search(collections=("a",))):
        with pytest.raises(QueryNotValid, match="another search"):
            catalogue.find_items(Search(**{**_told(other), "after": page.cursor}), ROOT)
    for wrong in ("", "é", "e30", page.cursor[:-5], "WyJhIixbWyJhIiwiYiJdXV0", "\ud800"):
        with pytest.raises(QueryNotValid, match="token"):
            catalogue.find_items(Search(after=wrong), ROOT)
    assert catalogue.find_items(Search(limit=50, after=page.cursor), ROOT).items  # of any size


def test_collections_say_what_their_items_span(catalogue, items):
    shown = {c["id"]: c for c in map(json.loads, catalogue.collections(ROOT))}
    assert list(shown) == ["alpha", "beta", "gamma", "uncollected"]
    for name, collection in shown.items():
        own = [item for item in items if name_of(item)[0] == name]
        (box,) = collection["extent"]["spatial"]["bbox"]
        assert box == pytest.approx(
            [min(i["bbox"][0] for i in own), min(i["bbox"][1] for i in own),
             max(i["bbox"][2] for i in own), max(i["bbox"][3] for i in own)]
        )  # fmt: skip
        ((start, end),) = collection["extent"]["temporal"]["interval"]
        assert start == stamp(min(time_of(i)[0] for i in own))
        assert end == stamp(max(time_of(i)[1] for i in own))
    with pytest.raises(ThingNotFound):
        catalogue.collection("delta", ROOT)
    with pytest.raises(ThingNotFound):
        catalogue.item("alpha", "no such item", ROOT)


def test_what_is_written_meanwhile_moves_no_page(tmp_path):
    items = [make_item(f"i{n:02d}", when=stamp(FIRST + timedelta(days=n // 2))) for n in range(20)]
    with dafab_kg.open(tmp_path / "store", settings=Settings(store=tmp_path / "store")) as made:
        made.load(write(items, tmp_path / "items"))
        first = made.find_items(Search(limit=8), ROOT)
        seen = [json.loads(item)["id"] for item in first.items]
        # one before the page's end, one after it, and the very last of the page goes
        late = make_item("late", when="2023-01-01T00:00:00Z")
        new = [make_item("early", when=stamp(FIRST)), late]
        made.load(write(new, tmp_path / "new"))
        made.delete(seen[-1])
        rest, after = [], first.cursor
        while after is not None:
            page = made.find_items(Search(limit=8, after=after), ROOT)
            rest += [json.loads(item)["id"] for item in page.items]
            after = page.cursor
        right = [name for _, name in in_order([*items, new[0]])]
        assert seen + rest == right


def test_of_one_item_of_two_providers_the_one_loaded_last_is_shown(tmp_path):
    with dafab_kg.open(tmp_path / "store", settings=Settings(store=tmp_path / "store")) as made:
        for number, provider in enumerate(["one.example", "two.example"]):
            same = make_item("same", provider=provider, **{"eo:cloud_cover": number})
            own = make_item(f"own-{number}", provider=provider)
            made.load(write([same, own, same], tmp_path / provider))
        page = made.find_items(Search(count=True), ROOT)
        found = {item["id"]: item for item in map(json.loads, page.items)}
        assert (len(page.items), page.matched, set(found)) == (3, 3, {"same", "own-0", "own-1"})
        assert found["same"]["properties"]["eo:cloud_cover"] == 1
        item = json.loads(made.item("alpha", "same", ROOT))
        assert item["properties"]["eo:cloud_cover"] == 1
        assert len(made.collections(ROOT)) == 1


def test_documents_that_only_the_exact_reader_reads_are_shown(tmp_path):
    text = json.dumps(make_item("odd", **{"a:huge": 7, "a:whole": 2**70}))
    (tmp_path / "odd.json").write_bytes(b"\xef\xbb\xbf" + text.replace(": 7", ": 1e350").encode())
    with dafab_kg.open(tmp_path / "store", settings=Settings(store=tmp_path / "store")) as made:
        made.load(tmp_path / "odd.json")
        item = json.loads(made.item("alpha", "odd", ROOT))
        assert (item["id"], item["properties"]["a:whole"]) == ("odd", float(2**70))
        old = make_item("old", **{"eo:platform": "sentinel-2a"}) | {"stac_version": "0.9.0"}
        made.load(write([old, old], tmp_path / "old"))
        assert json.loads(made.item("alpha", "old", ROOT))["stac_version"] == "1.1.0"


def test_a_collection_is_shown_as_it_was_delivered(tmp_path):
    told = {
        "type": "Collection", "stac_version": "1.0.0", "id": "alpha", "title": "Alpha",
        "description": "All of it.", "license": "CC-BY-4.0", "summaries": {"gsd": [10]},
        "extent": {"spatial": {"bbox": [[1, 2, 3, 4]]},
                   "temporal": {"interval": [["2020-01-01T00:00:00Z", None]]}},
        "links": [{"rel": "self", "href": "https://one.example/stac/collections/alpha"},
                  {"rel": "license", "href": "../license"}],
    }  # fmt: skip
    (tmp_path / "collection.json").write_text(json.dumps(told))
    with dafab_kg.open(tmp_path / "store", settings=Settings(store=tmp_path / "store")) as made:
        made.load(tmp_path / "collection.json")
        found = json.loads(made.collection("alpha", ROOT))
    links = {link["rel"]: link["href"] for link in found.pop("links")}
    assert found == {name: value for name, value in told.items() if name != "links"}
    assert links["self"] == f"{ROOT}/collections/alpha"
    assert links["items"] == f"{ROOT}/collections/alpha/items"
    assert links["canonical"] == told["links"][0]["href"]
    assert links["license"] == "https://one.example/stac/license"


def test_what_is_private_is_not_found(tmp_path):
    with dafab_kg.open(tmp_path / "store", settings=Settings(store=tmp_path / "store")) as made:
        made.load(write([make_item("open"), make_item("open-2")], tmp_path / "open"))
        hidden = make_item("secret", collection="secrets")
        made.load(write([hidden, hidden], tmp_path / "secret"), private=True)
        assert {json.loads(item)["id"] for item in made.find_items(Search(), ROOT).items} == {
            "open", "open-2",
        }  # fmt: skip
        assert [json.loads(one)["id"] for one in made.collections(ROOT)] == ["alpha"]
        with pytest.raises(ThingNotFound):
            made.item("secrets", "secret", ROOT)
