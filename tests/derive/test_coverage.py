"""Agricultural coverage against pixel counts, unions in UTM and figures of others."""

from __future__ import annotations

import json
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import numpy as np
import pyproj
import pytest
import shapely
from affine import Affine
from hypothesis import given
from hypothesis import strategies as st
from rasterio.features import rasterize
from shapely.affinity import rotate

import dafab_kg
from dafab_kg.catalogue import Catalogue
from dafab_kg.cli import main
from dafab_kg.derive.coverage import cloud_classes, holds, united_area
from dafab_kg.derive.equal_area import EqualArea, middle
from dafab_kg.model.errors import FieldNotValid
from dafab_kg.model.records import Coverage, SceneCoverage
from tests.derive.making import ORIGIN, TO_DEGREES, UTM, degrees, write_parcels, write_scene

LEFT, TOP = ORIGIN
SIDE = 2_000.0  # metres; the scene has 100 × 100 pixels of 20 m
SCENE = shapely.box(LEFT, TOP - SIDE, LEFT + SIDE, TOP)
NAME = "S2A_MSIL2A_20210601T100031_N0500_R122_T33TWL_20210601T130000"
CLEAR = np.full((100, 100), 4, np.uint8)


@pytest.fixture
def catalogue(tmp_path: Path) -> Iterator[Catalogue]:
    with dafab_kg.open(tmp_path / "store") as opened:
        yield opened


def scene(tmp_path: Path, classes: np.ndarray | None = CLEAR, **told: str) -> Path:
    return write_scene(tmp_path / "scene", NAME, degrees(SCENE), classes, **told)


def square(column: float, row: float, size: float) -> shapely.Polygon:
    """A square field in UTM, placed in metres from the scene's upper left corner."""
    return shapely.box(LEFT + column, TOP - row - size, LEFT + column + size, TOP - row)


def parcels(tmp_path: Path, fields: dict[str, shapely.Polygon], **told: str) -> Path:
    """Fields, and one at each corner of the scene so that the set covers it."""
    shapes = {name: degrees(field) for name, field in fields.items()}
    return write_parcels(tmp_path / f"{told.get('season', '2021')}.ttl", shapes, **told)


CORNERS = {f"corner{i}": square(c, r, 20) for i, (c, r) in enumerate(
    ((-40, -40), (SIDE + 20, -40), (-40, SIDE + 20), (SIDE + 20, SIDE + 20)))}  # fmt: skip


def coverage(catalogue: Catalogue, **asked: str) -> Coverage:
    [derived] = catalogue.derive("coverage", **asked).derived
    [figure] = [f for f in derived.figures if isinstance(f, Coverage)]
    return figure


def near(value: Decimal | None, expected: float, within: float = 0.002) -> bool:
    return value is not None and abs(float(value) - expected) <= within


def test_a_quarter_of_the_image_is_field(catalogue: Catalogue, tmp_path: Path) -> None:
    catalogue.load(scene(tmp_path), parcels(tmp_path, {"a": square(0, 0, 1000), **CORNERS}))
    figure = coverage(catalogue)
    assert near(figure.agricultural_coverage, 25)
    assert figure.cloud_free_agricultural_coverage == figure.agricultural_coverage
    assert (figure.field_count, figure.cloud_free_field_count) == (1, 1)
    assert near(figure.image_area, 4.0, 0.005)
    assert figure.parcel_extent_share == 100


def test_overlapping_fields_count_once(catalogue: Catalogue, tmp_path: Path) -> None:
    fields = {"a": square(0, 0, 1000), "b": square(500, 0, 1000), "c": square(0, 0, 1000)}
    catalogue.load(scene(tmp_path), parcels(tmp_path, fields | CORNERS))
    figure = coverage(catalogue)
    assert near(figure.agricultural_coverage, 37.5)
    assert figure.field_count == 3


