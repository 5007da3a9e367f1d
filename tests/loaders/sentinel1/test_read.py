"""What is read from a Sentinel-1 product: facts written in the samples, and faults named."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest
import shapely

from dafab_kg.model.errors import (
    DocumentRejected,
    FieldNotValid,
    GeometryNotValid,
    NotSafe,
    NotWellFormed,
)
from dafab_kg.model.records import (
    Acquisition,
    Asset,
    Datatake,
    Instrument,
    ProcessingStep,
    QualityCheck,
    SarImage,
)
from tests.loaders.sentinel1 import samples as s


def of(reading, kind):
    return [record for record in reading.records if isinstance(record, kind)]


def test_a_product() -> None:
    reading = s.read_only(s.GRD.files)
    assert reading.warnings == ()
    product = s.product_in(reading)
    assert product.product_id == s.GRD.name
    assert product.product_uri == f"{s.GRD.name}.SAFE"
    assert product.polarisations == ("VV", "VH")
    assert (product.instrument_mode, product.swaths) == ("IW", ("IW",))
    assert (product.product_type, product.processing_level) == ("GRD", "L1")
    assert (product.resolution_class, product.product_class) == ("high", "S")
    assert (product.slice_number, product.total_slices, product.cycle_number) == (3, 5, 12)
    assert (product.timeliness, product.product_composition) == ("Fast-24h", "Slice")
    assert (product.absolute_orbit, product.relative_orbit) == (1777, 37)
    assert product.orbit_direction == "descending"
    assert product.datatake_id == "S1C_00AB12"
    assert product.acquisition_ids == ("S1C_20250401T051530",)
    assert product.sensing_start == product.datetime == "2025-04-01T05:15:30.25Z"
    assert product.sensing_stop == "2025-04-01T05:15:55.75Z"
    assert product.generation_time == "2025-04-01T07:30:00.5Z"
    assert product.ground_sample_distance == 10
    # written latitude first in the manifest
    assert shapely.from_wkt(product.footprint_wkt or "").equals(
        shapely.Polygon([(20.25, 10.5), (22.5, 10.75), (22.75, 9.25), (20.5, 9)])
    )
    assert (product.west, product.north) == (Decimal("20.25"), Decimal("10.75"))


def test_what_is_around_it() -> None:
    reading = s.read_only(s.GRD.files)
    [datatake], [instrument] = of(reading, Datatake), of(reading, Instrument)
    assert datatake == Datatake("S1C_00AB12", "sentinel-1c")
    assert (instrument.instrument, instrument.kind) == ("c-sar", "sar")
    [acquisition] = of(reading, Acquisition)
    assert acquisition.datatake_id == datatake.datatake_id
    assert [step.step for step in of(reading, ProcessingStep)] == ["Focus", "Post"]
    assert of(reading, ProcessingStep)[1].software_version == "004.00"


def test_images_and_their_files() -> None:
    reading = s.read_only(s.GRD.files)
    assets = {asset.asset_key: asset for asset in of(reading, Asset)}
    assert set(assets) == {
        "safe-manifest",
        *(f"{kind}{p}" for p in ("vv", "vh") for kind in (
            "", "schema-product-", "schema-calibration-", "schema-noise-"
        )),
    }  # fmt: skip
    name = s.GRD.file(2, "iw", "vh")
    assert assets["vh"].href == f"measurement/{name}.tiff"
    assert (assets["vh"].size, assets["vh"].checksum) == (1002, f"md5:{2:032x}")
    assert assets["schema-noise-vv"].size == 21
    images = {image.image_name: image for image in of(reading, SarImage)}
    assert set(images) == {"vv", "vh"}
    image = images["vh"]
    assert image.asset_key == "vh"
    assert (image.number_of_samples, image.number_of_lines) == (25000, 16000)
    assert (image.pixel_spacing_range, image.pixel_spacing_azimuth) == (10, 14)
    assert (image.looks_range, image.looks_azimuth) == (5, None)  # azimuth differs by swath
    angles = (image.incidence_angle_near, image.incidence_angle_mid, image.incidence_angle_far)
    assert angles == (Decimal("30.5"), Decimal("38.5"), Decimal("46"))
    assert image.radar_frequency == Decimal("5.405000454334350")
    assert (image.projection, image.pixel_value) == ("Ground Range", "Detected")


def test_swaths_of_a_complex_product_are_images_of_their_own() -> None:
    reading = s.read_only(s.SLC.files)
    images = {image.image_name: image for image in of(reading, SarImage)}
    assert set(images) == {f"iw{n}-{p}" for n in (1, 2, 3) for p in ("vv", "vh")}
    assert {image.number_of_bursts for image in images.values()} == {9}
    product = s.product_in(reading)
    assert product.swaths == ("IW1", "IW2", "IW3")
    assert (product.resolution_class, product.ground_sample_distance) == (None, None)
    # of the same datatake as the ground range product of this stretch, which begins later
    assert product.datatake_id == s.product_in(s.read_only(s.GRD.files)).datatake_id


def test_stripmap_and_wave_mode() -> None:
    stripmap, wave = (s.product_in(s.read_only(sample.files)) for sample in (s.STRIPMAP, s.WAVE))
    assert (stripmap.instrument_mode, stripmap.swaths) == ("SM", ("S3",))
    assert stripmap.platform == "sentinel-1d"
    assert (wave.instrument_mode, wave.processing_level, wave.product_type) == ("WV", "L2", "OCN")
    assert (wave.footprint_wkt or "").startswith("MULTIPOLYGON")
    assert shapely.from_wkt(wave.footprint_wkt or "").area == pytest.approx(0.08)


def test_across_the_antimeridian() -> None:
    product = s.product_in(s.read_only(s.EW.files))
    assert product.west is not None
    assert product.east is not None
    assert (product.west, product.east) == (Decimal(179), Decimal("-175.5"))
    parts = shapely.from_wkt(product.footprint_wkt or "")
    assert parts.geom_type == "MultiPolygon"
    around = shapely.Polygon([(179, 66), (184, 66.5), (184.5, 64.5), (179.5, 64)])
    assert parts.area == pytest.approx(around.area)


def test_corners_line_by_line_are_read_as_a_ring_with_a_warning() -> None:
    crossed = replace(s.GRD, rings=("10.5,20.25 10.75,22.5 9,20.5 9.25,22.75",))
    reading = s.read_only(crossed.files)
    straight = s.product_in(s.read_only(s.GRD.files))
    footprint = shapely.from_wkt(s.product_in(reading).footprint_wkt or "")
    assert footprint.equals(shapely.from_wkt(straight.footprint_wkt or ""))
    [warning] = reading.warnings
    assert "order of a ring" in warning


def test_a_raised_flag_is_a_failed_check() -> None:
    files = dict(s.GRD.files)
    (name, swath, polarisation), *_ = s.GRD.images
    flag = "outputDataMeanOutsideNominalRangeFlag"
    assert of(s.read_only(files), QualityCheck) == [QualityCheck(s.GRD.name, flag, "PASSED")]
    path = f"{s.GRD.name}.SAFE/annotation/{name}.xml"
    files[path] = s.GRD.annotation(swath, polarisation, flag="true")
    assert of(s.read_only(files), QualityCheck) == [QualityCheck(s.GRD.name, flag, "FAILED")]


def test_a_manifest_without_annotation_is_a_product_without_images() -> None:
    reading = s.read_only({f"{s.GRD.name}.SAFE/manifest.safe": s.GRD.manifest})
    assert s.product_in(reading).slice_number == 3
    assert of(reading, SarImage) == []
    assert len(of(reading, Asset)) == 9


def test_a_manifest_that_was_changed_is_told_by_its_checksum() -> None:
    folder = f"{s.GRD.name}.SAFE"
    reading = s.read_only({f"{folder}/manifest.safe": replace(s.GRD, extra="<!-- -->").manifest})
    [warning] = reading.warnings
    assert "checksum" in warning
    assert s.GRD.name in warning


@pytest.mark.parametrize(
    ("field", "value"),
    [("orbit", 1778), ("type", "SLC"), ("polarisations", ("VV",)), ("start", "20250401T051533")],
)
def test_a_difference_to_the_name_is_a_warning_with_both(field: str, value: object) -> None:
    other = replace(s.GRD, **{field: value})  # type: ignore[arg-type]
    reading = s.read_only({f"{s.GRD.name}.SAFE/manifest.safe": other.manifest})
    told = [warning for warning in reading.warnings if "checksum" not in warning]
    assert len(told) == 1
    assert s.GRD.name in told[0]


@pytest.mark.parametrize("other", [replace(s.GRD, satellite="S1A"), replace(s.GRD, take=7)])
def test_the_manifest_of_another_product_is_rejected(other: s.Sample) -> None:
    with pytest.raises(FieldNotValid) as raised:
        s.read_only({f"{s.GRD.name}.SAFE/manifest.safe": other.manifest})
    assert "manifest.safe" in raised.value.where
    assert s.GRD.name in raised.value.what
    assert raised.value.remedy


@pytest.mark.parametrize(
    ("manifest", "error"),
    [
        (s.GRD.manifest[:2000], NotWellFormed),
        (
            s.GRD.manifest.replace(
                b"<xfdu:XFDU", b'<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]><xfdu:XFDU'
            ),
            NotSafe,
        ),
        (replace(s.GRD, rings=()).manifest, GeometryNotValid),
        (replace(s.GRD, rings=("10,20 11,21 12",)).manifest, GeometryNotValid),
        (replace(s.GRD, rings=("10,20 10,20 10,20 10,20",)).manifest, GeometryNotValid),
        (replace(s.GRD, rings=("95,20 10,21 10,22 11,22",)).manifest, GeometryNotValid),
        (replace(s.GRD, rings=("10,20 10,x 10,22 11,22",)).manifest, GeometryNotValid),
    ],
)
def test_malformed_manifests(manifest: bytes, error: type[DocumentRejected]) -> None:
    with pytest.raises(error) as raised:
        s.read_only({f"{s.GRD.name}.SAFE/manifest.safe": manifest})
    assert s.GRD.name in raised.value.where
    assert raised.value.remedy


def test_numbers_that_are_none_are_left_out_with_a_warning() -> None:
    manifest = s.GRD.manifest.replace(b"<s1sarl1:sliceNumber>3<", b"<s1sarl1:sliceNumber>three<")
    reading = s.read_only({f"{s.GRD.name}.SAFE/manifest.safe": manifest})
    assert s.product_in(reading).slice_number is None
    assert any("three" in warning and "sliceNumber" in warning for warning in reading.warnings)
