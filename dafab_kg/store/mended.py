"""Which rejected documents are mended by good ones that came, and need not be kept any more."""

from __future__ import annotations

from collections.abc import Set
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from dafab_kg.store.documents import Quarantined

UNREAD: Final = "unread"
"""Kind of what was rejected before any loader made a document of it."""
UPLOADED: Final = "upload:"
"""How the origin of what was sent begins; who sent it and the file's name follow."""


def is_mended(entry: Quarantined, origins: Set[str]) -> bool:
    """Tell whether good documents of ``origins`` show that a rejected one was mended.

    Other documents may be sent under the same name: of these, only what could not be read
    counts, as nobody can tell what it was.
    """
    if entry.origin not in origins:
        return False
    return entry.kind == UNREAD or not entry.origin.startswith(UPLOADED)
