"""The catalogue as a Python object: ``dafab_kg.open(path)``."""

from dafab_kg.catalogue.catalogue import Catalogue, open_catalogue
from dafab_kg.catalogue.dumps import DumpReport
from dafab_kg.ingest.doctor import Finding
from dafab_kg.python.things import Description, Fact, StatedBy, Stats

__all__ = [
    "Catalogue", "Description", "DumpReport", "Fact", "Finding", "StatedBy", "Stats",
    "open_catalogue",
]  # fmt: skip
