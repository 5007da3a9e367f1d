"""What a fiboa file says of itself: the version of the specification and its collection.

Until 0.2 a collection has ``fiboa_version``; from 0.3 on, where fiboa is an extension
of Vecorel, ``schemas`` lists for each collection the schemas that it follows, fiboa's own
among them.  Source: fiboa specification 0.3, change log and core.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from dafab_kg.model.errors import FieldMissing, FieldNotValid

KNOWN: Final = ("0.1", "0.2", "0.3")
_SCHEMA = re.compile(r"https?://fiboa\.(?:org|github\.io)/specification/v(\d+\.\d+)[\w.\-]*/")
_VERSION = re.compile(r"v?(\d+\.\d+)(?:\.\d+)?(?:-[\w.]+)?\Z")


@dataclass(frozen=True)
class Collection:
    """What is said once: ``version`` as ``0.2``, and facts for all rows."""

    version: str = ""
    dataset: str = ""
    title: str = ""
    provider: str = ""
    said: Mapping[str, Any] = field(default_factory=dict)
    notes: tuple[str, ...] = ()


def collection_of(told: Mapping[str, Any], where: str) -> Collection:
    """Read the collection's metadata; an empty one if it is not fiboa.

    Raises:
        FieldMissing: it follows Vecorel, but no version of fiboa is named.
        FieldNotValid: two versions are, or none that can be read.
    """
    inner = told.get("fiboa")
    if isinstance(inner, Mapping):
        told = {**told, **inner}
    versions = _versions(told, where)
    if len(versions) > 1:
        raise FieldNotValid(
            f"It follows fiboa {' and '.join(sorted(versions))}; the unit of its areas is not "
            "the same in both",
            where=where,
            remedy="State one version of the fiboa specification",
        )
    if not versions:
        if isinstance(told.get("schemas"), Mapping) and "vecorel" in str(told["schemas"]):
            raise FieldMissing(
                "schemas names no version of the fiboa specification, so what is said of "
                "fields cannot be read",
                where=f"{where}: schemas",
                remedy="Add https://fiboa.org/specification/v0.3.0/schema.yaml, or the right one",
            )
        return Collection()
    (version,) = versions
    notes = () if version in KNOWN else (f"fiboa {version} is newer than what is known here",)
    dataset = told.get("collection") or told.get("id")
    schemas = told.get("schemas")
    if not dataset and isinstance(schemas, Mapping) and len(schemas) == 1:
        (dataset,) = schemas
    return Collection(
        version,
        dataset if isinstance(dataset, str) else "",
        _text(told.get("title")),
        _provider(told.get("providers")),
        {k: v for k, v in told.items() if ":" in k or k.startswith("determination_")},
        notes,
    )


def _versions(told: Mapping[str, Any], where: str) -> set[str]:
    found: set[str] = set()
    stated = told.get("fiboa_version")
    if stated is not None:
        match = _VERSION.match(str(stated))
        if match is None:
            raise FieldNotValid(
                f"fiboa_version {str(stated)[:40]!r} is no version",
                where=where,
                remedy="State it as in 0.2.0",
            )
        found.add(match[1])
    schemas = told.get("schemas")
    for urls in schemas.values() if isinstance(schemas, Mapping) else ():
        for url in urls if isinstance(urls, list | tuple) else (urls,):
            match = _SCHEMA.match(str(url))
            if match is not None:
                found.add(match[1])
    return found


def _provider(providers: object) -> str:
    """Name the one who makes or licenses the data, rather than who processed it."""
    named: list[tuple[int, str]] = []
    for one in providers if isinstance(providers, list) else ():
        if isinstance(one, Mapping) and isinstance(one.get("name"), str):
            roles = one.get("roles")
            roles = roles if isinstance(roles, list) else []
            rank = 0 if "producer" in roles else 1 if "licensor" in roles else 2
            named.append((rank, one["name"]))
    return min(named)[1] if named else ""


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""
