"""Things: a page and machine twins for every IRI, and how each fact is known.

``https://w3id.org/dafab/id/…`` leads here to ``/id/…``, which names a thing and so answers
with 303 and where it is described: ``/about/…``, or ``/about?iri=…`` for what is not below
the base or cannot stand in a path.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import asdict
from typing import Any, Final
from urllib.parse import unquote

import orjson
from flask import Blueprint, Response, redirect, request
from flask.sansio.blueprints import BlueprintSetupState
from werkzeug.wrappers import Response as AnyResponse

from dafab_kg.catalogue import Catalogue
from dafab_kg.catalogue.picturing import Near
from dafab_kg.catalogue.viewing import PAGE as PAGE_LENGTH
from dafab_kg.catalogue.viewing import View
from dafab_kg.model.errors import ThingNotFound
from dafab_kg.model.names import is_iri, term
from dafab_kg.python.things import as_json
from dafab_kg.reasoning.explain import plain_triple
from dafab_kg.web.addresses import about_of, term_page
from dafab_kg.web.described import GRAPH_TYPES, JSON, PAGE, Operation, Parameter, described
from dafab_kg.web.glossary import Word
from dafab_kg.web.html import page
from dafab_kg.web.ontology_view import Ontology
from dafab_kg.web.plots import Line, line_of, plot_of, span_of
from dafab_kg.web.problems import Problem
from dafab_kg.web.thing import OPEN, groups_of, map_of, name_of, row_of, shown_of
from dafab_kg.web.thing_forms import (
    GEOJSON,
    OFFERED,
    answer,
    split_suffix,
    suffix_of,
    wanted,
    written,
)

_TYPES: Final = (*GRAPH_TYPES, JSON, GEOJSON.media_type, PAGE)
_FORMAT: Final = Parameter(
    "format",
    "Overrides the header Accept.",
    {"type": "string", "enum": ["html", *(one.name for one in OFFERED)]},
)
_ONE: Final = (
    _FORMAT,
    Parameter("of", "IRI of a property: all its values, page by page."),
    Parameter("way", "in: what points to the thing by it.", {"type": "string", "enum": ["in"]}),
    Parameter("page", "Which page of these.", {"type": "integer", "minimum": 1}),
)
_IRI: Final = Parameter("iri", "The thing's IRI.")
_FACT: Final = (
    _IRI,
    Parameter("property", "IRI of the property."),
    Parameter("value", "The name of the value, as links on the thing's page have it."),
    Parameter("format", "Overrides the header Accept.", {"enum": ["html", "json"]}),
)
MOST_CHARACTERS: Final = 4_096
READ_AHEAD: Final = "dafab_read_ahead"
"""Extension of an application: what may be read before somebody waits for it."""


def about_face(catalogue: Catalogue) -> Blueprint:
    """Return ``/about``, ``/id`` and ``/why``."""
    face = Blueprint("about", __name__)
    ontology = Ontology()

    @face.record
    def note(state: BlueprintSetupState) -> None:
        state.app.extensions.setdefault(READ_AHEAD, []).append(lambda: ontology.words)

    prefixes = catalogue.names.prefixes
    base = catalogue.names.base

    @face.get("/about")
    @described(GET=Operation("A thing", {200: _TYPES}, (404, 406), (_IRI, *_ONE)))
    def root() -> AnyResponse:
        return _about(_iri(), "")

    @face.get("/about/<path:local>")
    @described(GET=Operation("A thing", {200: _TYPES}, (404, 406), _ONE))
    def thing(local: str) -> AnyResponse:
        stem, suffix = split_suffix(local)
        # a name may end like a twin's: what is there as it stands comes first
        if suffix and not _is_known(base + local):
            return _about(base + stem, suffix)
        return _about(base + local, "")

    @face.get("/id/<path:local>")
    @described(GET=Operation("Where a thing is described", {303: (PAGE,)}))
    def named(local: str) -> AnyResponse:
        iri = base + _as_sent("/id/", local)
        asked = request.accept_mimetypes
        chosen = None if not asked or asked.best == "*/*" else wanted()
        address = about_of(iri)
        if chosen is not None and "?" in address:
            address = about_of(iri, format=chosen[0].name)
        elif chosen is not None:
            address += suffix_of(chosen[0])
        response = redirect(address, 303)
        response.vary.add("Accept")
        return response

    @face.get("/why")
    @described(GET=Operation("How a fact is known", {200: (PAGE, JSON)}, (404,), _FACT))
    def why() -> AnyResponse:
        return _why(_iri(), _text("property"), _text("value"))

    def _is_known(iri: str) -> bool:
        return is_iri(iri) and _view(iri) is not None

    def _view(iri: str) -> tuple[View, bool] | None:
        """Return a view, and whether the catalogue has it; None if nothing names the IRI."""
        try:
            return catalogue.view(iri), True
        except ThingNotFound:
            found = ontology.view(iri)
            return None if found is None else (found, False)

    def _property_page(iri: str) -> str:
        """Return where a property is told of: here, or else where its vocabulary is."""
        found = term_page(iri)
        if found:
            return found
        return about_of(iri) if ontology.view(iri) is not None else _outside(iri, base)

    def _about(iri: str, suffix: str) -> AnyResponse:
        chosen = wanted(suffix)
        found = _view(iri) if is_iri(iri) else None
        if found is None:
            if chosen is not None:
                raise ThingNotFound(f"Nothing is known here of {iri[:200]!r}. /things finds things")
            return _unknown(iri)
        view, known = found
        links = [(one.media_type, about_of(iri, format=one.name)) for one in OFFERED]
        if chosen is not None:
            body = written(view, chosen[0], catalogue, known)
            return answer(body, *chosen, [*links, ("text/html", about_of(iri, format="html"))])
        if "of" in request.args and known:
            return _values(view)
        return _thing(view, known, links)

    def _thing(view: View, known: bool, links: list[tuple[str, str]]) -> Response:
        words = ontology.words
        drawn = catalogue.pictures(view.iri) if known else None
        own = {view.iri, view.value(term("derivedFrom"))}
        own |= {one.value for one in view.values(term("hasDerivative"))}
        plots = []
        series = drawn.series if drawn else {}
        span = span_of(series.values())
        for figure, points in series.items():
            plot = plot_of(points, frozenset(own), span)
            word = words.get(figure)
            if plot is not None and word is not None:
                plots.append((figure, word, plot))
        return page(
            "thing.html",
            forms=links,
            view=view,
            known=known,
            groups=groups_of(view, words, prefixes),
            incoming=[row_of(one, view, words, prefixes) for one in view.incoming],
            types=[(one, name_of(one, {}, words, prefixes)) for one in view.types],
            map=None if drawn is None else map_of(view, drawn),
            drawn=drawn,
            plots=plots,
            phases=_phases(view, drawn.near if drawn else ()),
            line=_line(view, drawn.near if drawn else ()),
            versions=_versions(view),
            files=_files(view),
            own=own,
            open_values=OPEN,
            term_address=term_page(view.iri),
            outside=_outside(view.iri, base),
            about_of=about_of,
            property_page=_property_page,
            name_of=lambda iri: name_of(iri, _labels(view, drawn), words, prefixes),
        )

    def _values(view: View) -> Response:
        property_ = _text("of")
        incoming = request.args.get("way") == "in"
        number = _number(request.args.get("page", "1"))
        if not is_iri(property_):
            raise ThingNotFound(f"{property_[:200]!r} is no property: it is no IRI")
        found, labels = catalogue.values_page(view.iri, property_, number, incoming=incoming)
        if not found.terms:
            raise ThingNotFound(f"There are no such values on page {number}")
        told = View(view.iri, view.label, view.types, (), (), view.nested, labels)
        ways: dict[str, Any] = {"way": "in"} if incoming else {}

        def at(which: int) -> str:
            return about_of(view.iri, of=property_, page=which, **ways)

        return page(
            "values.html",
            view=view,
            row=row_of(found, told, ontology.words, prefixes),
            incoming=incoming,
            first=(number - 1) * PAGE_LENGTH + 1,
            previous=at(number - 1) if number > 1 else "",
            following=at(number + 1) if found.more else "",
            about_of=about_of,
            property_page=_property_page,
        )

    def _why(iri: str, property_: str, digest: str) -> AnyResponse:
        if not is_iri(property_) or not re.fullmatch("[0-9a-f]{20}", digest):
            raise ThingNotFound("There is no such fact")
        found = catalogue.evidence(iri, property_, digest)
        if request.args.get("format") == "json" or (
            "format" not in request.args
            and request.accept_mimetypes.best_match([PAGE, JSON]) == JSON
        ):
            told = {
                "iri": iri,
                "property": property_,
                "value": as_json(found.value),  # type: ignore[arg-type]  # a term is written too
                "proof": as_json(found.proof),
                "documents": [as_json(one) for one in found.documents],  # type: ignore[arg-type]
                "graphs": found.graphs,
                "claims": [as_json(one) for one in found.claims],  # type: ignore[arg-type]
                "made": [as_json(one) for one in found.made],  # type: ignore[arg-type]
                "computed": [as_json(one) for one in found.computed],  # type: ignore[arg-type]
                "located": {key: asdict(one) for key, one in found.located.items()},
                "mappings": found.mappings,
            }
            response = Response(orjson.dumps(told), content_type=JSON)
            response.vary.add("Accept")
            return response
        words = ontology.words
        address = f"{request.path}?{request.query_string.decode('ascii', 'replace')}&format=json"
        return page(
            "why.html",
            forms=[(JSON, address)],
            found=found,
            property_name=name_of(property_, {}, words, prefixes),
            word=words.get(property_),
            value=shown_of(found.value, found.labels, words, prefixes),
            claims=[(one, shown_of(one.value, {}, words, prefixes).text) for one in found.claims],
            by_graph={one.graph: one for one in found.documents},
            by_fact={(one.triple, one.graph): one for one in found.computed},
            all_computed={one.graph for one in found.computed} >= set(found.proof.graphs),
            written_by=bool(found.computed)
            and all(one.by != "policy" for one in found.computed)
            and {one.graph for one in found.computed} >= set(found.proof.graphs),
            shown=lambda value: shown_of(value, found.labels, words, prefixes),
            unit_of=lambda iri: words.get(iri, Word()).unit,
            in_words=plain_triple,
            rule_of=lambda graph: _rule(graph, base),
            about_of=about_of,
            name_of=lambda one: name_of(one, found.labels, words, prefixes),
        )

    def _unknown(iri: str) -> Response:
        near: tuple[tuple[str, str], ...] = ()
        named_ = unquote(iri.rstrip("/#").rsplit("/", 1)[-1])
        # all words must fit, so of a long name the first few are tried
        parts = re.findall(r"\w+", named_.replace("_", " "))[:8]
        for length in dict.fromkeys((len(parts), 3, 1)):
            words = " ".join(parts[:length])
            near = catalogue.find_things(words, limit=8) if words else ()
            if near:
                break
        return page("unknown.html", status=404, iri=iri, near=near, outside=_outside(iri, base))

    return face


def _labels(view: View, drawn: Any) -> dict[str, str]:
    return {**(drawn.labels if drawn else {}), **view.labels}


def _phases(view: View, near: Iterable[Near]) -> list[tuple[str, list[Near]]]:
    """Return the products near an event: before it, the latest first; during; and after it."""
    start = view.value(term("start"))
    end = view.value(term("end")) or start
    phases: dict[str, list[Near]] = {"before": [], "during": [], "after": []}
    for one in near:
        when = "before" if one.time < start else "during" if one.time <= end else "after"
        phases[when].append(one)
    phases["before"].reverse()
    return list(phases.items())


def _line(view: View, near: tuple[Near, ...]) -> Line | None:
    normal = ("", term("normal"))
    noted = frozenset(one.iri for one in near if one.anomaly not in normal)
    return line_of(near, view.value(term("start")), view.value(term("end")), noted)


def _versions(view: View) -> dict[str, tuple[str, ...]]:
    """Return what a thing supersedes, and what supersedes it."""
    return {
        name: tuple(one.value for one in view.values(term(name)))
        for name in ("supersedes", "supersededBy")
    }


def _files(view: View) -> dict[str, Any]:
    """Return where a product's bytes are told: its identifier, and its data identifiers."""
    return {
        "id": view.value(term("productId")),
        "dids": [one.value for one in view.values(term("hasDataIdentifier"))],
    }


