"""DASI keys: from names, from metadata, and whether both agree on real products."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import fields, replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dafab_kg.model.dasi import (
    FORMS,
    dasi_key,
    dasi_records,
    keys_of_metadata,
    keys_of_name,
    name_of,
)
from dafab_kg.model.product_names import read_name
from dafab_kg.model.records import DasiKey, Product

# the example that was tried on the engine itself
EXAMPLE = "S2A_MSIL2A_20250118T103351_N0511_R108_T32ULB_20250118T143252"
SENTINEL1 = "S1A_IW_GRDH_1SDV_20210809T173953_20210809T174018_039156_049F13_6FF8"
METADATA = Product(
    EXAMPLE,
    platform="sentinel-2a",
    processing_baseline="05.11",
    mgrs_tiles=("32ULB",),
    relative_orbit=108,
    datatake_id="GS2A_20250118T103351_050017",
    generation_time="2025-01-18T14:32:52Z",
)
NAME = re.compile(
    r"S2[A-D]_MSIL(?:1C|2A)_\d{8}T\d{6}_N\d{4}_R\d{3}_T\d\d[A-Z]{3}_\d{8}T\d{6}(?![0-9])"
    r"|S1[A-D]_(?:IW|EW|WV|S\d)_[A-Z]{3}[FHM_]_[012]S[A-Z]{2}"
    r"(?:_\d{8}T\d{6}){2}_\d{6}_[0-9A-F]{6}_[0-9A-F]{4}(?![0-9A-Z])"
)


def test_the_example_that_was_tried() -> None:
    key, warnings = dasi_key(METADATA)
    assert warnings == ()
    assert key == DasiKey(
        EXAMPLE,
        source="cdse",
        platform="s2a",
        procver="n0511",
        gridcode="t32ulb",
        takedate="20250118",
        taketime="103351",
        procdate="20250118t143252",
        orbit="108",
    )
    # the metadata tell all of it without the name
    alone, _ = dasi_key(replace(METADATA, product_id="some item"))
    assert alone == replace(key, product_id="some item")


def test_a_sentinel_1_product() -> None:
    product = Product(
        SENTINEL1,
        platform="sentinel-1a",
        instrument_mode="IW",
        product_type="GRD",
        resolution_class="high",
        polarisations=("VV", "VH"),
        sensing_start="2021-08-09T17:39:53.153776Z",
        absolute_orbit=39156,
        datatake_id="S1A_049F13",
    )
    key, warnings = dasi_key(product)
    assert warnings == ()
    assert key is not None
    told = (key.mode, key.type, key.polarisation, key.orbit, key.datatake, key.taketime)
    assert told == ("iw", "grdh", "dv", "039156", "049f13", "173953")
    assert keys_of_metadata(product) == keys_of_name(read_name(SENTINEL1))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("change", "shown"),
    [
        ({"relative_orbit": 8}, ("orbit", "008", "108")),
        ({"processing_baseline": "04.00"}, ("procver", "n0400", "n0511")),
        ({"mgrs_tiles": ("31UFS",)}, ("gridcode", "t31ufs", "t32ulb")),
        ({"platform": "sentinel-2b"}, ("platform", "s2b", "s2a")),
        ({"datatake_id": "GS2A_20250118T103352_050017"}, ("taketime", "103352", "103351")),
    ],
)
def test_a_difference_is_a_warning_and_the_name_counts(
    change: dict[str, object], shown: tuple[str, ...]
) -> None:
    key, [warning] = dasi_key(replace(METADATA, **change))  # type: ignore[arg-type]
    assert all(word in warning for word in (*shown, EXAMPLE))
    assert key == dasi_key(METADATA)[0]


def test_a_second_of_rounding_is_no_difference() -> None:
    product = Product(SENTINEL1, platform="sentinel-1a")
    for start, count in (("17:39:52.9Z", 0), ("17:39:54.1Z", 0), ("17:39:50Z", 1)):
        _, warnings = dasi_key(replace(product, sensing_start=f"2021-08-09T{start}"))
        assert len(warnings) == count


@pytest.mark.parametrize(
    "product",
    [
        Product("x"),
        Product("x", platform="landsat-8", sensing_start="2021-08-09T17:39:53Z"),
        Product("x", platform="sentinel-2a"),  # taken when?
        # an old name tells neither tile nor datatake
        Product("S2A_OPER_PRD_MSIL1C_PDMC_20160605T182012_R008_V20160605T104026_20160605T104026"),
    ],
)
def test_products_without_keys(product: Product) -> None:
    assert dasi_key(product) == (None, ())


def test_an_old_product_has_what_its_metadata_tell() -> None:
    product = Product(
        "S2A_OPER_PRD_MSIL1C_PDMC_20160605T182012_R008_V20160605T104026_20160605T104026",
        platform="sentinel-2a",
        datatake_id="GS2A_20160605T104026_004979",
        mgrs_tiles=("31UFS", "31UGS"),
    )
    key, warnings = dasi_key(product)
    assert warnings == ()
    assert key is not None
    assert (key.takedate, key.taketime, key.orbit, key.gridcode) == (
        "20160605",
        "104026",
        "008",
        None,
    )


def test_a_loader_may_bring_its_own() -> None:
    mine = DasiKey(EXAMPLE, source="elsewhere")
    assert dasi_records((METADATA, mine)) == ((), ())
    [made], warnings = dasi_records((METADATA, METADATA))
    assert (made.source, warnings) == ("cdse", ())


def test_every_key_has_a_form() -> None:
    assert set(FORMS) | {"product_id", "source"} == {field.name for field in fields(DasiKey)}


@given(st.builds(
    Product, product_id=st.text(),
    platform=st.sampled_from(["sentinel-1a", "sentinel-2a", "sentinel-2"]) | st.text(),
    processing_baseline=st.text(), mgrs_tiles=st.tuples(st.text()), relative_orbit=st.integers(),
    absolute_orbit=st.integers(), datatake_id=st.text(), acquisition_ids=st.tuples(st.text()),
    sensing_start=st.text(), generation_time=st.text(), instrument_mode=st.text(),
    product_type=st.text(), polarisations=st.tuples(st.text()), resolution_class=st.text(),
    swaths=st.tuples(st.text()),
))  # fmt: skip
def test_whatever_a_record_holds_keys_are_canonical_or_absent(product: Product) -> None:
    for name, value in keys_of_metadata(product).items():
        assert FORMS[name].fullmatch(value)
        assert value == value.lower()
    dasi_key(product)


def real_names(shared: Path) -> Iterator[str]:
    folders = ("s2_safe", "s1_safe", "catalogue_api", "stac_catalogues", "water_analysis")
    for folder in folders:
        for path in (shared / folder).rglob("*"):
            yield from NAME.findall(path.as_posix())
            if path.is_file():
                yield from NAME.findall(path.read_bytes().decode("utf-8", errors="replace"))


def test_all_real_names_there_and_back(shared: Path) -> None:
    names = set(real_names(shared))
    sentinel1 = {name for name in names if name.startswith("S1")}
    assert len(sentinel1) >= 8
    assert len(names) > 500
    for name in names:
        read = read_name(name)
        assert read is not None, name
        key = DasiKey(name, source="cdse", **keys_of_name(read))
        if name in sentinel1:
            parts = [key.platform, key.mode, key.type, key.takedate, key.taketime, key.orbit]
            assert None not in parts
            made = "_".join((
                str(key.platform), str(key.mode), f"{key.type or '':_<4}",
                f"{read.told['level']}s{key.polarisation}", f"{key.takedate}t{key.taketime}",
                read.told["stop"], str(key.orbit), str(key.datatake), read.told["unique"],
            ))  # fmt: skip
            assert made.upper() == name
        else:
            assert name_of(key, name[8:10]) == name
