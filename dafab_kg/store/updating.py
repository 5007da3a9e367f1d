"""SPARQL 1.1 Update worked out: which statements come and go in which graphs.

Nothing is written here.  The operations of a request are done one after the other on the
contents of the graphs that they touch, as sets of lines; where a later operation asks what
earlier ones have changed, it asks a scratch copy of the store that was told of the changes.

What is written "into the default graph" goes to one named graph, ``home``: the default
graph of a query is the merge of all graphs and cannot be written itself
(docs/decisions/writing.md).
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, cast

import pyoxigraph as ox

from dafab_kg.model.errors import (
    DafabError,
    GraphNotWritable,
    NotAnalysed,
    NotSafe,
    UpdateNotValid,
)
from dafab_kg.model.names import is_iri
from dafab_kg.sparql import parse_update, tokens, tree
from dafab_kg.store.oxigraph import OxigraphStore
from dafab_kg.store.protocol import Store, Term

MOST_STATEMENTS: Final = 500_000
"""Most statements that one request may add, and remove."""

Lines = frozenset[str]
Made = tuple[str, str]  # a graph, a line


@dataclass(frozen=True)
class Dataset:
    """What WHERE is asked of where an operation does not say: as in the protocol.

    ``default`` are the graphs whose merge is the default graph (None: the store's own).
    ``named`` None: all there are.
    """

    default: tuple[str | None, ...]
    named: tuple[str, ...] | None = None
    given: bool = False


@dataclass(frozen=True)
class Desk:
    """What an update needs to know of the catalogue.

    ``store`` answers WHERE, ``content`` gives a graph's lines, ``refuse`` raises if a
    graph may not be written, ``writable`` lists the graphs that may, ``whole`` tells
    whether there is nothing beside these, ``copy`` makes a
    scratch copy of the store, ``fetch`` gets what LOAD names (as N-Triples lines), and
    ``node`` makes an IRI for a new blank node.
    """

    store: Store
    home: str
    dataset: Dataset
    content: Callable[[str], Lines]
    refuse: Callable[[str], None]
    writable: Callable[[], Iterable[str]]
    whole: Callable[[], bool]
    copy: Callable[[], OxigraphStore]
    fetch: Callable[[str], Iterable[str]]
    node: Callable[[str], str]
    base: str | None = None


@dataclass
class Edits:
    """What a request comes to: each touched graph's lines before and after.

    ``kept`` counts statements that were to leave the default graph but are stated by a
    graph that the request did not name.
    """

    before: dict[str, Lines] = field(default_factory=dict)
    after: dict[str, set[str]] = field(default_factory=dict)
    kept: int = 0

    def changed(self) -> dict[str, tuple[str, ...]]:
        """Return the new lines of each graph that is another than before, in order."""
        return {
            graph: tuple(sorted(lines))
            for graph, lines in sorted(self.after.items())
            if lines != self.before[graph]
        }


def parse(text: str, base: str | None = None) -> tree.Update:
    """Parse an update.

    Raises:
        UpdateNotValid: it is no SPARQL 1.1 Update, or too long or intricate.
    """
    try:
        update = parse_update(text, base=base)
        for node in tree.walk(update):
            # the grammar's token lets pass what is no IRI, as one with brackets in its path
            if isinstance(node, tree.IriTerm) and not is_iri(node.value):
                raise NotAnalysed("expected an IRI", node.start)
        return update
    except NotAnalysed as error:
        line = text.count("\n", 0, error.position) + 1
        column = error.position - text.rfind("\n", 0, error.position)
        raise UpdateNotValid(
            f"The update is not understood: error at {line}:{column}: {error.what}"
        ) from None


def work_out(text: str, desk: Desk) -> Edits:
    """Do the operations of an update on paper.

    Raises:
        UpdateNotValid: it is no update, or names a dataset twice.
        GraphNotWritable: it would change a graph that is not to be written.
        NotSafe: LOAD or SERVICE of what is not allowed.
    """
    update = parse(text, desk.base)
    work = _Work(desk, text)
    try:
        at, prologue = 0, ""
        for operation in update.operations:
            prologue += _prologue(text[at : operation.start])
            at = operation.end
            work.prologue = prologue
            work.do(operation)
    finally:
        work.close()
    return work.edits


def _prologue(text: str) -> str:
    """Return what stands between two operations, without the semicolon."""
    found = tokens.tokenise(text)
    if found and found[0].text == ";":
        text = text[found[0].end :]
    return text + "\n"


class _Work:
    """The state between operations."""

    def __init__(self, desk: Desk, text: str) -> None:
        self.desk = desk
        self.text = text
        self.prologue = ""
        self.edits = Edits()
        self._scratch: OxigraphStore | None = None
        self._spelling = Spelling()
        self._nodes: dict[tuple[int, str], str] = {}
        self._load = secrets.token_hex(8)
        self._count = 0

    def close(self) -> None:
        if self._scratch is not None:
            self._scratch.close()

    def do(self, operation: tree.Operations) -> None:
        match operation:
            case tree.Data(inserted, quads):
                self._nodes.clear()
                made = list(self._instances(quads, {}, None))
                self._change((), made) if inserted else self._change(made, ())
            case tree.Modify():
                self._modify(operation)
            case tree.OnGraph(action, graph, silent):
                self._on_graph(action, graph, silent=silent)
            case tree.Transfer(action, source, target, silent):
                self._transfer(action, source, target, silent=silent)
            case tree.Load(source, graph, silent):
                self._load_into(source.value, self._named(graph), silent=silent)

    # changing graphs

    def _now(self, graph: str) -> set[str]:
        if graph not in self.edits.after:
            self.edits.before[graph] = self.desk.content(graph)
            self.edits.after[graph] = set(self.edits.before[graph])
        return self.edits.after[graph]

    def _change(self, gone: Iterable[Made], come: Iterable[Made]) -> None:
        """Take away, then add."""
        gone, come = list(gone), list(come)
        for graph in dict.fromkeys(graph for graph, _ in (*gone, *come)):
            self.desk.refuse(graph)
        went = [(graph, line) for graph, line in gone if line in self._now(graph)]
        self.edits.kept += sum(
            1
            for graph, line in gone
            if graph == self.desk.home
            and line not in self._now(graph)
            and self.desk.store.states(line, None)
        )
        for graph, line in went:
            self._now(graph).discard(line)
        came = [(graph, line) for graph, line in come if line not in self._now(graph)]
        for graph, line in came:
            self._now(graph).add(line)
        if self._scratch is not None:
            _tell(self._scratch, went, came)

    def _replace(self, graph: str, lines: Iterable[str]) -> None:
        new = set(lines)
        old = set(self._now(graph))
        self._change([(graph, line) for line in old - new], [(graph, line) for line in new - old])

    def _exists(self, graph: str) -> bool:
        return bool(self._now(graph)) or (
            not self.edits.before[graph] and self.desk.store.has_graph(graph)
        )

    # operations

    def _modify(self, operation: tree.Modify) -> None:
        dataset = self.desk.dataset
        names = operation.using or operation.using_named or operation.with_graph
        if dataset.given and names:
            # SPARQL 1.1 Protocol, section 2.2.3
            raise UpdateNotValid(
                "The request names a dataset (using-graph-uri) and so does the update (USING or "
                "WITH). Name it in one place"
            )
        default = dataset.default
        named = dataset.named
        if operation.using or operation.using_named:
            default = tuple(one.value for one in operation.using)
            named = tuple(one.value for one in operation.using_named)
        elif operation.with_graph:
            default = (operation.with_graph.value,)
        within = operation.with_graph.value if operation.with_graph else None
        quads = (*operation.deleted, *operation.inserted)
        variables = sorted({v.name for q in quads for v in _variables(q)})
        has_blanks = any(isinstance(n, tree.BlankTerm) for q in quads for n in tree.walk(q))
        rows = self._rows(operation, variables, default, named, once=not has_blanks)
        gone: list[Made] = []
        come: list[Made] = []
        for number, row in enumerate(rows):
            gone.extend(self._instances(operation.deleted, row, within, number))
            come.extend(self._instances(operation.inserted, row, within, number))
            if max(len(gone), len(come)) > MOST_STATEMENTS:
                raise UpdateNotValid(
                    f"The update changes more than {MOST_STATEMENTS} statements. Do it in parts"
                )
        self._nodes.clear()
        self._change(dict.fromkeys(gone), dict.fromkeys(come))

    def _rows(
        self,
        operation: tree.Modify,
        variables: list[str],
        default: Sequence[str | None],
        named: Sequence[str] | None,
        *,
        once: bool,
    ) -> Iterator[dict[str, Term]]:
        where = self._where(operation)
        chosen = " ".join(f"?{name}" for name in variables) or "(1 AS ?dafab_once)"
        query = f"{self.prologue}SELECT {'DISTINCT ' if once else ''}{chosen} WHERE {where}"
        answer = self._asked().query(
            query, default_graphs=default, named_graphs=named, base=self.desk.base
        )
        for row in cast("Iterable[tuple[Term | None, ...]]", answer):
            found = zip(variables, row, strict=False)
            yield {name: term for name, term in found if term is not None}

    def _where(self, operation: tree.Modify) -> str:
        if operation.where is not None:
            return self.text[operation.where.start : operation.where.end]
        text = self.text[operation.start : operation.end]  # DELETE WHERE {quads}
        return text[next(t.start for t in tokens.tokenise(text) if t.text == "{") :]

    def _asked(self) -> Store:
        """The store as the operations so far have made it."""
        if self._scratch is None and any(
            lines != self.edits.before[graph] for graph, lines in self.edits.after.items()
        ):
            self._scratch = self.desk.copy()
            for graph, lines in self.edits.after.items():
                before = self.edits.before[graph]
                _tell(
                    self._scratch,
                    [(graph, line) for line in before - lines],
                    [(graph, line) for line in lines - before],
                )
        return self._scratch or self.desk.store

    def _on_graph(self, action: str, graph: tree.IriTerm | str, *, silent: bool) -> None:
        if isinstance(graph, tree.IriTerm):
            name = graph.value
            try:
                self.desk.refuse(name)
            except GraphNotWritable:
                if silent:
                    return
                raise
            exists = self._exists(name)
            if action == "CREATE":
                if exists and not silent:
                    raise GraphNotWritable(f"There is a graph <{name}> already")
                return  # a graph without statements leaves no trace
            if not exists and not silent:
                raise GraphNotWritable(f"There is no graph <{name}>; SILENT passes over it")
            self._replace(name, ())
            return
        if graph != "DEFAULT" and not silent and not self.desk.whole():
            raise GraphNotWritable(
                f"{action} {graph} would take away graphs that were made from documents. Name the "
                f"graphs, or write {action} SILENT {graph} for those that users wrote"
            )
        graphs = [self.desk.home] if graph in ("DEFAULT", "ALL") else []
        if graph in ("NAMED", "ALL"):
            graphs += [
                one for one in (*self.desk.writable(), *self.edits.after) if one != self.desk.home
            ]
        for one in dict.fromkeys(graphs):
            self._replace(one, ())

    def _transfer(
        self,
        action: str,
        source: tree.IriTerm | None,
        target: tree.IriTerm | None,
        *,
        silent: bool,
    ) -> None:
        origin, aim = self._named(source), self._named(target)
        if origin == aim:
            return
        if source is not None and not self._exists(origin):
            if silent:
                return
            raise GraphNotWritable(f"There is no graph <{origin}>; SILENT passes over it")
        try:
            for one in (aim, origin) if action == "MOVE" else (aim,):
                self.desk.refuse(one)
        except GraphNotWritable:
            if silent:
                return
            raise
        lines = set(self._now(origin)) or set(self.desk.store.graph_triples(origin))
        self._replace(aim, lines | self._now(aim) if action == "ADD" else lines)
        if action == "MOVE":
            self._replace(origin, ())

    def _load_into(self, source: str, graph: str, *, silent: bool) -> None:
        try:
            self.desk.refuse(graph)
            lines = list(self.desk.fetch(source))
        except (DafabError, OSError) as error:
            if silent:
                return
            if isinstance(error, OSError):
                raise NotSafe(f"<{source}> cannot be fetched", where="LOAD") from error
            raise
        self._change((), [(graph, self._spelling.line(line)) for line in lines])

    def _named(self, graph: tree.IriTerm | None) -> str:
        return self.desk.home if graph is None else graph.value

    # templates

    def _instances(
        self,
        quads: Sequence[tree.Quads],
        row: Mapping[str, Term],
        within: str | None,
        number: int = 0,
    ) -> Iterator[Made]:
        """Fill a template; what would be no statement is left out (SPARQL 1.1 Update 3.1.3)."""
        for block in quads:
            graph = within or self.desk.home
            if block.graph is not None:
                found = self._term(block.graph, row, number)
                if not isinstance(found, ox.NamedNode):
                    continue
                graph = found.value
            for triple in block.triples:
                if not isinstance(triple.predicate, (tree.Variable, tree.IriTerm)):
                    raise UpdateNotValid("A template holds a property path. Write a property")
                subject = self._term(triple.subject, row, number)
                predicate = self._term(triple.predicate, row, number)
                value = self._term(triple.object, row, number)
                if (
                    isinstance(subject, ox.NamedNode)
                    and isinstance(predicate, ox.NamedNode)
                    and value is not None
                ):
                    yield graph, f"{subject} {predicate} {self._spelling.term(value)} .\n"

    def _term(
        self, term: tree.Term, row: Mapping[str, Term], number: int
    ) -> ox.NamedNode | ox.Literal | None:
        try:
            match term:
                case tree.Variable(name):
                    return _engine(row.get(name))
                case tree.IriTerm(value):
                    return ox.NamedNode(value)
                case tree.LiteralTerm(value, _, language) if language:
                    return ox.Literal(value, language=language)
                case tree.LiteralTerm(value, datatype, _):
                    return ox.Literal(value, datatype=ox.NamedNode(datatype))
                case tree.BlankTerm(label):
                    return ox.NamedNode(self._node(number, label))
        except ValueError as error:
            raise UpdateNotValid(f"The update holds a term that is none: {error}") from None

    def _node(self, number: int, label: str) -> str:
        key = number, label
        if key not in self._nodes:
            self._count += 1
            self._nodes[key] = self.desk.node(f"{self._load}-{self._count}")
        return self._nodes[key]


def _engine(term: Term | None) -> ox.NamedNode | ox.Literal | None:
    from dafab_kg.store.oxigraph import to_engine

    found = None if term is None else to_engine(term)
    return None if isinstance(found, ox.BlankNode) else found


def _variables(quads: tree.Quads) -> Iterator[tree.Variable]:
    return (node for node in tree.walk(quads) if isinstance(node, tree.Variable))


class Spelling:
    """Writes terms as the store gives them back: it keeps values, not their spelling."""

    def __init__(self) -> None:
        self._store = ox.Store()
        self._known: dict[object, str] = {}
        self._node = ox.NamedNode("urn:x")

    def term(self, term: ox.NamedNode | ox.Literal) -> str:
        """Return a term as the store spells it."""
        if not isinstance(term, ox.Literal):
            return str(term)
        found = self._known.get(term)
        if found is None:
            self._store.clear()
            self._store.add(ox.Quad(self._node, self._node, term))
            found = self._known[term] = str(next(iter(self._store)).object)
            if len(self._known) > 100_000:
                self._known.clear()
        return found

    def line(self, line: str) -> str:
        """Return an N-Triples line as the store spells it."""
        quad = next(iter(ox.parse(line.encode(), format=ox.RdfFormat.N_TRIPLES)))
        value = cast("ox.NamedNode | ox.Literal", quad.object)
        return f"{quad.subject} {quad.predicate} {self.term(value)} .\n"


def spelled(lines: Iterable[str]) -> set[str]:
    """Return N-Triples lines as the store spells them."""
    spelling = Spelling()
    return {spelling.line(line) for line in lines}


def _tell(scratch: OxigraphStore, gone: Sequence[Made], come: Sequence[Made]) -> None:
    """Tell a scratch copy of changes; its default graph stays the merge of the others."""
    from dafab_kg.store.nquads import in_graph
    from dafab_kg.store.protocol import Change

    scratch.apply(Change(removed=tuple(in_graph(line, graph) for graph, line in gone)))
    left = {line for _, line in gone}
    scratch.apply(Change(removed=tuple(line for line in left if not scratch.stating(line))))
    added = "".join(line + in_graph(line, graph) for graph, line in come)
    scratch.apply(Change(added=added))
