"""Records: what a loader hands to a mapping.

A record is a frozen dataclass of plain values: text, ``int``, ``Decimal``,
``bool`` or a tuple of these; ``None`` where the document does not say.  Units
stand in the field's docstring, and identifiers are identifiers, not IRIs: IRIs
are made by the mapping through :mod:`dafab_kg.model.names`.  The one exception
is ``owner`` of :class:`Link` and :class:`Property`, an IRI that the loader gets
from the same place.

Each record type has one mapping file of the same name in snake case
(``Product`` → ``mappings/product.yml``).  Records are flat: a thing that hangs
on a product is a record of its own that carries ``product_id``.

Times are ``xsd:dateTime`` text in UTC with a ``Z`` (see
:func:`dafab_kg.model.values.instant`); percentages are 0..100 unless stated;
angles are degrees; areas km²; wavelengths nm.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

Text = str | None
Number = Decimal | None
Whole = int | None
Texts = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Record:
    """Base of all records."""


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
    that a reprocessing names the same datatake.
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
    (satellite, start of the datatake, tile).  ``orbit_direction`` is
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
    instrument_mode: Text = None
    # descriptive
    license: Text = None
    created: Text = None
    updated: Text = None


@dataclass(frozen=True, slots=True)
class DerivedProduct(Record):
    """What an inference run made from a source product (GCORE outputs).

    ``kind`` is ``water`` or ``agriculture``; the figures stand in records of
    their own.  ``source_product_id`` is the product it was derived from.
    """

    product_id: str
    kind: str
    source_product_id: Text = None
    run_id: Text = None
    title: Text = None
    processing_level: Text = None
    processing_version: Text = None
    datetime: Text = None
    sensing_start: Text = None
    sensing_stop: Text = None
    mgrs_tiles: Texts = ()
    platform: Text = None
    footprint_wkt: Text = None
    west: Number = None
    south: Number = None
    east: Number = None
    north: Number = None
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

    ``did_type`` is CONTAINER, DATASET or FILE.  Exactly one of ``product_id``
    (it holds the product) and ``product_id`` with ``asset_key`` is told.
    """

    vo: str
    scope: str
    name: str
    did: str
    did_type: Text = None
    product_id: Text = None
    asset_product_id: Text = None
    asset_key: Text = None


@dataclass(frozen=True, slots=True)
class InferenceRun(Record):
    """A run of a model over a source product; ``run_id`` is the derived product's id."""

    run_id: str
    product_id: str
    source_product_id: Text = None
    model: Text = None
    model_version: Text = None
    algorithm_version: Text = None
    processing_version: Text = None
    ended: Text = None


@dataclass(frozen=True, slots=True)
class Model(Record):
    """A trained model or algorithm in one version."""

    model: str
    model_version: str
    label: str


@dataclass(frozen=True, slots=True)
class WaterAnalysis(Record):
    """Figures of a DaFab ``water_analysis`` item; percent of the scene unless stated.

    Source: the block ``dafab:water-analysis`` of the live catalogue's items.
    Excess percentages have no upper bound: they relate to the reference water.
    """

    product_id: str
    observed_water: Number = None
    observed_water_visible: Number = None
    reference_permanent_water: Number = None
    reference_permanent_water_visible: Number = None
    reference_seasonal_water: Number = None
    reference_seasonal_water_visible: Number = None
    excess_total_water_observed: Number = None
    excess_total_water_observed_area: Number = None  # km²
    excess_water_observed_by_permanent_seasonal: Number = None
    excess_seasonal_water_observed: Number = None
    deficit_water_observed: Number = None
    deficit_water_observed_area: Number = None  # km²
    # classes of the difference mask, percent of its pixels
    difference_other: Number = None
    difference_exclusion_reference: Number = None
    difference_exclusion_observed: Number = None
    difference_water_deficit_observed: Number = None
    difference_water_seasonal_not_observed: Number = None
    difference_water_permanent_observed: Number = None
    difference_water_seasonal_observed: Number = None
    difference_water_excess_observed: Number = None


@dataclass(frozen=True, slots=True)
class WaterObjects(Record):
    """The delineated objects of one sign (``excess`` or ``deficit``); areas in km²."""

    product_id: str
    anomaly_sign: str
    count: Whole = None
    total_area: Number = None
    mean_area: Number = None
    max_area: Number = None
    min_area: Number = None
    percentage: Number = None


@dataclass(frozen=True, slots=True)
class MaskAgreement(Record):
    """How far two observed-water masks agree (``comparison`` is ``ai_scl``, ...).

    Percentages of the scene; scores are dimensionless (IoU 0..1, MCC and kappa -1..1).
    """

    product_id: str
    comparison: str
    overlap_water_percentage: Number = None
    left_join_water_percentage: Number = None
    right_join_water_percentage: Number = None
    overlap_other_percentage: Number = None
    iou_score_water: Number = None
    iou_score_other: Number = None
    mcc_score: Number = None
    kappa_score: Number = None


