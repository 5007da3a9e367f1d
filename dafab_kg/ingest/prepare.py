"""From a document to the N-Quads of its graph: load and map.

This part touches no store, so it also runs in worker processes.
"""

from __future__ import annotations

from collections.abc import Iterator
from copy import copy
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import cache
from pathlib import Path

from dafab_kg.ingest.sending import NOT_SENT, Sent
from dafab_kg.loaders.registry import Unclaimed, examine, loaders
from dafab_kg.mapping import CompiledMapping, compile_mappings
from dafab_kg.model.dasi import dasi_records
from dafab_kg.model.documents import (
    Entry,
    FilePart,
    Found,
    Loader,
    Part,
    Refused,
    SourceDocument,
    resolve_pointer,
)
from dafab_kg.model.errors import (
    DafabError,
    DocumentRejected,
    NotRecognised,
    NotWellFormed,
    ThingNotFound,
    TooLarge,
)
from dafab_kg.model.names import Names
from dafab_kg.model.records import (
    Derivation,
    DerivedProduct,
    DocumentGraph,
    Product,
    Record,
    StacItem,
)
from dafab_kg.model.resources import fingerprint
from dafab_kg.model.settings import Settings
from dafab_kg.model.strict_json import read_json
from dafab_kg.store.documents import (
    Documents,
    Kept,
    Quarantined,
    StoredDocument,
    digest_of,
    files_of,
)
from dafab_kg.store.mended import UNREAD
from dafab_kg.store.oxigraph import refuse_unwritable
from dafab_kg.store.rdf_text import left_out, statements

KEPT_AT_MOST = 256 * 1024 * 1024  # bytes of a rejected archive

LINE_AT_MOST = 15 * 1024 * 1024  # characters of one statement

WRITTEN = "written:"
"""How the key of a document begins that holds a graph as a user wrote it; the graph follows."""


@dataclass(frozen=True)
class Prepared:
    """A document read and mapped: ``nquads`` is all that its graph will hold."""

    document: SourceDocument
    entry: StoredDocument
    nquads: str


@dataclass(frozen=True)
class Rejected:
    """A document that cannot be accepted; ``files`` are its bytes by SHA-256."""

    entry: Quarantined
    files: Kept


@dataclass(frozen=True)
class Passed:
    """What needs no work: a document loaded before (``unchanged``) or unknown to all loaders."""

    document_id: str
    kind: str
    origin: str
    unchanged: bool
    content_hash: str = ""
    family: str = ""


Result = Prepared | Rejected | Passed
Work = Found | Refused | Entry


@cache
def _compiled(names: Names) -> CompiledMapping:
    return compile_mappings(names)


def now() -> str:
    """This moment as xsd:dateTime in UTC, to the millisecond."""
    return f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%S.%f}"[:-3] + "Z"


