"""Water figures of a scene computed anew from its masks: rule ``water/1``.

From the reference mask and an observed mask of one product (specification table 2): the
surfaces, the anomaly score in percent with its sign, the type of the anomaly, and the
delineated areas of excess and deficit.  Masks on different grids are brought to the observed
one by the nearest pixel.  Both masks must see a pixel for it to count in a comparison.

The score is (excess - deficit) / reference, all three where both masks see; the type is the
verdict of the policy that the catalogue applies to delivered figures too.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Final

import numpy as np
from affine import Affine
from numpy.typing import NDArray
from pyproj.exceptions import ProjError
from rasterio.features import shapes
from rasterio.warp import Resampling, reproject, transform_bounds

from dafab_kg.derive.document import Derived, Input, moment
from dafab_kg.derive.rules import Lacking, Materials, Request
from dafab_kg.loaders.dafab.anomaly import POLICY, judge
from dafab_kg.loaders.findings.read import area_of
from dafab_kg.loaders.raster.area import Grid, PixelAreas, square_kilometres, windows
from dafab_kg.loaders.raster.describe import position
from dafab_kg.loaders.raster.mask import LAND, NODATA, WATER
from dafab_kg.loaders.raster.opened import OpenMask, open_mask
from dafab_kg.loaders.raster.read import share, square_metre
from dafab_kg.model.errors import DafabError, FieldNotValid, TooLarge
from dafab_kg.model.geometry import footprint_from_projected
from dafab_kg.model.names import decode
from dafab_kg.model.records import (
    AnomalyArea,
    Record,
    SceneWater,
    WaterAnalysis,
    WaterExtent,
)
from dafab_kg.model.resources import text

VERSION: Final = "1"
LEAST_AREA: Final = Decimal("0.01")
"""km² from which an area of excess or deficit is drawn, unless the user says otherwise: a single
pixel at 10 m is 0.0001 km², and coasts and banks are full of them."""

MAX_PIXELS: Final = 10**9
"""Most pixels of an observed mask: its differences are held at once, one byte each."""

EXCESS: Final = 1
DEFICIT: Final = 2
SIGNS: Final = {EXCESS: "excess", DEFICIT: "deficit"}
_PREFERRED: Final = ("AI-postprocessed", "AI-observed", "no-AI-postprocessed", "no-AI-observed")
_REMEDY: Final = "Load the reference and the observed mask with the item that names them"


@dataclass(frozen=True)
class MaskFile:
    """A mask in the catalogue: the digest of its file, its asset's key, its document."""

    digest: str
    key: str
    input: Input


@dataclass
class Comparison:
    """What a pair of masks says: areas in km², and on which pixels they differ."""

    method: str
    transform: Affine
    crs: str
    difference: NDArray[np.uint8]
    areas: dict[str, float] = field(default_factory=lambda: defaultdict(float))


def derive_water(materials: Materials, request: Request) -> Iterator[Derived | Lacking]:
    """Compare the masks of each product; ``least_area`` (km²) bounds what is drawn."""
    least = _least_area(request)
    found = _masks(materials, request)
    for product_id in sorted({*found, *request.products}):
        observed = found.get(product_id, {}).get("observed", [])
        reference = found.get(product_id, {}).get("reference", [])
        if not observed or not reference:
            missing = "reference" if observed else "observed"
            missing = missing if observed or reference else "water"
            yield Lacking(product_id, f"there is no {missing} mask of it", _REMEDY)
            continue
        ordered = sorted(observed, key=_rank)
        for number, one in enumerate(ordered):
            try:
                yield _derive(materials, product_id, one, reference, least, chosen=number == 0)
            except (DafabError, ProjError) as error:
                yield Lacking(f"{product_id} {one.key}".strip(), str(error))


def _least_area(request: Request) -> Decimal:
    told = request.parameters.get("least_area", LEAST_AREA)
    try:
        least = Decimal(str(told))
    except ArithmeticError:
        least = Decimal(-1)
    if not least.is_finite() or least < 0:
        raise FieldNotValid(
            f"{told!r} is no area in km²", where="least_area", remedy="Give 0 or more"
        )
    return least


