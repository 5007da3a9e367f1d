"""Constraints written in SPARQL (SHACL section 5): what a shape says, made ready to run."""

from __future__ import annotations

import re
from typing import Final

from rdflib import OWL, SH, Graph
from rdflib.term import Node

from dafab_kg.model.errors import QueryNotValid, ShapesNotValid
from dafab_kg.store.bounds import refuse_intricate
from dafab_kg.store.protocol import Literal, Term
from dafab_kg.store.refusals import refuse_remote
from dafab_kg.validation.terms import shown, sparql

_WORD: Final = re.compile(
    r"""(?P<skip>\#[^\n]*|<[^<>"{}|^`\\\s]*>|\"\"\".*?\"\"\"|'''.*?'''
    |"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*')
    |[$?](?P<variable>\w+)|(?P<word>[A-Za-z_][\w.-]*:?)|(?P<brace>[{}])|.""",
    re.VERBOSE | re.DOTALL,
)
_SEEING_OUTSIDE: Final = frozenset({"exists", "optional", "graph"})
_AGGREGATING: Final = frozenset({"limit", "offset", "having", "group"})
_BOUND: Final = re.compile(r"\bbound\s*\(\s*[$?]this\s*\)", re.IGNORECASE)


def read_sparql(graph: Graph, node: Node, path: str | None) -> str:
    """Return the SELECT of a constraint, with its prefixes and its path.

    Raises:
        ShapesNotValid: it has no SELECT, or one with what SHACL forbids (appendix A).
        NotImplementedError: it needs what only another engine does.
    """
    selects = list(graph.objects(node, SH.select))
    if len(selects) != 1:
        if (node, SH.ask, None) in graph:
            raise NotImplementedError("sh:ask is no SELECT")
        raise ShapesNotValid("sh:sparql needs one sh:select")
    text = str(selects[0])
    words = list(_WORD.finditer(text))
    for word in words:
        plain = (word["word"] or "").lower()
        if plain in ("minus", "values", "service"):
            raise ShapesNotValid(f"a constraint in SPARQL may not use {plain.upper()}")
        if word["variable"] in ("shapesGraph", "currentShape"):
            raise NotImplementedError(f"${word['variable']} is not known")
        if plain == "as" and re.match(r"\s*[$?]this\b", text[word.end() :]):
            raise ShapesNotValid("a constraint in SPARQL may not bind $this anew")
    if not any(word["variable"] == "this" for word in words):
        raise ShapesNotValid("the SELECT must give $this")
    _refuse_projections(text)
    text = re.sub(r"[$?]PATH\b", lambda _: path or "$PATH", text)
    query = f"{_prefixes(graph, node)}{text}"
    try:
        refuse_remote(query)
        refuse_intricate(query)
    except QueryNotValid as error:
        raise ShapesNotValid(str(error)) from error
    return query


def _refuse_projections(text: str) -> None:
    """Subqueries must give all pre-bound variables that they use (SHACL appendix A)."""
    for match in re.finditer(r"\{\s*SELECT\b(.*?)(?:WHERE\s*)?\{", text, re.DOTALL | re.IGNORECASE):
        if not re.search(r"[$?]this\b", match[1]):
            raise ShapesNotValid("a subquery of a constraint in SPARQL must give $this")


def _prefixes(graph: Graph, node: Node) -> str:
    declared: dict[str, str] = {}
    waiting, seen = list(graph.objects(node, SH.prefixes)), set()
    while waiting:
        source = waiting.pop()
        if source in seen:
            continue
        seen.add(source)
        waiting.extend(graph.objects(source, OWL.imports))
        for declaration in graph.objects(source, SH.declare):
            prefix = graph.value(declaration, SH.prefix)
            namespace = graph.value(declaration, SH.namespace)
            if prefix is None or namespace is None:
                raise ShapesNotValid("sh:declare needs sh:prefix and sh:namespace")
            if declared.setdefault(str(prefix), str(namespace)) != str(namespace):
                raise ShapesNotValid(f"the prefix {prefix} is declared twice, differently")
    return "".join(f"PREFIX {name}: <{iri}>\n" for name, iri in sorted(declared.items()))


def joined_with(select: str, focus: str) -> str | None:
    """Return the SELECT for all nodes at once that the pattern ``focus`` binds as ``?this``.

    None where this would not mean the same as one query for each node: pre-binding
    reaches everywhere, a join does not reach into subqueries and other groups.
    """
    depth, before, head = 0, "", True
    kinds: list[str] = []
    start = -1
    for word in _WORD.finditer(select):
        plain = (word["word"] or "").lower()
        if word["brace"] == "{":
            kinds.append(before)
            depth += 1
            if depth == 1:
                start, head = word.end(), False
        elif word["brace"] == "}":
            kinds.pop()
            depth -= 1
        elif word["variable"] == "this" and any(k not in _SEEING_OUTSIDE for k in kinds[1:]):
            return None
        if plain in _AGGREGATING or (plain in ("select", "union") and not head):
            return None
        if plain in ("count", "sum", "min", "max", "avg", "sample", "group_concat"):
            return None
        if plain:
            before = plain
        elif word["brace"] or (word[0].strip() and not word["skip"] and not word["variable"]):
            before = "" if before not in _SEEING_OUTSIDE or word["brace"] else before
    if start < 0:
        return None
    return f"{select[:start]} {focus} {select[start:]}"


def for_node(select: str, focus: Term) -> str:
    """Return the SELECT with ``$this`` bound to one node, everywhere, as SHACL wants it."""
    text = sparql(focus)
    head, brace, body = select.partition("{")
    body = _BOUND.sub("(true)", body)
    # in projections a variable must stay a variable
    body = re.sub(r"(SELECT\b[^{]*?)[$?]this\b", r"\1", body, flags=re.IGNORECASE)
    body = re.sub(r"SELECT\s*((?:WHERE\s*)?\{)", r"SELECT * \1", body, flags=re.IGNORECASE)
    body = re.sub(r"[$?]this\b", lambda _: text, body)
    return f"{head}{brace} BIND({text} AS ?this) {body}"


def filled(message: Literal, row: dict[str, Term | None]) -> Literal:
    """Return a message with the values of ``{?name}`` and ``{$name}`` filled in."""

    def value(match: re.Match[str]) -> str:
        return shown(row.get(match[1])) or match[0]

    text = re.sub(r"\{[?$](\w+)\}", value, message.value)
    return Literal(text, message.datatype, message.language)
