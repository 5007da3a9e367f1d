"""Whether a Rucio can be asked for names with ``/`` in them.

Where it has several VOs, its generic schema (41.5.1) splits scope and name at the last ``/`` of an
address; with a front that leaves it written as ``%2F`` it does not.  Such a name can be made
there, and is never found again.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Final
from weakref import WeakKeyDictionary

from dafab_kg.federation.rucio.connection import ONLY_VO, speaking
from dafab_kg.federation.rucio.wanted import Pair
from dafab_kg.model.errors import ServiceRefused

if TYPE_CHECKING:
    from rucio.client import Client

SPLIT: Final = "NameIsSplit"
"""Reason of an error: a name has a ``/`` that this Rucio takes for the end of its scope."""
_ASKED: Final = "dafab-kg/is-not-there"
_known: WeakKeyDictionary[Client, bool] = WeakKeyDictionary()


def check_slashes(client: Client, pairs: Iterable[Pair]) -> None:
    """Look whether a Rucio can be asked for all of these.

    Raises:
        ServiceRefused: it cannot.
        ServiceNotUsable: it does not answer as it must.
    """
    first = next((pair for pair in pairs if "/" in pair[1]), None)
    if first is None or client.vo == ONLY_VO:
        return
    if client not in _known:
        _known[client] = _splits(client, first[0])
    if _known[client]:
        raise ServiceRefused(
            f"{':'.join(first)}: this Rucio, of several VOs, cannot be asked for names with /. Its "
            "front must leave them as %2F (Apache: AllowEncodedSlashes NoDecode, and "
            "RUCIO_HTTPD_ENCODED_SLASHES_NO_DECODE=True)",
            SPLIT,
        )


def _splits(client: Client, scope: str) -> bool:
    """Ask for what is not there; the answer says what it took the scope for."""
    try:
        with speaking("Asking for a name with /"):
            client.get_did(scope, _ASKED)
    except ServiceRefused as error:
        return f"{scope}/{_ASKED.partition('/')[0]}:" in str(error)
    return False
