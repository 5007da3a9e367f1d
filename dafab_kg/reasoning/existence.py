"""Does anything named follow from the existence of something nameless?

``C SubClassOf p some D`` gives each C a p that has no name.  No fact can say that,
and none is lost as long as no rule draws a conclusion about named things from it.
This is tried on the smallest example, an instance of C and its p: each rule that the
nameless one takes part in is followed, whatever else it needs of named things being
supposed.  What then follows of named things, and not from what was supposed alone,
would be lost.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from dafab_kg.reasoning.datatypes import is_datatype
from dafab_kg.reasoning.expressions import (
    THING,
    Condition,
    Existence,
    NotTranslated,
    Parts,
    link,
    right,
)
from dafab_kg.reasoning.rules import Atom, Rule, Term, Var, key_of
from dafab_kg.reasoning.triples import OWL, short

_NAMELESS: Final = "<urn:dafab:nameless:"
DEEPEST: Final = 3
"""Nameless things in a row; those further on are taken for the last."""
MOST: Final = 2000
"""Facts about nameless things that are looked through."""
Fact = tuple[str, str, str]
Supposed = frozenset[Fact]


def consequences(existence: Existence, parts: Parts) -> str:
    """Return a fact that follows, in words, or "" if none does.

    Conditions with filters are taken as fulfilled, and of several classes that
    something may be, all: the answer errs towards refusing.
    """
    names: dict[Var, str] = {}
    search = _Search({_ground(atom, names) for atom in existence.body.atoms}, parts)
    of = existence.of if isinstance(existence.of, str) else _name(existence.of, names)
    try:
        search.exists(existence, of, frozenset())
        return search.lost()
    except NotTranslated as error:
        return str(error)


class _Search:
    """Facts about nameless things, each with what had to be supposed for it."""

    def __init__(self, stated: set[Fact], parts: Parts) -> None:
        self.stated = stated
        self.parts = parts
        self.rules = list(parts.rules)
        self.existences = list(parts.existences)
        # what is known without the nameless must be certain: no condition is taken for granted
        self.certain = by_body(rule for rule in parts.rules if not rule.filters)
        self._closed: dict[frozenset[Fact], set[Fact]] = {}
        self.found: dict[tuple[Fact, Supposed], None] = {}

    def exists(self, existence: Existence, of: str, supposed: Supposed) -> None:
        """Add a nameless thing, and what is said of it."""
        number = next(n for n, one in enumerate(self.existences) if one is existence)
        depth = int(of.split(":")[3]) + 1 if of.startswith(_NAMELESS) else 0
        if depth < DEEPEST:
            thing = f"{_NAMELESS}{depth}:{number}:{of[1:-1]}>"
        else:
            thing = f"{_NAMELESS}{DEEPEST}:{number}>"
        self._add(_ground(link(existence.property, of, thing, self.parts.triples), {}), supposed)
        self._is(thing, existence.filler, existence, supposed)

    def _is(self, thing: str, node: str, existence: Existence, supposed: Supposed) -> None:
        triples = self.parts.triples
        if node == THING or is_datatype(node, triples):
            return
        for predicate in ("intersectionOf", "unionOf"):
            members = triples.list_of(node, f"<{OWL}{predicate}>")
            if members is not None:
                for member in members:
                    self._is(thing, member, existence, supposed)
                return
        if triples.value(node, f"<{OWL}complementOf>") is not None:
            return
        said = Parts(triples, numbers=self.parts.numbers)
        right(node, thing, Condition(), said, existence.axiom)
        for rule in said.rules:
            if not rule.body:
                self._add(_ground(rule.head, {}), supposed)
            elif rule not in self.rules:
                self.rules.append(rule)
        for inner in said.existences:
            known = [
                one
                for one in self.existences
                if (one.of, one.property, one.filler) == (inner.of, inner.property, inner.filler)
            ]
            if not known:
                self.existences.append(inner)
            self.exists(known[0] if known else inner, thing, supposed)

    def _add(self, fact: Fact, supposed: Supposed) -> None:
        # with less supposed, more is new: a weaker way to a known fact adds nothing
        weaker = any(one == fact and less <= supposed for one, less in self.found)
        if not weaker:
            self.found[fact, supposed] = None

    def lost(self) -> str:
        """Follow all rules until something named follows, or nothing new."""
        before = -1
        while before < len(self.found) <= MOST:
            before = len(self.found)
            present = {fact[1] for fact, _ in self.found}
            for rule in [r for r in self.rules if any(a.predicate in present for a in r.body)]:
                for binding, supposed in self._ways(rule.body):
                    fact = _instance(rule.head, binding)
                    if _is_nameless(fact):
                        self._add(fact, supposed)
                    elif fact not in self._known_with(supposed):
                        return " ".join(map(short, fact))
            for existence in list(self.existences):
                for binding, supposed in self._ways(existence.body.atoms):
                    of = existence.of
                    thing = of if isinstance(of, str) else binding[of]
                    self.exists(existence, thing, supposed)
        return "" if len(self.found) <= MOST else "more than can be looked through"

    def _known_with(self, supposed: Supposed) -> set[Fact]:
        if supposed not in self._closed:
            self._closed[supposed] = closure(self.stated | supposed, self.certain)
        return self._closed[supposed]

    def _ways(self, body: tuple[Atom, ...]) -> list[tuple[dict[Var, str], Supposed]]:
        """How a body holds with at least one fact about something nameless."""
        found = []
        for binding, supposed, rest in self._matches(body, {}, frozenset()):
            if len(rest) == len(body):
                continue
            atoms = {_ground(atom, binding) for atom in rest}
            if not any(map(_is_nameless, atoms)):
                found.append((binding, supposed | (atoms - self.stated)))
        return found

    def _matches(
        self, body: tuple[Atom, ...], binding: dict[Var, str], supposed: Supposed
    ) -> Iterator[tuple[dict[Var, str], Supposed, tuple[Atom, ...]]]:
        if not body:
            yield dict(binding), supposed, ()
            return
        first, *others = body
        for fact, more in self.found:
            extended = _matched(first, fact, binding)
            if extended is not None:
                yield from self._matches(tuple(others), extended, supposed | more)
        for ended, all_supposed, rest in self._matches(tuple(others), binding, supposed):
            yield ended, all_supposed, (first, *rest)


def _is_nameless(fact: Fact) -> bool:
    return fact[0].startswith(_NAMELESS) or fact[2].startswith(_NAMELESS)


def _ground(atom: Atom, names: dict[Var, str]) -> Fact:
    return _name(atom.subject, names), atom.predicate, _name(atom.object, names)


def _name(term: Term, names: dict[Var, str]) -> str:
    if isinstance(term, str):
        return term
    return names.setdefault(term, f"<urn:dafab:some:{term.name}>")


class _Known:
    """Facts by predicate, so that an atom meets only those that can fit it."""

    def __init__(self, facts: Iterable[Fact] = ()) -> None:
        self._by_predicate: dict[str, dict[Fact, None]] = {}
        for fact in facts:
            self.add(fact)

    def add(self, fact: Fact) -> bool:
        """Take a fact in; tell whether it is new."""
        facts = self._by_predicate.setdefault(fact[1], {})
        new = fact not in facts
        facts[fact] = None
        return new

    def of(self, predicate: str) -> list[Fact]:
        """All facts with a predicate."""
        return list(self._by_predicate.get(predicate, ()))

    def all(self) -> set[Fact]:
        """All facts."""
        return {fact for facts in self._by_predicate.values() for fact in facts}


def closure(facts: Iterable[Fact], by_body: Mapping[str, list[tuple[Rule, int]]]) -> set[Fact]:
    """Return all that follows from a handful of facts; filters count as fulfilled.

    ``by_body`` finds rules, and the place in their body, by an atom's key.
    """
    waiting = list(facts)
    known = _Known(waiting)
    for fact in waiting:  # grows while it is gone through
        for rule, place in by_body.get(key_of(fact[1], fact[2]), ()):
            binding = _matched(rule.body[place], fact, {})
            if binding is None:
                continue
            rest = (*rule.body[:place], *rule.body[place + 1 :])
            for whole in list(_bindings(rest, known, binding)):
                made = _instance(rule.head, whole)
                if known.add(made):
                    waiting.append(made)
    return known.all()


def by_body(rules: Iterable[Rule]) -> dict[str, list[tuple[Rule, int]]]:
    """Rules, and the place in their body, by the key of an atom."""
    found: dict[str, list[tuple[Rule, int]]] = {}
    for rule in rules:
        for place, atom in enumerate(rule.body):
            found.setdefault(atom.key, []).append((rule, place))
    return found


def _instance(head: Atom, binding: dict[Var, str]) -> Fact:
    subject = binding[head.subject] if isinstance(head.subject, Var) else head.subject
    value = binding[head.object] if isinstance(head.object, Var) else head.object
    return subject, head.predicate, value


def _bindings(
    body: tuple[Atom, ...], known: _Known, binding: dict[Var, str]
) -> Iterator[dict[Var, str]]:
    if not body:
        yield binding
        return
    first, *rest = body
    for fact in known.of(first.predicate):
        extended = _matched(first, fact, binding)
        if extended is not None:
            yield from _bindings(tuple(rest), known, extended)


def _matched(atom: Atom, fact: Fact, binding: dict[Var, str]) -> dict[Var, str] | None:
    """Return the binding under which an atom is a fact, None if there is none."""
    subject, predicate, value = fact
    if predicate != atom.predicate:
        return None
    extended = dict(binding)
    for term, given in ((atom.subject, subject), (atom.object, value)):
        if isinstance(term, Var):
            if extended.setdefault(term, given) != given:
                return None
        elif term != given:
            return None
    return extended
