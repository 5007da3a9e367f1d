"""Formats of answers, against the W3C recommendations and the engine's own writers."""

from __future__ import annotations

import csv
import io
import json
import xml.etree.ElementTree as ET
from pathlib import Path

import pyoxigraph as ox
import pyproj
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from dafab_kg.model.errors import QueryNotValid
from dafab_kg.store.answers import FORMATS, fitting, kind_of, write_answer
from dafab_kg.store.oxigraph import OxigraphStore, to_engine
from dafab_kg.store.protocol import Answer, Blank, Iri, Literal, Row, Truth

XSD = "http://www.w3.org/2001/XMLSchema#"
GEO = "http://www.opengis.net/ont/geosparql#"


class Rows:
    """Solutions from a list."""

    def __init__(self, variables: tuple[str, ...], rows: list[Row]) -> None:
        self.variables, self.rows = variables, rows

    def __iter__(self):
        return iter(self.rows)

    def serialise(self, out, media_type):
        raise AssertionError("not used here")


def written(answer: Answer, name: str, **more) -> bytes:
    out = io.BytesIO()
    write_answer(answer, name, out, **more)
    return out.getvalue()


def ask(query: str, data: str = "") -> Answer:
    store = OxigraphStore()
    store.bulk_load(data)
    return store.query(query)


def features(rows: list[Row], variables=("wkt", "x")) -> list[dict]:
    return json.loads(written(Rows(variables, rows), "geojson"))["features"]


def wkt(text: str) -> Literal:
    return Literal(text, GEO + "wktLiteral")


# which formats fit which kind of answer

SELECT, ASK, CONSTRUCT = "SELECT * {?s ?p ?o}", "ASK {}", "CONSTRUCT {} {}"
FITS = {
    SELECT: {"json", "xml", "csv", "tsv", "geojson"},
    ASK: {"json", "xml", "csv", "tsv"},
    CONSTRUCT: {"turtle", "ntriples", "jsonld", "rdfxml"},
}


@pytest.mark.parametrize("query", FITS)
@pytest.mark.parametrize("name", FORMATS)
def test_each_pairing_is_written_or_refused_with_those_that_fit(query, name):
    answer = ask(query)
    if name in FITS[query]:
        written(answer, name)
    else:
        with pytest.raises(QueryNotValid) as caught:
            written(answer, name)
        assert all(fit in str(caught.value) for fit in FITS[query])
    assert {f.name for f in fitting(kind_of(answer))} == FITS[query]


def test_an_unknown_format_is_refused_with_the_list():
    with pytest.raises(QueryNotValid, match="geojson"):
        written(Truth(True), "parquet")


def test_media_types_are_those_registered():
    assert {f.name: f.media_type for f in FORMATS.values()} == {
        "json": "application/sparql-results+json",
        "xml": "application/sparql-results+xml",
        "csv": "text/csv",
        "tsv": "text/tab-separated-values",
        "geojson": "application/geo+json",
        "turtle": "text/turtle",
        "ntriples": "application/n-triples",
        "jsonld": "application/ld+json",
        "rdfxml": "application/rdf+xml",
    }


@pytest.mark.parametrize(
    ("name", "form"),
    [
        ("turtle", ox.RdfFormat.TURTLE),
        ("ntriples", ox.RdfFormat.N_TRIPLES),
        ("jsonld", ox.RdfFormat.JSON_LD),
        ("rdfxml", ox.RdfFormat.RDF_XML),
    ],
)
def test_triples_come_back_the_same(name, form):
    line = '<http://e/a> <http://e/p> "ä\\n\\"<b>"@en .\n'
    text = written(ask("CONSTRUCT WHERE {?s ?p ?o}", line), name, prefixes={"e": "http://e/"})
    again = {str(quad.triple) for quad in ox.parse(text, format=form)}
    assert again == {str(quad.triple) for quad in ox.parse(line, format=ox.RdfFormat.N_TRIPLES)}


# the recommendation's own examples


def w3c_cases(folder: Path) -> list[tuple[str, str, Path]]:
    data = {"01": "data.ttl", "02": "data.ttl", "03": "data2.ttl"}
    query = {"01": "csvtsv01.rq", "02": "csvtsv02.rq", "03": "csvtsv01.rq"}
    return [
        (data[n], query[n], folder / f"csvtsv{n}.{ending}")
        for n in data
        for ending in ("csv", "tsv")
    ]


