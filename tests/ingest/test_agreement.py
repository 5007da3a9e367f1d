"""Of values that exclude each other one holds, whatever came first; the others are claims."""

from __future__ import annotations

import random
from collections import defaultdict
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rdflib import OWL, RDF, Graph

from dafab_kg.catalogue import Catalogue, open_catalogue
from dafab_kg.ingest.agreement import comparable
from dafab_kg.model.names import NS, PREFIXES
from dafab_kg.model.settings import Settings

ROOT = Path(__file__).resolve().parents[2]
PRODUCT = "https://w3id.org/dafab/id/product/"
CLAIMS = f"""PREFIX dafab: <{NS}>
SELECT ?subject ?property ?value ?by WHERE {{
  ?claim a dafab:Claim ; dafab:claimSubject ?subject ; dafab:claimProperty ?property ;
         dafab:claimValue ?value ; dafab:claimedBy ?document .
  ?document dafab:documentKey ?by }}"""


def functional() -> set[str]:
    """The ontology's functional properties, read by rdflib."""
    graph = Graph()
    for file in (ROOT / "ontology").glob("*.ttl"):
        graph.parse(file)
    return {str(s) for s in graph.subjects(RDF.type, OWL.FunctionalProperty)}


def rows(catalogue: Catalogue, query: str) -> list[tuple[str, ...]]:
    answer: Any = catalogue.query(query)
    return [tuple("" if term is None else term.value for term in row) for row in answer]


def values(catalogue: Catalogue, product: str, name: str = "cloudCover") -> list[str]:
    query = f"SELECT ?v {{ <{PRODUCT}{product}> <{NS}{name}> ?v }}"
    return [row[0] for row in rows(catalogue, query)]


def statement(product: str, value: str, name: str = "cloudCover") -> str:
    return f"<{PRODUCT}{product}> <{NS}{name}> {value} .\n"


def load(catalogue: Catalogue, folder: Path, **documents: str) -> None:
    folder.mkdir(exist_ok=True)
    for name, text in documents.items():
        (folder / f"{name}.ttl").write_text(text)
    report = catalogue.load(*[folder / f"{name}.ttl" for name in documents], validate=False)
    assert report.ok, report.rejected


def ranked(tmp_path: Path, *first: str) -> Settings:
    """Settings in which the RDF files named come first, in this order."""
    return Settings(store=tmp_path / "store", source_ranking=[f"rdf:*/{n}.ttl" for n in first])


def test_the_value_of_the_source_ranked_higher_holds_and_the_other_is_a_claim(
    tmp_path: Path,
) -> None:
    with open_catalogue(settings=ranked(tmp_path, "delivered")) as catalogue:
        load(catalogue, tmp_path / "in", hearsay=statement("P", "12.5"))
        assert values(catalogue, "P") == ["12.5"]
        load(catalogue, tmp_path / "in", delivered=statement("P", "11.9"))
        assert values(catalogue, "P") == ["11.9"]
        ((subject, name, value, by),) = rows(catalogue, CLAIMS)
        assert (subject, name, value) == (PRODUCT + "P", NS + "cloudCover", "12.5")
        assert by.endswith("hearsay.ttl")
        # the document's own graph keeps what it states
        query = f"SELECT ?v {{ GRAPH ?g {{ <{PRODUCT}P> <{NS}cloudCover> ?v }} }} ORDER BY ?v"
        assert rows(catalogue, query) == [("11.9",), ("12.5",)]
        (found,) = catalogue.disagreements()
        assert (found.accepted, found.claimed) == ("11.9", "12.5")
        assert found.accepted_from.endswith("delivered.ttl")
        assert catalogue.doctor() == ()


def test_when_the_source_ranked_higher_goes_the_claim_becomes_the_value(tmp_path: Path) -> None:
    with open_catalogue(settings=ranked(tmp_path, "delivered")) as catalogue:
        documents = {"hearsay": statement("P", "12.5"), "delivered": statement("P", "11.9")}
        load(catalogue, tmp_path / "in", **documents)
        (delivered,) = [d for d in catalogue.documents() if d.key.endswith("delivered.ttl")]
        catalogue.delete(delivered.document_id)
        assert values(catalogue, "P") == ["12.5"]
        assert catalogue.disagreements() == ()
        assert catalogue.doctor() == ()


