"""The STAC loader on real catalogues, against pystac and against the documents themselves."""

from __future__ import annotations

import json
import warnings
from decimal import Decimal
from pathlib import Path

import pystac
import pytest

from dafab_kg.loaders.stac import StacLoader
from dafab_kg.model.documents import Entry, Found, Refused, Tree, escape_pointer
from dafab_kg.model.errors import DocumentRejected
from dafab_kg.model.records import (
    Acquisition,
    Asset,
    Link,
    Platform,
    ProcessingStep,
    Product,
    Property,
    StacCatalog,
    StacCollection,
    StacItem,
    Tile,
)
from dafab_kg.model.strict_json import read_json
from dafab_kg.model.values import instant

LOADER = StacLoader()
FOLDERS = ("stac_catalogues", "catalogue_api", "s2_safe/stactools", "events", "chips")

# Where a property stands if it stands in a field as delivered; from the extensions'
# own descriptions, not from the loader's table.  Times are compared as instants.
FIELD_OF = {
    "s1:product_timeliness": "timeliness",
    "s1:resolution": "resolution_class",
    "title": "title", "s2:product_uri": "product_uri", "s2:product_type": "product_type",
    "sar:product_type": "product_type", "product:type": "product_type", "license": "license",
    "processing:level": "processing_level", "s2:processing_baseline": "processing_baseline",
    "processing:version": "processing_baseline", "platform": "platform",
    "s2:generation_time": "generation_time", "processing:datetime": "generation_time",
    "s1:processing_datetime": "generation_time", "gsd": "ground_sample_distance",
    "s2:datastrip_id": "datastrip_ids", "s2:granule_id": "granule_ids",
    "s2:tile_id": "granule_ids", "s2:mgrs_tile": "mgrs_tiles", "proj:code": "crs_codes",
    "datetime": "datetime", "start_datetime": "sensing_start", "end_datetime": "sensing_stop",
    "sat:relative_orbit": "relative_orbit", "sat:absolute_orbit": "absolute_orbit",
    "sat:orbit_state": "orbit_direction", "view:sun_azimuth": "sun_azimuth",
    "view:sun_elevation": "sun_elevation", "s2:mean_solar_zenith": "sun_zenith",
    "s2:mean_solar_azimuth": "sun_azimuth", "view:azimuth": "view_azimuth",
    "view:incidence_angle": "view_incidence_angle", "eo:cloud_cover": "cloud_cover",
    "eo:snow_cover": "snow_cover", "sar:polarizations": "polarisations",
    "sar:instrument_mode": "instrument_mode", "instruments": "instrument",
    "s2:reflectance_conversion_factor": "reflectance_conversion_factor",
}  # fmt: skip


def entry(name: str, data: bytes) -> Entry:
    return Entry(name, name, len(data), data[:4096], lambda: data)


def find(name: str, data: bytes | object) -> list[Found | Refused]:
    text = data if isinstance(data, bytes) else json.dumps(data).encode()
    return list(LOADER.find(Tree(name, (entry(name, text),))))


def read(value: object, name: str = "item.json"):
    (found,) = find(name, value)
    assert isinstance(found, Found), found.error
    return LOADER.read(found.document)


def of(reading, type_):
    return [record for record in reading.records if type(record) is type_]


def one(reading, type_):
    (record,) = of(reading, type_)
    return record


def item(**changes):
    value = {
        "type": "Feature",
        "stac_version": "1.1.0",
        "id": "scene",
        "geometry": {"type": "Polygon", "coordinates": [[[1, 1], [2, 1], [2, 2], [1, 2], [1, 1]]]},
        "bbox": [1, 1, 2, 2],
        "properties": {"datetime": "2024-05-06T07:08:09Z"},
        "links": [],
        "assets": {},
    }
    return value | changes


def with_properties(**properties):
    return item(properties={"datetime": "2024-05-06T07:08:09Z", **properties})


