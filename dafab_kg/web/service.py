"""What the service can do and what it holds: SPARQL 1.1 Service Description, and VoID.

Both are computed: functions are those that the engine knows when asked, formats are those
of the tables that requests are answered from, numbers are counted.
"""

from __future__ import annotations

import io
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Final, Generic, TypeVar, cast
from urllib.parse import urljoin

from flask import Blueprint, Response, request, url_for

from dafab_kg.catalogue import Catalogue
from dafab_kg.catalogue.writing import SUFFIXES
from dafab_kg.model.errors import DafabError
from dafab_kg.model.names import NS, ONTOLOGY, PREFIXES
from dafab_kg.model.resources import text
from dafab_kg.model.settings import Settings
from dafab_kg.spatial.geosparql.names import GEO, RELATIONS
from dafab_kg.store.answers import FORMATS, Format, fitting
from dafab_kg.store.oxigraph import write_triples
from dafab_kg.store.protocol import Blank, Iri, Literal, Solutions, Term
from dafab_kg.web.described import GRAPH_FORMAT, GRAPH_TYPES, Operation, described
from dafab_kg.web.negotiation import choose, named
from dafab_kg.web.problems import Problem

SD: Final = "http://www.w3.org/ns/sparql-service-description#"
VOID: Final = "http://rdfs.org/ns/void#"
FORMAT: Final = "http://www.w3.org/ns/formats/"
RDF_TYPE: Final = Iri(PREFIXES["rdf"] + "type")
XSD_INTEGER: Final = PREFIXES["xsd"] + "integer"

FORMAT_IRIS: Final = {
    "json": f"{FORMAT}SPARQL_Results_JSON",
    "xml": f"{FORMAT}SPARQL_Results_XML",
    "csv": f"{FORMAT}SPARQL_Results_CSV",
    "tsv": f"{FORMAT}SPARQL_Results_TSV",
    "turtle": f"{FORMAT}Turtle",
    "ntriples": f"{FORMAT}N-Triples",
    "jsonld": f"{FORMAT}JSON-LD",
    "rdfxml": f"{FORMAT}RDF_XML",
}
"""W3C's names of formats; one that has none is named by its media type at IANA."""

COUNT_SECONDS: Final = 60.0
"""How long counts are shown though something was written since."""

Triple = tuple[Term, Term, Term]


def service_face(catalogue: Catalogue, settings: Settings) -> Blueprint:
    """Return ``/.well-known/void``."""
    face = Blueprint("service", __name__)

    @face.get("/.well-known/void")
    @described(
        GET=Operation(
            "What the catalogue holds (VoID)",
            {200: GRAPH_TYPES},
            (406,),
            (GRAPH_FORMAT,),
        )
    )
    def void() -> Response:
        return _respond(void_triples(catalogue, settings))

    return face


def describe(catalogue: Catalogue, settings: Settings) -> Response:
    """Answer a request for the endpoint itself (Service Description, section 2)."""
    return _respond(service_triples(catalogue, settings))


def service_triples(catalogue: Catalogue, settings: Settings) -> list[Triple]:
    """Describe the endpoint."""
    about = _About()
    # the endpoint by the name that it was asked by
    endpoint = Iri(request.base_url if request.path.startswith("/sparql") else _endpoint())
    service = Iri(urljoin(_endpoint(), "#service"))
    about.say(service, RDF_TYPE, Iri(SD + "Service"))
    about.say(service, Iri(SD + "endpoint"), endpoint)
    for language in ("SPARQL11Query", "SPARQL11Update"):
        about.say(service, Iri(SD + "supportedLanguage"), Iri(SD + language))
    for found in FORMATS.values():
        about.say(service, Iri(SD + "resultFormat"), format_iri(found))
    for found in FORMATS.values():
        if found.media_type in SUFFIXES:
            about.say(service, Iri(SD + "inputFormat"), format_iri(found))
    for name, is_aggregate in offered(catalogue):
        kind = "Aggregate" if is_aggregate else "Function"
        about.say(service, Iri(f"{SD}extension{kind}"), Iri(name))
        about.say(Iri(name), RDF_TYPE, Iri(SD + kind))
    for relation in RELATIONS:
        about.say(service, Iri(SD + "propertyFeature"), Iri(GEO + relation))
    if settings.service_allowed:
        about.say(service, Iri(SD + "feature"), Iri(SD + "BasicFederatedQuery"))
    dataset, default = Iri(_void_of()), Iri(urljoin(_endpoint(), "#default-graph"))
    about.say(service, Iri(SD + "defaultDataset"), dataset)
    about.say(dataset, RDF_TYPE, Iri(SD + "Dataset"))
    about.say(dataset, Iri(SD + "defaultGraph"), default)
    about.say(default, RDF_TYPE, Iri(SD + "Graph"))
    if settings.reasoning:
        inferred = Iri(catalogue.names.make("inferred_graph"))
        named_graph = Iri(urljoin(_endpoint(), "#inferred"))
        about.say(dataset, Iri(SD + "namedGraph"), named_graph)
        about.say(named_graph, RDF_TYPE, Iri(SD + "NamedGraph"))
        about.say(named_graph, Iri(SD + "name"), inferred)
    return about.triples


