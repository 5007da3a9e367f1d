"""OWL → stratified rules and checks; what cannot be translated is refused, by name.

The rules are those of OWL 2 RL (OWL 2 Profiles, section 4.3) with the ontology's
axioms already applied, so that no rule ranges over classes or properties, and with
data ranges as conditions, which RL has not.  Equality is not inferred: names are
taken as unique, and what would make two of them one is found by a check.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Final

from dafab_kg.model.errors import AxiomNotTranslated, NotWellFormed
from dafab_kg.reasoning.existence import consequences
from dafab_kg.reasoning.expressions import (
    NOTHING,
    THING,
    Condition,
    NotTranslated,
    Parts,
    add,
    differ,
    left,
    link,
    right,
)
from dafab_kg.reasoning.rules import TYPE, Atom, Axiom, Check, Filter, Kind, RuleSet, Term, Var
from dafab_kg.reasoning.strata import stratified
from dafab_kg.reasoning.triples import OWL, RDF, RDFS, Triples, is_blank, short
from dafab_kg.reasoning.words import expression

_X, _Y, _Z = Var("x"), Var("y"), Var("z")
_DECLARATIONS: Final = frozenset(
    {
        *(
            f"<{OWL}{local}>"
            for local in (
                "Class",
                "ObjectProperty",
                "DatatypeProperty",
                "AnnotationProperty",
                "Ontology",
                "NamedIndividual",
                "Restriction",
                "OntologyProperty",
                "DataRange",
                "DeprecatedClass",
                "DeprecatedProperty",
                "AllDisjointClasses",
                "AllDisjointProperties",
                "AllDifferent",
                "NegativePropertyAssertion",
                "Axiom",
                "Annotation",
                "FunctionalProperty",
                "InverseFunctionalProperty",
                "SymmetricProperty",
                "AsymmetricProperty",
                "TransitiveProperty",
                "IrreflexiveProperty",
                "ReflexiveProperty",
            )
        ),
        f"<{RDFS}Class>",
        f"<{RDFS}Datatype>",
        f"<{RDF}Property>",
        f"<{RDF}List>",
    }
)
_KNOWN_KINDS: Final = _DECLARATIONS | {THING, NOTHING}
_UNIQUE: Final = "names are taken as unique anyhow"
_CHARACTERISTICS: Final = {
    f"<{OWL}{local}Property>": local
    for local in (
        "Functional",
        "InverseFunctional",
        "Symmetric",
        "Asymmetric",
        "Transitive",
        "Irreflexive",
        "Reflexive",
    )
}
_ANNOTATIONS: Final = frozenset(
    f"<{RDFS}{local}>" for local in ("label", "comment", "seeAlso", "isDefinedBy")
) | frozenset(
    f"<{OWL}{local}>"
    for local in (
        "versionInfo",
        "versionIRI",
        "priorVersion",
        "imports",
        "backwardCompatibleWith",
        "incompatibleWith",
        "deprecated",
        "annotatedSource",
        "annotatedProperty",
        "annotatedTarget",
    )
)
_EXPRESSION: Final = frozenset(
    f"<{OWL}{local}>"
    for local in (
        "onProperty",
        "onProperties",
        "someValuesFrom",
        "allValuesFrom",
        "hasValue",
        "hasSelf",
        "minCardinality",
        "maxCardinality",
        "cardinality",
        "minQualifiedCardinality",
        "maxQualifiedCardinality",
        "qualifiedCardinality",
        "onClass",
        "onDataRange",
        "intersectionOf",
        "unionOf",
        "oneOf",
        "complementOf",
        "datatypeComplementOf",
        "onDatatype",
        "withRestrictions",
        "members",
        "distinctMembers",
        "sourceIndividual",
        "assertionProperty",
        "targetIndividual",
        "targetValue",
    )
) | frozenset({f"<{RDF}first>", f"<{RDF}rest>"})

_LISTS: Final = tuple(
    f"<{OWL}{local}>"
    for local in (
        "intersectionOf",
        "unionOf",
        "oneOf",
        "disjointUnionOf",
        "members",
        "distinctMembers",
        "propertyChainAxiom",
        "hasKey",
        "withRestrictions",
        "onProperties",
    )
)
"""Predicates whose value is a list (OWL 2 Mapping to RDF Graphs, section 2)."""


def compile_ontology(triples: Triples, *, skip_refused: bool = False) -> RuleSet:
    """Make rules and checks of an ontology, its imports merged into ``triples``.

    ``skip_refused`` leaves out what cannot be translated, with a notice for each.

    Raises:
        AxiomNotTranslated: an axiom cannot be made a rule; all such are named.
        NotWellFormed: an axiom has a list that does not end, or goes in circles.
    """
    broken = triples.broken_list(_LISTS)
    if broken is not None:
        subject, predicate, file = broken
        owner = "something without a name" if is_blank(subject) else short(subject)
        raise NotWellFormed(
            f"the list that is {short(predicate)} of {owner} branches or does not end",
            where=file,
            remedy="Write it in Turtle as ( … )",
        )
    compiler = _Compiler(triples)
    compiler.run()
    parts = compiler.parts
    notices = list(compiler.notices)
    for existence in parts.existences:
        followed = consequences(existence, parts)
        if followed:
            reason = f"what exists by it has no name, yet {followed} follows; state that"
            compiler.refused.append(f"{existence.axiom}: {reason}")
        else:
            notices.append(
                f"{existence.axiom}: that something exists is not made a fact, as it has no name"
            )
    if compiler.refused and not skip_refused:
        raise AxiomNotTranslated(
            f"{_counted(len(compiler.refused))} cannot be made rules:\n"
            + ";\n".join(f"- {text}" for text in compiler.refused)
            + ".\nTake out what is named or say it otherwise; --skip-refused goes on without it"
        )
    notices.extend(f"left out: {text}" for text in compiler.refused)
    return stratified(parts.rules, parts.checks, dict.fromkeys(notices))


def _counted(number: int) -> str:
    return f"{number:,} axiom{'' if number == 1 else 's'}"


def _other(term: Term, names: dict[Var, Var]) -> Term:
    return names.get(term, term) if isinstance(term, Var) else term


class _Compiler:
    """Goes through an ontology, axiom by axiom."""

    def __init__(self, triples: Triples) -> None:
        self.triples = triples
        self.parts = Parts(triples)
        self.refused: list[str] = []
        self.notices: list[str] = []
        self._predicates: dict[str, Callable[[str, str, Axiom], None]] = {
            f"<{RDFS}subClassOf>": self._sub_class,
            f"<{OWL}equivalentClass>": self._equivalent_class,
            f"<{OWL}disjointWith>": self._disjoint_pair,
            f"<{OWL}disjointUnionOf>": self._disjoint_union,
            f"<{OWL}hasKey>": self._key,
            f"<{RDFS}subPropertyOf>": self._sub_property,
            f"<{OWL}equivalentProperty>": self._equivalent_property,
            f"<{OWL}inverseOf>": self._inverse,
            f"<{OWL}propertyChainAxiom>": self._chain,
            f"<{OWL}propertyDisjointWith>": self._disjoint_properties,
            f"<{RDFS}domain>": self._domain,
            f"<{RDFS}range>": self._range,
            f"<{OWL}sameAs>": self._same,
            f"<{OWL}differentFrom>": self._different,
        }

    def run(self) -> None:
        """Translate everything."""
        for subject in self.triples.subjects():
            for predicate, values in self.triples.of(subject).items():
                for value in values:
                    self._take(subject, predicate, value)

    def _take(self, subject: str, predicate: str, value: str) -> None:
        source = self.triples.source(subject, predicate, value)
        try:
            if predicate == TYPE:
                self._typed(subject, value, source)
            elif predicate in self._predicates:
                if self._is_annotation_axiom(subject, predicate) or self._is_definition(
                    subject, predicate
                ):
                    return
                axiom = Axiom(self._words(subject, predicate, value), source)
                self._predicates[predicate](subject, value, axiom)
            elif not self._is_silent(subject, predicate):
                axiom = Axiom(f"{short(subject)} {short(predicate)} {short(value)}", source)
                add(Atom(subject, predicate, value), Condition(), self.parts, axiom)
        except NotTranslated as error:
            words = self._words(subject, predicate, value)
            self.refused.append(f"{words}{f' ({source})' if source else ''}: {error}")

    def _words(self, subject: str, predicate: str, value: str) -> str:
        verb = {
            f"<{RDFS}subClassOf>": "SubClassOf",
            f"<{OWL}equivalentClass>": "EquivalentTo",
            f"<{OWL}disjointWith>": "DisjointWith",
            f"<{OWL}disjointUnionOf>": "DisjointUnionOf",
            f"<{OWL}hasKey>": "HasKey",
            f"<{RDFS}subPropertyOf>": "SubPropertyOf",
            f"<{OWL}equivalentProperty>": "EquivalentTo",
            f"<{OWL}inverseOf>": "InverseOf",
            f"<{OWL}propertyChainAxiom>": "SubPropertyChain",
            f"<{OWL}propertyDisjointWith>": "DisjointWith",
            f"<{RDFS}domain>": "Domain",
            f"<{RDFS}range>": "Range",
            TYPE: "Type",
        }.get(predicate, short(predicate))
        left_side = expression(subject, self.triples)
        if predicate == f"<{OWL}propertyChainAxiom>":
            chain = " o ".join(expression(p, self.triples) for p in self.triples.members(value))
            return f"{chain} SubPropertyOf {left_side}"
        if predicate in {f"<{OWL}hasKey>", f"<{OWL}disjointUnionOf>"}:
            return f"{left_side} {verb} " + ", ".join(
                expression(p, self.triples) for p in self.triples.members(value)
            )
        return f"{left_side} {verb} {expression(value, self.triples)}"

    # what says nothing about facts

    def _is_annotation_axiom(self, subject: str, predicate: str) -> bool:
        """Domains, ranges and hierarchies of annotation properties mean nothing (section 10)."""
        kinds = (f"<{RDFS}domain>", f"<{RDFS}range>", f"<{RDFS}subPropertyOf>")
        return predicate in kinds and self._is_annotation(subject)

    def _is_definition(self, subject: str, predicate: str) -> bool:
        if predicate == f"<{OWL}inverseOf>" and is_blank(subject):
            return True  # an inverse property expression, not an axiom
        defined = self.triples.has(subject, TYPE, f"<{RDFS}Datatype>")
        return predicate == f"<{OWL}equivalentClass>" and defined

    def _is_annotation(self, node: str) -> bool:
        return self.triples.has(node, TYPE, f"<{OWL}AnnotationProperty>")

    def _is_silent(self, subject: str, predicate: str) -> bool:
        """Tell whether a triple only annotates, or is part of an expression."""
        if predicate in _ANNOTATIONS or predicate in _EXPRESSION or self._is_annotation(predicate):
            return True
        if predicate.startswith((f"<{OWL}", f"<{RDFS}", f"<{RDF}")):
            raise NotTranslated("this is no axiom of OWL 2 that is known here")
        declared = any(
            self.triples.has(predicate, TYPE, f"<{OWL}{kind}Property>")
            for kind in ("Object", "Datatype")
        )
        is_fact = declared and not self._is_word(subject) and not is_blank(subject)
        return not is_fact

    def _is_word(self, node: str) -> bool:
        """Tell whether a node is a class, property or ontology: what is said of it annotates."""
        return any(kind in _DECLARATIONS for kind in self.triples.values(node, TYPE)) and not (
            self.triples.has(node, TYPE, f"<{OWL}NamedIndividual>")
        )

    # individuals

    def _typed(self, subject: str, value: str, source: str) -> None:
        characteristic = _CHARACTERISTICS.get(value)
        if characteristic is not None:
            axiom = Axiom(f"{characteristic} {expression(subject, self.triples)}", source)
            self._characteristic(characteristic, subject, axiom)
        elif value == f"<{OWL}AllDisjointClasses>":
            self._all_disjoint(subject, source)
        elif value == f"<{OWL}AllDisjointProperties>":
            self._all_disjoint_properties(subject, source)
        elif value == f"<{OWL}NegativePropertyAssertion>":
            self._negative(subject, source)
        elif value == f"<{OWL}AllDifferent>":
            self._all_different(subject, source)
        elif value.startswith(f"<{OWL}") and value not in _KNOWN_KINDS:
            raise NotTranslated("this is no kind of OWL 2 that is known here")
        elif value not in _DECLARATIONS and not (is_blank(subject) and not is_blank(value)):
            axiom = Axiom(f"{short(subject)} Type {expression(value, self.triples)}", source)
            right(value, subject, Condition(), self.parts, axiom)

    def _negative(self, node: str, source: str) -> None:
        subject = self.triples.value(node, f"<{OWL}sourceIndividual>")
        prop = self.triples.value(node, f"<{OWL}assertionProperty>")
        value = self.triples.value(node, f"<{OWL}targetIndividual>") or self.triples.value(
            node, f"<{OWL}targetValue>"
        )
        if subject is None or prop is None or value is None:
            raise NotTranslated("a negative assertion lacks a part")
        words = f"not {short(subject)} {short(prop)} {short(value)}"
        atom = link(prop, subject, value, self.triples)
        self._check("not allowed", (atom,), (), f"{words} is denied", Axiom(words, source))

    def _same(self, subject: str, value: str, axiom: Axiom) -> None:
        raise NotTranslated("names are taken as unique: use one name, or skos:exactMatch")

    def _different(self, subject: str, value: str, axiom: Axiom) -> None:
        self.notices.append(f"{axiom}: {_UNIQUE}")

    def _all_different(self, node: str, source: str) -> None:
        members = self.triples.list_of(node, f"<{OWL}distinctMembers>")
        members = members or self.triples.list_of(node, f"<{OWL}members>") or []
        axiom = Axiom("DifferentIndividuals: " + ", ".join(map(self._said, members)), source)
        self.notices.append(f"{axiom}: {_UNIQUE}")

    # classes

    def _sub_class(self, subject: str, value: str, axiom: Axiom) -> None:
        members = self.triples.list_of(subject, f"<{OWL}oneOf>")
        if members is not None:
            for member in members:
                right(value, member, Condition(), self.parts, axiom)
            return
        for body in left(subject, _X, self.parts):
            right(value, _X, body, self.parts, axiom)

    def _equivalent_class(self, subject: str, value: str, axiom: Axiom) -> None:
        problems = []
        for one, other in ((subject, value), (value, subject)):
            try:
                self._sub_class(one, other, axiom)
            except NotTranslated as error:
                problems.append(f"from {expression(one, self.triples)}: {error}")
        if problems:
            raise NotTranslated("; ".join(problems))

    def _disjoint_pair(self, subject: str, value: str, axiom: Axiom) -> None:
        message = f"{{x}} is both {self._said(subject)} and {self._said(value)}"
        for one in left(subject, _X, self.parts):
            for other in left(value, _X, self.parts):
                body = one & other
                self._check("disjoint classes", body.atoms, body.filters, message, axiom)

    def _said(self, node: str) -> str:
        return expression(node, self.triples)

    def _disjoint_union(self, subject: str, value: str, axiom: Axiom) -> None:
        members = list(self.triples.members(value))
        for member in members:
            self._sub_class(member, subject, axiom)
        self._disjoint_all(members, axiom)
        self.notices.append(f"{axiom}: that there are no further kinds is not made a fact")

    def _all_disjoint(self, node: str, source: str) -> None:
        members = self.triples.list_of(node, f"<{OWL}members>") or []
        words = "DisjointClasses: " + ", ".join(self._said(member) for member in members)
        self._disjoint_all(members, Axiom(words, source))

    def _disjoint_all(self, members: list[str], axiom: Axiom) -> None:
        if any(is_blank(member) for member in members):
            for place, one in enumerate(members):
                for other in members[place + 1 :]:
                    self._disjoint_pair(one, other, axiom)
            return
        atoms = (Atom(_X, TYPE, _Y), Atom(_X, TYPE, _Z))
        ordered = Filter(("STR(", _Y, ") < STR(", _Z, ")"))
        choices = ((_Y, tuple(members)), (_Z, tuple(members)))
        self.parts.checks.append(
            Check("disjoint classes", atoms, (ordered,), "{x} is both {y} and {z}", axiom, choices)
        )

    def _key(self, subject: str, value: str, axiom: Axiom) -> None:
        """Two things of a class with the same terms for all key properties."""
        props = list(self.triples.members(value))
        shared = [self.parts.fresh() for _ in props]
        apart = Filter(("STR(", _X, ") < STR(", _Y, ")"))
        for one in left(subject, _X, self.parts):
            keys = [
                link(prop, _X, key, self.triples) for prop, key in zip(props, shared, strict=True)
            ]
            mine = Condition((*one.atoms, *keys), one.filters)
            others = {v: self.parts.fresh() for a in one.atoms for v in a.variables} | {_X: _Y}
            theirs = tuple(
                Atom(_other(a.subject, others), a.predicate, _other(a.object, others))
                for a in mine.atoms
            )
            filters = (*mine.filters, apart)
            message = "{x} and {y} have one key"
            self._check("one key", (*mine.atoms, *theirs), filters, message, axiom)

    # properties

    def _sub_property(self, subject: str, value: str, axiom: Axiom) -> None:
        self._follows((link(subject, _X, _Y, self.triples),), value, axiom)

    def _follows(self, body: tuple[Atom, ...], prop: str, axiom: Axiom) -> None:
        top = f"<{OWL}topObjectProperty>", f"<{OWL}topDataProperty>"
        if prop not in top:
            add(link(prop, _X, _Y, self.triples), Condition(body), self.parts, axiom)

    def _equivalent_property(self, subject: str, value: str, axiom: Axiom) -> None:
        self._sub_property(subject, value, axiom)
        self._sub_property(value, subject, axiom)

    def _inverse(self, subject: str, value: str, axiom: Axiom) -> None:
        self._follows((link(subject, _Y, _X, self.triples),), value, axiom)
        self._follows((link(value, _Y, _X, self.triples),), subject, axiom)

    def _chain(self, subject: str, value: str, axiom: Axiom) -> None:
        links = list(self.triples.members(value))
        steps = [_X, *(Var(f"c{place}") for place in range(1, len(links))), _Y]
        body = tuple(
            link(prop, steps[place], steps[place + 1], self.triples)
            for place, prop in enumerate(links)
        )
        self._follows(body, subject, axiom)

    def _domain(self, subject: str, value: str, axiom: Axiom) -> None:
        body = Condition((link(subject, _X, self.parts.fresh(), self.triples),))
        right(value, _X, body, self.parts, axiom)

    def _range(self, subject: str, value: str, axiom: Axiom) -> None:
        atom = link(subject, _X, _Y, self.triples)
        right(value, _Y, Condition((atom,)), self.parts, axiom)

    def _characteristic(self, name: str, prop: str, axiom: Axiom) -> None:
        atom = link(prop, _X, _Y, self.triples)
        back = link(prop, _Y, _X, self.triples)
        if name == "Symmetric":
            add(back, Condition((atom,)), self.parts, axiom)
        elif name == "Transitive":
            steps = (atom, link(prop, _Y, _Z, self.triples))
            head = link(prop, _X, _Z, self.triples)
            add(head, Condition(steps), self.parts, axiom)
        elif name == "Reflexive":
            raise NotTranslated("it would hold of everything there is")
        elif name == "Irreflexive":
            self_link = link(prop, _X, _X, self.triples)
            self._check("irreflexive", (self_link,), (), f"{{x}} {short(prop)} itself", axiom)
        elif name == "Asymmetric":
            message = f"{{x}} {short(prop)} {{y}} and the other way round"
            self._check("asymmetric", (atom, back), (), message, axiom)
        elif not self._is_annotation(prop):
            self._functional(name, prop, axiom)

    def _functional(self, name: str, prop: str, axiom: Axiom) -> None:
        if name == "Functional":
            atoms = link(prop, _X, _Y, self.triples), link(prop, _X, _Z, self.triples)
            message = f"{{x}} {short(prop)} {{y}} and {{z}}"
        else:
            atoms = link(prop, _Y, _X, self.triples), link(prop, _Z, _X, self.triples)
            message = f"{{y}} and {{z}} {short(prop)} {{x}}"
        self._check("several values", atoms, (differ(_Y, _Z),), message, axiom)

    def _disjoint_properties(self, subject: str, value: str, axiom: Axiom) -> None:
        atoms = link(subject, _X, _Y, self.triples), link(value, _X, _Y, self.triples)
        message = f"{{x}} {short(subject)} and {short(value)} {{y}}"
        self._check("disjoint properties", atoms, (), message, axiom)

    def _all_disjoint_properties(self, node: str, source: str) -> None:
        members = self.triples.list_of(node, f"<{OWL}members>") or []
        axiom = Axiom("DisjointProperties: " + ", ".join(map(self._said, members)), source)
        for place, one in enumerate(members):
            for other in members[place + 1 :]:
                self._disjoint_properties(one, other, axiom)

    def _check(
        self,
        kind: Kind,
        body: Iterable[Atom],
        filters: Iterable[Filter],
        message: str,
        axiom: Axiom,
    ) -> None:
        self.parts.checks.append(Check(kind, tuple(body), tuple(filters), message, axiom))


__all__ = ["THING", "compile_ontology"]
