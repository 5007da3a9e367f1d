"""Links to outside knowledge: Wikidata, GeoNames, literature.

Two forms are read.  JSON::

    {"type": "dafab:KnowledgeLinks",
     "links": [{"about": "place:countries/LUX", "wikidata": "Q32", "geonames": 2960313},
               {"about": "S2A_MSIL2A_...", "doi": "10.5281/zenodo.1", "title": "A text"}]}

and CSV, whose first line names the same members: ``about,wikidata,geonames,doi,title``.

``about`` is the IRI of a thing of this catalogue, or its kind and id
(``product:ID``, ``place:DATA SET/ID``, ``parcel:DATA SET/ID``, ``report:SOURCE/ID``,
``event:ID``, ``parcels:DATA SET``), or a product id alone.  A link says that a source
relates the two, never that they are the same thing.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from pathlib import PurePosixPath
from typing import Any, ClassVar, Final

from dafab_kg.loaders.knowledge.identifiers import read_doi, read_geonames, read_wikidata
from dafab_kg.model.documents import Entry, Found, Part, Reading, Refused, SourceDocument, Tree
from dafab_kg.model.errors import DocumentRejected, FieldMissing, FieldNotValid, NotWellFormed
from dafab_kg.model.names import DEFAULT_BASE, Names, encode, is_iri
from dafab_kg.model.records import KnowledgeLink, Publication, Record
from dafab_kg.model.strict_json import read_json

__all__ = ["KnowledgeLoader"]

TYPE: Final = "dafab:KnowledgeLinks"
_MEMBERS: Final = ("about", "wikidata", "geonames", "doi", "title")
_TELLING: Final = {"wikidata", "geonames", "doi"}
_KINDS: Final = {
    "product": ("product", ("product_id",)),
    "event": ("event", ("event_id",)),
    "report": ("event_report", ("source", "report_id")),
    "parcels": ("parcel_set", ("dataset",)),
    "parcel": ("parcel", ("dataset", "parcel_id")),
    "place": ("place", ("place_dataset", "place_id")),
}
"""Kinds of things that may be linked: the template of their IRI and its fields."""


class KnowledgeLoader:
    """Links to outside knowledge."""

    name: ClassVar[str] = "knowledge"
    version: ClassVar[str] = "1"
    groups_files: ClassVar[bool] = False

    def __init__(self, base: str = DEFAULT_BASE, assume: str = "") -> None:
        self._names = Names(base)
        self._assumed = assume == self.name

    def find(self, tree: Tree) -> Iterator[Found | Refused]:
        """Find files whose JSON says that it is links, or whose columns do."""
        for entry in tree.entries:
            try:
                if self._is_links(entry):
                    yield Found(_document(entry), (entry,))
            except DocumentRejected as error:
                yield Refused(error, (entry,))

    def _is_links(self, entry: Entry) -> bool:
        head = entry.head.removeprefix(b"\xef\xbb\xbf").lstrip(b" \t\r\n")
        if head.startswith(b"{"):
            return self._assumed or TYPE.encode() in head
        columns = {
            c.strip().strip('"') for c in head.split(b"\n", 1)[0].decode("latin-1").split(",")
        }
        return "about" in columns and columns <= set(_MEMBERS) and bool(columns & _TELLING)

    def read(self, document: SourceDocument) -> Reading:
        """Read all links.

        Raises:
            DocumentRejected: a link names nothing, or an identifier is not valid.
        """
        where = document.origin
        data = document.parts[0].data
        rows = _rows(data, where)
        links: dict[Record, None] = {}
        works: dict[str, Publication] = {}
        for place, row in rows:
            link, work = self._link(row, f"{where}: {place}")
            links[link] = None
            if work is not None and not (work.doi in works and not work.publication_title):
                works[work.doi] = work
        if not links:
            raise FieldMissing("there are no links in it", where=where, remedy="Give it some")
        return Reading((*links, *works.values()))

    def _link(self, row: Any, where: str) -> tuple[KnowledgeLink, Publication | None]:
        if not isinstance(row, dict):
            raise FieldNotValid("a link is an object", where=where, remedy="See the documentation")
        told = {key: value for key, value in row.items() if value not in (None, "")}
        owner = self._owner(told.get("about"), where)
        if not told.keys() & _TELLING:
            raise FieldMissing(
                "it links to nothing",
                where=where,
                remedy="Give wikidata, geonames or doi",
            )
        doi = read_doi(told["doi"], f"{where}/doi") if "doi" in told else None
        link = KnowledgeLink(
            owner,
            read_wikidata(told["wikidata"], f"{where}/wikidata") if "wikidata" in told else None,
            read_geonames(told["geonames"], f"{where}/geonames") if "geonames" in told else None,
            doi,
        )
        if doi is None:
            return link, None
        title = told.get("title")
        own = title.strip() if isinstance(title, str) and title.strip() else None
        path = "/".join(map(encode, doi.split("/")))
        return link, Publication(doi, own, f"https://doi.org/{path}")

    def _owner(self, about: object, where: str) -> str:
        """Return the IRI of the thing that a link is about."""
        if not isinstance(about, str) or not about.strip():
            raise FieldMissing("about is missing", where=where, remedy="Say what it is about")
        about = about.strip()
        kind, colon, rest = about.partition(":")
        if colon and kind in _KINDS:
            template, fields = _KINDS[kind]
            values = rest.split("/", len(fields) - 1)
            if len(values) == len(fields) and all(values):
                return self._names.make(template, **dict(zip(fields, values, strict=True)))
        elif not colon:
            return self._names.make("product", product_id=about)
        elif is_iri(about) and any(
            self._names.within(about, template) for template, _ in _KINDS.values()
        ):
            return about
        raise FieldNotValid(
            f"{about!r} names no thing that can be linked",
            where=f"{where}/about",
            remedy=f"Give its IRI below {self._names.base}, or KIND:ID with KIND one of "
            f"{', '.join(_KINDS)}",
        )


def _document(entry: Entry) -> SourceDocument:
    name = PurePosixPath(entry.name).name
    return SourceDocument("knowledge", name, entry.origin, (Part(entry.name, entry.read()),))


def _rows(data: bytes, where: str) -> Iterator[tuple[str, Any]]:
    if data.removeprefix(b"\xef\xbb\xbf").lstrip(b" \t\r\n").startswith(b"{"):
        value = read_json(data, where=where)
        links = value.get("links")
        if value.get("type") != TYPE or not isinstance(links, list):
            raise FieldMissing(
                "this is no list of links", where=where, remedy=f"Give it type {TYPE} and links"
            )
        for number, link in enumerate(links):
            yield f"/links/{number}", link
        return
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise NotWellFormed(f"no UTF-8: {error}", where=where, remedy="Save it as UTF-8") from None
    reader = csv.DictReader(io.StringIO(text), skipinitialspace=True)
    for row in reader:
        if None in row or None in row.values():
            raise NotWellFormed(
                "the line has more or fewer columns than the first",
                where=f"{where}: line {reader.line_num}",
                remedy="Quote what holds a comma",
            )
        yield f"line {reader.line_num}", dict(row)
