"""A worker answers many queries: what it has read and imported is not paid for each time."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import dafab_kg
from tests.serving.served import Server

BY_TIME = """
PREFIX dafab: <https://w3id.org/dafab/ns#>
PREFIX xsd: <http://www.w3.org/2001/XMLSchema#>
SELECT ?product WHERE {
  ?product dafab:datetime ?time
  FILTER (?time > "1999-01-01T00:00:00Z"^^xsd:dateTime)
} ORDER BY DESC(?time) LIMIT 5
"""


def test_a_question_of_time_costs_no_worker(patient: Server) -> None:
    """Arrow reserved a GiB of addresses at its first array, and the worker was taken for full."""
    before = set(patient.pids("worker"))
    for _ in range(6):
        assert patient.get(BY_TIME).status_code == 200
    assert set(patient.pids("worker")) == before


FIRST_QUERIES = """
import os, sys
from pathlib import Path
import dafab_kg.serving.supervisor, dafab_kg.web.front
from dafab_kg.catalogue import open_catalogue
from dafab_kg.model.settings import Settings
from dafab_kg.serving.sharing import import_for_workers
settings = Settings(store=Path(sys.argv[1]))
import_for_workers(settings)
print(len(os.listdir("/proc/self/task")))
before = set(sys.modules)
with open_catalogue(settings=settings, published=True) as catalogue:
    for query in sys.argv[2:]:
        list(catalogue.query(query))
heavy = ("dafab_kg.", "numpy", "pyarrow", "pyproj", "shapely", "arro3", "geoindex_rs")
print(*sorted(name for name in set(sys.modules) - before if name.startswith(heavy)))
"""
IN_PLACE = """
PREFIX geo: <http://www.opengis.net/ont/geosparql#>
PREFIX geof: <http://www.opengis.net/def/function/geosparql/>
SELECT * { ?a geo:hasGeometry/geo:asWKT ?w
  FILTER(geof:sfWithin(?w, "POLYGON((6 49,7 49,7 50,6 50,6 49))"^^geo:wktLiteral)) }
"""


def test_the_first_query_of_a_worker_imports_nothing(loaded: Path) -> None:
    """Each worker that took the place of a killed one spent 0.4 s of processor time on it."""
    environment = {**os.environ, "OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}
    with dafab_kg.open(loaded) as catalogue:
        catalogue.publish()
    told = subprocess.run(
        [sys.executable, "-c", FIRST_QUERIES, str(loaded), BY_TIME, IN_PLACE],
        env=environment, capture_output=True, text=True, check=True,
    ).stdout.splitlines()  # fmt: skip
    assert told == ["1", ""]
