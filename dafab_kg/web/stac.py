"""The STAC API at ``/stac``: landing page, collections, items and search.

It speaks STAC API 1.0.0 with the parts that ``conformsTo`` names, which is worked out from
the routes and parameters that there are.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Final
from urllib.parse import quote, urlencode

import orjson
from flask import Blueprint, Response, current_app, request, url_for

from dafab_kg.catalogue import Catalogue
from dafab_kg.model.plain_json import plain
from dafab_kg.model.settings import Settings
from dafab_kg.search.links import GEOJSON, VERSION, link
from dafab_kg.search.pages import MOST_ITEMS, Page
from dafab_kg.web import openapi
from dafab_kg.web.described import JSON, Operation, Parameter, Schema, described
from dafab_kg.web.queryables import functions, queryables, sortables
from dafab_kg.web.stac_aggregation import add_aggregations
from dafab_kg.web.stac_browsing import add_browsing
from dafab_kg.web.stac_collections import page_of
from dafab_kg.web.stac_conformance import conforms_to
from dafab_kg.web.stac_parameters import CRS84, LIMIT, Asked, of_address, of_body
from dafab_kg.web.stac_writes import IF_NONE_MATCH, add_writes, root, tagged

OPENAPI: Final = "application/vnd.oai.openapi+json;version=3.1"
SCHEMA: Final = "application/schema+json"
_TEXT: Final[Schema] = {"type": "string"}
_COMMON: Final = {
    "bbox": ("West, south, east, north in degrees; with heights six numbers.", _TEXT),
    "datetime": ("A time (RFC 3339) or an interval such as 2022-09-01T00:00:00Z/..", _TEXT),
    "limit": (
        f"Most items of a page; more than {MOST_ITEMS} means {MOST_ITEMS}.",
        {"type": "integer", "minimum": 1, "default": LIMIT},
    ),
    "token": ("Where a page begins; from a link `next`.", _TEXT),
    "sortby": ("Properties with commas between them, each with + or - before it.", _TEXT),
    "fields": ("Members to deliver, with commas; - before one leaves it out.", _TEXT),
    "filter": ("A condition in CQL2, on what /stac/queryables names.", _TEXT),
    "filter-lang": ("Its language.", {"type": "string", "enum": ["cql2-text", "cql2-json"]}),
    "filter-crs": ("Longitude and latitude: there is no other.", {"enum": [CRS84]}),
    "query": ("A condition of the Query extension, as JSON.", _TEXT),
    "inferred": (
        "With properties that follow by the ontology, under names that begin with dafab:.",
        {"type": "string", "enum": ["true", "false"]},
    ),
    "q": (
        "Words to look for in texts, with commas between alternatives; or with AND, OR, brackets, "
        "quotes, + and - before a term.",
        _TEXT,
    ),
}
_NAMES: Final = {
    "ids": ("Ids of items, with commas between them.", _TEXT),
    "collections": ("Ids of collections, with commas between them.", _TEXT),
}
_ITEMS: Final = {**_COMMON, **_NAMES}
_COLLECTIONS: Final = {
    **{name: _COMMON[name] for name in ("bbox", "datetime", "token", "q")},
    "limit": ("Most collections of a page.", {"type": "integer", "minimum": 1}),
}
_SEARCH: Final = {
    **_COMMON,
    **_NAMES,
    "intersects": ("A GeoJSON geometry.", _TEXT),
}
_BODY: Final[Schema] = {
    "type": "object",
    "properties": {
        "bbox": {"type": "array", "items": {"type": "number"}, "minItems": 4, "maxItems": 6},
        "datetime": _TEXT,
        "limit": _COMMON["limit"][1],
        "token": _TEXT,
        "sortby": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["field"],
                "properties": {"field": _TEXT, "direction": {"enum": ["asc", "desc"]}},
            },
        },
        "fields": {
            "type": "object",
            "properties": {
                name: {"type": "array", "items": _TEXT} for name in ("include", "exclude")
            },
        },
        "intersects": {"type": "object"},
        "ids": {"type": "array", "items": _TEXT},
        "collections": {"type": "array", "items": _TEXT},
        "filter": {"type": ["object", "string", "boolean"]},
        "filter-lang": _COMMON["filter-lang"][1],
        "filter-crs": _COMMON["filter-crs"][1],
        "query": {"type": "object"},
        "inferred": {"type": "boolean"},
        "q": {"type": ["array", "string"], "items": _TEXT},
    },
}


_ITEM: Final = (IF_NONE_MATCH, Parameter("inferred", *_COMMON["inferred"]))


def _told(parameters: Mapping[str, tuple[str, Schema]]) -> tuple[Parameter, ...]:
    return tuple(Parameter(name, words, schema) for name, (words, schema) in parameters.items())


def stac_face(catalogue: Catalogue, settings: Settings) -> Blueprint:
    """Return ``/stac`` and what is below it."""
    face = Blueprint("stac", __name__, url_prefix="/stac")

    @face.get("")
    @described(GET=Operation("The STAC API: where things are", {200: (JSON,)}))
    def landing() -> Response:
        names = [orjson.loads(one) for one in catalogue.collections(root())]
        return _json(_landing(names))

    @face.get("/conformance")
    @described(GET=Operation("What the STAC API conforms to", {200: (JSON,)}))
    def conformance() -> Response:
        return _json({"conformsTo": conforms_to()})

    @face.get("/api")
    @described(GET=Operation("This description, as the STAC API links it", {200: (OPENAPI,)}))
    def api() -> Response:
        return _response(orjson.dumps(openapi.document(current_app)), OPENAPI)

    @face.get("/collections")
    @described(GET=Operation("Collections", {200: (JSON,)}, (), _told(_COLLECTIONS)))
    def collections() -> Response:
        place, own = root(), url_for("stac.collections", _external=True)
        asked = of_address(request, _COLLECTIONS)
        page = page_of(catalogue.collections(place), asked)
        links = [link("self", _with(own, asked.sent)), link("root", place), link("parent", place)]
        if page.token is not None:
            links.append(link("next", _with(own, {**asked.sent, "token": page.token})))
        body = b'{"collections":[%b],"links":%b,"numberMatched":%d,"numberReturned":%d}' % (
            b",".join(page.found), orjson.dumps(links), page.matched, len(page.found),
        )  # fmt: skip
        return _response(body, JSON)

    @face.get("/collections/<path:collection>")
    @described(GET=Operation("A collection", {200: (JSON,), 304: ()}, (), (IF_NONE_MATCH,)))
    def collection(collection: str) -> Response:
        return tagged(*catalogue.collection_with_tag(collection, root()), JSON)

    @face.get("/collections/<path:collection>/items")
    @described(GET=Operation("Items of a collection", {200: (GEOJSON,)}, (), _told(_ITEMS)))
    def items(collection: str) -> Response:
        place = root()
        catalogue.collection(collection, place)  # one that is not there is no empty one
        asked = of_address(request, _ITEMS)
        named = asked.search.collections
        if named and collection not in named:  # clients repeat the collection; another has none
            return _page(Page((), matched=0), asked, request.base_url, [])
        search = replace(asked.search, collections=(collection,))
        page = catalogue.find_items(search, place)
        own = url_for("stac.items", collection=collection, _external=True)
        above = link("collection", own.rpartition("/")[0])
        return _page(page, asked, own, [above])

    @face.get("/collections/<path:collection>/items/<path:item>")
    @described(GET=Operation("An item", {200: (GEOJSON,), 304: ()}, (), _ITEM))
    def item(collection: str, item: str) -> Response:
        asked = of_address(request, ("inferred",))
        found = catalogue.item_with_tag(collection, item, root(), inferred=asked.search.inferred)
        return tagged(*found, GEOJSON)

    @face.get("/queryables")
    @face.get("/collections/<path:collection>/queryables")
    @described(GET=Operation("What a filter may name, as JSON Schema", {200: (SCHEMA,)}))
    def queryable(collection: str = "") -> Response:
        found = None
        if collection:
            catalogue.collection(collection, root())
            found = catalogue.occurring(collection)
        return _response(orjson.dumps(queryables(request.base_url, found)), SCHEMA)

    @face.get("/sortables")
    @described(GET=Operation("What there is an order by, as JSON Schema", {200: (SCHEMA,)}))
    def sortable() -> Response:
        return _response(orjson.dumps(sortables(request.base_url)), SCHEMA)

    @face.get("/functions")
    @described(GET=Operation("Functions of CQL2 that a filter may use, too", {200: (JSON,)}))
    def function() -> Response:
        return _json(functions())

    @face.route("/search", methods=["GET", "POST"])
    @described(
        GET=Operation("Search items", {200: (GEOJSON,)}, (), _told(_SEARCH)),
        POST=Operation("Search items", {200: (GEOJSON,)}, (), (), {JSON: _BODY}),
    )
    def search() -> Response:
        asked = (of_body if request.method == "POST" else of_address)(request, _SEARCH)
        page = catalogue.find_items(asked.search, root())
        return _page(page, asked, url_for("stac.search", _external=True), [])

    add_browsing(face, catalogue)
    add_aggregations(face, catalogue, _SEARCH, _BODY)
    add_writes(face, catalogue, settings)
    return face


def _landing(collections: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    place = root()
    search = url_for("stac.search", _external=True)
    links = [
        link("self", place),
        link("root", place),
        link("conformance", f"{place}/conformance"),
        link("data", f"{place}/collections"),
        link("children", f"{place}/children"),
        {**link("search", search, GEOJSON), "method": "GET"},
        {**link("search", search, GEOJSON), "method": "POST"},
        link("http://www.opengis.net/def/rel/ogc/1.0/queryables", f"{place}/queryables", SCHEMA),
        link("http://www.opengis.net/def/rel/ogc/1.0/sortables", f"{place}/sortables", SCHEMA),
        link("http://www.opengis.net/def/rel/ogc/1.0/functions", f"{place}/functions"),
        {**link("aggregate", f"{place}/aggregate"), "method": "GET"},
        {**link("aggregate", f"{place}/aggregate"), "method": "POST"},
        link("aggregations", f"{place}/aggregations"),
        link("service-desc", f"{place}/api", OPENAPI),
        link("service-doc", url_for("pages.home", format="html", _external=True), "text/html"),
        *(
            link("child", f"{place}/collections/{quote(one['id'], safe='')}",
                 title=one.get("title") or one["id"])
            for one in collections
        ),
    ]  # fmt: skip
    return {
        "type": "Catalog",
        "stac_version": VERSION,
        "id": "dafab-kg",
        "title": "Catalogue of Earth Observation data",
        "description": "Products, what was derived from them, and where they come from, "
        "as one knowledge graph. SPARQL is at /sparql.",
        "conformsTo": conforms_to(),
        "links": links,
    }


def _page(page: Page, asked: Asked, own: str, more: list[dict[str, Any]]) -> Response:
    place = root()
    posted = request.method == "POST"
    links = [
        link("self", own if posted else _with(own, asked.sent), GEOJSON),
        link("root", place),
        *more,
    ]
    if page.cursor is not None:
        sent = {**asked.sent, "token": page.cursor}
        following = link("next", own if posted else _with(own, sent), GEOJSON)
        following["method"] = request.method if posted else "GET"
        if posted:
            following |= {"body": plain(sent), "merge": False}
        links.append(following)
    body = b'{"type":"FeatureCollection","features":[%b],"links":%b,"numberReturned":%d%b}' % (
        b",".join(page.items),
        orjson.dumps(links),
        len(page.items),
        b"" if page.matched is None else b',"numberMatched":%d' % page.matched,
    )
    return _response(body, GEOJSON)


def _with(address: str, sent: Mapping[str, Any]) -> str:
    return f"{address}?{urlencode(sent)}" if sent else address


def _json(value: Any) -> Response:
    return _response(orjson.dumps(value), JSON)


def _response(body: bytes, content_type: str) -> Response:
    return Response(body, content_type=content_type)
