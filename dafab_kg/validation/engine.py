"""pyshacl, for shapes that are not compiled."""

from __future__ import annotations

import contextlib
import logging
import warnings
from collections.abc import Iterator
from typing import Final

import pyshacl
from pyshacl.errors import ReportableRuntimeError
from rdflib import Graph

_TALKATIVE: Final = ("pyshacl-validate", "rdflib", "rdflib.term", "rdflib.namespace")


class NoVerdict(Exception):
    """The engine could not come to a verdict."""


def run_pyshacl(data: Graph, shapes: Graph) -> Graph:
    """Return pyshacl's report.

    Raises:
        NoVerdict: it came to none.
    """
    try:
        with _quiet():
            _, report, text = pyshacl.validate(
                data, shacl_graph=shapes, inference="none", advanced=True, inplace=True
            )
    except (ReportableRuntimeError, NotImplementedError) as error:
        raise NoVerdict(str(error)) from error
    if not isinstance(report, Graph):
        raise NoVerdict(text)
    return report


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """Keep what pyshacl and rdflib say about the data out of the user's log.

    Each fault that they mention (an ill-typed literal, an odd IRI) is in the report
    where a shape forbids it.
    """

    def refuse(_: logging.LogRecord) -> bool:
        return False

    loggers = [logging.getLogger(name) for name in _TALKATIVE]
    for logger in loggers:
        logger.addFilter(refuse)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        for logger in loggers:
            logger.removeFilter(refuse)
