"""Names of properties: the path in an item that each means, and the terms that hold it.

Which STAC name is which field of a record say the tables of the loaders, and which term
holds a field say the mappings; nothing is said twice here.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from functools import cache, lru_cache
from typing import Final, Literal

from dafab_kg.loaders.dafab.derived import ITEM as DERIVED_ITEM
from dafab_kg.loaders.dafab.figures import AGRICULTURE, WATER
from dafab_kg.loaders.dafab.recognise import BLOCKS
from dafab_kg.loaders.stac.known import ITEM, Known
from dafab_kg.mapping.terms import LITERAL
from dafab_kg.mapping.yarrrml import parse_mapping
from dafab_kg.model import resources
from dafab_kg.model.names import PREFIXES, encode
from dafab_kg.search.tree import Path

Kind = Literal["number", "time", "text", "thing", "any"]

TOP: Final = frozenset({"id", "collection", "geometry", "bbox", "type", "stac_version", "assets"})
TOP_TOO: Final = frozenset({"stac_extensions", "links", "properties"})
_NAMESPACE: Final = PREFIXES["dafab"]
_ENTRY: Final = "stac_item.yml"
_FIELDS: Final = {"instruments": "instrument"}
"""Fields that a loader puts into a record under another name."""
_CORNERS: Final[Mapping[str | int, str]] = {0: "west", 1: "south", 2: "east", 3: "north"}
_KINDS: Final[Mapping[str, Kind]] = {
    f"{PREFIXES['xsd']}decimal": "number",
    f"{PREFIXES['xsd']}integer": "number",
    f"{PREFIXES['xsd']}dateTime": "time",
    "": "text",
    f"{PREFIXES['xsd']}string": "text",
}


@dataclass(frozen=True, slots=True)
class Held:
    """The term that holds what stands under a name, of the product that an item describes.

    ``any`` kind: items made from the graph have it so.
    ``of_entry``: it is said of the item itself.
    ``prefix``: of things, what comes before the value in their IRIs; "" where it takes more.
    """

    iri: str
    kind: Kind
    prefix: str = ""
    of_entry: bool = False

    def thing(self, value: str) -> str | None:
        """The IRI of the thing that ``value`` names, if that is told."""
        return self.prefix + encode(value) if self.prefix and value else None


def path_of(name: str) -> Path:
    """Return the place that a name of a query means.

    Members at the top of an item go by their names (``id``, ``collection``, ...), and
    ``properties.`` may precede the others.  A term of ours (``dafab:cloudCover``) means the
    STAC name that the catalogue reads into it.  Members of objects are reached by dots where no
    property of the whole name is known.

    >>> path_of("eo:cloud_cover"), path_of("id"), path_of("properties.gsd")
    (('properties', 'eo:cloud_cover'), ('id',), ('properties', 'gsd'))
    >>> path_of("dafab:cloudCover"), path_of("statistics.water")
    (('properties', 'eo:cloud_cover'), ('properties', 'statistics', 'water'))
    """
    if name in TOP or name in TOP_TOO:
        return (name,)
    name = name.removeprefix("properties.")
    if name.startswith("dafab:"):
        found = stac_names().get(_NAMESPACE + name.removeprefix("dafab:"))
        if found:
            return ("properties", *found[0].split("/"))
    steps = name.split(".")
    if steps[0] in TOP and len(steps) > 1:
        return tuple(_step(one) for one in steps)
    if all(steps):
        return ("properties", *(_step(one) for one in steps))
    return ("properties", name)


def _step(text: str) -> str | int:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else text


def held(path: Path, base: str) -> tuple[Held, ...] | None:
    """Return the terms of a product that may hold what stands at ``path``.

    Of others its value is kept as a property at its pointer.  None: it is read into something
    else, so that the product does not tell.
    """
    if len(path) == 2 and path[0] == "bbox" and path[1] in _CORNERS:
        return (Held(_NAMESPACE + _CORNERS[path[1]], "number"),)
    if len(path) < 2 or path[0] != "properties" or path[1] == "processing:software":
        return None
    if path[1] in BLOCKS:
        return _held(base).get("/".join(str(step) for step in path[1:]))
    found = _held(base).get("/".join(str(step) for step in path[1:]), ())
    if not found and len(path) == 2 and str(path[1]).startswith("dafab:"):
        local = str(path[1]).removeprefix("dafab:")
        if local.isascii() and local.isalnum():
            return (Held(_NAMESPACE + local, "any"),)
    return found


@cache
def stac_names() -> dict[str, tuple[str, ...]]:
    """The STAC names whose values a term holds, by its IRI, the one to be preferred first."""
    names: defaultdict[str, list[str]] = defaultdict(list)
    of_blocks = ((f"{block}/", *_FIGURES[kind]) for block, kind in BLOCKS.items())
    for place, table, file in (*(("", *one) for one in _TABLES), *of_blocks):
        terms = _terms(file, PREFIXES["id"])
        for known in table:
            for one in terms.get(known.field, ()):
                found = (place + name for name in known.names)
                names[one.iri] += [name for name in found if name not in names[one.iri]]
    return {iri: tuple(found) for iri, found in names.items()}


_TABLES: Final[tuple[tuple[Iterable[Known], str], ...]] = (
    (ITEM, "product.yml"),
    (DERIVED_ITEM, "derived_product.yml"),
)


_FIGURES: Final = {
    "water": (WATER, "water_analysis.yml"),
    "agriculture": (AGRICULTURE, "agriculture.yml"),
}
"""By kind of block; other figures of a block are read into records of their own."""


@lru_cache(8)
def _held(base: str) -> dict[str, tuple[Held, ...] | None]:
    lost: set[str] = set()
    found: defaultdict[str, dict[Held, None]] = defaultdict(dict)
    for table, file in _TABLES:
        terms = _terms(file, base)
        for known in table:
            for name in known.names:
                held = terms.get(_FIELDS.get(known.field, known.field), ())
                found[name].update(dict.fromkeys(held))
                if not held:
                    lost.add(name)
    for block, kind in BLOCKS.items():
        table, file = _FIGURES[kind]
        terms = _terms(file, base)
        for known in table:
            for name in known.names:
                found[f"{block}/{name}"].update(dict.fromkeys(terms.get(known.field, ())))
    return {name: None if name in lost else tuple(terms) for name, terms in found.items()}


@lru_cache(8)
def _terms(file: str, base: str) -> dict[str, tuple[Held, ...]]:
    """The terms by the field that the mapping ``file`` reads them from."""
    if file != _ENTRY:
        of_entry = _terms(_ENTRY, base)  # what is said of the entry is not said of the product
        return {field: of_entry.get(field, found) for field, found in _read(file, base).items()}
    return {
        field: tuple(replace(one, of_entry=True) for one in found)
        for field, found in _read(file, base).items()
    }


def _read(file: str, base: str) -> dict[str, tuple[Held, ...]]:
    found: defaultdict[str, list[Held]] = defaultdict(list)
    prefixes = {**PREFIXES, "id": base}
    for one in parse_mapping(resources.text("mappings", file), file, prefixes):
        for statement in one.statements:
            made, predicate = statement.object, statement.predicate.constant
            if predicate is None or not made.references:
                continue
            field, first = made.references[-1], made.parts[0]
            if made.kind == LITERAL:
                kind = _KINDS.get(made.datatype)
                if kind is not None and len(made.parts) == 1:
                    found[field].append(Held(predicate, kind))
            else:
                prefix = first if len(made.parts) == 2 and isinstance(first, str) else ""
                found[field].append(Held(predicate, "thing", prefix))
    return {field: tuple(terms) for field, terms in found.items()}
