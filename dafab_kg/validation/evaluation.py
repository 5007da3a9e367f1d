"""Judging: each constraint is a query that gives only what breaks it.

Of few statements, which are held beside, what a shape asks of each value by itself is looked up
instead: to read and plan a query takes longer than that.

A shape is judged for all its focus nodes at once.  A shape inside another is
judged for all values of the outer one at once, and the sets of failing nodes
are combined here.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final, Protocol

from dafab_kg.store.protocol import Iri, Literal, Row, Term
from dafab_kg.validation.patterns import Focus, Patterns
from dafab_kg.validation.results import COMPONENT, Result, default_message
from dafab_kg.validation.shapes import (
    ClassConstraint,
    Closed,
    Constraint,
    CountConstraint,
    HasValue,
    LogicConstraint,
    PairConstraint,
    Path,
    Qualified,
    Shape,
    Shapes,
    SparqlConstraint,
    UniqueLang,
    ValueConstraint,
)
from dafab_kg.validation.sparql_running import Asked, run_sparql
from dafab_kg.validation.terms import sparql
from dafab_kg.validation.xsd import compare

Key = tuple[str, Term]
"""A node in the graph that is judged."""
Statements = Mapping[tuple[str, Term, Term], Sequence[Term]]
"""Objects by graph, subject and predicate."""


class Source(Asked, Protocol):
    """What is judged."""

    def rows(self, query: str, default_graph: str | None = None) -> Iterator[Row]:
        """Answer a SELECT (over one named graph as the default graph, if given)."""
        ...


@dataclass
class Evaluation:
    """One run of shapes over a source."""

    source: Source
    shapes: Shapes
    patterns: Patterns
    as_stored: Source | None = None
    """Where queries of others are asked, if not at ``source``."""
    held: Statements | None = None
    """All statements of the source, if they are few."""
    _focused: dict[Focus, list[Key]] = field(default_factory=dict, init=False)

    def run(self) -> set[Result]:
        """Return all results."""
        found: set[Result] = set()
        for root in self.shapes.roots:
            for target in root.targets:
                focus = self.patterns.targeted(target)
                if focus is not None:
                    found.update(self.judge(root.shape, focus))
        return found

    def judge(self, node: Term, focus: Focus) -> Iterator[Result]:
        """Yield what nodes break of a shape, and of the property shapes in it."""
        shape = self.shapes.by_node[node]
        if shape.deactivated or self._is_idle(shape):
            return
        yield from self._own(shape, focus)
        values = self.patterns.values(focus, shape.path)
        for part in shape.properties:
            yield from self.judge(part, values)

    def failing(self, node: Term, focus: Focus) -> set[Key]:
        """Return the focus nodes that do not conform to a shape."""
        shape = self.shapes.by_node[node]
        if shape.deactivated or self._is_idle(shape):
            return set()
        failed = {(result.graph, result.focus) for result in self._own(shape, focus)}
        values = self.patterns.values(focus, shape.path)
        for part in shape.properties:
            bad = self.failing(part, values)
            failed.update(key for key, _ in self._pairs_in(shape, focus, bad))
        return failed

    def _is_idle(self, shape: Shape) -> bool:
        """Tell whether a shape asks for nothing but values, of which there are surely none."""
        return self.patterns.lacks(shape.path) and all(
            isinstance(one, ValueConstraint | ClassConstraint | UniqueLang)
            or (isinstance(one, CountConstraint) and one.component == "MaxCount")
            for one in shape.constraints
        )

    def select(
        self, variables: Iterable[str], body: str, tail: str = "", *, distinct: bool = False
    ) -> Iterator[Row]:
        """Answer a SELECT; the first column is the graph."""
        graph = "?g" if self.patterns.by_graph else ""
        word = "SELECT DISTINCT" if distinct else "SELECT"
        for row in self.source.rows(f"{word} {graph} {' '.join(variables)} {{ {body} }} {tail}"):
            yield row if graph else (Iri(""), *row)

    def pairs(self, shape: Shape, focus: Focus, condition: str = "") -> Iterator[tuple[Key, Term]]:
        """Yield each focus node with each of its values, once, where ``condition`` holds."""
        values = self.patterns.values(focus, shape.path)
        body = f"{values.pattern} {condition}"
        columns = [focus.variable] + [values.variable] * (shape.path is not None)
        for row in self.select(columns, body, distinct=True):
            graph, node, value = row[0], row[1], row[-1]
            assert graph is not None
            assert node is not None
            assert value is not None
            yield (graph.value, node), value

    def result(
        self,
        shape: Shape,
        component: str,
        key: Key,
        value: Term | None = None,
        path: Term | None = None,
    ) -> Result:
        """Make a result of a shape."""
        if path is None and shape.path is not None:
            path = shape.path.node
        return Result(
            key[0], key[1], path, value, COMPONENT.format(component), shape.node,
            shape.severity, shape.messages or (default_message(component),),
        )  # fmt: skip

    def _pairs_in(self, shape: Shape, focus: Focus, bad: set[Key]) -> Iterator[tuple[Key, Term]]:
        """Yield the pairs whose value is in ``bad``."""
        if not bad:
            return
        if shape.path is None:
            yield from ((key, key[1]) for key in bad)
            return
        for key, value in self.pairs(shape, focus):
            if (key[0], value) in bad:
                yield key, value

    def _own(self, shape: Shape, focus: Focus) -> Iterator[Result]:
        """Yield what nodes break of the constraints that a shape itself states."""
        merged = [c for c in shape.constraints if _is_merged(c, shape.path)]
        if merged and self.held is not None and (shape.path is None or shape.path.is_predicate):
            yield from self._looked_up(self.held, shape, focus, merged)
        elif merged:
            yield from self._merged(shape, focus, merged)
        for constraint in shape.constraints:
            if not _is_merged(constraint, shape.path):
                yield from _JUDGES[type(constraint)](self, shape, focus, constraint)

    def _looked_up(
        self, held: Statements, shape: Shape, focus: Focus, constraints: list[Constraint]
    ) -> Iterator[Result]:
        """Do as :meth:`_merged`, by the statements held."""
        counts = {c.component for c in constraints if isinstance(c, CountConstraint)}
        on_values = [c for c in constraints if isinstance(c, ValueConstraint)]
        if focus not in self._focused:
            self._focused[focus] = list(self._nodes(focus))
        for key in self._focused[focus]:
            found: Sequence[Term] = (key[1],)
            if shape.path is not None:
                found = held.get((*key, shape.path.node), ())
            if not found and "MinCount" in counts:
                yield self.result(shape, "MinCount", key)
            if len(found) > 1 and "MaxCount" in counts:
                yield self.result(shape, "MaxCount", key)
            for value in found:
                for constraint in on_values:
                    if not constraint.holds(value):
                        yield self.result(shape, constraint.component, key, value)

    def _merged(
        self, shape: Shape, focus: Focus, constraints: list[Constraint]
    ) -> Iterator[Result]:
        """Judge values each by itself, whether there is one, and whether there is another."""
        counts = {c.component: c.number for c in constraints if isinstance(c, CountConstraint)}
        on_values = [c for c in constraints if isinstance(c, ValueConstraint)]
        values = self.patterns.values(focus, shape.path)
        value = values.variable
        wrong = [f"!({' && '.join(c.accepts for c in on_values)})"] if on_values else []
        wrong = [one.replace("{value}", value) for one in wrong]
        wrong = [f"COALESCE({one}, true)" for one in wrong]
        body, columns = values.pattern, [focus.variable] + [value] * (shape.path is not None)
        if "MinCount" in counts and shape.path is not None:
            step = self.patterns.at(f"{focus.variable} {shape.path.text} {value} .")
            body = f"{focus.pattern} OPTIONAL {{ {step} }}"
            wrong.insert(0, f"!BOUND({value})")
        if "MaxCount" in counts and shape.path is not None:
            step = self.patterns.at(f"{focus.variable} {shape.path.text} ?other .")
            more = f"EXISTS {{ {step} FILTER(!sameTerm(?other, {value})) }}"
            body += f" BIND(BOUND({value}) && {more} AS ?more)"
            wrong.append("?more")
            columns.append("?more")
        body += f" FILTER({' || '.join(wrong)})"
        for row in self.select(columns, body):
            graph, node, found = row[0], row[1], row[1 if shape.path is None else 2]
            assert graph is not None
            assert node is not None
            key = (graph.value, node)
            if found is None:
                yield self.result(shape, "MinCount", key)
                continue
            if len(row) > 3 and row[3] is not None and row[3].value == "true":
                yield self.result(shape, "MaxCount", key)
            for constraint in on_values:
                if not constraint.holds(found):
                    yield self.result(shape, constraint.component, key, found)

    def _class(self, shape: Shape, focus: Focus, constraint: ClassConstraint) -> Iterator[Result]:
        value = self.patterns.values(focus, shape.path).variable
        classes = self.patterns.classes(constraint.iri)
        condition = ""
        if len(classes) == 1:
            condition = f"FILTER NOT EXISTS {{ {self.patterns.at(f'{value} a {classes[0]} .')} }}"
        elif classes:
            typed = self.patterns.at(f"{value} a ?kind .")
            condition = f"FILTER NOT EXISTS {{ {typed} FILTER(?kind IN ({', '.join(classes)})) }}"
        for key, found in self.pairs(shape, focus, condition):
            yield self.result(shape, "Class", key, found)

    def _count(self, shape: Shape, focus: Focus, constraint: CountConstraint) -> Iterator[Result]:
        counted: defaultdict[Key, int] = defaultdict(int)
        for key, _ in self.pairs(shape, focus):
            counted[key] += 1
        if constraint.component == "MaxCount":
            wrong = [key for key, number in counted.items() if number > constraint.number]
        else:
            nodes = self._nodes(focus)
            wrong = [key for key in nodes if counted.get(key, 0) < constraint.number]
        for key in wrong:
            yield self.result(shape, constraint.component, key)

    def _nodes(self, focus: Focus) -> Iterator[Key]:
        for graph, node in self.select([focus.variable], focus.pattern, distinct=True):
            assert graph is not None
            assert node is not None
            yield graph.value, node

    def _has_value(self, shape: Shape, focus: Focus, constraint: HasValue) -> Iterator[Result]:
        there = self.patterns.reaches(focus, shape.path, sparql(constraint.term))
        pattern = f"{focus.pattern} FILTER(!{there})"
        for key in self._nodes(Focus(pattern, focus.variable)):
            yield self.result(shape, "HasValue", key)

    def _pair(self, shape: Shape, focus: Focus, constraint: PairConstraint) -> Iterator[Result]:
        values = self.patterns.values(focus, shape.path)
        node, value, predicate = focus.variable, values.variable, constraint.predicate
        same = f"EXISTS {{ {self.patterns.at(f'{node} {predicate} {value} .')} }}"
        if constraint.kind.startswith("lessThan"):
            yield from self._less_than(shape, focus, constraint)
            return
        condition = f"FILTER({'!' if constraint.kind == 'equals' else ''}{same})"
        for key, found in self.pairs(shape, focus, condition):
            yield self.result(shape, constraint.component, key, found)
        if constraint.kind == "equals":
            other = self.patterns.at(f"{node} {predicate} ?other .")
            there = self.patterns.reaches(focus, shape.path, "?other")
            body = f"{focus.pattern} {other} FILTER(!{there})"
            for graph, subject, found in _full(self.select([node, "?other"], body)):
                yield self.result(shape, constraint.component, (graph.value, subject), found)

    def _less_than(
        self, shape: Shape, focus: Focus, constraint: PairConstraint
    ) -> Iterator[Result]:
        values = self.patterns.values(focus, shape.path)
        node, value = focus.variable, values.variable
        sign, most = ("<", -1) if constraint.kind == "lessThan" else ("<=", 0)
        other = self.patterns.at(f"{node} {constraint.predicate} ?other .")
        body = f"{values.pattern} {other} FILTER(!COALESCE({value} {sign} ?other, false))"
        for graph, subject, one, two in _full(self.select([node, value, "?other"], body)):
            order = compare(one, two)
            if order is None or order > most:
                yield self.result(shape, constraint.component, (graph.value, subject), one)

    def _unique_lang(self, shape: Shape, focus: Focus, constraint: UniqueLang) -> Iterator[Result]:
        value = self.patterns.values(focus, shape.path).variable
        tags: defaultdict[Key, list[str]] = defaultdict(list)
        for key, found in self.pairs(shape, focus, f'FILTER(LANG({value}) != "")'):
            if isinstance(found, Literal):
                tags[key].append(found.language.lower())
        for key, languages in tags.items():
            if len(set(languages)) < len(languages):
                yield self.result(shape, "UniqueLang", key)

    def _closed(self, shape: Shape, focus: Focus, constraint: Closed) -> Iterator[Result]:
        values = self.patterns.values(focus, shape.path)
        said = self.patterns.at(f"{values.variable} ?predicate ?object .")
        body = f"{values.pattern} {said}"
        if constraint.allowed:
            body += f" FILTER(?predicate NOT IN ({', '.join(constraint.allowed)}))"
        columns = [focus.variable, "?predicate", "?object"]
        for graph, node, predicate, found in _full(self.select(columns, body)):
            yield self.result(shape, "Closed", (graph.value, node), found, predicate)

    def _logic(self, shape: Shape, focus: Focus, constraint: LogicConstraint) -> Iterator[Result]:
        values = self.patterns.values(focus, shape.path)
        failed = [self.failing(member, values) for member in constraint.members]
        if constraint.kind in ("node", "and", "or"):
            together = set.intersection if constraint.kind == "or" else set.union
            bad = together(*failed) if failed else set()
            if constraint.kind == "or" and not failed:
                bad = {(key[0], value) for key, value in self.pairs(shape, focus)}
            wrong = self._pairs_in(shape, focus, bad)
        else:
            passing = 0 if constraint.kind == "not" else 1
            wrong = (
                (key, value)
                for key, value in self.pairs(shape, focus)
                if sum((key[0], value) not in one for one in failed) != passing
            )
        for key, value in wrong:
            yield self.result(shape, constraint.component, key, value)

    def _qualified(self, shape: Shape, focus: Focus, constraint: Qualified) -> Iterator[Result]:
        values = self.patterns.values(focus, shape.path)
        failed = self.failing(constraint.shape, values)
        others = [self.failing(sibling, values) for sibling in constraint.siblings]
        counted: defaultdict[Key, int] = defaultdict(int)
        for key, value in self.pairs(shape, focus):
            place = (key[0], value)
            counted[key] += place not in failed and all(place in other for other in others)
        least, most = constraint.least, constraint.most
        if least:
            for key in self._nodes(focus):
                if counted.get(key, 0) < least:
                    yield self.result(shape, "QualifiedMinCount", key)
        if most is not None:
            for key, number in counted.items():
                if number > most:
                    yield self.result(shape, "QualifiedMaxCount", key)

    def _sparql(self, shape: Shape, focus: Focus, constraint: SparqlConstraint) -> Iterator[Result]:
        source = self.as_stored or self.source
        for found in run_sparql(source, focus, constraint, self._nodes, self.patterns.by_graph):
            value = found.value
            if value is None and shape.path is None:
                value = found.focus
            key = (found.graph, found.focus)
            made = self.result(shape, "SPARQL", key, value, found.path)
            messages = found.messages or made.messages
            yield replace(made, messages=messages, constraint=constraint.node)


def _full(rows: Iterable[Row]) -> Iterator[tuple[Term, ...]]:
    for row in rows:
        yield tuple(term for term in row if term is not None)


def _is_merged(constraint: Constraint, path: Path | None) -> bool:
    """Tell whether a constraint shares the one query of its shape."""
    if isinstance(constraint, CountConstraint):
        return constraint.number == 1 and path is not None and path.is_predicate
    return isinstance(constraint, ValueConstraint)


_JUDGES: Final[dict[type, Callable[..., Iterator[Result]]]] = {
    ClassConstraint: Evaluation._class,
    CountConstraint: Evaluation._count,
    HasValue: Evaluation._has_value,
    PairConstraint: Evaluation._pair,
    UniqueLang: Evaluation._unique_lang,
    Closed: Evaluation._closed,
    LogicConstraint: Evaluation._logic,
    Qualified: Evaluation._qualified,
    SparqlConstraint: Evaluation._sparql,
}
