"""OpenSearch as Atom with GeoRSS: CREODIAS and CDSE (resto), Mundi, FedEO.

GeoRSS states WGS 84 with latitude first, in its simple form and in its GML where
that names no other CRS.  Text in HTML is read as text.

Source: RFC 4287; OGC 17-002r1 (GeoRSS); OGC 13-026r9 (OpenSearch for Earth Observation)
"""

from __future__ import annotations

from typing import Any, Final

from dafab_kg.loaders.catalogue import convert
from dafab_kg.loaders.catalogue.told import PlaceTold, Preview, Told
from dafab_kg.loaders.stac.known import Known
from dafab_kg.model.errors import FieldNotValid
from dafab_kg.model.values import number

FORM: Final = "atom entry"
"""Under this key the form of an entry as a JSON value says what it is."""

_ABSOLUTE_ORBIT: Final = ("DIAS:startOrbitNumber", "eop:orbitNumber", "eo:orbitNumber")
TABLE: Final[tuple[Known, ...]] = (
    Known("product_type", convert.product_type, ("eop:productType", "eo:productType")),
    Known("processing_level", convert.level, ("eop:processingLevel", "eo:processingLevel")),
    Known("processing_baseline", convert.prefixed_baseline, ("DIAS:processingBaseline",)),
    Known("platform", convert.platform, ("eop:platform", "eo:platform")),
    Known("instruments", convert.instruments, ("eop:instrument", "eo:instrument")),
    Known("datatake_id", convert.datatake, ("DIAS:datatakeId",)),
    Known("datatake_type", convert.datatake_type, ("eo:sensorMode",)),
    Known("instrument_mode", convert.mode, ("eop:operationalMode", "eo:sensorMode")),
    Known(
        "polarisations",
        convert.polarisations,
        ("sar:polarisationChannels", "eo:polarisationChannels"),
    ),
    Known("mgrs_tiles", convert.tiles, ("DIAS:tileIdentifier",)),
    Known(
        "sensing_start",
        convert.instant,
        ("dc:date/start", "validTime/start", "DIAS:sensingStartDate"),
    ),
    Known(
        "sensing_stop", convert.instant, ("dc:date/stop", "validTime/stop", "DIAS:sensingStopDate")
    ),
    Known("datetime", convert.instant, ("dc:date",)),
    Known("relative_orbit", convert.whole, ("DIAS:relativeOrbitNumber", "eo:relativeOrbitNumber")),
    Known("absolute_orbit", convert.whole, _ABSOLUTE_ORBIT),
    Known("orbit_direction", convert.orbit_direction, ("eop:orbitDirection", "eo:orbitDirection")),
    Known("cloud_cover", convert.cloud, ("opt:cloudCover", "eo:cloudCover")),
    Known("snow_cover", convert.cloud, ("opt:snowCover", "eo:snowCover")),
    # about the entry
    Known("created", convert.instant, ("published",)),
    Known("updated", convert.instant, ("updated",)),
    Known("online", convert.flag, ("DIAS:onlineStatus",)),
    Known("archive_size", convert.size, ("DIAS:productDatapackSize", "link/enclosure/length")),
    Known("self_href", convert.text, ("link/self",)),
)
_NUMBERS: Final = frozenset(
    name
    for known in TABLE
    if known.convert in {convert.cloud, convert.whole, convert.size, convert.number}
    for name in known.names
)
_SILENT: Final = frozenset({
    "title", "id", "dc:identifier", "georss:polygon", "georss:box", "georss:line", "link/self",
    "dc:date", "validTime", "link/enclosure/length",
})  # fmt: skip
_OF_ENTRY: Final = frozenset({
    "published", "updated", "summary", "content", "DIAS:onlineStatus", "DIAS:productDatapackSize",
    "DIAS:checksum", "dc:rights", "rights", "author", "category",
})  # fmt: skip


def is_entry(value: dict[str, Any]) -> bool:
    """Tell whether a value was made of an entry of a feed."""
    return FORM in value


def tell(value: dict[str, Any]) -> Told:
    """Read an entry; ``value`` is what :mod:`~dafab_kg.loaders.catalogue.feed` makes of it."""
    fields: dict[str, Any] = value[FORM]
    values = {name: _typed(name, one) for name, one in fields.items()}
    for name in ("dc:date", "validTime"):
        span = values.get(name)
        if isinstance(span, str) and "/" in span:
            values[f"{name}/start"], _, values[f"{name}/stop"] = span.partition("/")
            del values[name]
    links = value["links"]
    by_rel: dict[str, dict[str, str]] = {}
    for link in links:
        by_rel.setdefault(link.get("rel", "alternate"), link)
    enclosure = by_rel.get("enclosure", {})
    values["link/self"] = by_rel.get("self", {}).get("href")
    values["link/enclosure/length"] = _typed("link/enclosure/length", enclosure.get("length"))
    silent = _SILENT | {f"{n}/{e}" for n in ("dc:date", "validTime") for e in ("start", "stop")}
    return Told(
        interface="atom",
        entry_id=_first(values.get("id")) or _first(values.get("dc:identifier")),
        names=tuple(_first(values.get(name)) for name in ("dc:identifier", "title", "id")),
        table=TABLE,
        values=values,
        of_entry=_OF_ENTRY,
        silent=silent,
        places=_places(value, fields),
        box=_box(_first(fields.get("georss:box"))),
        archive_href=enclosure.get("href"),
        archive_type=enclosure.get("type"),
        previews=tuple(
            Preview("quicklook", one.get("href"), one.get("type"))
            for one in links
            if one.get("rel") == "icon"
        ),
        addresses=tuple(
            by_rel.get(rel, {}).get("href") for rel in ("self", "alternate", "search", "via")
        ),
        name_place="/dc:identifier",
    )


def _first(value: Any) -> Any:
    return value[0] if isinstance(value, list) and value else value


def _typed(name: str, value: Any) -> Any:
    """Return a number where the table wants one: XML has only text."""
    one = _first(value)
    if name in _NUMBERS and isinstance(one, str):
        try:
            return number(one)
        except FieldNotValid:
            return one
    return value


def _places(value: dict[str, Any], fields: dict[str, Any]) -> tuple[PlaceTold, ...]:
    told = [PlaceTold("/georss:where", "gml", one, "latlon") for one in value["gml"]]
    simple = _first(fields.get("georss:polygon"))
    if simple:
        told.append(PlaceTold("/georss:polygon", "latlon", simple))
    return tuple(told)


def _box(text: Any) -> tuple[Any, ...] | None:
    """Return west, south, east, north of a GeoRSS box, which has latitude first."""
    corners = text.split() if isinstance(text, str) else []
    return (corners[1], corners[0], corners[3], corners[2]) if len(corners) == 4 else None
