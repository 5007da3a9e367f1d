"""OpenSearch of CDSE, CREODIAS and PEPS as JSON (resto).

Source: https://documentation.dataspace.copernicus.eu/APIs/OpenSearch.html
"""

from __future__ import annotations

from typing import Any, Final

from dafab_kg.loaders.catalogue import convert
from dafab_kg.loaders.catalogue.told import PlaceTold, Preview, Told, objects
from dafab_kg.loaders.stac.known import Known

TABLE: Final[tuple[Known, ...]] = (
    Known("product_type", convert.product_type, ("productType",)),
    Known("processing_level", convert.level, ("processingLevel", "productType")),
    Known("processing_baseline", convert.baseline, ("processingBaseline",)),
    Known("platform", convert.platform, ("platform",)),
    Known("instruments", convert.instruments, ("instrument",)),
    Known("datatake_id", convert.datatake, ("s2TakeId", "productGroupId")),
    Known("datatake_type", convert.datatake_type, ("sensorMode",)),
    Known("instrument_mode", convert.mode, ("sensorMode", "swath")),
    Known("polarisations", convert.polarisations, ("polarisation",)),
    Known("mgrs_tiles", convert.tiles, ("mgrs", "tileId")),
    Known("sensing_start", convert.instant, ("startDate",)),
    Known("sensing_stop", convert.instant, ("completionDate",)),
    Known("relative_orbit", convert.whole, ("relativeOrbitNumber",)),
    Known("absolute_orbit", convert.whole, ("orbitNumber",)),
    Known("orbit_direction", convert.orbit_direction, ("orbitDirection",)),
    Known("cloud_cover", convert.cloud, ("cloudCover",)),
    Known("snow_cover", convert.cloud, ("snowCover",)),
    # about the entry
    Known("created", convert.instant, ("published",)),
    Known("updated", convert.instant, ("updated",)),
    Known("online", convert.resto_status, ("status",)),
    Known("archive_size", convert.size, ("services/download/size", "resourceSize")),
    Known("s3_path", convert.text, ("s3_path",)),
)
_SILENT: Final = frozenset({
    "productIdentifier", "title", "links", "services", "keywords", "gmlgeometry", "centroid",
    "quicklook", "thumbnail", "s3_path",
})  # fmt: skip
_OF_ENTRY: Final = frozenset({
    "collection", "status", "published", "updated", "services/download/size", "resourceSize",
    "resourceChecksum", "visible", "storage", "license", "dhusIngestDate", "nrtResource",
})  # fmt: skip


def is_feature(value: dict[str, Any]) -> bool:
    """Tell whether a GeoJSON feature is an entry of resto."""
    properties = value.get("properties")
    return isinstance(properties, dict) and (
        "productIdentifier" in properties
        or ("startDate" in properties and "completionDate" in properties)
    )


def tell(value: dict[str, Any]) -> Told:
    """Read a feature."""
    properties = value["properties"]
    values = dict(properties)
    pointers = {key: f"/properties/{key}" for key in properties}
    services = properties.get("services")
    download = services.get("download") if isinstance(services, dict) else None
    download = download if isinstance(download, dict) else {}
    if "size" in download:
        values["services/download/size"] = download["size"]
        pointers["services/download/size"] = "/properties/services/download/size"
    path = properties.get("productIdentifier")
    if isinstance(path, str) and path.startswith("/"):
        values["s3_path"] = path
    own = {str(one.get("rel")): one.get("href") for one in objects(properties.get("links"))}
    return Told(
        interface="resto",
        entry_id=value.get("id"),
        names=(path, properties.get("title")),
        table=TABLE,
        values=values,
        pointers=pointers,
        of_entry=_OF_ENTRY,
        silent=_SILENT,
        places=_places(value, properties),
        archive_href=download.get("url"),
        archive_type=download.get("mimeType"),
        previews=tuple(Preview(key, properties.get(key)) for key in ("quicklook", "thumbnail")),
        addresses=(own.get("self"), *own.values(), download.get("url")),
        name_place="/properties/productIdentifier",
    )


def _places(value: dict[str, Any], properties: dict[str, Any]) -> tuple[PlaceTold, ...]:
    told = []
    if value.get("geometry"):
        told.append(PlaceTold("/geometry", "geojson", value["geometry"]))
    elif isinstance(properties.get("gmlgeometry"), str):
        told.append(PlaceTold("/properties/gmlgeometry", "gml", properties["gmlgeometry"]))
    return tuple(told)
