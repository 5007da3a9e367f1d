"""What is read from old and new editions, and how faults are told."""

from __future__ import annotations

import contextlib
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dafab_kg.loaders.sentinel2 import Sentinel2Loader
from dafab_kg.model.documents import Found
from dafab_kg.model.errors import (
    DocumentRejected,
    FieldMissing,
    FieldNotValid,
    GeometryNotValid,
    NotSafe,
    NotWellFormed,
)
from dafab_kg.model.records import Acquisition, Asset, Granule, ProcessingStep, QualityCheck
from tests.loaders.sentinel2 import samples as s
from tests.loaders.sentinel2.trees import product_in, read_only, records_in, tree_of


def head_with(old: str, new: str) -> dict[str, str]:
    assert old in s.HEAD
    return {"MTD_MSIL2A.xml": s.HEAD.replace(old, new)}


def test_sentinel_2c_in_psd_15() -> None:
    files = {"MTD_MSIL2A.xml": s.HEAD, "GRANULE/MTD_TL.xml": s.GRANULE, "manifest.safe": s.MANIFEST}
    reading = read_only(tree_of(files))
    product = product_in(reading)
    assert reading.warnings == ()
    assert product.platform == "sentinel-2c"
    assert product.scene_id == "S2C_T31UFS_20250301T104024_L2A"
    assert product.acquisition_ids == ("S2C_20250301T104021_T31UFS",)
    assert product.datatake_id == "GS2C_20250301T104021_002513"
    assert product.absolute_orbit == 2513
    assert product.sun_elevation == Decimal("29.75")
    assert product.footprint_wkt == "POLYGON ((5 50, 6 50, 6 51, 5 51, 5 50))"
    # the band without data is skipped; the direction half-way between 350 and 30 is 10
    assert (product.view_incidence_angle, product.view_azimuth) == (Decimal("4.5"), Decimal(190))
    [granule] = records_in(reading, Granule)
    assert granule.view_azimuth == 10
    steps = records_in(reading, ProcessingStep)
    assert [(p.order, p.step, p.software, p.software_version) for p in steps] == [
        (1, "Level-1C", "IPF", "6.1"),
        (2, "Level-2A", "Sen2Cor", "2.12"),
    ]
    assert steps[1].ended == "2025-03-01T14:15:00Z"
    [asset] = records_in(reading, Asset)
    assert (asset.asset_key, asset.size, asset.checksum) == ("B02_10m", 123, "sha3-256:abcd")


def test_old_product_of_several_granules() -> None:
    reading = read_only(tree_of({f"{s.OLD_NAME}.SAFE/{s.OLD_HEAD_FILE}": s.OLD_HEAD}))
    product = product_in(reading)
    assert product.product_id == s.OLD_NAME
    assert product.scene_id is None
    assert product.mgrs_tiles == ("31UGR", "32ULV")
    assert len(product.granule_ids) == len(records_in(reading, Granule)) == 2
    assert product.quantification_value == 1000
    assert {a.acquisition_id for a in records_in(reading, Acquisition)} == {
        "S2A_20160605T104026_T31UGR",
        "S2A_20160605T104026_T32ULV",
    }
    assert [(c.check, c.verdict) for c in records_in(reading, QualityCheck)] == [
        ("SENSOR_QUALITY", "PASSED"),
        ("GEOMETRIC_QUALITY", "FAILED"),
    ]
    assert {a.asset_key for a in records_in(reading, Asset)} == {
        "T31UGR_B01", "T31UGR_B8A", "T32ULV_B01", "T32ULV_B8A",
    }  # fmt: skip


def test_old_file_name_names_the_product() -> None:
    assert product_in(read_only(tree_of({s.OLD_HEAD_FILE: s.OLD_HEAD}))).product_id == s.OLD_NAME


def test_toolbox_product_with_prefixed_tags() -> None:
    reading = read_only(tree_of({"MTD_MSIL2A.xml": s.TOOLBOX_HEAD}))
    product = product_in(reading)
    assert reading.warnings == ()
    assert product.product_id == "S2A_MSIL2A_20170506T105031_N9999_R051_T31UFS_20200101T000000"
    assert product.processing_level == "L2A"
    assert product.product_type == "S2MSI2Ap"
    assert product.processing_baseline == "99.99"
    assert (product.quantification_value, product.aot_quantification_value) == (10000, 1000)
    assert product.not_vegetated_percentage == Decimal("20.5")
    assert product.unclassified_percentage == Decimal("3.25")
    [asset] = records_in(reading, Asset)
    assert asset.asset_key == "SCL_60m"


