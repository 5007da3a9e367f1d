"""The operator's pages: who gets in and by what, and a refused document mended and tried again."""

from __future__ import annotations

import io
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient
from hypothesis import given
from hypothesis import strategies as st
from werkzeug.datastructures import FileStorage
from werkzeug.test import encode_multipart

from dafab_kg.catalogue import load_reports
from dafab_kg.catalogue.load_reports import keep_report, kept_report, newest_reports
from dafab_kg.ingest.report import LoadReport, Outcome
from dafab_kg.model.names import NS
from dafab_kg.store.protocol import Blank, Iri, Literal
from dafab_kg.validation.results import Result, report_of
from dafab_kg.web.operator_findings import findings
from dafab_kg.web.operator_names import safe_name
from tests.ingest.documents import water_item
from tests.web.test_pages import BROWSER, Page
from tests.web.written import Clients, clients

HERE = {**BROWSER, "Origin": "http://localhost"}
MOST = 2 * 2**20
HOSTILE = "<script>alert(1)</script></textarea>"


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Clients]:
    place = tmp_path_factory.mktemp("operator")
    with clients(place, reasoning=False, index=False, write_bytes=MOST) as found:
        yield found


def enter(made: Clients, token: str, headers: dict[str, str] = HERE, **form: str) -> Any:
    browser = made.app.test_client()
    response = browser.post("/operator/login", data={"token": token, **form}, headers=headers)
    return browser, response


@pytest.fixture(scope="module")
def browser(made: Clients) -> FlaskClient:
    """Somebody who is logged in."""
    found, response = enter(made, made.tokens["write"])
    assert response.status_code == 303
    return found


def upload(browser: FlaskClient, name: str, data: bytes) -> Any:
    return send(browser, "/operator/load", file=FileStorage(io.BytesIO(data), name))


def send(browser: FlaskClient, path: str, **form: Any) -> Any:
    """Send a form; it is made in memory, where the test client would leave a file open."""
    boundary, body = encode_multipart(form)
    return browser.post(
        path, data=body, headers=HERE, content_type=f"multipart/form-data; boundary={boundary}"
    )


def broken(number: int) -> tuple[bytes, bytes]:
    """An item that has no place, and the same mended."""
    item = water_item(number)
    return json.dumps({**item, "geometry": None}).encode(), json.dumps(item).encode()


def waiting(made: Clients) -> list[str]:
    return [entry.document_id for entry in made.catalogue.quarantine()]


def test_who_is_not_logged_in_is_led_to_the_form(made: Clients) -> None:
    response = made.app.test_client().get("/operator/quarantine", headers=BROWSER)
    assert response.status_code == 303
    assert response.headers["Location"] == "/operator/login?next=/operator/quarantine"
    assert made.app.test_client().get("/operator").status_code == 401  # a program
    assert made.ask("read", "/operator").status_code == 403
    assert made.ask("write", "/operator").status_code == 200


def test_a_token_becomes_a_cookie_that_only_these_pages_get(made: Clients) -> None:
    browser, response = enter(made, made.tokens["write"], next="/operator/load")
    assert (response.status_code, response.headers["Location"]) == (303, "/operator/load")
    told = response.headers["Set-Cookie"]
    assert {"HttpOnly", "SameSite=Strict", "Path=/operator"} <= set(told.split("; "))
    assert "Secure" not in told and "Expires" not in told
    page = browser.get("/operator", headers=BROWSER)
    assert page.status_code == 200
    assert page.headers["Cache-Control"] == "private, no-store"
    assert made.tokens["write"] not in page.text + response.text
    browser.post("/operator/logout", headers=HERE)
    assert browser.get("/operator", headers=BROWSER).status_code == 303


def test_over_https_the_cookie_is_for_https_alone(made: Clients) -> None:
    response = made.app.test_client().post(
        "/operator/login", base_url="https://localhost", data={"token": made.tokens["write"]},
        headers={**BROWSER, "Origin": "https://localhost"},
    )  # fmt: skip
    assert "; Secure" in response.headers["Set-Cookie"]


