"""Every term is defined, used and described."""

from __future__ import annotations

import json
import re

from rdflib import OWL, RDF, RDFS, SKOS, XSD, Graph, Literal, Namespace, URIRef

from tests.ontology.conftest import NS, ROOT

DAFAB = Namespace(NS)
VANN = Namespace("http://purl.org/vocab/vann/")
DCTERMS = Namespace("http://purl.org/dc/terms/")
SCHEMA = Namespace("https://schema.org/")
ONT = "https://w3id.org/dafab/ont/"
MODULES = {
    "meta",
    "core",
    "eo",
    "sensor",
    "water",
    "agri",
    "hcat",
    "storage",
    "prov",
    "event",
    "hazards",
    "place",
    "raster",
    "finding",
    "matching",
    "vocab-product-types",
}
BEYOND = {"thresholds"}
"""Modules that the whole does not import, since they are beyond the rules."""
ALIGNMENTS = {file.stem for file in (ROOT / "ontology").glob("align-*.ttl")}
CATEGORIES = {"identifying", "technical", "structural", "provenance", "descriptive"}
NUMBERS = {XSD.decimal, XSD.integer}
COUNTED = {  # numbers that count or order, or whose unit the document keeps to itself
    "absoluteOrbit", "bandIndex", "cloudFreeFieldCount", "count", "fieldCount", "number",
    "numberOfFields", "order", "physicalGain", "relativeOrbit", "severity", "impactValue",
    "bandOffset", "cycleNumber", "imageNumber", "pixelHeight", "pixelWidth",
    "statisticsMaximum", "statisticsMean",
    "statisticsMinimum", "statisticsStddev",
}  # fmt: skip


def terms(ontology: Graph) -> set[URIRef]:
    return {s for s in ontology.subjects() if isinstance(s, URIRef) and s.startswith(NS)}


def properties(ontology: Graph, *kinds: URIRef) -> set[URIRef]:
    kinds = kinds or (OWL.ObjectProperty, OWL.DatatypeProperty)
    found = {s for kind in kinds for s in ontology.subjects(RDF.type, kind)}
    return {s for s in found if s.startswith(NS)}


def test_every_term_that_is_used_exists(ontology: Graph, used: dict[str, set[str]]) -> None:
    have = {str(t)[len(NS) :] for t in terms(ontology)}
    assert {name: places for name, places in used.items() if name not in have} == {}


def test_every_term_is_used_or_reserved(ontology: Graph, used: dict[str, set[str]]) -> None:
    within = {
        str(node)[len(NS) :]
        for subject, predicate, value in ontology
        for node in (predicate, value)
        if str(node).startswith(NS) and node != subject
    }
    reserved = {str(s)[len(NS) :] for s in ontology.subjects(DAFAB.reserved, Literal(True))}
    # a shape or an axiom may speak of what no data carries yet
    carried = {name for name, places in used.items() if places != {"shapes"}}
    by_axiom = (OWL.equivalentClass, OWL.inverseOf, OWL.propertyChainAxiom)
    defined = {str(s)[len(NS) :] for p in by_axiom for s in ontology.subjects(p)}
    idle = {str(t)[len(NS) :] for t in terms(ontology)} - set(used) - within - defined
    assert idle - reserved == set(), "mark as reserved what nothing uses"
    assert reserved & carried == set(), "data carries it: it is no longer reserved"


def test_every_term_says_what_it_means_and_where_it_is_defined(ontology: Graph) -> None:
    for term in terms(ontology):
        for predicate in (RDFS.label, SKOS.definition):
            texts = list(ontology.objects(term, predicate))
            assert [t.language for t in texts] == ["en"], (term, predicate)
            assert str(texts[0]).strip() == str(texts[0]) != "", term
        assert str(ontology.value(term, SKOS.definition)).endswith("."), term
        homes = list(ontology.objects(term, RDFS.isDefinedBy))
        assert len(homes) == 1, term
        assert (homes[0], RDF.type, OWL.Ontology) in ontology, term


def test_a_term_stands_in_the_file_of_its_module() -> None:
    for module in MODULES | BEYOND:
        graph = Graph().parse(ROOT / "ontology" / f"{module}.ttl")
        homes = {
            str(graph.value(term, RDFS.isDefinedBy))
            for term in terms(graph)
            if (term, RDFS.label, None) in graph
        }
        assert homes == {ONT + module}


def test_labels_tell_terms_of_one_kind_apart(ontology: Graph) -> None:
    for kind in (OWL.Class, OWL.ObjectProperty, OWL.DatatypeProperty, SKOS.Concept):
        mine = [t for t in terms(ontology) if (t, RDF.type, kind) in ontology]
        labels = [str(ontology.value(t, RDFS.label)) for t in mine]
        assert len(set(labels)) == len(labels), sorted(x for x in labels if labels.count(x) > 1)


def test_every_property_says_category_origin_domain_and_range(ontology: Graph) -> None:
    for term in properties(ontology):
        assert str(ontology.value(term, DAFAB.metadataCategory))[len(NS) :] in CATEGORIES, term
        origin = ontology.value(term, DAFAB.metadataOrigin)
        assert origin in {DAFAB.external, DAFAB.internal}, term
        narrow = set(ontology.objects(term, RDFS.domain))
        wide = set(ontology.objects(term, SCHEMA.domainIncludes))
        assert (len(narrow) == 1) != (len(wide) > 1), term
        assert all((c, RDF.type, OWL.Class) in ontology for c in narrow | wide), term
    for term in properties(ontology, OWL.DatatypeProperty) - {DAFAB.extentWkt}:
        assert len(list(ontology.objects(term, RDFS.range))) == 1, term


