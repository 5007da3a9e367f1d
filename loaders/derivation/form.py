"""The form of a derivation document: what it is called by, and when two are the same."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any, Final

from dafab_kg.model.names import encode

TYPE: Final = "dafab:Derivation"
"""The member ``type`` of a derivation document."""

TIMES: Final = ("started", "ended")
"""Members that do not count: figures computed again from the same are the same document."""


def key_of(rule: str, about: Mapping[str, str]) -> str:
    """Return the document's key: the rule and what its figures are about.

    Deriving again from other inputs therefore replaces the figures.

    >>> key_of("coverage", {"product": "S2A_X", "season": "2021"})
    'coverage product=S2A_X season=2021'
    """
    return " ".join((encode(rule), *(f"{name}={encode(about[name])}" for name in sorted(about))))


def digest_of(value: Mapping[str, Any]) -> str:
    """Return the SHA-256 of all that a derivation document states but its times."""
    kept = {name: member for name, member in value.items() if name not in TIMES}
    text = json.dumps(kept, sort_keys=True, ensure_ascii=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()
