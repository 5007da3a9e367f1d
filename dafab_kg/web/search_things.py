"""Things that words name: events, places, tiles and others, each with what it is."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, Final, cast

from dafab_kg.catalogue import Catalogue
from dafab_kg.model.errors import DafabError
from dafab_kg.model.names import NS, PREFIXES, term
from dafab_kg.store.protocol import Iri, Solutions
from dafab_kg.store.vocabulary import ontology_triples
from dafab_kg.web.glossary import Word, glossary_of

MOST_THINGS: Final = 8
MOST_LOOKED_AT: Final = 40
"""Names that are looked at for each word."""
MOST_FACTS: Final = 1_000
_BELOW: Final = PREFIXES["rdfs"] + "subClassOf"
_PLACE: Final = term("Place")
_EVENT: Final = term("Event")
_REPORT: Final = term("EventReport")
_PLAIN: Final = frozenset(
    map(term, ("Asset", "Band", "DataIdentifier", "Product", "ProductPart", "QualityCheck"))
)
"""Products are found as items; of what is part of one there are thousands, of few names."""
LAST: Final = 4
"""The rank of these."""
_IDENTIFIED: Final = 'SELECT DISTINCT ?thing { ?thing ?term "%s" } LIMIT 8'
_IDENTIFIER: Final = re.compile(r"(?=.*\d)[A-Za-z0-9._:-]{3,80}", re.ASCII)
_OF_KINDS: Final = "SELECT DISTINCT ?thing { VALUES ?kind { %s } ?thing a ?kind } LIMIT %s"
_FACTS: Final = """PREFIX dafab: <https://w3id.org/dafab/ns#>
PREFIX rdfs: <http://www.w3.org/2000/01/rdf-schema#>
SELECT ?thing ?type ?name ?start ?label {
  { VALUES ?thing { %(things)s } }
  UNION { VALUES ?report { %(things)s } ?thing dafab:hasReport ?report }
  ?thing a ?type
  OPTIONAL { ?thing dafab:toponym ?name }
  OPTIONAL { ?thing dafab:start ?start }
  OPTIONAL { ?thing rdfs:label ?label }
} LIMIT %(most)s"""


@dataclass(frozen=True)
class Thing:
    """A thing: ``name`` is what it is called, ``kind`` what it is, ``when`` the day it began.

    ``toponym`` is what filters call a place.
    """

    iri: str
    name: str
    kind: str
    when: str = ""
    toponym: str = ""
    rank: int = 0


def things_named(
    catalogue: Catalogue, phrases: Sequence[str], kinds: frozenset[str] = frozenset()
) -> list[Thing]:
    """Return things of which a name holds all words of a phrase, events and places first.

    An event is found by the names of its reports, too, and by its kind: ``kinds`` are stems of
    words, as "storm", or "event" for all.
    """
    found: dict[str, str] = {}
    try:
        found.update(dict.fromkeys(_events(catalogue, kinds), ""))
        for phrase in phrases:
            for iri, told in catalogue.find_things(phrase, limit=MOST_LOOKED_AT):
                found.setdefault(iri, told)
        if not found:
            found = dict.fromkeys(_identified(catalogue, phrases), "")
        if not found:
            return []
        listed = " ".join(f"<{iri}>" for iri in found)
        asked = _FACTS % {"things": listed, "most": MOST_FACTS}
        rows = cast(Solutions, catalogue.query(asked))
        facts: dict[str, list[Sequence[Any]]] = {}
        for row in rows:
            if isinstance(row[0], Iri):
                facts.setdefault(row[0].value, []).append(row)
    except DafabError:
        return []
    things = [_thing(iri, found.get(iri, ""), told) for iri, told in facts.items()]
    things.sort(key=lambda one: (one.rank, one.name.casefold(), one.iri))
    return things


def _events(catalogue: Catalogue, kinds: frozenset[str]) -> list[str]:
    words, above = _vocabulary()
    asked = [
        iri
        for iri in (_EVENT, *(one for one, wider in above.items() if _EVENT in wider))
        if iri in words
        and (
            kinds & (set(map(stem, words[iri].label.split())) - {"event"})
            or (iri == _EVENT and "event" in kinds)
        )
    ]
    if not asked:
        return []
    listed = " ".join(f"<{iri}>" for iri in asked)
    rows = cast(Solutions, catalogue.query(_OF_KINDS % (listed, MOST_LOOKED_AT)))
    return [row[0].value for row in rows if isinstance(row[0], Iri)]


def _identified(catalogue: Catalogue, phrases: Sequence[str]) -> list[str]:
    """Return what has a phrase for an identifier, as a field has that has no other name."""
    alike = next((one for one in phrases if _IDENTIFIER.fullmatch(one)), "")
    rows = cast(Solutions, catalogue.query(_IDENTIFIED % alike)) if alike else ()
    return [row[0].value for row in rows if isinstance(row[0], Iri)]


def _thing(iri: str, told: str, rows: Sequence[Sequence[Any]]) -> Thing:
    types = {row[1].value for row in rows if isinstance(row[1], Iri)}
    name, start, label = (
        next((row[at].value for row in rows if row[at] is not None), "") for at in (2, 3, 4)
    )
    rank = next(
        (at for at, kind in enumerate((_EVENT, _PLACE, _REPORT)) if kind in types),
        LAST if types & _PLAIN else 3,
    )
    kind = kind_of(frozenset(types))
    return Thing(iri, name or label or told or iri, kind, start[:10], name, rank)


def kind_of(types: frozenset[str]) -> str:
    """Return what the most special of some classes of ours is called; "" if there is none."""
    words, above = _vocabulary()
    ours = {one for one in types if one.startswith(NS)}
    wider: set[str] = set()
    todo = list(ours)
    while todo:
        for up in above.get(todo.pop(), ()):
            if up not in wider:
                wider.add(up)
                todo.append(up)
    labels = sorted(words[one].label for one in ours - wider if one in words)
    return labels[0] if labels else ""


def stem(word: str) -> str:
    """Return a word without the ending that tells that there are several.

    >>> stem("Floods"), stem("cities"), stem("gas"), stem("flooded")
    ('flood', 'city', 'gas', 'flood')
    """
    told = word.casefold()
    if len(told) > 5 and told.endswith("ies"):
        return told[:-3] + "y"
    for ending in ("ing", "ed", "s"):
        if told.endswith(ending) and len(told) - len(ending) > 3:
            return told[: -len(ending)]
    return told


def labels() -> Mapping[str, str]:
    """Return what terms of ours are called, by local name."""
    words, _ = _vocabulary()
    return {
        iri[len(NS) :]: word.label
        for iri, word in words.items()
        if iri.startswith(NS) and word.label
    }


@cache
def _vocabulary() -> tuple[Mapping[str, Word], Mapping[str, tuple[str, ...]]]:
    """Return the words of the ontology, and the classes that each is directly below."""
    triples = list(ontology_triples())
    above: dict[str, tuple[str, ...]] = {}
    for subject, predicate, value in triples:
        if predicate.value == _BELOW and isinstance(subject, Iri) and isinstance(value, Iri):
            above[subject.value] = (*above.get(subject.value, ()), value.value)
    return glossary_of(triples), above


def told_apart(things: Iterable[Thing], *, plain: bool) -> list[Thing]:
    """Return those of which name and kind tell which they are.

    ``plain``: products and parts of some are told where there is nothing else.
    """
    found: dict[tuple[str, str, str], list[Thing]] = {}
    for one in things:
        found.setdefault((one.name.casefold(), one.kind, one.when), []).append(one)
    told = [same[0] for same in found.values() if len(same) == 1 or same[0].rank < 3]
    telling = [one for one in told if one.rank < LAST]
    return telling or (told if plain else [])
