"""Asking a Rucio again that does not answer, with growing waits."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterator
from typing import Final, TypeVar

from dafab_kg.model.errors import ServiceNotUsable, ServiceRefused

T = TypeVar("T")
ASKED: Final = 5
"""Times that a Rucio is asked that does not answer."""
FIRST_WAIT: Final = 1.0
"""Seconds before it is asked again, give or take a half; then twice as long each time."""


def patiently(way: Callable[[], T], sleep: Callable[[float], None] = time.sleep) -> T:
    """Call, and again with growing waits where Rucio does not answer.

    Raises:
        ServiceNotUsable: it does not, however often it is asked.
        ServiceRefused: it refuses.
    """
    for wait in _waits():
        try:
            return way()
        except ServiceRefused:
            raise
        except ServiceNotUsable:
            if wait is None:
                raise
            sleep(wait)
    raise AssertionError  # the last wait is None


def _waits() -> Iterator[float | None]:
    for number in range(ASKED - 1):
        yield FIRST_WAIT * 2**number * random.uniform(0.5, 1.5)  # noqa: S311 - no secret
    yield None
