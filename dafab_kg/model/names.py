"""Names: the only place where IRIs are made.

Two rules hold everywhere:

* A term of the ontology is ``NS + local name``; the namespace never changes.
* The IRI of a thing is ``base + template``, where each value that fills the
  template is percent-encoded first (RFC 3986 section 2.1: everything but the
  unreserved characters), so no value, however hostile, can leave its segment.

The table ``TEMPLATES`` lists every kind of thing that has an IRI.  Mappings
(``mappings/*.yml``) write the same templates as ``id:product/$(product_id)``;
a test compares them with this table.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from ipaddress import AddressValueError, IPv6Address
from typing import Final
from urllib.parse import quote, unquote

from dafab_kg.model.errors import NameNotValid

NS: Final = "https://w3id.org/dafab/ns#"
"""Namespace of all terms of the ontology (classes, properties, concepts)."""

ONTOLOGY: Final = "https://w3id.org/dafab/ont/"
"""Base of the ontology modules' own IRIs (``…/ont/core`` and so on)."""

DEFAULT_BASE: Final = "https://w3id.org/dafab/id/"
"""Base of data IRIs unless the settings say otherwise."""

PREFIXES: Final[dict[str, str]] = {
    "dafab": NS,
    "id": DEFAULT_BASE,
    "rdf": "http://www.w3.org/1999/02/22-rdf-syntax-ns#",
    "rdfs": "http://www.w3.org/2000/01/rdf-schema#",
    "xsd": "http://www.w3.org/2001/XMLSchema#",
    "owl": "http://www.w3.org/2002/07/owl#",
    "skos": "http://www.w3.org/2004/02/skos/core#",
    "dcterms": "http://purl.org/dc/terms/",
    "dcat": "http://www.w3.org/ns/dcat#",
    "prov": "http://www.w3.org/ns/prov#",
    "sosa": "http://www.w3.org/ns/sosa/",
    "geo": "http://www.opengis.net/ont/geosparql#",
    "geof": "http://www.opengis.net/def/function/geosparql/",
    "sf": "http://www.opengis.net/ont/sf#",
    "adms": "http://www.w3.org/ns/adms#",
    "uom": "http://www.opengis.net/def/uom/OGC/1.0/",
    "unit": "http://qudt.org/vocab/unit/",
    "qudt": "http://qudt.org/schema/qudt/",
}
"""Prefixes that queries, mappings, pages and serialisations share."""

TEMPLATES: Final[dict[str, str]] = {
    # things of the world
    "platform": "platform/{platform}",
    "instrument": "instrument/{platform}/{instrument}",
    "tile": "tile/{mgrs_tile}",
    "datatake": "datatake/{datatake_id}",
    "acquisition": "acquisition/{acquisition_id}",
    # products and what hangs on them
    "product": "product/{product_id}",
    "geometry": "product/{product_id}/geometry",
    "granule": "product/{product_id}/granule/{granule_id}",
    "band": "product/{product_id}/band/{band}",
    "sar_image": "product/{product_id}/image/{image_name}",
    "quality_check": "product/{product_id}/quality/{check}",
    "dasi_key": "product/{product_id}/dasi",
    "processing_step": "product/{product_id}/processing/{step}",
    "asset": "product/{product_id}/asset/{asset_key}",
    "checksum": "product/{product_id}/asset/{asset_key}/checksum/{algorithm}",
    "property": "document/{document_id}/property/{pointer}",
    "link": "document/{document_id}/link/{link}",
    "anomaly": "product/{product_id}/anomaly",
    "mask_agreement": "product/{product_id}/agreement/{comparison}",
    "water_objects": "product/{product_id}/objects/{anomaly_sign}",
    # events
    "event": "event/{event_id}",
    "event_report": "report/{source}/{report_id}",
    "report_geometry": "report/{source}/{report_id}/geometry",
    "event_identifier": "event-identifier/{scheme}/{value}",
    "event_match": "match/{match_id}",
    "event_decision": "decision/{decision_id}",
    "event_impact": "report/{source}/{report_id}/impact/{impact}",
    "track_point": "report/{source}/{report_id}/point/{time}",
    "wind_radii": "report/{source}/{report_id}/point/{time}/radii/{threshold}",
    # parcels
    "parcel_set": "parcels/{dataset}",
    "parcel": "parcel/{dataset}/{parcel_id}",
    "parcel_boundary": "parcel/{dataset}/{parcel_id}/boundary/{season}",
    "boundary_geometry": "parcel/{dataset}/{parcel_id}/boundary/{season}/geometry",
    # places and outside knowledge
    "place": "place/{place_dataset}/{place_id}",
    "place_geometry": "place/{place_dataset}/{place_id}/geometry",
    "place_share": "place/{place_dataset}/{place_id}/share/{owner}",
    "publication": "publication/{doi}",
    # files as files, and what was drawn into them
    "raster": "raster/{digest}",
    "raster_geometry": "raster/{digest}/geometry",
    "raster_band": "raster/{digest}/band/{raster_band}",
    "water_extent": "product/{product_id}/water-extent/{observed_digest}",
    "anomaly_area": "product/{product_id}/objects/{anomaly_sign}/{area_id}",
    "anomaly_area_geometry": "product/{product_id}/objects/{anomaly_sign}/{area_id}/geometry",
    "detection_set": "detections/{set_id}",
    "detection": "detection/{set_id}/{detection_id}",
    "detection_geometry": "detection/{set_id}/{detection_id}/geometry",
    # how it came to be
    "inference_run": "run/{product_id}",
    "model": "model/{model}/{model_version}",
    "derivation": "derivation/{derivation_id}",
    "derivation_input": "derivation/{derivation_id}/input/{document_id}",
    "coverage": "product/{product_id}/coverage/{dataset}/{season}",
    # catalogues
    "item": "item/{provider}/{collection_id}/{item_id}",
    "entry": "entry/{provider}/{entry_id}",
    "collection": "collection/{provider}/{collection_id}",
    "catalog": "catalog/{provider}/{catalog_key}",
    # where the bytes are
    "did": "did/{vo}/{scope}/{name}",
    # provenance of the catalogue itself
    "document": "document/{document_id}",
    "graph": "graph/{document_id}",
    "load": "load/{load_id}",
    "derived_graph": "derived/{rule}/{key}",
    "load_graph": "graph-of-loads/{load_id}",
    "inferred_graph": "inferred",
    "merged_graph": "merged",
    "scratch_graph": "scratch",
    "claim": "claim/{claim_id}",
    # what users write graph by graph (SPARQL Update, Graph Store Protocol)
    "written_default": "default-graph",
    "written_node": "bnode/{node_id}",
}