def test_a_field_is_cut_at_the_edge_of_the_image(catalogue: Catalogue, tmp_path: Path) -> None:
    catalogue.load(scene(tmp_path), parcels(tmp_path, {"a": square(-500, -500, 1000), **CORNERS}))
    assert near(coverage(catalogue).agricultural_coverage, 6.25)


def test_one_cloudy_pixel_takes_the_whole_field_and_its_neighbour_stays(
    catalogue: Catalogue, tmp_path: Path
) -> None:
    classes = CLEAR.copy()
    classes[10, 10] = 9
    # the cloud is the square 200-220 m: it shares an edge with "beside" and lies in "under"
    fields = {"under": square(100, 100, 1000), "beside": square(1120, 100, 500)}
    fields["edge"] = square(220, 1200, 500)
    classes[60, 10] = 10  # 200-220 m, rows 1200-1220: left of "edge", edge to edge
    catalogue.load(scene(tmp_path, classes), parcels(tmp_path, fields | CORNERS))
    figure = coverage(catalogue)
    assert near(figure.agricultural_coverage, 37.5)
    assert near(figure.cloud_free_agricultural_coverage, 12.5)
    assert (figure.field_count, figure.cloud_free_field_count) == (3, 2)


def test_what_counts_as_cloud_can_be_said(catalogue: Catalogue, tmp_path: Path) -> None:
    classes = CLEAR.copy()
    classes[10, 10] = 3
    catalogue.load(
        scene(tmp_path, classes), parcels(tmp_path, {"a": square(0, 0, 1000), **CORNERS})
    )
    assert near(coverage(catalogue).cloud_free_agricultural_coverage, 25)
    again = catalogue.derive("coverage", cloud_classes="3,8,9,10")
    assert again.load.counts == {"replaced": 1}
    assert again.derived[0].figures[0].cloud_free_agricultural_coverage == 0  # type: ignore[attr-defined]
    with pytest.raises(FieldNotValid, match="classes of a scene classification"):
        catalogue.derive("coverage", cloud_classes="clouds")


def test_a_scene_wholly_under_cloud(catalogue: Catalogue, tmp_path: Path) -> None:
    catalogue.load(
        scene(tmp_path, np.full_like(CLEAR, 9)),
        parcels(tmp_path, {"a": square(0, 0, 1000), **CORNERS}),
    )
    figure = coverage(catalogue)
    assert near(figure.agricultural_coverage, 25)
    assert (figure.cloud_free_agricultural_coverage, figure.cloud_free_field_count) == (0, 0)


def test_pixels_without_data_are_no_image(catalogue: Catalogue, tmp_path: Path) -> None:
    classes = CLEAR.copy()
    classes[:, :50] = 0
    catalogue.load(
        scene(tmp_path, classes), parcels(tmp_path, {"a": square(500, 0, 1000), **CORNERS})
    )
    figure = coverage(catalogue)
    assert near(figure.image_area, 2.0, 0.005)
    assert near(figure.agricultural_coverage, 25)  # half of the field, of half of the image


def test_an_image_without_any_data_has_no_coverage(catalogue: Catalogue, tmp_path: Path) -> None:
    catalogue.load(
        scene(tmp_path, np.zeros_like(CLEAR)),
        parcels(tmp_path, {"a": square(0, 0, 1000), **CORNERS}),
    )
    report = catalogue.derive("coverage")
    assert report.derived == ()
    assert "holds no data" in report.lacking[0].reason


