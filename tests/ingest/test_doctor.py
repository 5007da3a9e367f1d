"""The doctor notices every kind of damage; here each is done by hand."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import lmdb
import pytest

import dafab_kg
from dafab_kg.catalogue import Catalogue
from dafab_kg.ingest.commit import Journal
from dafab_kg.store.protocol import Change
from tests.ingest.documents import write_items


@pytest.fixture
def catalogue(tmp_path: Path) -> Iterator[Catalogue]:
    with dafab_kg.open(tmp_path / "store") as opened:
        opened.load(write_items(tmp_path / "in", 2), validate=False)
        assert opened.doctor() == ()
        yield opened


def some_triple(catalogue: Catalogue) -> tuple[str, str]:
    """A triple that only one document states, and its graph."""
    entry = catalogue.documents()[0]
    graph = catalogue.names.make("graph", document_id=entry.document_id)
    line = next(
        line
        for line in sorted(catalogue._store.graph_triples(graph))
        if "observedWater>" in line and catalogue._store.stating(line) == {graph}
    )
    return line, graph


def wrong(catalogue: Catalogue) -> str:
    findings = catalogue.doctor()
    assert findings and all(finding.remedy and finding.where for finding in findings)
    return " / ".join(finding.what for finding in findings)


def test_a_triple_missing_in_the_default_graph(catalogue: Catalogue) -> None:
    line, _ = some_triple(catalogue)
    catalogue._store.apply(Change(removed=(line,)))
    assert "1 properties that documents state are missing" in wrong(catalogue)


def test_a_triple_that_no_document_states(catalogue: Catalogue) -> None:
    catalogue._store.apply(Change(added="<urn:a> <urn:b> <urn:c> .\n"))
    assert "stated by no document" in wrong(catalogue)


def test_a_triple_missing_in_a_document_s_graph(catalogue: Catalogue) -> None:
    line, graph = some_triple(catalogue)
    catalogue._store.apply(Change(removed=(line, f"{line[:-3]} <{graph}> .\n")))
    assert "triples where" in wrong(catalogue)


def test_a_graph_that_no_document_stands_behind(catalogue: Catalogue) -> None:
    line = "<urn:a> <urn:b> <urn:c> "
    catalogue._store.apply(Change(added=f"{line}.\n{line}<urn:g> .\n"))
    assert "no document stands behind" in wrong(catalogue)


def test_a_document_s_graph_gone(catalogue: Catalogue) -> None:
    _, graph = some_triple(catalogue)
    catalogue._store.apply(Change(dropped=(graph,)))
    assert "missing or was made from other content" in wrong(catalogue)


def test_supersession_that_does_not_follow(catalogue: Catalogue) -> None:
    names = catalogue.names
    graph = names.make("derived_graph", rule="supersession", key="S2A_X")
    line = "<urn:new> <https://w3id.org/dafab/ns#supersedes> <urn:old> "
    catalogue._store.apply(Change(added=f"{line}.\n{line}<{graph}> .\n"))
    assert "what this follows from is no longer here" in wrong(catalogue)


def test_a_damaged_file(catalogue: Catalogue) -> None:
    documents = catalogue._documents
    (_, digest), *_ = catalogue.documents()[0].files
    with documents._env.begin(write=True, db=documents._files) as txn:
        txn.put(bytes.fromhex(digest), b"\0something else")
    assert "is damaged" in wrong(catalogue)


def test_a_missing_file(catalogue: Catalogue) -> None:
    documents = catalogue._documents
    (_, digest), *_ = catalogue.documents()[0].files
    with documents._env.begin(write=True, db=documents._files) as txn:
        assert isinstance(txn, lmdb.Transaction)
        txn.delete(bytes.fromhex(digest))
    assert "is not kept" in wrong(catalogue)


def test_a_commit_that_did_not_end_is_seen_read_only_and_ended_by_a_writer(
    catalogue: Catalogue,
) -> None:
    from dafab_kg.store.documents import Pending

    entry = catalogue.documents()[0]
    committer = catalogue._committer
    assert committer is not None
    pending = Pending(7, (replace(entry, origin="elsewhere"),))
    Journal(Change()).write(committer._file(7))
    catalogue._documents.begin(pending, {})
    assert "did not end" in wrong(catalogue)
    catalogue.close()
    with dafab_kg.open(catalogue.path) as again:
        assert again.doctor() == ()
        assert "elsewhere" in {document.origin for document in again.documents()}


def test_a_journal_of_an_older_version_is_read(tmp_path: Path) -> None:
    """One text held what came to the documents' graphs and to the default graph."""
    file = tmp_path / "00000001.json"
    text = "<urn:a> <urn:b> <urn:c> <urn:g> .\n<urn:a> <urn:b> <urn:c> .\n"
    file.write_text(
        json.dumps({"removed": [], "added": "", "dropped": [], "bulk": text, "shared": ["urn:a"]})
    )
    journal = Journal.read(file)
    assert (journal.bulk, journal.merged, journal.shared) == ("", text, ("urn:a",))
