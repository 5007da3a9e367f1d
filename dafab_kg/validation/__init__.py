"""Validation: does the RDF of a document conform to the shapes of the ingest tier?

``report`` is the seam; behind it ``compiled`` judges by SPARQL.  ``engine`` is pyshacl,
imported only where a shape is not compiled (it takes a third of a second).
"""

from dafab_kg.validation.report import ShapeReport, Validator, Violation

__all__ = ["ShapeReport", "Validator", "Violation"]
