"""Data identifiers of a Rucio, as `dafab-kg rucio harvest` brings them.

One document for each::

    {"type": "dafab:RucioDid", "vo": "def",
     "columns": {"scope": "s", "name": "n", "did_type": "FILE", "bytes": 5, "adler32": "0cc737eb"},
     "content": [{"scope": "s", "name": "m", "type": "DATASET"}],
     "metadata": {"eo:cloud_cover": 3.5}}

``columns`` are what Rucio keeps of every data identifier, ``content`` is what was put into a data
set or container (not what lies deeper), ``metadata`` what users set.
"""

from __future__ import annotations

import codecs
from collections.abc import Iterator
from typing import ClassVar

from dafab_kg.loaders.rucio.form import TYPE, key_of
from dafab_kg.loaders.rucio.records import records_of
from dafab_kg.model.documents import Entry, Found, Part, Reading, Refused, SourceDocument, Tree
from dafab_kg.model.errors import DocumentRejected, NotRecognised
from dafab_kg.model.names import DEFAULT_BASE, Names
from dafab_kg.model.strict_json import read_json

__all__ = ["RucioLoader"]


class RucioLoader:
    """Reads data identifiers of a Rucio."""

    name: ClassVar[str] = "rucio"
    version: ClassVar[str] = "1"
    groups_files: ClassVar[bool] = False

    def __init__(self, base: str = DEFAULT_BASE) -> None:
        self._names = Names(base)

    def find(self, tree: Tree) -> Iterator[Found | Refused]:
        """Find JSON files that say what they are at their beginning."""
        for entry in tree.entries:
            start = entry.head.removeprefix(codecs.BOM_UTF8).lstrip(b" \t\r\n")[:1]
            if start != b"{" or TYPE.encode() not in entry.head:
                continue
            try:
                data = entry.read()
                value = read_json(data, where=entry.origin)
                if isinstance(value, dict) and value.get("type") == TYPE:
                    yield self._found(entry, data, value)
            except DocumentRejected as error:
                yield Refused(error, (entry,))

    def _found(self, entry: Entry, data: bytes, value: dict[str, object]) -> Found:
        key = key_of(value, entry.origin)
        part = Part(entry.name, data)
        return Found(SourceDocument(self.name, key, entry.origin, (part,), value=value), (entry,))

    def read(self, document: SourceDocument) -> Reading:
        """Read one data identifier.

        Raises:
            DocumentRejected: a member is missing or not valid.
        """
        where, value = document.origin, document.value
        if value is None:
            value = read_json(document.parts[0].data, where=where)
        if not isinstance(value, dict):
            raise NotRecognised("it is no object", where=where, remedy="Harvest it again")
        return Reading(tuple(records_of(value, document.document_id, self._names, where)))
