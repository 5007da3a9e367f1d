"""Files that are broken, empty or hostile: each says why, where and what to do."""

from __future__ import annotations

import json
import random
import zipfile
from pathlib import Path

import geopandas
import pyarrow as pa
import pyarrow.parquet as pq
import pyogrio
import pytest
import shapely

import dafab_kg
from dafab_kg.model.errors import (
    DocumentRejected,
    FieldMissing,
    FieldNotValid,
    GeometryNotValid,
    NotSafe,
    NotWellFormed,
    TooLarge,
)
from tests.loaders.parcels.fields import (
    feature,
    frame,
    geojson,
    load,
    polygon,
    refused,
    square,
)

MANY = [square(6 + n / 1000, 49.5, 0.0005) for n in range(500)]


def written(path: Path, table: geopandas.GeoDataFrame | None = None) -> Path:
    table = frame(MANY) if table is None else table
    if path.suffix == ".parquet":
        table.to_parquet(path)
    else:
        pyogrio.write_dataframe(table, path, geometry_type=None if len(table) else "Polygon")
    return path


@pytest.mark.parametrize("name", ["p.gpkg", "p.parquet", "p.shp", "p.fgb"])
def test_an_empty_layer(tmp_path: Path, name: str) -> None:
    path = written(tmp_path / name, frame([square(6, 49)]).iloc[:0].set_geometry("geometry"))
    error = refused(path)
    assert isinstance(error, FieldMissing)
    assert "no features" in error.what


def test_an_empty_collection(tmp_path: Path) -> None:
    path = geojson(
        tmp_path / "p.json", schemas={"x": ["https://fiboa.org/specification/v0.3.0/schema.yaml"]}
    )
    assert isinstance(refused(path), FieldMissing)


@pytest.mark.parametrize("name", ["p.gpkg", "p.parquet", "p.fgb", "p.shp"])
@pytest.mark.parametrize("share", [0.3, 0.7, 0.95])
def test_a_truncated_file(tmp_path: Path, name: str, share: float) -> None:
    path = written(tmp_path / name)
    data = path.read_bytes()
    path.write_bytes(data[: int(len(data) * share)])
    assert isinstance(refused(path), NotWellFormed)


def test_a_truncated_dbf(tmp_path: Path) -> None:
    written(tmp_path / "p.shp")
    dbf = tmp_path / "p.dbf"
    dbf.write_bytes(dbf.read_bytes()[:2000])
    error = refused(tmp_path / "p.shp")
    assert isinstance(error, NotWellFormed)
    assert ".dbf" in error.what


@pytest.mark.parametrize("suffix", [".shx", ".dbf"])
def test_a_shapefile_with_a_part_missing(tmp_path: Path, suffix: str) -> None:
    path = written(tmp_path / "p.shp")
    path.with_suffix(suffix).unlink()
    error = refused(path)
    assert suffix in error.what


@pytest.mark.parametrize("name", ["p.shp", "p.gpkg", "p.fgb"])
def test_no_crs_where_the_format_implies_none(tmp_path: Path, name: str) -> None:
    with pytest.warns(UserWarning, match="crs"):
        path = written(tmp_path / name, frame([square(6, 49)], crs=None))
    error = refused(path)
    assert isinstance(error, FieldMissing)
    assert "CRS" in error.what


def test_geoparquet_without_crs_is_crs84_and_with_null_unknown(tmp_path: Path) -> None:
    path = written(tmp_path / "p.parquet", frame([square(6, 49)]))
    table = pq.read_table(path)
    geo = json.loads(table.schema.metadata[b"geo"])
    del geo["columns"]["geometry"]["crs"]
    pq.write_table(table.replace_schema_metadata({"geo": json.dumps(geo)}), path)
    assert load(path).parcel_set.source_crs == "OGC:CRS84"
    geo["columns"]["geometry"]["crs"] = None
    pq.write_table(table.replace_schema_metadata({"geo": json.dumps(geo)}), path)
    assert isinstance(refused(path), FieldMissing)
    geo["columns"]["geometry"]["crs"] = {"type": "GeographicCRS", "name": "x"}
    pq.write_table(table.replace_schema_metadata({"geo": json.dumps(geo)}), path)
    assert isinstance(refused(path), FieldNotValid)


