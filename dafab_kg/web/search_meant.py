"""What the words of the box may mean beside texts: classes, places, crops, tiles, times, terms.

Each meaning is a condition of the search page.  Words of several meanings are read together,
longest phrases first: "cloud free fields Luxembourg" is two classes and a place.
"""

from __future__ import annotations

import re
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from typing import Final

from flask import url_for

from dafab_kg.catalogue import Catalogue
from dafab_kg.model.errors import DafabError
from dafab_kg.model.names import NS
from dafab_kg.search.counts import SCENES, Facets
from dafab_kg.search.inferred import TYPES
from dafab_kg.search.tree import Search
from dafab_kg.web.search_form import ANOMALIES, TOLD, Form, read_query
from dafab_kg.web.search_things import Thing, labels, stem, things_named

SECONDS: Final = 0.5
"""No number is asked for after this time."""
MOST_OFFERS: Final = 8
MOST_WORDS: Final = 8
LONGEST: Final = 4
"""Most words of a phrase."""
MOST_CHARACTERS: Final = 120
_WORD: Final = re.compile(r"[^\W_]+")
_TILE: Final = re.compile(r"T?(\d{2}[C-X][A-Z]{2})", re.IGNORECASE | re.ASCII)
_YEAR: Final = re.compile(r"(?:19|20)\d{2}", re.ASCII)
_EMPTY_WORDS: Final = frozenset({
    "a", "an", "and", "are", "at", "by", "for", "from", "in", "is", "of", "on", "or", "the",
    "to", "with", "without", "tile", "tiles", "scene", "scenes", "image", "images", "product",
    "products", "item", "items", "class", "event", "events", "place", "year", "data", "show",
    "find", "all",
})  # fmt: skip
"""Words that ask for nothing by themselves."""
_SEASONS: Final = ("winter", "spring", "summer", "autumn")
_KINDS: Final = {
    "class": "in class {}", "place": "in {}", "crop": "fields with {}", "tile": "on tile {}",
    "season": "in {}", "year": "of {}", "basin": "in the basin {}",
}  # fmt: skip


@dataclass(frozen=True)
class Offer:
    """``label`` tells what is meant, ``address`` leads there; ``number`` are the items, if it
    is told how many."""

    label: str
    address: str
    number: str = ""


@dataclass(frozen=True)
class Meaning:
    """A condition: the parameter and its value; ``label`` is what people call the value.

    ``extra``: how many words more than the phrase its name has.
    """

    name: str
    value: str
    label: str
    extra: int = 0


def offers(catalogue: Catalogue, form: Form, every: Facets) -> tuple[list[Offer], list[Thing]]:
    """Return what the words may mean, best first, and the things that they name.

    ``every`` are the facets of all items: what can be chosen.
    """
    words = _words(form.words)
    if not words or len(words) > MOST_WORDS or len(form.words) > MOST_CHARACTERS:
        return [], []
    things = _things(catalogue, form.words, words)
    known = _Known(every, things)
    left = Form({n: v for n, v in form.one.items() if n not in ("q", "token")}, form.several)
    until = time.monotonic() + SECONDS
    found: dict[str, Offer] = {}
    read, rest = _together(known, words)
    alone = left.is_empty
    for chosen in filter(None, (read, *([one] for one in _each(known, words)))):
        query = _query(left, chosen, rest if chosen is read else ())
        if query in found or query is None:
            continue
        number = _told(every, chosen[0]) if alone and len(chosen) == 1 and not rest else None
        if number is None and time.monotonic() < until:
            number = _number(catalogue, query)
        if number == 0:
            continue
        label = ", ".join(_KINDS[one.name].format(one.label) for one in chosen)
        if chosen is read and rest:
            label += f", with the words “{' '.join(rest)}”"
        told = f"{number:,}" if number is not None and number > 0 else ""
        found[query] = Offer(label, "?" + query, told)
        if len(found) == MOST_OFFERS:
            break
    return [*found.values(), *_terms(form.words, words)], things


def _words(text: str) -> list[str]:
    local = text.removeprefix("dafab:").removeprefix(NS)
    if re.fullmatch(r"[A-Za-z0-9]+", local) and local != text:
        text = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", " ", local)
    return _WORD.findall(text)


def _things(catalogue: Catalogue, text: str, words: Sequence[str]) -> list[Thing]:
    telling = [
        one
        for one in words
        if len(one) > 2
        and one.casefold() not in _EMPTY_WORDS
        and not (_TILE.fullmatch(one) or _YEAR.fullmatch(one))
    ]
    phrases = (text, *telling) if len(telling) > 1 else (text,)
    kinds = frozenset(map(stem, words))
    return things_named(catalogue, tuple(dict.fromkeys(phrases)), kinds) or (
        things_named(catalogue, telling) if telling else []
    )


