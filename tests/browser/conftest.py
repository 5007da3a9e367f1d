"""The pages of a real server over the sample, in Debian's Chromium."""

from __future__ import annotations

import fcntl
import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from flask import Flask
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

import dafab_kg
from dafab_kg.sample import write_sample
from dafab_kg.web import create_app
from tests.browser.routes import Route, routes
from tests.serving.served import Server
from tests.web.conftest import MemoryCatalogue

PRODUCTS = 60
MISSING = "needs Debian's chromium (apt-get install chromium)"


@pytest.fixture(scope="session")
def sample_store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store of a small sample with all its kinds of documents, made once for all workers."""
    worker = os.environ.get("PYTEST_XDIST_WORKER")
    root = tmp_path_factory.getbasetemp()
    shared = root.parent if worker else root
    store = shared / "browser-store"
    with (shared / "browser-store.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not store.exists():
            write_sample(shared / "browser-sample", products=PRODUCTS)
            made = shared / "browser-store-unfinished"
            with dafab_kg.open(made) as catalogue:
                catalogue.load(shared / "browser-sample", validate=False)
                catalogue.derive("water")
                catalogue.enrich()
            made.rename(store)
    return store


@pytest.fixture(scope="session")
def server(sample_store: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server for the tests that change nothing."""
    store = tmp_path_factory.mktemp("browser") / "store"
    shutil.copytree(sample_store, store, symlinks=True)
    started = Server(store, workers=1, query_seconds=60, queue_seconds=60, http_processes=1)
    yield started
    assert started.stop() == 0


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """The browser."""
    found = shutil.which("chromium")
    if found is None:
        pytest.skip(MISSING)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=found, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture
def new_context(chromium: Browser, server: Server) -> Iterator[Callable[..., BrowserContext]]:
    """Makes contexts whose pages may ask this server alone, and may have no error.

    Fails if a page asked another origin, if a script failed or the policy stopped something.
    """
    told: list[str] = []
    contexts: list[BrowserContext] = []

    def make(address: str = server.address, **options: Any) -> BrowserContext:
        own = address.rstrip("/") + "/"
        context = chromium.new_context(base_url=own, **options)
        contexts.append(context)

        def asked(request: Any) -> None:
            if not request.url.startswith((own, "data:", "blob:")):
                told.append(f"asked {request.url}")

        context.on("request", asked)
        context.on("weberror", lambda error: told.append(f"failed: {error.error}"))
        context.on(
            "console",
            lambda line: told.append(line.text) if "Security Policy" in line.text else None,
        )
        return context

    yield make
    for context in contexts:
        context.close()
    assert told == []


@pytest.fixture
def page(new_context: Callable[..., BrowserContext]) -> Page:
    """A page of a desktop."""
    return new_context(viewport={"width": 1440, "height": 900}).new_page()


@pytest.fixture
def plain_page(new_context: Callable[..., BrowserContext]) -> Page:
    """A page without JavaScript."""
    return new_context(java_script_enabled=False).new_page()


@pytest.fixture(scope="session")
def shown(server: Server) -> list[Route]:
    """An address of every kind of page of the server."""
    with httpx.Client(base_url=server.address, timeout=60) as client:
        return routes(client)


@pytest.fixture(scope="session")
def bare() -> Flask:
    """The application with all its routes; nobody asks it anything."""
    return create_app(MemoryCatalogue())  # type: ignore[arg-type]
