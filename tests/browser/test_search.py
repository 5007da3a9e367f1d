"""The search page in a real browser: drawing, facets, downloads; and with nothing but a form."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import geopandas
import httpx
import pytest
import shapely
from playwright.sync_api import BrowserContext, Page, expect

from tests.serving.served import Server

HOSTILE = "\"><script>alert(1)</script><img src=x onerror=alert(2)> ' {{7*7}}"


def asked(page: Page) -> dict[str, list[str]]:
    return parse_qs(urlsplit(page.url).query)


def number(page: Page) -> int:
    told = page.locator("#results").inner_text()
    found = re.search(r"[\d,]+", told)
    assert found, told
    return int(found[0].replace(",", ""))


def ids_by_stac(server: Server, area: shapely.Geometry) -> set[str]:
    """The ids of all items whose footprint meets an area, by the footprints themselves."""
    address = f"{server.address}/stac/search?limit=1000"
    items = httpx.get(address, timeout=60).raise_for_status().json()["features"]
    assert len(items) < 1000
    return {
        one["id"]
        for one in items
        if one["geometry"] and shapely.geometry.shape(one["geometry"]).intersects(area)
    }


def shown(page: Page) -> set[str]:
    found = set(page.locator(".results .id").all_inner_texts())
    while page.get_by_role("link", name="Next").count():
        with page.expect_navigation():
            page.get_by_role("link", name="Next").click()
        found |= set(page.locator(".results .id").all_inner_texts())
    return found


def test_what_is_drawn_is_what_is_searched(page: Page, server: Server) -> None:
    page.goto("./?place=Luxembourg")
    box = page.locator(".map canvas").first.bounding_box()
    assert box
    page.get_by_role("button", name="Box").click()
    middle = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.mouse.move(middle[0] - 60, middle[1] - 40)
    page.mouse.down()
    page.mouse.move(middle[0] + 20, middle[1] + 30, steps=4)
    with page.expect_navigation():
        page.mouse.up()
    expect(page.locator(".map path[stroke-dasharray]")).to_have_count(1)  # it is shown again
    with page.expect_navigation():
        page.get_by_role("link", name="in: Luxembourg").click()
    west, south, east, north = map(float, asked(page)["bbox"][0].split(","))
    assert west < east
    assert south < north
    assert shown(page) == ids_by_stac(server, shapely.box(west, south, east, north)) != set()

    page.goto("./?place=Luxembourg")
    page.locator(".map canvas").first.wait_for()
    polygon = page.get_by_role("button", name="Polygon")
    polygon.click()
    page.mouse.click(middle[0] - 50, middle[1] - 40)
    page.keyboard.press("Escape")  # begins anew
    expect(polygon).to_have_attribute("aria-pressed", "false")
    polygon.click()
    for x, y in ((-60, -40), (30, -30), (0, 50)):
        page.mouse.click(middle[0] + x, middle[1] + y)
    with page.expect_navigation():
        page.keyboard.press("Enter")
    with page.expect_navigation():
        page.get_by_role("link", name="in: Luxembourg").click()
    drawn = shapely.from_wkt(asked(page)["area"][0])
    assert len(drawn.exterior.coords) == 4
    assert shown(page) == ids_by_stac(server, drawn) != set()


def test_a_facet_finds_as_many_as_it_told(page: Page) -> None:
    page.goto("./")
    for name in ("sentinel-2-l2a", "Field image", "0 to 5 %", "autumn", "Luxembourg"):
        value = page.get_by_role("complementary").get_by_role("link", name=name, exact=True)
        if not value.count():
            continue
        told = value.locator("xpath=..").locator(".count").inner_text()
        before = number(page)
        value.click()
        assert number(page) == int(told.replace(",", "")) <= before
        page.locator(".chips .chip").first.click()
        assert number(page) == before
    page.locator(".bars a").first.click()
    assert {"from", "to"} <= set(asked(page))


def test_a_line_and_its_footprint_light_together(page: Page) -> None:
    page.goto("./?place=Luxembourg")
    page.locator(".map.leaflet-container path").first.wait_for()
    line = page.locator(".results li").first
    line.hover()
    expect(line).to_have_class(re.compile("lit"))
    assert page.locator('.map path[stroke-width="3.5"]').count() >= 1
    # the list has a link for each: the keyboard does not stop at footprints
    assert page.locator(".map path").count() == page.locator('.map path[tabindex="-1"]').count()
    page.get_by_role("button", name="Polygon").focus()
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.closest('.map') === null")


def test_cloud_free_fields_of_luxembourg_are_fetched_as_geoparquet(
    page: Page,
    server: Server,
    tmp_path: Path,
    record_property: Callable[[str, object], None],
) -> None:
    """The walk of a scientist."""
    page.goto("./")
    began = time.monotonic()
    page.get_by_label("Id, place, words or IRI").fill("Luxembourg")
    page.get_by_role("button", name="Search").click()
    facets = page.get_by_role("complementary", name="Narrow the search")
    facets.get_by_role("link", name="Field image", exact=True).click()
    facets.get_by_role("link", name="0 to 5 %", exact=True).click()
    told = number(page)
    with page.expect_download() as download:
        page.get_by_role("link", name="GeoParquet").click()
    path = tmp_path / "found.parquet"
    download.value.save_as(path)
    record_property("clicks", 4)
    record_property("seconds", round(time.monotonic() - began, 1))
    table = geopandas.read_parquet(path)
    assert len(table) == told > 0
    assert table["eo:cloud_cover"].between(0, 5, inclusive="left").all()
    query = {
        "filter": "A_CONTAINS(dafab:place, ('Luxembourg')) AND eo:cloud_cover < 5 "
        "AND A_CONTAINS(dafab:types, ('dafab:FieldImage'))",
        "limit": "1000",
    }
    answer = httpx.get(f"{server.address}/stac/search", params=query, timeout=60)
    assert set(table.index) == {one["id"] for one in answer.json()["features"]}


def test_the_form_alone_searches_without_javascript(plain_page: Page) -> None:
    plain_page.goto("./")
    plain_page.get_by_label("Id, place, words or IRI").fill("luxembourg")
    plain_page.get_by_label("From").fill("2022-01-01")
    plain_page.get_by_role("button", name="Search").click()
    assert asked(plain_page)["place"] == ["Luxembourg"]
    assert asked(plain_page)["from"] == ["2022-01-01"]
    assert number(plain_page) > 0
    assert plain_page.locator(".map svg path").count() > 0
    plain_page.get_by_text("Area and condition").click()
    plain_page.get_by_label("Box: west").fill("5.5,49,6.8,50.5")
    plain_page.get_by_role("button", name="Search").click()
    first = plain_page.locator(".results .id").first
    first.click()
    expect(plain_page).to_have_url(re.compile("/about/product/"))
    expect(plain_page.locator("h1")).to_be_visible()


@pytest.mark.parametrize("name", ["q", "place", "collection", "filter", "area", "bbox", "class"])
def test_nothing_of_an_address_runs(page: Page, name: str) -> None:
    page.on("dialog", lambda dialog: pytest.fail(dialog.message))
    page.goto("./?" + str(httpx.QueryParams({name: HOSTILE})))
    expect(page.locator("main")).to_be_visible()
    assert page.locator("main script, main img").count() == 0
    assert "49" not in page.locator(".chips").all_inner_texts()


def test_what_is_nearly_a_place_is_asked_back(page: Page) -> None:
    page.goto("./?q=Luxemburg")
    page.get_by_role("link", name="Is Luxembourg meant?").click()
    assert number(page) > 0


@pytest.mark.oracle
@pytest.mark.parametrize("width", [390, 1440])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_page_has_no_serious_fault(
    new_context: Callable[..., BrowserContext], width: int, scheme: str
) -> None:
    from axe_playwright_python.sync_playwright import Axe

    page = new_context(
        viewport={"width": width, "height": 900}, color_scheme=scheme, bypass_csp=True
    ).new_page()
    page.goto("./?place=Luxembourg")
    page.locator(".map canvas").first.wait_for()
    found = Axe().run(page).response["violations"]
    serious = [one for one in found if one["impact"] in ("serious", "critical")]
    assert serious == []
    assert page.evaluate("document.documentElement.scrollWidth") <= width
