"""Turtle as it stands in a file: the graph with its literals untouched, and the comments."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from threading import Lock

import rdflib
from rdflib import Graph

from dafab_kg.model.errors import FileNotUsable, NotWellFormed
from dafab_kg.model.names import is_iri
from dafab_kg.model.quiet import quiet

# What may hold a # that begins no comment comes first.
_TOKEN = re.compile(
    r'"""(?:[^"\\]|\\.|"(?!""))*"""'
    r"|'''(?:[^'\\]|\\.|'(?!''))*'''"
    r'|"(?:[^"\\\n]|\\.)*"'
    r"|'(?:[^'\\\n]|\\.)*'"
    r"|<[^>\s]*>"
    r"|(?P<comment>#[^\n]*)",
    re.DOTALL,
)
_SWITCH = Lock()
_PREFIX = re.compile(r"(?im)^\s*@?prefix\s+([\w.-]*):\s*<([^>\s]*)>")


@dataclass(frozen=True)
class Comment:
    """A comment of a file: its line (counted from 1) and its text without the sign."""

    line: int
    text: str


def read_file(file: Path) -> str:
    """Return the text of a file.

    Raises:
        FileNotUsable: it cannot be read.
        NotWellFormed: it is not UTF-8.
    """
    try:
        return file.read_bytes().decode("utf-8-sig").replace("\r\n", "\n")
    except OSError as error:
        reason = error.strerror or str(error)
        raise FileNotUsable(f"{file} cannot be read: {reason}; check its name") from error
    except UnicodeDecodeError as error:
        raise NotWellFormed(
            "the file is not UTF-8", where=str(file), remedy="Save it as UTF-8"
        ) from error


def read_turtle(text: str, where: str) -> Graph:
    """Parse Turtle; literals keep the form in which they are written.

    Raises:
        NotWellFormed: it is no Turtle, or holds what is no IRI.
    """
    graph = Graph(bind_namespaces="none")
    try:
        with _literals_as_written(), quiet():
            graph.parse(data=text, format="turtle", publicID="https://no-base.invalid/")
    except Exception as error:  # the parser raises errors of many kinds
        raise NotWellFormed(
            f"this is no Turtle: {' '.join(str(error).split())[:300]}",
            where=where,
            remedy="Correct it there",
        ) from error
    for triple in graph:
        for node in triple:
            if isinstance(node, rdflib.URIRef):
                _check_iri(str(node), where)
    return graph


def _check_iri(iri: str, where: str) -> None:
    if iri.startswith("https://no-base.invalid/"):
        raise NotWellFormed(
            f"<{iri.removeprefix('https://no-base.invalid/')[:200]}> is a relative IRI",
            where=where,
            remedy="Write it absolute, or declare @base",
        )
    if not is_iri(iri):
        raise NotWellFormed(
            f"<{iri[:200]}> is no IRI", where=where, remedy="Percent-encode what an IRI cannot hold"
        )


@contextmanager
def _literals_as_written() -> Iterator[None]:
    """Keep rdflib from rewriting "05"^^xsd:integer as 5; it has but a switch for all of it."""
    with _SWITCH:  # two threads at once would leave it off
        before = rdflib.NORMALIZE_LITERALS
        rdflib.NORMALIZE_LITERALS = False
        try:
            yield
        finally:
            rdflib.NORMALIZE_LITERALS = before


def leading_comments(text: str) -> list[str]:
    """Return the lines of the comment block at the very beginning."""
    lines: list[str] = []
    for line in text.split("\n"):
        if not line.startswith("#"):
            break
        lines.append(line.rstrip())
    return lines


def declared_prefixes(text: str) -> list[tuple[str, str]]:
    """Return the prefixes that a file declares, with their namespaces."""
    return [(prefix, space) for prefix, space in _PREFIX.findall(text) if is_iri(space)]


def comments(text: str) -> list[Comment]:
    """Return all comments in their order."""
    found = []
    for match in _TOKEN.finditer(text):
        if match["comment"] is not None:
            line = text.count("\n", 0, match.start()) + 1
            found.append(Comment(line, match["comment"].strip("# \t\r")))
    return found
