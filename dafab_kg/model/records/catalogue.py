"""The entries of catalogues, and what they say that the ontology has no term for."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from dafab_kg.model.records.base import Record, Text, Texts


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
