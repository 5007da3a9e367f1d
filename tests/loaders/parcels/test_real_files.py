"""Real parcels of many countries, against what their own columns and other readers say."""

from __future__ import annotations

import csv
import json
import sqlite3
from pathlib import Path

import pyarrow.parquet as pq
import pytest
import shapely

from dafab_kg.model.errors import FieldMissing
from tests.loaders.parcels.fields import Loaded, load, refused

CONVERT = "fields/fiboa-cli/convert"
# folder: data set, seasons, CRS, parcels, and the arguments that are needed
COUNTRIES = {
    "at": ("INSPIRE_SCHLAEGE_2025-1_POLYGON", {"2025"}, "EPSG:31287", 100, {}),
    "br_ba_lem": ("LEM_dataset", {"2020"}, "EPSG:4326", 100, {"season": "2020"}),
    "cz": ("GEOPROSTOR_ZADOSTI23_2024-08-01_epsg4258", {"2024"}, "EPSG:4258", 100, {}),
    "de_bb": ("antrag_land_gem", {"2025"}, "EPSG:25833", 100, {}),
    "ec_si": ("SI_2021_EC21", {"2021"}, "EPSG:3794", 100, {}),
    "fi": ("LandUse", {"2023"}, "EPSG:3067", 100, {}),
    "fr": ("PARCELLES_GRAPHIQUES", {"2022"}, "EPSG:2154", 100, {}),
    "hr": ("land_parcels", {"2023"}, "EPSG:3765", 100, {"season": "2023"}),
    "ie": ("GSAA_2024", {"2024"}, "EPSG:4258", 100, {}),
    "nl": ("brpgewaspercelen_definitief_2023", {"2023"}, "EPSG:28992", 100, {}),
    "se": ("arslager_skiftePolygon", {"2023"}, "EPSG:3006", 10, {}),
}


@pytest.mark.parametrize("country", COUNTRIES)
def test_all_parcels_of_a_country_are_there(shared: Path, country: str) -> None:
    dataset, seasons, crs, count, arguments = COUNTRIES[country]
    loaded = load(shared / CONVERT / country, **arguments)  # type: ignore[arg-type]
    assert loaded.errors == ()
    assert len(loaded.boundaries) == count
    assert len({p.parcel_id for p in loaded.parcels}) == count
    assert {b.season for b in loaded.boundaries} == seasons
    assert loaded.parcel_set.dataset == dataset
    assert loaded.parcel_set.source_crs == crs
    assert all(shapely.from_wkt(b.boundary_wkt).is_valid for b in loaded.boundaries)


@pytest.mark.parametrize("country", ["hr", "br_ba_lem"])
def test_where_nothing_tells_the_season_it_must_be_said(shared: Path, country: str) -> None:
    (error,) = load(shared / CONVERT / country).errors
    assert isinstance(error, FieldMissing)
    assert "--season" in error.remedy


# Declared areas of which at most so many differ from ours by more than 1 %.  France: the
# area of the graphic parcel less what is not eligible; Denmark, Sweden, Brandenburg and
# Croatia: areas granted or measured, not those of the polygon, and slivers in Brandenburg.
APART = {"at": 0, "cz": 0, "de_bb": 15, "ec_si": 0, "fi": 0, "fr": 0, "hr": 2, "se": 1}


@pytest.mark.parametrize("country", APART)
def test_declared_areas_agree_with_ours(shared: Path, country: str) -> None:
    loaded = load(shared / CONVERT / country, season="2023")
    declared = [b for b in loaded.boundaries if b.declared_area is not None]
    assert len(declared) == len(loaded.boundaries)
    apart = [w for w in loaded.warnings if "declared areas differ" in w]
    count = int(apart[0].split()[0]) if apart else 0
    assert count <= APART[country]


def test_fiboa_0_2_of_denmark(shared: Path) -> None:
    path = shared / "fields/fiboa-cli/improve/dk_2024_fiboa_0_2.parquet"
    loaded = load(path)
    told = {row["id"]: row for row in pq.read_table(path).to_pylist()}
    assert loaded.parcel_set.fiboa_version == "0.2"
    assert loaded.parcel_set.dataset_country == "DK"
    assert loaded.parcel_set.declared_area_unit == "ha"
    assert {p.parcel_id for p in loaded.parcels} == set(told)
    loaded.warned("7 rows have the id")
    for boundary in loaded.boundaries:
        assert boundary.crop_name
        assert float(boundary.declared_area or 0) == pytest.approx(
            float(boundary.boundary_area or 0), rel=0.25
        )


@pytest.mark.parametrize(
    "name",
    ["fiboa-spec/examples/example.json", "fiboa-cli/fiboa-example.json",
     "fiboa-spec/examples/example.parquet"],
)  # fmt: skip
def test_fiboa_0_3_examples(shared: Path, name: str) -> None:
    loaded = load(shared / "fields" / name)
    assert loaded.parcel_set.fiboa_version == "0.3"
    assert loaded.parcel_set.dataset == "de_nrw"
    assert loaded.parcel_set.dataset_country == "DE"
    found = {b.parcel_id: b for b in loaded.boundaries}
    assert {k: str(b.declared_area) for k, b in found.items()} == {
        "12324": "1.6311",
        "2713": "1.8975",
    }
    for boundary in found.values():
        assert float(boundary.boundary_area or 0) == pytest.approx(
            float(boundary.declared_area or 0), rel=0.01
        )
        assert boundary.crop_code == "A"
        assert boundary.crop_name == "Ackerland"


