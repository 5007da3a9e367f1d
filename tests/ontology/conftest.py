"""The ontology, and what the rest of the project uses of it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from rdflib import Graph

ROOT = Path(__file__).resolve().parents[2]
NS = "https://w3id.org/dafab/ns#"


@pytest.fixture(scope="session")
def ontology() -> Graph:
    """All modules together."""
    graph = Graph(bind_namespaces="none")
    for file in sorted((ROOT / "ontology").glob("*.ttl")):
        graph.parse(file)
    return graph


@pytest.fixture(scope="session")
def shapes() -> Graph:
    graph = Graph(bind_namespaces="none")
    for file in sorted((ROOT / "shapes").glob("*.ttl")):
        graph.parse(file)
    return graph


@pytest.fixture(scope="session")
def used(shapes: Graph) -> dict[str, set[str]]:
    """Local name of a term → the files that use it."""
    found: dict[str, set[str]] = {}
    for place, name in (*_in_text(), *_in_code()):
        found.setdefault(name, set()).add(place)
    for triple in shapes:
        for node in triple:
            if str(node).startswith(NS):
                found.setdefault(str(node)[len(NS) :], set()).add("shapes")
    return found


def _in_text() -> Iterator[tuple[str, str]]:
    files = [*(ROOT / "mappings").glob("*.yml"), *(ROOT / "dafab_kg").rglob("*.rq")]
    for file in files:
        text = re.sub(r"^\s*#.*$|<[^>\s]*>", "", file.read_text("utf-8"), flags=re.MULTILINE)
        for name in re.findall(r"(?<![\w:/])dafab:(\w+)", text):
            yield file.name, name


def _in_code() -> Iterator[tuple[str, str]]:
    files = {
        file.resolve() for top in ("dafab_kg", "loaders") for file in (ROOT / top).rglob("*.py")
    }
    for file in files:
        if file.name == "names.py":  # its docstring shows how
            continue
        for name in re.findall(r"""\bterm\(\s*["'](\w+)["']""", file.read_text("utf-8")):
            yield file.name, name
