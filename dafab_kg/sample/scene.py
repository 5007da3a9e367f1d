"""What the sample's scenes look like: sky, ground, sun and view.

Plausible, not measured: clouds follow a season for each region, ground cover
follows the tile and the season, the sun follows the calendar.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from math import acos, asin, atan2, cos, degrees, pi, radians, sin

from dafab_kg.sample.chance import Chance
from dafab_kg.sample.passes import LANDFALL
from dafab_kg.sample.plan import Acquisition, Product
from dafab_kg.sample.tiles import TILE_KM2, Point, lonlat, swath, tile

# Mean share of cloudy skies by month, and share of days almost without cloud.
_CLOUDY = {
    "luxembourg": (78, 72, 64, 58, 56, 52, 48, 47, 54, 63, 75, 80),
    "mekong": (32, 24, 26, 38, 58, 70, 74, 76, 74, 66, 50, 40),
    "florida": (38, 36, 34, 30, 36, 54, 56, 57, 54, 40, 34, 38),
}
_CLEAR_DAYS = {"luxembourg": 0.2, "mekong": 0.15, "florida": 0.25}

WATER = {  # permanent and seasonal water of a tile, percent of it
    "31UFQ": (0.42, 0.06),
    "31UFR": (0.51, 0.05),
    "31UGQ": (0.63, 0.09),
    "31UGR": (0.47, 0.04),
    "32ULA": (0.55, 0.05),
    "32ULV": (0.78, 0.11),
    "48PVS": (32.4, 3.6),
    "48PWR": (41.2, 2.3),
    "48PWS": (6.6, 4.9),
    "48PWT": (4.2, 6.1),
    "48PXS": (7.9, 3.8),
    "48PXT": (2.4, 1.2),
    "17RLL": (41.3, 0.7),
    "17RLM": (19.2, 0.5),
    "17RMK": (4.4, 1.3),
    "17RML": (2.5, 0.8),
    "17RMM": (4.7, 0.6),
}

FLOOD = {  # water beyond the reference at the height of a flood, percent of the tile
    "48PVS": 2.6,
    "48PWR": 0.9,
    "48PWS": 3.7,
    "48PWT": 5.2,
    "48PXS": 1.4,
    "48PXT": 0.6,
    "17RLL": 0.6,
    "17RLM": 0.8,
    "17RMK": 4.9,
    "17RML": 4.6,
    "17RMM": 5.6,
}


@dataclass(frozen=True)
class Cover:
    """Scene classification in percent of the pixels with data; the classes sum to 100."""

    saturated: float
    dark: float
    shadow: float
    vegetation: float
    not_vegetated: float
    water: float
    unclassified: float
    medium: float
    high: float
    cirrus: float
    snow: float

    @property
    def cloud(self) -> float:
        """Cloud cover: medium and high probability, and thin cirrus."""
        return round(self.medium + self.high + self.cirrus, 6)


@dataclass(frozen=True)
class Scene:
    """One product's view of the world; angles in degrees, ``area`` of the footprint in km²."""

    product: Product
    footprint: tuple[Point, ...]  # closed ring, counter-clockwise
    area: float
    nodata: float  # percent of the tile
    cover: Cover
    flood: float  # 0..1, of what FLOOD says; below 0 in drought
    sun_zenith: float
    sun_azimuth: float
    view_zenith: float
    view_azimuth: float
    sun_distance: float  # reflectance conversion factor U

    @property
    def bbox(self) -> tuple[float, float, float, float]:
        """West, south, east, north."""
        lons, lats = zip(*self.footprint, strict=True)
        return min(lons), min(lats), max(lons), max(lats)


def scene(seed: int, product: Product) -> Scene:
    """Make the scene of a product; products of one acquisition differ in the cloud they found."""
    acquisition = product.acquisition
    chance = Chance(seed, "scene", acquisition.satellite, acquisition.start, acquisition.tile)
    view = acquisition.passed.view
    place = tile(view.tile)
    seen = swath(place, view.side, view.share)
    ring = lonlat(place.epsg, seen)[::-1]
    footprint = (*ring, ring[0])
    zenith, azimuth = _sun(acquisition.sensing, *_middle(ring))
    area = _area(seen)
    flood = _flood(acquisition, chance)
    found = Chance(seed, "cloud", product.product_id).between(0.96, 1.0)
    east = view.side == "west"  # the swath's own edge is where the view is slant
    return Scene(
        product=product,
        footprint=footprint,
        area=round(area, 2),
        nodata=round(100 * (1 - area / TILE_KM2), 6),
        cover=_cover(acquisition, flood, found, chance),
        flood=flood,
        sun_zenith=round(zenith, 6),
        sun_azimuth=round(azimuth, 6),
        view_zenith=round(chance.between(7, 10) if view.side != "all" else chance.between(2, 6), 6),
        view_azimuth=round((285 if east else 105) + chance.between(-6, 6), 6),
        sun_distance=round(
            1 + 0.0334 * cos(2 * pi * (_day_of(acquisition.start) - 3) / 365.25), 12
        ),
    )