def test_a_wrong_token_or_one_for_less_gets_no_cookie(made: Clients) -> None:
    for token, status in (("dafab_wrong", 401), ("", 401), (made.tokens["read"], 403)):
        _, response = enter(made, token)
        assert response.status_code == status
        assert "Set-Cookie" not in response.headers
        assert "does not open these pages" in response.text


@pytest.mark.parametrize(
    "following", ["//evil.example", "/operator//evil.example", "https://evil.example", "/sparql",
                  "/operator/../sparql", "/operator\\evil", "/operatorevil.example", "\n/operator"],
)  # fmt: skip
def test_the_login_leads_nowhere_else(made: Clients, following: str) -> None:
    _, response = enter(made, made.tokens["write"], next=following)
    assert response.headers["Location"] == "/operator"


def test_the_cookie_opens_nothing_but_these_pages(made: Clients) -> None:
    browser = made.app.test_client()
    # even if a browser sent it everywhere
    browser.set_cookie("dafab_operator", made.tokens["admin"], path="/")
    assert browser.get("/operator", headers=BROWSER).status_code == 200
    response = browser.post(
        "/sparql", data=b"INSERT DATA { <a:a> <a:b> 1 }", headers=HERE,
        content_type="application/sparql-update",
    )  # fmt: skip
    assert response.status_code == 401
    assert browser.put("/graphs/x", data=b"", headers=HERE).status_code == 401
    assert "private" not in browser.get("/holdings").headers.get("Cache-Control", "")
    # and a header goes before it
    bad = {"Authorization": "Bearer dafab_wrong"}
    assert browser.get("/operator", headers=bad).status_code == 401


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 403),
        ({"Origin": "https://evil.example"}, 403),
        ({"Origin": "http://localhost:1234"}, 403),
        ({"Origin": "null"}, 403),
        ({"Origin": "http://[bad"}, 403),
        ({"Sec-Fetch-Site": "cross-site", "Origin": "http://localhost"}, 403),
        ({"Sec-Fetch-Site": "same-site"}, 403),
        ({"Sec-Fetch-Site": "none"}, 403),
        ({"Sec-Fetch-Site": "same-origin", "Origin": "null"}, 400),
        ({"Origin": "http://localhost"}, 400),
    ],
)
def test_forms_of_other_sites_are_refused(
    browser: FlaskClient, made: Clients, headers: dict[str, str], status: int
) -> None:
    # 400: it came through, and has no file
    assert browser.post("/operator/load", headers={**BROWSER, **headers}).status_code == status
    login = enter(made, made.tokens["write"], {**BROWSER, **headers})[1].status_code
    assert login == (403 if status == 403 else 303)


def test_a_program_needs_no_origin(made: Clients) -> None:
    response = made.ask(
        "write", "/operator/load", "POST", data={"file": (io.BytesIO(broken(20)[1]), "a.json")}
    )
    assert response.status_code == 200
    assert response.json["counts"] == {"loaded": 1}


def test_a_refused_document_is_mended_in_the_page(browser: FlaskClient, made: Clients) -> None:
    bad, good = broken(1)
    report = upload(browser, "item.json", bad)
    assert report.status_code == 200 and "1 rejected" in report.text
    (identifier,) = waiting(made)
    path = f"/operator/quarantine/{identifier}"
    assert path in Page(report.text).links
    assert path in Page(browser.get("/operator/quarantine", headers=BROWSER).text).links
    entry = browser.get(path, headers=BROWSER).text
    Page(entry)
    assert "item has no geometry" in entry and "Give it a Polygon" in entry
    assert bad == browser.get(f"{path}/files/0").data
    # nothing was mended: it stays
    again = browser.post(f"{path}/retry", headers=HERE)
    assert "still in quarantine" in again.text and waiting(made) == [identifier]
    mended = browser.post(f"{path}/replace", data={"text": good.decode()}, headers=HERE)
    assert "has left quarantine" in mended.text and "1 loaded" in mended.text
    assert waiting(made) == []
    (link,) = [link for link in Page(mended.text).links if link.startswith("/about/document/")]
    assert browser.get(link).status_code == 200


def test_a_file_that_was_no_document_is_mended_by_an_upload(
    browser: FlaskClient, made: Clients
) -> None:
    _, good = broken(2)
    upload(browser, "cut.json", good[:60])
    (identifier,) = waiting(made)
    response = browser.post(
        f"/operator/quarantine/{identifier}/replace",
        data={"text": good[:60].decode(), "file": (io.BytesIO(good), "other.json")},
        headers={**HERE, "Accept": "application/json"},
    )
    assert response.json["counts"] == {"loaded": 1}
    assert waiting(made) == []


