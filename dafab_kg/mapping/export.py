"""The same mappings for other engines: RML (in R2RML's vocabulary) and its JSON sources."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import fields
from typing import Any

import orjson

from dafab_kg.mapping.apply import read_mappings, stem
from dafab_kg.mapping.compile import GRAPH_FIELD, many
from dafab_kg.mapping.nquads import literal, plain, refuse_surrogates
from dafab_kg.mapping.place import Place
from dafab_kg.mapping.terms import (
    LITERAL,
    Condition,
    Reference,
    Source,
    Statement,
    Term,
    TriplesMap,
)
from dafab_kg.model.names import ONTOLOGY, Names
from dafab_kg.model.records import Record

_HEAD = f"""\
@prefix rr: <http://www.w3.org/ns/r2rml#> .
@prefix rml: <http://semweb.mmlab.be/ns/rml#> .
@prefix ql: <http://semweb.mmlab.be/ns/ql#> .
@prefix map: <{ONTOLOGY}mapping/> .
"""

_LOCAL = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_SIMPLE = re.compile(r"[A-Za-z0-9_ .:/-]*")


def export_rml(names: Names, files: Mapping[str, str] | None = None) -> str:
    """Return all mappings as RML in Turtle, over the files of :func:`records_to_json`.

    A condition becomes a JSONPath filter of the source's iterator, so that no
    function library is needed; statements with a condition of their own form a
    triples map of their own.

    Raises:
        MappingNotValid: a mapping file is not supported, or cannot be said in RML.
    """
    maps = read_mappings(names, files)
    return "\n".join([_HEAD, *(_triples_maps(one) for one in maps)])


def records_to_json(records: Iterable[Record], document_graph: str) -> dict[str, bytes]:
    """Return the JSON files that the exported RML reads: ``product.json`` → an array of records.

    Every value is its canonical text and lists stay lists; what is missing is
    absent.  Each record also holds ``document_graph``.
    """
    files: dict[str, list[dict[str, Any]]] = {}
    for record in records:
        file = f"{stem(type(record))}.json"
        files.setdefault(file, []).append(_plain_record(record, document_graph))
    return {name: orjson.dumps(rows, option=orjson.OPT_INDENT_2) for name, rows in files.items()}


def _plain_record(record: Record, document_graph: str) -> dict[str, Any]:
    row: dict[str, Any] = {GRAPH_FIELD: document_graph}
    for field in fields(record):
        value = getattr(record, field.name)
        if isinstance(value, tuple | list):
            row[field.name] = [_plain(v, document_graph) for v in many(value) if v is not None]
        elif value is not None:
            row[field.name] = _plain(value, document_graph)
    return row


def _plain(value: object, document_graph: str) -> Any:
    if isinstance(value, Record):
        return _plain_record(value, document_graph)
    text = plain(value)
    refuse_surrogates(text)
    return text


def _triples_maps(one: TriplesMap) -> str:
    """Write a mapping: its own triples map, and one for each conditional statement."""
    place = Place(one.file) / one.name
    if not _LOCAL.fullmatch(one.name):
        raise place.refuse("this name cannot be exported", "letters, digits and _ in a name")
    always = [s for s in one.statements if s.condition is None]
    texts = [_triples_map(one.name, one, (one.condition,), always, place)] if always else []
    for number, statement in enumerate(one.statements, 1):
        if statement.condition is not None:
            conditions = (one.condition, statement.condition)
            name = f"{one.name}_{number}"
            texts.append(_triples_map(name, one, conditions, [statement], place))
    return "\n".join(texts)


def _triples_map(
    name: str,
    one: TriplesMap,
    conditions: tuple[Condition | None, ...],
    statements: list[Statement],
    place: Place,
) -> str:
    needed = [c for c in conditions if c is not None]
    lines = [
        f"map:{name} a rr:TriplesMap ;",
        f"  rml:logicalSource [ rml:source {_quoted(one.source.stem + '.json')} ;",
        f"    rml:referenceFormulation ql:JSONPath ; "
        f"rml:iterator {_quoted(_iterator(one.source, needed, place))} ] ;",
        f"  rr:subjectMap [ {_term(one.subject)} ;",
        f"    rr:graphMap [ {_term(one.graph)} ] ]",
    ]
    for statement in statements:
        lines[-1] += " ;"
        lines.append(
            f"  rr:predicateObjectMap [ rr:predicateMap [ {_term(statement.predicate)} ] ;"
        )
        lines.append(f"    rr:objectMap [ {_term(statement.object)} ] ]")
    return "\n".join(lines) + " .\n"


def _iterator(source: Source, conditions: list[Condition], place: Place) -> str:
    """Return the JSONPath of the records that fulfil the conditions (RFC 9535)."""
    path = "".join(f".{name}[*]" for name in source.path)
    if not conditions:
        return f"$[*]{path}"
    if len(set(conditions)) > 1:
        # && is not understood by every engine
        raise place.refuse("two conditions cannot be exported", "one, on the mapping or on the po")
    condition = conditions[0]
    if condition.constant is None:
        # what is missing compares to nothing, whatever the engine makes of null
        test = f'@.{condition.reference}>=""'
    else:
        if not _SIMPLE.fullmatch(condition.constant):
            raise place.refuse(
                f"the constant {condition.constant!r} cannot be exported", "letters, digits, _ .:/-"
            )
        test = f'@.{condition.reference}{"==" if condition.equal else "!="}"{condition.constant}"'
    return f"$[?({test})]" if not path else f"$[*]{path.removesuffix('[*]')}[?({test})]"


def _term(term: Term) -> str:
    """Return the inside of a term map."""
    is_literal = term.kind == LITERAL
    if term.constant is not None:
        body = f"rr:constant {_quoted(term.constant) if is_literal else f'<{term.constant}>'}"
    elif len(term.parts) == 1:
        body = f"rml:reference {_quoted(term.references[0])}"
    else:
        body = f"rr:template {_quoted(''.join(map(_template_part, term.parts)))}"
    if not is_literal:
        return body if term.constant is not None else f"{body} ; rr:termType rr:IRI"
    body += " ; rr:termType rr:Literal"
    if term.language:
        body += f" ; rr:language {_quoted(term.language)}"
    if term.datatype:
        body += f" ; rr:datatype <{term.datatype}>"
    return body


def _template_part(part: str | Reference) -> str:
    if isinstance(part, Reference):
        return f"{{{part.name}}}"
    return re.sub(r"([{}\\])", r"\\\1", part)


def _quoted(text: str) -> str:
    return f'"{literal(text)}"'
