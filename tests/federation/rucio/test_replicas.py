"""Answers about replicas: batches, how long they serve, what is said when they are old."""

from __future__ import annotations

import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from dafab_kg.federation.rucio.connection import configured, server
from dafab_kg.federation.rucio.replicas import AT_ONCE, Kept, Replicas
from dafab_kg.federation.rucio.rules import MOST_COMMENT, Wish, comment_of, cost_of
from dafab_kg.federation.rucio.sites import is_name, named_sites
from dafab_kg.model.errors import ServiceNotUsable, ServiceRefused
from dafab_kg.model.settings import Settings


def row(name: str, address: str = "https://a.example/x") -> dict[str, Any]:
    """What Rucio 41.5.1 answered, shortened."""
    more = {"type": "DISK", "volatile": False, "domain": "wan", "client_extract": False}
    pfns = {
        f"root://b.example/{name}": {"rse": "B", "priority": 2, **more},
        address: {"rse": "A", "priority": 1, **more},
    }
    states = {"A": "AVAILABLE", "B": "UNAVAILABLE"}
    sums = {"md5": "0" * 32, "adler32": "0000000A"}
    return {"scope": "s", "name": name, "bytes": 10, **sums, "pfns": pfns, "states": states}


class Client:
    """Holds rows; fails as told."""

    def __init__(self, *names: str) -> None:
        self.rows = {name: row(name) for name in names}
        self.asked: list[int] = []
        self.error: Exception | None = None

    def list_replicas(self, dids: list[dict[str, str]], **_: Any) -> list[dict[str, Any]]:
        self.asked.append(len(dids))
        if self.error is not None:
            raise self.error
        found = [self.rows[one["name"]] for one in dids if one["name"] in self.rows]
        return [*found, row("not-asked-for")]

    def __call__(self) -> Any:
        return self


@pytest.fixture
def now() -> list[float]:
    return [1_000_000.0]


def open_(client: Any, place: Path, now: list[float], whose: str = "") -> Replicas:
    return Replicas(client, Kept(place, whose), most_age=60, clock=lambda: now[0])


def test_a_file_is_told_with_its_copies(tmp_path, now):
    with open_(Client("a"), tmp_path, now) as replicas:
        found = replicas.of([("s", "a"), ("s", "gone")])
    assert set(found.files) == {("s", "a")} and found.as_of == now[0] and not found.old
    file = found.files["s", "a"]
    assert (file.size, file.adler32, file.md5) == (10, "0000000a", "0" * 32)
    assert [(one.rse, one.protocol, one.state) for one in file.copies] == [
        ("A", "https", "AVAILABLE"), ("B", "root", "UNAVAILABLE"),
    ]  # fmt: skip


def test_answers_serve_for_a_while(tmp_path, now):
    client = Client("a", "b")
    asked = [("s", "a"), ("s", "gone")]
    with open_(client, tmp_path, now) as replicas:
        first = replicas.of(asked)
        now[0] += 60
        assert replicas.of(asked) == first and client.asked == [2]
        assert replicas.of([*asked, ("s", "b")]).as_of == 1_000_000.0 and client.asked == [2, 1]
        assert replicas.of(asked, fresh=True).as_of == now[0]
        now[0] += 60.1
        assert replicas.of(asked).as_of == now[0] and client.asked == [2, 1, 2, 2]
        now[0] -= 10  # a clock that was set back: what is of later serves no more
        assert replicas.of(asked).as_of == now[0] and client.asked[-1] == 2
        assert len(client.asked) == 5
    with open_(client, tmp_path, now) as replicas:  # another process
        replicas.of(asked)
        assert len(client.asked) == 5
    with open_(client, tmp_path, now, "another Rucio") as replicas:
        replicas.of(asked)
        assert len(client.asked) == 6
    assert stat.S_IMODE((tmp_path / "replicas" / "data.mdb").stat().st_mode) == 0o600


def test_old_answers_serve_where_rucio_is_down(tmp_path, now):
    client = Client("a")
    with open_(client, tmp_path, now) as replicas:
        replicas.of([("s", "a")])
        now[0] += 3_600
        client.error = OSError("refused")
        found = replicas.of([("s", "a")])
        assert found.as_of == now[0] - 3_600 and "does not answer" in found.old
        assert set(found.files) == {("s", "a")}
        with pytest.raises(ServiceNotUsable):
            replicas.of([("s", "a"), ("s", "never asked")])
        client.error = ServiceRefused("not you")
        with pytest.raises(ServiceRefused):
            replicas.of([("s", "a")])


def test_signed_addresses_are_not_kept(tmp_path, now):
    client = Client("a", "b")
    client.rows["a"] = row("a", "https://a.example/x?X-Amz-Signature=secret")
    with open_(client, tmp_path, now) as replicas:
        assert len(replicas.of([("s", "a"), ("s", "b")]).files) == 2
        replicas.of([("s", "a"), ("s", "b")])
    assert client.asked == [2, 1]
    assert b"secret" not in (tmp_path / "replicas" / "data.mdb").read_bytes()