def real_documents(shared: Path, *folders: str):
    for folder in folders:
        files = sorted(path for path in (shared / folder).rglob("*") if path.is_file())
        entries = (entry(str(path), path.read_bytes()) for path in files)
        yield from LOADER.find(Tree(folder, tuple(entries)))


def leaves(value, pointer=""):
    """Each leaf with its pointer: a scalar, an array of scalars, or something empty."""
    if isinstance(value, dict) and value:
        for key, child in value.items():
            yield from leaves(child, f"{pointer}/{escape_pointer(key)}")
    elif isinstance(value, list) and any(isinstance(child, dict | list) for child in value):
        for position, child in enumerate(value):
            yield from leaves(child, f"{pointer}/{position}")
    else:
        yield pointer, value


def rebuilt(reading, value) -> dict[str, object]:
    """The leaves of ``properties``, by pointer, as the records tell them."""
    told = {p.pointer: read_json(p.json.encode(), where="x") for p in of(reading, Property)}
    product, entry_ = one(reading, Product), one(reading, StacItem)
    platforms = of(reading, Platform)
    for name in value.get("properties") or {}:
        pointer = f"/properties/{escape_pointer(name)}"
        if any(key == pointer or key.startswith(f"{pointer}/") for key in told):
            continue
        if name in {"created", "updated"}:
            told[pointer] = getattr(entry_, name)
        elif name == "constellation":
            told[pointer] = platforms[0].constellation
        elif name == "processing:software":
            for step in of(reading, ProcessingStep):
                told[f"{pointer}/{escape_pointer(step.software)}"] = step.software_version
        elif name in {"s2:datatake_type", "sentinel2:datatake_type"}:
            told[pointer] = next(
                r.datatake_type for r in reading.records if hasattr(r, "datatake_type")
            )
        elif name.endswith("_percentage"):
            told[pointer] = getattr(product, name.partition(":")[2])
        else:
            told[pointer] = getattr(product, FIELD_OF[name.replace("sentinel2:", "s2:")])
    return told


def is_same(delivered, told) -> bool:
    if isinstance(told, tuple):
        return list(told) == delivered or list(told) == [delivered]
    if isinstance(delivered, list) and isinstance(told, str):
        return delivered == [told]
    if isinstance(delivered, str) and isinstance(told, str) and delivered != told:
        return instant(delivered) == told
    return delivered == told and isinstance(delivered, bool) == isinstance(told, bool)


def test_all_real_documents_are_read(shared):
    kinds: dict[str, int] = {}
    for found in real_documents(shared, *FOLDERS):
        assert isinstance(found, Found), found.error
        LOADER.read(found.document)
        kind = found.document.key.partition("/")[0]
        kinds[kind] = kinds.get(kind, 0) + 1
    # counted in the folders with another tool (jq: type, stac_version)
    assert kinds["item"] >= 81
    assert kinds["catalog"] >= 10
    assert kinds["collection"] >= 3


def test_nothing_of_the_properties_is_lost(shared):
    count = 0
    for found in real_documents(shared, *FOLDERS):
        value = found.document.value
        if value.get("type") != "Feature":
            continue
        reading = LOADER.read(found.document)
        told = rebuilt(reading, value)
        for pointer, delivered in leaves(value["properties"], "/properties"):
            assert pointer in told, (found.document.key, pointer)
            if (
                pointer.endswith("constellation")
                and str(delivered).lower().replace(" ", "-") == told[pointer]
            ):
                continue  # one spelling for all
            assert is_same(delivered, told[pointer]), (found.document.key, pointer, told[pointer])
            count += 1
    assert count > 2000


