"""The data identifiers of a catalogue: what faces ask."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import orjson

from dafab_kg.dids.cut import ids_of_cut
from dafab_kg.dids.documents import documents, steps_of
from dafab_kg.dids.expected import Expected, attached_to, expected_did
from dafab_kg.dids.finding import Pair, find, found_of
from dafab_kg.dids.keys import unknown_keys
from dafab_kg.dids.listing import Asked, DidPage, DocumentPage, NamePage, find_dids, find_documents
from dafab_kg.dids.members import Members, files, members, parents
from dafab_kg.dids.metadata import metadata_of
from dafab_kg.dids.names import Did, Scopes
from dafab_kg.dids.states import State, states_of
from dafab_kg.search.library import Library, once
from dafab_kg.search.lineage import DEEPEST

MOST_PAGES: Final = 256
"""Most pages of names that are kept of one state of a catalogue."""


@dataclass(frozen=True)
class Dids:
    """Those of one state of a catalogue; ``expected`` are those without documents."""

    library: Library
    scopes: Scopes
    expected: Mapping[Pair, Expected] = field(default_factory=dict)

    def there(self, scope: str, name: str) -> bool:
        """Tell whether there is a data identifier."""
        return bool(found_of(self.library, self.scopes, [(scope, name)])) or (
            expected_did(self.expected, (scope, name)) is not None
        )

    def states(self, pairs: Sequence[Pair], root: str) -> dict[Pair, State]:
        """See :func:`dafab_kg.dids.states.states_of`."""
        return states_of(self.library, self.scopes, self.expected, pairs, root)

    def metadata(self, pairs: Sequence[Pair]) -> dict[Pair, dict[str, Any]]:
        """Return the metadata of those data identifiers that there are."""
        known = found_of(self.library, self.scopes, pairs)
        waiting: dict[Pair, dict[str, Any]] = {pair: {} for pair in self._waiting(pairs)}
        return {**waiting, **metadata_of(self.library, known)}

    def _waiting(self, pairs: Sequence[Pair]) -> dict[Pair, Did]:
        """Return those of data identifiers that wait for their documents."""
        found = {pair: expected_did(self.expected, pair) for pair in pairs if self.expected}
        some = {pair: did for pair, did in found.items() if did is not None}
        known = found_of(self.library, self.scopes, some) if some else {}
        return {pair: did for pair, did in some.items() if pair not in known}

    def find(self, asked: Asked) -> DidPage:
        """See :func:`dafab_kg.dids.listing.find_dids`."""
        return find_dids(self.library, self.scopes, asked)

    def ids_of_cut(self, names: Iterable[str]) -> dict[str, str]:
        """See :func:`dafab_kg.dids.cut.ids_of_cut`."""
        return ids_of_cut(self.library, self.scopes, names)

    def unknown_keys(self, keys: Iterable[str]) -> dict[str, tuple[str, ...]]:
        """See :func:`dafab_kg.dids.keys.unknown_keys`."""
        return unknown_keys(self.library, keys)

    def find_names(self, asked: Asked) -> NamePage:
        """Return the names of what :meth:`find` gives; those asked for last are kept."""
        kept: dict[str, NamePage] = once(self.library, "pages of names", dict)
        key = repr(asked)
        page = kept.get(key)
        if page is None:
            found = self.find(asked)
            page = NamePage(tuple(did.name for did in found.dids), found.cursor)
            while len(kept) >= MOST_PAGES:
                kept.pop(next(iter(kept)), None)
            kept[key] = page
        return page

    def find_documents(self, asked: Asked, root: str) -> DocumentPage:
        """See :func:`dafab_kg.dids.listing.find_documents`."""
        return find_documents(self.library, self.scopes, asked, root)

    def one(self, scope: str, name: str) -> Did:
        """See :func:`dafab_kg.dids.finding.find`."""
        waiting = self._waiting([(scope, name)])
        return waiting.get((scope, name)) or find(self.library, self.scopes, scope, name)

    def members(self, scope: str, name: str, after: str) -> Members:
        """See :func:`dafab_kg.dids.members.members`."""
        pair = scope, name
        own = self._waiting([pair]).get(pair)
        more = list(attached_to(self.expected, pair))
        if own is None:
            page = members(self.library, self.scopes, scope, name, after)
        else:
            page = Members(())
            if own.type == "DATASET":
                return page
            if self.expected[pair].assets:
                more.append(self.expected[pair].data_set)
        waiting = self._waiting([(did.scope, did.name) for did in more])
        put = [
            did
            for did in waiting.values()
            if did.name > after and (not page.after or did.name <= page.after)
        ]
        return Members(tuple(sorted([*page.dids, *put], key=lambda did: did.name)), page.after)

    def parents(self, scope: str, name: str) -> tuple[Did, ...]:
        """See :func:`dafab_kg.dids.members.parents`."""
        own = self._waiting([(scope, name)]).get((scope, name))
        if own is None:
            return parents(self.library, self.scopes, scope, name)
        if own.type == "DATASET":
            return (self.expected[scope, own.node.name].did,)
        ups = self.expected[scope, name].parents
        known = {**found_of(self.library, self.scopes, ups), **self._waiting(ups)}
        return tuple(known[up] for up in ups if up in known)

    def files(self, scope: str, name: str) -> tuple[Did, ...]:
        """See :func:`dafab_kg.dids.members.files`."""
        if self._waiting([(scope, name)]):
            return ()
        return files(self.library, self.scopes, scope, name)

    def documents(
        self,
        pairs: Sequence[tuple[str, str]],
        paths: Sequence[str] | None,
        root: str,
        *,
        inherit: bool,
    ) -> tuple[bytes, ...]:
        """See :func:`dafab_kg.dids.documents.documents`."""
        waiting = self._waiting(pairs)
        known = [pair for pair in pairs if pair not in waiting]
        lines = iter(documents(self.library, self.scopes, known, paths, root, inherit=inherit))
        return tuple(
            self._empty(waiting[pair], paths, root, inherit=inherit)
            if pair in waiting
            else next(lines)
            for pair in pairs
        )

    def _empty(self, did: Did, paths: Sequence[str] | None, root: str, *, inherit: bool) -> bytes:
        """The line of one that waits for its document; its ancestors have theirs."""
        line: dict[str, object] = {"scope": did.scope, "name": did.name, "schema": None}
        if paths is None:
            line["document"] = {}
        else:
            whole = {"found": True, "value": {}}
            line["values"] = {p: {"found": False} if steps_of(p) else whole for p in paths}
        if inherit:
            line["ancestors"] = self._above(did, paths, root)
        return orjson.dumps(line)

    def _above(self, did: Did, paths: Sequence[str] | None, root: str) -> list[dict[str, object]]:
        level, depth = list(self.parents(did.scope, did.name)), 1
        found: dict[Pair, tuple[int, dict[str, object]]] = {}
        while level and depth <= DEEPEST:
            new = [(up.scope, up.name) for up in level if (up.scope, up.name) not in found]
            for pair, line in zip(
                new, self.documents(new, paths, root, inherit=False) if new else (), strict=True
            ):
                found[pair] = depth, orjson.loads(line)
            level = [up for pair in new for up in self.parents(*pair)]
            depth += 1
        order = sorted(found, key=lambda pair: (found[pair][0], pair))
        return [{**found[pair][1], "depth": found[pair][0]} for pair in order]
