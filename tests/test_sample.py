"""The sample catalogue: alike everywhere, true to geometry and calendar, consistent in itself."""

from __future__ import annotations

import csv
import hashlib
import json
import re
from collections.abc import Iterator
from dataclasses import fields
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pystac
import pytest
import rasterio
import shapely
from lxml import etree
from pyproj import Transformer
from shapely.geometry import Polygon, box, shape

from dafab_kg.loaders.registry import discover, loaders
from dafab_kg.loaders.trees import open_trees
from dafab_kg.model.documents import Found, Reading, SourceDocument
from dafab_kg.model.errors import FileNotUsable
from dafab_kg.model.records import Product
from dafab_kg.model.settings import Settings
from dafab_kg.sample import SampleReport, write_sample
from dafab_kg.sample.passes import REGIONS, passes
from dafab_kg.sample.tiles import TILE_KM2, lonlat, swath, tile

SAFE_NAME = re.compile(
    r"S2([ABC])_MSIL(1C|2A)_(\d{8}T\d{6})_N(\d{4})_R(\d{3})_T(\d\d[C-X][A-Z]{2})_\d{8}T\d{6}\.SAFE"
)
LUXEMBOURG = box(5.73, 49.45, 6.53, 50.18)
FLORIDA = box(-87.6, 24.5, -80.0, 31.0)
MEKONG = box(104.0, 8.5, 107.5, 12.5)


@pytest.fixture(scope="module")
def sample(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, SampleReport]:
    place = tmp_path_factory.mktemp("sample")
    return place, write_sample(place)


def documents(place: Path, pattern: str) -> Iterator[dict[str, Any]]:
    for path in sorted(place.glob(pattern)):
        document = json.loads(path.read_text(encoding="utf-8"))
        if document["type"] == "Feature":
            yield document


def blocks(place: Path, name: str) -> Iterator[tuple[dict[str, Any], dict[str, Any]]]:
    for document in documents(place, "dafab/*.json"):
        if name in document["properties"]:
            yield document, document["properties"][name]


