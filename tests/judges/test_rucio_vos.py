"""A real Rucio 41.5.1 of two VOs: one scope's name is in both, and nothing of one is the other's.

What each VO has is read by Rucio's stock client, with a token file of its own.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

import dafab_kg
from dafab_kg.cli import main
from dafab_kg.federation.rucio.connection import connect
from dafab_kg.federation.rucio.scopes import check_scopes
from dafab_kg.model.errors import ServiceRefused
from dafab_kg.model.settings import Settings
from tests.judges.real_rucio import Rucio, client_config
from tests.judges.two_sides import HELD, RSE, Sides, make_storage

pytestmark = [pytest.mark.oracle, pytest.mark.slow]

VOS = ("abc", "xyz")
SCOPE = "same"
PREFIX = "PREFIX dafab: <https://w3id.org/dafab/ns#>\n"
Call = Callable[..., Any]


@pytest.fixture(scope="module")
def rucio(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Rucio, Path]]:
    place = tmp_path_factory.mktemp("vos")
    server = Rucio(place, vos=VOS)
    try:
        yield server, place
    finally:
        server.stop()


@pytest.fixture(scope="module")
def clients(rucio: tuple[Rucio, Path]) -> dict[str, Any]:
    """Rucio's own clients, each of a configuration of its own."""
    found = {}
    for vo in VOS:
        config = client_config(rucio[1] / vo, rucio[0].address, rucio[0].password, f"vo = {vo}")
        found[vo] = connect(Settings(rucio_config=config))
        make_storage(found[vo])
    return found


@pytest.fixture(scope="module")
def sides(rucio: tuple[Rucio, Path], clients: dict[str, Any]) -> Iterator[Sides]:
    """A catalogue, with one configuration for both VOs, and one token file."""
    place = rucio[1] / "here"
    config = client_config(place, rucio[0].address, rucio[0].password, "vo = abc")
    both = Sides(place, config, SCOPE)
    both.catalogue.publish()
    yield both
    both.close()


