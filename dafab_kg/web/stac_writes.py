"""Writing through the STAC API: the Transaction extension, for items and for collections.

STAC API, Transaction extension 1.0.0-rc.3; OGC API Features, part 4 (20-002).
What one creates is answered; PUT and PATCH answer so if asked (RFC 7240, ``Prefer``).
Preconditions (RFC 9110, section 13) are compared with the content of an item, not with links
that change with other items.
"""

from __future__ import annotations

import zlib
from functools import partial
from typing import Any, Final
from urllib.parse import quote

from flask import Blueprint, Response, request, url_for

from dafab_kg.catalogue import Catalogue
from dafab_kg.federation.pages import elements
from dafab_kg.model.errors import DocumentRejected
from dafab_kg.model.settings import Settings
from dafab_kg.model.strict_json import read_json
from dafab_kg.search.links import GEOJSON, address_of
from dafab_kg.web.described import JSON, Operation, Parameter, Schema, described
from dafab_kg.web.gate import admit_writers, caller, request_id, require
from dafab_kg.web.metering import stage
from dafab_kg.web.problems import Problem

MERGE_PATCH: Final = "application/merge-patch+json"
MOST_AT_ONCE: Final = 5_000
"""Most items that one request creates."""
IF_NONE_MATCH: Final = Parameter("If-None-Match", "ETags (RFC 9110).", place="header")
_TAGS: Final = (
    Parameter("If-Match", "ETags (RFC 9110).", place="header"),
    IF_NONE_MATCH,
    Parameter(
        "Prefer",
        "return=representation answers with what was written, return=minimal without (RFC 7240).",
        place="header",
    ),
)
_OBJECT: Final[Schema] = {"type": "object", "required": ["id"]}
_ITEM: Final[dict[str, Schema]] = {JSON: _OBJECT, GEOJSON: _OBJECT}
_PATCH: Final[dict[str, Schema]] = {MERGE_PATCH: {"type": "object"}, JSON: {"type": "object"}}
_PROBLEMS: Final = (409, 412, 422)


def add_writes(face: Blueprint, catalogue: Catalogue, settings: Settings) -> None:
    """Add the methods that write to the STAC API's face."""

    face.before_request(partial(admit_writers, settings))

    @face.post("/collections")
    @described(
        POST=Operation(
            "Create a collection",
            {201: (JSON,)},
            _PROBLEMS,
            _TAGS[2:],
            {JSON: _OBJECT},
            "write",
        )
    )
    def create_collection() -> Response:
        data = _body(JSON)
        name = _id_of(_parsed(data))
        _written(lambda given: catalogue.put_collection(name, data, mode="create", **given))
        place = f"{root()}/collections/{quote(name, safe='')}"
        whole = _whole(else_=True)
        return _created(catalogue.collection_with_tag(name, root()) if whole else None, place)

    @face.route("/collections/<path:collection>", methods=["PUT", "PATCH", "DELETE"])
    @described(
        PUT=Operation(
            "Replace a collection", {200: (JSON,), 204: ()}, _PROBLEMS, _TAGS,
            {JSON: {"type": "object"}}, "write",
        ),
        PATCH=Operation(
            "Change members of a collection", {200: (JSON,), 204: ()}, _PROBLEMS, _TAGS,
            _PATCH, "write",
        ),
        DELETE=Operation(
            "Delete a collection without items", {204: ()}, _PROBLEMS, _TAGS[:1], {}, "write"
        ),
    )  # fmt: skip
    def change_collection(collection: str) -> Response:
        if request.method == "DELETE":
            _written(lambda given: catalogue.delete_collection(collection, **given))
            return _empty(204)
        if request.method == "PATCH":
            patch = _body(MERGE_PATCH, JSON)
            _written(lambda given: catalogue.patch_collection(collection, patch, **given))
        else:
            data = _body(JSON)
            _written(
                lambda given: catalogue.put_collection(collection, data, mode="replace", **given)
            )
        return _changed(catalogue.collection_with_tag(collection, root()) if _whole() else None)

    @face.post("/collections/<path:collection>/items")
    @described(
        POST=Operation(
            "Create an item, or those of a FeatureCollection",
            {201: (GEOJSON,)},
            _PROBLEMS,
            _TAGS[2:],
            _ITEM,
            "write",
        )
    )
    def create_items(collection: str) -> Response:
        data = _body(JSON, GEOJSON)
        value = _parsed(data)
        if value.get("type") == "FeatureCollection":
            items = _features(data)
            if items:
                _written(
                    lambda given: catalogue.put_items(collection, items, mode="create", **given)
                )
            return _empty(201)
        item_id = _id_of(value)
        _written(lambda given: catalogue.put_items(collection, [data], mode="create", **given))
        place = address_of(root(), collection, item_id)
        whole = _whole(else_=True)
        found = catalogue.item_with_tag(collection, item_id, root()) if whole else None
        return _created(found, place, GEOJSON)

    @face.route(
        "/collections/<path:collection>/items/<path:item>", methods=["PUT", "PATCH", "DELETE"]
    )
    @described(
        PUT=Operation(
            "Replace an item", {200: (GEOJSON,), 204: ()}, _PROBLEMS, _TAGS,
            {JSON: {"type": "object"}, GEOJSON: {"type": "object"}}, "write",
        ),
        PATCH=Operation(
            "Change members of an item", {200: (GEOJSON,), 204: ()}, _PROBLEMS, _TAGS,
            _PATCH, "write",
        ),
        DELETE=Operation("Delete an item", {204: ()}, _PROBLEMS, _TAGS[:1], {}, "write"),
    )  # fmt: skip
    def change_item(collection: str, item: str) -> Response:
        if request.method == "DELETE":
            _written(lambda given: catalogue.delete_item(collection, item, **given))
            return _empty(204)
        if request.method == "PATCH":
            patch = _body(MERGE_PATCH, JSON)
            _written(lambda given: catalogue.patch_item(collection, item, patch, **given))
        else:
            data = _body(JSON, GEOJSON)
            _written(
                lambda given: catalogue.put_items(
                    collection, [data], mode="replace", item_id=item, **given
                )
            )
        found = catalogue.item_with_tag(collection, item, root()) if _whole() else None
        return _changed(found, GEOJSON)


