"""The order of a search's answer in SPARQL, and the place of a page in it.

A page goes on after the last row of the one before, by the values of its sort keys
(keyset paging): what is written meanwhile neither repeats rows nor leaves any out.
Rows without a value come last in both directions.
"""

from __future__ import annotations

import hashlib
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from functools import cache, cmp_to_key
from operator import itemgetter
from typing import Any, Final

from dafab_kg.loaders.stac import convert
from dafab_kg.loaders.stac.known import ITEM
from dafab_kg.model.errors import QueryNotValid
from dafab_kg.model.names import PREFIXES, is_iri, term
from dafab_kg.search.library import quoted
from dafab_kg.search.names import held
from dafab_kg.search.opaque import read_opaque, write_opaque
from dafab_kg.search.tree import Path, Search, Sort
from dafab_kg.store.protocol import Iri, Literal, Row, Term

XSD: Final = PREFIXES["xsd"]
NUMBERS: Final = frozenset({f"{XSD}decimal", f"{XSD}integer", f"{XSD}double", f"{XSD}float"})
DEFAULT: Final = (Sort(("properties", "datetime"), descending=True), Sort(("id",)))
OF_ENTRY: Final = frozenset({term("created"), term("updated")})
"""Terms whose value in an item is the catalogue entry's, not the product's."""
MOST_KEYS: Final = 8
_MANY: Final = (
    convert.texts,
    convert.instruments,
    convert.one_of_many,
    convert.tiles,
    convert.crs_code,
)
"""How values are read of which a product may have several."""

Place = tuple[Term | None, ...]
"""The values of a row's keys."""


@dataclass(frozen=True)
class Key:
    """One key: the variable that holds it, and for a property the term and its subject."""

    variable: str
    descending: bool = False
    term: str = ""
    subject: str = "product"

    @property
    def pattern(self) -> str:
        """The triple pattern that binds the variable."""
        return f"?{self.subject} <{self.term}> ?{self.variable} ."

    @property
    def expression(self) -> str:
        """What is compared; IRIs have no order of their own."""
        return f"STR(?{self.subject})" if self.variable == "item" else f"?{self.variable}"


def keys_of(sort: Sequence[Sort], *, bare: bool) -> tuple[Key, ...]:
    """Return the keys of an order, ties at the end.

    Raises:
        QueryNotValid: it names a property that there is no order by.
    """
    if len(sort) > MOST_KEYS:
        raise QueryNotValid(f"sortby names {len(sort)} properties; at most {MOST_KEYS} are taken")
    keys: list[Key] = []
    for number, one in enumerate(sort or DEFAULT):
        if one.path == ("id",):
            keys.append(Key("id", one.descending))
            break  # nothing after it can matter but the last tie
        found = sortables().get(one.path)
        if found is None:
            raise QueryNotValid(
                f"There is no order by {'.'.join(map(str, one.path))[:80]!r}. Sort by id "
                "or by a property that /stac/sortables lists"
            )
        subject = "item" if found in OF_ENTRY and not bare else "product"
        keys.append(Key(f"key{number}", one.descending, found, subject))
    if all(key.variable != "id" for key in keys):
        keys.append(Key("id"))
    return (*keys, Key("item", subject="product" if bare else "item"))


@cache
def sortables() -> dict[Path, str]:
    """The properties that there is an order by, with their terms: those of one plain value."""
    found: dict[Path, str] = {}
    for known in ITEM:
        for name in known.names if known.convert not in _MANY else ():
            path = ("properties", *name.split("/"))
            terms = held(path, PREFIXES["id"]) or ()
            if len(terms) == 1 and terms[0].kind != "thing":
                found[path] = terms[0].iri
    return found


def order_by(keys: Sequence[Key], *, given: bool) -> str:
    """Write ORDER BY; ``given``: the first key is bound in every row."""
    parts = []
    for number, key in enumerate(keys):
        if key.term and not (given and number == 0):
            parts.append(f"(!BOUND(?{key.variable}))")
        parts.append(f"{'DESC' if key.descending else 'ASC'}({key.expression})")
    return " ".join(parts)


