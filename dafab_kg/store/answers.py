"""Formats of answers: which there are, which fit what was asked, and writing them.

A SELECT gives rows, an ASK a truth value, a CONSTRUCT or DESCRIBE triples; each
format fits one or two of these kinds.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import IO, Final, Literal, TypeGuard, cast

from dafab_kg.model.errors import QueryNotValid
from dafab_kg.store.geojson import write_geojson
from dafab_kg.store.protocol import Answer, Solutions, Triples, Truth
from dafab_kg.store.rows import write_rows

Kind = Literal["rows", "truth", "triples"]

ASKED: Final[dict[Kind, str]] = {
    "rows": "SELECT",
    "truth": "ASK",
    "triples": "CONSTRUCT and DESCRIBE",
}
"""How messages name the queries that give each kind of answer."""


@dataclass(frozen=True)
class Format:
    """A format of answers.

    ``content_type`` is what HTTP states (with a charset where the type's own
    registration asks for one); ``aliases`` are other names that clients use for it.
    """

    name: str
    media_type: str
    kinds: frozenset[Kind]
    label: str
    charset: bool = False
    aliases: tuple[str, ...] = ()

    def content_type(self, asked_as: str = "") -> str:
        """Value of Content-Type, under the name that the client asked for."""
        media_type = asked_as or self.media_type
        return f"{media_type}; charset=utf-8" if self.charset else media_type


_TABULAR: Final[frozenset[Kind]] = frozenset({"rows", "truth"})
_ROWS: Final[frozenset[Kind]] = frozenset({"rows"})
_TRIPLES: Final[frozenset[Kind]] = frozenset({"triples"})

FORMATS: Final[dict[str, Format]] = {
    f.name: f
    for f in (
        Format(
            "json",
            "application/sparql-results+json",
            _TABULAR,
            "SPARQL results JSON",
            aliases=("application/json",),
        ),
        Format(
            "xml",
            "application/sparql-results+xml",
            _TABULAR,
            "SPARQL results XML",
            aliases=("application/xml", "text/xml"),
        ),
        Format("csv", "text/csv", _TABULAR, "CSV", charset=True),
        Format("tsv", "text/tab-separated-values", _TABULAR, "TSV", charset=True),
        Format("geojson", "application/geo+json", _ROWS, "GeoJSON"),
        Format("turtle", "text/turtle", _TRIPLES, "Turtle", charset=True),
        Format("ntriples", "application/n-triples", _TRIPLES, "N-Triples"),
        Format("jsonld", "application/ld+json", _TRIPLES, "JSON-LD"),
        Format("rdfxml", "application/rdf+xml", _TRIPLES, "RDF/XML"),
    )
}
"""Every format by name; within a kind the first is the default."""


def kind_of(answer: Answer) -> Kind:
    """Tell what an answer is made of."""
    if isinstance(answer, Truth):
        return "truth"
    return "rows" if has_rows(answer) else "triples"


def has_rows(answer: Answer) -> TypeGuard[Solutions]:
    """Tell whether an answer is that of a SELECT."""
    return hasattr(answer, "variables")


def fitting(kind: Kind) -> tuple[Format, ...]:
    """Formats that can hold this kind of answer, the default first."""
    return tuple(f for f in FORMATS.values() if kind in f.kinds)


def check_fit(name: str, kind: Kind) -> Format:
    """Return the format called ``name``.

    Raises:
        QueryNotValid: there is no such format, or it cannot hold this kind of answer.
    """
    if name not in FORMATS:
        raise QueryNotValid(f"There is no format {name!r}. Choose one of {', '.join(FORMATS)}")
    found = FORMATS[name]
    if kind not in found.kinds:
        offered = ", ".join(f.name for f in fitting(kind))
        raise QueryNotValid(
            f"The format {name} cannot hold the answer of {ASKED[kind]}. Choose one of {offered}"
        )
    return found


def write_answer(
    answer: Answer,
    name: str,
    out: IO[bytes],
    prefixes: Mapping[str, str] | None = None,
    *,
    most_rows: int | None = None,
) -> None:
    """Write ``answer`` in the format called ``name``, streaming where the format allows.

    ``most_rows`` bounds the rows of a SELECT, or the triples of a graph.

    Raises:
        QueryNotValid: the format does not fit, there are more rows than
            ``most_rows``, or no column holds a geometry for GeoJSON.
    """
    kind = kind_of(answer)
    chosen = check_fit(name, kind)
    if isinstance(answer, Truth):
        answer.serialise(out, chosen.media_type)
    elif has_rows(answer):
        _write_solutions(answer, chosen, out, most_rows)
    else:
        cast("Triples", answer).serialise(out, chosen.media_type, prefixes, most=most_rows)


def _write_solutions(
    solutions: Solutions, chosen: Format, out: IO[bytes], most_rows: int | None
) -> None:
    if chosen.name == "geojson":
        write_geojson(solutions, out, most_rows=most_rows)
    elif most_rows is None:
        # Three times as fast as write_rows, but the engine cannot stop at a bound.
        solutions.serialise(out, chosen.media_type)
    else:
        write_rows(solutions, chosen.name, out, most_rows=most_rows)
