"""What GDAL and the side file say of a raster, as records."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from itertools import product
from typing import Any, Final

import shapely
from affine import Affine
from pyproj.exceptions import ProjError
from rasterio.crs import CRS
from rasterio.errors import CRSError
from rasterio.io import DatasetReader

from dafab_kg.loaders.raster.area import Grid, PixelAreas
from dafab_kg.loaders.raster.side import SideBand, SideFile
from dafab_kg.model.errors import DocumentRejected
from dafab_kg.model.geometry import Footprint, footprint_from_projected, footprint_from_ring
from dafab_kg.model.records import RasterBand
from dafab_kg.model.values import decimal_text

_IDLE_DOMAINS: Final = ("DERIVED_SUBDATASETS", "COLOR_PROFILE", "xml:GDAL_METADATA")
_STRUCTURE: Final = "IMAGE_STRUCTURE"
_STATISTICS: Final = ("minimum", "maximum", "mean", "stddev", "valid_percent")
_SURE: Final = 90
"""PROJ's confidence from which an EPSG code says the same as the file's own words."""
_MOST_PIECES: Final = 8
_PIECE: Final = 15_000
"""Metres after which a side of the footprint gets a corner more, up to the most pieces, so that it
follows its curve in CRS84: a chord of 15 km is some 4 m off in middle latitudes."""


@dataclass
class Placing:
    """Where a raster lies: all None where nothing tells."""

    crs: CRS | None = None
    transform: Affine | None = None
    code: str | None = None
    wkt: str | None = None
    unit: str | None = None
    by: str = "none"
    footprint: Footprint | None = None
    warnings: list[str] = field(default_factory=list)

    @property
    def crs_text(self) -> str | None:
        """The CRS as PROJ reads it."""
        return self.code or self.wkt

    def grid(self, dataset: DatasetReader) -> Grid | None:
        """Return the grid, if the raster lies on one."""
        if self.transform is None or self.crs_text is None:
            return None
        return Grid(self.crs_text, self.transform, dataset.width, dataset.height)


def place_of(dataset: DatasetReader, side: SideFile, where: str) -> Placing:
    """Tell where a raster lies; as to GDAL, its side file counts before the file itself."""
    placing = Placing()
    gcps, gcp_crs = dataset.gcps
    crs = dataset.crs or (gcp_crs if gcps else None)
    if side.crs_wkt is not None:
        try:
            crs = CRS.from_user_input(side.crs_wkt)
        except CRSError:
            placing.warnings.append("the side file's SRS is not understood; left out")
    _name(placing, crs)
    transform = None if dataset.transform.is_identity else dataset.transform
    if side.transform is not None:
        transform = Affine.from_gdal(*side.transform)
    if transform is not None and transform.determinant == 0:
        placing.warnings.append("the transform has no extent, so the raster lies nowhere")
        transform = None
    if transform is not None:
        placing.by, placing.transform = "transform", transform
    elif gcps:
        placing.by = "gcps"
        placing.warnings.append("placed by ground control points only; its footprint is their hull")
    elif dataset.rpcs is not None:
        placing.by = "rpcs"
        placing.warnings.append("placed by rational polynomials only; it has no footprint")
    if crs is None and placing.by != "none":
        placing.warnings.append("the raster states no CRS, so its place on the Earth is unknown")
    if placing.crs_text is None or placing.by not in ("transform", "gcps"):
        return placing
    try:
        if transform is not None:
            placing.footprint = _footprint(placing, transform, dataset, where)
        else:
            points = [(point.x, point.y) for point in gcps]
            hull = shapely.MultiPoint(points).convex_hull
            if isinstance(hull, shapely.Polygon):
                placing.footprint = _placed(
                    placing, [(x, y) for x, y, *_ in hull.exterior.coords], where
                )
    except DocumentRejected as error:
        placing.warnings.append(f"it has no footprint: {error.what}")
    return placing


def _name(placing: Placing, crs: CRS | None) -> None:
    if crs is None or not crs.to_wkt():
        return
    epsg = crs.to_epsg(confidence_threshold=_SURE)
    placing.crs = crs
    placing.code = f"EPSG:{epsg}" if epsg is not None else None
    placing.wkt = None if placing.code else crs.to_wkt()
    placing.unit = str(crs.units_factor[0])


def _footprint(
    placing: Placing, transform: Affine, dataset: DatasetReader, where: str
) -> Footprint:
    corners = [(0, 0), (0, dataset.height), (dataset.width, dataset.height), (dataset.width, 0)]
    outline: list[tuple[float, float]] = []
    for number, start in enumerate(corners):
        end = corners[(number + 1) % 4]
        pieces = _pieces(placing, transform, end[0] - start[0], end[1] - start[1])
        for step in range(pieces):
            part = step / pieces
            column, row = (a + (b - a) * part for a, b in zip(start, end, strict=True))
            outline.append(position(transform, column, row))
    return _placed(placing, outline, where)


def position(transform: Affine, column: float, row: float) -> tuple[float, float]:
    """Return where a corner of the grid lies in its CRS."""
    return (
        transform.a * column + transform.b * row + transform.c,
        transform.d * column + transform.e * row + transform.f,
    )


def _pieces(placing: Placing, transform: Affine, columns: float, rows: float) -> int:
    """Return how many straight pieces follow a side of the grid closely enough."""
    assert placing.crs is not None
    length = math.hypot(
        transform.a * columns + transform.b * rows, transform.d * columns + transform.e * rows
    )
    if placing.crs.is_geographic:
        # straight sides stay straight, but none may span half of the globe
        return 1 if length < 90 else _MOST_PIECES
    metres = length * float(placing.crs.units_factor[1])
    return min(max(math.ceil(metres / _PIECE), 1), _MOST_PIECES)


def _placed(placing: Placing, outline: list[tuple[float, float]], where: str) -> Footprint:
    assert placing.crs is not None and placing.crs_text is not None
    if placing.crs.is_geographic and placing.unit == "degree":
        outline = _on_the_globe(outline)
        if placing.code == "EPSG:4326":
            return footprint_from_ring(outline, where=where)
    return footprint_from_projected([outline], placing.crs_text, where=where)


def _on_the_globe(outline: list[tuple[float, float]]) -> list[tuple[float, float]]:
    """Bring degrees into range: grids go from 0 to 360, or half a pixel beyond the poles."""
    longitudes = [x for x, _ in outline]
    low, high = min(longitudes), max(longitudes)
    if high - low >= 360:
        middle = (low + high) / 2
        outline = [
            (math.copysign(180, x - middle) if abs(x - middle) >= 180 else x - middle, y)
            for x, y in outline
        ]
    elif high > 180:
        outline = [(x - 360 if low >= 180 or x > 180 else x, y) for x, y in outline]
    return [(x, max(min(y, 90.0), -90.0)) for x, y in outline]


def extent_fields(placing: Placing, dataset: DatasetReader) -> dict[str, Any]:
    """Return the fields of :class:`~dafab_kg.model.records.RasterFile` that tell its place."""
    fields: dict[str, Any] = {
        "raster_crs": placing.code,
        "crs_wkt": placing.wkt,
        "pixel_unit": placing.unit,
        "georeferencing": placing.by,
    }
    transform = placing.transform
    if transform is not None:
        sides = (0, dataset.width), (0, dataset.height)
        xs, ys = zip(*(position(transform, *corner) for corner in product(*sides)), strict=True)
        bounds = min(xs), min(ys), max(xs), max(ys)
        fields |= {
            "geo_transform": " ".join(plain(one) for one in tuple(transform)[:6]),
            "native_bounds": " ".join(plain(one) for one in bounds),
            "pixel_width": exact(math.hypot(transform.a, transform.d)),
            "pixel_height": exact(math.hypot(transform.b, transform.e)),
        }
    grid = placing.grid(dataset)
    if grid is not None:
        try:
            size = PixelAreas(grid).ground_size
        except ProjError:
            size = math.nan
        if math.isfinite(size) and size > 0:
            fields["pixel_size"] = Decimal(f"{size:.4g}")
    if placing.footprint is not None:
        found = placing.footprint
        fields |= {
            "footprint_wkt": found.wkt,
            "west": found.west,
            "south": found.south,
            "east": found.east,
            "north": found.north,
        }
    return fields


def exact(value: float) -> Decimal:
    """Return a number with the digits that tell it from its neighbours."""
    return Decimal(repr(float(value)))


def plain(value: float) -> str:
    """Return a number as text without exponent; ``nan``, ``inf`` and ``-inf`` as such."""
    number = float(value)
    return decimal_text(exact(number)) if math.isfinite(number) else str(number)


def number_of(text: str | float | None) -> Decimal | None:
    """Return a finite number, None for anything else."""
    try:
        number = float(text) if text is not None else math.nan
    except ValueError:
        return None
    if not math.isfinite(number):
        return None
    return Decimal(str(text).strip()) if isinstance(text, str) else exact(number)


def nodata_of(dataset: DatasetReader, side: SideFile, band: int) -> float | None:
    """Return the no-data value of a band: the side file's, else the file's own."""
    told = number_of(side.bands.get(band, SideBand()).nodata)
    if told is not None:
        return float(told)
    own = dataset.nodatavals[band - 1]
    return None if own is None else float(own)


def bands_of(
    dataset: DatasetReader, side: SideFile, digest: str, tags: Mapping[int, dict[str, str]]
) -> Iterator[RasterBand]:
    """Yield the bands; ``tags`` are their items of the domain without name."""
    for band in dataset.indexes:
        beside = side.bands.get(band, SideBand())
        scale = number_of(beside.scale) or exact(dataset.scales[band - 1])
        offset = number_of(beside.offset)
        offset = exact(dataset.offsets[band - 1]) if offset is None else offset
        stated = (scale, offset) != (Decimal(1), Decimal(0))
        nodata = nodata_of(dataset, side, band)
        yield RasterBand(
            digest=digest,
            raster_band=band,
            data_type=str(dataset.dtypes[band - 1]),
            nodata=None if nodata is None else plain(nodata),
            band_description=beside.description or dataset.descriptions[band - 1] or None,
            band_unit=beside.unit or dataset.units[band - 1] or None,
            band_scale=scale if stated else None,
            band_offset=offset if stated else None,
            color_interpretation=dataset.colorinterp[band - 1].name,
            **{
                f"statistics_{name}": number_of(tags[band].get(f"STATISTICS_{name.upper()}"))
                for name in _STATISTICS
            },
        )


def tags_of(dataset: DatasetReader, side: SideFile, band: int = 0) -> dict[str, dict[str, str]]:
    """Return the metadata items of the raster (``band`` 0) or of a band, by domain and key."""
    tags = {"": dict(dataset.tags(band))}
    for domain in dataset.tag_namespaces(band):
        if domain and domain not in _IDLE_DOMAINS and not domain.startswith("xml:"):
            tags[domain] = dict(dataset.tags(band, ns=domain))
    beside = side.tags if band == 0 else side.bands.get(band, SideBand()).tags
    for domain, items in beside.items():
        tags.setdefault(domain, {}).update(items)
    return tags


def left_tags(tags: Mapping[str, Mapping[str, str]], read: frozenset[str]) -> dict[str, Any]:
    """Return the items that no field of a record holds; ``read`` are keys that one does."""
    left = {
        domain: {key: text for key, text in items.items() if key not in read}
        for domain, items in tags.items()
    }
    return {domain: items for domain, items in left.items() if items}
