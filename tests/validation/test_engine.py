"""What a document is told does not depend on its neighbours; nothing leaks."""

from __future__ import annotations

import logging
import warnings

import pyoxigraph as ox
import pyshacl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pyshacl.errors import ReportableRuntimeError, ValidationFailure
from rdflib import SH, Graph, URIRef
from rdflib.compare import isomorphic

from dafab_kg.model.errors import NotWellFormed
from dafab_kg.validation import ShapeReport
from dafab_kg.validation.compiled import CompiledValidator

A = "<http://www.w3.org/1999/02/22-rdf-syntax-ns#type>"
SUB = "<http://www.w3.org/2000/01/rdf-schema#subClassOf>"
NS = "https://w3id.org/dafab/ns#"
XSD = "http://www.w3.org/2001/XMLSchema#"


def triple(subject: str, predicate: str, value: str) -> str:
    predicate = predicate if predicate.startswith("<") else f"<{NS}{predicate}>"
    return f"{subject} {predicate} {value} <x:graph> .\n"


def product(name: str) -> str:
    return (
        triple(f"<x:{name}>", A, f"<{NS}Product>")
        + triple(f"<x:{name}>", A, f"<{NS}SourceProduct>")
        + triple(f"<x:{name}>", "productId", f'"{name}"')
    )


def band(name: str, owner: str) -> str:
    return (
        triple(f"<x:{name}>", A, f"<{NS}Band>")
        + triple(f"<x:{name}>", "band", f'"{name}"')
        + triple(f"<x:{name}>", "ofProduct", f"<x:{owner}>")
    )


def platform(label: str) -> str:
    return (
        triple("<x:s2a>", A, f"<{NS}Platform>")
        + triple("<x:s2a>", "platform", '"sentinel-2a"')
        + triple("<x:s2a>", "<http://www.w3.org/2000/01/rdf-schema#label>", label)
    )


# Documents that would change each other's verdict if they shared a graph.
POOL = {
    "product": product("p"),
    "band of its own product": product("p") + band("b1", "p"),
    "band of a product that only others describe": band("b2", "p"),
    "same band, described otherwise": product("q") + band("b2", "q"),
    "platform": platform('"Sentinel-2A"'),
    "platform again": product("r") + platform('"Sentinel-2A"'),
    "platform with two labels": platform('"Sentinel-2A"') + platform('"S2A"'),
    "platform with another label": platform('"S2A"'),
    "cloud over 100": product("s") + triple("<x:s>", "cloudCover", f'"101"^^<{XSD}decimal>'),
    "cloud of the same product": product("s") + triple("<x:s>", "cloudCover", '"none"'),
    "blank node": triple("_:b", A, f"<{NS}Tile>") + triple("_:b", "mgrsTile", '"31UFS"'),
    "blank node of the same label": triple("_:b", "mgrsTile", '"31UFT"'),
    "class that others state": triple("<x:t>", A, "<x:Scene>"),
    "class stated": triple("<x:Scene>", SUB, f"<{NS}SourceProduct>"),
    "empty": "",
    "foreign": triple("<x:f>", "<x:p>", '"text \\u00e9 \\"quoted\\" \u2028"@en-GB'),
}

VALIDATOR = CompiledValidator()
ALONE = {key: VALIDATOR.check({key: text}) for key, text in POOL.items()}


def test_the_pool_holds_both_verdicts() -> None:
    failing = {key for key, told in ALONE.items() if told}
    assert failing == {
        "band of a product that only others describe",
        "platform with two labels",
        "cloud over 100",
        "cloud of the same product",
        "blank node",
    }


@settings(max_examples=60, deadline=None)
@given(st.lists(st.sampled_from(sorted(POOL)), unique=True))
def test_a_verdict_does_not_depend_on_the_batch(names: list[str]) -> None:
    told = VALIDATOR.check({name: POOL[name] for name in names})
    assert list(told) == [name for name in names if ALONE[name]]
    for name, report in told.items():
        alone = ALONE[name][name]
        assert (report.violations, report.warnings) == (alone.violations, alone.warnings)


def test_the_turtle_report_does_not_depend_on_the_batch() -> None:
    for name, report in VALIDATOR.check(POOL).items():
        alone = Graph().parse(data=ALONE[name][name].turtle, format="turtle")
        assert isomorphic(Graph().parse(data=report.turtle, format="turtle"), alone)


def test_a_violation_says_what_where_and_by_which_shape() -> None:
    report = ALONE["cloud over 100"]["cloud over 100"]
    assert isinstance(report, ShapeReport)
    (violation,) = report.violations
    assert (violation.focus, violation.path) == ("x:s", NS + "cloudCover")
    assert (violation.value, violation.severity) == ("101", "violation")
    assert violation.shape == "https://w3id.org/dafab/shapes#SourceProduct"
    assert "from 0 to 100" in report.summary
    assert "x:s" in report.summary


def test_warnings_stand_beside_violations_but_alone_do_not_count() -> None:
    report = ALONE["cloud over 100"]["cloud over 100"]
    assert {w.path for w in report.warnings} == {
        NS + "datetime",
        "http://www.opengis.net/ont/geosparql#hasGeometry",
    }
    assert ALONE["product"] == {}


def test_a_report_is_a_standard_one() -> None:
    graph = Graph().parse(data=ALONE["cloud over 100"]["cloud over 100"].turtle)
    (report,) = graph.subjects(None, SH.ValidationReport)
    assert str(graph.value(report, SH.conforms)) == "false"
    assert len(list(graph.objects(report, SH.result))) == 3