def _masks(materials: Materials, request: Request) -> dict[str, dict[str, list[MaskFile]]]:
    """Return the masks by product and kind, each file once."""
    found: dict[str, dict[str, list[MaskFile]]] = {}
    stem = materials.names.make("product", product_id="")
    raster = materials.names.make("raster", digest="")
    for row in materials.rows(text("queries/internal", "water-masks.rq")):
        product, mask, kind, graph, asset = (None if term is None else term.value for term in row)
        one = materials.input(graph or "", f"{kind} mask")
        if product is None or mask is None or kind is None or one is None:
            continue
        product_id, digest = decode(product.removeprefix(stem)), decode(mask.removeprefix(raster))
        if request.products and product_id not in request.products:
            continue
        files = found.setdefault(product_id, {}).setdefault(kind, [])
        key = decode(asset.rpartition("/asset/")[2]) if asset else ""
        if all(other.digest != digest for other in files):
            files.append(MaskFile(digest, key, one))
    return found


def _rank(mask: MaskFile) -> tuple[int, str, str]:
    """Order the observed masks of a product: the figures of the first stand on the product."""
    for rank, part in enumerate(_PREFERRED):
        if f"dafab-{part}" in mask.key:
            return rank, mask.key, mask.digest
    return len(_PREFERRED), mask.key, mask.digest


def _derive(
    materials: Materials,
    product_id: str,
    observed: MaskFile,
    references: list[MaskFile],
    least: Decimal,
    *,
    chosen: bool,
) -> Derived:
    started = moment()
    reference = references[0]
    with ExitStack() as stack:
        opened = [
            stack.enter_context(_open(materials, product_id, one)) for one in (observed, reference)
        ]
        compared = compare(*opened)
    extent = _extent(product_id, observed, reference, compared)
    figures: list[Record] = [extent]
    if chosen:
        figures.append(
            SceneWater(
                product_id,
                extent.observed_water_area,
                extent.reference_water_area,
                extent.anomaly_score,
                extent.anomaly_type,
            )
        )
        figures += delineate(compared, product_id, observed.digest[:8], least)
    notes = [f"it has {len(references)} reference masks; compared with {reference.key}"]
    return Derived(
        rule="water",
        rule_version=VERSION,
        product_id=product_id,
        inputs=(observed.input, reference.input),
        figures=tuple(figures),
        about={"observed": observed.key or observed.digest[:16]},
        parameters={"least_area": least, "policy": POLICY.id},
        started=started,
        ended=moment(),
        notes=tuple(notes) if len(references) > 1 else (),
    )


def _open(materials: Materials, product_id: str, mask: MaskFile) -> Any:
    entry = materials.documents.get(mask.input.document_id)
    if entry is None:  # it was there a moment ago
        raise FieldNotValid("the mask was deleted", where=product_id, remedy=_REMEDY)
    return open_mask(materials.documents.parts(entry), materials.names, entry.origin)


def compare(observed: OpenMask, reference: OpenMask) -> Comparison:
    """Compare two masks on the grid of the observed one.

    Raises:
        TooLarge: the observed mask has more than :data:`MAX_PIXELS`.
        FieldNotValid: a mask holds values without a meaning.
        ProjError: a CRS in which no areas can be told.
    """
    grid = observed.grid
    if grid.width * grid.height > MAX_PIXELS:
        raise TooLarge(
            f"the mask has {grid.width * grid.height} pixels, at most {MAX_PIXELS} are compared",
            where=observed.where,
            remedy="Cut it into tiles",
        )
    ground = PixelAreas(grid)
    result = Comparison(
        ground.method, grid.transform, grid.crs, np.zeros((grid.height, grid.width), np.uint8)
    )
    block_height, block_width = observed.dataset.block_shapes[0]
    for window in windows(grid.width, grid.height, block_width, block_height):
        seen, known = observed.classes(window), resampled(reference, grid, window)
        both = (seen != NODATA) & (known != NODATA)
        excess = both & (seen == WATER) & (known == LAND)
        deficit = both & (seen == LAND) & (known == WATER)
        row, column, height, width = window
        part = result.difference[row : row + height, column : column + width]
        part[excess], part[deficit] = EXCESS, DEFICIT
        areas = ground.block(*window)
        for name, chosen in (
            ("observed", seen == WATER),
            ("visible", both),
            ("observed_visible", both & (seen == WATER)),
            ("reference_visible", both & (known == WATER)),
            ("excess", excess),
            ("deficit", deficit),
        ):
            result.areas[name] += square_kilometres(areas, chosen)
    result.areas["reference"] = water_area(reference)
    return result


def water_area(mask: OpenMask) -> float:
    """Return the area of water of a mask on its own grid, in km²."""
    ground = PixelAreas(mask.grid)
    block_height, block_width = mask.dataset.block_shapes[0]
    return sum(
        square_kilometres(ground.block(*window), mask.classes(window) == WATER)
        for window in windows(mask.grid.width, mask.grid.height, block_width, block_height)
    )


