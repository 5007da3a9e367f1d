"""The web faces: SPARQL endpoint, pages, health.  One module per face."""

from __future__ import annotations

from dafab_kg.web.app import create_app

__all__ = ["create_app"]
