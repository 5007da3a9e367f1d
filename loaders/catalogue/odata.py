"""OData of CDSE: a product of a search, alone, or within the notification of a subscription.

Source: https://documentation.dataspace.copernicus.eu/APIs/OData.html and
https://documentation.dataspace.copernicus.eu/APIs/Subscriptions.html
"""

from __future__ import annotations

from typing import Any, Final

from dafab_kg.loaders.catalogue import convert
from dafab_kg.loaders.catalogue.told import ChecksumTold, PlaceTold, Preview, Told, objects
from dafab_kg.loaders.stac.known import Known

TABLE: Final[tuple[Known, ...]] = (
    Known("product_type", convert.product_type, ("productType",)),
    Known("processing_level", convert.level, ("processingLevel",)),
    Known("processing_baseline", convert.baseline, ("processorVersion",)),
    Known("generation_time", convert.instant, ("processingDate",)),
    Known("doi", convert.text, ("doi",)),
    Known("platform", convert.platform, ("platform", "platformShortName")),
    Known("instruments", convert.instruments, ("instrumentShortName",)),
    Known("datatake_id", convert.datatake, ("productGroupId", "datatakeID")),
    Known("datatake_type", convert.datatake_type, ("operationalMode",)),
    Known("instrument_mode", convert.mode, ("operationalMode", "swathIdentifier")),
    Known("polarisations", convert.polarisations, ("polarisationChannels",)),
    Known("datastrip_ids", convert.one_of_many, ("datastripId",)),
    Known("granule_ids", convert.one_of_many, ("granuleIdentifier",)),
    Known("mgrs_tiles", convert.tiles, ("tileId",)),
    Known("sensing_start", convert.instant, ("ContentDate/Start", "beginningDateTime")),
    Known("sensing_stop", convert.instant, ("ContentDate/End", "endingDateTime")),
    Known("relative_orbit", convert.whole, ("relativeOrbitNumber",)),
    Known("absolute_orbit", convert.whole, ("orbitNumber",)),
    Known("orbit_direction", convert.orbit_direction, ("orbitDirection",)),
    Known("cloud_cover", convert.cloud, ("cloudCover",)),
    Known("snow_cover", convert.cloud, ("snowCover",)),
    # about the entry
    Known("created", convert.instant, ("PublicationDate",)),
    Known("updated", convert.instant, ("ModificationDate",)),
    Known("origin_date", convert.instant, ("OriginDate",)),
    Known("eviction_date", convert.end, ("EvictionDate",)),
    Known("online", convert.flag, ("Online",)),
    Known("s3_path", convert.text, ("S3Path",)),
    Known("archive_size", convert.size, ("ContentLength",)),
    Known("notified_event", convert.text, ("SubscriptionEvent",)),
    Known("notification_date", convert.instant, ("NotificationDate",)),
)
_SILENT: Final = frozenset({
    "@odata.context", "Id", "Name", "Footprint", "GeoFootprint", "Attributes", "Assets",
    "Checksum", "ContentDate", "ProductId", "ProductName", "value", "@odata.mediaContentType",
    "platform",
})  # fmt: skip


def is_product(value: dict[str, Any]) -> bool:
    """Tell whether an object is a product as OData gives it."""
    return (
        ("Id" in value or "Name" in value)
        and "SubscriptionEvent" not in value
        and any(key in value for key in ("ContentDate", "S3Path", "GeoFootprint", "Attributes"))
    )


def is_notification(value: dict[str, Any]) -> bool:
    """Tell whether an object notifies a subscriber of a product."""
    return isinstance(value.get("SubscriptionEvent"), str) and "ProductId" in value


def tell_product(value: dict[str, Any]) -> Told:
    """Read a product."""
    return _tell(value, {}, "odata", "")


def tell_notification(value: dict[str, Any]) -> Told:
    """Read a notification and the product in it; after three days it has none any more."""
    inner = value.get("value")
    product = inner if isinstance(inner, dict) else {}
    around = {key: one for key, one in value.items() if key not in product and key != "value"}
    return _tell(product, around, "notification", "/value")


def _tell(product: dict[str, Any], around: dict[str, Any], interface: str, above: str) -> Told:
    values: dict[str, Any] = {**around, **product}
    pointers = {key: f"{above}/{key}" for key in product}
    of_entry = frozenset(values)
    dates = product.get("ContentDate")
    for end in ("Start", "End"):
        if isinstance(dates, dict) and dates.get(end) is not None:
            values[f"ContentDate/{end}"] = dates[end]
            pointers[f"ContentDate/{end}"] = f"{above}/ContentDate/{end}"
    warnings = _attributes(product.get("Attributes"), values, pointers, f"{above}/Attributes")
    silent = _SILENT
    family, letter = values.get("platformShortName"), values.get("platformSerialIdentifier")
    if isinstance(family, str) and isinstance(letter, str):
        values["platform"] = f"{family}{letter}"
        silent |= {"platformShortName", "platformSerialIdentifier"}
    links = objects(product.get("Assets"))
    own = product.get("Id") or around.get("ProductId")
    return Told(
        interface=interface,
        entry_id=own,
        names=(product.get("Name"), around.get("ProductName")),
        table=TABLE,
        values=values,
        pointers=pointers,
        of_entry=of_entry,
        silent=silent,
        places=_places(product, above),
        checksums=tuple(
            ChecksumTold(
                f"{above}/Checksum/{i}", c.get("Algorithm"), c.get("Value"), c.get("ChecksumDate")
            )
            for i, c in enumerate(_listed(product.get("Checksum")))
            if isinstance(c, dict) and c
        ),
        previews=tuple(Preview("quicklook", one.get("DownloadLink")) for one in links),
        warnings=warnings,
        addresses=(
            product.get("@odata.context"),
            around.get("@odata.context"),
            *(one.get("DownloadLink") for one in links),
        ),
        name_place="/value/Name" if around else "/Name",
        name_remedy="A notification keeps its product for three days; ask the catalogue for"
        f" Products({own})"
        if around
        else "Ask the catalogue for the product with its Name",
    )


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _attributes(
    listed: Any, values: dict[str, Any], pointers: dict[str, str], above: str
) -> tuple[str, ...]:
    """Add the attributes by name; one that stands twice with another value is warned of."""
    warnings = []
    for position, one in enumerate(_listed(listed)):
        name = one.get("Name") if isinstance(one, dict) else None
        if not isinstance(name, str) or not name:
            warnings.append(f"{above}/{position}: is no attribute with a name; left out")
            continue
        key = name if name not in values else f"{name}~{position}"
        if name in values and name in pointers and values[name] != one.get("Value"):
            warnings.append(f"{above}/{position}: {name} stands there again with another value")
        values[key] = one.get("Value")
        pointers[key] = f"{above}/{position}/Value"
    return tuple(warnings)


def _places(product: dict[str, Any], above: str) -> tuple[PlaceTold, ...]:
    told = []
    if product.get("GeoFootprint") is not None:
        told.append(PlaceTold(f"{above}/GeoFootprint", "geojson", product["GeoFootprint"]))
    if product.get("Footprint"):
        told.append(PlaceTold(f"{above}/Footprint", "wkt", product["Footprint"]))
    return tuple(told)
