"""Which products the sample holds: passes become acquisitions, acquisitions products."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from dafab_kg.sample.chance import Chance
from dafab_kg.sample.passes import HIGH_WATER, REGIONS, Pass, Region, passes

_BASELINES = (  # when a baseline came into operation, and its number
    (datetime(2020, 2, 4, tzinfo=UTC), "02.14"),
    (datetime(2021, 3, 30, tzinfo=UTC), "03.00"),
    (datetime(2021, 6, 30, tzinfo=UTC), "03.01"),
    (datetime(2022, 1, 25, tzinfo=UTC), "04.00"),
    (datetime(2022, 12, 6, tzinfo=UTC), "05.09"),
    (datetime(2023, 12, 13, tzinfo=UTC), "05.10"),
    (datetime(2024, 7, 23, tzinfo=UTC), "05.11"),
)
_REPROCESSED_UNTIL = datetime(2023, 12, 1, tzinfo=UTC)
_SEASON = range(4, 10)  # months in which fields can be told apart in Luxembourg


@dataclass(frozen=True)
class Acquisition:
    """One satellite over one tile, with what the sky was to be.

    ``start`` is the start of the datatake, ``sensing`` the tile's own time.
    ``clear`` asks for a sky almost without cloud.
    """

    passed: Pass
    start: datetime
    strip: datetime
    sensing: datetime
    clear: bool = False

    @property
    def satellite(self) -> str:
        """Short name of the satellite: S2A."""
        return f"S2{self.passed.satellite}"

    @property
    def tile(self) -> str:
        """MGRS name of the tile."""
        return self.passed.view.tile


@dataclass(frozen=True)
class Product:
    """One product of an acquisition: level ``L1C`` or ``L2A``, baseline ``05.09``."""

    acquisition: Acquisition
    level: str
    baseline: str
    generated: datetime
    centre: str

    @property
    def product_id(self) -> str:
        """Name of the product without ``.SAFE``."""
        of = self.acquisition
        return "_".join(
            (
                of.satellite,
                f"MSI{self.level}",
                stamp(of.start),
                f"N{self.baseline.replace('.', '')}",
                f"R{of.passed.view.relative_orbit:03d}",
                f"T{of.tile}",
                stamp(self.generated),
            )
        )


def stamp(moment: datetime) -> str:
    """Write a time as product names do: ``20220127T104321``."""
    return f"{moment:%Y%m%dT%H%M%S}"


def plan(seed: int, products: int) -> tuple[Product, ...]:
    """Choose ``products`` products; the same seed and number give the same ones.

    About 8 % are a second baseline of another product, and 8 % the Level-1C of
    a Level-2A.  The first acquisitions of each region answer the headline
    questions, so that even a small sample does.
    """
    doubled = products * 8 // 100
    raw = products * 8 // 100
    wanted = products - doubled - raw
    acquisitions: list[Acquisition] = []
    for region in REGIONS[1:]:
        acquisitions += _choose(seed, region, round(wanted * region.part))
    acquisitions += _choose(seed, REGIONS[0], wanted - len(acquisitions))
    first = [_product(seed, acquisition) for acquisition in acquisitions]
    order = Chance(seed, "second products").order(first)
    old = [p for p in order if p.centre != "S2RP" and _early(p.acquisition)][:doubled]
    others = [p for p in order if p.centre != "S2RP"][:raw]
    second = [_reprocessed(seed, p.acquisition) for p in old]
    second += [_level_1c(seed, p) for p in others]
    return tuple(sorted(first + second, key=lambda p: (p.acquisition.start, p.product_id)))


def _choose(seed: int, region: Region, count: int) -> Iterator[Acquisition]:
    """Choose the acquisitions of a region: those of the events first, the rest by chance."""
    every = Chance(seed, region.name).order(passes(region))
    first = sorted(filter(_of_interest, every), key=_urgency)[: max(2, count // 3)]
    chosen = (first + [p for p in every if p not in first])[:count]
    for number, passed in enumerate(chosen):
        # the first two are sure to be seen; of the others of the event, some are
        lucky = number < 2 or (number < len(first) and number % 5 < 2)
        yield _acquire(seed, passed, clear=lucky)


def _of_interest(passed: Pass) -> bool:
    """Tell whether a pass saw what the headline questions ask for."""
    if passed.region == "florida":
        return HIGH_WATER[0] <= passed.start < HIGH_WATER[1] and passed.view.side == "all"
    if passed.region == "luxembourg":
        return passed.start.month in _SEASON and passed.view.tile in {"31UGR", "32ULA", "32ULV"}
    return passed.start.month in {9, 10}


def _urgency(passed: Pass) -> float:
    """Flood water falls by the day: the earlier passes come first."""
    return passed.start.timestamp() if passed.region == "florida" else 0.0


def _acquire(seed: int, passed: Pass, *, clear: bool) -> Acquisition:
    """Give a pass its times, alike for all tiles of the datatake."""
    chance = Chance(seed, "datatake", passed.satellite, passed.absolute_orbit)
    start = passed.start - timedelta(seconds=chance.whole(0, 14) * 10)
    ending = 9 if passed.satellite == "B" else 1
    start = start.replace(second=start.second // 10 * 10 + ending, microsecond=24_000)
    strip = start + timedelta(seconds=chance.whole(5, 110))
    south = {"luxembourg": 3, "mekong": 9, "florida": 6}[passed.region]
    row = "ABCDEFGHJKLMNPQRSTUV".index(passed.view.tile[4])
    sensing = strip + timedelta(minutes=south, seconds=(20 - row) % 20 * 15, milliseconds=517)
    return Acquisition(passed, start, strip.replace(microsecond=0), sensing, clear)


def _early(acquisition: Acquisition) -> bool:
    return acquisition.start < _REPROCESSED_UNTIL


def _product(seed: int, acquisition: Acquisition) -> Product:
    """The Level-2A product as a user finds it: of its time, or reprocessed since."""
    chance = Chance(seed, "product", acquisition.satellite, acquisition.start, acquisition.tile)
    if _early(acquisition) and chance.happens(0.3):
        return _reprocessed(seed, acquisition)
    baseline = [number for since, number in _BASELINES if since <= acquisition.start][-1]
    generated = acquisition.start + timedelta(seconds=chance.whole(9_000, 21_000))
    centre = {"A": "2APS", "B": "2BPS", "C": "2CPS"}[acquisition.satellite[2]]
    if baseline <= "05.00":
        centre = "VGS2"
    return Product(acquisition, "L2A", baseline, generated.replace(microsecond=0), centre)


def _reprocessed(seed: int, acquisition: Acquisition) -> Product:
    """The same acquisition in Collection 1, processed anew in 2023 or 2024."""
    chance = Chance(seed, "again", acquisition.satellite, acquisition.start, acquisition.tile)
    recent = acquisition.start.year >= 2022
    since = datetime(2024 if recent else 2023, 2, 1, tzinfo=UTC)
    generated = since + timedelta(seconds=chance.whole(0, 180 * 86_400))
    return Product(acquisition, "L2A", "05.10" if recent else "05.00", generated, "S2RP")


def _level_1c(seed: int, product: Product) -> Product:
    chance = Chance(seed, "level 1C", product.product_id)
    earlier = timedelta(seconds=chance.whole(2_000, 6_000))
    return Product(
        product.acquisition, "L1C", product.baseline, product.generated - earlier, product.centre
    )