def test_it_asks_in_batches_and_without_a_place_to_keep(tmp_path, now):
    client = Client(*map(str, range(AT_ONCE + 1)))
    (tmp_path / "replicas").write_text("no directory")
    with open_(client, tmp_path, now) as replicas:
        pairs = [("s", str(n)) for n in range(AT_ONCE + 1)]
        assert set(replicas.of(pairs).files) == set(pairs)
    assert client.asked == [AT_ONCE, 1]


@pytest.mark.parametrize("bad", [{"scope": "s"}, {"scope": "s", "name": "a", "pfns": [1]}, 5])
def test_half_answers_are_an_error_or_hold_nothing(tmp_path, now, bad):
    client = Client("a")
    client.rows["a"] = bad
    with open_(client, tmp_path, now) as replicas, pytest.raises(ServiceNotUsable):
        replicas.of([("s", "a")])


def test_whether_a_rucio_is_configured(tmp_path, monkeypatch):
    for name in ("RUCIO_CONFIG", "RUCIO_HOME", "VIRTUAL_ENV", "CONDA_PREFIX"):
        monkeypatch.delenv(name, raising=False)
    assert configured(Settings()) == ""
    monkeypatch.setenv("RUCIO_HOME", str(tmp_path))
    assert configured(Settings()) == ""
    (tmp_path / "etc").mkdir()
    (tmp_path / "etc" / "rucio.cfg").write_text("")
    assert configured(Settings()) == str(tmp_path / "etc" / "rucio.cfg")
    assert configured(Settings(rucio_config=tmp_path / "x")) == str(tmp_path / "x")


def test_comments_fit_and_tell_searches_apart():
    short = comment_of("--filter  eo:cloud_cover < 5")
    assert short == "dafab-kg: --filter eo:cloud_cover < 5"
    long, other = comment_of("x" * 999), comment_of("x" * 998 + "y")
    assert len(long) == len(other) == MOST_COMMENT and long != other


def test_names_of_sites_are_no_expressions():
    assert all(map(is_name, ("LXP", "LXP_DISK-2")))
    assert not any(map(is_name, ("A|B", "tier=1", "*", "A\\B", "")))


class Sites:
    """Two storage elements, and data sets with and without files, as Rucio's client tells."""

    account = "root"

    def list_rses(self, expression: str = "") -> list[dict[str, str]]:
        if expression in ("", "LXP_DISK"):
            return [{"rse": name} for name in ("FAR", "LXP_DISK") if expression in ("", name)]
        from rucio.common.exception import InvalidRSEExpression

        raise InvalidRSEExpression("no such")

    def get_metadata_bulk(self, dids: list[dict[str, str]], **_: Any) -> list[dict[str, Any]]:
        return [{**did, "did_type": "DATASET"} for did in dids]

    def list_replication_rules(self, _: Any) -> list[Any]:
        return []

    def list_files(self, scope: str, name: str) -> Iterator[dict[str, str]]:
        return iter([{"name": "f"}] * (name == "full"))

    def list_replicas(self, dids: list[dict[str, str]], **_: Any) -> list[dict[str, Any]]:
        assert [did["name"] for did in dids] == ["full"]
        return [row("f")]

    def get_local_account_usage(self, _: str) -> list[Any]:
        return []


def test_a_site_that_is_not_known_is_an_error_that_names_those_that_are():
    assert named_sites(Sites(), "LXP_DISK") == {"LXP_DISK"}  # type: ignore[arg-type]
    with pytest.raises(ServiceRefused, match=r"by 'LXP_DSK'\. It has LXP_DISK, FAR"):
        named_sites(Sites(), "LXP_DSK")  # type: ignore[arg-type]


def test_data_sets_without_files_get_no_rule_and_are_told():
    wanted = {name: [(("s", name), "DATASET")] for name in ("full", "empty")}
    cost = cost_of(Sites(), Wish("LXP_DISK", "*"), wanted)  # type: ignore[arg-type]
    assert (cost.dids, cost.empty) == ((("s", "full"),), (("s", "empty"),))
    assert (cost.files, cost.size, cost.to_move, cost.unknown) == (1, 10, 10, ())


def test_more_copies_than_sites_are_refused_before_anything_is_made():
    class Client:
        def list_rses(self, expression: str) -> list[dict[str, str]]:
            assert expression == "LXP"
            return [{"rse": "LXP"}]

    with pytest.raises(ServiceRefused, match="3 copies cannot be at 1"):
        cost_of(Client(), Wish("LXP", "*", copies=3), {})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("text", "right"),
    [
        (
            "[client]\nrucio_host = https://u:secret@rucio.example:443\n",
            "https://rucio.example:443",
        ),
        ("[client]\nrucio_host = http://127.0.0.1:1\n", "http://127.0.0.1:1"),
        ("no section", ""),
        ("[client]\nother = 1\n", ""),
    ],
)
def test_the_server_is_told_without_who_logs_in(tmp_path, text, right):
    (tmp_path / "rucio.cfg").write_text(text)
    assert server(Settings(rucio_config=tmp_path / "rucio.cfg")) == right
