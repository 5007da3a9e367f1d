"""One event told by several sources is one event: by identifiers, by the rule, by decisions."""

from __future__ import annotations

import random
from collections.abc import Iterator
from itertools import combinations
from pathlib import Path

import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from pyproj import Geod

import dafab_kg
from dafab_kg.ingest import commit
from dafab_kg.ingest.event_matching.clusters import Evidence, Pair, clusters_of, pair
from dafab_kg.ingest.event_matching.reports import Decision, Identifier, Report, interval_of
from dafab_kg.ingest.event_matching.rule import (
    ALLOWANCES,
    Hazards,
    Nearness,
    apart,
    diagonal,
    identifier_rank,
    source_rank,
)
from dafab_kg.model.names import NS
from dafab_kg.store.hazards import broader_hazards
from tests.ingest.comparing import lasting
from tests.ingest.event_documents import Document, Shelf, decision, mapped, report

# --- the real data ------------------------------------------------------------------------

SPAIN = {
    "gdacs/FL1102983-1", "gdacs/FL1102983-2", "glide/FL-2024-000199-ESP",
    "emdat/2024-0796-ESP", "monty/20241027T150000-ESP-HM-FLOOD-001-GCDB",
}  # fmt: skip
TIBET = {"usgs/us6000pi9w", "monty/20250107T010516Z-CHN-GEO-SEIS-001-GCDB"}
SICHUAN = {"glide/EQ-2008-000062-CHN", "monty/20080512T062800Z-CHN-GEO-SEIS-001-GCDB"}


def told(catalogue: dafab_kg.Catalogue) -> dict[str, set[str]]:
    rows = catalogue.query(
        f"PREFIX dafab: <{NS}> SELECT ?event ?source ?id "
        "{ ?e dafab:eventId ?event ; dafab:hasReport ?r ."
        "  ?r dafab:reportSource ?source ; dafab:reportId ?id }"
    )
    events: dict[str, set[str]] = {}
    for event, source, name in rows:
        events.setdefault(event.value, set()).add(f"{source.value}/{name.value}")
    return events


def test_real_events_told_by_several_sources(shared: Path, tmp_path: Path) -> None:
    with dafab_kg.open(tmp_path / "store") as catalogue:
        catalogue.load(shared / "events" / "monty")
        events = told(catalogue)
        assert events["glide.FL-2024-000199-ESP"] >= SPAIN
        assert events["usgs.us6000pi9w"] >= TIBET
        assert events["glide.EQ-2008-000062-CHN"] == SICHUAN
        beryl = events["ibtracs.2024178N09335"]
        assert len(beryl) == 5 and all(name.startswith("ibtracs/2024178N09335") for name in beryl)
        for one, other in combinations(events.values(), 2):
            assert not one & other
        assert catalogue.doctor() == ()


def test_real_events_are_the_same_in_any_order_of_loading(shared: Path, tmp_path: Path) -> None:
    files = sorted((shared / "events" / "monty" / "examples").rglob("*.json"))
    states = []
    for seed in (1, 2):
        random.Random(seed).shuffle(files)
        with dafab_kg.open(tmp_path / str(seed)) as catalogue:
            for file in files:
                catalogue.load(file, validate=False)
            states.append(
                {
                    line
                    for line in lasting(catalogue)
                    if "/match/" in line.split(" ")[0] or "/event/" in line.split(" ")[0]
                }
            )
    assert states[0] == states[1] != set()


# --- how near -----------------------------------------------------------------------------

places = st.tuples(st.floats(-180, 180), st.floats(-85, 85))


@given(places, places)
def test_distance_between_points_is_that_of_the_geodesic(one, other) -> None:
    km, overlap = apart(shapely.Point(one), shapely.Point(other))
    truth = Geod(ellps="WGS84").inv(*one, *other)[2] / 1000
    assert km == pytest.approx(truth, rel=0.006, abs=0.001)
    assert overlap is None


