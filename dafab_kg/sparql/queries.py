"""Queries (SPARQL 1.1, productions 1 to 28)."""

from __future__ import annotations

from typing import Any

from dafab_kg.model.errors import NotAnalysed
from dafab_kg.sparql.patterns import Patterns
from dafab_kg.sparql.scope import refuse_wrong_scope
from dafab_kg.sparql.tree import (
    Expression,
    Group,
    Grouping,
    IriTerm,
    Ordering,
    Projected,
    Query,
    Triple,
    Variable,
)


class Queries(Patterns):
    """Parsing of queries."""

    def query(self) -> Query:
        """Read a whole query, with its prologue."""
        self.prologue()
        start = self.start
        word = self.token.text.upper() if self.token.kind == "word" else ""
        read = {
            "SELECT": self._select,
            "CONSTRUCT": self._construct,
            "DESCRIBE": self._describe,
            "ASK": self._ask,
        }.get(word)
        if read is None:
            raise self.no("SELECT, CONSTRUCT, DESCRIBE or ASK")
        parts = read()
        if self.sees_word("VALUES"):
            parts["values"] = self.values()
        self.expect_end()
        return self._made(parts, start)

    def sub_select(self) -> Query:
        """Read a SELECT within a group."""
        start = self.start
        parts = self._select(inner=True)
        if self.sees_word("VALUES"):
            parts["values"] = self.values()
        return self._made(parts, start)

    def _made(self, parts: dict[str, Any], start: int) -> Query:
        query = Query(
            **parts, prefixes=dict(self.prefixes), base=self.base, start=start, end=self.end
        )
        refuse_wrong_scope(query)
        return query

    def _select(self, *, inner: bool = False) -> dict[str, Any]:
        self.expect_word("SELECT")
        distinct = self.accept_word("DISTINCT")
        reduced = not distinct and self.accept_word("REDUCED")
        star = self.accept("*")
        projection: list[Projected] = []
        while not star and (self.token.kind == "variable" or self.sees("(")):
            start = self.start
            if self.accept("("):
                expression = self.expression()
                self.expect_word("AS")
                variable = self.variable()
                self.expect(")")
                made = Projected(variable, expression, start=start, end=self.end)
            else:
                made = Projected(self.variable(), start=start, end=self.end)
            projection.append(made)
        if not star and not projection:
            raise self.no("a variable or *")
        dataset = {} if inner else self._dataset()
        where = self._where()
        return {
            "form": "SELECT",
            "distinct": distinct,
            "reduced": reduced,
            "star": star,
            "projection": tuple(projection),
            "where": where,
            **dataset,
            **self._modifiers(),
        }

    def _construct(self) -> dict[str, Any]:
        self.expect_word("CONSTRUCT")
        template: list[Triple] | tuple[Triple, ...]
        if self.accept("{"):
            template = self.template()
            self.expect("}")
            dataset = self._dataset()
            where = self._where()
        else:
            dataset = self._dataset()
            self.expect_word("WHERE")
            start = self.expect("{").start
            template = self.template()
            self.expect("}")
            where = Group(tuple(template), start=start, end=self.end)
        return {
            "form": "CONSTRUCT",
            "template": tuple(template),
            "where": where,
            **dataset,
            **self._modifiers(),
        }

    def _describe(self) -> dict[str, Any]:
        self.expect_word("DESCRIBE")
        described: list[Variable | IriTerm] = []
        star = self.accept("*")
        while not star and (self.token.kind == "variable" or self.sees_iri()):
            described.append(self.variable_or_iri())
        if not star and not described:
            raise self.no("a variable, an IRI or *")
        dataset = self._dataset()
        where = self._where() if self.sees("{") or self.sees_word("WHERE") else None
        return {
            "form": "DESCRIBE",
            "star": star,
            "described": tuple(described),
            "where": where,
            **dataset,
            **self._modifiers(),
        }

    def _ask(self) -> dict[str, Any]:
        self.expect_word("ASK")
        dataset = self._dataset()
        return {"form": "ASK", "where": self._where(), **dataset, **self._modifiers()}

    def _dataset(self) -> dict[str, tuple[IriTerm, ...]]:
        default: list[IriTerm] = []
        named: list[IriTerm] = []
        while self.accept_word("FROM"):
            (named if self.accept_word("NAMED") else default).append(self.iri())
        return {"dataset": tuple(default), "named": tuple(named)}

    def _where(self) -> Group:
        self.accept_word("WHERE")
        return self.group()

    def _modifiers(self) -> dict[str, Any]:
        made: dict[str, Any] = {}
        if self.accept_word("GROUP"):
            self.expect_word("BY")
            groupings = [self._grouping()]
            while self._sees_condition():
                groupings.append(self._grouping())
            made["group_by"] = tuple(groupings)
        if self.accept_word("HAVING"):
            having: list[Expression] = [self.constraint()]
            while self._sees_condition(variables=False):
                having.append(self.constraint())
            made["having"] = tuple(having)
        if self.accept_word("ORDER"):
            self.expect_word("BY")
            orderings = [self._ordering()]
            while self._sees_condition() or self.sees_word("ASC", "DESC"):
                orderings.append(self._ordering())
            made["order_by"] = tuple(orderings)
        while self.sees_word("LIMIT", "OFFSET"):
            name = self.next().text.lower()
            token = self.next()
            if name in made or token.kind != "number" or not token.text.isdigit():
                raise NotAnalysed("Expected a whole number", token.start)
            if len(token.text) > 18:
                raise NotAnalysed("The number is too large", token.start)
            made[name] = int(token.text)
        return made

    def _sees_condition(self, *, variables: bool = True) -> bool:
        token = self.token
        if token.kind == "variable":
            return variables
        if token.kind == "word":
            stops = {"HAVING", "ORDER", "LIMIT", "OFFSET", "VALUES", "ASC", "DESC"}
            return token.text.upper() not in stops
        return self.sees("(") or self.sees_iri()

    def _grouping(self) -> Grouping:
        start = self.start
        if self.token.kind == "variable":
            return Grouping(self.variable(), start=start, end=self.end)
        variable = None
        if self.accept("("):
            expression = self.expression()
            if self.accept_word("AS"):
                variable = self.variable()
            self.expect(")")
        else:
            expression = self.constraint()
        return Grouping(expression, variable, start=start, end=self.end)

    def _ordering(self) -> Ordering:
        start = self.start
        if self.sees_word("ASC", "DESC"):
            descending = self.next().text.upper() == "DESC"
            return Ordering(self.bracketed(), descending, start=start, end=self.end)
        made = self.variable() if self.token.kind == "variable" else self.constraint()
        return Ordering(made, False, start=start, end=self.end)
