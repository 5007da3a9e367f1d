"""Values against the engine's own comparison of the same literals."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
import shapely

from dafab_kg.spatial.index.keeper import Keeper
from dafab_kg.spatial.index.polygons import rings
from dafab_kg.spatial.index.values import EXACT, LOOSE, NEAR, ODD, number_of, places, time_of
from dafab_kg.spatial.lookup import Interval, Wanted, Within
from dafab_kg.store.oxigraph import OxigraphStore
from dafab_kg.store.protocol import Literal

from .making import EX, GEO, GRAPHS, SCHEMA, XSD

NUMBER_TEXTS = [
    *("5", "+5", "-5", "05", "5.", ".5", "-.5", "+.5", ".", "", "+", "--5", "5.0.0", "5,0", "0x10"),
    *("1_0", "1e1_0", " 5", "5 ", "\u00a05", "\u0665", "5\u0665", "\uff15", "1d", "1f", "true"),
    *("5e0", "5E3", "5e+2", "5.e1", ".5e1", "1e", "e1", "1e400", "-1e400", "1e-400", "0e0"),
    *("inf", "Inf", "INF", "+INF", "-INF", "infinity", "-Infinity", "iNf", "infi", "nan", "NaN"),
    *("9223372036854775807", "9223372036854775808", "-9223372036854775808", "300", "-1"),
    *("99999999999999999999", "-9223372036854775809", "000000000000000000000000000005"),
    *("0.1234567890123456789", "0.123456789012345678", "0.10000000000000000000000000"),
    *("170141183460469231731.687303715884105727", "170141183460469231731.687303715884105728"),
    *("170141183460469231732", "-170141183460469231731.687303715884105727", "1" * 60, "-0"),
]
NUMBER_TYPES = [
    *("decimal", "double", "float", "integer", "int", "byte", "long", "nonNegativeInteger"),
    *("positiveInteger", "unsignedByte", "negativeInteger"),
]
BOUNDS = [-1e300, -5, 0, 0.25, 5, 300, 1e300]
TIME_TEXTS = [
    *("2022-09-01T00:00:00Z", " 2022-09-01T00:00:00Z", "2022-09-01T00:00:00Z "),
    *("2022-09-01T00:00:00+14:00", "2022-09-01T00:00:00+14:01", "2022-09-01T00:00:00-15:00"),
    *("2022-09-01T00:00:00+00:60", "2022-09-01T00:00:00-13:59", "2022-09-01T24:00:00Z"),
    *("2022-09-01T00:00:00.Z", "2022-09-01t00:00:00Z", "2022-09-01T00:00:00z"),
    *("0000-01-01T00:00:00Z", "2022-02-30T00:00:00Z"),
    *("0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59Z", "2022-09-01T00:00:60Z"),
    *("\u0662022-09-01T00:00:00Z", "2022-09-01T00:00:00.000000000000000000000001Z"),
]  # fmt: skip


def compared(datatype: str, texts: list[str], bounds: list[str]) -> list[list[bool | None]]:
    """For each text, whether the engine finds it below, and above, each bound."""
    store = OxigraphStore()
    store.bulk_load(
        "".join(f'<{EX}{n}> <{EX}v> "{t}"^^<{XSD}{datatype}> .\n' for n, t in enumerate(texts))
    )

    def found(sign: str, bound: str) -> set[int]:
        text = f"SELECT ?s {{ ?s <{EX}v> ?v FILTER (?v {sign} {bound}) }}"
        return {int(row[0][len(EX) + 1 : -1]) for row in store.rows(text, [None])}

    sets = [(found("<=", bound), found(">=", bound)) for bound in bounds]
    return [
        [value for below, above in sets for value in (number in below, number in above)]
        for number in range(len(texts))
    ]


@pytest.mark.parametrize("datatype", NUMBER_TYPES)
def test_numbers_are_what_the_engine_takes_them_for(datatype: str) -> None:
    bounds = [f'"{bound}"^^<{XSD}double>' for bound in BOUNDS]
    truth = compared(datatype, NUMBER_TEXTS, bounds)
    for text, engine in zip(NUMBER_TEXTS, truth, strict=True):
        value, flag = number_of(Literal(text, XSD + datatype))
        if flag == ODD:
            assert not any(engine), text
        elif flag == LOOSE:
            assert datatype == "float", text
            assert any(engine), text
        else:
            ours = [fits for bound in BOUNDS for fits in (value <= bound, value >= bound)]
            assert ours == engine, text
            assert flag == EXACT or len(text) > 15, text


@pytest.mark.parametrize("datatype", ["dateTime", "dateTimeStamp"])
def test_times_are_what_the_engine_takes_them_for(datatype: str) -> None:
    moment = 1661990400_000000
    truth = compared(datatype, TIME_TEXTS, [f'"2022-09-01T00:00:00Z"^^<{XSD}dateTime>'])
    for text, engine in zip(TIME_TEXTS, truth, strict=True):
        value, flag = time_of(Literal(text, XSD + datatype))
        if flag == EXACT:
            assert [value <= moment, value >= moment] == engine, text
        elif flag == NEAR:
            assert abs(value - moment) <= 1
        else:
            assert flag == LOOSE or not any(engine), text


def test_an_ill_typed_number_is_no_candidate(tmp_path: Path) -> None:
    """The same by way of the index, which reads most numbers as columns."""
    store = OxigraphStore()
    keeper = Keeper(store, tmp_path, GRAPHS, SCHEMA)
    store.observe(keeper, "")
    lines = [
        f'<{EX}{datatype}/{number}> <{EX}cloud> "{text}"^^<{XSD}{datatype}> .\n'
        for datatype in NUMBER_TYPES
        for number, text in enumerate(NUMBER_TEXTS)
    ]
    store.bulk_load("".join(lines))
    index = keeper.follow()
    for low in BOUNDS:
        text = f'SELECT ?s {{ ?s <{EX}cloud> ?v FILTER (?v >= "{low}"^^<{XSD}double>) }}'
        truth = {row[0][1:-1] for row in store.rows(text, GRAPHS)}
        found = index.find(Wanted(values=(Within(f"{EX}cloud", Interval(low)),)))
        assert found is not None
        iris = set(index.iris(found.rows))
        assert truth <= iris
        # an xsd:float is always a candidate
        assert {iri for iri in iris - truth if "/float/" not in iri} == set(), low


RINGS = [
    "POLYGON ((0 0, 1 0, 1 1, 0 0))",
    "POLYGON((0 0, 1.5 0, 1 -1.25, 0 0))",
    "POLYGON ((170 10, -170 10, -170 12, 170 12, 170 10))",
    "POLYGON ((0 0, 1 0, 1 1, 0 1))",  # not closed
    "POLYGON ((0 0, 1 0, 0 0))",
    "POLYGON ((0.1 0.2, 123.456789012345678 0.3, -0.0 89.99999999999999, 0.1 0.2))",
]
OTHERS = [
    "POLYGON ((0 0,1 0,1 1,0 0))",
    "POLYGON ((0 0 , 1 0, 1 1, 0 0))",
    "POLYGON ((0 0 5, 1 0 5, 1 1 5, 0 0 5))",
    "POLYGON ((0 0, , 1 1, 0 0))",
    "POLYGON ((0 0, 1-2 0, 1 1, 0 0))",
    "POLYGON ((0 0, 1 0, 1 1, 0 0), (0.1 0.1, 0.2 0.1, 0.2 0.2, 0.1 0.1))",
    "POLYGON (( ))",
    "POLYGON ((0 0 1 1, 0 0))",
    "POLYGON EMPTY",
    "POINT (1 2)",
    "MULTIPOLYGON (((0 0, 1 0, 1 1, 0 0)))",
    f"POLYGON ((0 0, {'9' * 400} 0, 1 1, 0 0))",
]


@pytest.mark.parametrize("extra", [None, *OTHERS])
def test_polygons_are_as_the_geometry_library_reads_them(extra: str | None) -> None:
    texts = [*RINGS, *([extra] if extra else []), *RINGS]
    literals = pa.array([f'"{text}"^^<{GEO}wktLiteral>' for text in texts], pa.large_string())
    shapes = places(literals)
    with np.errstate(all="ignore"):
        kept = shapely.from_wkt(texts, on_invalid="ignore")
    for number, shape in enumerate(kept):
        whole = shape is not None and not shape.is_empty and np.isfinite(shape.bounds).all()
        assert shapes.flags[number] == (EXACT if whole else LOOSE)
        assert shapes.wkb.raw(number) == (shapely.to_wkb(shape) if whole else b"")
        boxes = shapes.boxes[shapes.box_of == number]
        assert [tuple(box) for box in boxes] == ([shape.bounds] if whole else [])


def test_most_polygons_need_no_library() -> None:
    literals = pa.array([f'"{text}"^^<{GEO}wktLiteral>' for text in RINGS], pa.large_string())
    assert rings(literals)[0].tolist() == [True, True, True, False, False, True]