def _outside(iri: str, base: str) -> str:
    """Return the address of a thing elsewhere; "" if its IRI is none of another place."""
    elsewhere = iri.lower().startswith(("https://", "http://")) and not iri.startswith(base)
    return iri if elsewhere and is_iri(iri) else ""


def _rule(graph: str, base: str) -> str:
    """Return the rule that made a derived graph; "" if it is none."""
    start = f"{base}derived/"
    return unquote(graph.removeprefix(start).split("/")[0]) if graph.startswith(start) else ""


def _as_sent(start: str, decoded: str) -> str:
    """Return the rest of the path as the client sent it: names hold encoded characters."""
    sent = request.environ.get("RAW_URI") or request.environ.get("REQUEST_URI") or ""
    path = str(sent).split("?")[0].split("#")[0]
    at = path.find(request.script_root + start)
    rest = path[at + len(request.script_root + start) :] if at >= 0 else ""
    return rest if "%" in rest and is_iri("x:" + rest) else decoded


def _iri() -> str:
    return _text("iri")


def _text(name: str) -> str:
    given = request.args.getlist(name)
    if len(given) != 1 or not given[0].strip() or len(given[0]) > MOST_CHARACTERS:
        raise Problem(
            400,
            "A parameter is not valid",
            f"It is not there once, with at most {MOST_CHARACTERS} characters.",
            where=f"parameter {name}",
            remedy=f"Send {name} once.",
        )
    return given[0]


def _number(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() and 0 < len(text) < 6 else 1
