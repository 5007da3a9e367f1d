"""Writing graphs: SPARQL Update and the Graph Store Protocol, through the rules of ingest."""

from __future__ import annotations

import secrets
import shutil
import tempfile
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from dafab_kg.ingest.commit import Committer
from dafab_kg.ingest.prepare import is_written, written_id
from dafab_kg.ingest.written import (
    Batch,
    commit_batch,
    prepare_graphs,
    refuse_broken,
    refuse_unwritable_graph,
    written_graphs,
)
from dafab_kg.loaders.registry import loaders
from dafab_kg.model.documents import Part, RdfText, SourceDocument
from dafab_kg.model.errors import (
    GraphChanged,
    GraphNotWritable,
    NotRecognised,
    NotWellFormed,
    QueryNotValid,
    ThingNotFound,
    UpdateNotValid,
)
from dafab_kg.model.names import is_iri
from dafab_kg.model.settings import Settings
from dafab_kg.store.oxigraph import OxigraphStore
from dafab_kg.store.protocol import Store
from dafab_kg.store.rdf_text import statements
from dafab_kg.store.updating import Dataset, Desk, spelled, work_out
from dafab_kg.validation import Validator

SUFFIXES = {
    "text/turtle": ".ttl",
    "application/n-triples": ".nt",
    "application/rdf+xml": ".rdf",
    "application/ld+json": ".jsonld",
}
"""What the Graph Store Protocol takes, with the suffix by which a loader knows it."""


@dataclass(frozen=True)
class Written:
    """What a write came to.

    ``changed`` are the graphs that are others now, ``created`` and ``removed`` those among
    them that came and went.  ``added`` and ``taken`` count statements.  ``kept`` counts
    those that were to leave the default graph and stay, as graphs that the request did not
    name state them.
    """

    changed: tuple[str, ...] = ()
    created: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()
    added: int = 0
    taken: int = 0
    kept: int = 0


@dataclass(frozen=True)
class Request:
    """Who writes, and by which request: kept as provenance."""

    agent: str = ""
    origin: str = "SPARQL update"


@dataclass(frozen=True)
class Writing:
    """What writing needs of a catalogue.

    ``private`` is the private part's committer where the writer may see it and there is
    one; ``making`` says that graphs which are new become private.  ``reading`` is the store
    that WHERE is asked of, ``copied`` makes a copy of it in a directory.
    """

    settings: Settings
    public: Committer
    private: Callable[[bool], Committer | None]
    reading: Store
    copied: Callable[[Path], OxigraphStore]
    merged: tuple[str | None, ...]
    validator: Callable[[], Validator]
    folder: Path
    fetch: Callable[[str], tuple[bytes, str]]
    making: bool = False

    @property
    def home(self) -> str:
        """The graph that stands for the default graph where one is written or fetched whole."""
        return self.settings.names.make("written_default")

    def committer_of(self, graph: str) -> Committer:
        """Return where a graph lies, or will."""
        private = self.private(self.making)
        if private is not None:
            there = private.documents.get(written_id(graph)) is not None
            new = self.public.documents.get(written_id(graph)) is None
            if there or (self.making and new):
                return private
        if self.making:
            raise GraphNotWritable(
                f"<{graph}> is public. `dafab-kg graph private` makes it private, or choose "
                "another name"
            )
        return self.public

    def content(self, graph: str) -> frozenset[str]:
        """Return the lines of a graph that users wrote; of no other."""
        committer = self.committer_of(graph)
        if committer.documents.get(written_id(graph)) is None:
            return frozenset()
        return frozenset(committer.store.graph_triples(graph))

    def refuse(self, graph: str) -> None:
        """Refuse a graph that is not to be written.

        Raises:
            GraphNotWritable: it is the catalogue's own, or a document's.
        """
        if not is_iri(graph):
            raise GraphNotWritable(f"{graph[:200]!r} is no absolute IRI")
        refuse_unwritable_graph(graph, self.committer_of(graph).documents, self.settings.names)


def update(
    text: str,
    writing: Writing,
    request: Request,
    *,
    using: Sequence[str] | None,
    using_named: Sequence[str] | None,
    base: str | None,
) -> Written:
    """Do a SPARQL update; see :meth:`dafab_kg.catalogue.Catalogue.update`."""
    given = using is not None or using_named is not None
    dataset = Dataset(tuple(using or ()), tuple(using_named or ()), given=True)
    names = writing.settings.names
    scratches: list[Path] = []

    def copy() -> OxigraphStore:
        folder = Path(tempfile.mkdtemp(prefix="scratch-", dir=writing.folder))
        scratches.append(folder)
        return writing.copied(folder / "graph")

    desk = Desk(
        store=writing.reading,
        home=writing.home,
        dataset=dataset if given else Dataset(writing.merged),
        content=writing.content,
        refuse=writing.refuse,
        writable=lambda: _written(writing),
        whole=lambda: all(is_written(e) for e in writing.public.documents.all()),
        copy=copy,
        fetch=lambda url: parsed(*writing.fetch(url), url, writing.settings),
        node=lambda node_id: names.make("written_node", node_id=node_id),
        base=base,
    )
    try:
        edits = work_out(text, desk)
    except UpdateNotValid:
        raise
    except QueryNotValid as error:
        raise UpdateNotValid(f"A WHERE of the update: {error}") from error
    finally:
        for folder in scratches:
            shutil.rmtree(folder, ignore_errors=True)
    return _commit(edits.changed(), edits.before, writing, request, kept=edits.kept)


