"""Real documents of others, end to end: what the graph says is what the document said.

The truth here is not ours: numbers come from the documents themselves, and for
SAFE products from the STAC that another project (stactools) makes of them.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

import dafab_kg
from dafab_kg.catalogue import Catalogue
from dafab_kg.model.names import NS, Names
from dafab_kg.store.protocol import Iri, Literal

GEO = "http://www.opengis.net/ont/geosparql#"
NAMES = Names()


@pytest.fixture(scope="module")
def catalogue(shared: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Catalogue]:
    with dafab_kg.open(tmp_path_factory.mktemp("real") / "store") as opened:
        opened.load(*(shared / name for name in ("s2_safe", "stac_catalogues", "water_analysis")))
        yield opened


def values(catalogue: Catalogue, subject: str, term: str) -> set[str]:
    """Values of a property in the default graph."""
    iri = term if term.startswith("http") else NS + term
    query = f"SELECT ?value ?subject {{ ?subject <{iri}> ?value }}"
    rows = catalogue.query(query, bindings={"subject": Iri(subject)})
    return {row[0].value for row in rows}  # type: ignore[union-attr]


def test_everything_is_loaded_or_rejected_for_a_right_reason(catalogue: Catalogue) -> None:
    kinds = Counter(entry.kind for entry in catalogue.documents())
    assert kinds == {"sentinel2": 47, "stac": 57, "dafab": 519}
    rejected = {Path(entry.origin).name: entry.error for entry in catalogue.quarantine()}
    assert rejected == {
        # two manifests without the product they belong to
        "manifest.safe.S2_MSI_L1C": "FieldMissing",
        "manifest.safe.S2_MSI_L2A": "FieldMissing",
        # one of Sentinel-1 under another name, in a directory that is not its product's
        "manifest.safe.S1_SAR_GRD": "FieldMissing",
        # a STAC example in two versions under one self link: which is right cannot be told
        "sentinel1.json": "NotUnique",
    }
    assert catalogue.doctor() == ()


def test_every_original_comes_back_byte_for_byte(catalogue: Catalogue, shared: Path) -> None:
    folders = [shared / name for name in ("s2_safe", "stac_catalogues", "water_analysis")]
    files = 0
    for entry in catalogue.documents():
        for name, data in catalogue.document(entry.document_id)[1].items():
            delivered = [path for folder in folders if (path := folder / name).is_file()]
            assert data in [path.read_bytes() for path in delivered], name
            files += 1
    assert files > 519 + 57 + 47 * 2


def camel(name: str) -> str:
    """``excess_total_water_observed_area(km2)`` → ``excessTotalWaterObservedArea``."""
    first, *rest = re.sub(r"\(.*\)", "", name).split("_")
    return first + "".join(word.capitalize() for word in rest)


def figures(item: dict[str, Any]) -> Iterator[tuple[str, str, Decimal]]:
    """(IRI, term, value) of each number in the properties, by the notes' description of them."""
    product = NAMES.make("product", product_id=item["id"])
    block = item["properties"]["dafab:water-analysis"]
    for key, value in block.items():
        if key == "water_analysis_algorithm_version":
            yield NAMES.make("inference_run", product_id=item["id"]), "algorithmVersion", value
        elif key == "difference_water_mask":
            yield from ((product, camel(f"difference_{k}"), v) for k, v in value.items())
        elif key in {"excess_total_water", "deficit_water"}:
            node = NAMES.make(
                "water_objects", product_id=item["id"], anomaly_sign=key.split("_")[0]
            )
            for name, number in value.items():
                named = {"number": "count"}.get(name, name)
                named = "percentage" if named.endswith("_observed") else named
                yield node, camel(named), number
        elif key == "trustworthiness_observed_water_mask":
            for comparison, scores in value.items():
                node = NAMES.make("mask_agreement", product_id=item["id"], comparison=comparison)
                yield from ((node, camel(k), v) for k, v in scores.items())
        else:
            yield product, camel(key), value
    for term, value in zip(("west", "south", "east", "north"), item["bbox"], strict=True):
        yield product, term, value


def count_numbers(value: Any) -> int:
    if isinstance(value, dict):
        return sum(count_numbers(v) for v in value.values())
    if isinstance(value, list):
        return sum(count_numbers(v) for v in value)
    return isinstance(value, int | Decimal) and not isinstance(value, bool)


