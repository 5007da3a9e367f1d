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

from dafab_kg.model.records.base import (
    Number,
    Record,
    Text,
    Texts,
    Whole,
)
from dafab_kg.model.records.catalogue import (
    Link,
    Property,
    StacCatalog,
    StacCollection,
    StacItem,
)
from dafab_kg.model.records.dasi import DasiKey
from dafab_kg.model.records.decision import DecidedReport, EventDecision
from dafab_kg.model.records.derivation import (
    Coverage,
    Derivation,
    DerivationInput,
    SceneCoverage,
)
from dafab_kg.model.records.entry import CatalogueEntry, Checksum
from dafab_kg.model.records.event import (
    EventIdentifier,
    EventImpact,
    EventReport,
    TrackPoint,
    WindRadii,
)
from dafab_kg.model.records.finding import AnomalyArea, Detection, DetectionSet
from dafab_kg.model.records.inference import (
    Agriculture,
    DerivedProduct,
    InferenceRun,
    MaskAgreement,
    Model,
    WaterAnalysis,
    WaterAnomaly,
    WaterObjects,
)
from dafab_kg.model.records.knowledge import (
    KnowledgeLink,
    Publication,
)
from dafab_kg.model.records.parcel import Parcel, ParcelBoundary, ParcelSet
from dafab_kg.model.records.place import (
    Place,
    PlaceLink,
)
from dafab_kg.model.records.product import (
    Acquisition,
    Asset,
    Band,
    DataIdentifier,
    Datatake,
    DidMember,
    Granule,
    Instrument,
    Platform,
    ProcessingStep,
    Product,
    QualityCheck,
    Tile,
)
from dafab_kg.model.records.provenance import (
    DocumentGraph,
    Load,
)
from dafab_kg.model.records.raster import (
    RasterBand,
    RasterFile,
    SceneWater,
    WaterExtent,
    WaterMask,
)
from dafab_kg.model.records.sar import SarImage

RECORD_TYPES: tuple[type[Record], ...] = (
    EventDecision,
    DecidedReport,
    EventReport,
    EventIdentifier,
    EventImpact,
    TrackPoint,
    WindRadii,
    Platform,
    Instrument,
    Tile,
    Datatake,
    Acquisition,
    Product,
    Granule,
    Band,
    SarImage,
    QualityCheck,
    ProcessingStep,
    Asset,
    DataIdentifier,
    DidMember,
    DasiKey,
    DerivedProduct,
    InferenceRun,
    Model,
    WaterAnalysis,
    WaterObjects,
    MaskAgreement,
    WaterAnomaly,
    Agriculture,
    Derivation,
    DerivationInput,
    Coverage,
    SceneCoverage,
    ParcelSet,
    Parcel,
    ParcelBoundary,
    StacItem,
    StacCollection,
    StacCatalog,
    CatalogueEntry,
    Checksum,
    Link,
    Property,
    Place,
    PlaceLink,
    KnowledgeLink,
    Publication,
    DocumentGraph,
    Load,
    RasterFile,
    RasterBand,
    WaterMask,
    WaterExtent,
    SceneWater,
    DetectionSet,
    Detection,
    AnomalyArea,
)
"""Every record type that has a mapping."""

__all__ = [
    "RECORD_TYPES",
    "Acquisition",
    "Agriculture",
    "AnomalyArea",
    "Asset",
    "Band",
    "CatalogueEntry",
    "Checksum",
    "Coverage",
    "DasiKey",
    "DataIdentifier",
    "Datatake",
    "DecidedReport",
    "Derivation",
    "DerivationInput",
    "DerivedProduct",
    "Detection",
    "DetectionSet",
    "DidMember",
    "DocumentGraph",
    "EventDecision",
    "EventIdentifier",
    "EventImpact",
    "EventReport",
    "Granule",
    "InferenceRun",
    "Instrument",
    "KnowledgeLink",
    "Link",
    "Load",
    "MaskAgreement",
    "Model",
    "Number",
    "Parcel",
    "ParcelBoundary",
    "ParcelSet",
    "Place",
    "PlaceLink",
    "Platform",
    "ProcessingStep",
    "Product",
    "Property",
    "Publication",
    "QualityCheck",
    "RasterBand",
    "RasterFile",
    "Record",
    "SarImage",
    "SceneCoverage",
    "SceneWater",
    "StacCatalog",
    "StacCollection",
    "StacItem",
    "Text",
    "Texts",
    "Tile",
    "TrackPoint",
    "WaterAnalysis",
    "WaterAnomaly",
    "WaterExtent",
    "WaterMask",
    "WaterObjects",
    "Whole",
    "WindRadii",
]
