"""Publishing a catalogue to a real Rucio on SQLite, and comparing both sides.

    python benchmarks/rucio_publish.py [--items 2000]

Items are plain STAC items with three files each, whose place is told to Rucio as replicas at a
storage element that is not deterministic.  ``wanted`` only works out what is to be there.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from _rates import show

ROOT = Path(__file__).parents[1]
RESULTS = Path(__file__).parent / "results" / "rucio_publish.json"
HELD, RSE, FILES = "https://files.example/", "ARCHIVE", 3


def item(number: int, cloud: float = 0.0) -> dict[str, Any]:
    """Make an item of the day with its files."""
    name = f"scene_{number:06d}"
    west, south = round(number % 300 * 0.5 - 150, 2), round(number // 300 * 0.5 - 60, 2)
    east, north = west + 0.4, south + 0.4
    ring = [[west, south], [east, south], [east, north], [west, north], [west, south]]
    return {
        "type": "Feature",
        "stac_version": "1.1.0",
        "stac_extensions": [],
        "id": name,
        "collection": f"part_{number % 4}",
        "bbox": [west, south, east, north],
        "geometry": {"type": "Polygon", "coordinates": [ring]},
        "properties": {
            "datetime": f"2024-0{number % 9 + 1}-{number % 28 + 1:02d}T10:00:00Z",
            "eo:cloud_cover": cloud,
        },
        "links": [],
        "assets": {
            f"B0{band}": {
                "href": f"{HELD}{name}/B0{band}.tif",
                "type": "image/tiff",
                "file:size": 1000 + number,
                "file:checksum": f"d50110{number:031x}{band}",
            }
            for band in range(FILES)
        },
    }


def write(file: Path, numbers: range, cloud: float = 0.0) -> Path:
    """Write items as one collection of features."""
    features = [item(number, cloud) for number in numbers]
    file.write_text(json.dumps({"type": "FeatureCollection", "features": features}))
    return file


def measure(items: int, place: Path) -> list[dict[str, Any]]:
    """Publish, again, after changes and removals; compare, mend."""
    import dafab_kg
    from dafab_kg.catalogue.following import publish_round
    from dafab_kg.federation.rucio.connection import connect
    from dafab_kg.federation.rucio.memory import Memory
    from dafab_kg.federation.rucio.publish import Publisher
    from dafab_kg.federation.rucio.reconcile import reconcile
    from dafab_kg.federation.rucio.scopes import check_scopes
    from dafab_kg.model.settings import Settings
    from tests.judges.real_rucio import Rucio, client_config

    rows: list[dict[str, Any]] = []

    def timed(way: str, number: int, do: Any) -> Any:
        began = time.perf_counter()
        found = do()
        seconds = time.perf_counter() - began
        rows.append({"way": way, "items": number, "seconds": seconds})
        return found

    rucio = Rucio(place)
    try:
        settings = Settings(
            store=place / "store",
            rucio_config=client_config(place, rucio.address, rucio.password),
            rucio_rses={HELD: RSE},
            reasoning=False,
        )
        client = connect(settings)
        client.add_rse(RSE, deterministic=False)
        domains = {"read": 1, "write": 1, "delete": 1}
        wide = {**domains, "third_party_copy_read": 1, "third_party_copy_write": 1}
        client.add_protocol(
            RSE,
            {
                "scheme": "https",
                "hostname": "files.example",
                "port": 443,
                "prefix": "/",
                "impl": "rucio.rse.protocols.gfal.Default",
                "domains": {"lan": domains, "wan": wide},
            },
        )
        check_scopes(client, ["dafab"], make=True)
        with (
            dafab_kg.open(settings.store, settings=settings) as catalogue,
            Memory(settings.store) as memory,
        ):
            report = catalogue.load(write(place / "all.json", range(items)), validate=False)
            assert report.ok
            publisher = Publisher(client, memory)

            def publish() -> Any:
                done = publish_round(catalogue, publisher)
                assert done.refused == {}, done
                return done

            def compare() -> Any:
                wanted = catalogue.wanted_dids
                return reconcile(publisher, wanted.everything(), wanted.scopes, repair=False)

            timed("wanted", items, lambda: sum(1 for _ in catalogue.wanted_dids.everything()))
            assert timed("publish", items, publish).published >= items
            assert timed("publish, nothing changed", items, publish).published == 0
            some = items // 20
            catalogue.load(write(place / "some.json", range(some), 5.0), validate=False)
            timed("publish, some loaded anew", some, publish)
            for number in range(some):
                catalogue.delete_item(f"part_{number % 4}", f"scene_{number:06d}")
            assert timed("publish, some removed", some, publish).removed == some
            found = timed("reconcile", items - some, compare)
            assert found.differences == [], found.differences[:3]
    finally:
        rucio.stop()
    return rows


def main() -> None:
    """Measure, and print the table."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--items", type=int, default=2_000)
    arguments = parser.parse_args()
    sys.path.insert(0, str(ROOT))
    with tempfile.TemporaryDirectory() as temporary:
        rows = measure(arguments.items, Path(temporary))
    show(f"{arguments.items:,} items of {FILES} files", rows, RESULTS)


if __name__ == "__main__":
    main()
