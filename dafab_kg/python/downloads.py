"""A plan to fetch the files of items: what, from where, how large, with which checksum."""

from __future__ import annotations

import csv
import io
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, fields
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any, Final, cast
from urllib.parse import SplitResult, quote, unquote, urlsplit

from dafab_kg.model.errors import FileNotUsable
from dafab_kg.model.names import is_iri
from dafab_kg.model.resources import text
from dafab_kg.store.protocol import Answer, Iri, Literal, Solutions

if TYPE_CHECKING:
    import pandas

    from dafab_kg.python.fetching import Fetched
    from dafab_kg.python.transfer import Bounds

AT_ONCE: Final = 200
"""Items that one query names."""
FETCHED: Final = ("https", "http", "ftp", "sftp")
"""Schemes that programs that read Metalink fetch from."""
DIGESTS: Final[Mapping[int, tuple[str, int]]] = {
    0x11: ("sha-1", 20),
    0x12: ("sha-256", 32),
    0x13: ("sha-512", 64),
    0xD5: ("md5", 16),
}
"""Codes of multihash that Metalink has a name for (IANA, Hash Function Textual Names)."""
HASHES: Final = (*(name for name, _ in DIGESTS.values()), "adler32")
"""Names of the functions that are checked; Rucio and aria2 call adler32 so, IANA has no name."""
PART: Final = ".part"
"""What the name of a file that is coming ends with."""
MOST_SEGMENT: Final = 200
"""Bytes of one segment of a name; file systems take 255."""
_OF_RUCIO: Final = ("file_did", "item_dids", "file_dids", "sources", "more_checksums")


VoDid = tuple[str, str]
"""A VO and a data identifier of it (``scope:name``)."""


@dataclass(frozen=True)
class Source:
    """Where a file can be fetched from: ``rse`` is the storage element of a replica, ``state``
    what Rucio says of it, "" where nobody says."""

    address: str
    rse: str = ""
    state: str = ""

    @property
    def usable(self) -> bool:
        """Whether it is there, as far as is known."""
        return self.state in ("", "AVAILABLE")


@dataclass(frozen=True)
class Download:
    """One file of an item.

    ``size`` is in bytes; ``checksum`` a name of IANA's registry with the digest in hex
    (``sha-256:…``), or as the item gave it where there is no such name.  ``alternates`` are
    other addresses of the same file, replicas among them; ``did`` names the item in Rucio,
    ``file_did`` the file; ``item_dids`` and ``file_dids`` are all that the graph knows, each with
    its VO.  Where a Rucio was asked, ``sources`` is where it is to be fetched from, the best
    first, and ``more_checksums`` what that Rucio told beside.
    """

    item: str
    collection: str
    asset: str
    href: str
    media_type: str = ""
    roles: tuple[str, ...] = ()
    size: int | None = None
    checksum: str = ""
    did: str = ""
    alternates: tuple[str, ...] = ()
    file_did: str = ""
    item_dids: tuple[VoDid, ...] = ()
    file_dids: tuple[VoDid, ...] = ()
    sources: tuple[Source, ...] | None = None
    more_checksums: tuple[str, ...] = ()

    @property
    def addresses(self) -> tuple[str, ...]:
        """Where it can be fetched by the programs that read a plan, the best first."""
        found = dict.fromkeys(
            _address(one.address)
            for one in self.places
            if one.usable and (one.rse or _parts(one.address).scheme.lower() in FETCHED)
        )
        return tuple(found)

    @property
    def places(self) -> tuple[Source, ...]:
        """All that is known of where it lies, the best first."""
        if self.sources is not None:
            return self.sources
        return tuple(map(Source, dict.fromkeys((self.href, *self.alternates))))

    @property
    def checksums(self) -> dict[str, str]:
        """Digests in hex by the names of their functions (``md5``, ``sha-256``, ``adler32``)."""
        found: dict[str, str] = {}
        for one in (self.checksum, *self.more_checksums):
            kind, colon, digest = one.partition(":")
            if colon and kind in HASHES:
                found.setdefault(kind, digest)
        return found

    @property
    def name(self) -> str:
        """Return the path to write it to: collection, item, and the name of the file."""
        last = unquote(PurePosixPath(_parts(self.href).path).name)
        key = self.asset if not last else last if last.startswith(self.asset) else (
            f"{self.asset}-{last}"
        )  # fmt: skip
        return "/".join(map(_segment, (self.collection or "-", self.item, key)))