class Preparer:
    """Reads and maps documents; holds what is made once: loaders, compiled mappings."""

    def __init__(
        self,
        settings: Settings,
        load_id: str,
        known: Documents | None,
        sent: Sent = NOT_SENT,
    ) -> None:
        self.settings = settings
        self.sent = sent
        self.load_id = load_id
        self.loaders: tuple[Loader, ...] = loaders(settings)
        self.finders = finders(self.loaders, settings.load_as)
        self.mapping = _compiled(settings.names)
        self.mapping_version = fingerprint("mappings", ".yml")
        self.shapes_version = fingerprint("shapes", ".ttl")
        self._by_name = {loader.name: loader for loader in self.loaders}
        self._known = known

    def on_behalf(self, agent: str, load_id: str) -> Preparer:
        """Return one for another load, by ``agent``, that shares what this one has made."""
        other = copy(self)
        other.settings = self.settings.model_copy(update={"agent": agent})
        other.load_id = load_id
        return other

    def prepare(self, work: Work) -> Iterator[Result]:
        """Prepare one piece of work: a document found, or a file still to be looked at."""
        steps = examine(work, self.finders) if isinstance(work, Entry) else [work]
        for step in steps:
            if isinstance(step, Found):
                yield self.prepare_document(step.document)
            elif isinstance(step, Refused):
                yield refused(step, self.sent)
            else:
                yield _unrecognised(step)

    def prepare_document(self, document: SourceDocument) -> Result:
        """Read and map one document, unless the same was loaded before."""
        document = self._named(speakable_document(document))
        content_hash = document.content_hash
        versions = self.versions(document.kind)
        old = self._known.get(document.document_id) if self._known is not None else None
        if old is not None and (old.content_hash, old.versions) == (content_hash, versions):
            return Passed(
                document.document_id,
                document.kind,
                document.origin,
                True,
                content_hash,
                document.family,
            )
        try:
            prepared = self._read_and_map(document, content_hash, versions)
            return _told_of_other_origin(prepared, old)
        except DocumentRejected as error:
            return rejected(document, error)
        except DafabError as error:
            return rejected(document, DocumentRejected(str(error)))

    def _named(self, document: SourceDocument) -> SourceDocument:
        origin, key = self.sent.named(document.origin), self.sent.named(document.key)
        if (origin, key) == (document.origin, document.key):
            return document
        return replace(document, origin=origin, key=key)

    def versions(self, kind: str) -> str:
        """Versions of the code and files that make a graph of this kind, as one text."""
        return f"{self._by_name[kind].version}/{self.mapping_version}/{self.shapes_version}"

    def _read_and_map(self, document: SourceDocument, content_hash: str, versions: str) -> Prepared:
        loader = self._by_name[document.kind]
        try:
            reading = loader.read(with_value(document))
        except DafabError:
            raise
        except Exception as error:
            raise NotWellFormed(
                f"the loader {loader.name} failed: {type(error).__name__}: {error}",
                remedy="Report this with the document; the original is kept in quarantine",
            ) from error
        keys, doubts = dasi_records(reading.records)
        records = (*reading.records, *keys)
        text = reading.rdf
        rdf = statements(text, self.settings.names, where=document.origin) if text else ""
        refuse_unwritable(rdf, where=document.origin)
        loaded_at = now()
        graph_record = DocumentGraph(
            document_id=document.document_id,
            content_hash=content_hash,
            kind=document.kind,
            key=document.key,
            origin=document.origin,
            load_id=self.load_id,
            loader_version=loader.version,
            mapping_version=self.mapping_version,
            shapes_version=self.shapes_version,
            loaded_at=loaded_at,
            agent=self.settings.agent or None,
            byte_size=document.byte_size,
            described=described(records),
        )
        nquads = self.mapping.map((*records, graph_record), document_id=document.document_id)
        refuse_long_lines(nquads, where=document.origin)
        entry = StoredDocument(
            document_id=document.document_id,
            kind=document.kind,
            key=document.key,
            origin=document.origin,
            content_hash=content_hash,
            files=files_of(document)[0],
            pointer=document.pointer,
            versions=versions,
            loaded_at=loaded_at,
            load_id=self.load_id,
            warnings=(*reading.warnings, *doubts, *(left_out(text) if text else ())),
            family=document.family,
        )
        return Prepared(document, entry, nquads + rdf)


def _told_of_other_origin(prepared: Prepared, old: StoredDocument | None) -> Prepared:
    """Warn where a data set from one file takes the place of the same data set from another."""
    entry = prepared.entry
    if old is None or not entry.family or old.origin == entry.origin:
        return prepared
    warning = (
        f"it replaces what {old.origin} brought under the same name ({entry.key}); "
        "--dataset gives it a name of its own"
    )
    return replace(prepared, entry=replace(entry, warnings=(*entry.warnings, warning)))


def finders(present: tuple[Loader, ...], kind: str) -> tuple[Loader, ...]:
    """Return the loaders that look for documents: all, or the one the user names (``--as``).

    Raises:
        ThingNotFound: no loader is called so.
    """
    if not kind:
        return present
    chosen = tuple(loader for loader in present if loader.name == kind)
    if not chosen:
        names = ", ".join(loader.name for loader in present)
        raise ThingNotFound(f"There is no kind of documents {kind!r}; `--as` takes one of {names}")
    return chosen


def refuse_long_lines(nquads: str, *, where: str) -> None:
    """Refuse a statement that the engine's parser would not take (16 MiB for a line).

    Raises:
        TooLarge: a value is too long.
    """
    if len(nquads) <= LINE_AT_MOST:
        return
    for line in nquads.split("\n"):
        if len(line) > LINE_AT_MOST:
            raise TooLarge(
                f"one value of it has {len(line):,} characters, more than {LINE_AT_MOST:,}: "
                f"{line[:120]}…",
                where=where,
                remedy="Simplify the geometry, or split it",
            )


def speakable(text: str) -> str:
    """Return ``text`` as it can be written: file names may hold bytes that are no UTF-8."""
    return text.encode("utf-8", "backslashreplace").decode()


