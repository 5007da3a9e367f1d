"""A million parcels loaded, next to geopandas reading the same file and writing GeoParquet.

    python benchmarks/parcels.py [--parcels 1000000] [--format parquet gpkg]

The parcels are made here: fields of six to twelve corners on a jittered grid in
ETRS89 / UTM 32N, two hectares on average, with id, crop code, area and season.  Each
way runs in a process of its own, so that peak memory is its own.  What a parcel takes
on disk is told of the store, of the originals that are kept, and of the file itself.
"""

from __future__ import annotations

import argparse
import json
import platform
import shutil
import tempfile
import time
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path
from typing import Any

from _process import run, tell
from rich.console import Console
from rich.table import Table

RESULTS = Path(__file__).parent / "results" / "parcels.json"
CRS = "EPSG:25832"
SPACING = 141.4  # metres between the middles of neighbours: two hectares each
CHUNK = 50_000


def chunks(count: int) -> Iterator[Any]:
    """Make the parcels, ``CHUNK`` at a time, as Arrow tables with WKB."""
    import numpy as np
    import pyarrow as pa
    import shapely

    chance = np.random.default_rng(1)
    width = int(np.ceil(np.sqrt(count)))
    for start in range(0, count, CHUNK):
        number = np.arange(start, min(start + CHUNK, count))
        x = 500_000 + (number % width) * SPACING
        y = 5_400_000 + (number // width) * SPACING
        corners = chance.integers(6, 13, len(number))
        turn = np.arange(12) / corners[:, None] * 2 * np.pi
        reach = SPACING / 2 * chance.uniform(0.85, 1.1, (len(number), 12))
        rings = np.stack((x[:, None] + reach * np.cos(turn), y[:, None] + reach * np.sin(turn)), 2)
        shapes = [
            shapely.polygons(np.vstack((ring[:size], ring[:1])))
            for ring, size in zip(rings, corners, strict=True)
        ]
        yield pa.table(
            {
                "parcel_id": pa.array([f"P{one:09d}" for one in number]),
                "season": pa.array([2024] * len(number), pa.int32()),
                "crop_code": pa.array([f"C{one % 97}" for one in number]),
                "hcat_code": pa.array(
                    ["3301010100" if one % 2 else "3302000000" for one in number]
                ),
                "area_ha": pa.array(shapely.area(shapes) / 10_000),
                "geometry": pa.array(shapely.to_wkb(shapes)),
            }
        )


def write(path: Path, count: int) -> None:
    """Write the parcels as GeoParquet or GeoPackage, whichever ``path`` ends in."""
    import pyarrow.parquet as pq
    import pyogrio
    import pyproj

    if path.suffix == ".parquet":
        column = {
            "encoding": "WKB",
            "geometry_types": ["Polygon"],
            "crs": json.loads(pyproj.CRS(CRS).to_json()),
        }
        geo = {"version": "1.1.0", "primary_column": "geometry", "columns": {"geometry": column}}
        writer = None
        for table in chunks(count):
            table = table.replace_schema_metadata({"geo": json.dumps(geo)})
            writer = writer or pq.ParquetWriter(path, table.schema, compression="zstd")
            writer.write_table(table)
        if writer is not None:
            writer.close()
        return
    for number, table in enumerate(chunks(count)):
        pyogrio.write_arrow(
            table,
            path,
            layer="parcels",
            driver="GPKG",
            append=number > 0,
            geometry_name="geometry",
            geometry_type="Polygon",
            crs=CRS,
        )


def load(path: Path, *, validate: bool) -> dict[str, Any]:
    """Load the file into a fresh catalogue."""
    import dafab_kg

    store = path.parent / "store"
    shutil.rmtree(store, ignore_errors=True)
    with dafab_kg.open(store) as catalogue:
        began = time.perf_counter()
        report = catalogue.load(path, validate=validate)
        seconds = time.perf_counter() - began
        statements = catalogue.stats().statements
    assert report.counts == {"loaded": len(report.outcomes)}, report.rejected[:1]
    originals = size(store / "documents")
    return {
        "seconds": seconds,
        "documents": len(report.outcomes),
        "statements": statements,
        "store_bytes": size(store) - originals,
        "original_bytes": originals,
    }


def plain(path: Path) -> dict[str, Any]:
    """Read the file with geopandas and write it as GeoParquet."""
    import geopandas

    out = path.with_name("plain.parquet")
    began = time.perf_counter()
    if path.suffix == ".parquet":
        frame = geopandas.read_parquet(path)
    else:
        frame = geopandas.read_file(path, use_arrow=True)
    frame.to_parquet(out)
    return {"seconds": time.perf_counter() - began, "store_bytes": out.stat().st_size}


def size(place: Path) -> int:
    """Bytes on disk below ``place``; files with holes (LMDB) count what they take."""
    return sum(file.stat().st_blocks * 512 for file in place.rglob("*") if file.is_file())


def phase(name: str, path: Path) -> None:
    """Run one way in this process and print its figures as JSON."""
    ways = {
        "load": lambda: load(path, validate=False),
        "load, validated": lambda: load(path, validate=True),
        "geopandas": lambda: plain(path),
    }
    tell(ways[name]())


def main() -> None:
    """Run all ways side by side and print the table."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--parcels", type=int, default=1_000_000)
    parser.add_argument("--format", nargs="+", default=["parquet", "gpkg"])
    parser.add_argument("--validate", action="store_true", help="also with validation on")
    parser.add_argument("--phase")
    parser.add_argument("--file", type=Path)
    arguments = parser.parse_args()
    if arguments.phase:
        phase(arguments.phase, arguments.file)
        return
    ways = ["geopandas", "load", *(["load, validated"] if arguments.validate else [])]
    figures: dict[str, dict[str, Any]] = {}
    for suffix in arguments.format:
        with tempfile.TemporaryDirectory() as temporary:
            path = Path(temporary) / f"parcels.{suffix}"
            write(path, arguments.parcels)
            for way in ways:
                figures[f"{suffix}: {way}"] = run(__file__, way, "--file", path) | {
                    "file_bytes": path.stat().st_size
                }
    report(figures, arguments.parcels)


def report(figures: dict[str, dict[str, Any]], parcels: int) -> None:
    """Print the table and keep it as JSON."""
    table = Table(title=f"{parcels:,} parcels")
    for column in ("way", "seconds", "parcels/s", "peak MB", "B/parcel", "original B/parcel"):
        table.add_column(column, justify="left" if column == "way" else "right")
    for way, figure in figures.items():
        table.add_row(
            way,
            f"{figure['seconds']:.1f}",
            f"{parcels / figure['seconds']:,.0f}",
            f"{figure['peak_mb']:.0f}",
            f"{figure['store_bytes'] / parcels:.0f}",
            f"{figure.get('original_bytes', figure['file_bytes']) / parcels:.0f}",
        )
    Console().print(table)
    RESULTS.parent.mkdir(exist_ok=True)
    RESULTS.write_text(
        json.dumps(
            {
                "parcels": parcels,
                "machine": f"{platform.machine()}, 2 cores",
                "python": platform.python_version(),
                "geopandas": version("geopandas"),
                "pyogrio": version("pyogrio"),
                "figures": figures,
            },
            indent=2,
        )
        + "\n"
    )


if __name__ == "__main__":
    main()