def test_a_mended_document_that_is_wrong_again_takes_the_place_of_the_first(
    browser: FlaskClient, made: Clients
) -> None:
    _, good = broken(3)
    texts = [broken(3)[0], good[:60], good[:70], good]  # no place, then no JSON, twice
    upload(browser, "item.json", texts[0])
    for text in texts[1:]:
        (identifier,) = waiting(made)
        path = f"/operator/quarantine/{identifier}"
        report = browser.post(f"{path}/replace", data={"text": text.decode()}, headers=HERE)
        links = [link for link in Page(report.text).links if "/quarantine/" in link]
        assert links == [f"/operator/quarantine/{one}" for one in waiting(made)]
        assert browser.post(f"{path}/retry", headers=HERE).status_code == 404
    assert waiting(made) == []


def test_an_empty_text_takes_no_place(browser: FlaskClient, made: Clients) -> None:
    upload(browser, "item.json", broken(5)[0])
    (identifier,) = waiting(made)
    path = f"/operator/quarantine/{identifier}"
    assert browser.post(f"{path}/replace", data={"text": " \n"}, headers=HERE).status_code == 400
    assert waiting(made) == [identifier]
    made.catalogue.discard(identifier)


def test_a_good_upload_takes_the_broken_one_of_its_name_away(
    browser: FlaskClient, made: Clients
) -> None:
    """Also where nobody could tell of which document the broken one was."""
    _, good = broken(6)
    upload(browser, "cutx.json", good[:80])
    upload(browser, "other.json", good[:80])
    entries = made.catalogue.quarantine()
    assert {one.origin for one in entries} == {
        "upload:the-write/cutx.json", "upload:the-write/other.json",
    }  # fmt: skip
    assert not [one for one in entries if "/tmp" in f"{one.key}{one.message}{one.where}"]
    again = upload(browser, "cutx.json", good)
    assert "1 loaded" in again.text and "1 has left quarantine" in again.text
    (left,) = made.catalogue.quarantine()
    assert left.origin == "upload:the-write/other.json"
    # the good one is there already, and is not loaded again
    assert "1 unchanged" in upload(browser, "other.json", good).text
    assert waiting(made) == []


def test_another_document_of_the_same_name_takes_nothing_away(
    browser: FlaskClient, made: Clients
) -> None:
    upload(browser, "item.json", broken(7)[0])
    upload(browser, "item.json", broken(8)[1])
    assert len(waiting(made)) == 1
    upload(browser, "renamed.json", broken(7)[1])
    assert waiting(made) == []
    assert made.catalogue.documents()[-1].origin.startswith("upload:the-write/")


def test_what_is_of_no_use_is_discarded(browser: FlaskClient, made: Clients) -> None:
    for name in ("a.json", "b.json", "c.json"):
        upload(browser, name, b"{" + name.encode())
    one, *others = waiting(made)
    path = f"/operator/quarantine/{one}"
    assert f'action="{path}/discard"' in browser.get(path, headers=BROWSER).text
    foreign = {**BROWSER, "Origin": "https://evil.example"}
    assert browser.post(f"{path}/discard", headers=foreign).status_code == 403
    response = browser.post(f"{path}/discard", headers=HERE)
    assert response.status_code == 303
    assert "1 was discarded" in browser.get(response.location, headers=BROWSER).text
    assert sorted(waiting(made)) == sorted(others)
    assert browser.post(f"{path}/discard", headers=HERE).status_code == 404
    told = browser.post(
        "/operator/quarantine/discard", data={"id": others},
        headers={**HERE, "Accept": "application/json"},
    )  # fmt: skip
    assert sorted(told.json["discarded"]) == sorted(others)
    assert waiting(made) == []


def test_nothing_that_is_loaded_is_discarded(browser: FlaskClient, made: Clients) -> None:
    upload(browser, "good.json", broken(9)[1])
    loaded = [one.document_id for one in made.catalogue.documents()]
    for identifier in loaded:
        path = f"/operator/quarantine/{identifier}/discard"
        assert browser.post(path, headers=HERE).status_code == 404
    assert [one.document_id for one in made.catalogue.documents()] == loaded


