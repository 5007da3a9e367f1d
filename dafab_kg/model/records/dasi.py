"""The keys by which a rolling store (DASI) knows a product."""

from __future__ import annotations

from dataclasses import dataclass

from dafab_kg.model.records.base import Record, Text


@dataclass(frozen=True, slots=True)
class DasiKey(Record):
    """The identifying keys of a product in the DaFab DASI schema.

    Values are canonical: lower case, digits padded.  ``source`` is the data centre
    that the store draws from (``cdse``); ``platform`` the short name (``s2a``).
    ``takedate`` is yyyymmdd and ``taketime`` hhmmss, of the datatake for Sentinel-2 and of
    the product's start for Sentinel-1; ``procdate`` is yyyymmddthhmmss.  ``mode`` is the
    beam for stripmap (``s3``); ``type`` holds the resolution class (``grdh``).  ``orbit`` is
    the relative orbit with three digits for Sentinel-2, the absolute orbit with six for
    Sentinel-1; ``datatake`` six hexadecimal digits.  See :mod:`dafab_kg.model.dasi` for how
    they are derived.
    """

    product_id: str
    source: Text = None
    platform: Text = None
    procver: Text = None
    gridcode: Text = None
    takedate: Text = None
    taketime: Text = None
    procdate: Text = None
    orbit: Text = None
    mode: Text = None
    type: Text = None
    polarisation: Text = None
    datatake: Text = None
