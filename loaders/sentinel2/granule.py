"""Granule metadata (``MTD_TL.xml``; ``metadata.xml`` on AWS): one tile of a product."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from dafab_kg.loaders.sentinel2.identifiers import tile_of
from dafab_kg.loaders.sentinel2.quality import Percentages, read_percentages
from dafab_kg.loaders.sentinel2.sheet import Sheet
from dafab_kg.model.errors import FieldNotValid
from dafab_kg.model.values import instant

_PLACES = 12  # of a degree: what a mean of angles given to 1e-13 is good for
_FULL_TURN = 360


@dataclass(frozen=True)
class GranuleMetadata:
    """What granule metadata say; angles in degrees, coordinates in metres.

    ``view_azimuth`` is the plain mean over the bands, as STAC tools compute it;
    ``view_azimuth_circular`` the mean direction, which differs where the bands
    look to both sides of north.
    """

    granule_id: str
    mgrs_tile: str
    datastrip_id: str | None
    sensing_time: str
    crs_code: str | None
    upper_left_x: Decimal | None
    upper_left_y: Decimal | None
    sun_zenith: Decimal | None
    sun_azimuth: Decimal | None
    view_incidence_angle: Decimal | None
    view_azimuth: Decimal | None
    view_azimuth_circular: Decimal | None
    cloud_cover: Decimal | None
    percentages: Percentages


def read_granule(sheet: Sheet) -> GranuleMetadata:
    """Read granule metadata.

    Raises:
        FieldMissing: TILE_ID or SENSING_TIME is absent.
        FieldNotValid: TILE_ID names no tile, SENSING_TIME no time.
    """
    granule_id = sheet.required("General_Info/TILE_ID")
    tile = tile_of(granule_id)
    if tile is None:
        raise FieldNotValid(
            f"{granule_id!r} names no tile (_T31UFS_)", where=f"{sheet.where}//General_Info/TILE_ID"
        )
    time = sheet.required("General_Info/SENSING_TIME")
    zeniths = _angles(sheet, "ZENITH_ANGLE")
    azimuths = _angles(sheet, "AZIMUTH_ANGLE")
    corner = _corner(sheet)
    return GranuleMetadata(
        granule_id=granule_id,
        mgrs_tile=tile,
        datastrip_id=sheet.text("General_Info/DATASTRIP_ID"),
        sensing_time=instant(time, where=f"{sheet.where}//General_Info/SENSING_TIME"),
        crs_code=sheet.text("Tile_Geocoding/HORIZONTAL_CS_CODE"),
        upper_left_x=corner.number("ULX") if corner else None,
        upper_left_y=corner.number("ULY") if corner else None,
        sun_zenith=sheet.number("Mean_Sun_Angle/ZENITH_ANGLE"),
        sun_azimuth=sheet.number("Mean_Sun_Angle/AZIMUTH_ANGLE"),
        view_incidence_angle=_mean(zeniths),
        view_azimuth=_mean(azimuths),
        view_azimuth_circular=_mean_direction(azimuths),
        cloud_cover=sheet.number("Image_Content_QI/CLOUDY_PIXEL_PERCENTAGE"),
        percentages=read_percentages(sheet),
    )


def _corner(sheet: Sheet) -> Sheet | None:
    """Return the upper left corner; it is the same at each resolution."""
    positions = list(sheet.parts("Tile_Geocoding/Geoposition"))
    finest = [p for p in positions if p.attribute("resolution") == "10"]
    return next(iter(finest or positions), None)


def _angles(sheet: Sheet, name: str) -> list[Decimal]:
    """Return the mean viewing angles of the bands; a band without data has NaN, and is skipped."""
    angles = []
    for band in sheet.parts(f"Mean_Viewing_Incidence_Angle/{name}"):
        angle = band.number() if band.own.lower() != "nan" else None
        if angle is not None and abs(angle) <= _FULL_TURN:
            angles.append(angle)
    return angles


def _mean(values: Sequence[Decimal]) -> Decimal | None:
    return round(sum(values, Decimal(0)) / len(values), _PLACES) if values else None


def _mean_direction(degrees: Sequence[Decimal]) -> Decimal | None:
    radians = [math.radians(value) for value in degrees]
    x, y = sum(map(math.cos, radians)), sum(map(math.sin, radians))
    if math.hypot(x, y) < 1e-9:  # they cancel out: there is no direction
        return None
    return Decimal(repr(math.degrees(math.atan2(y, x)) % 360)).quantize(Decimal(1).scaleb(-_PLACES))
