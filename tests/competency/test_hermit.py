"""HermiT, a complete reasoner of OWL 2 DL, calls the same facts contradictory and consistent.

Needs Java, for the HermiT that owlready2 brings along.
"""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest
from rdflib import OWL, RDF, RDFS, Graph

from tests.competency.asking import HCAT, Contradiction, contradictions, lines, questions
from tests.ontology.test_consistency import merged

pytestmark = [
    pytest.mark.oracle,
    pytest.mark.skipif(shutil.which("java") is None, reason="needs Java (default-jre-headless)"),
    pytest.mark.filterwarnings("ignore"),
]


@pytest.fixture(scope="module")
def axioms() -> str:
    """The ontology without what is only said to people, and without the crops: a third of it."""
    graph = merged()
    silent = {*graph.subjects(RDF.type, OWL.AnnotationProperty), RDFS.label, RDFS.isDefinedBy}
    kept = Graph(bind_namespaces="none")
    for triple in graph:
        if triple[1] not in silent and not str(triple[0]).startswith(HCAT):
            kept.add(triple)
    return kept.serialize(format="nt")


def consistent(nt: str, place: Path) -> bool:
    """Ask HermiT whether an ontology has a model."""
    reasoning = pytest.importorskip("owlready2.reasoning")
    file = place / "ontology.nt"
    file.write_text(nt, "utf-8")
    done = subprocess.run(
        [
            *("java", "-Xmx1000M", "-cp", reasoning._HERMIT_CLASSPATH),
            *("org.semanticweb.HermiT.cli.CommandLine", "-k", "-I", file.as_uri()),
        ],
        capture_output=True,
        text=True,
        timeout=200,
    )
    if "InconsistentOntologyException" in done.stderr:
        return False
    assert done.returncode == 0, done.stderr[-2000:]
    return True


@pytest.mark.parametrize("against", contradictions(), ids=lambda against: against.name)
def test_what_contradicts_itself(against: Contradiction, axioms: str, tmp_path: Path) -> None:
    """All but what OWL mends by taking two names for one thing, as the file says."""
    facts = lines(against.facts + against.offending)
    assert consistent(axioms + facts, tmp_path) == bool(against.hermit)


def test_what_does_not(axioms: str, tmp_path: Path) -> None:
    facts = "".join(lines(against.facts, against.name) for against in contradictions())
    facts += "".join(lines(asked.facts, asked.name) for asked in questions())
    assert consistent(axioms + facts, tmp_path)
