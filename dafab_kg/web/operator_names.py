"""Names of files, as they are shown and as they may be written."""

from __future__ import annotations

import re
from typing import Final

MOST_NAME: Final = 200
"""Bytes of a file's name."""


def last_part(name: str) -> str:
    """Return the name of a file without its directories.

    >>> last_part("/tmp/x/item.json")
    'item.json'
    """
    return name.replace("\\", "/").rstrip("/").rsplit("/", 1)[-1] or "file"


def safe_name(given: str) -> str:
    """Return a name under which an uploaded file can be written into a directory.

    >>> safe_name("../../etc/passwd")
    'passwd'
    >>> safe_name("..")
    'document'
    """
    kept = re.sub(r"[^\w .()+=@-]", "_", last_part(given)).strip(" .")[-MOST_NAME:]
    while len(kept.encode()) > MOST_NAME:
        kept = kept[1:]
    return kept.lstrip(" .") or "document"
