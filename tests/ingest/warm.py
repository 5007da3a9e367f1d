"""Imported by the fork server, so that killed children spend their time in loading."""

from dafab_kg.ingest.prepare import Preparer
from dafab_kg.model.settings import Settings
from dafab_kg.reasoning.ontology import packaged_rules

Preparer(Settings(), "warm", None)
packaged_rules()