def test_nothing_of_the_assets_and_links_is_lost(shared):
    fields = {
        "href": "href", "type": "media_type", "title": "title", "description": "description",
        "roles": "roles", "file:size": "size", "file:checksum": "checksum",
        "checksum:multihash": "checksum",
    }  # fmt: skip
    for found in real_documents(shared, *FOLDERS):
        value = found.document.value
        reading = LOADER.read(found.document)
        kept = {p.pointer: read_json(p.json.encode(), where="x") for p in of(reading, Property)}
        links = {link.link: link for link in of(reading, Link)}
        for position, link in enumerate(value.get("links", ())):
            record = links[str(position)]
            told = {"rel": record.rel, "href": record.href, "type": record.media_type}
            told["title"] = record.title
            for pointer, delivered in leaves(link):
                assert delivered in (told.get(pointer[1:]), kept.get(f"/links/{position}{pointer}"))
        if value.get("type") != "Feature":
            continue
        assets = {asset.asset_key: asset for asset in of(reading, Asset)}
        for key, asset in value["assets"].items():
            for pointer, delivered in leaves(asset):
                full = f"/assets/{escape_pointer(key)}{pointer}"
                if full in kept:
                    assert kept[full] == delivered
                else:
                    assert is_same(delivered, getattr(assets[key], fields[pointer[1:]])), full


def test_nothing_of_catalogues_and_collections_is_lost(shared):
    seen = 0
    for found in real_documents(shared, *FOLDERS):
        value = found.document.value
        if value.get("type") == "Feature":
            continue
        seen += 1
        reading = LOADER.read(found.document)
        kept = {p.pointer: read_json(p.json.encode(), where="x") for p in of(reading, Property)}
        (record,) = of(reading, StacCollection) + of(reading, StacCatalog)
        for pointer, delivered in leaves({k: v for k, v in value.items() if k != "links"}):
            name = pointer.split("/")[1]
            if name in {"type", "id"}:
                continue
            field = {"stac_extensions": "extensions"}.get(name, name)
            told = kept[pointer] if pointer in kept else getattr(record, field)
            assert is_same(delivered, told), (pointer, told)
    assert seen >= 12


def test_pystac_reads_the_same(shared):
    compared = 0
    for found in real_documents(shared, *FOLDERS):
        if found.document.value.get("type") != "Feature":
            continue
        product = one(LOADER.read(found.document), Product)
        plain = json.loads(json.dumps(found.document.value, default=float))
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            theirs = pystac.Item.from_dict(plain, preserve_dict=False)
        common = theirs.common_metadata
        if theirs.datetime is not None:
            assert product.datetime == instant(theirs.datetime.isoformat())
        if common.start_datetime is not None:
            assert product.sensing_start == instant(common.start_datetime.isoformat())
        if common.gsd is not None:
            assert float(product.ground_sample_distance) == common.gsd
        if common.platform is not None and common.platform.startswith("sentinel-2"):
            assert product.platform.startswith(common.platform)
        if theirs.properties.get("proj:code") is not None:
            assert product.crs_codes == (theirs.properties["proj:code"],)
        if theirs.bbox is not None and len(theirs.bbox) == 4:
            ours = [product.west, product.south, product.east, product.north]
            assert [float(corner) for corner in ours] == theirs.bbox
        compared += 1
    assert compared >= 81


def test_items_of_a_safe_product_are_about_that_product(shared):
    """The folder's name is the product's name; stactools made the item from its files."""
    count = 0
    for path in sorted((shared / "s2_safe/stactools").glob("*.SAFE/expected_output.json")):
        name = path.parent.name.removeprefix("esa_").removesuffix(".SAFE")
        satellite, _, start, baseline, orbit, tile, _ = name.split("_")
        reading = read(path.read_bytes())
        product = one(reading, Product)
        assert product.product_id == name
        assert product.platform == f"sentinel-2{satellite[-1].lower()}"
        assert product.processing_baseline == f"{baseline[1:3]}.{baseline[3:]}"
        assert product.relative_orbit == int(orbit[1:])
        assert product.mgrs_tiles == (tile[1:],)
        assert product.acquisition_ids == (f"{satellite}_{start}_{tile}",)
        assert one(reading, Acquisition).acquisition_id == f"{satellite}_{start}_{tile}"
        assert reading.warnings == () or "bbox" in reading.warnings[0]
        count += 1
    assert count >= 4


