"""Events in the world: alerts, activations, tracks, registers of disasters, posts (``README.md``).

Each entry of a feed is a document of its own.  STAC Items of events are taken here, before
the ``stac`` loader; their collections stay with it.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, ClassVar, Final

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
    tracks,
    usgs,
)
from dafab_kg.loaders.events.forms import Context, Element, Form, digest_of, key_of
from dafab_kg.loaders.events.recognise import STAC, Contents, again, contents_of
from dafab_kg.loaders.stac.recognise import identify
from dafab_kg.model.documents import (
    Entry,
    FilePart,
    Found,
    Part,
    Reading,
    Refused,
    SourceDocument,
    Tree,
    resolve_pointer,
)
from dafab_kg.model.errors import DocumentRejected, NotRecognised, NotUnique
from dafab_kg.model.names import DEFAULT_BASE, Names
from dafab_kg.model.strict_json import read_json

__all__ = ["EventsLoader"]

_FORMS: Final = (
    monty.ITEM, charter.ITEM, gdacs.FEATURE, gdacs.ITEM, ems.ACTIVATION, glide.ROW, emdat.ROW,
    usgs.FEATURE, tracks.STORM, tracks.ROWS, tracks.LANDFALL, tracks.SUMMARY, posts.REPORT,
    footprints.TILE, footprints.UNION,
)  # fmt: skip


_SHARED_FROM: Final = 1024 * 1024
"""Bytes from which a file is hashed once and left on disk, since thousands of reports share it."""


def _part_of(entry: Entry, data: bytes) -> Part:
    if entry.path is not None and len(data) >= _SHARED_FROM:
        return FilePart(entry.name, entry.path)
    return Part(entry.name, data)


class EventsLoader:
    """Reads reports of events, and the footprints of images taken for one."""

    name: ClassVar[str] = "events"
    version: ClassVar[str] = "1"
    groups_files: ClassVar[bool] = False

    def __init__(
        self, base: str = DEFAULT_BASE, assume: str = "", dataset: str = "", max_depth: int = 200
    ) -> None:
        self._names = Names(base)
        self._assumed = assume == self.name
        self._max_depth = max_depth
        self._forms: dict[str, Form] = {form.name: form for form in _FORMS}
        self._forms["geojson"] = plain.form_for(dataset or "")

    def find(self, tree: Tree) -> Iterator[Found | Refused]:
        """Find reports by content; one that cannot be identified is refused by itself."""
        for entry in tree.entries:
            contents = contents_of(entry, assumed=self._assumed)
            if isinstance(contents, Refused):
                yield contents
            elif contents is not None:
                yield from self._documents(entry, contents)

    def read(self, document: SourceDocument) -> Reading:
        """Read one report.

        Raises:
            DocumentRejected: it cannot be identified, or its time or place is not valid.
        """
        form = self._forms[document.key.split("/", 1)[0]]
        value = document.value if document.value is not None else self._value(document, form)
        identity = form.identify(value, document.origin)
        return form.read(
            value, identity, Context(document.origin, document.document_id, self._names)
        )

    def _documents(self, entry: Entry, contents: Contents) -> Iterator[Found | Refused]:
        part = _part_of(entry, contents.data)
        seen: dict[str, Element] = {}
        for element in contents.elements:
            where = entry.origin + (f"#{element.pointer}" if element.pointer else "")
            try:
                document = self._document(element, part, where)
                earlier = seen.setdefault(document.key, element)
                if earlier is not element:
                    if earlier.value == element.value:
                        continue
                    raise NotUnique(
                        f"the file holds another report with the same id, at {earlier.pointer}",
                        where=where,
                        remedy="Give them different ids, or keep one of the two",
                    )
            except DocumentRejected as error:
                yield Refused(error, (entry,))
            else:
                yield Found(document, (entry,))
        for pointer in contents.strangers:
            reason = NotRecognised(
                "this tells of no event, though its neighbours do",
                where=f"{entry.origin}#{pointer}",
                remedy="Load it from a file of its own",
            )
            yield Refused(reason, (entry,))

    def _document(self, element: Element, part: Part, where: str) -> SourceDocument:
        if element.form == STAC:
            key = identify(element.value, "item", where=where).key
            return SourceDocument(STAC, key, where, (part,), element.pointer, element.value)
        form = self._forms[element.form]
        key = key_of(form.name, form.identify(element.value, where))
        if element.form == "post":  # what is kept must be the cleaned report, and no more
            part = Part("report.json", posts.document_of(element.value))
        digest = ""
        if form.essence is not None:
            digest = digest_of(form.essence(element.value))
        elif element.pointer and not element.pointer.startswith("/"):
            digest = digest_of(element.value)
        return SourceDocument(
            self.name, key, where, (part,), element.pointer, element.value, digest
        )

    def _value(self, document: SourceDocument, form: Form) -> Any:
        """Find the element in the document's bytes again."""
        data = document.parts[0].data
        if not document.pointer or document.pointer.startswith("/"):
            whole = read_json(data, where=document.origin, max_depth=self._max_depth)
            return resolve_pointer(whole, document.pointer) if document.pointer else whole
        for element in again(form.name, data, document.origin):
            if element.pointer == document.pointer:
                return element.value
        raise NotRecognised(
            f"there is no {document.pointer}", where=document.origin, remedy="Load the file again"
        )
