"""Malformed and hostile input: a clear error for each, the original kept, nothing else lost."""

from __future__ import annotations

import io
import json
import tarfile
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

import dafab_kg
from dafab_kg.catalogue import Catalogue
from tests.ingest.documents import water_item, write_items

HEAD = '<?xml version="1.0" encoding="UTF-8"?>'
ROOT = "Level-2A_User_Product"
NAMESPACE = "https://psd-14.sentinel2.eo.esa.int/PSD/User_Product_Level-2A.xsd"
PRODUCT = "S2A_MSIL2A_20220127T104321_N0400_R008_T31UFS_20220127T151103"


def safe(footprint: str = "49 5 49 6 50 6 50 5 49 5", prologue: str = "", extra: str = "") -> str:
    """A small product metadata file, by the product specification (section on MTD_MSIL2A)."""
    place = (
        f"<n1:Geometric_Info><Product_Footprint><Product_Footprint><Global_Footprint>"
        f"<EXT_POS_LIST>{footprint}</EXT_POS_LIST></Global_Footprint></Product_Footprint>"
        f"</Product_Footprint></n1:Geometric_Info>"
        if footprint
        else ""
    )
    return f"""{HEAD}{prologue}<n1:{ROOT} xmlns:n1="{NAMESPACE}"><n1:General_Info><Product_Info>
<PRODUCT_START_TIME>2022-01-27T10:43:21.024Z</PRODUCT_START_TIME>
<PRODUCT_STOP_TIME>2022-01-27T10:43:21.024Z</PRODUCT_STOP_TIME>
<PRODUCT_URI>{PRODUCT}.SAFE</PRODUCT_URI><PROCESSING_LEVEL>Level-2A</PROCESSING_LEVEL>
<PRODUCT_TYPE>S2MSI2A</PRODUCT_TYPE><PROCESSING_BASELINE>04.00</PROCESSING_BASELINE>
<GENERATION_TIME>2022-01-27T15:11:03.000000Z</GENERATION_TIME>
<Datatake datatakeIdentifier="GS2A_20220127T104321_034468_N04.00">
<SPACECRAFT_NAME>Sentinel-2A</SPACECRAFT_NAME>
<DATATAKE_SENSING_START>2022-01-27T10:43:21.024Z</DATATAKE_SENSING_START>
<SENSING_ORBIT_NUMBER>8</SENSING_ORBIT_NUMBER>
<SENSING_ORBIT_DIRECTION>DESCENDING</SENSING_ORBIT_DIRECTION></Datatake>{extra}
</Product_Info></n1:General_Info>{place}</n1:{ROOT}>"""


def item(change: Callable[[dict[str, Any]], None]) -> str:
    value = water_item(7)
    change(value)
    return json.dumps(value)


def place(geometry: object) -> str:
    return item(lambda value: value.update(geometry=geometry))


def ring(*points: tuple[float, float]) -> dict[str, Any]:
    return {"type": "Polygon", "coordinates": [[list(point) for point in points]]}


BOMB = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10 if n else "lol"}">' for n in range(10))
SQUARE = [[5, 49], [6, 49], [6, 50], [5, 50], [5, 49]]
CASES: dict[str, tuple[str, str | bytes, str, str]] = {
    # name: file, content, error class, a word that the message must hold
    "truncated XML": ("MTD_MSIL2A.xml", safe()[:900], "NotWellFormed", "line"),
    "external entity": (
        "MTD_MSIL2A.xml",
        safe(prologue='<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/hostname">]>', extra="&e;"),
        "NotSafe",
        "entit",
    ),
    "billion laughs": (
        "MTD_MSIL2A.xml",
        safe(prologue=f"<!DOCTYPE x [{BOMB}]>", extra="&l9;"),
        "NotSafe",
        "entit",
    ),
    "wrong root in a well-named file": (
        "MTD_MSIL2A.xml",
        f"{HEAD}<html><body>Not found</body></html>",
        "NotRecognised",
        "no loader",
    ),
    "missing footprint": ("MTD_MSIL2A.xml", safe(footprint=""), "GeometryNotValid", "footprint"),
    "self-intersecting footprint": (
        "MTD_MSIL2A.xml",
        safe("49 5 50 6 49 6 50 5 49 5"),
        "GeometryNotValid",
        "cross",
    ),
    "latitude out of range": (
        "MTD_MSIL2A.xml",
        safe("149 5 149 6 150 6 150 5 149 5"),
        "GeometryNotValid",
        "latitude",
    ),
    "NaN in a footprint": ("MTD_MSIL2A.xml", safe("49 NaN 49 6 50 6 50 5 49 NaN"), "", "NaN"),
    "wrong UTF-8 in XML": (
        "MTD_MSIL2A.xml",
        safe().encode().replace(b"DESCENDING", b"DESC\xff\xfeING"),
        "NotWellFormed",
        "",
    ),
    "self-intersecting polygon": (
        "item.json",
        place(ring((5, 49), (6, 50), (6, 49), (5, 50), (5, 49))),
        "GeometryNotValid",
        "/geometry",
    ),
    "empty polygon": (
        "item.json",
        place({"type": "Polygon", "coordinates": []}),
        "GeometryNotValid",
        "/geometry",
    ),
    "coordinates out of range": (
        "item.json",
        place(ring((5, 49), (600, 49), (600, 50), (5, 50), (5, 49))),
        "GeometryNotValid",
        "/geometry",
    ),
    "type and coordinates contradict": (
        "item.json",
        place({"type": "Point", "coordinates": [SQUARE]}),
        "GeometryNotValid",
        "/geometry",
    ),
    "null geometry": ("item.json", place(None), "GeometryNotValid", "/geometry"),
    "NaN": (
        "item.json",
        item(lambda v: v.update(bbox=[1, 2, 3, float("nan")])),
        "NotWellFormed",
        "NaN",
    ),
    "wrong UTF-8": (
        "item.json",
        json.dumps(water_item(7)).encode().replace(b"Feature", b"Fe\xffture", 1),
        "NotWellFormed",
        "UTF-8",
    ),
    "duplicate keys": (
        "item.json",
        json.dumps(water_item(7)).replace('"bbox"', '"id": "other", "bbox"', 1),
        "FieldNotValid",
        "twice",
    ),
    "100 MB of nesting": (
        "item.json",
        b'{"type": "Feature", "stac_version": "1.0.0", "x": ' + b"[" * 100_000_000,
        "TooLarge",
        "",
    ),
}


