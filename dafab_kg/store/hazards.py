"""Which kinds of hazard are broader than which, as the ontology says."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from functools import cache

import pyoxigraph as ox

from dafab_kg.model.names import NS, PREFIXES
from dafab_kg.model.resources import text

_BROADER = ox.NamedNode(PREFIXES["skos"] + "broader")


@cache
def broader_hazards() -> Mapping[str, frozenset[str]]:
    """Local name of a concept → local names of those directly broader."""
    found: defaultdict[str, set[str]] = defaultdict(set)
    data = text("ontology", "hazards.ttl").encode()
    for quad in ox.parse(data, format=ox.RdfFormat.TURTLE):
        one, other = quad.subject, quad.object
        if (
            quad.predicate == _BROADER
            and isinstance(one, ox.NamedNode)
            and isinstance(other, ox.NamedNode)
        ):
            found[one.value.removeprefix(NS)].add(other.value.removeprefix(NS))
    return {name: frozenset(names) for name, names in found.items()}