def test_nothing_of_a_document_runs(browser: FlaskClient, made: Clients) -> None:
    data = f'{{"type": "Feature", "stac_version": "1.0.0", "a": "{HOSTILE}"'.encode()
    report = upload(browser, f"../../{HOSTILE.replace('/', '')}.json", data)
    (identifier,) = waiting(made)
    path = f"/operator/quarantine/{identifier}"
    for text in (
        report.text,
        browser.get("/operator/quarantine", headers=BROWSER).text,
        browser.get(path, headers=BROWSER).text,
        browser.get(path, query_string={"format": HOSTILE}, headers=BROWSER).text,
        browser.get("/operator/quarantine", query_string={"kind": HOSTILE}, headers=BROWSER).text,
        browser.get("/operator/login", query_string={"next": HOSTILE}, headers=BROWSER).text,
    ):
        assert "<script>alert" not in text
    assert "&lt;script&gt;alert(1)" in browser.get(path, headers=BROWSER).text
    file = browser.get(f"{path}/files/0")
    assert file.data == data
    assert file.headers["Content-Type"] == "application/octet-stream"
    assert file.headers["X-Content-Type-Options"] == "nosniff"
    assert file.headers["Content-Disposition"].startswith("attachment;")
    assert "sandbox" in file.headers["Content-Security-Policy"]
    for number in ("1", "-1", "x", "٣", "9" * 30):
        assert browser.get(f"{path}/files/{number}").status_code == 404
    made.catalogue.delete(identifier)


def test_long_and_binary_files_are_not_in_the_page(browser: FlaskClient, made: Clients) -> None:
    for data in (b'{"type": "Feature", "stac_version": "1.0.0", "a": "' + b"x" * 90_000, b"\xff\0"):
        upload(browser, "long.json", data)
        (identifier,) = waiting(made)
        page = browser.get(f"/operator/quarantine/{identifier}", headers=BROWSER).text
        assert "<textarea" not in page and len(page) < 80_000
        made.catalogue.delete(identifier)


def test_twins(browser: FlaskClient, made: Clients) -> None:
    upload(browser, "item.json", broken(4)[0])
    (identifier,) = waiting(made)
    state = browser.get("/operator?format=json").json
    assert state["quarantined"] == 1 and state["documents"] == made.catalogue.stats().documents
    assert re.match(r"\d{4}-\d\d-\d\dT", state["loads"][0]["started"])
    assert state["settings"]["query_seconds"]["value"] == 30.0
    assert str(made.catalogue.settings.store.parent) not in json.dumps(state)  # nor in the page
    listed = browser.get("/operator/quarantine?format=json").json
    assert [one["id"] for one in listed["entries"]] == [identifier]
    assert browser.get("/operator/quarantine?format=json&kind=none").json["total"] == 0
    assert browser.get("/operator/quarantine?format=json&page=9").json["entries"] == []
    entry = browser.get(f"/operator/quarantine/{identifier}?format=json").json
    assert entry["error"] == "GeometryNotValid" and entry["files"][0]["bytes"] > 0
    made.catalogue.delete(identifier)


def test_a_report_can_be_looked_at_again(browser: FlaskClient, made: Clients) -> None:
    _, good = broken(10)
    before = browser.get("/operator/loads?format=json").json["loads"]
    whole = {name: FileStorage(io.BytesIO(data), name) for name, data in
             (("good.json", good), ("bad.json", good[:50]))}  # fmt: skip
    report = send(browser, "/operator/load", file=list(whole.values()))
    (again,) = {link for link in Page(report.text).links if re.search(r"/loads/\w{32}$", link)}
    page = browser.get(again, headers=BROWSER).text
    assert "1 loaded" in page and "1 rejected" in page and "by the-write" in page
    (identifier,) = waiting(made)
    assert f"/operator/quarantine/{identifier}" in Page(page).links
    made.catalogue.discard(identifier)
    assert (
        f"/operator/quarantine/{identifier}"
        not in Page(browser.get(again, headers=BROWSER).text).links
    )
    told = browser.get(f"{again}?format=json").json
    assert {one["file"]: one["status"] for one in told["outcomes"]} == {
        "good.json": "loaded", "bad.json": "rejected",
    }  # fmt: skip
    (newest, *rest) = browser.get("/operator/loads?format=json").json["loads"]
    assert newest["load"] == told["load"] and newest["agent"] == "the-write" and rest == before
    assert newest["counts"] == {"loaded": 1, "rejected": 1}
    state = browser.get("/operator", headers=BROWSER).text
    assert again in Page(state).links and "1 rejected" in state
    for wrong in ("0" * 32, "..", "x"):
        assert browser.get(f"/operator/loads/{wrong}", headers=BROWSER).status_code == 404


