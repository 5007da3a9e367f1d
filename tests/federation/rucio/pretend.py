"""A server that answers Rucio's own client as Rucio 41.5.1 does, as far as publishing asks, and
fails as it is told.  The judges publish to the real one."""

from __future__ import annotations

import ast
import json
import re
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

Pair = tuple[str, str]


class Refusal(Exception):
    """An error of Rucio's, by its status and class."""

    def __init__(self, status: int, name: str, told: str = "") -> None:
        self.status, self.name = status, name
        super().__init__(told or name)


@dataclass
class Pretended:
    """What it holds, what it was asked, and how it fails.

    ``faults`` are (method and path by regular expression, how): "503", "half", "expired", "slow",
    or the class of an error; each is used once.
    """

    dids: dict[Pair, dict[str, Any]] = field(default_factory=dict)
    below: dict[Pair, dict[Pair, None]] = field(default_factory=dict)
    replicas: dict[tuple[str, Pair], str] = field(default_factory=dict)
    meta: dict[Pair, dict[str, Any]] = field(default_factory=dict)
    scopes: list[str] = field(default_factory=lambda: ["s"])
    asked: list[str] = field(default_factory=list)
    faults: list[tuple[str, str]] = field(default_factory=list)
    bad: set[str] = field(default_factory=set)
    """Names that no call that writes may hold."""
    worse: set[str] = field(default_factory=set)
    """Names at which it fails."""
    hidden: set[str] = field(default_factory=set)
    """Names of which metadata in bulk do not tell, as where an answer breaks off."""
    no_json: str = ""
    """How it fails where the plugin JSON is asked: as one that does not have it, or cannot."""
    clock: str = "Sun, 29 Nov 2026 03:00:00 UTC"
    logins: int = 0
    tokens: dict[str, tuple[str, str]] = field(default_factory=dict)
    """Account and VO of each token that is valid."""

    def tree(self) -> dict[str, list[str]]:
        """Names below names."""
        return {up[1]: sorted(c[1] for c in self.below.get(up, {})) for up in sorted(self.dids)}

    def parents(self, pair: Pair) -> list[dict[str, Any]]:
        ups = [up for up, children in self.below.items() if pair in children]
        return [{"scope": s, "name": n, "type": self.dids[s, n]["did_type"]} for s, n in ups]

    def add(self, rows: list[dict[str, Any]]) -> None:
        for row in rows:
            self._check(row["scope"], row["name"])
        for row in rows:
            self.dids[row["scope"], row["name"]] = {
                **{key: row[key] for key in ("scope", "name")},
                **{"did_type": row["type"], "account": "root", "expired_at": None},
                "created_at": self.clock,
            }

    def _check(self, scope: str, name: str) -> None:
        if scope not in self.scopes:
            raise Refusal(404, "ScopeNotFound")
        if (scope, name) in self.dids:
            raise Refusal(409, "DataIdentifierAlreadyExists")

    def add_replicas(self, rse: str, files: list[dict[str, Any]]) -> None:
        for file in files:
            pair = file["scope"], file["name"]
            if pair not in self.dids:
                self.add([{**file, "type": "FILE"}])
                self.dids[pair] |= {key: file.get(key) for key in ("bytes", "md5", "adler32")}
            self.replicas.setdefault((rse, pair), file["pfn"])

    def attach(self, attachments: list[dict[str, Any]]) -> None:
        for one in attachments:
            up = one["scope"], one["name"]
            kinds = set()
            for did in (*one["dids"], one):
                if (did["scope"], did["name"]) not in self.dids:
                    raise Refusal(404, "DataIdentifierNotFound", f"{did['name']} not found")
            for did in one["dids"]:
                kinds.add(self.dids[did["scope"], did["name"]]["did_type"])
            if len(kinds) > 1 or self.dids[up]["did_type"] == "FILE":
                raise Refusal(409, "UnsupportedOperation", "Mixed collection is not allowed")
        for one in attachments:
            for did in one["dids"]:
                up, child = (one["scope"], one["name"]), (did["scope"], did["name"])
                self.below.setdefault(up, {})[child] = None

    def detach(self, up: Pair, dids: list[dict[str, Any]]) -> None:
        for did in dids:
            if (did["scope"], did["name"]) not in self.below.get(up, {}):
                raise Refusal(404, "DataIdentifierNotFound")
        for did in dids:
            del self.below[up][did["scope"], did["name"]]

    def set_meta(self, dids: list[dict[str, Any]]) -> None:
        for did in dids:
            pair = did["scope"], did["name"]
            for key, value in did["meta"].items():
                if "." in key:
                    raise Refusal(400, "InvalidMetadata")
                if key == "lifetime":
                    self.dids[pair]["expired_at"] = None if value is None else "then"
                else:
                    self.meta.setdefault(pair, {})[key] = value


