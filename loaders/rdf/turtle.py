"""Turtle and TriG (RDF 1.1), strictly by their grammars.

rdflib reads more than the grammar allows and rewrites numbers (``01`` becomes
``1``), so these two are read here: every literal keeps its form and every fault
has its line.
"""

from __future__ import annotations

import re
from typing import Final, NoReturn

from dafab_kg.loaders.rdf import grammar
from dafab_kg.loaders.rdf.terms import RDF, XSD, Quads, TermNotValid, resolve, unescape
from dafab_kg.model.errors import NotWellFormed, TooLarge

_TOKEN = re.compile(
    rf"(?:[ \t\r\n]++|\#[^\r\n]*+)*+(?:"
    rf"(?P<iri>{grammar.IRIREF})"
    rf"|(?P<pname>(?:{grammar.PN_PREFIX})?:(?:{grammar.PN_LOCAL})?)"
    rf"|(?P<long>{grammar.STRING_LONG}|{grammar.STRING_LONG_SINGLE})"
    rf"|(?P<short>{grammar.STRING_QUOTE}|{grammar.STRING_SINGLE})"
    rf"|(?P<double>[+-]?(?:[0-9]+\.[0-9]*|\.?[0-9]+)[eE][+-]?[0-9]+)"
    rf"|(?P<decimal>[+-]?[0-9]*\.[0-9]+)"
    rf"|(?P<integer>[+-]?[0-9]+)"
    rf"|(?P<at>{grammar.LANGTAG})"
    rf"|(?P<blank>{grammar.BLANK_NODE_LABEL})"
    rf"|(?P<later><<\(?|\)?>>|\{{\||\|\}}|~)"
    rf"|(?P<type>\^\^)"
    rf"|(?P<mark>[.,;\[\](){{}}])"
    rf"|(?P<word>[A-Za-z]+)"
    rf"|(?P<end>\Z))"
)
_NUMBERS: Final = frozenset({"integer", "decimal", "double"})
_NAMES: Final = frozenset({"iri", "pname", "blank"})
_LATER: Final = "RDF 1.2 (triple terms, annotations, text direction) is not read"
_TYPE: Final = f"<{RDF}type>"
_FIRST, _REST, _NIL = (f"<{RDF}{name}>" for name in ("first", "rest", "nil"))


def read_turtle(text: str, quads: Quads, *, graphs: bool, max_depth: int = 200) -> None:
    """Read TriG (or Turtle, without ``graphs``) into ``quads``.

    Raises:
        NotWellFormed: with the line.
        NotSafe: a graph has a name that is the catalogue's own.
        TooLarge: brackets are nested deeper than ``max_depth``.
    """
    _Reader(text, quads, graphs=graphs, max_depth=max_depth).document()


