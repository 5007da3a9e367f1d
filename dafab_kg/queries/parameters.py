"""Parameters of saved queries: declared in the comments at the head, marked in the text.

A line of the head declares one::

    # @param cloud number 0..100 [%]: Most cloud of the scene

the name, the kind, the bounds and the unit (both may be left out), and what it is.  In the
text the default, which is one term, is followed by a comment that names the parameter::

    FILTER (?cloud <= 1  #:cloud
    )

So the file is a query as it stands.  A value takes the place of the term, wherever it is: in
a filter, where the search index sees it, in ``LIMIT``, or in ``VALUES``, where the default
``UNDEF`` means any.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import Final, Literal, cast, get_args

from dafab_kg.model.errors import QueryNotValid
from dafab_kg.sparql.tokens import Token, tokenise

Kind = Literal["text", "integer", "number", "date", "days", "iri", "class", "place"]

DECLARED: Final = "@param "
_LINE: Final = re.compile(
    r"@param (?P<name>[a-z]\w*) (?P<kind>[a-z]+)"
    r"(?: (?P<least>-?[\d.]*\d)\.\.(?P<most>-?[\d.]*\d))?(?: \[(?P<unit>[^]]+)\])?: (?P<label>.+)"
)
_MARK: Final = re.compile(r"[ \t]*#:(\w+)")
_STRING: Final = re.compile(r"([\"'])(.*)\1", re.DOTALL)
_DURATION: Final = re.compile(r"P(\d+)D")


@dataclass(frozen=True)
class Parameter:
    """A parameter of a saved query.

    ``kind`` says how a value is written: ``text``; ``integer`` and ``number`` (with a decimal
    point) from ``least`` to ``most``; ``date`` (``2022-09-01``, or a time in UTC or with its
    offset); ``days``, a number of them; ``iri`` and ``class``, whole or with a prefix
    (``dafab:Product``); ``place``, WKT or a box ``west,south,east,north`` in degrees.
    ``default`` is written so, "" where it is any.  ``unit`` is for people.
    """

    name: str
    kind: Kind
    label: str
    default: str
    unit: str = ""
    least: Decimal | None = None
    most: Decimal | None = None


@dataclass(frozen=True)
class Mark:
    """A place of a text that holds a parameter's value: one term, from ``start`` to ``end``."""

    name: str
    start: int
    end: int
    tokens: tuple[Token, ...]


def parameters_of(declared: Iterable[str], text: str) -> tuple[Parameter, ...]:
    """Return the parameters that lines of a head declare, with their defaults from the text.

    Raises:
        QueryNotValid: a line is none, or a parameter is declared and not marked or the
            other way round, or several places have several defaults.
    """
    found = marks(text)
    made = []
    for line in declared:
        match = _LINE.fullmatch(line)
        if match is None or match["kind"] not in get_args(Kind):
            raise QueryNotValid(
                f"{line[:200]!r} declares no parameter. Write: # @param NAME KIND LEAST..MOST "
                f"[UNIT]: LABEL; the kinds are {', '.join(get_args(Kind))}"
            )
        kind = cast(Kind, match["kind"])
        defaults = {_written(mark.tokens, kind) for mark in found if mark.name == match["name"]}
        if len(defaults) != 1:
            raise QueryNotValid(
                f"The parameter {match['name']} has {len(defaults)} defaults; it needs one. Write "
                f"#:{match['name']} after the same term in each place"
            )
        least, most = (Decimal(match[name]) if match[name] else None for name in ("least", "most"))
        made.append(
            Parameter(
                match["name"],
                kind,
                match["label"],
                defaults.pop(),
                match["unit"] or "",
                least,
                most,
            )
        )
    for name in {mark.name for mark in found} - {parameter.name for parameter in made}:
        raise QueryNotValid(f"#:{name} marks a parameter that no line # @param {name} declares")
    return tuple(made)


def marks(text: str) -> list[Mark]:
    """Return the places that comments ``#:name`` mark, in their order.

    Raises:
        QueryNotValid: one follows no term.
    """
    tokens = tokenise(text)
    found = []
    for at, token in enumerate(tokens):
        gap = text[token.end : tokens[at + 1].start if at + 1 < len(tokens) else len(text)]
        match = _MARK.match(gap)
        if match is not None:
            if token.kind not in ("iri", "name", "string", "language", "number", "word"):
                raise QueryNotValid(f"#:{match[1]} must follow a term, not {token.text[:20]!r}")
            begin = at
            if token.kind == "language":
                begin = at - 1
            elif at > 1 and tokens[at - 1].text == "^^":
                begin = at - 2
            term = tuple(tokens[begin : at + 1])
            found.append(Mark(match[1], term[0].start, token.end, term))
    return found


def _written(tokens: tuple[Token, ...], kind: Kind) -> str:
    """Return a default as a person would write it."""
    first = tokens[0]
    text = first.text
    if first.kind == "word":
        return "" if text.upper() == "UNDEF" else text
    if first.kind == "iri":
        return text[1:-1]
    if first.kind == "name":
        return text
    if first.kind == "string":
        inside = _STRING.fullmatch(text)
        value = inside[2] if inside else text
        if kind == "days":
            days = _DURATION.fullmatch(value)
            return days[1] if days else value
        return value.removesuffix("T00:00:00Z") if kind == "date" else value
    return text
