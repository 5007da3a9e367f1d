"""Radar images: what the annotation of a Sentinel-1 product says of each of its images."""

from __future__ import annotations

from dataclasses import dataclass

from dafab_kg.model.records.base import Number, Record, Text, Whole


@dataclass(frozen=True, slots=True)
class SarImage(Record):
    """One image of a radar product: one swath in one polarisation.

    ``image_name`` names it within the product (``vv``, ``iw1-vv``) as its file's asset is
    named, ``asset_key``.  ``projection`` is ``Ground Range`` or ``Slant Range``,
    ``pixel_value`` ``Detected`` or ``Complex``, as delivered.  Spacings are metres, in range
    along the projection.  Incidence angles are degrees from the vertical: the least, that
    in the middle of the swath, and the greatest.  ``looks_range`` and ``looks_azimuth`` are
    None where the swaths that an image is merged from differ.
    """

    product_id: str
    image_name: str
    asset_key: Text = None
    swath: Text = None  # IW1, S3, WV2, ...; the mode where swaths are merged
    polarisation: Text = None
    image_number: Whole = None
    sensing_start: Text = None
    sensing_stop: Text = None
    projection: Text = None
    pixel_value: Text = None
    number_of_samples: Whole = None
    number_of_lines: Whole = None
    pixel_spacing_range: Number = None
    pixel_spacing_azimuth: Number = None
    looks_range: Whole = None
    looks_azimuth: Whole = None
    incidence_angle_near: Number = None
    incidence_angle_mid: Number = None
    incidence_angle_far: Number = None
    radar_frequency: Number = None  # GHz
    number_of_bursts: Whole = None
