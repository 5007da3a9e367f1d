"""From a query's text to one that begins with candidates of the index."""

from __future__ import annotations

import math
import re
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final

from dafab_kg.model.errors import NotAnalysed, QueryNotValid
from dafab_kg.sparql.edits import Edit, edited, remembered
from dafab_kg.sparql.parse import parse_query
from dafab_kg.spatial.lookup import Found, Interval, Kind, Lookup, Nearby, Rows, Within
from dafab_kg.spatial.rewriting.constraints import Join, Later, Span
from dafab_kg.spatial.rewriting.recognise import Analysis, Spot, Wish, analyse
from dafab_kg.spatial.rewriting.whole import Counted, Ordered
from dafab_kg.store.bounds import refuse_intricate

FEW: Final = 900
"""Candidates up to which VALUES alone decides the order of the engine: from about 1,000 on
it would begin with the type pattern; then LATERAL makes it go by candidates."""
MOST: Final = 100_000
"""Candidates beyond which the engine is left to itself."""
MOST_OPTIONAL: Final = 100
"""Candidates within OPTIONAL beyond which the engine is left to itself."""
MOST_SPOTS: Final = 32
"""Groups of one query that are looked up; the others are left to the engine."""
ENOUGH: Final = 100
"""Candidates that are few enough to look no further for fewer."""
MOST_TOLD: Final = 1_000
"""Candidates whose times are compared, to look for what is before or after them."""
LONGEST_TOLD: Final = 20_000
"""Characters of a text that an explanation shows; of a longer one the candidates are left out."""
NOTHING: Final = "nothing in it can be looked up"
WIDENINGS: Final = (1, 8, 64)
"""How many times as many things as rows are asked for are tried, one after the other: mostly
each thing gives a row."""

SPARE: Final = 8
"""More things than that: a page that goes on after a row looks up that row, and ties with it."""

_LISTED: Final = re.compile(r"\{ [<(][^}]*\}")
_UNSAFE: Final = re.compile(r"[\x00-\x20<>\"{}|^`\\]")


@dataclass(frozen=True)
class Injection:
    """Candidates for a variable of one group, or for two at once."""

    variable: str
    recognised: tuple[str, ...]
    candidates: int | None
    """None: more than are ever used."""
    used: bool

    def plain(self) -> dict[str, Any]:
        """As plain values, for JSON."""
        return {
            "variable": self.variable,
            "recognised": list(self.recognised),
            "found": self.candidates if self.candidates is not None else "too many",
            "used": self.used,
        }


@dataclass
class Plan:
    """What became of a query: the text that the engine gets, and why.

    ``enough``: the answer of ``text`` is right if it has so many rows; else the next plan is
    to be tried.  None: it is right.  ``outline`` is the text without the candidates.
    """

    text: str
    rewritten: bool = False
    reason: str = ""
    injections: list[Injection] = field(default_factory=list)
    milliseconds: dict[str, float] = field(default_factory=dict)
    enough: int | None = None
    outline: str | None = None

    def plain(self) -> dict[str, Any]:
        """As plain values, for JSON."""
        return {
            "rewritten": self.rewritten,
            "reason": self.reason,
            "candidates": [one.plain() for one in self.injections],
            "milliseconds": {name: round(took, 3) for name, took in self.milliseconds.items()},
            "text": self.text if len(self.text) <= LONGEST_TOLD else self.outline,
        }


@remembered(512)
def _analysed(text: str, base: str | None, kinds: tuple[tuple[str, Kind], ...]) -> Analysis | str:
    try:
        return analyse(parse_query(text, base=base), text, dict(kinds))
    except NotAnalysed as error:
        return f"it was not analysed: {error}"


