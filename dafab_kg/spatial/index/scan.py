"""Reading rows from the graph: all of them, or those of some things."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from dafab_kg.spatial.geosparql.names import GEO
from dafab_kg.spatial.index.block import (
    Block,
    Column,
    Keywords,
    Rows,
    column_of,
    keywords_of,
    places_of,
)
from dafab_kg.spatial.index.schema import Schema
from dafab_kg.spatial.index.texts import Texts
from dafab_kg.spatial.index.values import numbers, places, times
from dafab_kg.store.protocol import Store

TYPE: Final = "http://www.w3.org/1999/02/22-rdf-syntax-ns#type"
OF_GEOMETRY: Final = (f"{GEO}hasGeometry", f"{GEO}hasDefaultGeometry")
SERIALISATIONS: Final = (f"{GEO}asWKT", f"{GEO}asGML", f"{GEO}asGeoJSON", f"{GEO}asKML")
FEW: Final = 200_000  # values that are read in one scan
AT_ONCE: Final = 2000  # things in one VALUES block

Graphs = Sequence[str | None]


@dataclass(frozen=True)
class Pairs:
    """Subjects (IRIs without brackets) and objects (terms as TSV writes them)."""

    subjects: pa.LargeStringArray
    objects: pa.LargeStringArray


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
    if int(next(counted)[0].split('"')[1]) <= FEW:
        return _read_few(store, schema, graphs, asked)

    def pairs(predicate: str) -> Pairs:
        return _pairs(store, f"SELECT ?s ?o {{ ?s <{predicate}> ?o }}", graphs)

    return _block(schema, pairs)


def _read_few(store: Store, schema: Schema, graphs: Graphs, asked: str) -> Block:
    held: defaultdict[str, tuple[list[str], list[str]]] = defaultdict(lambda: ([], []))
    text = f"SELECT ?s ?p ?o {{ VALUES ?p {{ {asked} }} ?s ?p ?o }}"
    for subject, predicate, value in store.rows(text, graphs):
        if subject.startswith("<"):
            subjects, values = held[predicate[1:-1]]
            subjects.append(subject[1:-1])
            values.append(value)

    def pairs(predicate: str) -> Pairs:
        subjects, values = held[predicate]
        return Pairs(pa.array(subjects, pa.large_string()), pa.array(values, pa.large_string()))

    return _block(schema, pairs)


def read_some(
    store: Store, schema: Schema, graphs: Graphs, touched: Iterable[str]
) -> tuple[Block, frozenset[str]]:
    """Read the rows of things that a change touched: themselves, or a geometry of theirs.

    Returns the rows, and the things they are all the rows of: one that has nothing to
    index any more has no row.
    """
    nodes = sorted(touched)
    links = " UNION ".join(f"{{ ?f <{link}> ?g }}" for link in OF_GEOMETRY)
    owned: set[str] = set()
    owners: set[str] = set()
    for some in _values(nodes):
        text = f"SELECT ?f ?g {{ VALUES ?g {{ {some} }} LATERAL {{ {links} }} }}"
        for owner, node in store.rows(text, graphs):
            owners.add(owner[1:-1])
            owned.add(node[1:-1])
    wanted = sorted(owners.union(nodes))
    predicates = [*schema.properties, TYPE, *OF_GEOMETRY, *SERIALISATIONS]
    held: dict[str, list[tuple[str, str]]] = {predicate: [] for predicate in predicates}

    geometries: set[str] = set()
    for subject, predicate, value in values_of(store, graphs, wanted, predicates):
        held[predicate[1:-1]].append((subject[1:-1], value))
        if predicate[1:-1] in OF_GEOMETRY and value.startswith("<"):
            geometries.add(value[1:-1])
    more = sorted(geometries.difference(wanted))
    for subject, predicate, value in values_of(store, graphs, more, SERIALISATIONS):
        held[predicate[1:-1]].append((subject[1:-1], value))

    def pairs(predicate: str) -> Pairs:
        found = held[predicate]
        return Pairs(
            pa.array([subject for subject, _ in found], pa.large_string()),
            pa.array([value for _, value in found], pa.large_string()),
        )

    only = pa.array(wanted, pa.large_string())
    taken = pa.array(sorted(owned), pa.large_string())
    return _block(schema, pairs, only, taken), frozenset(wanted)


def values_of(
    store: Store, graphs: Graphs, things: Sequence[str], predicates: Sequence[str]
) -> Iterator[tuple[str, ...]]:
    """Yield (subject, predicate, value) of some things, as N-Triples terms."""
    asked = ", ".join(f"<{predicate}>" for predicate in predicates)
    for some in _values(things):
        yield from store.rows(
            f"SELECT ?s ?p ?o {{ VALUES ?s {{ {some} }} "
            f"LATERAL {{ ?s ?p ?o FILTER (?p IN ({asked})) }} }}",
            graphs,
        )


def _values(iris: Sequence[str]) -> Iterator[str]:
    for start in range(0, len(iris), AT_ONCE):
        yield " ".join(f"<{iri}>" for iri in iris[start : start + AT_ONCE])


def _pairs(store: Store, text: str, graphs: Graphs) -> Pairs:
    table = store.table(text, graphs)
    subjects, objects = (_whole(table.column(number)) for number in (0, 1))
    named = pc.starts_with(subjects, "<")
    subjects, objects = subjects.filter(named), objects.filter(named)
    return Pairs(pc.utf8_slice_codeunits(subjects, 1, -1), objects)


def _whole(column: pa.ChunkedArray) -> pa.LargeStringArray:
    return pa.concat_arrays(
        [chunk.cast(pa.large_string()) for chunk in column.chunks]
        or [pa.array([], pa.large_string())]
    )


def _block(
    schema: Schema,
    pairs: Callable[[str], Pairs],
    only: pa.LargeStringArray | None = None,
    owned: pa.LargeStringArray | None = None,
) -> Block:
    held = {iri: pairs(iri) for iri in schema.properties}
    located = _located(pairs, owned)
    subjects = [found.subjects for found in (*held.values(), located)]
    things = pc.unique(pa.concat_arrays(subjects)) if subjects else pa.array([], pa.large_string())
    if only is not None:
        things = things.filter(pc.is_in(things, only))
    order = pc.sort_indices(things.cast(pa.large_binary()))
    things = things.take(order)

    def numbered(found: Pairs) -> tuple[Rows, pa.LargeStringArray]:
        rows = pc.index_in(found.subjects, things)
        there = pc.is_valid(rows)
        return rows.filter(there).to_numpy().astype(np.int32), found.objects.filter(there)

    columns: dict[str, Column] = {}
    keywords: dict[str, Keywords] = {}
    for iri, kind in schema.properties.items():
        rows, terms = numbered(held.pop(iri))
        if not len(rows):
            continue
        if kind == "keyword":
            keywords[iri] = keywords_of(rows, _full(terms))
        else:
            columns[iri] = column_of(rows, *(numbers if kind == "number" else times)(terms))
    rows, terms = numbered(located)
    where = places_of(rows, *places(terms))
    rows, terms = numbered(pairs(TYPE))
    return Block(Texts.from_arrow(things), keywords_of(rows, terms), where, columns, keywords)


def _located(pairs: Callable[[str], Pairs], owned: pa.LargeStringArray | None) -> Pairs:
    """Each thing with each geometry literal of it: through a geometry node, or its own.

    ``owned`` are nodes known to be of a feature, beside those whose link is among the pairs.
    """
    literals = [pairs(predicate) for predicate in SERIALISATIONS]
    nodes = pa.concat_arrays([found.subjects for found in literals])
    texts = pa.concat_arrays([found.objects for found in literals])
    links = [pairs(predicate) for predicate in OF_GEOMETRY]
    features = pa.concat_arrays([found.subjects for found in links])
    targets = pa.concat_arrays([found.objects for found in links])
    named = pc.starts_with(targets, "<")
    features = features.filter(named)
    targets = pc.utf8_slice_codeunits(targets.filter(named), 1, -1)
    left = pa.table({"node": targets, "thing": features}).group_by(["node", "thing"]).aggregate([])
    right = pa.table({"node": nodes, "text": texts})
    both = left.join(right, keys="node", join_type="inner")
    # a node of no feature is a thing that is its own geometry
    known = targets if owned is None else pa.concat_arrays([targets, owned])
    alone = pc.invert(pc.is_in(nodes, known))
    return Pairs(
        pa.concat_arrays([_whole(both.column("thing")), nodes.filter(alone)]),
        pa.concat_arrays([_whole(both.column("text")), texts.filter(alone)]),
    )


def _full(terms: pa.LargeStringArray) -> pa.LargeStringArray:
    """Write numbers and booleans that stand bare as N-Triples does."""
    xsd = "^^<http://www.w3.org/2001/XMLSchema#"
    bare = pc.match_substring_regex(terms, r'^[^<"_]')
    if not pc.any(bare).as_py():
        return terms

    def full(term: str) -> str:
        if term[0] in '<"_':
            return term
        kind = "boolean" if term in ("true", "false") else "double" if "e" in term.lower() else (
            "decimal" if "." in term else "integer"
        )  # fmt: skip
        return f'"{term}"{xsd}{kind}>'

    return pa.array([full(term) for term in terms.to_pylist()], pa.large_string())
