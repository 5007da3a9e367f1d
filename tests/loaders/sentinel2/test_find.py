"""Which files make a document, told by what they hold and where they lie."""

from __future__ import annotations

import pytest

from dafab_kg.model.errors import DocumentRejected, FieldMissing
from tests.loaders.sentinel2 import samples as s
from tests.loaders.sentinel2.trees import found_in, product_in, read_only, refused_in, tree_of


def keys(files: dict[str, str]) -> list[str]:
    return sorted(found.document.key for found in found_in(tree_of(files)))


def test_a_safe_with_all_its_files() -> None:
    files = {
        "X.SAFE/MTD_MSIL2A.xml": s.HEAD,
        "X.SAFE/manifest.safe": s.MANIFEST,
        "X.SAFE/GRANULE/L2A_T31UFS/MTD_TL.xml": s.GRANULE,
        "X.SAFE/GRANULE/L2A_T31UFS/IMG_DATA/R10m/T31UFS_B02_10m.jp2": "\0\0",
        "X.SAFE/HTML/UserProduct_index.html": "<html/>",
        "X.SAFE/readme.txt": "not ours",
    }
    [found] = found_in(tree_of(files))
    assert found.document.key == f"safe/{s.PRODUCT}"
    assert {part.name for part in found.document.parts} == set(list(files)[:3])
    # images and pages go along with the product, so that nobody else wonders about them
    assert {entry.name for entry in found.entries} == set(files) - {"X.SAFE/readme.txt"}


@pytest.mark.parametrize(
    ("head", "granule"),
    [
        ("mtd_msil2a.XML", "granule/l2a/mtd_tl.XML"),
        ("a/b/whatever", "a/b/tiles here/one"),
        ("x.txt", "y.txt"),
    ],
)
def test_names_do_not_matter(head: str, granule: str) -> None:
    assert keys({head: s.HEAD, granule: s.GRANULE}) == [f"safe/{s.PRODUCT}"]


def test_a_lone_head_has_a_key_of_its_own() -> None:
    assert keys({"MTD_MSIL2A.xml": s.HEAD}) == [f"mtd/{s.PRODUCT}"]


def test_a_tile_on_aws() -> None:
    files = {"a/metadata.xml": s.GRANULE, "a/tileInfo.json": s.TILE_INFO, "a/B02.jp2": "x"}
    assert keys(files) == [f"tile/{s.PRODUCT}"]
    assert keys({**files, "a/product_metadata.xml": s.HEAD}) == [f"tile/{s.PRODUCT}"]


def test_a_tile_on_aws_without_product_name() -> None:
    info = s.TILE_INFO.replace("productName", "ignored")
    tree = tree_of({"a/metadata.xml": s.GRANULE, "a/tileInfo.json": info})
    tile = s.TILE_ID.removesuffix("_N05.11")
    assert [found.document.key for found in found_in(tree)] == [f"tile/{tile}"]
    product = product_in(read_only(tree))
    assert product.product_id == product.scene_id == tile
    assert product.processing_baseline == "05.11"
    assert product.product_uri is None


def test_tiles_of_one_old_product_stay_apart() -> None:
    info = s.TILE_INFO.replace(s.PRODUCT, s.OLD_NAME)
    other = s.GRANULE.replace("T31UFS", "T31UGS")
    files = {"a/m.xml": s.GRANULE, "a/i.json": info, "b/m.xml": other, "b/i.json": info}
    assert len(set(keys(files))) == 2


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("MTD_TL.xml", s.GRANULE),
        ("manifest.safe", s.MANIFEST),
        ("INSPIRE.xml", '<gmd:MD_Metadata xmlns:gmd="http://www.isotc211.org/2005/gmd"/>'),
        ("tileInfo.json", s.TILE_INFO),
        ("MTD_DS.xml", '<n:Level-2A_DataStrip_ID xmlns:n="urn:x"/>'),
    ],
)
def test_a_part_without_its_product_is_refused(name: str, content: str) -> None:
    tree = tree_of({name: content})
    assert found_in(tree) == []
    [refused] = refused_in(tree)
    assert isinstance(refused.error, FieldMissing)
    assert "without the product" in refused.error.what
    assert refused.error.remedy


@pytest.mark.parametrize(
    "content",
    [
        "<html><body/></html>",
        "not xml",
        "",
        '<xfdu:XFDU xmlns:xfdu="urn:ccsds:schema:xfdu:1" version="sentinel-1.0"/>',
    ],
)
def test_a_wrong_root_in_a_well_named_file_is_left_to_others(content: str) -> None:
    tree = tree_of({"X.SAFE/MTD_MSIL2A.xml": content, "X.SAFE/manifest.safe": content})
    assert found_in(tree) == []
    assert refused_in(tree) == []


def test_iso_metadata_of_others_are_left_to_them() -> None:
    other = '<gmd:MD_Metadata xmlns:gmd="http://www.isotc211.org/2005/gmd"/>'
    assert refused_in(tree_of({"records/1.xml": other})) == []


def test_the_nearest_head_counts() -> None:
    product = s.PRODUCT.replace("31UFS", "31UGS")
    inner_head, inner_granule = (text.replace("31UFS", "31UGS") for text in (s.HEAD, s.GRANULE))
    files = {
        "MTD.xml": s.HEAD,
        "GRANULE/MTD_TL.xml": s.GRANULE,
        "deep/er/MTD.xml": inner_head,
        "deep/er/GRANULE/MTD_TL.xml": inner_granule,
    }
    found = {f.document.key: {p.name for p in f.document.parts} for f in found_in(tree_of(files))}
    assert found == {
        f"safe/{s.PRODUCT}": {"MTD.xml", "GRANULE/MTD_TL.xml"},
        f"safe/{product}": {"deep/er/MTD.xml", "deep/er/GRANULE/MTD_TL.xml"},
    }


def test_a_head_takes_only_granules_that_it_lists() -> None:
    stranger = s.GRANULE.replace("T31UFS", "T10SDG")
    tree = tree_of({"MTD.xml": s.HEAD, "tiles/10/m.xml": stranger})
    assert [found.document.key for found in found_in(tree)] == [f"mtd/{s.PRODUCT}"]
    assert len(refused_in(tree)) == 1
    with_info = tree_of(
        {"MTD.xml": s.HEAD, "tiles/10/m.xml": stranger, "tiles/10/tileInfo.json": s.TILE_INFO}
    )
    assert len(found_in(with_info)) == 2


def test_two_heads_in_one_folder_share_its_granules_by_id() -> None:
    other_head, other_granule = (t.replace("31UFS", "31UGS") for t in (s.HEAD, s.GRANULE))
    files = {"1.xml": s.HEAD, "2.xml": other_head, "3.xml": other_granule, "4.xml": s.GRANULE}
    found = {f.document.parts[0].name: f.document.parts[1].name for f in found_in(tree_of(files))}
    assert found == {"1.xml": "4.xml", "2.xml": "3.xml"}


def test_a_file_that_cannot_be_read_is_refused() -> None:
    from dafab_kg.model.documents import Entry, Tree
    from dafab_kg.model.errors import TooLarge

    def read() -> bytes:
        raise TooLarge("too large", where="MTD.xml")

    tree = Tree("given", (Entry("MTD.xml", "MTD.xml", 10**10, s.HEAD.encode(), read),))
    [refused] = refused_in(tree)
    assert isinstance(refused.error, DocumentRejected)