def plans(
    text: str,
    lookup: Lookup,
    kinds: Mapping[str, Kind],
    *,
    base: str | None = None,
    merged: bool = True,
) -> Iterator[Plan]:
    """Yield what to ask the engine instead of ``text``, until an answer is right.

    The answer is that of ``text``; where nothing is recognised, it is ``text`` itself.
    ``merged``: the default graph is the one that the index reflects, not a part of it.
    """
    began = time.perf_counter()
    found = _analysed(text, base, tuple(kinds.items()))
    took = (time.perf_counter() - began) * 1e3
    for widening in (*WIDENINGS, 0):
        plan = Plan(text, milliseconds={"analyse": took})
        if isinstance(found, str) or not found.spots:
            plan.reason = found if isinstance(found, str) else NOTHING
        else:
            _look_up(found, lookup, plan, widening, merged)
        yield plan
        if plan.enough is None:
            return
        took = 0.0


def _look_up(found: Analysis, lookup: Lookup, plan: Plan, widening: int, merged: bool) -> None:
    """Begin the groups of the plan's query with the candidates that the index has for them.

    ``widening``: of a query that asks for the first rows in an order, so many times as
    many things are looked up (see :attr:`Plan.enough`); 0: all candidates are.
    """
    text = plan.text
    began = time.perf_counter()
    if isinstance(found.whole, Counted):
        if merged and _count(found.whole, lookup, plan):
            plan.milliseconds["look up"] = (time.perf_counter() - began) * 1e3
            return
        edits: list[Edit] = []
        rest = found.spots
    else:
        edits = _first(found, lookup, plan, widening, merged) if widening else []
        rest = found.spots[1:] if edits else found.spots
    for spot in rest[:MOST_SPOTS]:
        edits += _edits(spot, lookup, plan, merged)
    plan.milliseconds["look up"] = (time.perf_counter() - began) * 1e3
    if not edits:
        plan.reason = (
            "there are too many candidates, or they cannot go before its patterns"
            if plan.injections
            else NOTHING
        )
        return
    # What is inserted counts as parts of the query: it must not pass the bounds by that.
    outline = edited(text, [Edit(e.start, e.end, _LISTED.sub("{ }", e.text)) for e in edits])
    try:
        refuse_intricate(outline)
    except QueryNotValid:
        plan.reason = "it would be too intricate with candidates"
        plan.enough = None
        return
    plan.text, plan.outline, plan.rewritten = edited(text, edits), outline, True


# the answer as a whole


def _count(counted: Counted, lookup: Lookup, plan: Plan) -> bool:
    """Count by the index alone, if it can."""
    if not all(map(lookup.single, counted.single)):
        return False
    anywhere = counted.wanted.place is None
    if counted.located and (counted.single or anywhere) and not lookup.singly_placed:
        return False
    count = lookup.count(counted.wanted)
    if count is None:
        return False
    plan.injections.append(Injection(counted.thing, counted.texts, count, True))
    plan.text = f"SELECT ?{counted.name} {{ VALUES ?{counted.name} {{ {count} }} }}"
    plan.rewritten = True
    return True


def _first(found: Analysis, lookup: Lookup, plan: Plan, widening: int, merged: bool) -> list[Edit]:
    """Begin the outermost group with the things that may be first."""
    first, spot = found.whole, found.spots[0]
    if first is None or isinstance(first, Counted):
        return []
    wish = next(wish for wish in spot.wishes if wish.variable == first.thing)
    count = first.need * widening + SPARE
    bound: list[Edit] = []
    if isinstance(first, Ordered):
        rows: Found | Nearby | None = lookup.top(
            wish.wanted, first.property, descending=first.descending, start=0, count=count
        )
    else:
        rows = lookup.nearest(wish.wanted, first.to, count=count, metres=first.metres)
        if rows is not None and not rows.sure and math.isfinite(rows.within):
            # rows that are further than some of other things must not fill the answer
            kept = f" FILTER (COALESCE(!({first.distance} > {float(rows.within)!r}), true)) "
            bound = [Edit(spot.end, spot.end, kept)]
    if rows is None or len(rows) > MOST:
        return []
    listed = _listed(lookup, rows.rows)
    plan.injections.append(
        Injection(first.thing, (*wish.texts, first.text), len(rows), listed is not None)
    )
    if listed is None:
        return []
    edits = _begin(spot, f"?{first.thing}", listed, len(rows))
    if edits:
        edits += _needless(spot, [(wish, rows)], merged)
    if edits and len(rows) >= count:
        plan.enough = first.enough
        edits += bound
    return edits


