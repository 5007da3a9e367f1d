"""Walks: find a term and its shape; ask a saved query with values of one's own."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from itertools import pairwise

import pytest
from playwright.sync_api import BrowserContext, Page, expect


def test_an_ontology_engineer_finds_a_term_and_its_shape(
    page: Page, record_property: Callable[[str, object], None]
) -> None:
    page.goto("./")
    began = time.monotonic()
    page.get_by_role("navigation", name="Main").get_by_role("link", name="Ontology").click()
    page.get_by_label("Find a term").fill("cloud cover")
    page.get_by_role("button", name="Find").click()
    page.get_by_role("link", name="cloud cover", exact=True).click()
    shapes = page.get_by_role("region", name="Shapes")
    expect(shapes).to_contain_text("at most one, xsd:decimal, at least 0, at most 100")
    expect(page.get_by_text("for example of")).to_be_visible()
    record_property("clicks", 3)
    record_property("seconds", round(time.monotonic() - began, 1))
    shapes.get_by_role("link", name="SourceProduct", exact=True).click()
    expect(page.get_by_role("heading", level=1)).to_have_text("source product")


def test_terms_are_found_without_javascript(plain_page: Page) -> None:
    plain_page.goto("ns")
    tree = plain_page.locator(".tree")
    expect(tree.get_by_role("link", name="water product")).to_be_visible()
    product = tree.locator("#Product > details")
    product.locator("summary").first.click()
    expect(tree.get_by_role("link", name="water product")).to_be_hidden()
    plain_page.get_by_label("Find a term").fill("water product")
    plain_page.get_by_role("button", name="Find").click()
    plain_page.get_by_role("link", name="water product", exact=True).click()
    expect(plain_page.get_by_role("heading", level=1)).to_have_text("water product")
    expect(plain_page.get_by_text("things, for example")).to_be_visible()


def test_the_address_of_a_term_opens_where_it_stands(page: Page) -> None:
    page.goto("ns#cloudCover")
    expect(page.locator("#cloudCover")).to_be_in_viewport()


def test_a_saved_query_is_asked_with_other_values(page: Page) -> None:
    page.goto("queries")
    page.get_by_role("link", name="The largest floods seen").click()
    page.get_by_label("How many").fill("2")
    page.get_by_role("button", name="Ask").click()
    expect(page.locator("#answer tbody tr")).to_have_count(2)
    expect(page.locator(".map.leaflet-container canvas")).to_be_visible()
    assert page.url.endswith("/queries/largest-floods?rows=2")
    page.get_by_text("For programs", exact=True).click()
    expect(page.get_by_text("--param rows=2")).to_be_visible()
    csv = page.get_by_role("link", name="CSV").get_attribute("href")
    assert csv == "/queries/largest-floods.csv?rows=2"
    assert len(page.request.get(csv).text().splitlines()) == 3


def test_a_wrong_value_is_told_beside_its_field(plain_page: Page) -> None:
    plain_page.goto("queries/headline-1?cloud=5&place=Atlantis")
    expect(plain_page.get_by_role("alert")).to_contain_text("parameter place")
    expect(plain_page.get_by_label("Where")).to_have_attribute("aria-invalid", "true")
    expect(plain_page.get_by_label("Most cloud")).to_have_value("5")


@pytest.mark.oracle
@pytest.mark.parametrize("width", [390, 1440])
def test_no_page_of_words_is_wider_than_the_screen(
    new_context: Callable[..., BrowserContext], width: int
) -> None:
    page = new_context(viewport={"width": width, "height": 900}).new_page()
    for path in (
        "ns", "ns?q=water", "ns/SourceProduct", "ns/cloudCover", "ont/eo", "queries",
        "queries/headline-2", "query?example=headline-1", "query?query=SELECT*{?s?p?o}LIMIT 9",
    ):  # fmt: skip
        page.goto(path)
        found = page.evaluate("document.documentElement.scrollWidth")
        assert found <= width, path
        assert page.locator("h1").count() == 1
        levels = page.locator("h1, h2, h3").evaluate_all("all => all.map(h => +h.tagName[1])")
        assert all(two - one <= 1 for one, two in pairwise(levels)), path
        assert re.search(r"dafab-kg$", page.title())
