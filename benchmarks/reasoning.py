"""Full and incremental reasoning, next to a bulk load of the closure, naive rounds and owlrl.

    python benchmarks/reasoning.py [--products 10000 100000] [--owlrl 1000]

Products are made here: 21 triples each, of an analysis, its source, their making and a
file, on shared sensors and places.  How often each thing is inferred is known from the
making, and every way is held to it.  Each way runs in a process of its own, on a fresh
store on disk.  Ratios are of CPU time, which other work on the machine disturbs less.
"""

from __future__ import annotations

import argparse
import io
import json
import platform
import shutil
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path
from typing import Any

from _process import run, tell
from rich.console import Console
from rich.table import Table

HERE = Path(__file__).parent
RESULTS = HERE / "results" / "reasoning.json"
ONTOLOGY = HERE / "reasoning.ttl"
NS = "http://example.org/bench#"
RDF_TYPE = "http://www.w3.org/1999/02/22-rdf-syntax-ns#type"
SENSORS, PLATFORMS, FIELDS, TILES, REGIONS = 20, 4, 1000, 50, 10
BATCH = 100


def triple(subject: str, predicate: str, value: str) -> str:
    """An N-Triples line of local names; a number is a decimal."""
    predicate = RDF_TYPE if predicate == "a" else f"{NS}{predicate}"
    if value[0].isdigit():
        value = f'"{value}"^^<http://www.w3.org/2001/XMLSchema#decimal>'
    elif value[0] != '"':
        value = f"<{NS}{value}>"
    return f"<{NS}{subject}> <{predicate}> {value} .\n"


def shared() -> Iterator[str]:
    """Sensors and places."""
    for one in range(SENSORS):
        yield triple(f"sensor{one}", "a", "OpticalInstrument" if one % 2 else "Instrument")
        yield triple(f"sensor{one}", "isHostedBy", f"platform{one % PLATFORMS}")
    for one in range(FIELDS):
        yield triple(f"field{one}", "locatedIn", f"tile{one % TILES}")
    for one in range(TILES):
        yield triple(f"tile{one}", "locatedIn", f"region{one % REGIONS}")
    for one in range(REGIONS):
        yield triple(f"region{one}", "locatedIn", "world")


def product(n: int) -> Iterator[str]:
    """The 21 triples of one product."""
    p, source, run_, pass_, did = f"p{n}", f"s{n}", f"run{n}", f"pass{n}", f"did{n}"
    yield triple(p, "a", "WaterProduct")
    yield triple(p, "generatedBy", run_)
    yield triple(p, "derivedFrom", source)
    yield triple(p, "covers", f"field{n % FIELDS}")
    yield triple(p, "covers", f"field{(n + 1) % FIELDS}")
    yield triple(p, "cloudCover", f"{n % 10}.5")
    yield triple(p, "coverage", f"{n % 60}.25")
    yield triple(p, "score", f"{n % 100}.0")
    yield triple(p, "anomalyType", "flood" if n % 3 == 0 else "drought")
    yield triple(p, "hasDid", did)
    yield triple(p, "title", f'"Analysis {n}"')
    yield triple(p, "created", f'"2024-05-{n % 28 + 1:02d}"')
    yield triple(run_, "usedModel", f"model{n % 5}")
    yield triple(run_, "used", source)
    yield triple(source, "a", "SourceProduct")
    yield triple(source, "generatedBy", pass_)
    yield triple(source, "title", f'"Source {n}"')
    yield triple(pass_, "madeBySensor", f"sensor{n % SENSORS}")
    yield triple(did, "didReplica", f"replica{n}")
    yield triple(did, "label", f'"scope:{n}"')
    yield triple(f"replica{n}", "size", f"{n * 1000}")


def gold(count: int) -> dict[str, int]:
    """How often each predicate or class is there in the closure, as the making says."""
    every = range(count)
    fields = {(n + one) % FIELDS for n in every for one in (0, 1)}
    floods = [n for n in every if n % 3 == 0]
    covered = sum(
        2 + len({f % TILES for f in near}) + len({f % TILES % REGIONS for f in near}) + 1
        for near in (((n % FIELDS), (n + 1) % FIELDS) for n in every)
    )
    tiles = {f % TILES for f in fields}
    regions = {t % REGIONS for t in tiles}
    return {
        "onPlatform": 2 * count,
        "acquiredBy": count,
        "hosts": SENSORS,
        "derivedFromTransitive": count,
        "hasReplica": count,
        "replicaOf": count,
        "covers": covered,
        "locatedIn": 3 * FIELDS + 2 * TILES + REGIONS,
        "a Product": 2 * count,
        "a AIProduct": count,
        "a Activity": 2 * count,
        "a Acquisition": count,
        "a InferenceRun": count,
        "a Instrument": SENSORS,
        "a Platform": PLATFORMS,
        "a Place": len(fields) + len(tiles) + len(regions) + 1,
        "a Identifier": count,
        "a Replica": count,
        "a Model": min(5, count),
        "a FloodScene": len(floods),
        "a StagedProduct": count,
        "a OpticalProduct": sum(n % SENSORS % 2 for n in every),
        "a SevereFloodScene": sum(n % 100 >= 50 for n in floods),
        "a CloudFreeAgriculturalScene": sum(n % 10 < 5 and n % 60 >= 30 for n in every),
    }


