"""A worker answers many queries: what it has read and imported is not paid for each time."""

from __future__ import annotations

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
