"""Questions and contradictions as files, and what is needed to try them.

A question (``NNN-slug.yaml``) has the keys

``question``
    in words, as a user asks it;
``facts``
    Turtle; the catalogue's prefixes and ``hcat:`` are declared;
``query``
    SPARQL SELECT;
``answer`` and ``without``
    its rows with what is inferred, and of the stated facts alone;
``needs``
    axioms without any one of which the answer is another, in the words of
    ``Axiom.words``; none for a question about plain facts.

A contradiction (``contradictions/NNN-slug.yaml``) has ``what``, ``facts`` that are
consistent, the Turtle ``offending`` that makes them contradict each other, the
``kind`` of the clash, and ``axioms`` that its explanation names; a list of classes
may be cut short with ``...``.  ``hermit`` says why a complete reasoner of OWL 2, which
does not take names as unique, finds nothing wrong; absent where it must.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from dafab_kg.model.names import Names
from dafab_kg.reasoning.full import apply_stratum, materialise
from dafab_kg.reasoning.ontology import packaged_rules, triples_of
from dafab_kg.reasoning.reasoner import Reasoner
from dafab_kg.reasoning.rules import Atom, Rule, RuleSet, Stratum
from dafab_kg.reasoning.triples import short
from dafab_kg.store.nquads import in_graph
from dafab_kg.store.oxigraph import OxigraphStore
from dafab_kg.store.protocol import Change

HERE = Path(__file__).parent
HCAT = "https://w3id.org/dafab/hcat/"
PREFIXES = {**Names().prefixes, "hcat": HCAT}
GRAPH = Names().make("inferred_graph")
DOCUMENT = "urn:test:document"

Rows = list[tuple[str, ...]]


@dataclass(frozen=True)
class Question:
    """A question, its facts, and its answers."""

    name: str
    question: str
    facts: str
    query: str
    answer: Rows
    without: Rows
    needs: tuple[str, ...]


@dataclass(frozen=True)
class Contradiction:
    """Facts that become inconsistent by what is ``offending``."""

    name: str
    what: str
    facts: str
    offending: str
    kind: str
    axioms: tuple[str, ...]
    hermit: str


def _read(file: Path, keys: Collection[str], optional: Collection[str] = ()) -> dict[str, Any]:
    content = yaml.safe_load(file.read_text("utf-8"))
    wrong = content.keys() ^ set(keys) - set(optional)
    assert not wrong - set(optional), f"{file.name}: keys missing or unknown: {wrong}"
    return {"name": file.stem, **content}


def _rows(rows: list[list[object]]) -> Rows:
    return sorted(tuple(map(str, row)) for row in rows)


@cache
def questions() -> tuple[Question, ...]:
    """All questions, in the order of their numbers."""
    keys = ("question", "facts", "query", "answer", "without", "needs")
    found = []
    for file in sorted(HERE.glob("*.yaml")):
        content = _read(file, keys)
        content |= {key: _rows(content[key]) for key in ("answer", "without")}
        found.append(Question(**content | {"needs": tuple(content["needs"])}))
    return tuple(found)


@cache
def contradictions() -> tuple[Contradiction, ...]:
    """All contradictions, in the order of their numbers."""
    keys = ("what", "facts", "offending", "kind", "axioms")
    found = []
    for file in sorted((HERE / "contradictions").glob("*.yaml")):
        content = {"hermit": "", **_read(file, keys, ["hermit"])}
        found.append(Contradiction(**content | {"axioms": tuple(content["axioms"])}))
    return tuple(found)


def header(base: str = "") -> str:
    """Prefixes of facts; ``base`` keeps apart the things of several sets of facts."""
    known = PREFIXES | ({"id": f"{PREFIXES['id']}{base}/"} if base else {})
    return "".join(f"@prefix {prefix}: <{iri}> .\n" for prefix, iri in known.items())


def lines(turtle: str, base: str = "") -> str:
    """Facts as N-Triples lines."""
    return triples_of((header(base) + turtle).encode(), "text/turtle", name=base or "facts")


def stored(nt: str) -> OxigraphStore:
    """A store that states some facts in one document: in its graph, and in the default graph."""
    store = OxigraphStore()
    document = "".join(in_graph(line, DOCUMENT) for line in nt.splitlines(keepends=True))
    store.apply(Change(added=nt + document))
    return store


def reasoned(nt: str) -> tuple[OxigraphStore, Reasoner]:
    """A store that states some facts, and its reasoner, which has inferred by all rules."""
    store = stored(nt)
    reasoner = Reasoner(store, Names(), rules=packaged_rules)
    reasoner.ensure()
    return store, reasoner


def rows(store: OxigraphStore, query: str, *, inferred: bool) -> Rows:
    """Rows of a query, sorted, terms as people write them and literals without datatype."""
    prefixes = "".join(f"PREFIX {prefix}: <{iri}>\n" for prefix, iri in PREFIXES.items())
    graphs = [None, GRAPH] if inferred else [None]
    found = store.rows(prefixes + query, graphs)
    return sorted(tuple(map(_said, row)) for row in found)


def _said(term: str) -> str:
    if term.startswith('"'):
        return term[1 : term.rindex('"')]
    if term.startswith(f"<{HCAT}"):
        return f"hcat:{term[1:-1].removeprefix(HCAT)}"
    return short(term)


def infer(store: OxigraphStore, rules: RuleSet) -> None:
    """Infer anew by some rules."""
    materialise(store, rules, GRAPH)


@cache
def _vocabulary() -> OxigraphStore:
    """A store for many sets of facts, in turn; what the ontology itself states is stated here."""
    store = OxigraphStore()
    store.apply(Change(added="".join(f"{rule.head} .\n" for rule in packaged_rules().given)))
    return store


def answer(asked: Question, without: str = "") -> Rows:
    """The answer to a question, perhaps where an axiom is taken out."""
    nt = lines(asked.facts)
    rules = by(nt, without)
    if len(rules.given) < len(packaged_rules().given):
        store = stored(nt)
        infer(store, rules)
        return rows(store, asked.query, inferred=True)
    store = _vocabulary()
    store.apply(Change(added=nt))
    for stratum in rules.strata():
        apply_stratum(store, stratum, GRAPH)
    found = rows(store, asked.query, inferred=True)
    store.drop(GRAPH)
    store.apply(Change(removed=tuple(nt.splitlines(keepends=True))))
    return found


@dataclass(frozen=True, eq=False)
class _Keyed:
    """A rule, with the keys that it is chained by."""

    rule: Rule
    body: frozenset[str]
    head: str


@cache
def _keyed() -> tuple[_Keyed, ...]:
    return tuple(
        _Keyed(rule, frozenset(atom.key for atom in rule.body), rule.head.key)
        for stratum in packaged_rules().strata()
        for rule in stratum.rules
    )


@cache
def _given(without: str) -> tuple[tuple[Rule, ...], frozenset[str]]:
    given = tuple(rule for rule in packaged_rules().given if rule.axiom.words != without)
    return given, frozenset(rule.head.key for rule in given)


def by(nt: str, without: str = "") -> RuleSet:
    """The rules that can have any effect on some facts, without those of an axiom.

    A rule with a body that is not of what is stated, given or made never fires; to
    leave it out saves most of the time.
    """
    given, keys = _given(without)
    known = {_ground(line).key for line in nt.splitlines()} | keys
    waiting = [one for one in _keyed() if one.rule.axiom.words != without]
    used: set[int] = set()
    while more := [one for one in waiting if one.body <= known]:
        used |= {id(one.rule) for one in more}
        known |= {one.head for one in more}
        waiting = [one for one in waiting if id(one.rule) not in used]
    levels = tuple(tuple(_only(level, used)) for level in packaged_rules().levels)
    kept = tuple(rule for level in levels for stratum in level for rule in stratum.rules)
    return RuleSet(kept, given, (), levels)


def _ground(line: str) -> Atom:
    subject, predicate, value = line.removesuffix(" .").split(" ", 2)
    return Atom(subject, predicate, value)


def _only(level: tuple[Stratum, ...], used: set[int]) -> Iterator[Stratum]:
    for stratum in level:
        rules = tuple(rule for rule in stratum.rules if id(rule) in used)
        if rules:
            yield Stratum(stratum.keys, rules, stratum.recursive)
