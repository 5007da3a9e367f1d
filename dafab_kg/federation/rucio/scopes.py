"""The scopes that are published to: there, or made."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from dafab_kg.federation.rucio.connection import speaking
from dafab_kg.model.errors import ServiceRefused

if TYPE_CHECKING:
    from rucio.client import Client


def missing_scopes(client: Client, scopes: Iterable[str]) -> tuple[str, ...]:
    """Return those scopes that are not there.

    Raises:
        ServiceNotUsable: Rucio does not answer as it must.
    """
    with speaking("Listing scopes"):
        there = set(client.list_scopes())
    return tuple(scope for scope in dict.fromkeys(scopes) if scope not in there)


def check_scopes(client: Client, scopes: Iterable[str], *, make: bool) -> tuple[str, ...]:
    """Look whether scopes are there, and ``make`` those that are not, for the account that is
    logged in; return what was made.

    Raises:
        ServiceRefused: one is not there, or the account may not make it.
        ServiceNotUsable: Rucio does not answer as it must.
    """
    missing = missing_scopes(client, scopes)
    if missing and not make:
        raise ServiceRefused(
            f"Rucio has no scope {', '.join(missing)}. Make it with --make-scopes (or: rucio scope "
            "add), or choose others (did_scope, did_scopes)",
            "ScopeNotFound",
        )
    for scope in missing:
        with speaking(f"Making the scope {scope}"):
            client.add_scope(client.account, scope)
    return missing