def test_search_pages_and_single_files_hold_many_documents(shared):
    path = shared / "stac_catalogues/eodag-static/stac_singlefile.json"
    found = find("single.json", path.read_bytes())
    features = json.loads(path.read_bytes())["features"]
    assert [f.document.pointer for f in found] == [f"/features/{i}" for i in range(len(features))]
    assert len({f.document.document_id for f in found}) == len(features)
    again = [f.document for f in find("single.json", path.read_bytes())]
    for document in again:
        object.__setattr__(document, "value", None)  # as it comes back from the store
        assert one(LOADER.read(document), StacItem).item_id


def test_sentinel_1(shared):
    folder = shared / "stac_catalogues/stactools-s1-examples/grd"
    name = "S1A_IW_GRDH_1SDV_20210809T173953_20210809T174018_039156_049F13"
    product = one(read((folder / name / f"{name}.json").read_bytes()), Product)
    assert product.product_id == f"{name}_6FF8"
    assert product.scene_id == name
    assert product.platform == "sentinel-1a"
    assert product.polarisations == ("VV", "VH")
    assert product.instrument_mode == "IW"
    assert product.product_type == "GRD"
    assert product.processing_level == "L1"
    assert product.absolute_orbit == 39156
    assert product.acquisition_ids == ("S1A_20210809T173953",)


@pytest.mark.parametrize(
    ("links", "provider"),
    [
        (
            [("root", "https://root.example/x"), ("self", "https://Self.example:8443/i")],
            "self.example:8443",
        ),
        ([("self", "./item.json"), ("root", "https://root.example/x")], "root.example"),
        ([("self", "https://user:word@self.example/i")], "self.example"),
        ([("self", "/var/x.json")], "-"),
        ([("self", "https://[broken/i")], "-"),
        ([], "-"),
    ],
)
def test_the_provider_is_the_host_that_serves_it(links, provider):
    reading = read(item(links=[{"rel": rel, "href": href} for rel, href in links]))
    assert one(reading, StacItem).provider == provider


def test_keys_and_iris_are_encoded():
    (found,) = find("x", item(id="a/b c", collection="COPERNICUS/S2"))
    assert found.document.key == "item/-/COPERNICUS%2FS2/a%2Fb%20c"
    reading = read(item(id="a/b c", collection="COPERNICUS/S2", extra=1))
    assert one(reading, Property).owner == "https://w3id.org/dafab/id/product/a%2Fb%20c"


def test_catalogues_of_the_same_id_under_different_parents_are_two(shared):
    folder = shared / "stac_catalogues/eodag-static/stac/country"
    keys = {
        find("year.json", (folder / country / "year/year.json").read_bytes())[0].document.key
        for country in ("FRA", "GBR")
    }
    assert len(keys) == 2


def test_what_is_not_stac_is_left_to_others():
    assert find("a.geojson", {"type": "FeatureCollection", "features": [{"type": "Feature"}]}) == []
    assert find("a.json", {"some": "thing"}) == []
    assert find("a.json", [1, 2]) == []
    assert find("a.jsonld", b'{"@context": broken') == []
    assert find("readme.txt", b"{ this is no JSON }") == []
    assert find("a.bin", b"\x00\x01") == []


@pytest.mark.parametrize("name", ["a.json", "a.geojson"])
@pytest.mark.parametrize(
    "data",
    [
        b'{"type": "Feature", ',
        b'{"stac_version": "1.0.0", "id": "a", "id": "b"}',
        b'{"stac_version": "1.0.0", "x": NaN}',
        b'{"stac_version": "1.0.0", "x": "\xff"}',
        b'{"a":' * 20_000_000,
        b"",
    ],
)
def test_broken_json_is_refused(name, data):
    (refused,) = find(name, data)
    assert isinstance(refused, Refused)
    assert isinstance(refused.error, DocumentRejected)
    assert name in str(refused.error)