INVERSE = """
@prefix sh: <http://www.w3.org/ns/shacl#> .
<x:shape> a sh:NodeShape ; sh:targetClass <x:Parent> ;
    sh:property [ sh:path [ sh:inversePath <x:parent> ] ; sh:minCount 1 ] .
"""


def test_shapes_that_look_backwards_see_no_other_document() -> None:
    parent, child = f"<x:a> {A} <x:Parent> .", "<x:b> <x:parent> <x:a> ."
    validator = CompiledValidator([INVERSE])
    told = validator.check({"parent": parent, "child": child, "both": f"{parent}\n{child}"})
    assert set(told) == {"parent"}


@pytest.mark.parametrize("raised", [True, False])
def test_a_document_that_cannot_be_judged_is_told_so_and_holds_no_other_up(
    raised: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """pyshacl, which judges by what is not compiled, raises or gives its failure as report."""
    validate = pyshacl.validate

    def stumbles(data: Graph, **options: object) -> object:
        if (URIRef("x:bad"), None, None) not in data:
            return validate(data, **options)
        if raised:
            raise ReportableRuntimeError("too deep")
        return False, ValidationFailure("too deep"), "Validation Failure - too deep"

    monkeypatch.setattr(pyshacl, "validate", stumbles)
    validator = CompiledValidator([RECURSIVE])
    ugly = triple("<x:ugly>", A, "<x:Link>")
    documents = {"bad": triple("<x:bad>", "title", '"x"'), "good": product("p"), "ugly": ugly}
    told = validator.check(documents)
    assert set(told) == {"bad", "ugly"}
    assert [v.focus for v in told["ugly"].violations] == ["x:ugly"]
    assert "too deep" in told["bad"].summary
    graph = Graph().parse(data=told["bad"].turtle, format="turtle")
    assert [str(o) for o in graph.objects(None, SH.conforms)] == ["false"]


RECURSIVE = """
@prefix sh: <http://www.w3.org/ns/shacl#> .
<x:shape> a sh:NodeShape ; sh:targetClass <x:Link> ;
    sh:property [ sh:path <x:next> ; sh:minCount 1 ; sh:node <x:shape> ] .
"""


def test_nothing_that_the_libraries_say_leaks(
    caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    odd = product("p") + "".join(
        triple("<x:p>", name, f'"{value}"^^<{XSD}{kind}>')
        for name, value, kind in (
            ("cloudCover", "abc", "decimal"),
            ("datetime", "2022-13-45T00:00:00Z", "dateTime"),
            ("relativeOrbit", "1.5", "integer"),
        )
    )
    with warnings.catch_warnings(record=True) as heard:
        warnings.simplefilter("always")
        told = VALIDATOR.check({"odd": odd})
    assert {v.path for v in told["odd"].violations} == {
        NS + name for name in ("cloudCover", "datetime", "relativeOrbit")
    }
    assert [str(w.message) for w in heard] == []
    assert [r for r in caplog.records if r.levelno >= logging.INFO] == []
    captured = capfd.readouterr()
    assert (captured.out, captured.err) == ("", "")


@pytest.mark.parametrize(
    ("nquads", "line"),
    [("<x:a> <x:b> .", 1), ("\n<x:a> <x:b> c .", 2), ('<x:a> <x:b> "c .', 1), ("<x:a", 1)],
)
def test_what_is_not_n_quads_is_refused(nquads: str, line: int) -> None:
    with pytest.raises(NotWellFormed, match=f"line {line}"):
        VALIDATOR.check({"d": nquads})


@settings(max_examples=150, deadline=None)
@given(
    st.one_of(st.text(), st.sampled_from(["01", "1", "1.50", "-0", "2020-02-30", "24:00:00"])),
    st.sampled_from(["string", "byte", "integer", "decimal", "double", "boolean", "date", "time"]),
)
def test_a_literal_is_told_as_it_was_written(text: str, kind: str) -> None:
    """Oxigraph keeps values; the report must hold the very term."""
    text = text.encode("utf-8", "replace").decode()
    value = ox.Literal(text, datatype=ox.NamedNode(XSD + kind))
    told = CompiledValidator([NOTHING]).check({"d": f"<x:a> <x:p> {value} .\n"})
    report = ox.parse(told["d"].turtle.encode(), ox.RdfFormat.TURTLE)
    assert [q.object for q in report if q.predicate.value == str(SH.value)] == [value]


NOTHING = """
@prefix sh: <http://www.w3.org/ns/shacl#> .
<x:shape> a sh:NodeShape ; sh:targetSubjectsOf <x:p> ;
    sh:property [ sh:path <x:p> ; sh:nodeKind sh:IRI ] .
"""


def test_a_query_of_a_shape_sees_only_its_document() -> None:
    """sh:sparql, judged for many documents: alone or in a batch, it tells the same."""
    validator = CompiledValidator([UNIQUE])
    documents = {
        "one": '<x:a> <x:did> "1" .\n',
        "other": '<x:b> <x:did> "1" .\n',
        "both": '<x:a> <x:did> "1" .\n<x:b> <x:did> "1" .\n_:c <x:did> "1" .\n',
        "odd": f'<x:a> <x:did> "01"^^<{XSD}byte> .\n',
    }
    told = validator.check(documents)
    assert set(told) == {"both"}
    assert sum(v.focus in ("x:a", "x:b") for v in told["both"].violations) == 4
    assert len(told["both"].violations) == 6


UNIQUE = """
@prefix sh: <http://www.w3.org/ns/shacl#> .
<x:shape> a sh:NodeShape ; sh:targetSubjectsOf <x:did> ; sh:sparql [ sh:select
    "SELECT $this ?value { $this <x:did> ?did . ?value <x:did> ?did FILTER (?value != $this) }" ] .
"""
