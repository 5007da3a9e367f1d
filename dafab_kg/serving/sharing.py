"""What query workers share: modules that the supervisor imports once, before it forks.

A worker that imported them itself would let its first query wait for a third of a second
of processor time, and every query that is ended costs a worker.
"""

from __future__ import annotations

import os
from importlib import import_module
from typing import Final

from dafab_kg.model.settings import Settings

FUNCTIONS: Final = (
    "dafab_kg.spatial.geosparql.aggregates",
    "dafab_kg.spatial.geosparql.functions",
)
REWRITING: Final = (
    "dafab_kg.spatial.index.keeper",
    "dafab_kg.spatial.rewriting.rewrite",
    # what geoindex_rs and shapely import themselves when they are first asked
    "arro3.core",
    "numpy.ma",
)


def choose_allocator() -> None:
    """Keep Arrow from its own allocator: it would count as a GiB of memory, and run a thread.

    Without effect once Arrow is imported.
    """
    os.environ.setdefault("ARROW_DEFAULT_MEMORY_POOL", "system")
    os.environ.setdefault("JE_ARROW_MALLOC_CONF", "background_thread:false")


def import_for_workers(settings: Settings) -> None:
    """Import what queries need; no thread is started, so that the process may fork on."""
    choose_allocator()
    for name in (*FUNCTIONS, *(REWRITING if settings.index and settings.rewriting else ())):
        import_module(name)
    if settings.index and settings.rewriting:
        from dafab_kg.spatial.index.schema import packaged_schema

        packaged_schema()