@pytest.mark.parametrize(
    ("old", "new"), [("psd-15", "psd-17"), ("BASELINE>05.11", "BASELINE>06.00")]
)
def test_what_is_newer_than_known_is_read_with_a_warning(old: str, new: str) -> None:
    reading = read_only(tree_of(head_with(old, new)))
    assert product_in(reading).product_id == s.PRODUCT
    [warning] = reading.warnings
    assert "not known" in warning


@pytest.mark.parametrize("namespace", ["http://psd-12.sentinel2.eo.esa.int/x", "urn:else", ""])
def test_any_namespace(namespace: str) -> None:
    text = s.HEAD.replace(s.PSD, namespace) if namespace else s.HEAD.replace("n1:", "")
    text = text if namespace else text.replace(f'xmlns:n1="{s.PSD}"', "")
    assert product_in(read_only(tree_of({"a": text}))).product_id == s.PRODUCT


def test_nan_is_left_out_with_a_warning() -> None:
    reading = read_only(tree_of(head_with(">12.5<", ">NaN<")))
    assert product_in(reading).cloud_cover is None
    assert "Cloud_Coverage_Assessment" in reading.warnings[0]


def test_the_footprint_of_the_manifest_stands_in() -> None:
    files = {**head_with(s.RING, ""), "manifest.safe": s.MANIFEST}
    reading = read_only(tree_of(files))
    assert product_in(reading).footprint_wkt == "POLYGON ((5 50, 6 50, 6 51, 5 51, 5 50))"
    assert "manifest" in reading.warnings[0]


@pytest.mark.parametrize(
    ("old", "new", "error", "place"),
    [
        (f"<PRODUCT_URI>{s.PRODUCT}.SAFE</PRODUCT_URI>", "", FieldMissing, "PRODUCT_URI"),
        ("<PRODUCT_START_TIME>2025-03-01T10:40:21.024Z</PRODUCT_START_TIME>", "",
         FieldMissing, "PRODUCT_START_TIME"),
        ("<PRODUCT_START_TIME>2025-03-01T10", "<PRODUCT_START_TIME>2025-13-41T10",
         FieldNotValid, "PRODUCT_START_TIME"),
        (f"<EXT_POS_LIST>{s.RING}</EXT_POS_LIST>", "", GeometryNotValid, "EXT_POS_LIST"),
        (s.RING, "", GeometryNotValid, "EXT_POS_LIST"),
        (s.RING, s.RING.replace("51", "NaN"), GeometryNotValid, "EXT_POS_LIST"),
        (s.RING, s.RING.replace("51", "151"), GeometryNotValid, "EXT_POS_LIST"),
        (s.RING, "50 5 50 600 51 6 50 5", GeometryNotValid, "EXT_POS_LIST"),
        (s.RING, "50 5 51 6 50 6 51 5 50 5", GeometryNotValid, "EXT_POS_LIST"),
        (s.RING, "50 5 51 6 50 5", GeometryNotValid, "EXT_POS_LIST"),
        (s.RING, s.RING + " 7", GeometryNotValid, "EXT_POS_LIST"),
        ("</n1:Level-2A_User_Product>", "", NotWellFormed, "line"),
        ('<?xml version="1.0" encoding="UTF-8"?>',
         '<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]>', NotSafe, ""),
        ('<?xml version="1.0" encoding="UTF-8"?>',
         '<!DOCTYPE a [<!ENTITY x "ha"><!ENTITY y "&x;&x;&x;&x;">]>', NotSafe, ""),
    ],
)  # fmt: skip
def test_faults_are_told(old: str, new: str, error: type[DocumentRejected], place: str) -> None:
    with pytest.raises(error) as caught:
        read_only(tree_of(head_with(old, new)))
    assert "MTD_MSIL2A.xml" in caught.value.where or s.PRODUCT in caught.value.where
    assert place in caught.value.where
    assert caught.value.what


