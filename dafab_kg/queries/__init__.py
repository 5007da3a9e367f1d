"""Saved queries: each ``.rq`` file of this folder is a page, an API, a command and an example.

A file begins with comment lines: the title, the description, and a line for each parameter
(:mod:`dafab_kg.queries.parameters`).  What follows an empty line is the query with its own
comments; as it stands it asks with the parameters' defaults.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

from dafab_kg.model import resources
from dafab_kg.model.errors import ParameterNotValid, ThingNotFound
from dafab_kg.model.names import PREFIXES
from dafab_kg.queries.parameters import DECLARED, Parameter, parameters_of
from dafab_kg.queries.values import read_value, with_values

__all__ = ["Parameter", "SavedQuery", "read_saved", "saved"]


@dataclass(frozen=True)
class SavedQuery:
    """A query of the package; ``name`` is its file name without ``.rq``."""

    name: str
    title: str
    description: str
    text: str
    parameters: tuple[Parameter, ...] = ()

    def with_parameters(
        self, given: Mapping[str, str], prefixes: Mapping[str, str] = PREFIXES
    ) -> str:
        """Return the query with values in place of the defaults, which others keep.

        Values are written as :class:`~dafab_kg.queries.parameters.Parameter` says; an empty
        one stands for the default.  ``prefixes`` are those that IRIs may be shortened by.

        Raises:
            ParameterNotValid: there is no such parameter, or a value does not fit.
        """
        known = {parameter.name: parameter for parameter in self.parameters}
        for name in given:
            if name not in known:
                there = ", ".join(known) or "none"
                raise ParameterNotValid(
                    f"The query {self.name} has no parameter {name[:80]!r}. There are: {there}"
                )
        terms = {
            name: read_value(known[name], value, prefixes)
            for name, value in given.items()
            if value.strip()
        }
        return with_values(self.text, terms)


def saved() -> tuple[SavedQuery, ...]:
    """Return all saved queries: the headline questions, then the others by name."""
    names = [file.removesuffix(".rq") for file in resources.names("queries", ".rq")]
    names.sort(key=lambda name: (not name.startswith("headline-"), name))
    return tuple(_parse(name) for name in names)


def read_saved(name: str) -> SavedQuery:
    """Return the saved query called ``name``.

    Raises:
        ThingNotFound: there is none of this name.
    """
    known = [query.name for query in saved()]
    if name not in known:
        raise ThingNotFound(f"There is no saved query {name[:80]!r}. There are: {', '.join(known)}")
    return _parse(name)


@cache
def _parse(name: str) -> SavedQuery:
    text = resources.text("queries", f"{name}.rq")
    header = []
    for line in text.splitlines():
        if not line.startswith("#"):
            break
        header.append(line.lstrip("#").strip())
    words = [line for line in header if not line.startswith(DECLARED)]
    declared = [line for line in header if line.startswith(DECLARED)]
    return SavedQuery(name, words[0], " ".join(words[1:]), text, parameters_of(declared, text))
