"""Boundaries: what is taken, what is left to others, and what is read of each place."""

from __future__ import annotations

import json
import zipfile
from collections import Counter
from decimal import Decimal
from pathlib import Path
from typing import Any

import geopandas
import pytest
import shapely
from shapely.geometry import Polygon, box, mapping, shape

from dafab_kg.catalogue import open_catalogue
from dafab_kg.loaders.places import PlacesLoader
from dafab_kg.loaders.trees import open_trees
from dafab_kg.model.documents import Found, Refused, Tree
from dafab_kg.model.errors import (
    DocumentRejected,
    FieldMissing,
    FieldNotValid,
    GeometryNotValid,
    NotUnique,
)
from dafab_kg.model.records import Place
from dafab_kg.model.settings import Settings
from dafab_kg.sample.places import boundaries

SQUARE = mapping(box(6, 49, 7, 50))


def feature(own: object = "LUX", geometry: Any = SQUARE, **properties: Any) -> dict[str, Any]:
    found = {"type": "Feature", "properties": properties, "geometry": geometry}
    return found if own is None else {**found, "id": own}


def collection(*features: Any, **members: Any) -> dict[str, Any]:
    return {"type": "FeatureCollection", "features": list(features), **members}


def write(folder: Path, value: Any, name: str = "some.geojson") -> Path:
    file = folder / name
    file.write_text(json.dumps(value), encoding="utf-8")
    return file


def find(path: Path, **told: str) -> list[Found | Refused]:
    loader = PlacesLoader(**told)
    trees = [tree for tree in open_trees([path], Settings()) if isinstance(tree, Tree)]
    return [item for tree in trees for item in loader.find(tree)]


def places(path: Path, **told: str) -> list[Place]:
    found: list[Place] = []
    for item in find(path, **told):
        assert isinstance(item, Found), item
        (record,) = PlacesLoader(**told).read(item.document).records
        assert isinstance(record, Place)
        found.append(record)
    return found


# --- real data


def test_the_world(shared: Path) -> None:
    file = shared / "boundaries/johan-world.geo.json/countries.geo.json"
    raw = {f["id"]: f for f in json.loads(file.read_bytes())["features"]}
    items = find(file)
    assert len(items) == 180
    read: dict[str, Place] = {}
    rejected = []
    for item in items:
        assert isinstance(item, Found)
        try:
            (record,) = PlacesLoader().read(item.document).records
        except GeometryNotValid as error:
            rejected.append((item.document.key, error.where))
            continue
        assert isinstance(record, Place)
        read[record.place_id] = record
    # the ring of the continent around the pole crosses itself, so it bounds nothing
    assert rejected == [("countries/ATA", f"{file}#/features/6/geometry")]
    assert len(read) == 179
    assert {p.place_id for p in read.values()} - set(raw) == {"Northern Cyprus", "Somaliland"}
    luxembourg = read["LUX"]
    assert (luxembourg.toponym, luxembourg.iso_code, luxembourg.iso_code_short) == (
        "Luxembourg", "LUX", "LU",
    )  # fmt: skip
    assert luxembourg.place_level == "country"
    for place_id in ("LUX", "DEU", "BRA", "ITA"):
        theirs = shape(raw[place_id]["geometry"])
        ours = shapely.from_wkt(read[place_id].footprint_wkt)
        assert ours.symmetric_difference(theirs).area < 1e-12 * theirs.area
    for place_id in ("FJI", "RUS"):  # over the antimeridian
        assert read[place_id].west > read[place_id].east  # type: ignore[operator]


def test_every_boundary_file_is_taken(shared: Path) -> None:
    found = find(shared / "boundaries")
    files = {item.entries[0].name for item in found}
    assert len(files) == 84
    levels = Counter(
        PlacesLoader().read(item.document).records[0].place_level  # type: ignore[attr-defined, union-attr]
        for item in found
        if "ATA" not in item.document.key  # type: ignore[union-attr]
    )
    assert levels == {"country": 188, "region": 4, "county": 67, None: 3}
    florida = [item for item in found if item.document.key == "FL/USA-FL"]  # type: ignore[union-attr]
    (record,) = PlacesLoader().read(florida[0].document).records  # type: ignore[union-attr]
    assert (record.subdivision_code, record.iso_code) == ("US-FL", "USA")  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    "folder",
    ["events", "fields", "stac_catalogues", "catalogue_api", "chips", "flood_masks", "vocab"],
)
def test_nothing_of_others_is_taken(shared: Path, folder: str) -> None:
    assert find(shared / folder) == []


