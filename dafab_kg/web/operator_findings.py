"""The findings of a SHACL report, one by one, for people."""

from __future__ import annotations

from typing import Final

from rdflib import Graph

from dafab_kg.validation.judging import results_of
from dafab_kg.validation.terms import shown

MOST_REPORT: Final = 512 * 1024
"""Longest report in characters that is taken apart."""
MOST_FINDINGS: Final = 100
MOST_TEXT: Final = 500


def findings(report: str) -> list[dict[str, str]]:
    """Return the first findings of a report in Turtle; none of one that is empty or very long."""
    if not report or len(report) > MOST_REPORT:
        return []
    graph = Graph(bind_namespaces="none").parse(data=report, format="turtle")
    found = sorted(results_of(graph), key=lambda result: result.rank)
    return [
        {
            "severity": result.severity.rsplit("#", 1)[-1].lower(),
            "focus": shown(result.focus)[:MOST_TEXT],
            "path": shown(result.path)[:MOST_TEXT],
            "value": shown(result.value)[:MOST_TEXT],
            "message": " ".join(shown(message) for message in result.messages)[:MOST_TEXT],
        }
        for result in found[:MOST_FINDINGS]
    ]
