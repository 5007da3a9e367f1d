"""Which product or asset a data identifier of Rucio names: a rule over names.

The DaFab catalogue calls the container of an item by its id, the data set of its assets
``<id>_assets``, and a file in that set ``<id>_<asset key>.<ending>``.  A name that was cut tells
no id, but its digest proves it: ids that are long are tried.  A link is derived only
where the graph describes both ends, whichever of them came first, and goes with either of them.
An id that several products have is nobody's: no link follows.  What follows lies in a derived
graph for each id.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from typing import Final, cast

from dafab_kg.mapping.nquads import literal
from dafab_kg.model.did_names import decode_did_name, encode_did_name, is_cut
from dafab_kg.model.endings import suffix_of
from dafab_kg.model.errors import NameNotValid
from dafab_kg.model.names import TEMPLATES, Names, decode, term
from dafab_kg.model.resources import text
from dafab_kg.store.nquads import GraphText, triple_line
from dafab_kg.store.protocol import Iri, Literal, Solutions, Store, Term

RULE: Final = "did-links"
ASSETS: Final = "_assets"
"""What an item's id is followed by in the name of the data set of its assets."""
_ENDING: Final = re.compile(r"(?:\.[A-Za-z0-9]{1,10}){1,2}")
_ID, _CUT, _DID, _THING = "id:", "cut:", "did:", "of:"
"""How what was touched begins: an id, a name that was cut, a file's IRI, or that of a product or
item."""
_TEXT: Final = re.compile(r'"((?:[^"\\]|\\.)*)"')
_ESCAPE: Final = re.compile(r"\\(?:u([0-9A-Fa-f]{4})|U([0-9A-Fa-f]{8})|(.))", re.DOTALL)
_SIGNS: Final = {"t": "\t", "b": "\b", "n": "\n", "r": "\r", "f": "\f"}
_AT_ONCE: Final = 500
"""Most values that are put into a query."""


def touched_by(names: Names, nquads: str) -> set[str]:
    """Return ids, files, products and items that N-Quads speak of."""
    found: set[str] = set()
    found.update(_ID + value for _, value in _stated(nquads, "productId", "itemId"))
    for subject, _ in _stated(nquads, "assetKey"):
        found.add(_THING + subject.partition("/asset/")[0])
    item = names.base + TEMPLATES["item"].split("{", 1)[0]
    for subject, _ in _stated(nquads, "describes"):
        if subject.startswith(item):
            found.add(_THING + subject)
    for subject, _ in _stated(nquads, "did", "didType", "hasMember", "created"):
        if names.within(subject, "did"):
            found.update(_marks(decode(subject.rpartition("/")[2])))
            found.add(_DID + subject)
    return found


def _stated(nquads: str, *properties: str) -> Iterator[tuple[str, str]]:
    """Yield subject and value of the lines with one of the properties; "" for what is no text."""
    for name in properties:
        sought = f"> <{term(name)}> "
        place = nquads.find(sought)
        while place >= 0:
            start = nquads.rfind("\n", 0, place) + 1
            end = place + len(sought)
            if nquads.startswith("<", start) and " " not in nquads[start:place]:
                match = _TEXT.match(nquads, end)
                yield nquads[start + 1 : place], _unescaped(match[1]) if match else ""
            place = nquads.find(sought, end)


def _unescaped(value: str) -> str:
    return _ESCAPE.sub(
        lambda m: chr(int(m[1] or m[2], 16)) if m[1] or m[2] else _SIGNS.get(m[3], m[3]), value
    )


def _ids_of(name: str) -> Iterator[str]:
    """Yield ids that a name may stand for: its own, and that of an item whose assets it holds."""
    own = decode_did_name(name)
    if own:
        yield own
        if own.endswith(ASSETS) and own != ASSETS:
            yield own.removesuffix(ASSETS)


def _marks(name: str) -> Iterator[str]:
    if is_cut(name):
        yield _CUT + name
    else:
        yield from (_ID + one for one in _ids_of(name))


def all_named(store: Store) -> set[str]:
    """Return what tells the ids that all containers and data sets of Rucio may stand for."""
    rows = cast(Solutions, store.query(text("queries/internal", "did-names.rq")))
    return {one for row in rows for one in _marks(_value(row[0]))}


def did_links(store: Store, names: Names, touched: Iterable[str]) -> dict[str, GraphText]:
    """Return the derived graph of each id (IRI → content, empty if nothing follows)."""
    ids = _reached(store, set(touched))
    holders = _holders(store, ids)
    products = _products(store, holders)
    files, assets = _files(store, holders.values()), _assets(store, products.values())
    endings = _endings(store, files, assets)
    graphs = {}
    for one in sorted(ids):
        graph = names.make("derived_graph", rule=RULE, key=one)
        lines: set[str] = set()
        if one in products:
            for did in holders[one]:
                lines.add(_link(products[one], did))
                for file, name in files[did]:
                    asset = _asset_named(one, name, assets[products[one]], endings)
                    if asset:
                        lines.add(_link(asset, file))
        if lines or store.has_graph(graph):
            graphs[graph] = GraphText(frozenset(lines))
    return graphs


