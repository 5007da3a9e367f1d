"""Metadata as Rucio asks for it and writes it: by name and value, one or many at a time.

Writes end in the same ingest as every document: the properties of an item are its document's.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from itertools import islice
from typing import Any, Final, TypeVar

import orjson
from flask import Blueprint, Response, request

from dafab_kg.catalogue import Catalogue
from dafab_kg.catalogue.identifying import Plan, joined, written
from dafab_kg.dids.finding import Pair
from dafab_kg.dids.listing import Asked
from dafab_kg.dids.metadata import with_values, without
from dafab_kg.dids.names import Did, Scopes
from dafab_kg.dids.states import State
from dafab_kg.model.errors import (
    DocumentRejected,
    ItemNotWritable,
    NotDoneHere,
    PathNotFound,
    PathNotValid,
    ThingNotFound,
)
from dafab_kg.model.settings import Settings
from dafab_kg.search.pages import MOST_ITEMS
from dafab_kg.search.rucio_filter import RucioFilter
from dafab_kg.web.described import Operation, Parameter, described
from dafab_kg.web.gate import require
from dafab_kg.web.rucio_answers import (
    OBJECT,
    STREAM,
    Refused,
    answer,
    no_did,
    not_understood,
    stream,
    unsupported,
)
from dafab_kg.web.rucio_dids import named, told
from dafab_kg.web.rucio_requests import body_of, flag_of, names_in_path, pairs_of
from dafab_kg.web.rucio_writes import told_of, until_done
from dafab_kg.web.stac_writes import on_behalf

PAGE: Final = MOST_ITEMS - 1
"""Data identifiers that are found at a time; whether there are more is told by one more."""

T = TypeVar("T")
Changing = Callable[[dict[str, Any]], dict[str, Any]]
"""From the document of an item to another."""


def find_all(
    catalogue: Catalogue, scope: str, asked: RucioFilter, most: int | None = None
) -> Iterator[Did]:
    """Yield the data identifiers of a scope that fulfil a filter, containers before files.

    Raises:
        ThingNotFound: there is no such scope.
        QueryNotValid: the filter cannot be answered.
        Refused: it finds nothing, and names a key that means nothing here.
    """

    def ask(one: Asked) -> tuple[Sequence[Did], str | None]:
        page = catalogue.find_dids(one)
        return page.dids, page.cursor

    return _found(catalogue, scope, asked, most, ask)


def _check_keys(catalogue: Catalogue, asked: RucioFilter) -> None:
    keys = tuple(dict.fromkeys(one.key for group in asked.groups for one in group))
    for key, near in catalogue.unknown_did_keys(keys).items():
        meant = f" Did you mean {' or '.join(near)}?" if near else ""
        # as Rucio does with keys that no plugin of its manages
        raise Refused(
            400,
            "InvalidMetadata",
            f"There is no metadata key {key[:80]!r} here: neither the vocabulary nor any item has "
            f"it.{meant}",
        )


def find_names(catalogue: Catalogue, scope: str, asked: RucioFilter, most: int) -> Iterator[str]:
    """Yield the names of what :func:`find_all` finds.

    Raises: as :func:`find_all`.
    """

    def ask(one: Asked) -> tuple[Sequence[str], str | None]:
        page = catalogue.find_did_names(one)
        return page.names, page.cursor

    return _found(catalogue, scope, asked, most, ask)


def _found(
    catalogue: Catalogue,
    scope: str,
    asked: RucioFilter,
    most: int | None,
    ask: Callable[[Asked], tuple[Sequence[T], str | None]],
) -> Iterator[T]:
    """Yield what all pages list; where that is nothing, the keys have to mean something."""
    found = islice(_paged(ask, Asked(scope, asked, limit=min(most or PAGE, PAGE))), most)
    first = next(found, None)
    if first is None:
        _check_keys(catalogue, asked)
        return
    yield first
    yield from found


def _paged(ask: Callable[[Asked], tuple[Sequence[T], str | None]], asked: Asked) -> Iterator[T]:
    while True:
        listed, cursor = ask(asked)
        yield from listed
        if cursor is None:
            return
        asked = replace(asked, cursor=cursor)


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


# the requests of Rucio's clients


def add_metadata(face: Blueprint, catalogue: Catalogue, settings: Settings) -> None:
    """Add what Rucio's clients ask of metadata to the face."""

    @face.get("/dids/<scope>/<path:name>/meta")
    @described(GET=_operation("The metadata of a data identifier", 200, _PLUGIN, reads=True))
    def meta(scope: str, name: str) -> Response:
        pair = names_in_path("/dids/")
        columns, own = _wanted(request.args.get("plugin", "DID_COLUMN"))
        found: dict[str, Any] = {}
        if columns:
            did = told(catalogue.did(*pair))
            found = {**did, "did_type": did["type"]}
        return answer({**found, **catalogue.did_metadata([pair]).get(pair, {})} if own else found)

    @face.post("/dids/<scope>/<path:name>/meta")
    @described(POST=_operation("Set metadata of a data identifier", 201))
    def set_several(scope: str, name: str) -> Response:
        return _set([(names_in_path("/dids/"), body_of().get("meta"))])

    @face.post("/dids/<scope>/<path:name>/meta/<key>")
    @described(POST=_operation("Set one key of the metadata of a data identifier", 201))
    def set_one(scope: str, name: str, key: str) -> Response:
        if "value" not in body_of():
            raise not_understood("The body has no value")
        return _set([(names_in_path("/dids/"), {key: body_of()["value"]})])

    @face.delete("/dids/<scope>/<path:name>/meta")
    @described(DELETE=_operation("Delete a key of the metadata", 200, _KEY))
    def delete(scope: str, name: str) -> Response:
        require("write")
        key = request.args.get("key", "")
        with _refusing():
            delete_value(catalogue, settings, names_in_path("/dids/"), key)
        return answer({})

    @face.post("/dids/bulkmeta")
    @described(POST=_operation("Metadata of data identifiers", 200, stream=True, reads=True))
    def several() -> Response:
        body = body_of()
        if flag_of(body, "inherit"):
            raise unsupported("Metadata are not inherited here; dids/bulkmetadoc has ancestors")
        columns, own = _wanted(body.get("plugin") or "DID_COLUMN")
        pairs = pairs_of(body.get("dids"))
        known = catalogue.did_metadata(pairs)

        def line(pair: Pair) -> bytes:
            found = named(catalogue.did(*pair))
            if columns:
                found = told(catalogue.did(*pair))
                found["did_type"] = found["type"]
            return orjson.dumps({**known[pair], **found} if own else found)

        return stream(line(pair) for pair in dict.fromkeys(pairs) if pair in known)

    @face.post("/dids/bulkdidsmeta")
    @described(POST=_operation("Set metadata of data identifiers", 201))
    def set_many() -> Response:
        sent = body_of().get("dids")
        pairs = pairs_of(sent)
        assert isinstance(sent, list)  # pairs_of has seen to it
        return _set([(pair, one.get("meta")) for pair, one in zip(pairs, sent, strict=True)])

    def _set(changes: list[tuple[Pair, Any]]) -> Response:
        require("write")
        if flag_of(body_of(), "recursive"):
            raise unsupported("Metadata are not set recursively here")
        if not all(isinstance(values, dict) for _, values in changes):
            raise not_understood("meta is an object of keys and values")
        with _refusing():
            set_values(catalogue, settings, changes)
        return answer("Created", 201)


