"""What a process that speaks HTTP reads before somebody waits for it."""

from __future__ import annotations

from pathlib import Path

import pytest

import dafab_kg
from dafab_kg.web import ontology_view
from dafab_kg.web.app import create_app
from dafab_kg.web.front import read_ahead

PAGES = ("/", "/ns", "/ns/Product", "/holdings", "/query", "/queries", "/about/tile/31UFS")


def test_after_reading_ahead_no_page_compiles_a_template(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def never(*arguments: object, **options: object) -> None:
        raise AssertionError(arguments)

    with dafab_kg.open(tmp_path / "store") as catalogue:
        app = create_app(catalogue)
        read_ahead(app)
        monkeypatch.setattr(app.jinja_env, "compile", never)
        monkeypatch.setattr(ontology_view, "ontology_triples", never)
        browser = app.test_client()
        for path in PAGES:
            answer = browser.get(path, headers={"Accept": "text/html"})
            assert answer.status_code in (200, 404), path
            assert b"</html>" in answer.data
