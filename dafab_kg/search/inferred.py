"""What follows of products by the ontology, as properties of their items.

Classes come as ``dafab:types``, names such as ``dafab:FloodScene``; other inferred properties
under their own names: literals as values, things by their IRI.  Nothing that an item says is
replaced.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from typing import Any, Final

from dafab_kg.model.names import NS, PREFIXES, term
from dafab_kg.search.library import Library, iri, listed, rows
from dafab_kg.search.making import plain_value
from dafab_kg.store.protocol import Iri

TYPES: Final = "dafab:types"
_TYPE: Final = f"{PREFIXES['rdf']}type"
_LEFT_OUT: Final = frozenset({term("hasPart")})
"""Parts of products: there are hundreds, and the item's own assets are among them."""
MOST: Final = 200
"""Most values of a property."""


def inferred_of(library: Library, products: Iterable[str]) -> dict[str, dict[str, Any]]:
    """Return the properties by product."""
    wanted = listed(dict.fromkeys(products))
    if not wanted:
        return {}
    graph = library.names.make("inferred_graph")
    left_out = ", ".join(f"<{one}>" for one in sorted(_LEFT_OUT))
    query = (
        f"SELECT ?product ?term ?value {{ VALUES ?product {{ {wanted} }} "
        f"GRAPH <{graph}> {{ ?product ?term ?value }} FILTER(?term NOT IN ({left_out})) }} "
        "ORDER BY ?product ?term ?value"
    )
    told: dict[str, dict[str, list[Any]]] = defaultdict(lambda: defaultdict(list))
    for product, predicate, value in rows(library, query):
        name = iri(predicate)
        if name == _TYPE:
            if isinstance(value, Iri) and value.value.startswith(NS):
                told[iri(product)][TYPES].append(f"dafab:{value.value[len(NS) :]}")
        elif name.startswith(NS) and value is not None:
            told[iri(product)][f"dafab:{name[len(NS) :]}"].append(plain_value(value))
    return {
        product: {
            name: values[:MOST] if name == TYPES or len(values) > 1 else values[0]
            for name, values in found.items()
        }
        for product, found in told.items()
    }
