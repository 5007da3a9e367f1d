"""The columns that are imported, and what they mean: a positive list.

Parcels come with the columns of the office that made them, and names or numbers of
farmers may be among them.  Only the columns named here are read; the names of the
others are told in the parcel set.  Column names are compared without regard to case.

A :class:`Layout` is the table of one publisher, told by columns that it alone has
together.  Each of its area columns has a unit that the publisher documents.  What no
layout claims is read by :data:`CONVENTION`, names whose meaning is plain; an area is
then imported only where the name itself tells the unit.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Final

Columns = tuple[str, ...]


@dataclass(frozen=True)
class Layout:
    """Where the facts of a parcel stand in one kind of table.

    Each tuple lists columns in order of preference, the first one present is taken; only
    ``parcel_id`` may need several at once (they are joined by ``-``).  ``telling`` says
    that a table of this layout is one of parcels.
    """

    name: str
    requires: Columns = ()
    telling: bool = True
    parcel_id: Columns = ()
    collection: Columns = ()
    season: Columns = ()
    area: Columns = ()
    area_unit: str = ""
    perimeter: Columns = ()
    crop_code: Columns = ()
    crop_name: Columns = ()
    hcat_code: Columns = ()
    determined: Columns = ()
    determination_method: Columns = ()
    determination_details: Columns = ()
    model: Columns = ()
    model_version: Columns = ()
    confidence: Columns = ()
    source_product: Columns = ()
    country: Columns = ()


HCAT: Final[Columns] = ("ec:hcat_code", "hcat_code", "ec_hcat_c", "hcat3_code", "hcat:code")
CONVENTION: Final = Layout(
    "convention",
    telling=False,
    parcel_id=("parcel_id", "field_id", "parcelid", "fieldid", "id"),
    season=("season", "growing_season", "crop_year", "campaign", "campaign_year", "year"),
    crop_code=("crop:code", "crop_code"),
    crop_name=("crop:name", "crop_name", "crop"),
    hcat_code=HCAT,
    determined=("determination:datetime", "determination_datetime", "observed_at"),
    determination_method=("determination:method", "determination_method"),
    determination_details=("determination:details", "determination_details"),
    model=("model", "model_name"),
    model_version=("model_version", "model:version"),
    confidence=("confidence", "score", "probability"),
    source_product=("source_product", "source_product_id", "product_id"),
)
FIBOA: Final = replace(
    CONVENTION,
    name="fiboa",
    telling=True,
    parcel_id=("id",),
    collection=("collection",),
    country=("admin:country_code",),
)
LAYOUTS: Final = (
    Layout(
        "at-invekos",
        ("snar_code", "snar_bezeichnung"),
        parcel_id=("geo_id",),
        area=("sl_flaeche_brutto_ha",),
        area_unit="ha",
        crop_code=("snar_code",),
        crop_name=("snar_bezeichnung",),
    ),
    Layout(
        "cz-lpis-applications",
        ("zakres_id", "plodina_id"),
        parcel_id=("zakres_id",),
        season=("rok",),
        area=("zakres_vym",),
        area_unit="ha",
        crop_code=("plodina_id",),
        crop_name=("plod_naze", "plodina_na", "plod_nazev"),
    ),
    Layout(
        "de-bb-application",
        ("antragjahr", "code_bez", "ref_ident"),
        season=("antragjahr",),
        area=("groesse",),
        area_unit="ha",
        crop_code=("code",),
        crop_name=("code_bez",),
    ),
    Layout(
        "fi-gsaa",
        ("kasvikoodi", "peruslohkotunnus"),
        parcel_id=("peruslohkotunnus", "lohkonumero"),
        season=("vuosi",),
        area=("pinta_ala",),
        area_unit="ha",
        crop_code=("kasvikoodi",),
        crop_name=("kasvikoodi_selite_fi",),
    ),
    Layout(
        "fr-rpg",
        ("id_parcel", "code_cultu"),
        parcel_id=("id_parcel",),
        area=("surf_parc",),
        area_unit="ha",
        crop_code=("code_cultu",),
    ),
    Layout(
        "hr-arkod",
        ("land_use_id", "jpaid"),
        area=("area",),
        area_unit="m²",
        perimeter=("perim",),
        crop_code=("land_use_id",),
    ),
    Layout(
        "inspire-gsaa",
        ("localid", "namespace", "hilucspresence", "specificpresence"),
        parcel_id=("localid",),
        determined=("observationdate",),
    ),
    Layout(
        "nl-brp",
        ("gewascode", "gewas"),
        season=("jaar",),
        crop_code=("gewascode",),
        crop_name=("gewas",),
    ),
    Layout(
        "se-skiften",
        ("blockid", "skiftesbet"),
        parcel_id=("blockid", "skiftesbet"),
        season=("arslager",),
        area=("faststalld",),
        area_unit="ha",
        crop_code=("grdkod_mar",),
    ),
    Layout(
        "si-gerk",
        ("gerk_pid", "sifra_kmrs"),
        parcel_id=("id",),
        area=("area",),
        area_unit="m²",
        crop_code=("sifra_kmrs",),
        crop_name=("rastlina",),
    ),
    Layout(
        "si-land-use",
        ("raba_id",),
        telling=False,
        area=("area",),
        area_unit="m²",
        crop_code=("raba_id",),
        determined=("date",),
    ),
    # one column for the crop of each month; a growing season cannot be told from them
    Layout("month-by-month", parcel_id=("id",)),
)
TELLING: Final = frozenset(
    {"parcel_id", "field_id", "crop:code", "crop_code", "crop:name", "crop_name", *HCAT,
     "determination:datetime", "determination_datetime", "determination:method",
     "determination_method", "ec_hcat_n"}
)  # fmt: skip
"""Columns of which one is enough to tell parcels, whatever else the table holds."""

AREA_BY_NAME: Final = {
    "area_ha": "ha",
    "hectares": "ha",
    "area_hectares": "ha",
    "area_m2": "m²",
    "area_sqm": "m²",
}
_MONTH = re.compile(r"(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)_(?:19|20)\d\d\Z")
_MONTHS_AT_LEAST = 6
FACTS: Final = (
    "season", "area", "perimeter", "crop_code", "crop_name", "hcat_code", "determined",
    "determination_method", "determination_details", "model", "model_version", "confidence",
    "source_product", "country", "collection",
)  # fmt: skip


@dataclass(frozen=True)
class Choice:
    """The columns of one table that hold its facts; ``ids`` together make the parcel's id."""

    layout: str
    telling: bool
    ids: Columns
    facts: Mapping[str, str] = field(default_factory=dict)
    area_unit: str = ""

    @property
    def wanted(self) -> tuple[str, ...]:
        """Columns to read, each once, in a fixed order."""
        return tuple(dict.fromkeys((*self.ids, *self.facts.values())))


