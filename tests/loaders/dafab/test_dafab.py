"""DaFab items: every figure of the real collection in its own field, and the older spellings."""

from __future__ import annotations

import json
import re
from decimal import Decimal

import pytest

from dafab_kg.loaders.dafab import DafabLoader
from dafab_kg.loaders.stac import StacLoader
from dafab_kg.model.documents import Entry, Found, Refused, Tree
from dafab_kg.model.errors import DocumentRejected, GeometryNotValid
from dafab_kg.model.records import (
    Agriculture,
    Asset,
    DataIdentifier,
    DerivedProduct,
    InferenceRun,
    Link,
    MaskAgreement,
    Model,
    Product,
    Property,
    StacCatalog,
    StacItem,
    WaterAnalysis,
    WaterAnomaly,
    WaterObjects,
)
from dafab_kg.model.values import instant

LOADER = DafabLoader()
SOURCE = "S2B_MSIL2A_20210124T035039_N0500_R104_T47QPC_20230522T020320"
ROOT = "https://dafab.cern.ch/stac"

# Each figure of the block with the record and field that its description (notes on the
# catalogue's profiles) names; written by hand, not taken from the loader.
FIGURE = {
    "observed_water": "observed_water",
    "observed_water_visible": "observed_water_visible",
    "reference_permanent_water": "reference_permanent_water",
    "reference_permanent_water_visible": "reference_permanent_water_visible",
    "reference_seasonal_water": "reference_seasonal_water",
    "reference_seasonal_water_visible": "reference_seasonal_water_visible",
    "excess_total_water_observed": "excess_total_water_observed",
    "excess_total_water_observed_area(km2)": "excess_total_water_observed_area",
    "excess_water_observed_by_permanent_seasonal": "excess_water_observed_by_permanent_seasonal",
    "excess_seasonal_water_observed": "excess_seasonal_water_observed",
    "deficit_water_observed": "deficit_water_observed",
    "deficit_water_observed_area(km2)": "deficit_water_observed_area",
    "difference_water_mask/other": "difference_other",
    "difference_water_mask/exclusion_reference": "difference_exclusion_reference",
    "difference_water_mask/exclusion_observed": "difference_exclusion_observed",
    "difference_water_mask/water_deficit_observed": "difference_water_deficit_observed",
    "difference_water_mask/water_seasonal_not_observed": "difference_water_seasonal_not_observed",
    "difference_water_mask/water_permanent_observed": "difference_water_permanent_observed",
    "difference_water_mask/water_seasonal_observed": "difference_water_seasonal_observed",
    "difference_water_mask/water_excess_observed": "difference_water_excess_observed",
}
OBJECT = {
    "number": "count",
    "total_area(km2)": "total_area",
    "mean_area(km2)": "mean_area",
    "max_area(km2)": "max_area",
    "min_area(km2)": "min_area",
    "excess_total_water_observed": "percentage",
    "deficit_water_observed": "percentage",
}
SIGN = {"excess_total_water": "excess", "deficit_water": "deficit"}
SCORE = {
    "overlap_water_percentage", "left_join_water_percentage", "right_join_water_percentage",
    "overlap_other_percentage", "iou_score_water", "iou_score_other", "mcc_score", "kappa_score",
}  # fmt: skip


def entry(name: str, data: bytes) -> Entry:
    return Entry(name, name, len(data), data[:4096], lambda: data)


def find(data, name="item.json"):
    text = data if isinstance(data, bytes) else json.dumps(data).encode()
    return list(LOADER.find(Tree(name, (entry(name, text),))))


def read(value):
    (found,) = find(value)
    assert isinstance(found, Found)
    assert found.document.kind == "dafab"
    return LOADER.read(found.document)


def of(reading, type_):
    return [record for record in reading.records if type(record) is type_]


def one(reading, type_):
    (record,) = of(reading, type_)
    return record


