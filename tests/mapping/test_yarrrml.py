"""What a mapping file may say, and the error for all else."""

from __future__ import annotations

import pytest

from dafab_kg.mapping.terms import Condition, Reference, Source, Term
from dafab_kg.mapping.yarrrml import parse_mapping
from dafab_kg.model.errors import MappingNotValid
from tests.mapping.things import HEAD, NAMES, NS, mapping

EQUAL = (
    "{function: idlab-fn:equal, parameters: [[grel:valueParam, $(kind)], [grel:valueParam2, x]]}"
)


def swap(old: str, new: str) -> str:
    """A good mapping with one thing changed."""
    text = mapping("[[a, dafab:T]]")
    assert old in text
    return text.replace(old, new)


def condition(old: str, new: str) -> str:
    """A good mapping under a condition with one thing changed."""
    assert old in EQUAL
    changed = EQUAL.replace(old, new)
    return mapping("[[a, dafab:T]]", more=f"condition: {changed}")


def parse(text: str):
    return parse_mapping(text, "odd.yml", NAMES.prefixes)


def only(po: str):
    (one,) = parse(mapping(f"[{po}]"))
    (statement,) = one.statements
    return statement


def test_a_mapping_has_source_subject_graph_and_statements() -> None:
    (one,) = parse(mapping("[[a, dafab:Thing]]"))
    assert one.source == Source("odd_thing")
    assert one.subject == Term(("https://data.example/id/thing/", Reference("thing_id")))
    assert one.graph == Term((Reference("document_graph"),))
    assert one.statements[0].object == Term((f"{NS}Thing",))


@pytest.mark.parametrize(
    ("object_text", "expected"),
    [
        ("[dafab:p, $(title)]", Term((Reference("title"),), "literal")),
        ("[dafab:p, $(size), xsd:integer]",
         Term((Reference("size"),), "literal", "http://www.w3.org/2001/XMLSchema#integer")),
        ("[dafab:p, $(title), xsd:string]", Term((Reference("title"),), "literal")),
        ("[dafab:p, $(title), en~lang]", Term((Reference("title"),), "literal", "", "en")),
        ("[dafab:p, 'a $(title) b']", Term(("a ", Reference("title"), " b"), "literal")),
        (r"[dafab:p, 'costs \$(x) or $(size)']",
         Term(("costs $(x) or ", Reference("size")), "literal")),
        ("[dafab:p, '']", Term(("",), "literal")),
        ("[dafab:p, no]", Term(("no",), "literal")),
        ("[dafab:p, $(url)~iri]", Term((Reference("url"),))),
        ("[dafab:p, dafab:x~iri]", Term((f"{NS}x",))),
        ("[a, dafab:x]", Term((f"{NS}x",))),
        ("[dafab:p, https://other.example/$(title)~iri]",
         Term(("https://other.example/", Reference("title")))),
        ("{p: dafab:p, o: {value: $(size), datatype: xsd:integer}}",
         Term((Reference("size"),), "literal", "http://www.w3.org/2001/XMLSchema#integer")),
        ("{predicates: dafab:p, objects: {value: $(title), language: pt-BR}}",
         Term((Reference("title"),), "literal", "", "pt-br")),
        ("{p: dafab:p, o: {value: id:x/$(title), type: iri}}",
         Term(("https://data.example/id/x/", Reference("title")))),
        ("{p: dafab:p, o: {value: 'id:x~iri', type: literal}}",
         Term(("id:x~iri",), "literal")),
    ],
)  # fmt: skip
def test_objects_in_short_and_long_form(object_text: str, expected: Term) -> None:
    assert only(object_text).object == expected


def test_lists_of_predicates_and_objects_are_all_pairs() -> None:
    (one,) = parse(mapping("[[[dafab:p, dafab:q], [$(title), $(kind)]]]"))
    pairs = {(s.predicate.constant, s.object.references[0]) for s in one.statements}
    assert pairs == {(NS + p, o) for p in "pq" for o in ("title", "kind")}


def test_conditions_compare_a_reference_with_a_constant() -> None:
    same = EQUAL.replace(", x]", ", $(kind)]")
    assert only(f"{{p: dafab:p, o: x, condition: {EQUAL}}}").condition == Condition("kind", "x")
    assert only(f"{{p: dafab:p, o: x, condition: {same}}}").condition == Condition("kind")
    unequal = EQUAL.replace("equal", "notEqual").replace("valueParam", "valueParameter")
    assert only(f"{{p: dafab:p, o: x, condition: {unequal}}}").condition == Condition(
        "kind", "x", False
    )
    long = """{fn: https://w3id.org/imec/idlab/function#equal, pms: [
      {parameter: grel:valueParam, value: x}, {pm: grel:valueParam2, v: $(kind)}]}"""
    (one,) = parse(mapping("[[a, dafab:T]]", more=f"condition: {long}"))
    assert one.condition == Condition("kind", "x")


def test_the_prefix_id_follows_the_base_and_others_may_be_added() -> None:
    text = mapping("[[a, mine:T]]").replace("prefixes:", "prefixes:\n  mine: https://m.example/")
    (one,) = parse(text)
    assert one.statements[0].object.constant == "https://m.example/T"


