"""The commands, documentation without a network, and the shapes that an ontology begins."""

from __future__ import annotations

import gc
import json
import re
import shutil
import socket
from pathlib import Path
from typing import NoReturn

import pyshacl
import pytest
from rdflib import OWL, RDF, SH, Graph, URIRef

from dafab_kg.cli import main
from dafab_kg.model.errors import ThingNotFound
from dafab_kg.vocabulary.skeleton import skeleton

ROOT = Path(__file__).resolve().parents[2]
FAULTY = Path(__file__).with_name("faulty.ttl")
NS = "https://w3id.org/dafab/ns#"
MODULES = sorted((ROOT / "ontology").glob("*.ttl"))
SHAPES = sorted((ROOT / "shapes").glob("*.ttl"))


def test_format_writes_in_place_and_check_only_tells(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "a.ttl"
    file.write_text("<https://e.example/b> a <https://e.example/C> .\n", "utf-8")
    before = file.read_text("utf-8")
    assert main(["ontology", "format", "--check", str(file)]) == 1
    assert "a.ttl: is not in canonical form" in capsys.readouterr().out
    assert file.read_text("utf-8") == before
    assert main(["ontology", "format", str(file)]) == 0
    assert file.read_text("utf-8") != before
    assert main(["ontology", "format", "--check", str(tmp_path)]) == 0
    assert list(tmp_path.iterdir()) == [file]


def test_nothing_is_written_if_one_file_cannot_be_read(tmp_path: Path) -> None:
    good, bad = tmp_path / "a.ttl", tmp_path / "b.ttl"
    good.write_text("<https://e.example/b> a <https://e.example/C> .\n", "utf-8")
    bad.write_bytes(b"\xff")
    before = good.read_bytes()
    assert main(["ontology", "format", str(good), str(bad)]) == 1
    assert good.read_bytes() == before


def test_check_exits_with_one_at_an_error(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["ontology", "check", str(FAULTY), "--json"]) == 1
    report = json.loads(capsys.readouterr().out)
    assert report["sound"] is False
    assert {"P19", "P41"} <= {finding["code"] for finding in report["findings"]}
    assert main(["ontology", "check", str(FAULTY), "--only", "P13"]) == 0
    assert main(["ontology", "check", str(FAULTY), "--only", "P99"]) == 2
    assert main(["ontology", "check", str(FAULTY.with_name("none.ttl"))]) == 1


# pyLODE leaves its style sheet open
@pytest.mark.filterwarnings("ignore::ResourceWarning")
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_documentation_names_every_term_and_needs_no_network(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("pylode")

    def refuse(*_: object, **__: object) -> NoReturn:
        raise AssertionError("the network was asked for")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    assert (
        main(
            [
                "ontology",
                "docs",
                "--out",
                str(tmp_path),
                "--quiet",
                str(ROOT / "ontology" / "dafab.ttl"),
                str(ROOT / "ontology" / "thresholds.ttl"),
            ]
        )
        == 0
    )
    gc.collect()  # so that its open file is told of here and not in another test
    page = (tmp_path / "index.html").read_text("utf-8")
    graph = Graph()
    for file in MODULES:
        graph.parse(file)
    kinds = (OWL.Class, OWL.ObjectProperty, OWL.DatatypeProperty)
    terms = {t for kind in kinds for t in graph.subjects(RDF.type, kind) if str(t).startswith(NS)}
    assert len(terms) > 300
    assert [t for t in terms if str(t) not in page] == []
    assert "DaFab ontology" in page


def test_a_skeleton_asks_for_what_the_ontology_says() -> None:
    text = skeleton(MODULES, SHAPES, ["Band"])
    graph = Graph().parse(data=text, format="turtle")
    paths = {str(p).removeprefix(NS): s for s, p in graph.subject_objects(SH.path)}
    resolution = paths["resolution"]
    assert graph.value(resolution, SH.maxCount).toPython() == 1
    assert str(graph.value(resolution, SH.datatype)).endswith("#decimal")
    assert graph.value(paths["ofProduct"], SH["class"]) == URIRef(NS + "Product")
    assert "ofProduct" in paths, "a property of the superclass ProductPart"
    for shape in paths.values():
        assert graph.value(shape, SH.message) and graph.value(shape, SH.severity)


def test_a_skeleton_is_shacl_that_pyshacl_runs() -> None:
    shapes = Graph().parse(data=skeleton(MODULES, SHAPES, ["Band"]), format="turtle")
    head = f"@prefix d: <{NS}> . <https://e.example/b> a d:Band ; d:resolution "
    good, bad = Graph().parse(data=head + "10.0 ."), Graph().parse(data=head + '10.0 , "x" .')
    assert pyshacl.validate(good, shacl_graph=shapes)[0]
    conforms, _, text = pyshacl.validate(bad, shacl_graph=shapes)
    assert not conforms
    assert len(re.findall("At most one value of resolution", text)) >= 1


def test_skeletons_are_for_classes_without_a_shape(tmp_path: Path) -> None:
    everything = skeleton(MODULES, [])
    rest = skeleton(MODULES, SHAPES)
    assert rest.count("sh:targetClass") < everything.count("sh:targetClass")
    beside = tmp_path / "rest.ttl"
    beside.write_text(rest or "", "utf-8")
    assert skeleton(MODULES, [*SHAPES, beside]) == ""
    with pytest.raises(ThingNotFound, match="Bnad"):
        skeleton(MODULES, SHAPES, ["Bnad"])


def test_others_labels_cannot_break_out_of_a_message(tmp_path: Path) -> None:
    file = tmp_path / "evil.ttl"
    file.write_text(
        r"""@prefix o: <http://www.w3.org/2002/07/owl#> .
@prefix r: <http://www.w3.org/2000/01/rdf-schema#> .
@prefix e: <https://e.example/#> .
e:C a o:Class . e:p a o:DatatypeProperty ; r:domain e:C ; r:label "a\" ] . e:x e:y e:z . \n" .
""",
        "utf-8",
    )
    graph = Graph().parse(data=skeleton([file], []), format="turtle")
    assert not list(graph.subject_objects(URIRef("https://e.example/#y")))
    assert len(list(graph.objects(None, SH.message))) == 1


def test_files_open_through_the_catalogue_file(tmp_path: Path) -> None:
    from dafab_kg.vocabulary.opening import open_files

    folder = Path(shutil.copytree(ROOT / "ontology", tmp_path / "ontology"))
    for whole in ("dafab.ttl", "dafab-full.ttl"):
        if (folder / whole).is_file():
            opened = open_files([folder / whole])
            assert opened.missing == ()
            assert len(opened.imported) > 10
    (folder / "catalog-v001.xml").unlink()
    assert len(open_files([folder / "dafab.ttl"]).missing) > 10
