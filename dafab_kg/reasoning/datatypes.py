"""Datatypes and data ranges of OWL 2 (Structural Specification, sections 4 and 7) as SPARQL.

OWL compares values, not lexical forms: an ``xsd:integer`` is an ``xsd:decimal``,
an ``xsd:double`` is not.
"""

from __future__ import annotations

from typing import Final

from dafab_kg.reasoning.rules import Filter, Var
from dafab_kg.reasoning.triples import OWL, RDF, RDFS, XSD, Triples

_DERIVED: Final[dict[str, tuple[str, ...]]] = {
    "decimal": ("integer",),
    "integer": ("nonPositiveInteger", "nonNegativeInteger", "long"),
    "nonPositiveInteger": ("negativeInteger",),
    "nonNegativeInteger": ("positiveInteger", "unsignedLong"),
    "long": ("int",),
    "int": ("short",),
    "short": ("byte",),
    "unsignedLong": ("unsignedInt",),
    "unsignedInt": ("unsignedShort",),
    "unsignedShort": ("unsignedByte",),
    "string": ("normalizedString",),
    "normalizedString": ("token",),
    "token": ("language", "Name", "NMTOKEN"),
    "Name": ("NCName",),
    "dateTime": ("dateTimeStamp",),
}
_SIMPLE: Final = ("double", "float", "boolean", "anyURI", "hexBinary", "base64Binary")
_CAST: Final = frozenset({"decimal", "integer", "double", "float", "boolean", "dateTime"})
_LEAST: Final[dict[str, tuple[str, str]]] = {
    "nonNegativeInteger": ("0", ""),
    "positiveInteger": ("1", ""),
    "nonPositiveInteger": ("", "0"),
    "negativeInteger": ("", "-1"),
    "long": ("-9223372036854775808", "9223372036854775807"),
    "int": ("-2147483648", "2147483647"),
    "short": ("-32768", "32767"),
    "byte": ("-128", "127"),
    "unsignedLong": ("0", "18446744073709551615"),
    "unsignedInt": ("0", "4294967295"),
    "unsignedShort": ("0", "65535"),
    "unsignedByte": ("0", "255"),
}
_COMPARED: Final = {
    f"<{XSD}minInclusive>": ">=",
    f"<{XSD}minExclusive>": ">",
    f"<{XSD}maxInclusive>": "<=",
    f"<{XSD}maxExclusive>": "<",
}
_LENGTHS: Final = {
    f"<{XSD}length>": "=",
    f"<{XSD}minLength>": ">=",
    f"<{XSD}maxLength>": "<=",
}

Parts = tuple[str | Var, ...]


class RangeNotTranslated(Exception):
    """A data range that cannot be made a condition; says why."""


def is_datatype(node: str, triples: Triples) -> bool:
    """Tell whether a node is a datatype or data range."""
    name = node[1:-1]
    return (
        name.startswith(XSD)
        or name in {f"{RDFS}Literal", f"{RDF}PlainLiteral", f"{RDF}langString"}
        or name in {f"{OWL}real", f"{OWL}rational"}
        or triples.has(node, f"<{RDF}type>", f"<{RDFS}Datatype>")
        or triples.has(node, f"<{RDF}type>", f"<{OWL}DataRange>")
    )


def condition(node: str, variable: Var, triples: Triples) -> Filter:
    """Return when a value is in a data range, as a condition that never errs.

    Raises:
        RangeNotTranslated: the range holds what no condition here can say.
    """
    return Filter(("COALESCE(", *_parts(node, variable, triples), ", false)"))


def negated(one: Filter) -> Filter:
    """Return the opposite of a condition."""
    return Filter(("!", "(", *one.parts, ")"))


def _parts(node: str, variable: Var, triples: Triples) -> Parts:
    on = triples.value(node, f"<{OWL}onDatatype>")
    if on is not None:
        return _restricted(node, on, variable, triples)
    for predicate, joiner in ((f"{OWL}intersectionOf", " && "), (f"{OWL}unionOf", " || ")):
        members = triples.list_of(node, f"<{predicate}>")
        if members is not None:
            return _joined([_parts(m, variable, triples) for m in members], joiner)
    inner = triples.value(node, f"<{OWL}datatypeComplementOf>")
    if inner is not None:
        return (
            "(isLiteral(",
            variable,
            ") && !COALESCE(",
            *_parts(inner, variable, triples),
            ", false))",
        )
    values = triples.list_of(node, f"<{OWL}oneOf>")
    if values is not None:
        return _joined([same_value(variable, value) for value in values], " || ")
    defined = triples.value(node, f"<{OWL}equivalentClass>")
    if defined is not None:
        return _parts(defined, variable, triples)
    return _datatype(node, variable)


