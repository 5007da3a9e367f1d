"""From a query's text to one that begins with candidates of the index."""

from __future__ import annotations

import re
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, Final

from dafab_kg.model.errors import NotAnalysed, QueryNotValid
from dafab_kg.sparql.parse import parse_query
from dafab_kg.spatial.lookup import Kind, Lookup
from dafab_kg.spatial.rewriting.recognise import Spot, Wish, spots
from dafab_kg.store.bounds import refuse_intricate

FEW: Final = 900
"""Candidates up to which VALUES alone decides the order of the engine: from about 1,000 on
it would begin with the type pattern; then LATERAL makes it go by candidates."""
MOST: Final = 10_000
"""Candidates beyond which the engine is left to itself."""
MOST_SPOTS: Final = 32
"""Groups of one query that are looked up; the others are left to the engine."""
MOST_KEPT: Final = 20_000
"""Longest text whose analysis is kept: what is kept has a bound in all."""

_LISTED: Final = re.compile(r"\{ <[^}]*\}")
_SAFE: Final = re.compile(r"[^\x00-\x20<>\"{}|^`\\]+")


@dataclass(frozen=True)
class Injection:
    """Candidates for one variable of one group."""

    variable: str
    recognised: tuple[str, ...]
    candidates: int | None
    """None: more than ``MOST``."""
    used: bool


@dataclass
class Explanation:
    """What became of a query: the text that the engine gets, and why."""

    text: str
    rewritten: bool = False
    reason: str = ""
    injections: list[Injection] = field(default_factory=list)
    milliseconds: dict[str, float] = field(default_factory=dict)

    def plain(self) -> dict[str, Any]:
        """As plain values, for JSON."""
        return {
            "rewritten": self.rewritten,
            "reason": self.reason,
            "candidates": [
                {
                    "variable": one.variable,
                    "recognised": list(one.recognised),
                    "found": one.candidates if one.candidates is not None else f"over {MOST}",
                    "used": one.used,
                }
                for one in self.injections
            ],
            "milliseconds": {name: round(took, 3) for name, took in self.milliseconds.items()},
            "text": self.text,
        }


def _analysed(
    text: str, base: str | None, kinds: tuple[tuple[str, Kind], ...]
) -> tuple[Spot, ...] | str:
    try:
        return spots(parse_query(text, base=base), text, dict(kinds))
    except NotAnalysed as error:
        return f"it was not analysed: {error}"


_kept = lru_cache(maxsize=512)(_analysed)


def rewrite(
    text: str, lookup: Lookup, kinds: Mapping[str, Kind], *, base: str | None = None
) -> Explanation:
    """Begin the groups of a query with the candidates that the index has for them.

    The answer is that of ``text``; where nothing is recognised, it is ``text`` itself.
    """
    told = Explanation(text)
    began = time.perf_counter()
    analyse = _kept if len(text) <= MOST_KEPT else _analysed
    found = analyse(text, base, tuple(kinds.items()))
    told.milliseconds["analyse"] = (time.perf_counter() - began) * 1e3
    if isinstance(found, str) or not found:
        told.reason = found if isinstance(found, str) else "nothing in it can be looked up"
        return told
    began = time.perf_counter()
    edits: list[tuple[int, str]] = []
    for spot in found[:MOST_SPOTS]:
        edits += _edits(spot, lookup, told)
    told.milliseconds["look up"] = (time.perf_counter() - began) * 1e3
    if not edits:
        told.reason = f"there are more than {MOST} candidates"
        return told
    # What is inserted counts as parts of the query: it must not pass the bounds by that.
    try:
        refuse_intricate(_inserted(text, [(at, _LISTED.sub("{ }", part)) for at, part in edits]))
    except QueryNotValid:
        told.reason = "it would be too intricate with candidates"
        return told
    told.text, told.rewritten = _inserted(text, edits), True
    return told


def _inserted(text: str, edits: list[tuple[int, str]]) -> str:
    parts, before = [], 0
    for place, inserted in sorted(edits):
        parts += [text[before:place], inserted]
        before = place
    return "".join((*parts, text[before:]))


def _edits(spot: Spot, lookup: Lookup, told: Explanation) -> list[tuple[int, str]]:
    """What to insert into a group: the fewest candidates, and others if they are few."""
    found: list[tuple[Wish, list[str] | None]] = []
    for wish in spot.wishes:
        rows = lookup.find(wish.wanted, most=MOST)
        iris = None if rows is None else lookup.iris(rows.rows)
        if iris is not None and not all(map(_SAFE.fullmatch, iris)):
            iris = None
        found.append((wish, iris))
    found.sort(key=lambda pair: MOST + 1 if pair[1] is None else len(pair[1]))
    values, wide = [], False
    for number, (wish, iris) in enumerate(found):
        use = iris is not None and (len(iris) <= FEW or (number == 0 and spot.run_end > 0))
        told.injections.append(
            Injection(wish.variable, wish.texts, None if iris is None else len(iris), use)
        )
        if use and iris is not None:
            wide |= len(iris) > FEW
            listed = " ".join(f"<{iri}>" for iri in iris)
            values.append(f" VALUES ?{wish.variable} {{ {listed} }}")
    if not values:
        return []
    if wide:
        return [(spot.start, f"{''.join(values)} LATERAL {{"), (spot.run_end, " }")]
    return [(spot.start, f"{''.join(values)} ")]
