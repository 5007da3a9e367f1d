"""morph-kgc runs our mappings, exported to RML, over the same records: the same graph.

morph-kgc pins an older pyoxigraph than ours, so it lives in a virtual environment
of its own, ``.venv-oracle/`` at the root of the repository, made on first use.
"""

from __future__ import annotations

import subprocess
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from pathlib import Path

import pyoxigraph
import pytest

from dafab_kg.loaders.registry import discover, loaders
from dafab_kg.loaders.trees import open_trees
from dafab_kg.mapping import compile_mappings, export_rml, records_to_json
from dafab_kg.mapping.apply import stem
from dafab_kg.model.documents import Found, Tree
from dafab_kg.model.errors import DocumentRejected
from dafab_kg.model.names import Names
from dafab_kg.model.records import (
    RECORD_TYPES,
    Asset,
    DerivedProduct,
    Instrument,
    Link,
    Product,
    Property,
    Record,
    WaterAnomaly,
)
from dafab_kg.model.settings import Settings
from tests.judges.environments import python_with
from tests.mapping.things import HEAD, OddThing, Part

pytestmark = [pytest.mark.oracle, pytest.mark.slow]

ROOT = Path(__file__).resolve().parents[2]
PIN = "morph-kgc==2.10.0"
DOCUMENT = "0123456789abcdef"
NAMES = Names()
GRAPH = NAMES.make("graph", document_id=DOCUMENT)

# na_values: by default morph-kgc takes "" and "nan" for missing; a list must be given
CONFIG = """\
[CONFIGURATION]
output_file: theirs.nq
output_format: N-QUADS
logging_level: ERROR
number_of_processes: 2
na_values: no-value-of-any-record-5e1f
[dafab]
mappings: mapping.rml.ttl
"""


@pytest.fixture(scope="session")
def oracle() -> Path:
    """The Python of an environment that holds morph-kgc."""
    return python_with(PIN, ".venv-oracle")


def theirs(oracle: Path, folder: Path, rml: str, sources: Mapping[str, bytes]) -> set[str]:
    """The quads that morph-kgc makes, as canonical lines."""
    for name, data in sources.items():
        (folder / name).write_bytes(data)
    (folder / "mapping.rml.ttl").write_text(rml, encoding="utf-8")
    (folder / "config.ini").write_text(CONFIG, encoding="utf-8")
    command = [str(oracle), "-m", "morph_kgc", "config.ini"]
    run = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr
    return quads((folder / "theirs.nq").read_bytes())


def quads(text: bytes) -> set[str]:
    return {str(q) for q in pyoxigraph.parse(text, format=pyoxigraph.RdfFormat.N_QUADS)}


def compare(
    oracle: Path,
    folder: Path,
    records: Sequence[Record],
    files: Mapping[str, str] | None = None,
    record_types: Sequence[type[Record]] = RECORD_TYPES,
) -> int:
    """Map the records both ways and return how many quads there are."""
    empty = {f"{stem(record_type)}.json": b"[]" for record_type in record_types}
    sources = {**empty, **records_to_json(records, GRAPH)}
    judged = theirs(oracle, folder, export_rml(NAMES, files), sources)
    mapping = compile_mappings(NAMES, files, record_types)
    ours = quads(mapping.map(records, document_id=DOCUMENT).encode())
    assert ours - judged == set()
    assert judged - ours == set()
    return len(ours)


HOSTILE = (
    'a "b" \\ \\u0041 {title} $(title) <&> \t \n \r \x01 \x7f \u2028 é 漢 𝔘', "", " ", "nan",
    "None", "null", "NULL", "N/A", "{", "}", "\\", '"', "true", "1.0", "a/b?c#d%2F&e=f", "..x", "+",
)  # fmt: skip


