"""The files in ``mappings/`` against the records and the table of names."""

from __future__ import annotations

import re
from dataclasses import fields
from decimal import Decimal
from typing import get_type_hints

import pytest

from dafab_kg.mapping import CompiledMapping, compile_mappings
from dafab_kg.mapping.apply import stem
from dafab_kg.mapping.terms import Reference, Term
from dafab_kg.model.names import DEFAULT_BASE, TEMPLATES, Names
from dafab_kg.model.records import RECORD_TYPES, Record


@pytest.fixture(scope="module")
def shipped() -> CompiledMapping:
    return compile_mappings(Names())


@pytest.mark.parametrize("record_type", RECORD_TYPES, ids=lambda t: t.__name__)
def test_each_record_type_has_a_mapping_that_reads_all_its_fields(
    shipped: CompiledMapping, record_type: type[Record]
) -> None:
    names = {field.name for field in fields(record_type)}
    assert shipped.references(record_type) == names
    assert {one.file for one in shipped.triples_maps if one.source.stem == stem(record_type)} == {
        f"{stem(record_type)}.yml"
    }


def iri_shapes(shipped: CompiledMapping) -> set[str]:
    """Templates below the base, with every reference written ``{}``."""
    terms: list[Term] = []
    for one in shipped.triples_maps:
        terms += [one.subject, one.graph, *(s.object for s in one.statements)]
    whole = {
        "".join("{}" if isinstance(part, Reference) else part for part in term.parts)
        for term in terms
        if term.kind == "iri"
    }
    return {text.removeprefix(DEFAULT_BASE) for text in whole if text.startswith(DEFAULT_BASE)}


def test_every_template_of_an_iri_is_one_of_the_table_of_names(shipped: CompiledMapping) -> None:
    table = {re.sub(r"\{\w+\}", "{}", text) for text in TEMPLATES.values()}
    assert iri_shapes(shipped) <= table


def sample(record_type: type[Record], number: int) -> Record:
    """A record with a value in every field."""
    hints = get_type_hints(record_type)
    values: dict[str, object] = {}
    for field in fields(record_type):
        hint = str(hints[field.name])
        value: object = f"{field.name}-{number}"
        if field.name in {"owner", "target", "access_url", "load_graph"}:
            value = f"https://x.example/{field.name}/{number}"
        elif "Decimal" in hint:
            value = Decimal(number)
        elif "bool" in hint:
            value = True
        elif "int" in hint:
            value = number
        values[field.name] = (value,) if "tuple" in hint else value
    return record_type(**values)


@pytest.mark.parametrize("record_type", RECORD_TYPES, ids=lambda t: t.__name__)
def test_every_field_of_a_full_record_reaches_the_graph(
    shipped: CompiledMapping, record_type: type[Record]
) -> None:
    record = sample(record_type, 7)
    text = shipped.map([record], document_id="d")
    for field in fields(record_type):
        value = getattr(record, field.name)
        (value,) = value if isinstance(value, tuple) else (value,)
        shown = "true" if value is True else str(value)
        if field.name == "kind" and shown not in text:
            continue  # its values are classes, chosen by conditions
        written = (f'"{shown}"', f"/{shown}", f"<{shown}>", f"#{shown}>")
        assert any(form in text for form in written), field.name
