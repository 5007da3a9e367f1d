"""The search page: one box, a map, facets, results, and the query behind them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Final, cast
from urllib.parse import urlencode

from flask import current_app, redirect, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from dafab_kg.catalogue import Catalogue
from dafab_kg.mapping.nquads import literal
from dafab_kg.model.errors import NotServed, QueryNotValid
from dafab_kg.model.names import is_iri
from dafab_kg.search.counts import Facets
from dafab_kg.search.tree import Search
from dafab_kg.store.protocol import Literal, Solutions
from dafab_kg.web.addresses import page_of
from dafab_kg.web.html import page
from dafab_kg.web.problems import problem_of
from dafab_kg.web.search_addresses import addresses
from dafab_kg.web.search_form import KNOWN, PAGE, PAGING, SORTS, Form, read_form
from dafab_kg.web.search_hints import hints
from dafab_kg.web.search_languages import languages, stac_query
from dafab_kg.web.search_meant import offers
from dafab_kg.web.search_shown import (
    asked_area,
    bars,
    examples,
    facets_shown,
    features,
    results,
    without_script,
)
from dafab_kg.web.search_things import MOST_THINGS, told_apart
from dafab_kg.web.search_unknown import unknown
from dafab_kg.web.sparql import revision_of
from dafab_kg.web.stac_writes import root

LONGEST_TRAIL: Final = 3_000
"""Characters of an address that tell where the pages before begin; the last of them count."""


def search_page(catalogue: Catalogue) -> AnyResponse:
    """Answer a request for the search page."""
    form = Form()
    try:
        form = read_form(request.args)
        search, _ = form.search(), form.at
    except QueryNotValid as error:
        return _not_valid(form, error)
    meant = _meant(catalogue, form)
    return redirect(meant, 303) if meant else _found(catalogue, form, search)


_EMPTY: Final[dict[str, Any]] = {
    "sorts": SORTS, "examples": (), "results": (), "facets": (), "bars": (), "things": (),
}  # fmt: skip


def _not_valid(form: Form, error: QueryNotValid) -> AnyResponse:
    """Tell what is wrong; what is not seen in the form and not valid is not sent again."""
    sound = form.sound()
    return page(
        "home.html",
        status=400,
        problem=problem_of(error),
        form=form,
        kept=sound,
        chips=[one for one in form.parts() if one.name not in ("sort", *PAGING)],
        map=features((), asked_area(sound)),
        plain=without_script((), asked_area(sound)),
        **_EMPTY,
    )


def _found(catalogue: Catalogue, form: Form, search: Search) -> AnyResponse:
    # the facets count: exactly only where it is soon done
    found = catalogue.find_items(replace(search, count=False), root())
    told = results(found.items, found.products)
    counted = _facets(catalogue, search)
    every = counted
    if form.is_empty and counted.total is not None:
        counted = every = _most_told(catalogue, counted)
    elif counted.total is None or _is_first(form):
        every = _most_told(catalogue, _facets(catalogue, Search()))
    total, about = counted.total, counted.about
    if found.cursor is None and search.after is None:
        total, about = len(told), False
    asked = asked_area(form)
    meant, things = offers(catalogue, form, every) if _is_first(form) else ([], [])
    nothing = not told and search.after is None
    return page(
        "home.html",
        form=form,
        kept=form,
        chips=form.chosen,
        forms=[("application/geo+json", twin(form))],
        sorts=SORTS,
        examples=examples(counted) if form.is_empty else (),
        results=told,
        map=features(told, asked),
        plain=without_script(told, asked),
        total=total,
        about=about,
        products=counted.products if total == counted.total else None,
        whole=counted.whole,
        downloads=addresses(form, total),
        unknown=unknown(catalogue, form) if nothing else (),
        hints=hints(catalogue, form) if nothing else (),
        offers=meant,
        things=told_apart(things, plain=not meant)[:MOST_THINGS],
        facets=facets_shown(
            every if counted.total is None else counted, form, counted=counted.total is not None
        ),
        bars=bars(counted, form),
        languages=languages(form, request.url_root.rstrip("/")),
        problem=None,
        **pages_around(form, found.cursor, len(told)),
    )


def twin(form: Form) -> str:
    """Return the address of what the page shows as STAC."""
    return f"{url_for('stac.search')}?{urlencode({**stac_query(form), 'limit': PAGE})}"


def asks_something() -> bool:
    """Tell whether a request for the page holds a search."""
    return any(name in request.args for name in KNOWN if name != "format")


def _is_first(form: Form) -> bool:
    return bool(form.words) and not form.one.get("token")


def pages_around(form: Form, cursor: str | None, number: int) -> dict[str, Any]:
    """Return the pages before and after: an address tells where those before it begin."""
    token = form.one.get("token", "")
    trail = [one for one in form.one.get("trail", "").split(".") if one]
    before = ""
    if token and trail:
        at = str(max(form.at - PAGE, 1))
        before = form.written(token=trail[-1], trail=".".join(trail[:-1]), at=at)
    elif token and form.at <= PAGE + 1:
        before = form.written() or "sort=newest"
    following = [*trail, *([token] if token else [])]
    while len(".".join(following)) > LONGEST_TRAIL:
        del following[0]
    after = cursor and form.written(
        token=cursor, trail=".".join(following), at=str(form.at + number)
    )
    return {
        "first": form.at,
        "beginning": f"?{form.written()}" if token else "",
        "previous": f"?{before}" if before else "",
        "following": f"?{after}" if after else "",
    }


def _facets(catalogue: Catalogue, search: Search) -> Facets:
    """Return the facets; none where they cannot be counted in time."""
    try:
        return catalogue.facets(replace(search, after=None))
    except (NotServed, QueryNotValid):
        return Facets(None, {}, {})


def _most_told(catalogue: Catalogue, found: Facets) -> Facets:
    """Return the facets of all items as far as any worker has counted them in this state."""
    revision = revision_of(catalogue)
    kept: dict[str, Facets] = current_app.extensions.setdefault("dafab-facets", {})
    known = kept.get(revision)
    if known is not None and len(known.counts) >= len(found.counts):
        return known
    if revision:
        kept.clear()
        kept[revision] = found
    return found


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
        found = catalogue.find_items(Search(ids=(name,), limit=2), root())
        if found.items and len(set(found.products)) == 1:  # entries of one product
            return results(found.items, found.products)[0].address
    place = _place(catalogue, words)
    if place:
        return f"{url_for('pages.home')}?{_with(form, words, place)}"
    return ""


def _with(form: Form, words: str, place: str) -> str:
    left = Form({n: v for n, v in form.one.items() if n not in ("q", *PAGING)}, form.several)
    return left.having("place", place)


_PLACE: Final = """PREFIX dafab: <https://w3id.org/dafab/ns#>
SELECT ?name { ?place dafab:toponym ?name . FILTER(LCASE(STR(?name)) = "%s") } LIMIT 1"""


def _place(catalogue: Catalogue, words: str) -> str:
    """Return the name of a place as the catalogue writes it; "" if there is none."""
    found = cast(Solutions, catalogue.query(_PLACE % literal(words.casefold())))
    return next((row[0].value for row in found if isinstance(row[0], Literal)), "")
