"""Random queries over the made graphs: groups, filters, and all that nests them."""

from __future__ import annotations

import random
import re

import shapely

from tests.spatial.index.making import (
    CLASSES,
    CODES,
    EX,
    GEO,
    KINDS,
    NAMES,
    NUMBERS,
    ODD_NAMES,
    TIMES,
    XSD,
    literal,
)

GEOF = "http://www.opengis.net/def/function/geosparql/"
UOM = "http://www.opengis.net/def/uom/OGC/1.0/"
LINK = [f"<{GEO}hasGeometry>", f"<{GEO}hasDefaultGeometry>"]


class Asking:
    """Writes one query; variables are numbered so that groups may share them, or not."""

    def __init__(self, chance: random.Random) -> None:
        self.chance = chance
        self.count = 0

    def fresh(self) -> str:
        self.count += 1
        return f"?v{self.count}"

    def query(self) -> str:
        group = self.group(0, "?x")
        end = self.chance.choice(["", "", "", " VALUES ?x { UNDEF }"])
        form = self.chance.choice(
            ["SELECT *"] * 5 + ["SELECT ?x", "SELECT DISTINCT ?x", "SELECT ?v1 ?x"]
        )
        if self.chance.random() < 0.1:
            return f"SELECT (COUNT(*) AS ?n) {{ {group} }}"
        return f"{form} {{ {group} }}{end}"

    def whole(self) -> tuple[str, list[str]]:
        """A query for a count, the first in an order, or the nearest; and its keys of order."""
        match self.chance.randint(0, 5):
            case 0:
                return self.count_query(), []
            case 1 | 2:
                return self.first()
            case 3 | 4:
                return self.nearest()
            case _:
                return self.pair(), []

    def count_query(self) -> str:
        """A count of things, of which the index knows all or nearly all."""
        parts = [f"?x <{EX}rank> ?v1 ."]
        sign = self.chance.choice(["<", "<=", ">", ">=", "="])
        if self.chance.random() < 0.6:
            parts.append(f"FILTER (?v1 {sign} {self.chance.choice([3, 6.0, '9e0'])})")
        if self.chance.random() < 0.5:
            parts.append(f"?x <{EX}code> {self.chance.choice(CODES)} .")
        if self.chance.random() < 0.4:
            day = f'"2022-{self.chance.randint(2, 11):02d}-01T00:00:00Z"^^<{XSD}dateTime>'
            parts.append(f"?x <{EX}day> ?day FILTER (?day {sign} {day})")
        if self.chance.random() < 0.2:
            parts.append(f"?x {LINK[0]}/<{GEO}asWKT> {self.fresh()} .")
        if self.chance.random() < 0.3:
            parts += self.about("?x")
        counted = self.chance.choice(["*", "*", "?x", "DISTINCT ?x", "?v1", "DISTINCT ?v1"])
        if self.chance.random() < 0.2:
            parts.append(self.nested(2, "?x"))
        return f"SELECT (COUNT({counted}) AS ?n) {{ {' '.join(parts)} }}"

    def limits(self) -> str:
        limit = self.chance.choice([1, 2, 3, 5, 50])
        return f" LIMIT {limit}" + self.chance.choice(["", "", f" OFFSET {limit}"])

    def first(self) -> tuple[str, list[str]]:
        """The first rows in the order of a number or a time."""
        name = self.chance.choice(
            ["cloud", "size", "time", "rank", "rank", "day", "day", "name", "name"]
        )
        parts = [f"?x <{EX}{name}> ?key .", *self.about("?x")]
        if self.chance.random() < 0.4:
            parts.append(self.nested(1, "?x"))
        if self.chance.random() < 0.2:
            sense = self.chance.choice(["?x", "DESC(?x)"])
            return f"SELECT ?x ?key {{ {' '.join(parts)} }} ORDER BY {sense}{self.limits()}", ["x"]
        sense = self.chance.choice(["?key", "ASC(?key)", "DESC(?key)"])
        form = self.chance.choice(["SELECT *", "SELECT ?x ?key", "SELECT DISTINCT ?key ?x"])
        text = f"{form} {{ {' '.join(parts)} }} ORDER BY {sense}"
        return f"{text} {self.chance.choice(['', '?x'])}{self.limits()}", ["key"]

    def nearest(self) -> tuple[str, list[str]]:
        """The nearest things to a place, in degrees or metres."""
        parts: list[str] = []
        self.place("?x", parts)
        literal = re.search(r"(\?v\d+) \.$|(\?v\d+) \] \.$", parts[-1])
        assert literal
        x, y = self.chance.uniform(-180, 180), self.chance.uniform(-85, 85)
        unit = self.chance.choice(["degree", "metre"])
        far = (
            f"<{GEOF}distance>({literal[1] or literal[2]}, "
            f'"POINT ({x} {y})"^^<{GEO}wktLiteral>, <{UOM}{unit}>)'
        )
        if self.chance.random() < 0.4:
            parts += self.about("?x")
        form, order = "SELECT *", "?far"
        match self.chance.randint(0, 2):
            case 0:
                parts.append(f"BIND ({far} AS ?far)")
            case 1:
                form = f"SELECT ?x ({far} AS ?far)"
            case _:
                parts.append(f"BIND ({far} AS ?far)")
                order = far
        return f"{form} {{ {' '.join(parts)} }} ORDER BY {order}{self.limits()}", ["far"]

    def pair(self) -> str:
        """Two things that touch or are near, and the times of which may be compared."""
        parts: list[str] = []
        literals = []
        for thing in ("?x", "?y"):
            variable = self.fresh()
            literals.append(variable)
            parts.append(f"{thing} {LINK[0]}/<{GEO}asWKT> {variable} .")
            if self.chance.random() < 0.3:
                parts += self.about(thing)
        if self.chance.random() < 0.5:
            parts += [f"?x <{EX}day> ?one .", f"?y <{EX}day> ?two ."]
            shift = self.chance.choice(
                ["", f' - "P20D"^^<{XSD}dayTimeDuration>', f' + "PT6H"^^<{XSD}dayTimeDuration>']
            )
            sign = self.chance.choice(["<", "<=", ">", ">=", "="])
            sides = [f"?one{shift}", "?two"]
            self.chance.shuffle(sides)
            parts.append(f"FILTER ({sides[0]} {sign} {sides[1]})")
        if self.chance.random() < 0.5:
            parts.append(f"?x <{EX}code> {self.chance.choice(CODES)} .")
        if self.chance.random() < 0.7:
            relation = self.chance.choice(["sfIntersects", "sfWithin", "ehMeet", "sfDisjoint"])
            parts.append(f"FILTER (<{GEOF}{relation}>({', '.join(literals)}))")
        else:
            metres = self.chance.choice([1000, 2000000])
            parts.append(
                f"FILTER (<{GEOF}distance>({', '.join(literals)}, <{UOM}metre>) < {metres})"
            )
        return f"SELECT * {{ {' '.join(parts)} }}"

    def group(self, depth: int, thing: str) -> str:
        parts = []
        for _ in range(self.chance.choice([1, 1, 2])):
            parts += self.about(thing)
            thing = self.chance.choice([thing, thing, "?y"])
        if self.chance.random() < 0.3:
            self.chance.shuffle(parts)
        if depth < 2:
            for _ in range(self.chance.choice([0, 0, 1, 1, 2])):
                place = self.chance.choice(
                    [len(parts), len(parts), self.chance.randint(0, len(parts))]
                )
                parts.insert(place, self.nested(depth + 1, self.chance.choice(["?x", "?x", "?y"])))
        return " ".join(parts)

    def nested(self, depth: int, thing: str) -> str:
        inner = self.group(depth, thing)
        match self.chance.randint(0, 8):
            case 0 | 1:
                return f"OPTIONAL {{ {inner} }}"
            case 2:
                return f"{{ {inner} }} UNION {{ {self.group(depth, thing)} }}"
            case 3:
                return f"MINUS {{ {inner} }}"
            case 4:
                return f"FILTER {self.chance.choice(['', 'NOT '])}EXISTS {{ {inner} }}"
            case 5:
                return f"{{ SELECT {thing} {{ {inner} }} }}"
            case 6:
                return f"{{ {inner} }}"
            case 7:
                return f"BIND ({thing} AS {self.fresh()})"
            case _:
                return f"GRAPH ?g{depth} {{ {inner} }}"

    def about(self, thing: str) -> list[str]:
        """Triples about a thing, and filters on their values."""
        parts, filters = [], []
        for _ in range(self.chance.choice([1, 1, 2, 3])):
            match self.chance.randint(0, 4):
                case 0:
                    parts.append(f"{thing} a <{self.chance.choice(CLASSES)}> .")
                case 1:
                    filters += self.numbers(thing, parts)
                case 2:
                    filters += self.times(thing, parts)
                case 3:
                    filters += self.kinds(thing, parts)
                case _:
                    filters += self.place(thing, parts)
        if self.chance.random() < 0.3:
            return filters + parts
        if len(filters) > 1 and self.chance.random() < 0.3:
            return [*parts, f"FILTER ({' && '.join(f[7:] for f in filters)})"]
        return parts + filters

    def compared(self, variable: str, constants: list[str]) -> list[str]:
        constant = self.chance.choice(constants)
        sign = self.chance.choice(["<", "<=", ">", ">=", "=", "!="])
        match self.chance.randint(0, 7):
            case 0:
                return [f"FILTER ({constant} {sign} {variable})"]
            case 1:
                return [f"FILTER ({variable} IN ({constant}, {self.chance.choice(constants)}))"]
            case 2:
                return [f"FILTER (!({variable} {sign} {constant}))"]
            case 3:
                return [f"FILTER ({variable} {sign} {constant} || BOUND(?x))"]
            case 4:
                return [f"FILTER (COALESCE({variable} {sign} {constant}, true))"]
            case _:
                return [f"FILTER ({variable} {sign} {constant})"]

    def numbers(self, thing: str, parts: list[str]) -> list[str]:
        variable = self.fresh()
        parts.append(f"{thing} <{EX}{self.chance.choice(['cloud', 'size'])}> {variable} .")
        return self.compared(variable, [literal(n) for n in NUMBERS] + ["20", "20.0", "2e1", "60"])

    def times(self, thing: str, parts: list[str]) -> list[str]:
        variable = self.fresh()
        parts.append(f"{thing} <{EX}time> {variable} .")
        more = [f'"2022-{m:02d}-01T00:00:00Z"^^<{XSD}dateTime>' for m in range(1, 13)]
        return self.compared(variable, [literal(t) for t in TIMES] + more)

    def kinds(self, thing: str, parts: list[str]) -> list[str]:
        if self.chance.random() < 0.4:
            variable = self.fresh()
            parts.append(f"{thing} <{EX}name> {variable} .")
            return self.compared(variable, NAMES + ODD_NAMES)
        constants = [literal(k) for k in KINDS]
        if self.chance.random() < 0.4:
            parts.append(f"{thing} <{EX}kind> {self.chance.choice(constants)} .")
            return []
        variable = self.fresh()
        parts.append(f"{thing} <{EX}kind> {variable} .")
        if self.chance.random() < 0.3:
            more = self.chance.choice(["", "UNDEF", *constants])
            parts.insert(0, f"VALUES {variable} {{ {self.chance.choice(constants)} {more} }}")
            return []
        return self.compared(variable, constants)

    def place(self, thing: str, parts: list[str]) -> list[str]:
        variable = self.fresh()
        match self.chance.randint(0, 3):
            case 0:
                node = self.fresh()
                parts += [
                    f"{thing} {self.chance.choice(LINK)} {node} .",
                    f"{node} <{GEO}asWKT> {variable} .",
                ]
            case 1:
                parts.append(f"{thing} {LINK[0]} [ <{GEO}asWKT> {variable} ] .")
            case 2:
                parts.append(f"{thing} <{GEO}asWKT> {variable} .")
            case _:
                parts.append(f"{thing} {self.chance.choice(LINK)}/<{GEO}asWKT> {variable} .")
        if self.chance.random() < 0.25:
            return []  # a geometry, wherever it is
        x, y = self.chance.uniform(-180, 140), self.chance.uniform(-90, 60)
        area = shapely.box(x, y, x + self.chance.choice([5, 40]), y + self.chance.choice([5, 30]))
        constant = f'"{area.wkt}"^^<{GEO}wktLiteral>'
        if self.chance.random() < 0.2:
            metres = self.chance.choice([1000, 500000.0, "3e6"])
            return [f"FILTER (<{GEOF}distance>({variable}, {constant}, <{UOM}metre>) < {metres})"]
        name = self.chance.choice(
            [
                "sfIntersects",
                "sfIntersects",
                "sfWithin",
                "sfContains",
                "sfDisjoint",
                "rcc8po",
                "ehMeet",
            ]
        )
        pair = self.chance.sample([variable, constant], 2)
        sign = "!" if self.chance.random() < 0.1 else ""
        return [f"FILTER ({sign}<{GEOF}{name}>({pair[0]}, {pair[1]}))"]
