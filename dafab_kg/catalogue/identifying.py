"""What is to be written for a change of data identifiers: documents, and places in the tree.

An attachment is no fact of its own here: a collection is told by an item's document, a source
by its link, a facet by the graph.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

import orjson

from dafab_kg.catalogue.items import Write, tag_of
from dafab_kg.dids.expected import DidChange
from dafab_kg.dids.finding import Pair
from dafab_kg.dids.names import Scopes
from dafab_kg.dids.states import State
from dafab_kg.loaders.dafab.recognise import is_dafab, is_derived
from dafab_kg.loaders.stac.recognise import Element, Identity, stac_type
from dafab_kg.model.errors import FieldNotValid, NotDoneHere, QueryNotValid, ThingNotFound
from dafab_kg.model.names import decode
from dafab_kg.search.entries import LOOSE
from dafab_kg.search.lineage import Node

SOURCE: Final = "derived_from"


@dataclass(frozen=True)
class Plan:
    """What a change comes to: ``writes`` are one whole; the others are done before and after."""

    writes: tuple[Write, ...] = ()
    before: tuple[DidChange, ...] = ()
    after: tuple[DidChange, ...] = ()


def written(
    state: State,
    document: dict[str, Any] | None,
    near: Mapping[Pair, State],
    scopes: Scopes,
    **request: Any,
) -> Plan:
    """Plan that a data identifier has a document, or none any more.

    ``near`` are the states of what one that waits was attached to; ``request`` are members of
    :class:`~dafab_kg.catalogue.items.Write`.

    Raises:
        NotDoneHere: it can have no document here.
        FieldNotValid: the document cannot be its own.
    """
    if state.kind not in ("item", "collection", "expected"):
        raise NotDoneHere(
            f"The document of {state.scope}:{state.name} is made of the graph, or there can be none"
        )
    if document is None:
        return _deleted(state, request)
    kind = stac_type(document)
    if kind == "catalog":
        raise NotDoneHere("Catalogues that are no collections are made of the graph here")
    if kind is None or state.kind not in ("expected", kind):
        raise FieldNotValid(
            "this is no STAC item or collection, or no longer of its own kind",
            where="/type",
            remedy='It has "stac_version", and "type" Feature for an item, else Collection',
        )
    if document.get("id") != state.name:
        raise FieldNotValid(
            f"its id is {str(document.get('id'))[:200]!r}, the data identifier's name is "
            f"{state.name!r}",
            where="/id",
            remedy="They are the same",
        )
    after = (DidChange("forget", *state.pair),) if state.kind == "expected" else ()
    for parent in state.parents if state.kind == "expected" else ():
        document = _below(document, kind, near.get(parent), parent, state.name)
    collection = state.name if kind == "collection" else document.get("collection", LOOSE)
    if not isinstance(collection, str) or not collection:
        raise FieldNotValid("it is no id", where="/collection", remedy="Name a collection")
    where = scopes.of(Node("collection", collection))
    if where != state.scope:
        raise FieldNotValid(
            f"the collection {collection[:80]!r} is in the scope {where}, not {state.scope}",
            where="/collection" if kind == "item" else "/id",
            remedy="Write it in that scope",
        )
    data, tags = (orjson.dumps(document),), (tag_of(state.content),)
    if kind == "collection":
        action: Any = "replace" if state.content else "upsert"
        told = tags if state.content else ()
        if state.kind == "expected":
            action = "create"
        write = Write(action, state.name, data, state.name, whole=True, if_match=told, **request)
        return Plan((write,), (), after)
    if state.kind == "expected":
        return Plan((Write("create", collection, data, state.name, **request),), (), after)
    if collection == state.collection:
        return Plan(
            (Write("replace", collection, data, state.name, if_match=tags, **request),), (), after
        )
    gone = Write("delete", state.collection, (), state.name, if_match=tags, **request)
    return Plan((gone, Write("create", collection, data, state.name, **request)), (), after)


def _deleted(state: State, request: Mapping[str, Any]) -> Plan:
    if state.kind == "expected":
        return Plan()
    tags = (tag_of(state.content),)
    whole = state.kind == "collection"
    room = state.name if whole else state.collection
    write = Write("delete", room, (), state.name, whole=whole, if_match=tags, **request)
    ups = tuple(dict.fromkeys(up for up in state.parents))
    kept = DidChange("keep", *state.pair, parents=ups, account=str(request.get("agent", "")))
    return Plan((write,), (kept,), ())


def attached(child: State, parent: State) -> dict[str, Any] | None:
    """Return the document of what is attached to another; None: it is there already.

    Raises:
        NotDoneHere: it is about files.
        QueryNotValid: the graph tells it otherwise.
    """
    if parent.pair in child.parents:
        return None
    if child.kind in ("assets", "file") or parent.kind in ("assets", "file"):
        raise NotDoneHere("Files and data sets are those of an item's assets; no others are kept")
    if child.kind != "item" or child.document is None:
        raise QueryNotValid(f"{child.scope}:{child.name} has its place by what it is, and no other")
    if parent.kind == "expected":
        raise QueryNotValid(
            f"{parent.scope}:{parent.name} has no document yet. Write that first, then attach"
        )
    if parent.kind == "collection" and parent.name == child.collection:
        return None  # facets place it there
    if parent.kind == "collection" and child.collection != LOOSE:
        raise QueryNotValid(
            f"{child.name} is in the collection {child.collection}. Detach it there first"
        )
    return _below(child.document, "item", parent, parent.pair, child.name)


def _below(
    document: dict[str, Any], kind: str, parent: State | None, pair: Pair, name: str
) -> dict[str, Any]:
    """Return a document that tells that it is below another."""
    what = "nothing" if parent is None else parent.kind
    if kind == "collection" and what == "root":
        return document
    if kind == "item" and parent is not None:
        if what == "collection":
            told = document.get("collection", LOOSE)
            if told not in (LOOSE, parent.name):
                raise QueryNotValid(f"{name} names the collection {str(told)[:80]}, not {pair[1]}")
            return {**document, "collection": parent.name}
        if what == "item":
            return _made_from(document, parent, name)
        if what == "value":
            raise QueryNotValid(
                f"{name} is not below {pair[1]}: the graph tells the values of facets by what an "
                "item's document says, and says another"
            )
    raise QueryNotValid(f"{name} cannot be below {pair[0]}:{pair[1]} ({what}). Detach it there")


def _made_from(document: dict[str, Any], source: State, name: str) -> dict[str, Any]:
    links = document.get("links")
    links = links if isinstance(links, list) else []
    others = [one for one in links if _leads(one)]
    if any(_leads(one) == source.name for one in others[:1]):
        return document
    if others:
        raise QueryNotValid(
            f"{name} is derived from {_leads(others[0])[:200]}. Detach it there first"
        )
    link = {"rel": SOURCE, "type": "application/geo+json", "href": source.address}
    value = {**document, "links": [*links, link]}
    collection = str(document.get("collection", LOOSE))
    product = is_dafab(Element("", value, "item")) and is_derived(
        Identity("item", "-", collection, name)
    )
    if not product or _leads(link) != source.name:
        raise QueryNotValid(
            f"{name} is no derived product of DaFab: the graph takes sources of those alone"
        )
    return value


def _leads(link: Any) -> str:
    """Return the name of the source that a link leads to, "" if it is another link."""
    if not isinstance(link, dict) or link.get("rel") != SOURCE:
        return ""
    path = str(link.get("href")).partition("?")[0].partition("#")[0].rstrip("/")
    return decode(path.rpartition("/")[2]).removesuffix(".json").removesuffix(".SAFE")


def detached(child: State, parent: State) -> dict[str, Any]:
    """Return the document of what is taken away from another.

    Raises:
        ThingNotFound: it is not below it.
        NotDoneHere: it is about files.
        QueryNotValid: the graph tells it by more than a document's link or collection.
    """
    home = child.kind == "item" and parent.kind == "collection"
    if parent.pair not in child.parents and not (home and parent.name == child.collection):
        raise ThingNotFound(f"{child.name} is not below {parent.scope}:{parent.name}")
    if child.kind == "assets":
        raise NotDoneHere("The data set of an item's assets is below the item, as long as that is")
    document = child.document
    if child.kind == "item" and document is not None and parent.kind == "collection":
        return {name: value for name, value in document.items() if name != "collection"}
    if child.kind == "item" and document is not None and parent.kind == "item":
        kept = [one for one in document["links"] if _leads(one) != parent.name]
        if len(kept) < len(document["links"]) and not child.name.startswith(f"{parent.name}_"):
            return {**document, "links": kept}
        raise QueryNotValid(f"The name of {child.name} tells that it is made from {parent.name}")
    raise QueryNotValid(
        f"{child.name} is below {parent.name} by what it is: the graph tells so, no attachment"
    )


def with_document(state: State, document: dict[str, Any] | None) -> State:
    """Return a state as if the document were written: for the next change of the request."""
    return replace(state, document=document)


def joined(plans: Sequence[Plan]) -> Plan:
    """Return several plans as one whole."""
    return Plan(
        tuple(one for plan in plans for one in plan.writes),
        tuple(one for plan in plans for one in plan.before),
        tuple(one for plan in plans for one in plan.after),
    )
