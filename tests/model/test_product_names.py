"""Names of Sentinel products, against the naming conventions and real names."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dafab_kg.model.product_names import (
    acquisition_id,
    find_name,
    read_name,
    satellite_of,
    sentinel1_datatake_id,
)


@pytest.mark.parametrize(
    ("name", "told"),
    [
        (
            "S1A_WV_OCN__2SSV_20180215T235323_20180216T001213_020624_023501_0FD3",
            {"product_type": "OCN", "processing_level": "L2", "polarisations": ("VV",)},
        ),
        (
            "S1A_EW_GRDM_1SDH_20221130T014342_20221130T014446_046117_058549_BB15",
            {"resolution_class": "medium", "polarisations": ("HH", "HV"), "absolute_orbit": 46117},
        ),
        (
            "S1C_S3_SLC__1SSH_20250325T173953_20250325T174018_001156_049F13_6FF8.SAFE",
            {"instrument_mode": "SM", "product_type": "SLC", "platform": "sentinel-1c"},
        ),
        (
            "S1D_IW_RAW__0SDV_20260101T000000_20260101T000030_000999_000ABC_0001",
            {"processing_level": "L0", "datatake_id": "S1D_000ABC"},
        ),
        (
            "S1B_IW_GRDH_1SDV_20210809T173953_20210809T174018_039156_049F13_6FF8_COG",
            {"product_type": "GRD", "resolution_class": "high", "product_class": "S"},
        ),
        (
            "S2C_MSIL2A_20250301T104021_N0511_R008_T31UFS_20250301T141500",
            {"mgrs_tiles": ("31UFS",), "processing_baseline": "05.11", "relative_orbit": 8},
        ),
    ],
)
def test_what_a_name_tells(name: str, told: dict[str, object]) -> None:
    read = read_name(name)
    assert read is not None
    assert read.name == name.removesuffix(".SAFE")
    assert {key: read.fields.get(key) for key in told} == told


@pytest.mark.parametrize(
    "text",
    [
        "",
        "S1A_IW_GRDH_1SDV_20210809T173953_20210809T174018_039156_049F13",  # without its end
        "S1A_IW_GRDH_1SDV_20210809T176153_20210809T174018_039156_049F13_6FF8",  # minute 61
        "S1E_IW_GRDH_1SDV_20210809T173953_20210809T174018_039156_049F13_6FF8",
        "S1A_IW_GRDH_1SDV_20210809T173953_20210809T174018_039156_049F13_6FF8_COG_",
        "S2A_MSIL2A_20220127T104321_N0400_R008_T31UFS_20220127T132959_water_analysis_200",
        "S2A_MSIL2A_20221327T104321_N0400_R008_T31UFS_20220127T132959",  # month 13
        "S2A_MSIL2A_20220127T104321_N0400_R008_T31UFS_20221327T132959",
    ],
)
def test_what_is_no_name(text: str) -> None:
    assert read_name(text) is None


@given(st.text())
def test_any_text_is_read_or_not(text: str) -> None:
    assert read_name(text) is None
    assert find_name([None, 7, text, {"S1": 1}]) is None
    assert satellite_of(text) is None


@given(st.sampled_from("ABCD"), st.integers(0, 0xFFFFFF))
def test_a_datatake_is_the_same_by_number_and_by_name(letter: str, number: int) -> None:
    satellite = f"S1{letter}"
    name = f"{satellite}_IW_SLC__1SDV_20210809T173953_20210809T174018_039156_{number:06X}_6FF8"
    read = read_name(name)
    assert read is not None
    assert read.fields["datatake_id"] == sentinel1_datatake_id(satellite, number)
    assert read.fields["datatake_id"] == sentinel1_datatake_id(satellite, f"{number:x}")


@given(st.integers(0, 10**9))
def test_an_acquisition_is_the_same_by_time_and_by_name(fraction: int) -> None:
    time = f"2021-08-09T17:39:53.{fraction}Z"
    assert acquisition_id("S1A", time) == acquisition_id("S1A", "20210809T173953")
