"""What data identifiers are before a write: their documents, tags and places in the tree."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from dafab_kg.dids.expected import Expected, expected_did
from dafab_kg.dids.finding import Pair, found_of
from dafab_kg.dids.names import Did, Scopes
from dafab_kg.search.library import Library
from dafab_kg.search.lineage import documents_of, parents_of
from dafab_kg.search.links import address_of
from dafab_kg.search.stored import documents_of_collection, documents_of_items
from dafab_kg.store.documents import StoredDocument

Kind = Literal["root", "collection", "facet", "value", "item", "expected", "assets", "file"]


@dataclass(frozen=True)
class State:
    """``collection`` is that of an item; ``document`` what is shown, None if there is none.

    ``content`` is the digest of the delivered document, "" where the catalogue made it;
    ``parents`` what it is directly below; ``address`` where an item's document says it lies.
    """

    scope: str
    name: str
    kind: Kind
    collection: str = ""
    document: dict[str, Any] | None = None
    content: str = ""
    parents: tuple[Pair, ...] = ()
    address: str = ""
    account: str = ""

    @property
    def pair(self) -> Pair:
        """Scope and name."""
        return self.scope, self.name


def states_of(
    library: Library,
    scopes: Scopes,
    expected: Mapping[Pair, Expected],
    pairs: Sequence[Pair],
    root: str,
) -> dict[Pair, State]:
    """Return the states of those data identifiers that there are; links are below ``root``."""
    found = found_of(library, scopes, pairs)
    containers = [did for did in found.values() if did.type == "CONTAINER"]
    values = documents_of(library, (did.node for did in containers), root)
    above = parents_of(library, (did.node for did in containers))
    names = {(did.node.collection, did.name) for did in containers if did.node.kind == "item"}
    stored = documents_of_items(library, names)
    states: dict[Pair, State] = {}
    for pair in dict.fromkeys(pairs):
        did = found.get(pair)
        if did is None:
            states |= _expected(expected, pair)
        elif did.type != "CONTAINER":
            owner = did.scope, did.node.name
            states[pair] = State(*pair, "assets" if did.type == "DATASET" else "file", "", None)
            if did.type == "DATASET":
                states[pair] = State(*pair, "assets", parents=(owner,))
        else:
            ups = tuple((scopes.of(up), up.name) for up in above[did.node])
            states[pair] = _state(library, did, values[did.node], ups, stored, root)
    return states


def _state(
    library: Library,
    did: Did,
    value: dict[str, Any],
    ups: tuple[Pair, ...],
    stored: Mapping[Pair, Sequence[StoredDocument]],
    root: str,
) -> State:
    node = did.node
    documents: Sequence[StoredDocument] = ()
    address = ""
    if node.kind == "collection":
        documents = documents_of_collection(library, node.name)
    elif node.kind == "item":
        documents = stored.get((node.collection, node.name), ())
        address = _own(value) or address_of(root, node.collection, node.name)
    content = documents[0].content_hash if documents else ""
    return State(did.scope, did.name, node.kind, node.collection, value, content, ups, address)


def _own(value: Mapping[str, Any]) -> str:
    """Return the address that an item gives for itself, if that is one of the web."""
    links = value.get("links")
    for one in links if isinstance(links, list) else ():
        if isinstance(one, dict) and one.get("rel") == "self":
            href = one.get("href")
            if isinstance(href, str) and href.startswith(("https://", "http://")):
                return href
    return ""


def _expected(expected: Mapping[Pair, Expected], pair: Pair) -> dict[Pair, State]:
    did = expected_did(expected, pair)
    if did is None:
        return {}
    if did.type == "DATASET":
        return {pair: State(*pair, "assets", parents=((did.scope, did.node.name),))}
    one = expected[pair]
    return {pair: State(*pair, "expected", parents=one.parents, account=one.account)}
