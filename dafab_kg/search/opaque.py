"""Places that clients send back as they got them: a mark of what they are good for, and values."""

from __future__ import annotations

import base64
from typing import Any

import orjson


def write_opaque(mark: str, values: Any) -> str:
    """Write a mark and values as one text for addresses."""
    return base64.urlsafe_b64encode(orjson.dumps([mark, values])).rstrip(b"=").decode()


def read_opaque(text: str) -> tuple[Any, Any]:
    """Read what :func:`write_opaque` wrote, or anything that a client sends instead.

    Raises:
        ValueError: it is no such text.
    """
    data = text.encode("ascii")
    mark, values = orjson.loads(base64.urlsafe_b64decode(data + b"=" * (-len(data) % 4)))
    return mark, values
