"""What of a graph a query can need: small queries for patterns that any server answers.

A query's answer depends only on the triples that take part in solutions of its patterns.  Who
has those has all that it needs, and can answer it elsewhere: so a server needs to know no
function, no LATERAL, no comparison of numbers.

For each group the triple patterns that stand in it directly are asked for together, joined with
those of the groups around it, with lists of IRIs (VALUES) in both.  That leaves nothing out:

* a solution of a group has in it a solution of all its direct patterns and lists joined,
  whatever OPTIONAL, MINUS, BIND and FILTER stand between them;
* a solution of an inner group that fits no solution of the patterns around it is joined with
  nothing, removes nothing (MINUS), and fills nothing in (OPTIONAL, EXISTS).

A sub-select stands alone, for it may hide, count or cut.  A repeated path may go over any triple
of its predicates, so all of those are asked for.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import count
from typing import Final

from dafab_kg.model.errors import QueryNotValid
from dafab_kg.sparql.tree import (
    AlternativePath,
    Bind,
    BlankTerm,
    Exists,
    Filter,
    GraphPattern,
    Group,
    InversePath,
    IriTerm,
    Lateral,
    Minus,
    NegatedPath,
    Node,
    Optional,
    Path,
    Query,
    RepeatedPath,
    SequencePath,
    Service,
    SubSelect,
    Term,
    Triple,
    Union,
    Values,
    Variable,
    children,
    walk,
)

AT_ONCE: Final = 400
"""IRIs of a list that are asked for in one query."""

Pattern = tuple[Term, "Variable | IriTerm", Term]
GraphName = Variable | IriTerm | None


@dataclass(frozen=True)
class Listed:
    """A list of IRIs for a variable, or of rows of them for several."""

    variables: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]

    def text(self, rows: Sequence[tuple[str, ...]]) -> str:
        """Write some of its rows as VALUES."""
        if len(self.variables) == 1:
            inner = " ".join(f"<{row[0]}>" for row in rows)
            return f"VALUES ?{self.variables[0]} {{ {inner} }}"
        inner = " ".join(f"({' '.join(f'<{iri}>' for iri in row)})" for row in rows)
        return f"VALUES ({' '.join(f'?{name}' for name in self.variables)}) {{ {inner} }}"


@dataclass(frozen=True)
class Gathered:
    """Patterns whose triples are wanted, of one graph, where they fit ``given`` and ``lists``."""

    graph: GraphName
    wanted: tuple[Pattern, ...]
    given: tuple[Pattern, ...] = ()
    lists: tuple[Listed, ...] = ()


@dataclass
class _Walk:
    """Goes through a query and collects what it needs."""

    found: list[Gathered] = field(default_factory=list)
    numbers: Iterator[int] = field(default_factory=count)
    ends: list[tuple[Term, Term]] = field(default_factory=list)
    """Of paths of the present group that may have no length."""

    def query(self, query: Query, graph: GraphName, lists: tuple[Listed, ...]) -> None:
        if query.values is not None:
            lists = (*lists, *_listed(query.values))
        own: tuple[Pattern, ...] = ()
        if query.where is not None:
            own = self.group(query.where, graph, (), lists)
        parts: list[Node] = [*query.having, *query.order_by, *query.group_by, *query.projection]
        self.exists(parts, graph, own, lists)
        for named in query.described:
            fresh = (named, self.fresh(), self.fresh())
            self.found.append(Gathered(graph, (fresh,), own, lists))

    def group(
        self, group: Group, graph: GraphName, given: tuple[Pattern, ...], lists: tuple[Listed, ...]
    ) -> tuple[Pattern, ...]:
        """Collect what a group needs; return its own patterns."""
        own: list[Pattern] = []
        self.ends = []
        for element in group.elements:
            if isinstance(element, Triple):
                self.triple(element, graph, own)
            elif isinstance(element, Values):
                lists = (*lists, *_listed(element))
        if own:
            self.found.append(Gathered(graph, tuple(own), given, lists))
        inside = (*given, *own)
        self.refuse_loose_ends(inside, lists)
        for element in group.elements:
            match element:
                case Group():
                    self.group(element, graph, inside, lists)
                case Optional(inner) | Minus(inner) | Lateral(inner):
                    self.group(inner, graph, inside, lists)
                case Union(groups):
                    for each in groups:
                        self.group(each, graph, inside, lists)
                case GraphPattern(name, inner):
                    self.group(inner, name, (), lists)
                case SubSelect(query):
                    self.query(query, graph, ())
                case Filter(expression) | Bind(expression, _):
                    self.exists([expression], graph, inside, lists)
                case Service():
                    raise QueryNotValid(
                        "SERVICE is refused: a graph behind a server calls no other. Ask the "
                        "other endpoint yourself, and join the answers"
                    )
        return tuple(own)

    def exists(
        self,
        parts: Iterable[Node],
        graph: GraphName,
        given: tuple[Pattern, ...],
        lists: tuple[Listed, ...],
    ) -> None:
        """Collect what EXISTS within expressions needs."""
        waiting = list(parts)
        while waiting:
            node = waiting.pop()
            if isinstance(node, Exists):
                self.group(node.group, graph, given, lists)
            else:
                waiting.extend(children(node))

    def triple(self, triple: Triple, graph: GraphName, own: list[Pattern]) -> None:
        predicate = triple.predicate
        if isinstance(predicate, Variable | IriTerm):
            own.append((_open(triple.subject), predicate, _open(triple.object)))
        else:
            self.path(_open(triple.subject), predicate, _open(triple.object), graph, own)

    def path(
        self, start: Term, path: Path, end: Term, graph: GraphName, own: list[Pattern]
    ) -> None:
        match path:
            case IriTerm():
                own.append((start, path, end))
            case InversePath(inner):
                self.path(end, inner, start, graph, own)
            case SequencePath(paths):
                steps = [start, *(self.fresh() for _ in paths[1:]), end]
                for one, inner, other in zip(steps, paths, steps[1:], strict=False):
                    self.path(one, inner, other, graph, own)
            case NegatedPath():
                self.all_of(self.fresh(), graph)
            case AlternativePath() | RepeatedPath():
                for part in walk(path):
                    if isinstance(part, NegatedPath):
                        self.all_of(self.fresh(), graph)
                    elif isinstance(part, IriTerm):
                        self.all_of(part, graph)
                if any(isinstance(p, RepeatedPath) and p.how != "+" for p in walk(path)):
                    self.ends.append((start, end))

    def all_of(self, predicate: Variable | IriTerm, graph: GraphName) -> None:
        """Ask for all triples of a predicate."""
        self.found.append(Gathered(graph, ((self.fresh(), predicate, self.fresh()),)))

    def refuse_loose_ends(self, inside: tuple[Pattern, ...], lists: tuple[Listed, ...]) -> None:
        """Refuse a path of maybe no length whose ends nothing else binds.

        It holds of each term of the graph with itself, and not all of them are gathered.
        """
        known = frozenset().union(*map(_names, inside), *(one.variables for one in lists))
        for ends in self.ends:
            if not any(not isinstance(t, Variable) or t.name in known for t in ends):
                raise QueryNotValid(
                    "A path that may have no length goes from anything to anything. Bind one "
                    "end of it by another pattern"
                )

    def fresh(self) -> Variable:
        return Variable(f"gathered_{next(self.numbers)}", start=0, end=0)


def gathered(query: Query, bound: dict[str, str] | None = None) -> list[Gathered]:
    """Return what a query can need; ``bound`` are variables that stand for one IRI each.

    Raises:
        QueryNotValid: it calls SERVICE, or asks for each term of the graph.
    """
    walking = _Walk()
    lists = tuple(Listed((name,), ((iri,),)) for name, iri in (bound or {}).items())
    walking.query(query, None, lists)
    return list(dict.fromkeys(walking.found))


def connected(asked: Gathered) -> Iterator[Gathered]:
    """Take apart what shares no variable, for joined it would be all with all."""
    everything: list[tuple[frozenset[str], str, object]] = []
    for kind, patterns in (("wanted", asked.wanted), ("given", asked.given)):
        everything.extend((_names(p), kind, p) for p in patterns)
    everything.extend((frozenset(one.variables), "list", one) for one in asked.lists)
    loose = [item for item in everything if not item[0]]
    left = [item for item in everything if item[0]]
    yield from (Gathered(asked.graph, (p,)) for _, kind, p in loose if kind == "wanted")  # type: ignore[arg-type]
    while left:
        names, _, _ = left[0]
        part: list[tuple[frozenset[str], str, object]] = []
        while more := [item for item in left if item[0] & names]:
            part += more
            left = [item for item in left if not item[0] & names]
            names = names.union(*(item[0] for item in more))
        sorts: dict[str, list[object]] = {"wanted": [], "given": [], "list": []}
        for _, kind, item in part:
            sorts[kind].append(item)
        if sorts["wanted"]:
            yield Gathered(asked.graph, *(tuple(v) for v in sorts.values()))  # type: ignore[arg-type]


def _names(pattern: Pattern) -> frozenset[str]:
    return frozenset(term.name for term in pattern if isinstance(term, Variable))


def _open(term: Term) -> Term:
    """A blank node of a pattern is a variable; the brackets of its label are left out."""
    if isinstance(term, BlankTerm):
        label = "".join(c if c.isascii() and c.isalnum() else f"_{ord(c):x}_" for c in term.label)
        return Variable(f"blank_{label}", start=0, end=0)
    return term


def _listed(values: Values) -> Iterator[Listed]:
    """The columns of VALUES that hold nothing but IRIs."""
    columns = [
        place
        for place in range(len(values.variables))
        if all(isinstance(row[place], IriTerm) for row in values.rows)
    ]
    if columns:
        rows = (tuple(row[place].value for place in columns) for row in values.rows)  # type: ignore[union-attr]
        yield Listed(
            tuple(values.variables[place].name for place in columns), tuple(dict.fromkeys(rows))
        )
