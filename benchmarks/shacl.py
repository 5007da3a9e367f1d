"""Shapes compiled to SPARQL against pyshacl, over products of which one in a hundred is bad.

    python benchmarks/shacl.py [--products 10000 100000]

Each way reads the same N-Triples file and the same shapes (28 constraints), in a process
of its own, so that peak memory is its own.  Seconds are CPU time.  All must find the same
results.  ``compiled-disk`` holds the data in RocksDB in a temporary directory.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import platform
import random
import tempfile
import time
from importlib.metadata import version
from pathlib import Path
from typing import Any

from _process import run, tell
from rich.console import Console
from rich.table import Table

RESULTS = Path(__file__).parent / "results" / "shacl.json"
EX = "http://example.org/"
XSD = "http://www.w3.org/2001/XMLSchema#"
TYPE = "<http://www.w3.org/1999/02/22-rdf-syntax-ns#type>"

SHAPES = """
@prefix ex: <http://example.org/> .
@prefix sh: <http://www.w3.org/ns/shacl#> .
@prefix xsd: <http://www.w3.org/2001/XMLSchema#> .
ex:ProductShape a sh:NodeShape ; sh:targetClass ex:Product ; sh:nodeKind sh:IRI ;
  sh:property [ sh:path ex:id ; sh:minCount 1 ; sh:maxCount 1 ; sh:pattern "^S2[AB]_" ] ;
  sh:property [ sh:path ex:cloud ; sh:datatype xsd:decimal ; sh:maxCount 1 ;
                sh:minInclusive 0 ; sh:maxInclusive 100 ] ;
  sh:property [ sh:path ex:start ; sh:minCount 1 ; sh:datatype xsd:dateTime ;
                sh:lessThanOrEquals ex:stop ] ;
  sh:property [ sh:path ex:stop ; sh:datatype xsd:dateTime ] ;
  sh:property [ sh:path ex:level ; sh:in ( "L1C" "L2A" ) ; sh:maxCount 1 ] ;
  sh:property [ sh:path ex:platform ; sh:class ex:Platform ; sh:maxCount 1 ] ;
  sh:property [ sh:path ex:tile ; sh:minCount 1 ; sh:nodeKind sh:IRI ] ;
  sh:property [ sh:path ex:orbit ; sh:datatype xsd:integer ; sh:minInclusive 1 ;
                sh:maxInclusive 143 ] ;
  sh:property [ sh:path ex:title ; sh:minLength 1 ; sh:uniqueLang true ] ;
  sh:property [ sh:path ex:did ; sh:minCount 1 ] ;
  sh:property [ sh:path ( ex:platform ex:name ) ; sh:datatype xsd:string ] ;
  sh:or ( [ sh:path ex:cloud ; sh:minCount 1 ] [ sh:path ex:orbit ; sh:minCount 1 ] ) .
