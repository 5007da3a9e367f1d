"""Rules as SPARQL: over everything, from given facts forwards, and from given heads backwards."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from dafab_kg.reasoning.rules import Atom, Check, Filter, Rule, Var

Pair = tuple[str, str]
"""Subject and object of a triple, as N-Triples terms."""


def group(atoms: Iterable[Atom], filters: Iterable[Filter] = ()) -> str:
    """Return the body of a group graph pattern."""
    patterns = [f"{atom} ." for atom in atoms]
    patterns.extend(f"FILTER({one.expression})" for one in filters)
    return " ".join(patterns)


def construct_key(key_rules: Sequence[Rule], *, unchecked: bool = False) -> str:
    """Return a CONSTRUCT of all that rules with one head key make and nobody states yet.

    Heads may differ in variables and constants: each branch binds ``?s_`` and ``?o_``.
    ``unchecked`` leaves out the look whether it is stated, where nothing of the key is.
    """
    head = f"?s_ {key_rules[0].head.predicate} ?o_"
    return f"CONSTRUCT {{ {head} }} WHERE {{ {select_key(key_rules, unchecked=unchecked)} }}"


def select_key(key_rules: Sequence[Rule], *, unchecked: bool = False) -> str:
    """Return a SELECT of the heads (``?s_``, ``?o_``) that :func:`construct_key` makes."""
    branches = " UNION ".join(f"{{ {_branch(rule)} }}" for rule in key_rules)
    head = f"?s_ {key_rules[0].head.predicate} ?o_"
    check = "" if unchecked else f"FILTER NOT EXISTS {{ {head} }} "
    return f"SELECT DISTINCT ?s_ ?o_ {{ {branches} {check}}}"


def any_of_key(atom: Atom) -> str:
    """Return a SELECT with a row if there is any triple of an atom's key."""
    value = atom.object if atom.key.startswith("a ") else "?o"
    return f"SELECT ?s {{ ?s {atom.predicate} {value} }} LIMIT 1"


def _branch(rule: Rule) -> str:
    return (
        f"{group(rule.body, rule.filters)} "
        f"BIND({rule.head.subject} AS ?s_) BIND({rule.head.object} AS ?o_)"
    )


def construct_transitive(predicate: str) -> str:
    """Return a CONSTRUCT of the transitive closure of a predicate that nobody states yet."""
    return (
        f"CONSTRUCT {{ ?x {predicate} ?y }} WHERE {{ ?x {predicate}+ ?y "
        f"FILTER NOT EXISTS {{ ?x {predicate} ?y }} }}"
    )


def forwards(rule: Rule, place: int, facts: Iterable[Pair]) -> str:
    """Return a SELECT of the heads (``?s_``, ``?o_``) that follow with ``facts`` at one place."""
    driven = rule.body[place]
    rest = [atom for other, atom in enumerate(rule.body) if other != place]
    lateral = f"LATERAL {{ {group(rest, rule.filters)} }}"
    return (
        f"SELECT DISTINCT ?s_ ?o_ {{ {_given(driven, facts)} {lateral} "
        f"BIND({rule.head.subject} AS ?s_) BIND({rule.head.object} AS ?o_) }}"
    )


def backwards(rule: Rule, heads: Iterable[Pair]) -> str:
    """Return a SELECT of those of ``heads`` (``?s_``, ``?o_``) that the rule makes now."""
    head = rule.head
    same = [
        f"FILTER(sameTerm({name}, {term}))"
        for name, term in (("?s_", head.subject), ("?o_", head.object))
        if not isinstance(term, Var)
    ]
    if head.subject == head.object and isinstance(head.subject, Var):
        same.append("FILTER(sameTerm(?s_, ?o_))")
    renamed = {v: n for v, n in ((head.object, "o_"), (head.subject, "s_")) if isinstance(v, Var)}
    inner = group(
        (_renamed(atom, renamed) for atom in rule.body),
        (_renamed_filter(one, renamed) for one in rule.filters),
    )
    rows = " ".join(f"({s} {o})" for s, o in heads)
    exists = f"FILTER EXISTS {{ {inner} }}" if inner else ""
    return f"SELECT ?s_ ?o_ {{ VALUES (?s_ ?o_) {{ {rows} }} {' '.join(same)} {exists} }}"