@dataclass(frozen=True)
class DownloadPlan:
    """Files to fetch.

    Where a Rucio was asked, ``as_of`` is when (Unix seconds), and ``old`` says why its answer is
    older than it should be, "": it is not.
    """

    files: tuple[Download, ...]
    as_of: float | None = None
    old: str = ""

    def __len__(self) -> int:
        return len(self.files)

    def __iter__(self) -> Iterator[Download]:
        return iter(self.files)

    @property
    def size(self) -> int:
        """The bytes of all files whose size is known."""
        return sum(one.size or 0 for one in self.files)

    @property
    def named(self) -> tuple[tuple[str, Download], ...]:
        """Each file with the path to write it to; no two are the same, nor the same where
        case counts for nothing, nor what another is called while it comes (``.part``)."""
        found: list[tuple[str, Download]] = []
        taken: set[str] = set()
        for one in self.files:
            name, number = one.name, 1
            while {name.casefold(), f"{name}{PART}".casefold()} & taken:
                number += 1
                name = f"{one.name}.{number}"
            taken |= {name.casefold(), f"{name}{PART}".casefold()}
            found.append((name, one))
        return tuple(found)

    @property
    def out_of_reach(self) -> tuple[Download, ...]:
        """Files with no address that a program reading the plan can fetch (``s3:``, none)."""
        return tuple(one for one in self.files if not one.addresses)

    def to_pandas(self) -> pandas.DataFrame:
        """Return a table with one row a file."""
        import pandas

        names = [one.name for one in fields(Download) if one.name not in _OF_RUCIO]
        rows = [[getattr(one, name) for name in names] for one in self.files]
        table = pandas.DataFrame(rows, columns=names)
        table["size"] = pandas.array([one.size for one in self.files], dtype="Int64")
        return table

    def to_csv(self) -> str:
        """Return a table as CSV with one row an address, as `dafab-kg files --format csv`."""
        from dafab_kg.python.located import COLUMNS, rows_of

        text = io.StringIO()
        writer = csv.writer(text, lineterminator="\n")
        writer.writerow(COLUMNS)
        writer.writerows(rows_of(self))
        return text.getvalue()

    def to_json(self) -> dict[str, Any]:
        """Return the plan as a value of JSON, as `dafab-kg files --json`."""
        from dafab_kg.python.located import as_json

        return as_json(self)

    def metalink(self) -> bytes:
        """Return the plan as Metalink 4; see :meth:`write`."""
        from dafab_kg.python.metalink import metalink

        return metalink((name, one) for name, one in self.named if one.addresses)

    def get(
        self, directory: Path | str, *, at_once: int = 4, bounds: Bounds | None = None
    ) -> tuple[Fetched, ...]:
        """Fetch the files into a directory and check them; see
        :func:`dafab_kg.python.fetching.fetch`.

        Raises:
            FileNotUsable: the directory cannot be made.
        """
        from dafab_kg.python.fetching import fetch

        return fetch(self, Path(directory), at_once=at_once, bounds=bounds)

    def write(self, path: Path | str) -> int:
        """Write the plan as Metalink 4 (RFC 5854); return the number of files in it.

        ``aria2c -M FILE`` and ``wget --input-metalink=FILE`` fetch them, from any of their
        addresses, and check size and checksum.  Files that are :attr:`out_of_reach` are not
        in it.

        Raises:
            FileNotUsable: it cannot be written.
        """
        try:
            Path(path).write_bytes(self.metalink())
        except OSError as error:
            raise FileNotUsable(f"{path} cannot be written: {error}") from error
        return len(self) - len(self.out_of_reach)


def plan(
    items: Iterable[Mapping[str, Any]],
    query: Callable[[str], Answer],
    assets: Iterable[str] | None = None,
) -> DownloadPlan:
    """Plan to fetch the assets of items, all or those with one of these keys or roles."""
    wanted = None if assets is None else frozenset(assets)
    listed = list(items)
    known: dict[str, _Known] = {}
    for start in range(0, len(listed), AT_ONCE):
        known |= _known(listed[start : start + AT_ONCE], query)
    return DownloadPlan(
        tuple(
            _download(item, key, asset, known.get(_iri(item), _Known()))
            for item in listed
            for key, asset in (item.get("assets") or {}).items()
            if isinstance(asset, Mapping)
            and isinstance(asset.get("href"), str)
            and (wanted is None or wanted & {key, *_texts(asset.get("roles"))})
        )
    )


