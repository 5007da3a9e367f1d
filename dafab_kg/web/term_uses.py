"""What the catalogue holds of the ontology's terms: how often, and an example of each."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Final, cast

from flask import current_app

from dafab_kg.catalogue import Catalogue
from dafab_kg.model import resources
from dafab_kg.model.errors import DafabError
from dafab_kg.queries.values import with_values
from dafab_kg.serving.client import ServedCatalogue
from dafab_kg.store.protocol import Iri, Literal, Solutions, Term
from dafab_kg.web.gate import sees_private
from dafab_kg.web.sparql import revision_of

MOST_COUNTED: Final = 10_000
"""Uses that are counted; of what is used more often it is told that there are more."""
COUNT_SECONDS: Final = 0.3
"""How long a page waits for the numbers of all classes; they come when they are counted."""
TERM_SECONDS: Final = 2.0
EXAMPLES: Final = 10
"""Things of a class that its page lists."""
_QUERIES: Final[Mapping[str, str]] = {
    "class": "term-things.rq",
    "property": "term-statements.rq",
    "value": "term-values.rq",
}


@dataclass(frozen=True)
class Uses:
    """How a term is used: as ``class``, ``property`` or ``value``; ``more`` than counted.

    ``thing`` is an example, with its ``value`` of a property, or the ``property`` that has
    the term for a value.
    """

    kind: str
    number: int
    more: bool
    thing: Term
    value: Term | None = None
    property: str = ""

    def plain(self) -> dict[str, Any]:
        """Return it for JSON."""
        told = asdict(self)
        told["thing"] = self.thing.value
        told["value"] = self.value.value if self.value is not None else ""
        return told


def numbers_of(catalogue: Catalogue) -> Numbers:
    """Return the one object that counts for all pages of an application."""
    found = current_app.extensions.setdefault("dafab-numbers", Numbers(catalogue))
    assert isinstance(found, Numbers)
    return found


def uses(catalogue: Catalogue, iri: str, kind: str) -> Uses | None:
    """Return how the catalogue uses a term of this kind; None if it does not.

    Of a class that has been counted the number is whole.

    Raises:
        NotServed: that cannot be told in the time there is.
    """
    asked = "class" if "class" in kind else "property" if "property" in kind else "value"
    text = resources.text("queries", f"internal/{_QUERIES[asked]}")
    query = with_values(text, {"term": Iri(iri)})
    options: dict[str, Any] = {"private": sees_private()}
    if isinstance(catalogue, ServedCatalogue):
        options["seconds"] = TERM_SECONDS
    answer = cast(Solutions, catalogue.query(query, **options))
    for row in answer:
        found = dict(zip(answer.variables, row, strict=True))
        thing = found["thing"]
        assert thing is not None
        number = int(cast(Literal, found["number"]).value)
        counted = numbers_of(catalogue).known.get(iri, 0) if asked == "class" else 0
        other = found.get("property")
        return Uses(
            asked,
            max(counted, min(number, MOST_COUNTED)),
            number > MOST_COUNTED and not counted,
            thing,
            found.get("value"),
            other.value if other is not None else "",
        )
    return None


def examples_of(catalogue: Catalogue, iri: str) -> tuple[str, ...]:
    """Return IRIs of some things of a class, at most :data:`EXAMPLES`, by IRI.

    Raises:
        NotServed: that cannot be told in the time there is.
    """
    options: dict[str, Any] = {"private": sees_private()}
    if isinstance(catalogue, ServedCatalogue):
        options["seconds"] = TERM_SECONDS
    query = f"SELECT DISTINCT ?thing WHERE {{ ?thing a <{iri}> }} LIMIT {EXAMPLES}"
    rows = cast(Solutions, catalogue.query(query, **options))
    return tuple(sorted(row[0].value for row in rows if isinstance(row[0], Iri)))


class Numbers:
    """How many things there are of each class, counted once for each commit.

    Where that takes longer than a page may wait, the page shows what was counted before, if
    anything, and it is counted on.
    """

    def __init__(self, catalogue: Catalogue) -> None:
        self._catalogue = catalogue
        self._commit = ""
        self._counted: dict[str, int] | None = None
        self._counting = threading.Lock()

    @property
    def known(self) -> Mapping[str, int]:
        """What has been counted; nothing before that."""
        return self._counted or {}

    def get(self) -> Mapping[str, int] | None:
        """Return the numbers by class; None while they are counted for the first time."""
        commit = revision_of(self._catalogue)
        if self._counted is not None and commit and self._commit == commit:
            return self._counted
        if self._counting.acquire(blocking=False):
            done = threading.Event()
            if isinstance(self._catalogue, ServedCatalogue):
                threading.Thread(target=self._count, args=(commit, done), daemon=True).start()
                done.wait(COUNT_SECONDS)
            else:  # which may be closed while a thread counts
                self._count(commit, done)
        return self._counted

    def _count(self, commit: str, done: threading.Event) -> None:
        try:
            text = resources.text("queries", "internal/classes.rq")
            answer = cast(Solutions, self._catalogue.query(text))
            counted = {
                cast(Iri, name).value: int(cast(Literal, number).value) for name, number in answer
            }
            self._counted, self._commit = counted, commit
        except DafabError:
            pass  # more than can be counted within the deadline: shown without
        finally:
            self._counting.release()
            done.set()
