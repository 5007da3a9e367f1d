"""A property is functional exactly where the mappings write one value of it for a thing."""

from __future__ import annotations

import dataclasses
import re
from collections import defaultdict
from typing import Any

import yaml
from rdflib import OWL, RDF, Graph

from dafab_kg.model.records import RECORD_TYPES, Record
from tests.ontology.conftest import NS, ROOT

SEVERAL = {
    "aboutReport",  # a decision is about two or more
    "accessUrl",  # two copies of a file are both right
    "checksum",  # so are two algorithms
    "describedIn",
    "geonames",  # a thing may lie in, and be, several of another catalogue's
    "hasDataIdentifier",
    "hasMember",  # a record for each thing that a container holds
    "hasEventIdentifier",  # a report names its event in several schemes
    "href",
    "inPlace",
    "inCollection",  # one entry may be served in several
    "listedIn",  # so may a product
    "wikidata",
    "sceneId",  # two STAC tools name a scene in two ways
}
"""Written from a scalar field, but documents may differ and both be right."""


def written() -> tuple[set[str], set[str]]:
    """Local names of properties that mappings write once, and several times, for one subject."""
    once: defaultdict[str, set[str]] = defaultdict(set)
    often: set[str] = set()
    for record in RECORD_TYPES:
        name = re.sub(r"(?<!^)(?=[A-Z])", "_", record.__name__).lower()
        mapping = yaml.safe_load((ROOT / "mappings" / f"{name}.yml").read_text("utf-8"))
        lists = lists_of(record)
        for part in mapping["mappings"].values():
            key = set(re.findall(r"\$\((\w+)\)", part["s"]))
            for predicate, value in pairs(part["po"]):
                fields = set(re.findall(r"\$\((\w+)\)", value))
                if not predicate.startswith("dafab:"):
                    continue
                if fields & lists - key or not fields:
                    often.add(predicate.removeprefix("dafab:"))
                else:
                    once[predicate.removeprefix("dafab:")].add(name)
    return set(once) - often, often


def lists_of(record: type[Record]) -> set[str]:
    return {
        field.name
        for field in dataclasses.fields(record)
        if "Texts" in str(field.type) or "tuple" in str(field.type)
    }


def pairs(entries: list[Any]) -> list[tuple[str, str]]:
    found = []
    for entry in entries:
        predicates, values = (entry["p"], entry["o"]) if isinstance(entry, dict) else entry[:2]
        for predicate in predicates if isinstance(predicates, list) else [predicates]:
            for value in values if isinstance(values, list) else [values]:
                found.append((predicate, str(value["value"] if isinstance(value, dict) else value)))
    return found


def test_functional_is_what_is_written_once(ontology: Graph) -> None:
    functional = {
        str(s).removeprefix(NS)
        for s in ontology.subjects(RDF.type, OWL.FunctionalProperty)
        if str(s).startswith(NS)
    }
    once, often = written()
    assert once - functional == SEVERAL & once
    assert functional & often == set()
