"""Asking another SPARQL endpoint: SPARQL 1.1 Protocol (2.1.2), answers as JSON, all bounded."""

from __future__ import annotations

import http.client
import time
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlencode, urlsplit

import orjson

from dafab_kg.access.fetching import connected
from dafab_kg.model.errors import ServiceNotUsable
from dafab_kg.model.version import __version__
from dafab_kg.store.protocol import XSD_STRING, Blank, Iri, Literal, Row, Term

JSON: Final = "application/sparql-results+json"
_PIECE: Final = 256 * 1024
_LANG: Final = "http://www.w3.org/1999/02/22-rdf-syntax-ns#langString"


@dataclass(frozen=True)
class Bounds:
    """``seconds`` is the longest time of one request, ``size`` the most bytes of its answer."""

    seconds: float = 20.0
    size: int = 64 * 1024 * 1024


def select(url: str, query: str, bounds: Bounds) -> tuple[tuple[str, ...], list[Row]]:
    """Return the variables and rows of a SELECT.

    Redirects are not followed, and proxies of the environment are not looked at.

    Raises:
        NotSafe: the address leads to where nobody may look.
        ServiceNotUsable: it does not answer in time, with 200, or with results.
    """
    data = _posted(url, query, bounds)
    try:
        value = orjson.loads(data)
        names = tuple(value["head"]["vars"])
        rows = [
            tuple(_term(row[name]) if name in row else None for name in names)
            for row in value["results"]["bindings"]
        ]
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise _failed(url, "answers with what are no results of a SELECT in JSON") from error
    return names, rows


def _posted(url: str, query: str, bounds: Bounds) -> bytes:
    until = time.monotonic() + bounds.seconds
    parts = urlsplit(url)
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    headers = {
        "Accept": JSON,
        "Accept-Encoding": "identity",
        "Content-Type": "application/x-www-form-urlencoded",
        "User-Agent": f"dafab-kg/{__version__}",
    }
    try:
        with connected(url, bounds.seconds) as connection:
            connection.request("POST", target, urlencode({"query": query}), headers)
            response = connection.getresponse()
            if response.status != 200:
                told = response.read(300).decode("utf-8", "replace").strip()
                raise _failed(url, f"answers with {response.status}: {told!r}")
            found = bytearray()
            while piece := response.read1(_PIECE):
                found += piece
                if len(found) > bounds.size:
                    raise _failed(url, f"answers with more than {bounds.size:,} bytes")
                if time.monotonic() > until:
                    raise _failed(url, f"takes longer than {bounds.seconds:g} seconds")
            if response.length:
                raise _failed(url, "breaks off within its answer")
    except (OSError, http.client.HTTPException) as error:
        raise _failed(url, f"does not answer: {error}") from error
    return bytes(found)


def _term(value: dict[str, Any]) -> Term:
    """Read a term (SPARQL 1.1 Query Results JSON Format, 3.2.2)."""
    kind, text = value["type"], value["value"]
    if not isinstance(text, str):
        raise ValueError("no text")
    if kind == "uri":
        return Iri(text)
    if kind == "bnode":
        return Blank(text)
    if kind not in ("literal", "typed-literal"):
        raise ValueError("an unknown kind of term")
    language = value.get("xml:lang", "")
    return Literal(text, _LANG if language else value.get("datatype", XSD_STRING), language)


def _failed(url: str, what: str) -> ServiceNotUsable:
    return ServiceNotUsable(f"SERVICE <{url[:200]}> {what}")
