"""Mutated SPARQL: texts that are nearly right, and some that are far from it."""

# ruff: noqa: E501 - texts are as they are
from __future__ import annotations

import random
from pathlib import Path

SEEDS = [
    "SELECT * WHERE { ?s ?p ?o } LIMIT 10",
    "PREFIX e: <http://e/> SELECT DISTINCT ?s (COUNT(*) AS ?n) { ?s e:p|^e:q* ?o OPTIONAL { ?o e:r "
    "?x } FILTER(?x > 1 && !BOUND(?y) || REGEX(STR(?s), '^a', 'i')) } GROUP BY ?s HAVING(?n > 1) "
    "ORDER BY DESC(?n) OFFSET 1",
    "ASK { GRAPH ?g { ?s a <http://e/C> } MINUS { ?s ?p 'x'@en } VALUES (?s ?g) { (<a:b> UNDEF) } }",
    "CONSTRUCT { ?s ?p [ <a:b> (1 2.5 3e4 true) ] } WHERE { { ?s ?p ?o } UNION { SELECT ?s { ?s "
    "<a:b>/<a:c>+ ?p } LIMIT 3 } BIND(IF(?o = 1, CONCAT('a', \"b\"), COALESCE(?q, 1/0)) AS ?z) }",
    'DESCRIBE <http://e/x> ?y { ?y <a:b> """long\n\'text\'"""^^<a:t> FILTER NOT EXISTS { ?y ?p 1 } }',
    "SELECT ?x FROM <a:g> FROM NAMED <a:h> { ?x <http://www.opengis.net/ont/geosparql#asWKT> ?w "
    "FILTER(<http://www.opengis.net/def/function/geosparql/sfIntersects>(?w, "
    "'POLYGON((6 49,7 49,7 50,6 50,6 49))'^^<http://www.opengis.net/ont/geosparql#wktLiteral>)) }",
    "SELECT * { SERVICE SILENT <http://127.0.0.1:1/> { ?s ?p ?o } }",
    "SELECT * { ?s ?p ?o LATERAL { SELECT * { ?o ?q ?r } LIMIT 1 } FILTER(?o IN (1, 'a', <a:b>)) }",
    # what the search index is asked for
    "PREFIX d: <https://w3id.org/dafab/ns#> SELECT ?p ?c { ?p a <a:C> ; d:cloudCover ?c ; "
    "d:datetime ?t . FILTER(?c < 20.5 && ?t >= '2022-09-01T00:00:00Z'^^<http://www.w3.org/2001/"
    "XMLSchema#dateTime>) OPTIONAL { ?p d:tile 'T31UGR' } } ORDER BY DESC(?t) LIMIT 10",
    "PREFIX geo: <http://www.opengis.net/ont/geosparql#> PREFIX geof: <http://www.opengis.net/def/"
    "function/geosparql/> SELECT (COUNT(DISTINCT ?a) AS ?n) { { SELECT ?a { ?a geo:hasGeometry/"
    "geo:asWKT ?w FILTER(geof:sfWithin(?w, 'POLYGON((6 49,7 49,7 50,6 50,6 49))'^^geo:wktLiteral)) "
    "} } UNION { ?a geo:hasGeometry ?g . ?g geo:asWKT ?v FILTER(geof:distance(?v, 'POINT(6 49)'^^"
    "geo:wktLiteral, <http://www.opengis.net/def/uom/OGC/1.0/metre>) < 1e5) } }",
]
UPDATES = [
    "INSERT DATA { <a:a> <a:b> 1 . GRAPH <a:g> { <a:a> <a:b> [ <a:c> 'x'@en ] } }",
    "DELETE DATA { <a:a> <a:b> 1 }",
    "WITH <a:g> DELETE { ?s ?p ?o } INSERT { ?s ?p 2 } USING <a:g> USING NAMED <a:h> WHERE { ?s ?p ?o }",
    "DELETE WHERE { GRAPH ?g { <a:a> ?p ?o } }",
    "PREFIX : <a:> INSERT { GRAPH ?g { :a :b _:x } } WHERE { VALUES ?g { :g :h } } ; DROP SILENT GRAPH :g",
    "LOAD SILENT <http://127.0.0.1:1/x> INTO GRAPH <a:g> ; CLEAR SILENT ALL ; CREATE GRAPH <a:g>",
    "COPY SILENT <a:g> TO DEFAULT ; MOVE DEFAULT TO <a:h> ; ADD GRAPH <a:h> TO <a:g>",
    "BASE <http://b/> PREFIX p: <x#> INSERT DATA { <y> p:z <../w> } ; PREFIX p: <q#> CLEAR NAMED",
]
SPLICES = [
    "{", "}", "(", ")", "[", "]", "<", ">", "'", '"', '"""', "'''", "\\", "\\u0000", "\\uD800",
    "\\U00110000", "#", "\n", "\r", "\0", "\ud7ff", "\U0001f600", "é", "??", "$x", "_:b", "@en", "^^",
    "<a:b>", "<>", "<a b>", "<http://[::>", "a", "1e999999", "99999999999999999999", "-0.0",
    "'x'^^<http://www.w3.org/2001/XMLSchema#dateTime>", ".", ";", ",", "|", "^", "*", "+", "/", "!",
    "UNION", "OPTIONAL", "SERVICE", "GRAPH", "SELECT", "WHERE", "FILTER", "EXISTS", "LATERAL", "MINUS",
    "BIND(1 AS ?a)", "VALUES ?v {", "LIMIT -1", "LIMIT 99999999999999999999", "GROUP BY", "COUNT(*)",
    "DROP ALL", "<<", ">>", "<<( <a:a> <a:b> 1 )>>", "{|", "|}", "REDUCED", "UNDEF", "DEFAULT", "%",
    "PREFIX : <x>", "BASE <y>", "INSERT DATA {", "DELETE", "USING", "WITH", "true", "NOT", "IN",
]  # fmt: skip


def mutate(text: str, chance: random.Random) -> str:
    """Change a text in one to six places."""
    for _ in range(chance.randint(1, 6)):
        at = chance.randrange(len(text) + 1)
        to = min(len(text), at + chance.choice([0, 1, 1, 2, 5, 20]))
        match chance.randrange(6):
            case 0:
                text = text[:at] + text[to:]
            case 1 | 2:
                text = text[:at] + chance.choice(SPLICES) + text[at:]
            case 3:
                text = text[:to] + text[at:to] * chance.choice([1, 2, 30]) + text[to:]
            case 4:
                other = chance.choice([*SEEDS, *UPDATES])
                start = chance.randrange(len(other))
                text = text[:at] + other[start : start + chance.randrange(40)] + text[to:]
            case _:
                text = text[:at] + chance.choice(SPLICES) + text[to:]
    return text[:20_000]


def texts(seeds: list[str], number: int, seed: int) -> list[str]:
    """Make mutated texts; the same seed makes the same."""
    chance = random.Random(seed)
    return [mutate(chance.choice(seeds), chance) for _ in range(number)]


def paths_of(place: Path) -> list[str]:
    """What may stand in no answer: where things lie on this machine."""
    return [str(place), str(Path(__file__).parents[2]), "/site-packages/", 'File "', "Traceback"]
