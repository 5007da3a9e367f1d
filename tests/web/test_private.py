"""What is private, from an attacker's view: no face gives a byte of it to who may not see it."""

from __future__ import annotations

import json
from urllib.parse import quote

import pytest

from dafab_kg.model.names import NS
from tests.ingest.documents import write_items
from tests.web.written import clients

MARK = "zq7secret"
"""A word that stands in each private IRI and literal, and nowhere else."""

DATA = f"""
<http://e/{MARK}/thing> a <http://e/{MARK}/Class> , <http://e/Class> ;
  <http://e/{MARK}/property> "{MARK} literal" ;
  <http://e/shared> <http://e/public> ;
  <{NS}cloudCover> 12.5 .
<http://e/public> <http://e/shared> <http://e/{MARK}/thing> ;
  <http://www.w3.org/2000/01/rdf-schema#label> "{MARK} label" .
"""
GRAPH = f"http://e/{MARK}/graph"
OUTSIDERS = ("", "read", "write")

QUERIES = [
    "SELECT * { ?s ?p ?o }",
    "SELECT DISTINCT ?g { GRAPH ?g {} }",
    "SELECT DISTINCT ?g { GRAPH ?g { ?s ?p ?o } }",
    f"SELECT * {{ GRAPH <{GRAPH}> {{ ?s ?p ?o }} }}",
    f"SELECT * FROM <{GRAPH}> {{ ?s ?p ?o }}",
    f"SELECT * FROM NAMED <{GRAPH}> {{ GRAPH ?g {{ ?s ?p ?o }} }}",
    "SELECT * { { ?s ?p ?o } UNION { GRAPH ?g { ?s ?p ?o } } }",
    "SELECT * { <http://e/public> (!<a:b>|^!<a:b>)* ?x }",
    "SELECT * { GRAPH ?g { <http://e/public> (!<a:b>|^!<a:b>)+ ?x } }",
    "SELECT DISTINCT ?p { ?s ?p <http://e/public> . GRAPH ?g { ?x ?p ?y } }",
    f'SELECT * {{ ?s ?p ?o FILTER(CONTAINS(STR(?o), "{MARK[:4]}")) }}',
    "SELECT (GROUP_CONCAT(STR(?o)) AS ?all) { { ?s ?p ?o } UNION { GRAPH ?g { ?s ?p ?o } } }",
    "SELECT * { BIND(EXISTS { GRAPH ?g { ?s <http://e/shared> ?o } } AS ?there) }",
    "CONSTRUCT { ?s ?p ?o . ?g ?g ?g } WHERE { { ?s ?p ?o } UNION { GRAPH ?g { ?s ?p ?o } } }",
    "DESCRIBE <http://e/public>",
    "DESCRIBE ?s { ?s <http://e/shared> ?o }",
    "DESCRIBE ?g { GRAPH ?g {} }",
]
NUMBERS = [
    "SELECT (COUNT(*) AS ?n) { ?s ?p ?o }",
    "SELECT (COUNT(*) AS ?n) { GRAPH ?g { ?s ?p ?o } }",
    "SELECT (COUNT(DISTINCT ?g) AS ?n) { GRAPH ?g {} }",
    "SELECT (COUNT(?x) AS ?n) { ?x a/<http://www.w3.org/2000/01/rdf-schema#subClassOf>* ?c }",
    f"SELECT (COUNT(?x) AS ?n) {{ ?x <{NS}cloudCover> ?c }}",
    "SELECT (COUNT(*) AS ?n) { ?s <http://e/shared>+ ?o }",
    "SELECT (MAX(?c) AS ?n) { GRAPH ?g { ?s ?p ?c FILTER(isNumeric(?c)) } }",
]
ASKS = [
    f"ASK {{ GRAPH <{GRAPH}> {{ ?s ?p ?o }} }}",
    f"ASK {{ GRAPH <{GRAPH}> {{}} }}",
    "ASK { ?s <http://e/shared> ?o }",
    f'ASK {{ ?s ?p "{MARK} literal" }}',
    f"ASK {{ <http://e/{MARK}/thing> ?p ?o }}",
    f'ASK {{ GRAPH ?g {{ ?s ?p ?o FILTER(STRSTARTS(STR(?o), "{MARK}")) }} }}',
]
PAGES = [
    "/", "/?format=json", "/query", "/query?query=SELECT*{?s ?p ?o}", "/.well-known/void",
    "/sparql", "/metrics", "/health", "/ns", "/graphs?default",
    "/query?query=DESCRIBE+<http://e/public>", "/openapi.json",
]  # fmt: skip


