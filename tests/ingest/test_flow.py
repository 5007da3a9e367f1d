"""One graph per document, replaced whole, skipped when unchanged, quarantined when wrong."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

import dafab_kg
from dafab_kg.catalogue import Catalogue
from dafab_kg.ingest.commit import Committer
from dafab_kg.ingest.prepare import speakable_document
from dafab_kg.ingest.report import Progress
from dafab_kg.ingest.workers import chunks
from dafab_kg.model.documents import Entry, Part, SourceDocument
from dafab_kg.model.errors import (
    FileNotUsable,
    StoreInUse,
    StoreNotFound,
    StoreNotUsable,
    ThingNotFound,
)
from dafab_kg.model.names import Names
from dafab_kg.model.settings import Settings
from tests.ingest.comparing import lasting
from tests.ingest.documents import source_id, water_item, write_items

COUNT = "SELECT (COUNT(*) AS ?n) { ?s ?p ?o }"


@pytest.fixture
def catalogue(tmp_path: Path) -> Iterator[Catalogue]:
    with dafab_kg.open(tmp_path / "store") as opened:
        yield opened


def test_each_document_is_a_graph_with_its_provenance(catalogue: Catalogue, tmp_path: Path) -> None:
    report = catalogue.load(write_items(tmp_path / "in", 5))
    assert report.counts == {"loaded": 5} and report.ok
    frame = catalogue.query(
        """PREFIX prov: <http://www.w3.org/ns/prov#> PREFIX dafab: <https://w3id.org/dafab/ns#>
        SELECT ?graph ?hash ?loader { GRAPH ?graph {
          ?graph prov:wasDerivedFrom ?document ; dafab:contentHash ?hash ;
                 dafab:loaderVersion ?loader ; prov:generatedAtTime ?when } }"""
    ).to_pandas()  # type: ignore[union-attr]
    assert len(frame) == 5 == frame.graph.nunique()
    assert set(frame.hash) == {entry.content_hash for entry in catalogue.documents()}
    assert catalogue.doctor() == ()


@pytest.mark.parametrize("failures", [0, 1, 2])
def test_what_the_engine_could_not_write_stays_in_the_journal(
    catalogue: Catalogue, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, failures: int
) -> None:
    """Beside a commit the engine writes its files; where it cannot, no other commit follows."""
    committer = catalogue._writer()
    catalogue.load(write_items(tmp_path / "before", 1, "before"))
    catalogue.after_commits(lambda: None)
    flush, left = catalogue._store.flush, iter(range(failures))

    def failing() -> None:
        if next(left, None) is not None:
            raise OSError("no space left on device")
        flush()

    monkeypatch.setattr(catalogue._store, "flush", failing)
    catalogue.load(write_items(tmp_path / "in", 2))
    if failures > 1:  # beside the commit, and when it was waited for
        with pytest.raises(OSError, match="no space left"):
            committer.settle()
        assert len(catalogue._documents.pending()) == 1
    committer.settle()
    assert catalogue._documents.pending() == ()
    assert not any((tmp_path / "store" / "journal").iterdir())
    assert catalogue.doctor() == ()


def test_the_original_comes_back_byte_for_byte(catalogue: Catalogue, tmp_path: Path) -> None:
    folder = write_items(tmp_path / "in", 3)
    catalogue.load(folder)
    kept = {
        name: data
        for entry in catalogue.documents()
        for name, data in catalogue.document(entry.document_id)[1].items()
    }
    assert kept == {path.name: path.read_bytes() for path in folder.iterdir()}


def test_unchanged_documents_are_skipped(catalogue: Catalogue, tmp_path: Path) -> None:
    folder = write_items(tmp_path / "in", 4)
    catalogue.load(folder)
    before = lasting(catalogue)
    assert catalogue.load(folder).counts == {"unchanged": 4}
    assert lasting(catalogue) == before


def test_a_changed_document_replaces_its_graph(catalogue: Catalogue, tmp_path: Path) -> None:
    catalogue.load(write_items(tmp_path / "a", 4, "a"))
    folder = write_items(tmp_path / "b", 4, "b")
    assert catalogue.load(folder).counts == {"replaced": 4}
    with dafab_kg.open(tmp_path / "fresh") as fresh:
        fresh.load(folder)
        own, other = lasting(catalogue), lasting(fresh)
    # the file names differ by folder: origins are the only difference
    assert {line.replace("/b/", "/a/") for line in own} == {
        line.replace("/b/", "/a/") for line in other
    }
    assert catalogue.doctor() == ()


def test_deleting_all_leaves_no_facts(catalogue: Catalogue, tmp_path: Path) -> None:
    catalogue.load(write_items(tmp_path / "in", 3))
    for number in range(3):
        catalogue.delete(f"{source_id(number)}_water_analysis_200")
    graphs = set(catalogue._store.graphs())
    own = {catalogue.names.make("inferred_graph")}  # what the ontology itself states
    assert all(catalogue.names.within(graph, "load_graph") for graph in graphs - own)
    assert catalogue.stats().documents == {}
    assert catalogue.doctor() == ()


def test_a_wrong_document_goes_to_quarantine_and_holds_nothing_up(
    catalogue: Catalogue, tmp_path: Path
) -> None:
    folder = write_items(tmp_path / "in", 3)
    wrong = water_item(7)
    wrong["geometry"] = None
    (folder / "wrong.json").write_text(json.dumps(wrong))
    (folder / "broken.json").write_text('{"type": "Feature", "stac_version": "1.0.0"')
    report = catalogue.load(folder)
    assert report.counts == {"loaded": 3, "rejected": 2}
    entries = {Path(entry.origin).name: entry for entry in catalogue.quarantine()}
    assert entries["wrong.json"].error == "GeometryNotValid"
    assert entries["broken.json"].error == "NotWellFormed"
    for name, entry in entries.items():
        (part,) = catalogue.quarantined(entry.document_id).parts
        assert part.data == (folder / name).read_bytes()
        assert entry.message and entry.where


def test_a_mended_document_leaves_quarantine(catalogue: Catalogue, tmp_path: Path) -> None:
    item = water_item(7)
    place, item["geometry"] = item["geometry"], None
    file = tmp_path / "item.json"
    file.write_text(json.dumps(item))
    assert catalogue.load(file).counts == {"rejected": 1}
    item["geometry"] = place
    file.write_text(json.dumps(item))
    assert catalogue.load(file).counts == {"loaded": 1}
    assert catalogue.quarantine() == ()


def test_a_rejected_new_version_leaves_the_old_in_place(
    catalogue: Catalogue, tmp_path: Path
) -> None:
    file = tmp_path / "item.json"
    item = water_item(7)
    file.write_text(json.dumps(item))
    catalogue.load(file)
    before = lasting(catalogue)
    item["geometry"] = None
    file.write_text(json.dumps(item))
    assert catalogue.load(file).counts == {"rejected": 1}
    assert lasting(catalogue) == before


def test_shapes_reject_with_a_report(catalogue: Catalogue, tmp_path: Path) -> None:
    item = water_item(7)
    item["properties"]["dafab:water-analysis"]["observed_water"] = 140
    file = tmp_path / "item.json"
    file.write_text(json.dumps(item))
    (outcome,) = catalogue.load(file).outcomes
    assert outcome.status == "rejected"
    kept = catalogue.quarantined(outcome.document_id)
    assert kept.error == "ShapeViolated"
    assert "ValidationReport" in kept.report and "observedWater" in kept.report


def test_strict_commits_nothing_of_the_batch(catalogue: Catalogue, tmp_path: Path) -> None:
    folder = write_items(tmp_path / "in", 3)
    (folder / "a-broken.json").write_text('{"type": "Feature", "stac_version": ')
    report = catalogue.load(folder, strict=True)
    assert not report.ok and "loaded" not in report.counts
    assert catalogue.documents() == ()
    assert len(catalogue.quarantine()) == 1


def test_an_interrupted_load_is_resumed(tmp_path: Path) -> None:
    folder = write_items(tmp_path / "in", 30)

    def interrupt(progress: Progress) -> None:
        if progress.done == 17 and progress.current:
            raise KeyboardInterrupt

    settings = Settings(batch_documents=5)
    with dafab_kg.open(tmp_path / "store", settings=settings) as catalogue:
        report = catalogue.load(folder, progress=interrupt)
        assert report.interrupted and not report.ok
        kept = len(catalogue.documents())
        assert 0 < kept < 30
        again = catalogue.load(folder)
        assert again.counts == {"unchanged": kept, "loaded": 30 - kept}
        assert catalogue.doctor() == ()


def test_items_of_one_file_are_committed_together(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    features = [{**water_item(number), "collection": "water"} for number in range(30)]
    file = tmp_path / "items.json"
    file.write_text(json.dumps({"type": "FeatureCollection", "features": features}))
    commits = []
    commit = Committer.commit

    def counted(self: Committer, prepared: Any = (), *more: Any, **named: Any) -> Any:
        found = list(prepared)
        commits.append(len(found))
        return commit(self, found, *more, **named)

    monkeypatch.setattr(Committer, "commit", counted)
    # all mapped items and the file once fit into it, the file for each item does not
    settings = Settings(batch_bytes=35 * file.stat().st_size, reasoning=False, index=False)
    with dafab_kg.open(tmp_path / "store", settings=settings) as catalogue:
        assert catalogue.load(file, validate=False).counts == {"loaded": 30}
    assert max(commits) == 30


def test_several_processes_give_the_same_graph(tmp_path: Path) -> None:
    folder = write_items(tmp_path / "in", 40)
    with dafab_kg.open(tmp_path / "one") as one, dafab_kg.open(tmp_path / "two") as two:
        assert one.load(folder).counts == two.load(folder, jobs=2).counts == {"loaded": 40}
        assert lasting(one) == lasting(two)


def test_large_files_are_not_all_in_flight() -> None:
    def piece(size: int) -> Entry:
        return Entry("a", "a", size, b"", bytes)

    small, large = [piece(10)] * 40, [piece(700_000)] * 5
    assert [len(chunk) for chunk in chunks(iter(small))] == [16, 16, 8]
    assert [len(chunk) for chunk in chunks(iter(large))] == [2, 2, 1]


def test_dump_and_restore(catalogue: Catalogue, tmp_path: Path) -> None:
    folder = write_items(tmp_path / "in", 4)
    (folder / "broken.json").write_text('{"type": "Feature", "stac_version": ')
    catalogue.load(folder)
    catalogue.dump(tmp_path / "dump.nq.gz")
    with dafab_kg.open(tmp_path / "restored") as restored:
        restored.restore(tmp_path / "dump.nq.gz")
        assert lasting(restored) == lasting(catalogue)
        assert restored.doctor() == ()
        assert [q.document_id for q in restored.quarantine()] == [
            q.document_id for q in catalogue.quarantine()
        ]
        assert restored.load(folder).counts == {"unchanged": 4, "rejected": 1}


def test_show_by_iri_product_id_and_did(catalogue: Catalogue, tmp_path: Path) -> None:
    catalogue.load(write_items(tmp_path / "in", 2))
    product = f"{source_id(0)}_water_analysis_200"
    iri = Names().make("product", product_id=product)
    described = catalogue.show(product)
    assert described.iri == iri == catalogue.show(iri).iri
    assert catalogue.show(f"dafab:{product}").iri == Names().make(
        "did", vo="def", scope="dafab", name=product
    )
    (document,) = described.documents
    assert document.kind == "dafab" and document.origin.endswith(f"{product}.json")
    with pytest.raises(ThingNotFound):
        catalogue.show("nothing-of-the-kind")


def test_one_writer_at_a_time(catalogue: Catalogue) -> None:
    with pytest.raises(StoreInUse):
        dafab_kg.open(catalogue.path)


def test_opening_what_is_no_catalogue(tmp_path: Path) -> None:
    with pytest.raises(StoreNotFound):
        dafab_kg.open(tmp_path / "none", create=False)
    (tmp_path / "file").write_text("something else")
    with pytest.raises(StoreNotUsable):
        dafab_kg.open(tmp_path)


def test_another_base_is_refused(catalogue: Catalogue) -> None:
    catalogue.close()
    with pytest.raises(StoreNotUsable, match="DAFAB_BASE"):
        dafab_kg.open(catalogue.path, settings=Settings(base="https://example.org/id/"))


def test_loading_in_a_thread(catalogue: Catalogue, tmp_path: Path) -> None:
    folder = write_items(tmp_path / "in", 2)
    thread = threading.Thread(target=lambda: catalogue.load(folder))
    thread.start()
    thread.join()
    assert len(catalogue.documents()) == 2


def test_statements_that_the_store_would_not_take_reject_their_document_only(
    catalogue: Catalogue, tmp_path: Path
) -> None:
    """Turtle may escape a code point that no N-Quads parser lets through (a W3C test does)."""
    folder = write_items(tmp_path / "in", 2)
    (folder / "odd.ttl").write_text("<http://example.org/\\U000E01EF> <urn:p> <urn:o> .\n")
    assert catalogue.load(folder).counts == {"loaded": 2, "rejected": 1}
    (entry,) = catalogue.quarantine()
    assert entry.error == "NotWellFormed" and entry.remedy
    assert catalogue.doctor() == ()


def test_a_wrong_second_version_in_one_load_hides_neither(
    catalogue: Catalogue, tmp_path: Path
) -> None:
    """Both versions of a document lie in one folder; the later one is wrong."""
    item = water_item(7)
    (tmp_path / "1.json").write_text(json.dumps(item))
    item["geometry"] = None
    (tmp_path / "2.json").write_text(json.dumps(item))
    assert catalogue.load(tmp_path / "1.json", tmp_path / "2.json").counts == {
        "loaded": 1,
        "rejected": 1,
    }
    assert len(catalogue.documents()) == len(catalogue.quarantine()) == 1


@pytest.mark.parametrize("identifier", ["", "x" * 600, "a:b", "\ud800", "../..", "é" * 300])
def test_odd_identifiers_are_not_found(catalogue: Catalogue, identifier: str) -> None:
    for ask in (catalogue.show, catalogue.delete, catalogue.quarantined, catalogue.document):
        with pytest.raises(ThingNotFound):
            ask(identifier)


def test_file_names_that_are_no_utf8_are_rejected_and_kept(
    catalogue: Catalogue, tmp_path: Path
) -> None:
    good = write_items(tmp_path / "in", 1)
    odd = Path(os.fsdecode(os.fsencode(good) + b"/odd\xff.json"))
    odd.write_text(json.dumps(water_item(7)))
    assert catalogue.load(good).counts == {"loaded": 1, "rejected": 1}
    (entry,) = catalogue.quarantine()
    assert "not UTF-8" in entry.message and entry.remedy
    (part,) = catalogue.quarantined(entry.document_id).parts
    assert json.loads(part.data)["id"] == water_item(7)["id"]
    assert catalogue.doctor() == ()


def test_strict_stops_at_a_shape_too(tmp_path: Path) -> None:
    folder = write_items(tmp_path / "in", 6)
    first = min(folder.iterdir())
    item = json.loads(first.read_text())
    item["properties"]["dafab:water-analysis"]["observed_water"] = 140
    first.write_text(json.dumps(item))
    with dafab_kg.open(tmp_path / "store", settings=Settings(batch_documents=3)) as catalogue:
        report = catalogue.load(folder, strict=True)
        assert report.counts == {"rejected": 1}
        assert catalogue.documents() == ()
        assert len(catalogue.quarantine()) == 1


# named graphs inside RDF files

GRAPHS = """@prefix e: <http://e.example/> .
e:one {{ e:s e:p "{value}" . e:s e:q "shared" }}
e:s e:r "outside" .
"""


def answers(catalogue: Catalogue, pattern: str) -> list[str]:
    frame = catalogue.query(f"SELECT ?o {{ {pattern} }} ORDER BY ?o").to_pandas()  # type: ignore[union-attr]
    return list(frame.o)


def test_named_graphs_inside_a_file_are_kept_replaced_and_deleted(
    catalogue: Catalogue, tmp_path: Path
) -> None:
    file = tmp_path / "a.trig"
    file.write_text(GRAPHS.format(value="secret"))
    catalogue.load(file)
    in_graph = "GRAPH <http://e.example/one> { ?s ?p ?o }"
    assert answers(catalogue, in_graph) == ["secret", "shared"]
    file.write_text(GRAPHS.format(value="public"))
    catalogue.load(file)
    assert answers(catalogue, in_graph) == ["public", "shared"]
    assert answers(catalogue, "?s <http://e.example/p> ?o") == ["public"]
    assert catalogue.doctor() == ()
    catalogue.delete(catalogue.documents()[0].document_id)
    assert answers(catalogue, "?s <http://e.example/p> ?o") == []
    assert "http://e.example/one" not in set(catalogue._store.graphs())
    assert catalogue.doctor() == ()


def test_two_files_may_share_a_named_graph(catalogue: Catalogue, tmp_path: Path) -> None:
    for name in "ab":
        (tmp_path / f"{name}.trig").write_text(GRAPHS.format(value=name))
    catalogue.load(tmp_path / "a.trig", tmp_path / "b.trig")
    in_graph = "GRAPH <http://e.example/one> { ?s ?p ?o }"
    assert answers(catalogue, in_graph) == ["a", "b", "shared"]
    first = next(entry for entry in catalogue.documents() if entry.origin.endswith("a.trig"))
    catalogue.delete(first.document_id)
    assert answers(catalogue, in_graph) == ["b", "shared"]
    assert catalogue.doctor() == ()


# several contents under one name


def versions(folder: Path, *changes: dict[str, object]) -> list[Path]:
    """Files that hold one item in several versions."""
    folder.mkdir()
    paths = []
    for number, change in enumerate(changes):
        paths.append(folder / f"{number}.json")
        paths[-1].write_text(json.dumps(water_item(7) | change))
    return paths


def test_two_contents_in_one_load_never_exchange_each_other(
    catalogue: Catalogue, tmp_path: Path
) -> None:
    paths = versions(tmp_path / "in", {}, {"stac_extensions": ["https://example.org/x"]})
    assert catalogue.load(tmp_path / "in").counts == {"loaded": 1, "rejected": 1}
    (kept,) = catalogue.quarantine()
    assert kept.error == "NotUnique" and str(paths[0]) in kept.message
    before = lasting(catalogue)
    for _ in range(2):
        assert catalogue.load(tmp_path / "in").counts == {"unchanged": 1, "rejected": 1}
        assert lasting(catalogue) == before
    assert catalogue.load(paths[1]).counts == {"replaced": 1}


def test_every_rejected_version_is_kept(catalogue: Catalogue, tmp_path: Path) -> None:
    paths = versions(
        tmp_path / "in", {"geometry": None}, {"geometry": {}}, {"geometry": None, "bbox": []}, {}
    )
    assert catalogue.load(tmp_path / "in").counts == {"loaded": 1, "rejected": 3}
    kept = {
        part.data
        for entry in catalogue.quarantine()
        for part in catalogue.quarantined(entry.document_id).parts
    }
    assert kept == {path.read_bytes() for path in paths[:3]}


def test_a_mended_file_leaves_quarantine_even_if_it_never_was_a_document(
    catalogue: Catalogue, tmp_path: Path
) -> None:
    file = tmp_path / "item.json"
    whole = json.dumps(water_item(7))
    file.write_text(whole[:200])
    assert catalogue.load(file).counts == {"rejected": 1}
    file.write_text(whole)
    assert catalogue.load(file).counts == {"loaded": 1}
    assert catalogue.quarantine() == ()


def test_a_file_as_it_was_loaded_takes_its_broken_version_away(
    catalogue: Catalogue, tmp_path: Path
) -> None:
    file = tmp_path / "item.json"
    whole = json.dumps(water_item(7))
    for text, counts in (
        (whole, {"loaded": 1}), (whole[:200], {"rejected": 1}), (whole, {"unchanged": 1}),
    ):  # fmt: skip
        file.write_text(text)
        assert catalogue.load(file).counts == counts
    assert catalogue.quarantine() == ()


def test_what_is_recognised_when_it_is_tried_again_has_one_entry(
    catalogue: Catalogue, tmp_path: Path
) -> None:
    (path,) = versions(tmp_path / "in", {"geometry": None})
    settings = catalogue.settings
    catalogue.settings = settings.model_copy(update={"load_as": "events"})
    catalogue.load(path)
    (unread,) = catalogue.quarantine()
    catalogue.settings = settings
    assert unread.kind == "unread"
    for _ in range(2):
        assert catalogue.retry().counts == {"rejected": 1}
        (entry,) = catalogue.quarantine()
        assert entry.error == "GeometryNotValid"


def test_a_rejected_document_can_be_dismissed(catalogue: Catalogue, tmp_path: Path) -> None:
    (path,) = versions(tmp_path / "in", {"geometry": None})
    (outcome,) = catalogue.load(path).outcomes
    assert catalogue.delete(outcome.document_id) == (outcome.document_id,)
    assert catalogue.quarantine() == ()


# what others may write


def test_rdf_cannot_have_another_document_deleted(catalogue: Catalogue, tmp_path: Path) -> None:
    folder = write_items(tmp_path / "in", 2)
    catalogue.load(folder)
    first, second = sorted(catalogue.documents(), key=lambda entry: entry.key)
    victim = f"{source_id(0)}_water_analysis_200"
    other = next(entry for entry in (first, second) if victim not in entry.key)
    names = catalogue.names
    document = names.make("document", document_id=other.document_id)
    product = names.make("product", product_id=victim)
    (tmp_path / "evil.ttl").write_text(
        f"<{document}> <https://w3id.org/dafab/ns#describes> <{product}> ."
    )
    catalogue.load(tmp_path / "evil.ttl")
    catalogue.delete(victim)
    left = {entry.document_id for entry in catalogue.documents()}
    assert other.document_id in left and len(left) == 2


def test_a_pipe_is_not_waited_for(catalogue: Catalogue, tmp_path: Path) -> None:
    folder = write_items(tmp_path / "in", 1)
    os.mkfifo(folder / "pipe")
    counts = catalogue.load(folder).counts
    assert counts.pop("loaded") == 1 and counts in ({}, {"rejected": 1}, {"unrecognised": 1})


def test_a_product_is_the_same_from_an_archive(catalogue: Catalogue, tmp_path: Path) -> None:
    from dafab_kg.sample import write_sample

    write_sample(tmp_path / "sample", products=2)
    product = next((tmp_path / "sample").rglob("*.SAFE"))
    archive = shutil.make_archive(str(tmp_path / "product"), "zip", product.parent, product.name)
    assert catalogue.load(product).counts["loaded"] == 1
    assert catalogue.load(archive).counts["unchanged"] == 1


# dumps


def test_a_failed_dump_leaves_the_earlier_one(catalogue: Catalogue, tmp_path: Path) -> None:
    catalogue.load(write_items(tmp_path / "in", 2))
    dump = tmp_path / "dump.nq.gz"
    catalogue.dump(dump)
    before = dump.read_bytes()
    (tmp_path / "dump.documents.zip.part").mkdir()  # in the way of the second file
    with pytest.raises(FileNotUsable):
        catalogue.dump(dump)
    assert dump.read_bytes() == before


def test_a_cut_dump_is_told_to_be_damaged(catalogue: Catalogue, tmp_path: Path) -> None:
    catalogue.load(write_items(tmp_path / "in", 2))
    dump = tmp_path / "dump.nq.gz"
    catalogue.dump(dump)
    dump.write_bytes(dump.read_bytes()[:-200])
    with dafab_kg.open(tmp_path / "other") as other, pytest.raises(FileNotUsable, match="damaged"):
        other.restore(dump)


def test_a_reader_beside_a_writer_sees_one_moment(tmp_path: Path) -> None:
    """The writer is another process; LMDB and RocksDB both stay where they were."""
    store, more = tmp_path / "store", write_items(tmp_path / "more", 5, "b")
    with dafab_kg.open(store) as writer:
        writer.load(write_items(tmp_path / "in", 2))
    with dafab_kg.open(store, read_only=True) as reader:
        program = "import sys, dafab_kg; dafab_kg.open(sys.argv[1]).load(sys.argv[2])"
        subprocess.run([sys.executable, "-c", program, str(store), str(more)], check=True)
        assert reader.stats().documents == {"dafab": 2}
        assert reader.doctor() == ()
        with pytest.raises(StoreInUse):
            dafab_kg.open(store, read_only=True)
    with dafab_kg.open(store, read_only=True) as reader:
        assert reader.stats().documents == {"dafab": 5}


def test_rdf_about_our_own_classes_is_judged(catalogue: Catalogue, tmp_path: Path) -> None:
    base, file = catalogue.names.base, tmp_path / "fake.ttl"
    for kinds in ("dafab:Product", "dafab:Product , dafab:SourceProduct"):
        file.write_text(
            "@prefix dafab: <https://w3id.org/dafab/ns#> .\n"
            f"<{base}product/FAKE> a {kinds} ; dafab:cloudCover 500.0 ."
        )
        assert catalogue.load(file).counts == {"rejected": 1}, kinds
    file.write_text("<urn:a> a <urn:OfNobody> ; <urn:cloudCover> 500 .")
    assert catalogue.load(file).counts == {"loaded": 1}


def test_one_product_with_three_documents_and_its_reprocessing(
    catalogue: Catalogue, tmp_path: Path
) -> None:
    """SAFE, an Earth Search-like item and DaFab's original item; a newer baseline supersedes."""
    from dafab_kg.sample import write_sample

    write_sample(tmp_path / "sample", products=60)
    catalogue.load(tmp_path / "sample")
    by_product = catalogue.query(
        """PREFIX dafab: <https://w3id.org/dafab/ns#> PREFIX prov: <http://www.w3.org/ns/prov#>
        SELECT ?product (COUNT(DISTINCT ?document) AS ?documents)
               (COUNT(DISTINCT ?cloud) AS ?clouds) (COUNT(DISTINCT ?kind) AS ?kinds) {
          ?document dafab:describes ?product . ?graph prov:wasDerivedFrom ?document ;
          dafab:loaderName ?kind . ?product a dafab:SourceProduct ; dafab:cloudCover ?cloud
        } GROUP BY ?product"""
    ).to_pandas()  # type: ignore[union-attr]
    three = by_product[by_product.kinds == 3]
    assert len(three) and (three.documents >= 3).all() and (three.clouds == 1).all()
    pairs = catalogue.query(
        """PREFIX dafab: <https://w3id.org/dafab/ns#>
        SELECT ?newer ?older ?same ?n ?o {
          ?newer dafab:supersedes ?older ; dafab:acquiredIn ?same ; dafab:processingBaseline ?n .
          ?older dafab:acquiredIn ?same ; dafab:processingBaseline ?o }"""
    ).to_pandas()  # type: ignore[union-attr]
    assert len(pairs) and (pairs.n > pairs.o).all()
    assert catalogue.doctor() == ()


def test_a_file_of_many_documents_is_hashed_once() -> None:
    """Each item hashed the whole file that it lies in: the work grew with the square."""
    part = Part("items.json", b"{}")
    document = SourceDocument("stac", "item/-/c/a", "items.json#/features/0", (part,))
    assert speakable_document(document).parts[0] is part
    assert speakable_document(replace(document, origin="\udcff")).parts[0] is part