def test_only_the_newest_reports_are_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(load_reports, "MOST_KEPT", 3)
    outcomes = tuple(Outcome(f"{n:032}", "x", f"{n}", "loaded") for n in range(600))
    refused = Outcome("f" * 32, "x", "last", "rejected", 0, "y" * 9_000)
    for number in range(5):
        keep_report(tmp_path, LoadReport(
            (*outcomes, refused), 1.0, load_id=f"{number:032}",
            started=f"2026-11-29T10:00:0{number}.000Z",
        ))  # fmt: skip
    kept = newest_reports(tmp_path, 10)
    assert [int(one["load_id"]) for one in kept] == [4, 3, 2]
    assert kept[0]["counts"] == {"loaded": 600, "rejected": 1}
    report = kept_report(tmp_path, f"{4:032}")
    assert report["outcomes"][0]["origin"] == "last" and len(report["outcomes"]) == 500
    assert len(report["outcomes"][0]["message"]) == 2_000
    keep_report(
        tmp_path, LoadReport((), 1.0, load_id=f"{6:032}", started="2026-11-29T11:00:00.000Z")
    )
    assert len(newest_reports(tmp_path, 10)) == 3
    assert newest_reports(tmp_path / "none", 10) == ()


def test_a_page_beyond_the_last_leads_back(browser: FlaskClient, made: Clients) -> None:
    upload(browser, "one.json", b"{1")
    page = browser.get("/operator/quarantine?page=99", headers=BROWSER)
    assert "There is no page 99" in page.text and "Nothing is in quarantine" not in page.text
    assert "/operator/quarantine" in Page(page.text).links
    made.catalogue.discard(*waiting(made))
    page = browser.get("/operator/quarantine?page=99", headers=BROWSER)
    assert "Nothing is in quarantine" in page.text


def test_too_much_is_refused(made: Clients, browser: FlaskClient) -> None:
    assert upload(browser, "a.json", b" " * MOST).status_code == 413
    assert upload(browser, "a.json", b" " * (MOST - 2000)).status_code == 200
    for size, status in ((MOST - 2000, 200), (MOST, 413)):  # a field that is no file, too
        (identifier,) = waiting(made)
        path = f"/operator/quarantine/{identifier}/replace"
        assert send(browser, path, text="x" * size).status_code == status
    made.catalogue.delete(identifier)
    files = [(io.BytesIO(b"x"), f"{n}.json") for n in range(201)]
    assert browser.post("/operator/load", data={"file": files}, headers=HERE).status_code == 413


@given(st.text())
def test_names_of_uploads_stay_in_their_directory(name: str) -> None:
    safe = safe_name(name)
    assert safe not in ("", ".", "..") and not safe.startswith(".")
    assert not set(safe) & {"/", "\\", "\0", "\n"} and len(safe.encode()) <= 200


def test_findings_are_those_of_the_report() -> None:
    path, words = Iri(f"{NS}cloudCover"), Literal("Too <much>")
    result = Result(
        "", Iri("http://e/x"), path, Literal("400"),
        "http://www.w3.org/ns/shacl#MaxInclusiveConstraintComponent", Blank("s"),
        "http://www.w3.org/ns/shacl#Violation", (words,),
    )  # fmt: skip
    from rdflib import Graph

    text = report_of([result], Graph()).serialize(format="turtle")
    assert findings(text) == [
        {
            "severity": "violation",
            "focus": "http://e/x",
            "path": path.value,
            "value": "400",
            "message": words.value,
        }
    ]
    assert findings("") == []
