"""What an entry tells, whatever envelope it came in, before it becomes records."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from dafab_kg.loaders.stac.known import Known


def objects(value: Any) -> list[dict[str, Any]]:
    """Return the objects of a JSON array, or the one object that stands in its place."""
    listed = value if isinstance(value, list) else [value]
    return [one for one in listed if isinstance(one, dict)]


@dataclass(frozen=True)
class PlaceTold:
    """One way in which an entry states its footprint.

    ``kind`` is ``geojson``, ``wkt``, ``gml`` (XML as text) or ``latlon`` (numbers as text);
    ``order`` says how GML is meant whose own CRS does not tell: ``latlon``, ``lonlat`` or
    empty.
    """

    pointer: str
    kind: str
    value: Any
    order: str = ""


@dataclass(frozen=True)
class ChecksumTold:
    """A checksum of the archive as delivered."""

    pointer: str
    algorithm: Any
    value: Any
    date: Any = None


@dataclass(frozen=True)
class Preview:
    """An image that shows the product; ``key`` is ``quicklook`` or ``thumbnail``."""

    key: str
    href: Any
    media_type: Any = None


@dataclass(frozen=True)
class Told:
    """One entry.

    ``names`` may be that of the product, the best first.  ``values`` are raw values
    by the names that ``table`` knows, or that are kept as properties: of the product,
    or of the entry for those in ``of_entry``.  ``pointers`` say where a value stands if not
    directly below the entry.  ``silent`` names are read elsewhere, or say nothing of the
    product.  ``box`` is west, south, east, north.
    """

    interface: str
    entry_id: Any
    names: tuple[Any, ...]
    table: tuple[Known, ...]
    values: dict[str, Any]
    pointers: dict[str, str] = field(default_factory=dict)
    of_entry: frozenset[str] = frozenset()
    silent: frozenset[str] = frozenset()
    places: tuple[PlaceTold, ...] = ()
    box: tuple[Any, ...] | None = None
    archive_href: Any = None
    archive_type: Any = None
    checksums: tuple[ChecksumTold, ...] = ()
    previews: tuple[Preview, ...] = ()
    size_system: str = "unknown"
    warnings: tuple[str, ...] = ()
    addresses: tuple[Any, ...] = ()
    provider: str = ""
    name_place: str = ""
    name_remedy: str = "Fetch the entry again, with all its fields, from its catalogue"
