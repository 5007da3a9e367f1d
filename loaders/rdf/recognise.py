"""In which RDF syntax a file is written, told by its content; the suffix is a hint.

Files that are called ``.ttl`` and the like are taken to be what they say, so that
a fault in them is reported rather than the file passed over.  Others are taken
only if their beginning can hardly be anything else.
"""

from __future__ import annotations

import re
from typing import Any, Final

from dafab_kg.model.documents import Entry
from dafab_kg.model.errors import DocumentRejected
from dafab_kg.model.names import PREFIXES
from dafab_kg.model.strict_json import read_json

TURTLE: Final = "text/turtle"
TRIG: Final = "application/trig"
N_TRIPLES: Final = "application/n-triples"
N_QUADS: Final = "application/n-quads"
RDF_XML: Final = "application/rdf+xml"
JSON_LD: Final = "application/ld+json"

SUFFIXES: Final = {
    ".ttl": TURTLE,
    ".nt": N_TRIPLES,
    ".nq": N_QUADS,
    ".trig": TRIG,
    ".rdf": RDF_XML,
    ".owl": RDF_XML,
    ".jsonld": JSON_LD,
}

_IRI = r'<(?:[^\x00-\x20<>"{}|^`\\]|\\u[0-9A-Fa-f]{4}|\\U[0-9A-Fa-f]{8})*+>'
_LABEL = r"_:\w[\w.\-]*"
_STRING = r'"(?:[^"\\]|\\.)*+"(?:@[A-Za-z0-9\-]+|\^\^' + _IRI + ")?"
_STATEMENT = re.compile(
    rf"[ \t]*(?:{_IRI}|{_LABEL})[ \t]*{_IRI}[ \t]*(?:{_IRI}|{_LABEL}|{_STRING})[ \t]*"
    rf"(?:{_IRI}|{_LABEL})?[ \t]*\.[ \t]*(?:\#.*)?\Z"
)
_BLANK = r"(?:[ \t\r\n]++|\#[^\r\n]*+)*+"
_DIRECTIVE = re.compile(
    rf"{_BLANK}(?:@prefix\s+[^\s:]*:\s*{_IRI}{_BLANK}\.|@base\s+{_IRI}{_BLANK}\."
    rf"|(?i:PREFIX)\s+[^\s:]*:\s*{_IRI}|(?i:BASE)\s+{_IRI})"
)
_SPARQL = re.compile(
    rf"{_BLANK}(?:SELECT|ASK|CONSTRUCT|DESCRIBE|INSERT|DELETE|WITH|LOAD|CLEAR|DROP|CREATE|ADD|MOVE"
    r"|COPY)\b",
    re.IGNORECASE,
)
_XML = re.compile(r"\s*<(?:\?xml\s|!DOCTYPE\s|!--|[A-Za-z_][\w.\-]*(?::[\w.\-]+)?(?:\s|/?>))")
_XML_PROLOGUE = re.compile(
    r"(?:\s++|<\?.*?\?>|<!--.*?-->|<!DOCTYPE[^\[>]*(?:\[.*?\]\s*)?>)*+", re.DOTALL
)
_ROOT = re.compile(r"<(?:[\w.\-]+:)?(?P<local>[\w.\-]+)(?P<rest>[^>]*)", re.DOTALL)
_RDF_ATTRIBUTE = re.compile(r"\s[\w.\-]+:(?:about|ID|nodeID|resource|datatype|parseType)\s*=")
_JSON_LD_KEYS: Final = ("@context", "@graph", "@id")
_GEOJSON_TYPES: Final = frozenset(
    {
        *("Feature", "FeatureCollection", "GeometryCollection", "Catalog", "Collection"),
        *("Point", "MultiPoint", "LineString", "MultiLineString", "Polygon", "MultiPolygon"),
    }
)


def syntax_of(entry: Entry) -> str:
    """Return the media type of the syntax that ``entry`` is written in.

    It is empty where the entry is not RDF, or cannot be told from what is not.
    """
    text = _text(entry.head)
    named = next((s for e, s in SUFFIXES.items() if entry.name.lower().endswith(e)), "")
    if text.lstrip()[:1] in ("{", "["):
        if named in {TURTLE, TRIG}:
            return named  # a blank node or a graph may come first
        return JSON_LD if named or _is_json_ld(entry, text) else ""
    if named in {TURTLE, TRIG, N_TRIPLES, N_QUADS}:
        return named
    if _XML.match(text) and (text.lstrip().startswith(("<?", "<!")) or "xmlns" in text):
        return RDF_XML if named or _is_rdf_xml(entry, text) else ""
    if named in {RDF_XML, JSON_LD}:
        # .owl is used for Turtle too; what is neither fails with a fault of RDF/XML
        return _plain(text) or named
    return _plain(text)


def _text(head: bytes) -> str:
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):
        return head.decode("utf-16", errors="replace")
    return head.decode("utf-8-sig", errors="replace")


def _plain(text: str) -> str:
    """Return which of the four plain syntaxes ``text`` begins in, if any."""
    position = 0
    while directive := _DIRECTIVE.match(text, position):
        position = directive.end()
    if position:
        # TriG, since graphs may come later; a query begins in the same way
        return "" if _SPARQL.match(text, position) else TRIG
    for line in text.splitlines():
        if line.strip() and not line.lstrip().startswith("#"):
            return N_QUADS if _STATEMENT.match(line) else ""
    return ""


def _is_rdf_xml(entry: Entry, text: str) -> bool:
    """Tell whether the root element is rdf:RDF, or a node element with an rdf attribute."""
    root = _root(text)
    if root is None and len(entry.head) < entry.size and "22-rdf-syntax-ns" in text:
        # a long list of entities or a long licence stands before the root
        root = _root(_text(_bytes(entry)))
    if root is None or "xmlns" not in root["rest"]:
        return False
    if root["local"] == "RDF":
        return True
    return PREFIXES["rdf"] in root["rest"] and _RDF_ATTRIBUTE.search(root["rest"]) is not None


def _root(text: str) -> re.Match[str] | None:
    prologue = _XML_PROLOGUE.match(text)
    return _ROOT.match(text, prologue.end() if prologue else 0)


def _is_json_ld(entry: Entry, text: str) -> bool:
    """Tell whether a JSON file is JSON-LD, and neither STAC nor GeoJSON."""
    data = entry.head if len(entry.head) >= entry.size else _bytes(entry)
    if not any(f'"{key}"'.encode() in data for key in _JSON_LD_KEYS):
        return False
    try:
        value: Any = read_json(data, where=entry.origin)
    except DocumentRejected:
        # broken; its first bytes tell what it was meant to be
        return re.match(r'\s*\{\s*"@(?:context|graph|id)"', text) is not None
    tops = value if isinstance(value, list) else [value]
    return bool(tops) and all(
        isinstance(top, dict)
        and any(key in top for key in _JSON_LD_KEYS)
        and "stac_version" not in top
        and not (isinstance(top.get("type"), str) and top["type"] in _GEOJSON_TYPES)
        for top in tops
    )


def _bytes(entry: Entry) -> bytes:
    try:
        return entry.read()
    except DocumentRejected:
        return b""
