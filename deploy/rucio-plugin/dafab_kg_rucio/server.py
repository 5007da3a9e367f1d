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
    """A data identifier as Rucio's table has it; or its name alone."""

    scope: Any
    name: str
    did_type: Any = None
    bytes: int | None = None
    length: int | None = None


def option(name: str) -> str | None:
    """Return the text of an option of the section [metadata]; None: there is none."""
    found = config_get("metadata", name, raise_exception=False, default=None)
    return None if found is None else str(found)


def rows_of(session: Any, scope: Any, names: Iterable[str], kinds: Iterable[Any]) -> dict[str, Row]:
    """Return those of the names that Rucio lists in a scope, of some types."""
    table = models.DataIdentifier
    columns = table.name, table.did_type, table.bytes, table.length
    found: dict[str, Row] = {}
    for rows in _listed(session, scope, names, kinds, columns):
        for name, did_type, size, length in rows:
            found[name] = Row(scope, name, did_type, size, length)
    return found


def names_of(session: Any, scope: Any, names: Iterable[str], kinds: Iterable[Any]) -> set[str]:
    """Return the same names alone: types take longer to be read than all the rest."""
    found: set[str] = set()
    for rows in _listed(session, scope, names, kinds, (models.DataIdentifier.name,)):
        found.update(rows.scalars())
    return found


def _listed(
    session: Any, scope: Any, names: Iterable[str], kinds: Iterable[Any], columns: Iterable[Any]
) -> Iterator[Any]:
    wanted = list(names)
    table = models.DataIdentifier
    for start in range(0, len(wanted), AT_ONCE):
        query = select(*columns).where(
            table.scope == scope,
            table.name.in_(wanted[start : start + AT_ONCE]),
            table.did_type.in_(list(kinds)),
            table.suppressed.is_not(True),
        )
        yield session.execute(query)


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
