"""Harvesting a scope of a Rucio: its data identifiers take the way of every document.

Imported only when something is harvested, since it brings Rucio's client.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from dafab_kg.catalogue.harvesting import FOLDER
from dafab_kg.federation.rucio.connection import connect
from dafab_kg.federation.rucio.harvest import KIND, Harvest, ScopeReport, Work
from dafab_kg.ingest.commit import Committer
from dafab_kg.ingest.flow import Options, ingest_documents
from dafab_kg.ingest.report import LoadReport, Outcome, Progress
from dafab_kg.loaders.rucio.form import key_for
from dafab_kg.model.names import decode
from dafab_kg.model.settings import Settings
from dafab_kg.validation import Validator


def harvest_scope_into(
    committer: Committer,
    settings: Settings,
    directory: Path,
    validator: Validator | None,
    scope: str,
    progress: Callable[[Progress], None] | None = None,
    *,
    vo: str = "",
    plugin: str = "auto",
    only_new: bool = False,
    restart: bool = False,
) -> ScopeReport:
    """Harvest ``scope`` into the store in ``directory``; see :class:`~.rucio.harvest.Harvest`."""
    client = connect(settings, vo)
    start = key_for(str(client.vo), scope)
    here = {
        decode(entry.key.removeprefix(start)): entry.document_id
        for entry in committer.documents.all()
        if entry.kind == KIND and entry.key.startswith(start)
    }
    before: Counter[str] = Counter()

    def tell(page: Progress) -> None:
        if progress is not None:
            done = before.total() + page.done
            loaded = before["loaded"] + before["replaced"] + page.loaded
            same = before["unchanged"] + page.unchanged
            bad = before["rejected"] + page.rejected
            progress(Progress(done, None, loaded, same, bad, page.current))

    def load(found: list[Work], gone: list[str]) -> LoadReport:
        report = ingest_documents(
            found, committer, settings, validator=validator, options=Options(progress=tell)
        )
        if not report.interrupted:
            report = _without(committer, report, [here[name] for name in gone])
        before.update(report.counts)
        return report

    harvest = Harvest(
        client, scope, directory / FOLDER, load, here, settings.max_file_bytes, plugin
    )
    return harvest.run(only_new=only_new, restart=restart)


def _without(committer: Committer, report: LoadReport, ids: list[str]) -> LoadReport:
    """Delete documents of what has gone."""
    gone = [entry for entry in map(committer.documents.get, ids) if entry is not None]
    if not gone:
        return report
    committer.commit((), (), gone)
    removed = (Outcome(one.document_id, one.kind, one.origin, "removed") for one in gone)
    return replace(report, outcomes=(*report.outcomes, *removed))
