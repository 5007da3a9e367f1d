"""What a service must not do, and what becomes of the harvest when it does."""

from __future__ import annotations

import base64
import json
import logging
from pathlib import Path
from typing import Any

import pytest

from dafab_kg.catalogue import Catalogue, open_catalogue
from dafab_kg.catalogue import harvesting as module
from dafab_kg.federation import polite
from dafab_kg.federation.harvest import HarvestReport
from dafab_kg.model.errors import DafabError, ServiceNotUsable, StoreNotUsable, ThingNotFound
from dafab_kg.model.settings import Settings
from tests.federation.conftest import Reply, Told, item


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Waits are not waited for."""
    harvest = module.harvest
    monkeypatch.setattr(
        module, "harvest", lambda *args, **more: harvest(*args, **more, patience=0.001)
    )


def run(store: Path, url: str, settings: Settings | None = None, **wanted: Any) -> HarvestReport:
    with open_catalogue(store, settings=settings) as catalogue:
        return catalogue.harvest(url, **wanted)


def ids(store: Path) -> set[str]:
    with open_catalogue(store, read_only=True) as catalogue:
        return {document.key.rsplit("/", 1)[-1] for document in catalogue.documents()}


def refused(store: Path, url: str, match: str, **wanted: Any) -> None:
    with pytest.raises(ServiceNotUsable, match=match) as caught:
        run(store, url, **wanted)
    assert url.split("?")[0].split("@")[-1].rstrip("/") in str(caught.value)


# --- what is no STAC API


def test_pages_that_are_no_stac(told: Told, tmp_path: Path) -> None:
    told.on("/", Reply(b"<html>Welcome</html>"))
    refused(tmp_path, told.url, r"answers with what is no JSON: '<html>Welcome")
    told.on("/", {"hello": "world"})
    refused(tmp_path, told.url, "is no STAC API")
    told.on("/", [1])
    refused(tmp_path, told.url, "no object|is no STAC API")
    told.on("/", Reply({"code": "NotFound"}, 404))
    with pytest.raises(ThingNotFound, match=r"is not there \(404\)"):
        run(tmp_path, told.url)


def test_a_static_catalogue_has_no_search(told: Told, tmp_path: Path) -> None:
    told.landing(conformsTo=[], links=[{"rel": "self", "href": f"{told.url}/"}])
    refused(tmp_path, told.url, "offers no search of items.*downloaded and loaded")


@pytest.mark.parametrize("url", ["file:///etc/passwd", "ftp://a.example/", "stac", "http://[x/"])
def test_addresses_that_are_none(url: str, tmp_path: Path) -> None:
    with pytest.raises(ServiceNotUsable, match="is no http or https address"):
        run(tmp_path, url)


def test_nobody_there(tmp_path: Path) -> None:
    with pytest.raises(ServiceNotUsable, match=r"127\.0\.0\.1:1.*cannot be"):
        run(tmp_path, "http://127.0.0.1:1/stac")


# --- faults that pass


@pytest.mark.parametrize("status", [429, 500, 502, 503, 504])
def test_a_fault_that_passes_is_waited_for(told: Told, tmp_path: Path, status: int) -> None:
    told.on("/search", Reply({}, status), Reply({}, status), told.page(item("a")))
    assert run(tmp_path, told.url).state.items == 1
    assert sum(p.startswith("/search") for p in told.paths) == 3


def test_retry_after_is_heeded(told: Told, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    waits: list[float] = []
    monkeypatch.setattr("urllib3.util.retry.time.sleep", waits.append)
    told.on("/search", Reply({}, 503, {"Retry-After": "7"}), told.page(item("a")))
    assert run(tmp_path, told.url).state.items == 1
    assert waits == [7]


def test_a_service_that_asks_to_wait_for_hours(told: Told, tmp_path: Path) -> None:
    told.on("/search", Reply({}, 429, {"Retry-After": "7200"}))
    with pytest.raises(ServiceNotUsable, match="asks to wait 7,200 seconds; give the same command"):
        run(tmp_path, told.url)


def test_a_fault_that_stays_ends_it_and_the_rest_comes_later(told: Told, tmp_path: Path) -> None:
    told.on("/search", told.page(item("a"), item("b"), following="/next"))
    told.on("/next", Reply({}, 500))
    refused(tmp_path, told.url, r"answers with an error \(500\)")
    assert ids(tmp_path) == {"a", "b"}
    told.on("/next", told.page(item("c")))
    told.asked.clear()
    report = run(tmp_path, told.url)
    assert (report.resumed, report.state.items, report.state.pages) == (True, 3, 2)
    assert ids(tmp_path) == {"a", "b", "c"}
    assert not any(p.startswith("/search") for p in told.paths)  # what was read is not read again


def test_an_answer_that_breaks_off_is_asked_for_again(told: Told, tmp_path: Path) -> None:
    page = told.page(item("a"))
    told.on("/search", Reply(page, cut=True), page)
    assert run(tmp_path, told.url).state.items == 1
    told.on("/search", Reply(page, cut=True))
    refused(tmp_path, told.url, "cannot be read", restart=True)


def test_who_asks_is_said_and_one_at_a_time(told: Told, tmp_path: Path) -> None:
    told.on("/search", told.page(item("a")))
    run(tmp_path, told.url)
    assert {headers["User-Agent"] for _, _, headers, _ in told.asked} == {polite.USER_AGENT}
    assert polite.USER_AGENT.startswith("dafab-kg/")


# --- pages


def test_broken_items_are_kept_aside_and_their_neighbours_load(told: Told, tmp_path: Path) -> None:
    crossed = [[[0, 0], [1, 1], [1, 0], [0, 1], [0, 0]]]
    told.on(
        "/search",
        told.page(
            item("a"),
            item("crossed", geometry={"type": "Polygon", "coordinates": crossed}),
            {"type": "Feature", "id": "stranger", "properties": {}, "geometry": None},
            item(""),
            item("d"),
        ),
    )
    report = run(tmp_path, told.url)
    assert ids(tmp_path) == {"a", "d"}
    assert report.state.items == 5
    with open_catalogue(tmp_path) as catalogue:
        rejected = {one.error: one for one in catalogue.quarantine()}
        assert set(rejected) == {"GeometryNotValid", "NotRecognised", "FieldMissing"}
        for one in rejected.values():
            assert one.remedy
            assert f"{told.url}/search" in one.where + one.origin
            (part,) = catalogue.quarantined(one.document_id).parts
            assert json.loads(part.data)["type"] == "Feature"
        assert (
            b"crossed"
            in catalogue.quarantined(rejected["GeometryNotValid"].document_id).parts[0].data
        )


def test_documents_keep_the_bytes_that_came(told: Told, tmp_path: Path) -> None:
    text = json.dumps(item("a")).replace("[6, 49]", "[ 6.000, 49.10 ]")
    told.on(
        "/search", Reply(b'{"type":"FeatureCollection", "features" : [ ' + text.encode() + b"] }")
    )
    run(tmp_path, told.url)
    with open_catalogue(tmp_path, read_only=True) as catalogue:
        (entry,) = catalogue.documents()
        (data,) = catalogue.document(entry.document_id)[1].values()
    assert data == text.encode()


def test_the_order_of_members_is_no_change(told: Told, tmp_path: Path) -> None:
    told.on("/search", told.page(item("a")))
    run(tmp_path, told.url)
    told.on("/search", told.page(dict(reversed(item("a").items()))))
    assert run(tmp_path, told.url).load.counts == {"unchanged": 1}
    changed = item("a")
    changed["properties"]["platform"] = "sentinel-2b"
    told.on("/search", told.page(changed))
    assert run(tmp_path, told.url).load.counts == {"replaced": 1}


def test_old_pages_that_tell_the_version_once(told: Told, tmp_path: Path) -> None:
    bare = {k: v for k, v in item("a").items() if k != "stac_version"}
    told.on("/search", {**told.page(bare), "stac_version": "0.9.0"})
    run(tmp_path, told.url)
    assert ids(tmp_path) == {"a"}


def test_pages_without_end(told: Told, tmp_path: Path) -> None:
    told.on("/search", told.page(item("a"), following="/two"))
    told.on("/two", told.page(item("b"), following="/two"))
    with pytest.raises(ServiceNotUsable, match="do not come to an end: the link"):
        run(tmp_path, told.url)
    assert ids(tmp_path) == {"a", "b"}
    for number in range(3, 9):
        told.on(f"/{number}", told.page(item("b"), following=f"/{number + 1}"))
    told.on("/two", told.page(item("b"), following="/3"))
    with pytest.raises(ServiceNotUsable, match="holds what an earlier page held"):
        run(tmp_path, told.url, restart=True)


def test_links_that_lead_elsewhere_are_not_followed(told: Told, tmp_path: Path) -> None:
    for href in ("file:///etc/passwd", "http://169.254.169.254/latest", "//other.example/x"):
        told.on("/search", told.page(item("a"), following={"href": href}))
        refused(tmp_path, told.url, "another place", restart=True)
    told.on("/search", Reply(b"", 302, {"Location": "file:///etc/passwd"}))
    refused(tmp_path, told.url, "no web address", restart=True)
    told.on("/search", Reply(b"", 302, {"Location": "/search"}))
    refused(tmp_path, told.url, "redirects in a circle", restart=True)
    told.on("/search", Reply(b"", 302, {"Location": "/here"}))
    told.on("/here", told.page(item("b")))
    assert run(tmp_path, told.url, restart=True).state.items == 1


@pytest.mark.parametrize(
    ("body", "why"),
    [
        (b"Service Unavailable", "no JSON: 'Service Unavailable'"),
        (b'{"features": [', "no JSON"),
        (b"[]", "JSON that is no object"),
        (b'{"features": 3}', "no ItemCollection"),
        (b"[" * 100_000, "no JSON"),
    ],
)
def test_answers_that_are_no_page(told: Told, tmp_path: Path, body: bytes, why: str) -> None:
    told.on("/search", Reply(body))
    refused(tmp_path, told.url, why)


def test_a_page_without_bounds(told: Told, tmp_path: Path) -> None:
    told.on("/search", told.page(item("a", filler="x" * 200_000)))
    refused(
        tmp_path, told.url, r"more than 100,000 bytes.*--page-size",
        settings=Settings(max_file_bytes=100_000),
    )  # fmt: skip


def test_posted_searches_go_on_with_the_body_of_the_link(told: Told, tmp_path: Path) -> None:
    search = {"rel": "search", "href": f"{told.url}/search", "method": "POST"}
    told.landing(links=[search])
    more = {"href": f"{told.url}/search", "method": "POST", "body": {"token": "t"}, "merge": True}
    told.on("/search", told.page(item("a"), following=more), told.page(item("b")))
    report = run(tmp_path, told.url, bbox=(5.0, 49.0, 7.0, 50.0), page_size=1)
    assert report.state.items == 2
    first, second = (json.loads(body) for method, _, _, body in told.asked if method == "POST")
    assert first == {"bbox": [5, 49, 7, 50], "limit": 1}
    assert second == {**first, "token": "t"}


def test_collections_are_loaded_page_by_page(told: Told, tmp_path: Path) -> None:
    def collection(name: str) -> dict[str, Any]:
        return {
            "type": "Collection", "stac_version": "1.0.0", "id": name, "description": "d",
            "license": "other", "links": [],
            "extent": {
                "spatial": {"bbox": [[0, 0, 1, 1]]}, "temporal": {"interval": [[None, None]]}
            },
        }  # fmt: skip

    page = told.landing()
    page["links"].append({"rel": "data", "href": f"{told.url}/collections"})
    onward = [{"rel": "next", "href": "/collections?page=2"}]
    told.on("/collections?page=2", {"collections": [collection("two")], "links": []})
    told.on("/collections", {"collections": [collection("one")], "links": onward})
    told.on("/search", told.page(item("a")))
    run(tmp_path, told.url)
    assert ids(tmp_path) == {"one", "two", "a"}


# --- interruption


def test_ctrl_c_between_pages(told: Told, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    told.on("/search", told.page(item("a"), following="/two"))
    told.on("/two", told.page(item("b")))
    ask = polite.PoliteIO.ask

    def interrupted(self: polite.PoliteIO, query: polite.Query) -> bytes:
        if query.url.endswith("/two"):
            raise KeyboardInterrupt
        return ask(self, query)

    monkeypatch.setattr(polite.PoliteIO, "ask", interrupted)
    with pytest.raises(KeyboardInterrupt):
        run(tmp_path, told.url)
    monkeypatch.undo()
    with open_catalogue(tmp_path) as catalogue:
        assert catalogue.doctor() == ()
        report = catalogue.harvest(told.url)
    assert (report.resumed, report.state.items) == (True, 2)


def test_a_damaged_state_is_named(told: Told, tmp_path: Path) -> None:
    told.on("/search", told.page(item("a")))
    run(tmp_path, told.url)
    (file,) = (tmp_path / "harvests").iterdir()
    for text in ("", "[]", '{"format": 99}', '{"format": 1, "wanted": {}}'):
        file.write_text(text)
        with pytest.raises(StoreNotUsable, match=r"cannot be read.*--restart"):
            run(tmp_path, told.url)
    assert run(tmp_path, told.url, restart=True).state.items == 1


@pytest.mark.oracle  # long, for what a name of a file decides
def test_different_searches_have_states_of_their_own(told: Told, tmp_path: Path) -> None:
    told.on("/search", told.page(item("a")))
    for wanted in ({}, {"limit": 1}, {"datetime": "2022"}, {"bbox": (0.0, 0.0, 1.0, 1.0)}):
        run(tmp_path, told.url, **wanted)
    run(tmp_path, told.url, limit=1)
    assert len(list((tmp_path / "harvests").iterdir())) == 4


# --- secrets


def everything(catalogue: Catalogue, store: Path) -> bytes:
    texts = [
        str(e).encode() + str(catalogue.document(e.document_id)).encode()
        for e in catalogue.documents()
    ]
    files = [p.read_bytes() for p in store.rglob("*") if p.is_file()]
    return b"".join(texts + files)


def test_secrets_reach_the_service_and_nothing_else(
    told: Told, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    following = f"{told.url}/two?token=s3cr%2Ft&page=2"
    told.on("/search", told.page(item("a"), following={"href": following}))
    told.on("/two", Reply({}, 500), told.page(item("b"), {"type": "Feature", "id": "broken"}))
    url = told.url.replace("://", "://me:pass-word@") + "/?token=s3cr%2Ft"
    report = run(tmp_path, url)
    assert report.state.items == 3
    basic = "Basic " + base64.b64encode(b"me:pass-word").decode()
    assert {headers.get("Authorization") for _, _, headers, _ in told.asked} == {basic}
    assert all(path.count("token=s3cr%2Ft") == 1 for path in told.paths)
    with open_catalogue(tmp_path) as catalogue:
        held = everything(catalogue, tmp_path) + caplog.text.encode() + repr(report).encode()
    for secret in (b"pass-word", b"s3cr", basic.encode()):
        assert secret not in held
    told.on("/two", Reply({}, 500))
    with pytest.raises(DafabError) as caught:
        run(tmp_path, url, restart=True)
    assert "s3cr" not in str(caught.value) + repr(caught.value.__cause__)
    assert "/two?page=2" in str(caught.value)
