"""Which files are answers of catalogues, and which entries they hold."""

from __future__ import annotations

import codecs
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from lxml import etree

from dafab_kg.loaders.catalogue import feed, iso19115, odata
from dafab_kg.loaders.catalogue.forms import Form, form_of
from dafab_kg.loaders.catalogue.identity import EMPTY, key_of, product_name, provider_of
from dafab_kg.loaders.catalogue.told import objects
from dafab_kg.loaders.stac.recognise import elements_of
from dafab_kg.model.documents import (
    Entry,
    Found,
    Part,
    Refused,
    SourceDocument,
    resolve_pointer,
)
from dafab_kg.model.errors import DocumentRejected, FieldNotValid, NotRecognised
from dafab_kg.model.strict_json import read_json
from dafab_kg.model.strict_xml import read_xml, root_name
from dafab_kg.model.values import instant

LARGE: Final = 64 * 1024 * 1024
"""Bytes from which a file is only looked into if its first bytes tell that it is an answer."""

_TELLS: Final = (
    b'"@odata.context"', b'"ContentDate"', b'"SubscriptionEvent"', b'"productIdentifier"',
    b'"completionDate"', b'"eodag:provider"', b'"eodag_provider"', b'"acquisitionInformation"',
    b'"sceneID"', b'"opensearch:totalResults"', b'"totalResults"',
)  # fmt: skip
_CSW: Final = "http://www.opengis.net/cat/csw/"
_ISO: Final = "http://www.isotc211.org/"
_LISTS: Final = ("value", "features", "results")


@dataclass(frozen=True)
class Answer:
    """The entries of one file.

    ``places`` are their pointers; ``strangers`` pointers of what is none beside them.
    ``addresses`` tell whose answer it is.
    """

    pieces: tuple[feed.Piece, ...] = ()
    strangers: tuple[str, ...] = ()
    addresses: tuple[Any, ...] = ()


def find_documents(entry: Entry, kind: str, assumed: bool) -> Iterator[Found | Refused]:
    """Yield the entries of a file, each a document; refuse those that name no product."""
    data: bytes | None = None
    try:
        data = _worth(entry, assumed)
        answer = _answer(data, entry, assumed) if data is not None else None
    except DocumentRejected as error:
        yield Refused(error, (entry,))
        return
    if data is None or answer is None:
        return
    part = Part(entry.name, data)
    told = [(piece, _form(piece)) for piece in _latest(answer.pieces)]
    shared = provider_of(
        [*answer.addresses, *(a for piece, form in told for a in form.tell(piece.value).addresses)]
    )
    if not told and not answer.strangers:
        document = SourceDocument(kind, key_of("answer", shared, EMPTY), entry.origin, (part,))
        yield Found(document, (entry,))
    seen: dict[str, feed.Piece] = {}
    for piece, form in told:
        try:
            document = _document(entry, part, kind, piece, form, shared)
            if _is_repeated(document, piece, seen):
                continue
        except DocumentRejected as error:
            yield Refused(error, (entry,))
        else:
            yield Found(document, (entry,))
    for pointer in answer.strangers:
        reason = NotRecognised(
            "this is no entry of a catalogue, though its neighbours are",
            where=f"{entry.origin}#{pointer}",
            remedy="Fetch the answer again, or load this from a file of its own",
        )
        yield Refused(reason, (entry,))


def element_at(document: SourceDocument) -> Any:
    """Return the value of a document's entry, parsed anew.

    Raises:
        DocumentRejected: the file is broken, or the entry is no longer there.
    """
    data = document.parts[0].data
    if _starts_json(data[:4096]):
        whole = read_json(data, where=document.origin)
        return resolve_pointer(whole, document.pointer) if document.pointer else whole
    for piece in _xml_pieces(read_xml(data, where=document.origin)):
        if piece.pointer == document.pointer:
            return piece.value
    raise NotRecognised(
        f"there is no {document.pointer}", where=document.origin, remedy="Load the file again"
    )


def _latest(pieces: tuple[feed.Piece, ...]) -> list[feed.Piece]:
    """Leave out notifications that a later one of the same product makes obsolete."""
    last: dict[str, str] = {}
    for piece in pieces:
        if odata.is_notification(piece.value):
            own = str(piece.value["ProductId"])
            last[own] = max(last.get(own, ""), _notified(piece.value))
    return [
        piece
        for piece in pieces
        if not odata.is_notification(piece.value)
        or _notified(piece.value) == last[str(piece.value["ProductId"])]
    ]


def _notified(value: dict[str, Any]) -> str:
    date = value.get("NotificationDate")
    try:
        return instant(date) if isinstance(date, str) else ""
    except FieldNotValid:
        return ""


def _form(piece: feed.Piece) -> Form:
    form = form_of(piece.value)
    assert form is not None  # only what has a form becomes a piece
    return form


def _document(
    entry: Entry, part: Part, kind: str, piece: feed.Piece, form: Form, shared: str
) -> SourceDocument:
    where = entry.origin + (f"#{piece.pointer}" if piece.pointer else "")
    told = form.tell(piece.value)
    try:
        product_id, _ = product_name(told)
    except DocumentRejected as error:
        raise error.at(where) from None
    own = told.entry_id
    if own is not None and not isinstance(own, str | int):
        raise FieldNotValid(
            "the id of the entry is no text",
            where=where,
            remedy="Fetch the entry again from its catalogue",
        )
    key = key_of(told.interface, told.provider or shared, str(own or product_id))
    return SourceDocument(
        kind, key, where, (part,), piece.pointer, piece.value, digest=piece.digest
    )


