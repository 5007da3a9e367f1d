"""Rows of a SELECT in the four W3C result formats, up to a bound.

JSON and XML after the SPARQL 1.1 results recommendations, CSV (raw values) and
TSV (Turtle terms) after theirs.  The engine writes these faster; it cannot
count while it writes, which an open endpoint needs.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import IO, Any
from xml.sax.saxutils import escape, quoteattr

import orjson

from dafab_kg.model.errors import AnswerTooLong
from dafab_kg.store.protocol import XSD_STRING, Blank, Iri, Row, Solutions, Term

XSD = "http://www.w3.org/2001/XMLSchema#"

# Turtle writes these without quotes (Turtle section 6.5, INTEGER, DECIMAL, DOUBLE).
_BARE = {
    XSD + "integer": re.compile(r"[+-]?[0-9]+\Z"),
    XSD + "decimal": re.compile(r"[+-]?[0-9]*\.[0-9]+\Z"),
    XSD + "double": re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)[eE][+-]?[0-9]+\Z"),
    XSD + "boolean": re.compile(r"(true|false)\Z"),
}
_TURTLE_ESCAPES = str.maketrans(
    {"\\": "\\\\", '"': '\\"', "\n": "\\n", "\r": "\\r", "\t": "\\t", "\b": "\\b", "\f": "\\f"}
)
_CSV_QUOTED = re.compile(r'[",\r\n]')
# XML 1.0 cannot hold these at all, not even as references.
_NOT_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def bounded(solutions: Solutions, most_rows: int | None) -> Iterator[Row]:
    """Give the rows of ``solutions``.

    Raises:
        AnswerTooLong: there are more than ``most_rows``.
    """
    for number, row in enumerate(solutions):
        if most_rows is not None and number >= most_rows:
            raise AnswerTooLong(
                f"The answer has more than {most_rows} rows, the bound of this endpoint. "
                "Add LIMIT and OFFSET with ORDER BY, or narrow the query",
                {"rows": float(most_rows)},
            )
        yield row


def write_rows(
    solutions: Solutions, name: str, out: IO[bytes], *, most_rows: int | None = None
) -> None:
    """Write all rows as ``json``, ``xml``, ``csv`` or ``tsv``."""
    _WRITERS[name](solutions.variables, bounded(solutions, most_rows), out)


def term_json(term: Term) -> dict[str, str]:
    """Return a term in the form of the SPARQL results JSON recommendation, section 3.2.2."""
    if isinstance(term, Iri):
        return {"type": "uri", "value": term.value}
    if isinstance(term, Blank):
        return {"type": "bnode", "value": term.value}
    if term.language:
        return {"type": "literal", "xml:lang": term.language, "value": term.value}
    if term.datatype == XSD_STRING:
        return {"type": "literal", "value": term.value}
    return {"type": "literal", "datatype": term.datatype, "value": term.value}


def _write_json(variables: tuple[str, ...], rows: Iterator[Row], out: IO[bytes]) -> None:
    head = orjson.dumps({"vars": variables})
    out.write(b'{"head":' + head + b',"results":{"bindings":[')
    comma = b""
    for row in rows:
        bound = {n: term_json(t) for n, t in zip(variables, row, strict=True) if t is not None}
        out.write(comma + orjson.dumps(bound))
        comma = b","
    out.write(b"]}}")


def _write_xml(variables: tuple[str, ...], rows: Iterator[Row], out: IO[bytes]) -> None:
    head = "".join(f"<variable name={quoteattr(name)}/>" for name in variables)
    out.write(
        b'<?xml version="1.0"?><sparql xmlns="http://www.w3.org/2005/sparql-results#">'
        b"<head>" + head.encode() + b"</head><results>"
    )
    for row in rows:
        bound = "".join(
            f"<binding name={quoteattr(name)}>{_term_xml(term)}</binding>"
            for name, term in zip(variables, row, strict=True)
            if term is not None
        )
        out.write(f"<result>{bound}</result>".encode())
    out.write(b"</results></sparql>")


def _term_xml(term: Term) -> str:
    # A carriage return must be a reference, or the parser turns it into a line feed.
    text = escape(_NOT_XML.sub("\N{REPLACEMENT CHARACTER}", term.value), {"\r": "&#13;"})
    if isinstance(term, Iri):
        return f"<uri>{text}</uri>"
    if isinstance(term, Blank):
        return f"<bnode>{text}</bnode>"
    if term.language:
        return f"<literal xml:lang={quoteattr(term.language)}>{text}</literal>"
    if term.datatype == XSD_STRING:
        return f"<literal>{text}</literal>"
    return f"<literal datatype={quoteattr(term.datatype)}>{text}</literal>"


def _write_csv(variables: tuple[str, ...], rows: Iterator[Row], out: IO[bytes]) -> None:
    out.write((",".join(variables) + "\r\n").encode())
    for row in rows:
        out.write((",".join(_term_csv(term) for term in row) + "\r\n").encode())


def _term_csv(term: Term | None) -> str:
    if term is None:
        return ""
    text = f"_:{term.value}" if isinstance(term, Blank) else term.value
    return '"' + text.replace('"', '""') + '"' if _CSV_QUOTED.search(text) else text


def _write_tsv(variables: tuple[str, ...], rows: Iterator[Row], out: IO[bytes]) -> None:
    out.write(("\t".join(f"?{name}" for name in variables) + "\n").encode())
    for row in rows:
        out.write(("\t".join(term_turtle(term) for term in row) + "\n").encode())


def term_turtle(term: Term | None) -> str:
    """Return a term as Turtle writes it, without prefixes; nothing for an unbound one."""
    if term is None:
        return ""
    if isinstance(term, Iri):
        return f"<{term.value}>"
    if isinstance(term, Blank):
        return f"_:{term.value}"
    bare = _BARE.get(term.datatype)
    if bare is not None and bare.match(term.value):
        return term.value
    quoted = f'"{term.value.translate(_TURTLE_ESCAPES)}"'
    if term.language:
        return f"{quoted}@{term.language}"
    return quoted if term.datatype == XSD_STRING else f"{quoted}^^<{term.datatype}>"


_WRITERS: dict[str, Callable[[tuple[str, ...], Iterator[Row], IO[bytes]], Any]] = {
    "json": _write_json,
    "xml": _write_xml,
    "csv": _write_csv,
    "tsv": _write_tsv,
}
