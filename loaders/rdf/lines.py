"""N-Triples and N-Quads: one statement a line (RDF 1.1 N-Triples, RDF 1.1 N-Quads)."""

from __future__ import annotations

import re
from typing import Final

from dafab_kg.loaders.rdf.grammar import BLANK_NODE_LABEL, IRIREF, LANGTAG, STRING_QUOTE
from dafab_kg.loaders.rdf.terms import Quads, TermNotValid, unescape
from dafab_kg.model.errors import NotWellFormed

STATEMENT: Final = re.compile(
    rf"[ \t]*(?P<subject>{IRIREF}|{BLANK_NODE_LABEL})[ \t]*(?P<predicate>{IRIREF})[ \t]*"
    rf"(?:(?P<object>{IRIREF}|{BLANK_NODE_LABEL})|(?P<string>{STRING_QUOTE})"
    rf"(?:(?P<language>{LANGTAG})|\^\^(?P<datatype>{IRIREF}))?)[ \t]*"
    rf"(?P<graph>{IRIREF}|{BLANK_NODE_LABEL})?[ \t]*\.[ \t]*(?:\#.*)?\Z"
)
_EMPTY = re.compile(r"[ \t]*(?:#.*)?\Z")


def read_lines(text: str, quads: Quads, *, graphs: bool) -> None:
    """Read N-Quads (or N-Triples, without ``graphs``) into ``quads``.

    Raises:
        NotWellFormed: with the line.
        NotSafe: a graph has a name that is the catalogue's own.
    """
    for number, line in enumerate(text.replace("\r\n", "\n").replace("\r", "\n").split("\n"), 1):
        match = STATEMENT.match(line)
        if match is None:
            if _EMPTY.match(line) is None:
                raise _refusal(line, number, graphs=graphs)
            continue
        if match["graph"] and not graphs:
            raise _fault("N-Triples has no graph names", number, "Call the file .nq if it has")
        try:
            _add(match, quads)
        except TermNotValid as error:
            raise _fault(str(error), number) from None


def _add(match: re.Match[str], quads: Quads) -> None:
    string = match["string"]
    if string is None:
        object_ = _node(match["object"], quads)
    else:
        datatype = match["datatype"]
        object_ = quads.literal(
            unescape(string[1:-1]),
            language=(match["language"] or "@")[1:],
            datatype=unescape(datatype[1:-1]) if datatype else "",
        )
    graph = quads.graph(_node(match["graph"], quads)) if match["graph"] else ""
    predicate = quads.iri(unescape(match["predicate"][1:-1]))
    quads.add(_node(match["subject"], quads), predicate, object_, graph)


def _node(text: str, quads: Quads) -> str:
    return quads.iri(unescape(text[1:-1])) if text[0] == "<" else quads.blank(text[2:])


def _refusal(line: str, number: int, *, graphs: bool) -> NotWellFormed:
    if "<<" in line or re.search(r'"@[A-Za-z0-9-]+--', line):
        return _fault("RDF 1.2 (triple terms, text direction) is not read", number, "Use RDF 1.1")
    language = "N-Quads" if graphs else "N-Triples"
    return _fault(f"{_cut(line)!r} is not a statement of {language}", number)


def _cut(line: str) -> str:
    return line if len(line) <= 80 else line[:77] + "..."


def _fault(
    what: str, line: int, remedy: str = "Mend the line, or fetch the file again"
) -> NotWellFormed:
    return NotWellFormed(what, where=f"line {line}", remedy=remedy)
