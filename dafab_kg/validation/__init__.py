"""Validation: does the RDF of a document conform to the shapes of the ingest tier?

``report`` is the seam that a compiler of shapes will take over; ``engine`` is
pyshacl, imported only where documents are judged (it takes a third of a second).
"""

from dafab_kg.validation.report import ShapeReport, Validator, Violation

__all__ = ["ShapeReport", "Validator", "Violation"]
