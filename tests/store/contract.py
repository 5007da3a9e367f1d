"""What every graph store must do, whatever lies behind it (``dafab_kg.store.protocol.Store``).

The checks compare with sets of lines in Python, and with what rdflib, another engine, answers.
A class that inherits them gives the fixture ``store``: an empty store that knows no function.
"""

from __future__ import annotations

import io
from collections.abc import Iterable
from typing import Any, cast

import pytest
import rdflib

from dafab_kg.model.errors import GraphNotWritable, QueryNotValid
from dafab_kg.store.protocol import Change, Iri, Literal, Store, Truth

XSD = "http://www.w3.org/2001/XMLSchema#"
GEO = "http://www.opengis.net/ont/geosparql#"
CRS84 = "http://www.opengis.net/def/crs/OGC/1.3/CRS84"
GEOF = "http://www.opengis.net/def/function/geosparql/"
A, B, C = ("http://e/a", "http://e/b", "http://e/c")
ONE, TWO = "http://e/g1", "http://e/g2"
INFERRED = "http://e/inferred"

VALUES = (
    '"plain"',
    '"Öl \\"q\\" \\\\ \\n x"@de',
    f'"5"^^<{XSD}integer>',
    f'"0.1234567890123456"^^<{XSD}decimal>',
    f'"1234567890.5"^^<{XSD}decimal>',
    f'"true"^^<{XSD}boolean>',
    f'"2022-01-02T03:04:05.123456Z"^^<{XSD}dateTime>',
    f'"2022-01-02"^^<{XSD}date>',
    f'"P10D"^^<{XSD}dayTimeDuration>',
    f'"http://e/x"^^<{XSD}anyURI>',
    f'"<{CRS84}> POINT(5.1 50.20000000000001)"^^<{GEO}wktLiteral>',
    f'"POLYGON ((5 49, 6 49, 6 50, 5 50, 5 49))"^^<{GEO}wktLiteral>',
    '"{}"^^<http://www.w3.org/1999/02/22-rdf-syntax-ns#JSON>',
    "<http://e/v>",
)  # fmt: skip
LINES = tuple(f"<{A}> <http://e/p{n}> {value} .\n" for n, value in enumerate(VALUES))
THINGS = tuple(
    line
    for n in range(12)
    for line in (
        f"<http://e/t{n}> <http://e/is> <http://e/k{n % 3}> .\n",
        f"<http://e/t{n}> <http://e/next> <http://e/t{(n + 1) % 12}> .\n",
        f'<http://e/t{n}> <http://e/size> "{n}.25"^^<{XSD}decimal> .\n',
        *([f'<http://e/t{n}> <http://e/name> "thing {n}" .\n'] if n % 2 else []),
    )
)
QUERIES = (
    "SELECT ?s { ?s <http://e/is> <http://e/k1> }",
    "SELECT ?s ?n { ?s <http://e/is> <http://e/k1> OPTIONAL { ?s <http://e/name> ?n } }",
    "SELECT ?s { { ?s <http://e/is> <http://e/k1> } UNION { ?s <http://e/name> 'thing 3' } }",
    "SELECT ?s { ?s <http://e/size> ?z FILTER(?z > 3 && ?z < 7.5) }",
    "SELECT ?s { ?s <http://e/is> ?k FILTER NOT EXISTS { ?s <http://e/name> ?n } }",
    "SELECT ?s { ?s <http://e/is> ?k MINUS { ?s <http://e/name> ?n } }",
    "SELECT ?k (COUNT(*) AS ?n) { ?s <http://e/is> ?k } GROUP BY ?k",
    "SELECT ?k (SUM(?z) AS ?n) { ?s <http://e/is> ?k ; <http://e/size> ?z } GROUP BY ?k",
    "SELECT ?s ?t { ?s <http://e/next>/<http://e/next> ?t . ?t <http://e/is> <http://e/k0> }",
    "SELECT ?t { <http://e/t3> <http://e/next>+ ?t . ?t <http://e/is> <http://e/k2> }",
    "SELECT DISTINCT ?t { <http://e/t3> <http://e/next>* ?t }",
    "SELECT ?t { ?t (<http://e/none>|^<http://e/next>) <http://e/t3> }",
    "SELECT ?s { VALUES ?s { <http://e/t1> <http://e/t2> <http://e/zz> } ?s <http://e/is> ?k }",
    "SELECT ?s ?l { ?s <http://e/name> ?n BIND(STRLEN(?n) AS ?l) FILTER(STRENDS(?n, '1')) }",
    "SELECT ?s ?z { ?s <http://e/size> ?z { SELECT ?s { ?s <http://e/is> <http://e/k2> } "
    "ORDER BY ?s LIMIT 2 } }",
    "SELECT ?s { ?s <http://e/size> 4.25 }",
    "SELECT DISTINCT ?k { ?s <http://e/is> ?k ; <http://e/name> ?n }",
    "SELECT ?s { ?s <http://e/is> [] FILTER EXISTS { ?s <http://e/next> ?t . ?t <http://e/name> "
    "?n FILTER(CONTAINS(?n, '1')) } }",
)
"""Each has one right multiset of rows."""


