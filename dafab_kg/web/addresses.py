"""Where this server has a page of a thing, by its IRI."""

from __future__ import annotations

from typing import Any

from flask import current_app, url_for

from dafab_kg.model.names import NS, ONTOLOGY, is_iri
from dafab_kg.vocabulary.order import KNOWN_PREFIXES

HCAT = KNOWN_PREFIXES["hcat"]
SHAPES = KNOWN_PREFIXES["dsh"]


def page_of(iri: str) -> str:
    """Return the address of the page of anything that has an IRI; "" if it is none.

    Terms of the ontology have theirs below ``/ns`` and ``/ont``, things below the base
    ``/about/…`` as they are named there, all others ``/about?iri=…``.
    """
    found = term_page(iri)
    if found:
        return found
    if not is_iri(iri):
        return ""
    return about_of(iri)


def about_of(iri: str, **more: Any) -> str:
    """Return the address of what the catalogue knows of an IRI; ``more`` are parameters."""
    base = str(current_app.config["DAFAB_BASE"])
    local = iri.removeprefix(base)
    # what is encoded there would be decoded on its way here, and a dot segment taken away
    plain = not set(local) & set("%?#\\") and not {"", ".", ".."} & set(local.split("/"))
    if iri.startswith(base) and plain:
        return url_for("about.thing", local=local, **more)
    return url_for("about.root", iri=iri, **more)


def term_page(iri: str) -> str:
    """Return where this server describes a term of the ontology; "" if it is none."""
    if iri.startswith(NS):
        return url_for("terms.term", local=iri[len(NS) :])
    if iri.startswith(HCAT):
        return url_for("terms.crop_page", local=iri[len(HCAT) :])
    if iri.startswith(ONTOLOGY):
        return url_for("terms.module", module=iri[len(ONTOLOGY) :].split("/")[0])
    if iri.startswith(SHAPES):
        return url_for("terms.shapes", _anchor=iri[len(SHAPES) :])
    return ""
