"""Metadata as Rucio asks for it and writes it: by name and value, one or many at a time.

Writes end in the same ingest as every document: the properties of an item are its document's.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import islice
from typing import Any, Final

from dafab_kg.catalogue import Catalogue
from dafab_kg.catalogue.identifying import Plan, joined, written
from dafab_kg.dids.finding import Pair
from dafab_kg.dids.listing import Asked
from dafab_kg.dids.metadata import with_values, without
from dafab_kg.dids.names import Did, Scopes
from dafab_kg.dids.states import State
from dafab_kg.model.errors import DafabError, ItemNotWritable, NotDoneHere, ThingNotFound
from dafab_kg.model.settings import Settings
from dafab_kg.search.rucio_filter import RucioFilter
from dafab_kg.web.rucio_answers import Refused
from dafab_kg.web.rucio_writes import told_of, until_done
from dafab_kg.web.stac_writes import on_behalf

PAGE: Final = 1_000
"""Data identifiers that are found at a time."""

Changing = Callable[[dict[str, Any]], dict[str, Any]]
"""From the document of an item to another."""


def find_all(
    catalogue: Catalogue, scope: str, asked: RucioFilter, most: int | None = None
) -> Iterator[Did]:
    """Yield the data identifiers of a scope that fulfil a filter, containers before files.

    Raises:
        ThingNotFound: there is no such scope.
        QueryNotValid: the filter cannot be answered.
    """
    return islice(_pages(catalogue, scope, asked, min(most or PAGE, PAGE)), most)


def _pages(catalogue: Catalogue, scope: str, asked: RucioFilter, size: int) -> Iterator[Did]:
    cursor: str | None = None
    while True:
        page = catalogue.find_dids(Asked(scope, asked, cursor=cursor, limit=size))
        yield from page.dids
        cursor = page.cursor
        if cursor is None:
            return


def set_values(
    catalogue: Catalogue,
    settings: Settings,
    changes: Sequence[tuple[Pair, dict[str, Any]]],
) -> None:
    """Set metadata of items; all, or none.

    Raises:
        DafabError, Refused: it cannot be done.
    """
    base = catalogue.names.base

    def changing(values: dict[str, Any]) -> Changing:
        return lambda document: with_values(document, values, base)

    _change(catalogue, settings, [(pair, changing(values)) for pair, values in changes])


def delete_value(catalogue: Catalogue, settings: Settings, pair: Pair, key: str) -> None:
    """Delete one key of the metadata of an item.

    Raises:
        DafabError, Refused: it cannot be done.
    """
    _change(catalogue, settings, [(pair, lambda document: without(document, key))])


def _change(
    catalogue: Catalogue, settings: Settings, changes: Sequence[tuple[Pair, Changing]]
) -> None:
    told = on_behalf()
    scopes = Scopes(settings.did_scope, settings.did_scopes)

    def plan(states: dict[Pair, State]) -> Plan:
        plans, new = [], dict[Pair, dict[str, Any]]()
        for pair, changing in changes:
            document = new.get(pair) or _document(pair, states)
            new[pair] = changing(document)
        for pair, document in new.items():
            if document != states[pair].document:
                plans.append(written(states[pair], document, states, scopes, **told))
        size = sum(len(one) for made in plans for w in made.writes for one in w.objects)
        if size > settings.write_bytes:
            raise ItemNotWritable("The changed documents are too large together. Change fewer")
        return joined(plans) if plans else Plan()

    until_done(catalogue, [pair for pair, _ in changes], [plan])


def _document(pair: Pair, states: dict[Pair, State]) -> dict[str, Any]:
    """Return the document whose properties are the metadata.

    Raises:
        ThingNotFound: the graph does not know the data identifier.
        NotDoneHere: it has no metadata of its own.
    """
    named, state = f"{pair[0][:80]}:{pair[1][:300]}", states.get(pair)
    if state is None:
        raise ThingNotFound(
            f"The graph knows no data identifier {named}. Its metadata are those of an item: "
            "harvest or load its document first"
        )
    if state.kind == "expected":
        raise NotDoneHere(f"{named} has no document yet. Write that first")
    if state.kind != "item" or state.document is None:
        raise NotDoneHere(
            f"{named} has no metadata of its own here ({state.kind}); items have. What is told of "
            "a file stands in the document of its item"
        )
    return state.document


def refusal(error: DafabError | Refused) -> Refused:
    """Say how Rucio answers that metadata cannot be written."""
    return error if isinstance(error, Refused) else told_of(error)
