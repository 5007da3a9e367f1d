"""Made-up catalogues of any size: Sentinel-2 over Europe in five years, what models found, fields.

Where and when are the satellites' own: MGRS tiles of 109.8 km, the repeat orbit of Sentinel-2
(143 orbits in 10 days, inclination 98.6 degrees, swath 290 km), each satellite's known pass
(:mod:`dafab_kg.sample.passes`).  What the scenes hold follows the sample of this repository:
cloud by its table of months, second baselines and Level-1C at its 8 % each, water figures by
its rules of thumb.  Only the share of fields is made up: it is spread evenly over the tiles,
from 5 to 85 %, since the sample knows two regions alone.

Everything is made as the records that loaders make, and becomes RDF by the mappings, so that
its shape is that of a loaded document; as in the sample, a field's season is one of its own.
A real Level-2A product brings 63 statements on itself and some 500 on bands, files and checks;
here it brings about 40, those that searches ask for, and its findings about 30 each.

The same seed, count and version of numpy give the same catalogue.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import cache
from typing import Any

import numpy as np

from dafab_kg.model.records import Record
from dafab_kg.model.records.derivation import SceneCoverage
from dafab_kg.model.records.event import EventReport
from dafab_kg.model.records.inference import (
    Agriculture,
    DerivedProduct,
    InferenceRun,
    WaterAnalysis,
    WaterAnomaly,
)
from dafab_kg.model.records.parcel import Parcel, ParcelBoundary, ParcelSet
from dafab_kg.model.records.product import Product
from dafab_kg.sample.passes import CYCLE, ORBITS, SATELLITES
from dafab_kg.sample.scene import _CLEAR_DAYS, _CLOUDY
from dafab_kg.sample.tiles import Tile, lonlat, swath, tile

WEST, SOUTH, EAST, NORTH = -10, 36, 40, 70  # Europe, sea included
SECOND, RAW = 0.08, 0.08  # second baselines and Level-1C among the products, as in the sample
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
INCLINATION = math.radians(98.62)
SWATH_KM = 290.0
DATASET, SEASON = "made-up-fields", "2023"
FIELD_BLOCKS = 10  # regions with fields
SPACING = 141.4  # metres between the middles of neighbouring fields: two hectares each
CROPS = (("3301010100", "wheat"), ("3301010400", "barley"), ("3301060000", "maize"))


@dataclass(frozen=True)
class View:
    """How a relative orbit sees a tile; ``footprint`` is CRS84, counter-clockwise."""

    tile: Tile
    orbit: int
    share: float
    ring: tuple[tuple[float, float], ...]
    box: tuple[float, float, float, float]
    fields: float  # percent of the tile

    @property
    def wkt(self) -> str:
        """The footprint."""
        return _polygon(self.ring)


@dataclass(frozen=True)
class Scene:
    """One product and what was found in it; times in UTC, shares in percent."""

    product_id: str
    satellite: str
    level: str
    baseline: str
    view: View
    start: datetime
    generated: datetime
    absolute_orbit: int
    cloud: float
    shadow: float
    vegetation: float
    water: float
    snow: float
    sun_zenith: float
    coverage: float | None  # agricultural coverage; none at Level-1C
    fields: int | None  # number of fields, where a model looked for them
    anomaly: str | None  # where a model looked for water
    excess: float
    deficit: float


@dataclass(frozen=True)
class Event:
    """A flood in the world: where and when."""

    event_id: str
    box: tuple[float, float, float, float]
    start: datetime
    end: datetime

    @property
    def wkt(self) -> str:
        """The area, a box."""
        return box_wkt(self.box)


@dataclass(frozen=True)
class Field:
    """A field's boundary in one season; ``area`` in hectares."""

    parcel_id: str
    ring: tuple[tuple[float, float], ...]
    area: float
    crop: int

    @property
    def wkt(self) -> str:
        """The boundary."""
        return _polygon(self.ring)


def box_wkt(box: tuple[float, float, float, float]) -> str:
    """The polygon of a box (west, south, east, north)."""
    west, south, east, north = box
    return _polygon(((west, south), (east, south), (east, north), (west, north), (west, south)))


def _polygon(ring: tuple[tuple[float, float], ...]) -> str:
    return "POLYGON ((" + ", ".join(f"{lon:.6f} {lat:.6f}" for lon, lat in ring) + "))"