REFUSED = {
    "unknown key of the file": ("authors: x\n" + mapping("[[a, dafab:T]]"), "the key 'authors'"),
    "external references": ("external: {x: y}\n" + mapping("[[a, dafab:T]]"), "the key 'external'"),
    "targets": ("targets: {x: y}\n" + mapping("[[a, dafab:T]]"), "the key 'targets'"),
    "unknown key of a mapping": (mapping("[[a, dafab:T]]", more="t: x"), "thing: the key 't'"),
    "two spellings": (mapping("[[a, dafab:T]]", more="subject: id:x"), "'subjects' is given twice"),
    "no graph": (swap("graphs:", "#"), "`graphs` is missing"),
    "no subject": (swap(" s:", " #"), "`subjects` is missing"),
    "no po": (mapping("[]"), "`po` is empty"),
    "no mappings": (HEAD, "no mapping"),
    "blank subject": (mapping("[[a, dafab:T]]", subject="null"), "'null' is no IRI"),
    "subject a whole reference": (mapping("[[a, dafab:T]]", subject="$(url)/x"), "is no IRI"),
    "two subjects": (mapping("[[a, dafab:T]]", subject="[id:a, id:b]"), "2 values"),
    "function as subject": (mapping("[[a, dafab:T]]", subject="{function: x}"), "is no text"),
    "inverse predicate": (mapping("[{p: dafab:p, i: dafab:q, o: id:x~iri}]"), "the key 'i'"),
    "graph of a statement": (mapping("[{p: dafab:p, o: x, graphs: id:g}]"), "the key 'graphs'"),
    "join": (mapping("[{p: dafab:p, o: {mapping: other}}]"), "the key 'mapping'|mappings"),
    "function as object": (mapping("[{p: dafab:p, o: {function: f}}]"), "the key 'function'"),
    "targets of an object": (mapping("[{p: dafab:p, o: {value: x, targets: t}}]"), "'targets'"),
    "four elements": (mapping("[[dafab:p, x, xsd:string, y]]"), "a list of 4"),
    "one element": (mapping("[[dafab:p]]"), "a list of 1"),
    "undeclared prefix": (mapping("[[daffab:p, x]]"), "is the prefix 'daffab' declared"),
    "undeclared class": (mapping("[[a, foo:T]]"), "is the prefix 'foo' declared"),
    "IRI or text": (mapping("[[dafab:p, dafab:x]]"), "may be meant as an IRI or as text"),
    "bad IRI": (mapping("[[a, 'dafab:a b']]"), "not an IRI by RFC 3987"),
    "open authority": (mapping("[[dafab:p, 'https://$(title)~iri']]"), "is no IRI"),
    "blank node object": (mapping("[[dafab:p, x~blanknode]]"), "~iri"),
    "type blank node": (mapping("[{p: dafab:p, o: {value: x, type: blank}}]"), "type 'blank'"),
    "IRI with datatype": (mapping("[[dafab:p, id:x~iri, xsd:anyURI]]"), "neither datatype"),
    "datatype and language": (
        mapping("[{p: dafab:p, o: {value: x, datatype: xsd:string, language: en}}]"),
        "not both",
    ),
    "bad language": (mapping("[[dafab:p, x, e_n~lang]]"), "no language tag"),
    "language from data": (mapping("[[dafab:p, x, $(kind)~lang]]"), "no language tag"),
    "datatype from data": (mapping("[[dafab:p, x, dafab:$(kind)]]"), "a constant IRI"),
    "langString": (mapping("[[dafab:p, x, rdf:langString]]"), "a constant IRI"),
    "open reference": (mapping("[[dafab:p, 'a $(title']]"), r"\$\(field\)"),
    "empty reference": (mapping("[[dafab:p, 'a $()']]"), r"\$\(field\)"),
    "path reference": (mapping("[[dafab:p, $(a.b)]]"), r"\$\(field\)"),
    "code as reference": (mapping("[[dafab:p, '$(a if b else c)']]"), r"\$\(field\)"),
    "CSV": (swap("json~jsonpath", "csv~csv"), "is no source"),
    "JSON path": (swap("'$[*]'", "'$.x'"), "is no source"),
    "path outwards": (swap("odd_thing.json", "../x.json"), "source"),
    "unknown source": (swap("sources: thing", "sources: x"), "called 'x'"),
    "two sources": (swap("sources: thing", "sources: [a, b]"), "2 sources"),
    "other function": (condition("equal", "slugify"), "slugify"),
    "condition of templates": (condition("$(kind)", "a$(kind)"), "is a template"),
    "condition of constants": (condition("$(kind)", "y"), "these parameters"),
    "condition of two fields": (condition(", x]", ", $(title)]"), "these parameters"),
    "other parameter": (condition("valueParam2", "other"), "valueParam2"),
    "prefix bound elsewhere": (
        swap("https://w3id.org/dafab/ns#", "https://x.example/"),
        "as everywhere else",
    ),
    "prefix that is no IRI": (swap("prefixes:", "prefixes:\n  x: 'not an iri'"), "absolute IRI"),
    "not a dict": ("- a\n- b", "no set of keys"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_is_not_supported_is_named(case: str) -> None:
    text, said = REFUSED[case]
    with pytest.raises(MappingNotValid, match=said) as caught:
        parse(text)
    assert str(caught.value).startswith("odd.yml")


def test_the_error_names_file_mapping_key_and_what_is_supported() -> None:
    with pytest.raises(MappingNotValid) as caught:
        parse(mapping("[[dafab:p, x], {p: dafab:p, q: x, o: y}]"))
    assert str(caught.value) == (
        "odd.yml, thing > po 2: the key 'q' is not supported here; "
        "supported: the keys predicates, objects, condition"
    )