def numbers_of(value, path=()):
    if isinstance(value, dict):
        for key, child in value.items():
            yield from numbers_of(child, (*path, key))
    elif isinstance(value, list):
        for position, child in enumerate(value):
            yield from numbers_of(child, (*path, position))
    elif isinstance(value, Decimal | int) and not isinstance(value, bool):
        yield path, Decimal(value)


def field_value(reading, path):
    """The value of the one field where the number at ``path`` belongs."""
    if path[0] == "bbox":
        product = one(reading, DerivedProduct)
        return (product.west, product.south, product.east, product.north)[path[1]]
    assert path[:2] == ("properties", "dafab:water-analysis"), path
    figure = path[2:]
    if figure == ("water_analysis_algorithm_version",):
        return Decimal(one(reading, InferenceRun).algorithm_version)
    if "/".join(figure) in FIGURE:
        return getattr(one(reading, WaterAnalysis), FIGURE["/".join(figure)])
    if figure[0] in SIGN:
        (objects,) = (o for o in of(reading, WaterObjects) if o.anomaly_sign == SIGN[figure[0]])
        return getattr(objects, OBJECT[figure[1]])
    assert figure[0] == "trustworthiness_observed_water_mask"
    assert figure[2] in SCORE
    (agreement,) = (a for a in of(reading, MaskAgreement) if a.comparison == figure[1])
    return getattr(agreement, figure[2])


def test_every_number_of_the_real_collection_stands_in_its_own_field(shared):
    paths = sorted((shared / "water_analysis").glob("*.json"))
    assert len(paths) == 519
    for path in paths:
        data = path.read_bytes()
        value = json.loads(data, parse_float=Decimal)
        reading = read(data)
        wkt = one(reading, DerivedProduct).footprint_wkt
        corners = {
            tuple(map(Decimal, pair.split())) for pair in re.findall(r"-?[\d.]+ -?[\d.]+", wkt)
        }
        count = 0
        for place, number in numbers_of(value):
            if place[0] == "geometry":
                assert any(number == corner[place[-1]] for corner in corners), (path.name, place)
            else:
                assert field_value(reading, place) == number, (path.name, place)
            count += 1
        # the block's 57 numbers, the box, and a ring of four positions at least
        assert count >= 57 + 4 + 8, path.name
        assert reading.warnings == ()


def test_everything_else_of_the_real_collection_is_there_too(shared):
    for path in sorted((shared / "water_analysis").glob("*.json")):
        value = json.loads(path.read_bytes())
        reading = read(path.read_bytes())
        product, run = one(reading, DerivedProduct), one(reading, InferenceRun)
        item, properties = one(reading, StacItem), value["properties"]
        source = value["id"].removesuffix("_water_analysis_200")
        assert (product.product_id, product.kind) == (value["id"], "water")
        assert product.source_product_id == run.source_product_id == source
        assert (run.run_id, run.product_id, product.run_id) == (value["id"],) * 3
        assert product.datetime == instant(properties["datetime"])
        assert product.processing_level == properties["processing:level"]
        assert product.processing_version == properties["processing:version"]
        assert run.processing_version == properties["processing:version"]
        assert product.platform == f"sentinel-2{source[2].lower()}"
        assert product.mgrs_tiles == (source.split("_")[5][1:],)
        assert one(reading, Model).model_version == run.model_version == "200"
        assert (item.stac_version, list(item.extensions)) == (
            value["stac_version"],
            value["stac_extensions"],
        )
        assert (item.provider, item.collection_id) == ("dafab.cern.ch", value["collection"])
        links = [{"rel": link.rel, "href": link.href} for link in of(reading, Link)]
        assert links == value["links"]
        assets = {
            a.asset_key: {"href": a.href, "type": a.media_type, "title": a.title}
            for a in of(reading, Asset)
        }
        assert assets == value["assets"]
        assert of(reading, Property) == []  # this profile is read to the last member
        assert one(reading, WaterAnomaly).policy == "water-anomaly/1"


