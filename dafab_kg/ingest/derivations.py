"""What follows from documents: graphs derived after each commit, by rule.

Each rule keeps graphs of its own (``derived/{rule}/{key}``).  After a commit it is
asked what the commit touched, and rebuilds what follows from that; given
everything there is, it says what must be there, which is how the doctor checks it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final, Protocol

from dafab_kg.ingest import analysis_supersession, did_links, event_matching, supersession
from dafab_kg.model.names import Names
from dafab_kg.store.nquads import GraphText
from dafab_kg.store.protocol import Change, Store
from dafab_kg.store.replacement import plan_replacement


class Derivation(Protocol):
    """A rule by which graphs are derived.

    Everything it does is a function of the documents' graphs alone, so that doing
    it again, after a crash or in another order, leads to the same.
    """

    @property
    def rule(self) -> str:
        """Its name, as it stands in the IRIs of its graphs."""
        ...

    def touched(self, names: Names, nquads: str) -> set[str]:
        """What N-Quads that came or went speak of, from which the rule starts: IRIs, or ids."""
        ...

    def derive(self, store: Store, names: Names, touched: Iterable[str]) -> dict[str, GraphText]:
        """Return the graphs that may have changed (empty: nothing follows any more)."""
        ...

    def everything(self, store: Store, names: Names) -> set[str]:
        """All from which the rule can start."""
        ...


@dataclass(frozen=True)
class Supersession:
    """Which product supersedes which."""

    rule: str = supersession.RULE

    def touched(self, names: Names, nquads: str) -> set[str]:
        """The acquisitions and products that the text speaks of."""
        return supersession.touched_by(nquads)

    def derive(self, store: Store, names: Names, touched: Iterable[str]) -> dict[str, GraphText]:
        """The graph of each acquisition."""
        return supersession.supersession(store, names, touched)

    def everything(self, store: Store, names: Names) -> set[str]:
        """All acquisitions."""
        return supersession.all_acquisitions(store)


@dataclass(frozen=True)
class AnalysisSupersession:
    """Which finding of an AI model supersedes which."""

    rule: str = analysis_supersession.RULE

    def touched(self, names: Names, nquads: str) -> set[str]:
        """Source products, runs and entries that the text speaks of."""
        return analysis_supersession.touched_by(nquads)

    def derive(self, store: Store, names: Names, touched: Iterable[str]) -> dict[str, GraphText]:
        """The graph of each source product."""
        return analysis_supersession.supersession_of_analyses(store, names, touched)

    def everything(self, store: Store, names: Names) -> set[str]:
        """All source products."""
        return analysis_supersession.all_sources(store)


@dataclass(frozen=True)
class EventMatching:
    """Which reports tell of one event."""

    rule: str = event_matching.RULE

    def touched(self, names: Names, nquads: str) -> set[str]:
        """The reports and decisions that the text speaks of."""
        return event_matching.touched_by(names, nquads)

    def derive(self, store: Store, names: Names, touched: Iterable[str]) -> dict[str, GraphText]:
        """The graph of each event that the reports are, were or might be in."""
        return event_matching.events(store, names, touched)

    def everything(self, store: Store, names: Names) -> set[str]:
        """All reports."""
        return event_matching.all_reports(store)


@dataclass(frozen=True)
class DidLinks:
    """Which product or asset a data identifier of Rucio names."""

    rule: str = did_links.RULE

    def touched(self, names: Names, nquads: str) -> set[str]:
        """Ids, files, products and items that the text speaks of."""
        return did_links.touched_by(names, nquads)

    def derive(self, store: Store, names: Names, touched: Iterable[str]) -> dict[str, GraphText]:
        """The graph of each id that they have, or are named by."""
        return did_links.did_links(store, names, touched)

    def everything(self, store: Store, names: Names) -> set[str]:
        """The ids that all containers and data sets of Rucio may stand for."""
        return did_links.all_named(store)


DERIVATIONS: Final[tuple[Derivation, ...]] = (
    Supersession(),
    AnalysisSupersession(),
    EventMatching(),
    DidLinks(),
)
"""All rules, in the order in which they are applied."""


def derive_all(store: Store, names: Names, nquads: str) -> Iterator[Change]:
    """Yield what brings the derived graphs up to date after a change that ``nquads`` tells.

    Each change is to be applied before the next is asked for.
    """
    for derivation in DERIVATIONS:
        yield from _rebuilt(store, names, derivation, derivation.touched(names, nquads))


def derive_anew(store: Store, names: Names) -> Iterator[Change]:
    """Yield what makes all derived graphs anew, each to be applied before the next."""
    for derivation in DERIVATIONS:
        yield from _rebuilt(store, names, derivation, derivation.everything(store, names))


def _rebuilt(
    store: Store, names: Names, derivation: Derivation, touched: set[str]
) -> Iterator[Change]:
    if touched:
        yield plan_replacement(store, derivation.derive(store, names, touched))
