"""Which request goes where, when there is a Rucio behind this server: one table.

It holds for sessions of that Rucio; who logs in by a token of this catalogue, or as its guest,
gets all from here (``docs/decisions/dids.md``).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal
from urllib.parse import unquote_plus

Way = Literal[
    "here",  # answered from the graph
    "there",  # passed on
    "known",  # here if the graph knows the data identifier of the path, else there
    "joined",  # the same, but files are attached to data sets there
    "told",  # the same; of files and data sets what Rucio knows of them is added
    "made",  # here if it is a container, or the assets of one, in a scope that is ours
    "placed",  # here if the graph knows the parents that the body names
    "scopes",  # both: each scope once
    "listed",  # both: each name once
    "replicas",  # both: files of the graph, their replicas from Rucio
]


@dataclass(frozen=True)
class Row:
    """``methods`` is "" for all; in ``path`` a part in {} is anything, and * is all that follows.

    ``writes`` is whether what is done here changes the graph.
    """

    methods: str
    path: str
    way: Way
    writes: bool = False


TABLE: Final = (
    Row("GET", "ping", "here"),
    Row("", "auth/*", "there"),
    Row("GET", "scopes", "scopes"),
    Row("POST", "stac_filter", "here"),
    Row("POST", "dids/bulkmetadoc", "here"),
    Row("PATCH", "dids/bulkmetadoc", "here", writes=True),
    Row("POST", "dids/attachments", "placed", writes=True),
    Row("POST", "replicas/list", "replicas"),
    Row("POST", "dids/{scope}/dids/search", "here"),
    Row("GET", "dids/{scope}/dids/search", "listed"),
    Row("POST", "dids/{scope}/{name}", "made", writes=True),
    Row("GET", "dids/{scope}/{name}", "told"),
    Row("GET", "dids/{scope}/{name}/meta", "told"),
    Row("GET", "dids/{scope}/{name}/dids", "told"),
    Row("GET", "dids/{scope}/{name}/files", "told"),
    Row("GET", "dids/{scope}/{name}/parents", "known"),
    Row("POST DELETE", "dids/{scope}/{name}/dids", "joined", writes=True),
    Row("DELETE", "dafab/*", "here", writes=True),
    Row("", "*", "there"),
)
"""The first row that fits counts.  Accounts, storage elements, rules, replicas that are added,
data identifiers in bulk, and all else that is not named, are Rucio's own."""


def row_of(method: str, path: str) -> Row:
    """Return the row for a path below the face, as it was sent: in it a name's slash is %2F."""
    parts = path.strip("/").split("/")
    asked = "GET" if method == "HEAD" else method
    return next(row for row in TABLE if _fits(row, asked, parts))


def _fits(row: Row, method: str, parts: list[str]) -> bool:
    if row.methods and method not in row.methods.split():
        return False
    wanted = row.path.split("/")
    if wanted[-1] == "*":
        wanted = wanted[:-1]
        parts = parts[: len(wanted)]
    return len(wanted) == len(parts) and all(
        one.startswith("{") or one == unquote_plus(part)
        for one, part in zip(wanted, parts, strict=True)
    )
