"""Answers as plain terms, between processes: one JSON array a row, one row a line."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, Protocol, cast, get_args

import orjson

from dafab_kg.store.answers import Kind
from dafab_kg.store.protocol import Answer, Blank, Iri, Literal, Row, Term, Truth

TERMS = "terms"
FORMATS: dict[str, str] = {"rows": TERMS, "truth": TERMS, "triples": TERMS}


class _Out(Protocol):
    def write(self, data: bytes, /) -> object: ...


def write_terms(answer: Answer, out: _Out) -> None:
    """Write any kind of answer."""
    if isinstance(answer, Truth):
        out.write(orjson.dumps(answer.value) + b"\n")
        return
    for row in answer:
        out.write(orjson.dumps([_plain(term) for term in row]) + b"\n")


def read_rows(pieces: Iterable[bytes]) -> Iterator[Row]:
    """Read the rows, or triples, of an answer."""
    left = b""
    for piece in pieces:
        *lines, left = (left + piece).split(b"\n")
        for line in lines:
            yield tuple(_term(value) for value in orjson.loads(line))


def read_truth(pieces: Iterable[bytes]) -> Truth:
    """Read the answer of ASK."""
    return Truth(bool(orjson.loads(b"".join(pieces))))


def kind_named(name: str) -> Kind:
    """Return the kind of answer that a head names."""
    if name not in get_args(Kind):
        raise ValueError(name)
    return cast(Kind, name)


def _plain(term: Term | None) -> list[str] | None:
    if term is None:
        return None
    if isinstance(term, Literal):
        return [*term]
    return ["i" if isinstance(term, Iri) else "b", term.value]


def _term(value: Any) -> Term | None:
    if value is None:
        return None
    if len(value) == 3:
        return Literal(*value)
    return Iri(value[1]) if value[0] == "i" else Blank(value[1])
