"""Maps in a real browser."""

from __future__ import annotations

from playwright.sync_api import Page, expect


def test_a_map_stands_on_the_search_page_and_no_other_server_is_asked(page: Page) -> None:
    page.goto("./")
    expect(page.locator(".map.leaflet-container canvas")).to_be_visible()
