"""From a query's text to one that begins with candidates of the index."""

from __future__ import annotations

import re
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from dafab_kg.model.errors import NotAnalysed, QueryNotValid
from dafab_kg.sparql.edits import Edit, edited, remembered
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
class Plan:
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


@remembered(512)
def _analysed(
    text: str, base: str | None, kinds: tuple[tuple[str, Kind], ...]
) -> tuple[Spot, ...] | str:
    try:
        return spots(parse_query(text, base=base), text, dict(kinds))
    except NotAnalysed as error:
        return f"it was not analysed: {error}"


def rewrite(
    text: str, lookup: Lookup, kinds: Mapping[str, Kind], *, base: str | None = None
) -> Plan:
    """Begin the groups of a query with the candidates that the index has for them.

    The answer is that of ``text``; where nothing is recognised, it is ``text`` itself.
    """
    told = Plan(text)
    began = time.perf_counter()
    found = _analysed(text, base, tuple(kinds.items()))
    told.milliseconds["analyse"] = (time.perf_counter() - began) * 1e3
    if isinstance(found, str) or not found:
        told.reason = found if isinstance(found, str) else "nothing in it can be looked up"
        return told
    began = time.perf_counter()
    edits: list[Edit] = []
    for spot in found[:MOST_SPOTS]:
        edits += _edits(spot, lookup, told)
    told.milliseconds["look up"] = (time.perf_counter() - began) * 1e3
    if not edits:
        told.reason = f"there are more than {MOST} candidates"
        return told
    # What is inserted counts as parts of the query: it must not pass the bounds by that.
    try:
        short = (Edit(e.start, e.end, _LISTED.sub("{ }", e.text)) for e in edits)
        refuse_intricate(edited(text, short))
    except QueryNotValid:
        told.reason = "it would be too intricate with candidates"
        return told
    told.text, told.rewritten = edited(text, edits), True
    return told


def _edits(spot: Spot, lookup: Lookup, told: Plan) -> list[Edit]:
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
        return [
            Edit(spot.start, spot.start, f"{''.join(values)} LATERAL {{"),
            Edit(spot.run_end, spot.run_end, " }"),
        ]
    return [Edit(spot.start, spot.start, f"{''.join(values)} ")]
