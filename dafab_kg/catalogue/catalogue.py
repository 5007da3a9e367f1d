"""One catalogue in one directory: graph, documents, journal."""

from __future__ import annotations

import fcntl
import secrets
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, closing, contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import orjson

from dafab_kg.access.fetching import check_service, fetch
from dafab_kg.catalogue import writing as writes
from dafab_kg.catalogue.answering import Answering
from dafab_kg.catalogue.calling import with_calls
from dafab_kg.catalogue.deciding import Decided, decide, document_of, report_iri
from dafab_kg.catalogue.derivations import DeriveReport, derive
from dafab_kg.catalogue.description import describe, own_document, resolve
from dafab_kg.catalogue.dumps import DumpReport, read_dump, write_dump
from dafab_kg.catalogue.evidence import Evidence, evidence_of
from dafab_kg.catalogue.graph_server import open_graph, refuse_graph_elsewhere
from dafab_kg.catalogue.indexing import Indexing, index_mark
from dafab_kg.catalogue.items import (
    REQUESTS,
    Desk,
    Entered,
    Mode,
    Write,
    stored_tag,
    write_groups,
    write_items,
)
from dafab_kg.catalogue.knowing import provenance_of
from dafab_kg.catalogue.load_reports import keep_report, kept_report, newest_reports
from dafab_kg.catalogue.moving import move_documents
from dafab_kg.catalogue.originals import file_of, sizes_of
from dafab_kg.catalogue.picturing import Pictures, pictures
from dafab_kg.catalogue.private import (
    DIRECTORY as PRIVATE,
)
from dafab_kg.catalogue.private import (
    View as PrivateView,
)
from dafab_kg.catalogue.private import (
    has_private,
    key_of_shown,
    remove_leftovers,
    write_shown,
)
from dafab_kg.catalogue.searching import Known, PublicLibrary, kinds_of_documents
from dafab_kg.catalogue.statistics import gather
from dafab_kg.catalogue.viewing import Values, View, values_page, view
from dafab_kg.catalogue.writing import Written
from dafab_kg.derive import Request
from dafab_kg.dids.dids import Dids
from dafab_kg.dids.expected import DidChange, Expected, ExpectedDids
from dafab_kg.dids.listing import Asked, DidPage, DocumentPage, NamePage
from dafab_kg.dids.members import Members
from dafab_kg.dids.names import ASSETS, Did, Scopes
from dafab_kg.dids.states import State
from dafab_kg.ingest.agreement import Agreement
from dafab_kg.ingest.checking import check_files
from dafab_kg.ingest.commit import Committer
from dafab_kg.ingest.doctor import Disagreement, Finding, disagreements, examine_store
from dafab_kg.ingest.event_matching import Explanation, explain
from dafab_kg.ingest.flow import Options, ingest, ingest_documents
from dafab_kg.ingest.prepare import Preparer, finders, written_id
from dafab_kg.ingest.report import LoadReport, Outcome, Progress
from dafab_kg.ingest.requeue import work_of
from dafab_kg.ingest.sending import NOT_SENT, Sent
from dafab_kg.ingest.wording import write_all_words
from dafab_kg.loaders.registry import loaders
from dafab_kg.model.closing import Closing
from dafab_kg.model.documents import Loader
from dafab_kg.model.errors import (
    DafabError,
    FileNotUsable,
    NotDoneHere,
    ShapesNotValid,
    StoreInUse,
    StoreNotFound,
    StoreNotUsable,
    ThingExists,
    ThingNotFound,
)
from dafab_kg.model.resources import text
from dafab_kg.model.settings import Settings
from dafab_kg.python.found import NOWHERE, ItemsHere, placeless
from dafab_kg.python.searching import ItemSearch
from dafab_kg.python.things import Counted, Description, Provenance, Stats
from dafab_kg.reasoning.clash import Clash, clashes
from dafab_kg.reasoning.explain import Proof, parse_triple_text
from dafab_kg.reasoning.explain import explain as prove
from dafab_kg.reasoning.reasoner import Facts, Reasoned, Reasoner
from dafab_kg.search.stored import documents_of_collection, documents_of_items
from dafab_kg.search.tree import Search
from dafab_kg.store.diagnostics import Diagnostics
from dafab_kg.store.documents import Documents, Quarantined, StoredDocument
from dafab_kg.store.mended import UNREAD
from dafab_kg.store.oxigraph import OxigraphStore
from dafab_kg.store.protocol import Answer, Iri, Solutions, Store, Term
from dafab_kg.store.refusals import has_dataset
from dafab_kg.store.snapshots import Held, Shelf, Snapshot
from dafab_kg.validation import Validator

if TYPE_CHECKING:
    from dafab_kg.catalogue.enriching import EnrichReport
    from dafab_kg.catalogue.publishing import Wanted
    from dafab_kg.federation.harvest import HarvestReport
    from dafab_kg.federation.rucio.harvest import ScopeReport
    from dafab_kg.search.aggregation import Wished
    from dafab_kg.search.counts import Facets
    from dafab_kg.search.pages import Page
    from dafab_kg.spatial.index.index import SearchIndex
    from dafab_kg.validation.anybody import Judgement

FORMAT = 1
"""Version of the layout of a store's directory."""
CHANGES = "changes"
"""Part of a snapshot: the number of the last change of a document that is in it."""


