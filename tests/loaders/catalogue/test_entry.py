"""What is about the entry and the archive, and what no field holds."""

from __future__ import annotations

import json
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import dafab_kg
from dafab_kg.loaders.catalogue import CatalogueLoader, convert
from dafab_kg.loaders.catalogue.sizes import stated_size
from dafab_kg.loaders.stac import StacLoader
from dafab_kg.model.names import Names
from dafab_kg.model.records import Asset, CatalogueEntry, Checksum, Product, Property
from tests.loaders.catalogue import envelopes as env
from tests.loaders.catalogue.envelopes import HOST, Image, of, only, product

IMAGE = Image()


def entry_of(data: Any) -> CatalogueEntry:
    (found,) = of(only(data), CatalogueEntry)
    return found


def test_odata_tells_when_where_and_with_which_checksums() -> None:
    reading = only(env.odata_answer(env.odata(IMAGE)))
    (entry,) = of(reading, CatalogueEntry)
    assert entry == CatalogueEntry(
        provider="catalogue.example.org",
        entry_id=IMAGE.uuid,
        product_id=IMAGE.name,
        interfaces=("odata",),
        created="2023-05-17T14:10:11.12Z",
        updated="2023-05-18T00:00:00Z",
        origin_date="2023-05-17T14:00:00Z",
        online=True,
        never_evicted=True,
        s3_path=f"/eodata/Sentinel-2/MSI/{IMAGE.name}.SAFE",
    )
    archive = of(reading, Asset)[0]
    assert (archive.asset_key, archive.size) == ("archive@catalogue.example.org", IMAGE.size)
    assert of(reading, Checksum) == [
        Checksum(IMAGE.name, archive.asset_key, "md5", IMAGE.md5, "2023-05-17T14:10:12.5Z"),
        Checksum(IMAGE.name, archive.asset_key, "blake3", IMAGE.blake3),
    ]


def test_an_eviction_that_will_come_is_told() -> None:
    told = entry_of(env.odata(replace(
        IMAGE, extra={"EvictionDate": "2031-01-02T03:04:05.6Z"}
    )))  # fmt: skip
    assert (told.eviction_date, told.never_evicted) == ("2031-01-02T03:04:05.6Z", None)


def test_a_notification_says_what_happened_and_is_the_same_entry() -> None:
    told, other = entry_of(env.notification(IMAGE)), entry_of(env.odata(IMAGE))
    assert (told.provider, told.entry_id) == (other.provider, other.entry_id)
    assert (told.interfaces, told.notified_event) == (("notification",), "created")
    assert told.notification_date == "2023-05-17T14:10:13.698Z"
    kept = {p.name: p.json for p in of(only(env.notification(IMAGE)), Property)}
    assert kept["SubscriptionId"] == '"5a0d6c3b-5a9c-4a86-8a0f-0d3c2b1a0f9e"'


def test_of_several_notifications_of_one_product_the_latest_counts() -> None:
    messages = [
        env.notification(IMAGE, SubscriptionEvent=event, NotificationDate=date)
        for event, date in (
            ("created", "2023-05-17T14:10:13.698Z"),
            ("modified", "2023-05-17T16:10:13+00:00"),
            ("modified", "2023-05-17T15:10:13.6Z"),
        )
    ]
    told = entry_of(messages)
    assert told.notification_date == "2023-05-17T16:10:13Z"


def test_what_the_ontology_has_no_term_for_is_kept_where_it_stands() -> None:
    value = env.odata(IMAGE)
    value["Attributes"].append({"Name": "qualityStatus", "Value": "NOMINAL"})
    reading = only(value)
    kept = {p.name: p for p in of(reading, Property)}
    place = f"/Attributes/{len(value['Attributes']) - 1}/Value"
    assert (kept["qualityStatus"].pointer, kept["qualityStatus"].texts) == (place, ("NOMINAL",))
    assert kept["qualityStatus"].owner == Names().make("product", product_id=IMAGE.name)
    # the pointer leads to the value in the document
    assert value["Attributes"][-1]["Value"] == "NOMINAL"
    assert kept["ContentType"].owner == Names().make(
        "entry", provider="catalogue.example.org", entry_id=IMAGE.uuid
    )


@pytest.mark.parametrize(
    ("render", "online"),
    [
        (lambda i: env.odata(i), None),
        (lambda i: env.resto(i), None),
        (lambda i: env.feed(env.dhus_xml(i)), None),
        (lambda i: env.dhus_json_answer(env.dhus_json(i)), None),
        (lambda i: env.eodag(i), None),
        (lambda i: env.resto(replace(i, extra={"status": 0})), True),
        (lambda i: env.resto(replace(i, extra={"status": 31})), False),
        (lambda i: env.resto(replace(i, extra={"status": 4711})), "unknown"),
    ],
)
def test_online_in_all_its_spellings(render: Any, online: Any) -> None:
    for given_ in (True, False):
        expected = given_ if online is None else (None if online == "unknown" else online)
        assert entry_of(render(replace(IMAGE, online=given_))).online is expected


