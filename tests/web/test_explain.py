"""How a query is answered, as the endpoint and the command line tell it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from dafab_kg.cli import main
from dafab_kg.model.names import NS
from tests.web.written import Clients, clients

GEO = "http://www.opengis.net/ont/geosparql#"
GEOF = "http://www.opengis.net/def/function/geosparql/"
CLOUDS = f"SELECT ?x {{ ?x <{NS}cloudCover> ?c FILTER (?c < 20) }}"
AREA = f'"POLYGON ((2.5 -1, 4.5 -1, 4.5 1, 2.5 1, 2.5 -1))"^^<{GEO}wktLiteral>'
PLACE = (
    f"SELECT ?x {{ ?x <{NS}cloudCover> ?c ; <{GEO}hasGeometry>/<{GEO}asWKT> ?w "
    f"FILTER (<{GEOF}sfIntersects>(?w, {AREA})) }}"
)


@pytest.fixture(scope="module")
def asked(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Clients]:
    """Forty things in a row of places, with clouds of 0 to 39."""
    with clients(tmp_path_factory.mktemp("explained"), validation=False) as held:
        lines = [
            f"<http://e/{n}> <{NS}cloudCover> {n}.5 ; <{GEO}hasGeometry> <http://e/{n}/g> . "
            f'<http://e/{n}/g> <{GEO}asWKT> "POINT ({n} 0)"^^<{GEO}wktLiteral> .'
            for n in range(40)
        ]
        answer = held.ask(
            "write", "/graphs?graph=http://e/all", "PUT", data="\n".join(lines),
            content_type="text/turtle",
        )  # fmt: skip
        assert answer.status_code < 300, answer.text
        yield held


def test_what_is_recognised_and_how_many_there_are(asked: Clients) -> None:
    told = asked.ask("", "/sparql", query_string={"query": CLOUDS, "explain": "true"}).get_json()
    assert told["rewritten"]
    assert [(one["variable"], one["found"]) for one in told["candidates"]] == [("x", 20)]
    assert told["candidates"][0]["recognised"] == ["?c < 20"]
    assert told["rows"] == len(asked.select(CLOUDS)) == 20
    assert {"analyse", "look up", "engine"} == told["milliseconds"].keys()


def test_a_place_that_the_index_knows_to_hold_is_not_asked_again(asked: Clients) -> None:
    told = asked.ask("", "/sparql", query_string={"query": PLACE, "explain": "1"}).get_json()
    assert told["rows"] == len(asked.select(PLACE)) == 2  # 3 and 4
    assert "sfIntersects" not in told["text"]


@pytest.mark.parametrize(
    ("query", "rows"),
    [
        (f"SELECT (COUNT(*) AS ?n) {{ ?x <{NS}cloudCover> ?c FILTER (?c < 20) }}", 1),
        (f"SELECT ?x {{ ?x <{NS}cloudCover> ?c }} ORDER BY DESC(?c) LIMIT 3", 3),
        (f"SELECT ?x {{ ?x <{NS}cloudCover> ?c }} ORDER BY ?x LIMIT 3", 3),
        (
            f"SELECT ?x {{ ?x <{GEO}hasGeometry>/<{GEO}asWKT> ?w }} ORDER BY <{GEOF}distance>"
            f'(?w, "POINT (7.2 0)"^^<{GEO}wktLiteral>, '
            "<http://www.opengis.net/def/uom/OGC/1.0/metre>) LIMIT 3",
            3,
        ),
    ],
    ids=["count", "first", "first-by-name", "nearest"],
)
def test_questions_of_the_whole_are_answered_from_the_index(
    asked: Clients, query: str, rows: int
) -> None:
    told = asked.ask("", "/sparql", query_string={"query": query, "explain": "true"}).get_json()
    assert told["rewritten"], told["reason"]
    assert told["rows"] == rows


def test_the_next_plan_is_tried_where_rows_are_too_few(asked: Clients) -> None:
    """The index knows nothing of the other property, which only the last things have."""
    lines = " ".join(f"<http://e/{n}> <http://e/rare> 1 ." for n in range(36, 40))
    answer = asked.ask(
        "write", "/graphs?graph=http://e/rare", "PUT", data=lines, content_type="text/turtle"
    )
    assert answer.status_code < 300, answer.text
    query = f"SELECT ?x {{ ?x <{NS}cloudCover> ?c ; <http://e/rare> 1 }} ORDER BY ?c LIMIT 3"
    told = asked.ask("", "/sparql", query_string={"query": query, "explain": "true"}).get_json()
    assert [row["x"] for row in asked.select(query)] == [f"http://e/{n}" for n in (36, 37, 38)]
    assert [plan["candidates"][0]["found"] for plan in told["tried"]] == [11, 32]


def test_errors_in_functions_are_told(asked: Clients) -> None:
    query = f'SELECT * {{ BIND (<{GEOF}convexHull>("no geometry") AS ?hull) }}'
    told = asked.ask("", "/sparql", query_string={"query": query, "explain": "true"}).get_json()
    (fault,) = told["diagnostics"]
    assert (fault["function"], fault["count"]) == ("convexHull", 1)


@pytest.mark.parametrize(
    ("parameters", "status"),
    [
        ({"explain": "maybe"}, 400),
        ({"explain": "false"}, 200),
        ({"explain": "true", "default-graph-uri": "http://e/g"}, 400),
    ],
)
def test_what_the_parameter_may_be(asked: Clients, parameters: dict[str, str], status: int) -> None:
    answer = asked.ask("", "/sparql", query_string={"query": CLOUDS, **parameters})
    assert answer.status_code == status
    assert status == 200 or "explain" in answer.get_json()["where"]


def test_who_sees_what_is_private_is_told_that_the_index_is_not_asked(asked: Clients) -> None:
    answer = asked.ask("private", "/sparql", query_string={"query": CLOUDS, "explain": "true"})
    assert answer.status_code == 400
    assert "without the search index" in answer.get_json()["detail"]


def test_the_command_line_tells_the_same(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with clients(tmp_path, validation=False) as held:
        held.ask(
            "write", "/graphs?graph=http://e/one", "PUT", content_type="text/turtle",
            data=f"<http://e/1> <{NS}cloudCover> 1.5 .",
        )  # fmt: skip
    store = str(tmp_path / "store")
    assert main(["--store", store, "query", "--explain", CLOUDS]) == 0
    printed = capsys.readouterr().out
    assert "?x: 1 candidates by\n  ?c < 20\n" in printed
    assert "Asked instead:\nSELECT" in printed and "VALUES" in printed
    assert "engine: " in printed and printed.endswith("1 row\n")
    assert main(["--store", store, "--json", "query", "--explain", CLOUDS]) == 0
    assert json.loads(capsys.readouterr().out)["candidates"][0]["found"] == 1