def hold_to_gold(lines: Iterator[str], count: int, *, but: tuple[str, ...] = ()) -> int:
    """Compare a closure, line by line, with the gold; returns its size."""
    found: Counter[str] = Counter()
    size = 0
    for line in lines:
        size += 1
        _, predicate, value = line.split(" ", 2)
        local = predicate[1:-1].removeprefix(NS)
        if local == RDF_TYPE:
            local = f"a {value.split('>')[0].removeprefix(f'<{NS}')}"
        found[local] += 1
    wrong = {
        key: (found[key], number)
        for key, number in gold(count).items()
        if key not in but and found[key] != number
    }
    assert not wrong, f"not as made (found, made): {wrong}"
    return size


def rules() -> Any:
    """The compiled ontology."""
    from dafab_kg.reasoning.compile import compile_ontology
    from dafab_kg.reasoning.ontology import read_ontologies

    triples, missing = read_ontologies([ONTOLOGY])
    assert not missing
    return compile_ontology(triples)


def opened(place: Path, name: str, *, fresh: bool = True) -> tuple[Any, Any]:
    """A store on disk that holds the facts, and its reasoner."""
    from dafab_kg.model.names import Names
    from dafab_kg.reasoning.reasoner import Reasoner
    from dafab_kg.store.oxigraph import OxigraphStore

    if fresh:
        shutil.rmtree(place / name, ignore_errors=True)
    store = OxigraphStore(place / name)
    if fresh:
        with (place / "facts.nt").open("rb") as facts:
            store.bulk_load(facts)
        store.flush()
    compiled = rules()
    return store, Reasoner(store, Names(), place / f"{name}.json", rules=lambda: compiled)


def closure(store: Any, graph: str) -> Iterator[str]:
    """Lines of facts and of what was inferred, as they lie in the store."""
    yield from store.graph_triples(None)
    for line in store.graph_triples(graph):
        yield f"{line[:-3]} <{graph}> .\n"


def count_of(place: Path) -> int:
    """How many products the facts are of."""
    return int((place / "count").read_text())


def full(place: Path) -> dict[str, Any]:
    """A full run; keeps the store for the batch and the closure for the bulk load."""
    store, reasoner = opened(place, "store")
    began, cpu = time.perf_counter(), time.process_time()
    done = reasoner.run_full(resume=False)
    store.flush()
    seconds, cpu = time.perf_counter() - began, time.process_time() - cpu
    with (place / "closure.nq").open("w") as out:
        out.writelines(closure(store, reasoner.graph))
    triples = hold_to_gold(closure(store, reasoner.graph), count_of(place))
    store.close()
    return {"seconds": seconds, "cpu": cpu, "inferred": done.inferred, "closure": triples}


def bulk(place: Path) -> dict[str, Any]:
    """Oxigraph's bulk load of the closure: the yardstick."""
    from dafab_kg.store.oxigraph import OxigraphStore

    store = OxigraphStore(place / "bulk")
    began, cpu = time.perf_counter(), time.process_time()
    with (place / "closure.nq").open("rb") as lines:
        store.bulk_load(lines)
    store.flush()
    seconds, cpu = time.perf_counter() - began, time.process_time() - cpu
    return {"seconds": seconds, "cpu": cpu, "closure": store.count()}


def batch(place: Path) -> dict[str, Any]:
    """A hundred products more, then their removal."""
    from dafab_kg.store.protocol import Change

    count = count_of(place)
    store, reasoner = opened(place, "store", fresh=False)
    reasoner.ensure()
    lines = "".join(line for n in range(count, count + BATCH) for line in product(n))
    change = Change(added=lines)
    took = []
    for one, now in (
        (change, count + BATCH),
        (Change(removed=tuple(lines.splitlines(keepends=True))), count),
    ):
        began, cpu = time.perf_counter(), time.process_time()
        with reasoner.following() as watch:
            watch.change(one)
            noted, cpu_noted = time.perf_counter(), time.process_time()
            store.apply(one)
            applied, cpu_applied = time.perf_counter(), time.process_time()
        ended, cpu_ended = time.perf_counter(), time.process_time()
        cpu = cpu_noted - cpu + cpu_ended - cpu_applied
        took.append((noted - began + ended - applied, applied - noted, cpu))
        hold_to_gold(closure(store, reasoner.graph), now)
    (add, write, cpu), (remove, _, _) = took
    return {"seconds": add, "cpu": cpu, "write_seconds": write, "removal_seconds": remove}