def test_wrong_utf_8_is_told() -> None:
    data = s.HEAD.encode().replace(b"INS-NOBS", b"INS-\xff\xfe")
    with pytest.raises(NotWellFormed, match="line 12"):
        read_only(tree_of({"MTD_MSIL2A.xml": data}))


def test_utf_16_is_read() -> None:
    data = s.HEAD.replace("UTF-8", "UTF-16").encode("utf-16")
    assert product_in(read_only(tree_of({"MTD_MSIL2A.xml": data}))).product_id == s.PRODUCT


@pytest.mark.parametrize("cut", range(0, len(s.HEAD) - 30, 97))
def test_truncation_anywhere_is_a_rejection(cut: int) -> None:
    tree = tree_of({"MTD_MSIL2A.xml": s.HEAD.encode()[:cut]})
    try:
        read_only(tree)
    except (DocumentRejected, ValueError):  # ValueError: nothing was found to read
        return
    pytest.fail("a truncated product was read")


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('"tileDataGeometry"', '"other"'),
        ("32631", "999999"),
        ("[700000, 5700000]", '["a", 5700000]'),
        ("[700000, 5700000]", "[700000]"),
        ('"Polygon"', '"Point"'),
        ("2025-03-01T10:42:00.500Z", "yesterday"),
        ("12.25", '"many"'),
        ("}\n", ""),
    ],
)
def test_faults_of_tile_info(old: str, new: str) -> None:
    assert old in s.TILE_INFO
    info = s.TILE_INFO.replace(old, new)
    with pytest.raises(DocumentRejected):
        read_only(tree_of({"metadata.xml": s.GRANULE, "tileInfo.json": info}))


ALL_FILES = {
    "MTD_MSIL2A.xml": s.HEAD,
    "MTD_TL.xml": s.GRANULE,
    "manifest.safe": s.MANIFEST,
    "tileInfo.json": s.TILE_INFO,
}


@settings(deadline=None, max_examples=300)
@given(
    name=st.sampled_from(sorted(name for name in ALL_FILES if not name.endswith(".json"))),
    start=st.integers(0, 3000),
    length=st.integers(0, 60),
    junk=st.one_of(
        st.binary(max_size=20),
        st.sampled_from([b"NaN", b"1e999", b"1e300", b"-", b"<x/>", b"&amp;", b"9" * 500, b"\xff"]),
    ),
)
def test_damage_anywhere_is_read_or_rejected(
    name: str, start: int, length: int, junk: bytes
) -> None:
    files: dict[str, bytes | str] = dict(ALL_FILES)
    whole = ALL_FILES[name].encode()
    files[name] = whole[:start] + junk + whole[start + length :]
    loader = Sentinel2Loader()
    for item in loader.find(tree_of(files)):
        if isinstance(item, Found):
            with contextlib.suppress(DocumentRejected):
                loader.read(item.document)
        else:
            assert isinstance(item.error, DocumentRejected)


@pytest.mark.parametrize("value", ["1e300", "9" * 500, "-1e-300", "inf", "many"])
def test_odd_numbers_do_no_harm(value: str) -> None:
    granule = s.GRANULE.replace(">60.25<", f">{value}<").replace(">350<", f">{value}<")
    reading = read_only(tree_of({"MTD_MSIL2A.xml": s.HEAD, "MTD_TL.xml": granule}))
    assert product_in(reading).product_id == s.PRODUCT


def test_several_tiles_under_one_old_head_keep_its_footprint() -> None:
    """On AWS an old product's metadata may lie beside one of its tiles."""
    granule = s.GRANULE.replace(
        s.TILE_ID, "S2A_OPER_MSI_L1C_TL_EPA__20160605T160000_A004974_T31UGR_N02.02"
    )
    files = {
        "p.xml": s.OLD_HEAD,
        "m.xml": granule,
        "i.json": s.TILE_INFO,
        "manifest.safe": s.MANIFEST,
    }
    product = product_in(
        read_only(tree_of({f"{s.OLD_NAME}.SAFE/{n}": t for n, t in files.items()}))
    )
    assert product.mgrs_tiles == ("31UGR", "32ULV")
    assert (product.west, product.east) == (5, 7)
    assert product.datetime == "2016-06-05T10:40:26Z"
