"""Bringing the bytes of one address into a file, from where they broke off, within bounds."""

from __future__ import annotations

import errno
import hashlib
import os
import re
import stat
import time
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, Final, Protocol
from urllib.parse import unquote, urljoin, urlsplit

import requests
from requests.auth import AuthBase
from urllib3.exceptions import HTTPError

from dafab_kg.model.version import __version__

PIECE: Final = 256 * 1024
MOST_REDIRECTS: Final = 5
SLOWEST: Final = 1024
"""Bytes a second below which an address is given up; it has :data:`GRACE` seconds to begin."""
GRACE: Final = 60.0
SPOKEN: Final[Mapping[str, str]] = {
    "http": "http", "https": "https", "dav": "http", "davs": "https",
}  # fmt: skip
"""Protocols that are HTTP: WebDAV is, for reading."""
_NO_ROOM: Final = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EROFS)
"""Faults of where it is written, not of whence it comes."""
_HEADERS: Final = {"User-Agent": f"dafab-kg/{__version__} (files)", "Accept-Encoding": "identity"}
_RANGE: Final = re.compile(r"bytes (\d{1,19})-\d{1,19}/(?:\d{1,19}|\*)")


class Fault(Exception):
    """An address does not give the file; ``bad``: what was brought is not it."""

    def __init__(self, why: str, *, bad: bool = False) -> None:
        self.bad = bad
        super().__init__(why)


class Stopped(Exception):
    """Nobody wants the file any more."""


@dataclass(frozen=True)
class Bounds:
    """What a transfer may take: ``seconds`` between two pieces, ``most_bytes`` of a file whose
    size nobody knows; files of this machine below ``roots``."""

    seconds: float = 60.0
    most_bytes: int = 1 << 40
    roots: tuple[Path, ...] = ()


class _Digest(Protocol):
    def update(self, data: bytes, /) -> None: ...
    def hexdigest(self) -> str: ...


class _Adler32:
    """Adler-32 (RFC 1950, section 8.2), as the digests of hashlib are used."""

    def __init__(self) -> None:
        self._value = 1

    def update(self, data: bytes, /) -> None:
        """Go on with data."""
        self._value = zlib.adler32(data, self._value)

    def hexdigest(self) -> str:
        """Eight hex digits."""
        return f"{self._value:08x}"


class _Nobody(AuthBase):
    """Sends no name: with it, none is looked for in files of the user's."""

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        return request


def digests_of(kinds: Iterable[str]) -> dict[str, _Digest]:
    """Return empty digests by their names in Metalink, and adler32."""
    return {
        kind: _Adler32()
        if kind == "adler32"
        else hashlib.new(kind.replace("sha-", "sha"), usedforsecurity=False)
        for kind in kinds
    }


def wrong(file: IO[bytes], size: int | None, checksums: Mapping[str, str]) -> str:
    """Tell what is wrong with a file's bytes; "": nothing that is known."""
    length = os.fstat(file.fileno()).st_size
    if size is not None and length != size:
        return f"it has {length:,} bytes, not {size:,}"
    digests = digests_of(checksums)
    file.seek(0)
    while digests and (piece := file.read(PIECE)):
        for one in digests.values():
            one.update(piece)
    for kind, one in digests.items():
        if one.hexdigest().lower() != checksums[kind].lower():
            return f"its {kind} is {one.hexdigest()}, not {checksums[kind]}"
    return ""


def bring(
    address: str,
    into: IO[bytes],
    *,
    size: int | None,
    bounds: Bounds,
    arrived: Callable[[int], None],
    stopped: Callable[[], bool],
) -> bool:
    """Append what an address gives to a file; what is there already is not asked for again.

    ``arrived`` is told of bytes as they come, with a minus where some are thrown away.  Returns
    whether it went on from what was there.

    Raises:
        Fault: it does not give them, or more than there should be.
        Stopped: ``stopped`` says so.
    """
    most = bounds.most_bytes if size is None else size
    begun = into.seek(0, os.SEEK_END)
    if begun > most:
        into.truncate(0)
        into.seek(0)
        arrived(-begun)
        begun = 0
    if size is not None and begun == size:
        return begun > 0
    with _opened(address, begun, bounds) as (start, pieces):
        if start != begun:
            into.truncate(0)
            into.seek(0)
            arrived(-begun)
        far, first = start, start
        since = time.monotonic()
        for piece in pieces:
            if stopped():
                raise Stopped
            far += len(piece)
            if far > most:
                into.truncate(0)
                arrived(len(piece) - far)
                raise Fault(f"it gives more than {most:,} bytes", bad=True)
            into.write(piece)
            arrived(len(piece))
            if time.monotonic() - since > GRACE + (far - first) / SLOWEST:
                raise Fault(f"it gives less than {SLOWEST:,} bytes a second")
        if size is not None and far < size:
            raise Fault(f"it breaks off after {far:,} of {size:,} bytes")
    return start > 0