@pytest.mark.parametrize("most_rows", [None, 1000])
def test_csv_and_tsv_after_the_w3c_tests(shared, most_rows):
    folder = shared / "w3c_tests/rdf-tests/sparql/sparql11/csv-tsv-res"
    for data, query, expected in w3c_cases(folder):
        store = ox.Store()
        store.load((folder / data).read_bytes(), ox.RdfFormat.TURTLE)
        ours = OxigraphStore()
        ours._store = store
        answer = ours.query((folder / query).read_text())
        text = written(answer, expected.suffix[1:], most_rows=most_rows).decode()
        assert table(text, expected.suffix) == table(expected.read_text(), expected.suffix)


def table(text: str, suffix: str) -> list[list[tuple[str, str]]]:
    """Cells without order of rows, without labels of blank nodes; terms by their value."""
    if suffix == ".csv":
        rows = list(csv.reader(io.StringIO(text)))
    else:
        rows = [line.split("\t") for line in text.strip("\n").split("\n")]
    head, *body = rows  # `SELECT *` has no order of columns
    return sorted(sorted(zip(head, map(comparable, row), strict=True)) for row in body)


def comparable(cell: str) -> str:
    if cell.startswith("_:"):
        return "_:"
    if cell.startswith('"'):  # a quoted Turtle term, or a bare one, are the same term
        graph = f"<x:s> <x:p> {cell} ."
        term = next(iter(ox.parse(graph, format=ox.RdfFormat.TURTLE))).object
        cell = term.value
    try:
        return str(float(cell))
    except ValueError:
        return cell


@pytest.mark.parametrize("most_rows", [None, 1000])
def test_json_after_the_w3c_tests(shared, most_rows):
    folder = shared / "w3c_tests/rdf-tests/sparql/sparql11/json-res"
    for number in "1234":
        ours = OxigraphStore()
        ours._store.load((folder / "data.ttl").read_bytes(), ox.RdfFormat.TURTLE)
        answer = ours.query((folder / f"jsonres0{number}.rq").read_text())
        got = json.loads(written(answer, "json", most_rows=most_rows))
        expected = json.loads((folder / f"jsonres0{number}.srj").read_text())
        assert canonical(got) == canonical(expected)


def canonical(results: dict) -> object:
    if "boolean" in results:
        return results["boolean"]
    rows = [
        sorted(
            (
                name,
                term["type"].replace("typed-literal", "literal"),
                term.get("datatype"),
                term.get("xml:lang"),
                "" if term["type"] == "bnode" else term["value"],
            )
            for name, term in row.items()
        )
        for row in results["results"]["bindings"]
    ]
    return set(results["head"]["vars"]), sorted(map(repr, rows))


# the bounded writers against the engine's

texts = st.text(alphabet=st.characters(exclude_categories=("Cs",)), max_size=12)
xml_texts = st.text(
    alphabet=st.characters(exclude_categories=("Cs", "Cc"), exclude_characters="\ufffe\uffff")
    | st.sampled_from("\n\r\t"),
    max_size=12,
)


def terms(values: st.SearchStrategy[str]) -> st.SearchStrategy:
    return st.one_of(
        st.none(),
        st.sampled_from([Iri("http://e/a"), Iri("http://e/ä?x=1&y=2")]),
        st.builds(Literal, values, st.just(XSD + "string"), st.just("")),
        st.builds(Literal, values, st.just(XSD + "string"), st.sampled_from(["en", "de-at"])),
        st.builds(Literal, st.integers().map(str), st.just(XSD + "integer"), st.just("")),
        st.builds(
            Literal,
            st.decimals(allow_nan=False, allow_infinity=False).map(str),
            st.sampled_from([XSD + "decimal", XSD + "double"]),
            st.just(""),
        ),
        st.builds(Literal, values, st.just(GEO + "wktLiteral"), st.just("")),
    )


