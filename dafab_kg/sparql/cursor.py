"""Reading tokens one after the other, and the terms they make."""

from __future__ import annotations

from collections.abc import Callable
from itertools import count
from typing import Final, TypeVar

from dafab_kg.model.errors import NotAnalysed
from dafab_kg.sparql.iris import is_absolute, resolve
from dafab_kg.sparql.tokens import Token, local_name, string_value, tokenise
from dafab_kg.sparql.tree import XSD, BlankTerm, IriTerm, LiteralTerm, Term, Variable

MOST_DEPTH: Final = 64
"""Deepest nesting of brackets, and longest chain of operators, that is analysed."""

MOST_CHARACTERS: Final = 200_000
"""Longest text that is analysed."""

_END: Final = "end"
Made = TypeVar("Made")


class Cursor:
    """A place in a list of tokens, with the prefixes and base that hold there."""

    def __init__(self, text: str, base: str | None, longest: int = MOST_CHARACTERS) -> None:
        if len(text) > longest:
            raise NotAnalysed(f"The text is longer than {longest} characters", 0)
        self.tokens = tokenise(text)
        self.tokens.append(Token(_END, "", len(text), len(text)))
        self.at = 0
        self.depth = 0
        self.base = base
        self.prefixes: dict[str, str] = {}
        self.fresh = count()

    # Tokens

    @property
    def token(self) -> Token:
        """The next token."""
        return self.tokens[self.at]

    @property
    def start(self) -> int:
        """Where the next token begins."""
        return self.tokens[self.at].start

    @property
    def end(self) -> int:
        """Where the token before ended."""
        return self.tokens[self.at - 1].end if self.at else 0

    def no(self, what: str) -> NotAnalysed:
        """Return the error that ``what`` was expected here."""
        return NotAnalysed(f"Expected {what}", self.start)

    def sees(self, mark: str) -> bool:
        """Tell whether the next token is a mark."""
        token = self.tokens[self.at]
        return token.kind == "mark" and token.text == mark

    def sees_word(self, *words: str) -> bool:
        """Tell whether the next token is one of some keywords."""
        token = self.tokens[self.at]
        return token.kind == "word" and token.text.upper() in words

    def follows(self, mark: str) -> bool:
        """Tell whether the token after the next is a mark."""
        token = self.tokens[min(self.at + 1, len(self.tokens) - 1)]
        return token.kind == "mark" and token.text == mark

    def next(self) -> Token:
        """Take the next token."""
        token = self.tokens[self.at]
        if token.kind == _END:
            raise self.no("more")
        self.at += 1
        return token

    def accept(self, mark: str) -> bool:
        """Take the next token if it is a mark."""
        if self.sees(mark):
            self.at += 1
            return True
        return False

    def accept_word(self, word: str) -> bool:
        """Take the next token if it is a keyword."""
        if self.sees_word(word):
            self.at += 1
            return True
        return False

    def expect(self, mark: str) -> Token:
        """Take the next token, which must be a mark."""
        if not self.sees(mark):
            raise self.no(f"{mark!r}")
        return self.next()

    def expect_word(self, word: str) -> Token:
        """Take the next token, which must be a keyword."""
        if not self.sees_word(word):
            raise self.no(word)
        return self.next()

    def expect_end(self) -> None:
        """There must be no token left."""
        if self.token.kind != _END:
            raise self.no("the end")

    def deeper(self, parse: Callable[[], Made]) -> Made:
        """Parse what lies one level deeper.

        Raises:
            NotAnalysed: it lies deeper than MOST_DEPTH.
        """
        self.depth += 1
        if self.depth > MOST_DEPTH:
            raise NotAnalysed(f"Nested deeper than {MOST_DEPTH} levels", self.start)
        made = parse()
        self.depth -= 1
        return made

    # Prologue

    def prologue(self) -> None:
        """Read BASE and PREFIX."""
        while self.sees_word("BASE", "PREFIX"):
            if self.next().text.upper() == "BASE":
                self.base = self.iri_reference()
                continue
            name = self.next()
            prefix, colon, local = name.text.partition(":")
            if name.kind != "name" or not colon or local:
                raise NotAnalysed("Expected a prefix", name.start)
            self.prefixes[prefix] = self.iri_reference()

    def iri_reference(self) -> str:
        """Read an IRI in angle brackets; it becomes absolute."""
        token = self.next()
        if token.kind != "iri":
            raise NotAnalysed("Expected an IRI in brackets", token.start)
        return self._absolute(token)

    def _absolute(self, token: Token) -> str:
        iri = token.text[1:-1]
        if is_absolute(iri):
            return iri
        if self.base is None:
            raise NotAnalysed("A relative IRI has no base", token.start)
        return resolve(iri, self.base)

    # Terms

    def sees_iri(self) -> bool:
        """Tell whether an IRI comes next."""
        return self.token.kind in ("iri", "name")

    def iri(self) -> IriTerm:
        """Read an IRI, or a prefixed name."""
        token = self.next()
        if token.kind == "iri":
            value = self._absolute(token)
        elif token.kind == "name":
            prefix, _, local = token.text.partition(":")
            if prefix not in self.prefixes:
                raise NotAnalysed(f"The prefix {prefix!r} is not declared", token.start)
            value = self.prefixes[prefix] + local_name(local)
        else:
            raise NotAnalysed("Expected an IRI", token.start)
        return IriTerm(value, start=token.start, end=token.end)

    def variable(self) -> Variable:
        """Read a variable."""
        token = self.next()
        if token.kind != "variable":
            raise NotAnalysed("Expected a variable", token.start)
        return Variable(token.text[1:], start=token.start, end=token.end)

    def variable_or_iri(self) -> Variable | IriTerm:
        """Read a variable or an IRI."""
        return self.variable() if self.token.kind == "variable" else self.iri()

    def sees_literal(self) -> bool:
        """Tell whether a literal comes next."""
        token = self.token
        if token.kind == "mark" and token.text in "+-":
            after = self.tokens[self.at + 1]
            return after.kind == "number" and after.start == token.end
        return token.kind in ("string", "number") or self.sees_word("TRUE", "FALSE")

    def literal(self) -> LiteralTerm:
        """Read a literal: a string, a number that may have a sign, or a truth value."""
        token = self.next()
        start = token.start
        if token.kind == "string":
            return self._string_literal(token)
        if token.kind == "word" and token.text.upper() in ("TRUE", "FALSE"):
            return LiteralTerm(token.text.lower(), f"{XSD}boolean", start=start, end=token.end)
        sign = ""
        if token.kind == "mark" and token.text in "+-" and self.start == token.end:
            sign, token = token.text, self.next()
        if token.kind != "number":
            raise NotAnalysed("Expected a literal", start)
        kind = "integer"
        if "e" in token.text.lower():
            kind = "double"
        elif "." in token.text:
            kind = "decimal"
        return LiteralTerm(sign + token.text, f"{XSD}{kind}", start=start, end=token.end)

    def _string_literal(self, token: Token) -> LiteralTerm:
        value = string_value(token)
        if self.token.kind == "language":
            tag = self.next()
            language = tag.text[1:]
            datatype = "http://www.w3.org/1999/02/22-rdf-syntax-ns#langString"
            return LiteralTerm(value, datatype, language, start=token.start, end=tag.end)
        if self.accept("^^"):
            datatype = self.iri().value
            return LiteralTerm(value, datatype, start=token.start, end=self.end)
        return LiteralTerm(value, start=token.start, end=token.end)

    def simple_term(self) -> Term:
        """Read a variable, an IRI, a literal, or a blank node without properties."""
        token = self.token
        if token.kind == "variable":
            return self.variable()
        if self.sees_iri():
            return self.iri()
        if self.sees_literal():
            return self.literal()
        if token.kind == "blank":
            self.next()
            return BlankTerm(token.text[2:], start=token.start, end=token.end)
        raise self.no("a term")

    def fresh_blank(self, kind: str, start: int, end: int) -> BlankTerm:
        """Make a blank node that no label stands for."""
        return BlankTerm(f"{kind}{next(self.fresh)}", start=start, end=end)
