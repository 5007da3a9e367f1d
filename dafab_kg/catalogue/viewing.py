"""A thing as its page shows it: bounded, however much there is of it."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, cast
from urllib.parse import unquote

from dafab_kg.catalogue.description import LABELS
from dafab_kg.model.errors import ThingNotFound
from dafab_kg.model.names import PREFIXES, is_iri, term
from dafab_kg.model.resources import text
from dafab_kg.store.protocol import Blank, Iri, Literal, Solutions, Store, Term

Graphs = Sequence[str | None]

MOST_AT_ONCE: Final = 1_000
"""Most triples that are read without asking first which properties there are."""
MOST_OF_ONE: Final = 100
"""Values of one property, or things that point by one, that a view holds."""
MOST_COUNTED: Final = 1_000
"""How far the values of one property are counted."""
PAGE: Final = 100
MOST_PAGES: Final = 100
MOST_PROPERTIES: Final = 500
_TYPE: Final = PREFIXES["rdf"] + "type"
_FORMS: Final = tuple(
    (re.compile(form), name)
    for form, name in (
        (r"/parcel/[^/]+/(?P<parcel>[^/]+)/boundary/(?P<season>[^/]+)$", "{parcel}, {season}"),
        (
            r"/product/(?P<product>[^/]+)/coverage/(?P<dataset>[^/]+)/(?P<season>[^/]+)$",
            "{season}, {dataset}, of {product}",
        ),
        (
            r"/product/(?P<product>[^/]+)/objects/(?P<sign>[^/]+)/(?P<area>[^/]+)$",
            "{sign} area {area} of {product}",
        ),
        (r"/product/(?P<product>[^/]+)/objects/(?P<sign>[^/]+)$", "{sign} objects of {product}"),
        (r"/product/(?P<product>[^/]+)/anomaly$", "anomaly of {product}"),
        (r"/product/(?P<product>[^/]+)/dasi$", "DASI key of {product}"),
        (r"/report/[^/]+/(?P<report>[^/]+)/point/(?P<time>[^/]+)$", "{report}, {time}"),
        (r"/place/[^/]+/(?P<place>[^/]+)/share/(?P<owner>[^/]+)$", "share in {place} of {owner}"),
        (r"/run/(?P<product>[^/]+)$", "run for {product}"),
        (r"/document/[^/]+/link/(?P<link>[^/]+)$", "link {link}"),
    )
)
"""What things are called whose last part of the IRI tells not enough."""
_TIME: Final = re.compile(r"(\d{4}-\d\d-\d\d)T(\d\d:\d\d):\d\d(?:\.\d+)?Z")


@dataclass(frozen=True)
class Values:
    """The values of one property, or what points by it: some of them, and how many there are.

    ``more`` tells that ``count`` is only how far was counted.
    """

    property: str
    terms: tuple[Term, ...]
    count: int
    more: bool = False


@dataclass(frozen=True)
class View:
    """What a page shows of a thing.

    ``nested`` are the facts of what has no page of its own to tell them: its geometries and
    blank nodes, by that node.  ``disputed`` are properties of which documents differ.
    """

    iri: str
    label: str
    types: tuple[str, ...]
    facts: tuple[Values, ...]
    incoming: tuple[Values, ...]
    nested: Mapping[Term, tuple[tuple[str, Term], ...]] = field(default_factory=dict)
    labels: Mapping[str, str] = field(default_factory=dict)
    disputed: frozenset[str] = frozenset()

    def values(self, property_: str) -> tuple[Term, ...]:
        """Return the values of a property that the view holds."""
        return next((one.terms for one in self.facts if one.property == property_), ())

    def value(self, property_: str) -> str:
        """Return the first value of a property as text; "" if there is none."""
        return next((one.value for one in self.values(property_)), "")

    @property
    def triples(self) -> Iterator[tuple[Term, Iri, Term]]:
        """All that the view holds, as triples."""
        me = Iri(self.iri)
        for one in self.facts:
            yield from ((me, Iri(one.property), value) for value in one.terms)
        for node, told in self.nested.items():
            yield from ((node, Iri(predicate), value) for predicate, value in told)
        for one in self.incoming:
            yield from ((subject, Iri(one.property), me) for subject in one.terms)


def view(iri: str, store: Store, graphs: Graphs) -> View:
    """Return a view of a thing, from the merge of ``graphs``.

    Raises:
        ThingNotFound: nothing is known of it.
    """
    facts = tuple(_outgoing(iri, store, graphs))
    incoming = tuple(_incoming(iri, store, graphs))
    if not facts and not incoming:
        raise ThingNotFound(f"Nothing is known here of {iri[:200]!r}")
    nested = _nested(iri, store, graphs)
    shown = {
        one.value
        for values in (*facts, *incoming)
        for one in values.terms
        if isinstance(one, Iri) and values.property != _TYPE
    }
    types = next((one.terms for one in facts if one.property == _TYPE), ())
    own = [(one.property, value) for one in facts for value in one.terms]
    return View(
        iri,
        _own_label(iri, own),
        tuple(one.value for one in types),
        facts,
        incoming,
        nested,
        labels_of(shown, store, graphs),
        _disputed(iri, store, graphs),
    )


def values_page(
    iri: str, property_: str, page: int, store: Store, graphs: Graphs, *, incoming: bool
) -> tuple[Values, Mapping[str, str]]:
    """Return one page (from 1) of the values of a property, or of what points by it.

    The first is a page with :data:`PAGE` terms at most, which tells whether ``more`` follow;
    then the labels of these.
    """
    page = min(max(page, 1), MOST_PAGES)
    found = _terms(
        iri, property_, store, graphs, incoming=incoming, most=PAGE + 1, skip=(page - 1) * PAGE
    )
    shown = tuple(found[:PAGE])
    more = len(found) > PAGE and page < MOST_PAGES
    labels = labels_of((one.value for one in shown if isinstance(one, Iri)), store, graphs)
    return Values(property_, shown, len(shown), more), labels


def labels_of(things: Iterable[str], store: Store, graphs: Graphs) -> dict[str, str]:
    """Return what things are called, as far as they are called anything."""
    wanted = [one for one in dict.fromkeys(things) if is_iri(one)]
    if not wanted:
        return {}
    values = " ".join(f"<{one}>" for one in wanted)
    found: dict[str, str] = {}
    # One query for each: of all predicates at once, the engine reads every label that there is.
    for predicate in LABELS:
        query = (
            f"SELECT ?thing ?label WHERE {{ VALUES ?thing {{ {values} }} "
            f"?thing <{predicate}> ?label }}"
        )
        best: dict[str, tuple[bool, str]] = {}
        for thing, label in cast(Solutions, store.query(query, default_graphs=graphs)):
            if isinstance(label, Literal) and label.value.strip():
                candidate = (label.language not in ("", "en"), label.value)
                key = cast(Iri, thing).value
                best[key] = min(candidate, best.get(key, candidate))
        found = {**{thing: label for thing, (_, label) in best.items()}, **found}
    return found


def digest_of(value: Term) -> str:
    """Return a short name of a value, by which an address can speak of it."""
    kind = type(value).__name__
    parts = (kind, *value)
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:20]


def tail(iri: str) -> str:
    """Return the last part of an IRI, which people know things by where they have no label."""
    return iri.rstrip("/#").rsplit("/", 1)[-1].rsplit("#", 1)[-1] or iri


def called(iri: str) -> str:
    """Return what to call a thing that has no label, by the form of its IRI.

    >>> called("https://w3id.org/dafab/id/parcel/fields/32ULV-1044/boundary/2023")
    '32ULV-1044, 2023'
    >>> called("https://w3id.org/dafab/id/report/hurdat2/AL092022/point/2022-09-27T00%3A00%3A00Z")
    'AL092022, 2022-09-27 00:00 UTC'
    """
    for form, name in _FORMS:
        found = form.search(iri)
        if found is not None:
            parts = {key: unquote(tail(unquote(part))) for key, part in found.groupdict().items()}
            return _TIME.sub(r"\1 \2 UTC", name.format(**parts))
    return unquote(tail(iri))


def _own_label(iri: str, facts: list[tuple[str, Term]]) -> str:
    for predicate in LABELS:
        named = [v for p, v in facts if p == predicate and isinstance(v, Literal) and v.value]
        if named:
            return min(named, key=lambda one: (one.language not in ("", "en"), one.value)).value
    return called(iri)


def _outgoing(iri: str, store: Store, graphs: Graphs) -> Iterator[Values]:
    query = f"SELECT ?p ?o ?thing WHERE {{ ?thing ?p ?o }} LIMIT {MOST_AT_ONCE + 1}"
    return _grouped(iri, query, store, graphs, incoming=False)


def _incoming(iri: str, store: Store, graphs: Graphs) -> Iterator[Values]:
    query = f"SELECT ?p ?s ?thing WHERE {{ ?s ?p ?thing }} LIMIT {MOST_AT_ONCE + 1}"
    return _grouped(iri, query, store, graphs, incoming=True)


def _grouped(
    iri: str, query: str, store: Store, graphs: Graphs, *, incoming: bool
) -> Iterator[Values]:
    """Group triples by property: all at once where there are few, else property by property."""
    rows = list(_rows(query, iri, store, graphs))
    if len(rows) <= MOST_AT_ONCE:
        by_property: dict[str, dict[Term, None]] = {}
        for row in rows:
            by_property.setdefault(cast(Iri, row[0]).value, {})[cast(Term, row[1])] = None
        for property_ in sorted(by_property):
            terms = by_property[property_]
            yield Values(property_, tuple(sorted(terms, key=_order)[:MOST_OF_ONE]), len(terms))
        return
    pattern = "?s ?p ?thing" if incoming else "?thing ?p ?o"
    distinct = f"SELECT DISTINCT ?p ?thing WHERE {{ {pattern} }} LIMIT {MOST_PROPERTIES}"
    for property_ in sorted(cast(Iri, row[0]).value for row in _rows(distinct, iri, store, graphs)):
        found = _terms(iri, property_, store, graphs, incoming=incoming, most=MOST_COUNTED + 1)
        count = min(len(found), MOST_COUNTED)
        yield Values(property_, tuple(found[:MOST_OF_ONE]), count, len(found) > MOST_COUNTED)


def _terms(
    iri: str,
    property_: str,
    store: Store,
    graphs: Graphs,
    *,
    incoming: bool,
    most: int,
    skip: int = 0,
) -> list[Term]:
    # No ORDER BY: a tile has tens of thousands; the store's own order does not change meanwhile.
    pattern = "?other ?p ?thing" if incoming else "?thing ?p ?other"
    query = f"SELECT ?other ?p ?thing WHERE {{ {pattern} }} LIMIT {most} OFFSET {skip}"
    bindings: dict[str, Term] = {"thing": Iri(iri), "p": Iri(property_)}
    rows = cast(Solutions, store.query(query, bindings=bindings, default_graphs=graphs))
    return [cast(Term, row[0]) for row in rows]


def _nested(iri: str, store: Store, graphs: Graphs) -> dict[Term, tuple[tuple[str, Term], ...]]:
    query = text("queries/internal", "nested.rq")
    found: dict[Term, list[tuple[str, Term]]] = {}
    for node, predicate, value, _ in _rows(query, iri, store, graphs):
        told = (cast(Iri, predicate).value, cast(Term, value))
        found.setdefault(cast(Term, node), []).append(told)
    return {
        node: tuple(sorted(told, key=lambda one: (one[0], _order(one[1]))))
        for node, told in found.items()
    }


def _disputed(iri: str, store: Store, graphs: Graphs) -> frozenset[str]:
    query = (
        f"SELECT DISTINCT ?property ?thing WHERE {{ ?claim <{term('claimSubject')}> ?thing ; "
        f"<{term('claimProperty')}> ?property }} LIMIT {MOST_PROPERTIES}"
    )
    return frozenset(row[0].value for row in _rows(query, iri, store, graphs) if row[0] is not None)


def _rows(query: str, iri: str, store: Store, graphs: Graphs) -> Solutions:
    bindings: dict[str, Term] = {"thing": Iri(iri)}
    return cast(Solutions, store.query(query, bindings=bindings, default_graphs=graphs))


def _order(value: Term) -> tuple[int, str, str]:
    kind = (Iri, Literal, Blank).index(type(value))
    return kind, value.value, "" if not isinstance(value, Literal) else value.datatype
