"""Places: countries, regions and counties, as boundary data sets draw them."""

from __future__ import annotations

from dataclasses import dataclass

from dafab_kg.model.records.base import Number, Record, Text, Texts


@dataclass(frozen=True, slots=True)
class Place(Record):
    """A place as one boundary data set draws it.

    Two data sets draw the same country differently, so each place belongs to its
    data set: ``place_dataset`` and ``place_id`` name it.  ``place_level`` is
    ``country``, ``region`` or ``county``.  ``iso_code`` is ISO 3166-1 alpha-3,
    ``iso_code_short`` alpha-2, ``subdivision_code`` ISO 3166-2.  ``wikidata`` (``Q32``)
    and ``geonames`` (``2960313``) are there where the source gives them.  The
    footprint is CRS84 as in ``Product``.
    """

    place_dataset: str
    place_id: str
    toponym: Text = None
    other_toponyms: Texts = ()
    place_level: Text = None
    iso_code: Text = None
    iso_code_short: Text = None
    subdivision_code: Text = None
    wikidata: Text = None
    geonames: Text = None
    footprint_wkt: Text = None
    west: Number = None
    south: Number = None
    east: Number = None
    north: Number = None


@dataclass(frozen=True, slots=True)
class PlaceLink(Record):
    """That the footprint of the thing ``owner`` (an IRI) and a place have points in common.

    ``share`` is the part of the footprint's area within the place, in percent; None
    where the footprint has no area.
    """

    owner: str
    place_dataset: str
    place_id: str
    share: Number = None
