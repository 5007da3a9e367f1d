"""The same product in any envelope gives the same facts."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import fields
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from dafab_kg.loaders.sentinel2 import Sentinel2Loader
from dafab_kg.loaders.stac import StacLoader
from dafab_kg.model.documents import Found
from dafab_kg.model.records import (
    Acquisition,
    Asset,
    CatalogueEntry,
    Datatake,
    Instrument,
    Platform,
    Product,
    Tile,
)
from tests.loaders.catalogue import envelopes as env
from tests.loaders.catalogue.envelopes import Image, of, only, product
from tests.loaders.sentinel2.trees import tree_at

Render = Callable[[Image, str], Any]
ALL: dict[str, Render] = {
    "odata": lambda image, time: env.odata_answer(env.odata(image, time)),
    "odata, cloud as text": lambda image, time: env.odata(image, time, image.cloud),
    "notification": lambda image, time: env.notification(image),
    "notifications": lambda image, time: [env.notification(image)],
    "resto": lambda image, time: env.resto_answer(env.resto(image, time)),
    "resto, alone": lambda image, time: env.resto(image, time, image.cloud),
    "dhus xml": lambda image, time: env.feed(env.dhus_xml(image, time)),
    "dhus json": lambda image, time: env.dhus_json_answer(env.dhus_json(image, time)),
    "atom, gml": lambda image, time: env.feed(env.atom(image, time)),
    "atom, simple": lambda image, time: env.feed(env.atom(image, time, "polygon")),
    "atom, crs84": lambda image, time: env.feed(env.atom(image, time, "crs84")),
    "iso": lambda image, time: env.iso(image, time),
    "iso in csw": lambda image, time: env.csw(env.iso(image, time)),
    "iso, short crs": lambda image, time: env.iso(image, time, "EPSG:4326"),
    "iso, crs84": lambda image, time: env.iso(
        image, time, "http://www.opengis.net/def/crs/OGC/1.3/CRS84"
    ),
    "eodag": lambda image, time: {
        "type": "FeatureCollection", "features": [env.eodag(image, time)],
    },
}  # fmt: skip
CORE = (
    "product_id", "product_uri", "processing_level", "processing_baseline", "platform",
    "instrument", "acquisition_ids", "mgrs_tiles", "relative_orbit", "datetime", "sensing_start",
    "sensing_stop", "cloud_cover", "footprint_wkt", "west", "south", "east", "north",
)  # fmt: skip


@st.composite
def images(draw: st.DrawFn) -> Image:
    hundredths = st.integers(-100, 100)
    west, south = draw(st.integers(-170, 160)), draw(st.integers(-80, 75))
    corners = [(0, 0), (100, draw(hundredths) // 20), (105, 99), (draw(hundredths) // 30, 103)]
    ring = [
        (f"{Decimal(west) + Decimal(x) / 100}", f"{Decimal(south) + Decimal(y) / 100}")
        for x, y in corners
    ]
    fraction = draw(st.integers(0, 6))
    digits = f".{draw(st.integers(0, 10**fraction - 1)):0{fraction}}" if fraction else ""
    day = draw(st.dates(min_value=date(2015, 7, 1)))
    return Image(
        satellite=draw(st.sampled_from(["S2A", "S2B", "S2C"])),
        level=draw(st.sampled_from(["1C", "2A"])),
        start=f"{day:%Y-%m-%d}T{draw(st.integers(0, 23)):02}:36:29{digits}".rjust(19, "0"),
        relative_orbit=draw(st.integers(1, 143)),
        absolute_orbit=draw(st.integers(144, 99999)),
        cloud=f"{draw(st.integers(0, 10000)) / 100}",
        ring=(*ring, ring[0]),
        size=draw(st.integers(10**7, 10**10)),
    )


@given(images(), st.sampled_from(["{}Z", "{}+00:00"]))
def test_one_image_in_all_envelopes_is_one_product(image: Image, time: str) -> None:
    readings = {name: only(render(image, time)) for name, render in ALL.items()}
    products = {name: product(reading) for name, reading in readings.items()}
    first = products["odata"]
    assert first.product_id == image.name
    assert first.cloud_cover == Decimal(image.cloud)
    assert shapely.equals(shapely.from_wkt(first.footprint_wkt), shapely.from_wkt(image.wkt))
    for name, other in products.items():
        assert {f: getattr(other, f) for f in CORE} == {f: getattr(first, f) for f in CORE}, name
        # what only some envelopes tell, they tell alike
        for field in fields(Product):
            own = getattr(other, field.name)
            assert own in (None, (), getattr(first, field.name)), (name, field.name)
    for kind in (Platform, Instrument, Tile):
        said = {name: of(reading, kind) for name, reading in readings.items()}
        assert all(one == said["odata"] for one in said.values())
    for name, reading in readings.items():
        (acquisition,) = of(reading, Acquisition)
        assert (acquisition.acquisition_id,) == first.acquisition_ids, name
        for datatake in of(reading, Datatake):
            assert datatake.datatake_id == image.take.rsplit("_", 1)[0], name
        assert not reading.warnings, (name, reading.warnings)


@given(images())
def test_stac_says_the_same(image: Image) -> None:
    own, other = product(only(env.odata(image))), product(only(env.stac(image), StacLoader()))
    for field in fields(Product):
        a, b = getattr(own, field.name), getattr(other, field.name)
        assert a in (None, ()) or b in (None, ()) or a == b, field.name
    assert (own.acquisition_ids, own.datatake_id, own.mgrs_tiles, own.footprint_wkt) == (
        other.acquisition_ids, other.datatake_id, other.mgrs_tiles, other.footprint_wkt,
    )  # fmt: skip


def test_the_same_entry_of_one_catalogue_has_one_archive_through_all_its_interfaces() -> None:
    image = Image()
    through = {name: only(ALL[name](image, "{}Z")) for name in ("odata", "notification", "resto")}
    keys = {name: of(r, CatalogueEntry)[0] for name, r in through.items()}
    assert {(e.provider, e.entry_id) for e in keys.values()} == {
        ("catalogue.example.org", image.uuid)
    }
    archives = {of(r, Asset)[0].asset_key: of(r, Asset)[0].size for r in through.values()}
    assert archives == {"archive@catalogue.example.org": image.size}


# Real products ---------------------------------------------------------------------------


def _told(xml: str, name: str) -> str:
    match = re.search(rf"<{name}[^>]*>([^<]*)</{name}>", xml)
    assert match is not None, name
    return match[1].strip()


def _real_image(xml: str) -> Image:
    """Read product metadata with regular expressions alone."""
    name = _told(xml, "PRODUCT_URI").removesuffix(".SAFE")
    take = re.search(r'datatakeIdentifier="([^"]+)"', xml)
    assert take is not None
    numbers = _told(xml, "EXT_POS_LIST").split()
    ring = tuple(zip(numbers[1::2], numbers[::2], strict=True))
    return Image(
        satellite=name[:3],
        level=name[8:10],
        start=_told(xml, "PRODUCT_START_TIME").rstrip("Z"),
        baseline=_told(xml, "PROCESSING_BASELINE"),
        relative_orbit=int(_told(xml, "SENSING_ORBIT_NUMBER")),
        absolute_orbit=int(take[1].split("_")[2]),
        tile=name.split("_")[5][1:],
        processed="-".join((name[-15:-11], name[-11:-9], name[-9:-7]))
        + f"T{name[-6:-4]}:{name[-4:-2]}:{name[-2:]}",
        cloud=_told(xml, "Cloud_Coverage_Assessment"),
        ring=ring,
    )


def test_real_products_are_the_same_in_safe_and_in_every_envelope(shared: Path) -> None:
    """The envelopes are written from the files' own values, read here independently."""
    folders = sorted(p for p in (shared / "s2_safe/openeo-cache").iterdir() if p.is_dir())
    compared = 0
    for folder in folders:
        (head,) = folder.glob("MTD_MSIL*.xml")
        image = _real_image(head.read_text())
        assert f"{image.name}.SAFE" == folder.name
        loader = Sentinel2Loader()
        (found,) = [x for x in loader.find(tree_at(folder)) if isinstance(x, Found)]
        safe = product(loader.read(found.document))
        for name, render in ALL.items():
            other = product(only(render(image, "{}Z")))
            for field in ("product_id", "platform", "instrument", "acquisition_ids", "mgrs_tiles",
                          "processing_level", "processing_baseline", "relative_orbit", "datetime",
                          "sensing_start", "sensing_stop", "product_uri"):  # fmt: skip
                assert getattr(other, field) == getattr(safe, field), (name, folder.name, field)
            assert other.datatake_id in (None, safe.datatake_id)
            assert other.absolute_orbit in (None, safe.absolute_orbit)
            assert other.product_type in (None, safe.product_type)
            a, b = shapely.from_wkt(other.footprint_wkt), shapely.from_wkt(safe.footprint_wkt)
            assert shapely.equals(a, b), (name, folder.name)
            # SAFE's figure is that of the one tile, where its file is there
            assert abs(other.cloud_cover - safe.cloud_cover) < Decimal("0.001")  # type: ignore[operator]
            compared += 1
    assert compared == len(folders) * len(ALL) == 35 * 16


