"""The crops of HCAT as concepts, against the lists that they come from."""

from __future__ import annotations

import csv
from pathlib import Path

from rdflib import RDF, SKOS, Graph, Namespace, URIRef

from dafab_kg.loaders.parcels.crops import concepts
from tests.loaders.parcels.fields import feature, geojson, load, polygon

ROOT = Path(__file__).resolve().parents[3]
HCAT = Namespace("https://w3id.org/dafab/hcat/")
SCHEME = URIRef("https://w3id.org/dafab/ns#hcat")


def scheme() -> Graph:
    return Graph().parse(ROOT / "ontology" / "hcat.ttl")


def test_every_concept_has_its_code_and_hangs_below_the_root() -> None:
    graph = scheme()
    found = set(graph.subjects(RDF.type, SKOS.Concept))
    assert {str(c).removeprefix(HCAT) for c in found} == concepts()
    for concept in found:
        code = str(concept).removeprefix(HCAT)
        assert [str(n) for n in graph.objects(concept, SKOS.notation)] == [code]
        assert graph.value(concept, SKOS.inScheme) == SCHEME
        assert HCAT["3000000000"] in set(graph.transitive_objects(concept, SKOS.broader))
        for parent in graph.objects(concept, SKOS.broader):
            kept = str(parent).removeprefix(HCAT).rstrip("0")
            assert code.startswith(kept + "0" * (len(kept) % 2)) or code == "3300000000"


def test_codes_and_names_are_those_of_the_lists(shared: Path) -> None:
    graph = scheme()
    folder = shared / "fields" / "EuroCrops" / "hcat_core"
    with (folder / "HCAT3.csv").open(encoding="utf-8-sig") as file:
        listed = {row["HCAT3_code"]: row["HCAT3_name"] for row in csv.DictReader(file)}
    assert len(listed) == 384
    for code, name in listed.items():
        assert str(graph.value(HCAT[code], SKOS.prefLabel)) == name.replace("_", " ")
    with (folder / "HCAT2.csv").open(encoding="utf-8-sig") as file:
        assert {row["HCAT2_code"] for row in csv.DictReader(file)} <= concepts()
    only = {str(c) for c in graph.subjects(SKOS.historyNote)}
    assert {iri.removeprefix(HCAT) for iri in only} == concepts() - set(listed)


LIST = (
    "original_code,original_name,HCAT3_name,HCAT3_code\n"
    "1,Weizen,x,3301010101\n2,Gras,x,3302000000\n"
)


def test_a_list_beside_the_data_gives_the_codes(tmp_path: Path) -> None:
    (tmp_path / "xx_2020.csv").write_text(LIST)
    features = [feature(polygon(x=6 + int(c) / 10), parcel_id=c, crop_code=c) for c in "123"]
    loaded = load(geojson(tmp_path / "p.json", *features).parent)
    found = {b.parcel_id: b.hcat_code for b in loaded.boundaries}
    assert found == {"1": "3301010101", "2": "3302000000", "3": None}
    loaded.warned("1 crop codes", "xx_2020.csv", "3")
    assert [part.name for part in loaded.documents[0].parts] == ["p.json", "xx_2020.csv"]


def test_a_list_of_another_country_is_not_used(tmp_path: Path) -> None:
    (tmp_path / "xx_2020.csv").write_text(LIST)
    features = [
        feature(polygon(x=6 + n / 10), parcel_id=str(n), crop_code=f"K{n}") for n in range(4)
    ]
    loaded = load(geojson(tmp_path / "p.json", *features).parent)
    assert {b.hcat_code for b in loaded.boundaries} == {None}
    loaded.warned("not used")


def test_of_several_lists_none_is_used(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text(LIST)
    (tmp_path / "b.csv").write_text(LIST)
    loaded = load(geojson(tmp_path / "p.json", feature(polygon(), crop_code="1")).parent)
    assert loaded.boundaries[0].hcat_code is None
    loaded.warned("Several crop lists")


def test_what_the_data_say_themselves_comes_first(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text(LIST)
    told = feature(polygon(), crop_code="1", **{"ec:hcat_code": "3301010102"})
    loaded = load(geojson(tmp_path / "p.json", told).parent)
    assert loaded.boundaries[0].hcat_code == "3301010102"