def both(rows: list[Row], name: str) -> tuple[bytes, bytes]:
    """The same rows, written with a bound by us and without one by the engine."""
    lines = []
    for row in rows:
        cells = ["UNDEF" if term is None else str(to_engine(term)) for term in row]
        lines.append(f"({' '.join(cells)})")
    query = f"SELECT ?a ?b {{ VALUES (?a ?b) {{ {' '.join(lines)} }} }}"
    return written(ask(query), name, most_rows=10), written(ask(query), name)


@given(st.lists(st.tuples(terms(texts), terms(texts)), max_size=4))
def test_bounded_json_says_what_the_engine_says(rows):
    ours, engine = both(rows, "json")
    assert json.loads(ours) == json.loads(engine)


@given(st.lists(st.tuples(terms(texts), terms(texts)), max_size=4))
def test_bounded_csv_is_byte_for_byte_the_engines(rows):
    ours, engine = both(rows, "csv")
    assert ours == engine


@given(st.lists(st.tuples(terms(texts), terms(texts)), max_size=4))
def test_bounded_tsv_reads_back_as_the_same_terms(rows):
    ours, engine = (ox.parse_query_results(t, ox.QueryResultsFormat.TSV) for t in both(rows, "tsv"))
    assert [tuple(row) for row in ours] == [tuple(row) for row in engine]


@given(st.lists(st.tuples(terms(xml_texts), terms(xml_texts)), max_size=4))
def test_bounded_xml_reads_back_as_the_same_terms(rows):
    def read(text: bytes) -> list:
        elements = ET.fromstring(text).iter()
        return [(e.tag, dict(e.attrib), e.text or "") for e in elements]

    ours, engine = both(rows, "xml")
    if not any(term and "\r" in term.value for row in rows for term in row):
        assert read(ours) == read(engine)
    literals = [text for tag, _, text in read(ours) if tag.endswith("}literal")]
    bare = [t.value for row in rows for t in row if isinstance(t, Literal) and not numeric(t)]
    assert [text for text in literals if text in bare] == bare


def numeric(term: Literal) -> bool:
    return term.datatype.startswith(XSD) and term.datatype != XSD + "string"


@pytest.mark.parametrize("name", ["json", "xml", "csv", "tsv", "geojson"])
def test_more_rows_than_the_bound_are_refused_and_the_bound_itself_is_not(name):
    rows: list[Row] = [(wkt("POINT(1 2)"), Literal(str(n))) for n in range(5)]
    written(Rows(("wkt", "x"), rows), name, most_rows=5)
    with pytest.raises(QueryNotValid, match=r"more than 4 rows.*LIMIT"):
        written(Rows(("wkt", "x"), rows), name, most_rows=4)


def test_blank_nodes_keep_their_labels():
    rows: list[Row] = [(Blank("b1"), Iri("http://e/"))]
    assert written(Rows(("a", "b"), rows), "csv", most_rows=1) == b"a,b\r\n_:b1,http://e/\r\n"
    assert written(Rows(("a", "b"), rows), "tsv", most_rows=1) == b"?a\t?b\n_:b1\t<http://e/>\n"
    assert b"<bnode>b1</bnode>" in written(Rows(("a", "b"), rows), "xml", most_rows=1)
    assert b'"type":"bnode"' in written(Rows(("a", "b"), rows), "json", most_rows=1)


# GeoJSON


def test_geojson_has_other_columns_as_properties():
    [feature] = features([(wkt("POINT(6.13 49.61)"), Literal("12.50", XSD + "decimal"))])
    assert feature == {
        "type": "Feature",
        "geometry": {"type": "Point", "coordinates": [6.13, 49.61]},
        "properties": {"x": 12.5},
    }


def test_the_first_column_with_a_geometry_in_any_row_is_the_geometry():
    rows: list[Row] = [
        (Literal("a"), None, wkt("POINT(1 1)")),
        (Literal("b"), wkt("POINT(2 2)"), wkt("POINT(3 3)")),
    ]
    first, second = features(rows, ("n", "g", "h"))
    assert first["geometry"] is None
    assert first["properties"] == {"n": "a", "h": "POINT(1 1)"}
    assert second["geometry"]["coordinates"] == [2.0, 2.0]
    assert second["properties"] == {"n": "b", "h": "POINT(3 3)"}


