"""Compiled filters are such as the search index answers."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest

from dafab_kg.search.compile import compile_filter
from dafab_kg.search.conditions import nearly
from dafab_kg.search.cql2 import read_text
from dafab_kg.search.library import quoted
from dafab_kg.search.names import held, path_of, stac_names
from dafab_kg.search.tree import Compare, Path
from dafab_kg.sparql.parse import parse_query
from dafab_kg.sparql.tree import Union, walk
from dafab_kg.spatial.index.schema import packaged_schema
from dafab_kg.spatial.rewriting.recognise import analyse
from dafab_kg.spatial.rewriting.whole import Counted
from dafab_kg.store.oxigraph import OxigraphStore

BASE = "https://w3id.org/dafab/id/"
DAFAB = "https://w3id.org/dafab/ns#"
PREFIXES = (
    f"PREFIX dafab: <{DAFAB}> PREFIX geo: <http://www.opengis.net/ont/geosparql#> "
    "PREFIX geof: <http://www.opengis.net/def/function/geosparql/> "
    "PREFIX xsd: <http://www.w3.org/2001/XMLSchema#> "
)


@dataclass
class Using:
    """A catalogue that uses all terms, keeps these pointers and has claims on these terms."""

    pointers: set[str] = field(default_factory=set)
    terms: set[str] = field(default_factory=set)

    def uses(self, term: str) -> bool:
        return True

    def keeps(self, pointer: str) -> bool:
        return pointer in self.pointers

    def claimed(self, term: str) -> bool:
        return term in self.terms

    def collections(self, collection_id: str) -> tuple[str, ...] | None:
        return (f"{BASE}collection/p/{collection_id}",) if collection_id != "made" else None

    def told(self, name: str, value: str, variable: str) -> None:
        """What the graph tells is found by :mod:`tests.search.test_told`."""


def where(text: str, using: Using | None = None) -> str:
    return compile_filter(read_text(text), using or Using(), BASE).where


@pytest.mark.parametrize(
    "text",
    [
        "eo:cloud_cover >= 0 AND eo:cloud_cover < 5",
        "T_INTERSECTS(datetime, INTERVAL('2022-01-01', '..')) AND "
        "T_INTERSECTS(datetime, INTERVAL('..', '2023-01-01'))",
        "S_INTERSECTS(geometry, BBOX(5, 49, 7, 51)) AND eo:cloud_cover < 5",
        "A_CONTAINS(dafab:types, ('dafab:FloodScene')) AND eo:cloud_cover < 5",
    ],
)
def test_the_index_alone_counts_what_is_nearly_asked(text: str) -> None:
    """Else the engine goes through all that lie between two bounds."""
    asked = nearly(read_text(text), Using(), BASE)
    query = (
        f"{PREFIXES} SELECT (COUNT(DISTINCT ?product) AS ?n) "
        f"{{ ?product dafab:listedIn <{BASE}collection/p/c> . {asked} }}"
    )
    found = analyse(parse_query(query), query, dict(packaged_schema().properties))
    assert isinstance(found.whole, Counted), query


@pytest.mark.parametrize(
    "text",
    [
        "eo:cloud_cover < 10",
        "eo:cloud_cover = 10",
        "NOT eo:cloud_cover >= 10",
        "platform = 'sentinel-2a'",
        "platform IN ('sentinel-2a', 'sentinel-2b')",
        "datetime > TIMESTAMP('2024-05-01T00:00:00Z')",
        "T_DURING(datetime, INTERVAL('2024-05-01', '2024-06-01'))",
        "S_INTERSECTS(geometry, BBOX(5, 49, 7, 51))",
        "S_WITHIN(geometry, BBOX(5, 49, 7, 51))",
        "NOT S_DISJOINT(geometry, BBOX(5, 49, 7, 51))",
        '"dafab:water-analysis.observed_water" > 5',
        "eo:cloud_cover < 10 AND title LIKE 'x%' AND foo IS NULL",
        "collection = 'sentinel-2-l2a'",
    ],
)
def test_the_index_knows_what_is_asked(text: str) -> None:
    query = f"{PREFIXES} SELECT ?product {{ ?product a dafab:Product . {where(text)} }}"
    found = analyse(parse_query(query), query, dict(packaged_schema().properties))
    wishes = [wish for spot in found.spots for wish in spot.wishes]
    assert any(wish.sharp for wish in wishes), query


@pytest.mark.parametrize(
    "text",
    [
        "foo IS NULL",
        "NOT foo IS NOT NULL",
        "eo:cloud_cover < 10 OR foo IS NULL",
        "NOT S_INTERSECTS(geometry, BBOX(5, 49, 7, 51))",
        "assets.visual.href LIKE 'x%'",
        "constellation = 'sentinel-2'",  # said of the satellite, not of the product
        "collection = 'made'",
    ],
)
def test_what_the_graph_does_not_tell_leaves_all_candidates(text: str) -> None:
    compiled = compile_filter(read_text(text), Using(), BASE)
    assert compiled.where == "" and not compiled.all and not compiled.none


def test_without_a_filter_there_is_nothing_to_decide() -> None:
    assert compile_filter(None, Using(), BASE).all
    assert compile_filter(read_text("false"), Using(), BASE).none


def test_ways_that_a_catalogue_does_not_use_are_not_asked_for() -> None:
    pointer, claims = "/properties/eo:cloud_cover", {f"{DAFAB}cloudCover"}
    plain = where("eo:cloud_cover < 10")
    assert "UNION" not in plain and "dafab:pointer" not in plain
    kept = where("eo:cloud_cover < 10", Using({pointer}))
    assert kept.count("UNION") == 1 and f'dafab:pointer "{pointer}"' in kept
    assert where("eo:cloud_cover < 10", Using({pointer}, claims)).count("UNION") == 2
    assert compile_filter(read_text("foo = 1"), Using(), BASE).none  # nobody has it


@pytest.mark.parametrize(
    "text",
    [
        "eo:cloud_cover > 10 AND platform = 'sentinel-2a' AND eo:cloud_cover <= 12",
        "NOT (eo:cloud_cover <= 10 OR eo:cloud_cover > 12) AND eo:cloud_cover > 10 "
        "AND eo:cloud_cover < 12",
    ],
)
def test_several_bounds_of_a_name_are_one_range(text: str) -> None:
    terms = where(text).count("cloudCover>")
    assert terms == (1 if text.startswith("eo") else 3)
    assert "UNION" not in where(text)


def test_bounds_of_different_kinds_stay_apart() -> None:
    found = where("datetime > TIMESTAMP('2024-05-01T00:00:00Z') AND datetime < 3")
    assert "FILTER" in found


@pytest.mark.parametrize("path", [("id",), ("properties", "title"), ("properties", "platform")])
def test_constants_cannot_leave_their_literals(path: Path) -> None:
    def parts(value: str) -> list[str]:
        text = compile_filter(Compare(path, "=", value), Using(), BASE).where
        query = f"{PREFIXES} SELECT * {{ ?product a dafab:Product . {text} }}"
        return [type(node).__name__ for node in walk(parse_query(query))]

    plain = parts("plain")
    for hostile in (
        'x" } UNION { ?product ?p ?o } #',
        "a\\",
        '\\"',
        "\n\r\t\x00\x07",
        "> . ?a ?b ?c",
    ):
        assert parts(hostile) == plain


def test_names_cannot_leave_their_literals() -> None:
    path = ("properties", 'x" } UNION { ?product ?p ?o } #')
    using = Using({f"/properties/{path[1]}"})
    text = compile_filter(Compare(path, "=", 1), using, BASE).where
    found = parse_query(f"{PREFIXES} SELECT * {{ {text} }}")
    assert not [node for node in walk(found) if isinstance(node, Union)]


def test_every_name_that_the_loaders_read_has_a_path_and_back() -> None:
    assert len(stac_names()) > 40
    for iri, names in stac_names().items():
        path = path_of(f"dafab:{iri.removeprefix(DAFAB)}")
        assert path == ("properties", *names[0].split("/"))
        assert iri in {one.iri for one in held(path, BASE) or ()}


@pytest.mark.parametrize("text", ['a"b', "a\\b", "a\nb\r\tc", "\x01\x7f", "é\U0001f600", ""])
def test_texts_are_read_by_our_parser_and_by_the_engine(text: str) -> None:
    query = f"SELECT ({quoted(text)} AS ?x) {{}}"
    parse_query(query)  # else the search index is not asked
    assert [row[0].value for row in OxigraphStore().query(query)] == [text]


def test_a_term_means_the_name_that_is_read_into_it():
    """In the blocks of the partners' analyses, too: ``loaders/dafab`` reads these names."""
    assert path_of("dafab:cloudCover") == ("properties", "eo:cloud_cover")
    assert path_of("dafab:numberOfFields") == (
        "properties",
        "dafab:smart-agriculture",
        "number_of_fields",
    )


def test_alternatives_of_kept_values_are_told_apart():
    """Written beside other patterns, the engine went through all of them for each row: 40 s of
    2,000 items."""
    using = Using({"/properties/platform", "/properties/eo:cloud_cover"})
    text = where("platform = 'sentinel-2a' AND eo:cloud_cover = 20", using)
    blocks = text.count("{ SELECT DISTINCT ?product { ")
    assert blocks == text.count(" UNION ") == 2
    parse_query(f"{PREFIXES} SELECT ?product {{ ?item dafab:describes ?product . {text} }}")
