"""What the plugin asks over HTTP: answers, refusals, silence; and which keys it manages."""

from __future__ import annotations

import json
import threading
import time
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest


class Graph(BaseHTTPRequestHandler):
    """Answers as ``server.told`` says; notes what is asked."""

    protocol_version = "HTTP/1.1"

    def _answer(self):
        length = int(self.headers.get("Content-Length") or 0)
        body = self.rfile.read(length)
        self.server.asked.append((self.path, self.headers.get("Authorization"), body))
        self.server.connections.add(self.client_address)
        status, data, slow = self.server.told
        self.send_response(status)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        for start in range(0, len(data), 4 if slow else len(data) or 1):
            try:
                self.wfile.write(data[start : start + (4 if slow else len(data))])
                self.wfile.flush()
            except OSError:
                return
            time.sleep(slow)
        if self.server.closing:
            self.close_connection = True

    do_GET = do_POST = _answer  # noqa: N815

    def log_message(self, *told):
        pass


KEYS = {"version": 1, "keys": ["platform"], "prefixes": ["eo:"], "vo": "def", "scopes": ["dafab"]}


@contextmanager
def graph(told, status=200, slow=0.0, closing=False):
    server = ThreadingHTTPServer(("127.0.0.1", 0), Graph)
    server.daemon_threads = True
    server.asked, server.connections, server.closing = [], set(), closing
    server.services = []
    data = told if isinstance(told, bytes) else json.dumps(told).encode()
    server.told = status, data, slow
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield server
    finally:
        for one in server.services:
            one.close()
        server.shutdown()
        server.server_close()


def service(server, **options):
    from dafab_kg_rucio.options import Options
    from dafab_kg_rucio.service import Service

    made = Service(Options(f"http://127.0.0.1:{server.server_port}", **options))
    server.services.append(made)
    return made


def test_one_connection_and_the_token_of_a_file(tmp_path):
    (tmp_path / "token").write_text("first\n")
    with graph({"names": []}) as server:
        asks = service(server, token_file=str(tmp_path / "token"))
        assert asks.ask("list", {"scope": "dafab"}) == {"names": []}
        (tmp_path / "token").write_text("second\n")  # a new one is taken without a restart
        asks.ask("keys")
        assert [one[:2] for one in server.asked] == [
            ("/rucio-plugin/list", "Bearer first"), ("/rucio-plugin/keys", "Bearer second"),
        ]  # fmt: skip
        assert len(server.connections) == 1


def test_a_connection_that_was_closed_is_opened_again():
    with graph({}, closing=True) as server:
        asks = service(server)
        for _ in range(3):
            assert asks.ask("get", {}) == {}
        assert len(server.connections) == 3


@pytest.mark.parametrize(
    ("status", "told", "kind", "words"),
    [
        (400, {"detail": "No.", "remedy": "Ask so."}, "ServiceRefused", "No. Ask so."),
        (400, {"detail": "It is not", "remedy": "Ask so"}, "ServiceRefused", "It is not. Ask so."),
        (404, b"no json", "ServiceRefused", "status 404"),
        (401, {"detail": "Who?"}, "ServiceDown", "token"),
        (429, {"detail": "Wait"}, "ServiceDown", "Wait"),
        (503, {"detail": "Later"}, "ServiceDown", "Later"),
        (200, b"<html>", "ServiceDown", "no JSON"),
        (302, b"", "ServiceDown", "status 302"),
    ],
)
def test_what_is_no_answer(status, told, kind, words):
    from dafab_kg_rucio import service as module

    with graph(told, status) as server:
        with pytest.raises(getattr(module, kind), match=words) as error:
            service(server).ask("list", {})
        address = f"http://127.0.0.1:{server.server_port}/rucio-plugin/list: "
        assert str(error.value).startswith(address) is (kind == "ServiceDown")


def test_nobody_there_says_what_was_asked():
    from dafab_kg_rucio.options import Options
    from dafab_kg_rucio.service import Service, ServiceDown

    with pytest.raises(ServiceDown, match=r"http://127\.0\.0\.1:9/kg/rucio-plugin/keys: .*refused"):
        Service(Options("http://127.0.0.1:9/kg")).ask("keys")


def test_an_answer_that_comes_too_slowly_is_given_up():
    from dafab_kg_rucio.service import ServiceDown

    began = time.monotonic()
    with (
        graph(b"{}" + b" " * 400, slow=0.1) as server,
        pytest.raises(ServiceDown, match="in time"),
    ):
        service(server, seconds=0.5).ask("keys")
    assert time.monotonic() - began < 3


def test_nobody_listens(tmp_path):
    from dafab_kg_rucio.service import ServiceDown

    with graph({}) as server:
        asks = service(server, token_file=str(tmp_path / "nothing"))
        with pytest.raises(ServiceDown, match="cannot be read"):
            asks.ask("keys")
        gone = service(server)
    with pytest.raises(ServiceDown):
        gone.ask("keys")


def test_keys_are_asked_for_now_and_then_and_kept_while_down():
    from dafab_kg_rucio.service import Keys

    clock = [0.0]
    with graph(KEYS) as server:
        keys = Keys(service(server, keys_seconds=300.0), lambda: clock[0])
        assert [keys.manages(one) for one in ("platform", "eo:x", "anomaly", "other")] == [
            True, True, True, False,
        ]  # fmt: skip
        assert keys.holds("def", "dafab") and not keys.holds("abc", "dafab")
        assert not keys.holds("def", "other")
        assert len(server.asked) == 1
        clock[0] = 301
        keys.manages("platform")
        assert len(server.asked) == 2
        server.told = 503, b"{}", 0.0
        clock[0] = 700
        assert keys.manages("platform") and len(server.asked) == 3
        assert keys.manages("platform") and len(server.asked) == 3  # it rests
        server.told = 200, json.dumps({**KEYS, "version": 2, "keys": []}).encode(), 0.0
        clock[0] = 720
        assert keys.manages("platform")


def test_keys_before_the_graph_was_ever_there():
    from dafab_kg_rucio.options import read_options
    from dafab_kg_rucio.service import Keys, Service

    told = {"dafab_kg_url": "http://127.0.0.1:9", "dafab_kg_prefixes": "my_, eo:"}
    keys = Keys(Service(read_options(told.get)))
    assert [keys.manages(one) for one in ("my_x", "eo:x", "anomaly", "sar:x")] == [
        True, True, True, False,
    ]  # fmt: skip
    assert keys.holds("def", "anything")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("dafab_kg_url", ""),
        ("dafab_kg_url", "ftp://a.example"),
        ("dafab_kg_url", "https://user:word@a.example"),
        ("dafab_kg_url", "https://a.example?x=1"),
        ("dafab_kg_timeout", "soon"),
        ("dafab_kg_timeout", "0"),
        ("dafab_kg_timeout", "nan"),
        ("dafab_kg_allow_delete", "perhaps"),
    ],
)
def test_options_that_are_wrong(name, value):
    from dafab_kg_rucio.options import OptionNotValid, read_options

    told = {"dafab_kg_url": "https://a.example", name: value}
    with pytest.raises(OptionNotValid, match=name):
        read_options(told.get)


def test_options():
    from dafab_kg_rucio.options import read_options

    plain = read_options({"dafab_kg_url": " https://a.example/kg/ "}.get)
    assert (plain.url, plain.delete, plain.seconds) == ("https://a.example/kg", False, 20.0)
    told = {"dafab_kg_url": "http://a", "dafab_kg_allow_delete": "True", "dafab_kg_timeout": "2.5"}
    assert read_options(told.get).delete is True
    assert read_options(told.get).seconds == 2.5