def hand_made() -> Iterator[Record]:
    for number, text in enumerate(HOSTILE):
        yield Product(f"p{number}", title=text, platform=text, mgrs_tiles=(text, "31UFS"))
        yield Product(text, title=f"t{number}")
        yield Asset("p", text, description=text, roles=(text,))
    yield Product(
        "full", platform="sentinel-2a", instrument="msi", mgrs_tiles=("31UFS", "31UGS"),
        acquisition_ids=(), datetime="2022-01-27T10:43:21.024Z", relative_orbit=8,
        cloud_cover=Decimal("12.30"), west=Decimal("-0.0"), north=Decimal("1E+1"),
        footprint_wkt="POLYGON((0 0, 1 0, 1 1, 0 0))",
    )  # fmt: skip
    yield Product("bare")
    yield Instrument("sentinel-1a", "c-sar", "C-SAR", "sar")
    yield Instrument("sentinel-2a", "msi", "MSI", "optical")
    yield Instrument("x", "y", "Y")
    yield DerivedProduct("d1", "water", footprint_wkt="POINT(1 2)")
    yield DerivedProduct("d2", "agriculture")
    yield DerivedProduct("d3", "other")
    for kind in ("normal", "flood", "drought", "floodAndDrought", "flood drought"):
        yield WaterAnomaly(f"w-{kind}", kind, "rule-1", Decimal(1))
    owner = NAMES.make("product", product_id="full")
    yield Property(
        owner, DOCUMENT, "/properties/a~1b", "a/b", '[1, "x", true]',
        (Decimal("1.0"), Decimal("-2.5")), ("x", ""), (True, False), ("2022-01-27T10:43:21Z",),
    )  # fmt: skip
    yield Link(owner, DOCUMENT, "0", "self", "./a b")
    yield Link(
        owner, DOCUMENT, "1", "self", "https://a.example/é?x=%20", "https://a.example/é?x=%20"
    )


def test_hand_made_records(oracle: Path, tmp_path: Path) -> None:
    assert compare(oracle, tmp_path, list(hand_made())) > 200


ODD = f"""{HEAD}
mappings:
  thing:
    sources: thing
    s: id:x/$(thing_id)
    graphs: $(document_graph)
    po:
      - [a, dafab:T]
      - [dafab:p, $(title), en~lang]
      - [dafab:p, 'a {{b}} $(title) of $(kind)', xsd:token]
      - [dafab:p, $(tags)-$(codes)]
      - [dafab:p, id:y/$(tags)/$(codes)~iri]
      - [dafab:p, $(urls)~iri]
      - [dafab:p, constant]
      - [dafab:p, 'konstant', de~lang]
      - [dafab:p, '12', xsd:integer]
      - [dafab:p, $(flag), xsd:boolean]
      - ['dafab:$(kind)', x]
      - p: dafab:q
        o: $(title)
        condition:
          function: idlab-fn:notEqual
          parameters: [[grel:valueParam, $(kind)], [grel:valueParam2, 'k 1']]
  tagged:
    sources: thing
    s: id:x/$(thing_id)/$(tags)
    graphs: id:graph/fixed
    po: [[dafab:p, $(title)]]
  part:
    sources: part
    s: id:part/$(part_id)
    graphs: $(document_graph)
    po: [[dafab:p, $(label)]]
"""


def test_every_supported_construct(oracle: Path, tmp_path: Path) -> None:
    things = [
        OddThing("1", "t", "k 1", tags=("a", "b"), codes=(Decimal(1), Decimal("2.50")), flag=True),
        OddThing("2", "t", "k2", urls=("https://a.example/", "urn:x:y"), flag=False),
        OddThing("3", "t"),
        OddThing(None, "t", "k 1", tags=("a",)),
        OddThing("4", tags=("é",), parts=(Part("p1", "l"), Part("p2"), Part("p3", "m"))),
    ]
    assert compare(oracle, tmp_path, things, {"odd.yml": ODD}, (OddThing,)) > 30


def records_of(paths: Sequence[Path]) -> list[Record]:
    settings = Settings()
    present = loaders(settings)
    readers = {loader.name: loader for loader in present}
    records: list[Record] = []
    for tree in open_trees(paths, settings):
        if not isinstance(tree, Tree):
            continue
        for item in discover(tree, present):
            if isinstance(item, Found):
                try:
                    records += readers[item.document.kind].read(item.document).records
                except DocumentRejected:
                    continue
    return records


def real_files(shared: Path, kind: str) -> list[Path]:
    if kind == "safe":
        return sorted(shared.glob("s2_safe/*"))
    folder = shared / ("water_analysis" if kind == "dafab" else "stac_catalogues")
    return [file for file in sorted(folder.rglob("*.json")) if file.stat().st_size < 100_000][:60]


@pytest.mark.parametrize("kind", ["dafab", "stac", "safe"])
def test_records_of_real_documents(oracle: Path, shared: Path, tmp_path: Path, kind: str) -> None:
    records = records_of(real_files(shared, kind))
    assert len(records) > 100
    assert compare(oracle, tmp_path, records) > 1000
