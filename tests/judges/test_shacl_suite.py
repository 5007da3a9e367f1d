"""W3C's SHACL test suite (data-shapes), core and SPARQL part."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pytest
import rdflib
from rdflib import RDF, SH, Graph, Namespace

from dafab_kg.model.errors import ShapesNotValid
from dafab_kg.validation.engine import NoVerdict
from tests.validation.comparing import compiled_report, told

SUITE = Path(__file__).parents[3] / "shared/data/w3c_tests/data-shapes/data-shapes-test-suite/tests"
MF = Namespace("http://www.w3.org/2001/sw/DataAccess/tests/test-manifest#")
SHT = Namespace("http://www.w3.org/ns/shacl-test#")

pytestmark = pytest.mark.skipif(not SUITE.is_dir(), reason="W3C's SHACL suite is not here")

FAILING = {
    "sparql/pre-binding/shapesGraph-001.ttl": (
        "$shapesGraph, which a processor need not know (SHACL section 5.3.1)"
    ),
}


@dataclass(frozen=True)
class Case:
    name: str
    data: Graph
    shapes: Graph
    expected: Graph
    result: object


def read(file: str) -> Graph:
    return Graph().parse(file, format="turtle", publicID=Path(file).as_uri())


def files(part: str) -> list[str]:
    found = []
    for manifest in sorted((SUITE / part).glob("*/manifest.ttl")):
        graph = read(str(manifest))
        for file in sorted(graph.objects(None, MF.include)):
            found.append(str(Path(file.removeprefix("file://")).relative_to(SUITE)))
    return found


def cases(name: str) -> list[Case]:
    file = str(SUITE / name)
    graph = read(file)
    found = []
    for test in sorted(graph.subjects(RDF.type, SHT.Validate)):
        action = graph.value(test, MF.action)
        parts = []
        for role in (SHT.dataGraph, SHT.shapesGraph):
            other = str(graph.value(action, role)).removeprefix("file://")
            parts.append(graph if other == file else read(other))
        found.append(Case(name, *parts, graph, graph.value(test, MF.result)))
    return found


def test_the_whole_core_part_is_here() -> None:
    assert len(files("core")) == 98
    assert sum(len(cases(name)) for name in files("core")) == 98


@pytest.mark.filterwarnings("ignore:Parsing weird boolean:UserWarning")
@pytest.mark.parametrize("name", files("core") + files("sparql") if SUITE.is_dir() else [])
def test_w3c(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    # terms as the files write them: "2.50" is not "2.5"
    monkeypatch.setattr(rdflib, "NORMALIZE_LITERALS", False)
    if name in FAILING:
        pytest.xfail(FAILING[name])
    for case in cases(name):
        if case.result == SHT.Failure:
            with pytest.raises((ShapesNotValid, NoVerdict)):
                compiled_report(case.data, case.shapes)
            continue
        report, foreign = compiled_report(case.data, case.shapes)
        if name.startswith("core/"):
            assert not foreign
        by_label = case.data is case.expected and case.shapes is case.expected
        results = list(case.expected.objects(case.result, SH.result))
        expected = told(case.expected, results, by_label=by_label)
        found = told(report, report.objects(None, SH.result), by_label=by_label)
        assert found == expected
        (conforms,) = report.objects(None, SH.conforms)
        assert str(conforms) == str(case.expected.value(case.result, SH.conforms))
