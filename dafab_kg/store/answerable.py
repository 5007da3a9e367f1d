"""Which queries a server is asked as they stand.

Of a server that keeps all literals (``exact``), those that need nothing beyond SPARQL 1.1.  Of
one that computes in its own way, those whose answer rests on patterns of IRIs alone.  All others
are answered here, from what the server is asked for by patterns (:mod:`.gathering`).
"""

from __future__ import annotations

from typing import Final

from dafab_kg.sparql.tree import (
    Aggregate,
    BuiltIn,
    Call,
    Exists,
    GraphPattern,
    In,
    IriTerm,
    Lateral,
    LiteralTerm,
    NegatedPath,
    Node,
    Operation,
    Query,
    RepeatedPath,
    Variable,
    walk,
)

XSD: Final = "http://www.w3.org/2001/XMLSchema#"
_TELLING: Final = frozenset({"ISIRI", "ISURI", "ISLITERAL", "BOUND", "SAMETERM"})
"""Functions that ask what kind of term there is, not for its value."""
_OWN: Final = frozenset({"NOW", "RAND", "UUID", "STRUUID", "BNODE", "ADJUST", "TRIPLE"})
"""Functions whose answer is another each time, or that are not of SPARQL 1.1."""


def is_answerable(query: Query, *, exact: bool, dataset: bool) -> bool:
    """Tell whether a server answers a query as the embedded store would.

    ``dataset``: the request names graphs for GRAPH too; without, a server shows none or all.
    """
    if query.form == "DESCRIBE":  # each engine describes in its own way
        return False
    for node in walk(query):
        match node:
            case Lateral():
                return False
            case GraphPattern() if not (dataset or query.named):
                return False
            case Call(function) if not function.startswith(XSD):
                return False
            case BuiltIn(name) if name in _OWN:
                return False
    return exact or all(map(_rests_on_patterns, walk(query)))


def _rests_on_patterns(node: Node) -> bool:
    match node:
        case LiteralTerm() | In() | Call() | GraphPattern() | RepeatedPath() | NegatedPath():
            return False
        case BuiltIn(name):
            return name in _TELLING
        case Aggregate(name, argument):
            return name == "COUNT" and (argument is None or isinstance(argument, Variable))
        case Operation(operator, operands):
            return operator in ("!", "&&", "||") or (
                operator in ("=", "!=") and any(isinstance(one, IriTerm) for one in operands)
            )
        case Exists():
            return True
        case Query():
            return not node.order_by and not node.having
    return True