def test_containers_are_told_by_the_scope_in_the_addresses_and_no_file_is_made_up(shared):
    path = shared / "water_analysis" / f"{SOURCE}_water_analysis_200.json"
    reading = read(path.read_bytes())
    dids = {did.did: did.did_type for did in of(reading, DataIdentifier)}
    assert dids == {
        f"dafab:{SOURCE}_water_analysis_200": "CONTAINER",
        f"dafab:{SOURCE}_water_analysis_200_assets": "DATASET",
    }


def derived(collection="water_analysis", block=None, version=200, **changes):
    item_id = f"{SOURCE}_{collection}_{version}"
    value = {
        "type": "Feature",
        "stac_version": "1.1.0",
        "id": item_id,
        "collection": collection,
        "geometry": {"type": "Polygon", "coordinates": [[[1, 1], [2, 1], [2, 2], [1, 2], [1, 1]]]},
        "bbox": [1, 1, 2, 2],
        "properties": {"datetime": "2021-01-24T03:50:39.024Z", **(block or {})},
        "links": [
            {"rel": "root", "href": ROOT},
            {"rel": "self", "href": f"{ROOT}/collections/{collection}/items/{item_id}"},
        ],
        "assets": {},
    }
    return value | changes


def water(**figures):
    return derived(block={"dafab:water-analysis": figures})


def test_agriculture():
    block = {
        "smart_agriculture_algorithm_version": 300,
        "number_of_fields": 12,
        "field_percentage": 31.5,
        "total_field_area(ha)": 120.25,
        "min_area_of_fields(ha)": 0.5,
        "mean_area_of_fields(ha)": 10.02,
        "max_area_of_fields(ha)": 40,
        "field_percentage_tile_grid": 7.25,
    }
    reading = read(derived("smart_agriculture", {"dafab:smart-agriculture": block}, 300))
    assert one(reading, DerivedProduct).kind == "agriculture"
    assert one(reading, Agriculture) == Agriculture(
        f"{SOURCE}_smart_agriculture_300",
        number_of_fields=12,
        field_percentage=Decimal("31.5"),
        total_field_area=Decimal("120.25"),
        min_field_area=Decimal("0.5"),
        mean_field_area=Decimal("10.02"),
        max_field_area=Decimal(40),
    )
    (rest,) = of(reading, Property)
    assert rest.pointer == "/properties/dafab:smart-agriculture/field_percentage_tile_grid"
    assert rest.name == "dafab:smart-agriculture"
    assert rest.numbers == (Decimal("7.25"),)
    assert one(reading, Model).model == "smart_agriculture"
    assert not of(reading, WaterAnomaly)


OLDER = {
    "%observed_water": 1.5,
    "%observed_water_visible": 1.4,
    "%reference_permanent_water": 2.5,
    "%reference_permanent_water_visible": 2.4,
    "%reference_seasonal_water": 0.5,
    "%reference_seasonal_water_visible": 0.4,
    "NO_WATER": 90.1,
    "NO_REFERENCE": 0.2,
    "NO_OBSERVED": 0.3,
    "DROUGHT": 0.4,
    "SEASONAL": 0.5,
    "PERMANENT": 0.6,
    "SEASONAL_OBSERVED": 0.7,
    "FLOOD_OBSERVED": 0.8,
    "#excess_water_observed": 1234,
    "%excess_water_observed": 150.5,
    "%water_observed_by_permanent&seasonal": 88.5,
    "%excess_seasonal_water_observed": 33.5,
    "#lack_water_observed": 567,
    "%lack_water_observed": 45.5,
    "excess_water": {
        "number": 3,
        "total_area(ha)": 250,
        "mean_area(ha)": 83.3,
        "max_area(ha)": 200,
        "min_area(ha)": 1.5,
    },
    "lack_water": {"number": 1, "total_area(ha)": 7},
}


