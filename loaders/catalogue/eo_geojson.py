"""Products as GeoJSON after OGC 17-003 (EO metadata in GeoJSON), as EUMETSAT's data store has them.

They are of any satellite: what can be kept is the name, the times, platform and
instrument, and the footprint where there is one.  The size is in kilobytes there and
says so nowhere, and what its checksum is of is not told: both are kept as properties.
"""

from __future__ import annotations

from typing import Any, Final

from dafab_kg.loaders.catalogue import convert
from dafab_kg.loaders.catalogue.told import PlaceTold, Preview, Told, objects
from dafab_kg.loaders.stac.known import Known

TABLE: Final[tuple[Known, ...]] = (
    Known("product_type", convert.product_type, ("productInformation/productType",)),
    Known("processing_level", convert.level, ("productInformation/processingLevel",)),
    Known("generation_time", convert.instant, ("productInformation/processingDate",)),
    Known("platform", convert.platform, ("platformShortName",)),
    Known("instruments", convert.instruments, ("instrumentShortName",)),
    Known("instrument_mode", convert.mode, ("operationalMode",)),
    Known("sensing_start", convert.instant, ("date/start",)),
    Known("sensing_stop", convert.instant, ("date/stop",)),
    Known("datetime", convert.instant, ("date",)),
    Known("relative_orbit", convert.whole, ("relativeOrbitNumber",)),
    Known("absolute_orbit", convert.whole, ("orbitNumber",)),
    Known("orbit_direction", convert.orbit_direction, ("orbitDirection",)),
    Known("cloud_cover", convert.cloud, ("productInformation/cloudCover",)),
    Known("created", convert.instant, ("published",)),
    Known("updated", convert.instant, ("updated",)),
)
_SILENT: Final = frozenset(
    {"type", "identifier", "title", "date/start", "date/stop", "links", "acquisitionInformation"}
)
_OF_ENTRY: Final = frozenset({"updated", "published", "parentIdentifier", "extraInformation"})
_NO_SATELLITE: Final = "multi platform"


def is_feature(value: dict[str, Any]) -> bool:
    """Tell whether a GeoJSON feature is a product in this form."""
    properties = value.get("properties")
    return isinstance(properties, dict) and isinstance(
        properties.get("acquisitionInformation"), list
    )


def tell(value: dict[str, Any]) -> Told:
    """Read a feature."""
    properties = value["properties"]
    values = {k: v for k, v in properties.items() if k != "productInformation"}
    pointers = {key: f"/properties/{key}" for key in values}
    information = properties.get("productInformation")
    for key, one in information.items() if isinstance(information, dict) else ():
        values[f"productInformation/{key}"] = one
        pointers[f"productInformation/{key}"] = f"/properties/productInformation/{key}"
    span = properties.get("date")
    if isinstance(span, str) and "/" in span:
        values["date/start"], _, values["date/stop"] = span.partition("/")
        del values["date"]
    _acquisition(properties["acquisitionInformation"], values, pointers)
    links = properties.get("links")
    by_kind = links if isinstance(links, dict) else {}
    data, previews = objects(by_kind.get("data")), objects(by_kind.get("previews"))
    others = [one for kind in by_kind.values() for one in objects(kind)]
    return Told(
        interface="eo-geojson",
        entry_id=value.get("id"),
        names=(properties.get("identifier"), properties.get("title"), value.get("id")),
        table=TABLE,
        values=values,
        pointers=pointers,
        of_entry=_OF_ENTRY,
        silent=_SILENT,
        places=(PlaceTold("/geometry", "geojson", value["geometry"]),)
        if value.get("geometry")
        else (),
        archive_href=data[0].get("href") if data else None,
        archive_type=data[0].get("mediaType") if data else None,
        previews=tuple(Preview("quicklook", p.get("href"), p.get("mediaType")) for p in previews),
        addresses=tuple(one.get("href") for one in (*data, *others)),
        name_place="/properties/identifier",
    )


def _acquisition(listed: list[Any], values: dict[str, Any], pointers: dict[str, str]) -> None:
    """Add what the first acquisition says of platform, instrument and orbit."""
    for position, one in enumerate(listed):
        if not isinstance(one, dict):
            continue
        for part in ("platform", "instrument", "acquisitionParameters"):
            members = one.get(part)
            for key, told in members.items() if isinstance(members, dict) else ():
                name = key if position == 0 and key not in values else f"{part}/{position}/{key}"
                if told == _NO_SATELLITE:
                    name = f"{part}/{position}/{key}"
                values[name] = told
                pointers[name] = f"/properties/acquisitionInformation/{position}/{part}/{key}"
