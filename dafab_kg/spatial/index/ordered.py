"""Sorted arrays of numbers of rows, and what is looked up in them."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

Rows = NDArray[np.int32]

NONE: Final[Rows] = np.empty(0, np.int32)


def distinct(numbers: NDArray[Any]) -> NDArray[Any]:
    """Each number (0 or more) once, sorted.  numpy.unique hashes, which is slow for rows."""
    ordered = np.sort(numbers)
    return ordered[np.flatnonzero(np.diff(ordered, prepend=-1))]


def rising(numbers: NDArray[Any]) -> bool:
    """Whether each number is greater than the one before: in sorted ones, none comes twice."""
    return bool((np.diff(numbers) > 0).all())


def member(numbers: NDArray[Any], of: NDArray[Any]) -> NDArray[np.bool_]:
    """Tell which of ``numbers`` are among ``of``, which is sorted."""
    if not len(of):
        return np.zeros(len(numbers), bool)
    at = np.searchsorted(of, numbers)
    at[at == len(of)] = 0
    same: NDArray[np.bool_] = of[at] == numbers
    return same


def places_in(
    keys: NDArray[Any], wanted: NDArray[Any]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Where each of ``wanted`` stands in ``keys``, which is sorted and may repeat itself.

    Returns the places, and for each of them the position in ``wanted``.
    """
    start = np.searchsorted(keys, wanted, "left")
    count = np.searchsorted(keys, wanted, "right") - start
    owner = np.repeat(np.arange(len(wanted)), count)
    first = np.repeat(start - (np.cumsum(count) - count), count)
    return np.arange(len(owner)) + first, owner