"""


def write_data(file: Path, products: int) -> None:
    """Write products of 20 triples each; one in a hundred breaks five constraints or so."""
    chance = random.Random(products)
    with file.open("w") as out:
        for name in ("a", "b"):
            out.write(f"<{EX}s2{name}> {TYPE} <{EX}Platform> .\n")
            out.write(f'<{EX}s2{name}> <{EX}name> "Sentinel-2{name.upper()}" .\n')
        for number in range(products):
            out.write(product(number, chance, bad=number % 100 == 7))


def product(number: int, chance: random.Random, *, bad: bool) -> str:
    """One product as N-Triples lines."""
    day = f"2022-{chance.randrange(1, 13):02d}-{chance.randrange(1, 29):02d}"
    name = f"S2A_{number:08d}"
    said = {
        "id": f'"{name}"' if not bad else '"wrong"',
        "cloud": f'"{chance.randrange(0, 99)}.{chance.randrange(1, 10)}"^^<{XSD}decimal>',
        "start": f'"{day}T10:00:{"59" if bad else "01"}Z"^^<{XSD}dateTime>',
        "stop": f'"{day}T10:00:20Z"^^<{XSD}dateTime>',
        "level": '"L2A"' if not bad else '"L9"',
        "platform": f"<{EX}s2{'ab'[number % 2]}>" if not bad else f"<{EX}none>",
        "tile": f"<{EX}tile/{number % 997}>",
        "orbit": f'"{chance.randrange(1, 143) if not bad else 200}"^^<{XSD}integer>',
        "title": f'"Product {number}"@en',
        "did": f'"scope:{name}"',
    }
    said |= {f"other{i}": f'"value {i} of {number}"' for i in range(9)}
    subject = f"<{EX}product/{number}>"
    lines = [f"{subject} {TYPE} <{EX}Product> .\n"]
    lines += [f"{subject} <{EX}{key}> {value} .\n" for key, value in said.items()]
    return "".join(lines)


def digest(results: set[tuple[str, ...]]) -> dict[str, Any]:
    """Number and hash of results."""
    text = "\n".join(sorted("|".join(one) for one in results))
    return {"results": len(results), "digest": hashlib.sha256(text.encode()).hexdigest()}


def compiled(directory: Path, *, on_disk: bool) -> dict[str, Any]:
    """Our engine."""
    from dafab_kg.store.verbatim import VerbatimStore
    from dafab_kg.validation.compiled import shapes_graph
    from dafab_kg.validation.judging import judge, ruling
    from dafab_kg.validation.source import StoreSource
    from dafab_kg.validation.terms import shown

    began = time.process_time()
    with tempfile.TemporaryDirectory() as place:
        store = VerbatimStore(Path(place) if on_disk else None)
        store.load_file(directory / "data.nt")
        loaded = time.process_time()
        found = judge(StoreSource(store), ruling(shapes_graph([SHAPES])))
        done = time.process_time()
        store.close()
    told = {(shown(r.focus), shown(r.value), r.component, r.severity) for r in found}
    return {"load": loaded - began, "validate": done - loaded, **digest(told)}


def by_pyshacl(directory: Path) -> dict[str, Any]:
    """pyshacl over rdflib."""
    import pyshacl
    import rdflib
    from rdflib import SH, Graph

    rdflib.NORMALIZE_LITERALS = False  # terms as the file writes them, as SHACL has it
    began = time.process_time()
    data = Graph().parse(directory / "data.nt", format="nt")
    shapes = Graph().parse(data=SHAPES, format="turtle")
    loaded = time.process_time()
    _, report, _ = pyshacl.validate(data, shacl_graph=shapes, inplace=True)
    done = time.process_time()
    predicates = (SH.focusNode, SH.value, SH.sourceConstraintComponent, SH.resultSeverity)
    told = {
        tuple(str(report.value(one, p) or "") for p in predicates)
        for one in report.objects(None, SH.result)
    }
    return {"load": loaded - began, "validate": done - loaded, **digest(told)}


WAYS = {
    "compiled": lambda directory: compiled(directory, on_disk=False),
    "compiled-disk": lambda directory: compiled(directory, on_disk=True),
    "pyshacl": by_pyshacl,
}


def main() -> None:
    """Run all ways side by side and print the table."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--products", type=int, nargs="+", default=[10_000, 100_000])
    parser.add_argument("--phase")
    parser.add_argument("--directory", type=Path)
    arguments = parser.parse_args()
    if arguments.phase:
        tell(WAYS[arguments.phase](arguments.directory))
        return
    figures: dict[int, dict[str, Any]] = {}
    for products in arguments.products:
        with tempfile.TemporaryDirectory() as temporary:
            directory = Path(temporary)
            write_data(directory / "data.nt", products)
            figures[products] = {w: run(__file__, w, "--directory", directory) for w in WAYS}
        digests = {figure["digest"] for figure in figures[products].values()}
        assert len(digests) == 1, figures[products]
    report(figures)


def report(figures: dict[int, dict[str, Any]]) -> None:
    """Print the table and keep it as JSON."""
    table = Table(title="CPU seconds; times and memory share against pyshacl")
    columns = ("products", "way", "load", "validate", "results", "faster", "peak MB", "memory")
    for column in columns:
        table.add_column(column, justify="left" if column == "way" else "right")
    for products, ways in figures.items():
        base = ways["pyshacl"]
        for way, figure in ways.items():
            faster = (base["load"] + base["validate"]) / (figure["load"] + figure["validate"])
            table.add_row(
                f"{products:,}", way, f"{figure['load']:.1f}", f"{figure['validate']:.1f}",
                f"{figure['results']:,}", f"{faster:.1f}", f"{figure['peak_mb']:,.0f}",
                f"{figure['peak_mb'] / base['peak_mb']:.2f}",
            )  # fmt: skip
    Console(width=110).print(table)
    RESULTS.parent.mkdir(exist_ok=True)
    packages = {name: version(name) for name in ("pyoxigraph", "pyshacl", "rdflib")}
    kept = {"machine": f"{platform.machine()}, 2 cores", "python": platform.python_version()}
    RESULTS.write_text(json.dumps({**kept, **packages, "figures": figures}, indent=2) + "\n")


if __name__ == "__main__":
    main()
