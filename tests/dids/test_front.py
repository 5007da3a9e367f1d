"""In front of a Rucio: which request goes where, and what a Rucio that fails does to ours.

A tiny server stands for the Rucio: it tells what it was sent, and fails as it is told.  A real
one is asked in ``tests/judges/test_rucio_behind.py``.
"""

from __future__ import annotations

import json
import socket
import threading
import time
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

import pytest

from dafab_kg.access.tokens import Tokens
from dafab_kg.model.errors import NotServed
from dafab_kg.model.settings import Settings
from dafab_kg.web import create_app
from dafab_kg.web.rucio_ways import TABLE, row_of
from tests.dids import making
from tests.dids.test_rucio import FEATURE, OBJECT, STREAM, Client, refused
from tests.listening import serving

SOURCE = making.scene("T48PWS")
THUMB, SET = f"{SOURCE}_thumb.png", f"{SOURCE}_assets"
TOKEN = "root-of-rucio-1"
FILE = {"scope": "dafab", "name": THUMB, "type": "FILE", "account": "root", "bytes": 5,
        "adler32": "0cc737eb", "md5": None, "length": 1}  # fmt: skip


class Rucio(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    mode = ""
    seen: list[tuple[str, str, dict[str, str], bytes]]

    def log_message(self, *told):
        pass

    def _say(self, value, kind=OBJECT, status=200, **headers):
        data = value if isinstance(value, bytes) else json.dumps(value).encode()
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(data)))
        for name, text in headers.items():
            self.send_header(name.replace("_", "-"), text)
        self.end_headers()
        self.wfile.write(data)

    def _refuse(self, status, name):
        body = {"ExceptionClass": name, "ExceptionMessage": "no"}
        self._say(body, status=status, ExceptionClass=name, ExceptionMessage="no")

    def _any(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.server.seen.append((self.command, self.path, dict(self.headers), body))
        way, mode = urlsplit(self.path).path, self.server.mode
        if mode == "slow":
            time.sleep(1.5)
        if mode == "dumb":
            self.wfile.write(b"\x00\x01 what?\r\n\r\n")
        elif mode == "half":
            self.send_response(200)
            self.send_header("Content-Type", OBJECT)
            self.send_header("Content-Length", "100")
            self.end_headers()
            self.wfile.write(b'{"half":')
            self.close_connection = True
        elif mode == "endless":
            self.send_response(200)
            self.send_header("Content-Type", STREAM)
            self.end_headers()
            line = b'"' + b"x" * 1000 + b'"\n'
            try:
                for _ in range(10_000):
                    self.wfile.write(line)
            except OSError:
                pass
            self.close_connection = True
        elif mode == "redirect":
            self._say(b"", status=302, Location="http://169.254.169.254/latest")
        elif way == "/auth/userpass":
            self._say(b"", "application/octet-stream", X_Rucio_Auth_Token=TOKEN,
                      X_Rucio_Auth_Account="root", Set_Cookie="a=b", Connection="X-Odd",
                      X_Odd="1")  # fmt: skip
        elif self.headers.get("X-Rucio-Auth-Token") != TOKEN:
            self._refuse(401, "CannotAuthenticate")
        elif way == "/accounts/whoami":
            self._say(b"moved", "text/html", 303, Location=self.server.mode or "root")
        elif way == "/moved":
            self._say(b"", status=303, Location=f"http://{self.headers['Host']}/else?a=1")
        elif way == "/scopes/":
            self._say(["dafab", "other"])
        elif way.endswith("/dids/search") and self.command == "GET":
            names = ["a.tif", making.scene("T33HTC"), THUMB]
            self._say(b"".join(json.dumps(n).encode() + b"\n" for n in names), STREAM)
        elif way in (f"/dids/dafab/{THUMB}", f"/dids/dafab/{THUMB}/meta"):
            self._say({**FILE, "did_type": "FILE"} if way.endswith("meta") else FILE)
        elif way == f"/dids/dafab/{SET}/dids" and self.command == "GET":
            rows = [{"scope": "dafab", "name": n, "type": "FILE"} for n in ("more.tif", THUMB)]
            self._say(b"\n".join(json.dumps(row).encode() for row in rows), STREAM)
        elif way == "/replicas/list":
            row = {**FILE, "rses": {"DISK": ["https://a.example/x"]}}
            self._say(json.dumps(row).encode() + b"\n", STREAM)
        elif way in (f"/dids/dafab/{SET}/dids", f"/dids/dafab/{SET}"):
            asked = [(method, path) for method, path, *_ in self.server.seen]
            if ("POST", f"/dids/dafab/{SET}") in asked:
                self._say({}, status=201)
            else:
                self._refuse(404, "DataIdentifierNotFound")
        elif way.startswith("/dids/") and self.command == "GET":
            self._refuse(404, "DataIdentifierNotFound")
        else:
            self._say({"there": self.command, "body": body.decode()}, status=201)

    do_GET = do_POST = do_PUT = do_DELETE = do_PATCH = _any  # noqa: N815


class Quiet(ThreadingHTTPServer):
    def handle_error(self, *told):
        pass  # we leave before it has said all


@contextmanager
def behind():
    server = Quiet(("127.0.0.1", 0), Rucio)
    server.seen, server.mode = [], ""
    with serving(server):
        yield server


@pytest.fixture(scope="module")
def rucio():
    with behind() as server:
        yield server


@pytest.fixture
def calm(rucio):
    yield rucio
    rucio.mode = ""


def front(catalogue, address, **more):
    settings = catalogue.settings.model_copy(
        update={"rucio_url": address, "rucio_seconds": 0.5, "answer_bytes": 2_000_000, **more}
    )
    return create_app(catalogue, settings)


@pytest.fixture(scope="module")
def app(catalogue, rucio):
    return front(catalogue, f"http://127.0.0.1:{rucio.server_port}", rucio_writers=("root",))


@pytest.fixture
def root(app, calm):
    made = Client(app, "root", "secret of rucio")
    calm.seen.clear()
    return made


def last(rucio):
    return rucio.seen[-1]


def test_logging_in_is_passed_on_with_rucios_headers_alone(app, calm):
    client = Client(app, "root", "secret of rucio")
    assert client.login.status_code == 200
    assert client.token == TOKEN
    assert client.login.headers["Content-Type"] == "application/octet-stream"
    for name in ("Set-Cookie", "X-Odd", "Server"):
        assert name not in client.login.headers
    assert "no-store" in client.login.headers["Cache-Control"]
    _, path, headers, _ = last(calm)
    assert path == "/auth/userpass"
    assert headers["X-Rucio-Password"] == "secret of rucio"
    client.ask(
        "accounts/root", Cookie="c=d", Authorization="Bearer x", Connection="keep-alive, X-B"
    )
    _, path, headers, _ = last(calm)
    assert (path, headers["X-Rucio-Auth-Token"]) == ("/accounts/root", TOKEN)
    assert not {"Cookie", "Authorization", "Connection", "X-B"} & set(headers)


def test_the_guest_and_our_tokens_stay_here(app, calm, catalogue):
    calm.seen.clear()
    _, token = Tokens(catalogue.settings.store, "").create("ours", ["write"])
    for client in (Client(app), Client(app, "ours", token)):
        assert client.value("accounts/whoami")["account"] in ("guest", "ours")
        assert client.lines("rses/") == []
        assert client.value("scopes/") == ["dafab"]
        refused(client.ask("rules/", "POST", {}), 400, "UnsupportedOperation")
    Tokens(catalogue.settings.store, "").revoke("ours")
    refused(Client(app, "ours", token).login, 401, "CannotAuthenticate")
    assert calm.seen == []  # nor is our token given away


@pytest.mark.parametrize(
    ("method", "path", "way"),
    [
        ("GET", "ping", "here"),
        ("GET", "auth/x509", "there"),
        ("GET", "scopes/", "scopes"),
        ("POST", "accounts/root/scopes/new", "there"),
        ("GET", "rses/A/lfns2pfns", "there"),
        ("POST", "rules/", "there"),
        ("POST", "dids", "there"),
        ("POST", "dids/attachments", "placed"),
        ("PATCH", "dids/bulkmetadoc", "here"),
        ("POST", "dids/a/dids/search", "here"),
        ("GET", "dids/a/dids/search", "listed"),
        ("HEAD", "dids/a/dids/search", "listed"),
        ("GET", "dids/a/b%2Fc", "told"),
        ("GET", "dids/a/b/c", "there"),
        ("POST", "dids/a/b", "made"),
        ("POST", "dids/a/b/meta", "there"),
        ("DELETE", "dids/a/b/dids", "joined"),
        ("GET", "dids/a/b/parents", "known"),
        ("DELETE", "dafab/dids/a/b", "here"),
        ("POST", "replicas/list", "replicas"),
        ("POST", "replicas", "there"),
        ("GET", "nothing/at/all", "there"),
    ],
)
def test_the_table(method, path, way):
    assert row_of(method, f"/{path}").way == way


def test_every_row_of_the_table_counts():
    fitting = {
        row_of((row.methods or "PUT").split()[0], row.path.replace("{scope}", "s").replace(
            "{name}", "n").replace("*", "x"))
        for row in TABLE
    }  # fmt: skip
    assert fitting == set(TABLE)


def test_what_is_rucios_own_is_passed_on(root, calm):
    for method, path, body in (
        ("GET", "rses/?expression=a%26b%2B1", None),
        ("POST", "rules/", {"copies": 1}),
        ("DELETE", "replicas", {"rse": "A"}),
        ("POST", "dids/other/x", {"type": "CONTAINER"}),
        ("POST", "dids/dafab/x", {"type": "DATASET"}),
        ("POST", "dids/dafab/x+y%2Fz/meta/a", {"value": 1}),
        ("PUT", "accounts/root", {}),
    ):
        told = root.ask(path, method, body)
        assert told.status_code == 201
        assert told.headers["Content-Type"] == OBJECT
        command, sent, _, data = last(calm)
        assert (command, sent) == (method, f"/{path}")
        assert data == (b"" if body is None else json.dumps(body).encode())
        assert told.json == {"there": method, "body": data.decode()}
    refused(root.ask("dids/other/x"), 404, "DataIdentifierNotFound")
    moved = root.ask("moved")
    assert (moved.status_code, moved.headers["Location"]) == (303, "/rucio/else?a=1")
    assert root.ask("accounts/whoami").headers["Location"] == "root"
    root.token = "bad"
    refused(root.ask("rses/"), 401, "CannotAuthenticate")
    root.token = ""
    refused(root.ask("rses/"), 401, "CannotAuthenticate")


def test_what_is_ours_is_not_asked_of_it(root, calm):
    assert root.value(f"dids/dafab/{SOURCE}")["type"] == "CONTAINER"
    assert len(root.lines(f"dids/dafab/{SOURCE}/dids")) == 3
    (line,) = root.lines("dids/bulkmetadoc", "POST", {"dids": [{"scope": "dafab", "name": SOURCE}]})
    assert line["document"]["id"] == SOURCE
    page = root.value("stac_filter?limit=2", "POST", {"scope": "dafab", "filter": FEATURE})
    assert len(page["items"]) == 2
    body = {"filter": FEATURE, "limit": 2}
    assert len(root.value("dids/dafab/dids/search", "POST", body)["dids"]) == 2
    assert calm.seen == []


def test_what_both_have_comes_once(root):
    assert root.value("scopes/") == ["dafab", "other"]
    listed = root.lines("dids/dafab/dids/search?type=all&filters=%5B%7B%7D%5D")
    assert len(listed) == len(set(listed))
    assert {"a.tif", THUMB, SOURCE, "stac"} <= set(listed)
    assert root.lines("dids/dafab/dids/search?type=all&limit=1") == [min(making.tree())]
    assert root.lines("dids/other/dids/search?type=all")[0] == "a.tif"
    named = "dids/dafab/dids/search?type=file&filters=%5B%7B%27name%27%3A%20%27*_thumb.png%27%7D%5D"
    assert sum(name.endswith("_thumb.png") for name in root.lines(named)) == len(making.SCENES)
    members = root.lines(f"dids/dafab/{SET}/dids")
    assert sorted(one["name"] for one in members) == sorted(
        [f"{SOURCE}_B02_10m.jp2", THUMB, "more.tif"]
    )
    file = root.value(f"dids/dafab/{THUMB}")
    assert (file["bytes"], file["adler32"]) == (5, "0cc737eb")  # of the replica, if there is one
    assert file["md5"] == "0123456789abcdef" * 2
    assert root.value(f"dids/dafab/{THUMB}/meta")["did_type"] == "FILE"
    rows = root.lines("replicas/list", "POST", {"dids": [{"scope": "dafab", "name": SET}]})
    assert {one["name"]: one["rses"] for one in rows} == {
        THUMB: {"DISK": ["https://a.example/x"]},
        f"{SOURCE}_B02_10m.jp2": {},
    }


def test_writing_into_the_graph_is_for_accounts_that_may(root, calm, catalogue):
    pair = {"scope": "dafab", "name": SOURCE}
    nothing = {"dids": [pair], "operations": [{"op": "update", "path": "/id", "value": SOURCE}]}
    assert root.value("dids/bulkmetadoc", "PATCH", nothing)["updated_dids"] == 1
    refused(root.ask("dids/dafab/stac", "POST", {"type": "CONTAINER"}), 409,
            "DataIdentifierAlreadyExists")  # fmt: skip
    both = {"attachments": [{**pair, "dids": [pair]}, {"scope": "o", "name": "x", "dids": [pair]}]}
    refused(root.ask("dids/attachments", "POST", both), 400, "InvalidObject")
    both["attachments"].pop(0)
    assert root.ask("dids/attachments", "POST", both).status_code == 201
    assert sum(path == "/accounts/whoami" for _, path, _, _ in calm.seen) <= 1  # kept for a while
    other = Client(front(catalogue, f"http://127.0.0.1:{calm.server_port}"), "root", "x")
    refused(other.ask("dids/bulkmetadoc", "PATCH", nothing), 403, "AccessDenied")
    other.token = "bad"
    refused(other.ask("dids/bulkmetadoc", "PATCH", nothing), 401, "CannotAuthenticate")


def test_files_are_attached_to_the_data_sets_of_items_there(root, calm):
    file = {"dids": [{"scope": "dafab", "name": "more.tif"}]}
    assert root.ask(f"dids/dafab/{SET}/dids", "POST", file).status_code == 201
    asked = [(method, path.removeprefix(f"/dids/dafab/{SET}")) for method, path, _, _ in calm.seen]
    (*who, first, looked, made, again) = asked
    assert {path for _, path in who} <= {"/accounts/whoami"}
    assert first == again == ("POST", "/dids")
    assert (looked, made) == (("GET", ""), ("POST", ""))
    assert json.loads(last(calm)[3]) == file
    refused(root.ask(f"dids/dafab/{SOURCE}/dids", "POST", file), 404, "DataIdentifierNotFound")


def test_where_reading_is_closed_its_sessions_open_it(catalogue, calm):
    app = front(catalogue, f"http://127.0.0.1:{calm.server_port}", read_closed=True)
    client = Client(app, "root", "x")
    assert client.value(f"dids/dafab/{SOURCE}")["type"] == "CONTAINER"
    client.token = "bad"
    refused(client.ask(f"dids/dafab/{SOURCE}"), 401, "CannotAuthenticate")
    refused(client.ask("stac_filter", "POST", {"filter": FEATURE}), 401, "CannotAuthenticate")


@pytest.mark.parametrize("mode", ["slow", "half", "dumb"])
def test_it_fails_and_ours_goes_on(root, calm, mode):
    calm.mode = mode
    told = root.ask("rses/")
    refused(told, 503, "ServiceUnavailable")
    assert told.headers["Retry-After"]
    assert "127.0.0.1" not in told.text and TOKEN not in told.text
    for path in ("scopes/", "dids/dafab/dids/search?type=all", "dids/dafab/unknown"):
        refused(root.ask(path), 503, "ServiceUnavailable")
    began = time.monotonic()
    assert root.value(f"dids/dafab/{SOURCE}")["type"] == "CONTAINER"
    assert root.value(f"dids/dafab/{THUMB}")["bytes"] == 1234
    assert len(root.lines(f"dids/dafab/{SET}/dids")) == 2
    assert root.value("stac_filter?limit=2", "POST", {"scope": "dafab", "filter": FEATURE})["items"]
    assert time.monotonic() - began < 0.5  # nothing waits for what is only added


def test_it_is_not_there_at_all(catalogue):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        client = Client(front(catalogue, f"http://127.0.0.1:{taken.getsockname()[1]}"), "root", "x")
    refused(client.login, 503, "ServiceUnavailable")
    client.token = TOKEN
    assert client.value(f"dids/dafab/{SOURCE}")["type"] == "CONTAINER"


def test_an_answer_has_bounds_and_leads_nowhere(root, calm):
    calm.mode = "endless"
    with pytest.raises(NotServed):  # the connection is cut: nobody takes it for the whole
        root.ask("rses/").get_data()
    refused(root.ask("scopes/"), 503, "ServiceUnavailable")
    calm.mode = "redirect"
    calm.seen.clear()
    told = root.ask("rses/")
    assert (told.status_code, len(calm.seen)) == (302, 1)  # the client's affair


def test_few_wait_at_a_time(catalogue, calm):
    app = front(catalogue, f"http://127.0.0.1:{calm.server_port}", http_threads=2)
    client = Client(app, "root", "x")
    calm.mode = "slow"
    statuses = []
    ways = [threading.Thread(target=lambda: statuses.append(_ask(app))) for _ in range(3)]
    began = time.monotonic()
    for way in ways:
        way.start()
    for way in ways:
        way.join()
    assert statuses == [503] * 3 and time.monotonic() - began < 1.2
    calm.mode = ""
    assert client.ask("rses/").status_code == 201  # the places are free again


def _ask(app):
    return app.test_client().get("/rucio/rses/", headers={"X-Rucio-Auth-Token": TOKEN}).status_code


@pytest.mark.parametrize("path", ["rses/../../etc", "rses/%2e%2e/dids", "dids/dafab/%2E", "./rses"])
def test_no_path_leaves_the_address_of_that_rucio(root, calm, path):
    calm.seen.clear()
    told = root.ask(path)
    assert (told.status_code, calm.seen) == (400, [])


LISTING = "dids/dafab/dids/search?type=all&filters="


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("GET", "dids/%ff/x", None),
        ("GET", "dids/dafab/%ff", None),
        ("GET", "dids/dafab/%00", None),
        ("GET", "dids/dafab/" + "x" * 5_000, None),
        ("GET", "dids//", None),
        ("GET", "/evil.example/x", None),
        ("GET", "../../x%0d%0aX-Odd:%201", None),
        ("GET", "dids/dafab/é/dids", None),
        ("POST", "dids/dafab/x", b"["),
        ("POST", "dids/dafab/x", b"[]"),
        ("POST", "dids/attachments", {"attachments": [{"scope": 1}]}),
        ("POST", "dids/attachments", {"attachments": {}}),
        ("POST", "replicas/list", b"\xff"),
        ("POST", "replicas/list", {"dids": [{"scope": "dafab", "name": "stac"}]}),
        ("POST", "replicas/list", {"dids": [{"scope": "dafab", "name": "x"}] * 1_001}),
        ("POST", "rules/", b"x" * 2_000_000),
        ("GET", LISTING + "[" * 3_000, None),
        ("GET", LISTING + "[{'name':1}]", None),
        ("GET", LISTING + "[" + "{}," * 100 + "]", None),
        ("GET", LISTING + "[{'name':'" + "*a" * 3_000 + "'}]", None),
        ("GET", LISTING + "__import__('os')", None),
        ("GET", LISTING + "{}&limit=-1", None),
        ("GET", LISTING + "{}&recursive=True", None),
        ("GET", LISTING.replace("=all", "=none") + "{}", None),
    ],
)
def test_what_is_hostile_is_refused_or_rucios_affair(root, method, path, body):
    told = root.ask(path, method, body)
    assert told.status_code in (200, 201, 303, 400, 404, 413), told.text
    assert "X-Odd" not in told.headers


@pytest.mark.parametrize(
    "url", ["rucio.example", "ftp://a", "http://", "http://u:p@a", "http://a?x=1", "http://a:x"]
)
def test_its_address_is_one_of_the_web(url, tmp_path):
    with pytest.raises(ValueError, match="rucio_url"):
        Settings(store=tmp_path, rucio_url=url)
