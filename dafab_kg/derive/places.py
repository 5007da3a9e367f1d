"""Which things lie in which places, by true geometry.

A thing lies in a place if its footprint and the place's outline have points in
common; how much of it, is a share in percent of the footprint's area on the
ellipsoid.  Each place belongs to its data set, so two data sets give links of their
own: where they draw a border differently, so do the links.

The links of a place are a document, as other things that were computed are: so they
have provenance and history, are in a dump, and go by `dafab-kg delete`.  They are
not derived graphs, which are remade at each commit: a rule that reads all outlines
would make each load pay for it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

import numpy as np
import shapely

from dafab_kg.derive.rules import Materials
from dafab_kg.loaders.places.links import MOST, links_document
from dafab_kg.model.documents import SourceDocument
from dafab_kg.model.names import Names
from dafab_kg.model.resources import text
from dafab_kg.store.protocol import Iri, Literal

THINGS: Final = "things"
"""Scope of the links of all things but parcels."""

PARCELS: Final = "parcels"
"""Scope of the links of parcel boundaries."""

_CRS84: Final = "<http://www.opengis.net/def/crs/OGC/1.3/CRS84>"
_ECCENTRICITY: Final = 0.0818191908426215  # of WGS 84
_BLOCK: Final = 200_000  # footprints in memory at once
_PLACES_OF_SHARE: Final = 4


@dataclass(frozen=True)
class _Places:
    """The places of one data set."""

    dataset: str
    ids: tuple[str, ...]
    outlines: np.ndarray


def link_documents(materials: Materials, scope: str = THINGS) -> Iterator[SourceDocument]:
    """Yield the links of each place as documents, five thousand links in each at most."""
    found: defaultdict[tuple[str, str], list[dict[str, Any]]] = defaultdict(list)
    places = list(_places(materials))
    for iris, footprints in _footprints(materials, scope) if places else ():
        tree = shapely.STRtree(footprints)
        for one in places:
            for place_id, thing, share in _links(one, iris, footprints, tree):
                link: dict[str, Any] = {"about": thing}
                if share is not None:
                    link["share"] = share
                found[one.dataset, place_id].append(link)
    for (dataset, place_id), links in sorted(found.items()):
        links.sort(key=lambda link: str(link["about"]))
        for number, start in enumerate(range(0, len(links), MOST)):
            chunk = links[start : start + MOST]
            yield links_document(dataset, place_id, scope, number, chunk)


def _places(materials: Materials) -> Iterator[_Places]:
    by_dataset: defaultdict[str, dict[str, str]] = defaultdict(dict)
    for own, place_id, wkt in materials.stream(text("queries/internal", "places.rq")):
        if isinstance(own, Literal) and isinstance(place_id, Literal):
            by_dataset[own.value][place_id.value] = _value(wkt)
    for dataset, outlines in sorted(by_dataset.items()):
        ids = tuple(sorted(outlines))
        yield _Places(dataset, ids, shapely.from_wkt([outlines[i] for i in ids]))


def _footprints(materials: Materials, scope: str) -> Iterator[tuple[list[str], np.ndarray]]:
    """Yield IRIs and footprints, block by block; what is no geometry in CRS84 is passed over."""
    iris: list[str] = []
    texts: list[str] = []
    for thing, wkt in materials.stream(text("queries/internal", "footprints.rq")):
        if not isinstance(thing, Iri) or not _is_of(scope, thing.value, materials.names):
            continue
        iris.append(thing.value)
        texts.append(_value(wkt))
        if len(iris) == _BLOCK:
            yield _usable(iris, texts)
            iris, texts = [], []
    if iris:
        yield _usable(iris, texts)


def _is_of(scope: str, iri: str, names: Names) -> bool:
    if names.within(iri, "place"):
        return False
    return names.within(iri, "parcel") == (scope == PARCELS)


def _usable(iris: list[str], texts: list[str]) -> tuple[list[str], np.ndarray]:
    geometries = shapely.from_wkt(texts, on_invalid="ignore")
    keep = shapely.is_valid(geometries) & ~shapely.is_empty(geometries)
    return [iri for iri, kept in zip(iris, keep, strict=True) if kept], geometries[keep]


def _value(term: object) -> str:
    """Return the text of a WKT literal in CRS84, empty for one in another CRS."""
    plain = term.value.strip() if isinstance(term, Literal) else ""
    if plain.startswith("<"):
        crs, _, plain = plain.partition(" ")
        return plain if crs == _CRS84 else ""
    return plain


def _links(
    places: _Places, iris: list[str], footprints: np.ndarray, tree: shapely.STRtree
) -> Iterator[tuple[str, str, Decimal | None]]:
    # the places are asked for: what is asked for is prepared, and places have many points
    which, what = tree.query(places.outlines, predicate="intersects")
    covered = set(zip(*map(np.ndarray.tolist, tree.query(places.outlines, "covers")), strict=True))
    shares = _shares(places.outlines, footprints, which, what, covered)
    for place, thing, share in zip(which.tolist(), what.tolist(), shares, strict=True):
        yield places.ids[place], iris[thing], share


def _shares(
    outlines: np.ndarray,
    footprints: np.ndarray,
    which: np.ndarray,
    what: np.ndarray,
    covered: set[tuple[int, int]],
) -> list[Decimal | None]:
    """Return the share of each pair: 100 where the place covers the thing."""
    shares: list[Decimal | None] = [None] * len(which)
    numbers = sorted(set(what.tolist()))
    wholes = dict(zip(numbers, _areas(footprints[numbers]), strict=True)) if numbers else {}
    cut = []
    for position, pair in enumerate(zip(which.tolist(), what.tolist(), strict=True)):
        if wholes[pair[1]] <= 0:
            continue
        if pair in covered:
            shares[position] = Decimal(100)
        else:
            cut.append(position)
    if cut:
        within = _areas(shapely.intersection(outlines[which[cut]], footprints[what[cut]]))
        for position, area in zip(cut, within, strict=True):
            percent = min(100.0, 100 * area / wholes[int(what[position])])
            shares[position] = Decimal(repr(round(percent, _PLACES_OF_SHARE)))
    return shares


def _areas(geometries: np.ndarray) -> list[float]:
    """Areas in a cylindrical projection that keeps them, in units that cancel out."""
    flat = shapely.transform(geometries, _equal_area)
    return [float(area) for area in shapely.area(flat)]


def _equal_area(positions: np.ndarray) -> np.ndarray:
    """Project degrees so that areas on the ellipsoid keep their ratios (Snyder 1987, page 81)."""
    e, sine = _ECCENTRICITY, np.sin(np.radians(positions[:, 1]))
    flatter = (1 - e**2) * (
        sine / (1 - (e * sine) ** 2) - np.log((1 - e * sine) / (1 + e * sine)) / (2 * e)
    )
    return np.column_stack((np.radians(positions[:, 0]), flatter / 2))