def _joined(all_parts: list[Parts], joiner: str) -> Parts:
    joined: list[str | Var] = ["("]
    for place, parts in enumerate(all_parts):
        joined.extend((joiner, *parts) if place else parts)
    return (*joined, ")")


def same_value(variable: Var, literal: str) -> Parts:
    """A variable's value is that of a literal."""
    return (
        "(sameTerm(",
        variable,
        f", {literal}) || COALESCE(",
        variable,
        f" = {literal}",
        *_of_one_space(variable, literal),
        ", false))",
    )


def _of_one_space(variable: Var, literal: str) -> Parts:
    """A number is of the value space of another: SPARQL compares decimals with doubles too."""
    local = literal.rpartition("^^")[2][1:-1].removeprefix(XSD)
    if local in {"double", "float"}:
        return (" && DATATYPE(", variable, f") = <{XSD}{local}>")
    if local in _closure("decimal"):
        kinds = ", ".join(f"<{XSD}{one}>" for one in _closure("decimal"))
        return (" && DATATYPE(", variable, f") IN ({kinds})")
    return ()


def _datatype(node: str, variable: Var) -> Parts:
    name = node[1:-1]
    if name == f"{RDFS}Literal":
        return ("isLiteral(", variable, ")")
    if name in {f"{RDF}PlainLiteral", f"{RDF}langString"}:
        tagged: Parts = ("DATATYPE(", variable, f") = <{RDF}langString>")
        plain = "" if name.endswith("langString") else f" || DATATYPE({variable}) = <{XSD}string>"
        return ("(isLiteral(", variable, ") && (", *tagged, plain, "))")
    if name in {f"{OWL}real", f"{OWL}rational"}:
        name = f"{XSD}decimal"
    local = name.removeprefix(XSD)
    kinds = ", ".join(f"<{XSD}{one}>" for one in _closure(local))
    parts: Parts = ("(isLiteral(", variable, ") && ")
    cast = local if local in _CAST else "integer" if local in _LEAST else ""
    if local in _LEAST:
        # values count: 5 as xsd:integer is an xsd:byte too
        kinds = ", ".join(f"<{XSD}{one}>" for one in _closure("decimal"))
        least, most = _LEAST[local]
        parts = (*parts, "FLOOR(", variable, ") = ", variable, " && ")
        parts = (*parts, variable, f" >= {least} && ") if least else parts
        parts = (*parts, variable, f" <= {most} && ") if most else parts
        return (*parts, "DATATYPE(", variable, f") IN ({kinds}))")
    if local == "integer":
        kinds = ", ".join(f"<{XSD}{one}>" for one in _closure("decimal"))
        return (
            *parts,
            "FLOOR(",
            variable,
            ") = ",
            variable,
            " && DATATYPE(",
            variable,
            f") IN ({kinds}))",
        )
    if cast:
        # a lexical form outside of the datatype's is no value of it
        parts = (
            *parts,
            "BOUND(",
            variable,
            f") && (<{XSD}{cast}>(STR(",
            variable,
            ")) = ",
            variable,
            ") && ",
        )
    return (*parts, "DATATYPE(", variable, f") IN ({kinds}))")


def _closure(local: str) -> tuple[str, ...]:
    if (
        local not in _DERIVED
        and local not in _SIMPLE
        and not any(local in more for more in _DERIVED.values())
    ):
        return (local,)
    found = [local]
    for one in found:
        found.extend(_DERIVED.get(one, ()))
    return tuple(found)


def _restricted(node: str, on: str, variable: Var, triples: Triples) -> Parts:
    all_parts = [_parts(on, variable, triples)]
    for facet in triples.list_of(node, f"<{OWL}withRestrictions>") or []:
        for predicate, values in triples.of(facet).items():
            all_parts.extend(_facet(predicate, value, variable) for value in values)
    return _joined(all_parts, " && ")


def _facet(predicate: str, value: str, variable: Var) -> Parts:
    if predicate in _COMPARED:
        return (variable, f" {_COMPARED[predicate]} {value}", *_of_one_space(variable, value))
    if predicate in _LENGTHS:
        return ("STRLEN(STR(", variable, f")) {_LENGTHS[predicate]} {value}")
    if predicate == f"<{XSD}pattern>":
        pattern = value.rpartition('"')[0]
        return ("REGEX(STR(", variable, f'), "^(?:{pattern[1:]})$")')
    if predicate == f"<{RDF}langRange>":
        return ("LANGMATCHES(LANG(", variable, f"), {value.partition('^^')[0]})")
    raise RangeNotTranslated(f"the facet {predicate} is not known")