@contextmanager
def _opened(address: str, begun: int, bounds: Bounds) -> Iterator[tuple[int, Iterator[bytes]]]:
    """Open an address; give where its bytes begin, and the bytes."""
    scheme = urlsplit(address).scheme.lower()
    if scheme == "file":
        with _file(address, bounds.roots) as file:
            file.seek(begun)
            yield begun, iter(lambda: file.read(PIECE), b"")
        return
    if scheme not in SPOKEN:
        raise Fault(f"{scheme or 'it'} is not spoken here")
    url = SPOKEN[scheme] + address[len(scheme) :]
    try:
        with requests.Session() as session:
            session.auth = _Nobody()
            response = _asked(session, url, begun, bounds.seconds)
            with response:
                yield _start(response, begun), _pieces(response)
    except (requests.RequestException, HTTPError, OSError, ValueError) as error:
        if isinstance(error, OSError) and error.errno in _NO_ROOM:
            raise
        raise Fault(f"it does not answer as it must ({type(error).__name__})") from error


def _asked(session: requests.Session, url: str, begun: int, seconds: float) -> requests.Response:
    headers = dict(_HEADERS)
    if begun:
        headers["Range"] = f"bytes={begun}-"
    for _ in range(MOST_REDIRECTS + 1):
        response = session.get(
            url,
            headers=headers,
            stream=True,
            allow_redirects=False,
            timeout=(min(seconds, 20.0), seconds),
        )
        if response.status_code not in (301, 302, 303, 307, 308):
            return response
        response.close()
        target = urljoin(url, response.headers.get("Location", ""))
        before, after = urlsplit(url).scheme, urlsplit(target).scheme
        if after not in ("http", "https") or (before == "https" and after == "http"):
            raise Fault("it leads on to where nobody follows")
        session.cookies.clear()
        url = target
    raise Fault(f"it leads on more than {MOST_REDIRECTS} times")


def _start(response: requests.Response, begun: int) -> int:
    """Return the byte with which an answer begins."""
    if response.headers.get("Content-Encoding", "identity").strip().lower() != "identity":
        raise Fault("it gives the file packed, which nobody asked for")
    if response.status_code == 200:
        return 0
    if response.status_code == 206 and begun:
        told = _RANGE.fullmatch(response.headers.get("Content-Range", "").strip())
        if told is None or int(told[1]) != begun:
            raise Fault("it gives another part than was asked for", bad=True)
        return begun
    raise Fault(f"it answers with {response.status_code}", bad=response.status_code == 416)


def _pieces(response: requests.Response) -> Iterator[bytes]:
    raw: Any = response.raw
    while piece := raw.read(PIECE, decode_content=False):
        yield piece


@contextmanager
def _file(address: str, roots: Iterable[Path]) -> Iterator[IO[bytes]]:
    """Open a file of this machine, if it is below one of the roots that are allowed."""
    parts = urlsplit(address)
    if parts.netloc not in ("", "localhost"):
        raise Fault("it is a file of another machine")
    try:
        place = Path(unquote(parts.path)).resolve(strict=True)
        if not any(place.is_relative_to(root.resolve()) for root in roots):
            raise Fault("files of this machine are not read there (setting download_roots)")
        opened = os.open(place, os.O_RDONLY | os.O_NONBLOCK | os.O_NOFOLLOW)
    except (OSError, ValueError) as error:
        raise Fault(f"it cannot be read ({type(error).__name__})") from error
    with os.fdopen(opened, "rb") as file:
        if not stat.S_ISREG(os.fstat(opened).st_mode):
            raise Fault("it is no file")
        yield file