class _Known:
    """What words can mean, by the stems of their names."""

    def __init__(self, every: Facets, things: Sequence[Thing]) -> None:
        self.names: list[tuple[frozenset[str], Meaning]] = []
        classes = every.counts.get(TYPES, {})
        for name in dict.fromkeys((*SCENES, *classes)):
            local = name.removeprefix("dafab:")
            if classes and not classes.get(name):
                continue
            self._add(_label(local), Meaning("class", local, _label(local) or local))
        for one in things:
            if one.toponym:
                for told in dict.fromkeys((one.toponym, one.name)):
                    self._add(told, Meaning("place", one.toponym, one.toponym))
        for name in ("place", "crop", "basin"):
            for value in every.counts.get(TOLD[name], {}):
                self._add(value, Meaning(name, value, value))
        self._add("cloud free", Meaning("class", "CloudFreeScene", _label("CloudFreeScene")))
        self._add("without clouds", Meaning("class", "CloudFreeScene", _label("CloudFreeScene")))
        for season in (*_SEASONS, "fall"):
            value = "autumn" if season == "fall" else season
            self._add(season, Meaning("season", value, value))

    def _add(self, name: str, meaning: Meaning) -> None:
        stems = frozenset(map(stem, _WORD.findall(name))) - {"with", "of", "in"}
        if stems:
            self.names.append((stems, meaning))

    def meant(self, phrase: Sequence[str]) -> list[Meaning]:
        """Return what a phrase may mean, the nearest first."""
        if len(phrase) == 1:
            tile = _TILE.fullmatch(phrase[0])
            if tile:
                return [Meaning("tile", tile[1].upper(), tile[1].upper())]
            if _YEAR.fullmatch(phrase[0]):
                return [Meaning("year", phrase[0], phrase[0])]
        stems = frozenset(map(stem, phrase))
        if stems <= _EMPTY_WORDS:
            return []
        found: dict[tuple[str, str], Meaning] = {}
        for told, meaning in self.names:
            if stems <= told:
                key = meaning.name, meaning.value
                one = replace(meaning, extra=len(told) - len(stems))
                if key not in found or one.extra < found[key].extra:
                    found[key] = one
        return sorted(found.values(), key=_nearest)


def _nearest(one: Meaning) -> tuple[int, int, bool, str]:
    """Names without more words first, places before classes, those of what is unusual."""
    order = ("place", "basin", "tile", "year", "crop", "season", "class")
    unusual = one.value in ANOMALIES.values() or one.value in ("FieldImage", "CloudFreeScene")
    return one.extra, order.index(one.name), not unusual, one.value


def _together(known: _Known, words: Sequence[str]) -> tuple[list[Meaning], list[str]]:
    """Read all words, longest phrases first; return what is meant, and words of no meaning."""
    found: list[Meaning] = []
    rest: list[str] = []
    at = 0
    while at < len(words):
        for end in range(min(len(words), at + LONGEST), at, -1):
            meant = known.meant(words[at:end])
            if meant:
                found.append(meant[0])
                at = end
                break
        else:
            if stem(words[at]) not in _EMPTY_WORDS and words[at].casefold() not in _EMPTY_WORDS:
                rest.append(words[at])
            at += 1
    return found, rest


def _each(known: _Known, words: Sequence[str]) -> Iterator[Meaning]:
    """Give all that the whole may mean, then what each word may."""
    yield from known.meant(words)
    for word in words:
        yield from known.meant([word])


def _query(left: Form, chosen: Sequence[Meaning], rest: Sequence[str]) -> str | None:
    form = Form({**left.one, **({"q": " ".join(rest)} if rest else {})}, left.several)
    for one in chosen:
        if one.name == "year":
            query = form.written(**{"from": f"{one.value}-01-01", "to": f"{one.value}-12-31"})
        else:
            query = form.having(one.name, one.value)
        form = read_query(query)
    return form.written()


def _told(every: Facets, one: Meaning) -> int | None:
    """Return the number that the facets of all items tell."""
    if one.name == "class":
        return every.counts.get(TYPES, {}).get(f"dafab:{one.value}")
    return every.counts.get(TOLD.get(one.name, ""), {}).get(one.value)


def _number(catalogue: Catalogue, query: str) -> int | None:
    """Return how many items a search finds; None: it is not soon told."""
    try:
        search: Search = read_query(query).search()
        return catalogue.facets(replace(search, count=False), seconds=0).total
    except DafabError:
        return None


# terms of the ontology


def _terms(text: str, words: Sequence[str]) -> list[Offer]:
    """Return the pages of terms of this name, and where others are that hold the words."""
    asked = frozenset(map(stem, words))
    ours = _labels()
    local = text.removeprefix("dafab:").removeprefix(NS).casefold()
    named = [name for name, told in ours.items() if told[1] == asked or name.casefold() == local]
    found = [
        Offer(f"the term “{ours[name][0]}”", url_for("terms.term", local=name))
        for name in named[:2]
    ]
    others = sum(asked <= told[1] for told in ours.values()) - len(named)
    if others > 0:
        label = f"{others} {'other ' if named else ''}term{'' if others == 1 else 's'}"
        phrase = " ".join(words)
        found.append(
            Offer(f"{label} of the ontology", url_for("terms.namespace", q=phrase.casefold()))
        )
    return found


@cache
def _labels() -> Mapping[str, tuple[str, frozenset[str]]]:
    """Labels of our terms, and the stems of their words, by local name."""
    return {
        local: (told, frozenset(map(stem, _WORD.findall(told)))) for local, told in labels().items()
    }


def _label(local: str) -> str:
    return _labels().get(local, ("", frozenset()))[0]
