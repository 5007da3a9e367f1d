"""What words may mean: each meaning leads to a condition, a thing or a term."""

from __future__ import annotations

import html
import re
from urllib.parse import parse_qsl

import pytest

from dafab_kg.search.counts import Facets
from dafab_kg.web import create_app
from tests.web.conftest import MemoryCatalogue

NS = "https://w3id.org/dafab/ns#"
DATA = f"""
<http://e/fl> <{NS}toponym> "Florida" .
<http://e/fl> <http://www.w3.org/1999/02/22-rdf-syntax-ns#type> <{NS}Place> .
<http://e/mekong> <{NS}toponym> "Mekong Delta" .
<http://e/mekong> <http://www.w3.org/1999/02/22-rdf-syntax-ns#type> <{NS}Place> .
<http://e/storm> <http://www.w3.org/2000/01/rdf-schema#label> "IAN" .
<http://e/storm> <{NS}start> "2022-09-26T00:00:00Z" .
<http://e/storm> <http://www.w3.org/1999/02/22-rdf-syntax-ns#type> <{NS}StormEvent> .
<http://e/storm> <http://www.w3.org/1999/02/22-rdf-syntax-ns#type> <{NS}Event> .
<http://e/storm> <{NS}hasReport> <http://e/report> .
<http://e/report> <http://www.w3.org/2000/01/rdf-schema#label> "Landfall of Hurricane Ian" .
<http://e/report> <http://www.w3.org/1999/02/22-rdf-syntax-ns#type> <{NS}EventReport> .
<http://e/field> <{NS}parcelId> "32ULV-1044" .
<http://e/field> <http://www.w3.org/1999/02/22-rdf-syntax-ns#type> <{NS}Parcel> .
<http://e/a1> <http://www.w3.org/2000/01/rdf-schema#label> "Reference water" .
<http://e/a1> <http://www.w3.org/1999/02/22-rdf-syntax-ns#type> <{NS}Asset> .
<http://e/a2> <http://www.w3.org/2000/01/rdf-schema#label> "Reference water" .
<http://e/a2> <http://www.w3.org/1999/02/22-rdf-syntax-ns#type> <{NS}Asset> .
"""
NAMES = {
    "http://e/fl": "Florida",
    "http://e/mekong": "Mekong Delta",
    "http://e/storm": "IAN",
    "http://e/report": "Landfall of Hurricane Ian",
    "http://e/a1": "Reference water",
    "http://e/a2": "Reference water",
}
CLASSES = {"FloodScene": 10, "FloodImage": 11, "FieldImage": 77, "CloudFreeScene": 126}


class Worded(MemoryCatalogue):
    def find_things(self, words, *, limit=20):
        asked = words.casefold().split()
        return tuple(
            (iri, name)
            for iri, name in NAMES.items()
            if all(any(w.startswith(one) for w in name.casefold().split()) for one in asked)
        )

    def facets(self, search, **options):
        if search.filter is not None:
            return Facets(7, {}, {})
        return Facets(
            200,
            {
                "dafab:types": {f"dafab:{name}": n for name, n in CLASSES.items()},
                "dafab:crop": {"grain maize": 101, "winter common soft wheat": 90},
                "dafab:place": {"Florida": 128},
            },
            {},
        )


@pytest.fixture(scope="module")
def ask():
    client = create_app(Worded(DATA)).test_client()

    def ask(words):
        response = client.get("/", query_string={"q": words}, headers={"Accept": "text/html"})
        assert response.status_code == 200, response.text
        sections = re.findall(r'<section class="things">(.*?)</section>', response.text, re.DOTALL)
        told = {}
        for section in sections:
            title = re.search(r"<h2>([^<]*)</h2>", section)[1]
            told[title] = [
                (html.unescape(address), re.sub(r"\s+", " ", re.sub("<[^>]*>", " ", rest)).strip())
                for address, rest in re.findall(r'<a [^>]*?href="([^"]*)"(.*?)</li>', section)
            ]
        return told

    return ask


def conditions(told):
    return [sorted(parse_qsl(one[1:])) for one, _ in told["Perhaps meant"] if one[0] == "?"]


MEANT = {
    "flood": [("class", "FloodScene")],
    "Floods": [("class", "FloodScene")],
    "flood image": [("class", "FloodImage")],
    "dafab:FloodScene": [("class", "FloodScene")],
    "maize": [("crop", "grain maize")],
    "wheat": [("crop", "winter common soft wheat")],
    "tile 17RML": [("tile", "17RML")],
    "T17RML": [("tile", "17RML")],
    "Mekong": [("place", "Mekong Delta")],
    "Florida 2022": [("from", "2022-01-01"), ("place", "Florida"), ("to", "2022-12-31")],
    "floods in Florida in autumn": [
        ("class", "FloodScene"), ("place", "Florida"), ("season", "autumn"),
    ],
    "cloud free fields Florida": [
        ("class", "CloudFreeScene"), ("class", "FieldImage"), ("place", "Florida"),
    ],
    "floods of xyzzy": [("class", "FloodScene"), ("q", "xyzzy")],
}  # fmt: skip


@pytest.mark.parametrize("words", MEANT)
def test_words_lead_to_conditions(ask, words):
    assert conditions(ask(words))[0] == MEANT[words]


def test_numbers_are_those_of_the_facets(ask):
    told = {tuple(parse_qsl(one[1:])): text for one, text in ask("flood")["Perhaps meant"]}
    assert told[(("class", "FloodScene"),)].endswith("10")
    assert told[(("class", "FloodImage"),)].endswith("11")


def test_words_lead_to_terms(ask):
    assert "/ns/cloudCover" in [one for one, _ in ask("dafab:cloudCover")["Perhaps meant"]]
    assert "/ns/cloudCover" in [one for one, _ in ask("cloud cover")["Perhaps meant"]]
    assert "/ns/FloodScene" in [one for one, _ in ask("flood scene")["Perhaps meant"]]


def test_an_event_is_found_by_its_reports_and_told_with_its_kind(ask):
    for words in ("hurricane", "Hurricane Ian", "Ian"):
        things = ask(words)["Things of this name"]
        assert things[0][0].endswith("/about?iri=http://e/storm"), words
        assert "storm event, 2022-09-26" in things[0][1]
        assert any("event report" in text for _, text in things)


def test_events_are_found_by_their_kind(ask):
    for words in ("storm", "storms 2022", "events"):
        ((address, text),) = ask(words)["Things of this name"]
        assert address.endswith("/about?iri=http://e/storm"), words
        assert "storm event" in text


def test_a_field_is_found_by_its_identifier(ask):
    ((address, text),) = ask("32ULV-1044")["Things of this name"]
    assert address.endswith("/about?iri=http://e/field")
    assert "parcel" in text


def test_things_that_nothing_tells_apart_are_not_listed(ask):
    assert "Things of this name" not in ask("Reference water")


def test_no_meaning_is_no_section(ask):
    assert ask("xyzzy") == {}
    assert ask("a of the") == {}
    assert ask("x " * 200) == {}
