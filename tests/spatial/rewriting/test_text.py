"""What is inserted leaves a query one that the engine takes, whatever its form."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, cast

import pytest

from dafab_kg.spatial.lookup import Found, Kind, Lookup, Wanted
from dafab_kg.spatial.rewriting import rewrite as module
from dafab_kg.spatial.rewriting.rewrite import plans
from dafab_kg.store.oxigraph import OxigraphStore
from dafab_kg.store.protocol import Solutions

KINDS: dict[str, Kind] = {"http://e/c": "number"}
DATA = "".join(
    f"<http://e/{n}> <http://e/c> {n} ; a <http://e/T> .\n".replace(
        f" {n} ;", f' "{n}"^^<http://www.w3.org/2001/XMLSchema#integer> .\n<http://e/{n}>'
    ).replace(" a ", " <http://www.w3.org/1999/02/22-rdf-syntax-ns#type> ")
    for n in range(20)
)


class Everything:
    """An index that finds all there is, which is never too few."""

    def find(self, wanted: Wanted, *, most: int | None = None) -> Found:
        return Found(range(20), exact=False)

    def estimate(self, wanted: Wanted) -> int:
        return 20

    def iris(self, rows: Sequence[int]) -> list[str]:
        return [f"http://e/{row}" for row in rows]


def rows(text: str) -> list[Any]:
    store = OxigraphStore()
    store.bulk_load(DATA)
    return sorted(cast(Solutions, store.query(text, default_graphs=[None])))


@pytest.mark.parametrize("few", [0, 900])
@pytest.mark.parametrize(
    "group",
    [
        "?x a :T ; :c ?c FILTER (?c < 9)",
        "?x a :T ; :c ?c ; . FILTER (?c < 9)",
        "?x a :T ; :c ?c ;; FILTER (?c < 9)",
        "?x a :T ; :c ?c . # a } comment\n FILTER (?c < 9)",
        "FILTER (?c < 9) ?x a :T ; :c ?c ; # a } comment\n",
        "?x a :T , :T ; :c ?c . OPTIONAL { ?x :d ?d } FILTER (?c < 9)",
        "#{\n?x :c ?c . ?x a :T FILTER (?c < 9) ?x :c ?c",
        "?x :c ?c FILTER (?c IN (0, 1, 2, 3, 4, 5, 6.0, 7e0, 8))",
        "?x :c ?c . VALUES ?c { 0 1 2 3 4 5 6 7 8 }",
        "?x :c ?c . VALUES ?y { 1 } . ?x a :T . FILTER (?c < 9) FILTER (?c<9)",
    ],
)
def test_dots_semicolons_and_comments(
    group: str, few: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "FEW", few)
    text = f"PREFIX : <http://e/> SELECT ?x ?c {{{group}}}"
    (told,) = plans(text, cast(Lookup, Everything()), KINDS)
    assert told.rewritten or group.startswith("FILTER"), told.reason
    assert len(rows(text)) == 9
    assert rows(told.text) == rows(text)


def test_query_near_the_bounds_is_not_refused_for_what_was_inserted() -> None:
    union = " UNION ".join(f"{{ ?x :c ?c FILTER (?c = {n}) }}" for n in range(98))
    text = f"PREFIX : <http://e/> SELECT ?x {{ {union} }}"
    (told,) = plans(text, cast(Lookup, Everything()), KINDS)
    assert len(rows(told.text)) == len(rows(text)) == 20


def test_long_texts_are_not_kept() -> None:
    before = module._analysed.cache_info().currsize
    text = f"PREFIX : <http://e/> SELECT ?x {{ ?x :c ?c FILTER (?c < 9) }} # {'x' * 50_000}"
    (told,) = plans(text, cast(Lookup, Everything()), KINDS)
    assert told.rewritten
    assert module._analysed.cache_info().currsize == before
