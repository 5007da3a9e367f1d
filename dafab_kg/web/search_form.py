"""What the search page is asked for: the parameters of its address, and a search made of them.

Everything but words, collections and order is a condition in CQL2, so that what the page shows
as its query is the query.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import cached_property
from typing import Final
from urllib.parse import parse_qsl, urlencode

import shapely
from werkzeug.datastructures import MultiDict

from dafab_kg.model.errors import QueryNotValid
from dafab_kg.search.cql2 import read_text
from dafab_kg.search.free_text import read_free_text
from dafab_kg.search.tree import And, Node, Search, Sort

PAGE: Final = 20
"""Items of a page."""
LONGEST: Final = 4_000
"""Most characters of one parameter."""
MOST_VALUES: Final = 20
"""Most values of one facet that are chosen."""
MOST_CORNERS: Final = 300
"""Most corners of the parts that crossing sides of an area make."""
ANOMALIES: Final[Mapping[str, str]] = {
    "flood": "FloodScene",
    "drought": "DroughtScene",
    "normal": "NormalScene",
}
"""Classes of scenes by what was found unusual about water."""
TOLD: Final[Mapping[str, str]] = {
    "place": "dafab:place",
    "basin": "dafab:river_basin",
    "tile": "dafab:mgrs_tile",
    "season": "dafab:season",
    "crop": "dafab:crop",
}
"""Facets of which the graph tells the values, and their names in CQL2."""
SORTS: Final[Mapping[str, tuple[str, tuple[Sort, ...]]]] = {
    "newest": ("Newest first", (Sort(("properties", "datetime"), descending=True),)),
    "oldest": ("Oldest first", (Sort(("properties", "datetime")),)),
    "cloud": ("Least cloud first", (Sort(("properties", "eo:cloud_cover")),)),
    "id": ("By id", (Sort(("id",)),)),
}
_SEVERAL: Final = ("collection", "class", "anomaly", *TOLD)
PAGING: Final = ("token", "trail", "at")
"""Where a page begins, where those before it do, and the number of its first item."""
_ONE: Final = ("q", "bbox", "area", "from", "to", "cloud", "filter", "sort", *PAGING)
KNOWN: Final = (*_ONE, *_SEVERAL, "format")
_CLOUD: Final = re.compile(r"(\d{1,3}(?:\.\d+)?)?-(\d{1,3}(?:\.\d+)?)?", re.ASCII)
_NAME: Final = re.compile(r"[A-Za-z0-9]{1,80}", re.ASCII)
_LABELS: Final[Mapping[str, str]] = {
    "q": "words", "bbox": "box", "area": "area", "from": "from", "to": "to", "cloud": "cloud cover",
    "filter": "condition", "collection": "collection", "class": "class", "anomaly": "anomaly",
    "place": "in", "basin": "river basin", "tile": "tile",
    "season": "season", "crop": "crop", "sort": "order", "token": "page", "trail": "page",
    "at": "page",
}  # fmt: skip


def called(name: str, value: str) -> str:
    """How people read a value of a condition."""
    if name == "class":
        # its name in words: SourceProduct is a source product, AIProduct an AI product
        words = re.sub(r"(?<=[a-z])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", " ", value).split()
        told = " ".join(one if one.isupper() else one.lower() for one in words)
        return told[:1].upper() + told[1:]
    if name != "cloud":
        return value
    low, _, high = value.partition("-")
    return f"{low or 0} to {high or 100} %"


@dataclass(frozen=True)
class Chosen:
    """One condition: the parameter and its value, how people read it, and its CQL2 if it is one."""

    name: str
    value: str
    cql2: str = ""

    @property
    def label(self) -> str:
        """How people read it."""
        told = "as drawn" if self.name == "area" else called(self.name, self.value)
        return f"{_LABELS[self.name]}: {told}"


@dataclass(frozen=True)
class Form:
    """What is asked, read from an address."""

    one: Mapping[str, str] = field(default_factory=dict)
    several: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    @cached_property
    def chosen(self) -> tuple[Chosen, ...]:
        """All conditions, in the order in which they are read.

        Raises:
            QueryNotValid: one of them is not valid.
        """
        return tuple(_chosen(self))

    @cached_property
    def cql2(self) -> str:
        """The conditions in CQL2 (text), "" where there is none."""
        parts = [one.cql2 for one in self.chosen if one.cql2]
        return " AND ".join(f"({one})" if " OR " in one.upper() else one for one in parts)

    @property
    def words(self) -> str:
        """The words that texts have to hold."""
        return self.one.get("q", "")

    @property
    def collections(self) -> tuple[str, ...]:
        """The ids of the collections one of which items have to be in."""
        return self.several.get("collection", ())

    @property
    def is_empty(self) -> bool:
        """Whether nothing is asked but an order."""
        return not any(self.several.values()) and not any(
            self.one.get(name) for name in _ONE if name not in ("sort", *PAGING)
        )

    def search(self) -> Search:
        """Return the search.

        Raises:
            QueryNotValid: a condition is not valid.
        """
        parts: list[Node] = []
        if self.cql2:
            parts.append(read_text(self.cql2))
        if self.words:
            parts.append(read_free_text(self.words))
        return Search(
            filter=And(tuple(parts)) if len(parts) > 1 else parts[0] if parts else None,
            collections=self.collections,
            sort=SORTS[self.sort][1],
            limit=PAGE,
            after=self.one.get("token") or None,
        )

    @property
    def at(self) -> int:
        """The number of the page's first item among all.

        Raises:
            QueryNotValid: it is none.
        """
        given = self.one.get("at", "1")
        if not re.fullmatch(r"[1-9]\d{0,8}", given, re.ASCII):
            raise QueryNotValid(f"at is the number of an item from 1 on, not {given[:40]!r}")
        return int(given) if self.one.get("token") else 1

    def parts(self) -> Iterator[Chosen]:
        """Give all that is asked, one by one, whether it is valid or not."""
        for name in (*_ONE, *_SEVERAL):
            given = (self.one[name],) if name in self.one else self.several.get(name, ())
            for value in given:
                yield Chosen(name, value)

    def sound(self) -> Form:
        """Return what of it is valid by itself."""
        kept = self
        for part in self.parts():
            alone = read_query(urlencode({part.name: part.value}))
            try:
                _ = alone.search(), alone.at
            except QueryNotValid:
                kept = read_query(kept.lacking(part.name, part.value))
        return kept

    @property
    def sort(self) -> str:
        """The name of the order."""
        given = self.one.get("sort") or "newest"
        if given not in SORTS:
            raise QueryNotValid(f"sort is one of {', '.join(SORTS)}, not {given[:40]!r}")
        return given

    def having(self, name: str, value: str) -> str:
        """Return the query string with this value, too (or instead, where there is one alone)."""
        if name in _SEVERAL:
            values = dict.fromkeys((*self.several.get(name, ()), value))
            return self._written({**self.one}, {**self.several, name: tuple(values)})
        return self._written({**self.one, name: value}, self.several)

    def lacking(self, name: str, value: str) -> str:
        """Return the query string without this value."""
        if name in _SEVERAL:
            left = tuple(one for one in self.several.get(name, ()) if one != value)
            return self._written(self.one, {**self.several, name: left})
        return self._written({**self.one, name: ""}, self.several)

    def written(self, **changed: str) -> str:
        """Return the query string with some parameters changed; "" takes one away."""
        return self._written({**self.one, **changed}, self.several, keep="token" in changed)

    @staticmethod
    def _written(
        one: Mapping[str, str], several: Mapping[str, Iterable[str]], *, keep: bool = False
    ) -> str:
        told = [(name, value) for name, value in one.items() if value]
        if not keep:  # a page of another search is none of this
            told = [pair for pair in told if pair[0] not in PAGING]
        return urlencode([*told, *((n, v) for n, values in several.items() for v in values)])


def read_form(given: MultiDict[str, str]) -> Form:
    """Read the parameters of an address; empty ones count as not there.

    Raises:
        QueryNotValid: there are too many, or one is too long.
    """
    one = {name: given.get(name, "").strip() for name in _ONE}
    several = {
        name: tuple(dict.fromkeys(value.strip() for value in given.getlist(name) if value.strip()))
        for name in _SEVERAL
    }
    for name, values in {**several, **{name: (value,) for name, value in one.items()}}.items():
        _check(name, values)
    return Form(
        {name: value for name, value in one.items() if value},
        {name: values for name, values in several.items() if values},
    )


def read_query(query: str) -> Form:
    """Read a query string."""
    return read_form(MultiDict(parse_qsl(query)))


def quoted(value: str) -> str:
    """Write a text as CQL2 does."""
    return "'" + value.replace("'", "''") + "'"


def _check(name: str, values: tuple[str, ...]) -> None:
    if len(values) > MOST_VALUES:
        raise QueryNotValid(f"There are more than {MOST_VALUES} values of {name}. Choose fewer")
    for value in values:
        if len(value) > LONGEST:
            raise QueryNotValid(f"{name} has more than {LONGEST} characters. Say it in fewer")


def _chosen(form: Form) -> Iterator[Chosen]:
    one = form.one
    if "q" in one:
        yield Chosen("q", one["q"])
    for value in form.collections:
        yield Chosen("collection", value)
    if "bbox" in one:
        yield Chosen("bbox", one["bbox"], f"S_INTERSECTS(geometry, BBOX({box_of(one['bbox'])}))")
    if "area" in one:
        yield Chosen("area", one["area"], f"S_INTERSECTS(geometry, {area_of(one['area'])})")
    if "from" in one:
        first = _day(one["from"], "from")
        yield Chosen("from", str(first), f"T_INTERSECTS(datetime, INTERVAL('{first}', '..'))")
    if "to" in one:
        last = _day(one["to"], "to")  # the whole day belongs to it
        end = f"{last + timedelta(days=1)}T00:00:00Z" if last < date.max else ".."
        yield Chosen("to", str(last), f"T_INTERSECTS(datetime, INTERVAL('..', '{end}'))")
    if "cloud" in one:
        yield Chosen("cloud", one["cloud"], _cloud(one["cloud"]))
    for value in form.several.get("class", ()):
        if not _NAME.fullmatch(value):
            raise QueryNotValid(f"class is the name of a class, as FloodScene, not {value[:40]!r}")
        yield Chosen("class", value, f"A_CONTAINS(dafab:types, ('dafab:{value}'))")
    for value in form.several.get("anomaly", ()):
        if value not in ANOMALIES:
            raise QueryNotValid(f"anomaly is one of {', '.join(ANOMALIES)}, not {value[:40]!r}")
        kind = ANOMALIES[value]
        yield Chosen("anomaly", value, f"A_CONTAINS(dafab:types, ('dafab:{kind}'))")
    for name, told in TOLD.items():
        for value in form.several.get(name, ()):
            yield Chosen(name, value, f"A_CONTAINS({told}, ({quoted(value)}))")
    if "filter" in one:
        read_text(one["filter"])
        yield Chosen("filter", one["filter"], f"({one['filter']})")


def box_of(text: str) -> str:
    """Return a box as CQL2 takes it.

    Raises:
        QueryNotValid: it is none.
    """
    parts = [part.strip() for part in text.split(",")]
    try:
        numbers = [float(part) for part in parts]
    except ValueError:
        numbers = []
    fits = len(numbers) == 4 and all(-180 <= n <= 180 for n in numbers[::2])
    if not (fits and all(-90 <= n <= 90 for n in numbers[1::2]) and numbers[1] <= numbers[3]):
        raise QueryNotValid(
            f"bbox is west,south,east,north in degrees, as 5.7,49.4,6.6,50.2, not {text[:80]!r}"
        )
    return ", ".join(f"{number:.6f}".rstrip("0").rstrip(".") for number in numbers)


def area_of(text: str) -> str:
    """Return an area as WKT; where its sides cross, as the parts that they make.

    Raises:
        QueryNotValid: it is none.
    """
    try:
        shape = shapely.from_wkt(text)
    except shapely.errors.GEOSException:
        shape = None
    if shape is None or shape.is_empty or shape.geom_type not in ("Polygon", "MultiPolygon"):
        raise QueryNotValid("area is a polygon in WKT, as POLYGON((6 49,7 49,7 50,6 49))")
    if not shape.is_valid:  # as soon drawn by hand: a corner too far
        try:  # the other method takes half a minute where many sides cross
            whole = shapely.make_valid(shape, method="structure", keep_collapsed=False)
            made = list(shapely.get_parts(shapely.get_parts(whole)))
        except shapely.errors.GEOSException:
            made = []
        parts = [one for one in made if one.geom_type == "Polygon" and one.is_valid and one.area]
        if not parts:
            raise QueryNotValid("area is a line: its corners lie in a row. Draw it anew")
        if shapely.get_num_coordinates(parts).sum() > MOST_CORNERS:
            raise QueryNotValid("The sides of area cross each other too often. Draw it anew")
        shape = parts[0] if len(parts) == 1 else shapely.MultiPolygon(parts)
    return str(shapely.to_wkt(shape, rounding_precision=6))


def _day(text: str, name: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise QueryNotValid(f"{name} is a day as 2022-09-28, not {text[:40]!r}") from None


def _cloud(text: str) -> str:
    found = _CLOUD.fullmatch(text)
    if found is None or not (found[1] or found[2]):
        raise QueryNotValid(f"cloud is a range in per cent, as 0-5 or 50-, not {text[:40]!r}")
    low = f"eo:cloud_cover >= {found[1]}" if found[1] else ""
    high = f"eo:cloud_cover < {found[2]}" if found[2] else ""
    if low and high and float(found[1]) >= float(found[2]):
        raise QueryNotValid(f"cloud is a range from less to more, as 0-5, not {text[:40]!r}")
    return " AND ".join(filter(None, (low, high)))
