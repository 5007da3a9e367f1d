"""A store that gives literals back as they were written, for judging data of others.

Oxigraph keeps the value of a literal of the types that it computes with, not
its lexical form, and takes all integer types for one: ``"1"^^xsd:byte`` comes
back as an ``xsd:integer`` (seen with 0.5.13).  SHACL speaks of terms.  So a
literal that would not come back is stored under a datatype that Oxigraph does
not know, and turned back in answers.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from itertools import pairwise
from pathlib import Path
from typing import Any, Final

import pyoxigraph as ox

from dafab_kg.model.errors import FileNotUsable, NotWellFormed
from dafab_kg.store.oxigraph import OxigraphStore, to_engine
from dafab_kg.store.protocol import Literal, Term

XSD: Final = "http://www.w3.org/2001/XMLSchema#"
KEPT: Final = "urn:x-verbatim:"
"""Begins the datatype of a literal that is stored as it was written."""

_DECIMAL = r"(?:0|-?[1-9]\d{0,11}|-?0(?=\.))(?:\.\d{0,16}[1-9])?"
_DATE = (
    r"[12]\d{3}-(?:(?:0[1-9]|1[0-2])-(?:0[1-9]|1\d|2[0-8])"
    r"|(?:0[13-9]|1[0-2])-(?:29|30)|(?:0[13578]|1[02])-31)"
)
_TIME = r"(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d(?:\.\d{0,8}[1-9])?"
_NUMBER = r"(?:0|-?[1-9]\d{0,5}|-?0(?=\.)|-?[1-9]\d{0,2}(?=\.))(?:\.\d{0,2}[1-9])?"
_CAME_BACK: Final = {
    "integer": re.compile(r"0|-?[1-9]\d{0,17}", re.ASCII),
    "decimal": re.compile(_DECIMAL, re.ASCII),
    "double": re.compile(_NUMBER, re.ASCII),
    "float": re.compile(_NUMBER, re.ASCII),
    "boolean": re.compile("true|false"),
    "date": re.compile(f"{_DATE}Z?", re.ASCII),
    "dateTime": re.compile(f"{_DATE}T{_TIME}Z?", re.ASCII),
    "time": re.compile(f"{_TIME}Z?", re.ASCII),
    "string": re.compile(".*", re.DOTALL),
}
"""By datatype, which lexical forms surely come back as they were written; a subset will do."""

_ENDINGS: Final = {
    ".ttl": ox.RdfFormat.TURTLE,
    ".nt": ox.RdfFormat.N_TRIPLES,
    ".nq": ox.RdfFormat.N_QUADS,
    ".trig": ox.RdfFormat.TRIG,
    ".rdf": ox.RdfFormat.RDF_XML,
    ".owl": ox.RdfFormat.RDF_XML,
    ".xml": ox.RdfFormat.RDF_XML,
    ".jsonld": ox.RdfFormat.JSON_LD,
    ".json": ox.RdfFormat.JSON_LD,
}
_CHUNK: Final = 16 * 2**20
"""Characters of N-Triples that are loaded at a time."""

_UNTOUCHED: Final = frozenset({"anyURI", "hexBinary", "base64Binary", "language", "token"})
_TYPED: Final = re.compile(rf'"((?:[^"\\\n]|\\.)*+)"\^\^<{re.escape(XSD)}(\w+)>', re.ASCII)
_GRAPH: Final = re.compile(r" (<[^<>\s]+>) \.\n")


def kept(datatype: str, lexical: str) -> str:
    """Return the datatype to store a literal under so that it comes back."""
    if not datatype.startswith(XSD):
        return datatype
    name = datatype[len(XSD) :]
    form = _CAME_BACK.get(name)
    if name in _UNTOUCHED or (form is not None and form.fullmatch(lexical)):
        return datatype
    return KEPT + datatype


def as_written(term: Term | None) -> Term | None:
    """Turn a term of an answer back into the one that was loaded."""
    if isinstance(term, Literal) and term.datatype.startswith(KEPT):
        return Literal(term.value, term.datatype[len(KEPT) :])
    return term


def write_turtle(triples: Iterable[tuple[Term, Term, Term]], prefixes: Mapping[str, str]) -> str:
    """Write triples as Turtle, each literal in its own lexical form."""
    made = (ox.Triple(*map(to_engine, triple)) for triple in triples)  # type: ignore[arg-type]
    ordered = sorted(made, key=lambda t: (str(t.subject), str(t.predicate), str(t.object)))
    data = ox.serialize(ordered, format=ox.RdfFormat.TURTLE, prefixes=dict(prefixes))
    return (data or b"").decode()


class VerbatimStore(OxigraphStore):
    """Data to be judged.

    ``as_stored`` makes a plain store, for queries that shapes bring along.
    ``disguised`` tells whether any literal had to be kept apart.
    """

    def __init__(self, directory: Path | None = None, *, as_stored: bool = False) -> None:
        super().__init__(directory)
        self.disguised = False
        self._as_stored = as_stored

    def load_rdf(self, quads: Iterable[tuple[Term, Term, Term]]) -> None:
        """Add triples of plain terms to the default graph."""
        self._store.bulk_extend(
            ox.Quad(*(to_engine(self._hidden(term)) for term in triple))  # type: ignore[arg-type]
            for triple in quads
        )

    def load_file(self, path: Path, *, apart: str = "") -> None:
        """Add a file of RDF, by the ending of its name; all its graphs as one.

        ``apart`` is put before the labels of its blank nodes, to keep those of two
        files apart.

        Raises:
            FileNotUsable: it cannot be read or parsed (with the line where known).
        """
        form = _ENDINGS.get(path.suffix.lower())
        if form is None:
            raise FileNotUsable(
                f"{path}: no syntax of RDF ends in {path.suffix!r}. Read are {', '.join(_ENDINGS)}"
            )
        try:
            if form is ox.RdfFormat.N_TRIPLES:
                self._load_lines(path, apart)
            else:
                base = path.resolve().as_uri()
                self._add(ox.parse(path=str(path), format=form, base_iri=base), apart)
        except (SyntaxError, ValueError, OSError) as error:
            raise FileNotUsable(
                f"{path} cannot be read: {error}. Mend it, or fetch it again"
            ) from (error)

    def _load_lines(self, path: Path, apart: str) -> None:
        # the engine's own reader is five times as fast, but makes up labels of blank nodes
        with path.open(encoding="utf-8") as source:
            while lines := source.readlines(_CHUNK):
                text = "".join(lines)
                if "_:" in text:
                    self._add(ox.parse(text.encode(), format=ox.RdfFormat.N_TRIPLES), apart)
                else:
                    self._store.bulk_load(self._disguise(text).encode(), ox.RdfFormat.N_TRIPLES)

    def _add(self, quads: Iterable[ox.Quad], apart: str) -> None:
        def moved(node: Any) -> Any:
            if apart and isinstance(node, ox.BlankNode):
                return ox.BlankNode(f"{apart}{node.value}")
            if isinstance(node, ox.Literal) and not node.language and not self._as_stored:
                datatype = kept(node.datatype.value, node.value)
                if datatype.startswith(KEPT):
                    self.disguised = True
                    return ox.Literal(node.value, datatype=ox.NamedNode(datatype))
            return node

        self._store.bulk_extend(
            ox.Quad(moved(q.subject), q.predicate, moved(q.object)) for q in quads
        )

    def _hidden(self, term: Term) -> Term:
        if not isinstance(term, Literal) or term.language or self._as_stored:
            return term
        datatype = kept(term.datatype, term.value)
        if datatype is not term.datatype:
            self.disguised = True
        return Literal(term.value, datatype)

    def load_documents(self, documents: Iterable[tuple[str, str]]) -> dict[str, str]:
        """Load N-Quads texts, each as one named graph; return document id by graph IRI.

        Blank nodes keep their labels.

        Raises:
            NotWellFormed: a text is no N-Quads (document and line are named).
        """
        named: dict[str, str] = {}
        for document_id, text in documents:
            first = _GRAPH.search(text)
            graph = first[1] if first else ""
            plain = (
                graph
                and graph[1:-1] not in named
                and "_:" not in text
                and text.count(f" {graph} .\n") == text.count("\n")
                and text.endswith("\n")
            )
            if not plain:
                graph = f"<urn:x-document:{len(named)}>"
            named[graph[1:-1]] = document_id
            try:
                data = self._disguise(text).encode()
                if plain:
                    self._store.load(data, ox.RdfFormat.N_QUADS)
                else:
                    node = ox.NamedNode(graph[1:-1])
                    self._store.extend(
                        ox.Quad(q.subject, q.predicate, q.object, node)
                        for q in ox.parse(data, ox.RdfFormat.N_QUADS)
                    )
            except (SyntaxError, ValueError) as error:
                line = getattr(error, "lineno", None)
                raise NotWellFormed(
                    "this is not N-Quads", where=f"{document_id}: line {line}"
                ) from error
        return named

    def _disguise(self, text: str) -> str:
        if self._as_stored:
            return text
        # looked for by cutting, which is ten times as fast as by the exact expression below
        pieces = text.split(f'"^^<{XSD}')
        literals = {
            (one[one.rfind('"') + 1 :], other[: other.find(">")]) for one, other in pairwise(pieces)
        }
        odd = any(kept(XSD + name, lexical).startswith(KEPT) for lexical, name in literals)
        if not odd:
            return text
        self.disguised = True

        def replace(match: re.Match[str]) -> str:
            return f'"{match[1]}"^^<{kept(XSD + match[2], match[1])}>'

        return _TYPED.sub(replace, text)