@pytest.mark.parametrize("metadata", [b"{", b"[]", b"{}", b'{"columns": {}}', b"\xff"])
def test_broken_metadata_of_geoparquet(tmp_path: Path, metadata: bytes) -> None:
    path = written(tmp_path / "p.parquet", frame([square(6, 49)]))
    table = pq.read_table(path)
    pq.write_table(table.replace_schema_metadata({"geo": metadata}), path)
    assert isinstance(refused(path), DocumentRejected)


def test_mixed_and_three_dimensional_geometries(tmp_path: Path) -> None:
    shapes = [
        square(6, 49), shapely.Point(6, 49), shapely.LineString([(6, 49), (7, 49)]),
        shapely.force_3d(square(6.1, 49), 100.0), None,
    ]  # fmt: skip
    path = tmp_path / "p.parquet"
    frame(shapes).to_parquet(path)
    loaded = load(path)
    assert sorted(p.parcel_id for p in loaded.parcels) == ["p0", "p3"]
    assert loaded.warned("Row 2 (p1)", "Point")
    assert loaded.warned("Row 3 (p2)", "LineString")
    assert loaded.warned("Row 5 (p4)")
    assert loaded.warned("heights")


def test_warnings_of_rows_are_bounded_and_counted(tmp_path: Path) -> None:
    shapes = [shapely.Point(6, 49)] * 400 + [square(6, 49)]
    path = tmp_path / "p.parquet"
    frame(shapes).to_parquet(path)
    loaded = load(path)
    assert len(loaded.warnings) < 20
    assert loaded.warned("400 rows")


def test_nothing_but_points_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "p.parquet"
    frame([shapely.Point(6, 49)] * 3).to_parquet(path)
    table = pq.read_table(path)
    geo = json.loads(table.schema.metadata[b"geo"])
    geo["columns"]["geometry"]["geometry_types"] = []
    pq.write_table(table.replace_schema_metadata({"geo": json.dumps(geo)}), path)
    assert isinstance(refused(path), GeometryNotValid)


def test_wkb_that_is_none_is_left_out(tmp_path: Path) -> None:
    geo = {"version": "1.0.0", "primary_column": "g", "columns": {"g": {"encoding": "WKB"}}}
    good = shapely.to_wkb(square(6, 49))
    table = pa.table(
        {"parcel_id": ["a", "b", "c"], "season": [2020] * 3, "g": [good, good[:20], b""]}
    )
    pq.write_table(table.replace_schema_metadata({"geo": json.dumps(geo)}), tmp_path / "p.parquet")
    loaded = load(tmp_path / "p.parquet")
    assert [p.parcel_id for p in loaded.parcels] == ["a"]


@pytest.mark.parametrize("name", ["p.gpkg", "p.parquet", "p.fgb", "p.shp"])
def test_damaged_files_never_crash(tmp_path: Path, name: str) -> None:
    path = written(tmp_path / name, frame(MANY[:50]))
    good, chance = path.read_bytes(), random.Random(4)
    for _ in range(15):
        data = bytearray(good)
        for _ in range(chance.randint(1, 6)):
            data[chance.randrange(100, len(data))] = chance.randrange(256)
        path.write_bytes(data)
        loaded = load(path)
        assert len(loaded.boundaries) <= 50


HOSTILE = [
    "http://evil.example/> <x> <y> . #", 'quote " and \\ backslash', "a\nb\tc", "bell \x01\x07",
    "../../etc/passwd", "$(season)", "\u202e right to left", "x" * 5000, "<script>", "a/b#c?d%2F",
]  # fmt: skip