def test_distance_across_the_antimeridian_and_overlap() -> None:
    fiji = shapely.MultiPolygon(
        [shapely.box(179, -18, 180, -17), shapely.box(-180, -18, -179, -17)]
    )
    assert apart(fiji, shapely.Point(-178, -17.5))[0] == pytest.approx(106, abs=1)
    assert apart(fiji, shapely.Point(178, -17.5))[0] == pytest.approx(106, abs=1)
    assert apart(shapely.box(0, 0, 2, 1), shapely.box(1, 0, 9, 1)) == (0, 50)


def test_the_diagonal_of_a_box() -> None:
    assert diagonal((179, -18, -179, -17)) == pytest.approx(238, rel=0.02)
    assert diagonal((-9, 36, 3, 44)) == pytest.approx(1400, rel=0.05)  # Spain as EM-DAT draws it


def test_midnight_is_a_date_and_lasts_the_day() -> None:
    assert interval_of("1970-01-01T12:00:00Z", "") == (12, 12)
    assert interval_of("1970-01-01T00:00:00Z", "") == (0, 24)
    assert interval_of("1970-01-01T12:00:00Z", "1970-01-03T00:00:00Z") == (12, 72)
    assert interval_of("1970-01-02T12:00:00Z", "1970-01-01T12:00:00Z") == (36, 36)
    assert interval_of("", "1970-01-01T12:00:00Z") is None
    assert interval_of("0000-01-01T00:00:00Z", "") is None


def test_each_allowance_is_about_a_concept_of_the_ontology() -> None:
    hazards = Hazards(broader_hazards())
    data = (dafab_kg_root() / "ontology" / "hazards.ttl").read_text("utf-8")
    assert all(f"dafab:{name} a skos:Concept" in data for name in ALLOWANCES)
    assert hazards.compatible("flashFloodHazard", "floodHazard")
    assert not hazards.compatible("flashFloodHazard", "riverineFloodHazard")
    assert not hazards.compatible("tropicalCycloneHazard", "floodHazard")
    assert hazards.allowance("flashFloodHazard") == ALLOWANCES["floodHazard"]


def dafab_kg_root() -> Path:
    return Path(dafab_kg.__file__).resolve().parent.parent


# --- the rule, told by examples ------------------------------------------------------------


@pytest.fixture
def shelf(tmp_path: Path) -> Iterator[Shelf]:
    opened = Shelf(tmp_path / "graph")
    yield opened
    assert opened.derived() == opened.from_scratch()
    opened.close()


def grouped(shelf: Shelf, *documents: Document) -> set[frozenset[str]]:
    shelf.change(documents)
    return shelf.groups()


def together(*names: str) -> set[frozenset[str]]:
    return {frozenset(names)}


def alone(*names: str) -> set[frozenset[str]]:
    return {frozenset((name,)) for name in names}


def test_a_report_without_matches_has_an_event_of_its_own(shelf: Shelf) -> None:
    shelf.change([report("social/a b/c", hazard=None, start=None, at=None)])
    assert shelf.events() == {"report.social.a b/c": {"social/a%20b%2Fc"}}


def test_identifiers_are_transitive_and_the_highest_names_the_event(shelf: Shelf) -> None:
    one = report("gdacs/1", "gdacs:1", "ems:E", hazard="earthquakeHazard")
    two = report("ems/E", "ems:E", "glide:G")
    three = report("emdat/9", "emdat:9", "glide:G", at=(100, 0), start="1999-01-01T00:00:00Z")
    shelf.change([one])
    assert set(shelf.events()) == {"gdacs.1"}
    shelf.change([three])
    shelf.change([two])
    assert shelf.events() == {"glide.G": {"gdacs/1", "ems/E", "emdat/9"}}
    shelf.change(taken=[two])
    assert shelf.groups() == alone("gdacs/1", "emdat/9")


def test_two_ids_of_one_source_with_a_glide_number_in_common_are_one_event(shelf: Shelf) -> None:
    one, two = (report(f"gdacs/{n}", f"gdacs:{n}", "glide:G") for n in (1, 2))
    assert grouped(shelf, one, two) == together("gdacs/1", "gdacs/2")


