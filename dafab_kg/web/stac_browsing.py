"""Catalogues below collections, and children: STAC API, Children and Browseable extensions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final
from urllib.parse import quote, urlencode

import orjson
from flask import Blueprint, Response, request

from dafab_kg.catalogue import Catalogue
from dafab_kg.search.links import link
from dafab_kg.web.described import JSON, Operation, Parameter, described
from dafab_kg.web.stac_collections import page_of
from dafab_kg.web.stac_parameters import bad, of_address
from dafab_kg.web.stac_writes import root

_PAGING: Final = {
    "limit": Parameter("limit", "Most children of a page.", {"type": "integer", "minimum": 1}),
    "token": Parameter("token", "Where a page begins; from a link `next`."),
}
_AFTER: Final = Parameter("after", "The id of the last item that the catalogue before links.")


def add_browsing(face: Blueprint, catalogue: Catalogue) -> None:
    """Add the routes."""

    @face.get("/children")
    @described(
        GET=Operation("Collections, as children", {200: (JSON,)}, (), tuple(_PAGING.values()))
    )
    def children() -> Response:
        asked = of_address(request, _PAGING)
        page = page_of(catalogue.collections(root()), asked)
        more: Mapping[str, Any] | None = None
        if page.token is not None:
            more = {**asked.sent, "token": page.token}
        return _children(page.found, root(), asked.sent, more)

    @face.get("/collections/<path:collection>/children")
    @described(GET=Operation("Catalogues below a collection", {200: (JSON,)}))
    def catalogs(collection: str) -> Response:
        place = f"{root()}/collections/{quote(collection, safe='')}"
        return _children(catalogue.catalogs(collection, root()), place, {}, None)

    @face.get("/collections/<path:collection>/catalogs/<name>")
    @described(GET=Operation("A facet of a collection", {200: (JSON,)}))
    def facet(collection: str, name: str) -> Response:
        return Response(catalogue.catalog(collection, name, root()), content_type=JSON)

    @face.get("/collections/<path:collection>/catalogs/<name>/<value>")
    @described(GET=Operation("Items of one value of a facet", {200: (JSON,)}, (), (_AFTER,)))
    def shelf(collection: str, name: str, value: str) -> Response:
        given = request.args.getlist("after")
        if len(given) > 1 or set(request.args) - {"after"}:
            raise bad("after", "It is there twice, or with others.", "Follow the links.")
        after = given[0] if given else ""
        found = catalogue.catalog(collection, name, root(), value=value, after=after)
        return Response(found, content_type=JSON)


def _children(
    found: Sequence[bytes], parent: str, sent: Mapping[str, Any], more: Mapping[str, Any] | None
) -> Response:
    own = f"{parent}/children"
    links = [
        link("self", f"{own}?{urlencode(sent)}" if sent else own),
        link("root", root()),
        link("parent", parent),
    ]
    if more is not None:
        links.append(link("next", f"{own}?{urlencode(more)}"))
    body = b'{"children":[%b],"links":%b}' % (b",".join(found), orjson.dumps(links))
    return Response(body, content_type=JSON)
