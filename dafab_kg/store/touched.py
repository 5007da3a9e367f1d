"""Which things a change of the graph touches, for whoever keeps something beside the graph."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final, Protocol

_SUBJECT: Final = re.compile(r"^<([^>]*)>", re.MULTILINE)
_LINK: Final = re.compile(
    r"^<[^>]*> <http://www\.opengis\.net/ont/geosparql#has(?:Default)?Geometry> <([^>]*)>",
    re.MULTILINE,
)


class Observer(Protocol):
    """Is told of each change of the default graph or the inferred one before it is made."""

    def touch(self, things: Iterable[str]) -> None:
        """These things are about to be changed."""
        ...

    def touch_everything(self) -> None:
        """Anything may be about to change."""
        ...


class NoObserver:
    """Nobody keeps anything beside the graph."""

    def touch(self, things: Iterable[str]) -> None:
        """Take no note."""

    def touch_everything(self) -> None:
        """Take no note."""


def things_in(nquads: str) -> set[str]:
    """The things that N-Quads lines are about: subjects, and geometries that come or go."""
    found = set(_SUBJECT.findall(nquads))
    if "Geometry>" in nquads:
        found.update(_LINK.findall(nquads))
    return found
