"""Walks over things in a real browser, with clicks and seconds."""

from __future__ import annotations

import time
from collections.abc import Callable
from urllib.parse import quote

from playwright.sync_api import BrowserContext, Page, expect

from dafab_kg.model.names import NS

DRAWN = f"SELECT DISTINCT ?product {{ ?area a <{NS}AnomalyArea> ; <{NS}ofProduct> ?product }}"
STORM = "about/event/hurdat2.AL092022"
SECONDS = 20
"""A bound for this machine while other tests run; alone each walk takes some three seconds."""


def test_one_figure_is_followed_back_to_its_source_file(
    page: Page, record_property: Callable[[str, object], None]
) -> None:
    page.goto(STORM)
    begun, clicks = time.monotonic(), 0
    page.locator("tr", has_text="start").get_by_role("link", name="How do we know").first.click()
    clicks += 1
    expect(page.get_by_role("heading", name="How do we know this?")).to_be_visible()
    # an event is what a rule makes of reports: one of these tells the figure itself
    page.get_by_role("main").get_by_role("link").first.click()
    clicks += 1
    page.locator("tr", has_text="has report").get_by_role("link").nth(1).click()
    clicks += 1
    page.locator("tr", has_text="start").get_by_role("link", name="How do we know").first.click()
    clicks += 1
    page.locator(".sources h3 a").first.click()
    clicks += 1
    with page.expect_response(lambda one: "/files/" in one.url) as file:
        page.get_by_role("link", name="View").first.click()
    clicks += 1
    assert file.value.headers["content-type"] == "text/plain; charset=utf-8"
    assert file.value.headers["x-content-type-options"] == "nosniff"
    assert "2022" in page.locator("body").inner_text()
    seconds = time.monotonic() - begun
    record_property("clicks", clicks)
    record_property("seconds", round(seconds, 2))
    assert clicks == 6
    assert seconds < SECONDS


def test_the_flood_scenes_of_a_hurricane_and_an_anomaly_polygon(
    page: Page, record_property: Callable[[str, object], None]
) -> None:
    asked = page.request.get(f"sparql?query={quote(DRAWN)}&format=json").json()
    drawn = {row["product"]["value"] for row in asked["results"]["bindings"]}
    page.goto(STORM)
    begun, clicks = time.monotonic(), 0
    expect(page.locator(".map.leaflet-container")).to_be_visible()
    listed = page.locator(".timeline a")
    [place] = [n for n in range(listed.count()) if listed.nth(n).get_attribute("title") in drawn][
        :1
    ]
    scene = listed.nth(place)
    if not scene.is_visible():
        page.locator("details", has=scene).locator("> summary").click()
        clicks += 1
    scene.click()
    clicks += 1
    expect(page.locator(".chip", has_text="flood scene").first).to_be_visible()
    page.get_by_text("What the map shows, as a list").click()
    clicks += 1
    page.locator("details[open] a[href*='/objects/']").first.click()
    clicks += 1
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    expect(page.locator(".chip", has_text="area").first).to_be_visible()
    expect(page.locator(".map.leaflet-container")).to_be_visible()
    seconds = time.monotonic() - begun
    record_property("clicks", clicks)
    record_property("seconds", round(seconds, 2))
    assert clicks <= 4
    assert seconds < SECONDS


def test_things_are_read_without_scripts_on_a_phone(
    new_context: Callable[..., BrowserContext],
) -> None:
    context = new_context(java_script_enabled=False, viewport={"width": 390, "height": 800})
    page = context.new_page()
    page.goto(STORM)
    expect(page.get_by_role("heading", level=2, name="What it is about")).to_be_visible()
    assert page.locator(".map a").count() > 0
    width = page.locator("html").bounding_box()
    assert width is not None
    assert width["width"] <= 390
    page.get_by_role("link", name="How do we know").first.click()
    expect(page.get_by_role("heading", name="How do we know this?")).to_be_visible()
