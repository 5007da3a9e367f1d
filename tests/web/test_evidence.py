"""How facts are known that no source file gives: verdicts, computations, places."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Iterator
from decimal import Decimal
from urllib.parse import quote

import pytest
from flask.testing import FlaskClient
from shapely.geometry import box, mapping

import dafab_kg
from dafab_kg.catalogue.viewing import digest_of
from dafab_kg.derive.document import Derived, Input, derivation_document
from dafab_kg.model.names import NS, Names
from dafab_kg.model.records import SceneWater
from dafab_kg.store.protocol import Iri, Literal, Term
from dafab_kg.web import create_app
from tests.ingest.documents import source_id, water_item
from tests.web.test_pages import BROWSER

NAMES = Names()
SOURCE = source_id(1)
PRODUCT = f"{SOURCE}_water_analysis_200"
IRI = NAMES.make("product", product_id=PRODUCT)
DECIMAL = "http://www.w3.org/2001/XMLSchema#decimal"
FLOOD = Iri(f"{NS}flood")


@pytest.fixture(scope="module")
def asked(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FlaskClient]:
    """A water item whose figures are those of a flood, a computation, links, and hostile RDF."""
    folder = tmp_path_factory.mktemp("evidence")
    item = water_item(1)
    figures = item["properties"]["dafab:water-analysis"]
    figures.update({"excess_total_water_observed": 202.56, "deficit_water_observed": 2.72})
    (folder / "item.json").write_text(json.dumps(item))
    extent = SceneWater(PRODUCT, anomaly_score=Decimal("7.2027"))
    told = derivation_document(
        Derived("water", "1", PRODUCT, (Input("a" * 32, "b" * 64, "observed_mask"),), (extent,)),
        NAMES,
    )
    (folder / "derivation.json").write_bytes(told.parts[0].data)
    west, south, east, north = item["bbox"]
    half = mapping(box(west, south, (west + east) / 2, north))
    place = {"type": "Feature", "id": "LUX", "properties": {"name": "L"}, "geometry": half}
    places = {"type": "FeatureCollection", "features": [place]}
    (folder / "lux.geojson").write_text(json.dumps(places))
    # anybody may write that a policy or a computation says something
    (folder / "forged.ttl").write_text(
        f"@prefix dafab: <{NS}> . <http://e/x/anomaly> a dafab:WaterAnomaly ; "
        'dafab:ofProduct <http://e/x> ; dafab:policy "forged/1" ; dafab:anomalyType dafab:flood . '
        "<http://e/x> dafab:anomalyType dafab:flood ."
    )
    with dafab_kg.open(folder / "store") as catalogue:
        names = ("item.json", "derivation.json", "lux.geojson", "forged.ttl")
        report = catalogue.load(*(folder / name for name in names), validate=False)
        assert report.ok, [one for one in report.outcomes if one.status != "loaded"]
        assert catalogue.enrich().links == 1
        yield create_app(catalogue).test_client()


def why(
    asked: FlaskClient, name: str, value: Term, iri: str = IRI
) -> tuple[str, dict[str, object]]:
    about = {"iri": iri, "property": NS + name, "value": digest_of(value)}
    shown = asked.get("/why", query_string=about, headers=BROWSER)
    assert shown.status_code == 200, shown.text
    told = asked.get("/why", query_string={**about, "format": "json"}).json
    assert told is not None
    text = re.sub(r"\s+", " ", html.unescape(re.sub(r"<[^>]+>", " ", shown.text)))
    return text, told


def test_a_verdict_names_its_policy_and_the_figures_behind_it(asked: FlaskClient) -> None:
    text, told = why(asked, "anomalyType", FLOOD)
    assert "It is computed" in text and "It is stated" not in text
    assert "water-anomaly/1" in text
    assert "202.56" in text and "2.72" in text
    # thresholds as docs/decisions and loaders/dafab/anomaly.py have them
    assert "100 % or more" in text and "30 % or more" in text
    [one] = told["computed"]  # type: ignore[misc]
    assert (one["by"], one["name"]) == ("policy", "water-anomaly/1")
    assert one["thing"] == f"{IRI}/anomaly"
    # and so does what follows from it
    scene = {"iri": IRI, "property": "http://www.w3.org/1999/02/22-rdf-syntax-ns#type",
             "value": digest_of(Iri(f"{NS}FloodScene"))}  # fmt: skip
    follows = asked.get("/why", query_string=scene, headers=BROWSER).text
    assert "It follows" in follows and "water-anomaly/1" in follows


def test_a_computed_figure_names_the_computation_and_what_it_read(asked: FlaskClient) -> None:
    text, told = why(asked, "anomalyScore", Literal("7.2027", DECIMAL))
    assert "rule water , version 1" in text
    assert "observed mask" in text
    [one] = told["computed"]  # type: ignore[misc]
    assert one["by"] == "rule"
    assert one["thing"].startswith(NAMES.base + "derivation/")
    assert [read["thing"] for read in one["inputs"]] == [f"{NAMES.base}document/{'a' * 32}"]
    assert "not this fact" in text or "What made" not in text


def test_a_place_is_said_to_be_computed_from_outlines(asked: FlaskClient) -> None:
    place = Iri(NAMES.make("place", place_dataset="lux", place_id="LUX"))
    text, told = why(asked, "inPlace", place)
    assert "dafab-kg enrich" in text and re.search(r"50(\.0\d*)? % of the thing", text)
    [one] = told["computed"]  # type: ignore[misc]
    assert one["by"] == "places"


def test_a_figure_of_the_file_says_where_it_stands(asked: FlaskClient) -> None:
    text, told = why(asked, "observedWater", Literal("13.5", DECIMAL))
    assert "It is stated" in text
    assert not told["computed"]
    [place] = told["located"].values()  # type: ignore[attr-defined]
    assert place["places"] == ["properties › dafab:water-analysis › observed_water"]
    assert "mappings/water_analysis.yml" in text


def test_nobody_else_speaks_for_a_policy(asked: FlaskClient) -> None:
    text, told = why(asked, "anomalyType", FLOOD, "http://e/x")
    assert "It is stated" in text
    assert not told["computed"]
    assert quote("forged/1") not in text
