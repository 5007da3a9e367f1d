"""What follows from facts by an ontology, found the slow and simple way.

It reads the axioms as RDF (OWL 2 Mapping to RDF Graphs), asks of each individual
whether it is an instance of an expression, and repeats until nothing new follows:
OWL 2 Profiles, section 4.3, with data ranges by value.  It shares nothing with the
code under test; rdflib parses.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from decimal import Decimal

import rdflib
from rdflib import OWL, RDF, RDFS, XSD, BNode, Graph, Literal, URIRef
from rdflib.collection import Collection
from rdflib.plugins.serializers.nt import _nt_row
from rdflib.term import Node

Triple = tuple[Node, Node, Node]
_INTEGERS = {
    "integer": (None, None),
    "nonNegativeInteger": (0, None),
    "positiveInteger": (1, None),
    "nonPositiveInteger": (None, 0),
    "negativeInteger": (None, -1),
    "long": (-(2**63), 2**63 - 1),
    "int": (-(2**31), 2**31 - 1),
    "short": (-(2**15), 2**15 - 1),
    "byte": (-128, 127),
    "unsignedLong": (0, 2**64 - 1),
    "unsignedInt": (0, 2**32 - 1),
    "unsignedShort": (0, 2**16 - 1),
    "unsignedByte": (0, 255),
}
_PLAIN = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)\Z", re.ASCII)
_SAID = frozenset({"label", "comment", "seeAlso", "isDefinedBy"})


@contextmanager
def literals_as_written() -> Iterator[None]:
    """Keep rdflib from writing "+05" as "5", and from logging each ill-typed literal."""
    log = logging.getLogger("rdflib.term")
    rdflib.NORMALIZE_LITERALS, log.disabled = False, True
    try:
        yield
    finally:
        rdflib.NORMALIZE_LITERALS, log.disabled = True, False


def value_of(literal: Literal) -> tuple[object, ...] | None:
    """The value with its value space; None if the lexical form is not of the datatype."""
    text, kind = str(literal), literal.datatype
    if literal.language:
        return "text", text, literal.language.lower()
    if kind is None or kind == XSD.string:
        return "text", text, ""
    local = kind.removeprefix(str(XSD))
    if local == "decimal":
        return ("real", Decimal(text)) if _PLAIN.match(text) else None
    if local in _INTEGERS:
        least, most = _INTEGERS[local]
        if not re.fullmatch(r"[+-]?\d+", text, re.ASCII):
            return None
        number = int(text)
        fits = (least is None or number >= least) and (most is None or number <= most)
        return ("real", Decimal(number)) if fits else None
    if local in {"double", "float"}:
        try:
            return local, float(text)
        except ValueError:
            return None
    if local == "boolean":
        words = {"true": True, "1": True, "false": False, "0": False}
        return ("boolean", words[text]) if text in words else None
    if local == "dateTime":
        return "time", datetime.fromisoformat(text)
    return "other", str(kind), text


def within(value: Node, node: Node, axioms: Graph) -> bool:
    """Tell whether a value is in a data range."""
    if not isinstance(value, Literal):
        return False
    found = value_of(value)
    on = axioms.value(node, OWL.onDatatype)
    if on is not None:
        facets = Collection(axioms, axioms.value(node, OWL.withRestrictions))
        return within(value, on, axioms) and all(
            _facet(value, facet, limit)
            for one in facets
            for facet, limit in axioms.predicate_objects(one)
        )
    for predicate, join in ((OWL.intersectionOf, all), (OWL.unionOf, any)):
        members = axioms.value(node, predicate)
        if members is not None:
            return join(within(value, one, axioms) for one in Collection(axioms, members))
    other = axioms.value(node, OWL.datatypeComplementOf)
    if other is not None:
        return not within(value, other, axioms)
    members = axioms.value(node, OWL.oneOf)
    if members is not None:
        return any(same(value, one) for one in Collection(axioms, members))
    if found is None:
        return False
    if node == RDFS.Literal:
        return True
    local = str(node).removeprefix(str(XSD))
    if local == "string":
        return found[0] == "text" and found[2] == ""
    if local in _INTEGERS:
        least, most = _INTEGERS[local]
        number = found[1]
        return (
            found[0] == "real"
            and isinstance(number, Decimal)
            and number == int(number)
            and (least is None or number >= least)
            and (most is None or number <= most)
        )
    return found[0] == {"decimal": "real", "dateTime": "time"}.get(local, local)


def same(one: Node, other: Node) -> bool:
    """Equal terms, or literals of one value."""
    if isinstance(one, Literal) and isinstance(other, Literal):
        value = value_of(one)
        return one == other if value is None else value == value_of(other)
    return one == other


def _facet(value: Literal, facet: Node, limit: Node) -> bool:
    assert isinstance(limit, Literal)
    mine, theirs = value_of(value), value_of(limit)
    name = str(facet).removeprefix(str(XSD))
    if name == "pattern":
        return re.fullmatch(str(limit), str(value)) is not None
    if name in {"length", "minLength", "maxLength"}:
        size, bound = len(str(value)), int(limit)
        return {"length": size == bound, "minLength": size >= bound}.get(name, size <= bound)
    if mine is None or theirs is None or mine[0] != theirs[0]:
        return False
    left, right = mine[1], theirs[1]
    try:
        return {
            "minInclusive": left >= right,  # type: ignore[operator]
            "minExclusive": left > right,  # type: ignore[operator]
            "maxInclusive": left <= right,  # type: ignore[operator]
            "maxExclusive": left < right,  # type: ignore[operator]
        }[name]
    except TypeError:  # a time with a zone and one without
        return False


class Naive:
    """Facts that grow until nothing follows any more."""

    def __init__(self, axioms: Graph, facts: Graph) -> None:
        self.axioms = axioms
        self.facts: set[Triple] = set(facts)

    def closure(self) -> set[Triple]:
        """All facts, those given among them."""
        while True:
            before = len(self.facts)
            for axiom in list(self.axioms):
                self._apply(*axiom)
            if len(self.facts) == before:
                return self.facts

    # what there is

    def _things(self) -> set[Node]:
        listed = {
            one
            for node in self.axioms.objects(None, OWL.oneOf)
            for one in Collection(self.axioms, node)
        }
        return {node for s, p, o in self.facts for node in ((s,) if p == RDF.type else (s, o))} | {
            one for one in listed if isinstance(one, URIRef)
        }

    def _pairs(self, prop: Node) -> set[tuple[Node, Node]]:
        inverse = self.axioms.value(prop, OWL.inverseOf) if isinstance(prop, BNode) else None
        if inverse is not None:
            return {(o, s) for s, o in self._pairs(inverse)}
        return {(s, o) for s, p, o in self.facts if p == prop}

    def _add(self, subject: Node, prop: Node, value: Node) -> None:
        inverse = self.axioms.value(prop, OWL.inverseOf) if isinstance(prop, BNode) else None
        if inverse is not None:
            self._add(value, inverse, subject)
        elif isinstance(subject, URIRef):
            self.facts.add((subject, prop, value))

    def is_a(self, thing: Node, node: Node) -> bool:
        """Tell whether a thing is known to be an instance of an expression."""
        get = self.axioms.value
        if node == OWL.Thing:
            return True
        if (node, RDF.type, RDFS.Datatype) in self.axioms or str(node).startswith(str(XSD)):
            return within(thing, node, self.axioms)
        for predicate, join in ((OWL.intersectionOf, all), (OWL.unionOf, any)):
            members = get(node, predicate)
            if members is not None:
                return join(self.is_a(thing, one) for one in Collection(self.axioms, members))
        members = get(node, OWL.oneOf)
        if members is not None:
            return any(same(thing, one) for one in Collection(self.axioms, members))
        prop = get(node, OWL.onProperty)
        if prop is None:
            return (thing, RDF.type, node) in self.facts
        values = [o for s, o in self._pairs(prop) if s == thing]
        wanted = get(node, OWL.hasValue)
        if wanted is not None:
            return any(same(one, wanted) for one in values)
        if get(node, OWL.hasSelf) is not None:
            return thing in values
        filler = get(node, OWL.someValuesFrom)
        if filler is None:
            filler = get(node, OWL.onClass) or OWL.Thing
            least = get(node, OWL.minCardinality) or get(node, OWL.minQualifiedCardinality)
            if least is None or int(str(least)) != 1:
                return False
        return any(self.is_a(one, filler) for one in values)

    def _conclude(self, thing: Node, node: Node) -> None:
        get = self.axioms.value
        members = get(node, OWL.intersectionOf)
        if members is not None:
            for one in Collection(self.axioms, members):
                self._conclude(thing, one)
            return
        prop = get(node, OWL.onProperty)
        if prop is None:
            if isinstance(node, URIRef) and node not in (OWL.Thing, OWL.Nothing):
                self._add(thing, RDF.type, node)
            return
        value = get(node, OWL.hasValue)
        filler = get(node, OWL.allValuesFrom)
        if value is not None:
            self._add(thing, prop, value)
        elif get(node, OWL.hasSelf) is not None:
            self._add(thing, prop, thing)
        elif filler is not None:
            for s, o in self._pairs(prop):
                if s == thing and isinstance(o, URIRef):
                    self._conclude(o, filler)

    # axioms

    def _apply(self, subject: Node, predicate: Node, value: Node) -> None:
        if predicate in (RDFS.subClassOf, OWL.equivalentClass):
            self._below(subject, value)
            if predicate == OWL.equivalentClass:
                self._below(value, subject)
        elif predicate in (RDFS.subPropertyOf, OWL.equivalentProperty):
            self._copy(self._pairs(subject), value)
            if predicate == OWL.equivalentProperty:
                self._copy(self._pairs(value), subject)
        elif predicate == OWL.inverseOf and isinstance(subject, URIRef):
            self._copy({(o, s) for s, o in self._pairs(subject)}, value)
            self._copy({(o, s) for s, o in self._pairs(value)}, subject)
        elif predicate == OWL.propertyChainAxiom:
            links = list(Collection(self.axioms, value))
            pairs = self._pairs(links[0])
            for link in links[1:]:
                more = self._pairs(link)
                pairs = {(x, z) for x, y in pairs for y2, z in more if y == y2}
            self._copy(pairs, subject)
        elif predicate == RDFS.domain:
            for s, _ in self._pairs(subject):
                self._conclude(s, value)
        elif predicate == RDFS.range:
            for _, o in self._pairs(subject):
                if isinstance(o, URIRef):
                    self._conclude(o, value)
        elif predicate == RDF.type:
            self._kind(subject, value)

    def _kind(self, subject: Node, value: Node) -> None:
        if value == OWL.SymmetricProperty:
            self._copy({(o, s) for s, o in self._pairs(subject)}, subject)
        elif value == OWL.TransitiveProperty:
            pairs = self._pairs(subject)
            self._copy({(x, z) for x, y in pairs for y2, z in pairs if y == y2}, subject)

    def _below(self, lower: Node, upper: Node) -> None:
        for thing in self._things():
            if isinstance(thing, URIRef) and self.is_a(thing, lower):
                self._conclude(thing, upper)

    def _copy(self, pairs: set[tuple[Node, Node]], prop: Node) -> None:
        for s, o in pairs:
            self._add(s, prop, o)


def lines(triples: set[Triple]) -> Iterator[str]:
    """N-Triples lines, as rdflib writes them."""
    return map(_nt_row, triples)
