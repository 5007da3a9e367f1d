"""What a query's functions could not do can be seen afterwards."""

from __future__ import annotations

from dafab_kg.store.diagnostics import LONGEST_MESSAGE, MOST_FAULTS, Diagnostics, Fault
from dafab_kg.store.oxigraph import OxigraphStore

PREFIXES = """
PREFIX geo: <http://www.opengis.net/ont/geosparql#>
PREFIX geof: <http://www.opengis.net/def/function/geosparql/>
"""
WITHIN = (
    "SELECT ?w { VALUES ?w { "
    '"POINT (1 1)"^^geo:wktLiteral "POINT (9 9)"^^geo:wktLiteral "POINT"^^geo:wktLiteral '
    '"nowhere" "elsewhere" } '
    'FILTER (geof:sfWithin(?w, "POLYGON ((0 0, 2 0, 2 2, 0 2, 0 0))"^^geo:wktLiteral)) }'
)


def test_errors_drop_rows_and_are_told() -> None:
    diagnostics = Diagnostics()
    answer = OxigraphStore().query(PREFIXES + WITHIN, diagnostics=diagnostics)
    assert len(list(answer)) == 1
    assert bool(diagnostics)
    first, second = diagnostics
    assert first == Fault("sfWithin", first.message, 2)
    assert "not one of http://www.w3.org/2001/XMLSchema#string" in first.message
    assert second.count == 1
    assert second.message.startswith("Not WKT")


def test_without_errors_there_is_nothing_to_tell() -> None:
    diagnostics = Diagnostics()
    list(OxigraphStore().query("SELECT (1 AS ?x) {}", diagnostics=diagnostics))
    assert not diagnostics
    assert list(diagnostics) == []


def test_an_error_in_a_negation_stays_an_error() -> None:
    """SPARQL 1.1, 17.2: not of an error is an error; COALESCE takes the next."""
    query = PREFIXES + 'SELECT (%s AS ?x) { BIND ("" AS ?w) }'
    for expression, expected in (
        ("!geof:isEmpty(?w)", None),
        ("geof:isEmpty(?w) || true", "true"),
        ("COALESCE(geof:isEmpty(?w), 7)", "7"),
        ("IF(true, 7, geof:isEmpty(?w))", "7"),
    ):
        [[value]] = list(OxigraphStore().query(query % expression))
        assert (value and value.value) == expected


def test_what_is_kept_is_bounded() -> None:
    diagnostics = Diagnostics()
    for number in range(MOST_FAULTS + 10):
        diagnostics.note("sfWithin", f"{number} " + "x" * 1000)
    diagnostics.note("sfWithin", "0 " + "x" * 1000)
    faults = list(diagnostics)
    assert len(faults) == MOST_FAULTS
    assert faults[0].count == 2
    assert diagnostics.unkept == 10
    assert all(len(fault.message) <= LONGEST_MESSAGE for fault in faults)
