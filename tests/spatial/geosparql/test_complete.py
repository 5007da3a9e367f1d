"""Every function of the standard's list is there, and none is the engine's own."""

from __future__ import annotations

from pathlib import Path

import pytest

from dafab_kg.store.functions import engine_options, function_iris

from .asking import PREFIXES, STORE, evaluate, fault, wkt

LIST = Path(__file__).with_name("functions-1.1.txt").read_text()
NAMES = [name for line in LIST.splitlines() if not line.startswith("#") for name in line.split()]
GEOF = "http://www.opengis.net/def/function/geosparql/"

SQUARE = wkt("POLYGON ((0 0, 2 0, 2 2, 0 2, 0 0))")
OTHER = wkt("4326:POLYGON Z ((1 1 5, 1 3 5, 3 3 5, 3 1 5, 1 1 5))")
ARGUMENTS = {
    "buffer": "1000, uom:metre", "metricBuffer": "1000", "area": "unit:M2", "length": "uom:metre",
    "perimeter": "uom:metre", "distance": f"{OTHER}, uom:metre", "metricDistance": OTHER,
    "geometryN": "1", "transform": "epsg:3857", "relate": f'{OTHER}, "T********"',
    "asGML": '"http://www.opengis.net/def/profile/ogc/2.0/gml-sf2"',
    **dict.fromkeys(("difference", "intersection", "symDifference", "union"), OTHER),
}  # fmt: skip


def test_list_is_the_whole_standard() -> None:
    assert len(NAMES) == len(set(NAMES)) == 5 + 24 + 14 + 6 + 25


@pytest.mark.parametrize("name", NAMES)
def test_function_is_implemented(name: str) -> None:
    ours = {node.value for lent in engine_options(GEOF + name).values() for node in lent}
    assert GEOF + name in ours
    if name.startswith("agg"):
        query = f"{PREFIXES} SELECT (geof:{name}(?x) AS ?y) {{ VALUES ?x {{ {SQUARE} {OTHER} }} }}"
        [[value]] = list(STORE.query(query))
        assert value is not None
    elif name == "asDGGS":
        assert "Discrete Global Grid" in fault(f"geof:asDGGS({SQUARE}, <http://example.org/grid>)")
    elif name in ("minZ", "maxZ"):
        assert evaluate(f"geof:{name}({OTHER})") is not None
    else:
        extra = ARGUMENTS.get(name) or (OTHER if name[:2] in ("sf", "eh", "rc") else "")
        assert evaluate(f"geof:{name}({SQUARE}{', ' if extra else ''}{extra})") is not None


def test_service_description_has_them_all() -> None:
    assert {GEOF + name for name in NAMES} <= function_iris()


def test_functions_are_lent_whatever_the_spelling() -> None:
    """An escape, or a prefix relative to a base, hides a name from a search of the text."""
    escaped = PREFIXES + f"ASK {{ FILTER(<{GEOF}sf\\u0049ntersects>({SQUARE}, {OTHER})) }}"
    based = (
        "BASE <http://www.opengis.net/def/function/> PREFIX f: <geosparql/> "
        "PREFIX geo: <http://www.opengis.net/ont/geosparql#> "
        f"ASK {{ FILTER(f:sfIntersects({SQUARE}, {OTHER})) }}"
    )
    for query in (escaped, based):
        assert STORE.query(query).value is True
    relative = f"PREFIX geo: <http://x/geo#> ASK {{ FILTER(<sfIntersects>({SQUARE}, {OTHER})) }}"
    relative = relative.replace("http://x/geo#", "http://www.opengis.net/ont/geosparql#")
    assert STORE.query(relative, base=GEOF).value is True


def test_functions_run_in_updates() -> None:
    from dafab_kg.store.oxigraph import OxigraphStore

    store = OxigraphStore()
    store.update(
        f"{PREFIXES} INSERT {{ <urn:a> <urn:srs> ?srs }} "
        f"WHERE {{ BIND(geof:getSRID({OTHER}) AS ?srs) }}"
    )
    [[srs]] = list(store.query("SELECT ?o { ?s ?p ?o }"))
    assert srs.value == "http://www.opengis.net/def/crs/EPSG/0/4326"
