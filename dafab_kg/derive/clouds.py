"""Where a scene has cloud: the scene classification of its product, or areas drawn in it.

Both answer the same three questions: what area the image covers, how much of the
footprint the mask speaks of, and which fields no cloud touches.
"""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import dataclass, field
from typing import Any, Final, Protocol

import numpy as np
import numpy.typing as npt
import shapely
from rasterio.features import shapes as areas_of
from shapely.geometry.base import BaseGeometry

from dafab_kg.derive.equal_area import EqualArea, Geometries, moved
from dafab_kg.derive.rules import Materials
from dafab_kg.loaders.raster.describe import place_of
from dafab_kg.loaders.raster.files import JPEG2000, TIFF, open_bytes, open_raster
from dafab_kg.loaders.raster.jpeg2000 import is_jpeg2000
from dafab_kg.loaders.raster.parts import sort_parts
from dafab_kg.model.errors import DafabError
from dafab_kg.model.names import decode
from dafab_kg.model.resources import text
from dafab_kg.store.protocol import Iri, Literal

CLOUD_CLASSES: Final = (8, 9, 10)
"""Classes of the Sentinel-2 scene classification that are cloud: of medium and of high
probability, and thin cirrus.  Their sum is what the product's own metadata call its cloudy
pixels.  Shadow of clouds (3) darkens the ground and hides nothing; who wants it counted
says so (``--cloud-classes 3,8,9,10``)."""

NO_DATA: Final = 0
MOST_PIXELS: Final = 200_000_000
_KEY = re.compile(r"scl(?:[_-].*)?\Z", re.IGNORECASE)
_INSIDE: Final = 1e-6  # pixels; a field that only shares an edge with a cloud is not touched


class CloudMask(Protocol):
    """What tells the clouds of a scene."""

    @property
    def graphs(self) -> tuple[str, ...]:
        """The graphs that tell the clouds."""
        ...

    @property
    def kind(self) -> str:
        """What sort of mask it is."""
        ...

    def image(self, plane: EqualArea) -> BaseGeometry | None:
        """What the image covers, in the plane; None where the mask does not tell."""
        ...

    def extent(self, plane: EqualArea) -> BaseGeometry | None:
        """What the mask speaks of, data or not; None for all of the scene."""
        ...

    def free(self, fields: Geometries) -> npt.NDArray[np.bool_]:
        """Tell for each field (CRS84) whether no cloud touches it."""
        ...


@dataclass(frozen=True)
class AssetFile:
    """A raster file that is an asset of a product."""

    digest: str
    width: int
    graph: str


class CloudMasks:
    """The masks of all products."""

    def __init__(self, materials: Materials, classes: tuple[int, ...] = CLOUD_CLASSES) -> None:
        self._materials = materials
        self._classes = classes
        self._files = _classifications(materials)
        self._drawn = _drawn(materials)

    def of(self, product_id: str) -> CloudMask | str:
        """Return the mask of a product, or why there is none.

        Of several files the one with most pixels is taken.
        """
        files = sorted(self._files.get(product_id, ()), key=lambda f: (-f.width, f.digest))
        reason = "no scene classification (SCL) of it is here"
        for file in files:
            made = self._open(file)
            if not isinstance(made, str):
                return made
            reason = made
        if product_id in self._drawn:
            return self._drawn[product_id]
        return reason

    def _open(self, file: AssetFile) -> ClassifiedMask | str:
        documents = self._materials.documents
        entry = documents.get(file.graph.rsplit("/", 1)[-1])
        if entry is None or file.digest not in {digest for _, digest in entry.files}:
            return "the bytes of its scene classification are not kept"
        parts = sort_parts(documents.parts(entry), self._materials.names)
        try:
            with open_bytes(parts.raster) as opened:
                driver = JPEG2000 if is_jpeg2000(opened.read(16)) else TIFF
            with open_raster(parts.raster, driver, where=entry.origin) as raster:
                grid = place_of(raster, parts.side, entry.origin).grid(raster)
                if grid is None:
                    return "its scene classification has no coordinate reference system"
                if raster.width * raster.height > MOST_PIXELS:
                    return f"its scene classification has more than {MOST_PIXELS:,} pixels"
                values = raster.read(1)
                without = (values == NO_DATA) | (raster.read_masks(1) == 0)
        except (DafabError, OSError, ValueError) as error:
            return f"its scene classification cannot be read: {error}"
        return ClassifiedMask(
            graphs=(file.graph,),
            cloud=np.isin(values, self._classes) & ~without,
            without=without,
            transform=grid.transform,
            crs=grid.crs,
        )


