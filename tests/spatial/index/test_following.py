"""The index follows the graph, whatever happens to either."""

from __future__ import annotations

import importlib
import multiprocessing
import random
import threading
from pathlib import Path
from typing import Any

import pytest

from dafab_kg.model.errors import IndexNotUsable
from dafab_kg.spatial.index.block import Block
from dafab_kg.spatial.index.compare import differences
from dafab_kg.spatial.index.index import SearchIndex
from dafab_kg.spatial.index.keeper import Keeper, open_index
from dafab_kg.spatial.index.schema import Schema
from dafab_kg.spatial.index.segment import write_segment
from dafab_kg.store.oxigraph import OxigraphStore
from dafab_kg.store.protocol import Change

from .making import EX, GRAPHS, INFERRED, SCHEMA, lines_of, nquads


def kept(store: OxigraphStore, place: Path, *, background: bool = False) -> Keeper:
    keeper = Keeper(store, place, GRAPHS, SCHEMA, background=background)
    store.observe(keeper, INFERRED)
    return keeper


def change(chance: random.Random, held: set[str], names: list[str]) -> Change:
    """Replace some of what is there."""
    removed = tuple(chance.sample(sorted(held), min(len(held), chance.randint(0, 12))))
    added = {
        f"{line}{chance.choice(['', '', f' <{INFERRED}>'])} .\n"
        for thing in chance.sample(names, chance.randint(0, 3))
        for line in lines_of(chance, thing)
        if chance.random() < 0.5
    }
    held.difference_update(removed)
    held.update(added)
    return Change(removed, "".join(sorted(added)))


class Crash(Exception):
    """The process ends here."""


def crash_at(step: str, times: int, patched: pytest.MonkeyPatch) -> None:
    """Let a step be done some times before the process ends at it."""
    module, _, name = step.rpartition(".")
    real = getattr(importlib.import_module(module), name)
    left = iter(range(times))

    def crash(*given: Any, **named: Any) -> Any:
        if next(left, None) is None:
            raise Crash
        return real(*given, **named)

    patched.setattr(step, crash)


