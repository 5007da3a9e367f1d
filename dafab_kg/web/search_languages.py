"""The query behind a search page, in four languages; each finds what the page shows."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Final
from urllib.parse import quote

import shapely

from dafab_kg.mapping.nquads import literal
from dafab_kg.search.entries import BARE, LOOSE, NO_ENTRY
from dafab_kg.search.told import QUERIES, query_of
from dafab_kg.web.search_addresses import MOST
from dafab_kg.web.search_form import ANOMALIES, TOLD, Form, area_of, box_of

AT_ONCE: Final = 1_000
"""Items that curl asks for, the most of one page."""
_LEFT_OUT: Final = {
    "q": "words, which are looked for in documents",
    "filter": "your own condition",
}
"""What is asked, and the graph has no pattern for."""


def languages(form: Form, root: str) -> list[tuple[str, str, str]]:
    """Return the query as name, text and what to know of it; ``root`` is the server's address."""
    left_out = [told for name, told in _LEFT_OUT.items() if name in form.one]
    told = "Finds the products that these items are entries of, each once"
    if left_out:
        told += f". Not in it, so that it finds more: {' and '.join(left_out)}"
    return [
        (
            "CQL2",
            form.cql2 or "TRUE",
            "The filter of STAC; words and collections are beside it.",
        ),
        (
            "curl",
            _curl(form, root),
            f"Gives up to {AT_ONCE:,} items; where there are more, the link “next” leads on.",
        ),
        ("Python", _python(form, root), ""),
        ("SPARQL", sparql(form), f"{told}; up to {MOST:,}."),
    ]


def stac_query(form: Form) -> dict[str, str]:
    """Return the parameters of ``/stac/search`` that find the same."""
    told = {
        "q": form.words,
        "collections": ",".join(form.collections),
        "filter": form.cql2,
        "sortby": {
            "newest": "-datetime", "oldest": "datetime", "cloud": "eo:cloud_cover", "id": "id",
        }[form.sort],
    }  # fmt: skip
    return {name: value for name, value in told.items() if value}


def _curl(form: Form, root: str) -> str:
    lines = [f"curl -G {root}/stac/search"]
    asked = {**stac_query(form), "limit": str(AT_ONCE)}
    lines += [f"--data-urlencode {_shell(f'{name}={value}')}" for name, value in asked.items()]
    return " \\\n  ".join(lines)


def _shell(text: str) -> str:
    return "'" + text.replace("'", "'\\''") + "'"


def _python(form: Form, root: str) -> str:
    told = []
    if form.words:
        told.append(repr(form.words))
    if form.collections:
        told.append(f"collections={list(form.collections)!r}")
    if form.cql2:
        told.append(f"filter={form.cql2!r}")
    order = stac_query(form)["sortby"]
    told.append(f"sortby={order!r}")
    asked = "".join(f"        {one},\n" for one in told)
    return (
        "import dafab_kg\n\n"
        f"with dafab_kg.connect({root!r}) as catalogue:\n"
        f"    found = catalogue.search(\n{asked}    )\n"
        "    print(found.to_geopandas())"
    )


_HEAD: Final = """PREFIX dafab: <https://w3id.org/dafab/ns#>
PREFIX geo: <http://www.opengis.net/ont/geosparql#>
PREFIX geof: <http://www.opengis.net/def/function/geosparql/>
PREFIX xsd: <http://www.w3.org/2001/XMLSchema#>

"""


def sparql(form: Form) -> str:
    """Write the conditions as a query over the graph, for people to go on from."""
    lines = ["?product a dafab:Product .", *_in_collections(form.collections)]
    for number, one in enumerate(form.chosen):
        lines += _sparql_of(one.name, one.value, number)
    lines += _times(form)
    body = "\n  ".join(lines)
    return (
        f"{_HEAD}SELECT DISTINCT ?product ?time {{\n  {body}\n"
        f"  OPTIONAL {{ ?product dafab:datetime ?time }}\n}} ORDER BY DESC(?time) LIMIT {MOST}"
    )


def _in_collections(names: Sequence[str]) -> list[str]:
    ways = []
    entry = "?item dafab:describes ?product ; a dafab:CatalogItem"
    ends = [_text("/" + quote(one, safe="")) for one in names if one not in (BARE, LOOSE)]
    if ends:
        any_of = " || ".join(f"STRENDS(STR(?collection), {end})" for end in ends)
        ways.append(f"{entry} ; dafab:inCollection ?collection . FILTER({any_of})")
    if LOOSE in names:
        ways.append(f"{entry} . FILTER NOT EXISTS {{ ?item dafab:inCollection ?none }}")
    if BARE in names:
        ways.append(f"?product a dafab:Product . {NO_ENTRY}")
    if len(ways) < 2:
        return ways
    return ["{ " + " }\n  UNION { ".join(ways) + " }"]


def _times(form: Form) -> Iterator[str]:
    """Write the ends of the time; only ``datetime`` counts, as in the filter of STAC."""
    first, last = form.one.get("from"), form.one.get("to")
    if first or last:
        yield "?product dafab:datetime ?moment ."
    if first:
        yield f'FILTER(?moment >= "{first}T00:00:00Z"^^xsd:dateTime)'
    if last:
        yield f'FILTER(?moment <= "{last}T23:59:59.999Z"^^xsd:dateTime)'


def _sparql_of(name: str, value: str, number: int) -> list[str]:
    match name:
        case "bbox":
            west, south, east, north = map(float, box_of(value).split(","))
            spans = [(west, east)] if west <= east else [(west, 180.0), (-180.0, east)]
            boxes = [shapely.box(left, south, right, north) for left, right in spans]
            place = boxes[0] if len(boxes) == 1 else shapely.MultiPolygon(boxes)
            return _intersects(shapely.to_wkt(place, rounding_precision=6), number)
        case "area":
            return _intersects(area_of(value), number)
        case "cloud":
            low, _, high = value.partition("-")
            bounds = [f"?cloud >= {low}"] if low else []
            bounds += [f"?cloud < {high}"] if high else []
            return ["?product dafab:cloudCover ?cloud .", f"FILTER({' && '.join(bounds)})"]
        case "class":
            return [f"?product a dafab:{value} ."]
        case "anomaly":
            return [f"?product a dafab:{ANOMALIES[value]} ."]
    return _told(TOLD[name], value, number) if name in TOLD else []


def _told(name: str, value: str, number: int) -> list[str]:
    """Write what the graph tells; each of several values has variables of its own."""
    body = query_of(QUERIES[name])
    apart = re.sub(r"\?(?!product\b)([a-z]+)", rf"?\g<1>{number}", body)
    lines = [line.rstrip() for line in apart.splitlines() if line.strip()]
    last = lines.pop().rstrip("} ")
    return [*lines, *([last] if last else []), f"  FILTER(?value{number} = {_text(value)})", "}"]


def _intersects(wkt: str, number: int) -> list[str]:
    return [
        f"?product geo:hasGeometry/geo:asWKT ?footprint{number} .",
        f"FILTER(geof:sfIntersects(?footprint{number}, {_text(wkt)}^^geo:wktLiteral))",
    ]


def _text(value: str) -> str:
    return f'"{literal(value)}"'
