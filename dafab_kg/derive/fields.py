"""Field boundaries as the graph holds them: graph by graph, by data set and season."""

from __future__ import annotations

from collections import OrderedDict, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Any, Final

import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

from dafab_kg.derive.equal_area import Geometries
from dafab_kg.derive.rules import Materials
from dafab_kg.model.names import decode
from dafab_kg.model.resources import text
from dafab_kg.store.protocol import Iri, Literal, Row

CHUNK: Final = 20_000
HELD: Final = 500_000
"""How many boundaries are held in memory at most, beside those of the graph in use."""

Crop = tuple[str, str]
"""A data set and a season."""


@dataclass(frozen=True)
class Fields:
    """The boundaries of one data set and season within one graph: IRIs and geometries (CRS84)."""

    iris: tuple[str, ...]
    shapes: Geometries


class FieldGraphs:
    """All graphs with boundaries; each is read when a scene reaches it."""

    def __init__(self, materials: Materials, dataset: str = "", season: str = "") -> None:
        self._materials = materials
        self._wanted = (dataset, season)
        self._held: OrderedDict[str, dict[Crop, Fields]] = OrderedDict()
        self.bounds: dict[tuple[str, Crop], tuple[float, float, float, float]] = {}
        for graph in self._graphs():
            for crop, fields in self._read(graph).items():
                self.bounds[graph, crop] = tuple(shapely.total_bounds(fields.shapes))

    @property
    def crops(self) -> list[Crop]:
        """All data sets and seasons."""
        return sorted({crop for _, crop in self.bounds})

    def extent(self, crop: Crop) -> BaseGeometry:
        """The box around all boundaries of a data set in a season."""
        boxes = np.array([box for (_, c), box in self.bounds.items() if c == crop])
        return shapely.geometry.box(*boxes[:, :2].min(axis=0), *boxes[:, 2:].max(axis=0))

    def near(self, crop: Crop, area: BaseGeometry) -> tuple[Geometries, tuple[str, ...]]:
        """Return the boundaries whose box meets ``area``, each parcel once, and their graphs."""
        shapes: dict[str, BaseGeometry] = {}
        graphs: list[str] = []
        for (graph, held), box in self.bounds.items():
            if held != crop or not area.intersects(shapely.box(*box)):
                continue
            fields = self._read(graph)[crop]
            found = shapely.STRtree(fields.shapes).query(area)
            if len(found):
                graphs.append(graph)
            for index in found:
                shapes.setdefault(fields.iris[index], fields.shapes[index])
        kept = np.empty(len(shapes), dtype=object)
        kept[:] = list(shapes.values())
        return kept, tuple(graphs)

    def _graphs(self) -> list[str]:
        rows = self._materials.rows(text("queries/internal", "parcel-graphs.rq"))
        return sorted(graph.value for (graph,) in rows if isinstance(graph, Iri))

    def _read(self, graph: str) -> dict[Crop, Fields]:
        if graph in self._held:
            self._held.move_to_end(graph)
            return self._held[graph]
        iris: defaultdict[Crop, list[str]] = defaultdict(list)
        shapes: defaultdict[Crop, list[Geometries]] = defaultdict(list)
        for rows in _chunks(self._rows(graph)):
            told = [row for row in map(self._told, rows) if row is not None]
            read = shapely.from_wkt([wkt for _, _, wkt in told], on_invalid="ignore")
            for crop in {crop for crop, _, _ in told}:
                mine = [i for i, row in enumerate(told) if row[0] == crop and _is_area(read[i])]
                iris[crop] += [told[i][1] for i in mine]
                shapes[crop].append(read[mine])
        fields = {
            crop: Fields(tuple(iris[crop]), np.concatenate(shapes[crop]))
            for crop in iris
            if iris[crop]
        }
        self._held[graph] = fields
        while len(self._held) > 1 and self._count() > HELD:
            self._held.popitem(last=False)
        return fields

    def _count(self) -> int:
        return sum(len(f.iris) for graph in self._held.values() for f in graph.values())

    def _rows(self, graph: str) -> Iterator[Row]:
        query = text("queries/internal", "parcel-boundaries.rq")
        return self._materials.stream_of(query, [graph])

    def _told(self, row: Row) -> tuple[Crop, str, str] | None:
        boundary, season, dataset, wkt = row
        if not (
            isinstance(boundary, Iri)
            and isinstance(season, Literal)
            and isinstance(dataset, Iri)
            and isinstance(wkt, Literal)
        ):
            return None
        crop = (decode(dataset.value.rsplit("/", 1)[-1]), season.value)
        wanted = zip(self._wanted, crop, strict=True)
        if any(asked and asked != has for asked, has in wanted):
            return None
        return crop, boundary.value, wkt.value


def _is_area(shape: Any) -> bool:
    return shape is not None and shape.geom_type in {"Polygon", "MultiPolygon"}


def _chunks(rows: Iterable[Row]) -> Iterator[list[Row]]:
    left = iter(rows)
    while chunk := list(islice(left, CHUNK)):
        yield chunk
