"""One address of every page, found in what a server holds."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from html import unescape
from urllib.parse import quote, urlencode

import httpx
from flask import Flask

from dafab_kg.model.names import NS
from dafab_kg.web.described import PAGE, operations_of

MOST_OPERATOR = 12
BROWSER = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}
NOWHERE = "no/such/page"
LARGEST_FLOODS = "SELECT * WHERE { ?s a ?class } LIMIT 20"
_FIRST = "PREFIX dafab: <%s> SELECT ?s WHERE { %s } LIMIT 1"
_THINGS = {
    "item": "?s a dafab:SourceProduct",
    "finding": "?s a dafab:WaterProduct",
    "event": "?s a dafab:StormEvent",
    "tile": "?s a dafab:Tile",
    "place": "?s a dafab:Place",
}
"""What is asked for the IRI of one thing of a kind."""


@dataclass(frozen=True)
class Route:
    """A page: what it is called here, its endpoint, its address below the server's."""

    name: str
    endpoint: str
    path: str
    status: int = 200


FIXED = (
    Route("home", "pages.home", ""),
    Route("home, results", "pages.home", "?place=Luxembourg"),
    Route("home, words", "pages.home", "?q=sentinel"),
    Route("home, nothing found", "pages.home", "?q=qqqqxyzzy"),
    Route("home, a wrong condition", "pages.home", "?filter=%28%28", 400),
    Route("ontology", "terms.namespace", "ns"),
    Route("ontology, words", "terms.namespace", "ns?q=water"),
    Route("class", "terms.term", "ns/SourceProduct"),
    Route("property", "terms.term", "ns/cloudCover"),
    Route("crop", "terms.crop_page", "ns/hcat/3301010101"),
    Route("module", "terms.module", "ont/eo"),
    Route("shapes", "terms.shapes", "shapes"),
    Route("editor", "pages.editor", "query"),
    Route("editor, answer", "pages.editor", f"query?query={quote(LARGEST_FLOODS)}"),
    Route("editor, mistake", "pages.editor", "query?query=SELECT", 400),
    Route("queries", "pages.queries", "queries"),
    Route("query, answer", "pages.saved_query", "queries/largest-floods?rows=5"),
    Route("query, wrong value", "pages.saved_query", "queries/largest-floods?rows=x", 400),
    Route("holdings", "pages.holdings", "holdings"),
    Route("unknown thing", "about.thing", "about/product/nothing-is-known-of-this", 404),
    Route("no page", "", NOWHERE, 404),
)
"""Pages whose addresses depend on no data."""
HEAVY = ("pages.editor",)
"""Endpoints that need not keep to the weight of a page: the editor brings its own."""


def routes(server: httpx.Client) -> list[Route]:
    """Return a route to every kind of page that the server behind a client can show.

    The operator's pages are those that its first one leads to, where there is one.
    """
    return [*FIXED, *_version(server), *_things(server), *_operator(server)]


def endpoints(app: Flask) -> set[str]:
    """Return the endpoints that answer a GET with a page."""
    return {
        rule.endpoint
        for rule in app.url_map.iter_rules()
        for status, types in _answers(app, rule.endpoint).items()
        if status == 200 and PAGE in types and "GET" in (rule.methods or ())
    }


def parameters(app: Flask, endpoint: str) -> list[str]:
    """Return the parameters that the address of a page may have."""
    operation = operations_of(app.view_functions[endpoint]).get("GET")
    return [one.name for one in operation.parameters if one.place == "query"] if operation else []


def _answers(app: Flask, endpoint: str) -> dict[int, tuple[str, ...]]:
    operation = operations_of(app.view_functions[endpoint]).get("GET")
    return dict(operation.answers) if operation else {}


def _version(server: httpx.Client) -> Iterator[Route]:
    """The version of a module is in its own words."""
    text = server.get("ont/eo", params={"format": "turtle"}).raise_for_status().text
    found = re.search(r"owl:versionIRI\s+<[^>]*/eo/([^/>]+)>", text)
    assert found, "a module without a version"
    yield Route("version of a module", "terms.version", f"ont/eo/{found[1]}")


def _things(server: httpx.Client) -> Iterator[Route]:
    """Pages of things, of all values of one property, of a fact's reasons, and of a document."""
    for name, pattern in _THINGS.items():
        iri = _first(server, pattern)
        if not iri:
            continue
        asked = {"iri": iri, "format": "html"}
        text = server.get("about", params=asked).raise_for_status().text
        if own := _own(text):
            yield Route(name, "about.thing", own)
        if name == "tile" and own:
            # what a link to all values has, where there are too many for one page
            many = urlencode({"of": f"{NS}tile", "way": "in"})
            yield Route("values", "about.thing", f"{own}?{many}")
        if name == "item":
            yield Route("item by IRI", "about.root", f"about?{urlencode({'iri': iri})}")
        if name == "item" and (why := _links(text, "/why?")):
            yield Route("why", "about.why", why)
            reasons = server.get(why, headers=BROWSER).raise_for_status().text
            if document := _links(reasons, "/documents/"):
                yield Route("document", "originals.document", document)


def _operator(server: httpx.Client) -> Iterator[Route]:
    first = _links(server.get("", headers=BROWSER).text, "/operator")
    if not first:
        return
    text = server.get(first, headers=BROWSER).text
    links = {unescape(one).lstrip("/") for one in re.findall(r'href="(/operator[^"#]*)"', text)}
    for path in sorted({first, *links})[:MOST_OPERATOR]:
        answer = server.get(path, headers=BROWSER)
        if answer.headers["Content-Type"].startswith(PAGE):
            yield Route(path, "operator", path, answer.status_code)


def _first(server: httpx.Client, pattern: str) -> str:
    asked = {"query": _FIRST % (NS, pattern), "format": "json"}
    rows = server.get("sparql", params=asked).raise_for_status().json()["results"]["bindings"]
    return str(rows[0]["s"]["value"]) if rows else ""


def _links(text: str, part: str) -> str:
    """Return the first link of a page whose address has a part in it, below the server's."""
    found = (unescape(one) for one in re.findall(r'href="([^"]+)"', text))
    return next((one.lstrip("/") for one in found if part in one), "")


def _own(text: str) -> str:
    """Return the address of a page as its links to other forms of it have it."""
    found = re.search(r'rel="alternate" type="text/turtle" href="/(about/[^"?]+)', text)
    return unescape(found[1]) if found else ""