# RFC 3987 section 2.2; the store's parser refuses anything else, and with it the whole batch.
_UCS = "\u00a0-\ud7ff\uf900-\ufdcf\ufdf0-\uffef" + "".join(
    f"{chr(plane + (0x1000 if plane == 0xE0000 else 0))}-{chr(plane + 0xFFFD)}"
    for plane in range(0x10000, 0xF0000, 0x10000)
)
_PRIVATE = "\ue000-\uf8ff\U000f0000-\U000ffffd\U00100000-\U0010fffd"
_CHARACTER = rf"[A-Za-z0-9\-._~!$&'()*+,;={_UCS}]|%[0-9A-Fa-f]{{2}}"
_IRI = re.compile(
    rf"[A-Za-z][A-Za-z0-9+.\-]*:"
    rf"(?://(?:(?:{_CHARACTER}|:)*@)?(?:\[(?P<ip>[0-9A-Fa-f:.]+)\]|(?:{_CHARACTER})*)(?::[0-9]*)?"
    rf"(?:/(?:{_CHARACTER}|[:@/])*)?"
    rf"|(?!//)(?:{_CHARACTER}|[:@/])*)"
    rf"(?:\?(?:{_CHARACTER}|[:@/?{_PRIVATE}])*)?"
    rf"(?:#(?:{_CHARACTER}|[:@/?])*)?"
)


def encode(value: object) -> str:
    """Percent-encode ``value`` so that it can stand as one part of an IRI.

    All but the unreserved characters of RFC 3986 are encoded as UTF-8.

    >>> encode("T31UFS/äb c")
    'T31UFS%2F%C3%A4b%20c'
    """
    text = str(value)
    try:
        encoded = quote(text, safe="")
    except UnicodeEncodeError as error:
        raise NameNotValid(f"{text!r} holds a lone surrogate and can name nothing") from error
    # "." and ".." alone would be resolved away as path segments
    return encoded.replace(".", "%2E") if encoded in {".", ".."} else encoded


def decode(value: str) -> str:
    """Undo :func:`encode`."""
    return unquote(value)


def is_iri(text: str) -> bool:
    """Tell whether ``text`` is an absolute IRI by the grammar of RFC 3987.

    >>> is_iri("https://a.example/x?y#z"), is_iri("https://a.example/[x]")
    (True, False)
    """
    match = _IRI.fullmatch(text)
    try:
        return match is not None and (match["ip"] is None or bool(IPv6Address(match["ip"])))
    except AddressValueError:
        return False


def term(local: str) -> str:
    """Return the IRI of an ontology term.

    >>> term("cloudCover")
    'https://w3id.org/dafab/ns#cloudCover'
    """
    return NS + local


@dataclass(frozen=True)
class Names:
    """IRIs of things, below one base.

    >>> Names().make("product", product_id="S2A_X")
    'https://w3id.org/dafab/id/product/S2A_X'
    """

    base: str = DEFAULT_BASE

    def __post_init__(self) -> None:
        if not is_iri(self.base) or not self.base.endswith(("/", "#")):
            raise NameNotValid(
                f"base {self.base!r} is not an absolute IRI ending in / or #; "
                "set DAFAB_BASE to one, for example https://example.org/id/"
            )

    def make(self, kind: str, **values: object) -> str:
        """Return the IRI of a thing of ``kind`` (a key of :data:`TEMPLATES`)."""
        return self.base + TEMPLATES[kind].format(**{k: encode(v) for k, v in values.items()})

    def within(self, iri: str, kind: str) -> bool:
        """Tell whether ``iri`` lies in the room that ``kind`` reserves for itself."""
        return iri.startswith(self.base + TEMPLATES[kind].split("{", 1)[0])

    @property
    def prefixes(self) -> dict[str, str]:
        """The shared prefixes with ``id:`` bound to this base."""
        return {**PREFIXES, "id": self.base}
