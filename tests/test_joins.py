"""The five questions that join everything, each one SPARQL query, on real data.

What must come out is reckoned here from the files themselves.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import rasterio
import shapely
from pyproj import Geod, Transformer
from rasterio.transform import from_origin

from dafab_kg.catalogue import Catalogue, open_catalogue
from dafab_kg.model.settings import Settings
from dafab_kg.queries import read_saved

ID = "https://w3id.org/dafab/id/"
ITEM = "S2B_33TWL_20230813_0_L2A"


def ask(catalogue: Catalogue, name: str, *changes: tuple[str, str]) -> list[dict[str, str]]:
    """Answer a saved query, with some of its text changed as a user would."""
    text = read_saved(name).text
    for before, after in changes:
        assert before in text
        text = text.replace(before, after)
    return rows_of(catalogue.query(text))


def ask_with(catalogue: Catalogue, name: str, **given: str) -> list[dict[str, str]]:
    """Answer a saved query with values of its parameters."""
    return rows_of(catalogue.query(read_saved(name).with_parameters(given)))


def rows_of(answer: Any) -> list[dict[str, str]]:
    return [
        {name: term.value for name, term in zip(answer.variables, row, strict=True) if term}
        for row in answer
    ]


def opened(folder: Path, *sources: Path, **chosen: str) -> Catalogue:
    catalogue = open_catalogue(settings=Settings(store=folder / "store", **chosen))  # type: ignore[arg-type]
    catalogue.load(*sources, validate=False)
    return catalogue


# --- events ------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def events(shared: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Catalogue]:
    with opened(tmp_path_factory.mktemp("events"), shared / "events") as catalogue:
        yield catalogue


def test_images_within_the_area_and_time_of_hurricane_ian(shared: Path, events: Catalogue) -> None:
    folder = shared / "events"
    with (folder / "hurdat-florida/AL092022_IAN_track_rows_of_dfp.csv").open(newline="") as rows:
        track = [
            (
                datetime.fromisoformat(r["datetime"]).replace(tzinfo=UTC),
                shapely.from_wkt(r["geometry"]),
            )
            for r in csv.DictReader(rows)
        ]
    line = shapely.LineString([point for _, point in track])
    first, last = track[0][0] - timedelta(days=14), track[-1][0] + timedelta(days=14)
    footprints: dict[str, list[tuple[datetime, Any]]] = {}
    for file in (folder / "maxar-open-data").rglob("*.geojson"):
        if "Ian" in str(file) and file.name.endswith("_union.geojson"):
            for feature in json.loads(file.read_text())["features"]:
                when = datetime.fromisoformat(
                    feature["properties"]["datetime"].replace("Z", "+00:00")
                )
                name = feature["properties"]["catalog_id"]
                footprints.setdefault(name, []).append(
                    (when, shapely.geometry.shape(feature["geometry"]))
                )
    sphere = Geod(a=6371008.8, b=6371008.8)

    def near(shape: Any) -> bool:
        west, south, east, north = shape.bounds
        middle = (west + east) / 2, (south + north) / 2
        return any(sphere.inv(*middle, p.x, p.y)[2] <= 150_000 for _, p in track)

    expected = {
        name
        for name, shapes in footprints.items()
        for when, shape in shapes
        if first <= when <= last and (shape.intersects(line) or near(shape))
    }
    found = ask(events, "event-images")
    assert {row["product"].removeprefix(ID + "product/") for row in found} == expected
    assert len(expected) > 20
    assert {row["event"] for row in found} == {ID + "event/hurdat2.AL092022"}
    times = [datetime.fromisoformat(row["time"].replace("Z", "+00:00")) for row in found]
    assert all(first <= time <= last for time in times)
    assert times == sorted(times)


@pytest.mark.oracle
def test_images_before_an_event_fall_out_by_time(events: Catalogue) -> None:
    days = [("P14D", "P1D"), ("P14D", "P400D")]
    few, many = (len(ask(events, "event-images", change)) for change in days)
    assert few < len(ask(events, "event-images")) < many


# --- water -------------------------------------------------------------------------------------


@pytest.mark.oracle
def test_scenes_whose_observed_water_exceeds_the_permanent_water(
    shared: Path, tmp_path: Path
) -> None:
    expected = {}
    for file in (shared / "water_analysis").rglob("*.json"):
        document = json.loads(file.read_text())
        for item in document.get("features", [document]):
            block = item.get("properties", {}).get("dafab:water-analysis", {})
            observed = block.get("observed_water_visible")
            permanent = block.get("reference_permanent_water_visible")
            if observed is None or not permanent:
                continue
            exceeds = 100 * (observed - permanent) / permanent
            if exceeds > 20:
                expected[item["id"]] = exceeds
    with opened(tmp_path, shared / "water_analysis") as catalogue:
        found = ask(catalogue, "water-above-permanent")
    got = {row["water"].removeprefix(ID + "product/"): float(row["exceeds"]) for row in found}
    assert got == pytest.approx(expected, rel=1e-9)
    assert len(expected) > 30
    assert list(got.values()) == sorted(got.values(), reverse=True)


# --- fields ------------------------------------------------------------------------------------


def test_images_of_a_country_with_cloud_free_fields(shared: Path, tmp_path: Path) -> None:
    """Real scene and classification; fields drawn here over the part that it shows."""
    chip = shared / "chips" / "mapchete-eo" / ITEM
    with rasterio.open(chip / "SCL.tif") as raster:
        classes, transform = raster.read(1), raster.transform
    item = json.loads((chip / f"{ITEM}.json").read_text())
    zone = Transformer.from_crs("EPSG:32633", "OGC:CRS84", always_xy=True)
    side, features, clear, whole = 60, [], 0, 0
    for row in range(0, classes.shape[0] - side + 1, side):
        for column in range(0, classes.shape[1] - side + 1, side):
            block = classes[row : row + side, column : column + side]
            if (block == 0).any():
                continue
            whole += 1
            clear += not np.isin(block, (8, 9, 10)).any()
            corners = [(0, 0), (0, side), (side, side), (side, 0), (0, 0)]
            ring = [zone.transform(*(transform @ (column + x, row + y))) for x, y in corners]
            features.append(
                {
                    "type": "Feature",
                    "id": f"{row}-{column}",
                    "properties": {"determination_datetime": "2023-05-01T00:00:00Z"},
                    "geometry": {"type": "Polygon", "coordinates": [ring]},
                }
            )
    fields = {"type": "FeatureCollection", "fiboa_version": "0.2.0", "features": features}
    (tmp_path / "blocks.json").write_text(json.dumps(fields))
    outline = shapely.geometry.shape(item["geometry"]).buffer(0.5)
    country = {
        "type": "FeatureCollection",
        "features": [
            {
                "type": "Feature",
                "id": "AUT",
                "properties": {"name": "Land", "iso_a3": "AUT"},
                "geometry": shapely.geometry.mapping(outline),
            }
        ],
    }
    (tmp_path / "land.geojson").write_text(json.dumps(country))
    with opened(tmp_path, chip, tmp_path / "blocks.json") as catalogue:
        assert {document.kind for document in catalogue.documents()} >= {
            "stac",
            "raster",
            "parcels",
        }
    with opened(tmp_path, tmp_path / "land.geojson", load_as="places") as catalogue:
        assert catalogue.derive("coverage").derived
        (found,) = ask_with(catalogue, "clear-agriculture", country="AUT", least="1")
        assert ask_with(catalogue, "clear-agriculture", country="AUT", least="100") == []
    assert found["season"] == "2023"
    pixel = abs(transform.a * transform.e)
    seen = (classes != 0).sum() * pixel
    assert float(found["coverage"]) == pytest.approx(100 * whole * side**2 * pixel / seen, rel=0.02)
    assert float(found["cloudFree"]) == pytest.approx(
        100 * clear * side**2 * pixel / seen, rel=0.02
    )
    assert int(found["fields"]) == whole


def test_everything_known_of_one_parcel_over_its_seasons(shared: Path, tmp_path: Path) -> None:
    """The same real register given for two years: one parcel, two boundaries."""
    register = shared / "fields/fiboa-cli/convert/nl/brpgewaspercelen_definitief_2023.gpkg"
    sources = {}
    for season in ("2023", "2024"):
        sources[season] = tmp_path / season / "nl.gpkg"
        sources[season].parent.mkdir()
        sources[season].write_bytes(register.read_bytes())
        with opened(tmp_path, sources[season], season=season, dataset="nl") as catalogue:
            if season == "2024":
                found = ask(catalogue, "parcel-seasons")
    seasons = [row["season"] for row in found]
    assert seasons in (["2023", "2024"], ["2023"]), "the register may name its own year"
    assert len({row["parcel"] for row in found}) == 1
    geod = Geod(ellps="WGS84")
    for row in found:
        area, _ = geod.geometry_area_perimeter(shapely.from_wkt(row["wkt"]))
        assert float(row["hectares"]) == pytest.approx(abs(area) / 1e4, rel=1e-3)
        assert row["document"].endswith("nl.gpkg")


# --- lineage -----------------------------------------------------------------------------------


def test_the_lineage_of_an_anomaly_polygon(shared: Path, tmp_path: Path) -> None:
    """A real water item and its source; the polygon is delivered as its product names it."""
    file = min((shared / "water_analysis").rglob("*_water_analysis_*.json"), key=lambda p: p.name)
    item = json.loads(file.read_text())
    west, south, east, north = item["bbox"]
    middle = shapely.box(
        (west + east) / 2, (south + north) / 2, (west + east) / 2 + 0.05, (south + north) / 2 + 0.05
    )
    drawn = {
        "type": "FeatureCollection",
        "name": f"{item['id']}_dafab-water-excess",
        "features": [
            {
                "type": "Feature",
                "id": "1",
                "geometry": shapely.geometry.mapping(middle),
                "properties": {"anomaly": "excess"},
            }
        ],
    }
    (tmp_path / "excess.geojson").write_text(json.dumps(drawn))
    with opened(tmp_path, file, tmp_path / "excess.geojson") as catalogue:
        (found,) = ask(catalogue, "anomaly-lineage")
    source = item["id"].split("_water_analysis")[0]
    assert found["product"] == f"{ID}product/{item['id']}"
    assert found["image"] == f"{ID}product/{source}"
    assert found["run"] == f"{ID}run/{item['id']}"
    assert "water_analysis" in found["model"]
    assert found["document"].endswith("excess.geojson")
    area, _ = Geod(ellps="WGS84").geometry_area_perimeter(shapely.geometry.polygon.orient(middle))
    assert float(found["km2"]) == pytest.approx(area / 1e6, rel=1e-4)


@pytest.mark.oracle
def test_the_saved_queries_answer_over_the_sample_too(tmp_path: Path) -> None:
    from dafab_kg.sample import write_sample

    write_sample(tmp_path / "sample", products=60)
    with opened(tmp_path, tmp_path / "sample") as catalogue:
        assert catalogue.derive("coverage").derived
        assert catalogue.derive("water").derived
        for name in (
            "clear-agriculture",
            "event-images",
            "water-above-permanent",
            "parcel-seasons",
            "anomaly-lineage",
        ):
            assert ask(catalogue, name), name
        (lineage,) = ask(catalogue, "anomaly-lineage")
        assert lineage["datatake"].startswith(f"{ID}datatake/GS2")
        assert "https://" in lineage["files"]
        assert lineage["acquisition"].startswith(f"{ID}acquisition/S2")
        assert catalogue.doctor() == ()


def test_origin_of_a_grid_is_its_upper_left_corner() -> None:
    """What the reckoning above relies on."""
    assert from_origin(10, 20, 2, 2) @ (1, 1) == (12, 18)
