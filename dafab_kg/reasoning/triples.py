"""An ontology as triples that can be looked up, and as words."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import Final

from dafab_kg.model.names import PREFIXES
from dafab_kg.store.nquads import as_stored, lines_in

RDF: Final = PREFIXES["rdf"]
RDFS: Final = PREFIXES["rdfs"]
OWL: Final = PREFIXES["owl"]
XSD: Final = PREFIXES["xsd"]

BLANK: Final = "urn:dafab:blank:"
"""What the IRIs begin with that stand for blank nodes of an ontology."""


class Triples:
    """Triples by subject and predicate; terms are N-Triples texts, blank nodes are IRIs."""

    def __init__(self) -> None:
        self._by_subject: defaultdict[str, dict[str, list[str]]] = defaultdict(dict)
        self._source: dict[tuple[str, str, str], str] = {}

    def add(self, nquads: str, source: str) -> None:
        """Take in the statements of one file, ``source`` for short."""
        rows = [line.removesuffix(" .").split(" ", 2) for line in lines_in(nquads)]
        spelled = as_stored(value for _, _, value in rows)
        for subject, predicate, value in rows:
            value = spelled.get(value, value)
            values = self._by_subject[subject].setdefault(predicate, [])
            if value not in values:
                values.append(value)
                self._source[subject, predicate, value] = source

    def subjects(self) -> Iterator[str]:
        """All subjects, in the order in which they came."""
        yield from list(self._by_subject)

    def of(self, subject: str) -> dict[str, list[str]]:
        """Predicates and values of a subject."""
        return self._by_subject.get(subject, {})

    def values(self, subject: str, predicate: str) -> list[str]:
        """Values of one predicate."""
        return self.of(subject).get(predicate, [])

    def value(self, subject: str, predicate: str) -> str | None:
        """The first value of a predicate, None if there is none."""
        return next(iter(self.values(subject, predicate)), None)

    def has(self, subject: str, predicate: str, value: str) -> bool:
        """Tell whether a triple is here."""
        return value in self.values(subject, predicate)

    def source(self, subject: str, predicate: str, value: str) -> str:
        """The file that states a triple."""
        return self._source.get((subject, predicate, value), "")

    def list_of(self, subject: str, predicate: str) -> list[str] | None:
        """Members of the RDF list that is a predicate's value; None without that predicate."""
        node = self.value(subject, predicate)
        return None if node is None else list(self.members(node))

    def broken_list(self, predicates: Iterable[str]) -> tuple[str, str, str] | None:
        """Find a value of these predicates that is no well-formed list.

        A list has one first and one rest at each node, and ends with ``rdf:nil``
        (RDF 1.1 Semantics, section D.3). Returned are subject, predicate and file.
        """
        sound = {f"<{RDF}nil>"}
        wanted = set(predicates)
        for subject, said in self._by_subject.items():
            for predicate in wanted & said.keys():
                for value in said[predicate]:
                    node, seen = value, set[str]()
                    while node not in sound:
                        rest = self.values(node, f"<{RDF}rest>")
                        first = self.values(node, f"<{RDF}first>")
                        if node in seen or len(first) != 1 or len(rest) != 1:
                            return subject, predicate, self.source(subject, predicate, value)
                        seen.add(node)
                        node = rest[0]
                    sound |= seen
        return None

    def members(self, node: str) -> Iterator[str]:
        """Members of an RDF list; one that does not end, or goes in circles, ends where it does."""
        seen = set()
        while node != f"<{RDF}nil>" and node not in seen:
            seen.add(node)
            first = self.value(node, f"<{RDF}first>")
            if first is not None:
                yield first
            node = self.value(node, f"<{RDF}rest>") or f"<{RDF}nil>"


def is_blank(node: str) -> bool:
    """Tell whether a term stands for a blank node."""
    return node.startswith(f"<{BLANK}")


@lru_cache(maxsize=20_000)
def short(term: str) -> str:
    """Write a term as people do: with a prefix that the catalogue knows, or its local name."""
    if not term.startswith("<"):
        return term.replace(f"^^<{XSD}", "^^xsd:").removesuffix(">") if "^^<" in term else term
    iri = term[1:-1]
    for prefix, namespace in PREFIXES.items():
        local = iri.removeprefix(namespace)
        if iri.startswith(namespace) and (prefix == "id" or "/" not in local):
            return f"{prefix}:{iri.removeprefix(namespace)}"
    return term


def shortened(terms: Iterable[str], joiner: str) -> str:
    """Write several terms as people do."""
    return joiner.join(short(term) for term in terms)
