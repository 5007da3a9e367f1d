"""Triples maps → one generated function for each record type.

The function fetches each field once and writes each triple with one f-string.
Its source holds nothing of the mapping files but names of fields, which are
checked to be fields of the record type; every constant is a name bound to its
value.  So no text of a mapping file is ever run.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, fields
from itertools import groupby
from typing import Any, get_args, get_origin, get_type_hints

from dafab_kg.mapping.nquads import iri, literal, plain, segment
from dafab_kg.mapping.place import Place
from dafab_kg.mapping.terms import LITERAL, Condition, Reference, Statement, Term, TriplesMap
from dafab_kg.model.errors import FieldNotValid
from dafab_kg.model.records import Record

_LISTS = (tuple, list)

END = " .\n"

GRAPH_FIELD = "document_graph"
"""The field that every record has besides its own: the IRI of its document's graph."""

Write = Callable[[Record, str, Callable[[str], None]], None]
"""Takes a record, the IRI of the document's graph, and what to call with each line."""


@dataclass(frozen=True)
class RowTemplate:
    """A compiled function, with its Python source for whoever wants to look."""

    write: Write
    source: str


def compile_rows(maps: Sequence[TriplesMap], record_type: type[Record]) -> RowTemplate:
    """Compile all triples maps over one record type.

    Raises:
        MappingNotValid: a reference is no field of the record, or is a list where
            only a single value has one meaning.
    """
    lists = list_fields(record_type)
    for one in maps:
        _check(one, record_type, lists)
    code = _Code(lists)
    for name in sorted({r for one in maps for r in map_references(one)} - {GRAPH_FIELD}):
        value = f"record.{name}"
        code.line(f"f_{name} = {f'many({value})' if name in lists else value}")
    code.line(f"f_{GRAPH_FIELD} = {GRAPH_FIELD}")
    for one in maps:
        code.triples_map(one)
    source = f"def write(record, {GRAPH_FIELD}, emit):\n" + "\n".join(code.lines) + "\n"
    space: dict[str, Any] = {
        "iri": iri, "literal": literal, "many": many, "plain": plain, "segment": segment,
        **code.constants,
    }  # fmt: skip
    # only checked field names and our own words stand in the source, see above
    exec(compile(source, f"<mapping of {record_type.__name__}>", "exec"), space)  # noqa: S102
    return RowTemplate(space["write"], source)


def map_references(one: TriplesMap) -> set[str]:
    """Return the names of all fields that a triples map reads."""
    terms = [one.subject, one.graph]
    conditions = [one.condition]
    for statement in one.statements:
        terms += [statement.predicate, statement.object]
        conditions.append(statement.condition)
    return {r for term in terms for r in term.references} | {c.reference for c in conditions if c}


def list_fields(record_type: type[Record]) -> frozenset[str]:
    """Return the names of the fields that hold tuples."""
    hints = get_type_hints(record_type)
    return frozenset(n for n in _names(record_type) if get_origin(hints[n]) is tuple)


def sub_record(record_type: type[Record], name: str) -> type[Record] | None:
    """Return the type of the records that the list field ``name`` holds, None if it does not."""
    if name not in list_fields(record_type):
        return None
    element = get_args(get_type_hints(record_type)[name])[0]
    return element if isinstance(element, type) and issubclass(element, Record) else None


def many(value: object) -> Iterable[object]:
    """Return the elements of a list field.

    Raises:
        FieldNotValid: the field does not hold a list.
    """
    if value is None:
        return ()
    if isinstance(value, _LISTS):
        return value
    raise FieldNotValid(
        f"{type(value).__name__} where a list is expected", remedy="A list field holds a tuple"
    )


def _names(record_type: type[Record]) -> tuple[str, ...]:
    return tuple(field.name for field in fields(record_type))


def _check(one: TriplesMap, record_type: type[Record], lists: frozenset[str]) -> None:
    place = Place(one.file) / one.name
    known = {*_names(record_type), GRAPH_FIELD}
    unknown = sorted(map_references(one) - known)
    if unknown:
        raise place.refuse(
            f"{record_type.__name__} has no field {', '.join(unknown)}", ", ".join(sorted(known))
        )
    conditions = [one.condition, *(s.condition for s in one.statements)]
    for name in sorted({c.reference for c in conditions if c} & lists):
        raise place.refuse(f"a condition on the list {name}", "conditions on single values")
    for number, statement in enumerate(one.statements, 1):
        terms = (one.subject, one.graph, statement.predicate, statement.object)
        for name in sorted(lists):
            # engines differ here: all pairs by RML, or pairs of equal elements
            if sum(name in term.references for term in terms) > 1:
                raise (place / f"statement {number}").refuse(
                    f"the list {name} stands in two terms of one triple", "a list in one term"
                )


