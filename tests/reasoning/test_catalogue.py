"""Inference in a catalogue: beside loads, after crashes, down to the documents."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

import dafab_kg
from dafab_kg.catalogue import Catalogue
from dafab_kg.cli import main
from dafab_kg.ingest.commit import Committer
from dafab_kg.model.errors import QueryNotValid, ThingNotFound
from dafab_kg.model.names import NS, PREFIXES, Names
from dafab_kg.model.settings import Settings
from dafab_kg.reasoning.compile import compile_ontology
from dafab_kg.reasoning.ontology import packaged_rules, packaged_triples
from dafab_kg.reasoning.reasoner import Reasoner
from dafab_kg.reasoning.triples import Triples
from dafab_kg.sample import write_sample
from dafab_kg.store.protocol import Change

HEAD = "@prefix dafab: <https://w3id.org/dafab/ns#> . @prefix x: <https://x.example/> .\n"
TYPE = PREFIXES["rdf"] + "type"


def write(folder: Path, name: str, turtle: str) -> Path:
    folder.mkdir(exist_ok=True)
    file = folder / f"{name}.ttl"
    file.write_text(HEAD + turtle)
    return file


def inferred(catalogue: Catalogue) -> set[str]:
    return set(catalogue._store.graph_triples(catalogue.names.make("inferred_graph")))


def types(catalogue: Catalogue, thing: str, facts: str = "both") -> set[str]:
    query = f"SELECT ?type {{ <https://x.example/{thing}> a ?type }}"
    answer = catalogue.query(query, facts=facts)  # type: ignore[arg-type]
    return {row[0].value.removeprefix(NS) for row in answer}  # type: ignore[union-attr]


@pytest.fixture
def catalogue(tmp_path):
    with dafab_kg.open(tmp_path / "store") as opened:
        yield opened


def test_a_load_infers(catalogue, tmp_path):
    catalogue.load(write(tmp_path / "in", "one", "x:w a dafab:WaterProduct ."), validate=False)
    assert types(catalogue, "w") >= {"WaterProduct", "AIProduct", "Product"}
    assert types(catalogue, "w", "asserted") == {"WaterProduct"}
    assert types(catalogue, "w", "inferred") >= {"AIProduct", "Product"}
    assert not types(catalogue, "w", "inferred") & types(catalogue, "w", "asserted")


def test_facts_that_there_are_not_are_refused(catalogue):
    with pytest.raises(QueryNotValid, match=r"'none'.*asserted, inferred, both"):
        catalogue.query("ASK { ?s ?p ?o }", facts="none")


def test_a_report_on_the_store_names_the_file_that_is_to_be_mended(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("DAFAB_STORE", str(tmp_path / "store"))
    with dafab_kg.open(tmp_path / "store") as catalogue:
        for name in ("one", "two"):
            thing = f'x:{name} a dafab:Tile ; dafab:mgrsTile "31UFR" .'
            catalogue.load(write(tmp_path / "in", name, thing), validate=False)
    assert main(["validate", "--tier", "publish"]) == 1
    told = capsys.readouterr().out
    assert "in/one.ttl; mend" in told and "in/two.ttl; mend" in told


def test_a_query_that_names_its_dataset_keeps_it(catalogue, tmp_path):
    catalogue.load(write(tmp_path / "in", "one", "x:w a dafab:WaterProduct ."), validate=False)
    graph = catalogue.names.make("inferred_graph")
    only = f"SELECT ?type FROM <{graph}> {{ <https://x.example/w> a ?type }}"
    told = {row[0].value for row in catalogue.query(only)}
    assert NS + "WaterProduct" not in told
    assert NS + "Product" in told
    commented = "SELECT ?t { <https://x.example/w> a ?t } # not FROM <x:y>"
    assert len(list(catalogue.query(commented))) == len(types(catalogue, "w"))


def test_what_is_deleted_takes_back_what_rested_on_it(catalogue, tmp_path):
    one = write(tmp_path / "in", "one", "x:w a dafab:WaterProduct .")
    two = write(tmp_path / "in", "two", "x:part dafab:ofProduct x:w .")
    catalogue.load(one, two, validate=False)
    before = inferred(catalogue)
    assert any("ProductPart" in line for line in before)
    documents = {Path(d.origin).name: d.document_id for d in catalogue.documents()}
    catalogue.delete(documents["two.ttl"])
    assert not any("x.example/part" in line for line in inferred(catalogue))
    assert types(catalogue, "w") >= {"Product"}  # the other document still says so
    catalogue.delete(documents["one.ttl"])
    assert not any("x.example" in line for line in inferred(catalogue))


def test_any_sequence_of_loads_equals_a_full_run(tmp_path):
    """Documents about the same few things come, change and go; then all is inferred anew."""
    chance = random.Random(20261128)
    classes = ["WaterProduct", "AgricultureProduct", "SourceProduct", "Tile", "Asset"]
    links = ["derivedFrom", "ofProduct", "supersedes", "tile", "describes", "generatedBy"]

    def turtle() -> str:
        lines = []
        for _ in range(chance.randint(1, 6)):
            thing, other = chance.choices("abcdef", k=2)
            if chance.random() < 0.4:
                lines.append(f"x:{thing} a dafab:{chance.choice(classes)} .")
            elif chance.random() < 0.2:
                lines.append(f"x:{thing} dafab:excessTotalWaterObserved {chance.randint(0, 99)} .")
            else:
                lines.append(f"x:{thing} dafab:{chance.choice(links)} x:{other} .")
        return "\n".join(lines)

    with dafab_kg.open(tmp_path / "store") as catalogue:
        for _ in range(25):
            name = chance.choice(["one", "two", "three", "four"])
            loaded = {Path(d.origin).stem: d.document_id for d in catalogue.documents()}
            if name in loaded and chance.random() < 0.3:
                catalogue.delete(loaded[name])
            else:
                catalogue.load(write(tmp_path / "in", name, turtle()), validate=False)
        kept = inferred(catalogue)
        catalogue.reason(full=True)
        assert kept == inferred(catalogue)
        assert not kept & set(catalogue._store.graph_triples(None))
        assert not [f for f in catalogue.doctor() if "inferred" in f.where]


def test_what_is_inferred_is_no_document_to_be_judged(tmp_path):
    """Inferred types have none of the properties that shapes ask of a document."""
    with dafab_kg.open(tmp_path / "store") as catalogue:
        write_sample(tmp_path / "sample", products=3)
        assert not catalogue.load(tmp_path / "sample" / "safe").rejected
        assert inferred(catalogue)
        assert catalogue.judge().violations == ()


def test_an_explanation_goes_down_to_the_documents(catalogue, tmp_path):
    catalogue.load(write(tmp_path / "in", "one", "x:w a dafab:WaterProduct ."), validate=False)
    proof = catalogue.explain("<https://x.example/w> a dafab:Product")
    (document,) = catalogue.documents()
    graph = catalogue.names.make("graph", document_id=document.document_id)
    assert [fact.graphs for fact in proof.stated] == [(graph,)]
    assert proof.axiom.startswith("dafab:AIProduct SubClassOf dafab:Product")
    with pytest.raises(ThingNotFound, match="does not hold"):
        catalogue.explain("<https://x.example/w> a dafab:Tile")


def test_contradictions_are_found_through_what_is_inferred(catalogue, tmp_path):
    catalogue.load(
        write(tmp_path / "in", "one", "x:t a dafab:Tile . x:part dafab:ofProduct x:t ."),
        validate=False,
    )
    (clash,) = [c for c in catalogue.check() if c.kind == "disjoint classes"]
    assert "dafab:Product" in clash.what
    assert "dafab:Tile" in clash.what
    assert clash.graphs  # the documents that say so
    stated = [one.triple for fact in clash.facts for one in fact.stated]
    assert any("ofProduct" in triple for triple in stated)


def test_inference_can_be_left_for_later(tmp_path):
    settings = Settings(reasoning=False)
    file = write(tmp_path / "in", "one", "x:w a dafab:WaterProduct .")
    with dafab_kg.open(tmp_path / "store", settings=settings) as catalogue:
        catalogue.load(file, validate=False)
        assert not inferred(catalogue)
        assert [f.remedy for f in catalogue.doctor()] == ["dafab-kg reason --full"]
    with dafab_kg.open(tmp_path / "store") as catalogue:
        assert catalogue.reason().way == "full"
        assert "Product" in types(catalogue, "w")
        assert catalogue.reason().way == "nothing to do"
        assert catalogue.doctor() == ()


def test_a_crash_within_a_commit_is_followed_by_a_full_run(tmp_path, monkeypatch):
    file = write(tmp_path / "in", "one", "x:w a dafab:WaterProduct .")
    with dafab_kg.open(tmp_path / "store") as catalogue:
        catalogue.load(write(tmp_path / "in", "zero", "x:v a dafab:WaterProduct ."), validate=False)

        def crash(*_: object) -> None:
            raise SystemError("power cut")

        monkeypatch.setattr(Committer, "_finish", crash)
        with pytest.raises(SystemError):
            catalogue.load(file, validate=False)
    monkeypatch.undo()
    with dafab_kg.open(tmp_path / "store") as catalogue:
        assert types(catalogue, "w") >= {"Product"}
        assert catalogue.doctor() == ()


def changed_ontology(extra: str) -> Triples:
    triples = packaged_triples()
    triples.add(extra, "changed")
    return triples


def test_a_changed_rule_touches_what_it_makes_only(tmp_path):
    """One more axiom, then without it again: nothing else is derived anew."""
    file = write(tmp_path / "in", "one", "x:w a dafab:WaterProduct . x:s a dafab:SourceProduct .")
    extra = f"<{NS}WaterProduct> <{PREFIXES['rdfs']}subClassOf> <{NS}Extra> .\n"
    with dafab_kg.open(tmp_path / "store") as catalogue:
        catalogue.load(file, validate=False)
        before = inferred(catalogue)
        changed = compile_ontology(changed_ontology(extra))
        reasoner = Reasoner(
            catalogue._store, Names(), catalogue.path / "reasoning.json", lambda: changed
        )
        written: list[Change] = []
        apply = catalogue._store.apply
        catalogue._store.apply = lambda change: (written.append(change), apply(change))[1]  # type: ignore[method-assign, assignment]
        done = reasoner.ensure()
        assert (done.way, done.changed_rules) == ("changed rules", 1)
        assert inferred(catalogue) - before == {f"<https://x.example/w> <{TYPE}> <{NS}Extra> .\n"}
        assert sum(len(c.removed) + c.added.count("\n") for c in written) == 1
        back = Reasoner(
            catalogue._store, Names(), catalogue.path / "reasoning.json", packaged_rules
        )
        assert back.ensure().way == "changed rules"
        assert inferred(catalogue) == before


def test_commands(tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DAFAB_STORE", str(tmp_path / "store"))
    file = write(tmp_path / "in", "one", "x:w a dafab:WaterProduct .")
    assert main(["load", "--no-validate", str(file)]) == 0
    capsys.readouterr()
    assert main(["reason"]) == 0
    assert capsys.readouterr().out.startswith("nothing to do: ")
    assert main(["reason", "--full"]) == 0
    assert capsys.readouterr().out.startswith("full: ")
    assert main(["reason", "--explain", "<https://x.example/w> a dafab:Product"]) == 0
    told = capsys.readouterr().out
    assert "because dafab:AIProduct SubClassOf dafab:Product (core.ttl)" in told
    assert f"stated in {file}" in told
    assert main(["check"]) == 0
    assert capsys.readouterr().out == "The facts are consistent.\n"
    query = "SELECT ?t { <https://x.example/w> a ?t }"
    assert main(["query", query, "--facts", "asserted", "--format", "csv"]) == 0
    assert capsys.readouterr().out.splitlines() == ["t", NS + "WaterProduct"]
    assert main(["query", query, "--facts", "some"]) == 2
    assert main(["reason", "--full", "--changed"]) == 2


def test_commands_over_files_of_anybody(tmp_path, capsys):
    data = tmp_path / "data.ttl"
    data.write_text("@prefix : <http://a.example/> . :x :p :y . :y :p _:z . :x a :C .")
    ontology = tmp_path / "own.ttl"
    ontology.write_text(
        "@prefix : <http://a.example/> . @prefix owl: <http://www.w3.org/2002/07/owl#> .\n"
        "@prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> .\n"
        ":p a owl:ObjectProperty , owl:TransitiveProperty . :C a owl:Class ;\n"
        "  owl:disjointWith :D . :D a owl:Class . :p rdfs:domain :D .\n"
    )
    assert main(["reason", str(data), "--ontology", str(ontology), "--format", "nt"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert f"<http://a.example/y> <{TYPE}> <http://a.example/D> ." in lines
    assert (
        sum(line.startswith("<http://a.example/x> <http://a.example/p> _:") for line in lines) == 1
    )
    assert len(lines) == 3
    assert main(["check", str(data), "--ontology", str(ontology)]) == 1
    assert "<http://a.example/C> DisjointWith <http://a.example/D>" in capsys.readouterr().out
    ontology.write_text(
        ontology.read_text() + ":C rdfs:subClassOf [ a owl:Class ; owl:unionOf (:D :E) ] ."
    )
    assert main(["reason", str(data), "--ontology", str(ontology)]) == 1
    assert "which of several classes it is cannot be known" in capsys.readouterr().err
    assert main(["reason", str(data), "--ontology", str(ontology), "--skip-refused"]) == 0
    told = capsys.readouterr()
    assert len(told.out.splitlines()) == 3
    assert "left out" in told.err


def test_the_endpoint_takes_facts(tmp_path):
    from dafab_kg.web.app import create_app

    with dafab_kg.open(tmp_path / "store") as catalogue:
        catalogue.load(write(tmp_path / "in", "one", "x:w a dafab:WaterProduct ."), validate=False)
        client = create_app(catalogue, Settings()).test_client()
        query = "SELECT ?t { <https://x.example/w> a ?t }"
        told = {}
        for facts in ("asserted", "inferred", "both"):
            answer = client.get(
                "/sparql", query_string={"query": query, "facts": facts, "format": "json"}
            )
            told[facts] = {b["t"]["value"] for b in answer.json["results"]["bindings"]}
        assert told["both"] == told["asserted"] | told["inferred"]
        assert told["asserted"] == {NS + "WaterProduct"}
        assert not told["asserted"] & told["inferred"]
        wrong = client.get("/sparql", query_string={"query": query, "facts": "all"})
        assert wrong.status_code == 400


def test_inferred_facts_are_marked_where_a_thing_is_shown(tmp_path, capsys, monkeypatch):
    monkeypatch.setenv("DAFAB_STORE", str(tmp_path / "store"))
    file = write(tmp_path / "in", "one", "x:w a dafab:WaterProduct .")
    assert main(["load", "--no-validate", str(file)]) == 0
    capsys.readouterr()
    assert main(["show", "https://x.example/w"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert any("dafab:Product" in line and "inferred" in line for line in lines)
