"""What a view says of itself, for the description of the HTTP API (``openapi.py``)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Literal, TypeVar

from dafab_kg.store.answers import FORMATS, fitting

Schema = Mapping[str, Any]
View = TypeVar("View", bound=Callable[..., Any])

_KEPT: Final = "__operations__"

TEXT: Final[Schema] = {"type": "string"}
IRI: Final[Schema] = {"type": "string", "format": "iri"}
QUERY: Final[Schema] = {
    "type": "string",
    "format": "sparql-query",
    "examples": ["SELECT * { ?s ?p ?o } LIMIT 10"],
}
UPDATE: Final[Schema] = {
    "type": "string",
    "format": "sparql-update",
    "examples": ["INSERT DATA { <https://a.example/s> <https://a.example/p> 1 }"],
}

GRAPH_TYPES: Final = tuple(
    dict.fromkeys(name for f in fitting("triples") for name in (f.media_type, *f.aliases))
)
"""Media types of answers that are RDF."""
RESULT_TYPES: Final = tuple(
    dict.fromkeys(name for f in FORMATS.values() for name in (f.media_type, *f.aliases))
)
"""Media types of answers to queries."""
PAGE: Final = "text/html"
JSON: Final = "application/json"


@dataclass(frozen=True)
class Parameter:
    """A parameter: of the address, of the path, or a header."""

    name: str
    description: str
    schema: Schema = field(default_factory=lambda: TEXT)
    place: Literal["query", "path", "header"] = "query"


@dataclass(frozen=True)
class Operation:
    """One method of a route.

    ``answers`` are the media types by status (none: no content), ``problems`` the statuses
    that problems of this operation have beside those that any request can meet.  ``bodies``
    are the schemas by media type; ``scope`` is what a token must allow.  ``errors`` are the
    media types of errors where they are no problems (RFC 9457).
    """

    summary: str
    answers: Mapping[int, tuple[str, ...]]
    problems: tuple[int, ...] = ()
    parameters: tuple[Parameter, ...] = ()
    bodies: Mapping[str, Schema] = field(default_factory=dict)
    scope: str = ""
    errors: tuple[str, ...] = ()


def described(**operations: Operation) -> Callable[[View], View]:
    """Describe the methods of a view; HEAD is that of GET, and OPTIONS every view has."""

    def keep(view: View) -> View:
        setattr(view, _KEPT, operations)
        return view

    return keep


def operations_of(view: Callable[..., Any]) -> Mapping[str, Operation]:
    """Return what a view says of its methods."""
    found: Mapping[str, Operation] = getattr(view, _KEPT, {})
    return found


def format_of(*names: str) -> Parameter:
    """Return the parameter ``format`` that overrides Accept, with these values."""
    return Parameter("format", "Overrides the header Accept.", {"type": "string", "enum": [*names]})


GRAPH_FORMAT: Final = format_of(*(f.name for f in fitting("triples")))
PAGE_FORMAT: Final = format_of("json", "html")
