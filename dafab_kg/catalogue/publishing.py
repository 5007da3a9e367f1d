"""What a Rucio is to hold, worked out of the graph as it stands.

The tree is that of :mod:`dafab_kg.dids`; names are made such that Rucio takes them
(:mod:`dafab_kg.model.did_names`).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, Final
from urllib.parse import urlsplit

import orjson

from dafab_kg.dids.containers import Containers
from dafab_kg.dids.dids import Dids
from dafab_kg.dids.finding import items_named
from dafab_kg.dids.names import Did, assets_of, container, files_of
from dafab_kg.federation.rucio.memory import Memory, Outline
from dafab_kg.federation.rucio.there import in_parts
from dafab_kg.federation.rucio.wanted import (
    LeftOut,
    Pair,
    Unit,
    WantedDid,
    metadata_of,
    named,
)
from dafab_kg.model.settings import Settings
from dafab_kg.search.facets import all_facets, placed
from dafab_kg.search.library import Library, iri, listed, quoted, rows, text
from dafab_kg.search.lineage import Node, catalogs, documents_of, parents_of

VERSION: Final = "1"
"""Changes where other data identifiers are wanted for the same graph."""
READ: Final = 500
"""Most items whose documents are read at a time."""
MOST_NAMED: Final = 200
"""Most documents that one query names."""
MOST_BYTES: Final = 2**63 - 1
"""Largest size that Rucio's tables hold."""
_FIRST: Final = 100


@dataclass(frozen=True)
class Wanted:
    """What is wanted of one state of a catalogue."""

    dids: Dids
    settings: Settings

    @property
    def layout(self) -> str:
        """What else than the graph decides what is wanted, as a digest."""
        chosen = self.settings
        value = (VERSION, chosen.did_scope, chosen.did_scopes, chosen.rucio_layout)
        more = (chosen.rucio_metadata, chosen.rucio_rses, chosen.base)
        return sha256(orjson.dumps((*value, *more), option=orjson.OPT_SORT_KEYS)).hexdigest()

    @property
    def scopes(self) -> tuple[str, ...]:
        """The scopes that are published."""
        return self.dids.scopes.names()

    def everything(self) -> Iterator[Unit]:
        """All units: first the catalogues, then the items, in the order of scopes and names."""
        yield from self.catalogues()
        for scope in self.scopes:
            every = Containers(self.dids.library, self.dids.scopes, scope)
            for nodes in every.items_from("", _FIRST, READ):
                yield from self._units(nodes)

    def catalogues(self) -> Iterator[Unit]:
        """The root, the collections, their facets and the values of those."""
        return self._units(catalogs(self.dids.library))

    def items(self, names: Iterable[str]) -> Iterator[Unit]:
        """The units of items by their ids, as far as there are such items."""
        for some in in_parts(names, READ):
            found = items_named(self.dids.library, self.dids.scopes, some)
            yield from self._units(list(found.values()))

    def _units(self, nodes: Sequence[Node]) -> Iterator[Unit]:
        library = self.dids.library
        for some in in_parts(nodes, READ):
            ups = parents_of(library, some)
            with_files = [node for node in some if node.entry is not None]
            values = documents_of(library, with_files)
            behind = documents_behind(library, with_files)
            for node in some:
                yield self._unit(node, ups[node], values.get(node, {}), behind.get(node, ()))

    def _unit(
        self, node: Node, ups: Sequence[Node], value: Mapping[str, Any], documents: Sequence[str]
    ) -> Unit:
        scopes = self.dids.scopes
        flat = self.settings.rucio_layout == "dataset" and node.entry is not None
        if flat:  # a data set lies in no other
            ups = [up for up in ups if up.entry is None]
        parents = tuple(sorted({_pair(container(scopes, up)) for up in ups}))
        own = _pair(container(scopes, node))
        meta = ()
        if self.settings.rucio_metadata == "all" and node.entry is not None:
            meta = metadata_of(value.get("properties"))  # type: ignore[assignment]
        dids = [WantedDid(*own, "DATASET" if flat else "CONTAINER", parents, meta=meta)]
        if node.entry is None:
            return Unit(node.name, tuple(dids), is_item=False)
        home = own
        if not flat:
            home = _pair(assets_of(scopes, node))
            dids.append(WantedDid(*home, "DATASET", (own,)))
        left: list[LeftOut] = []
        taken = {did.pair for did in dids}
        for did in files_of(scopes, node, value):
            href = value["assets"][did.key].get("href")
            file = self._file(did, href, home)
            if isinstance(file, LeftOut):
                left.append(file)
                file = WantedDid(*_pair(did), "FILE", (home,), did.size, did.md5)
            if file.pair in taken:
                left.append(LeftOut(did.name, "another file of the item has the same name"))
                continue
            taken.add(file.pair)
            dids.append(file)
        return Unit(node.name, tuple(dids), tuple(documents), tuple(left))

    def _file(self, did: Did, href: Any, home: Pair) -> WantedDid | LeftOut:
        address = href if isinstance(href, str) else ""
        begins = [one for one in self.settings.rucio_rses if address.startswith(one)]
        if not begins:
            return LeftOut(did.name, "no storage element is set for its address (rucio_rses)")
        if not is_plain_address(address):
            return LeftOut(did.name, "its address has a query, a fragment or a login")
        if did.size is None or not 0 <= did.size <= MOST_BYTES:
            return LeftOut(did.name, "its size is not told (file:size)")
        rse = self.settings.rucio_rses[max(begins, key=len)]
        return WantedDid(*_pair(did), "FILE", (home,), did.size, did.md5, rse=rse, pfn=address)