def choose(names: Iterable[str], fiboa: str = "") -> Choice:
    """Choose the columns to import from a table with columns ``names``.

    ``fiboa`` is the version of the fiboa specification that the table states: in 0.1 and
    0.2 ``area`` is in hectares, from 0.3 on ``metrics:area`` is in square metres.
    """
    have: dict[str, str] = {}
    for name in names:
        have.setdefault(name.lower(), name)
    layout = FIBOA if fiboa else _layout(set(have))
    facts: dict[str, str] = {}
    for fact in FACTS:
        options: Columns = (*getattr(layout, fact), *getattr(CONVENTION, fact))
        taken = next((have[option] for option in options if option in have), None)
        if taken is not None:
            facts[fact] = taken
    unit = layout.area_unit
    if fiboa:
        unit, column, edge = fiboa_measures(fiboa)
        facts.pop("area", None)
        facts |= {k: have[c] for k, c in (("area", column), ("perimeter", edge)) if c in have}
    elif "area" not in facts:
        for column, known in AREA_BY_NAME.items():
            if column in have:
                facts["area"], unit = have[column], known
                break
    ids = tuple(have[name] for name in layout.parcel_id if name in have)
    if layout is CONVENTION:
        ids = ids[:1]
    elif len(ids) < len(layout.parcel_id):
        ids = ()
    telling = layout.telling or bool(TELLING & set(have))
    return Choice(layout.name, telling, ids, facts, unit if "area" in facts else "")


def fiboa_measures(version: str) -> tuple[str, str, str]:
    """Return unit of area, area column and perimeter column in a version of fiboa."""
    major, minor = (int(part) for part in version.split(".")[:2])
    if (major, minor) < (0, 3):
        return "ha", "area", "perimeter"
    return "m²", "metrics:area", "metrics:perimeter"


def _layout(have: set[str]) -> Layout:
    for layout in LAYOUTS:
        if layout.requires and have >= set(layout.requires):
            return layout
    if sum(_MONTH.match(name) is not None for name in have) >= _MONTHS_AT_LEAST:
        return next(layout for layout in LAYOUTS if layout.name == "month-by-month")
    return CONVENTION
