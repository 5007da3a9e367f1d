"""What a rule is given, what it returns, and which rules there are."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from importlib import import_module
from typing import Any, Final, Protocol, cast

from dafab_kg.derive.document import Derived, Input
from dafab_kg.model.errors import ThingNotFound
from dafab_kg.model.names import Names
from dafab_kg.store.documents import Documents
from dafab_kg.store.protocol import Iri, Row, Solutions, Store, Term

RULES: Final[dict[str, str]] = {
    "coverage": "dafab_kg.derive.coverage:derive_coverage",
    "water": "dafab_kg.derive.water:derive_water",
}
"""Rules by name, each a ``module:function``; imported when used, since they import much."""


@dataclass(frozen=True)
class Materials:
    """What a rule may read: the graph and the originals behind it."""

    store: Store
    documents: Documents
    names: Names

    def rows(self, query: str, **bindings: Term) -> list[Row]:
        """Answer a SELECT; ``bindings`` fixes variables of its projection."""
        return list(self.stream(query, **bindings))

    def stream(self, query: str, **bindings: Term) -> Iterator[Row]:
        """Answer a SELECT row by row."""
        return iter(cast(Solutions, self.store.query(query, bindings=bindings)))

    def stream_of(self, query: str, graphs: Sequence[str]) -> Iterator[Row]:
        """Answer a SELECT over some graphs alone, row by row."""
        return iter(cast(Solutions, self.store.query(query, default_graphs=graphs)))

    def product(self, product_id: str) -> Iri:
        """Return the IRI of a product."""
        return Iri(self.names.make("product", product_id=product_id))

    def input(self, graph: str, role: str = "") -> Input | None:
        """Return the document behind a document graph as an input; None for other graphs."""
        entry = self.documents.get(graph.rsplit("/", 1)[-1])
        if entry is None or self.names.make("graph", document_id=entry.document_id) != graph:
            return None
        return Input(entry.document_id, entry.content_hash, role)

    def inputs(self, graphs: Iterable[str], role: str = "") -> tuple[Input, ...]:
        """Return the documents behind graphs, each once."""
        found = (self.input(graph, role) for graph in dict.fromkeys(graphs))
        return tuple(one for one in found if one is not None)


@dataclass(frozen=True)
class Request:
    """What to derive: products (empty: all that can be), season and data set (empty: all)."""

    products: tuple[str, ...] = ()
    season: str = ""
    dataset: str = ""
    parameters: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Lacking:
    """Why nothing was derived about something, and what to do about it."""

    about: str
    reason: str
    remedy: str = ""


class Rule(Protocol):
    """A rule: reads, computes, and yields each result as soon as it is there."""

    def __call__(self, materials: Materials, request: Request) -> Iterator[Derived | Lacking]:
        """Compute what ``request`` asks for."""
        ...


def load_rule(name: str) -> Rule:
    """Return a rule by its name.

    Raises:
        ThingNotFound: there is no such rule.
    """
    if name not in RULES:
        raise ThingNotFound(f"There is no rule {name!r}, only {', '.join(RULES)}")
    module, _, function = RULES[name].partition(":")
    return cast(Rule, getattr(import_module(module), function))