def test_a_broken_file_that_speaks_of_stac_is_refused_whatever_its_name():
    (refused,) = find("S2A_33TWN", b'{"type": "Feature", "stac_version": "1.0.0", ')
    assert isinstance(refused, Refused)


@pytest.mark.parametrize("id_", [None, "", 7, ["a"]])
def test_an_item_without_a_proper_id_is_refused(id_):
    (refused,) = find("a.json", item(id=id_))
    assert isinstance(refused, Refused)


def test_strangers_and_twins_in_a_collection_are_refused_alone():
    page = {
        "type": "FeatureCollection",
        "features": [
            item(),
            {"type": "Feature", "geometry": None},
            item(),
            item(bbox=[1, 1, 3, 3]),
        ],
    }
    first, *others = find("a.json", page)
    assert isinstance(first, Found)
    assert sorted(other.error.where for other in others) == [
        "a.json#/features/1",
        "a.json#/features/3",
    ]


SQUARE = [[[1, 1], [2, 1], [2, 2], [1, 2], [1, 1]]]


@pytest.mark.parametrize(
    "geometry",
    [
        None,
        {"type": "Polygon", "coordinates": []},
        {"type": "Polygon", "coordinates": [SQUARE]},
        {"type": "MultiPolygon", "coordinates": SQUARE},
        {"type": "Polygon", "coordinates": [[[0, 0], [2, 2], [2, 0], [0, 2], [0, 0]]]},
        {"type": "Polygon", "coordinates": [[[0, 0], [2, 95], [2, 0], [0, 0]]]},
        {"type": "Polygon", "coordinates": [[[0, 0], [999, 1], [2, 0], [0, 0]]]},
        {"type": "Polygon"},
        {"type": "Square", "coordinates": SQUARE},
        "POLYGON ((0 0, 1 0, 1 1, 0 0))",
    ],
)
def test_what_is_no_place_is_refused_with_a_remedy(geometry):
    (found,) = find("a.json", item(geometry=geometry))
    with pytest.raises(DocumentRejected) as caught:
        LOADER.read(found.document)
    assert "a.json" in str(caught.value)
    assert caught.value.remedy


@pytest.mark.parametrize("member", ["properties", "assets", "links"])
def test_members_of_the_wrong_type_are_refused(member):
    (found,) = find("a.json", item(**{member: "text"}))
    with pytest.raises(DocumentRejected) as caught:
        LOADER.read(found.document)
    assert f"/{member}" in caught.value.where


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("eo:cloud_cover", "much"),
        ("eo:cloud_cover", 120),
        ("eo:cloud_cover", True),
        ("datetime", "yesterday"),
        ("gsd", {"x": 1}),
        ("sat:relative_orbit", 1.5),
        ("platform", ["s2a"]),
        ("instruments", [1]),
    ],
)
def test_one_bad_value_is_kept_and_warned_of(name, value):
    reading = read(with_properties(**{name: value}))
    assert any(warning.startswith(f"/properties/{name}:") for warning in reading.warnings)
    kept = {p.pointer: p.json for p in of(reading, Property)}
    assert any(pointer.startswith(f"/properties/{name}") for pointer in kept)


def test_numbers_written_as_text_are_read_and_kept():
    reading = read(with_properties(**{"eo:cloud_cover": "12.5"}))
    assert one(reading, Product).cloud_cover == Decimal("12.5")
    assert one(reading, Property).json == '"12.5"'


