"""Queries that can never be answered, of several kinds, each costly in its own way."""

from __future__ import annotations

GEO = "http://www.opengis.net/ont/geosparql#"
GEOF = "http://www.opengis.net/def/function/geosparql/"
METRE = "http://www.opengis.net/def/uom/OGC/1.0/metre"
NESTED = 20
"""Groups within groups that the bounds of intricacy still let pass."""


def values(name: str, count: int) -> str:
    return f"VALUES ?{name} {{ {' '.join(map(str, range(count)))} }}"


def cross(*counts: int) -> str:
    return " ".join(values(f"v{n}", count) for n, count in enumerate(counts))


def comb(teeth: int) -> str:
    """A polygon with so many teeth, as WKT."""
    points = [f"{n / teeth:.6f} {n % 2}" for n in range(teeth)]
    return f'"POLYGON((0 -1,{",".join(points)},1 -1,0 -1))"^^<{GEO}wktLiteral>'


def _nested(depth: int) -> str:
    inner = ""
    for n in reversed(range(depth)):
        inner = f"?s{n} ?p{n} ?o{n} FILTER(?o{n} != ?s0) OPTIONAL {{ {inner} }}"
    return inner


ALL = " ".join(f"?s{n} ?p{n} ?o{n} ." for n in range(4))
STAR = "(<http://e/a>|!<http://e/a>)*"
LONG = "a" * 40
HOSTILE: dict[str, str] = {
    "cross product of VALUES": f"SELECT (COUNT(*) AS ?n) {{ {cross(1000, 1000, 1000, 1000)} }}",
    "regex bomb": f"SELECT (COUNT(*) AS ?n) {{ {cross(1000, 1000)} "
    f'BIND(CONCAT(STR(?v0), "{LONG}", STR(?v1)) AS ?t) '
    'FILTER(REGEX(?t, CONCAT("^(a?){50}(a|aa)+$", STR(?v1)))) }',
    "long property path": f"SELECT (COUNT(*) AS ?n) {{ ?a {STAR} ?b . ?b {STAR} ?c . "
    f"?c {'/'.join([STAR] * 5)} ?d }}",
    "groups within groups": f"SELECT (COUNT(*) AS ?n) {{ {_nested(NESTED)} }}",
    "huge CONSTRUCT": f"CONSTRUCT {{ ?s0 ?p1 ?o2 . ?s3 ?p0 ?o1 }} WHERE {{ {ALL} }}",
    "costly geof function": f"SELECT (SUM(?a) AS ?n) {{ {cross(1000, 1000)} "
    f"BIND(<{GEOF}area>(<{GEOF}buffer>({comb(2000)}, ?v0 + ?v1, <{METRE}>), <{METRE}>) AS ?a) }}",
    "distances of all from all": f"SELECT (SUM(<{GEOF}distance>(?a, ?b, <{METRE}>)) AS ?n) "
    f"{{ ?x <{GEO}asWKT> ?a . ?y <{GEO}asWKT> ?b . ?z <{GEO}asWKT> ?c . ?u <{GEO}asWKT> ?d }}",
    "GROUP_CONCAT": f'SELECT (GROUP_CONCAT("{LONG * 25}") AS ?t) {{ {cross(1000, 1000, 1000)} }}',
    "doubled strings": 'SELECT (STRLEN(?t30) AS ?n) { BIND("aaaa" AS ?t0) '
    + " ".join(f"BIND(CONCAT(?t{n}, ?t{n}) AS ?t{n + 1})" for n in range(30))
    + " }",
    "ORDER BY of a cross product": f"SELECT * {{ {cross(1000, 1000, 1000)} }} "
    "ORDER BY DESC(?v0 * ?v1 - ?v2) LIMIT 10",
    "DISTINCT of a cross product": "SELECT (COUNT(DISTINCT ?t) AS ?n) "
    f'{{ {cross(1000, 1000, 1000)} BIND(CONCAT(STR(?v0), "{LONG}", STR(?v1), STR(?v2)) AS ?t) }}',
    "more rows than may be": f"SELECT * {{ {ALL} }}",
}
"""By what is costly in them."""
