"""Agricultural coverage and cloud-free agricultural coverage (specification, section 6.3, table 1).

* agricultural coverage = area of all fields / area covered by the image;
* cloud-free agricultural coverage = area of all fields not partially covered by
  clouds / area covered by the image.

Definitions, with figures on what else could be chosen: docs/decisions/coverage.md.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

from dafab_kg.derive.clouds import CLOUD_CLASSES, CloudMask, CloudMasks
from dafab_kg.derive.document import Derived, moment
from dafab_kg.derive.equal_area import EqualArea, Geometries
from dafab_kg.derive.fields import Crop, FieldGraphs
from dafab_kg.derive.rules import Lacking, Materials, Request
from dafab_kg.derive.scenes import Scene, scenes
from dafab_kg.model.errors import FieldNotValid
from dafab_kg.model.records import Coverage, Record, SceneCoverage

RULE: Final = "coverage"
VERSION: Final = "1"
METHOD: Final = "Union of fields in an equal-area projection of WGS 84 centred on the scene"

COVERED: Final = 0.99
"""Share of the footprint that a cloud mask must speak of."""

_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")
_YEAR = re.compile(r"(?<!\d)\d{4}(?!\d)")


@dataclass(frozen=True)
class Figures:
    """Areas in m², and counts; the cloud-free ones None without a cloud mask."""

    image_area: float
    field_area: float
    field_count: int
    extent_share: float
    free_area: float | None = None
    free_count: int | None = None


@dataclass(frozen=True)
class Image:
    """A scene as it is measured: its plane, what it covers there, and its clouds."""

    plane: EqualArea
    covered: BaseGeometry
    clouds: CloudMask | None
    notes: tuple[str, ...]


def derive_coverage(materials: Materials, request: Request) -> Iterator[Derived | Lacking]:
    """Derive the coverage of each scene by each data set of parcels and season.

    Raises:
        FieldNotValid: ``cloud_classes`` are no whole numbers.
    """
    classes = cloud_classes(request.parameters.get("cloud_classes"))
    fields = FieldGraphs(materials, request.dataset, request.season)
    if not fields.crops:
        asked = " ".join(filter(None, (request.dataset, request.season)))
        yield Lacking(
            asked or "parcels",
            "no field boundaries are here",
            "Load a parcel data set of the area; --dataset and --season must be as it calls them",
        )
        return
    masks = CloudMasks(materials, classes)
    found = False
    for scene in scenes(materials, request.products):
        found = True
        if isinstance(scene, Lacking):
            yield scene
        else:
            yield from _of_scene(materials, scene, fields, masks, classes, request)
    if not found:
        yield Lacking("scenes", "no image with a footprint is here", "Load the metadata of images")


def cloud_classes(given: Any) -> tuple[int, ...]:
    """Return the classes that count as cloud; ``3,8,9`` as text, or numbers.

    Raises:
        FieldNotValid: they are no whole numbers from 0 to 255.
    """
    if given is None or given == "":
        return CLOUD_CLASSES
    parts = given.split(",") if isinstance(given, str) else given
    try:
        classes = tuple(sorted({int(part) for part in parts}))
    except (TypeError, ValueError):
        classes = ()
    if not classes or not 0 < min(classes) <= max(classes) < 256:
        raise FieldNotValid(
            f"{given!r} are no classes of a scene classification",
            remedy="Give whole numbers from 1 to 255, such as 8,9,10",
        )
    return classes


def _of_scene(
    materials: Materials,
    scene: Scene,
    fields: FieldGraphs,
    masks: CloudMasks,
    classes: tuple[int, ...],
    request: Request,
) -> Iterator[Derived | Lacking]:
    near = [crop for crop in fields.crops if fields.extent(crop).intersects(scene.footprint)]
    if not near:
        if request.products:
            asked = ", ".join(f"{dataset} {season}" for dataset, season in fields.crops[:5])
            yield Lacking(
                scene.product_id,
                f"no parcels are there: those of {asked} lie elsewhere",
                "Load a parcel data set of the area",
            )
        return
    image = image_of(scene, masks.of(scene.product_id))
    if isinstance(image, Lacking):
        yield image
        return
    for crop in near:
        yield _of_crop(materials, scene, image, fields, crop, classes)


def image_of(scene: Scene, clouds: CloudMask | str) -> Image | Lacking:
    """Measure what the image covers.

    Where a mask speaks of the whole scene, the image is its pixels with data, else
    the footprint.  A mask of a part of the scene is not used.
    """
    plane = EqualArea(scene.footprint)
    footprint = plane.project(scene.footprint)
    if footprint.area == 0:
        return Lacking(scene.product_id, "its footprint has no area", "Load its metadata again")
    if isinstance(clouds, str):
        return Image(plane, footprint, None, (f"no cloud-free figure: {clouds}",))
    extent = clouds.extent(plane)
    share = 1.0 if extent is None else footprint.intersection(extent).area / footprint.area
    if share < COVERED:
        note = f"no cloud-free figure: the cloud mask covers {share:.1%} of the image"
        return Image(plane, footprint, None, (note,))
    covered = clouds.image(plane)
    covered = footprint if covered is None else covered
    if covered.area == 0:
        return Lacking(
            scene.product_id, "by its mask the image holds no data", "Leave such an image out"
        )
    return Image(plane, covered, clouds, ())


def _of_crop(
    materials: Materials,
    scene: Scene,
    image: Image,
    fields: FieldGraphs,
    crop: Crop,
    classes: tuple[int, ...],
) -> Derived | Lacking:
    started = moment()
    dataset, season = crop
    shapes, graphs = fields.near(crop, scene.footprint)
    figures = measure(image, shapes, fields.extent(crop))
    if figures.field_count == 0 and figures.extent_share < COVERED:
        return Lacking(
            scene.product_id,
            f"no parcels of {dataset} {season} are there, and it does not say that there are "
            f"none: its parcels lie around {figures.extent_share:.1%} of the image",
            "Load a parcel data set of the area",
        )
    notes = list(image.notes)
    if figures.extent_share < COVERED:
        notes.append(
            f"the parcels of {dataset} {season} lie within {figures.extent_share:.1%} of the "
            "image: what lies beyond is counted as no field"
        )
    parameters: dict[str, Any] = {"cloud_mask": image.clouds.kind if image.clouds else "none"}
    if image.clouds is not None and image.clouds.kind == "scene classification":
        parameters["cloud_classes"] = list(classes)
    inputs = materials.inputs(scene.graphs, "scene") + materials.inputs(graphs, "parcels")
    if image.clouds is not None:
        inputs += materials.inputs(image.clouds.graphs, "cloud")
    return Derived(
        rule=RULE,
        rule_version=VERSION,
        product_id=scene.product_id,
        about={"dataset": dataset, "season": season},
        inputs=inputs,
        parameters=parameters,
        figures=records(scene, crop, figures),
        started=started,
        ended=moment(),
        notes=tuple(notes),
    )


def measure(image: Image, fields: Geometries, extent: BaseGeometry) -> Figures:
    """Measure the fields within an image; what several fields cover counts once.

    ``extent`` is the box around all parcels of the data set.
    """
    around = image.plane.project(extent).intersection(image.covered)
    extent_share = around.area / image.covered.area
    placed = image.plane.project(fields)
    shapely.prepare(image.covered)
    whole = shapely.contains_properly(image.covered, placed)
    clipped = placed.copy()
    clipped[~whole] = shapely.intersection(placed[~whole], image.covered)
    inside = shapely.area(clipped) > 0
    fields, clipped = fields[inside], clipped[inside]
    area = united_area(clipped)
    free_area: float | None = None
    free_count: int | None = None
    if image.clouds is not None:
        free = image.clouds.free(fields)
        free_count = int(free.sum())
        free_area = area if free.all() else united_area(clipped[free])
    return Figures(image.covered.area, area, len(clipped), extent_share, free_area, free_count)


def united_area(shapes: Geometries) -> float:
    """Area that the shapes cover together.

    Most fields overlap no other: only those that do are united.
    """
    if not len(shapes):
        return 0.0
    one, other = shapely.STRtree(shapes).query(shapes, predicate="intersects")
    pairs = one < other
    one, other = one[pairs], other[pairs]
    sharing = ~shapely.touches(shapes[one], shapes[other])
    overlapping = np.zeros(len(shapes), dtype=bool)
    overlapping[one[sharing]] = overlapping[other[sharing]] = True
    alone = float(shapely.area(shapes[~overlapping]).sum())
    return alone + float(shapely.union_all(shapes[overlapping]).area)


def records(scene: Scene, crop: Crop, figures: Figures) -> tuple[Record, ...]:
    """Say the figures as records: percent to 4 decimals, km² to 6."""
    dataset, season = crop
    image = figures.image_area
    share = _percent(figures.field_area / image)
    free = None if figures.free_area is None else _percent(figures.free_area / image)
    coverage = Coverage(
        derivation_id="",
        product_id=scene.product_id,
        dataset=dataset,
        season=season,
        agricultural_coverage=share,
        cloud_free_agricultural_coverage=free,
        field_count=figures.field_count,
        cloud_free_field_count=figures.free_count,
        image_area=_km2(image),
        field_area=_km2(figures.field_area),
        cloud_free_field_area=None if figures.free_area is None else _km2(figures.free_area),
        parcel_extent_share=_percent(min(1.0, figures.extent_share)),
        method=METHOD,
    )
    if not holds(season, scene.time):
        return (coverage,)
    return (coverage, SceneCoverage(scene.product_id, share, free))


def holds(season: str, time: str) -> bool:
    """Tell whether a growing season holds a moment.

    A season is told by two dates, else by years: one, or the first and the last.

    >>> holds("2021", "2021-06-01T00:00:00Z"), holds("2022/2023", "2021-06-01T00:00:00Z")
    (True, False)
    >>> holds("2022-09-01/2023-08-15", "2023-08-15T10:00:00Z"), holds("winter", "2023-01-01")
    (True, False)
    """
    for pattern, length in ((_DATE, 10), (_YEAR, 4)):
        told = pattern.findall(season)
        if told:
            return bool(time) and min(told) <= time[:length] <= max(told)
    return False


def _percent(share: float) -> Decimal:
    return Decimal(f"{share * 100:.4f}")


def _km2(square_metres: float) -> Decimal:
    return Decimal(f"{square_metres / 1e6:.6f}")
