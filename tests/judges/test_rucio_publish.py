"""Publishing to a real Rucio 41.5.1: what it holds is walked and compared with the graph's tree.

The graph's side is walked by the calls of the Rucio face (which have judges of their own), the
other by Rucio's own client.
"""

from __future__ import annotations

import json
import os
import random
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from dafab_kg.federation.rucio.connection import connect
from dafab_kg.federation.rucio.memory import Memory
from dafab_kg.federation.rucio.scopes import check_scopes
from dafab_kg.model.did_names import encode_did_name
from dafab_kg.model.errors import ServiceRefused
from dafab_kg.model.settings import Settings
from tests.judges.environments import python_with
from tests.judges.postgres import postgres
from tests.judges.real_rucio import SERVER
from tests.judges.two_sides import HELD, RSE, SUM, Dying, Killed, Sides, running

pytestmark = [pytest.mark.oracle, pytest.mark.slow]


@pytest.fixture(scope="module")
def config(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A server, and the configuration of its root."""
    with running(tmp_path_factory.mktemp("rucio")) as file:
        yield file


@pytest.fixture
def sides(
    tmp_path: Path, config: Path, request: pytest.FixtureRequest
) -> Iterator[Callable[..., Sides]]:
    """Make both sides, with a scope of their own."""
    made: list[Sides] = []

    def make(**chosen: Any) -> Sides:
        scope = f"s{abs(hash(request.node.name)) % 10**8}.{len(made)}"
        place = tmp_path / scope
        place.mkdir()
        one = Sides(place, config, scope, **chosen)
        made.append(one)
        check_scopes(one.client, [scope], make=True)
        return one

    yield make
    for one in made:
        one.close()


def test_what_is_published_is_the_graphs_tree(sides: Callable[..., Sides]) -> None:
    both = sides()
    assert both.publish().refused == {}
    tree = both.graph()
    assert both.rucio() == tree and len(tree) > 40
    scene = next(name for name in both.items if not name.endswith(("_300", "_assets")))
    (row,) = both.client.list_files(both.scope, f"{scene}_assets")
    file = both.client.get_metadata(both.scope, row["name"])
    assert (file["bytes"], file["md5"]) == (1234, SUM[6:])
    (replica,) = both.client.list_replicas([{"scope": both.scope, "name": f"{scene}_assets"}])
    assert replica["rses"] == {RSE: [f"https://files.example:443/{scene}.png"]}
    again = both.publish(whole=True)
    assert (again.published, again.removed) == (0, 0)
    assert both.reconcile(repair=False).differences == []


def test_data_sets_in_collections(sides: Callable[..., Sides]) -> None:
    both = sides(rucio_layout="dataset")
    assert both.publish().refused == {}
    scene = next(name for name in both.items if not name.endswith(("_300", "_assets")))
    assert [(row["name"], row["type"]) for row in both.client.list_content(both.scope, scene)] == [
        (f"{scene}_thumb.png", "FILE")
    ]
    assert scene in {r["name"] for r in both.client.list_content(both.scope, "sentinel_2_l2a")}
    assert both.reconcile(repair=False).differences == []


def test_it_follows_the_graph(sides: Callable[..., Sides]) -> None:
    both = sides()
    both.publish()
    scenes = [name for name in both.items if name.startswith("S2A") and name[-4:] != "_300"]
    water = json.loads(json.dumps(both.items[f"{scenes[0]}_water_analysis_300"]))
    figures = water["properties"]["dafab:water-analysis"]
    figures["excess_total_water_observed"], figures["deficit_water_observed"] = 250.0, 2.0
    both.load(water)  # another value of the facet: flood
    both.delete(scenes[1])  # of which something was made
    new = json.loads(json.dumps(both.items[scenes[2]]).replace(scenes[2], "new/id 1"))
    both.load(new)
    report = both.publish()
    assert report.refused == {} and report.removed == 1
    assert both.rucio() == both.graph()
    assert list(both.client.list_parent_dids(both.scope, scenes[1])) == []
    assert both.reconcile(repair=False).differences == []


@pytest.mark.parametrize("seed", range(int(os.environ.get("DAFAB_RUCIO_SEEDS", "4"))))
def test_both_sides_end_equal(sides: Callable[..., Sides], seed: int) -> None:
    """Anything may be done to either side, and the publisher killed; mended, both are equal."""
    chance = random.Random(seed)
    both = sides(rucio_expire_days=chance.choice([None, 30.0]))
    both.publish()
    foreign = 0
    gone: list[dict[str, Any]] = []
    done: list[str] = []
    for _ in range(14):
        action = chance.choice(
            ["edit", "delete", "back", "publish", "kill", "kill", "detach", "attach", "foreign"]
        )
        done.append(action)
        pairs = sorted(both.rucio().items())
        if action == "edit":
            item = json.loads(json.dumps(both.items[chance.choice(sorted(both.items))]))
            key = chance.choice(["thumb", "other", "third"])
            if key in item["assets"] and key != "thumb":
                del item["assets"][key]
            else:
                item["assets"][key] = {
                    "href": f"{HELD}{item['id'].replace(' ', '-')}_{key}.png",
                    "type": "image/png",
                    "file:size": 1234,
                    "file:checksum": SUM,
                }
            both.load(item)
        elif action == "delete" and len(both.items) > 4:
            gone.append(both.items[chance.choice(sorted(both.items))])
            both.delete(gone[-1]["id"])
        elif action == "back" and gone:
            both.load(gone.pop(chance.randrange(len(gone))))
        elif action == "publish":
            both.publish()
        elif action == "kill":
            dying = Dying(both.client, chance.randint(1, 5), after=chance.random() < 0.5)
            try:
                both.publish(dying, whole=chance.random() < 0.3)
            except Killed:
                done[-1] = "killed"
        elif action == "detach":
            (scope, name), below = chance.choice([one for one in pairs if one[1]])
            some = chance.sample(sorted(below), chance.randint(1, min(3, len(below))))
            both.client.detach_dids(scope, name, [{"scope": scope, "name": one} for one in some])
        elif action == "attach":
            up, child = chance.sample([name for (_, name), _ in pairs], 2)
            try:
                dids = [{"scope": both.scope, "name": child}]
                both.client.attach_dids(both.scope, up, dids)
            except Exception as error:  # noqa: BLE001 - a circle, a data set: Rucio says which
                done[-1] = f"not attached: {type(error).__name__}"
        elif action == "foreign":
            foreign += 1
            name = f"foreign{foreign}"
            both.client.add_container(both.scope, name)
            child, up = (chance.choice(pairs)[0][1] for _ in range(2))
            for parent, below_it in ((name, child), (up, name)):
                try:
                    dids = [{"scope": both.scope, "name": below_it}]
                    both.client.attach_dids(both.scope, parent, dids)
                except Exception:  # noqa: BLE001
                    continue
    found = both.reconcile(repair=True)
    assert found.mended is not None and found.mended.refused == {}, (done, found.mended)
    assert both.rucio() == both.graph(), done
    left = both.reconcile(repair=True)
    assert {one.kind for one in left.differences} <= {"foreign"}, (done, left.differences)
    rows = both.client.list_dids(both.scope, [{}], did_type="all", long=True)
    assert sum(row["name"].startswith("foreign") for row in rows) == foreign
    for item in gone:  # nothing of ours holds what was taken away
        name = encode_did_name(item["id"])
        try:
            ups = [up["name"] for up in both.client.list_parent_dids(both.scope, name)]
        except Exception as error:  # noqa: BLE001 - it was never published
            assert type(error).__name__ == "DataIdentifierNotFound"
        else:
            assert all(up.startswith("foreign") for up in ups)


def test_what_exists_with_other_content_waits_and_others_go_on(
    sides: Callable[..., Sides],
) -> None:
    both = sides()
    scenes = [name for name in both.items if name.startswith("S2A") and name[-4:] != "_300"]
    both.client.add_replicas(
        RSE,
        [
            {
                "scope": both.scope,
                "name": f"{scenes[0]}_thumb.png",
                "bytes": 99,
                "md5": SUM[6:],
                "pfn": f"{HELD}x.png",
            }
        ],
    )
    both.client.add_dataset(both.scope, scenes[1])
    report = both.publish()
    below = {f"{scenes[1]}_water_analysis_300", f"{scenes[1]}_smart_agriculture_300"}
    assert {name for _, name in report.refused} == {*scenes[:2], *below}
    for name in below:  # these cannot be attached
        why = report.refused[both.scope, name]
        assert f"{scenes[1]}: that is a DATASET in Rucio (by root)" in why
    texts = sorted(report.refused.values())
    assert any("bytes 99 there, 1234 in the graph" in text for text in texts), texts
    assert any("type DATASET there, CONTAINER in the graph" in text for text in texts), texts
    with Memory(both.settings.store, read_only=True) as memory:
        assert {one.unit for one in memory.letters()} == {*scenes[:2], *below}
    item = json.loads(json.dumps(both.items[scenes[0]]))
    item["assets"]["thumb"]["file:size"] = 99
    both.load(item)  # the graph was wrong
    assert (both.scope, scenes[0]) not in both.publish().refused
    with Memory(both.settings.store, read_only=True) as memory:
        assert {one.unit for one in memory.letters()} == {scenes[1], *below}


def test_what_rucio_deleted_comes_back(sides: Callable[..., Sides], config: Path) -> None:
    """Rucio's undertaker deletes what was taken away; published anew it is there again."""
    both = sides(rucio_expire_days=0.0)
    both.publish()
    scene = next(name for name in both.items if not name.endswith(("_300", "_assets")))
    item = both.items[scene]
    both.delete(scene)
    assert both.publish().removed == 1
    time.sleep(1.1)
    python = python_with(SERVER, ".venv-rucio")
    script = (
        "import sys; sys.argv[0] = 'undertaker'\n"
        "from rucio.daemons.undertaker.undertaker import undertaker\n"
        "undertaker(once=True)\n"
    )
    run = subprocess.run(
        [str(python), "-c", script],
        env={**os.environ, "RUCIO_CONFIG": str(config.parent / "rucio" / "rucio.cfg")},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert run.returncode == 0, run.stderr[-2000:]
    names = set(both.client.list_dids(both.scope, [{}], did_type="all"))
    assert scene not in names and f"{scene}_assets" not in names, run.stderr[-2000:]
    both.load(item)
    assert both.publish().refused == {}
    assert both.rucio() == both.graph()
    assert both.reconcile(repair=False).differences == []


def test_scope_that_is_not_there(tmp_path: Path, config: Path) -> None:
    client = connect(Settings(rucio_config=config))
    with pytest.raises(ServiceRefused, match=r"no scope nowhere\. Make it with --make-scopes"):
        check_scopes(client, ["nowhere"], make=False)


def test_ids_that_are_no_names(sides: Callable[..., Sides]) -> None:
    both = sides()
    model = next(one for name, one in both.items.items() if name[-4:] not in ("_300", "sets"))
    odd = ["/", "//", "a//b", "/lead", "x/", "a/../b", "..", "é ü", "a?b=c#d", "100%25", "+", " "]
    odd += ["y" * 300, "dids", "meta", "a/dids/x", "0_x0041_", "_x0041_"]
    for name in odd:
        both.load({**model, "id": name})
    assert both.publish().refused == {}
    assert both.rucio() == both.graph()
    assert both.reconcile(repair=False).differences == []
    for name in odd:
        both.delete(name)
    assert both.publish().removed == len(odd)
    assert both.rucio() == both.graph()
    assert both.reconcile(repair=False).differences == []


def test_metadata_on_postgresql(tmp_path: Path) -> None:
    """Rucio's own JSON plugin keeps the properties of items, and its filters find them."""
    with (
        postgres(SERVER, ".venv-rucio") as database,
        running(tmp_path, database=database) as config,
    ):
        (tmp_path / "side").mkdir()
        both = Sides(tmp_path / "side", config, "meta", rucio_metadata="all")
        check_scopes(both.client, ["meta"], make=True)
        assert both.publish().refused == {}
        scenes = [name for name in both.items if name.startswith("S2A") and name[-4:] != "_300"]
        one = both.client.get_metadata("meta", scenes[3], plugin="JSON")
        assert one == {"datetime": "2022-09-30T22:40:01Z", "eo:cloud_cover": 60.0}
        water = both.client.get_metadata("meta", f"{scenes[1]}_water_analysis_300", "JSON")
        assert water["dafab:water-analysis__excess_total_water_observed"] == 250.0
        cloudy = both.client.list_dids("meta", [{"eo:cloud_cover.gt": 15.0}])
        assert set(cloudy) == set(scenes[1:])  # 0, 20, 40, 60 in their order
        item = json.loads(json.dumps(both.items[scenes[3]]))
        item["properties"] = {"datetime": "2022-09-30T22:40:01Z", "gsd": 10, "version": "2"}
        both.load(item)
        both.publish()
        one = both.client.get_metadata("meta", scenes[3], plugin="JSON")
        assert one == {"datetime": "2022-09-30T22:40:01Z", "gsd": 10, "stac__version": "2"}
        both.client.set_metadata("meta", scenes[3], "gsd", 60)
        both.client.set_metadata("meta", scenes[3], "theirs", "kept")
        both.client.delete_metadata("meta", scenes[3], key="stac__version")
        found = both.reconcile(repair=True)
        assert [(d.kind, d.name, d.what) for d in found.differences] == [
            ("differing", scenes[3], "metadata gsd, stac__version")
        ]
        assert both.client.get_metadata("meta", scenes[3], plugin="JSON") == {
            **one, "theirs": "kept",
        }  # fmt: skip
        # and what users wrote there comes into the graph
        report = both.catalogue.harvest_rucio("meta")
        assert not report.load.rejected
        answer: Any = both.catalogue.query(
            f"""PREFIX dafab: <https://w3id.org/dafab/ns#>
            SELECT ?key ?text ?number {{
              ?did dafab:scope "meta" ; dafab:name "{scenes[3]}" . ?p dafab:propertyOf ?did ;
                dafab:name ?key . OPTIONAL {{ ?p dafab:text ?text }}
              OPTIONAL {{ ?p dafab:number ?number }} }}"""
        )
        harvested = {row[0].value: tuple(v and v.value for v in row[1:]) for row in answer}
        assert harvested["theirs"] == ("kept", None)
        assert float(harvested["gsd"][1]) == 10.0
        both.delete(scenes[3])
        both.publish()
        assert both.client.get_metadata("meta", scenes[3], plugin="JSON") == {"theirs": "kept"}
        assert both.reconcile(repair=False).differences == []
        both.close()
