"""Options of the plugin, in the section ``[metadata]`` of Rucio's configuration."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Callable
from urllib.parse import urlsplit

PREFIXES = "dafab:,eo:,sar:,sat:,s1:,s2:,grid:,mgrs:,processing:,product:,proj:,raster:,sci:,view:"
"""Beginnings of keys that are managed even while the graph does not answer."""
WORDS = ("ancestor", "anomaly", "descendant", "footprint", "geometry", "item", "product", "time")
"""Keys of filters that are no members of documents."""


class OptionNotValid(Exception):
    """An option is missing or wrong."""


@dataclass(frozen=True)
class Options:
    """``url`` is that of dafab-kg; ``seconds`` the longest that a request may take.

    ``keys_seconds``: how long the list of managed keys is believed; ``delete``: whether metadata
    may be deleted; ``prefixes``: beginnings of further keys to manage.
    """

    url: str
    token_file: str = ""
    seconds: float = 20.0
    keys_seconds: float = 300.0
    delete: bool = False
    prefixes: tuple[str, ...] = ()


def read_options(get: Callable[[str], str | None]) -> Options:
    """Read the options; ``get`` returns the text of one, or None.

    Raises:
        OptionNotValid: one is missing or wrong.
    """
    url = (get("dafab_kg_url") or "").strip().rstrip("/")
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.query or parts.username:
        raise OptionNotValid(
            "[metadata] dafab_kg_url is the address of dafab-kg, such as https://kg.example"
        )
    prefixes = tuple(
        one.strip() for one in (get("dafab_kg_prefixes") or PREFIXES).split(",") if one.strip()
    )
    return Options(
        url,
        (get("dafab_kg_token_file") or "").strip(),
        _seconds(get, "dafab_kg_timeout", 20.0),
        _seconds(get, "dafab_kg_keys_seconds", 300.0),
        _truth(get, "dafab_kg_allow_delete"),
        prefixes,
    )


def _seconds(get: Callable[[str], str | None], name: str, default: float) -> float:
    text = get(name)
    if text is None or not text.strip():
        return default
    try:
        found = float(text)
    except ValueError:
        found = 0.0
    if not 0.05 <= found <= 3600:
        raise OptionNotValid(f"[metadata] {name} is a number of seconds from 0.05 to 3600")
    return found


def _truth(get: Callable[[str], str | None], name: str) -> bool:
    text = (get(name) or "false").strip().lower()
    if text not in ("true", "false", "yes", "no", "1", "0", "on", "off"):
        raise OptionNotValid(f"[metadata] {name} is true or false")
    return text in ("true", "yes", "1", "on")
