"""Boundaries of countries, regions and counties, and which things lie within them.

GeoJSON that says of itself that it is boundaries is taken as it is; any file that
GDAL reads if the user says so (``--as places``).  Each place is a document: the
parts of a data set that are broken hold the others not up.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import PurePosixPath
from typing import Any, ClassVar

from dafab_kg.loaders.places.attributes import Attributes
from dafab_kg.loaders.places.links import TYPE, read_links
from dafab_kg.loaders.places.recognise import LARGE, is_boundaries, may_tell
from dafab_kg.model.documents import (
    Entry,
    FilePart,
    Found,
    Part,
    Reading,
    Refused,
    SourceDocument,
    Tree,
    resolve_pointer,
)
from dafab_kg.model.errors import (
    DocumentRejected,
    FieldMissing,
    FieldNotValid,
    NotRecognised,
    NotUnique,
)
from dafab_kg.model.names import encode
from dafab_kg.model.records import Place
from dafab_kg.model.strict_json import read_json

__all__ = ["PlacesLoader"]

_GEOJSON = ("FeatureCollection", "Feature")
_CRS84 = ("CRS84", "EPSG::4326", "EPSG:4326")


class PlacesLoader:
    """Boundaries of countries, regions and counties."""

    name: ClassVar[str] = "places"
    version: ClassVar[str] = "1"
    groups_files: ClassVar[bool] = True

    def __init__(self, assume: str = "", dataset: str = "") -> None:
        self._assumed = assume == self.name
        self._passed = bool(assume) and not self._assumed
        self._dataset = dataset

    def find(self, tree: Tree) -> Iterator[Found | Refused]:
        """Find boundary files; each of their features is a document."""
        if self._passed:
            return
        for entry in tree.entries:
            try:
                value = self._geojson(entry)
                if value is not None:
                    yield from self._features(entry, value)
                elif self._assumed:
                    yield from self._file(entry, tree.entries)
            except DocumentRejected as error:
                if self._assumed:
                    yield Refused(error, (entry,))

    def _geojson(self, entry: Entry) -> dict[str, Any] | None:
        """Return the GeoJSON of an entry if it is boundaries; None if it is anything else."""
        head = entry.head.removeprefix(b"\xef\xbb\xbf").lstrip(b" \t\r\n")
        if not head.startswith(b"{") or b'"Feature' not in head:
            return None
        if not self._assumed:
            # an Item of a catalogue is a Feature; of these there may be very many
            whole = b'"FeatureCollection"' in head and entry.size <= LARGE
            if b'"stac_version"' in head or not (whole or may_tell(head)):
                return None
        data = entry.read()
        if not self._assumed and not may_tell(data):
            return None
        value = read_json(data, where=entry.origin)
        if not isinstance(value, dict) or value.get("type") not in _GEOJSON:
            return None
        return value if self._assumed or is_boundaries(_features_of(value)) else None

    def _features(self, entry: Entry, value: dict[str, Any]) -> Iterator[Found | Refused]:
        _check_crs(value, entry.origin)
        part = FilePart(entry.name, entry.path) if entry.path else Part(entry.name, entry.read())
        single = value["type"] == "Feature"
        rows = (
            ("" if single else f"/features/{number}", feature, "")
            for number, feature in enumerate(_features_of(value))
        )
        yield from self._documents(rows, (entry,), (part,))

    def _file(self, entry: Entry, entries: tuple[Entry, ...]) -> Iterator[Found | Refused]:
        from dafab_kg.loaders.places.files import SUFFIXES, parts_of, rows, side_files

        if not entry.name.lower().endswith(SUFFIXES):
            return
        files = side_files(entry, entries)
        parts = parts_of(files)
        found = ((row.pointer, row.value, row.digest) for row in rows(parts, entry.origin))
        yield from self._documents(found, files, parts)

    def _documents(
        self,
        rows: Iterator[tuple[str, Any, str]],
        entries: tuple[Entry, ...],
        parts: tuple[Part, ...],
    ) -> Iterator[Found | Refused]:
        stem = _stem(entries[0].name)
        dataset = self._dataset or stem
        seen: dict[str, str] = {}
        for pointer, feature, digest in rows:
            where = entries[0].origin + (f"#{pointer}" if pointer else "")
            try:
                place_id = _attributes(feature, where).place_id
                if not place_id:
                    raise FieldMissing(
                        "the place has neither an id nor a name",
                        where=where,
                        remedy="Give the feature an id, or a property `name`",
                    )
                if place_id in seen:
                    raise NotUnique(
                        f"{place_id} is also the place at {seen[place_id]}",
                        where=where,
                        remedy="Give each feature an id of its own",
                    )
            except DocumentRejected as error:
                yield Refused(error, entries)
                continue
            seen[place_id] = pointer
            document = SourceDocument(
                self.name,
                f"{encode(dataset)}/{encode(place_id)}",
                where,
                parts,
                pointer,
                feature,
                digest,
                f"places {encode(dataset)} {encode(stem)}",
            )
            yield Found(document, entries)

    def read(self, document: SourceDocument) -> Reading:
        """Read one place, or the links of one.

        Raises:
            DocumentRejected: the place has no name, or its outline describes no place.
        """
        where = document.origin
        value = document.value if document.value is not None else _reopened(document)
        if isinstance(value, dict) and value.get("type") == TYPE:
            return read_links(value, where)
        from dafab_kg.loaders.places.outline import outline

        told = _attributes(value, where)
        if not told.name:
            raise FieldMissing(
                "the place has no name", where=where, remedy="Give it a property `name`"
            )
        footprint, warnings = outline(value.get("geometry"), f"{where}/geometry")
        if footprint.geometry_type not in {"Polygon", "MultiPolygon"}:
            raise FieldNotValid(
                f"a {footprint.geometry_type} bounds no place",
                where=f"{where}/geometry",
                remedy="Give the place a Polygon or MultiPolygon",
            )
        dataset, place_id = _names_of(document)
        place = Place(
            place_dataset=dataset,
            place_id=place_id,
            toponym=told.name,
            other_toponyms=told.other_names,
            place_level=told.level or None,
            iso_code=told.iso_code or None,
            iso_code_short=told.iso_code_short or None,
            subdivision_code=told.subdivision_code or None,
            wikidata=told.wikidata or None,
            geonames=told.geonames or None,
            footprint_wkt=footprint.wkt,
            west=footprint.west,
            south=footprint.south,
            east=footprint.east,
            north=footprint.north,
        )
        return Reading((place,), warnings=warnings)


def _names_of(document: SourceDocument) -> tuple[str, str]:
    from dafab_kg.model.names import decode

    dataset, _, place_id = document.key.partition("/")
    return decode(dataset), decode(place_id)


def _reopened(document: SourceDocument) -> Any:
    """Read a feature again from the files kept of it."""
    if document.pointer.startswith("layer="):
        from dafab_kg.loaders.places.files import rows

        for row in rows(document.parts, document.origin):
            if row.pointer == document.pointer:
                return row.value
        raise NotRecognised("the feature is not in the file", where=document.origin)
    value = read_json(document.parts[0].data, where=document.origin)
    return resolve_pointer(value, document.pointer)


def _attributes(feature: Any, where: str) -> Attributes:
    properties = feature.get("properties") if isinstance(feature, dict) else None
    if not isinstance(properties, dict):
        raise FieldNotValid(
            "this is no GeoJSON Feature with properties",
            where=where,
            remedy="Write it as RFC 7946 section 3.2 says",
        )
    return Attributes(properties, feature.get("id"))


def _features_of(value: dict[str, Any]) -> list[Any]:
    features = value.get("features") if value["type"] == "FeatureCollection" else [value]
    return features if isinstance(features, list) else []


def _check_crs(value: dict[str, Any], where: str) -> None:
    """Refuse the coordinates of an old GeoJSON that says they are no WGS 84 degrees."""
    crs = value.get("crs")
    if crs is None or any(name in str(crs) for name in _CRS84):
        return
    raise FieldNotValid(
        "its coordinates are not WGS 84 longitude and latitude",
        where=f"{where}#/crs",
        remedy="Convert it, for example with ogr2ogr -t_srs CRS84",
    )


def _stem(name: str) -> str:
    """Return a file's name without the endings of its format."""
    stem = PurePosixPath(name).name
    for ending in (".geojson", ".json", ".geo"):
        if stem.lower().endswith(ending) and len(stem) > len(ending):
            stem = stem[: -len(ending)]
    return stem.rpartition(".")[0] if stem.lower().endswith((".gpkg", ".shp", ".fgb")) else stem