@dataclass(frozen=True, slots=True)
class WaterAnomaly(Record):
    """The verdict on a water product, derived by a stated and versioned rule.

    ``anomaly_type`` is ``normal``, ``flood``, ``drought`` or
    ``floodAndDrought``; ``policy`` names the rule and version that said so.
    """

    product_id: str
    anomaly_type: str
    policy: str
    excess_percentage: Number = None
    deficit_percentage: Number = None


@dataclass(frozen=True, slots=True)
class Agriculture(Record):
    """Figures of a DaFab ``smart_agriculture`` item; areas in hectares as delivered."""

    product_id: str
    number_of_fields: Whole = None
    field_percentage: Number = None
    total_field_area: Number = None
    min_field_area: Number = None
    mean_field_area: Number = None
    max_field_area: Number = None


@dataclass(frozen=True, slots=True)
class StacItem(Record):
    """The entry of one STAC catalogue that describes a product.

    ``provider`` is the host that served it, or ``-`` where the document does not
    tell.  ``product_id`` is the thing it describes.
    """

    provider: str
    collection_id: str  # "-" where it has none
    item_id: str
    product_id: str
    stac_version: Text = None
    extensions: Texts = ()
    self_href: Text = None
    created: Text = None
    updated: Text = None


@dataclass(frozen=True, slots=True)
class StacCollection(Record):
    """A STAC Collection; its spatial extent is the first bbox, the time span the first interval."""

    provider: str
    collection_id: str
    title: Text = None
    description: Text = None
    license: Text = None
    stac_version: Text = None
    extensions: Texts = ()
    keywords: Texts = ()
    platforms: Texts = ()
    start: Text = None
    end: Text = None
    extent_wkt: Text = None
    self_href: Text = None


@dataclass(frozen=True, slots=True)
class StacCatalog(Record):
    """A STAC Catalog, facet catalogues among them.

    ``catalog_key`` names it in its IRI: its id, and for one that no host serves
    the way to its parent as well, since such ids (``2019``) tell little.
    """

    provider: str
    catalog_key: str
    catalog_id: str
    title: Text = None
    description: Text = None
    stac_version: Text = None
    extensions: Texts = ()
    self_href: Text = None


@dataclass(frozen=True, slots=True)
class Link(Record):
    """A link of a STAC object, whose IRI is ``owner``; ``link`` is its position ("0" based).

    ``document_id`` keeps the same link of two documents apart.  ``target`` is
    ``href`` where that is an absolute IRI.
    """

    owner: str
    document_id: str
    link: str
    rel: str
    href: str
    target: Text = None
    media_type: Text = None
    title: Text = None


@dataclass(frozen=True, slots=True)
class Property(Record):
    """A property for which the ontology has no term of its own, kept without loss.

    One record for each leaf (a scalar, or an array of scalars), found at the
    JSON ``pointer`` (RFC 6901) within the document ``document_id``; ``name`` is
    the name of the member at the top (``s2:foo``).  ``owner`` is the IRI of the
    product, asset, collection or catalogue that has it.  ``json`` is the value
    as JSON text; the scalars stand by type in ``numbers``, ``texts``,
    ``booleans``, ``instants``.
    """

    owner: str
    document_id: str
    pointer: str
    name: str
    json: str
    numbers: tuple[Decimal, ...] = ()
    texts: Texts = ()
    booleans: tuple[bool, ...] = ()
    instants: Texts = ()


@dataclass(frozen=True, slots=True)
class DocumentGraph(Record):
    """Provenance of one document's graph, written with it in one transaction.

    ``content_hash`` is the SHA-256 of the document (hex).  Versions are those of
    the code and files that made the graph.
    """

    document_id: str
    content_hash: str
    kind: str  # loader
    key: str
    origin: str
    load_id: str
    loader_version: str
    mapping_version: str
    shapes_version: str
    loaded_at: str
    agent: Text = None
    byte_size: Whole = None
    described: Texts = ()  # product ids that the document speaks of


@dataclass(frozen=True, slots=True)
class Load(Record):
    """One run of the load command; ``agent`` is who ran it, where the settings tell."""

    load_id: str
    load_graph: str
    started: str
    software_version: str
    agent: Text = None


RECORD_TYPES: tuple[type[Record], ...] = (
    Platform, Instrument, Tile, Datatake, Acquisition, Product, DerivedProduct, Granule, Band,
    QualityCheck, ProcessingStep, Asset, DataIdentifier, InferenceRun, Model, WaterAnalysis,
    WaterObjects, MaskAgreement, WaterAnomaly, Agriculture, StacItem, StacCollection,
    StacCatalog, Link, Property, DocumentGraph, Load,
)
"""Every record type that has a mapping."""
