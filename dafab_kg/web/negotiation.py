"""Which representation a client wants (RFC 9110 section 12.5.1)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from flask import Request
from werkzeug.datastructures import MIMEAccept

from dafab_kg.store.answers import FORMATS, Format, Kind, check_fit

# Words that clients (SPARQLWrapper among them) send as format for a graph.
GRAPH_WORDS: Final = {
    "xml": "rdfxml",
    "rdf": "rdfxml",
    "rdf+xml": "rdfxml",
    "json": "jsonld",
    "json-ld": "jsonld",
    "n3": "turtle",
    "ttl": "turtle",
    "nt": "ntriples",
}


def accepted(request: Request) -> MIMEAccept:
    """Return the Accept header without media type parameters; anything, if there is none.

    Parameters such as a charset or a profile do not choose between our formats.
    """
    accept = request.accept_mimetypes
    if not len(accept):
        return MIMEAccept([("*/*", 1.0)])
    return MIMEAccept([(value.split(";")[0].strip(), quality) for value, quality in accept])


def choose(request: Request, formats: Sequence[Format]) -> tuple[Format, str] | None:
    """Return the format that the client prefers and the name it knows it by.

    Of equally welcome formats the more exactly named wins, then the first.
    None if the client accepts none of them.
    """
    names = {f.media_type: f for f in formats}
    names.update({alias: f for f in formats for alias in f.aliases})
    best = accepted(request).best_match(names)
    return None if best is None else (names[best], best)


def named(values: Sequence[str], kind: Kind) -> Format | None:
    """Return the format that the values of a parameter ``format`` name, by name or media type.

    Several values, or a list with commas, may say the same in several ways; what
    is not known beside a known one is passed over.  None if they name no format
    or several.

    Raises:
        QueryNotValid: the format cannot hold this kind of answer.
    """
    names = {
        media_type: f.name for f in FORMATS.values() for media_type in (f.media_type, *f.aliases)
    }
    names.update({name: name for name in FORMATS})
    if kind == "triples":
        names.update(GRAPH_WORDS)
    words = {word.strip().lower() for value in values for word in value.split(",")}
    found = {names[word] for word in words if word in names}
    return check_fit(found.pop(), kind) if len(found) == 1 else None


def prefers_html(request: Request, *, over: str) -> bool:
    """Tell whether a client asks for HTML rather than ``over``, as browsers do."""
    accept = accepted(request)
    return accept.quality("text/html") > accept.quality(over)
