"""What the ontology says of an IRI that the catalogue knows nothing of, as a view of it."""

from __future__ import annotations

from collections.abc import Iterable
from threading import Lock
from typing import Final, NamedTuple

from dafab_kg.catalogue.viewing import MOST_OF_ONE, Values, View, tail
from dafab_kg.model.names import PREFIXES
from dafab_kg.store.protocol import Iri, Term
from dafab_kg.store.vocabulary import ontology_triples
from dafab_kg.web.glossary import Word, glossary_of
from dafab_kg.web.thing import Words

_TYPE: Final = PREFIXES["rdf"] + "type"
_Pairs = dict[str, list[tuple[str, Term]]]


class _Read(NamedTuple):
    words: Words
    outgoing: _Pairs
    incoming: _Pairs


class Ontology:
    """The ontology as pages of things need it; read when it is first asked for."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._read: _Read | None = None

    @property
    def words(self) -> Words:
        """What terms are called, by IRI."""
        return self._here().words

    def view(self, iri: str) -> View | None:
        """Return what the ontology says of an IRI; None if it does not name it."""
        words, outgoing, incoming = self._here()
        if iri not in outgoing and iri not in incoming:
            return None
        facts, pointing = _grouped(outgoing.get(iri, ())), _grouped(incoming.get(iri, ()))
        types = tuple(v.value for one in facts if one.property == _TYPE for v in one.terms)
        return View(iri, words.get(iri, Word()).label or tail(iri), types, facts, pointing)

    def _here(self) -> _Read:
        with self._lock:
            if self._read is None:
                triples = list(ontology_triples())
                found = _Read(glossary_of(triples), {}, {})
                for subject, predicate, value in triples:
                    if isinstance(subject, Iri):
                        found.outgoing.setdefault(subject.value, []).append(
                            (predicate.value, value)
                        )
                    if isinstance(value, Iri):
                        found.incoming.setdefault(value.value, []).append(
                            (predicate.value, subject)
                        )
                self._read = found
            return self._read


def _grouped(pairs: Iterable[tuple[str, Term]]) -> tuple[Values, ...]:
    found: dict[str, set[Term]] = {}
    for predicate, value in pairs:
        found.setdefault(predicate, set()).add(value)
    return tuple(
        Values(property_, tuple(sorted(terms)[:MOST_OF_ONE]), len(terms))
        for property_, terms in sorted(found.items())
    )