_PLUGIN: Final = Parameter("plugin", "DID_COLUMN, DAFAB_KG or ALL.")
_KEY: Final = Parameter("key", "The key.")
_TOKEN: Final = Parameter("X-Rucio-Auth-Token", "A token of a session.", place="header")


def _operation(
    summary: str, status: int, *more: Parameter, stream: bool = False, reads: bool = False
) -> Operation:
    kind = STREAM if stream else OBJECT
    problems = (400, 401, 404) if reads else (400, 401, 403, 404, 409, 503)
    bodies = {} if more else {OBJECT: {"type": "object"}}
    return Operation(
        summary, {status: (kind,)}, problems, (_TOKEN, *more), bodies, errors=(OBJECT,)
    )


def _wanted(plugin: Any) -> tuple[bool, bool]:
    """Tell whether the fields of a data identifier are asked for, and whether its metadata."""
    name = plugin.upper() if isinstance(plugin, str) else ""
    if name not in ("DID_COLUMN", "ALL", "DAFAB_KG", "JSON"):
        told = (
            f"Metadata plugin {str(plugin)[:80]!r} is not here; there are DAFAB_KG and DID_COLUMN"
        )
        raise Refused(400, "UnsupportedMetadataPlugin", told)
    return name in ("DID_COLUMN", "ALL"), name != "DID_COLUMN"


@contextmanager
def _refusing() -> Iterator[None]:
    """Tell what cannot be written as Rucio does."""
    try:
        yield
    except ThingNotFound as error:
        raise no_did(str(error)) from error
    except PathNotFound as error:
        raise Refused(404, "KeyNotFound", str(error)) from error
    except (PathNotValid, NotDoneHere) as error:
        raise Refused(400, "InvalidMetadata", str(error)) from error
    except DocumentRejected as error:
        raise told_of(error) from error