@dataclass
class ClassifiedMask:
    """A raster of classes: ``cloud`` and ``without`` (no data) tell of each pixel."""

    graphs: tuple[str, ...]
    cloud: npt.NDArray[np.bool_]
    without: npt.NDArray[np.bool_]
    transform: Any
    crs: str
    kind: str = "scene classification"
    _sums: npt.NDArray[np.int32] | None = field(default=None, repr=False)

    def image(self, plane: EqualArea) -> BaseGeometry:
        """All pixels with data."""
        whole = self.extent(plane)
        if not self.without.any():
            return whole
        found = areas_of(self.without.astype(np.uint8), mask=self.without, transform=self.transform)
        empty = np.array([shapely.geometry.shape(shape) for shape, _ in found], dtype=object)
        gaps = shapely.union_all(plane.project_from(empty, self.crs, self._longest))
        return whole.difference(gaps)

    def extent(self, plane: EqualArea) -> BaseGeometry:
        """All pixels."""
        rows, columns = self.cloud.shape
        corners = [self._position(*c) for c in ((0, 0), (columns, 0), (columns, rows), (0, rows))]
        extent: BaseGeometry = plane.project_from(shapely.Polygon(corners), self.crs, self._longest)
        return extent

    def _position(self, column: float, row: float) -> tuple[float, float]:
        a, b, c, d, e, f = self.transform[:6]
        return a * column + b * row + c, d * column + e * row + f

    @property
    def _longest(self) -> float:
        # 1/500 of the raster: 220 m of a Sentinel-2 tile, in whatever unit the CRS has
        rows, columns = self.cloud.shape
        a, b, _, d, e, _ = self.transform[:6]
        return float(max(np.hypot(a, d) * columns, np.hypot(b, e) * rows)) / 500

    def free(self, fields: Geometries) -> npt.NDArray[np.bool_]:
        """A field is touched by a cloud if it shares area with one of its pixels."""
        import pyproj

        there = pyproj.Transformer.from_crs("OGC:CRS84", self.crs, always_xy=True)
        back = ~self.transform

        def to_pixels(x: Any, y: Any) -> tuple[Any, Any]:
            x, y = there.transform(x, y)
            return back.a * x + back.b * y + back.c, back.d * x + back.e * y + back.f

        placed = moved(fields, to_pixels)
        rows, columns = self.cloud.shape
        bounds = shapely.bounds(placed)
        with np.errstate(invalid="ignore"):
            low = np.floor(bounds[:, :2])
            high = np.ceil(bounds[:, 2:])
        left, top = np.clip(low, 0, (columns, rows)).astype(np.int64).T
        right, bottom = np.clip(high, 0, (columns, rows)).astype(np.int64).T
        sums = self._summed()
        counts = sums[bottom, right] - sums[top, right] - sums[bottom, left] + sums[top, left]
        free: npt.NDArray[np.bool_] = counts == 0
        for index in np.flatnonzero(counts):
            window = self.cloud[top[index] : bottom[index], left[index] : right[index]]
            free[index] = not _touches(placed[index], window, left[index], top[index])
        return free

    def _summed(self) -> npt.NDArray[np.int32]:
        if self._sums is None:
            rows, columns = self.cloud.shape
            self._sums = np.zeros((rows + 1, columns + 1), dtype=np.int32)
            np.cumsum(self.cloud, axis=0, dtype=np.int32, out=self._sums[1:, 1:])
            np.cumsum(self._sums[1:, 1:], axis=1, out=self._sums[1:, 1:])
        return self._sums


def _touches(shape: BaseGeometry, window: npt.NDArray[np.bool_], left: int, top: int) -> bool:
    """Tell whether a geometry in pixels shares area with a pixel that is set in ``window``."""
    down, right = np.nonzero(window)
    x, y = right + float(left), down + float(top)
    if len(x) > 16:
        shapely.prepare(shape)
        if shapely.contains_xy(shape, x + 0.5, y + 0.5).any():
            return True
    pixels = shapely.box(x + _INSIDE, y + _INSIDE, x + 1 - _INSIDE, y + 1 - _INSIDE)
    return bool(shapely.intersects(shape, pixels).any())


@dataclass(frozen=True)
class DrawnMask:
    """Clouds that something drew as areas into the image."""

    graphs: tuple[str, ...]
    clouds: Geometries
    kind: str = "drawn clouds"

    def image(self, plane: EqualArea) -> None:
        """It does not tell."""

    def extent(self, plane: EqualArea) -> None:
        """All of the scene."""

    def free(self, fields: Geometries) -> npt.NDArray[np.bool_]:
        """A field is touched by a cloud if it shares area with it."""
        free = np.ones(len(fields), dtype=bool)
        pairs = shapely.STRtree(self.clouds).query(fields, predicate="intersects")
        meeting = ~shapely.touches(fields[pairs[0]], self.clouds[pairs[1]])
        free[pairs[0][meeting]] = False
        return free


def _classifications(materials: Materials) -> dict[str, list[AssetFile]]:
    found: defaultdict[str, list[AssetFile]] = defaultdict(list)
    room = materials.names.make("product", product_id="")
    for asset, digest, width, graph in materials.rows(text("queries/internal", "asset-files.rq")):
        if not (isinstance(asset, Iri) and isinstance(digest, Literal) and isinstance(graph, Iri)):
            continue
        product, _, key = asset.value.removeprefix(room).partition("/asset/")
        if _KEY.match(decode(key)):
            pixels = int(width.value) if isinstance(width, Literal) else 0
            found[decode(product)].append(AssetFile(digest.value, pixels, graph.value))
    return found


def _drawn(materials: Materials) -> dict[str, DrawnMask]:
    shapes: defaultdict[str, list[BaseGeometry]] = defaultdict(list)
    graphs: defaultdict[str, set[str]] = defaultdict(set)
    room = materials.names.make("product", product_id="")
    for product, wkt, graph in materials.rows(text("queries/internal", "cloud-detections.rq")):
        if isinstance(product, Iri) and isinstance(wkt, Literal) and isinstance(graph, Iri):
            name = decode(product.value.removeprefix(room))
            shapes[name].append(shapely.from_wkt(wkt.value))
            graphs[name].add(graph.value)
    return {
        name: DrawnMask(tuple(sorted(graphs[name])), np.array(clouds, dtype=object))
        for name, clouds in shapes.items()
    }
