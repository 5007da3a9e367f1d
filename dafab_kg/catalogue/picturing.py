"""What the page of a thing draws: shapes on a map, figures of a tile, products near an event."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from decimal import Decimal, InvalidOperation
from typing import Final, cast

from dafab_kg.catalogue.viewing import Graphs, labels_of
from dafab_kg.model.names import PREFIXES, is_iri, term
from dafab_kg.model.resources import text
from dafab_kg.search.compile import stamp
from dafab_kg.store.protocol import Answer, Iri, Solutions, Store, Term

Ask = Callable[[str], Answer]

FIGURES: Final = (
    "observedWater",
    "excessTotalWaterObservedArea",
    "fieldPercentage",
    "cloudCover",
)
"""Figures of water, fields and clouds that are drawn over time."""
MOST_POINTS: Final = 2_000
MOST_NEAR: Final = 60
"""Products before, and products after an event that are listed."""
DAYS: Final = 30
"""How long before and after an event products are looked for."""
DEGREES: Final = Decimal("1.5")
"""How far from an event's box a product may lie: a storm is wider than its landfall."""
_XSD: Final = PREFIXES["xsd"]


@dataclass(frozen=True)
class Outline:
    """A geometry: ``role`` is itself, product, part, report or track; ``of`` an IRI or ""."""

    role: str
    of: str
    wkt: str
    time: str = ""


@dataclass(frozen=True)
class Point:
    """One figure of one product; ``value`` as it is stated."""

    time: str
    value: float
    product: str


@dataclass(frozen=True)
class Near:
    """A product that lies near an event, at its time; or the other way round.

    ``excess`` (km² of water beyond the reference) and ``cloud`` (percent) are as stated, "" where
    they are not told.
    """

    iri: str
    time: str
    kind: str
    anomaly: str = ""
    excess: str = ""
    cloud: str = ""


@dataclass(frozen=True)
class Season:
    """What is told of a parcel in a season: ``hectares`` as stated, ``crop`` an IRI or ""."""

    boundary: str
    season: str
    hectares: str = ""
    crop: str = ""
    crop_name: str = ""


@dataclass(frozen=True)
class Pictures:
    """What a page draws: outlines, series of figures by property, products near an event.

    ``near`` is sorted by time; ``start`` and ``end`` are those of the event.  ``events`` are
    those near a product.  ``seasons`` are those of a parcel.
    """

    outlines: tuple[Outline, ...] = ()
    series: Mapping[str, tuple[Point, ...]] = field(default_factory=dict)
    near: tuple[Near, ...] = ()
    events: tuple[Near, ...] = ()
    labels: Mapping[str, str] = field(default_factory=dict)
    seasons: tuple[Season, ...] = ()


def pictures(iri: str, store: Store, graphs: Graphs, ask: Ask | None = None) -> Pictures:
    """Return what the page of a thing draws; ``ask`` answers a query by the search index."""
    ask = ask or (lambda query: store.query(query, default_graphs=graphs))
    types, about = _about(iri, store, graphs)
    outlines = _outlines(iri, store, graphs)
    series: dict[str, tuple[Point, ...]] = {}
    near: tuple[Near, ...] = ()
    events: tuple[Near, ...] = ()
    if term("Product") in types and about.get("tile"):
        series = _series(about["tile"], store, graphs)
    if term("Event") in types:
        near = _with_figures(_near(about, ask), store, graphs)
    elif term("Product") in types:
        events = _events(about, store, graphs)
    seasons = _seasons(iri, store, graphs) if term("Parcel") in types else ()
    named = {one.of for one in outlines} | {one.iri for one in (*near, *events)}
    named |= {one.anomaly for one in near}
    labels = labels_of(filter(None, named), store, graphs)
    return Pictures(outlines, series, near, events, labels, seasons)


def _about(iri: str, store: Store, graphs: Graphs) -> tuple[set[str], dict[str, str]]:
    names = ("tile", "datetime", "start", "end", "west", "south", "east", "north")
    properties = " ".join(f"<{term(one)}>" for one in names)
    query = (
        f"SELECT ?p ?o ?thing WHERE {{ VALUES ?p {{ <{PREFIXES['rdf']}type> {properties} }} "
        "?thing ?p ?o } LIMIT 200"
    )
    types: set[str] = set()
    about: dict[str, str] = {}
    for predicate, value, _ in _rows(query, store, graphs, thing=Iri(iri)):
        local = cast(Iri, predicate).value.rsplit("#", 1)[-1]
        if local == "type":
            types.add(cast(Term, value).value)
        else:
            about.setdefault(local, cast(Term, value).value)
    return types, about


def _outlines(iri: str, store: Store, graphs: Graphs) -> tuple[Outline, ...]:
    query = text("queries/internal", "shapes-around.rq")
    found = [
        Outline(*("" if one is None else one.value for one in row[:4]))
        for row in _rows(query, store, graphs, thing=Iri(iri))
    ]
    return tuple(sorted(found, key=lambda one: (one.role, one.time, one.of, one.wkt)))


def _seasons(parcel: str, store: Store, graphs: Graphs) -> tuple[Season, ...]:
    query = text("queries/internal", "parcel-told.rq")
    found = (
        Season(*("" if one is None else one.value for one in row[:5]))
        for row in _rows(query, store, graphs, parcel=Iri(parcel))
    )
    return tuple(sorted(found, key=lambda one: (one.season, one.boundary), reverse=True))


