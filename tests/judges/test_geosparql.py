"""The GeoSPARQL Compliance Benchmark (Jovanovik, Homburg, Spasić 2021) over our store.

Its rules, as far as they are told: an answer is right if it is one of the expected answer and
its alternatives; rows in order where the query orders them; numbers and truths by value.  A
geometry is right if it is of one kind with an expected one and the same set of points in the
same CRS, whatever the serialisation and the order of its vertices.  The queries marked
INFERENCE are asked of the dataset with its RDFS entailment, the others without.  The queries
r05 ask for asserted relations and r29 for computed ones too, in part by the same text: r05 are
asked without the query rewrite extension.

Queries 01 to 05 are the examples of the standard's own annex, whose dataset has the features
A to F only; their answers hold over that part of the benchmark's dataset, and are judged there.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
import rdflib
import shapely
from lxml import etree
from rdflib import RDFS, URIRef

from dafab_kg.model.errors import ArgumentNotValid
from dafab_kg.reasoning.compile import compile_ontology
from dafab_kg.reasoning.full import materialise
from dafab_kg.reasoning.ontology import triples_of
from dafab_kg.reasoning.triples import Triples
from dafab_kg.spatial.geosparql.literals import read_literal
from dafab_kg.spatial.geosparql.names import GEO, GML, XSD
from dafab_kg.store.oxigraph import OxigraphStore
from dafab_kg.store.protocol import Iri, Literal, Term

ROOT = Path(__file__).resolve().parents[2]
SHARED = Path(os.environ.get("DAFAB_SHARED", ROOT.parent / "shared")) / "data"
FOLDER = SHARED / "geosparql_benchmark" / "benchmark"
QUERIES = sorted(path.stem for path in (FOLDER / "gsb_queries").glob("*.rq"))
INFERRED = "http://example.org/inferred"
RESULT = "{http://www.w3.org/2005/sparql-results#}"
MY = "http://example.org/ApplicationSchema#"
EXAMPLES = {"query01", "query02", "query03", "query04", "query05", "query05_detail"}

CANNOT_PASS = {
    **dict.fromkeys(
        [f"query-r19-1-{n}" for n in range(1, 5)],
        "the order of the answer is ours, its figures are not: 9,387.01 and 10,194.1 m, where the "
        "geodesics of PROJ, from (-83.3, 34.4) and (-83.3, 34.3) to the meridian -83.2, are "
        "9,195.0 and 9,205.8 m (test_distances_of_r19_1 checks the order and our figures)",
    ),
    **dict.fromkeys(
        ["query-r19-2-1", "query-r19-2-2"],
        "asks for a buffer of 10 metres and expects one of 10 degrees",
    ),
    **dict.fromkeys(
        ["query-r29-5", "query-r29-6"],
        "expects ehCovers and ehCoveredBy of A and G, whose boundaries do not meet; the "
        "standard's patterns T*TFT*FF* and TFF*TFT** ask that they do (table 6)",
    ),
    **dict.fromkeys(
        ["query05", "query05_detail"],
        "expects sfOverlaps of a line and an area; the standard defines it for two geometries of "
        "one dimension (table 5), as ISO 19125-1 does",
    ),
}


def cases() -> list[object]:
    return [
        pytest.param(
            name,
            marks=pytest.mark.xfail(reason=CANNOT_PASS[name], strict=True, raises=AssertionError)
            if name in CANNOT_PASS
            else (),
        )
        for name in QUERIES
    ]


pytestmark = pytest.mark.skipif(not QUERIES, reason="needs the benchmark in the shared data")


def load(graph: rdflib.Graph, *, property_forms: bool = True) -> OxigraphStore:
    store = OxigraphStore(property_forms=property_forms)
    store.bulk_load(graph.serialize(format="nt"))
    return store


@pytest.fixture(scope="module")
def dataset() -> rdflib.Graph:
    return rdflib.Graph().parse(FOLDER / "gsb_dataset" / "dataset.rdf")


@pytest.fixture(scope="module")
def plain(dataset: rdflib.Graph) -> OxigraphStore:
    return load(dataset)


@pytest.fixture(scope="module")
def asserted(dataset: rdflib.Graph) -> OxigraphStore:
    return load(dataset, property_forms=False)


@pytest.fixture(scope="module")
def entailed(dataset: rdflib.Graph) -> OxigraphStore:
    """The dataset and what our rules infer of it by its axioms and those of GeoSPARQL 1.1."""
    store = load(dataset)
    axioms = rdflib.Graph().parse(SHARED / "vocab/kurrawong/ontologies/processed/geo.ttl")
    for axiom in (RDFS.subClassOf, RDFS.subPropertyOf, RDFS.domain, RDFS.range):
        for triple in dataset.triples((None, axiom, None)):
            axioms.add(triple)
    words = Triples()
    nquads = triples_of(axioms.serialize(format="turtle").encode(), "text/turtle", name="axioms")
    words.add(nquads, "axioms")
    materialise(store, compile_ontology(words, skip_refused=True), INFERRED)
    return store


@pytest.fixture(scope="module")
def annex(dataset: rdflib.Graph) -> OxigraphStore:
    """The features A to F with their geometries: the dataset of the standard's annex."""
    later = {
        URIRef(MY + feature + kind)
        for feature in "GHIJKLM"
        for kind in ("", "ExactGeom", "PointGeom")
    }
    kept = rdflib.Graph()
    for subject, predicate, value in dataset:
        if subject not in later and value not in later:
            kept.add((subject, predicate, value))
    return load(kept)


