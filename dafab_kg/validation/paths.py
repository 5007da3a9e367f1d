"""Property paths of SHACL (section 2.3.1) in the words of SPARQL."""

from __future__ import annotations

from typing import Final

from rdflib import RDF, SH, BNode, Graph, URIRef
from rdflib.term import Node

from dafab_kg.model.errors import ShapesNotValid
from dafab_kg.validation.shapes import Path
from dafab_kg.validation.terms import from_rdflib, shown, sparql

_REPEATED: Final = {SH.zeroOrMorePath: "*", SH.oneOrMorePath: "+", SH.zeroOrOnePath: "?"}
_MOST_DEPTH: Final = 50


def read_path(graph: Graph, node: Node, depth: int = 0) -> Path:
    """Read a path.

    Raises:
        ShapesNotValid: it is none of the forms that SHACL knows.
    """
    if depth > _MOST_DEPTH:
        raise ShapesNotValid(f"The path {node} is nested deeper than {_MOST_DEPTH}, or in itself")
    term = from_rdflib(node)
    if isinstance(node, URIRef):
        return Path(sparql(term), term)
    if not isinstance(node, BNode):
        raise ShapesNotValid(f"{node!r} is no path. A path is an IRI or a blank node")
    if (node, RDF.first, None) in graph:
        steps = [read_path(graph, step, depth + 1) for step in members(graph, node)]
        if len(steps) < 2:
            raise ShapesNotValid("A sequence path needs two members or more")
        text = "/".join(step.text for step in steps)
        return Path(f"({text})", term, all(step.with_self for step in steps))
    said = list(graph.predicate_objects(node))
    if len(said) != 1:
        raise ShapesNotValid(f"The path {shown(term)} says {len(said)} things; it must say one")
    predicate, value = said[0]
    if predicate == SH.alternativePath:
        ways = [read_path(graph, way, depth + 1) for way in members(graph, value)]
        if len(ways) < 2:
            raise ShapesNotValid("An alternative path needs two members or more")
        text = "|".join(way.text for way in ways)
        return Path(f"({text})", term, any(way.with_self for way in ways))
    inner = read_path(graph, value, depth + 1)
    if predicate == SH.inversePath:
        return Path(f"(^{inner.text})", term, inner.with_self)
    sign = _REPEATED.get(URIRef(str(predicate)))
    if sign is None:
        raise ShapesNotValid(f"{predicate} is no form of path")
    return Path(f"({inner.text}{sign})", term, inner.with_self or sign != "+")


def members(graph: Graph, node: Node) -> list[Node]:
    """Return the members of an RDF list.

    Raises:
        ShapesNotValid: it is no well-formed list.
    """
    found, seen = [], set()
    while node != RDF.nil:
        firsts, rests = list(graph.objects(node, RDF.first)), list(graph.objects(node, RDF.rest))
        if len(firsts) != 1 or len(rests) != 1 or node in seen:
            raise ShapesNotValid(f"{shown(from_rdflib(node))} is not a well-formed RDF list")
        seen.add(node)
        found.append(firsts[0])
        node = rests[0]
    return found
