"""The face that the DaFab catalogue's own client knows: Rucio's REST at ``/rucio``.

What it sends is told by dafab-client 4.0.0, which runs against this as it is
(``docs/dafab-client.md``).  Reading is public; the client logs in all the same.  Writing
(``rucio_writes.py``) wants a token.
"""

from __future__ import annotations

from typing import Any, Final

import orjson
from flask import Blueprint, Response, g, request
from flask.blueprints import BlueprintSetupState
from werkzeug.routing import PathConverter

from dafab_kg import __version__
from dafab_kg.access.tokens import Tokens
from dafab_kg.catalogue import Catalogue
from dafab_kg.dids.names import Scopes
from dafab_kg.model.errors import ThingNotFound
from dafab_kg.model.settings import Settings
from dafab_kg.search.rucio_filter import TYPES
from dafab_kg.web.described import Operation, Parameter, described
from dafab_kg.web.gate import Caller, caller
from dafab_kg.web.rucio_answers import (
    OBJECT,
    STREAM,
    Refused,
    answer,
    answer_errors,
    stream,
    unauthenticated,
    unsupported,
)
from dafab_kg.web.rucio_dids import (
    are_odd,
    file_line,
    filter_of_listing,
    listed_line,
    member_lines,
    most_listed,
    named,
    named_line,
    replica_line,
    size_of,
    told,
)
from dafab_kg.web.rucio_front import Front, logs_in_here
from dafab_kg.web.rucio_metadata import add_metadata, find_all
from dafab_kg.web.rucio_names import read_names_of
from dafab_kg.web.rucio_requests import (
    LOGIN,
    PREFIX,
    body_of,
    credentials,
    filter_of,
    flag_of,
    names_in_path,
    pairs_of,
    paths_of,
    search_of,
)
from dafab_kg.web.rucio_sessions import Sessions, is_session
from dafab_kg.web.rucio_writes import add_writes
from dafab_kg.web.stac_writes import root

_OPEN: Final = frozenset({f"{PREFIX}/ping", PREFIX + LOGIN})
"""What is answered without a token."""
_ANY: Final = ["GET", "POST", "PUT", "PATCH", "DELETE"]
_TOKEN: Final = Parameter("X-Rucio-Auth-Token", "A token of a session.", place="header")
BINARY: Final = "application/octet-stream"
"""What Rucio calls the empty answer to a login."""
_BODY: Final = {OBJECT: {"type": "object"}}
_NOT_DONE: Final = Operation(
    "What is Rucio's own: passed on to the one behind this server, where there is one",
    {200: (OBJECT, STREAM), 201: (OBJECT, "text/html"), 303: ("text/html",)},
    (400, 401, 403, 404, 409, 503),
    (_TOKEN,),
    errors=(OBJECT,),
)


def _read(summary: str, kind: str = OBJECT, *problems: int) -> Operation:
    return Operation(summary, {200: (kind,)}, (401, *problems), (_TOKEN,), errors=(OBJECT,))


def _posted(summary: str, kind: str, *problems: int) -> Operation:
    more = (400, 401, *problems)
    return Operation(summary, {200: (kind,)}, more, (_TOKEN,), _BODY, errors=(OBJECT,))


def rucio_face(catalogue: Catalogue, settings: Settings) -> Blueprint:
    """Return ``/rucio`` and what is below it."""
    face = Blueprint("rucio", __name__, url_prefix=PREFIX)
    sessions = Sessions(settings, Tokens(settings.store))
    answer_errors(face)

    front = Front(catalogue, settings) if settings.rucio_url else None

    @face.before_request
    def look() -> Response | None:
        read_names_of(catalogue)
        sent = request.headers.get("X-Rucio-Auth-Token", "")
        if front is not None and not is_session(sent) and not logs_in_here(settings):
            return front.answer(sent)
        if request.path in _OPEN:
            return None
        if not sent:
            raise unauthenticated("Token must be set. Log in at auth/userpass")
        g.caller = sessions.caller(sent)
        return None

    _accounts(face, settings, sessions)
    _reading(face, catalogue)
    _searching(face, catalogue, settings)
    _storage(face, catalogue)
    add_writes(face, catalogue, settings)
    add_metadata(face, catalogue, settings)

    face.record_once(_with_lines)

    @face.route("/<lines:rest>", methods=_ANY)
    @described(**dict.fromkeys(_ANY, _NOT_DONE))
    def others(rest: str) -> Response:
        raise unsupported(
            f"{request.method} /{rest[:80]} is not done here: this catalogue holds descriptions, "
            "no storage"
        )

    return face


