"""A catalogue in a directory, and clients of each scope."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from dafab_kg.access.tokens import SCOPES, Tokens
from dafab_kg.catalogue import Catalogue, open_catalogue
from dafab_kg.model.settings import Settings
from dafab_kg.web import create_app


class Clients:
    """The application over a catalogue; ``ask`` as somebody with scopes."""

    place: Path

    def __init__(self, catalogue: Catalogue) -> None:
        self.catalogue = catalogue
        self.app = create_app(catalogue)
        tokens = Tokens(catalogue.settings.store, "")
        for kept in tokens.all():  # of an earlier time that the catalogue was opened
            tokens.revoke(kept.token_id)
        self.tokens = {scope: tokens.create(f"the-{scope}", [scope])[1] for scope in SCOPES}

    def ask(self, who: str, path: str, method: str = "GET", **options: Any) -> Any:
        headers = dict(options.pop("headers", {}))
        if who:
            headers["Authorization"] = f"Bearer {self.tokens[who]}"
        return self.app.test_client().open(path, method=method, headers=headers, **options)

    def update(self, text: str, who: str = "write", **options: Any) -> Any:
        return self.ask(
            who, "/sparql", "POST", data=text.encode(),
            content_type="application/sparql-update", **options,
        )  # fmt: skip

    def select(self, query: str, who: str = "", **options: Any) -> list[dict[str, str]]:
        response = self.ask(who, "/sparql", query_string={"query": query, **options})
        assert response.status_code == 200, response.text
        return [
            {name: cell["value"] for name, cell in row.items()}
            for row in response.json["results"]["bindings"]
        ]

    def count(self, query: str = "SELECT * { ?s ?p ?o }", who: str = "") -> int:
        return len(self.select(query, who))


@contextmanager
def clients(place: Path, **settings: Any) -> Iterator[Clients]:
    chosen = Settings(store=place / "store", **settings)
    with open_catalogue(settings=chosen) as catalogue:
        yield Clients(catalogue)


@contextmanager
def few(place: Path) -> Iterator[Clients]:
    """Clients of three triples in two graphs, to which anything may be sent."""
    with clients(place, reasoning=False, query_rows=2000) as made:
        made.place = place
        made.update("INSERT DATA { <a:a> <a:b> 1, 'x' . GRAPH <a:g> { <a:a> <a:b> <a:c> } }")
        yield made
