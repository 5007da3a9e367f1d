"""Products as data centres deliver them, what hangs on them, and where they come from."""

from __future__ import annotations

from dataclasses import dataclass

from dafab_kg.model.records.base import Number, Record, Text, Texts, Whole


@dataclass(frozen=True, slots=True)
class Platform(Record):
    """A satellite: ``platform`` is its STAC name (``sentinel-2a``)."""

    platform: str
    label: str
    constellation: Text = None


@dataclass(frozen=True, slots=True)
class Instrument(Record):
    """An instrument aboard a platform: ``instrument`` is its STAC name (``msi``).

    ``kind`` is ``optical``, ``sar`` or None where the document does not tell.
    """

    platform: str
    instrument: str
    label: str
    kind: Text = None


@dataclass(frozen=True, slots=True)
class Tile(Record):
    """A tile of the Military Grid Reference System, 100 km wide (``31UFS``)."""

    mgrs_tile: str


@dataclass(frozen=True, slots=True)
class Datatake(Record):
    """One continuous acquisition by one satellite.

    ``datatake_id`` has no baseline suffix (``GS2A_20220127T104321_034468``), so
    that a reprocessing names the same datatake; for Sentinel-1 it is the satellite with
    the number in hexadecimal (``S1A_049F13``).
    """

    datatake_id: str
    platform: Text = None
    datatake_type: Text = None
    sensing_start: Text = None
    relative_orbit: Whole = None
    absolute_orbit: Whole = None
    orbit_direction: Text = None


@dataclass(frozen=True, slots=True)
class Acquisition(Record):
    """The sensing pass over one place, which products are made from.

    ``acquisition_id`` is ``S2A_20220127T104321_T31UFS`` for Sentinel-2
    (satellite, start of the datatake, tile) and ``S1A_20210809T173953`` for
    Sentinel-1 (satellite, start of the product); see
    :func:`dafab_kg.model.product_names.acquisition_id`.  ``orbit_direction`` is
    ``ascending`` or ``descending``.
    """

    acquisition_id: str
    platform: Text = None
    instrument: Text = None
    datatake_id: Text = None
    mgrs_tile: Text = None
    sensing_start: Text = None
    sensing_stop: Text = None
    relative_orbit: Whole = None
    absolute_orbit: Whole = None
    orbit_direction: Text = None


@dataclass(frozen=True, slots=True)
class Product(Record):
    """An Earth Observation product as a data centre delivers it.

    ``product_id`` is the product's own name without ``.SAFE``; ``scene_id`` the
    name by which STAC tools know the scene.  ``datetime`` is the nominal time
    of sensing.  ``footprint_wkt`` is CRS84 (longitude first), rings after
    RFC 7946; ``west`` > ``east`` where it crosses the antimeridian.
    ``datastrip_ids`` and ``granule_ids`` are the ids in full.
    """

    product_id: str
    product_uri: Text = None
    scene_id: Text = None
    title: Text = None
    product_type: Text = None  # S2MSI1C, S2MSI2A, GRD, ...
    processing_level: Text = None  # L1C, L2A, ...
    processing_baseline: Text = None  # "05.09"
    generation_time: Text = None
    doi: Text = None
    product_format: Text = None  # SAFE, SAFE_COMPACT
    platform: Text = None
    instrument: Text = None
    acquisition_ids: Texts = ()
    datatake_id: Text = None
    datastrip_ids: Texts = ()
    granule_ids: Texts = ()
    mgrs_tiles: Texts = ()
    crs_codes: Texts = ()  # EPSG:32631
    datetime: Text = None
    sensing_start: Text = None
    sensing_stop: Text = None
    relative_orbit: Whole = None
    absolute_orbit: Whole = None
    orbit_direction: Text = None  # ascending, descending
    footprint_wkt: Text = None
    west: Number = None
    south: Number = None
    east: Number = None
    north: Number = None
    ground_sample_distance: Number = None  # metres
    # what is in the scene, percent
    cloud_cover: Number = None
    snow_cover: Number = None
    nodata_pixel_percentage: Number = None
    saturated_defective_pixel_percentage: Number = None
    dark_features_percentage: Number = None
    cloud_shadow_percentage: Number = None
    vegetation_percentage: Number = None
    not_vegetated_percentage: Number = None
    water_percentage: Number = None
    unclassified_percentage: Number = None
    medium_proba_clouds_percentage: Number = None
    high_proba_clouds_percentage: Number = None
    thin_cirrus_percentage: Number = None
    snow_ice_percentage: Number = None
    cloudy_pixel_over_land_percentage: Number = None
    degraded_msi_data_percentage: Number = None
    degraded_anc_data_percentage: Number = None
    radiative_transfer_accuracy: Number = None  # percent
    water_vapour_retrieval_accuracy: Number = None  # percent
    aot_retrieval_accuracy: Number = None  # percent
    aot_retrieval_method: Text = None
    mean_aot: Number = None  # aerosol optical thickness, dimensionless
    mean_water_vapour: Number = None  # cm
    ozone_source: Text = None
    ozone_value: Number = None  # Dobson units
    # radiometry and geometry of view
    quantification_value: Number = None  # reflectance scale, dimensionless
    aot_quantification_value: Number = None
    wvp_quantification_value: Number = None
    reflectance_conversion_factor: Number = None
    sun_zenith: Number = None
    sun_azimuth: Number = None
    sun_elevation: Number = None
    view_incidence_angle: Number = None
    view_azimuth: Number = None
    # SAR
    polarisations: Texts = ()
    instrument_mode: Text = None  # IW, EW, SM, WV
    swaths: Texts = ()  # IW1, S3, WV2, ...; the mode where swaths are merged
    resolution_class: Text = None  # full, high, medium
    product_class: Text = None  # S standard, A annotation, ...
    product_composition: Text = None  # Slice, Assembled, Individual
    timeliness: Text = None  # NRT-3h, Fast-24h, ... as delivered
    slice_number: Whole = None
    total_slices: Whole = None
    cycle_number: Whole = None
    source_product_ids: Texts = ()  # products whose pixels this one was made from
    # descriptive
    license: Text = None
    created: Text = None
    updated: Text = None


