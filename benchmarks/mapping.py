"""Triples per second: the compiled mapping against other ways to say the same.

    python benchmarks/mapping.py [--records 20000] [--repeat 5]

All ways turn the same records of a product into the same quads, which is
checked first.  The hand-written emitter knows that no value is missing and that
none needs escaping, so it is the bound for anything written in Python.  rdflib
builds the graph and serialises it, over a tenth of the records.  The time is the
best of the repeats, in CPU seconds of one process.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import time
from collections.abc import Callable, Sequence
from decimal import Decimal
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pyoxigraph
import rdflib
from rich.console import Console
from rich.table import Table

from dafab_kg.mapping import compile_mappings
from dafab_kg.model.names import NS, PREFIXES, Names, encode
from dafab_kg.model.records import Product
from dafab_kg.model.values import decimal_text

RESULTS = Path(__file__).parent / "results" / "mapping.json"

NAMES = Names()
DOCUMENT = "0" * 32
GRAPH = NAMES.make("graph", document_id=DOCUMENT)
XSD, GEO, RDF = PREFIXES["xsd"], PREFIXES["geo"], PREFIXES["rdf"]

CLASSES = (f"{NS}SourceProduct", f"{NS}Product", f"{GEO}Feature")
TEXTS = {"product_id": "productId", "title": "title", "processing_level": "processingLevel"}
TIMES = {"datetime": "datetime", "sensing_start": "sensingStart"}
NUMBERS = {
    "west": "west", "south": "south", "east": "east", "north": "north",
    "cloud_cover": "cloudCover", "snow_cover": "snowCover",
    "vegetation_percentage": "vegetationPercentage", "water_percentage": "waterPercentage",
    "sun_zenith": "sunZenith",
}  # fmt: skip


def make_records(count: int) -> list[Product]:
    """Make products with 22 quads each."""
    return [
        Product(
            product_id=f"S2A_MSIL2A_20220127T104321_N0400_R008_T31UFS_{number:09d}",
            title=f"Product {number}",
            processing_level="L2A",
            platform="sentinel-2a",
            mgrs_tiles=("31UFS",),
            datetime="2022-01-27T10:43:21.024Z",
            sensing_start="2022-01-27T10:43:21.024Z",
            footprint_wkt=f"POLYGON(({number % 90} 0, 1 0, 1 1, {number % 90} 0))",
            **{name: Decimal(number * 7 % 9999 + 1) / 100 for name in NUMBERS},
        )
        for number in range(count)
    ]


def compiled() -> Callable[[Sequence[Product]], str]:
    """The files of ``mappings/``, compiled (once, before the clock runs)."""
    return partial(compile_mappings(NAMES).map, document_id=DOCUMENT)


def hand_written(records: Sequence[Product]) -> str:
    """One f-string for each row."""
    base, end, n = NAMES.base, f" <{GRAPH}> .\n", decimal_text
    out = []
    for r in records:
        s = f"<{base}product/{encode(r.product_id)}>"
        g = f"<{base}product/{encode(r.product_id)}/geometry>"
        out.append(
            f"{s} <{RDF}type> <{NS}SourceProduct>{end}{s} <{RDF}type> <{NS}Product>{end}"
            f"{s} <{RDF}type> <{GEO}Feature>{end}"
            f'{s} <{NS}productId> "{r.product_id}"{end}{s} <{NS}title> "{r.title}"{end}'
            f'{s} <{NS}processingLevel> "{r.processing_level}"{end}'
            f"{s} <{NS}onPlatform> <{base}platform/{encode(r.platform)}>{end}"
            f"{s} <{NS}tile> <{base}tile/{encode(r.mgrs_tiles[0])}>{end}"
            f'{s} <{NS}datetime> "{r.datetime}"^^<{XSD}dateTime>{end}'
            f'{s} <{NS}sensingStart> "{r.sensing_start}"^^<{XSD}dateTime>{end}'
            f'{s} <{NS}west> "{n(r.west)}"^^<{XSD}decimal>{end}'
            f'{s} <{NS}south> "{n(r.south)}"^^<{XSD}decimal>{end}'
            f'{s} <{NS}east> "{n(r.east)}"^^<{XSD}decimal>{end}'
            f'{s} <{NS}north> "{n(r.north)}"^^<{XSD}decimal>{end}'
            f'{s} <{NS}cloudCover> "{n(r.cloud_cover)}"^^<{XSD}decimal>{end}'
            f'{s} <{NS}snowCover> "{n(r.snow_cover)}"^^<{XSD}decimal>{end}'
            f'{s} <{NS}vegetationPercentage> "{n(r.vegetation_percentage)}"^^<{XSD}decimal>{end}'
            f'{s} <{NS}waterPercentage> "{n(r.water_percentage)}"^^<{XSD}decimal>{end}'
            f'{s} <{NS}sunZenith> "{n(r.sun_zenith)}"^^<{XSD}decimal>{end}'
            f"{s} <{GEO}hasGeometry> {g}{end}{g} <{RDF}type> <{GEO}Geometry>{end}"
            f'{g} <{GEO}asWKT> "{r.footprint_wkt}"^^<{GEO}wktLiteral>{end}'
        )
    return "".join(out)


def with_rdflib(records: Sequence[Product]) -> str:
    """A graph of rdflib, filled and serialised."""
    graph = rdflib.Graph()
    for r in records:
        s = rdflib.URIRef(NAMES.make("product", product_id=r.product_id))
        g = rdflib.URIRef(NAMES.make("geometry", product_id=r.product_id))
        for name in CLASSES:
            graph.add((s, rdflib.RDF.type, rdflib.URIRef(name)))
        for field, local in TEXTS.items():
            graph.add((s, rdflib.URIRef(NS + local), rdflib.Literal(getattr(r, field))))
        for field, local in TIMES.items():
            value = rdflib.Literal(getattr(r, field), datatype=rdflib.XSD.dateTime, normalize=False)
            graph.add((s, rdflib.URIRef(NS + local), value))
        for field, local in NUMBERS.items():
            text = decimal_text(getattr(r, field))
            value = rdflib.Literal(text, datatype=rdflib.XSD.decimal, normalize=False)
            graph.add((s, rdflib.URIRef(NS + local), value))
        for local, iri in (
            ("onPlatform", NAMES.make("platform", platform=r.platform)),
            ("tile", NAMES.make("tile", mgrs_tile=r.mgrs_tiles[0])),
        ):
            graph.add((s, rdflib.URIRef(NS + local), rdflib.URIRef(iri)))
        graph.add((s, rdflib.URIRef(f"{GEO}hasGeometry"), g))
        graph.add((g, rdflib.RDF.type, rdflib.URIRef(f"{GEO}Geometry")))
        wkt = rdflib.Literal(r.footprint_wkt, datatype=rdflib.URIRef(f"{GEO}wktLiteral"))
        graph.add((g, rdflib.URIRef(f"{GEO}asWKT"), wkt))
    # N-Triples: rdflib's N-Quads writer goes the same way with the graph appended
    return graph.serialize(format="nt").replace(" .\n", f" <{GRAPH}> .\n")


def measure(
    way: Callable[[Sequence[Product]], str], records: Sequence[Product], repeat: int
) -> dict[str, Any]:
    """Return the best of the repeats."""
    seconds = []
    for _ in range(repeat):
        began = time.process_time()
        text = way(records)
        seconds.append(time.process_time() - began)
    quads = text.count("\n")
    best = min(seconds)
    return {
        "records": len(records),
        "quads": quads,
        "seconds": best,
        "quads_per_second": quads / best,
    }


def quads(text: str) -> set[pyoxigraph.Quad]:
    return set(pyoxigraph.parse(text.encode(), format=pyoxigraph.RdfFormat.N_QUADS))


def processor() -> str:
    """Name of the processor, where the system tells."""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        lines = []
    names = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor() or platform.machine()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--records", type=int, default=20_000)
    parser.add_argument("--repeat", type=int, default=5)
    options = parser.parse_args()
    records = make_records(options.records)
    few = records[: max(1, options.records // 10)]
    mapping = compiled()
    first = quads(mapping(few))
    for way in (hand_written, with_rdflib):
        if quads(way(few)) != first:
            raise SystemExit(f"{way.__name__} does not make the same quads as the mapping")
    results = {
        "compiled mapping": measure(mapping, records, options.repeat),
        "hand-written f-string": measure(hand_written, records, options.repeat),
        "rdflib": measure(with_rdflib, few, options.repeat),
    }
    report = {
        "machine": f"{processor()}, {os.cpu_count()} cores, {platform.system()}",
        "versions": {"python": platform.python_version()}
        | {name: version(name) for name in ("dafab-kg", "rdflib", "pyoxigraph")},
        "repeat": options.repeat,
        "results": results,
    }
    RESULTS.parent.mkdir(exist_ok=True)
    RESULTS.write_text(json.dumps(report, indent=2) + "\n", encoding="utf-8")
    show(report)


def show(report: dict[str, Any]) -> None:
    """Print the table."""
    table = Table(title="Records to N-Quads", caption=f"{report['machine']}; {report['versions']}")
    for column in ("way", "records", "quads", "CPU s", "quads/s", "to compiled"):
        table.add_column(column, justify="left" if column == "way" else "right")
    own = report["results"]["compiled mapping"]["quads_per_second"]
    for name, row in report["results"].items():
        table.add_row(
            name,
            f"{row['records']:,}",
            f"{row['quads']:,}",
            f"{row['seconds']:.2f}",
            f"{row['quads_per_second']:,.0f}",
            f"{row['quads_per_second'] / own:.2f}",
        )
    Console().print(table)


if __name__ == "__main__":
    main()
