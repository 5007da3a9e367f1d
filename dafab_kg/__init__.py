"""A catalogue of Earth Observation data as one knowledge graph.

>>> import dafab_kg
>>> with dafab_kg.open("my-store") as catalogue:          # doctest: +SKIP
...     catalogue.load("products/")
...     catalogue.query("SELECT * { ?s ?p ?o } LIMIT 3").to_pandas()
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from dafab_kg.model.version import __version__

if TYPE_CHECKING:
    from dafab_kg.catalogue import Catalogue
    from dafab_kg.model.settings import Settings

__all__ = ["__version__", "open"]


def open(
    path: Path | str | None = None,
    *,
    settings: Settings | None = None,
    read_only: bool = False,
    create: bool = True,
) -> Catalogue:
    """Open the catalogue in directory ``path``; see :func:`dafab_kg.catalogue.open_catalogue`."""
    # `import dafab_kg` stays light: the engine is imported when a catalogue is opened.
    from dafab_kg.catalogue import open_catalogue

    return open_catalogue(path, settings=settings, read_only=read_only, create=create)