def _cover(of: Acquisition, flood: float, found: float, chance: Chance) -> Cover:
    cloud = _cloud(of, chance) * found
    high, cirrus = cloud * chance.between(0.35, 0.7), cloud * chance.between(0.05, 0.2)
    shadow = cloud * (100 - cloud) / 100 * chance.between(0.05, 0.2)
    rest = 100 - cloud - shadow
    permanent, seasonal = WATER[of.tile]
    extra = max(flood, 0) * FLOOD.get(of.tile, 0.1)
    wet = rest * min(0.9, (permanent + seasonal * chance.between(0.3, 0.7) + extra) / 100)
    small = [rest * chance.between(0, 0.004) for _ in range(3)]
    snowy = of.passed.region == "luxembourg" and of.start.month in {12, 1, 2}
    snow = (rest - wet) * chance.between(0, 0.3) if snowy and chance.happens(0.25) else 0.0
    green = (rest - wet - sum(small) - snow) * _green(of, chance)
    numbers = [round(v, 6) for v in (small[0] / 40, small[1], shadow, green, wet, small[2])]
    numbers += [round(cloud - high - cirrus, 6), round(high, 6), round(cirrus, 6), round(snow, 6)]
    bare = round(100 - sum(numbers), 6)
    saturated, dark, shade, vegetation, water, unclassified, medium, thick, thin, white = numbers
    return Cover(
        saturated, dark, shade, vegetation, bare, water, unclassified, medium, thick, thin, white
    )


def _cloud(of: Acquisition, chance: Chance) -> float:
    """Cloud in percent of the scene."""
    roll, amount = chance.share(), chance.share()
    if of.clear:
        return 4.5 * amount * amount
    if of.start.date() == LANDFALL.date() and of.passed.region == "florida":
        return 99 + amount * 0.9  # the hurricane itself
    mean = _CLOUDY[of.passed.region][of.start.month - 1] / 100
    if roll < _CLEAR_DAYS[of.passed.region] * (1.6 - mean):
        return 3 * amount * amount
    # amount ** (1/mean - 1) has this mean over [0, 1)
    return float(99.9 * amount ** (1 / mean - 1))


def _green(of: Acquisition, chance: Chance) -> float:
    """Share of the dry ground that is green."""
    if of.passed.region != "luxembourg":
        return chance.between(0.7, 0.92)
    season = 0.5 - 0.5 * cos(2 * pi * (_day_of(of.start) - 15) / 365.25)
    return 0.45 + 0.4 * season + chance.between(-0.05, 0.08)


def _flood(of: Acquisition, chance: Chance) -> float:
    """How high a flood stands: 1 at its height, 0 none, below 0 a drought."""
    noise = chance.share()
    if of.passed.region == "florida":
        days = (of.start - LANDFALL).days
        return (0.85 + 0.3 * noise) * 2 ** (-days / 12) if 1 <= days < 45 else 0.03 * noise
    if of.passed.region == "mekong":
        wave = cos(2 * pi * (_day_of(of.start) - 278) / 365.25)  # early October
        return max(wave, 0.0) ** 4 * (0.6 + 0.5 * noise) if wave > 0.2 else min(0.0, wave + noise)
    dry = of.start.year == 2022 and of.start.month in {7, 8, 9}
    return -0.6 - 0.4 * noise if dry else 0.04 * noise


def _day_of(moment: datetime) -> int:
    return moment.timetuple().tm_yday


def _middle(ring: list[Point]) -> Point:
    return sum(p[0] for p in ring) / len(ring), sum(p[1] for p in ring) / len(ring)


def _area(points: list[Point]) -> float:
    """Area in km² on the grid (the shoelace formula)."""
    following = points[1:] + points[:1]
    pairs = zip(points, following, strict=True)
    return abs(sum(ax * by - bx * ay for (ax, ay), (bx, by) in pairs)) / 2e6


def _sun(moment: datetime, lon: float, lat: float) -> tuple[float, float]:
    """Zenith and azimuth of the sun in degrees, to about half a degree.

    Declination and equation of time after the usual short series.
    """
    year = 2 * pi * (_day_of(moment) - 81) / 365
    declination = radians(23.45) * sin(year)
    minutes = 9.87 * sin(2 * year) - 7.53 * cos(year) - 1.5 * sin(year)
    solar = moment.hour + moment.minute / 60 + moment.second / 3600 + lon / 15 + minutes / 60
    hour = radians(15 * (solar - 12))
    high = radians(lat)
    height = asin(sin(high) * sin(declination) + cos(high) * cos(declination) * cos(hour))
    azimuth = atan2(
        -sin(hour) * cos(declination),
        cos(high) * sin(declination) - sin(high) * cos(declination) * cos(hour),
    )
    return degrees(acos(sin(height))), degrees(azimuth) % 360
