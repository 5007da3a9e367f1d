"""Original images, with the figures that an older generation wrote on the image's own item."""

from __future__ import annotations

from functools import partial

from dafab_kg.loaders.dafab.derived import Findings, read_block, run_of
from dafab_kg.loaders.dafab.figures import ALGORITHM, Block
from dafab_kg.loaders.dafab.identifiers import file_identifier, item_identifiers, scope_of
from dafab_kg.loaders.dafab.recognise import BLOCKS, blocks_of
from dafab_kg.loaders.stac.envelope import Envelope
from dafab_kg.loaders.stac.item import read_item, subject_of
from dafab_kg.model.documents import Reading
from dafab_kg.model.records import DerivedProduct, Product

_COLLECTION_OF = {"water": "water_analysis", "agriculture": "smart_agriculture"}


def read_original(envelope: Envelope) -> Reading:
    """Read an original image; older items bear the figures of what was derived from it.

    Raises:
        GeometryNotValid: the item's place is missing or not valid.
    """
    item_id = envelope.identity.id
    product_id = subject_of(envelope).product_id
    scope = scope_of(item_id, envelope.value.get("assets") or {})
    identify = partial(file_identifier, item_id, scope, product_id) if scope else None
    properties = envelope.value.get("properties") or {}
    blocks = blocks_of(properties)
    reading = read_item(envelope, identify, elsewhere=frozenset(blocks))
    found = Findings([*reading.records], [*reading.warnings])
    if scope:
        found.records += item_identifiers(item_id, scope, product_id)
    image = next(one for one in reading.records if isinstance(one, Product))
    for name in blocks:
        _derive(envelope, name, image, found)
    return Reading(tuple(found.records), warnings=tuple(found.warnings))


def _derive(envelope: Envelope, name: str, image: Product, found: Findings) -> None:
    """Read one block as a derived product of its own, named as the catalogue names them today.

    Where the block does not tell the algorithm's version, the name ends without one.
    """
    kind = BLOCKS[name]
    version = Block(envelope.value["properties"][name], "").read(ALGORITHM).get("algorithm_version")
    product_id = f"{image.product_id}_{_COLLECTION_OF[kind]}" + (f"_{version}" if version else "")
    product = DerivedProduct(
        product_id=product_id,
        kind=kind,
        source_product_id=image.product_id,
        run_id=product_id,
        datetime=image.datetime,
        mgrs_tiles=image.mgrs_tiles,
        platform=image.platform,
        footprint_wkt=image.footprint_wkt,
        west=image.west,
        south=image.south,
        east=image.east,
        north=image.north,
    )
    found.records.append(product)
    read_block(envelope, name, product_id, found)
    found.records += run_of(product, version)
