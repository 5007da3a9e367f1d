"""The entries that may hold the words that a filter looks for, where these are few."""

from __future__ import annotations

from collections.abc import Iterable
from functools import reduce
from typing import Final

from dafab_kg.loaders.registry import OURS
from dafab_kg.search.library import Library, iri, listed, rows
from dafab_kg.search.tree import And, Mentions, Node, Or

MOST_NAMED: Final = 2_000
"""Most entries that are named; of more, the first of a page are soon found by reading."""

Ids = frozenset[str]


def entries_with_words(library: Library, node: Node | None) -> tuple[str, ...] | None:
    """Return the IRIs of all entries of which a filter may be true, and maybe of others.

    None: the words in it do not tell, or there are many.  Products without an entry are not
    among them.  The filter knows which collections mention its terms.
    """
    if node is None or not set(library.kinds) <= set(OURS):
        return None  # entries of other loaders' documents are made from the graph
    ids = _documents(library, node)
    if ids is None or len(ids) > MOST_NAMED:
        return None
    if not ids:
        return ()
    graphs = listed(library.names.make("graph", document_id=one) for one in sorted(ids))
    query = (
        f"SELECT DISTINCT ?item {{ VALUES ?graph {{ {graphs} }} "
        "GRAPH ?graph { ?item a dafab:CatalogItem } }"
    )
    return tuple(sorted(iri(row[0]) for row in rows(library, query, plain=True)))


def _documents(library: Library, node: Node) -> Ids | None:
    match node:
        case Mentions(terms, collections):
            if collections:
                return None
            return _any(_of_term(library, words) for words in terms)
        case And(parts):
            return _all(_documents(library, part) for part in parts)
        case Or(parts):
            return _any(_documents(library, part) for part in parts)
    return None


def _of_term(library: Library, words: tuple[str, ...]) -> Ids | None:
    return _all(library.documents_with(word) for word in words)


def _all(found: Iterable[Ids | None]) -> Ids | None:
    known = [one for one in found if one is not None]
    return reduce(frozenset.intersection, known) if known else None


def _any(found: Iterable[Ids | None]) -> Ids | None:
    every = list(found)
    known = [one for one in every if one is not None]
    return frozenset().union(*known) if len(known) == len(every) else None
