"""Provenance of the catalogue's own graphs."""

from __future__ import annotations

from dataclasses import dataclass

from dafab_kg.model.records.base import Record, Text, Texts, Whole


@dataclass(frozen=True, slots=True)
class DocumentGraph(Record):
    """Provenance of one document's graph, written with it in one transaction.

    ``content_hash`` is the SHA-256 of the document (hex).  Versions are those of
    the code and files that made the graph.
    """

    document_id: str
    content_hash: str
    kind: str  # loader
    key: str
    origin: str
    load_id: str
    loader_version: str
    mapping_version: str
    shapes_version: str
    loaded_at: str
    agent: Text = None
    byte_size: Whole = None
    described: Texts = ()  # product ids that the document speaks of


@dataclass(frozen=True, slots=True)
class Load(Record):
    """One run of the load command; ``agent`` is who ran it, where the settings tell."""

    load_id: str
    load_graph: str
    started: str
    software_version: str
    agent: Text = None