@pytest.mark.parametrize("name", ["dafab:water-analysis", "dafab:water_analysis"])
def test_older_water_figures_on_the_images_own_item(name):
    value = derived(
        id=SOURCE,
        collection="sentinel_2_l2a",
        properties={"datetime": "2021-01-24T03:50:39.024Z", "eo:cloud_cover": 5, name: OLDER},
    )
    reading = read(value)
    image, product = one(reading, Product), one(reading, DerivedProduct)
    assert (image.product_id, image.cloud_cover) == (SOURCE, Decimal(5))
    assert product.product_id == f"{SOURCE}_water_analysis"  # the block tells no version
    assert product.source_product_id == SOURCE
    assert not of(reading, Model)
    assert one(reading, WaterAnalysis) == WaterAnalysis(
        product.product_id,
        observed_water=Decimal("1.5"),
        observed_water_visible=Decimal("1.4"),
        reference_permanent_water=Decimal("2.5"),
        reference_permanent_water_visible=Decimal("2.4"),
        reference_seasonal_water=Decimal("0.5"),
        reference_seasonal_water_visible=Decimal("0.4"),
        excess_total_water_observed=Decimal("150.5"),
        excess_water_observed_by_permanent_seasonal=Decimal("88.5"),
        excess_seasonal_water_observed=Decimal("33.5"),
        deficit_water_observed=Decimal("45.5"),
        difference_other=Decimal("90.1"),
        difference_exclusion_reference=Decimal("0.2"),
        difference_exclusion_observed=Decimal("0.3"),
        difference_water_deficit_observed=Decimal("0.4"),
        difference_water_seasonal_not_observed=Decimal("0.5"),
        difference_water_permanent_observed=Decimal("0.6"),
        difference_water_seasonal_observed=Decimal("0.7"),
        difference_water_excess_observed=Decimal("0.8"),
    )
    excess, deficit = of(reading, WaterObjects)
    assert (excess.count, excess.total_area, excess.mean_area, excess.max_area) == (
        3, Decimal("2.5"), Decimal("0.833"), Decimal(2),
    )  # fmt: skip
    assert (deficit.anomaly_sign, deficit.count, deficit.total_area) == (
        "deficit",
        1,
        Decimal("0.07"),
    )
    kept = {p.pointer.rpartition("/")[2]: p.json for p in of(reading, Property)}
    assert kept == {
        "#excess_water_observed": "1234",
        "#lack_water_observed": "567",
        "total_area(ha)": "7",
        "mean_area(ha)": "83.3",
        "max_area(ha)": "200",
        "min_area(ha)": "1.5",
    }
    assert one(reading, WaterAnomaly).anomaly_type == "floodAndDrought"


def test_older_fields_on_the_images_own_item():
    block = {"smart_agriculture_algorithm_version": 200, "number_of_fields": 4}
    value = derived(
        id=SOURCE,
        collection="sentinel-2-l2a",
        properties={"datetime": "2021-01-24T03:50:39Z", "dafab:field_boundaries": block},
    )
    reading = read(value)
    assert one(reading, Agriculture).product_id == f"{SOURCE}_smart_agriculture_200"
    assert one(reading, StacItem).product_id == SOURCE


@pytest.mark.parametrize(
    ("excess", "deficit", "verdict"),
    [
        (0, 0, "normal"),
        (99.99, 29.99, "normal"),
        (100, 0, "flood"),
        (34900, 29.99, "flood"),
        (0, 30, "drought"),
        (100, 30, "floodAndDrought"),
    ],
)
def test_the_verdict_follows_the_stated_thresholds(excess, deficit, verdict):
    reading = read(water(excess_total_water_observed=excess, deficit_water_observed=deficit))
    anomaly = one(reading, WaterAnomaly)
    assert anomaly.anomaly_type == verdict
    assert anomaly.policy == "water-anomaly/1"
    assert anomaly.excess_percentage == Decimal(str(excess))
    assert anomaly.deficit_percentage == Decimal(str(deficit))


