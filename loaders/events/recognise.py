"""Which files tell of events, and how many reports each holds."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from dafab_kg.loaders.events import (
    charter,
    emdat,
    ems,
    footprints,
    gdacs,
    glide,
    monty,
    plain,
    posts,
    tables,
    tracks,
    usgs,
)
from dafab_kg.loaders.events.forms import Element
from dafab_kg.loaders.stac.recognise import Opened, open_json, stac_type
from dafab_kg.model.documents import Entry, Refused
from dafab_kg.model.errors import DocumentRejected, NotRecognised, TooLarge
from dafab_kg.model.strict_json import read_json
from dafab_kg.model.strict_xml import read_xml, root_name

_MARKS: Final = (
    b'"monty:', b"monty-stac-extension", b'"disaster:', b'"eventtype"', b'"glideset"', b'"EMS',
    b'"magType"', b'"catalog_id"', b'"public_emdat"', b'"event_id"',
)  # fmt: skip
STAC: Final = "stac"
"""The form of a STAC Item among events that tells of none."""


@dataclass(frozen=True)
class Contents:
    """The reports of a file, and the pointers of what is none beside them."""

    data: bytes
    elements: tuple[Element, ...]
    strangers: tuple[str, ...] = ()


def contents_of(entry: Entry, *, assumed: bool) -> Contents | Refused | None:
    """Return the reports that a file holds, None if it is not of our kind.

    ``assumed`` says that the user calls the file one of events.
    """
    root = root_name(entry.head) if entry.head.lstrip(b"\xef\xbb\xbf \t\r\n")[:1] == b"<" else None
    if root is not None:
        return _rss(entry) if root[1] == "rss" and b"gdacs" in entry.head else None
    if tracks.HEADER.match(entry.head):
        return _of_lines(entry, "hurdat2")
    personal = False

    def worth(data: bytes) -> bool:
        nonlocal personal
        personal = posts.MARK in data
        return assumed or personal or any(mark in data for mark in _MARKS)

    opened = open_json(entry, worth)
    if personal and not isinstance(opened, Opened):
        error = opened.error if isinstance(opened, Refused) else None
        if not isinstance(error, DocumentRejected):
            error = TooLarge("the file is too large", where=entry.origin)
        return Contents(b"", (posts.unreadable(error),))
    if isinstance(opened, Refused):
        return opened
    if opened is not None:
        elements, strangers = of_json(opened.value, assumed=assumed)
        return Contents(opened.data, tuple(elements), tuple(strangers)) if elements else None
    form = None if entry.head[:1] in (b"{", b"[") else tables.form_of(entry.head)
    return _of_lines(entry, form) if form else None


def again(form: str, data: bytes, where: str) -> Iterator[Element]:
    """Yield the elements of a file that was recognised before."""
    if form == "gdacs-rss":
        yield from gdacs.items_of(read_xml(data, where=where))
    elif form == "hurdat2":
        yield from tracks.storms_of(data, where)
    elif data.lstrip(b"\xef\xbb\xbf \t\r\n")[:1] in (b"{", b"["):
        yield from of_json(read_json(data, where=where), assumed=True)[0]
    else:
        yield from tables.elements_of(data, form, where)


def _rss(entry: Entry) -> Contents | Refused | None:
    try:
        data = entry.read()
        elements = tuple(gdacs.items_of(read_xml(data, where=entry.origin)))
    except DocumentRejected as error:
        return Refused(error, (entry,))
    if not any("gdacs:eventtype" in element.value for element in elements):
        return None
    return Contents(data, elements)


def _of_lines(entry: Entry, form: str) -> Contents | Refused:
    try:
        data = entry.read()
        elements = tuple(again(form, data, entry.origin))
    except DocumentRejected as error:
        return Refused(error, (entry,))
    if not elements:
        empty = NotRecognised(
            "the file has a header, but nothing below it",
            where=entry.origin,
            remedy="Deliver its rows, or leave it out",
        )
        return Refused(empty, (entry,))
    return Contents(data, elements)


def of_json(value: Any, *, assumed: bool) -> tuple[list[Element], list[str]]:
    """Return the reports in a JSON value, and the pointers of what is none beside them."""
    for read in (posts.elements_of, ems.elements_of, glide.elements_of, emdat.elements_of):
        found = list(read(value))
        if found:
            return found, []
    if not isinstance(value, dict):
        return [], []
    features = value.get("features")
    if value.get("type") == "FeatureCollection" and isinstance(features, list):
        return _of_features(features, "stac_version" in value, assumed=assumed)
    form = _form_of(value, inherits=False, assumed=assumed, tiles=False)
    return ([Element(form, "", value)] if form and form != STAC else []), []


def _of_features(
    features: list[Any], inherits: bool, *, assumed: bool
) -> tuple[list[Element], list[str]]:
    elements, strangers = [], []
    tiles = footprints.are_tiles(features)
    for position, feature in enumerate(features):
        pointer = f"/features/{position}"
        form = _form_of(feature, inherits=inherits, assumed=assumed, tiles=tiles)
        if form is None:
            strangers.append(pointer)
        else:
            elements.append(Element(form, pointer, feature))
    if all(element.form == STAC for element in elements):
        return [], []
    return elements, strangers


def _form_of(value: Any, *, inherits: bool, assumed: bool, tiles: bool) -> str | None:
    """Return the form of one feature, ``stac`` for an Item of no event, None for all else."""
    if not isinstance(value, dict) or value.get("type") != "Feature":
        return None
    if stac_type(value, inherits=inherits) == "item":
        if monty.is_monty(value):
            return "monty"
        return "charter" if charter.is_charter(value) else STAC
    if gdacs.is_gdacs(value):
        return "gdacs"
    if usgs.is_usgs(value):
        return "usgs"
    if footprints.is_footprint(value):
        return "maxar-tile" if tiles or not footprints.is_union(value) else "maxar"
    return "geojson" if assumed or plain.is_event(value) else None
