"""Which collections' own texts hold what a search looks for."""

from __future__ import annotations

from dataclasses import replace

from dafab_kg.model.words import Terms, mentions
from dafab_kg.search.collections import collection_ids, texts_of
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
        return tuple((name, tuple(texts_of(library, name))) for name in collection_ids(library))

    known = once(library, "texts of collections", look)
    return tuple(name for name, texts in known if mentions(iter(texts), terms))
