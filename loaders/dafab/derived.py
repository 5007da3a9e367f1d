"""Derived items: what an inference run found in a source image."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Final

from dafab_kg.loaders.dafab.anomaly import judge, stated
from dafab_kg.loaders.dafab.figures import (
    ALGORITHM,
    Block,
    agriculture_records,
    water_records,
)
from dafab_kg.loaders.dafab.identifiers import file_identifier, item_identifiers, scope_of
from dafab_kg.loaders.dafab.recognise import BLOCKS, COLLECTIONS, blocks_of, read_derived_id
from dafab_kg.loaders.stac import convert
from dafab_kg.loaders.stac.assets import assets_of
from dafab_kg.loaders.stac.entry import item_of, links_of, top_of
from dafab_kg.loaders.stac.envelope import Envelope
from dafab_kg.loaders.stac.item import platform_of, product_owner, properties_of
from dafab_kg.loaders.stac.known import Known, read_known
from dafab_kg.loaders.stac.place import place_of
from dafab_kg.model.documents import Reading
from dafab_kg.model.names import decode
from dafab_kg.model.product_names import read_name
from dafab_kg.model.records import (
    DerivedProduct,
    InferenceRun,
    Model,
    Record,
    Tile,
    WaterAnalysis,
)

ITEM: Final[tuple[Known, ...]] = (
    Known("title", convert.text, ("title",)),
    Known("processing_level", convert.level, ("processing:level",)),
    Known("processing_version", convert.text, ("processing:version",)),
    Known("datetime", convert.instant, ("datetime",)),
    Known("sensing_start", convert.instant, ("start_datetime",)),
    Known("sensing_stop", convert.instant, ("end_datetime",)),
    Known("created", convert.instant, ("created",)),
    Known("updated", convert.instant, ("updated",)),
)
_STAMPS: Final = ("created", "updated")
_MODELS: Final = {
    "water": ("water_analysis", "DaFab water analysis"),
    "agriculture": ("smart_agriculture", "DaFab smart agriculture"),
}


@dataclass
class Findings:
    """Records of one derived product while they are gathered, with warnings."""

    records: list[Record] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)


def read_derived(envelope: Envelope) -> Reading:
    """Read an item of ``water_analysis`` or ``smart_agriculture``.

    Raises:
        GeometryNotValid: the item's place is missing or not valid.
    """
    product_id = envelope.identity.id
    properties = envelope.value.get("properties") or {}
    facts = read_known(properties, ITEM, "/properties")
    place = place_of(envelope)
    found = Findings(warnings=[*envelope.warnings, *facts.warnings, *place.warnings])
    source = _source(envelope, found)
    product = DerivedProduct(
        product_id=product_id,
        kind=_kind(envelope),
        source_product_id=source,
        run_id=product_id,
        **{name: value for name, value in facts.fields.items() if name not in _STAMPS},
        **_from_name(source),
        **place.fields,
    )
    found.records += (product, *_surroundings(product))
    blocks = blocks_of(properties)
    if not blocks:
        found.warnings.append("/properties: the item holds no figures")
    versions = [read_block(envelope, name, product_id, found) for name in blocks]
    told = next(filter(None, versions), None)
    found.records += run_of(product, _version(product_id, told, found))
    stamps = (facts.fields.get(stamp) for stamp in _STAMPS)
    found.records += (item_of(envelope, product_id, *stamps), *links_of(envelope))
    _read_assets(envelope, product_id, found)
    owner = product_owner(envelope, product_id)
    found.records += top_of(envelope, owner, frozenset({"bbox"} if place.bbox_covered else ()))
    found.records += properties_of(envelope, facts, owner, product_id, frozenset(blocks))
    return Reading(tuple(found.records), warnings=tuple(found.warnings))


def read_block(envelope: Envelope, name: str, product_id: str, found: Findings) -> str | None:
    """Read the block of figures ``name`` and return the algorithm version that it tells."""
    properties = envelope.value["properties"]
    block = Block(properties[name], f"/properties/{name}")
    read = water_records if BLOCKS[name] == "water" else agriculture_records
    figures = list(read(block, product_id))
    version = block.read(ALGORITHM).get("algorithm_version")
    found.records += figures
    if BLOCKS[name] == "water":
        water = next((one for one in figures if isinstance(one, WaterAnalysis)), None)
        verdict = stated(product_id, _hrefs(envelope), properties, water)
        verdict = verdict or (judge(water) if water else None)
        found.records += [verdict] if verdict else []
    found.warnings += block.warnings
    found.records += block.rest(name, product_owner(envelope, product_id))
    return version


def run_of(product: DerivedProduct, version: str | None) -> Iterator[Record]:
    """Yield the inference run that made a product, and its model where the version is known."""
    model, label = _MODELS[product.kind]
    yield InferenceRun(
        run_id=product.product_id,
        product_id=product.product_id,
        source_product_id=product.source_product_id,
        model=model if version else None,
        model_version=version,
        algorithm_version=version,
        processing_version=product.processing_version,
    )
    if version:
        yield Model(model, version, f"{label}, algorithm {version}")


def _kind(envelope: Envelope) -> str:
    """Return ``water`` or ``agriculture``, from the collection or else from the id."""
    collection = envelope.identity.collection_id
    if collection not in COLLECTIONS:
        told = read_derived_id(envelope.identity.id)
        collection = told[1] if told else collection
    return COLLECTIONS[collection]


def _source(envelope: Envelope, found: Findings) -> str | None:
    """Return the product it was derived from, by the link or else by the item's own id."""
    told = read_derived_id(envelope.identity.id)
    by_id = told[0] if told else None
    for href in _hrefs(envelope, "derived_from"):
        path = href.partition("?")[0].partition("#")[0].rstrip("/")
        by_link = decode(path.rpartition("/")[2]).removesuffix(".json").removesuffix(".SAFE")
        if not by_link:
            continue
        if by_id is not None and by_link != by_id:
            found.warnings.append(f"/links: derived from {by_link}, but the id says {by_id}")
        return by_link
    return by_id


