"""Items of the DaFab catalogue: originals, water analyses and field delineations."""

from __future__ import annotations

from typing import Any

from dafab_kg.sample.chance import Chance
from dafab_kg.sample.items import COG, extent, geometry, platform, time
from dafab_kg.sample.scene import Scene
from dafab_kg.sample.tiles import tile

Json = dict[str, Any]

ROOT = "https://dafab.example.org/stac"
"""Where the items say they come from; nothing is there (RFC 2606)."""

ORIGINAL = "sentinel_2_l2a"
WATER = "water_analysis"
FIELDS = "smart_agriculture"

_PROCESSING = "https://stac-extensions.github.io/processing/v1.2.0/schema.json"
_FILE = "https://stac-extensions.github.io/file/v2.1.0/schema.json"
_GEOJSON = "application/geo+json"
_WATER_ASSETS = {
    "dafab-water-excess": (_GEOJSON, "Outlines of excess water"),
    "dafab-water-deficit": (_GEOJSON, "Outlines of missing water"),
    "dafab-AI-observed-water": (COG, "Water seen by the model"),
    "dafab-AI-postprocessed-observed-water": (COG, "Water seen by the model, cleaned"),
    "dafab-no-AI-observed-water": (COG, "Water by index"),
    "dafab-no-AI-postprocessed-observed-water": (COG, "Water by index, cleaned"),
    "dafab-difference-water-mask": (COG, "Difference from the reference"),
    "dafab-AI-cloud-mask": (COG, "Clouds seen by the model"),
    "dafab-GFM-reference-water-mask": (COG, "Reference water"),
    "dafab-ESA-worldcover": (COG, "Land cover"),
}
_FIELD_ASSETS = {"dafab-field-boundaries": (_GEOJSON, "Outlines of fields")}
_ORIGINAL_ASSETS = ("B02_10m", "B03_10m", "B04_10m", "B08_10m", "SCL_20m", "TCI_20m")
_TITLES = {
    ORIGINAL: "Sentinel-2 Level-2A originals (synthetic sample)",
    WATER: "Water analyses (synthetic sample)",
    FIELDS: "Field delineations (synthetic sample)",
}


def original(scene: Scene) -> Json:
    """The original item of a source product."""
    product, of = scene.product, scene.product.acquisition
    name = product.product_id
    properties = {
        "datetime": time(product),
        "start_datetime": time(product),
        "end_datetime": time(product),
        "created": f"{product.generated:%Y-%m-%dT%H:%M:%S}.000Z",
        "platform": platform(product),
        "constellation": "sentinel-2",
        "instruments": ["msi"],
        "gsd": 10,
        "eo:cloud_cover": scene.cover.cloud,
        "eo:snow_cover": scene.cover.snow,
        "grid:code": f"MGRS-{of.tile}",
        "product:type": "S2MSI2A",
        "processing:level": "L2",
        "processing:version": product.baseline,
        "processing:datetime": f"{product.generated:%Y-%m-%dT%H:%M:%S}.000Z",
        "proj:code": f"EPSG:{tile(of.tile).epsg}",
        "sat:absolute_orbit": of.passed.absolute_orbit,
        "sat:relative_orbit": of.passed.view.relative_orbit,
        "sat:orbit_state": "descending",
        "view:sun_azimuth": scene.sun_azimuth,
        "view:sun_elevation": round(90 - scene.sun_zenith, 6),
    }
    extensions = [
        "https://stac-extensions.github.io/eo/v1.1.0/schema.json",
        "https://stac-extensions.github.io/grid/v1.1.0/schema.json",
        _PROCESSING,
        "https://stac-extensions.github.io/product/v0.1.0/schema.json",
        "https://stac-extensions.github.io/projection/v2.0.0/schema.json",
        "https://stac-extensions.github.io/sat/v1.0.0/schema.json",
        "https://stac-extensions.github.io/view/v1.0.0/schema.json",
    ]
    assets: Json = {
        key: {"href": asset_href(name, key), "type": "image/jp2", "roles": ["data"]}
        for key in _ORIGINAL_ASSETS
    }
    parent = {"rel": "parent", "href": f"{ROOT}/collections/{ORIGINAL}"}
    document = _item(name, ORIGINAL, scene, properties, assets, extensions)
    return {**document, "links": [*document["links"], parent]}


