"""The web faces: SPARQL endpoint, STAC API, pages, health.  One module per face."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from dafab_kg.web.app import create_app

__all__ = ["create_app"]


def __getattr__(name: str) -> Any:
    """Import the application when it is asked for: commands use other parts of this package."""
    if name == "create_app":
        from dafab_kg.web.app import create_app

        return create_app
    raise AttributeError(name)