def void_triples(catalogue: Catalogue, settings: Settings) -> list[Triple]:
    """Describe what the catalogue holds; of what is private nothing is told."""
    about = _About()
    dataset = Iri(_void_of())
    counts = _counts(catalogue)
    title = Literal("Catalogue of Earth Observation data")
    about.say(dataset, RDF_TYPE, Iri(VOID + "Dataset"))
    about.say(dataset, Iri(PREFIXES["dcterms"] + "title"), title)
    about.say(dataset, Iri(VOID + "sparqlEndpoint"), Iri(_endpoint()))
    about.say(dataset, Iri(VOID + "uriSpace"), Literal(settings.base))
    about.say(dataset, Iri(VOID + "triples"), _number(counts.triples))
    about.say(dataset, Iri(VOID + "documents"), _number(counts.documents))
    about.say(dataset, Iri(VOID + "classes"), _number(len(counts.classes)))
    for found in fitting("triples"):
        about.say(dataset, Iri(VOID + "feature"), format_iri(found))
    for number, (name, entities) in enumerate(sorted(counts.classes.items())):
        part = Blank(f"class{number}")
        about.say(dataset, Iri(VOID + "classPartition"), part)
        about.say(part, Iri(VOID + "class"), Iri(name))
        about.say(part, Iri(VOID + "entities"), _number(entities))
    if counts.properties:
        about.say(dataset, Iri(VOID + "properties"), _number(len(counts.properties)))
    for number, (name, triples) in enumerate(sorted(counts.properties.items())):
        part = Blank(f"property{number}")
        about.say(dataset, Iri(VOID + "propertyPartition"), part)
        about.say(part, Iri(VOID + "property"), Iri(name))
        about.say(part, Iri(VOID + "triples"), _number(triples))
    used = (*counts.classes, *counts.properties)
    for space in sorted({_space(name) for name in used} & _vocabularies()):
        about.say(dataset, Iri(VOID + "vocabulary"), Iri(space))
    return about.triples


def format_iri(found: Format) -> Iri:
    """Return the IRI of a format."""
    known = FORMAT_IRIS.get(found.name)
    return Iri(known or f"https://www.iana.org/assignments/media-types/{found.media_type}")


def offered(catalogue: Catalogue) -> tuple[tuple[str, bool], ...]:
    """Return what the engine knows of GeoSPARQL, by asking for each, and if it aggregates."""
    return _OFFERED.get(str(catalogue.settings.store), lambda: tuple(_asked_for(catalogue)))


def _asked_for(catalogue: Catalogue) -> Iterator[tuple[str, bool]]:
    for name in text("queries", "internal/functions.txt").split():
        function = PREFIXES["geof"] + name
        # what takes a variable of a group that is not grouped by is an aggregate
        grouped = f"SELECT (<{function}>(?y) AS ?x) {{ VALUES ?y {{ 1 }} }} GROUP BY ?z"
        for query, is_aggregate in (
            (grouped, True),
            (f"SELECT (<{function}>(1) AS ?x) {{}}", False),
        ):
            try:
                list(cast(Solutions, catalogue.query(query)))
            except DafabError:
                continue
            yield function, is_aggregate
            break


@dataclass
class _Counts:
    triples: int = 0
    documents: int = 0
    classes: dict[str, int] = field(default_factory=dict)
    properties: dict[str, int] = field(default_factory=dict)


def _counts(catalogue: Catalogue) -> _Counts:
    return _COUNTED.get(str(catalogue.settings.store), lambda: _count(catalogue))


def _count(catalogue: Catalogue) -> _Counts:
    stats = catalogue.stats()
    properties = {}
    try:
        rows = cast(Solutions, catalogue.query(text("queries/internal", "properties.rq")))
        for name, number in rows:
            properties[cast(Iri, name).value] = int(cast(Literal, number).value)
    except DafabError:
        properties = {}  # more than can be counted within the deadline
    return _Counts(stats.triples, sum(stats.documents.values()), dict(stats.classes), properties)


T = TypeVar("T")


class _Kept(Generic[T]):
    """Values that are made anew when they are older than some seconds."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._values: dict[str, tuple[float, T]] = {}
        self._lock = threading.Lock()

    def get(self, key: str, make: Callable[[], T]) -> T:
        with self._lock:
            found = self._values.get(key)
        if found is not None and time.monotonic() - found[0] < self._seconds:
            return found[1]
        value = make()
        with self._lock:
            self._values[key] = time.monotonic(), value
        return value


_OFFERED: Final[_Kept[tuple[tuple[str, bool], ...]]] = _Kept(3600.0)
_COUNTED: Final[_Kept[_Counts]] = _Kept(COUNT_SECONDS)


class _About:
    """Triples, each once."""

    def __init__(self) -> None:
        self._triples: dict[Triple, None] = {}

    def say(self, subject: Term, predicate: Term, value: Term) -> None:
        self._triples[(subject, predicate, value)] = None

    @property
    def triples(self) -> list[Triple]:
        return list(self._triples)


def _number(value: int) -> Literal:
    return Literal(str(value), XSD_INTEGER)


def _endpoint() -> str:
    return url_for("sparql.endpoint", _external=True)


def _void_of() -> str:
    return url_for("service.void", _external=True) + "#dataset"


def _space(iri: str) -> str:
    return iri[: max(iri.rfind("#"), iri.rfind("/")) + 1]


def _vocabularies() -> frozenset[str]:
    return frozenset({*PREFIXES.values(), NS, ONTOLOGY})


def _respond(triples: Iterable[Triple]) -> Response:
    words = request.args.getlist("format")
    found = named(words, "triples") if words else None
    chosen = choose(request, fitting("triples")) if found is None else (found, found.media_type)
    if chosen is None:
        offers = [f.media_type for f in fitting("triples")]
        raise Problem(
            406,
            "None of the accepted types is offered",
            "A description is RDF.",
            where="header Accept",
            remedy=f"Accept one of {', '.join(offers)}.",
            more={"offered": offers},
        )
    out = io.BytesIO()
    prefixes = {**PREFIXES, "sd": SD, "void": VOID, "format": FORMAT}
    write_triples(list(triples), chosen[0].media_type, out, prefixes)
    response = Response(out.getvalue(), content_type=chosen[0].content_type(chosen[1]))
    response.vary.add("Accept")
    return response