class _Lines(PathConverter):
    """A path that may hold line breaks, which would else be another face's 404."""

    regex = r"[^/](?:.|\n)*?"


def _with_lines(state: BlueprintSetupState) -> None:
    state.app.url_map.converters.setdefault("lines", _Lines)


def _accounts(face: Blueprint, settings: Settings, sessions: Sessions) -> None:
    scopes_here = Scopes(settings.did_scope, settings.did_scopes)

    @face.get("/ping")
    @described(
        GET=Operation("Whether the server is there, as Rucio's", {200: (OBJECT,)}, errors=(OBJECT,))
    )
    def ping() -> Response:
        return answer({"version": f"dafab-kg-{__version__}"})

    @face.get("/auth/userpass")
    @described(
        GET=Operation(
            "Log in: a session for a token, or as guest",
            {200: (BINARY,)},
            (401,),
            tuple(
                Parameter(f"X-Rucio-{name}", words, place="header")
                for name, words in (
                    ("Account", "The name of a token, or the guest's."),
                    ("Username", "The same."),
                    ("Password", "The token."),
                )
            ),
            errors=(OBJECT,),
        )
    )
    def login() -> Response:
        session = sessions.open(*credentials())
        response = Response(b"", content_type=BINARY)
        response.headers["X-Rucio-Auth-Token"] = session.token
        response.headers["X-Rucio-Auth-Token-Expires"] = session.ends
        response.headers["X-Rucio-Auth-Account"] = session.account
        response.headers["Cache-Control"] = "no-store"
        return response

    @face.get("/accounts/")
    @described(GET=_read("The account that asks", STREAM))
    def accounts() -> Response:
        shown = {name: _account(caller())[name] for name in ("account", "type", "email")}
        return stream([orjson.dumps(shown)])

    @face.get("/accounts/<account>")
    @described(GET=_read("An account: one's own, or whoami", OBJECT, 404))
    def account(account: str) -> Response:
        who = caller()
        if account not in ("whoami", who.name):
            raise Refused(404, "AccountNotFound", f"There is no account {account[:80]} to see")
        return answer(_account(who))

    @face.get("/accounts/<account>/scopes/")
    @described(GET=_read("The scopes that an account writes in", OBJECT, 404))
    def scopes_of(account: str) -> Response:
        who = caller()
        if account != who.name or "write" not in who.scopes:
            raise Refused(404, "ScopeNotFound", f"The account {account[:80]} owns no scope here")
        return answer(scopes_here.names())

    @face.get("/scopes/")
    @described(GET=_read("All scopes"))
    def scopes() -> Response:
        return answer(scopes_here.names())


def _account(who: Caller) -> dict[str, Any]:
    return {
        "account": who.name,
        "type": "USER",
        "email": None,
        "status": "ACTIVE",
        "created_at": None,
        "updated_at": None,
        "deleted_at": None,
        "suspended_at": None,
    }


def _reading(face: Blueprint, catalogue: Catalogue) -> None:
    @face.get("/dids/<scope>/<path:name>")
    @described(GET=_read("A data identifier", OBJECT, 404))
    def did(scope: str, name: str) -> Response:
        return answer(told(catalogue.did(*names_in_path("/dids/"))))

    @face.get("/dids/<scope>/<path:name>/dids")
    @described(GET=_read("What is directly below a data identifier", STREAM, 404))
    def members(scope: str, name: str) -> Response:
        return stream(member_lines(catalogue, *names_in_path("/dids/")))

    @face.get("/dids/<scope>/<path:name>/parents")
    @described(GET=_read("What a data identifier is directly below", STREAM))
    def parents(scope: str, name: str) -> Response:
        try:
            found = catalogue.did_parents(*names_in_path("/dids/"))
        except ThingNotFound:  # Rucio, too, knows no parents of what is not there
            found = ()
        return stream(orjson.dumps({**named(one), "type": one.type}) for one in found)

    @face.get("/dids/<scope>/<path:name>/files")
    @described(GET=_read("The files below a data identifier", STREAM, 400, 404))
    def files(scope: str, name: str) -> Response:
        found = catalogue.did_files(*names_in_path("/dids/"))
        return stream(orjson.dumps(file_line(one)) for one in found)


