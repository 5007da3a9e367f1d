"""One name for two data sets, and what is said of it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from dafab_kg.catalogue import open_catalogue
from dafab_kg.model.dasi import dasi_key
from dafab_kg.model.records import Product
from dafab_kg.model.settings import Settings


def fields(west: float) -> dict[str, Any]:
    ring = [[west, 49], [west + 0.01, 49], [west + 0.01, 49.01], [west, 49.01], [west, 49]]
    return {
        "type": "FeatureCollection",
        "features": [
            {
                "type": "Feature",
                "id": "1",
                "properties": {},
                "geometry": {"type": "Polygon", "coordinates": [ring]},
            }
        ],
    }


def test_a_data_set_that_takes_the_place_of_another_is_said(tmp_path: Path) -> None:
    chosen = {"load_as": "parcels", "season": "2024"}
    for name, west in (("a", 6.0), ("b", 6.1)):
        (tmp_path / name).mkdir()
        (tmp_path / name / "fields.geojson").write_text(json.dumps(fields(west)))
    with open_catalogue(settings=Settings(store=tmp_path / "store", **chosen)) as catalogue:  # type: ignore[arg-type]
        assert catalogue.load(tmp_path / "a", validate=False).counts == {"loaded": 1}
        again = catalogue.load(tmp_path / "b", validate=False)
    (outcome,) = [o for o in again.outcomes if o.status == "replaced"]
    (warning,) = [w for w in outcome.warnings if "--dataset" in w]
    assert str(tmp_path / "a" / "fields.geojson") in warning


def test_a_time_that_is_not_that_of_the_name_is_said() -> None:
    """The day in the name is a year off; identifiers made from the name do not show it."""
    product = Product(
        product_id="S2A_MSIL1C_20210808T010311_N0500_R045_T54PXA_20230413T212505",
        platform="sentinel-2a",
        sensing_start="2020-08-08T01:03:11.024Z",
    )
    _, warnings = dasi_key(product)
    (warning,) = warnings
    assert "2020-08-08" in warning
    assert "2021-08-08" in warning


def test_a_season_begins_with_a_year(tmp_path: Path) -> None:
    import pytest
    from pydantic import ValidationError

    for season in ("2024", "2023/2024", "2024-summer"):
        assert Settings(store=tmp_path, season=season).season == season
    with pytest.raises(ValidationError, match="begins with one"):
        Settings(store=tmp_path, season="20x4")
