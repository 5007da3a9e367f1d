"""All items that the search page finds, as a file: GeoJSON, GeoParquet, CSV, STAC."""

from __future__ import annotations

import csv
import io
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory, TemporaryFile
from typing import IO, Any, Final
from urllib.parse import urljoin

import orjson
import shapely
from flask import Blueprint, Response, request, stream_with_context
from shapely.geometry import shape

from dafab_kg.catalogue import Catalogue
from dafab_kg.model.errors import AnswerTooLong, QueueFull
from dafab_kg.model.settings import Settings
from dafab_kg.python.tables import columns_of, to_geopandas, write_parquet
from dafab_kg.search.links import address_of
from dafab_kg.search.tree import Search
from dafab_kg.web.addresses import page_of
from dafab_kg.web.described import Operation, described
from dafab_kg.web.search_addresses import FORMS, MOST, PARAMETERS
from dafab_kg.web.search_form import read_form
from dafab_kg.web.stac_writes import root

AT_ONCE: Final = 250
"""Items that are asked for at once."""
PIECE: Final = 256 * 1024
_TABLE: Final = threading.Lock()
"""A table is made in memory: one at a time in each process."""

Items = Iterator[list[tuple[bytes, str]]]
"""Items as JSON, each with its product's IRI, some at a time."""


@dataclass(frozen=True)
class Download:
    """One form of a file: its media type, and how it is written.

    ``links``: items are written as they are, with their links and assets; else with what the
    graph adds.
    """

    media_type: str
    write: Callable[[Items, Settings], Iterator[bytes]]
    links: bool = False


def downloads_face(catalogue: Catalogue, settings: Settings) -> Blueprint:
    """Return the routes: ``/search.geojson`` and the others."""
    face = Blueprint("downloads", __name__)
    for name, told in WAYS.items():
        operation = Operation(
            f"All that the search page finds, up to {MOST:,} items, as {FORMS[name]}",
            {200: (told.media_type,)},
            (502,),
            tuple(one for one in PARAMETERS if one.name != "token"),
        )
        view = described(GET=operation)(_view(catalogue, settings, name, told))
        face.add_url_rule(f"/search.{name}", name, view)
    return face


def _view(
    catalogue: Catalogue, settings: Settings, name: str, told: Download
) -> Callable[[], Response]:
    def download() -> Response:
        search = replace(read_form(request.args).search(), after=None, limit=AT_ONCE)
        _check_number(catalogue, search)
        if not told.links:
            search = replace(search, exclude=(("links",), ("assets",)), inferred=True)
        pieces = told.write(_items(catalogue, search, root()), settings)
        first = next(pieces, b"")  # what fails at once is told as a problem
        body = stream_with_context(_joined(first, pieces))
        response = Response(body, content_type=told.media_type)
        response.headers.set("Content-Disposition", "attachment", filename=f"dafab-search.{name}")
        return response

    return download


def _joined(first: bytes, rest: Iterator[bytes]) -> Iterator[bytes]:
    yield first
    yield from rest


def _check_number(catalogue: Catalogue, search: Search) -> None:
    """See that the items are not too many; those that only reading counts are gone through.

    Raises:
        AnswerTooLong: there are more than ``MOST``.
    """
    counted = catalogue.find_items(replace(search, limit=1, count=True), root()).matched
    if counted is None:
        search = replace(search, include=(("id",),), exclude=(("links",),))
        counted = sum(map(len, _items(catalogue, search, root(), most=MOST + AT_ONCE)))
    if counted > MOST:
        raise AnswerTooLong(
            f"There are more than {MOST:,} items, the most of one download. Narrow the search by "
            "place or time, or go through /stac/search page by page",
            {"items": MOST},
        )


def _items(catalogue: Catalogue, search: Search, place: str, most: int = MOST) -> Items:
    search = replace(search, count=False)
    given = 0
    while given < most:
        page = catalogue.find_items(search, place)
        yield list(zip(page.items, page.products, strict=True))
        given += len(page.items)
        if page.cursor is None:
            return
        search = replace(search, after=page.cursor)


