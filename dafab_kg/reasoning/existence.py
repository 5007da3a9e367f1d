"""Does anything named follow from the existence of something nameless?

``C SubClassOf p some D`` gives each C a p that has no name.  No fact can say that,
and none is lost as long as no rule draws a conclusion about C's instance from its
nameless p.  This is tried on the smallest example: an instance of C, and its p.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from dafab_kg.reasoning.expressions import THING, Existence, NotTranslated, Parts, link
from dafab_kg.reasoning.rules import TYPE, Atom, Rule, Term, Var
from dafab_kg.reasoning.triples import is_blank, short

_NAMELESS = "<urn:dafab:nameless>"
Fact = tuple[str, str, str]


def consequences(existence: Existence, parts: Parts) -> str:
    """Return a fact that follows, in words, or "" if none does.

    Conditions with filters are taken as fulfilled, and a filler that is no named class
    as one that may be anything, so that the answer errs towards refusing.
    """
    names: dict[Var, str] = {}
    facts = {_ground(atom, names) for atom in existence.body.atoms}
    of = existence.of if isinstance(existence.of, str) else _name(existence.of, names)
    before = closure(facts, parts.rules)
    try:
        atom = _ground(link(existence.property, of, _NAMELESS, parts.triples), names)
    except NotTranslated as error:
        return str(error)
    extra = {atom}
    if existence.filler != THING and not is_blank(existence.filler):
        extra.add((_NAMELESS, TYPE, existence.filler))
    after = closure(facts | extra, parts.rules)
    for subject, predicate, value in sorted(after - before):
        if _NAMELESS not in (subject, value):
            return f"{short(subject)} {short(predicate)} {short(value)}"
    return ""


def _ground(atom: Atom, names: dict[Var, str]) -> Fact:
    return _name(atom.subject, names), atom.predicate, _name(atom.object, names)


def _name(term: Term, names: dict[Var, str]) -> str:
    if isinstance(term, str):
        return term
    return names.setdefault(term, f"<urn:dafab:some:{term.name}>")


def closure(facts: Iterable[Fact], rules: Iterable[Rule]) -> set[Fact]:
    """Return all that follows from a handful of facts; filters count as fulfilled."""
    known = set(facts)
    rules = list(rules)
    while True:
        made = {
            _instance(rule.head, binding)
            for rule in rules
            for binding in _matches(rule.body, known, {})
        } - known
        if not made:
            return known
        known |= made


def _instance(head: Atom, binding: dict[Var, str]) -> Fact:
    subject = binding[head.subject] if isinstance(head.subject, Var) else head.subject
    value = binding[head.object] if isinstance(head.object, Var) else head.object
    return subject, head.predicate, value


def _matches(
    body: tuple[Atom, ...], known: set[Fact], binding: dict[Var, str]
) -> Iterator[dict[Var, str]]:
    if not body:
        yield binding
        return
    first, *rest = body
    for subject, predicate, value in known:
        if predicate != first.predicate:
            continue
        extended = dict(binding)
        for term, given in ((first.subject, subject), (first.object, value)):
            if isinstance(term, Var):
                if extended.setdefault(term, given) != given:
                    break
            elif term != given:
                break
        else:
            yield from _matches(tuple(rest), known, extended)
