"""A catalogue as a Python user sees it: the same calls whether it is here or on a server.

``protocol`` says which calls; ``asked`` reads what a user writes, ``found`` is what a search
gives, ``things`` what is known of one thing, ``downloads`` a plan to fetch files; ``remote``
is a catalogue behind HTTP.
"""

from dafab_kg.python.downloads import Download, DownloadPlan
from dafab_kg.python.found import Found
from dafab_kg.python.protocol import KnowledgeGraph
from dafab_kg.python.things import Description, Fact, Provenance, StatedBy, Stats

__all__ = [
    "Description", "Download", "DownloadPlan", "Fact", "Found", "KnowledgeGraph", "Provenance",
    "StatedBy", "Stats",
]  # fmt: skip
