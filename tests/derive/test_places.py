"""Links to places against geopandas, geometry by hand, and real footprints."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import geopandas
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from pyproj import Geod
from shapely.geometry import box, mapping, shape

from dafab_kg.catalogue import Catalogue, open_catalogue
from dafab_kg.cli import main
from dafab_kg.derive import Materials
from dafab_kg.derive.places import PARCELS, link_documents
from dafab_kg.model.names import Names
from dafab_kg.sample import write_sample
from dafab_kg.store.protocol import Iri, Literal

NAMES = Names()
PROLOGUE = """PREFIX dafab: <https://w3id.org/dafab/ns#>
PREFIX geo: <http://www.opengis.net/ont/geosparql#>
"""
GEOD = Geod(ellps="WGS84")


class Held(Materials):
    """Places and footprints without a store."""

    def __init__(self, places: dict[str, Any], things: dict[str, Any]) -> None:
        object.__setattr__(self, "names", NAMES)
        object.__setattr__(self, "held", (places, things))

    def stream(self, query: str, **_: Any) -> Any:
        places, things = self.held  # type: ignore[attr-defined]
        if "placeDataset" in query:
            return iter([(Literal("world"), Literal(k), Literal(g.wkt)) for k, g in places.items()])
        return iter(
            [(Iri(k), Literal(g if isinstance(g, str) else g.wkt)) for k, g in things.items()]
        )


def product(name: str) -> str:
    return NAMES.make("product", product_id=name)


def linked(
    places: dict[str, Any], things: dict[str, Any], scope: str = "things"
) -> dict[tuple[str, str], Decimal | None]:
    return {
        (document.value["place"], link["about"]): link.get("share")
        for document in link_documents(Held(places, things), scope)
        for link in document.value["links"]
    }


boxes = st.tuples(
    st.integers(-170, 160), st.integers(-80, 70), st.integers(1, 19), st.integers(1, 19)
).map(lambda b: box(b[0], b[1], b[0] + b[2], b[1] + b[3]))


@settings(max_examples=60)
@given(st.lists(boxes, max_size=8), st.lists(boxes, max_size=12))
def test_the_links_are_those_of_geopandas(outlines: list[Any], footprints: list[Any]) -> None:
    places = {str(n): g for n, g in enumerate(outlines)}
    things = {product(str(n)): g for n, g in enumerate(footprints)}
    left = geopandas.GeoDataFrame({"thing": list(things)}, geometry=list(things.values()), crs=4326)
    right = geopandas.GeoDataFrame(
        {"place": list(places)}, geometry=list(places.values()), crs=4326
    )
    joined = geopandas.sjoin(left, right, predicate="intersects")
    assert set(linked(places, things)) == set(zip(joined["place"], joined["thing"], strict=True))


@settings(max_examples=60)
@given(boxes, boxes)
def test_shares_are_of_the_area_on_the_ellipsoid(outline: Any, footprint: Any) -> None:
    """Boxes of parallels and meridians, against areas along geodesics through many points."""
    found = linked({"a": outline}, {product("p"): footprint})

    def area(geometry: Any) -> float:
        if geometry.is_empty or not geometry.area:
            return 0.0
        dense = shapely.segmentize(geometry, 0.05)
        return abs(GEOD.geometry_area_perimeter(dense)[0])

    if found:
        expected = 100 * area(outline.intersection(footprint)) / area(footprint)
        assert float(found["a", product("p")] or 0) == pytest.approx(expected, abs=0.01)


def test_parts_of_a_partition_add_up(shared: Path) -> None:
    """An image amid Europe: what of it lies in each country is all of it."""
    world = json.loads((shared / "boundaries/johan-world.geo.json/countries.geo.json").read_bytes())
    places = {f["id"]: shape(f["geometry"]) for f in world["features"]}
    places = {k: g for k, g in places.items() if g.is_valid}
    found = linked(places, {product("p"): box(5.5, 49.0, 7.0, 50.5)})
    assert {place for place, _ in found} == {"LUX", "BEL", "DEU", "FRA"}
    assert sum(found.values()) == pytest.approx(Decimal(100), abs=Decimal("0.01"))  # type: ignore[arg-type]


def test_the_antimeridian(shared: Path) -> None:
    world = json.loads((shared / "boundaries/johan-world.geo.json/countries.geo.json").read_bytes())
    places = {f["id"]: shape(f["geometry"]) for f in world["features"] if f["id"] in {"FJI", "RUS"}}
    over = (
        "MULTIPOLYGON (((178 -18, 180 -18, 180 -16, 178 -16, 178 -18)), "
        "((-180 -18, -179 -18, -179 -16, -180 -16, -180 -18)))"
    )
    things = {
        product("fiji"): over,
        product("chukotka"): box(-178, 66, -172, 68),
        product("pacific"): box(-170, -18, -160, -16),
    }
    assert set(linked(places, things)) == {("FJI", product("fiji")), ("RUS", product("chukotka"))}


def test_what_has_no_area_has_no_share_and_what_is_no_place_on_earth_no_link() -> None:
    things = {
        product("point"): "POINT (1 1)",
        product("crs84"): "<http://www.opengis.net/def/crs/OGC/1.3/CRS84> POINT (1 1)",
        product("metres"): "<http://www.opengis.net/def/crs/EPSG/0/3857> POINT (1 1)",
        product("broken"): "POLYGON ((1 1",
        product("crossed"): "POLYGON ((0 0, 2 2, 2 0, 0 2, 0 0))",
        NAMES.make("place", place_dataset="world", place_id="a"): box(0, 0, 2, 2),
        NAMES.make("parcel_boundary", dataset="d", parcel_id="1", season="2021"): box(1, 1, 3, 2),
    }
    outline = {"a": box(0, 0, 2, 2)}
    assert linked(outline, things) == {("a", product("point")): None, ("a", product("crs84")): None}
    ((_, share),) = linked(outline, things, PARCELS).items()
    assert share == pytest.approx(Decimal(50), abs=Decimal("0.1"))


def test_many_links_are_cut_into_documents() -> None:
    things = {product(str(n)): "POINT (1 1)" for n in range(12_000)}
    documents = list(link_documents(Held({"a": box(0, 0, 2, 2)}, things)))
    assert [len(d.value["links"]) for d in documents] == [5000, 5000, 2000]
    assert len({d.document_id for d in documents}) == 3


# --- in the catalogue


def in_places(catalogue: Catalogue, place_id: str) -> set[str]:
    query = PROLOGUE + f"SELECT ?t {{ ?t dafab:inPlace ?p . ?p dafab:placeId '{place_id}' }}"
    return {row[0].value.rsplit("/", 1)[-1] for row in catalogue.query(query)}  # type: ignore[union-attr]


def write_items(folder: Path, *names: str, west: float = 6.0) -> Path:
    folder.mkdir(exist_ok=True)
    for name in names:
        item = {
            "type": "Feature", "stac_version": "1.0.0", "id": name, "links": [], "assets": {},
            "geometry": mapping(box(west, 49.5, west + 0.1, 49.6)),
            "bbox": [west, 49.5, west + 0.1, 49.6],
            "properties": {"datetime": "2022-01-27T10:43:21Z"},
        }  # fmt: skip
        (folder / f"{name}.json").write_text(json.dumps(item))
    return folder


def test_enrich_links_what_has_come_and_takes_back_what_has_gone(tmp_path: Path) -> None:
    lux = {
        "type": "FeatureCollection",
        "features": [
            {
                "type": "Feature", "id": "LUX", "properties": {"name": "L"},
                "geometry": mapping(box(5.7, 49.4, 6.5, 50.2)),
            }
        ],
    }  # fmt: skip
    (tmp_path / "lux.geojson").write_text(json.dumps(lux))
    with open_catalogue(tmp_path / "s") as catalogue:
        catalogue.load(write_items(tmp_path / "one", "a", "b"), tmp_path / "lux.geojson")
        assert catalogue.enrich().links == 2
        assert in_places(catalogue, "LUX") == {"a", "b"}
        catalogue.load(
            write_items(tmp_path / "two", "c"), write_items(tmp_path / "far", "d", west=9)
        )
        assert in_places(catalogue, "LUX") == {"a", "b"}
        assert catalogue.enrich().load.counts == {"replaced": 1}
        assert in_places(catalogue, "LUX") == {"a", "b", "c"}
        assert catalogue.enrich().load.counts == {"unchanged": 1}
        assert catalogue.doctor() == ()
        catalogue.delete("b")
        catalogue.enrich()
        assert in_places(catalogue, "LUX") == {"a", "c"}
        for entry in [e for e in catalogue.documents() if e.key == "lux/LUX"]:
            catalogue.delete(entry.document_id)
        assert catalogue.enrich().load.counts == {"removed": 1}
        assert list(catalogue.query(PROLOGUE + "SELECT * { ?t dafab:inPlace ?p }")) == []  # type: ignore[arg-type]
        assert catalogue.doctor() == ()


def test_products_of_the_sample_in_luxembourg(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_sample(tmp_path / "sample", products=40)
    store = ["--store", str(tmp_path / "s")]
    assert main(["load", str(tmp_path / "sample"), "-q", *store]) == 0
    assert main(["enrich", *store]) == 0
    assert "links to 4 places" in capsys.readouterr().out
    boundaries = json.loads((tmp_path / "sample/places/sample-places.geojson").read_bytes())
    (outline,) = (shape(f["geometry"]) for f in boundaries["features"] if f["id"] == "LUX")
    with open_catalogue(tmp_path / "s", read_only=True) as catalogue:
        rows = catalogue.query(
            PROLOGUE + "SELECT ?t ?w { ?t a dafab:Product ; geo:hasGeometry/geo:asWKT ?w }"
        )
        footprints = {r[0].value.rsplit("/", 1)[-1]: shapely.from_wkt(r[1].value) for r in rows}  # type: ignore[union-attr]
        expected = {k for k, g in footprints.items() if g.intersects(outline)}
        found = in_places(catalogue, "LUX")
        assert found >= expected
        assert len(expected) > 5
        assert {p for p in found if p.startswith("S2")} <= expected | {"anomaly", "geometry"}


def test_the_command_without_places(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    store = ["--store", str(tmp_path / "s")]
    assert main(["load", str(write_items(tmp_path / "one", "a")), "-q", *store]) == 0
    assert main(["enrich", *store]) == 1
    assert "--places FILE" in capsys.readouterr().err
    literature = tmp_path / "l.csv"
    literature.write_text("about,doi\na,10.1000/1\n")
    assert main(["enrich", "--literature", str(literature), *store]) == 0
    assert main(["enrich", "--places", str(tmp_path / "none"), *store]) == 1


def test_counties_of_florida_and_the_images_after_ian(shared: Path, tmp_path: Path) -> None:
    """Footprints of Maxar's open data as items, linked to counties: the same as by geopandas."""
    footprints = geopandas.read_file(
        shared / "events/maxar-open-data/Hurricane-Ian-9-26-2022_union.geojson"
    ).to_crs("OGC:CRS84")
    footprints = footprints[footprints.geometry.is_valid].reset_index(drop=True)
    counties = sorted((shared / "boundaries/johan-world.geo.json/countries/USA/FL").glob("*.json"))
    things = {product(str(n)): g for n, g in enumerate(footprints.geometry)}
    with open_catalogue(tmp_path / "s") as catalogue:
        assert catalogue.load(*counties).counts == {"loaded": 67}
        rows = catalogue.query(
            PROLOGUE + "SELECT ?i ?w { ?p dafab:placeId ?i ; geo:hasGeometry/geo:asWKT ?w }"
        )
        places = {row[0].value: shapely.from_wkt(row[1].value) for row in rows}  # type: ignore[union-attr]
    right = geopandas.GeoDataFrame(
        {"place": list(places)}, geometry=list(places.values()), crs=4326
    )
    left = geopandas.GeoDataFrame({"thing": list(things)}, geometry=list(things.values()), crs=4326)
    joined = geopandas.sjoin(left, right, predicate="intersects")
    found = linked(places, things)
    assert set(found) == set(zip(joined["place"], joined["thing"], strict=True))
    # Ian came ashore in Lee County and left by the counties of the Atlantic coast
    assert {place for place, _ in found} >= {"FL-Lee", "FL-Charlotte", "FL-Collier"}
