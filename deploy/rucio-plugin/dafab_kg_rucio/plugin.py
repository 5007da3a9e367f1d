"""The plugin: metadata of data identifiers are those that the knowledge graph has."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any

from dafab_kg_rucio import server
from dafab_kg_rucio.options import OptionNotValid, read_options
from dafab_kg_rucio.service import Keys, Service, ServiceDown, ServiceRefused

NAME = "DAFAB_KG"
AT_ONCE = 1_000
"""Most data identifiers of a request."""
DEEPEST = 20
"""Levels of collections within each other that a recursive listing follows."""


class DafabKgDidMeta(server.DidMetaPlugin):  # type: ignore[misc]
    """Answers filters and metadata from dafab-kg; nothing is asked before it is needed."""

    def __init__(self) -> None:
        super().__init__()
        self._plugin_name = NAME
        self._lock = threading.Lock()
        self._keys: Keys | None = None
        self._service: Service | None = None

    # what Rucio calls

    def get_metadata(self, scope: Any, name: str, *, session: Any = None) -> dict[str, Any]:
        """Return the metadata of a data identifier; {} where the graph does not know it."""
        found: dict[str, Any] = {}
        if self._known()[1].holds(scope.vo, scope.external):
            found = dict(self._ask("get", _of(scope), dids=[_pair(scope, name)])["metadata"][0])
        for kind, where, what in server.waiting(session) if session is not None else ():
            if where == (scope.external, name, scope.vo):
                found = {**found, **what} if kind == "set" else _without(found, what)
        return found

    def set_metadata(
        self,
        scope: Any,
        name: str,
        key: str,
        value: Any,
        recursive: bool = False,
        *,
        session: Any = None,
    ) -> None:
        """Set one key."""
        self.set_metadata_bulk(scope, name, {key: value}, recursive, session=session)

    def set_metadata_bulk(
        self,
        scope: Any,
        name: str,
        metadata: Mapping[str, Any] | None = None,
        recursive: bool = False,
        *,
        meta: Mapping[str, Any] | None = None,
        session: Any = None,
    ) -> None:
        """Set keys; they are written as Rucio's transaction is committed, or never.

        The interface calls them ``meta``, who calls it ``metadata``.
        """
        values = dict(metadata if metadata is not None else meta or {})
        if recursive:
            server.unsupported("Metadata of the knowledge graph are not set recursively")
        if session is not None and not server.is_there(session, scope, name):
            server.no_did(scope, name)
        if values:
            self._later(session, ("set", (scope.external, name, scope.vo), values))

    def delete_metadata(self, scope: Any, name: str, key: str, *, session: Any = None) -> None:
        """Delete a key, if the option dafab_kg_allow_delete says that this may be done."""
        service, _ = self._known()
        if not service.options.delete:
            server.denied(
                "Metadata of the knowledge graph are not deleted through this server "
                "([metadata] dafab_kg_allow_delete)"
            )
        if session is not None and not server.is_there(session, scope, name):
            server.no_did(scope, name)
        if key not in self.get_metadata(scope, name, session=session):
            server.no_key(key)
        self._later(session, ("delete", (scope.external, name, scope.vo), key))

    def manages_key(self, key: str, *, session: Any = None) -> bool:
        """Tell whether a key is one of the graph's vocabulary."""
        try:
            _, keys = self._opened()
        except OptionNotValid:
            return False
        return keys.manages(key)

    def list_dids(
        self,
        scope: Any,
        filters: Any,
        did_type: str = "collection",
        ignore_case: bool = False,
        limit: int | None = None,
        offset: int | None = None,
        long: bool = False,
        recursive: bool = False,
        ignore_dids: set[str] | None = None,
        *,
        session: Any = None,
    ) -> Iterator[Any]:
        """Return the data identifiers of a scope that fulfil filters, and that Rucio has.

        All is asked before the first is given, for Rucio tells errors only until then.
        """
        if did_type.lower() not in server.TYPES:
            server.unsupported(f"{did_type} is no type; they are {', '.join(server.TYPES)}")
        groups = [_plain(one) for one in ([filters] if isinstance(filters, dict) else filters)]
        asked = {"filters": groups, "did_type": did_type.lower(), "ignore_case": bool(ignore_case)}
        skipped = max(offset or 0, 0)
        most = None if not limit else limit + skipped
        if not recursive:
            found = self._found(session, scope, asked, most, whole=long)
        else:
            found = self._below(session, scope, asked)
        told = []
        seen = ignore_dids if ignore_dids is not None else set()
        for row in found[skipped:most]:
            mark = f"{row.scope}:{row.name}"
            if mark not in seen:
                seen.add(mark)
                told.append(_long(row) if long else row.name)
        return iter(told)

    # how it is done

    def _found(
        self, session: Any, scope: Any, asked: dict[str, Any], most: int | None, *, whole: bool
    ) -> list[server.Row]:
        """Return what fulfils filters and is Rucio's, in the order of the graph.

        ``whole``: not the names alone.
        """
        # some may not be Rucio's: a few more are asked for, and all where these are not enough
        for limit in (None,) if most is None else (2 * most + 100, None):
            answer = self._ask("list", _of(scope), scope=scope.external, limit=limit, **asked)
            rows = self._joined(session, scope, answer["names"], asked, whole=whole)
            if not answer["more"] or (most is not None and len(rows) >= most):
                return rows
        return server.invalid_filter(
            f"More than {len(answer['names'])} data identifiers fulfil the filter. Ask for fewer"
        )

    def _joined(
        self, session: Any, scope: Any, names: list[str], asked: dict[str, Any], *, whole: bool
    ) -> list[server.Row]:
        kinds = server.TYPES[asked["did_type"]]
        if not whole:
            here = server.names_of(session, scope, names, kinds)
            return [server.Row(scope, name) for name in names if name in here]
        rows = server.rows_of(session, scope, names, kinds)
        return [rows[name] for name in names if name in rows]

    def _below(self, session: Any, scope: Any, asked: dict[str, Any]) -> list[server.Row]:
        """The same, and what collections among it hold, at any depth, that fulfils filters."""
        found = self._found(session, scope, asked, None, whole=True)
        known = {(row.scope, row.name) for row in found}
        unnamed = [{k: v for k, v in one.items() if k != "name"} for one in asked["filters"]]
        level = list(found)
        for _ in range(DEEPEST):
            held: dict[Any, dict[str, None]] = {}
            for row in level:
                if row.did_type != server.DIDType.FILE:
                    for place, name in server.content_of(session, row.scope, row.name):
                        if (place, name) not in known:
                            known.add((place, name))
                            held.setdefault(place, {})[name] = None
            level = []
            for place, names in held.items():
                level += self._among(session, place, list(names), {**asked, "filters": unnamed})
            if not level:
                break
            found += level
        return found

    def _among(
        self, session: Any, scope: Any, names: list[str], asked: dict[str, Any]
    ) -> list[server.Row]:
        found: list[server.Row] = []
        for start in range(0, len(names), AT_ONCE):
            some = names[start : start + AT_ONCE]
            told = self._ask("list", _of(scope), scope=scope.external, names=some, **asked)
            found += self._joined(session, scope, told["names"], asked, whole=True)
        return found

    def _later(self, session: Any, what: tuple[str, tuple[str, str, str], Any]) -> None:
        if session is None:
            self._send([what])
        else:
            server.at_commit(session, what, self._send)

    def _send(self, waiting: list[Any]) -> None:
        """Write what waits, in its order; sets that follow each other in one request."""
        start = 0
        while start < len(waiting):
            kind, (scope, name, vo), what = waiting[start]
            if kind == "delete":
                self._write("delete", vo, scope=scope, name=name, key=what)
                start += 1
                continue
            sets: dict[tuple[str, str], dict[str, Any]] = {}
            while start < len(waiting) and len(sets) < AT_ONCE:
                kind, (scope, name, one), what = waiting[start]
                if kind != "set" or one != vo:
                    break
                sets.setdefault((scope, name), {}).update(what)
                start += 1
            dids = [{"scope": s, "name": n, "meta": meta} for (s, n), meta in sets.items()]
            self._write("set", vo, dids=dids)

    def _write(self, way: str, vo: str, **body: Any) -> None:
        service, _ = self._known()
        try:
            service.ask(way, {"vo": vo, **body})
        except ServiceDown as error:
            server.not_available(str(error))
        except ServiceRefused as error:
            server.invalid_metadata(str(error))

    def _ask(self, way: str, vo: str, **body: Any) -> Any:
        service, _ = self._known()
        try:
            return service.ask(way, {"vo": vo, **body})
        except ServiceDown as error:
            server.not_available(str(error))
        except ServiceRefused as error:
            if way == "list":
                server.invalid_filter(str(error))
            server.invalid_metadata(str(error))

    def _known(self) -> tuple[Service, Keys]:
        try:
            return self._opened()
        except OptionNotValid as error:
            server.not_available(str(error))

    def _opened(self) -> tuple[Service, Keys]:
        """Return what asks; made when it is first needed, so that nothing stops a server."""
        with self._lock:
            if self._service is None or self._keys is None:
                self._service = Service(read_options(server.option))
                self._keys = Keys(self._service)
            return self._service, self._keys


def _of(scope: Any) -> str:
    return str(scope.vo)


def _pair(scope: Any, name: str) -> dict[str, str]:
    return {"scope": scope.external, "name": name}


def _without(values: dict[str, Any], key: str) -> dict[str, Any]:
    return {name: value for name, value in values.items() if name != key}


def _plain(group: Mapping[str, Any]) -> dict[str, Any]:
    """Return a group of conditions as JSON has it: Rucio puts objects of its own into some."""
    return {key: _value(value) for key, value in group.items()}


def _value(value: Any) -> Any:
    if hasattr(value, "external"):
        return value.external
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, server.DIDType):
        return value.name.lower()
    if isinstance(value, (list, tuple, set)):
        return [_value(one) for one in value]
    return value


def _long(row: server.Row) -> dict[str, Any]:
    return {
        "scope": row.scope,
        "name": row.name,
        "did_type": row.did_type.name,
        "bytes": row.bytes,
        "length": row.length,
    }
