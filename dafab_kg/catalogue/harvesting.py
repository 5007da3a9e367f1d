"""Harvesting: what a STAC API answers takes the way of every document.

Imported only when something is harvested, since it brings an HTTP client.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

from dafab_kg.federation.harvest import HarvestReport, Work, harvest
from dafab_kg.ingest.commit import Committer
from dafab_kg.ingest.flow import Options, ingest_documents
from dafab_kg.ingest.report import LoadReport, Progress
from dafab_kg.model.settings import Settings
from dafab_kg.validation import Validator

FOLDER = "harvests"
"""Folder in a store's directory that holds how far harvests have come."""


def harvest_into(
    committer: Committer,
    settings: Settings,
    directory: Path,
    validator: Validator | None,
    url: str,
    progress: Callable[[Progress], None] | None = None,
    **wanted: Any,
) -> HarvestReport:
    """Harvest ``url`` into the store in ``directory``; see :func:`~.federation.harvest.harvest`."""
    before: Counter[str] = Counter()

    def tell(page: Progress) -> None:
        if progress is not None:
            progress(
                Progress(
                    done=before.total() + page.done,
                    total=None,
                    loaded=before["loaded"] + before["replaced"] + page.loaded,
                    unchanged=before["unchanged"] + page.unchanged,
                    rejected=before["rejected"] + page.rejected,
                    current=page.current,
                )
            )

    def load(found: list[Work]) -> LoadReport:
        report = ingest_documents(
            found, committer, settings, validator=validator, options=Options(progress=tell)
        )
        before.update(report.counts)
        return report

    return harvest(url, directory / FOLDER, load, settings, **wanted)
