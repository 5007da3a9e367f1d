"""Figures computed from what the catalogue holds: documents too.

A rule (``coverage``, ``water``) reads graph and kept originals and yields
:class:`Derived`, one for each thing it computed, or :class:`Lacking`, which says
what is missing.  The catalogue loads what was derived as it loads any document.
"""

from __future__ import annotations

from dafab_kg.derive.document import Derived, Input
from dafab_kg.derive.rules import RULES, Lacking, Materials, Request, Rule, load_rule

__all__ = [
    "RULES",
    "Derived",
    "Input",
    "Lacking",
    "Materials",
    "Request",
    "Rule",
    "load_rule",
]
