"""Which items fulfil a filter, by the columns of documents (:mod:`dafab_kg.search.columns`).

What a test says depends on the values at its places alone: it is asked of each different value
once (:func:`dafab_kg.search.exact.truth`), whatever the number of items.  Documents are read of
items that a column does not know yet, or whose values are not kept, and of those that are left
where a filter has tests that no column can tell.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from dafab_kg.search.columns import NOTHING, SHARED, UNKEPT, UNREAD, Columns
from dafab_kg.search.documents import Content, content_of, newest, value_at
from dafab_kg.search.entries import Entry
from dafab_kg.search.exact import MISSING, truth
from dafab_kg.search.library import Library, once
from dafab_kg.search.settled import tests_of
from dafab_kg.search.told import is_told
from dafab_kg.search.tree import (
    DATETIME,
    END,
    ITEM_TIME,
    START,
    And,
    Mentions,
    Node,
    Not,
    Or,
    Path,
    Related,
    Spatial,
    Temporal,
)

Value = dict[str, Any]
Judge = Callable[[Node, Sequence[Entry], Mapping[str, Value]], set[str]]
"""Tells the IRIs of items that fulfil a filter; some were read."""

MOST_PATHS: Final = 16
"""Most places of a filter that columns are made for."""

MOST_ROWS: Final = 200_000
"""Most items of a state whose rows are kept."""
_FALSE, _UNKNOWN, _TRUE = 0, 1, 2
"""In this order And is the least, Or the greatest, and Not is 2 less it."""
_TRUTHS: Final = {False: _FALSE, None: _UNKNOWN, True: _TRUE}
Truths = NDArray[np.int8]


@dataclass
class _Rows:
    """Of one state: the numbers of the rows of items by IRI, and what is in these rows."""

    columns: Columns
    numbers: dict[str, int]
    contents: dict[int, Content]


def right_by_columns(
    library: Library, node: Node, entries: Sequence[Entry], by_documents: Judge
) -> tuple[set[str], dict[str, Value]] | None:
    """Return the IRIs of the items that fulfil a filter, and those items that were read; None:
    no column tells anything of it."""
    parts = node.parts if isinstance(node, And) else (node,)
    told = tuple(part for part in parts if is_column(part))
    if not told:
        return None
    rest = tuple(part for part in parts if not is_column(part))
    paths = tuple(dict.fromkeys(path for part in told for path in _paths(part)))
    if len(paths) > MOST_PATHS:
        return None
    state = _state(library)
    numbers = np.array(_numbers(library, state, entries), np.int64)
    values = _read(library, state, paths, entries, numbers)
    codes = {path: state.columns.codes(path, numbers) for path in paths}
    unsure = numbers == NOTHING
    for some in codes.values():
        unsure |= some <= UNKEPT
    fulfils = _truths(state.columns, And(told), codes, len(entries)) == _TRUE
    right: set[str] = set()
    left = [entries[place] for place in np.flatnonzero(fulfils & ~unsure).tolist()]
    if rest:
        right |= by_documents(And(rest), left, values) if left else set()
    else:
        right |= {entry.iri for entry in left}
    if unsure.any():
        right |= by_documents(
            node, [entries[place] for place in np.flatnonzero(unsure).tolist()], values
        )
    return right, values


def is_column(node: Node) -> bool:
    """Tell whether a filter is one of values at places of an item's document alone."""
    for one in tests_of(node):
        if isinstance(one, Spatial | Mentions | Related) or is_told(one):
            return False
        if isinstance(one, Temporal) and not all(map(_is_property, _paths(one))):
            return False
    return True


def _is_property(path: Path) -> bool:
    return len(path) == 2 and path[0] == "properties" and isinstance(path[1], str)


def _paths(node: Node) -> Iterator[Path]:
    """Return the places whose values decide a filter."""
    for one in tests_of(node):
        if isinstance(one, Temporal):
            if one.path == ITEM_TIME:
                yield from (DATETIME, START, END)
            else:
                yield one.path
                yield one.until or one.path
        else:
            assert not isinstance(one, Mentions | Related | And | Or | Not)
            yield one.path


