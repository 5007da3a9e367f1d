"""GeoSPARQL for the engine: our functions and aggregates as Oxigraph takes them.

They stand in place of the engine's own of the same IRI, which know fewer literals and CRSs
(docs/decisions/geosparql.md).
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import pyoxigraph as ox

from dafab_kg.spatial.geosparql.names import GEOF
from dafab_kg.store.diagnostics import Diagnostics
from dafab_kg.store.protocol import XSD_STRING, Blank, Iri, Literal, Term

if TYPE_CHECKING:
    from dafab_kg.spatial.geosparql.aggregates import Aggregate
    from dafab_kg.spatial.geosparql.functions import Function

# What every text has that names one of the functions, be it by a prefix relative to a base.
_SIGN: Final = "geosparql"


class _Kit(NamedTuple):
    """What one process makes once: names of the engine, functions, and one cache of literals."""

    names: dict[str, ox.NamedNode]
    functions: dict[str, Function]
    aggregates: dict[str, Callable[[], Aggregate]]


@cache
def _kit() -> _Kit:
    # shapely and pyproj take a while to import: only queries that ask for them wait for that.
    from dafab_kg.spatial.geosparql.aggregates import aggregates
    from dafab_kg.spatial.geosparql.functions import functions
    from dafab_kg.spatial.geosparql.literals import LiteralCache

    literals = LiteralCache()
    called, grouped = functions(literals), aggregates(literals)
    names = {name: ox.NamedNode(GEOF + name) for name in (*called, *grouped)}
    return _Kit(names, called, grouped)


def function_iris() -> frozenset[str]:
    """The IRIs of all functions and aggregates, for a service description."""
    return frozenset(node.value for node in _kit().names.values())


def engine_options(
    text: str, base: str | None = None, diagnostics: Diagnostics | None = None
) -> dict[str, Any]:
    """Return the functions and aggregates that a query or update may call, as options of
    Oxigraph; ``base`` is the base IRI that it is given, if any."""
    named = text + (base or "")
    if _SIGN not in named and "\\" not in named:
        return {}
    kit = _kit()
    return {
        "custom_functions": {
            kit.names[name]: _lent(name, function, diagnostics)
            for name, function in kit.functions.items()
            if name in named or "\\" in named
        },
        "custom_aggregate_functions": {
            kit.names[name]: _group(name, begin, diagnostics)
            for name, begin in kit.aggregates.items()
            if name in named or "\\" in named
        },
    }


def _lent(name: str, function: Function, diagnostics: Diagnostics | None) -> Callable[..., Any]:
    def call(*arguments: object) -> ox.NamedNode | ox.Literal | None:
        try:
            return _out(function(*map(_in, arguments)))
        # The engine takes any exception for an error of the expression, and is silent about it.
        except Exception as error:  # noqa: BLE001
            if diagnostics is not None:
                diagnostics.note(name, _message(error))
            return None

    return call


class _Group:
    """One group of an aggregate, as Oxigraph calls it."""

    def __init__(self, name: str, aggregate: Aggregate, diagnostics: Diagnostics | None) -> None:
        self._name, self._diagnostics = name, diagnostics
        self._aggregate: Aggregate | None = aggregate

    def accumulate(self, term: object) -> None:
        if self._aggregate is not None:
            self._attempt(lambda aggregate: aggregate.accumulate(_in(term)))

    def finish(self) -> object:
        return self._attempt(lambda aggregate: _out(aggregate.finish()))

    def _attempt(self, step: Callable[[Aggregate], object]) -> object:
        if self._aggregate is None:
            return None
        try:
            return step(self._aggregate)
        except Exception as error:  # noqa: BLE001 - as above; the group's result is an error
            self._aggregate = None
            if self._diagnostics is not None:
                self._diagnostics.note(self._name, _message(error))
            return None


def _group(
    name: str, begin: Callable[[], Aggregate], diagnostics: Diagnostics | None
) -> Callable[[], _Group]:
    return lambda: _Group(name, begin(), diagnostics)


def _message(error: Exception) -> str:
    if isinstance(error, TypeError) and "positional argument" in str(error):
        return "Called with the wrong number of arguments"
    return str(error) or type(error).__name__


def _in(term: object) -> Term:
    if isinstance(term, ox.Literal):
        return Literal(term.value, term.datatype.value, term.language or "")
    if isinstance(term, ox.NamedNode):
        return Iri(term.value)
    return Blank(str(term))


def _out(term: Term) -> ox.NamedNode | ox.Literal:
    if isinstance(term, Literal):
        if term.datatype == XSD_STRING:
            return ox.Literal(term.value)
        return ox.Literal(term.value, datatype=_datatype(term.datatype))
    return ox.NamedNode(term.value)


@cache
def _datatype(iri: str) -> ox.NamedNode:
    return ox.NamedNode(iri)
