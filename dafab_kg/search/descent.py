"""What is below an item: what was made from its product, at any distance.

Products are made from products: all items that show the one are below all that show the other.
(Above an item is one of several that show a source, see :mod:`dafab_kg.search.lineage`, as
there each name is one place.)
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from typing import Final

from dafab_kg.search.compile import Branch
from dafab_kg.search.entries import Entry
from dafab_kg.search.library import Library, listed, once
from dafab_kg.search.lineage import DEEPEST, MADE, Node, item_node, steps
from dafab_kg.search.related import items_showing, made_from
from dafab_kg.search.tree import Node as Tree

AT_ONCE: Final = 500
"""Most products that one query names."""


def beneath(library: Library, nodes: Iterable[Node]) -> dict[Node, tuple[Node, ...]]:
    """Return all items that are below each item, those of the fewest steps first."""
    products = {node: node.entry.product for node in nodes if node.entry is not None}
    children: dict[str, tuple[str, ...]] = {}
    level = dict.fromkeys(products.values())
    for _ in range(DEEPEST):
        new = [one for one in level if one not in children]
        if not new:
            break
        made: dict[str, list[str]] = defaultdict(list)
        for some in _parts(new):
            for source, product in made_from(library, some):
                made[source].append(product)
        children |= {one: tuple(made[one]) for one in new}
        level = dict.fromkeys(down for one in new for down in children[one])
    downs = {product: steps(product, children) for product in dict.fromkeys(products.values())}
    shown: dict[str, list[Entry]] = {}
    for some in _parts([*dict.fromkeys(down for one in downs.values() for down in one)]):
        shown |= items_showing(library, some)
    return {
        node: tuple(item_node(one) for down in downs[product] for one in shown.get(down, ()))
        for node, product in products.items()
    }


def _parts(products: Sequence[str]) -> Iterable[Sequence[str]]:
    return (products[start : start + AT_ONCE] for start in range(0, len(products), AT_ONCE))


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

    products = once(library, ("above", repr(part)), look)  # 0 is False, as a key
    if products is None:
        return None
    if not products:
        return ()
    made = f"{variable}m"
    return (Branch((f"VALUES {made} {{ {listed(products)} }}", f"{made} {MADE}+ ?product")),)