def test_random_fields_against_a_count_of_pixels(catalogue: Catalogue, tmp_path: Path) -> None:
    chance = np.random.default_rng(5)
    fields = {}
    for number in range(60):
        column, row, size, turn = chance.uniform((-200, -200, 40, 0), (2000, 2000, 400, 90))
        fields[f"f{number}"] = rotate(square(column, row, size), turn)
    classes = np.where(chance.random(CLEAR.shape) < 0.01, 8, 4).astype(np.uint8)
    classes[:, 90:] = 0
    catalogue.load(scene(tmp_path, classes), parcels(tmp_path, fields | CORNERS))
    figure = coverage(catalogue)

    fine = {"out_shape": (2000, 2000), "transform": Affine(1, 0, LEFT, 0, -1, TOP)}  # 1 m
    image = np.kron(classes != 0, np.ones((20, 20), bool))
    field = rasterize(fields.values(), **fine).astype(bool) & image
    rows, columns = np.nonzero(classes == 8)
    clouds = [square(20 * c, 20 * r, 20) for c, r in zip(columns, rows, strict=True)]
    clear = [f for f in fields.values() if f.intersection(shapely.union_all(clouds)).area < 1e-3]
    free = rasterize(clear, **fine).astype(bool) & image
    assert near(figure.agricultural_coverage, 100 * field.sum() / image.sum(), 0.02)
    assert near(figure.cloud_free_agricultural_coverage, 100 * free.sum() / image.sum(), 0.02)
    within = [f for f in fields.values() if f.intersection(square(0, 0, 2000)).area > 0]
    within = [f for f in within if f.intersection(shapely.box(
        LEFT, TOP - SIDE, LEFT + 1800, TOP)).area > 0]  # fmt: skip
    assert figure.field_count == len(within)


def test_parcels_of_another_place_say_nothing_of_the_scene(
    catalogue: Catalogue, tmp_path: Path
) -> None:
    catalogue.load(scene(tmp_path), parcels(tmp_path, {"far": square(50_000, 0, 1000)}))
    report = catalogue.derive("coverage", NAME)
    assert report.derived == ()
    assert "no parcels are there" in report.lacking[0].reason
    assert catalogue.derive("coverage").lacking == ()  # not asked for: nothing to say


def test_parcels_beside_and_around_the_scene(catalogue: Catalogue, tmp_path: Path) -> None:
    """No field in a scene is 0 % where the data set goes all around it, else nothing."""
    beside = {"west": square(-100, 1900, 50), "north": square(100, -100, 50)}
    catalogue.load(scene(tmp_path), parcels(tmp_path, beside, season="2020"))
    [lacking] = catalogue.derive("coverage").lacking
    assert "does not say that there are none" in lacking.reason and "2020" in lacking.reason
    catalogue.load(parcels(tmp_path, CORNERS))
    figure = coverage(catalogue, season="2021")
    assert (figure.agricultural_coverage, figure.field_count) == (0, 0)


def test_what_is_missing_is_said(catalogue: Catalogue, tmp_path: Path) -> None:
    catalogue.load(scene(tmp_path, None))
    assert "no field boundaries are here" in catalogue.derive("coverage").lacking[0].reason
    catalogue.load(parcels(tmp_path, {"a": square(0, 0, 1000), **CORNERS}))
    report = catalogue.derive("coverage")
    assert "no scene classification (SCL) of it is here" in report.derived[0].notes[0]
    assert coverage(catalogue).cloud_free_agricultural_coverage is None
    [unknown] = catalogue.derive("coverage", "S2A_NONE").lacking
    assert unknown.about == "S2A_NONE" and "no image of this id" in unknown.reason
    [asked] = catalogue.derive("coverage", season="1999").lacking
    assert asked.about == "1999"


def test_a_mask_of_a_part_tells_nothing_of_the_whole(catalogue: Catalogue, tmp_path: Path) -> None:
    fields = parcels(tmp_path, {"a": square(0, 0, 1000), **CORNERS})
    catalogue.load(scene(tmp_path, CLEAR[:, :60]), fields)
    report = catalogue.derive("coverage")
    assert "the cloud mask covers 60.0% of the image" in report.derived[0].notes[0]
    figure = coverage(catalogue)
    assert near(figure.agricultural_coverage, 25)
    assert figure.cloud_free_agricultural_coverage is None


