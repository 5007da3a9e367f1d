"""Compiled mappings, run over records."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from dafab_kg.mapping.compile import (
    GRAPH_FIELD,
    RowTemplate,
    compile_rows,
    list_fields,
    many,
    map_references,
    sub_record,
)
from dafab_kg.mapping.nquads import iri, literal
from dafab_kg.mapping.place import Place
from dafab_kg.mapping.terms import RDF_TYPE, Term, TriplesMap
from dafab_kg.mapping.yarrrml import parse_mapping
from dafab_kg.model import resources
from dafab_kg.model.errors import FieldNotValid, MappingNotValid
from dafab_kg.model.names import Names
from dafab_kg.model.records import RECORD_TYPES, Record

_WORD = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")


@dataclass(frozen=True)
class CompiledMapping:
    """All mappings, compiled; see :func:`compile_mappings`."""

    names: Names
    triples_maps: tuple[TriplesMap, ...]
    _rows: Mapping[type[Record], tuple[tuple[tuple[str, ...], RowTemplate], ...]]

    def map(self, records: Iterable[Record], *, document_id: str) -> str:
        """Return the N-Quads of all records, in their order.

        A line may come twice where two records say the same.

        Raises:
            FieldNotValid: a record holds what RDF cannot hold; the field is named.
            MappingNotValid: there is no mapping for a record's type.
        """
        graph = self.names.make("graph", document_id=document_id)
        lines: list[str] = []
        emit = lines.append
        for record in records:
            rows = self._rows.get(type(record))
            if rows is None:
                raise MappingNotValid(
                    f"no mapping reads {type(record).__name__}; write one with the source "
                    f"['{stem(type(record))}.json~jsonpath', '$[*]']"
                )
            try:
                for path, template in rows:
                    for one in walk(record, path) if path else (record,):
                        template.write(one, graph, emit)
            except FieldNotValid as error:
                raise self._located(record, error) from error
        return "".join(lines)

    def terms(self) -> set[str]:
        """Return the IRIs of all classes, predicates and other constants (not datatypes)."""
        found: set[str] = set()
        for one in self.triples_maps:
            terms = [one.subject, one.graph]
            for statement in one.statements:
                terms += [statement.predicate, statement.object]
            found |= {t.constant for t in terms if t.kind == "iri" and t.constant is not None}
        return found

    def classes(self) -> set[str]:
        """Return the IRIs of all classes that mappings state."""
        return {
            statement.object.constant
            for one in self.triples_maps
            for statement in one.statements
            if statement.predicate.constant == RDF_TYPE and statement.object.constant
        }

    def references(self, record_type: type[Record]) -> set[str]:
        """Return the names of the fields of a record type that its mappings read."""
        name = stem(record_type)
        maps = [one for one in self.triples_maps if one.source.stem == name]
        nested = {one.source.path[0] for one in maps if one.source.path}
        own = [map_references(one) for one in maps if not one.source.path]
        return nested.union(*own) - {GRAPH_FIELD}

    def _located(self, record: Record, error: FieldNotValid) -> FieldNotValid:
        """Return the error with the name of the field, found by trying each again."""
        kind = type(record)
        whole = {
            term.parts[0].name  # type: ignore[union-attr]  # a bare IRI is one reference
            for one in self.triples_maps
            if one.source.stem == stem(kind)
            for term in _terms(one)
            if term.is_bare_iri
        }
        for name in sorted(self.references(kind)):
            if _fails(getattr(record, name), literal, name in list_fields(kind)) or (
                name in whole and _fails(getattr(record, name), iri, name in list_fields(kind))
            ):
                where = f"{kind.__name__}.{name}"
                return FieldNotValid(error.what, where=where, remedy=error.remedy)
        return FieldNotValid(error.what, where=kind.__name__, remedy=error.remedy)


def compile_mappings(
    names: Names,
    files: Mapping[str, str] | None = None,
    record_types: Sequence[type[Record]] = RECORD_TYPES,
) -> CompiledMapping:
    """Compile mapping files (name → text; by default all of ``mappings/*.yml``).

    The prefix ``id`` of the files is bound to ``names.base``.

    Raises:
        MappingNotValid: a file says something that is not supported.
    """
    maps = read_mappings(names, files)
    by_stem = {stem(record_type): record_type for record_type in record_types}
    groups: dict[type[Record], dict[tuple[str, ...], list[TriplesMap]]] = {}
    for one in maps:
        if one.source.stem not in by_stem:
            raise (Place(one.file) / one.name / "sources").refuse(
                f"there is no record type {one.source.stem!r}", ", ".join(sorted(by_stem))
            )
        record_type = by_stem[one.source.stem]
        groups.setdefault(record_type, {}).setdefault(one.source.path, []).append(one)
    rows = {
        record_type: tuple(
            (path, compile_rows(group, _at(record_type, path, group[0])))
            for path, group in sorted(paths.items())
        )
        for record_type, paths in groups.items()
    }
    return CompiledMapping(names, maps, rows)


def read_mappings(names: Names, files: Mapping[str, str] | None = None) -> tuple[TriplesMap, ...]:
    """Parse mapping files, sorted by name; a mapping's name must be its own among all files."""
    if files is None:
        files = {
            name: resources.text("mappings", name) for name in resources.names("mappings", ".yml")
        }
    maps = tuple(
        one for file in sorted(files) for one in parse_mapping(files[file], file, names.prefixes)
    )
    seen: dict[str, str] = {}
    for one in maps:
        if one.name in seen:
            raise (Place(one.file) / one.name).refuse(
                f"a mapping of this name stands in {seen[one.name]} too", "one name for one mapping"
            )
        seen[one.name] = one.file
    return maps


def stem(record_type: type[Record]) -> str:
    """Return the name of a record type in snake case, which is its source's file stem.

    >>> from dafab_kg.model.records import WaterAnalysis
    >>> stem(WaterAnalysis)
    'water_analysis'
    """
    return _WORD.sub("_", record_type.__name__).lower()


def walk(record: Record, path: Sequence[str]) -> Iterator[Record]:
    """Yield the sub-records in the list fields that ``path`` names, one below the other."""
    if not path:
        yield record
        return
    for child in many(getattr(record, path[0])):
        if not isinstance(child, Record):
            raise FieldNotValid(
                f"{path[0]} holds {type(child).__name__} where a record is expected"
            )
        yield from walk(child, path[1:])


def _at(record_type: type[Record], path: Sequence[str], one: TriplesMap) -> type[Record]:
    for name in path:
        child = sub_record(record_type, name)
        if child is None:
            raise (Place(one.file) / one.name / "sources").refuse(
                f"{record_type.__name__} has no list of records {name}", "fields of records"
            )
        record_type = child
    return record_type


def _terms(one: TriplesMap) -> Iterator[Term]:
    yield one.subject
    yield one.graph
    for statement in one.statements:
        yield statement.predicate
        yield statement.object


def _fails(value: object, check: Callable[[object], str], is_list: bool) -> bool:
    try:
        for element in many(value) if is_list else (value,):
            if element is not None:
                check(element)
    except FieldNotValid:
        return True
    return False
