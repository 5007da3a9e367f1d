"""Expressions (SPARQL 1.1, productions 110 to 128)."""

from __future__ import annotations

from typing import Final

from dafab_kg.model.errors import NotAnalysed
from dafab_kg.sparql.cursor import MOST_DEPTH, Cursor
from dafab_kg.sparql.tokens import string_value
from dafab_kg.sparql.tree import (
    Aggregate,
    BuiltIn,
    Call,
    Exists,
    Expression,
    Group,
    In,
    Operation,
    Variable,
)

AGGREGATES: Final = frozenset({"COUNT", "SUM", "MIN", "MAX", "AVG", "SAMPLE", "GROUP_CONCAT"})

_ARGUMENTS: Final = {
    0: "RAND NOW UUID STRUUID",
    1: "STR LANG DATATYPE IRI URI ABS CEIL FLOOR ROUND STRLEN UCASE LCASE ENCODE_FOR_URI YEAR "
    "MONTH DAY HOURS MINUTES SECONDS TIMEZONE TZ MD5 SHA1 SHA256 SHA384 SHA512 ISIRI ISURI "
    "ISBLANK ISLITERAL ISNUMERIC BOUND",
    2: "LANGMATCHES CONTAINS STRSTARTS STRENDS STRBEFORE STRAFTER STRLANG STRDT SAMETERM",
    3: "IF",
}
BUILT_INS: Final = {
    **{name: (n, n) for n, names in _ARGUMENTS.items() for name in names.split()},
    "BNODE": (0, 1),
    "SUBSTR": (2, 3),
    "REGEX": (2, 3),
    "REPLACE": (3, 4),
    "CONCAT": (0, None),
    "COALESCE": (0, None),
}
"""Functions that are keywords: the least and most arguments."""

_COMPARING: Final = ("=", "!=", "<", ">", "<=", ">=")


class Expressions(Cursor):
    """Parsing of expressions, one level of precedence below the other."""

    def group(self) -> Group:
        """Read a group; see :class:`dafab_kg.sparql.patterns.Patterns`."""
        raise NotImplementedError

    def expression(self) -> Expression:
        """Read any expression."""
        return self.deeper(self._or)

    def _or(self) -> Expression:
        return self._joined("||", True)

    def _joined(self, operator: str, outer: bool) -> Expression:
        """Read operands of ``||`` (each made of those of ``&&``) or of ``&&``."""
        start = self.start
        operands = [self._joined("&&", False) if outer else self._relational()]
        while self.accept(operator):
            operands.append(self._joined("&&", False) if outer else self._relational())
        if len(operands) == 1:
            return operands[0]
        return Operation(operator, tuple(operands), start=start, end=self.end)

    def _relational(self) -> Expression:
        start = self.start
        left = self._chain(("+", "-"), True)
        token = self.token
        if token.kind == "mark" and token.text in _COMPARING:
            self.next()
            right = self._chain(("+", "-"), True)
            return Operation(token.text, (left, right), start=start, end=self.end)
        negated = self.sees_word("NOT")
        if negated:
            self.next()
        if negated or self.sees_word("IN"):
            self.expect_word("IN")
            return In(left, self.arguments(), negated, start=start, end=self.end)
        return left

    def _chain(self, operators: tuple[str, str], outer: bool) -> Expression:
        """Read operands of ``+`` and ``-`` (each made of those of ``*``, ``/``), or of those."""
        start = self.start
        made = self._chain(("*", "/"), False) if outer else self._unary()
        length = 0
        while self.token.kind == "mark" and self.token.text in operators:
            length += 1
            if length > MOST_DEPTH:
                raise NotAnalysed("A chain of operators is too long", self.start)
            operator = self.next().text
            right = self._chain(("*", "/"), False) if outer else self._unary()
            made = Operation(operator, (made, right), start=start, end=self.end)
        return made

    def _unary(self) -> Expression:
        start = self.start
        if self.token.kind == "mark" and self.token.text in ("!", "+", "-"):
            if self.sees_literal():
                return self.literal()
            operator = self.next().text
            # `! !` and `- -` are no SPARQL 1.1, but Oxigraph takes them.
            operand = self.deeper(self._unary)
            return Operation(operator, (operand,), start=start, end=self.end)
        return self._primary()

    def _primary(self) -> Expression:
        if self.sees("("):
            return self.bracketed()
        if self.token.kind == "variable":
            return self.variable()
        if self.sees_literal():
            return self.literal()
        if self.sees_iri():
            return self.iri_or_call()
        if self.token.kind == "word":
            return self.built_in()
        raise self.no("an expression")

    def bracketed(self) -> Expression:
        """Read an expression in brackets."""
        self.expect("(")
        made = self.expression()
        self.expect(")")
        return made

    def iri_or_call(self) -> Expression:
        """Read an IRI, or the call of a function that it names."""
        name = self.iri()
        if not self.sees("("):
            return name
        distinct = False
        if self.tokens[self.at + 1].text.upper() == "DISTINCT":
            distinct = True
        arguments = self.arguments(distinct=distinct)
        return Call(name.value, arguments, distinct, start=name.start, end=self.end)

    def arguments(self, *, distinct: bool = False) -> tuple[Expression, ...]:
        """Read expressions in brackets, none or more."""
        self.expect("(")
        if distinct:
            self.expect_word("DISTINCT")
        made: list[Expression] = []
        if self.accept(")"):
            return ()
        made.append(self.expression())
        while self.accept(","):
            made.append(self.expression())
        self.expect(")")
        return tuple(made)

    def built_in(self) -> Expression:
        """Read the call of a function, an aggregate or EXISTS that a keyword names."""
        token = self.next()
        name = token.text.upper()
        if name == "NOT" or name == "EXISTS":
            if name == "NOT":
                self.expect_word("EXISTS")
            group = self.deeper(self.group)
            return Exists(group, name == "NOT", start=token.start, end=self.end)
        if name in AGGREGATES:
            return self._aggregate(name, token.start)
        if name not in BUILT_INS:
            raise NotAnalysed(f"There is no function {token.text}", token.start)
        least, most = BUILT_INS[name]
        arguments = self.arguments()
        if len(arguments) < least or (most is not None and len(arguments) > most):
            raise NotAnalysed(f"{name} has another number of arguments", token.start)
        if name == "BOUND" and not isinstance(arguments[0], Variable):
            raise NotAnalysed("BOUND asks for a variable", token.start)
        return BuiltIn(name, arguments, start=token.start, end=self.end)

    def _aggregate(self, name: str, start: int) -> Aggregate:
        self.expect("(")
        distinct = self.accept_word("DISTINCT")
        argument = None
        if not (name == "COUNT" and self.accept("*")):
            argument = self.expression()
        separator = None
        if name == "GROUP_CONCAT" and self.accept(";"):
            self.expect_word("SEPARATOR")
            self.expect("=")
            token = self.next()
            if token.kind != "string":
                raise NotAnalysed("Expected a string", token.start)
            separator = string_value(token)
        self.expect(")")
        return Aggregate(name, argument, distinct, separator, start=start, end=self.end)

    def constraint(self) -> Expression:
        """Read what FILTER and HAVING take: brackets, or a function's call."""
        if self.sees("("):
            return self.bracketed()
        if self.sees_iri():
            made = self.iri_or_call()
            if not isinstance(made, Call):
                raise self.no("a function's arguments")
            return made
        if self.token.kind == "word":
            return self.built_in()
        raise self.no("a condition")
