"""Publishing: batches, what is sent again, failures of Rucio and of single units."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from dafab_kg.federation.rucio.connection import connect
from dafab_kg.federation.rucio.memory import Memory
from dafab_kg.federation.rucio.publish import Publisher
from dafab_kg.federation.rucio.reconcile import reconcile
from dafab_kg.federation.rucio.scopes import check_scopes
from dafab_kg.federation.rucio.wanted import Unit, WantedDid, metadata_of
from dafab_kg.model.errors import (
    QueryNotValid,
    ServiceNotUsable,
    ServiceRefused,
    StoreInUse,
    StoreNotUsable,
)
from dafab_kg.model.settings import Settings
from tests.federation.rucio.pretend import Pretended, listening

PASSWORD = "not-to-be-told"
MD5 = "0" * 32


class Side:
    """A pretended Rucio, and what publishes to it; nobody waits."""

    def __init__(self, place: Path, address: str, there: Pretended) -> None:
        config = place / "rucio.cfg"
        config.write_text(
            f"[client]\nrucio_host = {address}\nauth_host = {address}\nauth_type = userpass\n"
            f"username = u\npassword = {PASSWORD}\naccount = root\nrequest_retries = 0\n"
            f"auth_token_file_path = {place}/token\n"
        )
        self.settings = Settings(rucio_config=config, rucio_seconds=1.0)
        self.there, self.place = there, place
        self.slept: list[float] = []
        self.now = 1_000_000.0

    def publisher(self, memory: Memory, **more: Any) -> Publisher:
        return Publisher(
            connect(self.settings),
            memory,
            sleep=self.slept.append,
            clock=lambda: self.now,
            **more,
        )


@pytest.fixture
def side(tmp_path: Path) -> Iterator[Side]:
    there = Pretended()
    with listening(there) as address:
        yield Side(tmp_path, address, there)


def unit(name: str, *ups: str, files: tuple[str, ...] = ("a",), **more: Any) -> Unit:
    """An item with a file, below others."""
    own, home = ("s", name), ("s", f"{name}_assets")
    return Unit(
        name,
        (
            WantedDid(*own, "CONTAINER", tuple(sorted(("s", up) for up in ups)), **more),
            WantedDid(*home, "DATASET", (own,)),
            *(
                WantedDid("s", f"{name}_{file}", "FILE", (home,), 5, MD5, rse="R", pfn=f"x:{name}")
                for file in files
            ),
        ),
        (f"{name:0>32}",),
    )


ROOT = Unit("root", (WantedDid("s", "root", "CONTAINER"),))


def test_what_is_sent_twice_is_sent_once(side: Side) -> None:
    units = [ROOT, unit("one", "root"), unit("two", "one", "root")]
    with Memory(side.place) as memory:
        report = side.publisher(memory).publish(units)
        assert (report.published, report.unchanged, report.refused) == (3, 0, {})
        assert side.there.tree() == {
            "root": ["one", "two"], "one": ["one_assets", "two"], "one_assets": ["one_a"],
            "two": ["two_assets"], "two_assets": ["two_a"], "one_a": [], "two_a": [],
        }  # fmt: skip
        assert side.there.replicas["R", ("s", "one_a")] == "x:one"
        asked = len(side.there.asked)
        assert side.publisher(memory).publish(units).unchanged == 3
        assert side.there.asked[asked:] == ["GET /auth/validate"]


def test_many_are_few_requests(side: Side) -> None:
    units = [ROOT, *(unit(f"n{number}", "root") for number in range(600))]
    with Memory(side.place) as memory:
        assert side.publisher(memory).publish(units).published == 601
    writes = [way for way in side.there.asked if way.startswith("POST") and "meta" not in way]
    assert len(writes) < 20
    assert len(side.there.tree()["root"]) == 600


def test_a_parent_that_comes_later_is_made_before(side: Side) -> None:
    with Memory(side.place) as memory:
        side.publisher(memory).publish([unit("child", "later")])
        side.publisher(memory).publish([unit("later")])
    assert side.there.tree()["later"] == ["child", "later_assets"]


def test_changes_and_removal(side: Side) -> None:
    before = [ROOT, unit("up"), unit("one", "root", files=("a", "b")), unit("two", "root")]
    with Memory(side.place) as memory:
        publisher = side.publisher(memory, expire_seconds=60.0)
        publisher.publish(before)
        changed = unit("one", "up", files=("b", "c"))
        publisher.publish([changed])
        assert side.there.tree()["root"] == ["two"]
        assert side.there.tree()["up"] == ["one", "up_assets"]
        assert side.there.tree()["one_assets"] == ["one_b", "one_c"]
        assert publisher.remove([("s", "two")]).removed == 1
        tree = side.there.tree()
        assert tree["root"] == tree["two"] == tree["two_assets"] == []
        expired = {n for (_, n), row in side.there.dids.items() if row["expired_at"]}
        assert expired == {"two", "two_assets"}
        publisher.publish([before[3]])
        assert side.there.tree()["two_assets"] == ["two_a"]
        assert not any(row["expired_at"] for row in side.there.dids.values())


def test_metadata_follow(side: Side) -> None:
    with Memory(side.place) as memory:
        publisher = side.publisher(memory, meta=True)
        publisher.publish([unit("one", meta=(("eo:cloud_cover", 3.5), ("title", "a")))])
        side.there.meta["s", "one"]["theirs"] = 1
        publisher.publish([unit("one", meta=(("eo:cloud_cover", 4), ("n__b", [1])))])
        assert side.there.meta["s", "one"] == {"eo:cloud_cover": 4, "n__b": [1], "theirs": 1}


def test_one_that_is_refused_holds_up_no_other(side: Side) -> None:
    units = [ROOT, *(unit(f"n{number}", "root") for number in range(20))]
    side.there.bad = {"n7", "n13"}
    with Memory(side.place) as memory:
        publisher = side.publisher(memory, most_tries=2)
        report = publisher.publish(units)
        assert set(report.refused) == {("s", "n7"), ("s", "n13")}
        assert report.published == 19 and len(side.there.tree()["root"]) == 18
        first, _ = memory.letters()
        assert "not liked" in first.why and not first.dead
        assert side.now + 30 <= first.next_try <= side.now + 90
        waits = publisher.publish(units)
        assert (waits.waiting, waits.published, waits.unchanged) == (2, 0, 19)
        side.now += 90
        publisher.publish(units)
        assert all(one.dead and one.tries == 2 for one in memory.letters())
        assert memory.again([("s", "n7")]) == 1
        assert [one.dead for one in memory.letters()] == [True, False]
        side.there.bad = set()
        assert publisher.publish(units).published == 1
        assert [one.unit for one in memory.letters()] == ["n13"]  # it waits, as long as it is so
        assert publisher.publish([unit("n13")]).published == 1
        assert memory.letters() == ()
        assert len(side.there.tree()["root"]) == 19


def test_one_at_which_rucio_fails_holds_up_no_other(side: Side) -> None:
    units = [ROOT, *(unit(f"n{number}", "root") for number in range(6))]
    side.there.worse = {"n4"}
    with Memory(side.place) as memory:
        report = side.publisher(memory).publish(units)
        assert set(report.refused) == {("s", "n4")} and report.published == 6
        assert [one.reason for one in memory.letters()] == ["Fails"]


def test_two_that_claim_one_name(side: Side) -> None:
    one = unit("a", files=("b_c",))
    two = unit("a_b", files=("c",))  # its file is a_b_c, too
    with Memory(side.place) as memory:
        publisher = side.publisher(memory)
        report = publisher.publish([one, two])
        assert (
            "a_b_c is wanted for a_b as FILE, and is published for a"
            in (report.refused["s", "a_b"])
        )
        publisher.remove([("s", "a")])
        side.now += 90
        assert publisher.publish([two]).published == 1
    assert side.there.tree()["a_b_assets"] == ["a_b_c"]


@pytest.mark.parametrize("fault", ["503", "half", "slow"])
def test_a_rucio_that_fails_is_asked_again(side: Side, fault: str) -> None:
    units = [ROOT, unit("one", "root")]
    with Memory(side.place) as memory:
        publisher = side.publisher(memory)
        publisher.publish([ROOT])
        # the client itself asks three times where it is told 503
        side.there.faults = [("POST /dids/bulkmeta", fault)] * (3 if fault == "503" else 1)
        assert publisher.publish(units).published == 1
        assert len(side.slept) == 1 and 0.5 <= side.slept[0] <= 1.5
    assert side.there.tree()["root"] == ["one"]


def test_a_token_that_expired_is_asked_for_anew(side: Side) -> None:
    with Memory(side.place) as memory:
        publisher = side.publisher(memory)
        side.there.faults = [("POST /dids$", "expired")]
        assert publisher.publish([ROOT]).published == 1
    assert side.there.logins == 2


def test_a_rucio_that_is_down_ends_the_run_and_nothing_is_lost(side: Side) -> None:
    with Memory(side.place) as memory:
        publisher = side.publisher(memory)
        side.there.faults = [("(POST|GET) /(dids|accounts)", "500")] * 40
        with pytest.raises(ServiceNotUsable):
            publisher.publish([ROOT, unit("one", "root")])
        assert len(side.slept) == 4 and side.slept[3] > side.slept[0]
        assert memory.letters() == ()
        side.there.faults = []
        assert publisher.publish([ROOT, unit("one", "root")]).published == 2


def test_a_configuration_is_that_of_a_catalogue_alone(
    side: Side, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Programs that this one starts, and catalogues without a Rucio, do not find it."""
    other = tmp_path / "other.cfg"
    other.write_text((side.place / "rucio.cfg").read_text().replace("= root", "= other"))
    for before in (None, str(other)):
        monkeypatch.delenv("RUCIO_CONFIG", raising=False)
        if before is not None:
            monkeypatch.setenv("RUCIO_CONFIG", before)
        assert connect(side.settings).account == "root"
        assert os.environ.get("RUCIO_CONFIG") == before
    assert connect(side.settings.model_copy(update={"rucio_config": None})).account == "other"


