"""The data identifiers of a catalogue: what faces ask."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from dafab_kg.dids.documents import documents
from dafab_kg.dids.finding import find
from dafab_kg.dids.listing import Asked, DidPage, DocumentPage, find_dids, find_documents
from dafab_kg.dids.members import Members, files, members, parents
from dafab_kg.dids.names import Did, Scopes
from dafab_kg.search.library import Library


@dataclass(frozen=True)
class Dids:
    """Those of one state of a catalogue."""

    library: Library
    scopes: Scopes

    def find(self, asked: Asked) -> DidPage:
        """See :func:`dafab_kg.dids.listing.find_dids`."""
        return find_dids(self.library, self.scopes, asked)

    def find_documents(self, asked: Asked, root: str) -> DocumentPage:
        """See :func:`dafab_kg.dids.listing.find_documents`."""
        return find_documents(self.library, self.scopes, asked, root)

    def one(self, scope: str, name: str) -> Did:
        """See :func:`dafab_kg.dids.finding.find`."""
        return find(self.library, self.scopes, scope, name)

    def members(self, scope: str, name: str, after: str) -> Members:
        """See :func:`dafab_kg.dids.members.members`."""
        return members(self.library, self.scopes, scope, name, after)

    def parents(self, scope: str, name: str) -> tuple[Did, ...]:
        """See :func:`dafab_kg.dids.members.parents`."""
        return parents(self.library, self.scopes, scope, name)

    def files(self, scope: str, name: str) -> tuple[Did, ...]:
        """See :func:`dafab_kg.dids.members.files`."""
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
        return documents(self.library, self.scopes, pairs, paths, root, inherit=inherit)