def test_parcels_of_a_part_are_said_to_be_so(catalogue: Catalogue, tmp_path: Path) -> None:
    catalogue.load(scene(tmp_path), parcels(tmp_path, {"a": square(0, 0, 1000)}))
    report = catalogue.derive("coverage")
    assert "within 25.0% of the image" in report.derived[0].notes[0]
    assert near(coverage(catalogue).parcel_extent_share, 25, 0.1)


def test_the_figure_on_the_product_is_that_of_its_season(
    catalogue: Catalogue, tmp_path: Path
) -> None:
    catalogue.load(
        scene(tmp_path),
        parcels(tmp_path, {"a": square(0, 0, 1000), **CORNERS}, season="2021"),
        parcels(tmp_path, {"a": square(0, 0, 500), **CORNERS}, season="2020"),
    )
    report = catalogue.derive("coverage")
    assert report.load.counts == {"loaded": 2}
    on_product = [f for d in report.derived for f in d.figures if isinstance(f, SceneCoverage)]
    assert len(on_product) == 1 and near(on_product[0].agricultural_coverage, 25)
    rows = catalogue.query(
        """PREFIX dafab: <https://w3id.org/dafab/ns#>
        PREFIX prov: <http://www.w3.org/ns/prov#>
        SELECT ?product ?value ?season ?inSeason ?rule ?document {
          ?product a dafab:Product ; dafab:agriculturalCoverage ?value .
          ?coverage dafab:ofProduct ?product ; dafab:season ?season ;
                    dafab:agriculturalCoverage ?inSeason ; prov:wasGeneratedBy ?by .
          ?by dafab:derivationRule ?rule ; prov:used ?document }"""
    ).to_pandas()  # type: ignore[union-attr]
    assert set(rows.season) == {"2020", "2021"} and set(rows.rule) == {"coverage"}
    assert {round(float(value), 2) for value in rows.value} == {25.0}
    assert {round(float(value), 2) for value in rows.inSeason} == {25.0, 6.25}
    kept = {catalogue.names.make("document", document_id=e.document_id)
            for e in catalogue.documents() if e.kind != "derivation"}  # fmt: skip
    assert set(rows.document) == kept  # item, raster and both files of parcels
    assert catalogue.doctor() == ()


def test_deriving_again_changes_nothing_and_deleting_takes_the_figures_away(
    catalogue: Catalogue, tmp_path: Path
) -> None:
    catalogue.load(scene(tmp_path), parcels(tmp_path, {"a": square(0, 0, 1000), **CORNERS}))
    assert catalogue.derive("coverage").load.counts == {"loaded": 1}
    assert catalogue.derive("coverage").load.counts == {"unchanged": 1}
    catalogue.load(parcels(tmp_path, {"a": square(0, 0, 500), **CORNERS}))
    assert catalogue.derive("coverage").load.counts == {"replaced": 1}
    assert near(coverage(catalogue).agricultural_coverage, 6.25)
    [entry] = [e for e in catalogue.documents() if e.kind == "derivation"]
    catalogue.delete(entry.document_id)
    left = catalogue.query("SELECT * { ?s <https://w3id.org/dafab/ns#agriculturalCoverage> ?o }")
    assert list(left) == []  # type: ignore[arg-type]
    assert catalogue.doctor() == ()


def test_figures_go_with_the_product(catalogue: Catalogue, tmp_path: Path) -> None:
    catalogue.load(scene(tmp_path), parcels(tmp_path, {"a": square(0, 0, 1000), **CORNERS}))
    catalogue.derive("coverage")
    catalogue.delete(NAME)
    assert "derivation" not in {entry.kind for entry in catalogue.documents()}
    assert catalogue.doctor() == ()