class _Reader:
    """Reads by recursive descent, one method for each production, one token ahead."""

    def __init__(self, text: str, quads: Quads, *, graphs: bool, max_depth: int) -> None:
        self.text = text
        self.quads = quads
        self.graphs = graphs
        self.max_depth = max_depth
        self.base = quads.base
        self.prefixes: dict[str, str] = {}
        self.terms: dict[str, str] = {}  # of IRIs and prefixed names as written
        self.graph = ""
        self.depth = 0
        self.start = self.position = 0
        self.kind = self.value = ""
        self.advance()

    # tokens

    def advance(self) -> None:
        match = _TOKEN.match(self.text, self.position)
        if match is None:
            self.start = self.position
            self.fail("This cannot stand here, or is not closed")
        self.kind = match.lastgroup or ""
        self.value = match[self.kind]
        self.start = match.start(self.kind)
        self.position = match.end()

    def is_mark(self, mark: str) -> bool:
        return self.value == mark and self.kind == "mark"

    def is_word(self, word: str) -> bool:
        return self.kind == "word" and self.value.lower() == word

    def expect(self, mark: str) -> None:
        if not self.is_mark(mark):
            self.fail(f"{mark!r} is missing")
        self.advance()

    def fail(self, what: str, remedy: str = "Mend the line, or fetch the file again") -> NoReturn:
        if self.kind == "later":
            what, remedy = _LATER, "Use RDF 1.1"
        rest = _rest(self.text, self.start)
        line = self.text.count("\n", 0, self.start) + len(rest) - len(rest.lstrip("\n")) + 1
        found = rest.split("\n", 1)[0][:60] if rest.strip() else "the end of the file"
        raise NotWellFormed(f"{what}, at {found!r}", where=f"line {line}", remedy=remedy)

    # statements

    def document(self) -> None:
        while self.kind != "end":
            try:
                self.statement()
            except TermNotValid as error:
                self.fail(str(error))

    def statement(self) -> None:
        if self.kind == "at" or self.is_word("prefix") or self.is_word("base"):
            self.directive()
        elif self.graphs and (self.is_mark("{") or self.is_word("graph")):
            if not self.is_mark("{"):
                self.advance()
                self.graph = self.graph_name()
            self.block()
        elif self.graphs and (self.kind in _NAMES or self.is_mark("[")):
            self.named_block_or_triples()
        else:
            self.triples()
            self.expect(".")

    def directive(self) -> None:
        dotted, word = self.kind == "at", self.value.lstrip("@")
        word = word if dotted else word.lower()
        self.advance()
        if word == "prefix":
            if self.kind != "pname" or not self.value.endswith(":"):
                self.fail("A prefix must be declared as a name and a colon")
            name = self.value[:-1]
            if ":" in name:
                self.fail("A prefix must be declared as a name and a colon")
            self.advance()
            self.prefixes[name] = self.reference()
        elif word == "base":
            self.base = self.reference()
        else:
            self.fail(f"There is no directive {word!r}; RDF 1.2 is not read")
        self.terms.clear()
        if dotted:
            self.expect(".")

    def reference(self) -> str:
        if self.kind != "iri":
            self.fail("An IRI in angle brackets is missing")
        iri = resolve(self.base, unescape(self.value[1:-1]))
        self.quads.iri(iri)
        self.advance()
        return iri

    def named_block_or_triples(self) -> None:
        if self.is_mark("["):
            self.advance()
            if not self.is_mark("]"):
                subject = self.properties()
                if not self.is_mark("."):
                    self.predicates(subject)
                self.expect(".")
                return
            self.advance()
            subject = self.quads.fresh()
        else:
            subject = self.name()
        if self.is_mark("{"):
            self.graph = self.quads.graph(subject)
            self.block()
        else:
            self.predicates(subject)
            self.expect(".")

    def graph_name(self) -> str:
        if self.is_mark("["):
            self.advance()
            self.expect("]")
            return self.quads.graph(self.quads.fresh())
        if self.kind not in _NAMES:
            self.fail("The name of a graph is missing")
        return self.quads.graph(self.name())

    def block(self) -> None:
        self.expect("{")
        while not self.is_mark("}"):
            self.triples()
            if not self.is_mark("}"):
                self.expect(".")
        self.advance()
        self.graph = ""

    # triples

    def triples(self) -> None:
        if self.is_mark("["):
            self.advance()
            if not self.is_mark("]"):
                subject = self.properties()
                if not (self.is_mark(".") or self.is_mark("}")):
                    self.predicates(subject)
                return
            self.advance()
            subject = self.quads.fresh()
        elif self.is_mark("("):
            subject = self.collection()
        elif self.kind in _NAMES:
            subject = self.name()
        else:
            self.fail("A statement cannot begin so")
        self.predicates(subject)

    def predicates(self, subject: str) -> None:
        while True:
            predicate = self.verb()
            self.quads.add(subject, predicate, self.object(), self.graph)
            while self.is_mark(","):
                self.advance()
                self.quads.add(subject, predicate, self.object(), self.graph)
            if not self.is_mark(";"):
                return
            while self.is_mark(";"):
                self.advance()
            if self.kind == "mark" and self.value in ".]}":
                return

    def verb(self) -> str:
        if self.kind == "word" and self.value == "a":
            self.advance()
            return _TYPE
        if self.kind not in {"iri", "pname"}:
            self.fail("A property is missing")
        return self.name()

    def object(self) -> str:
        if self.kind in _NAMES:
            return self.name()
        if self.kind in {"short", "long"}:
            return self.string()
        if self.kind in _NUMBERS:
            term = self.quads.literal(self.value, datatype=XSD + self.kind)
        elif self.kind == "word" and self.value in {"true", "false"}:
            term = self.quads.literal(self.value, datatype=f"{XSD}boolean")
        elif self.is_mark("("):
            return self.collection()
        elif self.is_mark("["):
            self.advance()
            if not self.is_mark("]"):
                return self.properties()
            term = self.quads.fresh()
        else:
            self.fail("A value is missing")
        self.advance()
        return term

    def properties(self) -> str:
        """Read the rest of ``[ ... ]``, whose first bracket has been read."""
        self.enter()
        subject = self.quads.fresh()
        self.predicates(subject)
        self.expect("]")
        self.depth -= 1
        return subject

    def collection(self) -> str:
        self.enter()
        self.advance()
        members: list[str] = []
        while not self.is_mark(")"):
            members.append(self.object())
        self.advance()
        self.depth -= 1
        nodes = [self.quads.fresh() for _ in members]
        for node, member, rest in zip(nodes, members, [*nodes[1:], _NIL], strict=False):
            self.quads.add(node, _FIRST, member, self.graph)
            self.quads.add(node, _REST, rest, self.graph)
        return nodes[0] if nodes else _NIL

    def enter(self) -> None:
        self.depth += 1
        if self.depth > self.max_depth:
            line = self.text.count("\n", 0, self.start) + 1
            raise TooLarge(
                f"Brackets are nested deeper than {self.max_depth}",
                where=f"line {line}",
                remedy="Give the inner nodes labels or IRIs",
            )

    # terms

    def name(self) -> str:
        term = self.terms.get(self.value)
        if term is None:
            term = self.terms[self.value] = self.new_name()
        self.advance()
        return term

    def new_name(self) -> str:
        if self.kind == "iri":
            return self.quads.iri(resolve(self.base, unescape(self.value[1:-1])))
        if self.kind == "blank":
            return self.quads.blank(self.value[2:])
        prefix, local = self.value.split(":", 1)
        if prefix not in self.prefixes:
            self.fail(f"The prefix {prefix + ':'!r} is not declared")
        return self.quads.iri(self.prefixes[prefix] + local.replace("\\", ""))

    def string(self) -> str:
        quotes = 3 if self.kind == "long" else 1
        lexical = unescape(self.value[quotes:-quotes])
        self.advance()
        if self.kind == "at":
            if self.text.startswith("--", self.position):
                self.kind = "later"
                self.fail(_LATER)
            term = self.quads.literal(lexical, language=self.value[1:])
            self.advance()
            return term
        if self.kind != "type":
            return self.quads.literal(lexical)
        self.advance()
        if self.kind not in {"iri", "pname"}:
            self.fail("The type of a literal is missing")
        return self.quads.literal(lexical, datatype=self.name()[1:-1])


def _rest(text: str, start: int) -> str:
    return text[start : start + 4096].lstrip(" \t\r")
