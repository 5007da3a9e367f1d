"""Made-up catalogues on disk: statements, STAC items and tables, and the store made of them.

A store comes to be as a user's would from a dump: ``dafab-kg restore``, then
``dafab-kg index rebuild`` where this version has it.  Nothing is inferred, unless it is asked
for: that takes longer than all else and has a benchmark of its own.
"""

from __future__ import annotations

import gzip
import hashlib
import json
import os
import subprocess
import sys
import time
import zipfile
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from itertools import islice
from pathlib import Path
from typing import Any

import _generated as generated
from _generated import Event

from dafab_kg.mapping import CompiledMapping, compile_mappings
from dafab_kg.model.names import Names
from dafab_kg.model.records import Record

PROGRAM = [str(Path(sys.executable).with_name("dafab-kg"))]
BATCH = 500


@dataclass(frozen=True)
class Size:
    """What is made."""

    products: int
    fields: int
    events: int
    seed: int
    named: bool = False
    """Whether each statement stands in its document's graph too, as after a load."""
    reasoning: bool = False
    """Whether what follows by the ontology is inferred."""

    @property
    def name(self) -> str:
        """A name for files."""
        text = json.dumps(asdict(self), sort_keys=True)
        text += Path(generated.__file__).read_text() + Path(__file__).read_text()
        kind = "-named" if self.named else ""
        kind += "-inferred" if self.reasoning else ""
        return f"{self.products}{kind}-{hashlib.sha256(text.encode()).hexdigest()[:8]}"

    @property
    def environment(self) -> dict[str, str]:
        """What dafab-kg runs in."""
        return {**os.environ, "DAFAB_REASONING": "true" if self.reasoning else "false"}

    @property
    def floods(self) -> tuple[Event, ...]:
        """The events."""
        return generated.events(self.events, self.seed)


def write_statements(size: Size, file: Path) -> int:
    """Write everything as gzipped N-Quads and return the number of statements."""
    mapping = compile_mappings(Names())
    count = 0
    with gzip.open(file, "wb", compresslevel=1) as out:
        for records, document in _batches(size):
            text = _statements(mapping, records, document, named=size.named)
            count += text.count("\n")
            out.write(text.encode())
    return count


def _batches(size: Size) -> Iterator[tuple[list[Record], str]]:
    """Records by document: one of each product, one of the fields of a region."""
    yield list(generated.records_of_set()), "fields"
    for event in size.floods:
        yield list(generated.records_of_event(event)), event.event_id
    for scene in generated.scenes(size.products, size.seed, size.floods):
        yield list(generated.records_of_scene(scene)), scene.product_id
    made = generated.fields(size.fields, size.seed)
    while some := list(islice(made, BATCH)):
        records = [record for one in some for record in generated.records_of_field(one)]
        yield records, f"fields-{some[0].parcel_id[:2]}"


def _statements(
    mapping: CompiledMapping, records: Iterable[Record], document: str, *, named: bool
) -> str:
    document_id = hashlib.sha256(document.encode()).hexdigest()[:32]
    text = mapping.map(records, document_id=document_id)
    graph = mapping.names.make("graph", document_id=document_id)
    plain = text.replace(f" <{graph}> .\n", " .\n")
    return plain + text if named else plain


def write_items(size: Size, file: Path) -> None:
    """Write the products as STAC items, one a line."""
    with file.open("w") as out:
        for scene in generated.scenes(size.products, size.seed, size.floods):
            out.write(json.dumps(generated.item_of_scene(scene), separators=(",", ":")) + "\n")


def write_tables(size: Size, fields: Path, events: Path) -> None:
    """Write fields and events as tab-separated values for PostgreSQL."""
    names = Names()
    with fields.open("w") as out:
        for one in generated.fields(size.fields, size.seed):
            parcel = names.make("parcel", dataset=generated.DATASET, parcel_id=one.parcel_id)
            iri = f"{parcel}/boundary/{generated.SEASON}"
            out.write(f"{iri}\t{one.crop}\t{one.area}\tSRID=4326;{one.wkt}\n")
    with events.open("w") as out:
        for flood in size.floods:
            out.write(f"{flood.event_id}\t{flood.start.isoformat()}\tSRID=4326;{flood.wkt}\n")


def make_store(size: Size, place: Path) -> tuple[Path, dict[str, Any]]:
    """Make the store below ``place``, unless it is there, and return it with its figures."""
    store = place / f"store-{size.name}"
    figures_file = store / "made.json"
    if figures_file.is_file():
        return store, json.loads(figures_file.read_text())
    dump = place / f"dump-{size.name}.nq.gz"
    began = time.perf_counter()
    statements = write_statements(size, dump)
    figures: dict[str, Any] = {
        "statements": statements,
        "made_seconds": time.perf_counter() - began,
        "dump_bytes": dump.stat().st_size,
    }
    beside = dump.with_name(dump.name.removesuffix(".nq.gz") + ".documents.zip")
    with zipfile.ZipFile(beside, "w") as archive:
        for name in ("documents.ndjson", "quarantine.ndjson"):
            archive.writestr(name, b"")
    figures["load_seconds"], figures["load_peak_mb"] = run_timed(
        [*PROGRAM, "--store", str(store), "restore", str(dump)],
        {**size.environment, "DAFAB_INDEX": "false"},  # to take its time apart
    )
    dump.unlink()
    beside.unlink()
    figures["store_bytes"] = bytes_of(store)
    figures["index_seconds"] = figures["index_bytes"] = None
    if has_command("index", "rebuild"):
        figures["index_seconds"], figures["index_peak_mb"] = run_timed(
            [*PROGRAM, "--store", str(store), "index", "rebuild"], size.environment
        )
        figures["index_bytes"] = bytes_of(store) - figures["store_bytes"]
    figures_file.write_text(json.dumps(figures))
    return store, figures


def has_command(*words: str) -> bool:
    """Tell whether this version of dafab-kg has a command."""
    return subprocess.run([*PROGRAM, *words, "--help"], capture_output=True).returncode == 0


def run_timed(command: list[str], environment: dict[str, str]) -> tuple[float, float]:
    """Seconds by the clock and peak memory (MB) of a command that must succeed.

    Raises:
        RuntimeError: it failed.
    """
    began = time.perf_counter()
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, env=environment
    ) as process:
        assert process.stdout is not None
        said = process.stdout.read()
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise RuntimeError(f"{' '.join(command)} failed: {said.decode()[-2000:]}")
    return time.perf_counter() - began, used.ru_maxrss / 1024


def bytes_of(place: Path) -> int:
    """Bytes on disk of all files below a directory."""
    return sum(file.stat().st_blocks * 512 for file in place.rglob("*") if file.is_file())
