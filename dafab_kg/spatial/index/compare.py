"""Does the index say what the graph says?"""

from __future__ import annotations

from collections.abc import Iterator

from dafab_kg.spatial.index.block import Block, merged
from dafab_kg.spatial.index.index import SearchIndex
from dafab_kg.spatial.index.scan import Graphs, read_all
from dafab_kg.store.protocol import Store


def differences(store: Store, index: SearchIndex, graphs: Graphs) -> Iterator[tuple[str, str]]:
    """Yield (thing, what differs) for each row that is not as a rebuild would make it."""
    kept = [(part.segment.block(), part.alive) for part in index.parts]
    right = read_all(store, index.schema, graphs)
    held = merged(kept) if kept else None
    there = _rows(held) if held is not None else {}
    wanted = _rows(right)
    for iri in sorted(wanted.keys() | there.keys()):
        if iri not in there:
            yield iri, "is not in the index"
        elif iri not in wanted:
            yield iri, "is in the index, but nothing of it is in the graph"
        elif there[iri] != wanted[iri]:
            names = {name for name, _ in there[iri] ^ wanted[iri]}
            yield iri, f"differs in {', '.join(sorted(names))}"


def _rows(block: Block) -> dict[str, set[tuple[str, object]]]:
    """All that a block says of each thing, as (property, value)."""
    things = block.things.many(range(len(block)))
    rows: dict[str, set[tuple[str, object]]] = {iri: set() for iri in things}
    for name, column in block.columns.items():
        for row, value, flag in zip(column.rows, column.values, column.flags, strict=True):
            rows[things[row]].add((name, (value, flag)))
    for name, keywords in (*block.keywords.items(), ("class", block.classes)):
        terms = keywords.terms.many(range(len(keywords.terms)))
        for row, code in zip(keywords.rows, keywords.codes, strict=True):
            rows[things[row]].add((name, terms[code]))
    shapes = block.places.shapes
    boxes: list[list[tuple[float, ...]]] = [[] for _ in block.places.rows]
    for box, owner in zip(shapes.boxes, shapes.box_of, strict=True):
        boxes[owner].append(tuple(box))
    for number, row in enumerate(block.places.rows):
        value = (shapes.wkb.raw(number), shapes.flags[number], tuple(boxes[number]))
        rows[things[row]].add(("geometry", value))
    return rows
