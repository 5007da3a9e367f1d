"""HURDAT2 and tables of it, against the files parsed by others' means."""

from __future__ import annotations

import csv
import io
from datetime import datetime
from decimal import Decimal
from pathlib import Path

import pandas as pd
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from dafab_kg.model.records import TrackPoint, WindRadii
from tests.loaders.events.reading import names, of_type, place, readings, report

FLORIDA = "events/hurdat-florida"

TWO = """AL993031,              ALPHA,      3,
30310928, 1200,  , HU, 26.0N,  82.7W, 140,  937,  120,   80,   60,   90,   80,   50,   40,   70,   40,   30,   20,   35,   15
30310928, 1905, L, HU, 26.7N,  82.2W, 130,  941, -999, -999, -999, -999, -999, -999, -999, -999, -999, -999, -999, -999, -999
30310929, 0000,  , TS, 27.2N,  81.7W, -99, -999, -999, -999, -999, -999, -999, -999, -999, -999, -999, -999, -999, -999, -999
WP013031,            UNNAMED,      1,
30310101, 0600,  , TD, 10.0S, 179.0E,  30, 1006,    0,    0,    0,    0,    0,    0,    0,    0,    0,    0,    0,    0
"""  # noqa: E501


def test_a_file_of_two_storms() -> None:
    alpha, other = readings("hurdat2.txt", TWO)
    told = report(alpha)
    assert (told.source, told.report_id, told.title) == ("hurdat2", "AL993031", "ALPHA")
    assert (told.start, told.end) == ("3031-09-28T12:00:00Z", "3031-09-29T00:00:00Z")
    assert told.footprint_wkt == "LINESTRING (-82.7 26, -82.2 26.7, -81.7 27.2)"
    assert told.severity == 140
    assert (told.hazard, told.report_type) == ("tropicalCycloneHazard", "track")
    assert names(alpha) == {("hurdat2", "AL993031")}
    points = of_type(alpha, TrackPoint)
    assert [(p.wind, p.pressure, p.marker) for p in points] == [
        (140, 937, None), (130, 941, "L"), (None, None, None),
    ]  # fmt: skip
    assert points[0].radius == 15
    radii = of_type(alpha, WindRadii)
    assert [r.threshold for r in radii] == ["34", "50", "64"]
    assert [radii[0].northeast_radius, radii[0].southwest_radius] == [Decimal(120), Decimal(60)]
    assert report(other).footprint_wkt == "POINT (179 -10)"
    assert of_type(other, WindRadii) == []


def test_a_typhoon_that_crosses_the_antimeridian() -> None:
    rows = "".join(
        f"30310901, {hour:02}00,  , TY, 20.0N, {where}, 100, 950,\n"
        for hour, where in ((0, "178.5E"), (6, "179.5E"), (12, "179.5W"), (18, "178.0W"))
    )
    (reading,) = readings("t.txt", f"WP023031, BETA, 4,\n{rows}")
    told = report(reading)
    assert told.footprint_wkt == (
        "MULTILINESTRING ((178.5 20, 179.5 20, 180 20), (-180 20, -179.5 20, -178 20))"
    )
    assert (told.west, told.east) == (Decimal("178.5"), Decimal(-178))
    # and one that counts on beyond 180, as some files do
    (again,) = readings("t.txt", f"WP023031, BETA, 4,\n{rows.replace('179.5W', '180.5E')}")
    assert report(again).footprint_wkt == told.footprint_wkt


@given(
    st.lists(
        st.tuples(
            st.decimals(-90, 90, places=1), st.decimals(-89, 89, places=1), st.integers(10, 190)
        ),
        min_size=1,
        max_size=12,
    )
)
def test_any_track_comes_back_as_it_was_written(rows: list[tuple[Decimal, Decimal, int]]) -> None:
    lines = [f"AL013031, GAMMA, {len(rows)},"]
    for day, (lon, lat, wind) in enumerate(rows, start=1):
        lines.append(
            f"303109{day:02}, 0600,  , HU, {abs(lat)}{'NS'[lat < 0]}, {abs(lon)}{'EW'[lon < 0]},"
            f" {wind}, 1000,"
        )
    (reading,) = readings("t.txt", "\n".join(lines) + "\n")
    points = of_type(reading, TrackPoint)
    found = [(p.longitude, p.latitude, p.wind) for p in points]
    assert found == [(lon, lat, Decimal(wind)) for lon, lat, wind in rows]
    assert report(reading).severity == max(wind for *_, wind in rows)
    assert report(reading).south == min(lat for _, lat, _ in rows)


# The shared tables ------------------------------------------------------------------------


def test_hurricane_ian_against_the_table_itself(shared: Path) -> None:
    path = shared / FLORIDA / "AL092022_IAN_track_rows_of_dfp.csv"
    frame = pd.read_csv(path)
    (reading,) = readings(path.name, path.read_bytes())
    told, points = report(reading), of_type(reading, TrackPoint)
    assert told.report_id == "AL092022"
    assert len(points) == len(frame) == 40
    assert min(int(p.pressure or 9999) for p in points) == int(frame.pressure.min()) == 937
    assert int(told.severity or 0) == int(frame.wind_speed.max()) == 140
    times = [datetime.fromisoformat(t) for t in frame.datetime]
    assert [p.time for p in points] == [f"{t:%Y-%m-%dT%H:%M:%SZ}" for t in times]
    assert (told.start, told.end) == ("2022-09-22T18:00:00Z", "2022-10-01T06:00:00Z")
    landfalls = [p.time for p in points if p.marker == "L"]
    assert landfalls == [
        "2022-09-27T08:30:00Z", "2022-09-28T02:00:00Z", "2022-09-28T19:05:00Z",
        "2022-09-28T20:35:00Z", "2022-09-30T18:05:00Z",
    ]  # fmt: skip
    line = place(told.footprint_wkt)
    positions = shapely.from_wkt(frame.geometry.to_numpy())
    assert all(line.distance(one) == 0 for one in positions)
    assert line.bounds == shapely.MultiPoint(positions).bounds


@pytest.mark.parametrize("file", ["valid_storm_df.csv", "combined_storm_data.csv"])
def test_landfalls_and_summaries_against_the_tables(shared: Path, file: str) -> None:
    data = (shared / FLORIDA / file).read_bytes()
    rows = list(csv.DictReader(io.StringIO(data.decode())))
    read = readings(file, data)
    assert len(read) == len(rows) == 212
    for row, reading in zip(rows, read, strict=True):
        told = report(reading)
        assert names(reading) == {("hurdat2", row["storm_id"])}
        assert told.title == row["storm_name"]
        when = row.get("datetime") or row["landfall_date"]
        assert told.start == told.end == when.replace(" ", "T") + "Z"
        wind = row.get("wind_speed") or row["max_wind_speed"]
        assert told.severity == Decimal(wind)
        if "geometry" in row:
            assert place(told.footprint_wkt).equals(shapely.from_wkt(row["geometry"]))
