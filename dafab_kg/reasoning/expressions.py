"""Class expressions as parts of rules (OWL 2 Profiles, section 4: OWL 2 RL, and facets).

On the left of an axiom an expression is a condition: it becomes alternatives of
atoms and filters.  On the right it is a conclusion: it becomes heads of rules, or
checks.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

from dafab_kg.reasoning.datatypes import (
    RangeNotTranslated,
    condition,
    is_datatype,
    negated,
    same_value,
)
from dafab_kg.reasoning.rules import TYPE, Atom, Axiom, Check, Filter, Rule, Term, Var
from dafab_kg.reasoning.triples import OWL, RDFS, Triples, is_blank
from dafab_kg.reasoning.words import expression

THING: Final = f"<{OWL}Thing>"
NOTHING: Final = f"<{OWL}Nothing>"
_RESOURCE: Final = (THING, f"<{RDFS}Resource>")


class NotTranslated(Exception):
    """An expression that no rule can say; tells why."""


@dataclass(frozen=True)
class Condition:
    """One alternative of a condition: all of it must hold."""

    atoms: tuple[Atom, ...] = ()
    filters: tuple[Filter, ...] = ()

    def __and__(self, other: Condition) -> Condition:
        return Condition(self.atoms + other.atoms, self.filters + other.filters)


@dataclass(frozen=True)
class Existence:
    """A conclusion that something exists: ``of`` has some ``property`` that is ``filler``."""

    body: Condition
    of: Term
    property: str
    filler: str
    axiom: Axiom


@dataclass
class Parts:
    """What axioms are made into while an ontology is compiled."""

    triples: Triples
    rules: list[Rule] = field(default_factory=list)
    checks: list[Check] = field(default_factory=list)
    existences: list[Existence] = field(default_factory=list)
    numbers: Iterator[int] = field(default_factory=itertools.count)

    def fresh(self) -> Var:
        """A variable that no other part uses."""
        return Var(f"v{next(self.numbers)}")


def link(prop: str, subject: Term, value: Term, triples: Triples) -> Atom:
    """Return the atom of a property expression, an inverse among them."""
    inverse = triples.value(prop, f"<{OWL}inverseOf>") if is_blank(prop) else None
    if inverse is not None:
        return link(inverse, value, subject, triples)
    if is_blank(prop):
        raise NotTranslated("a property expression is not understood")
    return Atom(subject, prop, value)


def left(node: str, variable: Var, parts: Parts) -> list[Condition]:
    """Return the alternatives under which ``variable`` is an instance of an expression.

    Raises:
        NotTranslated: no rule can find that out.
    """
    triples = parts.triples
    if node in _RESOURCE:
        return [Condition()]
    if node == NOTHING:
        return []
    if is_datatype(node, triples):
        try:
            return [Condition(filters=(condition(node, variable, triples),))]
        except RangeNotTranslated as error:
            raise NotTranslated(str(error)) from error
    members = triples.list_of(node, f"<{OWL}intersectionOf>")
    if members is not None:
        found = [Condition()]
        for member in members:
            found = [a & b for a in found for b in left(member, variable, parts)]
        return found
    members = triples.list_of(node, f"<{OWL}unionOf>")
    if members is not None:
        return [one for member in members for one in left(member, variable, parts)]
    members = triples.list_of(node, f"<{OWL}oneOf>")
    if members is not None:
        return [Condition(filters=(_is(variable, member),)) for member in members]
    if not is_blank(node):
        return [Condition((Atom(variable, TYPE, node),))]
    return _left_restriction(node, variable, parts)


def _is(variable: Var, term: str) -> Filter:
    return Filter(("sameTerm(", variable, f", {term})"))


def _left_restriction(node: str, variable: Var, parts: Parts) -> list[Condition]:
    triples = parts.triples
    prop = triples.value(node, f"<{OWL}onProperty>")
    if prop is None:
        if triples.value(node, f"<{OWL}complementOf>"):
            raise NotTranslated("absence of a fact proves nothing (open world)")
        raise NotTranslated("an expression is not understood")
    value = triples.value(node, f"<{OWL}hasValue>")
    if value is not None:
        return [_has_value(prop, variable, value, parts)]
    if triples.value(node, f"<{OWL}hasSelf>"):
        return [Condition((link(prop, variable, variable, triples),))]
    filler = triples.value(node, f"<{OWL}someValuesFrom>")
    if filler is None and _at_least_one(node, triples):
        filler = (
            triples.value(node, f"<{OWL}onClass>")
            or triples.value(node, f"<{OWL}onDataRange>")
            or THING
        )
    if filler is None:
        raise NotTranslated(f"'{expression(node, triples)}' cannot be found out from facts")
    other = parts.fresh()
    linked = Condition((link(prop, variable, other, triples),))
    return [linked & inner for inner in left(filler, other, parts)]


def _at_least_one(node: str, triples: Triples) -> bool:
    values = [
        *triples.values(node, f"<{OWL}minCardinality>"),
        *triples.values(node, f"<{OWL}minQualifiedCardinality>"),
    ]
    return any(value.startswith('"1"') for value in values)


def _has_value(prop: str, variable: Var, value: str, parts: Parts) -> Condition:
    if not value.startswith('"'):
        return Condition((link(prop, variable, value, parts.triples),))
    other = parts.fresh()
    same = Filter(same_value(other, value))
    return Condition((link(prop, variable, other, parts.triples),), (same,))


def right(node: str, variable: Term, body: Condition, parts: Parts, axiom: Axiom) -> None:
    """Add what follows where ``body`` holds: ``variable`` is an instance of an expression.

    Raises:
        NotTranslated: no rule can say what follows.
    """
    triples = parts.triples
    if node in _RESOURCE:
        return
    if node == NOTHING:
        parts.checks.append(_clash("not allowed", body, "{x} is of a kind that nothing is", axiom))
        return
    members = triples.list_of(node, f"<{OWL}intersectionOf>")
    if members is not None:
        for member in members:
            right(member, variable, body, parts, axiom)
        return
    other = triples.value(node, f"<{OWL}complementOf>")
    if other is not None:
        if not isinstance(variable, Var):
            raise NotTranslated("a statement about one individual that it is not of a class")
        for condition_ in left(other, variable, parts):
            message = "{x} is what it cannot be"
            parts.checks.append(_clash("not allowed", body & condition_, message, axiom))
        return
    if is_datatype(node, triples) and isinstance(variable, Var):
        _right_datatype(node, variable, body, parts, axiom)
        return
    if not is_blank(node):
        add(Atom(variable, TYPE, node), body, parts, axiom)
        return
    _right_restriction(node, variable, body, parts, axiom)


def add(head: Atom, body: Condition, parts: Parts, axiom: Axiom) -> None:
    """Add a rule; one whose head variables its body does not bind is refused."""
    bound = {v for atom in body.atoms for v in atom.variables}
    if body.filters and not body.atoms:
        raise NotTranslated("it speaks of single individuals in a way that no rule can say")
    if not set(head.variables) <= bound:
        raise NotTranslated("it would hold of everything there is")
    if head not in body.atoms:
        parts.rules.append(Rule(head, body.atoms, body.filters, axiom))


def _clash(kind: object, body: Condition, message: str, axiom: Axiom) -> Check:
    first = body.atoms[0].subject if body.atoms else ""
    name = first.name if isinstance(first, Var) else ""
    text = message.replace("{x}", f"{{{name}}}" if name else str(first))
    return Check(kind, body.atoms, body.filters, text, axiom)  # type: ignore[arg-type]


def _right_datatype(node: str, variable: Var, body: Condition, parts: Parts, axiom: Axiom) -> None:
    try:
        wrong = negated(condition(node, variable, parts.triples))
    except RangeNotTranslated as error:
        raise NotTranslated(str(error)) from error
    said = expression(node, parts.triples)
    message = f"{{{variable.name}}} is no {said}"
    parts.checks.append(
        Check("not of the datatype", body.atoms, (*body.filters, wrong), message, axiom)
    )


def _right_restriction(
    node: str, variable: Term, body: Condition, parts: Parts, axiom: Axiom
) -> None:
    triples = parts.triples
    prop = triples.value(node, f"<{OWL}onProperty>")
    if prop is None:
        if triples.list_of(node, f"<{OWL}unionOf>") is not None:
            raise NotTranslated("which of several classes it is cannot be known")
        raise NotTranslated("an expression is not understood")
    value = triples.value(node, f"<{OWL}hasValue>")
    if value is not None:
        add(link(prop, variable, value, triples), body, parts, axiom)
        return
    if triples.value(node, f"<{OWL}hasSelf>"):
        add(link(prop, variable, variable, triples), body, parts, axiom)
        return
    only = triples.value(node, f"<{OWL}allValuesFrom>")
    if only is not None:
        other = parts.fresh()
        linked = Condition((link(prop, variable, other, triples),))
        right(only, other, body & linked, parts, axiom)
        return
    _right_number(node, prop, variable, body, parts, axiom)


def _right_number(
    node: str, prop: str, variable: Term, body: Condition, parts: Parts, axiom: Axiom
) -> None:
    triples = parts.triples
    filler = (
        triples.value(node, f"<{OWL}onClass>")
        or triples.value(node, f"<{OWL}onDataRange>")
        or THING
    )
    some = triples.value(node, f"<{OWL}someValuesFrom>")
    least = _number(node, triples, "minCardinality", "minQualifiedCardinality")
    most = _number(node, triples, "maxCardinality", "maxQualifiedCardinality")
    exactly = _number(node, triples, "cardinality", "qualifiedCardinality")
    if some is None and least is None and most is None and exactly is None:
        raise NotTranslated("an expression is not understood")
    if some is not None or (least or exactly or 0) > 0:
        filler = some or filler
        parts.existences.append(Existence(body, variable, prop, filler, axiom))
    bound = most if most is not None else exactly
    if bound is None:
        return
    if bound > 1:
        raise NotTranslated(f"at most {bound} values cannot be checked by a rule of OWL 2 RL")
    values = [parts.fresh() for _ in range(bound + 1)]
    linked = Condition(tuple(link(prop, variable, one, triples) for one in values))
    conditions = [body & linked]
    for one in values:
        conditions = [c & inner for c in conditions for inner in left(filler, one, parts)]
    names = [f"{{{one.name}}}" for one in values]
    message = f"{{x}} has {' and '.join(names)} where it may have {bound or 'none'}"
    apart = Condition(filters=(differ(*values),) if bound else ())
    for found in conditions:
        parts.checks.append(_clash("several values", found & apart, message, axiom))


def _number(node: str, triples: Triples, *predicates: str) -> int | None:
    for predicate in predicates:
        value = triples.value(node, f"<{OWL}{predicate}>")
        if value is not None:
            return int(value.split('"')[1])
    return None


def differ(one: Var, other: Var) -> Filter:
    """Two values differ: as terms, and as values where they can be compared.

    Each pair is found once, not in both orders.
    """
    return Filter(
        (
            "STR(",
            one,
            ") <= STR(",
            other,
            ") && !sameTerm(",
            one,
            ", ",
            other,
            ") && COALESCE(",
            one,
            " != ",
            other,
            ", true)",
        )
    )
