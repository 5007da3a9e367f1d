"""Graph patterns, paths and templates (SPARQL 1.1, productions 52 to 107)."""

from __future__ import annotations

from dafab_kg.model.errors import NotAnalysed
from dafab_kg.sparql.expressions import Expressions
from dafab_kg.sparql.tree import (
    RDF,
    AlternativePath,
    Bind,
    BlankTerm,
    Element,
    Filter,
    GraphPattern,
    Group,
    InversePath,
    IriTerm,
    Lateral,
    LiteralTerm,
    Minus,
    NegatedPath,
    Optional,
    Path,
    Query,
    RepeatedPath,
    SequencePath,
    Service,
    SubSelect,
    Term,
    Triple,
    Union,
    Values,
    Variable,
)


class Patterns(Expressions):
    """Parsing of groups and of triples, in patterns (``paths``) and in templates."""

    def sub_select(self) -> Query:
        """Read a sub-select; see :class:`dafab_kg.sparql.queries.Queries`."""
        raise NotImplementedError

    # Groups

    def group(self) -> Group:
        """Read a group with its brackets."""
        return self.deeper(self._group)

    def _group(self) -> Group:
        start = self.expect("{").start
        elements: list[Element] = []
        if self.sees_word("SELECT"):
            query = self.sub_select()
            elements.append(SubSelect(query, start=query.start, end=query.end))
            self.expect("}")
            return Group(tuple(elements), start=start, end=self.end)
        needs_dot = False
        while not self.accept("}"):
            other = self._other_pattern()
            if other is not None:
                elements.append(other)
                self.accept(".")
                needs_dot = False
                continue
            if needs_dot:
                raise self.no("a dot")
            elements.extend(self.triples(paths=True))
            needs_dot = not self.accept(".")
        return Group(tuple(elements), start=start, end=self.end)

    def _other_pattern(self) -> Element | None:
        """Read a pattern that is not made of triples, if there is one."""
        start = self.start
        if self.sees("{"):
            return self._group_or_union()
        if self.token.kind != "word":
            return None
        word = self.token.text.upper()
        if word in ("OPTIONAL", "MINUS", "LATERAL"):
            self.next()
            group = self.group()
            if word == "OPTIONAL":
                return Optional(group, start=start, end=self.end)
            kind = Minus if word == "MINUS" else Lateral
            return kind(group, start=start, end=self.end)
        if word == "GRAPH":
            self.next()
            name = self.variable_or_iri()
            return GraphPattern(name, self.group(), start=start, end=self.end)
        if word == "SERVICE":
            self.next()
            silent = self.accept_word("SILENT")
            name = self.variable_or_iri()
            return Service(name, self.group(), silent, start=start, end=self.end)
        if word == "FILTER":
            self.next()
            return Filter(self.constraint(), start=start, end=self.end)
        if word == "BIND":
            self.next()
            self.expect("(")
            expression = self.expression()
            self.expect_word("AS")
            variable = self.variable()
            self.expect(")")
            return Bind(expression, variable, start=start, end=self.end)
        if word == "VALUES":
            return self.values()
        return None

    def _group_or_union(self) -> Group | Union:
        first = self.group()
        if not self.sees_word("UNION"):
            return first
        groups = [first]
        while self.accept_word("UNION"):
            groups.append(self.group())
        return Union(tuple(groups), start=first.start, end=self.end)

    def values(self) -> Values:
        """Read VALUES with its data."""
        start = self.expect_word("VALUES").start
        rows: list[tuple[Term | None, ...]] = []
        if self.token.kind == "variable":
            variables = [self.variable()]
            self.expect("{")
            while not self.accept("}"):
                rows.append((self._data_value(),))
            return Values(tuple(variables), tuple(rows), start=start, end=self.end)
        self.expect("(")
        variables = []
        while not self.accept(")"):
            variables.append(self.variable())
        if len({variable.name for variable in variables}) < len(variables):
            raise self.no("each variable once")
        self.expect("{")
        while not self.accept("}"):
            self.expect("(")
            row = []
            while not self.accept(")"):
                row.append(self._data_value())
            if len(row) != len(variables):
                raise NotAnalysed("A row has another number of values", self.end)
            rows.append(tuple(row))
        return Values(tuple(variables), tuple(rows), start=start, end=self.end)

    def _data_value(self) -> Term | None:
        if self.accept_word("UNDEF"):
            return None
        if self.sees_iri():
            return self.iri()
        return self.literal()

    # Triples

    def triples(self, *, paths: bool) -> list[Triple]:
        """Read triples of one subject, and those that its brackets hold."""
        made: list[Triple] = []
        if self.sees("[") or self.sees("("):
            subject = self.node(made, paths=paths)
            if made and not self._sees_verb(paths):  # [ :p :o ] . is complete
                return made
        else:
            subject = self.simple_term()
        if isinstance(subject, LiteralTerm):
            raise NotAnalysed("A literal is a subject", subject.start)
        self._properties(subject, made, paths=paths)
        return made

    def _sees_verb(self, paths: bool) -> bool:
        token = self.token
        if token.kind in ("variable", "iri", "name"):
            return True
        if token.kind == "word":
            return token.text == "a"
        return paths and token.kind == "mark" and token.text in ("^", "!", "(")

    def _properties(self, subject: Term, made: list[Triple], *, paths: bool) -> None:
        while True:
            predicate = self._verb(paths)
            while True:
                at = len(made)
                start = subject.start
                value = self.node(made, paths=paths)
                made.insert(at, Triple(subject, predicate, value, start=start, end=self.end))
                if not self.accept(","):
                    break
            while self.accept(";"):
                if self._sees_verb(paths):
                    break
            else:
                return
            if not self._sees_verb(paths):
                return

    def _verb(self, paths: bool) -> Variable | Path:
        if self.token.kind == "variable":
            return self.variable()
        if paths:
            return self.deeper(self._alternative)
        return self._iri_or_a()

    def _iri_or_a(self) -> IriTerm:
        token = self.token
        if token.kind == "word" and token.text == "a":
            self.next()
            return IriTerm(f"{RDF}type", start=token.start, end=token.end)
        return self.iri()

    def node(self, made: list[Triple], *, paths: bool) -> Term:
        """Read a term, or what brackets hold; their triples are added to ``made``."""
        if self.sees("["):
            return self.deeper(lambda: self._blank_properties(made, paths))
        if self.sees("("):
            return self.deeper(lambda: self._collection(made, paths))
        return self.simple_term()

    def _blank_properties(self, made: list[Triple], paths: bool) -> BlankTerm:
        opening = self.expect("[")
        blank = self.fresh_blank("[", opening.start, opening.end)
        if not self.accept("]"):
            self._properties(blank, made, paths=paths)
            self.expect("]")
        return BlankTerm(blank.label, start=opening.start, end=self.end)

    def _collection(self, made: list[Triple], paths: bool) -> Term:
        opening = self.expect("(")
        if self.accept(")"):
            return IriTerm(f"{RDF}nil", start=opening.start, end=self.end)
        head: BlankTerm | None = None
        before: BlankTerm | None = None
        place = {"start": opening.start, "end": opening.end}
        first, rest, nil = (IriTerm(RDF + name, **place) for name in ("first", "rest", "nil"))
        while not self.accept(")"):
            cell = self.fresh_blank("(", self.start, self.start)
            if before is not None:
                made.append(Triple(before, rest, cell, **place))
            head = head or cell
            value = self.node(made, paths=paths)
            made.append(Triple(cell, first, value, start=value.start, end=value.end))
            before = cell
        assert head is not None and before is not None
        made.append(Triple(before, rest, nil, **place))
        return BlankTerm(head.label, start=opening.start, end=self.end)

    # Paths

    def _alternative(self) -> Path:
        start = self.start
        paths = [self._sequence()]
        while self.accept("|"):
            paths.append(self._sequence())
        if len(paths) == 1:
            return paths[0]
        return AlternativePath(tuple(paths), start=start, end=self.end)

    def _sequence(self) -> Path:
        start = self.start
        paths = [self._element()]
        while self.accept("/"):
            paths.append(self._element())
        if len(paths) == 1:
            return paths[0]
        return SequencePath(tuple(paths), start=start, end=self.end)

    def _element(self) -> Path:
        start = self.start
        if self.accept("^"):
            return InversePath(self._repeated(), start=start, end=self.end)
        return self._repeated()

    def _repeated(self) -> Path:
        start = self.start
        path: Path
        if self.accept("!"):
            path = self._negated(start)
        elif self.accept("("):
            path = self.deeper(self._alternative)
            self.expect(")")
        else:
            path = self._iri_or_a()
        for how in ("*", "+", "?"):
            if self.accept(how):
                return RepeatedPath(path, how, start=start, end=self.end)
        return path

    def _negated(self, start: int) -> NegatedPath:
        forward: list[IriTerm] = []
        inverse: list[IriTerm] = []

        def one() -> None:
            (inverse if self.accept("^") else forward).append(self._iri_or_a())

        if self.accept("("):
            if not self.accept(")"):
                one()
                while self.accept("|"):
                    one()
                self.expect(")")
        else:
            one()
        return NegatedPath(tuple(forward), tuple(inverse), start=start, end=self.end)

    # Templates

    def template(self) -> list[Triple]:
        """Read triples without paths, up to a bracket or GRAPH."""
        made: list[Triple] = []
        while not (self.sees("}") or self.sees_word("GRAPH")):
            made.extend(self.triples(paths=False))
            if not self.accept("."):
                break
        return made