@pytest.mark.oracle
def test_each_number_of_each_water_analysis_item_is_in_the_graph(
    catalogue: Catalogue, shared: Path
) -> None:
    checked = items = 0
    for path in sorted((shared / "water_analysis").glob("*.json")):
        item = json.loads(path.read_text(), parse_float=Decimal)
        found = list(figures(item))
        for subject, term, value in found:
            stated = values(catalogue, subject, term)
            assert {Decimal(one) for one in stated} == {Decimal(value)}, (path.name, term)
        geometry = NAMES.make("geometry", product_id=item["id"])
        (wkt,) = values(catalogue, geometry, GEO + "asWKT")
        told = Counter(Decimal(n) for n in re.findall(r"-?\d+(?:\.\d+)?(?:E-?\d+)?", wkt))
        given: Counter[Decimal] = Counter()
        stack = [item["geometry"]["coordinates"]]
        while stack:
            one = stack.pop()
            if isinstance(one, list):
                stack.extend(one)
            else:
                given[Decimal(one)] += 1
        assert told == given, path.name
        # Nothing else in the document is a number.
        assert count_numbers(item) == len(found) + sum(given.values()), path.name
        checked += count_numbers(item)
        items += 1
    assert items == 519 and checked > 519 * 60


def expectations(shared: Path) -> list[Path]:
    return sorted((shared / "s2_safe" / "stactools").glob("*/expected_output.json"))


def test_safe_products_say_what_stactools_says(catalogue: Catalogue, shared: Path) -> None:
    paths = expectations(shared)
    assert len(paths) == 9
    for path in paths:
        expected = json.loads(path.read_text(), parse_float=Decimal)
        told = expected["properties"]
        query = f"SELECT ?product ?id {{ ?product <{NS}sceneId> ?id }}"
        rows = list(catalogue.query(query, bindings={"id": Literal(expected["id"])}))  # type: ignore[arg-type]
        (product,) = {row[0].value for row in rows}
        graph = own_graph(catalogue, path.parent.name)
        assert stated(catalogue, graph, product, "datetime") == canonical_time(told["datetime"])
        platform = NAMES.make("platform", platform=told["platform"])
        assert stated(catalogue, graph, product, "onPlatform") == platform
        tile = told["grid:code"].removeprefix("MGRS-")
        assert stated(catalogue, graph, product, "tile") == NAMES.make("tile", mgrs_tile=tile)
        assert Decimal(stated(catalogue, graph, product, "cloudCover")) == told["eo:cloud_cover"]
        for term, value in zip(("west", "south", "east", "north"), expected["bbox"], strict=True):
            ours = Decimal(stated(catalogue, graph, product, term))
            assert abs(ours - value) <= Decimal("1e-4"), (path.parent.name, term)


def own_graph(catalogue: Catalogue, folder: str) -> str:
    """The graph of the SAFE document in one folder."""
    (graph,) = [
        NAMES.make("graph", document_id=entry.document_id)
        for entry in catalogue.documents()
        if entry.kind == "sentinel2" and f"/{folder}" in entry.origin
    ]
    return graph


def stated(catalogue: Catalogue, graph: str, subject: str, term: str) -> str:
    query = f"SELECT ?value {{ GRAPH <{graph}> {{ <{subject}> <{NS}{term}> ?value }} }}"
    (row,) = catalogue.query(query)  # type: ignore[union-attr]
    return row[0].value  # type: ignore[union-attr]


def canonical_time(text: str) -> str:
    """``2021-09-08T04:27:01.024000Z`` → ``2021-09-08T04:27:01.024Z``."""
    seconds, _, fraction = text.removesuffix("Z").partition(".")
    fraction = fraction.rstrip("0")
    return f"{seconds}.{fraction}Z" if fraction else f"{seconds}Z"


@pytest.mark.oracle
def test_reprocessed_products_supersede_and_both_remain(catalogue: Catalogue) -> None:
    """The archive holds one datatake of tile 31UFS at one baseline, processed twice."""
    older = "S2B_MSIL2A_20190508T104029_N0212_R008_T31UFS_20190508T135155"
    newer = "S2B_MSIL2A_20190508T104029_N0212_R008_T31UFS_20190529T175832"
    pair = values(catalogue, NAMES.make("product", product_id=newer), "supersedes")
    assert pair == {NAMES.make("product", product_id=older)}
    for product in (older, newer):
        assert catalogue.show(product).documents


def test_a_product_in_two_envelopes_is_one_product(catalogue: Catalogue) -> None:
    """stactools' items lie beside the SAFE metadata they were made from."""
    product = "S2A_MSIL2A_20230625T234621_N0509_R073_T01WCP_20230626T022157"
    kinds = {document.kind for document in catalogue.show(product).documents}
    assert kinds == {"sentinel2", "stac"}
    iri = NAMES.make("product", product_id=product)
    assert values(catalogue, iri, "cloudCover") == {"15.047897"}
