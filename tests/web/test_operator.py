"""The operator's pages: who gets in and by what, and a refused document mended and tried again."""

from __future__ import annotations

import io
import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
from flask.testing import FlaskClient
from hypothesis import given
from hypothesis import strategies as st
from werkzeug.datastructures import FileStorage
from werkzeug.test import encode_multipart

from dafab_kg.model.names import NS
from dafab_kg.store.protocol import Blank, Iri, Literal
from dafab_kg.validation.results import Result, report_of
from dafab_kg.web.operator_findings import findings
from dafab_kg.web.operator_writes import safe_name
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


def test_a_mended_document_that_is_wrong_again_leaves_the_first(
    browser: FlaskClient, made: Clients
) -> None:
    bad, good = broken(3)
    upload(browser, "item.json", bad)
    (identifier,) = waiting(made)
    path = f"/operator/quarantine/{identifier}"
    other = bad.replace(b'"L4"', b'"L3"')
    browser.post(f"{path}/replace", data={"text": other.decode()}, headers=HERE)
    assert identifier in waiting(made)
    browser.post(f"{path}/replace", data={"text": good.decode()}, headers=HERE)
    assert waiting(made) == []
    assert browser.post(f"{path}/retry", headers=HERE).status_code == 404


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


def test_too_much_is_refused(made: Clients, browser: FlaskClient) -> None:
    assert upload(browser, "a.json", b" " * MOST).status_code == 413
    assert upload(browser, "a.json", b" " * (MOST - 2000)).status_code == 200
    (identifier,) = waiting(made)
    path = f"/operator/quarantine/{identifier}/replace"
    for size, status in ((MOST - 2000, 200), (MOST, 413)):  # a field that is no file, too
        assert send(browser, path, text=" " * size).status_code == status
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
