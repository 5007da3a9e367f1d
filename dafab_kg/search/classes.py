"""Conditions on classes: of what kind the product of an item is, stated or inferred.

A filter names the classes as the array ``dafab:types``, as items show those that follow
(``inferred=true``): ``A_CONTAINS(dafab:types, ('dafab:FloodScene'))``.  No document says them:
the graph does, so they are put into the items that are judged.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from typing import Any, Final

from dafab_kg.model import resources
from dafab_kg.model.names import NS
from dafab_kg.search.entries import Entry
from dafab_kg.search.inferred import TYPES
from dafab_kg.search.library import Library, iri, listed, rows
from dafab_kg.search.settled import asks
from dafab_kg.search.tree import Among, Compare, Contains, IsEmpty, IsNull, Like, Node, Path, Within

CLASSES: Final[Path] = ("properties", TYPES)
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


@cache
def _declared() -> frozenset[str]:
    files = resources.names("ontology", ".ttl")
    texts = (resources.text("ontology", file) for file in files)
    return frozenset(name for one in texts for name in _CLASS.findall(one))


def is_of_classes(node: Node) -> bool:
    """Tell whether a test, which holds no others, is one of classes."""
    return isinstance(node, _OF_A_VALUE) and node.path[:2] == CLASSES


def with_classes(
    library: Library, node: Node | None, entries: Sequence[Entry], values: Mapping[str, Any]
) -> Mapping[str, Any]:
    """Return the items by IRI as a filter judges them: with their classes, if it asks for any."""
    if not asks(node, is_of_classes):
        return values
    classes = _classes_of(library, (entry.product for entry in entries))
    found = {}
    for entry in entries:
        value = values.get(entry.iri)
        if isinstance(value, Mapping):
            told = value.get("properties")
            held = dict(told) if isinstance(told, Mapping) else {}
            held[TYPES] = classes.get(entry.product, [])
            found[entry.iri] = {**value, "properties": held}
    return found


def _classes_of(library: Library, products: Iterable[str]) -> dict[str, list[str]]:
    """Return the names of the classes of products that are ours."""
    wanted = listed(dict.fromkeys(products))
    if not wanted:
        return {}
    query = f"SELECT ?product ?class {{ VALUES ?product {{ {wanted} }} ?product a ?class }}"
    found: dict[str, dict[str, None]] = defaultdict(dict)
    for product, kind in rows(library, query):
        name = iri(kind)
        if name.startswith(NS):
            found[iri(product)][_PREFIX + name[len(NS) :]] = None
    return {product: sorted(names) for product, names in found.items()}