def _link(thing: str, did: str) -> str:
    return triple_line(thing, term("hasDataIdentifier"), f"<{did}>")


def _reached(store: Store, touched: set[str]) -> set[str]:
    """Return the ids that something touched has, or a set that a file touched is in."""
    marks = set(touched)
    dids = [one.removeprefix(_DID) for one in touched if one.startswith(_DID)]
    for row in _ask(store, "did-sets.rq", map(_iri, dids)):
        marks.update(_marks(_value(row[0])))
    ids = {one.removeprefix(_ID) for one in marks if one.startswith(_ID)}
    ids |= _of_cut(store, {one.removeprefix(_CUT) for one in marks if one.startswith(_CUT)})
    things = [one.removeprefix(_THING) for one in touched if one.startswith(_THING)]
    ids.update(_value(row[0]) for row in _ask(store, "did-ids.rq", map(_iri, things)))
    return ids - {""}


def _of_cut(store: Store, names: set[str]) -> set[str]:
    """Return the ids whose names were cut so, or those of the data sets of their files."""
    if not names:
        return set()
    rows = cast(Solutions, store.query(text("queries/internal", "did-long-ids.rq")))
    ids = {_value(row[0]) for row in rows} - {""}
    return {one for one in ids if not names.isdisjoint(map(_name_of, (one, one + ASSETS)))}


def _name_of(full: str) -> str:
    try:
        return encode_did_name(full)
    except NameNotValid:
        return ""


def _holders(store: Store, ids: Iterable[str]) -> dict[str, set[str]]:
    """Return the containers and data sets that Rucio has by the name of an id."""
    wanted: defaultdict[str, set[str]] = defaultdict(set)
    for one in ids:
        for full in (one, one + ASSETS):
            wanted[encode_did_name(full)].add(one)
    found: defaultdict[str, set[str]] = defaultdict(set)
    for called, did in _ask(store, "did-named.rq", map(_text, wanted)):
        for one in wanted[_value(called)]:
            found[one].add(_value(did))
    return dict(found)


def _products(store: Store, ids: Iterable[str]) -> dict[str, str]:
    """Return the one product of each id: its own, or that which the items so called describe."""
    own: defaultdict[str, set[str]] = defaultdict(set)
    described: defaultdict[str, set[str]] = defaultdict(set)
    for one, product, item in _ask(store, "did-products.rq", map(_text, ids)):
        (own if item is None else described)[_value(one)].add(_value(product))
    return {
        one: next(iter(found)) for one, found in {**described, **own}.items() if len(found) == 1
    }


def _files(store: Store, sets: Iterable[set[str]]) -> Mapping[str, list[tuple[str, str]]]:
    found: defaultdict[str, list[tuple[str, str]]] = defaultdict(list)
    for one, file, name in _ask(store, "did-files.rq", map(_iri, set().union(*sets))):
        found[_value(one)].append((_value(file), _value(name)))
    return found


def _assets(store: Store, products: Iterable[str]) -> Mapping[str, dict[str, str]]:
    found: defaultdict[str, dict[str, str]] = defaultdict(dict)
    for product, asset, key in _ask(store, "did-assets.rq", map(_iri, set(products))):
        found[_value(product)][_value(key)] = _value(asset)
    return found


def _endings(
    store: Store,
    files: Mapping[str, list[tuple[str, str]]],
    assets: Mapping[str, Mapping[str, str]],
) -> Mapping[str, set[str]]:
    """Return how the names of assets' files end, where some were cut, so that they do not tell."""
    found: defaultdict[str, set[str]] = defaultdict(set)
    if any(is_cut(name) for some in files.values() for _, name in some):
        every = {asset for some in assets.values() for asset in some.values()}
        for asset, address, kind in _ask(store, "did-endings.rq", map(_iri, every)):
            told = {"href": _value(address), "type": _value(kind)}
            found[_value(asset)].add(suffix_of(told))
    return found


def _asset_named(
    one: str, name: str, assets: Mapping[str, str], endings: Mapping[str, set[str]]
) -> str:
    """Return the asset that a file's name tells; of keys of which one goes on where another ends
    the longer."""
    if is_cut(name):
        named = (
            asset
            for key, asset in assets.items()
            for ending in endings.get(asset, ())
            if _name_of(f"{one}_{key}{ending}") == name
        )
        return next(named, "")
    full = decode_did_name(name)
    if full is None or not full.startswith(f"{one}_"):
        return ""
    rest = full[len(one) + 1 :]
    keys = [key for key in assets if rest.startswith(key) and _ENDING.fullmatch(rest[len(key) :])]
    return assets[max(keys, key=len)] if keys else ""


def _ask(store: Store, query: str, values: Iterable[str]) -> Iterator[tuple[Term | None, ...]]:
    template = text("queries/internal", query)
    left = iter(sorted(values))
    while some := list(islice(left, _AT_ONCE)):
        yield from cast(Solutions, store.query(template.replace("#VALUES#", "\n".join(some))))


def _text(value: str) -> str:
    return f'"{literal(value)}"'


def _iri(value: str) -> str:
    return f"<{value}>"


def _value(value: Term | None) -> str:
    return value.value if isinstance(value, Iri | Literal) else ""