def test_a_rounded_size_is_never_an_exact_one() -> None:
    reading = only(env.feed(env.dhus_xml(replace(IMAGE, size=1127428915))))
    assert {a.size for a in of(reading, Asset)} == {None}
    (entry,) = of(reading, CatalogueEntry)
    assert (entry.stated_size, entry.size_system) == ("1.05 GB", "binary")
    assert entry.size_least is not None and entry.size_most is not None
    assert entry.size_least <= 1127428915 <= entry.size_most


@given(st.integers(1000, 10**14), st.sampled_from([("binary", 1024), ("decimal", 1000)]))
def test_the_true_size_lies_within_the_bounds(size: int, system: tuple[str, int]) -> None:
    name, base = system
    power = next(p for p in (4, 3, 2, 1, 0) if size >= base**p)
    text = f"{Decimal(size) / base**power:.2f} {' KMGT'[power].strip()}B"
    for told in (stated_size(text, name), stated_size(text, "unknown")):
        assert told is not None and told["size_least"] <= size <= told["size_most"]


@pytest.mark.parametrize("text", ["", "GB", "1,05 GB", "-1 GB", "1e9 GB", "999999999999 TB", "0 B"])
def test_no_size(text: str) -> None:
    assert stated_size(text, "binary") is None


def test_unknown_cloud_is_no_cloud_cover() -> None:
    reading = only(env.resto(replace(IMAGE, cloud="-1")))
    assert product(reading).cloud_cover is None
    assert not reading.warnings


def test_a_radar_sees_no_clouds(shared: Path) -> None:
    path = shared / "catalogue_api/eodag/eodag_search_result.geojson"
    delivered = json.loads(path.read_text())["features"][0]["properties"]
    assert delivered["eo:cloud_cover"] == 0 and delivered["title"].startswith("S1A_WV_OCN")
    reading = only(path.read_bytes())
    assert product(reading).cloud_cover is None
    assert {p.json for p in of(reading, Property) if p.name == "eo:cloud_cover"} == {"0"}


def test_mundi_calls_the_relative_orbit_the_orbit() -> None:
    feed = env.feed(env.atom(replace(IMAGE, absolute_orbit=IMAGE.relative_orbit)))
    reading = only(feed)
    assert (product(reading).absolute_orbit, product(reading).datatake_id) == (None, None)


def test_sentinel1_types_modes_and_polarisations_are_those_of_its_name() -> None:
    name = "S1A_IW_GRDH_1SDV_20210809T173953_20210809T174018_039156_049F13_6FF8"
    value = {
        "Id": "x", "Name": f"{name}.SAFE", "ContentLength": 5, "Footprint": IMAGE.wkt,
        "ContentDate": {"Start": "2021-08-09T17:39:53.153Z", "End": "2021-08-09T17:40:18.1Z"},
        "Attributes": [
            {"Name": n, "Value": v}
            for n, v in {
                "productType": "IW_GRDH_1S", "operationalMode": "IW", "orbitNumber": 39156,
                "polarisationChannels": "VV&VH", "instrumentShortName": "SAR",
                "platformShortName": "SENTINEL-1", "platformSerialIdentifier": "A",
                "processingLevel": "LEVEL1", "datatakeID": 302867, "orbitDirection": "ASCENDING",
            }.items()
        ],
    }  # fmt: skip
    reading = only(value)
    told = product(reading)
    assert not reading.warnings
    assert told.product_id == name and told.platform == "sentinel-1a"
    assert (told.product_type, told.instrument_mode, told.instrument) == ("GRD", "IW", "c-sar")
    assert (told.polarisations, told.processing_level) == (("VV", "VH"), "L1")
    assert (told.absolute_orbit, told.orbit_direction) == (39156, "ascending")
    assert told.acquisition_ids == ("S1A_20210809T173953",)


@pytest.mark.parametrize(
    ("raw", "told"),
    [
        ("VV&VH", ("VV", "VH")),
        ("VH VV", ("VV", "VH")),
        ("HH", ("HH",)),
        (["VV", "VH"], ("VV", "VH")),
    ],
)
def test_polarisations(raw: Any, told: tuple[str, ...]) -> None:
    found = convert.polarisations(raw)
    assert found is not None and found[0] == told


# Real answers -----------------------------------------------------------------------------


