"""A STAC Item: a product, what took it, and what else the item says of it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, fields
from typing import Any, Final

from dafab_kg.loaders.stac.assets import IdentifierOf, assets_of
from dafab_kg.loaders.stac.entry import item_of, links_of, top_of
from dafab_kg.loaders.stac.envelope import Envelope
from dafab_kg.loaders.stac.known import GROUPS, ITEM, Facts, read_known
from dafab_kg.loaders.stac.leaves import Owner, keep
from dafab_kg.loaders.stac.place import place_of
from dafab_kg.model.documents import Reading, escape_pointer
from dafab_kg.model.product_names import (
    ProductName,
    acquisition_id,
    find_name,
    satellite_of,
)
from dafab_kg.model.records import (
    Acquisition,
    Datatake,
    Instrument,
    Platform,
    ProcessingStep,
    Product,
    Record,
    Tile,
)

_NAMES_OF_PRODUCTS: Final = (
    "s2:product_uri",
    "sentinel2:product_uri",
    "sentinel:product_id",
    "s1:product_identifier",
    "title",
)
_COMPARED: Final = (
    "platform",
    "processing_level",
    "processing_baseline",
    "relative_orbit",
    "absolute_orbit",
    "mgrs_tiles",
)
_DATATAKE = re.compile(r"G(S2[A-D])_(\d{8}T\d{6})_(\d{6})\Z")
_PRODUCT_FIELDS: Final = frozenset(field.name for field in fields(Product))


@dataclass(frozen=True)
class Subject:
    """The product that an item describes, as far as its properties tell."""

    product_id: str
    name: ProductName | None
    facts: Facts


def read_item(
    envelope: Envelope,
    identifier_of: IdentifierOf | None = None,
    elsewhere: frozenset[str] = frozenset(),
) -> Reading:
    """Read an item into records.

    ``identifier_of`` finds the FILE DID of an asset; the properties named in
    ``elsewhere`` are left to the caller.

    Raises:
        GeometryNotValid: the item's place is missing or not valid.
    """
    subject = subject_of(envelope)
    place = place_of(envelope)
    product = _product(envelope, subject, place.fields)
    records: list[Record] = [product]
    records += surroundings_of(subject, product)
    records.append(item_of(envelope, product.product_id, *_stamps(subject.facts)))
    records += links_of(envelope)
    warnings = [*envelope.warnings, *subject.facts.warnings, *place.warnings]
    for found in assets_of(envelope, product.product_id, identifier_of):
        if isinstance(found, str):
            warnings.append(found)
        else:
            records.append(found)
    owner = product_owner(envelope, product.product_id)
    records += top_of(envelope, owner, frozenset({"bbox"} if place.bbox_covered else ()))
    records += properties_of(envelope, subject.facts, owner, product.product_id, elsewhere)
    if product.datetime is None and product.sensing_start is None:
        warnings.append("/properties/datetime: the item has no time")
    return Reading(tuple(records), warnings=tuple(warnings))


def subject_of(envelope: Envelope) -> Subject:
    """Return which product an item describes and what its properties and its name tell."""
    properties = envelope.latest.get("properties") or {}
    candidates = [properties.get(name) for name in _NAMES_OF_PRODUCTS]
    name = find_name([*candidates, envelope.identity.id])
    facts = without_orphans(with_name(read_known(properties, ITEM, "/properties"), name))
    return Subject(name.name if name else envelope.identity.id, name, facts)


def with_name(facts: Facts, name: ProductName | None) -> Facts:
    """Add what the product's name tells where the properties are silent, or less exact."""
    if name is None:
        return facts
    values, covered, warnings = dict(facts.fields), dict(facts.covered), list(facts.warnings)
    for field, told in name.fields.items():
        own = values.setdefault(field, told)
        if own == told or field not in _COMPARED:
            continue
        if isinstance(own, str) and told.startswith(own):  # L2 against L2A
            values[field] = told
            covered = {known: of for known, of in covered.items() if of != field}
        else:
            warnings.append(f"/properties: {field} is {own}, but the name {name.name} says {told}")
    return Facts(values, covered, tuple(warnings))


def without_orphans(facts: Facts) -> Facts:
    """Uncover what goes into a record that will not be made for want of its identifier."""
    uncovered = set()
    if "platform" not in facts.fields:
        uncovered |= {"constellation", "instruments"}
    if len(facts.fields.get("instruments", ())) > 1:
        uncovered.add("instruments")  # the product's record has room for one
    if "datatake_id" not in facts.fields:
        uncovered.add("datatake_type")
    covered = {name: field for name, field in facts.covered.items() if field not in uncovered}
    return Facts(facts.fields, covered, facts.warnings)


def _product(envelope: Envelope, subject: Subject, place: dict[str, Any]) -> Product:
    told = {k: v for k, v in subject.facts.fields.items() if k in _PRODUCT_FIELDS}
    for stamp in ("created", "updated"):  # these are the catalogue entry's
        told.pop(stamp, None)
    acquired = acquisition_id_of(subject)
    instruments = told.get("platform") and subject.facts.fields.get("instruments")
    item_id = envelope.identity.id
    return Product(
        product_id=subject.product_id,
        scene_id=item_id if item_id.removesuffix(".SAFE") != subject.product_id else None,
        instrument=instruments[0] if instruments else None,
        acquisition_ids=(acquired,) if acquired else (),
        **told,
        **place,
    )