def test_hostile_values_stay_values(tmp_path: Path) -> None:
    path = tmp_path / "p.parquet"
    shapes = [square(6 + n / 100, 49) for n in range(len(HOSTILE))]
    frame(shapes, parcel_id=HOSTILE, crop_code=HOSTILE, crop_name=HOSTILE).to_parquet(path)
    loaded = load(path)
    assert len(loaded.boundaries) == len(HOSTILE)
    assert all(len(b.crop_name or "") <= 1000 for b in loaded.boundaries)
    with dafab_kg.open(tmp_path / "store") as catalogue:
        assert catalogue.load(path).counts == {"loaded": 1}
        answer = catalogue.query(
            "PREFIX dafab: <https://w3id.org/dafab/ns#>"
            "SELECT ?p ?name { ?p a dafab:Parcel . ?b dafab:boundaryOf ?p ; dafab:cropName ?name }"
        )
        rows = answer.to_pandas()  # type: ignore[union-attr]
    assert len(rows) == len(HOSTILE) == rows.p.nunique()
    assert all(iri.startswith("https://w3id.org/dafab/id/parcel/p/") for iri in rows.p)
    assert all(iri.count("/") == 7 for iri in rows.p)
    assert {'quote " and \\ backslash', "a\nb\tc", "<script>"} <= set(rows.name)


def test_xml_with_entities_is_refused_before_it_is_read(tmp_path: Path) -> None:
    path = tmp_path / "p.gml"
    written(path, frame([square(6, 49)]))
    text = path.read_text()
    start = text.index("?>") + 2
    bomb = '<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;">]>'
    path.write_text(text[:start] + bomb + text[start:].replace(">p0<", ">&b;<"))
    assert isinstance(refused(path), NotSafe)


def test_nothing_is_written_beside_the_files(tmp_path: Path) -> None:
    for name in ("p.gml", "p.gpkg", "p.fgb", "p.shp"):
        written(tmp_path / name, frame([square(6, 49)]))
    before = {path.name: path.stat().st_mtime_ns for path in tmp_path.iterdir()}
    load(tmp_path)
    assert {path.name: path.stat().st_mtime_ns for path in tmp_path.iterdir()} == before


def test_a_geopackage_of_zeros_in_a_zip_is_a_bomb(tmp_path: Path) -> None:
    inner = written(tmp_path / "p.gpkg", frame([square(6, 49)])).read_bytes()
    path = tmp_path / "b.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as out:
        out.writestr("p.gpkg", inner + bytes(64 * 1024 * 1024))
        out.writestr(
            "q.json", json.dumps({"type": "FeatureCollection", "features": [feature(polygon())]})
        )
    loaded = load(path)
    assert [p.parcel_id for p in loaded.parcels] == ["p"]
    (error,) = loaded.errors
    assert isinstance(error, NotSafe)
    assert "p.gpkg" in error.where


def test_a_member_beyond_the_bound_is_refused(tmp_path: Path) -> None:
    written(tmp_path / "p.gpkg")
    path = tmp_path / "b.zip"
    with zipfile.ZipFile(path, "w") as out:
        out.write(tmp_path / "p.gpkg", "p.gpkg")
    from dafab_kg.loaders.parcels import ParcelsLoader
    from dafab_kg.loaders.trees import open_trees
    from dafab_kg.model.documents import Refused, Tree
    from dafab_kg.model.settings import Settings

    (tree,) = open_trees([path], Settings(max_file_bytes=50_000))
    assert isinstance(tree, Tree)
    (item,) = ParcelsLoader(max_file_bytes=50_000).find(tree)
    assert isinstance(item, Refused)
    assert isinstance(item.error, TooLarge)


def test_a_broken_file_holds_up_none_of_its_neighbours(tmp_path: Path) -> None:
    written(tmp_path / "good.gpkg", frame([square(6, 49)]))
    bad = written(tmp_path / "bad.gpkg")
    bad.write_bytes(bad.read_bytes()[:30_000])
    written(tmp_path / "half.shp", frame([square(6, 49)])).with_suffix(".dbf").unlink()
    loaded = load(tmp_path)
    assert [p.dataset for p in loaded.parcels] == ["good"]
    assert len(loaded.errors) == 2
