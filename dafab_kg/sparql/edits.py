"""Changing a text by the places that the parser gives; all else stays byte for byte."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache, wraps
from typing import TYPE_CHECKING, Concatenate, Final, ParamSpec, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

MOST_KEPT: Final = 20_000
"""Longest text that something is remembered of: what is remembered has a bound in all."""

_More = ParamSpec("_More")
_Made = TypeVar("_Made")


@dataclass(frozen=True)
class Edit:
    """Characters ``start`` to ``end`` of a text become ``text``."""

    start: int
    end: int
    text: str


def edited(source: str, edits: Iterable[Edit]) -> str:
    """Return ``source`` with edits done, none of which overlap."""
    parts, at = [], 0
    for edit in sorted(edits, key=lambda edit: edit.start):
        parts += [source[at : edit.start], edit.text]
        at = edit.end
    return "".join((*parts, source[at:]))


def remembered(
    most: int,
) -> Callable[[Callable[Concatenate[str, _More], _Made]], Callable[Concatenate[str, _More], _Made]]:
    """Remember what a function makes of the last ``most`` texts; of long ones, nothing."""

    def decorate(
        function: Callable[Concatenate[str, _More], _Made],
    ) -> Callable[Concatenate[str, _More], _Made]:
        kept = lru_cache(maxsize=most)(function)

        @wraps(function)
        def call(text: str, /, *more: _More.args, **options: _More.kwargs) -> _Made:
            chosen = kept if len(text) <= MOST_KEPT else function
            return chosen(text, *more, **options)  # type: ignore[arg-type]

        call.cache_info = kept.cache_info  # type: ignore[attr-defined]
        return call

    return decorate
