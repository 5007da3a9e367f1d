"""Figures computed from what the catalogue holds, and how they were computed."""

from __future__ import annotations

from dataclasses import dataclass

from dafab_kg.model.records.base import Number, Record, Text, Texts, Whole


@dataclass(frozen=True, slots=True)
class Derivation(Record):
    """One computation by a stated and versioned rule (``dafab-kg derive``).

    ``product_id`` is the product that its figures are about; ``parameters`` is
    JSON text; ``inputs`` are the ids of the documents whose facts and files it read.
    """

    derivation_id: str
    rule: str
    rule_version: str
    software_version: str
    product_id: str
    parameters: Text = None
    inputs: Texts = ()
    started: Text = None
    ended: Text = None


@dataclass(frozen=True, slots=True)
class DerivationInput(Record):
    """A document that a derivation read, with its hash (SHA-256, hex) at that time.

    ``input_role`` says what it was read for: ``scene``, ``parcels``, ``cloud``, ...
    """

    derivation_id: str
    document_id: str
    content_hash: str
    input_role: Text = None


@dataclass(frozen=True, slots=True)
class Coverage(Record):
    """How much of a scene is field, and field without cloud (specification, table 1).

    Percentages are of ``image_area``; areas in km².  ``field_count`` is the number
    of fields that reach into the image, ``cloud_free_field_count`` that of those which
    no cloud touches.  Without a cloud mask the cloud-free figures are missing.
    ``parcel_extent_share`` is the percentage of the image that lies within the box around
    all parcels of the data set in that season: what lies beyond counts as no field.
    """

    derivation_id: str
    product_id: str
    dataset: str
    season: str
    agricultural_coverage: Number = None
    cloud_free_agricultural_coverage: Number = None
    field_count: Whole = None
    cloud_free_field_count: Whole = None
    image_area: Number = None
    field_area: Number = None
    cloud_free_field_area: Number = None
    parcel_extent_share: Number = None
    method: Text = None


@dataclass(frozen=True, slots=True)
class SceneCoverage(Record):
    """The coverage of a scene in the season that it was taken in, on the product itself; percent.

    Several documents may state it: figures that were delivered, and ours.
    """

    product_id: str
    agricultural_coverage: Number = None
    cloud_free_agricultural_coverage: Number = None
