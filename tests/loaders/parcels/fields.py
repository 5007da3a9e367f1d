"""Files of parcels made here, and what the loader makes of files."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import geopandas
import shapely
from pyproj import CRS

from dafab_kg.loaders.parcels import ParcelsLoader
from dafab_kg.loaders.trees import open_trees
from dafab_kg.model.documents import Found, Reading, Refused, SourceDocument
from dafab_kg.model.errors import DocumentRejected
from dafab_kg.model.records import Model, Parcel, ParcelBoundary, ParcelSet
from dafab_kg.model.settings import Settings

# by their own names, so that a fixture of pytest is not needed to read them
FIELDS = "fields"


@dataclass(frozen=True)
class Loaded:
    """All that the loader made of a path."""

    documents: tuple[SourceDocument, ...]
    readings: tuple[Reading, ...]
    errors: tuple[DocumentRejected, ...]

    @property
    def boundaries(self) -> list[ParcelBoundary]:
        return self._of(ParcelBoundary)

    @property
    def parcels(self) -> list[Parcel]:
        return self._of(Parcel)

    @property
    def models(self) -> list[Model]:
        return self._of(Model)

    @property
    def parcel_set(self) -> ParcelSet:
        (only,) = set(self._of(ParcelSet))
        return only

    @property
    def warnings(self) -> list[str]:
        return [warning for reading in self.readings for warning in reading.warnings]

    def warned(self, *words: str) -> str:
        """Return the one warning with all these words."""
        (found,) = [one for one in self.warnings if all(word in one for word in words)]
        return found

    def _of(self, kind: type[Any]) -> list[Any]:
        return [r for reading in self.readings for r in reading.records if isinstance(r, kind)]


def load(*paths: Path, **arguments: Any) -> Loaded:
    """Find and read all parcels below ``paths``; each must be read the same from its files."""
    loader = ParcelsLoader(**arguments)
    documents: list[SourceDocument] = []
    readings: list[Reading] = []
    errors: list[DocumentRejected] = []
    for tree in open_trees(paths, Settings()):
        for item in (tree,) if isinstance(tree, Refused) else loader.find(tree):
            if isinstance(item, Found):
                documents.append(item.document)
                readings.append(loader.read(item.document))
            else:
                assert isinstance(item.error, DocumentRejected)
                errors.append(item.error)
    plain = ParcelsLoader()
    for document, reading in zip(documents, readings, strict=True):
        again = plain.read(replace(document, value=None))
        assert again.records == reading.records
    return Loaded(tuple(documents), tuple(readings), tuple(errors))


def refused(path: Path, **arguments: Any) -> DocumentRejected:
    """Return the one error of a file; it must say where and what to do."""
    loaded = load(path, **arguments)
    assert loaded.documents == ()
    (error,) = loaded.errors
    assert error.where.startswith(str(path))
    assert error.remedy
    return error


def square(x: float, y: float, size: float = 0.001) -> shapely.Polygon:
    """A square with its south-west corner at ``x``, ``y``."""
    return shapely.box(x, y, x + size, y + size)


def frame(
    shapes: Sequence[Any], crs: str | None = "EPSG:4326", **columns: Sequence[Any]
) -> geopandas.GeoDataFrame:
    """Make a table of parcels with ids, crops and a season unless told otherwise."""
    count = len(shapes)
    told: dict[str, Any] = {
        "parcel_id": [f"p{number}" for number in range(count)],
        "crop_code": ["A"] * count,
        "season": [2021] * count,
    }
    told = {name: list(v) for name, v in {**told, **columns}.items() if v is not None}
    return geopandas.GeoDataFrame(told, geometry=list(shapes), crs=crs)


def geojson(path: Path, *features: Mapping[str, Any], **members: Any) -> Path:
    """Write a FeatureCollection."""
    whole = {"type": "FeatureCollection", **members, "features": list(features)}
    path.write_text(json.dumps(whole))
    return path


def feature(geometry: Any, **properties: Any) -> dict[str, Any]:
    """Make a feature; properties default to an id, a crop and a season."""
    told = {"parcel_id": "p", "crop_code": "A", "season": "2021", **properties}
    return {"type": "Feature", "properties": told, "geometry": geometry}


def polygon(x: float = 6.0, y: float = 49.5, size: float = 0.001) -> dict[str, Any]:
    """Make a GeoJSON polygon."""
    return {"type": "Polygon", "coordinates": [ring(x, y, size)]}


def ring(x: float = 6.0, y: float = 49.5, size: float = 0.001) -> list[list[float]]:
    """Make a closed ring."""
    return [[x, y], [x + size, y], [x + size, y + size], [x, y + size], [x, y]]


def projjson(crs: str) -> Any:
    """Return a CRS as GeoParquet writes it."""
    return json.loads(CRS(crs).to_json())