def tree_hash(place: Path) -> str:
    digest = hashlib.sha256()
    # compressed bytes of rasters differ between versions of GDAL; their pixels are looked at below
    for path in sorted(p for p in place.rglob("*") if p.is_file() and p.suffix != ".tif"):
        digest.update(path.relative_to(place).as_posix().encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()


# --- the whole ---------------------------------------------------------------------------------


def test_the_same_seed_gives_the_same_bytes_on_each_machine(tmp_path: Path) -> None:
    write_sample(tmp_path / "a", products=40)
    write_sample(tmp_path / "b", products=40)
    write_sample(tmp_path / "c", products=40, seed=7)
    first = tree_hash(tmp_path / "a")
    assert first == tree_hash(tmp_path / "b")
    assert first != tree_hash(tmp_path / "c")
    # Written down when the sample was last changed on purpose; elsewhere it must come out alike.
    assert first == "866e67386fa6523f058f6ebb5409f6ac9ce616a211a5b9f156e41a69379611f7"


def test_the_report_counts_what_is_there(sample: tuple[Path, SampleReport]) -> None:
    place, report = sample
    assert report.files == sum(1 for p in place.rglob("*") if p.is_file())
    assert report.products == 300 == sum(1 for _ in place.glob("safe/*.SAFE"))
    features = [*documents(place, "stac/*.json"), *documents(place, "dafab/*.json")]
    derived = [d for d in features if d["collection"] in {"water_analysis", "smart_agriculture"}]
    assert report.derived == len(derived) > 100
    assert report.items == len(features) - len(derived)
    assert "synthetic" in (place / "README.txt").read_text(encoding="utf-8")


@pytest.mark.parametrize("products", [0, 1, 7, 60])
def test_any_number_of_products_can_be_asked_for(tmp_path: Path, products: int) -> None:
    told: list[tuple[int, int]] = []
    report = write_sample(
        tmp_path, products=products, progress=lambda done, total: told.append((done, total))
    )
    assert report.products == products == len(list(tmp_path.glob("safe/*.SAFE")))
    assert told == [(n, products) for n in range(1, products + 1)]


def test_a_directory_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(FileNotUsable, match=r"file.*cannot be written"):
        write_sample(tmp_path / "file", products=1)


# --- geometry ----------------------------------------------------------------------------------


def test_tiles_lie_where_real_products_have_them(shared: Path) -> None:
    """The published water products say where their tiles are; full ones have the tile's corners."""
    checked = set()
    for path in sorted((shared / "water_analysis").glob("*.json")):
        name = re.search(r"_T(\d\d[N-X][A-Z]{2})_", path.name)
        ring = shape(json.loads(path.read_text())["geometry"])
        if name is None or len(ring.exterior.coords) != 5:
            continue
        place = tile(name[1])
        ours = shape(
            {
                "type": "Polygon",
                "coordinates": [lonlat(place.epsg, [*place.corners, place.corners[0]])],
            }
        )
        if ring.area > 0.999 * ours.area:
            assert ours.symmetric_difference(ring).area < 1e-4 * ours.area, path.name
            checked.add(name[1])
        else:
            assert ring.difference(ours.buffer(1e-4)).area < 1e-6, path.name
    assert len(checked) > 20


def test_a_granule_says_the_same_corner_as_real_ones(shared: Path) -> None:
    seen = set()
    for path in sorted((shared / "s2_safe").rglob("MTD_TL.xml")):
        root = etree.parse(path)
        name = re.search(r"_T(\d\d[N-X][A-Z]{2})", root.findtext(".//TILE_ID"))
        if name is None:
            continue
        place = tile(name[1])
        corner = root.find(".//Geoposition[@resolution='10']")
        assert (place.ulx, place.uly) == (int(corner.findtext("ULX")), int(corner.findtext("ULY")))
        assert root.findtext(".//HORIZONTAL_CS_CODE") == f"EPSG:{place.epsg}"
        seen.add(name[1])
    assert "31UFS" in seen


def test_a_tile_of_the_south_is_refused() -> None:
    with pytest.raises(ValueError, match="northern"):
        tile("60CWS")


@pytest.mark.parametrize("side", ["east", "west"])
@pytest.mark.parametrize("share", [0.05, 0.3, 0.75, 0.98])
def test_part_of_a_tile_has_that_part_of_its_area(side: str, share: float) -> None:
    place = tile("31UGR")
    part = shape({"type": "Polygon", "coordinates": [swath(place, side, share)]})
    assert part.is_valid
    assert part.area / 1e6 == pytest.approx(share * TILE_KM2)
    assert part.within(shape({"type": "Polygon", "coordinates": [place.corners]}).buffer(1))


# --- calendar ----------------------------------------------------------------------------------


def test_orbit_numbers_follow_the_published_rule() -> None:
    """Relative orbit = (absolute - shift) mod 143 + 1, with 3 for S2A's and 27 for S2B's shift.

    The rule is the mission's own; S2C's shift was read off real products (6030 is orbit 54).
    """
    shift = {"A": -2, "B": 27, "C": -29}
    for region in REGIONS:
        for passed in passes(region):
            expected = (passed.absolute_orbit - shift[passed.satellite]) % 143 + 1
            assert passed.view.relative_orbit == expected


def test_passes_meet_real_ones(shared: Path) -> None:
    """Real products of the same satellite and orbit lie a multiple of 10 days away."""
    real = re.compile(r"S2([AB])_MSIL2A_(20(?:1[89]|2[0-4])\d{4})T\d{6}_N\d{4}_R(\d{3})_T")
    days: dict[tuple[str, int], set[int]] = {}
    for path in (shared / "water_analysis").glob("*.json"):
        found = real.match(path.name)
        if found:
            day = datetime.strptime(found[2], "%Y%m%d").toordinal() % 10
            days.setdefault((found[1], int(found[3])), set()).add(day)
    compared = 0
    for region in REGIONS:
        for passed in passes(region):
            there = days.get((passed.satellite, passed.view.relative_orbit))
            if there:
                assert passed.start.toordinal() % 10 in there
                compared += 1
    assert compared > 100


# --- SAFE --------------------------------------------------------------------------------------


def test_safe_directories_are_named_and_laid_out_as_specified(
    sample: tuple[Path, SampleReport],
) -> None:
    place, _ = sample
    seen = set()
    for folder in place.glob("safe/*.SAFE"):
        name = SAFE_NAME.fullmatch(folder.name)
        assert name, folder.name
        seen.add((name[1], name[2]))
        files = {p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file()}
        granule = next(f for f in files if f.startswith("GRANULE/"))
        assert files == {"manifest.safe", f"MTD_MSIL{name[2]}.xml", granule}
        assert re.fullmatch(
            rf"GRANULE/L{name[2]}_T{name[6]}_A\d{{6}}_\d{{8}}T\d{{6}}/MTD_TL\.xml", granule
        )
        root = etree.parse(folder / f"MTD_MSIL{name[2]}.xml").getroot()
        assert etree.QName(root).localname == f"Level-{name[2]}_User_Product"
        assert root.findtext(".//PRODUCT_URI") == folder.name
        assert root.findtext(".//PROCESSING_BASELINE").replace(".", "") == name[4]
    assert {("A", "2A"), ("B", "2A"), ("C", "2A"), ("A", "1C"), ("B", "1C")} <= seen


def test_the_manifest_states_size_and_checksum_of_its_files(
    sample: tuple[Path, SampleReport],
) -> None:
    place, _ = sample
    for folder in sorted(place.glob("safe/*.SAFE"))[::40]:
        for stream in etree.parse(folder / "manifest.safe").iter("byteStream"):
            data = (folder / stream.find("fileLocation").get("href")).read_bytes()
            assert len(data) == int(stream.get("size"))
            assert hashlib.sha3_256(data).hexdigest().upper() == stream.findtext("checksum")


def test_scene_classes_sum_to_the_whole_and_cloud_to_its_parts(
    sample: tuple[Path, SampleReport],
) -> None:
    place, _ = sample
    classes = [
        *("SATURATED_DEFECTIVE_PIXEL", "DARK_FEATURES", "CLOUD_SHADOW", "VEGETATION"),
        *("NOT_VEGETATED", "WATER", "UNCLASSIFIED", "MEDIUM_PROBA_CLOUDS"),
        *("HIGH_PROBA_CLOUDS", "THIN_CIRRUS", "SNOW_ICE"),
    ]
    for path in place.glob("safe/*/MTD_MSIL2A.xml"):
        root = etree.parse(path)
        share = {name: float(root.findtext(f".//{name}_PERCENTAGE")) for name in classes}
        assert min(share.values()) >= 0, path
        assert sum(share.values()) == pytest.approx(100, abs=1e-4)
        cloud = share["MEDIUM_PROBA_CLOUDS"] + share["HIGH_PROBA_CLOUDS"] + share["THIN_CIRRUS"]
        assert float(root.findtext(".//Cloud_Coverage_Assessment")) == pytest.approx(
            cloud, abs=1e-5
        )


def test_some_products_exist_at_two_baselines(sample: tuple[Path, SampleReport]) -> None:
    place, _ = sample
    versions: dict[tuple[str, ...], set[str]] = {}
    for folder in place.glob("safe/*_MSIL2A_*.SAFE"):
        name = SAFE_NAME.fullmatch(folder.name)
        assert name
        versions.setdefault((name[1], name[3], name[6]), set()).add(name[4])
    assert sum(len(v) == 2 for v in versions.values()) >= 20


# --- STAC --------------------------------------------------------------------------------------


def test_items_are_sound_stac(sample: tuple[Path, SampleReport]) -> None:
    place, _ = sample
    for path in [*place.glob("stac/*.json"), *place.glob("dafab/*.json")]:
        document = json.loads(path.read_text(encoding="utf-8"))
        if document["type"] == "Collection":
            assert pystac.Collection.from_dict(document).extent.temporal.intervals[0][0]
            continue
        item = pystac.Item.from_dict(document, preserve_dict=True, migrate=False)
        geometry = shape(document["geometry"])
        assert geometry.is_valid
        assert geometry.exterior.is_ccw  # RFC 7946
        assert item.datetime is not None
        assert item.bbox == pytest.approx(list(geometry.bounds))
        assert path.stem == document["id"] == item.id
        assert all(asset["href"].startswith("https://") for asset in document["assets"].values())
        used = {k.split(":")[0] for k in document["properties"] if ":" in k}
        told = {u.split("/")[3] for u in document["stac_extensions"]}
        names = {"eo": "eo", "proj": "projection", "sat": "sat", "view": "view", "grid": "grid"}
        assert {names[p] for p in used & names.keys()} <= told


def test_items_describe_products_that_are_there(sample: tuple[Path, SampleReport]) -> None:
    place, _ = sample
    products = {p.name for p in place.glob("safe/*.SAFE")}
    for document in documents(place, "stac/*.json"):
        assert document["properties"]["s2:product_uri"] in products
    originals = {
        d["id"] for d in documents(place, "dafab/*.json") if "eo:cloud_cover" in d["properties"]
    }
    assert {f"{name}.SAFE" for name in originals} <= products
    for document in documents(place, "dafab/*_[0-9][0-9][0-9].json"):
        source = next(link["href"] for link in document["links"] if link["rel"] == "derived_from")
        assert source.rsplit("/", 1)[1] in originals
        assert document["id"].startswith(source.rsplit("/", 1)[1])


# --- figures -----------------------------------------------------------------------------------

WATER_KEYS = {
    "water_analysis_algorithm_version",
    "observed_water",
    "observed_water_visible",
    "reference_permanent_water",
    "reference_permanent_water_visible",
    "reference_seasonal_water",
    "reference_seasonal_water_visible",
    "difference_water_mask",
    "excess_total_water_observed",
    "excess_total_water_observed_area(km2)",
    "excess_water_observed_by_permanent_seasonal",
    "excess_seasonal_water_observed",
    "deficit_water_observed",
    "deficit_water_observed_area(km2)",
    "excess_total_water",
    "deficit_water",
    "trustworthiness_observed_water_mask",
}


def footprint_km2(document: dict[str, Any]) -> float:
    """Area by the tile's own grid: the footprint back in UTM."""
    place = tile(document["id"].split("_")[5][1:])
    to_utm = Transformer.from_crs(4326, place.epsg, always_xy=True)
    corners = [to_utm.transform(*point) for point in document["geometry"]["coordinates"][0]]
    return float(Polygon(corners).area / 1e6)


def test_water_figures_agree_with_each_other(sample: tuple[Path, SampleReport]) -> None:
    place, _ = sample
    for document, block in blocks(place, "dafab:water-analysis"):
        assert set(block) == WATER_KEYS
        mask, area = block["difference_water_mask"], footprint_km2(document)
        assert sum(mask.values()) == pytest.approx(100, abs=1e-3)
        assert min(mask.values()) >= 0
        excess = mask["water_excess_observed"] + mask["water_seasonal_observed"]
        seen = mask["water_permanent_observed"] + excess
        assert block["observed_water"] == pytest.approx(seen, abs=2e-4)
        reference = block["reference_permanent_water_visible"]
        assert reference == pytest.approx(
            mask["water_permanent_observed"] + mask["water_deficit_observed"], abs=2e-4
        )
        assert reference <= block["reference_permanent_water"] + 1e-6
        if reference > 0.05:
            assert block["excess_total_water_observed"] == pytest.approx(
                100 * excess / reference, rel=2e-3, abs=0.02
            )
        assert block["excess_total_water_observed_area(km2)"] == pytest.approx(
            excess * area / 100, abs=0.02
        )
        assert block["deficit_water_observed_area(km2)"] == pytest.approx(
            mask["water_deficit_observed"] * area / 100, abs=0.02
        )


@pytest.mark.parametrize(("sign", "least"), [("excess_total_water", 0.05), ("deficit_water", 0.03)])
def test_water_objects_sum_up(sample: tuple[Path, SampleReport], sign: str, least: float) -> None:
    place, _ = sample
    some = 0
    for _, block in blocks(place, "dafab:water-analysis"):
        objects = block[sign]
        number, total = objects["number"], objects["total_area(km2)"]
        assert total <= block[f"{sign}_observed_area(km2)"] + 0.01
        if not number:
            assert total == 0
            continue
        some += 1
        assert objects["mean_area(km2)"] == pytest.approx(total / number, abs=0.006)
        assert least <= objects["min_area(km2)"] <= objects["max_area(km2)"] <= total
        assert objects["min_area(km2)"] * number <= total + 0.01
    assert some > 50


def test_scores_follow_from_the_overlaps(sample: tuple[Path, SampleReport]) -> None:
    place, _ = sample
    for _, block in blocks(place, "dafab:water-analysis"):
        for pair in block["trustworthiness_observed_water_mask"].values():
            both, left, right, other = (
                pair[k]
                for k in (
                    "overlap_water_percentage",
                    "left_join_water_percentage",
                    "right_join_water_percentage",
                    "overlap_other_percentage",
                )
            )
            assert both + left + right + other == pytest.approx(100, abs=1e-3)
            if both > 0.1:
                assert pair["iou_score_water"] == pytest.approx(
                    both / (both + left + right), abs=0.01
                )
            assert -1 <= pair["kappa_score"] <= pair["mcc_score"] + 0.02 <= 1.02


def test_field_figures_agree_with_each_other(sample: tuple[Path, SampleReport]) -> None:
    place, _ = sample
    for document, block in blocks(place, "dafab:smart-agriculture"):
        hectares = footprint_km2(document) * 100
        total, number = block["total_field_area(ha)"], block["number_of_fields"]
        assert block["field_percentage"] == pytest.approx(100 * total / hectares, abs=0.01)
        assert block["mean_area_of_fields(ha)"] == pytest.approx(total / number, abs=0.01)
        assert block["min_area_of_fields(ha)"] < block["mean_area_of_fields(ha)"]
        assert block["mean_area_of_fields(ha)"] < block["max_area_of_fields(ha)"] < total


# --- the headline questions --------------------------------------------------------------------


@pytest.mark.parametrize("products", [12, 300])
def test_luxembourg_with_fields_and_hardly_a_cloud_has_an_answer(
    tmp_path: Path, products: int
) -> None:
    write_sample(tmp_path, products=products)
    cloud = {
        d["id"]: d["properties"]["eo:cloud_cover"]
        for d in documents(tmp_path, "dafab/*.json")
        if "eo:cloud_cover" in d["properties"]
    }
    hits = [
        d
        for d, block in blocks(tmp_path, "dafab:smart-agriculture")
        if block["number_of_fields"] > 0
        and cloud[d["id"].split("_smart")[0]] < 5
        and shape(d["geometry"]).intersects(LUXEMBOURG)
    ]
    assert 0 < len(hits) < products / 4


@pytest.mark.parametrize("products", [12, 300])
def test_florida_was_flooded_in_autumn_2022_and_not_before(tmp_path: Path, products: int) -> None:
    write_sample(tmp_path, products=products)
    wet, dry = [], [0.0]
    for document, block in blocks(tmp_path, "dafab:water-analysis"):
        if not shape(document["geometry"]).intersects(FLORIDA) or "_T17RL" in document["id"]:
            continue  # on the coast the sea outweighs any flood
        when = document["properties"]["datetime"]
        after = "2022-09-29" <= when < "2022-10-07"
        (wet if after else dry).append(block["excess_total_water_observed"])
    assert min(wet) > 60
    assert max(wet) > 100  # the loader's policy calls it a flood from here
    assert sorted(dry)[len(dry) // 2] < 50


def test_the_mekong_is_wet_in_october_and_dry_in_april(sample: tuple[Path, SampleReport]) -> None:
    place, _ = sample
    excess: dict[str, list[float]] = {}
    deficit: dict[str, list[float]] = {}
    for document, block in blocks(place, "dafab:water-analysis"):
        if shape(document["geometry"]).intersects(MEKONG):
            month = document["properties"]["datetime"][5:7]
            excess.setdefault(month, []).append(block["excess_total_water_observed"])
            deficit.setdefault(month, []).append(block["deficit_water_observed"])
    assert max(excess["10"]) > 4 * max(excess["04"])
    assert max(deficit["04"]) > 4 * min(deficit["10"])


def test_clouds_follow_the_season(sample: tuple[Path, SampleReport]) -> None:
    place, _ = sample
    cloud: dict[bool, list[float]] = {True: [], False: []}
    for path in place.glob("safe/*_MSIL2A_*_T3[12]U*/MTD_MSIL2A.xml"):
        month = int(path.parent.name[15:17])
        share = float(etree.parse(path).findtext(".//Cloud_Coverage_Assessment"))
        assert 0 <= share <= 100
        cloud[month in {11, 12, 1, 2}].append(share)
    mean = {winter: sum(v) / len(v) for winter, v in cloud.items()}
    assert mean[True] > mean[False] + 10


# --- the loaders -------------------------------------------------------------------------------


def readings(place: Path) -> Iterator[tuple[SourceDocument, Reading]]:
    ours = loaders()
    for tree in open_trees([place], Settings()):
        for item in discover(tree, ours):
            assert isinstance(item, Found), item
            (reader,) = [one for one in ours if one.name == item.document.kind]
            yield item.document, reader.read(item.document)


def test_the_loaders_read_every_document_without_a_word(tmp_path: Path) -> None:
    report = write_sample(tmp_path, products=60)
    (tmp_path / "README.txt").unlink()
    kinds: dict[str, int] = {}
    for document, reading in readings(tmp_path):
        kinds[document.kind] = kinds.get(document.kind, 0) + 1
        assert reading.records, document.origin
        if not document.origin.endswith("posts.json"):  # of which personal data are dropped
            assert reading.warnings == (), document.origin
    collections = 4
    assert kinds["sentinel2"] == 60
    assert kinds["stac"] + kinds["dafab"] == report.items + report.derived + collections
    assert kinds.keys() == {
        "sentinel2", "stac", "dafab", "events", "parcels", "places", "raster"
    }  # fmt: skip


def test_one_product_has_the_same_facts_in_its_documents(tmp_path: Path) -> None:
    write_sample(tmp_path, products=60)
    (tmp_path / "README.txt").unlink()
    told: dict[str, list[Product]] = {}
    for _, reading in readings(tmp_path):
        for record in reading.records:
            if isinstance(record, Product):
                told.setdefault(record.product_id, []).append(record)
    several = [products for products in told.values() if len(products) > 1]
    assert any(len(products) == 3 for products in several)
    for products in several:
        for name in ("cloud_cover", "datetime", "platform", "mgrs_tiles", "processing_baseline"):
            values = {getattr(product, name) for product in products} - {None, ()}
            assert len(values) == 1, (products[0].product_id, name, values)


def test_safe_metadata_fill_every_field_they_can(tmp_path: Path) -> None:
    """SAFE does not tell these; everything else that a Sentinel-2 product has must be there."""
    untold = {"scene_id", "title", "polarisations", "instrument_mode", "license"}
    untold |= {"created", "updated", "ground_sample_distance", "snow_cover"}
    # what only radar products have
    untold |= {"product_class", "product_composition", "slice_number", "swaths"}
    untold |= {"resolution_class", "cycle_number", "timeliness", "total_slices"}
    untold |= {"source_product_ids"}
    write_sample(tmp_path, products=20)
    missing: set[str] | None = None
    for document, reading in readings(tmp_path / "safe"):
        assert document.kind == "sentinel2"
        for record in reading.records:
            if isinstance(record, Product):
                empty = {f.name for f in fields(record) if getattr(record, f.name) in (None, ())}
                missing = empty if missing is None else missing & empty
    assert missing is not None
    assert missing <= untold


# --- what figures are derived from --------------------------------------------------------------


def pixels_of(path: Path) -> npt.NDArray[np.uint8]:
    with rasterio.open(path) as raster:
        return raster.read(1)  # type: ignore[no-any-return]


def test_clouds_of_the_raster_are_those_of_the_item(sample: tuple[Path, SampleReport]) -> None:
    (path,) = sample[0].glob("stac/*_scl.tif")
    item = json.loads(path.with_name(path.name.removesuffix("_scl.tif") + ".json").read_text())
    cloud = 100 * (pixels_of(path) == 9).mean()
    assert cloud == pytest.approx(item["properties"]["eo:cloud_cover"], abs=0.001)


def test_water_masks_say_what_the_analysis_says(sample: tuple[Path, SampleReport]) -> None:
    paths = sorted(sample[0].glob("dafab/*.tif"))
    name = paths[0].name.partition("_dafab-")[0]
    block = json.loads((paths[0].parent / f"{name}.json").read_text())["properties"][
        "dafab:water-analysis"
    ]
    observed, reference = map(pixels_of, paths)
    assert "observed" in paths[0].name
    assert 100 * (observed == 1).mean() == pytest.approx(block["observed_water"], abs=0.01)
    permanent = block["reference_permanent_water"]
    assert 100 * (reference == 1).mean() == pytest.approx(permanent, abs=0.01)
    excess = (observed == 1) & (reference == 0)
    assert excess.mean() * TILE_KM2 == pytest.approx(
        block["excess_total_water_observed_area(km2)"], rel=0.02
    )


def test_the_track_is_that_of_hurricane_ian(
    shared: Path, sample: tuple[Path, SampleReport]
) -> None:
    file = shared / "events" / "hurdat-florida" / "AL092022_IAN_track_rows_of_dfp.csv"
    with file.open(newline="") as rows:
        true = {
            row["datetime"]: (row["geometry"], int(row["wind_speed"]), int(row["pressure"]))
            for row in csv.DictReader(rows)
        }
    header, *lines = (sample[0] / "events" / "hurdat2-ian.txt").read_text().splitlines()
    assert header.startswith("AL092022,")
    assert int(header.split(",")[2]) == len(lines)
    for line in lines:
        day, hour, _, _, north, west, wind, pressure = [
            part.strip() for part in line.split(",")[:8]
        ]
        key = f"{day[:4]}-{day[4:6]}-{day[6:]} {hour[:2]}:{hour[2:]}:00"
        place, knots, hectopascal = true[key]
        assert shapely.from_wkt(place).equals(
            shapely.Point(-float(west.rstrip("W")), float(north.rstrip("N")))
        )
        assert (knots, hectopascal) == (int(wind), int(pressure))


def test_fields_cover_most_of_a_tile_and_come_back_the_next_season(
    sample: tuple[Path, SampleReport],
) -> None:
    first, second = sorted(sample[0].glob("fields/*.json"))
    ids = []
    for path in (first, second):
        features = json.loads(path.read_text())["features"]
        ids.append({feature["id"] for feature in features})
        for feature in features[:50]:
            zone = 32 if feature["id"].startswith("32") else 31
            utm = Transformer.from_crs("OGC:CRS84", f"EPSG:326{zone}", always_xy=True)
            ring = [utm.transform(*point) for point in feature["geometry"]["coordinates"][0]]
            hectares = Polygon(ring).area / 1e4
            assert hectares == pytest.approx(feature["properties"]["area"], rel=1e-3)
    assert len(ids[0]) == 2025
    assert ids[1] < ids[0]
