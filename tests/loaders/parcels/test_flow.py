"""Parcels through the whole flow: graphs per tile and season, replaced, removed, retried."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pyogrio
import pytest

import dafab_kg
from dafab_kg.catalogue import Catalogue
from tests.loaders.parcels.fields import feature, frame, geojson, polygon, square

PREFIX = (
    "PREFIX dafab: <https://w3id.org/dafab/ns#> PREFIX geo: <http://www.opengis.net/ont/geosparql#>"
    "PREFIX skos: <http://www.w3.org/2004/02/skos/core#> "
)


@pytest.fixture
def catalogue(tmp_path: Path) -> Iterator[Catalogue]:
    with dafab_kg.open(tmp_path / "store") as opened:
        yield opened


def rows(catalogue: Catalogue, query: str) -> set[tuple[str, ...]]:
    frame = catalogue.query(PREFIX + query).to_pandas()  # type: ignore[union-attr]
    return {tuple(map(str, row)) for row in frame.itertuples(index=False)}


PLACES = [(6.0, 49.5), (8.5, 49.5), (8.5, 51.0)]


def write(
    path: Path, seasons: list[int], places: list[tuple[float, float]], crop: str = "A"
) -> Path:
    shapes = [square(*place) for _ in seasons for place in places]
    ids = [f"p{number}" for _ in seasons for number in range(len(places))]
    years = [season for season in seasons for _ in places]
    crops = ["A"] * (len(shapes) - 1) + [crop]
    path.unlink(missing_ok=True)
    pyogrio.write_dataframe(frame(shapes, parcel_id=ids, season=years, crop_code=crops), path)
    return path


def test_one_parcel_with_a_boundary_in_each_season(catalogue: Catalogue, tmp_path: Path) -> None:
    path = write(tmp_path / "set.gpkg", [2020, 2021], PLACES)
    report = catalogue.load(path)
    assert report.counts == {"loaded": 6}, report.rejected
    assert rows(catalogue, "SELECT (COUNT(DISTINCT ?p) AS ?n) { ?p a dafab:Parcel }") == {("3",)}
    assert rows(
        catalogue,
        """SELECT ?id ?season { ?b dafab:boundaryOf ?p ; dafab:season ?season ;
            geo:hasGeometry/geo:asWKT ?wkt . ?p dafab:parcelId ?id ;
            dafab:inParcelSet/dafab:dataset "set" }""",
    ) == {(f"p{n}", str(season)) for n in range(3) for season in (2020, 2021)}
    assert catalogue.doctor() == ()


def test_there_are_few_statements_for_a_parcel(catalogue: Catalogue, tmp_path: Path) -> None:
    catalogue.load(write(tmp_path / "one.gpkg", [2020], [(6 + n / 100, 49.5) for n in range(10)]))
    few = catalogue.stats().triples
    with dafab_kg.open(tmp_path / "other") as other:
        other.load(write(tmp_path / "one.gpkg", [2020], [(6 + n / 100, 49.5) for n in range(20)]))
        assert (other.stats().triples - few) / 10 <= 14


def test_a_change_replaces_the_graph_of_its_tile_alone(
    catalogue: Catalogue, tmp_path: Path
) -> None:
    path = write(tmp_path / "set.gpkg", [2020, 2021], PLACES)
    catalogue.load(path)
    assert catalogue.load(path).counts == {"unchanged": 6}
    write(path, [2020, 2021], PLACES, crop="B")
    assert catalogue.load(path).counts == {"unchanged": 5, "replaced": 1}


def test_a_tile_that_is_gone_is_removed(catalogue: Catalogue, tmp_path: Path) -> None:
    path = write(tmp_path / "set.gpkg", [2020, 2021], PLACES)
    catalogue.load(path)
    # 2021 is delivered without its last tile; 2020 is not delivered, which says nothing
    report = catalogue.load(write(path, [2021], PLACES[:2]))
    assert report.counts == {"unchanged": 2, "removed": 1}
    kept = rows(
        catalogue,
        "SELECT ?season ?id { ?b dafab:season ?season ; dafab:boundaryOf/dafab:parcelId ?id }",
    )
    assert kept == {("2020", "p0"), ("2020", "p1"), ("2020", "p2"), ("2021", "p0"), ("2021", "p1")}


def test_in_two_processes_it_is_the_same(catalogue: Catalogue, tmp_path: Path) -> None:
    path = write(tmp_path / "set.gpkg", [2020, 2021], PLACES)
    assert catalogue.load(path, jobs=2).counts == {"loaded": 6}
    assert catalogue.load(path).counts == {"unchanged": 6}


def test_crops_are_found_by_a_broader_concept(catalogue: Catalogue, tmp_path: Path) -> None:
    path = geojson(
        tmp_path / "p.json",
        feature(polygon(), parcel_id="wheat", hcat_code="3301010101"),
        feature(polygon(x=6.1), parcel_id="grass", hcat_code="3302000000"),
        feature(polygon(x=6.2), parcel_id="odd", hcat_code="1234567890"),
    )
    report = catalogue.load(path)
    assert report.counts == {"loaded": 1}
    crops = rows(
        catalogue, "SELECT ?id ?crop { ?b dafab:crop ?crop ; dafab:boundaryOf/dafab:parcelId ?id }"
    )
    hcat = "https://w3id.org/dafab/hcat/"
    assert crops == {("wheat", f"{hcat}3301010101"), ("grass", f"{hcat}3302000000")}
    assert any("none of HCAT" in w for outcome in report.outcomes for w in outcome.warnings)
