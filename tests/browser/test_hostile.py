"""Scripts in labels, ids, IRIs, names of files and addresses: nothing of them runs in any page."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html import unescape
from typing import Any
from urllib.parse import quote, urlencode, urljoin

import httpx
import pytest
from flask import Flask
from playwright.sync_api import Browser, Page, expect

import dafab_kg
from dafab_kg.model.names import NS
from dafab_kg.web import create_app
from tests.browser import hostile
from tests.browser.routes import BROWSER, Route, parameters
from tests.listening import serving_app

DOCUMENTS = f"SELECT DISTINCT ?s {{ ?s a <{NS}SourceDocument> }}"
FOUND_BY_PARSER = """(text) => {
  const page = new DOMParser().parseFromString(text, "text/html");
  const found = [];
  for (const one of page.querySelectorAll("*")) {
    if (one.localName === "script" && !(one.getAttribute("src") || "").startsWith("/static/"))
      found.push(one.outerHTML);
    if (["style", "iframe", "object", "embed", "base", "img"].includes(one.localName))
      found.push(one.outerHTML);
    for (const { name, value } of one.attributes) {
      if (name.startsWith("on") || name === "style") found.push(one.outerHTML);
      if (["href", "src", "action", "formaction", "xlink:href"].includes(name)
          && /^[\\s\\u0000-\\u001f]*(javascript|data|vbscript):/i.test(value))
        found.push(one.outerHTML);
    }
  }
  return found.map((one) => one.slice(0, 300));
}"""
"""What could run or load in a page, as the browser itself reads it."""


@pytest.fixture(scope="module")
def evil(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a server whose documents are hostile."""
    folder = tmp_path_factory.mktemp("hostile")
    hostile.write(folder / "documents")
    with dafab_kg.open(folder / "store") as catalogue:
        report = catalogue.load(folder / "documents", validate=False)
        assert sum(one.status == "loaded" for one in report.outcomes) == hostile.READ, report
        catalogue.enrich()
        app = create_app(catalogue)
        with serving_app(app) as address:
            yield f"{address}/"


def attacks(app: Flask, shown: list[Route]) -> Iterator[str]:
    """Addresses with something hostile in each parameter and each place of a path."""
    for one in {one.endpoint: one for one in reversed(shown)}.values():
        path, _, given = one.path.partition("?")
        known = httpx.QueryParams(given)
        if one.endpoint in app.view_functions:
            for name in parameters(app, one.endpoint):
                yield f"{path}?{known.set(name, hostile.EVERYTHING)}"
        yield f"{path}?{known.add(hostile.PAYLOADS[1], hostile.EVERYTHING)}"
        if "/" in path:
            start = path.rpartition("/")[0]
            yield f"{start}/{quote(hostile.PAYLOADS[1], safe='')}"
            yield f"{start}/{quote(hostile.PAYLOADS[7], safe='')}"
    for payload in hostile.PAYLOADS:
        yield quote(payload)
        yield "about?" + urlencode({"iri": payload})
        yield "query?" + urlencode({"query": payload})
        yield "query?" + urlencode({"query": f"SELECT ('''{payload}''' AS ?x) {{}}"})
        yield "?" + urlencode({"q": payload})
        yield "queries/largest-floods?" + urlencode({"rows": payload})
    for iri in hostile.ODD:
        yield "about?" + urlencode({"iri": iri, "of": iri})


def stored(address: str) -> list[str]:
    """Addresses of pages that show hostile documents: all that are linked from a few."""
    start = [
        "",
        "?q=evil",
        "?sort=oldest",
        "holdings",
        "query?" + urlencode({"query": "SELECT * { GRAPH ?g { ?s ?p ?o } } LIMIT 900"}),
        "query?" + urlencode({"query": "CONSTRUCT WHERE { ?s ?p ?o } LIMIT 500"}),
        "about?" + urlencode({"iri": hostile.THING}),
        *("about?" + urlencode({"iri": one}) for one in hostile.ODD),
    ]
    found = dict.fromkeys(start)
    with httpx.Client(base_url=address, headers=BROWSER, timeout=60) as client:
        for path in start[:7]:
            text = client.get(path).text
            for kind in ("/about/product/", "/why?", "/about/item/", "/about?iri="):
                found |= dict.fromkeys(links(text, re.escape(kind) + '[^"]*', most=5))
        asked = {"query": DOCUMENTS, "format": "json"}
        rows = client.get("sparql", params=asked).json()["results"]["bindings"]
        names = [one["s"]["value"].rpartition("/")[2] for one in rows]
        assert len(names) == hostile.READ
        found |= dict.fromkeys(f"documents/{one}" for one in names)
    return list(found)