def test_leaves_keep_types_and_emptiness():
    odd = {"n": None, "e": {}, "l": [], "m": [1, "a", None, True], "d": [{"x/y": 1.50}, [2]]}
    reading = read(with_properties(odd=odd, when="2020-01-01T00:00:00.500Z"))
    kept = {p.pointer: p for p in of(reading, Property)}
    assert {pointer: p.json for pointer, p in kept.items()} == {
        "/properties/odd/n": "null",
        "/properties/odd/e": "{}",
        "/properties/odd/l": "[]",
        "/properties/odd/m": '[1,"a",null,true]',
        "/properties/odd/d/0/x~1y": "1.5",
        "/properties/odd/d/1": "[2]",
        "/properties/when": '"2020-01-01T00:00:00.500Z"',
    }
    mixed = kept["/properties/odd/m"]
    assert (mixed.numbers, mixed.texts, mixed.booleans) == ((Decimal(1),), ("a",), (True,))
    assert kept["/properties/when"].instants == ("2020-01-01T00:00:00.5Z",)
    assert {p.name for p in kept.values()} == {"odd", "when"}


def test_a_name_fills_gaps_and_contradictions_are_warned_of():
    name = "S2B_MSIL2A_20240206T132229_N0510_R038_T27VWK_20240206T151632"
    reading = read(with_properties(title=f"{name}.SAFE", **{"sat:relative_orbit": 39}))
    product = one(reading, Product)
    assert (product.product_id, product.scene_id) == (name, "scene")
    assert product.relative_orbit == 39
    assert product.processing_level == "L2A"
    assert any("relative_orbit" in warning for warning in reading.warnings)
    assert [tile.mgrs_tile for tile in of(reading, Tile)] == ["27VWK"]


def test_a_less_exact_level_gives_way_to_the_name_and_is_kept():
    name = "S2B_MSIL2A_20240206T132229_N0510_R038_T27VWK_20240206T151632"
    reading = read(item(id=name, properties={"datetime": None, "processing:level": "L2"}))
    assert one(reading, Product).processing_level == "L2A"
    kept = {p.pointer: p.json for p in of(reading, Property)}
    assert kept == {"/properties/datetime": "null", "/properties/processing:level": '"L2"'}


def test_times_in_other_zones_are_kept_beside_their_utc():
    reading = read(with_properties(datetime="2024-05-06T09:08:09+02:00"))
    assert one(reading, Product).datetime == "2024-05-06T07:08:09Z"
    assert one(reading, Property).json == '"2024-05-06T09:08:09+02:00"'


def test_a_box_with_heights_is_kept():
    reading = read(item(bbox=[1, 1, -5, 2, 2, 90]))
    product = one(reading, Product)
    assert (product.west, product.south, product.east, product.north) == (1, 1, 2, 2)
    assert one(reading, Property).json == "[1,1,-5,2,2,90]"


def test_a_newer_version_is_read_with_a_warning():
    reading = read(item(stac_version="2.0.0", novelty={"a": 1}))
    assert any("2.0.0" in warning for warning in reading.warnings)
    assert one(reading, Property).pointer == "/novelty/a"


def test_older_versions_are_migrated():
    old = item(
        stac_version="0.8.1",
        stac_extensions=["eo", "datetime-range"],
        properties={
            "datetime": "2019-01-01T00:00:00Z",
            "dtr:start_datetime": "2019-01-01T00:00:00Z",
            "eo:cloud_cover": 3,
            "eo:epsg": 32633,
            "eo:platform": "sentinel-2a",
            "eo:sun_azimuth": 100.5,
        },
    )
    product = one(read(old), Product)
    assert product.crs_codes == ("EPSG:32633",)
    assert product.platform == "sentinel-2a"
    assert product.sun_azimuth == Decimal("100.5")
    assert product.sensing_start == "2019-01-01T00:00:00Z"


def test_base_is_used_for_owners():
    reading = StacLoader("https://example.org/id/")
    (found,) = reading.find(Tree("a.json", (entry("a.json", json.dumps(item(x=1)).encode()),)))
    records = reading.read(found.document).records
    assert [r.owner for r in records if type(r) is Property] == [
        "https://example.org/id/product/scene"
    ]