def speakable_document(document: SourceDocument) -> SourceDocument:
    """Return a document whose names can be written."""
    return replace(
        document,
        key=speakable(document.key),
        origin=speakable(document.origin),
        parts=tuple(
            # a part that many documents share stays one: its digest is computed once
            part
            if isinstance(part, FilePart) or speakable(part.name) == part.name
            else Part(speakable(part.name), part.data)
            for part in document.parts
        ),
    )


def described(records: tuple[Record, ...]) -> tuple[str, ...]:
    """Ids of the products that a document speaks of, each once."""
    kinds = Product | DerivedProduct | StacItem | Derivation
    ids = (r.product_id for r in records if isinstance(r, kinds))
    return tuple(dict.fromkeys(ids))


def with_value(document: SourceDocument) -> SourceDocument:
    """Return the document with its parsed element, where it is one of several in a JSON file."""
    if not document.pointer.startswith("/") or document.value is not None:
        return document
    whole = read_json(document.parts[0].data, where=document.origin)
    return replace(document, value=resolve_pointer(whole, document.pointer))


def is_written(document: SourceDocument | StoredDocument) -> bool:
    """Tell whether a document holds a graph that a user wrote, and no file's content.

    Such a graph is the document's only place: its own graph says where it comes from.
    """
    return document.kind == "rdf" and document.key.startswith(WRITTEN)


def written_id(graph: str) -> str:
    """Return the id of the document that holds ``graph`` as users write it."""
    return SourceDocument("rdf", WRITTEN + graph, "", ()).document_id


def held_files(document: SourceDocument) -> dict[int, int]:
    """Bytes of a document's files that are in memory, by what tells them apart: the items of
    a collection share the file that they stand in."""
    held = (part for part in document.parts if not isinstance(part, FilePart))
    return {id(part.data): part.size for part in held}


def quarantine_id(document: SourceDocument) -> str:
    """Name the entry of one content of a document: 32 hex digits."""
    return digest_of(f"{document.document_id}/{document.content_hash}".encode())[:32]


def rejected(document: SourceDocument, error: DocumentRejected) -> Rejected:
    """Make the quarantine entry of a document."""
    names, data = files_of(document)
    return Rejected(
        Quarantined(
            document_id=quarantine_id(document),
            would_be=document.document_id,
            kind=document.kind,
            key=document.key,
            origin=document.origin,
            content_hash=document.content_hash,
            files=names,
            rejected_at=now(),
            error=type(error).__name__,
            message=speakable(error.what),
            where=speakable(error.where),
            remedy=speakable(error.remedy),
            report=getattr(error, "report", ""),
            pointer=document.pointer,
            family=document.family,
        ),
        data,
    )


def refused(step: Refused, sent: Sent = NOT_SENT) -> Rejected:
    """Make the quarantine entry of files that never became a document."""
    error = step.error
    if not isinstance(error, DocumentRejected):
        error = DocumentRejected(str(error))
    origin = step.entries[0].origin if step.entries else error.where
    parts: list[Part] = []
    for entry in step.entries:
        elsewhere = "!" in entry.origin or "://" in entry.origin
        if not elsewhere and not Path(entry.origin).is_file():
            continue  # a pipe or a device: reading it might never end
        try:
            parts.append(Part(entry.name, entry.read()))
        except (DafabError, OSError):
            parts.extend(_container(entry.origin))
            break  # a member that cannot be read: the archive is kept instead
    if not step.entries:
        parts.extend(_container(origin))
    origin = sent.named(origin)
    document = SourceDocument(UNREAD, origin, origin, tuple(parts))
    error = type(error)(
        sent.named(error.what), where=sent.named(error.where), remedy=sent.named(error.remedy)
    )
    return rejected(speakable_document(document), error)


def _container(origin: str) -> list[Part]:
    """The file that an origin lies in, unless it is too large to be kept."""
    path = Path(origin.partition("!")[0])
    try:
        if path.is_file() and path.stat().st_size <= KEPT_AT_MOST:
            return [Part(path.name, path.read_bytes())]
    except OSError:
        return []
    return []


def _unrecognised(step: Unclaimed) -> Passed:
    return Passed("", "", speakable(step.entry.origin), unchanged=False)


def not_recognised(entry: Entry, sent: Sent) -> Rejected:
    """Make the quarantine entry of a file that the user named but no loader knows."""
    return refused(
        Refused(
            NotRecognised(
                "no loader knows what this is",
                where=entry.origin,
                remedy="If you know what it is, say so with --as; for example --as parcels",
            ),
            (entry,),
        ),
        sent,
    )
