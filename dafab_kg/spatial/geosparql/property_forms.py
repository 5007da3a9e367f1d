"""The query rewrite extension (GeoSPARQL 1.1, clause 12): relations as properties.

``?a geo:sfWithin ?b`` holds where it is asserted, and where the function of the same name
holds of any serialisations of the two: of the thing itself if it is a geometry, of its
default geometry if it is a feature.  A feature without a default geometry, but with one
geometry alone, has that one for default; so ``geo:hasDefaultGeometry``, alone or as the
first step of a path, is true of it too.

Each such triple pattern becomes a ``LATERAL`` group behind the basic graph pattern that it
stands in: as the engine answers it once for each row before it, both ends are bound as far
as they can be.  A row comes once, as basic graph pattern matching says (SPARQL 1.1
Entailment Regimes, section 7).  Patterns with a variable predicate and other property paths
mean what is asserted (clause 12, special considerations).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final

from dafab_kg.model.errors import NotAnalysed
from dafab_kg.sparql import parse_query, parse_update
from dafab_kg.sparql.edits import Edit, edited, remembered
from dafab_kg.sparql.tree import (
    BlankTerm,
    Filter,
    Group,
    IriTerm,
    Modify,
    Node,
    Query,
    SequencePath,
    Service,
    Term,
    Triple,
    Variable,
    children,
    walk,
)
from dafab_kg.spatial.geosparql.names import GEO, GEOF, RELATIONS

DEFAULT_GEOMETRY: Final = f"{GEO}hasDefaultGeometry"
HAS_GEOMETRY: Final = f"{GEO}hasGeometry"
SERIALISATIONS: Final = "|".join(f"<{GEO}as{form}>" for form in ("WKT", "GML", "GeoJSON", "KML"))
_SIGN: Final = re.compile("hasDefaultGeometry|" + "|".join(RELATIONS))


@remembered(512)
def expand(text: str, base: str | None = None) -> str:
    """Rewrite the property forms of a query; a text without any, or not analysed, stays as it is.

    What is written has none of them itself: it may be expanded again without harm.
    """
    if not _SIGN.search(text):
        return text
    try:
        query = parse_query(text, base=base)
    except NotAnalysed:
        return text
    return _Rewriting(text).of(query)


@remembered(64)
def expand_update(text: str, base: str | None = None) -> str:
    """Rewrite the property forms in the WHERE groups of an update."""
    if not _SIGN.search(text):
        return text
    try:
        update = parse_update(text, base=base)
    except NotAnalysed:
        return text
    rewriting = _Rewriting(text)
    for operation in update.operations:
        if isinstance(operation, Modify) and operation.where is not None:
            rewriting.collect(operation.where, star=False)
    return rewriting.text()


@dataclass
class _Rewriting:
    """One text, and what of it is written anew."""

    source: str
    edits: list[Edit] = field(default_factory=list)
    names: int = 0

    def of(self, query: Query) -> str:
        """The text of a query with its property forms expanded."""
        self._query(query)
        return self.text()

    def text(self) -> str:
        """The text with all edits done."""
        return edited(self.source, self.edits)

    def _query(self, query: Query) -> None:
        # CONSTRUCT WHERE {...} is template and pattern in one; nothing else may stand in it.
        where = query.where
        short = where is not None and any(
            where.start <= t.start < where.end for t in query.template
        )
        star = query.star or query.form == "DESCRIBE"
        if where is not None and not short:
            self.collect(where, star=star)
        rest = [*query.projection, *query.group_by, *query.having, *query.order_by]
        for node in rest:
            self._inside(node, star=star)

    def collect(self, group: Group, *, star: bool) -> None:
        """Expand what a group and the groups in it hold; ``star``: every variable is answered."""
        for run in _basic_patterns(group):
            if any(_form(triple) for triple in run):
                self._expand(run, star=star)
        for element in group.elements:
            if not isinstance(element, Triple | Service):
                self._inside(element, star=star)

    def _inside(self, node: Node, *, star: bool) -> None:
        if isinstance(node, Query):
            self._query(node)
        elif isinstance(node, Group):
            self.collect(node, star=star)
        elif not isinstance(node, Service):
            for child in children(node):
                self._inside(child, star=star)

    def _expand(self, run: Sequence[Triple], *, star: bool) -> None:
        writer = _Writer(self, {} if star else self._variables(run))
        written = writer.pattern(run)
        if written is None:
            return
        # Triples of one subject stand together; filters may stand between such pieces.
        pieces = list(_pieces(run))
        for piece in pieces[:-1]:
            self.edits.append(Edit(piece[0], piece[1], ""))
        self.edits.append(Edit(pieces[-1][0], pieces[-1][1], written))
        for piece in pieces:
            self._drop_dot(piece[1])

    def _drop_dot(self, at: int) -> None:
        """The dot that ended triples of the old text is in the way of what is written now."""
        found = _DOT.match(self.source, at)
        if found:
            self.edits.append(Edit(found.end() - 1, found.end(), ""))

    def _variables(self, run: Sequence[Triple]) -> dict[str, str]:
        """Give each blank node a variable: between groups they cannot be shared."""
        labels = {
            term.label
            for triple in run
            for term in (triple.subject, triple.object)
            if isinstance(term, BlankTerm)
        }
        return {label: self.fresh() for label in sorted(labels)}

    def fresh(self) -> str:
        """A variable that the text does not have."""
        while True:
            self.names += 1
            name = f"?geo_{self.names}"
            if name[1:] not in self.source:
                return name


_DOT: Final = re.compile(r"(?:\s|#[^\n\r]*[\n\r])*\.")


def _basic_patterns(group: Group) -> Iterator[list[Triple]]:
    """The basic graph patterns of a group: triples with nothing but filters between them."""
    run: list[Triple] = []
    for element in group.elements:
        if isinstance(element, Triple):
            run.append(element)
        elif not isinstance(element, Filter) and run:
            yield run
            run = []
    if run:
        yield run


def _pieces(run: Sequence[Triple]) -> Iterator[tuple[int, int]]:
    """Where the triples stand in the text, those that share characters together."""
    start, end = run[0].start, run[0].end
    for first, last in sorted((triple.start, triple.end) for triple in run):
        if first >= end and (first, last) != (start, end):
            yield start, end
            start = first
        end = max(end, last)
    yield start, end


def _form(triple: Triple) -> str:
    """Tell what a triple pattern is: "relation", "default", or "" for all others."""
    predicate = triple.predicate
    if isinstance(predicate, SequencePath):
        predicate = predicate.paths[0]
        return "default" if _is(predicate, DEFAULT_GEOMETRY) else ""
    if _is(predicate, DEFAULT_GEOMETRY):
        return "default"
    if isinstance(predicate, IriTerm) and predicate.value.removeprefix(GEO) in RELATIONS:
        return "relation"
    return ""


def _is(node: Node, iri: str) -> bool:
    return isinstance(node, IriTerm) and node.value == iri


def _names(triple: Triple) -> frozenset[str]:
    """What ties a triple to others: its variables and blank nodes."""
    ends = (triple.subject, triple.predicate, triple.object)
    return frozenset().union(*map(_name, ends))


def _name(term: Node) -> frozenset[str]:
    if isinstance(term, Variable):
        return frozenset({f"?{term.name}"})
    return frozenset({f"_:{term.label}"} if isinstance(term, BlankTerm) else ())


class _Writer:
    """Writes one basic graph pattern anew; ``blanks`` are the variables for its blank nodes."""

    def __init__(self, rewriting: _Rewriting, blanks: dict[str, str]) -> None:
        self._rewriting = rewriting
        self._blanks = blanks

    def pattern(self, run: Sequence[Triple]) -> str | None:
        """The text of the pattern; None if it needs a variable for a blank node and has none."""
        if not self._blanks and any(
            isinstance(term, BlankTerm) for t in run for term in (t.subject, t.object)
        ):
            return None
        plain = [triple for triple in run if not _form(triple)]
        defaults = [triple for triple in run if _form(triple) == "default"]
        before, after = _around(plain, defaults)
        parts = [self._triples(before)]
        parts += [f"LATERAL {{ {self._default(triple)} }}" for triple in defaults]
        parts += [f"LATERAL {{ {self._triples(group)} }}" for group in after]
        parts += [self._relation(triple) for triple in run if _form(triple) == "relation"]
        return " ".join(part for part in parts if part)

    def _triples(self, triples: Sequence[Triple]) -> str:
        return "".join(
            f"{self._term(t.subject)} {self._source(t.predicate)} {self._term(t.object)} . "
            for t in triples
        )

    def _default(self, triple: Triple) -> str:
        subject, value = self._term(triple.subject), self._term(triple.object)
        rest = ""
        if isinstance(triple.predicate, SequencePath):
            steps = triple.predicate.paths[1:]
            rest = "/" + self._rewriting.source[steps[0].start : triple.predicate.end]
        return self._default_or_only(subject, rest, value)

    def _default_or_only(self, subject: str, rest: str, value: str) -> str:
        """By the default geometry, or by the only one of a feature that has no default."""
        fresh = self._rewriting.fresh
        default, one, other = fresh(), fresh(), fresh()
        return (
            f"{{ {subject} {_asserted(DEFAULT_GEOMETRY)}{rest} {value} }} UNION "
            f"{{ {subject} <{HAS_GEOMETRY}>{rest} {value} "
            f"FILTER NOT EXISTS {{ {subject} {_asserted(DEFAULT_GEOMETRY)} {default} }} "
            f"FILTER NOT EXISTS {{ {subject} <{HAS_GEOMETRY}> {one}, {other} "
            f"FILTER ({one} != {other}) }} }}"
        )

    def _relation(self, triple: Triple) -> str:
        assert isinstance(triple.predicate, IriTerm)
        subject, value = self._term(triple.subject), self._term(triple.object)
        left, right = self._rewriting.fresh(), self._rewriting.fresh()
        name = triple.predicate.value.removeprefix(GEO)
        both = (
            f"{{ {subject} {_asserted(triple.predicate.value)} {value} }} UNION "
            f"{{ {self._serialised(subject, left)} {self._serialised(value, right)} "
            f"FILTER (<{GEOF}{name}>({left}, {right})) }}"
        )
        answered = " ".join(dict.fromkeys(t for t in (subject, value) if t.startswith("?")))
        if not answered:
            return f"FILTER EXISTS {{ {both} }}"
        return f"LATERAL {{ SELECT DISTINCT {answered} {{ {both} }} }}"

    def _serialised(self, thing: str, literal: str) -> str:
        default = self._default_or_only(thing, f"/({SERIALISATIONS})", literal)
        return f"{{ {default} UNION {{ {thing} {SERIALISATIONS} {literal} }} }}"

    def _term(self, term: Term) -> str:
        if isinstance(term, BlankTerm):
            return self._blanks[term.label]
        if isinstance(term, IriTerm):
            return f"<{term.value}>"
        return self._source(term)

    def _source(self, node: Node) -> str:
        return self._rewriting.source[node.start : node.end]


def _asserted(iri: str) -> str:
    """A predicate as a path that means the same and is not expanded once more."""
    return f"^(^<{iri}>)"


def _around(
    plain: Sequence[Triple], defaults: Sequence[Triple]
) -> tuple[list[Triple], list[list[Triple]]]:
    """Divide triples: those before the default geometries, and groups that hang on them only.

    A triple about a geometry that nothing else ties to the rest would be multiplied with it,
    and is asked after its geometry is known.
    """
    if not defaults:
        return list(plain), []
    wanted = frozenset().union(*(_name(triple.object) for triple in defaults))
    known = frozenset().union(*(_name(triple.subject) for triple in defaults)) - wanted
    before: list[Triple] = []
    after: list[list[Triple]] = []
    for group in _tied(plain):
        names = frozenset().union(*map(_names, group))
        if names & known or not names & wanted:
            before += group
        else:
            after.append(group)
    return before, after


def _tied(triples: Sequence[Triple]) -> list[list[Triple]]:
    """Groups of triples that share variables, in the order of the text."""
    groups: list[tuple[frozenset[str], list[Triple]]] = []
    for triple in triples:
        names, members = _names(triple), [triple]
        apart = []
        for other, those in groups:
            if other & names:
                names, members = names | other, those + members
            else:
                apart.append((other, those))
        groups = [*apart, (names, members)]
    return [members for _, members in groups]


def forms(node: Node) -> int:
    """Count the property forms of a query, for an explanation."""
    return sum(bool(_form(each)) for each in walk(node) if isinstance(each, Triple))
