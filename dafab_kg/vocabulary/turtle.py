"""Turtle of a graph, in an order that depends on nothing but the graph.

Blank nodes that hang on one place stand there in brackets, lists in parentheses;
others are labelled by a canonical form of the graph.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from functools import cached_property

from rdflib import RDF, XSD, BNode, Graph, Literal, URIRef
from rdflib.compare import to_canonical_graph
from rdflib.term import Node

from dafab_kg.vocabulary.order import KINDS, PREDICATES, SETS, expanded

WIDTH = 100
"""Columns after which a list, a node or several values are put on lines of their own."""

_LOCAL = re.compile(r"[A-Za-z0-9_](?:[\w-]*[A-Za-z0-9_-])?", re.ASCII)
_BARE = {
    str(XSD.boolean): re.compile(r"true|false"),
    # only canonical ones: some parsers read 05 as 5
    str(XSD.integer): re.compile(r"0|-?[1-9][0-9]*"),
    str(XSD.decimal): re.compile(r"-?(0|[1-9][0-9]*)\.[0-9]+"),
}
_ESCAPED = {"\\": "\\\\", '"': '\\"', "\n": "\\n", "\r": "\\r", "\t": "\\t"}
_SPECIAL = re.compile(r'[\\"\x00-\x1f\x7f]')
_PREDICATE_RANK = {iri: rank for rank, iri in enumerate(expanded(PREDICATES))}
_KIND_RANK = {iri: rank for rank, iri in enumerate(expanded(KINDS))}
_SETS = frozenset(expanded(SETS))


class Turtle:
    """Writes the nodes of one graph; see :meth:`block`."""

    def __init__(self, graph: Graph, prefixes: Mapping[str, str]) -> None:
        self.graph = graph if _is_forest(graph) else _canonical(graph)
        self.used: set[str] = set()
        """Prefixes that what was written so far needs."""
        # the longest namespace first: one may begin with another
        self._spaces = sorted(prefixes.items(), key=lambda pair: (-len(pair[1]), pair[0]))
        self._uses: Counter[Node] = Counter(o for o in self.graph.objects() if isinstance(o, BNode))
        self._texts: dict[Node, str] = {}

    @cached_property
    def labels(self) -> dict[BNode, str]:
        """Labels of the blank nodes that cannot stand in brackets: shared ones and cycles."""
        nodes = {n for triple in self.graph for n in triple if isinstance(n, BNode)}
        shared = {n for n in nodes if self._uses[n] > 1}
        roots = shared | {s for s in self.graph.subjects() if s not in nodes or not self._uses[s]}
        reached: set[Node] = set()
        todo: list[Node] = list(roots)
        while todo:
            node = todo.pop()
            if node not in reached:
                reached.add(node)
                todo.extend(o for o in self.graph.objects(node) if isinstance(o, BNode))
        needed = shared | {n for n in nodes if n not in reached}
        return {node: f"b{number}" for number, node in enumerate(sorted(needed, key=str), 1)}

    def is_top(self, node: Node) -> bool:
        """Tell whether a node has a block of its own."""
        return not isinstance(node, BNode) or not self._uses[node] or node in self.labels

    def block(self, subject: Node) -> str:
        """Return all statements about a subject, with the full stop."""
        if isinstance(subject, BNode):
            name = f"_:{self.labels[subject]}" if subject in self.labels else "[]"
        else:
            name = self.node(subject)
        rows = [self._row(p, subject, "    ") for p in self._predicates(subject)]
        return f"{name} " + " ;\n    ".join(rows) + " .\n"

    def node(self, node: Node, *, is_set: bool = False) -> str:
        """Return a node on one line; the list of a set sorted."""
        if isinstance(node, URIRef):
            return self._iri(str(node))
        if isinstance(node, Literal):
            return self._literal(node)
        if node in self.labels:
            return f"_:{self.labels[node]}"  # type: ignore[index]
        items = self._items(node)
        if items is not None:
            return f"( {' '.join(map(self.node, self._arranged(items, is_set)))} )"
        if node not in self._texts:
            rows = [self._line(p, node) for p in self._predicates(node)]
            self._texts[node] = f"[ {' ; '.join(rows)} ]" if rows else "[]"
        return self._texts[node]

    def key(self, node: Node) -> tuple[int, str, str]:
        """Return what nodes are sorted by: named ones, then literals, then blank ones."""
        kind = 0 if isinstance(node, URIRef) else 1 if isinstance(node, Literal) else 2
        return kind, *_name(self.node(node))

    def _line(self, predicate: Node, subject: Node) -> str:
        is_set = str(predicate) in _SETS
        values = self._values(predicate, subject)
        return f"{self._verb(predicate)} {' , '.join(self.node(v, is_set=is_set) for v in values)}"

    def _row(self, predicate: Node, subject: Node, indent: str) -> str:
        """Return a predicate with its values, on several lines where one is too long."""
        line = self._line(predicate, subject)
        values = self._values(predicate, subject)
        if len(indent) + len(line) + 2 <= WIDTH or (
            len(values) == 1 and not isinstance(values[0], BNode)
        ):
            return line
        verb = self._verb(predicate)
        is_set = str(predicate) in _SETS
        if len(values) == 1:
            return f"{verb} {self._long(values[0], indent, is_set)}"
        inner = indent + "    "
        texts = [
            text
            if len(inner) + len(text := self.node(v, is_set=is_set)) + 2 <= WIDTH
            else self._long(v, inner, is_set)
            for v in values
        ]
        return f"{verb}\n{inner}" + f" ,\n{inner}".join(texts)

    def _long(self, node: Node, indent: str, is_set: bool) -> str:
        """Return a blank node or a list on several lines."""
        if not isinstance(node, BNode) or node in self.labels:
            return self.node(node)
        inner = indent + "    "
        items = self._items(node)
        if items is None:
            rows = [self._row(p, node, inner) for p in self._predicates(node)]
            return f"[\n{inner}" + f" ;\n{inner}".join(rows) + " ]"
        texts = [
            text
            if len(inner) + len(text := self.node(item)) <= WIDTH
            else self._long(item, inner, False)
            for item in self._arranged(items, is_set)
        ]
        return f"(\n{inner}" + f"\n{inner}".join(texts) + f"\n{indent})"

    def _arranged(self, items: list[Node], is_set: bool) -> list[Node]:
        return sorted(items, key=self.key) if is_set else items

    def _predicates(self, subject: Node) -> list[Node]:
        last = len(_PREDICATE_RANK)

        def key(predicate: Node) -> tuple[int, tuple[str, str]]:
            rank = -1 if predicate == RDF.type else _PREDICATE_RANK.get(str(predicate), last)
            return rank, _name(self._verb(predicate))

        return sorted(set(self.graph.predicates(subject)), key=key)

    def _values(self, predicate: Node, subject: Node) -> list[Node]:
        values = self.graph.objects(subject, predicate)
        if predicate != RDF.type:
            is_set = str(predicate) in _SETS
            if is_set:
                return sorted(values, key=lambda v: _name(self.node(v, is_set=True)))
            return sorted(values, key=self.key)
        last = len(_KIND_RANK)
        return sorted(values, key=lambda v: (_KIND_RANK.get(str(v), last), self.key(v)))

    def _verb(self, predicate: Node) -> str:
        return "a" if predicate == RDF.type else self.node(predicate)

    def _items(self, node: Node) -> list[Node] | None:
        """Return the members of a well-formed list that nothing else refers into."""
        items: list[Node] = []
        seen: set[Node] = set()
        first = True
        while node != RDF.nil:
            if not isinstance(node, BNode) or node in seen or node in self.labels:
                return None
            statements = set(self.graph.predicate_objects(node)) - {(RDF.type, RDF.List)}
            if {p for p, _ in statements} != {RDF.first, RDF.rest} or len(statements) != 2:
                return None
            if not first and self._uses[node] != 1:
                return None
            seen.add(node)
            first = False
            by = dict(statements)
            items.append(by[RDF.first])
            node = by[RDF.rest]
        return items or None

    def _iri(self, iri: str) -> str:
        if iri == str(RDF.nil):
            return "()"
        for prefix, space in self._spaces:
            if iri.startswith(space) and _LOCAL.fullmatch(iri, len(space)):
                self.used.add(prefix)
                return f"{prefix}:{iri[len(space) :]}"
        return f"<{iri}>"

    def _literal(self, literal: Literal) -> str:
        text = str(literal)
        datatype = str(literal.datatype or "")
        if datatype in _BARE and _BARE[datatype].fullmatch(text):
            return text
        quoted = f'"{_SPECIAL.sub(_escape, text)}"'
        if literal.language:
            return f"{quoted}@{literal.language}"
        if literal.datatype is None or literal.datatype == XSD.string:
            return quoted
        return f"{quoted}^^{self._iri(datatype)}"


def _escape(match: re.Match[str]) -> str:
    sign = match[0]
    return _ESCAPED.get(sign) or f"\\u{ord(sign):04X}"


def _name(text: str) -> tuple[str, str]:
    """Return a key that sorts without regard to capitals first."""
    return text.casefold(), text


def _is_forest(graph: Graph) -> bool:
    """Tell whether every blank node is the value of at most one statement, and none of its own."""
    above: dict[BNode, Node] = {}
    for subject, _, value in graph:
        if isinstance(value, BNode):
            if value in above:
                return False
            above[value] = subject
    sound: set[Node] = set()  # these lead up to a node that hangs on nothing
    for start in above:
        node: Node = start
        way: set[Node] = set()
        while isinstance(node, BNode) and node in above and node not in sound:
            if node in way:
                return False
            way.add(node)
            node = above[node]
        sound |= way
    return True


def _canonical(graph: Graph) -> Graph:
    """Name blank nodes by what is said of them, so that labels do not depend on the source."""
    made = Graph(bind_namespaces="none")
    triples: Iterable[tuple[Node, Node, Node]] = to_canonical_graph(graph)
    for triple in triples:
        made.add(triple)
    return made
