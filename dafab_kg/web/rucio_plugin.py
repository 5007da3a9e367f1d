"""What the metadata plugin of a Rucio server asks (``deploy/rucio-plugin``): five requests.

Names of data identifiers are written as Rucio takes them (:mod:`dafab_kg.model.did_names`).
The plugin's token reads, and if metadata are to be written through it, writes.
"""

from __future__ import annotations

from functools import partial
from typing import Any, Final

import orjson
from flask import Blueprint, Response, request

from dafab_kg.catalogue import Catalogue
from dafab_kg.dids.finding import Pair
from dafab_kg.dids.metadata import managed
from dafab_kg.dids.names import Scopes
from dafab_kg.model.did_names import encode_did_name
from dafab_kg.model.errors import QueryNotValid, ThingNotFound
from dafab_kg.model.settings import Settings
from dafab_kg.search.rucio_filter import TYPES, RucioFilter
from dafab_kg.search.rucio_text import read_groups
from dafab_kg.web.described import JSON, Operation, described
from dafab_kg.web.gate import admit_writers, require
from dafab_kg.web.problems import Problem
from dafab_kg.web.rucio_answers import Refused
from dafab_kg.web.rucio_metadata import delete_value, find_names, set_values
from dafab_kg.web.rucio_names import Decoded, reader_of, renamed

PREFIX: Final = "/rucio-plugin"
VERSION: Final = 1
"""Of these requests; the plugin refuses another."""
MOST_NAMES: Final = 100_000
"""Most names of an answer."""
MOST_ASKED: Final = 1_000
"""Most data identifiers that a request names."""
_TEXT: Final = {"type": "string"}
_PAIR: Final = {"type": "object", "properties": {"scope": _TEXT, "name": _TEXT}}
_CHANGE: Final = {
    "type": "object",
    "properties": {"scope": _TEXT, "name": _TEXT, "meta": {"type": "object"}},
}
_DIDS: Final = {"type": "array", "maxItems": MOST_ASKED, "items": _PAIR}


def _operation(
    summary: str, scope: str, members: dict[str, Any], *wanted: str, problems: tuple[int, ...] = ()
) -> Operation:
    body = {"type": "object", "properties": {"vo": _TEXT, **members}, "required": [*wanted]}
    more = (400, 401, 403, *problems)
    return Operation(summary, {200: (JSON,)}, more, (), {JSON: body}, scope)


def plugin_face(catalogue: Catalogue, settings: Settings) -> Blueprint:
    """Return ``/rucio-plugin`` and what is below it."""
    face = Blueprint("rucio_plugin", __name__, url_prefix=PREFIX)
    scopes = Scopes(settings.did_scope, settings.did_scopes).names()
    face.before_request(partial(admit_writers, settings))

    decoded = reader_of(catalogue)

    def ours(vo: str, scope: str) -> bool:
        return vo == settings.did_vo and scope in scopes

    @face.get("/keys")
    @described(
        GET=Operation(
            "The keys of metadata that are managed here", {200: (JSON,)}, (401, 403), scope="read"
        )
    )
    def keys() -> Response:
        require("read")
        here = {"version": VERSION, "vo": settings.did_vo, "scopes": scopes}
        return _answer({**here, **managed()})

    @face.post("/list")
    @described(
        POST=_operation(
            "The data identifiers of a scope that fulfil a filter of Rucio's",
            "read",
            {
                "scope": _TEXT,
                "filters": {"type": ["array", "object", "string"]},
                "did_type": {"type": "string", "enum": [*TYPES]},
                "limit": {"type": ["integer", "null"], "minimum": 1},
                "ignore_case": {"type": "boolean"},
                "names": {"type": ["array", "null"], "maxItems": MOST_ASKED, "items": _TEXT},
            },
            "scope",
            "filters",
        )
    )
    def listing() -> Response:
        require("read")
        body = _body()
        vo, scope = _text(body, "vo", settings.did_vo), _text(body, "scope")
        asked, limit = _asked(body, decoded), _limit(body.get("limit"))
        if not ours(vo, scope):
            return _answer({"names": [], "more": False})
        most = min(limit or MOST_NAMES, MOST_NAMES)
        try:
            found = list(find_names(catalogue, scope, asked, most + 1))
        except Refused as error:
            raise QueryNotValid(error.message) from error
        names = list(dict.fromkeys(map(encode_did_name, found)))
        return _answer({"names": names[:most], "more": len(names) > most})

    @face.post("/get")
    @described(POST=_operation("Metadata of data identifiers", "read", {"dids": _DIDS}, "dids"))
    def get() -> Response:
        require("read")
        body = _body()
        vo, pairs = _text(body, "vo", settings.did_vo), [_pair(one, decoded) for one in _dids(body)]
        known = [pair for pair in pairs if ours(vo, pair[0])]
        found = catalogue.did_metadata(known) if known else {}
        return _answer({"metadata": [found.get(pair, {}) for pair in pairs]})

    @face.post("/set")
    @described(
        POST=_operation(
            "Set metadata of data identifiers: all, or none",
            "write",
            {"dids": {**_DIDS, "items": _CHANGE}},
            "dids",
            problems=(404, 409, 412, 503),
        )
    )
    def change() -> Response:
        require("write")
        body = _body()
        vo, changes = _text(body, "vo", settings.did_vo), []
        for number, one in enumerate(_dids(body)):
            pair, meta = _pair(one, decoded), one.get("meta")
            if not isinstance(meta, dict):
                raise QueryNotValid(f"dids/{number}/meta is an object of keys and values")
            _check(ours, vo, pair)
            changes.append((pair, meta))
        try:
            set_values(catalogue, settings, changes)
        except Refused as error:
            raise _problem(error) from error
        return _answer({"set": len(changes)})

    @face.post("/delete")
    @described(
        POST=_operation(
            "Delete a key of the metadata of a data identifier",
            "write",
            {"scope": _TEXT, "name": _TEXT, "key": _TEXT},
            "scope",
            "name",
            "key",
            problems=(404, 409, 412, 503),
        )
    )
    def delete() -> Response:
        require("write")
        body = _body()
        vo, pair, key = _text(body, "vo", settings.did_vo), _pair(body, decoded), _text(body, "key")
        _check(ours, vo, pair)
        try:
            delete_value(catalogue, settings, pair, key)
        except Refused as error:
            raise _problem(error) from error
        return _answer({})

    return face