def _hrefs(envelope: Envelope, rel: str | None = None) -> Iterator[str]:
    for link in envelope.value.get("links") or ():
        if isinstance(link, dict) and (rel is None or link.get("rel") == rel):
            href = link.get("href")
            if isinstance(href, str):
                yield href


def _from_name(source: str | None) -> dict[str, Any]:
    """Return platform and tile, which the name of the source product tells."""
    name = read_name(source) if source else None
    told = name.fields if name else {}
    return {member: told[member] for member in ("platform", "mgrs_tiles") if member in told}


def _surroundings(product: DerivedProduct) -> Iterator[Record]:
    yield from (Tile(tile) for tile in product.mgrs_tiles)
    if product.platform is not None:
        yield platform_of(product.platform, None)


def _version(product_id: str, told: str | None, found: Findings) -> str | None:
    """Return the algorithm's version, which stands in the block and at the end of the id."""
    by_id = read_derived_id(product_id)
    if told is not None and by_id is not None and told != by_id[2]:
        found.warnings.append(f"/properties: algorithm version {told}, but the id says {by_id[2]}")
    return told or (by_id[2] if by_id else None)


def _read_assets(envelope: Envelope, product_id: str, found: Findings) -> None:
    assets = envelope.value.get("assets") or {}
    scope = scope_of(envelope.identity.id, assets)
    identify = partial(file_identifier, envelope.identity.id, scope, product_id) if scope else None
    for one in assets_of(envelope, product_id, identify):
        if isinstance(one, str):
            found.warnings.append(one)
        else:
            found.records.append(one)
    if scope:
        found.records += item_identifiers(envelope.identity.id, scope, product_id)
