"""The W3C's own tests of Turtle, TriG, N-Triples and N-Quads (RDF 1.1)."""

from __future__ import annotations

from pathlib import Path

import pyoxigraph as ox
import pytest

from dafab_kg.loaders.rdf.lines import read_lines
from dafab_kg.loaders.rdf.terms import Quads
from dafab_kg.loaders.rdf.turtle import read_turtle
from dafab_kg.model.errors import NotWellFormed
from dafab_kg.model.names import Names

HOME = "https://w3c.github.io/rdf-tests/rdf/rdf11/"
MANIFEST = "http://www.w3.org/2001/sw/DataAccess/tests/test-manifest#"
TYPE = ox.NamedNode("http://www.w3.org/1999/02/22-rdf-syntax-ns#type")


def cases(folder: Path) -> list[tuple[str, str, str | None]]:
    """Return the kind of each test, its file and the file with the expected statements."""
    base = f"{HOME}{folder.name}/"
    manifest = ox.Store()
    manifest.load(
        path=folder / "manifest.ttl", format=ox.RdfFormat.TURTLE, base_iri=f"{base}manifest.ttl"
    )
    tests = []
    for quad in manifest.quads_for_pattern(None, TYPE, None, None):
        kind = quad.object.value.rpartition("#")[2]
        if kind.startswith("Test"):
            files = [
                next((q.object.value for q in manifest.quads_for_pattern(
                    quad.subject, ox.NamedNode(MANIFEST + role), None, None)), "")
                for role in ("action", "result")
            ]  # fmt: skip
            action, result = (file.removeprefix(base) for file in files)
            tests.append((kind, action, result or None))
    return sorted(tests, key=str)


def read(path: Path) -> str:
    quads = Quads(Names(), "0" * 32)
    quads.base = f"{HOME}{path.parent.name}/{path.name}"
    text = path.read_bytes().decode()
    if path.suffix in {".nt", ".nq"}:
        read_lines(text, quads, graphs=path.suffix == ".nq")
    else:
        read_turtle(text, quads, graphs=path.suffix == ".trig")
    return quads.text()


def canonical(statements: ox.Dataset) -> ox.Dataset:
    statements.canonicalize(ox.CanonicalizationAlgorithm.UNSTABLE)
    return statements


def with_blank_nodes(text: str) -> ox.Dataset:
    def undo(term: object) -> object:
        if isinstance(term, ox.NamedNode) and "bnode/" in term.value:
            label = term.value.rpartition("bnode/")[2].encode().hex()
            return ox.BlankNode(f"b{label}")
        return term

    return ox.Dataset(
        ox.Quad(undo(q.subject), q.predicate, undo(q.object), undo(q.graph_name))
        for q in ox.parse(text.encode(), format=ox.RdfFormat.N_QUADS)
    )


@pytest.mark.parametrize(
    ("folder", "count"),
    [("rdf-n-triples", 70), ("rdf-n-quads", 87), ("rdf-turtle", 313), ("rdf-trig", 356)],
)
def test_w3c(shared: Path, folder: str, count: int) -> None:
    place = shared / "w3c_tests" / "rdf-tests" / "rdf" / "rdf11" / folder
    found = cases(place)
    assert len(found) == count
    for kind, action, result in found:
        if "Negative" in kind:
            with pytest.raises(NotWellFormed) as caught:
                read(place / action)
            assert caught.value.where.startswith("line "), action
            continue
        text = read(place / action)
        if result:
            wanted = ox.parse(path=place / result, format=ox.RdfFormat.N_QUADS)
            assert canonical(with_blank_nodes(text)) == canonical(ox.Dataset(wanted)), action
        else:
            # whatever is read must be something that a store takes
            list(ox.parse(text.encode(), format=ox.RdfFormat.N_QUADS))