def test_vecorel_without_fiboa_is_refused(shared: Path) -> None:
    assert isinstance(refused(shared / "fields/fiboa-cli/fiboa-invalid.json"), FieldMissing)


def test_crop_codes_get_the_concepts_of_the_list_beside(shared: Path) -> None:
    for country, name in (("at", "at_2021.csv"), ("fr", "fr_2018.csv"), ("se", "se_2021.csv")):
        folder = shared / CONVERT / country
        with (folder / name).open(encoding="utf-8-sig") as file:
            listed = {row["original_code"]: row["HCAT3_code"] for row in csv.DictReader(file)}
        boundaries = load(folder).boundaries
        assert sum(b.hcat_code is not None for b in boundaries) >= 0.5 * len(boundaries)
        for boundary in boundaries:
            assert boundary.hcat_code == listed.get(boundary.crop_code or "")


def test_concepts_that_the_data_name_themselves(shared: Path) -> None:
    boundaries = load(shared / CONVERT / "ec_si").boundaries
    assert all(b.hcat_code for b in boundaries)
    maize = [b for b in boundaries if b.crop_name == "koruza za zrnje"]
    assert {b.hcat_code for b in maize} == {"3301010600"}


def test_letters_of_other_languages(shared: Path) -> None:
    names = {b.crop_name for b in load(shared / CONVERT / "de_bb").boundaries}
    assert "ÖR 1a ohne Produktion (Selbst-/Begrünung)" in names
    assert any("Dočasný" in (b.crop_name or "") for b in load(shared / CONVERT / "cz").boundaries)


def test_no_personal_column_is_imported(shared: Path) -> None:
    loaded = load(shared / CONVERT / "cz")
    assert {"ICO", "JI", "ID_SZR", "REGCISZAD"} <= set(loaded.parcel_set.columns_left_out)
    said = repr(loaded.readings)
    assert "72068051" not in said


def counted(path: Path, table: str) -> int:
    with sqlite3.connect(f"file:{path}?mode=ro&immutable=1", uri=True) as base:
        (count,) = base.execute(f'SELECT COUNT(*) FROM "{table}"').fetchone()
    return int(count)


def areas(path: Path, table: str, column: str) -> list[float]:
    with sqlite3.connect(f"file:{path}?mode=ro&immutable=1", uri=True) as base:
        return sorted(row[0] for row in base.execute(f'SELECT "{column}" FROM "{table}"'))


def test_land_use_polygons_have_the_areas_that_their_register_states(shared: Path) -> None:
    path = shared / "chips/eo-learn-example_data/TestEOPatch/vector_timeless/LULC.gpkg"
    assert load(path) == Loaded((), (), ())
    loaded = load(path, assume="parcels")
    assert len(loaded.boundaries) == counted(path, "LULC") == 88
    ours = sorted(float(b.boundary_area or 0) * 10_000 for b in loaded.boundaries)
    assert ours == pytest.approx(areas(path, "LULC", "AREA"), rel=0.01)
    assert not [w for w in loaded.warnings if "declared areas" in w]


def test_french_parcels_of_another_project(shared: Path) -> None:
    path = shared / "chips/eo-learn-example_data/import-gpkg-test.gpkg"
    assert isinstance(refused(path), FieldMissing)
    loaded = load(path, season="2018")
    assert len(loaded.boundaries) == counted(path, "lpis_iacs") == 193
    ours = sorted(float(b.boundary_area or 0) for b in loaded.boundaries)
    assert sum(ours) == pytest.approx(sum(areas(path, "lpis_iacs", "surf_parc")), rel=0.01)


@pytest.mark.parametrize(
    "name",
    ["fields/EuroCrops", "fields/fiboa-cli/stac-collection.json", "fields/geoparquet",
     "chips/eo-learn-example_data/TestEOPatch/vector/CLM_VECTOR.gpkg",
     "chips/eo-learn-example_data/svn_border.geojson", "events", "catalogue_api"],
)  # fmt: skip
def test_what_is_no_parcel_is_left_to_others(shared: Path, name: str) -> None:
    loaded = load(shared / name)
    assert (loaded.documents, loaded.errors) == ((), ())


def test_land_use_and_country_polygons_are_read_where_the_user_says_so(shared: Path) -> None:
    path = shared / "fields/geoparquet/examples/example.parquet"
    loaded = load(path, assume="parcels", season="2020")
    assert len(loaded.boundaries) == pq.read_metadata(path).num_rows == 5
    countries = json.loads(pq.read_schema(path).metadata[b"geo"])["columns"]["geometry"]
    assert set(countries["geometry_types"]) == {"Polygon", "MultiPolygon"}
    # known figures of the outlines of Natural Earth: Tanzania has 932,746 km²
    largest = sorted(float(b.boundary_area or 0) / 100 for b in loaded.boundaries)
    assert any(value == pytest.approx(932_746, rel=0.01) for value in largest)
