"""Which variables a pattern binds, and where that breaks a rule (SPARQL 1.1, 18.2.1, 19.8)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from dafab_kg.model.errors import NotAnalysed
from dafab_kg.sparql.tree import (
    Aggregate,
    Bind,
    BlankTerm,
    Element,
    Exists,
    Expression,
    Filter,
    GraphPattern,
    Group,
    Lateral,
    Minus,
    Node,
    Optional,
    Query,
    Service,
    SubSelect,
    Triple,
    Union,
    Values,
    Variable,
    children,
    walk,
)


def visible(element: Element) -> frozenset[str]:
    """Return the variables in scope of a pattern: those that its answers may bind."""
    match element:
        case Triple():
            terms = (element.subject, element.predicate, element.object)
            return frozenset(term.name for term in terms if isinstance(term, Variable))
        case Group(elements):
            return frozenset().union(*map(visible, elements))
        case Optional(group) | Lateral(group):
            return visible(group)
        case Union(groups):
            return frozenset().union(*map(visible, groups))
        case GraphPattern(name, group) | Service(name, group):
            named = frozenset({name.name} if isinstance(name, Variable) else ())
            return named | visible(group)
        case Bind(_, variable):
            return frozenset({variable.name})
        case Values(variables):
            return frozenset(variable.name for variable in variables)
        case SubSelect(query):
            return projected(query)
        case Minus() | Filter():
            return frozenset()


def projected(query: Query) -> frozenset[str]:
    """Return the variables that a SELECT answers with."""
    if query.star:
        found = visible(query.where) if query.where else frozenset()
        return found | (visible(query.values) if query.values else frozenset())
    return frozenset(each.variable.name for each in query.projection)


def mentioned(expression: Node) -> frozenset[str]:
    """Return all variables that an expression or pattern names, at any depth."""
    return frozenset(node.name for node in walk(expression) if isinstance(node, Variable))


def aggregates(expression: Expression) -> Iterator[Aggregate]:
    """The aggregates of an expression; those of patterns below EXISTS are not its own."""
    if isinstance(expression, Aggregate):
        yield expression
    elif not isinstance(expression, Exists):
        for child in children(expression):
            yield from aggregates(child)  # type: ignore[arg-type]  # parts of an expression


def aggregated(query: Query) -> bool:
    """Tell whether a query groups its rows."""
    expressions = [*query.having, *(order.expression for order in query.order_by)]
    expressions += [each.expression for each in query.projection if each.expression]
    return bool(query.group_by) or any(any(aggregates(each)) for each in expressions)


def refuse_wrong_scope(query: Query) -> None:
    """Refuse what the grammar allows and its notes forbid.

    Raises:
        NotAnalysed: a variable is bound twice, projected without being grouped, or a
            label of a blank node stands in two patterns.
    """
    bound = visible(query.where) if query.where else frozenset()
    if query.star and query.form == "SELECT" and aggregated(query):
        raise NotAnalysed("SELECT * of groups", query.start)
    before: set[str] = set()
    for each in query.projection:
        if each.expression is not None and each.variable.name in bound | before:
            raise NotAnalysed("A variable that is bound is bound again", each.start)
        before.add(each.variable.name)
    if aggregated(query):
        _refuse_ungrouped(query)
    if query.where is not None:
        _refuse_binding_again(query.where)
        # A group of EXISTS or of a sub-select is looked at with its own query or here.
        _refuse_shared_labels(query.where)


def _refuse_ungrouped(query: Query) -> None:
    grouped = {each.variable.name for each in query.group_by if each.variable}
    grouped |= {
        each.expression.name for each in query.group_by if isinstance(each.expression, Variable)
    }
    for each in query.projection:
        for name in _outside_aggregates(each.expression or each.variable):
            if name not in grouped:
                raise NotAnalysed(f"?{name} is neither grouped nor aggregated", each.start)
        grouped.add(each.variable.name)


def _outside_aggregates(node: Node) -> Iterator[str]:
    if isinstance(node, Variable):
        yield node.name
    elif not isinstance(node, Aggregate | Exists):
        for child in children(node):
            yield from _outside_aggregates(child)


def _groups(node: Node) -> Iterable[Group]:
    return (each for each in walk(node) if isinstance(each, Group))


def _refuse_binding_again(where: Group) -> None:
    for group in _groups(where):
        bound: set[str] = set()
        for element in group.elements:
            if isinstance(element, Bind) and element.variable.name in bound:
                raise NotAnalysed("BIND of a variable that is bound before", element.start)
            bound |= visible(element)


def _refuse_shared_labels(where: Group) -> None:
    """A label stands for one node within one basic graph pattern only."""
    used: dict[str, tuple[int, int]] = {}
    for group in _groups(where):
        part = 0
        for element in group.elements:
            if not isinstance(element, Triple | Filter):
                part += 1
                continue
            if isinstance(element, Filter):
                continue
            for term in (element.subject, element.object):
                if isinstance(term, BlankTerm):
                    place = (group.start, part)
                    if used.setdefault(term.label, place) != place:
                        raise NotAnalysed("A label of a blank node is used again", term.start)