def _searching(face: Blueprint, catalogue: Catalogue, settings: Settings) -> None:
    @face.get("/dids/<scope>/dids/search")
    @described(
        GET=Operation(
            "The data identifiers of a scope that fulfil filters of Rucio's",
            {200: (STREAM,)},
            (400, 401, 404),
            (
                _TOKEN,
                Parameter("filters", "Groups of conditions, of which one must hold; or text."),
                Parameter("type", "Types.", {"type": "string", "enum": [*TYPES]}),
                Parameter("ignore_case", "Whether texts are compared so: True."),
                Parameter("long", "More than names: True."),
                Parameter("limit", "Most that are listed.", {"type": "integer", "minimum": 1}),
            ),
            errors=(OBJECT,),
        )
    )
    def listing(scope: str) -> Response:
        asked, most = filter_of_listing(), most_listed()
        try:
            found = find_all(catalogue, names_in_path("/dids/")[0], asked, most)
            return stream(listed_line(one) for one in found)
        except ThingNotFound as error:
            raise Refused(404, "ScopeNotFound", str(error)) from error

    @face.post("/dids/<scope>/dids/search")
    @described(POST=_posted("Search the data identifiers of a scope", OBJECT, 404))
    def search(scope: str) -> Response:
        asked, sized = search_of(names_in_path("/dids/")[0])
        try:
            page = catalogue.find_dids(asked)
        except ThingNotFound as error:
            raise Refused(404, "ScopeNotFound", str(error)) from error
        rows = [
            {**named(one), "did_type": one.type, **(size_of(one) if sized else {})}
            for one in page.dids
        ]
        counted = {}
        if page.count is not None:
            counted = {"count": {"value": page.count[0], "exact": page.count[1]}}
        return answer({"dids": rows, "next_cursor": page.cursor, **counted})

    @face.post("/stac_filter")
    @described(
        POST=Operation(
            "Documents that fulfil a filter",
            {200: (OBJECT,)},
            (400, 401, 404),
            (
                _TOKEN,
                Parameter("limit", "Most of a page.", {"type": "integer", "maximum": 100}),
                Parameter("cursor", "Where a page begins."),
            ),
            _BODY,
            errors=(OBJECT,),
        )
    )
    def stac_filter() -> Response:
        try:
            page = catalogue.find_did_documents(filter_of(settings.did_scope), root())
        except ThingNotFound as error:
            raise Refused(404, "ScopeNotFound", str(error)) from error
        body = b'{"items":[%b],"nextCursor":%b}' % (
            b",".join(page.documents),
            orjson.dumps(page.cursor),
        )
        return Response(body, content_type=OBJECT)

    @face.post("/dids/bulkmetadoc")
    @described(POST=_posted("Documents of data identifiers, whole or in part", STREAM, 404))
    def documents() -> Response:
        body = body_of()
        inherit = flag_of(body, "inherit")
        if flag_of(body, "archived"):
            raise unsupported("Documents of what was deleted are not kept here")
        pairs, paths = pairs_of(body.get("dids")), paths_of(body.get("paths"))
        lines = catalogue.did_documents(pairs, paths, root(), inherit=inherit)
        return stream(map(named_line, lines) if inherit or are_odd(pairs) else lines)


def _storage(face: Blueprint, catalogue: Catalogue) -> None:
    @face.post("/replicas/list")
    @described(POST=_posted("Files with their replicas, of which none is known here", STREAM, 404))
    def replicas() -> Response:
        pairs = pairs_of(body_of().get("dids"))
        every = (one for pair in pairs for one in catalogue.did_files(*pair))
        return stream(orjson.dumps(replica_line(one)) for one in every)

    @face.get("/rses/")
    @described(GET=_read("Storage elements, of which none is known here", STREAM))
    def storages() -> Response:
        return stream([])

    @face.get("/rses/<path:name>")
    @described(GET=_read("A storage element", OBJECT, 404))
    def storage(name: str) -> Response:
        raise Refused(404, "RSENotFound", f"There is no storage element {name[:80]} here")