def _answer(value: Any) -> Response:
    return Response(orjson.dumps(value), content_type=JSON)


def _body() -> dict[str, Any]:
    try:
        value = orjson.loads(request.get_data(cache=True))
    except orjson.JSONDecodeError as error:
        raise QueryNotValid("The body is no JSON") from error
    if not isinstance(value, dict):
        raise QueryNotValid("The body is no object of JSON")
    return value


def _text(body: dict[str, Any], name: str, default: str | None = None) -> str:
    found = body.get(name, default)
    if not isinstance(found, str) or not found:
        raise QueryNotValid(f"{name} is a text that is not empty")
    return found


def _limit(value: Any) -> int | None:
    if value is None:
        return None
    if not isinstance(value, int) or isinstance(value, bool) or value < 1:
        raise QueryNotValid("limit is a number from 1")
    return value


def _dids(body: dict[str, Any]) -> list[dict[str, Any]]:
    found = body.get("dids")
    if not isinstance(found, list) or not all(isinstance(one, dict) for one in found):
        raise QueryNotValid("dids is a list of objects with scope and name")
    if not 1 <= len(found) <= MOST_ASKED:
        raise QueryNotValid(f"dids names 1 to {MOST_ASKED} data identifiers, not {len(found)}")
    return found


def _pair(one: dict[str, Any], decoded: Decoded) -> Pair:
    return _text(one, "scope"), decoded(_text(one, "name"))


def _asked(body: dict[str, Any], decoded: Decoded) -> RucioFilter:
    """Return what is asked: items whatever type Rucio has for them, files where these are."""
    kind = body.get("did_type", "collection")
    if kind not in TYPES:
        raise QueryNotValid(f"did_type is one of {', '.join(TYPES)}")
    kinds = ("CONTAINER", "FILE") if "FILE" in TYPES[kind] else ("CONTAINER",)
    names, folded = body.get("names"), body.get("ignore_case", False)
    if not isinstance(folded, bool):
        raise QueryNotValid("ignore_case is true or false")
    if names is not None:
        right = isinstance(names, list) and all(isinstance(one, str) for one in names)
        if not right or len(names) > MOST_ASKED:
            raise QueryNotValid(f"names is a list of at most {MOST_ASKED} texts")
        names = tuple(map(decoded, names))
    groups = renamed(read_groups(body.get("filters")), decoded)
    return RucioFilter(groups, kinds, folded, names)


def _check(ours: Any, vo: str, pair: Pair) -> None:
    if not ours(vo, pair[0]):
        raise ThingNotFound(
            f"The scope {pair[0][:80]} of the VO {vo[:10]} is none of this catalogue's. Metadata "
            "are kept of its items: harvest or load their documents first"
        )


def _problem(error: Refused) -> Problem:
    return Problem(error.status, "The metadata cannot be written", error.message)
