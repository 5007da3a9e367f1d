"""The order in which classes are shown."""

from __future__ import annotations

from dafab_kg.model.names import Names
from dafab_kg.web.classes import MOST_CLASSES, in_order


def test_main_classes_come_first_and_bookkeeping_last():
    prefixes = Names().prefixes
    own = prefixes["dafab"]
    classes = {own + "Property": 900, "http://e/Other": 500, own + "Tile": 3, own + "Mask": 7}
    names = [iri.rpartition("#")[2].rpartition("/")[2] for iri, _ in in_order(classes, prefixes)]
    assert names == ["Mask", "Tile", "Other", "Property"]


def test_the_landing_page_shows_some_and_counts_the_rest(client, app, monkeypatch):
    import dataclasses

    from dafab_kg.python.things import Counted
    from dafab_kg.web import create_app
    from tests.web.conftest import MemoryCatalogue

    catalogue = MemoryCatalogue()
    many = {f"http://e/C{n:02}": 100 - n for n in range(MOST_CLASSES + 4)}
    stats = dataclasses.replace(catalogue.stats(), classes=many)
    monkeypatch.setattr(catalogue, "recent_stats", lambda: Counted(stats, fresh=True))
    page = (
        create_app(catalogue).test_client().get("/holdings", headers={"Accept": "text/html"}).text
    )
    assert "C24" in page and "C25" not in page and "and 4 more" in page
