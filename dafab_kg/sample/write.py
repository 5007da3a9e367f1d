"""Write the sample catalogue into a directory."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from string import Template
from typing import Any

from dafab_kg.model import resources
from dafab_kg.model.errors import FileNotUsable
from dafab_kg.sample import dafab, events, figures, ground, items, places, safe
from dafab_kg.sample.chance import Chance
from dafab_kg.sample.plan import Product, plan
from dafab_kg.sample.scene import Scene, scene

Json = dict[str, Any]
FileOf = tuple[str, bytes]


@dataclass(frozen=True)
class SampleReport:
    """What was written: files in all, source products, STAC items, derived products."""

    files: int
    products: int
    items: int
    derived: int


def write_sample(
    directory: Path,
    *,
    seed: int = 20260101,
    products: int = 300,
    progress: Callable[[int, int], None] | None = None,
) -> SampleReport:
    """Write a synthetic catalogue of ``products`` Sentinel-2 products into ``directory``.

    The same ``seed`` and ``products`` give the same bytes on each machine.
    Files that are there already are overwritten if they have the same name;
    others are left.  ``progress`` is told products done and products in all.

    Raises:
        FileNotUsable: the directory cannot be written.
    """
    scenes = [scene(seed, product) for product in plan(seed, products)]
    written = 0
    for done, seen in enumerate(scenes, 1):
        folder = f"safe/{seen.product.product_id}.SAFE"
        files = ((f"{folder}/{name}", data) for name, data in safe.files(seen).items())
        written += _write(directory, files)
        if progress is not None:
            progress(done, products)
    listed = [s for s in scenes if _is_listed(seed, s)]
    public = [items.item(s) for s in listed]
    own = _dafab(seed, scenes)
    rasters = list(_rasters(seed, scenes, listed, own))
    written += _write(directory, _public_files(listed, public))
    written += _write(directory, ((f"dafab/{d['id']}.json", _json(d)) for d in own))
    written += _write(directory, [("places/sample-places.geojson", _json(places.boundaries()))])
    written += _write(directory, [("README.txt", _readme(seed, products))])
    written += _write(directory, _event_files())
    written += _write(directory, _field_files(seed, listed))
    written += _write(directory, rasters)
    features = [d for d in own if d["type"] == "Feature"]
    derived = [d for d in features if d["collection"] != dafab.ORIGINAL]
    return SampleReport(
        files=written,
        products=len(scenes),
        items=len(public) + len(features) - len(derived),
        derived=len(derived),
    )


def _event_files() -> Iterator[FileOf]:
    yield "events/hurdat2-ian.txt", events.track().encode()
    yield "events/reports.geojson", _json(events.reports())
    yield "events/posts.json", _json(events.posts())


def _field_files(seed: int, listed: list[Scene]) -> Iterator[FileOf]:
    """The fields of one tile in the season of its clearest scene, and some a year later."""
    seen = ground.clearest_fields(listed)
    if seen is not None:
        year = seen.product.acquisition.start.year
        for season, part in ((year, 1.0), (year + 1, 0.1)):
            parcels = ground.fields(seed, seen, season, part)
            yield f"fields/sample-fields-{season}.json", _json(parcels)


def _rasters(
    seed: int, scenes: list[Scene], listed: list[Scene], own: list[Json]
) -> Iterator[FileOf]:
    """The scene classification of the scene with fields, and the water masks of a flood."""
    fielded = ground.clearest_fields(listed)
    if fielded is not None:
        pixels = ground.classification(seed, fielded)
        name = items.item_id(fielded.product)
        yield f"stac/{name}_scl.tif", ground.geotiff(fielded, pixels, 0)
    by_source = {d["id"].split("_water_")[0]: d for d in own if d.get("collection") == dafab.WATER}
    flooded = ground.highest_water([s for s in scenes if s.product.product_id in by_source])
    if flooded is not None:
        item = by_source[flooded.product.product_id]
        for key, pixels in ground.water(item["properties"]["dafab:water-analysis"]).items():
            # the bytes of a raster differ between versions of GDAL: the item cannot tell them
            del item["assets"][key]["file:size"], item["assets"][key]["file:checksum"]
            yield f"dafab/{item['id']}_{key}.tif", ground.geotiff(flooded, pixels, -1)


def _public_files(listed: list[Scene], public: list[Json]) -> Iterator[FileOf]:
    if listed:
        yield "stac/collection.json", _json(items.collection(listed))
    for document in public:
        yield f"stac/{document['id']}.json", _json(document)


def _dafab(seed: int, scenes: list[Scene]) -> list[Json]:
    """All documents of the DaFab catalogue, originals and derived, and their collections."""
    newest = {_place(s.product): s for s in scenes if s.product.level == "L2A"}
    for s in scenes:  # of two baselines the models ran on the newer
        key = _place(s.product)
        if s.product.level == "L2A" and s.product.baseline > newest[key].product.baseline:
            newest[key] = s
    wet = [s for s in newest.values() if _is_watched(seed, s)]
    farmed = [s for s in newest.values() if _is_farmed(seed, s)]
    sources = [s for s in newest.values() if s in wet or s in farmed]
    documents: list[Json] = [dafab.original(s) for s in sources]
    for s in wet:
        version = 200 if Chance(seed, "version", s.product.product_id).happens(0.2) else 300
        documents.append(dafab.water(seed, s, figures.water(seed, s), version))
    documents += [dafab.fields(seed, s, figures.fields(seed, s), 300) for s in farmed]
    groups = {dafab.ORIGINAL: sources, dafab.WATER: wet, dafab.FIELDS: farmed}
    documents += [dafab.collection(name, group) for name, group in groups.items() if group]
    return documents


def _place(product: Product) -> tuple[object, ...]:
    of = product.acquisition
    return of.satellite, of.start, of.tile


def _is_listed(seed: int, of: Scene) -> bool:
    """A third of the Level-2A products stand in the public catalogue too."""
    return of.product.level == "L2A" and Chance(seed, "listed", of.product.product_id).happens(0.34)


def _is_watched(seed: int, of: Scene) -> bool:
    """Water is analysed where it changes, and where something of the ground was seen."""
    chance = Chance(seed, "watched", of.product.product_id)
    region = of.product.acquisition.passed.region
    if of.cover.cloud > 80:
        return False
    return abs(of.flood) > 0.15 or chance.happens(0.15 if region == "luxembourg" else 0.4)


def _is_farmed(seed: int, of: Scene) -> bool:
    """Fields are delineated in the growing season, under a mostly open sky."""
    acquisition = of.product.acquisition
    chance = Chance(seed, "farmed", of.product.product_id)
    if of.cover.cloud > 60:
        return False
    if acquisition.passed.region == "luxembourg":
        return acquisition.start.month in range(3, 11)
    return acquisition.passed.region == "mekong" and chance.happens(0.15)


def _write(directory: Path, files: Iterable[FileOf]) -> int:
    written = 0
    for name, data in files:
        path = directory / name
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data)
        except OSError as error:
            raise FileNotUsable(
                f"{path} cannot be written: {error.strerror}. Name a directory that you may write"
            ) from error
        written += 1
    return written


def _json(document: Json) -> bytes:
    return json.dumps(document, indent=2, ensure_ascii=False).encode() + b"\n"


def _readme(seed: int, products: int) -> bytes:
    folder = resources.folder("sample").joinpath("templates", "README.txt")
    text = Template(folder.read_text(encoding="utf-8"))
    return text.substitute(seed=seed, products=products).encode()
