"""Field parcels: the data set, the parcel, and its boundary in one growing season.

A parcel is the same through the years; what changes is its boundary and crop.
"""

from __future__ import annotations

from dataclasses import dataclass

from dafab_kg.model.records.base import Number, Record, Text, Texts


@dataclass(frozen=True, slots=True)
class ParcelSet(Record):
    """A data set of parcels, as one file (or layer of it) delivers it.

    ``source_crs`` is the CRS that coordinates were delivered in (``EPSG:2154``, or its
    name where it has no code), ``source_format`` the file format.  ``declared_area_unit``
    is the unit that areas were declared in (``ha`` or ``m²``).  ``columns_left_out`` are
    the names of the columns that were not imported: only known ones are, since parcels
    may come with personal data.
    """

    dataset: str
    dataset_title: Text = None
    data_provider: Text = None
    dataset_country: Text = None
    source_crs: Text = None
    source_format: Text = None
    fiboa_version: Text = None
    declared_area_unit: Text = None
    columns_left_out: Texts = ()


@dataclass(frozen=True, slots=True)
class Parcel(Record):
    """A field parcel; data set and id together identify it."""

    dataset: str
    parcel_id: str


@dataclass(frozen=True, slots=True)
class ParcelBoundary(Record):
    """The boundary of a parcel in one growing season.

    ``boundary_wkt`` is in CRS84 (longitude first), positions to 1e-9 degrees.
    ``boundary_area`` is computed from it: hectares on the WGS 84 ellipsoid, edges
    straight in longitude and latitude.  ``declared_area`` (hectares, whatever the unit
    it was delivered in) and ``declared_perimeter`` (metres) come with the parcel.
    ``crop_code`` and ``crop_name`` are the source's own, ``hcat_code`` the ten digits
    of the HCAT concept.  ``determined`` is the last time that the field was observed to
    be so, ``determination_method`` and ``determination_details`` say how (fiboa's words
    where they are used).  ``model``, ``model_version`` and ``source_product_id`` are set
    where a model delineated it, with ``delineation_confidence`` from 0 to 1.
    """

    dataset: str
    parcel_id: str
    season: str
    boundary_wkt: str
    boundary_area: Number
    declared_area: Number = None
    declared_perimeter: Number = None
    crop_code: Text = None
    crop_name: Text = None
    hcat_code: Text = None
    determined: Text = None
    determination_method: Text = None
    determination_details: Text = None
    model: Text = None
    model_version: Text = None
    delineation_confidence: Number = None
    source_product_id: Text = None
