"""Opening what a user gives: files, directories, archives, and archives that mean harm."""

from __future__ import annotations

import bz2
import gc
import gzip
import io
import lzma
import os
import pickle
import random
import stat
import struct
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Sequence
from pathlib import Path

import py7zr
import pytest

from dafab_kg.loaders import reading
from dafab_kg.loaders.trees import open_trees
from dafab_kg.model.documents import Refused, Tree
from dafab_kg.model.errors import (
    DocumentRejected,
    FileNotUsable,
    NotRecognised,
    NotSafe,
    NotWellFormed,
    TooLarge,
)
from dafab_kg.model.settings import Settings

FILES = {"b/two.json": b'{"a": 1}', "a/one.xml": b"<one/>" * 2000, "top.ttl": b"# nothing\n"}


def opened(*paths: Path, **settings: int) -> tuple[list[Tree], list[Refused]]:
    found = list(open_trees(paths, Settings(**settings)))
    return [t for t in found if isinstance(t, Tree)], [r for r in found if isinstance(r, Refused)]


def contents(tree: Tree) -> dict[str, bytes]:
    return {entry.name: entry.read() for entry in tree.entries}


def refusal(path: Path, **settings: int) -> DocumentRejected:
    trees, [refused] = opened(path, **settings)
    assert trees == []
    assert isinstance(refused.error, DocumentRejected)
    assert refused.error.remedy
    assert str(path) in refused.error.where
    assert [entry.origin for entry in refused.entries] == [str(path)]
    return refused.error


