"""Updates (SPARQL 1.1, productions 29 to 51)."""

from __future__ import annotations

from typing import Final, Literal, cast

from dafab_kg.model.errors import NotAnalysed
from dafab_kg.sparql.queries import Queries
from dafab_kg.sparql.tree import (
    BlankTerm,
    Data,
    IriTerm,
    Load,
    Modify,
    OnGraph,
    Operations,
    Quads,
    Transfer,
    Triple,
    Update,
    Variable,
    walk,
)

_TRANSFERS: Final = frozenset({"ADD", "MOVE", "COPY"})


class Updates(Queries):
    """Parsing of updates."""

    def update(self) -> Update:
        """Read a whole update: operations with a semicolon between, and their prologues."""
        operations: list[Operations] = []
        self.prologue()
        while self.token.kind != "end":
            operations.append(self._operation())
            if not self.accept(";"):
                break
            self.prologue()
        self.expect_end()
        return Update(tuple(operations), start=0, end=self.end)

    def _operation(self) -> Operations:
        start = self.start
        word = self.next().text.upper()
        if word == "LOAD":
            silent = self.accept_word("SILENT")
            source = self.iri()
            graph = None
            if self.accept_word("INTO"):
                self.expect_word("GRAPH")
                graph = self.iri()
            return Load(source, graph, silent, start=start, end=self.end)
        if word in ("CLEAR", "DROP", "CREATE"):
            return self._on_graph(cast("Literal['CLEAR', 'DROP', 'CREATE']", word), start)
        if word in _TRANSFERS:
            silent = self.accept_word("SILENT")
            graphs = [self._graph_or_default()]
            self.expect_word("TO")
            graphs.append(self._graph_or_default())
            action = cast("Literal['ADD', 'MOVE', 'COPY']", word)
            return Transfer(action, graphs[0], graphs[1], silent, start=start, end=self.end)
        if word in ("INSERT", "DELETE") and self.accept_word("DATA"):
            return self._data(word, start)
        if word == "DELETE" and self.accept_word("WHERE"):
            quads = self._quads(blank=False)
            return Modify(quads, (), None, start=start, end=self.end)
        if word in ("WITH", "INSERT", "DELETE"):
            return self._modify(word, start)
        raise NotAnalysed("Expected an operation", start)

    def _on_graph(self, action: Literal["CLEAR", "DROP", "CREATE"], start: int) -> OnGraph:
        silent = self.accept_word("SILENT")
        graph: IriTerm | Literal["DEFAULT", "NAMED", "ALL"]
        if action != "CREATE" and self.sees_word("DEFAULT", "NAMED", "ALL"):
            graph = cast("Literal['DEFAULT', 'NAMED', 'ALL']", self.next().text.upper())
        else:
            self.expect_word("GRAPH")
            graph = self.iri()
        return OnGraph(action, graph, silent, start=start, end=self.end)

    def _graph_or_default(self) -> IriTerm | None:
        if self.accept_word("DEFAULT"):
            return None
        self.accept_word("GRAPH")
        return self.iri()

    def _data(self, word: str, start: int) -> Data:
        quads = self._quads(blank=word == "INSERT")
        for each in quads:
            for node in walk(each):
                if isinstance(node, Variable):
                    raise NotAnalysed("Data holds a variable", node.start)
        return Data(word == "INSERT", quads, start=start, end=self.end)

    def _modify(self, word: str, start: int) -> Modify:
        with_graph = None
        if word == "WITH":
            with_graph = self.iri()
            if not self.sees_word("DELETE", "INSERT"):
                raise self.no("DELETE or INSERT")
            word = self.next().text.upper()
        deleted: tuple[Quads, ...] = ()
        inserted: tuple[Quads, ...] = ()
        if word == "DELETE":
            deleted = self._quads(blank=False)
            if self.accept_word("INSERT"):
                inserted = self._quads(blank=True)
        else:
            inserted = self._quads(blank=True)
        using: list[IriTerm] = []
        named: list[IriTerm] = []
        while self.accept_word("USING"):
            (named if self.accept_word("NAMED") else using).append(self.iri())
        self.expect_word("WHERE")
        where = self.group()
        return Modify(
            deleted,
            inserted,
            where,
            with_graph,
            tuple(using),
            tuple(named),
            start=start,
            end=self.end,
        )

    def _quads(self, *, blank: bool) -> tuple[Quads, ...]:
        """Read quads in brackets; ``blank``: they may hold blank nodes."""
        self.expect("{")
        made: list[Quads] = []
        while not self.accept("}"):
            start = self.start
            graph: Variable | IriTerm | None = None
            triples: list[Triple]
            if self.accept_word("GRAPH"):
                graph = self.variable_or_iri()
                self.expect("{")
                triples = self.template()
                self.expect("}")
                self.accept(".")
            else:
                triples = self.template()
                if not triples:
                    raise self.no("triples")
                if not (self.sees("}") or self.sees_word("GRAPH")):
                    raise self.no("a dot")
            made.append(Quads(graph, tuple(triples), start=start, end=self.end))
        if not blank:
            for each in made:
                for node in walk(each):
                    if isinstance(node, BlankTerm):
                        raise NotAnalysed("What is deleted holds a blank node", node.start)
        return tuple(made)