def _is_repeated(document: SourceDocument, piece: feed.Piece, seen: dict[str, feed.Piece]) -> bool:
    earlier = seen.setdefault(document.key, piece)
    if earlier is piece:
        return False
    if earlier.value == piece.value:
        return True
    raise FieldNotValid(
        f"the file holds another entry with the same id, at {earlier.pointer}",
        where=document.origin,
        remedy="Keep one of the two; one would replace the other",
    )


def _worth(entry: Entry, assumed: bool) -> bytes | None:
    """Return the bytes of a file that may be an answer, else None."""
    if _starts_json(entry.head):
        if entry.size > LARGE and not any(tell in entry.head for tell in _TELLS):
            return None
        data = entry.read()
        tells = assumed or any(tell in data for tell in _TELLS) or _is_dhus_json(data)
        return data if tells else None
    root = root_name(entry.head)
    if root is None:
        return None
    namespace, name = root
    known = (
        (namespace == feed.ATOM and name in {"feed", "entry"})
        or (namespace.startswith(_CSW) and name in iso19115.ANSWERS)
        or (namespace.startswith(_ISO) and name in iso19115.ROOTS)
    )
    return entry.read() if known else None


def _starts_json(head: bytes) -> bool:
    return head.removeprefix(codecs.BOM_UTF8).lstrip(b" \t\r\n")[:1] in {b"{", b"["}


def _is_dhus_json(data: bytes) -> bool:
    return b'"feed"' in data[:4096] and b'"opensearch' in data


def _answer(data: bytes, entry: Entry, assumed: bool) -> Answer | None:
    if _starts_json(entry.head):
        return _json_answer(read_json(data, where=entry.origin), assumed)
    return _xml_answer(read_xml(data, where=entry.origin), assumed)


# JSON --------------------------------------------------------------------------------------


def _json_answer(value: Any, assumed: bool) -> Answer | None:
    if isinstance(value, list):
        return _listed(value, "", (), is_search=False)
    if not isinstance(value, dict) or elements_of(value)[0]:
        return None
    if form_of(value) is not None:
        return Answer((feed.Piece("", value, ""),))
    inner = value.get("feed")
    if isinstance(inner, dict):
        return _feed_answer(inner)
    for member in _LISTS:
        listed = value.get(member)
        if isinstance(listed, list):
            answer = _listed(listed, f"/{member}", _addresses(value), _is_search(value, member))
            if answer is not None:
                return answer
    return None


def _listed(
    listed: list[Any], above: str, addresses: tuple[Any, ...], is_search: bool
) -> Answer | None:
    """Return the entries of a list; None if it holds other things."""
    pieces, strangers = [], []
    for position, one in enumerate(listed):
        pointer = f"{above}/{position}"
        if form_of(one) is None:
            strangers.append(pointer)
        else:
            pieces.append(feed.Piece(pointer, one, ""))
    if not pieces and (strangers or not is_search):
        return None
    return Answer(tuple(pieces), tuple(strangers), addresses)


def _is_search(value: dict[str, Any], member: str) -> bool:
    """Tell whether an object is the answer to a search, even if it found nothing."""
    context = value.get("@odata.context")
    if member == "value":
        return isinstance(context, str) and "Products" in context
    properties = value.get("properties")
    return isinstance(properties, dict) and "totalResults" in properties


def _addresses(value: dict[str, Any]) -> tuple[Any, ...]:
    properties = value.get("properties")
    links = properties.get("links") if isinstance(properties, dict) else None
    hrefs = [one.get("href") for one in objects(links)]
    return (value.get("@odata.context"), value.get("@odata.nextLink"), *hrefs)


def _feed_answer(value: dict[str, Any]) -> Answer | None:
    """Return the entries of DHuS's JSON, where one entry is no list."""
    hrefs = [one.get("href") for one in objects(value.get("link"))]
    counted = "opensearch:totalResults" in value
    entries = value.get("entry")
    if isinstance(entries, dict):
        if form_of(entries) is None:
            return None
        return Answer((feed.Piece("/feed/entry", entries, ""),), (), (*hrefs, value.get("id")))
    listed = entries if isinstance(entries, list) else []
    return _listed(listed, "/feed/entry", (*hrefs, value.get("id")), counted)


# XML ---------------------------------------------------------------------------------------


def _xml_answer(root: etree._Element, assumed: bool) -> Answer | None:
    name = etree.QName(root)
    pieces = tuple(_xml_pieces(root))
    if name.namespace == feed.ATOM:
        if name.localname == "feed" and not feed.is_feed(root, assumed):
            return None
        if name.localname == "entry" and not assumed and not _is_known_entry(pieces):
            return None
        return Answer(pieces, (), tuple(feed.addresses_of(root)))
    images = tuple(p for p in pieces if assumed or iso19115.is_of_image(p.value))
    if not images:
        return None
    return Answer(images, tuple(p.pointer for p in pieces if p not in images))


def _is_known_entry(pieces: tuple[feed.Piece, ...]) -> bool:
    fields = pieces[0].value.get("atom entry", {})
    return "str" in pieces[0].value or any(
        str(name).startswith(("eo:", "eop:", "georss:", "DIAS:")) for name in fields
    )


def _xml_pieces(root: etree._Element) -> Iterator[feed.Piece]:
    if etree.QName(root).namespace == feed.ATOM:
        return feed.entries_of(root)
    return iso19115.records_of(root)
