"""STAC items of a public provider, in the manner of Earth Search: one COG for each band."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from dafab_kg.sample.plan import Product
from dafab_kg.sample.safe import BANDS, content, datastrip_id, datatake_id, granule_id
from dafab_kg.sample.scene import Scene
from dafab_kg.sample.tiles import tile

Json = dict[str, Any]

ROOT = "https://stac.example.org/v1"
"""Where the items say they come from; nothing is there (RFC 2606)."""

COLLECTION = "sentinel-2-l2a"
COG = "image/tiff; application=geotiff; profile=cloud-optimized"

_EXTENSIONS = [
    "https://stac-extensions.github.io/eo/v1.1.0/schema.json",
    "https://stac-extensions.github.io/grid/v1.0.0/schema.json",
    "https://stac-extensions.github.io/mgrs/v1.0.0/schema.json",
    "https://stac-extensions.github.io/processing/v1.1.0/schema.json",
    "https://stac-extensions.github.io/projection/v1.1.0/schema.json",
    "https://stac-extensions.github.io/view/v1.0.0/schema.json",
]
_COMMON = {
    "B01": "coastal",
    "B02": "blue",
    "B03": "green",
    "B04": "red",
    "B05": "rededge",
    "B06": "rededge",
    "B07": "rededge",
    "B08": "nir",
    "B8A": "nir08",
    "B09": "nir09",
    "B11": "swir16",
    "B12": "swir22",
}
_KEYS = _COMMON | {"B05": "rededge1", "B06": "rededge2", "B07": "rededge3"}


def item(scene: Scene) -> Json:
    """The item of a Level-2A product (STAC 1.0.0)."""
    product = scene.product
    name = item_id(product)
    links = {
        "self": f"{ROOT}/collections/{COLLECTION}/items/{name}",
        "collection": f"{ROOT}/collections/{COLLECTION}",
        "parent": f"{ROOT}/collections/{COLLECTION}",
        "root": ROOT,
    }
    return {
        "type": "Feature",
        "stac_version": "1.0.0",
        "stac_extensions": _EXTENSIONS,
        "id": name,
        "collection": COLLECTION,
        "geometry": geometry(scene),
        "bbox": list(scene.bbox),
        "properties": _properties(scene),
        "links": [{"rel": rel, "href": href} for rel, href in links.items()],
        "assets": _assets(scene),
    }


def item_id(product: Product) -> str:
    """Id of the item: satellite, tile, day, sequence and level."""
    of = product.acquisition
    sequence = 1 if product.centre == "S2RP" else 0
    return f"{of.satellite}_{of.tile}_{of.start:%Y%m%d}_{sequence}_{product.level}"


def geometry(scene: Scene) -> Json:
    """The footprint as GeoJSON."""
    return {"type": "Polygon", "coordinates": [[list(point) for point in scene.footprint]]}


def collection(scenes: list[Scene]) -> Json:
    """The collection that the items are of."""
    return {
        "type": "Collection",
        "stac_version": "1.0.0",
        "stac_extensions": [],
        "id": COLLECTION,
        "title": "Sentinel-2 Level-2A (synthetic sample)",
        "description": "Synthetic items in the shape of a public Sentinel-2 catalogue.",
        "license": "other",
        "keywords": ["sentinel", "synthetic"],
        "extent": extent(scenes),
        "summaries": {
            "platform": sorted({platform(s.product) for s in scenes}),
            "constellation": ["sentinel-2"],
        },
        "links": [
            {"rel": "self", "href": f"{ROOT}/collections/{COLLECTION}"},
            {"rel": "root", "href": ROOT},
            {"rel": "items", "href": f"{ROOT}/collections/{COLLECTION}/items"},
        ],
    }


def extent(scenes: list[Scene]) -> Json:
    """The extent of a collection: one box around all, and the first and last time."""
    west, south, east, north = zip(*(s.bbox for s in scenes), strict=True)
    times = sorted(time(s.product) for s in scenes)
    return {
        "spatial": {"bbox": [[min(west), min(south), max(east), max(north)]]},
        "temporal": {"interval": [[times[0], times[-1]]]},
    }


def platform(product: Product) -> str:
    """STAC name of the satellite."""
    return f"sentinel-2{product.acquisition.passed.satellite.lower()}"


def time(product: Product) -> str:
    """Nominal time of sensing."""
    return f"{product.acquisition.start:%Y-%m-%dT%H:%M:%S}.024Z"


def _properties(scene: Scene) -> Json:
    product, of = scene.product, scene.product.acquisition
    made = product.generated + timedelta(hours=9, seconds=of.passed.absolute_orbit % 3600)
    quality = {
        f"s2:{name.lower()}": float(value)
        for name, value in content(scene.cover, scene.nodata).items()
        if name != "CLOUDY_PIXEL_OVER_LAND_PERCENTAGE"
    }
    return {
        "datetime": time(product),
        "created": f"{made:%Y-%m-%dT%H:%M:%S}.000Z",
        "updated": f"{made:%Y-%m-%dT%H:%M:%S}.000Z",
        "platform": platform(product),
        "constellation": "sentinel-2",
        "instruments": ["msi"],
        "eo:cloud_cover": scene.cover.cloud,
        "proj:epsg": tile(of.tile).epsg,
        "mgrs:utm_zone": int(of.tile[:2]),
        "mgrs:latitude_band": of.tile[2],
        "mgrs:grid_square": of.tile[3:],
        "grid:code": f"MGRS-{of.tile}",
        "view:sun_azimuth": scene.sun_azimuth,
        "view:sun_elevation": round(90 - scene.sun_zenith, 6),
        "s2:product_type": f"S2MSI{product.level[1:]}",
        "s2:processing_baseline": product.baseline,
        "s2:product_uri": f"{product.product_id}.SAFE",
        "s2:generation_time": f"{product.generated:%Y-%m-%dT%H:%M:%S}.000000Z",
        "s2:datatake_id": datatake_id(product),
        "s2:datatake_type": "INS-NOBS",
        "s2:datastrip_id": datastrip_id(product),
        "s2:granule_id": granule_id(product),
        "s2:reflectance_conversion_factor": scene.sun_distance,
        "s2:degraded_msi_data_percentage": 0,
        **quality,
    }


def _assets(scene: Scene) -> Json:
    product = scene.product
    of = product.acquisition
    satellite = "ABC".index(of.passed.satellite)
    name = item_id(product)
    folder = f"{of.tile[:2]}/{of.tile[2]}/{of.tile[3:]}/{of.start.year}/{of.start.month}/{name}"
    found: Json = {}
    for band in BANDS:
        if band.name not in _KEYS:
            continue
        found[_KEYS[band.name]] = {
            "href": f"https://data.example.org/{folder}/{band.name}.tif",
            "type": COG,
            "title": f"{band.name}, {band.resolution} m",
            "gsd": band.resolution,
            "eo:bands": [
                {
                    "name": band.name,
                    "common_name": _COMMON[band.name],
                    "center_wavelength": round(band.centre[satellite] / 1000, 4),
                }
            ],
            "proj:shape": [109_800 // band.resolution] * 2,
            "roles": ["data", "reflectance"],
        }
    found["scl"] = {
        "href": f"https://data.example.org/{folder}/SCL.tif",
        "type": COG,
        "title": "Scene classification map (SCL)",
        "roles": ["data"],
    }
    found["thumbnail"] = {
        "href": f"https://data.example.org/{folder}/thumbnail.jpg",
        "type": "image/jpeg",
        "title": "Thumbnail",
        "roles": ["thumbnail"],
    }
    return found
