"""The pages, and their JSON twins."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from urllib.parse import urlsplit

import pytest

from dafab_kg.model.errors import DeadlinePassed, MemoryExceeded, QueueFull
from dafab_kg.queries import saved
from dafab_kg.web.problems import problem_of

BROWSER = {"Accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"}
VOID = {"meta", "link", "br", "input", "img", "hr"}


class Page(HTMLParser):
    """Links of a page; fails on tags that do not match."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.links: list[str] = []
        self.tags: set[str] = set()
        self.feed(text)
        assert self.open == []

    def handle_starttag(self, tag, attrs):
        self.tags.add(tag)
        if tag not in VOID:
            self.open.append(tag)
        self.links += [value for name, value in attrs if name in ("href", "src")]

    def handle_endtag(self, tag):
        assert self.open.pop() == tag


def page(client, path: str, status: int = 200) -> Page:
    response = client.get(path, headers=BROWSER)
    assert response.status_code == status
    assert response.headers["Content-Type"] == "text/html; charset=utf-8"
    return Page(response.text)


PATHS = [
    "/holdings",
    "/queries",
    "/queries/headline-1",
    "/nowhere",
]


@pytest.mark.parametrize("path", PATHS)
def test_pages_need_no_script_and_nothing_from_elsewhere(client, path):
    found = page(client, path, 404 if path == "/nowhere" else 200)
    assert "script" not in found.tags
    assert all(not urlsplit(link).netloc for link in found.links)


def test_where_there_is_nothing_a_link_leads_on(client):
    response = client.get("/no/such/page", headers={"Accept": BROWSER["Accept"]})
    assert response.status_code == 404
    assert "There is nothing at this address." in response.text
    assert '<p><a href="/">Search the catalogue</a></p>' in response.text


@pytest.mark.parametrize("path", ["/query", "/query?query=ASK%7B%7D", "/query?example=headline-2"])
def test_the_editor_loads_its_own_script_alone(client, path):
    found = page(client, path)
    assert "style" not in found.tags
    assert all(not urlsplit(link).netloc for link in found.links)
    assert [link for link in found.links if "editor.js" in link]


ELSEWHERE = ("/", "/stac", "/.well-known/void")
"""What the small catalogue of these tests cannot answer; tests of a real one ask for it."""


def test_every_link_of_the_landing_page_leads_somewhere(client):
    for link in page(client, "/holdings").links:
        if link.startswith("#") or link in ELSEWHERE:
            continue
        with client.get(link, headers=BROWSER) as response:
            assert response.status_code in (200, 303), link


def test_the_landing_page_says_what_there_is(client):
    text = client.get("/holdings", headers=BROWSER).text
    assert "2022-09-01" in text and "2022-11-30" in text and "dafab:SourceProduct" in text
    assert "http://e/<b>" not in text


def test_the_landing_pages_twin(client):
    for response in (
        client.get("/?format=json"),
        client.get("/"),
        client.get("/", headers={"Accept": "application/json"}),
    ):
        assert response.headers["Content-Type"] == "application/json"
        assert response.json["holds"]["documents"] == {"stac": 2}
        assert len(response.json["queries"]) == len(saved())


def test_an_unknown_format_of_a_page_is_400(client):
    assert client.get("/?format=pdf").status_code == 400


@pytest.mark.parametrize("query", saved(), ids=lambda query: query.name)
def test_each_saved_query_has_a_page_and_a_twin(client, query):
    page(client, f"/queries/{query.name}")
    twin = client.get(f"/queries/{query.name}?format=json").json
    assert twin["query"] == query.text and twin["title"] == query.title


def test_an_unknown_saved_query_is_404_with_those_there_are(client):
    response = client.get("/queries/none")
    assert response.status_code == 404
    assert "headline-1" in response.json["detail"]


def test_the_editor_shows_rows_escaped(client):
    response = client.get(
        "/query",
        query_string={"query": "SELECT ?s ?t { ?s <http://e/title> ?t FILTER(LANG(?t)='de') }"},
        headers=BROWSER,
    )
    assert "<script>alert" not in response.text
    assert "&lt;script&gt;alert(1)&lt;/script&gt; &amp; Zürich" in response.text
    downloads = [link for link in Page(response.text).links if link.startswith("/sparql?")]
    assert len(downloads) == 4  # nothing lies on a map
    for link in downloads:
        assert client.get(link).status_code == 200


def test_the_editor_escapes_what_was_typed(client):
    response = client.get("/query", query_string={"query": "</textarea><script>"}, headers=BROWSER)
    assert response.status_code == 400
    assert "</textarea><script>" not in response.text
    Page(response.text)


def test_the_editor_says_what_is_wrong_with_a_query(client):
    response = client.get("/query", query_string={"query": "ASK {"}, headers=BROWSER)
    assert response.status_code == 400
    assert "line 1, column" in response.text


def test_an_iri_leads_to_what_is_known_of_it(client):
    found = client.get(
        "/query", query_string={"query": "SELECT ?s { ?s <http://e/cloud> ?c }"}, headers=BROWSER
    )
    [link] = [link for link in Page(found.text).links if link.startswith("/about")]
    assert "12.5" in client.get(link, headers=BROWSER).text


def test_health(client):
    response = client.get("/health")
    assert response.status_code == 200
    assert response.json["status"] == "ok"


def test_all_columns_stand_in_the_order_of_the_query(client):
    response = client.get(
        "/query", query_string={"query": "SELECT * { ?s <http://e/cloud> ?c . ?s ?p ?c }"},
        headers=BROWSER,
    )  # fmt: skip
    assert re.findall(r'<th scope="col"[^>]*>\??(\w)</th>', response.text) == ["s", "c", "p"]


def test_a_query_is_sent_as_a_form_and_gets_an_address(client):
    form = client.get("/query", headers=BROWSER).text
    assert '<form method="post" action="/query"' in form  # a long one fits in no address
    query = "SELECT ?s { ?s <http://e/cloud> ?é }"
    response = client.post("/query", data={"query": query}, headers=BROWSER)
    assert response.status_code == 303
    again = client.get(response.location, headers=BROWSER)
    assert "1</span> row" in again.text and response.location in Page(again.text).links


@pytest.mark.parametrize("filler", ["x" * 9_000, "é" * 2_000])
def test_a_query_that_fits_in_no_address_is_answered_whole(client, filler):
    query = f"SELECT ?s {{ ?s <http://e/cloud> ?c }} # {filler}"
    response = client.post("/query", data={"query": query}, headers=BROWSER)
    assert response.status_code == 200 and filler in response.text
    assert "too long for a link" in response.text
    assert '<button name="format" value="csv"' in response.text
    assert 'rel="bookmark" data-link hidden' in response.text
    data = client.post("/sparql", data={"query": query, "format": "csv"}).text
    assert data.split() == ["s", "http://e/scene"]


def test_a_query_that_takes_too_long_is_told_as_that():
    for error, title in (
        (DeadlinePassed("ended", 1), "This took too long"),
        (MemoryExceeded("ended", 1), "This needed too much memory"),
        (QueueFull("busy", 1), "The server cannot answer this now"),
    ):
        problem = problem_of(error)
        assert (problem.status, problem.title) == (503, title)
        assert ("again" in problem.remedy) == isinstance(error, QueueFull)
