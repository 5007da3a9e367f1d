"""Replication rules for what a search finds: what they cost, making, listing and removing them.

A rule of ours says in its comment which search made it, so that the same search finds it again
when the items have changed.  A rule that is removed ends within an hour (:data:`ENDING`): Rucio
keeps it until then, and takes no second like it.  Who wishes it again has it prolonged.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import TYPE_CHECKING, Any, Final

from dafab_kg.federation.rucio.connection import speaking
from dafab_kg.federation.rucio.replicas import AVAILABLE, FileThere, below
from dafab_kg.federation.rucio.sites import named_sites
from dafab_kg.federation.rucio.sizes import empty_of
from dafab_kg.federation.rucio.there import in_parts, read_some
from dafab_kg.federation.rucio.wanted import DidType, Pair
from dafab_kg.model.errors import ServiceRefused

if TYPE_CHECKING:
    from rucio.client import Client

OURS: Final = "dafab-kg: "
"""How the comments of our rules begin."""
MOST_COMMENT: Final = 250
"""Characters of a comment; Rucio 41.5.1 takes 255 (its table's column)."""
AT_ONCE: Final = 50
"""Most data identifiers of one request."""
ENDING: Final = timedelta(hours=1)
"""How long Rucio keeps a rule that was removed."""
_FOR_ALL: Final = frozenset(
    {"AccessDenied", "InsufficientAccountLimit", "InsufficientTargetRSEs", "InvalidRSEExpression"}
    | {"InvalidObject", "InvalidReplicationRule", "RSENotFound"}
)
"""Refusals that the next data identifier meets, too."""


@dataclass(frozen=True)
class Wish:
    """What rules are to do: ``copies`` at some of the sites of an expression, for ``lifetime``
    seconds (None: until they are removed), because of a search."""

    site: str
    search: str
    copies: int = 1
    lifetime: int | None = None

    @property
    def comment(self) -> str:
        """What the rules tell; a long search is cut, and told from others by a digest."""
        return comment_of(self.search)


@dataclass(frozen=True)
class Rule:
    """A rule, as Rucio tells of it; ``size`` is in bytes of one copy, where it was asked for."""

    id: str
    scope: str
    name: str
    account: str
    site: str
    copies: int
    state: str
    comment: str
    expires: datetime | None = None
    size: int | None = None

    @property
    def ours(self) -> bool:
        """Whether it was made here."""
        return self.comment.startswith(OURS)

    @property
    def search(self) -> str:
        """The search that made it."""
        return self.comment.removeprefix(OURS)


@dataclass(frozen=True)
class Limit:
    """What an account may hold at a site, and holds, in bytes; None: no limit is told."""

    rse: str
    limit: int | None
    used: int


@dataclass(frozen=True)
class Cost:
    """What rules would do.

    ``dids`` would get one, ``ruled`` have the same already, ``ending`` are rules of ours that
    would be prolonged; ``unknown`` are items that Rucio does not have; ``empty`` are data sets
    without a file, which get no rule: it would keep nothing.  Of the files of ``dids``:
    ``size`` bytes of one copy of all, ``here`` bytes of copies that are at the sites (no more of
    a file than are wanted), ``to_move`` those to come.
    """

    sites: tuple[str, ...]
    dids: tuple[Pair, ...]
    ruled: tuple[Pair, ...] = ()
    ending: tuple[Rule, ...] = ()
    unknown: tuple[str, ...] = ()
    empty: tuple[Pair, ...] = ()
    files: int = 0
    unsized: int = 0
    size: int = 0
    here: int = 0
    to_move: int = 0
    limits: tuple[Limit, ...] = ()


@dataclass
class Added:
    """What became of the making of rules; ``stopped`` says why no more were tried."""

    made: list[str] = field(default_factory=list)
    prolonged: list[str] = field(default_factory=list)
    ruled: list[Pair] = field(default_factory=list)
    refused: dict[Pair, str] = field(default_factory=dict)
    stopped: str = ""


def comment_of(search: str) -> str:
    """Return the comment of rules that a search makes."""
    told = OURS + " ".join(search.split())
    if len(told) > MOST_COMMENT:
        end = f" ... {sha256(told.encode()).hexdigest()[:16]}"
        told = told[: MOST_COMMENT - len(end)] + end
    return told


def there_of(
    client: Client, wanted: Mapping[str, Sequence[tuple[Pair, DidType | None]]]
) -> dict[str, Pair]:
    """Return of items, each with the data identifiers that it may have, the first that is there
    and is of the type that is named with it (None: no file).

    Raises:
        ServiceNotUsable: Rucio does not answer as it must.
    """
    pairs = (pair for some in wanted.values() for pair, _ in some)
    there = read_some(client, pairs, meta=False)
    found = {}
    for item, some in wanted.items():
        for pair, kind in some:
            one = there.get(pair)
            if one is not None and (one.type == kind or (kind is None and one.type != "FILE")):
                found[item] = pair
                break
    return found


def cost_of(
    client: Client, wish: Wish, wanted: Mapping[str, Sequence[tuple[Pair, DidType | None]]]
) -> Cost:
    """Tell what rules for items would do.

    Raises:
        ServiceRefused: the sites are not known, or fewer than copies are wished.
        ServiceNotUsable: Rucio does not answer as it must.
    """
    sites = named_sites(client, wish.site)
    if wish.copies > len(sites):
        raise ServiceRefused(
            f"{wish.copies} copies cannot be at {len(sites)} "
            f"({', '.join(sorted(sites)[:5]) or 'nowhere'}). Ask for fewer, or name more",
            "InsufficientTargetRSEs",
        )
    there = there_of(client, wanted)
    ruled = {
        (one.scope, one.name): one
        for one in read_rules(client, {scope for scope, _ in there.values()})
        if (one.site, one.copies) == (wish.site, wish.copies)
    }
    pairs = tuple(dict.fromkeys(there.values()))
    without = tuple(pair for pair in pairs if pair not in ruled)
    empty = frozenset(empty_of(client, without))
    new = tuple(pair for pair in without if pair not in empty)
    files = unsized = size = here = 0
    for file in below(client, new):
        files += 1
        unsized += file.size is None
        size += file.size or 0
        here += (file.size or 0) * min(wish.copies, copies_at(file, sites))
    return Cost(
        tuple(sorted(sites)),
        new,
        tuple(pair for pair in pairs if pair in ruled),
        tuple(ruled[pair] for pair in pairs if pair in ruled and _ends_early(ruled[pair], wish)),
        tuple(item for item in wanted if item not in there),
        tuple(pair for pair in without if pair in empty),
        files,
        unsized,
        size,
        here,
        size * wish.copies - here,
        _limits(client, sites),
    )


def _ends_early(rule: Rule, wish: Wish) -> bool:
    if not rule.ours or rule.expires is None:
        return False
    until = timedelta(seconds=wish.lifetime) if wish.lifetime is not None else None
    return until is None or rule.expires < datetime.now(UTC) + until


def copies_at(file: FileThere, sites: Iterable[str]) -> int:
    """Count the sites at which a file is available."""
    return len({one.rse for one in file.copies if one.state == AVAILABLE} & set(sites))


def add_rules(client: Client, wish: Wish, cost: Cost) -> Added:
    """Make a rule for each data identifier, and prolong those that end too early.

    Raises:
        ServiceNotUsable: Rucio does not answer as it must; the same call goes on from there.
    """
    done = Added()
    for one in cost.ending:
        try:
            with speaking(f"Prolonging the rule {one.id}"):
                options = {"lifetime": wish.lifetime, "comment": wish.comment}
                client.update_replication_rule(one.id, options)
            done.prolonged.append(one.id)
        except ServiceRefused as error:
            done.refused[one.scope, one.name] = str(error)
    for some in in_parts(cost.dids, AT_ONCE):
        try:
            done.made += _add(client, wish, some)
            continue
        except ServiceRefused:
            pass  # which of them, the next requests tell
        for pair in some:
            try:
                done.made += _add(client, wish, [pair])
            except ServiceRefused as error:
                if error.reason == "DuplicateRule":
                    done.ruled.append(pair)
                    continue
                done.refused[pair] = str(error)
                if error.reason in _FOR_ALL:
                    done.stopped = str(error)
                    return done
    return done


def _add(client: Client, wish: Wish, pairs: Iterable[Pair]) -> list[str]:
    with speaking("Making rules"):
        made = client.add_replication_rule(
            [{"scope": scope, "name": name} for scope, name in pairs],
            wish.copies,
            wish.site,
            lifetime=wish.lifetime,
            comment=wish.comment,
        )
    return [str(one) for one in made]


def read_rules(client: Client, scopes: Iterable[str]) -> Iterator[Rule]:
    """Give the account's rules in some scopes, whoever made them.

    Raises:
        ServiceNotUsable: Rucio does not answer as it must.
    """
    for scope in sorted(scopes):
        with speaking(f"Listing the rules of {scope}"):
            rows = client.list_replication_rules({"scope": scope, "account": client.account})
            yield from map(_rule, rows)


def our_rules(
    client: Client, scopes: Iterable[str], search: str = "", site: str = ""
) -> Iterator[Rule]:
    """Give the rules that were made here: by a search, and for a site, if these are given.

    Raises:
        ServiceNotUsable: Rucio does not answer as it must.
    """
    for one in read_rules(client, scopes):
        ours = one.comment == comment_of(search) if search else one.ours
        if ours and site in ("", one.site):
            yield one


def remove_rules(client: Client, rules: Iterable[Rule]) -> tuple[list[str], dict[str, str]]:
    """Let rules end; return the ids of those that do, and why others do not.

    What ends within the hour is left.

    Raises:
        ServiceNotUsable: Rucio does not answer as it must.
    """
    gone, refused = [], {}
    soon = datetime.now(UTC) + ENDING
    for one in rules:
        if one.expires is not None and one.expires <= soon:
            continue
        try:
            with speaking(f"Removing the rule {one.id}"):
                client.delete_replication_rule(one.id)
        except ServiceRefused as error:
            if error.reason != "RuleNotFound":
                refused[one.id] = str(error)
                continue
        gone.append(one.id)
    return gone, refused


def _rule(row: Any) -> Rule:
    try:
        return _rule_of(row)
    except (AttributeError, KeyError, TypeError) as error:
        raise ValueError("no rule") from error


def _rule_of(row: Mapping[str, Any]) -> Rule:
    return Rule(
        str(row["id"]),
        str(row["scope"]),
        str(row["name"]),
        str(row["account"]),
        str(row["rse_expression"]),
        int(row["copies"]),
        str(row["state"]),
        str(row.get("comments") or ""),
        _moment(row.get("expires_at")),
    )


def _moment(value: Any) -> datetime | None:
    """Rucio's client makes times of texts, without a zone: they are in UTC."""
    if value is None:
        return None
    if not isinstance(value, datetime):
        raise TypeError("no time")
    return value.replace(tzinfo=UTC)


def _limits(client: Client, sites: Iterable[str]) -> tuple[Limit, ...]:
    with speaking("Reading the account's limits"):
        rows = list(client.get_local_account_usage(client.account))
    found = [
        Limit(str(row["rse"]), _whole(row.get("bytes_limit")), _whole(row.get("bytes")) or 0)
        for row in rows
        if row.get("rse") in set(sites)
    ]
    return tuple(sorted(found, key=lambda one: one.rse))


def _whole(value: Any) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) else None
