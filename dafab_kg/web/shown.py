"""An answer as a page shows it: a bounded table, what of it lies on a map, and the raw text."""

from __future__ import annotations

import io
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from time import perf_counter
from typing import Any, Final, cast

import orjson

from dafab_kg.catalogue import Catalogue
from dafab_kg.model.errors import DafabError, DeadlinePassed, NotAnalysed
from dafab_kg.serving.client import ServedCatalogue
from dafab_kg.sparql.parse import parse_query
from dafab_kg.store.answers import Kind, kind_of
from dafab_kg.store.geojson import WKT_LITERAL, write_geojson
from dafab_kg.store.oxigraph import write_triples
from dafab_kg.store.protocol import Answer, Iri, Literal, Row, Solutions, Term, Truth
from dafab_kg.store.rows import write_rows
from dafab_kg.store.solutions import PlainSolutions
from dafab_kg.web.addresses import page_of
from dafab_kg.web.cells import Table, shorten, table_of
from dafab_kg.web.gate import sees_private
from dafab_kg.web.metering import note_query, stage
from dafab_kg.web.problems import Problem, problem_of

MOST_SHOWN: Final = 250
"""Rows that a page shows; the downloads beside it hold all."""
MOST_RAW: Final = 20_000
"""Characters of the raw text that a page shows."""
MOST_GEOMETRY: Final = 100_000
"""Characters of geometries that a page brings along for its map."""
_VARIABLE: Final = re.compile(r"[?$](\w+)")
_POSITION: Final = re.compile(r"line (\d+), column (\d+) of the query")


@dataclass(frozen=True)
class Shown:
    """An answer, or the problem that there was instead.

    ``places`` is GeoJSON for a map, None where nothing has a place; ``mapped`` the number of
    rows on it.  ``raw`` is the beginning of the answer as SPARQL results JSON or Turtle, with
    ``cut`` if there is more.  ``milliseconds`` is the time until the rows shown were there.
    ``late`` tells that the time of a first look was over.
    """

    table: Table | None = None
    kind: Kind = "rows"
    places: dict[str, Any] | None = None
    mapped: int = 0
    raw: str = ""
    cut: bool = False
    milliseconds: int = 0
    problem: Problem | None = None
    late: bool = False

    @property
    def status(self) -> int:
        """Status of the page."""
        return self.problem.status if self.problem else 200

    @property
    def position(self) -> tuple[int, int] | None:
        """Line and column of the query at which the problem lies, from 1."""
        found = _POSITION.match(self.problem.where) if self.problem else None
        return (int(found[1]), int(found[2])) if found else None


def show_answer(
    catalogue: Catalogue, query: str, *, base: str | None = None, seconds: float = 0.0
) -> Shown:
    """Put a query and make its answer ready to be shown; ``seconds`` bounds a first look."""
    note_query(query)
    options: dict[str, Any] = {"base": base, "private": sees_private()}
    if seconds and isinstance(catalogue, ServedCatalogue):
        options["seconds"] = seconds
    began = perf_counter()
    try:
        with stage("answer"):
            answer = catalogue.query(query, **options)
            kind = kind_of(answer)
            rows = _taken(answer)
    except DeadlinePassed as error:
        if seconds:
            return Shown(late=True)
        return Shown(problem=problem_of(error))
    except DafabError as error:
        return Shown(problem=problem_of(error))
    took = round((perf_counter() - began) * 1000)
    if kind == "rows":
        answer, rows = _in_order(query, cast(Solutions, answer), rows)
    return _made(answer, kind, rows, catalogue.names.prefixes, took)


def _in_order(query: str, answer: Solutions, rows: list[Row]) -> tuple[Solutions, list[Row]]:
    """Put the columns of SELECT * in the order in which the query has them, as people expect."""
    try:
        if not parse_query(query).star:
            return answer, rows
    except NotAnalysed:
        return answer, rows
    named = list(dict.fromkeys(_VARIABLE.findall(query)))
    places = {name: place for place, name in enumerate(named)}
    old = answer.variables
    order = sorted(range(len(old)), key=lambda at: places.get(old[at], len(places)))
    variables = tuple(old[at] for at in order)
    ordered: list[Row] = [tuple(row[at] for at in order) for row in rows]
    return PlainSolutions(variables, ordered), ordered


def _taken(answer: Answer) -> list[Row]:
    """Read the rows, or triples, that are shown, and one more."""
    if isinstance(answer, Truth):
        return []
    return [tuple(row) for row in islice(iter(answer), MOST_SHOWN + 1)]


def _made(
    answer: Answer, kind: Kind, rows: list[Row], prefixes: Mapping[str, str], took: int
) -> Shown:
    if isinstance(answer, Truth):
        raw = "true" if answer.value else "false"
        return Shown(table_of(answer, prefixes), kind, raw=raw, milliseconds=took)
    names = answer.variables if kind == "rows" else ("subject", "predicate", "object")  # type: ignore[union-attr]
    table = table_of(PlainSolutions(names, rows), prefixes, most_rows=MOST_SHOWN)
    rows = rows[:MOST_SHOWN]
    raw = _raw(kind, names, rows, prefixes)
    places, mapped = _places(names, rows, prefixes) if kind == "rows" else (None, 0)
    cut = table.more or len(raw) > MOST_RAW
    return Shown(table, kind, places, mapped, raw[:MOST_RAW], cut, took)


def _raw(kind: Kind, names: Sequence[str], rows: Sequence[Row], prefixes: Mapping[str, str]) -> str:
    out = io.BytesIO()
    if kind == "rows":
        write_rows(PlainSolutions(tuple(names), rows), "json", out)
        # a row a line is easier to read; within a string of JSON no quote stands bare
        return out.getvalue().decode().replace('},{"', '},\n{"')
    triples = cast("list[tuple[Term, Term, Term]]", rows)
    write_triples(triples, "text/turtle", out, prefixes)
    return out.getvalue().decode()


def _places(
    names: tuple[str, ...], rows: list[Row], prefixes: Mapping[str, str]
) -> tuple[dict[str, Any] | None, int]:
    """Return GeoJSON of the rows that have a geometry, each a link to the first thing in it."""
    size, placed = 0, []
    for row in rows:
        size += sum(len(term.value) for term in row if term is not None and _is_geometry(term))
        if size > MOST_GEOMETRY:
            break
        if any(_is_geometry(term) for term in row):
            placed.append(row)
    if not placed:
        return None, 0
    out = io.BytesIO()
    write_geojson(cast(Solutions, PlainSolutions(names, placed)), out)
    told = orjson.loads(out.getvalue())
    features = []
    for feature, row in zip(told["features"], placed, strict=True):
        first = next((term.value for term in row if isinstance(term, Iri)), "")
        if feature["geometry"] is not None:
            about = {"href": page_of(first), "label": shorten(first, prefixes)} if first else {}
            features.append({**feature, "properties": about})
    if not features:
        return None, 0
    return {"type": "FeatureCollection", "features": features}, len(features)


def _is_geometry(term: Term | None) -> bool:
    return isinstance(term, Literal) and term.datatype == WKT_LITERAL
