"""Rows of a SELECT that do not come from the engine at this moment."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import IO, TYPE_CHECKING

from dafab_kg.store import frames
from dafab_kg.store.answers import FORMATS
from dafab_kg.store.protocol import Row
from dafab_kg.store.rows import write_rows

if TYPE_CHECKING:
    import geopandas
    import pandas


class PlainSolutions:
    """Rows from anywhere (:class:`~dafab_kg.store.protocol.Solutions`)."""

    def __init__(self, variables: tuple[str, ...], rows: Iterable[Row]) -> None:
        self.variables = variables
        self._rows = rows

    def __iter__(self) -> Iterator[Row]:
        return iter(self._rows)

    def serialise(self, out: IO[bytes], media_type: str) -> None:
        """Write all rows in one of the four SPARQL result formats."""
        name = next(f.name for f in FORMATS.values() if f.media_type == media_type)
        write_rows(self, name, out)

    def to_pandas(self) -> pandas.DataFrame:
        """Return the rows as a DataFrame; see :mod:`dafab_kg.store.frames`."""
        return frames.to_pandas(self.variables, self)

    def to_geopandas(self) -> geopandas.GeoDataFrame:
        """Return the rows as a GeoDataFrame in CRS84."""
        return frames.to_geopandas(self.variables, self)