def _time(text: str) -> datetime:
    return datetime.strptime(text, "%a, %d %b %Y %H:%M:%S UTC")


@contextmanager
def listening(state: Pretended) -> Iterator[str]:
    """Serve ``state`` within it; the address."""
    server = _server(state)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def _server(state: Pretended) -> ThreadingHTTPServer:
    """Return a server of ``state``, bound to a free port of loopback."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, *_: Any) -> None:
            pass

        def _do(self) -> None:
            data = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            way = f"{self.command} {urlsplit(self.path).path}"
            state.asked.append(way)
            fault = next((one for one in state.faults if re.search(one[0], way)), None)
            if fault is not None:
                state.faults.remove(fault)
            how = fault[1] if fault is not None else ""
            if how == "slow":
                time.sleep(1.5)
            if how in ("503", "500"):
                return self._send(int(how), b"")
            if how == "expired":
                return self._refuse(Refusal(401, "CannotAuthenticate", "token has expired"))
            try:
                if how and how not in ("slow", "half"):
                    raise Refusal(403, how)
                status, rows, headers = self._answer(way, json.loads(data or b"null"))
            except Refusal as error:
                return self._refuse(error)
            lines = b"".join(json.dumps(row).encode() + b"\n" for row in rows)
            if how == "half" and fault is not None and not lines:
                state.faults.append(fault)  # there is no half of nothing
            return self._send(status, lines, headers, half=how == "half")

        do_GET = do_POST = do_DELETE = _do  # noqa: N815

        def _refuse(self, error: Refusal) -> None:
            told = {"ExceptionClass": error.name, "ExceptionMessage": str(error)}
            self._send(error.status, json.dumps(told).encode(), told)

        def _send(
            self, status: int, data: bytes, headers: dict[str, str] | None = None, *, half: bool = 0
        ) -> None:
            self.send_response(status)
            for name, value in (headers or {}).items():
                self.send_header(name, value)
            self.send_header("Content-Type", "application/x-json-stream")
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            with suppress(BrokenPipeError):  # whoever was kept waiting has gone
                self.wfile.write(data[: len(data) // 2] if half else data)
            self.close_connection = self.close_connection or half

        def _answer(self, way: str, sent: Any) -> tuple[int, list[Any], dict[str, str]]:
            names = " ".join(re.findall(r'"name": "([^"]*)"', json.dumps(sent)))
            if state.no_json and isinstance(sent, dict) and sent.get("plugin") == "JSON":
                raise Refusal(500 if state.no_json == "RucioException" else 400, state.no_json)
            if any(name in names.split() for name in state.worse):
                raise Refusal(500, "RucioException", "http status code: 500")
            writes = not way.endswith("/dids/bulkmeta")
            if writes and any(name in names.split() for name in state.bad):
                raise Refusal(400, "InvalidObject", "the name is not liked")
            method, path = way.split(" ")
            steps = [unquote(step.replace("+", " ")) for step in path.strip("/").split("/")]
            match method, steps:
                case "GET", ["auth", "userpass"]:
                    state.logins += 1
                    token = f"token-{state.logins}"
                    whose = self.headers["X-Rucio-Account"], self.headers["X-Rucio-VO"]
                    state.tokens[token] = whose
                    return 200, [], {"X-Rucio-Auth-Token": token}
                case "GET", ["auth", "validate"]:
                    token = self.headers["X-Rucio-Auth-Token"]
                    if token not in state.tokens:
                        raise Refusal(500, "RucioException", "as the real one has it")
                    return (
                        200,
                        [str(dict(zip(("account", "vo"), state.tokens[token], strict=True)))],
                        {},
                    )
                case "GET", ["accounts", "whoami"]:
                    if self.headers["X-Rucio-Auth-Token"] not in state.tokens:
                        raise Refusal(401, "CannotAuthenticate", "the token is not known")
                    return 200, [{"account": "root"}], {}
                case "GET", ["scopes"]:
                    return 200, [state.scopes], {}
                case "POST", ["accounts", _, "scopes", scope]:
                    state.scopes.append(scope)
                    return 201, [], {}
                case "POST", ["dids", "bulkmeta"]:
                    return 200, self._bulk(sent), {}
                case "POST", ["dids", "bulkdidsmeta"]:
                    state.set_meta(sent["dids"])
                    return 201, [], {}
                case "POST", ["dids", "attachments"]:
                    state.attach(sent["attachments"])
                    return 201, [], {}
                case "POST", ["dids"]:
                    state.add(sent)
                    return 201, [], {}
                case "POST", ["replicas"]:
                    state.add_replicas(sent["rse"], sent["files"])
                    return 201, [], {}
                case "GET", ["dids", scope, "dids", "search"]:
                    return 200, self._listed(scope), {}
                case "GET", ["dids", scope, name, "parents"]:
                    return 200, state.parents((scope, name)), {}
                case "GET", ["dids", scope, name]:
                    self._known(scope, name)
                    return 200, [{"scope": scope, "name": name}], {}
                case "GET", ["dids", scope, name, "dids"]:
                    self._known(scope, name)
                    return (
                        200,
                        [
                            {"scope": s, "name": n, "type": state.dids[s, n]["did_type"]}
                            for s, n in state.below.get((scope, name), {})
                        ],
                        {},
                    )
                case "DELETE", ["dids", scope, name, "dids"]:
                    state.detach((scope, name), sent["dids"])
                    return 200, [], {}
                case "DELETE", ["dids", scope, name, "meta"]:
                    key = re.search(r"key=([^&]*)", self.path)
                    assert key is not None
                    del state.meta[scope, name][unquote(key[1])]
                    return 200, [], {}
            raise AssertionError(way)

        def _known(self, scope: str, name: str) -> None:
            if (scope, name) not in state.dids:
                raise Refusal(404, "DataIdentifierNotFound")

        def _listed(self, scope: str) -> list[Any]:
            asked = parse_qs(urlsplit(self.path).query)
            rows = [row for pair, row in state.dids.items() if pair[0] == scope]
            if asked.get("long") == ["True"]:
                return rows
            [conditions] = ast.literal_eval(asked["filters"][0])
            after = conditions.get("created_after")
            return [
                row["name"] for row in rows if not after or _time(row["created_at"]) > _time(after)
            ]

        def _bulk(self, sent: Any) -> list[dict[str, Any]]:
            pairs = [(did["scope"], did["name"]) for did in sent["dids"]]
            known = [pair for pair in pairs if pair in state.dids]
            if sent["plugin"] == "JSON":
                named = ({"scope": s, "name": n, **state.meta.get((s, n), {})} for s, n in known)
                return list(named)
            return [state.dids[pair] for pair in known if pair[1] not in state.hidden]

    return ThreadingHTTPServer(("127.0.0.1", 0), Handler)
