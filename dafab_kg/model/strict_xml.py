"""XML as it may be read from strangers: no entities, no network, no DTD, bounded depth.

Entities are refused altogether, even internal ones: no metadata format read
here needs them, and they are the way to every classic attack (external entity,
billion laughs).
"""

from __future__ import annotations

import re
from typing import Any, Final

from lxml import etree

from dafab_kg.model.errors import NotSafe, NotWellFormed, TooLarge

HEAD_BYTES: Final = 4096
"""How much of a file is looked at to find its root element."""

# What may stand before the root element: XML declaration and processing
# instructions, comments, a document type (with or without internal subset).
_PROLOGUE = re.compile(
    r"""\s+|<\?.*?\?>|<!--.*?-->|<!DOCTYPE[^\[>]*(?:\[.*?\]\s*)?>""", re.DOTALL | re.IGNORECASE
)
_START_TAG = re.compile(r"<(?:([\w.\-]+):)?([^\W\d][\w.\-]*)((?:\s[^<>]*)?)", re.DOTALL)
_BYTE_ORDER_MARKS: Final = (
    (b"\xff\xfe\x00\x00", "utf-32-le"),
    (b"\x00\x00\xfe\xff", "utf-32-be"),
    (b"\xef\xbb\xbf", "utf-8"),
    (b"\xff\xfe", "utf-16-le"),
    (b"\xfe\xff", "utf-16-be"),
)
_WITHOUT_MARK: Final = ((b"<\x00", "utf-16-le"), (b"\x00<", "utf-16-be"))


def read_xml(data: bytes, *, where: str, max_depth: int = 200) -> etree._Element:
    """Parse ``data`` and return its root element; comments and instructions are dropped.

    ``where`` names the document in messages; line and column are added to it.

    Raises:
        NotSafe: a document type declares entities or an external subset.
        NotWellFormed: it is not XML; line and column are told.
        TooLarge: elements are nested deeper than ``max_depth``.
    """
    parser = etree.XMLParser(
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        dtd_validation=False,
        attribute_defaults=False,
        huge_tree=False,
        remove_comments=True,
        remove_pis=True,
        recover=False,
    )
    try:
        root = etree.fromstring(data, parser)
    except etree.XMLSyntaxError as error:
        raise _refusal(error, data, where) from None
    except ValueError as error:
        raise NotWellFormed(str(error), where=where, remedy="Deliver XML 1.0") from None
    _refuse_entities(root, where)
    _refuse_depth(root, where, max_depth)
    return root


def root_name(head: bytes) -> tuple[str, str] | None:
    """Return namespace and local name of the root element, from a file's first bytes.

    Tolerant, since it only decides who shall look closer: None where no root
    element is seen within ``head``.  It never raises.

    >>> root_name(b'<?xml version="1.0"?><!-- a --><x:b xmlns:x="urn:x" y="1">')
    ('urn:x', 'b')
    """
    text = _text(head[:HEAD_BYTES])
    position = 0
    while prologue := _PROLOGUE.match(text, position):
        position = prologue.end()
    start = _START_TAG.match(text, position)
    if start is None:
        return None
    prefix, local, attributes = start.groups()
    name = f"xmlns:{prefix}" if prefix else "xmlns"
    declared = re.search(rf"""\s{re.escape(name)}\s*=\s*(?:"([^"<]*)"|'([^'<]*)')""", attributes)
    namespace = (declared.group(1) or declared.group(2) or "") if declared else ""
    return namespace, local


def _text(head: bytes) -> str:
    for mark, encoding in _BYTE_ORDER_MARKS:
        if head.startswith(mark):
            return head[len(mark) :].decode(encoding, errors="replace")
    for start, encoding in _WITHOUT_MARK:
        if head.startswith(start):
            return head.decode(encoding, errors="replace")
    return head.decode("utf-8", errors="replace")


def _refusal(
    error: etree.XMLSyntaxError, data: bytes, where: str
) -> NotWellFormed | TooLarge | NotSafe:
    message = str(error.msg)
    line, column = error.position
    place = f"{where}: line {line}, column {column}"
    what = re.sub(r", line \d+, column \d+$", "", message)
    if "Excessive depth" in message:
        return TooLarge(what, where=place, remedy="No metadata format nests this deep")
    if "entit" in message.lower() and "<!ENTITY" in _text(data[: 16 * HEAD_BYTES]):
        return _entities(place)
    return NotWellFormed(
        f"Not well-formed XML: {what}", where=place, remedy="Fetch the file again from its source"
    )


def _entities(where: str) -> NotSafe:
    return NotSafe(
        "XML that declares entities is not read",
        where=where,
        remedy="Remove the document type declaration (<!DOCTYPE ...>)",
    )


def _refuse_entities(root: etree._Element, where: str) -> None:
    # A bare <!DOCTYPE name> is harmless, and an external subset is never
    # fetched; but then a reference to what it may declare stays unresolved.
    internal: Any = root.getroottree().docinfo.internalDTD
    if internal is None:
        return
    declares = any(True for _ in internal.iterentities())
    if declares or any(True for _ in root.iter(etree.Entity)):
        raise _entities(where)


def _refuse_depth(root: etree._Element, where: str, max_depth: int) -> None:
    if root.xpath(f"boolean({'/*' * (max_depth + 1)})"):
        raise TooLarge(
            f"Elements are nested deeper than {max_depth}",
            where=where,
            remedy="No metadata format nests this deep",
        )