class Catalogue(ItemSearch, Closing):
    """A catalogue; make one with :func:`open_catalogue` (``dafab_kg.open``).

    It is a context manager.  One process may have it open for writing.
    """

    def __init__(
        self,
        path: Path,
        settings: Settings,
        *,
        read_only: bool = False,
        held: Held | None = None,
    ) -> None:
        """Open a catalogue; ``held`` is the snapshot to read instead of the writer's graph."""
        self.path = path
        self.snapshot = None if held is None else held.snapshot
        self.settings = settings
        self.names = settings.names
        self.read_only = read_only
        with ExitStack() as opened:
            if held is not None:
                opened.enter_context(held)
            if not read_only:
                opened.enter_context(_locked(path))
            _check_layout(path, settings, read_only=read_only)
            live = bool(settings.graph_url)
            self._documents = opened.enter_context(
                closing(
                    Documents(
                        path / "documents",
                        read_only=read_only,
                        # what a server holds is of now: so are the documents beside it
                        frozen=read_only and not live,
                    )
                )
            )
            graph = path / "graph" if held is None else held.snapshot.graph
            index = graph.parent / "index"
            before = index_mark(index)
            self._embedded: OxigraphStore | None = None
            self._store: Store
            if live:
                self._store = opened.enter_context(
                    closing(open_graph(path, settings, read_only=read_only))
                )
            else:
                refuse_graph_elsewhere(path)
                self._embedded = OxigraphStore(graph, read_only=read_only)
                self._store = opened.enter_context(closing(self._embedded))
                self._embedded.allow_services(settings.service_allowed, check_service)
            self._reasoner = Reasoner(self._store, self.names, path / "reasoning.json")
            self._index = Indexing(
                self._store,
                index,
                self._reasoner.graph,
                read_only,
                settings.index,
                before,
                verify=held is None,
                live=live,
            )
            opened.callback(self._index.close)
            self._committer = None
            if not read_only:
                self._committer = Committer(
                    self._store,
                    self._documents,
                    path / "journal",
                    self.names,
                    settings.source_ranking,
                    reasoner=self._reasoner,
                    reasoning=settings.reasoning,
                )
                self._committer.recover()
                opened.callback(self._committer.settle)
            self._private: Catalogue | None = None
            self._view: PrivateView | None = None
            self._session = secrets.token_hex(6)
            self._known = Known()
            self._expected = ExpectedDids(path)
            self._desk: Desk | None = None
            opened.callback(self._close_view)
            if not read_only and has_private(path):
                self._open_private(opened)
            self._opened = opened.pop_all()

    def _here(self) -> OxigraphStore:
        """Return the graph that lies in this directory.

        Raises:
            NotDoneHere: it lies behind another server.
        """
        if self._embedded is None:
            raise NotDoneHere(
                "This is not done where the graph lies behind another server (graph_url): it "
                "takes copies of the graph. Dump the catalogue, and restore it into a directory "
                "without graph_url"
            )
        return self._embedded

    def _open_private(self, opened: ExitStack) -> Catalogue:
        """Open the private part; nothing is inferred there."""
        self._here()
        chosen = self.settings.model_copy(update={"reasoning": False})
        self._private = opened.enter_context(Catalogue(self.path / PRIVATE, chosen))
        (self.path / PRIVATE).chmod(0o700)
        remove_leftovers(self.path)
        self._show_private()
        return self._private

    def _show_private(self) -> None:
        if self._private is not None:
            write_shown(self._private._here(), self.path)

    def _private_part(self, *, create: bool = False) -> Catalogue | None:
        self._writer()
        if self._private is None and create:
            return self._open_private(self._opened)
        return self._private

    def _close_view(self) -> None:
        if self._view is not None:
            self._view.close()
            self._view = None

    def _seen(self, *, private: bool) -> Store:
        """Return the store to be asked: with what is private, or without."""
        shown = key_of_shown(self.path) if private else ""
        if not shown:
            return self._store
        key = f"{self.revision}-{shown}"
        if self._view is None or self._view.key != key:
            self._close_view()
            self._view = PrivateView(self._here(), self.path, self._reasoner.graph, key)
            self._view.store.allow_services(self.settings.service_allowed, check_service)
        return self._view.store

    @property
    def revision(self) -> str:
        """What changes whenever what queries see does; of this opening of the catalogue."""
        changes = 0 if self._committer is None else self._committer.changes
        return f"{self._session}-{changes}"

    def load(
        self,
        *paths: Path | str,
        strict: bool = False,
        jobs: int = 1,
        validate: bool = True,
        private: bool = False,
        sender: str = "",
        progress: Callable[[Progress], None] | None = None,
    ) -> LoadReport:
        """Load files, directories and archives.

        Documents loaded before and unchanged are skipped; rejected ones go to
        quarantine.  ``strict`` stops at the first rejection, before its batch is
        committed.  ``jobs`` is the number of processes that read and map.  ``private``
        loads into the private part, which only those see who may.  ``sender`` is who sent
        files that lie where they are for this moment only: ``upload:SENDER/NAME`` is then
        what is kept as their origin.

        Raises:
            FileNotUsable: a path does not exist.
        """
        if private:
            part = cast(Catalogue, self._private_part(create=True))
            try:
                return part.load(
                    *paths, strict=strict, jobs=jobs, validate=validate, progress=progress
                )
            finally:
                self._show_private()
        settings, sent = self.settings, NOT_SENT
        if sender:
            first = Path(paths[0])
            sent = Sent(str(first if first.is_dir() else first.parent), sender)
            settings = settings.model_copy(update={"agent": sender})
        report = ingest(
            [Path(path) for path in paths],
            self._writer(),
            settings,
            validator=_validator() if validate else None,
            options=Options(strict, jobs, progress, sent),
        )
        keep_report(self.path, report)
        return report

    def harvest(
        self,
        url: str,
        *,
        bbox: Sequence[float] = (),
        datetime: str = "",
        collections: Sequence[str] = (),
        limit: int | None = None,
        page_size: int = 100,
        restart: bool = False,
        progress: Callable[[Progress], None] | None = None,
    ) -> HarvestReport:
        """Load what a STAC API answers to a search; an interrupted harvest goes on.

        ``bbox`` is west, south, east, north in degrees, ``datetime`` a time or an
        interval (``2022-09-01/2022-10-31``), ``limit`` the most items.  ``restart``
        forgets how far an earlier harvest of the same came.

        Raises:
            ServiceNotUsable: it is no STAC API that can be searched, or fails for long.
            ThingNotFound: it has no such collection.
        """
        from dafab_kg.catalogue.harvesting import harvest_into

        return harvest_into(
            self._writer(),
            self.settings,
            self.path,
            _validator(),
            url,
            progress,
            bbox=tuple(bbox),
            datetime=datetime,
            collections=tuple(collections),
            limit=limit,
            page_size=page_size,
            restart=restart,
        )

    def harvest_rucio(
        self,
        scope: str,
        *,
        vo: str = "",
        plugin: str = "auto",
        only_new: bool = False,
        restart: bool = False,
        progress: Callable[[Progress], None] | None = None,
    ) -> ScopeReport:
        """Load the data identifiers of a Rucio's scope; an interrupted harvest goes on.

        ``vo``: three characters, else as configured.  ``plugin`` is Rucio's metadata plugin
        (``none``: columns alone).  ``only_new``: what was made since the last harvest; else
        changes are found, too, and what has gone there goes here.

        Raises:
            ServiceNotUsable: Rucio does not answer, also when asked again.
            ServiceRefused: it has no such scope, or does not let us in.
            ExtraMissing: Rucio's client is not installed.
        """
        from dafab_kg.catalogue.harvesting_rucio import harvest_scope_into

        return harvest_scope_into(
            self._writer(),
            self.settings,
            self.path,
            _validator(),
            scope,
            progress,
            vo=vo,
            plugin=plugin,
            only_new=only_new,
            restart=restart,
        )

    def enrich(self, *, parcels: bool = False) -> EnrichReport:
        """Link things, and ``parcels`` if asked, to the places that are loaded.

        Done again it links what has come since, and takes back what holds no more.
        """
        from dafab_kg.catalogue.enriching import enrich

        return enrich(self._writer(), self.settings, parcels=parcels, validator=_validator())

    def derive(
        self, rule: str, *products: str, season: str = "", dataset: str = "", **parameters: object
    ) -> DeriveReport:
        """Compute figures from what is here (``coverage``, ``water``) and load them.

        No ``products``: all that can be.  What was derived before is replaced, and
        left as it is where nothing changed.

        Raises:
            ThingNotFound: there is no such rule or product.
        """
        request = Request(products, season, dataset, parameters)
        return derive(rule, request, self._writer(), self.settings, validator=_validator())

    def decide(self, verdict: str, *reports: str, because: str = "") -> Decided:
        """Decide that reports tell of the ``same`` event, or of ``distinct`` ones.

        A report is given by IRI or as source/id.  The decision is a document; deleting
        that (:meth:`undo_decision`) brings back what was.

        Raises:
            ThingNotFound: a report is not here.
        """
        return decide(
            verdict,
            reports,
            self._writer(),
            self.settings,
            because=because,
            validator=_validator(),
        )

    def undo_decision(self, decision: str) -> None:
        """Take back a decision, given by id or IRI.

        Raises:
            ThingNotFound: there is no such decision.
        """
        if self._documents.get(document_of(decision, self.names)) is None:
            raise ThingNotFound(
                f"There is no decision {decision!r}; `dafab-kg events decisions` lists them"
            )
        self.delete(document_of(decision, self.names))

    def why(self, report: str, other: str) -> Explanation:
        """Explain why two reports, by IRI or source/id, tell of one event or do not.

        Raises:
            ThingNotFound: a report is not here.
        """
        one, two = (report_iri(name, self.names) for name in (report, other))
        return explain(self._store, self.names, one, two)

    def query(
        self,
        query: str,
        *,
        bindings: Mapping[str, Term] | None = None,
        default_graphs: Sequence[str] | None = None,
        named_graphs: Sequence[str] | None = None,
        base: str | None = None,
        facts: Facts = "both",
        diagnostics: Diagnostics | None = None,
        private: bool = False,
    ) -> Answer:
        """Answer a SPARQL 1.1 query; a SELECT's answer has to_pandas() and to_geopandas().

        ``bindings`` fixes variables of the projection; ``base`` is what relative IRIs
        are relative to.  ``facts`` says what the default graph is where neither the
        query (FROM) nor the graphs given do: what is asserted, what is inferred, or both.
        ``private``: what is private is seen too.

        Raises:
            QueryNotValid: it cannot be parsed, or asks for SERVICE.
        """
        answer = partial(
            self._answer,
            facts=facts,
            base=base,
            private=private,
            default_graphs=default_graphs,
            named_graphs=named_graphs,
        )
        joined = with_calls(query, self.settings, answer, base)
        text = query if joined is None else joined.text
        return answer(text, bindings=bindings, diagnostics=diagnostics)

    def _answer(
        self,
        query: str,
        *,
        facts: Facts,
        base: str | None,
        private: bool,
        default_graphs: Sequence[str] | None,
        named_graphs: Sequence[str] | None,
        bindings: Mapping[str, Term] | None = None,
        diagnostics: Diagnostics | None = None,
    ) -> Answer:
        """Answer a query whose calls are done, or left to the engine."""
        graphs: Sequence[str | None] | None = default_graphs
        if graphs is None and named_graphs is None and not has_dataset(query):
            graphs = self._reasoner.dataset(facts)
            if self.settings.rewriting and not private and not bindings:
                return self._answering.answer(query, facts, base, diagnostics)
        return self._seen(private=private).query(
            query,
            bindings=bindings,
            default_graphs=graphs,
            named_graphs=named_graphs,
            base=base,
            diagnostics=diagnostics,
        )

    def explain_query(
        self, query: str, *, base: str | None = None, facts: Facts = "both"
    ) -> dict[str, Any]:
        """Tell what the search index finds for a query, and what the engine is given.

        The values are plain: ``rewritten``, ``reason``, ``candidates`` by variable with the
        parts of the query that were recognised, ``milliseconds`` by stage, ``text``, ``rows``,
        ``diagnostics`` (errors inside functions), and ``tried``, the plans before that gave
        too few rows, and ``calls``, what became of each SERVICE.

        Raises:
            QueryNotValid: it cannot be answered.
            ServiceNotUsable: an endpoint that it calls fails.
        """
        answer = partial(self.query, base=base, facts=facts)
        joined = with_calls(query, self.settings, answer, base)
        calls = () if joined is None else joined.calls
        text = query if joined is None else joined.text
        told = self._answering.explain(text, facts, base)
        return {**told, "calls": [call.plain() for call in calls]}

    @property
    def _answering(self) -> Answering:
        return Answering(self._store, self._reasoner, self._index, self.settings.rewriting)

    def update(
        self,
        text: str,
        *,
        using: Sequence[str] | None = None,
        using_named: Sequence[str] | None = None,
        base: str | None = None,
        agent: str = "",
        origin: str = "SPARQL update",
        private: bool = False,
    ) -> Written:
        """Do a SPARQL 1.1 Update: all of it, or nothing.

        ``using`` and ``using_named`` are the dataset of the protocol (section 2.2.3),
        ``agent`` and ``origin`` who writes and by which request.  ``private``: the writer
        sees and writes what is private too.

        Raises:
            UpdateNotValid: it is no update, or cannot be done.
            GraphNotWritable: it would change a graph that is not to be written.
            ShapeViolated: what it writes breaks a shape of the ingest tier.
        """
        with self._writing(private=private) as writing:
            return writes.update(
                text,
                writing,
                writes.Request(agent, origin),
                using=using,
                using_named=using_named,
                base=base,
            )

    def put_graph(
        self,
        graph: str | None,
        data: bytes,
        media_type: str,
        *,
        base: str | None = None,
        agent: str = "",
        origin: str = "Graph Store Protocol, PUT",
        if_match: Sequence[str] = (),
        if_none_match: Sequence[str] = (),
        private: bool = False,
        make_private: bool = False,
        merge: bool = False,
        more: Sequence[tuple[bytes, str]] = (),
    ) -> Written:
        """Replace a graph (None: that of what is written into the default graph).

        ``merge`` adds to it instead; ``more`` are further bodies with their media types,
        whose statements come too.  ``if_match`` and ``if_none_match`` hold tags
        (:meth:`graph_tag`) or ``*``.  ``make_private``: a graph that is new is private.

        Raises:
            DocumentRejected: the data cannot be read, or break a shape.
            GraphNotWritable: the graph is not to be written.
            GraphChanged: it is not what the tags say.
        """
        with self._writing(private=private, making=make_private) as writing:
            return writes.put(
                graph,
                data,
                media_type,
                writing,
                writes.Request(agent, origin),
                more=more,
                base=base,
                merge=merge,
                if_match=if_match,
                if_none_match=if_none_match,
            )

    def delete_graph(
        self,
        graph: str | None,
        *,
        agent: str = "",
        origin: str = "Graph Store Protocol, DELETE",
        if_match: Sequence[str] = (),
        private: bool = False,
    ) -> Written:
        """Take away a graph that users wrote.

        Raises:
            ThingNotFound: there is none.
            GraphNotWritable: it is the catalogue's own, or a document's.
            GraphChanged: it is not what the tags say.
        """
        with self._writing(private=private) as writing:
            return writes.delete(graph, writing, writes.Request(agent, origin), if_match=if_match)

    @contextmanager
    def _writing(self, *, private: bool, making: bool = False) -> Iterator[writes.Writing]:
        def part(create: bool) -> Committer | None:
            found = self._private_part(create=create) if private else None
            return None if found is None else found._writer()

        changes = 0 if self._private is None else self._private._writer().changes
        seen = self._seen(private=private)
        yield writes.Writing(
            settings=self.settings,
            public=self._writer(),
            private=part,
            reading=seen,
            copied=lambda directory: self._copied(seen, directory),
            merged=self._reasoner.dataset("both"),
            validator=_validator,
            folder=self.path,
            fetch=lambda url: fetch(url, self.settings.load_allowed),
            making=making,
        )
        if self._private is not None and self._private._writer().changes != changes:
            self._show_private()

    def _copied(self, seen: Store, directory: Path) -> OxigraphStore:
        """Copy what a writer sees; raises NotDoneHere where it lies behind a server."""
        (seen if isinstance(seen, OxigraphStore) else self._here()).backup(directory)
        return OxigraphStore(directory)

    def put_items(
        self,
        collection: str,
        items: Sequence[bytes],
        *,
        mode: Mode = "upsert",
        item_id: str = "",
        **request: Any,
    ) -> tuple[Entered, ...]:
        """Write STAC items, JSON texts, into a collection: all of them, or none.

        ``mode``: ``create`` refuses what is there, ``replace`` what is not.  An item keeps
        the document that it had, whoever delivered that.  ``item_id`` is the id that the
        one item must have.  ``request`` are the other members of
        :class:`~dafab_kg.catalogue.items.Write`: who writes (``agent``), by which request
        (``origin``), ``if_match``, ...

        Raises:
            ThingExists: an item to be created is there.
            ThingNotFound: an item to be replaced, or the collection, is not.
            ThingChanged: an item is not what the tags say.
            ItemNotWritable: no items can be written into this collection.
            DocumentRejected: an item cannot be loaded, or breaks a shape; it is quarantined.
        """
        write = REQUESTS["put_items"]
        return self._write_one(write(collection, items, mode=mode, item_id=item_id, **request))

    def patch_item(
        self, collection: str, item_id: str, patch: bytes, **request: Any
    ) -> tuple[Entered, ...]:
        """Change an item by a JSON Merge Patch (RFC 7396); see :meth:`put_items`."""
        return self._write_one(REQUESTS["patch_item"](collection, item_id, patch, **request))

    def delete_item(self, collection: str, item_id: str, **request: Any) -> tuple[Entered, ...]:
        """Delete an item, with the documents of all who delivered it; see :meth:`put_items`."""
        return self._write_one(REQUESTS["delete_item"](collection, item_id, **request))

    def put_collection(
        self, name: str, collection: bytes, *, mode: Mode = "upsert", **request: Any
    ) -> tuple[Entered, ...]:
        """Write a STAC collection, a JSON text; see :meth:`put_items`."""
        write = REQUESTS["put_collection"]
        return self._write_one(write(name, collection, mode=mode, **request))

    def patch_collection(self, name: str, patch: bytes, **request: Any) -> tuple[Entered, ...]:
        """Change a collection by a JSON Merge Patch (RFC 7396); see :meth:`put_items`."""
        return self._write_one(REQUESTS["patch_collection"](name, patch, **request))

    def delete_collection(self, name: str, **request: Any) -> tuple[Entered, ...]:
        """Delete a collection that has no items; see :meth:`put_items`."""
        return self._write_one(REQUESTS["delete_collection"](name, **request))

    def write_together(self, writes: Sequence[Write]) -> list[tuple[Entered, ...] | DafabError]:
        """Do several writes of items in as few commits as can be; return what each came to.

        Each is done as a whole or refused as a whole, and takes no other with it.
        """
        return write_items(writes, self._desk_of_items())

    def write_groups(
        self, groups: Sequence[Sequence[Write]]
    ) -> list[tuple[Entered, ...] | DafabError]:
        """Do groups of writes in one commit, each group as a whole; return what each came to."""
        return write_groups(groups, self._desk_of_items())

    def _write_one(self, write: Write) -> tuple[Entered, ...]:
        (answer,) = self.write_together((write,))
        if isinstance(answer, DafabError):
            raise answer
        return answer

    def _desk_of_items(self) -> Desk:
        if self._desk is None:
            library = PublicLibrary(
                self.names, kinds_of_documents(), {}, self._store.query, (None,), self._documents
            )
            preparer = Preparer(self.settings, "", self._documents)
            self._desk = Desk(library, self._writer(), preparer, _validator, self.settings)
        self._desk.library.kept.clear()
        return self._desk

    def set_private(self, identifier: str, *, private: bool) -> tuple[str, ...]:
        """Make the documents behind a graph private, or public; return their ids.

        ``identifier`` is a graph's IRI, or a document's id or IRI.

        Raises:
            ThingNotFound: there is no such document in the part that it is to leave.
            DocumentRejected: it cannot be loaded into the other part.
        """
        part = cast(Catalogue, self._private_part(create=True))
        here, there = (self, part) if private else (part, self)
        try:
            return move_documents(identifier, here._writer(), there._writer(), self.settings)
        finally:
            self._show_private()

    def private_documents(self) -> tuple[StoredDocument, ...]:
        """All documents that are private."""
        part = self._private_part()
        return () if part is None else part.documents()

    def show(self, identifier: str) -> Description:
        """Describe a thing by IRI, product id, STAC item id or DID, with provenance.

        Raises:
            ThingNotFound: there is no such thing.
        """
        return describe(identifier, self._store, self.names)

    def provenance(self, identifier: str) -> Provenance:
        """Tell how each fact about a thing is known: the documents, and proofs of the rest.

        Raises:
            ThingNotFound: there is no such thing.
        """
        return provenance_of(self.show(identifier), self._store, self._reasoner)

    def view(self, iri: str) -> View:
        """Return a thing as its page shows it, bounded.

        Raises:
            ThingNotFound: there is no such thing.
        """
        return view(iri, self._store, self._reasoner.dataset("both"))

    def values_page(
        self, iri: str, property_: str, page: int, *, incoming: bool
    ) -> tuple[Values, Mapping[str, str]]:
        """Return a page of a property's values, or of what points by it, and their labels."""
        graphs = self._reasoner.dataset("both")
        return values_page(iri, property_, page, self._store, graphs, incoming=incoming)

    def evidence(self, iri: str, property_: str, digest: str) -> Evidence:
        """Tell how one fact is known; ``digest`` names its value (``viewing.digest_of``).

        Raises:
            ThingNotFound: there is no such fact.
        """
        return evidence_of(
            iri, property_, digest, self._store, self.names, self._reasoner, self._documents
        )

    def pictures(self, iri: str) -> Pictures:
        """Return what the page of a thing draws: outlines, figures over time, products near."""
        return pictures(iri, self._store, self._reasoner.dataset("both"), self.query)

    def original(self, document_id: str) -> tuple[StoredDocument, tuple[int, ...]]:
        """Return a loaded document's entry, and the bytes of each of its first files.

        Raises:
            ThingNotFound: no such document is loaded.
        """
        return sizes_of(document_id, self._documents)

    def original_file(self, document_id: str, file: str) -> tuple[str, bytes]:
        """Return name and bytes of a document's file; ``file`` is its number, or "element".

        Raises:
            ThingNotFound: there is no such document or file.
            TooLarge: it is too large to be sent so.
        """
        return file_of(document_id, file, self._documents)

    def delete(self, identifier: str) -> tuple[str, ...]:
        """Remove the documents that describe a thing; return their ids.

        ``identifier`` is a document id or IRI, or names a product (by IRI, product
        id, item id or DID): then all documents that describe it go.  The id of a
        rejected document takes it out of quarantine.

        Raises:
            ThingNotFound: no document describes it.
        """
        if discarded := self._writer().discard((identifier,)):
            return discarded
        entries = self._documents_of(identifier)
        self._writer().commit((), (), entries)
        return tuple(entry.document_id for entry in entries)

    def stats(self) -> Stats:
        """Count what the catalogue holds."""
        return gather(self._store, self._documents, self.path)

    def recent_stats(self) -> Counted:
        """Return counts for a page, as a server's catalogue does, which does not wait for them."""
        return Counted(self.stats(), fresh=True)

    def doctor(self, *, tell: Callable[[str], None] | None = None) -> tuple[Finding, ...]:
        """Compare documents, graph and journal; return all that is amiss."""
        private: tuple[Finding, ...] = ()
        if self._private is not None:
            private = tuple(
                replace(finding, where=f"private part: {finding.where}")
                for finding in self._private.doctor(tell=tell)
                if finding.where != self._reasoner.graph  # nothing is inferred there
            )
        return (
            *private,
            *examine_store(
                self._store,
                self._documents,
                self.names,
                self.path / "journal",
                Agreement(self._store, self.names, self.settings.source_ranking),
                self._reasoner,
                tell,
            ),
            *self._index.examine(tell),
        )

    def rederive(self) -> None:
        """Make anew what is derived from documents: after the ranking of sources changed.

        Raises:
            StoreNotUsable: the catalogue is open for reading only.
        """
        self._writer().rederive()

    def reason(
        self, *, full: bool = False, told: Callable[[int, int], None] | None = None
    ) -> Reasoned:
        """Bring what is inferred up to date: all anew, or what changed in rules and facts.

        Raises:
            StoreNotUsable: the catalogue is open for reading only.
            AxiomNotTranslated: the ontology says what no rule can.
        """
        reasoner = self._writer().reasoner
        return reasoner.run_full(told, resume=not full) if full else reasoner.ensure(told)

    def explain(self, triple: str) -> Proof:
        """Explain why a triple holds, down to the documents that state the facts.

        ``triple`` is written as in Turtle, with the catalogue's prefixes.

        Raises:
            ThingNotFound: it does not hold.
            QueryNotValid: it is no triple.
        """
        return prove(
            parse_triple_text(triple, self.names),
            self._store,
            self._reasoner,
            remedy="; `dafab-kg reason` brings what is inferred up to date",
        )

    def origin(self, graph: str) -> str:
        """Return where the document behind a graph was found; the graph itself if none is."""
        entry = self._documents.get(graph.rsplit("/", 1)[-1])
        entry = entry or self._documents.get(written_id(graph))
        return graph if entry is None else entry.origin

    def check(
        self, *, most: int = 1000, told: Callable[[int, int], None] | None = None
    ) -> tuple[Clash, ...]:
        """Find facts that contradict each other by the ontology; at most ``most`` by an axiom."""
        return tuple(clashes(self._store, self._reasoner, most=most, told=told))

    def disagreements(self) -> tuple[Disagreement, ...]:
        """Return what documents say differently of one property of one thing."""
        return tuple(disagreements(self._store, self._documents))

    @property
    def index(self) -> SearchIndex | None:
        """The search index for what the graph holds now; None where it cannot be used."""
        return self._index.lookup()

    def index_status(self) -> dict[str, Any]:
        """Tell what the search index holds, and whether it can be used (``usable``)."""
        return self._index.status()

    def rebuild_index(self, tell: Callable[[str], None] | None = None) -> dict[str, Any]:
        """Make the search index anew from the graph, and that of words from the documents.

        Raises:
            StoreNotUsable: the catalogue is open for reading only, or has no index.
        """
        self._writer()
        self._index.rebuild(tell)
        write_all_words(self._documents)
        return self._index.status()

    def find_things(self, words: str, *, limit: int = 20) -> tuple[tuple[str, str], ...]:
        """Find things by IRI, product id, DID, label or place name: (IRI, the text that matched).

        All words must be in one name, each whole or as a beginning; case and accents
        do not matter.
        """
        index = self.index
        return () if index is None else tuple(index.search(words, limit=limit))

    def _settings(self) -> Settings:
        return self.settings

    def _items(self) -> ItemsHere:
        return ItemsHere(self.find_items)

    def list_collections(self) -> tuple[dict[str, Any], ...]:
        """Return the collections as JSON (STAC), in the order of their ids."""
        return tuple(map(placeless, map(orjson.loads, self.collections(NOWHERE))))

    def find_items(self, search: Search, root: str) -> Page:
        """Find items (STAC); each is JSON with links below ``root``, the API's address.

        Only what is public is found.

        Raises:
            QueryNotValid: the order, the cursor or the filter cannot be answered.
        """
        from dafab_kg.search.pages import find_items

        return find_items(self._library, search, root)

    def aggregate(
        self, search: Search, names: Sequence[str], wished: Wished | None = None
    ) -> tuple[dict[str, Any], ...]:
        """Return figures of all items of a search, as STAC's Aggregation extension has them.

        Raises:
            QueryNotValid: there is no figure of this name, or the items are too many.
        """
        from dafab_kg.search.aggregation import Wished, aggregate

        return aggregate(self._library, search, names, wished or Wished())

    def facets(self, search: Search, *, seconds: float | None = None) -> Facets:
        """Count what a search finds by facet: collection, time, cloud cover, class, place, ...

        No facet is begun after ``seconds``; what was counted is kept for the next time.

        Raises:
            QueryNotValid: the filter cannot be answered.
        """
        from dafab_kg.search.counts import SECONDS, facets

        return facets(self._library, search, seconds=SECONDS if seconds is None else seconds)

    def item(self, collection: str, item_id: str, root: str, *, inferred: bool = False) -> bytes:
        """Return one item of a collection as JSON; see :meth:`find_items`.

        ``inferred``: with what follows of its product by the ontology.

        Raises:
            ThingNotFound: there is none.
        """
        from dafab_kg.search.pages import find_item

        return find_item(self._library, collection, item_id, root, inferred=inferred)

    def item_with_tag(
        self, collection: str, item_id: str, root: str, *, inferred: bool = False
    ) -> tuple[bytes, str]:
        """Return one item as :meth:`item` does, and the tag of its content ("" if made here)."""
        found = self.item(collection, item_id, root, inferred=inferred)
        stored = documents_of_items(self._library, {(collection, item_id)})
        return found, next((stored_tag(one) for ones in stored.values() for one in ones[:1]), "")

    def catalogs(self, collection: str, root: str) -> tuple[bytes, ...]:
        """Return the catalogues right below a collection (STAC) as JSON: facets, and months.

        Raises:
            ThingNotFound: there is no such collection.
        """
        from dafab_kg.search.browsing import catalogs_of

        return catalogs_of(self._library, collection, root)

    def catalog(
        self, collection: str, name: str, root: str, *, value: str = "", after: str = ""
    ) -> bytes:
        """Return a catalogue below a collection (STAC) as JSON, or one of its values.

        ``after`` is the id of the last item that the catalogue before it linked.

        Raises:
            ThingNotFound: there is none.
        """
        from dafab_kg.search.browsing import find_catalog

        return find_catalog(self._library, collection, name, value, after, root)

    def collection_with_tag(self, name: str, root: str) -> tuple[bytes, str]:
        """Return one collection as :meth:`collection` does, and the tag of its content."""
        found = self.collection(name, root)
        return found, next(map(stored_tag, documents_of_collection(self._library, name)), "")

    def collections(self, root: str) -> tuple[bytes, ...]:
        """Return all collections (STAC) as JSON, in the order of their ids."""
        from dafab_kg.search.collections import find_collections

        return find_collections(self._library, root)

    def occurring(self, collection: str) -> tuple[str, ...] | None:
        """Return the names of described properties that items of a collection may have.

        Members of objects have a slash between their names.  None: it is not found out.
        """
        from dafab_kg.search.occurring import occurring

        return occurring(self._library, collection)

    def collection(self, name: str, root: str) -> bytes:
        """Return one collection (STAC) as JSON.

        Raises:
            ThingNotFound: there is none of this id.
        """
        from dafab_kg.search.collections import find_collection

        return find_collection(self._library, name, root)

    def find_dids(self, asked: Asked) -> DidPage:
        """Find data identifiers, as the DaFab catalogue has them; only of what is public.

        Raises:
            ThingNotFound: there is no such scope.
            QueryNotValid: the filter, the order or the cursor cannot be answered.
        """
        return self._dids.find(asked)

    def ids_of_cut_names(self, names: Iterable[str]) -> dict[str, str]:
        """Return the ids of names of data identifiers that were cut for Rucio."""
        return self._dids.ids_of_cut(names)

    def unknown_did_keys(self, keys: Iterable[str]) -> dict[str, tuple[str, ...]]:
        """Return those of the keys of a filter of Rucio's that nothing here has or means, each
        with some that are written much like it."""
        return self._dids.unknown_keys(keys)

    def find_did_names(self, asked: Asked) -> NamePage:
        """Find the names of data identifiers alone: a twentieth of what there is to be sent.

        Raises: as :meth:`find_dids`.
        """
        return self._dids.find_names(asked)

    def find_did_documents(self, asked: Asked, root: str) -> DocumentPage:
        """Find documents of containers; links of catalogues are below ``root``.

        Raises: as :meth:`find_dids`.
        """
        return self._dids.find_documents(asked, root)

    def did(self, scope: str, name: str) -> Did:
        """Return a data identifier.

        Raises:
            ThingNotFound: there is none.
        """
        return self._dids.one(scope, name)

    def did_members(self, scope: str, name: str, after: str = "") -> Members:
        """Return what is directly below a data identifier, after the name ``after``.

        Raises:
            ThingNotFound: there is none.
        """
        return self._dids.members(scope, name, after)

    def did_parents(self, scope: str, name: str) -> tuple[Did, ...]:
        """Return what a data identifier is directly below.

        Raises:
            ThingNotFound: there is none.
        """
        return self._dids.parents(scope, name)

    def did_files(self, scope: str, name: str) -> tuple[Did, ...]:
        """Return the files of an item and of what was made from it.

        Raises:
            ThingNotFound: there is none.
            QueryNotValid: it is a catalogue of items.
        """
        return self._dids.files(scope, name)

    def did_documents(
        self,
        pairs: Sequence[tuple[str, str]],
        paths: Sequence[str] | None,
        root: str,
        *,
        inherit: bool = False,
    ) -> tuple[bytes, ...]:
        """Return the documents of data identifiers, or what stands at paths of them.

        Each is a line of JSON; see :func:`dafab_kg.dids.documents.documents`.

        Raises:
            ThingNotFound: there is none for one of them.
            QueryNotValid: too many are wanted, or a path is no JSON Pointer.
        """
        return self._dids.documents(pairs, paths, root, inherit=inherit)

    def did_metadata(
        self, pairs: Sequence[tuple[str, str]]
    ) -> dict[tuple[str, str], dict[str, Any]]:
        """Return the metadata of those data identifiers that there are, by scope and name."""
        return self._dids.metadata(pairs)

    def did_states(self, pairs: Sequence[tuple[str, str]], root: str) -> dict[Any, State]:
        """Return what those data identifiers that there are now are, by scope and name."""
        return self._dids.states(pairs, root)

    def create_did(self, scope: str, name: str, did_type: str, account: str = "") -> None:
        """Make a data identifier whose document is to come: a container, or its data set.

        Raises:
            ThingExists: there is one.
            ThingNotFound: there is no such scope, or no container of which a data set would be.
            NameNotValid: the name cannot be one.
            ItemNotWritable: too many wait for their documents.
        """
        self._writer()
        if scope not in self._dids.scopes.names():
            raise ThingNotFound(f"There is no scope {scope[:80]!r} here")
        if self._dids.there(scope, name):
            raise ThingExists(f"There is a data identifier {scope}:{name} already")
        if did_type == "CONTAINER":
            self._expected.create(Expected(scope, name, account))
            return
        owner = scope, name.removesuffix(ASSETS)
        if not name.endswith(ASSETS) or owner not in self._expected.all():
            raise ThingNotFound(
                f"There is no container of whose assets {name[:200]!r} could be the data set: a "
                f"data set has the name of an item, and {ASSETS}"
            )
        self._expected.open_assets(owner)

    def change_dids(self, changes: Sequence[DidChange]) -> None:
        """Change data identifiers that wait for their documents; all changes, or none.

        Raises:
            ThingChanged: one does not wait any more.
            ItemNotWritable: there would be too many.
        """
        self._writer()
        self._expected.change(changes)

    @property
    def last_change(self) -> int:
        """Number of the last change of a document that is seen here; 0: none is known."""
        if self.snapshot is None:
            return self._documents.last_change()
        return int(self.snapshot.parts.get(CHANGES, "0"))

    def changed_since(self, after: int) -> tuple[str, ...]:
        """Return the ids of documents that changed, or went, after a change of this number.

        A document that changed again since the snapshot that is read here may be missing: it
        is among those of the next.
        """
        return self._documents.changed_since(after, self.last_change)

    @property
    def wanted_dids(self) -> Wanted:
        """What a Rucio is to hold of this state."""
        from dafab_kg.catalogue.publishing import Wanted

        return Wanted(self._dids, self.settings)

    @property
    def _dids(self) -> Dids:
        scopes = Scopes(self.settings.did_scope, self.settings.did_scopes)
        return Dids(self._library, scopes, self._expected.all())

    @property
    def _library(self) -> PublicLibrary:
        return PublicLibrary(
            self.names,
            kinds_of_documents(),
            self._known.at(self.revision),
            self.query,
            self._reasoner.dataset("both"),
            self._documents,
        )

    def documents(self) -> tuple[StoredDocument, ...]:
        """All loaded documents."""
        return tuple(self._documents.all())

    def document(self, document_id: str) -> tuple[StoredDocument, dict[str, bytes]]:
        """Return a loaded document's entry and its files, byte for byte, by name.

        Raises:
            ThingNotFound: no such document is loaded.
        """
        entry = self._documents.get(document_id)
        if entry is None:
            raise ThingNotFound(f"No document {document_id!r} is loaded here")
        return entry, {part.name: part.data for part in self._documents.parts(entry)}

    def quarantine(self) -> tuple[Quarantined, ...]:
        """All rejected documents, without their files."""
        return tuple(self._documents.quarantine())

    def quarantined(self, identifier: str) -> Quarantined:
        """Return one rejected document with its files.

        Raises:
            ThingNotFound: it is not in quarantine.
        """
        found = self._documents.quarantined(identifier)
        if found is None:
            raise not_in_quarantine(identifier)
        return found

    def in_quarantine(self, identifiers: Iterable[str]) -> tuple[str, ...]:
        """Return those of some identifiers that name a rejected document."""
        return self._documents.among_rejected(identifiers)

    def discard(self, *identifiers: str) -> tuple[str, ...]:
        """Take rejected documents out of quarantine for good; return their identifiers.

        Raises:
            ThingNotFound: one is not in quarantine; then all stay.
        """
        there = set(self.in_quarantine(identifiers))
        for identifier in identifiers:
            if identifier not in there:
                raise not_in_quarantine(identifier)
        return self._writer().discard(identifiers)

    def load_reports(self, most: int = 20) -> tuple[dict[str, Any], ...]:
        """Return when, by whom and with which counts the newest loads were, newest first."""
        return newest_reports(self.path, most)

    def load_report(self, load_id: str) -> dict[str, Any]:
        """Return what became of each document of a load.

        Raises:
            ThingNotFound: it is not kept, or not any more.
        """
        return kept_report(self.path, load_id)

    def retry(
        self,
        *identifiers: str,
        agent: str = "",
        progress: Callable[[Progress], None] | None = None,
    ) -> LoadReport:
        """Try rejected documents again (none named: all), after a loader or shape was mended.

        ``agent`` is who asks for it, where that is not who the settings tell.

        Raises:
            ThingNotFound: one is not in quarantine.
        """
        wanted = identifiers or tuple(entry.document_id for entry in self.quarantine())
        rejected = [self.quarantined(identifier) for identifier in wanted]
        report = ingest_documents(
            [work for e in rejected if e.kind != UNREAD for work in work_of(e, self._finders())],
            self._writer(),
            self.settings.model_copy(update={"agent": agent or self.settings.agent}),
            validator=_validator(),
            options=Options(progress=progress),
        )
        outcomes = list(report.outcomes)
        for entry in (entry for entry in rejected if entry.kind == UNREAD):
            again = self._retry_unread(entry)
            outcomes.extend(again)
        whole = replace(report, outcomes=tuple(outcomes))
        keep_report(self.path, whole)
        return whole

    def _retry_unread(self, entry: Quarantined) -> tuple[Outcome, ...]:
        """Try files that never became a document; they leave quarantine once they have."""
        report = ingest_documents(
            work_of(entry, self._finders()),
            self._writer(),
            self.settings,
            validator=_validator(),
        )
        if any(outcome.status in {"loaded", "replaced"} for outcome in report.outcomes):
            self._writer().discard((entry.document_id,))
            return report.outcomes
        others = {one.document_id for one in report.rejected} - {entry.document_id}
        kept = {digest for one in others for _, digest in self.quarantined(one).files}
        if others and {digest for _, digest in entry.files} <= kept:
            # what it is can be told now, and what is wrong with that: one entry is enough
            self._writer().discard((entry.document_id,))
        return report.rejected or (
            Outcome(entry.document_id, entry.kind, entry.origin, "rejected", 0, entry.message),
        )

    def validate(self, *paths: Path | str, shapes: Path | None = None) -> tuple[Outcome, ...]:
        """Check files as a load would, storing nothing; ``shapes`` replaces our own.

        Raises:
            FileNotUsable: a path, or the shapes, cannot be read.
        """
        return validate_files(paths, self.settings, shapes)

    def judge(self, tiers: Sequence[str] = ("ingest", "publish")) -> Judgement:
        """Judge all that is stored: the ingest tier by document, the others all together."""
        from dafab_kg.validation.anybody import judge_store

        return judge_store(self._store, tiers, left_out={self._reasoner.graph})

    def dump(self, file: Path | str) -> DumpReport:
        """Write the graph to ``file`` (gzipped N-Quads) and the documents beside it.

        Raises:
            FileNotUsable: it cannot be written.
        """
        return write_dump(self._store, self._documents, Path(file))

    def restore(self, file: Path | str) -> DumpReport:
        """Fill this catalogue, which must be empty, from a dump.

        Raises:
            FileNotUsable: the dump is incomplete or damaged, or this is not empty.
        """
        reasoner = self._writer().reasoner
        report = read_dump(self._store, self._documents, Path(file))
        reasoner.mark_stale()
        if self.settings.reasoning:
            reasoner.ensure()
        return report

    def publish(self) -> Snapshot:
        """Publish the graph as it stands, and its index, for readers beside this process.

        What was published before stays until :meth:`prune`.

        Raises:
            StoreNotUsable: it is open for reading only, or cannot be written.
            NotDoneHere: the graph lies behind another server.
        """
        committer = self._writer()
        shelf = Shelf(self.path)

        store = self._here()

        def backup(graph: Path) -> None:
            self._index.follow()
            committer.settle()
            store.backup(graph)
            self._index.copy_to(graph.parent / "index")

        # what is noted by now is in the graph: no commit begins before the snapshot is made
        return shelf.publish(backup, {CHANGES: str(self._documents.last_change())})

    def prune(self) -> None:
        """Remove what was published and nobody reads any more."""
        Shelf(self.path).prune()

    def after_commits(self, call: Callable[[], None]) -> None:
        """Have ``call`` called after each batch of a load is committed.

        From then on the engine may still write its files when a commit returns; what it
        wrote is published by :meth:`publish` once it has.

        Raises:
            StoreNotUsable: the catalogue is open for reading only.
        """
        committer = self._writer()
        committer.committed, committer.overlapping = call, True

    def warm_searches(self) -> Iterator[None]:
        """Find out what the first search of this state needs; a step each time that the next one
        is asked for."""
        from dafab_kg.search.warming import steps

        return steps(self._library)

    def warm(self) -> None:
        """Make what the first write would have to wait for: the compiled shapes."""
        _validator()

    def close(self) -> None:
        """Give the directory free."""
        self._opened.close()

    def _finders(self) -> tuple[Loader, ...]:
        return finders(loaders(self.settings), self.settings.load_as)

    def _writer(self) -> Committer:
        if self._committer is None:
            raise StoreNotUsable(f"{self.path} is open for reading only")
        return self._committer

    def _documents_of(self, identifier: str) -> list[StoredDocument]:
        entry = self._documents.get(identifier.rstrip("/").rsplit("/", 1)[-1])
        if entry is not None:
            return [entry]
        iri = resolve(identifier, self._store, self.names)
        found = cast(
            Solutions,
            self.query(text("queries/internal", "describing.rq"), bindings={"thing": Iri(iri)}),
        )
        ids = [own_document(cast(Iri, row[0]).value, cast(Iri, row[1]).value) for row in found]
        entries = [entry for entry in map(self._documents.get, filter(None, ids)) if entry]
        if not entries:
            raise ThingNotFound(
                f"No document describes {identifier!r} itself; "
                f"`dafab-kg show` tells which documents mention it"
            )
        return entries


