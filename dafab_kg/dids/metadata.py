"""Metadata of data identifiers, as Rucio has them: names and values.

Those of an item are its document's ``properties``; members of members go by names with ``__``
between them.  Those of a file are what its item tells of the asset.  Catalogues and data sets
have none.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from dafab_kg.dids.finding import Pair
from dafab_kg.dids.names import Did
from dafab_kg.model.errors import FieldNotValid, NotDoneHere, PathNotFound, PathNotValid
from dafab_kg.search.dafab_filter import DEEPEST
from dafab_kg.search.exact import moment
from dafab_kg.search.library import Library
from dafab_kg.search.lineage import documents_of
from dafab_kg.search.names import path_of, stac_names
from dafab_kg.search.rucio_filter import COMPUTED, FIELDS, kind_of
from dafab_kg.search.rucio_values import number

PROPERTIES: Final = "properties"
LONGEST_KEY: Final = 256
MOST_KEYS: Final = 256
BETWEEN: Final = "__"
"""Stands where the names of members would have a dot, which no key of Rucio's holds."""


def metadata_of(library: Library, found: Mapping[Pair, Did]) -> dict[Pair, Any]:
    """Return the metadata of data identifiers."""
    items = [did.node for did in found.values() if did.type == "CONTAINER" and did.node.entry]
    values = documents_of(library, items)
    told: dict[Pair, Any] = {}
    for pair, did in found.items():
        value = did.asset if did.type == "FILE" else values.get(did.node, {}).get(PROPERTIES)
        if did.type == "DATASET" or not isinstance(value, dict):
            value = {}
        told[pair] = value
    return told


def with_values(
    document: Mapping[str, Any], values: Mapping[str, Any], base: str
) -> dict[str, Any]:
    """Return the document of an item with other values of some keys.

    A text that stands for a number, where the property is declared to be one, becomes that.

    Raises:
        PathNotValid: a key cannot be written.
        FieldNotValid: a value is not what its key is declared to be.
        NotDoneHere: what a key names is told by the graph, or is not metadata.
    """
    if len(values) > MOST_KEYS:
        raise PathNotValid(f"There are {len(values)} keys; at most {MOST_KEYS} are taken")
    changed: Any = document
    for key, value in values.items():
        changed = _put(changed, _steps(key), key, _typed(key, value, base))
    return dict(changed)


def without(document: Mapping[str, Any], key: str) -> dict[str, Any]:
    """Return the document of an item without a key.

    Raises:
        PathNotValid, NotDoneHere: as :func:`with_values`.
        PathNotFound: it has none.
    """
    return dict(_taken(document, _steps(key), key))


def _steps(key: str) -> Sequence[str]:
    if not key or len(key) > LONGEST_KEY or not key.isprintable() or "." in key:
        raise PathNotValid(
            f"{key[:80]!r} is no key: it has 1 to {LONGEST_KEY} characters, no dot; members of "
            f"members are named with {BETWEEN}"
        )
    if key in COMPUTED or key in FIELDS:
        raise NotDoneHere(f"{key} is told by the graph. Write what it follows from")
    path = path_of(key.replace(BETWEEN, "."))
    if path[0] != PROPERTIES:
        raise NotDoneHere(
            f"{key} is no metadata of an item but the item itself. Write its document"
        )
    if len(path) > DEEPEST:
        raise PathNotValid(f"{key[:80]!r} names members more than {DEEPEST} deep")
    return tuple(str(one) for one in path)


def _typed(key: str, value: Any, base: str) -> Any:
    """Return a value as what its key is declared to be; a null is none of that, and may be.

    Raises:
        FieldNotValid: it is of another kind: nobody would find the fact any more.
    """
    kind = kind_of(path_of(key.replace(BETWEEN, ".")), base)
    if isinstance(value, list):
        return [_typed(key, one, base) for one in value]
    if kind == "number" and value is not None:
        found = number(value) if isinstance(value, str) else value
        if isinstance(found, bool) or not isinstance(found, int | float):
            raise _other_kind(key, value, "a number", "30, 12.5")
        return found
    if kind == "time" and value is not None and moment(value) is None:
        raise _other_kind(key, value, "a date and time", "2024-05-01T10:00:00Z (RFC 3339)")
    return value


def _other_kind(key: str, value: Any, kind: str, like: str) -> FieldNotValid:
    return FieldNotValid(
        f"{key} is {kind}, which {str(value)[:80]!r} is not", remedy=f"Write it as {like}"
    )


def _put(value: Any, steps: Sequence[str], key: str, new: Any) -> Any:
    if not isinstance(value, dict):
        raise PathNotValid(f"Nothing can be written at {key}: what holds it is no object")
    if len(steps) == 1:
        return {**value, steps[0]: new}
    return {**value, steps[0]: _put(value.get(steps[0], {}), steps[1:], key, new)}


def _taken(value: Any, steps: Sequence[str], key: str) -> Any:
    if not isinstance(value, dict) or steps[0] not in value:
        raise PathNotFound(f"There is no metadata {key} to delete")
    if len(steps) == 1:
        return {name: kept for name, kept in value.items() if name != steps[0]}
    return {**value, steps[0]: _taken(value[steps[0]], steps[1:], key)}


def managed() -> dict[str, list[str]]:
    """Return the keys that this catalogue manages: names, and beginnings of names.

    They are the names of the vocabulary, and all that begin as a STAC extension of it does.
    """
    names = {name for found in stac_names().values() for name in found if "/" not in name}
    keys = {name for name in names if "." not in name} | COMPUTED
    prefixes = {f"{name.partition(':')[0]}:" for name in keys if ":" in name} | {"dafab:"}
    return {"keys": sorted(keys), "prefixes": sorted(prefixes)}