@pytest.mark.parametrize(
    "seed", [*range(3), *(pytest.param(n, marks=pytest.mark.oracle) for n in range(3, 40))]
)
def test_any_changes_and_crashes(
    tmp_path: Path, seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    chance = random.Random(seed)
    store = OxigraphStore()
    place = tmp_path / "index"
    keeper = kept(store, place)
    names = [f"t{number}" for number in range(25)]
    held: set[str] = set()
    merges = 0
    monkeypatch.setattr("dafab_kg.spatial.index.keeper.MOST_SEGMENTS", 2)
    monkeypatch.setattr("dafab_kg.spatial.index.keeper.READ_AT_ONCE", 3 if seed % 2 else 1000)
    monkeypatch.setattr("dafab_kg.spatial.index.keeper.FEW_TOUCHED", 15 if seed % 3 else 1000)
    for _ in range(40):
        what = chance.random()
        if what < 0.55:
            store.apply(change(chance, held, names))
        elif what < 0.65:
            text = nquads(chance, chance.sample(names, 2))
            held.update(text.splitlines(keepends=True))
            store.bulk_load(text)
        elif what < 0.7:
            store.drop(INFERRED)
            held = {line for line in held if not line.endswith(f"<{INFERRED}> .\n")}
        elif what < 0.8:
            keeper = kept(store, place)  # the process ended before the index followed
        elif what < 0.9:
            # it ends at some moment while the index is written
            step = chance.choice(
                [
                    *("keeper.write_segment", "keeper.write_words", "keeper.write_container"),
                    *("keeper.read_some", "merging.write_segment", "merging.Segment"),
                ]
            )

            with monkeypatch.context() as patched:
                crash_at(f"dafab_kg.spatial.index.{step}", chance.randint(0, 2), patched)
                store.apply(change(chance, held, names))
                try:
                    keeper.merge()
                    keeper.follow()
                except Crash:
                    keeper = kept(store, place)
        else:
            keeper.follow()
        if chance.random() < 0.7:
            keeper.merge()
        if chance.random() < 0.4:
            index = keeper.follow()
            merges += any("merged" in part.name for part in index.parts)
            assert list(differences(store, index, GRAPHS)) == []
            again = open_index(place, SCHEMA, verify=True)
            assert (len(again), again.commit) == (len(index), index.commit)
    assert list(differences(store, keeper.follow(), GRAPHS)) == []
    assert merges or seed > 2


def grown(place: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[OxigraphStore, Keeper]:
    """An index of four segments, whose merge is due."""
    monkeypatch.setattr("dafab_kg.spatial.index.keeper.MOST_SEGMENTS", 4)
    store = OxigraphStore()
    keeper = kept(store, place)
    for batch in range(4):
        store.bulk_load(nquads(random.Random(batch), [f"b{batch}t{n}" for n in range(6)]))
        keeper.follow()
    return store, keeper


def replaced(store: OxigraphStore, things: list[str]) -> None:
    """Give things another value."""
    decimal = "http://www.w3.org/2001/XMLSchema#decimal"
    store.bulk_load("".join(f'<{EX}{n}> <{EX}cloud> "7.5"^^<{decimal}> .\n' for n in things))


def merged_names(keeper: Keeper) -> list[str]:
    return [part.name for part in keeper.follow().parts if "merged" in part.name]


def test_what_changes_while_a_merge_runs_is_out_of_date_in_its_result(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store, keeper = grown(tmp_path, monkeypatch)
    keeper.merge()
    replaced(store, ["b0t1", "b3t2"])
    assert len(keeper.follow().parts) == 2  # taken up by the commit itself
    assert list(differences(store, keeper.follow(), GRAPHS)) == []
    store, keeper = grown(tmp_path / "other", monkeypatch)
    for number in range(6):  # three commits before it ends; one segment has no row left
        replaced(store, [f"b1t{number}", f"b{number % 4}t5"])
        keeper.follow()
    keeper.merge()
    replaced(store, ["b2t0"])
    assert merged_names(keeper)
    assert list(differences(store, keeper.follow(), GRAPHS)) == []


def test_a_rebuild_leaves_a_merge_out_and_an_orphan_is_swept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store, keeper = grown(tmp_path, monkeypatch)
    keeper.merge()
    assert list(tmp_path.glob("*-merged.idx"))
    keeper.rebuild()
    assert len(keeper.follow().parts) == 1
    assert not list(tmp_path.glob("*-merged.idx"))
    (tmp_path / "00000099-merged.idx").write_bytes(b"of a process that ended")
    (tmp_path / "00000099-merged.tmp").write_bytes(b"of a process that ended")
    keeper = kept(store, tmp_path)
    assert not list(tmp_path.glob("00000099*"))
    assert list(differences(store, keeper.follow(), GRAPHS)) == []


def test_commits_go_on_while_a_thread_merges(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("dafab_kg.spatial.index.keeper.MOST_SEGMENTS", 4)
    go_on = threading.Event()

    def slow(file: Path, block: Block) -> None:
        assert go_on.wait(60)
        write_segment(file, block)

    monkeypatch.setattr("dafab_kg.spatial.index.merging.write_segment", slow)
    store = OxigraphStore()
    keeper = kept(store, tmp_path, background=True)
    for batch in range(10):
        store.bulk_load(nquads(random.Random(batch), [f"t{batch}", f"t{batch + 1}"]))
        index = keeper.follow()
    assert len(index.parts) > 4  # nothing waited
    go_on.set()
    keeper.close()
    assert not [thread for thread in threading.enumerate() if thread.name == "index-merge"]
    assert any("merged" in part.name for part in keeper.follow().parts)
    again = kept(store, tmp_path)
    assert not again.reason
    assert list(differences(store, again.follow(), GRAPHS)) == []


def test_a_commit_waits_when_merges_fall_behind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("dafab_kg.spatial.index.keeper.MOST_WAITING", 10)
    store, keeper = grown(tmp_path, monkeypatch)
    for number in range(30):
        replaced(store, [f"new{number}"])
        assert len(keeper.follow().parts) <= 10
    assert list(differences(store, keeper.follow(), GRAPHS)) == []


def test_a_merge_that_fails_is_tried_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: Any) -> None:
        raise OSError("no space left on device")

    store, keeper = grown(tmp_path, monkeypatch)
    keeper = kept(store, tmp_path, background=True)
    with monkeypatch.context() as patched:
        patched.setattr("dafab_kg.spatial.index.merging.write_segment", full)
        replaced(store, ["b0t0"])
        keeper.follow()
        keeper.merge()
    replaced(store, ["b0t1"])
    assert not merged_names(keeper)
    keeper.merge()
    replaced(store, ["b0t2"])
    assert merged_names(keeper)
    assert list(differences(store, keeper.follow(), GRAPHS)) == []


def test_the_comparison_sees_each_kind_of_difference(tmp_path: Path) -> None:
    store = OxigraphStore()
    keeper = kept(store, tmp_path)
    store.bulk_load(nquads(random.Random(5), ["a", "b", "c"]))
    index = keeper.follow()
    assert list(differences(store, index, GRAPHS)) == []
    unobserved = OxigraphStore()
    lines = nquads(random.Random(5), ["a", "b", "c"]).splitlines(keepends=True)
    for line in lines:
        if "not-indexed" in line:
            continue
        unobserved.bulk_load("".join(other for other in lines if other != line))
        told = dict(differences(unobserved, index, GRAPHS))
        assert told, line
        unobserved.apply(Change(tuple(lines)))
    assert dict(differences(unobserved, index, GRAPHS)).keys() == {f"{EX}{n}" for n in "abc"}


def files(place: Path) -> list[Path]:
    return sorted(file for file in place.iterdir() if file.suffix in {".idx", ".dead", ".json"})


@pytest.mark.parametrize("damage", ["flip", "truncate", "empty", "remove"])
def test_a_damaged_file_is_found_and_the_index_made_anew(tmp_path: Path, damage: str) -> None:
    chance = random.Random(damage)
    store = OxigraphStore()
    keeper = kept(store, tmp_path / "index")
    names = [f"t{number}" for number in range(20)]
    store.bulk_load(nquads(chance, names))
    keeper.follow()
    store.bulk_load(nquads(chance, names[:5]))
    keeper.follow()
    for number in range(len(files(tmp_path / "index"))):
        file = files(tmp_path / "index")[number]
        data = bytearray(file.read_bytes())
        if damage == "flip":
            data[chance.randrange(len(data) - 40, len(data) - 9)] ^= 0x41
        elif damage == "truncate":
            del data[chance.randrange(len(data)) :]
        elif damage == "empty":
            data.clear()
        file.write_bytes(data)
        if damage == "remove":
            file.unlink()
        with pytest.raises(IndexNotUsable):
            open_index(tmp_path / "index", SCHEMA, verify=True)
        keeper = kept(store, tmp_path / "index")
        assert keeper.reason
        assert list(differences(store, keeper.follow(), GRAPHS)) == []
        store.bulk_load(nquads(chance, names[:5]))  # two segments again
        keeper.follow()
        if len(files(tmp_path / "index")) <= number + 1:
            break


def test_a_new_indexed_property_makes_it_anew(tmp_path: Path) -> None:
    store = OxigraphStore()
    keeper = kept(store, tmp_path)
    store.bulk_load(f'<{EX}a> <{EX}not-indexed> "1" .\n')
    assert len(keeper.follow()) == 0
    schema = Schema({**SCHEMA.properties, f"{EX}not-indexed": "keyword"})
    with pytest.raises(IndexNotUsable):
        open_index(tmp_path, schema)
    assert len(Keeper(store, tmp_path, GRAPHS, schema).follow()) == 1


def _read(place: str, out: Any) -> None:
    from dafab_kg.spatial.lookup import Has, Wanted

    wish = Wanted(values=(Has(f"{EX}cloud"),))
    seen = []
    while not out.poll():
        try:
            index: SearchIndex = open_index(Path(place), SCHEMA)
        except IndexNotUsable:
            continue  # at this moment it is behind, or its files are replaced
        found = index.find(wish)
        assert found is not None
        seen.append((index.commit, len(index.iris(found.rows))))
    out.send(seen)


def test_readers_beside_the_writer(tmp_path: Path) -> None:
    """Each state that a reader sees is whole: batch n adds n things."""
    store = OxigraphStore()
    keeper = kept(store, tmp_path)
    context = multiprocessing.get_context("forkserver")
    ends = [context.Pipe() for _ in range(2)]
    readers = [context.Process(target=_read, args=(str(tmp_path), theirs)) for _, theirs in ends]
    for reader in readers:
        reader.start()
    truth = {}
    for batch in range(1, 60):
        decimal = "http://www.w3.org/2001/XMLSchema#decimal"
        lines = (f'<{EX}b{batch}t{n}> <{EX}cloud> "{n}.5"^^<{decimal}> .\n' for n in range(batch))
        store.bulk_load("".join(lines))
        truth[keeper.follow().commit] = batch * (batch + 1) // 2
    for (ours, _), reader in zip(ends, readers, strict=True):
        ours.send("stop")
        assert ours.poll(60)
        for commit, count in ours.recv():
            assert truth[commit] == count
        reader.join(10)


@pytest.mark.parametrize("few", [0, 1000], ids=["read as a whole", "read one by one"])
def test_a_class_alone_makes_no_row(
    tmp_path: Path, few: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """But it is a class of what has a row, whichever of both comes first."""
    monkeypatch.setattr("dafab_kg.spatial.index.keeper.FEW_TOUCHED", few)
    cloud, kind = f'<{EX}cloud> "1.5"', "<http://www.w3.org/1999/02/22-rdf-syntax-ns#type>"
    decimal = "^^<http://www.w3.org/2001/XMLSchema#decimal>"
    store = OxigraphStore()
    keeper = kept(store, tmp_path)
    store.apply(Change(added=f"<{EX}a> {kind} <{EX}K> .\n<{EX}b> {cloud}{decimal} .\n"))
    assert len(keeper.follow()) == 1
    store.apply(Change(added=f"<{EX}b> {kind} <{EX}K> .\n<{EX}a> {cloud}{decimal} .\n"))
    assert list(differences(store, keeper.follow(), GRAPHS)) == []
    store.apply(Change((f"<{EX}a> {kind} <{EX}K> .\n", f"<{EX}b> {cloud}{decimal} .\n")))
    assert list(differences(store, keeper.follow(), GRAPHS)) == []
    assert len(keeper.follow()) == 1


def test_words_that_were_lost_are_written_anew(tmp_path: Path) -> None:
    label = "http://www.w3.org/2000/01/rdf-schema#label"
    store = OxigraphStore()
    keeper = kept(store, tmp_path)
    store.bulk_load(f'<{EX}a> <{label}> "Esch" .\n')
    keeper.follow()
    (tmp_path / "words.sqlite").unlink()
    store.bulk_load(f'<{EX}b> <{label}> "Mersch" .\n')
    keeper.follow()
    assert [iri for iri, _ in keeper.follow().search("esch", limit=5)] == [f"{EX}a"]
    assert [iri for iri, _ in keeper.follow().search("mersch", limit=5)] == [f"{EX}b"]