def open_catalogue(
    path: Path | str | None = None,
    *,
    settings: Settings | None = None,
    read_only: bool = False,
    create: bool = True,
    published: bool = False,
) -> Catalogue:
    """Open the catalogue in directory ``path`` (default: the setting ``store``).

    ``create`` makes it where there is none.  ``read_only`` may stand beside a
    process that writes; ``published`` reads what that last published, which no later
    write touches.

    Raises:
        StoreNotFound: there is none, and ``create`` is False.
        StoreInUse: another process has it open for writing.
        StoreNotUsable: the directory holds something else, or another base.
    """
    settings = settings or Settings()
    directory = Path(path) if path is not None else settings.store
    if not (directory / "catalogue.json").is_file():
        if read_only or published or not create:
            raise StoreNotFound(
                f"There is no catalogue in {directory}. Make one with "
                f"`dafab-kg --store {directory} load PATH`, or name another with --store"
            )
        if directory.is_dir() and any(directory.iterdir()):
            raise StoreNotUsable(
                f"{directory} is not empty and holds no catalogue; name another directory"
            )
    if not published:
        return Catalogue(directory, settings, read_only=read_only)
    held = Shelf(directory).hold()
    try:
        return Catalogue(directory, settings, read_only=True, held=held)
    except BaseException:
        held.close()
        raise


