"""Which product supersedes which: a rule over products of one acquisition.

Of the products of one acquisition and processing level, one with a newer
processing baseline, or the same baseline processed later, supersedes the one
before it.  Both remain; "current" is a query.  What follows from an acquisition
lies in a derived graph of its own, rebuilt whenever one of its products changes.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from itertools import pairwise
from typing import Any, cast

from dafab_kg.model.names import Names, term
from dafab_kg.model.resources import text
from dafab_kg.store.nquads import GraphText, triple_line
from dafab_kg.store.protocol import Iri, Literal, Solutions, Store

RULE = "supersession"
_ACQUIRED = re.compile(rf"<{re.escape(term('acquiredIn'))}> <([^>]+)>")
_ORDERING = (term("processingLevel"), term("processingBaseline"), term("generationTime"))


def touched_by(nquads: str) -> set[str]:
    """Acquisitions that N-Quads speak of, and products whose place in the order they tell."""
    ordered = (subject for predicate in _ORDERING for subject in _subjects(nquads, predicate))
    return {*_ACQUIRED.findall(nquads), *ordered}


def _subjects(nquads: str, predicate: str) -> Iterator[str]:
    """Subjects of the lines with a predicate; a search for its text is faster than one by line."""
    sought = f"> <{predicate}> "
    place = nquads.find(sought)
    while place >= 0:
        start = nquads.rfind("\n", 0, place) + 1
        if nquads.startswith("<", start) and " " not in nquads[start:place]:
            yield nquads[start + 1 : place]
        place = nquads.find(sought, place + len(sought))


def acquisitions_of(store: Store, touched: Iterable[str]) -> set[str]:
    """IRIs of acquisitions: those of the products touched, and those touched themselves."""
    found: set[str] = set()
    for iri in touched:
        acquired = [value[1:-1] for value, _ in store.values(iri, term("acquiredIn"))]
        found.update(acquired or [iri])
    return found


def all_acquisitions(store: Store) -> set[str]:
    """IRIs of all acquisitions that a product was acquired in."""
    rows = cast(Solutions, store.query(text("queries/internal", "acquisitions.rq")))
    return {cast(Iri, row[0]).value for row in rows}


def supersession(store: Store, names: Names, touched: Iterable[str]) -> dict[str, GraphText]:
    """Return the derived graph of each acquisition (IRI → content, empty if nothing follows)."""
    query = text("queries/internal", "supersession.rq")
    predicate = term("supersedes")
    graphs = {}
    for acquisition in sorted(acquisitions_of(store, touched)):
        by_level: defaultdict[str, list[tuple[tuple[str, str], str]]] = defaultdict(list)
        answer = cast(Solutions, store.query(query, bindings={"acquisition": Iri(acquisition)}))
        for _, level, product, baseline, generated in answer:
            if isinstance(level, Literal) and isinstance(product, Iri):
                rank = (_lexical(baseline), _lexical(generated))
                by_level[level.value].append((rank, product.value))
        lines = {
            triple_line(newer, predicate, f"<{older}>")
            for products in by_level.values()
            for older, newer in steps(products)
        }
        graphs[graph_of(names, acquisition)] = GraphText(frozenset(lines))
    return graphs


def graph_of(names: Names, acquisition: str) -> str:
    """Return the derived graph of an acquisition."""
    return names.make("derived_graph", rule=RULE, key=acquisition.removeprefix(names.base))


def steps(products: Iterable[tuple[Any, str]]) -> Iterator[tuple[str, str]]:
    """Pairs (older, newer) of neighbours among products with their rank.

    Products of equal rank do not supersede each other.
    """
    ranks: defaultdict[Any, list[str]] = defaultdict(list)
    for rank, product in products:
        ranks[rank].append(product)
    for before, after in pairwise(sorted(ranks)):
        for older in ranks[before]:
            for newer in ranks[after]:
                yield older, newer


def _lexical(value: object) -> str:
    return value.value if isinstance(value, Literal) else ""
