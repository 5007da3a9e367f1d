"""What is below an item: what was made from it, at any distance.

The ways of :mod:`dafab_kg.search.lineage` backwards: an item is a descendant of another where
that is one of its ancestors.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from typing import Final

from dafab_kg.search.compile import Branch
from dafab_kg.search.entries import Entry
from dafab_kg.search.library import Library, listed, once
from dafab_kg.search.lineage import DEEPEST, MADE, Node, item_node, parents_of, steps
from dafab_kg.search.related import made_from
from dafab_kg.search.tree import Node as Tree

AT_ONCE: Final = 500
"""Most products that one query names."""


def children_of(library: Library, nodes: Iterable[Node]) -> dict[Node, tuple[Node, ...]]:
    """Return the items that are directly below items."""
    wanted = {node: node.entry.product for node in nodes if node.entry is not None}
    found: dict[Node, list[Node]] = defaultdict(list)
    products = sorted(set(wanted.values()))
    for start in range(0, len(products), AT_ONCE):
        made = made_from(library, products[start : start + AT_ONCE])
        new = [item_node(entry) for entry in made]
        for first in range(0, len(new), AT_ONCE):
            # of several entries of one product only some are parents: who is one is said there
            for node, ups in parents_of(library, new[first : first + AT_ONCE]).items():
                for up in ups:
                    if up in wanted:
                        found[up].append(node)
    return {node: tuple(dict.fromkeys(found.get(node, ()))) for node in wanted}


def beneath(library: Library, nodes: Iterable[Node]) -> dict[Node, dict[Node, int]]:
    """Return all items that are below each item, with the least number of steps down to it."""
    nodes = tuple(dict.fromkeys(nodes))
    children: dict[Node, tuple[Node, ...]] = {}
    level: list[Node] = list(nodes)
    for _ in range(DEEPEST):
        new = [node for node in level if node not in children]
        if not new:
            break
        children |= children_of(library, new)
        level = list(dict.fromkeys(down for node in new for down in children[node]))
    return {node: steps(node, children) for node in nodes}


def made_into(
    library: Library, part: Tree, items: Callable[[Tree], Sequence[Entry] | None], variable: str
) -> tuple[Branch, ...] | None:
    """Write where an item may be above one of which ``part`` is true; None: anywhere.

    ``items`` finds the items of which it is true; None: too many to be named.  All variables
    but ``?product`` begin with ``variable``.
    """

    def look() -> tuple[str, ...] | None:
        entries = items(part)
        return None if entries is None else tuple(dict.fromkeys(one.product for one in entries))

    products = once(library, ("above", part), look)
    if products is None:
        return None
    if not products:
        return ()
    made = f"{variable}m"
    return (Branch((f"VALUES {made} {{ {listed(products)} }}", f"{made} {MADE}+ ?product")),)
