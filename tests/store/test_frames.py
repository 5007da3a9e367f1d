"""Answers as tables: times in UTC, and geometry columns also without rows."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from dafab_kg.model.errors import QueryNotValid
from dafab_kg.store.frames import WKT, XSD, to_geopandas, to_pandas
from dafab_kg.store.protocol import Literal, Row


def time(text: str) -> Literal:
    return Literal(text, XSD + "dateTime")


@pytest.mark.parametrize(
    "texts",
    [
        ["2024-05-01T12:00:00Z", "2024-05-01T14:00:00+02:00", "2024-05-01T07:30:00.000-04:30"],
        ["2024-05-01T14:00:00+02:00"] * 2,
    ],
)
def test_times_of_all_zones_become_utc(texts: list[str]) -> None:
    column = to_pandas(("t",), [(time(text),) for text in texts])["t"]
    assert str(column.dtype) in ("datetime64[ns, UTC]", "datetime64[us, UTC]")
    assert set(column) == {datetime(2024, 5, 1, 12, tzinfo=UTC)}


def test_a_missing_time_leaves_a_column_of_times() -> None:
    column = to_pandas(("t",), [(None,), (time("1500-01-01T00:00:00+01:00"),)])["t"]
    assert str(column.dtype) == "datetime64[us, UTC]"
    assert column.isna().tolist() == [True, False]
    assert column[1] == datetime(1499, 12, 31, 23, tzinfo=UTC)


def test_times_beyond_the_calendar_and_other_values_stay() -> None:
    rows: list[Row] = [(time("0001-01-01T00:00:00+01:00"),), (time("2024-05-01T14:00:00+02:00"),)]
    assert to_pandas(("t",), rows)["t"].tolist() == [
        "0001-01-01T00:00:00+01:00",
        datetime(2024, 5, 1, 12, tzinfo=UTC),
    ]


@pytest.mark.parametrize(
    ("variables", "geometry"),
    [
        (("id", "wkt", "t"), "wkt"),
        (("geometry", "footprint"), "geometry"),
        (("sceneFootprint", "t"), "sceneFootprint"),
        (("id", "place"), "place"),
    ],
)
def test_no_rows_give_an_empty_frame(variables: tuple[str, ...], geometry: str) -> None:
    frame = to_geopandas(variables, [])
    assert (len(frame), tuple(frame.columns)) == (0, variables)
    assert frame.geometry.name == geometry
    assert frame.crs == "OGC:CRS84"


def test_rows_keep_their_geometry_and_crs() -> None:
    frame = to_geopandas(("id", "g"), [(Literal("a"), Literal("POINT (16 48)", WKT)), (None, None)])
    assert frame.crs == "OGC:CRS84"
    assert (frame.geometry[0].x, frame.geometry[0].y, frame.geometry[1]) == (16, 48, None)


@pytest.mark.parametrize(
    ("variables", "rows"), [(("wkt",), [(Literal("a"),)]), (("wkt",), [(None,)]), ((), [])]
)
def test_no_geometry_is_refused(variables: tuple[str, ...], rows: list[Row]) -> None:
    with pytest.raises(QueryNotValid, match="geometry"):
        to_geopandas(variables, rows)
