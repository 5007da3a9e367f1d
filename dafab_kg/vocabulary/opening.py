"""An ontology and what it imports, from files alone: the catalogue file leads to each."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from rdflib import OWL, RDF, Graph, URIRef

from dafab_kg.model.strict_xml import read_xml
from dafab_kg.vocabulary.reading import read_file, read_turtle

CATALOGUE = "catalog-v001.xml"
"""Name of the catalogue file (OASIS XML Catalogs) that Protégé looks for beside an ontology."""

_URI = "{urn:oasis:names:tc:entity:xmlns:xml:catalog}uri"


@dataclass(frozen=True)
class Opened:
    """Graphs by file: those asked for, and those that they import; imports without a file."""

    asked: dict[Path, Graph]
    imported: dict[Path, Graph]
    missing: tuple[tuple[Path, str], ...]

    def whole(self) -> Graph:
        """Return all graphs as one."""
        whole = Graph(bind_namespaces="none")
        for graph in (*self.asked.values(), *self.imported.values()):
            for triple in graph:
                whole.add(triple)
        return whole


def open_files(files: Iterable[Path]) -> Opened:
    """Read ontologies in Turtle with all they import; the network is never asked.

    Raises:
        FileNotUsable, NotWellFormed: a file cannot be read.
    """
    asked = {file: read_turtle(read_file(file), str(file)) for file in dict.fromkeys(files)}
    known = {
        str(name): file
        for file, graph in asked.items()
        for name in graph.subjects(RDF.type, OWL.Ontology)
    }
    imported: dict[Path, Graph] = {}
    missing: list[tuple[Path, str]] = []
    todo = list(asked.items())
    while todo:
        file, graph = todo.pop(0)
        places = {**catalogue(file.parent), **known}
        for name in sorted(map(str, graph.objects(None, OWL.imports))):
            place = places.get(name)
            if place is None or not place.is_file():
                missing.append((file, name))
            elif not any(_same(place, other) for other in (*asked, *imported)):
                imported[place] = read_turtle(read_file(place), str(place))
                todo.append((place, imported[place]))
    return Opened(asked, imported, tuple(missing))


def catalogue(folder: Path) -> dict[str, Path]:
    """Return IRI → file as the catalogue file of a folder has it; nothing if there is none.

    Raises:
        NotWellFormed, NotSafe: it is no such file.
    """
    file = folder / CATALOGUE
    if not file.is_file():
        return {}
    root = read_xml(read_file(file).encode(), where=str(file))
    return {
        entry.get("name", ""): folder / entry.get("uri", "")
        for entry in root.iter(_URI)
        if "://" not in entry.get("uri", "")
    }


def declared(graph: Graph) -> set[URIRef]:
    """Return the named things that a graph gives a type, but for the ontology itself."""
    ontologies = set(graph.subjects(RDF.type, OWL.Ontology))
    return {s for s in graph.subjects(RDF.type, None) if isinstance(s, URIRef)}.difference(
        ontologies
    )


def _same(one: Path, other: Path) -> bool:
    return one.resolve() == other.resolve()