class _Known:
    """What the graph tells beside the item: its DIDs, and of each asset DIDs and replicas."""

    def __init__(self) -> None:
        self.dids: dict[str, dict[VoDid, None]] = defaultdict(dict)
        self.replicas: dict[str, dict[str, None]] = defaultdict(dict)


def _known(items: Iterable[Mapping[str, Any]], query: Callable[[str], Answer]) -> dict[str, _Known]:
    iris = dict.fromkeys(filter(is_iri, map(_iri, items)))
    found: dict[str, _Known] = defaultdict(_Known)
    if iris:
        named = " ".join(f"<{iri}>" for iri in iris)
        asked = text("queries/internal", "dids-and-replicas.rq").replace("#ITEMS#", named)
        for item, key, did, address, vo in cast(Solutions, query(asked)):
            one = found[cast(Iri, item).value]
            asset = "" if key is None else cast(Literal, key).value
            one.dids[asset][cast(Literal, vo).value, cast(Literal, did).value] = None
            if address is not None:
                one.replicas[asset][cast(Literal, address).value] = None
    return found


def _download(
    item: Mapping[str, Any], key: str, asset: Mapping[str, Any], known: _Known
) -> Download:
    size = asset.get("file:size")
    alternate = asset.get("alternate")
    hrefs = [one.get("href") for one in alternate.values() if isinstance(one, Mapping)] if (
        isinstance(alternate, Mapping)
    ) else []  # fmt: skip
    addresses = dict.fromkeys([*_texts(hrefs), *known.replicas.get(key, ())])
    addresses.pop(asset["href"], None)
    items, files = tuple(known.dids.get("") or ()), tuple(known.dids.get(key) or ())
    return Download(
        item=str(item["id"]),
        collection=str(item.get("collection") or ""),
        asset=key,
        href=asset["href"],
        media_type=asset["type"] if isinstance(asset.get("type"), str) else "",
        roles=tuple(_texts(asset.get("roles"))),
        size=size if isinstance(size, int) and not isinstance(size, bool) and size >= 0 else None,
        checksum=_checksum(asset.get("file:checksum")),
        did=next((did for _, did in files or items), ""),
        alternates=tuple(addresses),
        file_did=next((did for _, did in files), ""),
        item_dids=items,
        file_dids=files,
    )


def _iri(item: Mapping[str, Any]) -> str:
    """Return the IRI that an item has in the graph: its link ``via``."""
    for one in item.get("links") or ():
        if one.get("rel") == "via" and one.get("title") == "in the graph":
            return str(one["href"])
    return ""


def _texts(value: Any) -> list[str]:
    return [one for one in value if isinstance(one, str)] if isinstance(value, list) else []


def _checksum(value: Any) -> str:
    """Read a multihash in hex (STAC, File Info extension): its code, length and digest."""
    if not isinstance(value, str):
        return ""
    try:
        data = bytes.fromhex(value)
    except ValueError:
        return value
    number, at = 0, 0
    for shift in range(0, 28, 7):  # a number in base 128, the lowest part first
        if at == len(data):
            return value
        number |= (data[at] & 0x7F) << shift
        at += 1
        if data[at - 1] < 0x80:
            break
    name, length = DIGESTS.get(number, ("", 0))
    digest = data[at + 1 :]
    if not name or len(data) <= at or data[at] != length or len(digest) != length:
        return value
    return f"{name}:{digest.hex()}"


def _parts(address: str) -> SplitResult:
    try:
        return urlsplit(address)
    except ValueError:
        return SplitResult("", "", "", "", "")


def _address(given: str) -> str:
    """Encode what may not stand in an address; what is encoded stays so."""
    return quote(given, safe="%/:?#[]@!$&'()*+,;=~-._", errors="replace")


def _segment(name: str) -> str:
    """A name that stays one segment of a path, wherever it comes from."""
    plain = "".join("_" if c in '/\\:*?"<>|' or not c.isprintable() else c for c in name)
    short = plain.encode(errors="replace")[:MOST_SEGMENT].decode(errors="ignore")
    return short if short.strip(". ") else "_"