def test_logging_in_is_tried_again_and_says_where(side: Side, tmp_path: Path) -> None:
    right = (side.place / "rucio.cfg").read_text()
    config = tmp_path / "down.cfg"
    config.write_text(re.sub(r"http://[^\n]*", "http://somebody:secret@127.0.0.1:9", right))
    down = side.settings.model_copy(update={"rucio_config": config})
    slept: list[float] = []
    with pytest.raises(ServiceNotUsable, match=r"in to http://127\.0\.0\.1:9 as root: ") as error:
        connect(down, sleep=slept.append)
    assert len(slept) == 4 and "secret" not in str(error.value)
    with pytest.raises(ServiceNotUsable):
        connect(down, sleep=None)
    # it comes up while it is waited for
    assert connect(down, sleep=lambda _: config.write_text(right) and None).account == "root"
    (side.place / "token").unlink()
    side.there.faults = [("auth/userpass", "expired")] * 5
    with pytest.raises(ServiceRefused, match=r"Logging in to http://127.* as root") as wrong:
        connect(side.settings, sleep=slept.append)
    assert len(slept) == 4 and PASSWORD not in str(wrong.value)  # a password is not tried again


def test_what_is_no_units_fault_ends_the_run(side: Side) -> None:
    with Memory(side.place) as memory:
        side.there.faults = [("POST /dids$", "AccessDenied")]
        with pytest.raises(ServiceRefused, match="AccessDenied") as told:
            side.publisher(memory).publish([ROOT, unit("one", "root")])
        assert memory.letters() == () and PASSWORD not in str(told.value)