def in_graph(line: str, graph: str) -> str:
    return f"{line[:-3]} <{graph}> .\n"


def rows_of(answer: object) -> list[tuple[str, ...]]:
    """Rows as texts, in an order of their own: numbers by value, as spelling is the engine's."""
    found = []
    for row in cast(Iterable[tuple[Any, ...]], answer):
        cells = []
        for term in row:
            if isinstance(term, Literal) and term.datatype.endswith(("integer", "decimal")):
                cells.append(str(float(term.value)))
            else:
                cells.append("" if term is None else term.value)
        found.append(tuple(cells))
    return sorted(found)


def by_rdflib(query: str, lines: Iterable[str]) -> list[tuple[str, ...]]:
    graph = rdflib.Graph().parse(data="".join(lines), format="nt")
    found = []
    for row in cast(Iterable[tuple[Any, ...]], graph.query(query)):
        cells = []
        for term in row:
            numeric = isinstance(term, rdflib.Literal) and term.datatype in (
                rdflib.XSD.integer,
                rdflib.XSD.decimal,
            )
            cells.append("" if term is None else str(float(term) if numeric else term))
        found.append(tuple(cells))
    return sorted(found)


def with_things(store: Store) -> Store:
    """Load what the queries are asked of."""
    lines = "".join(line + in_graph(line, ONE) for line in THINGS)
    store.apply(Change(added=lines))
    return store