def root() -> str:
    """Return the address of the STAC API, as it was asked."""
    return url_for("stac.landing", _external=True)


def tagged(data: bytes, tag: str, content_type: str) -> Response:
    """Answer with an object whose ETag names its content, and then how it is shown."""
    response = Response(data, content_type=content_type)
    response.set_etag(f"{tag or 'made'}-{zlib.crc32(data):08x}")
    if request.method in ("GET", "HEAD"):
        response.make_conditional(request)
    return response


def _written(do: Any) -> None:
    """Do a write on behalf of who asks, by this request."""
    require("write")
    with stage("write"):
        do({**on_behalf(), **_preconditions()})


def on_behalf() -> dict[str, Any]:
    """Return who writes, by which request, and the address of the API."""
    origin = f"{request.method} {quote(request.path)[:200]}, request {request_id()}"
    return {"agent": caller().name, "origin": origin, "root": root()}


def _preconditions() -> dict[str, tuple[str, ...]]:
    found: dict[str, tuple[str, ...]] = {}
    for header, name in (("If-Match", "if_match"), ("If-None-Match", "if_none_match")):
        value = request.headers.get(header, "").strip()
        if value == "*":
            found[name] = ("*",)
        elif value:
            tags = request.if_match if header == "If-Match" else request.if_none_match
            told = tags.as_set(include_weak=header != "If-Match")
            # none of them is one of ours where the header names only what is no tag
            found[name] = tuple(tag.partition("-")[0] for tag in told if tag) or ("none",)
    return found


def _body(*types: str) -> bytes:
    require("write")
    if request.mimetype not in types:
        raise Problem(
            415,
            "This type of body is not understood",
            f"It is {request.mimetype[:80] or 'of no type'}.",
            where="header Content-Type",
            remedy=f"Send {' or '.join(types)}.",
        )
    return request.get_data(cache=False)


def _parsed(data: bytes) -> dict[str, Any]:
    value = read_json(data, where="the body")
    if not isinstance(value, dict):
        raise DocumentRejected("It is no JSON object", where="the body", remedy="Send an object")
    return value


def _id_of(value: dict[str, Any]) -> str:
    found = value.get("id")
    if not isinstance(found, str) or not found:
        raise DocumentRejected("It has no id", where="the body: /id", remedy="Give it one")
    return found


def _features(data: bytes) -> list[bytes]:
    """Return the items of a FeatureCollection, each as it was written."""
    text = data.decode("utf-8-sig")
    found = [one.encode() for place, one in elements(text) if place.startswith("/features/")]
    if len(found) > MOST_AT_ONCE:
        raise Problem(
            413,
            "These are too many items",
            f"There are {len(found)} of them.",
            where="the body: /features",
            remedy=f"Send at most {MOST_AT_ONCE} at once.",
        )
    return found


def _whole(*, else_: bool = False) -> bool:
    """Tell whether the client wants to see what was written (RFC 7240, section 4.2)."""
    told = request.headers.get("Prefer", "").replace(" ", "").lower()
    if "return=minimal" in told:
        return False
    return else_ or "return=representation" in told


def _empty(status: int) -> Response:
    """Answer without content, and so without the type of any."""
    response = Response(status=status)
    del response.headers["Content-Type"]
    return response


def _created(found: tuple[bytes, str] | None, place: str, content_type: str = JSON) -> Response:
    response = _changed(found, content_type)
    response.status_code = 201
    response.headers["Location"] = place
    return response


def _changed(found: tuple[bytes, str] | None, content_type: str = JSON) -> Response:
    if found is None:
        return _empty(204)
    return tagged(*found, content_type)