def test_a_real_odata_answer_field_by_field(shared: Path) -> None:
    path = shared / "catalogue_api/eodag/provider_responses/cop_dataspace_search.json"
    delivered = json.loads(path.read_text(), parse_float=Decimal)
    readings = env.read(path.read_bytes())
    assert len(readings) == len(delivered["value"]) == 2
    for raw, reading in zip(delivered["value"], readings, strict=True):
        told = {one["Name"]: one["Value"] for one in raw["Attributes"]}
        own, entry = product(reading), of(reading, CatalogueEntry)[0]
        assert own.product_id == raw["Name"].removesuffix(".SAFE")
        assert own.cloud_cover == told["cloudCover"]
        assert own.mgrs_tiles == (told["tileId"],)
        assert own.datatake_id == told["productGroupId"].removesuffix("_N05.00")
        assert own.absolute_orbit == told["orbitNumber"]
        assert own.footprint_wkt is not None
        assert sorted(own.footprint_wkt.split("(")[-1].rstrip(")").split(", ")) == sorted(
            f"{x} {y}" for x, y in raw["GeoFootprint"]["coordinates"][0]
        )
        assert entry.entry_id == raw["Id"] and entry.never_evicted
        assert entry.provider == "catalogue.dataspace.copernicus.eu"
        assert {a.size for a in of(reading, Asset)} == {raw["ContentLength"], None}
        assert {c.checksum_value for c in of(reading, Checksum)} == {
            one["Value"] for one in raw["Checksum"]
        }
        assert not reading.warnings


TABLE = {
    "eodag/eodag_search_result.geojson": ("catalogue", 1),
    "eodag/eodag_search_result_awseos.geojson": ("catalogue", 2),
    "eodag/eodag_search_result_cop_dataspace.geojson": ("stac", 2),
    "eodag/provider_responses/awseos_search.json": ("catalogue", 2),
    "eodag/provider_responses/cop_dataspace_search.json": ("catalogue", 2),
    "eodag/provider_responses/earth_search_search.json": ("stac", 1),
    "eodag/provider_responses/eumetsat_ds_search.json": ("catalogue", 1),
}


@pytest.mark.parametrize("name", TABLE)
def test_each_real_answer_belongs_to_one_loader(shared: Path, name: str) -> None:
    data = (shared / "catalogue_api" / name).read_bytes()
    kind, count = TABLE[name]
    loaders = {"catalogue": CatalogueLoader(), "stac": StacLoader()}
    for own, loader in loaders.items():
        assert len(env.find(data, loader)) == (count if own == kind else 0)
    assert len(env.read(data, loaders[kind])) == count


def test_eumetsat_products_keep_what_they_have(shared: Path) -> None:
    path = shared / "catalogue_api/eodag/provider_responses/eumetsat_ds_search.json"
    reading = only(path.read_bytes())
    own = product(reading)
    assert own == Product(
        product_id="PREmm20201201000000120IMPGS01GL",
        product_type="PRE",
        datetime="2020-12-01T00:00:00Z",
        sensing_start="2020-12-01T00:00:00Z",
        sensing_stop="2021-01-01T00:00:00Z",
    )
    kept = {p.pointer: p.json for p in of(reading, Property)}
    assert kept["/properties/productInformation/size"] == "353"
    assert "the entry does not say where the product lies" in reading.warnings


def test_what_eodag_calls_the_incidence_angle_is_the_suns(shared: Path) -> None:
    path = shared / "catalogue_api/eodag/eodag_search_result_awseos.geojson"
    for reading in env.read(path.read_bytes()):
        own = product(reading)
        assert own.view_incidence_angle is None
        assert own.sun_zenith is not None and own.sun_elevation is not None
        assert abs(own.sun_zenith + own.sun_elevation - 90) < Decimal("0.000001")
        assert any("zenith angle of the sun" in one for one in reading.warnings)


def test_addresses_tell_the_provider_whatever_the_form() -> None:
    for data in (
        env.feed(env.dhus_xml(IMAGE)), env.dhus_json_answer(env.dhus_json(IMAGE)),
        env.feed(env.atom(IMAGE)), env.resto_answer(env.resto(IMAGE)), env.odata(IMAGE),
    ):  # fmt: skip
        assert entry_of(data).provider == HOST.removeprefix("https://")
    assert entry_of(env.iso(IMAGE)).provider == "-"
    assert entry_of(env.eodag(IMAGE)).provider == "eodag:cop_dataspace"


def test_all_real_answers_go_to_their_loaders_among_all_the_others(
    shared: Path, tmp_path: Path
) -> None:
    folder = shared / "catalogue_api"
    with dafab_kg.open(tmp_path / "store") as catalogue:
        report = catalogue.load(folder)
        taken: dict[str, list[str]] = {}
        for outcome in report.outcomes:
            name = outcome.origin.split("#")[0].removeprefix(f"{folder}/")
            taken.setdefault(name, []).append(f"{outcome.kind} {outcome.status}")
        assert {name: taken[name] for name in TABLE} == {
            name: [f"{kind} loaded"] * count for name, (kind, count) in TABLE.items()
        }
        assert catalogue.doctor() == ()
