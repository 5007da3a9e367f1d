"""Each constraint of each shape lets the valid pass and stops the invalid."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count

import pyoxigraph as ox
import pyshacl
import pytest
from rdflib import RDF, SH, BNode, Graph, URIRef
from rdflib.term import Node

from dafab_kg.model import resources
from dafab_kg.validation.compiled import CompiledValidator
from tests.validation.examples import Triple, complete_document

XSD = "http://www.w3.org/2001/XMLSchema#"
A = f"<{RDF.type}>"
TEXT = '"x"'
NUMBER = f'"{{}}"^^<{XSD}decimal>'
NOWHERE = "<https://example.org/nowhere>"
COMPONENTS = {
    SH.minCount: SH.MinCountConstraintComponent,
    SH.maxCount: SH.MaxCountConstraintComponent,
    SH.datatype: SH.DatatypeConstraintComponent,
    SH.nodeKind: SH.NodeKindConstraintComponent,
    SH["class"]: SH.ClassConstraintComponent,
    SH.minInclusive: SH.MinInclusiveConstraintComponent,
    SH.maxInclusive: SH.MaxInclusiveConstraintComponent,
    SH.minLength: SH.MinLengthConstraintComponent,
    SH.pattern: SH.PatternConstraintComponent,
    SH["in"]: SH.InConstraintComponent,
    SH.lessThanOrEquals: SH.LessThanOrEqualsConstraintComponent,
    SH["or"]: SH.OrConstraintComponent,
}
SAYINGS = {SH.path, SH.group, SH.severity, SH.message}


@dataclass(frozen=True)
class Case:
    """A document with one fault, and the result that must come of it."""

    focus: str
    path: str
    component: URIRef
    nquads: str


@pytest.fixture(scope="module")
def shapes() -> Graph:
    graph = Graph(bind_namespaces="none")
    for file in resources.names("shapes", ".ttl"):
        graph.parse(data=resources.text("shapes", file), format="turtle")
    return graph


@pytest.fixture(scope="module")
def valid() -> set[Triple]:
    quads = ox.parse(complete_document().encode(), ox.RdfFormat.N_QUADS)
    return {(str(q.subject), str(q.predicate), str(q.object)) for q in quads}


def text(triples: set[Triple]) -> str:
    return "".join(f"{s} {p} {o} .\n" for s, p, o in sorted(triples))


def put_instead(parameter: Node, argument: Node) -> set[str]:
    """Values that break one constraint when they replace the valid ones."""
    fixed = {
        SH.minCount: set(),
        SH.maxCount: {TEXT, '"y"'},
        SH.nodeKind: {TEXT},
        SH.minLength: {'""'},
        SH.datatype: {'"x"^^<https://example.org/type>'},
        SH.pattern: {'"?"'},
        SH["or"]: {'"S2A_MSIL2A_20220127"'},
        SH["in"]: {NOWHERE},
        SH["class"]: {NOWHERE},
    }
    if parameter == SH.minInclusive:
        return {NUMBER.format(float(str(argument)) - 0.001)}
    if parameter == SH.maxInclusive:
        return {NUMBER.format(float(str(argument)) + 0.001)}
    return fixed[URIRef(str(parameter))]


def disorder(valid: set[Triple], focus: str, path: str, other: str) -> set[Triple]:
    """The triples with the value of ``path`` greater than that of ``other``."""
    kind = next(o for s, p, o in valid if (s, p) == (focus, path)).split("^^")[1]
    low, high = "0.1", "0.2"
    if kind.endswith("dateTime>"):
        low, high = "2001-01-01T00:00:00Z", "2002-01-01T00:00:00Z"
    if kind.endswith("integer>"):
        low, high = "1", "2"
    kept = {t for t in valid if t[:2] not in {(focus, path), (focus, other)}}
    return kept | {(focus, path, f'"{high}"^^{kind}'), (focus, other, f'"{low}"^^{kind}')}


def cases(shapes: Graph, valid: set[Triple]) -> Iterator[Case]:
    number, unbroken = count(), text(valid)
    for node_shape, part in shapes.subject_objects(SH.property):
        target = shapes.value(node_shape, SH.targetClass)
        path = f"<{shapes.value(part, SH.path)}>"
        instances = {s for s, p, o in valid if (p, o) == (A, f"<{target}>")}
        able = sorted(s for s, p, _ in valid if p == path and s in instances)
        assert able, f"nothing of {target} has {path}"
        focus = able[0]
        for parameter, argument in shapes.predicate_objects(part):
            if parameter in SAYINGS:
                continue
            if parameter == SH.lessThanOrEquals:
                broken = disorder(valid, focus, path, f"<{argument}>")
            else:
                put = {(focus, path, o) for o in put_instead(parameter, argument)}
                broken = {t for t in valid if t[:2] != (focus, path)} | put
            # a name of its own for each broken node: then all are judged in one run
            name = f"{focus[:-1]}/case-{next(number)}>"
            own = {(name, p, o) for s, p, o in broken if s == focus}
            yield Case(name, path, COMPONENTS[URIRef(str(parameter))], text(own) + unbroken)


def batched(keys: list[str], size: int) -> Iterator[list[str]]:
    for start in range(0, len(keys), size):
        yield keys[start : start + size]


def test_the_complete_document_is_valid_and_draws_no_warning(valid: set[Triple]) -> None:
    shapes = Graph()
    for file in resources.names("shapes", ".ttl"):
        shapes.parse(data=resources.text("shapes", file), format="turtle")
    data = Graph().parse(data=text(valid), format="nt")
    conforms, _, words = pyshacl.validate(data, shacl_graph=shapes)
    assert conforms, words
    assert CompiledValidator().check({"x": text(valid)}) == {}


def test_the_complete_document_has_a_node_for_each_shape(shapes: Graph, valid: set[Triple]) -> None:
    types = {o for _, p, o in valid if p == A}
    assert {f"<{target}>" for target in shapes.objects(None, SH.targetClass)} <= types


@pytest.mark.filterwarnings("ignore::UserWarning")
@pytest.mark.parametrize("step", [5, pytest.param(1, marks=pytest.mark.oracle)])
def test_each_constraint_stops_what_breaks_it(shapes: Graph, valid: set[Triple], step: int) -> None:
    """Each fifth of them in ``make test``, all in ``make judges``."""
    broken = {str(i): case for i, case in enumerate(cases(shapes, valid))}
    assert len(broken) > 500
    broken = {key: case for key, case in broken.items() if int(key) % step == 0}
    validator = CompiledValidator(
        # warnings count here: they are constraints too
        resources.text("shapes", f).replace("sh:Warning", "sh:Violation")
        for f in resources.names("shapes", ".ttl")
    )
    told = {}
    # few at a time: nodes that all documents have in common are slow to look up in memory
    for keys in batched(sorted(broken), 20):
        told.update(validator.check({key: broken[key].nquads for key in keys}))
    missed = []
    for key, case in broken.items():
        report = Graph()
        if key in told:
            report.parse(data=told[key].turtle, format="turtle")
        found = {
            (f"<{report.value(r, SH.focusNode)}>", f"<{report.value(r, SH.resultPath)}>", c)
            for r, c in report.subject_objects(SH.sourceConstraintComponent)
        }
        if (case.focus, case.path, case.component) not in found:
            missed.append(case)
    assert missed == []


def test_a_node_must_have_a_name(shapes: Graph) -> None:
    documents = {
        str(target): f"_:b {A} <{target}> ." for target in shapes.objects(None, SH.targetClass)
    }
    told = CompiledValidator().check(documents)
    nameless = {
        key
        for key, report in told.items()
        if any(not v.path and v.message for v in report.violations)
    }
    geometry = "http://www.opengis.net/ont/geosparql#Geometry"
    assert nameless == set(documents) - {geometry}


@pytest.mark.oracle
def test_shapes_are_valid_shapes(shapes: Graph) -> None:
    _, _, words = pyshacl.validate(Graph(), shacl_graph=shapes, meta_shacl=True)
    assert "Conforms: True" in words


@pytest.mark.parametrize(
    ("product_id", "right"),
    [
        ("S2A_MSIL1C_20160229T032652_N0201_R018_T48QVJ_20160229T033214", True),
        ("S2B_MSIL2A_20191228T210519_R071_T01CCV_20201003T104658", True),  # Planetary Computer
        ("S2A_OPER_PRD_MSIL1C_PDMC_20150818T101440_R022_V20150813T102406_20150813T102406", True),
        ("S1A_IW_GRDH_1SDV_20210809T173953_20210809T174018_039156_049F13_6FF8", True),
        ("LC80100102015050LGN00", True),
        ("S2A_MSIL2A_20160229T032652_N0201_R018_T48QVJ", False),
        ("S2A_MSIL3X_20160229T032652_N0201_R018_T48QVJ_20160229T033214", False),
    ],
)
def test_product_ids_of_sentinel_2_follow_its_convention(product_id: str, right: bool) -> None:
    """Names of real products, by ESA's naming convention for compact and for old products."""
    ns = "https://w3id.org/dafab/ns#"
    nquads = f'<x:p> {A} <{ns}SourceProduct> .\n<x:p> <{ns}productId> "{product_id}" .'
    assert bool(CompiledValidator().check({"d": nquads})) is not right


def test_blank_nodes_are_not_needed_by_any_result(shapes: Graph) -> None:
    """Each property shape belongs to a named node shape, by which a violation is told."""
    for shape in shapes.subjects(SH.path):
        owners = set(shapes.subjects(SH.property, shape))
        assert len(owners) == 1
        assert not isinstance(owners.pop(), BNode)