def _series(tile: str, store: Store, graphs: Graphs) -> dict[str, tuple[Point, ...]]:
    found: dict[str, tuple[Point, ...]] = {}
    # One query for each: of all at once, the engine reads every figure that there is.
    for figure in map(term, FIGURES):
        query = (
            f"SELECT ?time ?value ?product ?tile WHERE {{ ?product <{term('tile')}> ?tile ; "
            f"<{figure}> ?value ; <{term('datetime')}> ?time }} LIMIT {MOST_POINTS}"
        )
        points = []
        for time, value, product, _ in _rows(query, store, graphs, tile=Iri(tile)):
            try:
                number = float(Decimal(cast(Term, value).value))
            except InvalidOperation:
                continue
            if abs(number) < float("inf"):
                points.append(Point(cast(Term, time).value, number, cast(Term, product).value))
        if points:
            found[figure] = tuple(sorted(points, key=lambda one: (one.time, one.product)))
    return found


def _near(about: Mapping[str, str], ask: Ask) -> tuple[Near, ...]:
    """Return products near an event: the nearest in time before, during and after."""
    box = _box(about)
    start, end = _instant(about.get("start", "")), _instant(about.get("end", ""))
    if box is None or start is None:
        return ()
    end = end or start
    west, south, east, north = box
    head = (
        f"PREFIX dafab: <{term('')}> PREFIX xsd: <{_XSD}> "
        "SELECT DISTINCT ?product ?time ?kind ?anomaly WHERE { "
        "?product dafab:datetime ?time ; dafab:west ?west ; dafab:east ?east ; "
        "dafab:south ?south ; dafab:north ?north . "
        f"FILTER (?west <= {east} && ?east >= {west} && ?south <= {north} && ?north >= {south}) "
        "BIND (IF(EXISTS { ?product a dafab:AIProduct }, 'finding', 'image') AS ?kind) "
        "OPTIONAL { ?product dafab:anomalyType ?anomaly } "
    )
    margin = timedelta(days=DAYS)
    parts = (
        (start - margin, start, "DESC(?time)"),
        (start, end + margin, "?time"),
    )
    found: dict[str, Near] = {}
    for since, until, order in parts:
        query = (
            f"{head} FILTER (?time >= {stamp(since)} && ?time < {stamp(until)}) }} "
            f"ORDER BY {order} ?product LIMIT {MOST_NEAR}"
        )
        for row in cast(Solutions, ask(query)):
            told = Near(*("" if one is None else one.value for one in row[:4]))
            found.setdefault(told.iri, told)
    return tuple(sorted(found.values(), key=lambda one: (one.time, one.iri)))


def _with_figures(near: tuple[Near, ...], store: Store, graphs: Graphs) -> tuple[Near, ...]:
    things = " ".join(f"<{one.iri}>" for one in near if is_iri(one.iri))
    if not things:
        return near
    told: dict[str, dict[str, str]] = {}
    # One query for each: of all at once, the engine reads every figure that there is.
    for name in ("excessTotalWaterObservedArea", "cloudCover"):
        query = (
            f"SELECT ?thing ?value {{ VALUES ?thing {{ {things} }} ?thing <{term(name)}> ?value }}"
        )
        told[name] = {
            cast(Iri, thing).value: cast(Term, value).value
            for thing, value in _rows(query, store, graphs)
        }
    excess, cloud = told["excessTotalWaterObservedArea"], told["cloudCover"]
    return tuple(
        replace(one, excess=excess.get(one.iri, ""), cloud=cloud.get(one.iri, "")) for one in near
    )


def _events(about: Mapping[str, str], store: Store, graphs: Graphs) -> tuple[Near, ...]:
    """Return events near a product, begun or ended within :data:`DAYS` of it."""
    box, time = _box(about), _instant(about.get("datetime", ""))
    if box is None or time is None:
        return ()
    west, south, east, north = box
    margin = timedelta(days=DAYS)
    query = (
        f"PREFIX dafab: <{term('')}> PREFIX xsd: <{_XSD}> "
        "SELECT DISTINCT ?event ?start WHERE { ?event a dafab:Event ; dafab:start ?start . "
        f"FILTER (?start <= {stamp(time + margin)}) "
        "OPTIONAL { ?event dafab:end ?end } "
        f"FILTER (COALESCE(?end, ?start) >= {stamp(time - margin)}) "
        "?event dafab:west ?west ; dafab:east ?east ; dafab:south ?south ; dafab:north ?north . "
        f"FILTER (?west <= {east} && ?east >= {west} && ?south <= {north} && ?north >= {south}) "
        "} ORDER BY ?start ?event LIMIT 20"
    )
    rows = cast(Solutions, store.query(query, default_graphs=graphs))
    return tuple(Near(cast(Iri, row[0]).value, cast(Term, row[1]).value, "event") for row in rows)


def _box(about: Mapping[str, str]) -> tuple[str, str, str, str] | None:
    """Return west, south, east, north, widened, as SPARQL writes decimals; None without a box."""
    try:
        numbers = [Decimal(about[name]) for name in ("west", "south", "east", "north")]
    except (KeyError, InvalidOperation):
        return None
    if not all(one.is_finite() and abs(one) <= 360 for one in numbers):
        return None
    west, south, east, north = numbers
    wide = (west - DEGREES, south - DEGREES, east + DEGREES, north + DEGREES)
    return tuple(f"{one:.9f}" for one in wide)  # type: ignore[return-value]  # four


def _instant(text_: str) -> datetime | None:
    try:
        found = datetime.fromisoformat(text_)
        within = found.tzinfo is not None and 1 < found.year < 9999
    except ValueError:
        return None
    return found if within else None


def _rows(query: str, store: Store, graphs: Graphs, **bindings: Term) -> Solutions:
    return cast(Solutions, store.query(query, bindings=bindings, default_graphs=graphs))
