"""Who keeps something beside the graph is told of its changes before they are made."""

from __future__ import annotations

from typing import Protocol


class Observer(Protocol):
    """Is told of each change of the default graph or the inferred one before it is made."""

    def touch(self, nquads: str) -> None:
        """These lines are about to come or to go, beside lines of other graphs."""
        ...

    def touch_everything(self) -> None:
        """Anything may be about to change."""
        ...


class NoObserver:
    """Nobody keeps anything beside the graph."""

    def touch(self, nquads: str) -> None:
        """Take no note."""

    def touch_everything(self) -> None:
        """Take no note."""
