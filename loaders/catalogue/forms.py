"""The forms of an entry, and which of them a value has."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from dafab_kg.loaders.catalogue import (
    atom,
    dhus,
    eo_geojson,
    eodag,
    eos,
    iso19115,
    odata,
    resto,
)
from dafab_kg.loaders.catalogue.told import Told


@dataclass(frozen=True)
class Form:
    """How to tell that a value is an entry of this form, and how to read it."""

    recognises: Callable[[dict[str, Any]], bool]
    tell: Callable[[dict[str, Any]], Told]


_FORMS: Final = (
    Form(atom.is_entry, atom.tell),
    Form(iso19115.is_record, iso19115.tell),
    Form(dhus.is_entry, dhus.tell),
    Form(odata.is_notification, odata.tell_notification),
    Form(odata.is_product, odata.tell_product),
    Form(eodag.is_feature, eodag.tell),
    Form(resto.is_feature, resto.tell),
    Form(eo_geojson.is_feature, eo_geojson.tell),
    Form(eos.is_result, eos.tell),
)


def form_of(value: Any) -> Form | None:
    """Return the form of an entry, None for what is none."""
    if not isinstance(value, dict) or "stac_version" in value:
        return None
    return next((form for form in _FORMS if form.recognises(value)), None)