def links(text: str, pattern: str, *, most: int) -> list[str]:
    """Return some links of a page, from all over it, but for those to other forms of it."""
    found = [unescape(one) for one in re.findall(r'href="([^"]*)"', text)]
    fit = [one.lstrip("/") for one in found if re.fullmatch(pattern, one) and "format=" not in one]
    fit = list(dict.fromkeys(fit))
    return fit[:: len(fit) // most + 1]


def test_nothing_hostile_becomes_a_part_of_a_page(
    chromium: Browser, bare: Flask, shown: list[Route], evil: str
) -> None:
    """What the server writes, read by the browser's own parser, holds nothing that could run."""
    page = chromium.new_page()
    wrong, seen = [], 0
    with httpx.Client(headers=BROWSER, timeout=60, follow_redirects=True) as client:
        for path in [*attacks(bare, shown), *stored(evil)]:
            answer = client.get(urljoin(evil, "./") + path)
            assert answer.status_code < 500, path
            if not answer.headers.get("Content-Type", "").startswith("text/html"):
                continue
            seen += 1
            policy = answer.headers["Content-Security-Policy"]
            assert "script-src 'self'" in policy, path
            wrong += [f"{path}: {one}" for one in page.evaluate(FOUND_BY_PARSER, answer.text)]
            if "49${" in answer.text:
                wrong.append(f"{path}: a text was evaluated as a template")
    page.close()
    assert wrong == []
    assert seen > 100


@pytest.fixture
def watched(chromium: Browser, evil: str) -> Iterator[tuple[Page, list[str]]]:
    """A page over hostile documents, and what happened in it that should not."""
    told: list[str] = []
    context = chromium.new_context(base_url=evil, viewport={"width": 1440, "height": 900})
    context.on("dialog", lambda one: (told.append(f"dialog {one.message}"), one.dismiss()))
    context.on("weberror", lambda one: told.append(f"failed: {one.error}"))

    def heard(line: Any) -> None:
        if "Security Policy" in line.text:
            told.append(line.text)

    def asked(request: Any) -> None:
        if not request.url.startswith((evil, "data:", "blob:")):
            told.append(f"asked {request.url}")

    context.on("console", heard)
    context.on("request", asked)
    yield context.new_page(), told
    context.close()


def look(page: Page, told: list[str], paths: list[str]) -> None:
    for path in paths:
        page.goto(path)
        # open all that is folded, and give everything the focus that may have it
        page.evaluate(
            """() => { for (const one of document.querySelectorAll("details")) one.open = true;
            for (const one of document.querySelectorAll("a, input, button, select")) one.focus();
            return new Promise((done) => requestAnimationFrame(() => setTimeout(done, 0))) }"""
        )
        assert page.evaluate("window.__pwned === undefined"), path
        assert told == [], path


def test_a_hostile_file_is_text_or_a_download(evil: str) -> None:
    with httpx.Client(base_url=evil, headers=BROWSER, timeout=60) as client:
        documents = [one for one in stored(evil) if one.startswith("documents/")]
        files = [
            one
            for document in documents
            for one in links(client.get(document).text, "/documents/[^/]+/files/[0-9]+", most=3)
        ]
        answers = [client.get(one) for one in files]
        assert sum(hostile.MARK in one.text for one in answers) >= hostile.READ
        for answer in answers:
            assert answer.headers["Content-Type"] == "text/plain; charset=utf-8"
            assert answer.headers["X-Content-Type-Options"] == "nosniff"
            assert "sandbox" in answer.headers["Content-Security-Policy"]


def test_nothing_of_a_hostile_document_runs(watched: tuple[Page, list[str]], evil: str) -> None:
    page, told = watched
    paths = stored(evil)
    assert any(one.startswith("documents/") for one in paths)
    assert any(one.startswith("why?") for one in paths)
    look(page, told, paths[:: max(len(paths) // 14, 1)])
    # what the scripts make of an answer, too: labels of the map, the table and the raw text
    page.goto("?q=evil")
    footprint = page.locator(".map path.leaflet-interactive").first
    footprint.dispatch_event("mouseover")
    footprint.hover(force=True)
    page.goto("query?" + urlencode({"query": "SELECT * { ?s ?p ?o } LIMIT 300"}))
    page.get_by_role("button", name="Ask").click()
    expect(page.locator("#answer tbody tr").first).to_be_visible()
    assert page.evaluate("window.__pwned === undefined")
    assert told == []


@pytest.mark.oracle
def test_nothing_of_any_hostile_address_runs(
    watched: tuple[Page, list[str]], bare: Flask, shown: list[Route], evil: str
) -> None:
    page, told = watched
    look(page, told, [*stored(evil), *attacks(bare, shown)])
