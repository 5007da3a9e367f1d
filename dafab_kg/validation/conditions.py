"""Constraints on each value by itself: a SPARQL expression that lets the sound ones pass
quickly, and the exact decision on the others (SHACL sections 4.1, 4.3, 4.4 and 4.8)."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import Final

from dafab_kg.model.errors import ShapesNotValid
from dafab_kg.store.protocol import Blank, Iri, Literal, Term
from dafab_kg.validation.shapes import SH, ValueConstraint
from dafab_kg.validation.terms import quoted, sparql
from dafab_kg.validation.xsd import XSD, compare, well_formed

_LANG_STRING: Final = "http://www.w3.org/1999/02/22-rdf-syntax-ns#langString"
_SPARQL_NUMBERS: Final = frozenset({"integer", "decimal", "double", "float"})
_KINDS: Final[dict[str, tuple[type[Term], ...]]] = {
    "BlankNode": (Blank,),
    "IRI": (Iri,),
    "Literal": (Literal,),
    "BlankNodeOrIRI": (Blank, Iri),
    "BlankNodeOrLiteral": (Blank, Literal),
    "IRIOrLiteral": (Iri, Literal),
}
_IS: Final[dict[type[Term], str]] = {
    Blank: "isBlank({value})",
    Iri: "isIRI({value})",
    Literal: "isLiteral({value})",
}
_RANGES: Final[dict[str, tuple[str, Callable[[int], bool]]]] = {
    "minExclusive": (">", lambda order: order > 0),
    "minInclusive": (">=", lambda order: order >= 0),
    "maxExclusive": ("<", lambda order: order < 0),
    "maxInclusive": ("<=", lambda order: order <= 0),
}
# what Rust's regular expressions lack or read otherwise than XPath's and Python's do
_NOT_IN_RUST: Final = re.compile(r"\(\?|\\[1-9bBAzZiIcCkGpP]|\[[^\]]*(?:\[|&&|--|~~)|[*+?}]\+")
_FLAGS: Final = {"i": re.IGNORECASE, "m": re.MULTILINE, "s": re.DOTALL, "x": re.VERBOSE}


def datatype(iri: str) -> ValueConstraint:
    """``sh:datatype``: the type, and a lexical form that it allows."""

    def holds(term: Term) -> bool:
        return (
            isinstance(term, Literal)
            and term.datatype == iri
            and well_formed(term.value, term.datatype)
        )

    same = f"(DATATYPE({{value}}) = {sparql(Iri(iri))})"
    name = iri[len(XSD) :] if iri.startswith(XSD) else ""
    if name in _SPARQL_NUMBERS:
        accepts = f"({same} && isNumeric({{value}}))"
    elif name in ("dateTime", "date"):
        accepts = f"({same} && YEAR({{value}}) > 0)"
    elif name == "boolean":
        accepts = f'({same} && STR({{value}}) IN ("true", "false"))'
    elif name in ("", "string", "anyURI"):
        accepts = same
    else:
        accepts = "false"
    return ValueConstraint("Datatype", accepts, holds)


def node_kind(iri: str) -> ValueConstraint:
    """``sh:nodeKind``.

    Raises:
        ShapesNotValid: there is no such kind.
    """
    kinds = _KINDS.get(iri.removeprefix(SH))
    if kinds is None:
        raise ShapesNotValid(f"{iri} is no kind of node. Kinds are {', '.join(_KINDS)}")
    accepts = " || ".join(_IS[kind] for kind in kinds)
    return ValueConstraint("NodeKind", f"({accepts})", lambda term: isinstance(term, kinds))


def in_range(parameter: str, bound: Literal) -> ValueConstraint:
    """``sh:minInclusive`` and its like; what cannot be compared breaks them."""
    sign, right = _RANGES[parameter]

    def holds(term: Term) -> bool:
        order = compare(term, bound)
        return order is not None and right(order)

    # a bound that is stored as it was written has its value all the same
    text = f"{quoted(bound.value)}^^{sparql(Iri(bound.datatype))}"
    component = parameter[0].upper() + parameter[1:]
    return ValueConstraint(component, f"({{value}} {sign} {text})", holds)


def length(parameter: str, bound: int) -> ValueConstraint:
    """``sh:minLength`` or ``sh:maxLength``: of the text of an IRI or literal."""
    sign = ">=" if parameter == "minLength" else "<="

    def holds(term: Term) -> bool:
        size = len(term.value)
        right = size >= bound if parameter == "minLength" else size <= bound
        return right and not isinstance(term, Blank)

    component = parameter[0].upper() + parameter[1:]
    return ValueConstraint(component, f"(STRLEN(STR({{value}})) {sign} {bound})", holds)


def pattern(text: str, flags: str) -> ValueConstraint:
    """``sh:pattern`` with ``sh:flags``, as REGEX of SPARQL 1.1 (section 17.4.3.14).

    Raises:
        ShapesNotValid: it is no regular expression.
    """
    expression = re.escape(text) if "q" in flags else text
    if not {"q", "m"} & set(flags):
        expression = _to_the_very_end(expression)
    try:
        found = re.compile(expression, sum(_FLAGS[f] for f in set(flags) - {"q"})).search
    except (re.error, KeyError, RecursionError, OverflowError) as error:
        raise ShapesNotValid(f"The pattern {text!r} with flags {flags!r}: {error}") from error

    def holds(term: Term) -> bool:
        return not isinstance(term, Blank) and found(term.value) is not None

    arguments = f"{quoted(text)}, {quoted(flags)}" if flags else quoted(text)
    accepts = f"REGEX(STR({{value}}), {arguments})"
    if _NOT_IN_RUST.search(text) or set(flags) - {"i"}:
        accepts = "false"
    return ValueConstraint("Pattern", accepts, holds)


def _to_the_very_end(expression: str) -> str:
    """Turn ``$`` into what Python calls so: its own ``$`` would allow a newline after it."""
    in_class, out = False, []
    for part in re.findall(r"\\.|.", expression, re.DOTALL):
        if part in ("[", "]"):
            in_class = part == "["
        out.append(r"\Z" if part == "$" and not in_class else part)
    return "".join(out)


def language_in(ranges: Iterable[str]) -> ValueConstraint:
    """``sh:languageIn``."""
    wanted = tuple(one.lower() for one in ranges)

    def holds(term: Term) -> bool:
        tag = term.language.lower() if isinstance(term, Literal) else ""
        return any(
            tag == one or tag.startswith(f"{one}-") or (one == "*" and tag) for one in wanted
        )

    each = " || ".join(f"langMatches(LANG({{value}}), {quoted(one)})" for one in wanted)
    return ValueConstraint("LanguageIn", f"({each or 'false'})", holds)


def one_of(terms: Iterable[Term]) -> ValueConstraint:
    """``sh:in``: the very terms, not their values."""
    allowed = frozenset(terms)
    iris = [sparql(term) for term in allowed if isinstance(term, Iri)]
    literals = [term for term in allowed if isinstance(term, Literal)]
    accepts = []
    if iris:
        accepts.append(f"(isIRI({{value}}) && {{value}} IN ({', '.join(sorted(iris))}))")
    if len(literals) <= 20:
        accepts += sorted(f"sameTerm({{value}}, {sparql(term)})" for term in literals)
    else:
        plain = [quoted(t.value) for t in literals if t.datatype == f"{XSD}string"]
        texts = ", ".join(sorted(plain)) or '""'
        accepts.append(f"(DATATYPE({{value}}) = <{XSD}string> && STR({{value}}) IN ({texts}))")
    return ValueConstraint("In", f"({' || '.join(accepts) or 'false'})", lambda t: t in allowed)
