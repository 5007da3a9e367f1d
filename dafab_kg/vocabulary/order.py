"""The order of the canonical form: prefixes, sections, kinds and predicates."""

from __future__ import annotations

from typing import Final

from dafab_kg.model.names import PREFIXES

KNOWN_PREFIXES: Final[dict[str, str]] = {
    **PREFIXES,
    "agrovoc": "http://aims.fao.org/aos/agrovoc/c_",
    "dcat": "http://www.w3.org/ns/dcat#",
    "dsh": "https://w3id.org/dafab/shapes#",
    "envo": "http://purl.obolibrary.org/obo/ENVO_",
    "foaf": "http://xmlns.com/foaf/0.1/",
    "hcat": "https://w3id.org/dafab/hcat/",
    "hyf": "https://www.opengis.net/def/schema/hy_features/hyf/",
    "s4agri": "https://saref.etsi.org/saref4agri/",
    "schema": "https://schema.org/",
    "sh": "http://www.w3.org/ns/shacl#",
    "ssn": "http://www.w3.org/ns/ssn/",
    "time": "http://www.w3.org/2006/time#",
    "vann": "http://purl.org/vocab/vann/",
}
"""Prefixes that a namespace always has; one that is not here keeps the file's own."""

SECTIONS: Final = (
    ("Annotation properties", ("owl:AnnotationProperty",)),
    ("Datatypes", ("rdfs:Datatype",)),
    ("Classes", ("owl:Class", "rdfs:Class")),
    ("Object properties", ("owl:ObjectProperty",)),
    ("Datatype properties", ("owl:DatatypeProperty",)),
    ("Concept schemes", ("skos:ConceptScheme",)),
    ("Concepts", ("skos:Concept",)),
)
"""Sections after the header, and the types that put a term there; the first that fits counts."""

INDIVIDUALS: Final = "Individuals"
FOREIGN: Final = "Statements about terms that are declared elsewhere"
AXIOMS: Final = "General axioms"

OTHERS_HEADINGS: Final = frozenset({
    "annotation properties", "annotations", "classes", "concepts", "data properties",
    "datatypes", "general axioms", "individuals", "object properties", "properties", "rules",
})  # fmt: skip
"""Headings that the OWL API (Protégé) writes as comments, in small letters."""

KINDS: Final = (
    "owl:Ontology", "owl:AnnotationProperty", "rdfs:Datatype", "owl:Class", "rdfs:Class",
    "owl:ObjectProperty", "owl:DatatypeProperty", "rdf:Property", "skos:ConceptScheme",
    "skos:Concept",
)  # fmt: skip
"""Types that come first among several."""

PREDICATES: Final = (
    # an ontology's header
    "owl:versionIRI", "owl:versionInfo", "owl:priorVersion", "owl:backwardCompatibleWith",
    "owl:incompatibleWith", "owl:imports",
    # axioms of classes
    "rdfs:subClassOf", "owl:equivalentClass", "owl:disjointWith", "owl:disjointUnionOf",
    "owl:hasKey", "owl:complementOf", "owl:intersectionOf", "owl:unionOf", "owl:oneOf",
    # axioms of properties
    "rdfs:subPropertyOf", "owl:equivalentProperty", "owl:inverseOf", "owl:propertyDisjointWith",
    "owl:propertyChainAxiom", "rdfs:domain", "schema:domainIncludes", "rdfs:range",
    "schema:rangeIncludes",
    # restrictions and axioms with nodes of their own
    "owl:onProperty", "owl:onProperties", "owl:onClass", "owl:onDataRange", "owl:someValuesFrom",
    "owl:allValuesFrom", "owl:hasValue", "owl:hasSelf", "owl:cardinality", "owl:minCardinality",
    "owl:maxCardinality", "owl:qualifiedCardinality", "owl:minQualifiedCardinality",
    "owl:maxQualifiedCardinality", "owl:onDatatype", "owl:withRestrictions", "owl:members",
    "owl:distinctMembers", "owl:annotatedSource", "owl:annotatedProperty", "owl:annotatedTarget",
    # concepts
    "skos:inScheme", "skos:topConceptOf", "skos:hasTopConcept", "skos:broader", "skos:narrower",
    "skos:related", "skos:notation", "skos:exactMatch", "skos:closeMatch", "skos:broadMatch",
    "skos:narrowMatch", "skos:relatedMatch",
    # what a term means, and where that is from
    "dcterms:title", "dcterms:description", "dcterms:creator", "dcterms:contributor",
    "dcterms:publisher", "dcterms:license", "dcterms:rights", "rdfs:label", "skos:prefLabel",
    "skos:altLabel", "skos:definition", "skos:scopeNote", "skos:example", "skos:editorialNote",
    "skos:historyNote", "rdfs:comment", "dcterms:source", "rdfs:isDefinedBy", "rdfs:seeAlso",
    "dcterms:created", "dcterms:modified", "vann:preferredNamespacePrefix",
    "vann:preferredNamespaceUri", "owl:deprecated",
    # our own annotations
    "dafab:metadataCategory", "dafab:metadataOrigin", "dafab:unit", "dafab:indexed",
    "dafab:singleValued", "dafab:reserved",
)  # fmt: skip
"""Predicates after rdf:type; those that are not here follow by name."""

SYMMETRIC: Final = (
    "owl:disjointWith", "owl:equivalentClass", "owl:equivalentProperty", "owl:inverseOf",
    "owl:propertyDisjointWith", "owl:sameAs", "owl:differentFrom",
)  # fmt: skip
"""Said of two named terms these hold both ways; the lesser IRI is the subject, as the OWL API
has it."""

SETS: Final = (
    "owl:members", "owl:distinctMembers", "owl:unionOf", "owl:intersectionOf", "owl:oneOf",
    "owl:disjointUnionOf", "owl:hasKey", "owl:withRestrictions",
)  # fmt: skip
"""Predicates whose list stands for a set: its order means nothing, and is made canonical."""


def expanded(names: tuple[str, ...]) -> tuple[str, ...]:
    """Return the IRIs that prefixed names stand for."""
    split = (name.split(":", 1) for name in names)
    return tuple(KNOWN_PREFIXES[prefix] + local for prefix, local in split)
