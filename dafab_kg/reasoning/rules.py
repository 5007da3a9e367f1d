"""What a compiled ontology is made of: rules, checks, and what was left out.

Terms are N-Triples texts (``<iri>``, ``"text"``) or variables.  All parts are plain
values, so that the SPARQL texts (:mod:`.sparql`), the full run (:mod:`.full`), the
incremental one (:mod:`.incremental`) and explanations speak of the same thing.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from typing import Final, Literal

from dafab_kg.model.names import PREFIXES

TYPE: Final = f"<{PREFIXES['rdf']}type>"


@dataclass(frozen=True)
class Var:
    """A variable of a rule."""

    name: str

    def __str__(self) -> str:
        return f"?{self.name}"


Term = Var | str


@dataclass(frozen=True)
class Atom:
    """A triple pattern; its predicate is never a variable."""

    subject: Term
    predicate: str
    object: Term

    def __str__(self) -> str:
        return f"{self.subject} {self.predicate} {self.object}"

    @property
    def key(self) -> str:
        """What rules are chained by: the predicate, or ``a`` and the class."""
        return key_of(self.predicate, self.object)

    @property
    def variables(self) -> tuple[Var, ...]:
        """Its variables, each once, subject first."""
        found = (term for term in (self.subject, self.object) if isinstance(term, Var))
        return tuple(dict.fromkeys(found))


def key_of(predicate: str, value: Term) -> str:
    """Return the key of a triple or pattern (see :attr:`Atom.key`)."""
    return f"a {value}" if predicate == TYPE else predicate


@dataclass(frozen=True)
class Filter:
    """A condition on literals or terms: a SPARQL expression, cut at its variables."""

    parts: tuple[str | Var, ...]

    @property
    def expression(self) -> str:
        """The expression as one text."""
        return "".join(map(str, self.parts))


@dataclass(frozen=True)
class Axiom:
    """An axiom in words, and the file or ontology that states it."""

    words: str
    source: str

    def __str__(self) -> str:
        return f"{self.words} ({self.source})" if self.source else self.words


@dataclass(frozen=True)
class Rule:
    """If all of ``body`` holds, ``head`` holds.  A body may be empty: then it always does."""

    head: Atom
    body: tuple[Atom, ...]
    filters: tuple[Filter, ...]
    axiom: Axiom

    @property
    def identity(self) -> str:
        """A hash over what the rule says, whatever axiom says it."""
        # variables by their place: their names depend on the axioms that came before
        places: dict[Var, str] = {}

        def said(part: Term) -> str:
            return places.setdefault(part, f"?{len(places)}") if isinstance(part, Var) else part

        def atom(one: Atom) -> str:
            return f"{said(one.subject)} {one.predicate} {said(one.object)}"

        parts = " . ".join(map(atom, self.body))
        filters = " && ".join("".join(map(said, one.parts)) for one in self.filters)
        text = f"{parts} | {filters} -> {atom(self.head)}"
        return hashlib.sha256(text.encode()).hexdigest()[:16]

    def __str__(self) -> str:
        conditions = [*map(str, self.body), *(f.expression for f in self.filters)]
        return f"{' ∧ '.join(conditions) or 'always'} → {self.head}"


Kind = Literal[
    "disjoint classes",
    "disjoint properties",
    "several values",
    "one key",
    "irreflexive",
    "asymmetric",
    "not allowed",
    "not of the datatype",
    "different things",
]


@dataclass(frozen=True)
class Check:
    """Facts that cannot all be true: each match of ``body`` and ``filters`` is a clash.

    ``choices`` lists the terms that a variable may stand for.  ``message`` names
    variables as ``{x}``.
    """

    kind: Kind
    body: tuple[Atom, ...]
    filters: tuple[Filter, ...]
    message: str
    axiom: Axiom
    choices: tuple[tuple[Var, tuple[str, ...]], ...] = ()


@dataclass(frozen=True)
class Stratum:
    """Keys that depend on each other, with the rules that make them.

    ``recursive``: some rule's body holds a key of the same stratum.
    """

    keys: frozenset[str]
    rules: tuple[Rule, ...]
    recursive: bool

    @cached_property
    def body_keys(self) -> frozenset[str]:
        """Keys of what its rules depend on."""
        return frozenset(atom.key for rule in self.rules for atom in rule.body)

    @property
    def transitive(self) -> str:
        """The predicate, where all that recurs is its transitivity; else ""."""
        rules = self.recurring
        if len(self.keys) == 1 and len(rules) == 1 and _is_transitivity(rules[0]):
            return rules[0].head.predicate
        return ""

    @property
    def recurring(self) -> tuple[Rule, ...]:
        """Rules whose body holds a key of this stratum."""
        return tuple(r for r in self.rules if any(a.key in self.keys for a in r.body))


def _is_transitivity(rule: Rule) -> bool:
    if len(rule.body) != 2 or rule.filters:
        return False
    one, two = rule.body
    head = rule.head
    return (
        one.predicate == two.predicate == head.predicate
        and one.subject == head.subject
        and one.object == two.subject
        and two.object == head.object
    )


@dataclass(frozen=True)
class RuleSet:
    """A compiled ontology.

    ``levels`` orders the strata: those of one level do not depend on each other.
    ``notices`` say which axioms have no effect on named facts.  ``given`` are the facts
    that the ontology itself states, of concepts for example: rules without a body.
    ``by_body`` finds rules, and the place in their body, by a key that came or went.
    """

    rules: tuple[Rule, ...]
    given: tuple[Rule, ...]
    checks: tuple[Check, ...]
    levels: tuple[tuple[Stratum, ...], ...]
    notices: tuple[str, ...] = ()
    by_body: dict[str, tuple[tuple[Rule, int], ...]] = field(default_factory=dict, repr=False)
    by_head: dict[str, tuple[Rule, ...]] = field(default_factory=dict, repr=False)

    @cached_property
    def identities(self) -> dict[str, str]:
        """The key that each rule makes, by the rule's identity."""
        return {rule.identity: rule.head.key for rule in (*self.given, *self.rules)}

    @cached_property
    def stated(self) -> dict[str, frozenset[tuple[str, str]]]:
        """Subject and object of what the ontology itself states, by key."""
        found: dict[str, set[tuple[str, str]]] = {}
        for rule in self.given:
            pair = str(rule.head.subject), str(rule.head.object)
            found.setdefault(rule.head.key, set()).add(pair)
        return {key: frozenset(pairs) for key, pairs in found.items()}

    @cached_property
    def joining(self) -> frozenset[str]:
        """Keys of what meets other facts in the body of a rule."""
        return frozenset(
            key for key, uses in self.by_body.items() if any(len(r.body) > 1 for r, _ in uses)
        )

    @cached_property
    def made(self) -> frozenset[str]:
        """Keys of what can be inferred."""
        return frozenset(rule.head.key for rule in (*self.given, *self.rules))

    def strata(self) -> Iterator[Stratum]:
        """All strata in the order in which they are applied."""
        for level in self.levels:
            yield from level