# candidates


def _edits(spot: Spot, lookup: Lookup, plan: Plan, merged: bool) -> list[Edit]:
    """What to insert into a group: the fewest candidates of what patterns connect."""
    wishes, found = _sharpened(spot, lookup)
    blocks = [
        block
        for join in spot.joins
        if not spot.optional and (block := _joined(join, wishes, lookup, plan))
    ]
    blocks = sorted(blocks, key=lambda block: block.size)[:1]
    done = {wishes[name].part for block in blocks for name in block.names}
    ordered = sorted(
        found,
        key=lambda name: _size(found[name]),
    )
    for name in ordered:
        wish, rows = wishes[name], found[name]
        listed = None
        usable = rows is not None and (len(rows) <= FEW or spot.run_end > 0)
        if rows is not None and usable and wish.part not in done:
            listed = _listed(lookup, rows.rows)
        plan.injections.append(
            Injection(name, wish.texts, None if rows is None else len(rows), listed is not None)
        )
        if listed is not None:
            blocks.append(_Block((name,), f"?{name}", listed, _size(rows)))
            done.add(wish.part)
    if not blocks:
        return []

    def needless(used: Sequence[_Block]) -> list[Edit]:
        single = [block.names[0] for block in used if len(block.names) == 1]
        return _needless(spot, [(wishes[name], found[name]) for name in single], merged)

    blocks.sort(key=lambda block: block.size)
    few = [block for block in blocks if block.size <= FEW]
    if not few:
        block = blocks[0]
        begun = _begin(spot, block.variables, block.listed, block.size)
        return [*begun, *needless([block])] if begun else []
    text = "".join(f" VALUES {block.variables} {{ {block.listed} }}" for block in few)
    return [Edit(spot.start, spot.start, f"{text} "), *needless(few)]


def _size(found: Found | None) -> int:
    return MOST + 1 if found is None else len(found)


def _needless(
    spot: Spot, used: Sequence[tuple[Wish, Found | Nearby | None]], merged: bool
) -> list[Edit]:
    """What is true of all that was found, and matches it once, is not asked again.

    Conditions on place may go wherever the geometry is; patterns only if the graph asked is
    the one that the index reflects.
    """
    edits: list[Edit] = []
    given: set[Span] = set()
    placed: set[Span] = set()
    for wish, found in used:
        if isinstance(found, Found) and found.exact:
            given |= wish.given
            if found.alone:
                placed |= wish.placed
                edits += [Edit(start, end, "(true)") for start, end in wish.compared]
    # all cannot go: what follows may be a semicolon
    kept = (
        [text for span, text in spot.run if span not in given | placed]
        or [text for span, text in spot.run if span not in given]
        or [text for _, text in spot.run[-1:]]
    )
    if merged and len(kept) < len(spot.run):
        start, end = spot.run[0][0][0], spot.run[-1][0][1]
        edits.append(Edit(start, end, " . ".join(kept)))
    return edits


@dataclass(frozen=True)
class _Block:
    """A VALUES block: its variables, by name and as written, and its rows."""

    names: tuple[str, ...]
    variables: str
    listed: str
    size: int


def _begin(spot: Spot, variables: str, listed: str, size: int) -> list[Edit]:
    values = f" VALUES {variables} {{ {listed} }}"
    if size <= FEW:
        return [Edit(spot.start, spot.start, f"{values} ")]
    if not spot.run_end:
        return []
    return [
        Edit(spot.start, spot.start, f"{values} LATERAL {{"),
        Edit(spot.run_end, spot.run_end, " }"),
    ]