@pytest.fixture(scope="module")
def web(tmp_path_factory):
    place = tmp_path_factory.mktemp("private")
    with clients(place) as made:
        made.catalogue.load(write_items(place / "items", 2), validate=False)
        made.public = numbers(made, "")
        response = made.ask(
            "private", "/graphs", "PUT", query_string={"graph": GRAPH, "private": "1"},
            data=DATA, content_type="text/turtle",
        )  # fmt: skip
        assert response.status_code == 403  # who may only see does not write
        both = made.catalogue.put_graph(
            GRAPH, DATA.encode(), "text/turtle", agent=f"{MARK} agent", origin=f"{MARK} request",
            private=True, make_private=True,
        )  # fmt: skip
        assert both.created == (GRAPH,)
        (place / f"{MARK}.ttl").write_text(DATA.replace("/thing>", "/other>").replace("12.5", "99"))
        made.catalogue.load(place / f"{MARK}.ttl", private=True)
        yield made


def numbers(web, who: str) -> list[str]:
    return [row["n"] for query in NUMBERS for row in web.select(query, who) if row]


def body(response) -> str:
    return response.get_data(as_text=True) + json.dumps(dict(response.headers))


def assert_tells_nothing(response) -> None:
    assert MARK not in body(response)


@pytest.mark.parametrize("query", QUERIES)
def test_no_query_tells(web, query):
    for who, facts in (("", "both"), ("", "asserted"), ("", "inferred"), ("write", "both")):
        response = web.ask(who, "/sparql", query_string={"query": query, "facts": facts})
        assert response.status_code == 200
        assert_tells_nothing(response)
    # an answer may repeat what the request says, but is the same for a graph that is not there
    answers = {
        web.ask(
            "read",
            "/sparql",
            query_string={
                "query": query.replace(GRAPH, graph),
                "default-graph-uri": graph,
                "named-graph-uri": graph,
            },
        ).text.replace(graph, "-")
        for graph in (GRAPH, "http://e/nothing")
    }
    assert len(answers) == 1


@pytest.mark.parametrize("who", OUTSIDERS)
def test_no_number_and_no_truth_tells(web, who):
    assert numbers(web, who) == web.public
    for query in ASKS:
        assert web.ask(who, "/sparql", query_string={"query": query}).json["boolean"] is False


@pytest.mark.parametrize("who", OUTSIDERS)
@pytest.mark.parametrize("path", PAGES)
@pytest.mark.parametrize("accept", ["*/*", "text/html"])
def test_no_page_tells(web, who, path, accept):
    response = web.ask(who, path, headers={"Accept": accept})
    assert_tells_nothing(response)


@pytest.mark.parametrize("who", OUTSIDERS)
def test_the_graph_store_answers_as_if_it_were_not_there(web, who):
    for graph in (GRAPH, *(private_graphs(web))):
        response = web.ask(who, "/graphs", query_string={"graph": graph})
        nothing = web.ask(who, "/graphs", query_string={"graph": "http://e/nothing"})
        assert response.status_code == nothing.status_code == 404
        told = {**response.json, "detail": ""}
        assert told == {**nothing.json, "detail": ""}
        assert response.headers.get("ETag") is None