def test_scopes(side: Side) -> None:
    client = connect(side.settings)
    with pytest.raises(ServiceRefused, match="no scope other"):
        check_scopes(client, ["s", "other"], make=False)
    assert check_scopes(client, ["s", "other"], make=True) == ("other",)


def test_reconcile_tells_apart(side: Side) -> None:
    units = [ROOT, unit("one", "root"), unit("two", "root"), unit("three", "root")]
    with Memory(side.place) as memory:
        publisher = side.publisher(memory)
        publisher.publish(units)
        there = side.there
        del there.dids["s", "one_assets"], there.below["s", "one_assets"]
        del there.below["s", "one"]["s", "one_assets"]
        there.detach(("s", "root"), [{"scope": "s", "name": "two"}])
        there.add([{"scope": "s", "name": "theirs", "type": "CONTAINER"}])
        found = reconcile(publisher, units[:3], ["s"], repair=False)
        told = {(one.kind, one.name, one.what) for one in found.differences}
        assert told == {
            ("missing", "one_assets", "DATASET of one"),
            ("differing", "one_a", "not attached to s:one_assets"),
            ("differing", "two", "not attached to s:root"),
            ("foreign", "theirs", "CONTAINER by root"),
            ("orphaned", "three", "CONTAINER of three"),
            ("orphaned", "three_assets", "DATASET of three"),
            ("orphaned", "three_a", "FILE of three"),
        }
        before = there.tree()
        dry = reconcile(replace(publisher, dry=True), units[:3], ["s"], repair=True)
        assert there.tree() == before and dry.mended is not None and dry.mended.removed == 1
        reconcile(publisher, units[:3], ["s"], repair=True)
        assert there.tree()["root"] == ["one", "two"]
        assert there.tree()["one_assets"] == ["one_a"]
        left = reconcile(publisher, units[:3], ["s"], repair=False)
        assert [one.kind for one in left.differences] == ["foreign"]


