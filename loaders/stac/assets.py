"""The files of an item."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from dafab_kg.loaders.stac.entry import absolute
from dafab_kg.loaders.stac.envelope import Envelope
from dafab_kg.loaders.stac.known import ASSET, read_known
from dafab_kg.loaders.stac.leaves import Owner, keep, keep_member
from dafab_kg.model.documents import escape_pointer
from dafab_kg.model.records import Asset, DataIdentifier, Record

IdentifierOf = Callable[[str, dict[str, Any]], DataIdentifier | None]
"""From an asset's key and members to its FILE DID, where the document tells it."""


def assets_of(
    envelope: Envelope, product_id: str, identifier_of: IdentifierOf | None = None
) -> Iterator[Record | str]:
    """Yield the assets, their DIDs, their further members, and warnings (as text)."""
    names = envelope.names
    latest = envelope.latest.get("assets") or {}
    for key, members in (envelope.value.get("assets") or {}).items():
        above = f"/assets/{escape_pointer(key)}"
        if not isinstance(members, dict):
            owner = Owner(names.make("product", product_id=product_id), envelope.document_id)
            yield f"{above}: is no object; kept as it is"
            yield from keep(members, above, key, owner)
            continue
        current = latest.get(key, members)
        facts = read_known(current, ASSET, above)
        yield from facts.warnings
        did = identifier_of(key, members) if identifier_of is not None else None
        yield Asset(
            product_id=product_id,
            asset_key=key,
            access_url=absolute(members.get("href")),
            bands=_bands(current),
            did_vo=did.vo if did else None,
            did_scope=did.scope if did else None,
            did_name=did.name if did else None,
            **facts.fields,
        )
        if did is not None:
            yield did
        owner = Owner(
            names.make("asset", product_id=product_id, asset_key=key), envelope.document_id
        )
        for member in members:
            if member not in facts.covered or members[member] != current.get(member):
                yield from keep_member(members, member, above, owner)


def _bands(asset: dict[str, Any]) -> tuple[str, ...]:
    """Return the names of an asset's bands (``bands`` since STAC 1.1, ``eo:bands`` before)."""
    bands = asset.get("bands") or asset.get("eo:bands")
    if not isinstance(bands, list):
        return ()
    names = [band.get("name") for band in bands if isinstance(band, dict)]
    return tuple(name for name in names if isinstance(name, str) and name)
