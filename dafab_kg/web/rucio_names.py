"""Names of data identifiers as the face of Rucio has them: those that a Rucio would take.

What comes is read to ids as it is met.  An id that is no such name means itself, and a request
that names one is answered with ids: the DaFab client compares them with what it sent.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Any

from flask import g

from dafab_kg.catalogue import Catalogue
from dafab_kg.model.did_names import decode_did_name, encode_did_name, is_did_name
from dafab_kg.search.rucio_text import Condition

Decoded = Callable[[str], str]
"""From a name of Rucio's to the id."""


def reader_of(catalogue: Catalogue) -> Decoded:
    """Return what reads names; of a name that was cut only the graph can tell the id."""

    def decoded(name: str) -> str:
        found = decode_did_name(name)
        return catalogue.ids_of_cut_names([name]).get(name, name) if found is None else found

    return decoded


def read_names_of(catalogue: Catalogue) -> None:
    """Have names of this request read by a catalogue."""
    g.rucio_ids = reader_of(catalogue)


def id_of(name: str) -> str:
    """Return the id that a name of this request stands for."""
    if not is_did_name(name):
        g.rucio_by_ids = True
    found: str = g.rucio_ids(name)
    return found


def name_of(name: str) -> str:
    """Return how a data identifier is called in the answer to this request."""
    return name if g.get("rucio_by_ids") else encode_did_name(name)


def renamed(
    groups: Iterable[Iterable[Condition]], decoded: Decoded
) -> tuple[tuple[Condition, ...], ...]:
    """Return groups in which conditions on names are such on the ids that they stand for."""
    return tuple(tuple(_renamed(one, decoded) for one in group) for group in groups)


def _renamed(one: Condition, decoded: Decoded) -> Condition:
    if one.key != "name" or one.value is None:
        return one
    if isinstance(one.value, str):
        return replace(one, value=decoded(one.value))
    return replace(one, value=tuple(map(decoded, one.value)))


def renamed_filter(value: Any, decoded: Decoded) -> Any:
    """Return the same for a filter in the DaFab client's language, as JSON.

    What is no such filter is left as it is; whoever reads it says so.
    """
    if not isinstance(value, dict):
        return value
    if isinstance(value.get("filters"), list):
        return {**value, "filters": [renamed_filter(one, decoded) for one in value["filters"]]}
    if value.get("on") != "did" or value.get("path") != ["name"]:
        return value
    given = value.get("value")
    if isinstance(given, str):
        return {**value, "value": decoded(given)}
    if isinstance(given, list):
        told = [decoded(one) if isinstance(one, str) else one for one in given]
        return {**value, "value": told}
    return value