def test_clouds_that_were_drawn(catalogue: Catalogue, tmp_path: Path) -> None:
    """Where there is no scene classification, areas of class cloud detected in the image."""
    fields = {"under": square(0, 0, 500), "clear": square(1000, 1000, 500)}
    cloud = degrees(square(100, 100, 300)).wkt
    image = catalogue.names.make("product", product_id=NAME)
    (tmp_path / "cloud.ttl").write_text(
        f"""@prefix dafab: <https://w3id.org/dafab/ns#> .
        @prefix geo: <http://www.opengis.net/ont/geosparql#> .
        <urn:c> dafab:detectedIn <{image}> ; dafab:objectClass "Cloud" ; geo:hasGeometry <urn:g> .
        <urn:g> geo:asWKT "{cloud}"^^geo:wktLiteral ."""
    )
    catalogue.load(scene(tmp_path, None), parcels(tmp_path, fields | CORNERS))
    catalogue.load(tmp_path / "cloud.ttl", validate=False)
    figure = coverage(catalogue)
    assert near(figure.agricultural_coverage, 12.5)
    assert near(figure.cloud_free_agricultural_coverage, 6.25)


def test_the_command(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    store = ["--store", str(tmp_path / "store"), "--json"]
    fields = parcels(tmp_path, {"a": square(0, 0, 1000), **CORNERS})
    assert main([*store, "load", str(scene(tmp_path)), str(fields)]) == 0
    capsys.readouterr()
    assert main([*store, "derive", "coverage", "--product", NAME, "--season", "2021"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["counts"] == {"loaded": 1} and told["lacking"] == []
    assert told["derived"][0]["product_id"] == NAME
    assert main([*store, "derive", "coverage", "--season", "1999"]) == 1
    assert json.loads(capsys.readouterr().out)["lacking"][0]["about"] == "1999"


def test_a_scene_across_the_antimeridian(catalogue: Catalogue, tmp_path: Path) -> None:
    """One field on each side of 180°, of the same size: 1° of 4° of longitude each."""
    sides = shapely.MultiPolygon(
        [shapely.box(178, -17, 180, -16), shapely.box(-180, -17, -178, -16)]
    )
    fields = {
        "west": shapely.box(178.5, -17, 179.5, -16),
        "east": shapely.box(-179.5, -17, -178.5, -16),
        "c1": shapely.box(177.8, -17.2, 177.9, -17.1),
        "c2": shapely.box(-177.9, -15.9, -177.8, -15.8),
    }
    name = "S2A_MSIL2A_20210601T221951_N0500_R029_T01KAB_20210601T230000"
    write_scene(tmp_path / "scene", name, sides)
    catalogue.load(tmp_path / "scene", write_parcels(tmp_path / "p.ttl", fields))
    figure = coverage(catalogue)
    assert near(figure.agricultural_coverage, 50)
    assert figure.field_count == 2
    geod = pyproj.Geod(ellps="WGS84")
    parts = (shapely.segmentize(part, 0.01) for part in sides.geoms)
    area = sum(abs(geod.geometry_area_perimeter(part)[0]) for part in parts)
    assert near(figure.image_area, area / 1e6, 0.5)


def test_land_use_of_others_gives_the_share_that_they_counted(
    catalogue: Catalogue, tmp_path: Path, shared: Path
) -> None:
    """eo-learn's test patch: polygons of land use, and the share of pixels of each class."""
    gpd = pytest.importorskip("geopandas")
    patch = shared / "chips" / "eo-learn-example_data" / "TestEOPatch"
    land = gpd.read_file(patch / "vector_timeless" / "LULC.gpkg")
    frame = gpd.read_file(patch / "bbox.geojson").to_crs(UTM).geometry.iloc[0]
    classes = np.load(patch / "mask_timeless" / "LULC.npy")[..., 0]
    shares = np.load(patch / "scalar_timeless" / "LULC_PERCENTAGE.npy")
    # the share of each class: the order of LULC_PERCENTAGE is that of the classes in the mask
    counted = {int(c): float(s) for c, s in zip(np.unique(classes), shares, strict=True)}
    for number, share in counted.items():
        if number == 0 or share < 0.01:
            continue
        fields = {f"l{i}": degrees(shape) for i, shape in
                  enumerate(land.geometry[land["LULC_ID"].eq(number)])}  # fmt: skip
        folder = tmp_path / f"class{number}"
        name = f"S2A_MSIL2A_20210601T1000{number:02d}_N0500_R122_T33TVL_20210601T130000"
        write_scene(folder / "scene", name, degrees(frame))
        with dafab_kg.open(folder / "store") as opened:
            opened.load(folder / "scene", write_parcels(folder / "p.ttl", fields))
            figure = coverage(opened)
        # pixels of 10 m count an area of small parcels to about a percent of the patch
        assert near(figure.agricultural_coverage, 100 * share, 1.0), number


@given(
    longitude=st.floats(-179.9, 179.9),
    latitude=st.floats(-85, 85),
    width=st.floats(0.01, 1.5),
    height=st.floats(0.01, 1.0),
)
def test_the_plane_keeps_areas(
    longitude: float, latitude: float, width: float, height: float
) -> None:
    """Against the closed form of the area between two parallels (Snyder 1987, equation 3-12)."""
    ellipsoid = pyproj.Geod(ellps="WGS84")
    e2, a = ellipsoid.es, ellipsoid.a

    def q(degree: float) -> float:
        sine, e = np.sin(np.radians(degree)), np.sqrt(e2)
        inner = sine / (1 - e2 * sine**2) - np.log((1 - e * sine) / (1 + e * sine)) / (2 * e)
        return float((1 - e2) * inner)

    box = shapely.box(longitude, latitude, longitude + width, latitude + height)
    truth = a**2 / 2 * np.radians(width) * (q(latitude + height) - q(latitude))
    assert EqualArea(box).project(box).area == pytest.approx(truth, rel=2e-6)


@given(st.lists(st.tuples(*[st.integers(0, 30)] * 2, *[st.integers(1, 12)] * 2), max_size=25))
def test_area_of_overlapping_rectangles(rectangles: list[tuple[int, int, int, int]]) -> None:
    cells = np.zeros((50, 50), bool)
    shapes = []
    for x, y, w, h in rectangles:
        cells[x : x + w, y : y + h] = True
        shapes.append(shapely.box(x, y, x + w, y + h))
    held = np.empty(len(shapes), dtype=object)
    held[:] = shapes
    assert united_area(held) == pytest.approx(cells.sum())


def test_the_middle_of_a_footprint_across_the_antimeridian() -> None:
    both = shapely.MultiPolygon([shapely.box(178, -1, 180, 1), shapely.box(-180, -1, -178, 1)])
    longitude, latitude = middle(both)
    assert abs(longitude) > 179.5 and abs(latitude) < 0.5


def test_seasons() -> None:
    moment = "2023-04-05T10:00:00Z"
    assert [s for s in ("2023", "2022/2023", "2022-2024", "2022", "summer", "2023-05-01/2023-08-01",
                        "2022-10-01/2023-09-30", "Kharif 2023") if holds(s, moment)] == [
        "2023", "2022/2023", "2022-2024", "2022-10-01/2023-09-30", "Kharif 2023"]  # fmt: skip
    assert not holds("2023", "")


def test_cloud_classes() -> None:
    assert cloud_classes(None) == (8, 9, 10) == cloud_classes("10,8, 9")
    for wrong in ("0", "8,x", "256", "-1", ",", "8.5"):
        with pytest.raises(FieldNotValid):
            cloud_classes(wrong)


def test_degrees_of_the_test_scene() -> None:
    west, south, east, north = degrees(SCENE).bounds
    assert TO_DEGREES(LEFT, TOP)[0] == pytest.approx(15.0)  # the central meridian of zone 33
    assert 0.02 < east - west < 0.03 and 0.017 < north - south < 0.019
