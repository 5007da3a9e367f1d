"""What is known of one thing, how it is known, and how much there is; as values, and as JSON."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from dafab_kg.model.names import PREFIXES
from dafab_kg.reasoning.explain import Proof
from dafab_kg.store.frames import plain
from dafab_kg.store.protocol import XSD_STRING, Blank, Iri, Literal, Term
from dafab_kg.store.rows import term_json

if TYPE_CHECKING:
    import pandas

Json = dict[str, Any]


@dataclass(frozen=True)
class Stats:
    """Counts of a catalogue.

    ``triples`` are those of the default graph, each counted once however many
    documents state it; ``statements`` are all that the store holds, named graphs
    included.  ``first`` and ``last`` are the earliest and latest time of sensing.
    """

    triples: int
    statements: int
    graphs: int
    documents: dict[str, int]
    classes: dict[str, int]
    quarantined: int
    first: str
    last: str
    bytes_on_disk: int


@dataclass(frozen=True)
class Counted:
    """Counts as a page shows them: ``fresh`` if they are of what is served now.

    ``stats`` are None before the first are made; ``failed`` says why others could not be.
    """

    stats: Stats | None
    fresh: bool
    failed: str = ""


@dataclass(frozen=True)
class Fact:
    """One triple, with the graphs that state it."""

    subject: Term
    predicate: str
    object: Term
    graphs: tuple[str, ...]


@dataclass(frozen=True)
class StatedBy:
    """The provenance of a document's graph (see ``ontology/prov.ttl``)."""

    document_id: str
    document: str
    graph: str
    kind: str
    origin: str
    content_hash: str
    loaded_at: str
    loader_version: str
    mapping_version: str
    shapes_version: str
    agent: str


@dataclass(frozen=True)
class Description:
    """What the documents say of one thing."""

    iri: str
    types: tuple[str, ...]
    label: str
    facts: tuple[Fact, ...]
    incoming: tuple[Fact, ...]
    documents: tuple[StatedBy, ...]

    def to_pandas(self) -> pandas.DataFrame:
        """Return the facts as a table: ``property``, ``value``, and how many graphs state it."""
        import pandas

        rows = [(_short(f.predicate), plain(f.object), len(f.graphs)) for f in self.facts]
        return pandas.DataFrame(rows, columns=["property", "value", "graphs"])


@dataclass(frozen=True)
class Provenance:
    """How each fact about a thing is known.

    ``documents`` are those that state facts; ``proofs`` say why the facts hold that no
    document states, each down to stated ones; ``unproven`` are such facts beyond the bound.
    """

    iri: str
    facts: tuple[Fact, ...]
    documents: tuple[StatedBy, ...]
    proofs: tuple[tuple[Fact, Proof], ...]
    unproven: tuple[Fact, ...] = ()

    def __repr__(self) -> str:
        """Tell how much there is: a thing has hundreds of facts."""
        proofs, documents = len(self.proofs), len(self.documents)
        return (
            f"<Provenance of {self.iri}: {len(self.facts)} facts, {documents} documents, "
            f"{proofs} proofs; to_pandas() lists them>"
        )

    def to_pandas(self) -> pandas.DataFrame:
        """Return a table with one row for each fact and each document that states it.

        What is inferred has one row, with the ``axiom`` that says so; its ``documents`` are
        the number of those it rests on.
        """
        import pandas

        by_graph = {one.graph: one for one in self.documents}
        proofs = {_key(fact): proof for fact, proof in self.proofs}
        names = [one.name for one in dataclasses.fields(StatedBy)]
        names = [name for name in names if name not in ("document", "graph", "content_hash")]
        rows: list[Json] = []
        for fact in self.facts:
            row: Json = {"property": _short(fact.predicate), "value": plain(fact.object)}
            stated = [by_graph[graph] for graph in fact.graphs if graph in by_graph]
            proof = proofs.get(_key(fact))
            if proof is not None:
                rests = {graph for one in proof.stated for graph in one.graphs}
                told = {"axiom": proof.axiom, "documents": len(rests)}
                rows.append({**row, "how": "inferred", **told})
            for one in stated:
                told = {name: getattr(one, name) for name in names}
                rows.append({**row, "how": "stated", **told, "documents": len(stated)})
            if proof is None and not stated:
                rows.append({**row, "how": "inferred" if fact in self.unproven else "stated"})
        columns = ["property", "value", "how", *names, "axiom", "documents"]
        return pandas.DataFrame(rows, columns=columns)


def _key(fact: Fact) -> tuple[Term, str, Term]:
    return fact.subject, fact.predicate, fact.object


def _short(iri: str) -> str:
    for prefix, space in PREFIXES.items():
        if iri.startswith(space) and "/" not in iri[len(space) :]:
            return f"{prefix}:{iri[len(space) :]}"
    return iri


# JSON, as the server's face for things speaks it


def as_json(value: Description | Provenance | Proof) -> Json:
    """Write one of these values as JSON; terms stand as in SPARQL results."""
    found: Json = _written(value)
    return found


def _written(value: Any) -> Any:
    if isinstance(value, Iri | Literal | Blank):
        return term_json(value)
    if dataclasses.is_dataclass(value):
        return {one.name: _written(getattr(value, one.name)) for one in dataclasses.fields(value)}
    if isinstance(value, tuple):
        return [_written(one) for one in value]
    return value


def read_description(value: Json) -> Description:
    """Read a description that was written as JSON."""
    return Description(
        value["iri"],
        tuple(value["types"]),
        value["label"],
        tuple(map(_read_fact, value["facts"])),
        tuple(map(_read_fact, value["incoming"])),
        tuple(_read_stated_by(one) for one in value["documents"]),
    )


def read_provenance(value: Json) -> Provenance:
    """Read a provenance that was written as JSON."""
    return Provenance(
        value["iri"],
        tuple(map(_read_fact, value["facts"])),
        tuple(_read_stated_by(one) for one in value["documents"]),
        tuple((_read_fact(fact), read_proof(proof)) for fact, proof in value["proofs"]),
        tuple(map(_read_fact, value["unproven"])),
    )


def read_proof(value: Json) -> Proof:
    """Read a proof that was written as JSON."""
    return Proof(
        value["triple"],
        tuple(value["graphs"]),
        value["axiom"],
        value["rule"],
        tuple(map(read_proof, value["premises"])),
    )


def read_stats(value: Json) -> Stats:
    """Read the counts that the landing page of a server tells."""
    return Stats(**{one.name: value[one.name] for one in dataclasses.fields(Stats)})


def _read_fact(value: Json) -> Fact:
    return Fact(
        _read_term(value["subject"]),
        value["predicate"],
        _read_term(value["object"]),
        tuple(value["graphs"]),
    )


def _read_stated_by(value: Json) -> StatedBy:
    return StatedBy(**{one.name: value[one.name] for one in dataclasses.fields(StatedBy)})


def _read_term(value: Mapping[str, str]) -> Term:
    if value["type"] == "uri":
        return Iri(value["value"])
    if value["type"] == "bnode":
        return Blank(value["value"])
    if "xml:lang" in value:
        return Literal(value["value"], PREFIXES["rdf"] + "langString", value["xml:lang"])
    return Literal(value["value"], value.get("datatype", XSD_STRING))
