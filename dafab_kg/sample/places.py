"""The places of the sample: rough outlines, drawn for it from a few facts of geography.

The identifiers are true; the outlines are good to some ten kilometres, no more.
"""

from __future__ import annotations

from typing import Any, Final

Json = dict[str, Any]

_OUTLINES: Final[dict[str, tuple[Json, tuple[tuple[float, float], ...]]]] = {
    "LUX": (
        {
            "name": "Luxembourg", "kind": "country", "iso_a3": "LUX", "iso_a2": "LU",
            "wikidataid": "Q32", "geonameid": 2960313,
        },
        (
            (5.75, 49.54), (6.13, 49.46), (6.36, 49.46), (6.53, 49.72), (6.51, 49.81),
            (6.32, 49.84), (6.13, 50.13), (6.02, 50.18), (5.74, 49.90), (5.90, 49.67),
        ),
    ),
    "USA-FL": (
        {
            "name": "Florida", "kind": "state", "iso_a3": "USA", "iso_a2": "US",
            "iso_3166_2": "US-FL", "wikidataid": "Q812", "geonameid": 4155751,
        },
        (
            (-87.5, 30.3), (-85.3, 29.6), (-84.0, 30.1), (-82.8, 29.0), (-82.8, 27.8),
            (-82.2, 26.6), (-81.7, 25.9), (-81.1, 25.1), (-80.3, 25.2), (-80.0, 26.8),
            (-80.6, 28.5), (-81.4, 30.7), (-82.2, 30.5), (-84.9, 30.7), (-87.6, 31.0),
        ),
    ),
    "VNM": (
        {
            "name": "Viet Nam", "name_alt": "Vietnam", "kind": "country", "iso_a3": "VNM",
            "iso_a2": "VN", "wikidataid": "Q881", "geonameid": 1562822,
        },
        (
            (104.8, 8.6), (106.8, 10.3), (109.0, 11.5), (109.4, 13.0), (108.3, 16.1),
            (105.8, 18.8), (107.9, 21.5), (105.3, 23.3), (102.2, 22.4), (104.9, 19.6),
            (107.4, 15.6), (107.5, 12.3), (105.9, 11.4), (104.5, 10.4),
        ),
    ),
    "mekong-delta": (
        {"name": "Mekong Delta", "kind": "region", "iso_a3": "VNM", "iso_a2": "VN"},
        (
            (104.8, 8.6), (106.3, 9.4), (106.8, 10.3), (106.2, 11.0), (105.1, 10.9),
            (104.5, 10.4), (104.9, 9.8),
        ),
    ),
}  # fmt: skip


def boundaries() -> Json:
    """Return the places as GeoJSON."""
    return {
        "type": "FeatureCollection",
        "features": [
            {
                "type": "Feature",
                "id": name,
                "properties": properties,
                "geometry": {"type": "Polygon", "coordinates": [[*ring, ring[0]]]},
            }
            for name, (properties, ring) in _OUTLINES.items()
        ],
    }
