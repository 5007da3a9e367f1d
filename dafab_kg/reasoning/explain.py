"""Why a triple holds: the rule, the axiom and the facts, down to the documents."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from dafab_kg.model.errors import DocumentRejected, QueryNotValid, ThingNotFound
from dafab_kg.model.names import Names, is_iri
from dafab_kg.reasoning.reasoner import Reasoner
from dafab_kg.reasoning.rules import TYPE, Atom, Rule, Var, key_of
from dafab_kg.reasoning.sparql import proofs
from dafab_kg.reasoning.triples import short
from dafab_kg.store.nquads import canonical
from dafab_kg.store.protocol import Store

TRIED: Final = 20
"""Ways to match a rule's body that are tried, before the next rule is."""
_TERM = re.compile(r"""<[^<>\s]*>|"(?:[^"\\]|\\.)*"(?:@[\w-]+|\^\^\S+)?|\S+""")

Fact = tuple[str, str, str]


@dataclass(frozen=True)
class Proof:
    """Why one triple (an N-Triples line) holds.

    It is stated (``graphs`` names where, documents' graphs among them), or an
    ``axiom`` says so of ``premises``; without premises the ontology itself states it.
    """

    triple: str
    graphs: tuple[str, ...] = ()
    axiom: str = ""
    rule: str = ""
    premises: tuple[Proof, ...] = ()

    @property
    def stated(self) -> Iterator[Proof]:
        """The stated facts that it rests on."""
        if self.graphs:
            yield self
        for premise in self.premises:
            yield from premise.stated


def parse_triple_text(text: str, names: Names) -> str:
    """Return the N-Triples line of a triple as people write it.

    >>> parse_triple_text("<http://a.example/x> a dafab:FloodScene", Names()).split()[2]
    '<https://w3id.org/dafab/ns#FloodScene>'

    Raises:
        QueryNotValid: it is no triple, or has a prefix that is not known.
    """
    terms = _TERM.findall(text.strip().removesuffix(" .").strip())
    if len(terms) != 3:
        raise QueryNotValid(
            f"{text!r} is no triple: it has {len(terms)} terms. Write subject, predicate and "
            "object, IRIs in <>, with a prefix of the catalogue, or in full"
        )
    line = " ".join(_term(term, names) for term in terms) + " .\n"
    try:
        (one,) = canonical(line).triples
    except (DocumentRejected, ValueError) as error:
        raise QueryNotValid(f"{text!r} is no triple: {error}") from error
    return one


def _term(term: str, names: Names) -> str:
    if term.startswith("<"):
        return term
    if term == "a":
        return TYPE
    if term.startswith('"'):
        literal, marks, datatype = term.rpartition("^^")
        return f"{literal}^^{_term(datatype, names)}" if marks and literal else term
    prefix, colon, local = term.partition(":")
    if colon and prefix in names.prefixes:
        return f"<{names.prefixes[prefix]}{local}>"
    if is_iri(term):
        return f"<{term}>"
    raise QueryNotValid(f"{term!r} is no IRI, literal or name with one of the catalogue's prefixes")


def explain(triple: str, store: Store, reasoner: Reasoner, *, remedy: str = "") -> Proof:
    """Explain one N-Triples line; ``remedy`` ends the message if it does not hold.

    Raises:
        ThingNotFound: it neither is stated nor follows.
    """
    search = _Search(store, reasoner)
    proof = search.prove(triple, frozenset())
    if proof is None:
        raise ThingNotFound(
            f"This does not hold here: {triple.strip()} It is neither stated nor inferred{remedy}"
        )
    return proof


class _Search:
    def __init__(self, store: Store, reasoner: Reasoner) -> None:
        self._store = store
        self._graph = reasoner.graph
        self._rules = reasoner.rules
        self._known: dict[str, Proof] = {}
        self._given = {f"{rule.head} .\n": rule for rule in self._rules.given}

    def prove(self, triple: str, above: frozenset[str]) -> Proof | None:
        """Prove a triple without using those ``above`` it, so that no proof goes in circles."""
        if triple in self._known:
            return self._known[triple]
        proof = self._stated(triple)
        if proof is None and self._store.states(triple, self._graph):
            proof = self._followed(triple, above | {triple})
        if proof is not None:
            self._known[triple] = proof
        return proof

    def _stated(self, triple: str) -> Proof | None:
        if self._store.states(triple, None):
            graphs = self._store.stating(triple) - {self._graph}
            return Proof(triple, tuple(sorted(graphs)))
        given = self._given.get(triple)
        if given is not None and self._store.states(triple, self._graph):
            return Proof(triple, axiom=str(given.axiom))
        return None

    def _followed(self, triple: str, above: frozenset[str]) -> Proof | None:
        subject, predicate, value = triple.removesuffix(" .\n").split(" ", 2)
        for rule in self._rules.by_head.get(key_of(predicate, value), ()):
            for body in self._bodies(rule, subject, value):
                premises = self._premises(body, above)
                if premises is not None:
                    return Proof(triple, (), str(rule.axiom), _said(rule), premises)
        return None

    def _bodies(self, rule: Rule, subject: str, value: str) -> Iterator[list[str]]:
        if not _fits(rule.head, subject, value):
            return
        text, variables = proofs(rule, subject, value, TRIED)
        for row in self._store.rows(text, [None, self._graph]):
            binding = dict(zip(variables, row, strict=False))
            yield [instance(atom, binding) for atom in rule.body]

    def _premises(self, body: list[str], above: frozenset[str]) -> tuple[Proof, ...] | None:
        found = []
        for triple in body:
            if triple in above:
                return None
            proof = self.prove(triple, above)
            if proof is None:
                return None
            found.append(proof)
        return tuple(found)


def _fits(head: Atom, subject: str, value: str) -> bool:
    return (isinstance(head.subject, Var) or head.subject == subject) and (
        isinstance(head.object, Var) or head.object == value
    )


def instance(atom: Atom, binding: dict[Var, str]) -> str:
    """Return the N-Triples line of an atom under a binding."""
    subject = binding[atom.subject] if isinstance(atom.subject, Var) else atom.subject
    value = binding[atom.object] if isinstance(atom.object, Var) else atom.object
    return f"{subject} {atom.predicate} {value} .\n"


def plain_triple(triple: str) -> str:
    """Write an N-Triples line with short names."""
    subject, predicate, value = triple.removesuffix(" .\n").split(" ", 2)
    return f"{short(subject)} {'a' if predicate == TYPE else short(predicate)} {short(value)}"


def _said(rule: Rule) -> str:
    """Write a rule with short names."""

    def atom(one: Atom) -> str:
        predicate = "a" if one.predicate == TYPE else short(one.predicate)
        return " ".join(
            (
                str(one.subject) if isinstance(one.subject, Var) else short(one.subject),
                predicate,
                str(one.object) if isinstance(one.object, Var) else short(one.object),
            )
        )

    conditions = [atom(one) for one in rule.body]
    if rule.filters:
        conditions.append("the condition of the axiom")
    return f"{', '.join(conditions)} ⟹ {atom(rule.head)}"
