"""pyshacl, for shapes that are not compiled."""

from __future__ import annotations

import pyshacl
from pyshacl.errors import ReportableRuntimeError
from rdflib import Graph

from dafab_kg.model.quiet import quiet


class NoVerdict(Exception):
    """The engine could not come to a verdict."""


def run_pyshacl(data: Graph, shapes: Graph) -> Graph:
    """Return pyshacl's report.

    Raises:
        NoVerdict: it came to none.
    """
    try:
        with quiet():
            _, report, text = pyshacl.validate(
                data, shacl_graph=shapes, inference="none", advanced=True, inplace=True
            )
    except (ReportableRuntimeError, NotImplementedError) as error:
        raise NoVerdict(str(error)) from error
    if not isinstance(report, Graph):
        raise NoVerdict(text)
    return report