# --- what tells


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (feature(None, iso_a3="LUX", name="Luxembourg"), ("LUX", "country?")),
        (feature(None, ADM0_A3="LUX", featurecla="Admin-0 country", NAME="L"), ("LUX", "country")),
        (feature(None, GID_0="LUX", COUNTRY="Luxembourg"), ("LUX", "country")),
        (
            feature(None, GID_0="LUX", COUNTRY="Luxembourg", GID_1="LUX.1_1", NAME_1="Diekirch"),
            ("LUX.1_1", "region"),
        ),
        (
            feature(None, shapeGroup="LUX", shapeName="Capellen", shapeID="7B1", shapeType="ADM2"),
            ("7B1", "county"),
        ),
        (
            feature(None, NUTS_ID="LU", LEVL_CODE=0, CNTR_CODE="LU", NUTS_NAME="L"),
            ("LU", "country"),
        ),
        (
            feature(None, NUTS_ID="LU0", LEVL_CODE=1, CNTR_CODE="LU", NUTS_NAME="L"),
            ("LU0", "region"),
        ),
        (feature("LUX", name="Luxembourg"), ("LUX", "country")),
        (feature("USA-FL", name="Florida", fips="12"), ("USA-FL", "region")),
        (feature(None, kind="county", name="Lee", state="FL"), ("FL-Lee", "county")),
        (feature(None, admin_level="6", name="Lee", boundary="administrative"), ("Lee", "county")),
    ],
)
def test_data_sets_that_say_what_they_are(
    tmp_path: Path, value: dict[str, Any], said: tuple[str, str]
) -> None:
    (place,) = places(write(tmp_path, collection(value)))
    assert place.place_id == said[0]
    assert (place.place_level or "country?") == said[1]
    assert (place.west, place.north) == (Decimal("6.0"), Decimal("50.0"))


@pytest.mark.parametrize(
    "value",
    [
        collection(feature("LUX", name="x", crop="wheat")),
        collection(feature("LUX", name="x", eventtype="FL")),
        collection(feature("P12", name="field")),
        collection(feature("ABC", name="field")),
        collection(feature("LUX")),
        collection(feature("LUX", name="x"), feature("2", name="y", area=3)),
        collection(feature("LUX", {"type": "Point", "coordinates": [6, 49]}, name="x")),
        collection(feature(1, name="x", kind="pond")),
        collection({**feature("LUX", name="x"), "stac_version": "1.0.0"}),
        collection(),
        feature(None, name="x"),
    ],
)
def test_what_may_be_anything_is_left(tmp_path: Path, value: dict[str, Any]) -> None:
    assert find(write(tmp_path, value)) == []


def test_the_user_may_say_so(tmp_path: Path) -> None:
    file = write(tmp_path, collection(feature(7, name="Upper Valley"), feature(8, name="Lower")))
    assert [p.place_id for p in places(file, assume="places")] == ["7", "8"]
    assert find(file, assume="parcels") == []
    lux = write(tmp_path, collection(feature("LUX", name="L")), "lux.json")
    assert find(lux, assume="events") == []


def test_the_identifiers_of_a_source_are_kept(tmp_path: Path) -> None:
    value = feature(
        None, iso_a3="-99", ADM0_A3="NOR", ISO_A2_EH="NO", featurecla="Admin-0 country",
        NAME="Norway", NAME_LONG="Norway", NAME_DE="Norwegen", NAME_FR="Norvège",
        WIKIDATAID="Q20", GN_ID=3144096.0,
    )  # fmt: skip
    (place,) = places(write(tmp_path, collection(value)))
    assert (place.iso_code, place.iso_code_short) == ("NOR", "NO")
    assert (place.wikidata, place.geonames) == ("Q20", "3144096")
    assert place.other_toponyms == ("Norwegen", "Norvège")
    none = feature(None, iso_a3="NOR", name="N", wikidataid="-99", geonameid=-1)
    (place,) = places(write(tmp_path, collection(none)))
    assert (place.wikidata, place.geonames) == (None, None)


