"""What to do where nothing is found: the condition to leave out, and names that are alike."""

from __future__ import annotations

import difflib
import time
from collections.abc import Iterator
from dataclasses import replace
from typing import Final, cast

from dafab_kg.catalogue import Catalogue
from dafab_kg.model.errors import DafabError
from dafab_kg.search.tree import Search
from dafab_kg.store.protocol import Literal, Solutions
from dafab_kg.web.search_form import Form, read_query

SECONDS: Final = 0.5
"""No hint is begun after this time."""
MOST_HINTS: Final = 8
MOST_NAMES: Final = 20_000
"""Names of places among which those that are alike are looked for."""
LONGEST_WORDS: Final = 60
_NAMES: Final = f"""PREFIX dafab: <https://w3id.org/dafab/ns#>
SELECT DISTINCT ?name {{ ?place dafab:toponym ?name }} LIMIT {MOST_NAMES}"""


def hints(catalogue: Catalogue, form: Form) -> list[tuple[str, str]]:
    """Return what to try, and the query string of it."""
    until = time.monotonic() + SECONDS
    found = []
    for hint in (*_places(catalogue, form), *_left_out(catalogue, form, until)):
        found.append(hint)
        if len(found) == MOST_HINTS:
            break
    return found


def _left_out(catalogue: Catalogue, form: Form, until: float) -> Iterator[tuple[str, str]]:
    """Tell how many there would be without each condition."""
    if len(form.chosen) < 2:
        return
    for one in form.chosen:
        if time.monotonic() > until:
            return
        query = form.lacking(one.name, one.value)
        number = _number(catalogue, read_query(query).search())
        if number:
            yield f"Without “{one.label}” there are {number}", query


def _number(catalogue: Catalogue, search: Search) -> str:
    try:
        found = catalogue.facets(replace(search, count=False), seconds=0)
        if found.total is not None:
            told = f"{found.total:,}" if found.total else ""
            return f"about {told}" if told and found.about else told
        return (
            "some" if catalogue.find_items(replace(search, limit=1, count=False), ".").items else ""
        )
    except DafabError:
        return ""


def _places(catalogue: Catalogue, form: Form) -> Iterator[tuple[str, str]]:
    """Tell names of places that are written nearly as the words, or as a chosen place."""
    asked = [("q", form.words), *(("place", one) for one in form.several.get("place", ()))]
    asked = [(name, value) for name, value in asked if value and len(value) <= LONGEST_WORDS]
    if not asked:
        return
    try:
        rows = cast(Solutions, catalogue.query(_NAMES))
        told = [row[0].value for row in rows if isinstance(row[0], Literal)]
    except DafabError:
        return
    names = {one.casefold(): one for one in told}
    for name, value in asked:
        for near in difflib.get_close_matches(value.casefold(), names, n=3, cutoff=0.75):
            if near != value.casefold():
                left = read_query(form.lacking(name, value))
                yield f"Is {names[near]} meant?", left.having("place", names[near])
