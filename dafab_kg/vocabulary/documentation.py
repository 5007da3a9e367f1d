"""HTML documentation of an ontology, written by pyLODE."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from rdflib import DCTERMS, OWL, RDF, RDFS, SDO, Graph
from rdflib.term import Node

from dafab_kg.model.errors import ExtraMissing, FileNotUsable
from dafab_kg.model.quiet import quiet
from dafab_kg.vocabulary.opening import Opened, open_files

PAGE = "index.html"
_TITLES = (DCTERMS.title, RDFS.label, SDO.name)
"""What pyLODE takes for a title; without one it refuses to begin."""


def write_documentation(files: Iterable[Path], folder: Path) -> Path:
    """Write one page about ontologies and all that they import; return its place.

    Raises:
        ExtraMissing: pyLODE is not installed.
        FileNotUsable: the page cannot be written, or no file holds an ontology with a title.
    """
    with _logging_kept():
        try:
            from pylode import OntPub
        except ImportError as error:
            raise ExtraMissing(
                "pyLODE is not installed; `pip install pylode==3.2.1` does it"
            ) from error
        merged = _merged(open_files(files))
        with quiet():
            made = OntPub(ontology=merged, sort_subjects=False).make_html()
    page = folder / PAGE
    try:
        folder.mkdir(parents=True, exist_ok=True)
        page.write_text(str(made), encoding="utf-8")
    except OSError as error:
        reason = error.strerror or str(error)
        raise FileNotUsable(f"{page} cannot be written: {reason}; choose another --out") from error
    return page


@contextmanager
def _logging_kept() -> Iterator[None]:
    """Undo what pyLODE does to everybody's logging when it is imported, and hush it."""
    root = logging.getLogger()
    level, handlers = root.level, list(root.handlers)
    logging.disable(logging.INFO)
    try:
        yield
    finally:
        logging.disable(logging.NOTSET)
        root.setLevel(level)
        root.handlers[:] = handlers


def _merged(opened: Opened) -> Graph:
    """Return all graphs as one ontology: the one that imports most keeps its header."""
    whole = opened.whole()
    ontologies = sorted(
        {o for graph in opened.asked.values() for o in graph.subjects(RDF.type, OWL.Ontology)},
        key=lambda o: (-len(set(whole.objects(o, OWL.imports))), str(o)),
    )
    if not ontologies:
        raise FileNotUsable("No file holds an owl:Ontology; name one that does")
    if not any((ontologies[0], p, None) in whole for p in _TITLES):
        raise FileNotUsable(
            f"The ontology {ontologies[0]} has no title; add dcterms:title to its header"
        )
    others: set[Node] = set(whole.subjects(RDF.type, OWL.Ontology)) - {ontologies[0]}
    merged = Graph()
    for subject, predicate, value in whole:
        if subject not in others and predicate != OWL.imports:
            merged.add((subject, predicate, value))
    return merged