def water(seed: int, scene: Scene, figures: Json, version: int) -> Json:
    """A water analysis of a source product; ``version`` of the algorithm is 200 or 300."""
    block = {"water_analysis_algorithm_version": version, **figures}
    kinds = dict(_WATER_ASSETS)
    if version < 300:  # the name that the mask had then
        kinds["dafab-AI-difference-water-mask"] = kinds.pop("dafab-difference-water-mask")
    return _derived(seed, scene, WATER, version, {"dafab:water-analysis": block}, kinds)


def fields(seed: int, scene: Scene, figures: Json, version: int) -> Json:
    """A field delineation of a source product."""
    block = {"smart_agriculture_algorithm_version": version, **figures}
    return _derived(seed, scene, FIELDS, version, {"dafab:smart-agriculture": block}, _FIELD_ASSETS)


def collection(name: str, scenes: list[Scene]) -> Json:
    """A collection of the catalogue."""
    return {
        "type": "Collection",
        "stac_version": "1.1.0",
        "stac_extensions": [],
        "id": name,
        "title": _TITLES[name],
        "description": "Synthetic items in the shape of the DaFab catalogue.",
        "license": "other",
        "keywords": ["dafab", "synthetic"],
        "extent": extent(scenes),
        "links": [
            {"rel": "root", "href": ROOT},
            {"rel": "self", "href": f"{ROOT}/collections/{name}"},
        ],
    }


def asset_href(item: str, key: str) -> str:
    """Stable address of an asset."""
    return f"{ROOT}/assets/dafab/items/{item}/{key}"


def _derived(
    seed: int, scene: Scene, collection: str, version: int, block: Json, kinds: Json
) -> Json:
    name = f"{scene.product.product_id}_{collection}_{version}"
    properties = {
        "datetime": time(scene.product),
        "processing:level": "L4",
        "processing:version": f"{version // 100}.0.0",
        **block,
    }
    assets: Json = {}
    for key, (media_type, title) in kinds.items():
        chance = Chance(seed, name, key)
        assets[key] = {
            "href": asset_href(name, key),
            "type": media_type,
            "title": title,
            "roles": ["data"],
            "file:size": chance.whole(90_000, 9_000_000),
            "file:checksum": _multihash(chance),
        }
    first = next(iter(kinds))
    assets |= _previews(seed, scene, name, first)
    source = {
        "rel": "derived_from",
        "href": f"{ROOT}/collections/{ORIGINAL}/items/{scene.product.product_id}",
    }
    document = _item(name, collection, scene, properties, assets, [_PROCESSING, _FILE])
    return {**document, "links": [*document["links"], source]}


def _item(
    name: str, collection: str, scene: Scene, properties: Json, assets: Json, extensions: list[str]
) -> Json:
    return {
        "type": "Feature",
        "stac_version": "1.1.0",
        "stac_extensions": extensions,
        "id": name,
        "collection": collection,
        "geometry": geometry(scene),
        "bbox": list(scene.bbox),
        "properties": properties,
        "links": [
            {"rel": "root", "href": ROOT},
            {"rel": "self", "href": f"{ROOT}/collections/{collection}/items/{name}"},
            {"rel": "collection", "href": f"{ROOT}/collections/{collection}"},
        ],
        "assets": assets,
    }


def _previews(seed: int, scene: Scene, item: str, source: str) -> Json:
    """Thumbnail and overview of one asset."""
    digest = Chance(seed, item, source, "preview").hexadecimal(64)
    return {
        f"{source}-{size}": {
            "href": asset_href(item, f"{source}-{size}"),
            "type": "image/png",
            "title": f"{size.capitalize()} of {source}",
            "roles": [size],
            "dafab:preview": {
                "source_asset": source,
                "source_sha256": digest,
                "renderer_version": 1,
                "image_crs": "EPSG:3857",
                "bbox_crs": "EPSG:4326",
                "bbox": list(scene.bbox),
                "width": side,
                "height": side,
            },
        }
        for size, side in (("thumbnail", 512), ("overview", 1536))
    }


def _multihash(chance: Chance) -> str:
    """A SHA-256 as multihash: code 12, length 20, both hexadecimal."""
    return f"1220{chance.hexadecimal(64)}"
