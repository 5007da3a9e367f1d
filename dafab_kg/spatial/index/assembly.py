"""A block from pairs of the graph, which come predicate by predicate, in batches.

Per value, a number and a flag stay (9 bytes), or a number of a term (4), and the number
of its thing (4); per geometry its WKB and its box; per thing its name, once.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from typing import Any, Final, Protocol, TypeAlias

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from dafab_kg.spatial.geosparql.names import GEO
from dafab_kg.spatial.index.block import (
    Block,
    Column,
    Keywords,
    Places,
    Shapes,
    column_of,
    keywords_joined,
    places_of,
    shapes_joined,
)
from dafab_kg.spatial.index.numbering import AT_LEAST, Numbered, Numbering
from dafab_kg.spatial.index.ordered import NONE, Rows, places_in
from dafab_kg.spatial.index.schema import Schema
from dafab_kg.spatial.index.texts import Texts
from dafab_kg.spatial.index.values import numbers, places, spelled_out, times
from dafab_kg.spatial.lookup import Kind

TYPE: Final = "http://www.w3.org/1999/02/22-rdf-syntax-ns#type"
OF_GEOMETRY: Final = (f"{GEO}hasGeometry", f"{GEO}hasDefaultGeometry")
SERIALISATIONS: Final = (f"{GEO}asWKT", f"{GEO}asGML", f"{GEO}asGeoJSON", f"{GEO}asKML")

AT_ONCE: Final = 16_384  # geometries that are read at once
AHEAD: Final = 6  # properties that are read before they are numbered

Names: TypeAlias = pa.LargeStringArray


@dataclass(frozen=True)
class Pairs:
    """Subjects (IRIs in brackets) and objects (terms as TSV writes them)."""

    subjects: Names
    objects: pa.LargeStringArray


@dataclass(frozen=True)
class Entries:
    """Subjects (IRIs in brackets), each with the number of one of ``terms``."""

    subjects: Names
    codes: Rows
    terms: pa.LargeStringArray

    @classmethod
    def of_one(cls, subjects: Names, term: str) -> Entries:
        """Subjects that have the same term."""
        return cls(subjects, np.zeros(len(subjects), np.int32), pa.array([term], pa.large_string()))


def entries_of(pairs: Pairs) -> Entries:
    """Number the objects."""
    encoded = pairs.objects.dictionary_encode()
    return Entries(pairs.subjects, encoded.indices.to_numpy(), encoded.dictionary)


class Source(Protocol):
    """Where pairs come from; it may be asked by several threads at once."""

    def pairs(self, predicate: str) -> Iterator[Pairs]:
        """Subjects and objects of a predicate, in batches."""
        ...

    def entries(self, predicate: str) -> Iterator[Entries]:
        """Subjects of a predicate with the numbers of their terms, in batches."""
        ...


@dataclass(frozen=True)
class _Located:
    """Nodes with a geometry each, and which features have which node as their geometry.

    ``usual_nodes`` have it as geo:asWKT, ``usual_links`` are by geo:hasGeometry.
    """

    nodes: Names
    shapes: Shapes
    usual_nodes: NDArray[np.bool_]
    features: Names
    targets: Names
    usual_links: NDArray[np.bool_]


def assembled(
    schema: Schema,
    source: Source,
    *,
    only: Names | None = None,
    owned: Names | None = None,
    threads: int = 1,
) -> Block:
    """Make the block of all things, or of those of ``only``.

    ``owned`` are nodes known to be of a feature, beside those whose link is in the source.
    """
    properties = list(schema.properties.items())
    tasks: list[Callable[[], Any]] = [
        partial(_located, source),
        *(partial(_VALUES[kind], source, iri) for iri, kind in properties),
        partial(_keyword, source, TYPE),
    ]
    if threads == 1:
        return _block(properties, (task() for task in tasks), only, owned)
    with ThreadPoolExecutor(threads) as pool:
        return _block(properties, _ahead(pool, tasks), only, owned)


def _ahead(pool: ThreadPoolExecutor, tasks: Sequence[Callable[[], Any]]) -> Iterator[Any]:
    """Yield what tasks give, in order; few are done ahead, as what they give takes memory."""
    waiting = deque[Future[Any]]()
    for task in tasks:
        waiting.append(pool.submit(task))
        if len(waiting) > AHEAD:
            yield waiting.popleft().result()
    while waiting:
        yield waiting.popleft().result()


def _block(
    properties: Sequence[tuple[str, Kind]],
    found: Iterator[Any],
    only: Names | None,
    owned: Names | None,
) -> Block:
    """Make the block of what is found: places, the values of each property, classes."""
    numbering = Numbering()
    where, geometries, usual, shapes = _entries_of_places(next(found), numbering, only, owned)
    held: dict[str, tuple[Kind, list[tuple[Any, ...]]]] = {}
    for iri, kind in properties:
        pieces = [
            (numbering.add(subjects), *values)
            for subjects, *values in (_only(piece, only) for piece in next(found))
        ]
        if any(len(values[0]) for _, *values in pieces):
            held[iri] = kind, pieces
    numbering.end()
    members, of_class = _members(next(found), numbering.names)
    things = pc.binary_slice(numbering.names.cast(pa.large_binary()), 1, -1)
    order = pc.sort_indices(things)
    number = np.empty(len(things), np.int32)
    number[order.to_numpy()] = np.arange(len(things), dtype=np.int32)

    def rows_of(numbered: Iterable[Numbered]) -> Rows:
        rows: Rows = number[np.concatenate([NONE, *(one.rows for one in numbered)])]
        return rows

    columns: dict[str, Column] = {}
    keywords: dict[str, Keywords] = {}
    for iri in list(held):
        kind, pieces = held.pop(iri)
        rows = rows_of(numbered for numbered, *_ in pieces)
        if kind == "keyword":
            spelled = [(codes, spelled_out(terms)) for _, codes, terms in pieces]
            keywords[iri] = keywords_joined(rows, spelled)
        else:
            values, flags = (np.concatenate(part) for part in list(zip(*pieces, strict=True))[1:])
            columns[iri] = column_of(rows, values, flags)
    names = Texts.from_arrow(things.take(order))
    del numbering, things
    kinds = keywords_joined(number[members], of_class)
    return Block(
        names, kinds, _places(rows_of(where), geometries, usual, shapes), columns, keywords
    )


def _members(
    pieces: Sequence[tuple[Names, Rows, pa.LargeStringArray]], names: Names
) -> tuple[Rows, list[tuple[Rows, pa.LargeStringArray]]]:
    """The numbers of things that have a class, and the numbers of their classes.

    Many are looked up together, as each look-up hashes all names.
    """
    members: list[Rows] = [NONE]
    of_class: list[tuple[Rows, pa.LargeStringArray]] = []
    for group in _groups(pieces, max(AT_LEAST, len(names))):
        at = pc.index_in(pa.concat_arrays([subjects for subjects, _, _ in group]), names)
        there = pc.is_valid(at).to_numpy(zero_copy_only=False)
        members.append(at.drop_null().to_numpy())
        start = 0
        for subjects, codes, terms in group:
            of_class.append((codes[there[start : start + len(subjects)]], terms))
            start += len(subjects)
    return np.concatenate(members), of_class


def _groups(
    pieces: Sequence[tuple[Names, Rows, pa.LargeStringArray]], most: int
) -> Iterator[list[tuple[Names, Rows, pa.LargeStringArray]]]:
    """Pieces in groups of more than ``most`` names, but for the last."""
    group, size = [], 0
    for piece in pieces:
        group.append(piece)
        size += len(piece[0])
        if size > most:
            yield group
            group, size = [], 0
    if group:
        yield group


def _only(piece: tuple[Any, ...], only: Names | None) -> tuple[Any, ...]:
    """The values of those things only."""
    if only is None:
        return piece
    subjects, *values = piece
    chosen = pc.is_in(subjects, only)
    mask = chosen.to_numpy(zero_copy_only=False)
    return (
        subjects.filter(chosen),
        *(value[mask] if isinstance(value, np.ndarray) else value for value in values),
    )


def _number(source: Source, iri: str) -> list[tuple[Any, ...]]:
    return [(pairs.subjects, *numbers(pairs.objects)) for pairs in source.pairs(iri)]


def _time(source: Source, iri: str) -> list[tuple[Any, ...]]:
    return [(pairs.subjects, *times(pairs.objects)) for pairs in source.pairs(iri)]


def _keyword(source: Source, iri: str) -> list[tuple[Any, ...]]:
    return [(found.subjects, found.codes, found.terms) for found in source.entries(iri)]


_VALUES: Final = {"number": _number, "time": _time, "keyword": _keyword}


# places


def _located(source: Source) -> _Located:
    nodes, features, targets = [EMPTY], [EMPTY], [EMPTY]
    shapes: list[Shapes] = []
    as_wkt, by_geometry = [NOTHING], [NOTHING]
    for predicate in SERIALISATIONS:
        for pairs in source.pairs(predicate):
            nodes.append(pairs.subjects)
            starts = range(0, len(pairs.objects), AT_ONCE)
            shapes.extend(places(pairs.objects.slice(start, AT_ONCE)) for start in starts)
            as_wkt.append(np.full(len(pairs.subjects), predicate == SERIALISATIONS[0]))
    for predicate in OF_GEOMETRY:
        for pairs in source.pairs(predicate):
            named = pc.starts_with(pairs.objects, "<")
            features.append(pairs.subjects.filter(named))
            targets.append(pairs.objects.filter(named))
            by_geometry.append(np.full(len(targets[-1]), predicate == OF_GEOMETRY[0]))
    return _Located(
        pa.concat_arrays(nodes),
        shapes_joined(shapes),
        np.concatenate(as_wkt),
        pa.concat_arrays(features),
        pa.concat_arrays(targets),
        np.concatenate(by_geometry),
    )


EMPTY: Final = pa.array([], pa.large_string())
NOTHING: Final = np.empty(0, bool)


def _entries_of_places(
    located: _Located, numbering: Numbering, only: Names | None, owned: Names | None
) -> tuple[list[Numbered], NDArray[np.int64], NDArray[np.bool_], Shapes]:
    """Each thing with each geometry of it, by number: through a node, or its own; and
    whether it has it as geo:hasGeometry/geo:asWKT.

    A node of no feature is a thing that is its own geometry.
    """
    nodes, targets, features = located.nodes, located.targets, located.features
    codes = pa.concat_arrays([nodes, targets]).dictionary_encode().indices.to_numpy()
    of_node, of_target = codes[: len(nodes)], codes[len(nodes) :]
    alone = ~np.isin(of_node, of_target)
    if owned is not None:
        alone &= ~pc.is_in(nodes, owned).to_numpy(zero_copy_only=False)
    order = np.argsort(of_node, kind="stable")
    place, link = places_in(of_node[order], of_target)
    node = order[place]
    things = pa.concat_arrays([features.take(pa.array(link)), nodes.filter(pa.array(alone))])
    numbers = np.concatenate((node, np.flatnonzero(alone)))
    usual = np.zeros(len(numbers), bool)
    usual[: len(link)] = located.usual_links[link] & located.usual_nodes[node]
    if only is not None:
        chosen = pc.is_in(things, only)
        things = things.filter(chosen)
        mask = chosen.to_numpy(zero_copy_only=False)
        numbers, usual = numbers[mask], usual[mask]
    return [numbering.add(things)], numbers, usual, located.shapes


def _places(
    rows: Rows, numbers: NDArray[np.int64], usual: NDArray[np.bool_], shapes: Shapes
) -> Places:
    """A geometry that a thing has by two properties is there once."""
    pairs, entry = np.unique(rows.astype(np.int64) << 32 | numbers, return_inverse=True)
    as_usual = np.zeros(len(pairs), bool)
    as_usual[entry[usual]] = True
    return places_of((pairs >> 32).astype(np.int32), pairs & 0xFFFFFFFF, as_usual, shapes)
