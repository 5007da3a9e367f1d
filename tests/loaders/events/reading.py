"""Documents made by hand, put before the loader."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, TypeVar

import shapely
from shapely.geometry.base import BaseGeometry

from dafab_kg.loaders.events import EventsLoader
from dafab_kg.model.documents import Entry, Found, Reading, Refused, Tree
from dafab_kg.model.errors import DocumentRejected
from dafab_kg.model.records import EventIdentifier, EventReport, Record

R = TypeVar("R", bound=Record)


def entry(name: str, data: bytes | str) -> Entry:
    held = data.encode() if isinstance(data, str) else data
    return Entry(name, f"/in/{name}", len(held), held[:4096], lambda: held)


def found(name: str, content: Any, loader: EventsLoader | None = None) -> list[Found | Refused]:
    data = content if isinstance(content, bytes | str) else json.dumps(content)
    one = entry(name, data)
    return list((loader or EventsLoader()).find(Tree(one.origin, (one,))))


def outcomes(
    name: str, content: Any, loader: EventsLoader | None = None
) -> Iterator[Reading | DocumentRejected]:
    """What becomes of each report of a file: a reading or an error."""
    reader = loader or EventsLoader()
    for one in found(name, content, reader):
        if isinstance(one, Refused):
            assert isinstance(one.error, DocumentRejected)
            yield one.error
            continue
        try:
            yield reader.read(one.document)
        except DocumentRejected as error:
            yield error


def readings(name: str, content: Any, loader: EventsLoader | None = None) -> list[Reading]:
    read = []
    for outcome in outcomes(name, content, loader):
        assert isinstance(outcome, Reading), outcome
        read.append(outcome)
    return read


def faults(name: str, content: Any) -> list[DocumentRejected]:
    return [o for o in outcomes(name, content) if isinstance(o, DocumentRejected)]


def report(reading: Reading) -> EventReport:
    (one,) = of_type(reading, EventReport)
    return one


def place(wkt: str | None) -> BaseGeometry:
    """The geometry that WKT says, for comparison with one read by others."""
    found = shapely.from_wkt(wkt)
    assert found is not None
    return found


def names(reading: Reading) -> set[tuple[str, str]]:
    return {(one.scheme, one.value) for one in of_type(reading, EventIdentifier)}


def of_type(reading: Reading, kind: type[R]) -> list[R]:
    return [one for one in reading.records if isinstance(one, kind)]
