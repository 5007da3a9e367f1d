"""Data sets cut into parts, and files that stay on disk: with a loader written here."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import ClassVar

import pytest

from dafab_kg.catalogue import Catalogue, open_catalogue
from dafab_kg.ingest import prepare
from dafab_kg.model.documents import FilePart, Found, Reading, Refused, SourceDocument, Tree
from dafab_kg.model.errors import NotWellFormed
from dafab_kg.model.records import Tile
from dafab_kg.model.settings import Settings


class Cutter:
    """Cuts ``*.cut`` files, one tile per line, into a document for each line."""

    name: ClassVar[str] = "cutter"
    version: ClassVar[str] = "1"
    groups_files: ClassVar[bool] = False

    def find(self, tree: Tree) -> Iterator[Found | Refused]:
        (entry,) = tree.entries
        if not entry.name.endswith(".cut") or entry.path is None:
            return
        part = FilePart(entry.name, entry.path)
        for line in entry.read().decode().split():
            document = SourceDocument(
                self.name,
                f"{entry.name}/{line}",
                entry.origin,
                (part,),
                pointer=f"tile={line}",
                digest=hashlib.sha256(line.encode()).hexdigest(),
                family=f"cutter/{entry.name}",
            )
            yield Found(document, (entry,))

    def read(self, document: SourceDocument) -> Reading:
        tile = document.pointer.removeprefix("tile=")
        if tile == "BAD":
            raise NotWellFormed("no tile", where=document.origin, remedy="Take it out")
        assert tile.encode() in document.parts[0].data
        return Reading((Tile(tile),))


@pytest.fixture
def catalogue(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Catalogue]:
    ours = prepare.loaders
    monkeypatch.setattr(prepare, "loaders", lambda settings: (Cutter(), *ours(settings)))
    with open_catalogue(settings=Settings(store=tmp_path / "store")) as opened:
        yield opened


def statuses(catalogue: Catalogue, file: Path, text: str) -> dict[str, int]:
    file.write_text(text)
    return catalogue.load(file, validate=False).counts


def pointers(catalogue: Catalogue) -> set[str]:
    return {entry.pointer.removeprefix("tile=") for entry in catalogue.documents()}


def test_what_a_data_set_no_longer_holds_is_removed(catalogue: Catalogue, tmp_path: Path) -> None:
    one, two = tmp_path / "one.cut", tmp_path / "two.cut"
    assert statuses(catalogue, one, "31UFS 31UGS 32ULB") == {"loaded": 3}
    assert statuses(catalogue, two, "33TWN") == {"loaded": 1}
    assert statuses(catalogue, one, "31UFS 32ULB 33UXP") == {
        "unchanged": 2,
        "loaded": 1,
        "removed": 1,
    }
    assert pointers(catalogue) == {"31UFS", "32ULB", "33UXP", "33TWN"}
    assert catalogue.doctor() == ()


def test_nothing_is_removed_while_a_part_is_rejected(catalogue: Catalogue, tmp_path: Path) -> None:
    file = tmp_path / "one.cut"
    statuses(catalogue, file, "31UFS 31UGS")
    assert statuses(catalogue, file, "31UFS BAD") == {"unchanged": 1, "rejected": 1}
    assert pointers(catalogue) == {"31UFS", "31UGS"}


def test_a_file_left_on_disk_is_kept_once_and_comes_back_byte_for_byte(
    catalogue: Catalogue, tmp_path: Path
) -> None:
    file = tmp_path / "one.cut"
    statuses(catalogue, file, "31UFS 31UGS 32ULB")
    content = file.read_bytes()
    digest = hashlib.sha256(content).hexdigest()
    file.unlink()
    kept = [path for path in (catalogue.path / "documents").rglob("*") if path.name == digest]
    assert [path.read_bytes() for path in kept] == [content]
    for entry in catalogue.documents():
        assert catalogue.document(entry.document_id)[1] == {"one.cut": content}
    assert catalogue.doctor() == ()
    kept[0].write_bytes(content + b" ")
    assert {finding.what for finding in catalogue.doctor()} == {"one.cut is damaged"}
    kept[0].unlink()
    assert all("is not kept" in finding.what for finding in catalogue.doctor())


def test_a_dump_takes_large_files_along(catalogue: Catalogue, tmp_path: Path) -> None:
    file = tmp_path / "one.cut"
    statuses(catalogue, file, "31UFS 31UGS")
    catalogue.dump(tmp_path / "dump.nq.gz")
    with open_catalogue(settings=Settings(store=tmp_path / "other")) as other:
        other.restore(tmp_path / "dump.nq.gz")
        assert pointers(other) == {"31UFS", "31UGS"}
        assert other.document(other.documents()[0].document_id)[1] == {"one.cut": file.read_bytes()}
        assert other.doctor() == ()


def test_a_rejected_part_is_tried_again_from_the_file_that_was_kept(
    catalogue: Catalogue, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "one.cut"
    statuses(catalogue, file, "31UFS BAD")
    file.unlink()
    monkeypatch.setattr(Cutter, "read", lambda self, document: Reading((Tile("31UGS"),)))
    assert catalogue.retry().counts == {"loaded": 1}
    assert catalogue.quarantine() == ()


def test_a_value_that_the_engine_cannot_take_is_refused_by_itself(tmp_path: Path) -> None:
    """Oxigraph's parser takes lines up to 16 MiB; a neighbour in the same batch is loaded."""
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "long.nt").write_text(f'<urn:a> <urn:b> "{"x" * 17_000_000}" .\n')
    (tmp_path / "in" / "short.nt").write_text('<urn:a> <urn:b> "x" .\n')
    with open_catalogue(settings=Settings(store=tmp_path / "store")) as opened:
        report = opened.load(tmp_path / "in", validate=False)
        assert report.counts == {"loaded": 1, "rejected": 1}
        (rejected,) = report.rejected
        assert "long.nt" in rejected.origin
        assert opened.doctor() == ()


def test_a_file_refused_for_want_of_a_season_is_read_once_it_is_told(
    shared: Path, tmp_path: Path
) -> None:
    register = shared / "fields/fiboa-cli/convert/hr/land_parcels.gpkg"
    with open_catalogue(settings=Settings(store=tmp_path / "store")) as opened:
        assert opened.load(register, validate=False).counts == {"rejected": 1}
    with open_catalogue(settings=Settings(store=tmp_path / "store", season="2023")) as opened:
        assert set(opened.retry().counts) == {"loaded"}
        assert opened.quarantine() == ()
