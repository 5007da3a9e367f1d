"""The operator's walk: load a document with an error, see why it was refused, mend it, retry."""

from __future__ import annotations

import json
import logging
import re
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import BrowserContext, Page, expect

import dafab_kg
from dafab_kg.access.tokens import Tokens
from tests.ingest.documents import water_item
from tests.serving.served import Server


@pytest.fixture
def own_server(tmp_path: Path) -> Iterator[Server]:
    """A server that may be changed."""
    with dafab_kg.open(tmp_path / "store"):
        pass
    started = Server(tmp_path / "store", workers=1, query_seconds=30, http_processes=1)
    yield started
    assert started.stop() == 0


def seen(page: Page, heading: str) -> None:
    """Wait for a page, which fits a phone and has no serious fault."""
    from axe_playwright_python.sync_playwright import Axe

    expect(page.get_by_role("heading", level=1)).to_have_text(heading)
    page.wait_for_load_state()
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    found = Axe().run(page).response["violations"]
    assert [one["id"] for one in found if one["impact"] in ("serious", "critical")] == []


def test_a_refused_document_is_mended_and_tried_again(
    own_server: Server, new_context: Callable[..., BrowserContext]
) -> None:
    token = Tokens(own_server.store, "").create("operator", ["write"])[1]
    item = water_item(1)
    place = json.dumps(item["geometry"])
    broken = json.dumps({**item, "geometry": None}, indent=1).encode()
    page = new_context(
        own_server.address, viewport={"width": 390, "height": 844}, bypass_csp=True
    ).new_page()
    clicks, began = 0, time.monotonic()

    def click(role: str, name: str | re.Pattern[str]) -> None:
        nonlocal clicks
        page.get_by_role(role, name=name).click()  # type: ignore[arg-type]
        clicks += 1

    page.goto("./")
    click("link", re.compile("^Operator$"))
    seen(page, "Operator: log in")
    page.get_by_label("Token").fill(token)
    click("button", "Log in")
    seen(page, "State of the catalogue")
    assert token not in page.url
    expect(page.get_by_role("row", name=re.compile("^writer"))).to_be_visible()
    click("link", re.compile("^Load$"))
    seen(page, "Load documents")
    page.get_by_label("Files").set_input_files(
        {"name": "flood.json", "mimeType": "application/json", "buffer": broken}
    )
    click("button", "Load")
    seen(page, "Nothing was loaded")
    expect(page.get_by_role("status")).to_contain_text("1 rejected")
    click("link", "Quarantine")
    seen(page, "Quarantine")
    click("link", "flood.json")
    seen(page, "flood.json")
    expect(page.get_by_text("The item has no geometry")).to_be_visible()
    expect(page.get_by_text("Give it a Polygon")).to_be_visible()
    text = page.get_by_label("The document: change it here")
    assert text.input_value() == broken.decode()
    text.fill(text.input_value().replace('"geometry": null', f'"geometry": {place}'))
    click("button", "Replace and retry")
    seen(page, "Loaded")
    expect(page.get_by_text("has left quarantine")).to_be_visible()
    expect(page.get_by_role("status")).to_contain_text("1 loaded")
    click("link", "What is known of flood.json")
    expect(page).to_have_url(re.compile("/about/document/"))
    click("link", re.compile("^Operator$"))
    expect(page.get_by_text("Nothing is in quarantine.")).to_be_visible()
    click("button", "Log out")
    expect(page.get_by_role("button", name="Log in")).to_be_visible()
    # what is discarded is gone for whoever looks then
    with httpx.Client(
        base_url=own_server.address, headers={"Authorization": f"Bearer {token}"}
    ) as program:
        program.post("operator/load", files={"file": ("a.json", broken)}).raise_for_status()
        [entry] = program.get("operator/quarantine").json()["entries"]
        address = f"operator/quarantine/{entry['id']}/discard"
        assert program.post(address).json() == {"discarded": [entry["id"]]}
        assert program.get("operator/quarantine").json()["total"] == 0
    logging.getLogger(__name__).info("%d clicks, %.1f s", clicks, time.monotonic() - began)
    assert clicks <= 10
    assert token not in own_server.log.read_text()
