"""Agreement: one value of each single-valued property, though documents differ.

Each document's graph keeps what it states.  In the default graph a thing has one
value of each property that the ontology says has one: that of the source ranked
highest (``Settings.source_ranking``).  Within a rank it is the value that most
documents state, then the one whose document key comes first, so that the choice
does not depend on the order of loading.  What another document states otherwise
is kept as a claim: a ``dafab:Claim`` with the value and the document, in a derived
graph of the thing (docs/decisions/agreement.md).

Values that differ in form only are one value: 12 and 12.0, 10:00+02:00 and 08:00Z,
one polygon begun at two corners.
"""

from __future__ import annotations

import hashlib
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from fnmatch import fnmatchcase
from functools import cached_property
from typing import Final, cast

import shapely

from dafab_kg.model.errors import FieldNotValid
from dafab_kg.model.names import PREFIXES, TEMPLATES, Names, term
from dafab_kg.model.resources import text
from dafab_kg.model.values import instant
from dafab_kg.store.nquads import GraphText, triple_line
from dafab_kg.store.protocol import Change, Iri, Solutions, Store
from dafab_kg.store.replacement import plan_replacement
from dafab_kg.store.vocabulary import single_valued

RULE: Final = "agreement"
_ALONE: Final = ("document", "graph", "load", "load_graph", "derived_graph", "claim")
"""Kinds of things that one document, or a rule, speaks of alone."""

_LITERAL: Final = re.compile(r'"(?P<value>.*)"(?:\^\^<(?P<type>[^>]*)>|@[A-Za-z0-9-]+)?', re.DOTALL)
_XSD: Final = PREFIXES["xsd"]
_NUMBERS: Final = frozenset(
    _XSD + name for name in ("decimal", "integer", "double", "float", "int", "long", "short")
)
_WKT: Final = PREFIXES["geo"] + "wktLiteral"
_TYPE: Final = PREFIXES["rdf"] + "type"


@dataclass(frozen=True)
class Statement:
    """One value of one property of one thing, and the graphs that state it."""

    value: str
    graphs: frozenset[str]


@dataclass(frozen=True)
class Source:
    """The document behind a graph, as far as ranking asks."""

    kind: str
    key: str