@pytest.mark.parametrize(
    ("other", "same"),
    [
        ({}, True),
        ({"start": "2024-10-30T00:00:00Z"}, True),
        ({"start": "2024-11-20T00:00:00Z"}, False),  # three weeks later
        ({"at": (-3.4, 39.6)}, True),  # 111 km
        ({"at": (-3.4, 41.6)}, False),  # 334 km
        ({"at": (-3.4, 39.9), "start": "2024-11-01T15:00:00Z"}, False),  # each alone is allowed
        ({"hazard": "flashFloodHazard"}, True),
        ({"hazard": "stormHazard"}, False),
        ({"hazard": None}, False),
        ({"at": None}, False),
        ({"start": None}, False),
        ({"countries": ("ESP",)}, True),
        ({"countries": ("PRT",)}, False),
        ({"at": (-9, 36), "size": 12}, False),  # too wide an area to tell where
    ],
)
def test_kind_place_and_time(shelf: Shelf, other: dict[str, object], same: bool) -> None:
    first = report("glide/a", "glide:a", countries=("ESP",))
    second = report("emdat/b", "emdat:b", **other)  # type: ignore[arg-type]
    expected = together("glide/a", "emdat/b") if same else alone("glide/a", "emdat/b")
    assert grouped(shelf, first, second) == expected


def test_different_ids_of_one_scheme_are_different_events_however_near(shelf: Shelf) -> None:
    one, two = report("glide/a", "glide:a"), report("emdat/b", "emdat:b", "glide:b")
    assert grouped(shelf, one, two) == alone("glide/a", "emdat/b")


def test_computed_ids_of_a_correlation_may_differ(shelf: Shelf) -> None:
    one, two = report("glide/a", "monty:a"), report("emdat/b", "monty:b")
    assert grouped(shelf, one, two) == together("glide/a", "emdat/b")


def test_neighbours_do_not_chain(shelf: Shelf) -> None:
    """Floods 100 km from each other in a row: the row is no single event."""
    row = [report(f"s{n}/x", f"s{n}:x", at=(0, n * 0.9)) for n in range(6)]
    groups = grouped(shelf, *row)
    numbers = sorted(sorted(int(name[1]) for name in group) for group in groups)
    assert all(max(group) - min(group) <= 1 for group in numbers)
    assert len(groups) == 3


def test_posts_join_an_event_and_make_none(shelf: Shelf) -> None:
    posts = [report(f"social/{n}", kind="post", at=(-3.4 + n / 100, 38.6)) for n in range(4)]
    assert grouped(shelf, *posts) == alone(*(f"social/{n}" for n in range(4)))
    assert grouped(shelf, report("gdacs/1", "gdacs:1")) == together(
        "gdacs/1", *(f"social/{n}" for n in range(4))
    )
    # a second event beside the first takes no post away, and no post joins the two
    assert len(grouped(shelf, report("gdacs/2", "gdacs:2", at=(-3.4, 39.9)))) == 2


def test_an_event_is_described_by_its_reports(shelf: Shelf) -> None:
    shelf.change(
        [
            report("glide/a", "glide:a", countries=("ESP",), at=(0, 40)),
            report("emdat/b", "glide:a", at=(0, 40), size=0.5, start="2024-10-27T00:00:00Z",
                   end="2024-11-04T00:00:00Z", countries=("ESP", "FRA")),
            report("social/c", kind="post", at=(0, 40), start="2024-10-29T00:00:00Z"),
        ]
    )  # fmt: skip
    ((graph, triples),) = shelf.derived().items()
    assert graph.endswith("/derived/event/glide.a")
    event = "https://w3id.org/dafab/id/event/glide.a"
    facts: dict[str, set[str]] = {}
    for line in triples:
        subject, predicate, value = line.removesuffix(" .\n").split(" ", 2)
        if subject == f"<{event}>":
            facts.setdefault(predicate.rpartition("#")[2].rpartition("/")[2][:-1], set()).add(value)
    assert facts["start"] == {'"2024-10-27T00:00:00Z"^^<http://www.w3.org/2001/XMLSchema#dateTime>'}
    assert facts["end"] == {'"2024-11-04T00:00:00Z"^^<http://www.w3.org/2001/XMLSchema#dateTime>'}
    assert facts["affectedCountry"] == {'"ESP"', '"FRA"'}
    assert facts["hasGeometry"] == {"<https://w3id.org/dafab/id/report/emdat/b/geometry>"}
    assert facts["north"] == {'"40.5"^^<http://www.w3.org/2001/XMLSchema#decimal>'}
    assert facts["label"] == {'"Flood in ESP 2024-10-27"'}
    assert facts["matchRule"] == {'"event-match/1"'}
    assert len(facts["hasReport"]) == 3