@pytest.fixture
def call(sides: Sides, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Call:
    monkeypatch.setenv("DAFAB_RUCIO_CONFIG", str(sides.settings.rucio_config))
    monkeypatch.setenv("DAFAB_RUCIO_RSES", json.dumps({HELD: RSE}))
    monkeypatch.setenv("DAFAB_DID_SCOPE", SCOPE)

    def run(*arguments: str, code: int = 0) -> Any:
        sides.catalogue.close()
        capsys.readouterr()
        try:
            got = main([*arguments, "--json", "--store", str(sides.settings.store)])
        finally:
            sides.catalogue = dafab_kg.open(sides.settings.store, settings=sides.settings)
        out, err = capsys.readouterr()
        assert got == code, (out, err)
        return json.loads(out)

    return run


def tree(sides: Sides, client: Any) -> Any:
    sides.client = client
    return sides.rucio()


def test_each_vo_is_published_to_by_itself(
    sides: Sides, clients: dict[str, Any], call: Call
) -> None:
    call("rucio", "publish", "--make-scopes", "--vo", "xyz")
    right = sides.graph()
    assert tree(sides, clients["xyz"]) == right and len(right) > 40
    assert list(clients["abc"].list_scopes()) == []  # nor has it a thing of that
    told = call("rucio", "publish", "--make-scopes")  # that which is configured
    assert told["unchanged"] == 0
    assert tree(sides, clients["abc"]) == right
    assert call("rucio", "publish")["published"] == 0


def test_what_is_done_to_one_is_mended_there(
    sides: Sides, clients: dict[str, Any], call: Call
) -> None:
    right = sides.graph()
    pair, below = next((pair, below) for pair, below in sorted(right.items()) if below)
    clients["xyz"].detach_dids(*pair, [{"scope": SCOPE, "name": name} for name in below])
    assert call("rucio", "reconcile", "--vo", "abc")["differences"] == []
    found = call("rucio", "reconcile", "--vo", "xyz", code=1)["differences"]
    assert {one["kind"] for one in found} == {"differing"}
    call("rucio", "reconcile", "--vo", "xyz", "--repair")
    assert tree(sides, clients["xyz"]) == tree(sides, clients["abc"]) == right


def test_rules_and_files_are_those_of_the_vo(
    sides: Sides, clients: dict[str, Any], call: Call
) -> None:
    (name, *_) = (n for n in sides.items if n.startswith("S2A") and n[-4:] != "_300")
    file = f"{name}_thumb.png"
    clients["xyz"].update_replicas_states(RSE, [{"scope": SCOPE, "name": file, "state": "U"}])
    states = {
        vo: [
            source["state"]
            for one in call("files", name, "--vo", vo)["files"]
            for source in one["sources"]
            if source["rse"]
        ]
        for vo in VOS
    }
    assert states == {"abc": ["AVAILABLE"], "xyz": ["UNAVAILABLE"]}
    made = call("rucio", "rules", "add", name, "--site", RSE, "--vo", "xyz")["made"]["rules"]
    there = {vo: list(clients[vo].list_did_rules(SCOPE, f"{name}_assets")) for vo in VOS}
    assert there["abc"] == [] and [one["id"] for one in there["xyz"]] == list(made)
    assert call("rucio", "rules", "list", "--vo", "abc")["rules"] == []


def test_the_graph_keeps_them_apart(sides: Sides, clients: dict[str, Any], call: Call) -> None:
    clients["xyz"].add_dataset(SCOPE, "only.xyz")
    for vo in VOS:
        call("rucio", "harvest", SCOPE, "--vo", vo)
    named = {vo: set(clients[vo].list_dids(SCOPE, [{}], did_type="all")) for vo in VOS}
    assert named["xyz"] - named["abc"] == {"only.xyz"}
    asked = PREFIX + "SELECT ?vo ?did { ?d dafab:vo ?vo ; dafab:did ?did }"
    here: dict[str, set[str]] = {vo: set() for vo in VOS}
    for vo, did in sides.catalogue.query(asked):
        if vo.value != "def":  # told by documents, which know of no VO
            here[vo.value].add(did.value.partition(":")[2])
    assert here == named
    linked = PREFIX + (
        "SELECT ?vo (COUNT(DISTINCT ?d) AS ?n) "
        "{ ?p a dafab:Product ; dafab:hasDataIdentifier ?d . ?d dafab:vo ?vo } GROUP BY ?vo"
    )
    counts = {vo.value: int(n.value) for vo, n in sides.catalogue.query(linked)}
    assert counts["abc"] == counts["xyz"] > 5
    # the plan of a VO has the identifier that this VO has
    (name, *_) = (n for n in sides.items if n.startswith("S2A") and n[-4:] != "_300")
    for vo in VOS:
        (one,) = call("files", name, "--asset", "thumb", "--vo", vo)["files"]
        assert one["did"] == f"{SCOPE}:{name}_thumb.png"
        assert [source["rse"] for source in one["sources"] if source["rse"]] == [RSE]


def test_an_asset_that_each_vo_has_in_a_scope_of_its_own(
    sides: Sides, clients: dict[str, Any], call: Call
) -> None:
    """The name of one VO is no file in the other, though it has one of that name."""
    (name, *_) = (n for n in sides.items if n.startswith("S2A") and n[-4:] != "_300")
    file = f"{name}_thumb.png"
    for vo in VOS:
        clients[vo].add_scope("root", "a" + vo)
        clients[vo].add_dataset("a" + vo, f"{name}_assets")
        row = {"scope": "a" + vo, "name": file, "bytes": 7, "adler32": "0" * 8}
        clients[vo].add_replicas(RSE, [{**row, "pfn": f"{HELD}{vo}.png"}])
        clients[vo].attach_dids("a" + vo, f"{name}_assets", [{"scope": "a" + vo, "name": file}])
        call("rucio", "harvest", "a" + vo, "--vo", vo)
    clients["xyz"].add_scope("root", "aabc")  # other bytes by a name that abc has
    row = {"scope": "aabc", "name": file, "bytes": 9, "adler32": "1" * 8}
    clients["xyz"].add_replicas(RSE, [{**row, "pfn": f"{HELD}wrong.png"}])
    for vo in VOS:
        (one,) = call("files", name, "--asset", "thumb", "--vo", vo, "--fresh")["files"]
        assert (one["did"], one["bytes"]) == (f"a{vo}:{file}", 7)
        told = [source["address"] for source in one["sources"] if source["rse"]]
        assert told == [f"https://files.example:443/{vo}.png"]


def test_what_goes_in_one_stays_in_the_other(
    sides: Sides, clients: dict[str, Any], call: Call
) -> None:
    (name, *_) = (n for n in sides.items if n.startswith("S2A") and n[-4:] != "_300")
    sides.delete(name)
    sides.catalogue.publish()
    assert call("rucio", "publish", "--vo", "xyz")["removed"] == 1
    assert list(clients["xyz"].list_parent_dids(SCOPE, name)) == []
    assert list(clients["abc"].list_parent_dids(SCOPE, name)) != []
    assert call("rucio", "publish", "--vo", "abc")["removed"] == 1
    assert list(clients["abc"].list_parent_dids(SCOPE, name)) == []


def test_names_with_slashes_where_the_front_decodes_them(tmp_path: Path) -> None:
    """They are refused, with what is to be done, before they are made; others are published."""
    rucio = Rucio(tmp_path, vos=("abc",), plain=True)
    try:
        config = client_config(tmp_path / "c", rucio.address, rucio.password, "vo = abc")
        (tmp_path / "side").mkdir()
        both = Sides(tmp_path / "side", config, SCOPE)
        make_storage(both.client)
        check_scopes(both.client, [SCOPE], make=True)
        report = both.publish()
        assert {name for _, name in report.refused} == {"plain/one_x0020__x002B__x0020_two"}
        assert all("AllowEncodedSlashes NoDecode" in why for why in report.refused.values())
        names = set(both.client.list_dids(SCOPE, [{}], did_type="all"))
        assert not any("/" in name for name in names) and len(names) > 40
        left = both.reconcile(repair=False).differences
        assert {one.name.partition("/")[0] for one in left} <= {"plain", "beta"}, left
        both.client.add_dids([{"scope": SCOPE, "name": "a/b", "type": "CONTAINER"}])
        with pytest.raises(ServiceRefused, match="cannot be asked for names with /"):
            both.reconcile(repair=False)
        both.close()
    finally:
        rucio.stop()
