"""Footprints of images that were taken for an event: Maxar's (Vantor's) open data as GeoJSON.

A feature is one tile of the Analysis-Ready Data of an acquisition, or the union of all of
an acquisition's tiles.  A union carries the properties of its first tile, of which only
those that all tiles share can be true of it.  The two are told apart by the content: a
file in which an acquisition occurs twice holds tiles; else the footprint's area is
compared with ``tile:data_area``, which is in km².

These are images, not events: they become products.  They are read here since they come
as event collections, and nothing else of the file tells that they are images.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any, Final

import shapely
from pyproj import Geod

from dafab_kg.loaders.events import areas, spans
from dafab_kg.loaders.events.forms import Context, Form, Identity, demanded, member, number, text
from dafab_kg.loaders.stac.leaves import Owner, keep_member
from dafab_kg.model.documents import Reading
from dafab_kg.model.names import is_iri
from dafab_kg.model.records import Acquisition, Asset, Platform, Product

_PLATFORMS: Final = {
    "WV01": ("worldview-1", "WorldView-1"),
    "WV02": ("worldview-2", "WorldView-2"),
    "WV03": ("worldview-3", "WorldView-3"),
    "WV04": ("worldview-4", "WorldView-4"),
    "GE01": ("geoeye-1", "GeoEye-1"),
    "QB02": ("quickbird-2", "QuickBird-2"),
}
_ASSETS: Final = {
    "visual": ("image/tiff; application=geotiff; profile=cloud-optimized", "visual"),
    "ms_analytic": ("image/tiff; application=geotiff; profile=cloud-optimized", "data"),
    "pan_analytic": ("image/tiff; application=geotiff; profile=cloud-optimized", "data"),
    "data-mask": ("application/geopackage+sqlite3", "data-mask"),
}
_WIDEST_TILE: Final = 30.0  # km²; a tile is 5.3 km wide
_CONSUMED: Final = frozenset({
    "catalog_id", "datetime", "platform", "gsd", "proj:epsg", "proj:code", "tile:clouds_percent",
    "view:azimuth", "view:sun_azimuth", "view:sun_elevation", *_ASSETS,
})  # fmt: skip


def is_footprint(feature: dict[str, Any]) -> bool:
    """Tell whether a GeoJSON feature is a footprint of this kind."""
    keys = member(feature, "properties").keys()
    return {"catalog_id", "datetime", "platform"} <= keys and bool(
        keys & {"ard_metadata_version", "quadkey", "grid:code"}
    )


def are_tiles(features: Sequence[Any]) -> bool:
    """Tell whether some acquisition occurs twice, so that each feature is a tile."""
    told = [member(feature, "properties").get("catalog_id") for feature in features]
    return len(set(map(str, told))) < len(told)


def is_union(feature: dict[str, Any]) -> bool:
    """Tell whether a feature covers more than the one tile that its properties are of."""
    properties = member(feature, "properties")
    stated = properties.get("tile:data_area")
    try:
        geometry = shapely.geometry.shape(feature["geometry"])
        found = abs(Geod(ellps="WGS84").geometry_area_perimeter(geometry)[0]) / 1e6
    except Exception:  # noqa: BLE001 (broken geometry: the reading says how)
        return False
    if found > _WIDEST_TILE:
        return True
    return isinstance(stated, int | Decimal) and found > float(stated) * 1.1 + 0.2


def tile_id(catalog_id: str, properties: dict[str, Any]) -> str | None:
    """Return the id of a tile: acquisition, UTM zone and quadkey."""
    zone, quadkey = text(properties.get("utm_zone")), text(properties.get("quadkey"))
    return f"{catalog_id}-Z{zone}-{quadkey}" if zone and quadkey else None


def _identify_tile(value: Any, where: str) -> Identity:
    properties = member(value, "properties")
    catalog_id = demanded(properties.get("catalog_id"), "catalog_id", where)
    own = demanded(tile_id(catalog_id, properties), "UTM zone and quadkey", where)
    return Identity("maxar", own)


def _identify_union(value: Any, where: str) -> Identity:
    return Identity(
        "maxar", demanded(member(value, "properties").get("catalog_id"), "catalog_id", where)
    )


def _read_union(value: Any, identity: Identity, context: Context) -> Reading:
    return _read(value, identity, context, tile=False)


def _read_tile(value: Any, identity: Identity, context: Context) -> Reading:
    return _read(value, identity, context, tile=True)


def _read(value: Any, identity: Identity, context: Context, *, tile: bool) -> Reading:
    properties = member(value, "properties")
    catalog_id = demanded(properties.get("catalog_id"), "catalog_id", context.where)
    where = context.at("/properties/datetime")
    taken = spans.moment(demanded(properties.get("datetime"), "time", where), where=where)
    code = demanded(properties.get("platform"), "platform", context.at("/properties/platform"))
    platform, label = _PLATFORMS.get(code.upper(), (code.lower(), code))
    area = areas.of_geojson(value.get("geometry"), where=context.at("/geometry"))
    own = _of_tile(properties, context) if tile else {}
    product = Product(
        product_id=identity.report_id,
        product_type="ARD" if tile else None,
        platform=platform,
        acquisition_ids=(catalog_id,),
        datetime=taken,
        **own,
        **area.fields,
    )
    others: list[Any] = []
    if tile:
        owner = Owner(
            context.names.make("product", product_id=product.product_id), context.document_id
        )
        for key in properties:
            if key in _ASSETS:
                others += _asset(product.product_id, key, properties[key])
            elif key not in _CONSUMED:
                others += keep_member(properties, key, "/properties", owner)
    else:
        context.notes.add(
            "/properties: the union of several tiles has the properties of one; only those that "
            "all tiles share were read"
        )
    read = (
        product,
        Platform(platform=platform, label=label),
        Acquisition(acquisition_id=catalog_id, platform=platform, sensing_start=taken),
        *others,
    )
    return Reading(read, warnings=(*context.notes, *area.warnings))


def _of_tile(properties: dict[str, Any], context: Context) -> dict[str, Any]:
    def figure(key: str) -> Decimal | None:
        return number(properties.get(key), f"/properties/{key}", context)

    crs = text(properties.get("proj:code"))
    epsg = text(properties.get("proj:epsg"))
    code = crs or (f"EPSG:{epsg}" if epsg else None)
    return {
        "crs_codes": (code,) if code else (),
        "ground_sample_distance": figure("gsd"),
        "cloud_cover": figure("tile:clouds_percent"),
        "view_azimuth": figure("view:azimuth"),
        "sun_azimuth": figure("view:sun_azimuth"),
        "sun_elevation": figure("view:sun_elevation"),
    }


def _asset(product_id: str, key: str, href: Any) -> list[Asset]:
    if not isinstance(href, str) or not href:
        return []
    media_type, role = _ASSETS[key]
    return [
        Asset(
            product_id=product_id,
            asset_key=key,
            href=href,
            access_url=href if is_iri(href) else None,
            media_type=media_type,
            roles=(role,),
        )
    ]


TILE: Final = Form("maxar-tile", _identify_tile, _read_tile)


def _essence(value: Any) -> dict[str, Any]:
    """Return what a union says of itself; two files of the same union differ in the rest."""
    properties = member(value, "properties")
    shared = {key: properties.get(key) for key in ("catalog_id", "datetime", "platform")}
    return {**shared, "geometry": value.get("geometry")}


UNION: Final = Form("maxar", _identify_union, _read_union, _essence)
