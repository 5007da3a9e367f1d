"""Storage elements (RSE) of a Rucio, by name or by expression."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from dafab_kg.federation.rucio.connection import speaking

if TYPE_CHECKING:
    from rucio.client import Client

_NAME: Final = re.compile(r"[A-Za-z0-9]+(?:[_-][A-Za-z0-9]+)*")


def is_name(expression: str) -> bool:
    """Tell whether an expression of storage elements is the name of one."""
    return _NAME.fullmatch(expression) is not None


def named_sites(client: Client, expression: str) -> frozenset[str]:
    """Return the names of the storage elements that an expression stands for.

    Raises:
        ServiceRefused: it is no expression, or stands for none.
        ServiceNotUsable: Rucio does not answer as it must.
    """
    with speaking(f"Reading the storage elements {expression[:100]!r}"):
        return frozenset(str(row["rse"]) for row in client.list_rses(expression))
