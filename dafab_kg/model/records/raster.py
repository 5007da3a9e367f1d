"""Raster files as files: how they are laid out, where they lie, and what a mask in one holds."""

from __future__ import annotations

from dataclasses import dataclass

from dafab_kg.model.records.base import Number, Record, Text, Texts, Whole


@dataclass(frozen=True, slots=True)
class RasterFile(Record):
    """A raster file, named by its content: ``digest`` is the SHA-256 of its bytes in hex.

    ``driver`` is GDAL's short name (``GTiff``, ``JP2OpenJPEG``).  ``geo_transform`` is
    the affine transform as six numbers a b c d e f (x = a·column + b·row + c); it, the
    ``native_bounds`` (left bottom right top), ``pixel_width`` and ``pixel_height`` are in
    the unit of the CRS, ``pixel_unit``.  ``georeferencing`` is ``transform``, ``gcps``,
    ``rpcs`` or ``none``.  ``crs_wkt`` is given only where no EPSG code says the same.
    ``is_cog`` tells whether the layout is that of a cloud optimised GeoTIFF, with the
    reasons why not in ``cog_faults`` and what could be better in ``cog_advice``; it is
    None for what is no TIFF.  The footprint is CRS84 as in ``Product``.  ``product_id``
    with ``asset_keys`` is the asset that the file is, where an item beside it tells.
    """

    digest: str
    driver: str
    file_name: Text = None
    file_size: Whole = None  # bytes
    product_id: Text = None
    asset_keys: Texts = ()
    raster_width: Whole = None  # pixels
    raster_height: Whole = None  # pixels
    band_count: Whole = None
    raster_crs: Text = None  # EPSG:32631
    crs_wkt: Text = None
    geo_transform: Text = None
    native_bounds: Text = None
    pixel_width: Number = None
    pixel_height: Number = None
    pixel_unit: Text = None
    pixel_size: Number = None  # metres on the ground at the centre, geometric mean
    pixel_interpretation: Text = None  # Area, Point
    georeferencing: Text = None
    footprint_wkt: Text = None
    west: Number = None
    south: Number = None
    east: Number = None
    north: Number = None
    compression: Text = None
    interleave: Text = None
    is_tiled: bool | None = None
    block_width: Whole = None  # pixels
    block_height: Whole = None  # pixels
    overviews: Texts = ()  # "5490x5490", one for each
    is_cog: bool | None = None
    cog_faults: Texts = ()
    cog_advice: Texts = ()
    written_by: Text = None  # the tag Software
    written_at: Text = None  # the tag DateTime, as delivered: it has no zone


@dataclass(frozen=True, slots=True)
class RasterBand(Record):
    """One band of a raster file, counted from 1.

    ``nodata`` is text since it may be NaN.  A pixel's value is stored · ``scale`` +
    ``offset``, in ``band_unit``.  The statistics are those that the file or its side
    file states.
    """

    digest: str
    raster_band: int
    data_type: Text = None  # uint16, float32, ...
    nodata: Text = None
    band_description: Text = None
    band_unit: Text = None
    band_scale: Number = None
    band_offset: Number = None
    color_interpretation: Text = None
    statistics_minimum: Number = None
    statistics_maximum: Number = None
    statistics_mean: Number = None
    statistics_stddev: Number = None
    statistics_valid_percent: Number = None


@dataclass(frozen=True, slots=True)
class WaterMask(Record):
    """What a raster file holds if it is a water mask (specification table 2).

    ``mask_kind`` is ``reference`` or ``observed``; ``told_by`` is ``asset`` or ``tag``,
    what says so.  ``product_ids`` are the water products that it belongs to.  Areas are
    km², computed from the pixels; shares are percent, of all pixels and of those with
    data (``water_share_visible``).  The figures are None where the coding of the mask is
    not known.
    """

    digest: str
    mask_kind: str
    told_by: str
    product_ids: Texts = ()
    water_pixels: Whole = None
    land_pixels: Whole = None
    nodata_pixels: Whole = None
    water_area: Number = None
    land_area: Number = None
    nodata_area: Number = None
    water_share: Number = None
    water_share_visible: Number = None
    area_method: Text = None  # grid, scaled, ellipsoid


@dataclass(frozen=True, slots=True)
class WaterExtent(Record):
    """Observed water against reference water, computed from a pair of masks.

    ``observed_digest`` and ``reference_digest`` name the masks' files.  Areas are km².
    *Visible* is where both masks have data: excess is water observed where the reference
    has land, deficit the reverse, both relative to ``reference_water_visible_area``;
    ``anomaly_score`` is their difference in percent, positive for more water than in the
    reference.  It has no upper bound and is None where the reference shows no water.
    ``anomaly_type`` is the verdict of ``policy`` (see ``WaterAnomaly``).
    """

    derivation_id: str
    product_id: str
    observed_digest: str
    reference_digest: str
    observed_water_area: Number = None
    reference_water_area: Number = None
    visible_area: Number = None
    observed_water_visible_area: Number = None
    reference_water_visible_area: Number = None
    excess_water_area: Number = None
    deficit_water_area: Number = None
    anomaly_score: Number = None
    excess_percentage: Number = None
    deficit_percentage: Number = None
    anomaly_type: Text = None
    policy: Text = None
    area_method: Text = None


@dataclass(frozen=True, slots=True)
class SceneWater(Record):
    """The same on the product itself, which users filter by: one pair of masks of each product."""

    product_id: str
    observed_water_area: Number = None
    reference_water_area: Number = None
    anomaly_score: Number = None
    anomaly_type: Text = None
