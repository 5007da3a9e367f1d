"""The STAC API of dafab-kg beside stac-fastapi-pgstac: the same items, the same requests over HTTP.

    python benchmarks/faces.py [--items 100000 300000] [--clients 4] [--keep DIR]

Made-up Sentinel-2 items (``_generated.py``) are loaded into both: into dafab-kg as a user
loads files, by ``dafab-kg load`` with validation left out, into pgstac by pypgstac
(``_pgstac.py`` says how that is tuned).  Both are then asked the same searches by clients side
by side, and given new items; what they answer is compared id by id.  ``--keep`` keeps what
was made for the next run.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from importlib.metadata import version
from itertools import islice
from pathlib import Path
from typing import Any

import _generated as generated
import _pgstac
import numpy as np
from _clients import Http, Seen, ask_all
from _made import PROGRAM, Size, bytes_of, run_timed
from _questions import Box, compared, geojson, rich_places
from rich.console import Console
from rich.table import Table
from search import JSON, SETTLING, cell_of, figures_of, read_features, read_matched, served, tell

RESULTS = Path(__file__).parent / "results" / "faces.json"
GEOJSON = "application/geo+json"
SYSTEMS = ("dafab-kg", "pgstac")
QUERYABLES = ("eo:cloud_cover", "s2:vegetation_percentage")
"""What the searches compare; pgstac gets a BTREE for each, as its keeper would make."""
AT_ONCE = 1_000
"""Items in one file."""
IN_BULK = 100
"""Items in one request that writes many."""


@dataclass(frozen=True)
class Request:
    """One search; ``count``: what is looked at in the answer is ``numberMatched``."""

    body: dict[str, Any]
    count: bool = False


def searches(seed: int, cases: int) -> dict[str, tuple[Request, ...]]:
    """The searches by name, each with its cases."""
    places = rich_places(seed)
    makers: dict[str, Callable[[np.random.Generator], Request]] = {
        "area and year, 10": lambda chance: _area(places, 0.3, chance, 10),
        "area and year, 100": lambda chance: _area(places, 5.0, chance, 100),
        "area and year, counted": lambda chance: replace(_area(places, 5.0, chance, 1), count=True),
        "large area by cloud cover, 10": lambda chance: _by_cloud(places, chance),
        "two attributes (CQL2), 10": _attributes,
        "latest before a day, 10": _latest,
    }
    found = {}
    for number, (name, make) in enumerate(makers.items()):
        chance = np.random.default_rng([seed, 200, number])
        found[name] = tuple(make(chance) for _ in range(cases))
    return found


NEWEST = [{"field": "datetime", "direction": "desc"}, {"field": "id", "direction": "asc"}]


def _area(places: list[Box], side: float, chance: np.random.Generator, limit: int) -> Request:
    year = int(chance.integers(2021, 2026))
    return Request(
        {
            "collections": ["products"],
            "intersects": geojson(_box(places, side, chance)),
            "datetime": f"{year}-01-01T00:00:00Z/{year}-12-31T23:59:59.999Z",
            "sortby": NEWEST,
            "limit": limit,
        }
    )


def _box(places: list[Box], side: float, chance: np.random.Generator) -> Box:
    west, south, east, north = places[int(chance.integers(len(places)))]
    left = round(float(chance.uniform(west, east)) - side / 2, 4)
    low = round(float(chance.uniform(south, north)) - side / 2, 4)
    return left, low, round(left + side, 4), round(low + side, 4)


def _by_cloud(places: list[Box], chance: np.random.Generator) -> Request:
    order = [
        {"field": "properties.eo:cloud_cover", "direction": "asc"},
        {"field": "id", "direction": "asc"},
    ]
    return Request(
        {
            "collections": ["products"],
            "bbox": _box(places, 5.0, chance),
            "sortby": order,
            "limit": 10,
        }
    )


def _attributes(chance: np.random.Generator) -> Request:
    conditions = [
        compared("<", "eo:cloud_cover", round(float(chance.uniform(0.5, 5)), 3)),
        compared(">", "s2:vegetation_percentage", round(float(chance.uniform(50, 80)), 2)),
    ]
    return Request(
        {
            "collections": ["products"],
            "filter-lang": "cql2-json",
            "filter": {"op": "and", "args": conditions},
            "sortby": NEWEST,
            "limit": 10,
        }
    )


def _latest(chance: np.random.Generator) -> Request:
    day = f"{int(chance.integers(2021, 2026))}-{int(chance.integers(2, 13)):02d}-01T00:00:00Z"
    return Request(
        {"collections": ["products"], "datetime": f"../{day}", "sortby": NEWEST, "limit": 10}
    )


# what is asked


def batched(items: Iterable[dict[str, Any]], size: int) -> Iterator[list[dict[str, Any]]]:
    """Items in lists of ``size``, but for the last."""
    left = iter(items)
    while some := list(islice(left, size)):
        yield some


def new_items(size: Size, number: int) -> list[dict[str, Any]]:
    """Items that nobody has yet."""
    held = {scene.product_id for scene in generated.scenes(size.products, size.seed, size.floods)}
    made = generated.scenes(2 * number, size.seed + 1)
    fresh = {scene.product_id: scene for scene in made if scene.product_id not in held}
    return [generated.item_of_scene(scene) for scene in islice(fresh.values(), number)]


def ask_searches(
    address: str, asked: dict[str, tuple[Request, ...]], arguments: argparse.Namespace, system: str
) -> dict[str, Seen]:
    """Ask all searches by clients side by side."""
    seen = {}
    for name, cases in asked.items():

        def connect() -> Callable[[Request], bytes]:
            http = Http(address, arguments.patience)
            return lambda case: http.post(json.dumps(case.body).encode(), JSON, GEOJSON)

        read = read_matched if cases[0].count else read_features
        seen[name] = ask_all(
            cases, connect, read, clients=arguments.clients, budget=arguments.budget
        )
        tell(system, name, seen[name])
    return seen


def write_some(
    address: str,
    bodies: Sequence[bytes],
    arguments: argparse.Namespace,
    headers: dict[str, str],
    expected: tuple[int, ...],
) -> Seen:
    """Write each body once, by clients side by side; ``seconds`` are of each request.

    The first tenth is written beforehand, and not timed.
    """
    seen = Seen()
    early = max(1, len(bodies) // 10)
    for some, timed in ((bodies[:early], False), (bodies[early:], True)):
        began = time.perf_counter()

        def connect() -> Callable[[bytes], bytes]:
            http = Http(address, arguments.patience, headers=headers, expected=expected)
            return lambda body: http.post(body, JSON, JSON)

        one = ask_all(
            some, connect, lambda _: (1, []), clients=arguments.clients,
            budget=arguments.budget, times=1, warm=False,
        )  # fmt: skip
        if timed or one.failure:
            seen = one
            seen.elapsed = time.perf_counter() - began
        if one.failure:
            break
    return seen


def ask_ours(
    size: Size, store: Path, asked: dict[str, tuple[Request, ...]], arguments: argparse.Namespace
) -> dict[str, Any]:
    """Ask dafab-kg, and write into a copy of its store."""
    environment = size.environment
    with served(store, environment) as server:
        time.sleep(SETTLING)
        root = server.address.removesuffix("/sparql") + "/stac"
        seen = ask_searches(f"{root}/search", asked, arguments, "dafab-kg")
    copy = store.with_name(store.name + "-written")
    shutil.rmtree(copy, ignore_errors=True)
    shutil.copytree(store, copy)
    try:
        token = make_token(copy, environment)
        with served(copy, environment) as server:
            time.sleep(SETTLING)
            root = server.address.removesuffix("/sparql") + "/stac"
            headers = {"Authorization": f"Bearer {token}"}
            items = f"{root}/collections/products/items"
            seen |= written(items, items, size, arguments, headers, "dafab-kg")
    finally:
        shutil.rmtree(copy, ignore_errors=True)
    return {"seen": seen}


def make_token(store: Path, environment: dict[str, str]) -> str:
    """Make a token that may write."""
    command = [*PROGRAM, "--store", str(store), "--json", "token", "create", "benchmark"]
    command += ["--scope", "write"]
    done = subprocess.run(command, env=environment, check=True, capture_output=True)
    return str(json.loads(done.stdout)["token"])


def ask_pgstac(
    size: Size, place: Path, asked: dict[str, tuple[Request, ...]], arguments: argparse.Namespace
) -> dict[str, Any]:
    """Ask stac-fastapi-pgstac, and write into it; what was written is deleted afterwards."""
    seen: dict[str, Seen] = {}
    with _pgstac.cluster(size, place) as (cluster, figures):
        figures["version"] = cluster.version
        _pgstac.index_also(cluster, QUERYABLES)
        for counting in (False, True):
            chosen = {n: cases for n, cases in asked.items() if cases[0].count is counting}
            with _pgstac.served(cluster, counting=counting) as address:
                seen |= ask_searches(address, chosen, arguments, "pgstac")
        with _pgstac.served(cluster, counting=False, writing=True) as address:
            root = address.removesuffix("/search")
            one = f"{root}/collections/products/items"
            many = f"{root}/collections/products/bulk_items"
            seen |= written(one, many, size, arguments, {}, "pgstac")
        gone = ", ".join(f"'{item['id']}'" for item in new_items(size, 6 * arguments.writes))
        cluster.sql(f"DELETE FROM pgstac.items WHERE id IN ({gone});")
    return {"seen": seen, "made": figures}


def written(
    one: str,
    many: str,
    size: Size,
    arguments: argparse.Namespace,
    headers: dict[str, str],
    system: str,
) -> dict[str, Seen]:
    """Write items one by one, and many at once."""
    fresh = new_items(size, 6 * arguments.writes)
    single = [json.dumps(item).encode() for item in fresh[: arguments.writes]]
    bulk = []
    for some in batched(fresh[arguments.writes :], IN_BULK):
        if "bulk_items" in many:
            body: dict[str, Any] = {
                "items": {item["id"]: item for item in some},
                "method": "insert",
            }
        else:
            body = {"type": "FeatureCollection", "features": some}
        bulk.append(json.dumps(body).encode())
    seen = {}
    for name, address, bodies in (("write one", one, single), ("write 100 at once", many, bulk)):
        seen[name] = write_some(address, bodies, arguments, headers, (200, 201))
        tell(system, name, seen[name])
    return seen


# what is made


def make_store(size: Size, place: Path) -> tuple[Path, dict[str, Any]]:
    """Load the items into a store of ours, if that is not done yet."""
    store = place / f"items-{size.name}"
    figures = store.with_suffix(".json")
    if figures.is_file():
        return store, json.loads(figures.read_text())
    folder = place / f"files-{size.name}"
    shutil.rmtree(folder, ignore_errors=True)
    shutil.rmtree(store, ignore_errors=True)
    folder.mkdir(parents=True)
    (folder / "collection.json").write_text(json.dumps(_pgstac.COLLECTION))
    items = map(generated.item_of_scene, generated.scenes(size.products, size.seed, size.floods))
    for number, some in enumerate(batched(items, AT_ONCE)):
        body = {"type": "FeatureCollection", "features": list(some)}
        (folder / f"items{number:05d}.json").write_text(json.dumps(body))
    command = [*PROGRAM, "--store", str(store), "load", str(folder), "--no-validate", "--jobs", "2"]
    seconds, _ = run_timed(command, size.environment)
    told = {"load_seconds": round(seconds, 1), "store_bytes": bytes_of(store)}
    figures.write_text(json.dumps(told))
    shutil.rmtree(folder)
    return store, told


def run_size(items: int, place: Path, arguments: argparse.Namespace) -> dict[str, Any]:
    """Make one size, ask both, and return all figures."""
    size = Size(items, arguments.fields, arguments.events, arguments.seed)
    asked = searches(size.seed, arguments.cases)
    found: dict[str, Any] = {}
    if "dafab-kg" in arguments.systems:
        store, made = make_store(size, place)
        found["dafab-kg"] = {**ask_ours(size, store, asked, arguments), "made": made}
    if "pgstac" in arguments.systems:
        absent = _pgstac.missing()
        if absent:
            print(f"pgstac is left out: {absent}", file=sys.stderr)
        else:
            found["pgstac"] = ask_pgstac(size, place, asked, arguments)
    rows = []
    for name in [*asked, "write one", "write 100 at once"]:
        seen = {system: one["seen"][name] for system, one in found.items()}
        rows.append(
            {
                "question": name,
                "systems": {system: figures_of(one) for system, one in seen.items()},
                "per_second": {
                    system: round(
                        len(one.seconds) * (IN_BULK if "100" in name else 1) / one.elapsed
                    )
                    for system, one in seen.items()
                    if one.elapsed
                },
                "compared": _compared(seen) if name in asked else None,
            }
        )
    for one in found.values():
        one.pop("seen")
    return {"items": items, "rows": rows, "systems": found}


def _compared(seen: dict[str, Seen]) -> dict[str, int]:
    """How many cases both answered, and how many of these differently."""
    if len(seen) < 2:
        return {"cases": 0, "different": 0}
    ours, theirs = (one.answers for one in seen.values())
    both = ours.keys() & theirs.keys()
    return {"cases": len(both), "different": sum(ours[n] != theirs[n] for n in both)}


def report(result: dict[str, Any]) -> None:
    """Print the table of one size."""
    table = Table(title=f"{result['items']:,} items: p50 / p95 in milliseconds")
    for column in ("request", "rows", *SYSTEMS, "times", "per second", "equal"):
        table.add_column(column, justify="left" if column == "request" else "right")
    for row in result["rows"]:
        of = row["systems"]
        p50 = [of.get(system, {}).get("p50_ms") for system in SYSTEMS]
        rate = [row["per_second"].get(system) for system in SYSTEMS]
        times = f"{p50[1] / p50[0]:.1f}" if all(p50) else "-"
        if all(rate):
            times = f"{rate[0] / rate[1]:.1f}"
        told = row["compared"]
        table.add_row(
            row["question"],
            str(next((one["rows"] for one in of.values() if one["rows"] is not None), "-")),
            *(cell_of(of.get(system)) for system in SYSTEMS),
            times,
            " / ".join(str(one) for one in rate) if any(rate) else "",
            f"{told['cases'] - told['different']} of {told['cases']}" if told else "",
        )
    Console(width=150).print(table)
    for system, one in result["systems"].items():
        print(f"{system}, made: {json.dumps(one.get('made'))}")


def main() -> None:
    """Run all sizes and keep the figures."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--items", type=int, nargs="+", default=[100_000, 300_000])
    parser.add_argument("--fields", type=int, default=1_000, help="fields beside pgstac's items")
    parser.add_argument("--events", type=int, default=2_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--cases", type=int, default=40)
    parser.add_argument("--writes", type=int, default=1_000)
    parser.add_argument("--clients", type=int, default=4)
    parser.add_argument("--budget", type=float, default=60, help="seconds for each row")
    parser.add_argument("--patience", type=float, default=60, help="seconds for one answer")
    parser.add_argument("--systems", nargs="+", choices=SYSTEMS, default=list(SYSTEMS))
    parser.add_argument("--keep", type=Path)
    parser.add_argument("--out", type=Path, default=RESULTS)
    arguments = parser.parse_args()
    place = arguments.keep or Path(tempfile.mkdtemp(prefix="dafab-faces-"))
    place.mkdir(parents=True, exist_ok=True)
    try:
        results = [run_size(items, place.resolve(), arguments) for items in arguments.items]
    finally:
        if arguments.keep is None:
            shutil.rmtree(place, ignore_errors=True)
    told = {
        "machine": f"{platform.machine()}, {os.cpu_count()} cores",
        "python": platform.python_version(),
        "pyoxigraph": version("pyoxigraph"),
        "date": time.strftime("%Y-%m-%d"),
        "clients": arguments.clients,
        "results": results,
    }
    arguments.out.write_text(json.dumps(told, indent=1) + "\n")
    for result in results:
        report(result)


if __name__ == "__main__":
    main()