# --- decisions ----------------------------------------------------------------------------


def test_decisions_hold_and_undoing_them_brings_back_what_was(shelf: Shelf) -> None:
    documents = [
        report("glide/a", "glide:g", "x:1"),
        report("emdat/b", "glide:g"),
        report("gdacs/c", "glide:g", "x:2"),
        report("usgs/d", "usgs:d", at=(100, 0)),
    ]
    shelf.change(documents)
    before = shelf.derived()
    distinct = decision("distinct", "glide/a", "emdat/b")
    same = decision("same", "emdat/b", "usgs/d")
    shelf.change([distinct])
    # glide/a, the higher-ranked source, keeps the number, and so does what follows it
    assert shelf.events() == {
        "glide.g": {"glide/a", "gdacs/c"},
        "report.emdat.b": {"emdat/b"},
        "usgs.d": {"usgs/d"},
    }
    shelf.change([same])
    assert shelf.events()["usgs.d"] == {"usgs/d", "emdat/b"}
    shelf.change([decision("same", "glide/a", "emdat/b", decided="2027-01-01T00:00:00Z")])
    assert len(shelf.events()) == 1, "the later decision on a pair holds"
    shelf.change(taken=[decision("same", "glide/a", "emdat/b", decided="2027-01-01T00:00:00Z")])
    shelf.change(taken=[distinct])
    shelf.change(taken=[same])
    assert shelf.derived() == before


def test_a_decision_may_come_before_what_it_is_about(shelf: Shelf) -> None:
    shelf.change([decision("same", "a/1", "b/2")])
    assert shelf.events() == {}
    shelf.change([report("a/1", at=None)])
    assert grouped(shelf, report("b/2", at=None)) == together("a/1", "b/2")


def test_what_one_may_not_join_gathers_by_itself(shelf: Shelf) -> None:
    documents = [report(name, "glide:g", at=None) for name in ("a/1", "b/2", "c/3")]
    apart_ = [decision("distinct", "a/1", other) for other in ("b/2", "c/3")]
    assert grouped(shelf, *documents, *apart_) == together("b/2", "c/3") | alone("a/1")


# --- the clustering against one that is written plainly ----------------------------------------


@st.composite
def evidences(draw: st.DrawFn) -> Evidence:
    count = draw(st.integers(2, 8))
    names = [f"r{n}" for n in range(count)]
    reports = {
        name: Report(
            name, draw(st.sampled_from(["glide", "gdacs", "x"])), name,
            draw(st.sampled_from(["event", "event", "event", "post"])),
        )
        for name in names
    }  # fmt: skip
    schemes = st.builds(
        Identifier, st.sampled_from(["glide", "s", "monty"]), st.sampled_from("123")
    )
    named = {name: frozenset(draw(st.lists(schemes, max_size=2))) for name in names}
    pairs = st.sampled_from([pair(*both) for both in combinations(names, 2)])
    near = {
        both: Nearness(draw(st.sampled_from([50.0, 70.0, 90.0])), 0, 0)
        for both in draw(st.sets(pairs, max_size=14))
        if not (reports[both[0]].is_post and reports[both[1]].is_post)
    }
    decisions = tuple(
        Decision(f"d{n}", draw(st.booleans()), both, draw(st.sampled_from("12")))
        for n, both in enumerate(draw(st.lists(pairs, max_size=4)))
    )
    return Evidence(reports, named, decisions, near)


