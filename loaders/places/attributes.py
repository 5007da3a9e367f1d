"""What boundary data sets say of a place, each under names of its own.

Read are the columns of Natural Earth, GADM, geoBoundaries, Eurostat's NUTS,
OpenStreetMap extracts, and plain GeoJSON whose features are named by ISO codes.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

from dafab_kg.loaders.places.countries import LONG, SHORT, STATISTICAL

_NOTHING: Final = {"", "-", "-1", "-9", "-99", "-99.0", "0", "nan", "none", "null", "n/a", "?"}

_NAME: Final = (
    "name", "shapename", "nuts_name", "name_latn", "name_en", "toponym", "admin", "sovereignt",
)  # fmt: skip
_OTHER: Final = re.compile(
    r"name_(?:long|local|alt|ciawf|[a-z]{2,3})|name:[a-z]{2,3}|formal_(?:en|fr)|official_name|"
    r"(?:var|nl_)name_\d|alt_name|int_name|brk_name"
)
_LONG: Final = (
    "iso_a3", "iso_a3_eh", "iso3166-1-alpha-3", "iso3166-1:alpha3", "iso3", "shapegroup", "gid_0",
    "adm0_a3",
)  # fmt: skip
_SHORT: Final = (
    "iso_a2", "iso_a2_eh", "iso3166-1-alpha-2", "iso3166-1:alpha2", "iso2", "cntr_code",
)  # fmt: skip
_SUBDIVISION: Final = ("iso_3166_2", "iso3166-2", "shapeiso", "iso_2")
_WIKIDATA: Final = ("wikidataid", "wikidata_id", "wikidata")
_GEONAMES: Final = ("gn_id", "geonameid", "geonames_id", "geonames")
_IDS: Final = (
    "place_id", "shapeid", "nuts_id", "gid_5", "gid_4", "gid_3", "gid_2", "gid_1", "gid_0",
    "adm1_code", "geoid", "osm_id", "adm0_a3", "iso_a3", "ne_id",
)  # fmt: skip
_SUBDIVISION_CODE = re.compile(r"[A-Z]{2}-[A-Z0-9]{1,3}")
_ID_OF_REGION = re.compile(r"([A-Z]{3})-([A-Z0-9]{1,3})")
_ITEM = re.compile(r"Q[1-9]\d*")

KINDS: Final[dict[str, str]] = {
    "country": "country", "sovereign": "country", "admin-0 country": "country",
    "admin-0 sovereignty": "country", "adm0": "country", "state": "region", "province": "region",
    "region": "region", "admin-1 states provinces": "region",
    "admin-1 scale rank": "region", "adm1": "region", "county": "county", "district": "county",
    "admin-2 counties": "county", "adm2": "county",
}  # fmt: skip
"""Levels by the words that data sets have for them."""


class Attributes:
    """The attributes of one feature, by lower-case name; what means "none" is left out."""

    def __init__(self, properties: Mapping[str, Any], feature_id: object = None) -> None:
        self._values = {
            key.lower(): text
            for key, value in properties.items()
            if (text := _text(value)).lower() not in _NOTHING
        }
        own = _text(feature_id)
        self._id = own if own.lower() not in _NOTHING or own == "0" else ""

    def first(self, *names: str) -> str:
        """Return the first of the named attributes that is there, or an empty text."""
        return next((self._values[name] for name in names if name in self._values), "")

    @property
    def place_id(self) -> str:
        """What names the place within its data set; empty where nothing does."""
        own = self._id or self.first(*_IDS)
        if own:
            return own
        parts = (self.first("country", "state_code", "state"), self.name)
        return "-".join(filter(None, parts)) if self.name else ""

    @property
    def name(self) -> str:
        """The place's own name."""
        level = next((n for n in range(5, -1, -1) if f"gid_{n}" in self._values), 0)
        own = (f"name_{level}", "country") if level else ("name_0",)
        if "gid_0" in self._values:
            return self.first(*own, "country", *_NAME)
        return self.first(*_NAME) or self.first("country")

    @property
    def other_names(self) -> tuple[str, ...]:
        """Further names, each once."""
        found = [
            name.strip()
            for key, value in self._values.items()
            if _OTHER.fullmatch(key)
            for name in value.split("|")
        ]
        return tuple(dict.fromkeys(n for n in found if n and n != self.name))

    @property
    def iso_code(self) -> str:
        """ISO 3166-1 alpha-3, from the codes or the feature's id."""
        for name in _LONG:
            if (code := self.first(name).upper()) in SHORT:
                return code
        short = self._short
        if short:
            return LONG[short]
        match = _ID_OF_REGION.fullmatch(self._id)
        code = match[1] if match else self._id
        return code if code in SHORT else ""

    @property
    def iso_code_short(self) -> str:
        """ISO 3166-1 alpha-2."""
        return self._short or SHORT.get(self.iso_code, "")

    @property
    def _short(self) -> str:
        codes = (STATISTICAL.get(c, c) for c in (self.first(name).upper() for name in _SHORT))
        return next((code for code in codes if code in LONG), "")

    @property
    def subdivision_code(self) -> str:
        """ISO 3166-2, where the source gives it or the feature's id holds its parts."""
        for name in _SUBDIVISION:
            code = self.first(name).upper()
            if _SUBDIVISION_CODE.fullmatch(code) and code[:2] in LONG:
                return code
        match = _ID_OF_REGION.fullmatch(self._id)
        return f"{SHORT[match[1]]}-{match[2]}" if match and match[1] in SHORT else ""

    @property
    def level(self) -> str:
        """``country``, ``region``, ``county``, or empty where the source does not tell."""
        for name in ("kind", "place_level", "featurecla", "shapetype"):
            if (level := KINDS.get(self.first(name).lower())) is not None:
                return level
        deepest = next((n for n in range(5, -1, -1) if f"gid_{n}" in self._values), None)
        if deepest is not None:
            return ("country", "region", "county")[min(deepest, 2)]
        if (nuts := self.first("levl_code")) or "nuts_id" in self._values:
            # the column holds 0 for countries, which elsewhere means nothing
            return {"": "country", "3": "county"}.get(nuts, "region")
        admin = self.first("admin_level")
        if admin.isdigit():
            return "country" if int(admin) <= 2 else "region" if int(admin) <= 4 else "county"
        if self.subdivision_code:
            return "region"
        return "country" if self._id in SHORT else ""

    @property
    def wikidata(self) -> str:
        """The Wikidata item, ``Q32``."""
        item = self.first(*_WIKIDATA).rsplit("/", 1)[-1]
        return item if _ITEM.fullmatch(item) else ""

    @property
    def geonames(self) -> str:
        """The number of the GeoNames feature."""
        number = self.first(*_GEONAMES).removesuffix(".0")
        return number if number.isascii() and number.isdigit() and int(number) > 0 else ""


def _text(value: object) -> str:
    if value is None or isinstance(value, bool | list | dict):
        return ""
    return str(value).strip()