class Agreement:
    """Chooses among what documents state; works on named graphs alone, so it can be repeated."""

    def __init__(self, store: Store, names: Names, ranking: Sequence[str]) -> None:
        self._store = store
        self._names = names
        self._ranking = tuple(ranking)
        rooms = (names.base + TEMPLATES[kind].split("{", 1)[0] for kind in _ALONE)
        self._alone = tuple(f"<{room}" for room in rooms)
        self._sources: dict[str, Source | None] = {}
        self._inferred = names.make("inferred_graph")

    def subjects_in(self, nquads: str) -> set[str]:
        """IRIs of the things that N-Quads speak of and that several documents may describe."""
        subjects = {line.partition(">")[0] for line in nquads.split("\n") if line[:1] == "<"}
        return {subject[1:] for subject in subjects if not subject.startswith(self._alone)}

    def shared(self, documents: Iterable[str]) -> set[str]:
        """Return the things in new documents' N-Quads that others describe as well.

        Others are documents of the same batch, or what the store holds already.
        """
        counts: Counter[str] = Counter()
        for nquads in documents:
            counts.update(self.subjects_in(nquads))
        return {
            subject
            for subject, count in counts.items()
            if count > 1 or self._store.describes(subject)
        }

    def graph_of(self, subject: str) -> str:
        """Return the derived graph that holds the claims on a thing."""
        key = subject.removeprefix(self._names.base)
        return self._names.make("derived_graph", rule=RULE, key=key)

    def settle(self, subjects: Iterable[str]) -> Change:
        """Compute what must change so that each subject has one value of each such property."""
        claims: dict[str, GraphText] = {}
        removed: list[str] = []
        added: list[str] = []
        for subject in sorted(subjects):
            contested = self.contested(subject)
            if contested:
                leaving, coming, claims[self.graph_of(subject)] = self._weigh(subject, contested)
                removed.extend(leaving)
                added.extend(coming)
        change = plan_replacement(self._store, claims)
        return Change((*removed, *change.removed), "".join(added) + change.added, change.dropped)

    def _weigh(self, subject: str, contested: set[str]) -> tuple[list[str], list[str], GraphText]:
        """Return what leaves the default graph, what comes, and the claims on a thing."""
        removed: list[str] = []
        added: list[str] = []
        lines: set[str] = set()
        for predicate in sorted(contested):
            stated = list(self._stated(subject, predicate))
            here = {value for value, graph in stated if not graph}
            chosen, others = self.choose(subject, predicate)
            wanted = {chosen.value} if chosen else set()
            # It was single-valued, before the ontology changed; or nothing ranks the values, as
            # all are of graphs that documents bring of their own.
            if predicate not in self._single or chosen is None:
                wanted, others = {value for value, graph in stated if graph}, []
            removed.extend(
                triple_line(subject, predicate, value) for value in sorted(here - wanted)
            )
            added.extend(triple_line(subject, predicate, value) for value in sorted(wanted - here))
            if chosen:
                for other in others:
                    lines.update(self._claim(subject, predicate, chosen, other))
        return removed, added, GraphText(frozenset(lines))

    def contested(self, subject: str) -> set[str]:
        """Return the single-valued properties of which a thing has, or had, several values."""
        counts = Counter(self._store.predicates(subject))
        found = {p for p, count in counts.items() if count > 1 and p in self._single}
        claims = self.graph_of(subject)
        if self._store.has_graph(claims):
            about = f" <{term('claimProperty')}> <"
            lines = self._store.graph_triples(claims)
            found.update(line.split(about)[1][:-4] for line in lines if about in line)
        return found

    def choose(self, subject: str, predicate: str) -> tuple[Statement | None, list[Statement]]:
        """Return the value that holds, and those that differ from it in more than form."""
        forms: defaultdict[str, dict[str, set[str]]] = defaultdict(dict)
        for value, graph in self._stated(subject, predicate):
            if graph and self._source(graph) is not None:
                forms[comparable(value)].setdefault(value, set()).add(graph)
        if not forms:
            return None, []
        ordered = sorted(forms.values(), key=self._precedence)
        first = ordered[0]
        winner = min(first, key=lambda value: self._precedence({value: first[value]}))
        chosen = Statement(winner, frozenset().union(*first.values()))
        others = [
            Statement(min(values), frozenset().union(*values.values())) for values in ordered[1:]
        ]
        return chosen, others

    def settled(self, subject: str, predicate: str) -> bool:
        """Tell whether a thing has, of a single-valued property, the one value that holds."""
        if predicate not in self._single:
            return False
        chosen, _ = self.choose(subject, predicate)
        here = [v for v, graph in self._stated(subject, predicate) if not graph]
        return chosen is not None and here == [chosen.value]

    def amiss(self, subjects: Iterable[str]) -> Iterator[str]:
        """Yield the graphs of claims that are not what the documents' graphs lead to."""
        expected = {
            self.graph_of(subject): self._weigh(subject, contested)[2].triples
            for subject in subjects
            if (contested := self.contested(subject) | self._told_apart(subject))
        }
        room = self._names.make("derived_graph", rule=RULE, key="")
        present = {graph for graph in self._store.graphs() if graph.startswith(room)}
        for graph in sorted(present | expected.keys()):
            if frozenset(self._store.graph_triples(graph)) != expected.get(graph, frozenset()):
                yield graph

    def everything(self) -> set[str]:
        """All things of which documents state, or the default graph holds, several values."""
        claimed = text("queries/internal", "claimed.rq")
        rows = cast(Solutions, self._store.query(text("queries/internal", "repeated.rq")))
        found = {cast(Iri, row[0]).value for row in rows if cast(Iri, row[1]).value in self._single}
        return found | {
            cast(Iri, row[0]).value for row in cast(Solutions, self._store.query(claimed))
        }

    def _told_apart(self, subject: str) -> set[str]:
        """Single-valued properties of a thing of which documents' graphs hold several values."""
        return {p for p in self._single if len({v for v, _ in self._stated(subject, p)}) > 1}

    @cached_property
    def _single(self) -> frozenset[str]:
        return single_valued()

    def _precedence(self, values: dict[str, set[str]]) -> tuple[int, int, str, str]:
        """Order values (each with its graphs): rank, then how many state it, then by name."""
        graphs = set().union(*values.values())
        sources = [source for source in map(self._source, graphs) if source is not None]
        best = min(self._rank(source) for source in sources)
        keys = [s.key for s in sources if self._rank(s) == best]
        return best, -len(keys), min(keys), min(values)

    def _rank(self, source: Source) -> int:
        for position, pattern in enumerate(self._ranking):
            subject = f"{source.kind}:{source.key}" if ":" in pattern else source.kind
            if fnmatchcase(subject, pattern):
                return position
        return len(self._ranking)

    def _stated(self, subject: str, predicate: str) -> Iterator[tuple[str, str]]:
        """Values and their graphs; what is merely inferred contradicts no document."""
        for value, graph in self._store.values(subject, predicate):
            if graph != self._inferred:
                yield value, graph

    def _source(self, graph: str) -> Source | None:
        """Return the document behind a graph; None for graphs that documents bring of their own."""
        if graph not in self._sources:
            self._sources[graph] = None
            if self._names.within(graph, "graph"):
                kind = self._told(graph, "loaderName")
                self._sources[graph] = Source(
                    kind, self._told(self._document(graph), "documentKey")
                )
        return self._sources[graph]

    def _told(self, subject: str, local: str) -> str:
        values = self._store.values(subject, term(local))
        return next((value.strip('"') for value, _ in values), "")

    def _claim(
        self, subject: str, predicate: str, chosen: Statement, other: Statement
    ) -> Iterator[str]:
        first = min(chosen.graphs, key=lambda graph: self._precedence({"": {graph}}))
        source = self._document(first)
        for graph in other.graphs:
            document = self._document(graph)
            key = "\0".join((subject, predicate, other.value, document)).encode()
            claim = self._names.make("claim", claim_id=hashlib.sha256(key).hexdigest()[:32])
            yield triple_line(claim, _TYPE, f"<{term('Claim')}>")
            yield triple_line(claim, term("claimSubject"), f"<{subject}>")
            yield triple_line(claim, term("claimProperty"), f"<{predicate}>")
            stated = term("claimValue") if _is_literal(other) else term("claimThing")
            yield triple_line(claim, stated, other.value)
            yield triple_line(claim, term("claimedBy"), f"<{document}>")
            instead = term("acceptedValue") if _is_literal(chosen) else term("acceptedThing")
            yield triple_line(claim, instead, chosen.value)
            yield triple_line(claim, term("acceptedFrom"), f"<{source}>")

    def _document(self, graph: str) -> str:
        return self._names.make("document", document_id=graph.rsplit("/", 1)[-1])


def _is_literal(statement: Statement) -> bool:
    return statement.value.startswith('"')


def comparable(value: str) -> str:
    """Return a text that is equal for values (N-Triples terms) that differ in form only."""
    match = _LITERAL.fullmatch(value)
    if match is None or match["type"] is None:
        return value
    lexical, datatype = match["value"], match["type"]
    try:
        if datatype in _NUMBERS:
            return f"number {Decimal(lexical).normalize()}"
        if datatype == _XSD + "dateTime":
            return f"instant {instant(lexical)}"
        if datatype == _WKT:
            return f"shape {_shape(lexical)}"
    except (InvalidOperation, FieldNotValid, shapely.errors.ShapelyError):
        return value  # not of its type: equal to its like only
    return value


def _shape(lexical: str) -> str:
    crs, _, wkt = lexical.rpartition("> ")
    return crs + str(shapely.normalize(shapely.from_wkt(wkt)).wkb_hex)
