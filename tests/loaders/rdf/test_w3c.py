"""The W3C's own tests of Turtle, TriG, N-Triples and N-Quads (RDF 1.1)."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pyoxigraph as ox
import pytest

from dafab_kg.loaders.rdf import RdfLoader
from dafab_kg.model.errors import NotWellFormed
from dafab_kg.model.names import Names
from dafab_kg.store.rdf_text import statements
from tests.loaders.rdf.reading import document, same, with_blank_nodes

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
    reading = RdfLoader().read(document(path.read_bytes(), path.name))
    assert reading.rdf is not None
    text = replace(reading.rdf, base=f"{HOME}{path.parent.name}/{path.name}")
    return statements(text, Names(), where=path.name)


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
            assert caught.value.where.startswith(f"{action}: line "), action
            continue
        text = read(place / action)
        if result:
            wanted = ox.parse(path=place / result, format=ox.RdfFormat.N_QUADS)
            assert same(with_blank_nodes(text, action), ox.Dataset(wanted)), action
        else:
            # whatever is read must be something that a store takes
            list(ox.parse(text.encode(), format=ox.RdfFormat.N_QUADS))
