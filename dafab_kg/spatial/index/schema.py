"""What is indexed: the properties that the ontology annotates with ``dafab:indexed``."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Final

from dafab_kg.model import resources
from dafab_kg.model.documents import RdfText
from dafab_kg.model.names import Names, term
from dafab_kg.spatial.lookup import Kind
from dafab_kg.store.nquads import lines_in
from dafab_kg.store.rdf_text import statements

XSD: Final = "http://www.w3.org/2001/XMLSchema#"
_RANGE: Final = "<http://www.w3.org/2000/01/rdf-schema#range>"
_INTEGERS: Final = (
    *("integer", "nonNegativeInteger", "positiveInteger", "nonPositiveInteger", "negativeInteger"),
    *("long", "int", "short", "byte", "unsignedLong", "unsignedInt", "unsignedShort"),
    "unsignedByte",
)
NUMBERS: Final = frozenset(XSD + name for name in ("decimal", "double", "float", *_INTEGERS))
TIMES: Final = frozenset(XSD + name for name in ("dateTime", "dateTimeStamp", "date"))


@dataclass(frozen=True)
class Schema:
    """The indexed properties by IRI, in order, each with the kind of its column."""

    properties: Mapping[str, Kind]

    @property
    def digest(self) -> str:
        """Changes when a rebuild is needed: a property came, went, or changed its kind."""
        text = "\n".join(f"{iri} {kind}" for iri, kind in self.properties.items())
        return hashlib.sha256(text.encode()).hexdigest()[:16]


@cache
def packaged_schema() -> Schema:
    """The schema that the package's ontology states."""
    return schema_of(
        line
        for file in resources.names("ontology", ".ttl")
        if "indexed" in (text := resources.text("ontology", file))
        for line in _triples(text, file)
    )


def _triples(text: str, file: str) -> list[str]:
    source = RdfText(text.encode(), "text/turtle", f"file:///{file}", f"urn:blank:{file}/")
    return lines_in(statements(source, Names(), where=file))


def schema_of(triples: Iterable[str]) -> Schema:
    """Read the schema from an ontology, given as N-Triples lines; the range tells the kind."""
    marked, ranges = set[str](), dict[str, str]()
    flag = f"<{term('indexed')}>"
    for line in triples:
        subject, predicate, value = line.rstrip(" .\n").split(" ", 2)
        if predicate == flag and value.startswith('"true"'):
            marked.add(subject[1:-1])
        elif predicate == _RANGE:
            ranges[subject[1:-1]] = value.strip("<>")
    return Schema({iri: _kind(ranges.get(iri, "")) for iri in sorted(marked)})


def _kind(datatype: str) -> Kind:
    if datatype in NUMBERS:
        return "number"
    return "time" if datatype in TIMES else "keyword"