def validate_files(
    paths: Sequence[Path | str], settings: Settings, shapes: Path | None = None
) -> tuple[Outcome, ...]:
    """Check files without a store; see :meth:`Catalogue.validate`."""
    validator = _validator(shapes)
    return tuple(check_files([Path(path) for path in paths], settings, validator))


def _validator(shapes: Path | None = None) -> Validator:
    """Make the judge of documents, with our shapes or those of a Turtle file."""
    from dafab_kg.validation.compiled import CompiledValidator, packaged_validator

    if shapes is None:
        return packaged_validator()
    try:
        return CompiledValidator([shapes.read_text(encoding="utf-8")])
    except (OSError, UnicodeDecodeError, SyntaxError, ValueError, ShapesNotValid) as error:
        raise FileNotUsable(
            f"The shapes {shapes} cannot be read: {error}. Give SHACL in Turtle"
        ) from error


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    """Hold the writer's lock; it goes with the process, however that ends."""
    try:
        path.mkdir(parents=True, exist_ok=True)
        handle = (path / "writer.lock").open("w")
    except OSError as error:
        raise StoreNotUsable(f"{path} cannot be written: {error}") from error
    with handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise StoreInUse(
                f"Another process writes to {path}. Wait until it ends, or stop it"
            ) from error
        yield


def _check_layout(path: Path, settings: Settings, *, read_only: bool) -> None:
    file = path / "catalogue.json"
    if not file.is_file() and not read_only:
        temporary = file.with_suffix(".tmp")
        temporary.write_bytes(orjson.dumps({"format": FORMAT, "base": settings.base}))
        temporary.replace(file)
        return
    try:
        value = orjson.loads(file.read_bytes())
    except (OSError, orjson.JSONDecodeError) as error:
        raise StoreNotUsable(f"{file} cannot be read: {error}") from error
    if value.get("format") != FORMAT:
        raise StoreNotUsable(
            f"{path} has layout {value.get('format')}, this version reads {FORMAT}: "
            "dump it with the version that wrote it, and restore the dump"
        )
    if value.get("base") != settings.base:
        raise StoreNotUsable(
            f"{path} was made with base {value.get('base')}, the settings say {settings.base}: "
            "set DAFAB_BASE to the former"
        )


def not_in_quarantine(identifier: str) -> ThingNotFound:
    """Say that no rejected document has an identifier."""
    return ThingNotFound(
        f"No document {identifier[:80]!r} is in quarantine; "
        "`dafab-kg quarantine list` shows those that are"
    )