# the forms


def _stac(items: Items, settings: Settings) -> Iterator[bytes]:
    """Write a collection of features, each item as it is."""
    yield b'{"type":"FeatureCollection","features":['
    begun = False
    for some in items:
        if some:
            yield (b",\n" if begun else b"\n") + b",\n".join(item for item, _ in some)
            begun = True
    yield b"\n]}\n"


def _geojson(items: Items, settings: Settings) -> Iterator[bytes]:
    """Write features whose properties are flat, as programs for maps show them."""
    return _stac(([(_feature(one, settings), one[1]) for one in some] for some in items), settings)


def _added(one: tuple[bytes, str], settings: Settings) -> dict[str, Any]:
    """Return an item with what the graph adds, as properties: which product it is of, where that
    has its page and the item its document with the assets' addresses, and its DID."""
    item: dict[str, Any] = orjson.loads(one[0])
    collection = str(item.get("collection") or "")
    scope = settings.did_scopes.get(collection, settings.did_scope)
    added = {
        "dafab:product": one[1],
        "dafab:page": urljoin(request.host_url, page_of(one[1])),
        "dafab:item": address_of(root(), collection, item["id"]),
        "dafab:did": f"{scope}:{item['id']}",
    }
    return {**item, "properties": {**(item.get("properties") or {}), **added}}


def _feature(one: tuple[bytes, str], settings: Settings) -> bytes:
    told = _added(one, settings)
    properties = {"id": told["id"], "collection": told.get("collection"), **dict(columns_of(told))}
    feature = {
        "type": "Feature", "id": told["id"], "geometry": told.get("geometry"),
        "properties": properties,
    }  # fmt: skip
    return orjson.dumps(feature)


def _csv(items: Items, settings: Settings) -> Iterator[bytes]:
    """Write rows; which columns there are is known when all items were read, so they are kept.

    The geometry is WKT in the last column.  What is no text or number is written as JSON.
    """
    names: dict[str, None] = {}
    with TemporaryFile() as kept:
        for some in items:
            for item in (_added(one, settings) for one in some):
                row = dict(columns_of(item))
                names.update(dict.fromkeys(row))
                place = item.get("geometry")
                wkt = "" if place is None else shapely.to_wkt(shape(place), rounding_precision=-1)
                told = [item["id"], item.get("collection") or "", wkt, row]
                kept.write(orjson.dumps(told) + b"\n")
        kept.seek(0)
        yield from _rows(kept, list(names))


def _rows(kept: IO[bytes], names: Sequence[str]) -> Iterator[bytes]:
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(["id", "collection", *names, "geometry"])
    for line in kept:
        name, collection, wkt, row = orjson.loads(line)
        writer.writerow([name, collection, *(_cell(row.get(one)) for one in names), wkt])
        if out.tell() > PIECE:
            yield out.getvalue().encode()
            out.seek(0)
            out.truncate()
    yield out.getvalue().encode()


def _cell(value: Any) -> Any:
    if isinstance(value, bool | list | dict):
        return orjson.dumps(value).decode()
    return "" if value is None else value


def _parquet(items: Items, settings: Settings) -> Iterator[bytes]:
    """Write a table of geopandas."""
    if not _TABLE.acquire(timeout=settings.queue_seconds):
        raise QueueFull(
            "Other tables are being made. Try again later",
            2,
            {"queue_seconds": settings.queue_seconds},
        )
    with TemporaryDirectory() as place:
        path = Path(place) / "items.parquet"
        try:
            told = (_added(one, settings) for some in items for one in some)
            write_parquet(to_geopandas(told), path)
        finally:
            _TABLE.release()
        with path.open("rb") as file:
            while piece := file.read(PIECE):
                yield piece


WAYS: Final = {
    "geojson": Download("application/geo+json", _geojson),
    "parquet": Download("application/vnd.apache.parquet", _parquet),
    "csv": Download("text/csv; charset=utf-8", _csv),
    "json": Download("application/geo+json", _stac, links=True),
}