def test_eurostat_has_codes_of_its_own(tmp_path: Path) -> None:
    value = feature(None, NUTS_ID="EL", LEVL_CODE=0, CNTR_CODE="EL", NUTS_NAME="Elláda")
    (place,) = places(write(tmp_path, collection(value)))
    assert (place.place_id, place.iso_code, place.iso_code_short) == ("EL", "GRC", "GR")


# --- other formats


@pytest.mark.parametrize("name", ["b.gpkg", "b.shp", "b.fgb"])
def test_formats_of_gdal_in_any_crs(tmp_path: Path, name: str) -> None:
    frame = geopandas.GeoDataFrame(
        {"name": ["One", "Two"], "iso_a3": ["LUX", "LUX"], "place_id": ["a", "b"]},
        geometry=[box(6, 49, 6.5, 50), box(6.5, 49, 7, 50)],
        crs="OGC:CRS84",
    )
    frame.to_crs("EPSG:3035").to_file(tmp_path / name, engine="pyogrio")
    assert find(tmp_path) == []
    read = places(tmp_path, assume="places", dataset="mine")
    read.sort(key=lambda place: place.place_id)  # FlatGeobuf has an order of its own
    assert [(p.place_dataset, p.place_id, p.toponym) for p in read] == [
        ("mine", "a", "One"),
        ("mine", "b", "Two"),
    ]
    ours = shapely.from_wkt(read[0].footprint_wkt)
    assert ours.hausdorff_distance(box(6, 49, 6.5, 50)) < 1e-7  # 1 cm


def test_a_zipped_shapefile_and_a_place_read_again(tmp_path: Path) -> None:
    frame = geopandas.GeoDataFrame({"name": ["One"]}, geometry=[box(6, 49, 7, 50)], crs=4326)
    (tmp_path / "raw").mkdir()
    frame.to_file(tmp_path / "raw/b.shp", engine="pyogrio")
    with zipfile.ZipFile(tmp_path / "b.zip", "w") as archive:
        for file in (tmp_path / "raw").iterdir():
            archive.write(file, file.name)
    (item,) = find(tmp_path / "b.zip", assume="places")
    assert isinstance(item, Found)
    document = item.document
    again = type(document)(
        *(document.kind, document.key, document.origin, document.parts, document.pointer)
    )
    loader = PlacesLoader()
    assert loader.read(again).records == loader.read(document).records


def test_a_layer_without_crs_is_refused(tmp_path: Path) -> None:
    frame = geopandas.GeoDataFrame({"name": ["One"]}, geometry=[box(6, 49, 7, 50)])
    with pytest.warns(UserWarning, match="crs"):
        frame.to_file(tmp_path / "b.shp", engine="pyogrio")
    (item,) = find(tmp_path, assume="places")
    assert isinstance(item, Refused)
    assert isinstance(item.error, FieldNotValid)
    assert "ogr2ogr" in str(item.error)


# --- faults


def refusal(path: Path, **told: str) -> DocumentRejected:
    """The one fault of a file whose other places are read."""
    faults: list[DocumentRejected] = []
    for item in find(path, **told):
        if isinstance(item, Refused):
            assert isinstance(item.error, DocumentRejected)
            faults.append(item.error)
            continue
        try:
            PlacesLoader(**told).read(item.document)
        except DocumentRejected as error:
            faults.append(error)
    (fault,) = faults
    assert fault.where.startswith(str(path))
    assert fault.remedy
    return fault


