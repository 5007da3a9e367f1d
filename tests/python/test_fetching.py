"""Fetching against a server on loopback that fails as it is told."""

from __future__ import annotations

import hashlib
import itertools
import threading
import time
import zlib
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from dafab_kg.python.downloads import Download, DownloadPlan, Source
from dafab_kg.python.fetching import fetch
from dafab_kg.python.transfer import Bounds

DATA = bytes(range(256)) * 3000
SUMS = (
    f"md5:{hashlib.md5(DATA).hexdigest()}",
    f"adler32:{zlib.adler32(DATA):08x}",
    f"sha-256:{hashlib.sha256(DATA).hexdigest()}",
)


class Storage:
    """What is asked, and how often."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, str]] = []
        self.address = ""

    def times(self, path: str) -> int:
        return sum(one == path for one, _ in self.asked)


@pytest.fixture
def storage() -> Iterator[Storage]:
    held = Storage()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, *_: Any) -> None:
            pass

        def do_GET(self) -> None:
            path, ask = self.path, self.headers.get("Range") or ""
            held.asked.append((path, ask))
            begin = int(ask[6:-1]) if ask else 0
            how = path.split("/")[1]
            if how == "missing":
                return self._send(404, b"no")
            if how == "on":
                return self._send(302, b"", {"Location": path.removeprefix("/on")})
            if how == "away":
                return self._send(302, b"", {"Location": "file:///etc/passwd"})
            if how == "round":
                return self._send(302, b"", {"Location": path})
            if how == "packed":
                return self._send(200, DATA, {"Content-Encoding": "gzip"})
            if how == "wrong":
                return self._send(200, DATA[:-1] + b"x")
            if how == "long":
                return self._send(200, DATA + b"x")
            if how == "whole":  # knows no ranges
                return self._send(200, DATA)
            if how == "liar":  # answers with another part
                return self._send(206, DATA[:9], {"Content-Range": f"bytes 0-8/{len(DATA)}"})
            if how == "endless":
                self.send_response(200)
                self.end_headers()
                try:
                    while True:
                        self.wfile.write(b"x" * 65536)
                except OSError:
                    self.close_connection = True
                return None
            if how == "stalls":
                self.send_response(200)
                self.send_header("Content-Length", str(len(DATA)))
                self.end_headers()
                self.wfile.write(DATA[:10])
                self.wfile.flush()
                time.sleep(1.5)
                self.close_connection = True
                return None
            if begin > len(DATA):
                return self._send(416, b"")
            headers = {"Content-Range": f"bytes {begin}-{len(DATA) - 1}/{len(DATA)}"}
            body, length = DATA[begin:], None
            if how == "half" or (how == "once" and held.times(path) == 1):
                length, body = len(body), body[: len(body) // 2]
            return self._send(206 if ask else 200, body, headers if ask else {}, length)

        def _send(
            self, status: int, body: bytes, more: dict[str, str] | None = None, length: Any = None
        ) -> None:
            self.send_response(status)
            for name, value in (more or {}).items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(body) if length is None else length))
            self.end_headers()
            self.wfile.write(body)
            if length is not None:
                self.close_connection = True

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    held.address = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    yield held
    server.shutdown()
    server.server_close()
    thread.join()


def file(
    storage: Storage, *ways: str, name: str = "a", size: int | None = len(DATA), sums: Any = SUMS
) -> Download:
    places = tuple(Source(one if ":" in one else f"{storage.address}/{one}") for one in ways)
    return Download(
        "i", "c", name, places[0].address, size=size, sources=places, more_checksums=tuple(sums)
    )


def get(place: Path, *files: Download, **more: Any) -> Any:
    more.setdefault("bounds", Bounds(seconds=1.0))
    found = fetch(DownloadPlan(files), place, **more)
    return found[0] if len(files) == 1 else found


def test_what_comes_is_checked_and_left_alone_then(storage, tmp_path):
    asked = file(storage, "good/a.tif")
    first = get(tmp_path, asked)
    assert (first.outcome, first.size, first.checked) == ("fetched", len(DATA), True)
    assert (tmp_path / first.name).read_bytes() == DATA
    assert get(tmp_path, asked).outcome == "there" and len(storage.asked) == 1
    (tmp_path / first.name).write_bytes(DATA[:-1] + b"?")
    assert get(tmp_path, asked).outcome == "fetched"
    assert (tmp_path / first.name).read_bytes() == DATA


@pytest.mark.parametrize(
    "bad", ["missing/a", "wrong/a", "long/a", "half/a", "packed/a", "away/a", "round/a", "stalls/a"]
)
def test_the_next_replica_is_tried(storage, tmp_path, bad):
    found = get(tmp_path, file(storage, bad, "whole/a"))
    assert found.outcome == "fetched" and found.address.endswith("/whole/a")
    assert (tmp_path / found.name).read_bytes() == DATA
    assert [one.name for one in (tmp_path / "c" / "i").iterdir()] == [found.name[4:]]


@pytest.mark.parametrize("kind", range(3))
def test_any_checksum_tells_a_wrong_file(storage, tmp_path, kind):
    found = get(tmp_path, file(storage, "wrong/a", sums=[SUMS[kind]]))
    assert found.outcome == "failed" and SUMS[kind].partition(":")[2] in found.why
    assert list((tmp_path / "c" / "i").iterdir()) == []


def test_it_goes_on_where_it_broke_off(storage, tmp_path):
    found = get(tmp_path, file(storage, "once/a"))
    assert found.outcome == "fetched" and (tmp_path / found.name).read_bytes() == DATA
    (_, first), (_, second) = storage.asked
    assert first == "" and second == f"bytes={len(DATA) // 2}-"


def test_a_part_of_an_earlier_call_is_gone_on_with(storage, tmp_path):
    (tmp_path / "c" / "i").mkdir(parents=True)
    part = tmp_path / "c" / "i" / "a.part"
    for begin, way in itertools.product((DATA[:70_000], b"other" * 900), ("good", "whole", "liar")):
        part.write_bytes(begin)
        storage.asked.clear()
        ways = [f"{way}/a", "good/a"]
        found = get(tmp_path, file(storage, *ways))
        assert found.outcome == "fetched" and (tmp_path / found.name).read_bytes() == DATA
        assert storage.asked[0][1] == f"bytes={len(begin)}-" and not part.exists()
        (tmp_path / found.name).unlink()


def test_without_a_checksum_parts_are_not_joined(storage, tmp_path):
    (tmp_path / "c" / "i").mkdir(parents=True)
    (tmp_path / "c" / "i" / "a.part").write_bytes(b"other")
    found = get(tmp_path, file(storage, "once/a", "good/a", sums=[]))
    assert found.outcome == "fetched" and not found.checked
    assert {ask for _, ask in storage.asked} == {""}
    assert (tmp_path / found.name).read_bytes() == DATA


def test_endless_answers_end(storage, tmp_path):
    bounds = Bounds(seconds=1.0, most_bytes=1_000_000)
    sized, unknown = get(
        tmp_path,
        file(storage, "endless/a"),
        file(storage, "endless/b", name="b", size=None, sums=[]),
        bounds=bounds,
    )
    assert sized.outcome == unknown.outcome == "failed"
    assert "more than 768,000 bytes" in sized.why and "more than 1,000,000" in unknown.why
    assert list((tmp_path / "c" / "i").iterdir()) == []


def test_redirects_are_followed_within_http(storage, tmp_path):
    assert get(tmp_path, file(storage, "on/good/a")).outcome == "fetched"


def test_others_go_on_and_errors_are_clear(storage, tmp_path):
    files = [file(storage, f"{'missing' if n % 3 else 'good'}/{n}", name=f"{n}") for n in range(9)]
    seen = []
    found = get(tmp_path, *files, at_once=3, tell=seen.append)
    assert [one.outcome == "failed" for one in found] == [n % 3 > 0 for n in range(9)]
    assert all("404" in one.why for one in found if one.outcome == "failed")
    assert seen[-1].files == 9 and seen[-1].came == 3 * len(DATA)


def test_secrets_of_addresses_are_not_told(storage, tmp_path):
    address = storage.address.replace("//", "//user:secret@") + "/missing/a?sig=secret"
    found = get(tmp_path, file(storage, address))
    assert found.outcome == "failed" and "secret" not in found.why


def test_names_stay_in_the_directory(storage, tmp_path):
    place = tmp_path / "in"
    hostile = [
        "../../out",
        "/etc/x",
        "..",
        "a\x00b",
        "a/../../b",
        "ü" * 300,
        "con\n",
        "A.part",
        "a",
    ]
    files = []
    for name in hostile:
        one = Download(name, name, name, f"{storage.address}/good/..%2F..%2F{name[:9]}")
        files.append(one)
    files += [Download("i", "c", n, f"{storage.address}/good/{n}") for n in ("x", "X", "x.part")]
    found = get(place, *files)
    there = [one for one in place.rglob("*") if one.is_file()]
    assert [one.outcome for one in found] == ["fetched"] * len(files)
    assert len(there) == len(files) and [one.name for one in tmp_path.iterdir()] == ["in"]
    outside = tmp_path / "outside"
    outside.mkdir()
    (place / "c2").symlink_to(outside)
    one = Download("i", "c2", "x", f"{storage.address}/good/x")
    assert get(place, one).outcome == "failed" and not list(outside.rglob("*.part"))
    (place / "c" / "i" / "y.part").symlink_to(outside / "y")
    one = Download("i", "c", "y", f"{storage.address}/good/y")
    assert get(place, one).outcome == "failed" and not (outside / "y").exists()


def test_files_of_this_machine_only_where_it_is_allowed(storage, tmp_path):
    (tmp_path / "kept").mkdir()
    (tmp_path / "kept" / "a").write_bytes(DATA)
    (tmp_path / "secret").write_bytes(DATA)
    (tmp_path / "kept" / "link").symlink_to(tmp_path / "secret")
    allowed = Bounds(roots=(tmp_path / "kept",))
    asked = file(storage, (tmp_path / "kept" / "a").as_uri())
    assert get(tmp_path / "x", asked).outcome == "failed"
    assert get(tmp_path / "x", asked, bounds=allowed).outcome == "fetched"
    for other in ("kept/link", "secret", "kept/../secret"):
        address = f"file://{tmp_path}/{other}"
        found = get(tmp_path / "y", file(storage, address), bounds=allowed)
        assert found.outcome == "failed" and "download_roots" in found.why


def test_two_do_not_write_one_file(storage, tmp_path):
    import fcntl

    (tmp_path / "c" / "i").mkdir(parents=True)
    with (tmp_path / "c" / "i" / "a.part").open("wb") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        found = get(tmp_path, file(storage, "good/a"))
    assert found.outcome == "failed" and "another process" in found.why
