"""Conditions on what the graph alone tells of an item's product, as no document says it.

A filter names these as arrays of texts: ``dafab:types`` are the classes, stated or inferred, as
items show those that follow (``inferred=true``), ``A_CONTAINS(dafab:types, ('dafab:FloodScene'))``;
``dafab:place``, ``dafab:river_basin``, ``dafab:mgrs_tile``, ``dafab:season`` and ``dafab:crop``
are what a query in ``queries/internal`` binds as ``?value``.  They are put into the items that are
judged.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from typing import Any, Final

from dafab_kg.model import resources
from dafab_kg.model.names import NS
from dafab_kg.search.crops import crops_told
from dafab_kg.search.entries import Entry
from dafab_kg.search.given import query_with
from dafab_kg.search.inferred import TYPES
from dafab_kg.search.library import Library, iri, listed, quoted, rows, text
from dafab_kg.search.settled import tests_of
from dafab_kg.search.tree import Among, Compare, Contains, IsEmpty, IsNull, Like, Node, Path, Within

CLASSES: Final[Path] = ("properties", TYPES)
QUERIES: Final[Mapping[str, str]] = {
    "dafab:place": "told-place.rq",
    "dafab:river_basin": "facet-water-basin.rq",
    "dafab:season": "facet-agriculture-season.rq",
    "dafab:crop": "told-crop.rq",
    "dafab:mgrs_tile": "told-tile.rq",
}
"""What the graph tells beside classes, and the query that tells it."""
_VALUES: Final[Mapping[str, str]] = {
    "dafab:place": "?place dafab:toponym ?value . FILTER EXISTS { ?product dafab:inPlace ?place }",
    "dafab:crop": "?boundary dafab:cropName ?value",
    "dafab:mgrs_tile": "?tile dafab:mgrsTile ?value",
    "dafab:season": 'VALUES ?value { "spring" "summer" "autumn" "winter" }',
}
MOST_LISTED: Final = 50
_TOLD: Final = frozenset({TYPES, *QUERIES})
COMPUTED: Final = frozenset({"dafab:season"})
"""Their values are computed of every product, so that looking for those of one is no shorter."""
_PREFIX: Final = "dafab:"
_CLASS: Final = re.compile(r"^dafab:([A-Za-z0-9]+) a owl:Class ;", re.MULTILINE)
"""How a class is declared, in the form in which our ontology is written."""
_OF_A_VALUE: Final = (Among, Compare, Contains, IsEmpty, IsNull, Like, Within)


def class_named(name: Any) -> str | None:
    """Return the IRI of a class by the name that an item has for it; None: it is no such name.

    >>> class_named("dafab:FloodScene"), class_named("flood")
    ('https://w3id.org/dafab/ns#FloodScene', None)
    """
    local = name.removeprefix(_PREFIX) if isinstance(name, str) else ""
    if not (local.isascii() and local.isalnum() and name == _PREFIX + local):
        return None
    return NS + local


def known_class(text: str) -> str | None:
    """Return the name that items have for a class of ours, by its name or IRI; None: unknown.

    >>> known_class("FloodScene"), known_class("Flood")
    ('dafab:FloodScene', None)
    """
    local = text.strip().removeprefix(NS).removeprefix(_PREFIX)
    return _PREFIX + local if local in _declared() else None


def class_names() -> frozenset[str]:
    """Return the names of all classes of ours, as ``FloodScene``."""
    return _declared()


@cache
def _declared() -> frozenset[str]:
    files = resources.names("ontology", ".ttl")
    texts = (resources.text("ontology", file) for file in files)
    return frozenset(name for one in texts for name in _CLASS.findall(one))


def is_told(node: Node) -> bool:
    """Tell whether a test, which holds no others, is of what the graph alone tells."""
    return isinstance(node, _OF_A_VALUE) and told_name(node) in _TOLD


def is_told_alone(node: Node | None) -> bool:
    """Tell whether the graph alone tells all of a filter, so that no document need be read."""
    return node is not None and all(map(is_told, tests_of(node)))


def is_of_classes(node: Node) -> bool:
    """Tell whether such a test is one of classes."""
    return isinstance(node, _OF_A_VALUE) and told_name(node) == TYPES


def telling(node: Contains, value: Any) -> str | None:
    """Write what binds ``?product`` to those of which a value is told; None: to any."""
    name = told_name(node)
    if name not in QUERIES or name in COMPUTED or not isinstance(value, str):
        return None
    body = query_of(QUERIES[name], after=f"FILTER(?value = {quoted(value)})")
    return f"{{ SELECT DISTINCT ?product {body} }}"


def query_of(file: str, given: str = "", after: str = "") -> str:
    """Return the pattern of such a query, in braces; ``given`` comes first, ``after`` last."""
    query = query_with(file, given)
    return query[query.index("{") :].strip().removesuffix("}") + f" {after} }}"


def with_told(
    library: Library, node: Node | None, entries: Sequence[Entry], values: Mapping[str, Any]
) -> Mapping[str, Any]:
    """Return the items by IRI as a filter judges them: with what the graph tells that it asks."""
    names = {told_name(one) for one in tests_of(node) if is_told(one)}
    if not names:
        return values
    products = [entry.product for entry in entries]
    told = {name: values_told(library, name, products) for name in names}
    found = {}
    for entry in entries:
        value = values.get(entry.iri)
        if isinstance(value, Mapping):
            held = value.get("properties")
            properties = dict(held) if isinstance(held, Mapping) else {}
            for name in names:
                properties[name] = told[name].get(entry.product, [])
            found[entry.iri] = {**value, "properties": properties}
    return found


def told_name(node: Any) -> str:
    """Return the name of what a test is of."""
    path: Path = node.path
    name = path[1] if len(path) > 1 and path[0] == "properties" else ""
    return name if isinstance(name, str) else ""


def telling_all(name: str, given: str) -> str:
    """Write the pattern that binds ?value to what is told of each ?product that ``given`` binds."""
    if name == TYPES:
        return f"{{ {given} ?product a ?value }}"
    return query_of(QUERIES[name], given)


def values_listed(library: Library, name: str) -> tuple[str, ...]:
    """Return some values that may be told of anything, without looking at each product."""
    if name not in _VALUES:
        return ()
    query = f"SELECT DISTINCT ?value {{ {_VALUES[name]} }} LIMIT {MOST_LISTED}"
    return tuple(text(row[0]) for row in rows(library, query, plain=True))


def shown(name: str, value: Any) -> str:
    """Return a value as filters name it; "" if they have no name for it."""
    if name != TYPES:
        return text(value)
    return _PREFIX + iri(value)[len(NS) :] if iri(value).startswith(NS) else ""


def values_told(library: Library, name: str, products: Iterable[str]) -> dict[str, list[str]]:
    """Return what is told of each of some products."""
    asked = tuple(dict.fromkeys(products))
    wanted = listed(asked)
    if not wanted:
        return {}
    if name == "dafab:crop":
        return crops_told(library, asked)
    given = f"VALUES ?product {{ {wanted} }}"
    found: dict[str, dict[str, None]] = defaultdict(dict)
    query = f"SELECT ?product ?value {telling_all(name, given)}"
    for product, value in rows(library, query, plain=True):
        found[iri(product)][shown(name, value)] = None
    return {product: sorted(filter(None, told)) for product, told in found.items()}