def acquisition_id_of(subject: Subject) -> str | None:
    """Return the id of the pass, by the product's name where it tells.

    Without one: satellite, start of the datatake and tile for Sentinel-2, satellite and
    start of sensing for Sentinel-1, platform and start for others.
    """
    told = subject.facts.fields
    platform = told.get("platform")
    if platform is None:
        return None
    if platform.startswith("sentinel-2"):
        datatake = _DATATAKE.match(told.get("datatake_id", ""))
        start = subject.name.datatake_start if subject.name else None
        start = start or (datatake[2] if datatake else None)
        satellite = subject.name.satellite if subject.name else datatake and datatake[1]
        tiles = told.get("mgrs_tiles", ())
        return acquisition_id(satellite, start, tiles[0]) if start and satellite and tiles else None
    if subject.name is not None and subject.name.acquisition_id is not None:
        return subject.name.acquisition_id
    satellite = satellite_of(platform)
    # the one moment of a Sentinel-1 item may be its middle
    start = told.get("sensing_start") or (None if satellite else told.get("datetime"))
    return acquisition_id(satellite or platform, start) if start else None


def surroundings_of(subject: Subject, product: Product) -> Iterator[Record]:
    """Yield what is around a product: platform, instruments, tiles, datatake, acquisition."""
    told = subject.facts.fields
    platform = product.platform
    if platform is not None:
        yield platform_of(platform, told.get("constellation"))
        for instrument in told.get("instruments", ()):
            yield Instrument(platform, instrument, instrument.upper(), _kind(instrument, product))
    yield from (Tile(tile) for tile in product.mgrs_tiles)
    orbits: dict[str, Any] = {
        "relative_orbit": product.relative_orbit,
        "orbit_direction": product.orbit_direction,
    }
    if product.datatake_id is not None:
        yield _datatake(product, told.get("datatake_type"), orbits)
    for acquired in product.acquisition_ids:
        yield Acquisition(
            acquisition_id=acquired,
            platform=platform,
            instrument=product.instrument,
            datatake_id=product.datatake_id,
            mgrs_tile=product.mgrs_tiles[0] if product.mgrs_tiles else None,
            sensing_start=product.sensing_start,
            sensing_stop=product.sensing_stop,
            absolute_orbit=product.absolute_orbit,
            **orbits,
        )


def platform_of(platform: str, constellation: str | None) -> Platform:
    """Return a satellite with a label as people write it (``Sentinel-2A``)."""
    sentinel = platform.startswith("sentinel-")
    label = f"{platform[:-1].capitalize()}{platform[-1].upper()}" if sentinel else platform
    if sentinel and constellation is None:
        constellation = platform[: len("sentinel-2")]
    spelt = (constellation or "").lower().replace(" ", "-")
    if sentinel and platform.startswith(spelt):  # "SENTINEL-2", "Sentinel 2"
        constellation = spelt or constellation
    return Platform(platform, label, constellation)


def _datatake(product: Product, type_: str | None, orbits: dict[str, Any]) -> Datatake:
    match = _DATATAKE.match(product.datatake_id or "")
    if match is None:  # one of Sentinel-1 may reach over several orbits
        return Datatake(product.datatake_id or "", product.platform, type_)
    return Datatake(
        datatake_id=product.datatake_id or "",
        platform=product.platform,
        datatake_type=type_,  # when it began the name tells in whole seconds only
        absolute_orbit=int(match[3]),
        **orbits,
    )


def _kind(instrument: str, product: Product) -> str | None:
    if instrument.endswith("sar") or product.polarisations:
        return "sar"
    return "optical" if instrument == "msi" or product.cloud_cover is not None else None


def _stamps(facts: Facts) -> tuple[str | None, str | None]:
    return facts.fields.get("created"), facts.fields.get("updated")


def product_owner(envelope: Envelope, product_id: str) -> Owner:
    """Return the owner of the properties of an item: the product it describes."""
    return Owner(envelope.names.make("product", product_id=product_id), envelope.document_id)


def properties_of(
    envelope: Envelope, facts: Facts, owner: Owner, product_id: str, elsewhere: frozenset[str]
) -> Iterator[Record]:
    """Yield the properties that stand in no field, and the steps of processing."""
    delivered = envelope.value.get("properties") or {}
    latest = envelope.latest.get("properties") or {}
    covered = facts.covered
    for name, value in delivered.items():
        if name in elsewhere or (name in covered and latest.get(name) == value):
            continue
        above = f"/properties/{escape_pointer(name)}"
        if name == "processing:software" and _is_software(value):
            yield from _steps(value, product_id)
        elif name in GROUPS and isinstance(value, dict) and value:
            for member, child in value.items():
                if f"{name}/{member}" not in covered:
                    yield from keep(child, f"{above}/{escape_pointer(member)}", name, owner)
        else:
            yield from keep(value, above, name, owner)


def _is_software(value: Any) -> bool:
    """Tell whether this is a map from names to versions (processing extension 1.x)."""
    return (
        isinstance(value, dict)
        and bool(value)
        and all(isinstance(version, str) and version for version in value.values())
    )


def _steps(software: dict[str, str], product_id: str) -> Iterator[ProcessingStep]:
    for name, version in software.items():
        yield ProcessingStep(
            product_id, f"{name} {version}", software=name, software_version=version
        )
