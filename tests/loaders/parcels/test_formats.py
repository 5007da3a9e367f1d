"""The same parcels in each format are the same records; what they mean is told by columns."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import geopandas
import numpy as np
import py7zr
import pyarrow as pa
import pyarrow.parquet as pq
import pyogrio
import pytest
import shapely

from dafab_kg.loaders.parcels.columns import choose
from dafab_kg.loaders.parcels.seasons import year_in_names
from dafab_kg.model.errors import FieldMissing, FieldNotValid
from tests.loaders.parcels.fields import (
    feature,
    frame,
    geojson,
    load,
    polygon,
    projjson,
    refused,
    square,
)

SHAPES = [square(6 + n / 100, 49.5) for n in range(5)] + [
    shapely.MultiPolygon([square(6.2, 49.5), square(6.21, 49.5)]),
    shapely.box(6.3, 49.5, 6.31, 49.51).difference(square(6.302, 49.502)),
]


def by_driver(driver: str) -> Callable[[Path, geopandas.GeoDataFrame], None]:
    def write(path: Path, table: geopandas.GeoDataFrame) -> None:
        options: dict[str, Any] = {"promote_to_multi": driver == "FlatGeobuf"}
        if driver == "GeoJSON":
            options = {"RFC7946": "YES"}
        pyogrio.write_dataframe(table, path, driver=driver, **options)

    return write


def by_parquet(encoding: str) -> Callable[[Path, geopandas.GeoDataFrame], None]:
    def write(path: Path, table: geopandas.GeoDataFrame) -> None:
        version = "1.1.0" if encoding == "geoarrow" else "1.0.0"
        if encoding == "geoarrow":
            table = table.assign(
                geometry=[shapely.multipolygons(shapely.get_parts(g)) for g in table.geometry]
            )
        table.to_parquet(path, geometry_encoding=encoding, schema_version=version)

    return write


WRITERS = {
    "p.gpkg": by_driver("GPKG"),
    "p.fgb": by_driver("FlatGeobuf"),
    "p.gml": by_driver("GML"),
    "p.shp": by_driver("ESRI Shapefile"),
    "p.json": by_driver("GeoJSON"),
    "p.parquet": by_parquet("WKB"),
    "q.parquet": by_parquet("geoarrow"),
}


@pytest.mark.parametrize("name", WRITERS)
def test_each_format_gives_the_same_parcels(tmp_path: Path, name: str) -> None:
    table = frame(SHAPES, crop_name=["Weizen"] * 7).rename(columns={"parcel_id": "field_id"})
    WRITERS[name](tmp_path / name, table)
    loaded = load(tmp_path / name)
    assert loaded.errors == ()
    found = {b.parcel_id: b for b in loaded.boundaries}
    assert set(found) == set(table.field_id)
    for number, shape in enumerate(SHAPES):
        boundary = found[f"p{number}"]
        assert boundary.season == "2021"
        assert (boundary.crop_code, boundary.crop_name) == ("A", "Weizen")
        assert shapely.from_wkt(boundary.boundary_wkt).equals_exact(
            shapely.from_wkt(boundary.boundary_wkt), 0
        )
        assert shapely.symmetric_difference(
            shapely.from_wkt(boundary.boundary_wkt), shape
        ).area == pytest.approx(0, abs=1e-12)
    names = {"shp": "Shapefile", "gpkg": "GeoPackage", "fgb": "FlatGeobuf", "gml": "GML"}
    told = names.get(name[2:], "GeoParquet" if "parquet" in name else "GeoJSON")
    assert loaded.parcel_set.source_format == told


@pytest.mark.parametrize("archive", ["zip", "zip in zip", "7z", "without extension"])
def test_archives_of_shapefiles(tmp_path: Path, archive: str) -> None:
    folder = tmp_path / "made"
    folder.mkdir()
    pyogrio.write_dataframe(frame(SHAPES[:3]), folder / "fields.shp")
    path = tmp_path / "delivered.zip"
    if archive == "7z":
        path = tmp_path / "delivered.7z"
        with py7zr.SevenZipFile(path, "w") as out:
            out.writeall(folder, "d")
    else:
        shutil.make_archive(str(tmp_path / "delivered"), "zip", folder)
        if archive == "zip in zip":
            outer = tmp_path / "outer.zip"
            with zipfile.ZipFile(outer, "w") as whole:
                whole.write(path, "inner.zip")
            path = outer
        elif archive == "without extension":
            path = path.rename(tmp_path / "bd51ec4dea86")
    loaded = load(path)
    assert len(loaded.boundaries) == 3
    assert loaded.parcel_set.dataset == "fields"
    (document, *_) = loaded.documents
    assert {Path(part.name).suffix for part in document.parts} >= {".shp", ".shx", ".dbf", ".prj"}


@pytest.mark.parametrize("name", ["a!b.gpkg", "a b#c?.gpkg", "100%.gpkg", "é.gpkg"])
def test_names_of_files_mean_nothing(tmp_path: Path, name: str) -> None:
    pyogrio.write_dataframe(frame(SHAPES[:2]), tmp_path / "p.gpkg")
    (tmp_path / "p.gpkg").rename(tmp_path / name)
    assert len(load(tmp_path / name).boundaries) == 2


def test_another_code_page(tmp_path: Path) -> None:
    table = frame(SHAPES[:1], crop_name=["Übriges Grünland"])
    pyogrio.write_dataframe(table, tmp_path / "p.shp", encoding="cp1252")
    assert (tmp_path / "p.cpg").exists()
    assert load(tmp_path / "p.shp").boundaries[0].crop_name == "Übriges Grünland"


def test_every_layer_of_polygons_is_a_data_set(tmp_path: Path) -> None:
    path = tmp_path / "country.gpkg"
    pyogrio.write_dataframe(frame(SHAPES[:2]), path, layer="north")
    pyogrio.write_dataframe(frame(SHAPES[2:5]), path, layer="south", append=True)
    points = geopandas.GeoDataFrame({"a": [1]}, geometry=[shapely.Point(6, 49)], crs=4326)
    pyogrio.write_dataframe(points, path, layer="trees", append=True)
    loaded = load(path)
    assert {p.dataset for p in loaded.parcels} == {"country/north", "country/south"}
    assert len(loaded.boundaries) == 5


def test_only_known_columns_are_imported_and_the_others_named(tmp_path: Path) -> None:
    path = tmp_path / "p.gpkg"
    secret = ["Erika Mustermann"] * 2
    pyogrio.write_dataframe(frame(SHAPES[:2], farmer_name=secret, tax_no=[12345, 67890]), path)
    loaded = load(path)
    assert loaded.parcel_set.columns_left_out == ("farmer_name", "tax_no")
    said = repr(loaded.readings)
    assert "Mustermann" not in said
    assert "12345" not in said


def test_confidence_model_and_source_of_a_delineation(tmp_path: Path) -> None:
    product = "S2A_MSIL2A_20220127T104321_N0400_R008_T31UFS_20220127T121418"
    loaded = load(
        geojson(
            tmp_path / "p.json",
            feature(polygon(), model="delineate", model_version="1.2", confidence=0.93,
                    source_product=product),
            feature(polygon(x=6.1), parcel_id="q", confidence=93),
        )
    )  # fmt: skip
    first, second = loaded.boundaries
    assert (first.model, first.model_version) == ("delineate", "1.2")
    assert first.delineation_confidence == Decimal("0.93")
    assert first.source_product_id == product
    assert [(m.model, m.model_version) for m in loaded.models] == [("delineate", "1.2")]
    assert second.delineation_confidence is None
    loaded.warned("1 confidences")


# seasons


def test_seasons_come_from_column_date_user_and_name_in_this_order(tmp_path: Path) -> None:
    column = feature(polygon(), determination_datetime="2019-05-01T00:00:00Z")
    dated = feature(
        polygon(x=6.1), parcel_id="q", season=None, determination_datetime="2020-05-01T10:00:00Z"
    )
    bare = feature(polygon(x=6.2), parcel_id="r", season=None)
    path = geojson(tmp_path / "p_2018.json", column, dated, bare)
    assert sorted(b.season for b in load(path).boundaries) == ["2018", "2020", "2021"]
    load(path).warned("2018", "--season")
    told = load(path, season="2017")
    assert sorted(b.season for b in told.boundaries) == ["2017", "2020", "2021"]
    assert not [w for w in told.warnings if "season" in w]
    assert {b.determined for b in told.boundaries} == {
        "2019-05-01T00:00:00Z", "2020-05-01T10:00:00Z", None,
    }  # fmt: skip


def test_without_any_season_it_is_refused_with_the_remedy(tmp_path: Path) -> None:
    path = geojson(tmp_path / "p.json", feature(polygon(), season=None))
    error = refused(path)
    assert isinstance(error, FieldMissing)
    assert "--season" in error.remedy
    assert [b.season for b in load(path, season="2022-summer").boundaries] == ["2022-summer"]


@pytest.mark.parametrize(
    ("names", "year"),
    [
        (("brp", "fields_2023.gpkg", "x"), "2023"),
        (("", "d/GSAA.gml", "GSAA_2024.zip"), "2024"),
        (("", "2020/p_2018_2019.gpkg", "x"), ""),
        (("", "inspire_2025-1.gpkg", ""), "2025"),
        (("", "p20231.gpkg", "12345"), ""),
        (("", "p_3024.gpkg", "a1850b"), ""),
    ],
)
def test_a_year_in_a_name(names: tuple[str, str, str], year: str) -> None:
    assert year_in_names(*names) == year


# ids


def test_parcels_without_ids_are_named_by_their_geometry(tmp_path: Path) -> None:
    path = tmp_path / "p.gpkg"
    pyogrio.write_dataframe(frame(SHAPES[:3], parcel_id=None), path)
    loaded = load(path)
    ids = [p.parcel_id for p in loaded.parcels]
    assert len(set(ids)) == 3
    assert all(one.startswith("h-") for one in ids)
    loaded.warned("3 parcels have no id")
    pyogrio.write_dataframe(frame(SHAPES[2::-1], parcel_id=None), tmp_path / "q.gpkg")
    assert {p.parcel_id for p in load(tmp_path / "q.gpkg").parcels} == set(ids)


def test_rows_that_repeat_an_id(tmp_path: Path) -> None:
    path = tmp_path / "p.gpkg"
    shapes = [SHAPES[0], SHAPES[1], SHAPES[0], SHAPES[2]]
    ids = ["a", "b", "a", "b"]
    pyogrio.write_dataframe(frame(shapes, parcel_id=ids), path)
    loaded = load(path)
    assert sorted(p.parcel_id for p in loaded.parcels) == ["a", "b"]
    assert {b.boundary_wkt for b in loaded.boundaries} == {
        shapely.to_wkt(shape, rounding_precision=9, trim=True) for shape in SHAPES[:2]
    }
    loaded.warned("1 rows repeat", "row 3 repeats row 1")
    loaded.warned("otherwise", "4 (of 2)")


def test_the_same_id_in_two_seasons_is_one_parcel_with_two_boundaries(tmp_path: Path) -> None:
    path = tmp_path / "p.gpkg"
    pyogrio.write_dataframe(frame(SHAPES[:2], parcel_id=["a", "a"], season=[2020, 2021]), path)
    loaded = load(path)
    assert {p.parcel_id for p in loaded.parcels} == {"a"}
    assert sorted(b.season for b in loaded.boundaries) == ["2020", "2021"]
    assert len(loaded.documents) == 2
    assert len({document.family for document in loaded.documents}) == 2


# documents


def test_a_document_for_each_tile_and_its_digest_is_that_of_its_parcels(tmp_path: Path) -> None:
    shapes = [square(6.0, 49.5), square(6.001, 49.5), square(8.5, 49.5), square(8.5, 51.0)]
    path = tmp_path / "p.gpkg"
    pyogrio.write_dataframe(frame(shapes), path)
    first = load(path)
    assert [d.key for d in first.documents] == ["p/2021/32ULA", "p/2021/32UMA", "p/2021/32UMB"] or (
        len(first.documents) == 3
    )
    path.unlink()
    # other order, and one parcel in one tile has changed
    order = [3, 2, 1, 0]
    crops = ["A", "A", "B", "A"]
    table = frame(shapes, crop_code=[crops[n] for n in range(4)]).iloc[order]
    pyogrio.write_dataframe(table, path)
    second = load(path)
    before = {d.key: d.content_hash for d in first.documents}
    after = {d.key: d.content_hash for d in second.documents}
    changed = {key for key in before if before[key] != after[key]}
    assert set(before) == set(after)
    (one,) = changed
    assert one == next(d.key for d, r in zip(second.documents, second.readings, strict=True)
                       if any(getattr(x, "crop_code", "") == "B" for x in r.records))  # fmt: skip


def test_crowded_tiles_are_cut_smaller(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from dafab_kg.loaders.parcels import spool

    monkeypatch.setattr(spool, "MOST_PARCELS", 10)
    monkeypatch.setattr(spool, "_HELD_ROWS", 7)
    shapes = [square(6 + n / 100, 49.5) for n in range(40)]
    path = tmp_path / "p.gpkg"
    pyogrio.write_dataframe(frame(shapes), path)
    loaded = load(path)
    tiles = [d.key.rsplit("/", 1)[1] for d in loaded.documents]
    assert all(len(tile) == 7 for tile in tiles)
    assert len(tiles) > 2
    assert sorted(p.parcel_id for p in loaded.parcels) == sorted(f"p{n}" for n in range(40))


# fiboa and areas


def fiboa(version: str, path: Path, **columns: Any) -> Path:
    shape = square(6, 49.5)
    told: dict[str, Any] = (
        {"fiboa_version": version, "id": "set"}
        if version < "0.3"
        else {"schemas": {"set": [f"https://fiboa.org/specification/v{version}/schema.yaml"]}}
    )
    geo = {
        "version": "1.1.0",
        "primary_column": "geometry",
        "columns": {
            "geometry": {"encoding": "WKB", "geometry_types": [], "crs": projjson("EPSG:4326")}
        },
    }
    table = pa.table(
        {
            "id": ["1"],
            "determination_datetime" if version < "0.3" else "determination:datetime": [
                "2023-06-01T00:00:00Z"
            ],
            **{name: [value] for name, value in columns.items()},
            "geometry": [shapely.to_wkb(shape)],
        }
    )
    key = "fiboa" if version < "0.3" else "collection"
    pq.write_table(
        table.replace_schema_metadata({"geo": json.dumps(geo), key: json.dumps(told)}), path
    )
    return path


HECTARES = 0.8056  # of that square


def test_areas_of_fiboa_are_told_by_its_version(tmp_path: Path) -> None:
    old = load(fiboa("0.2.0", tmp_path / "a.parquet", area=np.float32(0.8056)))
    new = load(fiboa("0.3.0", tmp_path / "b.parquet", **{"metrics:area": np.float32(8056)}))
    for loaded, unit, version in ((old, "ha", "0.2"), (new, "m²", "0.3")):
        (boundary,) = loaded.boundaries
        assert boundary.declared_area == Decimal("0.8056")
        assert float(boundary.boundary_area or 0) == pytest.approx(HECTARES, rel=1e-3)
        assert loaded.parcel_set.declared_area_unit == unit
        assert loaded.parcel_set.fiboa_version == version
        assert loaded.parcel_set.dataset == "set"
        assert boundary.determined == "2023-06-01T00:00:00Z"
        assert loaded.warnings == []


def test_an_area_in_the_wrong_unit_stays_what_its_version_says_and_is_warned_of(
    tmp_path: Path,
) -> None:
    loaded = load(fiboa("0.2.0", tmp_path / "a.parquet", area=8056.0))
    assert loaded.boundaries[0].declared_area == Decimal(8056)
    loaded.warned("1 of 1 declared areas", "1e+04")


def test_a_column_of_the_other_version_is_not_taken(tmp_path: Path) -> None:
    loaded = load(fiboa("0.3.0", tmp_path / "a.parquet", area=0.8))
    assert loaded.boundaries[0].declared_area is None
    assert "area" in loaded.parcel_set.columns_left_out
    loaded.warned("does not tell the unit")


def test_two_versions_at_once_are_refused(tmp_path: Path) -> None:
    path = geojson(
        tmp_path / "p.json", feature(polygon()), fiboa_version="0.2.0",
        schemas={"x": ["https://fiboa.org/specification/v0.3.0/schema.yaml"]},
    )  # fmt: skip
    assert isinstance(refused(path), FieldNotValid)


def test_a_newer_version_is_read_with_a_word(tmp_path: Path) -> None:
    loaded = load(fiboa("0.9.0", tmp_path / "a.parquet", **{"metrics:area": 8056.0}))
    assert loaded.boundaries[0].declared_area == Decimal("0.8056")
    loaded.warned("0.9", "newer")


def test_an_area_without_a_unit_is_not_imported(tmp_path: Path) -> None:
    loaded = load(geojson(tmp_path / "p.json", feature(polygon(), area=0.8)))
    assert loaded.boundaries[0].declared_area is None
    loaded.warned("does not tell the unit")
    named = load(geojson(tmp_path / "q.json", feature(polygon(), area_m2=8056)))
    assert named.boundaries[0].declared_area == Decimal("0.8056")


def test_collections_within_one_file_are_sets_of_their_own(tmp_path: Path) -> None:
    urls = ["https://fiboa.org/specification/v0.3.0/schema.yaml"]
    path = geojson(
        tmp_path / "p.json",
        feature(polygon(), collection="a") | {"id": "1"},
        feature(polygon(x=6.1), collection="b") | {"id": "1"},
        schemas={"a": urls, "b": urls},
    )
    assert {(p.dataset, p.parcel_id) for p in load(path).parcels} == {("a", "1"), ("b", "1")}
    assert {p.dataset for p in load(path, dataset="c").parcels} == {"c"}


def test_a_choice_of_columns_ignores_case_and_prefers_the_layout() -> None:
    chosen = choose(["ID_PARCEL", "CODE_CULTU", "SURF_PARC", "crop_code"])
    assert chosen.ids == ("ID_PARCEL",)
    assert chosen.facts["crop_code"] == "CODE_CULTU"
    assert (chosen.facts["area"], chosen.area_unit) == ("SURF_PARC", "ha")
    assert not choose(["name", "population", "area"]).telling


def test_looking_at_other_files_imports_no_heavy_library() -> None:
    program = (
        "import sys; from dafab_kg.loaders.registry import loaders; loaders();"
        "heavy = {'geopandas', 'pyogrio', 'pyarrow', 'pandas', 'py7zr', 'mgrs'};"
        "print(sorted(heavy & set(sys.modules)))"
    )
    out = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert out.stdout.strip() == "[]"