def _state(library: Library) -> _Rows:
    """Return the rows of this state of a catalogue."""
    columns = SHARED.columns()
    kept: list[_Rows] = once(library, "rows of columns", list)
    found = kept[0] if kept else None
    if found is None or found.columns is not columns or len(found.numbers) > MOST_ROWS:
        found = _Rows(columns, {}, {})
        kept[:] = [found]
    return found


def _numbers(library: Library, state: _Rows, entries: Sequence[Entry]) -> list[int]:
    """Return the rows of items, ``NOTHING`` of those that have no document."""
    new = [entry for entry in entries if entry.iri not in state.numbers]
    if new:
        documents = newest(library, (entry.iri for entry in new if not entry.is_bare))
        with_one = [entry for entry in new if entry.iri in documents]
        contents = [content_of(documents[entry.iri]) for entry in with_one]
        rows = zip(contents, (entry.collection for entry in with_one), strict=True)
        numbers = state.columns.numbers_of(rows)
        state.contents.update(zip(numbers, contents, strict=True))
        state.numbers.update((entry.iri, NOTHING) for entry in new if entry.iri not in documents)
        state.numbers.update(zip((entry.iri for entry in with_one), numbers, strict=True))
    return [state.numbers[entry.iri] for entry in entries]


def _read(
    library: Library,
    state: _Rows,
    paths: Sequence[Path],
    entries: Sequence[Entry],
    numbers: NDArray[Any],
) -> dict[str, Value]:
    """Read the items of which a column does not know what stands there."""
    state.columns.open(paths)
    unread = np.zeros(len(numbers), bool)
    for path in paths:
        unread |= state.columns.codes(path, numbers) == UNREAD
    values: dict[str, Value] = {}
    for place in np.flatnonzero(unread & (numbers != NOTHING)).tolist():
        entry, number = entries[place], int(numbers[place])
        value = {**value_at(library, state.contents[number]), "collection": entry.collection}
        state.columns.fill(number, value)
        values[entry.iri] = value
    return values


def _truths(columns: Columns, node: Node, codes: Mapping[Path, Any], number: int) -> Truths:
    """Return what a filter says of each item."""
    match node:
        case And(parts) | Or(parts):
            least = isinstance(node, And)
            found: Truths = np.full(number, _TRUE if least else _FALSE, np.int8)
            for part in parts:
                told = _truths(columns, part, codes, number)
                found = np.minimum(found, told) if least else np.maximum(found, told)
            return found
        case Not(part):
            turned: Truths = _TRUE - _truths(columns, part, codes, number)
            return turned
        case Temporal():
            return _of_times(columns, node, codes)
    assert not isinstance(node, Mentions | Related)
    different, places = np.unique(codes[node.path], return_inverse=True)
    test = replace(node, path=("value",))
    told = np.empty(len(different), np.int8)
    for place, code in enumerate(different.tolist()):
        value = columns.value(node.path, code)
        told[place] = _TRUTHS[truth(test, {} if value is MISSING else {"value": value})]
    result: Truths = told[places]
    return result


def _of_times(columns: Columns, node: Temporal, codes: Mapping[Path, Any]) -> Truths:
    """Return what a test of several places says."""
    paths = tuple(dict.fromkeys(_paths(node)))
    different, places = np.unique(
        np.stack([codes[path] for path in paths]), axis=1, return_inverse=True
    )
    told = np.empty(different.shape[1], np.int8)
    for place, some in enumerate(different.T.tolist()):
        held = {path[1]: columns.value(path, code) for path, code in zip(paths, some, strict=True)}
        item = {"properties": {k: v for k, v in held.items() if v is not MISSING}}
        told[place] = _TRUTHS[truth(node, item)]
    result: Truths = told[places.reshape(-1)]
    return result
