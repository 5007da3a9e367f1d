"""Reading rows from the graph: all of them, or those of some things.

All of them are read property by property, by two threads: what the engine does for one
property (it writes terms as text), and what is made of them, take about as long.  Names
and values of one property in :data:`~dafab_kg.store.protocol` 's batches are all that is
held as text.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from typing import Final

import pyarrow as pa
import pyarrow.compute as pc

from dafab_kg.spatial.index.assembly import (
    OF_GEOMETRY,
    SERIALISATIONS,
    TYPE,
    Entries,
    Pairs,
    assembled,
    entries_of,
)
from dafab_kg.spatial.index.block import Block
from dafab_kg.spatial.index.schema import Schema
from dafab_kg.spatial.index.values import literal_of
from dafab_kg.spatial.index.words import NAMING
from dafab_kg.store.protocol import Store

FEW: Final = 200_000  # values that are read in one scan
AT_ONCE: Final = 2000  # things in one VALUES block
MOST_OF_EACH: Final = 64  # terms of a property that are asked for one by one
SHORT: Final = 18  # characters of a literal that the engine holds in place

Graphs = Sequence[str | None]


class Held:
    """Pairs that were read already, by predicate."""

    def __init__(self) -> None:
        self._held: defaultdict[str, tuple[list[str], list[str]]]
        self._held = defaultdict(lambda: ([], []))

    def add(self, subject: str, predicate: str, value: str) -> None:
        """Take a triple: its predicate as an IRI, and the others as TSV writes terms."""
        subjects, values = self._held[predicate]
        subjects.append(subject)
        values.append(value)

    def has(self, predicate: str) -> bool:
        """Whether any triple of a predicate was taken."""
        return predicate in self._held

    def pairs(self, predicate: str) -> Iterator[Pairs]:
        """Subjects and objects of a predicate."""
        subjects, objects = self._held[predicate]
        yield Pairs(pa.array(subjects, pa.large_string()), pa.array(objects, pa.large_string()))

    def entries(self, predicate: str) -> Iterator[Entries]:
        """Subjects of a predicate with the numbers of their terms."""
        yield from map(entries_of, self.pairs(predicate))


class Stored:
    """Pairs of a predicate as the graph has them."""

    def __init__(self, store: Store, graphs: Graphs) -> None:
        self._store, self._graphs = store, graphs

    def pairs(self, predicate: str) -> Iterator[Pairs]:
        """Subjects and objects of a predicate, in batches."""
        text = f"SELECT ?s ?o {{ ?s <{predicate}> ?o }}"
        for batch in self._store.tables(text, self._graphs):
            subjects, objects = batch.columns
            named = pc.starts_with(subjects, "<")
            yield Pairs(subjects.filter(named), objects.filter(named))

    def entries(self, predicate: str) -> Iterator[Entries]:
        """Subjects of a predicate with the numbers of their terms, in batches.

        To look up the text of a term costs the engine as much as all else that it does for
        a row: few long terms are each looked up once.
        """
        counted = f"SELECT ?o {{ ?s <{predicate}> ?o }} GROUP BY ?o LIMIT {MOST_OF_EACH + 1}"
        terms = [term for (term,) in self._store.rows(counted, self._graphs)]
        plain = all(term.startswith(("<", '"')) and not term.startswith("<<") for term in terms)
        if len(terms) > MOST_OF_EACH or not plain or max(map(len, terms), default=0) <= SHORT:
            yield from map(entries_of, self.pairs(predicate))
            return
        for term in terms:
            text = f"SELECT ?s {{ ?s <{predicate}> {term} }}"
            for batch in self._store.tables(text, self._graphs):
                (subjects,) = batch.columns
                yield Entries.of_one(subjects.filter(pc.starts_with(subjects, "<")), term)


def read_all(store: Store, schema: Schema, graphs: Graphs) -> Block:
    """Read all rows: in one scan if there are few, else property by property."""
    asked = " ".join(
        f"<{iri}>" for iri in (*schema.properties, TYPE, *OF_GEOMETRY, *SERIALISATIONS)
    )
    counted = store.rows(
        f"SELECT (COUNT(*) AS ?n) {{ SELECT * {{ VALUES ?p {{ {asked} }} ?s ?p ?o }} "
        f"LIMIT {FEW + 1} }}",
        graphs,
    )
    if int(next(counted)[0].split('"')[1]) > FEW:
        return assembled(schema, Stored(store, graphs), threads=2)
    held = Held()
    text = f"SELECT ?s ?p ?o {{ VALUES ?p {{ {asked} }} ?s ?p ?o }}"
    for subject, predicate, value in store.rows(text, graphs):
        if subject.startswith("<"):
            held.add(subject, predicate[1:-1], value)
    return assembled(schema, held)


def read_some(
    store: Store,
    schema: Schema,
    graphs: Graphs,
    touched: Sequence[str],
    geometry_nodes: Sequence[str],
) -> tuple[Block, frozenset[str], list[tuple[str, str]]]:
    """Read the rows of things that a change touched: themselves, or a geometry of theirs.

    ``geometry_nodes`` are those that may be a geometry of others.  Returns the rows, the
    things they are all the rows of (one that has nothing to index any more has no row), and
    their names as (IRI, name).
    """
    links = " UNION ".join(f"{{ ?f <{link}> ?g }}" for link in OF_GEOMETRY)
    owned: set[str] = set()
    owners: set[str] = set()
    for some in _values(geometry_nodes):
        text = f"SELECT ?f ?g {{ VALUES ?g {{ {some} }} LATERAL {{ {links} }} }}"
        for owner, node in store.rows(text, graphs):
            owners.add(owner[1:-1])
            owned.add(node[1:-1])
    wanted = sorted(owners.union(touched))
    predicates = {*schema.properties, TYPE, *OF_GEOMETRY, *SERIALISATIONS}
    held = Held()
    geometries: set[str] = set()
    names: list[tuple[str, str]] = []
    for subject, predicate, value in store.statements(wanted, predicates.union(NAMING), graphs):
        if predicate in predicates:
            held.add(f"<{subject}>", predicate, value)
        if predicate in OF_GEOMETRY and value.startswith("<"):
            geometries.add(value[1:-1])
        if predicate in NAMING and (literal := literal_of(value)) is not None:
            names.append((subject, literal.value))
    more = sorted(geometries.difference(wanted))
    for subject, predicate, value in store.statements(more, SERIALISATIONS, graphs):
        held.add(f"<{subject}>", predicate, value)
    # of a few things most properties have no value, and each costs some steps all the same
    told = Schema({iri: kind for iri, kind in schema.properties.items() if held.has(iri)})
    block = assembled(told, held, only=_bracketed(wanted), owned=_bracketed(owned))
    return block, frozenset(wanted), names


def _bracketed(iris: Iterable[str]) -> pa.LargeStringArray:
    return pa.array([f"<{iri}>" for iri in sorted(iris)], pa.large_string())


def _values(iris: Sequence[str]) -> Iterator[str]:
    for start in range(0, len(iris), AT_ONCE):
        yield " ".join(f"<{iri}>" for iri in iris[start : start + AT_ONCE])
