"""Tracks of tropical cyclones: HURDAT2, and tables made of its rows.

Source: NOAA's description of the HURDAT2 format.  A storm has a header line (id, name,
number of rows) and rows of 20 or 21 columns: date, time (UTC), record identifier, status,
latitude and longitude with their hemisphere, wind (knots), pressure (hPa), the radii of
34, 50 and 64 knots in four quadrants (nautical miles), and the radius of maximum wind.
``-99`` and ``-999`` say that a figure is missing.

The tables are exports of such rows as CSV: the positions of storms (``geometry`` as WKT
points), the stretch over which each came ashore (WKT lines), and a summary of each storm.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from decimal import Decimal
from itertools import pairwise
from typing import Any, Final

from dafab_kg.loaders.events import areas, spans
from dafab_kg.loaders.events.forms import (
    Context,
    Element,
    Form,
    Identity,
    demanded,
    number,
    text,
    whole,
)
from dafab_kg.loaders.events.identifiers import atcf, records
from dafab_kg.model.documents import Reading
from dafab_kg.model.errors import FieldMissing, FieldNotValid, GeometryNotValid
from dafab_kg.model.records import EventReport, Record, TrackPoint, WindRadii

HEADER: Final = re.compile(rb"\s*[A-Z]{2}\d{6}\s*,\s*[^,\n]{1,28},\s*\d+\s*,?\s*\r?\n\s*\d{8}\s*,")
"""How a HURDAT2 file begins."""

SCALE: Final = "kn (maximum sustained wind)"
CYCLONE: Final = "tropicalCycloneHazard"
_HEAD_LINE: Final = re.compile(r"\s*([A-Z]{2}\d{6})\s*,([^,]*),\s*(\d+)\s*,?\s*\Z")
_THRESHOLDS: Final = ("34", "50", "64")
_MISSING: Final = Decimal(-99)


def storms_of(data: bytes, where: str) -> Iterator[Element]:
    """Yield the storms of a HURDAT2 file.

    Raises:
        FieldNotValid: a row stands before the first storm.
    """
    storm: dict[str, Any] | None = None
    for position, line in enumerate(data.decode("utf-8", "replace").splitlines(), start=1):
        if not line.strip():
            continue
        head = _HEAD_LINE.match(line)
        if head is not None:
            if storm is not None:
                yield _storm(storm)
            storm = {"id": head[1], "name": head[2].strip(), "count": int(head[3]), "rows": []}
            storm["line"] = position
        elif storm is None:
            raise FieldNotValid(
                "a row stands before the first storm",
                where=f"{where}: line {position}",
                remedy="Begin with a header line: AL092022, IAN, 40,",
            )
        else:
            storm["rows"].append([cell.strip() for cell in line.rstrip(", \t").split(",")])
    if storm is not None:
        yield _storm(storm)


def _storm(storm: dict[str, Any]) -> Element:
    return Element("hurdat2", f"storm={storm['id']}", storm)


def _identify_storm(value: Any, where: str) -> Identity:
    return Identity("hurdat2", _id(value.get("id"), where))


def _id(told: object, where: str) -> str:
    written = demanded(told, "storm id", where)
    found = atcf(written)
    if found is None:
        raise FieldNotValid(
            f"{written!r} is no storm id",
            where=where,
            remedy="Write basin, number and year: AL092022",
        )
    return found


def _read_storm(value: Any, identity: Identity, context: Context) -> Reading:
    points: list[TrackPoint] = []
    radii: list[WindRadii] = []
    rows = value["rows"]
    if len(rows) != value.get("count"):
        context.notes.add(f"the header tells of {value.get('count')} rows, there are {len(rows)}")
    for position, row in enumerate(rows, start=1):
        where = context.at(f"line {value['line'] + position}")
        if len(row) < 8:
            raise FieldMissing(
                f"a row needs 8 columns, this has {len(row)}",
                where=where,
                remedy="Deliver date, time, identifier, status, position, wind and pressure",
            )
        if len(row) > 21:
            context.notes.add(f"line {value['line'] + position}: columns after the 21st were left")
        time = _hurdat_time(row[0], row[1], where)
        longitude, latitude = _degrees(row[5], "EW", where), _degrees(row[4], "NS", where)
        figures = [_figure(cell, where, context) for cell in row[6:21]]
        points.append(
            _point(
                identity, time, longitude, latitude, figures[0], figures[1],
                row[3] or None, row[2] or None, figures[14] if len(figures) > 14 else None,
            )
        )  # fmt: skip
        radii += _radii(identity, time, figures[2:14])
    name = value.get("name") or None
    return _track(identity, name, points, context, radii)


def _hurdat_time(date: str, time: str, where: str) -> str:
    if not (re.fullmatch(r"\d{8}", date) and re.fullmatch(r"\d{3,4}", time)):
        raise FieldNotValid(
            f"{date!r}, {time!r} is no date and time",
            where=where,
            remedy="Write them as YYYYMMDD, HHMM",
        )
    hours = time.zfill(4)
    written = f"{date[:4]}-{date[4:6]}-{date[6:]}T{hours[:2]}:{hours[2:]}:00Z"
    return spans.moment(written, where=where)


def _degrees(cell: str, hemispheres: str, where: str) -> Decimal:
    found = re.fullmatch(rf"(-?\d+(?:\.\d+)?)\s*([{hemispheres}])", cell.upper())
    if found is None:
        raise GeometryNotValid(
            f"{cell!r} is no position", where=where, remedy=f"Write 26.0{hemispheres[0]}"
        )
    value = Decimal(found[1])
    return -value if found[2] in "SW" else value


def _figure(cell: str, where: str, context: Context) -> Decimal | None:
    value = number(cell, where, context)
    return None if value is None or value <= _MISSING else value


def _point(
    identity: Identity,
    time: str,
    longitude: Decimal,
    latitude: Decimal,
    wind: Decimal | None,
    pressure: Decimal | None,
    status: str | None,
    marker: str | None,
    radius: Decimal | None = None,
) -> TrackPoint:
    # tracks over the antimeridian go on counting: 181W is 179E
    longitude = _wrapped(longitude)
    return TrackPoint(
        *identity,
        time=time,
        longitude=longitude,
        latitude=latitude,
        point_wkt=areas.point_wkt(longitude, latitude),
        wind=wind,
        pressure=pressure,
        storm_status=status,
        marker=marker,
        radius=radius,
    )


def _wrapped(longitude: Decimal) -> Decimal:
    if -360 <= longitude < -180:
        return longitude + 360
    return longitude - 360 if 180 < longitude <= 360 else longitude


def _radii(identity: Identity, time: str, figures: Sequence[Decimal | None]) -> Iterator[WindRadii]:
    for index, threshold in enumerate(_THRESHOLDS):
        four = figures[4 * index : 4 * index + 4]
        if len(four) == 4 and any(four):
            yield WindRadii(*identity, time, threshold, *four)


def _track(
    identity: Identity,
    name: str | None,
    points: list[TrackPoint],
    context: Context,
    radii: Sequence[WindRadii] = (),
) -> Reading:
    if not points:
        raise FieldMissing(
            "the storm has no positions", where=context.where, remedy="Deliver its rows"
        )
    points.sort(key=lambda point: point.time)
    _refuse_two_places(points, context)
    line = [(p.longitude, p.latitude) for p in points]
    area = areas.of_line([(x, y) for x, y in line if x is not None and y is not None],
                         where=context.where)  # fmt: skip
    winds = [point.wind for point in points if point.wind is not None]
    severity = max(winds, default=None)
    report = EventReport(
        *identity,
        report_type="track",
        title=name,
        hazard=CYCLONE,
        start=points[0].time,
        end=points[-1].time,
        severity=severity,
        severity_scale=SCALE if severity is not None else None,
        **area.fields,
    )
    read: list[Record] = [report, *points, *radii]
    read += records(*identity, [("hurdat2", identity.report_id)])
    return Reading(tuple(read), warnings=(*context.notes, *area.warnings))


def _refuse_two_places(points: list[TrackPoint], context: Context) -> None:
    for before, after in pairwise(points):
        if before.time == after.time:
            raise FieldNotValid(
                f"the storm has two rows for {after.time}",
                where=context.where,
                remedy="Keep one of the two",
            )


# Tables -----------------------------------------------------------------------------------

_FRAME: Final = {"storm_id", "datetime", "geometry", "wind_speed", "pressure", "status"}
_LANDFALL: Final = {"storm_id", "storm_name", "datetime", "geometry", "max_wind_speed"}
_SUMMARY: Final = {"storm_id", "storm_name", "year", "landfall_date", "max_wind_speed"}


def form_of_table(columns: list[str]) -> str | None:
    """Return which table these columns make, None if none of ours."""
    names = set(columns)
    for form, least in (
        ("hurdat2-rows", _FRAME), ("hurdat2-landfall", _LANDFALL), ("hurdat2-summary", _SUMMARY),
    ):  # fmt: skip
        if least <= names:
            return form
    return None


def storms_of_table(rows: Iterator[tuple[int, dict[str, str]]]) -> Iterator[Element]:
    """Yield one element for each storm of a table of positions."""
    storms: dict[str, dict[str, Any]] = {}
    for line, row in rows:
        storm = storms.setdefault(
            row.get("storm_id") or "", {"id": row.get("storm_id"), "rows": []}
        )
        storm["rows"].append({**row, "line": line})
    for own, storm in storms.items():
        yield Element("hurdat2-rows", f"storm={own}", storm)


def _read_rows(value: Any, identity: Identity, context: Context) -> Reading:
    points = []
    names = []
    for row in value["rows"]:
        where = f"{context.where}: line {row['line']}"
        geometry = areas.geojson_of_wkt(demanded(row.get("geometry"), "position", where),
                                        where=where)  # fmt: skip
        coordinates = geometry.get("coordinates") or ()
        if geometry.get("type") != "Point" or len(coordinates) < 2:
            raise GeometryNotValid(
                "a position must be a point", where=where, remedy="Write POINT (-82.7 26)"
            )
        longitude, latitude = (Decimal(str(one)) for one in coordinates[:2])
        points.append(
            _point(
                identity,
                spans.moment(demanded(row.get("datetime"), "time", where), where=where),
                longitude,
                latitude,
                _figure(row.get("wind_speed") or "", where, context),
                _figure(row.get("pressure") or "", where, context),
                text(row.get("status")),
                text(row.get("landfall_marker")),
            )
        )
        names.append(text(row.get("storm_name")))
    return _track(identity, next(filter(None, names), None), points, context)


def _identify_landfall(value: Any, where: str) -> Identity:
    storm = _id(value.get("storm_id"), where)
    time = spans.moment(demanded(value.get("datetime"), "time", where), where=where)
    compact = re.sub(r"[-:]", "", time)
    return Identity("hurdat2", f"{storm}-landfall-{compact}")


def _read_landfall(value: Any, identity: Identity, context: Context) -> Reading:
    when = spans.moment(value["datetime"], where=context.at("datetime"))
    area = areas.of_wkt(
        demanded(value.get("geometry"), "place", context.where), where=context.at("geometry")
    )
    wind = number(value.get("wind_speed"), "wind_speed", context)
    return _derived(identity, value, spans.Span(when, when), wind, context, area)


def _identify_summary(value: Any, where: str) -> Identity:
    return Identity("hurdat2", f"{_id(value.get('storm_id'), where)}-summary")


def _read_summary(value: Any, identity: Identity, context: Context) -> Reading:
    landfall = text(value.get("landfall_date"))
    if landfall and landfall not in ("0", "0.0"):
        when = spans.moment(landfall, where=context.at("landfall_date"))
        span = spans.Span(when, when)
    else:
        year = spans.partial(
            whole(value.get("year"), context.at("year")), None, None, where=context.at("year")
        )
        if year is None:
            raise FieldMissing(
                "the storm has no year", where=context.at("year"), remedy="State when it was"
            )
        span = spans.Span(year.first, year.last)
    wind = number(value.get("max_wind_speed"), "max_wind_speed", context)
    return _derived(identity, value, span, wind, context)


def _derived(
    identity: Identity,
    value: dict[str, Any],
    span: spans.Span,
    wind: Decimal | None,
    context: Context,
    area: areas.Area | None = None,
) -> Reading:
    storm = _id(value.get("storm_id"), context.where)
    report = EventReport(
        *identity,
        report_type="event",
        title=text(value.get("storm_name")),
        hazard=CYCLONE,
        start=span.start,
        end=span.end,
        severity=wind,
        severity_scale=SCALE if wind is not None else None,
        **(area.fields if area else {}),
    )
    return Reading(
        (report, *records(*identity, [("hurdat2", storm)])),
        warnings=(*context.notes, *(area.warnings if area else ())),
    )


STORM: Final = Form("hurdat2", _identify_storm, _read_storm)
ROWS: Final = Form("hurdat2-rows", _identify_storm, _read_rows)
LANDFALL: Final = Form("hurdat2-landfall", _identify_landfall, _read_landfall)
SUMMARY: Final = Form("hurdat2-summary", _identify_summary, _read_summary)