@cache
def tiles() -> tuple[Tile, ...]:
    """All tiles that hold a point of a quarter-degree grid over Europe, in order of names."""
    import mgrs

    grid = mgrs.MGRS()
    names = {
        grid.toMGRS(lat / 4, lon / 4, MGRSPrecision=0)
        for lat in range(SOUTH * 4, NORTH * 4 + 1)
        for lon in range(WEST * 4, EAST * 4 + 1)
    }
    return tuple(tile(name) for name in sorted(name.zfill(5) for name in names))


def _track(orbit: int, latitude: np.ndarray) -> np.ndarray:
    """Longitude of the descending track of a relative orbit at a latitude, in degrees.

    Orbit 8 passes over Luxembourg (49.6 N) at 6.2 E; the earth turns by 360 * 10 / 143
    degrees below each.  A circular orbit; good to some kilometres.
    """

    def from_node(at: Any) -> Any:
        along = np.arcsin(np.sin(np.radians(at)) / np.sin(INCLINATION))
        inertial = np.degrees(np.arctan2(-np.cos(INCLINATION) * np.sin(along), np.cos(along)))
        return inertial + np.degrees(along) * (CYCLE.total_seconds() / ORBITS / 86_164)

    node = 6.2 - from_node(49.6) - (orbit - 8) * 3600 / ORBITS
    return (node + from_node(latitude) + 180) % 360 - 180  # type: ignore[no-any-return]


@cache
def views(seed: int) -> tuple[View, ...]:
    """Each orbit's view of each tile that it sees a fifth of at least."""
    chance = np.random.default_rng([seed, 1])
    places = tiles()
    share_of_fields = chance.uniform(5, 85, len(places))
    middles = [lonlat(one.epsg, [(one.ulx + 54_900, one.uly - 54_900)])[0] for one in places]
    lon, lat = np.array(middles).T
    found = []
    for orbit in range(1, ORBITS + 1):
        off = (lon - _track(orbit, lat) + 180) % 360 - 180
        across = off * np.cos(np.radians(lat)) * 111.3 * 0.97  # the track leans
        seen = np.clip((SWATH_KM / 2 + 54.9 - np.abs(across)) / 109.8, 0, 1)
        for number in np.flatnonzero(seen >= 0.2):
            share = round(float(seen[number]), 2)
            side = "all" if share == 1 else "west" if across[number] > 0 else "east"
            ring = lonlat(places[number].epsg, swath(places[number], side, share))[::-1]
            lons, lats = zip(*ring, strict=True)
            found.append(
                View(
                    tile=places[number],
                    orbit=orbit,
                    share=share,
                    ring=(*ring, ring[0]),
                    box=(min(lons), min(lats), max(lons), max(lats)),
                    fields=round(float(share_of_fields[number]), 4),
                )
            )
    return tuple(found)


def events(count: int, seed: int) -> tuple[Event, ...]:
    """Floods at random places and times of the five years, 0.2 to 1.5 degrees wide."""
    chance = np.random.default_rng([seed, 2])
    first = datetime(2021, 1, 1, tzinfo=UTC)
    made = []
    for number in range(count):
        west, south = chance.uniform(WEST, EAST - 2), chance.uniform(SOUTH, NORTH - 2)
        wide, high = chance.uniform(0.2, 1.5, 2)
        start = first + timedelta(hours=int(chance.integers(0, 5 * 365 * 24)))
        made.append(
            Event(
                event_id=f"made-up-{number:05d}",
                box=(
                    round(west, 4), round(south, 4), round(west + wide, 4), round(south + high, 4)
                ),
                start=start,
                end=start + timedelta(days=int(chance.integers(1, 9))),
            )
        )  # fmt: skip
    return tuple(made)


def scenes(count: int, seed: int, floods: tuple[Event, ...] = ()) -> Iterator[Scene]:
    """Make ``count`` products in order of time; floods are seen where ``floods`` lie.

    Raises:
        ValueError: the satellites did not pass so often.
    """
    chance = np.random.default_rng([seed, 3])
    of_view, satellite, start, absolute = _passes(seed)
    wanted = count - int(count * SECOND) - int(count * RAW)
    if wanted > len(start):
        raise ValueError(f"{len(start):,} passes in five years do not make {count:,} products")
    chosen = np.sort(chance.permutation(len(start))[:wanted])
    again = set(chance.permutation(wanted)[: int(count * SECOND)].tolist())
    raw = set(chance.permutation(wanted)[: int(count * RAW)].tolist())
    near = _near(floods, seed)
    for number, index in enumerate(chosen):
        view = views(seed)[of_view[index]]
        letter = SATELLITES[satellite[index]].letter
        began = EPOCH + timedelta(milliseconds=int(start[index]))
        one = _scene(chance, view, letter, began, int(absolute[index]), near.get(view.tile.name))
        yield one
        if number in again:
            yield _other(one, one.level, "05.10", one.generated + timedelta(days=300))
        if number in raw:
            yield _other(one, "L1C", one.baseline, one.generated - timedelta(seconds=4000))