@dataclass(frozen=True, slots=True)
class Granule(Record):
    """One granule (tile) of a product; angles in degrees, sizes in metres."""

    product_id: str
    granule_id: str
    mgrs_tile: Text = None
    datastrip_id: Text = None
    crs_code: Text = None
    sensing_time: Text = None
    sun_zenith: Number = None
    sun_azimuth: Number = None
    view_incidence_angle: Number = None  # mean over the bands
    view_azimuth: Number = None  # mean over the bands, circular
    upper_left_x: Number = None
    upper_left_y: Number = None
    cloud_cover: Number = None


@dataclass(frozen=True, slots=True)
class Band(Record):
    """A spectral band of a product: ``band`` is ``B02``, ``B8A``."""

    product_id: str
    band: str
    band_index: Whole = None
    common_name: Text = None
    resolution: Number = None  # metres
    central_wavelength: Number = None
    min_wavelength: Number = None
    max_wavelength: Number = None
    solar_irradiance: Number = None  # W/m²/µm
    radiometric_offset: Number = None
    physical_gain: Number = None


@dataclass(frozen=True, slots=True)
class QualityCheck(Record):
    """A quality inspection with its verdict (``PASSED``, ``FAILED`` as delivered)."""

    product_id: str
    check: str
    verdict: str


@dataclass(frozen=True, slots=True)
class ProcessingStep(Record):
    """One step of a product's processing history.

    ``step`` names it within the product; ``previous_step`` the one before.
    """

    product_id: str
    step: str
    order: Whole = None
    description: Text = None
    software: Text = None
    software_version: Text = None
    facility: Text = None
    started: Text = None
    ended: Text = None


@dataclass(frozen=True, slots=True)
class Asset(Record):
    """A file of a product.

    ``href`` is kept as delivered; ``access_url`` is the same where it is an
    absolute IRI.  ``did_scope`` and ``did_name`` name its Rucio FILE DID where
    the document tells.  ``size`` in bytes.
    """

    product_id: str
    asset_key: str
    href: Text = None
    access_url: Text = None
    media_type: Text = None
    title: Text = None
    description: Text = None
    roles: Texts = ()
    size: Whole = None
    checksum: Text = None  # multihash or "adler32:..." as delivered
    bands: Texts = ()
    did_vo: Text = None
    did_scope: Text = None
    did_name: Text = None


@dataclass(frozen=True, slots=True)
class DataIdentifier(Record):
    """A Rucio data identifier; ``did`` is ``scope:name``.

    ``did_type`` is CONTAINER, DATASET or FILE.  A catalogue's document tells one of
    ``product_id`` (it holds the product) and ``asset_product_id`` with ``asset_key``.
    Rucio tells ``size`` (bytes) and checksums (hex) of a file; ``created`` and
    ``updated`` are UTC (ISO 8601).
    """

    vo: str
    scope: str
    name: str
    did: str
    did_type: Text = None
    product_id: Text = None
    asset_product_id: Text = None
    asset_key: Text = None
    size: Whole = None
    adler32: Text = None
    md5: Text = None
    created: Text = None
    updated: Text = None


@dataclass(frozen=True, slots=True)
class DidMember(Record):
    """What a Rucio data set or container holds: ``scope``, ``name`` and ``vo`` are its own."""

    vo: str
    scope: str
    name: str
    member_scope: str
    member_name: str
