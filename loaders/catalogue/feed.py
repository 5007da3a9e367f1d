"""An Atom feed taken apart into entries as plain values."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from lxml import etree

from dafab_kg.loaders.catalogue.atom import FORM
from dafab_kg.loaders.catalogue.dhus import TYPES

ATOM: Final = "http://www.w3.org/2005/Atom"
OPENSEARCH: Final = "http://a9.com/-/spec/opensearch/1.1/"
_PREFIXES: Final = {
    "http://purl.org/dc/elements/1.1/": "dc",
    "http://purl.org/dc/terms/": "dct",
    "http://www.georss.org/georss": "georss",
    "http://www.georss.org/georss/10": "georss",
    "http://a9.com/-/spec/opensearch/extensions/eo/1.0/": "eo",
    "http://a9.com/-/opensearch/extensions/eo/1.0/": "eo",
    "http://a9.com/-/opensearch/extensions/time/1.0/": "time",
    "http://mundi/DIAS": "DIAS",
    "http://www.opengis.net/eop/2.0": "eop",
    "http://www.opengis.net/eop/2.1": "eop",
    "http://www.opengis.net/opt/2.0": "opt",
    "http://www.opengis.net/opt/2.1": "opt",
    "http://www.opengis.net/sar/2.0": "sar",
    "http://www.opengis.net/sar/2.1": "sar",
    "http://search.yahoo.com/mrss/": "media",
}
_GML: Final = ("http://www.opengis.net/gml", "http://www.opengis.net/gml/3.2")
_TEXT: Final = frozenset({"title", "summary", "content", "rights", "subtitle"})


@dataclass(frozen=True)
class Piece:
    """One element of a file: where it stands, its value, the SHA-256 of its canonical form."""

    pointer: str
    value: dict[str, Any]
    digest: str


def is_feed(root: etree._Element, assumed: bool) -> bool:
    """Tell whether an Atom feed is the answer of a catalogue of images.

    It is if its entries have DHuS's fields or a place, and it says how many there are.
    """
    counted = root.find(f"{{{OPENSEARCH}}}totalResults") is not None
    entries = root.findall(f"{{{ATOM}}}entry")
    if not entries:
        return counted or assumed
    known = any(
        (etree.QName(child).localname in TYPES and child.get("name") is not None)
        or _PREFIXES.get(str(etree.QName(child).namespace)) in {"eo", "eop", "DIAS"}
        or (counted and _PREFIXES.get(str(etree.QName(child).namespace)) in {"dc", "georss"})
        for child in entries[0]
    )
    return known or assumed


def entries_of(root: etree._Element) -> Iterator[Piece]:
    """Yield the entries of a feed, counted from 1; a lone entry is one, too."""
    if etree.QName(root).localname == "entry":
        yield Piece("", _value(root), "")
        return
    for number, entry in enumerate(root.findall(f"{{{ATOM}}}entry"), start=1):
        yield Piece(f"entry[{number}]", _value(entry), digest_of(entry))


def addresses_of(root: etree._Element) -> list[str]:
    """Return where a feed says it comes from: its links, its own first, and its id."""
    links = [one for one in root.findall(f"{{{ATOM}}}link") if one.get("href")]
    links.sort(key=lambda one: one.get("rel") != "self")
    return [str(one.get("href")) for one in links] + [root.findtext(f"{{{ATOM}}}id") or ""]


def digest_of(element: etree._Element) -> str:
    """Return the SHA-256 of an element's canonical XML."""
    return hashlib.sha256(etree.tostring(element, method="c14n", with_tail=False)).hexdigest()


def _value(entry: etree._Element) -> dict[str, Any]:
    typed: dict[str, list[dict[str, str]]] = {}
    for child in entry:
        name = child.get("name")
        if etree.QName(child).localname in TYPES and name is not None:
            one = {"name": name, "content": _text(child)}
            typed.setdefault(etree.QName(child).localname, []).append(one)
    links = [
        {str(key): str(value) for key, value in link.attrib.items()}
        for link in entry.findall(f"{{{ATOM}}}link")
    ]
    if "str" in typed:
        plain = {
            name: _text(found)
            for name in ("title", "id", "summary", "ondemand")
            if (found := entry.find(f"{{*}}{name}")) is not None
        }
        return {**plain, "link": links, **typed}
    fields: dict[str, Any] = {}
    gml: list[str] = []
    for child in entry:
        _collect(child, fields, gml)
    return {FORM: fields, "links": links, "gml": gml}


def _collect(element: etree._Element, fields: dict[str, Any], gml: list[str]) -> None:
    """Put an element into the fields by its name; polygons of GML are kept as XML."""
    name = _name(element)
    if name == "link":
        return
    if name == "georss:where" or (
        etree.QName(element).namespace in _GML
        and etree.QName(element).localname in {"Polygon", "MultiSurface", "MultiPolygon"}
    ):
        gml.append(etree.tostring(element, encoding="unicode", with_tail=False))
        return
    if etree.QName(element).localname == "validTime":
        positions = [
            _text(one)
            for one in element.iter()
            if isinstance(one.tag, str)
            and etree.QName(one).localname in {"beginPosition", "endPosition"}
        ]
        _add(fields, "validTime", "/".join(positions))
        return
    if len(element) and name not in _TEXT:
        for child in element:
            _collect(child, fields, gml)
        return
    text = _text(element)
    if text:
        _add(fields, name, text)


def _add(fields: dict[str, Any], name: str, text: str) -> None:
    if name in fields:
        earlier = fields[name] if isinstance(fields[name], list) else [fields[name]]
        fields[name] = [*earlier, text]
    else:
        fields[name] = text


def _name(element: etree._Element) -> str:
    name = etree.QName(element)
    if name.namespace == ATOM or not name.namespace:
        return str(name.localname)
    prefix = _PREFIXES.get(name.namespace) or element.prefix
    return f"{prefix}:{name.localname}" if prefix else str(name.localname)


def _text(element: etree._Element) -> str:
    return "".join(str(one) for one in element.itertext()).strip()
