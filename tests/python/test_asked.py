"""What users write, read into one meaning for both sides."""

from __future__ import annotations

import datetime as times
import json
from types import SimpleNamespace

import pandas
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from dafab_kg.model.errors import QueryNotValid
from dafab_kg.python.asked import as_body, as_search, read_asked
from dafab_kg.web.stac import _SEARCH
from dafab_kg.web.stac_parameters import of_body

LONGITUDES = st.floats(-180, 180, allow_nan=False, width=32)
LATITUDES = st.floats(-90, 90, allow_nan=False, width=32)
BY_JSON = {"op": "=", "args": [{"property": "a"}, 1.5]}
MOMENTS = st.datetimes(times.datetime(1900, 1, 1), times.datetime(2100, 1, 1))


def as_read_by_the_server(body):
    request = SimpleNamespace(get_data=lambda cache: json.dumps(body).encode())
    return of_body(request, _SEARCH).search


@given(
    box=st.none() | st.tuples(LONGITUDES, LATITUDES, LONGITUDES, LATITUDES),
    point=st.none() | st.tuples(LONGITUDES, LATITUDES),
    start=st.none() | MOMENTS,
    end=st.none() | MOMENTS,
    names=st.lists(st.sampled_from(["a", "b/c", "é", "x y"]), unique=True),
    sort=st.lists(st.sampled_from(["-datetime", "eo:cloud_cover", "+id", "-properties.gsd"])),
    filter=st.sampled_from(
        [None, "eo:cloud_cover < 20", "a = 'b' and not c is null", BY_JSON]
    ),
    limit=st.integers(1, 1000),
    words=st.none() | st.sampled_from(["flood", "a b, c", ["É-1"]]),
)  # fmt: skip
def test_a_server_reads_what_is_searched_here(
    box, point, start, end, names, sort, filter, limit, words
):
    if box is not None:
        west, south, east, north = box
        box, point = (west, min(south, north), east, max(south, north)), None
    if start and end and start > end:
        start, end = end, start
    asked = read_asked(
        bbox=box,
        intersects=None if point is None else shapely.Point(point),
        datetime=None if start is None and end is None else (start, end),
        collections=names,
        ids=names,
        words=words,
        sortby=sort,
        filter=filter,
    )
    fields = (("id", "properties.datetime"), ("links",))
    here = as_search(asked, limit=limit, after="x", fields=fields, count=True)
    body = as_body(asked, limit=limit, after="x", fields=fields)
    assert as_read_by_the_server(body) == here


@pytest.mark.parametrize(
    ("written", "first", "last"),
    [
        ("2022", "2022-01-01", "2022-12-31T23:59:59.999999"),
        ("2024-02", "2024-02-01", "2024-02-29T23:59:59.999999"),
        ("2022-12", "2022-12-01", "2022-12-31T23:59:59.999999"),
        ("2022-09-15", "2022-09-15", "2022-09-15T23:59:59.999999"),
        ("2022-09/2022-10", "2022-09-01", "2022-10-31T23:59:59.999999"),
        ("2022-09-15T10:00:00+02:00", "2022-09-15T08:00:00", "2022-09-15T08:00:00"),
        ("../2022-09-15", None, "2022-09-15T23:59:59.999999"),
        ("2022-09-15/", "2022-09-15", None),
        ((None, times.date(2022, 9, 15)), None, "2022-09-15T23:59:59.999999"),
        (times.datetime(2022, 9, 15, 1), "2022-09-15T01", "2022-09-15T01"),
        (pandas.Timestamp("2022-09-15T01:00:00.123456789Z"), "2022-09-15T01:00:00.123456",
         "2022-09-15T01:00:00.123456"),
    ],
)  # fmt: skip
def test_times(written, first, last):
    def moment(text):
        return text and times.datetime.fromisoformat(text).replace(tzinfo=times.UTC)

    assert read_asked(datetime=written).times == (moment(first), moment(last))


@pytest.mark.parametrize(
    ("wrong", "word"),
    [
        ({"datetime": "yesterday"}, "datetime"),
        ({"datetime": "2022-13"}, "datetime"),
        ({"datetime": "../.."}, "open"),
        ({"datetime": "2022-10/2022-09"}, "before"),
        ({"datetime": 2022}, "int"),
        ({"datetime": ("2022", "2023", "2024")}, "ends"),
        ({"bbox": (1, 2, 3)}, "3 numbers"),
        ({"bbox": (0, 50, 1, 40)}, "south"),
        ({"bbox": ("a", 50, 1, 40)}, "number"),
        ({"bbox": (0, 0, 1, float("nan"))}, "range"),
        ({"bbox": (0, 0, 1, 1), "intersects": "POINT (0 0)"}, "one of the two"),
        ({"intersects": "POINT (200 0)"}, "intersects"),
        ({"intersects": "not wkt"}, "intersects"),
        ({"intersects": {"type": "Polygon"}}, "intersects"),
        ({"intersects": 5}, "intersects"),
        ({"filter": 5}, "CQL2"),
        ({"limit": -1}, "limit"),
        ({"limit": True}, "limit"),
        ({"ids": [1]}, "ids"),
        ({"words": "a, -"}, "word"),
        ({"words": ""}, "word"),
        ({"words": [f"a{n}" for n in range(40)]}, "32"),
    ],
)
def test_what_is_wrong_is_said(wrong, word):
    with pytest.raises(QueryNotValid, match=word):
        read_asked(**wrong)
