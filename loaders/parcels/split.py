"""A GeoJSON cut into its features without reading it whole.

A collection of a million parcels is a gigabyte as Python objects.  So the places of
its features are found first by a scan over brackets and strings; each is then parsed
alone, and the collection around them once, by the strict reader.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from mmap import mmap
from typing import Final

from dafab_kg.model.errors import NotWellFormed

Bytes = bytes | mmap

_TOKEN: Final = re.compile(rb'"(?:[^"\\]|\\.)*"|[{}\[\]:]', re.DOTALL)
_BETWEEN: Final = re.compile(rb"\s*,\s*\Z")
_SPACE: Final = re.compile(rb"\s*\Z")


@dataclass(frozen=True)
class Span:
    """The features of a collection: its array begins after ``start`` and ends at ``end``."""

    start: int
    end: int


def find_features(data: Bytes) -> Span | None:
    """Find the array ``features`` of the outermost object; None if there is none."""
    depth = 0
    key = b""
    span_start = -1
    expecting = False
    for match in _TOKEN.finditer(data):
        token = match.group()
        if token in (b"{", b"["):
            if depth == 1 and expecting and token == b"[":
                span_start = match.end()
            depth += 1
            expecting = False
        elif token in (b"}", b"]"):
            depth -= 1
            if depth == 1 and span_start >= 0:
                return Span(span_start, match.start())
        elif depth == 1:
            if token == b":":
                expecting = key == b'"features"'
            else:
                key, expecting = token, False
    return None


def features(data: Bytes, span: Span, where: str) -> Iterator[bytes]:
    """Give each element of the array as its bytes.

    Raises:
        NotWellFormed: something between them is no comma, or an element no object.
    """
    depth, start, last, number = 0, 0, span.start, 0
    for match in _TOKEN.finditer(data, span.start, span.end):
        token = match.group()
        if token in (b"{", b"["):
            if depth == 0:
                between = data[last : match.start()]
                if token == b"[" or not (_SPACE if number == 0 else _BETWEEN).match(between):
                    raise _amiss(number, where)
                start = match.start()
            depth += 1
        elif token in (b"}", b"]"):
            depth -= 1
            if depth == 0:
                last = match.end()
                yield data[start:last]
                number += 1
        elif depth == 0:
            raise _amiss(number, where)
    if depth or not _SPACE.match(data[last : span.end]):
        raise _amiss(number, where)


def _amiss(number: int, where: str) -> NotWellFormed:
    return NotWellFormed(
        "The array of features holds what is no JSON object, or lacks a comma",
        where=f"{where}: /features/{number}",
        remedy="Check the file with a JSON tool, and that it is complete",
    )
