"""A catalogue that is open here and one behind a server: the same calls, the same answers."""

from __future__ import annotations

import inspect
import re

import pytest
import shapely
from geopandas.testing import assert_geodataframe_equal
from pandas.testing import assert_frame_equal

from dafab_kg.catalogue import Catalogue
from dafab_kg.model.errors import DafabError, QueryNotValid, ThingNotFound
from dafab_kg.python import KnowledgeGraph
from dafab_kg.python.remote import RemoteCatalogue

PREFIX = (
    "PREFIX dafab: <https://w3id.org/dafab/ns#> "
    "PREFIX geo: <http://www.opengis.net/ont/geosparql#> "
)
SEARCHES = [
    {},
    {"limit": 7},
    {"limit": 0},
    {"collections": "alpha", "sortby": "-datetime"},
    {"collections": ["beta", "water_analysis"], "sortby": ["eo:cloud_cover", "id"]},
    {"bbox": (-5, 40, 10, 55)},
    {"bbox": (170, -10, -170, 60)},
    {"intersects": shapely.box(0, 45, 12, 50)},
    {"intersects": "POINT (6.2 49.7)"},
    {"datetime": "2022-09"},
    {"datetime": ("2022-09-05", "2022-09-20T12:00:00Z"), "filter": "eo:cloud_cover >= 40"},
    {"filter": {"op": "isNull", "args": [{"property": "eo:cloud_cover"}]}},
    {"filter": '"dafab:water-analysis.observed_water" > 1 or eo:cloud_cover = 5'},
    {"collections": "nowhere"},
    {"words": "alpha, sentinel 2"},
    {"words": ["L4"], "collections": "water_analysis"},
]


def calls() -> list[str]:
    return [name for name in vars(KnowledgeGraph) if not name.startswith("_")]


@pytest.mark.parametrize("name", calls())
def test_both_have_the_calls_with_the_same_parameters(name):
    asked = inspect.signature(getattr(KnowledgeGraph, name)).parameters
    for kind in (Catalogue, RemoteCatalogue):
        had = inspect.signature(getattr(kind, name)).parameters
        assert {n: (p.kind, p.default) for n, p in asked.items()} == {
            n: (p.kind, p.default) for n, p in had.items() if n in asked
        }
        assert all(p.default is not p.empty for n, p in had.items() if n not in asked)


@pytest.mark.parametrize("search", SEARCHES, ids=str)
def test_a_search_finds_the_same(both, search):
    here, there = both.here.search(**search), both.there.search(**search)
    assert here.ids() == there.ids()
    assert here.count() == there.count() == len(here.ids())
    assert_geodataframe_equal(here.to_geopandas(), there.to_geopandas())
    assert both.here.downloads(here) == both.there.downloads(there)


def test_things_are_told_alike(both):
    (ident,) = both.here.search(collections="water_analysis", limit=1).ids()
    here, there = both.here, both.there
    assert here.show(ident) == there.show(ident)
    assert here.provenance(ident) == there.provenance(ident)
    assert here.stats().classes == there.stats().classes
    assert here.find_things(ident[:20]) == there.find_things(ident[:20]) != ()
    proof = here.provenance(ident).proofs[0][1]
    assert here.explain(proof.triple) == there.explain(proof.triple) == proof
    names = [one["id"] for one in there.list_collections()]
    assert names == [one["id"] for one in here.list_collections()]
    assert {"alpha", "beta", "gamma", "water_analysis"} <= set(names)


@pytest.mark.parametrize(
    "query",
    [
        "SELECT ?p ?cloud { ?p dafab:cloudCover ?cloud } ORDER BY ?p",
        "SELECT ?p ?time ?none { ?p dafab:datetime ?time OPTIONAL { ?p dafab:none ?none } } "
        "ORDER BY ?p ?time",
        "SELECT ?p ?wkt { ?p geo:hasGeometry/geo:asWKT ?wkt } ORDER BY ?p",
        'SELECT ("a\\n\\"b\\\\" AS ?text) ("é"@fr AS ?words) (1.50 AS ?number) (true AS ?yes) {}',
        "SELECT * {}",
        "SELECT * { ?s dafab:none ?o }",
    ],
)
def test_rows_are_the_same(both, query):
    here, there = (list(kg.query(PREFIX + query)) for kg in (both.here, both.there))
    assert here == there
    frames = [kg.query(PREFIX + query).to_pandas() for kg in (both.here, both.there)]
    assert_frame_equal(*frames)
    if "?wkt" in query:
        assert_geodataframe_equal(
            *(kg.query(PREFIX + query).to_geopandas() for kg in (both.here, both.there))
        )


def test_truths_and_triples_are_the_same(both):
    for query in ("ASK { ?s a dafab:Product }", "ASK { ?s a dafab:Nothing }"):
        assert both.here.query(PREFIX + query) == both.there.query(PREFIX + query)
    made = PREFIX + "CONSTRUCT { ?s dafab:cloudCover ?o ; a ?t } { ?s dafab:cloudCover ?o ; a ?t }"
    assert set(both.here.query(made)) == set(both.there.query(made)) != set()
    only = PREFIX + "SELECT ?s { ?s a dafab:OpticalProduct } ORDER BY ?s"
    for facts in ("asserted", "inferred"):
        rows = [list(kg.query(only, facts=facts)) for kg in (both.here, both.there)]
        assert rows[0] == rows[1]


@pytest.mark.parametrize(
    ("ask", "kind"),
    [
        (lambda kg: kg.search(filter="this is not").ids(), QueryNotValid),
        (lambda kg: kg.search(filter={"op": "sorcery", "args": []}).ids(), QueryNotValid),
        (lambda kg: kg.search(sortby="nothing").count(), DafabError),
        (lambda kg: kg.search(sortby="nothing").ids(), QueryNotValid),
        (lambda kg: kg.query("SELECT {"), QueryNotValid),
        (lambda kg: kg.query("SELECT * { SERVICE <http://e/> {} }"), QueryNotValid),
        (lambda kg: kg.show("there is none"), ThingNotFound),
        (lambda kg: kg.provenance("there is none"), ThingNotFound),
        (lambda kg: kg.explain("only two"), QueryNotValid),
        (lambda kg: kg.explain("dafab:a dafab:b dafab:c"), ThingNotFound),
    ],
)
def test_errors_are_the_same(both, ask, kind):
    told = []
    for kg in (both.here, both.there):
        try:
            found = ask(kg)
        except DafabError as error:
            assert isinstance(error, kind)
            # the engine's parser says where in another way than a server
            where = re.compile(r"error at 1:9|line 1, column 9")
            told.append((type(error), where.sub("", str(error))))
        else:
            told.append((type(found), str(found)))
    assert told[0] == told[1]