def test_inspire_metadata_and_safe_name_the_same_product(shared: Path) -> None:
    folder = shared / "s2_safe/galamsey"
    safe = Sentinel2Loader()
    (found,) = [x for x in safe.find(tree_at(folder)) if isinstance(x, Found)]
    whole = product(safe.read(found.document))
    reading = only((folder / "INSPIRE.xml").read_bytes())
    lone = product(reading)
    for field in ("product_id", "platform", "instrument", "acquisition_ids", "mgrs_tiles",
                  "processing_level", "processing_baseline", "relative_orbit", "footprint_wkt",
                  "west", "south", "east", "north"):  # fmt: skip
        assert getattr(lone, field) == getattr(whole, field), field
    # its time is that of the datastrip: 10:27:36, not 10:24:31 when the datatake began
    assert (lone.sensing_start, lone.datetime) == (None, "2024-01-01T10:27:36Z")


def test_two_real_catalogues_mean_one_acquisition(shared: Path) -> None:
    """EOS has tile 55PBS of 15 August 2020 at one baseline, CDSE (by eodag) at another."""
    folder = shared / "catalogue_api/eodag"
    eos = env.read((folder / "provider_responses/awseos_search.json").read_bytes())
    cdse = env.read(
        (folder / "eodag_search_result_cop_dataspace.geojson").read_bytes(), StacLoader()
    )
    ids = {p.acquisition_ids for p in map(product, eos) if p.mgrs_tiles == ("55PBS",)}
    others = {p.acquisition_ids for p in map(product, cdse) if p.mgrs_tiles == ("55PBS",)}
    assert ids == others == {("S2A_20200815T005251_T55PBS",)}
    names = {p.product_id for p in map(product, (*eos, *cdse)) if p.mgrs_tiles == ("55PBS",)}
    assert len(names) == 2


@pytest.mark.parametrize(
    "other",
    [Image(start="2023-05-18T10:36:29"), Image(tile="31UGR"), Image(satellite="S2A")],
    ids=["start", "tile", "satellite"],
)
def test_another_image_is_another_acquisition(other: Image) -> None:
    own = product(only(env.odata(Image()))).acquisition_ids
    assert own != product(only(env.odata(other))).acquisition_ids
