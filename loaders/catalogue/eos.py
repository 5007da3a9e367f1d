"""Search results of EOS (formerly the search of Sentinel-2 tiles on AWS).

The time is that of the tile's own sensing, as in ``tileInfo.json``, not the start of the
datatake.  The geometries have longitude first, although they name EPSG:4326.

Source: https://doc.eos.com, "Search API"
"""

from __future__ import annotations

import re
from typing import Any, Final

from dafab_kg.loaders.catalogue import convert
from dafab_kg.loaders.catalogue.told import PlaceTold, Preview, Told
from dafab_kg.loaders.stac.known import Known

_DATASTRIP = re.compile(r"S2[A-D]_[A-Z0-9]{4}_MSI_L\w{2}_DS_")


def _datastrip(raw: Any) -> convert.Converted | None:
    return convert.one_of_many(raw) if _DATASTRIP.match(convert.text(raw)[0]) else None


TABLE: Final[tuple[Known, ...]] = (
    Known("platform", convert.platform, ("satelliteName",)),
    Known("datastrip_ids", _datastrip, ("originalSceneID",)),
    Known("mgrs_tiles", convert.tiles, ("tile",)),
    Known("datetime", convert.instant, ("timestamp",)),
    Known("cloud_cover", convert.cloud, ("cloudCoverage",)),
    Known("sun_elevation", convert.number, ("sunElevation",)),
    Known("sun_azimuth", convert.number, ("azimuthAngle",)),
    Known("sun_zenith", convert.number, ("zenithAngle",)),
)
_SILENT: Final = frozenset({
    "sceneID", "productName", "dataGeometry", "tileGeometry", "tileOrigin", "thumbnail", "tile",
    "utmZone", "latitudeBand", "gridSquare",
})  # fmt: skip
_OF_ENTRY: Final = frozenset({
    "IndexingTime", "archivingTime", "awsPath", "awsPathL2A", "productPath", "tms", "view_id",
    "productMetaLink", "originalTileMeta", "offsetXmlKey",
})  # fmt: skip


def is_result(value: dict[str, Any]) -> bool:
    """Tell whether an object is a result of EOS."""
    return "sceneID" in value and ("productName" in value or "dataGeometry" in value)


def tell(value: dict[str, Any]) -> Told:
    """Read a result."""
    values = dict(value)
    zone, band, square = (value.get(n) for n in ("utmZone", "latitudeBand", "gridSquare"))
    if isinstance(zone, int) and isinstance(band, str) and isinstance(square, str):
        values["tile"] = f"{zone:02}{band}{square}"
    places = [
        PlaceTold(f"/{name}", "geojson", value[name])
        for name in ("dataGeometry", "tileGeometry")
        if value.get(name)
    ]
    return Told(
        interface="eos",
        entry_id=value.get("sceneID"),
        names=(value.get("productName"),),
        table=TABLE,
        values=values,
        of_entry=_OF_ENTRY,
        silent=_SILENT,
        places=tuple(places[:1]),  # the tile is more than the image
        previews=(Preview("thumbnail", value.get("thumbnail")),),
        addresses=(value.get("tms"),),
        name_place="/productName",
    )