def test_a_ratio_over_a_few_pixels_is_no_flood():
    figures = {"excess_total_water_observed": 34900, "deficit_water_observed": 0}
    small = water(**figures, **{"excess_total_water_observed_area(km2)": 0.03})
    large = water(**figures, **{"excess_total_water_observed_area(km2)": 1})
    assert one(read(small), WaterAnomaly).anomaly_type == "normal"
    assert one(read(large), WaterAnomaly).anomaly_type == "flood"


@pytest.mark.parametrize(
    "figures",
    [
        {"excess_total_water_observed": 500},
        {"deficit_water_observed": 50},
        {"excess_total_water_observed": 500, "deficit_water_observed": None},
        {"excess_total_water_observed": 500, "deficit_water_observed": "much"},
        {},
    ],
)
def test_no_verdict_without_both_figures(figures):
    reading = read(water(**figures))
    assert not of(reading, WaterAnomaly)


def test_a_stated_verdict_wins():
    value = water(excess_total_water_observed=0, deficit_water_observed=0)
    facet = f"{ROOT}/collections/water_analysis/catalogs/water_anomaly/water_anomaly_flood"
    value["links"].append({"rel": "parent", "href": facet})
    anomaly = one(read(value), WaterAnomaly)
    assert (anomaly.anomaly_type, anomaly.policy) == ("flood", "stated")
    value = water(observed_water=1)
    value["properties"]["dafab:water_anomaly"] = "flood and drought"
    anomaly = one(read(value), WaterAnomaly)
    assert (anomaly.anomaly_type, anomaly.policy) == ("floodAndDrought", "stated")


def test_the_source_is_the_one_linked_and_a_contradiction_is_told():
    value = water(observed_water=1)
    assert one(read(value), DerivedProduct).source_product_id == SOURCE
    other = SOURCE.replace("T47QPC", "T47QPB")
    value["links"].append(
        {"rel": "derived_from", "href": f"{ROOT}/collections/sentinel_2_l2a/items/{other}?x=1"}
    )
    reading = read(value)
    assert one(reading, DerivedProduct).source_product_id == other
    assert one(reading, DerivedProduct).mgrs_tiles == ("47QPB",)
    assert any(other in warning for warning in reading.warnings)


def test_file_names_are_used_where_the_document_tells_the_extension():
    item_id = f"{SOURCE}_water_analysis_200"
    stable = f"{ROOT}/assets/my%20scope/items/{item_id}"
    value = water(observed_water=1)
    value["assets"] = {
        "plain": {"href": f"{stable}/plain", "type": "image/tiff"},
        "told": {"href": f"{stable}/told.tif"},
        "local": {"href": f"{stable}/local", "file:local_path": f"x/{item_id}_local.geojson"},
        "placeholder": {"href": "URL to something.tif"},
    }
    reading = read(value)
    files = {did.asset_key: did for did in of(reading, DataIdentifier) if did.did_type == "FILE"}
    assert {key: did.did for key, did in files.items()} == {
        "told": f"my scope:{item_id}_told.tif",
        "local": f"my scope:{item_id}_local.geojson",
    }
    assets = {asset.asset_key: asset for asset in of(reading, Asset)}
    assert assets["told"].did_name == f"{item_id}_told.tif"
    assert (assets["told"].did_vo, assets["told"].did_scope) == ("def", "my scope")
    assert assets["plain"].did_name is None
    assert assets["placeholder"].access_url is None
    assert {did.asset_product_id for did in files.values()} == {item_id}


def test_a_figure_that_is_no_number_is_kept_and_warned_of():
    reading = read(water(observed_water="lots", deficit_water={"number": 1.5}, new={"a": [1, 2]}))
    kept = {
        p.pointer.removeprefix("/properties/dafab:water-analysis/"): p.json
        for p in of(reading, Property)
    }
    assert kept == {"observed_water": '"lots"', "deficit_water/number": "1.5", "new/a": "[1,2]"}
    assert len(reading.warnings) == 2