def resampled(mask: OpenMask, grid: Grid, window: tuple[int, int, int, int]) -> NDArray[np.uint8]:
    """Return the classes of a mask on a window of another grid, by the nearest pixel.

    Where the mask does not reach there is no data.
    """
    row, column, height, width = window
    if mask.grid == grid:
        return mask.classes(window)
    target = grid.transform @ Affine.translation(column, row)
    classes = np.full((height, width), NODATA, np.uint8)
    source = _needed(mask.grid, grid.crs, target, height, width)
    if source is None:
        return classes
    reproject(
        mask.classes(source),
        classes,
        src_transform=mask.grid.transform @ Affine.translation(source[1], source[0]),
        src_crs=mask.grid.crs,
        dst_transform=target,
        dst_crs=grid.crs,
        src_nodata=NODATA,
        dst_nodata=NODATA,
        resampling=Resampling.nearest,
    )
    return classes


def _needed(
    grid: Grid, crs: str, target: Affine, height: int, width: int
) -> tuple[int, int, int, int] | None:
    """Return the window of ``grid`` that covers a target window, None where they do not meet."""
    corners = [
        position(target, *corner) for corner in ((0, 0), (width, 0), (0, height), (width, height))
    ]
    xs, ys = zip(*corners, strict=True)
    bounds = transform_bounds(crs, grid.crs, min(xs), min(ys), max(xs), max(ys), densify_pts=21)
    inverse = ~grid.transform
    places = [position(inverse, x, y) for x in bounds[::2] for y in bounds[1::2]]
    columns, rows = zip(*places, strict=True)
    first = max(int(np.floor(min(rows))) - 2, 0), max(int(np.floor(min(columns))) - 2, 0)
    last = (
        min(int(np.ceil(max(rows))) + 2, grid.height),
        min(int(np.ceil(max(columns))) + 2, grid.width),
    )
    if last[0] <= first[0] or last[1] <= first[1]:
        return None
    return first[0], first[1], last[0] - first[0], last[1] - first[1]


def _extent(
    product_id: str, observed: MaskFile, reference: MaskFile, compared: Comparison
) -> WaterExtent:
    areas = {name: square_metre(area) for name, area in compared.areas.items()}
    base = areas["reference_visible"]
    excess, deficit = share(areas["excess"], base), share(areas["deficit"], base)
    verdict = judge(
        WaterAnalysis(
            product_id,
            excess_total_water_observed=excess,
            excess_total_water_observed_area=areas["excess"],
            deficit_water_observed=deficit,
            deficit_water_observed_area=areas["deficit"],
        )
    )
    return WaterExtent(
        derivation_id="",
        product_id=product_id,
        observed_digest=observed.digest,
        reference_digest=reference.digest,
        observed_water_area=areas["observed"],
        reference_water_area=areas["reference"],
        visible_area=areas["visible"],
        observed_water_visible_area=areas["observed_visible"],
        reference_water_visible_area=base,
        excess_water_area=areas["excess"],
        deficit_water_area=areas["deficit"],
        anomaly_score=share(areas["excess"] - areas["deficit"], base),
        excess_percentage=excess,
        deficit_percentage=deficit,
        anomaly_type=verdict.anomaly_type if verdict else None,
        policy=verdict.policy if verdict else None,
        area_method=compared.method,
    )


def delineate(
    compared: Comparison, product_id: str, prefix: str, least: Decimal
) -> Iterator[AnomalyArea]:
    """Draw the areas of excess and deficit of at least ``least`` km², in CRS84.

    Pixels that share a side make one area; those that touch at a corner do not, so that every
    outline is a valid polygon.
    """
    difference = compared.difference
    counts: dict[int, int] = defaultdict(int)
    drawn = shapes(difference, mask=difference > 0, connectivity=4, transform=compared.transform)
    for geometry, value in drawn:
        sign = int(value)
        footprint = footprint_from_projected(
            geometry["coordinates"], compared.crs, where=f"{product_id}: anomaly"
        )
        area = area_of(footprint)
        if area is None or area < least:
            continue
        counts[sign] += 1
        yield AnomalyArea(
            product_id=product_id,
            anomaly_sign=SIGNS[sign],
            area_id=f"{prefix}-{counts[sign]}",
            anomaly_area=area,
            footprint_wkt=footprint.wkt,
            west=footprint.west,
            south=footprint.south,
            east=footprint.east,
            north=footprint.north,
        )