def test_axioms_are_about_our_own_terms_only(ontology: Graph) -> None:
    for predicate in (RDFS.domain, RDFS.range, RDFS.subClassOf, RDFS.subPropertyOf, OWL.hasKey):
        named = {s for s in ontology.subjects(predicate) if isinstance(s, URIRef)}
        assert all(s.startswith(NS) for s in named), predicate
    for condition, named in ontology.subject_objects(RDFS.subClassOf):
        assert isinstance(condition, URIRef) or named.startswith(NS), named


def test_a_number_has_a_unit(ontology: Graph) -> None:
    for term in properties(ontology, OWL.DatatypeProperty):
        if ontology.value(term, RDFS.range) in NUMBERS and str(term)[len(NS) :] not in COUNTED:
            unit = str(ontology.value(term, DAFAB.unit))
            assert unit.startswith(("http://qudt.org/vocab/unit/", NS)), term


def test_no_name_is_both_object_and_datatype_property(ontology: Graph) -> None:
    both = properties(ontology, OWL.ObjectProperty) & properties(ontology, OWL.DatatypeProperty)
    assert both == set()


def test_every_module_has_a_full_header() -> None:
    for module in (*sorted(MODULES | BEYOND | ALIGNMENTS), "dafab", "dafab-full"):
        graph = Graph().parse(ROOT / "ontology" / f"{module}.ttl")
        iri = URIRef(ONT + module)
        version = str(graph.value(iri, OWL.versionInfo))
        assert graph.value(iri, OWL.versionIRI) == URIRef(f"{iri}/{version}")
        for predicate in (
            DCTERMS.title, DCTERMS.description, DCTERMS.creator, DCTERMS.license,
            DCTERMS.created, DCTERMS.modified, VANN.preferredNamespacePrefix, VANN.preferredNamespaceUri,
        ):  # fmt: skip
            assert graph.value(iri, predicate) is not None, (module, predicate)
        earlier = graph.value(iri, OWL.priorVersion)
        assert (earlier is None) == (version == "0.1.0"), module
        assert earlier is None or earlier != graph.value(iri, OWL.versionIRI), module


def test_the_full_ontology_imports_every_file() -> None:
    graph = Graph().parse(ROOT / "ontology" / "dafab-full.ttl")
    imported = set(graph.objects(URIRef(ONT + "dafab-full"), OWL.imports))
    assert imported == {URIRef(ONT + name) for name in ALIGNMENTS | BEYOND | {"dafab"}}


def test_a_datatype_property_has_an_example_of_its_own_type(ontology: Graph) -> None:
    for term in properties(ontology, OWL.DatatypeProperty):
        examples = list(ontology.objects(term, SKOS.example))
        assert examples, term
        for example in examples:
            assert isinstance(example, Literal) and not example.ill_typed, (term, example)
            kind = ontology.value(term, RDFS.range)
            if kind not in {None, RDFS.Literal}:
                assert (example.datatype or XSD.string) == kind, (term, example)


def test_a_source_names_a_section_that_the_deliverable_has(ontology: Graph) -> None:
    heading = re.compile(r"DaFab deliverable D3\.1, section (\d(?:\.\d)?)(, Table [12])?")
    sections = {"1", "4", *(f"4.{n}" for n in range(1, 7)), "5.2", *(f"6.{n}" for n in range(1, 7))}
    for term, source in ontology.subject_objects(DCTERMS.source):
        if "D3.1" in str(source):
            found = heading.fullmatch(str(source))
            assert found and found[1] in sections, (term, source)
            assert not found[2] or found[1] == "6.3", (term, source)


def test_each_policy_has_a_name_a_version_and_a_reason(ontology: Graph) -> None:
    policies = list(ontology.subject_objects(DAFAB.policyVersion))
    assert len(policies) == len({version for _, version in policies})
    assert {term for term, _ in policies} == set(ontology.subjects(OWL.equivalentClass))
    for term, version in policies:
        assert re.fullmatch(r"[a-z-]+/[1-9]\d*", str(version)), term
        assert ontology.value(term, SKOS.scopeNote) is not None, term


def test_the_whole_imports_every_module_and_no_borrowed_vocabulary(ontology: Graph) -> None:
    imported = set(ontology.objects(URIRef(ONT + "dafab"), OWL.imports))
    assert imported == {URIRef(ONT + module) for module in MODULES}
    assert all(str(o).startswith(ONT) for o in ontology.objects(None, OWL.imports))


def test_anomaly_types_are_the_four_of_the_specification(ontology: Graph) -> None:
    concepts = set(ontology.subjects(SKOS.inScheme, DAFAB.anomalyTypes))
    notations = {str(ontology.value(c, SKOS.notation)) for c in concepts}
    assert notations == {"normal", "flood", "drought", "flood_and_drought"}
    both = set(ontology.objects(DAFAB.floodAndDrought, SKOS.broader))
    assert both == {DAFAB.flood, DAFAB.drought}


def test_context_names_every_term_and_no_other(ontology: Graph) -> None:
    context = json.loads((ROOT / "ontology" / "context.jsonld").read_text("utf-8"))["@context"]
    named = {}
    for key, value in context.items():
        iri = value if isinstance(value, str) else value.get("@id", "") if value != 1.1 else ""
        if iri.startswith("dafab:"):
            named[key] = iri.removeprefix("dafab:")
    assert all(key == name for key, name in named.items())
    assert set(named) == {str(t)[len(NS) :] for t in terms(ontology)}
