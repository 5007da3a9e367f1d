"""Checks of an ontology: what is missing or looks like a mistake.

Each check is a query in ``checks/``, whose head tells its code, severity and
remedy; it selects ``?term`` and, if it has more to say, ``?detail``.  The codes are
those of the OOPS! catalogue of pitfalls (Poveda-Villalón, Gómez-Pérez and
Suárez-Figueroa, 2014) where it has one.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from rdflib import OWL, RDF, Graph, URIRef
from rdflib.term import Node

from dafab_kg.model import resources
from dafab_kg.vocabulary.opening import Opened, declared, open_files
from dafab_kg.vocabulary.order import KNOWN_PREFIXES

SEVERITIES: Final = ("error", "warning", "advice")
_SPACE = URIRef(KNOWN_PREFIXES["vann"] + "preferredNamespaceUri")
_FOLDER = "vocabulary/checks"


@dataclass(frozen=True)
class Check:
    """One query: its code, how bad a finding is, what it says and the remedy."""

    code: str
    severity: str
    says: str
    remedy: str
    query: str


@dataclass(frozen=True)
class Finding:
    """Something found: of which check, at which term, in which file, and the remedy."""

    code: str
    severity: str
    term: str
    file: str
    what: str
    remedy: str


def checks() -> tuple[Check, ...]:
    """Return all checks, by code."""
    found = [_parse(resources.text(_FOLDER, f)) for f in resources.names(_FOLDER, ".rq")]
    return tuple(sorted(found, key=lambda check: check.code))


def check_files(files: Iterable[Path], chosen: Iterable[str] = ()) -> tuple[Finding, ...]:
    """Check ontologies together with what they import; only what is theirs is reported.

    ``chosen`` are codes of checks; none means all.  Errors come first.

    Raises:
        FileNotUsable, NotWellFormed: a file cannot be read.
    """
    opened = open_files(files)
    whole = opened.whole()
    own = _own(opened)
    codes = set(chosen)
    found = [
        Finding(
            "import",
            "error",
            iri,
            str(file),
            "this import leads to no file",
            "Add it to catalog-v001.xml beside the file, or delete the import",
        )
        for file, iri in opened.missing
        if not codes or "import" in codes
    ]
    if not codes or "header" in codes:
        found += [
            Finding(
                "header",
                "error",
                "",
                str(file),
                "the file holds no owl:Ontology",
                "Add a header; CONTRIBUTING.md shows a whole one",
            )
            for file, graph in opened.asked.items()
            if (None, RDF.type, OWL.Ontology) not in graph
        ]
    for check in checks():
        if not codes or check.code in codes:
            found += _run(check, whole, own)
    return tuple(
        sorted(found, key=lambda f: (SEVERITIES.index(f.severity), f.code, f.file, f.term, f.what))
    )


def _run(check: Check, whole: Graph, own: dict[Node, Path]) -> list[Finding]:
    found = []
    for row in whole.query(check.query):
        term, *more = tuple(row)  # type: ignore[arg-type]
        file = own.get(term)
        if file is not None:
            detail = f": {more[0]}" if more and more[0] is not None else ""
            found.append(
                Finding(
                    check.code,
                    check.severity,
                    str(term),
                    str(file),
                    check.says + detail,
                    check.remedy,
                )
            )
    return found


def _own(opened: Opened) -> dict[Node, Path]:
    """Return which file is to answer for a term or an ontology.

    A term that is declared but belongs to another's namespace is borrowed.  Where
    no term lies in a namespace that an ontology calls its own, all count.
    """
    spaces: set[str] = set()
    headers: dict[Node, Path] = {}
    terms: dict[Node, Path] = {}
    for file, graph in opened.asked.items():
        spaces |= {str(space) for space in graph.objects(None, _SPACE)}
        for ontology in graph.subjects(RDF.type, OWL.Ontology):
            headers[ontology] = file
            spaces |= {f"{ontology}#", f"{str(ontology).rstrip('#/')}/"}
        for term in declared(graph):
            terms.setdefault(term, file)
    within = {t: file for t, file in terms.items() if str(t).startswith(tuple(spaces or {"\0"}))}
    used = _undeclared(opened, tuple(spaces))
    return {**used, **(within or terms), **headers}


def _undeclared(opened: Opened, spaces: tuple[str, ...]) -> dict[Node, Path]:
    """Return own terms that a file speaks of though nothing declares them."""
    known = {t for g in (*opened.asked.values(), *opened.imported.values()) for t in declared(g)}
    found: dict[Node, Path] = {}
    for file, graph in opened.asked.items():
        for node in (*graph.subjects(), *graph.objects()):
            if isinstance(node, URIRef) and node not in known and str(node).startswith(spaces):
                found.setdefault(node, file)
    return found


def _parse(text: str) -> Check:
    head = {
        key: " ".join(value.split())
        for key, value in re.findall(r"^# (\w+): (.*(?:\n#  .*)*)$", text, re.MULTILINE)
    }
    head = {key: value.replace(" # ", " ") for key, value in head.items()}
    return Check(head["code"], head["severity"], head["says"], head["remedy"], text)
