"""Water figures from masks, against sums by brute force over the same pixels."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import shapely
from affine import Affine
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.typing import NDArray
from pyproj import Transformer

from dafab_kg.catalogue import Catalogue, open_catalogue
from dafab_kg.cli import main
from dafab_kg.derive.water import DEFICIT, EXCESS, compare, delineate, resampled
from dafab_kg.loaders.raster.area import Grid
from dafab_kg.loaders.raster.opened import open_mask
from dafab_kg.model.documents import FilePart
from dafab_kg.model.names import Names
from dafab_kg.model.records import AnomalyArea, SceneWater, WaterExtent
from tests.loaders.raster.rasters import ITEM_ID, TEN_METRES, UTM, water_item, write, write_item

OBSERVED_KEY = "dafab-AI-postprocessed-observed-water"
REFERENCE_KEY = "dafab-GFM-reference-water-mask"
BLOB = np.zeros((200, 300), np.int16)
BLOB[50:150, 50:150] = 1  # permanent water: 1 km²
SEEN = BLOB.copy()
SEEN[50:150, 150:290] = 1  # flooded: 1.4 km²
SEEN[50:60, 50:150] = 0  # fallen dry: 0.1 km²
SEEN[0:20, :] = -1  # under cloud


@pytest.fixture
def catalogue(tmp_path: Path) -> Iterator[Catalogue]:
    with open_catalogue(tmp_path / "store") as opened:
        yield opened


def scene(folder: Path, observed: NDArray[Any], reference: NDArray[Any], **grid: Any) -> Path:
    write(folder / "observed.tif", observed, nodata=-1)
    write(folder / "reference.tif", reference, nodata=-1, **grid)
    write_item(
        folder,
        water_item(
            {OBSERVED_KEY: {"href": "observed.tif"}, REFERENCE_KEY: {"href": "reference.tif"}}
        ),
    )
    return folder


def figures(
    catalogue: Catalogue, **parameters: Any
) -> tuple[WaterExtent, SceneWater, list[AnomalyArea]]:
    report = catalogue.derive("water", **parameters)
    assert report.load.ok and not report.lacking, (report.lacking, report.load.rejected)
    (derived,) = report.derived
    extent, scene_water, *areas = derived.figures
    assert isinstance(extent, WaterExtent) and isinstance(scene_water, SceneWater)
    return extent, scene_water, [one for one in areas if isinstance(one, AnomalyArea)]


def test_a_flood_in_figures(catalogue: Catalogue, tmp_path: Path) -> None:
    catalogue.load(scene(tmp_path / "in", SEEN, BLOB))
    extent, scene_water, areas = figures(catalogue)
    assert extent.reference_water_area == 1 and extent.observed_water_area == Decimal("2.3")
    assert (extent.excess_water_area, extent.deficit_water_area) == (Decimal("1.4"), Decimal("0.1"))
    assert extent.visible_area == Decimal(180 * 300) / 10000
    assert extent.anomaly_score == 130 and scene_water.anomaly_score == 130
    assert (extent.excess_percentage, extent.deficit_percentage) == (140, 10)
    assert extent.anomaly_type == "flood" and extent.policy == "water-anomaly/1"
    signs = {one.anomaly_sign: one for one in areas}
    assert set(signs) == {"excess", "deficit"} and len(areas) == 2
    assert float(signs["excess"].anomaly_area or 0) == pytest.approx(1.4, rel=1e-3)


def test_a_drought_has_a_negative_score(catalogue: Catalogue, tmp_path: Path) -> None:
    dry = BLOB.copy()
    dry[50:150, 50:100] = 0
    catalogue.load(scene(tmp_path / "in", dry, BLOB * 1))
    extent, _, _ = figures(catalogue)
    assert extent.anomaly_score == -50 and extent.deficit_water_area == Decimal("0.5")
    # half a square kilometre: below the least area of the policy
    assert extent.anomaly_type == "normal"
    large = np.kron(dry, np.ones((2, 2), np.int16))
    catalogue.load(scene(tmp_path / "in", large, np.kron(BLOB, np.ones((2, 2), np.int16))))
    extent, _, _ = figures(catalogue)
    assert (extent.anomaly_score, extent.anomaly_type) == (-50, "drought")


def test_without_reference_water_there_is_no_score(catalogue: Catalogue, tmp_path: Path) -> None:
    catalogue.load(scene(tmp_path / "in", SEEN, BLOB * 0))
    extent, scene_water, _ = figures(catalogue)
    assert extent.anomaly_score is None and extent.anomaly_type is None
    assert scene_water.observed_water_area == Decimal("2.3")


def test_figures_reach_the_graph_with_their_lineage(catalogue: Catalogue, tmp_path: Path) -> None:
    folder = scene(tmp_path / "in", SEEN, BLOB)
    catalogue.load(folder)
    catalogue.derive("water")
    frame = catalogue.query(
        """PREFIX dafab: <https://w3id.org/dafab/ns#> PREFIX prov: <http://www.w3.org/ns/prov#>
        SELECT ?score ?model ?source ?file {
          ?area a dafab:AnomalyArea ; dafab:ofProduct ?p ; prov:wasGeneratedBy ?derivation .
          ?extent a dafab:WaterExtent ; dafab:ofProduct ?p ; prov:wasGeneratedBy ?derivation ;
                  dafab:observedMask ?mask .
          ?mask dafab:fileOf/dafab:ofProduct ?p ; dafab:fileName ?file .
          ?p dafab:anomalyScore ?score ; dafab:generatedBy ?run .
          ?run dafab:usedModel ?model ; dafab:usedProduct ?source }"""
    ).to_pandas()  # type: ignore[union-attr]
    assert len(frame) == 2 and set(frame.file) == {"observed.tif"}
    assert set(frame.source.str.rpartition("/")[2]) == {ITEM_ID.partition("_water")[0]}
    assert float(frame.score[0]) == 130
    again = catalogue.derive("water")
    assert again.load.counts == {"unchanged": 1}
    assert catalogue.doctor() == ()


def test_what_is_missing_is_told(catalogue: Catalogue, tmp_path: Path) -> None:
    folder = tmp_path / "in"
    write(folder / "observed.tif", SEEN, nodata=-1)
    write_item(folder, water_item({OBSERVED_KEY: {"href": "observed.tif"}}))
    catalogue.load(folder)
    (lacking,) = catalogue.derive("water").lacking
    assert "no reference mask" in lacking.reason and lacking.remedy
    (lacking,) = catalogue.derive("water", "NOT_THERE").lacking
    assert lacking.about == "NOT_THERE" and "no water mask" in lacking.reason


def test_small_areas_are_drawn_on_demand(catalogue: Catalogue, tmp_path: Path) -> None:
    speck = SEEN.copy()
    speck[180, 10] = 1
    catalogue.load(scene(tmp_path / "in", speck, BLOB))
    assert len(figures(catalogue)[2]) == 2
    assert len(figures(catalogue, least_area="0")[2]) == 3
    assert len(figures(catalogue, least_area="1")[2]) == 1


@pytest.mark.parametrize("crs", [UTM, "EPSG:32632", "EPSG:4326"])
def test_masks_on_other_grids_are_brought_over(
    catalogue: Catalogue, tmp_path: Path, crs: str
) -> None:
    """The same lake on a grid of 30 m, in another zone, or in degrees, beyond the scene."""
    to = Transformer.from_crs(UTM, crs, always_xy=True)
    x, y = to.transform(500000 - 3000, 5100000 + 3000)
    step = 30 if crs != "EPSG:4326" else 0.0003
    grid = Affine(step, 0, x, 0, -step, y)
    back = Transformer.from_crs(crs, UTM, always_xy=True)
    columns, rows = np.meshgrid(np.arange(400) + 0.5, np.arange(400) + 0.5)
    easting, northing = back.transform(x + columns * step, y - rows * step)
    inside = (abs(easting - 501000) < 500) & (abs(northing - 5099000) < 500)  # BLOB's lake
    catalogue.load(scene(tmp_path / "in", BLOB, inside.astype(np.int16), crs=crs, transform=grid))
    extent, _, _ = figures(catalogue)
    assert float(extent.reference_water_area or 0) == pytest.approx(1, abs=0.07)
    assert float(extent.reference_water_visible_area or 0) == pytest.approx(1, abs=0.07)
    assert abs(float(extent.anomaly_score or 0)) < 7  # pixels along the shore
    assert extent.visible_area == 6


def test_a_reference_that_does_not_reach_the_scene_sees_nothing(
    catalogue: Catalogue, tmp_path: Path
) -> None:
    far = Affine(10, 0, 600000, 0, -10, 4100000)
    catalogue.load(scene(tmp_path / "in", SEEN, BLOB, transform=far))
    extent, _, areas = figures(catalogue)
    assert extent.visible_area == 0 and areas == [] and extent.anomaly_score is None


MASKS = arrays(np.int16, (24, 31), elements=st.sampled_from([-1, 0, 1]))


@settings(max_examples=30)
@given(observed=MASKS, reference=MASKS)
def test_any_pair_of_masks(
    tmp_path_factory: pytest.TempPathFactory, observed: NDArray[Any], reference: NDArray[Any]
) -> None:
    folder = tmp_path_factory.mktemp("pair")
    tags = {"DAFAB_WATER_MASK": "observed", "DAFAB_PRODUCT": "P"}
    paths = [
        write(folder / name, pixels, nodata=-1, tags=tags)
        for name, pixels in (("o.tif", observed), ("r.tif", reference))
    ]
    parts = [(FilePart(path.name, path),) for path in paths]
    with open_mask(parts[0], Names(), "o") as one, open_mask(parts[1], Names(), "r") as other:
        result = compare(one, other)
    pairs = list(zip(observed.ravel(), reference.ravel(), strict=True))
    counted = {
        "excess": pairs.count((1, 0)),
        "deficit": pairs.count((0, 1)),
        "visible": sum(a >= 0 and b >= 0 for a, b in pairs),
        "observed": sum(a == 1 for a, _ in pairs),
        "reference": sum(b == 1 for _, b in pairs),
        "observed_visible": sum(a == 1 and b >= 0 for a, b in pairs),
        "reference_visible": sum(a >= 0 and b == 1 for a, b in pairs),
    }
    for name, count in counted.items():
        assert result.areas[name] == pytest.approx(count * 1e-4)
    gain = result.areas["observed_visible"] - result.areas["reference_visible"]
    assert gain == pytest.approx(result.areas["excess"] - result.areas["deficit"])
    # the outlines, brought back to the grid, cover exactly the pixels that differ
    to = Transformer.from_crs("OGC:CRS84", UTM, always_xy=True).transform
    drawn = list(delineate(result, "P", "x", Decimal(0)))
    for sign, value in (("excess", EXCESS), ("deficit", DEFICIT)):
        shapes = [
            shapely.transform(shapely.from_wkt(one.footprint_wkt), to, interleaved=False)
            for one in drawn
            if one.anomaly_sign == sign
        ]
        assert all(shape.is_valid for shape in shapes)
        pixels = int((result.difference == value).sum())
        assert sum(shape.area for shape in shapes) == pytest.approx(pixels * 100, rel=1e-5)
        ids = [one.area_id for one in drawn if one.anomaly_sign == sign]
        assert len(set(ids)) == len(ids)


def test_nearest_pixel_by_hand(tmp_path: Path) -> None:
    pixels = np.arange(16).reshape(4, 4) % 2
    path = write(tmp_path / "a.tif", pixels.astype(np.int16), nodata=-1,
                 tags={"DAFAB_WATER_MASK": "observed"})  # fmt: skip
    fine = Grid(UTM, TEN_METRES @ Affine.translation(1, 1) @ Affine.scale(0.5), 10, 10)
    with open_mask((FilePart("a.tif", path),), Names(), "a") as mask:
        got = resampled(mask, fine, (0, 0, 10, 10))
    expected = np.full((10, 10), 2)
    expected[:6, :6] = np.kron(pixels[1:, 1:], np.ones((2, 2)))
    assert (got == expected).all()


def test_the_command_tells_the_figures_and_what_is_missing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    store = ["--store", str(tmp_path / "store")]
    assert main(["load", str(scene(tmp_path / "in", SEEN, BLOB)), *store]) == 0
    assert main(["derive", "water", *store]) == 0
    told = " ".join(capsys.readouterr().out.split())
    assert "anomaly score 130" in told and "2 areas drawn" in told and "POLYGON" not in told
    assert main(["derive", "water", "--product", "nope", *store]) == 1
    assert "no water mask" in " ".join(capsys.readouterr().out.split())
