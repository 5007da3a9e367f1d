"""Links to outside knowledge: both forms, and identifiers in one form."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dafab_kg.catalogue import open_catalogue
from dafab_kg.loaders.knowledge import KnowledgeLoader
from dafab_kg.loaders.knowledge.identifiers import read_doi, read_geonames, read_wikidata
from dafab_kg.loaders.trees import open_trees
from dafab_kg.model.documents import Found, Reading, Tree
from dafab_kg.model.errors import DocumentRejected, FieldMissing, FieldNotValid, NotWellFormed
from dafab_kg.model.records import KnowledgeLink, Publication
from dafab_kg.model.settings import Settings

BASE = "https://w3id.org/dafab/id/"


def read(folder: Path, value: Any, name: str = "links.json") -> Reading:
    file = folder / name
    text = value if isinstance(value, str) else json.dumps(value)
    file.write_text(text, encoding="utf-8")
    (tree,) = open_trees([file], Settings())
    assert isinstance(tree, Tree)
    (found,) = KnowledgeLoader().find(tree)
    assert isinstance(found, Found)
    return KnowledgeLoader().read(found.document)


def links(*members: Any) -> dict[str, Any]:
    return {"type": "dafab:KnowledgeLinks", "links": list(members)}


def test_both_forms_say_the_same(tmp_path: Path) -> None:
    told = read(
        tmp_path,
        links(
            {"about": "place:world/LUX", "wikidata": "Q32", "geonames": 2960313},
            {
                "about": "S2A_X",
                "doi": "https://doi.org/10.5281/Zenodo.12",
                "title": "A text, with comma",
            },
        ),
    )
    assert told.records == (
        KnowledgeLink(BASE + "place/world/LUX", "Q32", "2960313"),
        KnowledgeLink(BASE + "product/S2A_X", doi="10.5281/zenodo.12"),
        Publication("10.5281/zenodo.12", "A text, with comma", "https://doi.org/10.5281/zenodo.12"),
    )
    text = (
        "about,wikidata,geonames,doi,title\n"
        "place:world/LUX,Q32,2960313,,\n"
        'S2A_X,,,10.5281/ZENODO.12,"A text, with comma"\n'
    )
    assert read(tmp_path, text, "links.csv").records == told.records


@pytest.mark.parametrize(
    ("about", "iri"),
    [
        ("product:S2A_X", "product/S2A_X"),
        ("report:gdacs/1000/1", "report/gdacs/1000%2F1"),
        ("event:abc", "event/abc"),
        ("parcels:nl", "parcels/nl"),
        ("parcel:nl/1 2", "parcel/nl/1%202"),
        (BASE + "place/world/LUX", "place/world/LUX"),
    ],
)
def test_things_that_can_be_named(tmp_path: Path, about: str, iri: str) -> None:
    reading = read(tmp_path, links({"about": about, "wikidata": "Q1"}))
    assert reading.records[0].owner == BASE + iri  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("link", "error", "where"),
    [
        ({"wikidata": "Q1"}, FieldMissing, "/links/0"),
        ({"about": "x"}, FieldMissing, "/links/0"),
        ({"about": "x", "doi": "zenodo"}, FieldNotValid, "/links/0/doi"),
        ({"about": "x", "wikidata": "P31"}, FieldNotValid, "/links/0/wikidata"),
        ({"about": "x", "geonames": True}, FieldNotValid, "/links/0/geonames"),
        ({"about": BASE + "document/1", "doi": "10.1000/1"}, FieldNotValid, "/links/0/about"),
        ({"about": "https://other.example/", "doi": "10.1000/1"}, FieldNotValid, "/links/0/about"),
        ({"about": "place:world", "doi": "10.1000/1"}, FieldNotValid, "/links/0/about"),
        ("x", FieldNotValid, "/links/0"),
    ],
)
def test_faults(tmp_path: Path, link: Any, error: type[DocumentRejected], where: str) -> None:
    with pytest.raises(error) as caught:
        read(tmp_path, links(link))
    assert caught.value.where.endswith(where)
    assert "links.json" in caught.value.where
    assert caught.value.remedy


def test_faults_of_files(tmp_path: Path) -> None:
    with pytest.raises(FieldMissing, match="no links in it"):
        read(tmp_path, links())
    with pytest.raises(FieldMissing, match="no list of links"):
        read(tmp_path, {"type": "dafab:KnowledgeLinks"})
    with pytest.raises(NotWellFormed, match=r"line 2.*columns"):
        read(tmp_path, "about,doi\nx,10.1000/1,more\n", "links.csv")


def test_other_files_are_left(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("id,doi\n1,10.1000/1\n")
    (tmp_path / "b.csv").write_text("about,doi,surprise\nx,10.1000/1,3\n")
    (tmp_path / "c.json").write_text('{"links": []}')
    (tree,) = open_trees([tmp_path], Settings())
    assert isinstance(tree, Tree)
    assert list(KnowledgeLoader().find(tree)) == []


@given(st.from_regex(r"10\.[1-9][0-9]{3,8}/[A-Za-z0-9._;()/:-]{1,30}", fullmatch=True))
def test_a_doi_is_the_same_in_every_form(doi: str) -> None:
    forms = (doi, doi.upper(), f"doi:{doi}", f"https://doi.org/{doi}", f"http://dx.doi.org/{doi}")
    assert {read_doi(form, "") for form in forms} == {doi.lower()}


def test_identifiers_as_addresses() -> None:
    assert read_wikidata("http://www.wikidata.org/entity/Q32", "") == "Q32"
    assert read_geonames("https://sws.geonames.org/2960313/", "") == "2960313"
    assert read_geonames("https://www.geonames.org/2960313/luxembourg.html", "") == "2960313"


def test_in_the_graph_nothing_is_called_the_same(tmp_path: Path) -> None:
    file = tmp_path / "links.json"
    file.write_text(json.dumps(links({"about": "x", "wikidata": "Q32", "doi": "10.1000/1"})))
    with open_catalogue(tmp_path / "s") as catalogue:
        assert catalogue.load(file).counts == {"loaded": 1}
        rows = {
            tuple(t.value for t in row)
            for row in catalogue.query(f"SELECT ?p ?o {{ <{BASE}product/x> ?p ?o }}")
        }  # type: ignore[union-attr]
        ns = "https://w3id.org/dafab/ns#"
        assert rows == {
            (ns + "wikidata", "http://www.wikidata.org/entity/Q32"),
            (ns + "describedIn", BASE + "publication/10.1000%2F1"),
        }
