"""Storage elements (RSE) of a Rucio, by name or by expression."""

from __future__ import annotations

import re
from difflib import get_close_matches
from typing import TYPE_CHECKING, Final

from dafab_kg.federation.rucio.connection import speaking
from dafab_kg.model.errors import ServiceRefused

if TYPE_CHECKING:
    from rucio.client import Client

SHOWN: Final = 10
"""Most storage elements that an error names."""
_NAME: Final = re.compile(r"[A-Za-z0-9]+(?:[_-][A-Za-z0-9]+)*")


def is_name(expression: str) -> bool:
    """Tell whether an expression of storage elements is the name of one."""
    return _NAME.fullmatch(expression) is not None


def named_sites(client: Client, expression: str) -> frozenset[str]:
    """Return the names of the storage elements that an expression stands for.

    Raises:
        ServiceRefused: it is no expression, or stands for none; those that there are are named.
        ServiceNotUsable: Rucio does not answer as it must.
    """
    try:
        with speaking(f"Reading the storage elements {expression[:100]!r}"):
            return frozenset(str(row["rse"]) for row in client.list_rses(expression))
    except ServiceRefused as error:
        if error.reason not in ("InvalidRSEExpression", "RSENotFound"):
            raise
        raise unknown_site(client, expression) from error


def unknown_site(client: Client, expression: str) -> ServiceRefused:
    """Return the error of a site that is not known: it names those that are, the likest first.

    Raises:
        ServiceNotUsable: Rucio does not answer as it must.
    """
    with speaking("Listing the storage elements"):
        known = sorted(str(row["rse"]) for row in client.list_rses())
    near = get_close_matches(expression[:100].upper(), known, SHOWN, 0.5)
    told = [*near, *(name for name in known if name not in near)]
    there = ", ".join(told[:SHOWN]) + (", ..." if len(told) > SHOWN else "")
    return ServiceRefused(
        f"Rucio knows no storage element by {expression[:100]!r}. It has {there or 'none'}",
        "RSENotFound",
    )
