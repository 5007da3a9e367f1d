"""The addresses of a search: its parameters, and where all that it finds is fetched as a file."""

from __future__ import annotations

from typing import Final

from flask import url_for

from dafab_kg.web.described import Parameter
from dafab_kg.web.search_form import TOLD, Form

MOST: Final = 10_000
"""Most items of a download."""
FORMS: Final = {
    "geojson": "GeoJSON",
    "parquet": "GeoParquet",
    "csv": "CSV",
    "json": "STAC ItemCollection",
}
"""What a download can be, by the end of its name."""
PARAMETERS: Final = tuple(
    Parameter(name, words)
    for name, words in (
        ("q", "Words, an id, a place or an IRI."),
        ("bbox", "West, south, east, north in degrees."),
        ("area", "A polygon in WKT."),
        ("from", "The first day."),
        ("to", "The last day."),
        ("cloud", "Cloud cover in per cent, as 0-5."),
        ("collection", "Id of a collection; may be there several times, as those that follow."),
        ("class", "Name of a class of the ontology."),
        ("anomaly", "flood, drought or normal."),
        *((name, f"A {name}, by its name.") for name in TOLD),
        ("filter", "A condition in CQL2."),
        ("sort", "newest, oldest, cloud or id."),
        ("token", "Where a page begins."),
        ("trail", "Where the pages before it begin."),
        ("at", "The number of its first item."),
    )
)


def addresses(form: Form, total: int | None) -> list[tuple[str, str]]:
    """Return names and addresses of the downloads of all that is found; none of too many."""
    if total is not None and not 0 < total <= MOST:
        return []
    asked = form.written()
    return [
        (told, url_for(f"downloads.{name}") + (f"?{asked}" if asked else ""))
        for name, told in FORMS.items()
    ]
