"""All shared events through the whole flow, and the join that they are there for."""

from __future__ import annotations

import json
from collections import Counter
from datetime import datetime, timedelta
from pathlib import Path

import pandas as pd
import shapely

import dafab_kg

IMAGES = """PREFIX dafab: <https://w3id.org/dafab/ns#> PREFIX xsd: <http://www.w3.org/2001/XMLSchema#>
SELECT DISTINCT ?id {
  ?track dafab:hasEventIdentifier/dafab:identifierValue "AL092022" ; dafab:reportType "track" ;
    dafab:start ?start ; dafab:end ?end .
  ?point a dafab:TrackPoint ; dafab:ofReport ?track ; dafab:longitude ?x ; dafab:latitude ?y .
  ?image dafab:productId ?id ; dafab:datetime ?taken ;
    dafab:west ?west ; dafab:east ?east ; dafab:south ?south ; dafab:north ?north .
  FILTER(?taken >= ?start && ?taken <= ?end + "P14D"^^xsd:dayTimeDuration)
  FILTER(?x > ?west - 1 && ?x < ?east + 1 && ?y > ?south - 1 && ?y < ?north + 1) }"""


def test_images_within_the_area_and_time_of_hurricane_ian(shared: Path, tmp_path: Path) -> None:
    track = shared / "events/hurdat-florida/AL092022_IAN_track_rows_of_dfp.csv"
    union = shared / "events/maxar-open-data/Hurricane-Ian-9-26-2022_union.geojson"
    with dafab_kg.open(tmp_path / "store") as catalogue:
        catalogue.load(track)
        catalogue.load(union)
        answer = catalogue.query(IMAGES).to_pandas()  # type: ignore[union-attr]
    frame = pd.read_csv(track)
    positions = [shapely.from_wkt(wkt) for wkt in frame.geometry]
    first, last = (datetime.fromisoformat(frame.datetime.iloc[i]) for i in (0, -1))
    expected = set()
    for feature in json.loads(union.read_text())["features"]:
        taken = datetime.fromisoformat(feature["properties"]["datetime"].removesuffix("Z"))
        west, south, east, north = shapely.geometry.shape(feature["geometry"]).bounds
        around = shapely.box(west - 1, south - 1, east + 1, north + 1)
        near = any(around.contains(position) for position in positions)
        if near and first <= taken <= last + timedelta(days=14):
            expected.add(feature["properties"]["catalog_id"])
    assert len(expected) == 26
    assert set(answer.id) == expected


def test_the_small_folders_load_whole(shared: Path, tmp_path: Path) -> None:
    with dafab_kg.open(tmp_path / "store") as catalogue:
        catalogue.load(shared / "events/monty")
        catalogue.load(shared / "events/hurdat-florida")
        kinds = Counter((d.kind, d.key.split("/")[0]) for d in catalogue.documents())
        assert kinds == {
            ("events", "monty"): 22, ("stac", "collection"): 14, ("events", "hurdat2-rows"): 1,
            ("events", "hurdat2-landfall"): 212, ("events", "hurdat2-summary"): 212,
        }  # fmt: skip
        assert list(catalogue.quarantine()) == []
        assert catalogue.doctor() == ()