@pytest.mark.parametrize("block", [None, 7, [], {}, "x"])
def test_a_block_without_figures_is_kept(block):
    reading = read(derived(block={"dafab:water-analysis": block}))
    assert one(reading, Property).json == json.dumps(block)


def test_versions_that_contradict_are_told():
    reading = read(
        derived(block={"dafab:water-analysis": {"water_analysis_algorithm_version": 100}})
    )
    assert one(reading, InferenceRun).algorithm_version == "100"
    assert any("100" in warning and "200" in warning for warning in reading.warnings)


def test_facets_and_original_items_are_recognised():
    facet = f"{ROOT}/collections/water_analysis/catalogs/water_anomaly"
    catalog = {
        "type": "Catalog",
        "stac_version": "1.1.0",
        "id": "water_anomaly_flood",
        "description": "floods",
        "links": [
            {"rel": "self", "href": f"{facet}/water_anomaly_flood"},
            {"rel": "parent", "href": facet},
        ],
    }
    assert one(read(catalog), StacCatalog).catalog_id == "water_anomaly_flood"
    original = derived(id=SOURCE, collection="sentinel_2_l2a")
    original["links"] = [{"rel": "collection", "href": f"{ROOT}/collections/sentinel_2_l2a"}]
    original["assets"] = {"B02_10m": {"href": f"{ROOT}/assets/dafab/items/{SOURCE}/B02_10m"}}
    reading = read(original)
    assert one(reading, Product).product_id == SOURCE
    assert {did.name for did in of(reading, DataIdentifier)} == {SOURCE, f"{SOURCE}_assets"}


def test_an_image_of_another_catalogue_is_left_to_stac():
    value = derived(id=SOURCE, collection="sentinel_2_l2a", links=[])
    assert find(value) == []
    assert find(derived(id=SOURCE, collection="sentinel-2-l2a")) == []


def test_neighbours_in_a_collection_go_to_stac():
    plain = derived(id="plain", collection="other", links=[])
    page = {"type": "FeatureCollection", "features": [plain, water(observed_water=1)]}
    first, second = find(page)
    assert (first.document.kind, first.document.pointer) == ("stac", "/features/0")
    assert (second.document.kind, second.document.pointer) == ("dafab", "/features/1")
    assert one(StacLoader().read(first.document), Product).product_id == "plain"
    assert find({"type": "FeatureCollection", "features": [plain]}) == []


def test_broken_files_are_left_to_stac_which_says_why():
    data = b'{"stac_version": "1.1.0", "properties": {"dafab:water-analysis": {"a": 1, "a": 2}}}'
    assert find(data) == []
    (refused,) = StacLoader().find(Tree("a.json", (entry("a.json", data),)))
    assert isinstance(refused, Refused)
    assert "/properties/dafab:water-analysis/a" in str(refused.error)


def test_a_derived_item_without_a_place_is_refused():
    (found,) = find(derived(geometry=None, block={"dafab:water-analysis": {}}))
    with pytest.raises(GeometryNotValid):
        LOADER.read(found.document)


def test_an_item_of_a_dafab_collection_without_figures_is_read_with_a_warning():
    reading = read(derived())
    assert any("no figures" in warning for warning in reading.warnings)
    assert one(reading, InferenceRun).algorithm_version == "200"  # the id tells it


def test_a_document_from_the_store_reads_the_same():
    page = {"type": "FeatureCollection", "features": [water(observed_water=1.25)]}
    (found,) = find(page)
    before = LOADER.read(found.document)
    object.__setattr__(found.document, "value", None)
    assert LOADER.read(found.document) == before


def test_other_json_is_no_business_of_this_loader():
    assert find({"about": "water_analysis"}) == []
    assert find(b"not json, though it says dafab:") == []
    with pytest.raises(DocumentRejected):
        (found,) = find(water(observed_water=1))
        object.__setattr__(found.document, "value", {"type": "Feature"})
        LOADER.read(found.document)
