"""Which things lie in a place, as a document.

``dafab-kg enrich`` computes it, one document for each place (and for each 5,000
links), JSON of ``type`` ``dafab:PlaceLinks``.
"""

from __future__ import annotations

import re
from typing import Any, Final

from dafab_kg.model.documents import Part, Reading, SourceDocument
from dafab_kg.model.errors import DocumentRejected, FieldMissing, FieldNotValid
from dafab_kg.model.names import encode, is_iri
from dafab_kg.model.records import PlaceLink
from dafab_kg.model.strict_json import write_json
from dafab_kg.model.values import number

TYPE: Final = "dafab:PlaceLinks"
RULE: Final = "footprint-intersects/1"
"""The rule by which links are made, with its version."""

MOST: Final = 5_000
"""Links in one document."""

_AGAIN = "Make it again with `dafab-kg enrich`"
_FAMILY = "place-links"


def family_of(dataset: str, scope: str) -> str:
    """Return the family of the links of one boundary data set; ``scope`` says of what things."""
    return f"{_FAMILY} {encode(dataset)} {scope}"


def is_of_links(family: str, scope: str) -> bool:
    """Tell whether a family is links of ``scope`` to places of any data set."""
    return family.startswith(f"{_FAMILY} ") and family.endswith(f" {scope}")


def links_document(
    dataset: str, place_id: str, scope: str, chunk: int, links: list[dict[str, Any]]
) -> SourceDocument:
    """Write links (members ``about`` and, of areas, ``share``) as a document."""
    value = {
        "type": TYPE,
        "rule": RULE,
        "dataset": dataset,
        "place": place_id,
        "links": links,
    }
    key = f"links/{encode(dataset)}/{encode(place_id)}/{scope}/{chunk}"
    data = write_json(value).encode()
    return SourceDocument(
        "places",
        key,
        f"enrich:{key}",
        (Part("links.json", data),),
        value=value,
        family=family_of(dataset, scope),
    )


def read_links(value: dict[str, Any], where: str) -> Reading:
    """Read a document of links.

    Raises:
        DocumentRejected: a member is missing or not valid.
    """
    dataset, place = (_text(value, name, where) for name in ("dataset", "place"))
    links = value.get("links")
    if not isinstance(links, list) or not links:
        raise FieldMissing("links is missing or empty", where=where, remedy=_AGAIN)
    return Reading(
        tuple(_link(one, dataset, place, f"{where}: /links/{n}") for n, one in enumerate(links))
    )


def _link(link: Any, dataset: str, place: str, where: str) -> PlaceLink:
    about = link.get("about") if isinstance(link, dict) else None
    if not isinstance(about, str) or not is_iri(about):
        raise FieldNotValid("about is no IRI", where=where, remedy=_AGAIN)
    share = link.get("share")
    try:
        return PlaceLink(about, dataset, place, None if share is None else number(share))
    except DocumentRejected as error:
        raise error.at(where) from None


def _text(value: dict[str, Any], name: str, where: str) -> str:
    text = value.get(name)
    if not isinstance(text, str) or not re.search(r"\S", text):
        raise FieldMissing(f"{name} is missing or no text", where=where, remedy=_AGAIN)
    return text
