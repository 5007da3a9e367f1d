"""RDF files as documents of their own: one's own linked data beside the catalogue's.

Turtle, TriG, N-Triples, N-Quads, RDF/XML and JSON-LD.  No shape is required of
what they say.  Named graphs inside a file are kept, unless they bear a name that
is the catalogue's own.  Blank nodes become IRIs below the document's, relative
IRIs are resolved against it, and literals stay as they are written.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import ClassVar
from urllib.parse import quote

from dafab_kg.loaders.rdf.lines import read_lines
from dafab_kg.loaders.rdf.recognise import syntax_of
from dafab_kg.loaders.rdf.terms import Quads
from dafab_kg.loaders.rdf.turtle import read_turtle
from dafab_kg.model import names
from dafab_kg.model.documents import (
    Entry,
    Found,
    Part,
    Reading,
    Refused,
    SourceDocument,
    Tree,
)
from dafab_kg.model.errors import DocumentRejected, NotRecognised, NotWellFormed


class RdfLoader:
    """Loader of kind ``rdf``.

    ``contexts`` is the allow-list of JSON-LD contexts, URL to local file;
    ``max_depth`` bounds the nesting of XML, JSON and Turtle's brackets.
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
        """Return the statements of ``document`` as N-Quads without blank nodes.

        Raises:
            NotWellFormed: with line, or place in the JSON.
            NotSafe: it would have something fetched, or writes into the
                catalogue's own graphs.
            TooLarge: nested too deep.
        """
        quads = Quads(self._names, document.document_id)
        try:
            warnings = self._read(document.parts[0], quads)
        except DocumentRejected as error:
            raise error.at(document.origin) from None
        except RecursionError:
            raise NotWellFormed("It is nested too deep to be read", where=document.origin) from None
        return Reading(triples=quads.text(), warnings=warnings)

    def _read(self, part: Part, quads: Quads) -> tuple[str, ...]:
        data = part.data
        whole = Entry(part.name, part.name, len(data), data[:4096], lambda: data)
        match syntax_of(whole):
            case "turtle" | "trig" as syntax:
                graphs = syntax == "trig"
                read_turtle(_text(data), quads, graphs=graphs, max_depth=self._max_depth)
            case "ntriples" | "nquads" as syntax:
                read_lines(_text(data), quads, graphs=syntax == "nquads")
            case "rdfxml":
                # rdflib is slow to import, and most files do not need it
                from dafab_kg.loaders.rdf.rdfxml import read_rdfxml

                read_rdfxml(data, quads, max_depth=self._max_depth)
            case "jsonld":
                from dafab_kg.loaders.rdf.contexts import Contexts
                from dafab_kg.loaders.rdf.jsonld import read_jsonld

                contexts = Contexts(self._contexts, self._max_depth)
                return read_jsonld(data, quads, contexts, max_depth=self._max_depth)
            case _:
                raise NotRecognised("This is not RDF", remedy="Name it .ttl, .nq, .rdf or alike")
        return ()


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


def _text(data: bytes) -> str:
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise NotWellFormed(
            f"Byte 0x{data[error.start]:02x} is not UTF-8",
            where=f"line {line}",
            remedy="Save the file as UTF-8",
        ) from None
