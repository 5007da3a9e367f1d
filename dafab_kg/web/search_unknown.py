"""What a condition names that is not known here: a class, a place, a property, a kind of value."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any, Final, cast

from dafab_kg.catalogue import Catalogue
from dafab_kg.mapping.nquads import literal
from dafab_kg.model.errors import DafabError
from dafab_kg.search.cql2 import read_text
from dafab_kg.search.names import held, stac_names
from dafab_kg.search.settled import tests_of
from dafab_kg.search.told import CLASSES, QUERIES, class_names, known_class
from dafab_kg.search.tree import Among, Compare, Path
from dafab_kg.store.protocol import Solutions
from dafab_kg.web.search_form import TOLD, Form

SEASONS: Final = ("winter", "spring", "summer", "autumn")
MOST: Final = 5
_EXISTS: Final = """PREFIX dafab: <https://w3id.org/dafab/ns#>
SELECT ?thing {{ ?thing dafab:{} ?name . FILTER(STR(?name) = "{}") }} LIMIT 1"""
_HELD_BY: Final = {
    "place": ("toponym", "There is no place called “{}” here"),
    "basin": ("toponym", "There is no river basin called “{}” here"),
    "tile": ("mgrsTile", "Nothing here lies on a tile called “{}”"),
    "crop": ("cropName", "No field here has the crop “{}”"),
}
_STANDARD: Final = frozenset({"datetime", "start_datetime", "end_datetime", "created", "updated"})


def unknown(catalogue: Catalogue, form: Form) -> list[str]:
    """Return sentences that tell what of a search that finds nothing is not known here."""
    return [one for one, _ in zip(_unknown(catalogue, form), range(MOST), strict=False)]


def _unknown(catalogue: Catalogue, form: Form) -> Iterator[str]:
    for value in form.several.get("class", ()):
        if known_class(value) is None:
            yield f"The ontology has no class {value}.{_near(value, class_names())}"
    for value in form.several.get("season", ()):
        if value not in SEASONS:
            yield f"{value} is no season: {', '.join(SEASONS)} are."
    for name, (local, told) in _HELD_BY.items():
        for value in form.several.get(name, ()):
            if not _exists(catalogue, local, value):
                yield f"{told.format(value)}."
    if "filter" in form.one:
        yield from _in_filter(form.one["filter"], str(catalogue.names.base))


def _exists(catalogue: Catalogue, local: str, value: str) -> bool:
    try:
        rows = cast(Solutions, catalogue.query(_EXISTS.format(local, literal(value))))
        return any(True for _ in rows)
    except DafabError:
        return True  # it is not known


def _in_filter(text: str, base: str) -> Iterator[str]:
    names = {name for some in stac_names().values() for name in some}
    for node in tests_of(read_text(text)):
        path: Path = getattr(node, "path", ())
        if len(path) < 2 or path[0] != "properties":
            continue
        name = ".".join(str(step) for step in path[1:])
        if path == CLASSES or name in {*QUERIES, *TOLD.values()} | _STANDARD:
            continue
        terms = held(path, base)
        if terms == ():
            near = _near(name, names)
            yield f"{name} is no property that is described here: see /stac/queryables.{near}"
        elif terms and isinstance(node, Compare | Among):
            values = node.values if isinstance(node, Among) else (node.value,)
            wrong = next((one for one in values if not _fits(one, terms[0].kind)), None)
            if wrong is not None:
                kind = {"number": "a number", "text": "a text"}[terms[0].kind]
                yield f"{name} is {kind}, which {str(wrong)[:40]!r} is not."


def _fits(value: Any, kind: str) -> bool:
    if kind == "number":
        return not isinstance(value, str | bool | datetime)
    return kind != "text" or isinstance(value, str)


def _near(name: str, names: Iterable[str]) -> str:
    found = difflib.get_close_matches(name, list(names), n=1, cutoff=0.6)
    return f" Is {found[0]} meant?" if found else ""
