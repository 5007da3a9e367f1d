"""Where the files of items lie, by a real Rucio on SQLite: asked, and out of what is kept.

    python benchmarks/rucio_resolve.py [--items 1000]

Items have three files each at one storage element, every other item at a second one, too.
``plan`` is without any Rucio: the catalogue's own addresses.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from _rates import show

ROOT = Path(__file__).parents[1]
RESULTS = Path(__file__).parent / "results" / "rucio_resolve.json"
SECOND = "MIRROR"


def protocol(host: str) -> dict[str, Any]:
    """Return how a storage element is reached."""
    domains = {"read": 1, "write": 1, "delete": 1}
    wide = {**domains, "third_party_copy_read": 1, "third_party_copy_write": 1}
    return {
        "scheme": "https",
        "hostname": host,
        "port": 443,
        "prefix": "/",
        "impl": "rucio.rse.protocols.gfal.Default",
        "domains": {"lan": domains, "wan": wide},
    }


def measure(items: int, place: Path) -> list[dict[str, Any]]:
    """Measure each way; return rows of seconds."""
    import dafab_kg
    from benchmarks.rucio_publish import FILES, HELD, RSE, write
    from dafab_kg.dids.names import Scopes
    from dafab_kg.federation.rucio.connection import connect
    from dafab_kg.federation.rucio.replicas import Kept, Replicas
    from dafab_kg.federation.rucio.rules import Wish, cost_of
    from dafab_kg.federation.rucio.there import in_parts
    from dafab_kg.model.settings import Settings
    from dafab_kg.python.located import best_sites, locate, pairs_of
    from dafab_kg.python.metalink import metalink
    from tests.judges.real_rucio import Rucio, client_config

    rows: list[dict[str, Any]] = []

    def timed(way: str, do: Callable[[], Any]) -> Any:
        began = time.perf_counter()
        found = do()
        rows.append({"way": way, "items": items, "seconds": time.perf_counter() - began})
        return found

    rucio = Rucio(place)
    try:
        config = client_config(place, rucio.address, rucio.password)
        settings = Settings(store=place / "store", rucio_config=config, reasoning=False)
        client = connect(settings)
        for rse, host in ((RSE, "files.example"), (SECOND, "mirror.example")):
            client.add_rse(rse, deterministic=False)
            client.add_protocol(rse, protocol(host))
        client.add_scope("root", "dafab")
        scopes = Scopes()
        with dafab_kg.open(settings.store, settings=settings) as catalogue:
            loaded = catalogue.load(write(place / "all.json", range(items)), validate=False)
            assert loaded.ok
            plan = timed("plan", lambda: catalogue.downloads(catalogue.search()))
        assert len(plan) == items * FILES
        pairs = pairs_of(plan, scopes)
        files = [
            {
                "scope": scope,
                "name": name,
                "bytes": one.size,
                "md5": one.checksum.removeprefix("md5:"),
                "pfn": one.href,
            }
            for (scope, name), one in zip(pairs, plan, strict=True)
        ]
        for some in in_parts(files, 500):
            client.add_replicas(RSE, some)
        mirrored = [
            {**file, "pfn": file["pfn"].replace(HELD, "https://mirror.example/")}
            for number, file in enumerate(files)
            if number // FILES % 2
        ]
        for some in in_parts(mirrored, 500):
            client.add_replicas(SECOND, some)
        sets = {}
        for start in range(0, len(files), FILES):
            name = f"{plan.files[start].item}_assets"
            dids = [{"scope": f["scope"], "name": f["name"]} for f in files[start : start + FILES]]
            sets[plan.files[start].item] = {
                "scope": "dafab",
                "name": name,
                "type": "DATASET",
                "dids": dids,
            }
        for some in in_parts(sets.values(), 200):
            client.add_dids(some)

        kept = Kept(settings.store, "benchmark")
        with Replicas(lambda: client, kept) as replicas:
            found = timed("resolve, asked", lambda: replicas.of(pairs))
            assert len(found.files) == len(pairs)
            again = timed("resolve, kept", lambda: replicas.of(pairs))
            assert again == found
        located = timed("plan with replicas", lambda: locate(plan, found, scopes))
        first, second = timed("best site", lambda: best_sites(located))
        assert (first.rse, second.rse) == (RSE, SECOND)
        assert second.files_here == len(mirrored)
        timed("metalink", lambda: metalink(located.named))
        wanted = {item: [(("dafab", did["name"]), "DATASET")] for item, did in sets.items()}
        wish = Wish(SECOND, "benchmark")
        cost = timed("cost of rules", lambda: cost_of(client, wish, wanted))
        assert cost.files == len(files) and cost.here == second.here
    finally:
        rucio.stop()
    return rows


def main() -> None:
    """Measure, and print the table."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--items", type=int, default=1_000)
    arguments = parser.parse_args()
    sys.path.insert(0, str(ROOT))
    with tempfile.TemporaryDirectory() as temporary:
        rows = measure(arguments.items, Path(temporary))
    show(f"{arguments.items:,} items of 3 files", rows, RESULTS)


if __name__ == "__main__":
    main()
