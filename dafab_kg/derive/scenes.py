"""Scenes: products with a footprint, and when they were taken."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Final

import shapely
from shapely.geometry.base import BaseGeometry

from dafab_kg.derive.rules import Lacking, Materials
from dafab_kg.model.resources import text
from dafab_kg.store.protocol import Iri, Literal

NAMED: Final = "Load the metadata of the product, or name another with --product"


@dataclass(frozen=True)
class Scene:
    """A product with its footprint (CRS84), time of acquisition, and the graphs that tell them."""

    product_id: str
    footprint: BaseGeometry
    time: str
    graphs: tuple[str, ...]


def scenes(materials: Materials, products: tuple[str, ...]) -> Iterator[Scene | Lacking]:
    """Yield the scenes asked for (none named: all), or why there is none."""
    query = text("queries/internal", "scenes.rq")
    if not products:
        yield from _gathered(materials, query, None)
    for product_id in products:
        found = list(_gathered(materials, query, materials.product(product_id)))
        yield from found or [
            Lacking(product_id, "no image of this id with a footprint is here", NAMED)
        ]


def _gathered(materials: Materials, query: str, product: Iri | None) -> Iterator[Scene | Lacking]:
    bindings = {"product": product} if product is not None else {}
    scene: Scene | None = None
    for _, name, wkt, time, graph in materials.rows(query, **bindings):
        if not (isinstance(name, Literal) and isinstance(wkt, Literal) and isinstance(graph, Iri)):
            continue
        if scene is not None and scene.product_id == name.value:
            scene = replace(scene, graphs=(*scene.graphs, graph.value))
            continue
        if scene is not None:
            yield scene
        try:
            footprint = shapely.from_wkt(wkt.value)
        except shapely.errors.GEOSException as error:
            scene = None
            yield Lacking(name.value, f"its footprint cannot be read: {error}")
            continue
        when = time.value if isinstance(time, Literal) else ""
        scene = Scene(name.value, footprint, when, (graph.value,))
    if scene is not None:
        yield scene
