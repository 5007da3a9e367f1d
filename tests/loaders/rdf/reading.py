"""Reads RDF as ingest does: the loader first, then the parser behind the store."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pyoxigraph as ox

from dafab_kg.loaders.rdf import RdfLoader
from dafab_kg.model.documents import Part, SourceDocument
from dafab_kg.model.names import DEFAULT_BASE, Names
from dafab_kg.store.rdf_text import left_out, statements


def document(data: bytes, name: str = "data.ttl") -> SourceDocument:
    """Make a document of one file."""
    return SourceDocument("rdf", f"file:///{name}", name, (Part(name, data),))


def home(name: str = "data.ttl") -> str:
    """Return the base of the IRIs in such a document."""
    return Names().make("document", document_id=document(b"", name).document_id) + "/"


def read(data: bytes, name: str = "data.ttl", base: str = DEFAULT_BASE) -> str:
    """Return the statements of a file as N-Quads."""
    return read_with_warnings(data, name, base)[0]


def read_with_warnings(
    data: bytes,
    name: str = "data.ttl",
    base: str = DEFAULT_BASE,
    contexts: Mapping[str, Path] | None = None,
) -> tuple[str, tuple[str, ...]]:
    """Return the statements of a file as N-Quads, and what is told of them."""
    reading = RdfLoader(base=base, contexts=contexts).read(document(data, name))
    assert reading.rdf is not None
    text = statements(reading.rdf, Names(base), where=name)
    return text, (*reading.warnings, *left_out(reading.rdf))


def dataset(text: bytes | str, form: ox.RdfFormat, base: str | None = None) -> ox.Dataset:
    """Parse with Oxigraph itself."""
    data = text if isinstance(text, bytes) else text.encode()
    return ox.Dataset(ox.parse(data, format=form, base_iri=base))


def with_blank_nodes(text: str, name: str = "data.ttl") -> ox.Dataset:
    """Parse N-Quads that :func:`read` returned and make blank nodes again of what were such."""
    prefix = f"{home(name)}bnode/"

    def undo(term: object) -> object:
        if isinstance(term, ox.NamedNode) and term.value.startswith(prefix):
            return ox.BlankNode("b" + term.value.removeprefix(prefix).encode().hex())
        return term

    return ox.Dataset(
        ox.Quad(undo(q.subject), q.predicate, undo(q.object), undo(q.graph_name))
        for q in dataset(text, ox.RdfFormat.N_QUADS)
    )


def same(one: ox.Dataset, other: ox.Dataset) -> bool:
    """Tell whether two datasets are isomorphic."""
    one.canonicalize(ox.CanonicalizationAlgorithm.UNSTABLE)
    other.canonicalize(ox.CanonicalizationAlgorithm.UNSTABLE)
    return one == other
