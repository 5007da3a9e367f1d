"""What catalogues say of a product as an entry of theirs, and of its archive."""

from __future__ import annotations

from dataclasses import dataclass

from dafab_kg.model.records.base import Record, Text, Texts, Whole


@dataclass(frozen=True, slots=True)
class CatalogueEntry(Record):
    """The entry of one catalogue that is not STAC; it describes a product.

    ``provider`` is the host that served it, ``eodag:`` and a name for what eodag
    retells, or ``-`` where the document does not tell; ``entry_id`` the provider's own
    id.  ``interfaces`` are the forms it came in, one for each document: ``odata``,
    ``notification``, ``resto``, ``dhus``, ``atom``, ``iso19115``, ``eodag``, ``eos`` or
    ``eo-geojson``.  ``created`` and
    ``updated`` are when the entry was published and last changed; ``origin_date`` is
    when the provider got the product from its producer.  ``never_evicted`` says that
    the provider means to keep it online for good (the year 9999); else
    ``eviction_date`` is when it will take it offline.

    ``stated_size`` is a rounded size as text (``1.05 GB``), which is never an exact
    number of bytes: the true one lies from ``size_least`` to ``size_most`` bytes, where
    ``size_system`` is ``binary`` (GB = 1024³), ``decimal`` (1000³) or ``unknown``, for which
    the bounds cover both.
    """

    provider: str
    entry_id: str
    product_id: str
    interfaces: Texts
    self_href: Text = None
    created: Text = None
    updated: Text = None
    origin_date: Text = None
    online: bool | None = None
    never_evicted: bool | None = None
    eviction_date: Text = None
    s3_path: Text = None
    stated_size: Text = None
    size_system: Text = None
    size_least: Whole = None  # bytes
    size_most: Whole = None  # bytes
    notified_event: Text = None  # created, modified, deleted
    notification_date: Text = None


@dataclass(frozen=True, slots=True)
class Checksum(Record):
    """One checksum of an asset; ``algorithm`` in lower case (``md5``, ``blake3``, ``sha256``).

    ``checksum_value`` is lower-case hex; ``checksum_date`` when it was computed.
    """

    product_id: str
    asset_key: str
    algorithm: str
    checksum_value: str
    checksum_date: Text = None
