"""rucio rules: replication rules for what a search finds."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Annotated, Any

import typer

from dafab_kg.cli.files import Filter, Ids, Limit, Sought, Vo, Words, find, read_sought
from dafab_kg.cli.frame import AMISS, DONE, Session, WrongUsage, command, remember
from dafab_kg.cli.printing import print_json, print_line, print_table, tell

if TYPE_CHECKING:
    from dafab_kg.federation.rucio.rules import Added, Cost, Rule
    from dafab_kg.federation.rucio.wanted import DidType, Pair
    from dafab_kg.model.settings import Settings

Site = Annotated[
    str, typer.Option("--site", metavar="RSE", help="Storage elements: a name or an expression.")
]
DryRun = Annotated[
    bool, typer.Option("--dry-run", help="Tell what it would do, and do nothing.", metavar="")
]
SHOWN = 50
"""Most rules that are told of one by one for people."""
DAY = 86_400
LONGEST = 36_500.0
"""Days of a lifetime."""


def add(rucio: typer.Typer) -> None:
    """Add the group ``rules`` to the group ``rucio``."""
    rules = typer.Typer(
        help="Replication rules for what a search finds; each says which search made it.",
        no_args_is_help=True,
    )
    rules.callback()(remember)
    command(rules, "add")(add_)
    command(rules, "list")(list_)
    command(rules, "remove")(remove)
    rucio.add_typer(rules, name="rules")


def add_(
    session: Session,
    ids: Ids = None,
    filter_: Filter = "",
    words: Words = "",
    limit: Limit = None,
    site: Site = "",
    copies: Annotated[int, typer.Option(min=1, max=100, help="Copies of each file.")] = 1,
    lifetime: Annotated[
        float | None, typer.Option("--lifetime", metavar="DAYS", help="Days until they end.")
    ] = None,
    dry_run: DryRun = False,
    vo: Vo = "",
) -> int:
    """Keep the files of items at a site; what has such a rule already keeps it."""
    from dafab_kg.federation.rucio.connection import connect
    from dafab_kg.federation.rucio.rules import Wish, add_rules, cost_of

    sought = read_sought(ids, filter_, words, limit)
    if not site:
        raise WrongUsage("No site is named. Give --site")
    if lifetime is not None and not 0 < lifetime <= LONGEST:
        raise WrongUsage(f"A lifetime has more than 0 and at most {LONGEST:,.0f} days")
    settings = session.settings()
    seconds = None if lifetime is None else max(1, round(lifetime * DAY))
    wish = Wish(site, str(sought), copies, seconds)
    wanted = _wanted(session, settings, sought, vo)
    client = connect(settings, vo)
    cost = cost_of(client, wish, wanted)
    done = None if dry_run else add_rules(client, wish, cost)
    return _report(session, cost, done)


def list_(
    session: Session,
    ids: Ids = None,
    filter_: Filter = "",
    words: Words = "",
    limit: Limit = None,
    site: Site = "",
    vo: Vo = "",
) -> int:
    """List the rules that were made here, all or those that one search made."""
    found = _ours(session, ids, filter_, words, limit, site, vo)[1]
    if session.as_json:
        print_json({"rules": found, **_summed(found)})
    else:
        _print_rules(session, found)
    return DONE


def remove(
    session: Session,
    ids: Ids = None,
    filter_: Filter = "",
    words: Words = "",
    limit: Limit = None,
    site: Site = "",
    dry_run: DryRun = False,
    vo: Vo = "",
) -> int:
    """Remove the rules that this very search made, whatever it finds now."""
    from dafab_kg.federation.rucio.rules import remove_rules

    read_sought(ids, filter_, words, limit)
    client, found = _ours(session, ids, filter_, words, limit, site, vo)
    gone, refused = ([], {}) if dry_run else remove_rules(client, found)
    if session.as_json:
        told = {"removed": gone, "refused": refused, "dry_run": dry_run}
        print_json({"rules": found, **_summed(found), **told})
    else:
        for name, why in refused.items():
            tell(f"{name}: {why}")
        ended = set(gone)
        shown = found if dry_run else [one for one in found if one.id in ended]
        _print_rules(session, shown)
        if not dry_run and not session.quiet:
            left = len(found) - len(gone) - len(refused)
            more = f"; {left:,} end within the hour already" if left else ""
            print_line(f"{len(gone):,} rules removed: they end within an hour{more}")
    return AMISS if refused else DONE


def _ours(
    session: Session,
    ids: list[str] | None,
    filter_: str,
    words: str,
    limit: int | None,
    site: str,
    vo: str,
) -> tuple[Any, list[Rule]]:
    from dafab_kg.dids.names import Scopes
    from dafab_kg.federation.rucio.connection import connect
    from dafab_kg.federation.rucio.rules import our_rules
    from dafab_kg.federation.rucio.sizes import with_sizes

    settings = session.settings()
    search = str(Sought(tuple(ids or ()), filter_, words, limit))
    scopes = Scopes(settings.did_scope, settings.did_scopes).names()
    client = connect(settings, vo)
    return client, list(with_sizes(client, our_rules(client, scopes, search, site)))


def _wanted(
    session: Session, settings: Settings, sought: Sought, vo: str
) -> Mapping[str, list[tuple[Pair, DidType | None]]]:
    """Of each item the data identifiers that its files may be below, the likeliest first."""
    from dafab_kg.dids.names import ASSETS, Scopes
    from dafab_kg.federation.rucio.connection import vo_of
    from dafab_kg.federation.rucio.wanted import named
    from dafab_kg.python.located import known_in

    scopes = Scopes(settings.did_scope, settings.did_scopes)
    with session.open(read_only=True) as catalogue:
        items = find(catalogue, sought)
        plan = catalogue.downloads(items)
    spoken = vo_of(settings, vo)
    known = {
        (one.collection, one.item): next(known_in(spoken, one.item_dids), None) for one in plan
    }
    wanted: dict[str, list[tuple[Pair, DidType | None]]] = {}
    for item in items:
        name, collection = str(item["id"]), str(item.get("collection") or "")
        scope = scopes.others.get(collection, scopes.default)
        # a container of an item holds what was made of it, too
        some: list[tuple[Pair, DidType | None]] = [
            (named(scope, name + ASSETS), "DATASET"),
            (named(scope, name), "DATASET"),
        ]
        told = known.get((collection, name))
        if told is not None:
            some.append((told, None))
        wanted[f"{collection}/{name}"] = some
    return wanted


def _report(session: Session, cost: Cost, done: Added | None) -> int:
    refused = {} if done is None else {":".join(pair): why for pair, why in done.refused.items()}
    if session.as_json:
        made: dict[str, Any] | None = None
        if done is not None:
            made = {"rules": done.made, "prolonged": done.prolonged, "refused": refused}
            made["stopped"] = done.stopped
        print_json({"cost": cost, "made": made, "dry_run": done is None})
    else:
        _tell_cost(session, cost)
        for name, why in list(refused.items())[:SHOWN]:
            tell(f"{name}: {why}")
        if done is not None and done.stopped:
            tell("No more were tried")
        if done is not None and not session.quiet:
            print_line(f"{len(done.made):,} rules made, {len(done.prolonged):,} prolonged")
    return AMISS if refused or cost.unknown else DONE


def _tell_cost(session: Session, cost: Cost) -> None:
    for item in cost.unknown[:SHOWN]:
        tell(f"{item}: Rucio does not have it. Publish it: dafab-kg rucio publish")
    if cost.empty:
        some = ", ".join(map(":".join, cost.empty[:3])) + (", ..." if len(cost.empty) > 3 else "")
        tell(
            f"{len(cost.empty):,} data sets have no files in Rucio, so that a rule would keep "
            f"nothing ({some}). Why files are left out: dafab-kg rucio status"
        )
    if session.quiet:
        return
    rows = [
        ("data identifiers to get a rule", len(cost.dids)),
        ("data identifiers that have it", len(cost.ruled)),
        ("of these, to be prolonged", len(cost.ending)),
        ("items that Rucio does not have", len(cost.unknown)),
        ("data sets without files, left out", len(cost.empty)),
        ("files", cost.files),
        ("bytes of one copy", cost.size),
        ("bytes there already", cost.here),
        ("bytes to move", cost.to_move),
    ]
    print_table(("what", "number"), rows, numbers=("number",))
    print_line(f"Sites: {', '.join(cost.sites)}")
    for one in cost.limits:
        limit = "no limit" if one.limit is None else f"a limit of {one.limit:,}"
        print_line(f"{one.rse}: the account has {limit}, and {one.used:,} bytes there")


def _summed(rules: Iterable[Rule]) -> dict[str, int]:
    """What rules keep together; data identifiers of several rules count once."""
    sizes = {(one.scope, one.name): one.size or 0 for one in rules}
    return {"data_identifiers": len(sizes), "bytes": sum(sizes.values())}


def _print_rules(session: Session, rules: list[Rule]) -> None:
    rows = [
        (
            f"{one.scope}:{one.name}",
            one.site,
            one.copies,
            one.size,
            one.state,
            one.expires or "",
            one.search,
        )
        for one in rules[:SHOWN]
    ]
    columns = ("data identifier", "site", "copies", "bytes", "state", "ends", "search")
    if rows:
        print_table(columns, rows, numbers=("copies", "bytes"))
    if session.quiet:
        return
    if len(rules) > SHOWN:
        print_line(f"{len(rules) - SHOWN:,} more: --json tells all")
    sums = _summed(rules)
    print_line(
        f"{len(rules):,} rules on {sums['data_identifiers']:,} data identifiers, of which one copy "
        f"has {sums['bytes']:,} bytes"
    )
