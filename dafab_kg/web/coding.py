"""Content codings: gzip, of answers and of bodies (RFC 9110 section 8.4)."""

from __future__ import annotations

import io
import zlib
from collections.abc import Iterable, Iterator
from typing import Final

from flask import Flask, Response, request

from dafab_kg.web.problems import Problem

LEAST: Final = 1024
"""Shortest answer that is worth it, in bytes."""
LEVEL: Final = 3
GZIP: Final = 31  # zlib's word for gzip with the widest window
_TEXT: Final = ("text/", "application/", "image/svg")
_PACKED: Final = ("application/zip", "application/gzip", "application/octet-stream")


def code_contents(app: Flask) -> None:
    """Make ``app`` unpack bodies and pack answers."""

    @app.before_request
    def unpack() -> None:
        coding = request.headers.get("Content-Encoding", "identity").strip().lower()
        if coding in ("identity", ""):
            return
        if coding not in ("gzip", "x-gzip"):
            raise Problem(
                415,
                "This coding is not understood",
                f"The body is coded as {coding[:80]}.",
                where="header Content-Encoding",
                remedy="Send gzip, or the body as it is.",
                headers={"Accept-Encoding": "gzip, identity"},
            )
        most = request.max_content_length or 1024 * 1024
        data = _unpacked(request.get_data(cache=False), most)
        request.environ["wsgi.input"] = io.BytesIO(data)
        request.environ["CONTENT_LENGTH"] = str(len(data))
        request.environ.pop("HTTP_CONTENT_ENCODING", None)
        request.environ["wsgi.input_terminated"] = False
        # what werkzeug has made of the old body is of no use any more
        for name in ("stream", "content_length", "form", "files", "values", "data"):
            request.__dict__.pop(name, None)

    @app.after_request
    def pack(response: Response) -> Response:
        kind = response.mimetype or ""
        if not kind.startswith(_TEXT) or kind.startswith(_PACKED):
            return response
        response.vary.add("Accept-Encoding")
        length = response.content_length
        if (
            request.method == "HEAD"
            or response.status_code in (204, 206, 304)
            or "Content-Encoding" in response.headers
            or response.cache_control.no_transform  # what is passed on as it comes
            or (length is not None and length < LEAST)
            or not request.accept_encodings.quality("gzip")
        ):
            return response
        response.headers["Content-Encoding"] = "gzip"
        etag, weak = response.get_etag()
        if etag and not weak:
            response.set_etag(f"{etag}-gzip")
        if response.is_streamed or response.direct_passthrough:
            body = response.response
            response.direct_passthrough = False
            response.headers.pop("Content-Length", None)
            close = getattr(body, "close", None)
            response.response = _packing(body)  # type: ignore[arg-type]
            if close is not None:
                response.call_on_close(close)
        else:
            packer = zlib.compressobj(LEVEL, wbits=GZIP)
            response.set_data(packer.compress(response.get_data()) + packer.flush())
        return response


def _unpacked(data: bytes, most: int) -> bytes:
    unpacker = zlib.decompressobj(wbits=GZIP)
    try:
        made = unpacker.decompress(data, most + 1)
    except zlib.error as error:
        raise Problem(
            400,
            "The body is not gzip",
            "The body cannot be unpacked.",
            where="the body",
            remedy="Pack it again, or leave out Content-Encoding.",
        ) from error
    if len(made) > most:
        raise Problem(
            413,
            "The body is too long",
            f"Unpacked it has more than {most} bytes.",
            where="the body",
            remedy="Send a shorter request.",
        )
    if not unpacker.eof or unpacker.unused_data:
        raise Problem(
            400,
            "The body is not gzip",
            "The body is cut short, or something follows it.",
            where="the body",
            remedy="Pack it again, or leave out Content-Encoding.",
        )
    return made


def _packing(body: Iterable[bytes]) -> Iterator[bytes]:
    packer = zlib.compressobj(LEVEL, wbits=GZIP)
    for piece in body:
        made = packer.compress(piece)
        if made:
            yield made
    yield packer.flush()
