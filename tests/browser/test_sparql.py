"""The SPARQL editor in a real browser: ask, complete, see, cancel."""

from __future__ import annotations

import re
import time

import pytest
from playwright.sync_api import Page, expect

from tests.serving.served import Server

PREFIXES = (
    "PREFIX dafab: <https://w3id.org/dafab/ns#>\n"
    "PREFIX geo: <http://www.opengis.net/ont/geosparql#>\n"
)
ENDLESS = "SELECT (COUNT(*) AS ?n) WHERE { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i }"


def put(page: Page, text: str) -> None:
    """Put a text in the place of the query."""
    page.locator(".CodeMirror-lines").click()
    page.keyboard.press("Control+A")
    page.keyboard.insert_text(text)
    page.keyboard.press("Escape")  # no suggestion lies over the button


def open_editor(page: Page, path: str = "query") -> None:
    with page.expect_response(lambda response: response.url.endswith("/query/terms.json")):
        page.goto(path)
    expect(page.locator(".CodeMirror")).to_be_visible()
    expect(page.locator("textarea[name=query]")).to_be_hidden()


def test_a_query_is_edited_and_its_answer_is_a_table_a_map_and_raw(page: Page) -> None:
    open_editor(page)
    put(
        page,
        PREFIXES + "SELECT ?image ?cloud ?wkt WHERE { ?image a dafab:SourceProduct ;"
        " dafab:cloudCover ?cloud ; geo:hasGeometry/geo:asWKT ?wkt } ORDER BY ?image LIMIT 7",
    )
    page.get_by_role("button", name="Ask").click()
    answer = page.locator("#answer")
    expect(answer.locator("tbody tr")).to_have_count(7)
    expect(answer.locator("[data-summary]")).to_have_text(re.compile(r"7 rows, \d+ ms"))
    expect(page.get_by_role("status")).to_contain_text("7 rows")
    assert "/about/product/" in (answer.locator("tbody a").first.get_attribute("href") or "")
    expect(answer.locator(".map.leaflet-container canvas")).to_be_visible()
    expect(answer.locator(".map path.leaflet-interactive")).to_have_count(7)
    answer.get_by_text("Raw").click()
    expect(answer.locator("pre")).to_contain_text('{"head":{"vars":["image","cloud","wkt"]}')
    # the address is a link to what was asked, and its page shows the same without the script
    assert "query=PREFIX" in page.url
    with page.expect_download() as download:
        answer.get_by_role("link", name="GeoJSON").evaluate("link => { link.download = 'a' }")
        answer.get_by_role("link", name="GeoJSON").click()
    assert b'"FeatureCollection"' in download.value.path().read_bytes()[:60]


@pytest.mark.oracle
def test_classes_and_properties_are_completed_from_our_own_terms(page: Page) -> None:
    open_editor(page)
    put(page, "SELECT * WHERE {\n  ?x a ")
    page.keyboard.type("dafab:SourceP")
    hint = page.locator(".CodeMirror-hint", has_text="dafab:SourceProduct")
    expect(hint).to_be_visible()
    expect(hint).to_contain_text("source product")
    page.keyboard.press("Enter")
    page.keyboard.type(" ; dafab:cloudCo")
    expect(page.locator(".CodeMirror-hint-active")).to_contain_text("dafab:cloudCover")
    page.keyboard.press("Enter")
    # behind a prefix, also one that is not declared yet, stand words of that prefix only
    page.keyboard.type(" ?cloud ; rdfs:la")
    expect(page.locator(".CodeMirror-hint", has_text="rdfs:label")).to_be_visible()
    assert all(
        text.startswith("rdfs:") for text in page.locator(".CodeMirror-hint").all_inner_texts()
    )
    page.keyboard.press("Enter")
    page.keyboard.type(" ?name }")
    page.keyboard.press("Escape")
    written = page.locator("textarea[name=query]").input_value()
    # the prefix is declared as it is used
    assert "PREFIX dafab: <https://w3id.org/dafab/ns#>" in written
    assert "?x a dafab:SourceProduct ; dafab:cloudCover ?cloud ; rdfs:label ?name }" in written
    assert "PREFIX rdfs: <http://www.w3.org/2000/01/rdf-schema#>" in written


