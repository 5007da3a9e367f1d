"""Enriching: things linked to the places that they lie in."""

from __future__ import annotations

from dataclasses import dataclass

from dafab_kg.derive import Materials
from dafab_kg.derive.places import PARCELS, THINGS, link_documents
from dafab_kg.ingest.commit import Committer
from dafab_kg.ingest.flow import ingest_documents
from dafab_kg.ingest.report import LoadReport, Outcome
from dafab_kg.loaders.places.links import is_of_links
from dafab_kg.model.documents import Found
from dafab_kg.model.settings import Settings
from dafab_kg.validation import Validator


@dataclass(frozen=True)
class EnrichReport:
    """What became of the documents of links, and how many links and places there are now."""

    load: LoadReport
    links: int
    places: int


def enrich(
    committer: Committer, settings: Settings, *, parcels: bool, validator: Validator | None
) -> EnrichReport:
    """Link all things, and parcels if asked, to the places that are loaded.

    Links that hold no more, since thing or place has gone, go too.
    """
    materials = Materials(committer.store, committer.documents, settings.names)
    scopes = (THINGS, PARCELS) if parcels else (THINGS,)
    documents = [one for scope in scopes for one in link_documents(materials, scope)]
    load = ingest_documents(
        (Found(document, ()) for document in documents), committer, settings, validator=validator
    )
    if not load.interrupted:
        load = _without(committer, load, {one.document_id for one in documents}, scopes)
    links = sum(len(one.value["links"]) for one in documents)
    places = len({(one.value["dataset"], one.value["place"]) for one in documents})
    return EnrichReport(load, links, places)


def _without(
    committer: Committer, load: LoadReport, made: set[str], scopes: tuple[str, ...]
) -> LoadReport:
    """Delete the links of which nothing is left, whole data sets among them."""
    gone = [
        entry
        for entry in committer.documents.all()
        if any(is_of_links(entry.family, scope) for scope in scopes)
        and entry.document_id not in made
    ]
    if not gone:
        return load
    committer.commit((), (), gone)
    removed = tuple(Outcome(e.document_id, e.kind, e.origin, "removed") for e in gone)
    return LoadReport((*load.outcomes, *removed), load.seconds, load.interrupted)
