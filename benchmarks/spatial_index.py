"""The search index: which tree, and what it costs to build and to search.

    python benchmarks/spatial_index.py [--things 1000000] [--boxes 1000000]

Things are random, of the distributions below; all runs are of one process, warm.
"""

from __future__ import annotations

import argparse
import json
import mmap
import platform
import resource
import tempfile
import time
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path

import numpy as np
import pyarrow as pa
import shapely
from geoindex_rs import rtree

from dafab_kg.spatial.index.block import Block, column_of, keywords_of, places_of, shapes_of
from dafab_kg.spatial.index.index import Part, SearchIndex
from dafab_kg.spatial.index.ordered import NONE
from dafab_kg.spatial.index.schema import Schema
from dafab_kg.spatial.index.segment import Segment, write_segment
from dafab_kg.spatial.index.texts import Texts
from dafab_kg.spatial.lookup import Interval, Near, Wanted, Within

RESULTS = Path(__file__).parent / "results" / "spatial_index.json"
EX = "https://example.org/"
YEAR = 365 * 86_400_000_000


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--things", type=int, default=1_000_000)
    parser.add_argument("--boxes", type=int, default=1_000_000)
    options = parser.parse_args()
    rows = [*trees(options.boxes), *index(options.things)]
    print("| what | figure |\n| --- | --- |")
    for name, value in rows:
        print(f"| {name} | {value} |")
    machine = {"python": platform.python_version(), "cores": 2}
    machine |= {name: version(name) for name in ("geoindex-rs", "shapely", "numpy", "pyarrow")}
    print("\n" + ", ".join(f"{key} {value}" for key, value in machine.items()))
    RESULTS.write_text(json.dumps({"machine": machine, "rows": rows}, indent=1) + "\n")


def timed(call: Callable[[int], object], times: int = 200) -> str:
    """Median time of a call with numbers from 0."""
    taken = []
    for number in range(times):
        began = time.perf_counter()
        call(number)
        taken.append(time.perf_counter() - began)
    return f"p50 {np.median(taken) * 1e3:.3f} ms, p95 {np.quantile(taken, 0.95) * 1e3:.3f} ms"


def trees(size: int) -> list[tuple[str, str]]:
    """Build and search both trees over the same boxes."""
    chance = np.random.default_rng(1)
    west, south = chance.uniform(-180, 179, size), chance.uniform(-90, 89, size)
    side = chance.uniform(0, 0.3, size)
    asked = chance.uniform((-170, -80), (170, 80), (200, 2))
    began = time.perf_counter()
    builder = rtree.RTreeBuilder(size)
    builder.add(west, south, west + side, south + side)
    data = bytes(memoryview(builder.finish()))
    rows = [
        (f"geoindex-rs, {size:,} boxes: build", f"{time.perf_counter() - began:.2f} s"),
        ("geoindex-rs: bytes for each box", f"{len(data) / size:.1f}"),
    ]
    with tempfile.TemporaryFile() as file:
        file.write(data)
        file.flush()
        mapped = np.frombuffer(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ), np.uint8)
        found = timed(lambda i: rtree.search(mapped, *asked[i], *(asked[i] + 0.3)))
        rows.append(("geoindex-rs in a mapped file: search of 0.3°", found))
    if size <= 2_000_000:
        boxes = shapely.box(west, south, west + side, south + side)
        began = time.perf_counter()
        tree = shapely.STRtree(boxes)
        tree.query(shapely.Point(0, 0))
        rows.append(
            ("shapely STRtree: build, in each process", f"{time.perf_counter() - began:.2f} s")
        )
        areas = shapely.box(*asked.T, *(asked + 0.3).T)
        rows.append(("shapely STRtree: search of 0.3°", timed(lambda i: tree.query(areas[i]))))
    return rows


def index(size: int) -> list[tuple[str, str]]:
    """Build a segment and search it."""
    chance = np.random.default_rng(2)
    number = np.arange(size, dtype=np.int32)
    exact = np.zeros(size, np.uint8)
    west, south = chance.uniform(-10, 30, size), chance.uniform(35, 65, size)
    began = time.perf_counter()
    names = pa.array([f"{EX}S2A_MSIL2A_{n:09d}" for n in range(size)], pa.large_string())
    shapes = shapely.box(west, south, west + 1.4, south + 1)
    kinds = pa.array(
        chance.choice([f"<{EX}Product>", f"<{EX}Field>"], size).tolist(), pa.large_string()
    )
    block = Block(
        Texts.from_arrow(names),
        keywords_of(number, kinds),
        places_of(number, number, exact == 0, shapes_of(shapes, exact)),
        {
            f"{EX}cloud": column_of(number, np.round(chance.uniform(0, 100, size), 3), exact),
            f"{EX}fields": column_of(number, np.round(chance.uniform(0, 100, size), 3), exact),
            f"{EX}time": column_of(number, chance.integers(0, 5 * YEAR, size), exact),
        },
        {},
    )
    made = time.perf_counter() - began
    with tempfile.TemporaryDirectory() as place:
        file = Path(place) / "1.idx"
        began = time.perf_counter()
        write_segment(file, block)
        written = time.perf_counter() - began
        began = time.perf_counter()
        segment = Segment(file, verify=True)
        opened = time.perf_counter() - began
        schema = Schema({f"{EX}cloud": "number", f"{EX}fields": "number", f"{EX}time": "time"})
        found = SearchIndex("1", schema, [Part("1.idx", segment, NONE)])
        rows = [
            (f"{size:,} things: rows from arrays", f"{made:.1f} s"),
            ("lay out and write", f"{written:.1f} s"),
            ("open and verify", f"{opened:.2f} s"),
            ("bytes of a thing", f"{segment.bytes / size:.0f}"),
        ]
        corners = chance.uniform((-10, 35), (29, 64), (200, 2))

        def wish(i: int, side: float, exact: bool = True) -> Wanted:
            area = shapely.box(*corners[i], *(corners[i] + side))
            return Wanted(
                frozenset({f"{EX}Product"}),
                Near(area, relation="intersects" if exact else None),
                False,
                values(i),
            )

        def values(i: int) -> tuple[Within, ...]:
            start = int(i % 4) * YEAR
            return (
                Within(f"{EX}cloud", Interval(None, 20.0, high_open=True)),
                Within(f"{EX}fields", Interval(60.0, None, low_open=True)),
                Within(f"{EX}time", Interval(start, start + YEAR)),
            )

        anywhere = Wanted(frozenset({f"{EX}Product"}), None, False, values(0))
        small = found.find(wish(0, 0.3))
        large = found.find(wish(0, 5))
        assert small is not None and large is not None
        rows += [
            (
                f"area of 0.3°, year, two ranges ({len(small)} rows)",
                timed(lambda i: found.find(wish(i, 0.3))),
            ),
            (f"area of 5° ({len(large)} rows)", timed(lambda i: found.find(wish(i, 5)), 50)),
            ("no area, count", timed(lambda _: found.count(anywhere), 20)),
            (
                "newest ten of a range",
                timed(
                    lambda _: found.top(anywhere, f"{EX}time", descending=True, start=0, count=10),
                    50,
                ),
            ),
            (
                "nearest ten",
                timed(lambda i: found.nearest(Wanted(), shapely.Point(corners[i]), count=10), 50),
            ),
        ]
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e3
    rows.append(("peak memory of this process", f"{peak:.0f} MB"))
    return rows


if __name__ == "__main__":
    main()
