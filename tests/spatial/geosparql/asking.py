"""One expression at a time, over an empty store: what the engine answers with our functions."""

from __future__ import annotations

from dafab_kg.store.diagnostics import Diagnostics
from dafab_kg.store.oxigraph import OxigraphStore
from dafab_kg.store.protocol import Literal

PREFIXES = """
PREFIX geo: <http://www.opengis.net/ont/geosparql#>
PREFIX geof: <http://www.opengis.net/def/function/geosparql/>
PREFIX uom: <http://www.opengis.net/def/uom/OGC/1.0/>
PREFIX unit: <http://qudt.org/vocab/unit/>
PREFIX epsg: <http://www.opengis.net/def/crs/EPSG/0/>
PREFIX xsd: <http://www.w3.org/2001/XMLSchema#>
"""
STORE = OxigraphStore()


def wkt(text: str) -> str:
    """A geo:wktLiteral in SPARQL; of digits alone, with the EPSG CRS before the colon."""
    code, colon, rest = text.partition(":")
    if colon and code.isdigit():
        text = f"<http://www.opengis.net/def/crs/EPSG/0/{code}> {rest}"
    return f'"{text}"^^geo:wktLiteral'


def evaluate(expression: str, diagnostics: Diagnostics | None = None) -> Literal | None:
    """The value of an expression, None if it is an error."""
    query = f"{PREFIXES} SELECT ({expression} AS ?value) {{}}"
    [[value]] = list(STORE.query(query, diagnostics=diagnostics))
    assert value is None or isinstance(value, Literal)
    return value


def text(expression: str) -> str:
    """The lexical form of an expression's value."""
    value = evaluate(expression)
    assert value is not None, expression
    return value.value


def number(expression: str) -> float:
    """An expression's value as a number."""
    return float(text(expression))


def fault(expression: str) -> str:
    """What the diagnostics say of an expression that is an error."""
    diagnostics = Diagnostics()
    assert evaluate(expression, diagnostics) is None, expression
    [found] = diagnostics
    return found.message
