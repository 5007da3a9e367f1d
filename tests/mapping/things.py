"""Record types and a mapping file for these tests, with every kind of field there is."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from dafab_kg.mapping import CompiledMapping, compile_mappings
from dafab_kg.model.names import Names
from dafab_kg.model.records import Record


@dataclass(frozen=True, slots=True)
class Part(Record):
    part_id: str
    label: str | None = None


@dataclass(frozen=True, slots=True)
class OddThing(Record):
    thing_id: str | None
    title: str | None = None
    kind: str | None = None
    size: int | None = None
    ratio: Decimal | None = None
    flag: bool | None = None
    url: str | None = None
    tags: tuple[str, ...] = ()
    codes: tuple[Decimal, ...] = ()
    urls: tuple[str, ...] = ()
    parts: tuple[Part, ...] = ()


NAMES = Names("https://data.example/id/")
GRAPH = "https://data.example/id/graph/doc"
NS = "https://w3id.org/dafab/ns#"

HEAD = """
prefixes:
  dafab: https://w3id.org/dafab/ns#
  id: https://w3id.org/dafab/id/
  xsd: http://www.w3.org/2001/XMLSchema#
sources:
  thing: ['odd_thing.json~jsonpath', '$[*]']
  part: ['odd_thing.json~jsonpath', '$[*].parts[*]']
"""


def mapping(po: str, *, subject: str = "id:thing/$(thing_id)", more: str = "") -> str:
    """A file with one mapping; ``po`` is the YAML of its list."""
    return f"""{HEAD}
mappings:
  thing:
    sources: thing
    s: {subject}
    graphs: $(document_graph)
    {more}
    po: {po}
"""


def compiled(text: str) -> CompiledMapping:
    return compile_mappings(NAMES, {"odd.yml": text}, (OddThing,))


def run(text: str, *things: OddThing) -> str:
    return compiled(text).map(things, document_id="doc")
