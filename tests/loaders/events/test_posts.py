"""Social-media reports: read, and nothing personal kept anywhere."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import dafab_kg
from dafab_kg.loaders.events import posts
from tests.loaders.events.reading import found, outcomes, readings, report

PERSONAL = (
    "anna.muster", "Anna Muster", "anna@example.org", "621 123 456", "1234567890123", "u/annam",
    "twitter.example", "49.123456", "6.123456",
)  # fmt: skip


def post(**changes: Any) -> dict[str, Any]:
    return {
        "text": "Water in the cellar @anna.muster, write anna@example.org or call +352 621 123 456 "
        "https://twitter.example/anna.muster/status/1234567890123 (u/annam)",
        "time": "2031-05-01T06:00:00Z",
        "longitude": 6.123456,
        "latitude": 49.123456,
        "place": "Ettelbruck",
        "source": "mastodon",
        "language": "en",
        "confidence": 70,
        "hazard": "flood",
        "author": {"handle": "@anna.muster", "name": "Anna Muster"},
        "url": "https://twitter.example/anna.muster/status/1234567890123",
        "id": "1234567890123",
        **changes,
    }


def form(*reports: Any, **changes: Any) -> dict[str, Any]:
    return {"type": "SocialMediaReports", "version": "1.0", "reports": list(reports), **changes}


def test_a_report() -> None:
    (reading,) = readings("posts.json", form(post()))
    told = report(reading)
    assert (told.source, told.report_type, told.hazard) == ("social", "post", "floodHazard")
    assert told.description == (
        "Water in the cellar [person], write [e-mail] or call [number] [link] ([person])"
    )
    assert told.start == told.end == "2031-05-01T06:00:00Z"
    assert told.footprint_wkt == "POINT (6.12 49.12)"
    assert (told.place_name, told.language, told.confidence) == ("Ettelbruck", "en", Decimal(70))
    assert told.keywords == ("mastodon",)
    assert any("text was masked" in warning for warning in reading.warnings)
    assert any("3 other members were dropped" in warning for warning in reading.warnings)


def test_nothing_personal_reaches_the_document_or_the_records() -> None:
    (one,) = found("posts.json", form(post()))
    document = one.document  # type: ignore[union-attr]
    everything = document.parts[0].data.decode() + repr(document.value) + document.key
    (reading,) = readings("posts.json", form(post()))
    everything += repr(reading)
    assert [word for word in PERSONAL if word in everything] == []


def test_nothing_personal_is_found_in_the_store_or_the_quarantine(tmp_path: Path) -> None:
    source = tmp_path / "in"
    source.mkdir()
    reports = [post(), post(time="yesterday, says anna.muster"), "anna.muster", post(text=None)]
    (source / "posts.json").write_text(json.dumps(form(*reports)))
    (source / "broken.json").write_text(json.dumps(form(post()))[:-5])
    (source / "twice.json").write_text(
        '{"type": "SocialMediaReports", "anna.muster": 1, "anna.muster": 2, "reports": []}'
    )
    with dafab_kg.open(tmp_path / "store") as catalogue:
        done = catalogue.load(source)
        assert done.counts == {"loaded": 1, "rejected": 5}
        (kept,) = catalogue.documents()
        _, files = catalogue.document(kept.document_id)
        assert kept.warnings
        assert list(files) == ["report.json"]
    names = {
        str(path): path.read_bytes() for path in (tmp_path / "store").rglob("*") if path.is_file()
    }
    for word in PERSONAL:
        assert [path for path, data in names.items() if word.encode() in data] == [], word


def test_the_same_report_twice_is_one_and_another_text_another() -> None:
    assert len(found("posts.json", form(post(), post(id="7"), post(text="Dry now")))) == 2


def test_text_without_personal_data_is_left_as_it_is() -> None:
    for text in (
        "River at 4.5 m at 06:00, 120 houses, road N7 closed since 2031-05-01 or 1.5.2031",
        "50% of the fields are under water; wind 130 km/h",
    ):
        assert posts.masked(text) == text


def test_handles_of_other_kinds_are_masked() -> None:
    for text in ("@x_y", "@user@mastodon.example", "\uff20user", "see /u/some-one", "(@a)"):
        assert "[person]" in posts.masked(text), text
    assert posts.masked("write to a.b+c@d.example.org!") == "write to [e-mail]!"
    assert posts.masked("t.co/Ab1 www.x.example/y") == "[link] [link]"


def test_faults_of_one_report_leave_its_neighbours() -> None:
    ring = {"type": "Polygon", "coordinates": [[[6, 49], [7, 50], [7, 49], [6, 50], [6, 49]]]}
    reports = [
        post(time=None), post(text="  "), post(confidence=700), post(area=ring),
        post(end="2030-01-01"), post(latitude=99),
    ]  # fmt: skip
    read = list(outcomes("posts.json", form(*reports, post())))
    errors = [(type(one).__name__, str(one)) for one in read[:-1]]
    assert [name for name, _ in errors] == [
        "FieldMissing", "FieldMissing", "FieldNotValid", "GeometryNotValid", "FieldNotValid",
        "GeometryNotValid",
    ]  # fmt: skip
    assert all("posts.json" in text and "/" in text for _, text in errors)
    assert report(read[-1]).report_type == "post"  # type: ignore[arg-type]


def test_a_newer_version_is_read_with_a_warning() -> None:
    (reading,) = readings("posts.json", form(post(), version="2.1"))
    assert any("2.1 is newer than 1" in warning for warning in reading.warnings)


def test_what_was_cleaned_comes_back_as_the_same_report() -> None:
    (one,) = found("posts.json", form(post()))
    document = one.document  # type: ignore[union-attr]
    (again,) = found("report.json", document.parts[0].data)
    assert again.document.key == document.key  # type: ignore[union-attr]
    assert again.document.parts == document.parts  # type: ignore[union-attr]
    smuggled = {"type": "SocialMediaReport", "text": "x", "author": "anna.muster",
                "cleaned": ["anna.muster"]}  # fmt: skip
    (one,) = found("report.json", smuggled)
    assert b"anna" not in one.document.parts[0].data  # type: ignore[union-attr]
