"""Download plans with what a Rucio tells: which sites have which file, and by which addresses."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any, Final

from dafab_kg.dids.names import Scopes
from dafab_kg.federation.rucio.connection import ONLY_VO
from dafab_kg.federation.rucio.replicas import FileThere, Resolved, scheme_of
from dafab_kg.federation.rucio.wanted import Pair
from dafab_kg.model.did_names import encode_did_name
from dafab_kg.model.endings import suffix_of
from dafab_kg.model.errors import NameNotValid
from dafab_kg.python.downloads import Download, DownloadPlan, Source, VoDid

COLUMNS: Final = (
    "name", "item", "collection", "asset", "did", "bytes", "checksums", "rse", "protocol",
    "state", "address",
)  # fmt: skip
"""Columns of a plan as a table: a row for each address of a file."""


@dataclass(frozen=True)
class SiteShare:
    """What of a plan lies at a site; ``here`` and ``missing`` are bytes of files whose size is
    known."""

    rse: str
    here: int
    missing: int
    files_here: int
    files_missing: int


def pairs_of(plan: DownloadPlan, scopes: Scopes, vo: str = ONLY_VO) -> tuple[Pair, ...]:
    """Return the data identifiers that files of a plan may have in a VO of a Rucio."""
    return tuple(dict.fromkeys(pair for one in plan for pair in _pairs(one, scopes, vo)))


def locate(
    plan: DownloadPlan, resolved: Resolved, scopes: Scopes, vo: str = ONLY_VO
) -> DownloadPlan:
    """Return a plan with what a VO of Rucio told: replicas first, then the addresses of the
    items."""
    return DownloadPlan(tuple(_located(one, resolved.files, scopes, vo) for one in plan))


def known_in(vo: str, dids: Iterable[VoDid]) -> Iterator[Pair]:
    """Yield those data identifiers that may be in a VO: its own, then those that documents tell
    without one."""
    listed = list(dids)
    for own in dict.fromkeys((vo, ONLY_VO)):
        for one, did in listed:
            scope, colon, name = did.partition(":")
            if one == own and colon and scope and name:
                yield scope, name


def choose(
    plan: DownloadPlan, *, sites: Collection[str] | None = None, protocols: Collection[str] = ()
) -> DownloadPlan:
    """Return a plan with the sources at some sites (None: all) and of some protocols only."""
    wanted = {one.lower() for one in protocols}
    files = []
    for one in plan:
        left = tuple(
            source
            for source in one.places
            if (sites is None or source.rse in sites)
            and (not wanted or scheme_of(source.address) in wanted)
        )
        files.append(replace(one, sources=left))
    return replace(plan, files=tuple(files))


def best_sites(plan: DownloadPlan) -> tuple[SiteShare, ...]:
    """Return the sites that have files of a plan, the one with most bytes first."""
    here: dict[str, list[int]] = {}
    for one in plan:
        for rse in {source.rse for source in one.sources or () if source.rse and source.usable}:
            count = here.setdefault(rse, [0, 0])
            count[0] += one.size or 0
            count[1] += 1
    shares = [
        SiteShare(rse, size, plan.size - size, files, len(plan) - files)
        for rse, (size, files) in here.items()
    ]
    return tuple(sorted(shares, key=lambda one: (-one.here, -one.files_here, one.rse)))


def rows_of(plan: DownloadPlan) -> Iterator[tuple[Any, ...]]:
    """Give the rows of :data:`COLUMNS`; a file without an address has one, too."""
    for name, one in plan.named:
        sums = " ".join(f"{kind}:{digest}" for kind, digest in one.checksums.items())
        begin = (name, one.item, one.collection, one.asset, one.file_did, one.size, sums)
        for source in one.places or (Source(""),):
            protocol = scheme_of(source.address)
            yield (*begin, source.rse, protocol, source.state, source.address)


def as_json(plan: DownloadPlan) -> dict[str, Any]:
    """Return a plan as JSON: ``as_of`` when Rucio told it, None: none was asked."""
    files = [
        {
            "name": name,
            "item": one.item,
            "collection": one.collection,
            "asset": one.asset,
            "media_type": one.media_type,
            "did": one.file_did,
            "bytes": one.size,
            "checksums": one.checksums,
            "sources": [
                {
                    "rse": source.rse,
                    "protocol": scheme_of(source.address),
                    "state": source.state,
                    "address": source.address,
                }
                for source in one.places
            ],
        }
        for name, one in plan.named
    ]
    told = None if plan.as_of is None else written(plan.as_of)
    return {"as_of": told, "old": plan.old, "bytes": plan.size, "files": files}


def written(moment: float) -> str:
    """Write a time in Unix seconds."""
    return datetime.fromtimestamp(moment, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _pairs(one: Download, scopes: Scopes, vo: str) -> Iterable[Pair]:
    """What the graph knows, then the name that files are published by."""
    yield from known_in(vo, one.file_dids or ((ONLY_VO, one.file_did),))
    suffix = suffix_of({"href": one.href, "type": one.media_type})
    scope = scopes.others.get(one.collection, scopes.default)
    try:
        yield scope, encode_did_name(f"{one.item}_{one.asset}{suffix}")
    except NameNotValid:
        return


def _located(one: Download, files: Mapping[Pair, FileThere], scopes: Scopes, vo: str) -> Download:
    file = next((files[pair] for pair in _pairs(one, scopes, vo) if pair in files), None)
    if file is None:
        told = one.file_dids or ((ONLY_VO, one.file_did),)
        left = next((":".join(pair) for pair in known_in(vo, told)), "")
        return replace(one, sources=one.places, file_did=left)
    copies = [Source(copy.address, copy.rse, copy.state) for copy in file.copies]
    known = {source.address for source in copies}
    own = [source for source in one.places if source.address not in known]
    sums = [f"adler32:{file.adler32}"] if file.adler32 else []
    sums += [f"md5:{file.md5}"] if file.md5 else []
    return replace(
        one,
        size=one.size if file.size is None else file.size,
        file_did=":".join(file.pair),
        sources=(*copies, *own),
        more_checksums=tuple(sums),
    )