class Contract:
    """The checks."""

    def load(self, store: Store, lines: Iterable[str], graph: str = ONE) -> None:
        store.apply(Change(added="".join(line + in_graph(line, graph) for line in lines)))

    def test_what_was_added_is_there_as_it_was_written(self, store: Store) -> None:
        self.load(store, LINES)
        assert set(store.graph_triples(ONE)) == set(LINES) == set(store.graph_triples(None))
        assert set(store.graphs()) == {ONE}
        assert store.graph_size(ONE) == len(LINES) and store.count() == 2 * len(LINES)
        assert store.has_graph(ONE) and not store.has_graph(TWO)
        assert all(store.states(line, ONE) and store.states(line, None) for line in LINES)
        assert not store.states(LINES[0].replace("plain", "other"), ONE)
        assert store.present([*LINES, f"<{A}> <{B}> <{C}> .\n"], [None]) == set(LINES)
        assert store.describes(A) and not store.describes(B)
        assert set(store.predicates(A)) == {f"http://e/p{n}" for n in range(len(LINES))}
        for number, value in enumerate(VALUES):
            held = set(store.values(A, f"http://e/p{number}"))
            assert held == {(value, ""), (value, ONE)}
        told = store.statements([A, B], {"http://e/p0", "http://e/p2"}, [None, INFERRED])
        assert set(told) == {(A, "http://e/p0", VALUES[0]), (A, "http://e/p2", VALUES[2])}

    def test_a_change_removes_and_adds_and_does_no_harm_again(self, store: Store) -> None:
        self.load(store, LINES)
        self.load(store, LINES[:2], TWO)
        removed = tuple(in_graph(line, ONE) for line in LINES[:6])
        change = Change(removed, in_graph(THINGS[0], TWO), ())
        for _ in range(2):
            store.apply(change)
            assert set(store.graph_triples(ONE)) == set(LINES[6:])
            assert set(store.graph_triples(TWO)) == {*LINES[:2], THINGS[0]}
            assert set(store.graph_triples(None)) == set(LINES)
        assert store.stating(LINES[0]) == {TWO} and store.stating(LINES[7]) == {ONE}
        assert store.stating(LINES[-1]) == {ONE} and store.stating(LINES[3]) == set()
        rest = tuple(part for line in LINES[6:] for part in (line, in_graph(line, ONE)))
        store.apply(Change(rest, "", (ONE,)))
        assert set(store.graph_triples(None)) == set(LINES[:6])
        assert set(store.graphs()) == {TWO}
        store.drop(TWO)
        store.drop("http://e/not-there")
        assert set(store.graphs()) == set()

    def test_a_bulk_load_and_a_dump_are_the_same(self, store: Store) -> None:
        lines = [f'<http://e/x{n}> <{B}> "value {n}" .\n' for n in range(1200)]
        quads = [in_graph(line, f"http://e/g{n % 7}") for n, line in enumerate(lines)]
        store.bulk_load("".join(lines), unobserved="".join(quads))
        out = io.BytesIO()
        store.dump(out)
        assert sorted(out.getvalue().decode().splitlines(True)) == sorted((*lines, *quads))
        store.bulk_load(io.BytesIO("".join(lines[:10]).encode()))
        assert store.count() == 2400

    def test_queries_have_the_answers_of_another_engine(self, loaded: Store) -> None:
        for query in QUERIES:
            right = by_rdflib(query, THINGS)
            assert right and rows_of(loaded.query(query, default_graphs=[None])) == right, query
            assert rows_of(loaded.query(query)) == right
            assert sorted(loaded.rows(query, [None])) == sorted(loaded.rows(query, [ONE]))

    def test_other_forms_of_queries(self, loaded: Store) -> None:
        assert loaded.query("ASK { ?s <http://e/is> <http://e/k1> }") == Truth(True)
        assert loaded.query("ASK { ?s <http://e/is> <http://e/k9> }") == Truth(False)
        made: Any = loaded.query(
            "CONSTRUCT { ?s <http://e/bigger> true } WHERE { ?s <http://e/size> ?z FILTER(?z > 9) }"
        )
        assert {subject.value for subject, _, _ in made} == {f"http://e/t{n}" for n in (9, 10, 11)}
        plain: Any = loaded.query("CONSTRUCT WHERE { ?s <http://e/is> <http://e/k1> }")
        assert len(list(plain)) == 4
        told: Any = loaded.query("DESCRIBE <http://e/t1>")
        assert {(p.value, o.value) for _, p, o in told} == {
            ("http://e/is", "http://e/k1"),
            ("http://e/next", "http://e/t2"),
            ("http://e/size", "1.25"),
            ("http://e/name", "thing 1"),
        }

    def test_datasets_and_named_graphs(self, loaded: Store) -> None:
        loaded.apply(Change(added=in_graph(f"<{A}> <http://e/is> <http://e/k1> .\n", INFERRED)))
        asked = "SELECT ?s { ?s <http://e/is> <http://e/k1> }"
        assert len(rows_of(loaded.query(asked))) == 4
        assert len(rows_of(loaded.query(asked, default_graphs=[None, INFERRED]))) == 5
        assert rows_of(loaded.query(asked, default_graphs=[INFERRED])) == [(A,)]
        assert rows_of(loaded.query(f"SELECT ?s FROM <{INFERRED}> {{ ?s ?p ?o }}")) == [(A,)]
        graphs = "SELECT ?g { GRAPH ?g { ?s <http://e/is> <http://e/k1> } } GROUP BY ?g"
        assert rows_of(loaded.query(graphs)) == [(ONE,), (INFERRED,)]
        assert rows_of(loaded.query(graphs, default_graphs=[None])) == [(ONE,), (INFERRED,)]
        assert rows_of(loaded.query(graphs, default_graphs=[None], named_graphs=[ONE])) == [(ONE,)]
        both = "SELECT ?s ?g { ?s <http://e/next> <http://e/t5> GRAPH ?g { ?s <http://e/is> ?k } }"
        assert rows_of(loaded.query(both)) == [("http://e/t4", ONE)]

    def test_variables_are_bound_and_bases_kept(self, loaded: Store) -> None:
        asked = "SELECT ?s ?k { ?s <http://e/is> ?k }"
        found = loaded.query(asked, bindings={"s": Iri("http://e/t7")})
        assert rows_of(found) == [("http://e/t7", "http://e/k1")]
        found = loaded.query("SELECT ?s ?n { ?s <name> ?n }", bindings={"n": Literal("thing 5")},
                             base="http://e/")  # fmt: skip
        assert [row[0] for row in rows_of(found)] == ["http://e/t5"]

    def test_functions_that_the_server_does_not_know(self, store: Store) -> None:
        self.load(store, LINES)
        for east, right in ((7, 2), (5.05, 1), (4, 0)):
            area = f"POLYGON((4 48, {east} 48, {east} 51, 4 51, 4 48))"
            query = (
                f"SELECT ?w {{ <{A}> ?p ?w FILTER(<{GEOF}sfIntersects>(?w, "
                f'"{area}"^^<{GEO}wktLiteral>)) }}'
            )
            assert len(rows_of(store.query(query))) == right
        lateral = (
            "SELECT ?p ?q { VALUES ?p { <http://e/p0> <http://e/p3> } "
            "LATERAL { ?s ?p ?q FILTER(?p != <http://e/p3>) } }"
        )
        assert rows_of(store.query(lateral)) == [("http://e/p0", "plain")]

    def test_a_construct_is_added_to_a_graph(self, loaded: Store) -> None:
        text = (
            "CONSTRUCT { ?s <http://e/before> ?u } WHERE { SELECT DISTINCT ?s ?u { "
            "?s <http://e/next> ?t . ?t <http://e/next> ?u "
            "FILTER NOT EXISTS { ?s <http://e/before> ?u } } }"
        )
        assert loaded.construct_into(INFERRED, text, [None, INFERRED]) == 12
        assert loaded.graph_size(INFERRED) == 12
        assert loaded.construct_into(INFERRED, text, [None, INFERRED]) == 0

    def test_tables_hold_all_rows(self, loaded: Store) -> None:
        batches = list(loaded.tables("SELECT ?s ?o { ?s <http://e/next> ?o }", [None, INFERRED]))
        rows = [
            pair
            for one in batches
            for pair in zip(*(c.to_pylist() for c in one.columns), strict=True)
        ]
        assert len(rows) == 12 and ("<http://e/t0>", "<http://e/t1>") in rows

    def test_what_cannot_be_is_refused(self, store: Store) -> None:
        for wrong in ("SELECT ?s { ?s ?p }", "SELEKT", "ASK { SERVICE <http://e/> { ?s ?p ?o } }"):
            with pytest.raises(QueryNotValid):
                list(cast(Iterable[Any], store.query(wrong)))

    def test_an_observer_is_told_before(self, store: Store) -> None:
        told: list[str] = []

        class Listener:
            def touch(self, nquads: str) -> None:
                told.append(nquads)

            def touch_everything(self) -> None:
                told.append("*")

        store.observe(Listener(), INFERRED)
        self.load(store, LINES[:1])
        store.bulk_load(LINES[1], unobserved=in_graph(LINES[1], ONE))
        assert told == [LINES[0] + in_graph(LINES[0], ONE), LINES[1]]
        store.construct_into(INFERRED, "CONSTRUCT { ?s a <http://e/C> } WHERE { ?s ?p ?o }", [None])
        assert told[2:] and "http://e/C" in told[2]


class ServerContract(Contract):
    """What holds of a store behind a server beside."""

    def test_blank_nodes_are_refused(self, store: Store) -> None:
        with pytest.raises(GraphNotWritable, match="blank node"):
            store.apply(Change(added="_:b <http://e/p> <http://e/o> .\n"))
        assert store.count() == 0
