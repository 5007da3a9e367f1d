"""STAC items written for tests, and what they say, told without the code under test."""

from __future__ import annotations

import json
import random
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

Item = dict[str, Any]
FIRST = datetime(2022, 9, 1, tzinfo=UTC)


def make_item(
    name: str,
    *,
    collection: str | None = "alpha",
    provider: str | None = "one.example",
    box: tuple[float, float, float, float] = (6.0, 49.0, 6.5, 49.5),
    when: str | None = "2022-09-01T10:00:00Z",
    span: tuple[str, str] | None = None,
    **properties: Any,
) -> Item:
    west, south, east, north = box
    links = []
    if provider is not None:
        place = f"https://{provider}/stac/collections/{collection}/items/{name}"
        links = [{"rel": "self", "href": place}, {"rel": "license", "href": "./license.txt"}]
    item: Item = {
        "type": "Feature",
        "stac_version": "1.1.0",
        "stac_extensions": [],
        "id": name,
        "bbox": [west, south, east, north],
        "geometry": {
            "type": "Polygon",
            "coordinates": [
                [[west, south], [east, south], [east, north], [west, north], [west, south]]
            ],
        },
        "properties": {"datetime": when, **properties},
        "links": links,
        "assets": {"data": {"href": "./data.tif", "roles": ["data"]}},
    }
    if span is not None:
        item["properties"] |= {"start_datetime": span[0], "end_datetime": span[1]}
    if collection is not None:
        item["collection"] = collection
    return item


def stamp(moment: datetime) -> str:
    return moment.isoformat().replace("+00:00", "Z")


def many(number: int, seed: int = 7) -> list[Item]:
    """Items of several collections and providers, of one moment or a span, with ties."""
    chance = random.Random(seed)
    found = []
    for count in range(number):
        moment = FIRST + timedelta(hours=chance.randrange(24 * 30))
        span = None
        if chance.random() < 0.3:
            span = stamp(moment), stamp(moment + timedelta(hours=chance.randrange(1, 90)))
        west, south = chance.uniform(-20, 20), chance.uniform(30, 60)
        clouds = {"eo:cloud_cover": chance.randrange(0, 20) * 5} if chance.random() < 0.7 else {}
        found.append(
            make_item(
                f"item-{chance.randrange(10**6):06d}-{count}",
                collection=chance.choice(["alpha", "beta", "gamma", None]),
                provider=chance.choice(["one.example", "two.example"]),
                box=(west, south, west + chance.uniform(0.1, 8), south + chance.uniform(0.1, 8)),
                when=None if span and chance.random() < 0.5 else stamp(moment),
                span=span,
                **clouds,
            )
        )
    return found


def write(items: list[Item], place: Path) -> Path:
    """Write items, a third of them together in one ItemCollection."""
    place.mkdir(parents=True, exist_ok=True)
    together = items[::3]
    for number, item in enumerate(items):
        if number % 3:
            (place / f"{number}.json").write_text(json.dumps(item))
    collection = {"type": "FeatureCollection", "stac_version": "1.0.0", "features": together}
    (place / "together.json").write_text(json.dumps(collection))
    return place


def time_of(item: Item) -> tuple[datetime, datetime]:
    """The time of an item: its span where it has one, else its moment."""
    properties = item["properties"]
    if "start_datetime" in properties:
        return moment(properties["start_datetime"]), moment(properties["end_datetime"])
    return moment(properties["datetime"]), moment(properties["datetime"])


def moment(text: str) -> datetime:
    return datetime.fromisoformat(text)


def meets(item: Item, box: tuple[float, float, float, float]) -> bool:
    """Whether an item, a box itself, has a point in common with a box."""
    west, south, east, north = item["bbox"]
    return west <= box[2] and box[0] <= east and south <= box[3] and box[1] <= north


def name_of(item: Item) -> tuple[str, str]:
    """Collection and id, as they are shown."""
    return item.get("collection", "uncollected"), item["id"]


def in_order(items: list[Item]) -> list[tuple[str, str]]:
    """The newest first, those without a moment last, ties by id."""
    timed = [item for item in items if item["properties"]["datetime"] is not None]
    timed.sort(key=lambda item: item["id"])
    timed.sort(key=lambda item: moment(item["properties"]["datetime"]), reverse=True)
    rest = [item for item in items if item["properties"]["datetime"] is None]
    return [name_of(item) for item in (*timed, *sorted(rest, key=lambda item: item["id"]))]
