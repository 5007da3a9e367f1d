"""Under which names STAC has the properties of products, and which terms hold them.

Read from what the loader and the mapping already say: the loader's table tells which
STAC names a field is read from, the mapping which term holds the field.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Final

import yaml

from dafab_kg.loaders.stac import convert
from dafab_kg.loaders.stac.known import ITEM
from dafab_kg.model.names import PREFIXES
from dafab_kg.model.resources import text

_MAPPINGS: Final = ("product.yml", "derived_product.yml")
_FIELD: Final = re.compile(r"(?P<before>[^$]*)\$\((?P<field>\w+)\)(?P<iri>~iri)?\Z")
_THING: Final = re.compile(r"id:(?P<kind>\w+)/(?:\$\(\w+\)/)*\$\((?P<field>\w+)\)~iri\Z")
_MANY: Final = (convert.texts, convert.instruments)


@dataclass(frozen=True)
class Held:
    """A property of products: the term that holds it, and how.

    ``datatype`` is the literal's, "" where the value is a thing whose IRI ends in the value.
    ``many``: STAC writes it as an array.
    """

    name: str
    term: str
    datatype: str
    many: bool


@cache
def by_name() -> Mapping[str, Held]:
    """The properties by each of the STAC names that they are read from."""
    told = dict(_fields())
    return {
        name: Held(name, *told[known.field], known.convert in _MANY)
        for known in ITEM
        if known.field in told
        for name in known.names
        if "/" not in name
    }


@cache
def by_term() -> Mapping[str, Held]:
    """The properties by their term, each under the name that STAC prefers."""
    found: dict[str, Held] = {}
    for held in by_name().values():
        found.setdefault(held.term, held)
    return found


def _fields() -> Iterator[tuple[str, tuple[str, str]]]:
    """Yield each field of a product with its term and datatype."""
    for file in _MAPPINGS:
        for mapping in yaml.safe_load(text("mappings", file))["mappings"].values():
            for predicate, value, *datatype in mapping["po"]:
                thing, plain = _THING.match(value), _FIELD.match(value)
                if thing is not None:
                    yield thing["field"], (_expanded(predicate), "")
                elif plain is not None and not plain["before"]:
                    yield plain["field"], (_expanded(predicate), _expanded(*datatype or ["xsd:string"]))


def _expanded(name: str) -> str:
    prefix, _, local = name.partition(":")
    return PREFIXES[prefix] + local