def is_plain_address(address: str) -> bool:
    """Tell whether an address is only a place: what signs or logs in is not told to a Rucio.

    >>> is_plain_address("https://a.example/b.tif"), is_plain_address("https://u:p@a.example/b")
    (True, False)
    """
    try:
        parts = urlsplit(address)
    except ValueError:
        return False
    return not (parts.query or parts.fragment or "@" in parts.netloc)


def _pair(did: Did) -> Pair:
    return named(did.scope, did.name)


def documents_behind(library: Library, nodes: Sequence[Node]) -> dict[Node, tuple[str, ...]]:
    """Return the ids of the documents that describe items, or their products, as such."""
    by_thing: defaultdict[str, list[Node]] = defaultdict(list)
    for node in nodes:
        if node.entry is not None:
            by_thing[node.entry.iri].append(node)
    found: defaultdict[Node, set[str]] = defaultdict(set)
    for things in in_parts(by_thing):
        query = (
            f"SELECT DISTINCT ?thing ?graph {{ VALUES ?thing {{ {listed(things)} }} "
            "VALUES ?told { dafab:itemId dafab:productId } GRAPH ?graph { ?thing ?told ?id } }"
        )
        for thing, graph in rows(library, query, plain=True):
            name = iri(graph).rsplit("/", 1)[-1]
            if library.stored(name) is not None:
                for node in by_thing[iri(thing)]:
                    found[node].add(name)
    return {node: tuple(sorted(names)) for node, names in found.items()}


@dataclass(frozen=True)
class Touched:
    """What is to be looked at: items by their ids, and units that are not wanted any more."""

    names: tuple[str, ...]
    gone: tuple[Pair, ...]


def touched(
    wanted: Wanted, memory: Memory, document_ids: Sequence[str], also: Iterable[str] = ()
) -> Touched:
    """Return what changes of documents may have changed: the items that they describe, or were
    sent by; what those were made from, and what was made of them; all items that facets place
    elsewhere now; those that were not sent to the end; and items to be looked at ``also``."""
    library = wanted.dids.library
    before = [memory.sent(pair) for pair in memory.units_of(document_ids)]
    names = dict.fromkeys(sent.name for sent in before if sent is not None)
    for some in in_parts(document_ids, MOST_NAMED):
        names |= dict.fromkeys(_near(library, some))
    names |= dict.fromkeys(_ids_near(library, tuple(names)))
    every = memory.outlines()
    names |= dict.fromkeys(_moved(wanted, every))
    names |= dict.fromkeys(one.name for one in every if one.unfinished)
    names |= dict.fromkeys(also)
    catalog_names = {node.name for node in catalogs(library)}
    left = [name for name in names if name not in catalog_names]
    there = {
        pair
        for some in in_parts(left, READ)
        for pair in items_named(library, wanted.dids.scopes, some)
    }
    now = {named(*pair) for pair in there} | {
        _pair(container(wanted.dids.scopes, node)) for node in catalogs(library)
    }
    gone = {
        one.pair for one in every if one.pair not in now and (one.name in names or not one.is_item)
    }
    # what lies below what goes
    left += [one.name for one in every if one.pair not in gone and one.parents & gone]
    return Touched(tuple(dict.fromkeys(left)), tuple(sorted(gone)))


def _near(library: Library, document_ids: Sequence[str]) -> Iterator[str]:
    """Ids of the items of all products that documents tell of."""
    graphs = listed(library.names.make("graph", document_id=one) for one in document_ids)
    of_products = (
        f"SELECT DISTINCT ?product {{ VALUES ?graph {{ {graphs} }} "
        "{ GRAPH ?graph { ?product ?told ?other } } UNION "
        "{ GRAPH ?graph { ?thing ?told ?product } } ?product a dafab:Product }"
    )
    products = [iri(row[0]) for row in rows(library, of_products, plain=True)]
    items = (
        f"SELECT DISTINCT ?id {{ VALUES ?graph {{ {graphs} }} "
        "GRAPH ?graph { ?item dafab:itemId ?id } }"
    )
    yield from (text(row[0]) for row in rows(library, items, plain=True))
    for some in in_parts(products):
        yield from _ids_of(library, f"VALUES ?product {{ {listed(some)} }}")


def _ids_near(library: Library, names: Sequence[str]) -> Iterator[str]:
    """Ids of what items were made from, and of what was made of them."""
    for some in in_parts(names):
        ids = " ".join(map(quoted, some))
        yield from _ids_of(
            library,
            f"VALUES ?own {{ {ids} }} {{ ?entry dafab:itemId ?own ; dafab:describes ?here }} UNION "
            "{ ?here dafab:productId ?own } "
            "{ ?here dafab:derivedFrom|dafab:madeFrom ?product } UNION "
            "{ ?product dafab:derivedFrom|dafab:madeFrom ?here }",
        )


def _ids_of(library: Library, pattern: str) -> Iterator[str]:
    query = (
        f"SELECT DISTINCT ?id {{ {pattern} {{ ?item dafab:describes ?product ; dafab:itemId ?id }} "
        "UNION { ?product dafab:productId ?id } }"
    )
    return (text(row[0]) for row in rows(library, query, plain=True))


def _moved(wanted: Wanted, every: Iterable[Outline]) -> Iterator[str]:
    """Ids of items that facets place elsewhere than when they were sent."""
    library, scopes = wanted.dids.library, wanted.dids.scopes
    now: defaultdict[str, set[Pair]] = defaultdict(set)
    for facet in all_facets(library):
        for name, entries in placed(library, facet).items():
            home = _pair(container(scopes, Node("value", name, facet=facet)))
            for entry in entries:
                now[entry.id].add(home)
    values = {_pair(container(scopes, node)) for node in catalogs(library) if node.kind == "value"}
    for one in every:
        if one.is_item and one.parents & values != now.get(one.name, set()):
            yield one.name
