"""Mappings, records, names, ontology and shapes speak of the same things."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterator
from typing import Any

import pytest
import yaml
from rdflib import OWL, RDF, RDFS, SH, Graph, Namespace, URIRef
from rdflib.term import Node

from dafab_kg.model.names import PREFIXES, TEMPLATES
from dafab_kg.model.records import RECORD_TYPES, Record
from tests.ontology.conftest import NS, ROOT

DAFAB = Namespace(NS)
REFERENCE = re.compile(r"\$\((\w+)\)")


def stem(record: type[Record]) -> str:
    return re.sub(r"(?<!^)(?=[A-Z])", "_", record.__name__).lower()


def load(record: type[Record]) -> dict[str, Any]:
    text = (ROOT / "mappings" / f"{stem(record)}.yml").read_text("utf-8")
    return yaml.safe_load(text)  # type: ignore[no-any-return]


def rows(record: type[Record]) -> Iterator[list[str]]:
    for mapping in load(record)["mappings"].values():
        yield from ([str(part) for part in row] for row in mapping["po"])


def test_there_is_one_mapping_file_for_each_record_type() -> None:
    files = {file.stem for file in (ROOT / "mappings").glob("*.yml")}
    assert files == {stem(record) for record in RECORD_TYPES}


@pytest.mark.parametrize("record", RECORD_TYPES, ids=stem)
def test_every_field_is_mapped_and_no_other(record: type[Record]) -> None:
    mapped = set(REFERENCE.findall(str(load(record)["mappings"]))) - {"document_graph"}
    assert mapped == {field.name for field in dataclasses.fields(record)}


@pytest.mark.parametrize("record", RECORD_TYPES, ids=stem)
def test_things_are_named_by_the_table_of_names(record: type[Record]) -> None:
    known = {re.sub(r"\{\w+\}", "{}", template) for template in TEMPLATES.values()}
    texts = [mapping["s"] for mapping in load(record)["mappings"].values()]
    texts += [row[1] for row in rows(record)]
    used = {REFERENCE.sub("{}", t).removesuffix("~iri") for t in texts if t.startswith("id:")}
    assert {t.removeprefix("id:") for t in used} <= known


@pytest.mark.parametrize("record", RECORD_TYPES, ids=stem)
def test_prefixes_are_those_that_everything_shares(record: type[Record]) -> None:
    document = load(record)
    shared = {k: v for k, v in document["prefixes"].items() if k in PREFIXES}
    assert shared == {k: PREFIXES[k] for k in shared}
    body = str(document["mappings"])
    idle = {p for p in document["prefixes"] if not re.search(rf"(?<![\w-]){p}:", body)}
    assert idle == set()


@pytest.mark.parametrize("record", RECORD_TYPES, ids=stem)
def test_values_have_the_type_that_the_ontology_states(
    record: type[Record], ontology: Graph
) -> None:
    for predicate, value, *rest in rows(record):
        if not predicate.startswith("dafab:"):
            continue
        term = DAFAB[predicate.removeprefix("dafab:")]
        if value.endswith("~iri"):
            assert (term, RDF.type, OWL.ObjectProperty) in ontology, predicate
        elif rest == ["geo:wktLiteral"]:
            assert term == DAFAB.extentWkt
        else:
            prefix, name = (rest or ["xsd:string"])[0].split(":")
            assert ontology.value(term, RDFS.range) == URIRef(PREFIXES[prefix] + name), predicate


def test_shapes_ask_for_the_type_that_the_ontology_states(shapes: Graph, ontology: Graph) -> None:
    for shape, datatype in shapes.subject_objects(SH.datatype):
        path = shapes.value(shape, SH.path)
        if str(path).startswith(NS) and path != DAFAB.extentWkt:
            assert ontology.value(path, RDFS.range) == datatype, path
    for shape, path in shapes.subject_objects(SH.path):
        if str(path).startswith(NS) and (path, RDF.type, OWL.ObjectProperty) in ontology:
            assert (shape, SH.datatype, None) not in shapes, path


def test_shapes_group_a_property_by_its_category(shapes: Graph, ontology: Graph) -> None:
    for shape, path in shapes.subject_objects(SH.path):
        if str(path).startswith(NS):
            category = str(ontology.value(path, DAFAB.metadataCategory)).split("#")[-1]
            assert str(shapes.value(shape, SH.group)).split("#")[-1] == category, path
        assert shapes.value(shape, SH.message) is not None, path
        assert shapes.value(shape, SH.severity) in {SH.Violation, SH.Warning}, path


def test_a_field_that_must_be_there_is_asked_for_by_a_shape(shapes: Graph) -> None:
    """The first mapping of a record type makes a node of one class, with its literals."""
    required = {
        (shapes.value(None, SH.property, shape), shapes.value(shape, SH.path))
        for shape in shapes.subjects(SH.minCount)
        if shapes.value(shape, SH.severity) == SH.Violation
    }
    for record in RECORD_TYPES:
        needed = {f.name for f in dataclasses.fields(record) if f.default is dataclasses.MISSING}
        first = next(iter(load(record)["mappings"].values()))
        classes = [row[1] for row in first["po"] if row[0] == "a"]
        for predicate, value, *_ in first["po"]:
            fields = REFERENCE.findall(str(value))
            if predicate.startswith("dafab:") and classes and fields and set(fields) <= needed:
                shape = URIRef("https://w3id.org/dafab/shapes#" + classes[0].split(":")[1])
                path = DAFAB[predicate.removeprefix("dafab:")]
                assert (shape, path) in required, (record.__name__, predicate)


def test_every_shape_of_a_class_stands_in_the_file_of_its_module(ontology: Graph) -> None:
    for file in (ROOT / "shapes").glob("*.ttl"):
        graph = Graph().parse(file)
        for target in graph.objects(None, SH.targetClass):
            if str(target).startswith(NS):
                home = str(ontology.value(target, RDFS.isDefinedBy)).rsplit("/", 1)[-1]
                assert home == file.stem, target


def wider_than(one: Node, ontology: Graph) -> set[Node]:
    """A class with its superclasses, those among them by which a defined class is defined."""
    found: set[Node] = set()
    waiting = [one]
    while waiting:
        for above in ontology.transitive_objects(waiting.pop(), RDFS.subClassOf):
            if above not in found:
                found.add(above)
                for condition in ontology.objects(above, OWL.equivalentClass):
                    waiting.extend(ontology.items(ontology.value(condition, OWL.intersectionOf)))
    return found


def test_every_class_has_a_shape(shapes: Graph, ontology: Graph) -> None:
    """Its own or that of a wider class; what is abstract has one for each narrower class."""
    shaped = set(shapes.objects(None, SH.targetClass))
    classes = {c for c in ontology.subjects(RDF.type, OWL.Class) if str(c).startswith(NS)}
    for one in classes:
        wider = wider_than(one, ontology)
        narrower = set(ontology.subjects(RDFS.subClassOf, one)) & classes
        assert wider & shaped or (narrower and narrower <= shaped), one
