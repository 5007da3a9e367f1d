"""Which finding supersedes which: a rule over what AI models derived from one source product.

Of the derived products of one kind (water, agriculture) from one source product,
the one of the newer algorithm or model supersedes the one before it; of the same
algorithm, that of the newer processing software; then the one made later; then
the one with the higher number at the end of its id.  Versions are compared as
versions: 2.10 is newer than 2.9.  Where one product tells no version and another
does, the former counts as older.  Both remain; "current" is a query
(``queries/current.rq``).  What follows from a source product lies in a derived
graph of its own.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable
from typing import Final, cast

from dafab_kg.ingest.supersession import steps
from dafab_kg.model.names import NS, Names, term
from dafab_kg.model.resources import text
from dafab_kg.store.nquads import GraphText, triple_line
from dafab_kg.store.protocol import Iri, Literal, Solutions, Store

RULE: Final = "analysis-supersession"

_ORDERING = "algorithmVersion|created|derivedFrom|ended|generatedBy|processingVersion|usedModel"
_STATED = re.compile(rf"> <{re.escape(NS)}(?:{_ORDERING})> (<[^>]+>)?")
_DERIVED = term("derivedFrom")
_NUMBER = re.compile(r"_(\d+)\Z")
_TOKEN = re.compile(r"\d+|[a-z]+")

Version = tuple[tuple[int, int, str], ...]
"""A version that compares as versions do."""


def version_key(version: str) -> Version:
    """Return what orders versions.

    Numbers compare as numbers, missing ones as 0; letters mark what came before the
    release.  What follows ``+`` does not count (as in Semantic Versioning 2.0).

    >>> version_key("2.10") > version_key("2.9"), version_key("v2.0") == version_key("2")
    (True, True)
    >>> version_key("") < version_key("2.0rc1") < version_key("2.0")
    True
    """
    tokens = _TOKEN.findall(version.lower().partition("+")[0].removeprefix("v"))
    if not tokens:
        return ()
    parts = [(2, int(token), "") if token.isdigit() else (0, 0, token) for token in tokens]
    kept: list[tuple[int, int, str]] = []
    for part in parts:
        if part[0] == 0:
            kept = _without_zeros(kept)
        kept.append(part)
    return (*_without_zeros(kept), (1, 0, ""))


def _without_zeros(parts: list[tuple[int, int, str]]) -> list[tuple[int, int, str]]:
    end = len(parts)
    while end and parts[end - 1][:2] == (2, 0):
        end -= 1
    return parts[:end]


def touched_by(nquads: str) -> set[str]:
    """IRIs of source products, and of what may order products derived from them.

    A change may speak of a run or of an entry alone, so the things that such
    statements are about count too; the store tells what they belong to.
    """
    found: set[str] = set()
    complete: set[str] = set()
    for match in _STATED.finditer(nquads):
        subject = nquads[nquads.rfind("<", 0, match.start() + 1) + 1 : match.start()]
        if nquads.startswith(_DERIVED, match.start() + 3):
            found.add(cast(str, match[1])[1:-1])
            complete.add(subject)
        else:
            found.add(subject)
    return found - complete


def all_sources(store: Store) -> set[str]:
    """IRIs of all products that something was derived from."""
    rows = cast(Solutions, store.query(text("queries/internal", "analysed.rq")))
    return {source.value for (source,) in rows if isinstance(source, Iri)}


def supersession_of_analyses(
    store: Store, names: Names, touched: Iterable[str]
) -> dict[str, GraphText]:
    """Return the derived graph of each source product (empty if nothing follows)."""
    return {
        graph_of(names, source): GraphText(_lines(store, source))
        for source in sorted(_sources(store, names, touched))
    }


def graph_of(names: Names, source: str) -> str:
    """Return the derived graph of a source product."""
    return names.make("derived_graph", rule=RULE, key=source.removeprefix(names.base))


def _sources(store: Store, names: Names, touched: Iterable[str]) -> set[str]:
    query = text("queries/internal", "sources-behind.rq")
    sources: set[str] = set()
    for iri in touched:
        if names.within(iri, "product"):
            sources.add(iri)  # perhaps one that nothing is derived from any more
        rows = cast(Solutions, store.query(query, bindings={"thing": Iri(iri)}))
        sources.update(row[0].value for row in rows if isinstance(row[0], Iri))
    return sources


def _lines(store: Store, source: str) -> frozenset[str]:
    here = {"source": Iri(source)}
    derived = cast(Solutions, store.query(text("queries/internal", "derived.rq"), bindings=here))
    if len(list(derived)) < 2:
        return frozenset()  # most often, and what orders them costs a hundred times as much
    rows = cast(Solutions, store.query(text("queries/internal", "analyses.rq"), bindings=here))
    by_kind: defaultdict[str, list[tuple[tuple[object, ...], str]]] = defaultdict(list)
    for _, kind, product, *order in rows:
        if isinstance(kind, Iri) and isinstance(product, Iri):
            algorithm, processing, time = (
                one.value if isinstance(one, Literal) else "" for one in order
            )
            number = _NUMBER.search(product.value)
            rank = (
                version_key(algorithm),
                version_key(processing),
                time.rstrip("Z"),  # a fraction of a second then sorts after none
                int(number[1]) if number else -1,
            )
            by_kind[kind.value].append((rank, product.value))
    predicate = term("supersedes")
    return frozenset(
        triple_line(newer, predicate, f"<{older}>")
        for products in by_kind.values()
        for older, newer in steps(products)
    )
