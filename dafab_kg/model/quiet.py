"""Keeping what rdflib and pyshacl say about the data out of the user's log."""

from __future__ import annotations

import contextlib
import logging
import warnings
from collections.abc import Iterator
from typing import Final

_TALKATIVE: Final = (
    "pyshacl-validate",
    "rdflib",
    "rdflib.term",
    "rdflib.namespace",
    "rdflib.plugins.serializers.turtle",
)


@contextlib.contextmanager
def quiet() -> Iterator[None]:
    """Silence both for a while.

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