def after(keys: Sequence[Key], place: Place, *, given: bool) -> str:
    """Write the condition that a row comes after ``place``."""
    (key, *others), (value, *values) = keys, place
    rest = after(others, tuple(values), given=False) if others else "false"
    name = key.expression
    if value is None:
        return f"(!BOUND({name}) && {rest})"
    shown = written(Literal(value.value) if isinstance(value, Iri) else value)
    sign = "<" if key.descending else ">"
    missing = f"!BOUND({name}) || " if key.term and not given else ""
    return f"({missing}{name} {sign} {shown} || ({name} = {shown} && {rest}))"


def written(value: Term) -> str:
    """Write a term as SPARQL does."""
    if isinstance(value, Iri):
        return f"<{value.value}>"
    assert isinstance(value, Literal)
    text = quoted(value.value)
    return text if value.datatype == f"{XSD}string" else f"{text}^^<{value.datatype}>"


def merged(keys: Sequence[Key], rows: Sequence[tuple[Place, Row]]) -> list[tuple[Place, Row]]:
    """Put rows in order: by the last key first, as sorting leaves equal ones as they are."""
    found = list(rows)
    for position, key in reversed(list(enumerate(keys))):
        having = [(_plain(one[0][position]), one) for one in found if one[0][position] is not None]
        having.sort(key=itemgetter(0), reverse=key.descending)
        lacking = [one for one in found if one[0][position] is None]
        found = [one for _, one in having] + lacking
    return found


def begin(keys: Sequence[Key], rows: Sequence[tuple[Place, Row]], place: Place | None) -> int:
    """Return how many rows, which are in order, come up to a place."""
    if place is None:
        return 0

    def compare(one: Place, other: Place) -> int:
        for key, left, right in zip(keys, one, other, strict=True):
            if left is None or right is None:
                found = (left is None) - (right is None)
            else:
                a, b = _plain(left), _plain(right)
                found = (a > b) - (a < b)
                found = -found if key.descending else found
            if found:
                return found
        return 0

    made = cmp_to_key(compare)
    return bisect_right(rows, made(place), key=lambda one: made(one[0]))


def _plain(value: Term | None) -> Any:
    assert value is not None
    if isinstance(value, Literal) and value.datatype in NUMBERS:
        return Decimal(value.value)
    if isinstance(value, Literal) and value.datatype == f"{XSD}dateTime":
        return _moment(value.value)
    return value.value


def _moment(text: str) -> tuple[datetime, str]:
    """A time with all its digits: datetime itself cuts them off after the sixth."""
    moment = datetime.fromisoformat(text)
    digits = text.partition(".")[2].rstrip("Z").split("+")[0].split("-")[0]
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)), digits[6:]


# cursors


def cursor(search: Search, place: Place) -> str:
    """Write where a page ends; it is good for the same search only."""
    values = [None if v is None else [v.value, getattr(v, "datatype", "")] for v in place]
    return write_opaque(_mark(search), values)


def place_of(search: Search, keys: Sequence[Key]) -> Place | None:
    """Read the cursor of a search; None if it has none.

    Raises:
        QueryNotValid: it is none of ours, or one of another search.
    """
    if search.after is None:
        return None
    try:
        mark, values = read_opaque(search.after)
        place = tuple(map(_term, values))
    except (ValueError, TypeError) as error:
        raise _strange() from error
    if mark != _mark(search) or len(place) != len(keys):
        raise QueryNotValid(
            "The token is of another search. Send it with the very parameters of the page before"
        )
    return place


def _term(value: Any) -> Term | None:
    if value is None:
        return None
    text, datatype = value
    if not isinstance(text, str) or not isinstance(datatype, str):
        raise TypeError(value)
    text.encode()  # a lone surrogate is no text
    if not datatype:
        if not is_iri(text):
            raise ValueError(text)
        return Iri(text)
    found = Literal(text, datatype)
    if datatype not in (*NUMBERS, f"{XSD}dateTime", f"{XSD}string"):
        raise ValueError(datatype)
    try:
        _plain(found)
    except InvalidOperation as error:
        raise ValueError(text) from error
    return found


def _mark(search: Search) -> str:
    told = replace(search, limit=0, after=None, count=False, include=(), exclude=(), inferred=False)
    return hashlib.sha256(repr(told).encode()).hexdigest()[:16]


def _strange() -> QueryNotValid:
    return QueryNotValid(
        "The token is none of this catalogue's. Follow the link `next` of the page before as it is"
    )
