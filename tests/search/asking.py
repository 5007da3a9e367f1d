"""Random filters of both languages about given items."""

from __future__ import annotations

import random
from collections.abc import Iterator
from typing import Any

from tests.search.brute import instant, kind

Step = str | int


def leaves(value: Any, path: tuple[Step, ...] = ()) -> Iterator[tuple[tuple[Step, ...], Any]]:
    """All members of a document with their paths, objects and arrays among them."""
    yield path, value
    if isinstance(value, dict):
        for name, child in value.items():
            yield from leaves(child, (*path, name))
    elif isinstance(value, list):
        for position, child in enumerate(value[:3]):
            yield from leaves(child, (*path, position))


class Asking:
    """Makes filters from what stands in ``items``, and a little beside that."""

    def __init__(self, items: list[Any], chance: random.Random) -> None:
        self.chance = chance
        self.items = items
        self.values: dict[tuple[Step, ...], list[Any]] = {}
        for item in items:
            for path, value in leaves(item):
                if path:
                    self.values.setdefault(path, []).append(value)
        self.paths = sorted(self.values, key=str)
        self.often = [path for path in self.paths if len(self.values[path]) > len(items) // 5]
        self.inner = [path for path in self.often if path[0] in ("properties", "id", "bbox")]

    def path(self) -> tuple[Step, ...]:
        where = self.chance.choice([self.inner, self.inner, self.often, self.paths])
        path = self.chance.choice(where)
        if self.chance.random() < 0.03:
            return (*path[:-1], "nowhere")
        return path

    def near(self, value: Any) -> Any:
        if kind(value) == "number" and self.chance.random() < 0.4:
            return value + self.chance.choice([-1, 1, 0.5, 1e-9, -10])
        if kind(value) == "text" and self.chance.random() < 0.15:
            return value[: len(value) // 2] if self.chance.random() < 0.5 else f"{value}x"
        return value

    def scalar(self, path: tuple[Step, ...]) -> Any:
        """A scalar that stands at a path somewhere, or near it."""
        found = [v for v in self.values.get(path, []) if kind(v) in ("number", "text", "boolean")]
        if not found or self.chance.random() < 0.03:
            return self.chance.choice([True, False, 0, 17.5, "sentinel-2a", "L2A", ""])
        return self.near(self.chance.choice(found))

    def element(self, path: tuple[Step, ...]) -> Any:
        """A scalar that stands in an array at a path."""
        arrays = [v for v in self.values.get(path, []) if isinstance(v, list)]
        found = [e for v in arrays for e in v if kind(e) in ("number", "text", "boolean")]
        return self.near(self.chance.choice(found)) if found else self.scalar(path)

    def array_path(self) -> tuple[Step, ...]:
        paths = [p for p in self.inner if any(isinstance(v, list) for v in self.values[p])]
        return self.chance.choice(paths) if self.chance.random() < 0.9 else self.path()

    def pattern(self, path: tuple[Step, ...], wide: str, one: str) -> str:
        text = str(self.scalar(path))
        for _ in range(self.chance.randint(1, 3)):
            start = self.chance.randint(0, len(text))
            end = min(len(text), start + self.chance.randint(0, 12))
            if self.chance.random() < 0.3 and start < len(text):
                text = text[:start] + one + text[start + 1 :]
            else:
                text = text[:start] + wide + text[end:]
        return text

    def box(self) -> list[float]:
        box = self.chance.choice([item["bbox"] for item in self.items if item.get("bbox")])
        west, south = box[:2]
        east, north = box[len(box) // 2 :][:2]
        jitter = [self.chance.choice([0, -0.5, 0.5, 0.1, 3]) for _ in range(4)]
        west, south, east, north = (
            a + b for a, b in zip((west, south, east, north), jitter, strict=True)
        )
        west, east = sorted((max(-179, min(179, west)), max(-179, min(179, east))))
        south, north = sorted((max(-89, min(89, south)), max(-89, min(89, north))))
        return [west, south, east + 1e-3, north + 1e-3]

    # CQL2

    def lineage(self, depth: int = 2) -> Any:
        """A condition in CQL2 JSON in which something is asked of relatives."""
        side = self.chance.choice(["ancestor", "descendant"])
        asked: Any = {"op": side, "args": [self.cql2(1)]}
        for _ in range(self.chance.randint(0, depth)):
            roll = self.chance.random()
            if roll < 0.4:
                asked = {"op": "not", "args": [asked]}
            elif roll < 0.8:
                other = self.cql2(1) if roll < 0.6 else self.lineage(0)
                asked = {"op": self.chance.choice(["and", "or"]), "args": [other, asked]}
        return asked

    def cql2(self, depth: int = 3) -> Any:
        """A condition in CQL2 JSON."""
        roll = self.chance.random()
        if depth and roll < 0.4:
            name = self.chance.choice(["and", "and", "or"])
            many = self.chance.randint(2, 3)
            return {"op": name, "args": [self.cql2(depth - 1) for _ in range(many)]}
        if depth and roll < 0.5:
            return {"op": "not", "args": [self.cql2(depth - 1)]}
        kinds = ["compare"] * 6 + ["between", "in", "in", "like", "null", "space", "space"]
        kinds += ["time", "time", "span", "array", "array", "fold"]
        return getattr(self, f"_{self.chance.choice(kinds)}")()

    def property(self) -> tuple[dict[str, str], tuple[Step, ...]]:
        while True:
            path = self.path()
            if path[0] == "properties" and len(path) > 1 and all(isinstance(s, str) for s in path):
                if all(path) and "." not in "".join(map(str, path)):
                    return {"property": ".".join(map(str, path[1:]))}, path
            elif path in (("id",), ("collection",), ("type",), ("bbox",)):
                return {"property": str(path[0])}, path

    def constant(self, path: tuple[Step, ...]) -> Any:
        value = self.scalar(path)
        if instant(value) and self.chance.random() < 0.8:
            return {"timestamp": value} if len(value) > 10 else {"date": value}
        return value

    def _compare(self) -> Any:
        name, path = self.property()
        constant = self.constant(path)
        operator = self.chance.choice(["=", "=", "<>", "<", "<=", ">", ">="])
        args = [constant, name] if self.chance.random() < 0.2 else [name, constant]
        return {"op": operator, "args": args}

    def _between(self) -> Any:
        name, path = self.property()
        return {"op": "between", "args": [name, self.constant(path), self.constant(path)]}

    def _in(self) -> Any:
        name, path = self.property()
        many = self.chance.randint(1, 4)
        return {"op": "in", "args": [name, [self.constant(path) for _ in range(many)]]}

    def _like(self) -> Any:
        name, path = self.property()
        pattern = self.pattern(path, "%", "_").replace("\\", "")
        return {"op": "like", "args": [name, pattern]}

    def _null(self) -> Any:
        return {"op": "isNull", "args": [self.property()[0]]}

    def _fold(self) -> Any:
        name, path = self.property()
        text = str(self.scalar(path)).swapcase()
        function = self.chance.choice(["casei", "accenti"])
        wrapped = [{"op": function, "args": [one]} for one in (name, text)]
        return {"op": self.chance.choice(["=", "<>", "<"]), "args": wrapped}

    def _space(self) -> Any:
        names = ["intersects"] * 4 + ["disjoint", "within", "contains", "touches", "overlaps"]
        names += ["equals", "crosses"]
        west, south, east, north = self.box()
        roll = self.chance.random()
        if roll < 0.3:
            constant: Any = {"bbox": [west, south, east, north]}
        elif roll < 0.5:
            constant = {"type": "Point", "coordinates": [west, south]}
        elif roll < 0.6:
            constant = {"type": "LineString", "coordinates": [[west, south], [east, north]]}
        elif roll < 0.7:
            shapes = [item["geometry"] for item in self.items]
            constant = self.chance.choice([one for one in shapes if len(str(one)) < 5000])
        else:
            ring = [[west, south], [east, south], [east, north], [west, south]]
            constant = {"type": "Polygon", "coordinates": [ring]}
        name = f"s_{self.chance.choice(names)}"
        return {"op": name, "args": [{"property": "geometry"}, constant]}

    def moment(self) -> str:
        path = ("properties", "datetime")
        while True:
            found = self.chance.choice(self.values[path])
            if instant(found):
                return str(found)

    def _time(self) -> Any:
        relations = ["after", "before", "during", "intersects", "disjoint", "equals", "starts"]
        operand = {"property": self.chance.choice(["datetime", "datetime", "created", "nothing"])}
        return {"op": f"t_{self.chance.choice(relations)}", "args": [operand, self._when()]}

    def _span(self) -> Any:
        relations = ["after", "before", "contains", "disjoint", "during", "equals", "finishedBy"]
        relations += ["finishes", "intersects", "meets", "metBy", "overlappedBy", "overlaps"]
        relations += ["startedBy", "starts"]
        operand = {"interval": [{"property": "start_datetime"}, {"property": "end_datetime"}]}
        return {"op": f"t_{self.chance.choice(relations)}", "args": [operand, self._when()]}

    def _when(self) -> Any:
        one, two = self.moment(), self.moment()
        if self.chance.random() < 0.3:
            return {"timestamp": one}
        moments = sorted((one, two), key=lambda text: instant(text) or 0)
        if self.chance.random() < 0.2:
            moments[self.chance.randint(0, 1)] = ".."
        return {"interval": moments}

    def _array(self) -> Any:
        path = self.array_path()
        while (
            path[0] != "properties"
            or len(path) < 2
            or not all(isinstance(s, str) and s and "." not in s for s in path)
        ):
            path = self.array_path()
        name = {"property": ".".join(map(str, path[1:]))}
        operator = self.chance.choice(["a_contains", "a_overlaps", "a_containedBy", "a_equals"])
        if self.chance.random() < 0.5:
            arrays = [v for v in self.values.get(path, []) if isinstance(v, list)]
            values = [e for e in self.chance.choice(arrays or [[1]]) if kind(e) != "other"]
            values = [e for e in values if kind(e) != "array"] or [1]
        else:
            values = [self.element(path) for _ in range(self.chance.randint(1, 3))]
        return {"op": operator, "args": [name, values]}

    # the DaFab filter

    def dafab(self, depth: int = 3, *, marked: bool = False) -> Any:
        """A filter of the DaFab catalogue."""
        roll = self.chance.random()
        found: dict[str, Any]
        mark = not marked and self.chance.random() < 0.07
        if depth and roll < 0.5:
            combinator = self.chance.choice(["and", "and", "or", "not"])
            many = 1 if combinator == "not" else self.chance.randint(1, 3)
            filters = [self.dafab(depth - 1, marked=marked or mark) for _ in range(many)]
            found = {"type": "logical", "combinator": combinator, "filters": filters}
        elif roll < 0.56:
            found = self.dafab_box()
            mark = False
        else:
            found = {"type": "comparison", **self._comparison()}
        return {**found, "inherited": True} if mark else found

    def dafab_box(self) -> Any:
        """The filter that the client builds for a box."""
        west, south, east, north = self.box()
        tests = [(0, "greaterThan", east), (1, "greaterThan", north)]
        tests += [(2, "lessThan", west), (3, "lessThan", south)]
        filters = [
            {
                "type": "comparison",
                "path": ["bbox", position],
                "comparator": comparator,
                "value": value,
                "valueType": "number",
            }
            for position, comparator, value in tests
        ]
        inner = {"type": "logical", "combinator": "or", "filters": filters}
        return {"type": "logical", "combinator": "not", "filters": [inner]}

    def _comparison(self) -> dict[str, Any]:
        names = ["equals", "notEquals", "lessThan", "lessThanOrEqual", "greaterThan"]
        names += ["greaterThanOrEqual", "in", "like", "notLike", "contains", "containsAny"]
        names += ["containsAll", "isNull", "isNotNull", "isEmpty", "isNotEmpty", "equal"]
        comparator = self.chance.choice(names)
        of_array = comparator.startswith("contains") or comparator.endswith("Empty")
        if not of_array and self.chance.random() < 0.06:
            return self._did(comparator)
        path = self.array_path() if of_array else self.path()
        found: dict[str, Any] = {"path": list(path), "comparator": comparator}
        if comparator in ("isNull", "isNotNull", "isEmpty", "isNotEmpty"):
            return found
        if comparator in ("like", "notLike"):
            return {**found, "value": self.pattern(path, self.chance.choice("*%"), "?")}
        if comparator == "contains":
            return {**found, "value": self.element(path)}
        if of_array:
            return {**found, "value": [self.element(path) for _ in range(3)]}
        if comparator == "in":
            return {**found, "value": [self.scalar(path) for _ in range(3)]}
        if comparator.lower().endswith("equals") and self.chance.random() < 0.05:
            return {**found, "value": None}
        value = self.scalar(path)
        found["value"] = value
        if instant(value) and self.chance.random() < 0.8:
            found["valueType"] = "date"
        elif self.chance.random() < 0.5:
            found["valueType"] = {"text": "string", "number": "Numeric", "boolean": "bool"}[
                kind(value)
            ]
        return found

    def _did(self, comparator: str) -> dict[str, Any]:
        name = self.chance.choice(["name", "did_type"])
        value: Any = "CONTAINER" if name == "did_type" else self.scalar(("id",))
        found = {"path": [name], "on": "did", "comparator": comparator}
        if comparator in ("like", "notLike"):
            value = self.pattern(("id",), "*", "?")
        if comparator.endswith("Null"):
            return found
        return {**found, "value": [value, "FILE"] if comparator == "in" else str(value)}
