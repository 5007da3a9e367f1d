"""Relative IRIs resolved against a base (RFC 3986, section 5.2)."""

from __future__ import annotations

import re
from typing import Final

_PARTS: Final = re.compile(
    r"(?:([A-Za-z][A-Za-z0-9+.-]*+):)?+(?://([^/?#]*+))?+([^?#]*+)(?:\?([^#]*+))?+(?:#(.*+))?+",
    re.DOTALL,
)


def is_absolute(iri: str) -> bool:
    """Tell whether an IRI has a scheme."""
    match = _PARTS.match(iri)
    return bool(match and match[1])


def resolve(iri: str, base: str) -> str:
    """Resolve ``iri`` against the absolute ``base``; an IRI with a scheme is left as it is."""
    reference, ground = _PARTS.match(iri), _PARTS.match(base)
    if reference is None or ground is None or reference[1]:
        return iri
    _, authority, path, query, fragment = reference.groups()
    if authority is None:
        authority = ground[2]
        if not path:
            path = ground[3]
            query = ground[4] if query is None else query
        else:
            path = _without_dots(path if path[0] == "/" else _merged(ground, path))
    else:
        path = _without_dots(path)
    return "".join(
        (
            f"{ground[1]}:",
            "" if authority is None else f"//{authority}",
            path,
            "" if query is None else f"?{query}",
            "" if fragment is None else f"#{fragment}",
        )
    )


def _merged(base: re.Match[str], path: str) -> str:
    if base[2] is not None and not base[3]:
        return f"/{path}"
    return base[3][: base[3].rfind("/") + 1] + path


def _without_dots(path: str) -> str:
    segments = path.split("/")
    kept: list[str] = []
    for number, segment in enumerate(segments):
        last = number == len(segments) - 1
        if segment == "." or segment == "..":
            if segment == ".." and len(kept) > (1 if path.startswith("/") else 0):
                kept.pop()
            if last:
                kept.append("")
        else:
            kept.append(segment)
    return "/".join(kept)
