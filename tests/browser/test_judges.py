"""All pages before their judges: axe-core, weight, width, shift, no scripts, the keyboard."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from flask import Flask
from playwright.sync_api import BrowserContext, Page, expect

from tests.browser.routes import (
    HEAVY,
    Route,
    endpoints,
)

MOST_BYTES = 400_000
"""Weight of a page with all that it loads, unpacked; over the wire it is a third of that."""
MOST_SHIFT = 0.1
"""Layout shift up to which a page counts as still (web.dev/cls)."""
PHONE = 390
"""Pixels of a narrow screen."""
AXE = {"resultTypes": ["violations"]}

MEASURED = """async () => {
  const told = [...performance.getEntriesByType("navigation"),
                ...performance.getEntriesByType("resource")];
  let shift = 0;
  new PerformanceObserver((list) => {
    for (const one of list.getEntries()) if (!one.hadRecentInput) shift += one.value;
  }).observe({ type: "layout-shift", buffered: true });
  await new Promise((done) => setTimeout(done, 60));
  return {
    bytes: told.reduce((sum, one) => sum + one.encodedBodySize, 0),
    decoded: told.reduce((sum, one) => sum + one.decodedBodySize, 0),
    width: document.documentElement.scrollWidth,
    shift,
  };
}"""
"""What a page weighs (what came from the cache too), how wide it is, how much it moved."""


def settled(page: Page, path: str) -> None:
    """Open a page, and wait until its map is there."""
    page.goto(path)
    for one in page.locator("[data-map]").all():
        expect(one).to_have_class(re.compile("leaflet-container"))


def serious(page: Page) -> list[str]:
    """What axe-core finds that keeps people out."""
    from axe_playwright_python.sync_playwright import Axe

    return [
        f"{one['id']}: {node['target']} {node['html'][:160]}"
        for one in Axe().run(page, options=AXE).response["violations"]
        if one["impact"] in ("serious", "critical")
        for node in one["nodes"][:3]
    ]


def test_every_page_is_judged(bare: Flask, shown: list[Route]) -> None:
    """No page comes without an example; each example is a page of that name."""
    judged = {one.endpoint for one in shown}
    # those of the operator are found by their links, as far as they open without a token
    asked = {one for one in endpoints(bare) if not one.startswith("operator.")}
    assert asked - judged == set()
    if "operator.home" in bare.view_functions:
        assert "operator" in judged
    match = bare.url_map.bind("localhost").match
    for one in shown:
        if one.endpoint in bare.view_functions:
            assert match("/" + one.path.partition("?")[0], method="GET")[0] == one.endpoint, one
    names = {"item", "event", "tile", "place", "why", "document", "values", "finding"}
    assert names <= {one.name for one in shown}


def judge(page: Page, route: Route, width: int) -> list[str]:
    """Open a page and return all that is wrong with it."""
    settled(page, route.path)
    told = page.evaluate(MEASURED)
    wrong = []
    if route.endpoint not in HEAVY and told["decoded"] > MOST_BYTES:
        wrong.append(f"weighs {told['decoded']} bytes")
    if told["shift"] >= MOST_SHIFT:
        wrong.append(f"moves by {told['shift']:.3f}")
    if told["width"] > width:
        wrong.append(f"is {told['width']} pixels wide")
    return [f"{route.name} at {width}: {one}" for one in (*wrong, *serious(page))]


@pytest.mark.oracle
def test_no_page_is_at_fault(
    new_context: Callable[..., BrowserContext], shown: list[Route]
) -> None:
    """One page of each endpoint on a desktop, and its width on a phone; judges look at all."""
    page = new_context(viewport={"width": 1440, "height": 900}, bypass_csp=True).new_page()
    wrong = []
    for one in {one.endpoint: one for one in reversed(shown)}.values():
        wrong += judge(page, one, 1440)
        page.set_viewport_size({"width": PHONE, "height": 800})
        found = page.evaluate("document.documentElement.scrollWidth")
        if found > PHONE:
            wrong.append(f"{one.name} is {found} pixels wide on a phone")
        page.set_viewport_size({"width": 1440, "height": 900})
    assert wrong == []


@pytest.mark.oracle
@pytest.mark.parametrize("width", [PHONE, 1440])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_no_page_is_at_fault_on_any_screen(
    new_context: Callable[..., BrowserContext], shown: list[Route], width: int, scheme: str
) -> None:
    context = new_context(
        viewport={"width": width, "height": 900}, color_scheme=scheme, bypass_csp=True
    )
    page = context.new_page()
    assert [found for one in shown for found in judge(page, one, width)] == []


def test_pages_are_used_without_scripts(plain_page: Page, shown: list[Route]) -> None:
    plain_page.goto("./")
    plain_page.get_by_label("Id, place, words or IRI").fill("Luxembourg")
    plain_page.get_by_role("button", name="Search").click()
    plain_page.locator(".results .id").first.click()
    plain_page.get_by_role("link", name="How do we know").first.click()
    expect(plain_page.get_by_role("heading", level=1)).to_have_text("How do we know this?")
    plain_page.locator("main a[href^='/documents/']").first.click()
    expect(plain_page.get_by_role("heading", level=1)).to_have_text("Document as delivered")
    plain_page.get_by_role("link", name="Ontology").click()
    plain_page.get_by_label("Find a term").fill("cloud cover")
    plain_page.get_by_role("button", name="Find").click()
    plain_page.get_by_role("link", name="cloud cover", exact=True).click()
    plain_page.get_by_role("link", name="What the catalogue says of it").click()
    for one in {one.endpoint: one for one in shown}.values():
        plain_page.goto(one.path)
        assert plain_page.locator("h1").count() == 1, one
        assert plain_page.locator("main").inner_text().strip(), one


def test_the_keyboard_reaches_the_results(page: Page) -> None:
    page.goto("?place=Luxembourg")
    expect(page.locator("[data-map]")).to_have_class(re.compile("leaflet-container"))
    page.keyboard.press("Tab")
    skip = page.locator("a.skip")
    expect(skip).to_be_focused()
    expect(skip).to_be_in_viewport()
    page.keyboard.press("Enter")
    expect(page.locator("main")).to_be_focused()
    first = page.locator(".results a").first
    for _ in range(60):
        page.keyboard.press("Tab")
        assert outlined(page), page.evaluate("document.activeElement.outerHTML")
        if first.evaluate("one => one === document.activeElement"):
            break
    expect(first).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    expect(page).to_have_url(re.compile("/about"))


def outlined(page: Page) -> bool:
    """Tell whether what has the focus is seen to have it."""
    return bool(
        page.evaluate(
            """() => { const one = document.activeElement; const style = getComputedStyle(one);
            return one === document.body || style.outlineStyle !== "none"
              || style.boxShadow !== "none" }"""
        )
    )