def private_graphs(web) -> list[str]:
    names = web.catalogue.names
    return [
        names.make("graph", document_id=entry.document_id)
        for entry in web.catalogue.private_documents()
    ]


def test_a_writer_gains_nothing_by_writing(web):
    """Neither errors, nor counts, nor what an update copies, tell."""
    for text in (
        "INSERT { GRAPH <a:copy> { ?s ?p ?o } } WHERE { GRAPH ?g { ?s ?p ?o } "
        "FILTER(STRSTARTS(STR(?g), 'http://e/')) }",
        f"COPY SILENT <{GRAPH}> TO <a:copy>",
        f"ADD SILENT <{GRAPH}> TO DEFAULT",
        f"INSERT {{ GRAPH <a:copy> {{ ?s ?p ?o }} }} USING <{GRAPH}> WHERE {{ ?s ?p ?o }}",
        f"DELETE {{ ?s ?p ?o }} WHERE {{ GRAPH <{GRAPH}> {{ ?s ?p ?o }} }}",
    ):
        response = web.update(text)
        assert response.status_code == 200
        assert (response.json["added"], response.json["taken"], response.json["kept"]) == (0, 0, 0)
    assert web.update(f"COPY <{GRAPH}> TO <a:copy>").json["detail"] == web.update(
        "COPY <a:nothing> TO <a:copy>"
    ).json["detail"].replace("a:nothing", GRAPH)
    # a graph of the same name is another one, and public
    assert web.update(f"INSERT DATA {{ GRAPH <{GRAPH}> {{ <a:mine> <a:b> 1 }} }}").json["created"]
    found = web.ask("", "/graphs", query_string={"graph": GRAPH, "format": "ntriples"})
    assert found.text.strip().count("\n") == 0 and "a:mine" in found.text
    assert web.update(f"DROP GRAPH <{GRAPH}>").json["taken"] == 1
    assert web.update("DROP SILENT ALL").status_code == 200
    assert web.count(f"SELECT * {{ GRAPH <{GRAPH}> {{ ?s ?p ?o }} }}", "private") == 7


@pytest.mark.parametrize("who", ["private", "admin"])
def test_who_may_sees_all_as_one(web, who):
    assert web.count(f"SELECT * {{ GRAPH <{GRAPH}> {{ ?s ?p ?o }} }}", who) == 7
    both = web.count("SELECT * { ?s <http://e/shared> ?o }", who)
    assert both == 4
    assert web.count("SELECT * { <http://e/public> <http://e/shared>/<http://e/shared> ?x }", who)
    more = web.select("SELECT (COUNT(*) AS ?n) { ?s ?p ?o }", who)[0]["n"]
    assert int(more) > int(web.public[0])
    response = web.ask(who, "/sparql", query_string={"query": QUERIES[0]})
    assert MARK in response.text
    assert response.headers["Cache-Control"] == "private, no-store"
    assert "ETag" not in response.headers
    assert web.ask(who, "/graphs", query_string={"graph": GRAPH}).status_code == 200


def test_public_facts_are_counted_once_beside_private_ones(web):
    """A triple that both state stands once in the merge."""
    web.update("INSERT DATA { <http://e/public> <http://e/shared> <a:x> }")
    web.catalogue.update(
        f"INSERT DATA {{ GRAPH <{GRAPH}> {{ <http://e/public> <http://e/shared> <a:x> }} }}",
        private=True,
    )
    query = "SELECT ?o { <http://e/public> <http://e/shared> ?o FILTER(?o = <a:x>) }"
    assert web.count(query, "private") == web.count(query) == 1
    web.catalogue.update(
        f"DELETE DATA {{ GRAPH <{GRAPH}> {{ <http://e/public> <http://e/shared> <a:x> }} }}",
        private=True,
    )
    assert web.update("DROP SILENT ALL").status_code == 200


