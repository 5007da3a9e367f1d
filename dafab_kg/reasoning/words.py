"""Class and property expressions of OWL 2 in words (OWL 2 Manchester Syntax, section 2.4)."""

from __future__ import annotations

from typing import Final

from dafab_kg.reasoning.triples import OWL, RDF, XSD, Triples, is_blank, short, shortened

_QUANTIFIED: Final = {
    "someValuesFrom": "some",
    "allValuesFrom": "only",
    "hasValue": "value",
    "minCardinality": "min",
    "maxCardinality": "max",
    "cardinality": "exactly",
    "minQualifiedCardinality": "min",
    "maxQualifiedCardinality": "max",
    "qualifiedCardinality": "exactly",
}
_FACETS: Final = {
    "minInclusive": ">=",
    "minExclusive": ">",
    "maxInclusive": "<=",
    "maxExclusive": "<",
}


def expression(node: str, triples: Triples, depth: int = 0) -> str:
    """Write a class, property or data range expression."""
    if not is_blank(node) or depth > 20:
        return short(node)

    def inner(part: str) -> str:
        said = expression(part, triples, depth + 1)
        return f"({said})" if " " in said and not said.startswith(("{", "inverse", "(")) else said

    for predicate, joiner in (("intersectionOf", " and "), ("unionOf", " or ")):
        members = triples.list_of(node, f"<{OWL}{predicate}>")
        if members is not None:
            return joiner.join(inner(member) for member in members)
    values = triples.list_of(node, f"<{OWL}oneOf>")
    if values is not None:
        return f"{{{shortened(values, ', ')}}}"
    for predicate, word in (("complementOf", "not"), ("datatypeComplementOf", "not")):
        other = triples.value(node, f"<{OWL}{predicate}>")
        if other is not None:
            return f"{word} {inner(other)}"
    inverse = triples.value(node, f"<{OWL}inverseOf>")
    if inverse is not None:
        return f"inverse {inner(inverse)}"
    on = triples.value(node, f"<{OWL}onDatatype>")
    if on is not None:
        return _restricted(node, on, triples)
    return _restriction(node, triples, inner)


def _restriction(node: str, triples: Triples, inner: object) -> str:
    said = inner if callable(inner) else short
    on = triples.value(node, f"<{OWL}onProperty>")
    if on is None:
        return "an expression that is not understood"
    if triples.value(node, f"<{OWL}hasSelf>"):
        return f"{said(on)} Self"
    for predicate, word in _QUANTIFIED.items():
        value = triples.value(node, f"<{OWL}{predicate}>")
        if value is not None:
            qualifier = triples.value(node, f"<{OWL}onClass>") or triples.value(
                node, f"<{OWL}onDataRange>"
            )
            number = value.split('"')[1] if word in {"min", "max", "exactly"} else said(value)
            more = f" {said(qualifier)}" if qualifier else ""
            return f"{said(on)} {word} {number}{more}"
    return f"an unknown restriction on {said(on)}"


def _restricted(node: str, on: str, triples: Triples) -> str:
    facets: list[str] = []
    for facet in triples.list_of(node, f"<{OWL}withRestrictions>") or []:
        for predicate, values in triples.of(facet).items():
            local = predicate[1:-1].removeprefix(XSD).removeprefix(RDF)
            facets.extend(f"{_FACETS.get(local, local)} {plain(value)}" for value in values)
    return f"{short(on)}[{', '.join(facets)}]"


def plain(value: str) -> str:
    """Write a literal without its datatype, where it is a number."""
    lexical, _, datatype = value.rpartition("^^")
    numeric = datatype[1:-1].removeprefix(XSD) in {"decimal", "integer", "double", "float"}
    return lexical.strip('"') if numeric else short(value)
