"""Links from things of the catalogue to outside knowledge."""

from __future__ import annotations

from dataclasses import dataclass

from dafab_kg.model.records.base import Record, Text


@dataclass(frozen=True, slots=True)
class KnowledgeLink(Record):
    """What is known elsewhere of the thing ``owner`` (an IRI).

    ``wikidata`` is an item (``Q32``), ``geonames`` the number of a GeoNames feature,
    ``doi`` that of a publication, lower case and without a resolver.
    """

    owner: str
    wikidata: Text = None
    geonames: Text = None
    doi: Text = None


@dataclass(frozen=True, slots=True)
class Publication(Record):
    """A publication with a DOI (lower case); ``access_url`` resolves it."""

    doi: str
    publication_title: Text = None
    access_url: Text = None