def make_zip(path: Path, files: dict[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> Path:
    with zipfile.ZipFile(path, "w", method) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return path


def make_tar(path: Path, files: dict[str, bytes], mode: str = "w") -> Path:
    with tarfile.open(path, mode) as archive:  # type: ignore[call-overload]
        for name, data in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
    return path


def make_directory(path: Path, files: dict[str, bytes]) -> Path:
    for name, data in files.items():
        (path / name).parent.mkdir(parents=True, exist_ok=True)
        (path / name).write_bytes(data)
    return path


MAKERS: dict[str, Callable[[Path, dict[str, bytes]], Path]] = {
    "directory": make_directory,
    "zip": make_zip,
    "stored zip": lambda p, f: make_zip(p, f, zipfile.ZIP_STORED),
    "tar": make_tar,
    "tar.gz": lambda p, f: make_tar(p, f, "w:gz"),
    "tar.bz2": lambda p, f: make_tar(p, f, "w:bz2"),
    "tar.xz": lambda p, f: make_tar(p, f, "w:xz"),
}


# what comes out


@pytest.mark.parametrize("kind", MAKERS)
def test_every_container_gives_the_same_files(tmp_path: Path, kind: str) -> None:
    # the name tells nothing: content decides
    path = MAKERS[kind](tmp_path / "given.dat", FILES)
    [tree], refused = opened(path)
    assert refused == []
    assert tree.origin == str(path)
    assert contents(tree) == FILES
    mark = "/" if kind == "directory" else "!"
    for entry in tree.entries:
        assert entry.origin == f"{path}{mark}{entry.name}"
        assert entry.size == len(FILES[entry.name])
        assert entry.head == FILES[entry.name][:4096]


@pytest.mark.parametrize("kind", MAKERS)
def test_order_does_not_depend_on_how_it_was_made(tmp_path: Path, kind: str) -> None:
    orders = []
    for turn in range(3):
        names = list(FILES)
        random.Random(turn).shuffle(names)
        path = MAKERS[kind](tmp_path / f"{turn}", {name: FILES[name] for name in names})
        [tree], _ = opened(path)
        orders.append([entry.name for entry in tree.entries])
    assert orders[0] == orders[1] == orders[2]


@pytest.mark.parametrize("kind", MAKERS)
def test_entries_travel_to_other_processes(tmp_path: Path, kind: str) -> None:
    [tree], _ = opened(MAKERS[kind](tmp_path / "given", FILES))
    copy = pickle.loads(pickle.dumps(tree))
    assert copy == tree
    assert contents(copy) == FILES


@pytest.mark.parametrize("kind", MAKERS)
def test_hidden_files_are_passed_over(tmp_path: Path, kind: str) -> None:
    hidden = dict.fromkeys((".git/config", "a/.DS_Store", "__MACOSX/a/._one.xml"), b"x")
    [tree], refused = opened(MAKERS[kind](tmp_path / "given", {**hidden, **FILES}))
    assert refused == []
    assert set(contents(tree)) == set(FILES)


@pytest.mark.parametrize(
    ("suffix", "pack"), [(".gz", gzip.compress), (".bz2", bz2.compress), (".xz", lzma.compress)]
)
def test_a_file_packed_alone_is_one_entry(
    tmp_path: Path, suffix: str, pack: Callable[[bytes], bytes]
) -> None:
    data = b"<urn:a> <urn:b> <urn:c> .\n" * 1000
    path = tmp_path / f"data.nq{suffix}"
    path.write_bytes(pack(data) + pack(b"# more\n"))
    [tree], _ = opened(path)
    [entry] = tree.entries
    assert entry.name == "data.nq"
    assert entry.origin == str(path)
    assert entry.head == data[:4096]
    assert entry.read() == data + b"# more\n"


def test_a_single_file_is_one_entry(tmp_path: Path) -> None:
    (tmp_path / "a.xml").write_bytes(b"<a/>")
    [tree], _ = opened(tmp_path / "a.xml")
    assert contents(tree) == {"a.xml": b"<a/>"}


def test_archives_within_a_directory_are_trees_of_their_own(tmp_path: Path) -> None:
    make_directory(tmp_path, FILES)
    make_zip(tmp_path / "b" / "p.SAFE", {"MTD.xml": b"<m/>"})
    make_tar(tmp_path / "a" / "q", {"x/MTD.xml": b"<n/>"}, "w:gz")
    (tmp_path / "n.nq.gz").write_bytes(gzip.compress(b"# n\n"))
    trees, refused = opened(tmp_path)
    assert refused == []
    assert [tree.origin for tree in trees] == [
        str(tmp_path), str(tmp_path / "a" / "q"), str(tmp_path / "b" / "p.SAFE")
    ]  # fmt: skip
    assert contents(trees[0]) == {**FILES, "n.nq": b"# n\n"}
    assert contents(trees[1]) == {"x/MTD.xml": b"<n/>"}


def test_paths_come_in_the_given_order_and_once(tmp_path: Path) -> None:
    for name in "ba":
        (tmp_path / name).write_bytes(b"x")
    trees, _ = opened(tmp_path / "b", tmp_path / "a", tmp_path / "." / "b")
    assert [tree.entries[0].name for tree in trees] == ["b", "a"]


def test_a_tar_before_posix_is_known(tmp_path: Path) -> None:
    path = make_tar(tmp_path / "old", {"a.xml": b"<a/>"})
    data = bytearray(path.read_bytes())
    data[257:265] = bytes(8)
    data[148:156] = b" " * 8
    data[148:156] = f"{sum(data[:512]):06o}\0 ".encode()
    path.write_bytes(data)
    [tree], _ = opened(path)
    assert contents(tree) == {"a.xml": b"<a/>"}


def test_images_in_a_packed_tar_are_not_held(tmp_path: Path) -> None:
    files = {"image.jp2": bytes(range(256)) * 100, "a.xml": b"<a/>"}
    [tree], _ = opened(make_tar(tmp_path / "p.tgz", files, "w:gz"))
    assert contents(tree) == {"a.xml": b"<a/>"}


def test_directories_within_archives_and_leading_dots(tmp_path: Path) -> None:
    path = tmp_path / "p.tar"
    with tarfile.open(path, "w") as archive:
        folder = tarfile.TarInfo("./d")
        folder.type = tarfile.DIRTYPE
        archive.addfile(folder)
        archive.addfile(tarfile.TarInfo("./d/a.xml"))
    [tree], refused = opened(path)
    assert refused == []
    assert contents(tree) == {"d/a.xml": b""}


# paths that cannot be


def test_a_path_that_is_not_there(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"")
    with pytest.raises(FileNotUsable, match="nowhere"):
        open_trees([tmp_path / "a", tmp_path / "nowhere"], Settings())


def test_home_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / "a.xml").write_bytes(b"<a/>")
    [tree], _ = opened(Path("~/a.xml"))
    assert contents(tree) == {"a.xml": b"<a/>"}


def test_a_home_of_nobody() -> None:
    with pytest.raises(FileNotUsable):
        open_trees([Path("~no-such-user-here/x")], Settings())


def test_a_pipe_is_refused(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(FileNotUsable):
        open_trees([tmp_path / "pipe"], Settings())
    trees, [refused] = opened(tmp_path)
    assert trees == []
    assert "pipe" in str(refused.error)


def test_loops_of_links_end(tmp_path: Path) -> None:
    make_directory(tmp_path, {"d/a.xml": b"<a/>"})
    (tmp_path / "d" / "up").symlink_to(tmp_path)
    (tmp_path / "again").symlink_to(tmp_path / "d")
    (tmp_path / "self").symlink_to("self")
    [tree], refused = opened(tmp_path)
    assert contents(tree) == {"d/a.xml": b"<a/>"}
    assert [r.entries[0].name for r in refused] == ["self"]


def test_links_elsewhere_are_followed(tmp_path: Path) -> None:
    make_directory(tmp_path / "far", {"a.xml": b"<a/>"})
    (tmp_path / "near").mkdir()
    (tmp_path / "near" / "linked").symlink_to(tmp_path / "far")
    [tree], _ = opened(tmp_path / "near")
    assert contents(tree) == {"linked/a.xml": b"<a/>"}


def test_what_cannot_be_read_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    make_directory(tmp_path, FILES)
    really = os.open

    def forbid(path: str, *rest: int) -> int:
        if str(path).endswith("one.xml"):
            raise PermissionError(13, "Permission denied", path)
        return really(path, *rest)

    monkeypatch.setattr(os, "open", forbid)
    [tree], [refused] = opened(tmp_path)
    monkeypatch.undo()
    assert len(tree.entries) == len(FILES) - 1
    assert "Permission denied" in str(refused.error)


def test_a_file_that_vanishes_is_refused_when_read(tmp_path: Path) -> None:
    make_directory(tmp_path, FILES)
    [tree], _ = opened(tmp_path)
    (tmp_path / tree.entries[0].name).unlink()
    assert tree.entries[0].head == b""
    with pytest.raises(DocumentRejected, match="No such file"):
        tree.entries[0].read()


def test_a_name_that_is_not_utf_8(tmp_path: Path) -> None:
    (tmp_path / os.fsdecode(b"\xff.xml")).write_bytes(b"<a/>")
    trees, [refused] = opened(tmp_path)
    assert trees == []
    assert "UTF-8" in str(refused.error)


# archives that mean harm


HOSTILE_NAMES = ["../out.xml", "a/../../out.xml", "/etc/out.xml", "C:/out.xml", "a\\..\\out.xml"]


@pytest.mark.parametrize("name", HOSTILE_NAMES)
@pytest.mark.parametrize("kind", ["zip", "tar", "tar.gz"])
def test_members_outside_are_refused(tmp_path: Path, kind: str, name: str) -> None:
    path = MAKERS[kind](tmp_path / "p", {"a.xml": b"<a/>", name: b"<b/>"})
    error = refusal(path)
    assert type(error) is NotSafe
    assert repr(name) in error.what
    assert [p.name for p in tmp_path.iterdir()] == ["p"]


@pytest.mark.parametrize("kind", ["zip", "tar", "tar.gz"])
@pytest.mark.parametrize("name", ["a.xml", "./a.xml"])
def test_a_name_that_is_there_twice_is_refused(
    tmp_path: Path, kind: str, name: str, recwarn: pytest.WarningsRecorder
) -> None:
    path = tmp_path / "p"
    if kind == "zip":
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr("a.xml", "<a/>")
            if name == "a.xml":
                with pytest.warns(UserWarning, match="Duplicate"):
                    archive.writestr(name, "<b/>")
            else:
                archive.writestr(name, "<b/>")
    else:
        with tarfile.open(path, "w:gz" if kind == "tar.gz" else "w") as tar:
            tar.addfile(tarfile.TarInfo("a.xml"))
            tar.addfile(tarfile.TarInfo(name))
    error = refusal(path)
    assert type(error) is NotSafe
    assert "twice" in error.what


@pytest.mark.parametrize("mode", ["w", "w:gz"])
@pytest.mark.parametrize(
    "kind", [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.CHRTYPE, tarfile.BLKTYPE, tarfile.FIFOTYPE]
)
def test_links_and_devices_in_a_tar_are_refused(tmp_path: Path, mode: str, kind: bytes) -> None:
    path = tmp_path / "p.tar"
    with tarfile.open(path, mode) as archive:  # type: ignore[call-overload]
        info = tarfile.TarInfo("odd")
        info.type = kind
        info.linkname = "/etc/passwd"
        archive.addfile(info)
    error = refusal(path)
    assert type(error) is NotSafe
    assert "'odd'" in error.what


def test_links_in_a_zip_are_refused(tmp_path: Path) -> None:
    info = zipfile.ZipInfo("odd")
    info.external_attr = (stat.S_IFLNK | 0o777) << 16
    with zipfile.ZipFile(tmp_path / "p.zip", "w") as archive:
        archive.writestr(info, "/etc/passwd")
    assert type(refusal(tmp_path / "p.zip")) is NotSafe


def test_an_encrypted_zip_is_refused_with_a_remedy(tmp_path: Path) -> None:
    path = make_zip(tmp_path / "p.zip", {"a.xml": b"<a/>"})
    data = bytearray(path.read_bytes())
    data[6] |= 1
    data[data.index(b"PK\x01\x02") + 8] |= 1
    path.write_bytes(data)
    error = refusal(path)
    assert type(error) is NotRecognised
    assert "password" in error.remedy


def test_other_methods_of_packing_are_refused(tmp_path: Path) -> None:
    path = make_zip(tmp_path / "p.zip", {"a.xml": b"<a/>"}, zipfile.ZIP_LZMA)
    assert type(refusal(path)) is NotRecognised


@pytest.mark.parametrize("kind", ["zip", "tar", "tar.gz"])
def test_too_many_members_are_refused(tmp_path: Path, kind: str) -> None:
    path = MAKERS[kind](tmp_path / "p", {f"{n}.xml": b"<a/>" for n in range(11)})
    assert type(refusal(path, max_archive_members=10)) is TooLarge
    assert len(opened(path, max_archive_members=11)[0][0].entries) == 11


@pytest.mark.parametrize("kind", ["zip", "tar", "tar.gz", "tar.xz"])
def test_the_sum_of_members_is_bounded(tmp_path: Path, kind: str) -> None:
    path = MAKERS[kind](tmp_path / "p", {f"{n}.xml": b"<a/>" * 1000 for n in range(30)})
    assert type(refusal(path, max_archive_bytes=100_000)) is TooLarge


@pytest.mark.parametrize("kind", ["directory", "zip", "tar"])
def test_a_file_beyond_the_bound_is_not_read(tmp_path: Path, kind: str) -> None:
    [tree], _ = opened(MAKERS[kind](tmp_path / "p", FILES), max_file_bytes=1000)
    [large] = [entry for entry in tree.entries if entry.name == "a/one.xml"]
    with pytest.raises(TooLarge):
        large.read()


def test_a_large_member_of_a_packed_tar_is_refused_alone(tmp_path: Path) -> None:
    [tree], [refused] = opened(MAKERS["tar.gz"](tmp_path / "p", FILES), max_file_bytes=1000)
    assert set(contents(tree)) == {"b/two.json", "top.ttl"}
    assert type(refused.error) is TooLarge


def test_a_bomb_in_gzip_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "bomb.xml.gz").write_bytes(gzip.compress(b" " * 3_000_000))
    [tree], _ = opened(tmp_path / "bomb.xml.gz", max_file_bytes=1_000_000)
    with pytest.raises(TooLarge):
        tree.entries[0].read()
    monkeypatch.setattr(reading, "RATIO_FROM", 1_000_000)
    [tree], _ = opened(tmp_path / "bomb.xml.gz")
    with pytest.raises(NotSafe):
        tree.entries[0].read()


@pytest.mark.parametrize("kind", ["tar.gz", "tar.bz2", "tar.xz"])
def test_a_bomb_in_a_tar_is_refused(
    tmp_path: Path, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading, "RATIO_FROM", 1_000_000)
    path = MAKERS[kind](tmp_path / "p", {"bomb.xml": b" " * 5_000_000})
    assert type(refusal(path)) is NotSafe


def test_a_zip_that_lies_about_a_size_is_caught(tmp_path: Path) -> None:
    path = make_zip(tmp_path / "p.zip", {"a.xml": b"<a>" + b" " * 100_000 + b"</a>"})
    data = bytearray(path.read_bytes())
    central = data.index(b"PK\x01\x02")
    data[central + 24 : central + 28] = struct.pack("<I", 50)
    path.write_bytes(data)
    [tree], _ = opened(path)
    with pytest.raises(DocumentRejected):
        tree.entries[0].read()


def test_a_wrong_checksum_is_caught(tmp_path: Path) -> None:
    path = make_zip(tmp_path / "p.zip", {"a.xml": b"<aaaa/>"}, zipfile.ZIP_STORED)
    path.write_bytes(path.read_bytes().replace(b"<aaaa/>", b"<abaa/>"))
    [tree], _ = opened(path)
    with pytest.raises(NotWellFormed, match="checksum"):
        tree.entries[0].read()


def overlapping(names: Sequence[str]) -> bytes:
    """Return a zip whose members are all the same bytes."""
    body = b"<a/>"
    crc = zlib.crc32(body)
    local = struct.pack("<4s5H3I2H", b"PK\3\4", 20, 0, 0, 0, 0, crc, 4, 4, 1, 0) + b"a" + body
    central = b"".join(
        struct.pack("<4s6H3I5H2I", b"PK\1\2", 20, 20, 0, 0, 0, 0, crc, 4, 4, 1, 0, 0, 0, 0, 0, 0)
        + name.encode()
        for name in names
    )
    end = struct.pack(
        "<4s4H2IH", b"PK\5\6", 0, 0, len(names), len(names), len(central), len(local), 0
    )
    return local + central + end


def test_members_that_share_bytes_are_refused(tmp_path: Path) -> None:
    (tmp_path / "p.zip").write_bytes(overlapping(["a", "b"]))
    assert type(refusal(tmp_path / "p.zip")) is NotSafe
    (tmp_path / "q.zip").write_bytes(overlapping(["a"]))
    [tree], _ = opened(tmp_path / "q.zip")
    assert contents(tree) == {"a": b"<a/>"}


def test_two_names_for_one_member_are_refused(tmp_path: Path) -> None:
    path = make_zip(tmp_path / "p.zip", {"a.xml": b"<a/>"})
    data = bytearray(path.read_bytes())
    data[30:35] = b"b.xml"
    path.write_bytes(data)
    assert type(refusal(path)) is NotSafe


def test_an_archive_in_a_packed_tar_is_not_opened(tmp_path: Path) -> None:
    inner = make_zip(tmp_path / "inner", FILES).read_bytes()
    path = MAKERS["tar.gz"](tmp_path / "outer", {"inner.zip": inner, "a.xml": b"<a/>"})
    [tree], [refused] = opened(path)
    assert contents(tree) == {"a.xml": b"<a/>"}
    assert refused.entries[0].origin == f"{path}!inner.zip"
    assert type(refused.error) is NotRecognised


@pytest.mark.parametrize("kind", ["zip", "tar"])
@pytest.mark.parametrize("name", ["inner.zip", "d/without-extension"])
def test_an_archive_in_an_archive_is_a_tree_of_its_own(
    tmp_path: Path, kind: str, name: str
) -> None:
    inner = make_zip(tmp_path / "inner", FILES).read_bytes()
    path = MAKERS[kind](tmp_path / "outer", {name: inner, "a.xml": b"<a/>"})
    (outer, within), refused = opened(path)
    assert refused == []
    assert contents(outer) == {"a.xml": b"<a/>"}
    assert contents(within) == FILES
    assert within.origin == f"{path}!{name}"
    assert {e.origin for e in within.entries} == {f"{path}!{name}!{member}" for member in FILES}
    [entry, *_] = within.entries
    assert pickle.loads(pickle.dumps(entry)).read() == entry.read()


def test_archives_are_opened_one_deep_only(tmp_path: Path) -> None:
    innermost = make_zip(tmp_path / "1", FILES).read_bytes()
    inner = make_zip(tmp_path / "2", {"z.zip": innermost, "b.xml": b"<b/>"}).read_bytes()
    path = make_zip(tmp_path / "3.zip", {"y.zip": inner})
    (_, within), [refused] = opened(path)
    assert contents(within) == {"b.xml": b"<b/>"}
    assert type(refused.error) is NotRecognised
    assert refused.entries[0].origin == f"{path}!y.zip!z.zip"


def test_a_bomb_in_an_archive_is_refused_and_its_neighbours_are_not(tmp_path: Path) -> None:
    bomb = make_zip(tmp_path / "b", {"zeros.json": b" " * 3_000_000}).read_bytes()
    path = make_zip(tmp_path / "o.zip", {"bomb.zip": bomb, "a.xml": b"<a/>"})
    [tree], [refused] = opened(path, max_archive_bytes=1_000_000)
    assert contents(tree) == {"a.xml": b"<a/>"}
    assert type(refused.error) is TooLarge
    assert "DAFAB_MAX_ARCHIVE_BYTES" in refused.error.remedy


def test_temporary_files_go_with_their_last_user(tmp_path: Path) -> None:
    inner = make_zip(tmp_path / "inner", FILES).read_bytes()
    (_, within), _ = opened(make_zip(tmp_path / "o.zip", {"i.zip": inner}))
    [entry, *_] = within.entries
    place = Path(entry.read.path)  # type: ignore[attr-defined]
    assert place.exists()
    del within, entry, _
    gc.collect()
    assert not place.exists()


# 7z and RAR


def make_7z(path: Path, files: dict[str, bytes], **options: object) -> Path:
    with py7zr.SevenZipFile(path, "w", **options) as archive:
        for name, data in files.items():
            archive.writestr(data, name)
    return path


def test_a_7z_is_a_tree_of_its_files(tmp_path: Path) -> None:
    path = make_7z(tmp_path / "p.7z.001", FILES)
    [tree], refused = opened(path)
    assert refused == []
    assert contents(tree) == FILES
    assert {e.origin for e in tree.entries} == {f"{path}!{name}" for name in FILES}
    assert all(e.path is not None and e.path.read_bytes() == FILES[e.name] for e in tree.entries)


@pytest.mark.parametrize("name", ["../up.xml", "a/../../up.xml", "/absolute.xml", "C:/x.xml"])
def test_a_7z_that_leads_out_is_refused(tmp_path: Path, name: str) -> None:
    path = tmp_path / "p.7z"
    kept = "x" * len(name)
    make_7z(path, {kept: b"<a/>"})
    # names are UTF-16 in the header, which is not packed here
    with py7zr.SevenZipFile(path, "w") as archive:
        archive.set_encoded_header_mode(False)
        archive.writestr(b"<a/>", kept)
    data = path.read_bytes()
    assert data.count(kept.encode("utf-16-le")) == 1
    changed = bytearray(data.replace(kept.encode("utf-16-le"), name.encode("utf-16-le")))
    start = 32 + int.from_bytes(changed[12:20], "little")
    length = int.from_bytes(changed[20:28], "little")
    changed[28:32] = zlib.crc32(changed[start : start + length]).to_bytes(4, "little")
    changed[8:12] = zlib.crc32(changed[12:32]).to_bytes(4, "little")
    path.write_bytes(changed)
    assert type(refusal(path)) is NotSafe
    assert not (tmp_path.parent / "up.xml").exists()


def test_a_7z_with_a_password_is_refused(tmp_path: Path) -> None:
    error = refusal(make_7z(tmp_path / "p.7z", FILES, password="secret"))
    assert type(error) is NotRecognised
    assert "password" in error.remedy


def test_a_7z_beyond_the_bounds_is_refused_before_it_is_unpacked(tmp_path: Path) -> None:
    path = make_7z(tmp_path / "p.7z", {"a": b"0" * 100_000, "b": b"1"})
    assert type(refusal(path, max_archive_bytes=50_000)) is TooLarge
    assert type(refusal(path, max_archive_members=1)) is TooLarge


def test_a_7z_bomb_is_refused(tmp_path: Path) -> None:
    path = make_7z(tmp_path / "p.7z", {"zeros": bytes(40_000_000)})
    assert type(refusal(path)) is NotSafe


def test_a_7z_that_wants_too_much_memory_is_refused(tmp_path: Path) -> None:
    filters = [{"id": py7zr.FILTER_LZMA2, "preset": 1, "dict_size": 512 * 1024 * 1024}]
    path = tmp_path / "p.7z"
    with py7zr.SevenZipFile(path, "w", filters=filters) as archive:
        archive.writestr(b"<a/>", "a.xml")
    assert type(refusal(path)) is TooLarge


@pytest.mark.parametrize("length", [6, 31, 40, 200, -1])
def test_a_truncated_7z_is_refused(tmp_path: Path, length: int) -> None:
    noise = random.Random(1).randbytes(5000)
    path = make_7z(tmp_path / "p.7z", {"a.bin": noise})
    path.write_bytes(path.read_bytes()[:length])
    assert type(refusal(path)) is NotWellFormed


def test_a_damaged_7z_never_crashes(tmp_path: Path) -> None:
    good = make_7z(tmp_path / "p.7z", FILES).read_bytes()
    chance = random.Random(3)
    path = tmp_path / "q.7z"
    for _ in range(60):
        data = bytearray(good)
        for _ in range(chance.randint(1, 4)):
            data[chance.randrange(6, len(data))] = chance.randrange(256)
        path.write_bytes(data)
        trees, refused = opened(path)
        assert len(trees) + len(refused) == 1


def test_a_rar_is_refused_with_the_reason(tmp_path: Path) -> None:
    path = tmp_path / "p.rar"
    path.write_bytes(b"Rar!\x1a\x07\x01\x00" + bytes(100))
    error = refusal(path)
    assert type(error) is NotRecognised
    assert "RAR" in error.what


def test_a_rar_in_a_zip_is_refused_with_the_reason(tmp_path: Path) -> None:
    rar = b"Rar!\x1a\x07\x01\x00" + bytes(100)
    path = make_zip(tmp_path / "o.zip", {"p.rar": rar, "a.xml": b"<a/>"})
    [tree], [refused] = opened(path)
    assert contents(tree) == {"a.xml": b"<a/>"}
    assert isinstance(refused.error, NotRecognised)
    assert "RAR" in refused.error.what


def test_a_geopackage_in_a_packed_tar_can_be_read(tmp_path: Path) -> None:
    data = b"SQLite format 3\0" + bytes(range(256)) * 64
    path = MAKERS["tar.gz"](tmp_path / "o", {"d/p.gpkg": data, "a.xml": b"<a/>"})
    [tree], _ = opened(path)
    assert contents(tree) == {"d/p.gpkg": data, "a.xml": b"<a/>"}


@pytest.mark.parametrize("kind", ["zip", "tar", "tar.gz", "tar.bz2", "tar.xz"])
def test_a_truncated_archive_is_refused(tmp_path: Path, kind: str) -> None:
    # text that packs badly, so that the cut falls into it
    noise = random.Random(1).randbytes(20_000).hex().encode()
    path = MAKERS[kind](tmp_path / "p", {"a.xml": noise, "b.xml": noise[::-1]})
    data = path.read_bytes()
    path.write_bytes(data[: len(data) * 2 // 3])
    assert type(refusal(path)) is NotWellFormed


@pytest.mark.parametrize("kind", ["zip", "tar", "tar.gz"])
def test_damaged_archives_never_crash(tmp_path: Path, kind: str) -> None:
    good = MAKERS[kind](tmp_path / "p", FILES).read_bytes()
    chance = random.Random(2)
    for _ in range(300):
        data = bytearray(good)
        for _ in range(chance.randint(1, 4)):
            data[chance.randrange(len(data))] = chance.randrange(256)
        (tmp_path / "p").write_bytes(data)
        for tree in opened(tmp_path / "p")[0]:
            for entry in tree.entries:
                try:
                    entry.read()
                except DocumentRejected as error:
                    assert error.remedy


# real files


def test_real_products_read_the_same_from_a_directory_and_a_zip(
    shared: Path, tmp_path: Path
) -> None:
    folder = next(p for p in sorted((shared / "s2_safe").rglob("*.SAFE")) if p.is_dir())
    [tree], refused = opened(folder)
    assert refused == []
    files = contents(tree)
    present = [p for p in folder.rglob("*") if p.is_file() and not p.name.startswith(".")]
    assert files == {p.relative_to(folder).as_posix(): p.read_bytes() for p in present}
    [zipped], _ = opened(make_zip(tmp_path / "p.zip", files))
    assert contents(zipped) == files
