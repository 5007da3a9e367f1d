"""What a search needs of a catalogue."""

from __future__ import annotations

from collections.abc import Callable, Iterable, MutableMapping
from typing import Any, Final, Protocol, TypeVar, cast

from dafab_kg.mapping.nquads import literal
from dafab_kg.model.names import PREFIXES, Names
from dafab_kg.store.documents import StoredDocument
from dafab_kg.store.protocol import Answer, Iri, Literal, Row, Solutions

T = TypeVar("T")

MOST_KEPT: Final = 5_000
"""Things found out that are kept of one state."""
_DECLARED: Final = {
    f"{prefix}:": f"PREFIX {prefix}: <{PREFIXES[prefix]}>\n"
    for prefix in ("dafab", "geo", "geof", "prov", "rdf", "xsd")
}


class Library(Protocol):
    """A state of a catalogue."""

    @property
    def names(self) -> Names:
        """Its IRIs."""
        ...

    @property
    def kinds(self) -> tuple[str, ...]:
        """The names of all kinds of documents that may be here."""
        ...

    @property
    def kept(self) -> MutableMapping[Any, Any]:
        """What was found out of the graph as it stands; empty again once that changes."""
        ...

    def query(self, query: str, *, plain: bool = False) -> Answer:
        """Answer a SPARQL query over what is public, stated or inferred.

        ``plain``: it names the things that it is about, so that no index need be asked.
        """
        ...

    def stored(self, document_id: str) -> StoredDocument | None:
        """Return the entry of a loaded document."""
        ...

    def file(self, digest: str) -> bytes:
        """Return a file by its SHA-256 in hex."""
        ...

    def documents_with(self, word: str) -> frozenset[str] | None:
        """Return the ids of all documents that hold a word, and maybe of others; None: they
        are many, or not known."""
        ...


def rows(library: Library, query: str, *, plain: bool = False) -> list[Row]:
    """Answer a SELECT; the shared prefixes are declared where they occur.

    ``plain``: it names the things that it is about, so that no index need be asked.
    """
    declared = "".join(text for prefix, text in _DECLARED.items() if prefix in query)
    return list(cast(Solutions, library.query(declared + query, plain=plain)))


def number(library: Library, pattern: str, thing: str) -> int:
    """Count things, each once, which the search index does where it knows all of the pattern."""
    query = f"SELECT (COUNT(DISTINCT ?{thing}) AS ?n) {{ {pattern} }}"
    return int(text(rows(library, query)[0][0]))


def once(library: Library, key: object, make: Callable[[], T]) -> T:
    """Return what is found out once of each state of a catalogue, or again where much else was:
    requests decide what some keys are, and there is a bound of what is kept."""
    if key not in library.kept:
        if len(library.kept) >= MOST_KEPT:
            library.kept.clear()
        library.kept[key] = make()
    return cast(T, library.kept[key])


def quoted(text: str) -> str:
    r"""Write a text as a SPARQL string, as our own parser takes it.

    Raises:
        FieldNotValid: it holds half a character.

    >>> print(quoted('a"b'))
    "a\"b"
    """
    return f'"{literal(text)}"'


def listed(iris: Iterable[str]) -> str:
    """Write IRIs of the graph one beside the other."""
    return " ".join(f"<{iri}>" for iri in iris)


def iri(term: object) -> str:
    """Return the IRI that a cell of a row holds."""
    return cast(Iri, term).value


def text(term: object) -> str:
    """Return the text of a literal that a cell of a row holds."""
    return cast(Literal, term).value
