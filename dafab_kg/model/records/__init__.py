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
from dafab_kg.model.records.event import EventIdentifier, EventReport
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
from dafab_kg.model.records.product import (
    Acquisition,
    Asset,
    Band,
    DataIdentifier,
    Datatake,
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

RECORD_TYPES: tuple[type[Record], ...] = (
    EventReport,
    EventIdentifier,
    Platform,
    Instrument,
    Tile,
    Datatake,
    Acquisition,
    Product,
    Granule,
    Band,
    QualityCheck,
    ProcessingStep,
    Asset,
    DataIdentifier,
    DerivedProduct,
    InferenceRun,
    Model,
    WaterAnalysis,
    WaterObjects,
    MaskAgreement,
    WaterAnomaly,
    Agriculture,
    StacItem,
    StacCollection,
    StacCatalog,
    Link,
    Property,
    DocumentGraph,
    Load,
)
"""Every record type that has a mapping."""

__all__ = [
    "RECORD_TYPES",
    "Acquisition",
    "Agriculture",
    "Asset",
    "Band",
    "DataIdentifier",
    "Datatake",
    "DerivedProduct",
    "DocumentGraph",
    "EventIdentifier",
    "EventReport",
    "Granule",
    "InferenceRun",
    "Instrument",
    "Link",
    "Load",
    "MaskAgreement",
    "Model",
    "Number",
    "Platform",
    "ProcessingStep",
    "Product",
    "Property",
    "QualityCheck",
    "Record",
    "StacCatalog",
    "StacCollection",
    "StacItem",
    "Text",
    "Texts",
    "Tile",
    "WaterAnalysis",
    "WaterAnomaly",
    "WaterObjects",
    "Whole",
]
