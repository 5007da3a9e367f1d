"""A catalogue of Earth Observation data as one knowledge graph."""

from __future__ import annotations

__version__ = "0.1.0"
