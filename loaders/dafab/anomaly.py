"""The verdict on a water product: normal, flood, drought, or flood and drought.

What the figures mean, recomputed from the classes of the difference mask of real
items (for instance (0.6776 + 0.0621) / (0.8703 + 0.0701) = 78.65 %):

* ``excess_total_water_observed`` is the water seen beyond the permanent reference
  water, seasonal water included, as a percentage of the permanent reference water
  that could be seen.  It has no upper bound.
* ``deficit_water_observed`` is the permanent reference water that is missing, as a
  percentage of the same.

Policy ``water-anomaly/1``:

* flood: excess of 100 % or more, that is, at least as much surplus water as there is
  permanent water.  Seasonal water alone makes half of the ordinary scenes exceed
  46 %; 100 % is above the upper quartile (94 %) of 519 published items of 2015-2026
  from three continents.
* drought: deficit of 30 % or more, the highest tenth of the same items.  It is lower
  than the other because a deficit cannot exceed 100 % and water does not vanish with
  the season where it is permanent.
* either only where the area concerned, if the document gives it, is 1 km² or more:
  beside a reference of a few pixels any ratio is reached (34900 % stands for 3 ha).

Both percentages must be given; otherwise there is no verdict.  Of those 519 items,
77 become flood or flood and drought, and 34 drought or flood and drought.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

from dafab_kg.model.records import WaterAnalysis, WaterAnomaly


@dataclass(frozen=True)
class Policy:
    """Thresholds, included in what they bound: percent, percent, km²."""

    id: str
    flood_excess: Decimal
    drought_deficit: Decimal
    least_area: Decimal


POLICY: Final = Policy("water-anomaly/1", Decimal(100), Decimal(30), Decimal(1))
STATED: Final = "stated"
"""The policy of a verdict that the document itself gives."""

_FACET = re.compile(r".*/catalogs/water_anomaly/(?:water_anomaly_)?(\w+?)/?\Z")
_TYPES: Final = {
    "normal": "normal",
    "flood": "flood",
    "drought": "drought",
    "flood_and_drought": "floodAndDrought",
}
_STATED_IN: Final = ("dafab:water_anomaly", "dafab:water-anomaly", "water_anomaly", "anomaly_type")


def judge(water: WaterAnalysis, policy: Policy = POLICY) -> WaterAnomaly | None:
    """Return the verdict that ``policy`` draws from the figures; None if one is not given."""
    excess, deficit = water.excess_total_water_observed, water.deficit_water_observed
    if excess is None or deficit is None:
        return None
    areas = (water.excess_total_water_observed_area, water.deficit_water_observed_area)
    large = [area is None or area >= policy.least_area for area in areas]
    flood = excess >= policy.flood_excess and large[0]
    drought = deficit >= policy.drought_deficit and large[1]
    verdict = {
        (False, False): "normal",
        (True, False): "flood",
        (False, True): "drought",
        (True, True): "floodAndDrought",
    }[flood, drought]
    return WaterAnomaly(water.product_id, verdict, policy.id, excess, deficit)


def stated(
    product_id: str, hrefs: Iterable[str], properties: dict[str, Any], water: WaterAnalysis | None
) -> WaterAnomaly | None:
    """Return the verdict that a link to a facet, or a property, states; None if none does."""
    told = [match[1] for match in map(_FACET.match, hrefs) if match]
    told += [str(properties[name]) for name in _STATED_IN if name in properties]
    for text in told:
        verdict = text.lower().replace(" ", "_").removeprefix("water_anomaly_")
        if verdict in _TYPES:
            return WaterAnomaly(
                product_id,
                _TYPES[verdict],
                STATED,
                water.excess_total_water_observed if water else None,
                water.deficit_water_observed if water else None,
            )
    return None