def test_it_is_told_what_a_foreign_one_hangs_below(side: Side) -> None:
    with Memory(side.place) as memory:
        publisher = side.publisher(memory)
        publisher.publish([ROOT])
        side.there.add([{"scope": "s", "name": name, "type": "CONTAINER"} for name in ("x", "y")])
        side.there.below["s", "root"] = {("s", "x"): None}
        found = reconcile(publisher, [ROOT], ["s"], repair=False)
        assert {one.name: one.what for one in found.differences} == {
            "x": "CONTAINER by root, attached to s:root",
            "y": "CONTAINER by root",
        }


def test_one_process_publishes(tmp_path: Path) -> None:
    with Memory(tmp_path), pytest.raises(StoreInUse, match="Another process publishes"):
        Memory(tmp_path)


def test_each_vo_is_remembered_by_itself(tmp_path: Path) -> None:
    with Memory(tmp_path) as one, Memory(tmp_path, "abc") as other:
        one.move(5, "layout")
        assert (one.position("layout"), one.position("other"), other.position("layout")) == (
            5, -1, -1,
        )  # fmt: skip
    for vo in ("../x", ".a", "a b"):
        with pytest.raises(QueryNotValid, match="no VO"):
            Memory(tmp_path, vo)
    with pytest.raises(StoreNotUsable, match="Nothing was published"):
        Memory(tmp_path / "none", read_only=True)


def test_metadata_are_keys_that_rucio_takes() -> None:
    properties = {"name": "a", "proj:shape": [1, 2], "x": {"y": {"z": True}, "w": None}}
    assert metadata_of(properties) == (
        ("proj:shape", [1, 2]), ("stac__name", "a"), ("x__y__z", True),
    )  # fmt: skip
    assert metadata_of(None) == metadata_of([1]) == ()