def test_cancel_ends_the_query_on_the_server(page: Page, server: Server) -> None:
    open_editor(page, "query?query=ASK {}")
    expect(page.locator("#answer [data-summary]")).to_contain_text("Yes")
    [before] = server.pids("worker")
    put(page, ENDLESS)
    page.get_by_role("button", name="Ask").click()
    expect(page.get_by_role("status")).to_contain_text("Asking for")
    began = time.monotonic()
    # nothing of the query before stands under this one, nor is it linked
    link = page.get_by_role("link", name="Link to this query")
    assert "COUNT" in (link.get_attribute("href") or "") and "COUNT" in page.url
    page.get_by_role("button", name="Cancel").click()
    expect(page.get_by_role("status")).to_contain_text("Cancelled after")
    expect(page.locator("#answer")).to_be_empty()
    expect(page.get_by_role("button", name="Cancel")).to_be_hidden()
    while server.pids("worker") == [before]:  # a spare takes the place of the one that was ended
        assert time.monotonic() - began < 10
        time.sleep(0.05)
    # the only worker answers others again, well before the deadline of 60 s
    put(page, "ASK {}")
    page.get_by_role("button", name="Ask").click()
    expect(page.locator("#answer [data-summary]")).to_contain_text("Yes")
    assert time.monotonic() - began < 20
    status = server.status()  # it was asked to end: nothing failed
    assert status["ended"] == {"cancelled": 1} and status["restarts"]["worker"] == 0


def test_back_leads_to_the_query_before(page: Page) -> None:
    open_editor(page)
    for answer in ("Yes", "No"):
        put(page, f"ASK {{ FILTER({answer == 'Yes'}) }}".lower().replace("ask", "ASK"))
        page.get_by_role("button", name="Ask").click()
        expect(page.locator("#answer [data-summary]")).to_contain_text(answer)
    page.go_back()
    expect(page.locator("#answer [data-summary]")).to_contain_text("Yes")
    expect(page.locator(".CodeMirror-code")).to_contain_text("filter(true)")
    page.go_forward()
    expect(page.locator("#answer [data-summary]")).to_contain_text("No")
    # one that fits in no address is asked, too, and its answer is there as data
    put(page, "SELECT ?x { VALUES ?x { 1 2 } } # " + "x" * 8_000)
    page.get_by_role("button", name="Ask").click()
    expect(page.locator("#answer tbody tr")).to_have_count(2)
    expect(page.get_by_text("too long for a link")).to_be_visible()
    with page.expect_download() as download:
        page.get_by_role("button", name="CSV").click()
    assert download.value.path().read_bytes().split() == [b"x", b"1", b"2"]


def test_a_fault_is_marked_where_it_is(page: Page) -> None:
    open_editor(page)
    put(page, "SELECT * WHERE {\n  ?s ?p ?o .\n  FILTER (?o >\n}")
    page.get_by_role("button", name="Ask").click()
    expect(page.get_by_role("alert")).to_contain_text("line 4, column")
    expect(page.locator(".faulty")).to_have_count(1)
    # what stands in the gutter needs no style of its own, which the policy would stop
    page.locator(".fault").first.hover()
    put(page, "ASK {}")
    expect(page.locator(".faulty")).to_have_count(0)
    expect(page.locator(".fault")).to_have_count(0)


def test_nothing_of_a_query_or_its_answer_is_run(page: Page) -> None:
    open_editor(page, "query?query=</textarea><script>window.run=1</script>")
    put(page, 'SELECT ("<img src=x onerror=window.run=1>" AS ?x) (<javascript:run=1> AS ?y) {}')
    page.get_by_role("button", name="Ask").click()
    expect(page.locator("#answer td").first).to_contain_text("<img src=x")
    assert page.locator("#answer a[href^=javascript]").count() == 0
    assert page.evaluate("window.run") is None


def test_the_editor_works_without_javascript(plain_page: Page) -> None:
    plain_page.goto("query")
    plain_page.get_by_label("SPARQL query").fill(
        PREFIXES + "SELECT ?x WHERE { ?x a dafab:SourceProduct } LIMIT 3"
    )
    plain_page.get_by_role("button", name="Ask").click()
    expect(plain_page.locator("#answer tbody tr")).to_have_count(3)
    plain_page.get_by_role("link", name="The largest floods seen").click()
    expect(plain_page.get_by_label("SPARQL query")).to_have_value(re.compile("largest first"))
    expect(plain_page.locator("#answer tr")).to_have_count(0)
