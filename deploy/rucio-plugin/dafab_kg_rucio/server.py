"""All that the plugin uses of Rucio's own code, which may change with its versions (41.5.1)."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator
from typing import Any, Callable, NamedTuple, NoReturn

from rucio.common import exception
from rucio.common.config import config_get
from rucio.core.did_meta_plugins.did_meta_plugin_interface import DidMetaPlugin
from rucio.db.sqla import models
from rucio.db.sqla.constants import DIDType
from sqlalchemy import event, select
from sqlalchemy.orm import Session

__all__ = ["DIDType", "DidMetaPlugin"]

AT_ONCE = 500
"""Most names of a query."""
TYPES = {
    "all": (DIDType.CONTAINER, DIDType.DATASET, DIDType.FILE),
    "collection": (DIDType.CONTAINER, DIDType.DATASET),
    "container": (DIDType.CONTAINER,),
    "dataset": (DIDType.DATASET,),
    "file": (DIDType.FILE,),
}
_WAITING = "dafab_kg_rucio"
_lock = threading.Lock()
_listening = False


class Row(NamedTuple):
    """A data identifier as Rucio's table has it."""

    scope: Any
    name: str
    did_type: Any
    bytes: int | None
    length: int | None


def option(name: str) -> str | None:
    """Return the text of an option of the section [metadata]; None: there is none."""
    found = config_get("metadata", name, raise_exception=False, default=None)
    return None if found is None else str(found)


def rows_of(session: Any, scope: Any, names: Iterable[str]) -> dict[str, Row]:
    """Return those of the names that Rucio lists in a scope."""
    wanted = list(names)
    table = models.DataIdentifier
    found: dict[str, Row] = {}
    for start in range(0, len(wanted), AT_ONCE):
        query = select(table.name, table.did_type, table.bytes, table.length).where(
            table.scope == scope,
            table.name.in_(wanted[start : start + AT_ONCE]),
            table.suppressed.is_not(True),
        )
        for name, did_type, size, length in session.execute(query):
            found[name] = Row(scope, name, did_type, size, length)
    return found


def is_there(session: Any, scope: Any, name: str) -> bool:
    """Tell whether Rucio knows a data identifier, in the transaction that is open."""
    table = models.DataIdentifier
    query = select(table.name).where(table.scope == scope, table.name == name)
    return session.execute(query).first() is not None


def content_of(session: Any, scope: Any, name: str) -> Iterator[tuple[Any, str]]:
    """Yield the scopes and names of what a collection directly holds."""
    from rucio.core.did import list_content  # it imports the plugins

    for one in list_content(scope=scope, name=name, session=session):
        yield one["scope"], one["name"]


# what is to be done as the transaction is committed


def waiting(session: Any) -> list[Any]:
    """Return what waits for the commit of a transaction."""
    found: list[Any] = session.info.get(_WAITING, [])
    return found


def at_commit(session: Any, what: Any, send: Callable[[list[Any]], None]) -> None:
    """Have something sent just before a transaction is committed; if it is not, never.

    ``send`` gets all that waits.  What it raises undoes the transaction.
    """
    _listen()
    session.info.setdefault(_WAITING, []).append(what)
    session.info[_WAITING + "_send"] = send


def _listen() -> None:
    global _listening
    with _lock:
        if not _listening:
            event.listen(Session, "before_commit", _before_commit)
            event.listen(Session, "after_soft_rollback", _after_rollback)
            _listening = True


def _before_commit(session: Any) -> None:
    if _WAITING in session.info and not session.in_nested_transaction():
        session.info[_WAITING + "_send"](session.info.pop(_WAITING))


def _after_rollback(session: Any, previous: Any) -> None:
    if not previous.nested:
        session.info.pop(_WAITING, None)


# errors, by Rucio's names


def not_available(message: str) -> NoReturn:
    """The graph does not answer."""
    raise exception.RucioException(f"The knowledge graph does not answer: {message}")


def invalid_metadata(message: str) -> NoReturn:
    """Metadata cannot be written so."""
    raise exception.InvalidMetadata(message)


def invalid_filter(message: str) -> NoReturn:
    """A filter is not understood."""
    raise exception.DIDFilterSyntaxError(message)


def no_key(message: str) -> NoReturn:
    """There is no such key."""
    raise exception.KeyNotFound(message)


def no_did(scope: Any, name: str) -> NoReturn:
    """Rucio has no such data identifier."""
    raise exception.DataIdentifierNotFound(f"Data identifier '{scope.external}:{name}' not found")


def denied(message: str) -> NoReturn:
    """It is not allowed."""
    raise exception.AccessDenied(message)


def unsupported(message: str) -> NoReturn:
    """Nobody does this."""
    raise exception.UnsupportedOperation(message)
