"""The search page: one box, a map, facets, results, and the query behind them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Final, cast
from urllib.parse import urlencode

from flask import redirect, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from dafab_kg.catalogue import Catalogue
from dafab_kg.mapping.nquads import literal
from dafab_kg.model.errors import DafabError, NotServed, QueryNotValid
from dafab_kg.model.names import is_iri
from dafab_kg.search.counts import Facets
from dafab_kg.search.tree import Search
from dafab_kg.store.protocol import Literal, Solutions
from dafab_kg.web.addresses import page_of
from dafab_kg.web.html import page
from dafab_kg.web.problems import problem_of
from dafab_kg.web.search_addresses import addresses
from dafab_kg.web.search_form import KNOWN, SORTS, Form, read_form
from dafab_kg.web.search_hints import hints
from dafab_kg.web.search_shown import (
    bars,
    examples,
    facets_shown,
    features,
    languages,
    results,
    stac_query,
    without_script,
)
from dafab_kg.web.stac_writes import root

MOST_THINGS: Final = 8


def search_page(catalogue: Catalogue) -> AnyResponse:
    """Answer a request for the search page."""
    form = Form()
    try:
        form = read_form(request.args)
        meant = _meant(catalogue, form)
        search = form.search()
    except QueryNotValid as error:
        return page("home.html", status=400, problem=problem_of(error), form=form, **_EMPTY)
    return redirect(meant, 303) if meant else _found(catalogue, form, search)


_EMPTY: Final[dict[str, Any]] = {
    "sorts": SORTS, "examples": (), "results": (), "facets": (), "bars": (), "things": (),
}  # fmt: skip


def _found(catalogue: Catalogue, form: Form, search: Search) -> AnyResponse:
    # the facets count: exactly only where it is soon done
    found = catalogue.find_items(replace(search, count=False), root())
    told = results(found.items)
    counted = _facets(catalogue, search)
    every = counted if counted.total is not None else _facets(catalogue, Search())
    following = "" if found.cursor is None else "?" + form.written(token=found.cursor)
    total, about = counted.total, counted.about
    if found.cursor is None and search.after is None:
        total, about = len(told), False
    here = request.url_root.rstrip("/")
    return page(
        "home.html",
        form=form,
        forms=[("application/geo+json", twin(form))],
        sorts=SORTS,
        examples=examples(counted) if form.is_empty else (),
        results=told,
        map=features(told),
        plain=without_script(told),
        total=total,
        about=about,
        whole=counted.whole,
        downloads=addresses(form, total),
        hints=() if told or search.after else hints(catalogue, form),
        following=following,
        facets=facets_shown(every, form, counted=every is counted),
        bars=bars(counted, form),
        languages=languages(form, here),
        things=_things(catalogue, form),
        problem=None,
    )


def twin(form: Form) -> str:
    """Return the address of what the page shows as STAC."""
    return f"{url_for('stac.search')}?{urlencode({**stac_query(form), 'limit': 20})}"


def asks_something() -> bool:
    """Tell whether a request for the page holds a search."""
    return any(name in request.args for name in KNOWN if name != "format")


def _facets(catalogue: Catalogue, search: Search) -> Facets:
    """Return the facets; none where they cannot be counted in time."""
    try:
        return catalogue.facets(replace(search, after=None))
    except (NotServed, QueryNotValid):
        return Facets(None, {}, {})


def _things(catalogue: Catalogue, form: Form) -> list[tuple[str, str]]:
    """Return other things that the words name: places, tiles, events, ..."""
    if not form.words or form.one.get("token"):
        return []
    try:
        return list(catalogue.find_things(form.words, limit=MOST_THINGS))
    except DafabError:
        return []


def _meant(catalogue: Catalogue, form: Form) -> str:
    """Return the address that the box means where it names one thing, or a place; "" else."""
    words = form.words
    if not words:
        return ""
    if ":" in words and is_iri(words) and "://" in words:
        return page_of(words)
    alone = form.lacking("q", words) in ("", "sort=newest")
    if alone and " " not in words:
        name = words.split(":", 1)[1] if ":" in words else words
        one = catalogue.find_items(Search(ids=(name,), limit=2), root()).items
        if len(one) == 1:
            return results(one)[0].address
    place = _place(catalogue, words)
    if place:
        return f"{url_for('pages.home')}?{_with(form, words, place)}"
    return ""


def _with(form: Form, words: str, place: str) -> str:
    left = Form({n: v for n, v in form.one.items() if n not in ("q", "token")}, form.several)
    return left.having("place", place)


_PLACE: Final = """PREFIX dafab: <https://w3id.org/dafab/ns#>
SELECT ?name { ?place dafab:toponym ?name . FILTER(LCASE(STR(?name)) = "%s") } LIMIT 1"""


def _place(catalogue: Catalogue, words: str) -> str:
    """Return the name of a place as the catalogue writes it; "" if there is none."""
    found = cast(Solutions, catalogue.query(_PLACE % literal(words.casefold())))
    return next((row[0].value for row in found if isinstance(row[0], Literal)), "")