def test_a_document_that_is_corrected_takes_its_claim_back(tmp_path: Path) -> None:
    with open_catalogue(settings=ranked(tmp_path, "delivered")) as catalogue:
        documents = {"hearsay": statement("P", "12.5"), "delivered": statement("P", "11.9")}
        load(catalogue, tmp_path / "in", **documents)
        load(catalogue, tmp_path / "in", hearsay=statement("P", "11.9"))
        assert values(catalogue, "P") == ["11.9"]
        assert catalogue.disagreements() == ()
        load(catalogue, tmp_path / "in", delivered=statement("P", "10"))
        assert values(catalogue, "P") == ["10"]
        assert [d.claimed for d in catalogue.disagreements()] == ["11.9"]
        assert catalogue.doctor() == ()


def test_properties_that_may_have_several_values_keep_them(tmp_path: Path) -> None:
    with open_catalogue(settings=ranked(tmp_path)) as catalogue:
        one, two = (statement("P", f'"{n}"', "granuleId") for n in "ab")
        load(catalogue, tmp_path / "in", one=one, two=two)
        assert sorted(values(catalogue, "P", "granuleId")) == ["a", "b"]
        assert catalogue.disagreements() == ()


FORMS = [
    (
        "cloudCover",
        f'"12"^^<{PREFIXES["xsd"]}integer>',
        f'"12.0"^^<{PREFIXES["xsd"]}decimal>',
    ),
    (
        "datetime",
        f'"2022-09-28T10:00:00+02:00"^^<{PREFIXES["xsd"]}dateTime>',
        f'"2022-09-28T08:00:00Z"^^<{PREFIXES["xsd"]}dateTime>',
    ),
]


@pytest.mark.parametrize(("name", "first", "second"), FORMS)
def test_values_that_differ_in_form_only_are_one(
    tmp_path: Path, name: str, first: str, second: str
) -> None:
    with open_catalogue(settings=ranked(tmp_path, "one")) as catalogue:
        one, two = statement("P", first, name), statement("P", second, name)
        load(catalogue, tmp_path / "in", two=two)
        load(catalogue, tmp_path / "in", one=one)
        assert len(values(catalogue, "P", name)) == 1
        assert catalogue.disagreements() == ()
        assert catalogue.doctor() == ()


def test_one_polygon_begun_at_two_corners_is_one_shape() -> None:
    wkt = f"^^<{PREFIXES['geo']}wktLiteral>"
    first = f'"POLYGON((0 0,1 0,1 1,0 0))"{wkt}'
    second = f'"POLYGON ((1 0, 1 1, 0 0, 1.0 0.0))"{wkt}'
    other = f'"POLYGON ((1 0, 1 1.1, 0 0, 1 0))"{wkt}'
    assert comparable(first) == comparable(second) != comparable(other)
    broken = f'"POLYGON ((1 0, "{wkt}'
    assert comparable(broken) == broken


def test_a_ranking_that_changes_is_noticed_and_put_right(tmp_path: Path) -> None:
    with open_catalogue(settings=ranked(tmp_path, "a", "b")) as catalogue:
        load(catalogue, tmp_path / "in", a=statement("P", "1"), b=statement("P", "2"))
        assert values(catalogue, "P") == ["1"]
    with open_catalogue(settings=ranked(tmp_path, "b", "a")) as catalogue:
        assert {finding.what for finding in catalogue.doctor()} == {
            "1 properties that documents state are missing in it",
            "the claims are not what documents state now",
        }
        catalogue.rederive()
        assert values(catalogue, "P") == ["2"]
        assert [d.claimed for d in catalogue.disagreements()] == ["1"]
        assert catalogue.doctor() == ()


NAMES = ("a", "b", "c", "d")
Contents = dict[str, dict[tuple[str, str], Decimal]]
DOCUMENTS = st.dictionaries(
    st.sampled_from(NAMES),
    st.dictionaries(
        st.tuples(st.sampled_from("PQ"), st.sampled_from(("cloudCover", "snowCover"))),
        st.sampled_from([Decimal(n) for n in ("1", "2", "2.5")]),
        min_size=1,
    ),
    min_size=1,
)


def expected(contents: Contents) -> tuple[dict[tuple[str, str], Decimal], set[tuple[str, ...]]]:
    """What must hold and what is claimed, by looking at everything at once.

    ``a`` is ranked first; then as many documents as possible, then the first name.
    """
    stated: defaultdict[tuple[str, str], dict[Decimal, list[str]]] = defaultdict(dict)
    for name in sorted(contents):
        for what, value in contents[name].items():
            stated[what].setdefault(value, []).append(name)
    holds, claims = {}, set()
    for what, by_value in stated.items():
        order = sorted(
            by_value, key=lambda v: ("a" not in by_value[v], -len(by_value[v]), by_value[v])
        )
        holds[what] = order[0]
        claims.update((*what, str(value), name) for value in order[1:] for name in by_value[value])
    return holds, claims