def _sharpened(spot: Spot, lookup: Lookup) -> tuple[dict[str, Wish], dict[str, Found | None]]:
    """The wishes of a group, sharpened by times of each other, and what was found for them.

    The smallest are looked up first; where one of them finds few, nothing else is looked up
    of what patterns connect with it.
    """
    wishes = {wish.variable: wish for wish in spot.wishes}
    found: dict[str, Found | None] = {}
    enough: set[int] = set()

    def find(name: str) -> Found | None:
        most = MOST_OPTIONAL if spot.optional else MOST
        rows = found[name] = lookup.find(wishes[name].wanted, most=most)
        if rows is not None and len(rows) <= ENOUGH:
            enough.add(wishes[name].part)
        return rows

    waiting = [wish for wish in spot.wishes if wish.sharp]
    waiting.sort(key=lambda wish: lookup.estimate(wish.wanted))
    for wish in waiting:
        if wish.part in enough:
            continue
        rows = found[wish.variable] if wish.variable in found else find(wish.variable)
        if rows is None or len(rows) > MOST_TOLD:
            continue
        sharpened: dict[str, None] = {}
        for later in spot.later:
            if later.other != wish.variable:
                continue
            sharper = _sharper(wishes[later.thing], later, rows, lookup)
            if sharper is not None:
                wishes[later.thing] = sharper
                sharpened[later.thing] = None
        for name in sharpened:  # once: half an interval finds half of all
            find(name)
    return wishes, found


def _sharper(wish: Wish, later: Later, rows: Found, lookup: Lookup) -> Wish | None:
    """The wish of a thing whose time is compared with that of some things."""
    extent = lookup.extent(rows.rows, later.other_property)
    if extent is None:
        return None
    within = Within(later.property, _moved(extent, later.operator, later.micros))
    wanted = replace(wish.wanted, values=(*wish.wanted.values, within))
    text = f"?{later.thing} {later.operator} ?{later.other}"
    return Wish(later.thing, wanted, (*wish.texts, text), True, wish.part)


def _moved(extent: Interval, operator: str, micros: int) -> Interval:
    """Where a value must lie that compares so with one of the extent, moved."""
    assert extent.low is not None and extent.high is not None
    low = extent.low + micros if operator in (">", ">=", "=") else None
    high = extent.high + micros if operator in ("<", "<=", "=") else None
    return Interval(low, high)


def _joined(join: Join, wishes: Mapping[str, Wish], lookup: Lookup, plan: Plan) -> _Block | None:
    left, right = wishes[join.left], wishes[join.right]
    pairs = lookup.pairs(left.wanted, right.wanted, metres=join.metres, most=MOST)
    if pairs is None:
        return None
    one, two = (_brackets(lookup, rows) for rows in pairs)
    plan.injections.append(
        Injection(
            f"{join.left}, {join.right}",
            (*left.texts, *right.texts, join.text),
            len(pairs[0]),
            one is not None and two is not None,
        )
    )
    if one is None or two is None:
        return None
    listed = " ".join(f"({a} {b})" for a, b in zip(one, two, strict=True))
    variables = f"(?{join.left} ?{join.right})"
    return _Block((join.left, join.right), variables, listed, len(one))


def _listed(lookup: Lookup, rows: Rows) -> str | None:
    written = _brackets(lookup, rows)
    return None if written is None else " ".join(written)


def _brackets(lookup: Lookup, rows: Rows) -> Sequence[str] | None:
    """The IRIs of rows as SPARQL writes them; None where one cannot be written so."""
    iris = lookup.iris(rows)
    if _UNSAFE.search("".join(iris)) or not all(iris):
        return None
    return [f"<{iri}>" for iri in iris]