@pytest.mark.parametrize(
    ("literal", "value"),
    [
        (Literal("007", XSD + "integer"), 7),
        (Literal("+1.50", XSD + "decimal"), 1.5),
        (Literal(".5", XSD + "decimal"), 0.5),
        (Literal("-2E3", XSD + "double"), -2000.0),
        (Literal("NaN", XSD + "double"), "NaN"),
        (Literal("INF", XSD + "double"), "INF"),
        (Literal("+1e999999999", XSD + "decimal"), "+1e999999999"),
        (Literal("many", XSD + "integer"), "many"),
        (Literal("1", XSD + "boolean"), True),
        (Literal("12"), "12"),
        (Iri("http://e/a"), "http://e/a"),
        (None, None),
    ],
)
def test_values_in_properties(literal, value):
    [feature] = features([(wkt("POINT(0 0)"), literal)])
    assert feature["properties"]["x"] == value


def test_a_decimal_keeps_all_its_digits():
    text = written(
        Rows(
            ("wkt", "x"), [(wkt("POINT(0 0)"), Literal("0.12345678901234567890", XSD + "decimal"))]
        ),
        "geojson",
    )
    assert b"0.12345678901234567890" in text


def test_no_rows_are_an_empty_collection_and_rows_without_geometry_are_refused():
    assert features([]) == []
    with pytest.raises(QueryNotValid, match="wktLiteral"):
        features([(Literal("POINT(1 1)"), None)])


@pytest.mark.parametrize(
    "prefix", ["", "<http://www.opengis.net/def/crs/OGC/1.3/CRS84> "], ids=["none", "CRS84"]
)
def test_crs84_is_longitude_first(prefix):
    [feature] = features([(wkt(prefix + "POINT(6 49)"), None)])
    assert feature["geometry"]["coordinates"] == [6.0, 49.0]


def test_epsg_4326_is_latitude_first():
    text = "<http://www.opengis.net/def/crs/EPSG/0/4326> POINT(49 6)"
    [feature] = features([(wkt(text), None)])
    assert feature["geometry"]["coordinates"] == [6.0, 49.0]


def test_utm_is_moved_as_proj_moves_it():
    text = "<http://www.opengis.net/def/crs/EPSG/0/32631> POINT(699960 5500020)"
    [feature] = features([(wkt(text), None)])
    expected = pyproj.Transformer.from_crs(32631, 4326, always_xy=True).transform(699960, 5500020)
    assert feature["geometry"]["coordinates"] == pytest.approx(expected, abs=1e-9)


@pytest.mark.parametrize(
    "text",
    [
        "no geometry", "", "POINT(1", "POINT(nan 1)", "<http://e/unknown-crs> POINT(1 2)",
        "<http://www.opengis.net/def/crs/EPSG/0/999999> POINT(1 2)",
    ],
)  # fmt: skip
def test_what_is_no_geometry_is_kept_as_text(text):
    [feature] = features([(wkt(text), None)])
    assert feature["geometry"] is None
    assert feature["properties"]["wkt"] == text


@given(
    st.lists(
        st.tuples(st.floats(-180, 180), st.floats(-90, 90)), min_size=4, max_size=8, unique=True
    )
)
def test_rings_run_counter_clockwise_and_cover_the_same_area(points):
    polygon = shapely.Polygon(points)
    if not polygon.is_valid:
        return
    [feature] = features([(wkt(polygon.wkt), None)])
    ring = shapely.LinearRing(feature["geometry"]["coordinates"][0])
    assert ring.is_ccw
    assert (
        shapely.Polygon(ring).equals_exact(polygon.normalize(), 1e-9)
        or shapely.Polygon(ring).symmetric_difference(polygon).area < 1e-6
    )


@given(st.lists(st.tuples(terms(texts), terms(texts)), min_size=1, max_size=4))
def test_geojson_is_always_json_or_refused(rows):
    wanted = any(
        isinstance(t, Literal) and t.datatype == GEO + "wktLiteral" for row in rows for t in row
    )
    if wanted:
        assert len(features(rows, ("a", "b"))) == len(rows)
    else:
        with pytest.raises(QueryNotValid):
            features(rows, ("a", "b"))