@pytest.fixture
def catalogue(tmp_path: Path) -> Iterator[Catalogue]:
    with dafab_kg.open(tmp_path / "store") as opened:
        yield opened


@pytest.mark.parametrize("name", CASES)
def test_malformed_documents(name: str, catalogue: Catalogue, tmp_path: Path) -> None:
    file, content, error, word = CASES[name]
    data = content if isinstance(content, bytes) else content.encode()
    good = write_items(tmp_path / "in", 2)
    bad = tmp_path / "bad" / file
    bad.parent.mkdir()
    bad.write_bytes(data)

    report = catalogue.load(good, bad)

    assert report.counts == {"loaded": 2, "rejected": 1}
    (outcome,) = report.rejected
    assert outcome.origin == str(bad)
    assert word.lower() in outcome.message.lower(), outcome.message
    kept = catalogue.quarantined(outcome.document_id)
    assert not error or kept.error == error, (kept.error, kept.message)
    assert kept.remedy, kept.message
    (part,) = kept.parts
    assert part.data == data
    assert catalogue.doctor() == ()


def archive(path: Path, members: dict[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as out:
        for name, data in members.items():
            out.writestr(name, data)
    return path


def refused(catalogue: Catalogue, path: Path, good: Path) -> str:
    """Load a bad archive and good files; return why the archive was rejected."""
    report = catalogue.load(path, good)
    assert report.counts == {"loaded": 2, "rejected": 1}
    (outcome,) = report.rejected
    kept = catalogue.quarantined(outcome.document_id)
    assert kept.error in {"NotSafe", "TooLarge"}
    assert kept.remedy
    (part,) = kept.parts
    assert part.data == path.read_bytes()
    return outcome.message


def test_a_zip_that_climbs_out_of_itself(catalogue: Catalogue, tmp_path: Path) -> None:
    good = write_items(tmp_path / "in", 2)
    path = archive(tmp_path / "bad.zip", {"../../escaped.json": json.dumps(water_item(1)).encode()})
    assert "../../escaped.json" in refused(catalogue, path, good)
    assert not list(tmp_path.parent.rglob("escaped.json"))


def test_a_tar_with_a_link(catalogue: Catalogue, tmp_path: Path) -> None:
    good = write_items(tmp_path / "in", 2)
    path = tmp_path / "bad.tar"
    with tarfile.open(path, "w") as out:
        link = tarfile.TarInfo("MTD_MSIL2A.xml")
        link.type, link.linkname = tarfile.SYMTYPE, "/etc/hostname"
        out.addfile(link, io.BytesIO())
    assert "MTD_MSIL2A.xml" in refused(catalogue, path, good)


def test_a_zip_bomb(catalogue: Catalogue, tmp_path: Path) -> None:
    good = write_items(tmp_path / "in", 2)
    path = archive(tmp_path / "bad.zip", {"item.json": b'{"type": "Feature"' + b" " * 300_000_000})
    assert path.stat().st_size < 1_000_000
    refused(catalogue, path, good)


def test_a_broken_archive_is_kept(catalogue: Catalogue, tmp_path: Path) -> None:
    path = archive(tmp_path / "bad.zip", {"item.json": json.dumps(water_item(1)).encode() * 50})
    path.write_bytes(path.read_bytes()[:-40])
    report = catalogue.load(path)
    assert report.counts == {"rejected": 1}
    (part,) = catalogue.quarantined(report.rejected[0].document_id).parts
    assert part.data == path.read_bytes()
