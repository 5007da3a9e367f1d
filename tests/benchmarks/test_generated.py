"""The made-up catalogue of benchmarks/search.py is what a load would have written."""

from __future__ import annotations

import sys
from pathlib import Path
from types import ModuleType

import pyoxigraph as ox
import pytest

import dafab_kg
from dafab_kg.mapping import compile_mappings
from dafab_kg.model.names import Names
from dafab_kg.sample import write_sample

ROOT = Path(__file__).parents[2]
NS = "https://w3id.org/dafab/ns#"
TYPE = ox.NamedNode("http://www.w3.org/1999/02/22-rdf-syntax-ns#type")


@pytest.fixture
def generated(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    monkeypatch.syspath_prepend(str(ROOT / "benchmarks"))
    import _generated

    monkeypatch.delitem(sys.modules, "_generated", raising=False)
    return _generated  # type: ignore[no-any-return]


def statements(generated: ModuleType, count: int) -> str:
    floods = generated.events(50, 7)
    records = [r for one in generated.scenes(count, 7, floods) for r in _of(generated, one)]
    records += [r for one in floods for r in generated.records_of_event(one)]
    records += [r for one in generated.fields(20, 7) for r in generated.records_of_field(one)]
    records += generated.records_of_set()
    return compile_mappings(Names()).map(records, document_id="x")


def _of(generated: ModuleType, scene: object) -> list[object]:
    return list(generated.records_of_scene(scene))


def predicates(store: ox.Store, cls: str) -> set[str]:
    """What is said of the things of a class."""
    default = ox.DefaultGraph()
    return {
        quad.predicate.value
        for one in store.quads_for_pattern(None, TYPE, ox.NamedNode(NS + cls), default)
        for quad in store.quads_for_pattern(one.subject, None, None, default)
    }


def test_it_conforms_to_the_shapes(generated: ModuleType, tmp_path: Path) -> None:
    from dafab_kg.validation.anybody import judge_files

    data = tmp_path / "made.nq"
    data.write_text(statements(generated, 60))
    judgement = judge_files([data], sorted((ROOT / "shapes").glob("*.ttl")), ())
    assert judgement.conforms


def test_it_says_nothing_that_a_loaded_sample_does_not(
    generated: ModuleType, tmp_path: Path
) -> None:
    write_sample(tmp_path / "sample", seed=1, products=10)
    with dafab_kg.open(tmp_path / "store") as catalogue:
        catalogue.load(tmp_path / "sample", validate=False)
        catalogue.derive("coverage")
    loaded = ox.Store.read_only(str(tmp_path / "store" / "graph"))
    made = ox.Store()
    text = statements(generated, 60)
    graph = Names().make("graph", document_id="x")
    made.bulk_load(text.replace(f" <{graph}> .\n", " .\n").encode(), format=ox.RdfFormat.N_TRIPLES)
    for cls in (
        "SourceProduct", "AgricultureProduct", "WaterProduct", "WaterAnomaly", "InferenceRun",
        "Parcel", "ParcelBoundary", "ParcelSet", "EventReport",
    ):  # fmt: skip
        assert predicates(made, cls), cls
        extra = predicates(made, cls) - predicates(loaded, cls) - MAY_BE_ABSENT
        assert not extra, (cls, extra)


MAY_BE_ABSENT = {
    NS + name for name in ("cropCode", "datasetTitle")
}  # the sample's fields tell neither


def test_the_same_seed_makes_the_same(generated: ModuleType) -> None:
    assert statements(generated, 30) == statements(generated, 30)
    assert len({scene.product_id for scene in generated.scenes(400, 7)}) == 400


def test_a_track_passes_where_the_satellite_passed(generated: ModuleType) -> None:
    """Orbits of real products: S2 R008 and R108 over 32ULA and 32ULV, R051 over 31UFR."""
    seen = {(view.tile.name, view.orbit) for view in generated.views(7)}
    assert {("32ULA", 8), ("32ULA", 108), ("32ULV", 108), ("31UFR", 8), ("31UFR", 51)} <= seen
