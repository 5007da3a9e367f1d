"""The Sentinel-2 loader: SAFE products, lone product metadata, tiles as laid out on AWS."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import ClassVar, Final

from dafab_kg.loaders.sentinel2.assemble import records_of
from dafab_kg.loaders.sentinel2.find import find_documents
from dafab_kg.loaders.sentinel2.granule import GranuleMetadata, read_granule
from dafab_kg.loaders.sentinel2.manifest import Manifest, read_manifest
from dafab_kg.loaders.sentinel2.place import footprint_of
from dafab_kg.loaders.sentinel2.product import ProductMetadata, level_of, read_product
from dafab_kg.loaders.sentinel2.roles import Role, role_of
from dafab_kg.loaders.sentinel2.scene import Scene
from dafab_kg.loaders.sentinel2.sheet import Sheet, local_name
from dafab_kg.loaders.sentinel2.tile_info import TileInfo, product_of_info, read_tile_info
from dafab_kg.model.documents import Found, Part, Reading, Refused, SourceDocument, Tree
from dafab_kg.model.errors import FieldMissing
from dafab_kg.model.names import DEFAULT_BASE

_SPECIFICATION = re.compile(r"https?://psd-(\d+)\.sentinel2\.eo\.esa\.int/")
_KNOWN_SPECIFICATIONS: Final = range(12, 16)
_NEWEST_BASELINE: Final = (5, 11)
_USER_BASELINE: Final = (99, 99)  # processed by a user, with whatever software


class Sentinel2Loader:
    """Reads the metadata of Sentinel-2 Level-1C and Level-2A products.

    Documents are recognised by root element: ``Level-1C_User_Product`` and
    ``Level-2A_User_Product`` with the files around them, or
    ``Level-…_Tile_ID`` with a ``tileInfo.json``.
    """

    name: ClassVar[str] = "sentinel2"
    version: ClassVar[str] = "1"
    groups_files: ClassVar[bool] = True

    def __init__(self, base: str = DEFAULT_BASE) -> None:
        self.base = base

    def find(self, tree: Tree) -> Iterator[Found | Refused]:
        """Find products and tiles; key ``safe/…``, ``mtd/…`` (head alone) or ``tile/…``."""
        return find_documents(tree, self.name)

    def read(self, document: SourceDocument) -> Reading:
        """Read one product.

        Raises:
            FieldMissing: name or time of sensing is absent.
            FieldNotValid: a time or a CRS is none.
            GeometryNotValid: the footprint is absent or describes no place.
            NotWellFormed, NotSafe, TooLarge: a file is not acceptable XML or JSON.
        """
        warnings: list[str] = []
        scene = _read_scene(document, warnings)
        footprint = footprint_of(scene.product, scene.tile, scene.manifest, document.key, warnings)
        warnings += _baseline_warning(scene)
        return Reading(records_of(scene, footprint), warnings=tuple(dict.fromkeys(warnings)))


def _read_scene(document: SourceDocument, warnings: list[str]) -> Scene:
    level = ""
    product: ProductMetadata | None = None
    manifest: Manifest | None = None
    tile_info: TileInfo | None = None
    named: str | None = None
    granules: list[GranuleMetadata] = []
    for part in document.parts:
        match role_of(part.data):
            case Role.HEAD:
                sheet = _sheet(part, warnings)
                product = read_product(sheet, part.name, document.origin)
                level = product.processing_level
            case Role.GRANULE:
                sheet = _sheet(part, warnings)
                granules.append(read_granule(sheet))
                level = level or level_of(local_name(sheet.root))
            case Role.MANIFEST:
                manifest = read_manifest(_sheet(part, warnings))
            case Role.TILE_INFO:
                tile_info = read_tile_info(part.data, part.name)
                named = tile_info.product_id or named
            case Role.PRODUCT_INFO:
                named = named or product_of_info(part.data, part.name)
            case _:  # kept, but nothing in it that the others do not say
                pass
    if product is None and (tile_info is None or not granules):
        raise FieldMissing(
            "Neither product metadata nor a tile with tileInfo.json",
            where=document.key,
            remedy="Load the whole directory of the product",
        )
    if product is not None:
        listed = {granule.granule_id for granule in product.granules}
        strangers = [g.granule_id for g in granules if g.granule_id not in listed]
        warnings += [f"granule {name} is not in the product's list" for name in strangers]
    return Scene(level, product, tuple(granules), manifest, tile_info, named)


def _sheet(part: Part, warnings: list[str]) -> Sheet:
    sheet = Sheet.read(part.data, part.name)
    sheet = Sheet(sheet.root, sheet.where, warnings)
    namespace = sheet.root.nsmap.get(sheet.root.prefix) or ""
    edition = _SPECIFICATION.match(namespace)
    if edition and int(edition[1]) not in _KNOWN_SPECIFICATIONS:
        warnings.append(
            f"{part.name}: product specification {edition[1]} is not known; read what is"
        )
    return sheet


def _baseline_warning(scene: Scene) -> list[str]:
    text = scene.processing_baseline or ""
    match = re.fullmatch(r"(\d\d)\.(\d\d)", text)
    baseline = (int(match[1]), int(match[2])) if match else None
    if baseline == _USER_BASELINE or (baseline and baseline <= _NEWEST_BASELINE):
        return []
    return [f"processing baseline {text or '(none)'} is not known; read what is"]