@settings(max_examples=settings.default.max_examples // 3)
@given(steps=st.lists(DOCUMENTS, min_size=1, max_size=4), seed=st.integers(0, 2**16))
def test_what_holds_depends_on_what_is_loaded_now_and_on_nothing_else(
    tmp_path_factory: pytest.TempPathFactory, steps: list[Contents], seed: int
) -> None:
    """Random loads, replacements and deletions, against a reckoning over all documents."""
    folder = tmp_path_factory.mktemp("agreement")
    chance = random.Random(seed)
    now: Contents = {}
    with open_catalogue(settings=ranked(folder, "a")) as catalogue:
        for step in steps:
            names = sorted(step)
            chance.shuffle(names)
            texts = {
                name: "".join(statement(p, str(v), n) for (p, n), v in step[name].items())
                for name in names
            }
            load(catalogue, folder / "in", **texts)
            now.update(step)
            if len(now) > 1 and chance.random() < 0.4:
                gone = chance.choice(sorted(now))
                (entry,) = [d for d in catalogue.documents() if d.key.endswith(f"/{gone}.ttl")]
                catalogue.delete(entry.document_id)
                del now[gone]
            holds, claims = expected(now)
            found = rows(
                catalogue,
                f"SELECT ?s ?p ?v {{ VALUES ?p {{ <{NS}cloudCover> <{NS}snowCover> }} ?s ?p ?v }}",
            )
            assert sorted(found) == sorted(
                (PRODUCT + p, NS + n, str(v)) for (p, n), v in holds.items()
            )
            assert {
                (s.removeprefix(PRODUCT), p.removeprefix(NS), v, Path(by).stem)
                for s, p, v, by in rows(catalogue, CLAIMS)
            } == claims
            assert catalogue.doctor() == ()


@pytest.mark.oracle
def test_real_documents_of_the_same_products_agree_on_one_value(
    shared: Path, tmp_path: Path
) -> None:
    """SAFE metadata, and what two STAC tools made of them: delivered metadata hold."""
    sources = [shared / "s2_safe", shared / "stac_catalogues"]
    single = functional()
    answers = []
    for name, order in (("one", sources), ("two", sources[::-1])):
        with open_catalogue(settings=Settings(store=tmp_path / name)) as catalogue:
            for source in order:
                catalogue.load(source, validate=False)
            repeated = rows(
                catalogue, "SELECT ?s ?p { ?s ?p ?o } GROUP BY ?s ?p HAVING (COUNT(*) > 1)"
            )
            assert {p for _, p in repeated} & single == set()
            told = rows(catalogue, CLAIMS)
            assert told
            assert catalogue.doctor() == ()
            answers.append(
                sorted(
                    rows(
                        catalogue,
                        f"PREFIX dafab: <{NS}> SELECT ?s ?p ?v {{ ?s a dafab:Product ; ?p ?v }}",
                    )
                )
            )
    assert answers[0] == answers[1], "whatever came first"
    west = next(v for s, p, v in answers[0] if "T34LBQ_20220401T110010" in s and p == NS + "west")
    # product_metadata.xml says 18.837533655; its STAC item was rounded to six decimals
    assert west == "18.837533655"


def test_a_product_that_turns_out_newer_supersedes(tmp_path: Path) -> None:
    """Nothing but its baseline changes: the order of the acquisition's products is made anew."""
    acquired = f"<{NS}acquiredIn> <https://w3id.org/dafab/id/acquisition/A>"
    level = f'<{NS}processingLevel> "L2A"'

    def text(product: str, baseline: str) -> str:
        return (
            f'<{PRODUCT}{product}> {acquired} ; {level} ; <{NS}processingBaseline> "{baseline}" .'
        )

    with open_catalogue(settings=ranked(tmp_path)) as catalogue:
        load(catalogue, tmp_path / "in", one=text("P", "04.00"), two=text("Q", "05.00"))
        query = f"SELECT ?newer ?older {{ ?newer <{NS}supersedes> ?older }}"
        assert rows(catalogue, query) == [(PRODUCT + "Q", PRODUCT + "P")]
        load(catalogue, tmp_path / "in", one=text("P", "05.10"))
        assert rows(catalogue, query) == [(PRODUCT + "P", PRODUCT + "Q")]
        assert catalogue.doctor() == ()
