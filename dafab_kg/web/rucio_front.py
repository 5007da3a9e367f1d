"""In front of a Rucio: what is its own is passed on, what both have is put together.

``rucio_ways.py`` says which request goes where.  The client's own token of that Rucio goes with
what is passed on; here it is asked for only where the graph is written, or reading is closed.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from itertools import chain, islice
from typing import Any, Final
from urllib.parse import unquote_plus

import orjson
from flask import Response, g, request

from dafab_kg.catalogue import Catalogue
from dafab_kg.dids.documents import MOST_DIDS
from dafab_kg.dids.names import ASSETS, Did, Scopes
from dafab_kg.federation.behind import FILL_SECONDS, Behind, Bounds, Reply, failed
from dafab_kg.model.errors import NotServed, ThingNotFound
from dafab_kg.model.settings import Settings
from dafab_kg.web.gate import Caller
from dafab_kg.web.rucio_answers import (
    answer,
    not_understood,
    stream,
    unauthenticated,
)
from dafab_kg.web.rucio_dids import (
    by_columns,
    file_line,
    filter_of_listing,
    is_answered_here,
    listed_line,
    member_lines,
    most_listed,
    named,
    replica_line,
    told,
)
from dafab_kg.web.rucio_metadata import find_all
from dafab_kg.web.rucio_passing import Accounts, headers_sent, lines_of, passed_on
from dafab_kg.web.rucio_requests import (
    LOGIN,
    PREFIX,
    body_of,
    credentials,
    names_in_path,
    pairs_of,
    path_sent,
)
from dafab_kg.web.rucio_ways import Row, Way, row_of

Pair = tuple[str, str]
MOST_FILES: Final = 20_000
"""Most files of which replicas are asked for at a time."""
MOST_SEEN: Final = 1_000_000
"""Most names that are compared to put two listings together."""
MOST_VALUE: Final = 1024 * 1024
"""Most bytes of a single value."""
_OURS: Final = re.compile(r"dafab_[A-Za-z0-9_-]{40,}")
"""What a token of this catalogue looks like (``access/tokens.py``)."""


def logs_in_here(settings: Settings) -> bool:
    """Tell whether the request logs in as this catalogue's guest, or by a token of it."""
    if request.path != PREFIX + LOGIN:
        return False
    account, username, password = credentials()
    guest = bool(settings.guest) and account == username == settings.guest
    return guest or bool(_OURS.fullmatch(password))


