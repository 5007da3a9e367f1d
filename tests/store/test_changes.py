"""Changes of documents: a row with each commit, of each document the last."""

from __future__ import annotations

from pathlib import Path

import lmdb
from hypothesis import given
from hypothesis import strategies as st

from dafab_kg.store.changes import changed_since, last_change, note_changes, open_changes
from dafab_kg.store.documents import Documents, Pending, StoredDocument


def stored(number: int) -> StoredDocument:
    name = f"{number:032x}"
    return StoredDocument(name, "stac", f"key {number}", "origin", "hash", ())


def test_a_commit_that_is_recorded_again_is_noted_again(tmp_path: Path) -> None:
    documents = Documents(tmp_path / "documents")
    assert (documents.last_change(), documents.changed_since(0, 99)) == (0, ())
    batch = Pending(1, (stored(1), stored(2)), ())
    documents.begin(batch, {})
    assert documents.last_change() == 0  # not loaded yet
    documents.record(batch)
    assert documents.changed_since(0, 2) == (stored(1).document_id, stored(2).document_id)
    documents.record(Pending(2, (stored(3),), (stored(1).document_id,)))
    assert documents.changed_since(2, documents.last_change()) == (
        stored(3).document_id,
        stored(1).document_id,
    )
    documents.record(Pending(2, (stored(3),), (stored(1).document_id,)))  # after a crash
    assert documents.last_change() == 6
    assert len(documents.changed_since(4, 6)) == 2
    assert documents.changed_since(0, 4) == (stored(2).document_id,)
    documents.keep({}, (stored(4),))
    assert documents.changed_since(6, 7) == (stored(4).document_id,)
    documents.close()
    # while the documents are read, as they were
    reader = Documents(tmp_path / "documents", read_only=True, frozen=True)
    assert reader.last_change() == 7
    reader.close()


def test_a_store_of_an_older_version_has_no_changes(tmp_path: Path) -> None:
    env = lmdb.open(str(tmp_path), max_dbs=2)
    assert open_changes(env, create=False) is None
    with env.begin(write=True) as txn:
        note_changes(txn, None, ["a"])
        assert last_change(txn, None) == 0 and list(changed_since(txn, None, 0, 9)) == []
    env.close()


@given(st.lists(st.lists(st.integers(0, 9), max_size=5), max_size=20), st.data())
def test_whoever_follows_misses_nothing(commits: list[list[int]], data: st.DataObject) -> None:
    """Read at any moments, up to any number that was seen before: all is told in the end."""
    import tempfile

    with tempfile.TemporaryDirectory() as place:
        env = lmdb.open(place, max_dbs=2, sync=False)
        tables = open_changes(env, create=True)
        seen: dict[str, int] = {}
        last: dict[str, int] = {}
        far = ahead = 0
        for number, commit in enumerate(commits, 1):
            with env.begin(write=True) as txn:
                note_changes(txn, tables, map(str, commit))
                end = last_change(txn, tables)
                last |= {str(one): number for one in commit}
                if data.draw(st.booleans()):  # of a snapshot that is behind
                    for one in changed_since(txn, tables, far, ahead):
                        seen[one] = number
                    far = max(far, ahead)
            if data.draw(st.booleans()):
                ahead = end
        with env.begin() as txn:
            end = last_change(txn, tables)
            seen |= dict.fromkeys(changed_since(txn, tables, far, end), len(commits) + 1)
        env.close()
        assert set(seen) == set(last)
        assert all(seen[one] >= last[one] for one in last)