@dataclass(frozen=True)
class Slot:
    """A place in an f-string that is filled for each record; ``code`` is a Python expression."""

    code: str


class _Code:
    """The lines of one function, and the constants that they name."""

    def __init__(self, lists: frozenset[str]) -> None:
        self.lists = lists
        self.lines: list[str] = []
        self.constants: dict[str, str] = {}
        self._known: dict[str, str] = {}
        self._depth = 1

    def line(self, text: str) -> None:
        self.lines.append("    " * self._depth + text)

    def text(self, pieces: Iterable[str | Slot]) -> str:
        """Return an f-string of the pieces; neighbouring constants become one."""
        inside = ""
        for is_constant, group in groupby(pieces, key=lambda piece: isinstance(piece, str)):
            if is_constant:
                inside += f"{{{self.constant(''.join(map(str, group)))}}}"
            else:
                inside += "".join(f"{{{slot.code}}}" for slot in group if isinstance(slot, Slot))
        return f'f"{inside}"'

    def constant(self, text: str) -> str:
        """Return the name that is bound to ``text``."""
        name = self._known.setdefault(text, f"c{len(self._known)}")
        self.constants[name] = text
        return name

    def triples_map(self, one: TriplesMap) -> None:
        depth = self._depth
        self.condition(one.condition)
        self.enter(one.graph.references + one.subject.references)
        # computed once for all statements of the subject
        self.line(f"s = {self.text(self.term(one.subject))}")
        self.line(f"g = {self.text([' ', *self.term(one.graph), END])}")
        outer = {*one.graph.references, *one.subject.references}
        for statement in one.statements:
            self.statement(statement, outer)
        self._depth = depth

    def statement(self, statement: Statement, outer: set[str]) -> None:
        depth = self._depth
        self.condition(statement.condition)
        references = dict.fromkeys(statement.predicate.references + statement.object.references)
        self.enter(tuple(name for name in references if name not in outer))
        predicate, thing = self.term(statement.predicate), self.term(statement.object)
        self.line(f"emit({self.text([Slot('s'), ' ', *predicate, ' ', *thing, Slot('g')])})")
        self._depth = depth

    def condition(self, condition: Condition | None) -> None:
        if condition is None:
            return
        test = f"f_{condition.reference} is not None"
        if condition.constant is not None:
            constant = self.constant(condition.constant)
            sign = "==" if condition.equal else "!="
            test += f" and plain(f_{condition.reference}) {sign} {constant}"
        self.line(f"if {test}:")
        self._depth += 1

    def enter(self, references: tuple[str, ...]) -> None:
        """Open a block that runs once for each combination of present values."""
        for name in dict.fromkeys(references):
            if name == GRAPH_FIELD:
                continue
            if name in self.lists:
                self.line(f"for e_{name} in f_{name}:")
                self._depth += 1
            self.line(f"if {self.value(name)} is not None:")
            self._depth += 1

    def value(self, name: str) -> str:
        return f"e_{name}" if name in self.lists else f"f_{name}"

    def term(self, term: Term) -> list[str | Slot]:
        """Return a term as constants and slots."""
        is_literal = term.kind == LITERAL
        fill = "literal" if is_literal else "iri" if term.is_bare_iri else "segment"
        body: list[str | Slot] = []
        for part in term.parts:
            if isinstance(part, Reference):
                value = self.value(part.name)
                # the graph's IRI is made by Names and needs no check at every record
                known = term.is_bare_iri and part.name == GRAPH_FIELD
                body.append(Slot(value if known else f"{fill}({value})"))
            else:
                body.append(literal(part) if is_literal else part)
        if not is_literal:
            return ["<", *body, ">"]
        datatype = f"^^<{term.datatype}>" if term.datatype else ""
        return ['"', *body, f'"@{term.language}' if term.language else f'"{datatype}']