def naive(place: Path) -> dict[str, Any]:
    """All rules, round by round, until nothing more follows."""
    from dafab_kg.reasoning.sparql import by_key, construct_key

    store, reasoner = opened(place, "naive")
    texts = [construct_key(some) for some in by_key(reasoner.rules.rules).values()]
    began, cpu, rounds = time.perf_counter(), time.process_time(), 0
    while True:
        rounds += 1
        both = [None, reasoner.graph]
        if not sum([store.construct_into(reasoner.graph, text, both) for text in texts]):
            break
    store.flush()
    seconds, cpu = time.perf_counter() - began, time.process_time() - cpu
    triples = hold_to_gold(closure(store, reasoner.graph), count_of(place))
    return {"seconds": seconds, "cpu": cpu, "closure": triples, "rounds": rounds}


def owlrl(place: Path) -> dict[str, Any]:
    """owlrl in memory; it knows no facets, so the classes by threshold are left out."""
    import rdflib
    from owlrl import DeductiveClosure, OWLRL_Semantics

    graph = rdflib.Graph().parse(ONTOLOGY)
    graph.parse(place / "facts.nt")
    began, cpu = time.perf_counter(), time.process_time()
    DeductiveClosure(OWLRL_Semantics).expand(graph)
    seconds, cpu = time.perf_counter() - began, time.process_time() - cpu
    text = io.StringIO(graph.serialize(format="nt"))
    kept = (line for line in text if f"<{NS}" in line and not line.startswith('"'))
    hold_to_gold(kept, count_of(place), but=("a SevereFloodScene", "a CloudFreeAgriculturalScene"))
    return {"seconds": seconds, "cpu": cpu, "closure": len(graph)}


def phase(name: str, place: Path) -> None:
    """Run one way in this process and print its figures as JSON."""
    ways = {"full": full, "bulk": bulk, "batch": batch, "naive": naive, "owlrl": owlrl}
    tell(ways[name](place))


def main() -> None:
    """Run all ways side by side and print the table."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--products", type=int, nargs="+", default=[10_000, 100_000])
    parser.add_argument("--owlrl", type=int, default=1000, help="products for owlrl")
    parser.add_argument("--without-naive", action="store_true")
    parser.add_argument("--phase")
    parser.add_argument("--place", type=Path)
    arguments = parser.parse_args()
    if arguments.phase:
        phase(arguments.phase, arguments.place)
        return
    figures: dict[str, dict[str, Any]] = {}
    sizes = [*([arguments.owlrl] if arguments.owlrl else []), *arguments.products]
    for size in dict.fromkeys(sizes):
        ways = ["full", "bulk", "batch", *([] if arguments.without_naive else ["naive"])]
        if size == arguments.owlrl:
            ways.append("owlrl")
        with tempfile.TemporaryDirectory() as temporary:
            place = Path(temporary)
            (place / "count").write_text(str(size))
            with (place / "facts.nt").open("w") as out:
                out.writelines(shared())
                for n in range(size):
                    out.writelines(product(n))
            for way in ways:
                figures[f"{size:,}: {way}"] = run(__file__, way, "--place", place)
                Console().print(size, way, figures[f"{size:,}: {way}"])
    report(figures)


def report(figures: dict[str, dict[str, Any]]) -> None:
    """Print the table and keep it as JSON."""
    table = Table(title="Reasoning over products of 21 triples")
    for column in (
        "products: way",
        "seconds",
        "CPU s",
        "times bulk",
        "of full",
        "peak MB",
        "closure",
    ):
        table.add_column(column, justify="left" if column == "products: way" else "right")
    for name, figure in figures.items():
        size = name.split(":")[0]
        table.add_row(
            name,
            f"{figure['seconds']:.2f}",
            f"{figure['cpu']:.2f}",
            f"{figure['cpu'] / figures[f'{size}: bulk']['cpu']:.2f}",
            f"{figure['cpu'] / figures[f'{size}: full']['cpu']:.1%}",
            f"{figure['peak_mb']:.0f}",
            f"{figure.get('closure', 0):,}",
        )
    Console().print(table)
    RESULTS.parent.mkdir(exist_ok=True)
    RESULTS.write_text(
        json.dumps(
            {
                "machine": f"{platform.machine()}, 2 cores",
                "python": platform.python_version(),
                "pyoxigraph": version("pyoxigraph"),
                "figures": figures,
            },
            indent=2,
        )
        + "\n"
    )


if __name__ == "__main__":
    main()
