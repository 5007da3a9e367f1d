"""Which files make a Sentinel-1 product, and what it is called."""

from __future__ import annotations

import json
import zipfile
from dataclasses import replace
from pathlib import Path

import pytest

from dafab_kg.loaders.sentinel1 import Sentinel1Loader
from dafab_kg.model.documents import Found, Refused
from dafab_kg.model.errors import FieldMissing
from tests.loaders.sentinel1 import samples as s


def info_of(sample: s.Sample, product_type: str = "RTC") -> bytes:
    return json.dumps(
        {
            "id": sample.name,
            "path": f"scenes/{sample.name}/",
            "missionId": sample.satellite,
            "productType": product_type,
            "polarization": sample.letters,
            "startTime": "2025-04-01T05:15:30",
            "stopTime": "2025-04-01T05:15:55",
            "absoluteOrbitNumber": sample.orbit,
            "missionDataTakeId": f"{sample.take:06X}",
            "footprint": {
                "type": "Polygon",
                "coordinates": [[[20, 10], [22, 10], [22, 9], [20, 9], [20, 10]]],
            },
        }
    ).encode()


@pytest.mark.parametrize("sample", [s.GRD, s.SLC, s.EW, s.STRIPMAP, s.WAVE], ids=lambda x: x.name)
def test_a_directory_is_one_document_named_after_its_product(sample: s.Sample) -> None:
    [found] = s.found_in(sample.files)
    assert isinstance(found, Found)
    assert found.document.key == sample.name
    kept = {part.name.partition("/")[2] for part in found.document.parts}
    assert kept == {"manifest.safe", *(f"annotation/{name}.xml" for name, _, _ in sample.images)}
    # images, calibration and previews are claimed, so that no one else takes them
    assert {entry.name for entry in found.entries} == set(sample.files)


def test_the_directory_that_the_user_named_is_in_the_origin_only() -> None:
    inside = {name.partition("/")[2]: data for name, data in s.GRD.files.items()}
    [found] = s.found_in(inside, origin=f"/data/{s.GRD.name}.SAFE")
    assert isinstance(found, Found)
    assert found.document.key == s.GRD.name
    [again] = s.found_in(s.GRD.files)
    assert isinstance(again, Found)
    assert found.document.content_hash == again.document.content_hash


@pytest.mark.parametrize("sample", [s.GRD, s.SLC, s.EW, s.STRIPMAP], ids=lambda x: x.name)
def test_a_renamed_directory_is_known_by_its_metadata(sample: s.Sample) -> None:
    spacing = {"GRD": {"IW": "1.0e+01", "EW": "4.0e+01"}}.get(sample.type, {}).get(sample.mode)
    files = {f"x/{name.partition('/')[2]}": data for name, data in sample.files.items()}
    for name, swath, polarisation in sample.images if spacing else ():
        files[f"x/annotation/{name}.xml"] = sample.annotation(swath, polarisation, spacing)
    [found] = s.found_in(files)
    assert isinstance(found, Found), found.error
    assert found.document.key == sample.name


@pytest.mark.parametrize("sample", [s.GRD, s.WAVE])  # resolution class, times
def test_a_manifest_alone_whose_product_cannot_be_told_is_refused(sample: s.Sample) -> None:
    [refused] = s.found_in({"x/manifest.safe": sample.manifest})
    assert isinstance(refused, Refused)
    assert isinstance(refused.error, FieldMissing)
    assert refused.error.where == "given/x/manifest.safe"
    assert "Load the directory" in refused.error.remedy


def test_annotation_without_its_product_is_refused_and_neighbours_are_found() -> None:
    stray = {"elsewhere/a.xml": s.GRD.annotation("IW", "VV")}
    items = s.found_in({**stray, **s.GRD.files})
    [refused] = [item for item in items if isinstance(item, Refused)]
    assert isinstance(refused.error, FieldMissing)
    assert refused.error.where == "given/elsewhere/a.xml"
    assert "manifest.safe" in refused.error.remedy
    [found] = [item for item in items if isinstance(item, Found)]
    assert found.document.key == s.GRD.name


def test_two_products_in_one_directory_each_have_their_annotations() -> None:
    files: dict[str, bytes] = {}
    for sample in (s.GRD, s.STRIPMAP):
        files[f"flat/{sample.name}.manifest.safe"] = sample.manifest
        for name, swath, polarisation in sample.images:
            files[f"flat/{name}.xml"] = sample.annotation(swath, polarisation)
    found = [item for item in s.found_in(files) if isinstance(item, Found)]
    assert {item.document.key: len(item.document.parts) for item in found} == {
        s.GRD.name: 3,
        s.STRIPMAP.name: 2,
    }


def test_a_scene_on_aws_renames_its_files() -> None:
    folder = "GRD/2025/4/1/IW/DV/x"
    files = {
        f"{folder}/productInfo.json": info_of(s.GRD, "GRD"),
        f"{folder}/manifest.safe": s.GRD.manifest,
        f"{folder}/annotation/iw-vv.xml": s.GRD.annotation("IW", "VV"),
    }
    [found] = s.found_in(files)
    assert isinstance(found, Found)
    assert found.document.key == s.GRD.name
    assert len(found.document.parts) == 3


def test_a_tile_of_terrain_corrected_images_holds_several_scenes() -> None:
    second = replace(s.GRD, start="20250401T051555", stop="20250401T051620")
    files = {
        f"t/S1C_20250401_33ABC_DSC/{sample.name}/{name}": data
        for sample in (s.GRD, second)
        for name, data in (
            ("manifest.safe", sample.manifest),
            ("productInfo.json", info_of(sample)),
        )
    }
    found = {item.document.key: item.document for item in s.found_in(files)}  # type: ignore[union-attr]
    assert set(found) == {s.GRD.name, second.name, "S1C_20250401_33ABC_DSC"}
    reading = Sentinel1Loader().read(found["S1C_20250401_33ABC_DSC"])
    tile = s.product_in(reading)
    assert tile.source_product_ids == tuple(sorted((s.GRD.name, second.name)))
    assert tile.acquisition_ids == ("S1C_20250401T051530", "S1C_20250401T051555")
    assert (tile.product_type, tile.mgrs_tiles, tile.orbit_direction) == (
        "RTC",
        ("33ABC",),
        "descending",
    )
    assert tile.footprint_wkt is None


@pytest.mark.parametrize(
    "other",
    [
        b'<xfdu:XFDU xmlns:xfdu="urn:x" xmlns:s3="http://www.esa.int/safe/sentinel/sentinel-3/1.0"/>',
        b"<product><name>a toaster</name></product>",
        b'{"missionId": "S2A", "path": "x", "polarization": "DV"}',
        b'{"type": "Feature", "id": "S1A_IW_GRDH"}',
        b"",
    ],
)
def test_what_belongs_to_others_is_left_to_them(other: bytes) -> None:
    assert s.found_in({"manifest.safe": other}) == []


def test_an_archive_is_the_same_document(tmp_path: Path) -> None:
    from dafab_kg.catalogue import open_catalogue

    folder, archive = tmp_path / "d", tmp_path / "given.zip"
    for name, data in s.GRD.files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(data)
    with zipfile.ZipFile(archive, "w") as packed:
        for name, data in s.GRD.files.items():
            packed.writestr(name, data)
    with open_catalogue(tmp_path / "store") as catalogue:
        first, second = catalogue.load(folder), catalogue.load(archive)
    assert [outcome.status for outcome in first.outcomes] == ["loaded"]
    assert [outcome.status for outcome in second.outcomes] == ["unchanged"]
