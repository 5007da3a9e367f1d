"""Links of STAC objects: ours, and those that were delivered with them."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Any, Final
from urllib.parse import quote, urljoin

VERSION: Final = "1.1.0"
"""The version of STAC that our own objects are in."""
JSON: Final = "application/json"
GEOJSON: Final = "application/geo+json"
NAVIGATION: Final = frozenset(
    {"self", "root", "parent", "collection", "items", "next", "prev", "child", "item"}
)
"""Relations by which clients find their way in one catalogue: of these ours only count."""


_ABSOLUTE: Final = ("https://", "http://", "s3://")


def link(rel: str, href: str, kind: str = JSON, title: str = "") -> dict[str, Any]:
    """Return a link."""
    return {"rel": rel, "type": kind, "href": href, **({"title": title} if title else {})}


def catalog(
    name: str, title: str, description: str, links: Iterable[dict[str, Any]]
) -> dict[str, Any]:
    """Return a STAC Catalog."""
    return {
        "type": "Catalog",
        "stac_version": VERSION,
        "id": name,
        "title": title,
        "description": description,
        "links": list(links),
    }


def address_of(root: str, collection: str, item_id: str) -> str:
    """Return where the API at ``root`` shows an item."""
    return f"{root}/collections/{quote(collection, safe='')}/items/{quote(item_id, safe='')}"


def kept_links(value: Mapping[str, Any], own: Collection[str] = NAVIGATION) -> list[dict[str, Any]]:
    """Return the links of an object as delivered, but for those of the relations ``own``.

    Where it said it lay becomes the relation ``canonical``.
    """
    base = home(value)
    found = [
        {**one, "href": urljoin(base, one["href"]) if base else one["href"]}
        for one in _links(value)
        if one["rel"] not in own
    ]
    if base and all(one["rel"] != "canonical" for one in found):
        found.insert(0, {"rel": "canonical", "href": base})
    return found


def home(value: Mapping[str, Any]) -> str:
    """Return the address that an object gives as its own, if that is absolute; else ""."""
    for one in _links(value):
        if one["rel"] == "self" and one["href"].startswith(_ABSOLUTE):
            return str(one["href"])
    return ""


def resolved(assets: Any, base: str) -> Any:
    """Make relative addresses of assets absolute, by where their item lay."""
    if not base or not isinstance(assets, dict):
        return assets
    return {
        key: {**asset, "href": urljoin(base, asset["href"])}
        if isinstance(asset, dict)
        and isinstance(asset.get("href"), str)
        and not asset["href"].startswith(_ABSOLUTE)
        else asset
        for key, asset in assets.items()
    }


def _links(value: Mapping[str, Any]) -> list[dict[str, Any]]:
    listed = value.get("links")
    return [
        one
        for one in (listed if isinstance(listed, list) else ())
        if isinstance(one, dict)
        and isinstance(one.get("rel"), str)
        and isinstance(one.get("href"), str)
    ]
