"""Which facts of a document no source file gives: who computed them, by which rule, from what.

A document's graph holds what its file says and what was worked out while it was loaded
(the verdict of a policy), and some documents are themselves what a computation wrote.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final, Literal, cast
from urllib.parse import unquote

from dafab_kg.catalogue.description import stated_by
from dafab_kg.ingest import analysis_supersession, did_links, event_matching, supersession
from dafab_kg.loaders.dafab.anomaly import POLICY, STATED
from dafab_kg.model.names import PREFIXES, Names, term
from dafab_kg.model.resources import text
from dafab_kg.python.things import StatedBy
from dafab_kg.store.protocol import Iri, Solutions, Store, Term

_TYPE: Final = PREFIXES["rdf"] + "type"
_OF_VERDICT: Final = frozenset({term("anomalyType"), term("policy"), _TYPE})
_OF_PLACES: Final = frozenset(map(term, ("inPlace", "share", "shareOf", "ofPlace")))
_THRESHOLDS: Final = (
    f"Flood where the excess is {POLICY.flood_excess} % or more, drought where the deficit is "
    f"{POLICY.drought_deficit} % or more; either only where its area, if that is told, is "
    f"{POLICY.least_area} km² or more."
)
_RULES: Final = {
    supersession.RULE: "Of the products of one acquisition and processing level, that of the "
    "newer processing baseline takes the place of the other; of the same baseline, the later one.",
    analysis_supersession.RULE: "Of the findings of one kind from one image, that of the newer "
    "algorithm takes the place of the other; of the same algorithm, the later one.",
    event_matching.RULE: "Reports that share an identifier, or agree in kind, place and time, "
    "tell of one event; its facts are those of its best report.",
    did_links.RULE: "A data identifier whose name is that of a product, or of a file of one, "
    "is its data identifier.",
}


@dataclass(frozen=True)
class Input:
    """What a computation read: a document (``document_id``), or another ``thing``."""

    thing: str
    role: str = ""
    document_id: str = ""
    origin: str = ""


@dataclass(frozen=True)
class Figure:
    """A figure that a verdict rests on."""

    of: str
    property: str
    value: Term


@dataclass(frozen=True)
class Computed:
    """That a fact was computed, not read; "" is what is not told.

    ``by`` is ``policy`` (a verdict on figures, drawn while their document was loaded),
    ``rule`` (``dafab-kg derive``), ``places`` (``dafab-kg enrich``) or ``catalogue`` (a rule
    that runs at each load).  ``triple`` is the fact as N-Triples, ``thing`` where more is
    told of the computation, ``says`` what the rule is, in words.
    """

    triple: str
    graph: str
    by: Literal["policy", "rule", "places", "catalogue"]
    name: str = ""
    version: str = ""
    thing: str = ""
    says: str = ""
    parameters: str = ""
    ended: str = ""
    share: str = ""
    figures: tuple[Figure, ...] = ()
    inputs: tuple[Input, ...] = ()


def computed(
    stated: Iterable[tuple[str, str]], documents: Iterable[StatedBy], store: Store, names: Names
) -> tuple[Computed, ...]:
    """Tell which of the stated facts, pairs of triple and graph, were computed.

    Only what a graph holds of itself counts, and only of documents that the catalogue's own
    loaders write: anybody may write RDF about a derivation.
    """
    by_graph = {one.graph: one for one in documents}
    found: list[Computed] = []
    for triple, graph in stated:
        one = by_graph.get(graph)
        derived = f"{names.base}derived/"
        if graph.startswith(derived):
            found.append(_by_catalogue(triple, graph, derived, store))
        elif one is not None and one.kind == "derivation":
            found += _by_rule(triple, graph, store, names)
            found += _by_policy(triple, graph, store)
        elif one is not None and one.kind == "places" and _predicate(triple) in _OF_PLACES:
            found.append(_by_place(triple, graph, store))
        elif one is not None and one.kind == "dafab":
            found += _by_policy(triple, graph, store)
    return tuple(found)


def _by_catalogue(triple: str, graph: str, derived: str, store: Store) -> Computed:
    rule = unquote(graph.removeprefix(derived).split("/")[0])
    reports = []
    subject = _ends(triple)[0]
    if rule == event_matching.RULE and subject:
        rows = _rows("matched-in", store, thing=Iri(subject), graph=Iri(graph))
        reports = [Input(cast(Term, row[0]).value, "report") for row in rows]
    return Computed(
        triple, graph, "catalogue", rule, says=_RULES.get(rule, ""), inputs=tuple(reports)
    )


def _by_rule(triple: str, graph: str, store: Store, names: Names) -> Iterator[Computed]:
    for row in _rows("derivation-in", store, graph=Iri(graph)):
        thing, rule, version, parameters, ended = (_text(one) for one in row[:5])
        read = [
            (_text(one[0]), _text(one[1]))
            for one in _rows("derivation-inputs", store, graph=Iri(graph))
        ]
        graphs = {
            names.make("graph", document_id=document.rsplit("/", 1)[-1]) for document, _ in read
        }
        loaded = {one.document: one for one in stated_by(graphs, store)}
        inputs = tuple(
            Input(document, role, loaded[document].document_id, loaded[document].origin)
            if document in loaded
            else Input(document, role)
            for document, role in read
        )
        yield Computed(
            triple, graph, "rule", rule, version, thing, "", parameters, ended, inputs=inputs
        )


def _by_policy(triple: str, graph: str, store: Store) -> Iterator[Computed]:
    subject, predicate = triple.split(" ", 1)[0], _predicate(triple)
    if predicate not in _OF_VERDICT:
        return
    verdict, policy, product = "", "", ""
    figures: dict[Figure, None] = {}
    for row in _rows("verdict-in", store, graph=Iri(graph)):
        one, of_product, by = (_text(value) for value in row[:3])
        is_product = subject == f"<{of_product}>" and predicate == term("anomalyType")
        if not is_product and subject != f"<{one}>":
            continue
        verdict, product, policy = one, of_product, by
        if row[5] is not None and _text(row[3]) in (verdict, product):
            figures[Figure(_text(row[3]), _text(row[4]), row[5])] = None
    if not verdict or policy == STATED:
        return
    # the verdict repeats the figures of the product
    own = [one for one in figures if one.of == product] or list(figures)
    says = _THRESHOLDS if policy == POLICY.id else ""
    yield Computed(triple, graph, "policy", policy, thing=verdict, says=says, figures=tuple(own))


def _by_place(triple: str, graph: str, store: Store) -> Computed:
    thing, place = _ends(triple) if _predicate(triple) == term("inPlace") else ("", "")
    share = ""
    if thing and place:
        rows = _rows("share-in", store, thing=Iri(thing), place=Iri(place), graph=Iri(graph))
        share = next((_text(row[1]) for row in rows), "")
    inputs = tuple(Input(one, role) for one, role in ((thing, "thing"), (place, "place")) if one)
    return Computed(triple, graph, "places", "enrich", share=share, inputs=inputs)


def _ends(triple: str) -> tuple[str, str]:
    """Return subject and object of a triple where they are IRIs; "" where not."""
    subject, _, rest = triple.split(" ", 2)
    value = rest.strip().removesuffix(".").strip()
    return tuple(  # type: ignore[return-value]  # two
        one[1:-1] if one.startswith("<") and one.endswith(">") else "" for one in (subject, value)
    )


def _predicate(triple: str) -> str:
    return triple.split(" ", 2)[1].strip("<>")


def _rows(query: str, store: Store, **bindings: Term) -> Solutions:
    return cast(Solutions, store.query(text("queries/internal", f"{query}.rq"), bindings=bindings))


def _text(value: Term | None) -> str:
    return "" if value is None else value.value