@pytest.mark.parametrize("name", cases())
def test_benchmark(
    name: str,
    plain: OxigraphStore,
    asserted: OxigraphStore,
    entailed: OxigraphStore,
    annex: OxigraphStore,
) -> None:
    text = (FOLDER / "gsb_queries" / f"{name}.rq").read_text()
    store = plain
    if name in EXAMPLES:
        store = annex
    elif "# INFERENCE" in text:
        store = entailed
    elif name.startswith("query-r05"):
        store = asserted
    found = list(store.query(text, default_graphs=[None, INFERRED]))
    answers = sorted((FOLDER / "gsb_answers").glob(f"{name}.srx"))
    answers += sorted((FOLDER / "gsb_answers").glob(f"{name}-alternative-*.srx"))
    assert answers
    # Query 01 of the annex has no ORDER BY: its rows are a set.
    ordered = "ORDER BY" in text
    assert any(same(found, list(expected(path)), ordered) for path in answers), found


def expected(path: Path) -> Iterator[tuple[Term, ...]]:
    """Rows of a results document; those files of the suite that are ill-formed are mended."""
    parser = etree.XMLParser(recover=True)
    root = etree.fromstring(path.read_bytes().strip(), parser)
    variables = [v.get("name") for v in root.iter(f"{RESULT}variable")]
    for result in root.iter(f"{RESULT}result"):
        bound = {b.get("name"): b[0] for b in result.iter(f"{RESULT}binding")}
        yield tuple(_term(bound[name]) for name in variables)


def _term(element: etree._Element) -> Term:
    text = element.text or ""
    if element.tag == f"{RESULT}uri":
        return Iri(text)
    return Literal(text, element.get("datatype") or XSD + "string")


def same(found: list[tuple[Term, ...]], wanted: list[tuple[Term, ...]], ordered: bool) -> bool:
    if len(found) != len(wanted):
        return False
    if ordered:
        return all(_same_row(a, b) for a, b in zip(found, wanted, strict=True))
    left = list(found)
    for row in wanted:
        place = next((i for i, other in enumerate(left) if _same_row(other, row)), None)
        if place is None:
            return False
        del left[place]
    return True


def _same_row(one: tuple[Term, ...], other: tuple[Term, ...]) -> bool:
    return len(one) == len(other) and all(map(_same_term, one, other))


def _same_term(one: Term | None, other: Term) -> bool:
    if one == other:
        return True
    if not isinstance(one, Literal) or not isinstance(other, Literal):
        return False
    if one.datatype.startswith(GEO):
        return _same_geometry(one, other)
    if one.datatype != other.datatype:
        return False
    if one.datatype == XSD + "boolean":
        return {"1": "true", "0": "false"}.get(other.value, other.value) == one.value
    if one.datatype == XSD + "double":
        return abs(float(one.value) - float(other.value)) <= 1e-5 * abs(float(other.value))
    return False


def _same_geometry(one: Literal, other: Literal) -> bool:
    if other.value.lstrip().startswith("<gml:"):  # one alternative calls a GML literal WKT
        other = Literal(other.value, GML)
    try:
        a, b = read_literal(one), read_literal(other)
    except ArgumentNotValid:
        return False
    kind = {"LinearRing": "LineString"}
    return (
        a.crs == b.crs
        and kind.get(a.shape.geom_type, a.shape.geom_type)
        == kind.get(b.shape.geom_type, b.shape.geom_type)
        and shapely.equals_exact(shapely.normalize(a.shape), shapely.normalize(b.shape), 1e-9)
    ) or (a.crs == b.crs and a.shape.equals(b.shape))


def test_distances_of_r19_1(plain: OxigraphStore) -> None:
    """What of r19-1 can be right: the nearest three in this order, by the geodesics of PROJ."""
    from pyproj import Geod

    geod = Geod(ellps="WGS84")
    wanted = [("A", 0.0)] + [
        (name, geod.inv(-83.3, lat, -83.2, lat)[2]) for name, lat in (("G", 34.4), ("E", 34.3))
    ]
    for n in range(1, 5):
        text = (FOLDER / "gsb_queries" / f"query-r19-1-{n}.rq").read_text()
        rows = list(plain.query(text))
        assert [row[0].value.removeprefix(MY) for row in rows] == [name for name, _ in wanted]
        assert [float(row[1].value) for row in rows] == pytest.approx([m for _, m in wanted])