def _passes(seed: int) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """View, satellite, start (ms since 1970) and absolute orbit of all passes, by time."""
    parts = []
    period = CYCLE / ORBITS
    for number, satellite in enumerate(SATELLITES):
        low, high = (satellite.first - EPOCH, satellite.last - EPOCH)
        for index, view in enumerate(views(seed)):
            away = view.orbit - satellite.relative_orbit
            start = (satellite.anchor + away * period - EPOCH).total_seconds()
            cycle = CYCLE.total_seconds()
            first = math.ceil((low.total_seconds() - start) / cycle)
            last = math.floor((high.total_seconds() - start) / cycle)
            cycles = np.arange(first, last + 1)
            parts.append(
                np.column_stack(
                    (
                        np.full(len(cycles), index),
                        np.full(len(cycles), number),
                        np.int64((start + cycles * cycle) // 10 * 10_000) + 1_024,
                        satellite.absolute_orbit + away + cycles * ORBITS,
                    )
                )
            )
    every = np.concatenate(parts)
    every = every[np.lexsort((every[:, 0], every[:, 2]))]
    return every[:, 0], every[:, 1], every[:, 2], every[:, 3]


def _near(floods: tuple[Event, ...], seed: int) -> dict[str, list[Event]]:
    """The floods that meet a tile, by its name."""
    boxes: dict[str, tuple[float, float, float, float]] = {}
    for view in views(seed):
        west, south, east, north = boxes.get(view.tile.name, view.box)
        box = view.box
        boxes[view.tile.name] = (
            min(west, box[0]), min(south, box[1]), max(east, box[2]), max(north, box[3])
        )  # fmt: skip
    names = list(boxes)
    corners = np.array([boxes[name] for name in names])
    met: dict[str, list[Event]] = {}
    for flood in floods:
        west, south, east, north = flood.box
        apart = (
            (corners[:, 0] > east) | (corners[:, 2] < west)
            | (corners[:, 1] > north) | (corners[:, 3] < south)
        )  # fmt: skip
        for index in np.flatnonzero(~apart):
            met.setdefault(names[index], []).append(flood)
    return met


def _scene(
    chance: np.random.Generator,
    view: View,
    letter: str,
    start: datetime,
    absolute: int,
    floods: list[Event] | None,
) -> Scene:
    """A Level-2A scene: sky and ground as the sample makes them."""
    roll = chance.random(12).tolist()
    climate = "luxembourg" if view.ring[0][1] > 45 else "florida"
    mean = _CLOUDY[climate][start.month - 1] / 100
    if roll[0] < _CLEAR_DAYS[climate] * (1.6 - mean):
        cloud = 3 * roll[1] * roll[1]
    else:
        cloud = 99.9 * roll[1] ** (1 / mean - 1)
    shadow = cloud * (100 - cloud) / 100 * (0.05 + 0.15 * roll[2])
    rest = 100 - cloud - shadow
    day = start.timetuple().tm_yday
    season = 0.5 - 0.5 * math.cos(2 * math.pi * (day - 15) / 365.25)
    water = rest * 0.6 * roll[3] ** 6
    snow = (rest - water) * 0.3 * roll[4] if start.month in {12, 1, 2} and roll[5] < 0.25 else 0
    vegetation = (rest - water - snow) * (0.45 + 0.4 * season + 0.13 * roll[6] - 0.05)
    declination = 23.45 * math.sin(2 * math.pi * (day - 81) / 365)
    flooded = any(
        abs(start - flood.start) <= timedelta(days=10) and _meet(view.box, flood.box)
        for flood in floods or ()
    )
    anomaly = None
    if roll[7] < 0.5:
        odds = 0.7 if flooded else 0.005
        anomaly = "flood" if roll[8] < odds else "drought" if roll[8] > 0.96 else "normal"
    seen = start.month in range(3, 11) and roll[9] < 0.75
    mean_field = 1 + 3 * roll[10]
    clear = 1 - min(1.0, cloud * 1.1 / 100)
    fields = int(view.share * 12_056 * view.fields * clear / mean_field) if seen else None
    generated = (start + timedelta(seconds=9_000 + int(12_000 * roll[11]))).replace(microsecond=0)
    baseline = "03.01" if start.year < 2022 else "04.00" if start.year < 2023 else "05.09"
    return Scene(
        product_id=_product_id(letter, "L2A", start, baseline, view, generated),
        satellite=letter,
        level="L2A",
        baseline=baseline,
        view=view,
        start=start,
        generated=generated,
        absolute_orbit=absolute,
        cloud=round(cloud, 6),
        shadow=round(shadow, 6),
        vegetation=round(vegetation, 6),
        water=round(water, 6),
        snow=round(snow, 6),
        sun_zenith=round(abs(view.ring[0][1] - declination) + 4, 6),
        coverage=round(min(100.0, view.fields * (0.97 + 0.06 * roll[6])), 4),
        fields=fields,
        anomaly=anomaly,
        excess=round(10 + 200 * roll[2] if anomaly == "flood" else 9 * roll[2], 2),
        deficit=round(10 + 50 * roll[4] if anomaly == "drought" else 9 * roll[4], 2),
    )


def _other(scene: Scene, level: str, baseline: str, generated: datetime) -> Scene:
    """Another product of the same acquisition, in which no model looked."""
    from dataclasses import replace

    return replace(
        scene,
        product_id=_product_id(
            scene.satellite, level, scene.start, baseline, scene.view, generated
        ),
        level=level,
        baseline=baseline,
        generated=generated,
        coverage=None if level == "L1C" else scene.coverage,
        fields=None,
        anomaly=None,
    )


def _meet(one: tuple[float, ...], other: tuple[float, ...]) -> bool:
    return one[0] <= other[2] and other[0] <= one[2] and one[1] <= other[3] and other[1] <= one[3]


def _product_id(
    letter: str, level: str, start: datetime, baseline: str, view: View, generated: datetime
) -> str:
    return (
        f"S2{letter}_MSI{level}_{start:%Y%m%dT%H%M%S}_N{baseline.replace('.', '')}"
        f"_R{view.orbit:03d}_T{view.tile.name}_{generated:%Y%m%dT%H%M%S}"
    )


def fields(count: int, seed: int) -> Iterator[Field]:
    """Make fields of six to twelve corners on jittered grids, in ``FIELD_BLOCKS`` regions."""
    chance = np.random.default_rng([seed, 4])
    for block, size in enumerate(_block_sizes(count)):
        west, south, lon_step, lat_step, width = _block(block, count)
        for start in range(0, size, 10_000):
            number = np.arange(start, min(start + 10_000, size))
            corners = chance.integers(6, 13, len(number))
            turn = np.arange(12) / corners[:, None] * 2 * np.pi
            reach = chance.uniform(0.42, 0.55, (len(number), 12))
            lon = west + (number % width)[:, None] * lon_step + reach * np.cos(turn) * lon_step
            lat = south + (number // width)[:, None] * lat_step + reach * np.sin(turn) * lat_step
            lon, lat = np.round(lon, 5), np.round(lat, 5)
            for row, one in enumerate(number.tolist()):
                used = int(corners[row])
                ring = list(zip(lon[row, :used].tolist(), lat[row, :used].tolist(), strict=True))
                shoelace = sum(
                    a[0] * b[1] - b[0] * a[1]
                    for a, b in zip(ring, ring[1:] + ring[:1], strict=True)
                )
                area = shoelace / 2 / lon_step / lat_step * SPACING * SPACING / 10_000
                yield Field(
                    parcel_id=f"{block:02d}-{one:07d}",
                    ring=(*ring, ring[0]),
                    area=round(area, 6),
                    crop=one % len(CROPS),
                )


def _block_sizes(count: int) -> list[int]:
    each, left = divmod(count, FIELD_BLOCKS)
    return [each + (number < left) for number in range(FIELD_BLOCKS)]


def _block(block: int, count: int) -> tuple[float, float, float, float, int]:
    """South-west corner of a region of fields, steps in degrees, and fields in a row."""
    west, south = WEST + 8 + block * 3.1, 41 + (block * 7) % 13 + 0.3
    width = math.ceil(math.sqrt(max(_block_sizes(count))))
    lat_step = SPACING / 111_320
    return west, south, lat_step / math.cos(math.radians(south)), lat_step, width


def field_regions(count: int) -> list[tuple[float, float, float, float]]:
    """The boxes in which the fields lie."""
    found = []
    for number in range(FIELD_BLOCKS):
        west, south, lon_step, lat_step, width = _block(number, count)
        found.append((west, south, west + width * lon_step, south + width * lat_step))
    return found


def records_of_scene(scene: Scene) -> Iterator[Record]:
    """What loaders would read of a product and of what was found in it."""
    view = scene.view
    platform = f"sentinel-2{scene.satellite.lower()}"
    begun = _time(scene.start)
    short = f"S2{scene.satellite}_{scene.start:%Y%m%dT%H%M%S}"
    west, south, east, north = (_number(value) for value in view.box)
    bare = 100 - scene.cloud - scene.shadow - scene.vegetation - scene.water - scene.snow
    yield Product(
        product_id=scene.product_id,
        product_uri=f"{scene.product_id}.SAFE",
        product_type=f"S2MSI{scene.level[1:]}",
        processing_level=scene.level,
        processing_baseline=scene.baseline,
        generation_time=_time(scene.generated),
        product_format="SAFE_COMPACT",
        platform=platform,
        instrument="msi",
        acquisition_ids=(f"{short}_T{view.tile.name}",),
        datatake_id=f"G{short}_{scene.absolute_orbit:06d}",
        mgrs_tiles=(view.tile.name,),
        crs_codes=(f"EPSG:{view.tile.epsg}",),
        datetime=begun,
        sensing_start=begun,
        sensing_stop=begun,
        relative_orbit=view.orbit,
        absolute_orbit=scene.absolute_orbit,
        orbit_direction="descending",
        footprint_wkt=view.wkt,
        west=west,
        south=south,
        east=east,
        north=north,
        ground_sample_distance=Decimal(10),
        cloud_cover=_number(scene.cloud),
        snow_cover=_number(scene.snow),
        nodata_pixel_percentage=_number(round(100 - 100 * view.share, 6)),
        cloud_shadow_percentage=_number(scene.shadow),
        vegetation_percentage=_number(scene.vegetation),
        not_vegetated_percentage=_number(round(max(0.0, bare), 6)),
        water_percentage=_number(scene.water),
        sun_zenith=_number(scene.sun_zenith),
        sun_elevation=_number(round(90 - scene.sun_zenith, 6)),
    )
    if scene.coverage is not None:
        free = round(scene.coverage * (1 - scene.cloud / 100), 4)
        yield SceneCoverage(
            product_id=scene.product_id,
            agricultural_coverage=_number(scene.coverage),
            cloud_free_agricultural_coverage=_number(free),
        )
    if scene.fields is not None:
        derived = f"{scene.product_id}_smart_agriculture_300"
        yield from _derived(scene, derived, "agriculture", platform)
        total = scene.fields * 2.5
        yield Agriculture(
            product_id=derived,
            number_of_fields=scene.fields,
            field_percentage=_number(
                round(view.fields * (1 - min(1.0, scene.cloud * 1.1 / 100)), 4)
            ),
            total_field_area=_number(round(total, 2)),
            min_field_area=Decimal("0.05"),
            mean_field_area=Decimal("2.5"),
            max_field_area=Decimal("60.25"),
        )
    if scene.anomaly is not None:
        derived = f"{scene.product_id}_water_analysis_300"
        yield from _derived(scene, derived, "water", platform)
        yield WaterAnalysis(
            product_id=derived,
            observed_water=_number(scene.water),
            excess_total_water_observed=_number(scene.excess),
            excess_total_water_observed_area=_number(round(scene.excess * 3, 2)),
            deficit_water_observed=_number(scene.deficit),
            deficit_water_observed_area=_number(round(scene.deficit * 3, 2)),
        )
        yield WaterAnomaly(
            product_id=derived,
            anomaly_type=scene.anomaly,
            policy="water-anomaly/1",
            excess_percentage=_number(scene.excess),
            deficit_percentage=_number(scene.deficit),
        )


def _derived(scene: Scene, product_id: str, kind: str, platform: str) -> Iterator[Record]:
    west, south, east, north = (_number(value) for value in scene.view.box)
    yield DerivedProduct(
        product_id=product_id,
        kind=kind,
        source_product_id=scene.product_id,
        run_id=product_id,
        processing_level="L4",
        processing_version="3.0.0",
        datetime=_time(scene.start),
        mgrs_tiles=(scene.view.tile.name,),
        platform=platform,
        footprint_wkt=scene.view.wkt,
        west=west,
        south=south,
        east=east,
        north=north,
    )
    yield InferenceRun(
        run_id=product_id,
        product_id=product_id,
        source_product_id=scene.product_id,
        processing_version="3.0.0",
    )


def records_of_event(event: Event) -> Iterator[Record]:
    """What a feed would tell of a flood."""
    west, south, east, north = (_number(value) for value in event.box)
    yield EventReport(
        source="made-up",
        report_id=event.event_id,
        report_type="event",
        title=f"Flood {event.event_id}",
        hazard="floodHazard",
        start=_time(event.start),
        end=_time(event.end),
        footprint_wkt=event.wkt,
        west=west,
        south=south,
        east=east,
        north=north,
    )


def records_of_set() -> Iterator[Record]:
    """The data set that all fields are of."""
    yield ParcelSet(dataset=DATASET, dataset_title="Made-up fields", source_crs="OGC:CRS84")


def records_of_field(field: Field) -> Iterator[Record]:
    """What the loader of parcels reads of one."""
    code, name = CROPS[field.crop]
    yield Parcel(dataset=DATASET, parcel_id=field.parcel_id)
    yield ParcelBoundary(
        dataset=DATASET,
        parcel_id=field.parcel_id,
        season=SEASON,
        boundary_wkt=field.wkt,
        boundary_area=_number(field.area),
        declared_area=_number(round(field.area, 2)),
        crop_code=f"C{field.crop}",
        crop_name=name,
        hcat_code=code,
        determined=f"{SEASON}-06-15T00:00:00Z",
        determination_method="auto-imagery",
    )


def item_of_scene(scene: Scene) -> dict[str, Any]:
    """The same product as a STAC item, what was found in it among its properties."""
    view = scene.view
    properties: dict[str, Any] = {
        "datetime": _time(scene.start),
        "platform": f"sentinel-2{scene.satellite.lower()}",
        "instruments": ["msi"],
        "constellation": "sentinel-2",
        "processing:level": scene.level,
        "s2:processing_baseline": scene.baseline,
        "s2:generation_time": _time(scene.generated),
        "grid:code": f"MGRS-{view.tile.name}",
        "proj:epsg": view.tile.epsg,
        "sat:relative_orbit": view.orbit,
        "sat:absolute_orbit": scene.absolute_orbit,
        "sat:orbit_state": "descending",
        "gsd": 10,
        "eo:cloud_cover": scene.cloud,
        "eo:snow_cover": scene.snow,
        "s2:nodata_pixel_percentage": round(100 - 100 * view.share, 6),
        "s2:cloud_shadow_percentage": scene.shadow,
        "s2:vegetation_percentage": scene.vegetation,
        "s2:water_percentage": scene.water,
        "view:sun_elevation": round(90 - scene.sun_zenith, 6),
    }
    if scene.coverage is not None:
        properties["dafab:agricultural_coverage"] = scene.coverage
    if scene.fields is not None:
        properties["dafab:number_of_fields"] = scene.fields
    if scene.anomaly is not None:
        properties["dafab:anomaly_type"] = scene.anomaly
        properties["dafab:excess_total_water_observed"] = scene.excess
    return {
        "type": "Feature",
        "stac_version": "1.0.0",
        "stac_extensions": [],
        "id": scene.product_id,
        "collection": "products",
        "geometry": {"type": "Polygon", "coordinates": [[list(p) for p in view.ring]]},
        "bbox": list(view.box),
        "properties": properties,
        "links": [],
        "assets": {
            "safe": {
                "href": f"https://example.org/{scene.product_id}.SAFE",
                "type": "application/x-directory",
            }
        },
    }


def _time(moment: datetime) -> str:
    if moment.microsecond:
        return f"{moment:%Y-%m-%dT%H:%M:%S}.{moment.microsecond // 1000:03d}Z"
    return f"{moment:%Y-%m-%dT%H:%M:%SZ}"


def _number(value: float) -> Decimal:
    return Decimal(str(value))