def put(
    graph: str | None,
    data: bytes,
    media_type: str,
    writing: Writing,
    request: Request,
    *,
    more: Sequence[tuple[bytes, str]],
    base: str | None,
    merge: bool,
    if_match: Sequence[str],
    if_none_match: Sequence[str],
) -> Written:
    """Replace a graph by what ``data`` states, or ``merge`` that into it."""
    name = writing.home if graph is None else graph
    writing.refuse(name)
    before = writing.content(name)
    _check_tags(tag_of(name, writing), if_match, if_none_match)
    stated: list[str] = []
    for part, kind in ((data, media_type), *more):
        stated.extend(parsed(part, kind, base or name, writing.settings))
    lines = spelled(stated)
    after = tuple(sorted(lines | before if merge else lines))
    changed = {name: after} if frozenset(after) != before else {}
    return _commit(changed, {name: before}, writing, request)


def delete(
    graph: str | None, writing: Writing, request: Request, *, if_match: Sequence[str]
) -> Written:
    """Take a graph away.

    Raises:
        ThingNotFound: there is none.
    """
    name = writing.home if graph is None else graph
    writing.refuse(name)
    before = writing.content(name)
    if not before:
        raise ThingNotFound(f"There is no graph <{name}>")
    _check_tags(tag_of(name, writing), if_match, ())
    return _commit({name: ()}, {name: before}, writing, request)


def tag_of(graph: str, writing: Writing) -> str:
    """Return what names the content of a graph that users wrote; "" where there is none."""
    entry = writing.committer_of(graph).documents.get(written_id(graph))
    return "" if entry is None else entry.content_hash


def parsed(data: bytes, media_type: str, base: str, settings: Settings) -> list[str]:
    """Return the statements of RDF that a request brings, as N-Triples lines.

    Blank nodes become IRIs that are new each time (RDF 1.1 Concepts, section 3.5).

    Raises:
        NotRecognised: this syntax is not read.
        DocumentRejected: it is not well-formed, not safe, or names graphs.
    """
    suffix = SUFFIXES.get(media_type)
    if suffix is None:
        raise NotRecognised(
            f"{media_type or 'nothing'} is no syntax that is read",
            where="Content-Type",
            remedy=f"Send one of {', '.join(SUFFIXES)}",
        )
    loader = next(loader for loader in loaders(settings) if loader.name == "rdf")
    document = SourceDocument("rdf", base, "the body", (Part(f"graph{suffix}", data),))
    read = loader.read(document).rdf
    assert read is not None
    skolem = settings.names.make("written_node", node_id=secrets.token_hex(8)) + "-"
    text = RdfText(read.data, read.media_type, base, skolem)
    lines = statements(text, settings.names, where="the body").splitlines(keepends=True)
    from dafab_kg.store.nquads import default_lines

    if len(list(default_lines(lines))) != len(lines):
        raise NotWellFormed(
            "It holds named graphs where one graph is written",
            where="the body",
            remedy="Send each graph by itself, to its own address",
        )
    return lines


def _written(writing: Writing) -> Iterable[str]:
    yield from written_graphs(writing.public.documents)
    private = writing.private(False)
    if private is not None:
        yield from written_graphs(private.documents)


def _check_tags(tag: str, if_match: Sequence[str], if_none_match: Sequence[str]) -> None:
    if if_match and not (tag if "*" in if_match else tag in if_match):
        raise GraphChanged("The graph is not what If-Match says. Fetch it again, then write")
    if if_none_match and tag and ("*" in if_none_match or tag in if_none_match):
        raise GraphChanged("There is such a graph already, and If-None-Match says no")


def _commit(
    changed: Mapping[str, Iterable[str]],
    before: Mapping[str, frozenset[str]],
    writing: Writing,
    request: Request,
    *,
    kept: int = 0,
) -> Written:
    """Validate all that changes, then commit it, the private part last."""
    settings = writing.settings.model_copy(update={"agent": request.agent})
    places: dict[int, tuple[Committer, dict[str, Iterable[str]]]] = {}
    for graph, lines in changed.items():
        committer = writing.committer_of(graph)
        places.setdefault(id(committer), (committer, {}))[1][graph] = lines
    batches: list[tuple[Committer, Batch]] = []
    for committer, graphs in places.values():
        batch = prepare_graphs(graphs, committer.documents, settings, origin=request.origin)
        refuse_broken(batch, writing.validator())
        batches.append((committer, batch))
    for committer, batch in sorted(batches, key=lambda pair: pair[0] is not writing.public):
        commit_batch(batch, committer)
    after = {graph: set(lines) for graph, lines in changed.items()}
    return Written(
        changed=tuple(changed),
        created=tuple(graph for graph in changed if not before[graph]),
        removed=tuple(graph for graph in changed if not after[graph]),
        added=sum(len(after[graph] - before[graph]) for graph in changed),
        taken=sum(len(before[graph] - after[graph]) for graph in changed),
        kept=kept,
    )
