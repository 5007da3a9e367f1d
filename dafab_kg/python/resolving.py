"""Plans for files, with what a configured Rucio says of where these lie."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from pathlib import Path

from dafab_kg.dids.names import Scopes
from dafab_kg.model.errors import NotDoneHere
from dafab_kg.model.settings import Settings
from dafab_kg.python.downloads import DownloadPlan


def resolve(
    settings: Settings,
    plan: DownloadPlan,
    *,
    vo: str = "",
    site: str = "",
    protocols: Collection[str] = (),
    fresh: bool = False,
    needed: bool = False,
) -> DownloadPlan:
    """Return a plan with replicas, where a Rucio is configured: at a site (a name or an expression
    of Rucio's), by some protocols, if these are given.

    ``fresh`` asks whatever is kept; ``needed``: without a Rucio this is an error.

    Raises:
        NotDoneHere: no Rucio is configured that tells of sites.
        ServiceRefused: it does not let us in, or has no such site.
        ServiceNotUsable: it does not answer, and nothing is kept.
    """
    from dafab_kg.federation.rucio.connection import configured, connect, vo_of
    from dafab_kg.federation.rucio.replicas import Kept, Replicas
    from dafab_kg.federation.rucio.sites import is_name, named_sites
    from dafab_kg.python.located import choose, locate, pairs_of

    sites: Collection[str] | None = None
    config = configured(settings)
    if config:
        spoken = vo_of(settings, vo)
        scopes = Scopes(settings.did_scope, settings.did_scopes)
        with Replicas(
            # what is kept serves at once where it does not answer
            lambda: connect(settings, vo, sleep=None),
            Kept(settings.store, f"{Path(config).resolve()} {spoken}"),
            most_age=settings.rucio_replica_age,
        ) as replicas:
            resolved = replicas.of(pairs_of(plan, scopes, spoken), fresh=fresh)
        plan = replace(
            locate(plan, resolved, scopes, spoken), as_of=resolved.as_of, old=resolved.old
        )
        if site:
            there = {copy.rse for file in resolved.files.values() for copy in file.copies}
            if is_name(site) and (site in there or resolved.old):
                sites = {site}
            else:
                sites = named_sites(connect(settings, vo), site)
    elif site or needed:
        raise NotDoneHere("Only a Rucio tells of sites, and none is configured. Set rucio_config")
    return choose(plan, sites=sites, protocols=protocols) if site or protocols else plan
