"""Which STAC properties the ontology has terms for.

One table: the field of :class:`~dafab_kg.model.records.Product` (or of a record
beside it), how the value is converted, and the names under which STAC has it, the
one to be preferred first.  ``statistics/water`` is the member ``water`` of the
object ``statistics``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, Final

from dafab_kg.loaders.stac import convert
from dafab_kg.model.errors import FieldNotValid


@dataclass(frozen=True)
class Known:
    """One row of the table."""

    field: str
    convert: Callable[[Any], convert.Converted | None]
    names: tuple[str, ...]


@dataclass(frozen=True)
class Facts:
    """What known names said.

    ``fields`` are values by field; ``covered`` the names whose values stand in a
    field exactly as delivered, with that field; ``warnings`` tell of values that
    could not be read.
    """

    fields: dict[str, Any]
    covered: dict[str, str]
    warnings: tuple[str, ...] = ()


def read_known(properties: dict[str, Any], table: Iterable[Known], above: str) -> Facts:
    """Read the members of ``properties`` (at the pointer ``above``) that ``table`` knows.

    Where two names say the same field, the first in the table counts; the other is
    covered only if it says the same.  A value that does not parse is left to be
    kept as it is: one bad value is no reason to refuse an item.
    """
    flat = properties
    for name, value in properties.items():
        if name in GROUPS and isinstance(value, dict):
            flat = {**flat, **{f"{name}/{member}": child for member, child in value.items()}}
    fields: dict[str, Any] = {}
    covered: dict[str, str] = {}
    warnings: list[str] = []
    for known in table:
        for name in known.names:
            raw = flat.get(name)
            if raw is None or raw in ("", [], {}):
                continue
            try:
                converted = known.convert(raw)
            except FieldNotValid as error:
                warnings.append(f"{above}/{name}: {error.what}; kept as it is")
                continue
            if converted is None:
                continue
            value, faithful = converted
            if fields.setdefault(known.field, value) == value and faithful:
                covered[name] = known.field
    return Facts(fields, covered, tuple(warnings))


GROUPS: Final = ("statistics",)
"""Objects in ``properties`` whose members the table names."""


def _s2(*endings: str) -> tuple[str, ...]:
    """Return a name of the Sentinel-2 extension in its current and its older prefix."""
    return tuple(f"{prefix}:{ending}" for ending in endings for prefix in ("s2", "sentinel2"))


def _scene(field: str, *statistics: str) -> Known:
    """Return the row for a share of the scene: as percentage of s2, or in ``statistics``."""
    names = tuple(f"statistics/{name}" for name in statistics)
    return Known(field, convert.percent, _s2(field) + names)


ITEM: Final[tuple[Known, ...]] = (
    # what it is
    Known("title", convert.text, ("title",)),
    Known("product_uri", convert.text, _s2("product_uri")),
    Known(
        "product_type",
        convert.product_type,
        (*_s2("product_type"), "sar:product_type", "product:type"),
    ),
    Known("processing_level", convert.level, ("processing:level", "s1:processing_level")),
    Known(
        "processing_baseline",
        convert.baseline,
        (*_s2("processing_baseline"), "processing:version"),
    ),
    Known(
        "generation_time",
        convert.instant,
        (*_s2("generation_time"), "s1:processing_datetime", "processing:datetime"),
    ),
    Known("doi", convert.text, ("sci:doi",)),
    Known("license", convert.text, ("license",)),
    # what took it
    Known("platform", convert.platform, ("platform", "eo:platform", "sar:platform")),
    Known("instruments", convert.instruments, ("instruments", "eo:instrument", "sar:instrument")),
    Known(
        "constellation",
        convert.text,
        ("constellation", "eo:constellation", "sar:constellation"),
    ),
    Known("datatake_id", convert.datatake, (*_s2("datatake_id"), "eopf:datatake_id")),
    Known("datatake_type", convert.text, _s2("datatake_type")),
    Known("datastrip_ids", convert.one_of_many, (*_s2("datastrip_id"), "eopf:datastrip_id")),
    Known("granule_ids", convert.one_of_many, _s2("granule_id", "tile_id")),
    Known("ground_sample_distance", convert.number, ("gsd", "eo:gsd")),
    Known("polarisations", convert.texts, ("sar:polarizations", "sar:polarization")),
    Known("instrument_mode", convert.text, ("sar:instrument_mode",)),
    Known("resolution_class", convert.text, ("s1:resolution",)),
    Known("timeliness", convert.text, ("s1:product_timeliness", "product:timeliness_category")),
    Known("slice_number", convert.whole, ("s1:slice_number",)),
    Known("total_slices", convert.whole, ("s1:total_slices",)),
    # where and when
    Known("mgrs_tiles", convert.tiles, (*_s2("mgrs_tile"), "grid:code")),
    Known("crs_codes", convert.crs_code, ("proj:code", "proj:epsg", "eo:epsg")),
    Known("datetime", convert.instant, ("datetime",)),
    Known("sensing_start", convert.instant, ("start_datetime", "dtr:start_datetime")),
    Known("sensing_stop", convert.instant, ("end_datetime", "dtr:end_datetime")),
    Known("relative_orbit", convert.whole, ("sat:relative_orbit", "sar:relative_orbit")),
    Known("absolute_orbit", convert.whole, ("sat:absolute_orbit", "sar:absolute_orbit")),
    Known("orbit_direction", convert.direction, ("sat:orbit_state", "sar:pass_direction")),
    Known(
        "sun_azimuth",
        convert.number,
        ("view:sun_azimuth", "eo:sun_azimuth", *_s2("mean_solar_azimuth")),
    ),
    Known("sun_elevation", convert.number, ("view:sun_elevation", "eo:sun_elevation")),
    Known("sun_zenith", convert.number, _s2("mean_solar_zenith")),
    Known("view_azimuth", convert.number, ("view:azimuth", "eo:azimuth")),
    Known("view_incidence_angle", convert.number, ("view:incidence_angle",)),
    # what is in the scene
    Known("cloud_cover", convert.percent, ("eo:cloud_cover",)),
    Known("snow_cover", convert.percent, ("eo:snow_cover",)),
    _scene("nodata_pixel_percentage", "nodata"),
    _scene("saturated_defective_pixel_percentage", "saturated_defective"),
    _scene("dark_features_percentage", "dark_features", "dark_area"),
    _scene("cloud_shadow_percentage", "cloud_shadow"),
    _scene("vegetation_percentage", "vegetation"),
    _scene("not_vegetated_percentage", "not_vegetated"),
    _scene("water_percentage", "water"),
    _scene("unclassified_percentage", "unclassified"),
    _scene("medium_proba_clouds_percentage", "medium_proba_clouds"),
    _scene("high_proba_clouds_percentage", "high_proba_clouds"),
    _scene("thin_cirrus_percentage", "thin_cirrus"),
    _scene("snow_ice_percentage", "snow_ice"),
    _scene("cloudy_pixel_over_land_percentage"),
    _scene("degraded_msi_data_percentage"),
    _scene("degraded_anc_data_percentage"),
    Known("reflectance_conversion_factor", convert.number, _s2("reflectance_conversion_factor")),
    # about the catalogue entry
    Known("created", convert.instant, ("created",)),
    Known("updated", convert.instant, ("updated",)),
)
"""Properties of an item."""

ASSET: Final[tuple[Known, ...]] = (
    Known("href", convert.text, ("href",)),
    Known("media_type", convert.text, ("type",)),
    Known("title", convert.text, ("title",)),
    Known("description", convert.text, ("description",)),
    Known("roles", convert.texts, ("roles",)),
    Known("size", convert.whole, ("file:size",)),
    Known("checksum", convert.text, ("file:checksum", "checksum:multihash")),
)
"""Members of an asset."""