def plainly(evidence: Evidence) -> set[frozenset[str]]:
    """The same rule with sets of sets, every step looked up anew."""
    groups = {frozenset((name,)) for name in evidence.reports}
    latest: dict[Pair, Decision] = {}
    for one in sorted(evidence.decisions, key=lambda d: (d.decided, d.iri)):
        latest[pair(*one.reports)] = one
    forbidden = [set(both) for both, one in latest.items() if not one.same]

    def group(name: str) -> frozenset[str]:
        return next(one for one in groups if name in one)

    def join(a: str, b: str) -> bool:
        both = group(a) | group(b)
        if any(two <= both for two in forbidden):
            return group(a) == group(b)
        groups.difference_update({group(a), group(b)})
        groups.add(both)
        return True

    for one in sorted(latest.values(), key=lambda d: (d.decided, d.iri), reverse=True):
        if one.same:
            join(*one.reports)
    every = {i for named in evidence.identifiers.values() for i in named}
    for identifier in sorted(every, key=lambda i: (identifier_rank(i.scheme), i.value)):
        heads: list[str] = []
        holders = [
            r for r in evidence.reports.values() if identifier in evidence.identifiers[r.iri]
        ]
        for holder in sorted(holders, key=source_rank):
            if not any(join(head, holder.iri) for head in heads):
                heads.append(holder.iri)
    units = {name: group(name) for name in evidence.reports}

    def posts_only(unit: frozenset[str]) -> bool:
        return all(evidence.reports[name].is_post for name in unit)

    def clash(a: frozenset[str], b: frozenset[str]) -> bool:
        for scheme in ("glide", "s"):
            one, two = (
                {i.value for name in unit for i in evidence.identifiers[name] if i.scheme == scheme}
                for unit in (a, b)
            )
            if one and two and not one & two:
                return True
        return False

    def linked(a: frozenset[str], b: frozenset[str]) -> bool:
        if posts_only(a) and posts_only(b):
            return True
        return not clash(a, b) and any(pair(x, y) in evidence.near for x in a for y in b)

    def strength(both: Pair) -> tuple[object, ...]:
        two = [evidence.reports[name] for name in both]
        nearness = evidence.near[both]
        return (any(r.is_post for r in two), -nearness.confidence, *sorted(r.key for r in two))

    for a, b in sorted(evidence.near, key=strength):
        if group(a) == group(b) or clash(units[a], units[b]):
            continue
        within = [{units[name] for name in group(side)} for side in (a, b)]
        if all(linked(x, y) for x in within[0] for y in within[1]):
            join(a, b)
    return groups


@settings(max_examples=400)
@given(evidences(), st.randoms(use_true_random=False))
def test_clusters_are_those_of_the_plain_way(evidence: Evidence, chance: random.Random) -> None:
    clusters = clusters_of(evidence)
    assert {frozenset(one.reports) for one in clusters} == plainly(evidence)
    names = list(evidence.reports)
    chance.shuffle(names)
    shuffled = Evidence(
        {name: evidence.reports[name] for name in names},
        {name: evidence.identifiers[name] for name in names},
        tuple(reversed(evidence.decisions)),
        dict(reversed(evidence.near.items())),
    )
    assert clusters_of(shuffled) == clusters
    for one in clusters:
        assert connected(one.reports, [(m.one, m.other) for m in one.matches]), "nothing silent"
    owned = [identifier for one in clusters for identifier in one.identifiers]
    assert len(owned) == len(set(owned))


def connected(reports: tuple[str, ...], links: list[Pair]) -> bool:
    """Tell whether the links, by themselves, join all reports, and no other."""
    reached, grown = {reports[0]}, True
    while grown:
        grown = False
        for both in links:
            if len(reached & set(both)) == 1:
                reached |= set(both)
                grown = True
    return reached == set(reports)


# --- in any order, in any batches ---------------------------------------------------------------


