"""OpenSearch of the former Copernicus Open Access Hub (DHuS), as Atom or as JSON.

Both forms hold lists of fields by type (``str``, ``int``, ``double``, ``date``, ``bool``), each
with a name.  The WKT has longitude first, the GML latitude first; sizes are rounded
and in powers of 1024.

Source: SciHub User Guide, sections 3 (full text search) and 5 (APIs and batch scripting)
"""

from __future__ import annotations

from typing import Any, Final

from dafab_kg.loaders.catalogue import convert
from dafab_kg.loaders.catalogue.told import PlaceTold, Preview, Told, objects
from dafab_kg.loaders.stac.known import Known
from dafab_kg.model.errors import FieldNotValid
from dafab_kg.model.values import number

TYPES: Final = ("str", "int", "double", "long", "date", "bool")
_NUMBERS: Final = frozenset({"int", "double", "long"})


def _share(field: str) -> Known:
    return Known(field, convert.percent, (field.replace("_", ""),))


TABLE: Final[tuple[Known, ...]] = (
    Known("product_type", convert.product_type, ("producttype",)),
    Known("processing_level", convert.level, ("processinglevel",)),
    Known("processing_baseline", convert.baseline, ("processingbaseline",)),
    Known("generation_time", convert.instant, ("generationdate",)),
    Known("platform", convert.platform, ("platformserialidentifier", "platformname")),
    Known("instruments", convert.instruments, ("instrumentshortname",)),
    Known("datatake_id", convert.datatake, ("s2datatakeid",)),
    Known("datatake_type", convert.datatake_type, ("sensoroperationalmode",)),
    Known("instrument_mode", convert.mode, ("sensoroperationalmode",)),
    Known("polarisations", convert.polarisations, ("polarisationmode",)),
    Known("datastrip_ids", convert.one_of_many, ("datastripidentifier",)),
    Known("granule_ids", convert.one_of_many, ("granuleidentifier",)),
    Known("mgrs_tiles", convert.tiles, ("tileid",)),
    Known("sensing_start", convert.instant, ("beginposition",)),
    Known("sensing_stop", convert.instant, ("endposition",)),
    Known("relative_orbit", convert.whole, ("relativeorbitnumber",)),
    Known("absolute_orbit", convert.whole, ("orbitnumber",)),
    Known("orbit_direction", convert.orbit_direction, ("orbitdirection",)),
    Known("sun_azimuth", convert.number, ("illuminationazimuthangle",)),
    Known("sun_zenith", convert.number, ("illuminationzenithangle",)),
    Known("cloud_cover", convert.cloud, ("cloudcoverpercentage",)),
    _share("vegetation_percentage"),
    _share("not_vegetated_percentage"),
    _share("water_percentage"),
    _share("unclassified_percentage"),
    _share("medium_proba_clouds_percentage"),
    _share("high_proba_clouds_percentage"),
    _share("snow_ice_percentage"),
    # about the entry
    Known("created", convert.instant, ("ingestiondate",)),
    Known("online", convert.offline, ("ondemand",)),
    Known("stated_size", convert.text, ("size",)),
    Known("self_href", convert.text, ("link/alternative",)),
)
_SILENT: Final = frozenset(
    {
        "identifier",
        "filename",
        "uuid",
        "footprint",
        "gmlfootprint",
        "link/alternative",
        "platformname",
    }
)
_OF_ENTRY: Final = frozenset({"ingestiondate", "ondemand", "size", "summary", "format"})


def is_entry(value: dict[str, Any]) -> bool:
    """Tell whether an object has DHuS's lists of named fields."""
    return any("name" in one and "content" in one for one in objects(value.get("str")))


def tell(value: dict[str, Any]) -> Told:
    """Read an entry of a feed."""
    values: dict[str, Any] = {}
    pointers: dict[str, str] = {}
    warnings: list[str] = []
    for type_ in TYPES:
        for position, one in enumerate(_listed(value.get(type_))):
            if not isinstance(one, dict) or not isinstance(one.get("name"), str):
                continue
            name, content = one["name"], one.get("content")
            if name in values:
                warnings.append(f"/{type_}/{position}: {name} stands there again; left out")
                continue
            values[name] = _typed(content, type_)
            pointers[name] = f"/{type_}/{position}/content"
    links = {
        str(one.get("rel") or ""): one.get("href") for one in reversed(objects(value.get("link")))
    }
    for name in ("summary", "ondemand"):
        if value.get(name) is not None:
            values.setdefault(name, value[name])
            pointers.setdefault(name, f"/{name}")
    values["link/alternative"] = links.get("alternative")
    return Told(
        interface="dhus",
        entry_id=values.get("uuid") or value.get("id"),
        names=(values.get("identifier"), values.get("filename"), value.get("title")),
        table=TABLE,
        values=values,
        pointers=pointers,
        of_entry=_OF_ENTRY,
        silent=_SILENT,
        places=_places(values, pointers),
        archive_href=links.get(""),
        previews=(Preview("quicklook", links.get("icon")),),
        size_system="binary",
        warnings=tuple(warnings),
        addresses=(links.get("alternative"), links.get("")),
        name_place="/str (identifier)",
    )


def _listed(value: Any) -> list[Any]:
    if value is None:
        return []
    return value if isinstance(value, list) else [value]  # one field is no list in DHuS's JSON


def _typed(content: Any, type_: str) -> Any:
    """Return numbers as numbers: both forms of the answer write them as text."""
    if type_ in _NUMBERS and isinstance(content, str):
        try:
            return number(content)
        except FieldNotValid:
            return content
    return content


def _places(values: dict[str, Any], pointers: dict[str, str]) -> tuple[PlaceTold, ...]:
    told = []
    if values.get("footprint"):
        told.append(PlaceTold(pointers["footprint"], "wkt", values["footprint"]))
    if values.get("gmlfootprint"):
        told.append(PlaceTold(pointers["gmlfootprint"], "gml", values["gmlfootprint"], "latlon"))
    return tuple(told)