class Front:
    """Stands before the requests of a Rucio's sessions."""

    def __init__(self, catalogue: Catalogue, settings: Settings) -> None:
        self._catalogue, self._settings = catalogue, settings
        self._scopes = Scopes(settings.did_scope, settings.did_scopes).names()
        at_once = max(1, settings.http_threads // 2)  # the others go on with what is ours
        bounds = Bounds(settings.rucio_seconds, settings.answer_bytes, at_once)
        self._behind = Behind(settings.rucio_url, bounds)
        self._accounts = Accounts(self._behind)
        self._doing: dict[Way, Callable[[Row], Response | None]] = {
            "here": lambda _: None,
            "there": lambda _: self._pass(),
            "known": self._known_here,
            "joined": self._join,
            "told": self._tell,
            "made": self._make,
            "placed": self._place,
            "scopes": self._list_scopes,
            "listed": self._list,
            "replicas": self._list_replicas,
        }

    def answer(self, token: str) -> Response | None:
        """Answer a request, or return None: it is answered from the graph.

        Raises:
            Refused: there is no token, or it is not good for this.
            NotServed: the Rucio does not answer.
        """
        path = path_sent().partition(PREFIX)[2]
        if any(unquote_plus(part) in (".", "..") for part in path.split("/")):
            raise not_understood("A part of the path is . or .., which leads elsewhere")
        row = row_of(request.method, path)
        if not token and row.path not in ("ping", "auth/*"):
            raise unauthenticated("Token must be set. Log in at auth/userpass")
        self._admit(token, row)
        return self._doing[row.way](row)

    def _admit(self, token: str, row: Row) -> None:
        """Find out who asks, where it matters, and let them send as much as they may."""
        g.caller = Caller()
        shows = row.way != "there" and row.path != "ping"
        large = (request.content_length or 0) > (request.max_content_length or 0)
        if not (row.writes or (shows and self._settings.read_closed) or (large and token)):
            return
        account = self._accounts.of(token)
        writes = account in self._settings.rucio_writers
        g.caller = Caller(account, frozenset({"read", "write"} if writes else {"read"}))
        if writes or row.way == "there":
            request.max_content_length = self._settings.write_bytes

    # passing on

    def _ask(self, body: bytes | None = None, *, seconds: float | None = None) -> Reply:
        query = request.query_string.decode("latin-1")
        target = path_sent().partition(PREFIX)[2] + (f"?{query}" if query else "")
        data = request.get_data(cache=True) if body is None else body
        return self._behind.ask(request.method, target, headers_sent(), data, seconds=seconds)

    def _pass(self, body: bytes | None = None) -> Response:
        return passed_on(self._ask(body), self._behind)

    # one or the other

    def _did(self, pair: Pair) -> Did | None:
        """Return a data identifier that the graph knows, in a scope that is ours."""
        if pair[0] not in self._scopes:
            return None
        try:
            return self._catalogue.did(*pair)
        except ThingNotFound:
            return None

    def _known_here(self, _: Row) -> Response | None:
        return None if self._did(names_in_path("/dids/")) else self._pass()

    def _join(self, _: Row) -> Response | None:
        """Attach or detach: to what the graph knows here, but files to data sets, for files are
        Rucio's; it is given the data set of an item's assets when it is first needed."""
        scope, name = names_in_path("/dids/")
        did = self._did((scope, name))
        if did is not None and did.type == "CONTAINER":
            return None
        reply = self._ask()
        if did is None or did.type != "DATASET" or (request.method, reply.status) != ("POST", 404):
            return passed_on(reply, self._behind)
        place = path_sent().partition(PREFIX)[2].rstrip("/").removesuffix("/dids")
        there = self._behind.ask("GET", place, headers_sent())
        there.close()
        if there.status == 404:
            reply.close()
            new = self._behind.ask("POST", place, headers_sent(), b'{"type": "DATASET"}')
            if new.status not in (201, 409):
                return passed_on(new, self._behind)
            new.close()
            reply = self._ask()
        return passed_on(reply, self._behind)

    def _make(self, _: Row) -> Response | None:
        scope, name = names_in_path("/dids/")
        if scope in self._scopes:
            kind = body_of().get("type")
            if kind == "CONTAINER" or (kind == "DATASET" and name.endswith(ASSETS)):
                return None
        return self._pass()

    def _place(self, _: Row) -> Response | None:
        parents = set(pairs_of(body_of().get("attachments"), most=MOST_DIDS))
        here = [pair for pair in parents if self._did(pair)]
        if here and len(here) < len(parents):
            raise not_understood(
                "Some of these data identifiers are this catalogue's, others are Rucio's. "
                "Attach to them in two requests"
            )
        return None if here else self._pass()

    # both

    def _tell(self, row: Row) -> Response | None:
        """Tell of a data identifier; of files and data sets Rucio may know more."""
        pair = names_in_path("/dids/")
        did = self._did(pair)
        if did is None:
            return self._pass()
        if did.type == "CONTAINER":
            return None
        reply = self._added()
        if reply is None:
            return None
        what = row.path.rpartition("}")[2].strip("/")
        if what == "dids":
            return _streamed(reply, _both(member_lines(self._catalogue, *pair), reply))
        if what == "files":
            files = (orjson.dumps(file_line(one)) for one in self._catalogue.did_files(*pair))
            return _streamed(reply, _both(files, reply))
        try:
            value = orjson.loads(reply.text(MOST_VALUE))
        except (NotServed, orjson.JSONDecodeError):
            return None
        if not isinstance(value, dict):
            return None
        if did.type not in (value.get("type"), value.get("did_type")):
            return None
        ours = told(did) | ({"did_type": did.type} if what == "meta" else {})
        return answer(ours | {key: one for key, one in value.items() if one is not None})

    def _added(self) -> Reply | None:
        """Return what Rucio says of what the graph knows, too; None: nothing, or it is down."""
        if self._behind.rests:
            return None
        try:
            reply = self._ask(seconds=min(FILL_SECONDS, self._settings.rucio_seconds))
        except NotServed:
            return None
        if reply.status != 200:
            reply.close()
            return None
        return reply

    def _list_scopes(self, _: Row) -> Response | None:
        reply = self._ask()
        if reply.status != 200 or request.method == "HEAD":
            return passed_on(reply, self._behind)
        try:
            theirs = orjson.loads(reply.text(self._settings.answer_bytes))
        except orjson.JSONDecodeError as error:
            raise failed("answers with what is no JSON") from error
        names = [one for one in theirs if isinstance(one, str)] if isinstance(theirs, list) else []
        return answer(list(dict.fromkeys([*self._scopes, *names])))

    def _list(self, _: Row) -> Response | None:
        scope = names_in_path("/dids/")[0]
        if scope not in self._scopes:
            return self._pass()
        asked, most = filter_of_listing(), most_listed()
        if not is_answered_here(asked):
            return self._pass()
        ours = (listed_line(one) for one in find_all(self._catalogue, scope, asked))
        if not by_columns(asked):  # the Rucio knows no more of ours than we do
            return _alone(ours, most)
        reply = self._ask()
        if reply.status not in (200, 404):
            return passed_on(reply, self._behind)
        lines = _both(ours, reply) if reply.status == 200 else ours
        return _streamed(reply, islice(lines, most))

    def _list_replicas(self, _: Row) -> Response | None:
        body = body_of()
        pairs = pairs_of(body.get("dids"))
        files = list(
            islice(
                chain.from_iterable(
                    self._catalogue.did_files(*pair) for pair in pairs if self._did(pair)
                ),
                MOST_FILES + 1,
            )
        )
        if len(files) > MOST_FILES:
            raise not_understood(f"There are more than {MOST_FILES} files. Ask for less")
        known = set(pairs)
        more = [named(one) for one in files if (one.scope, one.name) not in known]
        asked = orjson.dumps({**body, "dids": [*body["dids"], *more]})
        reply = self._ask(asked)
        kind = str(reply.headers.get("Content-Type"))
        if reply.status != 200 or not files or "json" not in kind:
            return passed_on(reply, self._behind)
        ours = (orjson.dumps(replica_line(one)) for one in files)
        return _streamed(reply, _after(ours, lines_of(reply)))


def _streamed(reply: Reply, lines: Iterable[bytes]) -> Response:
    """Answer lines for which an answer is read; that is closed with them."""

    def closing() -> Iterator[bytes]:
        try:
            yield from lines
        finally:
            reply.close()

    response = stream(closing())
    response.call_on_close(reply.close)
    response.headers["Cache-Control"] = "private, no-store"
    return response


def _alone(lines: Iterable[bytes], most: int | None) -> Response:
    response = stream(islice(lines, most))
    response.headers["Cache-Control"] = "private, no-store"
    return response


def _both(ours: Iterable[bytes], reply: Reply) -> Iterator[bytes]:
    """Yield the lines of ours, then those of Rucio that are of others."""
    return _after(lines_of(reply), ours)


def _after(later: Iterable[bytes], first: Iterable[bytes]) -> Iterator[bytes]:
    """Yield some lines, then those of others that are not of the same."""
    seen: set[Any] = set()
    for line in first:
        seen.add(_key(line))
        if len(seen) > MOST_SEEN:
            raise NotServed(f"There are more than {MOST_SEEN} lines to put together")
        yield line
    for line in later:
        if _key(line) not in seen:
            yield line


def _key(line: bytes) -> Any:
    """Return what a line is of: a name, or a scope and a name."""
    try:
        value = orjson.loads(line)
    except orjson.JSONDecodeError:
        return line
    if isinstance(value, dict):
        return str(value.get("scope")), str(value.get("name"))
    return str(value)
