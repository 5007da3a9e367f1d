"""Older STAC versions brought to the current one."""

from __future__ import annotations

from typing import Any

from dafab_kg.loaders.stac.recognise import is_before_1_0


def migrate(value: dict[str, Any]) -> tuple[dict[str, Any], tuple[str, ...]]:
    """Return a STAC object in the current version, and warnings.

    Objects of 1.0 and later are returned as they are: what changed since then
    (``proj:epsg``, ``eo:bands``) is read in both spellings.  Older ones are
    migrated by pystac, on a copy.  A version that is newer than those known is
    read as far as it is understood.
    """
    version = value.get("stac_version")
    if not isinstance(version, str):
        return value, () if version is None else ("/stac_version: is no text",)
    if not is_before_1_0(version):
        known = version.startswith(("1.0.", "1.1."))
        return value, () if known else (f"/stac_version: {version} is newer than 1.1, read as 1.1",)
    # pystac takes its time to import, and only old documents need it
    from pystac import STACError
    from pystac.serialization.identify import identify_stac_object
    from pystac.serialization.migrate import migrate_to_latest

    try:
        return migrate_to_latest(value, identify_stac_object(value)), ()
    except (STACError, ValueError, KeyError, TypeError, AttributeError) as error:
        return value, (f"/stac_version: cannot be migrated from {version} ({error!r})",)
