"""The Sentinel-1 loader: SAFE products, scenes as laid out on AWS, terrain-corrected tiles."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from dafab_kg.loaders.sentinel1.annotation import Annotation, read_annotation
from dafab_kg.loaders.sentinel1.assemble import records_of
from dafab_kg.loaders.sentinel1.find import find_documents
from dafab_kg.loaders.sentinel1.manifest import Manifest, check_against_name, read_manifest
from dafab_kg.loaders.sentinel1.place import footprint_of
from dafab_kg.loaders.sentinel1.product_info import ProductInfo, read_product_info
from dafab_kg.loaders.sentinel1.roles import Role, role_of
from dafab_kg.loaders.sentinel1.scene import Scene
from dafab_kg.loaders.sentinel1.tile import records_of_tile, tile_in_path
from dafab_kg.loaders.sentinel2.sheet import Sheet
from dafab_kg.model.documents import Found, Part, Reading, Refused, SourceDocument, Tree
from dafab_kg.model.errors import FieldMissing
from dafab_kg.model.product_names import ProductName, read_name


class Sentinel1Loader:
    """Reads the metadata of Sentinel-1 products of any level, mode and polarisation.

    Documents are recognised by content: a manifest of the Sentinel-1 namespace with the
    annotations below it, or the ``productInfo.json`` of a scene on AWS.  A directory of
    terrain-corrected images (``S1A_20200103_17RMJ_ASC``) is a document beside those of the
    scenes in it.
    """

    name: ClassVar[str] = "sentinel1"
    version: ClassVar[str] = "1"
    groups_files: ClassVar[bool] = True

    def find(self, tree: Tree) -> Iterator[Found | Refused]:
        """Find products and tiles; the key is the product's name without ``.SAFE``."""
        return find_documents(tree, self.name)

    def read(self, document: SourceDocument) -> Reading:
        """Read one product.

        Raises:
            FieldMissing: there is neither manifest nor productInfo.json.
            FieldNotValid: the manifest is of another product than its folder names.
            GeometryNotValid: the footprint is absent or describes no place.
            NotWellFormed, NotSafe, TooLarge: a file is not acceptable XML or JSON.
        """
        warnings: list[str] = []
        if tile_in_path(document.key) == document.key:
            infos = [read_product_info(part.data, part.name) for part in document.parts]
            warnings.append("the footprint of the tile is left to its images")
            return Reading(tuple(records_of_tile(document.key, infos)), warnings=tuple(warnings))
        name = read_name(document.key)
        if name is None:
            raise FieldMissing(
                f"{document.key!r} is no name of a Sentinel-1 product",
                where=document.origin,
                remedy="Load the directory that bears the product's name (S1…SAFE)",
            )
        scene = _read_scene(document, name, warnings)
        footprint = footprint_of(scene.manifest, scene.info, document.key, warnings)
        return Reading(records_of(scene, footprint), warnings=tuple(dict.fromkeys(warnings)))


def _read_scene(document: SourceDocument, name: ProductName, warnings: list[str]) -> Scene:
    manifest: Manifest | None = None
    info: ProductInfo | None = None
    annotations: list[Annotation] = []
    for part in document.parts:
        match role_of(part.data):
            case Role.MANIFEST:
                manifest = read_manifest(_sheet(part, warnings))
                warnings += check_against_name(manifest, name, part.data)
            case Role.PRODUCT_INFO:
                info = read_product_info(part.data, part.name)
            case Role.ANNOTATION:
                annotations.append(read_annotation(_sheet(part, warnings), part.name))
            case _:  # kept, but nothing in it that the others do not say
                pass
    if manifest is None and info is None:
        raise FieldMissing(
            "Neither manifest.safe nor productInfo.json",
            where=document.key,
            remedy="Load the whole directory of the product",
        )
    return Scene(name, manifest, info, tuple(annotations))


def _sheet(part: Part, warnings: list[str]) -> Sheet:
    sheet = Sheet.read(part.data, part.name)
    return Sheet(sheet.root, sheet.where, warnings)
