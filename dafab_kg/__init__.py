"""A catalogue of Earth Observation data as one knowledge graph.

>>> import dafab_kg
>>> with dafab_kg.open("my-store") as catalogue:          # doctest: +SKIP
...     catalogue.load("products/")
...     catalogue.search(filter="eo:cloud_cover < 20", datetime="2022-09").to_geopandas()
...     catalogue.query("SELECT * { ?s ?p ?o } LIMIT 3").to_pandas()

:func:`connect` gives a catalogue behind a server, with the same calls
(:class:`dafab_kg.python.KnowledgeGraph`).
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from dafab_kg.model.version import __version__

if TYPE_CHECKING:
    from dafab_kg.catalogue import Catalogue
    from dafab_kg.model.settings import Settings
    from dafab_kg.python import KnowledgeGraph
    from dafab_kg.python.remote import RemoteCatalogue

    _SAME_CALLS: tuple[type[KnowledgeGraph], ...] = (Catalogue, RemoteCatalogue)

__all__ = ["__version__", "connect", "open"]


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


def connect(url: str, *, token: str = "", timeout: float = 120.0) -> RemoteCatalogue:
    """Connect to the server at ``url`` (``dafab-kg serve``); asked as a catalogue that is open.

    ``token`` is sent with each request, to this server only.  ``timeout`` is how long one
    waits for the next part of an answer, in seconds.

    Raises:
        ServiceNotUsable: no server of dafab-kg answers there.
    """
    from dafab_kg.python.http import Connection
    from dafab_kg.python.remote import RemoteCatalogue

    return RemoteCatalogue(Connection(url, token=token, timeout=timeout))
