"""What a mapping file says, as frozen dataclasses."""

from __future__ import annotations

from dataclasses import dataclass

from dafab_kg.model.names import PREFIXES, is_iri

IRI = "iri"
LITERAL = "literal"
RDF_TYPE = PREFIXES["rdf"] + "type"


@dataclass(frozen=True)
class Reference:
    """A field of the record, ``$(name)``."""

    name: str


@dataclass(frozen=True)
class Term:
    """How a term is made: constant parts and references in turn.

    ``kind`` is :data:`IRI` or :data:`LITERAL`.  In an IRI of several parts each
    value is percent-encoded; an IRI that is one reference is the value as it is.
    ``datatype`` and ``language`` are "" for a plain string.
    """

    parts: tuple[str | Reference, ...]
    kind: str = IRI
    datatype: str = ""
    language: str = ""

    @property
    def references(self) -> tuple[str, ...]:
        """Names of the fields, each once, in order."""
        return tuple(dict.fromkeys(p.name for p in self.parts if isinstance(p, Reference)))

    @property
    def constant(self) -> str | None:
        """The term's value where it has no reference."""
        return None if self.references else "".join(p for p in self.parts if isinstance(p, str))

    @property
    def is_bare_iri(self) -> bool:
        """True where a field holds the whole IRI."""
        return self.kind == IRI and len(self.parts) == 1 and bool(self.references)

    @property
    def begins_absolute(self) -> bool:
        """True where the first part settles scheme and authority, so that no value can."""
        first = self.parts[0]
        if not isinstance(first, str):
            return False
        scheme, _, rest = first.partition(":")
        return scheme == "urn" or (
            rest.startswith("//") and (self.constant is not None or "/" in rest[2:])
        )

    @property
    def is_well_formed(self) -> bool:
        """True where the IRI is one once its references are filled with letters."""
        return is_iri("".join(p if isinstance(p, str) else "x" for p in self.parts))


@dataclass(frozen=True)
class Condition:
    """A field has a value, and it equals (or not) ``constant`` where that is not None.

    A missing value fulfils no condition.
    """

    reference: str
    constant: str | None = None
    equal: bool = True


@dataclass(frozen=True)
class Statement:
    """One predicate with one object, perhaps under a condition of its own."""

    predicate: Term
    object: Term
    condition: Condition | None = None


@dataclass(frozen=True)
class Source:
    """Records of one type, or (``path``) the sub-records in a list field of these."""

    stem: str
    path: tuple[str, ...] = ()


@dataclass(frozen=True)
class TriplesMap:
    """One mapping of a file: for each record of the source, one subject and its statements."""

    name: str
    file: str
    source: Source
    subject: Term
    graph: Term
    condition: Condition | None
    statements: tuple[Statement, ...]
