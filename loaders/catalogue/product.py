"""From what an entry tells to records: the product, what is around it, the entry, the archive."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import fields, replace
from typing import Any, Final

from dafab_kg.loaders.catalogue.identity import named_start, product_name, starts_apart
from dafab_kg.loaders.catalogue.place import place_of
from dafab_kg.loaders.catalogue.sizes import stated_size
from dafab_kg.loaders.catalogue.told import ChecksumTold, Told
from dafab_kg.loaders.stac.entry import absolute
from dafab_kg.loaders.stac.item import (
    Subject,
    acquisition_id_of,
    surroundings_of,
    with_name,
    without_orphans,
)
from dafab_kg.loaders.stac.known import Facts, read_known
from dafab_kg.loaders.stac.leaves import Owner, keep
from dafab_kg.model.documents import Reading, SourceDocument, escape_pointer
from dafab_kg.model.errors import FieldNotValid
from dafab_kg.model.names import Names
from dafab_kg.model.product_names import ProductName
from dafab_kg.model.records import Asset, CatalogueEntry, Checksum, Product, Record
from dafab_kg.model.values import instant

_OF_ENTRY: Final = frozenset(
    field.name for field in fields(CatalogueEntry) if field.name != "product_id"
)
_OF_PRODUCT: Final = frozenset(field.name for field in fields(Product)) - _OF_ENTRY
_HELD: Final = (
    _OF_PRODUCT | _OF_ENTRY | {"archive_size", "instruments", "constellation", "datatake_type"}
)
"""Fields that some record has."""

_DATATAKE = re.compile(r"GS2[A-D]_\d{8}T\d{6}_(\d{6})\Z")
_HEX_DIGITS: Final = {"md5": 32, "sha1": 40, "sha256": 64, "sha512": 128, "blake3": 64}
_HEX = re.compile(r"[0-9a-f]{8,128}\Z")
_ALGORITHM = re.compile(r"[a-z0-9][a-z0-9_-]{1,30}\Z")


def read_entry(
    document: SourceDocument, told: Told, provider: str, entry_id: str, names: Names
) -> Reading:
    """Make the records of one entry.

    Raises:
        FieldMissing: the entry does not name its product.
        GeometryNotValid: its footprints describe no place.
    """
    product_id, name = product_name(told)
    facts = read_known(told.values, told.table, "")
    warnings = [*told.warnings, *_at_pointers(facts.warnings, told.pointers)]
    facts = without_orphans(_completed(with_name(replace(facts, warnings=()), name), name))
    warnings += facts.warnings
    place, doubts = place_of(told, document.origin)
    warnings += [*doubts, *_against_name(facts, name)]
    product = _product(product_id, name, facts, place)
    records: list[Record] = [product, *surroundings_of(Subject(product_id, name, facts), product)]
    records.append(_entry(told, facts, provider, entry_id, product_id))
    for made in _files(told, facts, provider, product_id):
        if isinstance(made, str):
            warnings.append(made)
        else:
            records.append(made)
    owners = (
        Owner(names.make("product", product_id=product_id), document.document_id),
        Owner(names.make("entry", provider=provider, entry_id=entry_id), document.document_id),
    )
    records += _rest(told, facts, owners)
    if product.datetime is None:
        warnings.append("the entry does not say when the product was sensed")
    return Reading(tuple(records), warnings=tuple(dict.fromkeys(warnings)))


def _at_pointers(warnings: tuple[str, ...], pointers: dict[str, str]) -> Iterator[str]:
    """Yield warnings that begin with a name with the pointer of that name instead."""
    for warning in warnings:
        name = next((n for n in pointers if warning.startswith(f"/{n}: ")), None)
        yield warning if name is None else pointers[name] + warning[len(name) + 1 :]


def _completed(facts: Facts, name: ProductName | None) -> Facts:
    """Add what follows from other fields: datatake and absolute orbit tell each other."""
    told, covered, warnings = dict(facts.fields), dict(facts.covered), list(facts.warnings)
    if str(told.get("platform", "")).startswith("sentinel-1") and "cloud_cover" in told:
        # a radar sees no clouds; catalogues of many satellites fill in 0
        del told["cloud_cover"]
        covered = {known: of for known, of in covered.items() if of != "cloud_cover"}
    if name is None:
        return Facts(told, covered, tuple(warnings))
    start, orbit = name.datatake_start, told.get("absolute_orbit")
    if start and orbit is not None and orbit == name.fields.get("relative_orbit"):
        # some catalogues put the relative orbit under this name
        orbit = None
        del told["absolute_orbit"]
        covered = {known: of for known, of in covered.items() if of != "absolute_orbit"}
    if "datatake_id" not in told and start and orbit is not None:
        told["datatake_id"] = f"G{name.satellite}_{start}_{orbit:06d}"
    match = _DATATAKE.match(told.get("datatake_id") or "")
    if match is not None:
        if orbit is not None and orbit != int(match[1]):
            warnings.append(
                f"the absolute orbit is {orbit}, but the datatake {told['datatake_id']} says"
                f" {int(match[1])}"
            )
            covered = {known: of for known, of in covered.items() if of != "absolute_orbit"}
        told["absolute_orbit"] = int(match[1])
    return Facts(told, covered, tuple(warnings))


def _product(
    product_id: str, name: ProductName | None, facts: Facts, place: dict[str, Any]
) -> Product:
    told = {key: value for key, value in facts.fields.items() if key in _OF_PRODUCT}
    told.setdefault("datetime", told.get("sensing_start"))
    if name is not None:  # the folder of a Sentinel product is its name with this ending
        told["product_uri"] = f"{name.name}.SAFE"
    instruments = told.get("platform") and facts.fields.get("instruments")
    acquisition_id = (name.acquisition_id if name else None) or acquisition_id_of(
        Subject(product_id, name, facts)
    )
    return Product(
        product_id=product_id,
        instrument=instruments[0] if instruments else None,
        acquisition_ids=(acquisition_id,) if acquisition_id else (),
        **told,
        **place,
    )


def _against_name(facts: Facts, name: ProductName | None) -> Iterator[str]:
    """Yield a warning if the start of sensing is not the one that the name holds."""
    own = facts.fields.get("sensing_start")
    if name is not None and own is not None and starts_apart(name, own):
        yield f"sensing starts at {own}, but the name {name.name} says {named_start(name)}"


def _entry(
    told: Told, facts: Facts, provider: str, entry_id: str, product_id: str
) -> CatalogueEntry:
    own = {key: value for key, value in facts.fields.items() if key in _OF_ENTRY}
    if own.get("eviction_date") == "never":
        own |= {"eviction_date": None, "never_evicted": True}
    if "stated_size" in own:
        size = stated_size(own.pop("stated_size"), told.size_system)
        own |= size or {}
    return CatalogueEntry(
        provider=provider,
        entry_id=entry_id,
        product_id=product_id,
        interfaces=(told.interface,),
        **own,
    )


def _files(told: Told, facts: Facts, provider: str, product_id: str) -> Iterator[Record | str]:
    """Yield the archive with its checksums, and the images that show the product."""
    own = "" if provider == "-" else f"@{provider}"
    size, key = facts.fields.get("archive_size"), f"archive{own}"
    sums = list(_checksums(told.checksums, product_id, key))
    href = told.archive_href if isinstance(told.archive_href, str) and told.archive_href else None
    if href or size is not None or any(isinstance(one, Checksum) for one in sums):
        yield Asset(
            product_id=product_id,
            asset_key=key,
            href=href,
            access_url=absolute(href),
            media_type=told.archive_type if isinstance(told.archive_type, str) else None,
            roles=("data",),
            size=size,
        )
    yield from sums
    seen: set[str] = set()
    for preview in told.previews:
        if not isinstance(preview.href, str) or not preview.href or preview.href in seen:
            continue
        seen.add(preview.href)
        number = len(seen) - 1
        yield Asset(
            product_id=product_id,
            asset_key=f"{preview.key}{f'-{number}' if number else ''}{own}",
            href=preview.href,
            access_url=absolute(preview.href),
            media_type=preview.media_type if isinstance(preview.media_type, str) else None,
            roles=("thumbnail" if preview.key == "thumbnail" else "overview",),
        )


def _checksums(
    delivered: tuple[ChecksumTold, ...], product_id: str, key: str
) -> Iterator[Checksum | str]:
    seen: dict[str, str] = {}
    for one in delivered:
        algorithm = str(one.algorithm or "").strip().lower().replace("sha-", "sha")
        value = str(one.value or "").strip().lower()
        digits = _HEX_DIGITS.get(algorithm, len(value))
        if not _ALGORITHM.match(algorithm) or not _HEX.match(value) or len(value) != digits:
            yield f"{one.pointer}: is no checksum in hex with its algorithm; left out"
            continue
        if seen.setdefault(algorithm, value) != value:
            yield f"{one.pointer}: a second {algorithm} checksum, unlike the first; left out"
            continue
        try:
            date = instant(one.date) if isinstance(one.date, str) else None
        except FieldNotValid as error:
            yield f"{one.pointer}: {error.what}; left out"
            date = None
        yield Checksum(product_id, key, algorithm, value, date)


def _rest(told: Told, facts: Facts, owners: tuple[Owner, Owner]) -> Iterator[Record]:
    """Yield what no field holds, as properties of the product or of the entry."""
    for name, value in told.values.items():
        covered = name in facts.covered and facts.covered[name] in _HELD
        if covered or name in told.silent or value is None or value == "":
            continue
        pointer = told.pointers.get(name) or f"/{escape_pointer(name)}"
        yield from keep(value, pointer, name, owners[name in told.of_entry])
