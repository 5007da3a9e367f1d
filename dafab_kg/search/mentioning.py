"""Which collections' own texts hold what a search looks for."""

from __future__ import annotations

from dataclasses import replace

import orjson

from dafab_kg.model.words import Terms, mentions, texts_of_collection
from dafab_kg.search.collections import collection_ids, find_collection
from dafab_kg.search.library import Library, once
from dafab_kg.search.tree import And, Mentions, Node, Not, Or


def with_collections(library: Library, node: Node | None) -> Node | None:
    """Return a filter whose :class:`Mentions` know the collections that hold their terms."""
    match node:
        case Mentions(terms):
            return replace(node, collections=_mentioning(library, terms))
        case And(parts) | Or(parts):
            known = tuple(with_collections(library, part) or part for part in parts)
            return node if known == parts else replace(node, parts=known)
        case Not(part):
            return Not(with_collections(library, part) or part)
    return node


def _mentioning(library: Library, terms: Terms) -> tuple[str, ...]:
    def look() -> tuple[tuple[str, tuple[str, ...]], ...]:
        # their links, which the address makes, hold none of the texts
        told = ((name, find_collection(library, name, "")) for name in collection_ids(library))
        return tuple((name, tuple(texts_of_collection(orjson.loads(one)))) for name, one in told)

    known = once(library, "texts of collections", look)
    return tuple(name for name, texts in known if mentions(iter(texts), terms))