def proofs(rule: Rule, subject: str, value: str, most: int) -> tuple[str, tuple[Var, ...]]:
    """Return a SELECT of how a rule makes one triple, and the variables of its rows."""
    known = {
        variable: term
        for variable, term in ((rule.head.subject, subject), (rule.head.object, value))
        if isinstance(variable, Var)
    }
    variables = tuple(dict.fromkeys(v for atom in rule.body for v in atom.variables))
    given = "".join(f"VALUES {v} {{ {term} }} " for v, term in known.items())
    names = " ".join(map(str, variables)) or "*"
    text = f"SELECT {names} {{ {given}{group(rule.body, rule.filters)} }} LIMIT {most}"
    return text, variables


def clashes(check: Check, most: int) -> tuple[str, tuple[Var, ...]]:
    """Return a SELECT of what breaks a check, and the variables of its rows."""
    variables = tuple(dict.fromkeys(v for atom in check.body for v in atom.variables))
    given = _shared_keys(check) if check.kind == "one key" else ""
    limits = [f"FILTER({one.expression})" for one in check.filters]
    for place, (variable, terms) in enumerate(check.choices):
        if place:
            limits.append(f"FILTER({variable} IN ({', '.join(terms)}))")
        else:
            given += f"VALUES {variable} {{ {' '.join(terms)} }} "
    inner = " ".join(f"LATERAL {{ {atom} . }}" for atom in check.body)
    names = " ".join(map(str, variables))
    return (
        f"SELECT DISTINCT {names} {{ {given}{inner} {' '.join(limits)} }} LIMIT {most}",
        variables,
    )


def _shared_keys(check: Check) -> str:
    """Keys that more than one thing has: found by grouping, as comparing pairs costs squares."""
    mine = check.body[: len(check.body) // 2]
    theirs = check.body[len(mine) :]
    known = {v for atom in theirs for v in atom.variables}
    keys = " ".join(
        map(str, dict.fromkeys(v for atom in mine for v in atom.variables if v in known))
    )
    thing = Var("x")
    return (
        f"{{ SELECT {keys} {{ {group(mine)} }} GROUP BY {keys} "
        f"HAVING (COUNT(DISTINCT {thing}) > 1) }} "
    )


def by_key(rules: Iterable[Rule]) -> dict[str, list[Rule]]:
    """Rules by the key that they make."""
    found: dict[str, list[Rule]] = {}
    for rule in rules:
        found.setdefault(rule.head.key, []).append(rule)
    return found


def _given(atom: Atom, facts: Iterable[Pair]) -> str:
    """VALUES for the variables of an atom, of the facts that fit it."""
    variables = atom.variables
    subject, value = atom.subject, atom.object
    rows = []
    for s, o in facts:
        if not isinstance(subject, Var) and subject != s:
            continue
        if not isinstance(value, Var) and value != o:
            continue
        if subject == value and s != o:
            continue
        terms = {subject: s, value: o} if subject != value else {subject: s}
        rows.append(f"({' '.join(terms[v] for v in variables)})")
    return f"VALUES ({' '.join(map(str, variables))}) {{ {' '.join(rows)} }}"


def _renamed(atom: Atom, names: dict[Var, str]) -> Atom:
    subject, value = atom.subject, atom.object
    if isinstance(subject, Var):
        subject = Var(names.get(subject, subject.name))
    if isinstance(value, Var):
        value = Var(names.get(value, value.name))
    return Atom(subject, atom.predicate, value)


def _renamed_filter(one: Filter, names: dict[Var, str]) -> Filter:
    return Filter(
        tuple(
            Var(names.get(part, part.name)) if isinstance(part, Var) else part for part in one.parts
        )
    )