def test_faults_of_one_place_hold_its_neighbours_not_up(tmp_path: Path) -> None:
    right = feature("BEL", name="Belgium")

    def fault(broken: Any, **told: str) -> DocumentRejected:
        return refusal(write(tmp_path, collection(right, broken)), **told)

    assert isinstance(fault(feature("LUX", None, name="L")), GeometryNotValid)
    bow = mapping(Polygon([(0, 0), (4, 4), (4, 0), (0, 4)]))
    assert isinstance(fault(feature("LUX", bow, name="L")), GeometryNotValid)
    assert isinstance(fault(feature("BEL", name="Again")), NotUnique)
    assert isinstance(fault(feature(None), assume="places"), FieldMissing)
    assert isinstance(fault(feature(3), assume="places"), FieldMissing)
    assert isinstance(fault("no feature", assume="places"), FieldNotValid)
    point = {"type": "Point", "coordinates": [6, 49]}
    assert isinstance(fault(feature(4, point, name="P"), assume="places"), FieldNotValid)
    far = mapping(box(500, 49, 501, 50))
    assert isinstance(fault(feature("LUX", far, name="L")), GeometryNotValid)


def test_a_ring_that_touches_itself_is_mended_with_a_warning(tmp_path: Path) -> None:
    ring = [
        [0, 0],
        [10, 0],
        [10, 10],
        [5, 10],
        [5.001, 10.001],
        [5, 10.001],
        [5.001, 10],
        [0, 10],
        [0, 0],
    ]
    file = write(
        tmp_path, collection(feature("LUX", {"type": "Polygon", "coordinates": [ring]}, name="L"))
    )
    (item,) = find(file)
    assert isinstance(item, Found)
    reading = PlacesLoader().read(item.document)
    assert any("mended" in warning for warning in reading.warnings)
    assert shapely.from_wkt(reading.records[0].footprint_wkt).area == pytest.approx(100, rel=1e-3)  # type: ignore[attr-defined]


def test_coordinates_in_metres_are_refused(tmp_path: Path) -> None:
    crs = {"type": "name", "properties": {"name": "urn:ogc:def:crs:EPSG::3857"}}
    file = write(tmp_path, collection(feature(1, name="L"), crs=crs))
    assert "CRS84" in str(refusal(file, assume="places"))
    crs = {"type": "name", "properties": {"name": "urn:ogc:def:crs:OGC:1.3:CRS84"}}
    assert (
        len(places(write(tmp_path, collection(feature(1, name="L"), crs=crs)), assume="places"))
        == 1
    )


# --- in the catalogue


def test_a_place_that_left_its_data_set_leaves_the_catalogue(tmp_path: Path) -> None:
    file = write(tmp_path, collection(feature("LUX", name="L"), feature("BEL", name="B")))
    with open_catalogue(tmp_path / "s") as catalogue:
        assert catalogue.load(file).counts == {"loaded": 2}
        assert catalogue.load(file).counts == {"unchanged": 2}
        write(tmp_path, collection(feature("LUX", name="L")))
        assert catalogue.load(file).counts == {"unchanged": 1, "removed": 1}


def test_two_data_sets_of_one_country_stay_apart(tmp_path: Path) -> None:
    coarse = write(tmp_path, collection(feature("LUX", name="L")), "coarse.geojson")
    other = feature("LUX", mapping(box(6, 49, 6.9, 50)), name="L")
    fine = write(tmp_path, collection(other), "fine.json")
    with open_catalogue(tmp_path / "s") as catalogue:
        catalogue.load(coarse, fine)
        rows = catalogue.query("SELECT ?p { ?p <https://w3id.org/dafab/ns#isoCode> 'LUX' }")
        base = "https://w3id.org/dafab/id/place"
        assert {row[0].value for row in rows} == {f"{base}/coarse/LUX", f"{base}/fine/LUX"}  # type: ignore[union-attr]


def test_the_sample_says_true_codes(tmp_path: Path) -> None:
    read = places(write(tmp_path, boundaries()))
    assert {(p.toponym, p.iso_code, p.subdivision_code, p.place_level) for p in read} == {
        ("Luxembourg", "LUX", None, "country"),
        ("Florida", "USA", "US-FL", "region"),
        ("Viet Nam", "VNM", None, "country"),
        ("Mekong Delta", "VNM", None, "region"),
    }
