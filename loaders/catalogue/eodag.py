"""Search results that eodag wrote to a file, before it wrote STAC Items.

eodag retells what other catalogues say, so its entries are its own, beside theirs.

Source: https://eodag.readthedocs.io, "Product search" (serialize) and "Parameters mapping"
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any, Final

from dafab_kg.loaders.catalogue import convert
from dafab_kg.loaders.catalogue.told import PlaceTold, Preview, Told
from dafab_kg.loaders.stac.known import ITEM, Known

_REPLACED: Final = {"product_type", "instruments", "orbit_direction", "cloud_cover", "title"}
TABLE: Final[tuple[Known, ...]] = (
    *(known for known in ITEM if known.field not in {*_REPLACED, "created"}),
    Known("product_type", convert.product_type, ("product:type", "s2:product_type", "productType")),
    Known("instruments", convert.instruments, ("instruments", "instrument")),
    Known("orbit_direction", convert.orbit_direction, ("sat:orbit_state", "orbitDirection")),
    Known("absolute_orbit", convert.whole, ("orbitNumber",)),
    Known("relative_orbit", convert.whole, ("relativeOrbitNumber",)),
    Known("cloud_cover", convert.cloud, ("eo:cloud_cover", "cloudCover")),
    Known("sensing_start", convert.instant, ("startTimeFromAscendingNode",)),
    Known("sensing_stop", convert.instant, ("completionTimeFromAscendingNode",)),
    Known("processing_level", convert.level, ("processingLevel",)),
    Known("platform", convert.platform, ("platformSerialIdentifier",)),
    Known("sun_elevation", convert.number, ("aws_eos:sunElevation",)),
    Known("datastrip_ids", convert.one_of_many, ("aws_eos:originalSceneID",)),
    Known("created", convert.instant, ("published", "publicationDate", "created")),
    Known("online", convert.flag, ("order:status", "storageStatus")),
)
_SILENT: Final = frozenset({
    "title", "id", "uid", "eodag:search_intersection", "keyword", "eodag:download_link",
    "downloadLink", "eodag:quicklook", "quicklook", "eodag:thumbnail", "thumbnail",
    "eodag:provider", "eodag_provider", "aws_eos:tileGeometry", "aws_eos:tileOrigin",
})  # fmt: skip
_OF_ENTRY: Final = frozenset({
    "eodag:collection", "eodag_product_type", "order:status", "storageStatus", "published",
    "publicationDate", "updated", "aws_eos:IndexingTime", "aws_eos:archivingTime",
})  # fmt: skip


def is_feature(value: dict[str, Any]) -> bool:
    """Tell whether a GeoJSON feature is a result of eodag that is no STAC Item."""
    properties = value.get("properties")
    return (
        isinstance(properties, dict)
        and "stac_version" not in value
        and ("eodag:provider" in properties or "eodag_provider" in properties)
    )


def tell(value: dict[str, Any]) -> Told:
    """Read a feature."""
    values = dict(value["properties"])
    pointers = {key: f"/properties/{key}" for key in values}
    provider = values.get("eodag:provider") or values.get("eodag_provider")
    warnings: list[str] = []
    if provider == "aws_eos":
        # there the time is that of the tile, not the start of the datatake
        for name in ("start_datetime", "startTimeFromAscendingNode"):
            if name in values:
                values["datetime"] = values.pop(name)
                pointers["datetime"] = f"/properties/{name}"
        for name in ("end_datetime", "completionTimeFromAscendingNode"):
            values.pop(name, None)
        if _is_sun_zenith(values):
            pointers["s2:mean_solar_zenith"] = "/properties/view:incidence_angle"
            values["s2:mean_solar_zenith"] = values.pop("view:incidence_angle")
            warnings.append(
                "/properties/view:incidence_angle: is the zenith angle of the sun"
                " (90 less its elevation) and read as such"
            )
    geometry = value.get("geometry")
    return Told(
        interface="eodag",
        entry_id=value.get("id"),
        names=(values.get("title"), value.get("id")),
        table=TABLE,
        values=values,
        pointers=pointers,
        of_entry=_OF_ENTRY,
        silent=_SILENT,
        places=(PlaceTold("/geometry", "geojson", geometry),) if geometry else (),
        archive_href=values.get("eodag:download_link") or values.get("downloadLink"),
        previews=(
            Preview("quicklook", values.get("eodag:quicklook") or values.get("quicklook")),
            Preview("thumbnail", values.get("eodag:thumbnail") or values.get("thumbnail")),
        ),
        warnings=tuple(warnings),
        provider=f"eodag:{provider}" if isinstance(provider, str) and provider else "eodag:-",
        name_place="/properties/title",
    )


def _is_sun_zenith(values: dict[str, Any]) -> bool:
    """Tell whether what eodag calls the incidence angle is the sun's."""
    angle, elevation = values.get("view:incidence_angle"), values.get("aws_eos:sunElevation")
    if not isinstance(angle, int | Decimal) or not isinstance(elevation, int | Decimal):
        return False
    return abs(Decimal(angle) + Decimal(elevation) - 90) < Decimal("0.01")
