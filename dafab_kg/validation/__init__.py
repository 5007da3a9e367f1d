"""Validation: does the RDF of a document conform to the shapes of the ingest tier?"""

from dafab_kg.validation.engine import PyshaclValidator, Validator
from dafab_kg.validation.report import ShapeReport, Violation

__all__ = ["PyshaclValidator", "ShapeReport", "Validator", "Violation"]
