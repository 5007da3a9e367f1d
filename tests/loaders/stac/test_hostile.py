"""Whatever stands where in an item, the loader reads it or says why not, and loses nothing."""

from __future__ import annotations

import json

from hypothesis import given, settings
from hypothesis import strategies as st

from dafab_kg.loaders.dafab import DafabLoader
from dafab_kg.loaders.stac import StacLoader
from dafab_kg.model.documents import Entry, Found, Tree
from dafab_kg.model.errors import DocumentRejected
from dafab_kg.model.names import is_iri
from dafab_kg.model.records import Link, Property

TEXTS = st.text(st.characters(exclude_categories=("Cs",), exclude_characters="\0"), max_size=8)
SCALARS = st.none() | st.booleans() | st.integers(-(10**12), 10**12) | TEXTS
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=6,
)
WORDS = st.sampled_from([
    "S2A_MSIL2A_20220127T104321_N0400_R008_T31UFS_20220127T132959",
    "S2A_MSIL2A_20229927T104321_N0400_R008_T31UFS_20220127T132959_water_analysis_200",
    "S1A_IW_GRDH_1SDV_20210809T173953_20210809T174018_039156_049F13_6FF8",
    "2020-01-01T00:00:00Z", "9999-12-31T23:59:60+14:00", "EPSG:99999999999", "MGRS-99XXX", "..",
    "https://dafab.cern.ch/stac/collections/water_analysis/items/x", "https://[::1", "C:/x",
])  # fmt: skip
PLACES = [
    ("type",), ("id",), ("collection",), ("stac_version",), ("stac_extensions",), ("bbox",),
    ("geometry",),
    ("geometry", "coordinates"), ("links",), ("links", 0), ("links", 0, "href"), ("assets",),
    ("assets", "a"), ("assets", "a", "href"), ("assets", "a", "eo:bands"), ("properties",),
    ("properties", "datetime"), ("properties", "platform"), ("properties", "instruments"),
    ("properties", "title"), ("properties", "s2:product_uri"), ("properties", "s2:datatake_id"),
    ("properties", "grid:code"), ("properties", "proj:code"), ("properties", "statistics"),
    ("properties", "processing:software"), ("properties", "eo:cloud_cover"), ("properties", "x"),
    ("properties", "dafab:water-analysis"), ("properties", "dafab:field_boundaries"),
    ("properties", "dafab:water-analysis", "difference_water_mask"),
    ("properties", "dafab:water-analysis", "trustworthiness_observed_water_mask"),
    ("properties", "dafab:water-analysis", "excess_total_water"), ("extra",),
]  # fmt: skip


def base(version: str, collection: str) -> dict:
    square = [[[1, 1], [2, 1], [2, 2], [1, 2], [1, 1]]]
    return {
        "type": "Feature",
        "stac_version": version,
        "id": "scene",
        "collection": collection,
        "geometry": {"type": "Polygon", "coordinates": square},
        "bbox": [1, 1, 2, 2],
        "properties": {"datetime": "2024-05-06T07:08:09Z", "dafab:water-analysis": {"x": 1}},
        "links": [{"rel": "derived_from", "href": "https://a.example/stac/items/b"}],
        "assets": {"a": {"href": "https://a.example/stac/assets/s/items/scene/a", "title": "A"}},
    }


@settings(max_examples=300, deadline=None)
@given(
    st.sampled_from(["0.8.0", "0.9.0", "1.0.0-beta.2", "1.0.0", "1.1.0"]),
    st.sampled_from(["water_analysis", "smart_agriculture", "sentinel_2_l2a", "other"]),
    st.lists(st.tuples(st.sampled_from(PLACES), VALUES | WORDS), max_size=6),
)
def test_nothing_crashes_the_loaders(version, collection, changes):
    value = base(version, collection)
    for place, new in changes:
        spot = value
        try:
            for step in place[:-1]:
                spot = spot[step]
            spot[place[-1]] = new
        except (KeyError, IndexError, TypeError):
            continue
    data = json.dumps(value).encode()
    tree = Tree("a.json", (Entry("a.json", "a.json", len(data), data[:4096], lambda: data),))
    for loader in (StacLoader(), DafabLoader()):
        for found in loader.find(tree):
            if not isinstance(found, Found):
                assert isinstance(found.error, DocumentRejected)
                continue
            try:
                reading = loader.read(found.document)
            except DocumentRejected as error:
                assert "a.json" in str(error)
                continue
            pointers = [r.pointer for r in reading.records if type(r) is Property]
            assert len(pointers) == len(set(pointers))
            for record in reading.records:
                if isinstance(record, Property | Link):
                    assert is_iri(record.owner)
            if "extra" in value:
                assert any(pointer.startswith("/extra") for pointer in pointers)