@st.composite
def histories(draw: st.DrawFn) -> list[list[tuple[bool, Document]]]:
    """Batches of documents put and taken out, in a small world where much is near."""
    sources = ["glide", "gdacs", "ems", "social"]
    documents: list[Document] = []
    for number in range(draw(st.integers(2, 7))):
        source = draw(st.sampled_from(sources))
        documents.append(
            report(
                f"{source}/{number}",
                *draw(
                    st.sets(st.sampled_from(["glide:a", "glide:b", "gdacs:1", "ems:x"]), max_size=2)
                ),
                hazard=draw(st.sampled_from(["floodHazard", "flashFloodHazard"])),
                start=f"2024-10-{draw(st.integers(1, 20)):02d}T06:00:00Z",
                at=(179.5 + 0.0, draw(st.integers(0, 30)) / 10),
                size=draw(st.sampled_from([0.0, 0.3])),
                kind="post" if source == "social" else "event",
            )
        )
    named = [f"{d[0].source}/{d[0].report_id}" for d in documents]  # type: ignore[attr-defined]
    two = st.lists(st.sampled_from(named), min_size=2, max_size=2, unique=True)
    for verdict in draw(st.lists(st.sampled_from(["same", "distinct"]), max_size=2)):
        documents.append(decision(verdict, *draw(two)))
    step = st.tuples(st.sampled_from([True, True, False]), st.sampled_from(documents))
    return draw(st.lists(st.lists(step, min_size=1, max_size=4), min_size=1, max_size=6))


@settings(max_examples=settings.default.max_examples // 3)
@given(histories())
def test_what_is_derived_does_not_depend_on_how_it_came(
    tmp_path_factory: pytest.TempPathFactory, history: list[list[tuple[bool, Document]]]
) -> None:
    shelf = Shelf(tmp_path_factory.mktemp("shelf") / "graph")
    present: dict[str, Document] = {}
    for batch in history:
        last = {mapped(document)[0]: (put, document) for put, document in batch}
        shelf.change(
            [document for put, document in last.values() if put],
            [document for put, document in last.values() if not put],
        )
        for graph, (put, document) in last.items():
            present.pop(graph, None)
            if put:
                present[graph] = document
    assert shelf.derived() == shelf.from_scratch()
    fresh = Shelf(tmp_path_factory.mktemp("fresh") / "graph")
    fresh.change(list(present.values()))
    assert shelf.derived() == fresh.derived()
    shelf.close()
    fresh.close()


# --- through the whole flow --------------------------------------------------------------------


def test_a_commit_cut_short_before_deriving_is_ended(
    shared: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def cut(*_: object) -> None:
        raise KeyboardInterrupt

    monty = shared / "events" / "monty" / "examples"
    with dafab_kg.open(tmp_path / "store") as catalogue:
        catalogue.load(monty / "glide-events", validate=False)
        monkeypatch.setattr(commit, "derive_all", cut)
        assert catalogue.load(monty / "emdat-events", validate=False).interrupted
    monkeypatch.undo()
    with dafab_kg.open(tmp_path / "store") as catalogue:
        assert catalogue.doctor() == ()
        assert told(catalogue)["glide.FL-2024-000199-ESP"] == {
            "glide/FL-2024-000199-ESP", "emdat/2024-0796-ESP",
        }  # fmt: skip


def test_the_doctor_sees_what_does_not_follow(shared: Path, tmp_path: Path) -> None:
    from dafab_kg.store.protocol import Change

    monty = shared / "events" / "monty" / "examples"
    with dafab_kg.open(tmp_path / "store") as catalogue:
        catalogue.load(monty / "glide-events", validate=False)
        for key, what in (("glide.FL-2024-000199-ESP", "is not what follows"), ("x", "event")):
            graph = catalogue.names.make("derived_graph", rule="event", key=key)
            line = f"<urn:event> <{NS}hasReport> <urn:report> "
            catalogue._store.apply(Change(added=f"{line}.\n{line}<{graph}> .\n"))
            assert any(what in found.what and found.where == graph for found in catalogue.doctor())
            catalogue._store.apply(Change(removed=(f"{line}.\n", f"{line}<{graph}> .\n")))
