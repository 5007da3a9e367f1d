"""RDF files as documents of their own: one's own linked data beside the catalogue's.

Turtle, TriG, N-Triples, N-Quads, RDF/XML and JSON-LD.  No shape is required of
what they say.  Named graphs inside a file are kept, unless they bear a name that
is the catalogue's own.  Blank nodes become IRIs below the document's, relative
IRIs are resolved against it, and literals stay as they are written.
"""

from __future__ import annotations

import codecs
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import ClassVar
from urllib.parse import quote

from dafab_kg.loaders.rdf import recognise
from dafab_kg.loaders.rdf.contexts import Contexts
from dafab_kg.loaders.rdf.rdfxml import plain_rdfxml
from dafab_kg.loaders.rdf.recognise import syntax_of
from dafab_kg.model import names
from dafab_kg.model.documents import (
    Entry,
    Found,
    Part,
    RdfText,
    Reading,
    Refused,
    SourceDocument,
    Tree,
)
from dafab_kg.model.errors import DocumentRejected, NotRecognised, NotWellFormed, TooLarge
from dafab_kg.model.strict_json import read_json, write_json


class RdfLoader:
    """Loader of kind ``rdf``.

    ``contexts`` is the allow-list of JSON-LD contexts, URL to local file;
    ``max_depth`` bounds the nesting of XML and JSON.
    """

    name: ClassVar[str] = "rdf"
    version: ClassVar[str] = "1"
    groups_files: ClassVar[bool] = False

    def __init__(
        self,
        base: str = names.DEFAULT_BASE,
        contexts: Mapping[str, Path] | None = None,
        max_depth: int = 200,
    ) -> None:
        self._names = names.Names(base)
        self._contexts = dict(contexts or {})
        self._max_depth = max_depth

    def find(self, tree: Tree) -> Iterator[Found | Refused]:
        """Give each RDF file of ``tree`` as a document, keyed by where it lies."""
        for entry in tree.entries:
            if not syntax_of(entry):
                continue
            try:
                part = Part(entry.name, entry.read())
            except DocumentRejected as error:
                yield Refused(error, (entry,))
                continue
            document = SourceDocument(self.name, key_of(entry), entry.origin, (part,))
            yield Found(document, (entry,))

    def read(self, document: SourceDocument) -> Reading:
        """Return the RDF of ``document`` as it can be parsed: in UTF-8, with all it needs in it.

        Whether it keeps to the grammar of its syntax is seen when it is parsed.

        Raises:
            NotWellFormed: it is not UTF-8, XML or JSON, with line, or a context
                of JSON-LD is none.
            NotSafe: it would have something fetched or expanded.
            TooLarge: nested too deep.
        """
        home = self._names.make("document", document_id=document.document_id) + "/"
        part = document.parts[0]
        try:
            syntax, data = self._read(part)
        except DocumentRejected as error:
            raise error.at(document.origin) from None
        except RecursionError:
            raise TooLarge("It is nested too deep to be read", where=document.origin) from None
        return Reading(rdf=RdfText(data, syntax, base=home, skolem=f"{home}bnode/"))

    def _read(self, part: Part) -> tuple[str, bytes]:
        """Return media type and bytes of what is to be parsed."""
        data = part.data
        syntax = syntax_of(Entry(part.name, part.name, len(data), data[:4096], lambda: data))
        match syntax:
            case recognise.RDF_XML:
                return syntax, plain_rdfxml(data, max_depth=self._max_depth)
            case recognise.JSON_LD:
                document = read_json(data, where="JSON-LD", max_depth=self._max_depth)
                contexts = Contexts(self._contexts, self._max_depth)
                return syntax, write_json(contexts.put_in(document)).encode()
            case "":
                raise NotRecognised("This is not RDF", remedy="Name it .ttl, .nq, .rdf or alike")
            case _:
                return syntax, _utf8(data)


def key_of(entry: Entry) -> str:
    """Return the URI of a file, with ``!`` and the member's name where it is in an archive.

    The same file given by another path has the same key, so that loading it
    again replaces it.
    """
    if "://" in entry.origin:
        return entry.origin
    member = f"!{entry.name}"
    if entry.origin.endswith(member):
        archive = Path(entry.origin.removesuffix(member)).resolve()
        return f"{archive.as_uri()}!{quote(entry.name)}"
    return Path(entry.origin).resolve().as_uri()


def _utf8(data: bytes) -> bytes:
    """Return ``data`` without byte order mark, if it is UTF-8."""
    try:
        data.decode()
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise NotWellFormed(
            f"Byte 0x{data[error.start]:02x} is not UTF-8",
            where=f"line {line}",
            remedy="Save the file as UTF-8",
        ) from None
    return data.removeprefix(codecs.BOM_UTF8)
