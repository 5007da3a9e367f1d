"""Events of the sample: Hurricane Ian, as a track and as made-up reports tell it.

The positions of the track are true: the best track of the storm AL092022 (NOAA National
Hurricane Center, HURDAT2).  The other reports are made up; what they share with the track is
the identifier, the time or the place.
"""

from __future__ import annotations

from typing import Any, Final

Json = dict[str, Any]

_STORM: Final = "AL092022"
_TRACK: Final = (  # day and hour of September 2022, status, north, west, knots, hPa
    ("26 0000", "TS", 16.8, 80.9, 50, 991),
    ("26 1200", "HU", 18.7, 82.4, 70, 981),
    ("27 0000", "HU", 20.8, 83.3, 85, 965),
    ("27 1200", "HU", 22.6, 83.6, 100, 963),
    ("28 0000", "HU", 24.4, 83.0, 105, 947),
    ("28 1200", "HU", 26.0, 82.7, 140, 937),
    ("28 1800", "HU", 26.6, 82.4, 135, 938),
    ("29 0000", "HU", 27.2, 81.7, 100, 960),
    ("29 1200", "TS", 28.4, 80.6, 60, 987),
    ("30 0000", "HU", 29.6, 79.4, 70, 986),
    ("30 1800", "HU", 33.3, 79.2, 70, 978),
)
_UNKNOWN: Final = ", -999" * 13


def track() -> str:
    """Return the track in the text form of HURDAT2."""
    rows = [f"{_STORM}, {'IAN':>18}, {len(_TRACK):>6},"]
    for moment, status, north, west, wind, pressure in _TRACK:
        day, hour = moment.split()
        rows.append(
            f"202209{day}, {hour},  , {status}, {north:.1f}N, {west:5.1f}W, {wind:3d}, "
            f"{pressure:4d}{_UNKNOWN}"
        )
    return "\n".join(rows) + "\n"


def reports() -> Json:
    """Return events as plain GeoJSON: the storm by its identifier, and its flood."""
    return {
        "type": "FeatureCollection",
        "features": [
            _report(
                "2022-ian-landfall",
                "cyclone",
                "Landfall of Hurricane Ian in Lee County",
                "2022-09-28T19:00:00Z",
                "2022-09-29T12:00:00Z",
                [(-82.3, 26.3), (-81.6, 26.3), (-81.6, 27.0), (-82.3, 27.0)],
                {"identifiers": {"hurdat2": _STORM}, "severity": 130, "severity_scale": "kn"},
            ),
            _report(
                "2022-peace-river",
                "flood",
                "Flooding along the Peace River after the storm",
                "2022-09-29T00:00:00Z",
                "2022-10-06T00:00:00Z",
                [(-82.1, 26.9), (-81.5, 26.9), (-81.5, 27.9), (-82.1, 27.9)],
                {},
            ),
        ],
    }


def posts() -> Json:
    """Return reports as from social media; their author is dropped when they are loaded."""
    return {
        "type": "SocialMediaReports",
        "version": "1.0",
        "reports": [
            {
                "text": "Water up to the windows on the river road, @countyhelp please come",
                "time": "2022-09-29T06:40:00Z",
                "place": "Arcadia",
                "longitude": -81.86,
                "latitude": 27.22,
                "source": "sample-network",
                "language": "en",
                "confidence": 70,
                "hazard": "flood",
                "author": "@somebody",
            }
        ],
    }


def _report(
    name: str,
    hazard: str,
    title: str,
    start: str,
    end: str,
    ring: list[tuple[float, float]],
    more: Json,
) -> Json:
    return {
        "type": "Feature",
        "geometry": {"type": "Polygon", "coordinates": [[*ring, ring[0]]]},
        "properties": {
            "event_id": name,
            "source": "sample-county",
            "hazard": hazard,
            "title": title,
            "start": start,
            "end": end,
            "countries": ["USA"],
            **more,
        },
    }
