"""Ingest: load → map → validate → store → derive, document by document."""

from dafab_kg.ingest.flow import Options, ingest
from dafab_kg.ingest.report import LoadReport, Outcome, Progress

__all__ = ["LoadReport", "Options", "Outcome", "Progress", "ingest"]