def test_nothing_private_is_a_premise(web):
    thing = f"http://e/{MARK}/thing"
    assert not list(web.catalogue._store.values(thing, "http://e/shared"))
    for graph in (None, web.catalogue.names.make("inferred_graph")):
        assert not [line for line in web.catalogue._store.graph_triples(graph) if MARK in line]


def test_python_faces_tell_nothing_either(web, tmp_path):
    catalogue = web.catalogue
    assert MARK not in repr(catalogue.stats())
    assert MARK not in repr(catalogue.documents())
    assert MARK not in repr(catalogue.quarantine())
    assert MARK not in repr(catalogue.disagreements())
    catalogue.dump(tmp_path / "d.nq.gz")
    import gzip
    import zipfile

    assert MARK.encode() not in gzip.decompress((tmp_path / "d.nq.gz").read_bytes())
    with zipfile.ZipFile(tmp_path / "d.documents.zip") as archive:
        assert not any(MARK.encode() in archive.read(name) for name in archive.namelist())
    assert catalogue.doctor() == ()


def test_no_byte_lies_in_the_public_part(tmp_path):
    """Where it is not, nothing can leak it: files of the public store, index and snapshots."""
    (tmp_path / f"{MARK}.ttl").write_text(DATA)
    with clients(tmp_path) as web:
        web.catalogue.load(tmp_path / f"{MARK}.ttl", private=True)
        web.catalogue.put_graph(
            GRAPH, DATA.encode(), "text/turtle", private=True, make_private=True
        )
        assert web.count(QUERIES[0], "private") > 0
        web.catalogue.publish()
    store = tmp_path / "store"
    for file in store.rglob("*"):
        if file.is_file() and "private" not in file.relative_to(store).parts:
            assert MARK.encode() not in file.read_bytes(), file


def test_the_private_part_is_the_owners_alone(web):
    place = web.catalogue.path / "private"
    assert place.stat().st_mode & 0o077 == 0
    assert (place / "shown.nq").stat().st_mode & 0o077 == 0


def test_private_and_public_again(tmp_path):
    with clients(tmp_path) as web:
        web.update("INSERT DATA { GRAPH <a:g> { <a:s> <a:p> 'zq8moved' } }")
        query = "SELECT * { ?s <a:p> ?o }"
        web.catalogue.set_private("a:g", private=True)
        assert (web.count(query), web.count(query, "admin")) == (0, 1)
        assert web.ask("", "/graphs?graph=a:g").status_code == 404
        # who sees it writes it where it is
        assert (
            web.update("INSERT DATA { GRAPH <a:g> { <a:s> <a:p> 2 } }", "admin").json["added"] == 1
        )
        assert (web.count(query), web.count(query, "admin")) == (0, 2)
        assert web.update("DELETE WHERE { GRAPH <a:g> { ?s <a:p> 2 } }", "admin").json["taken"] == 1
        web.catalogue.set_private("a:g", private=False)
        assert (web.count(query), web.count(query, "admin")) == (1, 1)
        assert web.catalogue.doctor() == ()
    with clients(tmp_path / "again") as web:
        quoted = quote("a:none")
        assert web.ask("admin", f"/graphs?graph={quoted}&private=1", "PUT", data="<a:s> <a:p> 1 .",
                       content_type="text/turtle").status_code == 201  # fmt: skip
        assert web.count("SELECT * { ?s <a:p> ?o }") == 0


def test_it_outlives_the_process(tmp_path):
    with clients(tmp_path) as web:
        web.catalogue.put_graph(
            "a:g", b"<a:s> <a:p> 1 .", "text/turtle", private=True, make_private=True
        )
    with clients(tmp_path) as web:
        assert web.count("SELECT * { ?s <a:p> ?o }") == 0
        assert web.count("SELECT * { ?s <a:p> ?o }", "private") == 1
        assert len(web.catalogue.private_documents()) == 1
