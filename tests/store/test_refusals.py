"""SERVICE is refused however it is written, and never by false alarm."""

from __future__ import annotations

import contextlib

import pytest

from dafab_kg.model.errors import QueryNotValid
from dafab_kg.store.oxigraph import OxigraphStore
from dafab_kg.store.refusals import refuse_remote

CALLS = [
    "SELECT * { SERVICE <http://127.0.0.1/> { ?s ?p ?o } }",
    "SELECT * { service silent <http://127.0.0.1/> { ?s ?p ?o } }",
    "SELECT * { SERVICE<http://127.0.0.1/>{?s ?p ?o} }",
    "PREFIX : <http://127.0.0.1/> SELECT * { SERVICE:x { ?s ?p ?o } }",
    "PREFIX x: <http://127.0.0.1/> SELECT * { SERVICEx:y { ?s ?p ?o } }",
    "SELECT * { SERVICESILENT<http://127.0.0.1/>{ ?s ?p ?o } }",
    "SELECT * { ?s ?p trueSERVICE<http://127.0.0.1/>{ ?a ?b ?c } }",
    "SELECT * { ?s ?p 1SERVICE<http://127.0.0.1/>{ ?a ?b ?c } }",
    "SELECT * { SERVICE ?where { ?s ?p ?o } }",
    "SELECT * { \\u0053ERVICE <http://127.0.0.1/> { ?s ?p ?o } }",
    "SELECT * { ?s ?p 'it\\'s' . SERVICE <http://127.0.0.1/> { ?a ?b ?c } }",
    "# 'comment\nSELECT * { SERVICE <http://127.0.0.1/> { ?s ?p ?o } }",
    "ASK { { SELECT * { SERVICE <http://127.0.0.1/> { ?s ?p ?o } } } }",
    # Each was read by Oxigraph as a call, with what looks like an IRI or a string before it.
    "SELECT * { VALUES ?a {'b'} FILTER(?a<'>') SERVICE <http://x/> {?x ?y ?z} FILTER(?a != '') }",
    "PREFIX b: <http://x/> SELECT * { FILTER(1<b:c#>'''\n) SERVICE <http://x/> {} #'''\n}",
    'SELECT * { VALUES ?x { """x" } SERVICE <http://x/> {?x ?y ?z} #\\q"""\n}',
    'SELECT * { VALUES ?x { """x" } SERVICE <http://x/> {?x ?y ?z} #\\uD800"""\n}',
    'SELECT * { VALUES ?x { """x" } SERVICE <http://x/> {?x ?y ?z} }',
    "PREFIX e: <http://x/> SELECT * { ?s ?p e:.SERVICE <http://x/> {?x ?y ?z} }",
]

HARMLESS = [
    "SELECT * { ?service a 'SERVICE <x>' } # SERVICE <http://127.0.0.1/>",
    'SELECT * { ?s <http://example.org/service> """a "SERVICE" here""" }',
    "PREFIX ex: <http://example.org/> SELECT * { ?s ex:service ?o }",
    "SELECT $service { ?s ?p '''it's SERVICE''' . BIND(?s AS $service) }",
    'SELECT * { ?s ?p "x"@service }',
    'SELECT * { ?s <http://example.org/it\'s#service> "a\\u0041\\"\'", \'\', "" }',
    "PREFIX e: <http://example.org/> SELECT * { ?s e:a.service 1 FILTER(?s < 'service' || 1<2) }",
    "SELECT * { ?s ?p '''it's ''service\\'''' }",
]


@pytest.mark.parametrize("query", CALLS)
def test_a_call_is_refused(query: str) -> None:
    with pytest.raises(QueryNotValid, match="SERVICE is refused"):
        refuse_remote(query)


@pytest.mark.parametrize("query", HARMLESS)
def test_the_word_alone_is_no_call(query: str) -> None:
    OxigraphStore().query(query)


@pytest.mark.parametrize(
    "hostile",
    [
        "# service\nSELECT * { ?s ?p " + "a." * 500_000 + " }",
        '# service\n"""' + 'a\\"' * 500_000,
        "# service\n'" + "a\\'" * 500_000,
        "# service\n" + "<a" * 500_000,
        "# service\n" + "a-:" * 500_000,
        "# service\n" + '"" ' * 500_000,
    ],
    ids=["words", "long string", "short string", "comparisons", "names", "empty strings"],
)
def test_hostile_text_is_read_once(hostile: str) -> None:
    with contextlib.suppress(QueryNotValid):
        refuse_remote(hostile)
