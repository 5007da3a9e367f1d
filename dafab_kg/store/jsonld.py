"""Graphs as compact JSON-LD 1.1, in the terms of ``ontology/context.jsonld``.

Every literal is written as text with its datatype, so that ``12.50`` stays ``12.50``.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import IO, Any, Final

from dafab_kg.model import resources
from dafab_kg.store.protocol import Blank, Iri, Literal, Term

Triple = tuple[Term, Term, Term]

RDF_TYPE: Final = "http://www.w3.org/1999/02/22-rdf-syntax-ns#type"
XSD_STRING: Final = "http://www.w3.org/2001/XMLSchema#string"


@dataclass(frozen=True)
class Context:
    """A context as it is written, and what compaction needs of it.

    ``terms`` gives the term of an IRI, ``types`` what the term's plain strings stand
    for (``@id``, or the IRI of a datatype), ``namespaces`` the prefix of an IRI's start.
    """

    written: dict[str, Any]
    terms: dict[str, str]
    types: dict[str, str]
    namespaces: dict[str, str]

    def curie(self, iri: str) -> str:
        """Shorten an IRI with a prefix, where one fits."""
        end = max(iri.rfind("#"), iri.rfind("/")) + 1
        prefix, local = self.namespaces.get(iri[:end]), iri[end:]
        return f"{prefix}:{local}" if prefix and local else iri

    def name(self, iri: str) -> str:
        """Shorten the IRI of a property or class to a term, else with a prefix."""
        return self.terms.get(iri) or self.curie(iri)


def read_context(definitions: dict[str, Any], schemes: Iterable[str] = ()) -> Context:
    """Read the definitions of a context: prefixes, and terms with at most a type.

    A prefix named like the scheme of an IRI at hand is left out (``geo:48.2,16.4`` would
    be read as a term of GeoSPARQL), with the terms that use it written in full.
    """
    namespaces = {
        value: key
        for key, value in definitions.items()
        if isinstance(value, str) and value.endswith(("#", "/"))
    }
    prefixes = {prefix: namespace for namespace, prefix in namespaces.items()}
    clashing = set(schemes) & definitions.keys()
    written, terms, types = {}, {}, {}
    for key, value in definitions.items():
        if key in clashing:
            continue
        written[key] = _in_full(value, prefixes) if clashing else value
        if key in prefixes or key.startswith("@"):
            continue
        full = _in_full(value, prefixes)
        iri = full["@id"] if isinstance(full, dict) else full
        terms[iri] = key
        if isinstance(full, dict) and "@type" in full:
            types[iri] = full["@type"]
    kept = {value: key for value, key in namespaces.items() if key not in clashing}
    return Context(written, terms, types, kept)


def write_jsonld(triples: Sequence[Triple], out: IO[bytes]) -> None:
    """Write triples as one JSON-LD document in UTF-8: ``@context`` and ``@graph``.

    ``triples`` are sorted by subject and predicate; each subject becomes one node object.
    """
    definitions = json.loads(resources.text("ontology", "context.jsonld"))["@context"]
    context = read_context(definitions, {scheme for t in triples for scheme in _schemes(t)})
    out.write(b'{"@context": ' + _encoded(context.written) + b',\n"@graph": [')
    separator = b"\n"
    for subject, group in groupby(triples, key=lambda t: t[0]):
        out.write(separator + _encoded(_node(subject, group, context)))
        separator = b",\n"
    out.write(b"\n]}\n")


def _node(subject: Term, triples: Iterable[Triple], context: Context) -> dict[str, Any]:
    values: dict[str, list[Any]] = {}
    for _, predicate, value in triples:
        # @type takes no literal: a literal class, odd as it is, is an ordinary value.
        if predicate.value == RDF_TYPE and not isinstance(value, Literal):
            short = context.name(value.value) if isinstance(value, Iri) else _id(value, context)
            values.setdefault("@type", []).append(short)
        else:
            written = _value(value, context.types.get(predicate.value, ""), context)
            values.setdefault(context.name(predicate.value), []).append(written)
    node: dict[str, Any] = {"@id": _id(subject, context)}
    for key, many in values.items():
        node[key] = many[0] if len(many) == 1 else many
    return node


def _value(term: Term, type_: str, context: Context) -> Any:
    """Write an object: a plain string where ``type_`` says what it stands for."""
    if not isinstance(term, Literal):
        return _id(term, context) if type_ == "@id" else {"@id": _id(term, context)}
    if term.language:
        return {"@value": term.value, "@language": term.language}
    if term.datatype == (type_ or XSD_STRING):
        return term.value
    if term.datatype == XSD_STRING:
        return {"@value": term.value}
    return {"@value": term.value, "@type": context.curie(term.datatype)}


def _id(term: Term, context: Context) -> str:
    return f"_:{term.value}" if isinstance(term, Blank) else context.curie(term.value)


def _schemes(triple: Triple) -> Iterable[str]:
    for term in triple:
        if isinstance(term, Iri):
            yield term.value.partition(":")[0]
        elif isinstance(term, Literal):
            yield term.datatype.partition(":")[0]


def _in_full(value: Any, prefixes: dict[str, str]) -> Any:
    if isinstance(value, dict):
        return {key: _in_full(inner, prefixes) for key, inner in value.items()}
    if not isinstance(value, str):
        return value
    prefix, _, local = value.partition(":")
    return prefixes[prefix] + local if prefix in prefixes and local else value


def _encoded(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False).encode()
